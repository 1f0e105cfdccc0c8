//! Explains what was published: why a figure is what it is, what fell on the default subscriptions, what differs
//! between two publications, what runs corrected; and for a root, how its mappings changed.
//!
//! ```text
//! OUT: lines, daily, snapshots, mappings ──▶ why        OUT: default_usage ──▶ unregistered        OUT, OUT ──▶ compare
//! OUT: history/changes, receipts ──▶ changes         OUT: statements, prices, margins ──▶ statement
//! OUT: charges ──▶ why a statement line
//! OUT: mappings, daily, lines ──▶ history         root ──read, normalise, attribute──▶ history
//! ```
//! `names` looks up what somebody typed to narrow the result, the same way for every command.
//!
//! **Invariant:** it only reads. What it says about published figures it proves from published tables: `why` adds up
//! the lines behind each cell and the charges behind each statement line, and refuses to explain one that they do not
//! add up to.

mod adjusted;
mod billed;
mod changes;
mod compare;
mod default_charges;
mod history;
mod margins;
mod names;
mod published_history;
mod published_use;
mod statement;
mod unregistered;
mod why;

pub use adjusted::Adjusted;
pub use billed::{BilledDay, BilledLine, NotBilled, WhyBilled, explain_billed};
pub use changes::{Changes, ChangingRun, Since, changes};
pub use compare::{BillTotal, Comparison, Moved, Recharged, StatementSum, compare};
pub use default_charges::{DefaultCharge, DefaultCharges, DefaultUnpriced};
pub use history::{Change, ChangeKind, History, Moving, Subject, history};
pub use margins::PublishedMargin;
pub use names::{Chosen, KnownName, NameKind, Wanted, id_of};
pub use published_history::published_history;
pub use statement::{PriceOf, PriceTerms, PriceText, PublishedStatementLine, Statements, statements};
pub use unregistered::{Fallen, Unregistered, unregistered};
pub use why::{CellCharge, CellKey, ExplainedCell, Query, Reason, UsageLine, Why, explain, figures, sum};
