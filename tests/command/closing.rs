//! `close` and `reopen`: what is closed stays, what comes later is an adjustment, and closed + adjustments = lines.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, Row, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, cell,
    customers, files_below, page, receipt, table,
};

/// Usage of October comes as late as December here.
fn run(root: &TestRoot, flags: &[&str]) -> Ran {
    root.run(&[&["--late-days", "40"], flags].concat())
}

/// One stamp with lines of 2026-10-30 and 10-31, and windows that settle all days from 10-30 on.
pub fn october() -> TestRoot {
    let root = TestRoot::with_snapshots();
    root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n{BILLED_A},Contoso pays\n"));
    for (window, lines) in [
        (
            "2026-10-01--2026-10-31",
            vec![
                Line::hourly(SUB_A, VM_HOURS, "2026-10-30T05", "2.5"),
                Line::hourly(SUB_B, VM_HOURS, "2026-10-30T06", "1"),
            ],
        ),
        (
            "2026-10-31",
            vec![
                Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "4"),
                Line::hourly(SUB_B, WINDOWS_HOURS, "2026-10-31T06", "0.5"),
            ],
        ),
        (
            "2026-11-01",
            vec![
                Line::hourly(SUB_A, VM_HOURS, "2026-10-31T23", "1"),
                Line::hourly(SUB_A, VM_HOURS, "2026-11-01T01", "7"),
            ],
        ),
        ("2026-11-02", vec![Line::hourly(SUB_A, VM_HOURS, "2026-11-02T01", "7")]),
    ] {
        root.file(&format!("north/usage/{window}/page.json"), page(&lines));
    }
    root
}

fn late(root: &TestRoot) {
    // Reported in November and in December, of usage in October.
    let of_november =
        [Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "0.25"), Line::hourly(SUB_B, VM_HOURS, "2026-10-29T05", "3")];
    root.file("north/usage/2026-11-03/page.json", page(&of_november));
    root.file("north/usage/2026-12-01/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "0.125")]));
}

fn close(root: &TestRoot, flags: &[&str]) -> crate::support::Ran {
    root.stacktally(&[&["close", "2026-10", "--out", "out"], flags].concat())
}

fn of_october(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let is_of = |path: &str| {
        ["daily/", "csv/daily/", "csv/monthly/"].iter().any(|start| path.starts_with(start)) && path.contains("2026-10")
    };
    files.into_iter().filter(|(path, _)| is_of(path)).collect()
}

/// The rows of `adjustments`: arrival, day, user subscription, meter's first digits, quantity, lines, cause.
fn adjustments(root: &TestRoot) -> Vec<String> {
    let row = |row: &Row| {
        let text = |name| cell(row, name).to_owned();
        let user_subscription = text("user_subscription_id");
        format!(
            "{} {} {} {} {} {} {}",
            text("arrival_month"),
            text("usage_date"),
            &user_subscription[user_subscription.len() - 2..],
            &text("meter_id")[..4],
            text("quantity_delta"),
            text("line_count_delta"),
            text("cause")
        )
    };
    table(&root.out(), "history/adjustments").iter().map(row).collect()
}

fn balance(root: &TestRoot) -> Vec<(i64, String, i64, String)> {
    let receipt = receipt(&root.out());
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let entry = |value: &Value| {
        (
            value["lines"].as_i64().unwrap(),
            text(value, "quantity"),
            value["lines_adjusted"].as_i64().unwrap(),
            text(value, "quantity_adjusted"),
        )
    };
    receipt["balance"].as_array().unwrap().iter().map(entry).collect()
}

/// Everything but what is history and receipts.
fn tables(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    files_below(&root.out()).into_iter().filter(|(path, _)| !path.starts_with("history/")).collect()
}

