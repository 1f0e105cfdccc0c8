//! The stages in order, with a balance check after each, and the receipt at the end.
//!
//! There are two passes: **gather** reads the new exports of a stamp and assigns each line to its usage day; **settle**
//! sorts, aggregates and publishes one dirty day after the other. Days are independent: while one is aggregated,
//! earlier ones are encoded on other threads. Clean days are kept as published.

mod changes;
mod charge;
mod charge_changes;
mod charging;
mod closed_days;
mod context;
mod deciding;
mod dirty_days;
mod fold;
mod gather;
mod history;
mod left;
mod month_csv;
mod month_texts;
mod named;
mod nights;
mod not_applied;
mod plan;
mod prepare;
mod previous;
mod published_facts;
mod rating;
mod receipt_builder;
mod run;
mod settle;
mod settle_day;
mod stamp_context;
mod vanished;
mod vendor;

pub use deciding::DecidingSettings;
pub use history::{Followed, history};
pub use nights::{ReportedTime, seconds_of};
pub use plan::{Plan, Reuse};
pub use receipt_builder::FINDINGS_SHOWN;
pub use run::{Outcome, run};
