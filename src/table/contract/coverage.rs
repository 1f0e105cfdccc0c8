//! `coverage`: how complete each day is.

use super::columns::{LINE_COUNT, STAMP, USAGE_DATE};
use crate::domain::coverage::DayState;
use crate::table::column::{Column, Kind, Table, texts_of};

pub const COVERAGE: Table = Table {
    name: "coverage",
    row: "stamp and day: every day from the first reported window to the last, with usage or without, and every other \
        day that has usage",
    columns: &[
        STAMP,
        USAGE_DATE,
        Column::new("state", Kind::Text, "how complete the day is").one_of(texts_of!(DayState)),
        Column::new("windows_loaded", Kind::Integer, "reported windows that touch the day or the days that settle it")
            .unit("windows"),
        Column::new("loaded", Kind::Text, "those windows, as [start, end) separated by blanks").nullable(),
        Column::new(
            "missing",
            Kind::Text,
            "reported time that is missing until the day is settled, as [start, end) separated by blanks",
        )
        .nullable(),
        LINE_COUNT,
        Column::new(
            "findings",
            Kind::Text,
            "codes of what was found about the exports that report the day, separated by blanks; the receipt has the \
             sentences",
        )
        .nullable(),
    ],
    sorted_by: 2,
};
