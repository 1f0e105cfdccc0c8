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
pub(super) struct PriceInputs {
    /// `None`: there is no price book, and nothing is charged.
    pub(super) files: Option<Vec<PriceFile>>,
    rates: ExchangeRates,
}

impl PriceInputs {
    /// Reads the files of a root; the errors of all files are reported at once.
    ///
    /// # Errors
    /// A row that is not a price or a rate.
    pub(super) fn read(root: &Root, reading: &Reading, receipt: &mut ReceiptBuilder) -> Result<Self> {
        let mut inputs = Self::default();
        let mut errors = Vec::new();
        if let Some(files) = &root.prices {
            let files = files.iter().map(|file| read::read_prices(file, reading));
            let (read, failed): (Vec<_>, Vec<_>) = files.partition(Result::is_ok);
            let read: Vec<PriceFile> = read.into_iter().flatten().collect();
            errors.extend(failed.into_iter().filter_map(Result::err));
            for file in &read {
                receipt.count_table(((), file.file.clone()))?;
            }
            inputs.files = Some(read);
        }
        if let Some(file) = &root.exchange_rates {
            match read::read_exchange_rates(file, reading) {
                Ok(read) => inputs.rates = receipt.count_table(read)?,
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(inputs) } else { Err(Error::several(errors)) }
    }

    /// Whether anything is to be charged.
    pub(super) fn has_book(&self) -> bool {
        self.files.is_some()
    }
}

/// The prices and terms by which months are rated.
#[derive(Debug)]
pub(super) struct Charging {
    pub(super) book: PriceBook,
    /// Without a price book, only closed charges are published.
    pub(super) has_book: bool,
    pub(super) rates: ExchangeRates,
    pub(super) billing_currency: Option<Currency>,
    pub(super) notes: Vec<CardNote>,
    /// The files of the price book.
    pub(super) files: BTreeSet<String>,
}

impl Charging {
    /// Checks the price book against the known meters.
    ///
    /// # Errors
    /// Entries that contradict the meters or each other, or exchange rates to several currencies.
    pub(super) fn new(inputs: PriceInputs, plan: &Plan, names: &Names) -> Result<Self> {
        let PriceInputs { files, rates } = inputs;
        let (mut entries, mut cards) = (Vec::new(), Vec::new());
        let has_book = files.is_some();
        let names_of = |files: &Vec<PriceFile>| files.iter().map(|file| file.file.name.clone()).collect();
        let file_names: BTreeSet<String> = files.as_ref().map_or_else(BTreeSet::new, names_of);
        for file in files.into_iter().flatten() {
            match file.content {
                PriceContent::Entries(rows) => entries.extend(rows),
                PriceContent::RateCard(card) => cards.push(card),
            }
        }
        let (card_entries, notes) = rate::entries_of_cards(&cards, |azure| {
            let prices = |meter: &&Meter| meter.azure_meters.iter().any(|id| id == azure);
            names.meters().filter(prices).map(|meter| (&meter.id, meter.unit.as_deref())).collect()
        })?;
        entries.extend(card_entries);
        let unit_of = |meter: &MeterId| names.meter(meter).and_then(|known| known.unit.as_deref());
        let book = PriceBook::new(entries, unit_of)?;
        let billing_currency = rate::billing_currency(plan.billing_currency, &rates)?;
        Ok(Self { book, has_book, rates, billing_currency, notes, files: file_names })
    }
}

impl Charging {
    /// The tenants and billed subscriptions that prices are for.
    pub(super) fn scope_ids(&self) -> impl Iterator<Item = &str> {
        let is_tenant_or_billed = |scope: &&Scope| matches!(scope, Scope::Tenant(_) | Scope::BilledSubscription(_));
        self.book.entries().iter().map(|entry| &entry.scope).filter(is_tenant_or_billed).filter_map(Scope::id)
    }
}
