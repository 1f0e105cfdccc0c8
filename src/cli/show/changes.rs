//! What runs corrected of published days.

use std::fmt::Write;

use serde_json::json;

use super::{counted, meter_named, named, unit_of};
use crate::audit::{Changes, ChangingRun, Since};
use crate::domain::totals::Totals;
use crate::domain::{Charge, ChargeCorrection, Correction, Quantity};
use crate::error::{Error, Result};
use crate::publish::csv::{CsvCell, CsvTable};
use crate::schema;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Run by run, day by day: who is billed, for what, before and since.
pub fn text(own: &Changes) -> String {
    if own.runs.is_empty() {
        return format!("no published day changed{}\n", since(own));
    }
    let mut text = String::new();
    for run in &own.runs {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "run {}, {}", run.number, finished(run));
        for of_day in run.corrections.chunk_by(|a, b| (&a.stamp, a.day) == (&b.stamp, b.day)) {
            let Correction { stamp, day, causes, .. } = &of_day[0];
            let _ = writeln!(text, "  {stamp} {day}: {}", causes.replace(' ', ", "));
            for of_payer in of_day.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
                let _ = writeln!(text, "    {}", named(&of_payer[0].billed_subscription, &own.names));
                for correction in of_payer {
                    let _ = writeln!(text, "      {}", meter_named(&correction.meter, &own.meters));
                    text.push_str(&moved(correction, &unit_of(&correction.meter, &own.meters)));
                }
            }
        }
        for of_day in run.charges.chunk_by(|a, b| (&a.stamp, a.day) == (&b.stamp, b.day)) {
            let ChargeCorrection { stamp, day, causes, .. } = &of_day[0];
            let _ = writeln!(text, "  {stamp} {day}, charges: {}", causes.replace(' ', ", "));
            for of_payer in of_day.chunk_by(|a, b| a.billed_subscription == b.billed_subscription) {
                let _ = writeln!(text, "    {}", named(&of_payer[0].billed_subscription, &own.names));
                for correction in of_payer {
                    let _ = writeln!(text, "      {}", meter_named(&correction.meter, &own.meters));
                    text.push_str(&recharged(correction));
                }
            }
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// `1.5 → 1.25 (-0.25) USD`.
fn recharged(own: &ChargeCorrection) -> String {
    let charge = |own: Option<Charge>| own.map_or_else(|| "nothing".to_owned(), |own| own.to_string());
    let difference = own.difference().to_string();
    let sign = if own.difference() > Charge::ZERO { "+" } else { "" };
    format!("        {} → {} ({sign}{difference}) {}\n", charge(own.before), charge(own.after), own.currency)
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

/// `1 → 3 (+2) VM hours in 1 → 2 lines`, on one line or, where that is too long, on several.
fn moved(own: &Correction, unit: &str) -> String {
    let quantity = |totals: Option<Totals>| totals.map_or_else(|| "nothing".to_owned(), |own| own.quantity.to_string());
    let (before, after) = (quantity(own.before), format!("→ {}", quantity(own.after)));
    let (difference, lines) = (format!("({}){unit}", signed(own.difference())), lines(own));
    let parts = [before, after, difference, lines];
    let indent = " ".repeat(8);
    let whole = format!("{indent}{}", parts.join(" "));
    if whole.chars().count() <= WIDTH {
        return whole + "\n";
    }
    parts.iter().map(|part| format!("{indent}{part}\n")).collect()
}

fn lines(own: &Correction) -> String {
    match (own.before.map(|own| own.lines), own.after.map(|own| own.lines)) {
        (Some(before), Some(after)) if before != after => format!("in {before} → {}", counted(after, "line")),
        (Some(lines), _) | (None, Some(lines)) => format!("in {}", counted(lines, "line")),
        (None, None) => String::new(),
    }
}

fn signed(quantity: Quantity) -> String {
    if quantity > Quantity::ZERO { format!("+{quantity}") } else { quantity.to_string() }
}

/// The columns of `changes`.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(own: &Changes) -> Result<String> {
    let mut table = CsvTable::new(schema::CHANGES.columns)?;
    for (run, correction) in each(own) {
        let quantity = |own: Option<Totals>| own.map_or(CsvCell::Text(None), |own| CsvCell::Quantity(own.quantity));
        let lines = |own: Option<Totals>| own.map_or(CsvCell::Text(None), |own| CsvCell::Integer(own.lines));
        let cells = [
            CsvCell::Integer(run.number as i64),
            CsvCell::Text(Some(correction.stamp.as_str())),
            CsvCell::Day(correction.day),
            CsvCell::Text(Some(&correction.billed_subscription)),
            CsvCell::Text(Some(&correction.meter)),
            quantity(correction.before),
            quantity(correction.after),
            lines(correction.before),
            lines(correction.after),
            CsvCell::Text(Some(&correction.causes)),
            CsvCell::Text(None),
            CsvCell::Text(None),
            CsvCell::Text(None),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    for (run, correction) in own.runs.iter().flat_map(|run| run.charges.iter().map(move |own| (run, own))) {
        let charge = |own: Option<Charge>| own.map_or(CsvCell::Text(None), CsvCell::Charge);
        let nothing = CsvCell::Text(None);
        let cells = [
            CsvCell::Integer(run.number as i64),
            CsvCell::Text(Some(correction.stamp.as_str())),
            CsvCell::Day(correction.day),
            CsvCell::Text(Some(&correction.billed_subscription)),
            CsvCell::Text(Some(&correction.meter)),
            nothing,
            nothing,
            nothing,
            nothing,
            CsvCell::Text(Some(&correction.causes)),
            CsvCell::Text(Some(correction.currency.code())),
            charge(correction.before),
            charge(correction.after),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    let bytes: Vec<u8> = table.finish()?.into_iter().flat_map(|part| part.bytes).collect();
    String::from_utf8(bytes).map_err(|error| Error::engine("write CSV", error))
}

/// The same rows, with what names them.
pub fn json(own: &Changes) -> String {
    let row = |(run, correction): (&ChangingRun, &Correction)| {
        let meter = own.meters.get(&correction.meter);
        let quantity = |own: Option<Totals>| own.map(|own| own.quantity.to_string());
        let lines = |own: Option<Totals>| own.map(|own| own.lines);
        json!({
            "run": run.number,
            "finished_at": run.finished_at,
            "stamp": correction.stamp.as_str(),
            "usage_date": correction.day.to_string(),
            "billed_subscription_id": correction.billed_subscription,
            "billed_subscription_name": own.names.get(&correction.billed_subscription),
            "meter_id": correction.meter,
            "meter_name": meter.and_then(|meter| meter.name.as_deref()),
            "unit": meter.and_then(|meter| meter.unit.as_deref()),
            "quantity_before": quantity(correction.before),
            "quantity_after": quantity(correction.after),
            "quantity_difference": correction.difference().to_string(),
            "line_count_before": lines(correction.before),
            "line_count_after": lines(correction.after),
            "cause": correction.causes,
        })
    };
    let charge = |(run, correction): (&ChangingRun, &ChargeCorrection)| {
        let meter = own.meters.get(&correction.meter);
        let text = |own: Option<Charge>| own.map(|own| own.to_string());
        json!({
            "run": run.number,
            "finished_at": run.finished_at,
            "stamp": correction.stamp.as_str(),
            "usage_date": correction.day.to_string(),
            "billed_subscription_id": correction.billed_subscription,
            "billed_subscription_name": own.names.get(&correction.billed_subscription),
            "meter_id": correction.meter,
            "meter_name": meter.and_then(|meter| meter.name.as_deref()),
            "currency": correction.currency.code(),
            "charge_before": text(correction.before),
            "charge_after": text(correction.after),
            "charge_difference": correction.difference().to_string(),
            "cause": correction.causes,
        })
    };
    let charges = own.runs.iter().flat_map(|run| run.charges.iter().map(move |own| (run, own)));
    let (changes, charges): (Vec<_>, Vec<_>) = (each(own).map(row).collect(), charges.map(charge).collect());
    format!("{:#}\n", json!({ "changes": changes, "charges": charges }))
}

fn each(own: &Changes) -> impl Iterator<Item = (&ChangingRun, &Correction)> {
    own.runs.iter().flat_map(|run| run.corrections.iter().map(move |correction| (run, correction)))
}
