//! What is wrong with JSON that was to be a page, a list or a row.

use std::fmt;

use super::encoding::place_in;
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
    /// No JSON, or values of other types than were expected.
    Malformed { error: serde_json::Error, place: TextPlace },
}

/// A line and a column of a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) struct TextPlace {
    pub line: usize,
    pub column: usize,
}

impl JsonError {
    /// The error of parsing a part of a text, with its place in the whole text.
    pub(super) fn within(text: &str, part: &str, error: serde_json::Error) -> Self {
        let (begins_in, begins_at) = place_in(&text.as_bytes()[..place_of(text, part).unwrap_or_default()]);
        let (line, column) = (error.line(), error.column());
        let column = if line > 1 { column } else { begins_at - 1 + column };
        Self::Malformed { error, place: TextPlace { line: begins_in - 1 + line, column } }
    }

    /// Whether the text ends in the middle of a document.
    pub(in crate::read) fn is_cut_off(&self) -> bool {
        matches!(self, Self::Malformed { error, .. } if error.is_eof())
    }

    /// Where it is in the text, if it is in one place.
    pub(in crate::read) const fn place(&self) -> Option<TextPlace> {
        match self {
            Self::Malformed { place, .. } => Some(*place),
            Self::Nothing | Self::EmptyObject | Self::NotUsage | Self::FailedQuery => None,
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
