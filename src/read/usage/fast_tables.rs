//! Rows of a table as machines write them: the fast path, by what the rows before them were.
//!
//! ```text
//! "  2026-10-05T18:00:00+00:00  ","  2026-10-05T19:00:00+00:00  ","","  2.0       ","virtualMachines","north",…\r\n
//! piece  start                  piece  end                       piece  quantity  piece
//! ```
//! As in `fast_rows`: a row is expected to be the one that followed the row before it last time, whatever its times and
//! its quantity are. Any other row is read cell by cell, and remembered.
//!
//! **Invariant:** the lines are those of the rows read cell by cell. A quoted value has no quote in it, and one without
//! quotes no delimiter, quote or line end: so the cells of a known row are those that it had, but for these three. What
//! its remaining cells mean depends on the header, and rows of other headers are not known. `tests/law/tables.rs`
//! compares the two.

use super::fast_rows::{FastRows, Meaning, Memory, Syntax, ValueKind, ValuePlace};
use super::line_reader::LineReader;
use super::table::{UsageRows, UsageTable};
use crate::domain::limits::VALUE_BYTES_MAX;
use crate::error::Result;
use crate::read::format::raw::place_of;
use crate::read::format::row::RawRow;

/// Reads all rows of a table; `false` when it gave up before the last. Without a memory no row is known.
///
/// # Errors
/// A double quote that is never closed, a truncated last row, another shape than the rows before.
pub(super) fn read_rows<'a>(
    mut reader: LineReader<'a>,
    table: &UsageTable<'_>,
    memory: Option<&mut Memory>,
    gives_up: impl Fn(&LineReader<'a>) -> bool,
) -> Result<bool> {
    let mut rows = table.rows();
    let Some(memory) = memory else {
        while reader.read_row(table, &mut rows)? {
            if gives_up(&reader) {
                return Ok(false);
            }
        }
        reader.finish();
        return Ok(true);
    };
    let mut fast = FastRows::of_table(&mut reader, table.header_text(), memory);
    loop {
        if let Some(bytes) = known_row(&mut fast, rows.rest())? {
            rows.pass(bytes);
            continue;
        }
        if !read_row(&mut fast, table, &mut rows)? {
            break;
        }
        if gives_up(fast.reader) {
            return Ok(false);
        }
    }
    reader.finish();
    Ok(true)
}

/// Takes the row that is expected, if a text begins with it. Returns its length.
#[inline]
fn known_row(fast: &mut FastRows<'_, '_>, text: &str) -> Result<Option<usize>> {
    let Some((row, values)) = fast.expected_row(text) else { return Ok(None) };
    let quantity = values.quantity.trim();
    if quantity.is_empty() {
        return Ok(None);
    }
    let Ok(quantity) = fast.reader.dialect().quantity(quantity) else { return Ok(None) };
    let Some(span) = fast.reader.span_of_cells(values.start, values.end) else { return Ok(None) };
    let bytes = text.len() - values.rest.len();
    Ok(fast.take_row(row, span, quantity)?.then_some(bytes))
}

/// Reads a row cell by cell, and remembers it where its values can be told from the rest; `false` when there is none.
fn read_row<'a>(fast: &mut FastRows<'_, '_>, table: &UsageTable<'a>, rows: &mut UsageRows<'_, 'a>) -> Result<bool> {
    let Some(row) = rows.next()? else { return Ok(false) };
    let is_used = fast.reader.read_cells(table.shape, &row)?;
    let meaning = match &row {
        Ok(row) if is_used && fast.has_room() => meaning_of(fast.reader, table, row)?,
        _ => None,
    };
    let Some(meaning) = meaning else {
        fast.forget_last();
        return Ok(true);
    };
    let (text, values) = rows.values();
    match places_of(text, values, table.delimiter()) {
        Some((places, syntax)) => fast.remember_row(text, &places, syntax, meaning),
        None => fast.forget_last(),
    }
    Ok(true)
}

fn meaning_of(reader: &mut LineReader<'_>, table: &UsageTable<'_>, row: &RawRow<'_>) -> Result<Option<Meaning>> {
    let Some(source) = reader.source_of_cells(row)? else { return Ok(None) };
    let number = reader.texts().instances.intern(&row.instance)?;
    Ok(Some(Meaning { shape: table.shape, source, instance: None, number }))
}

/// Where start, end and quantity stand in a row, in order; `None` when they cannot be left out of it.
fn places_of(text: &str, values: [&str; 3], delimiter: u8) -> Option<([ValuePlace; 3], Syntax)> {
    let mut places = [ValueKind::Start, ValueKind::End, ValueKind::QuantityText].map(|kind| (kind, 0, 0));
    for ((_, from, to), value) in places.iter_mut().zip(values) {
        *from = place_of(text, value)?;
        *to = *from + value.len();
        // What `memchr` finds in a row is the end of a value only if that has none of these in it.
        if value.len() >= VALUE_BYTES_MAX || value.contains(['"', '\r', '\n', char::from(delimiter)]) {
            return None;
        }
    }
    places.sort_unstable_by_key(|&(_, from, _)| from);
    let is_quoted = |&(_, from, _): &ValuePlace| text[..from].ends_with('"');
    let syntax = if places.iter().all(is_quoted) {
        Syntax::Quoted
    } else if places.iter().any(is_quoted) {
        return None;
    } else {
        Syntax::Bare(delimiter)
    };
    (text.ends_with('\n') && places.is_sorted_by(|(.., end), (_, start, _)| end < start)).then_some((places, syntax))
}
