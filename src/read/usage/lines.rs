//! The lines of one file, as numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::chunk::{Chunk, DaySum};
use super::days::DayLines;
use super::query::UsageQuery;
use super::reject::Reject;
use crate::domain::identity::one_spelling;
use crate::domain::totals::Checksum;
use crate::domain::{Day, Hour, Span};
use crate::error::Result;
use crate::read::format::shape::Shape;
use crate::store::{Fingerprint, ReadFile};

/// The lines of one file, by usage day, and all that is noted while they are read.
#[derive(Debug)]
pub(in crate::read) struct FileLines {
    /// The number that its lines name it by.
    pub number: u32,
    pub file: ReadFile,
    /// The fingerprint of the text, whatever its encoding: it tells duplicate files.
    pub(in crate::read) content: Fingerprint,
    /// Counted elements, and their quantity as far as it could be read.
    pub read: Checksum,
    /// The APIs that each user subscription's lines came through, by its number: bits of [`Api`].
    pub apis: Vec<u8>,
    /// The provider subscriptions that were queried, in one spelling.
    pub(in crate::read) queried: BTreeSet<String>,
    /// Lines whose quantity had to be rounded at the 18th place.
    pub rounded: u64,
    /// The largest number of significant digits in a quantity of a good line.
    pub(in crate::read) digits_max: usize,
    pub days: BTreeMap<Day, Chunk>,
    /// The sums of its days, by the numbers of meters, once its lines were handed over.
    pub sums: BTreeMap<Day, Vec<(u32, DaySum)>>,
    pub rejects: Vec<Reject>,
    /// The one shape of its rows; `None` when there are none.
    pub shape: Option<Shape>,
    /// How it writes times and numbers, where that had to be decided.
    pub written: Option<String>,
    /// What it lacks, beyond what all files of its shape lack.
    pub lacks: Vec<&'static str>,
    /// Hours were taken as UTC, although nothing says that they are.
    pub(in crate::read) zone_is_assumed: bool,
    /// The number of lines whose times could be read if their zone were known.
    pub(in crate::read) local_times: i64,
    /// It is a table that does not end with a line end.
    pub(in crate::read) may_be_cut: bool,
    /// Its last page names a next page.
    pub(in crate::read) has_next: bool,
    /// Some page of it names a next page.
    pub(in crate::read) has_next_links: bool,
    /// The only subscriber that its last link asks for, in one spelling.
    pub(in crate::read) subscriber: Option<String>,
    /// The query of its links, or of published lines.
    pub(in crate::read) query: UsageQuery,
    /// The first row of each granularity.
    pub(in crate::read) granularities: [Option<u32>; 2],
    pub(in crate::read) latest_end: Option<(Hour, u32)>,
    /// Resources from published tables, by key.
    pub resources: BTreeMap<i64, PublishedResource>,
    /// Some lines have values that only usage of public Azure has.
    pub(in crate::read) is_of_public_azure: bool,
    /// Some of its rows name resources with characters that no name has.
    pub(in crate::read) has_lost_characters: bool,
    /// The parts that might have been separate files; empty when it has only one.
    pub(in crate::read) bodies: Vec<Body>,
    /// Rows that repeat earlier content of the file.
    pub(in crate::read) repeats: Vec<Range<u32>>,
    /// The stamps that published lines name.
    pub(in crate::read) stamps: BTreeSet<String>,
}

/// Which usage API a line came from: the subscription in its `id` is the one that was queried (reference §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Api {
    /// Another subscription was queried: the provider's, about all its tenants.
    Provider = 1,
    /// The line's own user subscription was queried. (For the provider's own subscription the lines of both APIs are
    /// alike.)
    Tenant = 2,
}

impl Api {
    /// The API of a line whose `id` does not say it.
    pub(in crate::read) const UNSAID: u8 = 4;

    /// The API of a line, by its `id`, and the subscription that was queried; `None` when the `id` names none.
    pub(in crate::read) fn from_row_id<'i>(id: &'i str, user_subscription: &str) -> Option<(Self, &'i str)> {
        let queried = id.strip_prefix("/subscriptions/")?.split('/').next()?;
        // Only ids of other lengths can be one id in two spellings that differ in more than case.
        let is_same = queried.eq_ignore_ascii_case(user_subscription)
            || (queried.len() != user_subscription.len() && one_spelling(queried) == one_spelling(user_subscription));
        Some((if is_same { Self::Tenant } else { Self::Provider }, queried))
    }
}

impl FileLines {
    /// Notes the granularity and the end of a line's span.
    pub(in crate::read) fn note_span(&mut self, span: Span, row: u32) {
        let first = &mut self.granularities[span.slot.granularity() as usize];
        *first = first.or(Some(row));
        if self.latest_end.is_none_or(|(latest, _)| span.end > latest) {
            self.latest_end = Some((span.end, row));
        }
    }

    /// A file that is still to be read.
    pub(in crate::read) fn new(file: ReadFile) -> Self {
        Self {
            number: 0,
            content: file.fingerprint,
            file,
            read: Checksum::default(),
            apis: Vec::new(),
            queried: BTreeSet::new(),
            rounded: 0,
            digits_max: 0,
            days: BTreeMap::new(),
            sums: BTreeMap::new(),
            rejects: Vec::new(),
            shape: None,
            written: None,
            lacks: Vec::new(),
            zone_is_assumed: false,
            local_times: 0,
            may_be_cut: false,
            has_next: false,
            has_next_links: false,
            subscriber: None,
            query: UsageQuery::default(),
            granularities: [None; 2],
            latest_end: None,
            resources: BTreeMap::new(),
            is_of_public_azure: false,
            has_lost_characters: false,
            bodies: Vec::new(),
            repeats: Vec::new(),
            stamps: BTreeSet::new(),
        }
    }

    /// Whether all of its lines may count, as far as the file alone can tell.
    pub(super) fn is_plain(&self) -> bool {
        self.bodies.is_empty() && self.repeats.is_empty()
    }

    /// Notes the sums of its lines, which do not count.
    pub(in crate::read) fn add_up(&mut self) {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.sums.insert(day, chunk.take_sums());
        }
    }

    /// Hands its lines over by day, and notes their sums.
    pub(in crate::read) fn hand_over(&mut self, days: &DayLines) -> Result<()> {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.sums.insert(day, chunk.take_sums());
            days.push(day, self.number, chunk)?;
        }
        Ok(())
    }
}

/// A part of a file that might have been a separate file: a page, a list of rows, a table with its header.
#[derive(Debug)]
pub(in crate::read) struct Body {
    /// Rows from 1, the end excluded.
    pub rows: Range<u32>,
    /// Fingerprints of its text with the line ends that files may have; none where no other file can repeat it.
    pub contents: Vec<Fingerprint>,
}

impl Body {
    /// A body of some text; `is_alone` where its file is the only one of its export.
    pub(crate) fn new(rows: Range<u32>, text: &str, is_alone: bool) -> Self {
        let ends = ["", "\n", "\r\n"].iter().filter(|_| !is_alone);
        let text = text.trim();
        Self { rows, contents: ends.map(|end| Fingerprint::of(format!("{text}{end}").as_bytes())).collect() }
    }
}

/// A resource as it was published: its stamp, and the four texts that its key is made of.
pub type PublishedResource = (String, [Option<String>; 4]);
