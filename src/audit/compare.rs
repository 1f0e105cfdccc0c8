//! What differs between two publications: cell by cell of `daily`, reported by billed subscription, tenant and meter.
//! Adjustments are added to their closed months first, so for usage it does not matter whether a month is closed. For
//! statements it does: those of a closed month stay as they were closed.
//!
//! The rows of both sides come in the same order, so they are merged with no more than one file of each side in
//! memory. Files with the same bytes are equal.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::iter::Peekable;

use super::adjusted;
use super::names::Chosen;
use super::statement::{PublishedStatementLine, statement_lines};
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Currency, Day, Month, PriceStatus, Quantity, Stamp};
use crate::error::Result;
use crate::publication::layout::{
    DAILY_FOLDER, HOURLY_FOLDER, STATEMENTS_FOLDER, daily_path, folder_of, month_in, monthly_path, table_in,
};
use crate::publication::{MeterText, Publication};
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, MONTH, QUANTITY, STAMP, TENANT_ID,
};
use crate::table::figures::{FigureRow, FigureTable, Figures as StoredFigures};
use crate::table::reader::{Keep, contradiction, text};

/// Usage of one tenant and meter that is paid for differently in the second publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub stamp: Stamp,
    pub billed_subscription: String,
    pub attribution: String,
    pub tenant: Option<String>,
    pub meter: String,
    /// In the first publication; `None`: there is none.
    pub before: Option<Totals>,
    /// In the second.
    pub after: Option<Totals>,
    /// How many cells of `daily` differ.
    pub cells: u64,
}

/// What is billed differently for a meter, in one currency, in the second publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recharged {
    pub month: Month,
    pub billed_subscription: String,
    pub meter: String,
    pub status: PriceStatus,
    /// Of the price and of the bill; `None`: there is no amount.
    pub currencies: Option<(Currency, Currency)>,
    /// In the first publication; `None`: it has no such line.
    pub before: Option<StatementSum>,
    /// In the second.
    pub after: Option<StatementSum>,
}

/// The sums of statement lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementSum {
    pub quantity: Quantity,
    pub charge: Charge,
    pub billing_amount: Amount,
}

/// The total that the statements of a month bill, rounded as it is billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillTotal {
    pub month: Month,
    /// `None`: all of them.
    pub billed_subscription: Option<String>,
    pub billing_currency: Currency,
    /// In the first publication; `None`: it bills nothing in that currency.
    pub before: Option<Amount>,
    /// In the second.
    pub after: Option<Amount>,
}

/// What differs between two publications.
#[derive(Debug, Default)]
pub struct Comparison {
    /// By stamp, billed subscription, tenant and meter.
    pub moved: Vec<Moved>,
    /// For each stamp and meter that differs somewhere: its totals in the first and in the second publication.
    pub totals: BTreeMap<(Stamp, String), [Totals; 2]>,
    /// Days whose hours differ, though their daily sums do not.
    pub hours: Vec<(Stamp, Day)>,
    /// What statements bill differently.
    pub charges: Vec<Recharged>,
    /// For each month and billed subscription that is billed differently, and for each such month: the whole total.
    pub bills: Vec<BillTotal>,
    /// The only month that was compared; `None`: all.
    pub month: Option<Month>,
    /// Whether either side has statements.
    pub is_charged: bool,
    /// Whether either side has adjustments, which were added.
    pub is_adjusted: bool,
    /// Whether only a part was wanted.
    pub is_narrowed: bool,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.moved.is_empty() && self.hours.is_empty() && self.charges.is_empty()
    }

    /// Keeps the differences of some stamps, billed subscriptions, tenants and meters (all when empty).
    ///
    /// A statement covers all stamps, and a line of it may cover several tenants: so statements are narrowed by billed
    /// subscription and by meter only, and left out where anything else is wanted. Days whose hours differ name
    /// nobody, so they are left out where anything but stamps is wanted.
    pub fn narrow(&mut self, stamps: &[Stamp], chosen: &Chosen) {
        let Chosen { billed_subscriptions, tenants, meters, .. } = chosen;
        let is_of_stamp = |stamp: &Stamp| stamps.is_empty() || stamps.contains(stamp);
        self.moved.retain(|row| {
            is_of_stamp(&row.stamp)
                && Chosen::is_wanted(billed_subscriptions, &row.billed_subscription)
                && Chosen::is_wanted(tenants, row.tenant.as_deref().unwrap_or_default())
                && Chosen::is_wanted(meters, &row.meter)
        });
        let moved = &self.moved;
        let is_moved = |key: &(Stamp, String)| moved.iter().any(|row| (&row.stamp, &row.meter) == (&key.0, &key.1));
        self.totals.retain(|key, _| is_moved(key));
        let narrows_usage = !chosen.is_everything();
        self.hours.retain(|(stamp, _)| !narrows_usage && is_of_stamp(stamp));
        let keeps_statements = stamps.is_empty() && tenants.is_empty();
        self.is_charged &= keeps_statements;
        self.charges.retain(|row| {
            keeps_statements
                && Chosen::is_wanted(billed_subscriptions, &row.billed_subscription)
                && Chosen::is_wanted(meters, &row.meter)
        });
        // A total over all billed subscriptions or meters is not what is wanted.
        let is_whole = keeps_statements && meters.is_empty();
        let charges = &self.charges;
        self.bills.retain(|bill| {
            let is_there =
                |id: &String| charges.iter().any(|row| row.billed_subscription == *id && row.month == bill.month);
            is_whole
                && match &bill.billed_subscription {
                    Some(id) => is_there(id),
                    None => billed_subscriptions.is_empty(),
                }
        });
        self.is_narrowed = narrows_usage || !stamps.is_empty();
    }
}

