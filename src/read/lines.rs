//! Exports → lines: all files of a stamp, read in parallel, each line handed to its usage day.
//!
//! ```text
//! {"properties":{"subscriptionId":"3F2…","usageStartTime":"2026-10-05T18:00:00+00:00",…,"quantity":2.0,"meterId":"9CD…"}}
//!    ↓
//! day 2026-10-05   slot 18–19   user subscription #0   meter #4   instance #17   2.000000000000000000   row 1
//! ```
//! A line takes 33 bytes, whatever its JSON took, and is handed to its day ([`DayLines`]) once its file is read; the texts
//! behind the numbers are in [`StampLines`]. What an earlier run knows of an export is taken from there instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::days::DayLines;
use super::export::{self, Declared};
use super::fingerprint::{Fingerprint, ReadFile};
use super::line_reader::{Interners, OfExport, Thread, read_file};
use super::published::PublishedResource;
use super::reading::Reading;
use super::repeated::Body;
use super::root::{InputFile, StampFolder};
use super::shape::Shape;
use crate::domain::finding::{Finding, FindingCode};
use crate::domain::identity::one_spelling;
use crate::domain::ledger::LedgerRules;
use crate::domain::totals::{Checksum, MeterSum};
use crate::domain::{Day, Granularity, Hour, MeterId, Quantity, RejectReason, Slot, Stamp, Window};
use crate::error::Result;
use crate::watch::Watch;

/// All exports of a stamp, the lines that were read of them, and the texts that these lines' numbers stand for.
#[derive(Debug)]
pub struct StampLines {
    pub stamp: Stamp,
    /// In order of their windows.
    pub exports: Vec<ExportLines>,
    pub texts: Interners,
    pub days: DayLines,
    /// Resources that stacktally published, by key: lines that were published name them so.
    pub resources: BTreeMap<i64, PublishedResource>,
    pub findings: Vec<Finding>,
}

/// What is known of one export beside its lines. It holds no number that another process would not understand, so it is
/// kept from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLines {
    pub window: Option<Window>,
    pub label: String,
    /// The folder, relative to the root.
    pub folder: String,
    /// Of its lines, or as it was asked for.
    pub granularity: Option<Granularity>,
    /// Whether the window's reported time is really covered: it has files, and its chain of pages has an end.
    pub is_whole: bool,
    pub files: Vec<FileNote>,
    /// Files that do not count, each with the rule that says so.
    pub dropped: Vec<(FileNote, DropRule)>,
    /// The file that says what was asked for, if there is one.
    pub sidecar: Option<ReadFile>,
    /// What stands in files that were not saved twice, by usage day and meter.
    pub days: BTreeMap<Day, BTreeMap<MeterId, DaySum>>,
    /// What a person should know of it alone.
    pub findings: Vec<Finding>,
    /// Usage of one user subscription from both APIs, if there is any.
    pub(super) both_apis: Option<BothApis>,
}

/// Good lines of one meter and day, counted as they are read, apart from the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    pub read: Checksum,
    pub total: MeterSum,
}

/// What is known of a file beside its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// By which its lines name it, in this process.
    #[serde(skip)]
    pub number: u32,
    pub file: ReadFile,
    /// Of what the file says, whatever its encoding: by it a file is known to be saved twice.
    pub(super) content: Fingerprint,
    /// What stands in it: elements, and their quantity as far as it could be read.
    pub read: Checksum,
    pub rounded: u64,
    pub shape: Option<Shape>,
    /// How a table writes times and numbers.
    pub dialect: Option<String>,
    /// What it lacks beside what the REST APIs return.
    pub lacks: Vec<String>,
    /// The provider subscriptions that were asked, in one spelling.
    pub(super) queried: BTreeSet<String>,
    /// The days of its good lines.
    pub days: BTreeSet<Day>,
    pub rejects: Vec<Reject>,
    /// Of a file that was saved twice: its good lines by meter.
    pub meters: BTreeMap<MeterId, MeterSum>,
}

/// Usage of one user subscription that was asked of both APIs in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BothApis {
    pub provider: String,
    pub tenant: String,
    pub user_subscription: String,
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

