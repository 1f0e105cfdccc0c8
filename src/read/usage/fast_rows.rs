//! Rows of JSON as machines write them: the fast path. Anything else is left to `json`, the validating reader.
//!
//! ```text
//! {"id":"…","properties":{"subscriptionId":"…","usageStartTime":"  2026-10-05T18:00:00+00:00  ","usageEndTime":"
//! piece                                                            start                         piece
//!   2026-10-05T19:00:00+00:00  ","instanceData":  "{\"Microsoft.Resources\":{…}}"  ,"quantity":  2.0       ,"meter…
//!   end                        piece              instance                         piece         quantity  piece
//! ```
//! A stamp reports the same few thousand resources every hour, mostly in the same order. So each row is expected to be
//! the one that followed the previous row last time: its pieces and its instance byte for byte, whatever its times and
//! its quantity are. If it is another one, its pieces are found by the names before its values, and looked up. What was
//! never seen before is read as the validating reader reads a row, and remembered: where its values stand, and what the
//! rest of it means. Producers differ in names, in order and in blanks; here that is only other pieces.
//!
//! What is remembered of the rows of tables lies here, too; `fast_tables` finds their values.
//!
//! **Invariant:** the result is that of the validating reader. JSON that is valid with one value in a place is valid
//! with any other of its kind there, and a row means what it meant before while its pieces are the same. Rows that are
//! set aside are read by the same function as there. Times that all rows have to decide about, values that are no rows
//! and whatever is no JSON send the whole file to it. `tests/law/readers.rs` compares the two.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2, memchr3};
use serde_json::value::RawValue;

use super::line_reader::{LineReader, Source};
use super::survey;
use crate::domain::Span;
use crate::domain::limits::{INSTANCE_BYTES_MAX, VALUE_BYTES_MAX};
use crate::domain::quantity::Parsed;
use crate::error::Result;
use crate::read::format::documents::{BLANKS, Stands, Stop, TakesRows};
use crate::read::format::json::{self, UsagePage};
use crate::read::format::raw::{place_of, text_of};
use crate::read::format::row::{RawRow, Value};
use crate::read::format::shape::Shape;

/// Bytes of pieces that a thread remembers, and number of rows: past either it starts afresh with the next file.
const PIECES_BYTES_MAX: usize = 32 << 20;
const ROWS_MAX: usize = 1 << 18;
/// Spans that alternate in a file: those of the hour, and of late lines.
const SPANS: usize = 4;
/// The longest piece that is remembered, and looked for.
const PIECE_BYTES_MAX: usize = 4 << 10;
/// Ways to lay out a row that a thread remembers.
const LAYOUTS_MAX: usize = 64;
/// Values of a row that are not part of its pieces.
const VALUES: usize = 4;

/// What a thread remembers of a stamp's rows from file to file.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The header of the table whose rows are remembered.
    header: String,
    sources: Vec<KnownSource>,
    sources_by_text: HashTable<u32>,
    pieces_bytes: usize,
    rows: Vec<KnownRow>,
    rows_by_text: HashTable<u32>,
    layouts: Vec<RowLayout>,
    spans: Vec<KnownSpan>,
    hasher: FixedState,
    files: u32,
}

/// The pieces of a row: they say whose usage of which meter it is.
#[derive(Debug)]
struct KnownSource {
    pieces: Pieces,
    layout: u32,
    hash: u64,
    shape: Shape,
    source: Source,
    /// The last file that the source was noted for.
    file: u32,
}

/// What stands between the values of a row, and which value stands where.
#[derive(Debug, PartialEq, Eq)]
struct Pieces {
    text: Box<str>,
    /// Where in the text the values are left out; of those that the row has.
    cuts: [u32; VALUES],
    kinds: ValueKinds,
    syntax: Syntax,
}

/// How a row writes its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Syntax {
    Json,
    /// As cells of a table, in quotes.
    Quoted,
    /// As cells without quotes, with this between them.
    Bare(u8),
}

