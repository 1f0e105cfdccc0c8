//! Peak memory against the size of a file: one file of a window of many days, in several shapes.
//!
//! `cargo bench --bench large` needs some 9 GiB in `TMPDIR`, and fails where a run takes more than 300 MiB. Each day has the
//! same 201,600 lines, but for its dates: what a day takes is the same in all of them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;
mod shapes;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use chrono::{Days, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;

use generator::{Generated, Size, generate};
use shapes::{SHAPES, pages_by_window};

const DAY: Size = Size { days: 1, resources: 8_400, daily: false, tenants: 100, user_subscriptions: 300, nights: 1 };
/// Days of one file: some 0.2, 1, 4 and 8 GiB of pages.
const DAYS: [u64; 4] = [1, 5, 21, 42];
const SHAPES_OF_ONE_FILE: [&str; 3] = ["concatenated", "powershell", "csv"];
const PEAK_MIB_MAX: u64 = 300;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return println!("measured with `cargo bench --bench large` alone: it writes files of 8 GiB");
    }
    let generated = generate(DAY);
    let usage = generated.root().join("north/usage");
    let pages = pages_by_window(&usage);
    let (window, pages) = pages.first_key_value().unwrap();
    let last = NaiveDate::parse_from_str(window, "%Y-%m-%d").unwrap();
    println!("shape              days   file MiB   peak MiB   seconds");
    for shape in SHAPES_OF_ONE_FILE {
        let (_, written) = SHAPES.iter().find(|(name, _)| *name == shape).unwrap();
        let (file, day) = written(pages).into_iter().next().unwrap();
        for is_packed in [false, true] {
            for days in DAYS {
                let first = last - Days::new(days - 1);
                fs::remove_dir_all(&usage).unwrap();
                let folder = usage.join(format!("{first}--{}", last + Days::new(1)));
                fs::create_dir_all(&folder).unwrap();
                let path = folder.join(if is_packed { format!("{file}.gz") } else { file.clone() });
                let dates = (0..days).map(|back| last - Days::new(back));
                let mebibytes = write_days(&path, &day, last, dates, is_packed) >> 20;
                let (peak, seconds) = peak_of(&generated, generated.lines * days as i64);
                let packed = if is_packed { ".gz" } else { "" };
                println!("{:18} {days:4} {mebibytes:10} {peak:10} {seconds:9.1}", format!("{shape}{packed}"));
                assert!(peak <= PEAK_MIB_MAX, "{shape} of {mebibytes} MiB: {peak} MiB");
            }
        }
    }
}

/// Writes the text of one day for each of some days, its dates moved. Returns how many bytes of text there are.
fn write_days(path: &Path, day: &[u8], of: NaiveDate, days: impl Iterator<Item = NaiveDate>, is_packed: bool) -> usize {
    let file = BufWriter::with_capacity(1 << 20, fs::File::create(path).unwrap());
    let mut file: Box<dyn Write> =
        if is_packed { Box::new(GzEncoder::new(file, Compression::fast())) } else { Box::new(file) };
    let text = std::str::from_utf8(day).unwrap();
    let header = text.find('\n').filter(|_| path.to_str().unwrap().contains(".csv")).map_or(0, |end| end + 1);
    let mut bytes = 0;
    for (at, date) in days.enumerate() {
        let moved = text[if at == 0 { 0 } else { header }..]
            .replace(&format!("{of}T"), "\u{1}")
            .replace(&format!("{}T", of + Days::new(1)), &format!("{}T", date + Days::new(1)))
            .replace('\u{1}', &format!("{date}T"));
        file.write_all(moved.as_bytes()).unwrap();
        bytes += moved.len();
    }
    file.flush().unwrap();
    bytes
}

/// The peak of memory in MiB and the seconds of a run, which must read so many lines.
fn peak_of(generated: &Generated, lines: i64) -> (u64, f64) {
    let out = generated.out();
    let started = Instant::now();
    let mut run = Command::new(env!("CARGO_BIN_EXE_stacktally"))
        .args(["run", "--quiet", "--root"])
        .arg(generated.root())
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", run.id());
    let mut peak = 0;
    let ended = loop {
        let said = fs::read_to_string(&status).unwrap_or_default();
        let of_now =
            said.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(of_now.unwrap_or(0_u64));
        if let Some(ended) = run.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success());
    let seconds = started.elapsed().as_secs_f64();
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(out.join("receipt.json")).unwrap()).unwrap();
    assert_eq!(receipt["lines"]["used"], lines);
    fs::remove_dir_all(out).unwrap();
    (peak >> 10, seconds)
}
