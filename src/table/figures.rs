//! Figures as `daily` has them, read again: who pays, for whose use of which meter and resource, on which day.

use arrow::array::{Decimal128Array, Int64Array, StringArray};

use super::column::Table;
use super::contract;
use super::reader::{Rows, text};
use crate::domain::totals::Totals;
use crate::domain::{Day, Quantity};
use crate::error::Result;

/// A table that has such figures, and its columns of what they come to.
#[derive(Clone, Copy, Debug)]
pub struct FigureTable {
    pub table: &'static Table,
    pub quantity: &'static str,
    pub line_count: &'static str,
}

impl FigureTable {
    pub const DAILY: Self = Self { table: &contract::DAILY, quantity: "quantity", line_count: "line_count" };
    /// What came to closed figures: quantities and counts may be below zero.
    pub const ADJUSTMENTS: Self =
        Self { table: &contract::ADJUSTMENTS, quantity: "quantity_delta", line_count: "line_count_delta" };

    /// The columns that [`Figures::of`] needs.
    pub fn columns(self) -> [&'static str; 9] {
        [
            "usage_date",
            "billed_subscription_id",
            "attribution",
            "tenant_id",
            "user_subscription_id",
            "meter_id",
            "resource_key",
            self.quantity,
            self.line_count,
        ]
    }
}

/// A figure of a row, and what it comes to. The order is that of the tables.
#[derive(Clone, Copy, Debug)]
pub struct FigureRow<'a> {
    pub day: Day,
    pub billed_subscription: &'a str,
    pub attribution: &'a str,
    pub tenant: Option<&'a str>,
    pub user_subscription: &'a str,
    pub meter: &'a str,
    pub resource: i64,
    pub totals: Totals,
}

/// The figures of some rows.
#[derive(Debug)]
pub struct Figures {
    days: Vec<Day>,
    billed_subscriptions: StringArray,
    attributions: StringArray,
    tenants: StringArray,
    user_subscriptions: StringArray,
    meters: StringArray,
    resources: Int64Array,
    quantities: Decimal128Array,
    line_counts: Int64Array,
}

impl Figures {
    /// # Errors
    /// A column was not read, or is of another type.
    pub fn of(rows: &Rows, table: FigureTable) -> Result<Self> {
        let texts = |name| rows.texts(name).cloned();
        Ok(Self {
            days: rows.days("usage_date")?,
            billed_subscriptions: texts("billed_subscription_id")?,
            attributions: texts("attribution")?,
            tenants: texts("tenant_id")?,
            user_subscriptions: texts("user_subscription_id")?,
            meters: texts("meter_id")?,
            resources: rows.integers("resource_key")?.clone(),
            quantities: rows.quantities(table.quantity)?.array().clone(),
            line_counts: rows.integers(table.line_count)?.clone(),
        })
    }

    pub fn len(&self) -> usize {
        self.days.len()
    }

    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    pub fn row(&self, row: usize) -> FigureRow<'_> {
        FigureRow {
            day: self.days[row],
            billed_subscription: self.billed_subscriptions.value(row),
            attribution: self.attributions.value(row),
            tenant: text(&self.tenants, row),
            user_subscription: self.user_subscriptions.value(row),
            meter: self.meters.value(row),
            resource: self.resources.value(row),
            totals: Totals {
                lines: self.line_counts.value(row),
                quantity: Quantity::from_scaled(self.quantities.value(row)),
            },
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = FigureRow<'_>> {
        (0..self.len()).map(|row| self.row(row))
    }
}
