//! Tables → files. Knows formats; decides nothing.
//!
//! Every file is encoded, written to `OUT/.stacktally/staging` on the same filesystem, read back and proved, and only
//! when all of them are there are they renamed into place, `receipt.json` last. A file whose bytes are published
//! already is left alone.
//!
//! **Invariant:** no clock, randomness or hash order reaches a published table. Nothing of OUT but `.stacktally` is
//! touched before [`Publisher::commit`].

pub mod csv;
pub mod dimensions;
pub mod facts;
pub mod parquet;
pub mod receipt;
pub mod snapshots;
pub mod stage;

pub use receipt::Receipt;
pub use snapshots::publish_snapshots;
pub use stage::{Out, Published, Publisher};
