//! `snapshots`: the dated files that decide who pays.

use super::columns::{FILE, SNAPSHOT_KIND, STAMP};
use crate::domain::Hour;
use crate::table::column::{Table, Typed};

pub const AS_OF: Typed<Hour> = Typed::new("as_of", "when the snapshot was taken, as its name says").unit("UTC");
pub const SNAPSHOT_ROWS: Typed<i64> =
    Typed::new("snapshot_rows", "how many of the file's rows count: none of a page saved twice").unit("rows");
pub const BLAKE3: Typed<str> = Typed::new("blake3", "fingerprint of the file's bytes, decompressed");
pub const RESOURCE_ID: Typed<str> =
    Typed::new("resource_id", "of a registration: its own id, which names the default subscription").nullable();
pub const BILLING_MODEL: Typed<str> =
    Typed::new("billing_model", "of a registration: its billing model, such as PayAsYouUse").nullable();

pub const SNAPSHOTS: Table = Table {
    name: "snapshots",
    row: "file of a snapshot",
    columns: &[
        STAMP.column(),
        SNAPSHOT_KIND.column(),
        AS_OF.column(),
        FILE.column(),
        SNAPSHOT_ROWS.column(),
        BLAKE3.column(),
        RESOURCE_ID.column(),
        BILLING_MODEL.column(),
    ],
    sorted_by: 4,
};
