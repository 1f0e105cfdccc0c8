//! Windows against each other: what counts, what is refused, what it does to coverage.

use crate::support::{Line, PROVIDER, STRICT, SUB_A, SUB_B, TestRoot, VM_HOURS, cell, findings, page, receipt, table};

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
    root.run(&[]).expect(0);
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
    let row = |day: &str, state: &str| (day.to_owned(), state.to_owned());
    assert_eq!(states, [row("2026-10-05", "partial"), row("2026-10-07", "open")], "no window, no gap between");
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

fn receipt_of_meter(root: &TestRoot, meter: &str) -> serde_json::Value {
    let balance = receipt(&root.out())["balance"].as_array().unwrap().clone();
    balance.into_iter().find(|entry| entry["meter_id"] == meter).unwrap()
}

/// The ledger of the last run: window, state or rule, lines.
fn ledger(root: &TestRoot) -> Vec<String> {
    let shown = |window: &serde_json::Value| {
        let text = |name: &str| window[name].as_str().unwrap_or("used").to_owned();
        format!(
            "{} {} {} {}",
            text("window"),
            window["granularity"].as_str().unwrap_or("-"),
            window["lines"],
            text("dropped")
        )
    };
    receipt(&root.out())["windows"].as_array().unwrap().iter().map(shown).collect()
}

#[test]
fn a_wider_window_replaces_what_it_contains_if_a_setting_says_so() {
    let root = TestRoot::with_snapshots();
    let month = [line("2026-10-05T01", "1"), line("2026-10-06T01", "2"), line("2026-10-07T01", "4")];
    root.file("north/usage/2026-10-05/page.json", page(&[line("2026-10-05T01", "8")]));
    root.file("north/usage/2026-10-06/page.json", page(&[line("2026-10-06T01", "16")]));
    root.file("north/usage/2026-10-01--2026-11-01/page.json", page(&month));
    root.run(&[&STRICT[..], &["--overlap", "wider"]].concat()).expect(0);
    let quantities: Vec<String> =
        table(&root.out(), "daily").iter().map(|row| cell(row, "quantity").trim_end_matches('0').to_owned()).collect();
    assert_eq!(quantities, ["1.", "2.", "4."]);
    assert_eq!(
        ledger(&root),
        [
            "2026-10-01--2026-11-01 Hourly 3 used",
            "2026-10-05 Hourly 1 replaced_by_wider",
            "2026-10-06 Hourly 1 replaced_by_wider"
        ]
    );
    let receipt = receipt(&root.out());
    assert_eq!(receipt["lines"].to_string(), r#"{"dropped":2,"read":5,"rejected":0,"used":3}"#);
    let balance = &receipt["balance"][0];
    assert_eq!((&balance["lines"], &balance["quantity"]), (&3.into(), &"7".into()));
    assert_eq!((&balance["lines_dropped"], &balance["quantity_dropped"]), (&2.into(), &"24".into()));
    root.file("north/usage/2026-10-01--2026-11-01/page.json", page(&[]));
    let ran = root.run(&["--overlap", "wider"]).expect(3);
    assert!(ran.stderr.contains("would replace north/usage/2026-10-05, but holds no line"), "{}", ran.stderr);
    // A day's folder that was copied and renamed is no month.
    root.file("north/usage/2026-10-01--2026-11-01/page.json", page(&[line("2026-10-05T01", "8")]));
    let ran = root.run(&["--overlap", "wider"]).expect(3);
    assert!(ran.stderr.contains("the same bytes as"), "{}", ran.stderr);
    // What only a replaced export names is published nowhere; and few lines that replace many are a finding.
    let unknown = "11111111-0000-4000-8000-000000000001";
    let many: Vec<Line> = (0..200)
        .map(|at| Line { resource: format!("vm-{at}"), ..Line::hourly(SUB_A, unknown, "2026-10-05T01", "1") })
        .collect();
    root.file("north/usage/2026-10-05/page.json", page(&many));
    root.file("north/usage/2026-10-01--2026-11-01/page.json", page(&month));
    root.run(&["--overlap", "wider"]).expect(0);
    assert_eq!(findings(&root.out()), ["few_lines_in_window"]);
    assert_eq!(table(&root.out(), "resources").len(), 1);
    assert!(table(&root.out(), "meters").iter().all(|row| cell(row, "meter_id") != unknown));
    let dropped = receipt_of_meter(&root, unknown);
    assert_eq!((&dropped["lines"], &dropped["quantity"]), (&0.into(), &"0".into()));
    assert_eq!((&dropped["lines_dropped"], &dropped["quantity_dropped"]), (&200.into(), &"200".into()));
}

#[test]
fn of_hourly_and_daily_exports_the_chosen_count() {
    let root = TestRoot::with_snapshots();
    let daily = Line {
        start: "2026-10-05T00:00:00Z".into(),
        end: "2026-10-06T00:00:00Z".into(),
        ..line("2026-10-05T01", "24")
    };
    root.file("north/usage/2026-10-05/page.json", page(&[line("2026-10-05T01", "1"), line("2026-10-05T02", "1")]));
    root.file("north/usage/2026-10-05T00--2026-10-06/page.json", page(&[daily]));
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.contains("Daily usage of reported time of which north/usage/2026-10-05 holds Hourly usage"),
        "{}",
        ran.stderr
    );
    root.run(&["--granularity", "daily"]).expect(0);
    assert_eq!(table(&root.out(), "hourly").len(), 0);
    assert_eq!(cell(&table(&root.out(), "daily")[0], "quantity"), "24.000000000000000000");
    root.run(&["--granularity", "hourly"]).expect(0);
    assert_eq!(cell(&table(&root.out(), "daily")[0], "quantity"), "2.000000000000000000");
    assert_eq!(ledger(&root), ["2026-10-05 Hourly 2 used", "2026-10-05 Daily 1 granularity_not_chosen"]);
}

