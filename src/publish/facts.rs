//! Lines and facts → table columns: ranks in, dictionary columns and flat rows out.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::dimensions::Names;
use crate::aggregate::{Cells, Packing, UnpackedKey};
use crate::attribute::{OwnedUsage, Owner};
use crate::domain::totals::Checksum;
use crate::domain::{
    Attribution, BilledSubscriptionId, Day, Granularity, Hour, MeterId, Month, Quantity, Slot, Stamp, TenantId,
    UserSubscriptionId, Window,
};
use crate::error::Result;
use crate::normalise::{Resource, SortedLines};
use crate::table::arrays::Dictionary;
use crate::table::column::Table;
use crate::table::contract;
use crate::table::contract::columns::{
    ADDITIONAL_INFO, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, DISPLAY_NAME, FILE, FIRST_SEEN,
    LAST_SEEN, LINE_COUNT, LOCATION, METER_ID, METER_NAME, MONTH, OWNER, QUANTITY, QUANTITY_KIND, RESOURCE_GROUP,
    RESOURCE_KEY, RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE, RESOURCE_URI, ROW, SERVICE, SERVICE_TYPE, STAMP,
    TAGS, TENANT_ID, TENANT_NAME, UNIT, USAGE_DATE, USAGE_HOUR, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::lines::{GRANULARITY, USAGE_START, WINDOW_END, WINDOW_START};
use crate::table::csv::{CsvCell, CsvTable, NamedCell};
use crate::table::dictionary_pages::{FactColumn, NULL, Places};
use crate::table::reader::{Rows, contradiction, text};
use crate::table::rows::{ByName, Facts};

/// The texts behind a stamp's ranks, as the dictionaries of its columns.
#[derive(Debug)]
pub struct StampTexts {
    packing: Packing,
    stamp: Dictionary,
    billed_subscriptions: Dictionary,
    attributions: Dictionary,
    tenants: Dictionary,
    user_subscriptions: Dictionary,
    meters: Dictionary,
    files: Dictionary,
    granularities: Dictionary,
    resource_keys: Vec<i64>,
    /// For each resource.
    derived: Vec<OnceLock<Derived>>,
}

/// What flat files show of a resource besides its own texts.
#[derive(Debug)]
struct Derived {
    group: Option<Box<str>>,
    provider: Option<Box<str>>,
    resource_type: Option<String>,
    name: Option<Box<str>>,
    service_type: Option<String>,
}

const GRANULARITIES: [Granularity; 2] = [Granularity::Daily, Granularity::Hourly];

impl StampTexts {
    pub fn new(owned: &OwnedUsage, packing: Packing) -> Self {
        let usage = &owned.usage;
        Self {
            packing,
            stamp: Dictionary::new([usage.stamp.as_str()]),
            billed_subscriptions: Dictionary::new(owned.billed_subscriptions.iter().map(BilledSubscriptionId::as_str)),
            attributions: Dictionary::new(Attribution::ALL.map(Attribution::as_str)),
            tenants: Dictionary::new(owned.tenants.iter().map(TenantId::as_str)),
            user_subscriptions: Dictionary::new(usage.user_subscriptions.iter().map(UserSubscriptionId::as_str)),
            meters: Dictionary::new(usage.meters.iter().map(MeterId::as_str)),
            files: Dictionary::new(usage.files.iter().map(String::as_str)),
            granularities: Dictionary::new(GRANULARITIES.map(Granularity::as_str)),
            resource_keys: usage.resources.iter().map(|resource| resource.key).collect(),
            derived: usage.resources.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The columns of `lines`, of one window.
    ///
    /// # Errors
    /// Never, as long as all columns of the contract are given.
    pub fn lines<'a>(&'a self, day: Day, window: Option<Window>, lines: &'a SortedLines) -> Result<Facts<'a>> {
        let rows = lines.len();
        let time = |hour: Option<Hour>| FactColumn::constant_time(hour.map(Hour::micros_since_epoch), rows);
        let granularities = Places::of(&lines.slot, |slot| slot.granularity() as u32);
        let user_subscriptions = Places::Each(Cow::Borrowed(&lines.user_subscription));
        let resources = Places::Each(Cow::Borrowed(&lines.resource));
        ByName::of(&contract::LINES)
            .fact(STAMP, FactColumn::constant(&self.stamp, rows))
            .fact(USAGE_START, starts(day, Places::of(&lines.slot, |slot| slot.number().into())))
            .fact(GRANULARITY, FactColumn::Texts(&self.granularities, granularities))
            .fact(USER_SUBSCRIPTION_ID, FactColumn::Texts(&self.user_subscriptions, user_subscriptions))
            .fact(METER_ID, FactColumn::Texts(&self.meters, Places::Each(Cow::Borrowed(&lines.meter))))
            .fact(RESOURCE_KEY, FactColumn::Integers(Cow::Borrowed(&self.resource_keys), resources))
            .fact(QUANTITY, FactColumn::Quantities(&lines.quantity))
            .fact(WINDOW_START, time(window.map(|window| window.start)))
            .fact(WINDOW_END, time(window.map(|window| window.end)))
            .fact(FILE, FactColumn::Texts(&self.files, Places::Each(Cow::Borrowed(&lines.file))))
            .fact(ROW, FactColumn::integers(lines.row.iter().map(|&row| row.into())))
            .facts()
    }

    /// The columns of `hourly`.
    ///
    /// # Errors
    /// As [`StampTexts::lines`].
    pub fn hourly<'a>(&'a self, owned: &'a OwnedUsage, day: Day, cells: &'a Cells) -> Result<Facts<'a>> {
        let hours = starts(day, self.places(cells, |cell| cell.slot.number().into()));
        self.with_resources(self.keys(&contract::HOURLY, owned, cells), cells).fact(USAGE_HOUR, hours).facts()
    }

    /// The columns of `daily`, of the cells of some days in order.
    ///
    /// # Errors
    /// As [`StampTexts::lines`].
    pub fn daily<'a>(&'a self, owned: &'a OwnedUsage, dated: &'a Dated) -> Result<Facts<'a>> {
        let keys = self.with_resources(self.keys(&contract::DAILY, owned, &dated.cells), &dated.cells);
        keys.fact(USAGE_DATE, dated.days()).facts()
    }

    /// The columns of `monthly`, of the cells of some months in order.
    ///
    /// # Errors
    /// As [`StampTexts::lines`].
    pub fn monthly<'a>(&'a self, owned: &'a OwnedUsage, dated: &'a Dated) -> Result<Facts<'a>> {
        self.keys(&contract::MONTHLY, owned, &dated.cells).fact(MONTH, dated.days()).facts()
    }

    /// A value derived from the key of each cell.
    fn places<'a>(&self, cells: &'a Cells, of: impl Fn(UnpackedKey) -> u32 + Send + Sync + 'a) -> Places<'a> {
        let packing = self.packing;
        Places::of(&cells.key, move |&key| of(packing.unpack(key)))
    }

    /// The columns that all facts have: owner and meter of each cell, its quantity and its number of lines.
    fn keys<'a>(&'a self, table: &'static Table, owned: &'a OwnedUsage, cells: &'a Cells) -> ByName<FactColumn<'a>> {
        let of_owner = |of: fn(&Owner) -> u32| self.places(cells, move |cell| of(&owned.owners[cell.owner as usize]));
        let billed = of_owner(|owner| owner.billed_subscription);
        let tenants = of_owner(|owner| owner.tenant.unwrap_or(NULL));
        let user_subscriptions = of_owner(|owner| owner.user_subscription);
        ByName::of(table)
            .fact(STAMP, FactColumn::constant(&self.stamp, cells.len()))
            .fact(BILLED_SUBSCRIPTION_ID, FactColumn::Texts(&self.billed_subscriptions, billed))
            .fact(ATTRIBUTION, FactColumn::Texts(&self.attributions, of_owner(|owner| owner.attribution as u32)))
            .fact(TENANT_ID, FactColumn::Texts(&self.tenants, tenants))
            .fact(USER_SUBSCRIPTION_ID, FactColumn::Texts(&self.user_subscriptions, user_subscriptions))
            .fact(METER_ID, FactColumn::Texts(&self.meters, self.places(cells, |cell| cell.meter)))
            .fact(QUANTITY, FactColumn::Quantities(&cells.quantity))
            .fact(LINE_COUNT, FactColumn::integers(cells.line_count.iter().copied()))
    }

    fn with_resources<'a>(&'a self, keys: ByName<FactColumn<'a>>, cells: &'a Cells) -> ByName<FactColumn<'a>> {
        let places = self.places(cells, |cell| cell.resource);
        keys.fact(RESOURCE_KEY, FactColumn::Integers(Cow::Borrowed(&self.resource_keys), places))
    }

    /// Adds cells to a flat CSV table, each with the texts of its dimensions.
    ///
    /// # Errors
    /// The file of the table cannot be written.
    pub fn flat(
        &self,
        owned: &OwnedUsage,
        names: &Names,
        time: FlatTime,
        cells: &Cells,
        table: &mut CsvTable,
    ) -> Result<()> {
        table.rows(cells.len(), |range, rows| {
            let mut row: Vec<NamedCell<'_>> = Vec::new();
            // Neighbours mostly have the same owner and meter, so their texts are looked up once.
            let mut last: Option<(u32, u32)> = None;
            for at in range {
                let cell = self.packing.unpack(cells.key[at]);
                let (quantity, line_count) = (cells.quantity[at], cells.line_count[at]);
                if last != Some((cell.owner, cell.meter)) {
                    row = self.flat_key(owned, names, time, cell);
                    last = Some((cell.owner, cell.meter));
                }
                row.truncate(FlatKey::WIDTH);
                row[FlatKey::TIME] = time.cell(cell);
                let resource = &owned.usage.resources[cell.resource as usize];
                let Derived { group, provider, resource_type, name, service_type } =
                    self.derived(resource, cell.resource);
                row.extend([
                    RESOURCE_URI.cell(CsvCell::Text(resource.resource_uri.as_deref())),
                    RESOURCE_GROUP.cell(CsvCell::Text(group.as_deref())),
                    RESOURCE_PROVIDER.cell(CsvCell::Text(provider.as_deref())),
                    RESOURCE_TYPE.cell(CsvCell::Text(resource_type.as_deref())),
                    RESOURCE_NAME.cell(CsvCell::Text(name.as_deref())),
                    LOCATION.cell(CsvCell::Text(resource.location.as_deref())),
                    TAGS.cell(CsvCell::Text(resource.tags.as_deref())),
                    ADDITIONAL_INFO.cell(CsvCell::Text(resource.additional_info.as_deref())),
                    SERVICE_TYPE.cell(CsvCell::Text(service_type.as_deref())),
                    QUANTITY.cell(CsvCell::Quantity(quantity)),
                    LINE_COUNT.cell(CsvCell::Integer(line_count)),
                ]);
                rows.row(&row, line_count, quantity);
            }
        })
    }

    /// The values that are derived from a resource's texts: computed once, however many days show it.
    fn derived(&self, resource: &Resource, rank: u32) -> &Derived {
        self.derived[rank as usize].get_or_init(|| {
            let parts = resource.parts();
            let owned = |part: Option<&str>| part.map(Box::from);
            Derived {
                group: owned(parts.group),
                provider: owned(parts.provider),
                resource_type: parts.resource_type(),
                name: owned(parts.name),
                service_type: resource.service_type(),
            }
        })
    }

    /// The keys of a flat row without the resource, each with the text of its dimension.
    fn flat_key<'a>(
        &'a self,
        owned: &'a OwnedUsage,
        names: &'a Names,
        time: FlatTime,
        cell: UnpackedKey,
    ) -> Vec<NamedCell<'a>> {
        let owner = &owned.owners[cell.owner as usize];
        let key = FlatKey {
            stamp: &owned.usage.stamp,
            time: time.cell(cell),
            billed: self.billed_subscriptions.text(owner.billed_subscription),
            attribution: owner.attribution.as_str(),
            tenant: owner.tenant.map(|tenant| self.tenants.text(tenant)),
            user_subscription: &owned.usage.user_subscriptions[owner.user_subscription as usize],
            meter: &owned.usage.meters[cell.meter as usize],
        };
        key.cells(names)
    }

    /// The columns of `default_usage`, of the cells of some days in order.
    ///
    /// # Errors
    /// As [`StampTexts::lines`].
    pub fn default_usage<'a>(&'a self, owned: &'a OwnedUsage, dated: &'a Dated, seen: &SeenDays) -> Result<Facts<'a>> {
        let (first, last) = dated.cells.key.iter().map(|key| seen.0[key]).unzip();
        self.keys(&contract::DEFAULT_USAGE, owned, &dated.cells)
            .fact(USAGE_DATE, dated.days())
            .fact(FIRST_SEEN, FactColumn::days(first))
            .fact(LAST_SEEN, FactColumn::days(last))
            .facts()
    }

    /// The rows of `default_usage` as flat CSV: for each meter, the largest quantity first.
    ///
    /// # Errors
    /// The engine failed.
    pub fn flat_default_usage(
        &self,
        owned: &OwnedUsage,
        names: &Names,
        days: &[(Day, Cells)],
        seen: &SeenDays,
        table: &mut CsvTable,
    ) -> Result<()> {
        let mut rows: Vec<(Day, u64, Quantity, i64)> = days
            .iter()
            .flat_map(|(day, cells)| cells.iter().map(|(key, quantity, lines)| (*day, key, quantity, lines)))
            .collect();
        let meter = |key: u64| self.packing.unpack(key).meter;
        rows.sort_unstable_by_key(|&(day, key, quantity, _)| (meter(key), Reverse(quantity), day, key));
        for (day, key, quantity, line_count) in rows {
            let (first, last) = seen.0[&key];
            let mut row = self.flat_key(owned, names, FlatTime::Day(day), self.packing.unpack(key));
            row.extend([QUANTITY.cell(CsvCell::Quantity(quantity)), LINE_COUNT.cell(CsvCell::Integer(line_count))]);
            row.extend([FIRST_SEEN.cell(CsvCell::Day(first)), LAST_SEEN.cell(CsvCell::Day(last))]);
            table.row(&row, line_count, quantity)?;
        }
        Ok(())
    }
}

