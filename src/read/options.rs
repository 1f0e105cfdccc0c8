//! How to read files that do not describe themselves, and what to expect of them: settings for every reader.

use serde::Serialize;

use crate::domain::{Culture, DecimalMark, SourceTimeZone};
use crate::read::format::encoding::Encoding;

/// What the operator stated about files that do not describe themselves.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    pub culture: Option<Culture>,
    pub source_time_zone: Option<SourceTimeZone>,
    /// The encoding of text that is neither UTF-8 nor recognisable UTF-16 or UTF-32.
    pub encoding: Option<Encoding>,
    /// The number of days after which usage may still be reported. Older usage does not belong to the reported window.
    pub late_days: u16,
    /// Percent of an export's lines that may be set aside before the days that it completes do not count as settled.
    pub rejects_percent: u8,
    // Both readers of pages give the same result.
    #[serde(skip)]
    pub pages: Pages,
}

/// No statement.
impl Default for Reading {
    fn default() -> Self {
        Self {
            culture: None,
            source_time_zone: None,
            encoding: None,
            late_days: Self::LATE_DAYS,
            rejects_percent: Self::REJECTS_PERCENT,
            pages: Pages::Usual,
        }
    }
}

impl Reading {
    /// Usage is reported within hours (reference Q3, Q4); a stamp that was cut off reports it when it is back.
    pub const LATE_DAYS: u16 = 7;
    /// More than a line in twenty is no accident.
    pub const REJECTS_PERCENT: u8 = 5;

    /// Whether the numbers of a table may be read before anything is decided: where decimals have a comma, a point is
    /// ambiguous.
    pub(in crate::read) fn may_be_plain(&self) -> bool {
        self.culture.is_none_or(|culture| culture.decimal == DecimalMark::Point)
    }
}

/// Which reader of usage pages is tried first. The result is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// The fast reader, which falls back to the validating one.
    #[default]
    Usual,
    /// The validating reader only: for tests that compare the two.
    Validated,
    /// The reader of large files, in pieces of so many bytes: for tests that compare it with the other two.
    InPieces(usize),
}
