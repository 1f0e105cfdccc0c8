//! `mappings`: the mapping of a subject in the snapshots of a kind, from when to when.

use super::columns::{SNAPSHOT_KIND, STAMP, SUBJECT_ID};
use crate::domain::Hour;
use crate::table::column::{Table, Typed};

pub const FIRST_SNAPSHOT: Typed<Hour> =
    Typed::new("first_snapshot", "date of the first snapshot that says so").unit("UTC");
pub const LAST_SNAPSHOT: Typed<Hour> =
    Typed::new("last_snapshot", "date of the last snapshot in a row that says so").unit("UTC");
pub const ENDED_BY: Typed<Hour> =
    Typed::new("ended_by", "date of the next snapshot, which does not; null where there is none")
        .nullable()
        .unit("UTC");
pub const MAPPED_TO_ID: Typed<str> = Typed::new(
    "mapped_to_id",
    "of registration the default subscription, of customer_subscriptions the customer subscription, of \
             user_subscriptions the tenant",
);

pub const MAPPINGS: Table = Table {
    name: "mappings",
    row: "stamp, kind of snapshot, subject, and stretch of snapshots that all say the same of it",
    columns: &[
        STAMP.column(),
        SNAPSHOT_KIND.column(),
        SUBJECT_ID.column(),
        FIRST_SNAPSHOT.column(),
        LAST_SNAPSHOT.column(),
        ENDED_BY.column(),
        MAPPED_TO_ID.column(),
    ],
    sorted_by: 4,
};
