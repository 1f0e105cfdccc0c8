//! Why a day was settled again, and why published figures changed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;

closed_list! {
    /// Why a (stamp, day) was settled again, or a charge or an amount changed. The names are published in receipts and
    /// changes, and never change meaning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum Cause {
        /// Everything is settled again: the state of the last run was unusable, or `--full` was given.
        FullRun = "full_run",
        /// It was never published before.
        NewDay = "new_day",
        /// A new export has lines of it.
        WindowAdded = "window_added",
        /// An export that has lines of it was replaced.
        WindowChanged = "window_changed",
        /// An export that had lines of it is gone, or no longer counts.
        WindowRemoved = "window_removed",
        /// The same lines belong to another subscription, or for another reason: snapshots or operators changed.
        AttributionChanged = "attribution_changed",
        /// Its month was closed, and was reopened.
        MonthReopened = "month_reopened",
        /// The price in force on the day was added, changed or removed.
        PriceChanged = "price_changed",
        /// Other usage of the month changed, so that the same quantity is in other tiers.
        TierShifted = "tier_shifted",
        /// Tiers are applied in another way (`--tiering`).
        TieringChanged = "tiering_changed",
        /// Amounts are rounded in another way (`--rounding`).
        RoundingChanged = "rounding_changed",
        /// Amounts are converted at another exchange rate.
        ExchangeRateChanged = "exchange_rate_changed",
        /// Amounts are billed in another currency.
        BillingCurrencyChanged = "billing_currency_changed",
    }
}

/// Causes of a change as they are published.
pub fn texts_of(causes: &BTreeSet<Cause>) -> String {
    causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(" ")
}