/// The kinds of a row's values in their order; `None` behind the last.
type ValueKinds = [Option<ValueKind>; VALUES];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// The text of a JSON string or of a cell, without its quotes.
    Start,
    End,
    /// A whole JSON string.
    Instance,
    /// A JSON number.
    Quantity,
    /// The text of a JSON string or of a cell that is a number.
    QuantityText,
}

/// Where a value stands in the text of a row.
pub(super) type ValuePlace = (ValueKind, usize, usize);

/// The names before the values of a row, by which its pieces are found.
#[derive(Debug)]
struct RowLayout {
    names: Vec<Finder<'static>>,
    kinds: ValueKinds,
    /// How many objects are open behind the last value.
    depth: u32,
}

/// A row without its span and its quantity.
#[derive(Debug)]
struct KnownRow {
    source: u32,
    /// `None`: its pieces say which resource it is.
    instance: Option<Arc<str>>,
    number: u32,
    hash: u64,
    /// The row that followed it.
    next: u32,
}

#[derive(Debug)]
struct KnownSpan {
    start: Box<str>,
    end: Box<str>,
    span: Span,
}

/// No row.
const NONE: u32 = u32::MAX;

/// Reads the rows of a piece of a file. What it cannot read is left to the validating reader: the rows that were read
/// of that piece must then be discarded.
pub(super) struct FastRows<'r, 'a> {
    pub reader: &'r mut LineReader<'a>,
    /// Whether times that count from 1970 decide nothing about the file.
    takes_ticks: bool,
    memory: &'r mut Memory,
    last: u32,
    rows: u32,
}

impl<'r, 'a> FastRows<'r, 'a> {
    pub(super) fn new(reader: &'r mut LineReader<'a>, takes_ticks: bool, memory: &'r mut Memory) -> Self {
        memory.begin_file();
        Self { reader, takes_ticks, memory, last: NONE, rows: 0 }
    }

    /// Rows of a table with this header. The same text means something else below another one.
    pub(super) fn of_table(reader: &'r mut LineReader<'a>, header: &str, memory: &'r mut Memory) -> Self {
        if memory.header != header {
            *memory = Memory { header: header.to_owned(), ..Memory::default() };
        }
        Self::new(reader, false, memory)
    }

