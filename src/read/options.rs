//! How to read files that do not say it themselves, and what to expect of them: settings, handed to every reader.

use serde::Serialize;

use crate::domain::{Culture, SourceTimeZone};
use crate::read::format::encoding::Encoding;

/// What the operator said of files that do not say it themselves.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    pub culture: Option<Culture>,
    pub source_time_zone: Option<SourceTimeZone>,
    /// How text is encoded that is no UTF-8, and neither UTF-16 nor UTF-32 for all to see.
    pub encoding: Option<Encoding>,
    /// Days by which usage may be reported after it happened: what lies longer before its reported window is not its
    /// usage.
    pub late_days: u16,
    /// Percent of an export's lines that may be set aside before the days that it completes do not count as settled.
    pub rejects_percent: u8,
    // Both ways to read pages read the same.
    #[serde(skip)]
    pub pages: Pages,
}

/// Nothing was said.
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
    /// A line in twenty is no slip of a line any more.
    pub const REJECTS_PERCENT: u8 = 5;
}

/// Which reader pages of usage go to first. What is read is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// The fast one, which leaves to its twin what it does not know.
    #[default]
    Usual,
    /// The twin alone: for tests, which hold the two equal.
    Validated,
}