/// Billed subscription, attribution, tenant and meter of a stamp.
type Key = (String, String, Option<String>, String);

/// Compares two publications: one month of them, or all.
///
/// # Errors
/// One of them is no publication, or cannot be read.
pub fn compare(first: &Publication, second: &Publication, month: Option<Month>) -> Result<Comparison> {
    let mut comparison = Comparison { meters: first.meters()?, names: first.names()?, month, ..Comparison::default() };
    comparison.meters.extend(second.meters()?);
    comparison.names.extend(second.names()?);
    let sides = [first, second];
    (comparison.charges, comparison.bills) = recharged(sides, month)?;
    comparison.is_charged = !files_of(sides, STATEMENTS_FOLDER).is_empty();
    let mut stamps = BTreeSet::new();
    for side in sides {
        stamps.extend(side.stamps());
    }
    for stamp in stamps {
        let adjustments = [adjustments(first, &stamp, month)?, adjustments(second, &stamp, month)?];
        comparison.is_adjusted |= adjustments.iter().any(|by_month| !by_month.is_empty());
        let Differing { cells, days } = differing_cells(sides, &stamp, &adjustments, month)?;
        comparison.hours.extend(differing_hours(sides, &stamp, &days, month)?);
        let totals = monthly_totals(sides, &stamp, &adjustments, month)?;
        for (key, cells) in cells {
            let [before, after] = totals.get(&key).copied().unwrap_or_default();
            let (billed_subscription, attribution, tenant, meter) = key;
            let moved =
                Moved { stamp: stamp.clone(), billed_subscription, attribution, tenant, meter, before, after, cells };
            comparison.moved.push(moved);
        }
        let differs: BTreeSet<&String> =
            comparison.moved.iter().filter(|row| row.stamp == stamp).map(|row| &row.meter).collect();
        for ((.., meter), totals_of_key) in totals.iter().filter(|((.., meter), _)| differs.contains(meter)) {
            let totals_of_meter = comparison.totals.entry((stamp.clone(), meter.clone())).or_default();
            for (total, added) in totals_of_meter.iter_mut().zip(totals_of_key) {
                *total = sum(*total, added.unwrap_or_default())?;
            }
        }
    }
    Ok(comparison)
}

fn sum(one: Totals, other: Totals) -> Result<Totals> {
    let past_range = |_past_range| contradiction("monthly", "a sum that leaves the range of a quantity".to_owned());
    one.plus(other).map_err(past_range)
}

/// The published files below a folder, on either side.
fn files_of(sides: [&Publication; 2], prefix: &str) -> BTreeSet<String> {
    sides.iter().flat_map(|side| side.files_below(prefix)).map(str::to_owned).collect()
}

/// Whether both sides published the same bytes, which must still be there.
fn is_same_file(sides: [&Publication; 2], path: &str) -> Result<bool> {
    Ok(sides[0].bytes(path)? == sides[1].bytes(path)?)
}

/// The days of a stamp whose hours differ, except those whose sums differ anyway.
fn differing_hours(
    sides: [&Publication; 2],
    stamp: &Stamp,
    days: &BTreeSet<Day>,
    month: Option<Month>,
) -> Result<Vec<(Stamp, Day)>> {
    let folder = folder_of(HOURLY_FOLDER, stamp);
    let mut differing = Vec::new();
    for path in files_of(sides, &folder) {
        let day =
            table_in(&folder, &path).and_then(Day::parse).filter(|day| month.is_none_or(|month| day.month() == month));
        if day.is_some() && !is_same_file(sides, &path)? {
            differing.extend(day.filter(|day| !days.contains(day)).map(|day| (stamp.clone(), day)));
        }
    }
    Ok(differing)
}

