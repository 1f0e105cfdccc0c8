//! Defects that were found, each with the input that showed it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::support::{
    BILLED_A, DEFAULT, Line, STRICT, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, cell,
    customers, files_below, findings, listing, page, ran, receipt, registration, skip, stacktally, table, tries,
};

fn line() -> Line {
    Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")
}

/// A line whose `instanceData` has these values.
fn with_instance(resources: serde_json::Value) -> String {
    let instance = json!(json!({"Microsoft.Resources": resources}).to_string()).to_string();
    line().to_json().replace("\"instanceData\":", &format!("\"instanceData\":{instance},\"was\":"))
}

#[test]
fn tags_that_nest_deep_do_not_end_the_run() {
    let root = TestRoot::with_snapshots();
    let deep = format!("{}{}", "[".repeat(60_000), "]".repeat(60_000));
    let lines = vec![with_instance(json!({"resourceUri": "/x", "tags": deep})); 20];
    root.file("north/usage/2026-10-05/page.json", format!("{{\"value\":[{}]}}", lines.join(",")));
    root.run(&[]).expect(0);
    let tags = cell(&table(&root.out(), "resources")[0], "tags").to_owned();
    assert_eq!(tags, deep[..32_000], "kept as it is, up to the longest text");
}

#[test]
fn a_listing_that_knows_nobody_is_a_finding() {
    for nobody in [listing(&[(SUB_A, "")]), listing(&[(SUB_A, TENANT_A)]).replace("tenantId", "directoryId")] {
        let root = TestRoot::with_lines(&[line()]);
        root.file("north/user-subscriptions/2026-10-01.json", nobody);
        root.run(&[]).expect(0);
        assert_eq!(findings(&root.out()), ["listing_without_tenants"]);
        root.run(&[&STRICT[..], &["--forget", "all"]].concat()).expect(3);
    }
}

