//! Usage as a table, read in pieces.
//!
//! How it writes times and numbers is decided over all rows, so it is first read as if they were plain, until one is
//! not. Then a pass over all rows decides, and another one reads them. What a table repeats, and what is wrong with it,
//! is found by a last pass, row by row in order.

use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem::Finder;
use memchr::{memchr, memrchr, memrchr_iter};

use super::context::OfFile;
use super::fast_tables::read_rows;
use super::line_reader::LineReader;
use super::lines::FileLines;
use super::pieces::{PieceReader, Read, more_bytes, read_pieces, too_large};
use super::repeated_tables::RepeatedTables;
use super::survey::Decided;
use super::table::{REQUIRED, SurveyedTable, UsageTable};
use crate::domain::limits::ROW_BYTES_MAX;
use crate::domain::{Dialect, SourceTimeZone};
use crate::error::Result;
use crate::read::format::blocks::{TextBlocks, TextEncoding};
use crate::read::format::encoding::{TextPlace, place_in, refuse_zeros, refuse_zeros_behind};
use crate::read::format::shape;
use crate::store::{Fingerprint, ReadFile};

/// Bytes among which the header of a table is looked for, at least.
const HEADER_BYTES: usize = 1 << 20;

/// A large table: its header, how its text is encoded, and in what pieces it is read.
#[derive(Clone, Copy)]
struct LargeTable<'a> {
    of: OfFile<'a>,
    how: TextEncoding,
    piece_bytes: usize,
    table: &'a UsageTable<'a>,
    /// The text before the rows.
    header: &'a str,
    /// The begin of the first row.
    first_line: &'a str,
}

/// Reads a file that is a table.
///
/// # Errors
/// The file is not what a `usage` folder holds.
pub(super) fn read_large_table(of: OfFile<'_>, how: TextEncoding, piece_bytes: usize) -> Result<FileLines> {
    let OfFile { file, of_export, of_stamp, .. } = of;
    let mut first = String::new();
    let mut blocks = TextBlocks::open(file, how)?;
    let table = loop {
        first = blocks.add_to(first, piece_bytes)?;
        let is_enough = blocks.is_at_end() || first.len() >= HEADER_BYTES;
        if !is_enough && !first.contains('\n') {
            continue;
        }
        match UsageTable::parse(&file.name, &first) {
            Ok(Some(table)) if is_enough || first[table.body()..].contains('\n') => break table,
            Ok(None) if is_enough => {
                refuse_zeros(first.as_bytes(), file)?;
                return Err(shape::no_table(file, &first, "a page of usage", &REQUIRED));
            }
            Err(error) if is_enough => {
                refuse_zeros(first.as_bytes(), file)?;
                return Err(error);
            }
            _ => {}
        }
    };
    drop(blocks);
    let (header, rows) = first.split_at(table.body());
    let first_line = rows.lines().next().unwrap_or_default();
    let large = LargeTable { of, how, piece_bytes, table: &table, header, first_line };
    let plain = Decided::default();
    if of_stamp.reading.may_be_plain()
        && let Some(lines) = large.plain_lines(&plain)?
    {
        return Ok(large.finished(lines, &plain));
    }
    let survey = large.survey()?.of_all();
    let decided = survey.decide(&file.name, of_stamp.reading, of_export.window, Some(SourceTimeZone::UTC))?;
    let lines = match large.lines(&decided, None)? {
        Some(lines) => lines,
        None => large.in_order(&decided, false)?.expect("only plain rows are given up"),
    };
    Ok(large.finished(lines, &decided))
}

