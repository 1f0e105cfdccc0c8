//! Price lists as tables: the Azure plan price list of Partner Center, and price sheets of enterprise agreements and
//! Microsoft customer agreements (reference: reconciliation §2.5).
//!
//! ```text
//! "ProductTitle",…,"SkuTitle",…,"UnitOfMeasure","TermDuration","Market","Currency","UnitPrice","PricingTierRangeMin",…,
//!     "EffectiveStartDate","EffectiveEndDate","MeterIds",…
//! MeterId,MeterName,…,MeterRegion,UnitOfMeasure,…,EffectiveStartDate,EffectiveEndDate,UnitPrice,BasePrice,MarketPrice,
//!     CurrencyCode,IncludedQuantity,…,Term,PriceType
//! ```
//! A row is the price of one tier of one or more of Azure's meters, on some days. Rows of a meter that begin on one day
//! are its tiers. Prices of reservations, of savings plans and of development offers are no prices of usage.

use std::collections::BTreeMap;

use memchr::memchr_iter;

use super::rate_card::{CardMeter, CardTerms, RateCard, number};
use crate::domain::identity::one_spelling;
use crate::domain::limits::{END_YEAR, FIRST_YEAR};
use crate::domain::money::Decimal;
use crate::domain::{Currency, Day, shown};
use crate::error::{Error, Result};
use crate::read::format::csv::{Cell, CsvText};

/// The most lines above the header of a price list: a report says its name and date there.
const LINES_ABOVE: usize = 20;

/// The price list in a text, if it is one.
pub(super) fn find_price_list<'a>(name: &'a str, text: &'a str) -> Option<CsvText<'a>> {
    let starts = std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1));
    let tables = starts.take(LINES_ABOVE + 1).filter_map(|start| CsvText::parse_from(name, text, start).ok());
    tables.into_iter().find(is_price_list)
}

/// Whether a table is a price list.
fn is_price_list(table: &CsvText<'_>) -> bool {
    let has = |names: &[&str]| names.iter().all(|name| table.column(&[*name]).is_some());
    has(&["UnitPrice", "UnitOfMeasure", "EffectiveStartDate"])
        && (has(&["MeterIds", "PricingTierRangeMin"]) || has(&["MeterId", "BasePrice", "MarketPrice"]))
}

/// The places of the columns; lists have different ones.
struct ListColumns {
    meters: Option<usize>,
    /// What names a meter for people.
    names: Vec<usize>,
    region: Option<usize>,
    category: Option<usize>,
    unit: Option<usize>,
    currency: Option<usize>,
    price: Option<usize>,
    tier: Option<usize>,
    included: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    term: Option<usize>,
    price_type: Option<usize>,
    offer: Option<usize>,
}

/// The offer of enterprise agreements for development and test; its prices are of subscriptions that no stamp has.
const DEVELOPMENT_OFFER: &str = "MS-AZR-0148P";

impl ListColumns {
    fn new(table: &CsvText<'_>) -> Self {
        Self {
            meters: table.column(&["MeterIds", "MeterId"]),
            names: table.columns(&["ProductTitle", "SkuTitle", "MeterSubCategory", "MeterName"]).collect(),
            region: table.column(&["MeterRegion"]),
            category: table.column(&["MeterCategory", "ProductTitle"]),
            unit: table.column(&["UnitOfMeasure"]),
            currency: table.column(&["Currency", "CurrencyCode"]),
            price: table.column(&["UnitPrice"]),
            tier: table.column(&["PricingTierRangeMin", "TierMinimumUnits"]),
            included: table.column(&["IncludedQuantity"]),
            from: table.column(&["EffectiveStartDate"]),
            to: table.column(&["EffectiveEndDate"]),
            term: table.column(&["TermDuration", "Term"]),
            price_type: table.column(&["PriceType"]),
            offer: table.column(&["OfferId"]),
        }
    }
}

/// Reads a price list: a card for each currency.
///
/// # Errors
/// A row is not of the table, or is in no currency. What a meter's row says wrongly is kept with the meter: most of a
/// list does not matter.
pub(super) fn read_price_list(table: &CsvText<'_>) -> Result<Vec<RateCard>> {
    let columns = ListColumns::new(table);
    let mut cards: BTreeMap<Currency, MetersOfList> = BTreeMap::new();
    let (mut rows, mut cells) = (table.rows(), Vec::new());
    while rows.next(&mut cells)? {
        let refused = |message: String| Error::input(message).at_line(table.name(), rows.line(), 1);
        if rows.is_malformed() || cells.len() != table.header.len() {
            return Err(refused(format!("{} cells, and the header has {}", cells.len(), table.header.len()))
                .hint("get the price list once more, and do not open it in a spreadsheet before"));
        }
        let row = PriceRow { columns: &columns, cells: &cells };
        let ids = row.text(columns.meters);
        if ids.is_empty() || !row.is_of_usage() {
            continue;
        }
        let code = row.text(columns.currency);
        let currency = Currency::parse(&code).ok_or_else(|| {
            refused(format!("the currency {} is none", shown::quoted(&code)))
                .hint("get the price list once more: each of its rows has a currency of ISO 4217")
        })?;
        let meters = cards.entry(currency).or_default();
        for id in ids.split([',', ';', ' ']).filter(|id| !id.is_empty()) {
            meters.add(&row, one_spelling(id), rows.line() as i64);
        }
    }
    let card = |(currency, meters): (Currency, MetersOfList)| RateCard {
        file: table.name().to_owned(),
        currency,
        meters: meters.0.into_values().collect(),
        discounts: Vec::new(),
        other_terms: Vec::new(),
        is_table: true,
    };
    Ok(cards.into_iter().map(card).collect())
}

