//! A statement for a person: what a billed subscription is asked to pay for a month, line by line.
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

use serde_json::json;

use super::{csv_text, meter_named, named, one_line, table, unit_of};
use crate::audit::{PriceOf, PriceText, StatementLine, Statements};
use crate::domain::unit;
use crate::domain::{Amount, Charge, Currency, PriceStatus, Quantity, Stamp};
use crate::error::Result;
use crate::publish::csv::{CsvCell, CsvTable};
use crate::schema::flat;
use crate::state::ClosingEntry;

/// One statement after the other.
pub fn text(own: &Statements) -> String {
    let mut text = String::new();
    for (at, lines) in own.lines.chunk_by(|a, b| a.billed_subscription == b.billed_subscription).enumerate() {
        if at > 0 {
            text.push('\n');
        }
        statement(&mut text, own, lines);
    }
    text
}

fn statement(text: &mut String, own: &Statements, lines: &[StatementLine]) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "statement of {} for {}", own.month, named(&lines[0].billed_subscription, &own.names));
    let open: Vec<&str> = own.stamps.iter().filter(|(_, closed)| !**closed).map(|(stamp, _)| stamp.as_str()).collect();
    if open.is_empty() {
        let closed: Vec<&str> = own.stamps.keys().map(Stamp::as_str).collect();
        let _ = writeln!(text, "  closed on {}: what is charged there does not change again", closed.join(", "));
    } else {
        let _ = writeln!(text, "  not closed on {}: figures may change", open.join(", "));
    }
    for ClosingEntry { stamp, reason, .. } in &own.forced {
        let _ = writeln!(
            text,
            "  closed by force on {stamp}: {}",
            one_line(reason.as_deref().unwrap_or("no reason was kept"))
        );
    }
    for entry in own.forced.iter().filter(|entry| !entry.overridden.is_empty()) {
        let _ = writeln!(text, "    {} was overridden: {}", entry.stamp, entry.reasons().join(", "));
    }
    let mut rows = vec![["meter", "quantity", "price", "price entry", "exact", "amount"].map(str::to_owned)];
    for line in lines.iter().filter(|line| line.sums.is_some()) {
        rows.extend(row(own, line));
    }
    if rows.len() > 1 {
        let _ = write!(text, "\n{}", table(&rows, [false, true, false, false, true, true], 2));
    }
    text.push('\n');
    text.push_str(&table(&totals(lines), [false, true, false], 2));
    if let Some(tenants) = own.tenants.get(&lines[0].billed_subscription) {
        let row = |((tenant, currency), charge): (&(Option<String>, Currency), &Charge)| {
            let tenant = tenant.as_ref().map_or_else(|| "no tenant known".to_owned(), |id| named(id, &own.names));
            [tenant, format!("{charge} {currency}")]
        };
        let rows: Vec<[String; 2]> = tenants.iter().map(row).collect();
        let _ = write!(text, "\n  for several tenants, exact:\n{}", table(&rows, [false, true], 4));
    }
    for (status, label) in [(PriceStatus::NotBillable, "not billable"), (PriceStatus::Unpriced, "no price in force")] {
        let others: Vec<[String; 3]> =
            lines.iter().filter(|line| line.price.status == status).map(|line| without_amount(own, line)).collect();
        if !others.is_empty() {
            let _ = write!(text, "\n  {label}:\n{}", table(&others, [false, true, false], 4));
        }
    }
}

fn row(own: &Statements, line: &StatementLine) -> Option<[String; 6]> {
    let sums = line.sums?;
    let mut amount = format!("{} {}", sums.amount.shown(sums.currency), sums.currency);
    if let Some(rate) = sums.exchange_rate {
        let _ = write!(
            amount,
            " × {rate} = {} {}",
            sums.billing_amount.shown(sums.billing_currency),
            sums.billing_currency
        );
    }
    let entry = line.price.key.and_then(|key| own.prices.get(&key));
    Some([
        meter_of(own, line),
        format!("{}{}", line.quantity, unit_of(&line.meter, &own.meters)),
        price_text(&line.price, own.meters.get(&line.meter).and_then(|meter| meter.unit.as_deref())),
        entry.map_or_else(String::new, place_of),
        sums.charge.to_string(),
        amount,
    ])
}

