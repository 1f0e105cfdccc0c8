//! Exports → lines: all files of a stamp, read in parallel, each line handed to its usage day.
//!
//! ```text
//! {"properties":{"subscriptionId":"3F2…","usageStartTime":"2026-10-05T18:00:00+00:00",…,"quantity":2.0,"meterId":"9CD…"}}
//!    ↓
//! day 2026-10-05   slot 18–19   user subscription #0   meter #4   instance #17   2.000000000000000000   row 1
//! ```
//! A line takes 33 bytes here, whatever its JSON took; the texts behind the numbers are in [`StampLines`].

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::asked::Asked;
use super::export::{self, Declared};
use super::fingerprint::{Fingerprint, ReadFile};
use super::intern::Texts;
use super::line_reader::{Interners, read_file};
use super::published::PublishedResource;
use super::reading::Reading;
use super::root::StampFolder;
use super::shape::Shape;
use crate::domain::finding::Finding;
use crate::domain::identity::one_spelling;
use crate::domain::ledger::LedgerRules;
use crate::domain::totals::Checksum;
use crate::domain::{Day, Granularity, Hour, Quantity, RejectReason, Slot, Stamp, Window};
use crate::error::Result;
use crate::watch::Watch;

/// All lines of a stamp, and the texts that their numbers stand for.
#[derive(Debug)]
pub struct StampLines {
    pub stamp: Stamp,
    pub exports: Vec<ExportLines>,
    pub user_subscriptions: Texts,
    pub meters: Texts,
    /// What lines say of their resources, as [`InstanceText`](super::InstanceText) writes it.
    pub instances: Texts,
    pub findings: Vec<Finding>,
}

/// The lines of one export.
#[derive(Debug)]
pub struct ExportLines {
    pub window: Option<Window>,
    pub label: String,
    /// The folder, relative to the root.
    pub folder: String,
    /// Of its lines, or as it was asked for.
    pub granularity: Option<Granularity>,
    /// Whether the window's reported time is really covered: it has files, and its chain of pages has an end.
    pub is_whole: bool,
    pub files: Vec<FileLines>,
    /// Files that do not count, each with the rule that says so.
    pub dropped: Vec<(FileLines, DropRule)>,
    /// The file that says what was asked for, if there is one.
    pub sidecar: Option<ReadFile>,
}

/// Why a file does not count. The names are published in the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
pub struct FileLines {
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
    pub rejects: Vec<Reject>,
    /// The one shape of its rows; `None` when there are none.
    pub shape: Option<Shape>,
    /// How a table writes times and numbers.
    pub dialect: Option<String>,
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
    pub(super) earliest_end: Option<(Hour, u32)>,
    /// The user subscriptions of its good lines, in one spelling.
    pub(super) user_subscriptions: BTreeSet<String>,
    /// Resources that stacktally published, by key.
    pub resources: BTreeMap<i64, PublishedResource>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }
}

/// Reads all exports of a stamp, and decides which of them count.
///
/// # Errors
/// A file that is no usage; an export that contradicts itself or what it was asked for; exports that describe the same
/// usage twice.
pub fn gather(folder: &StampFolder, reading: &Reading, rules: LedgerRules, watch: &Watch) -> Result<StampLines> {
    let texts = Interners::default();
    let declared: Vec<Declared<'_>> =
        folder.exports.iter().map(|export| Declared::read(export, reading)).collect::<Result<_>>()?;
    let files: Vec<_> = declared.iter().flat_map(|export| export.files.iter()).collect();
    let read: Vec<Result<_>> = files
        .par_iter()
        .map(|file| {
            watch.check()?;
            let lines = read_file(file, reading, &texts)?;
            watch.advance();
            Ok(lines)
        })
        .collect();
    let mut read = read.into_iter();
    let mut exports = Vec::new();
    for export in declared {
        let files = read.by_ref().take(export.files.len()).collect::<Result<Vec<_>>>()?;
        exports.push((export, files));
    }
    let (exports, findings) = export::proved(&folder.stamp, exports, rules)?;
    Ok(StampLines {
        stamp: folder.stamp.clone(),
        exports,
        user_subscriptions: texts.user_subscriptions.into_texts(),
        meters: texts.meters.into_texts(),
        instances: texts.instances.into_texts(),
        findings,
    })
}