#[test]
fn what_is_closed_stays_and_what_comes_later_is_an_adjustment() {
    let root = october();
    run(&root, &[]).expect(0);
    let before = tables(&root);
    insta::assert_snapshot!(close(&root, &[]).expect(0).transcript());
    assert_eq!(tables(&root), before, "closing changes no table");
    run(&root, &[]).expect(0);
    let figures = |mut files: BTreeMap<String, Vec<u8>>| {
        files.retain(|path, _| !path.contains("coverage_months"));
        files
    };
    // `coverage_months` says from now on that the month is closed.
    assert_eq!(figures(tables(&root)), figures(before.clone()), "and neither does a run after it");
    assert_eq!(adjustments(&root), Vec::<String>::new());

    late(&root);
    run(&root, &[]).expect(0);
    let closed = of_october(before.clone());
    assert!(closed.len() >= 3, "{:?}", closed.keys());
    assert_eq!(of_october(files_below(&root.out())), closed, "the closed month does not change");
    let expected = [
        "2026-11-01 2026-10-29 0b 6dab 3.000000000000000000 1 new_day",
        "2026-11-01 2026-10-31 0a 6dab 0.250000000000000000 1 window_added",
        "2026-12-01 2026-10-31 0a 6dab 0.125000000000000000 1 window_added",
    ];
    assert_eq!(adjustments(&root), expected);
    let lines = "lines of VM hours: 8.5 closed in October, 3.375 adjusted, 14 in November";
    assert_eq!(balance(&root)[0], (9, "25.875".to_owned(), 3, "3.375".to_owned()), "{lines}");

    let why = root.stacktally(&["why", "--out", "out", "--date", "2026-10-31", "--user-subscription", SUB_A]).expect(0);
    assert!(why.stdout.contains("north 2026-10-31: 5.375 "), "{}", why.stdout);
    assert!(
        why.stdout.contains("by 0.375 ") && why.stdout.contains(" and 2 lines since the month was closed"),
        "{}",
        why.stdout
    );
    root.stacktally(&["why", "--out", "out", "--date", "2026-10-29", "--json"]).expect(0);

    // A full run keeps the closing, its figures, and adjusts nothing twice.
    run(&root, &["--full"]).expect(0);
    assert_eq!(of_october(files_below(&root.out())), closed);
    assert_eq!(adjustments(&root), expected);
    std::fs::remove_dir_all(root.out().join(".stacktally/state")).unwrap();
    run(&root, &[]).expect(0);
    assert_eq!(of_october(files_below(&root.out())), closed);
    assert_eq!(adjustments(&root), expected);

    // Opened again, the month is what its lines come to, and what was adjusted is taken back.
    insta::assert_snapshot!(
        root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "late lines"]).expect(0).transcript()
    );
    run(&root, &[]).expect(0);
    let fresh = TestRoot::empty();
    std::fs::remove_dir_all(fresh.root()).unwrap();
    std::fs::rename(root.root(), fresh.root()).unwrap();
    run(&fresh, &[]).expect(0);
    assert_eq!(tables(&root), tables(&fresh));
    assert_eq!(adjustments(&root).len(), 5, "two arrivals of one figure are taken back as one");
    let sum: i64 = table(&root.out(), "history/adjustments")
        .iter()
        .map(|row| cell(row, "line_count_delta").parse::<i64>().unwrap())
        .sum();
    assert_eq!(sum, 0);
    assert_eq!(balance(&fresh), balance(&root));
}

#[test]
fn a_later_snapshot_a_new_name_and_a_lost_export_do_not_change_a_closed_month() {
    let root = october();
    run(&root, &[]).expect(0);
    close(&root, &[]).expect(0);
    let closed = of_october(files_below(&root.out()));
    let names = |name: &str| -> Vec<Row> { table(&root.out(), name) };
    let tenants = names("tenants");
    root.file("names.csv", format!("id,name\n{TENANT_A},Renamed\n{TENANT_B},Newly named\n"));
    root.file(
        "north/customer-subscriptions/2026-10-02.json",
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, "b111ed00-0000-4000-8000-00000000000b")]),
    );
    root.remove("north/usage/2026-10-31");
    run(&root, &["--forget", "all"]).expect(0);
    assert_eq!(of_october(files_below(&root.out())), closed);
    assert_eq!(names("tenants"), tenants, "rows that closed figures name stay as they are");
    assert_eq!(
        adjustments(&root),
        [
            "2026-11-01 2026-10-30 0b 6dab -1.000000000000000000 -1 attribution_changed",
            "2026-11-01 2026-10-30 0b 6dab 1.000000000000000000 1 attribution_changed",
            "2026-11-01 2026-10-31 0b 9cd9 -0.500000000000000000 -1 window_removed attribution_changed",
            "2026-11-01 2026-10-31 0a 6dab -4.000000000000000000 -1 window_removed attribution_changed",
        ]
    );
    run(&root, &["--full"]).expect(0);
    assert_eq!(of_october(files_below(&root.out())), closed);
    assert_eq!(adjustments(&root).len(), 4);
    // November shows what is so now, but for rows that October holds.
    let november = String::from_utf8(files_below(&root.out())["csv/monthly/monthly-2026-11.csv"].clone()).unwrap();
    assert!(november.contains("Contoso") && !november.contains("Renamed"), "{november}");
}

