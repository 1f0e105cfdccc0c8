//! What fell on the default subscriptions, and the commands that would register whom it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::json;

use super::{counted, csv_text, meter_named, named, one_line, table, unit_of};
use crate::audit::{Fallen, Unregistered};
use crate::domain::identity::is_guid;
use crate::domain::{Attribution, Stamp};
use crate::error::Result;
use crate::publish::csv::{CsvCell, CsvTable};
use crate::schema::flat;

/// The api-version that all documentation of customer subscriptions uses (reference §4.1).
const API_VERSION: &str = "2017-06-01";
/// What stands where the customer subscription is to be filled in.
const FILL_IN: &str = "<customer-subscription-id>";

/// Stamp by stamp, reason by reason, meter by meter, the largest first.
pub fn text(own: &Unregistered) -> String {
    if own.fallen.is_empty() {
        return format!("nothing fell on a default subscription{}\n", since(own));
    }
    let mut text = String::new();
    for of_stamp in own.fallen.chunk_by(|a, b| a.stamp == b.stamp) {
        let is_same =
            |a: &Fallen, b: &Fallen| (a.attribution, &a.billed_subscription) == (b.attribution, &b.billed_subscription);
        for of_reason in of_stamp.chunk_by(is_same) {
            let Fallen { stamp, attribution, billed_subscription, .. } = &of_reason[0];
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{stamp} {attribution}: {}", meaning(*attribution));
            let _ = writeln!(text, "  paid by {}", named(billed_subscription, &own.names));
            for of_meter in of_reason.chunk_by(|a, b| a.meter == b.meter) {
                let meter = &of_meter[0].meter;
                let _ = writeln!(text, "  {}", meter_named(meter, &own.meters));
                let row = |fallen: &Fallen| {
                    let tenant = fallen.tenant.as_deref();
                    [
                        format!("{}{}", fallen.quantity, unit_of(meter, &own.meters)),
                        counted(fallen.line_count, "line"),
                        format!("{} to {}", fallen.first_seen, fallen.last_seen),
                        fallen.user_subscription.clone(),
                        tenant.map_or_else(String::new, |id| format!("tenant {}", named(id, &own.names))),
                        by_now(fallen, own),
                    ]
                };
                let rows: Vec<[String; 6]> = of_meter.iter().map(row).collect();
                text.push_str(&table(&rows, [true, true, false, false, false, false], 4));
            }
            text.push('\n');
        }
    }
    text.pop();
    text
}

fn since(own: &Unregistered) -> String {
    own.since.map_or_else(String::new, |since| format!(" since {since}"))
}

/// What has become of it since.
fn by_now(fallen: &Fallen, own: &Unregistered) -> String {
    let moved = fallen.moved_to.as_deref().map(|tenant| format!("by now of tenant {}", named(tenant, &own.names)));
    let registered = || fallen.registered_since.map(|since| format!("registered since {since}"));
    moved.or_else(registered).unwrap_or_default()
}

const fn meaning(attribution: Attribution) -> &'static str {
    match attribution {
        Attribution::DefaultTenantNotRegistered => {
            "the tenant was known, and not registered then; --commands says how to register who still is not"
        }
        Attribution::DefaultNoCustomerSubscriptions => {
            "no tenant was registered at all; --commands says how to register them"
        }
        Attribution::DefaultUserSubscriptionUnknown => {
            "no listing gives the user subscription a tenant: save one while it exists"
        }
        Attribution::DefaultOperator => "the operator's own",
        Attribution::Registered => "",
    }
}

