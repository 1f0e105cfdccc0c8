//! Explains figures.
//!
//! ```text
//! north 2026-10-05: 4.25 Virtual core hours in 3 lines
//!   meter              9cd92d4c-… Windows VM Size Hours
//!   user subscription  5ab00000-…
//!   tenant             7e4a4700-… Contoso
//!   paid by            b111ed00-… Contoso (CSP): registered
//!   because            the listing … gives …, and … maps that tenant to …, which pays
//!   …
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ids::{Ids, fingerprint};
use super::layout::{Page, TextColumn, TextTable, Width};
use super::statement::{place_of, price_text};
use super::{counted, meter_named, note_on_ids, unit_of};
use crate::audit::{self, Adjusted, CellCharge, CellKey, ExplainedCell, PriceOf, PriceText, Reason, UsageLine, Why};
use crate::domain::coverage::intervals;
use crate::domain::totals::Totals;
use crate::domain::{Attribution, Charge, Currency, Hour, PriceStatus, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::publication::SnapshotFile;

const INDENT: usize = 2;
/// As wide as the longest label.
const LABEL: usize = 17;
/// More figures than this are listed, not explained.
const FIGURES_EXPLAINED: usize = 20;

/// What identifies a figure, without its resources.
type FigureGroup<'a> = (&'a Stamp, &'a str, Attribution, Option<&'a str>, &'a str, &'a str);

fn figure_of(key: &CellKey) -> FigureGroup<'_> {
    let CellKey { stamp, billed_subscription, attribution, tenant, user_subscription, meter, resource: _ } = key;
    (stamp, billed_subscription, *attribution, tenant.as_deref(), user_subscription, meter)
}

fn figures(why: &Why) -> Vec<&[ExplainedCell]> {
    why.cells.chunk_by(|a, b| figure_of(&a.key) == figure_of(&b.key)).collect()
}

/// Whether there are too many figures to read explanations of.
pub fn is_too_much(why: &Why) -> bool {
    figures(why).len() > FIGURES_EXPLAINED
}

/// The ids that identify figures.
fn ids_of(why: &Why) -> Ids {
    let ids_of_cell = |key: &'_ CellKey| {
        let CellKey { billed_subscription, tenant, user_subscription, meter, .. } = key;
        [Some(billed_subscription), tenant.as_ref(), Some(user_subscription), Some(meter)]
            .map(Option::<&String>::cloned)
    };
    let ids: BTreeSet<String> = why.cells.iter().flat_map(|cell| ids_of_cell(&cell.key)).flatten().collect();
    Ids::of(ids.iter().map(String::as_str))
}

