//! What one run tells the next: which inputs it read, and of each day what it was made of and what it came to.
//!
//! The published `lines` are the base; this says which of them still stand. It lies in `.stacktally/state`, is
//! committed with the tables that it is about, and holds ids and keys, never the numbers of one process. It can be made
//! again from the root: state that cannot be read, or was written by another version or for other settings, costs a
//! full run.

mod charged;
mod day;
mod run;

pub use charged::{ChargedMonth, ChargedMonths, CurrencyTotal, PriceOfDays, ShownIds, Unpriced};
pub use day::{DayNote, ExportOfDay, MeterOfDay, NotedOwner, NotedUse};
pub use run::{KnownInput, LoadedState, RunState, SnapshotState, StampState, Version};
