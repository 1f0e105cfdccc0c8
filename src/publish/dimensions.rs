//! The dimensions, coverage and rejects: small text tables, collected over all stamps and written once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use crate::attribute::Snapshots;
use crate::domain::coverage::{self, CoverageRow};
use crate::domain::finding::FindingCode;
use crate::domain::{BilledSubscriptionId, Day, MeterId, Month, Quantity, Stamp, TenantId, UserSubscriptionId, shown};
use crate::error::{Error, Result};
use crate::normalise::{Meter, Resource, Usage};
use crate::publication::Publisher;
use crate::publication::layout::{RESOURCES, csv_path_of_all, table_path};
use crate::read::{ListedUserSubscription, Reject};
use crate::store::Fingerprint;
use crate::table::contract::billed_subscriptions::KIND;
use crate::table::contract::columns::{
    ADDITIONAL_INFO, AZURE_METER_ID, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, CLOSED, DISPLAY_NAME, FILE,
    LINE_COUNT, LOCATION, METER_ID, METER_NAME, MONTH, OFFER_ID, OWNER, QUANTITY_KIND, RESOURCE_GROUP, RESOURCE_KEY,
    RESOURCE_NAME, RESOURCE_PROVIDER, RESOURCE_TYPE, RESOURCE_URI, ROW, SERVICE, SERVICE_TYPE, STAMP, STATE, TAGS,
    TENANT_ID, TENANT_NAME, UNIT, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::coverage::{self as coverage_table, FINDINGS, LOADED, MISSING, WINDOWS_LOADED};
use crate::table::contract::coverage_months::{DAYS, DAYS_OPEN, DAYS_PARTIAL, DAYS_SETTLED};
use crate::table::contract::dates::{
    DATE, DAY_OF_MONTH, DAY_OF_WEEK, ISO_WEEK, ISO_YEAR, MONTH_OF_YEAR, QUARTER, YEAR,
};
use crate::table::contract::meters::KNOWN;
use crate::table::contract::rejects::{OFFENDING_TEXT, REASON};
use crate::table::contract::{self, BILLED_KINDS};
use crate::table::rows::RowSet;

/// Names and descriptions by id: the texts that flat CSV shows beside each key.
#[derive(Debug)]
pub struct Names {
    meters: BTreeMap<MeterId, Meter>,
    /// Of tenants and billed subscriptions, from `names.csv`.
    names: BTreeMap<String, String>,
    /// By stamp and id; `None` if no listing has it.
    user_subscriptions: BTreeMap<Stamp, BTreeMap<UserSubscriptionId, Option<ListedUserSubscription>>>,
    with_owners: bool,
    /// Ids whose text must not change any more.
    frozen: BTreeSet<String>,
}

impl Names {
    pub fn new(meters: BTreeMap<MeterId, Meter>, names: BTreeMap<String, String>, with_owners: bool) -> Self {
        Self { meters, names, user_subscriptions: BTreeMap::new(), with_owners, frozen: BTreeSet::new() }
    }

    /// Adds the names in a stamp's listings.
    pub fn learn(&mut self, snapshots: &Snapshots) {
        let known = self.user_subscriptions.entry(snapshots.stamp.clone()).or_default();
        // From the latest listing backwards, each distinct row once. A row without a tenant does not hold its user
        // subscription (product.md §4) and is used only if no row has a tenant. Of several rows in one listing the
        // smallest is used, so that their order does not matter.
        let listings = &snapshots.listings;
        let mut is_seen = vec![false; listings.rows.len()];
        for listing in listings.lists.iter().rev() {
            let is_new = |&&row: &&u32| !std::mem::replace(&mut is_seen[row as usize], true);
            let mut rows: Vec<&ListedUserSubscription> =
                listing.rows.iter().filter(is_new).map(|&row| &listings.rows[row as usize]).collect();
            rows.sort_unstable();
            for row in rows {
                let held = known.entry(row.id.clone()).or_default();
                if held.as_ref().is_none_or(|listed| listed.tenant.is_none() && row.tenant.is_some()) {
                    *held = Some(row.clone().with_owner(self.with_owners));
                }
            }
        }
    }

    /// Fixes the texts of ids to those of the closed months that show them. An id has one text: that of the month that
    /// was closed first.
    pub fn freeze(
        &mut self,
        stamp: &Stamp,
        meters: &[Meter],
        user_subscriptions: &[(UserSubscriptionId, Option<ListedUserSubscription>)],
        names: &BTreeMap<String, Option<String>>,
    ) {
        for meter in meters.iter().filter(|meter| self.frozen.insert(format!("meter {}", meter.id))) {
            // Closed figures do not show the meters of Azure, so these may still change.
            let azure_meters = self.meters.get(&meter.id).map(|known| known.azure_meters.clone()).unwrap_or_default();
            self.meters.insert(meter.id.clone(), Meter { azure_meters, ..meter.clone() });
        }
        let known = self.user_subscriptions.entry(stamp.clone()).or_default();
        for (id, listed) in user_subscriptions {
            if self.frozen.insert(format!("user subscription {stamp} {id}")) {
                let listed = listed.clone().map(|listed| listed.with_owner(self.with_owners));
                known.insert(id.clone(), listed);
            }
        }
        for (id, name) in names.iter().filter(|(id, _)| self.frozen.insert(format!("name {id}"))) {
            match name {
                Some(name) => drop(self.names.insert(id.clone(), name.clone())),
                None => drop(self.names.remove(id)),
            }
        }
    }

    /// Adds the ids in the usage of a stamp's day.
    pub fn learn_used<'i>(
        &mut self,
        stamp: &Stamp,
        user_subscriptions: &[UserSubscriptionId],
        meters: impl IntoIterator<Item = &'i MeterId>,
    ) {
        for id in meters {
            if !self.meters.contains_key(id) {
                self.meters.insert(id.clone(), Meter::unknown(id.clone()));
            }
        }
        let known = self.user_subscriptions.entry(stamp.clone()).or_default();
        for id in user_subscriptions {
            if !known.contains_key(id) {
                known.insert(id.clone(), None);
            }
        }
    }

    /// A fingerprint of the texts that statements show beside these ids.
    pub fn fingerprint_of_texts<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i str>,
        meters: impl IntoIterator<Item = &'i MeterId>,
    ) -> Fingerprint {
        let mut text = String::new();
        for id in ids {
            let _ = write!(text, "{id:?}{:?}", self.name(id));
        }
        for id in meters {
            let texts = self.meter(id).map(|meter| [&meter.meter_name, &meter.service, &meter.unit]);
            let _ = write!(text, "{id}{texts:?}");
        }
        Fingerprint::of(text.as_bytes())
    }

    /// The ids of all user subscriptions that listings or usage name.
    pub fn user_subscriptions(&self) -> impl Iterator<Item = &str> {
        self.user_subscriptions.values().flat_map(|known| known.keys().map(UserSubscriptionId::as_str))
    }

    /// A meter, if the catalogue has it.
    pub fn meter(&self, id: &MeterId) -> Option<&Meter> {
        self.meters.get(id)
    }

    /// A fingerprint of all texts that flat files of a stamp could show.
    pub fn fingerprint_of_stamp(&self, stamp: &Stamp) -> Fingerprint {
        let subscriptions = self.user_subscriptions.get(stamp).into_iter().flatten();
        let listed = subscriptions.filter(|(_, listed)| listed.is_some()).map(|(id, _)| id);
        let meters = self.meters.values().filter(|meter| meter.known).map(|meter| &meter.id);
        self.fingerprint(stamp, self.names.keys().map(String::as_str), listed, meters)
    }

    /// A fingerprint of the texts that flat files show beside these ids.
    pub fn fingerprint<'i>(
        &self,
        stamp: &Stamp,
        ids: impl IntoIterator<Item = &'i str>,
        user_subscriptions: impl IntoIterator<Item = &'i UserSubscriptionId>,
        meters: impl IntoIterator<Item = &'i MeterId>,
    ) -> Fingerprint {
        let mut text = String::new();
        let mut add = |id: &str, cells: &[Option<&str>]| {
            let _ = write!(text, "{id:?}{cells:?}");
        };
        for id in ids {
            add(id, &[self.name(id)]);
        }
        for id in user_subscriptions {
            let listed = self.user_subscription(stamp, id);
            add(
                id.as_str(),
                &[
                    listed.and_then(|listed| listed.display_name.as_deref()),
                    listed.and_then(|listed| listed.owner.as_deref()),
                ],
            );
        }
        for id in meters {
            let texts =
                self.meter(id).map(|meter| [&meter.meter_name, &meter.service, &meter.unit, &meter.quantity_kind]);
            let texts = texts.map(|cells| cells.map(|cell| cell.as_deref()));
            add(id.as_str(), texts.as_ref().map_or(&[], |texts| texts.as_slice()));
        }
        Fingerprint::of(text.as_bytes())
    }

    /// All meters: those of the catalogue, and those that appear in usage.
    pub fn meters(&self) -> impl Iterator<Item = &Meter> {
        self.meters.values()
    }

    /// The names of user subscriptions, by stamp and id.
    pub fn display_names(&self) -> BTreeMap<(Stamp, String), String> {
        let of_stamp = |(stamp, known): (&Stamp, &BTreeMap<UserSubscriptionId, Option<ListedUserSubscription>>)| {
            let named = known.iter().filter_map(|(id, listed)| Some((id, listed.as_ref()?.display_name.clone()?)));
            named.map(|(id, name)| ((stamp.clone(), id.to_string()), name)).collect::<Vec<_>>()
        };
        self.user_subscriptions.iter().flat_map(of_stamp).collect()
    }

    /// The names of tenants and billed subscriptions.
    pub fn into_names(self) -> BTreeMap<String, String> {
        self.names
    }

    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    pub fn user_subscription(&self, stamp: &Stamp, id: &UserSubscriptionId) -> Option<&ListedUserSubscription> {
        self.user_subscriptions.get(stamp)?.get(id)?.as_ref()
    }
}

