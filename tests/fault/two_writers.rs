//! Two runs at once, 50 times: one publishes, the other leaves with 7 or waits; never a mixture.

use std::process::Command;

use super::{NONE, Scene, Which, leftovers, names_of_differing, tables_below};
use crate::support::tries;
use crate::support::{Ran, ran};

const PAIRS: usize = 25;

/// Starts both before it waits for either.
fn both(mut first: Command, mut second: Command) -> [Ran; 2] {
    let children = [first.spawn().unwrap(), second.spawn().unwrap()];
    children.map(|child| ran(child.wait_with_output().unwrap()))
}

/// Which publication OUT holds, all of it.
#[track_caller]
fn held(scene: &Scene) -> Which {
    let found = tables_below(&scene.out());
    let which = if found == *scene.files(Which::First) { Which::First } else { Which::Second };
    assert_eq!(names_of_differing(&found, scene.files(which)), NONE, "a mixture");
    assert_eq!(leftovers(&scene.out()), NONE);
    which
}

#[test]
fn of_two_runs_one_publishes_and_the_other_leaves_with_7() {
    let scene = Scene::new();
    let mut left = 0;
    for pair in 0..tries(4, PAIRS as u32) as usize {
        let runs = both(scene.command(Which::First, &[]), scene.command(Which::Second, &[]));
        let codes = [runs[0].code, runs[1].code];
        match codes {
            [0, 7] => assert_eq!(held(&scene), Which::First),
            [7, 0] => assert_eq!(held(&scene), Which::Second),
            // One had ended before the other came to the lock.
            [0, 0] => _ = held(&scene),
            _ => panic!("pair {pair}: {runs:?}"),
        }
        for run in runs.iter().filter(|run| run.code == 7) {
            assert!(run.stderr.contains("another run holds out") && run.stderr.contains("--wait"), "{}", run.stderr);
            left += 1;
        }
    }
    assert!(left > 0, "no two runs ever met");
}

#[test]
fn a_run_that_waits_publishes_after_the_other() {
    let scene = Scene::new();
    for pair in 0..tries(4, PAIRS as u32) as usize {
        let runs = both(scene.command(Which::First, &["--wait"]), scene.command(Which::Second, &["--wait"]));
        assert_eq!([runs[0].code, runs[1].code], [0, 0], "pair {pair}: {runs:?}");
        held(&scene);
        assert_eq!(
            std::fs::read_dir(scene.out().join("receipts")).unwrap().count(),
            2 * pair + 2,
            "both have published"
        );
    }
}
