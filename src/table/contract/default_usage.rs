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
        STAMP,
        USAGE_DATE,
        BILLED_SUBSCRIPTION_ID,
        ATTRIBUTION,
        TENANT_ID,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        QUANTITY,
        LINE_COUNT,
        FIRST_SEEN,
        LAST_SEEN,
    ],
    sorted_by: 7,
};
