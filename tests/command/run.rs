//! `stacktally run`.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{
    Line, Ran, SUB_A, SUB_B, SUB_UNKNOWN, TestRoot, VM_HOURS, files_below, page, ran, receipt, run_in, stacktally,
};

fn usage() -> TestRoot {
    TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "2.0"),
        Line::hourly(SUB_UNKNOWN, VM_HOURS, "2026-10-05T13", "3.0"),
    ])
}

#[test]
fn help_reads_well() {
    let folder = crate::support::tempdir().unwrap();
    for (name, arguments) in [
        ("help", vec!["--help"]),
        ("help-run", vec!["run", "--help"]),
        ("help-check", vec!["check", "-h"]),
        ("help-why", vec!["why", "--help"]),
        ("help-compare", vec!["compare", "-h"]),
        ("help-changes", vec!["changes", "-h"]),
        ("help-statement", vec!["statement", "-h"]),
    ] {
        insta::assert_snapshot!(name, run_in(folder.path(), &arguments).expect(0).transcript());
    }
    insta::assert_snapshot!("no-command", run_in(folder.path(), &[]).expect(2).transcript());
}

#[test]
fn a_good_run_ends_with_its_summary() {
    insta::assert_snapshot!(usage().run(&[]).expect(0).transcript());
}

