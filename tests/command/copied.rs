//! What lies with one stamp and is another's: the same page, registration or listing in two stamps is refused, and OUT stays.

use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, customers, files_below, findings,
    listing, listing_of, page, registration,
};

fn line(user_subscription: &str, hour: &str) -> Line {
    Line::hourly(user_subscription, VM_HOURS, hour, "1")
}

/// Two stamps, each with usage of its own, and published.
fn two_stamps() -> TestRoot {
    let root = TestRoot::with_lines(&[line(SUB_A, "2026-10-05T05")]);
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_B, "2026-10-05T06")]));
    root.run(&[]).expect(0);
    root
}

#[track_caller]
fn refused(root: &TestRoot, expected: &[&str]) {
    let before = files_below(&root.out());
    let ran = root.run(&[]).expect(3);
    for text in expected {
        assert!(ran.stderr.contains(text), "{text}\n{}", ran.stderr);
    }
    assert!(files_below(&root.out()) == before, "nothing is published");
    assert_eq!(root.check(&[]).expect(3).stderr, ran.stderr, "and a check says the same");
}

#[test]
fn the_same_page_in_two_stamps_is_refused() {
    let root = two_stamps();
    let copied = page(&[line(SUB_A, "2026-10-06T05")]);
    root.file("north/usage/2026-10-06/page.json", &copied);
    root.run(&[]).expect(0);
    // North is as it was, and not read again; south gets its page under another name and in another window.
    root.file("south/usage/2026-10-07/copy.json", format!("\u{feff}{copied}"));
    root.file("south/usage/2026-10-08/page.json", page(&[]));
    root.file("north/usage/2026-10-08/page.json", page(&[]));
    refused(
        &root,
        &[
            "error: south/usage/2026-10-07/copy.json: the same bytes as north/usage/2026-10-06/page.json, of stamp north\n",
            "a folder was copied, or a download was saved for the wrong stamp",
            "; or leave stamp south out with --stamp north",
        ],
    );
    root.check(&["--stamp", "south"]).expect(0);
    root.file("south/usage/2026-10-09/page.json", page(&[line(SUB_A, "2026-10-05T05")]));
    root.file("south/usage/2026-10-07/second.json", page(&[line(SUB_B, "2026-10-07T05")]));
    refused(&root, &["; 1 more file repeats one of that stamp"]);
    root.remove("south/usage/2026-10-07/copy.json");
    root.remove("south/usage/2026-10-09");
    root.run(&[]).expect(0);
}

#[test]
fn pages_that_are_kept_though_they_are_gone_are_compared_too() {
    let root = two_stamps();
    let moved = std::fs::read(root.root().join("north/usage/2026-10-05/page-0001.json")).unwrap();
    root.remove("north/usage/2026-10-05");
    root.file("south/usage/2026-10-06/page.json", moved);
    let ran = root.run(&["--keep-missing"]).expect(3);
    assert!(ran.stderr.contains("the same bytes as north/usage/2026-10-05/page-0001.json"), "{}", ran.stderr);
}

#[test]
fn one_registration_in_two_stamps_is_refused_where_ids_prove_it() {
    let root = two_stamps();
    // In any case, of another date, and with the list of customers that lies under it.
    root.file("south/registration/2026-10-02.json", registration(DEFAULT, "NORTH"));
    refused(
        &root,
        &[
            "error: south/registration/2026-10-02.json: the registration of north/registration/2026-10-01.json, of stamp north, as well\n",
            "every stamp has its own registration",
        ],
    );
    // The cloud ids say that these are two stamps, of which one was registered under the other's name.
    let with_cloud = |cloud: &str| {
        registration(DEFAULT, "north").replace("\"billingModel\"", &format!("\"cloudId\":\"{cloud}\",\"billingModel\""))
    };
    let clouds = ["c10d0000-0000-4000-8000-000000000001", "c10d0000-0000-4000-8000-000000000002"];
    root.file("north/registration/2026-10-01.json", with_cloud(clouds[0]));
    root.file("south/registration/2026-10-01.json", with_cloud(clouds[1]));
    root.file("south/registration/2026-10-02.json", with_cloud(clouds[1]));
    root.file("south/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    root.run(&[]).expect(0);
    assert!(findings(&root.out()).contains(&"registration_of_several_stamps".to_owned()));
    root.file("south/registration/2026-10-02.json", with_cloud(&clouds[0].to_uppercase()));
    refused(&root, &["the registration of north/registration/2026-10-01.json, of stamp north, as well"]);
}

#[test]
fn one_listing_in_two_stamps_is_refused_where_ids_prove_it() {
    let root = two_stamps();
    let csv = format!("SubscriptionId,TenantId\n{SUB_A},{TENANT_A}\n");
    for (name, north, south, expected) in [
        (
            "2026-10-02.json",
            listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]),
            listing(&[(SUB_B, TENANT_B)]),
            format!(
                "south/user-subscriptions/2026-10-02.json: lists user subscription {SUB_B} of provider subscription {}, as north/user-subscriptions/2026-10-01.json, of stamp north, does",
                crate::support::PROVIDER
            ),
        ),
        // Without the provider's id only equal bytes prove it.
        (
            "2026-10-02.csv",
            csv.clone(),
            csv.clone(),
            "south/user-subscriptions/2026-10-02.csv: the same bytes as north/user-subscriptions/2026-10-02.csv, of stamp north".to_owned(),
        ),
    ] {
        root.file(&format!("north/user-subscriptions/{name}"), north);
        root.run(&[]).expect(0);
        root.file(&format!("south/user-subscriptions/{name}"), south);
        refused(&root, &[&expected, "a stamp lists its own user subscriptions alone"]);
        root.remove(&format!("south/user-subscriptions/{name}"));
        root.remove(&format!("north/user-subscriptions/{name}"));
    }
    root.file("south/user-subscriptions/2026-10-02.json", listing_of("south", &[(SUB_A, TENANT_A)]));
    root.run(&[]).expect(0);
}
