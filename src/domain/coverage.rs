//! Which days are complete: the states of `product.md` §3.6, from the windows that are there.
//!
//! A day's usage goes on being reported for hours after it ends (Q3, Q4), so a day is complete only when later windows
//! are in. The states speak of quantities; a later snapshot can still change attribution.

use std::fmt;

use super::time::{Day, Hour, Window};

/// How complete a (stamp, day) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayState {
    /// Reported time is missing from the day itself.
    Partial,
    /// The day's reported time is covered; later days that may still bring lines are not.
    Open,
    /// The day and the days that settle it are covered without a gap.
    Settled,
}

impl DayState {
    /// The published text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Open => "open",
            Self::Settled => "settled",
        }
    }
}

impl fmt::Display for DayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One day's coverage: its state, the windows that touch the time that settles it, and what is missing of that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCoverage {
    pub day: Day,
    pub state: DayState,
    pub windows: Vec<Window>,
    pub missing: Vec<Window>,
}

/// The coverage of `day` by `windows` (sorted, disjoint), settled by `settling_days` later days.
///
/// ```text
/// windows   |--10-05--|--10-06--|         |--10-08--|
/// 10-05     open: 10-05 and 10-06 are covered, 10-07 is missing
/// 10-07     partial: its own reported time is missing
/// ```
pub fn of_day(day: Day, windows: &[Window], settling_days: u16) -> DayCoverage {
    let settling = Window { start: day.start(), end: day.end() + i32::from(settling_days) * 24 };
    let windows: Vec<Window> = windows.iter().copied().filter(|window| window.overlaps(settling)).collect();
    let missing = gaps(settling, &windows);
    let own = Window { start: day.start(), end: day.end() };
    let state = if missing.is_empty() {
        DayState::Settled
    } else if missing.iter().all(|gap| !gap.overlaps(own)) {
        DayState::Open
    } else {
        DayState::Partial
    };
    DayCoverage { day, state, windows, missing }
}

/// What of `whole` none of the sorted `windows` covers.
fn gaps(whole: Window, windows: &[Window]) -> Vec<Window> {
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
