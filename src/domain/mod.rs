//! The nouns that finance can read: ids, time, quantities, reasons.
//!
//! **Invariant:** knows nothing of files, polars or arrow; nothing here does I/O.

pub mod attribution;
pub mod cause;
mod closed_list;
pub mod correction;
pub mod coverage;
pub mod culture;
pub mod dialect;
pub mod exact;
pub mod finding;
pub mod identity;
pub mod in_force;
pub mod ledger;
pub mod limits;
pub mod mapping;
pub mod misplaced;
pub mod money;
pub mod price;
pub mod quantity;
pub mod rank;
pub mod registration_error;
pub mod reject;
pub mod reported;
pub mod shown;
pub mod time;
pub mod totals;
pub mod unit;

pub use attribution::Attribution;
pub use cause::Cause;
pub use correction::{Corrected, Correction, Place};
pub use culture::{Culture, DateOrder, DecimalMark};
pub use dialect::{Dialect, Era, SourceTimeZone};
pub use exact::Rounding;
pub use finding::Finding;
pub use identity::{BilledSubscriptionId, MeterId, Stamp, TenantId, UserSubscriptionId};
pub use in_force::{AttributeAt, InForce, SnapshotDates, SnapshotKind};
pub use mapping::{Mapping, Mappings};
pub use money::{Amount, Charge, Currency};
pub use price::{ChargeStatus, PriceEntry, PriceStatus, Tiering};
pub use quantity::Quantity;
pub use rank::rank;
pub use reject::RejectReason;
pub use reported::NextWindow;
pub use time::{Day, Granularity, Hour, Month, Slot, Span, Window};
