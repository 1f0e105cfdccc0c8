//! One bench for each stage, and one end to end, over a generated root of three days. Each asserts its answer.
//!
//! `cargo bench` measures; `cargo bench -- --test` runs each once, to see that it still gives its answer.

#![allow(clippy::unwrap_used, reason = "a bench that panics has failed")]

mod generator;

use criterion::{BatchSize, Criterion, Throughput};
use generator::{Generated, Size, generate};
use stacktally::aggregate::{Packing, day_facts};
use stacktally::attribute::{OwnedUsage, Rules, Tolerance, attribute, read_snapshots};
use stacktally::control::Control;
use stacktally::domain::ledger::LedgerRules;
use stacktally::domain::totals::{Checksum, Totals};
use stacktally::domain::{Attribution, Day, Quantity};
use stacktally::normalise::{Usage, UsageChunk, normalise};
use stacktally::publish::{StampTexts, checksum};
use stacktally::read::{Reading, StampFolder, StampLines, discover, gather};
use stacktally::table::{contract, parquet};

const SIZE: Size = Size { days: 3, resources: 400, daily: false, tenants: 20, user_subscriptions: 60, nights: 1 };

fn main() {
    let generated = generate(SIZE);
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(generated.lines as u64));

    let folder = discover(&generated.root(), &[]).unwrap().stamps.remove(0);
    let snapshots =
        read_snapshots(&folder, &Reading::default(), &Rules::default(), &Tolerance::default(), &Control::silent())
            .unwrap();

    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let lines = read(&folder);
            let files = lines.exports.iter().flat_map(|export| &export.files);
            assert_eq!(files.map(|file| file.read).sum::<Checksum>().lines, generated.lines);
            lines
        });
    });
    group.bench_function("normalise", |bencher| {
        bencher.iter_batched(
            || read(&folder),
            |lines| {
                let usage = normalise(lines).unwrap();
                assert_eq!((usage.resources.len(), usage.meters.len()), (400, 4));
                usage
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("attribute", |bencher| {
        bencher.iter_batched(
            || usage(&folder),
            |usage| {
                let owned = attribute(usage, &snapshots, &Rules::default());
                assert_eq!(registered(&owned), generated.registered);
                owned
            },
            BatchSize::PerIteration,
        );
    });
    let owned = attribute(usage(&folder), &snapshots, &Rules::default());
    let days = days_of(&owned);
    group.bench_function("aggregate", |bencher| bencher.iter(|| aggregate(&owned, &days, &generated)));
    group.bench_function("publish", |bencher| bencher.iter(|| encode(&owned, &days, &generated)));
    group.bench_function("end_to_end", |bencher| bencher.iter(|| generated.run_whole()));
    group.finish();
    criterion.final_summary();
}

fn read(folder: &StampFolder) -> StampLines {
    gather(folder, &Reading::default(), LedgerRules::default(), &Control::silent()).unwrap()
}

fn usage(folder: &StampFolder) -> Usage {
    normalise(read(folder)).unwrap()
}

/// The lines of each day, with ranks in place of numbers.
fn days_of(owned: &OwnedUsage) -> Vec<(Day, Vec<UsageChunk>)> {
    owned.usage.days().into_iter().map(|day| (day, owned.usage.take_day(day).unwrap())).collect()
}

fn registered(owned: &OwnedUsage) -> u64 {
    let mut registered = 0;
    for (day, chunks) in days_of(owned) {
        for chunk in &chunks {
            let is_registered = |owner: &u32| owned.owners[*owner as usize].attribution == Attribution::Registered;
            registered += owned.owners_of(day, chunk).filter(is_registered).count() as u64;
        }
    }
    registered
}

fn packing(owned: &OwnedUsage) -> Packing {
    Packing::new(owned.owners.len(), owned.usage.meters.len(), owned.usage.resources.len()).unwrap()
}

/// The checksum of all lines.
fn expected(generated: &Generated) -> Checksum {
    Totals { lines: generated.lines, quantity: Quantity::from_scaled(generated.thousandths * 10_i128.pow(15)) }.into()
}

fn aggregate(owned: &OwnedUsage, days: &[(Day, Vec<UsageChunk>)], generated: &Generated) {
    let mut sum = Checksum::default();
    for &(day, ref chunks) in days {
        let facts = day_facts(owned, packing(owned), day, chunks).unwrap();
        assert_eq!(facts.hourly.len(), 24 * 400);
        sum.merge(checksum([&facts.daily]));
    }
    assert_eq!(sum, expected(generated));
}

/// Encodes `lines` and reads them back.
fn encode(owned: &OwnedUsage, days: &[(Day, Vec<UsageChunk>)], generated: &Generated) {
    let texts = StampTexts::new(owned, packing(owned));
    let mut sum = Checksum::default();
    for &(day, ref chunks) in days {
        for (at, export) in owned.usage.exports.iter().enumerate() {
            let lines = owned.usage.sorted_lines(chunks, at as u32);
            let columns = texts.lines(day, export.window, &lines);
            let bytes = parquet::encode_ranked(&contract::LINES, columns.as_ref().unwrap().columns()).unwrap();
            sum.merge(parquet::read_back(&contract::LINES, bytes.into()).unwrap().1.unwrap());
        }
    }
    assert_eq!(sum, expected(generated));
}
