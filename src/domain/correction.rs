//! Corrections: what a run changed of a day that was published before.

use super::totals::Totals;
use super::{Charge, Currency, Day, Quantity, Stamp};

/// What a run changed of what a published day said of a billed subscription and meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub stamp: Stamp,
    pub day: Day,
    pub billed_subscription: String,
    pub meter: String,
    pub of: Corrected,
    /// In order, separated by blanks.
    pub causes: String,
}

/// What was said, and what is said since. `None`: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    Usage {
        before: Option<Totals>,
        after: Option<Totals>,
    },
    /// What is charged in one currency.
    Charge {
        currency: Currency,
        before: Option<Charge>,
        after: Option<Charge>,
    },
}

impl Correction {
    /// What its rows are ordered by: of a billed subscription and meter the usage comes first.
    pub fn order(&self) -> impl Ord + '_ {
        let currency = match self.of {
            Corrected::Usage { .. } => None,
            Corrected::Charge { currency, .. } => Some(currency),
        };
        (&self.stamp, self.day, &self.billed_subscription, &self.meter, currency)
    }

    pub fn is_of_usage(&self) -> bool {
        matches!(self.of, Corrected::Usage { .. })
    }
}

/// By how much a quantity changed.
pub fn usage_difference(before: Option<Totals>, after: Option<Totals>) -> Quantity {
    let scaled = |totals: Option<Totals>| totals.map_or(0, |own| own.quantity.scaled());
    Quantity::from_scaled(scaled(after) - scaled(before))
}

/// By how much a charge changed.
pub fn charge_difference(before: Option<Charge>, after: Option<Charge>) -> Charge {
    let [before, after] = [before, after].map(Option::unwrap_or_default);
    after.checked_sub(before).expect("two charges of no sign differ by what fits")
}