#[test]
fn arrays_are_no_objects() {
    let values = format!(r#"["{SUB_A}","2026-10-05T10:00:00Z","2026-10-05T11:00:00Z",null,5,"m"]"#);
    let root = TestRoot::with_snapshots();
    let good = line().to_json();
    root.file(
        "north/usage/2026-10-05/page.json",
        format!(r#"{{"value":[[{values}],{{"properties":{values}}},{good}]}}"#),
    );
    root.run(&[]).expect(4);
    let rejects = table(&root.out(), "rejects");
    assert_eq!(rejects.iter().map(|row| cell(row, "reason")).collect::<Vec<_>>(), ["not_a_usage_line"; 2]);

    for page in [format!("[[{good}]]"), "[[],null]".to_owned()] {
        root.file("north/usage/2026-10-05/page.json", page);
        root.run(&[]).expect(3);
    }
    let refused = TestRoot::with_lines(&[line()]);
    let id = format!("/subscriptions/{DEFAULT}/resourceGroups/g/providers/Microsoft.AzureStack/registrations/north");
    refused.file("north/registration/2026-10-01.json", json!([id, null]).to_string());
    refused.run(&[]).expect(3);

    let odd = TestRoot::with_snapshots();
    odd.file(
        "north/usage/2026-10-05/page.json",
        format!("{{\"value\":[{}]}}", with_instance(json!(["/uri", "loc", "t", "i"]))),
    );
    odd.run(&[]).expect(0);
    assert_eq!(table(&odd.out(), "resources")[0]["resource_uri"], None);
}

#[test]
fn no_owners_leaves_out_display_names_too() {
    let root = TestRoot::with_lines(&[line()]);
    root.file(
        "north/user-subscriptions/2026-10-01.json",
        listing(&[(SUB_A, TENANT_A)]).replace(&format!("of {TENANT_A}"), "Test User-someone@tenant.example"),
    );
    root.run(&["--no-owners"]).expect(0);
    for (path, bytes) in files_below(&root.out()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("someone@"), "{path}");
    }
}

#[test]
fn a_stamp_without_usage_is_a_finding() {
    let root = TestRoot::with_lines(&[line()]);
    root.run(&[]).expect(0);
    root.remove("north/usage");
    root.run(&[&STRICT[..], &["--forget", "all"]].concat()).expect(3);
    root.run(&["--forget", "all"]).expect(0);
    assert_eq!(findings(&root.out()), ["stamp_without_usage"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_an_export_is_refused() {
    let root = TestRoot::with_lines(&[line()]);
    let pipe: PathBuf = root.root().join("north/usage/2026-10-05/pipe.json");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("pipe.json: neither a file nor a folder"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_root_whose_name_is_not_utf8_works() {
    use std::os::unix::ffi::OsStrExt;
    let root = TestRoot::with_lines(&[line()]);
    let odd = root.folder().join(std::ffi::OsStr::from_bytes(b"r\xff"));
    fs::rename(root.root(), &odd).unwrap();
    let mut command = crate::support::stacktally(root.folder());
    let output = command.arg("run").arg("--root").arg(&odd).args(["--out", "out"]).output().unwrap();
    crate::support::ran(output).expect(0);
}

#[test]
fn an_error_beside_an_empty_value_is_an_error_body() {
    let body = r#"{"value":[],"error":{"code":"X","message":"y"}}"#;
    for file in [
        "north/usage/2026-10-05/page-2.json",
        "north/customer-subscriptions/2026-10-02.json",
        "north/registration/2026-10-02.json",
    ] {
        let root = TestRoot::with_lines(&[line()]);
        root.file(file, body);
        let ran = root.run(&[]).expect(3);
        assert!(
            ran.stderr.contains(&format!("{file}: an error body")) && ran.stderr.contains("X: y"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_foreign_receipt_is_not_replaced() {
    let root = TestRoot::with_lines(&[line()]);
    fs::create_dir(root.out()).unwrap();
    fs::write(root.out().join("receipt.json"), "mine").unwrap();
    let ran = root.run(&[]).expect(2);
    assert!(ran.stderr.contains("receipt.json exists, and was not published by stacktally"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(root.out().join("receipt.json")).unwrap(), "mine");
}

#[test]
fn what_lies_in_the_way_is_seen_before_anything_is_renamed() {
    for path in ["receipt.json", "meters.parquet"] {
        let root = TestRoot::with_lines(&[line()]);
        root.run(&[]).expect(0);
        fs::remove_file(root.out().join(path)).unwrap();
        fs::create_dir(root.out().join(path)).unwrap();
        let before = files_below(&root.out());
        root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1")]));
        let ran = root.run(&[]).expect(2);
        assert!(ran.stderr.contains(&format!("{path} exists, and is not a file")), "{}", ran.stderr);
        assert_eq!(files_below(&root.out()), before);
    }
}

#[test]
fn a_stamp_called_prices_is_not_passed_over_in_silence() {
    let root = TestRoot::with_lines(&[line()]);
    root.snapshots("prices");
    root.file("prices/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T05", "1")]));
    root.run(&[]).expect(0);
    assert_eq!(
        table(&root.out(), "daily").iter().map(|row| cell(row, "stamp")).collect::<Vec<_>>(),
        ["north", "prices"]
    );
}

#[test]
fn another_registrations_customer_list_is_refused_however_it_is_written() {
    let row = |id: Option<&str>, name: &str| {
        json!({"value": [{"id": id, "name": name, "properties": {"tenantId": TENANT_A}}]}).to_string()
    };
    let other = format!(
        "/subscriptions/{DEFAULT}/resourceGroups/azurestack/providers/Microsoft.Other/registrations/north/customerSubscriptions/{BILLED_A}"
    );
    for (list, code) in [
        (row(None, &format!("north/{BILLED_A}")), 0),
        (row(None, BILLED_A), 0),
        (row(Some(BILLED_A), " x "), 0),
        (row(None, &format!("south/{BILLED_A}")), 3),
        (row(Some(&other), BILLED_A), 3),
    ] {
        let root = TestRoot::with_lines(&[line()]);
        root.file("north/customer-subscriptions/2026-10-01.json", &list);
        assert_eq!(root.run(&[]).code, code, "{list}");
    }
    let root = TestRoot::with_lines(&[line()]);
    let customer = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
    let customer: serde_json::Value = serde_json::from_str(&customer).unwrap();
    root.file("north/registration/2026-10-01.json", customer["value"][0].to_string());
    root.run(&[]).expect(3);
}

#[test]
fn refusals_name_the_stamp_to_leave_out() {
    let root = TestRoot::with_lines(&[line()]);
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", "{");
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.contains("; or leave stamp south out with --stamp north: what is published of it stays"),
        "{}",
        ran.stderr
    );
    root.run(&["--stamp", "north"]).expect(0);
    root.remove("south/usage/2026-10-05");
    root.file("south/usage/october/page.json", "{}");
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.contains("; or leave stamp south out with --stamp north: what is published of it stays"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_comes_from_input_cannot_steer_the_terminal() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", "{\"error\":{\"code\":\"\\u001b[2J\",\"message\":\"x\"}}");
    assert!(!root.run(&[]).expect(3).stderr.contains('\u{1b}'));
}

#[test]
fn a_quote_that_nothing_closes_does_not_swallow_names() {
    let root = TestRoot::with_lines(&[line()]);
    root.file("names.csv", "id,name\na,\"b\nc,d\n");
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("names.csv:2:1: a double quote that nothing closes"), "{}", ran.stderr);
    root.file("names.csv", "");
    root.run(&[]).expect(3);
}

#[test]
fn a_resource_group_may_be_called_providers() {
    let root = TestRoot::with_snapshots();
    let uri = "/subscriptions/s/resourceGroups/providers/providers/Microsoft.Compute/disks/d";
    let info = json!({"ServiceType": 5}).to_string();
    let instance = with_instance(json!({"resourceUri": format!(" {uri} "), "additionalInfo": info}));
    root.file("north/usage/2026-10-05/page.json", format!("{{\"value\":[{instance}]}}"));
    root.run(&[]).expect(0);
    let resources = table(&root.out(), "resources");
    let part = |column: &str| resources[0][column].as_deref();
    assert_eq!(part("resource_uri"), Some(uri.to_lowercase().as_str()));
    assert_eq!(part("resource_group"), Some("providers"));
    assert_eq!((part("resource_provider"), part("resource_type")), (Some("microsoft.compute"), Some("disks")));
    assert_eq!(part("service_type"), None);
}

#[test]
fn the_dimension_names_the_tenant_that_the_facts_do() {
    let root = TestRoot::with_lines(&[line(), Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1")]);
    root.file("north/user-subscriptions/2026-10-02.json", listing(&[(SUB_A, ""), (SUB_B, ""), (SUB_B, TENANT_B)]));
    root.run(&[]).expect(0);
    let listed = table(&root.out(), "user_subscriptions");
    let tenant =
        |id: &str| listed.iter().find(|row| cell(row, "user_subscription_id") == id).unwrap()["tenant_id"].clone();
    assert_eq!((tenant(SUB_A).as_deref(), tenant(SUB_B).as_deref()), (Some(TENANT_A), Some(TENANT_B)));
}

#[test]
fn every_day_of_coverage_is_in_dates() {
    let root = TestRoot::with_snapshots();
    root.file(
        "north/usage/2026-12-31--2027-01-03/page.json",
        page(&[Line::hourly(SUB_A, VM_HOURS, "2026-12-31T01", "1")]),
    );
    root.run(&[]).expect(0);
    let dates = table(&root.out(), "dates");
    for row in table(&root.out(), "coverage") {
        assert!(dates.iter().any(|date| cell(date, "date") == cell(&row, "usage_date")), "{row:?}");
    }
}

#[test]
fn a_page_saved_twice_keeps_the_smallest_path() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/p1/x.json", page(&[line()]));
    root.file("north/usage/2026-10-05/p1.json", page(&[line()]));
    root.run(&[]).expect(0);
    assert_eq!(cell(&table(&root.out(), "lines")[0], "file"), "north/usage/2026-10-05/p1.json");
}

#[test]
fn a_mistyped_setting_is_found_where_it_stands() {
    let root = TestRoot::with_lines(&[line()]);
    fs::write(root.folder().join("s.toml"), "# settling-day of old\nroot = \"root\"\n  settling-day = 2\n").unwrap();
    let ran = root.stacktally(&["check", "--settings", "s.toml"]).expect(2);
    assert!(ran.stderr.starts_with("error: s.toml:3:3: unknown setting `settling-day`"), "{}", ran.stderr);
    fs::write(root.folder().join("s.toml"), "out = \"\"\nroot = \"root\"\n").unwrap();
    root.stacktally(&["run", "--settings", "s.toml"]).expect(2);
}

#[test]
fn a_registration_may_have_no_properties() {
    let root = TestRoot::with_lines(&[line()]);
    let whole: serde_json::Value = serde_json::from_str(&registration(DEFAULT, "north")).unwrap();
    root.file("north/registration/2026-10-01.json", json!({"id": whole["id"]}).to_string());
    root.run(&[]).expect(0);
}

/// A folder that cannot be written to is seen before anything is renamed. (Root may write anywhere: skipped for it.)
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_seen_first() {
    use std::os::unix::fs::PermissionsExt;
    let root = TestRoot::with_lines(&[line()]);
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    let monthly = root.out().join("monthly");
    fs::set_permissions(&monthly, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(monthly.join("probe"), "").is_ok() {
        fs::remove_file(monthly.join("probe")).unwrap();
        skip("this user may write to a read-only folder");
        return;
    }
    root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1")]));
    let ran = root.run(&[]).expect(1);
    fs::set_permissions(&monthly, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ran.stderr.contains("cannot write to the folder out/monthly"), "{}", ran.stderr);
    assert_eq!(files_below(&root.out()), before);
}

/// A backup that leaves out names with a dot loses our list: the receipt says what is ours, too.
#[test]
fn a_publication_without_its_state_folder_is_still_ours() {
    let root = TestRoot::with_lines(&[line()]);
    root.run(&[]).expect(0);
    fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
    root.file("north/usage/2026-11-06/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-11-06T01", "1")]));
    root.run(&[]).expect(0);
    fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
    root.remove("north/usage/2026-11-06");
    root.run(&["--forget", "all"]).expect(0);
    assert!(!root.out().join("daily/north/2026-11.parquet").exists());
}

#[test]
fn a_reject_gets_the_first_reason_of_both_its_times() {
    let root = TestRoot::with_snapshots();
    let odd = Line { start: "1601-01-01T00:00:00Z".into(), end: "garbage".into(), ..line() };
    root.file("north/usage/2026-10-05/page.json", page(&[odd, line()]));
    root.run(&[]).expect(4);
    assert_eq!(cell(&table(&root.out(), "rejects")[0], "reason"), "usage_time_unreadable");
}

/// Every limit is a message, and costs no more than it must (`domain::limits`).
#[test]
fn limits_are_messages() {
    let long = "x".repeat(1_001);
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1");
    let huge = good.to_json().replace("vm-1", &"y".repeat(1 << 20));
    let lines = [
        good.to_json(),
        Line { user_subscription: long.clone(), ..good.clone() }.to_json(),
        Line { meter: long, ..good.clone() }.to_json(),
        huge,
    ];
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-10-05/page.json", format!("{{\"value\":[{}]}}", lines.join(",")));
    root.run(&[]).expect(4);
    let rejects = table(&root.out(), "rejects");
    let reasons: Vec<&str> = rejects.iter().map(|row| cell(row, "reason")).collect();
    assert_eq!(reasons, ["too_long"; 3]);
    assert!(rejects.iter().all(|row| cell(row, "offending_text").len() <= 2_000));
    let receipt = receipt(&root.out());
    let balance = |at: usize, name: &str| receipt["balance"][at][name].clone();
    assert_eq!((balance(0, "lines_rejected"), balance(0, "quantity_rejected")), (1.into(), "1".into()), "of no meter");
    assert_eq!((balance(1, "lines_rejected"), balance(1, "lines")), (2.into(), 1.into()));

    let root = TestRoot::with_lines(std::slice::from_ref(&good));
    fs::File::create(root.root().join("north/usage/2026-10-05/large.json")).unwrap().set_len((4 << 30) + 1).unwrap();
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("large.json:1:1: a run of zero bytes within the text"), "{}", ran.stderr);

    let root = TestRoot::with_lines(std::slice::from_ref(&good));
    let snapshot = root.root().join("north/registration/2026-10-06.json");
    fs::File::create(snapshot).unwrap().set_len((128 << 20) + 1).unwrap();
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("2026-10-06.json: larger than 128 MiB"), "{}", ran.stderr);

    let root = TestRoot::with_lines(&[good]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", root.root().join("north/usage/2026-10-05/back")).unwrap();
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("more than 32 folders within each other"), "{}", ran.stderr);
}

/// A listing or a list that says less than it seems to would change who pays.
#[test]
fn snapshots_that_are_cut_or_odd_are_refused() {
    let check = |file: &str, content: &str, expected: &str| {
        let root = TestRoot::with_lines(&[line()]);
        root.remove("north/user-subscriptions");
        root.file("north/user-subscriptions/2026-10-01.json", listing(&[(SUB_A, TENANT_A)]));
        root.remove(&format!("north/{}", file.split('/').next().unwrap()));
        root.file(&format!("north/{file}"), content);
        let ran = root.run(&[]).expect(3);
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
    };
    let table = format!("SubscriptionId,TenantId\r\n{SUB_B},{TENANT_B}\r\n{SUB_A},{TENANT_A}\r\n");
    let listing_file = "user-subscriptions/2026-10-01.csv";
    check(listing_file, &table[..table.len() - 5], "does not end with a line end");
    check(listing_file, &table.replace("\r\n", "\r"), "lines that end with CR alone");
    check(listing_file, &format!("{table}TenantId,SubscriptionId\r\n"), "another header among the rows");
    check(listing_file, &format!("{table}{SUB_A}\r\n"), "row 3 has 1 cells, the header 2");
    let odd = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)])
        .replace(&format!("\"{TENANT_A}\""), &format!("[\"{TENANT_A}\"]"));
    check("customer-subscriptions/2026-10-01.json", &odd, "row 1 has a tenantId that is not text");
}

/// A spreadsheet that saves a listing leaves columns without a name behind, and drops cells at the ends of rows.
#[test]
fn a_listing_that_a_spreadsheet_saved_is_read() {
    let header = "SubscriptionId,TenantId,DisplayName,State";
    for (table, is_read) in [
        (format!("{header}\n{SUB_B},{TENANT_B},of B,Enabled\n{SUB_A},{TENANT_A},of A,Enabled\n"), true),
        (format!("{header},,\r\n{SUB_B},{TENANT_B},of B,Enabled,,\r\n{SUB_A},{TENANT_A},,,,\r\n"), true),
        (format!("{header}\n{SUB_B},{TENANT_B}\n{SUB_A},{TENANT_A}\n"), true),
        (format!("{header}\n{SUB_B},{TENANT_B},of B,Enabled,,,\n{SUB_A},{TENANT_A},of A,Enabled,\n,,,\n ,,,\n"), true),
        (
            format!("{header};;\n{SUB_B},{TENANT_B},of B,Enabled\n{SUB_A},{TENANT_A},of A,Enabled\n").replace(',', ";"),
            true,
        ),
        // Cut within its last row, and a line end put behind it.
        (format!("{header}\n{SUB_B},{TENANT_B},of B,Enabled\n{SUB_A},{TENANT_A},of\n"), false),
        (format!("{header}\n{SUB_B},{TENANT_B}\n{SUB_A}\n"), false),
        (format!("{header},\n{SUB_B},{TENANT_B},of B,Enabled,x\n{SUB_A},{TENANT_A},of A,Enabled,\n"), false),
        (format!("{header}\n{SUB_B},{TENANT_B},of B,Enabled\n{SUB_A},{TENANT_A},of A,Enabled"), false),
    ] {
        let root = TestRoot::with_lines(&[line()]);
        root.remove("north/user-subscriptions");
        root.file("north/user-subscriptions/2026-10-01.csv", &table);
        let ran = root.run(&[]);
        assert_eq!(ran.code, if is_read { 0 } else { 3 }, "{table}\n{}", ran.transcript());
        if is_read {
            let owners: Vec<(String, Option<String>)> = owners_of(&root);
            assert_eq!(
                owners,
                [(SUB_A.to_owned(), Some(TENANT_A.to_owned())), (SUB_B.to_owned(), Some(TENANT_B.to_owned()))]
            );
        }
    }
}

/// Published user subscriptions with their tenants.
fn owners_of(root: &TestRoot) -> Vec<(String, Option<String>)> {
    let rows = table(&root.out(), "user_subscriptions");
    rows.iter().map(|row| (cell(row, "user_subscription_id").to_owned(), row["tenant_id"].clone())).collect()
}

/// As PowerShell 5.1 and 7 print what lies too deep for them.
#[test]
fn the_depth_trap_is_recognised_as_it_is_printed() {
    for text in [
        "{\r\n    \"value\":  [\r\n                  {\r\n                      \"id\":  \"x\",\r\n                      \"properties\":  \"@{subscriptionId=x}\"\r\n                  }\r\n              ]\r\n}",
        "[\n  {\n    \"Id\": \"x\",\n    \"Properties\": \"@{SubscriptionId=x}\"\n  }\n]",
        "{\"value\":[\"@{id=x; properties=}\"]}",
    ] {
        let root = TestRoot::with_snapshots();
        root.file("north/usage/2026-10-05/page.json", text);
        let ran = root.run(&[]).expect(3);
        assert!(ran.stderr.contains("ConvertTo-Json -Depth 10"), "{}", ran.stderr);
    }
}

#[test]
fn coverage_that_cannot_be_written_is_a_failure() {
    let root = TestRoot::with_lines(&[line()]);
    root.run(&[]).expect(0);
    let unknown = root.stacktally(&["coverage", "--out", "out", "--stamp", "south"]).expect(2);
    assert!(unknown.stderr.contains("the publication has no such stamp"), "{}", unknown.stderr);
    if !std::path::Path::new("/dev/full").exists() {
        return skip("there is no /dev/full");
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = ran(stacktally(root.folder()).args(["coverage", "--out", "out"]).stdout(full).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.transcript());
}

/// The published tables, which are a function of the root: all but what is history.
fn tables(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    files_below(&root.out()).into_iter().filter(|(path, _)| !path.starts_with("history/")).collect()
}

/// What is published is what a run into a fresh OUT publishes.
#[track_caller]
fn is_as_fresh(root: &TestRoot, flags: &[&str]) {
    let found = tables(root);
    let aside = root.folder().join("aside");
    std::fs::rename(root.out(), &aside).unwrap();
    root.run(flags).expect(0);
    assert!(found == tables(root));
    std::fs::remove_dir_all(root.out()).unwrap();
    std::fs::rename(aside, root.out()).unwrap();
}

/// An export that was read again for a page of other days, while a day of it was touched by something else: its lines of that
/// day came twice, from the export and from where they are published.
#[test]
fn lines_of_an_export_that_is_read_again_are_not_loaded_as_well() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]);
    root.run(&[]).expect(0);
    root.file("north/usage/2026-10-05/late.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-03T05", "2")]));
    root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T06", "4")]));
    root.run(&[]).expect(0);
    is_as_fresh(&root, &[]);
}

