//! What the commands that look at a publication or a root show: each as text for people and as JSON for programs.
//! `layout` decides how wide a text is and where its lines end, `ids` how much of an id is shown.

pub mod billed;
pub mod calendar;
pub mod changes;
pub mod compare;
pub mod history;
mod ids;
pub mod layout;
mod margins;
pub mod settings;
pub mod statement;
pub mod unregistered;
pub mod why;

use self::ids::Ids;
use self::layout::Page;
use crate::domain::shown::counted;
use crate::domain::unit;
use crate::error::{Error, Result};
use crate::publication::MeterText;
use crate::table::csv::CsvTable;
use std::collections::BTreeMap;

/// A meter as its short id and its name.
fn meter_named(id: &str, meters: &BTreeMap<String, MeterText>, ids: &Ids) -> String {
    let name = meters.get(id).and_then(|meter| meter.name.as_deref());
    name.map_or_else(|| ids.short(id), |name| format!("{} {name}", ids.short(id)))
}

/// A meter by its name, or by its id if it has none.
fn meter_name(id: &str, meters: &BTreeMap<String, MeterText>) -> String {
    meters.get(id).and_then(|meter| meter.name.clone()).unwrap_or_else(|| id.to_owned())
}

/// The unit of a meter, with a blank before it, to follow a quantity; empty where it is unknown.
fn unit_of(id: &str, meters: &BTreeMap<String, MeterText>) -> String {
    let unit = meters.get(id).and_then(|meter| meter.unit.as_deref());
    unit::after(unit)
}

/// All rows of a table as CSV, its parts one after the other.
fn csv_text(table: CsvTable) -> Result<String> {
    let bytes: Vec<u8> = table.finish()?.into_iter().flat_map(|part| part.bytes).collect();
    String::from_utf8(bytes).map_err(|error| Error::bug_of("write CSV", error))
}

/// Adds the note that ids are shortened, if any is.
fn note_on_ids(page: &mut Page, ids: &Ids) {
    if let Some(note) = ids.note() {
        page.gap();
        page.paragraph(0, note);
    }
}
