//! Exact products, rounding, currencies: against arithmetic of any width, apart from the code.

use num_bigint::BigInt;
use stacktally::domain::exact::Fraction;
use stacktally::domain::money::{Decimal, ExchangeRate, NoDecimal, decimal};
use stacktally::domain::price::{Price, charge};
use stacktally::domain::{Amount, Charge, Currency, Quantity, Rounding};

/// A sequence of numbers that is the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// At most so many digits, behind and before a point.
    fn decimal(&mut self, digits: u64, places: u64) -> String {
        let mut text = |count: u64| (0..count).map(|_| char::from(b'0' + (self.next() % 10) as u8)).collect::<String>();
        let (whole, fraction) = (text(1 + digits % 12), text(places));
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

/// A decimal as a whole number over a power of ten.
fn whole(text: &str) -> (BigInt, u32) {
    let (before, behind) = text.split_once('.').unwrap_or((text, ""));
    (format!("{before}{behind}").parse().unwrap(), behind.len() as u32)
}

fn ten(places: u32) -> BigInt {
    BigInt::from(10).pow(places)
}

/// `numerator / denominator`, half to even.
fn half_even(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let (quotient, rest): (BigInt, BigInt) = (numerator / denominator, numerator % denominator);
    let twice = rest * 2;
    let up = twice > *denominator || twice == *denominator && &quotient % 2 == BigInt::from(1);
    if up { quotient + 1 } else { quotient }
}

#[test]
fn a_hundred_thousand_charges_are_exact() {
    let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
    let pers = ["1", "720", "744", "730.5", "10000", "0.001", "3", "7.0000000001"];
    let discounts = ["0", "15", "12.5", "100", "33.333333", "0.000001"];
    let credits = ["0", "0", "15", "100"];
    let (mut compared, mut wide, mut rounded) = (0, 0, 0);
    while compared < 100_000 {
        // Quantities up to 38 digits, prices up to 28.
        let digits = 1 + numbers.below(38) as u32;
        let scaled = (0..digits).fold(0_i128, |sum, _| sum * 10 + i128::from(numbers.below(10)));
        let (digits, places) = (numbers.below(12), numbers.below(17));
        let (price, per) = (numbers.decimal(digits, places), pers[numbers.below(pers.len() as u64) as usize]);
        let discount = discounts[numbers.below(discounts.len() as u64) as usize];
        let credit = credits[numbers.below(credits.len() as u64) as usize];
        let terms = Price {
            price: decimal(&price).unwrap(),
            per: decimal(per).unwrap(),
            discount_percent: decimal(discount).unwrap(),
            partner_earned_credit_percent: decimal(credit).unwrap(),
            currency: Currency::parse("USD").unwrap(),
        };
        let found = charge(terms.fraction().unwrap(), Quantity::from_scaled(scaled));

        let ((price, p), (per, s), (discount, d)) = (whole(&price), whole(per), whole(discount));
        let left = (BigInt::from(100) * ten(d) - discount) * (BigInt::from(100) - whole(credit).0);
        let numerator = BigInt::from(scaled) * price * left * ten(s) * ten(10);
        let denominator = ten(18 + p + d + 4) * per;
        wide += usize::from(numerator.bits() > 128);
        rounded += usize::from(&numerator % &denominator != BigInt::from(0));
        let expected = half_even(&numerator, &denominator);
        let is_within = expected < ten(38);
        assert_eq!(
            found.map(|charge| BigInt::from(charge.scaled())),
            is_within.then_some(expected),
            "{scaled} × {terms:?}"
        );
        compared += 1;
    }
    assert!(wide > 10_000 && rounded > 50_000, "{wide} products of more than 128 bits, {rounded} rounded");
}

#[test]
fn halves_go_where_they_are_told() {
    let tenth = Fraction::of_places(1);
    for (number, down, half_up, half_even) in
        [(25, 2, 3, 2), (35, 3, 4, 4), (-25, -2, -3, -2), (24, 2, 2, 2), (26, 2, 3, 3), (-29, -2, -3, -3), (0, 0, 0, 0)]
    {
        let found = [Rounding::Down, Rounding::HalfUp, Rounding::HalfEven].map(|rounding| tenth.of(number, rounding));
        assert_eq!(found, [Some(down), Some(half_up), Some(half_even)], "{number}");
    }
    // The largest quantity times the largest fraction that can be leaves the range, and says so.
    let huge = Fraction::new((1 << 127) - 1, 1_u8.into()).unwrap();
    assert_eq!(huge.of(i128::MAX, Rounding::Down), None);
    assert_eq!(Fraction::new(1, 0_u8.into()), None);
    assert_eq!(Fraction::new(1 << 127, 1_u8.into()), None);
}

#[test]
fn amounts_have_the_minor_unit_of_their_currency() {
    let charge = Charge::from_scaled(18_547_219_999_i128 * 1000);
    for (code, down, half_up, shown) in [
        ("USD", "1854.72", "1854.72", "1854.72"),
        ("JPY", "1854", "1855", "1854"),
        ("KWD", "1854.721", "1854.722", "1854.721"),
        ("CLF", "1854.7219", "1854.722", "1854.7219"),
    ] {
        let currency = Currency::parse(code).unwrap();
        let amount = |rounding| charge.rounded(currency, rounding).unwrap();
        assert_eq!(amount(Rounding::Down).to_string(), down, "{code}");
        assert_eq!(amount(Rounding::HalfUp).to_string(), half_up, "{code}");
        assert_eq!(amount(Rounding::Down).shown(currency), shown, "{code}");
    }
    assert_eq!(Amount::from_scaled(12_3000).shown(Currency::parse("eur").unwrap()), "12.30");
    assert_eq!(Amount::from_scaled(-500).shown(Currency::parse("eur").unwrap()), "-0.05");
    for none in ["", "EURO", "US", "XAU", "$", "€"] {
        assert_eq!(Currency::parse(none), None, "{none}");
    }
    assert_eq!(Charge::from_scaled(10_i128.pow(37)).rounded(Currency::parse("USD").unwrap(), Rounding::Down), None);
}

/// The columns of Microsoft's description of an invoice line, with their sample values (reference §6.3 b), and its own formula:
/// `ROUNDDOWN(ROUNDDOWN(EffectiveUnitPrice × BillableQuantity, 2) × PCToBCExchangeRate, 2)`.
fn subtotal(effective_unit_price: &str, billable_quantity: &str, exchange_rate: &str) -> String {
    let (usd, eur) = (Currency::parse("USD").unwrap(), Currency::parse("EUR").unwrap());
    let price = Price {
        price: decimal(effective_unit_price).unwrap(),
        per: Decimal::ONE,
        discount_percent: Decimal::ZERO,
        partner_earned_credit_percent: Decimal::ZERO,
        currency: usd,
    };
    let charge = charge(price.fraction().unwrap(), Quantity::parse(billable_quantity).unwrap().quantity).unwrap();
    let rate = ExchangeRate::new(decimal(exchange_rate).unwrap()).unwrap();
    charge.rounded(usd, Rounding::Down).unwrap().converted(rate, eur, Rounding::Down).unwrap().shown(eur)
}

#[test]
fn the_invoice_is_reproduced_to_the_cent() {
    // The sample values do not belong to one line: by the formula beside them they come to 0.00, where the table shows 0.01.
    assert_eq!(subtotal("0.03825", "0.005001", "0.846202666"), "0.00");
    // By the same price and rate, where both roundings show: 0.03825 × 55.5 = 2.122875 → 2.12; × 0.846202666 = 1.79394… → 1.79.
    assert_eq!(subtotal("0.03825", "55.5", "0.846202666"), "1.79");
    // Rounded once instead of twice it would be 1.79638… → 1.79; here the first rounding decides: 0.999 → 0.99; × 1.02 = 1.0098 → 1.00, not 1.01.
    assert_eq!(subtotal("0.333", "3", "1.02"), "1.00");
    // 15 % partner earned credit: 0.045 × 85 % = 0.03825 (the sample's two unit prices).
    let list = Price {
        price: decimal("0.045").unwrap(),
        per: Decimal::ONE,
        discount_percent: Decimal::ZERO,
        partner_earned_credit_percent: decimal("15").unwrap(),
        currency: Currency::parse("USD").unwrap(),
    };
    let one = Quantity::parse("1").unwrap().quantity;
    assert_eq!(charge(list.fraction().unwrap(), one).unwrap().to_string(), "0.03825");
    // The effective price of the billing page: 29 units of 1 at 0.868, less 15 %: 21.3962, and 21.39 is billed.
    let effective = Price { price: decimal("0.868").unwrap(), ..list };
    let twenty_nine = charge(effective.fraction().unwrap(), Quantity::parse("29").unwrap().quantity).unwrap();
    assert_eq!(twenty_nine.to_string(), "21.3962");
    assert_eq!(twenty_nine.rounded(list.currency, Rounding::Down).unwrap().to_string(), "21.39");
}

#[test]
fn numbers_are_read_as_they_are_written_or_not_at_all() {
    for (text, value) in [
        ("0.006", "0.006"),
        ("8.3333E-06", "0.0000083333"),
        ("1e3", "1000"),
        ("5.", "5"),
        ("-0", "0"),
        ("0.046000000000000000000000", "0.046"),
        ("9999999999.999999999999999999", "9999999999.999999999999999999"),
    ] {
        assert_eq!(
            decimal(text).map(|number| number.to_string()).as_deref().map(|shown| shown.trim_start_matches('-')),
            Ok(value),
            "{text}"
        );
    }
    for text in ["", "0,006", "1_000", "1 000", "$1", "1e", "e1", "1e1.5", "0x1", "NaN", "1.2.3", "--1", "１"] {
        assert_eq!(decimal(text), Err(NoDecimal::Unreadable), "{text}");
    }
    for text in
        ["123456789012345678901234567890", "0.0000000000000000001", "1e29", "1e-19", "1e999999999", "1e-999999999"]
    {
        assert_eq!(decimal(text), Err(NoDecimal::TooLong), "{text}");
    }
}
