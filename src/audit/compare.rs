//! What differs between two publications: cell by cell of `daily`, told per billed subscription, tenant and meter.
//!
//! Rows of both sides come in the same order, so they are laid beside each other without holding more than one file of
//! each. Files with the same bytes are the same.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::adjusted::Total;
use super::publication::{MeterText, Publication};
use crate::domain::{Day, Quantity, Stamp};
use crate::error::Result;
use crate::frame::tables::{Rows, contradiction, text};
use crate::schema;

/// Usage of one tenant and meter that a billed subscription pays for otherwise in the second publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub stamp: Stamp,
    pub billed_subscription: String,
    pub attribution: String,
    pub tenant: Option<String>,
    pub meter: String,
    /// In the first publication; `None`: it has nothing of it.
    pub before: Option<Total>,
    /// In the second.
    pub after: Option<Total>,
    /// How many cells of `daily` differ.
    pub cells: u64,
}

/// What differs between two publications.
#[derive(Debug, Default)]
pub struct Comparison {
    /// By stamp, billed subscription, tenant and meter.
    pub moved: Vec<Moved>,
    /// Of each stamp and meter that differs somewhere: all of it in the first and in the second publication.
    pub totals: BTreeMap<(Stamp, String), [Total; 2]>,
    /// Days whose hours differ, though their days do not.
    pub hours: Vec<(Stamp, Day)>,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.moved.is_empty() && self.hours.is_empty()
    }
}

/// Billed subscription, attribution, tenant and meter of a stamp.
type Key = (String, String, Option<String>, String);

/// Compares two publications.
///
/// # Errors
/// One of them is none, or cannot be read.
pub fn compare(first: &Publication, second: &Publication) -> Result<Comparison> {
    let mut comparison = Comparison { meters: first.meters()?, names: first.names()?, ..Comparison::default() };
    comparison.meters.extend(second.meters()?);
    comparison.names.extend(second.names()?);
    let sides = [first, second];
    let mut stamps = BTreeSet::new();
    for side in sides {
        stamps.extend(side.stamps());
    }
    for stamp in stamps {
        let Differing { cells, days } = differing_cells(sides, &stamp)?;
        comparison.hours.extend(differing_hours(sides, &stamp, &days)?);
        let totals = monthly_totals(sides, &stamp)?;
        for (key, cells) in cells {
            let [before, after] = totals.get(&key).copied().unwrap_or_default();
            let (billed_subscription, attribution, tenant, meter) = key;
            let moved =
                Moved { stamp: stamp.clone(), billed_subscription, attribution, tenant, meter, before, after, cells };
            comparison.moved.push(moved);
        }
        let differs: BTreeSet<&String> =
            comparison.moved.iter().filter(|own| own.stamp == stamp).map(|own| &own.meter).collect();
        for ((.., meter), of_key) in totals.iter().filter(|((.., meter), _)| differs.contains(meter)) {
            let own = comparison.totals.entry((stamp.clone(), meter.clone())).or_default();
            for (own, total) in own.iter_mut().zip(of_key) {
                *own = sum(*own, total.unwrap_or_default())?;
            }
        }
    }
    Ok(comparison)
}

fn sum(one: Total, other: Total) -> Result<Total> {
    one.plus(other).ok_or_else(|| contradiction("monthly", "a sum that leaves the range of a quantity".to_owned()))
}

/// The published files below a folder that either side has.
fn files_of(sides: [&Publication; 2], prefix: &str) -> BTreeSet<String> {
    sides.iter().flat_map(|side| side.files_below(prefix)).map(str::to_owned).collect()
}

/// Whether both sides published the same bytes, which must lie there still.
fn is_same_file(sides: [&Publication; 2], path: &str) -> Result<bool> {
    Ok(sides[0].bytes(path)? == sides[1].bytes(path)?)
}

/// The days of a stamp whose hours differ, but for those whose sums differ anyway.
fn differing_hours(sides: [&Publication; 2], stamp: &Stamp, days: &BTreeSet<Day>) -> Result<Vec<(Stamp, Day)>> {
    let prefix = format!("hourly/{stamp}/");
    let mut differing = Vec::new();
    for path in files_of(sides, &prefix) {
        let name = path.strip_prefix(&prefix).and_then(|name| name.strip_suffix(".parquet"));
        if !is_same_file(sides, &path)? {
            let day = name.and_then(Day::parse).filter(|day| !days.contains(day));
            differing.extend(day.map(|day| (stamp.clone(), day)));
        }
    }
    Ok(differing)
}

