//! What a night job must say first: reported time that is missing, stamps that are overdue, exports that are gone, and lines set
//! aside that nobody was told of.

use std::collections::BTreeMap;
use std::fs;

use chrono::{Days, NaiveDate, Utc};
use serde_json::Value;

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, STRICT, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, cell, customers,
    files_below, findings, listing, page, receipt, registration, table,
};

fn line(day: &str, quantity: &str) -> Line {
    Line::hourly(SUB_A, VM_HOURS, &format!("{day}T01"), quantity)
}

/// Stamp north with a window of each of these names; each has a line of its first day.
fn root(windows: &[&str]) -> TestRoot {
    let root = TestRoot::with_snapshots();
    windows.iter().for_each(|window| add(&root, window));
    root
}

fn add(root: &TestRoot, window: &str) {
    // A mark of its own: the same page in two windows would be a copied folder.
    let text = page(&[line(&window[..10], "1")]).replacen('{', &format!("{{\"page\":\"{window}\","), 1);
    root.file(&format!("north/usage/{window}/page.json"), text);
}

/// The lines of a summary that stand before its first, which is always there.
fn first_lines(ran: &Ran) -> String {
    let (first, _) = ran.stdout.split_once("lines  ").unwrap_or_else(|| panic!("{}", ran.transcript()));
    first.to_owned()
}

fn finding_of(root: &TestRoot, code: &str) -> Value {
    let receipt = receipt(&root.out());
    let found = receipt["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {}", receipt["findings"])).clone()
}

const METRICS: [&str; 2] = ["--metrics", "m.prom"];
const NOT_OVERDUE: [&str; 2] = ["--accept", "window_overdue"];

/// The series of the metrics, with their values.
fn series(root: &TestRoot) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root.folder().join("m.prom")).unwrap();
    let pair = |line: &str| line.rsplit_once(' ').map(|(series, value)| (series.to_owned(), value.to_owned())).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(pair).collect()
}

#[test]
fn a_gap_is_a_finding_and_said_first() {
    let root = root(&["2026-10-02", "2026-10-03", "2026-10-06", "2026-10-07"]);
    let ran = root.run(&[&METRICS[..], &NOT_OVERDUE].concat()).expect(0);
    assert_eq!(first_lines(&ran), "gaps         48 hours of north: [2026-10-04T00,2026-10-06T00)\n");
    let finding = finding_of(&root, "window_missing");
    assert_eq!(
        finding["sentence"],
        "no export holds 48 hours of reported time between its windows: [2026-10-04T00,2026-10-06T00)"
    );
    assert_eq!(finding["concerned"], serde_json::json!(["north/usage/2026-10-04--2026-10-06"]));
    assert_eq!(series(&root)["stacktally_missing_hours{stamp=\"north\"}"], "48");
    // A folder called as the finding says makes it good.
    add(&root, "2026-10-04--2026-10-06");
    let ran = root.run(&[&METRICS[..], &STRICT].concat()).expect(0);
    assert_eq!(first_lines(&ran), "");
    assert_eq!(findings(&root.out()), Vec::<String>::new());
    assert_eq!(series(&root)["stacktally_missing_hours{stamp=\"north\"}"], "0");
}

#[test]
fn a_strict_run_refuses_a_gap_until_it_is_accepted() {
    let root = root(&["2026-10-02", "2026-10-03"]);
    root.run(&STRICT).expect(0);
    let before = files_below(&root.out());
    add(&root, "2026-10-05");
    let ran = root.run(&STRICT).expect(3);
    assert!(ran.stderr.contains("north window_missing: no export holds 24 hours of reported time"), "{}", ran.stderr);
    assert_eq!(files_below(&root.out()), before, "what was published stays");
    let ran = root.run(&[&STRICT[..], &["window_missing"], &METRICS].concat()).expect(0);
    assert_eq!(first_lines(&ran), "", "what is accepted is not told every night");
    assert!(ran.stdout.contains("accepted     1 window_missing"), "{}", ran.stdout);
    assert_eq!(series(&root)["stacktally_missing_hours{stamp=\"north\"}"], "0");
}

