//! Why a line is set aside: a closed list, in order of precedence. Names are published and never change meaning.

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
#[cfg(doc)]
use super::limits::{INSTANCE_BYTES_MAX, VALUE_BYTES_MAX};

closed_list! {
    /// Why a line was set aside. A line gets the first reason that applies.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum RejectReason {
        /// The element is no object, has no `properties` object, or has a duplicate value; or a table's row has more or
        /// fewer cells than the header.
        NotAUsageLine = "not_a_usage_line",
        /// An id, a time or a quantity is longer than [`VALUE_BYTES_MAX`], or the instance is longer than
        /// [`INSTANCE_BYTES_MAX`].
        TooLong = "too_long",
        /// `subscriptionId` is absent, null, blank or no text.
        UserSubscriptionMissing = "user_subscription_missing",
        /// `meterId` is absent, null, blank or no text.
        MeterMissing = "meter_missing",
        /// `usageStartTime` or `usageEndTime` is absent or null.
        UsageTimeMissing = "usage_time_missing",
        /// A usage time is no ISO 8601 time with its offset, nor one in the dialect of its table.
        UsageTimeUnreadable = "usage_time_unreadable",
        /// A usage time is before 2000 or after 2199.
        UsageTimeOutOfRange = "usage_time_out_of_range",
        /// The span is neither one full UTC hour nor one full UTC day (`product.md` §3.4).
        UsageTimeNotWhole = "usage_time_not_whole",
        /// `quantity` is absent or null.
        QuantityMissing = "quantity_missing",
        /// `quantity` is no decimal number (`NaN`, a decimal comma, an object …).
        QuantityUnreadable = "quantity_unreadable",
        /// `quantity` is below zero.
        QuantityNegative = "quantity_negative",
        /// `quantity` is 10^20 or more, beyond `DECIMAL(38,18)`.
        QuantityTooLarge = "quantity_too_large",
    }
}

impl RejectReason {
    /// The fault of such a line, for a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotAUsageLine => "not a usage line",
            Self::TooLong => "a value is too long",
            Self::UserSubscriptionMissing => "the user subscription is missing",
            Self::MeterMissing => "the meter is missing",
            Self::UsageTimeMissing => "a usage time is missing",
            Self::UsageTimeUnreadable => "the usage time cannot be read",
            Self::UsageTimeOutOfRange => "the usage time lies before 2000 or after 2199",
            Self::UsageTimeNotWhole => "the usage time is neither a full UTC hour nor a full UTC day",
            Self::QuantityMissing => "the quantity is missing",
            Self::QuantityUnreadable => "the quantity is no decimal number",
            Self::QuantityNegative => "the quantity is below zero",
            Self::QuantityTooLarge => "the quantity is too large",
        }
    }
}
