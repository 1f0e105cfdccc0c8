//! Corrections: what a run changed of days that were published before.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::totals::Totals;
use crate::domain::{Cause, Corrected, Correction, Day, Month, Stamp};
use crate::error::{Error, Result};
use crate::frame::tables::{self, Rows};
use crate::publish::Out;
use crate::schema::{self, Table, daily_path};

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
    let columns = ["usage_date", "billed_subscription_id", "meter_id", "quantity", "line_count"];
    for rows in rows_published(out, &path, &schema::DAILY, &columns)? {
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

/// The rows of a published table; none of one of another version, which says nothing that could be compared.
///
/// # Errors
/// The file cannot be read.
pub fn rows_published(out: &Out, path: &str, table: &Table, columns: &[&str]) -> Result<Vec<Rows>> {
    let path = out.path(path);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(tables::read(&path, bytes, table, columns, &[]).unwrap_or_default()),
        // It is being made anew, and what it said is not known.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::machine("read", &path, error)),
    }
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
            of: Corrected::Usage { before, after },
            causes: texts_of(causes),
        })
    };
    keys.into_iter().filter_map(correction).collect()
}

/// The days of each stamp that were corrected.
pub fn days_of(corrections: &[Correction]) -> BTreeMap<Stamp, BTreeSet<Day>> {
    let mut days: BTreeMap<Stamp, BTreeSet<Day>> = BTreeMap::new();
    for own in corrections {
        days.entry(own.stamp.clone()).or_default().insert(own.day);
    }
    days
}
