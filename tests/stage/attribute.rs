//! `attribute`: who pays and why, over dated snapshots; the fatal cases.

use crate::support::{
    BILLED_A, DEFAULT, Line, PROVIDER, STRICT, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS, cell,
    customers, listing, page, receipt, registration, table,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

/// A line of the hour before the window of that day ends.
fn line(user_subscription: &str, day: &str) -> Line {
    Line::hourly(user_subscription, VM_HOURS, &format!("{day}T13"), "1")
}

/// What the daily fact says: `date subscription → attribution billed tenant`, ids by their last two digits.
fn attributed(root: &TestRoot, flags: &[&str]) -> Vec<String> {
    let ran = root.run(flags);
    assert!(ran.code == 0, "{}", ran.transcript());
    let short = |id: Option<&str>| id.map_or("-".to_owned(), |id| id[id.len() - 2..].to_owned());
    let row = |row: &crate::support::Row| {
        format!(
            "{} {} → {} {} {}",
            cell(row, "usage_date"),
            short(row["user_subscription_id"].as_deref()),
            cell(row, "attribution"),
            short(row["billed_subscription_id"].as_deref()),
            short(row["tenant_id"].as_deref()),
        )
    };
    let mut rows: Vec<String> = table(&root.out(), "daily").iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn the_five_reasons_in_their_order() {
    let root = TestRoot::with_lines(
        &[SUB_A, SUB_B, SUB_UNKNOWN, PROVIDER].map(|user_subscription| line(user_subscription, "2026-10-05")),
    );
    assert_eq!(
        attributed(&root, &[]),
        [
            "2026-10-05 01 → default_operator 00 -",
            "2026-10-05 0a → registered 0a 0a",
            "2026-10-05 0b → default_tenant_not_registered 00 0b",
            "2026-10-05 ff → default_user_subscription_unknown 00 -",
        ]
    );
    // A setting that names it comes before what is known of it, but not before a registration.
    let flags = ["--operator-user-subscription", &SUB_UNKNOWN.to_uppercase(), SUB_A, "--operator-tenant", TENANT_B];
    assert_eq!(
        attributed(&root, &flags),
        [
            "2026-10-05 01 → default_operator 00 -",
            "2026-10-05 0a → registered 0a 0a",
            "2026-10-05 0b → default_operator 00 0b",
            "2026-10-05 ff → default_operator 00 -",
        ]
    );
    root.file("north/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[]));
    assert_eq!(
        attributed(&root, &["--confirm-empty-registration"]),
        [
            "2026-10-05 01 → default_operator 00 -",
            "2026-10-05 0a → default_no_customer_subscriptions 00 0a",
            "2026-10-05 0b → default_no_customer_subscriptions 00 0b",
            "2026-10-05 ff → default_user_subscription_unknown 00 -",
        ]
    );
}

/// Tenant B is registered on 2026-10-07; lines of B in one window a day.
fn registered_in_the_middle() -> TestRoot {
    let root = TestRoot::with_snapshots();
    root.file(
        "north/customer-subscriptions/2026-10-07.json",
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]),
    );
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        root.file(&format!("north/usage/{day}/page.json"), page(&[line(SUB_B, day)]));
    }
    root
}

#[test]
fn the_snapshot_in_force_is_that_of_the_windows_end() {
    assert_eq!(
        attributed(&registered_in_the_middle(), &[]),
        [
            "2026-10-05 0b → default_tenant_not_registered 00 0b",
            "2026-10-06 0b → registered 0b 0b",
            "2026-10-07 0b → registered 0b 0b",
        ]
    );
}

#[test]
fn or_of_the_usage_if_a_setting_says_so() {
    assert_eq!(
        attributed(&registered_in_the_middle(), &["--attribute-at", "usage"]),
        [
            "2026-10-05 0b → default_tenant_not_registered 00 0b",
            "2026-10-06 0b → default_tenant_not_registered 00 0b",
            "2026-10-07 0b → registered 0b 0b",
        ]
    );
}

#[test]
fn a_window_within_a_day_counts_to_the_end_of_that_day() {
    let root = registered_in_the_middle();
    root.remove("north/usage/2026-10-06");
    root.file("north/usage/2026-10-06T14/page.json", page(&[line(SUB_B, "2026-10-06")]));
    assert_eq!(attributed(&root, &[])[1], "2026-10-06 0b → registered 0b 0b");
}

#[test]
fn a_window_longer_than_a_day_counts_by_the_usage_day() {
    let root = registered_in_the_middle();
    root.remove("north/usage");
    let lines = ["2026-10-05", "2026-10-06", "2026-10-07"].map(|day| line(SUB_B, day));
    root.file("north/usage/2026-10-01--2026-11-01/page.json", page(&lines));
    let expected = attributed(&registered_in_the_middle(), &[]);
    assert_eq!(attributed(&root, &[]), expected);
    assert_eq!(receipt(&root.out())["lines_attributed_by_usage_day"], 3);
    root.remove("north/usage");
    root.file("north/usage/loose.json", page(&lines));
    assert_eq!(attributed(&root, &["--forget", "all"]), expected, "an undeclared export likewise");
    assert_eq!(receipt(&root.out())["lines_attributed_by_usage_day"], 3);
}