/// What is found of windows changes no figure: the tables are those of a run without the finding.
#[test]
fn a_gap_is_in_no_published_table_but_coverage() {
    let with_gap = root(&["2026-10-05", "2026-10-07"]);
    with_gap.run(&[]).expect(0);
    assert_eq!(findings(&with_gap.out()), ["window_missing"]);
    let rows = table(&with_gap.out(), "coverage");
    let states: Vec<(&str, &str)> = rows.iter().map(|row| (cell(row, "usage_date"), cell(row, "state"))).collect();
    assert_eq!(states, [("2026-10-05", "open"), ("2026-10-06", "partial"), ("2026-10-07", "open")]);
    let found: Vec<Option<&str>> = rows.iter().map(|row| row["findings"].as_deref()).collect();
    assert_eq!(found, [None, Some("window_missing"), None]);
}

#[test]
fn a_window_that_is_there_and_not_whole_is_missing_too() {
    let root = root(&["2026-10-05", "2026-10-06", "2026-10-07"]);
    let text = page(&[line("2026-10-06", "2")]).replacen('{', "{\"nextLink\":\"https://next\",", 1);
    root.file("north/usage/2026-10-06/page.json", text);
    root.remove("north/usage/2026-10-07/page.json");
    let ran = root.run(&[&METRICS[..], &NOT_OVERDUE].concat()).expect(0);
    let expected = "gaps         48 hours of north: [2026-10-06T00,2026-10-07T00) (chain_without_end), [2026-10-07T00,2026-10-08T00)\n\
                    \x20            (export_without_files)\n";
    assert_eq!(first_lines(&ran), expected);
    assert_eq!(findings(&root.out()), ["chain_without_end", "export_without_files"], "one finding for one cause");
    assert_eq!(series(&root)["stacktally_missing_hours{stamp=\"north\"}"], "48");
    root.run(&[&METRICS[..], &["--accept", "chain_without_end"]].concat()).expect(0);
    assert_eq!(series(&root)["stacktally_missing_hours{stamp=\"north\"}"], "24");
}

#[test]
fn a_window_cut_short_is_found_even_as_the_last_one() {
    let root = root(&["2026-10-02", "2026-10-03", "2026-10-04T00--2026-10-04T13"]);
    let ran = root.run(&NOT_OVERDUE).expect(0);
    assert_eq!(first_lines(&ran), "", "it leaves no gap");
    let finding = finding_of(&root, "window_cut_short");
    assert_eq!(
        finding["sentence"],
        "north/usage/2026-10-04T00--2026-10-04T13 ends after 13 hours, at 2026-10-04T13, and nothing follows there: the window before it has 1 day"
    );
    let rows = table(&root.out(), "coverage");
    assert_eq!(rows.last().unwrap()["findings"].as_deref(), Some("window_cut_short"));
    root.run(&STRICT).expect(3);
    add(&root, "2026-10-05");
    root.run(&[]).expect(0);
    assert_eq!(findings(&root.out()), ["window_missing", "window_cut_short"]);
    // The rest in a folder of its own makes it good.
    add(&root, "2026-10-04T13--2026-10-05T00");
    root.run(&STRICT).expect(0);
}

#[test]
fn a_change_of_rhythm_is_no_finding() {
    let root = root(&["2026-10-01--2026-10-04", "2026-10-04", "2026-10-05"]);
    for (at, window) in ["2026-10-06T00", "2026-10-06T01", "2026-10-06T02--2026-11-01"].into_iter().enumerate() {
        root.file(&format!("north/usage/{window}/page.json"), page(&[line("2026-10-05", &format!("0.{at}"))]));
        root.run(&STRICT).expect(0);
    }
}

/// Exports that were archived cover their windows, and those that are not kept leave a gap.
#[test]
fn kept_exports_leave_no_gap() {
    let root = root(&["2026-10-05", "2026-10-06", "2026-10-07"]);
    root.run(&[]).expect(0);
    root.remove("north/usage/2026-10-06");
    let ran = root.run(&[&STRICT[..], &["--keep-missing"], &METRICS].concat()).expect(0);
    assert_eq!(first_lines(&ran), "");
    let metrics = series(&root);
    assert_eq!(metrics["stacktally_missing_hours{stamp=\"north\"}"], "0");
    assert_eq!(metrics["stacktally_missing_exports{stamp=\"north\"}"], "0");
    assert_eq!(metrics["stacktally_kept_exports{stamp=\"north\"}"], "1");
}

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// Stamp north, fetched every day to so many days ago.
fn fetched_until(days_ago: u64) -> TestRoot {
    let root = TestRoot::empty();
    let day = |ago: u64| today() - Days::new(ago);
    let as_of = day(days_ago + 3);
    root.file(&format!("north/registration/{as_of}.json"), registration(DEFAULT, "north"));
    let mapped = [(TENANT_A, BILLED_A)];
    root.file(&format!("north/customer-subscriptions/{as_of}.json"), customers(DEFAULT, "north", &mapped));
    root.file(&format!("north/user-subscriptions/{as_of}.json"), listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]));
    (days_ago..days_ago + 3).for_each(|ago| add(&root, &day(ago).to_string()));
    root
}

