//! The settings that decide published figures, as one type: tables made with other settings cannot be reused.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::attribute::Rules;
use crate::domain::ledger::LedgerRules;
use crate::read::Reading;

/// The settings that decide what is read, used or published of days.
///
/// ```text
/// DecidingSettings ──stages──▶ published days
///        └─────────values()──▶ the state of the run: another value settles all days again
/// ```
/// The stages take the settings from here, and all of them are compared, so a new field cannot be forgotten. Settings
/// that only tell where to read and write, how fast, and what is refused, are in [`Plan`](super::Plan). So are settings
/// that do not decide the figures of a day: overrides are snapshots and are compared as snapshots; charges themselves
/// check whether tiers, rounding and billing currency changed; and `coverage`, which depends on when a day is settled,
/// is made by each run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DecidingSettings {
    /// How files are read that do not say it themselves.
    #[serde(flatten)]
    pub reading: Reading,
    /// Which export counts if several cover the same reported time.
    #[serde(flatten)]
    pub ledger: LedgerRules,
    /// Who pays.
    #[serde(flatten)]
    pub rules: Rules,
    /// Publish the accounts of the owners of user subscriptions.
    #[serde(rename = "no-owners", serialize_with = "negated")]
    pub with_owners: bool,
    /// Also publish the hourly fact as flat CSV.
    #[serde(rename = "csv", serialize_with = "as_fact")]
    pub csv_hourly: bool,
}

impl Default for DecidingSettings {
    fn default() -> Self {
        Self {
            reading: Reading::default(),
            ledger: LedgerRules::default(),
            rules: Rules::default(),
            with_owners: true,
            csv_hourly: false,
        }
    }
}

impl DecidingSettings {
    /// The values of all settings, by the names of their flags.
    pub fn values(&self) -> BTreeMap<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(values)) => values.into_iter().collect(),
            _ => unreachable!("a struct of names, numbers and texts is an object"),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over so")]
fn negated<S: Serializer>(with_owners: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!with_owners)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over so")]
fn as_fact<S: Serializer>(csv_hourly: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    csv_hourly.then_some("hourly").serialize(serializer)
}