#[test]
fn closing_is_refused_where_days_may_still_change() {
    let root = october();
    run(&root, &[]).expect(0);
    let refused = |arguments: &[&str], code: i32| root.stacktally(arguments).expect(code).transcript();
    root.remove("north/usage/2026-11-02");
    run(&root, &["--forget", "all"]).expect(0);
    insta::assert_snapshot!("not_settled", refused(&["close", "2026-10", "--out", "out"], 3));
    insta::assert_snapshot!("no_reason", refused(&["close", "2026-10", "--out", "out", "--force"], 2));
    insta::assert_snapshot!("no_usage", refused(&["close", "2026-09", "--out", "out"], 2));
    insta::assert_snapshot!("no_month", refused(&["close", "October", "--out", "out"], 2));
    insta::assert_snapshot!("not_closed", refused(&["reopen", "2026-10", "--out", "out", "--reason", "why"], 2));
    insta::assert_snapshot!("forced", close(&root, &["--force", "--reason", "the bill is due"]).expect(0).transcript());
    insta::assert_snapshot!("closed_twice", refused(&["close", "2026-10", "--out", "out"], 2));
    let journal = std::fs::read_to_string(root.out().join("history/closings.jsonl")).unwrap();
    let entry: Value = serde_json::from_str(journal.trim()).unwrap();
    assert_eq!(
        (&entry["action"], &entry["month"], &entry["forced"], &entry["reason"]),
        (&"close".into(), &"2026-10".into(), &true.into(), &"the bill is due".into())
    );
}

#[test]
fn a_stamp_with_closed_months_is_not_left_out_unseen() {
    let root = october();
    root.snapshots("south");
    run(&root, &[]).expect(0);
    close(&root, &["--stamp", "north"]).expect(0);
    run(&root, &["--stamp", "south"]).expect(0);
    for flags in [&["--stamp", "south", "--forget", "north"][..], &["--forget", "all"]] {
        let ran = root.run(flags).expect(if flags.len() == 2 { 0 } else { 3 });
        assert!(flags.len() == 2 || ran.stderr.contains("north: has closed months"), "{}", ran.stderr);
    }
    root.remove("north");
    let ran = run(&root, &["--forget", "north"]).expect(3);
    assert!(ran.stderr.contains("north: has closed months"), "{}", ran.stderr);
}

/// Everything but history, of a run into a fresh OUT over the same root.
fn fresh_tables(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    let aside = root.folder().join("aside");
    std::fs::rename(root.out(), &aside).unwrap();
    run(root, &[]).expect(0);
    let fresh = tables(root);
    std::fs::remove_dir_all(root.out()).unwrap();
    std::fs::rename(aside, root.out()).unwrap();
    fresh
}

#[track_caller]
fn a_full_run_changes_nothing(root: &TestRoot) {
    let before = tables(root);
    run(root, &["--full"]).expect(0);
    let differing: Vec<&String> = before.keys().filter(|path| before.get(*path) != tables(root).get(*path)).collect();
    assert_eq!(differing, Vec::<&String>::new());
}

#[test]
fn a_month_whose_usage_is_gone_stays_while_it_is_closed_and_goes_when_it_is_opened() {
    let root = october();
    run(&root, &[]).expect(0);
    close(&root, &[]).expect(0);
    let closed = tables(&root);
    for window in ["2026-10-01--2026-10-31", "2026-10-31", "2026-11-01"] {
        root.remove(&format!("north/usage/{window}"));
    }
    run(&root, &["--forget", "all"]).expect(0);
    assert_eq!(of_october(tables(&root)), of_october(closed));
    let sum: i64 = table(&root.out(), "history/adjustments")
        .iter()
        .map(|row| cell(row, "line_count_delta").parse::<i64>().unwrap())
        .sum();
    assert_eq!(sum, -5);
    a_full_run_changes_nothing(&root);
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "it is gone"]).expect(0);
    let early = close(&root, &[]).expect(2);
    assert!(early.stderr.contains("opened again, and no run has published it since"), "{}", early.stderr);
    run(&root, &[]).expect(0);
    assert_eq!(tables(&root), fresh_tables(&root));
    let changes = root.stacktally(&["changes", "--out", "out", "--since", "1"]).expect(0).stdout;
    assert!(changes.contains("2026-10-31") && changes.contains("month_reopened"), "{changes}");
}

