//! Findings about registrations and snapshots: each with the smallest root that has it, and with what takes it away.

use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, customers, listing, page, receipt,
    registration,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";
const OTHER_DEFAULT: &str = "b111ed00-0000-4000-8000-0000000000dd";
const CUSTOMERS: &str = "north/customer-subscriptions/2026-10-01.json";

fn line(user_subscription: &str, day: &str) -> Line {
    Line::hourly(user_subscription, VM_HOURS, &format!("{day}T13"), "1")
}

/// Stamp north, where both tenants use something in the window of 2026-10-05.
fn root() -> TestRoot {
    TestRoot::with_lines(&[line(SUB_A, "2026-10-05"), line(SUB_B, "2026-10-05")])
}

/// What a run finds: the stamp, the code and the sentence.
#[track_caller]
fn found(root: &TestRoot, flags: &[&str]) -> Vec<String> {
    root.run(flags).expect(0);
    let receipt = receipt(&root.out());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = receipt["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| !text(&finding["remedy"]).is_empty()));
    findings
        .iter()
        .map(|finding| {
            format!("{} {}: {}", text(&finding["stamp"]), text(&finding["code"]), text(&finding["sentence"]))
        })
        .collect()
}

#[test]
fn a_good_root_has_none() {
    assert_eq!(found(&root(), &[]), Vec::<String>::new());
}

#[test]
fn the_default_subscription_mapped_as_a_customer() {
    let root = root();
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, DEFAULT)]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north default_subscription_is_customer: default subscription {DEFAULT} is mapped to tenant {TENANT_B} in {CUSTOMERS} as well: the invoice cannot tell that tenant from those who are not registered"
        )]
    );
}

#[test]
fn ids_that_azure_would_refuse() {
    let root = root();
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, "not-a-guid")]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north invalid_customer_subscription_id: tenant {TENANT_B} is mapped to \"not-a-guid\", which is no id of an Azure subscription, in {CUSTOMERS}"
        )]
    );
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), ("contoso.example", BILLED_B)]));
    assert_eq!(
        found(&root, &["--accept", "mapped_tenant_without_usage"])[0],
        format!(
            "north id_malformed: \"contoso.example\" is mapped as a tenant, and is no id of a directory, in {CUSTOMERS}"
        )
    );
}

#[test]
fn ids_that_differ_only_in_case_between_snapshots() {
    let root = root();
    let later = "north/customer-subscriptions/2026-10-04.json";
    root.file(later, customers(DEFAULT, "north", &[(TENANT_A, &BILLED_A.to_uppercase())]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north id_case_differs: one id in two spellings: {} in {later}, {BILLED_A} in {CUSTOMERS}; they were taken for one",
            BILLED_A.to_uppercase()
        )]
    );
    root.remove(later);
    root.file("north/registration/2026-10-03.json", registration(&DEFAULT.to_uppercase(), "north"));
    assert_eq!(found(&root, &[]).len(), 1, "of the default subscription likewise");
    root.file("north/registration/2026-10-03.json", registration(DEFAULT, "NORTH"));
    assert_eq!(found(&root, &[]), Vec::<String>::new(), "Azure mixes the case of resource groups and names by itself");
}

#[test]
fn a_billing_model_that_has_no_customers() {
    let root = root();
    let capacity = registration(DEFAULT, "north").replace("PayAsYouUse", "capacity");
    root.file("north/registration/2026-10-01.json", capacity);
    assert_eq!(
        found(&root, &[]),
        [
            "north customer_subscriptions_not_allowed: the billing model is Capacity in north/registration/2026-10-01.json, and a capacity registration has no customer subscriptions"
        ]
    );
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[]));
    assert_eq!(
        found(&root, &["--confirm-empty-registration"]),
        [format!(
            "north registration_without_customers: no tenant is mapped in {CUSTOMERS}, as --confirm-empty-registration says"
        )]
    );
}

