//! Adjustments: what comes to closed months after they were closed. The figures of a closed month stay as they are; for
//! each of them, closed + adjustments = what its lines come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cause::texts_of;
use crate::domain::totals::Totals;
use crate::domain::{Cause, Day, Month, Quantity, Stamp};
use crate::error::Result;
use crate::publication::{Out, Publisher};
use crate::read::Stored;
use crate::table::arrays::{constant_integers, dates, integers, quantities, texts};
use crate::table::contract;
use crate::table::csv::{CsvCell, CsvTable};
use crate::table::figures::{FigureTable, Figures as StoredFigures};
use crate::table::reader::{self, Keep};

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

/// Figures with what they are, or by how much they differ.
pub type FigureSums = BTreeMap<Figure, Totals>;

/// Adds one to the other.
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

/// What arrived by one reported window, or by none in particular.
#[derive(Debug)]
pub struct Arrived {
    pub month: Month,
    pub figures: FigureSums,
}

/// Splits what is missing between a closed figure and its lines by the month of arrival: what single windows brought
/// first, and the rest with the latest month.
///
/// # Errors
/// A sum leaves the range.
pub fn split(
    stamp: &Stamp,
    mut missing: FigureSums,
    arrived: Vec<Arrived>,
    latest: Month,
    touched: &BTreeMap<Day, BTreeSet<Cause>>,
) -> Result<Vec<Adjustment>> {
    let causes_of = |day: Day| touched.get(&day).map_or_else(|| Cause::MonthReopened.as_str().to_owned(), texts_of);
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
    let own = |((arrival, figure), delta): ((Month, Figure), Totals)| Adjustment {
        stamp: stamp.clone(),
        arrival,
        causes: causes_of(figure.day),
        figure,
        delta,
    };
    Ok(rows.map(own).collect())
}

/// All adjustments of a stamp that were published, added up.
///
/// # Errors
/// A table is missing, altered, or not as this version publishes it.
pub fn published(out: Option<&Out>, stamp: &Stamp) -> Result<FigureSums> {
    let mut sums = FigureSums::new();
    let Some(out) = out else { return Ok(sums) };
    let is_table = |path: &&String| path.starts_with("history/adjustments/") && path.ends_with(".parquet");
    for path in out.last().files.keys().filter(is_table) {
        for (figure, delta) in figures_of(&out.read(path)?, FigureTable::ADJUSTMENTS, stamp)? {
            add(&mut sums, figure, delta)?;
        }
    }
    Ok(sums)
}

/// The figures of a table's rows that are a stamp's.
///
/// # Errors
/// The table is not as this version publishes it.
fn figures_of(stored: &Stored, table: FigureTable, stamp: &Stamp) -> Result<Vec<(Figure, Totals)>> {
    let keep = [Keep::Texts("stamp", vec![stamp.to_string()])];
    let mut figures = Vec::new();
    for rows in reader::read(&stored.path, stored.bytes.clone(), table.table, &table.columns(), &keep)? {
        figures.extend(StoredFigures::of(&rows, table)?.iter().map(|own| {
            let figure = Figure {
                day: own.day,
                billed_subscription: own.billed_subscription.to_owned(),
                attribution: own.attribution.to_owned(),
                tenant: own.tenant.map(str::to_owned),
                user_subscription: own.user_subscription.to_owned(),
                meter: own.meter.to_owned(),
                resource: own.resource,
            };
            (figure, own.totals)
        }));
    }
    Ok(figures)
}

/// Stages what came to closed months, if anything did.
///
/// # Errors
/// The table cannot be staged.
pub fn publish(adjustments: &mut [Adjustment], publisher: &Publisher) -> Result<()> {
    if adjustments.is_empty() || publisher.is_rehearsal() {
        return Ok(());
    }
    adjustments.sort_by(|a, b| (&a.stamp, a.arrival, &a.figure).cmp(&(&b.stamp, b.arrival, &b.figure)));
    let generation = publisher.generation();
    let path = format!("history/adjustments/{generation:06}");
    let each = || adjustments.iter();
    let of = |get: fn(&Figure) -> &str| texts(each().map(move |own| Some(get(&own.figure))));
    let columns = vec![
        constant_integers(generation as i64, adjustments.len()),
        texts(each().map(|own| Some(own.stamp.as_str()))),
        dates(each().map(|own| own.arrival.first_day())),
        dates(each().map(|own| own.figure.day)),
        of(|own| &own.billed_subscription),
        of(|own| &own.attribution),
        texts(each().map(|own| own.figure.tenant.as_deref())),
        of(|own| &own.user_subscription),
        of(|own| &own.meter),
        integers(each().map(|own| own.figure.resource)),
        quantities(each().map(|own| own.delta.quantity))?,
        integers(each().map(|own| own.delta.lines)),
        texts(each().map(|own| Some(own.causes.as_str()))),
    ];
    publisher.table(format!("{path}.parquet"), &contract::ADJUSTMENTS, columns, None)?;
    let mut table = CsvTable::new(crate::table::flat::CSV_ADJUSTMENTS.columns);
    for Adjustment { stamp, arrival, figure, delta, causes } in each() {
        let cells = [
            CsvCell::Integer(generation as i64),
            CsvCell::Text(Some(stamp.as_str())),
            CsvCell::Month(*arrival),
            CsvCell::Day(figure.day),
            CsvCell::Text(Some(&figure.billed_subscription)),
            CsvCell::Text(Some(&figure.attribution)),
            CsvCell::Text(figure.tenant.as_deref()),
            CsvCell::Text(Some(&figure.user_subscription)),
            CsvCell::Text(Some(&figure.meter)),
            CsvCell::Quantity(delta.quantity),
            CsvCell::Integer(delta.lines),
            CsvCell::Text(Some(causes)),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    publisher.csv(&path, crate::table::flat::CSV_ADJUSTMENTS.columns, table, None)
}
