//! The one Parquet profile: readable by old readers and Power BI, and deterministic byte for byte.
//!
//! Writer version 1, data pages v1, dictionaries for texts, dates and integers, plain decimals, statistics per column
//! chunk with `encoding_stats`, sorting columns, snappy (zstd for `lines`), no arrow schema (it would leak dictionary
//! types to readers).

use std::ops::Range;
use std::sync::Arc;

use arrow::cast::AsArray;
use arrow::types::{Decimal128Type, Int64Type};
use arrow::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowWriter, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::column::{Column, Kind, Table};
use super::contract;
use super::dictionary_pages::FactColumn;
use super::profile::DICTIONARY_BYTES_MAX;
use super::rows::TableColumns;
use crate::domain::Quantity;
use crate::domain::totals::Checksum;
use crate::error::{Error, Result};

/// The writer's name. It is fixed: a version would change every file with every release.
const CREATED_BY: &str = "stacktally";

/// Encodes a whole table file.
///
/// # Errors
/// Columns that are not what the table's contract says, or a failure of the writer.
pub fn encode(columns: TableColumns) -> Result<Vec<u8>> {
    let table = columns.table();
    let columns = columns.into_arrays();
    let batch = RecordBatch::try_new(schema_of(table, &columns), columns)
        .map_err(|error| Error::bug_of(&format!("lay out the table {}", table.name), error))?;
    encode_in_parts(table, batch.num_rows(), GROUP_ROWS, &|rows: Range<usize>| {
        Ok(batch.columns().iter().map(|column| column.slice(rows.start, rows.len())).collect())
    })
}

/// The rows of a part: few enough to be made while the previous ones are encoded.
const PART_ROWS: usize = 1 << 16;
/// The rows of a row group: the writer's default.
const GROUP_ROWS: usize = 1 << 20;

/// The same, from columns that are made part by part.
///
/// # Errors
/// As [`encode`].
pub fn encode_parts(
    table: &Table,
    rows: usize,
    columns_of: &(impl Fn(Range<usize>) -> Result<Vec<ArrayRef>> + Sync),
) -> Result<Vec<u8>> {
    encode_in_parts(table, rows, PART_ROWS, columns_of)
}

/// Encodes each column in a thread, while the next part is made.
fn encode_in_parts(
    table: &Table,
    rows: usize,
    part_rows: usize,
    columns_of: &(impl Fn(Range<usize>) -> Result<Vec<ArrayRef>> + Sync),
) -> Result<Vec<u8>> {
    let failed = |error: ParquetError| failed(table, error);
    let part_at = |first: usize| first..rows.min(first + part_rows);
    let mut part = columns_of(part_at(0))?;
    let schema = schema_of(table, &part);
    let (mut file, groups) = writer(table, Arc::clone(&schema), rows)?.into_serialized_writer().map_err(failed)?;
    for (group, first) in (0..rows).step_by(GROUP_ROWS).enumerate() {
        let mut writers = groups.create_column_writers(group).map_err(failed)?;
        for first in (first..rows.min(first + GROUP_ROWS)).step_by(part_rows) {
            let next = part_at(first).end;
            let (written, made) = rayon::join(
                || {
                    let columns = writers.par_iter_mut().zip(&part).zip(schema.fields().par_iter());
                    columns.try_for_each(|((writer, array), field)| {
                        compute_leaves(field, array)?.iter().try_for_each(|leaf| writer.write(leaf))
                    })
                },
                || if next < rows { columns_of(part_at(next)) } else { Ok(Vec::new()) },
            );
            written.map_err(failed)?;
            part = made?;
        }
        let chunks = writers.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let mut group = file.next_row_group().map_err(failed)?;
        for chunk in chunks.map_err(failed)? {
            chunk.append_to_row_group(&mut group).map_err(failed)?;
        }
        group.close().map_err(failed)?;
    }
    file.into_inner().map_err(failed)
}

