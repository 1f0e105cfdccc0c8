//! The settings of a run.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::deciding::DecidingSettings;
use crate::attribute::Tolerance;
use crate::domain::finding::{FindingCode, Severity};
use crate::domain::{Currency, Rounding, Stamp, Tiering};
use crate::publication::Patience;
use crate::publication::receipt::Receipt;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub root: PathBuf,
    /// Where to publish; `None` rehearses the run as if into a new folder.
    pub out: Option<PathBuf>,
    /// Do everything in `out` except the commit, and tell what it would change.
    pub rehearse: bool,
    /// What to do if another run holds the lock of OUT.
    pub patience: Patience,
    /// Only these stamps; all if empty.
    pub stamps: Vec<Stamp>,
    /// The settings that decide published figures. The others do not, except for what is compared separately:
    /// snapshots, and how months are charged.
    pub deciding: DecidingSettings,
    /// Which faults of snapshots are refused, and which are findings.
    pub tolerance: Tolerance,
    /// The number of later days that must be covered for a day to be settled.
    pub settling_days: u16,
    /// How months are rated and billed, if there is a price book.
    pub tiering: Tiering,
    pub rounding: Rounding,
    /// The currency of statements; `None`: the target of the exchange rates, or without any, the currency of each
    /// price.
    pub billing_currency: Option<Currency>,
    /// Refuse findings of this severity and graver ones.
    pub strict: Option<Severity>,
    /// Findings that are accepted.
    pub accept: Vec<FindingCode>,
    /// Hours after the end of its newest window until a stamp is overdue; `None`: derived from its rhythm.
    pub overdue_after: Option<u16>,
    /// Refuse more rejects than this.
    pub rejects_max: Option<u64>,
    /// Published inputs that may vanish, by name: stamps, folders of exports, `prices`, `names` …, or `all`.
    pub forget: Vec<String>,
    /// Snapshots that replace a stamp's own: `[stamp=]file`.
    pub overrides: Vec<String>,
    /// The settings as the receipt prints them.
    pub settings: serde_json::Value,
    /// How much of the last run is reused.
    pub reuse: Reuse,
    /// The clock, only for the receipt.
    pub now: fn() -> DateTime<Utc>,
}

impl Plan {
    /// Sentences about settings that no input needed.
    pub(super) fn unused(&self, receipt: &Receipt) -> Vec<String> {
        let encoding = self.deciding.reading.encoding.filter(|_| !receipt.inputs.iter().any(|file| file.by_encoding));
        let unused = |encoding| {
            format!("--encoding {encoding} served nothing: every file is UTF-8, UTF-16 or UTF-32 as it stands")
        };
        encoding.into_iter().map(unused).collect()
    }
}

/// How much of the last run is reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reuse {
    /// Make everything again.
    pub full: bool,
    /// Hash inputs and published files instead of trusting their stats.
    pub verify: bool,
    /// Let exports count that are no longer in the root.
    pub keep_missing: bool,
}
