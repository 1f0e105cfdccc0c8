//! `stacktally changes`: what runs corrected of published days, and what a run says of it when it ends.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, csv_rows,
    customers, masked, page, ran, receipt,
};

/// Run 1 publishes; run 2 brings late lines, run 3 a replaced window, run 4 a new snapshot, run 5 nothing, and in run 6
/// an export is gone.
fn corrected() -> TestRoot {
    let root = published();
    root.file(
        "north/usage/2026-10-06/page.json",
        page(&[line(SUB_A, "2026-10-05T23", "0.5"), line(SUB_A, "2026-10-06T01", "1")]),
    );
    root.run(&[]).expect(0);
    root.file("north/usage/2026-10-05/page-0001.json", page(&[line(SUB_A, "2026-10-05T13", "1.25")]));
    root.run(&[]).expect(0);
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    root.file("south/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "south", &both));
    root.run(&[]).expect(0);
    root.run(&[]).expect(0);
    root.remove("north/usage/2026-10-06");
    root.run(&["--forget", "all"]).expect(0);
    root
}

fn published() -> TestRoot {
    let root = TestRoot::with_lines(&[
        line(SUB_A, "2026-10-05T13", "1"),
        line(SUB_B, "2026-10-05T13", "2"),
        Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", "12345678901234567890.123456789012345678"),
    ]);
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_B, "2026-10-05T13", "4")]));
    root.file("names.csv", format!("id,name\n{BILLED_A},Contoso\n"));
    root.run(&[]).expect(0);
    root
}

fn line(user: &str, hour: &str, quantity: &str) -> Line {
    Line::hourly(user, VM_HOURS, hour, quantity)
}

fn changes(root: &TestRoot, flags: &[&str]) -> Ran {
    root.stacktally(&[&["changes", "--out", "out"], flags].concat())
}

fn rows(root: &TestRoot, flags: &[&str]) -> Vec<Value> {
    let json = changes(root, &[&["--json"], flags].concat()).expect(0).stdout;
    serde_json::from_str::<Value>(&json).unwrap()["changes"].as_array().unwrap().clone()
}

/// The runs of which something is shown.
fn runs(root: &TestRoot, flags: &[&str]) -> Vec<u64> {
    let mut runs: Vec<u64> = rows(root, flags).iter().map(|row| row["run"].as_u64().unwrap()).collect();
    runs.dedup();
    runs
}

