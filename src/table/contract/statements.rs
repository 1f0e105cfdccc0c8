//! `statements`: what the bill of a month asks for.

use super::charges::CHARGE;
use super::columns::{
    AMOUNT, BILLED_SUBSCRIPTION_ID, BILLING_AMOUNT, BILLING_CURRENCY, CLOSED, CURRENCY, DISCOUNT_PERCENT,
    EFFECTIVE_FROM, EXCHANGE_RATE, METER_ID, MONTH, PER, PRICE, PRICE_KEY, PRICE_STATUS, QUANTITY, ROUNDING_DIFFERENCE,
    TENANT_ID, TIER_FROM,
};
use crate::table::column::{Column, Table};

pub const STATEMENTS: Table = Table {
    name: "statements",
    row: "month, billed subscription, meter, currency, price entry: a line of a statement",
    columns: &[
        MONTH,
        BILLED_SUBSCRIPTION_ID,
        METER_ID,
        CURRENCY,
        PRICE_STATUS,
        EFFECTIVE_FROM,
        TIER_FROM,
        PRICE_KEY,
        Column { meaning: "the tenant whose usage it is; null if unknown, or of several", ..TENANT_ID },
        QUANTITY,
        PRICE,
        PER,
        DISCOUNT_PERCENT,
        Column { meaning: "the sum of its charges, not rounded further", ..CHARGE },
        AMOUNT,
        ROUNDING_DIFFERENCE,
        EXCHANGE_RATE,
        BILLING_CURRENCY,
        BILLING_AMOUNT,
        Column {
            meaning: "whether the month is closed on every stamp that is charged in it, so that its statements do not \
                change again; a closing shows from the next run on",
            ..CLOSED
        },
    ],
    sorted_by: 8,
};
