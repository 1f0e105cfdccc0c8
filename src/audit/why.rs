//! Explains a figure: the lines behind each published cell, the listing that gave the tenant, the snapshot that gave
//! the mapping, and the reason as a sentence.
//!
//! Reads only what was published. Each line is attributed once more from the published mappings, and the lines of a
//! cell must add up to it, to the last decimal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::adjusted::{self, Adjusted};
use super::margins::no_margins;
use super::names::Wanted;
use super::statement::{PriceOf, PriceText, price_columns, prices, prices_of};
use crate::domain::attribution::Evidence;
use crate::domain::totals::{PastRange, Totals};
use crate::domain::{
    Attribution, Charge, Day, Granularity, Hour, InForce, Mapping, Quantity, Slot, SnapshotKind, Stamp, Window,
};
use crate::error::{Error, Result};
use crate::publication::layout::{RESOURCES, charges_path, daily_path, lines_folder, vendor_charges_path};
use crate::publication::{MeterText, Publication, PublishedMappings, SnapshotFile, unbroken};
use crate::table::column::{AnyColumn, Table};
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, FILE, METER_ID, QUANTITY, RESOURCE_KEY, RESOURCE_URI, ROW, STAMP, TENANT_ID,
    USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::lines::USAGE_START;
use crate::table::contract::{self, exports};
use crate::table::figures::FigureTable;
use crate::table::reader::{Keep, Rows, contradiction, text};

/// Which cells are wanted: those that satisfy all of these.
#[derive(Clone, Debug)]
pub struct Query {
    pub date: Day,
    /// All when empty, as always here.
    pub stamps: Vec<Stamp>,
    pub wanted: Wanted,
    /// Its key, its URI or its name in any case.
    pub resource: Option<String>,
    /// Whether what Microsoft charges is wanted, too.
    pub with_margin: bool,
}

/// What identifies a published cell of `daily`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    pub stamp: Stamp,
    pub billed_subscription: String,
    pub attribution: Attribution,
    pub tenant: Option<String>,
    pub user_subscription: String,
    pub meter: String,
    pub resource: i64,
}

impl CellKey {
    /// As `daily` sorts them.
    fn order(&self) -> impl Ord + '_ {
        (
            &self.billed_subscription,
            self.attribution.as_str(),
            &self.tenant,
            &self.user_subscription,
            &self.meter,
            self.resource,
        )
    }
}

/// A published cell, and its explanation.
#[derive(Clone, Debug)]
pub struct ExplainedCell {
    pub key: CellKey,
    /// The sum of its lines.
    pub quantity: Quantity,
    pub line_count: i64,
    /// For a closed month with adjustments: what is in `daily`, and what is in `adjustments`. They may add up to
    /// nothing, though `daily` still publishes the figure.
    pub adjusted: Option<Adjusted>,
    /// One for each combination of snapshots that decided some of its lines.
    pub reasons: Vec<Reason>,
    /// Its charges: one, or one for each tier where it crosses tiers. In a closed month, those of what was closed.
    pub charges: Vec<CellCharge>,
    /// The same by vendor prices; none unless they are wanted.
    pub vendor_charges: Vec<CellCharge>,
}

/// What is charged for a cell, or for the part of it that lies in one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellCharge {
    pub price: PriceOf,
    pub quantity: Quantity,
    /// `None`: not billable, or unpriced.
    pub charge: Option<Charge>,
}

/// Lines that one combination of snapshots decided.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The first and the last of the moments that chose these snapshots.
    pub moments: (Hour, Hour),
    pub sentence: String,
    /// The listing that gave the tenant.
    pub listing: Vec<SnapshotFile>,
    /// The list of customer subscriptions in force.
    pub customer_subscriptions: Vec<SnapshotFile>,
    /// The registration in force.
    pub registration: Vec<SnapshotFile>,
    pub lines: Vec<UsageLine>,
}

impl Reason {
    /// Whether the snapshots and the sentence are the same.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.sentence == other.sentence
            && self.listing == other.listing
            && self.customer_subscriptions == other.customer_subscriptions
            && self.registration == other.registration
    }
}

/// A usage line, as published.
#[derive(Clone, Debug)]
pub struct UsageLine {
    pub file: Arc<str>,
    pub row: i64,
    pub usage_start: Hour,
    pub granularity: Granularity,
    pub quantity: Quantity,
    pub window: Option<Window>,
}

