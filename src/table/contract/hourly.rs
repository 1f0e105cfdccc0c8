//! `hourly`: usage by hour; Daily lines are not in it.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, QUANTITY, RESOURCE_KEY, STAMP, TENANT_ID, USAGE_HOUR,
    USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const HOURLY: Table = Table {
    name: "hourly",
    row: "stamp, usage hour, billed subscription, attribution, tenant, user subscription, meter, resource",
    columns: &[
        STAMP.column(),
        USAGE_HOUR.column(),
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
