//! `<root>/meters.csv` and `<root>/names.csv`: small tables that people write by hand.

use std::collections::BTreeMap;

use super::csv::Table;
use super::fingerprint::ReadFile;
use super::reading::Reading;
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
    /// The meters of Azure's rate cards that price it.
    pub azure_meters: Vec<String>,
}

/// Reads a meter catalogue: `meter_id,meter_name,service,unit,quantity_kind,azure_meter_id`, any of the last five left out.
///
/// # Errors
/// A column that the table does not have, a row without its id, or an id that stands there twice.
pub fn read_meters(file: &InputFile, reading: &Reading) -> Result<(Vec<CatalogueRow>, ReadFile)> {
    let text = text::read(file, reading.encoding)?;
    Ok((meters_from(&file.name, text.as_str())?, text.file))
}

/// The same from text, called `name` in messages.
///
/// # Errors
/// As [`read_meters`].
pub fn meters_from(name: &str, text: &str) -> Result<Vec<CatalogueRow>> {
    let known = ["meter_id", "meter_name", "service", "unit", "quantity_kind", "azure_meter_id", "description"];
    let mut meters = BTreeMap::new();
    rows(name, text, &known, "meter_id", |line, cell| {
        let id = cell("meter_id").unwrap_or_default();
        let meter = MeterId::new(&id).ok_or_else(|| no_id(name, line))?;
        let row = CatalogueRow {
            meter: meter.clone(),
            meter_name: cell("meter_name"),
            service: cell("service"),
            unit: cell("unit"),
            quantity_kind: cell("quantity_kind"),
            azure_meters: cell("azure_meter_id")
                .iter()
                .flat_map(|ids| ids.split_whitespace())
                .map(one_spelling)
                .collect(),
        };
        meters.insert(meter, row).map_or(Ok(()), |_| Err(twice(name, line, &id)))
    })?;
    Ok(meters.into_values().collect())
}

/// What `names.csv` says: names of tenants and billed subscriptions, by id in its one spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesTable {
    /// The file, relative to the root.
    pub file: String,
    pub names: BTreeMap<String, String>,
    /// In which line of the file each id stands, its header being 1.
    pub rows: BTreeMap<String, usize>,
}

/// Reads `id,name`.
///
/// # Errors
/// As [`read_meters`].
pub fn read_names(file: &InputFile, reading: &Reading) -> Result<(NamesTable, ReadFile)> {
    let text = text::read(file, reading.encoding)?;
    let mut table = NamesTable { file: file.name.clone(), ..NamesTable::default() };
    rows(&file.name, text.as_str(), &["id", "name"], "name", |line, cell| {
        let id = cell("id").unwrap_or_default();
        let spelled = one_spelling(&id);
        if spelled.is_empty() {
            return Err(no_id(&file.name, line));
        }
        let name = cell("name").unwrap_or_default();
        table.rows.insert(spelled.clone(), line);
        table.names.insert(spelled, name).map_or(Ok(()), |_| Err(twice(&file.name, line, &id)))
    })?;
    Ok((table, text.file))
}

/// The lines of such a table by the ids that stand in them, each in its one spelling; `column` is that of the ids.
///
/// # Errors
/// It cannot be read.
pub fn lines_of_ids(file: &InputFile, reading: &Reading, column: &str) -> Result<BTreeMap<String, usize>> {
    let text = text::read(file, reading.encoding)?;
    let table = Table::parse(&file.name, text.as_str())?;
    let Some(column) = table.column(&[column]) else { return Ok(BTreeMap::new()) };
    let (mut rows, mut cells, mut lines) = (table.rows(), Vec::new(), BTreeMap::new());
    while rows.next(&mut cells)? {
        if let Some(cell) = cells.get(column) {
            lines.insert(one_spelling(&cell.text()), rows.line());
        }
    }
    Ok(lines)
}

fn no_id(file: &str, line: usize) -> Error {
    Error::input("a row without an id").at_line(file, line, 1).hint("fill in the id, or delete the row")
}

fn twice(file: &str, line: usize, id: &str) -> Error {
    Error::input(format!("{} stands in the table twice", id.trim())).at_line(file, line, 1).hint("keep one of the rows")
}

/// Hands each row to `take`: its line, and its cells by name, trimmed; empty ones are `None`. Unknown columns are refused.
pub(super) fn rows(
    name: &str,
    text: &str,
    known: &[&str],
    required: &str,
    mut take: impl FnMut(usize, &dyn Fn(&str) -> Option<String>) -> Result<()>,
) -> Result<()> {
    let table = Table::parse(name, text)
        .map_err(|error| error.or_hint(&format!("the table has the columns {}", known.join(","))))?;
    let is_known = |column: &&String| known.iter().any(|known| known.eq_ignore_ascii_case(column));
    if let Some((at, column)) = table.header.iter().enumerate().find(|(_, column)| !is_known(column)) {
        let meant =
            nearest(&column.to_lowercase(), known).map_or(String::new(), |known| format!(" (did you mean `{known}`?)"));
        return Err(Error::input(format!("column {} is called {column:?}", at + 1))
            .at_line(name, 1, 1)
            .hint(format!("the table has the columns {}{meant}", known.join(", "))));
    }
    if [known[0], required].iter().any(|column| table.column(&[column]).is_none()) {
        return Err(Error::input(format!("no table of {}", known.join(", ")))
            .at_line(name, 1, 1)
            .hint(format!("its columns are {}: the first line names them", table.header.join(", "))));
    }
    let (mut rows, mut cells) = (table.rows(), Vec::new());
    while rows.next(&mut cells)? {
        let line = rows.line();
        if cells.len() != table.header.len() {
            return Err(Error::input(format!("{} cells, and the header has {}", cells.len(), table.header.len()))
                .at_line(name, line, 1)
                .hint("a value that holds a comma stands in double quotes"));
        }
        let cell = |column: &str| {
            let text = cells[table.column(&[column])?].text();
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        take(line, &cell)?;
    }
    Ok(())
}
