//! `rejects`: lines set aside.

use super::columns::{FILE, ROW, STAMP};
use crate::domain::RejectReason;
use crate::table::column::{Column, Kind, Table, texts_of};

pub const REJECTS: Table = Table {
    name: "rejects",
    row: "rejected line",
    columns: &[
        STAMP,
        FILE,
        ROW,
        Column::new("reason", Kind::Text, "why it was set aside").one_of(texts_of!(RejectReason)),
        Column::new("offending_text", Kind::Text, "the text that offends, null when it is the absence that offends")
            .nullable(),
    ],
    sorted_by: 3,
};
