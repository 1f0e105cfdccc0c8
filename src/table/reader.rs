//! Reads published Parquet tables back: some columns of the rows that pass a filter.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::cast::AsArray;
use arrow::types::{Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::{Array, ArrayRef, BooleanArray, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::errors::ParquetError;

use super::column::{AnyColumn, CellType, Kind, Table, Typed};
use super::contract;
use crate::domain::limits::{AMOUNT_PRECISION, AMOUNT_SCALE, CHARGE_SCALE, QUANTITY_PRECISION, QUANTITY_SCALE};
use crate::domain::{Amount, Charge, Day, Hour, Month, Quantity};
use crate::error::{Error, Result};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// A filter of rows.
#[derive(Clone, Debug)]
pub enum Keep {
    /// One of these texts.
    Texts(Typed<str>, Vec<String>),
    /// One of these sorted integers.
    Integers(Typed<i64>, Vec<i64>),
    /// This day.
    Day(Typed<Day>, Day),
    /// This month.
    Month(Typed<Month>, Month),
}

/// Some rows of a table, and their file.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    batch: RecordBatch,
}

/// Reads the rows of a table's file that pass all of `keep`.
///
/// # Errors
/// The file is no table as this version publishes it.
pub fn read(
    path: &Path,
    bytes: Vec<u8>,
    table: &Table,
    columns: &[&dyn AnyColumn],
    keep: &[Keep],
) -> Result<Vec<Rows>> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(|error| broken(path).because(error))?;
    let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let columns_of_table: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    // History may have been written before its last columns were added.
    let is_older = table.name == contract::CHANGES.name && columns_of_table.starts_with(&names);
    if !is_older && names != columns_of_table {
        return Err(broken(path));
    }
    let mask = |columns: &[&str]| {
        let places = columns.iter().filter_map(|name| names.iter().position(|other| other == name));
        ProjectionMask::roots(builder.parquet_schema(), places)
    };
    let predicates = keep.iter().cloned().map(|keep| {
        let name = match keep {
            Keep::Texts(column, _) => column.name(),
            Keep::Integers(column, _) => column.name(),
            Keep::Day(column, _) => column.name(),
            Keep::Month(column, _) => column.name(),
        };
        let holds = move |batch: RecordBatch| {
            keeps(&keep, batch.column(0)).ok_or_else(|| arrow_schema::ArrowError::SchemaError(name.to_owned()))
        };
        Box::new(ArrowPredicateFn::new(mask(&[name]), holds)) as _
    });
    let filter = RowFilter::new(predicates.collect());
    let columns = names_of(table, columns)?;
    let mask = mask(&columns);
    let reader = builder.with_projection(mask).with_row_filter(filter).with_batch_size(BATCH_ROWS).build();
    let reader = reader.map_err(|error: ParquetError| broken(path).because(error))?;
    reader
        .map(|batch| {
            let batch = batch.map_err(|error| broken(path).because(error))?;
            Ok(Rows { path: path.to_owned(), batch })
        })
        .collect()
}

/// Reads all rows of a table's file, its texts as the dictionaries that they are stored as ([`Rows::coded`]), some rows
/// at a time.
///
/// # Errors
/// As [`read`].
pub fn read_coded(
    path: &Path,
    bytes: Vec<u8>,
    table: &Table,
    columns: &[&dyn AnyColumn],
) -> Result<impl Iterator<Item = Result<Rows>> + use<>> {
    let columns = names_of(table, columns)?;
    let fields: Vec<Field> =
        table.columns.iter().map(|column| Field::new(column.name, coded_type(column.kind), column.nullable)).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(bytes), options)
        .map_err(|error| broken(path).because(error))?;
    let places = columns.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name));
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let reader = reader.map_err(|error: ParquetError| broken(path).because(error))?;
    let path = path.to_owned();
    Ok(reader.map(move |batch| {
        let batch = batch.map_err(|error| broken(&path).because(error))?;
        Ok(Rows { path: path.clone(), batch })
    }))
}

