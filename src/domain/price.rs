//! Prices: what a quantity of a meter costs, for whom, from when to when, and from which quantity on.

use std::fmt;

use ethnum::U256;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::closed_list::closed_list;
use super::exact::{Fraction, Rounding};
use super::identity::{BilledSubscriptionId, MeterId, Stamp, TenantId, UserSubscriptionId};
use super::limits::{CHARGE_MAX, CHARGE_SCALE, QUANTITY_SCALE};
use super::money::{Charge, Currency, Decimal, scaled_18};
use super::quantity::Quantity;
use super::time::{Day, Month};

/// Who a price is for, the most specific first: if several are in force the first is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    UserSubscription(UserSubscriptionId),
    Tenant(TenantId),
    BilledSubscription(BilledSubscriptionId),
    Stamp(Stamp),
    All,
}

impl Scope {
    /// The names of all scopes, the most specific first.
    pub const NAMES: [&'static str; 5] = ["user_subscription", "tenant", "billed_subscription", "stamp", "all"];

    /// The scope with that name and id; `None` when the name is unknown, or the id is missing, superfluous or of the
    /// wrong kind.
    pub fn parse(name: &str, id: Option<&str>) -> Option<Self> {
        match (name, id) {
            ("user_subscription", Some(id)) => UserSubscriptionId::new(id).map(Self::UserSubscription),
            ("tenant", Some(id)) => TenantId::new(id).map(Self::Tenant),
            ("billed_subscription", Some(id)) => BilledSubscriptionId::new(id).map(Self::BilledSubscription),
            ("stamp", Some(id)) => Stamp::new(id).map(Self::Stamp),
            ("all", None) => Some(Self::All),
            _ => None,
        }
    }

    /// Its place in [`Scope::NAMES`].
    pub const fn rank(&self) -> usize {
        match self {
            Self::UserSubscription(_) => 0,
            Self::Tenant(_) => 1,
            Self::BilledSubscription(_) => 2,
            Self::Stamp(_) => 3,
            Self::All => 4,
        }
    }

    pub const fn name(&self) -> &'static str {
        Self::NAMES[self.rank()]
    }

    pub fn id(&self) -> Option<&str> {
        match self {
            Self::UserSubscription(id) => Some(id.as_str()),
            Self::Tenant(id) => Some(id.as_str()),
            Self::BilledSubscription(id) => Some(id.as_str()),
            Self::Stamp(id) => Some(id.as_str()),
            Self::All => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{} {id}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

/// The terms of a price entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Terms {
    /// It is never charged; the note says why (such as VM hours, which core hours describe as well: Q6).
    NotBillable,
    Price(Price),
}

/// A price per `per` units of quantity, less a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Price {
    /// Of `per` units, in `currency`.
    pub price: Decimal,
    pub per: Decimal,
    pub discount_percent: Decimal,
    /// What Microsoft takes off the discounted price for a partner with access rights; only vendor prices have it.
    #[serde(default)]
    pub partner_earned_credit_percent: Decimal,
    pub currency: Currency,
}

impl Price {
    /// Decimal places that `per` may have: with these every product fits 256 bits.
    pub const PER_PLACES_MAX: u32 = 10;
    /// Decimal places that a discount and a credit may have.
    pub const DISCOUNT_PLACES_MAX: u32 = 6;

    /// The factor from a quantity in units of 10^-18 to a charge in units of 10^-10. `None` when `per` is not positive,
    /// a discount or a credit is not between 0 and 100, one of these has too many places, or the product too many
    /// digits.
    pub fn fraction(&self) -> Option<Fraction> {
        let Self { price, per, currency: _, .. } = self;
        let is_within = per.scale() <= Self::PER_PLACES_MAX;
        if *price < Decimal::ZERO || *per <= Decimal::ZERO || !is_within {
            return None;
        }
        // (price / 10^p) · ((100 − discount) / 100) · ((100 − credit) / 100) / (per / 10^s), each as a whole number
        // over a power of ten.
        let (discounted, discount_places) = left_of(self.discount_percent)?;
        let credit = self.partner_earned_credit_percent;
        let (credited, credit_places) = if credit.is_zero() { (1, 0) } else { left_of(credit)? };
        let left = discounted * credited;
        let numerator = price.mantissa().unsigned_abs().checked_mul(left)?;
        let places =
            price.scale() + discount_places + credit_places + u32::from(QUANTITY_SCALE) - CHARGE_SCALE - per.scale();
        let denominator = U256::new(10).checked_pow(places)?.checked_mul(per.mantissa().unsigned_abs().into())?;
        Fraction::new(numerator, denominator)
    }
}

/// What is left of one after a percentage is taken off, as a whole number over a power of ten. `None` when it is not
/// between 0 and 100, or has too many places.
fn left_of(percent: Decimal) -> Option<(u128, u32)> {
    let percent = percent.normalize();
    if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.scale() > Price::DISCOUNT_PLACES_MAX {
        return None;
    }
    Some((100 * 10_u128.pow(percent.scale()) - percent.mantissa().unsigned_abs(), percent.scale() + 2))
}

/// The charge for a quantity: the exact product, divided by `per`, discounted, and rounded once to ten places, half to
/// even. `None` when it is out of range of a charge.
pub fn charge(fraction: Fraction, quantity: Quantity) -> Option<Charge> {
    let scaled = fraction.of(quantity.scaled(), Rounding::HalfEven)?;
    (-CHARGE_MAX..=CHARGE_MAX).contains(&scaled).then(|| Charge::from_scaled(scaled))
}

/// One entry of a price book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceEntry {
    pub meter: MeterId,
    pub scope: Scope,
    /// In force from this day on; `None`: since ever.
    pub from: Option<Day>,
    /// In force before this day; `None`: without end.
    pub to: Option<Day>,
    /// The quantity of a month above which it applies.
    pub tier_from: Quantity,
    pub terms: Terms,
    /// The meter's unit, as the entry names it.
    pub unit: Option<String>,
    pub note: Option<String>,
    /// The source: the file, relative to the root, and the row, from 1; for a rate card the place in its list of
    /// meters.
    pub file: String,
    pub row: i64,
    /// Whether the source is a rate card.
    #[serde(default)]
    pub is_of_card: bool,
}