#[test]
fn a_mapping_that_ended_while_usage_goes_on() {
    let root = root();
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]));
    root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north customer_subscription_not_found: tenant {TENANT_B} was mapped to {BILLED_B} until {CUSTOMERS}, is no longer mapped in north/customer-subscriptions/2026-10-06.json, and goes on: the default subscription pays for 1 line from 2026-10-05 to 2026-10-05"
        )]
    );
    root.file("north/usage/2026-10-05/page-0001.json", page(&[line(SUB_A, "2026-10-05")]));
    assert_eq!(found(&root, &[]), Vec::<String>::new(), "one that uses nothing any more may go");
}

#[test]
fn a_tenant_registered_on_another_stamp_only() {
    let root = root();
    root.snapshots("south");
    root.file("south/registration/2026-10-01.json", registration(OTHER_DEFAULT, "south"));
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)];
    root.file("south/customer-subscriptions/2026-10-01.json", customers(OTHER_DEFAULT, "south", &both));
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_B, "2026-10-05"), line(SUB_A, "2026-10-05")]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north tenant_registered_on_another_stamp: tenant {TENANT_B} is registered on south and not here: the default subscription pays for 1 line from 2026-10-05 to 2026-10-05"
        )]
    );
    root.file(CUSTOMERS, customers(DEFAULT, "north", &both));
    assert_eq!(found(&root, &[]), Vec::<String>::new());
}

#[test]
fn stamps_that_share_what_each_should_have_of_its_own() {
    let root = root();
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_A, "2026-10-05"), line(SUB_B, "2026-10-04")]));
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north default_subscription_of_several_stamps: {DEFAULT} is the default subscription of stamp south as well"
        )]
    );
    root.file("south/registration/2026-10-01.json", registration(DEFAULT, "NORTH"));
    root.file("south/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    root.run(&[]).expect(3);
    // Their cloud ids say that they are two all the same.
    for (stamp, name, cloud) in [("north", "north", "c10d-1"), ("south", "NORTH", "c10d-2")] {
        let text = registration(DEFAULT, name)
            .replace("\"billingModel\"", &format!("\"cloudId\":\"{cloud}\",\"billingModel\""));
        root.file(&format!("{stamp}/registration/2026-10-01.json"), text);
    }
    assert_eq!(
        found(&root, &[]),
        [
            "north registration_of_several_stamps: north/registration/2026-10-01.json and south/registration/2026-10-01.json of stamp south are one registration"
        ]
    );
}

#[test]
fn a_mapped_tenant_without_usage() {
    let root = TestRoot::with_lines(&[line(SUB_B, "2026-10-05")]);
    assert_eq!(
        found(&root, &[]),
        [format!("north mapped_tenant_without_usage: mapped in {CUSTOMERS} without any usage: tenant {TENANT_A}")]
    );
}

#[test]
fn a_snapshot_older_than_the_setting_tolerates() {
    let root = root();
    root.file("north/registration/2026-10-04.json", registration(DEFAULT, "north"));
    root.file("north/user-subscriptions/2026-10-04.json", listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]));
    assert_eq!(found(&root, &["--snapshot-age-max", "5"]), Vec::<String>::new(), "from 10-01 to 10-06 are five days");
    assert_eq!(
        found(&root, &["--snapshot-age-max", "4"]),
        [format!(
            "north snapshot_older_than_usage: the latest list of customer subscriptions was more than 4 days old for 2 lines from 2026-10-05 to 2026-10-05: {CUSTOMERS} by 5 days, at the most"
        )]
    );
}

#[test]
fn a_year_of_nights_says_each_thing_once() {
    let root = root();
    let mapped = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    for day in 1..=5 {
        let date = format!("2026-10-0{day}");
        root.file(&format!("north/customer-subscriptions/{date}.json"), customers(DEFAULT, "north", &mapped));
        root.file(&format!("north/usage/{date}/page.json"), page(&[line(SUB_A, &date), line(SUB_B, "2026-09-30")]));
    }
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north customer_subscription_of_several_tenants: customer subscription {BILLED_A} pays for {TENANT_A} and {TENANT_B}, in north/customer-subscriptions/2026-10-02.json and 3 later"
        )]
    );
}

