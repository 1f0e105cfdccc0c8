//! `--json`: the summary as one JSON object, however a run ends.

use std::fs;

use serde_json::Value;

use crate::support::{BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TestRoot, VM_HOURS, customers, masked, page};

fn usage() -> TestRoot {
    TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "2.0"),
    ])
}

#[test]
fn a_good_run_says_everything() {
    let root = usage();
    insta::assert_snapshot!(masked(&root.run(&["--json"]).expect(0)));
    let again: Value = serde_json::from_str(&root.run(&["--json"]).expect(0).stdout).unwrap();
    assert_eq!(again["published"]["changed"], 0, "{again:#}");
    assert!(again["published"]["bytes"].as_u64().unwrap() > 10_000, "{again:#}");
}

#[test]
fn rejects_and_findings_end_with_4() {
    let root = usage();
    let bad = Line { quantity: "-1".into(), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1") };
    root.file(
        "north/usage/2026-10-06/a.json",
        page(&[bad, Line::hourly(SUB_A, VM_HOURS, "2026-10-06T02", "1")]).replacen(
            '{',
            "{\"nextLink\":\"https://next\",",
            1,
        ),
    );
    insta::assert_snapshot!(masked(&root.run(&["--json", "--accept", "chain_without_end"]).expect(4)));
}

#[test]
fn a_refusal_says_where_and_how_to_go_on_twice() {
    let root = usage();
    root.file("north/usage/2026-10-06/a.json", "{\"value\":[");
    insta::assert_snapshot!(masked(&root.run(&["--json"]).expect(3)));
}

/// Several errors at once, and findings beside them.
#[test]
fn what_stands_beside_the_error_is_there() {
    let root = usage();
    let other = "b111ed00-0000-4000-8000-0000000000ee";
    let mapped = [(TENANT_A, BILLED_A), (TENANT_A, other), ("contoso", other)];
    root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &mapped));
    root.file("north/customer-subscriptions/2026-10-07.json", customers(other, "elsewhere", &[(TENANT_A, BILLED_A)]));
    let ran = root.check(&["--json"]).expect(3);
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    let errors = ran.stderr.matches("error: ").count();
    assert!(errors > 1, "{}", ran.transcript());
    assert!(ran.stderr.contains("finding: "), "{}", ran.transcript());
    assert_eq!(summary["error"]["beside"].as_array().unwrap().len(), errors - 1, "{summary:#}");
    assert_eq!(summary["findings"].as_array().unwrap().len(), ran.stderr.matches("finding: ").count(), "{summary:#}");
}

#[test]
fn wrong_use_is_said_too() {
    let root = usage();
    insta::assert_snapshot!(masked(&root.stacktally(&["run", "--json", "--root", "rot", "--out", "out"]).expect(2)));
    fs::write(root.folder().join("bad.toml"), "rot = \"root\"\n").unwrap();
    let ran = root.stacktally(&["check", "--json", "--settings", "bad.toml"]).expect(2);
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    let error = &summary["error"];
    assert_eq!((&error["file"], &error["line"], &error["column"]), (&"bad.toml".into(), &1.into(), &1.into()));
}

/// One shape for all endings: programs look keys up without asking which ending it was.
#[test]
fn the_keys_are_the_same_however_it_ends() {
    let root = usage();
    let keys = |text: &str| -> Vec<String> {
        let summary: Value = serde_json::from_str(text).unwrap();
        summary.as_object().unwrap().keys().cloned().collect()
    };
    let good = keys(&root.run(&["--json"]).expect(0).stdout);
    let checked = root.check(&["--json"]).expect(0).stdout;
    assert_eq!(keys(&checked), good);
    assert_eq!(serde_json::from_str::<Value>(&checked).unwrap()["published"], Value::Null);
    assert_eq!(keys(&root.check(&["--json", "--stamp", "south"]).expect(2).stdout), good);
}
