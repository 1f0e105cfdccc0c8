//! Settings, said once: a field of a group below is a flag, a key of the settings file, and a line of the receipt.
//!
//! ```text
//! ToleranceSettings {                     --settling-days 1       a flag wins
//!     /// Refuse findings: …              strict = true           over the settings file,
//!     strict: bool,                       strict: false           and that over the default of the flag
//! }
//! ```
//! Its name, type, help and default stand there and nowhere else: clap derives the flag, serde the key. A new setting is a field
//! of the group that it belongs to; what it means for a run is said in `cli/plan`, and whether it decides published figures by
//! where its value goes from there (`pipeline::DecidingSettings`).

pub mod attribution;
pub mod choices;
mod file;
pub mod in_force;
pub mod input;
pub mod output;
pub mod prices;
pub mod publishing;
pub mod running;
pub mod tolerated;

use std::marker::PhantomData;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::{Serialize, Serializer};

use self::attribution::{MomentSettings, OperatorSettings, WhatIfSettings};
pub use self::file::{Said, SettingsFile};
use self::input::{ConfirmationSettings, InputSettings};
use self::output::{LogSettings, MetricsSettings};
use self::prices::{CurrencySettings, RatingSettings};
use self::publishing::{ContentSettings, OutSettings, SettlingSettings};
use self::running::{LockSettings, ReuseSettings, ThreadSettings};
use self::tolerated::ToleranceSettings;

/// All that a settings file can say. Each is as its default has it until something says otherwise.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    #[command(flatten)]
    #[serde(flatten)]
    pub out: OutSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub making: MakingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub lock: LockSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub reuse: ReuseSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub log: LogSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub metrics: MetricsSettings,
}

/// How figures are made of a root, and which of them are refused: whatever is done with them then.
#[derive(Clone, Debug, Args, Serialize)]
pub struct MakingSettings {
    #[command(flatten)]
    #[serde(flatten)]
    pub input: InputSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub moment: MomentSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub operator: OperatorSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub what_if: WhatIfSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub rating: RatingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub currency: CurrencySettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub settling: SettlingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub content: ContentSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub confirmations: ConfirmationSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub tolerance: ToleranceSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub threads: ThreadSettings,
}

impl Default for Settings {
    fn default() -> Self {
        defaults()
    }
}

/// A group as it is where nothing is said: each field by the default of its flag.
pub fn defaults<G: Args>() -> G {
    let mut nothing_typed = flags_of::<G>().no_binary_name(true).get_matches_from(std::iter::empty::<&str>());
    G::from_arg_matches_mut(&mut nothing_typed).expect("a setting that is not said is its default, or `None`")
}

/// A command of these flags and no others.
pub fn flags_of<G: Args>() -> Command {
    G::augment_args(Command::new("settings").disable_help_flag(true).disable_version_flag(true))
}

/// The names of a group's flags and keys, in order of their fields.
pub fn names_of<G: Args>() -> Vec<String> {
    flags_of::<G>().get_arguments().filter_map(|flag| flag.get_long().map(str::to_owned)).collect()
}

/// The flags of a group as they were typed: what was not typed is not in it, though it may have a default.
#[derive(Clone, Debug)]
pub struct Typed<G> {
    matches: ArgMatches,
    group: PhantomData<fn() -> G>,
}

impl<G: Args> Typed<G> {
    /// Lays what was typed over what a settings file says.
    pub fn lay_over(&self, group: &mut G) {
        group.update_from_arg_matches(&self.matches).expect("what was typed is what its flag takes");
    }

    /// The names of the flags that were typed.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let command = flags_of::<G>();
        let flags: Vec<(String, String)> = command
            .get_arguments()
            .filter_map(|flag| Some((flag.get_id().to_string(), flag.get_long()?.to_owned())))
            .collect();
        flags.into_iter().filter(|(id, _)| self.matches.contains_id(id)).map(|(_, name)| name)
    }
}

impl<G: Args> FromArgMatches for Typed<G> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut matches = matches.clone();
        for flag in flags_of::<G>().get_arguments() {
            let id = flag.get_id().as_str();
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                matches.try_clear_id(id).expect("a flag of this command");
            }
        }
        Ok(Self { matches, group: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<G: Args> Args for Typed<G> {
    fn augment_args(command: Command) -> Command {
        G::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        G::augment_args_for_update(command)
    }
}

/// A path as a receipt shows it, though it be no UTF-8.
#[expect(clippy::ref_option, reason = "serde hands the field over so")]
fn lossy_or_none<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}
