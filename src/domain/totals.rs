//! Sums of lines and quantities, in checked integers, without the engine that groups and sums.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::quantity::Quantity;

/// A sum of quantities left the range of `DECIMAL(38,18)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRange;

impl fmt::Display for PastRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sum of quantities of 10^20 or more, beyond DECIMAL(38,18)")
    }
}

impl std::error::Error for PastRange {}

/// Lines and their quantity, always of one meter: meters are not added together. In a difference either can be
/// negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub lines: i64,
    pub quantity: Quantity,
}

impl Totals {
    /// Adds a quantity without counting a line.
    ///
    /// # Errors
    /// The sum leaves the range of `DECIMAL(38,18)`.
    pub fn add(&mut self, quantity: Quantity) -> Result<(), PastRange> {
        self.quantity = self.quantity.checked_add(quantity).ok_or(PastRange)?;
        Ok(())
    }

    /// Adds lines and quantity.
    ///
    /// # Errors
    /// As [`Totals::add`].
    pub fn merge(&mut self, other: Self) -> Result<(), PastRange> {
        self.lines += other.lines;
        self.add(other.quantity)
    }

    /// The sum.
    ///
    /// # Errors
    /// As [`Totals::add`].
    pub fn plus(mut self, other: Self) -> Result<Self, PastRange> {
        self.merge(other)?;
        Ok(self)
    }

    /// The negated total: added to another, it gives their difference.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { lines: -self.lines, quantity: Quantity::from_scaled(-self.quantity.scaled()) }
    }

    /// Whether lines and quantity are zero.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Lines, and their quantities over all meters modulo 2^128. It proves that nothing was lost, but has no other meaning,
/// so it cannot overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    pub lines: i64,
    scaled: i128,
}

impl Checksum {
    /// This number of lines, whose quantities are added later.
    pub fn of_lines(lines: usize) -> Self {
        Self { lines: lines as i64, scaled: 0 }
    }

    /// Adds a quantity without counting a line.
    pub fn add(&mut self, quantity: Quantity) {
        self.scaled = self.scaled.wrapping_add(quantity.scaled());
    }

    /// Adds a line with its quantity.
    pub fn add_line(&mut self, quantity: Quantity) {
        self.lines += 1;
        self.add(quantity);
    }

    /// Adds money from a table's column, by the column's place: so it cannot replace a quantity or money of another
    /// column.
    pub fn add_money(&mut self, place: usize, scaled: i128) {
        const ODD: i128 = 0x9e37_79b9_7f4a_7c15;
        let factor = ODD.wrapping_mul(2 * place as i128 + 1);
        self.scaled = self.scaled.wrapping_add(scaled.wrapping_mul(factor));
    }

    /// Adds lines and quantity.
    pub fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.scaled = self.scaled.wrapping_add(other.scaled);
    }

    /// Subtracts what was added before.
    pub fn take(&mut self, other: Self) {
        self.lines -= other.lines;
        self.scaled = self.scaled.wrapping_sub(other.scaled);
    }
}

impl From<Totals> for Checksum {
    fn from(totals: Totals) -> Self {
        Self { lines: totals.lines, scaled: totals.quantity.scaled() }
    }
}

impl std::iter::Sum for Checksum {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut sum, part| {
            sum.merge(part);
            sum
        })
    }
}

/// Lines of one meter, and their quantity: `None` when it is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterSum {
    pub lines: i64,
    pub quantity: Option<Quantity>,
}

impl Default for MeterSum {
    fn default() -> Self {
        Self { lines: 0, quantity: Some(Quantity::ZERO) }
    }
}

impl MeterSum {
    /// Adds a line.
    pub fn add_line(&mut self, quantity: Quantity) {
        self.lines += 1;
        self.quantity = self.quantity.and_then(|sum| sum.checked_add(quantity));
    }

    /// Adds lines and quantity.
    pub fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.quantity = self.quantity.zip(other.quantity).and_then(|(sum, other)| sum.checked_add(other));
    }
}

/// Totals by key, such as (day, meter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterTotals<K: Ord>(BTreeMap<K, Totals>);

impl<K: Ord> Default for MeterTotals<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Copy> MeterTotals<K> {
    /// Adds to one key.
    ///
    /// # Errors
    /// A sum is out of range; the caller names the meter.
    pub fn add(&mut self, key: K, totals: Totals) -> Result<(), PastRange> {
        self.0.entry(key).or_default().merge(totals)
    }

    /// The total of one key.
    pub fn of(&self, key: K) -> Totals {
        self.0.get(&key).copied().unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (K, Totals)> + '_ {
        self.0.iter().map(|(&key, &totals)| (key, totals))
    }

    /// The checksum of all keys: meters are not added together.
    pub fn checksum(&self) -> Checksum {
        self.0.values().map(|&totals| totals.into()).sum()
    }
}
