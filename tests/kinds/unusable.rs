//! A file none of whose lines can be used is no day without usage, whatever the reason; and an export of which many cannot settles nothing.

use stacktally::domain::RejectReason;

use super::{Read, Refused, Right, WithRejects, check, csv, day, root_of};
use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, cell, page, table};

/// A line that is set aside for a reason, and what is shown of it.
fn bad(reason: RejectReason) -> (String, &'static str) {
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.5").to_json();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let start = "\"usageStartTime\":\"2026-10-05T13:00:00+00:00\"";
    match reason {
        RejectReason::NotAUsageLine => ("{\"name\":\"x\"}".to_owned(), "row 1: {\"name\":\"x\"}"),
        RejectReason::TooLong => {
            (with("\"meterId\":\"", &format!("\"meterId\":\"{}", "x".repeat(2000))), "row 1: \"xxx")
        }
        RejectReason::UserSubscriptionMissing => {
            (with(&format!("\"subscriptionId\":\"{SUB_A}\""), "\"subscriptionId\":\" \""), "row 1")
        }
        RejectReason::MeterMissing => (with(&format!("\"meterId\":\"{VM_HOURS}\""), "\"meterId\":null"), "row 1"),
        RejectReason::UsageTimeMissing => (with(start, "\"usageStartTime\":null"), "row 1"),
        RejectReason::UsageTimeUnreadable => (with(start, "\"usageStartTime\":\"05-Oct-2026\""), "05-Oct-2026"),
        RejectReason::UsageTimeOutOfRange => (with(start, "\"usageStartTime\":\"0001-01-01T00:00:00Z\""), "0001-01-01"),
        RejectReason::UsageTimeNotWhole => (with(start, "\"usageStartTime\":\"2026-10-05T13:30:00Z\""), "13:30"),
        RejectReason::QuantityMissing => (with("\"quantity\":1.5", "\"quantity\":null"), "row 1"),
        RejectReason::QuantityUnreadable => (with("\"quantity\":1.5", "\"quantity\":\"1,5,5\""), "1,5,5"),
        RejectReason::QuantityNegative => (with("\"quantity\":1.5", "\"quantity\":-1.5"), "-1.5"),
        RejectReason::QuantityTooLarge => (with("\"quantity\":1.5", "\"quantity\":1e21"), "1e21"),
    }
}

#[test]
fn a_file_of_which_nothing_can_be_used_is_refused_whatever_the_reason() {
    for reason in RejectReason::ALL {
        let (text, shown) = bad(reason);
        let root = root_of(&[("2026-10-05/a.json", format!("{{\"value\":[{text}]}}").as_bytes())]);
        check(
            reason.as_str(),
            &root,
            &[],
            &Refused(&["2026-10-05/a.json: its line cannot be used", reason.sentence(), shown, "hint: "]),
        );
        // Beside a good file likewise, and with windows behind that would settle the day.
        for (window, text) in
            [("2026-10-05/b.json", page(&[day("2026-10-05", "1")])), ("2026-10-06--2026-10-09/c.json", page(&[]))]
        {
            root.file(&format!("north/usage/{window}"), text);
        }
        check(
            reason.as_str(),
            &root,
            &[],
            &Refused(&["2026-10-05/a.json: its line cannot be used", reason.sentence()]),
        );
    }
    // The commonest reason, of several; in a table, too.
    let rows = [("x", "y", "1"), ("x", "z", "1"), ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z", "-1")];
    let root = root_of(&[("2026-10-05/a.csv", csv(&rows).as_bytes())]);
    check(
        "a table",
        &root,
        &[],
        &Refused(&["none of its 3 lines can be used: the usage time cannot be read (2 of 3), such as row 1: x/y"]),
    );
}

/// `total` lines of 2026-10-05, of which so many are set aside, and windows that settle the day.
fn night(rejected: usize, total: usize) -> TestRoot {
    let line = |at: usize| {
        let quantity = if at < rejected { "-1" } else { "1" };
        Line { resource: format!("vm-{at}"), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", quantity) }
    };
    let lines: Vec<Line> = (0..total).map(line).collect();
    root_of(&[
        ("2026-10-05/a.json", page(&lines).as_bytes()),
        ("2026-10-06--2026-10-09/b.json", page(&[day("2026-10-06", "1")]).as_bytes()),
    ])
}

#[test]
fn an_export_of_which_many_lines_are_set_aside_settles_nothing() {
    let shapes: [(usize, usize, &[&str], bool); 9] = [
        (0, 200, &[], false),
        (1, 200, &[], false),
        (9, 20, &[], false),
        (10, 20, &[], true),
        (10, 199, &[], true),
        (10, 200, &[], false),
        (11, 200, &[], true),
        (11, 200, &["--rejects-percent", "6"], false),
        (10, 2000, &["--rejects-percent", "0"], true),
    ];
    for (rejected, total, flags, is_many) in shapes {
        let name = format!("{rejected} of {total} {flags:?}");
        let used = (total - rejected).to_string();
        let telling: &[&str] = if is_many { &["many_rejects"] } else { &[] };
        let days = [("2026-10-05", used.as_str()), ("2026-10-06", "1")];
        let right: Right<'_> =
            if rejected == 0 { Read(&days, telling) } else { WithRejects(rejected as i32, &days, telling) };
        let root = night(rejected, total);
        check(&name, &root, flags, &right);
        let coverage = table(&root.out(), "coverage");
        let state = |day: &str| {
            let row = coverage.iter().find(|row| cell(row, "usage_date") == day).unwrap();
            cell(row, "state").to_owned()
        };
        assert_eq!(state("2026-10-05"), if is_many { "open" } else { "settled" }, "{name}");
        assert_eq!(state("2026-10-06"), "settled", "{name}: the window of another day takes nothing from it");
    }
}