impl LargeTable<'_> {
    /// Reads all rows as plain ones; `None` when one of them is not.
    fn plain_lines(&self, plain: &Decided) -> Result<Option<FileLines>> {
        let has_unreadable = AtomicBool::default();
        match self.lines(plain, Some(&has_unreadable))? {
            None if !has_unreadable.load(Ordering::Relaxed) => self.in_order(plain, true),
            lines => Ok(lines),
        }
    }

    /// Reads all rows in pieces; `None` when the table has to be read in order, or when it has a time or a quantity
    /// that another dialect might read, and that is to be noted.
    fn lines(&self, decided: &Decided, has_unreadable: Option<&AtomicBool>) -> Result<Option<FileLines>> {
        let OfFile { file, number, of_stamp, .. } = self.of;
        let lines = FileLines { number, ..FileLines::unread(file) };
        let begins = [self.table.header_text(), self.first_line].into_iter().filter(|begin| !begin.is_empty());
        let mut pieces = LinePieces {
            large: *self,
            dialect: decided.dialect.clone(),
            has_unreadable,
            begins: begins.map(Finder::new).collect(),
            is_first: true,
            ends_with_a_line_end: self.header.ends_with('\n'),
            lines,
        };
        match self.pass(&mut pieces)? {
            Some((file, content)) => {
                let mut lines = FileLines { file, content, ..pieces.lines };
                lines.may_be_cut = !pieces.ends_with_a_line_end;
                Ok(Some(lines))
            }
            None => {
                of_stamp.days.forget(number)?;
                Ok(None)
            }
        }
    }

    /// What all rows say about times and numbers.
    fn survey(&self) -> Result<SurveyedTable> {
        let mut pieces = SurveyPieces { large: *self, surveyed: SurveyedTable::default() };
        if self.pass(&mut pieces)?.is_some() {
            return Ok(pieces.surveyed);
        }
        let mut surveyed = SurveyedTable::default();
        self.pass_in_order(|table| table.survey(&mut surveyed))?;
        Ok(surveyed)
    }

    /// Reads the rows by all threads; `None` when they have to be read in order.
    fn pass<R: PieceReader<Inside = ()>>(&self, reader: &mut R) -> Result<Option<(ReadFile, Fingerprint)>> {
        let mut blocks = TextBlocks::open(self.of.file, self.how)?;
        let Some(rows) = self.rows_behind_header(&mut blocks)? else { return Ok(None) };
        let is_read = read_pieces(reader, &mut blocks, (rows, ()), self.piece_bytes, self.of.of_stamp.control)?;
        if is_read { blocks.finish().map(Some) } else { Ok(None) }
    }

    /// The first rows, behind the header; `None` when the file changed.
    fn rows_behind_header(&self, blocks: &mut TextBlocks<'_>) -> Result<Option<String>> {
        let mut text = String::new();
        while text.len() < self.header.len() && !blocks.is_at_end() {
            text = blocks.add_to(text, self.piece_bytes)?;
        }
        Ok(text.strip_prefix(self.header).map(str::to_owned))
    }

    /// Reads the rows in order, and finds what they repeat; `None` when it gave up behind one with a time or a quantity
    /// that another dialect might read.
    fn in_order(&self, decided: &Decided, gives_up: bool) -> Result<Option<FileLines>> {
        let OfFile { file, number, of_export, of_stamp } = self.of;
        let mut lines = FileLines { number, ..FileLines::unread(file) };
        let mut repeated = RepeatedTables::new(self.table.header_text(), of_export.is_alone);
        let (mut ends_with_a_line_end, mut is_behind_header) = (self.header.ends_with('\n'), false);
        let mut gave_up = false;
        let mut read_piece = |table: &UsageTable<'_>| {
            if gave_up {
                return (table.end(), Ok(()));
            }
            let mut piece = FileLines { shape: lines.shape, ..FileLines::unread(file) };
            let mut reader = LineReader::new(file, of_stamp.texts, &mut piece, decided.dialect.clone())
                .behind(lines.read.lines as u32);
            let mut rows = table.rows();
            let (place, outcome) = loop {
                let place = rows.place();
                match reader.read_row(table, &mut rows) {
                    Ok(true) => {
                        let is_behind_header = std::mem::take(&mut is_behind_header) || rows.is_behind_header();
                        repeated.push(rows.source(), is_behind_header);
                        if gives_up && reader.has_unreadable() {
                            gave_up = true;
                            break (table.end(), Ok(()));
                        }
                    }
                    // The rows behind a header may be in the next piece.
                    Ok(false) => {
                        is_behind_header |= rows.is_behind_header();
                        break (rows.place(), Ok(()));
                    }
                    Err(error) => break (place, Err(error)),
                }
            };
            reader.finish();
            piece.decimals.add(piece.days.values().flat_map(|chunk| &chunk.quantity));
            ends_with_a_line_end = table.ends_with_a_line_end();
            let absorbed = lines.absorb(piece, 0, of_stamp.days).map(|_| ());
            (place, absorbed.and(outcome))
        };
        let (read, content) = self.pass_in_order(&mut read_piece)?;
        if gave_up {
            of_stamp.days.forget(number)?;
            return Ok(None);
        }
        (lines.file, lines.content) = (read, content);
        lines.may_be_cut = !ends_with_a_line_end;
        (lines.repeats, lines.bodies) = repeated.finish();
        Ok(Some(lines))
    }

    /// Hands the rows over piece by piece, in order. `read` returns where the last whole row ends, and what is wrong
    /// behind it: that is looked at again with more text, as long as there is some.
    fn pass_in_order(
        &self,
        mut read: impl FnMut(&UsageTable<'_>) -> (usize, Result<()>),
    ) -> Result<(ReadFile, Fingerprint)> {
        let file = self.of.file;
        let mut blocks = TextBlocks::open(file, self.how)?;
        let mut place = place_in(self.header.as_bytes());
        refuse_zeros(self.header.as_bytes(), file)?;
        let mut text = self.rows_behind_header(&mut blocks)?.unwrap_or_default();
        loop {
            self.of.of_stamp.control.check()?;
            refuse_zeros_behind(text.as_bytes(), file, place)?;
            let whole = if blocks.is_at_end() { text.len() } else { end_of_lines(&text) };
            let (bytes, outcome) =
                if whole == 0 { (0, Ok(())) } else { read(&self.table.with_rows(&text[..whole], place.line)) };
            if blocks.is_at_end() {
                outcome?;
                return blocks.finish();
            }
            if outcome.is_err() && text.len() - bytes > ROW_BYTES_MAX {
                outcome?;
            }
            place = TextPlace { line: place_in(&text.as_bytes()[..bytes]).behind(place).line, column: 1 };
            text.drain(..bytes);
            if text.len() > ROW_BYTES_MAX {
                return Err(too_large(file, place));
            }
            let bytes = more_bytes(self.piece_bytes, text.len());
            text = blocks.add_to(text, bytes)?;
        }
    }

    /// What is known of a table once all its rows are read.
    fn finished(&self, mut lines: FileLines, decided: &Decided) -> FileLines {
        lines.note_table(decided, self.table.delimiter());
        lines
    }
}

