//! The proof that nothing was lost: lines and quantity per stamp, day and meter, the same after every stage.
//!
//! Both sides are counted without the engine that groups and sums (`domain::totals`): its sums wrap silently, so it
//! cannot prove itself. One side of the first proof is what the reader counts line by line, the other is the columns
//! that aggregation sums.

use std::collections::BTreeMap;

use crate::domain::totals::{Checksum, MeterTotals, Totals};
use crate::domain::{MeterId, Stamp};
use crate::error::{Error, Result};

/// The stamp and the meters of a proof, by their ranks.
#[derive(Clone, Copy, Debug)]
pub struct ControlTotals<'a> {
    pub stamp: &'a Stamp,
    pub meters: &'a [MeterId],
}

impl ControlTotals<'_> {
    /// Proves that two totals by meter agree.
    ///
    /// # Errors
    /// A balance error that names the first meter that differs, with both totals.
    pub fn prove_account(self, stage: &str, before: &MeterTotals<u32>, after: &MeterTotals<u32>) -> Result<()> {
        let meters = before.iter().chain(after.iter()).map(|(meter, _)| meter);
        match meters.into_iter().find(|&meter| before.of(meter) != after.of(meter)) {
            None => Ok(()),
            Some(meter) => {
                let show = |totals: Totals| format!("{} lines, quantity {}", totals.lines, totals.quantity);
                let (before, after) = (show(before.of(meter)), show(after.of(meter)));
                let meter = &self.meters[meter as usize];
                Err(unequal(self.stamp, stage, &format!("of meter {meter}, {before} went in, {after} came out")))
            }
        }
    }

    /// Proves that the reader's count of each meter agrees with a total.
    ///
    /// # Errors
    /// A balance error that names the first meter that differs.
    pub fn prove_read(self, stage: &str, read: &BTreeMap<u32, Checksum>, after: &MeterTotals<u32>) -> Result<()> {
        let after: BTreeMap<u32, Checksum> = after.iter().map(|(meter, totals)| (meter, totals.into())).collect();
        match read.keys().chain(after.keys()).find(|meter| read.get(meter) != after.get(meter)) {
            None => Ok(()),
            Some(&meter) => {
                let of = |sums: &BTreeMap<u32, Checksum>| sums.get(&meter).copied().unwrap_or_default();
                let stage = format!("{stage}, meter {}", self.meters[meter as usize]);
                prove(self.stamp, &stage, of(read), of(&after))
            }
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
