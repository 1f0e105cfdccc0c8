//! `stacktally why --month`: the days and the price entries behind the lines of statements.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::prices::{GOOD, book, used};
use crate::support::{BILLED_A, DEFAULT, Line, Ran, SUB_A, TestRoot, VM_HOURS, WINDOWS_HOURS, page, receipt, table};

fn published() -> TestRoot {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    root
}

fn why(root: &TestRoot, flags: &[&str]) -> Ran {
    root.stacktally(&[&["why", "--out", "out", "--month", "2026-10"], flags].concat())
}

fn json(root: &TestRoot, flags: &[&str]) -> Value {
    serde_json::from_str(&why(root, &[&["--json"], flags].concat()).expect(0).stdout).unwrap()
}

#[test]
fn each_line_is_the_sum_of_its_days() {
    let root = published();
    let of_windows = ["--billed-subscription", BILLED_A, "--meter", "windows vm size hours"];
    assert_snapshot!("lines", why(&root, &of_windows).expect(0).transcript());
    assert_snapshot!("not-billable", why(&root, &["--meter", VM_HOURS]).expect(0).transcript());
    let json = json(&root, &of_windows);
    let lines = json["lines"].as_array().unwrap();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let days: Vec<String> = line["days"].as_array().unwrap().iter().map(|day| text(day, "charge")).collect();
            format!("{} row {} {}", text(line, "charge"), line["price_row"], days.join(" "))
        })
        .collect();
    assert_eq!(told, ["0.184 row 2 0.184", "0.05 row 3 0.05", "0.21875 row 4 0.21875"]);
    assert_eq!(json["closed"]["north"], false);
    assert!(lines[0]["price_blake3"].is_string() && lines[0]["rounding_difference"] == "-0.004");
}

#[test]
fn all_lines_of_a_month_are_explained_or_listed() {
    let root = published();
    let lines = |flags: &[&str]| json(&root, flags)["lines"].as_array().unwrap().len();
    assert_eq!(lines(&[]), table(&root.out(), "statements").len());
    assert_eq!(lines(&["--billed-subscription", DEFAULT]), 2);
    // A line for each of many meters.
    let meters: Vec<String> = (10..35).map(|number| format!("0ddba11a-0000-4000-8000-0000000000{number}")).collect();
    let used: Vec<Line> = meters.iter().map(|meter| Line::hourly(SUB_A, meter, "2026-10-05T05", "1")).collect();
    root.file("north/usage/2026-10-07/page.json", page(&used));
    root.run(&[]).expect(0);
    let text = why(&root, &[]).expect(0).stdout;
    assert!(text.starts_with("31 lines on statements of 2026-10; name one with --billed-subscription"), "{text}");
    assert_eq!(lines(&[]), 31);
}

#[test]
fn what_came_to_a_closed_month_is_said_to_be_on_no_statement() {
    let root = published();
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "the bill is due"]).expect(0);
    let late = [Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-06T09", "3")];
    root.file("north/usage/2026-11-01/page.json", page(&late));
    root.run(&["--late-days", "40"]).expect(0);
    let text = why(&root, &["--billed-subscription", BILLED_A]).expect(0).stdout;
    let said = "since the month was closed on north, 3 Virtual core hours of Windows VM Size Hours came in 1 line for";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("closed on north: what is charged there does not change again"), "{text}");
    let json = json(&root, &["--meter", WINDOWS_HOURS]);
    assert_eq!(json["not_billed"][0]["quantity_delta"], "3");
    assert_eq!(json["not_billed"].as_array().unwrap().len(), 1);
}

/// A publication whose statements come from another run, receipt and all.
#[test]
fn a_line_that_its_days_do_not_make_is_refused() {
    let root = published();
    book(&root, &GOOD.replace("0.046", "0.056"));
    root.stacktally(&["run", "--root", "root", "--out", "other"]).expect(0);
    let path = "statements/2026-10.parquet";
    let hash = |out: &std::path::Path| {
        let published = receipt(out)["published"].as_array().unwrap().clone();
        published.into_iter().find(|file| file["path"] == path).unwrap()["blake3"].as_str().unwrap().to_owned()
    };
    let other = root.folder().join("other");
    let receipt = fs::read_to_string(root.out().join("receipt.json")).unwrap();
    fs::write(root.out().join("receipt.json"), receipt.replace(&hash(&root.out()), &hash(&other))).unwrap();
    fs::copy(other.join(path), root.out().join(path)).unwrap();
    let refused = why(&root, &["--billed-subscription", BILLED_A]).expect(5);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("behind a statement line of"), "{}", refused.stderr);
    assert!(refused.stderr.contains("\nhint: "), "{}", refused.stderr);
}

#[test]
fn a_line_is_of_a_whole_month_and_of_all_stamps() {
    let root = published();
    let refused = |flags: &[&str]| root.stacktally(&[&["why", "--out", "out"], flags].concat()).expect(2).stderr;
    assert!(refused(&[]).contains("--date <DATE>"), "{}", refused(&[]));
    assert!(refused(&["--month", "2026-10", "--date", "2026-10-05"]).contains("cannot be used with"));
    assert!(refused(&["--month", "2026-10", "--user-subscription", SUB_A]).contains("cannot be used with"));
    assert!(refused(&["--month", "2026-10", "--stamp", "north"]).contains("a statement line is of all stamps"));
    assert!(refused(&["--month", "2026-09"]).contains("no statement of 2026-09 was published"));
    assert!(refused(&["--month", "October"]).contains("is no month"));
    let nothing = refused(&["--month", "2026-10", "--billed-subscription", DEFAULT, "--meter", VM_HOURS]);
    assert!(nothing.contains("no statement of 2026-10 has a line of these meters"), "{nothing}");
}
