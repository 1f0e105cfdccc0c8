//! `stacktally why`: the lines and the snapshots behind a published figure.

use crate::support::{
    BILLED_A, DEFAULT, Line, PROVIDER, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS,
    WINDOWS_HOURS, customers, page, unwrapped,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

fn published() -> TestRoot {
    let mut other = Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T14", "0.25");
    other.resource = "Web-2".to_owned();
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", "4.0"),
        other,
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_UNKNOWN, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(PROVIDER, VM_HOURS, "2026-10-05T13", "1.0"),
    ]);
    root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T23", "0.5")]));
    root.file(
        "north/customer-subscriptions/2026-10-07.json",
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]),
    );
    root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n{BILLED_A},Contoso (CSP)\n"));
    root.run(&[]).expect(0);
    root
}

#[test]
fn each_reason_in_a_sentence_with_its_evidence() {
    let root = published();
    for (name, user_subscription) in
        [("registered", SUB_A), ("not-registered", SUB_B), ("unknown", SUB_UNKNOWN), ("operator", PROVIDER)]
    {
        let flags = ["why", "--out", "out", "--date", "2026-10-05", "--user-subscription", user_subscription];
        insta::assert_snapshot!(name, root.stacktally(&flags).expect(0).transcript());
    }
}

#[test]
fn an_empty_registration_is_a_reason_too() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1.0")]);
    root.file("north/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[]));
    root.run(&["--confirm-empty-registration"]).expect(0);
    let ran = root.stacktally(&["why", "--out", "out", "--date", "2026-10-05"]).expect(0);
    assert!(
        unwrapped(&ran.stdout).contains("but north/customer-subscriptions/2026-10-01.json (2026-10-01T00) maps nobody"),
        "{}",
        ran.stdout
    );
}

#[test]
fn figures_are_found_by_any_of_their_names() {
    let root = published();
    let lines = |flags: &[&str]| {
        let ran =
            root.stacktally(&[&["why", "--out", "out", "--date", "2026-10-05", "--json"], flags].concat()).expect(0);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let cells = json["cells"].as_array().unwrap().clone();
        cells.iter().map(|cell| cell["line_count"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(lines(&[]), 6);
    assert_eq!(lines(&["--meter", "vm size hours"]), 4);
    assert_eq!(lines(&["--meter", &WINDOWS_HOURS.to_uppercase()]), 2);
    assert_eq!(lines(&["--resource", "web-2"]), 1);
    assert_eq!(lines(&["--user-subscription", &format!("{{{SUB_B}}}")]), 2);
    assert_eq!(lines(&["--tenant", TENANT_B, "--billed-subscription", DEFAULT]), 1);
    assert_eq!(lines(&["--billed-subscription", BILLED_B]), 1, "the line that the next window reported");
    assert_eq!(lines(&["--stamp", "north"]), 6);
}

/// Lines in a month that was closed, and then attributed otherwise.
fn closed_and_attributed_otherwise() -> TestRoot {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "4")]);
    root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-06T13", "1")]));
    root.run(&[]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "the bill is due"]).expect(0);
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)];
    root.file("north/customer-subscriptions/2026-10-02.json", customers(DEFAULT, "north", &both));
    root.run(&[]).expect(0);
    root
}

#[test]
fn a_closed_figure_that_comes_to_nothing_is_published_still() {
    let root = closed_and_attributed_otherwise();
    let why = |flags: &[&str]| root.stacktally(&[&["why", "--out", "out", "--date", "2026-10-06"], flags].concat());
    insta::assert_snapshot!("closed", why(&[]).expect(0).transcript());
    let json = why(&["--json", "--billed-subscription", DEFAULT]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let cell = &json["cells"][0];
    let names = ["quantity", "quantity_closed", "quantity_adjusted"];
    assert_eq!(names.map(|name| cell[name].as_str().unwrap()), ["0", "1", "-1"]);
    let names = ["line_count", "line_count_closed", "line_count_adjusted"];
    assert_eq!(names.map(|name| cell[name].as_i64().unwrap()), [0, 1, -1]);
    assert_eq!((json["cells"].as_array().unwrap().len(), cell["reasons"].as_array().unwrap().len()), (1, 0));
    // What is taken back when the month is opened again adjusts nothing.
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "a customer list came late"]).expect(0);
    root.run(&[]).expect(0);
    assert!(!why(&[]).expect(0).stdout.contains("adjusted"));
    why(&["--billed-subscription", DEFAULT]).expect(2);
}

/// The settings say another owner, so one line could stand behind either figure: it stands behind the one that counts it.
#[test]
fn lines_of_who_is_no_operator_any_more_are_not_behind_the_closed_figure() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1")]);
    root.run(&["--operator-user-subscription", SUB_B]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "the bill is due"]).expect(0);
    root.run(&[]).expect(0);
    let text = root.stacktally(&["why", "--out", "out", "--date", "2026-10-05"]).expect(0).stdout;
    let says = |attribution: &str| text.contains(&format!("{DEFAULT}: {attribution}\n"));
    assert!(says("default_operator") && says("default_tenant_not_registered"), "{text}");
}

