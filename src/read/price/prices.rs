//! The price book and the exchange rates: tables that people write by hand, and rate cards as Azure and Partner Center
//! return them.
//!
//! Reads each row, and refuses what cannot be a price. How rows relate to each other and to the known meters is up to
//! `rate`.

use std::collections::BTreeMap;

use super::price_list::{find_price_list, read_price_list};
use super::rate_card::{RateCard, read_card};
use crate::domain::money::{Decimal, ExchangeRate, scaled_18};
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Currency, MeterId, Month, PriceEntry, shown};
use crate::error::suggest::suggestion;
use crate::error::{Error, Result};
use crate::read::format::hand_table::{HandRow, HandTable, Layout};
use crate::read::format::{shape, text};
use crate::read::options::Reading;
use crate::store::{InputFile, ReadFile};

/// The table of the price book.
const PRICES: Layout = Layout {
    columns: &[
        "meter_id",
        "price",
        "per",
        "unit",
        "currency",
        "effective_from",
        "effective_to",
        "tier_from",
        "scope",
        "scope_id",
        "discount_percent",
        "note",
    ],
    required: &["meter_id", "price"],
    numbers: &["price", "per", "tier_from", "discount_percent"],
    days: &["effective_from", "effective_to"],
    months: &[],
};

/// The column that the table of vendor prices has beside those of the price book.
const CREDIT: &str = "partner_earned_credit_percent";

/// The table of vendor prices: the columns of the price book, and the credit that Microsoft grants to a partner.
const VENDOR_PRICES: Layout = Layout {
    columns: &[
        "meter_id",
        "price",
        "per",
        "unit",
        "currency",
        "effective_from",
        "effective_to",
        "tier_from",
        "scope",
        "scope_id",
        "discount_percent",
        CREDIT,
        "note",
    ],
    numbers: &["price", "per", "tier_from", "discount_percent", CREDIT],
    ..PRICES
};

/// The table of exchange rates.
const EXCHANGE_RATES: Layout = Layout {
    columns: &["month", "from", "to", "rate"],
    required: &["month", "from", "to", "rate"],
    numbers: &["rate"],
    days: &[],
    months: &["month"],
};

/// One file of a price book.
#[derive(Debug)]
pub struct PriceFile {
    pub file: ReadFile,
    pub content: PriceContent,
}

#[derive(Debug)]
pub enum PriceContent {
    Entries(Vec<PriceEntry>),
    /// Prices of Azure's meters, which a crosswalk maps to the stamps' meters: a card for each currency.
    RateCards(Vec<RateCard>),
}

/// Reads one file of a price book, recognised from its content.
///
/// # Errors
/// A row that is no price; all errors are reported at once.
pub fn read_prices(file: &InputFile, reading: &Reading) -> Result<PriceFile> {
    read_book(file, &PRICES, reading)
}

/// Reads one file of vendor prices.
///
/// # Errors
/// As [`read_prices`].
pub fn read_vendor_prices(file: &InputFile, reading: &Reading) -> Result<PriceFile> {
    read_book(file, &VENDOR_PRICES, reading)
}

fn read_book(file: &InputFile, layout: &'static Layout, reading: &Reading) -> Result<PriceFile> {
    let text = text::read(file, reading.encoding)?;
    if let Some(refused) = shape::answer(file, text.as_str(), "a price book").filter(|_| !text.is_json()) {
        return Err(refused);
    }
    let content = if text.is_json() {
        PriceContent::RateCards(vec![read_card(&file.name, text.as_str())?])
    } else if let Some(list) = find_price_list(&file.name, text.as_str()) {
        PriceContent::RateCards(read_price_list(&list)?)
    } else {
        PriceContent::Entries(entries_of(&file.name, text.as_str(), layout, reading)?)
    };
    Ok(PriceFile { file: text.file, content })
}

