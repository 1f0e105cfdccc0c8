//! The settings in force for a run, and where each value comes from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::all::Settings;
use super::file::{KeyPlace, SettingsFile};
use super::group::{TypedFlags, names_of};
use crate::error::{Error, Result};

/// A setting as it is in force.
#[derive(Debug)]
pub struct SettingInForce {
    /// The name of its flag and of its key.
    pub name: String,
    /// As a receipt records it; null where it is not set and has no default.
    pub value: Value,
    pub source: SettingSource,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum SettingSource {
    Default,
    File(KeyPlace),
    Flag,
}

/// Every setting in the order of the groups, and all of them as one.
///
/// # Errors
/// A bug of stacktally: settings that cannot be written.
pub fn in_force(file: SettingsFile, typed: &TypedFlags<Settings>) -> Result<(Settings, Vec<SettingInForce>)> {
    let SettingsFile { mut settings, places } = file;
    typed.lay_over(&mut settings);
    let names: BTreeSet<String> = typed.names().collect();
    let values = serde_json::to_value(&settings).map_err(|error| Error::bug_of("write the settings down", error))?;
    let setting = |name: String| {
        let source = match places.get(&name) {
            _ if names.contains(&name) => SettingSource::Flag,
            Some(place) => SettingSource::File(place.clone()),
            None => SettingSource::Default,
        };
        SettingInForce { value: values[&name].clone(), name, source }
    };
    let all = names_of::<Settings>().into_iter().map(setting).collect();
    Ok((settings, all))
}
