//! Lines → usage: each *distinct* text is normalised once, then the numbers are mapped.
//!
//! ```text
//! #0 "3F2504E0-…"  #7 "{3f2504e0-…}"   →   user subscription 3f2504e0-…, rank 0
//! ```
//! A stamp's month has millions of lines and a few thousand distinct texts, so no text is processed per line. After
//! this stage the numbers are ranks: comparing ranks means comparing the published texts (for resources: their keys),
//! so thread order has no effect.

mod instance;
mod meters;
mod sorted;
mod usage;

pub use instance::Resource;
pub use meters::{Meter, catalogue};
pub use sorted::{BySlot, SortedLines};
pub use usage::{Usage, UsageChunk, normalise};
