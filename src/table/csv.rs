//! Flat CSV: RFC 4180, UTF-8 with a byte order mark, numbers with `.` and no exponent, ISO dates.
//!
//! A text cell that a spreadsheet would run as a formula gets a leading `'` and is counted; numeric cells never.
//!
//! Flat files are the largest published files, more than ten times their Parquet, so they are written to disk as they
//! grow.

use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::{memchr_iter, memchr3_iter};
use rayon::prelude::*;

use super::column::{Column, Kind, Typed};
use super::contract::columns::{LINE_COUNT, QUANTITY};
use crate::domain::limits::CSV_ROWS_MAX;
use crate::domain::totals::Checksum;
use crate::domain::{Amount, Charge, Day, Hour, Month, Quantity};
use crate::error::{Error, Result};
use crate::store::disk;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// One CSV table being written, in parts of at most [`CSV_ROWS_MAX`] rows.
#[derive(Debug)]
pub struct CsvTable {
    columns: &'static [Column],
    rows_max: usize,
    parts: Vec<CsvPart>,
    /// The current part, without what is already in its file.
    part: CsvRows,
    /// The folder for parts larger than [`HELD_BYTES_MAX`]; without it they stay in memory.
    files: Option<PartFiles>,
    file: Option<PartFile>,
}

/// Some rows of a table.
#[derive(Debug, Default)]
pub struct CsvRows {
    columns: &'static [Column],
    /// The first column whose place another cell had.
    unbound: Option<&'static str>,
    bytes: Vec<u8>,
    rows: usize,
    sum: Checksum,
    /// Cells that got a leading `'`.
    guarded: u64,
}

/// One finished part.
#[derive(Debug)]
pub struct CsvPart {
    /// All of it, unless it is in a file.
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub sum: Checksum,
    /// Cells that got a leading `'`.
    pub guarded: u64,
    pub(crate) file: Option<WrittenPart>,
}

/// A part in a file.
#[derive(Debug)]
pub(crate) struct WrittenPart {
    pub name: String,
    pub bytes: u64,
    pub blake3: String,
}

/// Unique file names in a folder.
#[derive(Clone, Debug)]
pub(crate) struct PartFiles {
    pub folder: PathBuf,
    pub next: Arc<AtomicU64>,
}

/// A part whose file is being written.
#[derive(Debug)]
struct PartFile {
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    hasher: blake3::Hasher,
}

/// The bytes of a part that are held in memory before they are written to its file.
const HELD_BYTES_MAX: usize = 1 << 20;
/// The number of rows that a thread writes at a time, and after which the held bytes are checked.
const BLOCK_ROWS: usize = 1 << 10;
/// The number of blocks that are written before they are appended in order: this bounds memory.
const BLOCKS_A_THREAD: usize = 4;

impl PartFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.hasher.update(bytes);
        disk::append(&self.path, &mut self.file, bytes)
    }
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub enum CsvCell<'a> {
    Text(Option<&'a str>),
    Day(Day),
    Month(Month),
    Hour(Hour),
    Integer(i64),
    Quantity(Quantity),
    Charge(Charge),
    Amount(Amount),
    Boolean(bool),
}

/// A cell with the name of its column.
pub type NamedCell<'a> = (&'static str, CsvCell<'a>);

impl<T: ?Sized> Typed<T> {
    /// A cell of a column.
    pub const fn cell(self, cell: CsvCell<'_>) -> NamedCell<'_> {
        (self.name(), cell)
    }
}

impl CsvTable {
    pub fn new(columns: &'static [Column]) -> Self {
        Self::with_rows_max(columns, CSV_ROWS_MAX)
    }

    /// A table whose parts hold at most `rows_max` rows.
    pub fn with_rows_max(columns: &'static [Column], rows_max: usize) -> Self {
        Self {
            columns,
            rows_max,
            parts: Vec::new(),
            part: CsvRows { bytes: header(columns), ..CsvRows::new(columns) },
            files: None,
            file: None,
        }
    }

