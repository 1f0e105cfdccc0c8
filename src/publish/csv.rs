//! Flat CSV: RFC 4180, UTF-8 with a byte order mark, numbers with `.` and no exponent, ISO dates.
//!
//! A text cell that a spreadsheet would take for a formula gets a leading `'` and is counted; numeric cells never.
//!
//! Flat files are the largest that are published, ten times their Parquet and more, so they go to disk as they grow.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk;
use crate::domain::limits::CSV_ROWS_MAX;
use crate::domain::totals::Checksum;
use crate::domain::{Amount, Charge, Day, Hour, Month, Quantity};
use crate::error::{Error, Result};
use crate::schema::Column;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// One CSV table being written, in parts of at most [`CSV_ROWS_MAX`] rows.
#[derive(Debug)]
pub struct CsvTable {
    columns: &'static [Column],
    rows_max: usize,
    parts: Vec<CsvPart>,
    writer: csv::Writer<Vec<u8>>,
    rows: usize,
    sum: Checksum,
    /// Where parts go that grow beyond [`HELD_BYTES_MAX`]; without it they stay in memory.
    files: Option<PartFiles>,
    file: Option<PartFile>,
    /// Cells that got a leading `'`.
    pub guarded: u64,
}

/// One finished part.
#[derive(Debug)]
pub struct CsvPart {
    /// All of it, unless it went to a file.
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub sum: Checksum,
    pub(super) file: Option<WrittenPart>,
}

/// A part that went to a file.
#[derive(Debug)]
pub(super) struct WrittenPart {
    pub name: String,
    pub bytes: u64,
    pub blake3: String,
}

/// Names for files in a folder, each once.
#[derive(Clone, Debug)]
pub(super) struct PartFiles {
    pub folder: PathBuf,
    pub next: Arc<AtomicU64>,
}

/// A part that is being written to a file.
#[derive(Debug)]
struct PartFile {
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    hasher: blake3::Hasher,
}

/// What of a part is held in memory before it goes to its file.
const HELD_BYTES_MAX: usize = 1 << 20;
/// Rows between two looks at how much is held.
const LOOK_ROWS: usize = 1 << 10;

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
}

impl CsvTable {
    /// # Errors
    /// The header cannot be written, which does not happen in memory.
    pub fn new(columns: &'static [Column]) -> Result<Self> {
        Self::with_rows_max(columns, CSV_ROWS_MAX)
    }

    /// A table whose parts hold at most `rows_max` rows.
    ///
    /// # Errors
    /// As [`CsvTable::new`].
    pub fn with_rows_max(columns: &'static [Column], rows_max: usize) -> Result<Self> {
        let writer = part_writer(columns)?;
        Ok(Self {
            columns,
            rows_max,
            parts: Vec::new(),
            writer,
            rows: 0,
            sum: Checksum::default(),
            files: None,
            file: None,
            guarded: 0,
        })
    }