/// The rows of the dimensions, collected stamp by stamp.
#[derive(Debug, Default)]
pub struct Dimensions {
    /// By key; `None` if nothing changed and the published table stays.
    resources: Option<BTreeMap<i64, (Stamp, Resource)>>,
    tenants: BTreeSet<TenantId>,
    billed: BTreeMap<BilledSubscriptionId, BilledRow>,
    days: BTreeSet<Day>,
    rejects: Vec<RejectRow>,
}

#[derive(Debug, Default)]
struct BilledRow {
    is_customer: bool,
    is_default: bool,
    tenants: BTreeSet<TenantId>,
    frozen: Option<FrozenKind>,
}

/// The kind and tenant of a billed subscription when a month with its figures was closed.
#[derive(Debug)]
struct FrozenKind {
    kind: String,
    tenant: Option<TenantId>,
}

/// A rejected line, as a row of `rejects`.
#[derive(Debug)]
pub struct RejectRow {
    pub stamp: Stamp,
    /// Relative to the root.
    pub file: String,
    pub row: i64,
    pub reason: &'static str,
    /// `None` if the error is that the value is absent.
    pub text: Option<String>,
}

/// For people: the place, the reason and the text.
impl fmt::Display for RejectRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, row, reason, text, .. } = self;
        write!(f, "{file} row {row}: {reason}: {}", text.as_deref().map_or_else(|| "absent".to_owned(), shown::value))
    }
}

