//! Rated months: their inputs, and the results that no published table contains.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{Amount, Charge, Currency, Day, MeterId, Month, PriceEntry, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::publication::{Out, Publisher};
use crate::publish::Names;
use crate::rate::{Margins, MonthTerms, StatementLine, Tenants};
use crate::store::Fingerprint;

const NAME: &str = "charges.json";
const VENDOR_NAME: &str = "vendor_charges.json";

/// The months that were rated.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ChargedMonths(pub BTreeMap<Month, ChargedMonth>);

/// A month as it was rated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargedMonth {
    /// Fingerprints of the prices and terms, of the usage, and of the texts in flat files: if they are unchanged, what
    /// is published is unchanged.
    pub prices: Fingerprint,
    pub usage: Fingerprint,
    pub names: Fingerprint,
    pub shown: ShownIds,
    pub terms: MonthTerms,
    /// The price entries that its charges use.
    pub entries: Vec<PriceEntry>,
    /// The keys of the month's entries in the price book ([`PriceEntry::key_in`]), sorted.
    pub book: Vec<i64>,
    /// The price entries by days, for the month's meters, to tell which prices of a day changed; `None` if an earlier
    /// version wrote the state.
    #[serde(default)]
    pub in_force: Option<Vec<PriceOfDays>>,
    /// Quantities without a price.
    pub unpriced: Vec<Unpriced>,
    /// The totals of its statements, by currency.
    pub totals: Vec<CurrencyTotal>,
}

/// The ids whose texts appear in the flat files of statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownIds {
    /// Ids of billed subscriptions and tenants.
    named: BTreeSet<String>,
    meters: BTreeSet<MeterId>,
}

impl ShownIds {
    pub fn from_lines(lines: &[StatementLine]) -> Self {
        let mut shown = Self::default();
        for line in lines {
            shown.named.insert(line.key.billed_subscription.clone());
            if let Tenants::One(Some(tenant)) = &line.tenants {
                shown.named.insert(tenant.clone());
            }
            shown.meters.extend(MeterId::new(&line.key.meter));
        }
        shown
    }

    pub fn from_margins(margins: &Margins) -> Self {
        let mut shown = Self::default();
        for key in margins.0.keys() {
            shown.named.insert(key.billed_subscription.clone());
            shown.named.extend(key.tenant.clone());
            shown.meters.extend(MeterId::new(&key.meter));
        }
        shown
    }

    pub fn has(&self, meter: &MeterId) -> bool {
        self.meters.contains(meter)
    }

    /// A fingerprint of the names of these ids.
    pub fn fingerprint(&self, names: &Names) -> Fingerprint {
        names.fingerprint_of_texts(self.named.iter().map(String::as_str), &self.meters)
    }
}

/// A price entry of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceOfDays {
    /// [`PriceEntry::key_of_day`] and [`PriceEntry::key_of_tiers`].
    pub key: i64,
    pub tiers: i64,
    pub tier_from: Quantity,
    /// In force from this day on, and before that day.
    pub from: Option<Day>,
    pub to: Option<Day>,
}

impl PriceOfDays {
    pub fn from_entry(entry: &PriceEntry) -> Self {
        let PriceEntry { tier_from, from, to, .. } = *entry;
        Self { key: entry.key_of_day(), tiers: entry.key_of_tiers(), tier_from, from, to }
    }

    fn is_in_force_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// A quantity that has no price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpriced {
    pub stamp: Stamp,
    pub meter: MeterId,
    pub quantity: Quantity,
    /// Whether its month is closed, so that it cannot get a price any more.
    pub is_closed: bool,
}

/// The total of the statement lines in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyTotal {
    pub currency: Currency,
    pub lines: u64,
    pub charge: Charge,
    pub amount: Amount,
    pub billing_currency: Currency,
    pub billing_amount: Amount,
}

impl ChargedMonth {
    /// The price entries of a day, for the month's meters.
    pub fn in_force_on(&self, day: Day) -> impl Iterator<Item = &PriceOfDays> {
        self.in_force.iter().flatten().filter(move |price| price.is_in_force_on(day))
    }
}

/// The months that were rated by vendor prices.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct VendorMonths(pub BTreeMap<Month, VendorMonth>);

/// A month as it was rated by vendor prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorMonth {
    /// Fingerprints of the vendor prices and of the usage: if they are unchanged, so are the vendor charges.
    pub prices: Fingerprint,
    pub usage: Fingerprint,
    /// The entries that its vendor charges use.
    pub entries: Vec<PriceEntry>,
    /// Quantities without a vendor price.
    pub unpriced: Vec<Unpriced>,
    /// `None`: it has no margins, because it is not charged.
    pub margin: Option<MarginNote>,
}

/// What the margins of a month are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginNote {
    /// The fingerprint of its charges and vendor charges, and of the texts in its flat file.
    pub inputs: Fingerprint,
    pub names: Fingerprint,
    pub shown: ShownIds,
}

impl ChargedMonths {
    /// The months that the last run rated; none if the state cannot be read.
    ///
    /// # Errors
    /// The machine failed.
    pub fn load(out: &Out) -> Result<Self> {
        load(out, NAME)
    }

    /// Stages the months, unless none was rated.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, publisher: &Publisher) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { save(self, NAME, publisher) }
    }
}

impl VendorMonths {
    /// As [`ChargedMonths::load`].
    ///
    /// # Errors
    /// The machine failed.
    pub fn load(out: &Out) -> Result<Self> {
        load(out, VENDOR_NAME)
    }

    /// As [`ChargedMonths::save`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, publisher: &Publisher) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { save(self, VENDOR_NAME, publisher) }
    }
}

fn load<T: Default + DeserializeOwned>(out: &Out, name: &str) -> Result<T> {
    let bytes = out.state(name)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

fn save(months: &impl Serialize, name: &str, publisher: &Publisher) -> Result<()> {
    let bytes = serde_json::to_vec(months).map_err(|error| Error::bug_of("write state", error))?;
    publisher.state(name, bytes)
}
