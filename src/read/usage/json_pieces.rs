//! Usage as JSON, read in pieces by the fast reader.

use memchr::memmem::Finder;

use super::context::OfFile;
use super::fast_rows::FastRows;
use super::line_reader::LineReader;
use super::lines::FileLines;
use super::pieces::{PieceReader, Read};
use super::structure::{OfRows, Structure};
use crate::domain::Dialect;
use crate::error::Result;
use crate::read::format::documents::{BLANKS, Inside, ScannedPiece, Spot, head_of_page, scan};
use crate::read::options::Reading;

/// The fast reader of pieces.
pub(super) struct JsonPieces<'a> {
    of: OfFile<'a>,
    takes_ticks: bool,
    begins: Vec<Begin>,
    structure: Structure,
    pub lines: FileLines,
}

/// How something begins in a file.
struct Begin {
    finder: Finder<'static>,
    /// What it stands inside of.
    inside: Inside,
    /// What stands before it, but for blanks.
    behind: &'static [u8],
}

impl<'a> JsonPieces<'a> {
    /// A reader of a file that begins like this.
    pub(super) fn new(of: OfFile<'a>, first: &str) -> Self {
        let takes_ticks = takes_ticks(of.of_stamp.reading);
        let structure = Structure::new(of.of_export.is_alone);
        let lines = FileLines { number: of.number, ..FileLines::unread(of.file) };
        Self { of, takes_ticks, begins: begins_of(first), structure, lines }
    }

    /// Notes what stands around the rows, once all are read; `None` when another reader has to read the file.
    pub(super) fn finish(self) -> Option<FileLines> {
        let mut lines = self.lines;
        lines.stand_in(self.structure.finish()?);
        lines.note_missing_ids();
        Some(lines)
    }
}

/// How JSON writes times before anything is decided.
pub(super) fn dialect(reading: &Reading) -> Dialect {
    Dialect { zone: reading.source_time_zone, ..Dialect::default() }
}

/// Whether times that count from 1970 decide nothing: how they are meant is decided over all rows, by these settings.
pub(super) const fn takes_ticks(reading: &Reading) -> bool {
    reading.source_time_zone.is_none() && reading.culture.is_none()
}

/// How documents, the items of a list and the rows of a page begin, by those of a text: up to the first name's colon.
fn begins_of(text: &str) -> Vec<Begin> {
    let mut begins = Vec::new();
    let mut add = |text: &str, inside: Inside, behind: &'static [u8]| {
        if let Some(begin) = begin_of(text) {
            begins.push(Begin { finder: Finder::new(begin).into_owned(), inside, behind });
        }
    };
    let text = text.trim_start_matches(BLANKS);
    add(text, Inside::Nothing, b"}]");
    let item = text.strip_prefix('[').map(|rest| rest.trim_start_matches(BLANKS));
    if let Some(item) = item {
        add(item, Inside::List(Spot::Item), b",");
    }
    let page = item.unwrap_or(text);
    if let Some(bytes) = head_of_page(page) {
        let (head, rows) = page.split_at(bytes);
        let inside = Inside::Rows { head: head.into(), in_list: item.is_some(), spot: Spot::Item };
        add(rows.trim_start_matches(BLANKS), inside, b",");
    }
    begins
}

/// The begin of an object, or of a list of objects, up to the colon behind its first name.
fn begin_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('[').unwrap_or(text).trim_start_matches(BLANKS);
    let rest = rest.strip_prefix('{')?.trim_start_matches(BLANKS).strip_prefix('"')?;
    let rest = rest.split_once('"')?.1.trim_start_matches(BLANKS).strip_prefix(':')?;
    Some(&text[..text.len() - rest.len()])
}

/// Where rows are looked for at first: a row is small.
const NEAR_BYTES: usize = 64 << 10;

impl Begin {
    /// The last place in a text, behind its first byte, where it seems to begin, not before `from`.
    fn last_in(&self, text: &str, from: usize) -> Option<usize> {
        let from = text.floor_char_boundary(from.max(1));
        let bytes = text.as_bytes();
        let is_behind = |at: &usize| {
            let before = bytes[..*at].iter().rfind(|byte| !byte.is_ascii_whitespace());
            before.is_some_and(|byte| self.behind.contains(byte))
        };
        self.finder.find_iter(bytes.get(from..)?).map(|at| from + at).filter(is_behind).last()
    }
}

impl PieceReader for JsonPieces<'_> {
    type Inside = Inside;
    type Piece = (FileLines, ScannedPiece);

    fn read(&self, text: &str, inside: Inside, is_last: bool) -> Option<Read<Self::Piece, Inside>> {
        let OfFile { file, of_stamp, .. } = self.of;
        let mut thread = of_stamp.threads.take();
        let mut lines = FileLines::unread(file);
        let mut reader = LineReader::new(file, of_stamp.texts, &mut lines, dialect(of_stamp.reading));
        let mut rows = FastRows::new(&mut reader, self.takes_ticks, &mut thread.memory);
        let scanned = scan(text, inside, is_last, &mut rows).ok();
        reader.finish();
        of_stamp.threads.give_back(thread);
        let scanned = scanned?;
        Some(Read { bytes: scanned.bytes, inside: scanned.inside.clone(), piece: (lines, scanned) })
    }

    fn cut(&self, text: &str) -> Option<(usize, Inside)> {
        let near = |begin: &Begin| {
            let is_item = begin.inside != Inside::Nothing;
            if is_item { text.len().saturating_sub(NEAR_BYTES) } else { text.len() / 2 }
        };
        let last = |begin: &Begin, from: usize| Some((begin.last_in(text, from)?, begin.inside.clone()));
        let found = self.begins.iter().find_map(|begin| last(begin, near(begin)));
        found.or_else(|| self.begins.iter().find_map(|begin| last(begin, 0)))
    }

    fn take(&mut self, (lines, scanned): Self::Piece, text: &str) -> Result<bool> {
        let taken = self.structure.take(self.of.file, (text, &scanned), OfRows::Lines(&lines), false);
        if !matches!(taken, Ok(true)) {
            return Ok(false);
        }
        self.lines.absorb(lines, self.lines.read.lines as u32, self.of.of_stamp.days)
    }
}
