//! Our own Parquet tables, read again: some columns of the rows that a filter keeps.

use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::errors::ParquetError;

use crate::domain::{Day, Hour, Quantity};
use crate::error::{Error, Result};
use crate::schema::Table;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// What a column must say for its row to be kept.
#[derive(Clone, Debug)]
pub enum Keep {
    /// One of these texts.
    Texts(&'static str, Vec<String>),
    /// One of these integers, which are sorted.
    Integers(&'static str, Vec<i64>),
    /// This day.
    Day(&'static str, Day),
}

/// Some rows of a table, and the file that they come from.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    batch: RecordBatch,
}

/// Reads the rows of a table's file that all of `keep` hold for.
///
/// # Errors
/// The bytes are no such table as this version publishes it.
pub fn read(path: &Path, bytes: Vec<u8>, table: &Table, columns: &[&str], keep: &[Keep]) -> Result<Vec<Rows>> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(|error| broken(path).because(error))?;
    let names = builder.schema().fields().iter().map(|field| field.name().as_str());
    if !names.eq(table.columns.iter().map(|column| column.name)) {
        return Err(broken(path));
    }
    let mask = |columns: &[&str]| {
        let places = columns.iter().filter_map(|name| table.columns.iter().position(|own| own.name == *name));
        ProjectionMask::roots(builder.parquet_schema(), places)
    };
    let predicates = keep.iter().cloned().map(|keep| {
        let name = match keep {
            Keep::Texts(name, _) | Keep::Integers(name, _) | Keep::Day(name, _) => name,
        };
        let holds = move |batch: RecordBatch| {
            keeps(&keep, batch.column(0)).ok_or_else(|| arrow::error::ArrowError::SchemaError(name.to_owned()))
        };
        Box::new(ArrowPredicateFn::new(mask(&[name]), holds)) as _
    });
    let filter = RowFilter::new(predicates.collect());
    let mask = mask(columns);
    let reader = builder.with_projection(mask).with_row_filter(filter).with_batch_size(BATCH_ROWS).build();
    let reader = reader.map_err(|error: ParquetError| broken(path).because(error))?;
    reader
        .map(|batch| {
            let batch = batch.map_err(|error| broken(path).because(error))?;
            Ok(Rows { path: path.to_owned(), batch })
        })
        .collect()
}

fn broken(path: &Path) -> Error {
    Error::input("not a table that this version publishes")
        .at(path.display().to_string())
        .hint("publish once more with this version")
}

fn keeps(keep: &Keep, column: &ArrayRef) -> Option<BooleanArray> {
    Some(match keep {
        Keep::Texts(_, wanted) => {
            let column: &StringArray = column.as_string_opt()?;
            column.iter().map(|own| Some(own.is_some_and(|own| wanted.iter().any(|wanted| wanted == own)))).collect()
        }
        Keep::Integers(_, wanted) => {
            let column = column.as_primitive_opt::<Int64Type>()?;
            column.iter().map(|own| Some(own.is_some_and(|own| wanted.binary_search(&own).is_ok()))).collect()
        }
        Keep::Day(_, day) => {
            let column = column.as_primitive_opt::<Date32Type>()?;
            column.iter().map(|own| Some(own == Some(day.days_since_epoch()))).collect()
        }
    })
}

impl Rows {
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn column<'a, T: 'a>(&'a self, name: &str, of: impl Fn(&'a ArrayRef) -> Option<&'a T>) -> Result<&'a T> {
        self.batch.column_by_name(name).and_then(of).ok_or_else(|| broken(&self.path))
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn texts(&self, name: &str) -> Result<&StringArray> {
        self.column(name, |own| own.as_string_opt())
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn integers(&self, name: &str) -> Result<&Int64Array> {
        self.column(name, |own| own.as_primitive_opt::<Int64Type>())
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn booleans(&self, name: &str) -> Result<&BooleanArray> {
        self.column(name, |own| own.as_boolean_opt())
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn quantities(&self, name: &str) -> Result<Quantities<'_>> {
        self.column(name, |own| own.as_primitive_opt::<Decimal128Type>()).map(Quantities)
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn days(&self, name: &str) -> Result<Vec<Day>> {
        let column = self.column(name, |own| own.as_primitive_opt::<Date32Type>())?;
        Ok(column.values().iter().map(|&days| Day::of_days(days)).collect())
    }

    /// Instants; `None` is null.
    ///
    /// # Errors
    /// As [`Rows::texts`]; or one of them is on no full hour.
    pub fn hours(&self, name: &str) -> Result<Vec<Option<Hour>>> {
        let column = self.column(name, |own| own.as_primitive_opt::<TimestampMicrosecondType>())?;
        let hour = |micros: Option<i64>| {
            micros.map(|micros| Hour::of_micros(micros).ok_or_else(|| broken(&self.path))).transpose()
        };
        column.iter().map(hour).collect()
    }
}

/// A column of quantities.
#[derive(Clone, Copy, Debug)]
pub struct Quantities<'a>(&'a Decimal128Array);

impl<'a> Quantities<'a> {
    pub(super) fn array(self) -> &'a Decimal128Array {
        self.0
    }

    pub fn value(self, row: usize) -> Quantity {
        Quantity::from_scaled(self.0.value(row))
    }

    /// `None` where it is null.
    pub fn maybe(self, row: usize) -> Option<Quantity> {
        (!self.0.is_null(row)).then(|| self.value(row))
    }
}

/// A text, or `None` where it is null.
pub fn text(column: &StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}

/// An integer, or `None` where it is null.
pub fn integer(column: &Int64Array, row: usize) -> Option<i64> {
    (!column.is_null(row)).then(|| column.value(row))
}

/// The refusal of published tables that contradict each other.
pub fn contradiction(path: &str, what: String) -> Error {
    Error::balance(what)
        .at(path)
        .hint("the published tables do not belong together: publish once more, into an empty folder")
}
