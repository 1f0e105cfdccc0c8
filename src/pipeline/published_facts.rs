//! Reads published tables of a stamp: the cells of clean days and months.

use std::collections::BTreeMap;
use std::fmt;

use crate::aggregate::{Cells, Packing, UnpackedKey};
use crate::attribute::{OwnedUsage, Owner};
use crate::close::Frozen;
use crate::domain::{Attribution, BilledSubscriptionId, Day, MeterId, Month, Slot, TenantId, UserSubscriptionId, rank};
use crate::error::{Error, Result};
use crate::publication::Out;
use crate::publication::layout::{closed_path, daily_path, default_usage_path, hourly_path, monthly_path, table_path};
use crate::read::Stored;
use crate::state::DayNote;
use crate::table::column::Table;
use crate::table::contract;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, MONTH, QUANTITY, RESOURCE_KEY, TENANT_ID, USAGE_DATE,
    USAGE_HOUR, USER_SUBSCRIPTION_ID,
};
use crate::table::reader::{self, Rows, text};

/// The published facts of a stamp, read as cells with the ranks of this process.
pub(super) struct PublishedFacts<'a> {
    out: Option<&'a Out>,
    owned: &'a OwnedUsage,
    packing: Packing,
    closed: &'a BTreeMap<Month, Frozen>,
}

impl<'a> PublishedFacts<'a> {
    pub(super) fn new(
        out: Option<&'a Out>,
        owned: &'a OwnedUsage,
        packing: Packing,
        closed: &'a BTreeMap<Month, Frozen>,
    ) -> Self {
        Self { out, owned, packing, closed }
    }

    /// Whether a file is published.
    pub(super) fn has(&self, path: &str) -> bool {
        self.out.is_some_and(|out| out.last().files.contains_key(path))
    }

    /// The clean days of a month.
    ///
    /// # Errors
    /// The table cannot be read, or has an id that no line has.
    pub(super) fn daily(&self, month: Month, clean: &BTreeMap<Day, DayNote>) -> Result<BTreeMap<Day, Cells>> {
        self.cells(&daily_path(&self.owned.usage.stamp, month), &contract::DAILY, Time::Days, |day| {
            clean.contains_key(&day)
        })
    }

    /// The clean months.
    ///
    /// # Errors
    /// As [`PublishedFacts::daily`].
    pub(super) fn monthly(&self, clean: impl Fn(Month) -> bool) -> Result<BTreeMap<Month, Cells>> {
        let path = monthly_path(&self.owned.usage.stamp);
        let months = self.cells(&path, &contract::MONTHLY, Time::Months, |day| clean(day.month()))?;
        Ok(months.into_iter().map(|(day, cells)| (day.month(), cells)).collect())
    }

    /// The hours of a clean day.
    ///
    /// # Errors
    /// As [`PublishedFacts::daily`].
    pub(super) fn hourly(&self, day: Day) -> Result<Cells> {
        let path = hourly_path(&self.owned.usage.stamp, day);
        let mut days = self.cells(&path, &contract::HOURLY, Time::Hours, |other| other == day)?;
        Ok(days.remove(&day).unwrap_or_default())
    }

    /// The usage of the default subscription on clean days.
    ///
    /// # Errors
    /// As [`PublishedFacts::daily`].
    pub(super) fn default_usage(&self, is_clean: impl Fn(Day) -> bool) -> Result<BTreeMap<Day, Cells>> {
        let path = default_usage_path(&self.owned.usage.stamp);
        self.cells(&path, &contract::DEFAULT_USAGE, Time::Days, is_clean)
    }

    /// The days of a closed month as they were closed.
    ///
    /// # Errors
    /// As [`PublishedFacts::daily`].
    pub(super) fn frozen(&self, month: Month) -> Result<BTreeMap<Day, Cells>> {
        let run = self.closed.get(&month).map_or(0, |frozen| frozen.run);
        let path = closed_path(&self.owned.usage.stamp, month, run, &table_path(&contract::DAILY));
        self.cells(&path, &contract::DAILY, Time::Days, |_| true)
    }

    /// The error for published tables that differ from what the state records of them.
    pub(super) fn contradiction(&self, table: &str, of: impl fmt::Display) -> Error {
        reader::contradiction(
            &format!("{table} of {}", self.owned.usage.stamp),
            format!("does not hold {of} as it was noted"),
        )
    }