/// How many cells of `daily` differ, by their billed subscription, tenant and meter; and on which days.
#[derive(Default)]
struct Differing {
    cells: BTreeMap<Key, u64>,
    days: BTreeSet<Day>,
}

fn differing_cells(sides: [&Publication; 2], stamp: &Stamp) -> Result<Differing> {
    let mut differing = Differing::default();
    for path in files_of(sides, &format!("daily/{stamp}/")) {
        if is_same_file(sides, &path)? {
            continue;
        }
        let [mut first, mut second] = [DailyRows::read(sides[0], &path)?, DailyRows::read(sides[1], &path)?];
        loop {
            let (one, two) = (first.peek()?, second.peek()?);
            let order = match (&one, &two) {
                (None, None) => break,
                (Some(one), Some(two)) => one.key.cmp(&two.key),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            let differs = match (&one, &two) {
                (Some(one), Some(two)) if order.is_eq() => one.measures != two.measures,
                _ => true,
            };
            if differs && let Some(own) = if order.is_le() { &one } else { &two } {
                let (day, billed, attribution, tenant, _, meter, _) = own.key;
                let key = (billed.to_owned(), attribution.to_owned(), tenant.map(str::to_owned), meter.to_owned());
                *differing.cells.entry(key).or_default() += 1;
                differing.days.insert(day);
            }
            let steps = (order.is_le(), order.is_ge());
            if steps.0 {
                first.step();
            }
            if steps.1 {
                second.step();
            }
        }
    }
    Ok(differing)
}

/// The rows of a file of `daily`, one after the other.
struct DailyRows {
    rows: Vec<Rows>,
    days: Vec<Vec<Day>>,
    batch: usize,
    row: usize,
}

/// A row: its key in the order of the table, and its quantity and count of lines.
struct DailyRow<'a> {
    key: (Day, &'a str, &'a str, Option<&'a str>, &'a str, &'a str, i64),
    measures: (Quantity, i64),
}

impl DailyRows {
    fn read(publication: &Publication, path: &str) -> Result<Self> {
        let columns: Vec<&str> = schema::DAILY.columns.iter().map(|column| column.name).collect();
        let rows = publication.read(path, &schema::DAILY, &columns, &[])?;
        let days = rows.iter().map(|rows| rows.days("usage_date")).collect::<Result<_>>()?;
        Ok(Self { rows, days, batch: 0, row: 0 })
    }

    fn peek(&self) -> Result<Option<DailyRow<'_>>> {
        let Some((rows, days)) = self.rows.get(self.batch).zip(self.days.get(self.batch)) else { return Ok(None) };
        let row = self.row;
        let key = (
            days[row],
            rows.texts("billed_subscription_id")?.value(row),
            rows.texts("attribution")?.value(row),
            text(rows.texts("tenant_id")?, row),
            rows.texts("user_subscription_id")?.value(row),
            rows.texts("meter_id")?.value(row),
            rows.integers("resource_key")?.value(row),
        );
        let measures = (rows.quantities("quantity")?.value(row), rows.integers("line_count")?.value(row));
        Ok(Some(DailyRow { key, measures }))
    }

    fn step(&mut self) {
        self.row += 1;
        if self.rows.get(self.batch).is_some_and(|rows| self.row == rows.len()) {
            (self.batch, self.row) = (self.batch + 1, 0);
        }
    }
}

/// All of a stamp in both publications, by billed subscription, tenant and meter.
fn monthly_totals(sides: [&Publication; 2], stamp: &Stamp) -> Result<BTreeMap<Key, [Option<Total>; 2]>> {
    let columns = ["billed_subscription_id", "attribution", "tenant_id", "meter_id", "quantity", "line_count"];
    let mut totals: BTreeMap<Key, [Option<Total>; 2]> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        for rows in side.read(&format!("monthly/{stamp}.parquet"), &schema::MONTHLY, &columns, &[])? {
            let (billed, tenants) = (rows.texts("billed_subscription_id")?, rows.texts("tenant_id")?);
            let (meters, quantities) = (rows.texts("meter_id")?, rows.quantities("quantity")?);
            let (counts, attributions) = (rows.integers("line_count")?, rows.texts("attribution")?);
            for row in 0..rows.len() {
                let key = (
                    billed.value(row).to_owned(),
                    attributions.value(row).to_owned(),
                    text(tenants, row).map(str::to_owned),
                    meters.value(row).to_owned(),
                );
                let own = totals.entry(key).or_default()[at].get_or_insert_default();
                *own = sum(*own, Total { quantity: quantities.value(row), line_count: counts.value(row) })?;
            }
        }
    }
    Ok(totals)
}