fn meter_of(own: &Statements, line: &StatementLine) -> String {
    let name = own.meters.get(&line.meter).and_then(|meter| meter.name.clone());
    name.unwrap_or_else(|| line.meter.clone())
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
    text
}

/// `prices.csv row 4`.
pub(super) fn place_of(entry: &PriceText) -> String {
    format!("{} row {}", entry.file, entry.row)
}

/// What the lines come to, currency by currency: adding two of them means nothing.
fn totals(lines: &[StatementLine]) -> Vec<[String; 3]> {
    let pairs: BTreeSet<(Currency, Currency)> =
        lines.iter().filter_map(|line| line.sums).map(|own| (own.billing_currency, own.currency)).collect();
    let of = |pair: (Currency, Currency)| {
        lines.iter().filter_map(|line| line.sums).filter(move |own| (own.billing_currency, own.currency) == pair)
    };
    let amount = |own: Option<Amount>, currency: Currency| {
        own.map_or_else(too_much, |own| format!("{} {currency}", own.shown(currency)))
    };
    let mut rows: Vec<[String; 3]> = Vec::new();
    for &(billing, currency) in &pairs {
        let own = || of((billing, currency));
        let exact = own().try_fold(Charge::ZERO, |sum, own| sum.checked_add(own.charge));
        let difference = own().try_fold(Charge::ZERO, |sum, own| sum.checked_add(own.rounding_difference));
        let charge = |own: Option<Charge>| own.map_or_else(too_much, |own| own.to_string());
        let before = amount(sum(own().map(|own| own.amount)), currency);
        let before = if billing == currency { String::new() } else { format!("{before}, ") };
        rows.push([
            "total".to_owned(),
            amount(sum(own().map(|own| own.billing_amount)), billing),
            format!("{before}exact {} {currency}, rounding {}", charge(exact), charge(difference)),
        ]);
    }
    for billing in pairs.iter().map(|(billing, _)| *billing).collect::<BTreeSet<_>>() {
        if pairs.iter().filter(|(own, _)| *own == billing).count() > 1 {
            let all = lines.iter().filter_map(|line| line.sums).filter(|own| own.billing_currency == billing);
            let all = sum(all.map(|own| own.billing_amount));
            rows.push(["in all".to_owned(), amount(all, billing), String::new()]);
        }
    }
    if rows.is_empty() {
        rows.push(["total".to_owned(), "nothing".to_owned(), String::new()]);
    }
    rows
}

/// `None`: past the range of an amount.
fn sum(mut amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.try_fold(Amount::ZERO, Amount::checked_add)
}

/// In the place of a sum past its range.
fn too_much() -> String {
    "more than can be".to_owned()
}

fn without_amount(own: &Statements, line: &StatementLine) -> [String; 3] {
    let entry = line.price.key.and_then(|key| own.prices.get(&key));
    let why = entry.map_or_else(String::new, |entry| {
        format!("{}: {}", place_of(entry), entry.note.as_deref().unwrap_or_default())
    });
    [meter_named(&line.meter, &own.meters), format!("{}{}", line.quantity, unit_of(&line.meter, &own.meters)), why]
}

