//! Columns → arrow arrays, in the types that are published.
//!
//! Texts become dictionary arrays: the Parquet writer takes them several times faster than plain strings, and files
//! come out dictionary-encoded either way.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::types::Int32Type;
use arrow::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};

use crate::domain::limits::{AMOUNT_PRECISION, AMOUNT_SCALE, CHARGE_SCALE, QUANTITY_PRECISION, QUANTITY_SCALE};
use crate::domain::{Amount, Charge, Day, Hour, Quantity};
use crate::error::{Error, Result};

/// The distinct texts of a column, referred to by place.
#[derive(Clone, Debug)]
pub struct Dictionary(Arc<StringArray>);

impl Dictionary {
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Arc::new(StringArray::from_iter_values(texts)))
    }

    /// A column with the place of each row's text; `None` is null.
    ///
    /// # Errors
    /// A place beyond the dictionary, or beyond 2^31.
    pub fn column(&self, places: impl IntoIterator<Item = Option<u32>>) -> Result<TypedArray<str>> {
        let keys: Int32Array = places.into_iter().map(|place| place.map(|place| place as i32)).collect();
        let values: ArrayRef = Arc::clone(&self.0) as ArrayRef;
        let column = DictionaryArray::<Int32Type>::try_new(keys, values);
        Ok(TypedArray::new(column.map_err(|error| Error::bug_of("build a dictionary column", error))?))
    }

    pub fn text(&self, place: u32) -> &str {
        self.0.value(place as usize)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An array whose cells have the type of a column.
#[derive(Debug)]
pub struct TypedArray<T: ?Sized> {
    array: ArrayRef,
    cells: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> TypedArray<T> {
    fn new(array: impl Array + 'static) -> Self {
        Self { array: Arc::new(array), cells: PhantomData }
    }

    pub fn into_array(self) -> ArrayRef {
        self.array
    }
}

/// A column of one text, `rows` times.
///
/// # Errors
/// More than 2^31 rows.
pub fn constant(text: &str, rows: usize) -> Result<TypedArray<str>> {
    Dictionary::new([text]).column(std::iter::repeat_n(Some(0), rows))
}

/// A column of texts that seldom repeat, stored row by row.
pub fn texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> TypedArray<str> {
    let column: DictionaryArray<Int32Type> = texts.into_iter().collect();
    TypedArray::new(column)
}

pub fn integers(values: impl IntoIterator<Item = i64>) -> TypedArray<i64> {
    TypedArray::new(Int64Array::from_iter_values(values))
}

/// One integer, `rows` times.
pub fn constant_integers(value: i64, rows: usize) -> TypedArray<i64> {
    integers(std::iter::repeat_n(value, rows))
}

/// Integers; `None` is null.
pub fn maybe_integers(values: impl IntoIterator<Item = Option<i64>>) -> TypedArray<i64> {
    TypedArray::new(Int64Array::from_iter(values))
}

/// Booleans; `None` is null.
pub fn booleans(values: impl IntoIterator<Item = Option<bool>>) -> TypedArray<bool> {
    TypedArray::new(BooleanArray::from_iter(values))
}

pub fn dates(days: impl IntoIterator<Item = Day>) -> TypedArray<Day> {
    TypedArray::new(Date32Array::from_iter_values(days.into_iter().map(Day::days_since_epoch)))
}

/// UTC, microseconds.
pub fn timestamps(hours: impl IntoIterator<Item = Option<Hour>>) -> TypedArray<Hour> {
    let micros = hours.into_iter().map(|hour| hour.map(Hour::micros_since_epoch));
    TypedArray::new(TimestampMicrosecondArray::from_iter(micros).with_timezone("UTC"))
}

/// `DECIMAL(38,18)`.
///
/// # Errors
/// Never, as long as arrow accepts the limits.
pub fn quantities(values: impl IntoIterator<Item = Quantity>) -> Result<TypedArray<Quantity>> {
    let column = Decimal128Array::from_iter_values(values.into_iter().map(Quantity::scaled))
        .with_precision_and_scale(QUANTITY_PRECISION, QUANTITY_SCALE as i8);
    Ok(TypedArray::new(column.map_err(|error| Error::bug_of("build a decimal column", error))?))
}

/// The same; `None` is null.
///
/// # Errors
/// As [`quantities`].
pub fn maybe_quantities(values: impl IntoIterator<Item = Option<Quantity>>) -> Result<TypedArray<Quantity>> {
    let scaled = values.into_iter().map(|quantity| quantity.map(Quantity::scaled));
    decimals(scaled, QUANTITY_PRECISION, QUANTITY_SCALE.into())
}

/// `DECIMAL(38,10)`; `None` is null.
///
/// # Errors
/// As [`quantities`].
pub fn maybe_charges(values: impl IntoIterator<Item = Option<Charge>>) -> Result<TypedArray<Charge>> {
    decimals(values.into_iter().map(|charge| charge.map(Charge::scaled)), QUANTITY_PRECISION, CHARGE_SCALE)
}

/// `DECIMAL(18,4)`; `None` is null.
///
/// # Errors
/// As [`quantities`].
pub fn maybe_amounts(values: impl IntoIterator<Item = Option<Amount>>) -> Result<TypedArray<Amount>> {
    decimals(values.into_iter().map(|amount| amount.map(Amount::scaled)), AMOUNT_PRECISION, AMOUNT_SCALE)
}

/// Days; `None` is null.
pub fn maybe_dates(days: impl IntoIterator<Item = Option<Day>>) -> TypedArray<Day> {
    TypedArray::new(Date32Array::from_iter(days.into_iter().map(|day| day.map(Day::days_since_epoch))))
}

fn decimals<T>(values: impl Iterator<Item = Option<i128>>, precision: u8, scale: u32) -> Result<TypedArray<T>> {
    let column = Decimal128Array::from_iter(values).with_precision_and_scale(precision, scale as i8);
    Ok(TypedArray::new(column.map_err(|error| Error::bug_of("build a decimal column", error))?))
}
