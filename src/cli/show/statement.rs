//! A statement for people: what a billed subscription is billed for a month, line by line.
//!
//! ```text
//! statement of 2026-10 for b111ed00-… Contoso (CSP)
//!   not closed on dresden: figures may change
//!
//!   meter                  quantity                 price                          exact  amount
//!   Base VM Size Hours     4 Virtual core hours     0.008 USD per Virtual core hour  0.032  0.03 USD
//!
//!   total                  0.03 USD, exact 0.032, rounding -0.002
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use super::ids::Ids;
use super::layout::{Page, TextColumn, TextTable, Width};
use super::{csv_text, margins, meter_name, meter_named, note_on_ids, unit_of};
use crate::audit::{PriceOf, PriceText, PublishedStatementLine, Statements};
use crate::domain::{Amount, Charge, Currency, Month, PriceStatus, Quantity, Stamp, unit};
use crate::error::Result;
use crate::publication::{ClosingEntry, MeterText};
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    AMOUNT, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, BILLING_AMOUNT, BILLING_CURRENCY, CLOSED, CURRENCY,
    DISCOUNT_PERCENT, EFFECTIVE_FROM, EXCHANGE_RATE, METER_ID, METER_NAME, MONTH, PER, PRICE, PRICE_FILE, PRICE_NOTE,
    PRICE_ROW, PRICE_STATUS, QUANTITY, ROUNDING_DIFFERENCE, SERVICE, TENANT_ID, TENANT_NAME, TIER_FROM, UNIT,
};
use crate::table::flat;
use crate::table::rows::RowSet;

