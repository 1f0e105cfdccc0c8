//! Published tables as input: `lines` and `resources`, for operators who archive what was published instead of the
//! exports.
//!
//! A published line names its resource by key alone, so the `resources.parquet` of the same publication lies beside the
//! lines, in the same export. Both are recognised by their columns.

use std::fs::File;
use std::io::Read;

use arrow::cast::AsArray;
use arrow::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow::{Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use super::chunk::LineNumbers;
use super::context::OfFile;
use super::lines::FileLines;
use crate::domain::limits::QUANTITY_SCALE;
use crate::domain::{Granularity, Hour, Quantity, Slot, Span, Window};
use crate::error::{Error, Result};
use crate::read::format::row::InstanceText;
use crate::read::format::shape::Shape;
use crate::read::format::text::Content;
use crate::read::format::unpack::UnpackedFile;
use crate::read::intern::Interners;
use crate::store::{InputFile, ReadFile};
use crate::table::contract;
use crate::table::contract::exports::{WINDOW_END, WINDOW_START};

const MAGIC: &[u8] = b"PAR1";

pub(in crate::read) fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Whether a file is Parquet, by its first bytes.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_parquet_file(file: &InputFile) -> Result<bool> {
    let failed = |error| Error::machine("read", &file.path, error);
    let mut first = Vec::new();
    let opened = File::open(&file.path).map_err(failed)?;
    opened.take(MAGIC.len() as u64).read_to_end(&mut first).map_err(failed)?;
    Ok(is_parquet(&first))
}

/// Reads a Parquet file that stacktally published.
///
/// # Errors
/// The file is no Parquet, cut off, or neither `lines` nor `resources`.
pub(in crate::read) fn read_parquet(file: &InputFile, content: Content, texts: &Interners) -> Result<FileLines> {
    read_batches(file, Bytes::from(content.bytes), texts, FileLines::new(content.file), |_| Ok(()))
}

/// Reads a large Parquet file, which is not in memory as a whole. Its lines are handed over as they are read.
///
/// # Errors
/// As [`read_parquet`].
pub(super) fn read_large_parquet(of: OfFile<'_>) -> Result<FileLines> {
    let OfFile { file, number, of_stamp, .. } = of;
    let unpacked = UnpackedFile::open(file)?;
    let opened = File::open(&file.path).map_err(|error| Error::machine("read", &file.path, error))?;
    let lines = FileLines { number, ..FileLines::unread(file) };
    let mut lines = read_batches(file, opened, of_stamp.texts, lines, |lines| {
        of_stamp.control.check()?;
        lines.hand_over(of_stamp.days)
    })?;
    let (bytes, fingerprint) = unpacked.finish_all()?;
    lines.file = ReadFile { bytes, fingerprint, ..lines.file };
    lines.content = fingerprint;
    Ok(lines)
}

/// Reads the batches of a Parquet file. `each` is called behind each of them.
fn read_batches(
    file: &InputFile,
    source: impl ChunkReader + 'static,
    texts: &Interners,
    mut lines: FileLines,
    mut each: impl FnMut(&mut FileLines) -> Result<()>,
) -> Result<FileLines> {
    let broken = |error: parquet::errors::ParquetError| {
        Error::input("a Parquet file that cannot be read").at(&file.name).hint(HINT).because(error)
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(source).map_err(broken)?;
    let columns: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let has_columns_of = |table: &crate::table::column::Table| {
        table.columns.iter().map(|column| column.name).eq(columns.iter().map(String::as_str))
    };
    let (is_lines, is_resources) = (has_columns_of(&contract::LINES), has_columns_of(&contract::RESOURCES));
    if !is_lines && !is_resources {
        return Err(Error::input(format!("a Parquet file with the columns {}", crate::domain::shown::list(&columns)))
            .at(&file.name)
            .hint(HINT));
    }
    lines.shape = Some(if is_lines { Shape::PublishedLines } else { Shape::PublishedResources });
    for batch in builder.build().map_err(broken)? {
        let batch = batch.map_err(|error| {
            Error::input("a Parquet file that cannot be read").at(&file.name).hint(HINT).because(error)
        })?;
        if is_lines {
            read_lines(file, &batch, texts, &mut lines)?;
        } else {
            read_resources(file, &batch, &mut lines)?;
        }
        each(&mut lines)?;
    }
    Ok(lines)
}

const HINT: &str = "of Parquet, a usage folder may hold the `lines` that stacktally published, and beside them the \
    `resources.parquet` of the same publication";

/// The refusal of a cell that no published `lines` or `resources` contain.
fn refused_cell(file: &InputFile, row: usize, column: &str) -> Error {
    Error::input(format!("row {row} has a {column} that stacktally never publishes")).at(&file.name).hint(HINT)
}

fn texts_of<'b>(file: &InputFile, batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray> {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt());
    column.ok_or_else(|| refused_cell(file, 1, name))
}

fn read_lines(file: &InputFile, batch: &RecordBatch, texts: &Interners, lines: &mut FileLines) -> Result<()> {
    let text = |name| texts_of(file, batch, name);
    let (stamps, granularities) = (text("stamp")?, text("granularity")?);
    let (user_subscriptions, meters) = (text("user_subscription_id")?, text("meter_id")?);
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| refused_cell(file, 1, name));
    let times = |name: &str| {
        let column = column(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        column.ok_or_else(|| refused_cell(file, 1, name))
    };
    let (starts, window_starts, window_ends) = (times("usage_start")?, times("window_start")?, times("window_end")?);
    let keys =
        column("resource_key")?.as_primitive_opt::<Int64Type>().ok_or_else(|| refused_cell(file, 1, "resource_key"))?;
    let quantities = column("quantity")?.as_primitive_opt::<Decimal128Type>();
    let quantities = quantities
        .filter(|array| array.scale() == QUANTITY_SCALE as i8)
        .ok_or_else(|| refused_cell(file, 1, "quantity"))?;
    for (name, column) in batch.schema().fields().iter().map(|field| field.name()).zip(batch.columns()) {
        if column.null_count() > 0 && ![WINDOW_START.name(), WINDOW_END.name()].contains(&name.as_str()) {
            return Err(Error::input(format!("{name} is null, which stacktally never publishes"))
                .at(&file.name)
                .hint(HINT));
        }
    }
    for at in 0..batch.num_rows() {
        lines.read.lines += 1;
        let row = u32::try_from(lines.read.lines).map_err(|_past_u32| refused_cell(file, at + 1, "number"))?;
        let refused_cell = |column| refused_cell(file, row as usize, column);
        let start = Hour::of_micros(starts.value(at)).ok_or_else(|| refused_cell("usage_start"))?;
        let granularity = Granularity::parse(granularities.value(at)).ok_or_else(|| refused_cell("granularity"))?;
        let (slot, end) = match granularity {
            Granularity::Hourly => (Slot::hourly(start.hour_of_day()), start + 1),
            Granularity::Daily if start.hour_of_day() == 0 => (Slot::DAILY, start.day().end()),
            Granularity::Daily => return Err(refused_cell("usage_start")),
        };
        let window = if window_starts.is_null(at) {
            None
        } else {
            let [start, end] = [window_starts, window_ends].map(|array| Hour::of_micros(array.value(at)));
            let window = start.zip(end).map(|(start, end)| Window { start, end });
            Some(window.filter(|window| window.start < window.end).ok_or_else(|| refused_cell("window_start"))?)
        };
        if lines.read.lines > 1 && lines.query.window != window {
            return Err(Error::input("lines of two windows in one file").at(&file.name).hint(HINT));
        }
        lines.query.window = window;
        let quantity = Quantity::from_scaled(quantities.value(at));
        if quantity < Quantity::ZERO || [user_subscriptions, meters].iter().any(|ids| ids.value(at).trim().is_empty()) {
            return Err(refused_cell("quantity or id"));
        }
        if !lines.stamps.contains(stamps.value(at)) {
            lines.stamps.insert(stamps.value(at).to_owned());
        }
        lines.read.add(quantity);
        lines.note_span(Span { day: start.day(), slot, end }, row);
        let user_subscription = texts.user_subscriptions.intern(user_subscriptions.value(at))?;
        let meter = texts.meters.intern(meters.value(at))?;
        let instance = texts.instances.intern(&InstanceText::from_published(keys.value(at)))?;
        let numbers = LineNumbers { user_subscription, meter, instance };
        lines.days.entry(start.day()).or_default().push(slot, numbers, quantity, row);
    }
    Ok(())
}

fn read_resources(file: &InputFile, batch: &RecordBatch, lines: &mut FileLines) -> Result<()> {
    let text = |name| texts_of(file, batch, name);
    let stamps = text("stamp")?;
    let parts = [text("resource_uri")?, text("location")?, text("tags")?, text("additional_info")?];
    let keys = batch.column_by_name("resource_key").and_then(|array| array.as_primitive_opt::<Int64Type>());
    let keys = keys.filter(|array| array.null_count() == 0).ok_or_else(|| refused_cell(file, 1, "resource_key"))?;
    for at in 0..batch.num_rows() {
        let text_of = |array: &StringArray| (!array.is_null(at)).then(|| array.value(at).to_owned());
        lines.resources.insert(keys.value(at), (stamps.value(at).to_owned(), parts.map(text_of)));
    }
    Ok(())
}