const LINK: &str = "https://adminmanagement.north.example/subscriptions/x/providers/Microsoft.Commerce.Admin/subscriberUsageAggregates?api-version=2015-06-01-preview&reportedStartTime=2026-10-05T00%3a00%3a00%2b00%3a00Z&reportedEndTime=2026-10-06T00%3a00%3a00%2b00%3a00Z&aggregationGranularity=Hourly&continuationToken=2";

fn linked(lines: &[Line]) -> String {
    page(lines).replacen('{', &format!("{{\"nextLink\":\"{LINK}\","), 1)
}

#[test]
fn a_window_is_said_by_the_folder_a_sidecar_or_a_link() {
    let sidecar = |stamp: &str, granularity: &str, start: &str, end: &str| {
        format!(
            r#"{{"stamp":"{stamp}","granularity":"{granularity}","reportedStartTime":"{start}","reportedEndTime":"{end}"}}"#
        )
    };
    let good = sidecar("north", "Hourly", "2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z");
    let lines = [line("2026-10-05T13", "1")];
    // A sidecar names the window of a folder with any name.
    let root = TestRoot::with_snapshots();
    root.file("north/usage/monday/export.json", &good);
    root.file("north/usage/monday/page.json", page(&lines));
    root.run(&STRICT).expect(0);
    assert_eq!(ledger(&root), ["2026-10-05 Hourly 1 used"]);
    assert!(root.out().join("lines/north/2026-10-05/2026-10-05.parquet").exists());
    let inputs = receipt(&root.out())["inputs"].to_string();
    assert!(inputs.contains("export.json"), "{inputs}");
    // Loose files may come from any number of queries.
    let root = TestRoot::with_snapshots();
    root.file("north/usage/export.json", &good);
    root.file("north/usage/page.json", page(&lines));
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.starts_with("error: north/usage/export.json: an export.json beside files"), "{}", ran.stderr);
    // So does a link.
    let root = TestRoot::with_snapshots();
    root.file("north/usage/monday/1.json", linked(&lines));
    root.file("north/usage/monday/2.json", page(&[line("2026-10-05T14", "1")]));
    root.run(&STRICT).expect(0);
    assert_eq!(ledger(&root), ["2026-10-05 Hourly 2 used"]);
    // Nothing says it.
    let root = TestRoot::with_snapshots();
    root.file("north/usage/monday/page.json", page(&lines));
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.starts_with(
            "error: north/usage/monday: the folder's name is no reported window, and nothing in it says one\n"
        ),
        "{}",
        ran.stderr
    );
    // A page that happens to be called so is a page.
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/export.json", page(&lines));
    root.run(&STRICT).expect(0);
    assert_eq!(ledger(&root), ["2026-10-05 Hourly 1 used"]);
    // What contradicts itself.
    for (file, content, expected) in [
        (
            "2026-10-04/1.json",
            linked(&[]),
            "2026-10-04: the folder's name says that 2026-10-04 was reported, a nextLink in north/usage/2026-10-04/1.json that 2026-10-05 was",
        ),
        (
            "2026-10-04/export.json",
            good.clone(),
            "2026-10-04: the folder's name says that 2026-10-04 was reported, north/usage/2026-10-04/export.json that 2026-10-05 was",
        ),
        (
            "2026-10-05/export.json",
            sidecar("south", "Hourly", "2026-10-05", "2026-10-06"),
            "2026-10-05/export.json: usage of stamp \"south\", in the folder of stamp north",
        ),
        (
            "2026-10-05/export.json",
            sidecar("north", "Daily", "2026-10-05", "2026-10-06"),
            "2026-10-05/export.json: Daily usage was queried, and Hourly is there, in north/usage/2026-10-05/page.json",
        ),
        (
            "2026-10-05/export.json",
            sidecar("north", "weekly", "2026-10-05", "2026-10-06"),
            "2026-10-05/export.json: the granularity is \"weekly\"",
        ),
        (
            "2026-10-05/export.json",
            sidecar("north", "Hourly", "2026-10-06", "2026-10-05"),
            "2026-10-05/export.json: the reported window is \"2026-10-06/2026-10-05\"",
        ),
    ] {
        let root = TestRoot::with_snapshots();
        root.file("north/usage/2026-10-05/page.json", page(&lines));
        root.file(&format!("north/usage/{file}"), content);
        let ran = root.run(&[]).expect(3);
        assert_eq!(ran.stderr.lines().next().unwrap(), format!("error: north/usage/{expected}"));
    }
}

