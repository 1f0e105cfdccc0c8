//! The one Parquet profile: what old readers and Power BI open, byte for byte the same every time.
//!
//! Writer version 1, data pages v1, dictionaries for texts, dates and integers, plain decimals, statistics per column
//! chunk with `encoding_stats`, sorting columns, snappy (zstd for `lines`), no arrow schema (it would leak dictionary
//! types to readers).

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Field, Int64Type, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use std::sync::Arc;

use crate::domain::Quantity;
use crate::domain::totals::Checksum;
use crate::error::{Error, Result};
use crate::schema::{self, Table};

/// Who wrote the file. Fixed: a version here would change every file with every release.
const CREATED_BY: &str = "stacktally";
/// Dictionaries up to this size: the default of 1 MiB drops a column of more than about 26,000 GUIDs.
const DICTIONARY_BYTES_MAX: usize = 8 << 20;

/// Encodes a whole table file.
///
/// # Errors
/// Columns that are not what the table's contract says, or a failure of the writer.
pub fn encode(table: &Table, columns: Vec<ArrayRef>) -> Result<Vec<u8>> {
    let failed = |error: ParquetError| Error::engine(&format!("encode {} as Parquet", table.name), error);
    let fields: Vec<Field> = table
        .columns
        .iter()
        .zip(&columns)
        .map(|(column, array)| Field::new(column.name, array.data_type().clone(), column.nullable))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
        .map_err(|error| Error::engine(&format!("lay out the table {}", table.name), error))?;
    let options = ArrowWriterOptions::new().with_properties(properties(table)?).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

fn properties(table: &Table) -> Result<WriterProperties> {
    let zstd = || ZstdLevel::try_new(1).map(Compression::ZSTD).map_err(|error| Error::engine("set up zstd", error));
    let compression = if table.name == schema::LINES.name { zstd()? } else { Compression::SNAPPY };
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
        .set_column_dictionary_enabled(ColumnPath::from(schema::column::QUANTITY.name), false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_sorting_columns(Some(sorted_by.collect()))
        .build())
}

/// Reads a table file back: its rows, and where it has quantities, their checksum (a row of `lines` is one line).
///
/// # Errors
/// The bytes are no such table.
pub fn read_back(table: &Table, bytes: Bytes) -> Result<(u64, Option<Checksum>)> {
    let failed = |error: ParquetError| Error::engine(&format!("read back {}", table.name), error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(failed)?;
    let rows = builder.metadata().file_metadata().num_rows() as u64;
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let Some(quantity) = place("quantity") else { return Ok((rows, None)) };
    let line_count = place("line_count");
    let mask = ProjectionMask::roots(builder.parquet_schema(), std::iter::once(quantity).chain(line_count));
    let mut sum = Checksum::default();
    for batch in builder.with_projection(mask).with_batch_size(1 << 16).build().map_err(failed)? {
        let batch = batch.map_err(|error| Error::engine(&format!("read back {}", table.name), error))?;
        let quantities = batch.column(0).as_primitive::<Decimal128Type>();
        quantities.values().iter().for_each(|&scaled| sum.add(Quantity::from_scaled(scaled)));
        sum.lines += match line_count {
            Some(_) => batch.column(1).as_primitive::<Int64Type>().values().iter().sum::<i64>(),
            None => batch.num_rows() as i64,
        };
    }
    Ok((rows, Some(sum)))
}
