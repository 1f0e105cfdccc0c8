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
        STAMP,
        USAGE_HOUR,
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