#[test]
fn many_figures_are_listed_and_few_lines_shown() {
    let users: Vec<String> = (0..21).map(|number| format!("5ab00000-0000-4000-8000-1000000000{number:02}")).collect();
    let mut lines: Vec<Line> = users.iter().map(|user| Line::hourly(user, VM_HOURS, "2026-10-05T13", "1")).collect();
    lines.extend((0..23).map(|hour| Line::hourly(SUB_A, VM_HOURS, &format!("2026-10-05T{hour:02}"), "1")));
    let root = TestRoot::with_lines(&lines);
    root.run(&[]).expect(0);
    let why =
        |flags: &[&str]| root.stacktally(&[&["why", "--out", "out", "--date", "2026-10-05"], flags].concat()).expect(0);
    let many = why(&[]).stdout;
    assert!(many.starts_with("22 figures of 2026-10-05; name one with --user-subscription"), "{many}");
    assert_eq!(many.lines().count(), 2 + 1 + 22 + 2, "with a word on short ids: {many}");
    let few = why(&["--user-subscription", SUB_A]).stdout;
    assert!(few.contains("    and 3 lines more: --lines N shows more of them, --json all\n"), "{few}");
    assert!(!why(&["--user-subscription", SUB_A, "--lines", "23"]).stdout.contains(" more: "));
}

#[test]
fn what_cannot_be_answered_says_why() {
    let root = published();
    let refused = |flags: &[&str], code: i32| {
        let ran = root.stacktally(&[&["why"], flags].concat()).expect(code);
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        ran.stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(refused(&["--out", "out", "--date", "5.10.2026"], 2), "error: --date \"5.10.2026\" is no day");
    assert_eq!(refused(&["--out", "out", "--date", "2026-10-09"], 2), "error: no figure of 2026-10-09 matches");
    assert_eq!(
        refused(&["--out", "out", "--date", "2026-10-05", "--resource", "nothing"], 2),
        "error: --resource \"nothing\": no resource has that key, URI or name"
    );
    assert_eq!(refused(&["--out", "root", "--date", "2026-10-05"], 2), "error: root holds exports, and no publication");
    assert_eq!(
        refused(&["--out", "out", "--date", "2026-10-05", "--meter", "VM size hour"], 2),
        "error: --meter \"VM size hour\": no meter has that id or name"
    );
    assert_eq!(
        refused(&["--out", "out", "--date", "2026-10-05", "--stamp", "west"], 2),
        "error: --stamp west: the publication has no such stamp"
    );
    // Tables that do not belong together are not explained away.
    let lines = root.out().join("lines/north/2026-10-05/2026-10-06.parquet");
    std::fs::remove_file(&lines).unwrap();
    let of_b = ["--out", "out", "--date", "2026-10-05", "--user-subscription", SUB_B];
    assert!(refused(&of_b, 3).ends_with("a published file that is not there, though receipt.json names it"));
    let receipt = std::fs::read_to_string(root.out().join("receipt.json")).unwrap();
    let without = receipt.replace("lines/north/2026-10-05/2026-10-06.parquet", "gone");
    std::fs::write(root.out().join("receipt.json"), without).unwrap();
    let contradiction = refused(&of_b, 5);
    assert!(contradiction.contains("0 lines of 0 behind a figure of 1 lines of 0.5"), "{contradiction}");
}

#[test]
fn lines_stand_under_the_snapshots_that_decided_them() {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T03", "1"),
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T15", "2"),
    ]);
    root.file("north/registration/2026-10-05T12.json", crate::support::registration(DEFAULT, "north"));
    root.run(&["--attribute-at", "usage"]).expect(0);
    let why = |root: &TestRoot| root.stacktally(&["why", "--out", "out", "--date", "2026-10-05"]).expect(0).stdout;
    let text = why(&root);
    assert_eq!(text.matches("  because  ").count(), 2, "two registrations were in force: {text}");
    assert!(text.contains("decided at         2026-10-05T15\n"), "{text}");
    // The only list is of noon: it serves the morning too, and why says so.
    root.remove("north/customer-subscriptions");
    root.file("north/customer-subscriptions/2026-10-05T12.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    root.remove("north/registration/2026-10-05T12.json");
    root.run(&["--attribute-at", "usage"]).expect(0);
    let told = "2026-10-05T12.json (2026-10-05T12, later than that, and the first there is)";
    assert!(unwrapped(&why(&root)).contains(told));
}

#[test]
fn a_mapping_is_told_until_it_ends() {
    let root = published();
    root.file("north/customer-subscriptions/2026-10-09.json", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    root.run(&[]).expect(0);
    let flags = ["why", "--out", "out", "--date", "2026-10-05", "--user-subscription", SUB_B];
    let text = root.stacktally(&flags).expect(0).stdout;
    let told = "does not map (it is from the list of 2026-10-07T00 until that of 2026-10-09T00)";
    assert!(unwrapped(&text).contains(told), "{text}");
}

#[test]
fn a_line_that_no_figure_counts_is_a_contradiction() {
    let root = published();
    // A publication whose daily table comes from another run, receipt and all.
    let receipt = |out: &std::path::Path| std::fs::read_to_string(out.join("receipt.json")).unwrap();
    let entry = |text: &str| {
        let receipt: serde_json::Value = serde_json::from_str(text).unwrap();
        let published = receipt["published"].as_array().unwrap().clone();
        let file = published.into_iter().find(|file| file["path"] == "daily/north/2026-10.parquet").unwrap();
        file["blake3"].as_str().unwrap().to_owned()
    };
    let (old, daily) = (receipt(&root.out()), root.out().join("daily/north/2026-10.parquet"));
    root.file(
        "north/usage/2026-10-05/page-0001.json",
        page(&[Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", "4.0")]),
    );
    let other = root.folder().join("other");
    root.stacktally(&["run", "--root", "root", "--out", "other"]).expect(0);
    std::fs::copy(other.join("daily/north/2026-10.parquet"), &daily).unwrap();
    std::fs::write(root.out().join("receipt.json"), old.replace(&entry(&old), &entry(&receipt(&other)))).unwrap();
    let ran = root.stacktally(&["why", "--out", "out", "--date", "2026-10-05"]).expect(5);
    assert!(ran.stderr.contains("is in no figure of 2026-10-05"), "{}", ran.stderr);
}
