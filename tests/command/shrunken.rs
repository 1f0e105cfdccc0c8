//! Snapshots that are empty, or name fewer than half of what the one before them does, are refused until somebody says that they
//! are right; and OUT stays.

use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS, customers, files_below,
    findings, listing, receipt,
};

const NIGHT: &str = "north/user-subscriptions/2026-10-06.json";

fn published() -> TestRoot {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T05", "1")]);
    root.file(
        "north/user-subscriptions/2026-10-02.json",
        listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B), (SUB_UNKNOWN, TENANT_B)]),
    );
    root.run(&[]).expect(0);
    root
}

#[track_caller]
fn refused(root: &TestRoot, flags: &[&str], expected: &[&str]) {
    let before = files_below(&root.out());
    let ran = root.run(flags).expect(3);
    for text in expected {
        assert!(ran.stderr.contains(text), "{text}\n{}", ran.stderr);
    }
    assert!(files_below(&root.out()) == before, "nothing is published");
    root.check(flags).expect(3);
}

#[test]
fn an_empty_listing_is_refused_until_it_is_confirmed() {
    let root = published();
    root.file(NIGHT, listing(&[]));
    refused(
        &root,
        &["--confirm-empty-registration"],
        &[
            &format!("error: {NIGHT}: the listing of user subscriptions is empty\n"),
            "say --confirm-empty-listing if the stamp really has no user subscription",
        ],
    );
    root.run(&["--confirm-empty-listing"]).expect(0);
    assert_eq!(findings(&root.out()), ["listing_without_tenants"]);
    refused(&root, &[], &["is empty"]);
    // Both kinds at once; and a later one does not hide the first.
    root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &[]));
    root.file("north/user-subscriptions/2026-10-07.json", listing(&[]));
    refused(
        &root,
        &[],
        &[
            "the list of customer subscriptions is empty",
            "the listing of user subscriptions is empty, and so are 1 later",
        ],
    );
    root.remove("north/customer-subscriptions/2026-10-06.json");
    root.remove("north/user-subscriptions/2026-10-07.json");
    root.remove(NIGHT);
    root.run(&[]).expect(0);
}

#[test]
fn a_snapshot_that_shrinks_below_half_is_refused_until_it_is_confirmed_by_its_name() {
    let root = published();
    // Exactly half is none, whoever it is; and a row that stands twice counts once.
    root.file(NIGHT, listing(&[(SUB_A, TENANT_A), (SUB_A, TENANT_A)]));
    refused(
        &root,
        &[],
        &[
            &format!(
                "error: {NIGHT}: this listing of user subscriptions names 1 user subscriptions, and north/user-subscriptions/2026-10-02.json before it 3: fewer than half are left\n"
            ),
            &format!("--confirm-shrunken {NIGHT}, or confirm-shrunken = [\"{NIGHT}\"] in the settings"),
        ],
    );
    root.file(NIGHT, listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]));
    root.run(&[]).expect(0);
    root.file("north/user-subscriptions/2026-10-07.json", listing(&[(SUB_A, TENANT_A)]));
    root.run(&[]).expect(0);
    assert!(receipt(&root.out())["full_run"].is_null());
}

/// One shrink of a year is right: it is accepted for good, and any other still refuses.
#[test]
fn what_is_confirmed_in_the_settings_is_confirmed_alone() {
    let root = published();
    root.file(NIGHT, listing(&[(SUB_A, TENANT_A)]));
    let settings = |text: String| std::fs::write(root.folder().join("settings.toml"), text).unwrap();
    settings(format!("confirm-shrunken = [\"{NIGHT}\"]\n"));
    root.run(&["--settings", "settings.toml"]).expect(0);
    assert!(receipt(&root.out())["full_run"].is_null(), "it decides no figure, so nothing is made anew");
    for typed in [NIGHT.to_owned(), NIGHT.replace('/', "\\"), format!("./{NIGHT}"), format!("root/{NIGHT}")] {
        root.run(&["--confirm-shrunken", &typed]).expect(0);
    }
    refused(&root, &["--confirm-shrunken", "north/user-subscriptions/2026-10-07.json"], &[NIGHT]);
    // Another, of customers, that the last run did not know.
    let ids: Vec<String> = (1..=5).map(|at| format!("7e4a4700-0000-4000-8000-0000000001{at:02}")).collect();
    let billed: Vec<String> = (1..=5).map(|at| format!("b111ed00-0000-4000-8000-0000000001{at:02}")).collect();
    let mut mapped: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(billed.iter().map(String::as_str)).collect();
    mapped.push((TENANT_A, BILLED_A));
    root.file("north/customer-subscriptions/2026-10-03.json", customers(DEFAULT, "north", &mapped));
    root.run(&["--settings", "settings.toml"]).expect(0);
    root.file("north/customer-subscriptions/2026-10-04.json", customers(DEFAULT, "north", &mapped[..2]));
    refused(
        &root,
        &["--settings", "settings.toml"],
        &[
            "north/customer-subscriptions/2026-10-04.json: this list of customer subscriptions names 2 tenants, and north/customer-subscriptions/2026-10-03.json before it 6",
        ],
    );
    // What if: another list serves instead of all of them, so none shrinks.
    let file = "root/north/customer-subscriptions/2026-10-03.json";
    let flags =
        ["run", "--root", "root", "--out", "what-if", "--settings", "settings.toml", "--registration-override", file];
    root.stacktally(&flags).expect(0);
    settings(format!("confirm-shrunken = [\"{NIGHT}\", \"north/customer-subscriptions/2026-10-04.json\"]\n"));
    root.run(&["--settings", "settings.toml"]).expect(0);
    root.run(&["--settings", "settings.toml", "--full"]).expect(0);
}
