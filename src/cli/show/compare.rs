//! What differs between two publications: what statements bill, month by month, and the usage. `cells` are cells of
//! `daily`: where the sums of both sides are equal, usage moved between days, resources or user subscriptions.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::{Value, json};

use super::ids::Ids;
use super::layout::{Page, TextColumn, TextTable, Width};
use super::{meter_named, note_on_ids, unit_of};
use crate::audit::{BillTotal, Comparison, Moved, Recharged, StatementSum};
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Currency, Month, Quantity, unit};

/// How many days with differing hours are listed.
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
    let difference = Quantity::from_scaled(after - before);
    if after > before { format!("+{difference}") } else { difference.to_string() }
}

fn quantity(total: Option<Totals>) -> String {
    total.map_or_else(|| "-".to_owned(), |total| total.quantity.to_string())
}

/// Month by month who is billed more or less; then, by stamp and meter, who pays for more or less usage; each with the
/// totals.
pub fn text(comparison: &Comparison, width: Width) -> String {
    if comparison.is_equal() {
        let adjusted = if comparison.is_adjusted { ", with what came to closed months since" } else { "" };
        let charged = if comparison.is_charged { ", and so is every statement" } else { "" };
        let month = comparison.month.map_or_else(String::new, |month| format!(" of {month}"));
        if comparison.is_narrowed {
            return format!(
                "equal within the filters: every selected cell of daily{month} is the same{adjusted}{charged}\n"
            );
        }
        return format!("equal: every cell of daily and hourly{month} is the same{adjusted}{charged}\n");
    }
    let (mut page, ids) = (Page::new(width), ids_of(comparison));
    for rows_of_month in comparison.charges.chunk_by(|a, b| a.month == b.month) {
        bills(&mut page, comparison, &ids, rows_of_month);
    }
    let mut moved: Vec<&Moved> = comparison.moved.iter().collect();
    moved.sort_by_key(|moved| {
        (&moved.stamp, &moved.meter, &moved.billed_subscription, &moved.attribution, &moved.tenant)
    });
    for moved_of_meter in moved.chunk_by(|a, b| (&a.stamp, &a.meter) == (&b.stamp, &b.meter)) {
        usage(&mut page, comparison, &ids, moved_of_meter);
    }
    if comparison.moved.iter().any(|moved| moved.before == moved.after) {
        page.gap();
        page.paragraph(
            0,
            "cells are rows of daily that differ: where the quantities are the same, usage moved between days, \
             resources or user subscriptions",
        );
    }
    for hours_of_stamp in comparison.hours.chunk_by(|a, b| a.0 == b.0) {
        let days: Vec<String> = hours_of_stamp.iter().take(DAYS_SHOWN).map(|(_, day)| day.to_string()).collect();
        let rest = hours_of_stamp.len().saturating_sub(DAYS_SHOWN);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let (stamp, days) = (&hours_of_stamp[0].0, days.join(" "));
        page.gap();
        page.paragraph(0, &format!("{stamp} hours differ within {days}{more}, though the day's sums do not"));
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn ids_of(comparison: &Comparison) -> Ids {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for moved in &comparison.moved {
        ids.extend([moved.billed_subscription.as_str(), moved.meter.as_str()]);
        ids.extend(moved.tenant.as_deref());
    }
    for charge in &comparison.charges {
        ids.extend([charge.billed_subscription.as_str(), charge.meter.as_str()]);
    }
    Ids::of(ids)
}

/// Usage of a meter on a stamp that is paid for differently.
fn usage(page: &mut Page, comparison: &Comparison, ids: &Ids, moved_of_meter: &[&Moved]) {
    let Moved { stamp, meter, .. } = moved_of_meter[0];
    let unit = comparison.meters.get(meter).and_then(|meter| meter.unit.as_deref());
    let unit = unit.map_or_else(String::new, |unit| format!(" in {}", unit::alone(unit)));
    page.gap();
    page.paragraph(0, &format!("{stamp} {}, quantities{unit}", meter_named(meter, &comparison.meters, ids)));
    let row = |moved: &&Moved| {
        let payer = ids.named(&moved.billed_subscription, &comparison.names);
        [
            format!("{payer} {}", moved.attribution),
            moved.tenant.as_deref().map_or_else(|| "no tenant".to_owned(), |id| ids.named(id, &comparison.names)),
            kind(moved).to_owned(),
            quantity(moved.before),
            quantity(moved.after),
            difference(moved.before, moved.after),
            moved.cells.to_string(),
        ]
    };
    let mut rows: Vec<[String; 7]> = moved_of_meter.iter().map(row).collect();
    if let Some(&[before, after]) = comparison.totals.get(&(stamp.clone(), meter.clone())) {
        rows.push([
            "all of this stamp and meter, moved or not".to_owned(),
            String::new(),
            String::new(),
            before.quantity.to_string(),
            after.quantity.to_string(),
            difference(Some(before), Some(after)),
            String::new(),
        ]);
    }
    let columns = [
        TextColumn::text("paid by, and why"),
        TextColumn::text("tenant"),
        TextColumn::whole("change"),
        TextColumn::figure("first"),
        TextColumn::figure("second"),
        TextColumn::figure("difference"),
        TextColumn::figure("cells"),
    ];
    page.table(2, &TextTable::new(columns, rows));
}

/// What the statements of a month bill differently, rounded as billed; and the lines without an amount on either side.
// Long: two tables and their columns.
fn bills(page: &mut Page, comparison: &Comparison, ids: &Ids, rows_of_month: &[Recharged]) {
    let month = rows_of_month[0].month;
    let row = |row: &Recharged| {
        let (_, billing) = row.currencies?;
        let [before, after] = [row.before, row.after].map(|side| side.map(|sum| sum.billing_amount));
        let cells = amounts(billing, before, after);
        let charge = charge_difference(row).filter(|&charge| billed_difference(before, after).as_charge() != charge);
        let exact = charge.zip(row.currencies).map_or_else(String::new, |(charge, (currency, _))| {
            format!("{} {currency}", signed(charge.scaled(), &charge))
        });
        let [first, second, difference] = cells;
        let payer = ids.named(&row.billed_subscription, &comparison.names);
        Some([payer, meter_named(&row.meter, &comparison.meters, ids), first, second, difference, exact])
    };
    let total = |total: &BillTotal| {
        let whose = total.billed_subscription.as_deref();
        let whose = whose.map_or_else(|| "all statements".to_owned(), |id| ids.named(id, &comparison.names));
        let [first, second, difference] = amounts(total.billing_currency, total.before, total.after);
        let what = if total.billed_subscription.is_some() { "whole statement" } else { "" };
        [whose, what.to_owned(), first, second, difference, String::new()]
    };
    let totals = |whose: Option<&str>| {
        let is_wanted = move |bill: &&BillTotal| bill.month == month && bill.billed_subscription.as_deref() == whose;
        comparison.bills.iter().filter(is_wanted).map(total).collect::<Vec<[String; 6]>>()
    };
    let mut rows: Vec<[String; 6]> = Vec::new();
    for rows_of_payer in rows_of_month.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
        let billed: Vec<[String; 6]> = rows_of_payer.iter().filter_map(row).collect();
        if !billed.is_empty() {
            rows.extend(billed);
            rows.extend(totals(Some(&rows_of_payer[0].billed_subscription)));
        }
    }
    if !rows.is_empty() {
        rows.extend(totals(None));
        page.gap();
        page.paragraph(0, &format!("bills of {month}, as rounded on statements"));
        let columns = [
            TextColumn::text("billed subscription"),
            TextColumn::text("meter"),
            TextColumn::figure("first"),
            TextColumn::figure("second"),
            TextColumn::figure("difference"),
            TextColumn::figure("exact"),
        ];
        page.table(2, &TextTable::new(columns, rows));
    }
    let without_amount = |row: &Recharged| {
        let None = row.currencies else { return None };
        let unit = unit_of(&row.meter, &comparison.meters);
        let shown =
            |side: Option<StatementSum>| side.map_or_else(|| "-".to_owned(), |sum| format!("{}{unit}", sum.quantity));
        Some([
            ids.named(&row.billed_subscription, &comparison.names),
            meter_named(&row.meter, &comparison.meters, ids),
            shown(row.before),
            shown(row.after),
            row.status.to_string(),
        ])
    };
    let rows: Vec<[String; 5]> = rows_of_month.iter().filter_map(without_amount).collect();
    if !rows.is_empty() {
        page.gap();
        page.paragraph(0, &format!("on statements of {month} without an amount"));
        let columns = [
            TextColumn::text("billed subscription"),
            TextColumn::text("meter"),
            TextColumn::quantity("first"),
            TextColumn::quantity("second"),
            TextColumn::text("why"),
        ];
        page.table(2, &TextTable::new(columns, rows));
    }
}

/// Before, after and their difference, in one currency.
fn amounts(currency: Currency, before: Option<Amount>, after: Option<Amount>) -> [String; 3] {
    let shown = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), |amount| amount.shown(currency));
    let difference = billed_difference(before, after);
    let difference = signed(difference.scaled(), &difference.shown(currency));
    [shown(before), shown(after), format!("{difference} {currency}")]
}

