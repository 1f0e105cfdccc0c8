//! What charging costs: a million daily cells (Daily lines, a cell each, so that nothing else is larger) under a price book of 10,000
//! entries, beside the whole run that it is a step of; and the same without a price book. Medians of five.
//!
//! `cargo bench --bench charges` fails where the answer is wrong, or rating takes a fifth of the run or more.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;

use std::fmt::Write;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use generator::{Generated, METERS, Size, YEAR, date, generate, subscription_id};
use stacktally::control::{Control, Progress, Step};
use stacktally::domain::Charge;
use stacktally::pipeline::Reuse;

const MILLION: Size =
    Size { days: 10, resources: 100_000, daily: true, tenants: 600, user_subscriptions: 1_800, nights: 1 };
/// User subscriptions with prices of their own: with two stretches of days and three meters they make the book full.
const PRICED: u64 = 1_665;
const ENTRIES: usize = 10_000;
/// For `cargo bench -- --test`, which only sees that the answers are right.
const FEW: Size = Size { days: 4, resources: 300, daily: true, tenants: 20, user_subscriptions: 60, nights: 1 };
const UNITS: [&str; 4] = ["", "Virtual core hours", "GB*hours", "IP addresses"];

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (size, rounds) = if is_test { (FEW, 1) } else { (MILLION, 5) };
    let generated = generate(size);
    let (book, entries) = book(size);
    let expected = expected(&generated, size);
    let prices = generated.root().join("prices.csv");
    let (mut rating, mut charged, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        fs::write(&prices, &book).unwrap();
        let (whole, steps, total) = run(&generated);
        assert_eq!(total, expected, "charges are not what was generated");
        charged.push(whole);
        rating.push(steps.of("rating").unwrap());
        fs::remove_file(&prices).unwrap();
        let (whole, steps, _) = run(&generated);
        assert_eq!(steps.of("rating"), None, "without a price book nothing is rated");
        plain.push(whole);
    }
    let [rating, charged, plain] = [rating, charged, plain].map(median);
    println!("{} daily cells, {entries} price entries", generated.lines);
    println!("the whole run               {:5} ms", charged.as_millis());
    println!("of that rating              {:5} ms, {} %", rating.as_millis(), percent(rating, charged));
    println!("without a price book        {:5} ms, {} % of the whole", plain.as_millis(), percent(plain, charged));
    if !is_test {
        assert_eq!(entries, ENTRIES);
        assert!(rating * 5 < charged, "rating costs a fifth of the run, or more");
    }
}

/// In thousandths, what a unit costs: by user subscription, meter and half of the days.
fn price(size: Size, subscription: u64, meter: u64, day: u64) -> u64 {
    let is_late = u64::from(day >= size.days / 2);
    if subscription < priced(size) { 1 + (subscription * 7 + meter * 3 + is_late * 11) % 997 } else { 50 + meter }
}

fn priced(size: Size) -> u64 {
    PRICED.min(size.user_subscriptions * 37 / 40)
}

/// A table of prices, and how many there are. Those for all have tiers of one price, which usage crosses: so that tiers are
/// counted, and the answer is simple.
fn book(size: Size) -> (String, usize) {
    let mut text =
        "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,note\n".to_owned();
    writeln!(text, "{},,,,,,,,all,,as core hours", METERS[0]).unwrap();
    let mut count = 1;
    for (meter, unit) in (1_u64..).zip(&UNITS[1..]) {
        for tier in [0, 1_000, 1_000_000] {
            let price = price(size, u64::MAX, meter, 0);
            writeln!(text, "{},0.{price:03},1,{unit},USD,,,{tier},all,,", METERS[meter as usize]).unwrap();
            count += 1;
        }
        let middle = date(YEAR - size.days + size.days / 2);
        for subscription in 0..priced(size) {
            let id = subscription_id(subscription);
            for (day, from, to) in [(0, "", middle.as_str()), (size.days, middle.as_str(), "")] {
                let price = price(size, subscription, meter, day);
                let meter = METERS[meter as usize];
                writeln!(text, "{meter},0.{price:03},1,{unit},USD,{from},{to},,user_subscription,{id},").unwrap();
                count += 1;
            }
        }
    }
    (text, count)
}

/// The sum of all charges, in units of 10^-10.
fn expected(generated: &Generated, size: Size) -> Charge {
    let charge = |used: &generator::Used| match used.meter {
        0 => 0,
        meter => {
            let price = price(size, used.subscription.into(), meter.into(), used.day.into());
            i128::from(used.thousandths) * i128::from(price) * 10_000
        }
    };
    Charge::from_scaled(generated.used.iter().map(charge).sum())
}

/// When each step began.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<(&'static str, Instant)>>>);

impl Steps {
    fn of(&self, step: &str) -> Option<Duration> {
        let steps = self.0.lock().unwrap();
        let at = steps.iter().position(|(name, _)| *name == step)?;
        Some(steps[at + 1].1 - steps[at].1)
    }
}

impl Progress for Steps {
    fn begin(&self, step: Step<'_>, _units: u64) {
        self.0.lock().unwrap().push((step.name, Instant::now()));
    }

    fn advance(&self) {}
}

const FORGETS: Duration = Duration::from_secs(6);

/// Publishes from nothing: how long it took, its steps, and the sum of what it charged.
fn run(generated: &Generated) -> (Duration, Steps, Charge) {
    let out = generated.out();
    if out.exists() {
        fs::remove_dir_all(&out).unwrap();
        // For five seconds ext4 looks at each inode that was just freed before it gives one to a new file, and there are hundreds.
        std::thread::sleep(FORGETS);
    }
    let steps = Steps::default();
    let control = Control::new(Arc::default(), Box::new(steps.clone()));
    let begin = Instant::now();
    let outcome = generated.run_watched(out, Reuse::default(), &control);
    let whole = begin.elapsed();
    let charges = outcome.receipt.statements.iter().map(|statement| scaled(&statement.charge));
    (whole, steps, Charge::from_scaled(charges.sum()))
}

/// Decimal text in units of 10^-10.
fn scaled(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<10}").parse().unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn percent(one: Duration, other: Duration) -> u128 {
    one.as_micros() * 100 / other.as_micros().max(1)
}
