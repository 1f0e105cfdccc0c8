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
    assert!(findings.iter().all(|own| !text(&own["remedy"]).is_empty()));
    findings
        .iter()
        .map(|own| format!("{} {}: {}", text(&own["stamp"]), text(&own["code"]), text(&own["sentence"])))
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
            "north invalid_customer_subscription_id: {CUSTOMERS} maps tenant {TENANT_B} to \"not-a-guid\", which is no id of an Azure subscription"
        )]
    );
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), ("contoso.example", BILLED_B)]));
    assert_eq!(
        found(&root, &["--accept", "mapped_tenant_without_usage"])[0],
        format!(
            "north id_malformed: {CUSTOMERS} maps \"contoso.example\", which is no id of a tenant: no listing will ever name it"
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
            "north customer_subscription_not_found: tenant {TENANT_B} was mapped to {BILLED_B} until {CUSTOMERS}, is mapped no more in north/customer-subscriptions/2026-10-06.json, and goes on: 1 lines from 2026-10-05 to 2026-10-05 are charged to the default subscription"
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
            "north tenant_registered_on_another_stamp: tenant {TENANT_B} is registered on south and not here: 1 lines from 2026-10-05 to 2026-10-05 are charged to the default subscription"
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
            "north snapshot_older_than_usage: 2 lines from 2026-10-05 to 2026-10-05 are attributed by a list of customer subscriptions that is more than 4 days older: {CUSTOMERS} by up to 5 days"
        )]
    );
}

#[test]
fn a_year_of_nights_says_each_thing_once() {
    let root = root();
    let mapped = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    for day in 1..=5 {
        root.file(&format!("north/customer-subscriptions/2026-10-0{day}.json"), customers(DEFAULT, "north", &mapped));
    }
    assert_eq!(
        found(&root, &[]),
        [format!(
            "north customer_subscription_of_several_tenants: customer subscription {BILLED_A} pays for {TENANT_A} and {TENANT_B}, in {CUSTOMERS} and 4 later"
        )]
    );
}

#[test]
fn check_says_them_all_and_strict_refuses_any_that_is_not_accepted() {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05")]);
    let users: Vec<String> = (0..15).map(|number| format!("no-guid-{number:02}")).collect();
    let listed: Vec<(&str, &str)> =
        users.iter().map(|user| (user.as_str(), TENANT_B)).chain([(SUB_A, TENANT_A)]).collect();
    root.file("north/user-subscriptions/2026-10-01.json", listing(&listed));
    let checked = root.check(&[]).expect(0);
    assert_eq!(checked.stdout.matches("id_malformed: ").count(), 15, "{}", checked.stdout);
    let ran = root.run(&[]).expect(0);
    assert_eq!(ran.stdout.matches("id_malformed: ").count(), 10, "{}", ran.stdout);
    assert!(ran.stdout.contains("and 5 more, in receipt.json"), "{}", ran.stdout);
    let strict = root.check(&["--strict"]).expect(3);
    assert_eq!(strict.stderr.matches("id_malformed: ").count(), 15, "{}", strict.stderr);
    let accepted = root.run(&["--strict", "--accept", "id_malformed"]).expect(0);
    assert!(accepted.stdout.contains("accepted     15 findings, as --accept says"), "{}", accepted.stdout);
    assert!(receipt(&root.out())["findings"].as_array().unwrap().iter().all(|own| own["accepted"] == true));
    let unknown = root.run(&["--accept", "id_malformd"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `id_malformed`?"), "{}", unknown.stderr);
}
