//! Tables → files. Knows formats; decides nothing.
//!
//! Every file is encoded, written to `OUT/.stacktally/staging` on the same filesystem, read back and proved. When all of them
//! are there and synced, a journal says what goes where: that is the commit. Then they are renamed into place, `receipt.json`
//! last. A file whose bytes are published already is left alone.
//!
//! **Invariant:** no clock, randomness or hash order reaches a published table. Nothing of OUT but `.stacktally` is
//! touched before [`Publisher::commit`], and no name of a published file changes without a journal that says so.

pub mod changes;
pub mod charges;
mod commit;
pub mod csv;
pub mod dimensions;
mod disk;
pub mod exports;
pub mod facts;
pub mod journal;
pub mod out;
pub mod parquet;
pub mod ranked;
pub mod receipt;
pub mod snapshots;
pub mod stage;
mod syncing;

pub use exports::publish_exports;
pub use journal::Ahead;
pub use out::{KnownFile, LastPublication, Out, Patience, RECEIPT, RECEIPTS, Recovered};
pub use receipt::Receipt;
pub use snapshots::publish_snapshots;
pub use stage::{Published, Publisher};
