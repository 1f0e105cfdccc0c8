//! Why a statement line is what it is.
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

/// One explained line after the other; where a person would not read so many, a list of them.
pub fn text(own: &WhyBilled, width: Width) -> String {
    let mut page = Page::new(width);
    let of_line = |billed: &'_ BilledLine| [billed.line.billed_subscription.clone(), billed.line.meter.clone()];
    let ids: BTreeSet<String> = own.lines.iter().flat_map(of_line).collect();
    let ids = Ids::of(ids.iter().map(String::as_str));
    if own.lines.len() > LINES_EXPLAINED {
        list(&mut page, own, &ids);
    } else {
        for billed in &own.lines {
            page.gap();
            explain(&mut page, own, &ids, billed);
        }
        later(&mut page, own, &ids);
        go_on(&mut page, own);
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn list(page: &mut Page, own: &WhyBilled, ids: &Ids) {
    let head = "name one with --billed-subscription and --meter to see the days behind it";
    page.paragraph(0, &format!("{} lines on statements of {}; {head}", own.lines.len(), own.month));
    page.gap();
    let unit_named = |meter: &str| own.meters.get(meter).and_then(|meter| meter.unit.as_deref());
    let row = |BilledLine { line, days }: &BilledLine| {
        [
            ids.named(&line.billed_subscription, &own.names),
            meter_named(&line.meter, &own.meters, ids),
            format!("{}{}", line.quantity, unit_of(&line.meter, &own.meters)),
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
    page.table(0, &TextTable::new(columns, own.lines.iter().map(row)));
}

// Long: a line a subject, in the order in which they are said.
fn explain(page: &mut Page, own: &WhyBilled, ids: &Ids, billed: &BilledLine) {
    let BilledLine { line, days } = billed;
    let unit = unit_of(&line.meter, &own.meters);
    let asked = match line.sums {
        Some(sums) => format!("{} {}", sums.billing_amount.shown(sums.billing_currency), sums.billing_currency),
        None if line.price.status == PriceStatus::NotBillable => "not billable".to_owned(),
        None => "no price in force, so no amount".to_owned(),
    };
    page.paragraph(0, &format!("statement line of {}: {}{unit}, {asked}", own.month, line.quantity));
    let say = |page: &mut Page, label: &str, value: &str| page.entry(INDENT, label, LABEL, value);
    let room = page.width().columns() - INDENT - LABEL - 2;
    say(page, "meter", &meter_named(&line.meter, &own.meters, ids));
    say(page, "billed to", &ids.named_within(&line.billed_subscription, &own.names, room));
    if line.price.terms.is_some() {
        let unit = own.meters.get(&line.meter).and_then(|meter| meter.unit.as_deref());
        say(page, "price", &price_text(&line.price, unit));
    }
    if let Some(entry) = line.price.key.and_then(|key| own.prices.get(&key)) {
        // What a closed month was charged by is not what the file holds now.
        let blake3 = own.fingerprints.get(&entry.file).filter(|_| !own.is_closed_anywhere());
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
    say(page, "month", &closed_on(&own.stamps));
    for ClosingEntry { stamp, reason, .. } in &own.forced {
        say(page, "", &format!("closed by force on {stamp}: {}", reason.as_deref().unwrap_or("no reason was kept")));
    }
    page.gap();
    let several = days.iter().map(|own| &own.stamp).collect::<BTreeSet<&Stamp>>().len() > 1;
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
        days.iter().map(|own| own.cells).sum::<u64>().to_string(),
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

/// What came to the closed month of these lines later.
fn later(page: &mut Page, own: &WhyBilled, ids: &Ids) {
    for NotBilled { billed_subscription, meter, stamp, by } in &own.not_billed {
        page.gap();
        let unit = unit_of(meter, &own.meters);
        let (meter, payer) = (meter_name(meter, &own.meters), ids.named(billed_subscription, &own.names));
        page.paragraph(
            0,
            &format!(
                "since the month was closed on {stamp}, {}{unit} of {meter} came in {} for {payer}: see adjustments; \
                 no statement has it",
                by.quantity,
                counted(by.lines, "line")
            ),
        );
    }
}

/// How to see the lines of a day.
fn go_on(page: &mut Page, own: &WhyBilled) {
    let largest = own.lines.iter().flat_map(|billed| billed.days.iter().map(move |day| (billed, day)));
    // Any day would do: one that says most.
    let Some((BilledLine { line, .. }, day)) = largest.max_by_key(|(_, own)| (own.charge, own.quantity)) else {
        return;
    };
    page.gap();
    page.paragraph(0, "the usage lines of a day, and why they are billed so:");
    let (payer, meter) = (&line.billed_subscription, &line.meter);
    // Whole ids, whatever the width: this is to be pasted.
    let (payer, meter) = (format!("--billed-subscription {payer}"), format!("--meter {meter}"));
    page.command(INDENT, &[format!("stacktally why --out OUT --date {}", day.day), payer, meter]);
}

/// Every line with its days, as JSON: lines with the columns of `statements`.
pub fn json(own: &WhyBilled) -> String {
    let by = Named { month: own.month, prices: &own.prices, meters: &own.meters, names: &own.names };
    let day = |own: &BilledDay| {
        json!({
            "usage_date": own.day.to_string(),
            "stamp": own.stamp.as_str(),
            "quantity": own.quantity.to_string(),
            "charge": own.charge.map(|charge| charge.to_string()),
            "figures": own.cells,
        })
    };
    let line = |BilledLine { line, days }: &BilledLine| {
        let mut value = line_json(line, &by);
        let entry = line.price.key.and_then(|key| own.prices.get(&key));
        value["price_blake3"] =
            json!(entry.and_then(|entry| own.fingerprints.get(&entry.file)).filter(|_| !own.is_closed_anywhere()));
        value["days"] = days.iter().map(day).collect();
        value
    };
    let later = |later: &NotBilled| {
        json!({
            "stamp": later.stamp.as_str(),
            "billed_subscription_id": later.billed_subscription,
            "meter_id": later.meter,
            "quantity_delta": later.by.quantity.to_string(),
            "line_count_delta": later.by.lines,
        })
    };
    let lines: Vec<Value> = own.lines.iter().map(line).collect();
    let later: Vec<Value> = own.not_billed.iter().map(later).collect();
    format!("{:#}\n", json!({ "closed": closed_json(&own.stamps), "lines": lines, "not_billed": later }))
}
