//! `adjustments`: additions to closed months.

use super::changes::{CAUSE, RUN};
use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, METER_ID, RESOURCE_KEY, STAMP, TENANT_ID, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::domain::{Month, Quantity};
use crate::table::column::{Table, Typed};

pub const ARRIVAL_MONTH: Typed<Month> = Typed::new(
    "arrival_month",
    "the month whose bill can carry it, as its first day: that of the reported window which brought it, or \
             where that is closed on the stamp, the first month after it that is open there",
)
.unit("UTC");
pub const QUANTITY_DELTA: Typed<Quantity> =
    Typed::new("quantity_delta", "what is to be added to the closed figure; may be below zero")
        .unit("the meter's unit");
pub const LINE_COUNT_DELTA: Typed<i64> = Typed::new("line_count_delta", "the same of its count of lines").unit("lines");

pub const ADJUSTMENTS: Table = Table {
    name: "adjustments",
    row: "run, stamp, month of arrival, and what identifies a figure of daily",
    columns: &[
        RUN.column(),
        STAMP.column(),
        ARRIVAL_MONTH.column(),
        USAGE_DATE.column(),
        BILLED_SUBSCRIPTION_ID.column(),
        ATTRIBUTION.column(),
        TENANT_ID.column(),
        USER_SUBSCRIPTION_ID.column(),
        METER_ID.column(),
        RESOURCE_KEY.column(),
        QUANTITY_DELTA.column(),
        LINE_COUNT_DELTA.column(),
        CAUSE.column(),
    ],
    sorted_by: 10,
};
