//! Flat CSV: RFC 4180, UTF-8 with a byte order mark, numbers with `.` and no exponent, ISO dates.
//!
//! A text cell that a spreadsheet would take for a formula gets a leading `'` and is counted; numeric cells never.

use std::io::Write;

use crate::domain::limits::CSV_ROWS_MAX;
use crate::domain::totals::Checksum;
use crate::domain::{Day, Hour, Month, Quantity};
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
    /// Cells that got a leading `'`.
    pub guarded: u64,
}

/// One finished file.
#[derive(Debug)]
pub struct CsvPart {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub sum: Checksum,
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
        Ok(Self { columns, rows_max, parts: Vec::new(), writer, rows: 0, sum: Checksum::default(), guarded: 0 })
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
        Ok(())
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
        }
    }

    fn finish_part(&mut self) -> Result<()> {
        let finished = std::mem::replace(&mut self.writer, part_writer(self.columns)?);
        let bytes = finished.into_inner().map_err(|error| Error::engine("finish a CSV file", error.into_error()))?;
        self.parts.push(CsvPart { bytes, rows: self.rows as u64, sum: self.sum });
        (self.rows, self.sum) = (0, Checksum::default());
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
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(bytes);
    writer.write_record(columns.iter().map(|column| column.name)).map_err(failed)?;
    Ok(writer)
}

/// Whether a spreadsheet may run the text (OWASP's list).
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Reads a CSV file back: its rows, and where it has quantities, their checksum.
///
/// # Errors
/// The bytes are no such table.
pub fn read_back(columns: &[Column], bytes: &[u8]) -> Result<(u64, Option<Checksum>)> {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let (quantity, line_count) = (place("quantity"), place("line_count"));
    let broken = || Error::engine("read back CSV", std::io::Error::other("a row that is not as it was written"));
    let text = bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).ok_or_else(broken)?;
    let mut reader = csv::Reader::from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    let mut sum = Checksum::default();
    while reader.read_byte_record(&mut record).map_err(|error| Error::engine("read back CSV", error))? {
        rows += 1;
        let cell = |at: usize| record.get(at).and_then(|cell| std::str::from_utf8(cell).ok()).ok_or_else(broken);
        if let (Some(quantity), Some(line_count)) = (quantity, line_count) {
            sum.add(Quantity::parse(cell(quantity)?).map_err(|_reason| broken())?.quantity);
            sum.lines += cell(line_count)?.parse::<i64>().map_err(|error| Error::engine("read back CSV", error))?;
        }
    }
    Ok((rows, quantity.and(line_count).map(|_| sum)))
}
