//! Quantities: scaled integers inside, decimal text outside. Never a float.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::exact;
use super::limits::{QUANTITY_MAX, QUANTITY_PRECISION, QUANTITY_SCALE};
use super::reject::RejectReason;

/// A quantity of some meter, in units of 10^-18, as `DECIMAL(38,18)` stores it. Never negative when parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quantity(i128);

/// A quantity, and whether it had to be rounded at the 18th place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub quantity: Quantity,
    pub rounded: bool,
    /// Significant digits that were written.
    pub digits: usize,
}

impl Quantity {
    pub const ZERO: Self = Self(0);

    /// The quantity of that many units of 10^-18.
    pub const fn from_scaled(scaled: i128) -> Self {
        Self(scaled)
    }

    /// The number of units of 10^-18.
    pub const fn scaled(self) -> i128 {
        self.0
    }

    /// The sum, or `None` when it leaves the range of `DECIMAL(38,18)`.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (-QUANTITY_MAX..=QUANTITY_MAX).contains(&sum).then_some(Self(sum))
    }

    /// Reads decimal text as the usage API writes it: digits, a point, an exponent. Rounds once, half to even, at the
    /// 18th place (`product.md` §3.7).
    ///
    /// ```
    /// use stacktally::domain::Quantity;
    /// let read = |text| Quantity::parse(text).unwrap().quantity.to_string();
    /// assert_eq!(read("16.461425899527967"), "16.461425899527967");
    /// assert_eq!(read("8.3819031715393066E-08"), "0.000000083819031715");
    /// assert_eq!(read("2.0"), "2");
    /// ```
    ///
    /// # Errors
    /// The reason to reject the line: unreadable, negative or too large.
    pub fn parse(text: &str) -> Result<Parsed, RejectReason> {
        if let Some(parsed) = short(text.as_bytes()) {
            return Ok(parsed);
        }
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let number = Decimal::read(unsigned).ok_or(RejectReason::QuantityUnreadable)?;
        if negative && !number.is_zero() {
            return Err(RejectReason::QuantityNegative);
        }
        number.to_scaled().ok_or(RejectReason::QuantityTooLarge)
    }
}

/// The number of digits that always fit into a `u64`.
const SHORT_DIGITS: usize = 19;
const POWERS_OF_TEN: [u64; QUANTITY_SCALE as usize + 1] = {
    let mut powers = [1; QUANTITY_SCALE as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

/// Parses digits with an optional point, as long as they fit into 64 bits, as nearly all quantities do.
fn short(text: &[u8]) -> Option<Parsed> {
    if text.len() > SHORT_DIGITS + 1 {
        return None;
    }
    let (mut value, mut digits, mut point) = (0_u64, 0, None);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                digits += usize::from(value != 0);
            }
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let places = point.map_or(0, |at| text.len() - at - 1);
    let is_whole = text.len() - usize::from(point.is_some()) <= SHORT_DIGITS && (point.is_none() || places > 0);
    let shift = usize::from(QUANTITY_SCALE).checked_sub(places).filter(|_| is_whole && !text.is_empty())?;
    let quantity = Quantity(i128::from(value) * i128::from(POWERS_OF_TEN[shift]));
    Some(Parsed { quantity, rounded: false, digits })
}

/// Parsed decimal text: its digits, and the position of the point.
struct Decimal<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = text.split_at(digits(text));
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => {
                let (fraction, rest) = rest.split_at(digits(rest));
                (!fraction.is_empty()).then_some((fraction, rest))?
            }
            rest => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => Self::exponent(rest)?,
            _ => return None,
        };
        (!whole.is_empty()).then_some(Self { whole, fraction, exponent })
    }

    /// An exponent. A huge one saturates, so that `1e999999999999` is too large and not unreadable.
    fn exponent(text: &[u8]) -> Option<i64> {
        let (sign, digits) = match text {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            rest => (1, rest),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = digits.iter().fold(0_i64, |size, digit| (size * 10 + i64::from(digit - b'0')).min(1_000_000_000));
        Some(sign * size)
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.whole.iter().chain(self.fraction).map(|digit| digit - b'0')
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == 0)
    }

    /// The number in units of 10^-18, rounded half to even; `None` when it is out of range.
    fn to_scaled(&self) -> Option<Parsed> {
        if self.is_zero() {
            return Some(Parsed { quantity: Quantity::ZERO, rounded: false, digits: 0 });
        }
        let leading_zeros = self.digits().take_while(|&digit| digit == 0).count();
        let significant = self.whole.len() + self.fraction.len() - leading_zeros;
        // The scaled integer has this many digits: those before the point, and 18 after it.
        let kept = self.whole.len() as i64 - leading_zeros as i64 + self.exponent + i64::from(QUANTITY_SCALE);
        if kept > i64::from(QUANTITY_PRECISION) {
            return None;
        }
        let Ok(kept) = usize::try_from(kept) else {
            // Less than a tenth of the last place.
            return Some(Parsed { quantity: Quantity::ZERO, rounded: true, digits: significant });
        };
        let mut digits = self.digits().skip(leading_zeros);
        let mut scaled = digits.by_ref().take(kept).fold(0_i128, |sum, digit| sum * 10 + i128::from(digit));
        if kept > significant {
            scaled *= 10_i128.pow((kept - significant) as u32);
        }
        let next = digits.next().unwrap_or(0);
        let rest_is_zero = digits.all(|digit| digit == 0);
        let up = next > 5 || next == 5 && (!rest_is_zero || scaled % 2 == 1);
        scaled += i128::from(up);
        let rounded = next != 0 || !rest_is_zero;
        (scaled <= QUANTITY_MAX).then_some(Parsed { quantity: Quantity(scaled), rounded, digits: significant })
    }
}

/// Plain decimal text: no exponent, no trailing zeros, `.` as the point.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        exact::plain(f, self.0, QUANTITY_SCALE.into())
    }
}
