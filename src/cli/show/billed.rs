//! Explains statement lines.
//!
//! ```text
//! statement line of 2026-10: 28 Virtual core hours, 0.23 USD
//!   meter        fab6eb84-… Base VM Size Hours
//!   billed to    b111ed00-c000-… Contoso (CSP)
//!   price        0.0085 USD for 1, beyond 200
//!   price entry  prices.csv row 5, for all from 2026-10-01
//!   exact        0.238 USD, the sum of the days below
//!   amount       0.23 USD, rounding -0.008
//!
//!     day         stamp   quantity  charge
//!     2026-10-16  zurich  28        0.238 USD
//! ```

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ids::{Ids, fingerprint};
use super::layout::{Page, TextColumn, TextTable, Width};
use super::statement::{Named, closed_json, closed_on, line_json, place_of, price_text};
use super::why::in_force;
use super::{counted, meter_name, meter_named, note_on_ids, unit_of};
use crate::audit::{BilledDay, BilledLine, NotBilled, WhyBilled};
use crate::domain::{PriceStatus, Stamp};
use crate::publication::ClosingEntry;

/// More lines than this are listed, not explained.
const LINES_EXPLAINED: usize = 20;
const INDENT: usize = 2;
/// As wide as the longest label.
const LABEL: usize = 11;