/// One statement after the other.
pub fn text(statements: &Statements, width: Width) -> String {
    let mut page = Page::new(width);
    let tenants = statements.tenants.values().flat_map(|sums| sums.keys()).filter_map(|(tenant, _)| tenant.as_deref());
    let lines = statements.lines.iter().flat_map(|line| [line.billed_subscription.as_str(), line.meter.as_str()]);
    let ids = Ids::of(lines.chain(tenants));
    for lines in statements.lines.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
        page.gap();
        statement(&mut page, statements, &ids, lines);
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn statement(page: &mut Page, statements: &Statements, ids: &Ids, lines: &[PublishedStatementLine]) {
    let head = format!("statement of {} for ", statements.month);
    let room = page.width().columns() - head.len();
    page.paragraph(0, &(head + &ids.named_within(&lines[0].billed_subscription, &statements.names, room)));
    page.paragraph(2, &closed_on(&statements.stamps));
    for ClosingEntry { stamp, reason, .. } in &statements.forced {
        let reason = reason.as_deref().unwrap_or("no reason was kept");
        page.paragraph(2, &format!("closed by force on {stamp}: {reason}"));
    }
    for entry in statements.forced.iter().filter(|entry| !entry.overridden.is_empty()) {
        page.paragraph(4, &format!("{} was overridden: {}", entry.stamp, entry.reasons().join(", ")));
    }
    if statements.is_of_some_meters {
        page.paragraph(2, "only the lines that --meter asks for: totals are theirs, and the statement may have more");
    }
    let rows: Vec<[String; 7]> = lines.iter().filter_map(|line| row(statements, line)).collect();
    if !rows.is_empty() {
        let columns = [
            TextColumn::text("meter"),
            TextColumn::quantity("quantity"),
            TextColumn::text("price"),
            TextColumn::text("price entry"),
            TextColumn::figure("exact"),
            TextColumn::figure("amount"),
            TextColumn::figure("converted"),
        ];
        page.gap();
        page.table(2, &TextTable::new(columns, rows));
    }
    page.gap();
    page.table(
        2,
        &TextTable::new([TextColumn::whole(""), TextColumn::figure(""), TextColumn::text("")], totals(lines)),
    );
    if let Some(tenants) = statements.tenants.get(&lines[0].billed_subscription) {
        let row = |((tenant, currency), charge): (&(Option<String>, Currency), &Charge)| {
            let named = |id: &String| ids.named(id, &statements.names);
            [tenant.as_ref().map_or_else(|| "no tenant known".to_owned(), named), format!("{charge} {currency}")]
        };
        page.gap();
        page.paragraph(2, "for several tenants, exact:");
        page.table(4, &TextTable::new([TextColumn::text(""), TextColumn::figure("")], tenants.iter().map(row)));
    }
    for (status, label) in [(PriceStatus::NotBillable, "not billable"), (PriceStatus::Unpriced, "no price in force")] {
        let others: Vec<[String; 3]> = lines
            .iter()
            .filter(|line| line.price.status == status)
            .map(|line| without_amount(statements, ids, line))
            .collect();
        if !others.is_empty() {
            page.gap();
            page.paragraph(2, &format!("{label}:"));
            page.table(
                4,
                &TextTable::new([TextColumn::text(""), TextColumn::quantity(""), TextColumn::text("")], others),
            );
        }
    }
    if let Some(margins) = &statements.margins {
        let of_payer = margins.iter().filter(|row| row.billed_subscription == lines[0].billed_subscription);
        margins::text(page, statements, &of_payer.collect::<Vec<_>>());
    }
}

/// On which stamps the month is closed: whether figures may change.
pub(super) fn closed_on(stamps: &BTreeMap<Stamp, bool>) -> String {
    let open: Vec<&str> = stamps.iter().filter(|(_, closed)| !**closed).map(|(stamp, _)| stamp.as_str()).collect();
    if !open.is_empty() {
        return format!("not closed on {}: figures may change", open.join(", "));
    }
    let closed: Vec<&str> = stamps.keys().map(Stamp::as_str).collect();
    format!("closed on {}: what is charged there does not change again", closed.join(", "))
}

fn row(statements: &Statements, line: &PublishedStatementLine) -> Option<[String; 7]> {
    let sums = line.sums?;
    let converted = |rate: Quantity| {
        format!("× {rate} = {} {}", sums.billing_amount.shown(sums.billing_currency), sums.billing_currency)
    };
    let entry = line.price.key.and_then(|key| statements.prices.get(&key));
    Some([
        meter_name(&line.meter, &statements.meters),
        format!("{}{}", line.quantity, unit_of(&line.meter, &statements.meters)),
        price_text(&line.price, statements.meters.get(&line.meter).and_then(|meter| meter.unit.as_deref())),
        entry.map_or_else(String::new, place_of),
        sums.charge.to_string(),
        format!("{} {}", sums.amount.shown(sums.currency), sums.currency),
        sums.exchange_rate.map_or_else(String::new, converted),
    ])
}

/// `0.006 USD per 720 GB*hours, beyond 100, less 10 %`.
pub(super) fn price_text(price: &PriceOf, unit: Option<&str>) -> String {
    let Some(terms) = price.terms else { return price.status.to_string() };
    let mut text = format!("{} {} per {}", terms.price, terms.currency, unit::per(&terms.per.to_string(), unit));
    if let Some(tier) = price.tier_from.filter(|tier| *tier != Quantity::ZERO) {
        let _ = write!(text, ", beyond {}", unit::tier(&tier.to_string(), unit));
    }
    if terms.discount_percent != Quantity::ZERO {
        let _ = write!(text, ", less {} %", terms.discount_percent);
    }
    if terms.partner_earned_credit_percent != Quantity::ZERO {
        let _ = write!(text, ", less {} % partner earned credit", terms.partner_earned_credit_percent);
    }
    text
}

/// `prices.csv row 4`.
pub(super) fn place_of(entry: &PriceText) -> String {
    format!("{} row {}", entry.file, entry.row)
}

/// The totals of lines by pair of currencies: sums across currencies would mean nothing.
fn totals(lines: &[PublishedStatementLine]) -> Vec<[String; 3]> {
    let pairs: BTreeSet<(Currency, Currency)> =
        lines.iter().filter_map(|line| line.sums).map(|sums| (sums.billing_currency, sums.currency)).collect();
    let sums_of = |pair: (Currency, Currency)| {
        lines.iter().filter_map(|line| line.sums).filter(move |sums| (sums.billing_currency, sums.currency) == pair)
    };
    let amount = |amount: Option<Amount>, currency: Currency| {
        amount.map_or_else(past_range_text, |amount| format!("{} {currency}", amount.shown(currency)))
    };
    let mut rows: Vec<[String; 3]> = Vec::new();
    for &(billing, currency) in &pairs {
        let pair_sums = || sums_of((billing, currency));
        let exact = pair_sums().try_fold(Charge::ZERO, |total, sums| total.checked_add(sums.charge));
        let difference = pair_sums().try_fold(Charge::ZERO, |total, sums| total.checked_add(sums.rounding_difference));
        let charge = |charge: Option<Charge>| charge.map_or_else(past_range_text, |charge| charge.to_string());
        let before = amount(sum(pair_sums().map(|sums| sums.amount)), currency);
        let before = if billing == currency { String::new() } else { format!("{before}, ") };
        rows.push([
            "total".to_owned(),
            amount(sum(pair_sums().map(|sums| sums.billing_amount)), billing),
            format!("{before}exact {} {currency}, rounding {}", charge(exact), charge(difference)),
        ]);
    }
    for billing in pairs.iter().map(|(billing, _)| *billing).collect::<BTreeSet<_>>() {
        if pairs.iter().filter(|(other, _)| *other == billing).count() > 1 {
            let all = lines.iter().filter_map(|line| line.sums).filter(|sums| sums.billing_currency == billing);
            let all = sum(all.map(|sums| sums.billing_amount));
            rows.push(["in all".to_owned(), amount(all, billing), String::new()]);
        }
    }
    if rows.is_empty() {
        rows.push(["total".to_owned(), "nothing".to_owned(), String::new()]);
    }
    rows
}

/// The sum of amounts; `None`: past the range of an amount.
fn sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.try_fold(Amount::ZERO, Amount::checked_add)
}