/// One explained figure after the other, each with at most `lines` of its lines.
pub fn text(why: &Why, lines: usize, width: Width) -> String {
    let (mut page, ids) = (Page::new(width), ids_of(why));
    for figure in figures(why) {
        page.gap();
        explain(&mut page, why, &ids, figure, lines);
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

/// The quantity of a figure as text, and its number of lines.
fn sum(figure: &[ExplainedCell]) -> (String, i64) {
    let (quantity, line_count) = audit::sum(figure);
    (quantity_text(quantity), line_count)
}

fn quantity_text(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "more than a quantity can be".to_owned(), |quantity| quantity.to_string())
}

/// What the closed month publishes for a figure, and its adjustment: quantity and lines. `None`: no adjustment.
fn closed_and_adjusted(figure: &[ExplainedCell]) -> Option<[(String, i64); 2]> {
    figure.iter().find(|cell| cell.adjusted.is_some())?;
    let unchanged = |cell: &ExplainedCell| Adjusted {
        closed: Totals { quantity: cell.quantity, lines: cell.line_count },
        adjustment: Totals::default(),
    };
    let parts: Vec<Adjusted> = figure.iter().map(|cell| cell.adjusted.unwrap_or_else(|| unchanged(cell))).collect();
    let sum = |totals_of: fn(&Adjusted) -> Totals| {
        let quantity = parts.iter().try_fold(Quantity::ZERO, |sum, part| sum.checked_add(totals_of(part).quantity));
        (quantity_text(quantity), parts.iter().map(|part| totals_of(part).lines).sum())
    };
    Some([sum(|part| part.closed), sum(|part| part.adjustment)])
}

/// The charges or vendor charges of a figure: the quantity and the charge at each price, summed over its resources.
fn charged(
    figure: &[ExplainedCell],
    charges_of: fn(&ExplainedCell) -> &[CellCharge],
) -> Vec<(PriceOf, Option<String>, Option<Charge>)> {
    type Sum = (PriceOf, Option<Quantity>, Option<Charge>);
    let mut sums: Vec<Sum> = Vec::new();
    for cell_charge in figure.iter().flat_map(charges_of) {
        match sums.iter_mut().find(|(price, ..)| *price == cell_charge.price) {
            Some((_, quantity, charge)) => {
                *quantity = quantity.and_then(|sum| sum.checked_add(cell_charge.quantity));
                *charge = charge.zip(cell_charge.charge).and_then(|(sum, more)| sum.checked_add(more));
            }
            None => sums.push((cell_charge.price, Some(cell_charge.quantity), cell_charge.charge)),
        }
    }
    sums.sort_by_key(|(price, ..)| price.tier_from);
    sums.into_iter()
        .map(|(price, quantity, charge)| (price, quantity.map(|quantity| quantity.to_string()), charge))
        .collect()
}

/// Who a price is for, and in which period.
pub(super) fn in_force(entry: &PriceText) -> String {
    let whose = match (entry.scope.as_str(), &entry.scope_id) {
        (_, None) => "for all".to_owned(),
        (scope, Some(id)) => format!("for {} {id}", scope.replace('_', " ")),
    };
    let from = entry.from.map_or_else(String::new, |day| format!(" from {day}"));
    let to = entry.to.map_or_else(String::new, |day| format!(" until before {day}"));
    format!("{whose}{from}{to}")
}

/// The closed quantity and the adjustment of a figure, if it has one.
fn closed_as(figure: &[ExplainedCell]) -> String {
    closed_and_adjusted(figure)
        .map_or_else(String::new, |[closed, adjustment]| format!(" (closed {}, adjusted {})", closed.0, adjustment.0))
}

/// Many figures: one line each.
pub fn list(why: &Why, width: Width) -> String {
    let (figures, ids) = (figures(why), ids_of(why));
    let row = |figure: &&[ExplainedCell]| {
        let key = &figure[0].key;
        let (quantity, line_count) = sum(figure);
        [
            key.stamp.to_string(),
            ids.short(&key.user_subscription),
            format!("{} {}", ids.named(&key.billed_subscription, &why.names), key.attribution),
            format!("{quantity}{}{}", unit_of(&key.meter, &why.meters), closed_as(figure)),
            line_count.to_string(),
            meter_named(&key.meter, &why.meters, &ids),
        ]
    };
    let columns = [
        TextColumn::whole("stamp"),
        TextColumn::whole("user subscription"),
        TextColumn::text("paid by, and why"),
        TextColumn::quantity("quantity"),
        TextColumn::figure("lines"),
        TextColumn::text("meter"),
    ];
    let mut page = Page::new(width);
    let head = "name one with --user-subscription, --meter or --resource to see the lines behind it";
    page.paragraph(0, &format!("{} figures of {}; {head}", figures.len(), why.date));
    page.gap();
    page.table(0, &TextTable::new(columns, figures.iter().map(row)));
    note_on_ids(&mut page, &ids);
    page.finish()
}

/// A reason that several cells of a figure share.
struct Shared<'a> {
    reason: &'a Reason,
    moments: (Hour, Hour),
    /// With their resources.
    lines: Vec<(i64, &'a UsageLine)>,
}

/// What is charged of a figure, or what Microsoft charges.
struct ChargedSide<'a> {
    labels: [&'static str; 2],
    prices: &'a BTreeMap<i64, PriceText>,
    charges_of: fn(&ExplainedCell) -> &[CellCharge],
}

fn say_charges(page: &mut Page, why: &Why, ids: &Ids, figure: &[ExplainedCell], side: &ChargedSide<'_>) {
    let unit = unit_of(&figure[0].key.meter, &why.meters);
    let unit_named = why.meters.get(&figure[0].key.meter).and_then(|meter| meter.unit.as_deref());
    let say = |page: &mut Page, label: &str, value: &str| page.entry(INDENT, label, LABEL, value);
    for (price, quantity, charge) in charged(figure, side.charges_of) {
        let entry = price.key.and_then(|key| side.prices.get(&key));
        let part_text = if figure.len() > 1 || quantity.as_deref() != Some(sum(figure).0.as_str()) {
            format!("{}{unit}: ", quantity.as_deref().unwrap_or("more than a quantity can be"))
        } else {
            String::new()
        };
        let place =
            entry.map_or_else(String::new, |entry| format!(", {}: {}", ids.in_text(&in_force(entry)), place_of(entry)));
        say(page, side.labels[0], &format!("{part_text}{}{place}", price_text(&price, unit_named)));
        if let Some(note) = entry.and_then(|entry| entry.note.as_deref()) {
            say(page, "", note);
        }
        if let Some((charge, terms)) = charge.zip(price.terms) {
            say(page, side.labels[1], &format!("{charge} {}", terms.currency));
        }
    }
}

/// What is left of a figure: charges less vendor charges, where both are known and in one currency.
fn margin_text(figure: &[ExplainedCell]) -> String {
    let ours = || figure.iter().flat_map(|cell| &cell.charges);
    let vendor = || figure.iter().flat_map(|cell| &cell.vendor_charges);
    let is_unpriced = |charge: &CellCharge| charge.price.status == PriceStatus::Unpriced;
    if ours().next().is_none() || ours().any(is_unpriced) {
        return "not known: no price is in force".to_owned();
    }
    if vendor().any(is_unpriced) {
        return "not known: no vendor price is in force".to_owned();
    }
    let terms = ours().chain(vendor()).filter_map(|charge| charge.price.terms);
    let currencies: BTreeSet<Currency> = terms.map(|terms| terms.currency).collect();
    let mut ours = ours().filter_map(|charge| charge.charge);
    let mut vendor = vendor().filter_map(|charge| charge.charge);
    let mut margin = || {
        let ours = ours.try_fold(Charge::ZERO, Charge::checked_add)?;
        ours.checked_sub(vendor.try_fold(Charge::ZERO, Charge::checked_add)?)
    };
    match currencies.iter().collect::<Vec<_>>()[..] {
        [] => "none: it is not billable".to_owned(),
        [currency] => margin().map_or_else(|| "out of range".to_owned(), |margin| format!("{margin} {currency}")),
        _ => "not known: the two are in different currencies".to_owned(),
    }
}

// Long: one line for each subject, in the order of the output.
fn explain(page: &mut Page, why: &Why, ids: &Ids, figure: &[ExplainedCell], lines: usize) {
    let key = &figure[0].key;
    let (quantity, line_count) = sum(figure);
    let unit = unit_of(&key.meter, &why.meters);
    let say = |page: &mut Page, label: &str, value: &str| page.entry(INDENT, label, LABEL, value);
    let room = page.width().columns() - INDENT - LABEL - 2;
    let named = |id: &str| ids.named_within(id, &why.names, room);
    page.paragraph(0, &format!("{} {}: {quantity}{unit} in {}", key.stamp, why.date, counted(line_count, "line")));
    say(page, "meter", &meter_named(&key.meter, &why.meters, ids));
    say(page, "user subscription", &named(&key.user_subscription));
    say(page, "tenant", &key.tenant.as_deref().map_or_else(|| "unknown".to_owned(), named));
    let payer =
        ids.named_within(&key.billed_subscription, &why.names, room.saturating_sub(key.attribution.as_str().len() + 2));
    say(page, "paid by", &format!("{payer}: {}", key.attribution));
    if let Some([closed, (adjustment, line_count)]) = closed_and_adjusted(figure) {
        say(page, "closed", &format!("{}{unit} in {}", closed.0, counted(closed.1, "line")));
        let lines = counted(line_count, "line");
        say(
            page,
            "adjusted",
            &format!("by {adjustment}{unit} and {lines} since the month was closed: see adjustments"),
        );
    }
    let ours = ChargedSide { labels: ["price", "charge"], prices: &why.prices, charges_of: |cell| &cell.charges };
    say_charges(page, why, ids, figure, &ours);
    if let Some(prices) = &why.vendor_prices {
        let labels = ["vendor price", "vendor charge"];
        say_charges(page, why, ids, figure, &ChargedSide { labels, prices, charges_of: |cell| &cell.vendor_charges });
        say(page, "margin", &margin_text(figure));
    }
    if figure.iter().all(|cell| cell.line_count == 0) {
        say(page, "because", "no line comes to it any more, though the closed month publishes it still");
    }
    // Resources of a figure share their reasons.
    let mut reasons: Vec<Shared<'_>> = Vec::new();
    for (cell, reason) in figure.iter().flat_map(|cell| cell.reasons.iter().map(move |reason| (cell, reason))) {
        let at = reasons.iter().position(|shared| shared.reason.is_same_as(reason)).unwrap_or_else(|| {
            reasons.push(Shared { reason, moments: reason.moments, lines: Vec::new() });
            reasons.len() - 1
        });
        let shared = &mut reasons[at];
        shared.moments = (shared.moments.0.min(reason.moments.0), shared.moments.1.max(reason.moments.1));
        shared.lines.extend(reason.lines.iter().map(|line| (cell.key.resource, line)));
    }
    reasons.sort_by_key(|shared| shared.moments);
    let mut remaining = lines;
    let mut files = BTreeSet::new();
    for Shared { reason, moments, lines: reason_lines } in &reasons {
        say(page, "because", &ids.in_text(&reason.sentence));
        let (first, last) = *moments;
        let decided = if first == last { first.to_string() } else { format!("{first} to {last}") };
        say(page, "decided at", &decided);
        let snapshots = [
            ("listing", &reason.listing),
            ("customer list", &reason.customer_subscriptions),
            ("registration", &reason.registration),
        ];
        for (label, pages) in snapshots {
            for file in pages {
                say(page, label, &format!("{} {} blake3 {}", file.as_of, file.file, fingerprint(&file.blake3)));
            }
        }
        let shown = reason_lines.len().min(remaining);
        remaining -= shown;
        files.extend(reason_lines.iter().take(shown).map(|(_, line)| &*line.file));
        let row = |&(resource, line): &(i64, &UsageLine)| {
            let window = line.window.map_or_else(|| "undeclared".to_owned(), |window| intervals(&[window]));
            let uri = why.resources.get(&resource).and_then(Option::as_deref);
            let name = uri.and_then(|uri| uri.rsplit('/').next()).map_or_else(|| resource.to_string(), str::to_owned);
            [
                line.usage_start.to_string(),
                line.quantity.to_string(),
                name,
                format!("{} row {}", line.file, line.row),
                window,
            ]
        };
        let columns = [
            TextColumn::whole(""),
            TextColumn::figure(""),
            TextColumn::text(""),
            TextColumn::text(""),
            TextColumn::whole(""),
        ];
        page.table(2 * INDENT, &TextTable::new(columns, reason_lines.iter().take(shown).map(row)));
        if reason_lines.len() > shown {
            let rest = counted((reason_lines.len() - shown) as i64, "line");
            page.paragraph(2 * INDENT, &format!("and {rest} more: --lines N shows more of them, --json all"));
        }
    }
    for file in files {
        if let Some(blake3) = why.fingerprints.get(file) {
            say(page, "file", &format!("{file} blake3 {}", fingerprint(blake3)));
        }
    }
}

/// Every cell with every line, as JSON.
#[derive(Serialize)]
struct WhyJson<'a> {
    cells: Vec<CellJson<'a>>,
}

