//! Corrections: changes of figures that were published before.

use super::identity::Stamp;
use super::money::{Amount, Charge, Currency};
use super::quantity::Quantity;
use super::time::{Day, Month};
use super::totals::Totals;

/// A change of a published figure of a billed subscription and meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub place: Place,
    pub billed_subscription: String,
    pub meter: String,
    pub of: Corrected,
    /// In order, separated by blanks.
    pub causes: String,
}

/// Where the figure is: amounts are of a month's statement, everything else of a stamp's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Day(Stamp, Day),
    Month(Month),
}

impl Place {
    pub fn stamp(&self) -> Option<&Stamp> {
        match self {
            Self::Day(stamp, _) => Some(stamp),
            Self::Month(_) => None,
        }
    }

    pub fn day(&self) -> Option<Day> {
        match self {
            Self::Day(_, day) => Some(*day),
            Self::Month(_) => None,
        }
    }

    pub fn month(&self) -> Month {
        match self {
            Self::Day(_, day) => day.month(),
            Self::Month(month) => *month,
        }
    }
}

/// The figure before and after. `None`: there was none.
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
    /// What the statement lines in one currency ask for.
    Amount {
        currency: Currency,
        before: Billed,
        after: Billed,
    },
}

/// The amounts of statement lines in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    pub amount: Amount,
    pub billing_currency: Currency,
    pub billing_amount: Amount,
}

impl Corrected {
    /// The name in a row of `changes`.
    pub const fn figure(&self) -> &'static str {
        let [quantity, charge, amount] = FIGURES;
        match self {
            Self::Usage { .. } => quantity,
            Self::Charge { .. } => charge,
            Self::Amount { .. } => amount,
        }
    }

    pub const fn currency(&self) -> Option<Currency> {
        match self {
            Self::Usage { .. } => None,
            Self::Charge { currency, .. } | Self::Amount { currency, .. } => Some(*currency),
        }
    }
}

/// The kinds of figures that can change.
pub const FIGURES: [&str; 3] = ["quantity", "charge", "amount"];

impl Correction {
    /// The order of its rows: amounts, which have no stamp, first; for a day's billed subscription and meter usage
    /// before charges.
    pub fn order(&self) -> impl Ord + '_ {
        let place = (self.place.stamp(), self.place.day());
        (place, &self.billed_subscription, &self.meter, self.of.currency(), self.place.month())
    }
}

/// The difference of two quantities.
pub fn usage_difference(before: Option<Totals>, after: Option<Totals>) -> Quantity {
    let scaled = |totals: Option<Totals>| totals.map_or(0, |total| total.quantity.scaled());
    Quantity::from_scaled(scaled(after) - scaled(before))
}

/// The difference of two charges.
pub fn charge_difference(before: Option<Charge>, after: Option<Charge>) -> Charge {
    let [before, after] = [before, after].map(Option::unwrap_or_default);
    after.checked_sub(before).expect("two charges of no sign differ by what fits")
}

/// The difference of two billed amounts; `None` where the currency changed.
pub fn billed_difference(before: Billed, after: Billed) -> Option<Amount> {
    let is_comparable = before.billing_currency == after.billing_currency;
    is_comparable.then(|| Amount::from_scaled(after.billing_amount.scaled() - before.billing_amount.scaled()))
}
