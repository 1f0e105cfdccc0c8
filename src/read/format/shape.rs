//! The shape in which a producer wrote a file: recognised from its content, never from its name, and reported. Also
//! what a file is that is no usage or snapshot: people save what the API answered, which may be an error, an empty
//! file, a truncated page or a sign-in page.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::encoding::TextPlace;
use super::json_error::JsonError;
use super::raw::text_of;
use crate::domain::{registration_error, shown};
use crate::error::Error;
use crate::store::InputFile;

/// The shape of a file's rows (reference §3). One file has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// Pages of the REST APIs.
    RestPages,
    /// Rows of the REST APIs without a page.
    RestRows,
    /// Pages as PowerShell's cmdlets pass them to `ConvertTo-Json`: names are capitalised.
    PowerShellPages,
    /// Their rows alone, values nested or flat.
    PowerShell,
    /// Rows of the Azure SDK for Python: names like `usage_start_time`.
    Python,
    /// The same through `Export-Csv`.
    PowerShellCsv,
    /// Rows as JSON that have `resourceUri`, `location`, `tags` and `additionalInfo` instead of `instanceData`.
    Table,
    /// `Usagesummary.ps1` since September 2018: 14 columns.
    UsageSummary,
    /// `Usagesummary.ps1` of 2017: 12 columns, or 11 where the first meter was unknown.
    UsageSummary2017,
    /// The App Service scripts.
    AppService,
    /// HPE's `Get-AzsUsageInfo.ps1`, as JSON or as a table.
    Hpe,
    /// The converter script: four values instead of `additionalInfo`.
    Converter,
    /// Another table with all columns that a line needs.
    OtherTable,
    /// The `lines` that stacktally published.
    PublishedLines,
    /// The `resources` that stacktally published beside them.
    PublishedResources,
}

impl Shape {
    /// The name in the receipt.
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

    /// What files of this shape lack compared with the REST APIs, one sentence each (reference §3).
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
pub(crate) fn refusal(file: &InputFile, text: &str, expected: &str, error: JsonError) -> Error {
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
    if error.is_cut_off() || ends_within_number(text) {
        return at_place(file, format!("the JSON ends in the middle: {expected} that was cut off"), &error).hint(
            "the download was interrupted: run the query again and replace the file; nothing of a cut page is used",
        );
    }
    if let Some(refused) = answer(file, text, expected) {
        return refused;
    }
    if let Ok(keys) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text)
        && !keys.contains_key("value")
    {
        let names = shown::list(keys.keys().map(|key| format!("`{key}`")));
        let found = if names.is_empty() { "nothing".to_owned() } else { names };
        return input(format!("an object with {found}, where {expected} was expected"))
            .hint("save the whole answer of the REST API, as it came");
    }
    not_expected(file, expected, error)
}

/// The refusal of what is not as expected, without a word about what else it is.
pub(in crate::read) fn not_expected(file: &InputFile, expected: &str, error: JsonError) -> Error {
    at_place(file, format!("not {expected}"), &error).hint("run the query again and replace the file").because(error)
}

fn at_place(file: &InputFile, message: String, error: &JsonError) -> Error {
    let refused = Error::input(message);
    match error.place() {
        Some(TextPlace { line, column }) => refused.at_line(&file.name, line, column),
        None => refused.at(&file.name),
    }
}

/// Whether a text is neither JSON nor a table at first sight: empty, HTML or XML, or JSON within a JSON string.
pub(crate) fn is_refused_at_sight(text: &str) -> bool {
    let trimmed = text.trim_start();
    trimmed.is_empty() || ["<", "\"{", "\"["].iter().any(|start| trimmed.starts_with(start))
}

/// The refusal of JSON that is a service's answer to a failed query, or PowerShell's view of an answer; `None` when it
/// is neither.
pub(crate) fn answer(file: &InputFile, text: &str, expected: &str) -> Option<Error> {
    answered(text, expected).map(|error| error.at(&file.name))
}

/// Whether JSON is such an answer; no row is.
pub(crate) fn is_answer(text: &str) -> bool {
    answered(text, "").is_some()
}

