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
        STAMP,
        USAGE_DATE,
        BILLED_SUBSCRIPTION_ID,
        ATTRIBUTION,
        TENANT_ID,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        RESOURCE_KEY,
        QUANTITY,
        LINE_COUNT,
    ],
    sorted_by: 8,
};
