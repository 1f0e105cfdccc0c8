//! `coverage_months`: how complete each month is.

use super::columns::{CLOSED, MONTH, STAMP};
use crate::table::column::{Column, Kind, Table};

pub const COVERAGE_MONTHS: Table = Table {
    name: "coverage_months",
    row: "stamp and month",
    columns: &[
        STAMP,
        MONTH,
        Column::new("days", Kind::Integer, "days of the month").unit("days"),
        Column::new("days_settled", Kind::Integer, "of these, settled").unit("days"),
        Column::new("days_open", Kind::Integer, "of these, open").unit("days"),
        Column::new("days_partial", Kind::Integer, "the rest: partial, or with neither usage nor reported time")
            .unit("days"),
        CLOSED,
    ],
    sorted_by: 2,
};
