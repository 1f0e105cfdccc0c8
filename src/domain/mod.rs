//! The nouns that finance can read: ids, time, quantities, reasons.
//!
//! **Invariant:** knows nothing of files, polars or arrow; nothing here does I/O.

pub mod attribution;
pub mod coverage;
pub mod finding;
pub mod identity;
pub mod limits;
pub mod quantity;
pub mod reject;
pub mod time;
pub mod totals;

pub use attribution::Attribution;
pub use finding::Finding;
pub use identity::{BilledSubscriptionId, MeterId, Stamp, TenantId, UserSubscriptionId};
pub use quantity::Quantity;
pub use reject::RejectReason;
pub use time::{Day, Granularity, Hour, Month, Slot, Span, Window};