#[test]
fn a_full_run_with_closed_months_makes_the_same_bytes_and_every_id_has_its_row() {
    let root = october();
    root.file("north/usage/2025-12-31/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2025-12-31T05", "1")]));
    run(&root, &[]).expect(0);
    for month in ["2026-10", "2025-12"] {
        root.stacktally(&["close", month, "--out", "out", "--force", "--reason", "test"]).expect(0);
    }
    late(&root);
    run(&root, &[]).expect(0);
    a_full_run_changes_nothing(&root);
    // The usage of 2025 goes, and with it the only listing that knows its tenant.
    root.remove("north/usage/2025-12-31");
    root.file("north/user-subscriptions/2026-10-01.json", crate::support::listing(&[(SUB_A, TENANT_A)]));
    run(&root, &["--forget", "all"]).expect(0);
    a_full_run_changes_nothing(&root);
    let ids = |name: &str, column: &str| -> std::collections::BTreeSet<String> {
        table(&root.out(), name).iter().filter_map(|row| row[column].clone()).collect()
    };
    for (fact, column, dimension) in [
        ("daily", "tenant_id", "tenants"),
        ("user_subscriptions", "tenant_id", "tenants"),
        ("billed_subscriptions", "tenant_id", "tenants"),
        ("daily", "user_subscription_id", "user_subscriptions"),
        ("daily", "billed_subscription_id", "billed_subscriptions"),
        ("daily", "meter_id", "meters"),
        ("daily", "resource_key", "resources"),
    ] {
        assert!(ids(fact, column).is_subset(&ids(dimension, column)), "{fact} {column}");
    }
    assert!(ids("daily", "usage_date").is_subset(&ids("dates", "date")));
}

/// Reported in the closed month itself, or on a full run: next month's bill can carry it all the same.
#[test]
fn what_arrives_for_a_closed_month_is_billed_in_an_open_one() {
    let root = october();
    root.remove("north/usage/2026-10-31");
    run(&root, &["--forget", "all"]).expect(0);
    close(&root, &["--force", "--reason", "the bill is due"]).expect(0);
    root.file("north/usage/2026-10-31/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "4")]));
    late(&root);
    run(&root, &["--full"]).expect(0);
    let arrivals: Vec<String> = adjustments(&root).iter().map(|row| row[..10].to_owned()).collect();
    assert_eq!(arrivals, ["2026-11-01", "2026-11-01", "2026-12-01"], "{:#?}", adjustments(&root));
}

#[test]
fn closings_that_a_receipt_does_not_know_are_not_lost_unseen() {
    let root = october();
    run(&root, &[]).expect(0);
    let receipt = std::fs::read(root.out().join("receipt.json")).unwrap();
    close(&root, &[]).expect(0);
    // As a backup that is put back in parts.
    std::fs::write(root.out().join("receipt.json"), receipt).unwrap();
    std::fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
    let ran = run(&root, &[]).expect(3);
    assert!(
        ran.stderr.contains("history/closings.jsonl: lies in OUT, and receipt.json does not know it"),
        "{}",
        ran.stderr
    );
}

#[test]
fn personal_data_stays_out_of_what_is_published_after_a_closing() {
    let root = october();
    run(&root, &[]).expect(0);
    close(&root, &[]).expect(0);
    run(&root, &["--no-owners"]).expect(0);
    for (path, bytes) in tables(&root).into_iter().filter(|(path, _)| !path.contains("2026-10")) {
        assert!(!String::from_utf8_lossy(&bytes).contains("someone@tenant.example"), "{path}");
    }
    assert!(
        root.stacktally(&["close", "2026-11", "--out", "out", "--stamp", "south"]).expect(2).stderr.contains("south")
    );
}

/// Sums past the range are refused, whatever they would have been compared with.
#[test]
fn absurd_quantities_for_a_closed_month_are_refused() {
    let root = october();
    run(&root, &[]).expect(0);
    close(&root, &["--force", "--reason", "early"]).expect(0);
    let absurd = Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "90000000000000000000");
    root.file("north/usage/2026-11-03/page.json", page(&[absurd.clone(), absurd]));
    let ran = run(&root, &[]).expect(3);
    assert!(ran.stderr.contains(VM_HOURS) && ran.stderr.contains("DECIMAL(38,18)"), "{}", ran.stderr);
}

