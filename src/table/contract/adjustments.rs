//! `adjustments`: what came to closed months after they were closed.

use super::changes::{CAUSE, RUN};
use super::columns::{
    ATTRIBUTION, BILLED_SUBSCRIPTION_ID, METER_ID, RESOURCE_KEY, STAMP, TENANT_ID, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::column::{Column, Kind, Table};

pub const ADJUSTMENTS: Table = Table {
    name: "adjustments",
    row: "run, stamp, month of arrival, and what identifies a figure of daily",
    columns: &[
        RUN,
        STAMP,
        Column::new(
            "arrival_month",
            Kind::Month,
            "the month whose bill can carry it, as its first day: that of the reported window which brought it, or \
             where that is closed on the stamp, the first month after it that is open there",
        )
        .unit("UTC"),
        USAGE_DATE,
        BILLED_SUBSCRIPTION_ID,
        ATTRIBUTION,
        TENANT_ID,
        USER_SUBSCRIPTION_ID,
        METER_ID,
        RESOURCE_KEY,
        Column::new("quantity_delta", Kind::Decimal, "what is to be added to the closed figure; may be below zero")
            .unit("the meter's unit"),
        Column::new("line_count_delta", Kind::Integer, "the same of its count of lines").unit("lines"),
        CAUSE,
    ],
    sorted_by: 10,
};
