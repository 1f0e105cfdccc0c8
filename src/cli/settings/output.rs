//! What others can see of a run.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::choices::{LogFormat, LogLevel};
use super::group::{defaults, lossy_or_none};

/// The heading of these flags in every help.
pub const HEADING: &str = "Output and logs";

/// What is said of a run while it goes on.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct LogSettings {
    /// Log to standard error, instead of progress and error texts: one event a line, as text or as JSON objects
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Events that --log-format logs: this level and above
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = LogLevel::Info)]
    pub log_level: LogLevel,
}

/// What a run leaves behind for those who watch it.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct MetricsSettings {
    /// Write a Prometheus textfile about the run, however it ends; node_exporter reads files that end in .prom
    // Shown after the flags that `run` and `check` share.
    #[arg(long, value_name = "FILE", display_order = 100)]
    #[serde(serialize_with = "lossy_or_none")]
    pub metrics: Option<PathBuf>,
}
