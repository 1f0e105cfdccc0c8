//! `<root>/meters.csv` and `<root>/names.csv`: small tables that people write by hand.

use std::collections::BTreeMap;

use super::options::Reading;
use crate::domain::identity::one_spelling;
use crate::domain::{MeterId, shown};
use crate::error::{Error, Result};
use crate::read::format::hand_table::{HandRow, HandTable, Layout};
use crate::read::format::text;
use crate::store::{InputFile, ReadFile};

const METERS: Layout = Layout::of_texts(
    &["meter_id", "meter_name", "service", "unit", "quantity_kind", "azure_meter_id", "description"],
    &["meter_id"],
);

const NAMES: Layout = Layout::of_texts(&["id", "name"], &["id", "name"]);

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

/// Reads a meter catalogue: `meter_id,meter_name,service,unit,quantity_kind,azure_meter_id`, any of the last five left
/// out.
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
    let table = HandTable::read(name, text, &METERS, &Reading::default())?;
    let mut meters = BTreeMap::new();
    let mut errors = Vec::new();
    for row in table.rows() {
        let cell = |column: &str| row.cell(column);
        let id = cell("meter_id").unwrap_or_default();
        let Some(meter) = MeterId::new(&id) else {
            errors.push(no_id(&row));
            continue;
        };
        let catalogue_row = CatalogueRow {
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
        if meters.insert(meter, catalogue_row).is_some() {
            errors.push(twice(&row, &id));
        }
    }
    if errors.is_empty() { Ok(meters.into_values().collect()) } else { Err(Error::several(errors)) }
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
    let mut errors = Vec::new();
    for row in HandTable::read(&file.name, text.as_str(), &NAMES, reading)?.rows() {
        let id = row.cell("id").unwrap_or_default();
        let spelled = one_spelling(&id);
        if spelled.is_empty() {
            errors.push(no_id(&row));
            continue;
        }
        let name = row.cell("name").unwrap_or_default();
        table.rows.insert(spelled.clone(), row.line);
        if table.names.insert(spelled, name).is_some() {
            errors.push(twice(&row, &id));
        }
    }
    if errors.is_empty() { Ok((table, text.file)) } else { Err(Error::several(errors)) }
}

/// The lines of such a table by the ids that stand in them, each in its one spelling; `column` is that of the ids.
///
/// # Errors
/// It cannot be read.
pub fn lines_of_ids(file: &InputFile, reading: &Reading, column: &str) -> Result<BTreeMap<String, usize>> {
    let text = text::read(file, reading.encoding)?;
    let layout = if METERS.columns.contains(&column) { &METERS } else { &NAMES };
    let table = HandTable::read(&file.name, text.as_str(), layout, reading)?;
    let lines = table.rows().filter_map(|row| Some((one_spelling(&row.cell(column)?), row.line)));
    Ok(lines.collect())
}

fn no_id(row: &HandRow<'_>) -> Error {
    row.refused("a row without an id").hint("fill in the id, or delete the row")
}

fn twice(row: &HandRow<'_>, id: &str) -> Error {
    row.refused(format!("{} stands in the table twice", shown::value(id))).hint("keep one of the rows")
}
