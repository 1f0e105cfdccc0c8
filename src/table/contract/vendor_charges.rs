//! `vendor_charges`: what Microsoft charges for usage by day, by the vendor prices.

use super::charges::CHARGE;
use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, CURRENCY, DISCOUNT_PERCENT, METER_ID, PARTNER_EARNED_CREDIT_PERCENT, PER,
    PRICE, PRICE_KEY, PRICE_STATUS, QUANTITY, RESOURCE_KEY, STAMP, TENANT_ID, TIER_FROM, USAGE_DATE,
    USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const VENDOR_CHARGES: Table = Table {
    name: "vendor_charges",
    row: "stamp, usage date, billed subscription, attribution, tenant, user subscription, meter, resource, tier",
    columns: &[
        STAMP.column(),
        USAGE_DATE.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        RESOURCE_KEY.column(),
        TIER_FROM.column(),
        QUANTITY.column(),
        PRICE_STATUS.meaning("whether a vendor price is in force").column(),
        PRICE_KEY.meaning("key into vendor_prices, of content alone; null of what is unpriced").column(),
        PRICE.column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        PARTNER_EARNED_CREDIT_PERCENT.column(),
        CURRENCY.column(),
        CHARGE
            .meaning(
                "what Microsoft charges: quantity × price / per, less the discount, less the credit, rounded once to \
                 ten places; null: no vendor price",
            )
            .column(),
    ],
    sorted_by: 9,
};
