//! Corrections: what a run changed of days that were published before.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::totals::Totals;
use crate::domain::{Cause, Charge, ChargeCorrection, Correction, Currency, Day, Month, Stamp};
use crate::error::{Error, Result};
use crate::frame::arrays::{constant_integers, dates, maybe_charges, maybe_integers, maybe_quantities, texts};
use crate::frame::tables;
use crate::publish::csv::{CsvCell, CsvTable};
use crate::publish::{Out, Publisher};
use crate::schema::{self, daily_path};

/// What a day says of each billed subscription and meter.
pub type DayTotals = BTreeMap<(Day, String, String), Totals>;

/// Causes as they are published.
pub fn texts_of(causes: &BTreeSet<Cause>) -> String {
    causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(" ")
}

/// The stamps of which days are published.
pub fn stamps_published(out: &Out) -> BTreeSet<Stamp> {
    out.published_below("daily/").filter_map(|path| Stamp::new(path.split('/').nth(1)?)).collect()
}

/// The months of which days of a stamp are published.
pub fn months_published(out: Option<&Out>, stamp: &Stamp) -> BTreeSet<Month> {
    let prefix = format!("daily/{stamp}/");
    let month = |path: &str| Month::parse(path.strip_prefix(&prefix)?.strip_suffix(".parquet")?);
    out.iter().flat_map(|out| out.published_below(&prefix)).filter_map(month).collect()
}

/// What is published of a stamp's month.
///
/// # Errors
/// The table cannot be read, or a sum leaves the range.
pub fn published(out: Option<&Out>, stamp: &Stamp, month: Month) -> Result<DayTotals> {
    let mut totals = DayTotals::new();
    let path = daily_path(stamp, month);
    let Some(out) = out.filter(|out| out.last().files.contains_key(&path)) else { return Ok(totals) };
    let path = out.path(&path);
    let columns = ["usage_date", "billed_subscription_id", "meter_id", "quantity", "line_count"];
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        // It is being made anew, and what it said is not known.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(totals),
        Err(error) => return Err(Error::machine("read", &path, error)),
    };
    // A table of another version says nothing that could be compared.
    let Ok(tables) = tables::read(&path, bytes, &schema::DAILY, &columns, &[]) else { return Ok(totals) };
    for rows in tables {
        let (days, billed, meters) =
            (rows.days("usage_date")?, rows.texts("billed_subscription_id")?, rows.texts("meter_id")?);
        let (quantities, lines) = (rows.quantities("quantity")?, rows.integers("line_count")?);
        let is_like = |a: usize, b: usize| {
            days[a] == days[b] && billed.value(a) == billed.value(b) && meters.value(a) == meters.value(b)
        };
        let mut row = 0;
        while row < rows.len() {
            // Rows are sorted, so neighbours mostly belong together.
            let mut sum = Totals::default();
            let first = row;
            while row < rows.len() && is_like(first, row) {
                sum.merge(Totals { lines: lines.value(row), quantity: quantities.value(row) })?;
                row += 1;
            }
            let key = (days[first], billed.value(first).to_owned(), meters.value(first).to_owned());
            totals.entry(key).or_default().merge(sum)?;
        }
    }
    Ok(totals)
}

/// What differs between two states of a stamp's touched days, of those that were published before.
pub fn between(
    stamp: &Stamp,
    before: &DayTotals,
    after: &DayTotals,
    touched: &BTreeMap<Day, BTreeSet<Cause>>,
) -> Vec<Correction> {
    let published: BTreeSet<Day> = before.keys().map(|(day, ..)| *day).collect();
    let keys: BTreeSet<&(Day, String, String)> = before.keys().chain(after.keys()).collect();
    let correction = |key: &(Day, String, String)| {
        let causes = touched.get(&key.0).filter(|_| published.contains(&key.0))?;
        let (before, after) = (before.get(key).copied(), after.get(key).copied());
        (before != after).then(|| Correction {
            stamp: stamp.clone(),
            day: key.0,
            billed_subscription: key.1.clone(),
            meter: key.2.clone(),
            before,
            after,
            causes: texts_of(causes),
        })
    };
    keys.into_iter().filter_map(correction).collect()
}

