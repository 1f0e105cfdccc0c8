//! Money: currencies, charges and amounts. A charge is exact to ten places; an amount is what a bill asks for.
//!
//! Two currencies are never added: sums are kept per currency.

use std::fmt;
use std::str::FromStr;

use ethnum::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::exact::{self, Fraction, Rounding};
use super::limits::{AMOUNT_MAX, AMOUNT_SCALE, CHARGE_MAX, CHARGE_SCALE, DIGITS_MAX, QUANTITY_SCALE};
use super::quantity::Quantity;

pub use rust_decimal::Decimal;

/// An ISO 4217 currency with a minor unit, even if that has no decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency of a code such as `EUR`, in any case; `None` for any other text, and for codes that no bill uses,
    /// such as gold.
    pub fn parse(text: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(&text.trim().to_ascii_uppercase())?;
        currency.exponent().filter(|&minor| u32::from(minor) <= AMOUNT_SCALE).map(|_| Self(currency))
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of its minor unit: 2 for EUR, none for JPY (ISO 4217).
    pub fn minor_units(self) -> u32 {
        self.0.exponent().unwrap_or_default().into()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By code, as tables sort them.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom(format!("{code:?} is no currency")))
    }
}

/// The charge for a quantity, in units of 10^-10 of its currency, as `DECIMAL(38,10)` stores it. Microsoft rates days
/// to as many places (`BillingPreTaxTotal`, reference §6.3 a).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Charge(i128);

impl Charge {
    pub const ZERO: Self = Self(0);

    /// The charge of that many units of 10^-10.
    pub const fn from_scaled(scaled: i128) -> Self {
        Self(scaled)
    }

    /// The number of units of 10^-10.
    pub const fn scaled(self) -> i128 {
        self.0
    }

    /// The sum, or `None` when it leaves the range of `DECIMAL(38,10)`.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (-CHARGE_MAX..=CHARGE_MAX).contains(&sum).then_some(Self(sum))
    }

    /// The difference to another, or `None` when it is out of range.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self(-other.0))
    }

    /// Rounded to the minor unit of its currency; `None` past the range of an amount.
    pub fn rounded(self, currency: Currency, rounding: Rounding) -> Option<Amount> {
        let minor = currency.minor_units();
        let rounded = Fraction::of_places(CHARGE_SCALE - minor).of(self.0, rounding)?;
        Amount::from_minor(rounded, minor)
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        exact::plain(f, self.0, CHARGE_SCALE)
    }
}

/// An amount on a bill, rounded to the minor unit of its currency, in units of 10^-4, as `DECIMAL(18,4)` stores it. It
/// is also exactly the fixed decimal of Power BI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amount(i128);

impl Amount {
    pub const ZERO: Self = Self(0);

    /// The amount of that many units of 10^-4.
    pub const fn from_scaled(scaled: i128) -> Self {
        Self(scaled)
    }

    /// The number of units of 10^-4.
    pub const fn scaled(self) -> i128 {
        self.0
    }

    fn from_minor(minor: i128, places: u32) -> Option<Self> {
        let scaled = minor.checked_mul(10_i128.pow(AMOUNT_SCALE - places))?;
        (-AMOUNT_MAX..=AMOUNT_MAX).contains(&scaled).then_some(Self(scaled))
    }

