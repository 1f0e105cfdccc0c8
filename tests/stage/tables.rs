//! Usage as tables: what a header may be, how times and numbers are decided over all rows, what is refused.

use proptest::prelude::*;
use stacktally::control::Control;
use stacktally::domain::ledger::LedgerRules;
use stacktally::domain::{Culture, DateOrder, DecimalMark, Dialect, SourceTimeZone};
use stacktally::error::Result;
use stacktally::read::{CsvText, Encoding, Reading, StampLines, gather};
use stacktally::store::InputFile;

use crate::support::stamp_folder;

fn gathered(bytes: &[u8], reading: &Reading) -> Result<StampLines> {
    let folder = crate::support::tempdir().unwrap();
    let path = folder.path().join("usage.csv");
    std::fs::write(&path, bytes).unwrap();
    let files = vec![InputFile { name: "usage.csv".into(), path }];
    // Dates lie far apart here, on purpose.
    let reading = Reading { late_days: u16::MAX, ..reading.clone() };
    gather(&stamp_folder(files), &reading, LedgerRules::default(), &Control::silent())
}

fn reading(culture: &str, zone: &str) -> Reading {
    Reading { culture: Culture::of(culture), source_time_zone: SourceTimeZone::parse(zone), ..Reading::default() }
}

/// A table of (start, end, quantity), tabs between its cells.
fn table_of(rows: &[(&str, &str, &str)]) -> String {
    let rows: Vec<String> =
        rows.iter().map(|(start, end, quantity)| format!("SUB\tMETER\t{start}\t{end}\t{quantity}\t/u\r\n")).collect();
    format!("subscription\tMeterId\tUsageStartTime\tUsageEndTime\tQuantity\tresourceUri\r\n{}", rows.concat())
}

/// Lines and rejects, the dialect before them, codes of findings behind.
fn shown(text: &str, reading: &Reading) -> Vec<String> {
    let lines = gathered(text.as_bytes(), reading).unwrap_or_else(|error| panic!("{text}: {error}"));
    let file = &lines.exports[0].files[0];
    let mut rows = Vec::new();
    for (day, chunk) in lines
        .days
        .days()
        .into_iter()
        .flat_map(|day| lines.days.take(day).unwrap().into_iter().map(move |chunk| (day, chunk.lines)))
    {
        rows.extend((0..chunk.len()).map(|at| {
            (
                chunk.row[at],
                format!("{day} {} {:02} {}", chunk.slot[at].granularity(), chunk.slot[at].hour(), chunk.quantity[at]),
            )
        }));
    }
    rows.extend(
        file.rejects
            .iter()
            .map(|reject| (reject.row, format!("{}: {}", reject.reason, reject.text.as_deref().unwrap_or("-")))),
    );
    rows.sort();
    let codes = lines.findings.iter().map(|finding| finding.code.to_string());
    file.dialect.clone().into_iter().chain(rows.into_iter().map(|(_, text)| text)).chain(codes).collect()
}

#[track_caller]
fn check(rows: &[(&str, &str, &str)], reading: &Reading, expected: &[&str]) {
    assert_eq!(shown(&table_of(rows), reading), expected);
}