#[derive(Serialize)]
struct CellJson<'a> {
    stamp: &'a str,
    usage_date: String,
    billed_subscription_id: &'a str,
    billed_subscription_name: Option<&'a str>,
    attribution: &'a str,
    tenant_id: Option<&'a str>,
    tenant_name: Option<&'a str>,
    user_subscription_id: &'a str,
    meter_id: &'a str,
    meter_name: Option<&'a str>,
    unit: Option<&'a str>,
    /// A text, since a double does not hold 64 bits.
    resource_key: String,
    resource_uri: Option<&'a str>,
    quantity: String,
    line_count: i64,
    /// The part that the closed month publishes in `daily`; null without an adjustment.
    quantity_closed: Option<String>,
    line_count_closed: Option<i64>,
    /// The part that is in `adjustments` instead.
    quantity_adjusted: Option<String>,
    line_count_adjusted: Option<i64>,
    /// Its charges: one for each tier that it reaches; none where there is no price book.
    charges: Vec<ChargeJson<'a>>,
    /// The same of what Microsoft charges, with --margin.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_charges: Option<Vec<ChargeJson<'a>>>,
    reasons: Vec<ReasonJson<'a>>,
}

#[derive(Serialize)]
struct ChargeJson<'a> {
    price_status: &'a str,
    quantity: String,
    tier_from: Option<String>,
    price: Option<String>,
    per: Option<String>,
    discount_percent: Option<String>,
    /// Only of vendor charges.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_earned_credit_percent: Option<String>,
    currency: Option<&'a str>,
    charge: Option<String>,
    /// A text, since a double does not hold 64 bits.
    price_key: Option<String>,
    scope: Option<&'a str>,
    scope_id: Option<&'a str>,
    effective_from: Option<String>,
    effective_to: Option<String>,
    price_file: Option<&'a str>,
    price_row: Option<i64>,
    price_note: Option<&'a str>,
}