    /// The values of a table's next row, if it is the one that followed the last one before; and its number.
    #[inline]
    pub(super) fn expected_row<'t>(&self, text: &'t str) -> Option<(u32, RowValues<'t>)> {
        let expected = self.memory.rows.get(self.last as usize)?.next;
        Some((expected, self.memory.as_expected(text, expected)?))
    }

    /// Adds a line of a table's known row; `false` where the rows before it have another shape.
    ///
    /// # Errors
    /// More lines than can be counted.
    #[inline]
    pub(super) fn take_row(&mut self, row: u32, span: Span, quantity: Parsed) -> Result<bool> {
        match self.take(row, span, quantity, Stands::InPage) {
            Ok(is_taken) => Ok(is_taken),
            Err(Stop::Refused(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Remembers the row of a table that was read last: where its values stand in its text, and what the rest means.
    pub(super) fn remember_row(&mut self, text: &str, places: &[ValuePlace], syntax: Syntax, meaning: Meaning) {
        match self.memory.keep(text, places, syntax, meaning) {
            Some(row) => self.follow(row),
            None => self.forget_last(),
        }
    }

    /// Whether more rows can be remembered.
    pub(super) fn has_room(&self) -> bool {
        !self.memory.is_full()
    }

    /// Notes that the row that was read last is not remembered.
    pub(super) fn forget_last(&mut self) {
        self.last = NONE;
    }

    /// Adds a line of a known row; `false` where it has another shape than the rows before it.
    fn take(&mut self, row: u32, span: Span, quantity: Parsed, stands: Stands) -> Result<bool, Stop> {
        let KnownRow { source, number, .. } = self.memory.rows[row as usize];
        let files = self.memory.files;
        let known = &mut self.memory.sources[source as usize];
        if !self.reader.has_shape(of_standing(known.shape, stands)) {
            return Ok(false);
        }
        if known.file != files {
            known.file = files;
            self.reader.note_source(&known.source);
        }
        let place = self.reader.next_row().map_err(Stop::Refused)?;
        self.reader.take(known.source.numbers(number), span, quantity, place);
        self.rows += 1;
        self.follow(row);
        Ok(true)
    }

    /// Notes that a row followed the last one: it is expected there next time.
    fn follow(&mut self, row: u32) {
        if let Some(last) = self.memory.rows.get_mut(self.last as usize) {
            last.next = row;
        }
        self.last = row;
    }
}

impl TakesRows for FastRows<'_, '_> {
    #[inline]
    fn known(&mut self, text: &str, stands: Stands) -> Result<Option<usize>, Stop> {
        let expected = self.memory.rows.get(self.last as usize).map_or(NONE, |last| last.next);
        let found = match self.memory.as_expected(text, expected) {
            Some(values) => Some((expected, values)),
            None => self.memory.looked_up(text, self.last),
        };
        let Some((row, values)) = found else { return Ok(None) };
        let Some(span) = self.memory.span(values.start, values.end, self.takes_ticks, self.reader) else {
            return Ok(None);
        };
        let Ok(quantity) = self.reader.dialect().quantity(values.quantity.trim()) else { return Ok(None) };
        let bytes = text.len() - values.rest.len();
        Ok(self.take(row, span, quantity, stands)?.then_some(bytes))
    }

    /// Reads a row as the validating reader does, and remembers it where only its times and its quantity can change.
    fn item(&mut self, raw: &RawValue, stands: Stands) -> Result<(), Stop> {
        // What could be a page somewhere else is looked at each time.
        let is_row = matches!(UsagePage::parse(raw.get(), raw), Ok(None));
        if !is_row && stands != Stands::InPage {
            return Err(Stop::GivesUp);
        }
        let (shape, line) = json::row(raw).ok_or(Stop::GivesUp)?;
        if let Some((start, end)) = line.usage_start.text().zip(line.usage_end.text())
            && !survey::decides_nothing(&start, &end, self.takes_ticks)
        {
            return Err(Stop::GivesUp);
        }
        if is_row
            && let Some((row, span, quantity)) =
                self.memory.remember(raw.get(), shape, &line, self.takes_ticks, self.reader).map_err(Stop::Refused)?
            && self.take(row, span, quantity, stands)?
        {
            return Ok(());
        }
        self.reader.read(of_standing(shape, stands), &line).map_err(Stop::Refused)?;
        self.rows += 1;
        self.forget_last();
        Ok(())
    }

    fn rows(&self) -> u32 {
        self.rows
    }
}

/// The shape of a row that stands somewhere.
pub(super) fn of_standing(shape: Shape, stands: Stands) -> Shape {
    if stands == Stands::InPage { shape } else { shape.without_page() }
}

/// The values of a row, and the text behind it.
pub(super) struct RowValues<'t> {
    pub start: &'t str,
    pub end: &'t str,
    pub quantity: &'t str,
    pub rest: &'t str,
}

/// What a row means but for its span and its quantity.
pub(super) struct Meaning {
    pub shape: Shape,
    pub source: Source,
    /// `None`: the pieces of the row say which resource it is.
    pub instance: Option<Arc<str>>,
    /// The number of the instance.
    pub number: u32,
}

impl Pieces {
    fn count(&self) -> usize {
        self.kinds.iter().flatten().count()
    }

    fn piece(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.cuts[at - 1] as usize };
        let end = if at == self.count() { self.text.len() } else { self.cuts[at] as usize };
        &self.text[start..end]
    }
}

impl Memory {
    fn begin_file(&mut self) {
        if self.is_full() || self.files == u32::MAX {
            *self = Self { header: std::mem::take(&mut self.header), ..Self::default() };
        }
        self.files += 1;
    }

    fn is_full(&self) -> bool {
        self.pieces_bytes > PIECES_BYTES_MAX || self.rows.len() > ROWS_MAX
    }

    /// The values of the text's first row, if it is the expected one.
    #[inline]
    fn as_expected<'t>(&self, text: &'t str, expected: u32) -> Option<RowValues<'t>> {
        let row = self.rows.get(expected as usize)?;
        let pieces = &self.sources[row.source as usize].pieces;
        let mut values = RowValues { start: "", end: "", quantity: "", rest: text };
        let mut from = 0;
        for (kind, &cut) in pieces.kinds.iter().zip(&pieces.cuts) {
            let Some(kind) = kind else { break };
            values.rest = values.rest.strip_prefix(&pieces.text[from..cut as usize])?;
            from = cut as usize;
            match kind {
                ValueKind::Instance => values.rest = values.rest.strip_prefix(&**row.instance.as_ref()?)?,
                kind => values.read(*kind, pieces.syntax)?,
            }
        }
        values.rest = values.rest.strip_prefix(&pieces.text[from..])?;
        Some(values)
    }

    /// The known row that a text begins with, found by the names before its values.
    fn looked_up<'t>(&self, text: &'t str, last: u32) -> Option<(u32, RowValues<'t>)> {
        let of_last = self.rows.get(last as usize).map(|last| &self.sources[last.source as usize]);
        let layout = of_last.map_or(self.layouts.len().checked_sub(1)?, |source| source.layout as usize);
        let RowLayout { names, kinds, depth } = &self.layouts[layout];
        let mut values = RowValues { start: "", end: "", quantity: "", rest: text };
        let (mut pieces, mut instance) = ([""; VALUES + 1], None);
        for (at, (name, kind)) in names.iter().zip(kinds.iter().flatten()).enumerate() {
            let end = name.find(start_of(values.rest, PIECE_BYTES_MAX))? + name.needle().len();
            (pieces[at], values.rest) = values.rest.split_at(end);
            if *kind == ValueKind::Instance {
                let (found, rest) = values.rest.split_at(string_length(start_of(values.rest, INSTANCE_BYTES_MAX))?);
                (instance, values.rest) = (Some(found), rest);
            } else {
                values.read(*kind, Syntax::Json)?;
            }
        }
        let end = end_of_row(start_of(values.rest, PIECE_BYTES_MAX), *depth)?;
        (pieces[names.len()], values.rest) = values.rest.split_at(end);
        let pieces = &pieces[..=names.len()];
        let hash = self.hash(pieces, kinds, Syntax::Json);
        let is_same = |&at: &u32| {
            let known = &self.sources[at as usize].pieces;
            known.syntax == Syntax::Json
                && known.kinds == *kinds
                && pieces.iter().enumerate().all(|(at, piece)| known.piece(at) == *piece)
        };
        let source = *self.sources_by_text.find(hash, is_same)?;
        Some((self.row_of(source, hash, instance)?, values))
    }

    fn hash(&self, pieces: &[&str], kinds: &ValueKinds, syntax: Syntax) -> u64 {
        self.hasher.hash_one((pieces, kinds.map(|kind| kind.map(|kind| kind as u8)), syntax))
    }

    fn row_of(&self, source: u32, hash_of_source: u64, instance: Option<&str>) -> Option<u32> {
        let hash = self.hasher.hash_one((hash_of_source, instance));
        let is_same = |&at: &u32| {
            let known = &self.rows[at as usize];
            known.source == source && known.instance.as_deref() == instance
        };
        self.rows_by_text.find(hash, is_same).copied()
    }

    /// The span of two times as they are written.
    #[inline]
    fn span(&mut self, start: &str, end: &str, takes_ticks: bool, reader: &LineReader<'_>) -> Option<Span> {
        if let Some(known) = self.spans.iter().find(|known| *known.start == *start && *known.end == *end) {
            return Some(known.span);
        }
        self.new_span(start, end, takes_ticks, reader)
    }

    fn new_span(&mut self, start: &str, end: &str, takes_ticks: bool, reader: &LineReader<'_>) -> Option<Span> {
        let (of_start, of_end) = (as_json_string(start), as_json_string(end));
        let text = |json: &str| Some(text_of(serde_json::from_str::<&RawValue>(json).ok()?)?.into_owned());
        let (start_text, end_text) = (text(&of_start)?, text(&of_end)?);
        if of_start.len().max(of_end.len()) > VALUE_BYTES_MAX
            || !survey::decides_nothing(&start_text, &end_text, takes_ticks)
        {
            return None;
        }
        let span = reader.dialect().span(&start_text, &end_text).ok()?;
        if self.spans.len() == SPANS {
            self.spans.pop();
        }
        self.spans.insert(0, KnownSpan { start: start.into(), end: end.into(), span });
        Some(span)
    }

    /// Remembers a row; `None` when it is set aside, or has values that cannot be told from its pieces.
    fn remember(
        &mut self,
        text: &str,
        shape: Shape,
        line: &RawRow<'_>,
        takes_ticks: bool,
        reader: &mut LineReader<'_>,
    ) -> Result<Option<(u32, Span, Parsed)>> {
        if self.is_full() {
            return Ok(None);
        }
        let Some(places) = places_of_values(text, line) else { return Ok(None) };
        let value = |wanted: fn(ValueKind) -> bool| {
            let (_, from, to) = *places.iter().find(|(kind, ..)| wanted(*kind)).expect("each row has it");
            &text[from..to]
        };
        let (start, end) = (value(|kind| kind == ValueKind::Start), value(|kind| kind == ValueKind::End));
        let Some(span) = self.span(start, end, takes_ticks, reader) else { return Ok(None) };
        let number = value(|kind| matches!(kind, ValueKind::Quantity | ValueKind::QuantityText));
        let Ok(quantity) = reader.dialect().quantity(number.trim()) else { return Ok(None) };
        // The texts of a row are interned only when it counts.
        let Some(source) = reader.source_of(line)? else { return Ok(None) };
        let has_instance = places.iter().any(|(kind, ..)| *kind == ValueKind::Instance);
        let (number, instance) = if has_instance {
            let (number, instance) = reader.texts().instances.share(&line.instance)?;
            (number, Some(instance))
        } else {
            (reader.texts().instances.intern(&line.instance)?, None)
        };
        let meaning = Meaning { shape, source, instance, number };
        Ok(self.keep(text, &places, Syntax::Json, meaning).map(|row| (row, span, quantity)))
    }

    /// Remembers what a row means whose values stand in these places of its text; `None` where it cannot be told from
    /// others by what stands between them.
    fn keep(&mut self, text: &str, places: &[ValuePlace], syntax: Syntax, meaning: Meaning) -> Option<u32> {
        let Meaning { shape, source, instance, number } = meaning;
        if self.is_full() {
            return None;
        }
        let (mut pieces, mut kinds, mut cuts, mut joined) =
            (Vec::new(), ValueKinds::default(), [0; VALUES], String::new());
        let mut from = 0;
        for (at, (kind, start, end)) in places.iter().enumerate() {
            pieces.push(&text[from..*start]);
            joined.push_str(&text[from..*start]);
            (kinds[at], cuts[at], from) = (Some(*kind), joined.len() as u32, *end);
        }
        pieces.push(&text[from..]);
        joined.push_str(&text[from..]);
        if pieces.iter().any(|piece| piece.len() > PIECE_BYTES_MAX) {
            return None;
        }
        let hash = self.hash(&pieces, &kinds, syntax);
        let pieces_text = Pieces { text: joined.into(), cuts, kinds, syntax };
        let is_same = |&at: &u32| self.sources[at as usize].pieces == pieces_text;
        let source = match self.sources_by_text.find(hash, is_same) {
            // An instance may hold what looks like the names that tell shapes apart.
            Some(&known) if self.sources[known as usize].shape != shape => return None,
            Some(&known) => known,
            None => {
                let layout = if syntax == Syntax::Json { self.layout_of(&pieces, kinds)? } else { NONE };
                let place = self.sources.len() as u32;
                self.pieces_bytes += pieces_text.text.len();
                self.sources.push(KnownSource { pieces: pieces_text, layout, hash, shape, source, file: 0 });
                self.sources_by_text.insert_unique(hash, place, |&at| self.sources[at as usize].hash);
                place
            }
        };
        if let Some(known) = self.row_of(source, hash, instance.as_deref()) {
            return Some(known);
        }
        let hash = self.hasher.hash_one((hash, instance.as_deref()));
        let place = self.rows.len() as u32;
        self.rows.push(KnownRow { source, instance, number, hash, next: NONE });
        self.rows_by_text.insert_unique(hash, place, |&at| self.rows[at as usize].hash);
        Some(place)
    }

    /// The layout of a row with these pieces.
    fn layout_of(&mut self, pieces: &[&str], kinds: ValueKinds) -> Option<u32> {
        let names: Vec<&str> =
            pieces[..pieces.len() - 1].iter().map(|piece| name_at_end(piece)).collect::<Option<_>>()?;
        // Behind the last value every open object is closed, and none is opened that is not closed in turn.
        let last = pieces.last()?.as_bytes();
        let depth = (1..=2).find(|depth| end_of_row(last, *depth) == Some(last.len()))?;
        let is_same = |layout: &RowLayout| {
            layout.depth == depth
                && layout.kinds == kinds
                && layout.names.iter().map(Finder::needle).eq(names.iter().map(|name| name.as_bytes()))
        };
        if let Some(known) = self.layouts.iter().position(is_same) {
            return Some(known as u32);
        }
        if self.layouts.len() == LAYOUTS_MAX {
            return None;
        }
        let names = names.into_iter().map(|name| Finder::new(name).into_owned()).collect();
        self.layouts.push(RowLayout { names, kinds, depth });
        Some(self.layouts.len() as u32 - 1)
    }
}

