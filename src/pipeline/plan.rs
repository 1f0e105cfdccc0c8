//! What a run is to do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::attribute::Rules;
use crate::domain::finding::FindingCode;
use crate::domain::ledger::LedgerRules;
use crate::domain::{Currency, Rounding, Stamp, Tiering};
use crate::publication::Patience;
use crate::publication::receipt::Receipt;
use crate::read::Reading;

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
    pub rules: Rules,
    /// What was said of files that do not say it themselves.
    pub reading: Reading,
    /// What counts where several exports cover the same reported time.
    pub ledger: LedgerRules,
    /// Later days that must be covered for a day to be settled.
    pub settling_days: u16,
    /// How months are rated and billed, where there is a price book.
    pub tiering: Tiering,
    pub rounding: Rounding,
    /// What statements are billed in; `None`: what the exchange rates lead to, and without any the currency of each
    /// price.
    pub billing_currency: Option<Currency>,
    /// Publish the accounts of the owners of user subscriptions.
    pub with_owners: bool,
    /// Also publish the hourly fact as flat CSV.
    pub csv_hourly: bool,
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
        let encoding = self.reading.encoding.filter(|_| !receipt.inputs.iter().any(|file| file.by_encoding));
        let unused =
            |own| format!("--encoding {own} served nothing: every file is UTF-8, UTF-16 or UTF-32 as it stands");
        encoding.into_iter().map(unused).collect()
    }

    /// The settings that decide what is read, used or published: what was made with others cannot serve.
    pub(super) fn deciding_settings(&self) -> BTreeMap<String, serde_json::Value> {
        // Overrides are snapshots, and are compared as such; the others say where, how fast, and what is refused.
        const OTHERS: [&str; 24] = [
            "root",
            "out",
            // Each stamp is made by itself; those that are not named stay.
            "stamp",
            "forget",
            "threads",
            "strict",
            "accept",
            "rejects-max",
            "wait",
            "full",
            "verify",
            "keep-missing",
            "registration-override",
            "snapshot-age-max",
            "confirm-empty-listing",
            "confirm-shrunken",
            "settling-days",
            "overdue-after",
            "log-format",
            "log-level",
            "metrics",
            // Charges are made of days, and know themselves whether they still stand.
            "tiering",
            "rounding",
            "billing-currency",
        ];
        let settings = self.settings.as_object().into_iter().flatten();
        let deciding = settings.filter(|(name, _)| !OTHERS.contains(&name.as_str()));
        deciding.map(|(name, value)| (name.clone(), value.clone())).collect()
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