#[derive(Serialize)]
struct ReasonJson<'a> {
    sentence: &'a str,
    decided_from: String,
    decided_to: String,
    listing: Vec<FileJson<'a>>,
    customer_subscriptions: Vec<FileJson<'a>>,
    registration: Vec<FileJson<'a>>,
    lines: Vec<LineJson<'a>>,
}

#[derive(Serialize)]
struct FileJson<'a> {
    as_of: String,
    file: &'a str,
    blake3: &'a str,
}

#[derive(Serialize)]
struct LineJson<'a> {
    file: &'a str,
    blake3: Option<&'a str>,
    row: i64,
    usage_start: String,
    granularity: &'a str,
    quantity: String,
    window_start: Option<String>,
    window_end: Option<String>,
}

/// Every cell with every line.
///
/// # Errors
/// It cannot be written, which does not happen in memory.
pub fn json<'a>(why: &'a Why) -> Result<String> {
    let name = |id: &str| why.names.get(id).map(String::as_str);
    let cell = |cell: &'a ExplainedCell| {
        let CellKey { stamp, billed_subscription, attribution, tenant, user_subscription, meter, resource } = &cell.key;
        let meter_text = why.meters.get(meter);
        CellJson {
            stamp: stamp.as_str(),
            usage_date: why.date.to_string(),
            billed_subscription_id: billed_subscription,
            billed_subscription_name: name(billed_subscription),
            attribution: attribution.as_str(),
            tenant_id: tenant.as_deref(),
            tenant_name: tenant.as_deref().and_then(name),
            user_subscription_id: user_subscription,
            meter_id: meter,
            meter_name: meter_text.and_then(|meter_text| meter_text.name.as_deref()),
            unit: meter_text.and_then(|meter_text| meter_text.unit.as_deref()),
            resource_key: resource.to_string(),
            resource_uri: why.resources.get(resource).and_then(Option::as_deref),
            quantity: cell.quantity.to_string(),
            line_count: cell.line_count,
            quantity_closed: cell.adjusted.map(|adjusted| adjusted.closed.quantity.to_string()),
            line_count_closed: cell.adjusted.map(|adjusted| adjusted.closed.lines),
            quantity_adjusted: cell.adjusted.map(|adjusted| adjusted.adjustment.quantity.to_string()),
            line_count_adjusted: cell.adjusted.map(|adjusted| adjusted.adjustment.lines),
            charges: cell.charges.iter().map(|cell_charge| charge(cell_charge, &why.prices)).collect(),
            vendor_charges: why.vendor_prices.as_ref().map(|prices| {
                let vendor_charge = |cell_charge| ChargeJson {
                    partner_earned_credit_percent: credit_of(cell_charge),
                    ..charge(cell_charge, prices)
                };
                cell.vendor_charges.iter().map(vendor_charge).collect()
            }),
            reasons: cell.reasons.iter().map(|cell_reason| reason(cell_reason, why)).collect(),
        }
    };
    let all = WhyJson { cells: why.cells.iter().map(cell).collect() };
    let text = serde_json::to_string_pretty(&all).map_err(|error| Error::bug_of("write JSON", error))?;
    Ok(format!("{text}\n"))
}

