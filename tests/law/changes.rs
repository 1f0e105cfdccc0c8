//! The rows of `history/changes` are the differences of two successive publications, over random histories: of usage and of
//! charges in all cells whose day was published before, and of amounts where other terms make something else of the same
//! charges. The differences are computed here, from the published tables alone. And no cause is said that nothing gave.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stacktally::domain::Cause;

use super::charges::{Priced, STAMPS, Used, bare_root, book, minor_units, scaled, table_of, used};
use crate::support::{Row, TestRoot, cell, page_of, receipt, table, tries};

const WINDOW: &str = "2026-09-30--2026-10-03";
const ROUNDINGS: [&str; 3] = ["down", "half-up", "half-even"];
/// To EUR, in units of 10^-4: of USD, JPY, KWD.
const RATES: [[i128; 3]; 3] = [[9_000, 61, 30_500], [8_123, 61, 30_500], [9_000, 67, 31_007]];
const CURRENCIES: [&str; 3] = ["USD", "JPY", "KWD"];

#[derive(Clone, Debug)]
enum Step {
    /// A page of a stamp's one window, put or replaced.
    Put(usize, u8, Vec<Used>),
    Book(Option<Vec<Priced>>),
    Volume(bool),
    Rounding(usize),
    Rates(Option<usize>),
    Full,
    /// October of the first stamp.
    Close,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..STAMPS.len(), 0_u8..3, used()).prop_map(|(stamp, page, used)| Step::Put(stamp, page, used)),
        3 => book().prop_map(|entries| Step::Book(Some(entries))),
        1 => Just(Step::Book(None)),
        1 => any::<bool>().prop_map(Step::Volume),
        2 => (0..ROUNDINGS.len()).prop_map(Step::Rounding),
        3 => prop::option::of(0..RATES.len()).prop_map(Step::Rates),
        1 => Just(Step::Full),
        1 => Just(Step::Close),
        1 => Just(Step::Reopen),
    ]
}

/// What a run goes by.
#[derive(Clone, Debug, Default, PartialEq)]
struct Terms {
    volume: bool,
    rounding: usize,
    rates: Option<usize>,
    book: Option<String>,
    is_closed: bool,
    usage: BTreeMap<String, String>,
}

struct History {
    root: TestRoot,
    terms: Terms,
}

impl History {
    /// Takes a step; returns flags that the next run needs for it.
    fn take(&mut self, step: &Step) -> Vec<&'static str> {
        let root = &self.root;
        match step {
            Step::Put(stamp, at, used) => {
                let path = format!("{}/usage/{WINDOW}/page-{at}.json", STAMPS[*stamp]);
                let page = page_of(&path, &used.iter().map(Used::line).collect::<Vec<_>>());
                root.file(&path, &page);
                self.terms.usage.insert(path, page);
            }
            Step::Book(book) => {
                let was_there = self.terms.book.is_some();
                self.terms.book = book.as_ref().map(|entries| table_of(entries, 1));
                match &self.terms.book {
                    Some(text) => root.file("prices.csv", text),
                    None if was_there => root.remove("prices.csv"),
                    None => {}
                }
            }
            Step::Volume(volume) => self.terms.volume = *volume,
            Step::Rounding(rounding) => self.terms.rounding = *rounding,
            Step::Rates(rates) => {
                let was_there = self.terms.rates.is_some();
                self.terms.rates = *rates;
                match rates {
                    Some(set) => root.file("exchange-rates.csv", rates_table(*set)),
                    None if was_there => root.remove("exchange-rates.csv"),
                    None => {}
                }
            }
            Step::Full => return vec!["--full"],
            // A month that is closed or open already is refused, which is no matter here.
            Step::Close | Step::Reopen => {
                let verb = if matches!(step, Step::Close) { "close" } else { "reopen" };
                let force: &[&str] = if verb == "close" { &["--force"] } else { &[] };
                let arguments = [verb, "2026-10", "--stamp", STAMPS[0], "--out", "out", "--reason", "test"];
                if root.stacktally(&[&arguments[..], force].concat()).code == 0 {
                    self.terms.is_closed = verb == "close";
                }
            }
        }
        Vec::new()
    }

    fn run(&self, mut flags: Vec<&'static str>, published: &Terms) {
        if self.terms.volume {
            flags.extend(["--tiering", "volume"]);
        }
        flags.extend(["--rounding", ROUNDINGS[self.terms.rounding]]);
        let gone = [
            (published.book.is_some() && self.terms.book.is_none(), "prices"),
            (published.rates.is_some() && self.terms.rates.is_none(), "exchange-rates"),
        ];
        let gone: Vec<&str> = gone.into_iter().filter(|entry| entry.0).map(|entry| entry.1).collect();
        if !gone.is_empty() {
            flags.push("--forget");
            flags.extend(gone);
        }
        self.root.run(&flags).expect(0);
    }
}