/// The explained figures of a day.
#[derive(Debug)]
pub struct Why {
    pub date: Day,
    /// In the order in which `daily` publishes them.
    pub cells: Vec<ExplainedCell>,
    pub meters: BTreeMap<String, MeterText>,
    /// The URIs of the resources of these cells.
    pub resources: BTreeMap<i64, Option<String>>,
    /// Of tenants and billed subscriptions.
    pub names: BTreeMap<String, String>,
    /// Fingerprints of the input files, by their names.
    pub fingerprints: BTreeMap<String, String>,
    /// The price entries that charges are based on.
    pub prices: BTreeMap<i64, PriceText>,
    /// The same of vendor charges; `None`: they are not wanted.
    pub vendor_prices: Option<BTreeMap<i64, PriceText>>,
    filter: Filter,
}

/// Finds the cells that a query selects. It explains none of them yet.
///
/// # Errors
/// There is no publication or no such cell.
pub fn figures(publication: &Publication, query: &Query) -> Result<Why> {
    let meters = publication.meters()?;
    let stamps = publication.stamps_of(&query.stamps)?;
    let filter = Filter::of(publication, query)?;
    let mut cells = Vec::new();
    for stamp in stamps {
        cells.extend(cells_of(publication, &stamp, query, &filter)?);
    }
    if cells.is_empty() {
        return Err(nothing(publication, query));
    }
    let keys: Vec<i64> = cells.iter().map(|cell| cell.key.resource).collect();
    let (resources, names) = (uris_of(publication, keys)?, publication.names()?);
    let (fingerprints, prices) = (publication.fingerprints.clone(), prices(publication, &contract::PRICES)?);
    let vendor_prices = query.with_margin.then(|| self::prices(publication, &contract::VENDOR_PRICES)).transpose()?;
    Ok(Why { date: query.date, cells, meters, resources, names, fingerprints, prices, vendor_prices, filter })
}

/// The sum of some cells of one meter; `None`: past the range of a quantity.
pub fn sum(cells: &[ExplainedCell]) -> (Option<Quantity>, i64) {
    let quantity = cells.iter().try_fold(Quantity::ZERO, |sum, cell| sum.checked_add(cell.quantity));
    (quantity, cells.iter().map(|cell| cell.line_count).sum())
}

/// Explains every cell that was found.
///
/// # Errors
/// Published tables cannot be read, or contradict each other.
pub fn explain(publication: &Publication, why: &mut Why) -> Result<()> {
    for cells in why.cells.chunk_by_mut(|a, b| a.key.stamp == b.key.stamp) {
        let stamp = cells[0].key.stamp.clone();
        Explainer::new(publication, &stamp, why.date, cells)?.explain(&why.filter)?;
    }
    Ok(())
}

/// The filter of the rows of `daily` and of `lines`.
#[derive(Debug)]
struct Filter {
    common: Vec<Keep>,
    /// In addition, for `daily` only.
    daily_only: Vec<Keep>,
    /// Whether cells of the same lines were left out: those of other tenants, or with other payers.
    leaves_cells_out: bool,
}

impl Filter {
    fn of(publication: &Publication, query: &Query) -> Result<Self> {
        let chosen = query.wanted.among(&[publication], &query.stamps)?;
        let keep = |column, ids: &[String]| (!ids.is_empty()).then(|| Keep::Texts(column, ids.to_vec()));
        let common = [
            keep(USER_SUBSCRIPTION_ID, &chosen.user_subscriptions),
            keep(METER_ID, &chosen.meters),
            query
                .resource
                .as_deref()
                .map(|wanted| publication.resource_keys(wanted, &query.stamps, &chosen.user_subscriptions))
                .transpose()?
                .map(|keys| Keep::Integers(RESOURCE_KEY, keys)),
        ];
        let daily_only = [keep(TENANT_ID, &chosen.tenants), keep(BILLED_SUBSCRIPTION_ID, &chosen.billed_subscriptions)];
        let daily_only: Vec<Keep> = daily_only.into_iter().flatten().collect();
        let leaves_cells_out = !daily_only.is_empty();
        Ok(Self { common: common.into_iter().flatten().collect(), daily_only, leaves_cells_out })
    }
}

