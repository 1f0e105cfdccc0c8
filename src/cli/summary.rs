//! The summary of a run or a check as one JSON object, for programs. Keys are only ever added; every key is always
//! present, and `null` where its value is unknown or does not apply.
//!
//! ```json
//! {"exit_code": 3, "error": {"kind": "input", "file": "north/usage/2026-10-05/a.json", "line": 1, "column": 9, …}, "lines": null, …}
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::clock::ClockTime;
use super::run_report::Ended;
use crate::domain::coverage::{self, StampCoverage};
use crate::domain::identity::stamp_or_empty;
use crate::domain::{Finding, Hour, Month, RejectReason, Stamp};
use crate::error::Error;
use crate::pipeline::{Outcome, ReportedTime};
use crate::publication::receipt::{
    Count, FindingEntry, LeftEntry, Lines, MissingEntry, Receipt, StatementEntry, UnpricedEntry,
};

/// What programs get.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    /// The exit code of the process.
    exit_code: u8,
    /// `run` or `check`.
    command: &'static str,
    /// The version.
    stacktally: &'static str,
    started_at: String,
    finished_at: String,
    duration_ms: u64,
    /// What ended the run, when it failed.
    error: Option<Failure<'a>>,
    /// `read = used + rejected + dropped`.
    lines: Option<Lines>,
    /// Lines set aside by reason: all reasons, zero included.
    rejects: Option<BTreeMap<&'static str, u64>>,
    /// Of the lines set aside, those that the last publication did not have: with one, the exit code is 4.
    rejects_new: Option<u64>,
    /// Lines by attribution: all attributions, zero included.
    attributions: Option<BTreeMap<&'static str, u64>>,
    /// Days by state, over all stamps.
    days: Option<BTreeMap<&'static str, u64>>,
    /// All of them, accepted or not; for a run that failed, those reported with its error.
    findings: Vec<FindingShown<'a>>,
    /// For each stamp that reports.
    coverage: Option<Vec<CoverageShown>>,
    /// The monthly totals of statements, by currency; none where there is no price book.
    statements: &'a [StatementEntry],
    /// Usage without a price.
    unpriced: &'a [UnpricedEntry],
    /// Snapshots that replaced a stamp's own: with one, these are figures of a what-if.
    registration_override: &'a [String],
    /// Settings that had no effect, though they were given.
    unused_settings: &'a [String],
    /// Why everything was rebuilt; `null` for an incremental run.
    full_run: Option<&'a str>,
    /// Exports that the last run counted and that are gone from the root, or are left out.
    missing: &'a [MissingEntry],
    /// Changes of days that were published before; for a check with an OUT, what a run would change. Else `null`.
    changes: Option<ChangesShown>,
    /// `null` when nothing was published.
    published: Option<PublishedShown>,
    /// What was gone from the root, and was forgotten by name.
    forgotten: &'a [String],
    /// Stamps that `--stamp` left as published.
    left_as_published: &'a [LeftEntry],
    /// For a check with an OUT: what a run would publish there.
    would_publish: Option<PublishedShown>,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    #[serde(flatten)]
    first: ErrorShown<'a>,
    /// The other errors that ended the run.
    beside: Vec<ErrorShown<'a>>,
}

#[derive(Debug, Serialize)]
struct ErrorShown<'a> {
    /// `usage`, `input`, `balance`, `machine`, `busy` or `stopped`.
    kind: &'static str,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<&'a str>,
    /// From the nearest to the farthest.
    causes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FindingShown<'a> {
    stamp: &'a str,
    code: &'static str,
    severity: &'static str,
    sentence: &'a str,
    concerned: &'a [String],
    remedy: &'a str,
    accepted: bool,
}

#[derive(Debug, Serialize)]
struct CoverageShown {
    stamp: String,
    last_settled_day: Option<String>,
    /// The end of the latest reported time that is loaded.
    covered_to: Option<String>,
    /// Full hours from then to the end of the run.
    lag_hours: Option<i64>,
    /// When the next window is due, and whether it was overdue when the run ended.
    due: Option<String>,
    overdue: bool,
    /// Hours between its first and its last window that no whole export covers; the findings say which, and why.
    missing_hours: i32,
}