/// The same as [`answer`], without the place.
pub(crate) fn answered(text: &str, expected: &str) -> Option<Error> {
    if let Ok(inner) = serde_json::from_str::<String>(text) {
        if inner.starts_with("@{") {
            return Some(printed());
        }
        let encoded_twice = || {
            Error::input(format!("JSON within a JSON string, where {expected} was expected"))
                .hint("the answer was made JSON twice: save it once, without a second ConvertTo-Json or json.dumps")
        };
        return is_json(&inner).then(|| answered(&inner, expected).unwrap_or_else(encoded_twice));
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return items.first().and_then(|first| answered(first.get(), expected));
    }
    let keys = serde_json::from_str::<BTreeMap<String, &RawValue>>(text).ok()?;
    if let Some(errors) = errors_of(&keys) {
        return Some(failed_query(expected, &errors));
    }
    if is_row(&keys) {
        return None;
    }
    if find(&keys, "value").is_some_and(is_list_of_printed) {
        return Some(printed());
    }
    let texts = keys.iter().filter_map(|(key, raw)| Some((key, text_of(raw)?)));
    let (key, inner) = texts.into_iter().find(|(_, text)| is_json(text))?;
    if let Some(refused) = answered(&inner, expected) {
        return Some(refused);
    }
    let key = shown::value(key);
    let is_web_response = ["StatusCode", "RawContent", "Headers"].iter().any(|name| find(&keys, name).is_some());
    let hint = if is_web_response {
        "this is what Invoke-WebRequest returned, its headers too: save its text alone, as with `$answer.Content | \
         Out-File page.json -Encoding utf8`"
            .to_owned()
    } else {
        format!("save the text in `{key}` alone as the file, and not the object around it")
    };
    Some(Error::input(format!("JSON within the text of `{key}`, where {expected} was expected")).hint(hint))
}

/// The value of a name in any case, unless it is null.
fn find<'a>(keys: &BTreeMap<String, &'a RawValue>, name: &str) -> Option<&'a RawValue> {
    let (_, raw) = keys.iter().find(|(key, raw)| key.eq_ignore_ascii_case(name) && raw.get() != "null")?;
    Some(raw)
}

/// Whether an object looks like a row: its other texts are data, and no error message.
fn is_row(keys: &BTreeMap<String, &RawValue>) -> bool {
    ["id", "properties", "subscriptionId", "resourceId"].iter().any(|name| find(keys, name).is_some())
}

/// The refusal of values that PowerShell printed as text, as it does beyond its depth limit.
pub(crate) fn printed() -> Error {
    Error::input("rows whose properties PowerShell printed as text (`@{…}`): their values are lost")
        .hint("ConvertTo-Json stops at two levels: export again with `ConvertTo-Json -Depth 10`")
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn is_list_of_printed(raw: &RawValue) -> bool {
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    items.first().is_some_and(|first| first.get().starts_with("\"@{"))
}

/// The refusal of text that is neither JSON nor a table with the columns that were expected.
pub(crate) fn no_table(file: &InputFile, text: &str, expected: &str, columns: &[&str]) -> Error {
    Error::input(format!(
        "begins with {}, where {expected} was expected, as JSON or as a table",
        shown::quoted(text.split_whitespace().next().unwrap_or_default())
    ))
    .at(&file.name)
    .hint(format!("a table has a header with the columns {}", columns.join(", ")))
}

/// Remedies by error code of the services behind usage and registrations.
const ANSWERED: [(&str, &str); 8] = [
    ("ProcessingNotCompleted", "usage of that time is still being worked on: wait an hour"),
    ("TooManyRequests", "the service was asked too often: wait some minutes"),
    (
        "AuthorizationFailed",
        "the account may not read this: have it given the Reader role on the subscription that was asked",
    ),
    ("AuthenticationFailed", "sign in again"),
    ("InvalidAuthenticationToken", "sign in again, to the directory of the subscription that was asked"),
    ("ExpiredAuthenticationToken", "sign in again"),
    ("SubscriptionNotFound", "correct the subscription in the address that was asked"),
    ("ResourceNotFound", "correct the address that was asked"),
];

/// The refusal of an answer that says that the query failed.
fn failed_query(expected: &str, errors: &[AnswerError]) -> Error {
    let text = shown::joined(errors.iter().map(AnswerError::to_string), "; ");
    let refused = Error::input(format!("an error body, where {expected} was expected: {text}"));
    match errors.iter().filter_map(|error| error.code.as_deref()).find_map(remedy_of_code) {
        Some(remedy) => refused.hint(format!("{remedy}; then run the query again, and replace the file")),
        None => refused.hint(
            "the query failed and its answer was saved as a file: run it again, with a smaller window or one \
             subscription at a time if it timed out, and replace the file",
        ),
    }
}

/// The remedy for an answer with a known code.
fn remedy_of_code(code: &str) -> Option<&'static str> {
    let documented = ANSWERED.iter().find(|(answered, _)| answered.eq_ignore_ascii_case(code));
    registration_error::remedy(code).or(documented.map(|(_, remedy)| *remedy))
}