#[test]
fn a_stamp_that_is_overdue_is_said_first_and_is_in_no_receipt() {
    let root = fetched_until(3);
    let before_it = today() - Days::new(2);
    let ran = root.run(&METRICS).expect(0);
    assert_eq!(first_lines(&ran), format!("overdue      north, nothing after {before_it}T00\n"));
    assert_eq!(findings(&root.out()), Vec::<String>::new());
    assert!(!fs::read_to_string(root.out().join("receipt.json")).unwrap().contains("window_overdue"));
    let midnight = before_it.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp();
    let due = "stacktally_next_window_due_timestamp_seconds{stamp=\"north\"}";
    assert_eq!(series(&root)[due], (midnight + 24 * 3600).to_string());
    let json: Value = serde_json::from_str(&root.run(&["--json"]).expect(0).stdout).unwrap();
    let coverage = &json["coverage"][0];
    assert_eq!((&coverage["overdue"], &coverage["missing_hours"]), (&true.into(), &0.into()));
    assert_eq!(coverage["due"], format!("{}T00:00:00Z", today() - Days::new(1)));

    let before = files_below(&root.out());
    let ran = root.run(&["--strict"]).expect(3);
    assert!(ran.stderr.contains("north window_overdue: nothing is reported after"), "{}", ran.stderr);
    root.check(&["--strict"]).expect(3);
    assert_eq!(files_below(&root.out()), before, "what was published stays");
    let ran = root.run(&[&STRICT[..], &METRICS].concat()).expect(0);
    assert_eq!(first_lines(&ran), "");
    assert!(!series(&root).contains_key(due), "nothing is due where none is waited for");
    assert_eq!(files_below(&root.out()), before, "the clock changes no table");
}

#[test]
fn a_stamp_that_is_in_time_is_not_overdue() {
    let root = fetched_until(1);
    let ran = root.run(&["--strict", "--overdue-after", "60"]).expect(0);
    assert_eq!(first_lines(&ran), "");
    let ran = root.run(&["--strict", "--overdue-after", "0"]).expect(3);
    assert!(ran.stderr.contains("window_overdue"), "{}", ran.stderr);
    fs::write(root.folder().join("s.toml"), "root = \"root\"\nout = \"out\"\noverdue-after = 60\nstrict = true\n")
        .unwrap();
    root.stacktally(&["run", "--settings", "s.toml"]).expect(0);
}

/// A root of long ago, of many stamps, gets one line.
#[test]
fn many_stamps_of_long_ago_get_one_line() {
    let root = TestRoot::empty();
    for stamp in ["a", "b", "c", "d", "e", "f", "g"] {
        root.snapshots(stamp);
        let usage = Line { resource: stamp.to_owned(), ..line("2026-10-05", "1") };
        root.file(&format!("{stamp}/usage/2026-10-05/page.json"), page(&[usage]));
    }
    let ran = root.run(&[]).expect(0);
    let expected = "overdue      a, nothing after 2026-10-06T00; b, nothing after 2026-10-06T00; c, nothing after 2026-10-06T00; d, nothing\n\
                    \x20            after 2026-10-06T00; e, nothing after 2026-10-06T00 and 2 more\n";
    assert_eq!(first_lines(&ran), expected);
}

/// `stacktally_missing_exports` has a series for every stamp, and a vanished stamp keeps its own.
#[test]
fn metrics_count_exports_that_are_gone() {
    let root = root(&["2026-10-05", "2026-10-06"]);
    root.snapshots("south");
    let usage = Line { resource: "vm-south".into(), ..line("2026-10-05", "1") };
    root.file("south/usage/2026-10-05/page.json", page(&[usage]));
    root.run(&METRICS).expect(0);
    let missing = |stamp: &str| series(&root).get(&format!("stacktally_missing_exports{{stamp=\"{stamp}\"}}")).cloned();
    assert_eq!((missing("north").as_deref(), missing("south").as_deref()), (Some("0"), Some("0")));
    root.remove("south");
    root.run(&METRICS);
    assert_eq!((missing("north").as_deref(), missing("south").as_deref()), (Some("0"), Some("1")));
}

