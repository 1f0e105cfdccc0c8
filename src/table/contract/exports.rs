//! `exports`: what a publication stands on.
//!
//! It lies with the history: when an export counted first is history, and how files are cut and called decides no
//! figure.

use super::columns::STAMP;
use crate::domain::Granularity;
use crate::table::column::{Column, Kind, Table, texts_of};

pub const EXPORTS: Table = Table {
    name: "exports",
    row: "export: a folder with the files of one reported window of a stamp",
    columns: &[
        STAMP,
        Column::new("window", Kind::Text, "its reported window, as the files of `lines` are called"),
        Column::new("folder", Kind::Text, "relative to the root"),
        Column::new("window_start", Kind::Timestamp, "start of the reported window, null when undeclared")
            .nullable()
            .unit("UTC"),
        Column::new("window_end", Kind::Timestamp, "end of the reported window, exclusive").nullable().unit("UTC"),
        Column::new("granularity", Kind::Text, "of its lines, or as it was asked for; null where neither tells")
            .nullable()
            .one_of(texts_of!(Granularity)),
        Column::new("files", Kind::Integer, "how many files of usage it has, those that do not count among them")
            .unit("files"),
        Column::new("lines", Kind::Integer, "how many lines stand in it, those set aside among them").unit("lines"),
        Column::new("bytes", Kind::Integer, "how many all its files have, decompressed").unit("bytes"),
        Column::new("fingerprint", Kind::Text, "BLAKE3 of the names and fingerprints of its files"),
        Column::new(
            "whole",
            Kind::Boolean,
            "whether its reported time is covered: it counts, has files, and its chain of pages has an end",
        ),
        Column::new(
            "dropped",
            Kind::Text,
            "the rule by which it does not count: replaced_by_wider or granularity_not_chosen; null: it counts",
        )
        .nullable(),
        Column::new(
            "first_run",
            Kind::Integer,
            "the number of the first run in which it counted (again, where it did not for a while); null: it does not \
             count, or was there before this was kept",
        )
        .nullable(),
    ],
    sorted_by: 3,
};
