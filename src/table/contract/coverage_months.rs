//! `coverage_months`: how complete each month is.

use super::columns::{CLOSED, MONTH, STAMP};
use crate::table::column::{Table, Typed};

pub const DAYS: Typed<i64> = Typed::new("days", "days of the month").unit("days");
pub const DAYS_SETTLED: Typed<i64> = Typed::new("days_settled", "of these, settled").unit("days");
pub const DAYS_OPEN: Typed<i64> = Typed::new("days_open", "of these, open").unit("days");
pub const DAYS_PARTIAL: Typed<i64> =
    Typed::new("days_partial", "the rest: partial, or with neither usage nor reported time").unit("days");

pub const COVERAGE_MONTHS: Table = Table {
    name: "coverage_months",
    row: "stamp and month",
    columns: &[
        STAMP.column(),
        MONTH.column(),
        DAYS.column(),
        DAYS_SETTLED.column(),
        DAYS_OPEN.column(),
        DAYS_PARTIAL.column(),
        CLOSED.column(),
    ],
    sorted_by: 2,
};
