//! `snapshots`: the dated files that decide who pays.

use super::columns::{FILE, SNAPSHOT_KIND, STAMP};
use crate::table::column::{Column, Kind, Table};

pub const SNAPSHOTS: Table = Table {
    name: "snapshots",
    row: "file of a snapshot",
    columns: &[
        STAMP,
        SNAPSHOT_KIND,
        Column::new("as_of", Kind::Timestamp, "when the snapshot was taken, as its name says").unit("UTC"),
        FILE,
        Column::new("snapshot_rows", Kind::Integer, "how many of the file's rows count: none of a page saved twice")
            .unit("rows"),
        Column::new("blake3", Kind::Text, "fingerprint of the file's bytes, decompressed"),
        Column::new("resource_id", Kind::Text, "of a registration: its own id, which names the default subscription")
            .nullable(),
        Column::new("billing_model", Kind::Text, "of a registration: its billing model, such as PayAsYouUse")
            .nullable(),
    ],
    sorted_by: 4,
};