/// How many cells of `daily` differ, by billed subscription, tenant and meter; and on which days.
#[derive(Default)]
struct Differing {
    cells: BTreeMap<Key, u64>,
    days: BTreeSet<Day>,
}

fn differing_cells(
    sides: [&Publication; 2],
    stamp: &Stamp,
    adjustments: &[Adjustments; 2],
    only: Option<Month>,
) -> Result<Differing> {
    let mut differing = Differing::default();
    let folder = folder_of(DAILY_FOLDER, stamp);
    let files = files_of(sides, &folder);
    let published = files.iter().filter_map(|path| month_in(&folder, path));
    let months: BTreeSet<Month> =
        published.chain(adjustments.iter().flat_map(|by_month| by_month.keys().copied())).collect();
    for month in months.into_iter().filter(|month| only.is_none_or(|only| *month == only)) {
        let path = daily_path(stamp, month);
        let adjusted_figures = [0, 1].map(|side: usize| adjustments[side].get(&month));
        if adjusted_figures[0] == adjusted_figures[1] && is_same_file(sides, &path)? {
            continue;
        }
        let [mut first, mut second] = [
            MonthFigures::read(sides[0], &path, adjusted_figures[0])?,
            MonthFigures::read(sides[1], &path, adjusted_figures[1])?,
        ];
        loop {
            let (one, two) = (first.peek()?, second.peek()?);
            let Some(order) = order_of(one.as_ref(), two.as_ref()) else { break };
            let differs = match (&one, &two) {
                (Some(one), Some(two)) if order.is_eq() => one.total != two.total,
                _ => true,
            };
            if differs && let Some(figure) = if order.is_le() { &one } else { &two } {
                let (day, billed, attribution, tenant, _, meter, _) = figure.key;
                let key = (billed.to_owned(), attribution.to_owned(), tenant.map(str::to_owned), meter.to_owned());
                *differing.cells.entry(key).or_default() += 1;
                differing.days.insert(day);
            }
            let steps = (order.is_le(), order.is_ge());
            if steps.0 {
                first.step()?;
            }
            if steps.1 {
                second.step()?;
            }
        }
    }
    Ok(differing)
}

/// Which of two figures comes first; `None` when there is neither.
fn order_of(one: Option<&ComparedFigure<'_>>, two: Option<&ComparedFigure<'_>>) -> Option<Ordering> {
    match (one, two) {
        (None, None) => None,
        (Some(one), Some(two)) => Some(one.key.cmp(&two.key)),
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
    }
}

/// What identifies a figure of `daily`, in the order of the table.
type FigureKey<'a> = (Day, &'a str, &'a str, Option<&'a str>, &'a str, &'a str, i64);

/// The same key, owned.
type OwnedKey = (Day, String, String, Option<String>, String, String, i64);

/// Adjustments of figures.
type ArrivedFigures = BTreeMap<OwnedKey, Totals>;

/// By month; months without adjustments are left out.
type Adjustments = BTreeMap<Month, ArrivedFigures>;

fn borrowed(key: &OwnedKey) -> FigureKey<'_> {
    let (day, billed, attribution, tenant, user, meter, resource) = key;
    (*day, billed, attribution, tenant.as_deref(), user, meter, *resource)
}

fn owned((day, billed, attribution, tenant, user, meter, resource): FigureKey<'_>) -> OwnedKey {
    let tenant = tenant.map(str::to_owned);
    (day, billed.to_owned(), attribution.to_owned(), tenant, user.to_owned(), meter.to_owned(), resource)
}

/// All adjustments of a stamp, or those of one month, added up. What was taken back when a month was reopened is left
/// out.
fn adjustments(publication: &Publication, stamp: &Stamp, month: Option<Month>) -> Result<Adjustments> {
    let mut adjustments = Adjustments::new();
    let keep = [Keep::Texts(STAMP, vec![stamp.to_string()])];
    for path in adjusted::tables(publication) {
        let mut rows = FigureRows::read(publication, path, FigureTable::ADJUSTMENTS, &keep)?;
        while let Some(ComparedFigure { key, total }) = rows.peek() {
            let adjustment = adjustments.entry(key.0.month()).or_default().entry(owned(key)).or_default();
            *adjustment = sum(*adjustment, total)?;
            rows.step();
        }
    }
    adjustments.retain(|adjusted_month, _| month.is_none_or(|month| *adjusted_month == month));
    adjustments.values_mut().for_each(|figures| figures.retain(|_, total| !total.is_nothing()));
    adjustments.retain(|_, figures| !figures.is_empty());
    Ok(adjustments)
}

