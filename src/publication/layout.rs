//! All paths in OUT.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::domain::{Day, Month, Stamp};
use crate::table::column::Table;

pub(super) use crate::store::disk::STAGING;

/// The folder in OUT for everything that is not published.
pub(super) const STATE: &str = ".stacktally";

/// The receipt of the last run. It identifies a folder as a publication.
pub const RECEIPT: &str = "receipt.json";

/// All receipts, by the numbers of their runs.
pub const RECEIPTS: &str = "receipts";

/// The list of what is published, in `.stacktally`.
pub(super) const LIST: &str = "published";

/// In staging: the folders that a commit makes and probes, so that they can be removed if the commit is interrupted.
pub(super) const FOLDERS: &str = "folders";

/// The folder of history: its files stay published even though later runs do not make them again.
pub(super) const HISTORY: &str = "history/";

/// The file that tests whether a folder is writable.
pub(super) const PROBE: &str = ".stacktally-probe";

/// The start of the paths of private files, relative to OUT.
pub(super) const STATE_PREFIX: &str = ".stacktally/state/";

/// Something in `.stacktally`.
pub(super) fn private(out: &Path, name: &str) -> PathBuf {
    out.join(STATE).join(name)
}

/// Where a private file lies, relative to OUT.
pub(super) fn state_path(name: &str) -> String {
    format!("{STATE_PREFIX}{name}")
}

/// In `.stacktally`: what a commit puts and removes.
pub(super) const JOURNAL: &str = "journal";

/// The journal before it has its name.
pub(super) const JOURNAL_UNFINISHED: &str = "journal.tmp";

/// Where a stamp's days of a month are published.
pub fn daily_path(stamp: &Stamp, month: Month) -> String {
    format!("daily/{stamp}/{month}.parquet")
}

/// Where a stamp's charges of a month are published.
pub fn charges_path(stamp: &Stamp, month: Month) -> String {
    format!("charges/{stamp}/{month}.parquet")
}

/// Where the statements of a month are published.
pub fn statements_path(month: Month) -> String {
    format!("statements/{month}.parquet")
}

/// The path of a table's flat CSV in OUT, without the extension: in the table's folder. The file name alone identifies
/// the contents, wherever the file is copied.
///
/// ```text
/// csv/daily/zurich/daily-zurich-2026-10        csv/monthly/monthly-2026-10        csv/default_usage/zurich/default_usage-zurich
/// ```
/// A folder for each stamp: parts are numbered, and `north-2` may be a stamp.
pub fn csv_path(table: &str, stamp: Option<&Stamp>, period: Option<&dyn Display>) -> String {
    let folder = stamp.map_or_else(String::new, |stamp| format!("{stamp}/"));
    let stamp = stamp.map_or_else(String::new, |stamp| format!("-{stamp}"));
    let period = period.map_or_else(String::new, |period| format!("-{period}"));
    format!("csv/{table}/{folder}{table}{stamp}{period}")
}

/// Where a stamp's lines of a day and export are published.
pub fn lines_path(stamp: &Stamp, day: Day, label: &str) -> String {
    format!("lines/{stamp}/{day}/{label}.parquet")
}

/// Where a stamp's months are published.
pub fn monthly_path(stamp: &Stamp) -> String {
    format!("monthly/{stamp}.parquet")
}

/// Where a stamp's usage on default subscriptions is published.
pub fn default_usage_path(stamp: &Stamp) -> String {
    format!("default_usage/{stamp}.parquet")
}

/// Where the journal of closings lies, in OUT.
pub const CLOSINGS: &str = "history/closings.jsonl";

/// Where a file of a closed month lies.
pub fn closed_path(stamp: &Stamp, month: Month, run: u64, file: &str) -> String {
    format!("history/closed/{stamp}/{month}/{run:06}/{file}")
}

/// The resources of all stamps; of a closed month, in its folder.
pub const RESOURCES: &str = "resources.parquet";

/// The folder below which the lines of a stamp are published.
pub fn lines_prefix(stamp: &Stamp) -> String {
    format!("lines/{stamp}/")
}

/// Where the hours of a stamp's day are published.
pub fn hourly_path(stamp: &Stamp, day: Day) -> String {
    format!("hourly/{stamp}/{day}.parquet")
}

/// Where a table that is one file lies.
pub fn table_path(table: &Table) -> String {
    format!("{}.parquet", table.name)
}

/// Where a run's changes lie, without the extension.
pub fn changes_path(run: u64) -> String {
    format!("history/changes/{run:06}")
}

/// Where a run's adjustments of closed months lie, without the extension.
pub fn adjustments_path(run: u64) -> String {
    format!("history/adjustments/{run:06}")
}

/// Where the flat CSV of a table that is one file lies, without the extension.
pub fn csv_path_of_all(table: &Table) -> String {
    format!("csv/{}", table.name)
}
