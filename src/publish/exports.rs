//! `exports`: the exports that a publication is made from, as a table.

use crate::domain::Quantity;
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::layout::{EXPORTS, as_table};
use crate::publication::receipt::{TableEntry, WindowEntry};
use crate::table::contract::exports::{
    BYTES, DROPPED, FILES, FINGERPRINT, FIRST_RUN, FOLDER, GRANULARITY, LINES, WHOLE, WINDOW, WINDOW_END, WINDOW_START,
};
use crate::table::contract::{self, columns::STAMP};
use crate::table::rows::RowSet;

/// Stages the table, by stamp, window and folder.
///
/// # Errors
/// It cannot be staged.
pub fn publish_exports(windows: &[WindowEntry], publisher: &Publisher) -> Result<()> {
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let mut windows: Vec<&WindowEntry> = windows.iter().collect();
    windows.sort_by(|a, b| (&a.stamp, &a.window, &a.folder).cmp(&(&b.stamp, &b.window, &b.folder)));
    let rows = RowSet::of(&windows)
        .with(STAMP, |export| export.stamp.as_str())
        .with(WINDOW, |export| export.window.as_str())
        .with(FOLDER, |export| export.folder.as_str())
        .with(WINDOW_START, |export| export.reported.map(|window| window.start))
        .with(WINDOW_END, |export| export.reported.map(|window| window.end))
        .with(GRANULARITY, |export| export.granularity)
        .with(FILES, |export| export.files as i64)
        .with(LINES, |export| export.lines)
        .with(BYTES, |export| export.bytes as i64)
        .with(FINGERPRINT, |export| export.blake3.as_str())
        .with(WHOLE, |export| export.whole)
        .with(DROPPED, |export| export.dropped)
        .with(FIRST_RUN, |export| export.first_run.map(|run| run as i64));
    publisher.table(as_table(EXPORTS), rows.columns(&contract::EXPORTS)?, None)?;
    let csv = rows.csv(contract::EXPORTS.name, contract::EXPORTS.columns, |_| (0, Quantity::ZERO))?;
    publisher.csv(EXPORTS, contract::EXPORTS.columns, csv, None)
}

/// The entry of this table in the receipt; `None` in a rehearsal.
pub fn entry(publisher: &Publisher) -> Option<TableEntry> {
    let path = as_table(EXPORTS);
    let file = publisher.files().into_iter().find(|file| file.path == path)?;
    Some(TableEntry { path: file.path, rows: file.rows, blake3: file.blake3 })
}
