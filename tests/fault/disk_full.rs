//! A disk that is full, and files that may not grow: nothing is published then, and the next run with room is as good as any.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use super::{Files, NONE, Scene, Which, can, copy_folder, leftovers, names_of_differing, tables_below};
use crate::support::{Ran, ran, skip, tries};

/// A run in a shell that limits it first.
fn limited(scene: &Scene, before: &str, which: Which) -> Ran {
    let run =
        format!("{:?} run --root {:?} --out out --forget all", env!("CARGO_BIN_EXE_stacktally"), scene.root(which));
    let script = before.replace("RUN", &run);
    ran(Command::new("sh").args(["-c", &script]).current_dir(scene.folder.folder()).output().unwrap())
}

/// Proves what a run left that had too little room: all of the old, or when it had enough, all of the new.
#[track_caller]
fn prove(scene: &Scene, run: &Ran, old: &Files, found: &Files, moment: &str) {
    match run.code {
        0 => assert_eq!(names_of_differing(found, scene.files(Which::Second)), NONE, "{moment}"),
        1 => {
            assert!(run.stderr.starts_with("error: cannot "), "{moment}: {}", run.stderr);
            assert!(run.stderr.contains("nothing was published"), "{moment}: {}", run.stderr);
            assert_eq!(names_of_differing(found, old), NONE, "{moment}");
        }
        _ => panic!("{moment}: {}", run.transcript()),
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_leaves_the_old_publication() {
    let scene = Scene::new();
    let mut failed = 0;
    let limits = [0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 256];
    let step = tries(4, 1) as usize;
    for blocks in limits.into_iter().step_by(step) {
        scene.run(Which::First, &[]).expect(0);
        let run = limited(&scene, &format!("ulimit -f {blocks}; exec RUN"), Which::Second);
        failed += usize::from(run.code == 1);
        let moment = format!("ulimit -f {blocks}");
        prove(&scene, &run, scene.files(Which::First), &tables_below(&scene.out()), &moment);
        assert_eq!(leftovers(&scene.out()), NONE, "{moment}");
        assert!(scene.prove_left(scene.files(Which::First), scene.files(Which::Second), &moment) == (run.code == 0));
    }
    let runs = limits.len().div_ceil(step);
    assert!((2..runs).contains(&failed), "{failed} of {runs} runs failed");
    scene.run(Which::Second, &[]).expect(0);
    assert_eq!(names_of_differing(&tables_below(&scene.out()), scene.files(Which::Second)), NONE);
}

/// The old publication fills a filesystem but for a few pages; the run has these, more each time, until it has enough.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_publication() {
    if !can("unshare", &["--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]) {
        skip("no filesystem may be mounted here, so none was filled");
        return;
    }
    let scene = Scene::new();
    scene.run(Which::First, &[]).expect(0);
    copy_folder(&scene.out(), &scene.folder.folder().join("old"));
    let mut codes = String::new();
    let rooms = [0, 4, 12, 24, 48, 80, 120, 160, 200, 240, 280, 320, 400, 600, 1000];
    for room in rooms.into_iter().step_by(tries(7, 1) as usize) {
        // All in one mount namespace, which is gone with its shell.
        let script = format!(
            "exec 3>&1 4>&2; exec unshare --mount sh -c 'mount -t tmpfs -o size=64m tmpfs out && cp -r old/. out && \
             used=$(df -k out | tail -1 | (read -r _ _ used _; echo $used)) && \
             mount -o remount,size=$((used + {room}))k out || exit 99; \
             RUN; code=$?; cp -r out after; mount -o remount,size=64m out && RUN >/dev/null && cp -r out next || exit 98; \
             exit $code'"
        );
        let run = limited(&scene, &script, Which::Second);
        let moment = format!("room for {room} KiB");
        let (after, next) = (scene.folder.folder().join("after"), scene.folder.folder().join("next"));
        prove(&scene, &run, scene.files(Which::First), &tables_below(&after), &moment);
        assert_eq!(leftovers(&after), NONE, "{moment}");
        assert_eq!(
            names_of_differing(&tables_below(&next), scene.files(Which::Second)),
            NONE,
            "{moment}: the next run"
        );
        fs::remove_dir_all(after).unwrap();
        fs::remove_dir_all(next).unwrap();
        write!(codes, "{} ", run.code).unwrap();
    }
    assert!(codes.starts_with("1 1 ") && codes.ends_with("0 "), "{codes}");
}

/// A publication on a disk that is mounted read-only is left, with a clear word.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_out_is_left_as_it_is() {
    if !can("unshare", &["--mount", "sh", "-c", "mount -t tmpfs -o size=1m,ro tmpfs /mnt"]) {
        skip("no filesystem may be mounted here, so none was read-only");
        return;
    }
    let scene = Scene::new();
    scene.run(Which::First, &[]).expect(0);
    let script =
        "exec unshare --mount sh -c 'mount --bind out out && mount -o remount,bind,ro out || exit 99; exec RUN'";
    let run = limited(&scene, script, Which::Second).expect(1);
    assert!(run.stderr.starts_with("error: cannot open out/.stacktally/lock: Read-only file system"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was published"), "{}", run.stderr);
    assert_eq!(names_of_differing(&tables_below(&scene.out()), scene.files(Which::First)), NONE);
}