/// A figure and its total.
struct ComparedFigure<'a> {
    key: FigureKey<'a>,
    total: Totals,
}

/// The figures of a month, one after the other: those of `daily`, with their adjustments.
struct MonthFigures<'a> {
    rows: FigureRows,
    adjustments: Peekable<btree_map::Iter<'a, OwnedKey, Totals>>,
}

impl<'a> MonthFigures<'a> {
    fn read(publication: &Publication, path: &str, adjustments: Option<&'a ArrivedFigures>) -> Result<Self> {
        static NONE: ArrivedFigures = ArrivedFigures::new();
        let rows = FigureRows::read(publication, path, FigureTable::DAILY, &[])?;
        let mut figures = Self { rows, adjustments: adjustments.unwrap_or(&NONE).iter().peekable() };
        figures.skip_nothings()?;
        Ok(figures)
    }

    /// The next row and the next adjustment, as far as they belong to the next figure.
    fn parts(&mut self) -> (Option<ComparedFigure<'_>>, Option<ComparedFigure<'_>>) {
        let row = self.rows.peek();
        let adjustment = self.adjustments.peek().map(|&(key, &total)| ComparedFigure { key: borrowed(key), total });
        let Some(order) = order_of(row.as_ref(), adjustment.as_ref()) else { return (None, None) };
        (row.filter(|_| order.is_le()), adjustment.filter(|_| order.is_ge()))
    }

    fn peek(&mut self) -> Result<Option<ComparedFigure<'_>>> {
        Ok(match self.parts() {
            (Some(ComparedFigure { key, total }), Some(adjustment)) => {
                Some(ComparedFigure { key, total: sum(total, adjustment.total)? })
            }
            (row, adjustment) => row.or(adjustment),
        })
    }

    fn step(&mut self) -> Result<()> {
        self.step_once();
        self.skip_nothings()
    }

    fn step_once(&mut self) {
        let (has_row, is_adjusted) = {
            let (row, adjustment) = self.parts();
            (row.is_some(), adjustment.is_some())
        };
        if has_row {
            self.rows.step();
        }
        if is_adjusted {
            self.adjustments.next();
        }
    }

    /// A closed figure whose lines have moved elsewhere since adds up to nothing, and is in no open publication.
    fn skip_nothings(&mut self) -> Result<()> {
        while self.peek()?.is_some_and(|figure| figure.total.is_nothing()) {
            self.step_once();
        }
        Ok(())
    }
}

/// The rows of a table with the figures of `daily`, one after the other.
struct FigureRows {
    batches: Vec<StoredFigures>,
    batch: usize,
    row: usize,
}

impl FigureRows {
    fn read(publication: &Publication, path: &str, table: FigureTable, keep: &[Keep]) -> Result<Self> {
        let rows = publication.read(path, table.table, &table.columns(), keep)?;
        let batches = rows.iter().filter(|rows| !rows.is_empty()).map(|rows| StoredFigures::of(rows, table));
        Ok(Self { batches: batches.collect::<Result<_>>()?, batch: 0, row: 0 })
    }

    fn peek(&self) -> Option<ComparedFigure<'_>> {
        let FigureRow { day, billed_subscription, attribution, tenant, user_subscription, meter, resource, totals } =
            self.batches.get(self.batch)?.row(self.row);
        Some(ComparedFigure {
            key: (day, billed_subscription, attribution, tenant, user_subscription, meter, resource),
            total: totals,
        })
    }

    fn step(&mut self) {
        self.row += 1;
        if self.batches.get(self.batch).is_some_and(|batch| self.row == batch.len()) {
            (self.batch, self.row) = (self.batch + 1, 0);
        }
    }
}

