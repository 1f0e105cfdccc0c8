//! What can be done with any group of settings, since clap and serde know its fields.

use std::marker::PhantomData;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::{Serialize, Serializer};

/// A group where nothing is given: each field has the default of its flag.
pub(super) fn defaults<G: Args>() -> G {
    let mut nothing_typed = flags_of::<G>().no_binary_name(true).get_matches_from(std::iter::empty::<&str>());
    G::from_arg_matches_mut(&mut nothing_typed).expect("a setting that is not said is its default, or `None`")
}

/// A command of these flags and no others.
pub(super) fn flags_of<G: Args>() -> Command {
    G::augment_args(Command::new("settings").disable_help_flag(true).disable_version_flag(true))
}

/// The names of a group's flags and keys, in the order of its fields.
pub(super) fn names_of<G: Args>() -> Vec<String> {
    flags_of::<G>().get_arguments().filter_map(|flag| flag.get_long().map(str::to_owned)).collect()
}

/// The flags of a group that were typed: a flag that was not typed is not in it, even if it has a default.
#[derive(Clone, Debug)]
pub struct TypedFlags<G> {
    matches: ArgMatches,
    group: PhantomData<fn() -> G>,
}

impl<G: Args> TypedFlags<G> {
    /// Lays what was typed over the settings of a file.
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

impl<G: Args> FromArgMatches for TypedFlags<G> {
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

impl<G: Args> Args for TypedFlags<G> {
    fn augment_args(command: Command) -> Command {
        G::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        G::augment_args_for_update(command)
    }
}

/// A path as a receipt shows it, even if it is no UTF-8.
///
/// # Errors
/// The errors of the serializer.
#[expect(clippy::ref_option, reason = "serde hands the field over so")]
pub(super) fn lossy_or_none<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}
