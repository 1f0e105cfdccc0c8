//! What fell on the default subscriptions, and the commands that would register the tenants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::ids::Ids;
use super::layout::{Page, TextColumn, TextTable, Width, clean};
use super::{counted, csv_text, meter_name, meter_named, note_on_ids, unit_of};
use crate::audit::{DefaultCharge, DefaultUnpriced, Fallen, Unregistered};
use crate::domain::identity::is_guid;
use crate::domain::{Attribution, Charge, Stamp};
use crate::error::Result;
use crate::table::contract::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, FIRST_SEEN, LAST_SEEN, LINE_COUNT, METER_ID,
    METER_NAME, QUANTITY, STAMP, TENANT_ID, TENANT_NAME, UNIT, USER_SUBSCRIPTION_ID,
};
use crate::table::flat;
use crate::table::rows::RowSet;

/// The api-version that all documentation of customer subscriptions uses (reference §4.1).
const API_VERSION: &str = "2017-06-01";
/// The placeholder for the customer subscription.
const FILL_IN: &str = "<customer-subscription-id>";

/// The charges, the largest first; then the usage by stamp, reason and meter, the largest first.
pub fn text(unregistered: &Unregistered, width: Width) -> String {
    let is_nothing = unregistered.fallen.is_empty()
        && unregistered.charged.charges.is_empty()
        && unregistered.charged.unpriced.is_empty();
    if is_nothing {
        return format!("nothing fell on a default subscription{}\n", since(unregistered));
    }
    let (mut page, ids) = (Page::new(width), ids_of(unregistered));
    if unregistered.charged.is_charged {
        charges_and_unpriced(&mut page, unregistered, &ids);
    }
    if unregistered.fallen.is_empty() {
        page.gap();
        page.paragraph(0, "by now none of it is on a default subscription: closed months keep their charges");
    }
    for fallen_on_stamp in unregistered.fallen.chunk_by(|a, b| a.stamp == b.stamp) {
        let is_same =
            |a: &Fallen, b: &Fallen| (a.attribution, &a.billed_subscription) == (b.attribution, &b.billed_subscription);
        for fallen_for_reason in fallen_on_stamp.chunk_by(is_same) {
            let Fallen { stamp, attribution, billed_subscription, .. } = &fallen_for_reason[0];
            page.gap();
            page.paragraph(0, &format!("{stamp} {attribution}: {}", meaning(*attribution)));
            let room = width.columns() - "  paid by ".len();
            page.paragraph(2, &format!("paid by {}", ids.named_within(billed_subscription, &unregistered.names, room)));
            for fallen_of_meter in fallen_for_reason.chunk_by(|a, b| a.meter == b.meter) {
                let meter = &fallen_of_meter[0].meter;
                page.paragraph(2, &meter_named(meter, &unregistered.meters, &ids));
                let row = |fallen: &Fallen| {
                    [
                        format!("{}{}", fallen.quantity, unit_of(meter, &unregistered.meters)),
                        counted(fallen.line_count, "line"),
                        format!("{} to {}", fallen.first_seen, fallen.last_seen),
                        ids.short(&fallen.user_subscription),
                        fallen
                            .tenant
                            .as_deref()
                            .map_or_else(String::new, |id| format!("tenant {}", ids.named(id, &unregistered.names))),
                        current_registration(fallen, unregistered, &ids),
                    ]
                };
                let columns = [
                    TextColumn::quantity(""),
                    TextColumn::figure(""),
                    TextColumn::text(""),
                    TextColumn::whole(""),
                    TextColumn::text(""),
                    TextColumn::text(""),
                ];
                page.table(4, &TextTable::new(columns, fallen_of_meter.iter().map(row)));
            }
        }
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn ids_of(unregistered: &Unregistered) -> Ids {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for Fallen { billed_subscription, tenant, user_subscription, meter, moved_to, .. } in &unregistered.fallen {
        ids.extend([billed_subscription, user_subscription, meter].map(String::as_str));
        ids.extend([tenant, moved_to].into_iter().filter_map(Option::as_deref));
    }
    for charge in &unregistered.charged.charges {
        ids.insert(&charge.billed_subscription);
        ids.extend(charge.tenant.as_deref());
    }
    ids.extend(unregistered.charged.unpriced.iter().filter_map(|usage| usage.tenant.as_deref()));
    Ids::of(ids)
}

/// The charges to default subscriptions, currency by currency, and the usage without a price.
fn charges_and_unpriced(page: &mut Page, unregistered: &Unregistered, ids: &Ids) {
    let (charges, unpriced) = (&unregistered.charged.charges, &unregistered.charged.unpriced);
    let tenant = |id: &Option<String>| {
        id.as_deref().map_or_else(|| "no tenant known".to_owned(), |id| ids.named(id, &unregistered.names))
    };
    if charges.is_empty() {
        page.paragraph(0, &format!("nothing is charged to a default subscription{}", since(unregistered)));
    } else {
        page.paragraph(
            0,
            &format!(
                "charged to default subscriptions{}, exact: only statement lines are rounded",
                since(unregistered)
            ),
        );
        let mut rows: Vec<[String; 5]> = Vec::new();
        for charges_in_currency in charges.chunk_by(|a, b| a.currency == b.currency) {
            let currency = charges_in_currency[0].currency;
            rows.extend(charges_in_currency.iter().map(|default_charge| {
                let DefaultCharge { charge, stamp, attribution, billed_subscription, .. } = default_charge;
                [
                    format!("{charge} {currency}"),
                    stamp.to_string(),
                    attribution.to_string(),
                    tenant(&default_charge.tenant),
                    ids.named(billed_subscription, &unregistered.names),
                ]
            }));
            let sum = charges_in_currency.iter().try_fold(Charge::ZERO, |sum, charge| sum.checked_add(charge.charge));
            let sum = sum.map_or_else(|| "out of range".to_owned(), |sum| format!("{sum} {currency}"));
            if charges_in_currency.len() > 1 {
                rows.push([sum, "all".to_owned(), String::new(), String::new(), String::new()]);
            }
        }
        let columns = [
            TextColumn::figure("charged"),
            TextColumn::whole("stamp"),
            TextColumn::text("why"),
            TextColumn::text("tenant"),
            TextColumn::text("paid by"),
        ];
        page.table(2, &TextTable::new(columns, rows));
    }
    if !unpriced.is_empty() {
        page.gap();
        page.paragraph(0, "on default subscriptions, and no price in force: not in these amounts");
        let row = |usage: &DefaultUnpriced| {
            let DefaultUnpriced { stamp, attribution, meter, quantity, .. } = usage;
            [
                format!("{quantity}{}", unit_of(meter, &unregistered.meters)),
                meter_name(meter, &unregistered.meters),
                stamp.to_string(),
                attribution.to_string(),
                tenant(&usage.tenant),
            ]
        };
        let columns = [
            TextColumn::quantity("quantity"),
            TextColumn::text("meter"),
            TextColumn::whole("stamp"),
            TextColumn::text("why"),
            TextColumn::text("tenant"),
        ];
        page.table(2, &TextTable::new(columns, unpriced.iter().map(row)));
    }
}

fn since(unregistered: &Unregistered) -> String {
    unregistered.since.map_or_else(String::new, |since| format!(" since {since}"))
}

/// How the registration has changed since.
fn current_registration(fallen: &Fallen, unregistered: &Unregistered, ids: &Ids) -> String {
    let moved =
        fallen.moved_to.as_deref().map(|tenant| format!("by now of tenant {}", ids.named(tenant, &unregistered.names)));
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

/// For each tenant that is not registered, the commands that register it with each stamp that it uses.
pub fn commands(unregistered: &Unregistered) -> String {
    let mut tenants: BTreeMap<(&Stamp, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut unknown: BTreeSet<(&Stamp, &str)> = BTreeSet::new();
    let is_left = |fallen: &&Fallen| fallen.registered_since.is_none() && fallen.moved_to.is_none();
    for fallen in unregistered.fallen.iter().filter(is_left) {
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
        lines.push(
            "# For each tenant run one of the two: in a shell with the Azure CLI, or in PowerShell after \
             Connect-AzAccount."
                .to_owned(),
        );
    }
    for ((stamp, tenant), users) in &tenants {
        lines.push(String::new());
        lines.push(comment(&format!(
            "{stamp}: tenant {}, user subscriptions {}",
            whole(tenant, unregistered),
            list(users)
        )));
        match unregistered.registrations.get(*stamp).filter(|id| is_resource_id(id)) {
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
            "# nobody is left to register: who used a stamp unregistered{} is registered there by now, or gave up its \
             user subscriptions",
            since(unregistered)
        ));
    }
    lines.join("\n") + "\n"
}

/// A whole id with its name: what is to be run or filled in is never shortened.
fn whole(id: &str, unregistered: &Unregistered) -> String {
    unregistered.names.get(id).map_or_else(|| id.to_owned(), |name| format!("{id} {name}"))
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

/// A comment on one line, whatever texts it holds: a second line would be run.
fn comment(text: &str) -> String {
    format!("# {}", clean(text))
}

/// Whether an id holds nothing that is special to a shell.
fn is_resource_id(id: &str) -> bool {
    id.chars().all(|character| character.is_alphanumeric() || "/._-()".contains(character))
}

fn list(ids: &BTreeSet<&str>) -> String {
    ids.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The same sums, one row each.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(unregistered: &Unregistered) -> Result<String> {
    let name = |id: &str| unregistered.names.get(id).map(String::as_str);
    let meter = |fallen: &Fallen| unregistered.meters.get(&fallen.meter);
    let rows = RowSet::of(&unregistered.fallen)
        .with(STAMP, |fallen| fallen.stamp.as_str())
        .with(BILLED_SUBSCRIPTION_ID, |fallen| fallen.billed_subscription.as_str())
        .with(BILLED_SUBSCRIPTION_NAME, move |fallen| name(&fallen.billed_subscription))
        .with(ATTRIBUTION, |fallen| fallen.attribution.as_str())
        .with(TENANT_ID, |fallen| fallen.tenant.as_deref())
        .with(TENANT_NAME, move |fallen| fallen.tenant.as_deref().and_then(name))
        .with(USER_SUBSCRIPTION_ID, |fallen| fallen.user_subscription.as_str())
        .with(METER_ID, |fallen| fallen.meter.as_str())
        .with(METER_NAME, move |fallen| meter(fallen).and_then(|meter| meter.name.as_deref()))
        .with(UNIT, move |fallen| meter(fallen).and_then(|meter| meter.unit.as_deref()))
        .with(QUANTITY, |fallen| fallen.quantity)
        .with(LINE_COUNT, |fallen| fallen.line_count)
        .with(FIRST_SEEN, |fallen| fallen.first_seen)
        .with(LAST_SEEN, |fallen| fallen.last_seen)
        .with(flat::MOVED_TO_TENANT_ID, |fallen| fallen.moved_to.as_deref())
        .with(flat::REGISTERED_SINCE, |fallen| fallen.registered_since);
    let table = flat::CSV_UNREGISTERED;
    csv_text(rows.csv(table.name, table.columns, |fallen| (fallen.line_count, fallen.quantity))?)
}

/// The same sums, with columns named as in `default_usage`.
pub fn json(unregistered: &Unregistered) -> String {
    let row = |fallen: &Fallen| {
        let meter = unregistered.meters.get(&fallen.meter);
        json!({
            "stamp": fallen.stamp.as_str(),
            "billed_subscription_id": fallen.billed_subscription,
            "attribution": fallen.attribution.as_str(),
            "tenant_id": fallen.tenant,
            "tenant_name": fallen.tenant.as_ref().and_then(|id| unregistered.names.get(id)),
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
    let charge = |charged: &DefaultCharge| {
        let DefaultCharge { currency, charge, stamp, attribution, billed_subscription, tenant } = charged;
        json!({
            "currency": currency.code(),
            "charge": charge.to_string(),
            "stamp": stamp.as_str(),
            "attribution": attribution.as_str(),
            "billed_subscription_id": billed_subscription,
            "billed_subscription_name": unregistered.names.get(billed_subscription),
            "tenant_id": tenant,
            "tenant_name": tenant.as_ref().and_then(|id| unregistered.names.get(id)),
        })
    };
    let unpriced = |unpriced: &DefaultUnpriced| {
        let DefaultUnpriced { stamp, attribution, tenant, meter, quantity } = unpriced;
        let meter_text = unregistered.meters.get(meter);
        json!({
            "stamp": stamp.as_str(),
            "attribution": attribution.as_str(),
            "tenant_id": tenant,
            "tenant_name": tenant.as_ref().and_then(|id| unregistered.names.get(id)),
            "meter_id": meter,
            "meter_name": meter_text.and_then(|meter| meter.name.as_deref()),
            "unit": meter_text.and_then(|meter| meter.unit.as_deref()),
            "quantity": quantity.to_string(),
        })
    };
    let charges: Vec<Value> = unregistered.charged.charges.iter().map(charge).collect();
    let unpriced: Vec<Value> = unregistered.charged.unpriced.iter().map(unpriced).collect();
    let rows: Vec<Value> = unregistered.fallen.iter().map(row).collect();
    format!("{:#}\n", json!({ "charges": charges, "unpriced": unpriced, "default_usage": rows }))
}