/// The lines of one file, by usage day, and all that is noted while they are read.
#[derive(Debug)]
pub(super) struct FileLines {
    /// By which its lines name it.
    pub number: u32,
    pub file: ReadFile,
    /// Of what the file says, whatever its encoding: by it a file is known to be saved twice.
    pub(super) content: Fingerprint,
    /// What stands in the file: elements, and their quantity as far as it could be read.
    pub read: Checksum,
    /// Through which APIs each user subscription's lines came, by its number: bits of [`Api`].
    pub apis: Vec<u8>,
    /// The provider subscriptions that were asked, in one spelling.
    pub(super) queried: BTreeSet<String>,
    /// Lines whose quantity had to be rounded at the 18th place.
    pub rounded: u64,
    /// The most significant digits that a quantity of a good line has.
    pub(super) digits_max: usize,
    pub days: BTreeMap<Day, Chunk>,
    /// What its days hold, by the numbers of meters, once their lines were handed over.
    pub sums: BTreeMap<Day, Vec<(u32, DaySum)>>,
    pub rejects: Vec<Reject>,
    /// The one shape of its rows; `None` when there are none.
    pub shape: Option<Shape>,
    /// How it writes times and numbers, where that had to be decided: all of a table's.
    pub written: Option<String>,
    /// What this file lacks, beside what all of its shape do.
    pub lacks: Vec<&'static str>,
    /// Hours were taken as UTC though nothing says that they are.
    pub(super) zone_is_assumed: bool,
    /// Lines whose times could be read if their zone were known.
    pub(super) local_times: i64,
    /// A table that does not end with a line end.
    pub(super) may_be_cut: bool,
    /// Its last page says that another follows.
    pub(super) has_next: bool,
    /// Any of its pages does.
    pub(super) has_next_links: bool,
    /// Whose usage alone its last link asks for, in one spelling.
    pub(super) subscriber: Option<String>,
    /// What its links, or published lines, say was asked for.
    pub(super) asked: Asked,
    /// The first row of each granularity.
    pub(super) granularities: [Option<u32>; 2],
    pub(super) latest_end: Option<(Hour, u32)>,
    /// Resources that stacktally published, by key.
    pub resources: BTreeMap<i64, PublishedResource>,
    /// Some of its lines say what only usage of public Azure does.
    pub(super) is_of_public_azure: bool,
    /// Some of its rows name resources with characters that no name has.
    pub(super) has_lost_characters: bool,
    /// The parts that might have been files of their own; empty where it is one.
    pub(super) bodies: Vec<Body>,
    /// Rows that repeat what stands before them in it.
    pub(super) repeats: Vec<Range<u32>>,
    /// The stamps that published lines name.
    pub(super) stamps: BTreeSet<String>,
}

/// Which usage API a line came from: the subscription in its `id` is the one that was queried (reference §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Api {
    /// Another subscription was asked: the provider's, about all its tenants.
    Provider = 1,
    /// The line's own user subscription was asked. (The provider's own is always that: its lines are alike in both.)
    Tenant = 2,
}

impl Api {
    /// A line was read, and its `id` says nothing.
    pub(super) const UNSAID: u8 = 4;

    /// The API of a line, by its `id`, and the subscription that was asked; `None` when that names none.
    pub(super) fn of<'i>(id: &'i str, user_subscription: &str) -> Option<(Self, &'i str)> {
        let queried = id.strip_prefix("/subscriptions/")?.split('/').next()?;
        // Only ids of other lengths can be one id in two spellings that differ in more than case.
        let is_same = queried.eq_ignore_ascii_case(user_subscription)
            || (queried.len() != user_subscription.len() && one_spelling(queried) == one_spelling(user_subscription));
        Some((if is_same { Self::Tenant } else { Self::Provider }, queried))
    }
}

/// The lines of one file and one usage day, column by column.
#[derive(Debug, Default)]
pub struct Chunk {
    pub slot: Vec<Slot>,
    pub user_subscription: Vec<u32>,
    pub meter: Vec<u32>,
    pub instance: Vec<u32>,
    pub quantity: Vec<Quantity>,
    /// Place in the page's `value`, or below the header of a table, from 1.
    pub row: Vec<u32>,
    /// Lines and quantity by the number of their meter, counted as they are read, apart from the columns.
    pub by_meter: Vec<Checksum>,
}

/// The numbers of a line's texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineNumbers {
    pub user_subscription: u32,
    pub meter: u32,
    pub instance: u32,
}

/// A line set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    pub row: u32,
    pub reason: RejectReason,
    /// The offending raw text, cut at [`REJECT_BYTES_MAX`](crate::domain::limits::REJECT_BYTES_MAX); `None` when it is the absence that offends.
    pub text: Option<String>,
    /// The meter, where it could be read, as it is written.
    pub meter: Option<String>,
    /// The quantity, where it could be read: it stands in the balance.
    pub quantity: Option<Quantity>,
}

impl Reject {
    /// The reason that most of some rejects have, and how many have it; of reasons that are as common, the first that
    /// applies to a line.
    pub(super) fn commonest<'r>(rejects: impl Iterator<Item = &'r Self>) -> Option<(RejectReason, i64)> {
        let mut counts: BTreeMap<RejectReason, i64> = BTreeMap::new();
        rejects.for_each(|reject| *counts.entry(reject.reason).or_default() += 1);
        counts.into_iter().rev().max_by_key(|(_, count)| *count)
    }
}

