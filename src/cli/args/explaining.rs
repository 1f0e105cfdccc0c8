//! Arguments of commands about stacktally itself: which settings are in force.

use clap::Args;

use super::places::SettingsFlag;
use crate::cli::settings::output::HEADING as OUTPUT;
use crate::cli::settings::{Settings, TypedFlags};

#[derive(Debug, Args)]
pub struct SettingsArgs {
    #[command(flatten)]
    pub typed: TypedFlags<Settings>,
    #[command(flatten)]
    pub file: SettingsFlag,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT, display_order = 101)]
    pub json: bool,
}