/// Narrow windows that a wider one had replaced count again when it is gone. Their lines were never published.
#[test]
fn an_export_that_did_not_count_and_does_now_is_read() {
    let root = TestRoot::with_snapshots();
    let usage = |day: &str, meter: &str| page(&[Line::hourly(SUB_A, meter, &format!("{day}T05"), "1")]);
    root.file("north/usage/2026-10-05/page.json", usage("2026-10-05", WINDOWS_HOURS));
    root.file("north/usage/2026-10-06/page.json", usage("2026-10-06", WINDOWS_HOURS));
    root.file("north/usage/2026-10-05--2026-10-08/page.json", usage("2026-10-05", VM_HOURS));
    root.run(&["--overlap", "wider"]).expect(0);
    root.remove("north/usage/2026-10-05--2026-10-08");
    root.run(&["--overlap", "wider", "--forget", "all"]).expect(0);
    is_as_fresh(&root, &["--overlap", "wider"]);
}

/// `--full` rebuilds everything, so a table that is gone or altered must not keep it from doing so.
#[test]
fn a_full_run_needs_no_table_that_it_makes() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]);
    root.run(&[]).expect(0);
    let before = tables(&root);
    let paths = before.keys().filter(|path| path.ends_with(".parquet"));
    for path in paths.step_by(tries(4, 1) as usize) {
        std::fs::write(root.out().join(path), "altered").unwrap();
        root.run(&["--full"]).expect(0);
        assert!(tables(&root) == before, "{path}");
        std::fs::remove_file(root.out().join(path)).unwrap();
        root.run(&[]).expect(0);
        assert!(tables(&root) == before, "{path}");
    }
}