/// The end of the last whole line of a text.
fn end_of_lines(text: &str) -> usize {
    memrchr(b'\n', text.as_bytes()).map_or(0, |at| at + 1)
}

/// The last line end behind which a row seems to begin: rows begin alike, with a quote or without.
fn cut(text: &str) -> Option<(usize, ())> {
    let is_quoted = text.starts_with('"');
    let begins_alike = |at: &usize| text.as_bytes().get(at + 1).is_some_and(|byte| !is_quoted || *byte == b'"');
    memrchr_iter(b'\n', text.as_bytes()).find(begins_alike).map(|at| (at + 1, ()))
}

/// The rows that are whole in a piece.
fn whole_rows(text: &str, is_last: bool) -> &str {
    if is_last { text } else { &text[..end_of_lines(text)] }
}

/// Rows → lines.
struct LinePieces<'a> {
    large: LargeTable<'a>,
    dialect: Dialect,
    /// What to note a time or a quantity in that another dialect might read; it ends the reading.
    has_unreadable: Option<&'a AtomicBool>,
    /// What the repetition of a table or of its rows begins with.
    begins: Vec<Finder<'a>>,
    /// Whether no piece was taken yet.
    is_first: bool,
    ends_with_a_line_end: bool,
    lines: FileLines,
}

