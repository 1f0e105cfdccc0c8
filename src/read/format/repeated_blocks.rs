//! Blocks of rows that repeat everything before them.

use std::ops::Range;

/// The rows that repeat, as one block, everything before them, by their places. A block that was recognised as a
/// repetition is not counted again when it comes once more. A block of equal rows is no repetition.
///
/// ```text
/// a b c a b c      the last three
/// a b a b c a b c  the second a b, and the last three
/// a a a a          none
/// ```
pub(in crate::read) fn repeated_blocks(rows: &[&str]) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut kept, mut has_two) = (Vec::new(), false);
    let mut at = 0;
    while let Some(row) = rows.get(at) {
        let behind = rows.get(at..at + kept.len()).unwrap_or_default();
        if has_two && kept.first() == Some(row) && behind == kept {
            blocks.push(at..at + kept.len());
            at += kept.len();
            continue;
        }
        has_two |= kept.first().is_some_and(|first| first != row);
        kept.push(*row);
        at += 1;
    }
    blocks
}
