//! Every hint that the program can give, followed: what is wrong is made, the hint is read from what was printed, what it
//! says is done, and the same is not said again. `every_hint_is_followed` finds hints in the sources that no case follows.
//!
//! A new hint needs a case in the group that it belongs to: how what is wrong is made, a part of the message, a part of the
//! hint as the source spells it, and each way that it names, done. What no test can follow goes to `NOT_FOLLOWED`, with why.

/// The test of a group.
macro_rules! follow_all {
    () => {
        #[test]
        fn each_is_followed() {
            super::walk(&cases());
        }
    };
}

mod literals;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::command::errors;
use crate::support::{Line, Ran, SUB_A, SUB_B, TestRoot, VM_HOURS, page, page_of, ran, stacktally, tries, unwrapped};

mod exports;
mod files;
mod findings;
mod prices;
mod published;
mod root;
mod snapshots;
mod tables;
mod typed;

/// Groups of cases, each a test of its own.
const GROUPS: [fn() -> Vec<Case>; 9] = [
    root::cases,
    files::cases,
    tables::cases,
    exports::cases,
    findings::cases,
    snapshots::cases,
    prices::cases,
    typed::cases,
    published::cases,
];

/// What a test cannot follow, each with why: no test should do that to the machine, or only a fault of our own makes it.
const NOT_FOLLOWED: &[(&str, &str)] = &[
    (
        "this is a bug of stacktally, not a fault of your input or machine. Please report it with this message, the \
         command line, and the output of `stacktally --version`. Leave out customer data: file names, ids and \
         quantities are not needed. Nothing was published; keep the root and OUT as they are",
        "nobody knows how to bring a bug about; `stage::columns` does, below the command line",
    ),
    (
        "this is a bug of stacktally, not a fault of your input or machine. Please report it with this message, the \
         command line, and the output of `stacktally --version`. Leave out customer data: file names, ids and \
         quantities are not needed. No publication is harmed: the next run, or `stacktally recover`, goes on from \
         what is there",
        "`fault::failpoints` panics at every step of a run",
    ),
    // The machine.
    ("{} is mounted read-only: mount it writable, or name another folder", "no test mounts what it cannot unmount"),
    (
        "{} of {} are free on the file system of {}: make room there",
        "`a_full_disk_says_what_room_there_is` fills one and makes room",
    ),
    ("make room on the file system of {}", "a full file system of which the system tells no size"),
    ("may not take more of the file system of {}: make room there, or raise the quota", "no test sets quotas"),
    ("this user", "a user without a name, whose quota is full"),
    ("files may not grow so large here: raise the limit (`ulimit -f`)", "a limit of the whole test process"),
    ("{} belongs to {}:{} and has mode {}", "`who_was_denied_what_is_said` is another user"),
    ("stacktally runs as {}, and {}: run it as a user who may", "`who_was_denied_what_is_said` is another user"),
    ("{}: run stacktally as a user who may", "a system that does not tell who runs a process"),
    ("give the user who runs stacktally the right to {}", "another system than Unix"),
    (" when {} were staged and more were to come", "`a_full_disk_says_what_room_there_is` fills one and makes room"),
    ("make room, or OUT writable, and run again", "a machine that fails and does not say why"),
    (
        "name another folder for temporary files with the environment variable TMPDIR",
        "a folder for temporary files that is full",
    ),
    ("the disk is failing, or something else writes to OUT", "a disk that gives back what was not written"),
    (
        "the new publication is committed, and is what stacktally's commands read",
        "`fault` fails after the commit, and recovers",
    ),
    ("something still writes it: let that finish, and run again", "a race with another process"),
    (
        "put receipt.json back from a backup; or if no export is gone from the root, say once --forget all",
        "`without_a_receipt_nothing_vanishes_either` follows it",
    ),
    // More than a test can make.
    ("run over fewer windows at a time", "billions of distinct texts"),
    ("archive old snapshots", "billions of distinct rows"),
    ("split the file", "billions of lines in one file"),
    ("run over fewer stamps at a time with --stamp, or archive what is closed", "millions of files"),
    ("archive what is closed", "millions of files"),
    ("a collision of 64-bit keys, never seen by chance: report it", "never seen by chance"),
    ("a collision of 64-bit keys: write a note into one of the rows", "never seen by chance"),
    // A fault of our own, or what only one could make: published bytes are proved by the receipt before they are read.
    ("this is a fault of stacktally, not of the input: keep the root as it is and report it", "a fault of our own"),
    (
        "this is a fault of stacktally, not of the input: keep the root as it is and report it with this message",
        "a fault of our own",
    ),
    (
        "this is a fault of stacktally, not of the input: keep the root and OUT as they are and report it",
        "a fault of our own",
    ),
    (
        "this is a fault of stacktally, not of the input: `stacktally run --full` rebuilds everything",
        "a fault of our own",
    ),
    (
        "publish once more: the tables come from two runs",
        "tables that contradict each other, as their receipt has them",
    ),
    (
        "publish once more with this version, or look at the root with --root",
        "a coverage that is none, as its receipt has it",
    ),
    ("the published tables do not belong together: publish once more, into an empty folder", "the same of any tables"),
    (
        "restore it from a backup: closed months cannot be known without it",
        "a journal that is none, as its receipt has it",
    ),
    (
        "run once more: .stacktally/state was lost, and a run makes it again",
        "a state that lacks a month, as its receipt has it",
    ),
    ("no meter counts that much: look for lines with absurd quantities", "sums whose bounds are proved before"),
    ("look for absurd prices or quantities in it", "sums whose bounds are proved before"),
    ("name the meter", "a cell that is not empty, and no id: none is known"),
    // Parts of hints that are followed.
    ("the table `{}`", "where the rest of a list stands that is too long for a hint"),
];

