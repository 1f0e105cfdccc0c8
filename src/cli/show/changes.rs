//! What runs corrected in published figures.

use serde_json::json;

use super::ids::Ids;
use super::layout::{Page, Width};
use super::{counted, csv_text, meter_named, note_on_ids, unit_of};
use crate::audit::{Changes, ChangingRun, Since};
use crate::domain::correction::{Billed, FIGURES, billed_difference, charge_difference, usage_difference};
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Corrected, Correction, Currency, Place, Quantity};
use crate::error::Result;
use crate::publish::csv_of_changes;

/// Texts after the place of each kind of figure.
const KINDS: [(&str, &str); 3] = [(FIGURES[0], ""), (FIGURES[1], ", charges"), (FIGURES[2], "")];

/// Run by run, first day by day and then month by month: who is billed for what, before and after.
pub fn text(changes: &Changes, width: Width) -> String {
    if changes.runs.is_empty() {
        return format!("no published day changed{}\n", since(changes));
    }
    let mut page = Page::new(width);
    let corrections = changes.runs.iter().flat_map(|run| &run.corrections);
    let ids = Ids::of(
        corrections.flat_map(|correction| [correction.billed_subscription.as_str(), correction.meter.as_str()]),
    );
    for run in &changes.runs {
        page.gap();
        page.paragraph(0, &format!("run {}, {}", run.number, finished(run)));
        for (figure, what) in KINDS {
            let mut same_kind: Vec<&Correction> =
                run.corrections.iter().filter(|correction| correction.of.figure() == figure).collect();
            // Changes of a day with other causes are grouped apart.
            let group = |correction: &Correction| {
                (correction.place.stamp().cloned(), correction.place.day(), correction.place.month())
            };
            same_kind.sort_by(|a, b| (group(a), &a.causes).cmp(&(group(b), &b.causes)));
            for same_day in same_kind.chunk_by(|a, b| (&a.place, &a.causes) == (&b.place, &b.causes)) {
                let causes = same_day[0].causes.replace(' ', ", ");
                page.paragraph(2, &format!("{}{what}: {causes}", place_of(&same_day[0].place)));
                for same_payer in same_day.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
                    let room = width.columns() - 4;
                    page.paragraph(4, &ids.named_within(&same_payer[0].billed_subscription, &changes.names, room));
                    for correction in same_payer {
                        page.paragraph(6, &meter_named(&correction.meter, &changes.meters, &ids));
                        let moved = match correction.of {
                            Corrected::Usage { before, after } => {
                                moved(before, after, &unit_of(&correction.meter, &changes.meters))
                            }
                            Corrected::Charge { currency, before, after } => recharged(before, after, currency),
                            Corrected::Amount { before, after, .. } => rebilled(before, after),
                        };
                        page.items(8, &moved, 1);
                    }
                }
            }
        }
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn place_of(place: &Place) -> String {
    match place {
        Place::Day(stamp, day) => format!("{stamp} {day}"),
        Place::Month(month) => format!("statements of {month}"),
    }
}

/// `9.20 EUR → 9.10 EUR (-0.10)`, in parts that are never split.
fn rebilled(before: Billed, after: Billed) -> Vec<String> {
    let billed =
        |side: Billed| format!("{} {}", side.billing_amount.shown(side.billing_currency), side.billing_currency);
    let mut parts = vec![billed(before), format!("→ {}", billed(after))];
    if let Some(difference) = billed_difference(before, after) {
        let sign = if difference > Amount::ZERO { "+" } else { "" };
        parts.push(format!("({sign}{})", difference.shown(after.billing_currency)));
    }
    parts
}

/// `1.5 → 1.25 (-0.25) USD`, in parts that are never split.
fn recharged(before: Option<Charge>, after: Option<Charge>, currency: Currency) -> Vec<String> {
    let charge = |charge: Option<Charge>| charge.map_or_else(|| "nothing".to_owned(), |charge| charge.to_string());
    let difference = charge_difference(before, after);
    let sign = if difference > Charge::ZERO { "+" } else { "" };
    vec![charge(before), format!("→ {}", charge(after)), format!("({sign}{difference}) {currency}")]
}

fn finished(run: &ChangingRun) -> String {
    run.finished_at.as_ref().map_or_else(
        || "when is not known: its receipt is gone".to_owned(),
        |time| format!("finished {}", time.get(..19).map_or(time.clone(), |time| format!("{time}Z"))),
    )
}

fn since(changes: &Changes) -> String {
    match changes.since {
        None => String::new(),
        Some(Since::Day(day)) => format!(" since {day}"),
        Some(Since::Run(run)) => format!(" since run {run}"),
    }
}

/// `1 → 3 (+2) VM hours in 1 → 2 lines`, in parts that are never split.
fn moved(before: Option<Totals>, after: Option<Totals>, unit: &str) -> Vec<String> {
    let quantity =
        |totals: Option<Totals>| totals.map_or_else(|| "nothing".to_owned(), |totals| totals.quantity.to_string());
    let difference = format!("({}){unit}", signed(usage_difference(before, after)));
    vec![quantity(before), format!("→ {}", quantity(after)), difference, lines(before, after)]
}

fn lines(before: Option<Totals>, after: Option<Totals>) -> String {
    match (before.map(|totals| totals.lines), after.map(|totals| totals.lines)) {
        (Some(before), Some(after)) if before != after => format!("in {before} → {}", counted(after, "line")),
        (Some(lines), _) | (None, Some(lines)) => format!("in {}", counted(lines, "line")),
        (None, None) => String::new(),
    }
}

fn signed(quantity: Quantity) -> String {
    if quantity > Quantity::ZERO { format!("+{quantity}") } else { quantity.to_string() }
}

/// The columns of `changes`: the usage of all runs, then the charges, then the amounts.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(changes: &Changes) -> Result<String> {
    let all = FIGURES.iter().flat_map(|figure| each(changes, figure));
    let table = csv_of_changes(all.map(|(run, correction)| (run.number, correction)))?;
    csv_text(table)
}

