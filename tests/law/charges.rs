//! What charges and statements hold, over random usage and price books: the order and the split of windows do not matter, a
//! price that is never in force changes nothing, prices ten times as high charge ten times as much, a statement is the sum of
//! its lines; and exactly what is priced has an amount.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::incremental::{USERS, bare_customers, difference};
use crate::support::{
    DEFAULT, Line, Row, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, cell, csv_rows,
    files_below, listing_of, page, receipt, registration, table, tries,
};

pub const STAMPS: [&str; 2] = ["north", "south"];
pub const DAYS: [&str; 3] = ["2026-09-30", "2026-10-01", "2026-10-02"];
pub const METERS: [&str; 2] = [WINDOWS_HOURS, VM_HOURS];
const UNITS: [&str; 2] = ["Virtual core hours", "VM hours"];

/// A line, by place in the lists; its quantity in thousandths.
#[derive(Clone, Debug)]
pub struct Used {
    pub stamp: usize,
    day: usize,
    user: usize,
    meter: usize,
    resource: u8,
    hour: u32,
    quantity: u32,
}

impl Used {
    pub fn line(&self) -> Line {
        let quantity = format!("{}.{:03}", self.quantity / 1_000, self.quantity % 1_000);
        let hour = format!("{}T{:02}", DAYS[self.day], self.hour);
        let mut line = Line::hourly(USERS[self.user], METERS[self.meter], &hour, &quantity);
        line.resource = format!("vm-{}", self.resource);
        line
    }
}

/// A price entry: its price in units of 10^-4, and where it begins.
#[derive(Clone, Debug)]
pub struct Priced {
    meter: usize,
    scope: usize,
    price: u32,
    /// In thousandths of a unit; the first tier of a meter and scope begins at 0.
    tiers: Vec<(u32, u32)>,
    changes_on: Option<usize>,
    discount: u32,
    currency: usize,
}

pub fn used() -> impl Strategy<Value = Vec<Used>> {
    let parts = (0..STAMPS.len(), 0..DAYS.len(), 0..USERS.len(), 0..METERS.len(), 0_u8..2, 0_u32..24, 0_u32..5_000);
    let line = parts.prop_map(|(stamp, day, user, meter, resource, hour, quantity)| Used {
        stamp,
        day,
        user,
        meter,
        resource,
        hour,
        quantity,
    });
    prop::collection::vec(line, 1..25)
}

pub fn book() -> impl Strategy<Value = Vec<Priced>> {
    let tiers = prop::collection::vec((1_u32..6_000, 0_u32..10_000), 0..3);
    let parts = (
        (0..METERS.len(), 0_usize..4, 0_u32..10_000),
        (tiers, prop::option::of(0..DAYS.len()), prop_oneof![Just(0), Just(25), Just(50)], 0_usize..3),
    );
    let entry = parts.prop_map(|((meter, scope, price), (tiers, changes_on, discount, currency))| Priced {
        meter,
        scope,
        price,
        tiers,
        changes_on,
        discount,
        currency,
    });
    prop::collection::vec(entry, 0..6).prop_map(|prices| {
        // One price for each meter and scope.
        let mut entries: BTreeMap<(usize, usize), Priced> = BTreeMap::new();
        prices.into_iter().for_each(|price| drop(entries.insert((price.meter, price.scope), price)));
        entries.into_values().collect()
    })
}

/// The book as a table, all prices so many times as high.
pub fn table_of(book: &[Priced], times: u32) -> String {
    let header =
        "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note\n";
    let mut text = header.to_owned();
    for entry in book {
        let scope = ["all,", "stamp,south", &format!("tenant,{TENANT_A}"), &format!("user_subscription,{SUB_B}")]
            [entry.scope]
            .to_owned();
        let (meter, unit) = (METERS[entry.meter], UNITS[entry.meter]);
        let currency = ["USD", "JPY", "KWD"][entry.currency];
        let mut tiers: BTreeMap<u32, u32> = entry.tiers.iter().copied().collect();
        tiers.insert(0, entry.price);
        for (from, price) in tiers {
            let price = |more: u32| {
                let scaled = u64::from(times) * u64::from(price + more);
                format!("{}.{:04}", scaled / 10_000, scaled % 10_000)
            };
            let from = format!("{}.{:03}", from / 1_000, from % 1_000);
            let mut row = |price: String, first: &str, end: &str| {
                text +=
                    &format!("{meter},{price},1,{unit},{currency},{first},{end},{from},{scope},{},\n", entry.discount);
            };
            match entry.changes_on {
                None => row(price(0), "", ""),
                Some(day) => {
                    row(price(0), "", DAYS[day]);
                    row(price(1), DAYS[day], "");
                }
            }
        }
    }
    text
}

