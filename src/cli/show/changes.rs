//! What runs corrected of published figures.

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

/// What stands behind the place of each kind of figure.
const KINDS: [(&str, &str); 3] = [(FIGURES[0], ""), (FIGURES[1], ", charges"), (FIGURES[2], "")];

/// Run by run, day by day, and then month by month: who is billed, for what, before and since.
pub fn text(own: &Changes, width: Width) -> String {
    if own.runs.is_empty() {
        return format!("no published day changed{}\n", since(own));
    }
    let mut page = Page::new(width);
    let corrections = own.runs.iter().flat_map(|run| &run.corrections);
    let ids = Ids::of(corrections.flat_map(|own| [own.billed_subscription.as_str(), own.meter.as_str()]));
    for run in &own.runs {
        page.gap();
        page.paragraph(0, &format!("run {}, {}", run.number, finished(run)));
        for (figure, what) in KINDS {
            let mut of_kind: Vec<&Correction> =
                run.corrections.iter().filter(|own| own.of.figure() == figure).collect();
            // What changed of a day for other causes stands apart.
            let group = |own: &Correction| (own.place.stamp().cloned(), own.place.day(), own.place.month());
            of_kind.sort_by(|a, b| (group(a), &a.causes).cmp(&(group(b), &b.causes)));
            for of_day in of_kind.chunk_by(|a, b| (&a.place, &a.causes) == (&b.place, &b.causes)) {
                let causes = of_day[0].causes.replace(' ', ", ");
                page.paragraph(2, &format!("{}{what}: {causes}", place_of(&of_day[0].place)));
                for of_payer in of_day.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
                    let room = width.columns() - 4;
                    page.paragraph(4, &ids.named_within(&of_payer[0].billed_subscription, &own.names, room));
                    for correction in of_payer {
                        page.paragraph(6, &meter_named(&correction.meter, &own.meters, &ids));
                        let moved = match correction.of {
                            Corrected::Usage { before, after } => {
                                moved(before, after, &unit_of(&correction.meter, &own.meters))
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

/// `9.20 EUR → 9.10 EUR (-0.10)`, in parts that stay whole.
fn rebilled(before: Billed, after: Billed) -> Vec<String> {
    let billed = |own: Billed| format!("{} {}", own.billing_amount.shown(own.billing_currency), own.billing_currency);
    let mut parts = vec![billed(before), format!("→ {}", billed(after))];
    if let Some(difference) = billed_difference(before, after) {
        let sign = if difference > Amount::ZERO { "+" } else { "" };
        parts.push(format!("({sign}{})", difference.shown(after.billing_currency)));
    }
    parts
}

/// `1.5 → 1.25 (-0.25) USD`, in parts that stay whole.
fn recharged(before: Option<Charge>, after: Option<Charge>, currency: Currency) -> Vec<String> {
    let charge = |own: Option<Charge>| own.map_or_else(|| "nothing".to_owned(), |own| own.to_string());
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

fn since(own: &Changes) -> String {
    match own.since {
        None => String::new(),
        Some(Since::Day(day)) => format!(" since {day}"),
        Some(Since::Run(run)) => format!(" since run {run}"),
    }
}

/// `1 → 3 (+2) VM hours in 1 → 2 lines`, in parts that stay whole.
fn moved(before: Option<Totals>, after: Option<Totals>, unit: &str) -> Vec<String> {
    let quantity = |totals: Option<Totals>| totals.map_or_else(|| "nothing".to_owned(), |own| own.quantity.to_string());
    let difference = format!("({}){unit}", signed(usage_difference(before, after)));
    vec![quantity(before), format!("→ {}", quantity(after)), difference, lines(before, after)]
}

fn lines(before: Option<Totals>, after: Option<Totals>) -> String {
    match (before.map(|own| own.lines), after.map(|own| own.lines)) {
        (Some(before), Some(after)) if before != after => format!("in {before} → {}", counted(after, "line")),
        (Some(lines), _) | (None, Some(lines)) => format!("in {}", counted(lines, "line")),
        (None, None) => String::new(),
    }
}

fn signed(quantity: Quantity) -> String {
    if quantity > Quantity::ZERO { format!("+{quantity}") } else { quantity.to_string() }
}

/// The columns of `changes`: of all runs the usage, then the charges, then the amounts.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(own: &Changes) -> Result<String> {
    let all = FIGURES.iter().flat_map(|figure| each(own, figure));
    let table = csv_of_changes(all.map(|(run, own)| (run.number, own)))?;
    csv_text(table)
}

/// The same rows, with what names them.
pub fn json(own: &Changes) -> String {
    let row = |(run, correction): (&ChangingRun, &Correction)| {
        let meter = own.meters.get(&correction.meter);
        let mut row = json!({
            "run": run.number,
            "finished_at": run.finished_at,
            "billed_subscription_id": correction.billed_subscription,
            "billed_subscription_name": own.names.get(&correction.billed_subscription),
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
                let quantity = |own: Option<Totals>| json!(own.map(|own| own.quantity.to_string()));
                row["unit"] = json!(meter.and_then(|meter| meter.unit.as_deref()));
                row["quantity_before"] = quantity(before);
                row["quantity_after"] = quantity(after);
                row["quantity_difference"] = json!(usage_difference(before, after).to_string());
                row["line_count_before"] = json!(before.map(|own| own.lines));
                row["line_count_after"] = json!(after.map(|own| own.lines));
            }
            Corrected::Charge { currency, before, after } => {
                let charge = |own: Option<Charge>| json!(own.map(|own| own.to_string()));
                row["currency"] = json!(currency.code());
                row["charge_before"] = charge(before);
                row["charge_after"] = charge(after);
                row["charge_difference"] = json!(charge_difference(before, after).to_string());
            }
            Corrected::Amount { currency, before, after } => {
                row["currency"] = json!(currency.code());
                for (side, own) in [("before", before), ("after", after)] {
                    row[format!("amount_{side}")] = json!(own.amount.to_string());
                    row[format!("billing_currency_{side}")] = json!(own.billing_currency.code());
                    row[format!("billing_amount_{side}")] = json!(own.billing_amount.to_string());
                }
                let difference = billed_difference(before, after);
                row["billing_amount_difference"] = json!(difference.map(|own| own.to_string()));
            }
        }
        row
    };
    let rows = |figure: &str| each(own, figure).map(row).collect::<Vec<_>>();
    let [usage, charges, amounts] = FIGURES;
    format!("{:#}\n", json!({ "changes": rows(usage), "charges": rows(charges), "amounts": rows(amounts) }))
}

fn each<'a>(own: &'a Changes, figure: &str) -> impl Iterator<Item = (&'a ChangingRun, &'a Correction)> {
    let all = own.runs.iter().flat_map(|run| run.corrections.iter().map(move |correction| (run, correction)));
    all.filter(move |(_, correction)| correction.of.figure() == figure)
}
