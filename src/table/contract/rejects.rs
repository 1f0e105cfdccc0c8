//! `rejects`: lines set aside.

use super::columns::{FILE, ROW, STAMP};
use crate::domain::RejectReason;
use crate::table::column::{Table, Typed, texts_of};

pub const REASON: Typed<str> = Typed::new("reason", "why it was set aside").one_of(texts_of!(RejectReason));
pub const OFFENDING_TEXT: Typed<str> =
    Typed::new("offending_text", "the text that offends, null when it is the absence that offends").nullable();

pub const REJECTS: Table = Table {
    name: "rejects",
    row: "rejected line",
    columns: &[STAMP.column(), FILE.column(), ROW.column(), REASON.column(), OFFENDING_TEXT.column()],
    sorted_by: 3,
};