#[test]
fn before_the_first_snapshot_the_first_serves_and_is_counted() {
    let root = TestRoot::with_snapshots();
    root.file("north/usage/2026-09-30/page.json", page(&[line(SUB_A, "2026-09-30")]));
    root.file("north/usage/2026-09-29/page.json", page(&[line(SUB_A, "2026-09-29")]));
    assert_eq!(attributed(&root, &[]), ["2026-09-29 0a → registered 0a 0a", "2026-09-30 0a → registered 0a 0a"]);
    assert_eq!(receipt(&root.out())["lines_before_first_snapshot"], 1, "equal counts as not after");
    assert_eq!(receipt(&root.out())["findings"][0]["code"], "snapshot_later_than_usage");
}

#[test]
fn a_default_subscription_may_change() {
    let root = registered_in_the_middle();
    let other = "b111ed00-0000-4000-8000-0000000000dd";
    root.file("north/registration/2026-10-06T12.json", registration(other, "north"));
    root.remove("north/customer-subscriptions/2026-10-07.json");
    assert_eq!(
        attributed(&root, &[]),
        [
            "2026-10-05 0b → default_tenant_not_registered 00 0b",
            "2026-10-06 0b → default_tenant_not_registered dd 0b",
            "2026-10-07 0b → default_tenant_not_registered dd 0b",
        ]
    );
}

#[test]
fn listings_are_history() {
    let root = TestRoot::with_snapshots();
    // SUB_A vanishes after its deletion; SUB_UNKNOWN is listed only later; SUB_B moves to tenant A.
    root.file("north/user-subscriptions/2026-10-07.json", listing(&[(SUB_UNKNOWN, TENANT_B), (SUB_B, TENANT_A)]));
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        root.file(
            &format!("north/usage/{day}/page.json"),
            page(&[SUB_A, SUB_B, SUB_UNKNOWN].map(|user_subscription| line(user_subscription, day))),
        );
    }
    assert_eq!(
        attributed(&root, &[]),
        [
            "2026-10-05 0a → registered 0a 0a",
            "2026-10-05 0b → default_tenant_not_registered 00 0b",
            "2026-10-05 ff → default_tenant_not_registered 00 0b",
            "2026-10-06 0a → registered 0a 0a",
            "2026-10-06 0b → registered 0a 0a",
            "2026-10-06 ff → default_tenant_not_registered 00 0b",
            "2026-10-07 0a → registered 0a 0a",
            "2026-10-07 0b → registered 0a 0a",
            "2026-10-07 ff → default_tenant_not_registered 00 0b",
        ]
    );
}

#[test]
fn a_row_without_tenant_does_not_hold_its_user_subscription() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05"), line(SUB_UNKNOWN, "2026-10-05")]);
    root.file("north/user-subscriptions/2026-10-02.json", listing(&[(SUB_A, ""), (SUB_UNKNOWN, "")]));
    assert_eq!(
        attributed(&root, &[]),
        ["2026-10-05 0a → registered 0a 0a", "2026-10-05 ff → default_user_subscription_unknown 00 -"]
    );
}

#[test]
fn mapping_is_per_stamp_and_ids_are_compared_in_one_spelling() {
    let root = TestRoot::with_lines(&[line(&format!("{{{}}}", SUB_A.to_uppercase()), "2026-10-05")]);
    root.snapshots("south");
    root.file("south/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "south", &[(TENANT_B, BILLED_B)]));
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_A, "2026-10-05"), line(SUB_B, "2026-10-05")]));
    assert_eq!(
        attributed(&root, &[]),
        [
            "2026-10-05 0a → default_tenant_not_registered 00 0a",
            "2026-10-05 0a → registered 0a 0a",
            "2026-10-05 0b → registered 0b 0b",
        ]
    );
}

/// A root whose one snapshot file is replaced must be refused before anything is published.
#[track_caller]
fn check_fatal(file: &str, content: &str, expected: &str) {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
    root.file(file, content);
    check_refused(&root, expected);
}

#[track_caller]
fn check_refused(root: &TestRoot, expected: &str) {
    let ran = root.run(&[]).expect(3);
    assert_eq!(ran.stderr.lines().next().unwrap_or_default(), format!("error: {expected}"));
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    assert!(!root.out().exists(), "OUT is not touched");
    root.check(&[]).expect(3);
}