impl Dimensions {
    /// Adds the tenants and billed subscriptions in the snapshots of a stamp.
    pub fn learn(&mut self, snapshots: &Snapshots) {
        self.tenants.extend(snapshots.tenants.iter().cloned());
        for registration in &snapshots.registrations {
            self.billed.entry(registration.id.default_subscription.clone()).or_default().is_default = true;
        }
        for row in &snapshots.customer_subscriptions.rows {
            let billed = self.billed.entry(row.subscription.clone()).or_default();
            billed.is_customer = true;
            billed.tenants.insert(row.tenant.clone());
        }
    }

    /// Fixes tenants and billed subscriptions to what they were when months with their figures were closed.
    pub fn freeze<'i>(
        &mut self,
        tenants: impl IntoIterator<Item = &'i TenantId>,
        billed: impl IntoIterator<Item = (&'i BilledSubscriptionId, &'i str, Option<&'i TenantId>)>,
        days: impl IntoIterator<Item = Day>,
    ) {
        self.days.extend(days);
        self.tenants.extend(tenants.into_iter().cloned());
        for (id, kind, tenant) in billed {
            let frozen = || FrozenKind { kind: kind.to_owned(), tenant: tenant.cloned() };
            self.billed.entry(id.clone()).or_default().frozen.get_or_insert_with(frozen);
        }
    }

