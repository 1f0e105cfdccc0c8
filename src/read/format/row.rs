//! The values of a row before they are parsed, whatever shape it has.

use std::borrow::Cow;

use memchr::memchr;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::csv::Cell;
use super::raw::{Object, text_of};

/// A row of usage: its values as they are written.
#[derive(Debug)]
pub(crate) struct RawRow<'a> {
    /// The resource id of the row itself: its subscription is the one that was queried.
    pub id: Value<'a>,
    pub user_subscription: Value<'a>,
    pub usage_start: Value<'a>,
    pub usage_end: Value<'a>,
    pub quantity: Value<'a>,
    pub meter: Value<'a>,
    /// As [`InstanceText`] writes it.
    pub instance: Cow<'a, str>,
    /// Whether it has values that only usage of public Azure has.
    pub is_of_public_azure: bool,
}

/// A value as it is written. It is decoded on demand, since most values repeat the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Absent, null, or a cell with nothing in it.
    Absent,
    /// Raw JSON.
    Json(&'a RawValue),
    Cell(Cell<'a>),
}

impl<'a> Value<'a> {
    pub(crate) fn from_json(raw: Option<&'a RawValue>) -> Self {
        raw.map_or(Self::Absent, Self::Json)
    }

    pub(crate) fn from_cell(cell: Cell<'a>) -> Self {
        if cell.source().is_empty() { Self::Absent } else { Self::Cell(cell) }
    }

    /// As it stands in the file: values of one file that are written alike are equal.
    pub(crate) fn written(self) -> Option<&'a str> {
        match self {
            Self::Absent => None,
            Self::Json(raw) => Some(raw.get()),
            Self::Cell(cell) => Some(cell.source()),
        }
    }

    /// The text; `None` when there is none, or it is JSON of another kind: a number, a list, …
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Absent => None,
            Self::Json(raw) => text_of(raw).or_else(|| text_of(wrapped(raw)?)),
            Self::Cell(cell) => Some(cell.text()),
        }
    }

    /// The text, or the JSON of something else.
    pub(crate) fn text_or_json(self) -> Option<Cow<'a, str>> {
        let json = || match self {
            Self::Json(raw) => Some(Cow::Borrowed(wrapped(raw).unwrap_or(raw).get())),
            _ => self.written().map(Cow::Borrowed),
        };
        self.text().or_else(json)
    }

    /// As a reject shows it: text in quotes, so that blanks are visible.
    pub(crate) fn shown(self) -> Cow<'a, str> {
        match self {
            Self::Absent => Cow::Borrowed(""),
            Self::Json(raw) => Cow::Borrowed(raw.get()),
            Self::Cell(cell) => Cow::Owned(format!("\"{}\"", cell.text())),
        }
    }
}

/// The value within `{"value":…,"DisplayHint":2,"DateTime":…}`, which PowerShell writes for a value with added
/// properties.
fn wrapped(raw: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        value: &'a RawValue,
    }

    let Object(Wrapped { value }) = serde_json::from_str(raw.get()).ok().filter(|_| raw.get().starts_with('{'))?;
    Some(value)
}

/// What a row says about its resource, as one text to intern: equal texts are equal resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceText<'a> {
    /// The raw JSON of `instanceData`: a string of JSON, or the object itself.
    Json(&'a str),
    /// The cell of a table that holds `instanceData`.
    Cell(Cell<'a>),
    /// The cells of a table that has its parts instead, in the order of [`PARTS`].
    Parts(Vec<Cell<'a>>),
    /// The key of a resource that stacktally published before.
    Published(i64),
}

/// The columns that tables have in place of `instanceData`.
pub const PARTS: [&str; 8] =
    ["resourceUri", "location", "tags", "additionalInfo", "ServiceType", "Publisher", "Offer", "Sku"];

// No JSON and no sensible cell begins with one of these characters.
const CELL: char = '\u{1}';
const PART: char = '\u{2}';
const PUBLISHED: char = '\u{3}';

impl<'a> InstanceText<'a> {
    pub fn from_cell(cell: Cell<'_>) -> String {
        format!("{CELL}{}", cell.source())
    }

    pub fn from_published(key: i64) -> String {
        format!("{PUBLISHED}{key}")
    }

    /// Writes the parts into `text`; the separator is removed from a part that contains it.
    pub fn write_parts<'p>(text: &mut String, parts: impl Iterator<Item = Option<Cell<'p>>>) {
        text.clear();
        for part in parts {
            text.push(PART);
            let source = part.map_or("", Cell::source);
            if memchr(PART as u8, source.as_bytes()).is_some() {
                text.extend(source.chars().filter(|&character| character != PART));
            } else {
                text.push_str(source);
            }
        }
    }

    /// Reads any of the texts above, or JSON.
    pub fn read(text: &'a str) -> Self {
        match text.chars().next() {
            Some(CELL) => Self::Cell(Cell::from_source(&text[1..])),
            Some(PART) => Self::Parts(text[1..].split(PART).map(Cell::from_source).collect()),
            Some(PUBLISHED) => text[1..].parse().map_or(Self::Json(text), Self::Published),
            _ => Self::Json(text),
        }
    }
}
