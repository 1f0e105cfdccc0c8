//! Whatever windows a stamp has: they and the gaps between them are its whole time, and what goes on was not cut short.

use proptest::prelude::*;
use stacktally::domain::reported::{cut_short, gaps_between};
use stacktally::domain::{Day, NextWindow, Window};

/// Sorted windows that do not overlap, from lengths and pauses.
fn windows() -> impl Strategy<Value = Vec<Window>> {
    let length = prop_oneof![4 => Just(24), 2 => Just(1), 1 => 1..100, 1 => Just(720)];
    let pause = prop_oneof![3 => Just(0), 1 => 1..60];
    prop::collection::vec((pause, length), 0..20).prop_map(|steps| {
        let mut to = Day::parse("2026-10-01").unwrap().start();
        let window = |(pause, length): (i32, i32)| {
            let window = Window { start: to + pause, end: to + (pause + length) };
            to = window.end;
            window
        };
        steps.into_iter().map(window).collect()
    })
}

proptest! {
    #[test]
    fn windows_and_gaps_tile_the_time(windows in windows()) {
        let mut all: Vec<Window> = windows.iter().copied().chain(gaps_between(&windows)).collect();
        all.sort_unstable();
        prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start), "{:?}", all);
        prop_assert_eq!(all.first().map(|window| window.start), windows.first().map(|window| window.start));
        prop_assert_eq!(all.last().map(|window| window.end), windows.last().map(|window| window.end));
    }

    #[test]
    fn a_window_that_another_goes_on_from_was_not_cut_short(windows in windows()) {
        for (at, expected) in cut_short(&windows) {
            prop_assert!(windows[at].hours() < expected);
            prop_assert!(windows.get(at + 1).is_none_or(|next| next.start > windows[at].end));
        }
    }

    /// The longer one waits for windows, the later the next one is due: never before a day has gone by.
    #[test]
    fn more_is_due_a_rhythm_after_the_newest_window(windows in windows()) {
        let next = NextWindow::after(&windows);
        prop_assert_eq!(next.is_none(), windows.is_empty());
        if let Some(next) = next {
            let waited = Window { start: next.from, end: next.due(None) }.hours();
            prop_assert!(waited >= 24 && waited >= next.rhythm);
            prop_assert!(windows.iter().any(|window| window.hours() == next.rhythm));
        }
    }
}
