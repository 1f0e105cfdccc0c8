//! `--log-format`: structured events on standard error, a line each, and nothing else there.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{
    Line, Ran, SUB_A, SUB_B, TestRoot, VM_HOURS, files_below, masked, page, ran, receipt, stacktally,
};

fn usage() -> TestRoot {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "2.0"),
    ]);
    let bad = Line { quantity: "-1".into(), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1") };
    root.file(
        "north/usage/2026-10-06/a.json",
        page(&[bad, Line::hourly(SUB_A, VM_HOURS, "2026-10-06T02", "1")]).replacen(
            '{',
            "{\"nextLink\":\"https://next\",",
            1,
        ),
    );
    root
}

/// Every line of standard error as the JSON object that it must be.
#[track_caller]
fn events(ran: &Ran) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{}", ran.transcript()));
    ran.stderr.lines().map(object).collect()
}

fn messages(ran: &Ran) -> Vec<String> {
    events(ran).iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_run_logs_its_steps_findings_and_end() {
    let root = usage();
    insta::assert_snapshot!("text", masked(&root.run(&["--log-format", "text"]).expect(4)));
    // Its rejects are new to another OUT.
    fs::remove_dir_all(root.out()).unwrap();
    insta::assert_snapshot!("json", masked(&root.run(&["--log-format", "json"]).expect(4)));
}

#[test]
fn standard_output_stays_what_it_is() {
    let root = usage();
    root.run(&[]).expect(4);
    let plain = root.run(&[]).expect(0);
    assert_eq!(plain.stderr, "");
    assert_eq!(root.run(&["--log-format", "json"]).expect(0).stdout, plain.stdout);
}

/// Who watches changes nothing of what is published.
#[test]
fn nothing_of_it_is_published() {
    let root = usage();
    root.run(&[]).expect(4);
    let (plain, settings) = (files_below(&root.out()), receipt(&root.out())["settings"].clone());
    fs::remove_dir_all(root.out()).unwrap();
    root.run(&["--log-format", "json", "--log-level", "debug", "--json", "--metrics", "m.prom"]).expect(4);
    assert_eq!(files_below(&root.out()), plain);
    assert_eq!(receipt(&root.out())["settings"], settings);
}

#[test]
fn a_failure_is_an_event_and_nothing_else_is_said() {
    let root = usage();
    root.file("north/usage/2026-10-07/a.json", "{\"value\":[");
    insta::assert_snapshot!("failure", masked(&root.run(&["--log-format", "json"]).expect(3)));
    insta::assert_snapshot!(
        "failure-text",
        masked(&root.run(&["--log-format", "text", "--log-level", "error"]).expect(3))
    );

    // Several errors at once.
    root.file("north/registration/2026-10-06.json", "{}");
    root.file("north/user-subscriptions/2026-10-06.json", "{}");
    let ran = root.check(&["--log-format", "json"]).expect(3);
    assert_eq!(messages(&ran).iter().filter(|message| *message == "run failed").count(), 2, "{}", ran.transcript());
}

#[test]
fn wrong_use_is_an_event_too() {
    let root = usage();
    insta::assert_snapshot!("usage", masked(&root.stacktally(&["check", "--log-format", "json"]).expect(2)));
    fs::write(root.folder().join("s.toml"), "root = \"nowhere\"\nlog-format = \"json\"\n").unwrap();
    let ran = root.stacktally(&["check", "--settings", "s.toml"]).expect(2);
    assert_eq!(messages(&ran), ["run started", "run failed", "run finished"]);
    fs::write(root.folder().join("s.toml"), "root = \"root\"\nlog-format = \"xml\"\n").unwrap();
    let ran = root.stacktally(&["check", "--settings", "s.toml", "--log-format", "json"]).expect(2);
    assert_eq!(events(&ran)[1]["line"], 2, "{}", ran.transcript());
}

#[test]
fn levels_choose_what_is_said() {
    let root = usage();
    let at = |level| messages(&root.check(&["--log-format", "json", "--log-level", level]).expect(4));
    assert_eq!(at("error"), Vec::<String>::new());
    assert_eq!(at("warn"), ["lines set aside", "stamp overdue", "finding"]);
    assert!(!at("info").contains(&"file read".to_owned()));
    assert_eq!(at("debug").iter().filter(|message| *message == "file read").count(), 5);
    let accept = ["--log-format", "json", "--log-level", "warn", "--accept", "chain_without_end", "window_overdue"];
    assert_eq!(messages(&root.check(&accept).expect(4)), ["lines set aside"]);
    // Lines that were told before are no warning any more.
    root.run(&[]).expect(4);
    assert_eq!(messages(&root.run(&accept).expect(0)), Vec::<String>::new());
}

/// What input says cannot break a line of the log in two, nor steer a terminal.
#[test]
fn text_of_input_stays_on_its_line() {
    let root = usage();
    root.file("north/usage/2026-10-07/a\u{1b}[31m\n{}.json", "{\"value\":[");
    for format in ["text", "json"] {
        let ran = root.check(&["--log-format", format]).expect(3);
        assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.transcript());
        assert!(ran.stderr.lines().all(|line| line.starts_with(['{', '2'])), "{}", ran.transcript());
    }
}

/// A log that cannot be written is no reason to fail the night.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_error_is_no_failure() {
    let root = usage();
    let mut command = stacktally(root.folder());
    command.args(["run", "--root", "root", "--out", "out", "--log-format", "json"]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(Stdio::piped()).stderr(full).spawn().unwrap().wait_with_output().unwrap();
    ran(output).expect(4);
}
