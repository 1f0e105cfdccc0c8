//! Inputs that fail a run: a file that is gone, that nobody may read, or that changes while it is read; a clock that goes
//! backwards. Nothing is published then, and the next run is as good as any.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use stacktally::store::FileStat;

use super::{NONE, names_of_differing, tables_below};
use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, page, skip};

const DAY: &str = "2026-10-05";

/// A root of many pages, published.
fn published() -> TestRoot {
    let root = TestRoot::with_snapshots();
    for number in 0..200 {
        let line =
            Line { resource: format!("vm-{number}"), ..Line::hourly(SUB_A, VM_HOURS, &format!("{DAY}T05"), "1.5") };
        root.file(&format!("north/usage/{DAY}/page-{number:03}.json"), page(&[line]));
    }
    root.run(&[]).expect(0);
    root
}

/// A run that fails leaves what is published, and one after it that does not fail publishes it all.
#[track_caller]
fn fails(root: &TestRoot, path: &str, code: i32, spoil: impl Fn(), mend: impl Fn()) {
    let before = tables_below(&root.out());
    spoil();
    for flags in [&[][..], &["--full"], &["--verify"]] {
        let ran = root.run(flags).expect(code);
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
        assert_eq!(names_of_differing(&tables_below(&root.out()), &before), NONE, "{flags:?}");
    }
    mend();
    root.run(&[]).expect(0);
    assert_eq!(names_of_differing(&tables_below(&root.out()), &before), NONE);
}

#[test]
fn a_file_that_vanished_among_many_is_named() {
    let root = published();
    let path = root.root().join(format!("north/usage/{DAY}/page-777.json"));
    // As a file that goes between being listed and being read: a link to nothing.
    fails(&root, "page-777.json", 1, || symlink("nowhere", &path).unwrap(), || fs::remove_file(&path).unwrap());
}

#[test]
fn a_file_that_nobody_may_read_among_many_is_named() {
    let root = published();
    let path = root.root().join(format!("north/usage/{DAY}/page-100.json"));
    let allow = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    allow(0);
    let may_read = fs::read(&path).is_ok();
    allow(0o644);
    if may_read {
        return skip("this user may read every file");
    }
    // What is known of it would do, but for its times, which changed with its rights.
    fails(&root, "page-100.json", 1, || allow(0), || allow(0o644));
}

/// A file that grows while it is read is refused, never half read.
#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    let root = published();
    let path = root.root().join(format!("north/usage/{DAY}/page-050.json"));
    let whole = fs::read(&path).unwrap();
    let (is_done, is_refused) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&path).unwrap();
            while !is_done.load(Ordering::Relaxed) {
                file.write_all(b" ").unwrap();
            }
        });
        for _ in 0..40 {
            let ran = root.run(&["--verify"]);
            assert!([0, 3].contains(&ran.code), "{}", ran.transcript());
            if ran.code == 3 {
                assert!(ran.stderr.contains("page-050.json: changed while it was read"), "{}", ran.stderr);
                is_refused.store(true, Ordering::Relaxed);
                break;
            }
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!(is_refused.into_inner(), "nobody noticed");
    fs::write(&path, whole).unwrap();
    root.run(&[]).expect(0);
}

/// A file is trusted once its times lie two seconds back; a time to come proves nothing.
#[test]
fn a_clock_that_goes_backwards_makes_no_file_trusted() {
    let root = published();
    let stat = FileStat::at(&root.root().join(format!("north/usage/{DAY}/page-050.json"))).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_nanos()).unwrap();
    let second = 1_000_000_000;
    assert!(!stat.is_settled_at(now - 3_600 * second), "the clock went back by an hour");
    assert!(!stat.is_settled_at(now - 60 * second));
    assert!(stat.is_settled_at(now + 60 * second));
}
