//! What is tolerated, and what is refused.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::group::defaults;
use super::strict::Strict;
use crate::attribute::Tolerance;

/// The heading of these flags in every help.
pub const HEADING: &str = "What is tolerated";

/// Which findings and rejects are refused.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct ToleranceSettings {
    /// Days by which a snapshot may be older than the usage that it serves; more is a finding
    #[arg(long, value_name = "DAYS", default_value_t = Tolerance::SNAPSHOT_AGE_MAX)]
    pub snapshot_age_max: u16,
    /// Refuse findings: end with exit code 3 where there is one, or a stamp is overdue. A severity (note, warning,
    /// error) refuses that one and graver ones; without it all are refused
    #[arg(long, value_name = "SEVERITY", value_enum, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "note", default_value_t, hide_default_value = true, hide_possible_values = true)]
    pub strict: Strict,
    /// Findings that are known and meant, by their codes: --strict tolerates them
    #[arg(long, value_name = "CODE", num_args = 1..)]
    pub accept: Vec<String>,
    /// Hours after the end of its newest reported window from which on a stamp is overdue [default: the median length
    /// of its latest seven windows, at least 24; 72 more where that is longer than a day]
    #[arg(long, value_name = "HOURS")]
    pub overdue_after: Option<u16>,
    /// Refuse more than N rejected lines, old and new: end with exit code 3 instead of publishing
    #[arg(long, value_name = "N")]
    pub rejects_max: Option<u64>,
}
