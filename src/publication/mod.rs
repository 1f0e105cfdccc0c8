//! OUT as one transactional thing: whole or not at all.
//!
//! Every file is written to `OUT/.stacktally/staging` on the same filesystem, read back and proved. When all of them
//! are there and synced, a journal says what goes where: that is the commit. Then they are renamed into place,
//! `receipt.json` last. A file whose bytes are published already is left alone.
//!
//! **Invariant:** nothing of OUT but `.stacktally` is touched before [`Publisher::commit`], and no name of a published
//! file changes without a journal that says so.

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