/// Replaces a sum past its range.
fn past_range_text() -> String {
    "out of range".to_owned()
}

fn without_amount(statements: &Statements, ids: &Ids, line: &PublishedStatementLine) -> [String; 3] {
    let entry = line.price.key.and_then(|key| statements.prices.get(&key));
    let why = entry.map_or_else(String::new, |entry| {
        format!("{}: {}", place_of(entry), entry.note.as_deref().unwrap_or_default())
    });
    [
        meter_named(&line.meter, &statements.meters, ids),
        format!("{}{}", line.quantity, unit_of(&line.meter, &statements.meters)),
        why,
    ]
}

/// The names of the ids in statement lines.
pub(super) struct Named<'a> {
    pub month: Month,
    pub prices: &'a BTreeMap<i64, PriceText>,
    pub meters: &'a BTreeMap<String, MeterText>,
    pub names: &'a BTreeMap<String, String>,
}

/// A line as JSON, with the columns of `statements` and the names of its ids.
pub(super) fn line_json(line: &PublishedStatementLine, named: &Named<'_>) -> Value {
    let meter = named.meters.get(&line.meter);
    let entry = line.price.key.and_then(|key| named.prices.get(&key));
    let (terms, sums) = (line.price.terms, line.sums);
    json!({
        "month": named.month.to_string(),
        "billed_subscription_id": line.billed_subscription,
        "billed_subscription_name": named.names.get(&line.billed_subscription),
        "tenant_id": line.tenant,
        "tenant_name": line.tenant.as_ref().and_then(|tenant| named.names.get(tenant)),
        "meter_id": line.meter,
        "meter_name": meter.and_then(|meter| meter.name.as_deref()),
        "unit": meter.and_then(|meter| meter.unit.as_deref()),
        "price_status": line.price.status.as_str(),
        // A text, since a double does not hold 64 bits.
        "price_key": line.price.key.map(|key| key.to_string()),
        "price_file": entry.map(|entry| &entry.file),
        "price_row": entry.map(|entry| entry.row),
        "price_note": entry.and_then(|entry| entry.note.as_deref()),
        "effective_from": line.from.map(|day| day.to_string()),
        "tier_from": line.price.tier_from.map(|tier| tier.to_string()),
        "quantity": line.quantity.to_string(),
        "price": terms.map(|terms| terms.price.to_string()),
        "per": terms.map(|terms| terms.per.to_string()),
        "discount_percent": terms.map(|terms| terms.discount_percent.to_string()),
        "currency": terms.map(|terms| terms.currency.code()),
        "charge": sums.map(|sums| sums.charge.to_string()),
        "amount": sums.map(|sums| sums.amount.to_string()),
        "rounding_difference": sums.map(|sums| sums.rounding_difference.to_string()),
        "exchange_rate": sums.and_then(|sums| sums.exchange_rate).map(|rate| rate.to_string()),
        "billing_currency": sums.map(|sums| sums.billing_currency.code()),
        "billing_amount": sums.map(|sums| sums.billing_amount.to_string()),
    })
}

/// Whether a month is closed, by stamp.
pub(super) fn closed_json(stamps: &BTreeMap<Stamp, bool>) -> Value {
    let closed: BTreeMap<&str, bool> = stamps.iter().map(|(stamp, closed)| (stamp.as_str(), *closed)).collect();
    json!(closed)
}

