//! `rejects`: lines set aside.

use super::column::{FILE, ROW, STAMP};
use super::{Column, Kind, Table, texts_of};
use crate::domain::RejectReason;

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
