//! The price book and the terms by which months are charged.

use std::collections::BTreeSet;

use super::plan::Plan;
use super::receipt_builder::ReceiptBuilder;
use crate::domain::price::Scope;
use crate::domain::{Currency, MeterId};
use crate::error::{Error, Result};
use crate::normalise::Meter;
use crate::publish::Names;
use crate::rate::{self, CardNote, PriceBook};
use crate::read::{self, ExchangeRates, PriceContent, PriceFile, Reading, Root};

/// The price book and the exchange rates as they were read.
#[derive(Debug, Default)]
pub struct PriceInputs {
    /// `None`: there is no price book, and nothing is charged.
    pub(super) files: Option<Vec<PriceFile>>,
    rates: ExchangeRates,
}

impl PriceInputs {
    /// Reads what a root has of them; all that is wrong in any file is said at once.
    ///
    /// # Errors
    /// A row that is no price or no rate.
    pub fn read(root: &Root, reading: &Reading, receipt: &mut ReceiptBuilder) -> Result<Self> {
        let mut own = Self::default();
        let mut errors = Vec::new();
        if let Some(files) = &root.prices {
            let files = files.iter().map(|file| read::read_prices(file, reading));
            let (read, failed): (Vec<_>, Vec<_>) = files.partition(Result::is_ok);
            let read: Vec<PriceFile> = read.into_iter().flatten().collect();
            errors.extend(failed.into_iter().filter_map(Result::err));
            for own in &read {
                receipt.count_table(((), own.file.clone()))?;
            }
            own.files = Some(read);
        }
        if let Some(file) = &root.exchange_rates {
            match read::read_exchange_rates(file, reading) {
                Ok(read) => own.rates = receipt.count_table(read)?,
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(own) } else { Err(Error::several(errors)) }
    }

    /// Whether anything is to be charged.
    pub fn has_book(&self) -> bool {
        self.files.is_some()
    }
}

/// What months are rated by.
#[derive(Debug)]
pub struct Charging {
    pub(super) book: PriceBook,
    /// Without one nothing is charged but what was closed.
    pub(super) has_book: bool,
    pub(super) rates: ExchangeRates,
    pub(super) billing_currency: Option<Currency>,
    pub(super) notes: Vec<CardNote>,
    /// The files of the book.
    pub(super) files: BTreeSet<String>,
}

impl Charging {
    /// Checks the price book against the meters that there are.
    ///
    /// # Errors
    /// Entries that contradict the meters or each other, or exchange rates to several currencies.
    pub fn of(inputs: PriceInputs, plan: &Plan, names: &Names) -> Result<Self> {
        let PriceInputs { files, rates } = inputs;
        let (mut entries, mut cards) = (Vec::new(), Vec::new());
        let has_book = files.is_some();
        let names_of = |files: &Vec<PriceFile>| files.iter().map(|own| own.file.name.clone()).collect();
        let file_names: BTreeSet<String> = files.as_ref().map_or_else(BTreeSet::new, names_of);
        for own in files.into_iter().flatten() {
            match own.content {
                PriceContent::Entries(own) => entries.extend(own),
                PriceContent::RateCard(card) => cards.push(card),
            }
        }
        let (own, notes) = rate::entries_of_cards(&cards, |azure| {
            let prices = |meter: &&Meter| meter.azure_meters.iter().any(|own| own == azure);
            names.meters().filter(prices).map(|own| (&own.id, own.unit.as_deref())).collect()
        })?;
        entries.extend(own);
        let unit_of = |meter: &MeterId| names.meter(meter).and_then(|own| own.unit.as_deref());
        let book = PriceBook::new(entries, unit_of)?;
        let billing_currency = rate::billing_currency(plan.billing_currency, &rates)?;
        Ok(Self { book, has_book, rates, billing_currency, notes, files: file_names })
    }
}

impl Charging {
    /// The tenants and billed subscriptions that prices are for.
    pub fn scope_ids(&self) -> impl Iterator<Item = &str> {
        let is_of_both = |own: &&Scope| matches!(own, Scope::Tenant(_) | Scope::BilledSubscription(_));
        self.book.entries().iter().map(|own| &own.scope).filter(is_of_both).filter_map(Scope::id)
    }
}