#[track_caller]
fn check_refused(text: &[u8], reading: &Reading, expected: &str) {
    let error = gathered(text, reading).expect_err("the table should be refused");
    assert!(error.hint.is_some(), "{error} has no hint");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_right_order_of_dates_is_the_one_that_makes_lines_whole() {
    let none = Reading::default();
    let utc = reading("", "UTC");
    // A day that would be a month in the other order.
    check(
        &[("9/6/2026 12:00:00 AM", "9/7/2026 12:00:00 AM", "1.5")],
        &none,
        &["tabs between cells, month first, decimal point, times in UTC", "2026-09-06 Daily 00 1.5"],
    );
    check(
        &[("6/9/2026 0:00", "7/9/2026 0:00", "1.5")],
        &none,
        &["tabs between cells, day first, decimal point, times in UTC", "2026-09-06 Daily 00 1.5"],
    );
    // Hours say nothing until one crosses midnight, or a day is past the 12th.
    check(
        &[("9/6/2026 1:00:00 PM", "9/6/2026 2:00:00 PM", "1"), ("9/6/2026 11:00:00 PM", "9/7/2026 12:00:00 AM", "2")],
        &utc,
        &[
            "tabs between cells, month first, decimal point, times in UTC",
            "2026-09-06 Hourly 13 1",
            "2026-09-06 Hourly 23 2",
        ],
    );
    check(
        &[("13/09/2026 01:00:00", "13/09/2026 02:00:00", "1"), ("06/09/2026 01:00:00", "06/09/2026 02:00:00", "1")],
        &utc,
        &[
            "tabs between cells, day first, decimal point, times in UTC",
            "2026-09-13 Hourly 01 1",
            "2026-09-06 Hourly 01 1",
        ],
    );
    // Dates between points begin with the day, dates that begin with the year need no order.
    check(
        &[("06.09.2026 01:00:00", "06.09.2026 02:00:00", "1")],
        &utc,
        &["tabs between cells, day first, decimal point, times in UTC", "2026-09-06 Hourly 01 1"],
    );
    check(
        &[("2026-09-06 01:00:00", "2026/9/6 2:00:00", "1"), ("2026. 09. 06. 2:00:00", "2026-09-06T03:00:00Z", "1")],
        &utc,
        &["tabs between cells, decimal point, times in UTC", "2026-09-06 Hourly 01 1", "2026-09-06 Hourly 02 1"],
    );
}

#[test]
fn what_no_row_decides_is_refused_until_a_setting_tells() {
    let hour = [("9/6/2026 1:00:00 AM", "9/6/2026 2:00:00 AM", "1")];
    let ambiguous = "usage.csv: dates such as 9/6/2026 1:00:00 AM can be read with the day first or the month first: no row decides it";
    check_refused(table_of(&hour).as_bytes(), &Reading::default(), ambiguous);
    check(
        &hour,
        &reading("en-us", "UTC"),
        &["tabs between cells, month first, decimal point, times in UTC", "2026-09-06 Hourly 01 1"],
    );
    check(
        &hour,
        &reading("en-GB", "UTC"),
        &["tabs between cells, day first, decimal point, times in UTC", "2026-06-09 Hourly 01 1"],
    );
    // Rows that contradict each other, or what was said.
    let both =
        [("9/6/2026 12:00:00 AM", "9/7/2026 12:00:00 AM", "1"), ("9/6/2026 12:00:00 AM", "10/6/2026 12:00:00 AM", "1")];
    check_refused(
        table_of(&both).as_bytes(),
        &Reading::default(),
        "usage.csv: dates that contradict each other: 9/6/2026 12:00:00 AM/10/6/2026 12:00:00 AM has the day first, 9/6/2026 12:00:00 AM/9/7/2026 12:00:00 AM the month first",
    );
    check(
        &both,
        &reading("en-US", "UTC"),
        &[
            "tabs between cells, month first, decimal point, times in UTC",
            "2026-09-06 Daily 00 1",
            "usage_time_not_whole: 9/6/2026 12:00:00 AM/10/6/2026 12:00:00 AM",
            "usage_times_not_whole",
        ],
    );
    check_refused(
        table_of(&both[..1]).as_bytes(),
        &reading("de-DE", "UTC"),
        "usage.csv: dates such as 9/6/2026 12:00:00 AM that are whole hours or days only with the month first, and the culture de-DE has the day first",
    );
}

#[test]
fn decimals_are_decided_over_all_rows() {
    let day = ("2026-10-04T00:00:00Z", "2026-10-05T00:00:00Z");
    let with = |quantities: &[&str]| -> String {
        table_of(&quantities.iter().map(|quantity| (day.0, day.1, *quantity)).collect::<Vec<_>>())
    };
    let none = Reading::default();
    assert_eq!(
        shown(&with(&["16,46", "1,234", "2", "8,38E-08"]), &none),
        [
            "tabs between cells, decimal comma, times in UTC",
            "2026-10-04 Daily 00 16.46",
            "2026-10-04 Daily 00 1.234",
            "2026-10-04 Daily 00 2",
            "2026-10-04 Daily 00 0.0000000838"
        ]
        .map(|text| text.replace(", times in UTC", ""))
    );
    check_refused(
        with(&["16,46", "1.5"]).as_bytes(),
        &none,
        "usage.csv: quantities that contradict each other: 1.5 has a point, 16,46 a comma",
    );
    check_refused(
        with(&["1,234", "2"]).as_bytes(),
        &none,
        "usage.csv: a quantity such as 1,234 may have a decimal comma or one between thousands: no row decides it",
    );
    assert_eq!(shown(&with(&["1,234"]), &reading("de-DE", ""))[1], "2026-10-04 Daily 00 1.234");
    check_refused(
        with(&["1,234"]).as_bytes(),
        &reading("en-US", ""),
        "usage.csv: a quantity of 1,234, and the culture en-US has no decimal comma",
    );
    assert_eq!(
        shown(&with(&["1,234,5", "0,5"]), &none)[1],
        "quantity_unreadable: 1,234,5",
        "a comma between thousands and a decimal one"
    );
}

/// Only what is a number says how numbers are written, and only a row that could be used says how dates are.
#[test]
fn what_is_set_aside_decides_nothing() {
    let day = ("2026-10-04T00:00:00Z", "2026-10-05T00:00:00Z");
    let with = |quantities: &[&str]| -> String {
        table_of(&quantities.iter().map(|quantity| (day.0, day.1, *quantity)).collect::<Vec<_>>())
    };
    let none = Reading::default();
    let refused = |quantities: &[&str], reading: &Reading| {
        gathered(with(quantities).as_bytes(), reading).expect_err("refused").to_string()
    };
    let ambiguous = "may have a decimal comma or one between thousands";
    assert!(refused(&["1,234.5", "1,234", "7"], &none).contains("contradict each other"));
    assert!(refused(&["1,234 ", "7"], &none).contains(ambiguous));
    assert!(refused(&["n/a, none", "1,234", "7"], &none).contains(ambiguous));
    assert!(refused(&["1.234", "0,5"], &reading("de-DE", "")).contains("contradict each other"));
    assert!(refused(&["1.234"], &reading("de-DE", "")).contains("reads as thousands"));
    assert_eq!(shown(&with(&["1.2345"]), &reading("de-DE", ""))[1], "2026-10-04 Daily 00 1.2345", "no thousands");
    // A note in one cell costs only its line.
    assert_eq!(
        shown(&with(&["1.5", "see note, below"]), &none)[1..],
        ["2026-10-04 Daily 00 1.5", "quantity_unreadable: see note, below"]
    );
    // A line that is set aside anyway says nothing of dates.
    let hours =
        [("9/6/2026 1:00:00 AM", "9/6/2026 2:00:00 AM", "1"), ("1/9/2026 12:00:00 AM", "2/9/2026 12:00:00 AM", "-1")];
    let error = gathered(table_of(&hours).as_bytes(), &none).expect_err("ambiguous").to_string();
    assert!(error.contains("no row decides it"), "{error}");
}

/// An offset that is said counts, however it is written; what is no offset makes the time unreadable.
#[test]
fn offsets_of_every_form_count() {
    let utc = reading("", "UTC");
    for (start, end) in [
        ("2026-10-04T02:00:00+0200", "2026-10-05T02:00:00+0200"),
        ("2026-10-04 02:00:00 +02:00", "2026-10-05 02:00:00 +02:00"),
        ("2026-10-04T02:00:00+02", "2026-10-05T02:00:00+02"),
        ("10/4/2026 2:00:00 AM +02:00", "10/5/2026 2:00:00 AM +02:00"),
        ("04.10.2026 00:00:00 +00:00", "05.10.2026 00:00:00 +00:00"),
        ("2026-10-03T17:00:00-0700", "2026-10-04T17:00:00-0700"),
        ("10/4/2026 12:00:00 AM Z", "10/5/2026 12:00:00 AM Z"),
        ("10/4/2026 12:00:00 a. m.", "10/5/2026 12:00:00 a.m."),
        ("10/4/2026 12:00:00\u{202f}AM", "10/5/2026 12:00:00\u{202f}AM"),
    ] {
        for reading in [&utc, &Reading::default()] {
            assert_eq!(shown(&table_of(&[(start, end, "1")]), reading)[1..], ["2026-10-04 Daily 00 1"], "{start}");
        }
    }
    let hour = [("2026-10-06 01:00:00 +02:00", "2026-10-06 02:00:00 +02:00", "1")];
    let dialect = "tabs between cells, decimal point";
    check(&hour, &Reading::default(), &[dialect, "2026-10-05 Hourly 23 1"]);
    check(&hour, &reading("", "Asia/Tokyo"), &[dialect, "2026-10-05 Hourly 23 1"]);
    for text in
        ["2026-10-04 00:00:00 ???", "2026-10-04 00:00:00 +2", "2026-10-04T00:00:00+15:00", "2026-10-04 0:00 noon"]
    {
        let good = ("2026-10-04T00:00:00Z", "2026-10-05T00:00:00Z", "1");
        let rows = shown(&table_of(&[good, (text, "2026-10-05 00:00:00", "1")]), &utc);
        assert!(rows[2].starts_with("usage_time_unreadable"), "{rows:?}");
    }
}

#[test]
fn times_without_a_zone_are_read_in_the_one_that_is_said() {
    let berlin = reading("", "Europe/Berlin");
    // Summer time, winter time.
    check(
        &[("2026-10-04 02:00:00", "2026-10-05 02:00:00", "1")],
        &berlin,
        &["tabs between cells, decimal point, times in Europe/Berlin", "2026-10-04 Daily 00 1"],
    );
    check(
        &[("2026-01-04 01:00:00", "2026-01-05 01:00:00", "1")],
        &berlin,
        &["tabs between cells, decimal point, times in Europe/Berlin", "2026-01-04 Daily 00 1"],
    );
    // Clocks went back on 2025-10-26 at 03:00: the hour from 02:00 came twice, and each line is whole in one way only.
    check(
        &[
            ("2025-10-26 01:00:00", "2025-10-26 02:00:00", "1"),
            ("2025-10-26 02:00:00", "2025-10-26 02:00:00", "2"),
            ("2025-10-26 02:00:00", "2025-10-26 03:00:00", "3"),
        ],
        &berlin,
        &[
            "tabs between cells, decimal point, times in Europe/Berlin",
            "2025-10-25 Hourly 23 1",
            "2025-10-26 Hourly 00 2",
            "2025-10-26 Hourly 01 3",
        ],
    );
    check(
        &[("2025-10-26 02:00:00", "2025-10-27 01:00:00", "4")],
        &berlin,
        &["tabs between cells, decimal point, times in Europe/Berlin", "2025-10-26 Daily 00 4"],
    );
    // Clocks went forward on 2026-03-29 at 02:00: no clock showed 02:30.
    check(
        &[("2026-03-29 01:00:00", "2026-03-29 03:00:00", "1"), ("2026-03-29 02:00:00", "2026-03-29 03:00:00", "2")],
        &berlin,
        &[
            "tabs between cells, decimal point, times in Europe/Berlin",
            "2026-03-29 Hourly 00 1",
            "usage_time_not_whole: 2026-03-29 02:00:00/2026-03-29 03:00:00",
            "usage_times_not_whole",
        ],
    );
    // A clock that goes back by two hours leaves two whole readings; one that goes back by half an hour leaves one.
    let good = ("2025-10-20 05:00:00", "2025-10-20 06:00:00", "1");
    let troll = shown(
        &table_of(&[good, ("2025-10-26 01:00:00", "2025-10-26 02:00:00", "1")]),
        &reading("", "Antarctica/Troll"),
    );
    assert!(troll[2].starts_with("usage_time_unreadable"), "{troll:?}");
    let lord_howe =
        shown(&table_of(&[("2026-04-05 01:30:00", "2026-04-05 02:30:00", "1")]), &reading("", "Australia/Lord_Howe"));
    assert_eq!(lord_howe[1], "2026-04-04 Hourly 15 1");
    // Half hours, and offsets.
    let kolkata = [("2026-10-04 05:30:00", "2026-10-04 06:30:00", "1")];
    check(
        &kolkata,
        &reading("", "+05:30"),
        &["tabs between cells, decimal point, times in +05:30", "2026-10-04 Hourly 00 1"],
    );
    check_refused(
        table_of(&kolkata).as_bytes(),
        &Reading::default(),
        "usage.csv: its line cannot be used: the usage time is neither a full UTC hour nor a full UTC day, such as row 1: 2026-10-04 05:30:00/2026-10-04 06:30:00",
    );
    // Hours that nothing proves are a finding; days that are whole in UTC prove themselves.
    check(
        &[("2026-10-04 05:00:00", "2026-10-04 06:00:00", "1")],
        &Reading::default(),
        &["tabs between cells, decimal point, times in UTC", "2026-10-04 Hourly 05 1", "time_zone_assumed"],
    );
    check(
        &[("2026-10-04 00:00:00", "2026-10-05 00:00:00", "1")],
        &Reading::default(),
        &["tabs between cells, decimal point, times in UTC", "2026-10-04 Daily 00 1"],
    );
    // JSON without an offset is read only in a zone that is said.
    let json = r#"[{"SubscriptionId":"SUB","MeterId":"M","UsageStartTime":"2026-10-04T02:00:00","UsageEndTime":"2026-10-05T02:00:00","Quantity":1,"InstanceData":null}]"#;
    assert_eq!(shown(json, &berlin), ["2026-10-04 Daily 00 1"]);
    check_refused(
        json.as_bytes(),
        &Reading::default(),
        "usage.csv: times that do not say all of what they mean, such as 2026-10-04T02:00:00/2026-10-05T02:00:00",
    );
}

#[test]
fn serial_times_of_spreadsheets() {
    let dialect = "tabs between cells, decimal point, times in UTC";
    check(
        &[("46299", "46300", "2.25495547056198E-4")],
        &Reading::default(),
        &[dialect, "2026-10-04 Daily 00 0.000225495547056198"],
    );
    check(
        &[
            ("46299.0416666667", "46299.0833333333", "1"),
            ("46299,95833", "46300", "1"),
            ("46299.02", "46299.5", "1"),
            ("36525.0", "36526", "1"),
            ("200000", "200001", "1"),
        ],
        &reading("", "UTC"),
        &[
            dialect,
            "2026-10-04 Hourly 01 1",
            "2026-10-04 Hourly 23 1",
            "usage_time_not_whole: 46299.02/46299.5",
            "usage_time_out_of_range: 36525.0/36526",
            "usage_time_out_of_range: 200000/200001",
            "usage_times_not_whole",
        ],
    );
}

#[test]
fn cultures_and_zones_by_name() {
    let known = |name: &str| Culture::of(name).map(|culture| (culture.name, culture.date_order, culture.decimal));
    assert_eq!(known("DE-de"), Some(("de-DE", DateOrder::DayFirst, DecimalMark::Comma)));
    assert_eq!(known("de-CH"), Some(("de-CH", DateOrder::DayFirst, DecimalMark::Point)));
    assert_eq!(known("en-US"), Some(("en-US", DateOrder::MonthFirst, DecimalMark::Point)));
    assert_eq!(known("es-US"), Some(("es-US", DateOrder::DayFirst, DecimalMark::Point)));
    assert_eq!(known("en-ZA"), Some(("en-ZA", DateOrder::YearFirst, DecimalMark::Either)));
    assert_eq!(known("xx"), None);
    let names = Culture::names();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "each once");
    for (text, shown) in
        [("utc", "UTC"), ("Z", "UTC"), ("+02:00", "+02:00"), ("-03:30", "-03:30"), ("Asia/Tokyo", "Asia/Tokyo")]
    {
        assert_eq!(SourceTimeZone::parse(text).unwrap().to_string(), shown);
    }
    for text in ["", "CEST2", "+2", "+15:00", "2:00", "+02:60"] {
        assert_eq!(SourceTimeZone::parse(text), None, "{text}");
    }
}