impl LinePieces<'_> {
    /// Notes whether the last row has a time or a quantity that another dialect might read, if that is to be noted.
    fn notes_unreadable(&self, reader: &LineReader<'_>) -> bool {
        let Some(noted) = self.has_unreadable.filter(|_| reader.has_unreadable()) else { return false };
        noted.store(true, Ordering::Relaxed);
        true
    }
}

impl PieceReader for LinePieces<'_> {
    type Inside = ();
    /// The lines, and the last place at which a repetition may begin.
    type Piece = (FileLines, Option<usize>);

    fn read(&self, text: &str, (): (), is_last: bool) -> Option<Read<Self::Piece, ()>> {
        let OfFile { file, of_stamp, .. } = self.large.of;
        let rows = whole_rows(text, is_last);
        if memchr(0, rows.as_bytes()).is_some() {
            return None;
        }
        let table = self.large.table.with_rows(rows, 1);
        let mut lines = FileLines::unread(file);
        let reader = LineReader::new(file, of_stamp.texts, &mut lines, self.dialect.clone());
        let gives_up = |reader: &LineReader<'_>| self.notes_unreadable(reader);
        match of_stamp.threads.with(|thread| read_rows(reader, &table, Some(&mut thread.memory), gives_up)) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(_) if is_last => return None,
            // A cell may go on behind the piece.
            Err(_) => return Some(Read { piece: (FileLines::unread(file), None), bytes: 0, inside: () }),
        }
        lines.decimals.add(lines.days.values().flat_map(|chunk| &chunk.quantity));
        let again = self.begins.iter().filter_map(|begin| begin.find_iter(rows.as_bytes()).last()).max();
        Some(Read { piece: (lines, again), bytes: rows.len(), inside: () })
    }

    fn cut(&self, text: &str) -> Option<(usize, ())> {
        cut(text)
    }

    fn take(&mut self, (piece, again): Self::Piece, text: &str) -> Result<bool> {
        if text.is_empty() {
            return Ok(true);
        }
        let is_first_row = std::mem::take(&mut self.is_first) && again == Some(0);
        if again.is_some() && !is_first_row {
            return Ok(false);
        }
        self.ends_with_a_line_end = text.ends_with(['\n', '\r']);
        let before = self.lines.read.lines as u32;
        self.lines.absorb(piece, before, self.large.of.of_stamp.days)
    }
}

/// Rows → how they write times and numbers.
struct SurveyPieces<'a> {
    large: LargeTable<'a>,
    surveyed: SurveyedTable,
}

impl PieceReader for SurveyPieces<'_> {
    type Inside = ();
    type Piece = SurveyedTable;

    fn read(&self, text: &str, (): (), is_last: bool) -> Option<Read<SurveyedTable, ()>> {
        let rows = whole_rows(text, is_last);
        let mut piece = SurveyedTable::default();
        match self.large.table.with_rows(rows, 1).survey(&mut piece) {
            (_, Ok(())) => Some(Read { piece, bytes: rows.len(), inside: () }),
            (_, Err(_)) if is_last => None,
            (_, Err(_)) => Some(Read { piece: SurveyedTable::default(), bytes: 0, inside: () }),
        }
    }

    fn cut(&self, text: &str) -> Option<(usize, ())> {
        cut(text)
    }

    fn take(&mut self, piece: SurveyedTable, _text: &str) -> Result<bool> {
        self.surveyed.merge(piece);
        Ok(true)
    }
}
