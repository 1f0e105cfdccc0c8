//! Corrections: what a run changed of a day that was published before.

use super::totals::Totals;
use super::{Day, Quantity, Stamp};

/// What a published day said of a billed subscription and meter, and what it says since. `None`: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub stamp: Stamp,
    pub day: Day,
    pub billed_subscription: String,
    pub meter: String,
    pub before: Option<Totals>,
    pub after: Option<Totals>,
    /// In order, separated by blanks.
    pub causes: String,
}

impl Correction {
    /// By how much the quantity changed.
    pub fn difference(&self) -> Quantity {
        let scaled = |totals: Option<Totals>| totals.map_or(0, |own| own.quantity.scaled());
        Quantity::from_scaled(scaled(self.after) - scaled(self.before))
    }
}
