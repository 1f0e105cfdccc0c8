//! What is wrong with JSON that was to be a page, a list or a row.

use std::fmt;

use super::encoding::{TextPlace, place_in};
use super::raw::place_of;

/// Why a text is not the JSON that was expected.
#[derive(Debug)]
pub(in crate::read) enum JsonError {
    /// It holds no document at all.
    Nothing,
    /// An object without members.
    EmptyObject,
    /// Another document than a page or a row of usage.
    NotUsage,
    /// A service's answer to a query that failed.
    FailedQuery,
    /// A page with two lists of rows.
    TwoLists,
    /// No JSON, or values of other types than were expected.
    Malformed { error: serde_json::Error, place: TextPlace },
}

impl JsonError {
    /// The error of parsing a part of a text, with its place in the whole text.
    pub(super) fn within(text: &str, part: &str, error: serde_json::Error) -> Self {
        let begins = place_in(&text.as_bytes()[..place_of(text, part).unwrap_or_default()]);
        let place = TextPlace { line: error.line(), column: error.column() }.behind(begins);
        Self::Malformed { error, place }
    }

    /// The same error, of a text that begins at this place.
    pub(in crate::read) fn behind(self, begins: TextPlace) -> Self {
        match self {
            Self::Malformed { error, place } => Self::Malformed { error, place: place.behind(begins) },
            other => other,
        }
    }

    /// Whether the text ends in the middle of a document.
    pub(in crate::read) fn is_cut_off(&self) -> bool {
        matches!(self, Self::Malformed { error, .. } if error.is_eof())
    }

    /// Where it is in the text, if it is in one place.
    pub(in crate::read) const fn place(&self) -> Option<TextPlace> {
        match self {
            Self::Malformed { place, .. } => Some(*place),
            Self::Nothing | Self::EmptyObject | Self::NotUsage | Self::FailedQuery | Self::TwoLists => None,
        }
    }
}

/// The error of parsing a whole text.
impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let place = TextPlace { line: error.line(), column: error.column() };
        Self::Malformed { error, place }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::EmptyObject => f.write_str("an object with nothing"),
            Self::NotUsage => f.write_str("neither a page nor a row of usage"),
            Self::FailedQuery => f.write_str("an answer with an error in it"),
            Self::TwoLists => f.write_str("a page with both `value` and `usageAggregations`"),
            Self::Malformed { error, place: TextPlace { line, column } } => {
                // The parser's text ends with a place, which may be relative to a part.
                let text = error.to_string();
                let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
                write!(f, "{what} at line {line} column {column}")
            }
        }
    }
}

impl std::error::Error for JsonError {}
