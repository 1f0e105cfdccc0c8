//! Pages exactly as the usage API writes them: the fast path. Anything else is left to `json`, the validating reader.
//!
//! ```text
//! {"value":[
//!   {"id":"…","name":"…","type":"…","properties":{"subscriptionId":"…","usageStartTime":"                head
//!   2026-10-05T18:00:00+00:00","usageEndTime":"2026-10-05T19:00:00+00:00","instanceData":               span
//!   "{\"Microsoft.Resources\":{…}}"                                                                      instance
//!   ,"quantity":2.0                                                                                     quantity
//!   ,"meterId":"…","name":"…"}}                                                                         tail
//! ,…],"nextLink":"…"}
//! ```
//! A stamp reports the same few thousand resources every hour, mostly in the same order. So each line is expected to be
//! the one that followed the previous line last time. If its bytes are the same, everything but its span and quantity
//! is known. If not, its parts are found by the texts between them and looked up. What was never seen before is read by
//! the validating reader: a head and a tail with placeholder values between them, an instance as JSON.
//!
//! **Invariant:** the result is that of the validating reader. A line that would be set aside, and any byte that is not
//! as above, sends the whole page to it. `tests/law/readers.rs` compares the two.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use memchr::memmem::Finder;
use serde_json::value::RawValue;

use super::line_reader::{LineReader, Source};
use crate::domain::Span;
use crate::domain::limits::{INSTANCE_BYTES_MAX, VALUE_BYTES_MAX};
use crate::domain::quantity::Parsed;
use crate::error::Result;
use crate::read::format::json::JsonFile;
use crate::read::format::raw::Object;
use crate::read::format::row::Value;

const BEFORE_LINES: &str = r#"{"value":["#;
const BEFORE_START: &str = r#""usageStartTime":""#;
const BEFORE_END: &str = r#"","usageEndTime":""#;
const BEFORE_INSTANCE: &str = r#"","instanceData":"#;
const BEFORE_QUANTITY: &str = r#","quantity":"#;
const AFTER_LINE: &str = "}}";

/// Bytes of heads and tails that a thread remembers, and number of lines: past either it starts afresh.
const ENDS_BYTES_MAX: usize = 16 << 20;
const LINES_MAX: usize = 1 << 18;
/// Spans that alternate in a page: those of the hour, and of late lines.
const SPANS: usize = 4;

/// What a thread remembers of a stamp's lines from page to page.
#[derive(Debug)]
pub(super) struct Memory {
    ends: Vec<Ends>,
    ends_by_text: HashTable<u32>,
    ends_bytes: usize,
    lines: Vec<KnownLine>,
    lines_by_text: HashTable<u32>,
    spans: Vec<KnownSpan>,
    hasher: FixedState,
    finders: Finders,
    pages: u32,
}

#[derive(Debug)]
struct Finders {
    start: Finder<'static>,
    instance: Finder<'static>,
    quantity: Finder<'static>,
    end: Finder<'static>,
}

/// Head and tail of a line: they say whose usage of which meter it is.
#[derive(Debug)]
struct Ends {
    head: Box<str>,
    tail: Box<str>,
    hash: u64,
    source: Source,
    /// The last page that its source was noted for.
    page: u32,
}

/// A line without its span and its quantity.
#[derive(Debug)]
struct KnownLine {
    ends: u32,
    instance: Arc<str>,
    number: u32,
    hash: u64,
    /// The line that followed it.
    next: u32,
}

#[derive(Debug)]
struct KnownSpan {
    text: Box<str>,
    span: Span,
}

/// No line.
const NONE: u32 = u32::MAX;

impl Default for Memory {
    fn default() -> Self {
        Self {
            ends: Vec::new(),
            ends_by_text: HashTable::new(),
            ends_bytes: 0,
            lines: Vec::new(),
            lines_by_text: HashTable::new(),
            spans: Vec::with_capacity(SPANS),
            hasher: FixedState::default(),
            finders: Finders {
                start: Finder::new(BEFORE_START),
                instance: Finder::new(BEFORE_INSTANCE),
                quantity: Finder::new(BEFORE_QUANTITY),
                end: Finder::new(AFTER_LINE),
            },
            pages: 0,
        }
    }
}

/// Reads a page. Returns the page without its lines; `None` when the page is not as above, and `reader` must then be
/// discarded.
///
/// # Errors
/// More lines or distinct texts than can be numbered.
pub(in crate::read) fn read(page: &str, reader: &mut LineReader<'_>, memory: &mut Memory) -> Result<Option<String>> {
    memory.begin_page();
    let Some(mut rest) = page.strip_prefix(BEFORE_LINES) else { return Ok(None) };
    let mut last = NONE;
    loop {
        let Some((line, after)) = memory.line(rest, last, reader)? else { return Ok(None) };
        last = line;
        rest = match after.as_bytes().first() {
            Some(b',') => &after[1..],
            Some(b']') => return Ok(Some(format!("{BEFORE_LINES}{after}"))),
            _ => return Ok(None),
        };
    }
}

