//! Lists as the REST APIs, `az` and PowerShell write them: what snapshots are made of.
//!
//! ```text
//! {"value":[row,…],"nextLink":…}   [row,…]   row        JSON: a page at a time, a list, or the one row that there was
//! "SubscriptionId","TenantId",…                         a table
//! ```
//! PowerShell writes the names of the REST API with capitals, so names are compared without case.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::csv::{Cell, Table};
use super::fingerprint::ReadFile;
use super::json::{error_in_answer, has_next, text_of};
use super::reading::Reading;
use super::root::{InputFile, SnapshotFiles};
use super::{shape, text};
use crate::domain::limits;
use crate::error::{Error, Result};

/// A row of a list: its values by name.
#[derive(Debug)]
pub(super) enum Row<'r> {
    Json(Members<'r>),
    Cells { table: &'r Table<'r>, cells: &'r [Cell<'r>] },
}

/// The members of a JSON object, in order.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl Row<'_> {
    /// The first of these values that is there, as text, trimmed and not blank.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        names.iter().find_map(|name| match self {
            Self::Json(members) => {
                let raw = members.get(name)?;
                text_of(raw).map_or_else(|| filled(raw.get()), |text| filled(&text))
            }
            Self::Cells { table, cells } => filled(&cells[table.column(&[name])?].text()),
        })
    }

    /// A value that is an object itself, such as `properties`.
    pub fn object(&self, name: &str) -> Option<Row<'_>> {
        match self {
            Self::Json(members) => serde_json::from_str(members.get(name)?.get()).ok().map(Row::Json),
            Self::Cells { .. } => None,
        }
    }
}

impl<'a> Members<'a> {
    /// The value of that name, in any case, unless it is null.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.0.iter().find(|(own, raw)| own.eq_ignore_ascii_case(name) && raw.get() != "null")?;
        Some(raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    /// Reads an object. A name that stands in it twice, in one case or in two, makes it none.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;

        impl<'de> Visitor<'de> for OfMap {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    if members.iter().any(|(own, _)| own.eq_ignore_ascii_case(&name)) {
                        return Err(A::Error::custom(format_args!("`{name}` stands in it twice")));
                    }
                    members.push((name, raw));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(OfMap)
    }
}

/// Reads the pages of a list and its rows, and proves that the last page is there. `expected` is such as `a listing of
/// user subscriptions`; `columns` are those that a table of it must have, or empty where a table will not do.
///
/// # Errors
/// A page is no such list, `row` refuses a row, or the last page is missing.
pub(super) fn read_list<T>(
    snapshot: &SnapshotFiles,
    expected: &str,
    columns: &[&str],
    reading: &Reading,
    row: impl Fn(&InputFile, usize, &Row<'_>) -> Result<T>,
) -> Result<(Vec<T>, Vec<ReadFile>)> {
    let (mut rows, mut pages) = (Vec::new(), Vec::new());
    let mut last_pages = 0;
    for file in &snapshot.pages {
        let text = text::read(file, reading.encoding)?;
        if columns.is_empty() || text.is_json() || shape::is_refused_at_sight(text.as_str()) {
            let page =
                JsonList::parse(text.as_str()).map_err(|error| shape::refusal(file, text.as_str(), expected, error))?;
            last_pages += usize::from(!page.has_next);
            for (at, members) in page.rows.into_iter().enumerate() {
                refuse_odd_ids(file, at + 1, &members)?;
                rows.push(row(file, at + 1, &Row::Json(members))?);
            }
        } else {
            last_pages += 1;
            rows_of_table(file, text.as_str(), expected, columns, |at, own| {
                rows.push(row(file, at, own)?);
                Ok(())
            })?;
        }
        pages.push(text.file);
    }
    if last_pages == 0 {
        return Err(Error::input(format!(
            "{expected} that lacks pages: each of its {} names a next one",
            snapshot.pages.len()
        ))
        .at(&snapshot.name)
        .hint("follow `nextLink` until a page has none, and lay all pages into one folder named by the date"));
    }
    Ok((rows, pages))
}

/// Values that are ids are texts: of a list or an object nobody can say what it means.
fn refuse_odd_ids(file: &InputFile, at: usize, members: &Members<'_>) -> Result<()> {
    let properties = members.get("properties").and_then(|raw| serde_json::from_str::<Members<'_>>(raw.get()).ok());
    for members in std::iter::once(members).chain(&properties) {
        for name in ["id", "resourceId", "name", "subscriptionId", "tenantId"] {
            if let Some(raw) = members.get(name).filter(|raw| text_of(raw).is_none()) {
                return Err(Error::input(format!(
                    "row {at} has a {name} that is no text: {}",
                    limits::cut(raw.get(), 80)
                ))
                .at(&file.name)
                .hint("save the whole list again, as the REST API or PowerShell returns it"));
            }
        }
    }
    Ok(())
}

fn rows_of_table(
    file: &InputFile,
    text: &str,
    expected: &str,
    columns: &[&str],
    mut take: impl FnMut(usize, &Row<'_>) -> Result<()>,
) -> Result<()> {
    let table = Table::parse(&file.name, text)?;
    if columns.iter().any(|column| table.column(&[column]).is_none()) {
        return Err(shape::no_table(file, text, expected, columns));
    }
    if !table.ends_with_a_line_end() {
        return Err(Error::input(format!("{expected} that does not end with a line end, as tables do"))
            .at(&file.name)
            .hint("the file was cut off: export it again; or end its last line, if it is whole"));
    }
    let (mut rows, mut cells, mut at) = (table.rows(), Vec::new(), 0);
    while rows.next(&mut cells)? {
        at += 1;
        if cells.len() != table.header.len() || rows.is_malformed() {
            return Err(Error::input(format!("row {at} has {} cells, the header {}", cells.len(), table.header.len()))
                .at_line(&file.name, rows.line(), 1)
                .hint("the file was cut off, or edited: export it again"));
        }
        take(at, &Row::Cells { table: &table, cells: &cells })?;
    }
    Ok(())
}

/// A file of a list.
struct JsonList<'a> {
    rows: Vec<Members<'a>>,
    has_next: bool,
}

impl<'a> JsonList<'a> {
    fn parse(text: &'a str) -> serde_json::Result<Self> {
        let mut list = Self { rows: Vec::new(), has_next: false };
        if text.trim_start().starts_with('[') {
            list.rows = serde_json::from_str(text)?;
            return Ok(list);
        }
        let own: Members<'a> = serde_json::from_str(text)?;
        if own.get("error").is_some() {
            return Err(error_in_answer());
        }
        match own.get("value") {
            Some(value) => {
                // Where it fails once more from the whole text, for the line and column there.
                let in_text = |error| serde_json::from_str::<WireValue<'_>>(text).err().unwrap_or(error);
                list.rows = serde_json::from_str(value.get()).map_err(in_text)?;
                list.has_next = has_next(own.get("nextLink"));
            }
            None if own.0.is_empty() => return Err(serde_json::Error::custom("an object with nothing")),
            None => list.rows.push(own),
        }
        Ok(list)
    }
}

#[derive(Deserialize)]
struct WireValue<'a> {
    #[serde(borrow, alias = "Value")]
    #[expect(dead_code, reason = "parsed for its errors alone")]
    value: Option<Vec<Members<'a>>>,
}
