//! Corrections: what a run changed of a day that was published before.

use super::totals::Totals;
use super::{Charge, Currency, Day, Quantity, Stamp};

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

/// What a run changed of a published day's charges in one currency, of a billed subscription and meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeCorrection {
    pub stamp: Stamp,
    pub day: Day,
    pub billed_subscription: String,
    pub meter: String,
    pub currency: Currency,
    /// `None`: nothing was published in that currency.
    pub before: Option<Charge>,
    pub after: Option<Charge>,
    pub causes: String,
}

impl ChargeCorrection {
    /// By how much it changed.
    pub fn difference(&self) -> Charge {
        let [before, after] = [self.before, self.after].map(Option::unwrap_or_default);
        after.checked_sub(before).expect("two charges of no sign differ by what fits")
    }
}
