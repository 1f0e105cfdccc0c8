//! The interface to the engine: scaled integers ↔ decimals, cells ↔ polars frames, columns → arrow arrays.
//!
//! Only this module calls polars, to group and sum; it never multiplies or casts a quantity. Its decimal sums wrap
//! silently past their range, its `group_by` order changes from run to run, and a sum over no rows is 0. So bounds are
//! proved before (`balance`), results are sorted by key, and nulls are refused. The lines of single days are summed by
//! [`sum_in_order`] and [`merged`] instead: days are settled in parallel, and the engine has threads of its own.

use polars::prelude::*;

use crate::domain::Quantity;
use crate::domain::limits::{QUANTITY_PRECISION, QUANTITY_SCALE};
use crate::error::{Error, Result};
use crate::table::order::order;

/// Cells of a fact: a packed key, a quantity and a count of lines, column by column.
///
/// ```text
/// key   quantity   line_count
///  17        2.0            1
///   4        0.5            1
///  17        1.0            1
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    pub key: Vec<u64>,
    pub quantity: Vec<Quantity>,
    pub line_count: Vec<i64>,
}

impl Cells {
    pub fn with_capacity(cells: usize) -> Self {
        Self {
            key: Vec::with_capacity(cells),
            quantity: Vec::with_capacity(cells),
            line_count: Vec::with_capacity(cells),
        }
    }

    pub fn push(&mut self, key: u64, quantity: Quantity, line_count: i64) {
        self.key.push(key);
        self.quantity.push(quantity);
        self.line_count.push(line_count);
    }

    /// Adds cells of another set, with their keys mapped.
    pub fn extend(&mut self, other: &Self, key: impl Fn(u64) -> u64) {
        self.key.extend(other.key.iter().map(|&packed| key(packed)));
        self.quantity.extend_from_slice(&other.quantity);
        self.line_count.extend_from_slice(&other.line_count);
    }

    /// Adds to the last cell if it has this key, otherwise appends a cell.
    fn add_in_order(&mut self, key: u64, quantity: Quantity, line_count: i64) {
        match (self.key.last(), self.quantity.last_mut(), self.line_count.last_mut()) {
            (Some(&last), Some(sum), Some(count)) if last == key => {
                *sum = sum.checked_add(quantity).expect("bounds were proved before");
                *count += line_count;
            }
            _ => self.push(key, quantity, line_count),
        }
    }

    pub fn len(&self) -> usize {
        self.key.len()
    }

    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, Quantity, i64)> + '_ {
        let values = self.quantity.iter().copied().zip(self.line_count.iter().copied());
        self.key.iter().copied().zip(values).map(|(key, (quantity, line_count))| (key, quantity, line_count))
    }
}

/// One cell per key, in order of the keys, with the sums of quantity and count.
///
/// ```text
/// key   quantity   line_count          key   quantity   line_count
///  17        2.0            1     →      4        0.5            1
///   4        0.5            1           17        3.0            2
///  17        1.0            1
/// ```
/// The caller has proved that no sum leaves the range of `DECIMAL(38,18)`.
///
/// # Errors
/// The engine failed, or gave a null.
pub(super) fn sum_by_key(cells: Cells) -> Result<Cells> {
    if cells.is_empty() {
        return Ok(cells);
    }
    grouped(cells).map_err(|error| Error::bug_of("group and sum", error))
}

/// The same for some of a day's cells, whose keys have at most `bits` bits.
///
/// The caller has proved that no sum leaves the range of `DECIMAL(38,18)`.
pub(super) fn sum_in_order(cells: &Cells, bits: u32) -> Cells {
    let mut sums = Cells::with_capacity(cells.len());
    for at in order(&cells.key, bits) {
        let at = at as usize;
        sums.add_in_order(cells.key[at], cells.quantity[at], cells.line_count[at]);
    }
    sums
}

/// The sums of two sets that have one cell per key, in order of the keys.
///
/// The caller has proved that no sum leaves the range of `DECIMAL(38,18)`.
pub(super) fn merged(a: &Cells, b: &Cells) -> Cells {
    let mut sums = Cells::with_capacity(a.len().max(b.len()));
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if b.0 < a.0 => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        let Some((key, quantity, line_count)) = next else { return sums };
        sums.add_in_order(key, quantity, line_count);
    }
}

#[expect(
    deprecated,
    reason = "the eager sum of a group_by: polars marks it so to favour its lazy engine, which nothing here needs"
)]
fn grouped(cells: Cells) -> PolarsResult<Cells> {
    let scaled: Vec<i128> = cells.quantity.into_iter().map(Quantity::scaled).collect();
    let quantity = Int128Chunked::from_vec("quantity".into(), scaled)
        .into_decimal_unchecked(QUANTITY_PRECISION.into(), QUANTITY_SCALE.into());
    let frame = DataFrame::new_infer_height(vec![
        UInt64Chunked::from_vec("key".into(), cells.key).into_column(),
        quantity.into_series().into_column(),
        Int64Chunked::from_vec("line_count".into(), cells.line_count).into_column(),
    ])?;
    let sums = frame.group_by(["key"])?.select(["quantity", "line_count"]).sum()?;
    let sums = sums.sort(["key"], SortMultipleOptions::default())?;
    let quantity = sums.column("quantity_sum")?.decimal()?;
    Ok(Cells {
        key: no_nulls(sums.column("key")?.u64()?)?,
        quantity: no_nulls(quantity.physical())?.into_iter().map(Quantity::from_scaled).collect(),
        line_count: no_nulls(sums.column("line_count_sum")?.i64()?)?,
    })
}

fn no_nulls<T: PolarsNumericType>(column: &ChunkedArray<T>) -> PolarsResult<Vec<T::Native>> {
    polars_ensure!(column.null_count() == 0, ComputeError: "a null among sums of {}", column.name());
    Ok(column.into_no_null_iter().collect())
}
