//! Values → rows of each published table. This module makes no decisions.
//!
//! **Invariant:** published tables do not depend on a clock, on randomness or on hash order.

mod changes;
mod charges;
mod dimensions;
mod exports;
mod facts;
mod margins;
mod snapshots;

pub use changes::{csv_of_changes, publish_changes};
pub use charges::{
    publish_charges, publish_prices, publish_statements, publish_vendor_charges, publish_vendor_prices, statement_csv,
};
pub use dimensions::{Dimensions, Names, RejectRow, publish_resources};
pub use exports::{entry as exports_entry, publish_exports};
pub use facts::{Dated, FlatTime, SeenDays, StampTexts, checksum, flat_months};
pub use margins::{margins_csv, publish_margins};
pub use snapshots::publish_snapshots;