/// What `stacktally changes --since RUN` shows of this run.
#[derive(Debug, Serialize)]
struct ChangesShown {
    run: u64,
    days: usize,
    stamps: Vec<String>,
    /// Months whose statements bill other amounts because of rounding, exchange rates or billing currency.
    statement_months: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PublishedShown {
    /// The number of the publication: that of its receipt in `receipts/`.
    generation: u64,
    files: usize,
    bytes: u64,
    /// Files that are new, or whose bytes changed.
    changed: usize,
    /// Files of an earlier run that this run does not make.
    removed: usize,
}

/// The summary of a run, however it ended.
pub fn json(ended: &Ended<'_>) -> String {
    let receipt = ended.outcome().map(|outcome| &outcome.receipt);
    let summary = Summary {
        exit_code: ended.exit_code(),
        command: ended.command,
        stacktally: env!("CARGO_PKG_VERSION"),
        started_at: ended.started.to_string(),
        finished_at: ended.finished.to_string(),
        duration_ms: ended.duration_ms,
        error: ended.error().map(Failure::of),
        lines: receipt.map(|receipt| receipt.lines),
        rejects: receipt.map(rejects),
        rejects_new: ended.outcome().map(|outcome| outcome.rejects_new),
        attributions: receipt.map(|receipt| by_name(&receipt.attributions)),
        days: receipt.map(|receipt| by_name(&receipt.days)),
        findings: findings(ended),
        coverage: ended.outcome().map(|outcome| coverage_shown(outcome, ended.finished)),
        statements: receipt.map_or(&[], |receipt| &receipt.statements),
        unpriced: receipt.map_or(&[], |receipt| &receipt.unpriced),
        unused_settings: ended.outcome().map_or(&[], |outcome| &outcome.unused),
        registration_override: ended.outcome().map_or(&[], |outcome| &outcome.overrides),
        full_run: receipt.and_then(|receipt| receipt.full_run.as_deref()),
        missing: receipt.map_or(&[], |receipt| &receipt.missing),
        changes: ended.out.and(ended.outcome()).map(ChangesShown::of),
        published: ended.outcome().filter(|outcome| !outcome.is_rehearsal).map(PublishedShown::of),
        forgotten: receipt.map_or(&[], |receipt| &receipt.forgotten),
        left_as_published: receipt.map_or(&[], |receipt| &receipt.left_as_published),
        would_publish: ended.out.and(ended.outcome()).filter(|outcome| outcome.is_rehearsal).map(PublishedShown::of),
    };
    let text = serde_json::to_string_pretty(&summary).expect("texts, numbers and names as keys become JSON");
    format!("{text}\n")
}

/// How many lines were set aside for each reason: all reasons, zero included.
pub(super) fn rejects(receipt: &Receipt) -> BTreeMap<&'static str, u64> {
    let mut counts: BTreeMap<&str, u64> = RejectReason::ALL.iter().map(|reason| (reason.as_str(), 0)).collect();
    counts.extend(by_name(&receipt.rejects));
    counts
}

/// Full hours from the end of the latest reported time that is loaded to a moment.
pub(super) fn lag_hours(covered_to: Hour, at: ClockTime) -> i64 {
    at.unix_seconds().div_euclid(3600) - i64::from(covered_to.hours_since_epoch())
}

fn by_name(counts: &[Count]) -> BTreeMap<&'static str, u64> {
    counts.iter().map(|count| (count.name, count.count)).collect()
}

fn findings<'a>(ended: &Ended<'a>) -> Vec<FindingShown<'a>> {
    match ended.result {
        Ok(outcome) => outcome.receipt.findings.iter().map(FindingShown::of).collect(),
        Err(error) => error.beside.iter().flat_map(|beside| &beside.findings).map(FindingShown::beside).collect(),
    }
}

fn coverage_shown(outcome: &Outcome, at: ClockTime) -> Vec<CoverageShown> {
    let instant = |hour: Hour| format!("{hour}:00:00Z");
    let shown = |stamp_coverage: StampCoverage| {
        let time = outcome.times.iter().find(|time| time.stamp == stamp_coverage.stamp);
        CoverageShown {
            stamp: stamp_coverage.stamp.to_string(),
            last_settled_day: stamp_coverage.last_settled_day.map(|day| day.to_string()),
            covered_to: stamp_coverage.covered_to.map(instant),
            lag_hours: stamp_coverage.covered_to.map(|hour| lag_hours(hour, at)),
            due: time.and_then(|time| time.due).map(instant),
            overdue: outcome.is_overdue(&stamp_coverage.stamp),
            missing_hours: time.map_or(0, ReportedTime::hours_missing),
        }
    };
    coverage::stamps(&outcome.coverage).into_iter().map(shown).collect()
}

impl<'a> Failure<'a> {
    fn of(error: &'a Error) -> Self {
        let beside = error.beside.iter().flat_map(|beside| &beside.errors).map(ErrorShown::of).collect();
        Self { first: ErrorShown::of(error), beside }
    }
}

impl<'a> ErrorShown<'a> {
    fn of(error: &'a Error) -> Self {
        let place = error.place.as_ref();
        let line_column = place.and_then(|place| place.line_column);
        Self {
            kind: error.kind.as_str(),
            message: &error.message,
            file: place.map(|place| place.file.as_str()),
            line: line_column.map(|(line, _)| line),
            column: line_column.map(|(_, column)| column),
            hint: error.hint.as_deref(),
            causes: error.causes(),
        }
    }
}

impl<'a> FindingShown<'a> {
    fn of(entry: &'a FindingEntry) -> Self {
        let FindingEntry { stamp, code, severity, sentence, concerned, remedy, accepted, months: _ } = entry;
        let stamp = stamp_or_empty::name(stamp.as_ref());
        Self { stamp, code, severity, sentence, concerned, remedy, accepted: *accepted }
    }

    fn beside(finding: &'a Finding) -> Self {
        let Finding { stamp, code, sentence, concerned, remedy, days: _ } = finding;
        let stamp = stamp_or_empty::name(stamp.as_ref());
        let severity = code.severity().as_str();
        Self { stamp, code: code.as_str(), severity, sentence, concerned, remedy, accepted: false }
    }
}

impl ChangesShown {
    fn of(outcome: &Outcome) -> Self {
        Self {
            run: outcome.receipt.generation,
            days: outcome.changed.values().map(BTreeSet::len).sum(),
            stamps: outcome.changed.keys().map(Stamp::to_string).collect(),
            statement_months: outcome.rebilled.iter().map(Month::to_string).collect(),
        }
    }
}

impl PublishedShown {
    fn of(outcome: &Outcome) -> Self {
        let files = &outcome.receipt.published;
        Self {
            generation: outcome.receipt.generation,
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            changed: files.iter().filter(|file| file.is_changed()).count(),
            removed: outcome.removed.len(),
        }
    }
}
