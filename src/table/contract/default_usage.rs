//! `default_usage`: what fell on the default subscriptions, and why.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, FIRST_SEEN, LAST_SEEN, LINE_COUNT, METER_ID, QUANTITY, STAMP, TENANT_ID,
    USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const DEFAULT_USAGE: Table = Table {
    name: "default_usage",
    row: "stamp, usage date, default subscription, attribution, tenant, user subscription, meter",
    columns: &[
        STAMP.column(),
        USAGE_DATE.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        QUANTITY.column(),
        LINE_COUNT.column(),
        FIRST_SEEN.column(),
        LAST_SEEN.column(),
    ],
    sorted_by: 7,
};