/// The same file from columns of ranks of equal length, each column in a thread.
///
/// # Errors
/// As [`encode`].
pub fn encode_ranked(table: &Table, columns: &[FactColumn<'_>]) -> Result<Vec<u8>> {
    let failed = |error: ParquetError| failed(table, error);
    let contract = || table.columns.iter().zip(columns);
    let field = |(declared, column): (&Column, &FactColumn<'_>)| {
        Ok(Field::new(declared.name, column.data_type(declared.kind)?, declared.nullable))
    };
    let schema = Arc::new(Schema::new(contract().map(field).collect::<Result<Vec<_>>>()?));
    let rows = columns.first().map_or(0, FactColumn::len);
    let (mut file, groups) = writer(table, schema, rows)?.into_serialized_writer().map_err(failed)?;
    let descriptors = file.schema_descr().columns().to_vec();
    let properties = Arc::clone(file.properties());
    for (group, first) in (0..rows).step_by(GROUP_ROWS).enumerate() {
        let range = || first..rows.min(first + GROUP_ROWS);
        let encoded: Vec<_> = contract()
            .zip(&descriptors)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|((_, column), descriptor)| {
                column.chunk(range(), descriptor, properties.compression(descriptor.path()))
            })
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        // Created only if some column needs them.
        let mut others: Vec<Option<ArrowColumnWriter>> = Vec::new();
        if encoded.iter().any(Option::is_none) {
            others = groups.create_column_writers(group).map_err(failed)?.into_iter().map(Some).collect();
        }
        let mut group = file.next_row_group().map_err(failed)?;
        for (at, (chunk, (declared, column))) in encoded.into_iter().zip(contract()).enumerate() {
            match (chunk, others.get_mut(at).and_then(Option::take)) {
                (Some((bytes, close)), _) => group.append_column(&bytes, close).map_err(failed)?,
                (None, Some(mut writer)) => {
                    let array = column.array(declared.kind, range())?;
                    let field = Field::new(declared.name, array.data_type().clone(), declared.nullable);
                    for leaf in compute_leaves(&field, &array).map_err(failed)? {
                        writer.write(&leaf).map_err(failed)?;
                    }
                    writer.close().and_then(|chunk| chunk.append_to_row_group(&mut group)).map_err(failed)?;
                }
                (None, None) => unreachable!("writers are made for all columns where one needs them"),
            }
        }
        group.close().map_err(failed)?;
    }
    file.into_inner().map_err(failed)
}

fn failed(table: &Table, error: ParquetError) -> Error {
    Error::bug_of(&format!("encode {} as Parquet", table.name), error)
}

fn schema_of(table: &Table, columns: &[ArrayRef]) -> Arc<Schema> {
    let fields = table.columns.iter().zip(columns);
    let field =
        |(column, array): (&Column, &ArrayRef)| Field::new(column.name, array.data_type().clone(), column.nullable);
    Arc::new(Schema::new(fields.map(field).collect::<Vec<_>>()))
}

/// More than a cell of most tables needs. Memory that is never written to costs nothing; growing it by copying does.
const CELL_BYTES: usize = 4;

fn writer(table: &Table, schema: Arc<Schema>, rows: usize) -> Result<ArrowWriter<Vec<u8>>> {
    let file = Vec::with_capacity((1 << 12) + rows * table.columns.len() * CELL_BYTES);
    let options = ArrowWriterOptions::new().with_properties(properties(table)?).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, schema, options).map_err(|error| failed(table, error))
}

fn properties(table: &Table) -> Result<WriterProperties> {
    let zstd = || ZstdLevel::try_new(1).map(Compression::ZSTD).map_err(|error| Error::bug_of("set up zstd", error));
    let compression = if table.name == contract::LINES.name { zstd()? } else { Compression::SNAPPY };
    let sorted_by = (0..table.sorted_by as i32).map(|column_idx| SortingColumn {
        column_idx,
        descending: false,
        nulls_first: true,
    });
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(compression)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_column_dictionary_enabled(ColumnPath::from(contract::columns::QUANTITY.name()), false)
        .set_column_dictionary_enabled(ColumnPath::from(contract::CHARGE.name()), false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_sorting_columns(Some(sorted_by.collect()))
        .build())
}

/// Reads a table file back: its number of rows, and for a table with quantities their checksum (a row of `lines` is one
/// line).
///
/// # Errors
/// The bytes are no such table.
pub fn read_back(table: &Table, bytes: Bytes) -> Result<(u64, Option<Checksum>)> {
    let failed = |error: ParquetError| Error::bug_of(&format!("read back {}", table.name), error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(failed)?;
    let rows = builder.metadata().file_metadata().num_rows() as u64;
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let Some(quantity) = place(contract::columns::QUANTITY.name()) else { return Ok((rows, None)) };
    let line_count = place(contract::columns::LINE_COUNT.name());
    let money =
        table.columns.iter().enumerate().filter(|(_, column)| matches!(column.kind, Kind::Charge | Kind::Amount));
    let money: Vec<usize> = money.map(|(at, _)| at).collect();
    let read = std::iter::once(quantity).chain(line_count).chain(money.iter().copied());
    let mask = ProjectionMask::roots(builder.parquet_schema(), read);
    let mut sum = Checksum::default();
    for batch in builder.with_projection(mask).with_batch_size(1 << 16).build().map_err(failed)? {
        let batch = batch.map_err(|error| Error::bug_of(&format!("read back {}", table.name), error))?;
        let quantities = batch.column(0).as_primitive::<Decimal128Type>();
        quantities.values().iter().for_each(|&scaled| sum.add(Quantity::from_scaled(scaled)));
        sum.lines += match line_count {
            Some(_) => batch.column(1).as_primitive::<Int64Type>().values().iter().sum::<i64>(),
            None => batch.num_rows() as i64,
        };
        // The columns are in the order of the table, and money follows quantities and counts.
        let first_money = batch.num_columns() - money.len();
        for (column, &place) in batch.columns()[first_money..].iter().zip(&money) {
            column.as_primitive::<Decimal128Type>().iter().flatten().for_each(|scaled| sum.add_money(place, scaled));
        }
    }
    Ok((rows, Some(sum)))
}