#[test]
fn equal_lines_are_counted_and_many_are_a_finding() {
    let root = TestRoot::with_snapshots();
    let twice: Vec<Line> = (0..6).flat_map(|hour| vec![line(&format!("2026-10-05T{hour:02}"), "1"); 2]).collect();
    let once: Vec<Line> = (6..20).map(|hour| line(&format!("2026-10-05T{hour:02}"), "1")).collect();
    // 6 of 26 lines: under a quarter.
    root.file("north/usage/2026-10-05/1.json", page(&twice));
    root.file("north/usage/2026-10-05/2.json", page(&once));
    root.run(&STRICT).expect(0);
    assert_eq!(receipt(&root.out())["windows"][0]["lines_equal"], 6);
    root.file("north/usage/2026-10-05/2.json", page(&once[..4]));
    root.run(&[]).expect(0);
    assert_eq!(findings(&root.out()), ["equal_lines"]);
    assert_eq!(cell(&table(&root.out(), "coverage")[0], "findings"), "equal_lines");
    assert_eq!(cell(&table(&root.out(), "daily")[0], "line_count"), "16", "all are counted");
    root.check(&STRICT).expect(3);
}

#[test]
fn a_folder_that_is_still_empty_shows_in_coverage() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", page(&[line("2026-10-05T13", "1")]));
    std::fs::create_dir_all(root.root().join("north/usage/2026-10-06")).unwrap();
    root.run(&[]).expect(0);
    assert_eq!(findings(&root.out()), ["export_without_files"]);
    let last = table(&root.out(), "coverage").pop().unwrap();
    assert_eq!(
        (cell(&last, "usage_date"), cell(&last, "state"), cell(&last, "findings")),
        ("2026-10-06", "partial", "export_without_files")
    );
}

