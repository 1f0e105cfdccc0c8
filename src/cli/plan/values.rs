//! Values of flags that are more than words: each is valid, or is refused with the name of its flag.

use crate::audit::Since;
use crate::domain::finding::FindingCode;
use crate::domain::{Culture, Currency, Day, Month, SourceTimeZone, Stamp};
use crate::error::suggest::suggestion_first;
use crate::error::{Error, Result};
use crate::read::Encoding;

/// A month that was typed.
///
/// # Errors
/// It is no month.
pub fn month_of(text: &str) -> Result<Month> {
    Month::parse(text.trim())
        .ok_or_else(|| Error::usage(format!("{text:?} is no month")).hint("write a UTC month as 2026-10"))
}

/// A day that was typed.
///
/// # Errors
/// It is no day.
pub fn day_of(flag: &str, text: &str) -> Result<Day> {
    Day::parse(text.trim())
        .ok_or_else(|| Error::usage(format!("--{flag} {text:?} is no day")).hint("write a UTC day as 2026-10-05"))
}

/// The first run whose changes are shown, by its number or by the day on which it finished.
///
/// # Errors
/// It is neither.
pub fn since_of(text: &str) -> Result<Since> {
    let run = || text.trim().parse().ok().filter(|run| *run > 0).map(Since::Run);
    Day::parse(text.trim()).map(Since::Day).or_else(run).ok_or_else(|| {
        Error::usage(format!("--since {text:?} is neither a day nor the number of a run"))
            .hint("write a UTC day as 2026-10-05, or the number of a run as 12")
    })
}

/// Stamps that were typed.
///
/// # Errors
/// One of them is no valid name of a stamp.
pub fn stamps_of(names: &[String]) -> Result<Vec<Stamp>> {
    parse_each(names, "stamp", "a stamp's name", Stamp::new, "a stamp is named by its folder: [a-z0-9][a-z0-9._-]*")
}

/// A culture whose dates and decimals are known.
///
/// # Errors
/// It is unknown.
pub(super) fn culture_of(name: &str) -> Result<Culture> {
    Culture::of(name).ok_or_else(|| {
        let names = Culture::names();
        let suggestion = suggestion_first(name, &names);
        Error::usage(format!("--culture {name:?}: no culture that is known"))
            .hint(format!("{suggestion}known are {}; one with the same dates and decimals will do", names.join(", ")))
    })
}

/// A currency of ISO 4217.
///
/// # Errors
/// It is unknown.
pub(super) fn currency_of(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| {
        Error::usage(format!("--billing-currency {code:?}: no currency that is known"))
            .hint("write a code of ISO 4217, such as EUR, USD or JPY")
    })
}

/// A time zone.
///
/// # Errors
/// It is unknown.
pub(super) fn zone_of(text: &str) -> Result<SourceTimeZone> {
    SourceTimeZone::parse(text).ok_or_else(|| {
        Error::usage(format!("--source-time-zone {text:?}: no time zone that is known"))
            .hint("write UTC, an offset as +02:00, or a name of the IANA database as Europe/Berlin, spelled as there")
    })
}

/// An encoding that can be read.
///
/// # Errors
/// It is unknown.
pub(super) fn encoding_of(name: &str) -> Result<Encoding> {
    Encoding::parse(name).ok_or_else(|| {
        Error::usage(format!("--encoding {name:?}: no encoding that is known")).hint(
            "Windows machines of western Europe and the Americas write windows-1252, their consoles ibm850 or \
                 ibm437; others have a code page of their own, such as windows-1250, ibm852 or 866",
        )
    })
}

/// The code of a finding.
///
/// # Errors
/// It is unknown.
pub(super) fn finding_of(code: &str) -> Result<FindingCode> {
    FindingCode::parse(code).ok_or_else(|| {
        let codes = FindingCode::ALL.map(FindingCode::as_str);
        let suggestion = suggestion_first(code, &codes);
        Error::usage(format!("--accept {code:?}: no code of a finding"))
            .hint(format!("{suggestion}the summary and the receipt say the code of each finding"))
    })
}

/// Ids, as parsed by `parse`.
///
/// # Errors
/// Some are invalid: the error names all of them.
pub(super) fn ids<T>(texts: &[String], flag: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    parse_each(texts, flag, "an id", parse, "write the GUID as the portal or the listing shows it")
}

/// Parses texts of one kind; the error names all that are invalid.
fn parse_each<T>(
    texts: &[String],
    flag: &str,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
    hint: &str,
) -> Result<Vec<T>> {
    let parsed =
        |text: &String| parse(text).ok_or_else(|| Error::usage(format!("--{flag} {text:?} is not {what}")).hint(hint));
    let (valid, invalid): (Vec<_>, Vec<_>) = texts.iter().map(parsed).partition(Result::is_ok);
    let invalid: Vec<Error> = invalid.into_iter().filter_map(Result::err).collect();
    if invalid.is_empty() { Ok(valid.into_iter().flatten().collect()) } else { Err(Error::several(invalid)) }
}

/// The error for a flag that is missing.
pub(super) fn missing(flag: &str, value: &str) -> Error {
    Error::usage(format!("--{flag} {value} is missing"))
        .hint(format!("give it as a flag, or as `{flag} = \"…\"` in the file named by --settings"))
}

/// The error for several folders that are missing, at least one.
pub(super) fn all_missing(flags: &[&str]) -> Error {
    let value = |flag: &str| format!("<{}>", flag.to_uppercase());
    match flags {
        [one] => missing(one, &value(one)),
        flags => {
            let typed: Vec<String> = flags.iter().map(|flag| format!("--{flag} {}", value(flag))).collect();
            let keys: Vec<String> = flags.iter().map(|flag| format!("`{flag} = \"…\"`")).collect();
            Error::usage(format!("{} are missing", typed.join(" and ")))
                .hint(format!("give them as flags, or as {} in the file named by --settings", keys.join(" and ")))
        }
    }
}
