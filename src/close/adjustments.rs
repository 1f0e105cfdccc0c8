//! Adjustments: what comes to a month after it was closed. The figures of a closed month stay as they are; for each of
//! them, closed + adjustments = the sum of its lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cause::texts_of;
use crate::domain::totals::Totals;
use crate::domain::{Cause, Day, Month, Quantity, Stamp};
use crate::error::Result;
use crate::publication::layout::{ADJUSTMENTS_FOLDER, adjustments_path, as_table, is_table};
use crate::publication::{Out, Publisher};
use crate::read::Stored;
use crate::table::contract;
use crate::table::contract::adjustments::{ARRIVAL_MONTH, LINE_COUNT_DELTA, QUANTITY_DELTA};
use crate::table::contract::changes::{CAUSE, RUN};
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, METER_ID, RESOURCE_KEY, STAMP, TENANT_ID, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::figures::{FigureTable, Figures as StoredFigures};
use crate::table::flat::CSV_ADJUSTMENTS;
use crate::table::reader::{self, Keep};
use crate::table::rows::RowSet;

/// What identifies a figure of `daily`, by text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    pub day: Day,
    pub billed_subscription: String,
    pub attribution: String,
    pub tenant: Option<String>,
    pub user_subscription: String,
    pub meter: String,
    pub resource: i64,
}

/// Figures with their sums, or with the differences of their sums.
pub type FigureSums = BTreeMap<Figure, Totals>;

/// Adds a delta to a figure's sum.
///
/// # Errors
/// A sum leaves the range.
pub fn add(to: &mut FigureSums, figure: Figure, delta: Totals) -> Result<()> {
    Ok(to.entry(figure).or_default().merge(delta)?)
}

/// One adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    pub stamp: Stamp,
    pub arrival: Month,
    pub figure: Figure,
    pub delta: Totals,
    pub causes: String,
}

/// What arrived by one reported window, or by no single window.
#[derive(Debug)]
pub struct Arrived {
    pub month: Month,
    pub figures: FigureSums,
}

/// Splits the difference between closed figures and their lines by the month of arrival: first what single windows
/// brought, then the rest with the latest month.
///
/// # Errors
/// A sum leaves the range.
pub fn split(
    stamp: &Stamp,
    mut missing: FigureSums,
    arrived: Vec<Arrived>,
    latest: Month,
    dirty: &BTreeMap<Day, BTreeSet<Cause>>,
) -> Result<Vec<Adjustment>> {
    let causes_of = |day: Day| dirty.get(&day).map_or_else(|| Cause::MonthReopened.as_str().to_owned(), texts_of);
    let mut rows: BTreeMap<(Month, Figure), Totals> = BTreeMap::new();
    for Arrived { month, figures } in arrived {
        for (figure, delta) in figures {
            add(&mut missing, figure.clone(), delta.negated())?;
            rows.entry((month, figure)).or_default().merge(delta)?;
        }
    }
    for (figure, delta) in missing {
        rows.entry((latest, figure)).or_default().merge(delta)?;
    }
    let rows = rows.into_iter().filter(|(_, delta)| !delta.is_nothing());
    let adjustment = |((arrival, figure), delta): ((Month, Figure), Totals)| Adjustment {
        stamp: stamp.clone(),
        arrival,
        causes: causes_of(figure.day),
        figure,
        delta,
    };
    Ok(rows.map(adjustment).collect())
}

/// All adjustments of a stamp that were published, added up.
///
/// # Errors
/// A table is missing, altered, or not as this version publishes it.
pub fn published(out: Option<&Out>, stamp: &Stamp) -> Result<FigureSums> {
    let mut sums = FigureSums::new();
    let Some(out) = out else { return Ok(sums) };
    let is_table = |path: &&String| path.starts_with(ADJUSTMENTS_FOLDER) && is_table(path);
    for path in out.last().files.keys().filter(is_table) {
        for (figure, delta) in figures_of(&out.read(path)?, FigureTable::ADJUSTMENTS, stamp)? {
            add(&mut sums, figure, delta)?;
        }
    }
    Ok(sums)
}

/// The figures of a stamp in a table.
///
/// # Errors
/// The table is not as this version publishes it.
fn figures_of(stored: &Stored, table: FigureTable, stamp: &Stamp) -> Result<Vec<(Figure, Totals)>> {
    let keep = [Keep::Texts(STAMP, vec![stamp.to_string()])];
    let mut figures = Vec::new();
    for rows in reader::read(&stored.path, stored.bytes.clone(), table.table, &table.columns(), &keep)? {
        figures.extend(StoredFigures::of(&rows, table)?.iter().map(|row| {
            let figure = Figure {
                day: row.day,
                billed_subscription: row.billed_subscription.to_owned(),
                attribution: row.attribution.to_owned(),
                tenant: row.tenant.map(str::to_owned),
                user_subscription: row.user_subscription.to_owned(),
                meter: row.meter.to_owned(),
                resource: row.resource,
            };
            (figure, row.totals)
        }));
    }
    Ok(figures)
}

/// Stages the adjustments of closed months, if there are any.
///
/// # Errors
/// The table cannot be staged.
pub fn publish(adjustments: &mut [Adjustment], publisher: &Publisher) -> Result<()> {
    if adjustments.is_empty() || publisher.is_rehearsal() {
        return Ok(());
    }
    adjustments.sort_by(|a, b| (&a.stamp, a.arrival, &a.figure).cmp(&(&b.stamp, b.arrival, &b.figure)));
    let generation = publisher.generation();
    let path = adjustments_path(generation);
    let rows = RowSet::of(adjustments)
        .with(RUN, move |_| generation as i64)
        .with(STAMP, |row| row.stamp.as_str())
        .with(ARRIVAL_MONTH, |row| row.arrival)
        .with(USAGE_DATE, |row| row.figure.day)
        .with(BILLED_SUBSCRIPTION_ID, |row| row.figure.billed_subscription.as_str())
        .with(ATTRIBUTION, |row| row.figure.attribution.as_str())
        .with(TENANT_ID, |row| row.figure.tenant.as_deref())
        .with(USER_SUBSCRIPTION_ID, |row| row.figure.user_subscription.as_str())
        .with(METER_ID, |row| row.figure.meter.as_str())
        .with(RESOURCE_KEY, |row| row.figure.resource)
        .with(QUANTITY_DELTA, |row| row.delta.quantity)
        .with(LINE_COUNT_DELTA, |row| row.delta.lines)
        .with(CAUSE, |row| row.causes.as_str());
    publisher.table(as_table(&path), rows.columns(&contract::ADJUSTMENTS)?, None)?;
    let csv = rows.csv(CSV_ADJUSTMENTS.name, CSV_ADJUSTMENTS.columns, |_| (0, Quantity::ZERO))?;
    publisher.csv(&path, CSV_ADJUSTMENTS.columns, csv, None)
}
