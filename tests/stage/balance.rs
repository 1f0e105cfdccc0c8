//! `balance`: totals that differ end the run with exit code 5, and say where.

use std::collections::BTreeMap;

use stacktally::balance::{ControlTotals, prove};
use stacktally::cli::exit;
use stacktally::domain::limits::QUANTITY_MAX;
use stacktally::domain::totals::{Checksum, MeterTotals, PastRange, Totals};
use stacktally::domain::{MeterId, Quantity, Stamp};

fn totals(lines: i64, scaled: i128) -> Totals {
    Totals { lines, quantity: Quantity::from_scaled(scaled) }
}

fn account(entries: &[(u32, Totals)]) -> MeterTotals<u32> {
    let mut account = MeterTotals::default();
    entries.iter().for_each(|&(key, totals)| account.add(key, totals).unwrap());
    account
}

#[test]
fn accounts_must_agree_under_each_key() {
    let stamp = Stamp::new("north").unwrap();
    let meters = ["a", "b", "c", "d"].map(|id| MeterId::new(id).unwrap());
    let books = ControlTotals { stamp: &stamp, meters: &meters };
    let before = account(&[(1, totals(2, 5)), (2, totals(1, 7))]);
    let read: BTreeMap<u32, Checksum> = [(1, totals(2, 5).into()), (2, totals(1, 7).into())].into();
    books.prove_read("x", &read, &before).unwrap();
    books.prove_account("x", &before, &account(&[(2, totals(1, 7)), (1, totals(1, 2)), (1, totals(1, 3))])).unwrap();
    for after in [
        account(&[(1, totals(2, 5))]),
        account(&[(1, totals(2, 5)), (2, totals(1, 8))]),
        account(&[(1, totals(2, 5)), (2, totals(2, 7))]),
        account(&[(1, totals(2, 5)), (2, totals(1, 7)), (3, totals(1, 0))]),
        account(&[(1, totals(1, 7)), (2, totals(2, 5))]),
    ] {
        let error = books.prove_account("adding up", &before, &after).expect_err("they differ");
        assert_eq!(exit::of_failure(error.kind), 5);
        books.prove_read("reading", &read, &after).expect_err("they differ");
        assert!(
            error.to_string().starts_with("stamp north: the totals after adding up do not balance: of meter "),
            "{error}"
        );
    }
}

#[test]
fn checksums_must_agree() {
    let stamp = Stamp::new("north").unwrap();
    let sum = |lines, scaled| Checksum::from(totals(lines, scaled));
    prove(&stamp, "x", sum(2, 5), [sum(1, 2), sum(1, 3)].into_iter().sum()).unwrap();
    let lost = prove(&stamp, "reading", sum(2, 5), sum(1, 5)).expect_err("a line is lost");
    assert_eq!(lost.to_string(), "stamp north: the totals after reading do not balance: 2 lines went in, 1 came out");
    prove(&stamp, "reading", sum(2, 5), sum(2, 4)).expect_err("a quantity is lost");
}

#[test]
fn sums_past_the_range_are_seen() {
    let mut sum = totals(1, QUANTITY_MAX);
    assert_eq!(sum.merge(totals(1, 1)), Err(PastRange));
    assert_eq!(sum.merge(totals(1, i128::MAX)), Err(PastRange));
}