impl Memory {
    fn begin_page(&mut self) {
        if self.is_full() || self.pages == u32::MAX {
            *self = Self::default();
        }
        self.pages += 1;
    }

    fn is_full(&self) -> bool {
        self.ends_bytes > ENDS_BYTES_MAX || self.lines.len() > LINES_MAX
    }

    /// Reads the line at the start of `text`, which follows `last`. Returns the line and the text after it; `None` when
    /// the line is not as above.
    fn line<'t>(&mut self, text: &'t str, last: u32, reader: &mut LineReader<'_>) -> Result<Option<(u32, &'t str)>> {
        let expected = self.lines.get(last as usize).map_or(NONE, |last| last.next);
        if let Some((span, quantity, rest)) = self.as_expected(text, expected, reader) {
            let Ok(quantity) = reader.dialect().quantity(quantity) else { return Ok(None) };
            self.take(reader, expected, span, quantity)?;
            return Ok(Some((expected, rest)));
        }
        let Some(parts) = self.parts(text) else { return Ok(None) };
        let Some(span) = self.span(parts.span, reader) else { return Ok(None) };
        // The quantity is checked first: only a line that counts is remembered, and its texts interned.
        let Ok(quantity) = reader.dialect().quantity(parts.quantity) else { return Ok(None) };
        let Some(line) = self.known(&parts, reader)? else { return Ok(None) };
        if let Some(last) = self.lines.get_mut(last as usize) {
            last.next = line;
        }
        self.take(reader, line, span, quantity)?;
        Ok(Some((line, parts.rest)))
    }

    /// The span, the quantity and the rest of a text that begins with the expected line.
    #[inline]
    fn as_expected<'t>(
        &mut self,
        text: &'t str,
        expected: u32,
        reader: &LineReader<'_>,
    ) -> Option<(Span, &'t str, &'t str)> {
        let line = self.lines.get(expected as usize)?;
        let ends = &self.ends[line.ends as usize];
        let text = text.strip_prefix(&*ends.head)?;
        let known = self.spans.iter().find_map(|known| Some((known.span, text.strip_prefix(&*known.text)?)));
        let (span, text) = match known {
            Some(known) => known,
            None => {
                let end = self.finders.instance.find(text.as_bytes())? + BEFORE_INSTANCE.len();
                (self.span(&text[..end], reader)?, &text[end..])
            }
        };
        let line = self.lines.get(expected as usize)?;
        let text = text.strip_prefix(&*line.instance)?.strip_prefix(BEFORE_QUANTITY)?;
        let (quantity, text) = text.split_at(number_length(text.as_bytes())?);
        let rest = text.strip_prefix(&*self.ends[line.ends as usize].tail)?;
        Some((span, quantity, rest))
    }

    /// Splits a line into its parts by the texts between them. They may be new.
    fn parts<'t>(&self, text: &'t str) -> Option<LineParts<'t>> {
        let Finders { start, instance, quantity, end } = &self.finders;
        let after = |finder: &Finder<'_>, text: &str| Some(finder.find(text.as_bytes())? + finder.needle().len());
        let (head, text) = text.split_at(after(start, text)?);
        let (span, text) = text.split_at(after(instance, text)?);
        // Within a JSON string every quote follows a backslash, and not a comma.
        let (instance, text) = text.split_at(quantity.find(text.as_bytes())?);
        let text = &text[BEFORE_QUANTITY.len()..];
        let (quantity, text) = text.split_at(number_length(text.as_bytes())?);
        let (tail, rest) = text.split_at(after(end, text)?);
        Some(LineParts { head, span, instance, quantity, tail, rest })
    }

    /// The span of a text: two times with the text after each.
    fn span(&mut self, text: &str, reader: &LineReader<'_>) -> Option<Span> {
        if let Some(known) = self.spans.iter().find(|known| *known.text == *text) {
            return Some(known.span);
        }
        let (start, end) = text.strip_suffix(BEFORE_INSTANCE)?.split_once(BEFORE_END)?;
        let is_plain = |time: &str| {
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            time.len() + 2 <= VALUE_BYTES_MAX && time.bytes().all(is_plain)
        };
        let span = (is_plain(start) && is_plain(end)).then(|| reader.dialect().span(start, end).ok())??;
        if self.spans.len() == SPANS {
            self.spans.pop();
        }
        self.spans.insert(0, KnownSpan { text: text.into(), span });
        Some(span)
    }

    /// The place of a line among the known ones; `None` when the line is not as above.
    fn known(&mut self, parts: &LineParts<'_>, reader: &mut LineReader<'_>) -> Result<Option<u32>> {
        let &LineParts { head, tail, instance, .. } = parts;
        let hash_of_ends = self.hasher.hash_one((head, tail));
        let has_these = |&at: &u32| {
            let known = &self.ends[at as usize];
            *known.head == *head && *known.tail == *tail
        };
        let ends = self.ends_by_text.find(hash_of_ends, has_these).copied();
        let hash = self.hasher.hash_one((hash_of_ends, instance));
        let is_same = |&at: &u32| {
            let known = &self.lines[at as usize];
            Some(known.ends) == ends && *known.instance == *instance
        };
        if let Some(&known) = self.lines_by_text.find(hash, is_same) {
            return Ok(Some(known));
        }
        // A page that fills the memory on its own, and repeats nothing, is not as the API writes them.
        if self.is_full() {
            return Ok(None);
        }
        // Texts are interned only when both are known to be valid.
        let instances = &reader.texts().instances;
        // An interned text that begins like this is JSON: other texts begin with marks of their own.
        let of_instance = match instances.find(instance).filter(|_| instance.starts_with('"')) {
            None if !is_right(instance) => return Ok(None),
            found => found,
        };
        let ends = match ends {
            Some(ends) => ends,
            None => match source_of(head, tail, reader)? {
                None => return Ok(None),
                Some(source) => self.remember_ends(head, tail, hash_of_ends, source),
            },
        };
        let (number, instance) = match of_instance {
            Some(known) => known,
            None => instances.share(instance)?,
        };
        let place = self.lines.len() as u32;
        self.lines.push(KnownLine { ends, instance, number, hash, next: NONE });
        self.lines_by_text.insert_unique(hash, place, |&at| self.lines[at as usize].hash);
        Ok(Some(place))
    }

    fn remember_ends(&mut self, head: &str, tail: &str, hash: u64, source: Source) -> u32 {
        let place = self.ends.len() as u32;
        self.ends_bytes += head.len() + tail.len();
        self.ends.push(Ends { head: head.into(), tail: tail.into(), hash, source, page: 0 });
        self.ends_by_text.insert_unique(hash, place, |&at| self.ends[at as usize].hash);
        place
    }

    /// Adds a line.
    fn take(&mut self, reader: &mut LineReader<'_>, line: u32, span: Span, quantity: Parsed) -> Result<()> {
        let KnownLine { ends, number, .. } = self.lines[line as usize];
        let ends = &mut self.ends[ends as usize];
        if ends.page != self.pages {
            ends.page = self.pages;
            reader.note_source(&ends.source);
        }
        let row = reader.next_row()?;
        reader.take(ends.source.numbers(number), span, quantity, row);
        Ok(())
    }
}