    /// The sum, or `None` when it leaves the range of `DECIMAL(18,4)`.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let sum = self.0.checked_add(other.0)?;
        (-AMOUNT_MAX..=AMOUNT_MAX).contains(&sum).then_some(Self(sum))
    }

    /// The same as a charge.
    pub fn as_charge(self) -> Charge {
        Charge(self.0 * 10_i128.pow(CHARGE_SCALE - AMOUNT_SCALE))
    }

    /// In another currency: multiplied exactly, rounded once to its minor unit. `None` past the range.
    pub fn converted(self, rate: ExchangeRate, to: Currency, rounding: Rounding) -> Option<Self> {
        let minor = to.minor_units();
        let ExchangeRate(rate) = rate;
        let denominator = U256::new(10).pow(rate.scale() + AMOUNT_SCALE - minor);
        let fraction = Fraction::new(rate.mantissa().unsigned_abs(), denominator)?;
        Self::from_minor(fraction.of(self.0, rounding)?, minor)
    }

    /// With all places of its currency's minor unit, for people: `12.30`.
    pub fn shown(self, currency: Currency) -> String {
        let places = currency.minor_units();
        let minor = self.0 / 10_i128.pow(AMOUNT_SCALE - places);
        let (sign, size) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
        if places == 0 {
            return format!("{sign}{size}");
        }
        let one = 10_u128.pow(places);
        format!("{sign}{}.{:0width$}", size / one, size % one, width = places as usize)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        exact::plain(f, self.0, AMOUNT_SCALE)
    }
}

/// The value of one unit of a currency in another currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExchangeRate(Decimal);

impl ExchangeRate {
    /// A rate; `None` unless it is above zero.
    pub fn new(rate: Decimal) -> Option<Self> {
        (rate > Decimal::ZERO).then(|| Self(rate.normalize()))
    }

    /// The rate in a table, in units of 10^-18.
    pub fn of_quantity(quantity: Quantity) -> Option<Self> {
        Self::new(Decimal::try_from_i128_with_scale(quantity.scaled(), u32::from(QUANTITY_SCALE)).ok()?)
    }

    /// In units of 10^-18, as tables hold it.
    pub fn as_quantity(self) -> Option<Quantity> {
        scaled_18(self.0)
    }
}

impl fmt::Display for ExchangeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Parses a number from a person or a rate card: digits, a point, an exponent. Nothing is rounded.
///
/// ```
/// use stacktally::domain::money::decimal;
/// assert_eq!(decimal("8.3333E-06").unwrap().to_string(), "0.0000083333");
/// assert!(decimal("0,006").is_err());
/// ```
///
/// # Errors
/// The reason why the text is no such number.
pub fn decimal(text: &str) -> Result<Decimal, NoDecimal> {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        return Err(NoDecimal::Unreadable);
    }
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, i32::from_str(exponent).map_err(|_no_exponent| NoDecimal::Unreadable)?),
        None => (text, 0),
    };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let read = Decimal::from_str_exact(number);
    let number =
        read.map_err(|_reason| if digits > DIGITS_MAX { NoDecimal::TooLong } else { NoDecimal::Unreadable })?;
    let number = number.normalize();
    let scale = i32::try_from(number.scale()).ok().and_then(|scale| scale.checked_sub(exponent));
    let shifted = scale.and_then(|scale| match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(number.mantissa(), scale).ok(),
        Err(_below_zero) => {
            let whole = 10_i128.checked_pow(scale.unsigned_abs())?.checked_mul(number.mantissa())?;
            Decimal::try_from_i128_with_scale(whole, 0).ok()
        }
    });
    let shifted = shifted.ok_or(NoDecimal::TooLong)?.normalize();
    if shifted.scale() > u32::from(QUANTITY_SCALE) || scaled_18(shifted).is_none() {
        return Err(NoDecimal::TooLong);
    }
    Ok(shifted)
}

/// Why a text is no number that a price can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDecimal {
    /// Something other than digits with at most one point.
    Unreadable,
    /// More than 28 digits, or more than 18 of them behind the point.
    TooLong,
}

/// A decimal of at most 18 places in units of 10^-18, as quantities are.
pub fn scaled_18(decimal: Decimal) -> Option<Quantity> {
    let places = u32::from(QUANTITY_SCALE).checked_sub(decimal.scale())?;
    let scaled = decimal.mantissa().checked_mul(10_i128.checked_pow(places)?)?;
    Quantity::ZERO.checked_add(Quantity::from_scaled(scaled))
}
