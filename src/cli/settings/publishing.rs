//! What is published, and where.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::{Deserialize, Serialize};

use super::choices::CsvFact;
use super::group::{defaults, lossy_or_none};

/// The heading of these flags in every help.
pub const HEADING: &str = "Publishing";
/// Later days that must be covered for a day to be settled.
const SETTLING_DAYS: u16 = 2;

/// Where to publish.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct OutSettings {
    /// Folder to publish to; it is made if need be, and may hold an earlier publication
    #[arg(short, long, value_name = "OUT", display_order = 1, value_hint = ValueHint::DirPath)]
    #[serde(serialize_with = "lossy_or_none")]
    pub out: Option<PathBuf>,
}

/// When a day is settled.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct SettlingSettings {
    /// Later days whose reported time must be there for a day to be settled
    #[arg(long, value_name = "DAYS", default_value_t = SETTLING_DAYS)]
    pub settling_days: u16,
}

/// What else is published, or is not.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct ContentSettings {
    /// Also publish this fact as flat CSV; daily and monthly always are
    #[arg(long, value_name = "FACT", value_enum)]
    pub csv: Option<CsvFact>,
    /// Leave personal data out of everything published: owners and display names of user subscriptions
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    pub no_owners: bool,
}