impl Chunk {
    /// Adds a line.
    pub(super) fn push(&mut self, slot: Slot, numbers: LineNumbers, quantity: Quantity, row: u32) {
        let LineNumbers { user_subscription, meter, instance } = numbers;
        let at = meter as usize;
        if self.by_meter.len() <= at {
            self.by_meter.resize(at + 1, Checksum::default());
        }
        self.by_meter[at].add_line(quantity);
        self.slot.push(slot);
        self.user_subscription.push(user_subscription);
        self.meter.push(meter);
        self.instance.push(instance);
        self.quantity.push(quantity);
        self.row.push(row);
    }

    /// The numbers of a line.
    pub(super) fn numbers(&self, at: usize) -> LineNumbers {
        LineNumbers {
            user_subscription: self.user_subscription[at],
            meter: self.meter[at],
            instance: self.instance[at],
        }
    }

    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }
}

impl FileLines {
    /// Whether all of its lines may count, as far as it alone can tell.
    fn is_plain(&self) -> bool {
        self.bodies.is_empty() && self.repeats.is_empty()
    }

    /// Notes what its lines are, which do not count.
    pub(super) fn add_up(&mut self) {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.sums.insert(day, chunk.take_sums());
        }
    }

    /// Hands its lines to their days, and notes what they are.
    pub(super) fn hand_over(&mut self, days: &DayLines) -> Result<()> {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.sums.insert(day, chunk.take_sums());
            days.push(day, self.number, chunk)?;
        }
        Ok(())
    }
}

impl Chunk {
    /// What it holds of each meter: as the reader counted it, and added up with its range.
    fn take_sums(&mut self) -> Vec<(u32, DaySum)> {
        let read = std::mem::take(&mut self.by_meter);
        let mut sums: Vec<DaySum> = read.into_iter().map(|read| DaySum { read, ..DaySum::default() }).collect();
        for (&meter, &quantity) in self.meter.iter().zip(&self.quantity) {
            sums[meter as usize].total.add_line(quantity);
        }
        (0..).zip(sums).filter(|(_, sum)| sum.read.lines > 0).collect()
    }
}

/// What an earlier run knows of a stamp's exports, so that they need not be read again.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Unchanged exports of the root, by their folders.
    pub unchanged: BTreeMap<String, ExportLines>,
    /// Exports that are no longer in the root, and count all the same.
    pub kept: Vec<ExportLines>,
}

impl Known {
    /// The folders of all of them.
    pub fn folders(&self) -> BTreeSet<String> {
        self.unchanged.keys().cloned().chain(self.kept.iter().map(|export| export.folder.clone())).collect()
    }
}

/// Reads all exports of a stamp, and decides which of them count.
///
/// # Errors
/// A file that is no usage; an export that contradicts itself or what it was asked for; exports that describe the same
/// usage twice.
pub fn gather(folder: &StampFolder, reading: &Reading, rules: LedgerRules, watch: &Watch) -> Result<StampLines> {
    gather_beside(folder, Known::default(), DayLines::default(), reading, rules, watch)
}

/// Reads the exports of a stamp that are not known yet, and decides which of all of them count. Lines go to `days`.
///
/// # Errors
/// As [`gather`].
pub fn gather_beside(
    folder: &StampFolder,
    mut known: Known,
    days: DayLines,
    reading: &Reading,
    rules: LedgerRules,
    watch: &Watch,
) -> Result<StampLines> {
    let (texts, threads) = (Interners::default(), Threads::default());
    let (mut declared, mut unread) = (Vec::new(), Vec::new());
    for export in &folder.exports {
        match known.unchanged.remove(&export.folder) {
            Some(own) => unread.push(own.count_again()),
            // What was read of it is kept.
            None if export.files.is_empty() && known.kept.iter().any(|own| own.folder == export.folder) => {}
            None => declared.push(Declared::read(export, reading)?),
        }
    }
    unread.extend(known.kept.into_iter().map(ExportLines::count_again));
    let mut exports = unread;
    let mut resources = BTreeMap::new();
    let mut declared = declared.into_iter().peekable();
    let read = |batch: &Batch<'_>| -> Vec<Result<FileLines>> {
        let read_one = |&(number, file, asked): &(u32, &InputFile, OfExport)| {
            watch.check()?;
            let mut thread = threads.take();
            let mut lines = read_file(file, asked, reading, &texts, &mut thread)?;
            threads.give_back(thread);
            lines.number = number;
            // What may repeat another file waits for it.
            if lines.is_plain() {
                lines.hand_over(&days)?;
            }
            watch.advance();
            Ok(lines)
        };
        batch.files.par_iter().map(read_one).collect()
    };
    // What is known of the files of a batch is brought together while the next one is read.
    let mut bring_together = |batch: Batch<'_>, files: Vec<Result<FileLines>>| -> Result<()> {
        let mut files = files.into_iter();
        for export in batch.exports {
            let mut files = files.by_ref().take(export.files.len()).collect::<Result<Vec<_>>>()?;
            resources.extend(files.iter_mut().flat_map(|file| std::mem::take(&mut file.resources)));
            exports.push(export::export_lines(&folder.stamp, &export, files, &days, reading, &texts)?);
        }
        Ok(())
    };
    let (mut next, mut last) = (0, None);
    loop {
        let batch = (declared.peek().is_some()).then(|| Batch::of(&mut declared, &mut next));
        let (files, brought) = rayon::join(
            || batch.as_ref().map(read),
            || last.take().map_or(Ok(()), |(batch, files)| bring_together(batch, files)),
        );
        brought?;
        match batch.zip(files) {
            Some(read) => last = Some(read),
            None => break,
        }
    }
    let (mut exports, findings) = export::proved(&folder.stamp, exports, rules)?;
    number_files(&mut exports, next as usize);
    Ok(StampLines { stamp: folder.stamp.clone(), exports, texts, days, resources, findings })
}

