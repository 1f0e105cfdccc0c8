//! `exports`: the exports that a publication uses.
//!
//! It belongs to the history: it also says when an export counted first. How files are cut and named decides no figure.

use super::columns::STAMP;
use crate::domain::{Granularity, Hour};
use crate::table::column::{Table, Typed, texts_of};

pub const WINDOW: Typed<str> = Typed::new("window", "its reported window, as the files of `lines` are called");
pub const FOLDER: Typed<str> = Typed::new("folder", "relative to the root");
pub const WINDOW_START: Typed<Hour> =
    Typed::new("window_start", "start of the reported window, null when undeclared").nullable().unit("UTC");
pub const WINDOW_END: Typed<Hour> =
    Typed::new("window_end", "end of the reported window, exclusive").nullable().unit("UTC");
pub const GRANULARITY: Typed<str> =
    Typed::new("granularity", "of its lines, or as it was asked for; null where neither tells")
        .nullable()
        .one_of(texts_of!(Granularity));
pub const FILES: Typed<i64> =
    Typed::new("files", "how many files of usage it has, those that do not count among them").unit("files");
pub const LINES: Typed<i64> =
    Typed::new("lines", "how many lines stand in it, those set aside among them").unit("lines");
pub const BYTES: Typed<i64> = Typed::new("bytes", "how many all its files have, decompressed").unit("bytes");
pub const FINGERPRINT: Typed<str> = Typed::new("fingerprint", "BLAKE3 of the names and fingerprints of its files");
pub const WHOLE: Typed<bool> = Typed::new(
    "whole",
    "whether its reported time is covered: it counts, has files, and its chain of pages has an end",
);
pub const DROPPED: Typed<str> = Typed::new(
    "dropped",
    "the rule by which it does not count: replaced_by_wider or granularity_not_chosen; null: it counts",
)
.nullable();
pub const FIRST_RUN: Typed<i64> = Typed::new(
    "first_run",
    "the number of the first run in which it counted (again, where it did not for a while); null: it does not \
             count, or was there before this was kept",
)
.nullable();

pub const EXPORTS: Table = Table {
    name: "exports",
    row: "export: a folder with the files of one reported window of a stamp",
    columns: &[
        STAMP.column(),
        WINDOW.column(),
        FOLDER.column(),
        WINDOW_START.column(),
        WINDOW_END.column(),
        GRANULARITY.column(),
        FILES.column(),
        LINES.column(),
        BYTES.column(),
        FINGERPRINT.column(),
        WHOLE.column(),
        DROPPED.column(),
        FIRST_RUN.column(),
    ],
    sorted_by: 3,
};
