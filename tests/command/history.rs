//! `stacktally history`: how mappings changed, and what each change moved.

use std::path::Path;

use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, csv_rows, customers, listing, page,
    project, registration, run_in,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

/// Tenant A moves to another billed subscription on 10-04 and is removed on 10-06; user subscription B moves to tenant A and vanishes;
/// the default subscription changes.
fn with_history() -> TestRoot {
    let root = TestRoot::with_snapshots();
    root.file("north/customer-subscriptions/2026-10-04.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_B)]));
    root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &[(TENANT_B, BILLED_B)]));
    root.file("north/user-subscriptions/2026-10-03.json", listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_A)]));
    root.file("north/user-subscriptions/2026-10-05.json", listing(&[(SUB_A, TENANT_A)]));
    root.file("north/registration/2026-10-05.json", registration("b111ed00-0000-4000-8000-0000000000dd", "north"));
    for (day, quantity) in [(1, "1"), (2, "2"), (3, "4"), (4, "8"), (5, "16"), (6, "32")] {
        let day = format!("2026-10-{day:02}");
        let line = |user: &str| Line::hourly(user, VM_HOURS, &format!("{day}T12"), quantity);
        root.file(&format!("north/usage/{day}/page.json"), page(&[line(SUB_A), line(SUB_B)]));
    }
    root
}

fn history(root: &TestRoot, flags: &[&str]) -> String {
    root.stacktally(&[&["history", "--root", "root"], flags].concat()).expect(0).stdout
}

#[test]
fn when_each_mapping_began_changed_and_ended() {
    let root = with_history();
    insta::assert_snapshot!("history", history(&root, &[]));
    // The change of 10-04 lies between the windows of 10-02 and 10-03, whose end meets it.
    let rows = csv_rows(&history(&root, &["--csv", "--tenant", TENANT_A]));
    let row = rows.iter().find(|row| row["change"] == "changed" && row["subject_id"] == TENANT_A).unwrap();
    assert_eq!((&*row["from_id"], &*row["to_id"], &*row["changed_at"]), (BILLED_A, BILLED_B, "2026-10-04T00:00:00Z"));
    // Before: A of 10-01 and 10-02, and B of 10-02, since the listing of 10-03 serves that window. After: both, of 10-03 and 10-04.
    assert_eq!((&*row["quantity_before"], &*row["lines_before"]), ("5", "3"));
    assert_eq!((&*row["quantity_after"], &*row["lines_after"]), ("24", "4"));
}

#[test]
fn limited_to_whom_it_concerns() {
    let root = with_history();
    let subjects = |flags: &[&str]| {
        let mut subjects: Vec<String> = csv_rows(&history(&root, &[&["--csv"], flags].concat()))
            .into_iter()
            .map(|row| row["subject_id"].clone())
            .collect();
        subjects.dedup();
        subjects
    };
    assert_eq!(subjects(&["--tenant", TENANT_B]), [TENANT_B, SUB_B], "with the user subscription that left it");
    assert_eq!(subjects(&["--user-subscription", &SUB_B.to_uppercase()]), [TENANT_A, TENANT_B, SUB_B]);
    assert_eq!(subjects(&[]), ["", TENANT_A, TENANT_B, SUB_A, SUB_B]);
    let nobody = root.stacktally(&["history", "--root", "root", "--tenant", "nobody"]).expect(2).stderr;
    assert!(nobody.starts_with("error: --tenant \"nobody\": no tenant has that id or name"), "{nobody}");
    let json: serde_json::Value = serde_json::from_str(&history(&root, &["--json"])).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 10);
}

#[test]
fn one_that_is_listed_again_goes_on_with_its_tenant() {
    let root = with_history();
    root.file("north/user-subscriptions/2026-10-06.json", listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_A)]));
    let text = history(&root, &["--user-subscription", SUB_B]);
    assert!(text.contains("2026-10-06T00 is listed again with 7e4a4700-…000a  ("), "{text}");
    root.file(
        "north/usage/2026-10-06/bad.json",
        page(&[
            Line { quantity: "-1".into(), ..Line::hourly(SUB_B, VM_HOURS, "2026-10-06T01", "1") },
            Line::hourly(SUB_B, VM_HOURS, "2026-10-06T02", "0"),
        ]),
    );
    let set_aside = "\n1 line set aside, and not in these quantities: `stacktally check` says why\n";
    assert!(history(&root, &[]).contains(set_aside));
}

