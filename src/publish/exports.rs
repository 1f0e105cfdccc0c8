//! `exports`: what a publication stands on, as a table.

use crate::domain::Quantity;
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::receipt::{TableEntry, WindowEntry};
use crate::table::arrays::{booleans, integers, maybe_integers, texts, timestamps};
use crate::table::contract;
use crate::table::csv::{CsvCell, CsvTable};

/// Where it lies, without the ending, and as Parquet.
const EXPORTS: &str = "history/exports";
const EXPORTS_TABLE: &str = "history/exports.parquet";

/// Stages the table, by stamp, window and folder.
///
/// # Errors
/// It cannot be staged.
pub fn publish_exports(windows: &[WindowEntry], publisher: &Publisher) -> Result<()> {
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let mut rows: Vec<&WindowEntry> = windows.iter().collect();
    rows.sort_by(|a, b| (&a.stamp, &a.window, &a.folder).cmp(&(&b.stamp, &b.window, &b.folder)));
    let each = || rows.iter();
    let columns = vec![
        texts(each().map(|own| Some(own.stamp.as_str()))),
        texts(each().map(|own| Some(own.window.as_str()))),
        texts(each().map(|own| Some(own.folder.as_str()))),
        timestamps(each().map(|own| own.reported.map(|own| own.start))),
        timestamps(each().map(|own| own.reported.map(|own| own.end))),
        texts(each().map(|own| own.granularity)),
        integers(each().map(|own| own.files as i64)),
        integers(each().map(|own| own.lines)),
        integers(each().map(|own| own.bytes as i64)),
        texts(each().map(|own| Some(own.blake3.as_str()))),
        booleans(each().map(|own| own.whole)),
        texts(each().map(|own| own.dropped)),
        maybe_integers(each().map(|own| own.first_run.map(|run| run as i64))),
    ];
    publisher.table(EXPORTS_TABLE.to_owned(), &contract::EXPORTS, columns, None)?;
    let mut table = CsvTable::new(contract::EXPORTS.columns);
    for own in rows {
        let nothing = CsvCell::Text(None);
        let cells = [
            CsvCell::Text(Some(&own.stamp)),
            CsvCell::Text(Some(&own.window)),
            CsvCell::Text(Some(&own.folder)),
            own.reported.map_or(nothing, |own| CsvCell::Hour(own.start)),
            own.reported.map_or(nothing, |own| CsvCell::Hour(own.end)),
            CsvCell::Text(own.granularity),
            CsvCell::Integer(own.files as i64),
            CsvCell::Integer(own.lines),
            CsvCell::Integer(own.bytes as i64),
            CsvCell::Text(Some(&own.blake3)),
            CsvCell::Boolean(own.whole),
            CsvCell::Text(own.dropped),
            own.first_run.map_or(nothing, |run| CsvCell::Integer(run as i64)),
        ];
        table.row(&cells, 0, Quantity::ZERO)?;
    }
    publisher.csv(EXPORTS, contract::EXPORTS.columns, table, None)
}

/// The table that a publication stands on, as its receipt names it; `None` in a rehearsal.
pub fn entry(publisher: &Publisher) -> Option<TableEntry> {
    let own = publisher.files().into_iter().find(|own| own.path == EXPORTS_TABLE)?;
    Some(TableEntry { path: own.path, rows: own.rows, blake3: own.blake3 })
}
