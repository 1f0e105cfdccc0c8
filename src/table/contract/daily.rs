//! `daily`: usage by day.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, QUANTITY, RESOURCE_KEY, STAMP, TENANT_ID, USAGE_DATE,
    USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const DAILY: Table = Table {
    name: "daily",
    row: "stamp, usage date, billed subscription, attribution, tenant, user subscription, meter, resource",
    columns: &[
        STAMP.column(),
        USAGE_DATE.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        RESOURCE_KEY.column(),
        QUANTITY.column(),
        LINE_COUNT.column(),
    ],
    sorted_by: 8,
};
