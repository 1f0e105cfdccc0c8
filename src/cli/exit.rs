//! Exit codes (`product.md` §7), in one exhaustive match.

use crate::error::FailureKind;
use crate::pipeline::Outcome;

/// Published, and no line was set aside that the last publication did not have.
pub const PUBLISHED: u8 = 0;
/// The machine failed: disk, permission.
pub const MACHINE: u8 = 1;
/// The command was used wrongly.
pub const USAGE: u8 = 2;
/// Input was refused, nothing was published.
pub const REFUSED: u8 = 3;
/// Published, and lines were set aside that the last publication did not have.
pub const REJECTS: u8 = 4;
/// The totals do not balance, nothing was published.
pub const BALANCE: u8 = 5;
/// `compare` found differences.
pub const DIFFERENT: u8 = 6;
/// Another run holds OUT.
pub const BUSY: u8 = 7;
/// A bug of stacktally, nothing was published.
pub const BUG: u8 = 8;
/// A signal stopped the run: this plus the signal's number.
pub const SIGNAL: u8 = 128;

/// The code of a run that failed.
pub fn of_failure(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Machine => MACHINE,
        FailureKind::Usage => USAGE,
        FailureKind::Input => REFUSED,
        FailureKind::Balance => BALANCE,
        FailureKind::Busy => BUSY,
        FailureKind::Bug => BUG,
        FailureKind::Stopped(signal) => SIGNAL + signal as u8,
    }
}

/// The code of a run that finished.
pub fn of_outcome(outcome: &Outcome) -> u8 {
    if outcome.rejects_new == 0 { PUBLISHED } else { REJECTS }
}