/// A publication says of itself what its root says: text, JSON and CSV, limited or not.
#[track_caller]
fn assert_publication_agrees(folder: &Path, root: &str, flags: &[&str], runs_with: &[&str]) -> String {
    let ran = run_in(folder, &[&["run", "--root", root, "--out", "published"], runs_with].concat());
    assert!([0, 4].contains(&ran.code), "{}", ran.transcript());
    let mut text = String::new();
    for form in [&[][..], &["--json"], &["--csv"]] {
        let of_root = run_in(folder, &[&["history", "--root", root], flags, form, runs_with].concat()).expect(0);
        let of_out = run_in(folder, &[&["history", "--out", "published"], flags, form].concat()).expect(0);
        let said = of_root.stdout.replace("`stacktally check` says why", "the table `rejects` says why");
        assert_eq!(of_out.stdout, said, "{root} {flags:?} {form:?}");
        text.push_str(&of_out.stdout);
    }
    text
}

#[test]
fn a_publication_and_its_root_say_the_same() {
    for sample in [
        "a-year-of-registrations",
        "registered-in-the-middle",
        "two-tenants-one-day",
        "bad-lines-and-unknown-meters",
        "prices-and-tiers",
    ] {
        let root = project().join("samples").join(sample).join("root");
        let folder = crate::support::tempdir().unwrap();
        let text = assert_publication_agrees(folder.path(), root.to_str().unwrap(), &[], &[]);
        assert!(text.contains("began"), "{sample}: {text}");
    }
}

#[test]
fn a_publication_follows_a_late_line_to_its_own_side_of_a_change() {
    let root = with_history();
    // Usage of 10-03 that was reported on 10-05: the list of 10-06 decides it, and not that of 10-04.
    let late = Line::hourly(SUB_A, VM_HOURS, "2026-10-03T23", "64");
    root.file("north/usage/2026-10-05/late.json", page(&[late]));
    for flags in [&[][..], &["--tenant", TENANT_A], &["--user-subscription", SUB_B], &["--stamp", "north"]] {
        assert_publication_agrees(root.folder(), "root", flags, &[]);
    }
    let ended = |rows: Vec<std::collections::BTreeMap<String, String>>| {
        rows.into_iter().find(|row| row["change"] == "ended" && row["subject_id"] == TENANT_A).unwrap()
    };
    let published = root.stacktally(&["history", "--out", "published", "--csv"]).expect(0).stdout;
    // A of 10-05 and 10-06, B of both, and the late line.
    assert_eq!(ended(csv_rows(&published))["quantity_after"], "160");
    for moment in ["usage", "forwarded"] {
        assert_publication_agrees(root.folder(), "root", &[], &["--attribute-at", moment]);
    }
    // A root is not needed any more.
    root.remove("north");
    assert_eq!(root.stacktally(&["history", "--out", "published", "--csv"]).expect(0).stdout, published);
}

#[test]
fn a_settings_file_names_the_publication_unless_a_root_is_asked_for() {
    let root = with_history();
    std::fs::write(root.folder().join("s.toml"), "root = \"root\"\nout = \"out\"\n").unwrap();
    let ran = root.stacktally(&["history", "--settings", "s.toml"]).expect(2);
    assert!(ran.stderr.contains("there is no folder out"), "{}", ran.stderr);
    let of_root = root.stacktally(&["history", "--settings", "s.toml", "--root", "root"]).expect(0).stdout;
    root.run(&[]).expect(0);
    assert_eq!(root.stacktally(&["history", "--settings", "s.toml"]).expect(0).stdout, of_root);
    let ran = root.stacktally(&["history", "--out", "out", "--root", "root"]).expect(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    let ran = root.stacktally(&["history"]).expect(2);
    assert!(ran.stderr.contains("--out <OUT> or --root <ROOT> is missing"), "{}", ran.stderr);
    let ran = root.stacktally(&["history", "--out", "out", "--stamp", "south"]).expect(2);
    assert!(ran.stderr.contains("it has north"), "{}", ran.stderr);
}

#[test]
fn a_root_that_is_refused_has_no_history() {
    let root = with_history();
    root.remove("north/registration");
    let ran = root.stacktally(&["history", "--root", "root"]).expect(3);
    assert!(ran.stderr.contains("stamp north has no registration"), "{}", ran.stderr);
}