/// Something wrong, and what its hint says.
pub struct Case {
    /// Of the message or the finding; gone once the hint is followed.
    says: &'static str,
    /// Of the texts that the hint is made of, as the sources spell them: `{}` is what is filled in.
    hints: Vec<&'static str>,
    made_of: fn() -> TestRoot,
    /// Run before it is made, and ends well.
    before: Vec<Vec<&'static str>>,
    made_by: Box<dyn Fn(&TestRoot) + Send + Sync>,
    typed: Vec<&'static str>,
    ways: Vec<Way>,
}

/// What a person does to a root, by what was said, and to the command line.
type Does = dyn Fn(&TestRoot, &Said, &mut Vec<String>) + Send + Sync;

/// One way to follow a hint: what is done to files, and to what is typed.
pub struct Way {
    does: Box<Does>,
    code: i32,
}

/// A case about the folder of a root with one stamp and one export, shown by `stacktally check`.
pub fn case(
    says: &'static str,
    hints: &[&'static str],
    made_by: impl Fn(&TestRoot) + Send + Sync + 'static,
    ways: impl IntoIterator<Item = Way>,
) -> Case {
    Case {
        says,
        hints: hints.to_vec(),
        made_of: one_export,
        before: Vec::new(),
        made_by: Box::new(made_by),
        typed: vec!["check", "--root", "root"],
        ways: ways.into_iter().collect(),
    }
}

/// A case about what is typed.
pub fn typed(
    says: &'static str,
    hints: &[&'static str],
    typed: &[&'static str],
    ways: impl IntoIterator<Item = Way>,
) -> Case {
    case(says, hints, |_| (), ways).typed(typed)
}

impl Case {
    pub fn made_of(self, made_of: fn() -> TestRoot) -> Self {
        Self { made_of, ..self }
    }

    /// The same of a root that was published to `out`.
    pub fn published(self) -> Self {
        self.after(&["run", "--root", "root", "--out", "out"])
    }

    pub fn after(mut self, typed: &[&'static str]) -> Self {
        self.before.push(typed.to_vec());
        self
    }

    pub fn typed(self, typed: &[&'static str]) -> Self {
        Self { typed: typed.to_vec(), ..self }
    }

    /// Adds to what is typed.
    pub fn with(mut self, flags: &[&'static str]) -> Self {
        self.typed.extend(flags);
        self
    }
}

/// Does something to the root, and types the same again.
pub fn edit(does: impl Fn(&TestRoot) + Send + Sync + 'static) -> Way {
    edit_as_said(move |root, _| does(root))
}

/// The same, with what the hint names.
pub fn edit_as_said(does: impl Fn(&TestRoot, &Said) + Send + Sync + 'static) -> Way {
    Way { does: Box::new(move |root, said, _| does(root, said)), code: 0 }
}

/// Adds to what was typed.
pub fn add(flags: impl Fn(&Said) -> Vec<String> + Send + Sync + 'static) -> Way {
    Way { does: Box::new(move |_, said, typed| typed.extend(flags(said))), code: 0 }
}

/// Says it in a settings file, and names that.
pub fn settings(setting: impl Fn(&Said) -> String + Send + Sync + 'static) -> Way {
    let write = move |root: &TestRoot, said: &Said| {
        fs::write(root.folder().join("settings.toml"), format!("{}\n", setting(said))).unwrap();
    };
    edit_as_said(write).then(add(|_| words(&["--settings", "settings.toml"])))
}

/// Types something else.
pub fn type_instead(typed: impl Fn(&Said) -> Vec<String> + Send + Sync + 'static) -> Way {
    Way { does: Box::new(move |_, said, arguments| *arguments = typed(said)), code: 0 }
}

/// Types something else, after a look at what was published.
pub fn typing(typed: impl Fn(&TestRoot) -> Vec<String> + Send + Sync + 'static) -> Way {
    Way { does: Box::new(move |root, _, arguments| *arguments = typed(root)), code: 0 }
}

/// Types something else, of which the hint says nothing but what kind of thing it is.
pub fn type_this(typed: &'static [&'static str]) -> Way {
    type_instead(|_| words(typed))
}

impl Way {
    /// Says how it ends then, where that is not well: what is refused then is something else.
    pub fn ends(self, code: i32) -> Self {
        Self { code, ..self }
    }

    /// One way after the other.
    pub fn then(self, other: Self) -> Self {
        let Self { does, .. } = self;
        let does_both = move |root: &TestRoot, said: &Said, typed: &mut Vec<String>| {
            does(root, said, typed);
            (other.does)(root, said, typed);
        };
        Self { does: Box::new(does_both), code: other.code }
    }
}

/// What was printed.
pub struct Said {
    all: String,
}

impl Said {
    fn of(ran: &Ran) -> Self {
        Self { all: unwrapped(&format!("{} {}", ran.stdout, ran.stderr)) }
    }

    /// What stands between two texts: the latter may be empty for all that follows.
    pub fn between(&self, before: &str, after: &str) -> &str {
        let from =
            self.all.find(before).unwrap_or_else(|| panic!("{before:?} is not said in {}", self.all)) + before.len();
        let rest = &self.all[from..];
        if after.is_empty() {
            rest.trim()
        } else {
            &rest[..rest.find(after).unwrap_or_else(|| panic!("{after:?}: {rest}"))]
        }
    }

    /// A flag that the hint quotes, with as many values as follow it there.
    pub fn flag(&self, flag: &str, values: usize) -> Vec<String> {
        self.flag_at(flag, 0, values)
    }

    /// The same of one that it quotes several times.
    pub fn flag_at(&self, flag: &str, place: usize, values: usize) -> Vec<String> {
        let hint = self.hint();
        let at = hint.match_indices(flag).nth(place).unwrap_or_else(|| panic!("{flag} is not quoted in {hint}")).0;
        let words = hint[at..].split_whitespace().take(values + 1);
        words.map(|word| word.trim_end_matches([',', ';', ':', '.', '`', ')', ']', '"']).to_owned()).collect()
    }

    /// What is typed of a command that the hint quotes, such as `stacktally run --full`, with `OUT` and the like filled in.
    pub fn command(&self, command: &str, filled_in: &[(&str, &str)]) -> Vec<String> {
        let start = format!("`stacktally {command}");
        let hint = self.hint();
        let at = hint.find(&start).unwrap_or_else(|| panic!("{start} is not quoted in {hint}"));
        let quoted = hint[at + "`stacktally ".len()..].split('`').next().unwrap();
        let fill = |word: &str| {
            filled_in.iter().find(|(placeholder, _)| *placeholder == word).map_or(word, |(_, value)| *value).to_owned()
        };
        quoted.split_whitespace().map(fill).collect()
    }

    fn hint(&self) -> &str {
        let at = self.all.find("hint: ").or_else(|| self.all.find("remedy: "));
        &self.all[at.unwrap_or_else(|| panic!("no hint in {}", self.all))..]
    }
}

pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The page of the export that every root has.
pub const PAGE: &str = "north/usage/2026-10-05/page-0001.json";

pub fn one_export() -> TestRoot {
    TestRoot::with_lines(&[line(SUB_A), line(SUB_B)])
}

pub fn line(user_subscription: &str) -> Line {
    of_hour(user_subscription, "2026-10-05T13")
}

pub fn of_hour(user_subscription: &str, hour: &str) -> Line {
    Line::hourly(user_subscription, VM_HOURS, hour, "1")
}

/// A whole second stamp, in a folder of some name.
pub fn second_stamp(root: &TestRoot, folder: &str) {
    root.snapshots(folder);
    root.file(&format!("{folder}/usage/2026-10-05/page.json"), page_of("south", &[line(SUB_A)]));
}

/// The page as it should be.
pub fn good_page(root: &TestRoot) {
    root.file(PAGE, page(&[line(SUB_A), line(SUB_B)]));
}

/// Renames something in a root, into folders that may not be there yet.
pub fn rename(root: &TestRoot, from: &str, to: &str) {
    let to = root.root().join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(root.root().join(from), to).unwrap();
}

/// Replaces a text in a file.
pub fn replace(root: &TestRoot, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.root().join(file)).unwrap();
    assert!(text.contains(from), "{file} holds no {from:?}");
    root.file(file, text.replace(from, to));
}

pub fn nothing(_: &TestRoot) {}

/// Whether a text has the parts of another, in which `{}` stands for anything.
fn has(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split("{}").map(unwrapped).all(|part| match rest.find(&part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Wide, so that nothing is cut or goes on in another line; and of one thread, since cases stand beside each other.
fn type_in(root: &TestRoot, typed: &[String]) -> Ran {
    let mut command = stacktally(root.folder());
    command.env("COLUMNS", "10000").env("RAYON_NUM_THREADS", "1").env("POLARS_MAX_THREADS", "1");
    ran(command.args(typed).output().unwrap())
}

/// Follows one way of one case.
fn follow(case: &Case, way: &Way) -> Result<(), String> {
    let root = (case.made_of)();
    for typed in &case.before {
        let ran = type_in(&root, &words(typed));
        if ![0, 4].contains(&ran.code) {
            return Err(format!("before it: {}", ran.transcript()));
        }
    }
    (case.made_by)(&root);
    let mut typed = words(&case.typed);
    let failed = type_in(&root, &typed);
    let said = Said::of(&failed);
    if !said.all.contains(case.says) {
        return Err(format!("it is not said: {}", failed.transcript()));
    }
    if let Some(hint) = case.hints.iter().find(|hint| !has(&said.all, hint)) {
        return Err(format!("the hint is another than {hint:?}: {}", failed.transcript()));
    }
    (way.does)(&root, &said, &mut typed);
    let mended = type_in(&root, &typed);
    if Said::of(&mended).all.contains(case.says) || mended.code != way.code {
        return Err(format!("followed by {typed:?}, of what was said: {}\n{}", said.all, mended.transcript()));
    }
    Ok(())
}

/// Follows each way of each case, two at a time.
fn walk(cases: &[Case]) {
    // The quick suite goes one way of every third case.
    let ways_of = |case: &Case| (tries(1, u32::MAX) as usize).min(case.ways.len());
    let cases = cases.iter().step_by(tries(3, 1) as usize);
    let ways: Vec<(&Case, usize)> = cases.flat_map(|case| (0..ways_of(case)).map(move |at| (case, at))).collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((case, at)) = ways.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let followed = catch_unwind(AssertUnwindSafe(|| follow(case, &case.ways[*at])));
                    if let Err(what) = followed.unwrap_or_else(|_panic| Err("it panicked, as said above".to_owned())) {
                        failures.lock().unwrap().push(format!("=== {:?}, way {}: {what}", case.says, at + 1));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The texts of all hints that some case follows, or none can.
#[test]
fn every_hint_is_followed() {
    let (literals, unseen) = literals::all();
    assert!(unseen.is_empty(), "hints whose texts are not found: {unseen:?}");
    let texts: BTreeSet<&str> = literals.iter().map(|literal| literal.text.as_str()).collect();
    assert!(texts.len() > 250, "{}", texts.len());
    let mut followed: BTreeSet<&str> = BTreeSet::new();
    let mut faults: Vec<String> = Vec::new();
    let cases: Vec<Case> = GROUPS.iter().flat_map(|group| group()).collect();
    let hints = cases.iter().flat_map(|case| &case.hints).chain(NOT_FOLLOWED.iter().map(|(hint, _)| hint));
    for hint in hints {
        let of_text =
            |text: &&&str| texts.contains(hint) && **text == *hint || !texts.contains(hint) && text.contains(hint);
        match texts.iter().filter(of_text).collect::<Vec<_>>()[..] {
            [text] => drop(followed.insert(text)),
            [] => faults.push(format!("no hint has the text {hint:?}")),
            _ => faults.push(format!("several hints have the text {hint:?}")),
        }
    }
    // Situations of their own name what is printed, and not what is filled in.
    let said: Vec<&str> = errors::said().collect();
    for text in &texts {
        let parts = text.split("{}").map(|part| part.trim_matches([' ', ';', ',', ':'])).filter(|part| part.len() > 9);
        let mut parts = parts.flat_map(|part| said.iter().map(move |said| (part, *said)));
        if parts.any(|(part, said)| said.contains(part) || said.len() > 12 && part.contains(said)) {
            followed.insert(text);
        }
    }
    for literal in literals.iter().filter(|literal| !followed.contains(literal.text.as_str())) {
        faults.push(format!("{}: nobody follows {:?}", literal.place, literal.text));
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), texts.len(), faults.join("\n"));
}