/// The names of the requested columns, which must all be in the table.
fn names_of(table: &Table, columns: &[&dyn AnyColumn]) -> Result<Vec<&'static str>> {
    let is_of_table = |name: &&str| table.columns.iter().any(|column| column.name == *name);
    let names: Vec<&'static str> = columns.iter().map(|column| column.column_name()).collect();
    match names.iter().find(|name| !is_of_table(name)) {
        None => Ok(names),
        Some(name) => Err(Error::bug(format!("table {} has no column {name} to be read", table.name))),
    }
}

/// The type of a column when read: texts as dictionaries.
fn coded_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        Kind::Date | Kind::Month => DataType::Date32,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Integer => DataType::Int64,
        Kind::Decimal => DataType::Decimal128(QUANTITY_PRECISION, QUANTITY_SCALE as i8),
        Kind::Charge => DataType::Decimal128(QUANTITY_PRECISION, CHARGE_SCALE as i8),
        Kind::Amount => DataType::Decimal128(AMOUNT_PRECISION, AMOUNT_SCALE as i8),
        Kind::Boolean => DataType::Boolean,
    }
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
            column
                .iter()
                .map(|cell| Some(cell.is_some_and(|text| wanted.iter().any(|wanted| wanted == text))))
                .collect()
        }
        Keep::Integers(_, wanted) => {
            let column = column.as_primitive_opt::<Int64Type>()?;
            column.iter().map(|cell| Some(cell.is_some_and(|number| wanted.binary_search(&number).is_ok()))).collect()
        }
        Keep::Day(_, day) => on(column, *day)?,
        Keep::Month(_, month) => on(column, month.first_day())?,
    })
}

/// Which cells are on that day.
fn on(column: &ArrayRef, day: Day) -> Option<BooleanArray> {
    let column = column.as_primitive_opt::<Date32Type>()?;
    Some(column.iter().map(|cell| Some(cell == Some(day.days_since_epoch()))).collect())
}

impl Rows {
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn column<'a, T: 'a>(&'a self, name: &str, of: impl Fn(&'a ArrayRef) -> Option<&'a T>) -> Result<&'a T> {
        let column = self.batch.column_by_name(name);
        column.and_then(of).ok_or_else(|| {
            Error::bug(format!("column {name} of {} was not read, or has another type", self.path.display()))
        })
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn texts(&self, column: Typed<str>) -> Result<&StringArray> {
        self.column(column.name(), |array| array.as_string_opt())
    }

    /// Texts as [`read_coded`] gives them.
    ///
    /// # Errors
    /// The column was not read, or is of another type.
    pub fn coded(&self, column: Typed<str>) -> Result<Coded<'_>> {
        let column = self.column(column.name(), |array| array.as_dictionary_opt::<Int32Type>())?;
        let texts = column.values().as_string_opt().ok_or_else(|| broken(&self.path))?;
        Ok(Coded { codes: column.keys(), texts })
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn integers(&self, column: Typed<i64>) -> Result<&Int64Array> {
        self.column(column.name(), |array| array.as_primitive_opt::<Int64Type>())
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn booleans(&self, column: Typed<bool>) -> Result<&BooleanArray> {
        self.column(column.name(), |array| array.as_boolean_opt())
    }

    /// Charges, as scaled integers; `None` is null.
    ///
    /// # Errors
    /// The column was not read, or is of another type.
    pub fn charges(&self, column: Typed<Charge>) -> Result<DecimalCells<'_, Charge>> {
        self.decimals(column.name())
    }

    /// Amounts; `None` is null.
    ///
    /// # Errors
    /// The column was not read, or is of another type.
    pub fn amounts(&self, column: Typed<Amount>) -> Result<DecimalCells<'_, Amount>> {
        self.decimals(column.name())
    }

