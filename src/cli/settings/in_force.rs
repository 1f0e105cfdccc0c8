//! What is in force for a run, and where each value comes from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::all::Settings;
use super::file::{KeyPlace, SettingsFile};
use super::group::{TypedFlags, names_of};
use crate::error::{Error, Result};

/// A setting as it is in force.
#[derive(Debug)]
pub struct SettingInForce {
    /// Of its flag and its key.
    pub name: String,
    /// As a receipt records it; null where it is not set, and has no value by itself.
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

/// Every setting, in order of the groups, and all of them together.
///
/// # Errors
/// A fault of our own: settings that cannot be written down.
pub fn in_force(file: SettingsFile, typed: &TypedFlags<Settings>) -> Result<(Settings, Vec<SettingInForce>)> {
    let SettingsFile { mut settings, said } = file;
    typed.lay_over(&mut settings);
    let names: BTreeSet<String> = typed.names().collect();
    let values = serde_json::to_value(&settings).map_err(|error| Error::bug_of("write the settings down", error))?;
    let setting = |name: String| {
        let source = match said.get(&name) {
            _ if names.contains(&name) => SettingSource::Flag,
            Some(said) => SettingSource::File(said.clone()),
            None => SettingSource::Default,
        };
        SettingInForce { value: values[&name].clone(), name, source }
    };
    let all = names_of::<Settings>().into_iter().map(setting).collect();
    Ok((settings, all))
}
