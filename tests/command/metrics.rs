//! `--metrics FILE`: what a monitor is told of a run, however it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stacktally::cli::metrics::escaped;

#[cfg(unix)]
use super::run::{much_to_read, signalled};
use crate::support::{Line, SUB_A, SUB_B, TestRoot, VM_HOURS, files_below, mask, page};

fn usage() -> TestRoot {
    TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "2.0"),
    ])
}

const FLAGS: [&str; 2] = ["--metrics", "stacktally.prom"];

fn read(root: &TestRoot) -> String {
    fs::read_to_string(root.folder().join("stacktally.prom")).unwrap()
}

/// The value of every series.
fn series(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| line.rsplit_once(' ').map(|(series, value)| (series.to_owned(), value.to_owned())).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(pair).collect()
}

/// Series that tell of the data, not of the run.
fn of_data(text: &str) -> BTreeMap<String, String> {
    let of_run = ["_last_", "_run_", "_step_", "_build_"];
    series(text).into_iter().filter(|(name, _)| !of_run.iter().any(|part| name.contains(part))).collect()
}

const LAST_SUCCESS: &str = "stacktally_last_success_timestamp_seconds";
const EXIT_CODE: &str = "stacktally_last_exit_code";

#[test]
fn a_good_run_tells_everything() {
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
    root.run(&FLAGS).expect(4);
    insta::assert_snapshot!(mask(&read(&root)));
    let metrics = series(&read(&root));
    assert_eq!(metrics[LAST_SUCCESS], metrics["stacktally_last_run_timestamp_seconds"]);
    let covered_to: i64 = metrics["stacktally_covered_to_timestamp_seconds{stamp=\"north\"}"].parse().unwrap();
    assert_eq!(covered_to, 1_791_244_800, "2026-10-06T00Z: the window after it lacks its end");
    let run: i64 = metrics["stacktally_last_run_timestamp_seconds"].parse().unwrap();
    let lag: i64 = metrics["stacktally_coverage_lag_hours{stamp=\"north\"}"].parse().unwrap();
    assert_eq!(lag, (run - covered_to).div_euclid(3600));
}

/// What Prometheus asks of a textfile: HELP and TYPE before the samples of each metric, a line each, the last one ended.
#[test]
fn the_format_is_that_of_prometheus() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let text = read(&root);
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    let mut described = "";
    for (line, next) in text.lines().zip(text.lines().skip(1)) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            described = help.split(' ').next().unwrap();
            assert_eq!(next, format!("# TYPE {described} gauge"));
        } else if !line.starts_with('#') {
            assert_eq!(line.split(['{', ' ']).next().unwrap(), described);
        }
    }
    assert_eq!(series(&text).len(), text.lines().filter(|line| !line.starts_with('#')).count(), "each series once");
    assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
}

#[test]
fn a_run_that_fails_keeps_what_the_last_good_one_told() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let good = read(&root);
    // A second later, so that a time that is not kept is seen.
    let earlier = good.replace(&series(&good)[LAST_SUCCESS], "1700000000");
    fs::write(root.folder().join("stacktally.prom"), &earlier).unwrap();
    root.file("north/usage/2026-10-06/a.json", "{\"value\":[");
    for _ in 0..2 {
        root.run(&FLAGS).expect(3);
        let failed = series(&read(&root));
        assert_eq!(failed[LAST_SUCCESS], "1700000000");
        assert_ne!(failed["stacktally_last_run_timestamp_seconds"], "1700000000");
        assert_eq!(failed[EXIT_CODE], "3");
        assert_eq!(of_data(&read(&root)), of_data(&good));
        assert!(!failed.keys().any(|name| name.contains("publishing")), "steps are those of this run");
    }
    root.remove("north/usage/2026-10-06");
    root.run(&FLAGS).expect(0);
    assert_ne!(series(&read(&root))[LAST_SUCCESS], "1700000000");
}

#[test]
fn a_first_run_that_fails_tells_that_none_was_good() {
    let root = usage();
    root.file("north/usage/2026-10-06/a.json", "{\"value\":[");
    root.run(&FLAGS).expect(3);
    let metrics = series(&read(&root));
    assert_eq!((metrics[LAST_SUCCESS].as_str(), metrics[EXIT_CODE].as_str()), ("0", "3"));
    assert_eq!(of_data(&read(&root)), BTreeMap::new(), "absent is not zero");
}

