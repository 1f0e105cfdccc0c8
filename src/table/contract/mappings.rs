//! `mappings`: what the snapshots of a kind say of one subject, from when to when.

use super::columns::{SNAPSHOT_KIND, STAMP, SUBJECT_ID};
use crate::table::column::{Column, Kind, Table};

pub const MAPPINGS: Table = Table {
    name: "mappings",
    row: "stamp, kind of snapshot, subject, and stretch of snapshots that all say the same of it",
    columns: &[
        STAMP,
        SNAPSHOT_KIND,
        SUBJECT_ID,
        Column::new("first_snapshot", Kind::Timestamp, "date of the first snapshot that says so").unit("UTC"),
        Column::new("last_snapshot", Kind::Timestamp, "date of the last snapshot in a row that says so").unit("UTC"),
        Column::new("ended_by", Kind::Timestamp, "date of the next snapshot, which does not; null where there is none")
            .nullable()
            .unit("UTC"),
        Column::new(
            "mapped_to_id",
            Kind::Text,
            "of registration the default subscription, of customer_subscriptions the customer subscription, of \
             user_subscriptions the tenant",
        ),
    ],
    sorted_by: 4,
};