/// `--keep-missing` kept no line of a stamp whose whole folder was gone, and said nothing.
#[test]
fn a_stamp_whose_folder_is_gone_is_not_left_out_unseen_where_lines_are_to_be_kept() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]);
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T05", "1")]));
    root.run(&[]).expect(0);
    root.remove("south");
    let ran = root.run(&["--keep-missing"]).expect(3);
    assert!(ran.stderr.contains("stamp south (1 line, 2026-10)"), "{}", ran.stderr);
    root.run(&["--forget", "all"]).expect(0);
}

/// Runs were numbered from 1 again where `.stacktally` and `receipts/` were gone, and history was written over.
#[test]
fn history_is_never_written_over() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]);
    root.run(&[]).expect(0);
    let page_of = |quantity: &str| page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", quantity)]);
    root.file("north/usage/2026-10-05/page-0001.json", page_of("2"));
    root.run(&[]).expect(0);
    let second = std::fs::read(root.out().join("history/changes/000002.csv")).unwrap();
    for folder in [".stacktally", "receipts"] {
        std::fs::remove_dir_all(root.out().join(folder)).unwrap();
    }
    root.file("north/usage/2026-10-05/page-0001.json", page_of("3"));
    root.run(&[]).expect(0);
    assert_eq!(std::fs::read(root.out().join("history/changes/000002.csv")).unwrap(), second);
    assert!(root.out().join("history/changes/000003.csv").exists());
}

/// A stamp may be called as a file of the state is.
#[test]
fn a_stamp_called_as_our_own_files_is_no_trouble() {
    let root = TestRoot::empty();
    for stamp in ["run.json", "stamps"] {
        root.snapshots(stamp);
        let text = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]).replacen(
            '{',
            &format!("{{\"of\":\"{stamp}\","),
            1,
        );
        root.file(&format!("{stamp}/usage/2026-10-05/page.json"), text);
    }
    root.run(&[]).expect(0);
    root.run(&[]).expect(0);
    assert!(receipt(&root.out())["full_run"].is_null());
}
