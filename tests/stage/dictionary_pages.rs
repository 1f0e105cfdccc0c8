//! `table::dictionary_pages`: columns of ranks become the bytes that the general Parquet writer makes of the same
//! columns as arrays.

use std::borrow::Cow;

use proptest::prelude::*;
use stacktally::domain::Quantity;
use stacktally::table::arrays::Dictionary;
use stacktally::table::column::{Column, Kind, Table};
use stacktally::table::contract::{DEFAULT_USAGE, HOURLY, LINES};
use stacktally::table::dictionary_pages::{FactColumn, NULL, Places};
use stacktally::table::parquet::{encode, encode_ranked, read_back};
use stacktally::table::rows::TableColumns;

use crate::support::tries;

/// A generator of numbers, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        ((self.0 >> 33) as usize) % end.max(1)
    }

    /// Places among so many values: all alike, in runs, in order, or any.
    fn places(&mut self, rows: usize, values: usize) -> Vec<u32> {
        let (kind, run) = (self.below(4), 1 + self.below(40));
        let mut last = 0;
        let place = |row: usize| {
            last = match kind {
                0 => 0,
                1 if !row.is_multiple_of(run) => last,
                2 => row * values / rows,
                _ => self.below(values),
            };
            last as u32
        };
        (0..rows).map(place).collect()
    }

    /// Takes places away: none, all, or some.
    fn with_nulls(&mut self, mut places: Vec<u32>) -> Vec<u32> {
        match self.below(4) {
            0 => {}
            1 => places.fill(NULL),
            _ => places.iter_mut().for_each(|place| {
                if self.below(3) == 0 {
                    *place = NULL;
                }
            }),
        }
        places
    }
}

/// Texts in order, some of them longer than statistics hold.
fn dictionary(numbers: &mut Numbers) -> Dictionary {
    let count = [1, 2, 3, 9, 200, 3_000, 40_000][numbers.below(7)];
    let tail = "x".repeat([0, 3, 30, 70][numbers.below(4)]);
    let texts: Vec<String> = (0..count).map(|number| format!("{number:06}{tail}")).collect();
    Dictionary::new(texts.iter().map(String::as_str))
}

/// Quantities of any size.
fn quantities(numbers: &mut Numbers, rows: usize) -> Vec<Quantity> {
    let scaled = |_| i128::from(numbers.below(1 << 30) as i64) << numbers.below(80);
    (0..rows).map(scaled).map(Quantity::from_scaled).collect()
}

fn column<'d>(
    (kind, nullable): (Kind, bool),
    dictionary: &'d Dictionary,
    quantities: &'d [Quantity],
    numbers: &mut Numbers,
) -> FactColumn<'d> {
    let rows = quantities.len();
    let places = |values: usize, numbers: &mut Numbers| {
        let drawn = numbers.places(rows, values);
        if nullable { numbers.with_nulls(drawn) } else { drawn }
    };
    match kind {
        Kind::Text => FactColumn::Texts(dictionary, Places::Each(places(dictionary.len(), numbers).into())),
        Kind::Decimal => FactColumn::Quantities(quantities),
        Kind::Date | Kind::Month => FactColumn::Days(vec![20_000, 20_002, -3], Places::Each(places(3, numbers).into())),
        _ => {
            let count = [1, 5, 900, 70_000][numbers.below(4)];
            let values: Vec<i64> =
                (0..count).map(|number: i64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64) >> 24).collect();
            FactColumn::Integers(Cow::Owned(values), Places::Each(places(count as usize, numbers).into()))
        }
    }
}

/// The same columns as arrays, in the bytes of the general writer.
fn by_the_general_writer(table: &'static Table, columns: &[FactColumn<'_>]) -> Vec<u8> {
    let declared = table.columns.iter().zip(columns);
    let arrays = declared.map(|(declared, column)| column.array(declared.kind, 0..column.len()).unwrap());
    encode(TableColumns::in_order(table, arrays.collect())).unwrap()
}

fn check(table: &'static Table, rows: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    let dictionaries: Vec<Dictionary> = table.columns.iter().map(|_| dictionary(&mut numbers)).collect();
    let contract = table.columns.iter().zip(&dictionaries);
    let quantities = quantities(&mut numbers, rows);
    let columns: Vec<FactColumn<'_>> = contract
        .map(|(declared, texts)| column((declared.kind, declared.nullable), texts, &quantities, &mut numbers))
        .collect();
    let (general, ranked) = (by_the_general_writer(table, &columns), encode_ranked(table, &columns).unwrap());
    assert!(
        ranked == general,
        "{} of {rows} rows, seed {seed}: {} bytes for {}",
        table.name,
        ranked.len(),
        general.len()
    );
    assert_eq!(read_back(table, ranked.into()).unwrap().0, rows as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(8, 24)))]

    #[test]
    fn ranks_become_the_bytes_of_the_general_writer(rows in 1_usize..3_000, seed: u64) {
        for table in [&LINES, &HOURLY, &DEFAULT_USAGE] {
            check(table, rows, seed);
        }
    }
}

/// Several pages, of either length; and past a row group.
#[test]
fn pages_end_where_those_of_the_general_writer_do() {
    for (table, rows) in [(&LINES, 20_000), (&HOURLY, 20_001), (&HOURLY, 20_480), (&DEFAULT_USAGE, 41_000)] {
        for seed in 0..u64::from(tries(1, 4)) {
            check(table, rows, seed);
        }
    }
    if tries(0, 1) > 0 {
        check(&DEFAULT_USAGE, (1 << 20) + 5, 1);
    }
}

/// A column of one value that is null in no row, and a table without rows.
#[test]
fn the_smallest_tables() {
    check(&LINES, 1, 0);
    let texts = Dictionary::new(["one"]);
    let columns: Vec<FactColumn<'_>> =
        HOURLY.columns.iter().map(|declared| column((declared.kind, false), &texts, &[], &mut Numbers(0))).collect();
    assert_eq!(encode_ranked(&HOURLY, &columns).unwrap(), by_the_general_writer(&HOURLY, &columns));
}

/// A dictionary of 8 MiB is one too many: the general writer gives it up, so such a column is left to it.
#[test]
fn dictionaries_end_where_those_of_the_general_writer_do() {
    let columns: &'static [Column] = Box::leak(Box::new([LINES.columns[3], LINES.columns[5]]));
    let table: &'static Table = Box::leak(Box::new(Table { name: "large", row: "value", columns, sorted_by: 0 }));
    // 60 bytes and a length of 4: 131,072 of them are 8 MiB; and 2^20 integers of 8 bytes are, too.
    let sizes = [(131_072, 1_048_576), (131_071, 1_048_575), (140_000, 1_048_576)];
    for (texts, integers) in sizes.into_iter().take(tries(1, 3) as usize) {
        let rows = integers;
        let dictionary: Vec<String> = (0..texts).map(|number| format!("{number:060}")).collect();
        let dictionary = Dictionary::new(dictionary.iter().map(String::as_str));
        let values: Vec<i64> = (0..integers as i64).collect();
        let each = |count: usize| Places::Each((0..rows).map(|row| (row % count) as u32).collect::<Vec<u32>>().into());
        let columns =
            [FactColumn::Texts(&dictionary, each(texts)), FactColumn::Integers(values.into(), each(integers))];
        let general = by_the_general_writer(table, &columns);
        assert!(encode_ranked(table, &columns).unwrap() == general, "{texts} texts, {integers} integers");
    }
}