fn bad(text: &str) -> Line {
    Line { quantity: format!("\"{text}\""), ..line("2026-10-05", "1") }
}

fn with_rejects(texts: &[&str]) -> String {
    page(&texts.iter().map(|text| bad(text)).chain([line("2026-10-05", "1")]).collect::<Vec<_>>())
}

/// How many lines are set aside, and how many of them the metrics call new.
fn rejects(root: &TestRoot) -> (usize, String) {
    (table(&root.out(), "rejects").len(), series(root)["stacktally_new_rejects"].clone())
}

const PAGE: &str = "north/usage/2026-10-05/page.json";

#[test]
fn the_same_rejects_are_told_once() {
    let root = TestRoot::with_snapshots();
    root.file(PAGE, with_rejects(&["NaN", "NaN", "12,5"]));
    root.run(&METRICS).expect(4);
    assert_eq!(rejects(&root), (3, "3".to_owned()));
    let ran = root.run(&METRICS).expect(0);
    assert!(
        ran.stdout.contains("rejects      3 quantity_unreadable\n               none of them is new\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
    assert_eq!(rejects(&root), (3, "0".to_owned()), "the table keeps all");
    // Whatever is made anew.
    root.run(&[&METRICS[..], &["--full"]].concat()).expect(0);
    root.check(&[]).expect(4);
}

#[test]
fn a_page_that_is_written_again_tells_nothing_new() {
    let root = TestRoot::with_snapshots();
    root.file(PAGE, with_rejects(&["NaN", "12,5"]));
    root.run(&[]).expect(4);
    // Other rows, another file, two files: the same export holds the same bad lines.
    root.file(PAGE, with_rejects(&["12,5", "NaN"]));
    root.run(&[]).expect(0);
    root.remove(PAGE);
    root.file("north/usage/2026-10-05/0/a.json", with_rejects(&["12,5"]));
    root.file(
        "north/usage/2026-10-05/0/b.json",
        page(&[bad("NaN"), Line { resource: "vm-2".into(), ..line("2026-10-05", "1") }]),
    );
    root.run(&[]).expect(0);
    // The folder spells its window in another way.
    fs::rename(root.root().join("north/usage/2026-10-05"), root.root().join("north/usage/2026-10-05--2026-10-06"))
        .unwrap();
    root.run(&[]).expect(0);
    assert_eq!(table(&root.out(), "rejects").len(), 2);
}

#[test]
fn what_is_new_among_old_rejects_is_shown_alone() {
    let root = TestRoot::with_snapshots();
    root.file(PAGE, with_rejects(&["NaN", "12,5"]));
    root.run(&METRICS).expect(4);
    // One more of a text that was there, one of another; one is gone.
    root.file(PAGE, with_rejects(&["NaN", "NaN", "1e"]));
    let ran = root.run(&[&METRICS[..], &["--json"]].concat()).expect(4);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["rejects_new"], &json["lines"]["rejected"]), (&2.into(), &3.into()));
    assert_eq!(rejects(&root), (3, "2".to_owned()));
    // The same text in another window is news, too.
    root.file("north/usage/2026-10-06/page.json", page(&[bad("NaN"), line("2026-10-06", "1")]));
    let ran = root.run(&METRICS).expect(4);
    let expected = "rejects      4 quantity_unreadable\n               1 of them new:\n               \
                    north/usage/2026-10-06/page.json row 1: quantity_unreadable: NaN\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    // All of them count for a limit.
    root.run(&["--rejects-max", "3"]).expect(3);
    root.run(&["--rejects-max", "4"]).expect(0);
}

/// What was not published was not told: the next run that publishes tells it.
#[test]
fn rejects_of_a_run_that_failed_are_still_new() {
    let root = TestRoot::with_snapshots();
    root.file(PAGE, page(&[line("2026-10-05", "1")]));
    root.run(&[]).expect(0);
    root.file(PAGE, with_rejects(&["NaN"]));
    root.run(&["--rejects-max", "0"]).expect(3);
    root.run(&[]).expect(4);
    // Nor does a table tell that is not as it was published.
    fs::write(root.out().join("rejects.parquet"), "altered").unwrap();
    root.run(&[]).expect(3);
    root.run(&["--full"]).expect(4);
    root.run(&[]).expect(0);
}
