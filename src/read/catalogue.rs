//! `<root>/meters.csv` and `<root>/names.csv`: small tables that people write by hand.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fingerprint::ReadFile;
use super::root::InputFile;
use super::text;
use crate::domain::MeterId;
use crate::domain::identity::one_spelling;
use crate::error::{Error, Result, nearest};

/// What a catalogue says of a meter. `None` is an empty cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueRow {
    pub meter: MeterId,
    pub meter_name: Option<String>,
    pub service: Option<String>,
    pub unit: Option<String>,
    pub quantity_kind: Option<String>,
}

#[derive(Deserialize)]
struct WireMeter {
    meter_id: String,
    meter_name: Option<String>,
    service: Option<String>,
    unit: Option<String>,
    quantity_kind: Option<String>,
}

#[derive(Deserialize)]
struct WireName {
    id: String,
    name: String,
}

/// Reads a meter catalogue: `meter_id,meter_name,service,unit,quantity_kind`, any of the last four left out.
///
/// # Errors
/// A column that the table does not have, a row without its id, or an id that stands there twice.
pub fn read_meters(file: &InputFile) -> Result<(Vec<CatalogueRow>, ReadFile)> {
    let text = text::read(file)?;
    Ok((meters_from(&file.name, text.as_str())?, text.file))
}

/// The same from text, called `name` in messages.
///
/// # Errors
/// As [`read_meters`].
pub fn meters_from(name: &str, text: &str) -> Result<Vec<CatalogueRow>> {
    let known = ["meter_id", "meter_name", "service", "unit", "quantity_kind", "description"];
    let mut rows = BTreeMap::new();
    for (line, wire) in table::<WireMeter>(name, text, &known)? {
        let meter = MeterId::new(&wire.meter_id).ok_or_else(|| no_id(name, line))?;
        let WireMeter { meter_name, service, unit, quantity_kind, .. } = wire;
        let row = CatalogueRow { meter: meter.clone(), meter_name, service, unit, quantity_kind };
        if rows.insert(meter, row).is_some() {
            return Err(twice(name, line, &wire.meter_id));
        }
    }
    Ok(rows.into_values().collect())
}

/// Reads `id,name`: names of tenants and billed subscriptions, by id in its one spelling.
///
/// # Errors
/// As [`read_meters`].
pub fn read_names(file: &InputFile) -> Result<(BTreeMap<String, String>, ReadFile)> {
    let text = text::read(file)?;
    let mut names = BTreeMap::new();
    for (line, WireName { id, name }) in table::<WireName>(&file.name, text.as_str(), &["id", "name"])? {
        let spelled = one_spelling(&id);
        if spelled.is_empty() {
            return Err(no_id(&file.name, line));
        }
        if names.insert(spelled, name).is_some() {
            return Err(twice(&file.name, line, &id));
        }
    }
    Ok((names, text.file))
}

fn no_id(file: &str, line: usize) -> Error {
    Error::input("a row without an id").at_line(file, line, 1).hint("fill in the id, or delete the row")
}

fn twice(file: &str, line: usize, id: &str) -> Error {
    Error::input(format!("{} stands in the table twice", id.trim())).at_line(file, line, 1).hint("keep one of the rows")
}

/// The rows of a CSV table with their lines. Header names are compared without case; unknown ones are refused.
fn table<T: DeserializeOwned>(name: &str, text: &str, known: &[&str]) -> Result<Vec<(usize, T)>> {
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, |position| position.line() as usize);
        Error::input(format!("no table of {}: {error}", known.join(", ")))
            .at_line(name, line, 1)
            .hint("write it as CSV with a header, values that hold a comma in double quotes")
    };
    if text.trim().is_empty() {
        return Err(Error::input("an empty table")
            .at(name)
            .hint(format!("its first line names the columns: {}", known.join(","))));
    }
    if text.matches('"').count() % 2 == 1 {
        let line = text.lines().position(|line| line.matches('"').count() % 2 == 1).unwrap_or(0) + 1;
        return Err(Error::input("a double quote that nothing closes")
            .at_line(name, line, 1)
            .hint("a value stands in two double quotes, and a double quote within it is doubled"));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: csv::StringRecord = reader.headers().map_err(broken)?.iter().map(str::to_ascii_lowercase).collect();
    if let Some((at, column)) = header.iter().enumerate().find(|(_, column)| !known.contains(column)) {
        let meant = nearest(column, known).map_or(String::new(), |known| format!(" (did you mean `{known}`?)"));
        return Err(Error::input(format!("column {} is called {column:?}", at + 1))
            .at_line(name, 1, 1)
            .hint(format!("the table has the columns {}{meant}", known.join(", "))));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        rows.push((line, record.deserialize(Some(&header)).map_err(broken)?));
    }
    Ok(rows)
}
