//! `charges`: what is charged for usage by day.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, CURRENCY, DISCOUNT_PERCENT, METER_ID, PER, PRICE, PRICE_KEY, PRICE_STATUS,
    QUANTITY, RESOURCE_KEY, STAMP, TENANT_ID, TIER_FROM, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::column::{Column, Kind, Table};

pub const CHARGES: Table = Table {
    name: "charges",
    row: "stamp, usage date, billed subscription, attribution, tenant, user subscription, meter, resource, tier",
    columns: &[
        STAMP,
        USAGE_DATE,
        BILLED_SUBSCRIPTION_ID,
        ATTRIBUTION,
        TENANT_ID,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        RESOURCE_KEY,
        TIER_FROM,
        QUANTITY,
        PRICE_STATUS,
        PRICE_KEY,
        PRICE,
        PER,
        DISCOUNT_PERCENT,
        CURRENCY,
        CHARGE,
    ],
    sorted_by: 9,
};

pub const CHARGE: Column = Column::new(
    "charge",
    Kind::Charge,
    "quantity × price / per, less the discount, rounded once to ten places; null: no price, so no charge",
)
.nullable()
.unit("the currency");
