//! The journal of closings, `history/closings.jsonl`: which months were closed and reopened, by which runs, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::layout::{ADJUSTMENTS_FOLDER, CLOSINGS};
use super::out::Out;
use crate::domain::{Month, Stamp};
use crate::error::{Error, Result};

/// Raised when the meaning of these files changes; later versions still read earlier formats.
pub const FORMAT: u32 = 1;

/// What was done to a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Close,
    Reopen,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingEntry {
    /// The format of these lines and of the files in the folder of the closing.
    pub format: u32,
    /// The number of the publication that the closing made.
    pub run: u64,
    pub action: Action,
    pub stamp: Stamp,
    #[serde(with = "month_text")]
    pub month: Month,
    /// RFC 3339, UTC.
    pub at: String,
    /// Days of the month that were settled, of all its days.
    pub days_settled: i64,
    pub days: i64,
    /// Days before the stamp's first reported window that have no usage: they need not be settled.
    #[serde(default, skip_serializing_if = "is_none")]
    pub days_before_stamp: i64,
    /// Whether it was closed although something spoke against it.
    pub forced: bool,
    /// What spoke against it. Older journals record only that it was forced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Overridden>,
    pub reason: Option<String>,
}

/// What spoke against a closing that was forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// `days_partial`, `days_not_settled`, `default_user_subscription_unknown`, or the code of a finding.
    pub reason: String,
    pub sentence: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_none(count: &i64) -> bool {
    *count == 0
}

impl ClosingEntry {
    /// The reasons that spoke against it, each once, in order.
    pub fn reasons(&self) -> Vec<&str> {
        let reasons: BTreeSet<&str> = self.overridden.iter().map(|reason| reason.reason.as_str()).collect();
        reasons.into_iter().collect()
    }
}

/// A month as it is published.
mod month_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::Month;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(month: &Month, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(month)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        let text = String::deserialize(deserializer)?;
        Month::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no month")))
    }
}

/// The journal of closings.
#[derive(Clone, Debug, Default)]
pub struct Closings {
    pub entries: Vec<ClosingEntry>,
}

impl Closings {
    /// Reads the journal; there is none before the first closing.
    ///
    /// # Errors
    /// The journal is missing, altered or invalid.
    pub fn load(out: &Out) -> Result<Self> {
        out.refuse_unknown_history(&[CLOSINGS, ADJUSTMENTS_FOLDER.trim_end_matches('/')])?;
        if !out.last().files.contains_key(CLOSINGS) {
            return Ok(Self::default());
        }
        let stored = out.read(CLOSINGS)?;
        let text = String::from_utf8_lossy(&stored.bytes).into_owned();
        let mut entries = Vec::new();
        for (at, line) in text.lines().enumerate() {
            entries.push(serde_json::from_str(line).map_err(|error| {
                Error::input("not a line of the journal of closings")
                    .at_line(stored.path.display().to_string(), at + 1, error.column())
                    .hint("restore it from a backup: closed months cannot be known without it")
                    .because(error)
            })?);
        }
        Ok(Self { entries })
    }

    /// The journal as it is published.
    ///
    /// # Errors
    /// Never, as long as entries are texts and numbers.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in &self.entries {
            serde_json::to_writer(&mut bytes, entry).map_err(|error| Error::bug_of("write the closings", error))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// The months of each stamp that are closed, with the last closing of each.
    pub fn closed(&self) -> BTreeMap<(Stamp, Month), &ClosingEntry> {
        let mut closed = BTreeMap::new();
        for entry in &self.entries {
            let key = (entry.stamp.clone(), entry.month);
            match entry.action {
                Action::Close => drop(closed.insert(key, entry)),
                Action::Reopen => drop(closed.remove(&key)),
            }
        }
        closed
    }
}
