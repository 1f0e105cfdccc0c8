//! `monthly`: usage by month, without resources.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, MONTH, QUANTITY, STAMP, TENANT_ID, USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const MONTHLY: Table = Table {
    name: "monthly",
    row: "stamp, month, billed subscription, attribution, tenant, user subscription, meter",
    columns: &[
        STAMP.column(),
        MONTH.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        QUANTITY.column(),
        LINE_COUNT.column(),
    ],
    sorted_by: 7,
};
