//! Every named step of publication, at its first, second, fourth … hit: the process ends there as SIGKILL would end it, or
//! the disk fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use stacktally::publication::Publication;

use super::{Files, NONE, Scene, Which, copy_folder, leftovers, names_of_differing, tables_below};
use crate::support::{Ran, ran, stacktally};

/// Before the commit: a run that ends here has done nothing.
const BEFORE: [&str; 9] = [
    "stage::write",
    "stage::read_back",
    "stage::sync",
    "commit::folders",
    "commit::probed",
    "commit::sync",
    "commit::synced",
    "journal::write",
    "journal::written",
];
/// After it: a run that ends here has published, and the rest is put in place by whoever comes next.
const AFTER: [&str; 7] = [
    "journal::committed",
    "apply::rename",
    "apply::remove",
    "apply::receipt",
    "apply::sync",
    "journal::unlink",
    "journal::unlinked",
];

fn run_at(mut command: Command, failpoints: &str) -> Ran {
    ran(command.env("FAILPOINTS", failpoints).output().unwrap())
}

/// Acts at the first, second, third, fifth, ninth … hit of a step until a run gets past it.
fn at_hits_of(scene: &Scene, step: &str, act: &str, prove: impl Fn(&Ran, Which, &str)) {
    scene.run(Which::First, &[]).expect(0);
    let (mut old, mut new) = (Which::First, Which::Second);
    for hits in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256] {
        let failpoints = format!("{step}={hits}*off->{act}");
        let run = run_at(scene.command(new, &[]), &failpoints);
        if run.code == 0 {
            assert!(hits > 0, "{step} is no step");
            return;
        }
        prove(&run, old, &failpoints);
        let is_new = scene.prove(scene.files(old), new, &failpoints);
        assert_eq!(is_new, AFTER.contains(&step), "{failpoints}");
        (old, new) = (new, old);
    }
    panic!("{step} was hit more than 256 times");
}

#[test]
fn a_run_that_dies_before_its_commit_has_done_nothing() {
    let scene = Scene::new();
    for step in BEFORE {
        at_hits_of(&scene, step, "panic", |run, old, moment| {
            assert_eq!(run.code, -1, "{moment}: {}", run.transcript());
            let found = tables_below(&scene.out());
            let probes = found.keys().filter(|path| path.ends_with(".stacktally-probe")).count();
            assert!(probes <= usize::from(step == "commit::probed"), "{moment}");
            let found: Files = found.into_iter().filter(|(path, _)| !path.ends_with(".stacktally-probe")).collect();
            assert_eq!(names_of_differing(&found, scene.files(old)), NONE, "{moment}");
        });
    }
}

#[test]
fn a_run_that_dies_after_its_commit_has_published() {
    let scene = Scene::new();
    for step in AFTER {
        at_hits_of(&scene, step, "panic", |run, _, moment| {
            assert_eq!(run.code, -1, "{moment}: {}", run.transcript());
        });
    }
}

/// A panic that is no failpoint's own is a bug: its report says where it happened, and nothing is harmed.
#[test]
fn a_bug_at_any_step_is_reported_and_harms_nothing() {
    let scene = Scene::new();
    for step in BEFORE.into_iter().chain(AFTER) {
        at_hits_of(&scene, step, "panic(nobody thought of this)", |run, old, moment| {
            assert_eq!(run.code, 8, "{moment}: {}", run.transcript());
            assert!(run.stderr.contains(": nobody thought of this"), "{moment}: {}", run.stderr);
            assert!(run.stderr.contains("this is a bug of stacktally"), "{moment}: {}", run.stderr);
            if BEFORE.contains(&step) {
                let found = tables_below(&scene.out());
                let found: Files = found.into_iter().filter(|(path, _)| !path.ends_with(".stacktally-probe")).collect();
                assert_eq!(names_of_differing(&found, scene.files(old)), NONE, "{moment}");
            }
        });
    }
}

#[test]
fn a_disk_that_fails_before_the_commit_leaves_nothing_of_the_run() {
    let scene = Scene::new();
    for step in BEFORE {
        at_hits_of(&scene, step, "return", |run, old, moment| {
            assert_eq!(run.code, 1, "{moment}: {}", run.transcript());
            assert!(run.stderr.contains("error: cannot "), "{moment}: {}", run.stderr);
            assert_eq!(names_of_differing(&tables_below(&scene.out()), scene.files(old)), NONE, "{moment}");
            assert_eq!(leftovers(&scene.out()), NONE, "{moment}");
        });
    }
}

#[test]
fn a_disk_that_fails_after_the_commit_leaves_the_journal_and_says_so() {
    let scene = Scene::new();
    for step in AFTER {
        at_hits_of(&scene, step, "return", |run, _, moment| {
            assert_eq!(run.code, 1, "{moment}: {}", run.transcript());
            assert!(run.stderr.contains("the new publication is committed"), "{moment}: {}", run.stderr);
            assert!(run.stderr.contains("stacktally recover --out out"), "{moment}: {}", run.stderr);
            let is_there = scene.out().join(".stacktally/journal").exists();
            assert_eq!(is_there, step != "journal::unlinked", "{moment}");
        });
    }
}

