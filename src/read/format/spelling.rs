//! Names of columns and members in any spelling: their case, and what stands between their words, tell nothing.
//!
//! ```text
//! usageStartTime   UsageStartTime   usage_start_time   Usage Start Time   usage-start-time      one name
//! ```

/// The letters of a name that count.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let is_between =
        |character: &char| character.is_whitespace() || matches!(character, '_' | '-' | '\u{feff}' | '\u{200b}');
    name.chars().filter(move |character| !is_between(character)).flat_map(char::to_lowercase)
}

/// A name without its spelling.
pub(in crate::read) fn bare(name: &str) -> String {
    letters(name).collect()
}

/// Whether two names are one.
pub(in crate::read) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || letters(one).eq(letters(other))
}
