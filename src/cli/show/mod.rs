//! What the commands that look at a publication or a root show: each as text for a person and as JSON for a program.

pub mod calendar;
pub mod changes;
pub mod compare;
pub mod history;
pub mod statement;
pub mod unregistered;
pub mod why;

use std::collections::BTreeMap;

use crate::audit::MeterText;
use crate::domain::unit;
use crate::error::{Error, Result};
use crate::publish::csv::CsvTable;

/// An id with its name behind it, where it has one.
fn named(id: &str, names: &BTreeMap<String, String>) -> String {
    names.get(id).map_or_else(|| one_line(id), |name| one_line(&format!("{id} {name}")))
}

/// A text from the input, on one line.
fn one_line(text: &str) -> String {
    text.replace(|own: char| own.is_control() || matches!(own, '\u{2028}' | '\u{2029}'), " ")
}

/// A meter by its id and name.
fn meter_named(id: &str, meters: &BTreeMap<String, MeterText>) -> String {
    let name = meters.get(id).and_then(|meter| meter.name.as_deref());
    one_line(&name.map_or_else(|| id.to_owned(), |name| format!("{id} {name}")))
}

/// What stands behind a quantity of a meter, with a blank before it; nothing where its unit is not known.
fn unit_of(id: &str, meters: &BTreeMap<String, MeterText>) -> String {
    let unit = meters.get(id).and_then(|meter| meter.unit.as_deref());
    unit::after(unit)
}

/// All rows of a table as CSV, its parts one after the other.
fn csv_text(table: CsvTable) -> Result<String> {
    let bytes: Vec<u8> = table.finish()?.into_iter().flat_map(|part| part.bytes).collect();
    String::from_utf8(bytes).map_err(|error| Error::engine("write CSV", error))
}

/// `1 line`, `2 lines`.
pub(super) fn counted(count: i64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The rows of a table whose columns are as wide as their widest cell; `right` says which stand to the right.
fn table<const N: usize>(rows: &[[String; N]], right: [bool; N], indent: usize) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for ((cell, width), right) in row.iter().zip(widths).zip(right) {
            let cell = one_line(cell);
            let padding = " ".repeat(width - cell.chars().count());
            line.push_str(&if right { format!("{padding}{cell}  ") } else { format!("{cell}{padding}  ") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
