//! The lines of one file, as numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::value::RawValue;

use super::chunk::{Chunk, DaySum, LineNumbers};
use super::days::DayLines;
use super::query::{self, UsageQuery};
use super::reject::Reject;
use super::survey::Decided;
use crate::domain::identity::one_spelling;
use crate::domain::limits::{QUANTITY_SCALE, REJECTS_MAX};
use crate::domain::totals::Checksum;
use crate::domain::{Day, Hour, Quantity, Slot, Span, shown};
use crate::error::{Error, Result};
use crate::read::format::shape::Shape;
use crate::store::{Fingerprint, InputFile, ReadFile, RunningFingerprint};

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
    /// Of the quantities of a table.
    pub(super) decimals: QuantityPlaces,
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

/// What a line says, but for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LineValues {
    day: Day,
    slot: Slot,
    numbers: LineNumbers,
    quantity: Quantity,
}

impl LineValues {
    fn of(day: Day, chunk: &Chunk, at: usize) -> Self {
        Self { day, slot: chunk.slot[at], numbers: chunk.numbers(at), quantity: chunk.quantity[at] }
    }
}

const AS_DISPLAYED: &str =
    "quantities have at most two decimals, as a spreadsheet displays them: what stood behind is lost";

const LOST_CHARACTERS: &str = "characters of resource names were replaced by `?`: a script saved it as ASCII";

/// How many decimals quantities have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QuantityPlaces {
    /// Some have more than two.
    has_more: bool,
    /// Some have two that no count of full or quarter hours has.
    has_hundredths: bool,
}

