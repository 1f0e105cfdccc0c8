//! A night beside the whole month: what the 30th of 30 daily windows costs, and a run with nothing new, beside a full run.
//! 600,000 lines; medians of five. The published bytes must be those of a run from nothing.
//!
//! `cargo bench --bench night` fails where the answer is wrong, the 30th window takes more than a tenth of the full run and more
//! than 0.3 s, or a run with nothing new more than a twentieth and more than 0.1 s.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use generator::{Generated, Size, generate};
use stacktally::pipeline::Reuse;

const MONTH: Size = Size { days: 30, resources: 833, daily: false, tenants: 100, user_subscriptions: 300, nights: 1 };
/// For `cargo bench -- --test`, which only sees that the answers are right.
const DAYS: Size = Size { days: 4, resources: 10, daily: false, tenants: 20, user_subscriptions: 60, nights: 1 };

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (generated, rounds) = if is_test { (generate(DAYS), 1) } else { (generate(MONTH), 5) };
    // A file that changed within two seconds of a run is hashed again: these are as old as a night's are.
    std::thread::sleep(Duration::from_millis(2_100));
    let (mut full, mut idle, mut night) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        full.push(timed(|| generated.run_whole()));
        let expected = published(&generated.out());
        let out = generated.folder.path().join("nightly");
        let last = Window::hide(&generated);
        generated.run(out.clone(), Reuse::default());
        std::thread::sleep(Duration::from_millis(2_100));
        idle.push(timed(|| drop(generated.run(out.clone(), Reuse::default()))));
        last.put_back();
        night.push(timed(|| drop(generated.run(out.clone(), Reuse::default()))));
        assert!(published(&out) == expected, "a night publishes other bytes than a run from nothing");
        fs::remove_dir_all(out).unwrap();
    }
    let [full, idle, night] = [full, idle, night].map(median);
    println!("{} lines in {} windows", generated.lines, if is_test { DAYS.days } else { MONTH.days });
    println!("a full run                  {:5} ms", full.as_millis());
    println!("the last window             {:5} ms, {} % of that", night.as_millis(), percent(night, full));
    println!("nothing new                 {:5} ms, {} % of that", idle.as_millis(), percent(idle, full));
    if !is_test {
        assert!(night <= (full / 10).max(Duration::from_millis(300)), "a night costs more than it brought");
        assert!(idle <= (full / 20).max(Duration::from_millis(100)), "a night that brought nothing costs something");
    }
}

/// The last window of the root, out of sight.
struct Window {
    place: PathBuf,
    aside: PathBuf,
}

impl Window {
    fn hide(generated: &Generated) -> Self {
        let usage = generated.root().join("north/usage");
        let place = fs::read_dir(&usage).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
        let window = Self { place, aside: generated.folder.path().join("aside") };
        fs::rename(&window.place, &window.aside).unwrap();
        window
    }

    fn put_back(&self) {
        fs::rename(&self.aside, &self.place).unwrap();
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    run();
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn percent(one: Duration, other: Duration) -> u128 {
    one.as_micros() * 100 / other.as_micros().max(1)
}

/// Every published file but receipts and history.
fn published(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![out.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(out).unwrap().to_owned();
            let first = name.iter().next().unwrap().to_str().unwrap();
            if [".stacktally", "receipts", "receipt.json", "history"].contains(&first) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}