#[test]
fn check_says_them_all_and_strict_refuses_any_that_is_not_accepted() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
    let tenants: Vec<String> = (0..15).map(|number| format!("7e4a4700-0000-4000-8000-0000000001{number:02}")).collect();
    let odd: Vec<String> = (0..15).map(|number| format!("no-guid-{number:02}")).collect();
    let mut mapped: Vec<(&str, &str)> =
        tenants.iter().zip(&odd).map(|(tenant, odd)| (tenant.as_str(), odd.as_str())).collect();
    mapped.push((TENANT_A, BILLED_A));
    root.file(CUSTOMERS, customers(DEFAULT, "north", &mapped));
    let code = "invalid_customer_subscription_id: ";
    let checked = root.check(&[]).expect(0);
    assert_eq!(checked.stdout.matches(code).count(), 15, "{}", checked.stdout);
    let ran = root.run(&[]).expect(0);
    assert_eq!(ran.stdout.matches(code).count(), 10, "{}", ran.stdout);
    assert!(ran.stdout.contains("and 6 more, in receipt.json"), "{}", ran.stdout);
    let strict = root.check(&["--strict"]).expect(3);
    assert_eq!(strict.stderr.matches(code).count(), 15, "{}", strict.stderr);
    let both =
        ["--strict", "--accept", "window_overdue", "invalid_customer_subscription_id", "mapped_tenant_without_usage"];
    let accepted = root.run(&both).expect(0);
    let said = "accepted     15 invalid_customer_subscription_id, 1 mapped_tenant_without_usage";
    assert!(accepted.stdout.contains(said), "{}", accepted.stdout);
    assert!(receipt(&root.out())["findings"].as_array().unwrap().iter().all(|finding| finding["accepted"] == true));
    let unknown = root.run(&["--accept", "id_malformd"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `id_malformed`?"), "{}", unknown.stderr);
}

#[test]
fn what_was_put_right_is_found_no_more() {
    let root = root();
    let default_of_old = [(TENANT_A, BILLED_A), (TENANT_B, OTHER_DEFAULT)];
    root.file(
        "north/registration/2026-09-01.json",
        registration(OTHER_DEFAULT, "north").replace("PayAsYouUse", "Capacity"),
    );
    root.file("north/customer-subscriptions/2026-09-02.json", customers(DEFAULT, "north", &[(TENANT_A, "odd")]));
    root.file(CUSTOMERS, customers(DEFAULT, "north", &default_of_old));
    assert_eq!(found(&root, &[]), Vec::<String>::new(), "no usage was attributed by what was wrong in September");
}

#[test]
fn a_mapping_is_told_from_when_it_ended_until_it_is_there_again() {
    let root = root();
    let days = ["2026-10-03", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07"];
    root.remove("north/usage");
    for day in days {
        root.file(&format!("north/usage/{day}/page.json"), page(&[line(SUB_A, day), line(SUB_B, day)]));
    }
    let mapped = |date: &str, with_b: bool| {
        let all = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)];
        root.file(
            &format!("north/customer-subscriptions/{date}.json"),
            customers(DEFAULT, "north", &all[..1 + usize::from(with_b)]),
        );
    };
    mapped("2026-10-01", false);
    mapped("2026-10-05", true);
    mapped("2026-10-07", false);
    let ended = found(&root, &[]);
    assert_eq!(ended.len(), 1);
    assert!(
        ended[0].contains("goes on: the default subscription pays for 2 lines from 2026-10-06 to 2026-10-07"),
        "{}",
        ended[0]
    );
    mapped("2026-10-09", true);
    assert_eq!(found(&root, &[]), Vec::<String>::new());
    // A late line that a later window brings is of the later window.
    root.remove("north/customer-subscriptions/2026-10-09.json");
    root.remove("north/usage");
    root.file("north/usage/2026-10-06/page.json", page(&[line(SUB_A, "2026-10-04"), line(SUB_B, "2026-10-04")]));
    assert!(found(&root, &["--forget", "all"])[0].contains("1 line from 2026-10-04 to 2026-10-04"));
}

