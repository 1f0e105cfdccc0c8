//! Windows against each other: what counts, what is refused, what it does to coverage.

use crate::support::{Line, PROVIDER, SUB_A, SUB_B, TestRoot, VM_HOURS, cell, page, receipt, table};

fn line(hour: &str, quantity: &str) -> Line {
    Line::hourly(SUB_A, VM_HOURS, hour, quantity)
}

/// Lays out (file, lines); expects the first line of the refusal.
#[track_caller]
fn check_refused(files: &[(&str, &[Line])], expected: &str) {
    let root = TestRoot::with_snapshots();
    for (name, lines) in files {
        root.file(&format!("north/usage/{name}"), page(lines));
    }
    let ran = root.run(&[]).expect(3);
    assert_eq!(ran.stderr.lines().next().unwrap(), format!("error: north/usage/{expected}"));
}

#[test]
fn lines_of_disjoint_windows_all_count() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", page(&[line("2026-10-05T13", "1"), line("2026-10-05T13", "1")]));
    root.file("north/usage/2026-10-06/page.json", page(&[line("2026-10-05T13", "0.5")]));
    root.run(&[]).expect(0);
    let daily = table(&root.out(), "daily");
    assert_eq!(
        (daily.len(), cell(&daily[0], "quantity"), cell(&daily[0], "line_count")),
        (1, "2.500000000000000000", "3")
    );
}

#[test]
fn windows_that_overlap_are_refused() {
    check_refused(
        &[("2026-10-05/a.json", &[]), ("2026-10-01--2026-11-01/b.json", &[])],
        "2026-10-05: covers some of the same reported time as north/usage/2026-10-01--2026-11-01",
    );
}

#[test]
fn a_page_in_two_windows_is_a_copied_folder() {
    let lines = [line("2026-10-05T13", "1")];
    check_refused(
        &[("2026-10-05/page.json", &lines), ("2026-10-06/page.json", &lines)],
        "2026-10-06/page.json: the same bytes as north/usage/2026-10-05/page.json, in another window",
    );
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", page(&[]));
    root.file("north/usage/2026-10-06/page.json", page(&[]));
    root.run(&["--strict"]).expect(0);
}

#[test]
fn undeclared_usage_cannot_stand_beside_declared_usage_of_its_days() {
    check_refused(
        &[("loose.json", &[line("2026-10-05T13", "1")]), ("2026-10-06/page.json", &[line("2026-10-05T14", "1")])],
        "loose.json: holds usage of 2026-10-05, as north/usage/2026-10-06/page.json does",
    );
    let root = TestRoot::with_snapshots();
    root.file("north/usage/loose.json", page(&[line("2026-10-05T13", "1")]));
    root.file("north/usage/2026-10-07/page.json", page(&[line("2026-10-07T01", "1")]));
    root.run(&[]).expect(0);
    let lines = table(&root.out(), "lines");
    assert_eq!((&lines[0]["window_start"], &lines[0]["window_end"]), (&None, &None));
    let states: Vec<(String, String)> = table(&root.out(), "coverage")
        .iter()
        .map(|row| (cell(row, "usage_date").to_owned(), cell(row, "state").to_owned()))
        .collect();
    let own = |day: &str, state: &str| (day.to_owned(), state.to_owned());
    assert_eq!(states, [own("2026-10-05", "partial"), own("2026-10-07", "open")], "no window, no gap between");
    assert!(root.out().join("lines/north/2026-10-05/undeclared.parquet").exists());
}

#[test]
fn a_chain_without_its_end_covers_nothing() {
    let root = TestRoot::with_snapshots();
    let text = page(&[line("2026-10-05T13", "1")]);
    root.file("north/usage/2026-10-05/page.json", text.replacen('{', "{\"nextLink\":\"https://next\",", 1));
    root.run(&[]).expect(0);
    assert_eq!(cell(&table(&root.out(), "coverage")[0], "state"), "partial");
    assert_eq!(receipt(&root.out())["findings"][0]["code"], "chain_without_end");
}

#[test]
fn months_count_their_days_by_state() {
    let root = TestRoot::with_snapshots();
    for day in 1..=5 {
        root.file(
            &format!("north/usage/2026-10-{day:02}/page.json"),
            page(&[line(&format!("2026-10-{day:02}T01"), "1")]),
        );
    }
    root.run(&[]).expect(0);
    let month = &table(&root.out(), "coverage_months")[0];
    let counts = ["month", "days", "days_settled", "days_open", "days_partial"].map(|column| cell(month, column));
    assert_eq!(counts, ["2026-10-01", "31", "3", "2", "26"]);
}

#[test]
fn daily_lines_never_become_hours() {
    let root = TestRoot::with_snapshots();
    let daily = Line {
        start: "2026-10-04T00:00:00Z".into(),
        end: "2026-10-05T00:00:00Z".into(),
        ..line("2026-10-05T01", "24")
    };
    root.file("north/usage/2026-10-05/page.json", page(&[daily]));
    root.file("north/usage/2026-10-06/page.json", page(&[line("2026-10-04T23", "1")]));
    root.run(&[]).expect(0);
    assert_eq!(table(&root.out(), "hourly").len(), 1);
    let daily = table(&root.out(), "daily");
    assert_eq!((cell(&daily[0], "quantity"), cell(&daily[0], "line_count")), ("25.000000000000000000", "2"));
    assert_eq!(
        table(&root.out(), "lines").iter().map(|row| cell(row, "granularity")).collect::<Vec<_>>(),
        ["Daily", "Hourly"]
    );
}

#[test]
fn coverage_shows_the_gaps_between_windows_and_not_the_ages_before_them() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", page(&[line("2026-10-05T13", "1"), line("2001-01-01T00", "1")]));
    root.file("north/usage/2026-10-08/page.json", page(&[line("2026-10-08T13", "1")]));
    root.run(&[]).expect(0);
    let coverage = table(&root.out(), "coverage");
    let days: Vec<&str> = coverage.iter().map(|row| cell(row, "usage_date")).collect();
    assert_eq!(days, ["2001-01-01", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08"]);
    assert_eq!(cell(&coverage[2], "missing"), "[2026-10-06T00,2026-10-08T00)");
}

#[test]
fn one_user_subscription_from_both_apis_in_a_window_is_the_same_usage_twice() {
    let provider = page(&[line("2026-10-05T13", "1")]);
    let tenant = provider.replace(
        &format!("/subscriptions/{PROVIDER}/providers"),
        &format!("/subscriptions/{}/providers", SUB_A.to_uppercase()),
    );
    assert_ne!(provider, tenant);
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/provider.json", &provider);
    root.file("north/usage/2026-10-05/tenant.json", &tenant);
    let ran = root.run(&[]).expect(3);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        format!(
            "error: north/usage/2026-10-05/tenant.json: usage of user subscription {SUB_A} from the tenant API, and in north/usage/2026-10-05/provider.json from the provider API"
        )
    );
    // Another window, or another user subscription, is another query.
    root.remove("north/usage/2026-10-05/tenant.json");
    root.file("north/usage/2026-10-06/tenant.json", &tenant);
    root.file("north/usage/2026-10-05/other.json", tenant.replace(SUB_A, SUB_B).replace(&SUB_A.to_uppercase(), SUB_B));
    root.run(&[]).expect(0);
}