/// A price book with one row for each line.
fn book(root: &TestRoot, rows: &[&str]) {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let rows = rows.replace("WINDOWS", WINDOWS_HOURS).replace("VM", VM_HOURS);
    root.file("prices.csv", format!("{}{rows}", super::prices::HEADER));
}

const WINDOWS_PRICE: &str = "WINDOWS,0.5,1,Virtual core hours,USD,,,,,,,";

/// Everything in OUT but receipts.
fn everything(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    files_below(&root.out())
}

#[test]
fn all_that_speaks_against_closing_is_said_at_once_and_a_forced_closing_looks_forced() {
    let root = october();
    book(&root, &[WINDOWS_PRICE]);
    // A table that may be cut, usage of somebody whom no listing holds, and a day without a window.
    root.file(
        "north/usage/2026-10-31/page.json",
        page(&[
            Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "4"),
            Line::hourly(crate::support::SUB_UNKNOWN, WINDOWS_HOURS, "2026-10-31T06", "0.5"),
        ])
        .replacen('{', "{\"nextLink\":\"https://next\",", 1),
    );
    root.remove("north/usage/2026-11-02");
    run(&root, &[]).expect(0);
    let before = everything(&root);
    let receipt_before = std::fs::read(root.out().join("receipt.json")).unwrap();
    let refused = close(&root, &[]).expect(3);
    insta::assert_snapshot!("all_reasons", refused.transcript());
    assert_eq!(everything(&root), before, "nothing is done");
    assert_eq!(std::fs::read(root.out().join("receipt.json")).unwrap(), receipt_before);

    let forced = close(&root, &["--force", "--reason", "the bill is due"]).expect(0);
    insta::assert_snapshot!("all_reasons_forced", forced.transcript());
    let journal = std::fs::read_to_string(root.out().join("history/closings.jsonl")).unwrap();
    let entry: Value = serde_json::from_str(journal.trim()).unwrap();
    let reasons: Vec<&str> = entry["overridden"]
        .as_array()
        .unwrap()
        .iter()
        .map(|overridden| overridden["reason"].as_str().unwrap())
        .collect();
    let expected = [
        "days_partial",
        "days_not_settled",
        "usage_unpriced",
        "default_user_subscription_unknown",
        "chain_without_end",
    ];
    assert_eq!((reasons.as_slice(), &entry["forced"]), (&expected[..], &true.into()));
    assert_eq!(receipt(&root.out())["closings"][0]["overridden"], entry["overridden"]);

    run(&root, &[]).expect(0);
    let coverage = root.stacktally(&["coverage", "--out", "out"]).expect(0).stdout;
    let shown = "forced      2026-10 chain_without_end days_not_settled days_partial default_user_subscription_unknown usage_unpriced\n";
    assert!(coverage.contains(shown), "{coverage}");
    let json = root.stacktally(&["coverage", "--out", "out", "--json"]).expect(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["closed"][0]["overridden"], entry["overridden"]);
    let statement = root.stacktally(&["statement", "2026-10", "--out", "out"]).expect(0).stdout;
    assert!(statement.contains("  closed by force on north: the bill is due\n"), "{statement}");
    let json = root.stacktally(&["statement", "2026-10", "--out", "out", "--json"]).expect(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["forced"][0]["stamp"], &json["closed"]["north"]), (&"north".into(), &true.into()));
    assert_eq!(json["forced"][0]["overridden"], entry["overridden"]);
}