/// Every line, with the columns of `csv/statements`.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(own: &Statements) -> Result<String> {
    let mut table = CsvTable::new(flat::CSV_STATEMENTS.columns);
    let nothing = CsvCell::Text(None);
    let quantity = |own: Option<Quantity>| own.map_or(nothing, CsvCell::Quantity);
    for line in &own.lines {
        let meter = own.meters.get(&line.meter);
        let entry = line.price.key.and_then(|key| own.prices.get(&key));
        let (terms, sums) = (line.price.terms, line.sums);
        let name = |id: &str| own.names.get(id).map(String::as_str);
        let cells = [
            CsvCell::Month(own.month),
            CsvCell::Text(Some(&line.billed_subscription)),
            CsvCell::Text(name(&line.billed_subscription)),
            CsvCell::Text(line.tenant.as_deref()),
            CsvCell::Text(line.tenant.as_deref().and_then(name)),
            CsvCell::Text(Some(&line.meter)),
            CsvCell::Text(meter.and_then(|meter| meter.name.as_deref())),
            CsvCell::Text(meter.and_then(|meter| meter.service.as_deref())),
            CsvCell::Text(meter.and_then(|meter| meter.unit.as_deref())),
            CsvCell::Text(Some(line.price.status.as_str())),
            line.from.map_or(nothing, CsvCell::Day),
            quantity(line.price.tier_from),
            CsvCell::Quantity(line.quantity),
            quantity(terms.map(|own| own.price)),
            quantity(terms.map(|own| own.per)),
            quantity(terms.map(|own| own.discount_percent)),
            CsvCell::Text(terms.map(|own| own.currency.code())),
            sums.map_or(nothing, |own| CsvCell::Charge(own.charge)),
            sums.map_or(nothing, |own| CsvCell::Amount(own.amount)),
            sums.map_or(nothing, |own| CsvCell::Charge(own.rounding_difference)),
            quantity(sums.and_then(|own| own.exchange_rate)),
            CsvCell::Text(sums.map(|own| own.billing_currency.code())),
            sums.map_or(nothing, |own| CsvCell::Amount(own.billing_amount)),
            CsvCell::Text(entry.map(|own| own.file.as_str())),
            entry.map_or(nothing, |own| CsvCell::Integer(own.row)),
            CsvCell::Text(entry.and_then(|own| own.note.as_deref())),
            CsvCell::Boolean(line.is_closed),
        ];
        table.row(&cells, 1, line.quantity)?;
    }
    csv_text(table)
}

/// Every line, as JSON.
pub fn json(own: &Statements) -> String {
    let line = |line: &StatementLine| {
        let meter = own.meters.get(&line.meter);
        let entry = line.price.key.and_then(|key| own.prices.get(&key));
        let (terms, sums) = (line.price.terms, line.sums);
        json!({
            "month": own.month.to_string(),
            "billed_subscription_id": line.billed_subscription,
            "billed_subscription_name": own.names.get(&line.billed_subscription),
            "tenant_id": line.tenant,
            "tenant_name": line.tenant.as_ref().and_then(|tenant| own.names.get(tenant)),
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
            "tier_from": line.price.tier_from.map(|own| own.to_string()),
            "quantity": line.quantity.to_string(),
            "price": terms.map(|own| own.price.to_string()),
            "per": terms.map(|own| own.per.to_string()),
            "discount_percent": terms.map(|own| own.discount_percent.to_string()),
            "currency": terms.map(|own| own.currency.code()),
            "charge": sums.map(|own| own.charge.to_string()),
            "amount": sums.map(|own| own.amount.to_string()),
            "rounding_difference": sums.map(|own| own.rounding_difference.to_string()),
            "exchange_rate": sums.and_then(|own| own.exchange_rate).map(|own| own.to_string()),
            "billing_currency": sums.map(|own| own.billing_currency.code()),
            "billing_amount": sums.map(|own| own.billing_amount.to_string()),
        })
    };
    let tenants =
        own.tenants.iter().flat_map(|(billed, sums)| sums.iter().map(move |(key, charge)| (billed, key, charge)));
    let tenant = |(billed, (tenant, currency), charge): (&String, &(Option<String>, Currency), &Charge)| {
        json!({
            "billed_subscription_id": billed,
            "tenant_id": tenant,
            "tenant_name": tenant.as_ref().and_then(|tenant| own.names.get(tenant)),
            "currency": currency.code(),
            "charge": charge.to_string(),
        })
    };
    let closed: BTreeMap<&str, bool> = own.stamps.iter().map(|(stamp, closed)| (stamp.as_str(), *closed)).collect();
    let lines: Vec<_> = own.lines.iter().map(line).collect();
    let forced = |own: &ClosingEntry| json!({ "stamp": own.stamp.as_str(), "at": own.at, "reason": own.reason, "overridden": own.overridden });
    let forced: Vec<_> = own.forced.iter().map(forced).collect();
    let tenants: Vec<_> = tenants.map(tenant).collect();
    format!("{:#}\n", json!({ "closed": closed, "forced": forced, "lines": lines, "tenants": tenants }))
}