    /// The same, with parts written to files as they grow.
    pub(crate) fn growing_in(mut self, files: PartFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// The number of cells in a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Adds a row of the table's columns; `lines` and `quantity` are its own, and are summed for the proof.
    ///
    /// # Errors
    /// The file of the current part cannot be written.
    pub fn row(&mut self, cells: &[NamedCell<'_>], lines: i64, quantity: Quantity) -> Result<()> {
        if self.part.rows == self.rows_max {
            self.finish_part()?;
        }
        self.part.row(cells, lines, quantity);
        self.part.refuse_unbound()?;
        if self.part.rows.is_multiple_of(BLOCK_ROWS) { self.let_go() } else { Ok(()) }
    }

    /// Adds this number of rows. Several threads call `write` for ranges of them.
    ///
    /// # Errors
    /// As [`CsvTable::row`].
    pub fn rows(&mut self, rows: usize, write: impl Fn(Range<usize>, &mut CsvRows) + Sync) -> Result<()> {
        let at_a_time = BLOCKS_A_THREAD * BLOCK_ROWS * rayon::current_num_threads();
        let mut from = 0;
        while from < rows {
            if self.part.rows == self.rows_max {
                self.finish_part()?;
            }
            let end = rows.min(from + at_a_time).min(from + self.rows_max - self.part.rows);
            let blocks: Vec<usize> = (from..end).step_by(BLOCK_ROWS).collect();
            let written = |first: usize| {
                let mut block = CsvRows::new(self.columns);
                write(first..end.min(first + BLOCK_ROWS), &mut block);
                block
            };
            for block in blocks.into_par_iter().map(written).collect::<Vec<_>>() {
                block.refuse_unbound()?;
                self.part.append(&block);
                self.let_go()?;
            }
            from = end;
        }
        Ok(())
    }

    /// Appends the held bytes to the part's file, if they are many and parts go to files.
    fn let_go(&mut self) -> Result<()> {
        let Some(files) = self.files.clone().filter(|_| self.part.bytes.len() > HELD_BYTES_MAX) else { return Ok(()) };
        if self.file.is_none() {
            let name = files.next.fetch_add(1, Ordering::Relaxed).to_string();
            let path = files.folder.join(&name);
            let file = disk::create(&path)?;
            self.file = Some(PartFile { name, path, file, bytes: 0, hasher: blake3::Hasher::new() });
        }
        if let Some(file) = &mut self.file {
            file.append(&self.part.bytes)?;
            self.part.bytes.clear();
        }
        Ok(())
    }

    fn finish_part(&mut self) -> Result<()> {
        let next = CsvRows { bytes: header(self.columns), ..CsvRows::new(self.columns) };
        let CsvRows { mut bytes, rows, sum, guarded, .. } = std::mem::replace(&mut self.part, next);
        let file = match self.file.take() {
            None => None,
            Some(mut file) => {
                file.append(&std::mem::take(&mut bytes))?;
                let PartFile { name, bytes, hasher, .. } = file;
                Some(WrittenPart { name, bytes, blake3: hasher.finalize().to_hex().to_string() })
            }
        };
        self.parts.push(CsvPart { bytes, rows: rows as u64, sum, guarded, file });
        Ok(())
    }

    /// The finished parts; a table without rows has one with only the header.
    ///
    /// # Errors
    /// As [`CsvTable::row`].
    pub fn finish(mut self) -> Result<Vec<CsvPart>> {
        self.finish_part()?;
        Ok(self.parts)
    }
}

impl CsvRows {
    fn new(columns: &'static [Column]) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Checks that each cell is in the place of its column; the first mismatch is kept.
    fn binds(&mut self, cells: &[NamedCell<'_>]) {
        // Names are constants, so mostly they are the same pointer.
        let is_of =
            |(column, (name, _)): (&Column, &NamedCell<'_>)| std::ptr::eq(column.name, *name) || column.name == *name;
        if self.columns.len() != cells.len() || !self.columns.iter().zip(cells).all(is_of) {
            let wrong = self
                .columns
                .iter()
                .enumerate()
                .find(|(at, column)| cells.get(*at).is_none_or(|(name, _)| column.name != *name));
            let name =
                wrong.map(|(_, column)| column.name).or_else(|| cells.get(self.columns.len()).map(|cell| cell.0));
            self.unbound = self.unbound.or(name);
        }
    }

    fn refuse_unbound(&self) -> Result<()> {
        self.unbound.map_or(Ok(()), |name| {
            Err(Error::bug(format!("a CSV row does not say its column {name} where that stands")))
        })
    }

    /// Adds a row, as [`CsvTable::row`] does.
    pub fn row(&mut self, cells: &[NamedCell<'_>], lines: i64, quantity: Quantity) {
        self.binds(cells);
        for (at, (_, cell)) in cells.iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            self.cell(*cell);
        }
        self.bytes.extend_from_slice(ROW_END);
        self.rows += 1;
        self.sum.lines += lines;
        self.sum.add(quantity);
    }

    fn append(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
        self.rows += other.rows;
        self.sum.merge(other.sum);
        self.guarded += other.guarded;
    }

    fn cell(&mut self, cell: CsvCell<'_>) {
        let bytes = &mut self.bytes;
        let written = match cell {
            CsvCell::Text(None) => Ok(()),
            CsvCell::Text(Some(text)) => {
                let is_formula = is_formula(text);
                self.guarded += u64::from(is_formula);
                field(if is_formula { "'" } else { "" }, text, bytes);
                Ok(())
            }
            CsvCell::Day(day) => write!(bytes, "{day}"),
            CsvCell::Month(month) => write!(bytes, "{month}"),
            CsvCell::Hour(hour) => write!(bytes, "{}T{:02}:00:00Z", hour.day(), hour.hour_of_day()),
            CsvCell::Integer(value) => write!(bytes, "{value}"),
            CsvCell::Quantity(quantity) => write!(bytes, "{quantity}"),
            CsvCell::Charge(charge) => write!(bytes, "{charge}"),
            CsvCell::Amount(amount) => write!(bytes, "{amount}"),
            CsvCell::Boolean(value) => write!(bytes, "{value}"),
        };
        written.expect("memory takes whatever is written");
    }
}

const ROW_END: &[u8] = b"\r\n";

/// The start of a part.
fn header(columns: &[Column]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 << 16);
    bytes.extend_from_slice(BYTE_ORDER_MARK.as_bytes());
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            bytes.push(b',');
        }
        field("", column.name, &mut bytes);
    }
    bytes.extend_from_slice(ROW_END);
    bytes
}

/// Appends a text, quoted if necessary (RFC 4180).
fn field(before: &str, text: &str, bytes: &mut Vec<u8>) {
    // Checking all bytes is vectorised, stopping at the first match is not.
    let needs_quotes = |found: bool, byte: &u8| found | matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !text.as_bytes().iter().fold(false, needs_quotes) {
        bytes.extend_from_slice(before.as_bytes());
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    bytes.extend_from_slice(before.as_bytes());
    let mut from = 0;
    for quote in memchr_iter(b'"', text.as_bytes()) {
        bytes.extend_from_slice(&text.as_bytes()[from..=quote]);
        from = quote;
    }
    bytes.extend_from_slice(&text.as_bytes()[from..]);
    bytes.push(b'"');
}

/// Whether a spreadsheet may run the text (OWASP's list).
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Reads a CSV file back: its number of rows, and for a table with quantities their checksum.
///
/// # Errors
/// The bytes are no such CSV.
pub fn read_back(columns: &[Column], mut bytes: impl Read) -> Result<(u64, Option<Checksum>)> {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let (quantity, line_count) = (place(QUANTITY.name()), place(LINE_COUNT.name()));
    // Numbers and dates have neither commas nor quotes: if only these follow the quantity, the last cells of a row are
    // found from its end.
    let is_plain = |column: &Column| column.kind != Kind::Text;
    if let Some(first) = quantity.filter(|&first| columns[first..].iter().all(is_plain)) {
        let from_end = |place: usize| columns.len() - 1 - place;
        let line_count = line_count.filter(|&at| at > first).map(from_end);
        return plain_tails(bytes, columns, from_end(first), line_count);
    }
    let mut mark = [0; BYTE_ORDER_MARK.len()];
    bytes.read_exact(&mut mark).map_err(failed)?;
    if mark != BYTE_ORDER_MARK.as_bytes() {
        return Err(broken());
    }
    whole_rows(bytes, quantity, line_count)
}

/// Reads rows from their ends; quantity and count of lines are this number of cells before the end.
fn plain_tails(
    mut bytes: impl Read,
    columns: &[Column],
    quantity: usize,
    line_count: Option<usize>,
) -> Result<(u64, Option<Checksum>)> {
    let header = header(columns);
    let mut held = vec![0; 1 << 18];
    let (mut filled, mut rows, mut sum) = (0, 0_u64, Checksum::default());
    loop {
        if filled == held.len() {
            held.resize(2 * filled, 0);
        }
        let read = bytes.read(&mut held[filled..]).map_err(failed)?;
        filled += read;
        let mut from = 0;
        while let Some((end, cells)) = row_end(&held[from..filled]) {
            let row = &held[from..from + end];
            from += end;
            rows += 1;
            if rows == 1 {
                if row != header {
                    return Err(broken());
                }
                continue;
            }
            let row = row.strip_suffix(ROW_END).filter(|_| cells == columns.len()).ok_or_else(broken)?;
            let cell = |from_end: usize| row.rsplit(|&byte| byte == b',').nth(from_end).ok_or_else(broken);
            sum.merge(row_of(cell(quantity)?, line_count.map(cell).transpose()?)?);
        }
        held.copy_within(from..filled, 0);
        filled -= from;
        if read == 0 {
            // The header is a row of its own.
            return if filled == 0 && rows > 0 { Ok((rows - 1, Some(sum))) } else { Err(broken()) };
        }
    }
}

/// The end of the first row, with its line end, and the number of its cells.
fn row_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut in_quotes, mut cells) = (false, 1);
    for at in memchr3_iter(b'"', b',', b'\n', bytes) {
        match bytes[at] {
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            b',' => cells += 1,
            _ => return Some((at + 1, cells)),
        }
    }
    None
}

/// Reads rows cell by cell.
fn whole_rows(bytes: impl Read, quantity: Option<usize>, line_count: Option<usize>) -> Result<(u64, Option<Checksum>)> {
    let mut reader = csv::Reader::from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    let mut sum = Checksum::default();
    while reader.read_byte_record(&mut record).map_err(|error| Error::bug_of("read back CSV", error))? {
        rows += 1;
        let cell = |at: usize| record.get(at).ok_or_else(broken);
        if let Some(quantity) = quantity {
            sum.merge(row_of(cell(quantity)?, line_count.map(cell).transpose()?)?);
        }
    }
    Ok((rows, quantity.map(|_| sum)))
}

/// The lines and the quantity of a row; a row without a count is one line.
fn row_of(quantity: &[u8], line_count: Option<&[u8]>) -> Result<Checksum> {
    fn text(cell: &[u8]) -> Result<&str> {
        std::str::from_utf8(cell).map_err(|_no_text| broken())
    }
    let lines = line_count.map(|cell| text(cell)?.parse().map_err(|error| Error::bug_of("read back CSV", error)));
    let mut sum = Checksum::of_lines(0);
    sum.lines = lines.unwrap_or(Ok(1))?;
    sum.add(Quantity::parse(text(quantity)?).map_err(|_reason| broken())?.quantity);
    Ok(sum)
}

fn broken() -> Error {
    failed(std::io::Error::other("a row that is not as it was written"))
}

fn failed(error: std::io::Error) -> Error {
    Error::bug_of("read back CSV", error)
}