    /// Adds the days of a stamp that have lines, and its rejected lines.
    pub fn learn_used(&mut self, usage: &Usage, days: impl IntoIterator<Item = Day>) {
        self.days.extend(days);
        let row = |(file, reject): (&str, &Reject)| RejectRow {
            stamp: usage.stamp.clone(),
            file: file.to_owned(),
            row: reject.row.into(),
            reason: reject.reason.as_str(),
            text: reject.text.clone(),
        };
        self.rejects.extend(usage.rejects().into_iter().map(row));
    }

    /// All rejected lines, as they are published.
    pub fn rejects(&self) -> &[RejectRow] {
        &self.rejects
    }

    /// The ids of all tenants and of all billed subscriptions.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.iter().map(TenantId::as_str)
    }

    pub fn billed_subscriptions(&self) -> impl Iterator<Item = &str> {
        self.billed.keys().map(BilledSubscriptionId::as_str)
    }

    /// Whether no resource was added yet.
    pub fn has_no_new_resources(&self) -> bool {
        self.resources.is_none()
    }

    pub fn has_resource(&self, key: i64) -> bool {
        self.resources.as_ref().is_some_and(|resources| resources.contains_key(&key))
    }

    /// Adds resources of a stamp.
    ///
    /// # Errors
    /// Two different resources have the same key.
    pub fn keep_resources(&mut self, stamp: &Stamp, resources: impl IntoIterator<Item = Resource>) -> Result<()> {
        let known = self.resources.get_or_insert_default();
        for resource in resources {
            match known.get(&resource.key) {
                None => drop(known.insert(resource.key, (stamp.clone(), resource))),
                Some((_, other)) if *other == resource => {}
                Some((other, _)) => {
                    return Err(Error::input(format!(
                        "resources of stamps {other} and {stamp} have the same resource_key {}",
                        resource.key
                    ))
                    .hint("a collision of 64-bit keys, never seen by chance: report it"));
                }
            }
        }
        Ok(())
    }

    /// Stages all these tables.
    ///
    /// # Errors
    /// A table cannot be staged.
    pub fn publish(
        mut self,
        names: &Names,
        (coverage, closed): (&[CoverageRow], &BTreeSet<(Stamp, Month)>),
        publisher: &Publisher,
    ) -> Result<()> {
        self.days.extend(coverage.iter().map(|row| row.coverage.day));
        if publisher.is_rehearsal() {
            return Ok(());
        }
        self.rejects.sort_unstable_by(|a, b| (&a.stamp, &a.file, a.row).cmp(&(&b.stamp, &b.file, b.row)));
        let resources = self.resources.take().map(|resources| resources.into_values().collect::<Vec<_>>());
        let publish_resources = || match &resources {
            Some(resources) => publish_resources(resources, RESOURCES, publisher),
            None => publisher.keep(RESOURCES),
        };
        let tables: [&(dyn Fn() -> Result<()> + Sync); 9] = [
            &publish_resources,
            &|| publish_meters(names, publisher),
            &|| publish_tenants(&self.tenants, names, publisher),
            &|| publish_user_subscriptions(names, publisher),
            &|| publish_billed_subscriptions(&self.billed, names, publisher),
            &|| publish_dates(&self.days, publisher),
            &|| publish_coverage(coverage, publisher),
            &|| publish_coverage_months(coverage, closed, publisher),
            &|| publish_rejects(&self.rejects, publisher),
        ];
        // If several fail, the first error is reported.
        tables.par_iter().map(|table| table()).collect::<Vec<_>>().into_iter().collect()
    }
}

/// Stages resources, sorted by their keys, as a table of their own.
///
/// # Errors
/// It cannot be staged.
pub fn publish_resources(resources: &[(Stamp, Resource)], path: &str, publisher: &Publisher) -> Result<()> {
    let rows = RowSet::of(resources)
        .with(RESOURCE_KEY, |(_, resource)| resource.key)
        .with(STAMP, |(stamp, _)| stamp.as_str())
        .with(RESOURCE_URI, |(_, resource)| resource.resource_uri.as_deref())
        .with(RESOURCE_GROUP, |(_, resource)| resource.resource_group())
        .with(RESOURCE_PROVIDER, |(_, resource)| resource.resource_provider())
        .with(RESOURCE_TYPE, |(_, resource)| resource.resource_type())
        .with(RESOURCE_NAME, |(_, resource)| resource.resource_name())
        .with(LOCATION, |(_, resource)| resource.location.as_deref())
        .with(TAGS, |(_, resource)| resource.tags.as_deref())
        .with(ADDITIONAL_INFO, |(_, resource)| resource.additional_info.as_deref())
        .with(SERVICE_TYPE, |(_, resource)| resource.service_type());
    publisher.table(path.to_owned(), rows.columns(&contract::RESOURCES)?, None)
}

