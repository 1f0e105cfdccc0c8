//! The flat CSV of a month's days, written while other days are still being settled.
//!
//! It is by far the largest file of a month, and it can only be appended to. So the thread that hands in a day writes
//! it, and the days that wait behind it, unless another thread is writing already. The file grows while other days are
//! settled, not after them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError, TryLockError};

use super::stamp_context::StampContext;
use crate::aggregate::Cells;
use crate::domain::Day;
use crate::error::Result;
use crate::publish::FlatTime;
use crate::table::csv::CsvTable;
use crate::table::flat;

/// The days of a month; each is handed in once, in any order.
pub(super) struct FlatDays<'s, 'a> {
    context: &'s StampContext<'a>,
    waiting: Mutex<Waiting>,
    /// Locked by the thread that writes a day.
    table: Mutex<CsvTable>,
}

struct Waiting {
    /// Days that are not written yet, in order.
    days: VecDeque<Day>,
    ready: BTreeMap<Day, Cells>,
}

impl<'s, 'a> FlatDays<'s, 'a> {
    /// A table for these days, which are in order.
    pub(super) fn new(context: &'s StampContext<'a>, days: impl IntoIterator<Item = Day>) -> Self {
        let waiting = Waiting { days: days.into_iter().collect(), ready: BTreeMap::new() };
        let table = context.publisher.csv_table(flat::CSV_DAILY.columns);
        Self { context, waiting: Mutex::new(waiting), table: Mutex::new(table) }
    }

    /// Hands in the cells of a day, which may be none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn hand_in(&self, day: Day, cells: Cells) -> Result<()> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).ready.insert(day, cells);
        self.write_ready()
    }

    /// The table of all days, after each was handed in.
    ///
    /// # Errors
    /// As [`FlatDays::hand_in`].
    pub(super) fn finish(self) -> Result<CsvTable> {
        self.write_ready()?;
        Ok(self.table.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the days whose turn it is, unless another thread does: that thread, or the next one that hands in a day,
    /// continues with what is ready then.
    fn write_ready(&self) -> Result<()> {
        let mut table = match self.table.try_lock() {
            Ok(table) => table,
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        while let Some((day, cells)) = self.next_ready() {
            flat_day(self.context, day, &cells, &mut table)?;
        }
        Ok(())
    }

    fn next_ready(&self) -> Option<(Day, Cells)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = waiting.days.front().copied().and_then(|day| waiting.ready.remove(&day))?;
        waiting.days.pop_front().map(|day| (day, cells))
    }
}

/// Adds a day to the flat CSV of its month.
fn flat_day(context: &StampContext<'_>, day: Day, cells: &Cells, table: &mut CsvTable) -> Result<()> {
    context.control.check()?;
    context.texts.flat(context.owned, context.names, FlatTime::Day(day), cells, table)
}
