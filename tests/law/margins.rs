//! What vendor charges and margins hold, over random usage and two random books: a book charges alike on both sides, a
//! partner earned credit takes off what a discount takes off, and a margin is what the two tables of charges say it is.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::charges::{Priced, Used, book, root, scaled, table_of, used};
use crate::support::{Row, TestRoot, cell, table, tries};

/// Vendor prices with a credit in place of each discount.
fn with_credits(prices: &str) -> String {
    prices.replacen("discount_percent", "partner_earned_credit_percent", 1)
}

/// A root with this usage, charged by one book, and by Microsoft by another one.
fn charged(used: &[Used], prices: &str, vendor_prices: &str) -> TestRoot {
    let root = root(used, 1, 100, false);
    root.file("prices.csv", prices);
    root.file("vendor-prices.csv", vendor_prices);
    root.run(&[]).expect(0);
    root
}

/// What both tables say of a charge.
fn charges(root: &TestRoot, name: &str, columns: &[&str]) -> Vec<Vec<Option<String>>> {
    table(&root.out(), name).iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect()
}

type Texts = Vec<Option<String>>;

/// A cell of a day: its quantity, status, currency and charge.
type Cell = (i128, String, Option<String>, Option<i128>);

/// Who used what of a cell, and which cell of theirs it is.
fn cells(root: &TestRoot, name: &str) -> BTreeMap<(Texts, Texts), Cell> {
    let mut cells: BTreeMap<(Texts, Texts), Cell> = BTreeMap::new();
    for row in table(&root.out(), name) {
        let texts = |columns: &[&str]| -> Texts { columns.iter().map(|column| row[*column].clone()).collect() };
        let mut whose =
            texts(&["usage_date", "billed_subscription_id", "tenant_id", "user_subscription_id", "meter_id"]);
        whose[0] = whose[0].as_ref().map(|day| format!("{}-01", &day[..7]));
        let place = texts(&["stamp", "usage_date", "attribution", "resource_key"]);
        let cell = cells.entry((whose, place)).or_default();
        cell.0 += scaled(&row, "quantity").unwrap();
        cell.1 = self::cell(&row, "price_status").to_owned();
        cell.2 = row["currency"].clone();
        cell.3 = scaled(&row, "charge").map(|charge| charge + cell.3.unwrap_or_default());
    }
    cells
}

/// The margins by hand: whose, currency and both statuses → quantity, charge, vendor charge and margin.
fn margins_by_hand(root: &TestRoot) -> BTreeMap<Texts, [Option<i128>; 4]> {
    let (charges, vendor) = (cells(root, "charges"), cells(root, "vendor_charges"));
    assert!(charges.keys().eq(vendor.keys()), "both are of the same cells");
    let mut margins: BTreeMap<Texts, [Option<i128>; 4]> = BTreeMap::new();
    for ((whose, place), charged) in &charges {
        let bought = &vendor[&(whose.clone(), place.clone())];
        assert_eq!(charged.0, bought.0);
        let mut currencies: Vec<&Option<String>> = vec![&charged.2, &bought.2];
        currencies.retain(|currency| currency.is_some());
        currencies.dedup();
        if currencies.is_empty() {
            currencies.push(&None);
        }
        for currency in currencies {
            let status = |cell: &Cell| match cell.1.as_str() {
                "priced" if cell.2 != *currency => "other_currency".to_owned(),
                status => status.to_owned(),
            };
            let statuses = [status(charged), status(bought)];
            let mut key = whose.clone();
            key.push(currency.clone());
            key.extend(statuses.iter().cloned().map(Some));
            let charge = charged.3.filter(|_| statuses[0] == "priced");
            let vendor_charge = bought.3.filter(|_| statuses[1] == "priced");
            let is_known = currency.is_some()
                && statuses.iter().all(|status| ["priced", "not_billable"].contains(&status.as_str()));
            let margin = is_known.then(|| charge.unwrap_or_default() - vendor_charge.unwrap_or_default());
            let sums = margins.entry(key).or_default();
            for (sum, more) in sums.iter_mut().zip([Some(charged.0), charge, vendor_charge, margin]) {
                *sum = more.map(|more| more + sum.unwrap_or_default());
            }
        }
    }
    margins
}

fn margins(root: &TestRoot) -> BTreeMap<Texts, [Option<i128>; 4]> {
    let keys = [
        "month",
        "billed_subscription_id",
        "tenant_id",
        "user_subscription_id",
        "meter_id",
        "currency",
        "charge_status",
        "vendor_charge_status",
    ];
    let keyed = |row: &Row| {
        let sums = ["quantity", "charge", "vendor_charge", "margin"].map(|column| scaled(row, column));
        (keys.map(|column| row[column].clone()).to_vec(), sums)
    };
    let rows = table(&root.out(), "margins");
    let margins: BTreeMap<_, _> = rows.iter().map(keyed).collect();
    assert_eq!(margins.len(), rows.len(), "a row a key");
    margins
}

/// Some rows are of meters that are never charged.
fn with_free_meters(book: &[Priced], free: bool, meter: &str) -> String {
    let prices = table_of(book, 1);
    if !free || prices.contains(meter) { prices } else { format!("{prices}{meter},,,,,,,,,,,never charged\n") }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(3, 24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn margins_are_what_is_left(used in used(), ours in book(), theirs in book(), free in any::<[bool; 2]>()) {
        let prices = with_free_meters(&ours, free[0], super::charges::METERS[0]);
        let vendor_prices = with_free_meters(&theirs, free[1], super::charges::METERS[0]);
        let both = charged(&used, &prices, &vendor_prices);
        prop_assert_eq!(margins(&both), margins_by_hand(&both));

        // What Microsoft charges is what the same book would charge, and what customers are charged does not depend on it.
        let columns = ["stamp", "usage_date", "billed_subscription_id", "user_subscription_id", "meter_id",
            "resource_key", "tier_from", "quantity", "price_status", "price_key", "price", "per", "currency", "charge"];
        let other = charged(&used, &vendor_prices, &prices);
        prop_assert_eq!(charges(&both, "vendor_charges", &columns), charges(&other, "charges", &columns));
        prop_assert_eq!(charges(&both, "charges", &columns), charges(&other, "vendor_charges", &columns));

        // A credit takes off what a discount does.
        let credited = charged(&used, &prices, &with_credits(&vendor_prices));
        let sums = |root| charges(root, "vendor_charges", &["usage_date", "meter_id", "resource_key", "tier_from", "charge"]);
        prop_assert_eq!(sums(&both), sums(&credited));
        prop_assert_eq!(margins(&both), margins(&credited));
    }
}