/// Every line, with the columns of `csv/statements`.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(statements: &Statements) -> Result<String> {
    type Line = PublishedStatementLine;
    let name = |id: &str| statements.names.get(id).map(String::as_str);
    let meter = |line: &Line| statements.meters.get(&line.meter);
    let entry = |line: &Line| line.price.key.and_then(|key| statements.prices.get(&key));
    let rows = RowSet::of(&statements.lines)
        .with(MONTH, |_| statements.month)
        .with(BILLED_SUBSCRIPTION_ID, |line| line.billed_subscription.as_str())
        .with(BILLED_SUBSCRIPTION_NAME, move |line| name(&line.billed_subscription))
        .with(TENANT_ID, |line| line.tenant.as_deref())
        .with(TENANT_NAME, move |line| line.tenant.as_deref().and_then(name))
        .with(METER_ID, |line| line.meter.as_str())
        .with(METER_NAME, move |line| meter(line).and_then(|meter| meter.name.as_deref()))
        .with(SERVICE, move |line| meter(line).and_then(|meter| meter.service.as_deref()))
        .with(UNIT, move |line| meter(line).and_then(|meter| meter.unit.as_deref()))
        .with(PRICE_STATUS, |line| line.price.status.as_str())
        .with(EFFECTIVE_FROM, |line| line.from)
        .with(TIER_FROM, |line| line.price.tier_from)
        .with(QUANTITY, |line| line.quantity)
        .with(PRICE, |line| line.price.terms.map(|terms| terms.price))
        .with(PER, |line| line.price.terms.map(|terms| terms.per))
        .with(DISCOUNT_PERCENT, |line| line.price.terms.map(|terms| terms.discount_percent))
        .with(CURRENCY, |line| line.price.terms.map(|terms| terms.currency.code()))
        .with(CHARGE, |line| line.sums.map(|sums| sums.charge))
        .with(AMOUNT, |line| line.sums.map(|sums| sums.amount))
        .with(ROUNDING_DIFFERENCE, |line| line.sums.map(|sums| sums.rounding_difference))
        .with(EXCHANGE_RATE, |line| line.sums.and_then(|sums| sums.exchange_rate))
        .with(BILLING_CURRENCY, |line| line.sums.map(|sums| sums.billing_currency.code()))
        .with(BILLING_AMOUNT, |line| line.sums.map(|sums| sums.billing_amount))
        .with(PRICE_FILE, move |line| entry(line).map(|entry| entry.file.as_str()))
        .with(PRICE_ROW, move |line| entry(line).map(|entry| entry.row))
        .with(PRICE_NOTE, move |line| entry(line).and_then(|entry| entry.note.as_deref()))
        .with(CLOSED, |line| line.is_closed);
    let table = flat::CSV_STATEMENTS;
    csv_text(rows.csv(table.name, table.columns, |line| (1, line.quantity))?)
}

/// Every line, as JSON.
pub fn json(statements: &Statements) -> String {
    let named = Named {
        month: statements.month,
        prices: &statements.prices,
        meters: &statements.meters,
        names: &statements.names,
    };
    let tenants = statements
        .tenants
        .iter()
        .flat_map(|(billed, sums)| sums.iter().map(move |(key, charge)| (billed, key, charge)));
    let tenant = |(billed, (tenant, currency), charge): (&String, &(Option<String>, Currency), &Charge)| {
        json!({
            "billed_subscription_id": billed,
            "tenant_id": tenant,
            "tenant_name": tenant.as_ref().and_then(|tenant| statements.names.get(tenant)),
            "currency": currency.code(),
            "charge": charge.to_string(),
        })
    };
    let lines: Vec<Value> = statements.lines.iter().map(|line| line_json(line, &named)).collect();
    let forced = |entry: &ClosingEntry| {
        json!({
            "stamp": entry.stamp.as_str(),
            "at": entry.at,
            "reason": entry.reason,
            "overridden": entry.overridden,
        })
    };
    let forced: Vec<Value> = statements.forced.iter().map(forced).collect();
    let tenants: Vec<Value> = tenants.map(tenant).collect();
    let closed = closed_json(&statements.stamps);
    let mut all = json!({ "closed": closed, "forced": forced, "lines": lines, "tenants": tenants });
    if let Some(margins) = &statements.margins {
        all["margins"] = margins.iter().map(|row| margins::json(statements, row)).collect();
    }
    format!("{all:#}\n")
}
