//! The contract of each published table: columns, types, keys. One file per table.
//!
//! `schemas/<table>.csv` is the same for people and other programs. One test compares the two, another checks every
//! published file.

pub mod adjustments;
pub mod billed_subscriptions;
pub mod changes;
pub mod charges;
pub mod columns;
pub mod coverage;
pub mod coverage_months;
pub mod daily;
pub mod dates;
pub mod default_usage;
pub mod exports;
pub mod hourly;
pub mod lines;
pub mod mappings;
pub mod margins;
pub mod meters;
pub mod monthly;
pub mod prices;
pub mod rejects;
pub mod resources;
pub mod snapshots;
pub mod statements;
pub mod tenants;
pub mod user_subscriptions;
pub mod vendor_charges;
pub mod vendor_prices;

use super::column::Table;

pub use adjustments::ADJUSTMENTS;
pub use billed_subscriptions::{BILLED_KINDS, BILLED_SUBSCRIPTIONS};
pub use changes::CHANGES;
pub use charges::{CHARGE, CHARGES};
pub use coverage::COVERAGE;
pub use coverage_months::COVERAGE_MONTHS;
pub use daily::DAILY;
pub use dates::DATES;
pub use default_usage::DEFAULT_USAGE;
pub use exports::EXPORTS;
pub use hourly::HOURLY;
pub use lines::LINES;
pub use mappings::MAPPINGS;
pub use margins::MARGINS;
pub use meters::METERS;
pub use monthly::MONTHLY;
pub use prices::PRICES;
pub use rejects::REJECTS;
pub use resources::RESOURCES;
pub use snapshots::SNAPSHOTS;
pub use statements::STATEMENTS;
pub use tenants::TENANTS;
pub use user_subscriptions::USER_SUBSCRIPTIONS;
pub use vendor_charges::VENDOR_CHARGES;
pub use vendor_prices::VENDOR_PRICES;

/// Every Parquet table.
pub const TABLES: [&Table; 25] = [
    &LINES,
    &HOURLY,
    &DAILY,
    &MONTHLY,
    &CHARGES,
    &STATEMENTS,
    &PRICES,
    &VENDOR_CHARGES,
    &VENDOR_PRICES,
    &MARGINS,
    &DEFAULT_USAGE,
    &CHANGES,
    &ADJUSTMENTS,
    &RESOURCES,
    &METERS,
    &TENANTS,
    &USER_SUBSCRIPTIONS,
    &BILLED_SUBSCRIPTIONS,
    &DATES,
    &SNAPSHOTS,
    &MAPPINGS,
    &EXPORTS,
    &COVERAGE,
    &COVERAGE_MONTHS,
    &REJECTS,
];
