//! `changes`: what a run changed of days that were published before.

use super::column::{BILLED_SUBSCRIPTION_ID, METER_ID, STAMP, USAGE_DATE};
use super::{Column, Kind, Table};

pub const RUN: Column = Column::new("run", Kind::Integer, "the number of the run that changed it: its receipt's name");
pub const CAUSE: Column = Column::new("cause", Kind::Text, "why the day was settled anew, separated by blanks");

pub const CHANGES: Table = Table {
    name: "changes",
    row: "run, stamp, usage date, billed subscription, meter whose published figure changed",
    columns: &[
        RUN,
        STAMP,
        USAGE_DATE,
        BILLED_SUBSCRIPTION_ID,
        METER_ID,
        Column::new("quantity_before", Kind::Decimal, "what the day said before; null when nothing")
            .nullable()
            .unit("the meter's unit"),
        Column::new("quantity_after", Kind::Decimal, "what it says since; null when nothing")
            .nullable()
            .unit("the meter's unit"),
        Column::new("line_count_before", Kind::Integer, "how many lines were summed before").nullable().unit("lines"),
        Column::new("line_count_after", Kind::Integer, "how many lines are summed since").nullable().unit("lines"),
        CAUSE,
    ],
    sorted_by: 5,
};
