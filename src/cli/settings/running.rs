//! How a run works: nothing here changes a published figure.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::group::defaults;

/// The heading of these flags in every help.
pub const HEADING: &str = "How it runs";

/// What the commands share that write to OUT.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct LockSettings {
    /// Wait while another run holds OUT, instead of ending with exit code 7
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    #[arg(display_order = 2)]
    pub wait: bool,
}

/// How much of the last run is taken as it is.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct ReuseSettings {
    /// Rebuild everything, whatever the last run left
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    #[arg(display_order = 3)]
    pub full: bool,
    /// Hash all inputs and published files, instead of trusting those whose size, times and inode are as they were
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    #[arg(display_order = 4)]
    pub verify: bool,
    /// Keep counting exports that are gone from the root, by their published lines: for those who archive
    /// their exports
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value_t, hide_default_value = true, hide_possible_values = true)]
    #[arg(display_order = 5, help_heading = super::tolerated::HEADING)]
    pub keep_missing: bool,
}

/// How fast a root is read.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct ThreadSettings {
    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
