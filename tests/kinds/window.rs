//! The reported window is evidence: usage lies in it or shortly before, so it decides how dates are read, and refuses what cannot be.

use super::{Read, Refused, Right, check, csv, day, line, root_of};
use crate::support::page;

/// A day as a spreadsheet counts it: 46300 is 2026-10-05.
const SERIAL: i32 = 46_300;

#[test]
fn dates_that_can_be_read_either_way_are_read_as_the_window_says() {
    let hour = [("5/10/2026 1:00:00", "5/10/2026 2:00:00", "1")];
    let october: Right<'_> = Read(&[("2026-10-05", "1")], &["time_zone_assumed"]);
    let may: Right<'_> = Read(&[("2026-05-10", "1")], &["time_zone_assumed"]);
    let shapes: [(&str, &str, &[&str], &Right<'_>); 8] = [
        ("day first in October", "2026-10-05", &[], &october),
        ("the same a day later", "2026-10-06", &[], &october),
        ("the same in a month", "2026-10-01--2026-11-01", &[], &october),
        ("month first in May", "2026-05-10", &[], &may),
        ("the culture says the same", "2026-10-05", &["--culture", "de-DE"], &october),
        (
            "the culture says what the window excludes",
            "2026-10-05",
            &["--culture", "en-US"],
            &Refused(&["the culture en-US has the month first", "reported window 2026-10-05", "day first"]),
        ),
        (
            "and the other way round",
            "2026-05-10",
            &["--culture", "de-DE"],
            &Refused(&["the culture de-DE has the day first", "reported window 2026-05-10", "month first"]),
        ),
        (
            "the window allows neither",
            "2026-08-01",
            &[],
            &Refused(&["with the day first or the month first: no row decides it", "--culture"]),
        ),
    ];
    for (name, window, flags, right) in shapes {
        check(name, &root_of(&[(&format!("{window}/usage.csv"), csv(&hour).as_bytes())]), flags, right);
    }
    // In JSON likewise, once the zone is said.
    let printed = page(&[line("5/10/2026 1:00:00 AM", "5/10/2026 2:00:00 AM", "1")]);
    let root = root_of(&[("2026-10-05/usage.json", printed.as_bytes())]);
    check("printed in JSON", &root, &["--source-time-zone", "UTC"], &Read(&[("2026-10-05", "1")], &[]));
    // Days whose day is their month are the same either way.
    let root = root_of(&[("2026-05-05/u.csv", csv(&[("5/5/2026 1:00", "5/5/2026 2:00", "1")]).as_bytes())]);
    check("the same either way", &root, &[], &Read(&[("2026-05-05", "1")], &["time_zone_assumed"]));
}

#[test]
fn usage_long_before_its_window_is_refused_with_what_suggests_itself() {
    let serial = |day: i32| csv(&[(&day.to_string(), &(day + 1).to_string(), "24")]);
    let shapes: [(&str, &str, String, &[&str], Right<'_>); 12] = [
        (
            "day and month exchanged",
            "2026-05-04/a.json",
            page(&[day("2026-04-05", "23")]),
            &[],
            Refused(&[
                "its line is usage of 2026-04-05, 28 days before its reported window 2026-05-04",
                "as 2026-05-04 it would be",
            ]),
        ),
        (
            "the same of several lines",
            "2026-05-04--2026-05-06/a.json",
            page(&[day("2026-04-05", "23"), day("2026-05-05", "1")]),
            &[],
            Read(&[("2026-04-05", "23"), ("2026-05-05", "1")], &["usage_long_before_window"]),
        ),
        (
            "exchanged into a later month",
            "2026-10-12/a.json",
            page(&[day("2026-12-10", "1")]),
            &[],
            Refused(&["after the end of its reported window", "as 2026-10-12 it would be usage of this window"]),
        ),
        (
            "a workbook with 1904 dates",
            "2026-10-05/a.csv",
            serial(SERIAL - 1462),
            &[],
            Refused(&["2022-10-04", "1904 dates", "usage of 2026-10-05"]),
        ),
        ("a workbook with 1900 dates", "2026-10-05/a.csv", serial(SERIAL), &[], Read(&[("2026-10-05", "24")], &[])),
        (
            "last year's",
            "2026-10-05/a.json",
            page(&[day("2025-10-05", "1")]),
            &[],
            Refused(&["its year looks wrong", "usage of 2026-10-05"]),
        ),
        (
            "another window's",
            "2026-10-05/a.json",
            page(&[day("2026-09-20", "1"), day("2026-09-21", "1")]),
            &[],
            Refused(&[
                "all of its 2 lines are usage until 2026-09-21, 13 days before",
                "usage of another window",
                "--late-days 14",
            ]),
        ),
        (
            "the same, which may come so late",
            "2026-10-05/a.json",
            page(&[day("2026-09-20", "1"), day("2026-09-21", "1")]),
            &["--late-days", "15"],
            Read(&[("2026-09-20", "1"), ("2026-09-21", "1")], &[]),
        ),
        (
            "some lines",
            "2026-10-05/a.json",
            page(&[day("2026-09-20", "1"), day("2026-10-05", "2")]),
            &[],
            Read(&[("2026-09-20", "1"), ("2026-10-05", "2")], &["usage_long_before_window"]),
        ),
        (
            "late by days",
            "2026-10-05/a.json",
            page(&[day("2026-09-28", "1"), day("2026-10-04", "2")]),
            &[],
            Read(&[("2026-09-28", "1"), ("2026-10-04", "2")], &[]),
        ),
        (
            "late where nothing may be",
            "2026-10-05/a.json",
            page(&[day("2026-10-04", "2")]),
            &["--late-days", "0"],
            Refused(&["its line is usage of 2026-10-04, 0 days before", "--late-days 1"]),
        ),
        (
            "one file of two",
            "2026-05-04/b.json",
            page(&[day("2026-04-05", "23")]),
            &[],
            Refused(&["2026-05-04/b.json: its line is usage of 2026-04-05"]),
        ),
    ];
    for (name, file, text, flags, right) in shapes {
        let root = root_of(&[(file, text.as_bytes())]);
        if file.ends_with("b.json") {
            root.file("north/usage/2026-05-04/a.json", page(&[day("2026-05-04", "1")]));
        }
        check(name, &root, flags, &right);
    }
}

/// The remedy of a finding names the suspicion, too, and `--late-days 0` still has a day's usage reported in its own window.
#[test]
fn what_suggests_itself_is_in_the_remedy() {
    let root = root_of(&[(
        "2026-05-04--2026-05-06/a.json",
        page(&[day("2026-04-05", "23"), day("2026-05-05", "1")]).as_bytes(),
    )]);
    let ran = root.run(&["--late-days", "0"]).expect(0);
    let said = crate::support::unwrapped(&ran.stdout);
    assert!(said.contains("usage_long_before_window: 1 line of north/usage/2026-05-04--2026-05-06/a.json"), "{said}");
    assert!(said.contains("day and month look exchanged: as 2026-05-04"), "{said}");
}
