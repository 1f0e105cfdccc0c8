//! `dates`: the calendar of the whole years seen.

use super::columns::MONTH;
use crate::table::column::{Column, Kind, Table};

pub const DATES: Table = Table {
    name: "dates",
    row: "day",
    columns: &[
        Column::new("date", Kind::Date, "the day"),
        Column::new("year", Kind::Integer, "calendar year"),
        Column::new("quarter", Kind::Integer, "1 to 4"),
        Column { meaning: "the month, as its first day", ..MONTH },
        Column::new("month_of_year", Kind::Integer, "1 to 12"),
        Column::new("day_of_month", Kind::Integer, "1 to 31"),
        Column::new("iso_year", Kind::Integer, "year of the ISO week"),
        Column::new("iso_week", Kind::Integer, "1 to 53"),
        Column::new("day_of_week", Kind::Integer, "1 is Monday, 7 is Sunday"),
    ],
    sorted_by: 1,
};