    /// The same, its parts going to files as they grow.
    pub(super) fn growing_in(mut self, files: PartFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// How many cells a row has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Adds a row of the table's columns; `lines` and `quantity` stand in it, and are summed for the proof.
    ///
    /// # Errors
    /// As [`CsvTable::new`].
    pub fn row(&mut self, cells: &[CsvCell<'_>], lines: i64, quantity: Quantity) -> Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len());
        if self.rows == self.rows_max {
            self.finish_part()?;
        }
        for cell in cells {
            self.cell(*cell).map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)?;
        self.rows += 1;
        self.sum.lines += lines;
        self.sum.add(quantity);
        if self.rows.is_multiple_of(LOOK_ROWS) && self.writer.get_ref().len() > HELD_BYTES_MAX {
            self.let_go()?;
        }
        Ok(())
    }

    /// Appends what is held to the part's file, if parts go to files.
    fn let_go(&mut self) -> Result<()> {
        let Some(files) = self.files.clone() else { return Ok(()) };
        let held = self.held(Vec::with_capacity(HELD_BYTES_MAX + (HELD_BYTES_MAX >> 2)))?;
        if self.file.is_none() {
            let name = files.next.fetch_add(1, Ordering::Relaxed).to_string();
            let path = files.folder.join(&name);
            let file = disk::create(&path)?;
            self.file = Some(PartFile { name, path, file, bytes: 0, hasher: blake3::Hasher::new() });
        }
        self.file.as_mut().map_or(Ok(()), |file| file.append(&held))
    }

    /// Takes what is held, and goes on with another buffer.
    fn held(&mut self, next: Vec<u8>) -> Result<Vec<u8>> {
        let finished = std::mem::replace(&mut self.writer, writer_to(next));
        finished.into_inner().map_err(|error| Error::engine("finish a CSV file", error.into_error()))
    }

    fn cell(&mut self, cell: CsvCell<'_>) -> csv::Result<()> {
        match cell {
            CsvCell::Text(None) => self.writer.write_field(""),
            CsvCell::Text(Some(text)) if is_formula(text) => {
                self.guarded += 1;
                self.writer.write_field(format!("'{text}"))
            }
            CsvCell::Text(Some(text)) => self.writer.write_field(text),
            CsvCell::Day(day) => self.writer.write_field(day.to_string()),
            CsvCell::Month(month) => self.writer.write_field(month.to_string()),
            CsvCell::Hour(hour) => self.writer.write_field(format!("{}T{:02}:00:00Z", hour.day(), hour.hour_of_day())),
            CsvCell::Integer(value) => self.writer.write_field(value.to_string()),
            CsvCell::Quantity(quantity) => self.writer.write_field(quantity.to_string()),
            CsvCell::Charge(charge) => self.writer.write_field(charge.to_string()),
            CsvCell::Amount(amount) => self.writer.write_field(amount.to_string()),
        }
    }

    fn finish_part(&mut self) -> Result<()> {
        let mut bytes = self.held(Vec::new())?;
        let file = match self.file.take() {
            None => None,
            Some(mut file) => {
                file.append(&std::mem::take(&mut bytes))?;
                let PartFile { name, bytes, hasher, .. } = file;
                Some(WrittenPart { name, bytes, blake3: hasher.finalize().to_hex().to_string() })
            }
        };
        self.parts.push(CsvPart { bytes, rows: self.rows as u64, sum: self.sum, file });
        (self.rows, self.sum) = (0, Checksum::default());
        self.writer = part_writer(self.columns)?;
        Ok(())
    }

    /// The finished parts; a table without rows has one, of its header.
    ///
    /// # Errors
    /// As [`CsvTable::new`].
    pub fn finish(mut self) -> Result<Vec<CsvPart>> {
        self.finish_part()?;
        Ok(self.parts)
    }
}

fn failed(error: csv::Error) -> Error {
    Error::engine("write CSV", error)
}

fn part_writer(columns: &[Column]) -> Result<csv::Writer<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(1 << 16);
    bytes.write_all(BYTE_ORDER_MARK.as_bytes()).map_err(|error| Error::engine("write CSV", error))?;
    let mut writer = writer_to(bytes);
    writer.write_record(columns.iter().map(|column| column.name)).map_err(failed)?;
    Ok(writer)
}

fn writer_to(bytes: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes)
}

/// Whether a spreadsheet may run the text (OWASP's list).
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Reads a CSV file back: its rows, and where it has quantities, their checksum.
///
/// # Errors
/// The bytes are no such table.
pub fn read_back(columns: &[Column], mut bytes: impl Read) -> Result<(u64, Option<Checksum>)> {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let (quantity, line_count) = (place("quantity"), place("line_count"));
    let broken = || Error::engine("read back CSV", std::io::Error::other("a row that is not as it was written"));
    let mut mark = [0; BYTE_ORDER_MARK.len()];
    bytes.read_exact(&mut mark).map_err(|error| Error::engine("read back CSV", error))?;
    if mark != BYTE_ORDER_MARK.as_bytes() {
        return Err(broken());
    }
    let mut reader = csv::Reader::from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    let mut sum = Checksum::default();
    while reader.read_byte_record(&mut record).map_err(|error| Error::engine("read back CSV", error))? {
        rows += 1;
        let cell = |at: usize| record.get(at).and_then(|cell| std::str::from_utf8(cell).ok()).ok_or_else(broken);
        if let Some(quantity) = quantity {
            sum.add(Quantity::parse(cell(quantity)?).map_err(|_reason| broken())?.quantity);
            // A row without a count is one of its own.
            let lines =
                line_count.map(|place| cell(place)?.parse().map_err(|error| Error::engine("read back CSV", error)));
            sum.lines += lines.unwrap_or(Ok(1))?;
        }
    }
    Ok((rows, quantity.map(|_| sum)))
}
