//! What fell on the default subscriptions, and why: `default_usage` added up over its days, with the adjustments of
//! closed months.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::adjusted;
use super::default_charges::{DefaultCharges, default_charges};
use super::names::{Chosen, Wanted};
use crate::domain::totals::Totals;
use crate::domain::{Attribution, Day, Hour, Quantity, SnapshotKind, Stamp};
use crate::error::{Error, Result};
use crate::publication::layout::default_usage_path;
use crate::publication::{MeterText, Publication};
use crate::table::column::{AnyColumn, Table, Typed};
use crate::table::contract;
use crate::table::contract::adjustments::{LINE_COUNT_DELTA, QUANTITY_DELTA};
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, QUANTITY, STAMP, TENANT_ID, USAGE_DATE,
    USER_SUBSCRIPTION_ID,
};
use crate::table::reader::{Keep, contradiction, text};

/// Usage of one user subscription and meter that fell on a default subscription for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    pub stamp: Stamp,
    pub billed_subscription: String,
    pub attribution: Attribution,
    pub tenant: Option<String>,
    pub user_subscription: String,
    pub meter: String,
    pub quantity: Quantity,
    pub line_count: i64,
    /// The first and the last day with such usage.
    pub first_seen: Day,
    pub last_seen: Day,
    /// The date of the list that has mapped its tenant since then, if the latest list maps it.
    pub registered_since: Option<Hour>,
    /// The tenant of the user subscription by the latest listing, where that is another one.
    pub moved_to: Option<String>,
}

/// All usage that fell on default subscriptions, and the names of the ids.
#[derive(Debug)]
pub struct Unregistered {
    /// By stamp, then why, then meter, the largest first.
    pub fallen: Vec<Fallen>,
    /// What is charged for it, as published: without adjustments of closed months.
    pub charged: DefaultCharges,
    pub meters: BTreeMap<String, MeterText>,
    /// Of tenants and billed subscriptions.
    pub names: BTreeMap<String, String>,
    /// The id of the latest registration of each stamp.
    pub registrations: BTreeMap<Stamp, String>,
    /// The first day that counts; `None`: all days.
    pub since: Option<Day>,
}

/// Gathers what fell on the default subscriptions of some stamps (all when empty) since a day, as far as it is
/// wanted.
///
/// # Errors
/// There is no publication, or a sum leaves the range of a quantity.
pub fn unregistered(
    publication: &Publication,
    stamps: &[Stamp],
    wanted: &Wanted,
    since: Option<Day>,
) -> Result<Unregistered> {
    let wanted_stamps = publication.stamps_of(stamps)?;
    let chosen = wanted.among(&[publication], stamps)?;
    let mut fallen = Vec::new();
    let mut registrations = BTreeMap::new();
    for stamp in wanted_stamps {
        let mappings = publication.published_mappings(&stamp)?;
        for mut row in fallen_on(publication, &stamp, &chosen, since)? {
            row.registered_since = row.tenant.as_deref().and_then(|tenant| mappings.registered_since(tenant));
            let latest = mappings.latest_tenant(&row.user_subscription);
            row.moved_to = latest.filter(|latest| row.tenant.as_deref() != Some(latest)).map(str::to_owned);
            fallen.push(row);
        }
        let latest = mappings.files.get(&SnapshotKind::Registration).and_then(|files| files.last());
        if let Some(id) = latest.and_then(|file| file.resource_id.clone()) {
            registrations.insert(stamp, id);
        }
    }
    fallen.sort_by(|a: &Fallen, b: &Fallen| {
        fn order(fallen_row: &Fallen) -> (&Stamp, u8, &str, &str, Reverse<Quantity>) {
            let severity = severity(fallen_row.attribution);
            (
                &fallen_row.stamp,
                severity,
                &fallen_row.billed_subscription,
                &fallen_row.meter,
                Reverse(fallen_row.quantity),
            )
        }
        order(a).cmp(&order(b)).then_with(|| (&a.tenant, &a.user_subscription).cmp(&(&b.tenant, &b.user_subscription)))
    });
    let is_in = |day: Day| is_in(&chosen, since, day);
    let charged = default_charges(publication, &publication.stamps_of(stamps)?, &keeping(&chosen), is_in)?;
    let (meters, names) = (publication.meters()?, publication.names()?);
    Ok(Unregistered { fallen, charged, meters, names, registrations, since })
}

/// What can be fixed comes first.
const fn severity(attribution: Attribution) -> u8 {
    match attribution {
        Attribution::DefaultTenantNotRegistered => 0,
        Attribution::DefaultNoCustomerSubscriptions => 1,
        Attribution::DefaultUserSubscriptionUnknown => 2,
        Attribution::DefaultOperator => 3,
        Attribution::Registered => 4,
    }
}

