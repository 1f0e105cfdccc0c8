//! What the reported windows of a stamp lack: gaps between them, windows that were cut short, and when the next one is
//! due.
//!
//! ```text
//! windows   |--10-05--|--10-06--|         |--10-08--|-10-09-|          now
//!                                  gap: 24 hours       cut short: it ends at 13:00 and nothing follows
//!                                                           due by 10-10T13: its rhythm is one day
//! ```
//! Gaps and short windows depend only on the root. Only [`NextWindow`] depends on the clock.
//!
//! **Invariant:** windows are sorted and do not overlap (the ledger sees to that).

use super::coverage::gaps;
use super::shown::counted;
use super::time::{Hour, Window};

const DAY_HOURS: i32 = 24;
/// The number of latest windows that determine the rhythm: a new rhythm applies after four windows, and a single window
/// of another length changes nothing.
const RHYTHM_WINDOWS: usize = 7;
/// The delay of windows longer than a day: they are queried when their last days are settled.
const LONG_WINDOW_HOURS: i32 = 3 * DAY_HOURS;

/// Reported time between windows that none of them covers.
pub fn gaps_between(windows: &[Window]) -> Vec<Window> {
    match (windows.first(), windows.last()) {
        (Some(first), Some(last)) => gaps(Window { start: first.start, end: last.end }, windows),
        _ => Vec::new(),
    }
}

/// The windows that were cut short, each with the length in hours of the window before it.
///
/// Such a window is shorter than the one before it, ends off that one's rhythm, and no other window follows it
/// directly. One full hour or full days are deliberate lengths: then the rhythm changed.
///
/// ```text
/// 24  24  13           the last one was cut short
/// 24  24  13  11  24   it was not: another goes on where it ends
/// 24  24  1            hourly windows begin
/// 744 720 24           daily windows begin
/// ```
pub fn cut_short(windows: &[Window]) -> Vec<(usize, i32)> {
    let is_cut = |at: &usize| {
        let [before, window] = [windows[at - 1], windows[*at]];
        let goes_on = windows.get(at + 1).is_some_and(|next| next.start == window.end);
        let is_length_of_its_own = window.hours() == 1 || window.hours() % DAY_HOURS == 0;
        // Any length in full days is a rhythm; any other length must occur twice.
        let of_days = before.hours() % DAY_HOURS == 0;
        let is_rhythm = of_days || (*at >= 2 && windows[at - 2].hours() == before.hours());
        let unit = if of_days { DAY_HOURS } else { before.hours() };
        let is_off = Window { start: before.end, end: window.end }.hours() % unit != 0;
        window.hours() < before.hours() && !goes_on && !is_length_of_its_own && is_rhythm && is_off
    };
    (1..windows.len()).filter(is_cut).map(|at| (at, windows[at - 1].hours())).collect()
}

/// When the window after the newest one of a stamp is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextWindow {
    /// The end of the newest window: reported time is loaded up to here.
    pub from: Hour,
    /// The length in hours of the stamp's windows: the median of the latest seven.
    pub rhythm: i32,
}

impl NextWindow {
    /// After these windows; `None` when there are none.
    pub fn after(windows: &[Window]) -> Option<Self> {
        let from = windows.last()?.end;
        let mut lengths: Vec<i32> = windows.iter().rev().take(RHYTHM_WINDOWS).map(|window| window.hours()).collect();
        lengths.sort_unstable();
        Some(Self { from, rhythm: lengths[lengths.len() / 2] })
    }

    /// The moment after which a stamp without a newer window lags behind: the given number of hours after the end of
    /// its newest window, or as its rhythm suggests. Exports are fetched once a night, even hourly ones; those longer
    /// than a day some days after their end.
    pub fn due(self, after: Option<u16>) -> Hour {
        let fetched_after = if self.rhythm > DAY_HOURS { LONG_WINDOW_HOURS } else { 0 };
        self.from + after.map_or(self.rhythm.max(DAY_HOURS) + fetched_after, i32::from)
    }
}

/// A sum of reported time for people: `1 hour`, `49 hours`.
pub fn length_in_hours(hours: i32) -> String {
    counted(hours.into(), "hour")
}

/// A length of reported time for people: `13 hours`, `1 day`, `31 days`.
pub fn length(hours: i32) -> String {
    let (count, unit) = if hours % DAY_HOURS == 0 { (hours / DAY_HOURS, "day") } else { (hours, "hour") };
    counted(count.into(), unit)
}