#[test]
fn what_is_put_right_or_accepted_speaks_no_more_against_closing() {
    let root = october();
    book(&root, &[WINDOWS_PRICE]);
    root.file("north/usage/2026-11-01/page-2.json", page(&[]));
    run(&root, &[]).expect(0);
    let refused = close(&root, &[]).expect(3);
    assert!(
        refused.stderr.contains("usage_unpriced: no price is in force for 8.5 VM hours of meter"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("page_without_lines"), "a warning is none: {}", refused.stderr);
    book(&root, &[WINDOWS_PRICE, "VM,,,,,,,,,,,the same hours as core hours"]);
    run(&root, &[]).expect(0);
    let closed = close(&root, &["--force", "--reason", "nothing to force"]).expect(0);
    assert_eq!(closed.stdout, "closed 2026-10 of north: 31 of 31 days are settled\n", "nothing was overridden");

    // A finding of severity error that is known and meant.
    let root = october();
    let first = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-31T05", "4")]);
    root.file("north/usage/2026-10-31/page.json", first.replace("0be4a700-0000-4000-8000-000000000001", SUB_B));
    run(&root, &[]).expect(0);
    let refused = close(&root, &[]).expect(3);
    assert!(
        refused.stderr.contains("north several_provider_subscriptions: usage was asked of 2"),
        "{}",
        refused.stderr
    );
    run(&root, &["--accept", "several_provider_subscriptions"]).expect(0);
    close(&root, &[]).expect(0);
}

/// The first window of November brings usage of October, so what is wrong with it may be wrong in October.
#[test]
fn a_finding_about_the_window_after_a_month_speaks_against_closing_it() {
    let root = october();
    let twice = Line::hourly(SUB_A, VM_HOURS, "2026-11-01T01", "7");
    root.file("north/usage/2026-11-01/page.json", page(&[twice.clone(), twice]));
    run(&root, &[]).expect(0);
    let refused = close(&root, &[]).expect(3).stderr;
    assert!(
        refused.contains("north equal_lines: ")
            && refused.contains("in north/usage/2026-11-01 equal another line of the same export"),
        "{refused}"
    );
    let found = &receipt(&root.out())["findings"][0];
    assert_eq!((&found["severity"], &found["months"]), (&"error".into(), &serde_json::json!(["2026-10", "2026-11"])));
}

/// A stamp that began in mid-month can be closed without force, and one whose usage is older than its first window cannot.
#[test]
fn days_before_a_stamp_began_need_not_be_settled() {
    let root = TestRoot::with_snapshots();
    for day in ["2026-10-29", "2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"] {
        let line = Line::hourly(SUB_A, VM_HOURS, &format!("{day}T05"), "1");
        root.file(&format!("north/usage/{day}/page.json"), page(&[line]));
    }
    run(&root, &[]).expect(0);
    let closed = close(&root, &[]).expect(0).stdout;
    let expected = "closed 2026-10 of north: 3 of 3 days are settled (the 28 days before its first reported window do not count)\n";
    assert_eq!(closed, expected);
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "late lines"]).expect(0);
    let late =
        [Line::hourly(SUB_A, VM_HOURS, "2026-10-28T23", "1"), Line::hourly(SUB_A, VM_HOURS, "2026-10-29T05", "1")];
    root.file("north/usage/2026-10-29/page.json", page(&late));
    run(&root, &[]).expect(0);
    let refused = close(&root, &[]).expect(3).stderr;
    let expected = "north days_partial: 1 of 4 days is not settled (partial: reported time is missing): 2026-10-28\n";
    assert!(refused.contains(expected), "{refused}");
}

fn not_applied(root: &TestRoot) -> Vec<(String, String)> {
    let receipt = receipt(&root.out());
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let found = receipt["findings"].as_array().unwrap().iter();
    let found = found.filter(|finding| text(finding, "code").starts_with("closed_month_"));
    found.map(|finding| (text(finding, "code"), text(finding, "sentence"))).collect()
}