fn entries_of(name: &str, text: &str, layout: &'static Layout, reading: &Reading) -> Result<Vec<PriceEntry>> {
    let table = HandTable::read(name, text, layout, reading)?;
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    for row in table.rows() {
        match row.entry() {
            Ok(entry) => entries.push(entry),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(Error::several(errors)) }
}

impl HandRow<'_> {
    fn entry(&self) -> Result<PriceEntry> {
        let meter = self.required("meter_id", "name the meter, as the table `meters` does")?;
        let meter = MeterId::new(&meter).ok_or_else(|| self.wrong("meter_id", &meter, "no id", "name the meter"))?;
        let scope = self.scope()?;
        let [from, to] = ["effective_from", "effective_to"].map(|column| {
            self.day(
                column,
                "write a UTC day from 2000 to 2199 as 2026-10-01, or leave it empty: from ever, or for good",
            )
        });
        let (from, to) = (from?, to?);
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from >= to) {
            return Err(self.refused(format!("effective_from {from} is not before effective_to {to}")).hint(
                "a price is in force from the first of these days on, and no more on the second: for all of October \
                 write 2026-10-01 and 2026-11-01",
            ));
        }
        let tier_from = self.not_negative("tier_from")?.unwrap_or_default();
        let note = self.cell("note");
        let takes_off = [self.percent("discount_percent")?, self.percent(CREDIT)?];
        let terms = match self.not_negative("price")? {
            Some(price) => self.price(price, takes_off)?,
            None => {
                if note.is_none() {
                    return Err(self.refused("neither a price nor a note").hint(
                        "write the price; or where the meter is never charged leave it empty, and say why in `note`",
                    ));
                }
                if let Some(column) = ["per", "currency"].into_iter().find(|column| self.cell(column).is_some()) {
                    return Err(self.refused(format!("`{column}` without a price")).hint(
                        "write the price; or where the meter is never charged leave `per` and `currency` empty, too",
                    ));
                }
                if !tier_from.is_zero() || takes_off.iter().any(|percent| !percent.is_zero()) {
                    return Err(self
                        .refused("a tier or a discount without a price")
                        .hint("a meter that is never charged has neither: leave both empty, or write the price"));
                }
                Terms::NotBillable
            }
        };
        let tier_from = scaled_18(tier_from).unwrap_or_default();
        Ok(PriceEntry {
            meter,
            scope,
            from,
            to,
            tier_from,
            terms,
            unit: self.cell("unit"),
            note,
            file: self.file().to_owned(),
            row: self.line as i64,
            is_of_card: false,
        })
    }

    /// A percentage that is taken off; zero when the cell is empty.
    fn percent(&self, column: &str) -> Result<Decimal> {
        let percent = self.not_negative(column)?.unwrap_or_default();
        if percent <= Decimal::ONE_HUNDRED {
            return Ok(percent);
        }
        let hint = "write a percentage from 0 to 100, such as 15";
        Err(self.wrong(column, &percent.to_string(), "more than all of it", hint))
    }

    fn price(&self, price: Decimal, takes_off: [Decimal; 2]) -> Result<Terms> {
        let per = self.not_negative("per")?.ok_or_else(|| {
            self.refused("`per` is empty")
                .hint("write how many units the price is for: 1, or 720 for a GB-month of GB*hours")
        })?;
        if per.is_zero() {
            return Err(self.wrong(
                "per",
                "0",
                "no count of units",
                "write how many units the price is for, such as 1",
            ));
        }
        let code = self.required("currency", "write the currency of the price, such as EUR (ISO 4217)")?;
        let currency = Currency::parse(&code).ok_or_else(|| {
            self.wrong("currency", &code, "no currency", "write a code of ISO 4217, such as EUR, USD or JPY")
        })?;
        self.required("unit", "write the meter's unit, as the table `meters` has it")?;
        let [discount_percent, partner_earned_credit_percent] = takes_off;
        let terms = Price { price, per, discount_percent, partner_earned_credit_percent, currency };
        terms.fraction().map(|_| Terms::Price(terms)).ok_or_else(|| {
            self.refused("a price that cannot be rated exactly").hint(format!(
                "`per` may have {} decimals, a percentage {}, and price and percentages 38 digits together",
                Price::PER_PLACES_MAX,
                Price::DISCOUNT_PLACES_MAX
            ))
        })
    }

    fn scope(&self) -> Result<Scope> {
        let (name, id) = (self.cell("scope"), self.cell("scope_id"));
        let name = name.map_or_else(|| "all".to_owned(), |text| text.to_ascii_lowercase());
        if !Scope::NAMES.contains(&name.as_str()) {
            let meant = suggestion(&name, &Scope::NAMES);
            let hint = format!("a price is for {}{meant}", Scope::NAMES.join(", "));
            return Err(self.wrong("scope", &name, "no scope", &hint));
        }
        Scope::parse(&name, id.as_deref()).ok_or_else(|| match id {
            None => self
                .refused(format!("scope {name} without a scope_id"))
                .hint("write whose price it is, or scope all for a price for everybody"),
            Some(id) if name == "all" => self
                .refused(format!("scope all with the scope_id {}", shown::quoted(&id)))
                .hint("a price for everybody has no scope_id: leave it empty, or name the scope that the id is of"),
            Some(id) => {
                self.wrong("scope_id", &id, &format!("no {name}"), "write its id as the published tables have it")
            }
        })
    }

    /// A number that is not below zero.
    fn not_negative(&self, column: &str) -> Result<Option<Decimal>> {
        let number = self.number(column)?;
        if let Some(number) = number.filter(|number| number.is_sign_negative() && !number.is_zero()) {
            return Err(self.wrong(
                column,
                &number.to_string(),
                "below zero",
                "write 0 or more; what is given back is no price",
            ));
        }
        Ok(number)
    }
}

