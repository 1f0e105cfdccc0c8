//! The settings in force, and where each comes from.

use serde_json::{Map, Value, json};

use super::layout::{Page, TextColumn, TextTable, Width};
use crate::cli::settings::in_force::{SettingInForce, SettingSource};

/// A table of the settings.
pub fn text(settings: &[SettingInForce], width: Width) -> String {
    let mut page = Page::new(width);
    let columns = [TextColumn::whole("setting"), TextColumn::text("value"), TextColumn::text("from")];
    let rows = settings.iter().map(|setting| [setting.name.clone(), value(&setting.value), source(&setting.source)]);
    page.table(0, &TextTable::new(columns, rows));
    page.finish()
}

/// A value for people: without the quotes and brackets that it has in the file.
fn value(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn source(source: &SettingSource) -> String {
    match source {
        SettingSource::Default => "default".to_owned(),
        SettingSource::Flag => "flag".to_owned(),
        SettingSource::File(place) => format!("{}:{}", place.file.display(), place.line),
    }
}

/// The settings by name, with values as a receipt records them.
pub fn json(settings: &[SettingInForce]) -> String {
    let entry = |setting: &SettingInForce| {
        let mut entry = json!({ "value": setting.value });
        match &setting.source {
            SettingSource::Default => entry["from"] = json!("default"),
            SettingSource::Flag => entry["from"] = json!("flag"),
            SettingSource::File(place) => {
                entry["from"] = json!("file");
                entry["file"] = json!(place.file.to_string_lossy());
                entry["line"] = json!(place.line);
            }
        }
        (setting.name.clone(), entry)
    };
    let settings: Map<String, Value> = settings.iter().map(entry).collect();
    format!("{:#}\n", json!({ "settings": settings }))
}