impl<'t> RowValues<'t> {
    /// Takes a value off the rest.
    #[inline]
    fn read(&mut self, kind: ValueKind, syntax: Syntax) -> Option<()> {
        let length = match (syntax, kind) {
            (Syntax::Quoted, _) => memchr(b'"', start_of(self.rest, VALUE_BYTES_MAX))?,
            (Syntax::Bare(delimiter), _) => bare_length(start_of(self.rest, VALUE_BYTES_MAX), delimiter)?,
            (Syntax::Json, ValueKind::Quantity) => number_length(self.rest.as_bytes())?,
            (Syntax::Json, _) => content_length(start_of(self.rest, VALUE_BYTES_MAX - 1))?,
        };
        let (value, rest) = self.rest.split_at(length);
        self.rest = rest;
        match kind {
            ValueKind::Start => self.start = value,
            ValueKind::End => self.end = value,
            ValueKind::Quantity => self.quantity = value,
            // No JSON string has a control character, which would be trimmed off the number.
            ValueKind::QuantityText if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) => self.quantity = value,
            ValueKind::QuantityText => return None,
            ValueKind::Instance => {}
        }
        Some(())
    }
}

/// A JSON string of this content.
fn as_json_string(content: &str) -> String {
    format!("\"{content}\"")
}