#[test]
fn what_exports_should_not_look_like_is_a_finding() {
    let check = |files: &[(&str, String)], expected: &[&str]| {
        let root = TestRoot::with_snapshots();
        for (name, content) in files {
            root.file(&format!("north/usage/{name}"), content);
        }
        root.run(&[]).expect(0);
        assert_eq!(findings(&root.out()), expected);
        let coverage = table(&root.out(), "coverage");
        let shown: Vec<&str> = coverage.iter().filter_map(|row| row["findings"].as_deref()).collect();
        assert_eq!(shown.is_empty(), expected.is_empty(), "{shown:?}");
        root.run(&STRICT).expect(if expected.is_empty() { 0 } else { 3 });
    };
    let many = |count: usize, day: &str| -> Vec<Line> {
        (0..count).map(|at| Line { resource: format!("vm-{at}"), ..line(&format!("{day}T01"), "1") }).collect()
    };
    check(&[("2026-10-05/1.json", page(&many(999, "2026-10-05")))], &[]);
    check(&[("2026-10-05/1.json", page(&many(1000, "2026-10-05")))], &["page_full_without_successor"]);
    check(
        &[("2026-10-05/1.json", linked(&[])), ("2026-10-05/2.json", page(&many(1000, "2026-10-05")))],
        &["page_without_lines"],
    );
    check(&[("2026-10-05/1.json", linked(&many(3, "2026-10-05")))], &["chain_without_end"]);
    check(&[("2026-10-05/1.json", page(&[]))], &["page_without_lines"]);
    check(
        &[("2026-10-05/1.json", page(&many(210, "2026-10-05"))), ("2026-10-06/1.json", page(&many(100, "2026-10-06")))],
        &["few_lines_in_window"],
    );
    // Each chain of a loop over subscribers needs its own end, and no table ends one.
    let chain = |subscriber: &str, token: &str, lines: &[Line]| {
        linked(lines).replace("continuationToken=2", &format!("subscriberId={subscriber}&continuationToken={token}"))
    };
    let of_b = Line::hourly(SUB_B, VM_HOURS, "2026-10-05T01", "1");
    check(
        &[
            ("2026-10-05/a.json", chain(SUB_A, "2", &many(3, "2026-10-05"))),
            ("2026-10-05/b.json", page(std::slice::from_ref(&of_b))),
        ],
        &["chain_without_end"],
    );
    check(
        &[
            ("2026-10-05/a.json", chain(&SUB_A.to_uppercase(), "2", &many(3, "2026-10-05"))),
            ("2026-10-05/a2.json", page(&many(1, "2026-10-05"))),
            ("2026-10-05/b.json", page(std::slice::from_ref(&of_b))),
        ],
        &[],
    );
    check(
        &[
            ("2026-10-05/a.json", page(&many(1000, "2026-10-05"))),
            ("2026-10-05/b.json", page(std::slice::from_ref(&of_b))),
        ],
        &["page_full_without_successor"],
    );
    check(
        &[("2026-10-05/a.json", page(&many(1000, "2026-10-05"))), ("2026-10-05/b.json", page(&many(1, "2026-10-04")))],
        &[],
    );
    let rows = format!("[{}]", of_b.to_json());
    check(
        &[("2026-10-05/a.json", linked(&many(3, "2026-10-05"))), ("2026-10-05/b.json", rows.clone())],
        &["chain_without_end", "several_shapes"],
    );
    check(&[("2026-10-05/a.json", page(&many(3, "2026-10-05"))), ("2026-10-05/b.json", rows)], &["several_shapes"]);
    let early = [many(3, "2026-09-01"), many(1, "2026-10-05")].concat();
    check(&[("2026-10-05/a.json", page(&early))], &["usage_long_before_window"]);
    let other = page(&many(3, "2026-10-06")).replace(PROVIDER, "0be4a700-0000-4000-8000-000000000009");
    check(
        &[("2026-10-05/1.json", page(&many(4, "2026-10-05"))), ("2026-10-06/1.json", other)],
        &["several_provider_subscriptions"],
    );
}
