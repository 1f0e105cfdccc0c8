//! `changes`: what a run changed of days that were published before: of a quantity, or of what is charged in one currency.
//!
//! Columns are only ever added at the end: what earlier versions wrote stays, and is read.

use super::column::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, STAMP, USAGE_DATE};
use super::{Column, Kind, Table, texts_of};
use crate::domain::Cause;

pub const RUN: Column = Column::new("run", Kind::Integer, "the number of the run that changed it: its receipt's name");
pub const CAUSE: Column =
    Column::new("cause", Kind::Text, "why the day was settled or charged anew; several are separated by blanks")
        .one_of(texts_of!(Cause));

pub const CHANGES: Table = Table {
    name: "changes",
    row: "run, stamp, usage date, billed subscription, meter, currency (null: of the quantity) whose published figure changed",
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
        Column { meaning: "the currency of a changed charge, by ISO 4217; null of a changed quantity", ..CURRENCY },
        Column::new("charge_before", Kind::Charge, "what was charged before; null when nothing in this currency")
            .nullable()
            .unit("the currency"),
        Column::new("charge_after", Kind::Charge, "what is charged since; null when nothing in this currency")
            .nullable()
            .unit("the currency"),
    ],
    sorted_by: 5,
};
