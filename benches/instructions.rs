//! Instructions of whole runs, counted by `valgrind --tool=callgrind` on one thread: the same on a busy machine as on a quiet one.
//! The same lines as people have them: pages as the API writes them, compressed, one after the other in a file, as PowerShell
//! indents them, and as a table.
//!
//! `cargo bench --bench instructions` fails where a case takes more than 3 % more than `instructions.csv` says, or is faster by
//! as much and nobody noted it; `STACKTALLY_BLESS=1` notes what is counted. Counts hold for one compiler and one C library.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;
mod shapes;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use generator::{Generated, Size, generate};
use shapes::{SHAPES, pages_by_window};

const DAILY: Size = Size { days: 3, resources: 400, daily: false, tenants: 40, user_subscriptions: 120, nights: 1 };
const WIDE: Size = Size { days: 1, resources: 2_000, daily: false, tenants: 200, user_subscriptions: 600, nights: 1 };
const TOLERATED_PERCENT: u64 = 3;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return println!("counted with `cargo bench --bench instructions` alone: it needs valgrind");
    }
    let noted = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.csv");
    let counted =
        [("three_days", DAILY, SHAPES.as_slice()), ("one_wide_day", WIDE, &SHAPES[..1])].map(|(name, size, shapes)| {
            let generated = generate(size);
            generated.run_whole();
            fs::remove_dir_all(generated.out()).unwrap();
            let usage = generated.root().join("north/usage");
            let pages = pages_by_window(&usage);
            let mut counted = Vec::new();
            for (shape, written) in shapes {
                for (window, pages) in &pages {
                    fs::remove_dir_all(usage.join(window)).unwrap();
                    fs::create_dir(usage.join(window)).unwrap();
                    for (file, bytes) in written(pages) {
                        fs::write(usage.join(window).join(file), bytes).unwrap();
                    }
                }
                counted.push((format!("{name}_{shape}"), instructions(&generated), generated.lines));
            }
            counted
        });
    let counted = counted.concat();
    let table: Vec<String> = counted.iter().map(|(name, count, _)| format!("{name},{count}\n")).collect();
    let table = format!("case,instructions\n{}", table.concat());
    let before = fs::read_to_string(&noted).unwrap_or_default();
    for (name, count, lines) in &counted {
        let former = before.lines().find_map(|line| line.strip_prefix(&format!("{name},"))?.parse::<u64>().ok());
        let beside = former.map_or("nothing noted".to_owned(), |number| format!("{number} noted"));
        println!("{name:24} {count:12} instructions, {:6} a line; {beside}", count / *lines as u64);
        if env::var_os("STACKTALLY_BLESS").is_none() {
            let former = former.expect("a case is noted with STACKTALLY_BLESS=1");
            assert!(count.abs_diff(former) * 100 <= former * TOLERATED_PERCENT, "{name}: {count} instead of {former}");
        }
    }
    if env::var_os("STACKTALLY_BLESS").is_some() {
        fs::write(noted, table).unwrap();
    }
}

/// Instructions of a run from nothing.
fn instructions(generated: &Generated) -> u64 {
    let out = generated.out();
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", env!("CARGO_BIN_EXE_stacktally")])
        .args(["run", "--threads", "1", "--root"])
        .arg(generated.root())
        .arg("--out")
        .arg(&out)
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{said}");
    fs::remove_dir_all(out).unwrap();
    let counted = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    counted.expect("callgrind says what it counted").trim().parse().unwrap()
}