impl QuantityPlaces {
    pub(super) fn add<'q>(&mut self, quantities: impl Iterator<Item = &'q Quantity>) {
        const HUNDREDTH: i128 = 10_i128.pow(QUANTITY_SCALE as u32 - 2);
        for quantity in quantities {
            self.has_more |= quantity.scaled() % HUNDREDTH != 0;
            if self.has_more {
                return;
            }
            self.has_hundredths |= quantity.scaled() % (25 * HUNDREDTH) != 0;
        }
    }

    fn merge(&mut self, other: Self) {
        self.has_more |= other.has_more;
        self.has_hundredths |= other.has_hundredths;
    }

    /// Whether a spreadsheet rounded the quantities, to what it displays.
    pub(super) const fn are_as_displayed(self) -> bool {
        self.has_hundredths && !self.has_more
    }
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
            decimals: QuantityPlaces::default(),
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

    /// What the line of a row says; `None` when the row was set aside.
    pub(super) fn values_of(&self, row: u32) -> Option<LineValues> {
        let at = |chunk: &Chunk| chunk.row.binary_search(&row).ok();
        self.days.iter().find_map(|(&day, chunk)| Some(LineValues::of(day, chunk, at(chunk)?)))
    }

    /// Whether the line of some row behind so many says the same.
    pub(super) fn has_line(&self, behind: Range<u32>, values: &LineValues) -> bool {
        let Some(chunk) = self.days.get(&values.day) else { return false };
        let place = |row: u32| chunk.row.partition_point(|&other| other <= row);
        let places = place(behind.start)..place(behind.end);
        let instances = &chunk.instance[places.clone()];
        let alike = places.zip(instances).filter(|(_, instance)| **instance == values.numbers.instance);
        alike.into_iter().any(|(at, _)| LineValues::of(values.day, chunk, at) == *values)
    }

    /// A file whose text is still to be read.
    pub(super) fn unread(file: &InputFile) -> Self {
        let fingerprint = RunningFingerprint::default().finish();
        Self::new(ReadFile { name: file.name.clone(), bytes: 0, fingerprint, by_encoding: false })
    }

    /// Notes how its times are written, where that had to be decided.
    pub(super) fn note_times(&mut self, decided: &Decided) {
        let how: Vec<String> = decided.times().collect();
        self.written = Some(how.join(", ")).filter(|how| !how.is_empty());
    }

    /// Notes what is known of a table once all its rows are read.
    pub(super) fn note_table(&mut self, decided: &Decided, delimiter: u8) {
        self.note_missing_ids();
        self.written = Some(decided.to_string(char::from(delimiter)));
        self.zone_is_assumed = decided.zone_is_assumed;
        self.lacks.extend(decided.lacks(self.digits_max));
        self.lacks.extend(self.decimals.are_as_displayed().then_some(AS_DISPLAYED));
        self.lacks.extend(self.has_lost_characters.then_some(LOST_CHARACTERS));
    }

    /// Adds what was read of the piece behind it, but for the lines, which go to `days` with its number. The rows of
    /// the piece are numbered from behind `before`. `false` when they have another shape.
    ///
    /// # Errors
    /// Most rows are set aside, or lines have to be written to disk and that fails.
    pub(super) fn absorb(&mut self, mut piece: Self, before: u32, days: &DayLines) -> Result<bool> {
        let behind = |row: u32| before + row;
        if self.shape.zip(piece.shape).is_some_and(|(first, other)| first != other) {
            return Ok(false);
        }
        if u32::try_from(self.read.lines + piece.read.lines).is_err() {
            return Err(too_many_lines(&self.file.name));
        }
        self.shape = self.shape.or(piece.shape);
        if self.apis.len() < piece.apis.len() {
            self.apis.resize(piece.apis.len(), 0);
        }
        self.apis.iter_mut().zip(&piece.apis).for_each(|(apis, other)| *apis |= other);
        self.read.merge(piece.read);
        self.rounded += piece.rounded;
        self.digits_max = self.digits_max.max(piece.digits_max);
        self.local_times += piece.local_times;
        self.is_of_public_azure |= piece.is_of_public_azure;
        self.has_lost_characters |= piece.has_lost_characters;
        self.decimals.merge(piece.decimals);
        self.queried.append(&mut piece.queried);
        for (first, other) in self.granularities.iter_mut().zip(piece.granularities) {
            *first = first.or(other.map(behind));
        }
        if let Some((end, row)) = piece.latest_end
            && self.latest_end.is_none_or(|(latest, _)| end > latest)
        {
            self.latest_end = Some((end, behind(row)));
        }
        self.rejects.extend(piece.rejects.into_iter().map(|reject| Reject { row: behind(reject.row), ..reject }));
        for (day, mut chunk) in piece.days {
            chunk.row.iter_mut().for_each(|row| *row += before);
            self.add_sums(day, chunk.take_sums());
            chunk.shrink();
            days.push(day, self.number, chunk)?;
        }
        self.refuse_if_most_are_set_aside()?;
        Ok(true)
    }

    /// Refuses a file while it is read, if most of its many lines so far are set aside.
    fn refuse_if_most_are_set_aside(&self) -> Result<()> {
        let rejects = self.rejects.len();
        if rejects <= REJECTS_MAX || (rejects as i64) * 2 < self.read.lines {
            return Ok(());
        }
        let (reason, count) = Reject::commonest(self.rejects.iter()).expect("there are rejects");
        let first = self.rejects.iter().find(|reject| reject.reason == reason).expect("it was counted");
        let text = first.text.as_deref().map_or(String::new(), |text| format!(", such as {}", shown::value(text)));
        let (lines, sentence) = (self.read.lines, reason.sentence());
        Err(Error::input(format!(
            "of its first {lines} lines {rejects} cannot be used, {count} of them: {sentence}{text}"
        ))
        .at(&self.file.name)
        .hint(
            "see what wrote the file, and export it again; if it is no export of usage, rename it so that it \
                begins with `_` to have it skipped",
        ))
    }

    /// Adds sums of meters, which are in order, to those of a day.
    pub(super) fn add_sums(&mut self, day: Day, sums: Vec<(u32, DaySum)>) {
        if sums.is_empty() {
            return;
        }
        let known = self.sums.entry(day).or_default();
        if known.is_empty() {
            *known = sums;
            return;
        }
        for (meter, sum) in sums {
            match known.binary_search_by_key(&meter, |(meter, _)| *meter) {
                Ok(at) => known[at].1.merge(sum),
                Err(at) => known.insert(at, (meter, sum)),
            }
        }
    }

    /// Notes what stands around its rows.
    pub(super) fn stand_in(&mut self, around: AroundRows) {
        let AroundRows { has_next, has_next_links, query, subscriber, bodies, repeats } = around;
        (self.has_next, self.has_next_links, self.query, self.subscriber) =
            (has_next, has_next_links, query, subscriber);
        (self.bodies, self.repeats) = (bodies, repeats);
    }

    /// Notes that it lacks row ids, once all its rows are read, if it has good lines and none of them has one.
    pub(super) fn note_missing_ids(&mut self) {
        let has_id = self.apis.iter().any(|apis| *apis & (Api::Provider as u8 | Api::Tenant as u8) != 0);
        if !has_id && self.read.lines > self.rejects.len() as i64 {
            self.lacks.push("no row id: nothing says whether the provider or the tenant API was asked");
        }
    }

    /// Whether all of its lines may count, as far as the file alone can tell.
    pub(super) fn is_plain(&self) -> bool {
        self.bodies.is_empty() && self.repeats.is_empty()
    }

    /// Notes the sums of its lines, which do not count.
    pub(in crate::read) fn add_up(&mut self) {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.add_sums(day, chunk.take_sums());
        }
    }

    /// Hands its lines over by day, and notes their sums.
    pub(in crate::read) fn hand_over(&mut self, days: &DayLines) -> Result<()> {
        for (day, mut chunk) in std::mem::take(&mut self.days) {
            self.add_sums(day, chunk.take_sums());
            days.push(day, self.number, chunk)?;
        }
        Ok(())
    }
}

