//! SIGKILL at 200 moments of a run (24 in the quick suite), spread evenly over its measured length: half of them counted from its start, half from
//! when it begins to stage.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Files, Scene, Which};
use crate::support::tries;

/// All of them, and those of the quick suite.
const KILLS: [u32; 2] = [200, 8];
/// Tests that share them, to run in parallel.
const SHARES: u32 = 4;

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_or_the_new_0() {
    kill_share(0);
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_or_the_new_1() {
    kill_share(1);
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_or_the_new_2() {
    kill_share(2);
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_or_the_new_3() {
    kill_share(3);
}

fn kill_share(share: u32) {
    let scene = Scene::new();
    let mut lengths = Lengths::measured(&scene);
    let (mut old, mut new) = (Which::Second, Which::First);
    let mut killed = 0;
    let kills = tries(KILLS[1], KILLS[0]);
    for kill in (0..kills).filter(|kill| kill % SHARES == share) {
        // Now and then there is no publication before.
        let is_first = kill % 20 < SHARES;
        if is_first {
            std::fs::remove_dir_all(scene.out()).unwrap();
        }
        // Steps of the golden ratio fall everywhere, and nowhere twice.
        let thousandth = kill * 618 % 1000;
        let from_staging = (kill / SHARES) % 2 == 1;
        let mut child = scene.command(new, &[]).spawn().unwrap();
        if from_staging {
            wait_for_staging(&scene.out(), || child.try_wait().unwrap().is_some());
        }
        let length = if from_staging { &mut lengths.from_staging } else { &mut lengths.whole };
        let moment = format!("kill {kill}, at {thousandth}/1000 of {length:?}");
        std::thread::sleep(*length * thousandth / 1000);
        child.kill().unwrap();
        let is_killed = child.wait().unwrap().code().is_none();
        killed += u32::from(is_killed);
        // What else the machine does changes as we go, and the length of a run with it.
        *length = if !is_killed {
            *length * 9 / 10
        } else if thousandth > 900 {
            *length * 10 / 9
        } else {
            *length
        };
        let nothing = Files::new();
        let before = if is_first { &nothing } else { scene.files(old) };
        scene.prove(before, new, &moment);
        (old, new) = (new, old);
    }
    assert!(killed >= kills / SHARES / 2, "only {killed} runs were killed before their end");
}

/// How long a run takes.
struct Lengths {
    whole: Duration,
    from_staging: Duration,
}

impl Lengths {
    /// The longest of a few, since other tests run beside; OUT holds the second publication then.
    fn measured(scene: &Scene) -> Self {
        let mut longest = Self { whole: Duration::ZERO, from_staging: Duration::ZERO };
        for which in [Which::First, Which::Second, Which::First, Which::Second] {
            let begun = Instant::now();
            let mut child = scene.command(which, &[]).spawn().unwrap();
            wait_for_staging(&scene.out(), || child.try_wait().unwrap().is_some());
            let staging = begun.elapsed();
            assert!(child.wait().unwrap().success());
            longest.whole = longest.whole.max(begun.elapsed());
            longest.from_staging = longest.from_staging.max(begun.elapsed() - staging);
        }
        longest
    }
}

fn wait_for_staging(out: &Path, ended: impl FnMut() -> bool) {
    let mut ended = ended;
    while !out.join(".stacktally/staging").exists() && !ended() {
        std::thread::sleep(Duration::from_micros(200));
    }
}