#[test]
fn a_listing_of_a_stamp_without_entra_is_said_once() {
    let root = root();
    let listed: Vec<(String, &str)> =
        (0..30).map(|number| (format!("5ab00000-0000-4000-8000-0000000010{number:02}"), "adfs")).collect();
    let listed: Vec<(&str, &str)> = listed.iter().map(|(user, tenant)| (user.as_str(), *tenant)).collect();
    for day in 2..5 {
        let all = [&listed[..], &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]].concat();
        root.file(&format!("north/user-subscriptions/2026-10-0{day}.json"), listing(&all));
    }
    assert_eq!(
        found(&root, &[]),
        [
            "north id_malformed: tenant \"adfs\" is no GUID, in north/user-subscriptions/2026-10-02.json and 2 later, and is compared as it stands there"
        ]
    );
}

#[test]
fn a_page_of_a_snapshot_saved_twice_counts_once() {
    let root = root();
    let list = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
    root.remove(CUSTOMERS);
    for page in ["a", "b"] {
        root.file(&format!("north/customer-subscriptions/2026-10-01/{page}.json"), &list);
    }
    assert_eq!(
        found(&root, &[]),
        [
            "north page_saved_twice: a page lies twice, byte for byte, in north/customer-subscriptions/2026-10-01, and counts once"
        ]
    );
    root.file("north/customer-subscriptions/2026-10-01/b.json", customers(DEFAULT, "north", &[(TENANT_B, BILLED_B)]));
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("2 files that end a list"), "{}", ran.stderr);
    assert!(ran.stderr.contains("these are several lists, and not the pages of one"), "{}", ran.stderr);
}

#[test]
fn pages_that_are_no_chain_are_refused() {
    let list = |mapped: &[(&str, &str)], link: &str| {
        customers(DEFAULT, "north", mapped).replacen('{', &format!("{{\"nextLink\":\"{link}\","), 1)
    };
    let folder = "north/customer-subscriptions/2026-10-01";
    let with = |pages: &[(&str, String)]| {
        let root = root();
        root.remove(CUSTOMERS);
        for (name, content) in pages {
            root.file(&format!("{folder}/{name}"), content);
        }
        root
    };
    let last = || customers(DEFAULT, "north", &[(TENANT_B, BILLED_B)]);
    let chain = with(&[("1.json", list(&[(TENANT_A, BILLED_A)], "https://2")), ("2.json", last())]);
    assert_eq!(found(&chain, &[]), Vec::<String>::new());
    // The same page in another encoding is the same page.
    chain.file(&format!("{folder}/3.json"), format!("\u{feff}{}", last()));
    assert_eq!(found(&chain, &[]).len(), 1);
    let mixed = with(&[
        ("1.json", list(&[(TENANT_A, BILLED_A)], "https://2")),
        ("2.json", list(&[], "https://2")),
        ("3.json", last()),
    ]);
    let ran = mixed.run(&[]).expect(3);
    assert!(ran.stderr.contains("name the same next page: these are pages of two downloads"), "{}", ran.stderr);
    let listings = root();
    listings.remove("north/user-subscriptions/2026-10-01.json");
    let page = listing(&[(SUB_A, TENANT_A)]).replacen('{', "{\"nextLink\":\"https://2\",", 1);
    listings.file("north/user-subscriptions/2026-10-01/1.json", page);
    listings
        .file("north/user-subscriptions/2026-10-01/2.csv", format!("SubscriptionId,TenantId\n{SUB_B},{TENANT_B}\n"));
    let ran = listings.run(&[]).expect(3);
    assert!(ran.stderr.contains("is a whole table, and lies among pages of another list"), "{}", ran.stderr);
}

#[test]
fn a_snapshot_that_no_line_met_is_nobodys_business() {
    let root = TestRoot::with_snapshots();
    let day =
        Line { start: "2026-10-02T00:00:00Z".into(), end: "2026-10-03T00:00:00Z".into(), ..line(SUB_A, "2026-10-02") };
    root.file("north/usage/2026-10-02/page.json", page(&[day]));
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    root.file("north/customer-subscriptions/2026-10-02T12.json", customers(DEFAULT, "north", &both));
    root.file("north/customer-subscriptions/2026-10-04.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    // The daily line is decided when it began, before the list of noon.
    assert_eq!(found(&root, &["--attribute-at", "usage"]), Vec::<String>::new());
}
