//! `vendor_prices`: the entries of vendor prices that some vendor charge uses.

use super::columns::{
    CURRENCY, DISCOUNT_PERCENT, EFFECTIVE_FROM, METER_ID, PARTNER_EARNED_CREDIT_PERCENT, PER, PRICE, PRICE_FILE,
    PRICE_KEY, PRICE_NOTE, PRICE_ROW, TIER_FROM, UNIT,
};
use super::prices::{EFFECTIVE_TO, SCOPE, SCOPE_ID};
use crate::table::column::Table;

pub const VENDOR_PRICES: Table = Table {
    name: "vendor_prices",
    row: "entry of vendor prices that was used",
    columns: &[
        PRICE_KEY.required().meaning("key of the entry, of content alone").column(),
        METER_ID.column(),
        SCOPE.column(),
        SCOPE_ID.column(),
        EFFECTIVE_FROM.column(),
        EFFECTIVE_TO.column(),
        TIER_FROM.required().column(),
        PRICE.meaning("the price of `per` units; null: Microsoft does not charge it").column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        PARTNER_EARNED_CREDIT_PERCENT.column(),
        CURRENCY.column(),
        UNIT.column(),
        PRICE_NOTE.column(),
        PRICE_FILE.required().meaning("the file of vendor prices, relative to the root").column(),
        PRICE_ROW.required().column(),
    ],
    sorted_by: 1,
};