pub(super) fn too_many_lines(file: &str) -> Error {
    Error::input("more lines than a file can number").at(file).hint("split the file")
}

/// The refusal of a row that has another shape than the rows before it.
pub(super) fn other_shape(file: &str, row: u32, shape: Shape, first: Shape) -> Error {
    Error::input(format!("row {row} has the shape of {shape}, the rows before it that of {first}"))
        .at(file)
        .hint("a file has one shape: save what different producers wrote as different files")
}

/// What stands around the rows of a file.
#[derive(Debug, Default)]
pub(super) struct AroundRows {
    pub has_next: bool,
    pub has_next_links: bool,
    pub query: UsageQuery,
    pub subscriber: Option<String>,
    pub bodies: Vec<Body>,
    pub repeats: Vec<Range<u32>>,
}

impl AroundRows {
    /// Notes the link of a page to the next one.
    ///
    /// # Errors
    /// It asks for another query than the links before it.
    pub(super) fn note_link(&mut self, file: &InputFile, link: &RawValue) -> Result<()> {
        self.has_next_links = true;
        self.query = query::agreed(file, self.query, query::of_next_link(link))?;
        self.subscriber = query::subscriber_of(link);
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
        if is_alone {
            return Self { rows, contents: Vec::new() };
        }
        let mut running = RunningFingerprint::default();
        running.add(text.trim().as_bytes());
        Self::of(rows, &running)
    }

    /// A body of a text with this fingerprint.
    pub(super) fn of(rows: Range<u32>, text: &RunningFingerprint) -> Self {
        let ended = |end: &str| {
            let mut text = text.clone();
            text.add(end.as_bytes());
            text.finish()
        };
        Self { rows, contents: ["", "\n", "\r\n"].map(ended).to_vec() }
    }
}

/// A resource as it was published: its stamp, and the four texts that its key is made of.
pub type PublishedResource = (String, [Option<String>; 4]);
