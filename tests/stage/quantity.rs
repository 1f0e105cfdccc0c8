//! `domain::quantity`: decimal text in and out.

use proptest::prelude::*;
use stacktally::domain::limits::QUANTITY_MAX;
use stacktally::domain::{Quantity, RejectReason};

#[track_caller]
fn check(text: &str, expected: &str, rounded: bool) {
    let parsed = Quantity::parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
    assert_eq!((parsed.quantity.to_string().as_str(), parsed.rounded), (expected, rounded), "{text}");
}

#[test]
fn as_the_api_writes_it() {
    check("2.0", "2", false);
    check("0", "0", false);
    check("0.0", "0", false);
    check("-0.0", "0", false);
    check("16.461425899527967", "16.461425899527967", false);
    check("8.3819031715393066E-08", "0.000000083819031715", true);
    check("0.0013440860215053762", "0.001344086021505376", true);
    check("1E+2", "100", false);
    check("1e2", "100", false);
    check("0.000E-5", "0", false);
    check("007.50", "7.5", false);
    check("+1", "1", false);
    check("123456789012345678901e-2", "1234567890123456789.01", false);
    check(&format!("0.{}1", "0".repeat(400)), "0", true);
    check(&format!("{}1", "0".repeat(400)), "1", false);
}

#[test]
fn rounded_half_to_even_at_the_18th_place() {
    check("0.0000000000000000005", "0", true);
    check("0.0000000000000000015", "0.000000000000000002", true);
    check("0.0000000000000000025", "0.000000000000000002", true);
    check("0.00000000000000000250000000000000000000000001", "0.000000000000000003", true);
    check("0.00000000000000000249999999999999999999999999", "0.000000000000000002", true);
    check("5e-19", "0", true);
    check("6e-19", "0.000000000000000001", true);
    check("4e-20", "0", true);
    check("1e-999999999999", "0", true);
    check("1.9999999999999999999", "2", true);
}

#[test]
fn the_range_ends_below_ten_to_the_twentieth() {
    check("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999", false);
    for text in ["100000000000000000000", "1e20", "1e999999999999", "99999999999999999999.9999999999999999999"] {
        assert_eq!(Quantity::parse(text), Err(RejectReason::QuantityTooLarge), "{text}");
    }
}

#[test]
fn what_is_no_quantity() {
    for text in
        ["", "-", ".5", "5.", "1e", "1e+", "NaN", "Infinity", "12,5", "1 000", "0x10", "1.2.3", "1e2.5", "--1", "１"]
    {
        assert_eq!(Quantity::parse(text), Err(RejectReason::QuantityUnreadable), "{text}");
    }
    for text in ["-1", "-0.0000000001", "-1e-30", "-1e999"] {
        assert_eq!(Quantity::parse(text), Err(RejectReason::QuantityNegative), "{text}");
    }
}

#[test]
fn sums_stay_in_range() {
    let most = Quantity::from_scaled(QUANTITY_MAX);
    assert_eq!(most.checked_add(Quantity::ZERO), Some(most));
    assert_eq!(most.checked_add(Quantity::from_scaled(1)), None);
    assert_eq!(Quantity::from_scaled(i128::MAX).checked_add(Quantity::from_scaled(1)), None);
    assert_eq!(Quantity::from_scaled(-1_500_000_000_000_000_000).to_string(), "-1.5");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(scaled in 0..=QUANTITY_MAX) {
        let quantity = Quantity::from_scaled(scaled);
        let parsed = Quantity::parse(&quantity.to_string()).unwrap();
        prop_assert_eq!((parsed.quantity, parsed.rounded), (quantity, false));
    }

    #[test]
    fn moving_the_point_changes_nothing(digits in "[1-9][0-9]{0,16}", places in 0_usize..12) {
        let shifted = format!("{digits}{}e-{places}", "0".repeat(places));
        let quantity = |text: &str| Quantity::parse(text).map(|parsed| (parsed.quantity, parsed.rounded));
        prop_assert_eq!(quantity(&shifted), quantity(&digits));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = Quantity::parse(&text);
    }
}