/// The days of each stamp that were corrected.
pub fn days_of(corrections: &[Correction], recharged: &[ChargeCorrection]) -> BTreeMap<Stamp, BTreeSet<Day>> {
    let mut days: BTreeMap<Stamp, BTreeSet<Day>> = BTreeMap::new();
    let quantities = corrections.iter().map(|own| (&own.stamp, own.day));
    for (stamp, day) in quantities.chain(recharged.iter().map(|own| (&own.stamp, own.day))) {
        days.entry(stamp.clone()).or_default().insert(day);
    }
    days
}

/// A row of `changes`: of a quantity, or of what is charged in one currency.
struct Row<'a> {
    stamp: &'a Stamp,
    day: Day,
    billed_subscription: &'a str,
    meter: &'a str,
    quantities: [Option<Totals>; 2],
    currency: Option<Currency>,
    charges: [Option<Charge>; 2],
    causes: &'a str,
}

impl<'a> Row<'a> {
    fn of(own: &'a Correction) -> Self {
        Self {
            stamp: &own.stamp,
            day: own.day,
            billed_subscription: &own.billed_subscription,
            meter: &own.meter,
            quantities: [own.before, own.after],
            currency: None,
            charges: [None, None],
            causes: &own.causes,
        }
    }

    fn of_charge(own: &'a ChargeCorrection) -> Self {
        Self {
            stamp: &own.stamp,
            day: own.day,
            billed_subscription: &own.billed_subscription,
            meter: &own.meter,
            quantities: [None, None],
            currency: Some(own.currency),
            charges: [own.before, own.after],
            causes: &own.causes,
        }
    }

    fn order(&self) -> impl Ord + use<'a> {
        (self.stamp, self.day, self.billed_subscription, self.meter, self.currency)
    }
}

/// Stages what a run changed, if it changed anything.
///
/// # Errors
/// The table cannot be staged.
pub fn publish(corrections: &[Correction], recharged: &[ChargeCorrection], publisher: &Publisher) -> Result<()> {
    let mut rows: Vec<Row<'_>> = corrections.iter().map(Row::of).chain(recharged.iter().map(Row::of_charge)).collect();
    if rows.is_empty() || publisher.is_rehearsal() {
        return Ok(());
    }
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    let generation = publisher.generation();
    let path = format!("history/changes/{generation:06}");
    let each = || rows.iter();
    let lines = |totals: Option<Totals>| totals.map(|own| own.lines);
    let quantity = |totals: Option<Totals>| totals.map(|own| own.quantity);
    let columns = vec![
        constant_integers(generation as i64, rows.len()),
        texts(each().map(|own| Some(own.stamp.as_str()))),
        dates(each().map(|own| own.day)),
        texts(each().map(|own| Some(own.billed_subscription))),
        texts(each().map(|own| Some(own.meter))),
        maybe_quantities(each().map(|own| quantity(own.quantities[0])))?,
        maybe_quantities(each().map(|own| quantity(own.quantities[1])))?,
        maybe_integers(each().map(|own| lines(own.quantities[0]))),
        maybe_integers(each().map(|own| lines(own.quantities[1]))),
        texts(each().map(|own| Some(own.causes))),
        texts(each().map(|own| own.currency.map(Currency::code))),
        maybe_charges(each().map(|own| own.charges[0]))?,
        maybe_charges(each().map(|own| own.charges[1]))?,
    ];
    publisher.table(format!("{path}.parquet"), &schema::CHANGES, columns, None)?;
    let mut table = CsvTable::new(schema::CHANGES.columns)?;
    let nothing = CsvCell::Text(None);
    let of_quantity = |totals| quantity(totals).map_or(nothing, CsvCell::Quantity);
    let of_lines = |totals| lines(totals).map_or(nothing, CsvCell::Integer);
    let of_charge = |charge: Option<Charge>| charge.map_or(nothing, CsvCell::Charge);
    for own in &rows {
        let cells = [
            CsvCell::Integer(generation as i64),
            CsvCell::Text(Some(own.stamp.as_str())),
            CsvCell::Day(own.day),
            CsvCell::Text(Some(own.billed_subscription)),
            CsvCell::Text(Some(own.meter)),
            of_quantity(own.quantities[0]),
            of_quantity(own.quantities[1]),
            of_lines(own.quantities[0]),
            of_lines(own.quantities[1]),
            CsvCell::Text(Some(own.causes)),
            CsvCell::Text(own.currency.map(Currency::code)),
            of_charge(own.charges[0]),
            of_charge(own.charges[1]),
        ];
        table.row(&cells, 0, crate::domain::Quantity::ZERO)?;
    }
    publisher.csv(&path, schema::CHANGES.columns, table, None)
}
