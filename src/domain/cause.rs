//! Why a day was settled again, and why published figures changed.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a (stamp, day) was settled again, or a charge or an amount changed. The names are published in receipts and
/// changes, and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// Everything is settled again: the state of the last run was unusable, or `--full` was given.
    FullRun,
    /// It was never published before.
    NewDay,
    /// A new export has lines of it.
    WindowAdded,
    /// An export that has lines of it was replaced.
    WindowChanged,
    /// An export that had lines of it is gone, or no longer counts.
    WindowRemoved,
    /// The same lines belong to another subscription, or for another reason: snapshots or operators changed.
    AttributionChanged,
    /// Its month was closed, and was reopened.
    MonthReopened,
    /// The price in force on the day was added, changed or removed.
    PriceChanged,
    /// Other usage of the month changed, so that the same quantity is in other tiers.
    TierShifted,
    /// Tiers are applied in another way (`--tiering`).
    TieringChanged,
    /// Amounts are rounded in another way (`--rounding`).
    RoundingChanged,
    /// Amounts are converted at another exchange rate.
    ExchangeRateChanged,
    /// Amounts are billed in another currency.
    BillingCurrencyChanged,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::FullRun,
        Self::NewDay,
        Self::WindowAdded,
        Self::WindowChanged,
        Self::WindowRemoved,
        Self::AttributionChanged,
        Self::MonthReopened,
        Self::PriceChanged,
        Self::TierShifted,
        Self::TieringChanged,
        Self::RoundingChanged,
        Self::ExchangeRateChanged,
        Self::BillingCurrencyChanged,
    ];

    /// The published text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullRun => "full_run",
            Self::NewDay => "new_day",
            Self::WindowAdded => "window_added",
            Self::WindowChanged => "window_changed",
            Self::WindowRemoved => "window_removed",
            Self::AttributionChanged => "attribution_changed",
            Self::MonthReopened => "month_reopened",
            Self::PriceChanged => "price_changed",
            Self::TierShifted => "tier_shifted",
            Self::TieringChanged => "tiering_changed",
            Self::RoundingChanged => "rounding_changed",
            Self::ExchangeRateChanged => "exchange_rate_changed",
            Self::BillingCurrencyChanged => "billing_currency_changed",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Causes of a change as they are published.
pub fn texts_of(causes: &BTreeSet<Cause>) -> String {
    causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(" ")
}