impl PriceEntry {
    /// A hash of the entry's content, without its source: the first 8 bytes, big-endian, of SHA-256 over the
    /// length-prefixed values.
    pub fn key(&self) -> i64 {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        let day = |date: Option<Day>| date.map_or_else(String::new, |day| day.to_string());
        add(self.meter.as_str());
        add(self.scope.name());
        add(self.scope.id().unwrap_or_default());
        add(&day(self.from));
        add(&day(self.to));
        add(&self.tier_from.to_string());
        match &self.terms {
            Terms::NotBillable => add("not_billable"),
            Terms::Price(price) => {
                let Price { price, per, discount_percent, partner_earned_credit_percent, currency } = price;
                [price, per, discount_percent].into_iter().for_each(|number| add(&number.normalize().to_string()));
                add(currency.code());
                if !partner_earned_credit_percent.is_zero() {
                    add(&partner_earned_credit_percent.normalize().to_string());
                }
            }
        }
        add(self.unit.as_deref().unwrap_or_default());
        add(self.note.as_deref().unwrap_or_default());
        let digest = hash.finalize();
        i64::from_be_bytes(std::array::from_fn(|at| digest[at]))
    }

    /// Whether it is in force on some day of a month.
    pub fn is_in_force_in(&self, month: Month) -> bool {
        let (first, end) = (month.first_day(), month.next().first_day());
        self.from.is_none_or(|from| from < end) && self.to.is_none_or(|to| to > first)
    }

    /// A hash of the entry's terms for a month, without other months and notes. An entry that ends after the month
    /// keeps this hash.
    pub fn key_in(&self, month: Month) -> i64 {
        let (first, end) = (month.first_day(), month.next().first_day());
        let of_month = Self {
            from: Some(self.from.map_or(first, |from| from.max(first))),
            to: Some(self.to.map_or(end, |to| to.min(end))),
            unit: None,
            note: None,
            ..self.clone()
        };
        of_month.key()
    }

    /// A hash of the entry's terms for a day on which it is in force, without other days and notes.
    pub fn key_of_day(&self) -> i64 {
        Self { from: None, to: None, unit: None, note: None, ..self.clone() }.key()
    }

    /// The same for all entries that are its tiers on such a day: those of its meter and scope.
    pub fn key_of_tiers(&self) -> i64 {
        Self { tier_from: Quantity::ZERO, terms: Terms::NotBillable, ..self.clone() }.key_of_day()
    }

    /// Whether both are in force on some day.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end = |from: Option<Day>, to: Option<Day>| match (from, to) {
            (Some(from), Some(to)) => from < to,
            _ => true,
        };
        begins_before_end(self.from, other.to) && begins_before_end(other.from, self.to)
    }

    /// The source, for messages.
    pub fn place(&self) -> String {
        let what = if self.is_of_card { "meter" } else { "row" };
        format!("{} {what} {}", self.file, self.row)
    }

    pub fn price(&self) -> Option<&Price> {
        match &self.terms {
            Terms::Price(price) => Some(price),
            Terms::NotBillable => None,
        }
    }
}

impl Price {
    /// The price, what it is for, the discount and the partner earned credit, in units of 10^-18, as tables hold them.
    pub fn scaled(&self) -> [Quantity; 4] {
        let scaled = |number| scaled_18(number).expect("a price book is refused that holds what does not fit");
        [self.price, self.per, self.discount_percent, self.partner_earned_credit_percent].map(scaled)
    }
}

closed_list! {
    /// Whether a quantity has a price. The names are published and never change meaning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum PriceStatus {
        /// An entry says that the meter is never charged.
        NotBillable = "not_billable",
        Priced = "priced",
        /// No entry is in force: there is no amount, not even one of zero.
        Unpriced = "unpriced",
    }
}

closed_list! {
    /// What is known of one side of a margin, in its currency. The names are published and never change meaning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ChargeStatus {
        /// It is never charged, and counts as 0.
        NotBillable = "not_billable",
        /// It is priced in another currency, which has a row of its own.
        OtherCurrency = "other_currency",
        Priced = "priced",
        /// No entry is in force: the margin is not known.
        Unpriced = "unpriced",
    }
}

impl ChargeStatus {
    /// Whether its part of a margin is known.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Priced | Self::NotBillable)
    }
}

/// How tiers are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tiering {
    /// Each part of a month's quantity at the price of its own tier.
    #[default]
    Graduated,
    /// The whole quantity at the price of the tier that the month reaches.
    Volume,
}