#[test]
fn fatal_snapshots_stop_the_run() {
    let registration_file = "north/registration/2026-10-01.json";
    let customers_file = "north/customer-subscriptions/2026-10-01.json";
    let listing_file = "north/user-subscriptions/2026-10-01.json";
    check_fatal(
        registration_file,
        "{}",
        &format!("{registration_file}: an object with nothing, where a registration was expected"),
    );
    check_fatal(
        registration_file,
        r#"{"name":"north"}"#,
        &format!("{registration_file}: a registration without an `id`, so without its default subscription"),
    );
    check_fatal(
        registration_file,
        r#"{"id":"/subscriptions/none/resourceGroups/g/providers/Microsoft.AzureStack/registrations/north"}"#,
        &format!(
            "{registration_file}: the registration's id \"/subscriptions/none/resourceGroups/g/providers/Microsoft.AzureStack/registrations/north\" names no default subscription"
        ),
    );
    check_fatal(
        registration_file,
        "{\"id\":",
        &format!("{registration_file}:1:6: the JSON ends in the middle: a registration that was cut off"),
    );
    check_fatal(
        customers_file,
        "{}",
        &format!("{customers_file}: an object with nothing, where a list of customer subscriptions was expected"),
    );
    check_fatal(
        customers_file,
        &customers(DEFAULT, "north", &[]),
        &format!("{customers_file}: the list of customer subscriptions is empty"),
    );
    check_fatal(
        customers_file,
        &customers(DEFAULT, "south", &[(TENANT_A, BILLED_A)]),
        &format!("{customers_file}: customer subscription {BILLED_A} is not under the registration of stamp north"),
    );
    check_fatal(
        customers_file,
        &customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (&TENANT_A.to_uppercase(), BILLED_B)]),
        &format!(
            "{customers_file}: tenant {TENANT_A} is mapped to two customer subscriptions, {BILLED_A} and {BILLED_B}"
        ),
    );
    check_fatal(
        customers_file,
        &customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]).replacen('{', "{\"nextLink\":\"https://more\",", 1),
        &format!("{customers_file}: a list of customer subscriptions that lacks pages: each of its 1 names a next one"),
    );
    check_fatal(
        listing_file,
        r#"{"value":[{"displayName":"x"}]}"#,
        &format!("{listing_file}: row 1 of the listing has no subscriptionId"),
    );
    check_fatal(
        listing_file,
        r#"{"error":{"code":"Unauthorized"}}"#,
        &format!("{listing_file}: an error body, where a listing of user subscriptions was expected: Unauthorized"),
    );
}

#[test]
fn without_a_snapshot_of_each_kind_nobody_can_say_who_pays() {
    for (folder, expected) in [
        ("registration", "north/registration: stamp north has no registration"),
        ("customer-subscriptions", "north/customer-subscriptions: stamp north has no customer subscriptions"),
        ("user-subscriptions", "north/user-subscriptions: stamp north has no listing of user subscriptions"),
    ] {
        let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
        root.remove(&format!("north/{folder}"));
        check_refused(&root, expected);
    }
}

#[test]
fn what_is_odd_but_not_fatal_is_a_finding() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05"), line(SUB_B, "2026-10-05")]);
    root.file(
        "north/customer-subscriptions/2026-10-01.json",
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)]),
    );
    root.file(
        "north/user-subscriptions/2026-10-01.json",
        listing(&[(SUB_A, TENANT_B), (SUB_A, TENANT_A), (SUB_B, TENANT_B)]),
    );
    assert_eq!(attributed(&root, &[]), ["2026-10-05 0a → registered 0a 0a", "2026-10-05 0b → registered 0a 0b"]);
    let codes: Vec<String> = receipt(&root.out())["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["customer_subscription_of_several_tenants", "user_subscription_listed_twice"]);
    root.run(&STRICT).expect(3);
}

