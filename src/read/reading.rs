//! How to read files that do not say it themselves: settings, handed to every reader.

use crate::domain::{Culture, SourceTimeZone};

/// What the operator said of files that do not say it themselves.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub culture: Option<Culture>,
    pub source_time_zone: Option<SourceTimeZone>,
    /// How text that is neither UTF-8 nor marked as UTF-16 is encoded.
    pub encoding: Option<&'static encoding_rs::Encoding>,
}