/// A root with snapshots that say the same of all times, and no usage.
pub fn bare_root() -> TestRoot {
    let root = TestRoot::empty();
    for stamp in STAMPS {
        root.file(&format!("{stamp}/registration/2026-09-01.json"), registration(DEFAULT, stamp));
        root.file(&format!("{stamp}/customer-subscriptions/2026-09-01.json"), bare_customers([true, false]));
        root.file(
            &format!("{stamp}/user-subscriptions/2026-09-01.json"),
            listing_of(stamp, &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]),
        );
        root.file(&format!("{stamp}/usage/2026-08-01/none.json"), page(&[]));
    }
    root
}

/// A root with snapshots that say the same of all times, and this usage: in windows of so many days, and pages of so many lines.
pub fn root(used: &[Used], window_days: usize, page_lines: usize, reversed: bool) -> TestRoot {
    let root = bare_root();
    let mut places: BTreeMap<(usize, usize), Vec<Line>> = BTreeMap::new();
    for usage in used {
        places.entry((usage.stamp, usage.day / window_days)).or_default().push(usage.line());
    }
    for ((stamp, window), mut lines) in places {
        if reversed {
            lines.reverse();
        }
        let ends = ["2026-09-30", "2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05"];
        let folder = format!("{}--{}", ends[window * window_days], ends[(window + 1) * window_days]);
        for (at, lines) in lines.chunks(page_lines).enumerate() {
            let path = format!("{}/usage/{folder}/page-{}.json", STAMPS[stamp], if reversed { 99 - at } else { at });
            let mark = format!("{{\"page\":\"{path}\",");
            root.file(&path, page(lines).replacen('{', &mark, 1));
        }
    }
    root
}

/// What is published of money.
fn money(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(&root.out());
    let starts = ["charges/", "statements/", "csv/statements/", "prices.parquet"];
    files.retain(|path, _| starts.iter().any(|start| path.starts_with(start)));
    files
}

/// A decimal of Parquet, in units of its last place; `None` is null.
pub fn scaled(row: &Row, column: &str) -> Option<i128> {
    row[column].as_ref().map(|text| text.replace('.', "").parse().unwrap())
}

pub fn minor_units(currency: &str) -> u32 {
    match currency {
        "USD" => 2,
        "JPY" => 0,
        "KWD" => 3,
        other => panic!("{other}"),
    }
}

