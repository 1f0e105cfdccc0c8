//! What other people's files showed, kind by kind: each kind a table of shapes, with the right value beside every one.

#![expect(clippy::type_complexity, reason = "a table of shapes has a column for each thing that a shape is made of")]

mod cases;
mod dates;
mod encodings;
mod repeated;
mod spellings;
mod unusable;
mod window;

use std::collections::BTreeMap;

use stacktally::domain::Quantity;

use crate::support::{Line, Ran, SUB_A, TestRoot, VM_HOURS, cell, findings, table, unwrapped};

/// Findings that tell of a fault of some kind: they come where a shape says so, and nowhere else.
const TELLING: [&str; 8] = [
    "usage_long_before_window",
    "page_saved_twice",
    "equal_lines",
    "many_rejects",
    "usage_of_public_azure",
    "time_zone_assumed",
    "usage_times_not_whole",
    "table_may_be_cut",
];

/// What is right.
enum Right<'a> {
    /// Published: the quantity of each usage day, and the findings that tell.
    Read(&'a [(&'a str, &'a str)], &'a [&'a str]),
    /// The same with lines set aside: so many.
    WithRejects(i32, &'a [(&'a str, &'a str)], &'a [&'a str]),
    /// Refused, with these texts in what is said, and nothing published.
    Refused(&'a [&'a str]),
}

use Right::{Read, Refused, WithRejects};

/// Runs a root into a fresh OUT and holds the outcome against what is right.
#[track_caller]
fn check(name: &str, root: &TestRoot, flags: &[&str], right: &Right<'_>) -> Ran {
    let ran = root.run(flags);
    let (daily, telling, rejects) = match right {
        Refused(texts) => {
            assert_eq!(ran.code, 3, "{name}: {}", ran.transcript());
            let said = unwrapped(&ran.stderr);
            for text in *texts {
                assert!(said.contains(text), "{name}: {text:?} is not in\n{}", ran.stderr);
            }
            assert!(!root.out().join("receipt.json").exists(), "{name}: something was published");
            return ran;
        }
        Read(daily, telling) => (daily, telling, 0),
        WithRejects(rejects, daily, telling) => (daily, telling, *rejects),
    };
    assert_eq!(ran.code, if rejects > 0 { 4 } else { 0 }, "{name}: {}", ran.transcript());
    assert_eq!(&quantities(root), &owned(daily), "{name}: {}", ran.transcript());
    assert_eq!(table(&root.out(), "rejects").len(), rejects as usize, "{name}: {}", ran.transcript());
    let mut found = findings(&root.out());
    found.retain(|code| TELLING.contains(&code.as_str()));
    assert_eq!(found, *telling, "{name}: {}", ran.transcript());
    ran
}

/// The quantity of each usage day, as `daily` has it, without zeros behind.
fn quantities(root: &TestRoot) -> Vec<(String, String)> {
    let mut days: BTreeMap<String, Quantity> = BTreeMap::new();
    for row in table(&root.out(), "daily") {
        let quantity = Quantity::parse(cell(&row, "quantity")).unwrap().quantity;
        let sum = days.entry(cell(&row, "usage_date").to_owned()).or_default();
        *sum = sum.checked_add(quantity).unwrap();
    }
    days.into_iter().map(|(day, quantity)| (day, quantity.to_string())).collect()
}

fn owned(daily: &[(&str, &str)]) -> Vec<(String, String)> {
    daily.iter().map(|(day, quantity)| ((*day).to_owned(), (*quantity).to_owned())).collect()
}

/// A root with snapshots and these files of usage, below `north/usage`.
fn root_of(files: &[(&str, &[u8])]) -> TestRoot {
    let root = TestRoot::with_snapshots();
    for (name, bytes) in files {
        root.file(&format!("north/usage/{name}"), bytes);
    }
    root
}

/// A line of SUB_A between two times, as they are written.
fn line(start: &str, end: &str, quantity: &str) -> Line {
    let (start, end) = (start.to_owned(), end.to_owned());
    Line { start, end, ..Line::hourly(SUB_A, VM_HOURS, "2026-10-05T00", quantity) }
}

/// A line of one full day.
fn day(date: &str, quantity: &str) -> Line {
    let next = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").unwrap().succ_opt().unwrap();
    line(&format!("{date}T00:00:00+00:00"), &format!("{next}T00:00:00+00:00"), quantity)
}

/// A table of (start, end, quantity), its cells in quotes.
fn csv(rows: &[(&str, &str, &str)]) -> String {
    let row = |(start, end, quantity): &(&str, &str, &str)| {
        format!("\"{SUB_A}\",\"{VM_HOURS}\",\"{start}\",\"{end}\",\"{quantity}\",\"/subscriptions/{SUB_A}/vm\"\r\n")
    };
    let header = "\"subscription\",\"MeterId\",\"UsageStartTime\",\"UsageEndTime\",\"Quantity\",\"resourceUri\"\r\n";
    format!("{header}{}", rows.iter().map(row).collect::<String>())
}