/// The same rows, with the names of their ids.
pub fn json(changes: &Changes) -> String {
    let row = |(run, correction): (&ChangingRun, &Correction)| {
        let meter = changes.meters.get(&correction.meter);
        let mut row = json!({
            "run": run.number,
            "finished_at": run.finished_at,
            "billed_subscription_id": correction.billed_subscription,
            "billed_subscription_name": changes.names.get(&correction.billed_subscription),
            "meter_id": correction.meter,
            "meter_name": meter.and_then(|meter| meter.name.as_deref()),
            "cause": correction.causes,
        });
        match &correction.place {
            Place::Day(stamp, day) => {
                row["stamp"] = json!(stamp.as_str());
                row["usage_date"] = json!(day.to_string());
            }
            Place::Month(month) => row["month"] = json!(month.to_string()),
        }
        match correction.of {
            Corrected::Usage { before, after } => {
                let quantity = |totals: Option<Totals>| json!(totals.map(|totals| totals.quantity.to_string()));
                row["unit"] = json!(meter.and_then(|meter| meter.unit.as_deref()));
                row["quantity_before"] = quantity(before);
                row["quantity_after"] = quantity(after);
                row["quantity_difference"] = json!(usage_difference(before, after).to_string());
                row["line_count_before"] = json!(before.map(|totals| totals.lines));
                row["line_count_after"] = json!(after.map(|totals| totals.lines));
            }
            Corrected::Charge { currency, before, after } => {
                let charge = |charge: Option<Charge>| json!(charge.map(|charge| charge.to_string()));
                row["currency"] = json!(currency.code());
                row["charge_before"] = charge(before);
                row["charge_after"] = charge(after);
                row["charge_difference"] = json!(charge_difference(before, after).to_string());
            }
            Corrected::Amount { currency, before, after } => {
                row["currency"] = json!(currency.code());
                for (side, billed) in [("before", before), ("after", after)] {
                    row[format!("amount_{side}")] = json!(billed.amount.to_string());
                    row[format!("billing_currency_{side}")] = json!(billed.billing_currency.code());
                    row[format!("billing_amount_{side}")] = json!(billed.billing_amount.to_string());
                }
                let difference = billed_difference(before, after);
                row["billing_amount_difference"] = json!(difference.map(|amount| amount.to_string()));
            }
        }
        row
    };
    let rows = |figure: &str| each(changes, figure).map(row).collect::<Vec<_>>();
    let [usage, charges, amounts] = FIGURES;
    format!("{:#}\n", json!({ "changes": rows(usage), "charges": rows(charges), "amounts": rows(amounts) }))
}

fn each<'a>(changes: &'a Changes, figure: &str) -> impl Iterator<Item = (&'a ChangingRun, &'a Correction)> {
    let all = changes.runs.iter().flat_map(|run| run.corrections.iter().map(move |correction| (run, correction)));
    all.filter(move |(_, correction)| correction.of.figure() == figure)
}