/// Whether a text was truncated within a number: the parser reports an invalid number, not an end.
fn ends_within_number(text: &str) -> bool {
    text.ends_with(NUMBER_ENDS)
}

/// What a number that is cut off may end with, beside a digit.
pub(in crate::read) const NUMBER_ENDS: [char; 5] = ['.', 'e', 'E', '+', '-'];

/// One error of an answer.
#[derive(Debug, Default)]
struct AnswerError {
    code: Option<String>,
    message: Option<String>,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [&self.code, &self.message].into_iter().flatten().map(|text| shown::passage(text));
        f.write_str(&texts.collect::<Vec<_>>().join(": "))
    }
}

/// The depth to which nested errors are searched.
const ERROR_DEPTH: usize = 4;

/// The errors of an answer; `None` when it is none. An error stands in `error`, `odata.error` or `errors`, or the whole
/// answer is one: `{"code":…,"message":…}`, `{"Message":…}`.
fn errors_of(keys: &BTreeMap<String, &RawValue>) -> Option<Vec<AnswerError>> {
    let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
    if let Some(raw) = ["error", "odata.error", "errors"].into_iter().find_map(|name| find(keys, name)) {
        let mut errors = Vec::new();
        errors_in(&value(raw), ERROR_DEPTH, &mut errors);
        let described =
            find(keys, "error_description").map(value).and_then(|description| description.as_str().map(str::to_owned));
        if let (Some(description), Some(first)) = (described, errors.first_mut()) {
            first.code = first.code.take().or(first.message.take());
            first.message = Some(description);
        }
        if errors.is_empty() {
            errors.push(AnswerError { code: None, message: Some(raw.get().to_owned()) });
        }
        return Some(errors);
    }
    let whole = || keys.iter().map(|(key, raw)| (key.clone(), value(raw))).collect();
    let has_message = find(keys, "message").is_some() || find(keys, "code").is_some() && keys.len() == 1;
    let is_answer = has_message && !is_row(keys) && ["value", "Content"].iter().all(|name| find(keys, name).is_none());
    let mut errors = Vec::new();
    if is_answer {
        errors_in(&Value::Object(whole()), ERROR_DEPTH, &mut errors);
    }
    (!errors.is_empty()).then_some(errors)
}

/// Collects the errors of a value: its own code and message, otherwise the nested ones.
fn errors_in(value: &Value, depth: usize, errors: &mut Vec<AnswerError>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text).ok().filter(Value::is_object) {
            Some(inner) => errors_in(&inner, depth, errors),
            None => errors.push(AnswerError { code: None, message: Some(text.clone()) }),
        },
        Value::Array(items) => items.iter().for_each(|item| errors_in(item, depth, errors)),
        Value::Object(members) => {
            let find =
                |name: &str| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            let text = |value: &Value| match value {
                Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
                Value::Number(number) => Some(number.to_string()),
                // OData says the language of a message beside it.
                Value::Object(message) => message.get("value").and_then(Value::as_str).map(str::to_owned),
                _ => None,
            };
            let error = AnswerError { code: find("code").and_then(text), message: find("message").and_then(text) };
            if error.code.is_some() || error.message.is_some() {
                return errors.push(error);
            }
            let inner = ["error", "odata.error", "innererror", "details", "errors"].into_iter().filter_map(find);
            inner.for_each(|inner| errors_in(inner, depth, errors));
        }
        _ => {}
    }
}
