//! What differs between two publications: cell by cell of `daily`, told per billed subscription, tenant and meter.
//!
//! Rows of both sides come in the same order, so they are laid beside each other without holding more than one file of
//! each. Files with the same bytes are the same.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::publication::{MeterText, Publication, entries};
use super::tables::{self, Rows, text};
use crate::domain::{Day, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::schema;

/// A quantity and the lines that were summed for it; of one meter always, since meters do not add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub quantity: Quantity,
    pub line_count: i64,
}

impl Total {
    fn add(&mut self, quantity: Quantity, line_count: i64) -> Result<()> {
        self.quantity = self.quantity.checked_add(quantity).ok_or_else(|| {
            Error::input("a sum of two publications that leaves the range of a quantity").hint("compare fewer stamps")
        })?;
        self.line_count += line_count;
        Ok(())
    }
}

/// Usage of one tenant and meter that a billed subscription pays for otherwise in the second publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub stamp: Stamp,
    pub billed_subscription: String,
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

/// Billed subscription, tenant and meter of a stamp.
type Key = (String, Option<String>, String);

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
        stamps.extend(side.stamps_of(schema::DAILY.name)?);
    }
    for stamp in stamps {
        let Differing { cells, days } = differing_cells(sides, &stamp)?;
        comparison.hours.extend(differing_hours(sides, &stamp, &days)?);
        let totals = monthly_totals(sides, &stamp)?;
        for (key, cells) in cells {
            let [before, after] = totals.get(&key).copied().unwrap_or_default();
            let (billed_subscription, tenant, meter) = key;
            let moved = Moved { stamp: stamp.clone(), billed_subscription, tenant, meter, before, after, cells };
            comparison.moved.push(moved);
        }
        let differs: BTreeSet<&String> =
            comparison.moved.iter().filter(|own| own.stamp == stamp).map(|own| &own.meter).collect();
        for ((_, _, meter), of_key) in totals.iter().filter(|((_, _, meter), _)| differs.contains(meter)) {
            let own = comparison.totals.entry((stamp.clone(), meter.clone())).or_default();
            for (own, total) in own.iter_mut().zip(of_key) {
                total.map_or(Ok(()), |total| own.add(total.quantity, total.line_count))?;
            }
        }
    }
    Ok(comparison)
}

/// The names of files that either folder has, sorted.
fn names_in(folders: &[impl AsRef<Path>; 2]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for folder in folders {
        names.extend(entries(folder.as_ref())?.into_iter().filter(|name| name.ends_with(".parquet")));
    }
    Ok(names)
}

fn is_same_file(first: &Path, second: &Path) -> Result<bool> {
    let bytes = |path: &Path| match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::machine("read", path, error)),
    };
    Ok(bytes(first)? == bytes(second)?)
}

/// The days of a stamp whose hours differ, but for those whose sums differ anyway.
fn differing_hours(sides: [&Publication; 2], stamp: &Stamp, days: &BTreeSet<Day>) -> Result<Vec<(Stamp, Day)>> {
    let folders = sides.map(|side| side.folder().join("hourly").join(stamp.as_str()));
    let mut differing = Vec::new();
    for name in names_in(&folders)? {
        let Some(day) = Day::parse(name.trim_end_matches(".parquet")).filter(|day| !days.contains(day)) else {
            continue;
        };
        if !is_same_file(&folders[0].join(&name), &folders[1].join(&name))? {
            differing.push((stamp.clone(), day));
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
    let folders = sides.map(|side| side.folder().join("daily").join(stamp.as_str()));
    let mut differing = Differing::default();
    for name in names_in(&folders)? {
        let [first, second] = folders.each_ref().map(|folder| folder.join(&name));
        if is_same_file(&first, &second)? {
            continue;
        }
        let (mut first, mut second) = (DailyRows::read(&first)?, DailyRows::read(&second)?);
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
                let (day, billed, _, tenant, _, meter, _) = own.key;
                let key = (billed.to_owned(), tenant.map(str::to_owned), meter.to_owned());
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
    fn read(path: &Path) -> Result<Self> {
        let columns: Vec<&str> = schema::DAILY.columns.iter().map(|column| column.name).collect();
        let rows = tables::read(path, &schema::DAILY, &columns, &[])?;
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
    let columns = ["billed_subscription_id", "tenant_id", "meter_id", "quantity", "line_count"];
    let mut totals: BTreeMap<Key, [Option<Total>; 2]> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        let path = side.folder().join(format!("monthly/{stamp}.parquet"));
        for rows in tables::read(&path, &schema::MONTHLY, &columns, &[])? {
            let (billed, tenants) = (rows.texts("billed_subscription_id")?, rows.texts("tenant_id")?);
            let (meters, quantities) = (rows.texts("meter_id")?, rows.quantities("quantity")?);
            let counts = rows.integers("line_count")?;
            for row in 0..rows.len() {
                let key =
                    (billed.value(row).to_owned(), text(tenants, row).map(str::to_owned), meters.value(row).to_owned());
                let own = totals.entry(key).or_default()[at].get_or_insert_default();
                own.add(quantities.value(row), counts.value(row))?;
            }
        }
    }
    Ok(totals)
}
