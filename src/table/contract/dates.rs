//! `dates`: the calendar of the whole years seen.

use super::columns::MONTH;
use crate::domain::Day;
use crate::table::column::{Table, Typed};

pub const DATE: Typed<Day> = Typed::new("date", "the day");
pub const YEAR: Typed<i64> = Typed::new("year", "calendar year");
pub const QUARTER: Typed<i64> = Typed::new("quarter", "1 to 4");
pub const MONTH_OF_YEAR: Typed<i64> = Typed::new("month_of_year", "1 to 12");
pub const DAY_OF_MONTH: Typed<i64> = Typed::new("day_of_month", "1 to 31");
pub const ISO_YEAR: Typed<i64> = Typed::new("iso_year", "year of the ISO week");
pub const ISO_WEEK: Typed<i64> = Typed::new("iso_week", "1 to 53");
pub const DAY_OF_WEEK: Typed<i64> = Typed::new("day_of_week", "1 is Monday, 7 is Sunday");

pub const DATES: Table = Table {
    name: "dates",
    row: "day",
    columns: &[
        DATE.column(),
        YEAR.column(),
        QUARTER.column(),
        MONTH.meaning("the month, as its first day").column(),
        MONTH_OF_YEAR.column(),
        DAY_OF_MONTH.column(),
        ISO_YEAR.column(),
        ISO_WEEK.column(),
        DAY_OF_WEEK.column(),
    ],
    sorted_by: 1,
};
