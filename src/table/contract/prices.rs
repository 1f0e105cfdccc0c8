//! `prices`: the price entries that some charge uses.

use super::columns::{
    CURRENCY, DISCOUNT_PERCENT, EFFECTIVE_FROM, METER_ID, PER, PRICE, PRICE_FILE, PRICE_KEY, PRICE_NOTE, PRICE_ROW,
    TIER_FROM, UNIT,
};
use crate::domain::Day;
use crate::table::column::{Table, Typed};

pub const SCOPE: Typed<str> = Typed::new(
    "scope",
    "for whom it is, the most specific first: user_subscription, tenant, billed_subscription, stamp or all",
);
pub const SCOPE_ID: Typed<str> = Typed::new("scope_id", "the id that the scope names").nullable();
pub const EFFECTIVE_TO: Typed<Day> =
    Typed::new("effective_to", "the first day on which it is in force no more; null: for good").nullable().unit("UTC");

pub const PRICES: Table = Table {
    name: "prices",
    row: "price entry that was used",
    columns: &[
        PRICE_KEY.required().meaning("key of the entry, of content alone").column(),
        METER_ID.column(),
        SCOPE.column(),
        SCOPE_ID.column(),
        EFFECTIVE_FROM.column(),
        EFFECTIVE_TO.column(),
        TIER_FROM.required().column(),
        PRICE.meaning("the price of `per` units; null: it is not billable").column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        CURRENCY.column(),
        UNIT.column(),
        PRICE_NOTE.column(),
        PRICE_FILE.required().column(),
        PRICE_ROW.required().column(),
    ],
    sorted_by: 1,
};