fn rates_table(set: usize) -> String {
    let mut text = "month,from,to,rate\n".to_owned();
    for month in ["2026-09", "2026-10"] {
        for (currency, rate) in CURRENCIES.iter().zip(RATES[set]) {
            text += &format!("{month},{currency},EUR,{}.{:04}\n", rate / 10_000, rate % 10_000);
        }
    }
    text
}

type Figures = BTreeMap<Vec<String>, Vec<i128>>;

/// What is published: days, usage, charges, lines of statements.
#[derive(Default)]
struct Said {
    days: BTreeSet<(String, String)>,
    usage: Figures,
    charges: Figures,
    lines: Vec<Row>,
}

fn said(root: &TestRoot) -> Said {
    let mut said = Said::default();
    let key =
        |row: &Row, columns: &[&str]| columns.iter().map(|column| cell(row, column).to_owned()).collect::<Vec<_>>();
    let columns = ["stamp", "usage_date", "billed_subscription_id", "meter_id", "currency"];
    let add = |figures: &mut Figures, key: Vec<String>, values: Vec<i128>| {
        let sums = figures.entry(key).or_insert_with(|| vec![0; values.len()]);
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    };
    for row in table(&root.out(), "daily") {
        said.days.insert((cell(&row, "stamp").to_owned(), cell(&row, "usage_date").to_owned()));
        let lines = cell(&row, "line_count").parse().unwrap();
        add(&mut said.usage, key(&row, &columns[..4]), vec![scaled(&row, "quantity").unwrap(), lines]);
    }
    for row in table(&root.out(), "charges") {
        if let Some(charge) = scaled(&row, "charge") {
            add(&mut said.charges, key(&row, &columns), vec![charge]);
        }
    }
    said.lines = table(&root.out(), "statements");
    said.lines.retain(|row| row["charge"].is_some());
    said
}

/// By what identifies a row, before and after.
type Rows = BTreeMap<Vec<String>, [Option<Vec<i128>>; 2]>;

fn differences(before: &Figures, after: &Figures, days: &BTreeSet<(String, String)>) -> Rows {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let both = keys.into_iter().map(|key| (key.clone(), [before.get(key).cloned(), after.get(key).cloned()]));
    both.filter(|(key, [before, after])| days.contains(&(key[0].clone(), key[1].clone())) && before != after).collect()
}