/// Exchange rates of months.
pub type ExchangeRates = BTreeMap<(Month, Currency, Currency), ExchangeRate>;

/// Reads `month,from,to,rate`.
///
/// # Errors
/// As [`read_prices`]; or a duplicate rate.
pub fn read_exchange_rates(file: &InputFile, reading: &Reading) -> Result<(ExchangeRates, ReadFile)> {
    let text = text::read(file, reading.encoding)?;
    let mut rates = ExchangeRates::new();
    let mut errors = Vec::new();
    for row in HandTable::read(&file.name, text.as_str(), &EXCHANGE_RATES, reading)?.rows() {
        let added = row.rate().and_then(|(key, rate)| match rates.insert(key, rate) {
            None => Ok(()),
            Some(_) => {
                let (month, from, to) = key;
                Err(row
                    .refused(format!("{month} has an exchange rate from {from} to {to} already"))
                    .hint("keep one of the two"))
            }
        });
        errors.extend(added.err());
    }
    if errors.is_empty() { Ok((rates, text.file)) } else { Err(Error::several(errors)) }
}

impl HandRow<'_> {
    fn rate(&self) -> Result<((Month, Currency, Currency), ExchangeRate)> {
        let month = self.month("month")?;
        let month =
            month.ok_or_else(|| self.refused("`month` is empty").hint("write the month of usage, such as 2026-10"))?;
        let [from, to] = ["from", "to"].map(|column| {
            let code = self.required(column, "write a currency, such as USD (ISO 4217)")?;
            Currency::parse(&code)
                .ok_or_else(|| self.wrong(column, &code, "no currency", "write a code of ISO 4217, such as USD"))
        });
        let (from, to) = (from?, to?);
        if from == to {
            return Err(self.refused(format!("an exchange rate from {from} to itself")).hint("delete the row"));
        }
        let rate = self.not_negative("rate")?.ok_or_else(|| {
            self.refused("`rate` is empty").hint("write how much of `to` one unit of `from` is worth")
        })?;
        let rate = ExchangeRate::new(rate).ok_or_else(|| {
            self.wrong("rate", "0", "no exchange rate", "write how much of `to` one unit of `from` is worth")
        })?;
        Ok(((month, from, to), rate))
    }
}
