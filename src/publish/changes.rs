//! `changes`: published figures that a run changed.

use crate::domain::correction::Billed;
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Corrected, Correction, Currency, Quantity, Stamp};
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::layout::{as_table, changes_path};
use crate::table::contract;
use crate::table::contract::changes::{
    AMOUNT_AFTER, AMOUNT_BEFORE, BILLING_AMOUNT_AFTER, BILLING_AMOUNT_BEFORE, BILLING_CURRENCY_AFTER,
    BILLING_CURRENCY_BEFORE, CAUSE, CHARGE_AFTER, CHARGE_BEFORE, FIGURE, LINE_COUNT_AFTER, LINE_COUNT_BEFORE,
    QUANTITY_AFTER, QUANTITY_BEFORE, RUN,
};
use crate::table::contract::columns::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, MONTH, STAMP, USAGE_DATE};
use crate::table::csv::CsvTable;
use crate::table::rows::RowSet;

/// The figures of a correction before and after. Each kind of correction fills one field; the others are null.
#[derive(Clone, Copy, Default)]
struct Sides {
    quantities: [Option<Quantity>; 2],
    lines: [Option<i64>; 2],
    charges: [Option<Charge>; 2],
    billed: [Option<Billed>; 2],
}

impl Sides {
    fn new(correction: &Correction) -> Self {
        match correction.of {
            Corrected::Usage { before, after } => {
                let both = [before, after];
                let quantities = both.map(|totals: Option<Totals>| totals.map(|totals| totals.quantity));
                Self { quantities, lines: both.map(|totals| totals.map(|totals| totals.lines)), ..Self::default() }
            }
            Corrected::Charge { before, after, .. } => Self { charges: [before, after], ..Self::default() },
            Corrected::Amount { before, after, .. } => Self { billed: [before, after].map(Some), ..Self::default() },
        }
    }

    fn amount(&self, at: usize) -> Option<Amount> {
        self.billed[at].map(|billed| billed.amount)
    }

    fn billing_currency(&self, at: usize) -> Option<&'static str> {
        self.billed[at].map(|billed| billed.billing_currency.code())
    }

    fn billing_amount(&self, at: usize) -> Option<Amount> {
        self.billed[at].map(|billed| billed.billing_amount)
    }
}

/// Stages the changes of a run, if there are any.
///
/// # Errors
/// The table cannot be staged.
pub fn publish_changes(corrections: &mut [Correction], publisher: &Publisher) -> Result<()> {
    if corrections.is_empty() || publisher.is_rehearsal() {
        return Ok(());
    }
    corrections.sort_by(|a, b| a.order().cmp(&b.order()));
    let generation = publisher.generation();
    let path = changes_path(generation);
    let changes: Vec<(u64, &Correction)> = corrections.iter().map(|change| (generation, change)).collect();
    let rows = rows_of(&changes);
    publisher.table(as_table(&path), rows.columns(&contract::CHANGES)?, None)?;
    publisher.csv(&path, contract::CHANGES.columns, csv_of(&rows)?, None)
}

/// Changes as CSV, each with the number of its run.
///
/// # Errors
/// Never, as long as the table follows its contract.
pub fn csv_of_changes<'a>(changes: impl Iterator<Item = (u64, &'a Correction)>) -> Result<CsvTable> {
    csv_of(&rows_of(&changes.collect::<Vec<_>>()))
}

fn csv_of(rows: &RowSet<'_, (u64, &Correction)>) -> Result<CsvTable> {
    rows.csv(contract::CHANGES.name, contract::CHANGES.columns, |_| (0, Quantity::ZERO))
}

/// The columns of changes, each with the number of its run.
fn rows_of<'r>(changes: &'r [(u64, &'r Correction)]) -> RowSet<'r, (u64, &'r Correction)> {
    let sides = |(_, change): &(u64, &Correction)| Sides::new(change);
    RowSet::of(changes)
        .with(RUN, |(run, _)| *run as i64)
        .with(STAMP, |(_, change)| change.place.stamp().map(Stamp::as_str))
        .with(USAGE_DATE, |(_, change)| change.place.day())
        .with(BILLED_SUBSCRIPTION_ID, |(_, change)| change.billed_subscription.as_str())
        .with(METER_ID, |(_, change)| change.meter.as_str())
        .with(QUANTITY_BEFORE, move |row| sides(row).quantities[0])
        .with(QUANTITY_AFTER, move |row| sides(row).quantities[1])
        .with(LINE_COUNT_BEFORE, move |row| sides(row).lines[0])
        .with(LINE_COUNT_AFTER, move |row| sides(row).lines[1])
        .with(CAUSE, |(_, change)| change.causes.as_str())
        .with(CURRENCY, |(_, change)| change.of.currency().map(Currency::code))
        .with(CHARGE_BEFORE, move |row| sides(row).charges[0])
        .with(CHARGE_AFTER, move |row| sides(row).charges[1])
        .with(FIGURE, |(_, change)| change.of.figure())
        .with(MONTH, |(_, change)| change.place.month())
        .with(AMOUNT_BEFORE, move |row| sides(row).amount(0))
        .with(AMOUNT_AFTER, move |row| sides(row).amount(1))
        .with(BILLING_CURRENCY_BEFORE, move |row| sides(row).billing_currency(0))
        .with(BILLING_CURRENCY_AFTER, move |row| sides(row).billing_currency(1))
        .with(BILLING_AMOUNT_BEFORE, move |row| sides(row).billing_amount(0))
        .with(BILLING_AMOUNT_AFTER, move |row| sides(row).billing_amount(1))
}
