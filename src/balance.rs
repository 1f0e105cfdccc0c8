//! The proof that nothing was lost: lines and quantity per stamp, day and meter, the same after every stage.
//!
//! Both sides are counted apart from the engine that groups and sums (`domain::totals`): its sums wrap silently, and a
//! proof that asks the accused is none.

use std::fmt::Display;

use crate::domain::Stamp;
use crate::domain::totals::{Account, Checksum, Totals};
use crate::error::{Error, Result};

/// Proves that two accounts agree under each key.
///
/// # Errors
/// A balance error that names the first key that differs, with both totals.
pub fn prove_account<K: Ord + Copy + Display>(
    stamp: &Stamp,
    stage: &str,
    before: &Account<K>,
    after: &Account<K>,
) -> Result<()> {
    let keys = before.iter().chain(after.iter()).map(|(key, _)| key);
    match keys.into_iter().find(|&key| before.of(key) != after.of(key)) {
        None => Ok(()),
        Some(key) => {
            let show = |totals: Totals| format!("{} lines, quantity {}", totals.lines, totals.quantity);
            let (before, after) = (show(before.of(key)), show(after.of(key)));
            Err(unequal(stamp, stage, &format!("at {key}, {before} went in, {after} came out")))
        }
    }
}

/// Proves that two checksums agree.
///
/// # Errors
/// A balance error with the counts of lines.
pub fn prove(stamp: &Stamp, stage: &str, before: Checksum, after: Checksum) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let how = if before.lines == after.lines {
        format!("the quantities of {} lines differ", before.lines)
    } else {
        format!("{} lines went in, {} came out", before.lines, after.lines)
    };
    Err(unequal(stamp, stage, &how))
}

fn unequal(stamp: &Stamp, stage: &str, how: &str) -> Error {
    Error::balance(format!("stamp {stamp}: the totals after {stage} do not balance: {how}"))
        .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it with this message")
}
