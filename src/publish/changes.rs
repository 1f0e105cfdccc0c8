//! `changes`: what a run changed of figures that were published before.

use crate::domain::correction::Billed;
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Corrected, Correction, Currency, Quantity, Stamp};
use crate::error::Result;
use crate::publication::Publisher;
use crate::table::arrays::{
    constant_integers, dates, maybe_amounts, maybe_charges, maybe_dates, maybe_integers, maybe_quantities, texts,
};
use crate::table::contract;
use crate::table::csv::{CsvCell, CsvTable};

/// The columns of a correction that stand for one kind, and are null of the others: before, and after.
#[derive(Clone, Copy, Default)]
struct Sides {
    quantities: [Option<Quantity>; 2],
    lines: [Option<i64>; 2],
    charges: [Option<Charge>; 2],
    billed: [Option<Billed>; 2],
}

impl Sides {
    fn of(own: &Correction) -> Self {
        match own.of {
            Corrected::Usage { before, after } => {
                let both = [before, after];
                let quantities = both.map(|own: Option<Totals>| own.map(|own| own.quantity));
                Self { quantities, lines: both.map(|own| own.map(|own| own.lines)), ..Self::default() }
            }
            Corrected::Charge { before, after, .. } => Self { charges: [before, after], ..Self::default() },
            Corrected::Amount { before, after, .. } => Self { billed: [before, after].map(Some), ..Self::default() },
        }
    }

    fn amount(&self, at: usize) -> Option<Amount> {
        self.billed[at].map(|own| own.amount)
    }

    fn billing_currency(&self, at: usize) -> Option<&'static str> {
        self.billed[at].map(|own| own.billing_currency.code())
    }

    fn billing_amount(&self, at: usize) -> Option<Amount> {
        self.billed[at].map(|own| own.billing_amount)
    }
}

/// Stages what a run changed, if it changed anything.
///
/// # Errors
/// The table cannot be staged.
pub fn publish_changes(corrections: &mut [Correction], publisher: &Publisher) -> Result<()> {
    if corrections.is_empty() || publisher.is_rehearsal() {
        return Ok(());
    }
    corrections.sort_by(|a, b| a.order().cmp(&b.order()));
    let generation = publisher.generation();
    let path = format!("history/changes/{generation:06}");
    let each = || corrections.iter();
    let sides = || corrections.iter().map(Sides::of);
    let columns = vec![
        constant_integers(generation as i64, corrections.len()),
        texts(each().map(|own| own.place.stamp().map(Stamp::as_str))),
        maybe_dates(each().map(|own| own.place.day())),
        texts(each().map(|own| Some(own.billed_subscription.as_str()))),
        texts(each().map(|own| Some(own.meter.as_str()))),
        maybe_quantities(sides().map(|own| own.quantities[0]))?,
        maybe_quantities(sides().map(|own| own.quantities[1]))?,
        maybe_integers(sides().map(|own| own.lines[0])),
        maybe_integers(sides().map(|own| own.lines[1])),
        texts(each().map(|own| Some(own.causes.as_str()))),
        texts(each().map(|own| own.of.currency().map(Currency::code))),
        maybe_charges(sides().map(|own| own.charges[0]))?,
        maybe_charges(sides().map(|own| own.charges[1]))?,
        texts(each().map(|own| Some(own.of.figure()))),
        dates(each().map(|own| own.place.month().first_day())),
        maybe_amounts(sides().map(|own| own.amount(0)))?,
        maybe_amounts(sides().map(|own| own.amount(1)))?,
        texts(sides().map(|own| own.billing_currency(0))),
        texts(sides().map(|own| own.billing_currency(1))),
        maybe_amounts(sides().map(|own| own.billing_amount(0)))?,
        maybe_amounts(sides().map(|own| own.billing_amount(1)))?,
    ];
    publisher.table(format!("{path}.parquet"), &contract::CHANGES, columns, None)?;
    let table = csv_of_changes(each().map(|own| (generation, own)))?;
    publisher.csv(&path, contract::CHANGES.columns, table, None)
}

/// The flat CSV of what runs changed, each called by its number.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv_of_changes<'a>(corrections: impl Iterator<Item = (u64, &'a Correction)>) -> Result<CsvTable> {
    let mut table = CsvTable::new(contract::CHANGES.columns);
    let nothing = CsvCell::Text(None);
    let quantity = |own: Option<Quantity>| own.map_or(nothing, CsvCell::Quantity);
    let integer = |own: Option<i64>| own.map_or(nothing, CsvCell::Integer);
    let charge = |own: Option<Charge>| own.map_or(nothing, CsvCell::Charge);
    let amount = |own: Option<Amount>| own.map_or(nothing, CsvCell::Amount);
    for (run, own) in corrections {
        let sides = Sides::of(own);
        let cells = [
            CsvCell::Integer(run as i64),
            CsvCell::Text(own.place.stamp().map(Stamp::as_str)),
            own.place.day().map_or(nothing, CsvCell::Day),
            CsvCell::Text(Some(&own.billed_subscription)),
            CsvCell::Text(Some(&own.meter)),
            quantity(sides.quantities[0]),
            quantity(sides.quantities[1]),
            integer(sides.lines[0]),
            integer(sides.lines[1]),
            CsvCell::Text(Some(&own.causes)),
            CsvCell::Text(own.of.currency().map(Currency::code)),
            charge(sides.charges[0]),
            charge(sides.charges[1]),
            CsvCell::Text(Some(own.of.figure())),
            CsvCell::Month(own.place.month()),
            amount(sides.amount(0)),
            amount(sides.amount(1)),
            CsvCell::Text(sides.billing_currency(0)),
            CsvCell::Text(sides.billing_currency(1)),
            amount(sides.billing_amount(0)),
            amount(sides.billing_amount(1)),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    Ok(table)
}