fn publish_meters(names: &Names, publisher: &Publisher) -> Result<()> {
    let meters: Vec<&Meter> = names.meters.values().collect();
    let rows = RowSet::of(&meters)
        .with(METER_ID, |meter| meter.id.as_str())
        .with(METER_NAME, |meter| meter.meter_name.as_deref())
        .with(SERVICE, |meter| meter.service.as_deref())
        .with(UNIT, |meter| meter.unit.as_deref())
        .with(QUANTITY_KIND, |meter| meter.quantity_kind.as_deref())
        .with(KNOWN, |meter| meter.known)
        .with(AZURE_METER_ID, |meter| filled(meter.azure_meters.join(" ")));
    publisher.table(table_path(&contract::METERS), rows.columns(&contract::METERS)?, None)
}

fn publish_tenants(tenants: &BTreeSet<TenantId>, names: &Names, publisher: &Publisher) -> Result<()> {
    let tenants: Vec<&TenantId> = tenants.iter().collect();
    let rows = RowSet::of(&tenants).with(TENANT_ID, |id| id.as_str()).with(TENANT_NAME, |id| names.name(id.as_str()));
    publisher.table(table_path(&contract::TENANTS), rows.columns(&contract::TENANTS)?, None)
}

fn publish_user_subscriptions(names: &Names, publisher: &Publisher) -> Result<()> {
    let mut rows: Vec<(&UserSubscriptionId, &Stamp, Option<&ListedUserSubscription>)> = Vec::new();
    for (stamp, known) in &names.user_subscriptions {
        rows.extend(known.iter().map(|(id, listed)| (id, stamp, listed.as_ref())));
    }
    rows.sort_unstable();
    let rows = RowSet::of(&rows)
        .with(USER_SUBSCRIPTION_ID, |(id, ..)| id.as_str())
        .with(STAMP, |(_, stamp, _)| stamp.as_str())
        .with(DISPLAY_NAME, |(.., listed)| listed.and_then(|listed| listed.display_name.as_deref()))
        .with(OWNER, |(.., listed)| listed.and_then(|listed| listed.owner.as_deref()))
        .with(TENANT_ID, |(.., listed)| listed.and_then(|listed| listed.tenant.as_ref()).map(TenantId::as_str))
        .with(OFFER_ID, |(.., listed)| listed.and_then(|listed| listed.offer_id.as_deref()))
        .with(STATE, |(.., listed)| listed.and_then(|listed| listed.state.as_deref()));
    publisher.table(table_path(&contract::USER_SUBSCRIPTIONS), rows.columns(&contract::USER_SUBSCRIPTIONS)?, None)
}

fn publish_billed_subscriptions(
    billed: &BTreeMap<BilledSubscriptionId, BilledRow>,
    names: &Names,
    publisher: &Publisher,
) -> Result<()> {
    let [customer, default, both] = BILLED_KINDS;
    let billed: Vec<(&BilledSubscriptionId, &BilledRow)> = billed.iter().collect();
    let rows = RowSet::of(&billed)
        .with(BILLED_SUBSCRIPTION_ID, |(id, _)| id.as_str())
        .with(BILLED_SUBSCRIPTION_NAME, |(id, _)| names.name(id.as_str()))
        .with(KIND, |(_, billed)| match (&billed.frozen, billed.is_customer, billed.is_default) {
            (Some(frozen), ..) => frozen.kind.as_str(),
            (None, true, true) => both,
            (None, true, false) => customer,
            (None, false, _) => default,
        })
        .with(TENANT_ID, |(_, billed)| {
            let only = || billed.tenants.first().filter(|_| billed.tenants.len() == 1);
            let tenant = billed.frozen.as_ref().map_or_else(only, |frozen| frozen.tenant.as_ref());
            tenant.map(TenantId::as_str)
        });
    publisher.table(table_path(&contract::BILLED_SUBSCRIPTIONS), rows.columns(&contract::BILLED_SUBSCRIPTIONS)?, None)
}

