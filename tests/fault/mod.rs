//! Whole or not at all: the real binary killed, starved of space and doubled, and what it leaves proved each time.
//! With `--features failpoints` also at every named step of publication.

mod disk_full;
#[cfg(feature = "failpoints")]
mod failpoints;
mod inputs;
mod kill;
mod order;
mod readers;
mod two_writers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stacktally::publication::Publication;

use crate::support::{Line, Ran, SUB_A, SUB_B, TestRoot, VM_HOURS, WINDOWS_HOURS, files_below, page, ran, stacktally};

/// Files with their bytes, by path.
type Files = BTreeMap<String, Vec<u8>>;

/// The published tables. What is history by nature grows with every run, and is no function of a root.
fn tables_below(out: &Path) -> Files {
    files_below(out).into_iter().filter(|(path, _)| !path.starts_with("history/")).collect()
}

/// One of two roots that are published to the same OUT, turn by turn, so that every run has files to put and to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    First,
    Second,
}

/// Two roots, and what a run over each publishes.
struct Scene {
    folder: TestRoot,
    first: TestRoot,
    second: TestRoot,
    first_files: Files,
    second_files: Files,
}

fn root(days: &[&str], resource: &str) -> TestRoot {
    let root = TestRoot::empty();
    // Charges and statements are published with the rest.
    let header = "meter_id,price,per,unit,currency,tier_from,note";
    let windows = format!(
        "{WINDOWS_HOURS},0.046,1,Virtual core hours,USD,,{resource}\n{WINDOWS_HOURS},0.04,1,Virtual core hours,USD,6,\n"
    );
    root.file("prices.csv", format!("{header}\n{windows}{VM_HOURS},,,,,,as core hours\n"));
    for stamp in ["north", "south"] {
        root.snapshots(stamp);
        for day in days {
            let lines = [
                Line { resource: resource.to_owned(), ..Line::hourly(SUB_A, VM_HOURS, &format!("{day}T13"), "1.5") },
                Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T14"), "2.5"),
                Line::hourly(SUB_B, VM_HOURS, &format!("{day}T13"), "1.0"),
            ];
            // Two stamps never have the same page.
            let text = page(&lines).replacen('{', &format!("{{\"stamp\":\"{stamp}\","), 1);
            root.file(&format!("{stamp}/usage/{day}/page.json"), text);
        }
    }
    root
}

impl Scene {
    fn new() -> Self {
        let first = root(&["2026-09-30", "2026-10-01", "2026-10-02"], "vm-first");
        let second = root(&["2026-10-01", "2026-10-02", "2026-11-01"], "vm-second");
        let published = |root: &TestRoot| {
            root.run(&[]).expect(0);
            tables_below(&root.out())
        };
        let (first_files, second_files) = (published(&first), published(&second));
        Self { folder: TestRoot::empty(), first, second, first_files, second_files }
    }

    fn root(&self, which: Which) -> PathBuf {
        match which {
            Which::First => self.first.root(),
            Which::Second => self.second.root(),
        }
    }

    fn files(&self, which: Which) -> &Files {
        match which {
            Which::First => &self.first_files,
            Which::Second => &self.second_files,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.out()
    }

    /// A run over one of the roots to OUT, ready to start.
    fn command(&self, which: Which, flags: &[&str]) -> Command {
        let mut command = stacktally(self.folder.folder());
        command.arg("run").arg("--root").arg(self.root(which)).args(["--out", "out", "--forget", "all"]).args(flags);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, which: Which, flags: &[&str]) -> Ran {
        ran(self.command(which, flags).output().unwrap())
    }

    /// Proves what a run over `new` has left that was cut short, whatever moment it was; then runs it once more, which
    /// must reach the new bytes. `old` is what was published before. Returns whether the new bytes were published.
    #[track_caller]
    fn prove(&self, old: &Files, new: Which, moment: &str) -> bool {
        let is_new = self.prove_left(old, self.files(new), moment);
        self.run(new, &["--threads", "1"]).expect(0);
        assert_eq!(names_of_differing(&tables_below(&self.out()), self.files(new)), NONE, "{moment}: the next run");
        is_new
    }

    /// Proves that readers see the old files or the new ones, all of them, and that `recover` puts just these in place.
    #[track_caller]
    fn prove_left(&self, old: &Files, new: &Files, moment: &str) -> bool {
        let seen = seen_by_readers(&self.out());
        let is_new = seen == *new;
        let expected = if is_new { new } else { old };
        assert_eq!(names_of_differing(&seen, expected), NONE, "{moment}: what readers see");
        let copy = self.folder.folder().join("copy");
        copy_folder(&self.out(), &copy);
        let recovered = self.folder.stacktally(&["recover", "--out", "copy"]);
        let is_nothing = !copy.join("receipt.json").exists();
        assert_eq!(recovered.code, if is_nothing && old.is_empty() { recovered.code & 2 } else { 0 }, "{recovered:?}");
        assert_eq!(names_of_differing(&tables_below(&copy), expected), NONE, "{moment}: what recover reaches");
        assert_eq!(leftovers(&copy), NONE, "{moment}: what recover leaves");
        fs::remove_dir_all(copy).unwrap();
        is_new
    }
}

const NONE: [String; 0] = [];

/// What the binary's own reader finds, each file proved by the receipt that names it; nothing where there is no publication.
#[track_caller]
fn seen_by_readers(out: &Path) -> Files {
    match Publication::open(out) {
        Ok(publication) => {
            let read = |path: &str| (path.to_owned(), publication.bytes(path).unwrap().unwrap());
            publication.files_below("").into_iter().filter(|path| !path.starts_with("history/")).map(read).collect()
        }
        Err(error) => {
            let is_none = ["holds no publication", "there is no folder"]
                .iter()
                .any(|sentence| error.to_string().contains(sentence));
            assert!(is_none, "{error}");
            Files::new()
        }
    }
}

/// The paths that only one side has, or with other bytes.
fn names_of_differing(found: &Files, expected: &Files) -> Vec<String> {
    let mut names: Vec<String> =
        found.keys().chain(expected.keys()).filter(|path| found.get(*path) != expected.get(*path)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// What a run must not leave: folders without a file, and anything of a commit.
fn leftovers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(subfolder) = folders.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(&subfolder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let is_unfinished =
            ["staging", "journal", "journal.tmp", ".stacktally-probe"].iter().any(|name| subfolder.ends_with(name));
        let names = entries
            .iter()
            .filter(|path| path.is_file() && path.file_name().unwrap().to_string_lossy().contains("journal"));
        found.extend(names.map(|path| path.display().to_string()));
        // A first run that ends before it has its lock leaves the folder that the lock is to lie in.
        let is_before_lock = subfolder == folder.join(".stacktally") && !folder.join("receipt.json").exists();
        if is_unfinished || (entries.is_empty() && subfolder != folder && !is_before_lock) {
            found.push(subfolder.display().to_string());
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    found
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Whether a program is there and does this.
pub fn can(program: &str, arguments: &[&str]) -> bool {
    let tried = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}
