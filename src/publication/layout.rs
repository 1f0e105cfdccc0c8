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

/// The folders of tables by stamp or month, and of history.
pub const DAILY_FOLDER: &str = "daily/";
pub const HOURLY_FOLDER: &str = "hourly/";
pub const LINES_FOLDER: &str = "lines/";
pub const MONTHLY_FOLDER: &str = "monthly/";
pub const CHARGES_FOLDER: &str = "charges/";
pub const VENDOR_CHARGES_FOLDER: &str = "vendor_charges/";
const MARGINS_FOLDER: &str = "margins/";
pub const STATEMENTS_FOLDER: &str = "statements/";
pub const DEFAULT_USAGE_FOLDER: &str = "default_usage/";
pub const CHANGES_FOLDER: &str = "history/changes/";
pub const ADJUSTMENTS_FOLDER: &str = "history/adjustments/";
pub const CLOSED_FOLDER: &str = "history/closed/";

/// The folder of all flat CSV.
pub(super) const CSV_FOLDER: &str = "csv/";

/// The list of exports, without the extension.
pub const EXPORTS: &str = "history/exports";

/// The extension of a table.
const TABLE: &str = ".parquet";

/// Whether a path is that of a table.
pub fn is_table(path: &str) -> bool {
    path.ends_with(TABLE)
}

/// The table of a path without its extension.
pub fn as_table(path: &str) -> String {
    format!("{path}{TABLE}")
}

/// The name of a table in a folder, such as `north/2026-10` of `daily/north/2026-10.parquet`.
pub fn table_in<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_suffix(TABLE)
}

/// The month of a table in a folder of months.
pub fn month_in(folder: &str, path: &str) -> Option<Month> {
    Month::parse(table_in(folder, path)?)
}

/// The stamp and the month of a table in a folder of stamps.
pub fn stamp_and_month_in(folder: &str, path: &str) -> Option<(Stamp, Month)> {
    let (stamp, month) = table_in(folder, path)?.split_once('/')?;
    Stamp::new(stamp).zip(Month::parse(month))
}

/// The folder of a stamp in a folder of stamps.
pub fn folder_of(folder: &str, stamp: &Stamp) -> String {
    format!("{folder}{stamp}/")
}

/// Where a stamp's days of a month are published.
pub fn daily_path(stamp: &Stamp, month: Month) -> String {
    format!("{DAILY_FOLDER}{stamp}/{month}{TABLE}")
}

/// Where a stamp's charges of a month are published.
pub fn charges_path(stamp: &Stamp, month: Month) -> String {
    format!("{CHARGES_FOLDER}{stamp}/{month}{TABLE}")
}

/// Where the vendor charges of a stamp's month are published.
pub fn vendor_charges_path(stamp: &Stamp, month: Month) -> String {
    format!("{VENDOR_CHARGES_FOLDER}{stamp}/{month}{TABLE}")
}

/// Where the margins of a month are published.
pub fn margins_path(month: Month) -> String {
    format!("{MARGINS_FOLDER}{month}{TABLE}")
}

/// Where the statements of a month are published.
pub fn statements_path(month: Month) -> String {
    format!("{STATEMENTS_FOLDER}{month}{TABLE}")
}

/// The path of a table's flat CSV in OUT, without the extension: in the table's folder. The file name alone identifies
/// the contents, wherever the file is copied.
///
/// ```text
/// csv/daily/zurich/daily-zurich-2026-10   csv/monthly/monthly-2026-10   csv/default_usage/zurich/default_usage-zurich
/// ```
/// A folder for each stamp: parts are numbered, and `north-2` may be a stamp.
pub fn csv_path(table: &str, stamp: Option<&Stamp>, period: Option<&dyn Display>) -> String {
    let folder = stamp.map_or_else(String::new, |stamp| format!("{stamp}/"));
    let stamp = stamp.map_or_else(String::new, |stamp| format!("-{stamp}"));
    let period = period.map_or_else(String::new, |period| format!("-{period}"));
    format!("{CSV_FOLDER}{table}/{folder}{table}{stamp}{period}")
}

/// Where a stamp's lines of a day and export are published.
pub fn lines_path(stamp: &Stamp, day: Day, label: &str) -> String {
    as_table(&format!("{}{label}", lines_folder(stamp, day)))
}

/// The folder of a stamp's lines of a day.
pub fn lines_folder(stamp: &Stamp, day: Day) -> String {
    format!("{}{day}/", folder_of(LINES_FOLDER, stamp))
}

/// Where a stamp's months are published.
pub fn monthly_path(stamp: &Stamp) -> String {
    format!("{MONTHLY_FOLDER}{stamp}{TABLE}")
}

/// Where a stamp's usage on default subscriptions is published.
pub fn default_usage_path(stamp: &Stamp) -> String {
    format!("{DEFAULT_USAGE_FOLDER}{stamp}{TABLE}")
}

/// Where the journal of closings lies, in OUT.
pub const CLOSINGS: &str = "history/closings.jsonl";

/// Where a file of a closed month lies.
pub fn closed_path(stamp: &Stamp, month: Month, run: u64, file: &str) -> String {
    format!("{CLOSED_FOLDER}{stamp}/{month}/{run:06}/{file}")
}

/// The resources of all stamps; of a closed month, in its folder.
pub const RESOURCES: &str = "resources.parquet";

/// Where the hours of a stamp's day are published.
pub fn hourly_path(stamp: &Stamp, day: Day) -> String {
    format!("{HOURLY_FOLDER}{stamp}/{day}{TABLE}")
}

/// Where a table that is one file lies.
pub fn table_path(table: &Table) -> String {
    as_table(table.name)
}

/// Where a run's changes lie, without the extension.
pub fn changes_path(run: u64) -> String {
    format!("{CHANGES_FOLDER}{run:06}")
}

/// Where a run's adjustments of closed months lie, without the extension.
pub fn adjustments_path(run: u64) -> String {
    format!("{ADJUSTMENTS_FOLDER}{run:06}")
}

/// Where the flat CSV of a table that is one file lies, without the extension.
pub fn csv_path_of_all(table: &Table) -> String {
    format!("{CSV_FOLDER}{}", table.name)
}

/// The folder with the flat CSV of each billed subscription's statement.
pub fn statement_csv_folder(month: Month) -> String {
    format!("{CSV_FOLDER}{STATEMENTS_FOLDER}{month}/")
}
