//! `domain::coverage`: which days are complete, from the windows that are there.

use stacktally::domain::coverage::{CoverageRow, DayState, of_day, stamps};
use stacktally::domain::{Day, Stamp, Window};

/// `windows` as folder names, in order; expects `<state>: <missing intervals>`.
#[track_caller]
fn check(day: &str, windows: &[&str], settling_days: u16, expected: &str) {
    let windows: Vec<Window> = windows.iter().map(|name| Window::parse(name).unwrap()).collect();
    let coverage = of_day(Day::parse(day).unwrap(), &windows, &[], settling_days);
    let missing: Vec<String> = coverage.missing.iter().map(|gap| format!("[{},{})", gap.start, gap.end)).collect();
    assert_eq!(format!("{}: {}", coverage.state, missing.join(" ")).trim_end(), expected.trim_end());
}

#[test]
fn a_day_settles_when_the_days_after_it_are_in() {
    check("2026-10-05", &["2026-10-05", "2026-10-06", "2026-10-07"], 2, "settled:");
    check("2026-10-05", &["2026-10-05", "2026-10-06"], 2, "open: [2026-10-07T00,2026-10-08T00)");
    check("2026-10-05", &["2026-10-05", "2026-10-06"], 1, "settled:");
    check("2026-10-05", &["2026-10-05"], 0, "settled:");
    check("2026-10-05", &["2026-10-05"], 2, "open: [2026-10-06T00,2026-10-08T00)");
    check("2026-10-05", &["2026-10-01--2026-11-01"], 2, "settled:");
    check("2026-10-31", &["2026-10-01--2026-11-01"], 2, "open: [2026-11-01T00,2026-11-03T00)");
}

#[test]
fn a_gap_in_the_day_makes_it_partial() {
    check("2026-10-05", &[], 2, "partial: [2026-10-05T00,2026-10-08T00)");
    check("2026-10-05", &["2026-10-06", "2026-10-07"], 2, "partial: [2026-10-05T00,2026-10-06T00)");
    check(
        "2026-10-05",
        &["2026-10-05T00--2026-10-05T12", "2026-10-05T13--2026-10-08T00"],
        2,
        "partial: [2026-10-05T12,2026-10-05T13)",
    );
    check("2026-10-05", &["2026-10-05", "2026-10-07"], 2, "open: [2026-10-06T00,2026-10-07T00)");
}

#[test]
fn windows_elsewhere_do_not_count() {
    check("2026-10-05", &["2026-10-01", "2026-10-20"], 2, "partial: [2026-10-05T00,2026-10-08T00)");
}

/// `days` of `windows`, each with no lines.
fn rows(stamp: &str, days: &[&str], windows: &[&str], settling_days: u16) -> Vec<CoverageRow> {
    let windows: Vec<Window> = windows.iter().map(|name| Window::parse(name).unwrap()).collect();
    let row = |day: &&str| CoverageRow {
        stamp: Stamp::new(stamp).unwrap(),
        coverage: of_day(Day::parse(day).unwrap(), &windows, &[], settling_days),
        lines: 0,
        findings: Vec::new(),
    };
    days.iter().map(row).collect()
}

#[test]
fn a_stamp_is_covered_to_the_end_of_its_latest_window() {
    let mut days = rows("south", &["2026-10-05", "2026-10-06", "2026-10-07"], &["2026-10-05", "2026-10-07"], 0);
    days.extend(rows("east", &["2026-10-05"], &[], 0));
    days.extend(rows("north", &["2026-10-31"], &["2026-10-01--2026-11-01"], 0));
    let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let shown: Vec<String> = stamps(&days)
        .into_iter()
        .map(|coverage| {
            let (settled, to) =
                (coverage.last_settled_day.map(|day| day.to_string()), coverage.covered_to.map(|to| to.to_string()));
            format!("{} {:?} {} {}", coverage.stamp, coverage.days, text(settled), text(to))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "east [1, 0, 0] none none",
            "north [0, 0, 1] 2026-10-31 2026-11-01T00",
            "south [1, 0, 2] 2026-10-07 2026-10-08T00",
        ]
    );
    assert_eq!(DayState::ALL.map(|state| state as usize), [0, 1, 2], "a place in `days`");
}
