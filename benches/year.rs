//! A year of nightly snapshots: what reading them costs beside a borrowed parse of the same bytes, and what attribution costs
//! beside the whole run. A million lines, 10,000 user subscriptions, 365 listings and customer lists; medians of three.
//!
//! `cargo bench --bench year` writes some 2 GB to the temporary folder, and fails where the answer is wrong or attribution
//! takes a tenth of the run.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use generator::{Size, generate};
use rayon::prelude::*;
use serde::Deserialize;
use stacktally::attribute::{Rules, Tolerance, attribute, checked, read_snapshots};
use stacktally::control::Control;
use stacktally::domain::ledger::LedgerRules;
use stacktally::normalise::normalise;
use stacktally::read::{Reading, discover, gather, read_customer_subscriptions, read_listings, read_registrations};

const YEAR: Size =
    Size { days: 365, resources: 115, daily: false, tenants: 2_000, user_subscriptions: 10_000, nights: 365 };
/// For `cargo bench -- --test`, which only sees that the answers are right.
const WEEK: Size = Size { days: 7, resources: 10, daily: false, tenants: 20, user_subscriptions: 100, nights: 7 };
const ROUNDS: usize = 3;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (generated, rounds) = if is_test { (generate(WEEK), 1) } else { (generate(YEAR), ROUNDS) };
    let (reading, rules, tolerance) = (Reading::default(), Rules::default(), Tolerance::default());
    let control = Control::silent();
    let folder = discover(&generated.root(), &[]).unwrap().stamps.remove(0);
    let files = snapshot_files(&generated.root());
    let bytes: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();

    let parsed = median(rounds, || (), |()| borrowed_parse(&files));
    let read = median(rounds, || (), |()| read_snapshots(&folder, &reading, &rules, &tolerance, &control).unwrap());
    let from_files = || {
        (
            read_registrations(&folder.registrations, &reading, &control).unwrap(),
            read_customer_subscriptions(&folder.customer_subscriptions, &reading, &control).unwrap(),
            read_listings(&folder.user_subscriptions, &reading, &control).unwrap(),
        )
    };
    let stamp = || folder.stamp.clone();
    let checked = median(rounds, from_files, |(registrations, customers, listings)| {
        checked(stamp(), registrations, customers, listings, &[], &rules, &tolerance).unwrap()
    });
    let snapshots = read_snapshots(&folder, &reading, &rules, &tolerance, &control).unwrap();
    let usage = || normalise(gather(&folder, &reading, LedgerRules::default(), &control).unwrap()).unwrap();
    let attributed = median(rounds, usage, |usage| attribute(usage, &snapshots, &rules));
    let whole = median(rounds, || (), |()| generated.run_whole());

    let attribution = checked + attributed;
    println!("{} lines, {} snapshot files, {} MB", generated.lines, files.len(), bytes / 1_000_000);
    println!("borrowed parse of the snapshots   {:5} ms", parsed.as_millis());
    println!("reading and checking them         {:5} ms, {} % of that", read.as_millis(), percent(read, parsed));
    println!("checking and mapping              {:5} ms", checked.as_millis());
    println!("attributing all lines             {:5} ms", attributed.as_millis());
    println!("the whole run                     {:5} ms", whole.as_millis());
    println!("attribution of the run            {:5} %", percent(attribution, whole));
    if !is_test {
        assert!(attribution * 10 < whole, "attribution takes a tenth of the run or more");
    }
}

fn percent(one: Duration, other: Duration) -> u128 {
    one.as_micros() * 100 / other.as_micros().max(1)
}

fn median<I, O>(rounds: usize, prepare: impl Fn() -> I, run: impl Fn(I) -> O) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let input = prepare();
            let start = Instant::now();
            let output = run(input);
            let time = start.elapsed();
            drop(output);
            time
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}

fn snapshot_files(root: &Path) -> Vec<PathBuf> {
    let kinds = ["registration", "customer-subscriptions", "user-subscriptions"];
    let folders = kinds.iter().map(|kind| root.join("north").join(kind));
    folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())).collect()
}

/// What one would write who knows the shape: every value that attribution needs, borrowed from the text.
fn borrowed_parse(files: &[PathBuf]) -> usize {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow, default)]
        value: Vec<Row<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row<'a> {
        id: &'a str,
        subscription_id: Option<&'a str>,
        display_name: Option<&'a str>,
        owner: Option<&'a str>,
        tenant_id: Option<&'a str>,
        offer_id: Option<&'a str>,
        state: Option<&'a str>,
        properties: Option<Properties<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Properties<'a> {
        tenant_id: &'a str,
    }
    let lengths = files.par_iter().map(|file| {
        let text = fs::read_to_string(file).unwrap();
        let page: Page<'_> = serde_json::from_str(&text).unwrap();
        let length = |row: &Row<'_>| {
            let texts = [row.subscription_id, row.display_name, row.owner, row.tenant_id, row.offer_id, row.state];
            let tenant = row.properties.as_ref().map_or(0, |properties| properties.tenant_id.len());
            row.id.len() + tenant + texts.iter().flatten().map(|text| text.len()).sum::<usize>()
        };
        page.value.iter().map(length).sum::<usize>()
    });
    lengths.sum()
}