/// Each statement line against the charges that it sums, and its roundings, by hand.
fn check_statements(root: &TestRoot) {
    type Key = [Option<String>; 4];
    let key =
        |row: &Row| ["billed_subscription_id", "meter_id", "price_key", "currency"].map(|column| row[column].clone());
    let month = |row: &Row, column: &str| cell(row, column)[..7].to_owned();
    let mut sums: BTreeMap<(String, Key), (i128, Option<i128>)> = BTreeMap::new();
    let mut daily: BTreeMap<(String, String, String), i128> = BTreeMap::new();
    for row in table(&root.out(), "charges") {
        let (quantity, charge) = (scaled(&row, "quantity").unwrap(), scaled(&row, "charge"));
        assert_eq!(charge.is_some(), cell(&row, "price_status") == "priced", "{row:?}");
        assert_eq!(row["price_key"].is_none(), cell(&row, "price_status") == "unpriced", "{row:?}");
        let sum = sums.entry((month(&row, "usage_date"), key(&row))).or_default();
        sum.0 += quantity;
        sum.1 = charge.map(|charge| charge + sum.1.unwrap_or_default());
        let day = ["stamp", "usage_date", "meter_id"].map(|column| cell(&row, column).to_owned());
        *daily.entry(day.into()).or_default() += quantity;
    }
    for row in table(&root.out(), "daily") {
        let day = ["stamp", "usage_date", "meter_id"].map(|column| cell(&row, column).to_owned());
        *daily.entry(day.into()).or_default() -= scaled(&row, "quantity").unwrap();
    }
    assert!(daily.values().all(|difference| *difference == 0), "all of the usage is rated");
    let lines = table(&root.out(), "statements");
    let mut totals: BTreeMap<(String, String), i128> = BTreeMap::new();
    for row in &lines {
        let (quantity, charge) = sums.remove(&(month(row, "month"), key(row))).expect("a line of charges");
        assert_eq!((scaled(row, "quantity"), scaled(row, "charge")), (Some(quantity), charge), "{row:?}");
        let amount = scaled(row, "amount");
        assert_eq!(amount.is_some(), charge.is_some());
        if let Some((charge, amount)) = charge.zip(amount) {
            // Charges have ten places, amounts four.
            let currency = cell(row, "currency").to_owned();
            let unit = 10_i128.pow(10 - minor_units(&currency));
            assert_eq!(amount * 1_000_000, charge / unit * unit, "{row:?}");
            assert_eq!(scaled(row, "rounding_difference"), Some(amount * 1_000_000 - charge), "{row:?}");
            assert_eq!(scaled(row, "billing_amount"), Some(amount), "nothing is converted");
            *totals.entry((month(row, "month"), currency)).or_default() += amount;
        }
    }
    assert!(sums.is_empty(), "charges without a line: {sums:?}");
    for entry in receipt(&root.out())["statements"].as_array().unwrap() {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let total = totals.remove(&(text("month"), text("currency"))).unwrap();
        let digits = format!("{total:05}");
        let (whole, fraction) = digits.split_at(digits.len() - 4);
        let shown = format!("{whole}.{fraction}");
        assert_eq!(text("amount"), shown.trim_end_matches('0').trim_end_matches('.'));
    }
    assert!(totals.is_empty(), "{totals:?}");
    // One file of all, and one of each billed subscription, say the same.
    let files = files_below(&root.out().join("csv"));
    let rows = |path: &str| {
        let parsed = |(_, bytes): (&String, &Vec<u8>)| csv_rows(std::str::from_utf8(bytes).unwrap());
        files
            .iter()
            .filter(|(name, _)| name.starts_with(path) && name[path.len()..].contains('/'))
            .flat_map(parsed)
            .collect::<Vec<_>>()
    };
    for month in ["2026-09", "2026-10"] {
        let all = files
            .get(&format!("statements/statements-{month}.csv"))
            .map(|bytes| csv_rows(std::str::from_utf8(bytes).unwrap()));
        assert_eq!(all.unwrap_or_default(), rows(&format!("statements/{month}")));
    }
}

/// By what identifies a charge, what it comes to.
fn charges(root: &TestRoot) -> Vec<(Vec<Option<String>>, Option<i128>)> {
    let keys = [
        "stamp",
        "usage_date",
        "billed_subscription_id",
        "user_subscription_id",
        "meter_id",
        "resource_key",
        "tier_from",
    ];
    let keyed = |row: &Row| (keys.map(|column| row[column].clone()).to_vec(), scaled(row, "charge"));
    table(&root.out(), "charges").iter().map(keyed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(2, 12), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn charges_hold_their_laws(used in used(), book in book(), volume in any::<bool>()) {
        let flags: &[&str] = if volume { &["--tiering", "volume"] } else { &[] };
        let first = root(&used, 1, 100, false);
        first.file("prices.csv", table_of(&book, 1));
        first.run(flags).expect(0);
        check_statements(&first);

        // The same usage in one window, a line a page, the last page first.
        let other = root(&used, 3, 1, true);
        other.file("prices.csv", table_of(&book, 1));
        other.run(&[flags, &["--threads", "1"]].concat()).expect(0);
        prop_assert_eq!(difference(&money(&first), &money(&other)), None);

        // A price that is in force on no day of usage.
        let before = files_below(&first.out());
        let never = format!("{WINDOWS_HOURS},7,1,{},USD,2027-01-01,2027-02-01,,stamp,north,,\n", UNITS[0]);
        first.file("prices.csv", table_of(&book, 1) + &never);
        first.run(flags).expect(0);
        prop_assert_eq!(difference(&before, &files_below(&first.out())), None);

        // Prices have four places, quantities three and discounts quarters, so that charges are exact: ten times as high is ten times.
        let tenfold = root(&used, 1, 100, false);
        tenfold.file("prices.csv", table_of(&book, 10));
        tenfold.run(flags).expect(0);
        let ten = charges(&first).into_iter().map(|(key, charge)| (key, charge.map(|units| units * 10)));
        let ten = ten.collect::<Vec<_>>();
        prop_assert_eq!(ten, charges(&tenfold));
        check_statements(&tenfold);
        fs::remove_dir_all(first.out()).unwrap();
    }
}