fn publish_dates(days: &BTreeSet<Day>, publisher: &Publisher) -> Result<()> {
    let years: BTreeSet<i32> = days.iter().map(|day| day.date().year()).collect();
    let whole_year = |&year: &i32| {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).map(Day::from_date);
        let next = NaiveDate::from_ymd_opt(year + 1, 1, 1).map(Day::from_date);
        std::iter::successors(first, move |day| Some(day.next()).filter(|day| Some(*day) != next))
    };
    let calendar: Vec<(Day, NaiveDate)> = years.iter().flat_map(whole_year).map(|day| (day, day.date())).collect();
    let rows = RowSet::of(&calendar)
        .with(DATE, |(day, _)| *day)
        .with(YEAR, |(_, date)| i64::from(date.year()))
        .with(QUARTER, |(_, date)| i64::from(date.month0() / 3 + 1))
        .with(MONTH, |(day, _)| day.month())
        .with(MONTH_OF_YEAR, |(_, date)| i64::from(date.month()))
        .with(DAY_OF_MONTH, |(_, date)| i64::from(date.day()))
        .with(ISO_YEAR, |(_, date)| i64::from(date.iso_week().year()))
        .with(ISO_WEEK, |(_, date)| i64::from(date.iso_week().week()))
        .with(DAY_OF_WEEK, |(_, date)| i64::from(date.weekday().number_from_monday()));
    publisher.table(table_path(&contract::DATES), rows.columns(&contract::DATES)?, None)
}

/// A text as a cell: `None` if it is empty.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Codes of findings, separated by blanks.
fn codes(findings: &[FindingCode]) -> String {
    findings.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" ")
}

fn publish_coverage(rows: &[CoverageRow], publisher: &Publisher) -> Result<()> {
    let rows_of = RowSet::of(rows)
        .with(STAMP, |row| row.stamp.as_str())
        .with(USAGE_DATE, |row| row.coverage.day)
        .with(coverage_table::STATE, |row| row.coverage.state.as_str())
        .with(WINDOWS_LOADED, |row| row.coverage.windows.len() as i64)
        .with(LOADED, |row| filled(coverage::intervals(&row.coverage.windows)))
        .with(MISSING, |row| filled(coverage::intervals(&row.coverage.missing)))
        .with(LINE_COUNT, |row| row.lines)
        .with(FINDINGS, |row| filled(codes(&row.findings)));
    publisher.table(table_path(&contract::COVERAGE), rows_of.columns(&contract::COVERAGE)?, None)?;
    let csv = rows_of.csv(contract::COVERAGE.name, contract::COVERAGE.columns, |row| (row.lines, Quantity::ZERO))?;
    publisher.csv(&csv_path_of_all(&contract::COVERAGE), contract::COVERAGE.columns, csv, None)
}

fn publish_coverage_months(
    coverage: &[CoverageRow],
    closed: &BTreeSet<(Stamp, Month)>,
    publisher: &Publisher,
) -> Result<()> {
    let months = coverage::months(coverage);
    let rows = RowSet::of(&months)
        .with(STAMP, |month| month.stamp.as_str())
        .with(MONTH, |month| month.month)
        .with(DAYS, |month| month.counts()[0])
        .with(DAYS_SETTLED, |month| month.counts()[1])
        .with(DAYS_OPEN, |month| month.counts()[2])
        .with(DAYS_PARTIAL, |month| month.counts()[3])
        .with(CLOSED, |month| closed.contains(&(month.stamp.clone(), month.month)));
    let table = &contract::COVERAGE_MONTHS;
    publisher.table(table_path(table), rows.columns(table)?, None)?;
    let csv = rows.csv(table.name, table.columns, |_| (0, Quantity::ZERO))?;
    publisher.csv(&csv_path_of_all(table), table.columns, csv, None)
}

fn publish_rejects(rejects: &[RejectRow], publisher: &Publisher) -> Result<()> {
    let rows = RowSet::of(rejects)
        .with(STAMP, |reject| reject.stamp.as_str())
        .with(FILE, |reject| reject.file.as_str())
        .with(ROW, |reject| reject.row)
        .with(REASON, |reject| reject.reason)
        .with(OFFENDING_TEXT, |reject| reject.text.as_deref());
    publisher.table(table_path(&contract::REJECTS), rows.columns(&contract::REJECTS)?, None)?;
    let csv = rows.csv(contract::REJECTS.name, contract::REJECTS.columns, |_| (0, Quantity::ZERO))?;
    publisher.csv(&csv_path_of_all(&contract::REJECTS), contract::REJECTS.columns, csv, None)
}
