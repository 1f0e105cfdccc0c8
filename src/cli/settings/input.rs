//! What is read, and how.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::{Deserialize, Serialize};

use super::choices::{GranularityChoice, Overlap};
use super::group::{defaults, lossy_or_none};
use crate::read::Reading;

/// The heading of these flags in every help.
pub const HEADING: &str = "Input";

/// How a root is read.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct InputSettings {
    /// Folder of exports: <ROOT>/<stamp>/usage/<reported-start>/… and, beside usage, registration,
    /// customer-subscriptions and user-subscriptions
    #[arg(short, long, value_name = "ROOT", display_order = 0, help_heading = None)]
    #[arg(value_hint = ValueHint::DirPath)]
    #[serde(serialize_with = "lossy_or_none")]
    pub root: Option<PathBuf>,
    /// Limit the run to these stamps
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub stamp: Vec<String>,
    /// Where several exports cover the same reported time: refuse them, or let a window that wholly contains others
    /// replace them
    #[arg(long, value_name = "RULE", value_enum, default_value_t = Overlap::Refuse)]
    pub overlap: Overlap,
    /// Where Hourly and Daily exports cover the same reported time: the ones that count; without this they are refused
    #[arg(long, value_name = "GRANULARITY", value_enum)]
    pub granularity: Option<GranularityChoice>,
    /// Culture of the machine that exported tables, such as de-DE, where a table does not decide how its dates and
    /// decimals are written
    #[arg(long, value_name = "NAME")]
    pub culture: Option<String>,
    /// Zone in which usage times without an offset were printed: UTC, +02:00 or Europe/Berlin [default: UTC for
    /// tables, and a finding where they count hours]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub source_time_zone: Option<String>,
    /// Encoding of files that are neither UTF-8 nor marked as UTF-16, such as windows-1252; without this they are
    /// refused
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Days by which usage may be reported after it happened: a file whose usage all lies longer before its reported
    /// window is refused, and some of it a finding
    #[arg(long, value_name = "N", default_value_t = Reading::LATE_DAYS)]
    pub late_days: u16,
    /// Percent of an export's lines that may be set aside; with more, and at least 10 of them, the days that it
    /// completes are not settled
    #[arg(long, value_name = "PERCENT", default_value_t = Reading::REJECTS_PERCENT)]
    pub rejects_percent: u8,
}

/// Snapshots that may be wrong, and are meant.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = super::tolerated::HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct ConfirmationSettings {
    /// Accept an empty list of customer subscriptions, which is often a failed export
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    pub confirm_empty_registration: bool,
    /// Accept an empty listing of user subscriptions, which is often a failed export
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    pub confirm_empty_listing: bool,
    /// Accept these customer lists and listings, which name fewer than half of what the one before them does; each by
    /// its name in the root, such as north/user-subscriptions/2026-10-06.json
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub confirm_shrunken: Vec<String>,
}
