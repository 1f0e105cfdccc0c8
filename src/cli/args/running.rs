//! Arguments of commands that make or change a publication. Typed settings replace those of a file; the others apply to
//! one run alone, so no settings file has them.

use std::path::PathBuf;

use clap::Args;

use super::places::{OutArgs, SettingsFlag};
use crate::cli::settings::output::{HEADING as OUTPUT, LogSettings, MetricsSettings};
use crate::cli::settings::publishing::OutSettings;
use crate::cli::settings::running::{HEADING as RUNNING, LockSettings, ReuseSettings};
use crate::cli::settings::{MakingSettings, TypedFlags};

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub out: TypedFlags<OutSettings>,
    #[command(flatten)]
    pub making: MakingArgs,
    #[command(flatten)]
    pub metrics: TypedFlags<MetricsSettings>,
    /// Print the summary as JSON, however the run ends
    #[arg(long, help_heading = OUTPUT, display_order = 101)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Folder of a publication: say what `run` would change, remove or refuse there, and leave it as it is [default:
    /// that of the settings, where it holds a publication]
    #[arg(short, long, value_name = "OUT", display_order = 1)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub making: MakingArgs,
    /// Print the summary as JSON, however the check ends
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// What `run` and `check` share.
#[derive(Debug, Args)]
pub struct MakingArgs {
    #[command(flatten)]
    pub settings: SettingsFlag,
    #[command(flatten)]
    pub making: TypedFlags<MakingSettings>,
    #[command(flatten)]
    pub lock: TypedFlags<LockSettings>,
    #[command(flatten)]
    pub reuse: TypedFlags<ReuseSettings>,
    #[command(flatten)]
    pub forget: ForgetArgs,
    #[command(flatten)]
    pub log: TypedFlags<LogSettings>,
    #[command(flatten)]
    pub talk: Talk,
}

/// What may vanish though it was published.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = RUNNING)]
pub struct ForgetArgs {
    /// Let go of what was published and is gone from the root: stamps, folders of exports (such as
    /// north/usage/2026-10-05, or north/usage/2026-09-*), `prices`, `vendor-prices`, `names`, `meters`,
    /// `exchange-rates`, or `all`
    #[arg(long, value_name = "NAME", num_args = 1.., display_order = 6)]
    pub forget: Vec<String>,
}

/// How much is said of a run.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = OUTPUT)]
pub struct Talk {
    /// Say nothing but errors: no progress, no summary; --json still prints its object
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: log every step and every file read as text, or as --log-format says
    #[arg(short, long, conflicts_with = "log_level")]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The month of usage, UTC, such as 2026-10
    #[arg(value_name = "MONTH")]
    pub month: String,
    #[command(flatten)]
    pub closing: ClosingArgs,
    /// Close it although there are reasons against it: days that are not settled, usage that is unpriced or that nobody
    /// is known for, findings of severity error
    #[arg(long, requires = "reason")]
    pub force: bool,
    /// Why; it is kept in the journal of closings
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReopenArgs {
    /// The month of usage, UTC, such as 2026-10
    #[arg(value_name = "MONTH")]
    pub month: String,
    #[command(flatten)]
    pub closing: ClosingArgs,
    /// Why; it is kept in the journal of closings
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// What closing and opening share.
#[derive(Debug, Args)]
pub struct ClosingArgs {
    #[command(flatten)]
    pub out: OutArgs,
    /// Only of these stamps; without it of all that have usage in the month
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub stamp: Option<Vec<String>>,
    #[command(flatten)]
    pub lock: TypedFlags<LockSettings>,
}

#[derive(Debug, Args)]
pub struct RecoverArgs {
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub lock: TypedFlags<LockSettings>,
}
