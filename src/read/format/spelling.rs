//! Names of columns and members in any spelling: case and word separators do not matter.
//!
//! ```text
//! usageStartTime   UsageStartTime   usage_start_time   Usage Start Time   usage-start-time      one name
//! ```

/// The letters of a name that are compared.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let is_between =
        |character: &char| character.is_whitespace() || matches!(character, '_' | '-' | '\u{feff}' | '\u{200b}');
    name.chars().filter(move |character| !is_between(character)).flat_map(char::to_lowercase)
}

/// A name in normalised spelling.
pub(in crate::read) fn bare(name: &str) -> String {
    letters(name).collect()
}

/// Whether two names are equal but for their spelling.
pub(in crate::read) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || letters(one).eq(letters(other))
}