#[test]
fn every_run_says_what_it_corrected() {
    let root = corrected();
    insta::assert_snapshot!("all", masked(&changes(&root, &["--since", "1"]).expect(0)));
    insta::assert_snapshot!("the-last", masked(&changes(&root, &[]).expect(0)));
    insta::assert_snapshot!("json", masked(&changes(&root, &["--json", "--since", "4"]).expect(0)));
    let text = changes(&root, &["--since", "1"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert_eq!(runs(&root, &["--stamp", "south"]), [4], "the last that changed something of it");
    let csv = changes(&root, &["--csv", "--since", "1"]).expect(0).stdout;
    let published: String = (2..=6)
        .filter_map(|run| fs::read_to_string(root.out().join(format!("history/changes/{run:06}.csv"))).ok())
        .collect();
    assert_eq!(csv_rows(&csv).len(), rows(&root, &["--since", "1"]).len());
    assert!(csv.lines().all(|line| published.contains(line)), "{csv}");
}

#[test]
fn since_a_run_or_since_a_day() {
    let root = corrected();
    assert_eq!(runs(&root, &["--since", "1"]), [2, 3, 4, 6]);
    assert_eq!(runs(&root, &["--since", "4"]), [4, 6]);
    assert_eq!(runs(&root, &["--since", "000005"]), [6]);
    assert_eq!(runs(&root, &["--since", "2020-01-01"]), [2, 3, 4, 6]);
    assert_eq!(
        changes(&root, &["--since", "2199-12-31"]).expect(0).stdout,
        "no published day changed since 2199-12-31\n"
    );

    for (run, day) in [(1, "2020-01-01"), (2, "2020-01-02"), (3, "2020-01-03"), (4, "2020-01-04"), (5, "2020-01-05")] {
        let path = root.out().join(format!("receipts/{run:06}.json"));
        let mut receipt: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        receipt["finished_at"] = format!("{day}T03:15:00.000Z").into();
        fs::write(path, receipt.to_string()).unwrap();
    }
    assert_eq!(runs(&root, &["--since", "2020-01-03"]), [3, 4, 6], "of that day and later");
    // Run 3 finished when nobody knows: at the latest with run 4, and so perhaps on its day.
    fs::remove_file(root.out().join("receipts/000003.json")).unwrap();
    assert_eq!(runs(&root, &["--since", "2020-01-04"]), [3, 4, 6]);
    assert_eq!(runs(&root, &["--since", "2020-01-05"]), [6], "run 4 was before, and so run 3");
    let text = changes(&root, &["--since", "3"]).expect(0).stdout;
    assert!(text.starts_with("run 3, when is not known: its receipt is gone\n"), "{text}");
}

#[test]
fn asked_for_what_is_not_there() {
    let root = corrected();
    for (name, flags) in [
        ("no-day-no-run", ["--since", "yesterday"]),
        ("a-run-to-come", ["--since", "7"]),
        ("unknown-stamp", ["--stamp", "west"]),
    ] {
        insta::assert_snapshot!(name, changes(&root, &flags).expect(2).transcript());
    }
    fs::write(root.out().join("history/changes/000002.parquet"), "altered").unwrap();
    let altered = changes(&root, &["--since", "1"]).expect(3);
    assert!(altered.stderr.contains("000002.parquet: a file with other bytes"), "{}", altered.stderr);
}

#[test]
fn a_first_publication_corrects_nothing() {
    let root = published();
    assert_eq!(changes(&root, &[]).expect(0).stdout, "no published day changed\n");
    assert_eq!(rows(&root, &["--since", "1"]), Vec::<Value>::new());
    let again: Value = serde_json::from_str(&root.run(&["--json"]).expect(0).stdout).unwrap();
    assert_eq!(again["changes"], serde_json::json!({"run": 2, "days": 0, "stamps": [], "statement_months": []}));
}

/// A stamp that is gone was published once, and its days said something.
#[test]
fn a_stamp_that_is_gone_has_a_history() {
    let root = published();
    root.remove("south");
    let gone = root.run(&["--forget", "south"]).expect(0);
    insta::assert_snapshot!("stamp-forgotten", gone.transcript());
    let rows = rows(&root, &["--stamp", "south"]);
    assert_eq!((&rows[0]["quantity_before"], &rows[0]["quantity_after"]), (&"4".into(), &Value::Null));
    assert_eq!(rows[0]["quantity_difference"], "-4");
}

#[test]
fn a_run_says_that_it_changed_published_days() {
    let root = published();
    root.file("north/usage/2026-10-06/page.json", page(&[line(SUB_A, "2026-10-05T23", "0.5")]));
    insta::assert_snapshot!("run-late-lines", root.run(&[]).expect(0).transcript());
    root.remove("north/usage/2026-10-05");
    let keep = ["--keep-missing"];
    insta::assert_snapshot!("run-kept", root.run(&keep).expect(0).transcript());
    insta::assert_snapshot!("run-missing", root.run(&["--forget", "all"]).expect(0).transcript());
    assert_eq!(receipt(&root.out())["missing"][0]["lines"], 3);
    insta::assert_snapshot!("run-settings", root.run(&["--no-owners"]).expect(0).transcript());
}

#[test]
fn programs_are_told_the_same() {
    let root = published();
    root.remove("south/usage/2026-10-05");
    root.file("south/usage/2026-10-06/page.json", page(&[line(SUB_B, "2026-10-06T13", "4")]));
    let summary = root.run(&["--json", "--full", "--forget", "all"]).expect(0);
    assert!(
        summary.stderr.starts_with("warning: no longer published, as --forget says: 1 line of 1 export"),
        "{}",
        summary.stderr
    );
    let summary: Value = serde_json::from_str(&summary.stdout).unwrap();
    assert_eq!(summary["full_run"], "--full");
    assert_eq!(summary["missing"][0]["folder"], "south/usage/2026-10-05");
    let changes = serde_json::json!({"run": 2, "days": 1, "stamps": ["south"], "statement_months": []});
    assert_eq!(summary["changes"], changes);
    root.remove("south/usage/2026-10-06");
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_B, "2026-10-05T13", "4")]));
    let logged = root.run(&["--log-format", "json", "--full", "--forget", "all"]).expect(0).stderr;
    for message in ["everything rebuilt", "export missing", "forgotten", "published days changed"] {
        assert!(logged.contains(&format!("\"message\":\"{message}\"")), "{message}: {logged}");
    }
    root.remove("south/usage/2026-10-05");
    let logged = root.run(&["--log-format", "json", "--keep-missing"]).expect(0).stderr;
    assert!(logged.contains("missing export kept"), "{logged}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let root = corrected();
    let stacktally = env!("CARGO_BIN_EXE_stacktally");
    let script = format!("{stacktally:?} changes --out out --since 1 | true; exit ${{PIPESTATUS[0]}}");
    let output = Command::new("bash").args(["-c", &script]).current_dir(root.folder()).output().unwrap();
    assert_eq!(ran(output).expect(0).stderr, "");
}