/// What the statements of both publications bill differently, by month, billed subscription, meter and currency; and
/// the totals of those that differ.
fn recharged(sides: [&Publication; 2], only: Option<Month>) -> Result<(Vec<Recharged>, Vec<BillTotal>)> {
    let (mut recharged, mut bills) = (Vec::new(), Vec::new());
    for path in files_of(sides, STATEMENTS_FOLDER) {
        let month = month_in(STATEMENTS_FOLDER, &path);
        let Some(month) = month.filter(|month| only.is_none_or(|only| *month == only)) else { continue };
        if is_same_file(sides, &path)? {
            continue;
        }
        let past_range = || contradiction(&path, "lines whose sum is out of range".to_owned());
        let mut lines: BTreeMap<_, [Option<StatementSum>; 2]> = BTreeMap::new();
        let mut totals: BTreeMap<(Option<String>, Currency), [Option<Amount>; 2]> = BTreeMap::new();
        for (at, side) in sides.into_iter().enumerate() {
            for PublishedStatementLine { billed_subscription, meter, price, quantity, sums, .. } in
                statement_lines(side, month)?
            {
                for (payer, sums) in [Some(billed_subscription.clone()), None].into_iter().zip([sums, sums]) {
                    let Some(sums) = sums else { continue };
                    let sum = totals.entry((payer, sums.billing_currency)).or_default()[at].get_or_insert_default();
                    *sum = sum.checked_add(sums.billing_amount).ok_or_else(past_range)?;
                }
                let currencies = sums.map(|sums| (sums.currency, sums.billing_currency));
                let key = (billed_subscription, meter, price.status, currencies);
                let sum = lines.entry(key).or_default()[at].get_or_insert_default();
                let added = || {
                    Some(StatementSum {
                        quantity: sum.quantity.checked_add(quantity)?,
                        charge: sum.charge.checked_add(sums.map_or(Charge::ZERO, |sums| sums.charge))?,
                        billing_amount: sum
                            .billing_amount
                            .checked_add(sums.map_or(Amount::ZERO, |sums| sums.billing_amount))?,
                    })
                };
                *sum = added().ok_or_else(past_range)?;
            }
        }
        let differing = lines.into_iter().filter(|(_, [before, after])| before != after);
        let month_rows: Vec<Recharged> = differing
            .map(|(key, [before, after])| {
                let (billed_subscription, meter, status, currencies) = key;
                Recharged { month, billed_subscription, meter, status, currencies, before, after }
            })
            .collect();
        totals.retain(|(billed, _), _| match billed {
            Some(billed) => month_rows.iter().any(|row| row.billed_subscription == *billed),
            None => !month_rows.is_empty(),
        });
        // The total of all statements comes after the total of each.
        let (all, each): (Vec<_>, Vec<_>) = totals.into_iter().partition(|((billed, _), _)| billed.is_none());
        bills.extend(each.into_iter().chain(all).map(|((billed_subscription, billing_currency), [before, after])| {
            BillTotal { month, billed_subscription, billing_currency, before, after }
        }));
        recharged.extend(month_rows);
    }
    Ok((recharged, bills))
}

/// The totals of a stamp in both publications, by billed subscription, tenant and meter.
fn monthly_totals(
    sides: [&Publication; 2],
    stamp: &Stamp,
    adjustments: &[Adjustments; 2],
    month: Option<Month>,
) -> Result<BTreeMap<Key, [Option<Totals>; 2]>> {
    let columns: [&dyn AnyColumn; 7] =
        [&MONTH, &BILLED_SUBSCRIPTION_ID, &ATTRIBUTION, &TENANT_ID, &METER_ID, &QUANTITY, &LINE_COUNT];
    let keep: Vec<Keep> = month.map(|month| Keep::Month(MONTH, month)).into_iter().collect();
    let mut totals: BTreeMap<Key, [Option<Totals>; 2]> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        for rows in side.read(&monthly_path(stamp), &contract::MONTHLY, &columns, &keep)? {
            let (billed, tenants) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(TENANT_ID)?);
            let (meters, quantities) = (rows.texts(METER_ID)?, rows.quantities(QUANTITY)?);
            let (counts, attributions) = (rows.integers(LINE_COUNT)?, rows.texts(ATTRIBUTION)?);
            for row in 0..rows.len() {
                let key = (
                    billed.value(row).to_owned(),
                    attributions.value(row).to_owned(),
                    text(tenants, row).map(str::to_owned),
                    meters.value(row).to_owned(),
                );
                let total = totals.entry(key).or_default()[at].get_or_insert_default();
                *total = sum(*total, Totals { quantity: quantities.value(row), lines: counts.value(row) })?;
            }
        }
        for ((_, billed, attribution, tenant, _, meter, _), adjustment) in adjustments[at].values().flatten() {
            let key = (billed.clone(), attribution.clone(), tenant.clone(), meter.clone());
            let total = totals.entry(key).or_default()[at].get_or_insert_default();
            *total = sum(*total, *adjustment)?;
        }
    }
    totals.values_mut().flatten().for_each(|total| *total = total.filter(|total| !total.is_nothing()));
    Ok(totals)
}