/// Where the values of a row stand in its text; `None` when they cannot be left out of it.
fn places_of_values(text: &str, line: &RawRow<'_>) -> Option<Vec<ValuePlace>> {
    let place = |value: &str| {
        let from = place_of(text, value)?;
        Some((from, from + value.len()))
    };
    let content = |kind, value: Value<'_>| {
        let written = value.written().filter(|written| written.len() <= VALUE_BYTES_MAX)?;
        let (from, to) = place(written)?;
        let is_string = written.len() >= 2
            && written.starts_with('"')
            && content_length(&written.as_bytes()[1..]) == Some(written.len() - 2);
        is_string.then_some((kind, from + 1, to - 1))
    };
    let quantity = content(ValueKind::QuantityText, line.quantity).or_else(|| {
        let (from, to) = place(line.quantity.written()?)?;
        (number_length(&text.as_bytes()[from..]) == Some(to - from)).then_some((ValueKind::Quantity, from, to))
    })?;
    let mut places =
        vec![content(ValueKind::Start, line.usage_start)?, content(ValueKind::End, line.usage_end)?, quantity];
    let instance = &*line.instance;
    if let Some((from, to)) = place(instance)
        && string_length(instance.as_bytes()) == Some(instance.len())
        && instance.len() <= INSTANCE_BYTES_MAX
    {
        places.push((ValueKind::Instance, from, to));
    }
    places.sort_by_key(|(_, from, _)| *from);
    places.is_sorted_by(|(.., end), (_, start, _)| end <= start).then_some(places)
}