    fn cells(
        &self,
        path: &str,
        table: &'static Table,
        time: Time,
        is_clean: impl Fn(Day) -> bool,
    ) -> Result<BTreeMap<Day, Cells>> {
        let mut cells: BTreeMap<Day, Cells> = BTreeMap::new();
        let Some(out) = self.out.filter(|_| self.has(path)) else { return Ok(cells) };
        let Stored { path, bytes } = out.read(path)?;
        let columns = table.all();
        for rows in reader::read(&path, bytes, table, &columns, &[])? {
            self.take(&rows, time, &is_clean, &mut cells).and_then(|found| {
                found.ok_or_else(|| {
                    reader::contradiction(&path.display().to_string(), "names what no line does".to_owned())
                })
            })?;
        }
        Ok(cells)
    }

    /// Adds some rows; `None` if one of them has an id that no line has.
    fn take(
        &self,
        rows: &Rows,
        time: Time,
        is_clean: impl Fn(Day) -> bool,
        cells: &mut BTreeMap<Day, Cells>,
    ) -> Result<Option<()>> {
        let times = time.days(rows)?;
        let (billed, attributions) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(ATTRIBUTION)?);
        let (tenants, subscriptions) = (rows.texts(TENANT_ID)?, rows.texts(USER_SUBSCRIPTION_ID)?);
        let (meters, quantities) = (rows.texts(METER_ID)?, rows.quantities(QUANTITY)?);
        let lines = rows.integers(LINE_COUNT)?;
        // Months and the usage of the default subscription have no resources.
        let resources = rows.integers(RESOURCE_KEY).ok();
        // Rows are sorted, so neighbours mostly have the same owner and meter.
        let mut last: Option<(usize, u32)> = None;
        let mut last_meter: Option<(usize, u32)> = None;
        for row in (0..rows.len()).filter(|&row| is_clean(times[row].0)) {
            let is_like = |other: usize| {
                billed.value(other) == billed.value(row)
                    && attributions.value(other) == attributions.value(row)
                    && text(tenants, other) == text(tenants, row)
                    && subscriptions.value(other) == subscriptions.value(row)
            };
            let owner = match last.filter(|&(other, _)| is_like(other)) {
                Some((_, owner)) => owner,
                None => {
                    let tenant = text(tenants, row);
                    let key = (billed.value(row), attributions.value(row), tenant, subscriptions.value(row));
                    let Some(owner) = self.owner_of(key) else { return Ok(None) };
                    owner
                }
            };
            last = Some((row, owner));
            let meter = match last_meter.filter(|&(other, _)| meters.value(other) == meters.value(row)) {
                Some((_, meter)) => meter,
                None => {
                    let Some(meter) =
                        MeterId::new(meters.value(row)).and_then(|id| rank(&self.owned.usage.meters, &id))
                    else {
                        return Ok(None);
                    };
                    meter
                }
            };
            last_meter = Some((row, meter));
            let resource = match resources {
                None => 0,
                Some(keys) => {
                    let key = keys.value(row);
                    let Ok(place) = self.owned.usage.resources.binary_search_by_key(&key, |resource| resource.key)
                    else {
                        return Ok(None);
                    };
                    place as u32
                }
            };
            let (day, slot) = times[row];
            let key = self.packing.pack(UnpackedKey { slot, owner, meter, resource });
            cells.entry(day).or_default().push(key, quantities.value(row), lines.value(row));
        }
        Ok(Some(()))
    }

    fn owner_of(&self, (billed, attribution, tenant, subscription): (&str, &str, Option<&str>, &str)) -> Option<u32> {
        let owned = self.owned;
        let tenant = match tenant {
            None => None,
            Some(id) => Some(rank(&owned.tenants, &TenantId::new(id)?)?),
        };
        let owner = Owner {
            billed_subscription: rank(&owned.billed_subscriptions, &BilledSubscriptionId::new(billed)?)?,
            attribution: Attribution::parse(attribution)?,
            tenant,
            user_subscription: rank(&owned.usage.user_subscriptions, &UserSubscriptionId::new(subscription)?)?,
        };
        owned.rank_of(&owner)
    }
}

/// The column with the time of a row's usage.
#[derive(Clone, Copy)]
enum Time {
    Hours,
    Days,
    Months,
}

impl Time {
    /// The day of each row, and its slot in the day.
    fn days(self, rows: &Rows) -> Result<Vec<(Day, Slot)>> {
        let of_day = |day: Day| (day, Slot::DAILY);
        Ok(match self {
            Self::Hours => {
                let hours = rows.hours(USAGE_HOUR)?.into_iter().flatten();
                hours.map(|hour| (hour.day(), Slot::hourly(hour.hour_of_day()))).collect()
            }
            Self::Days => rows.days(USAGE_DATE)?.into_iter().map(of_day).collect(),
            Self::Months => rows.days(MONTH)?.into_iter().map(|month| of_day(month.first_day())).collect(),
        })
    }
}