#[test]
fn a_run_with_rejects_and_findings_ends_with_4() {
    let root = usage();
    let bad = Line { quantity: "-1".into(), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1") };
    let page = page(&[bad, Line::hourly(SUB_A, VM_HOURS, "2026-10-06T02", "1")]);
    root.file("north/usage/2026-10-06/a.json", page.replacen('{', "{\"nextLink\":\"https://next\",", 1));
    root.file("north/usage/2026-10-06/b.json", page.replacen('{', "{\"nextLink\":\"https://next\",", 1));
    insta::assert_snapshot!(root.run(&[]).expect(4).transcript());
    let before = files_below(&root.out());
    insta::assert_snapshot!("rejects-max", root.run(&["--rejects-max", "0"]).expect(3).transcript());
    insta::assert_snapshot!("strict", root.run(&["--strict"]).expect(3).transcript());
    // An error, a warning and a note.
    for (level, refused) in
        [("error", "1 finding:"), ("warning", "2 findings:"), ("note", "3 findings:"), ("true", "3 findings:")]
    {
        let ran = root.run(&[&format!("--strict={level}")]).expect(3);
        assert!(ran.stderr.starts_with(&format!("error: --strict refuses {refused}\n")), "{level}: {}", ran.stderr);
    }
    root.check(&["--strict=error", "--accept", "chain_without_end"]).expect(4);
    let settings =
        |strict: &str| fs::write(root.folder().join("s.toml"), format!("root = \"root\"\nstrict = {strict}\n"));
    settings("\"warning\"").unwrap();
    let ran = root.stacktally(&["check", "--settings", "s.toml"]).expect(3);
    assert!(ran.stderr.contains("--strict refuses 2 findings:"), "{}", ran.stderr);
    settings("\"severe\"").unwrap();
    let ran = root.stacktally(&["check", "--settings", "s.toml"]).expect(2);
    let expected =
        "s.toml:2:10: invalid value: string \"severe\", expected true, false, \"note\", \"warning\" or \"error\"";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert_eq!(files_below(&root.out()), before, "what was published stays");
    insta::assert_snapshot!("rejects-told-before", root.run(&["--rejects-max", "1"]).expect(0).transcript());
}

#[test]
fn removed_files_are_said() {
    let root = usage();
    root.file("south/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]));
    root.snapshots("south");
    root.run(&[]).expect(0);
    root.remove("south");
    insta::assert_snapshot!("what-would-vanish", root.run(&[]).expect(3).transcript());
    insta::assert_snapshot!(root.run(&["--forget", "south"]).expect(0).transcript());
}

#[test]
fn bad_input_says_where_and_how_to_go_on() {
    let root = usage();
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    let cut = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-06T01", "1.0")]);
    for (name, content) in [
        ("page-cut-in-half", &cut[..cut.len() / 2]),
        ("error-body", r#"{"error":{"code":"GatewayTimeout","message":"The gateway did not receive a response."}}"#),
        ("sign-in-page", "<!DOCTYPE html><html>"),
    ] {
        root.file("north/usage/2026-10-06/page-0001.json", content);
        insta::assert_snapshot!(name, root.run(&[]).expect(3).transcript());
    }
    root.remove("north/usage/2026-10-06");
    root.file("north/registration/2026-10-06.json", "{}");
    insta::assert_snapshot!("registration-without-default", root.run(&[]).expect(3).transcript());
    root.remove("north/registration");
    insta::assert_snapshot!("no-registration", root.run(&[]).expect(3).transcript());
    assert_eq!(files_below(&root.out()), before, "what was published stays");
    assert!(!root.out().join(".stacktally/staging").exists(), "nothing half-done is left");
}

#[test]
fn wrong_use_ends_with_2() {
    let root = usage();
    for (name, arguments) in [
        ("no-root", vec!["run", "--out", "out"]),
        ("no-out", vec!["run", "--root", "root"]),
        ("root-is-not-there", vec!["run", "--root", "rot", "--out", "out"]),
        ("out-in-root", vec!["run", "--root", "root", "--out", "root/out"]),
        ("unknown-stamp", vec!["run", "--root", "root", "--out", "out", "--stamp", "nroth"]),
        ("stamp-is-no-name", vec!["run", "--root", "root", "--out", "out", "--stamp", "North"]),
        ("unknown-flag", vec!["run", "--root", "root", "--out", "out", "--strickt"]),
        ("no-threads", vec!["run", "--root", "root", "--out", "out", "--threads", "0"]),
        ("root-in-out", vec!["run", "--root", "root", "--out", "."]),
        ("out-in-root-by-another-way", vec!["run", "--root", "root", "--out", "nowhere/../root/out"]),
        ("out-is-a-file", vec!["run", "--root", "root", "--out", "root/north/usage/2026-10-05/page-0001.json"]),
    ] {
        insta::assert_snapshot!(name, root.stacktally(&arguments).expect(2).transcript());
    }
    assert!(!root.out().join("receipt.json").exists());
}

#[test]
fn an_out_that_cannot_be_written_ends_with_1() {
    let root = usage();
    fs::create_dir(root.out()).unwrap();
    fs::write(root.out().join(".stacktally"), "a file").unwrap();
    let ran = root.run(&[]).expect(1);
    assert!(ran.stderr.starts_with("error: cannot make the folder out/.stacktally: "), "{}", ran.stderr);
}

#[test]
fn a_second_run_on_the_same_out_leaves_at_once() {
    let root = usage();
    root.run(&[]).expect(0);
    let lock = File::open(root.out().join(".stacktally/lock")).unwrap();
    lock.try_lock().unwrap();
    let begun = Instant::now();
    insta::assert_snapshot!(root.run(&[]).expect(7).transcript());
    assert!(begun.elapsed() < Duration::from_secs(5), "it does not wait");
    drop(lock);
    root.run(&[]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_signal_stops_the_run_and_publishes_nothing() {
    let root = usage();
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    much_to_read(&root);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let ran = signalled(&root, signal, &[]).expect(code);
        assert!(ran.stderr.contains("nothing was published"), "{}", ran.stderr);
        assert_eq!(files_below(&root.out()), before);
        assert!(!root.out().join(".stacktally/staging").exists());
    }
}

/// More exports, so that a run takes long enough to be stopped.
#[cfg(unix)]
pub(super) fn much_to_read(root: &TestRoot) {
    let lines: Vec<Line> =
        (0..400).map(|at| Line::hourly(SUB_A, VM_HOURS, "2026-10-31T01", &format!("0.{at:03}"))).collect();
    for window in 0..23 {
        for page_number in 0..5 {
            let text = page(&lines).replacen('{', &format!("{{\"page\":\"{window}-{page_number}\","), 1);
            root.file(&format!("north/usage/2026-11-01T{window:02}/page-{page_number}.json"), text);
        }
    }
}

/// A run to which a signal is sent once it holds OUT.
#[cfg(unix)]
pub(super) fn signalled(root: &TestRoot, signal: &str, flags: &[&str]) -> Ran {
    let mut command = stacktally(root.folder());
    command.args(["run", "--root", "root", "--out", "out"]).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until(|| root.out().join(".stacktally/staging").exists());
    std::thread::sleep(Duration::from_millis(50));
    assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
    ran(child.wait_with_output().unwrap())
}

#[cfg(unix)]
fn wait_until(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A run that was killed leaves its staging; the next run clears it.
#[test]
fn the_next_run_clears_what_a_killed_one_left() {
    let root = usage();
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    fs::create_dir_all(root.out().join(".stacktally/staging")).unwrap();
    fs::write(root.out().join(".stacktally/staging/0"), "half a table").unwrap();
    root.run(&[]).expect(0);
    assert_eq!(files_below(&root.out()), before);
    assert!(!root.out().join(".stacktally/staging").exists());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let root = usage();
    let script =
        format!("{:?} run --root root --out out | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_stacktally"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(root.folder()).output().unwrap();
    let ran = ran(output).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn receipts_are_kept_and_numbered() {
    let root = usage();
    root.run(&[]).expect(0);
    root.run(&[]).expect(0);
    let mut names: Vec<_> =
        fs::read_dir(root.out().join("receipts")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["000001.json", "000002.json"]);
    // Both say the same of the run; what the first receipt said already is counted in the one that is kept.
    let kept = fs::read(root.out().join("receipts/000002.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    let last = receipt(&root.out());
    for member in ["format", "generation", "started_at", "finished_at", "settings", "lines", "days", "exports"] {
        assert!(!last[member].is_null() && kept[member] == last[member], "{member}");
    }
    let count = last["published"].as_array().unwrap().len();
    assert_eq!((&kept["published"], &kept["as_before"]["published"]), (&serde_json::json!([]), &count.into()));
}
