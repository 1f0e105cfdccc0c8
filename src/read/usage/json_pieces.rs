//! Usage as JSON, read by the fast reader: whole texts, and files in pieces.

use memchr::memmem::Finder;

use super::context::OfFile;
use super::fast_rows::{FastRows, Memory};
use super::line_reader::LineReader;
use super::lines::FileLines;
use super::pieces::{PieceReader, Read};
use super::structure::{OfRows, Structure};
use crate::domain::Dialect;
use crate::error::Result;
use crate::read::format::documents::{BLANKS, Inside, ScannedPiece, Spot, head_of_page, scan};
use crate::read::format::text::Text;

/// The fast reader of pieces.
pub(super) struct JsonPieces<'a> {
    of: OfFile<'a>,
    begins: Vec<Begin>,
    structure: Structure,
    lines: FileLines,
}

/// How something begins in a file.
struct Begin {
    finder: Finder<'static>,
    /// What it stands inside of.
    inside: Inside,
}

impl<'a> JsonPieces<'a> {
    /// A reader of a file that begins like this.
    pub(super) fn new(of: OfFile<'a>, first: &str) -> Self {
        let structure = Structure::new(of.of_export.is_alone);
        let lines = FileLines { number: of.number, ..FileLines::unread(of.file) };
        Self { of, begins: begins_of(first), structure, lines }
    }

    /// Notes what stands around the rows, once all are read; `None` when another reader has to read the file.
    pub(super) fn finish(self) -> Option<FileLines> {
        with_structure(self.lines, self.structure)
    }
}

/// Reads a whole text; `None` when another reader has to read it, or to refuse it.
pub(super) fn read_whole_text(of: OfFile<'_>, text: &Text, memory: &mut Memory) -> Option<FileLines> {
    let (lines, scanned) = read_text(of, text.as_str(), Inside::Nothing, true, memory)?;
    let mut structure = Structure::new(of.of_export.is_alone);
    if !structure.take(of.file, (text.as_str(), &scanned), OfRows::Lines(&lines), true).ok()? {
        return None;
    }
    with_structure(FileLines { file: text.file.clone(), ..lines }, structure)
}

/// The lines of a file, with what stands around its rows; `None` when another reader has to read it.
fn with_structure(mut lines: FileLines, structure: Structure) -> Option<FileLines> {
    lines.stand_in(structure.finish()?);
    lines.note_missing_ids();
    Some(lines)
}

/// Reads the rows of a text; `None` when another reader has to read them.
fn read_text(
    OfFile { file, of_stamp, .. }: OfFile<'_>,
    text: &str,
    inside: Inside,
    is_last: bool,
    memory: &mut Memory,
) -> Option<(FileLines, ScannedPiece)> {
    let reading = of_stamp.reading;
    let dialect = Dialect { zone: reading.source_time_zone, ..Dialect::default() };
    // How times that count from 1970 are meant is decided over all rows, by these settings.
    let takes_ticks = reading.source_time_zone.is_none() && reading.culture.is_none();
    let mut lines = FileLines::unread(file);
    let mut reader = LineReader::new(file, of_stamp.texts, &mut lines, dialect);
    let scanned = scan(text, inside, is_last, &mut FastRows::new(&mut reader, takes_ticks, memory)).ok()?;
    reader.finish();
    Some((lines, scanned))
}

/// How documents, the items of a list and the rows of a page begin, by those of a text: up to the first name's colon.
fn begins_of(text: &str) -> Vec<Begin> {
    let mut begins = Vec::new();
    let mut add = |text: &str, inside: Inside| {
        if let Some(begin) = begin_of(text) {
            begins.push(Begin { finder: Finder::new(begin).into_owned(), inside });
        }
    };
    let text = text.trim_start_matches(BLANKS);
    add(text, Inside::Nothing);
    let item = text.strip_prefix('[').map(|rest| rest.trim_start_matches(BLANKS));
    if let Some(item) = item {
        add(item, Inside::List(Spot::Item));
    }
    let page = item.unwrap_or(text);
    if let Some(bytes) = head_of_page(page) {
        let (head, rows) = page.split_at(bytes);
        let inside = Inside::Rows { head: head.into(), in_list: item.is_some(), spot: Spot::Item };
        add(rows.trim_start_matches(BLANKS), inside);
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
        // A document stands behind the end of another one, an item behind a comma.
        let behind: &[u8] = if self.inside == Inside::Nothing { b"}]" } else { b"," };
        let is_behind = |at: &usize| {
            let before = bytes[..*at].iter().rfind(|byte| !byte.is_ascii_whitespace());
            before.is_some_and(|byte| behind.contains(byte))
        };
        self.finder.find_iter(bytes.get(from..)?).map(|at| from + at).filter(is_behind).last()
    }
}

impl PieceReader for JsonPieces<'_> {
    type Inside = Inside;
    type Piece = (FileLines, ScannedPiece);

    fn read(&self, text: &str, inside: Inside, is_last: bool) -> Option<Read<Self::Piece, Inside>> {
        let threads = self.of.of_stamp.threads;
        let read = threads.with(|thread| read_text(self.of, text, inside, is_last, &mut thread.memory));
        let (lines, scanned) = read?;
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
