//! `stacktally recover`, and runs that wait.

use std::fs::{self, File};
use std::time::Duration;

use stacktally::store::Fingerprint;

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, files_below, ran, run_in, stacktally};

fn published() -> TestRoot {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]);
    root.run(&[]).expect(0);
    root
}

/// A commit that was cut short, which has these steps left.
fn journal(root: &TestRoot, steps: &str) {
    let body = format!("{{\"format\":1,\"generation\":2,\"steps\":[{steps}]}}\n");
    fs::write(root.out().join(".stacktally/journal"), format!("{body}{}\n", Fingerprint::of(body.as_bytes()))).unwrap();
}

#[test]
fn recover_says_what_it_did() {
    let root = published();
    let recover = |flags: &[&str]| root.stacktally(&[&["recover", "--out", "out"], flags].concat()).transcript();
    let before = files_below(&root.out());
    insta::assert_snapshot!("nothing", recover(&[]));
    fs::create_dir(root.out().join(".stacktally/staging")).unwrap();
    fs::write(root.out().join(".stacktally/staging/0"), "half a table").unwrap();
    insta::assert_snapshot!("cleared", recover(&[]));
    assert!(!root.out().join(".stacktally/staging").exists());
    journal(&root, r#"{"put":{"from":".stacktally/staging/0","to":"meters.parquet","old":null,"new":"00"}}"#);
    insta::assert_snapshot!("lost", recover(&[]));
    assert_eq!(files_below(&root.out()), before);
    let held = File::open(root.out().join(".stacktally/lock")).unwrap();
    held.try_lock().unwrap();
    insta::assert_snapshot!("busy", recover(&[]));
    drop(held);
    journal(&root, r#"{"remove":{"path":"csv/rejects.csv","old":null}}"#);
    fs::write(root.folder().join("settings.toml"), "out = \"out\"\nwait = true\n").unwrap();
    let ran = root.stacktally(&["recover", "--settings", "settings.toml"]).expect(0);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("rolled generation 2 forward: 0 files written, 1 removed\n", "")
    );
    assert!(!root.out().join("csv/rejects.csv").exists());
}

#[test]
fn recover_of_what_is_no_publication_ends_with_2() {
    let folder = crate::support::tempdir().unwrap();
    insta::assert_snapshot!(
        "no-publication",
        run_in(folder.path(), &["recover", "--out", "out"]).expect(2).transcript()
    );
    insta::assert_snapshot!("no-out", run_in(folder.path(), &["recover"]).expect(2).transcript());
    assert!(!folder.path().join("out").exists(), "it makes none");
    insta::assert_snapshot!("help-recover", run_in(folder.path(), &["recover", "--help"]).expect(0).transcript());
}

/// A journal that nobody can use stops those that would read past it, too.
#[test]
fn commands_that_read_name_a_journal_that_was_altered() {
    let root = published();
    fs::write(root.out().join(".stacktally/journal"), "{}\n00\n").unwrap();
    insta::assert_snapshot!(root.stacktally(&["coverage", "--out", "out"]).expect(1).transcript());
}

/// Staged before published; and what has come into its place since, or made room for another run's file, from there.
#[test]
fn commands_that_read_look_through_the_journal() {
    let root = published();
    let coverage = || root.stacktally(&["coverage", "--out", "out"]).expect(0).stdout;
    let expected = coverage();
    let (target, staged) = (root.out().join("coverage.parquet"), root.out().join(".stacktally/staging/7"));
    let bytes = fs::read(&target).unwrap();
    let new = Fingerprint::of(&bytes);
    journal(
        &root,
        &format!(r#"{{"put":{{"from":".stacktally/staging/7","to":"coverage.parquet","old":null,"new":"{new}"}}}}"#),
    );
    assert_eq!(coverage(), expected, "it is in its place");
    fs::create_dir(root.out().join(".stacktally/staging")).unwrap();
    fs::write(&staged, "of another run").unwrap();
    assert_eq!(coverage(), expected, "what is staged there now is something else");
    fs::write(&staged, bytes).unwrap();
    fs::write(&target, "the old one").unwrap();
    assert_eq!(coverage(), expected, "it is staged");
    root.stacktally(&["recover", "--out", "out"]).expect(0);
    assert_eq!(coverage(), expected);
}

#[test]
fn a_run_that_waits_goes_on_when_the_other_ends() {
    let root = published();
    fs::write(root.folder().join("settings.toml"), "root = \"root\"\nout = \"out\"\nwait = true\n").unwrap();
    let held = File::open(root.out().join(".stacktally/lock")).unwrap();
    held.try_lock().unwrap();
    let mut waiting = stacktally(root.folder()).args(["run", "--settings", "settings.toml"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert!(waiting.try_wait().unwrap().is_none(), "it waits");
    root.stacktally(&["run", "--settings", "settings.toml", "--wait=false"]).expect(7);
    drop(held);
    ran(waiting.wait_with_output().unwrap()).expect(0);
    assert!(root.out().join("receipts/000002.json").exists());
}

/// SIGTERM ends the wait as it ends a run.
#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait() {
    let root = published();
    let held = File::open(root.out().join(".stacktally/lock")).unwrap();
    held.try_lock().unwrap();
    let mut command = stacktally(root.folder());
    command.args(["recover", "--out", "out", "--wait"]).stderr(std::process::Stdio::piped());
    let waiting = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let kill = std::process::Command::new("kill").args(["-TERM", &waiting.id().to_string()]).status().unwrap();
    assert!(kill.success());
    ran(waiting.wait_with_output().unwrap()).expect(143);
}