#[test]
fn wrong_use_and_a_held_out_are_told() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let good = read(&root);
    fs::write(root.folder().join("s.toml"), "root = \"not-mounted\"\nout = \"out\"\nmetrics = \"stacktally.prom\"\n")
        .unwrap();
    root.stacktally(&["run", "--settings", "s.toml"]).expect(2);
    assert_eq!(series(&read(&root))[EXIT_CODE], "2");
    let lock = fs::File::open(root.out().join(".stacktally/lock")).unwrap();
    lock.try_lock().unwrap();
    root.run(&FLAGS).expect(7);
    assert_eq!(series(&read(&root))[EXIT_CODE], "7");
    assert_eq!(of_data(&read(&root)), of_data(&good));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_tells_so() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let good = read(&root);
    much_to_read(&root);
    signalled(&root, "TERM", &FLAGS).expect(143);
    assert_eq!(series(&read(&root))[EXIT_CODE], "143");
    assert_eq!(of_data(&read(&root)), of_data(&good));
    let ran = signalled(&root, "INT", &["--log-format", "json", "--json"]).expect(130);
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&summary["exit_code"], &summary["error"]["kind"]), (&130.into(), &"stopped".into()));
    assert!(ran.stderr.lines().all(|line| line.starts_with('{')), "{}", ran.transcript());
}

/// Who reads while a run writes has the old file or the new one.
#[cfg(unix)]
#[test]
fn a_reader_never_sees_half_of_it() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let before = read(&root);
    let opened = fs::File::open(root.folder().join("stacktally.prom")).unwrap();
    root.file("north/usage/2026-10-06/a.json", "{\"value\":[");
    root.run(&FLAGS).expect(3);
    assert_eq!(std::io::read_to_string(opened).unwrap(), before);
    assert_ne!(read(&root), before);
}

/// A what-if is not the night that a monitor waits for.
#[test]
fn a_what_if_is_not_told() {
    let root = usage();
    let registration = "root/north/registration/2026-10-01.json";
    root.run(&[&FLAGS[..], &["--registration-override", registration]].concat()).expect(0);
    root.run(&[&FLAGS[..], &["--registration-override", registration, "--threads", "0"]].concat()).expect(2);
    assert!(!root.folder().join("stacktally.prom").exists());
}

#[test]
fn what_is_torn_or_foreign_is_replaced() {
    let root = usage();
    root.run(&FLAGS).expect(0);
    let good = read(&root);
    root.file("north/usage/2026-10-06/a.json", "{\"value\":[");
    let torn = &good[..good.len() - 1];
    let label = good.replacen("result=\"read\"", "result=\"read", 1);
    let number = good.replacen("{result=\"read\"} 2", "{result=\"read\"} two", 1);
    let foreign = format!("{good}node_load1 0.5\n");
    for text in [torn, &label, &number, &foreign, "", "\u{0}"] {
        assert_ne!(text, good);
        fs::write(root.folder().join("stacktally.prom"), text).unwrap();
        root.run(&FLAGS).expect(3);
        assert_eq!(series(&read(&root))[LAST_SUCCESS], "0", "{text}");
        assert_eq!(of_data(&read(&root)), BTreeMap::new());
    }
}

#[test]
fn metrics_that_cannot_be_written_are_a_warning() {
    let root = usage();
    let ran = root.run(&["--metrics", "nowhere/stacktally.prom"]).expect(0);
    assert!(ran.stderr.starts_with("warning: cannot write the metrics to nowhere/stacktally.prom: "), "{}", ran.stderr);
    let ran = root.run(&["--metrics", "nowhere/stacktally.prom", "--log-format", "json"]).expect(0);
    let warned: serde_json::Value =
        serde_json::from_str(ran.stderr.lines().find(|line| line.contains("WARN")).unwrap()).unwrap();
    assert_eq!(warned["message"], "not done", "{warned}");
    assert!(ran.stderr.lines().last().unwrap().contains("run finished"), "{}", ran.transcript());
    fs::create_dir(root.folder().join("stacktally.prom")).unwrap();
    let before = names(root.folder());
    assert!(root.run(&FLAGS).expect(0).stderr.starts_with("warning: "));
    assert_eq!(names(root.folder()), before, "nothing is left beside it");
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn a_slip_of_the_pen_costs_no_file() {
    let root = usage();
    root.run(&[]).expect(0);
    let ran = root.run(&["--metrics", "out/receipt.json"]).expect(0);
    assert!(ran.stderr.contains("holds no metrics of stacktally"), "{}", ran.stderr);
    assert!(fs::read_to_string(root.out().join("receipt.json")).unwrap().starts_with('{'));
    let before = files_below(&root.root());
    let ran = root.run(&["--metrics", "root/stacktally.prom"]).expect(2);
    assert!(ran.stderr.contains("lies in the root"), "{}", ran.stderr);
    assert_eq!(files_below(&root.root()), before);
}

/// A check publishes nothing, so it tells nothing of when something was.
#[test]
fn a_check_leaves_metrics_alone() {
    let root = usage();
    fs::write(root.folder().join("s.toml"), "root = \"root\"\nmetrics = \"stacktally.prom\"\n").unwrap();
    root.stacktally(&["check", "--settings", "s.toml"]).expect(0);
    assert!(!root.folder().join("stacktally.prom").exists());
}
