//! Corrections: what a run changed on days that were published before.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cause::texts_of;
use crate::domain::totals::Totals;
use crate::domain::{Cause, Corrected, Correction, Day, Month, Place, Stamp};
use crate::error::Result;
use crate::publication::Out;
use crate::publication::layout::{DAILY_FOLDER, daily_path, folder_of, month_in};
use crate::table::column::{AnyColumn, Table};
use crate::table::contract;
use crate::table::contract::columns::{BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, QUANTITY, USAGE_DATE};
use crate::table::reader::{self, Rows};

/// The totals of each day, billed subscription and meter.
pub(super) type DayTotals = BTreeMap<(Day, String, String), Totals>;

/// The causes for a day that was published before and was settled again. If only its closed figures were published, its
/// cause may be `NewDay`; then an export with lines of the day was added.
pub(super) fn causes_of_published(causes: &BTreeSet<Cause>) -> BTreeSet<Cause> {
    let known = |cause: &Cause| if *cause == Cause::NewDay { Cause::WindowAdded } else { *cause };
    causes.iter().map(known).collect()
}

/// The stamps with published days.
pub(super) fn stamps_published(out: &Out) -> BTreeSet<Stamp> {
    out.published_below(DAILY_FOLDER).filter_map(|path| Stamp::new(path.split('/').nth(1)?)).collect()
}

/// The months with published days of a stamp.
pub(super) fn months_published(out: Option<&Out>, stamp: &Stamp) -> BTreeSet<Month> {
    let folder = folder_of(DAILY_FOLDER, stamp);
    out.iter().flat_map(|out| out.published_below(&folder)).filter_map(|path| month_in(&folder, path)).collect()
}

/// The published totals of a stamp's month.
///
/// # Errors
/// The table cannot be read, or a sum leaves the range.
pub(super) fn published(out: Option<&Out>, stamp: &Stamp, month: Month) -> Result<DayTotals> {
    let mut totals = DayTotals::new();
    let path = daily_path(stamp, month);
    let Some(out) = out.filter(|out| out.last().files.contains_key(&path)) else { return Ok(totals) };
    let columns: [&dyn AnyColumn; 5] = [&USAGE_DATE, &BILLED_SUBSCRIPTION_ID, &METER_ID, &QUANTITY, &LINE_COUNT];
    for rows in rows_published(out, &path, &contract::DAILY, &columns)?.unwrap_or_default() {
        let (days, billed, meters) =
            (rows.days(USAGE_DATE)?, rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (quantities, lines) = (rows.quantities(QUANTITY)?, rows.integers(LINE_COUNT)?);
        let is_like = |a: usize, b: usize| {
            days[a] == days[b] && billed.value(a) == billed.value(b) && meters.value(a) == meters.value(b)
        };
        let mut row = 0;
        while row < rows.len() {
            // Rows are sorted, so neighbours mostly have the same key.
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

/// The rows of a published table; `None` if it cannot be compared with: it is missing or altered and is being made
/// again, or it is of another version.
///
/// # Errors
/// The file cannot be read.
pub(super) fn rows_published(
    out: &Out,
    path: &str,
    table: &Table,
    columns: &[&dyn AnyColumn],
) -> Result<Option<Vec<Rows>>> {
    let Some(bytes) = out.read_unaltered(path)? else { return Ok(None) };
    Ok(reader::read(&out.path(path), bytes, table, columns, &[]).ok())
}

/// The differences between two states of a stamp's dirty days, for days that were published before.
pub(super) fn between(
    stamp: &Stamp,
    before: &DayTotals,
    after: &DayTotals,
    dirty: &BTreeMap<Day, BTreeSet<Cause>>,
) -> Vec<Correction> {
    let published: BTreeSet<Day> = before.keys().map(|(day, ..)| *day).collect();
    let keys: BTreeSet<&(Day, String, String)> = before.keys().chain(after.keys()).collect();
    let correction = |key: &(Day, String, String)| {
        let causes = dirty.get(&key.0).filter(|_| published.contains(&key.0))?;
        let (before, after) = (before.get(key).copied(), after.get(key).copied());
        (before != after).then(|| Correction {
            place: Place::Day(stamp.clone(), key.0),
            billed_subscription: key.1.clone(),
            meter: key.2.clone(),
            of: Corrected::Usage { before, after },
            causes: texts_of(&causes_of_published(causes)),
        })
    };
    keys.into_iter().filter_map(correction).collect()
}

/// The days of each stamp that were corrected.
pub(super) fn days_of(corrections: &[Correction]) -> BTreeMap<Stamp, BTreeSet<Day>> {
    let mut days: BTreeMap<Stamp, BTreeSet<Day>> = BTreeMap::new();
    for correction in corrections {
        if let Place::Day(stamp, day) = &correction.place {
            days.entry(stamp.clone()).or_default().insert(*day);
        }
    }
    days
}

/// The months whose statements bill other amounts.
pub(super) fn months_of(corrections: &[Correction]) -> BTreeSet<Month> {
    let months = corrections
        .iter()
        .filter(|correction| correction.place.day().is_none())
        .map(|correction| correction.place.month());
    months.collect()
}