/// What reading threads keep: each file is read with what one before it left.
#[derive(Debug, Default)]
struct Threads(Mutex<Vec<Thread>>);

impl Threads {
    fn take(&self) -> Thread {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, thread: Thread) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }
}

/// Files that are read before what is known of them is brought together: what is noted of each while it is read is large.
const BATCH_FILES: usize = 128;

/// A few exports, and their files with the numbers by which lines name them and what is known of them.
struct Batch<'a> {
    exports: Vec<Declared<'a>>,
    files: Vec<(u32, &'a InputFile, OfExport)>,
}

impl<'a> Batch<'a> {
    /// The next one; `next` is the number of its first file.
    fn of(declared: &mut impl Iterator<Item = Declared<'a>>, next: &mut u32) -> Self {
        let mut batch = Self { exports: Vec::new(), files: Vec::new() };
        while batch.files.len() < BATCH_FILES
            && let Some(export) = declared.next()
        {
            let asked = OfExport { window: export.window(), is_alone: export.files.len() == 1 };
            batch.files.extend((*next..).zip(&export.files).map(|(number, file)| (number, *file, asked)));
            *next += export.files.len() as u32;
            batch.exports.push(export);
        }
        batch
    }
}

/// Numbers the files that were not read, after those that were.
fn number_files(exports: &mut [ExportLines], read: usize) {
    let files = exports.iter_mut().flat_map(ExportLines::all_files_mut);
    for (number, file) in (read as u32..).zip(files.filter(|file| file.number == FileNote::UNREAD)) {
        file.number = number;
    }
}

impl DaySum {
    /// Adds lines and quantity.
    pub(super) fn merge(&mut self, other: Self) {
        self.read.merge(other.read);
        self.total.merge(other.total);
    }
}

impl FileNote {
    /// The number of a file that was not read in this process.
    pub(super) const UNREAD: u32 = u32::MAX;
}

impl ExportLines {
    /// The days that it reports, or without a window those of its lines: what is found about it is about them.
    pub fn days_reported(&self) -> BTreeSet<Day> {
        match self.window {
            Some(window) => window.days().collect(),
            None => self.files.iter().flat_map(|file| file.days.iter().copied()).collect(),
        }
    }

    /// A fingerprint of what its lines of a day are made of: while it stays the same, they do.
    pub fn inputs_of(&self, day: Day) -> Fingerprint {
        let is_made_of = |file: &&FileNote| file.days.contains(&day) || file.read.lines == 0;
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

    /// Whether so many of its lines were set aside that the days which it completes do not count as settled.
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

    /// Whether it had files, and its folder is not among those that have.
    pub fn is_gone_from(&self, folders: &BTreeSet<&str>) -> bool {
        !folders.contains(self.folder.as_str()) && self.all_files().next().is_some()
    }

    /// Good lines in files that count.
    pub fn used(&self) -> i64 {
        self.files.iter().map(|file| file.read.lines - file.rejects.len() as i64).sum()
    }

    /// Its files, whether they count or not.
    pub fn all_files(&self) -> impl Iterator<Item = &FileNote> {
        self.files.iter().chain(self.dropped.iter().map(|(file, _)| file))
    }

    /// All that it was read from.
    pub fn input_files(&self) -> impl Iterator<Item = &ReadFile> {
        self.all_files().map(|file| &file.file).chain(&self.sidecar)
    }

    pub(super) fn all_files_mut(&mut self) -> impl Iterator<Item = &mut FileNote> {
        self.files.iter_mut().chain(self.dropped.iter_mut().map(|(file, _)| file))
    }
}
