//! `statements`: what the bill of a month asks for.

use super::charges::CHARGE;
use super::columns::{
    AMOUNT, BILLED_SUBSCRIPTION_ID, BILLING_AMOUNT, BILLING_CURRENCY, CLOSED, CURRENCY, DISCOUNT_PERCENT,
    EFFECTIVE_FROM, EXCHANGE_RATE, METER_ID, MONTH, PER, PRICE, PRICE_KEY, PRICE_STATUS, QUANTITY, ROUNDING_DIFFERENCE,
    TENANT_ID, TIER_FROM,
};
use crate::table::column::Table;

pub const STATEMENTS: Table = Table {
    name: "statements",
    row: "month, billed subscription, meter, currency, price entry: a line of a statement",
    columns: &[
        MONTH.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        CURRENCY.column(),
        PRICE_STATUS.column(),
        EFFECTIVE_FROM.column(),
        TIER_FROM.column(),
        PRICE_KEY.column(),
        TENANT_ID.meaning("the tenant whose usage it is; null if unknown, or of several").column(),
        QUANTITY.column(),
        PRICE.column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        CHARGE.meaning("the sum of its charges, not rounded further").column(),
        AMOUNT.column(),
        ROUNDING_DIFFERENCE.column(),
        EXCHANGE_RATE.column(),
        BILLING_CURRENCY.column(),
        BILLING_AMOUNT.column(),
        CLOSED
            .meaning(
                "whether the month is closed on every stamp that is charged in it, so that its statements do not \
                change again; a closing shows from the next run on",
            )
            .column(),
    ],
    sorted_by: 8,
};
