//! `domain::reported`: gaps between windows, windows that were cut short, and when the next one is due.

use stacktally::domain::coverage::intervals;
use stacktally::domain::reported::{cut_short, gaps_between, length};
use stacktally::domain::{NextWindow, Window};

fn windows(names: &[&str]) -> Vec<Window> {
    names.iter().map(|name| Window::parse(name).unwrap()).collect()
}

#[test]
fn gaps_lie_between_windows_and_nowhere_else() {
    let check = |names: &[&str], expected: &str| assert_eq!(intervals(&gaps_between(&windows(names))), expected);
    check(&[], "");
    check(&["2026-10-05"], "");
    check(&["2026-10-05", "2026-10-06"], "");
    check(&["2026-10-05", "2026-10-07"], "[2026-10-06T00,2026-10-07T00)");
    check(&["2026-10-05T00--2026-10-05T13", "2026-10-06"], "[2026-10-05T13,2026-10-06T00)");
    check(
        &["2026-09-01--2026-10-01", "2026-10-02", "2026-10-03T01"],
        "[2026-10-01T00,2026-10-02T00) [2026-10-03T00,2026-10-03T01)",
    );
}

#[test]
fn a_window_that_ends_too_early_was_cut_short() {
    // Places of windows that were, and the length that was expected.
    let check =
        |names: &[&str], expected: &[(usize, i32)]| assert_eq!(cut_short(&windows(names)), expected, "{names:?}");
    let thirteen = "2026-10-07T00--2026-10-07T13";
    check(&["2026-10-05", "2026-10-06", thirteen], &[(2, 24)]);
    check(&["2026-10-06", thirteen], &[(1, 24)]);
    check(&["2026-10-05", "2026-10-06", thirteen, "2026-10-08"], &[(2, 24)]);
    check(&["2026-09-01--2026-10-01", "2026-10-01T00--2026-10-13T07"], &[(1, 720)]);
    check(&["2026-10-05T00--2026-10-05T06", "2026-10-05T06--2026-10-05T12", "2026-10-05T12--2026-10-05T15"], &[(2, 6)]);
    // It was not, since another goes on where it ends.
    check(&["2026-10-05", "2026-10-06", thirteen, "2026-10-07T13--2026-10-08"], &[]);
    // Nor was one that begins late and ends when it should: that is a gap before it.
    check(&["2026-10-05", "2026-10-06", "2026-10-07T11--2026-10-08"], &[]);
    // Nor the first one, which nothing says should have been longer.
    check(&[thirteen, "2026-10-08", "2026-10-09"], &[]);
}

#[test]
fn a_change_of_rhythm_is_no_window_cut_short() {
    let check = |names: &[&str]| assert_eq!(cut_short(&windows(names)), [], "{names:?}");
    check(&["2026-10-05", "2026-10-06T00"]);
    check(&["2026-10-05", "2026-10-06T00", "2026-10-06T01"]);
    check(&["2026-10-05T22", "2026-10-05T23", "2026-10-06", "2026-10-07"]);
    check(&["2026-09-01--2026-10-01", "2026-10-01", "2026-10-02"]);
    check(&["2026-10-29", "2026-10-30", "2026-11-01--2026-12-01"]);
    check(&["2026-10-01--2026-11-01", "2026-11-01--2026-12-01"]);
    check(&["2026-10-01--2026-10-08", "2026-10-08--2026-10-11"]);
    // What was loaded by hand first has no rhythm.
    check(&["2026-10-01--2026-10-05T13", "2026-10-05T13--2026-10-05T19"]);
}

#[test]
fn the_next_window_is_due_by_the_rhythm_of_the_latest() {
    let check = |names: &[&str], expected: &str| {
        let next = NextWindow::after(&windows(names));
        let text = next.map(|next| format!("{} after {}", next.due(None), length(next.rhythm)));
        assert_eq!(text.unwrap_or_default(), expected, "{names:?}");
    };
    check(&[], "");
    check(&["2026-10-05"], "2026-10-07T00 after 1 day");
    check(&["2026-10-03", "2026-10-05", "2026-10-09"], "2026-10-11T00 after 1 day");
    // Windows of hours are fetched once a night as well.
    check(&["2026-10-05T01", "2026-10-05T02"], "2026-10-06T03 after 1 hour");
    // Long ones are fetched when their last days are settled.
    check(&["2026-09-01--2026-10-01", "2026-10-01--2026-11-01"], "2026-12-05T00 after 31 days");
    // A month loaded at once, or a window that was cut short, changes nothing for long.
    check(&["2026-09-01--2026-10-01", "2026-10-01", "2026-10-02"], "2026-10-04T00 after 1 day");
    check(&["2026-10-01", "2026-10-02", "2026-10-03T00--2026-10-03T13"], "2026-10-04T13 after 1 day");
    let days = (1..=9).map(|day| format!("2026-10-{day:02}"));
    let hours = (0..4).map(|hour| format!("2026-10-10T{hour:02}"));
    let names: Vec<String> = days.chain(hours).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    check(&names[..12], "2026-10-11T03 after 1 day");
    check(&names, "2026-10-11T04 after 1 hour");
    let next = NextWindow::after(&windows(&["2026-10-05"])).unwrap();
    assert_eq!(next.due(Some(50)).to_string(), "2026-10-08T02", "as a setting says");
}