/// What identifies a sum: payer and reason, tenant, user subscription, meter. By text, so that it sorts as published
/// tables do.
type SumKey = (String, &'static str, Option<String>, String, String);

/// Usage that fell on a default subscription, by day.
type FallenDays = BTreeMap<Day, Totals>;

fn fallen_on(publication: &Publication, stamp: &Stamp, chosen: &Chosen, since: Option<Day>) -> Result<Vec<Fallen>> {
    let mut sums: BTreeMap<SumKey, (Attribution, FallenDays)> = BTreeMap::new();
    let path = default_usage_path(stamp);
    let mut keep = keeping(chosen);
    keep.push(Keep::Texts(STAMP, vec![stamp.to_string()]));
    add_table(publication, &path, (&contract::DEFAULT_USAGE, QUANTITY, LINE_COUNT), &keep, &mut sums)?;
    // Adjustments add to it, or take off it.
    for path in adjusted::tables(publication) {
        add_table(publication, path, (&contract::ADJUSTMENTS, QUANTITY_DELTA, LINE_COUNT_DELTA), &keep, &mut sums)?;
    }
    let mut fallen = Vec::new();
    for (key, (attribution, mut days)) in sums {
        days.retain(|&day, totals| !totals.is_nothing() && is_in(chosen, since, day));
        fallen.extend(sum_of(&path, stamp, attribution, key, &days)?);
    }
    Ok(fallen)
}

/// Whether a day is wanted.
fn is_in(chosen: &Chosen, since: Option<Day>, day: Day) -> bool {
    since.is_none_or(|since| day >= since) && chosen.month.is_none_or(|month| day.month() == month)
}

/// The filter of the rows that are wanted, whatever their days.
fn keeping(chosen: &Chosen) -> Vec<Keep> {
    let Chosen { billed_subscriptions, tenants, user_subscriptions, meters, month: _ } = chosen;
    let columns = [
        (BILLED_SUBSCRIPTION_ID, billed_subscriptions),
        (TENANT_ID, tenants),
        (USER_SUBSCRIPTION_ID, user_subscriptions),
        (METER_ID, meters),
    ];
    let narrowing = columns.into_iter().filter(|(_, ids)| !ids.is_empty());
    narrowing.map(|(column, ids)| Keep::Texts(column, ids.clone())).collect()
}

/// The sum over all days; `None` where there are none.
fn sum_of(
    path: &str,
    stamp: &Stamp,
    attribution: Attribution,
    key: SumKey,
    days: &FallenDays,
) -> Result<Option<Fallen>> {
    let (billed_subscription, _, tenant, user_subscription, meter) = key;
    let Some(((&first_seen, _), (&last_seen, _))) = days.first_key_value().zip(days.last_key_value()) else {
        return Ok(None);
    };
    let sum = days.values().try_fold(Totals::default(), |sum, totals| sum.plus(*totals));
    let Totals { quantity, lines: line_count } = sum.map_err(|_past_range| past_range(path, &meter))?;
    Ok(Some(Fallen {
        stamp: stamp.clone(),
        billed_subscription,
        attribution,
        tenant,
        user_subscription,
        meter,
        quantity,
        line_count,
        first_seen,
        last_seen,
        registered_since: None,
        moved_to: None,
    }))
}

fn past_range(path: &str, meter: &str) -> Error {
    contradiction(path, format!("meter {meter} sums to more than a quantity can be"))
}

/// Adds up the kept rows of a table that are on default subscriptions, by day.
fn add_table(
    publication: &Publication,
    path: &str,
    (table, quantity, count): (&Table, Typed<Quantity>, Typed<i64>),
    keep: &[Keep],
    sums: &mut BTreeMap<SumKey, (Attribution, FallenDays)>,
) -> Result<()> {
    let columns: [&dyn AnyColumn; 8] = [
        &USAGE_DATE,
        &BILLED_SUBSCRIPTION_ID,
        &ATTRIBUTION,
        &TENANT_ID,
        &USER_SUBSCRIPTION_ID,
        &METER_ID,
        &quantity,
        &count,
    ];
    for rows in publication.read(path, table, &columns, keep)? {
        let (days, billed) = (rows.days(USAGE_DATE)?, rows.texts(BILLED_SUBSCRIPTION_ID)?);
        let (attributions, tenants) = (rows.texts(ATTRIBUTION)?, rows.texts(TENANT_ID)?);
        let (users, meters) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (quantities, counts) = (rows.quantities(quantity)?, rows.integers(count)?);
        for (row, day) in days.into_iter().enumerate() {
            let attribution = Attribution::parse(attributions.value(row)).ok_or_else(|| {
                contradiction(path, format!("attribution {:?} is not known", attributions.value(row)))
            })?;
            if !attribution.is_default() {
                continue;
            }
            let (billed, tenant) = (billed.value(row).to_owned(), text(tenants, row).map(str::to_owned));
            let (user, meter) = (users.value(row).to_owned(), meters.value(row).to_owned());
            let key = (billed, attribution.as_str(), tenant, user, meter);
            let (_, days_of_key) = sums.entry(key).or_insert_with(|| (attribution, FallenDays::new()));
            let more = Totals { quantity: quantities.value(row), lines: counts.value(row) };
            let totals = days_of_key.entry(day).or_default();
            totals.merge(more).map_err(|_past_range| past_range(path, meters.value(row)))?;
        }
    }
    Ok(())
}
