//! State that one run leaves for the next: which inputs it read, and the inputs and totals of each day.
//!
//! The state tells which of the published `lines` are still valid. It lies in `.stacktally/state`, is committed
//! together with the tables that it describes, and holds ids and keys, never the numbers of one process. It can be
//! rebuilt from the root: if it cannot be read, or was written by another version or with other settings, the next run
//! is a full run.

mod charged;
mod day;
mod run;

pub use charged::{
    ChargedMonth, ChargedMonths, CurrencyTotal, MarginNote, PriceOfDays, ShownIds, Unpriced, VendorMonth, VendorMonths,
};
pub use day::{DayNote, ExportOfDay, MeterOfDay, NotedOwner, NotedUse};
pub use run::{KnownInput, LoadedState, RunState, SnapshotState, StampState, Version};
