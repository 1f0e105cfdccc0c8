//! In which shape a producer wrote a file: decided from its content, never from its name, and said aloud. And what a file
//! that is not what its folder says is instead: people save what the API answered, and that may be an error, an empty
//! file, a page cut in half or a sign-in page.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::root::InputFile;
use crate::domain::registration_error;
use crate::error::Error;

/// The shape of a file's rows (reference §3). One file has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// Pages of the REST APIs.
    RestPages,
    /// Rows of the REST APIs without the page around them.
    RestRows,
    /// Pages as PowerShell's cmdlets give them to `ConvertTo-Json`: names begin with capitals.
    PowerShellPages,
    /// Their rows alone, values nested or flat.
    PowerShell,
    /// Rows of the Azure SDK for Python: names like `usage_start_time`.
    Python,
    /// The same by way of `Export-Csv`.
    PowerShellCsv,
    /// Rows as JSON that have `resourceUri`, `location`, `tags` and `additionalInfo` in the stead of `instanceData`.
    Table,
    /// `Usagesummary.ps1` since September 2018: 14 columns.
    UsageSummary,
    /// `Usagesummary.ps1` of 2017: 12 columns, or 11 where the first meter was unknown.
    UsageSummary2017,
    /// The App Service scripts.
    AppService,
    /// HPE's `Get-AzsUsageInfo.ps1`, as JSON or as a table.
    Hpe,
    /// The converter script: four values in the stead of `additionalInfo`.
    Converter,
    /// Another table with all that a line needs.
    OtherTable,
    /// The `lines` that stacktally published.
    PublishedLines,
    /// The `resources` that stacktally published beside them.
    PublishedResources,
}

impl Shape {
    /// As the receipt says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RestPages => "REST pages",
            Self::RestRows => "REST rows",
            Self::PowerShellPages => "PowerShell pages",
            Self::PowerShell => "PowerShell rows",
            Self::PowerShellCsv => "PowerShell rows as CSV",
            Self::Python => "Azure SDK for Python rows",
            Self::Table => "usage table as JSON",
            Self::UsageSummary => "Usagesummary.ps1",
            Self::UsageSummary2017 => "Usagesummary.ps1 of 2017",
            Self::AppService => "App Service scripts",
            Self::Hpe => "HPE Get-AzsUsageInfo.ps1",
            Self::Converter => "converter script",
            Self::OtherTable => "usage table",
            Self::PublishedLines => "published lines",
            Self::PublishedResources => "published resources",
        }
    }

    /// What files of this shape lack beside what the REST APIs return, one sentence each (reference §3).
    pub const fn lacks(self) -> &'static [&'static str] {
        const CHAIN: &str = "no nextLink: nothing proves that the last page is there";
        match self {
            Self::RestPages | Self::PowerShellPages | Self::PublishedResources => &[],
            Self::RestRows | Self::PowerShell | Self::PowerShellCsv | Self::Python => &[CHAIN],
            Self::Table | Self::OtherTable | Self::UsageSummary2017 => &[CHAIN],
            Self::UsageSummary => &[
                CHAIN,
                "no tenant id: subowner is an account, and is not used",
                "since December 2021 the script leaves out user subscriptions that were deleted before it ran",
            ],
            Self::AppService => &[CHAIN, "only App Service meters; UnitPrice and Amount are not used"],
            Self::Hpe => {
                &[CHAIN, "Tenant and OpenRate are not used: an unknown user subscription is called mystery-user there"]
            }
            Self::Converter => &[CHAIN, "of additionalInfo only ServiceType, Publisher, Offer and Sku"],
            Self::PublishedLines => &[
                "file and row are those of this file, not of the export behind it",
                "nothing says whether these are all lines of their export, nor whether that was whole",
            ],
        }
    }

    /// Whether files of this shape are pages, which say whether another follows.
    pub const fn is_pages(self) -> bool {
        matches!(self, Self::RestPages | Self::PowerShellPages)
    }

    /// The shape of such a row outside a page.
    pub const fn without_page(self) -> Self {
        match self {
            Self::RestPages => Self::RestRows,
            Self::PowerShellPages => Self::PowerShell,
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

/// Whether a text is neither JSON nor a table at first sight: empty, HTML or XML.
pub fn is_refused_at_sight(text: &str) -> bool {
    let trimmed = text.trim_start();
    trimmed.is_empty() || trimmed.starts_with('<')
}

/// The refusal of text that is neither JSON nor a table with the columns that were expected.
pub fn no_table(file: &InputFile, text: &str, expected: &str, columns: &[&str]) -> Error {
    Error::input(format!(
        "begins with {:?}, where {expected} was expected, as JSON or as a table",
        first_word(text.trim_start())
    ))
    .at(&file.name)
    .hint(format!("a table has a header with the columns {}", columns.join(", ")))
}

/// The refusal of an answer that says that the query failed.
pub fn error_body(file: &InputFile, expected: &str, body: &RawValue) -> Error {
    let (code, text) = error_text(body);
    let refused = Error::input(format!("an error body, where {expected} was expected: {text}")).at(&file.name);
    match code.as_deref().and_then(registration_error::remedy) {
        Some(remedy) => refused.hint(format!("{remedy}; then run the query again, and replace the file")),
        None => refused.hint(
            "the query failed and its answer was saved as a file: run it again, with a smaller window or one \
             subscription at a time if it timed out, and replace the file",
        ),
    }
}

/// Whether a text was cut within a number: the parser calls that an invalid number, not an end.
fn ends_within_number(text: &str) -> bool {
    text.ends_with(['.', 'e', 'E', '+', '-'])
}

/// The code, and `GatewayTimeout: The gateway did not receive …`, from `{"code":…,"message":…}` or whatever stands there.
fn error_text(body: &RawValue) -> (Option<String>, String) {
    let parts: BTreeMap<String, serde_json::Value> = serde_json::from_str(body.get()).unwrap_or_default();
    let text = |key: &str| parts.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let code = text("code");
    let shown = match (code.clone(), text("message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(either), None) | (None, Some(either)) => either,
        (None, None) => body.get().chars().take(200).collect(),
    };
    (code, shown)
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(60).collect()
}
