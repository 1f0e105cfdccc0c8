//! A month, rated: how cells cross tiers, who shares them, and what a closed month leaves to the rest.

use stacktally::domain::price::{Price, Scope, Terms};
use stacktally::domain::{Currency, Day, MeterId, PriceEntry, Quantity, Stamp, Tiering};
use stacktally::rate::{OwnerTexts, PriceBook, RatedRows, StampMonth, rate_month};

use crate::support::{SUB_A, TENANT_A, WINDOWS_HOURS};

const UNIT: &str = "Virtual core hours";

/// A price of a meter, from a quantity on; `None`: not billable.
fn entry(price: Option<&str>, tier_from: &str, row: i64) -> PriceEntry {
    let terms = price.map_or(Terms::NotBillable, |price| {
        Terms::Price(Price {
            price: price.parse().unwrap(),
            per: 1.into(),
            discount_percent: 0.into(),
            partner_earned_credit_percent: 0.into(),
            currency: usd(),
        })
    });
    PriceEntry {
        meter: MeterId::new(WINDOWS_HOURS).unwrap(),
        scope: Scope::All,
        from: None,
        to: None,
        tier_from: quantity(tier_from),
        terms,
        unit: Some(UNIT.to_owned()),
        note: None,
        file: "prices.csv".to_owned(),
        row,
        is_of_card: false,
    }
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap().quantity
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

/// 1 up to 10, 0.5 up to 20, then 0.25.
fn three_tiers() -> PriceBook {
    let entries = vec![entry(Some("1"), "0", 1), entry(Some("0.5"), "10", 2), entry(Some("0.25"), "20", 3)];
    PriceBook::new(entries, |_| Some(UNIT)).unwrap()
}

/// Cells of (day of October, billed subscription, quantity), in order.
fn month(stamp: &str, cells: &[(u32, &str, &str)]) -> StampMonth {
    let mut billed: Vec<&str> = cells.iter().map(|(_, billed, _)| *billed).collect();
    billed.dedup();
    let owner = |billed_subscription: &&str| OwnerTexts {
        billed_subscription: (*billed_subscription).to_owned(),
        attribution: "customer".to_owned(),
        tenant: Some(TENANT_A.to_owned()),
        user_subscription: SUB_A.to_owned(),
    };
    let place =
        |subscription: &str| u32::try_from(billed.iter().position(|billed| *billed == subscription).unwrap()).unwrap();
    StampMonth {
        stamp: Stamp::new(stamp).unwrap(),
        owners: billed.iter().map(owner).collect(),
        meters: vec![WINDOWS_HOURS.to_owned()],
        days: cells.iter().map(|(day, ..)| Day::parse(&format!("2026-10-{day:02}")).unwrap()).collect(),
        owner: cells.iter().map(|(_, billed, _)| place(billed)).collect(),
        meter: vec![0; cells.len()],
        resource: (0..).take(cells.len()).collect(),
        quantity: cells.iter().map(|(.., text)| quantity(text)).collect(),
    }
}

/// Of each stamp, per row: the cell, its quantity, the entry and the charge.
fn rated(
    months: &[(&StampMonth, Option<&[Option<Currency>]>)],
    book: &PriceBook,
    tiering: Tiering,
) -> Vec<Option<Vec<String>>> {
    let rows: Vec<RatedRows<'_>> = months.iter().map(|(usage, closed)| RatedRows { usage, closed: *closed }).collect();
    let shown = |rated: stacktally::rate::Rated| {
        (0..rated.len())
            .map(|row| {
                let entry = rated.entry(row).map_or("none".to_owned(), |entry| book.entry(entry).row.to_string());
                let charge = rated.charge(row).map_or("null".to_owned(), |charge| charge.to_string());
                format!("{} {} by {entry} = {charge}", rated.cell[row], rated.quantity[row])
            })
            .collect()
    };
    rate_month(&rows, book, tiering).unwrap().into_iter().map(|stamp| stamp.map(shown)).collect()
}

fn lines(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

#[test]
fn a_cell_is_split_exactly_where_it_crosses_tiers() {
    let north = month("north", &[(1, "a", "10"), (2, "a", "25"), (3, "a", "0.5")]);
    assert_eq!(
        rated(&[(&north, None)], &three_tiers(), Tiering::Graduated),
        [Some(lines(&["0 10 by 1 = 10", "1 10 by 2 = 5", "1 15 by 3 = 3.75", "2 0.5 by 3 = 0.125"]))]
    );
}

#[test]
fn by_volume_the_month_chooses_one_tier_for_all_of_it() {
    for (quantity, row) in [("1", "0 1 by 1 = 1"), ("10", "0 10 by 1 = 10"), ("10.5", "0 10.5 by 2 = 5.25")] {
        let north = month("north", &[(1, "a", quantity)]);
        assert_eq!(rated(&[(&north, None)], &three_tiers(), Tiering::Volume), [Some(lines(&[row]))], "{quantity}");
    }
    let north = month("north", &[(1, "a", "4"), (2, "a", "20")]);
    assert_eq!(
        rated(&[(&north, None)], &three_tiers(), Tiering::Volume),
        [Some(lines(&["0 4 by 3 = 1", "1 20 by 3 = 5"]))]
    );
}

#[test]
fn tiers_run_over_stamps_day_by_day_and_each_billed_subscription_has_its_own() {
    let north = month("north", &[(1, "a", "6"), (3, "a", "6")]);
    let south = month("south", &[(2, "a", "6"), (2, "b", "6")]);
    assert_eq!(
        rated(&[(&north, None), (&south, None)], &three_tiers(), Tiering::Graduated),
        [
            Some(lines(&["0 6 by 1 = 6", "1 6 by 2 = 3"])),
            Some(lines(&["0 4 by 1 = 4", "0 2 by 2 = 1", "1 6 by 1 = 6"])),
        ]
    );
}

#[test]
fn what_is_closed_is_not_rated_again_and_counts_for_the_tiers_of_the_rest() {
    let north = month("north", &[(1, "a", "6"), (2, "a", "3")]);
    let south = month("south", &[(3, "a", "6")]);
    let closed = [Some(usd()), Some(usd())];
    assert_eq!(
        rated(&[(&north, Some(&closed)), (&south, None)], &three_tiers(), Tiering::Graduated),
        [None, Some(lines(&["0 1 by 1 = 1", "0 5 by 2 = 2.5"]))]
    );
    // What was closed without a charge counts for none.
    assert_eq!(
        rated(&[(&north, Some(&[None, None])), (&south, None)], &three_tiers(), Tiering::Graduated),
        [None, Some(lines(&["0 6 by 1 = 6"]))]
    );
    assert_eq!(
        rated(&[(&north, Some(&closed)), (&south, None)], &three_tiers(), Tiering::Volume),
        [None, Some(lines(&["0 6 by 2 = 3"]))]
    );
}

#[test]
fn what_has_no_price_and_what_is_not_billable_has_no_charge() {
    let north = month("north", &[(1, "a", "6")]);
    let nothing = PriceBook::new(Vec::new(), |_| Some(UNIT)).unwrap();
    assert_eq!(rated(&[(&north, None)], &nothing, Tiering::Graduated), [Some(lines(&["0 6 by none = null"]))]);
    let free = PriceBook::new(vec![entry(None, "0", 1)], |_| Some(UNIT)).unwrap();
    assert_eq!(rated(&[(&north, None)], &free, Tiering::Graduated), [Some(lines(&["0 6 by 1 = null"]))]);
}

#[test]
fn a_charge_past_its_range_names_the_entry_and_the_day() {
    let dear = PriceBook::new(vec![entry(Some("9999999999999999"), "0", 7)], |_| Some(UNIT)).unwrap();
    let north = month("north", &[(1, "a", "9999999999999999")]);
    let refused = rate_month(&[RatedRows { usage: &north, closed: None }], &dear, Tiering::Graduated).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "prices.csv:7:1: 9999999999999999 of meter {WINDOWS_HOURS} on 2026-10-01 of stamp north comes to more than \
             a charge can be (10^28)"
        )
    );
}