fn uris_of(publication: &Publication, mut keys: Vec<i64>) -> Result<BTreeMap<i64, Option<String>>> {
    keys.sort_unstable();
    keys.dedup();
    let mut uris = BTreeMap::new();
    let keep = [Keep::Integers(RESOURCE_KEY, keys)];
    for rows in publication.read(RESOURCES, &contract::RESOURCES, &[&RESOURCE_KEY, &RESOURCE_URI], &keep)? {
        let (resource_keys, texts) = (rows.integers(RESOURCE_KEY)?, rows.texts(RESOURCE_URI)?);
        uris.extend((0..rows.len()).map(|row| (resource_keys.value(row), text(texts, row).map(str::to_owned))));
    }
    Ok(uris)
}

fn nothing(publication: &Publication, query: &Query) -> Error {
    let days: Vec<Day> = publication.stamps().iter().flat_map(|stamp| publication.days_of(stamp)).collect();
    let hint = match (days.iter().min(), days.iter().max()) {
        _ if days.contains(&query.date) => {
            "there is usage on that day: leave a flag out, and see what there is".to_owned()
        }
        (Some(first), Some(last)) => format!("usage was published from {first} to {last}"),
        _ => "no usage was published at all: put exports into the root, and run".to_owned(),
    };
    Error::usage(format!("no figure of {} matches", query.date)).hint(hint)
}

const KEY_COLUMNS: [&dyn AnyColumn; 6] =
    [&BILLED_SUBSCRIPTION_ID, &ATTRIBUTION, &TENANT_ID, &USER_SUBSCRIPTION_ID, &METER_ID, &RESOURCE_KEY];

fn cells_of(publication: &Publication, stamp: &Stamp, query: &Query, filter: &Filter) -> Result<Vec<ExplainedCell>> {
    let path = daily_path(stamp, query.date.month());
    let mut keep = vec![Keep::Day(USAGE_DATE, query.date)];
    keep.extend(filter.common.iter().cloned());
    keep.extend(filter.daily_only.iter().cloned());
    let month = query.date.month();
    let mut charges = charges_of(publication, stamp, (&contract::CHARGES, charges_path(stamp, month)), &keep)?;
    let mut vendor_charges = if query.with_margin {
        let path = vendor_charges_path(stamp, month);
        if !publication.has(&path) {
            return Err(no_margins(&format!("{month} on {stamp}")));
        }
        charges_of(publication, stamp, (&contract::VENDOR_CHARGES, path), &keep)?
    } else {
        HashMap::new()
    };
    let mut figures: HashMap<CellKey, Adjusted> = HashMap::new();
    for (key, closed) in keyed(publication, &path, FigureTable::DAILY, stamp, &keep)? {
        figures.entry(key).or_default().closed = closed;
    }
    keep.push(Keep::Texts(STAMP, vec![stamp.to_string()]));
    let past_range =
        |path: &str| contradiction(path, format!("adjusts a figure of {} by more than a quantity can be", query.date));
    for path in adjusted::tables(publication) {
        for (key, adjustment) in keyed(publication, path, FigureTable::ADJUSTMENTS, stamp, &keep)? {
            // The closed month may have no such figure.
            figures.entry(key).or_default().adjustment.merge(adjustment).map_err(|_past_range| past_range(path))?;
        }
    }
    let cells = figures.into_iter().map(|(key, figure)| cell_of(key, figure).map_err(|_past_range| past_range(&path)));
    let mut cells: Vec<ExplainedCell> = cells.collect::<Result<_>>()?;
    cells.retain(|cell| cell.line_count != 0 || cell.quantity != Quantity::ZERO || cell.adjusted.is_some());
    cells.sort_by(|a, b| a.key.order().cmp(&b.key.order()));
    for cell in &mut cells {
        cell.charges = charges.remove(&cell.key).unwrap_or_default();
        cell.vendor_charges = vendor_charges.remove(&cell.key).unwrap_or_default();
    }
    Ok(cells)
}

/// A figure with its adjustment.
fn cell_of(key: CellKey, figure: Adjusted) -> Result<ExplainedCell, PastRange> {
    let Totals { quantity, lines: line_count } = figure.closed.plus(figure.adjustment)?;
    // What was taken back when its month was reopened adjusts nothing.
    let adjusted = Some(figure).filter(|adjusted| !adjusted.adjustment.is_nothing());
    let (reasons, charges, vendor_charges) = (Vec::new(), Vec::new(), Vec::new());
    Ok(ExplainedCell { key, quantity, line_count, adjusted, reasons, charges, vendor_charges })
}