/// The difference of two amounts; nothing billed counts as zero.
fn billed_difference(before: Option<Amount>, after: Option<Amount>) -> Amount {
    let [before, after] = [before, after].map(|amount| amount.map_or(0, Amount::scaled));
    Amount::from_scaled(after - before)
}

/// The difference of the exact charges; `None`: there is no amount.
fn charge_difference(row: &Recharged) -> Option<Charge> {
    row.currencies?;
    let [before, after] = [row.before, row.after].map(|side| side.map_or(0, |sum| sum.charge.scaled()));
    Some(Charge::from_scaled(after - before))
}

fn signed(scaled: i128, shown: &impl Display) -> String {
    format!("{}{shown}", if scaled > 0 { "+" } else { "" })
}

/// Every key that differs, the totals of each stamp and meter that differs, and the days whose hours differ.
// Long: one object, key by key.
pub fn json(comparison: &Comparison) -> String {
    let total = |total: Option<Totals>| {
        total.map(|totals| json!({"quantity": totals.quantity.to_string(), "line_count": totals.lines}))
    };
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
    let totals = comparison.totals.iter().map(|((stamp, meter), &[before, after])| {
        json!({
            "stamp": stamp.as_str(),
            "meter_id": meter,
            "first": total(Some(before)),
            "second": total(Some(after)),
            "difference": difference(Some(before), Some(after)),
        })
    });
    let hours =
        comparison.hours.iter().map(|(stamp, day)| json!({"stamp": stamp.as_str(), "usage_date": day.to_string()}));
    let charges = comparison.charges.iter().map(|row| {
        let billed = |side: Option<StatementSum>| {
            side.map(|side| {
                json!({
                    "quantity": side.quantity.to_string(),
                    "charge": row.currencies.map(|_| side.charge.to_string()),
                    "billing_amount": row.currencies.map(|_| side.billing_amount.to_string()),
                })
            })
        };
        json!({
            "month": row.month.to_string(),
            "billed_subscription_id": row.billed_subscription,
            "meter_id": row.meter,
            "price_status": row.status.as_str(),
            "currency": row.currencies.map(|(currency, _)| currency.code()),
            "billing_currency": row.currencies.map(|(_, billing)| billing.code()),
            "first": billed(row.before),
            "second": billed(row.after),
            "charge_difference": charge_difference(row).map(|charge| charge.to_string()),
            "billing_amount_difference": row.currencies.map(|_| {
                let [before, after] = [row.before, row.after].map(|side| side.map(|sum| sum.billing_amount));
                billed_difference(before, after).to_string()
            }),
        })
    });
    let bills = comparison.bills.iter().map(|bill| {
        json!({
            "month": bill.month.to_string(),
            "billed_subscription_id": bill.billed_subscription,
            "billing_currency": bill.billing_currency.code(),
            "first": bill.before.map(|amount| amount.to_string()),
            "second": bill.after.map(|amount| amount.to_string()),
            "difference": billed_difference(bill.before, bill.after).to_string(),
        })
    });
    let all = json!({
        "equal": comparison.is_equal(),
        "moved": comparison.moved.iter().map(moved).collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<Value>>(),
        "hours": hours.collect::<Vec<Value>>(),
        "charges": charges.collect::<Vec<Value>>(),
        "bills": bills.collect::<Vec<Value>>(),
        "month": comparison.month.map(|month: Month| month.to_string()),
    });
    format!("{all:#}\n")
}
