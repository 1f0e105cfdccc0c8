//! `changes`: what a run changed of days that were published before.

use super::csv::{CsvCell, CsvTable};
use super::stage::Publisher;
use crate::domain::totals::Totals;
use crate::domain::{Charge, Corrected, Correction, Currency, Quantity};
use crate::error::Result;
use crate::frame::arrays::{constant_integers, dates, maybe_charges, maybe_integers, maybe_quantities, texts};
use crate::schema;

/// The columns of a correction that stand for one kind, and are null of the other.
#[derive(Clone, Copy, Default)]
struct Sides {
    quantities: [Option<Quantity>; 2],
    lines: [Option<i64>; 2],
    currency: Option<Currency>,
    charges: [Option<Charge>; 2],
}

impl Sides {
    fn of(own: &Correction) -> Self {
        match own.of {
            Corrected::Usage { before, after } => {
                let both = [before, after];
                let quantities = both.map(|own: Option<Totals>| own.map(|own| own.quantity));
                Self { quantities, lines: both.map(|own| own.map(|own| own.lines)), ..Self::default() }
            }
            Corrected::Charge { currency, before, after } => {
                Self { currency: Some(currency), charges: [before, after], ..Self::default() }
            }
        }
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
        texts(each().map(|own| Some(own.stamp.as_str()))),
        dates(each().map(|own| own.day)),
        texts(each().map(|own| Some(own.billed_subscription.as_str()))),
        texts(each().map(|own| Some(own.meter.as_str()))),
        maybe_quantities(sides().map(|own| own.quantities[0]))?,
        maybe_quantities(sides().map(|own| own.quantities[1]))?,
        maybe_integers(sides().map(|own| own.lines[0])),
        maybe_integers(sides().map(|own| own.lines[1])),
        texts(each().map(|own| Some(own.causes.as_str()))),
        texts(sides().map(|own| own.currency.map(Currency::code))),
        maybe_charges(sides().map(|own| own.charges[0]))?,
        maybe_charges(sides().map(|own| own.charges[1]))?,
    ];
    publisher.table(format!("{path}.parquet"), &schema::CHANGES, columns, None)?;
    let table = csv_of_changes(each().map(|own| (generation, own)))?;
    publisher.csv(&path, schema::CHANGES.columns, table, None)
}

/// The flat CSV of what runs changed, each called by its number.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv_of_changes<'a>(corrections: impl Iterator<Item = (u64, &'a Correction)>) -> Result<CsvTable> {
    let mut table = CsvTable::new(schema::CHANGES.columns);
    let nothing = CsvCell::Text(None);
    let quantity = |own: Option<Quantity>| own.map_or(nothing, CsvCell::Quantity);
    let integer = |own: Option<i64>| own.map_or(nothing, CsvCell::Integer);
    let charge = |own: Option<Charge>| own.map_or(nothing, CsvCell::Charge);
    for (run, own) in corrections {
        let sides = Sides::of(own);
        let cells = [
            CsvCell::Integer(run as i64),
            CsvCell::Text(Some(own.stamp.as_str())),
            CsvCell::Day(own.day),
            CsvCell::Text(Some(&own.billed_subscription)),
            CsvCell::Text(Some(&own.meter)),
            quantity(sides.quantities[0]),
            quantity(sides.quantities[1]),
            integer(sides.lines[0]),
            integer(sides.lines[1]),
            CsvCell::Text(Some(&own.causes)),
            CsvCell::Text(sides.currency.map(Currency::code)),
            charge(sides.charges[0]),
            charge(sides.charges[1]),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    Ok(table)
}