/// The charges or vendor charges of a stamp's month.
fn charges_of(
    publication: &Publication,
    stamp: &Stamp,
    (table, path): (&'static Table, String),
    keep: &[Keep],
) -> Result<HashMap<CellKey, Vec<CellCharge>>> {
    let figures: [&dyn AnyColumn; 2] = [&QUANTITY, &CHARGE];
    let columns: Vec<&dyn AnyColumn> = KEY_COLUMNS.into_iter().chain(price_columns(table)).chain(figures).collect();
    let mut charges: HashMap<CellKey, Vec<CellCharge>> = HashMap::new();
    for rows in publication.read(&path, table, &columns, keep)? {
        let (quantities, charged) = (rows.quantities(QUANTITY)?, rows.charges(CHARGE)?);
        let keys = keys_of_rows(&rows, &path, stamp)?;
        for (row, (key, price)) in keys.into_iter().zip(prices_of(&path, table, &rows)?).enumerate() {
            let charge = charged.maybe(row);
            charges.entry(key).or_default().push(CellCharge { price, quantity: quantities.value(row), charge });
        }
    }
    Ok(charges)
}

/// The figures of a table, each with its quantity and line count.
fn keyed(
    publication: &Publication,
    path: &str,
    FigureTable { table, quantity, line_count }: FigureTable,
    stamp: &Stamp,
    keep: &[Keep],
) -> Result<Vec<(CellKey, Totals)>> {
    let figures: [&dyn AnyColumn; 2] = [&quantity, &line_count];
    let columns: Vec<&dyn AnyColumn> = KEY_COLUMNS.into_iter().chain(figures).collect();
    let mut cells = Vec::new();
    for rows in publication.read(path, table, &columns, keep)? {
        let (quantities, counts) = (rows.quantities(quantity)?, rows.integers(line_count)?);
        for (row, key) in keys_of_rows(&rows, path, stamp)?.into_iter().enumerate() {
            cells.push((key, Totals { quantity: quantities.value(row), lines: counts.value(row) }));
        }
    }
    Ok(cells)
}

/// The keys of the figures in some rows.
fn keys_of_rows(rows: &Rows, path: &str, stamp: &Stamp) -> Result<Vec<CellKey>> {
    let (billed, attributions) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(ATTRIBUTION)?);
    let (tenants, users) = (rows.texts(TENANT_ID)?, rows.texts(USER_SUBSCRIPTION_ID)?);
    let (meters, resources) = (rows.texts(METER_ID)?, rows.integers(RESOURCE_KEY)?);
    let key = |row: usize| {
        let attribution = Attribution::parse(attributions.value(row))
            .ok_or_else(|| contradiction(path, format!("attribution {:?} is not known", attributions.value(row))))?;
        Ok(CellKey {
            stamp: stamp.clone(),
            billed_subscription: billed.value(row).to_owned(),
            attribution,
            tenant: text(tenants, row).map(str::to_owned),
            user_subscription: users.value(row).to_owned(),
            meter: meters.value(row).to_owned(),
            resource: resources.value(row),
        })
    };
    (0..rows.len()).map(key).collect()
}

/// Who pays by the published mappings, and the mappings that decide it.
#[derive(Clone, Copy)]
struct PublishedDecision {
    evidence: Evidence,
    tenant: Option<Mapping>,
    mapped: Option<Mapping>,
}

/// The cells of a stamp, while their lines are gathered.
struct Explainer<'a> {
    publication: &'a Publication,
    stamp: &'a Stamp,
    date: Day,
    mappings: PublishedMappings,
    /// Places of cells by what a line has: user subscription and meter, then resource.
    places: HashMap<(String, String), HashMap<i64, Vec<usize>>>,
    cells: &'a mut [ExplainedCell],
}

/// The reasons of a cell: by the snapshots in force, and whether the moment is before the first snapshot.
type GatheredCell = BTreeMap<(InForce, bool), Gathered>;

/// What of the previous line can be reused for the next one.
#[derive(Default)]
struct LastLine<'p> {
    key: (String, String),
    /// The cells of its user subscription and meter.
    cells: Option<&'p HashMap<i64, Vec<usize>>>,
    decision: Option<(InForce, PublishedDecision)>,
    file: Option<Arc<str>>,
}