/// The name at the end of a piece, with its quotes and what stands behind it.
fn name_at_end(piece: &str) -> Option<&str> {
    let behind = piece.strip_suffix('"').unwrap_or(piece).trim_end_matches(BLANKS);
    let name = behind.strip_suffix(':')?.trim_end_matches(BLANKS).strip_suffix('"')?;
    Some(&piece[name.rfind('"')?..])
}

/// So many bytes of a text, or all.
fn start_of(text: &str, bytes: usize) -> &[u8] {
    &text.as_bytes()[..text.len().min(bytes)]
}

/// The bytes of a string's content at the start of a text, up to its closing quote.
#[inline]
fn content_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// The bytes of a cell without quotes at the start of a text, before a delimiter or the line end.
#[inline]
fn bare_length(text: &[u8], delimiter: u8) -> Option<usize> {
    let length = memchr3(delimiter, b'\n', b'"', text)?;
    Some(length - usize::from(text[..length].ends_with(b"\r")))
}

/// The bytes of a JSON string at the start of a text.
fn string_length(text: &[u8]) -> Option<usize> {
    Some(content_length(text.strip_prefix(b"\"")?)? + 2)
}

/// The bytes up to the end of a row, of the text behind its last value, in which so many objects are open.
fn end_of_row(text: &[u8], depth: u32) -> Option<usize> {
    // The quote that ends the value belongs to the text behind it.
    let (mut at, mut open) = (usize::from(text.starts_with(b"\"")), depth);
    while open > 0 {
        match text.get(at)? {
            b'"' => at += string_length(&text[at..])?,
            b'{' => (at, open) = (at + 1, open + 1),
            b'}' => (at, open) = (at + 1, open - 1),
            _ => at += 1,
        }
    }
    Some(at)
}

/// The bytes of a non-negative JSON number at the start of a text; `None` when there is none, or no delimiter follows
/// it.
#[inline]
fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return None;
    }
    let mut end = whole;
    if text.get(end) == Some(&b'.') {
        let places = digits(end + 1);
        end += 1 + places;
        if places == 0 {
            return None;
        }
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let places = digits((end + 1 + sign).min(text.len()));
        end += 1 + sign + places;
        if places == 0 {
            return None;
        }
    }
    let is_behind = |byte: &u8| matches!(byte, b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
    (end <= VALUE_BYTES_MAX && text.get(end).is_some_and(is_behind)).then_some(end)
}