/// Meters by their ids and by when their prices begin.
#[derive(Default)]
struct MetersOfList(BTreeMap<(String, Option<Day>), CardMeter>);

impl MetersOfList {
    /// Adds a row as the price of a meter, or as a tier of one.
    fn add(&mut self, row: &PriceRow<'_>, id: String, line: i64) {
        let terms = row.terms();
        let from = terms.as_ref().ok().and_then(|terms| terms.from);
        match self.0.get_mut(&(id.clone(), from)) {
            Some(meter) => meter.terms = with_tier(meter, &row.text(row.columns.unit), terms),
            None => drop(self.0.insert((id.clone(), from), row.meter(id, terms, line))),
        }
    }
}

/// The terms of a meter with those of another of its rows.
fn with_tier(meter: &CardMeter, unit: &str, tier: Result<CardTerms, String>) -> Result<CardTerms, String> {
    let (mut terms, tier) = (meter.terms.clone()?, tier?);
    if meter.unit != unit {
        return Err(format!("prices for {} and for {}", shown::quoted(&meter.unit), shown::quoted(unit)));
    }
    if (terms.included, terms.to) != (tier.included, tier.to) {
        return Err("tiers that end on different days, or with different included quantities".to_owned());
    }
    for (from, price) in tier.rates {
        match terms.rates.insert(from, price) {
            Some(other) if other != price => {
                return Err(format!("two prices from {from} on, {other} and {price}"));
            }
            _ => {}
        }
    }
    Ok(terms)
}

/// One row of a price list.
struct PriceRow<'r> {
    columns: &'r ListColumns,
    cells: &'r [Cell<'r>],
}

impl PriceRow<'_> {
    /// The cell of a column; empty where there is none.
    fn text(&self, column: Option<usize>) -> String {
        let cell = column.and_then(|column| self.cells.get(column));
        cell.map_or_else(String::new, |cell| cell.text().trim().to_owned())
    }

    /// Whether it is a price of usage: no reservation, no savings plan, no development offer.
    fn is_of_usage(&self) -> bool {
        let (term, price_type) = (self.text(self.columns.term), self.text(self.columns.price_type));
        let is_nothing = |text: &str| text.is_empty() || text.eq_ignore_ascii_case("none");
        is_nothing(&term)
            && (is_nothing(&price_type) || price_type.eq_ignore_ascii_case("Consumption"))
            && !self.text(self.columns.offer).eq_ignore_ascii_case(DEVELOPMENT_OFFER)
    }

    fn meter(&self, id: String, terms: Result<CardTerms, String>, row: i64) -> CardMeter {
        let names: Vec<String> = self.columns.names.iter().map(|name| self.text(Some(*name))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let category = self.text(self.columns.category);
        // Azure Stack Edge and Azure Stack HCI are other products, in regions of their own.
        let is_stack = |text: &str| text == "Azure Stack" || text.starts_with("Azure Stack Hub");
        CardMeter {
            id,
            name: names.join(" "),
            unit: self.text(self.columns.unit),
            is_of_azure_stack: is_stack(&self.text(self.columns.region)) || is_stack(&category),
            terms,
            row,
        }
    }

    fn terms(&self) -> Result<CardTerms, String> {
        let maybe = |column, what| match self.text(column) {
            text if text.is_empty() => Ok(Decimal::ZERO),
            text => number(&text, what),
        };
        let price = number(&self.text(self.columns.price), "UnitPrice")?;
        let tier = maybe(self.columns.tier, "where the tier begins")?;
        let (first, last) = (self.text(self.columns.from), self.text(self.columns.to));
        let from = day_of(&first, "EffectiveStartDate")?.within();
        // It may end in the night before the next price, or at its midnight: a later price ends it in any case.
        let to = day_of(&last, "EffectiveEndDate")?.within().map(Day::next);
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(format!("EffectiveStartDate {first} is not before EffectiveEndDate {last}"));
        }
        Ok(CardTerms {
            rates: BTreeMap::from([(tier, price)]),
            included: maybe(self.columns.included, "the included quantity")?,
            from,
            to,
        })
    }
}

/// A day of a price list.
enum ListDay {
    Within(Day),
    /// Before all usage, after it, or not said.
    Never,
}

impl ListDay {
    fn within(self) -> Option<Day> {
        match self {
            Self::Within(day) => Some(day),
            Self::Never => None,
        }
    }
}

/// The day of `2026-10-01T00:00:00Z`, or of `10/1/2026 12:00:00 AM`, which has the month first.
fn day_of(text: &str, what: &str) -> Result<ListDay, String> {
    let no_day = || format!("{what} {} begins with no day such as 2026-10-01 or 10/1/2026", shown::quoted(text));
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    if date.is_empty() {
        return Ok(ListDay::Never);
    }
    let parts: Vec<u32> = date.split(['-', '/']).map(str::parse).collect::<Result<_, _>>().map_err(|_no| no_day())?;
    let ((&[month, day, year], true) | (&[year, month, day], false)) = (parts.as_slice(), date.contains('/')) else {
        return Err(no_day());
    };
    match Day::parse(&format!("{year:04}-{month:02}-{day:02}")) {
        Some(day) => Ok(ListDay::Within(day)),
        None if !(FIRST_YEAR..END_YEAR).contains(&(year as i32)) => Ok(ListDay::Never),
        None => Err(no_day()),
    }
}
