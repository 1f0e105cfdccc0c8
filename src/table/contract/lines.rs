//! `lines`: the usage lines as read, normalised, not yet attributed: the base of every other table.

use super::columns::{FILE, METER_ID, QUANTITY, RESOURCE_KEY, ROW, STAMP, USER_SUBSCRIPTION_ID};
use crate::domain::Granularity;
use crate::table::column::{Column, Kind, Table, texts_of};

pub const LINES: Table = Table {
    name: "lines",
    row: "usage line",
    columns: &[
        STAMP,
        Column::new("usage_start", Kind::Timestamp, "start of the hour or day in which the usage happened").unit("UTC"),
        Column::new("granularity", Kind::Text, "what the line counts: a full hour or a full day")
            .one_of(texts_of!(Granularity)),
        USER_SUBSCRIPTION_ID,
        METER_ID,
        RESOURCE_KEY,
        Column { meaning: "the line's quantity", ..QUANTITY },
        Column::new("window_start", Kind::Timestamp, "start of the reported window, null when undeclared")
            .nullable()
            .unit("UTC"),
        Column::new("window_end", Kind::Timestamp, "end of the reported window, exclusive").nullable().unit("UTC"),
        FILE,
        ROW,
    ],
    sorted_by: 11,
};
