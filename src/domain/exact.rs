//! Exact products and quotients: multiplied in 256 bits, divided once, rounded once.
//!
//! A quantity alone can have 38 digits, so its product with a price fits no `i128` and no `rust_decimal`.

use std::fmt;

use ethnum::U256;
use serde::{Deserialize, Serialize};

/// How a value between two places is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Towards zero: Excel's `ROUNDDOWN`, which the invoice uses (reference §6.3 b).
    #[default]
    Down,
    /// To the nearest, halves away from zero.
    HalfUp,
    /// To the nearest, halves to the even one.
    HalfEven,
}

/// A factor for whole numbers, itself never rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: u128,
    denominator: U256,
}

impl Fraction {
    /// `numerator / denominator`; `None` when the denominator is 0, or the numerator so large (2^127) that a product
    /// with it might leave 256 bits.
    pub fn new(numerator: u128, denominator: U256) -> Option<Self> {
        (denominator != U256::ZERO && numerator < 1 << 127).then_some(Self { numerator, denominator })
    }

    /// One over a power of ten.
    pub fn of_places(places: u32) -> Self {
        Self { numerator: 1, denominator: U256::new(10).pow(places) }
    }

    /// The product with a number, rounded once to an integer; `None` when it is out of range of `i128`.
    ///
    /// ```
    /// use stacktally::domain::exact::{Fraction, Rounding};
    /// let half = Fraction::new(1, 2_u8.into()).unwrap();
    /// assert_eq!(half.of(5, Rounding::Down), Some(2));
    /// assert_eq!(half.of(5, Rounding::HalfUp), Some(3));
    /// assert_eq!(half.of(5, Rounding::HalfEven), Some(2));
    /// assert_eq!(half.of(-5, Rounding::HalfUp), Some(-3));
    /// ```
    pub fn of(self, number: i128, rounding: Rounding) -> Option<i128> {
        let size = number.unsigned_abs();
        // Nearly all products are small, and 128 bits divide faster.
        let rounded = match (size.checked_mul(self.numerator), u128::try_from(self.denominator)) {
            (Some(product), Ok(denominator)) => divided(product, denominator, rounding),
            _ => self.divided_wide(size, rounding)?,
        };
        let rounded = i128::try_from(rounded).ok()?;
        Some(if number < 0 { -rounded } else { rounded })
    }

    fn divided_wide(self, size: u128, rounding: Rounding) -> Option<u128> {
        let product = U256::from(size).checked_mul(U256::from(self.numerator))?;
        let (whole, rest) = (product / self.denominator, product % self.denominator);
        let whole = u128::try_from(whole).ok()?;
        let is_even = whole.is_multiple_of(2);
        whole.checked_add(u128::from(goes_up(&rest, &(self.denominator - rest), is_even, rounding)))
    }
}

fn divided(product: u128, denominator: u128, rounding: Rounding) -> u128 {
    let (whole, rest) = (product / denominator, product % denominator);
    // When rounding up, the denominator is at least 2, so adding one cannot overflow.
    whole + u128::from(goes_up(&rest, &(denominator - rest), whole.is_multiple_of(2), rounding))
}

/// Whether remainder and distance to the next integer round up.
fn goes_up<T: Ord>(left: &T, missing: &T, is_even: bool, rounding: Rounding) -> bool {
    match rounding {
        Rounding::Down => false,
        Rounding::HalfUp => left >= missing,
        Rounding::HalfEven => left > missing || left == missing && !is_even,
    }
}

/// A scaled integer as plain decimal text: no exponent, no trailing zeros, `.` as the point.
pub(super) fn plain(f: &mut fmt::Formatter<'_>, scaled: i128, places: u32) -> fmt::Result {
    let one = 10_u128.pow(places);
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, fraction) = (scaled.unsigned_abs() / one, scaled.unsigned_abs() % one);
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let digits = format!("{fraction:0width$}", width = places as usize);
    write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
}
