//! OUT is published as one transaction: completely or not at all.
//!
//! Every file is written to `OUT/.stacktally/staging` on the same filesystem, read back and verified. When all of them
//! are there and synced, the journal is written: that is the commit. Then the files are renamed into place,
//! `receipt.json` last. A file whose bytes are already published is not written again.
//!
//! **Invariant:** nothing in OUT but `.stacktally` changes before [`Publisher::commit`], and no published file is
//! renamed or removed unless the journal says so.

mod closings;
mod commit;
mod files;
mod journal;
pub mod layout;
mod out;
mod publisher;
mod reader;
pub mod receipt;

pub use closings::{Action, ClosingEntry, Closings, FORMAT as CLOSING_FORMAT, Overridden};
pub use files::{KnownFile, Published};
pub use journal::{Ahead, Journal, NameChange};
pub use out::{LastPublication, Out, Patience, Recovered};
pub use publisher::Publisher;
pub use reader::{MeterText, NamedMappings, Publication, PublishedMappings, SnapshotFile, no_publication, unbroken};
pub use receipt::Receipt;
