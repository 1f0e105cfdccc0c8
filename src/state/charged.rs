//! Months as they were rated: what they were made of, and what came of it that no published table says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::{Amount, Charge, Currency, Day, MeterId, Month, PriceEntry, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::publication::{Out, Publisher};
use crate::publish::Names;
use crate::rate::{MonthTerms, StatementLine, Tenants};
use crate::store::Fingerprint;

const NAME: &str = "charges.json";

/// The months that were rated.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ChargedMonths(pub BTreeMap<Month, ChargedMonth>);

/// A month as it was rated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargedMonth {
    /// Of the prices and terms, of the usage, and of the texts that flat files show: while these stay the same, so does
    /// what is published.
    pub prices: Fingerprint,
    pub usage: Fingerprint,
    pub names: Fingerprint,
    pub shown: ShownIds,
    pub terms: MonthTerms,
    /// The price entries that its charges rest on.
    pub entries: Vec<PriceEntry>,
    /// What the price book said of the month, by [`PriceEntry::key_in`], sorted.
    pub book: Vec<i64>,
    /// The same by days, for its meters, to tell which price of a day is another; `None` where an earlier version wrote
    /// it.
    #[serde(default)]
    pub in_force: Option<Vec<PriceOfDays>>,
    /// What has no price.
    pub unpriced: Vec<Unpriced>,
    /// What its statements come to, by currency.
    pub totals: Vec<CurrencyTotal>,
}

/// The ids whose texts the flat files of statements show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownIds {
    /// Of billed subscriptions and tenants.
    named: BTreeSet<String>,
    meters: BTreeSet<MeterId>,
}

impl ShownIds {
    pub fn of(lines: &[StatementLine]) -> Self {
        let mut own = Self::default();
        for line in lines {
            own.named.insert(line.key.billed_subscription.clone());
            if let Tenants::One(Some(tenant)) = &line.tenants {
                own.named.insert(tenant.clone());
            }
            own.meters.extend(MeterId::new(&line.key.meter));
        }
        own
    }

    pub fn has(&self, meter: &MeterId) -> bool {
        self.meters.contains(meter)
    }

    /// Of what these are called.
    pub fn fingerprint(&self, names: &Names) -> Fingerprint {
        names.fingerprint_of_texts(self.named.iter().map(String::as_str), &self.meters)
    }
}

/// What a price book says of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceOfDays {
    /// [`PriceEntry::key_of_day`] and [`PriceEntry::key_of_tiers`].
    pub key: i64,
    pub tiers: i64,
    pub tier_from: Quantity,
    /// On days from this one on, and before that one.
    pub from: Option<Day>,
    pub to: Option<Day>,
}

impl PriceOfDays {
    pub fn of(own: &PriceEntry) -> Self {
        let PriceEntry { tier_from, from, to, .. } = *own;
        Self { key: own.key_of_day(), tiers: own.key_of_tiers(), tier_from, from, to }
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
    /// Its month is closed: no price can be given it any more.
    pub is_closed: bool,
}

/// What statement lines in one currency come to.
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
    /// What the price book said of a day, for its meters.
    pub fn in_force_on(&self, day: Day) -> impl Iterator<Item = &PriceOfDays> {
        self.in_force.iter().flatten().filter(move |own| own.is_in_force_on(day))
    }
}

impl ChargedMonths {
    /// What the last run rated: nothing, where that cannot be read.
    ///
    /// # Errors
    /// The machine failed.
    pub fn load(out: &Out) -> Result<Self> {
        let bytes = out.state(NAME)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Stages it, unless no month was rated.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, publisher: &Publisher) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let bytes = serde_json::to_vec(self).map_err(|error| Error::bug_of("write state", error))?;
        publisher.state(NAME, bytes)
    }
}
