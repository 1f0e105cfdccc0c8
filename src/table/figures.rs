//! Figures as in `daily`, read back: who pays, for whose use of which meter and resource, on which day.

use arrow::{Decimal128Array, Int64Array, StringArray};

use super::column::{AnyColumn, Table, Typed};
use super::contract;
use super::contract::adjustments::{LINE_COUNT_DELTA, QUANTITY_DELTA};
use super::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, QUANTITY, RESOURCE_KEY, TENANT_ID, USAGE_DATE,
    USER_SUBSCRIPTION_ID,
};
use super::reader::{Rows, text};
use crate::domain::totals::Totals;
use crate::domain::{Day, Quantity};
use crate::error::Result;

/// A table with such figures, and its columns of totals.
#[derive(Clone, Copy, Debug)]
pub struct FigureTable {
    pub table: &'static Table,
    pub quantity: Typed<Quantity>,
    pub line_count: Typed<i64>,
}

impl FigureTable {
    pub const DAILY: Self = Self { table: &contract::DAILY, quantity: QUANTITY, line_count: LINE_COUNT };
    /// Additions to closed months: quantities and counts can be negative.
    pub const ADJUSTMENTS: Self =
        Self { table: &contract::ADJUSTMENTS, quantity: QUANTITY_DELTA, line_count: LINE_COUNT_DELTA };

    /// The columns that [`Figures::of`] needs.
    pub fn columns(&self) -> [&dyn AnyColumn; 9] {
        [
            &USAGE_DATE,
            &BILLED_SUBSCRIPTION_ID,
            &ATTRIBUTION,
            &TENANT_ID,
            &USER_SUBSCRIPTION_ID,
            &METER_ID,
            &RESOURCE_KEY,
            &self.quantity,
            &self.line_count,
        ]
    }
}

/// The figure of a row, and its totals. The order is that of the tables.
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
        let texts = |column| rows.texts(column).cloned();
        Ok(Self {
            days: rows.days(USAGE_DATE)?,
            billed_subscriptions: texts(BILLED_SUBSCRIPTION_ID)?,
            attributions: texts(ATTRIBUTION)?,
            tenants: texts(TENANT_ID)?,
            user_subscriptions: texts(USER_SUBSCRIPTION_ID)?,
            meters: texts(METER_ID)?,
            resources: rows.integers(RESOURCE_KEY)?.clone(),
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