    fn decimals<T>(&self, name: &str) -> Result<DecimalCells<'_, T>> {
        let array = self.column(name, |array| array.as_primitive_opt::<Decimal128Type>())?;
        Ok(DecimalCells { array, cells: PhantomData })
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn quantities(&self, column: Typed<Quantity>) -> Result<DecimalCells<'_, Quantity>> {
        self.decimals(column.name())
    }

    /// # Errors
    /// The column was not read, or is of another type.
    pub fn days<T: CellType + DayCell>(&self, column: Typed<T>) -> Result<Vec<T>> {
        let days = self.column(column.name(), |array| array.as_primitive_opt::<Date32Type>())?;
        Ok(days.values().iter().map(|&days| <T as DayCell>::of_days(days)).collect())
    }

    /// Days; `None` is null.
    ///
    /// # Errors
    /// As [`Rows::texts`].
    pub fn maybe_days<T: CellType + DayCell>(&self, column: Typed<T>) -> Result<Vec<Option<T>>> {
        let column = self.column(column.name(), |array| array.as_primitive_opt::<Date32Type>())?;
        Ok(column.iter().map(|days| days.map(<T as DayCell>::of_days)).collect())
    }

    /// Instants; `None` is null.
    ///
    /// # Errors
    /// As [`Rows::texts`]; or one of them is on no full hour.
    pub fn hours(&self, column: Typed<Hour>) -> Result<Vec<Option<Hour>>> {
        let column = self.column(column.name(), |array| array.as_primitive_opt::<TimestampMicrosecondType>())?;
        let hour = |micros: Option<i64>| {
            micros.map(|micros| Hour::of_micros(micros).ok_or_else(|| broken(&self.path))).transpose()
        };
        column.iter().map(hour).collect()
    }
}

/// A column of texts, as numbers and a dictionary.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    codes: &'a Int32Array,
    texts: &'a StringArray,
}

impl<'a> Coded<'a> {
    /// The number of a text; `None` for null. In rows that were read together equal numbers are equal texts.
    pub fn code(self, row: usize) -> Option<i32> {
        (!self.codes.is_null(row)).then(|| self.codes.value(row))
    }

    /// The text; `None` for null.
    pub fn text(self, row: usize) -> Option<&'a str> {
        self.code(row).and_then(|code| self.of_code(code))
    }

    /// The text of a number in these rows.
    pub fn of_code(self, code: i32) -> Option<&'a str> {
        (usize::try_from(code).ok()? < self.texts.len()).then(|| self.texts.value(code as usize))
    }
}

/// A column of exact decimals.
#[derive(Debug)]
pub struct DecimalCells<'a, T> {
    array: &'a Decimal128Array,
    cells: PhantomData<fn() -> T>,
}

impl<T> Clone for DecimalCells<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DecimalCells<'_, T> {}

/// A value that is published as a scaled integer.
pub trait Scaled {
    fn of_scaled(scaled: i128) -> Self;
}

macro_rules! scaled {
    ($($type:ty),*) => {
        $(impl Scaled for $type {
            fn of_scaled(scaled: i128) -> Self {
                Self::from_scaled(scaled)
            }
        })*
    };
}
scaled!(Quantity, Charge, Amount);

impl<'a, T: Scaled> DecimalCells<'a, T> {
    pub(super) fn array(self) -> &'a Decimal128Array {
        self.array
    }

    pub fn value(self, row: usize) -> T {
        T::of_scaled(self.array.value(row))
    }

    /// `None` for null.
    pub fn maybe(self, row: usize) -> Option<T> {
        (!self.array.is_null(row)).then(|| self.value(row))
    }
}

/// A value that is published as a date: a day, or a month as its first day.
pub trait DayCell {
    fn of_days(days: i32) -> Self;
}

impl DayCell for Day {
    fn of_days(days: i32) -> Self {
        Self::of_days(days)
    }
}

impl DayCell for Month {
    fn of_days(days: i32) -> Self {
        Day::of_days(days).month()
    }
}

/// A text; `None` for null.
pub fn text(column: &StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}

/// An integer; `None` for null.
pub fn integer(column: &Int64Array, row: usize) -> Option<i64> {
    (!column.is_null(row)).then(|| column.value(row))
}

/// The refusal of published tables that contradict each other.
pub fn contradiction(path: &str, what: String) -> Error {
    Error::balance(what)
        .at(path)
        .hint("the published tables do not belong together: publish once more, into an empty folder")
}
