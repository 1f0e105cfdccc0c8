//! What is known of an export and of each of its files, beside their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::chunk::DaySum;
use super::reject::Reject;
use crate::domain::finding::FindingCode;
use crate::domain::ledger::LedgerEntry;
use crate::domain::totals::{Checksum, MeterSum};
use crate::domain::{Day, Finding, Granularity, MeterId, Window};
use crate::read::format::shape::Shape;
use crate::store::{Fingerprint, ReadFile};

/// What is known about one export, apart from its lines. It has no numbers that are valid only in one process, so it is
/// kept from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRecord {
    pub window: Option<Window>,
    pub label: String,
    /// The folder, relative to the root.
    pub folder: String,
    /// The granularity of its lines, or of its query.
    pub granularity: Option<Granularity>,
    /// Whether it covers the reported time of its window: it has files, and its chain of pages has an end.
    pub is_whole: bool,
    pub files: Vec<FileRecord>,
    /// Files that do not count, each with the reason.
    pub dropped: Vec<(FileRecord, DropRule)>,
    /// The sidecar, if there is one.
    pub sidecar: Option<ReadFile>,
    /// The sums of files that are no duplicates, by usage day and meter.
    pub days: BTreeMap<Day, BTreeMap<MeterId, DaySum>>,
    /// Findings about the export alone.
    pub findings: Vec<Finding>,
    /// Usage of one user subscription from both APIs, if there is any.
    pub(in crate::read) both_apis: Option<BothApis>,
}

/// What is known about a file, apart from its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The number that lines name it by, in this process.
    #[serde(skip)]
    pub number: u32,
    pub file: ReadFile,
    /// The fingerprint of the text, whatever its encoding: it tells duplicate files.
    pub(in crate::read) content: Fingerprint,
    /// Counted elements, and their quantity as far as it could be read.
    pub read: Checksum,
    pub rounded: u64,
    pub shape: Option<Shape>,
    /// How a table writes times and numbers.
    pub dialect: Option<String>,
    /// What it lacks beside what the REST APIs return.
    pub lacks: Vec<String>,
    /// The provider subscriptions that were queried, in one spelling.
    pub(in crate::read) queried: BTreeSet<String>,
    /// The days of its good lines.
    pub days: BTreeSet<Day>,
    pub rejects: Vec<Reject>,
    /// The good lines of a duplicate file, by meter.
    pub meters: BTreeMap<MeterId, MeterSum>,
}

/// Why a file does not count. The names are published in the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DropRule {
    /// It repeats another file of its export byte for byte.
    SavedTwice,
    /// A wider window replaces its export (`--overlap wider`).
    ReplacedByWider,
    /// Its time is covered by exports of the chosen granularity (`--granularity`).
    GranularityNotChosen,
}

impl DropRule {
    /// The published text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SavedTwice => "saved_twice",
            Self::ReplacedByWider => "replaced_by_wider",
            Self::GranularityNotChosen => "granularity_not_chosen",
        }
    }
}

impl FileRecord {
    /// The number of a file that this process did not read.
    pub(in crate::read) const UNREAD: u32 = u32::MAX;
}

impl ExportRecord {
    /// The days that it reports, or without a window those of its lines: its findings are about them.
    pub fn days_reported(&self) -> BTreeSet<Day> {
        match self.window {
            Some(window) => window.days().collect(),
            None => self.files.iter().flat_map(|file| file.days.iter().copied()).collect(),
        }
    }

    /// A fingerprint of the sources of its lines of a day: while it is unchanged, so are the lines.
    pub fn inputs_of(&self, day: Day) -> Fingerprint {
        let is_made_of = |file: &&FileRecord| file.days.contains(&day) || file.read.lines == 0;
        let mut text = self.label.clone();
        for file in self.files.iter().filter(is_made_of) {
            let _ = write!(text, "\0{}\0{}", file.file.name, file.file.fingerprint);
        }
        Fingerprint::of(text.as_bytes())
    }

    /// Whether none of its files counts, though it has some.
    pub fn is_dropped(&self) -> bool {
        self.files.is_empty() && self.dropped.iter().any(|(_, rule)| *rule != DropRule::SavedTwice)
    }

    /// The rule by which it does not count.
    pub fn dropped_by(&self) -> Option<DropRule> {
        self.is_dropped()
            .then(|| self.dropped.iter().map(|(_, rule)| *rule).find(|rule| *rule != DropRule::SavedTwice))?
    }

    /// Whether so many of its lines were set aside that the days it completes do not count as settled.
    pub fn has_many_rejects(&self) -> bool {
        self.findings.iter().any(|finding| finding.code == FindingCode::ManyRejects)
    }

    /// Whether its reported time counts as covered.
    pub fn covers(&self) -> bool {
        self.is_whole && !self.files.is_empty()
    }

    /// How many files it has, whether they count or not.
    pub fn file_count(&self) -> usize {
        self.all_files().map(|file| &file.file.name).collect::<BTreeSet<_>>().len()
    }

    /// What stands in its files.
    pub fn read(&self) -> Checksum {
        self.all_files().map(|file| file.read).sum()
    }

    /// Whether it had files, and its folder is no longer among those that have files.
    pub fn is_gone_from(&self, folders: &BTreeSet<&str>) -> bool {
        !folders.contains(self.folder.as_str()) && self.all_files().next().is_some()
    }

    /// Good lines in files that count.
    pub fn used(&self) -> i64 {
        self.files.iter().map(|file| file.read.lines - file.rejects.len() as i64).sum()
    }

    /// Its files, whether they count or not.
    pub fn all_files(&self) -> impl Iterator<Item = &FileRecord> {
        self.files.iter().chain(self.dropped.iter().map(|(file, _)| file))
    }

    /// All files that it was read from.
    pub fn input_files(&self) -> impl Iterator<Item = &ReadFile> {
        self.all_files().map(|file| &file.file).chain(&self.sidecar)
    }

    pub(in crate::read) fn all_files_mut(&mut self) -> impl Iterator<Item = &mut FileRecord> {
        self.files.iter_mut().chain(self.dropped.iter_mut().map(|(file, _)| file))
    }
}

/// Usage of one user subscription that was queried through both APIs in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::read) struct BothApis {
    pub provider: String,
    pub tenant: String,
    pub user_subscription: String,
}

/// The files of exports that have lines, each once within its export.
pub(super) fn with_lines(exports: &[ExportRecord]) -> impl Iterator<Item = &FileRecord> {
    let files = exports.iter().flat_map(|export| {
        let replaced = export.dropped.iter().filter(|(_, rule)| *rule != DropRule::SavedTwice);
        export.files.iter().chain(replaced.map(|(file, _)| file))
    });
    files.filter(|file| file.read.lines > 0)
}

pub(super) fn entry_of(export: &ExportRecord) -> Option<LedgerEntry> {
    let lines = lines_of(export);
    Some(LedgerEntry { window: export.window?, granularity: export.granularity, lines, is_whole: export.is_whole })
}

pub(super) fn lines_of(export: &ExportRecord) -> i64 {
    export.files.iter().map(|file| file.read.lines).sum()
}