impl LastLine<'_> {
    fn is_of(&self, user_subscription: &str, meter: &str) -> bool {
        self.key.0 == user_subscription && self.key.1 == meter
    }

    fn file(&mut self, name: &str) -> Arc<str> {
        let file = self.file.take().filter(|file| **file == *name).unwrap_or_else(|| name.into());
        self.file = Some(Arc::clone(&file));
        file
    }
}

struct Gathered {
    moments: (Hour, Hour),
    lines: Vec<UsageLine>,
}

impl<'a> Explainer<'a> {
    fn new(publication: &'a Publication, stamp: &'a Stamp, date: Day, cells: &'a mut [ExplainedCell]) -> Result<Self> {
        let mut places: HashMap<_, HashMap<_, Vec<usize>>> = HashMap::new();
        // No line belongs to a closed figure whose lines have moved elsewhere since.
        for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.line_count != 0) {
            let key = (cell.key.user_subscription.clone(), cell.key.meter.clone());
            places.entry(key).or_default().entry(cell.key.resource).or_default().push(at);
        }
        let mappings = publication.published_mappings(stamp)?;
        Ok(Self { publication, stamp, date, mappings, places, cells })
    }

    fn explain(self, filter: &Filter) -> Result<()> {
        let folder = lines_folder(self.stamp, self.date);
        let mut gathered: Vec<GatheredCell> = self.cells.iter().map(|_| BTreeMap::new()).collect();
        for path in self.publication.files_below(&folder) {
            self.gather(path, filter, &mut gathered)?;
        }
        self.prove(&folder, &gathered)?;
        let reasons_of = |(cell, gathered): (&ExplainedCell, GatheredCell)| -> Vec<Reason> {
            gathered.into_iter().map(|((in_force, _), lines)| self.reason(&cell.key, in_force, lines)).collect()
        };
        let reasons: Vec<Vec<Reason>> = self.cells.iter().zip(gathered).map(reasons_of).collect();
        self.cells.iter_mut().zip(reasons).for_each(|(cell, reasons)| cell.reasons = reasons);
        Ok(())
    }

    /// Adds the lines of a file to their cells.
    fn gather(&self, path: &str, filter: &Filter, gathered: &mut [GatheredCell]) -> Result<()> {
        let columns: [&dyn AnyColumn; 10] = [
            &USAGE_START,
            &exports::GRANULARITY,
            &USER_SUBSCRIPTION_ID,
            &METER_ID,
            &RESOURCE_KEY,
            &QUANTITY,
            &exports::WINDOW_START,
            &exports::WINDOW_END,
            &FILE,
            &ROW,
        ];
        for rows in self.publication.read(path, &contract::LINES, &columns, &filter.common)? {
            let (starts, granularities) = (rows.hours(USAGE_START)?, rows.texts(exports::GRANULARITY)?);
            let (users, meters) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
            let (resources, quantities) = (rows.integers(RESOURCE_KEY)?, rows.quantities(QUANTITY)?);
            let (window_starts, window_ends) = (rows.hours(exports::WINDOW_START)?, rows.hours(exports::WINDOW_END)?);
            let (files, numbers) = (rows.texts(FILE)?, rows.integers(ROW)?);
            // Lines are sorted by their content, so neighbours have almost everything in common.
            let mut last = LastLine::default();
            for row in 0..rows.len() {
                if !last.is_of(users.value(row), meters.value(row)) {
                    let key = (users.value(row).to_owned(), meters.value(row).to_owned());
                    last = LastLine { cells: self.places.get(&key), key, decision: None, file: last.file };
                }
                let places = last.cells.and_then(|cells| cells.get(&resources.value(row)));
                let Some(places) = places else {
                    self.refuse_stray(path, filter, numbers.value(row))?;
                    continue;
                };
                let (start, granularity) = starts[row]
                    .zip(Granularity::parse(granularities.value(row)))
                    .ok_or_else(|| contradiction(path, format!("row {} has no usage time", row + 1)))?;
                let slot = Slot::of(granularity, start);
                let window = window_starts[row].zip(window_ends[row]).map(|(start, end)| Window { start, end });
                let moment = self.publication.attribute_at.moment(window, self.date, slot);
                let in_force = self.mappings.dates.in_force(moment);
                let decision = match last.decision {
                    Some((decided_for, decision)) if decided_for == in_force => decision,
                    _ => self.decide(users.value(row), in_force),
                };
                last.decision = Some((in_force, decision));
                // A query for one tenant or billed subscription leaves out the cells of others, and so their lines.
                let mut places = places.iter().copied();
                let Some(at) = places.find(|&at| self.is_of(&self.cells[at].key, in_force, decision)) else {
                    self.refuse_stray(path, filter, numbers.value(row))?;
                    continue;
                };
                let line = UsageLine {
                    file: last.file(files.value(row)),
                    row: numbers.value(row),
                    usage_start: start,
                    granularity,
                    quantity: quantities.value(row),
                    window,
                };
                let is_early = self.mappings.dates.is_before_first(moment);
                let reason = gathered[at]
                    .entry((in_force, is_early))
                    .or_insert_with(|| Gathered { moments: (moment, moment), lines: Vec::new() });
                reason.moments = (reason.moments.0.min(moment), reason.moments.1.max(moment));
                reason.lines.push(line);
            }
        }
        Ok(())
    }

    /// Refuses a line that belongs to no figure, unless figures were left out.
    fn refuse_stray(&self, path: &str, filter: &Filter, row: i64) -> Result<()> {
        if filter.leaves_cells_out {
            return Ok(());
        }
        Err(contradiction(path, format!("the line of row {row} of its export is in no figure of {}", self.date)))
    }

    /// The decision of the snapshots in force for a user subscription. Whether it is the operator's is not published:
    /// that comes from the cell.
    fn decide(&self, user_subscription: &str, in_force: InForce) -> PublishedDecision {
        let PublishedMappings { listed, customers, .. } = &self.mappings;
        let tenant = listed.subject(user_subscription);
        let tenant = tenant.and_then(|subject| listed.mappings.held_after(in_force.listings, subject)).copied();
        let subject = tenant.and_then(|tenant| customers.subject(listed.target(&tenant)));
        let mapped =
            subject.and_then(|subject| customers.mappings.said_by(in_force.customer_subscriptions, subject)).copied();
        let list = self.mappings.files_of(SnapshotKind::CustomerSubscriptions, in_force.customer_subscriptions);
        let evidence = Evidence {
            is_mapped: mapped.is_some(),
            is_operator: false,
            has_tenant: tenant.is_some(),
            list_is_empty: list.iter().all(|file| file.rows == 0),
        };
        PublishedDecision { evidence, tenant, mapped }
    }

    /// Whether a line with this decision belongs to a cell.
    fn is_of(&self, key: &CellKey, in_force: InForce, decision: PublishedDecision) -> bool {
        let PublishedMappings { listed, customers, .. } = &self.mappings;
        let is_operator = key.attribution == Attribution::DefaultOperator;
        let pays =
            decision.mapped.as_ref().map(|mapping| customers.target(mapping)).or_else(|| self.default_at(in_force));
        key.attribution == Attribution::of(Evidence { is_operator, ..decision.evidence })
            && key.tenant.as_deref() == decision.tenant.as_ref().map(|mapping| listed.target(mapping))
            && pays == Some(&key.billed_subscription)
    }

    fn default_at(&self, in_force: InForce) -> Option<&str> {
        let defaults = &self.mappings.defaults;
        let mapping = defaults.mappings.said_by(in_force.registration, defaults.subject("")?)?;
        Some(defaults.target(mapping))
    }

    /// Proves that the lines of each cell add up to it.
    fn prove(&self, folder: &str, gathered: &[GatheredCell]) -> Result<()> {
        for (cell, gathered) in self.cells.iter().zip(gathered) {
            let lines = || gathered.values().flat_map(|reason| &reason.lines);
            let sum = lines().try_fold(Quantity::ZERO, |sum, line| sum.checked_add(line.quantity));
            if sum != Some(cell.quantity) || lines().count() as i64 != cell.line_count {
                return Err(contradiction(
                    folder,
                    format!(
                        "{} lines of {} behind a figure of {} lines of {} (meter {}, user subscription {})",
                        lines().count(),
                        sum.map_or_else(|| "too much".to_owned(), |sum| sum.to_string()),
                        cell.line_count,
                        cell.quantity,
                        cell.key.meter,
                        cell.key.user_subscription
                    ),
                ));
            }
        }
        Ok(())
    }

    fn reason(&self, key: &CellKey, in_force: InForce, gathered: Gathered) -> Reason {
        let files = |kind, place: u32| self.mappings.files_of(kind, place).into_iter().cloned().collect::<Vec<_>>();
        let decision = self.decide(&key.user_subscription, in_force);
        let listing = decision.tenant.map(|mapping| listing_of(mapping, in_force));
        let listing = listing.map_or_else(Vec::new, |place| files(SnapshotKind::UserSubscriptions, place));
        let customers = files(SnapshotKind::CustomerSubscriptions, in_force.customer_subscriptions);
        let registration = files(SnapshotKind::Registration, in_force.registration);
        let Gathered { moments, lines } = gathered;
        let sentence = self.sentence(key, in_force, moments.0, [&listing, &customers, &registration]);
        Reason { moments, sentence, listing, customer_subscriptions: customers, registration, lines }
    }

    fn sentence(
        &self,
        key: &CellKey,
        in_force: InForce,
        moment: Hour,
        [listing, customers, registration]: [&[SnapshotFile]; 3],
    ) -> String {
        let dated = |files: &[SnapshotFile], later: &str| {
            files.first().map_or_else(String::new, |file| {
                let pages =
                    if files.len() == 1 { String::new() } else { format!(" and {} pages more", files.len() - 1) };
                let later = if file.as_of > moment { later } else { "" };
                format!("{}{pages} ({}{later})", file.file, file.as_of)
            })
        };
        let user = &key.user_subscription;
        let tenant = key.tenant.as_deref().map_or_else(String::new, |tenant| {
            let listing = dated(listing, ", later than that, and the earliest that holds it");
            format!("the listing {listing} gives user subscription {user} to tenant {tenant}")
        });
        let first = ", later than that, and the first there is";
        let list = dated(customers, first);
        let registration = dated(registration, first);
        let default = format!("so the default subscription {} of {registration} pays", key.billed_subscription);
        match key.attribution {
            Attribution::Registered => {
                format!("{tenant}, and {list} maps that tenant to {}, which pays", key.billed_subscription)
            }
            Attribution::DefaultOperator => {
                let listed =
                    if tenant.is_empty() { String::new() } else { format!("; {tenant}, which {list} does not map") };
                format!(
                    "user subscription {user} is the provider's own, or a setting names it or its directory{listed}: \
                     {default}"
                )
            }
            Attribution::DefaultUserSubscriptionUnknown => {
                format!("no listing, at any date, holds user subscription {user} with a tenant: {default}")
            }
            Attribution::DefaultNoCustomerSubscriptions => format!("{tenant}, but {list} maps nobody: {default}"),
            Attribution::DefaultTenantNotRegistered => {
                let until = key.tenant.as_deref().and_then(|tenant| self.other_mappings(tenant, in_force));
                format!("{tenant}, which {list} does not map{}: {default}", until.unwrap_or_default())
            }
        }
    }

    /// When a tenant that is not mapped was mapped before, or will be.
    fn other_mappings(&self, tenant: &str, in_force: InForce) -> Option<String> {
        let customers = &self.mappings.customers;
        let dates = &self.mappings.dates.customer_subscriptions;
        let spans = unbroken(customers.mappings.of_subject(customers.subject(tenant)?));
        let before = spans.iter().rfind(|(_, last)| *last < in_force.customer_subscriptions);
        let after = spans.iter().find(|(first, _)| *first > in_force.customer_subscriptions);
        let until = |last: u32| dates.get(last as usize + 1);
        let periods: Vec<String> = [
            before.and_then(|&(_, last)| until(last)).map(|end| format!("was until the list of {end}")),
            after.map(|&(first, last)| match until(last) {
                Some(end) => format!("is from the list of {} until that of {end}", dates[first as usize]),
                None => format!("is from the list of {} on", dates[first as usize]),
            }),
        ]
        .into_iter()
        .flatten()
        .collect();
        Some(periods).filter(|periods| !periods.is_empty()).map(|periods| format!(" (it {})", periods.join(", and ")))
    }
}

/// The listing that gives the tenant: of those that hold it, the latest not after the moment, or else the earliest.
fn listing_of(mapping: Mapping, in_force: InForce) -> u32 {
    match in_force.listings.checked_sub(1) {
        Some(latest) if mapping.first <= latest => mapping.last.min(latest),
        _ => mapping.first,
    }
}
