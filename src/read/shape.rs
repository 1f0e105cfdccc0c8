//! In which shape a producer wrote a file: decided from its content, never from its name, and said aloud. And what a file
//! that is not what its folder says is instead: people save what the API answered, and that may be an error, an empty
//! file, a page cut in half or a sign-in page.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

use super::root::InputFile;
use crate::error::Error;

/// The shape of a file's rows (reference §3). One file has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Pages of the REST APIs.
    RestPages,
    /// Rows of the REST APIs without the page around them.
    RestRows,
    /// What PowerShell's cmdlets give to `ConvertTo-Json`: names begin with capitals, values nested or flat.
    PowerShell,
    /// Rows that have `resourceUri`, `location`, `tags` and `additionalInfo` in the stead of `instanceData`.
    Table,
}

impl Shape {
    /// As the receipt says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RestPages => "REST pages",
            Self::RestRows => "REST rows",
            Self::PowerShell => "PowerShell rows",
            Self::Table => "usage table",
        }
    }

    /// The shape of such a row outside a page.
    pub const fn without_page(self) -> Self {
        match self {
            Self::RestPages => Self::RestRows,
            other => other,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The refusal of a file that failed to parse as `expected` (such as `a page of usage`).
pub fn refusal(file: &InputFile, text: &str, expected: &str, error: serde_json::Error) -> Error {
    let input = |message: String| Error::input(message).at(&file.name);
    let trimmed = text.trim_start();
    if trimmed.is_empty() {
        return input(format!("an empty file, where {expected} was expected"))
            .hint("fetch it again, or rename it so that it begins with `_` to have it skipped");
    }
    if trimmed.starts_with('<') {
        return input(format!("HTML or XML, where {expected} was expected"))
            .hint("this is often a sign-in or proxy page: run the query again and save its JSON answer");
    }
    if !trimmed.starts_with(['{', '[']) {
        return input(format!("begins with {:?}, where {expected} as JSON was expected", first_word(trimmed)))
            .hint("this version reads the JSON answers of the REST APIs");
    }
    if error.is_eof() || ends_within_number(text) {
        return Error::input(format!("the JSON ends in the middle: {expected} that was cut off"))
            .at_line(&file.name, error.line(), error.column())
            .hint(
                "the download was interrupted: run the query again and replace the file; nothing of a cut page is used",
            );
    }
    if let Ok(keys) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        if let Some(body) = keys.get("error") {
            return error_body(file, expected, body);
        }
        if !keys.contains_key("value") {
            let names: Vec<_> = keys.keys().map(|key| format!("`{key}`")).collect();
            let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            return input(format!("an object with {found}, where {expected} was expected"))
                .hint("save the whole answer of the REST API, as it came");
        }
    } else if serde_json::from_str::<Vec<&RawValue>>(text).is_ok() {
        return input(format!("a JSON array, where {expected} was expected"))
            .hint("save the whole answer of the REST API, as it came, not only a part of it");
    }
    let refused = match error.line() {
        0 => input(format!("not {expected}")), // made by ourselves, of a part of the text
        line => Error::input(format!("not {expected}")).at_line(&file.name, line, error.column()),
    };
    refused.hint("run the query again and replace the file").because(error)
}

/// The refusal of an answer that says that the query failed.
pub fn error_body(file: &InputFile, expected: &str, body: &RawValue) -> Error {
    Error::input(format!("an error body, where {expected} was expected: {}", error_text(body))).at(&file.name).hint(
        "the query failed and its answer was saved as a file: run it again, with a smaller window or one \
         subscription at a time if it timed out, and replace the file",
    )
}

/// Whether a text was cut within a number: the parser calls that an invalid number, not an end.
fn ends_within_number(text: &str) -> bool {
    text.ends_with(['.', 'e', 'E', '+', '-'])
}

/// `GatewayTimeout: The gateway did not receive …`, from `{"code":…,"message":…}` or whatever stands there.
fn error_text(body: &RawValue) -> String {
    let parts: BTreeMap<String, serde_json::Value> = serde_json::from_str(body.get()).unwrap_or_default();
    let text = |key: &str| parts.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(either), None) | (None, Some(either)) => either,
        (None, None) => body.get().chars().take(200).collect(),
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(40).collect()
}