#[test]
fn a_price_name_or_meter_that_changed_for_a_closed_month_is_said_to_be_not_applied() {
    let root = october();
    let vm = "VM,,,,,,,,,,,the same hours as core hours";
    book(&root, &[WINDOWS_PRICE, vm]);
    root.file("meters.csv", format!("meter_id,meter_name,unit\n{VM_HOURS},VM hours,VM hours\n"));
    run(&root, &[]).expect(0);
    close(&root, &[]).expect(0);
    let closed = of_october(files_below(&root.out()));
    run(&root, &[]).expect(0);
    assert_eq!(not_applied(&root), [], "nothing changed");
    // From November on: that is no change of October, though the row of October ends now, and in other words.
    let ended = "WINDOWS,0.50,1,Virtual core hours,USD,,2026-11-01,,,,,until October";
    let november = "WINDOWS,0.6,1,Virtual core hours,USD,2026-11-01,,,,,,";
    // And tenant A used other meters.
    let other = format!("WINDOWS,9,1,Virtual core hours,USD,,,,tenant,{TENANT_A},,");
    book(&root, &[vm, ended, november, &other]);
    run(&root, &[]).expect(0);
    assert_eq!(not_applied(&root), [], "a price that ends with October says the same of October");

    let changed = "WINDOWS,0.7,1,Virtual core hours,USD,,2026-11-01,,,,,";
    let of_tenant = format!("WINDOWS,0.1,1,Virtual core hours,USD,,2026-11-01,,tenant,{TENANT_B},,");
    book(&root, &[vm, changed, november, &of_tenant]);
    root.file("names.csv", format!("id,name\n{BILLED_A},Contoso pays\n{TENANT_A},Contoso Ltd\n"));
    root.file("meters.csv", format!("meter_id,meter_name,unit\n{VM_HOURS},VM hours (all),VM hours\n"));
    let keep = "closed months keep the";
    let expected = [
        (
            "closed_month_price_not_applied".to_owned(),
            format!(
                "{keep} prices and terms that they were closed with, and these changes are not applied to them: \
                 2026-10: meter {WINDOWS_HOURS} is 0.1 USD for 1 Virtual core hours, for tenant {TENANT_B}, before 2026-11-01 now (prices.csv row 5), closed without this price; \
                 2026-10: meter {WINDOWS_HOURS} is 0.7 USD for 1 Virtual core hours, before 2026-11-01 now (prices.csv row 3), closed with 0.5 USD for 1 Virtual core hours (prices.csv row 2)"
            ),
        ),
        (
            "closed_month_name_not_applied".to_owned(),
            format!(
                "{keep} names that they were closed with, and these changes are not applied to them: \
                 2026-10: {TENANT_A} \"Contoso Ltd\" now, closed \"Contoso\" (names.csv row 3)"
            ),
        ),
        (
            "closed_month_meter_not_applied".to_owned(),
            format!(
                "{keep} meters that they were closed with, and these changes are not applied to them: \
                 2026-10: {VM_HOURS} meter_name is \"VM hours (all)\" now, closed \"VM hours\" (meters.csv row 2)"
            ),
        ),
    ];
    for flags in [&[][..], &[], &["--full"]] {
        root.run(flags).expect(0);
        assert_eq!(not_applied(&root), expected, "every night, {flags:?}");
        assert_eq!(of_october(files_below(&root.out())), closed, "and it is not applied");
    }
    run(&root, &["--strict"]).expect(3);
    let codes: Vec<&str> = expected.iter().map(|(code, _)| code.as_str()).collect();
    run(&root, &[&["--strict", "--accept", "snapshot_older_than_usage", "window_overdue"][..], &codes].concat())
        .expect(0);
    // Terms of billing: they decide amounts, too.
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n2026-11,USD,EUR,0.9\n");
    run(&root, &["--rounding", "half-up"]).expect(0);
    let of_terms = &not_applied(&root)[0].1;
    assert!(of_terms.contains("2026-10: --rounding is half-up now, closed with down"), "{of_terms}");
    assert!(of_terms.contains("the billing currency is EUR now, closed with that of each price"), "{of_terms}");
    root.remove("exchange-rates.csv");

    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "prices"]).expect(0);
    run(&root, &["--forget", "exchange-rates"]).expect(0);
    assert_eq!(not_applied(&root), [], "opened again, all of it is applied");
    assert!(of_october(files_below(&root.out())) != closed);
}

/// Journals of before a closing kept what it overrode are read as they are.
#[test]
fn a_journal_without_what_was_overridden_is_read() {
    let line = r#"{"format":1,"run":7,"action":"close","stamp":"north","month":"2026-10","at":"2026-11-05T03:15:07Z","days_settled":30,"days":31,"forced":true,"reason":"the bill is due"}"#;
    let entry: stacktally::publication::ClosingEntry = serde_json::from_str(line).unwrap();
    assert!(entry.forced && entry.overridden.is_empty() && entry.days_before_stamp == 0);
    assert_eq!(serde_json::to_string(&entry).unwrap(), line, "and written as it was");
}