/// Rolling forward is cut short as well, again and again, until it is done.
#[test]
fn recover_can_die_too() {
    let scene = Scene::new();
    scene.run(Which::First, &[]).expect(0);
    assert_eq!(run_at(scene.command(Which::Second, &[]), "journal::committed=panic").code, -1);
    for failpoints in [
        "journal::committed=panic",
        "apply::rename=panic",
        "apply::rename=1*off->panic",
        "apply::rename=9*off->panic",
        "apply::remove=panic",
        "apply::remove=1*off->panic",
        "apply::receipt=panic",
        "apply::sync=panic",
        "journal::unlink=panic",
    ] {
        let mut recover = stacktally(scene.folder.folder());
        recover.args(["recover", "--out", "out"]);
        assert_eq!(run_at(recover, failpoints).code, -1, "{failpoints}");
        assert!(scene.prove_left(scene.files(Which::First), scene.files(Which::Second), failpoints));
    }
    let said = scene.folder.stacktally(&["recover", "--out", "out"]).expect(0).stdout;
    let second = scene.files(Which::Second);
    let put = second.iter().filter(|(path, bytes)| scene.files(Which::First).get(*path) != Some(bytes)).count();
    let removed = scene.files(Which::First).keys().filter(|path| !second.contains_key(*path)).count();
    // The receipt is put as well, and kept among the others; and what changed, and the exports, as Parquet and as CSV.
    assert_eq!(said, format!("rolled generation 2 forward: {} files written, {removed} removed\n", put + 6));
    assert_eq!(names_of_differing(&tables_below(&scene.out()), second), NONE);
    assert_eq!(scene.folder.stacktally(&["recover", "--out", "out"]).expect(0).stdout, "nothing to recover\n");
}

/// `close` and `reopen` write what no run can make again: what is closed, and that it is.
#[test]
fn closing_and_reopening_can_die_at_every_step() {
    let scene = Scene::new();
    let folder = scene.folder.folder();
    let command = |arguments: &[&str]| {
        let mut command = stacktally(folder);
        command.args(arguments);
        command
    };
    scene.run(Which::First, &[]).expect(0);
    for arguments in [
        ["close", "2026-10", "--out", "next", "--force", "--reason", "the bill is due"].as_slice(),
        ["reopen", "2026-10", "--out", "next", "--reason", "late lines"].as_slice(),
    ] {
        let start = || {
            let _ = fs::remove_dir_all(folder.join("next"));
            copy_folder(&scene.out(), &folder.join("next"));
        };
        let next = folder.join("next");
        start();
        let old = with_history(&next);
        ran(command(arguments).output().unwrap()).expect(0);
        let new = with_history(&next);
        assert_ne!(old, new);
        let mut cuts = 0;
        for (step, act) in BEFORE.iter().chain(&AFTER).flat_map(|step| [(*step, "panic"), (*step, "return")]) {
            for hits in [0, 1, 2, 4, 8, 16, 32] {
                let moment = format!("{}: {step}={hits}*off->{act}", arguments[0]);
                start();
                let run = run_at(command(arguments), &format!("{step}={hits}*off->{act}"));
                if run.code == 0 {
                    break;
                }
                cuts += 1;
                assert_eq!(run.code, if act == "panic" { -1 } else { 1 }, "{moment}: {}", run.transcript());
                ran(command(&["recover", "--out", "next"]).output().unwrap()).expect(0);
                let expected = if AFTER.contains(&step) { &new } else { &old };
                assert_eq!(names_of_differing(&with_history(&next), expected), NONE, "{moment}");
                assert_eq!(leftovers(&next), NONE, "{moment}");
            }
        }
        assert!(cuts > 2 * (BEFORE.len() + AFTER.len() - 1), "{}: {cuts} steps", arguments[0]);
        // Whoever was cut short goes on from there.
        start();
        ran(command(arguments).output().unwrap()).expect(0);
        let _ = fs::remove_dir_all(scene.out());
        fs::rename(&next, scene.out()).unwrap();
        scene.run(Which::First, &[]).expect(0);
    }
}

/// Every file that the receipt names, history among them, each proved by it; less the moment of a closing.
fn with_history(out: &Path) -> Files {
    let publication = Publication::open(out).unwrap();
    let mut files: Files = BTreeMap::new();
    for path in publication.files_below("") {
        let mut bytes = publication.bytes(path).unwrap().unwrap();
        if path == "history/closings.jsonl" {
            let mut closings: Vec<Value> =
                bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
            assert!(closings.iter_mut().all(|closing| closing.as_object_mut().unwrap().remove("at").is_some()));
            bytes = serde_json::to_vec(&closings).unwrap();
        }
        files.insert(path.to_owned(), bytes);
    }
    files
}
