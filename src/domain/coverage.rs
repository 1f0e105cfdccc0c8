//! Which days are complete: the states of `product.md` §3.6, from the windows that are there.
//!
//! Usage of a day is reported until hours after it ends (Q3, Q4), so a day is complete only when later windows are
//! loaded. The states are about quantities; a later snapshot can still change attribution.

use std::collections::BTreeMap;

use super::closed_list::closed_list;
use super::finding::FindingCode;
use super::identity::Stamp;
use super::time::{Day, Hour, Month, Window};

closed_list! {
    /// How complete a (stamp, day) is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum DayState {
        /// Reported time is missing from the day itself.
        Partial = "partial",
        /// The day's reported time is covered. Later days that may still bring lines are not, or many of their lines
        /// were set aside.
        Open = "open",
        /// The day and the days that settle it are covered without a gap.
        Settled = "settled",
    }
}

/// One day's coverage: its state, the windows that overlap the time that settles it, and the gaps in that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCoverage {
    pub day: Day,
    pub state: DayState,
    pub windows: Vec<Window>,
    pub missing: Vec<Window>,
}

/// The coverage of a stamp's day, with its lines and the findings about their exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    pub stamp: Stamp,
    pub coverage: DayCoverage,
    pub lines: i64,
    /// Each once, in order.
    pub findings: Vec<FindingCode>,
}

/// Intervals of reported time as coverage writes them, such as `[2026-10-05T00,2026-10-06T00)`, separated by blanks.
pub fn intervals(windows: &[Window]) -> String {
    let texts: Vec<String> = windows.iter().map(|window| format!("[{},{})", window.start, window.end)).collect();
    texts.join(" ")
}

/// Reads what [`intervals`] wrote.
pub fn parse_intervals(text: &str) -> Option<Vec<Window>> {
    let window = |text: &str| {
        let (start, end) = text.strip_prefix('[')?.strip_suffix(')')?.split_once(',')?;
        Some(Window { start: Hour::parse_name(start)?, end: Hour::parse_name(end)? })
    };
    text.split_whitespace().map(window).collect()
}

/// The number of days of a stamp's month in each state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthCoverage {
    pub stamp: Stamp,
    pub month: Month,
    pub settled: i64,
    pub open: i64,
}

impl MonthCoverage {
    /// The numbers of days: all, settled, open, and partial or without any coverage.
    pub fn counts(&self) -> [i64; 4] {
        let days = self.month.days().count() as i64;
        [days, self.settled, self.open, days - self.settled - self.open]
    }
}

/// The months of these days, in order of stamp and month.
pub fn months(days: &[CoverageRow]) -> Vec<MonthCoverage> {
    let mut months: BTreeMap<(&Stamp, Month), [i64; 2]> = BTreeMap::new();
    for CoverageRow { stamp, coverage, .. } in days {
        let [settled, open] = months.entry((stamp, coverage.day.month())).or_default();
        *settled += i64::from(coverage.state == DayState::Settled);
        *open += i64::from(coverage.state == DayState::Open);
    }
    let to_coverage = |((stamp, month), [settled, open]): ((&Stamp, Month), [i64; 2])| MonthCoverage {
        stamp: stamp.clone(),
        month,
        settled,
        open,
    };
    months.into_iter().map(to_coverage).collect()
}

/// How far the reported time of a stamp is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampCoverage {
    pub stamp: Stamp,
    /// The number of days in each state, in the order of [`DayState::ALL`].
    pub days: [u64; 3],
    pub last_settled_day: Option<Day>,
    /// The end of the latest loaded reported time, whether or not there are gaps before it; `None` when no window is
    /// whole.
    pub covered_to: Option<Hour>,
}

/// The stamps of these days, in order.
pub fn stamps(days: &[CoverageRow]) -> Vec<StampCoverage> {
    let mut stamps: BTreeMap<&Stamp, StampCoverage> = BTreeMap::new();
    for CoverageRow { stamp, coverage, .. } in days {
        let empty = StampCoverage { stamp: stamp.clone(), days: [0; 3], last_settled_day: None, covered_to: None };
        let entry = stamps.entry(stamp).or_insert(empty);
        entry.days[coverage.state as usize] += 1;
        let settled = (coverage.state == DayState::Settled).then_some(coverage.day);
        entry.last_settled_day = entry.last_settled_day.max(settled);
        entry.covered_to = entry.covered_to.max(coverage.windows.iter().map(|window| window.end).max());
    }
    stamps.into_values().collect()
}

/// The coverage of `day` by `windows` (sorted, disjoint), settled by `settling_days` later days. A day that one of the
/// `doubted` windows completes is not settled: many of their lines could not be used.
///
/// ```text
/// windows   |--10-05--|--10-06--|         |--10-08--|
/// 10-05     open: 10-05 and 10-06 are covered, 10-07 is missing
/// 10-07     partial: its own reported time is missing
/// ```
pub fn of_day(day: Day, windows: &[Window], doubted: &[Window], settling_days: u16) -> DayCoverage {
    let settling = Window { start: day.start(), end: day.end() + i32::from(settling_days) * 24 };
    let windows: Vec<Window> = windows.iter().copied().filter(|window| window.overlaps(settling)).collect();
    let missing = gaps(settling, &windows);
    let day_window = Window { start: day.start(), end: day.end() };
    let is_doubted = doubted.iter().any(|window| window.overlaps(settling));
    let state = if missing.is_empty() && !is_doubted {
        DayState::Settled
    } else if missing.iter().all(|gap| !gap.overlaps(day_window)) {
        DayState::Open
    } else {
        DayState::Partial
    };
    DayCoverage { day, state, windows, missing }
}

/// The gaps in `whole` between the sorted `windows`.
pub(super) fn gaps(whole: Window, windows: &[Window]) -> Vec<Window> {
    let mut gaps = Vec::new();
    let mut covered_to: Hour = whole.start;
    for window in windows {
        if window.start > covered_to {
            gaps.push(Window { start: covered_to, end: window.start });
        }
        covered_to = window.end;
    }
    if covered_to < whole.end {
        gaps.push(Window { start: covered_to, end: whole.end });
    }
    gaps
}
