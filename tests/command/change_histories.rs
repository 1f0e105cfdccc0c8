//! What `history/changes` must say of each kind of history: the rows that must come, with their causes, and no other.
//!
//! Stamp north has 4 core hours on the fifth and 7 on the sixth, of tenant A, and an hour of a VM on each. Ten core hours of
//! the month are 1 USD each, what is beyond them 0.50: 4 on the fifth, and 6 × 1 + 1 × 0.50 = 6.50 on the sixth.

use Step::{Book, Close, Customer, Hours, HoursSouth, Rates, RemoveFile, RemoveWindow, Reopen, Run};

use super::prices::HEADER;
use crate::support::{
    BILLED_A, DEFAULT, Line, Row, SUB_A, TENANT_A, TestRoot, VM_HOURS, WINDOWS_HOURS, cell, customers, page, page_of,
    table,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

const TIERS: &str = "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\n\
     WINDOWS,0.5,1,Virtual core hours,USD,,,10,,,,\n";
const FLAT: &str = "WINDOWS,0.335,1,Virtual core hours,USD,,,,,,,\n";
const VM_PRICE: &str = "VM,0.1,1,VM hours,USD,,,,,,,\n";

/// What is done to a root between two runs.
enum Step {
    /// Core hours of a day, reported in a window: `(window, page, day, hours)`.
    Hours(&'static str, &'static str, &'static str, &'static str),
    /// The same on another stamp.
    HoursSouth(&'static str, &'static str, &'static str),
    RemoveWindow(&'static str),
    Book(String),
    Rates(&'static str),
    RemoveFile(&'static str),
    Customer(&'static str),
    Close,
    Reopen,
    Run(&'static [&'static str]),
}

impl Step {
    fn take(&self, root: &TestRoot) {
        match self {
            Hours(window, name, day, hours) => root.file(
                &format!("north/usage/{window}/{name}.json"),
                page_of(name, &[Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T05"), hours)]),
            ),
            HoursSouth(window, day, hours) => {
                root.snapshots("south");
                root.file(
                    &format!("south/usage/{window}/page.json"),
                    page_of("south", &[Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T05"), hours)]),
                );
            }
            RemoveWindow(window) => root.remove(&format!("north/usage/{window}")),
            Book(rows) => {
                let rows =
                    rows.replace("WINDOWS,", &format!("{WINDOWS_HOURS},")).replace("VM,", &format!("{VM_HOURS},"));
                root.file("prices.csv", HEADER.to_owned() + &rows);
            }
            Rates(rows) => root.file("exchange-rates.csv", format!("month,from,to,rate\n{rows}")),
            RemoveFile(name) => root.remove(name),
            Customer(billed) => root.file(
                "north/customer-subscriptions/2026-10-06.json",
                customers(DEFAULT, "north", &[(TENANT_A, billed)]),
            ),
            Close => {
                root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "test"]).expect(0);
            }
            Reopen => drop(root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "test"]).expect(0)),
            Run(flags) => drop(root.run(flags).expect(0)),
        }
    }
}

/// Two nights, published without a price book.
fn two_nights() -> TestRoot {
    let root = TestRoot::with_snapshots();
    for (day, hours) in [("2026-10-05", "4"), ("2026-10-06", "7")] {
        let lines = [
            Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T05"), hours),
            Line::hourly(SUB_A, VM_HOURS, &format!("{day}T05"), "1"),
        ];
        root.file(&format!("north/usage/{day}/page.json"), page(&lines));
    }
    root
}

/// The usage of two days that goes to another payer.
const MOVED: [&str; 8] = [
    "north 2026-10-05 a core 4 > nothing: attribution_changed",
    "north 2026-10-05 a vm 1 > nothing: attribution_changed",
    "north 2026-10-05 b core nothing > 4: attribution_changed",
    "north 2026-10-05 b vm nothing > 1: attribution_changed",
    "north 2026-10-06 a core 7 > nothing: attribution_changed",
    "north 2026-10-06 a vm 1 > nothing: attribution_changed",
    "north 2026-10-06 b core nothing > 7: attribution_changed",
    "north 2026-10-06 b vm nothing > 1: attribution_changed",
];

/// The rows of the last run, such as `north 2026-10-05 a core USD 4 > 6: window_added`.
#[track_caller]
fn check(start: &[Step], night: &[Step], expected: &[&str]) {
    let root = two_nights();
    start.iter().for_each(|step| step.take(&root));
    let before = table(&root.out(), "history/changes").len();
    night.iter().for_each(|step| step.take(&root));
    let rows = table(&root.out(), "history/changes");
    let mut rows: Vec<String> = rows[before..].iter().map(shown).collect();
    rows.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(rows, expected);
}

fn shown(row: &Row) -> String {
    let text = |column: &str| row[column].as_deref();
    let number = |column: &str| {
        let trimmed = text(column).map(|decimal| decimal.trim_end_matches('0').trim_end_matches('.'));
        trimmed.unwrap_or("nothing").to_owned()
    };
    let payer = match cell(row, "billed_subscription_id") {
        BILLED_A => "a",
        BILLED_B => "b",
        other => other,
    };
    let meter = if cell(row, "meter_id") == WINDOWS_HOURS { "core" } else { "vm" };
    let place = match text("stamp") {
        Some(stamp) => format!("{stamp} {}", cell(row, "usage_date")),
        None => cell(row, "month")[..7].to_owned(),
    };
    assert!(cell(row, "month").starts_with(&place[place.len().saturating_sub(10)..][..7]), "{row:?}");
    let figure = cell(row, "figure");
    let what = match figure {
        "quantity" => format!("{} > {}", number("quantity_before"), number("quantity_after")),
        "charge" => format!("{} {} > {}", cell(row, "currency"), number("charge_before"), number("charge_after")),
        _ => {
            let side = |side: &str| {
                let [amount, billing] = ["amount", "billing_amount"].map(|name| number(&format!("{name}_{side}")));
                format!("{amount} is {billing} {}", cell(row, &format!("billing_currency_{side}")))
            };
            format!("{} {} > {}", cell(row, "currency"), side("before"), side("after"))
        }
    };
    // What is not of the figure is null.
    let columns =
        ["quantity_before", "quantity_after", "charge_before", "charge_after", "amount_before", "amount_after"];
    let of_others = columns.iter().filter(|column| !column.starts_with(figure) && text(column).is_some());
    assert_eq!(of_others.count(), 0, "{row:?}");
    format!("{place} {payer} {meter} {what}: {}", cell(row, "cause"))
}

fn tiers() -> Step {
    Book(TIERS.to_owned())
}

/// The third night: 3 hours of the seventh, all beyond ten.
const THIRD: Step = Hours("2026-10-07", "page", "2026-10-07", "3");
/// Two late hours of the fifth, which come with the third night: the fifth has 6, and of the sixth 4 are of the first ten.
const LATE: Step = Hours("2026-10-07", "late", "2026-10-05", "2");
const GO: Step = Run(&[]);

#[test]
fn a_new_night_changes_nothing_that_was_published() {
    check(&[GO], &[THIRD, GO], &[]);
    check(&[tiers(), GO], &[THIRD, GO], &[]);
    // The first day of a stamp that comes, too: its hours stand behind all of north's.
    check(&[tiers(), GO], &[HoursSouth("2026-10-07", "2026-10-07", "3"), GO], &[]);
    check(&[tiers(), GO], &[GO], &[]);
    check(&[tiers(), GO], &[Run(&["--full"])], &[]);
    // A tier that the night reaches, and an entry that comes into use with its day.
    let dated =
        "WINDOWS,1,1,Virtual core hours,USD,,2026-10-07,,,,,\nWINDOWS,2,1,Virtual core hours,USD,2026-10-07,,,,,,\n";
    check(&[Book(dated.to_owned()), GO], &[THIRD, GO], &[]);
    // The day that was published without usage of a meter that has a price: nothing of it was charged, and is not now.
    check(&[Book(VM_PRICE.to_owned()), GO], &[THIRD, GO], &[]);
}

#[test]
fn usage_of_published_days() {
    let late = ["north 2026-10-05 a core 4 > 6: window_added"];
    check(&[GO], &[LATE, GO], &late);
    check(&[GO], &[THIRD, LATE, GO], &late);
    check(
        &[GO],
        &[Hours("2026-10-05", "page", "2026-10-05", "5"), GO],
        // The page of the window had an hour of a VM as well.
        &["north 2026-10-05 a core 4 > 5: window_changed", "north 2026-10-05 a vm 1 > nothing: window_changed"],
    );
    check(
        &[GO],
        &[RemoveWindow("2026-10-05"), Run(&["--forget", "all"])],
        &["north 2026-10-05 a core 4 > nothing: window_removed", "north 2026-10-05 a vm 1 > nothing: window_removed"],
    );
    // Windows of the fifth and the sixth ask the list of the sixth at the earliest.
    check(&[GO], &[Customer(BILLED_B), GO], &MOVED);
    check(&[GO], &[LATE, Run(&["--full"])], &["north 2026-10-05 a core 4 > 6: full_run"]);
    // What is closed does not change; what came to it meanwhile is said when it is opened.
    check(&[GO, Close], &[LATE, GO], &[]);
    check(&[GO, Close, LATE, GO], &[Reopen, GO], &["north 2026-10-05 a core 4 > 6: month_reopened"]);
    // A day of which only what was closed is left, and that gets lines again in the run that opens it.
    check(
        &[GO, Close, RemoveWindow("2026-10-05"), Run(&["--forget", "all"])],
        &[Reopen, LATE, GO],
        &[
            "north 2026-10-05 a core 4 > 2: window_added month_reopened",
            "north 2026-10-05 a vm 1 > nothing: window_added month_reopened",
        ],
    );
}

#[test]
fn charges_that_usage_changes() {
    let usage = "north 2026-10-05 a core 4 > 6: window_added";
    // The fifth: 6 × 1. The sixth: 4 × 1 + 3 × 0.50.
    let late = [
        usage,
        "north 2026-10-05 a core USD 4 > 6: window_added",
        "north 2026-10-06 a core USD 6.5 > 5.5: tier_shifted",
    ];
    check(&[tiers(), GO], &[LATE, GO], &late);
    check(&[tiers(), GO], &[THIRD, LATE, GO], &late);
    // The fifth: 5 × 1. The sixth: 5 × 1 + 2 × 0.50.
    check(
        &[tiers(), GO],
        &[Hours("2026-10-05", "page", "2026-10-05", "5"), GO],
        &[
            "north 2026-10-05 a core 4 > 5: window_changed",
            "north 2026-10-05 a vm 1 > nothing: window_changed",
            "north 2026-10-05 a core USD 4 > 5: window_changed",
            "north 2026-10-06 a core USD 6.5 > 6: tier_shifted",
        ],
    );
    // The sixth: 7 × 1.
    check(
        &[tiers(), GO],
        &[RemoveWindow("2026-10-05"), Run(&["--forget", "all"])],
        &[
            "north 2026-10-05 a core 4 > nothing: window_removed",
            "north 2026-10-05 a vm 1 > nothing: window_removed",
            "north 2026-10-05 a core USD 4 > nothing: window_removed",
            "north 2026-10-06 a core USD 6.5 > 7: tier_shifted",
        ],
    );
    // Another stamp's usage of the fifth, a day that it had not: it stands behind north's fifth, and before its sixth.
    check(
        &[tiers(), GO],
        &[HoursSouth("2026-10-05", "2026-10-05", "2"), GO],
        &["north 2026-10-06 a core USD 6.5 > 5.5: tier_shifted"],
    );
    // A late line of a meter without tiers touches the day, and not why the other meter is charged otherwise: it is not.
    check(
        &[Book(format!("{TIERS}{VM_PRICE}")), GO],
        &[Hours("2026-10-07", "late", "2026-10-06", "1"), GO],
        // The sixth: 6 × 1 + 2 × 0.50.
        &["north 2026-10-06 a core 7 > 8: window_added", "north 2026-10-06 a core USD 6.5 > 7: window_added"],
    );
    // The first ten of the payer that comes, and none is left of the other's.
    check(
        &[tiers(), GO],
        &[Customer(BILLED_B), GO],
        &[
            &MOVED[..],
            &[
                "north 2026-10-05 a core USD 4 > nothing: attribution_changed",
                "north 2026-10-05 b core USD nothing > 4: attribution_changed",
                "north 2026-10-06 a core USD 6.5 > nothing: attribution_changed",
                "north 2026-10-06 b core USD nothing > 6.5: attribution_changed",
            ],
        ]
        .concat(),
    );
    // Made anew: the usage for that reason, and what stands behind it because tiers shifted.
    check(
        &[tiers(), GO],
        &[LATE, Run(&["--full"])],
        &[
            "north 2026-10-05 a core 4 > 6: full_run",
            "north 2026-10-05 a core USD 4 > 6: full_run",
            "north 2026-10-06 a core USD 6.5 > 5.5: tier_shifted",
        ],
    );
    check(
        &[tiers(), GO, Close, LATE, GO],
        &[Reopen, GO],
        &[
            "north 2026-10-05 a core 4 > 6: month_reopened",
            "north 2026-10-05 a core USD 4 > 6: month_reopened",
            "north 2026-10-06 a core USD 6.5 > 5.5: month_reopened tier_shifted",
        ],
    );
}

#[test]
fn charges_that_prices_change() {
    let all = [
        "north 2026-10-05 a core USD nothing > 4: price_changed",
        "north 2026-10-06 a core USD nothing > 6.5: price_changed",
    ];
    // A price book comes to published days, and goes.
    check(&[GO], &[tiers(), GO], &all);
    check(&[GO], &[tiers(), THIRD, GO], &all);
    check(
        &[tiers(), GO],
        &[RemoveFile("prices.csv"), Run(&["--forget", "prices"])],
        &[
            "north 2026-10-05 a core USD 4 > nothing: price_changed",
            "north 2026-10-06 a core USD 6.5 > nothing: price_changed",
        ],
    );
    // A price is added, changed, removed.
    let book = |rows: &[&str]| Book(rows.concat());
    check(
        &[tiers(), GO],
        &[book(&[TIERS, VM_PRICE]), GO],
        &[
            "north 2026-10-05 a vm USD nothing > 0.1: price_changed",
            "north 2026-10-06 a vm USD nothing > 0.1: price_changed",
        ],
    );
    check(
        &[book(&[TIERS, VM_PRICE]), GO],
        &[book(&[TIERS, &VM_PRICE.replace("0.1", "0.25")]), GO],
        &["north 2026-10-05 a vm USD 0.1 > 0.25: price_changed", "north 2026-10-06 a vm USD 0.1 > 0.25: price_changed"],
    );
    check(
        &[book(&[TIERS, VM_PRICE]), GO],
        &[tiers(), GO],
        &[
            "north 2026-10-05 a vm USD 0.1 > nothing: price_changed",
            "north 2026-10-06 a vm USD 0.1 > nothing: price_changed",
        ],
    );
    check(
        &[book(&[TIERS, VM_PRICE]), GO],
        &[book(&[TIERS, &VM_PRICE.replace("USD", "EUR")]), GO],
        &[
            "north 2026-10-05 a vm EUR nothing > 0.1: price_changed",
            "north 2026-10-05 a vm USD 0.1 > nothing: price_changed",
            "north 2026-10-06 a vm EUR nothing > 0.1: price_changed",
            "north 2026-10-06 a vm USD 0.1 > nothing: price_changed",
        ],
    );
    // In force from the sixth on: the fifth is as it was. Written anew with a note and a unit: nothing is.
    let from_the_sixth = "VM,0.1,1,VM hours,USD,,2026-10-06,,,,,\nVM,0.2,1,VM hours,USD,2026-10-06,,,,,,\n";
    check(
        &[book(&[TIERS, VM_PRICE]), GO],
        &[book(&[TIERS, from_the_sixth]), GO],
        &["north 2026-10-06 a vm USD 0.1 > 0.2: price_changed"],
    );
    check(&[book(&[TIERS, VM_PRICE]), GO], &[book(&[TIERS, &VM_PRICE.replace(",\n", ",noted\n")]), GO], &[]);
    // A tier begins elsewhere: of the sixth 2 × 1 + 5 × 0.50.
    check(
        &[tiers(), GO],
        &[Book(TIERS.replace(",10,", ",6,")), GO],
        &["north 2026-10-06 a core USD 6.5 > 4.5: price_changed"],
    );
    // Other prices while the month was closed.
    check(
        &[tiers(), GO, Close, Book(FLAT.replace("0.335", "2")), GO],
        &[Reopen, GO],
        &[
            "north 2026-10-05 a core USD 4 > 8: month_reopened price_changed",
            "north 2026-10-06 a core USD 6.5 > 14: month_reopened price_changed",
        ],
    );
    // Both at once: of the fifth 6 × 2; of the sixth 4 × 2 + 3 × 0.50.
    check(
        &[tiers(), GO],
        &[LATE, Book(TIERS.replacen(",1,1,", ",2,1,", 1)), GO],
        &[
            "north 2026-10-05 a core 4 > 6: window_added",
            "north 2026-10-05 a core USD 4 > 12: window_added price_changed",
            "north 2026-10-06 a core USD 6.5 > 9.5: price_changed tier_shifted",
        ],
    );
}

/// Entries that come into use, go out of it or end with a day are no changed prices, though usage moves what they charge.
#[test]
fn dated_entries_are_no_changed_prices() {
    let until = |rows: &str| rows.replace(",USD,,,", ",USD,,2026-10-07,");
    let from = |rows: &str| rows.replace(",USD,,,", ",USD,2026-10-07,,").replacen(",1,1,", ",3,1,", 1);
    let dated = format!("{}{}", until(TIERS), from(TIERS));
    let late = [
        "north 2026-10-05 a core 4 > 6: window_added",
        "north 2026-10-05 a core USD 4 > 6: window_added",
        "north 2026-10-06 a core USD 6.5 > 5.5: tier_shifted",
    ];
    check(&[Book(dated.clone()), GO], &[THIRD, LATE, GO], &late);
    // The entries of the first days are ended in the run that brings the late line.
    check(&[tiers(), GO], &[Book(dated.clone()), THIRD, LATE, GO], &late);
    // The last usage of an entry goes: it is used no more, and in force all the same.
    check(
        &[Book(dated.clone()), THIRD, LATE, GO],
        &[RemoveWindow("2026-10-07"), Run(&["--forget", "all"])],
        &[
            "north 2026-10-05 a core 6 > 4: window_removed",
            "north 2026-10-05 a core USD 6 > 4: window_removed",
            "north 2026-10-06 a core USD 5.5 > 6.5: tier_shifted",
            "north 2026-10-07 a core 3 > nothing: window_removed",
            // What counts for tiers is the month's: all three are beyond ten.
            "north 2026-10-07 a core USD 1.5 > nothing: window_removed",
        ],
    );
    // All of the sixth comes to lie beyond ten: the first tier is used no more that day.
    check(
        &[tiers(), GO],
        &[Hours("2026-10-07", "late", "2026-10-05", "6"), GO],
        &[
            "north 2026-10-05 a core 4 > 10: window_added",
            "north 2026-10-05 a core USD 4 > 10: window_added",
            "north 2026-10-06 a core USD 6.5 > 3.5: tier_shifted",
        ],
    );
}

#[test]
fn terms_of_statements_and_of_tiers() {
    const VOLUME: Step = Run(&["--tiering", "volume"]);
    const HALF_UP: Step = Run(&["--rounding", "half-up"]);
    const EUR: Step = Rates("2026-10,USD,EUR,0.9\n");
    // The month has 11 hours: all are 0.50.
    check(
        &[tiers(), GO],
        &[VOLUME],
        &[
            "north 2026-10-05 a core USD 4 > 2: tiering_changed",
            "north 2026-10-06 a core USD 6.5 > 3.5: tiering_changed",
        ],
    );
    // Without tiers it does not matter how they are taken.
    check(&[Book(FLAT.to_owned()), GO], &[VOLUME], &[]);
    // 11 × 0.335 = 3.685.
    check(
        &[Book(FLAT.to_owned()), GO],
        &[HALF_UP],
        &["2026-10 a core USD 3.68 is 3.68 USD > 3.69 is 3.69 USD: rounding_changed"],
    );
    check(&[tiers(), GO], &[HALF_UP], &[]);
    // The two lines of the month are 10 and 0.50: 9 and 0.45; then 8 and 0.40.
    let as_euro = "2026-10 a core USD 10.5 is 10.5 USD > 10.5 is 9.45 EUR: billing_currency_changed";
    check(&[tiers(), GO], &[EUR, GO], &[as_euro]);
    check(
        &[tiers(), EUR, GO],
        &[Rates("2026-10,USD,EUR,0.8\n"), GO],
        &["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 8.4 EUR: exchange_rate_changed"],
    );
    // Of another month, or of another currency: nothing.
    check(&[tiers(), EUR, GO], &[Rates("2026-10,USD,EUR,0.9\n2026-11,USD,EUR,0.7\n2026-10,GBP,EUR,1.1\n"), GO], &[]);
    check(
        &[tiers(), EUR, GO],
        &[RemoveFile("exchange-rates.csv"), Run(&["--forget", "exchange-rates"])],
        &["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 10.5 USD: billing_currency_changed"],
    );
    check(
        &[tiers(), EUR, GO],
        &[Rates("2026-10,USD,EUR,0.9\n2026-10,USD,GBP,0.75\n"), Run(&["--billing-currency", "GBP"])],
        // 7.50 and 0.375, rounded down.
        &["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 7.87 GBP: billing_currency_changed"],
    );
    // With a new night: its 3 hours are 1.50 in the second line, 0.50 + 1.50 = 2; 10 and 2 are 8 and 1.60.
    check(
        &[tiers(), EUR, GO],
        &[THIRD, Rates("2026-10,USD,EUR,0.8\n"), GO],
        &["2026-10 a core USD 10.5 is 9.45 EUR > 12 is 9.6 EUR: exchange_rate_changed"],
    );
    // Without new terms a night changes amounts of its month, and no row says so: its charges do.
    check(&[tiers(), EUR, GO], &[THIRD, GO], &[]);
    // Everything anew, and what the last run knew is lost: what is published says enough.
    check(
        &[tiers(), EUR, GO],
        &[Rates("2026-10,USD,EUR,0.8\n"), Run(&["--full"])],
        &["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 8.4 EUR: exchange_rate_changed"],
    );
    // Closed months keep their terms; opened, they have those of now.
    check(&[tiers(), EUR, GO, Close], &[Rates("2026-10,USD,EUR,0.8\n"), VOLUME], &[]);
    check(
        &[tiers(), EUR, GO, Close, Rates("2026-10,USD,EUR,0.8\n"), GO],
        &[Reopen, GO],
        &["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 8.4 EUR: exchange_rate_changed"],
    );
}

/// What the last run knew is lost: rows are the same, and causes as far as published tables tell.
#[test]
fn without_the_state_rows_are_the_same() {
    let lost = |flags: &[&str], change: &dyn Fn(&TestRoot)| {
        let root = two_nights();
        tiers().take(&root);
        Rates("2026-10,USD,EUR,0.9\n").take(&root);
        root.run(&[]).expect(0);
        std::fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
        change(&root);
        root.run(flags).expect(0);
        let mut rows: Vec<String> = table(&root.out(), "history/changes").iter().map(shown).collect();
        rows.sort();
        rows
    };
    assert_eq!(lost(&[], &|_| ()), [""; 0]);
    assert_eq!(
        lost(&[], &|root| LATE.take(root)),
        [
            "north 2026-10-05 a core 4 > 6: full_run",
            "north 2026-10-05 a core USD 4 > 6: full_run",
            "north 2026-10-06 a core USD 6.5 > 5.5: full_run",
        ]
    );
    assert_eq!(
        lost(&[], &|root| Rates("2026-10,USD,EUR,0.8\n").take(root)),
        ["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 8.4 EUR: exchange_rate_changed"]
    );
    assert_eq!(
        lost(&["--rounding", "half-up"], &|root| Rates("2026-10,USD,EUR,0.891\n").take(root)),
        // 8.91 and 0.4455.
        ["2026-10 a core USD 10.5 is 9.45 EUR > 10.5 is 9.36 EUR: exchange_rate_changed"]
    );
}
