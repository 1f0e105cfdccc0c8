//! `charges`: what is charged for usage by day.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, CURRENCY, DISCOUNT_PERCENT, METER_ID, PER, PRICE, PRICE_KEY, PRICE_STATUS,
    QUANTITY, RESOURCE_KEY, STAMP, TENANT_ID, TIER_FROM, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::domain::Charge;
use crate::table::column::{Table, Typed};

pub const CHARGES: Table = Table {
    name: "charges",
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
        PRICE_STATUS.column(),
        PRICE_KEY.column(),
        PRICE.column(),
        PER.column(),
        DISCOUNT_PERCENT.column(),
        CURRENCY.column(),
        CHARGE.column(),
    ],
    sorted_by: 9,
};

pub const CHARGE: Typed<Charge> = Typed::new(
    "charge",
    "quantity × price / per, less the discount, rounded once to ten places; null: no price, so no charge",
)
.nullable()
.unit("the currency");