/// The parts of a line.
struct LineParts<'t> {
    head: &'t str,
    span: &'t str,
    instance: &'t str,
    quantity: &'t str,
    tail: &'t str,
    rest: &'t str,
}

/// Whether an instance is a valid JSON string, and not so long that the line is set aside.
fn is_right(instance: &str) -> bool {
    let is_text = instance.starts_with('"') && instance.ends_with('"') && instance.len() <= INSTANCE_BYTES_MAX;
    is_text && serde_json::from_str::<&RawValue>(instance).is_ok()
}

/// The source that a head and a tail name, read by the validating reader with placeholder values between them; `None`
/// when they are no such line.
///
/// JSON that is valid with one value in a place is valid with any other there, so this is checked once.
fn source_of(head: &str, tail: &str, reader: &mut LineReader<'_>) -> Result<Option<Source>> {
    const TIME: &str = "2026-10-05T00:00:00Z";
    const INSTANCE: &str = r#""own""#;
    const QUANTITY: &str = "0";
    let before = format!("{BEFORE_LINES}{head}");
    let page =
        format!("{before}{TIME}{BEFORE_END}{TIME}{BEFORE_INSTANCE}{INSTANCE}{BEFORE_QUANTITY}{QUANTITY}{tail}]}}");
    let Some(JsonFile { page_lines: lines, .. }) = JsonFile::one_page(&page) else { return Ok(None) };
    let [Object(line)] = lines.as_slice() else { return Ok(None) };
    let row = line.to_row();
    let has_text =
        |value: Value<'_>, expected: &str| value.written().is_some_and(|written| written.trim_matches('"') == expected);
    // The value is the placeholder if it is where the placeholder was put; then so are those after it.
    let place = |value: Value<'_>| Some(value.written()?.as_ptr().addr() - page.as_ptr().addr());
    let is_around = place(row.usage_start) == Some(before.len() - 1)
        && has_text(row.usage_start, TIME)
        && has_text(row.usage_end, TIME)
        && has_text(row.quantity, QUANTITY)
        && row.instance == INSTANCE;
    if is_around { reader.source_of(&row) } else { Ok(None) }
}

/// The bytes of a non-negative JSON number at the start of a text; `None` when there is none, or no delimiter follows
/// it.
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
    (end <= VALUE_BYTES_MAX && text.get(end) == Some(&b',')).then_some(end)
}