/// For each tenant that is not registered, the commands that would register it with each stamp that it uses.
pub fn commands(own: &Unregistered) -> String {
    let mut tenants: BTreeMap<(&Stamp, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut unknown: BTreeSet<(&Stamp, &str)> = BTreeSet::new();
    let is_left = |own: &&Fallen| own.registered_since.is_none() && own.moved_to.is_none();
    for fallen in own.fallen.iter().filter(is_left) {
        match (fallen.attribution, &fallen.tenant) {
            (Attribution::DefaultTenantNotRegistered | Attribution::DefaultNoCustomerSubscriptions, Some(tenant)) => {
                tenants.entry((&fallen.stamp, tenant)).or_default().insert(&fallen.user_subscription);
            }
            (Attribution::DefaultUserSubscriptionUnknown, _) => {
                unknown.insert((&fallen.stamp, &fallen.user_subscription));
            }
            _ => {}
        }
    }
    let mut lines: Vec<String> = Vec::new();
    if !tenants.is_empty() {
        lines.push(format!(
            "# Fill in {FILL_IN}: the Azure subscription of the CSP offer that is to pay for the tenant, in lower case."
        ));
        lines.push("# For each tenant run one of the two: in a shell with the Azure CLI, or in PowerShell after Connect-AzAccount.".to_owned());
    }
    for ((stamp, tenant), users) in &tenants {
        lines.push(String::new());
        lines.push(comment(&format!(
            "{stamp}: tenant {}, user subscriptions {}",
            named(tenant, &own.names),
            list(users)
        )));
        match own.registrations.get(*stamp).filter(|id| is_resource_id(id)) {
            Some(registration) if is_guid(tenant) => lines.extend(registering(registration, tenant)),
            Some(_) => lines.push("# its id is no GUID, so it is no directory that could be registered".to_owned()),
            None => lines.push("# the id of the stamp's registration is none that a command could hold".to_owned()),
        }
    }
    if !unknown.is_empty() {
        let users: BTreeSet<String> = unknown.iter().map(|(stamp, user)| format!("{user} on {stamp}")).collect();
        if !tenants.is_empty() {
            lines.push(String::new());
        }
        let users = list(&users.iter().map(String::as_str).collect());
        lines.push(comment(&format!("No listing knows whose these are: {users}")));
        lines.push("# Save a listing of user subscriptions that holds them, if they still exist.".to_owned());
    }
    if lines.is_empty() {
        lines.push(format!(
            "# nobody is left to register: who used a stamp unregistered{} is registered there by now, or gave up its user subscriptions",
            since(own)
        ));
    }
    lines.join("\n") + "\n"
}

/// The same command for the Azure CLI and for PowerShell.
fn registering(registration: &str, tenant: &str) -> [String; 2] {
    let id = format!("{}/customerSubscriptions/{FILL_IN}", registration.trim_matches('/'));
    let url = format!("https://management.azure.com/{id}?api-version={API_VERSION}");
    [
        format!("az rest --method put --url \"{url}\" --body '{{\"properties\":{{\"tenantId\":\"{tenant}\"}}}}'"),
        format!(
            "New-AzResource -ResourceId \"{id}\" -ApiVersion {API_VERSION} -Properties @{{ tenantId = \"{tenant}\" }}"
        ),
    ]
}

/// A comment of one line, whatever the texts in it: what follows it would be run.
fn comment(text: &str) -> String {
    format!("# {}", one_line(text))
}

/// Whether an id holds nothing that a shell would take for more than text.
fn is_resource_id(id: &str) -> bool {
    id.chars().all(|own| own.is_alphanumeric() || "/._-()".contains(own))
}

fn list(ids: &BTreeSet<&str>) -> String {
    ids.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The same sums, a row each.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(own: &Unregistered) -> Result<String> {
    let mut table = CsvTable::new(flat::CSV_UNREGISTERED.columns);
    for fallen in &own.fallen {
        let meter = own.meters.get(&fallen.meter);
        let name = |id: &str| own.names.get(id).map(String::as_str);
        let cells = [
            CsvCell::Text(Some(fallen.stamp.as_str())),
            CsvCell::Text(Some(&fallen.billed_subscription)),
            CsvCell::Text(name(&fallen.billed_subscription)),
            CsvCell::Text(Some(fallen.attribution.as_str())),
            CsvCell::Text(fallen.tenant.as_deref()),
            CsvCell::Text(fallen.tenant.as_deref().and_then(name)),
            CsvCell::Text(Some(&fallen.user_subscription)),
            CsvCell::Text(Some(&fallen.meter)),
            CsvCell::Text(meter.and_then(|meter| meter.name.as_deref())),
            CsvCell::Text(meter.and_then(|meter| meter.unit.as_deref())),
            CsvCell::Quantity(fallen.quantity),
            CsvCell::Integer(fallen.line_count),
            CsvCell::Day(fallen.first_seen),
            CsvCell::Day(fallen.last_seen),
            CsvCell::Text(fallen.moved_to.as_deref()),
            fallen.registered_since.map_or(CsvCell::Text(None), CsvCell::Hour),
        ];
        table.row(&cells, fallen.line_count, fallen.quantity)?;
    }
    csv_text(table)
}

/// The same sums, with columns named as in `default_usage`.
pub fn json(own: &Unregistered) -> String {
    let row = |fallen: &Fallen| {
        let meter = own.meters.get(&fallen.meter);
        json!({
            "stamp": fallen.stamp.as_str(),
            "billed_subscription_id": fallen.billed_subscription,
            "attribution": fallen.attribution.as_str(),
            "tenant_id": fallen.tenant,
            "tenant_name": fallen.tenant.as_ref().and_then(|id| own.names.get(id)),
            "user_subscription_id": fallen.user_subscription,
            "meter_id": fallen.meter,
            "meter_name": meter.and_then(|meter| meter.name.as_deref()),
            "unit": meter.and_then(|meter| meter.unit.as_deref()),
            "quantity": fallen.quantity.to_string(),
            "line_count": fallen.line_count,
            "first_seen": fallen.first_seen.to_string(),
            "last_seen": fallen.last_seen.to_string(),
            "moved_to_tenant_id": fallen.moved_to,
            "registered_since": fallen.registered_since.map(|since| since.to_string()),
        })
    };
    format!("{:#}\n", json!({ "default_usage": own.fallen.iter().map(row).collect::<Vec<_>>() }))
}
