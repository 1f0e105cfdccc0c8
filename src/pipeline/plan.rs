//! What a run is to do.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::deciding::DecidingSettings;
use crate::attribute::Tolerance;
use crate::domain::finding::FindingCode;
use crate::domain::{Currency, Rounding, Stamp, Tiering};
use crate::publication::Patience;
use crate::publication::receipt::Receipt;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub root: PathBuf,
    /// Where to publish; `None` rehearses the run as one into a new folder.
    pub out: Option<PathBuf>,
    /// Do everything in `out` but the commit, and say what it would change.
    pub rehearse: bool,
    /// What to do while another run holds OUT.
    pub patience: Patience,
    /// Only these stamps; all when empty.
    pub stamps: Vec<Stamp>,
    /// What decides published figures. Nothing else here does, but for what is compared by itself: snapshots, and how
    /// months are charged.
    pub deciding: DecidingSettings,
    /// What of snapshots is refused or found.
    pub tolerance: Tolerance,
    /// Later days that must be covered for a day to be settled.
    pub settling_days: u16,
    /// How months are rated and billed, where there is a price book.
    pub tiering: Tiering,
    pub rounding: Rounding,
    /// What statements are billed in; `None`: what the exchange rates lead to, and without any the currency of each
    /// price.
    pub billing_currency: Option<Currency>,
    /// Refuse findings.
    pub strict: bool,
    /// Findings that are tolerated all the same.
    pub accept: Vec<FindingCode>,
    /// Hours after the end of its newest window from which on a stamp is overdue; `None`: as its rhythm says.
    pub overdue_after: Option<u16>,
    /// Refuse more rejects than this.
    pub rejects_max: Option<u64>,
    /// What may vanish though it was published, by name: stamps, folders of exports, `prices`, `names` …, or `all`.
    pub forget: Vec<String>,
    /// Snapshots that serve in the stead of a stamp's own: `[stamp=]file`.
    pub overrides: Vec<String>,
    /// As the receipt prints them.
    pub settings: serde_json::Value,
    /// How much of the last run is taken as it is.
    pub reuse: Reuse,
    /// The clock, for the receipt alone.
    pub now: fn() -> DateTime<Utc>,
}

impl Plan {
    /// What was said, and was not needed for any input.
    pub(super) fn unused(&self, receipt: &Receipt) -> Vec<String> {
        let encoding = self.deciding.reading.encoding.filter(|_| !receipt.inputs.iter().any(|file| file.by_encoding));
        let unused =
            |own| format!("--encoding {own} served nothing: every file is UTF-8, UTF-16 or UTF-32 as it stands");
        encoding.into_iter().map(unused).collect()
    }
}

/// How much of the last run is taken as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reuse {
    /// Make everything anew.
    pub full: bool,
    /// Hash inputs and published files instead of trusting what the file system says of them.
    pub verify: bool,
    /// Let exports count that are no longer in the root.
    pub keep_missing: bool,
}