/// `value / unit`, by a rounding.
fn divided(value: i128, unit: i128, rounding: usize) -> i128 {
    let (whole, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    let is_up = match rounding {
        0 => false,
        1 => rest * 2 >= unit,
        _ => rest * 2 > unit || (rest * 2 == unit && whole % 2 == 1),
    };
    whole + i128::from(is_up)
}

/// What a charge asks for by these terms: amount and billing amount in units of 10^-4.
fn asked(charge: i128, currency: &str, terms: &Terms) -> [i128; 2] {
    let minor = |code: &str| 10_i128.pow(4 - if code == "EUR" { 2 } else { minor_units(code) });
    let unit = minor(currency);
    let amount = divided(charge, 1_000_000 * unit, terms.rounding) * unit;
    let Some(set) = terms.rates else { return [amount, amount] };
    let rate = RATES[set][CURRENCIES.iter().position(|code| *code == currency).unwrap()];
    [amount, divided(amount * rate, 10_000 * minor("EUR"), terms.rounding) * minor("EUR")]
}

/// Of cells that were billed before and are: where what is asked for is not what the former terms make of the charges.
fn rebilled(before: &Said, after: &Said, former: &Terms) -> Rows {
    let by_cell = |lines: &[Row]| -> BTreeMap<Vec<String>, Vec<Row>> {
        let mut cells: BTreeMap<_, Vec<Row>> = BTreeMap::new();
        for row in lines {
            let key =
                ["month", "billed_subscription_id", "meter_id", "currency"].map(|column| cell(row, column).to_owned());
            cells.entry(key.to_vec()).or_default().push(row.clone());
        }
        cells
    };
    let sums = |rows: &[Row]| {
        let sum = |column: &str| rows.iter().map(|row| scaled(row, column).unwrap()).sum::<i128>();
        (cell(&rows[0], "billing_currency").to_owned(), [sum("amount"), sum("billing_amount")])
    };
    let (before, mut rows) = (by_cell(&before.lines), Rows::new());
    for (key, lines) in by_cell(&after.lines) {
        let Some(lines_before) = before.get(&key) else { continue };
        let (was, is) = (sums(lines_before), sums(&lines));
        let other = lines.iter().map(|row| asked(scaled(row, "charge").unwrap(), &key[3], former));
        let other = other.fold([0; 2], |sum, amounts| [sum[0] + amounts[0], sum[1] + amounts[1]]);
        let billing = if former.rates.is_some() { "EUR" } else { key[3].as_str() };
        if was != is && (billing.to_owned(), other) != is {
            rows.insert(key, [Some(was.1.to_vec()), Some(is.1.to_vec())]);
        }
    }
    rows
}

/// The causes of rows.
type Causes = Vec<(Vec<String>, String)>;

/// The rows that a run left, by what changed, with their causes.
fn left(root: &TestRoot, run: u64) -> BTreeMap<String, (Rows, Causes)> {
    let mut left: BTreeMap<String, (Rows, Causes)> = BTreeMap::new();
    for row in table(&root.out(), "history/changes").iter().filter(|row| cell(row, "run") == run.to_string()) {
        let figure = cell(row, "figure").to_owned();
        let (keys, values): (&[&str], &[&str]) = match figure.as_str() {
            "quantity" => (&["stamp", "usage_date", "billed_subscription_id", "meter_id"], &["quantity", "line_count"]),
            "charge" => (&["stamp", "usage_date", "billed_subscription_id", "meter_id", "currency"], &["charge"]),
            _ => (&["month", "billed_subscription_id", "meter_id", "currency"], &["amount", "billing_amount"]),
        };
        let key: Vec<String> = keys.iter().map(|column| cell(row, column).to_owned()).collect();
        let side = |side: &str| {
            values.iter().map(|column| scaled(row, &format!("{column}_{side}"))).collect::<Option<Vec<i128>>>()
        };
        let (rows, causes) = left.entry(figure).or_default();
        causes.push((key.clone(), cell(row, "cause").to_owned()));
        assert!(rows.insert(key, [side("before"), side("after")]).is_none(), "twice: {row:?}");
    }
    left
}

/// Causes that something in this night can have had.
fn possible(before: &Terms, after: &Terms, is_full: bool) -> BTreeSet<Cause> {
    let is_reopened = before.is_closed && !after.is_closed;
    let usage = before.usage != after.usage;
    let is_rated_anew = usage || is_reopened || before.book != after.book;
    let can_be = |cause: &Cause| match cause {
        Cause::NewDay | Cause::AttributionChanged => false,
        Cause::FullRun => is_full,
        // Of a window that is replaced, days come and go.
        Cause::WindowAdded | Cause::WindowChanged | Cause::WindowRemoved => usage,
        Cause::MonthReopened => is_reopened,
        Cause::PriceChanged => before.book != after.book || is_reopened,
        Cause::TierShifted => is_rated_anew,
        // A month of which some stamp was closed has the terms of then.
        Cause::TieringChanged => before.volume != after.volume || is_reopened,
        Cause::RoundingChanged => before.rounding != after.rounding || is_reopened,
        Cause::ExchangeRateChanged => before.rates != after.rates || is_reopened,
        Cause::BillingCurrencyChanged => before.rates.is_some() != after.rates.is_some() || is_reopened,
    };
    Cause::ALL.into_iter().filter(can_be).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(2, 12), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_are_the_differences_of_successive_publications(
        first in used(),
        prices in prop::option::of(book()),
        nights in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..5),
    ) {
        let mut history = History { root: bare_root(), terms: Terms::default() };
        for stamp in 0..STAMPS.len() {
            // So that no export loses all of its lines.
            let mut always = first[0].clone();
            always.stamp = stamp;
            history.take(&Step::Put(stamp, 9, vec![always]));
        }
        history.take(&Step::Put(0, 0, first));
        history.take(&Step::Book(prices));
        history.run(Vec::new(), &Terms::default());
        for steps in &nights {
            let (before, terms) = (said(&history.root), history.terms.clone());
            let flags: BTreeSet<&str> = steps.iter().flat_map(|step| history.take(step)).collect();
            let is_full = !flags.is_empty();
            history.run(flags.into_iter().collect(), &terms);
            let after = said(&history.root);
            let run = receipt(&history.root.out())["generation"].as_u64().unwrap();
            let mut left = left(&history.root, run);
            let mut causes = Vec::new();
            let mut rows_of = |figure: &str| {
                let (rows, their_causes) = left.remove(figure).unwrap_or_default();
                causes.extend(their_causes);
                rows
            };
            prop_assert_eq!(rows_of("quantity"), differences(&before.usage, &after.usage, &before.days));
            prop_assert_eq!(rows_of("charge"), differences(&before.charges, &after.charges, &before.days));
            let amounts = rows_of("amount");
            if !terms.is_closed && !history.terms.is_closed {
                prop_assert_eq!(amounts, rebilled(&before, &after, &terms));
            }
            let possible = possible(&terms, &history.terms, is_full);
            let possible: BTreeSet<&str> = possible.iter().map(|cause| cause.as_str()).collect();
            for (key, texts) in causes {
                let said: BTreeSet<&str> = texts.split(' ').collect();
                prop_assert!(!texts.is_empty() && said.is_subset(&possible), "{key:?}: {texts}, of {possible:?}");
            }
        }
    }
}
