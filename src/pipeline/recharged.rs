//! What a run changes of charges that were published before, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::corrections::{rows_published, texts_of};
use super::making::Making;
use crate::domain::{Cause, Charge, Corrected, Correction, Currency, Day, Month, Stamp};
use crate::error::Result;
use crate::frame::tables::{self, Rows, text};
use crate::publish::Out;
use crate::schema::{self, charges_path};
use crate::state::ChargedMonth;

/// What a day is charged of each billed subscription and meter, in each currency.
type DayCharges = BTreeMap<(Day, String, String, Currency), Charge>;

/// The meters whose prices are not what they were when a month was rated last, or all of them.
pub enum Repriced {
    /// The way tiers are taken is another.
    All,
    Meters(BTreeSet<String>),
    /// Nobody knows how it was rated.
    Unknown,
}

impl Repriced {
    pub fn of(before: Option<&ChargedMonth>, after: &ChargedMonth) -> Self {
        let Some(before) = before else { return Self::Unknown };
        if before.terms.tiering != after.terms.tiering {
            return Self::All;
        }
        let entries = |own: &ChargedMonth| -> BTreeSet<(i64, String)> {
            own.entries.iter().map(|own| (own.key(), own.meter.to_string())).collect()
        };
        let (before, after) = (entries(before), entries(after));
        Self::Meters(before.symmetric_difference(&after).map(|(_, meter)| meter.clone()).collect())
    }

    fn cause_of(&self, meter: &str) -> Option<Cause> {
        match self {
            Self::All => Some(Cause::PriceChanged),
            Self::Meters(meters) => meters.contains(meter).then_some(Cause::PriceChanged),
            Self::Unknown => Some(Cause::FullRun),
        }
    }
}

impl Making<'_> {
    /// What changed of charges of a month that were published before.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn recharged(&self, month: Month, stamps: &[&Stamp], repriced: &Repriced) -> Result<Vec<Correction>> {
        let Some(out) = self.publisher.out() else { return Ok(Vec::new()) };
        let mut changes = Vec::new();
        for stamp in stamps {
            let path = charges_path(stamp, month);
            let is_published = out.last().files.contains_key(&path);
            if !is_published || !self.publisher.is_made_anew(&path) {
                continue;
            }
            let after = self.publisher.current(&path)?.unwrap_or_default();
            let after = tables::read(path.as_ref(), after, &schema::CHARGES, &COLUMNS, &[])?;
            let (before, after) = (published(out, &path)?, totals_of(&path, &after)?);
            let touched = self.touched.get(*stamp);
            changes.extend(between(stamp, &before, &after, |day, meter| {
                let mut causes = touched.and_then(|own| own.get(&day)).cloned().unwrap_or_default();
                causes.extend(repriced.cause_of(meter));
                if causes.is_empty() {
                    causes.insert(Cause::TierShifted);
                }
                causes
            }));
        }
        Ok(changes)
    }

    /// Charges that were published, and are not any more: of what is gone, or because there is no price book any more.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn charges_gone(&self, has_book: bool) -> Result<Vec<Correction>> {
        let Some(out) = self.publisher.out() else { return Ok(Vec::new()) };
        let mut changes = Vec::new();
        for path in out.published_below("charges/").filter(|path| !self.publisher.is_made(path)) {
            let Some(stamp) = path.split('/').nth(1).and_then(Stamp::new) else { continue };
            let touched = self.touched.get(&stamp);
            changes.extend(between(&stamp, &published(out, path)?, &DayCharges::new(), |day, _| {
                let mut causes = touched.and_then(|own| own.get(&day)).cloned().unwrap_or_default();
                if !has_book {
                    causes.insert(Cause::PriceChanged);
                }
                causes
            }));
        }
        Ok(changes)
    }
}

/// The columns that charges are compared by.
const COLUMNS: [&str; 5] = ["usage_date", "billed_subscription_id", "meter_id", "currency", "charge"];

/// What is published; nothing where it cannot be compared.
fn published(out: &Out, path: &str) -> Result<DayCharges> {
    Ok(totals_of(path, &rows_published(out, path, &schema::CHARGES, &COLUMNS)?).unwrap_or_default())
}

fn totals_of(path: &str, tables: &[Rows]) -> Result<DayCharges> {
    let mut totals = DayCharges::new();
    tables.iter().try_for_each(|rows| take(path, rows, &mut totals))?;
    Ok(totals)
}

fn take(path: &str, rows: &Rows, totals: &mut DayCharges) -> Result<()> {
    let (days, billed, meters) =
        (rows.days("usage_date")?, rows.texts("billed_subscription_id")?, rows.texts("meter_id")?);
    let (currencies, charges) = (rows.texts("currency")?, rows.quantities("charge")?);
    for (row, &day) in days.iter().enumerate() {
        let Some(charge) = charges.maybe(row) else { continue };
        let Some(currency) = text(currencies, row).and_then(Currency::parse) else { continue };
        let key = (day, billed.value(row).to_owned(), meters.value(row).to_owned(), currency);
        let sum = totals.entry(key).or_default();
        let added = sum.checked_add(Charge::from_scaled(charge.scaled()));
        *sum = added.ok_or_else(|| tables::contradiction(path, format!("charges of {day} sum to more than can be")))?;
    }
    Ok(())
}

/// What differs between two states of a stamp's charges.
fn between(
    stamp: &Stamp,
    before: &DayCharges,
    after: &DayCharges,
    causes_of: impl Fn(Day, &str) -> BTreeSet<Cause>,
) -> Vec<Correction> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |key: &(Day, String, String, Currency)| {
        let (before, after) = (before.get(key).copied(), after.get(key).copied());
        (before != after).then(|| Correction {
            stamp: stamp.clone(),
            day: key.0,
            billed_subscription: key.1.clone(),
            meter: key.2.clone(),
            of: Corrected::Charge { currency: key.3, before, after },
            causes: texts_of(&causes_of(key.0, &key.2)),
        })
    };
    keys.into_iter().filter_map(change).collect()
}
