//! Usage → owned usage: for each line, who pays and why (`product.md` §4).
//!
//! ```text
//! user subscription ──listing──▶ tenant ──customer subscriptions──▶ billed subscription      registered
//!                                       └── not mapped ──▶ the default subscription          default_…
//! ```
//! Decided once per (user subscription, snapshots in force), not per line. The snapshots in force change a few times a
//! month, so the owner of a line is one look-up in a small table.
//!
//! **Invariant:** never fails on a line. Every line gets exactly one owner, and no default is silent.

mod checks;
mod decider;
mod findings;
mod owned;
mod rules;
mod snapshots;

pub use checks::{checked, checked_snapshots, of_another_stamp, read_snapshots};
pub use decider::Decider;
pub use findings::{StampUse, count_uses, of_stamps, use_of};
pub use owned::{FormerOwner, OwnedUsage, Owner, OwnersOfDay, Use, attribute, attribute_beside};
pub use rules::{Rules, Tolerance};
pub use snapshots::Snapshots;