/// The keys of a flat row without the resource.
struct FlatKey<'a> {
    stamp: &'a Stamp,
    time: NamedCell<'a>,
    billed: &'a str,
    attribution: &'a str,
    tenant: Option<&'a str>,
    user_subscription: &'a UserSubscriptionId,
    meter: &'a MeterId,
}

impl<'a> FlatKey<'a> {
    /// The number of its cells.
    const WIDTH: usize = 15;
    /// The cell with the time.
    const TIME: usize = 1;

    /// The cells of the keys, each with the text of its dimension.
    fn cells(self, names: &'a Names) -> Vec<NamedCell<'a>> {
        let Self { stamp, time, billed, attribution, tenant, user_subscription, meter: id } = self;
        let listed = names.user_subscription(stamp, user_subscription);
        let meter = names.meter(id);
        vec![
            STAMP.cell(CsvCell::Text(Some(stamp.as_str()))),
            time,
            BILLED_SUBSCRIPTION_ID.cell(CsvCell::Text(Some(billed))),
            BILLED_SUBSCRIPTION_NAME.cell(CsvCell::Text(names.name(billed))),
            ATTRIBUTION.cell(CsvCell::Text(Some(attribution))),
            TENANT_ID.cell(CsvCell::Text(tenant)),
            TENANT_NAME.cell(CsvCell::Text(tenant.and_then(|tenant| names.name(tenant)))),
            USER_SUBSCRIPTION_ID.cell(CsvCell::Text(Some(user_subscription.as_str()))),
            DISPLAY_NAME.cell(CsvCell::Text(listed.and_then(|listed| listed.display_name.as_deref()))),
            OWNER.cell(CsvCell::Text(listed.and_then(|listed| listed.owner.as_deref()))),
            METER_ID.cell(CsvCell::Text(Some(id.as_str()))),
            METER_NAME.cell(CsvCell::Text(meter.and_then(|meter| meter.meter_name.as_deref()))),
            SERVICE.cell(CsvCell::Text(meter.and_then(|meter| meter.service.as_deref()))),
            UNIT.cell(CsvCell::Text(meter.and_then(|meter| meter.unit.as_deref()))),
            QUANTITY_KIND.cell(CsvCell::Text(meter.and_then(|meter| meter.quantity_kind.as_deref()))),
        ]
    }
}

/// Adds rows of a stamp's `monthly` to the flat CSV of their months; months that are not written are skipped.
///
/// # Errors
/// The rows are not as this version publishes them.
pub fn flat_months(
    rows: &Rows,
    stamp: &Stamp,
    names: &Names,
    tables: &mut BTreeMap<Month, (CsvTable, Checksum)>,
) -> Result<()> {
    let months = rows.days(MONTH)?;
    let (billed, attributions) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(ATTRIBUTION)?);
    let (tenants, subscriptions) = (rows.texts(TENANT_ID)?, rows.texts(USER_SUBSCRIPTION_ID)?);
    let (meters, quantities, lines) = (rows.texts(METER_ID)?, rows.quantities(QUANTITY)?, rows.integers(LINE_COUNT)?);
    for (row, month) in months.into_iter().enumerate() {
        let Some((table, sum)) = tables.get_mut(&month) else { continue };
        let ids = UserSubscriptionId::new(subscriptions.value(row)).zip(MeterId::new(meters.value(row)));
        let (user_subscription, meter) =
            ids.ok_or_else(|| contradiction(&format!("monthly of {stamp}"), "holds a blank id".to_owned()))?;
        let key = FlatKey {
            stamp,
            time: MONTH.cell(CsvCell::Month(month)),
            billed: billed.value(row),
            attribution: attributions.value(row),
            tenant: text(tenants, row),
            user_subscription: &user_subscription,
            meter: &meter,
        };
        let (quantity, line_count) = (quantities.value(row), lines.value(row));
        let mut cells = key.cells(names);
        cells.extend([QUANTITY.cell(CsvCell::Quantity(quantity)), LINE_COUNT.cell(CsvCell::Integer(line_count))]);
        table.row(&cells, line_count, quantity)?;
        sum.lines += line_count;
        sum.add(quantity);
    }
    Ok(())
}

