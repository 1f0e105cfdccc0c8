//! `stacktally coverage`: a calendar for people, JSON for monitors.

use stacktally::cli::show::calendar;
use stacktally::cli::show::layout::Width;
use stacktally::publication::Publication;

use crate::support::{Line, SUB_A, SUB_B, TestRoot, VM_HOURS, page, table};

fn with_gaps() -> TestRoot {
    let root = TestRoot::with_snapshots();
    let line = |day: &str| Line::hourly(SUB_A, VM_HOURS, &format!("{day}T01"), "1");
    for day in ["2026-09-29", "2026-09-30", "2026-10-01", "2026-10-04", "2026-10-05"] {
        root.file(&format!("north/usage/{day}/page.json"), page(&[line(day)]));
    }
    root.file("north/usage/2026-10-06/page.json", page(&[]));
    root.snapshots("south");
    root.file(
        "south/usage/2026-10-01T00--2026-10-01T12/page.json",
        page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-01T01", "1")]),
    );
    root
}

#[test]
fn a_calendar_shows_gaps_at_a_glance() {
    let root = with_gaps();
    root.run(&[]).expect(0);
    let published = root.stacktally(&["coverage", "--out", "out"]).expect(0);
    insta::assert_snapshot!("calendar", published.transcript());
    let of_root = root.stacktally(&["coverage", "--root", "root"]).expect(0);
    assert_eq!(of_root.stdout, published.stdout, "a root and its publication say the same");
    let one = root.stacktally(&["coverage", "--out", "out", "--stamp", "south"]).expect(0);
    assert!(one.stdout.starts_with("south ") && !one.stdout.contains("north"), "{}", one.stdout);
    assert!(published.stdout.lines().all(|line| line.chars().count() <= 80), "fits a narrow terminal");
}

#[test]
fn json_has_the_rows_of_the_tables() {
    let root = with_gaps();
    root.run(&[]).expect(0);
    let ran = root.stacktally(&["coverage", "--out", "out", "--json"]).expect(0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    for name in ["coverage", "coverage_months"] {
        let (found, published) = (json[name].as_array().unwrap(), table(&root.out(), name));
        assert_eq!(found.len(), published.len());
        for (found, published) in found.iter().zip(&published) {
            for (column, value) in published {
                let found = match &found[column] {
                    serde_json::Value::Null => None,
                    serde_json::Value::String(text) if column == "month" => Some(format!("{text}-01")),
                    serde_json::Value::String(text) => Some(text.clone()),
                    serde_json::Value::Array(codes) => {
                        Some(codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>().join(" "))
                            .filter(|text| !text.is_empty())
                    }
                    other => Some(other.to_string()),
                };
                assert_eq!(&found, value, "{column}");
            }
        }
    }
}

#[test]
fn what_cannot_be_shown_is_said() {
    let root = with_gaps();
    insta::assert_snapshot!("no-publication", root.stacktally(&["coverage", "--out", "out"]).expect(2).transcript());
    insta::assert_snapshot!("nothing-named", root.stacktally(&["coverage"]).expect(2).transcript());
    root.stacktally(&["coverage", "--out", "out", "--root", "root"]).expect(2);
    root.run(&[]).expect(0);
    std::fs::copy(root.out().join("dates.parquet"), root.out().join("coverage.parquet")).unwrap();
    insta::assert_snapshot!("other-version", root.stacktally(&["coverage", "--out", "out"]).expect(3).transcript());
    let help = root.stacktally(&["coverage", "--help"]).expect(0);
    assert!(help.stdout.contains("Usage: stacktally coverage"), "{}", help.stdout);
}

/// What the calendar and its JSON say of closed months.
fn with_closed(root: &TestRoot) -> (String, serde_json::Value) {
    let publication = Publication::open(&root.out()).unwrap();
    let (rows, closed) = (publication.coverage().unwrap(), publication.closed().unwrap());
    let text = anstream::adapter::strip_str(&calendar::text(&rows, Some(&closed), Width::OF_A_FILE)).to_string();
    (text, serde_json::from_str(&calendar::json(&rows, Some(&closed))).unwrap())
}

#[test]
fn closed_months_are_marked_until_they_are_opened() {
    let root = with_gaps();
    root.run(&[]).expect(0);
    let never_closed = with_closed(&root);
    assert!(!never_closed.0.contains("closed") && never_closed.1["closed"] == serde_json::json!([]));
    for (month, stamp) in [("2026-09", "north"), ("2026-10", "north"), ("2026-10", "south")] {
        let flags = ["close", month, "--out", "out", "--stamp", stamp, "--force", "--reason", "the bill is due"];
        root.stacktally(&flags).expect(0);
    }
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--stamp", "north", "--reason", "too early"]).expect(0);
    root.run(&[]).expect(0);
    let (text, json) = with_closed(&root);
    insta::assert_snapshot!("closed", text);
    let value = |at: usize, name: &str| json["closed"][at][name].clone();
    let months: Vec<_> = (0..2).map(|at| (value(at, "stamp"), value(at, "month"))).collect();
    assert_eq!(months, [("north".into(), "2026-09".into()), ("south".into(), "2026-10".into())]);
    assert_eq!(
        (value(1, "forced"), value(1, "reason"), value(2, "stamp")),
        (true.into(), "the bill is due".into(), ().into())
    );
    std::fs::write(root.out().join("history/closings.jsonl"), "{").unwrap();
    assert!(Publication::open(&root.out()).unwrap().closed().is_err(), "never silently none");
}
