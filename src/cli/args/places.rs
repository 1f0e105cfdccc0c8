//! Arguments that most commands need: a publication, and a settings file.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Which publication it is.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// Folder of a publication
    #[arg(short, long, value_name = "OUT", display_order = 0, value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Take OUT from a settings file, unless --out names it
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Where the settings are that are not typed.
#[derive(Clone, Debug, Args)]
pub struct SettingsFlag {
    /// Read settings from a TOML file: the same names as the flags, which win; its paths are relative to it
    #[arg(long = "settings", value_name = "FILE")]
    pub file: Option<PathBuf>,
}
