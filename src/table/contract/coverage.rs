//! `coverage`: how complete each day is.

use super::columns::{LINE_COUNT, STAMP, USAGE_DATE};
use crate::domain::coverage::DayState;
use crate::table::column::{Table, Typed, texts_of};

pub const STATE: Typed<str> = Typed::new("state", "how complete the day is").one_of(texts_of!(DayState));
pub const WINDOWS_LOADED: Typed<i64> =
    Typed::new("windows_loaded", "reported windows that touch the day or the days that settle it").unit("windows");
pub const LOADED: Typed<str> = Typed::new("loaded", "those windows, as [start, end) separated by blanks").nullable();
pub const MISSING: Typed<str> = Typed::new(
    "missing",
    "reported time that is missing until the day is settled, as [start, end) separated by blanks",
)
.nullable();
pub const FINDINGS: Typed<str> = Typed::new(
    "findings",
    "codes of what was found about the exports that report the day, separated by blanks; the receipt has the \
             sentences",
)
.nullable();

pub const COVERAGE: Table = Table {
    name: "coverage",
    row: "stamp and day: every day from the first reported window to the last, with usage or without, and every other \
        day that has usage",
    columns: &[
        STAMP.column(),
        USAGE_DATE.column(),
        STATE.column(),
        WINDOWS_LOADED.column(),
        LOADED.column(),
        MISSING.column(),
        LINE_COUNT.column(),
        FINDINGS.column(),
    ],
    sorted_by: 2,
};