#[test]
fn a_mapping_that_changes_in_the_middle_of_a_day_counts_from_the_next_forwarding() {
    let root = TestRoot::with_snapshots();
    root.file("north/customer-subscriptions/2026-10-06T13.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_B)]));
    let at = |hour: &str| Line::hourly(SUB_A, VM_HOURS, hour, "1");
    root.file("north/usage/2026-10-05/page.json", page(&[at("2026-10-05T23")]));
    root.file("north/usage/2026-10-06/page.json", page(&[at("2026-10-06T12"), at("2026-10-06T13")]));
    // Azure takes usage daily, so the whole window of that day meets the new mapping.
    assert_eq!(attributed(&root, &[]), ["2026-10-05 0a → registered 0a 0a", "2026-10-06 0a → registered 0b 0a"]);
    // By usage time the hour decides: the snapshot of 13:00 serves the hour that begins then.
    assert_eq!(
        attributed(&root, &["--attribute-at", "usage"]),
        ["2026-10-05 0a → registered 0a 0a", "2026-10-06 0a → registered 0a 0a", "2026-10-06 0a → registered 0b 0a"]
    );
    let hours: Vec<String> = table(&root.out(), "hourly")
        .iter()
        .map(|row| format!("{} {}", cell(row, "usage_hour"), &cell(row, "billed_subscription_id")[34..]))
        .collect();
    assert_eq!(hours, ["2026-10-05T23:00:00Z 0a", "2026-10-06T12:00:00Z 0a", "2026-10-06T13:00:00Z 0b"]);
}

#[test]
fn the_directory_decides_and_not_the_owner() {
    // One account owns a subscription in its own directory and, as a guest, one in another.
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05"), line(SUB_B, "2026-10-05")]);
    let rows = |tenant_of_b: &str| {
        let row = |id: &str, tenant: &str| {
            format!(r#"{{"subscriptionId":"{id}","owner":"someone@tenant-a.example","tenantId":"{tenant}"}}"#)
        };
        format!(r#"{{"value":[{},{}]}}"#, row(SUB_A, TENANT_A), row(SUB_B, tenant_of_b))
    };
    root.file("north/user-subscriptions/2026-10-01.json", rows(TENANT_B));
    assert_eq!(
        attributed(&root, &[]),
        ["2026-10-05 0a → registered 0a 0a", "2026-10-05 0b → default_tenant_not_registered 00 0b"]
    );
    // A change of owner alone changes nothing.
    root.file(
        "north/user-subscriptions/2026-10-02.json",
        rows(TENANT_B).replace("tenant-a.example", "tenant-b.example"),
    );
    assert_eq!(attributed(&root, &[])[1], "2026-10-05 0b → default_tenant_not_registered 00 0b");
}

#[test]
fn snapshots_loaded_later_are_as_if_they_had_always_been_there() {
    let root = registered_in_the_middle();
    root.run(&[]).expect(0);
    // The list of 10-06 turns up afterwards: it serves the window of 10-05, and no other.
    root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &[(TENANT_B, BILLED_A)]));
    assert_eq!(
        attributed(&root, &[]),
        ["2026-10-05 0b → registered 0a 0b", "2026-10-06 0b → registered 0b 0b", "2026-10-07 0b → registered 0b 0b",]
    );
}

#[test]
fn ids_in_any_spelling_are_one_id() {
    let bare = |id: &str| id.replace('-', "");
    let root = TestRoot::with_lines(&[
        line(&SUB_A.to_uppercase(), "2026-10-05"),
        line(&format!("{{{SUB_A}}}"), "2026-10-05"),
        line(&bare(SUB_A), "2026-10-05"),
        line(" Trial-42 ", "2026-10-05"),
    ]);
    root.file(
        "north/user-subscriptions/2026-10-01.json",
        listing(&[(&bare(SUB_A).to_uppercase(), &format!("{{{TENANT_A}}}")), ("TRIAL-42", "contoso.example")]),
    );
    let mapped = [(&*TENANT_A.to_uppercase(), BILLED_A), (" Contoso.Example", BILLED_B)];
    root.file("north/customer-subscriptions/2026-10-01.json", customers(&DEFAULT.to_uppercase(), "NORTH", &mapped));
    // Each spelling has a resource of its own here, since its URI spells the id likewise.
    let (a, odd) = ("2026-10-05 0a → registered 0a 0a", "2026-10-05 42 → registered 0b le");
    assert_eq!(attributed(&root, &[]), [a, a, a, odd], "what is no GUID is trimmed and lower-cased");
    assert_eq!(crate::support::findings(&root.out()), ["id_malformed", "id_malformed", "id_malformed"]);
}

#[test]
fn everything_fatal_is_said_at_once() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
    root.snapshots("south");
    root.file("north/registration/2026-10-01.json", "{}");
    root.file("north/user-subscriptions/2026-10-01.json", r#"{"value":[{"displayName":"x"}]}"#);
    root.file(
        "south/customer-subscriptions/2026-10-01.json",
        customers(DEFAULT, "south", &[(TENANT_A, BILLED_A), (TENANT_A, BILLED_B), (TENANT_B, BILLED_A)]),
    );
    let ran = root.check(&[]).expect(3);
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 3, "{}", ran.stderr);
    assert!(errors[2].contains("is mapped to two customer subscriptions"), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nfinding: south customer_subscription_of_several_tenants: "), "{}", ran.stderr);
}

#[test]
fn a_documented_error_that_was_saved_says_what_to_do() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
    let body =
        r#"{"error":{"code":"CustomerSubscriptionsNotAllowed","message":"The registration does not allow it."}}"#;
    root.file("north/customer-subscriptions/2026-10-01.json", body);
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.contains("CustomerSubscriptionsNotAllowed: The registration does not allow it."),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("register the stamp again as PayAsYouUse"), "{}", ran.stderr);
}