/// The first and the last day of each key.
#[derive(Debug)]
pub struct SeenDays(BTreeMap<u64, (Day, Day)>);

impl SeenDays {
    pub fn of(days: &[(Day, Cells)]) -> Self {
        let mut seen: BTreeMap<u64, (Day, Day)> = BTreeMap::new();
        for (day, cells) in days {
            for &key in &cells.key {
                let span = seen.entry(key).or_insert((*day, *day));
                *span = (span.0.min(*day), span.1.max(*day));
            }
        }
        Self(seen)
    }
}

/// The time column of a flat fact.
#[derive(Clone, Copy, Debug)]
pub enum FlatTime {
    /// The hour is in the key of the cell.
    HourOf(Day),
    Day(Day),
}

impl FlatTime {
    fn cell(self, cell: UnpackedKey) -> NamedCell<'static> {
        match self {
            Self::HourOf(day) => USAGE_HOUR.cell(CsvCell::Hour(Hour::of(day, cell.slot.hour()))),
            Self::Day(day) => USAGE_DATE.cell(CsvCell::Day(day)),
        }
    }
}

/// The checksum that the cells must have when they are read back.
pub fn checksum<'a>(cells: impl IntoIterator<Item = &'a Cells>) -> Checksum {
    let mut sum = Checksum::default();
    for (_, quantity, lines) in cells.into_iter().flat_map(Cells::iter) {
        sum.lines += lines;
        sum.add(quantity);
    }
    sum
}