/// One explained line after the other; too many to read are listed instead.
pub fn text(why: &WhyBilled, width: Width) -> String {
    let mut page = Page::new(width);
    let ids_of_line = |billed: &'_ BilledLine| [billed.line.billed_subscription.clone(), billed.line.meter.clone()];
    let ids: BTreeSet<String> = why.lines.iter().flat_map(ids_of_line).collect();
    let ids = Ids::of(ids.iter().map(String::as_str));
    if why.lines.len() > LINES_EXPLAINED {
        list(&mut page, why, &ids);
    } else {
        for billed_line in &why.lines {
            page.gap();
            explain(&mut page, why, &ids, billed_line);
        }
        not_billed(&mut page, why, &ids);
        next_command(&mut page, why);
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn list(page: &mut Page, why: &WhyBilled, ids: &Ids) {
    let head = "name one with --billed-subscription and --meter to see the days behind it";
    page.paragraph(0, &format!("{} lines on statements of {}; {head}", why.lines.len(), why.month));
    page.gap();
    let unit_named = |meter: &str| why.meters.get(meter).and_then(|meter| meter.unit.as_deref());
    let row = |BilledLine { line, days }: &BilledLine| {
        [
            ids.named(&line.billed_subscription, &why.names),
            meter_named(&line.meter, &why.meters, ids),
            format!("{}{}", line.quantity, unit_of(&line.meter, &why.meters)),
            price_text(&line.price, unit_named(&line.meter)),
            line.sums
                .map_or_else(String::new, |sums| format!("{} {}", sums.amount.shown(sums.currency), sums.currency)),
            days.len().to_string(),
        ]
    };
    let columns = [
        TextColumn::text("billed subscription"),
        TextColumn::text("meter"),
        TextColumn::quantity("quantity"),
        TextColumn::text("price"),
        TextColumn::figure("amount"),
        TextColumn::figure("days"),
    ];
    page.table(0, &TextTable::new(columns, why.lines.iter().map(row)));
}

// Long: one line for each subject, in the order of the output.
fn explain(page: &mut Page, why: &WhyBilled, ids: &Ids, billed_line: &BilledLine) {
    let BilledLine { line, days } = billed_line;
    let unit = unit_of(&line.meter, &why.meters);
    let amount_billed = match line.sums {
        Some(sums) => format!("{} {}", sums.billing_amount.shown(sums.billing_currency), sums.billing_currency),
        None if line.price.status == PriceStatus::NotBillable => "not billable".to_owned(),
        None => "no price in force, so no amount".to_owned(),
    };
    page.paragraph(0, &format!("statement line of {}: {}{unit}, {amount_billed}", why.month, line.quantity));
    let say = |page: &mut Page, label: &str, value: &str| page.entry(INDENT, label, LABEL, value);
    let room = page.width().columns() - INDENT - LABEL - 2;
    say(page, "meter", &meter_named(&line.meter, &why.meters, ids));
    say(page, "billed to", &ids.named_within(&line.billed_subscription, &why.names, room));
    if line.price.terms.is_some() {
        let unit = why.meters.get(&line.meter).and_then(|meter| meter.unit.as_deref());
        say(page, "price", &price_text(&line.price, unit));
    }
    if let Some(entry) = line.price.key.and_then(|key| why.prices.get(&key)) {
        // Fingerprints are those of the last run: a closed month may have been charged by an older file.
        let blake3 = why.fingerprints.get(&entry.file).filter(|_| !why.is_closed_anywhere());
        let blake3 = blake3.map_or_else(String::new, |whole| format!(", blake3 {}", fingerprint(whole)));
        say(page, "price entry", &format!("{}, {}{blake3}", place_of(entry), ids.in_text(&in_force(entry))));
        if let Some(note) = &entry.note {
            say(page, "", note);
        }
    }
    if let Some(sums) = line.sums {
        let currency = sums.currency;
        say(page, "exact", &format!("{} {currency}, the sum of the days below", sums.charge));
        let amount = format!("{} {currency}", sums.amount.shown(currency));
        let rounding = match sums.rounding_difference.scaled() {
            0 => "nothing to round".to_owned(),
            _ => format!("rounded once, by {} {currency}", sums.rounding_difference),
        };
        say(page, "amount", &format!("{amount}, {rounding}"));
        if let Some(rate) = sums.exchange_rate {
            let billing = sums.billing_currency;
            say(
                page,
                "converted",
                &format!("× {rate} = {} {billing}, rounded once", sums.billing_amount.shown(billing)),
            );
        }
    }
    say(page, "month", &closed_on(&why.stamps));
    for ClosingEntry { stamp, reason, .. } in &why.forced {
        say(page, "", &format!("closed by force on {stamp}: {}", reason.as_deref().unwrap_or("no reason was kept")));
    }
    page.gap();
    let several = days.iter().map(|day| &day.stamp).collect::<BTreeSet<&Stamp>>().len() > 1;
    let row = |day: &BilledDay| {
        let charge = day.charge.zip(line.price.terms);
        [
            day.day.to_string(),
            if several { day.stamp.to_string() } else { String::new() },
            format!("{}{unit}", day.quantity),
            charge.map_or_else(String::new, |(charge, terms)| format!("{charge} {}", terms.currency)),
            day.cells.to_string(),
        ]
    };
    let sum = [
        "sum".to_owned(),
        String::new(),
        format!("{}{unit}", line.quantity),
        line.sums.map_or_else(String::new, |sums| format!("{} {}", sums.charge, sums.currency)),
        days.iter().map(|day| day.cells).sum::<u64>().to_string(),
    ];
    let columns = [
        TextColumn::whole("day"),
        TextColumn::whole("stamp"),
        TextColumn::quantity("quantity"),
        TextColumn::figure("charge"),
        TextColumn::figure("figures"),
    ];
    page.table(2 * INDENT, &TextTable::new(columns, days.iter().map(row).chain([sum])));
}

/// The adjustments of the closed month that concern these lines.
fn not_billed(page: &mut Page, why: &WhyBilled, ids: &Ids) {
    for NotBilled { billed_subscription, meter, stamp, adjustment } in &why.not_billed {
        page.gap();
        let unit = unit_of(meter, &why.meters);
        let (meter, payer) = (meter_name(meter, &why.meters), ids.named(billed_subscription, &why.names));
        page.paragraph(
            0,
            &format!(
                "since the month was closed on {stamp}, {}{unit} of {meter} came in {} for {payer}: see adjustments; \
                 no statement has it",
                adjustment.quantity,
                counted(adjustment.lines, "line")
            ),
        );
    }
}

/// The command that shows the lines of one day.
fn next_command(page: &mut Page, why: &WhyBilled) {
    let largest = why.lines.iter().flat_map(|billed| billed.days.iter().map(move |day| (billed, day)));
    // Any day would do: this takes the largest.
    let Some((BilledLine { line, .. }, day)) = largest.max_by_key(|(_, day)| (day.charge, day.quantity)) else {
        return;
    };
    page.gap();
    page.paragraph(0, "the usage lines of a day, and why they are billed so:");
    let (payer, meter) = (&line.billed_subscription, &line.meter);
    // Whole ids, whatever the width: the command is to be copied.
    let (payer, meter) = (format!("--billed-subscription {payer}"), format!("--meter {meter}"));
    page.command(INDENT, &[format!("stacktally why --out OUT --date {}", day.day), payer, meter]);
}

/// Every line with its days, as JSON: lines with the columns of `statements`.
pub fn json(why: &WhyBilled) -> String {
    let named = Named { month: why.month, prices: &why.prices, meters: &why.meters, names: &why.names };
    let day_json = |billed_day: &BilledDay| {
        json!({
            "usage_date": billed_day.day.to_string(),
            "stamp": billed_day.stamp.as_str(),
            "quantity": billed_day.quantity.to_string(),
            "charge": billed_day.charge.map(|charge| charge.to_string()),
            "figures": billed_day.cells,
        })
    };
    let line = |BilledLine { line, days }: &BilledLine| {
        let mut value = line_json(line, &named);
        let entry = line.price.key.and_then(|key| why.prices.get(&key));
        value["price_blake3"] =
            json!(entry.and_then(|entry| why.fingerprints.get(&entry.file)).filter(|_| !why.is_closed_anywhere()));
        value["days"] = days.iter().map(day_json).collect();
        value
    };
    let adjustments = |adjustments: &NotBilled| {
        json!({
            "stamp": adjustments.stamp.as_str(),
            "billed_subscription_id": adjustments.billed_subscription,
            "meter_id": adjustments.meter,
            "quantity_delta": adjustments.adjustment.quantity.to_string(),
            "line_count_delta": adjustments.adjustment.lines,
        })
    };
    let lines: Vec<Value> = why.lines.iter().map(line).collect();
    let adjustments: Vec<Value> = why.not_billed.iter().map(adjustments).collect();
    format!("{:#}\n", json!({ "closed": closed_json(&why.stamps), "lines": lines, "not_billed": adjustments }))
}