fn credit_of(cell_charge: &CellCharge) -> Option<String> {
    cell_charge.price.terms.map(|terms| terms.partner_earned_credit_percent.to_string())
}

fn charge<'a>(cell_charge: &'a CellCharge, prices: &'a BTreeMap<i64, PriceText>) -> ChargeJson<'a> {
    let CellCharge { price, quantity, charge } = cell_charge;
    let entry = price.key.and_then(|key| prices.get(&key));
    let text = |quantity: Option<Quantity>| quantity.map(|quantity| quantity.to_string());
    ChargeJson {
        price_status: price.status.as_str(),
        quantity: quantity.to_string(),
        tier_from: text(price.tier_from),
        price: text(price.terms.map(|terms| terms.price)),
        per: text(price.terms.map(|terms| terms.per)),
        discount_percent: text(price.terms.map(|terms| terms.discount_percent)),
        partner_earned_credit_percent: None,
        currency: price.terms.map(|terms| terms.currency.code()),
        charge: charge.map(|charge| charge.to_string()),
        price_key: price.key.map(|key| key.to_string()),
        scope: entry.map(|entry| entry.scope.as_str()),
        scope_id: entry.and_then(|entry| entry.scope_id.as_deref()),
        effective_from: entry.and_then(|entry| entry.from).map(|day| day.to_string()),
        effective_to: entry.and_then(|entry| entry.to).map(|day| day.to_string()),
        price_file: entry.map(|entry| entry.file.as_str()),
        price_row: entry.map(|entry| entry.row),
        price_note: entry.and_then(|entry| entry.note.as_deref()),
    }
}

fn reason<'a>(cell_reason: &'a Reason, why: &'a Why) -> ReasonJson<'a> {
    fn files(files: &[SnapshotFile]) -> Vec<FileJson<'_>> {
        files
            .iter()
            .map(|file| FileJson { as_of: file.as_of.to_string(), file: &file.file, blake3: &file.blake3 })
            .collect()
    }
    let line = |line: &'a UsageLine| LineJson {
        file: &line.file,
        blake3: why.fingerprints.get(&*line.file).map(String::as_str),
        row: line.row,
        usage_start: line.usage_start.to_string(),
        granularity: line.granularity.as_str(),
        quantity: line.quantity.to_string(),
        window_start: line.window.map(|window| window.start.to_string()),
        window_end: line.window.map(|window| window.end.to_string()),
    };
    ReasonJson {
        sentence: &cell_reason.sentence,
        decided_from: cell_reason.moments.0.to_string(),
        decided_to: cell_reason.moments.1.to_string(),
        listing: files(&cell_reason.listing),
        customer_subscriptions: files(&cell_reason.customer_subscriptions),
        registration: files(&cell_reason.registration),
        lines: cell_reason.lines.iter().map(line).collect(),
    }
}
