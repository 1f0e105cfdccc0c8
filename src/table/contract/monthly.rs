//! `monthly`: usage by month, without resources.

use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, LINE_COUNT, METER_ID, MONTH, QUANTITY, STAMP, TENANT_ID, USER_SUBSCRIPTION_ID,
};
use crate::table::column::Table;

pub const MONTHLY: Table = Table {
    name: "monthly",
    row: "stamp, month, billed subscription, attribution, tenant, user subscription, meter",
    columns: &[
        STAMP,
        MONTH,
        BILLED_SUBSCRIPTION_ID,
        ATTRIBUTION,
        TENANT_ID,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        QUANTITY,
        LINE_COUNT,
    ],
    sorted_by: 7,
};
