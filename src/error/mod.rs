//! The error of a run that cannot continue: its kind, the place, the fault, and a hint.
//!
//! Never for lines: a bad line is data (`domain::reject`). Texts are lower-case fragments; the hint is a sentence about
//! what to do next. `cli::exit` turns the kind into the exit code.

pub(crate) mod remedy;
pub mod suggest;

use crate::domain::totals::PastRange;
use crate::domain::{Finding, shown};
use std::fmt;
use std::path::Path;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The hint for bugs in stacktally.
const REPORT: &str = "this is a bug of stacktally, not a fault of your input or machine. Please report it with this \
    message, the command line, and the output of `stacktally --version`. Leave out customer data: file names, ids and \
    quantities are not needed. Nothing was published; keep the root and OUT as they are";
/// The same for a panic, which can come at any step.
const REPORT_PANIC: &str = "this is a bug of stacktally, not a fault of your input or machine. Please report it with \
    this message, the command line, and the output of `stacktally --version`. Leave out customer data: file names, ids \
    and quantities are not needed. No publication is harmed: the next run, or `stacktally recover`, goes on from what \
    is there";

/// The kind of failure that ended the run; each has its exit code (`product.md` §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The machine failed: disk, permission.
    Machine,
    /// The command was used wrongly.
    Usage,
    /// The input was refused; nothing was published.
    Input,
    /// The totals do not balance; nothing was published.
    Balance,
    /// Another run holds OUT.
    Busy,
    /// A bug in stacktally; nothing was published.
    Bug,
    /// A signal (2 or 15) stopped the run; nothing was published.
    Stopped(i32),
}

impl FailureKind {
    /// The name in logs and summaries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Balance => "balance",
            Self::Bug => "bug",
            Self::Busy => "busy",
            Self::Stopped(_) => "stopped",
        }
    }
}

/// The place of the fault in the input: a file, and a line and column if known (both from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPlace {
    pub file: String,
    pub line_column: Option<(usize, usize)>,
}

#[derive(Debug)]
pub struct Error {
    pub kind: FailureKind,
    pub place: Option<FaultPlace>,
    pub message: Box<str>,
    pub hint: Option<String>,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Further errors and findings.
    pub beside: Option<Box<Beside>>,
}

/// What a failed run reports beside its first error.
#[derive(Debug, Default)]
pub struct Beside {
    /// The other errors.
    pub errors: Vec<Error>,
    /// The findings so far.
    pub findings: Vec<Finding>,
}

impl Error {
    fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            place: None,
            message: shown::bounded(message.into()).into_boxed_str(),
            hint: None,
            source: None,
            beside: None,
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    pub fn input(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Input, message)
    }

    pub fn balance(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Balance, message)
    }

    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Busy, message)
    }

    pub fn stopped(signal: i32) -> Self {
        Self::new(FailureKind::Stopped(signal), format!("stopped by signal {signal}, nothing was published"))
    }

    /// The machine failed while doing `what` (for example `write`) to `path`. The hint says what [`remedy::remedy`]
    /// knows.
    pub fn machine(what: &str, path: &Path, source: std::io::Error) -> Self {
        let hint = remedy::remedy(path, &source);
        Self { hint, ..Self::new(FailureKind::Machine, format!("cannot {what} {}", path.display())).because(source) }
    }

    /// The system refused a resource that is no file: a thread, a signal handler.
    pub fn system(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(FailureKind::Machine, format!("cannot {what}")).because(source)
    }

    /// A library failed where it cannot fail: at the program's own tables in memory, or its own JSON.
    pub fn bug_of(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::bug(format!("cannot {what}")).because(source)
    }

    /// A bug in stacktally: something that no input and no machine can cause.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, what.into()).hint(REPORT)
    }

    /// A panic, described as it was met.
    pub fn panicked(description: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, description.into()).hint(REPORT_PANIC)
    }

    /// All of these errors, at least one. A fault of neither the input nor the command (the machine, a signal) stands
    /// alone.
    pub fn several(errors: Vec<Self>) -> Self {
        let mut beside = Beside::default();
        let mut flat = Vec::new();
        for mut error in errors {
            let taken = error.beside.take();
            flat.push(error);
            if let Some(taken) = taken {
                flat.extend(taken.errors);
                beside.findings.extend(taken.findings);
            }
        }
        let alone = flat.iter().position(|error| !matches!(error.kind, FailureKind::Input | FailureKind::Usage));
        let mut error = flat.remove(alone.unwrap_or(0));
        if alone.is_none() {
            beside.errors = flat;
            error.beside = Some(Box::new(beside));
        }
        error
    }

    /// The same, with the findings so far.
    #[must_use]
    pub fn found(mut self, findings: Vec<Finding>) -> Self {
        self.beside.get_or_insert_default().findings.extend(findings);
        self
    }

    #[must_use]
    pub fn at(mut self, file: impl Into<String>) -> Self {
        self.place = Some(FaultPlace { file: file.into(), line_column: None });
        self
    }

    #[must_use]
    pub fn at_line(mut self, file: impl Into<String>, line: usize, column: usize) -> Self {
        self.place = Some(FaultPlace { file: file.into(), line_column: Some((line, column)) });
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shown::bounded(hint.into()));
        self
    }

    /// Adds a text before the hint: what the machine's failure means for a publication. If there is no hint, it is
    /// followed by `or`.
    #[must_use]
    pub fn before_hint(self, what: &str, or: &str) -> Self {
        let hint = self.hint.as_deref().unwrap_or(or);
        let hint = format!("{what}: {hint}");
        self.hint(hint)
    }

    /// Adds an alternative to the hint.
    #[must_use]
    pub fn or_hint(mut self, other: &str) -> Self {
        let hint = self.hint.take().map_or_else(|| other.to_owned(), |hint| format!("{hint}; or {other}"));
        self.hint(hint)
    }

    /// Adds an alternative to the hint of the last of several errors, since it applies to all of them.
    #[must_use]
    pub fn or_at_last(mut self, other: &str) -> Self {
        match self.beside.as_mut().and_then(|beside| beside.errors.pop()) {
            Some(last) => {
                let last = last.or_hint(other);
                self.beside.get_or_insert_default().errors.push(last);
                self
            }
            None => self.or_hint(other),
        }
    }

    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The chain of causes, the nearest first.
    pub fn causes(&self) -> Vec<String> {
        let first = std::error::Error::source(self);
        std::iter::successors(first, |cause| cause.source()).map(|cause| shown::passage(&cause.to_string())).collect()
    }
}

impl From<PastRange> for Error {
    fn from(past_range: PastRange) -> Self {
        Self::input(past_range.to_string()).hint("no meter counts that much: look for lines with absurd quantities")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for FaultPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::path(&self.file))?;
        self.line_column.map_or(Ok(()), |(line, column)| write!(f, ":{line}:{column}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
