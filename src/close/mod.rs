//! The end of a month: closing it, what a closing freezes, and what comes after it.

mod adjustments;
mod closing;
mod frozen;
mod objections;

pub use adjustments::{Adjustment, Arrived, Figure, FigureSums, add, publish, published, split};
pub use closing::{Closing, close, reopen};
pub use frozen::{AttributionText, Frozen, FrozenBilled, FrozenCharging, NamedOwner};
