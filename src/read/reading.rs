//! How to read files that do not say it themselves: settings, handed to every reader.

use crate::domain::{Culture, SourceTimeZone};

/// What the operator said of files that do not say it themselves.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub culture: Option<Culture>,
    pub source_time_zone: Option<SourceTimeZone>,
    /// How text that is neither UTF-8 nor marked as UTF-16 is encoded.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    pub pages: Pages,
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