#[test]
fn what_is_no_whole_table_is_refused_or_found() {
    let none = Reading::default();
    let row = ("2026-10-04T00:00:00Z", "2026-10-05T00:00:00Z", "1");
    let text = table_of(&[row, row]);
    let good = "2026-10-04 Daily 00 1";
    // The header once more, as where tables were joined; blank lines; what Excel writes before the header.
    let header = text.lines().next().unwrap();
    assert_eq!(shown(&format!("sep=\t\r\n{text}\r\n{header}\r\n\r\n"), &none)[1..], [good, good]);
    // A row with too few cells costs only itself; a file that ends within a row is refused.
    assert_eq!(shown(&format!("{text}SUB\tMETER\r\n"), &none)[1..], [good, good, "not_a_usage_line: SUB\tMETER"]);
    check_refused(
        format!("{text}SUB\tMETER").as_bytes(),
        &none,
        "usage.csv:4:1: the table ends within a row: 2 cells of 6",
    );
    check_refused(format!("{text}\"SUB\tMETER").as_bytes(), &none, "usage.csv:4:1: a double quote that nothing closes");
    assert_eq!(shown(text.trim_end(), &none)[1..], [good, good, "table_may_be_cut"]);
    check_refused(
        &header.as_bytes()[..20],
        &none,
        "usage.csv:1:1: a table of usage without the column UsageStartTime, UsageEndTime, Quantity",
    );
    check_refused(
        text.replace("Quantity", "Quantty").as_bytes(),
        &none,
        "usage.csv:1:1: a table of usage without the column Quantity",
    );
    check_refused(
        b"\"ContinuationToken\",\"NextLink\",\"UsageAggregations\"\r\n,,\"System.Object[]\"\r\n",
        &none,
        "usage.csv: a table of nested rows, which `Export-Csv` printed as the names of their types: their values are lost",
    );
    check_refused(
        text.replace("resourceUri", "quantity").as_bytes(),
        &none,
        "usage.csv:1:1: columns 5 and 6 are both called \"quantity\"",
    );
    check_refused(
        text.replace("resourceUri", "SubscriptionId").as_bytes(),
        &none,
        "usage.csv:1:1: a table with both a SubscriptionId and a subscription",
    );
    // What belongs to another table, or swallows rows, is not read as if nothing were.
    let mut columns: Vec<&str> = header.split('\t').collect();
    columns.swap(0, 1);
    check_refused(
        format!("{text}{}\r\nMETER\tSUB\t{}\t{}\t1\t/u\r\n", columns.join("\t"), row.0, row.1).as_bytes(),
        &none,
        "usage.csv:4:1: another header among the rows, with its columns in another order",
    );
    check_refused(text.replace("\r\n", "\r").as_bytes(), &none, "usage.csv: lines that end with CR alone");
    let cells = format!("SUB\tMETER\t{}\t{}\t1\t", row.0, row.1);
    let swallowed = shown(&format!("{text}{cells}\"/u\r\n{cells}/u\"\r\n"), &none);
    assert!(swallowed[3].starts_with("not_a_usage_line: SUB\tMETER"), "{swallowed:?}");
    let behind = text.replacen("\t/u", "\t\"/u\"x", 1);
    assert!(shown(&behind, &none)[1].starts_with("not_a_usage_line: SUB\tMETER"));
    let joined = format!("{text}\u{feff}{}\t\t\t\t\t\r\n", text.replacen("/u\r\n", "/v\r\n", 1));
    assert_eq!(shown(&joined, &none)[1..], [good; 4]);
    assert_eq!(shown(&format!("{text}\u{feff}{text}"), &none)[1..], [good, good, "page_saved_twice"], "it counts once");
    check_refused(
        b"\r\n#TYPE Some.Type\r\n\"Name\",\"Value\"\r\n",
        &none,
        "usage.csv: begins with \"#TYPE\", where a page of usage was expected, as JSON or as a table",
    );
    // One byte of Windows-1252.
    let mut latin = text.replace("/u", "/k\u{f6}ln").into_bytes();
    let at = latin.windows(2).position(|pair| pair == "\u{f6}".as_bytes()).unwrap();
    latin.splice(at..at + 2, [0xf6]);
    let latin: Vec<u8> = latin.into_iter().take(at + 1).chain(b"ln\r\n".iter().copied()).collect();
    check_refused(&latin, &none, "usage.csv:2:57: byte 0xf6 is not UTF-8 text");
    let encoded = Reading { encoding: Encoding::parse("windows-1252"), ..Reading::default() };
    let lines = gathered(&latin, &encoded).unwrap();
    let instance = lines.texts.into_texts()[2].iter().next().unwrap().1.to_owned();
    assert!(instance.contains("/k\u{f6}ln"), "{instance}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever the csv crate writes, quoted where it must be or everywhere, is read as it was, but for rows that say
    /// nothing.
    #[test]
    fn tables_are_read_as_the_csv_crate_writes_them(
        rows in prop::collection::vec(prop::collection::vec("[ab\"\r\n;,\u{f6} ]{0,40}", 3), 1..6),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        always in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        // A bare CR stands in no cell without quotes where lines end with LF: the crate would write it so.
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(|cell| if crlf || always { cell } else { cell.replace('\r', "") }).collect())
            .collect();
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["first", "second", "third"]).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let table = CsvText::parse("t.csv", &text).unwrap();
        prop_assert_eq!(table.delimiter, delimiter);
        let (mut read, mut cells, mut found) = (table.rows(), Vec::new(), Vec::new());
        while read.next(&mut cells).unwrap() {
            found.push(cells.iter().map(|cell| cell.text().into_owned()).collect::<Vec<_>>());
        }
        // What spreadsheets leave below a table is no row.
        let is_blank = |row: &[String]| row[0].is_empty() && row.iter().all(|cell| cell.trim().is_empty());
        let rows: Vec<_> = rows.into_iter().filter(|row| !is_blank(row)).collect();
        prop_assert_eq!(found, rows);
    }

    /// A span survives being printed in any dialect, and no text panics.
    #[test]
    fn no_text_panics(start in "[0-9/.:, APM-]{0,22}", end in "\\PC{0,20}", day_first in any::<bool>()) {
        let order = if day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        let dialect = Dialect { date_order: Some(order), decimal_comma: true, zone: SourceTimeZone::parse("Europe/Berlin"), ..Dialect::default() };
        let _ = dialect.span(&start, &end);
        let _ = dialect.quantity(&start);
    }
}
