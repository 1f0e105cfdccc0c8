//! The price book, the vendor prices and the terms by which months are charged.

use std::collections::BTreeSet;

use super::plan::Plan;
use super::rating;
use super::receipt_builder::ReceiptBuilder;
use crate::domain::price::Scope;
use crate::domain::{Currency, MeterId};
use crate::error::{Error, Result};
use crate::normalise::Meter;
use crate::publish::Names;
use crate::rate::{self, CardNote, PriceBook};
use crate::read::{self, ExchangeRates, PriceContent, PriceFile, Reading, Root};
use crate::store::InputFile;
use crate::table::column::Table;
use crate::table::contract;

/// The price book, the vendor prices and the exchange rates as they were read.
#[derive(Debug, Default)]
pub(super) struct PriceInputs {
    /// `None`: there is no price book, and nothing is charged.
    files: Option<Vec<PriceFile>>,
    /// `None`: there are none, and what Microsoft charges is not known.
    vendor_files: Option<Vec<PriceFile>>,
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
        let mut read_all = |files: &Option<Vec<InputFile>>, read: ReadsPrices| -> Result<Option<Vec<PriceFile>>> {
            let Some(files) = files else { return Ok(None) };
            let (read, failed): (Vec<_>, Vec<_>) =
                files.iter().map(|file| read(file, reading)).partition(Result::is_ok);
            let read: Vec<PriceFile> = read.into_iter().flatten().collect();
            errors.extend(failed.into_iter().filter_map(Result::err));
            for file in &read {
                receipt.count_table(((), file.file.clone()))?;
            }
            Ok(Some(read))
        };
        inputs.files = read_all(&root.prices, read::read_prices)?;
        inputs.vendor_files = read_all(&root.vendor_prices, read::read_vendor_prices)?;
        if let Some(file) = &root.exchange_rates {
            match read::read_exchange_rates(file, reading) {
                Ok(read) => inputs.rates = receipt.count_table(read)?,
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(inputs) } else { Err(Error::several(errors)) }
    }

    /// The tables that others are made from: charges from `daily`, and margins from both kinds of charges.
    pub(super) fn tables_to_hold(&self) -> &'static [&'static Table] {
        match (&self.files, &self.vendor_files) {
            (None, None) => &[],
            (Some(_), None) | (None, Some(_)) => &[&contract::DAILY],
            (Some(_), Some(_)) => &[&contract::DAILY, &contract::CHARGES, &contract::VENDOR_CHARGES],
        }
    }
}

type ReadsPrices = fn(&InputFile, &Reading) -> Result<PriceFile>;

/// The entries of some files of prices, checked as a whole.
#[derive(Debug)]
pub(super) struct CheckedBook {
    pub(super) book: PriceBook,
    /// What the rate cards among the files came to.
    pub(super) notes: Vec<CardNote>,
    /// The names of the files.
    pub(super) files: BTreeSet<String>,
}

impl CheckedBook {
    /// Checks files against each other and against the known meters. `by_hand` is the table where people write prices.
    ///
    /// # Errors
    /// Entries that contradict the meters or each other.
    fn new(files: Vec<PriceFile>, by_hand: &str, names: &Names) -> Result<Self> {
        let (mut entries, mut cards) = (Vec::new(), Vec::new());
        let file_names: BTreeSet<String> = files.iter().map(|file| file.file.name.clone()).collect();
        for file in files {
            match file.content {
                PriceContent::Entries(rows) => entries.extend(rows),
                PriceContent::RateCards(of_file) => cards.extend(of_file),
            }
        }
        let (card_entries, notes) = rate::entries_of_cards(&cards, by_hand, |azure| {
            let prices = |meter: &&Meter| meter.azure_meters.iter().any(|id| id == azure);
            names.meters().filter(prices).map(|meter| (&meter.id, meter.unit.as_deref())).collect()
        })?;
        entries.extend(card_entries);
        let unit_of = |meter: &MeterId| names.meter(meter).and_then(|known| known.unit.as_deref());
        Ok(Self { book: PriceBook::new(entries, unit_of)?, notes, files: file_names })
    }
}

/// The prices and terms by which months are rated.
#[derive(Debug)]
pub(super) struct Charging {
    /// The price book; an empty one where there is none.
    pub(super) prices: CheckedBook,
    /// Without a price book, only closed charges are published.
    pub(super) has_book: bool,
    /// What Microsoft charges.
    pub(super) vendor: Option<CheckedBook>,
    pub(super) rates: ExchangeRates,
    pub(super) billing_currency: Option<Currency>,
}

impl Charging {
    /// Checks the price book against the known meters.
    ///
    /// # Errors
    /// Entries that contradict the meters or each other, or exchange rates to several currencies.
    pub(super) fn new(inputs: PriceInputs, plan: &Plan, names: &Names) -> Result<Self> {
        let PriceInputs { files, vendor_files, rates } = inputs;
        let has_book = files.is_some();
        let prices = CheckedBook::new(files.unwrap_or_default(), rating::PRICES.table, names)?;
        let vendor =
            vendor_files.map(|files| CheckedBook::new(files, rating::VENDOR_PRICES.table, names)).transpose()?;
        let billing_currency = rate::billing_currency(plan.billing_currency, &rates)?;
        Ok(Self { prices, has_book, vendor, rates, billing_currency })
    }

    /// The price book and the vendor prices.
    fn books(&self) -> impl Iterator<Item = &CheckedBook> {
        std::iter::once(&self.prices).chain(&self.vendor)
    }

    /// What all rate cards came to, those of vendor prices too.
    pub(super) fn all_notes(&self) -> impl Iterator<Item = &CardNote> {
        self.books().flat_map(|book| &book.notes)
    }

    /// The tenants and billed subscriptions that prices are for.
    pub(super) fn scope_ids(&self) -> impl Iterator<Item = &str> {
        let is_tenant_or_billed = |scope: &&Scope| matches!(scope, Scope::Tenant(_) | Scope::BilledSubscription(_));
        let scopes = self.books().flat_map(|book| book.book.entries()).map(|entry| &entry.scope);
        scopes.filter(is_tenant_or_billed).filter_map(Scope::id)
    }
}