/// The hours at which slots of a day start.
fn starts(day: Day, slots: Places<'_>) -> FactColumn<'_> {
    let start = |number: u8| Hour::of(day, Slot::from_number(number).hour()).micros_since_epoch();
    FactColumn::Integers((0..Slot::COUNT).map(start).collect(), slots)
}

/// Cells of several days in order, or of months, which are represented by their first days.
#[derive(Debug, Default)]
pub struct Dated {
    cells: Cells,
    /// Each day, and where its cells end.
    days: Vec<(Day, usize)>,
}

impl Dated {
    pub fn of<'a>(parts: impl IntoIterator<Item = (Day, &'a Cells)>) -> Self {
        let mut dated = Self::default();
        for (day, cells) in parts {
            dated.cells.extend(cells, |key| key);
            dated.days.push((day, dated.cells.len()));
        }
        dated
    }

    /// The checksum that its cells must have when they are read back.
    pub fn checksum(&self) -> Checksum {
        checksum([&self.cells])
    }

    fn days(&self) -> FactColumn<'_> {
        let days = self.days.iter().map(|(day, _)| day.days_since_epoch()).collect();
        let places = (0..self.cells.len()).map(|row| self.place_of(row) as u32);
        FactColumn::Days(days, Places::Each(places.collect()))
    }

    fn place_of(&self, row: usize) -> usize {
        self.days.partition_point(|&(_, end)| end <= row)
    }
}
