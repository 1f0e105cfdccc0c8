//! What fell on the default subscriptions, and why: `default_usage` added up over its days.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::publication::{MeterText, Publication};
use crate::domain::{Attribution, Day, Hour, Quantity, SnapshotKind, Stamp};
use crate::error::Result;
use crate::frame::tables::{contradiction, text};
use crate::schema;

/// What of one user subscription and meter fell on a default subscription for one reason.
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
    /// The date of the list since which its tenant is mapped, if the latest list maps it.
    pub registered_since: Option<Hour>,
    /// The tenant that the latest listing gives the user subscription, where that is another.
    pub moved_to: Option<String>,
}

/// All of it, and what names it.
#[derive(Debug)]
pub struct Unregistered {
    /// By stamp, then why, then meter, the largest first.
    pub fallen: Vec<Fallen>,
    pub meters: BTreeMap<String, MeterText>,
    /// Of tenants and billed subscriptions.
    pub names: BTreeMap<String, String>,
    /// Of each stamp, the id of its latest registration.
    pub registrations: BTreeMap<Stamp, String>,
    /// The first day that was looked at; `None`: all.
    pub since: Option<Day>,
}

/// Gathers what fell on the default subscriptions of some stamps (all when empty) since a day.
///
/// # Errors
/// There is no publication, or a sum leaves the range of a quantity.
pub fn unregistered(publication: &Publication, stamps: &[Stamp], since: Option<Day>) -> Result<Unregistered> {
    let mut fallen = Vec::new();
    let mut registrations = BTreeMap::new();
    for stamp in publication.stamps_of(stamps)? {
        let mappings = publication.published_mappings(&stamp)?;
        for mut own in of_stamp(publication, &stamp, since)? {
            own.registered_since = own.tenant.as_deref().and_then(|tenant| mappings.registered_since(tenant));
            let latest = mappings.latest_tenant(&own.user_subscription);
            own.moved_to = latest.filter(|latest| own.tenant.as_deref() != Some(latest)).map(str::to_owned);
            fallen.push(own);
        }
        let latest = mappings.files.get(&SnapshotKind::Registration).and_then(|files| files.last());
        if let Some(id) = latest.and_then(|own| own.resource_id.clone()) {
            registrations.insert(stamp, id);
        }
    }
    fallen.sort_by(|a: &Fallen, b: &Fallen| {
        fn order(own: &Fallen) -> (&Stamp, u8, &str, &str, Reverse<Quantity>) {
            let severity = severity(own.attribution);
            (&own.stamp, severity, &own.billed_subscription, &own.meter, Reverse(own.quantity))
        }
        order(a).cmp(&order(b)).then_with(|| (&a.tenant, &a.user_subscription).cmp(&(&b.tenant, &b.user_subscription)))
    });
    Ok(Unregistered { fallen, meters: publication.meters()?, names: publication.names()?, registrations, since })
}

/// What can be put right comes first.
const fn severity(attribution: Attribution) -> u8 {
    match attribution {
        Attribution::DefaultTenantNotRegistered => 0,
        Attribution::DefaultNoCustomerSubscriptions => 1,
        Attribution::DefaultUserSubscriptionUnknown => 2,
        Attribution::DefaultOperator => 3,
        Attribution::Registered => 4,
    }
}

fn of_stamp(publication: &Publication, stamp: &Stamp, since: Option<Day>) -> Result<Vec<Fallen>> {
    let path = format!("default_usage/{stamp}.parquet");
    let columns = [
        "usage_date",
        "billed_subscription_id",
        "attribution",
        "tenant_id",
        "user_subscription_id",
        "meter_id",
        "quantity",
        "line_count",
    ];
    let mut sums: BTreeMap<(String, &'static str, Option<String>, String, String), Fallen> = BTreeMap::new();
    for rows in publication.read(&path, &schema::DEFAULT_USAGE, &columns, &[])? {
        let days = rows.days("usage_date")?;
        let (billed, attributions) = (rows.texts("billed_subscription_id")?, rows.texts("attribution")?);
        let (tenants, users) = (rows.texts("tenant_id")?, rows.texts("user_subscription_id")?);
        let (meters, quantities) = (rows.texts("meter_id")?, rows.quantities("quantity")?);
        let counts = rows.integers("line_count")?;
        for row in (0..rows.len()).filter(|&row| since.is_none_or(|since| days[row] >= since)) {
            let attribution = Attribution::parse(attributions.value(row)).ok_or_else(|| {
                contradiction(&path, format!("attribution {:?} is not known", attributions.value(row)))
            })?;
            let (billed, tenant) = (billed.value(row).to_owned(), text(tenants, row).map(str::to_owned));
            let (user, meter) = (users.value(row).to_owned(), meters.value(row).to_owned());
            let key = (billed.clone(), attribution.as_str(), tenant.clone(), user.clone(), meter.clone());
            let own = sums.entry(key).or_insert_with(|| Fallen {
                stamp: stamp.clone(),
                billed_subscription: billed,
                attribution,
                tenant,
                user_subscription: user,
                meter,
                quantity: Quantity::ZERO,
                line_count: 0,
                first_seen: days[row],
                last_seen: days[row],
                registered_since: None,
                moved_to: None,
            });
            own.quantity = own.quantity.checked_add(quantities.value(row)).ok_or_else(|| {
                contradiction(&path, format!("meter {} sums to more than a quantity can be", own.meter))
            })?;
            own.line_count += counts.value(row);
            own.first_seen = own.first_seen.min(days[row]);
            own.last_seen = own.last_seen.max(days[row]);
        }
    }
    Ok(sums.into_values().collect())
}
