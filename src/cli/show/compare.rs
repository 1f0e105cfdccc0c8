//! What differs between two publications. `cells` are those of `daily`: where the sums of both are the same, usage moved
//! between days, resources or user subscriptions.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{meter_named, named, table, unit_of};
use crate::audit::{Billed, Comparison, Moved, Recharged};
use crate::domain::totals::Totals;
use crate::domain::{Quantity, unit};

/// Days listed whose hours differ.
const DAYS_SHOWN: usize = 10;

const fn kind(moved: &Moved) -> &'static str {
    match (&moved.before, &moved.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}

/// `+2.5`, `-2.5`, `0`.
fn difference(before: Option<Totals>, after: Option<Totals>) -> String {
    let [before, after] = [before, after].map(|total| total.map_or(0, |total| total.quantity.scaled()));
    let own = Quantity::from_scaled(after - before);
    if after > before { format!("+{own}") } else { own.to_string() }
}

fn quantity(total: Option<Totals>) -> String {
    total.map_or_else(|| "-".to_owned(), |total| total.quantity.to_string())
}

/// Stamp by stamp and meter by meter: who pays more, who less, and the totals.
pub fn text(own: &Comparison) -> String {
    if own.is_equal() {
        let adjusted = if own.is_adjusted { ", with what came to closed months since" } else { "" };
        let charged = if own.is_charged { ", and so is every statement" } else { "" };
        if own.is_narrowed {
            return format!("equal as far as is asked for: every such cell of daily is the same{adjusted}{charged}\n");
        }
        return format!("equal: every cell of daily and hourly is the same{adjusted}{charged}\n");
    }
    let mut text = String::new();
    let mut moved: Vec<&Moved> = own.moved.iter().collect();
    moved.sort_by_key(|own| (&own.stamp, &own.meter, &own.billed_subscription, &own.attribution, &own.tenant));
    for of_meter in moved.chunk_by(|a, b| (&a.stamp, &a.meter) == (&b.stamp, &b.meter)) {
        let Moved { stamp, meter, .. } = of_meter[0];
        let unit = own.meters.get(meter).and_then(|meter| meter.unit.as_deref());
        let unit = unit.map_or_else(String::new, |unit| format!(" in {}", unit::alone(unit)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{stamp} {}, quantities{unit}", meter_named(meter, &own.meters));
        let row = |moved: &&Moved| {
            let tenant = moved.tenant.as_deref().map_or_else(|| "no tenant".to_owned(), |id| named(id, &own.names));
            [
                kind(moved).to_owned(),
                quantity(moved.before),
                quantity(moved.after),
                difference(moved.before, moved.after),
                moved.cells.to_string(),
                format!("{} {}", named(&moved.billed_subscription, &own.names), moved.attribution),
                tenant,
            ]
        };
        let header = ["", "first", "second", "difference", "cells", "paid by, and why", "tenant"].map(str::to_owned);
        let mut rows: Vec<[String; 7]> = vec![header];
        rows.extend(of_meter.iter().map(row));
        if let Some(&[before, after]) = own.totals.get(&(stamp.clone(), meter.clone())) {
            let total = [
                "all".to_owned(),
                before.quantity.to_string(),
                after.quantity.to_string(),
                difference(Some(before), Some(after)),
                String::new(),
                "all usage of this stamp and meter, moved or not".to_owned(),
                String::new(),
            ];
            rows.push(total);
        }
        text.push_str(&table(&rows, [false, true, true, true, true, false, false], 2));
        text.push('\n');
    }
    if own.moved.iter().any(|moved| moved.before == moved.after) {
        let _ = writeln!(
            text,
            "cells are rows of daily that differ: where the quantities are the same, usage moved between days, resources or user subscriptions\n"
        );
    }
    for of_stamp in own.hours.chunk_by(|a, b| a.0 == b.0) {
        let days: Vec<String> = of_stamp.iter().take(DAYS_SHOWN).map(|(_, day)| day.to_string()).collect();
        let more = if of_stamp.len() > DAYS_SHOWN {
            format!(" and {} more", of_stamp.len() - DAYS_SHOWN)
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{} hours differ within {}{more}, though the day's sums do not",
            of_stamp[0].0,
            days.join(" ")
        );
    }
    if !own.charges.is_empty() {
        if !own.hours.is_empty() {
            text.push('\n');
        }
        text.push_str("what statements bill\n");
        let header = ["", "first", "second", "", "month", "billed subscription", "meter"].map(str::to_owned);
        let rows = own.charges.iter().map(|row| charged(own, row));
        let rows: Vec<[String; 7]> = std::iter::once(header).chain(rows).collect();
        text.push_str(&table(&rows, [false, true, true, false, false, false, false], 2));
    } else if own.hours.is_empty() {
        text.pop();
    }
    text
}

/// The exact charge, and the billing amount where that differs; of what has no amount the quantity.
fn charged(own: &Comparison, row: &Recharged) -> [String; 7] {
    let Recharged { month, billed_subscription, meter, status, currencies, before, after } = row;
    let is_charge = before.map(|own| own.charge) != after.map(|own| own.charge);
    let shown = |own: &Option<Billed>| match own {
        None => "-".to_owned(),
        Some(own) if currencies.is_none() => own.quantity.to_string(),
        Some(own) if is_charge => own.charge.to_string(),
        Some(own) => own.billing_amount.to_string(),
    };
    let unit = match currencies {
        None => format!("{status}{}", unit_of(meter, &own.meters)),
        Some((currency, _)) if is_charge => format!("{currency} charged"),
        Some((_, billing)) => format!("{billing} billed"),
    };
    let change = match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    [
        change.to_owned(),
        shown(before),
        shown(after),
        unit,
        month.to_string(),
        named(billed_subscription, &own.names),
        meter_named(meter, &own.meters),
    ]
}

/// Every key that differs, the totals of each stamp and meter that differs, and the days whose hours differ.
pub fn json(own: &Comparison) -> String {
    let total =
        |total: Option<Totals>| total.map(|own| json!({"quantity": own.quantity.to_string(), "line_count": own.lines}));
    let moved = |moved: &Moved| {
        json!({
            "change": kind(moved),
            "stamp": moved.stamp.as_str(),
            "billed_subscription_id": moved.billed_subscription,
            "attribution": moved.attribution,
            "tenant_id": moved.tenant,
            "meter_id": moved.meter,
            "first": total(moved.before),
            "second": total(moved.after),
            "difference": difference(moved.before, moved.after),
            "cells": moved.cells,
        })
    };
    let totals = own.totals.iter().map(|((stamp, meter), &[before, after])| {
        json!({
            "stamp": stamp.as_str(),
            "meter_id": meter,
            "first": total(Some(before)),
            "second": total(Some(after)),
            "difference": difference(Some(before), Some(after)),
        })
    });
    let hours = own.hours.iter().map(|(stamp, day)| json!({"stamp": stamp.as_str(), "usage_date": day.to_string()}));
    let charges = own.charges.iter().map(|own| {
        let billed = |side: Option<Billed>| {
            side.map(|side| {
                json!({
                    "quantity": side.quantity.to_string(),
                    "charge": own.currencies.map(|_| side.charge.to_string()),
                    "billing_amount": own.currencies.map(|_| side.billing_amount.to_string()),
                })
            })
        };
        json!({
            "month": own.month.to_string(),
            "billed_subscription_id": own.billed_subscription,
            "meter_id": own.meter,
            "price_status": own.status.as_str(),
            "currency": own.currencies.map(|(currency, _)| currency.code()),
            "billing_currency": own.currencies.map(|(_, billing)| billing.code()),
            "first": billed(own.before),
            "second": billed(own.after),
        })
    });
    let all = json!({
        "equal": own.is_equal(),
        "moved": own.moved.iter().map(moved).collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<Value>>(),
        "hours": hours.collect::<Vec<Value>>(),
        "charges": charges.collect::<Vec<Value>>(),
    });
    format!("{all:#}\n")
}
