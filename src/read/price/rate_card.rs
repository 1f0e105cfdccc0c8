//! Rate cards: what `GET …/providers/Microsoft.Commerce/RateCard` and Partner Center's `GET /v1/ratecards/azure` return
//! (reference §6.2).
//!
//! ```text
//! {"OfferTerms":[…],"Meters":[{"MeterId":…,"MeterRates":{"0":0.046},"IncludedQuantity":0.0,"EffectiveDate":…,"Unit":"1 Hour",…}],"Currency":"USD",…}
//! {"offerTerms":[…],"meters":[{"id":…,"rates":{"0":0.046},"includedQuantity":0.0,"effectiveDate":…,"unit":"1 Hour",…}],"currency":"USD",…}
//! ```
//! Rates are read as decimal text, and never become a float.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::identity::one_spelling;
use crate::domain::limits::FIRST_YEAR;
use crate::domain::money::{Decimal, decimal};
use crate::domain::{Currency, Day, shown};
use crate::error::{Error, Result};
use crate::read::format::raw::{Object, text_of};
use crate::read::format::shape;

/// Prices of Azure's meters in one currency.
#[derive(Debug)]
pub struct RateCard {
    /// Relative to the root.
    pub file: String,
    pub currency: Currency,
    pub meters: Vec<CardMeter>,
    /// What offer terms take off, in percent.
    pub discounts: Vec<Discount>,
    /// Names of offer terms that are no discount on prices: credits, commitments by amount, recurring charges.
    pub other_terms: Vec<String>,
    /// Whether it is a table, whose rows are lines of its file.
    pub is_table: bool,
}

/// One meter of a rate card.
#[derive(Clone, Debug)]
pub struct CardMeter {
    /// Azure's id, in its one spelling.
    pub id: String,
    pub name: String,
    /// Such as `1 Hour`.
    pub unit: String,
    pub is_of_azure_stack: bool,
    /// What it says, or why it cannot be parsed: most meters of a card do not matter.
    pub terms: Result<CardTerms, String>,
    /// Its place in the list, from 1; in a table its line.
    pub row: i64,
}

/// What a rate card says of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardTerms {
    /// The price of one unit beyond each of these quantities.
    pub rates: BTreeMap<Decimal, Decimal>,
    pub included: Decimal,
    /// `None`: since ever.
    pub from: Option<Day>,
    /// In force before this day; `None`: until there is a later price.
    pub to: Option<Day>,
}

/// What an offer term takes off, on days from `from` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    pub name: String,
    pub percent: Decimal,
    pub from: Option<Day>,
    pub excluded: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCard<'a> {
    #[serde(alias = "Currency")]
    currency: Option<String>,
    #[serde(alias = "IsTaxIncluded")]
    is_tax_included: Option<bool>,
    #[serde(borrow, alias = "Meters")]
    meters: Vec<Object<WireMeter<'a>>>,
    #[serde(borrow, alias = "OfferTerms", default)]
    offer_terms: Option<Vec<Object<WireTerm<'a>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMeter<'a> {
    #[serde(alias = "MeterId")]
    id: String,
    #[serde(alias = "MeterName", default)]
    name: Option<String>,
    #[serde(borrow, alias = "MeterRates")]
    rates: Pairs<'a>,
    #[serde(borrow, alias = "IncludedQuantity", default)]
    included_quantity: Option<&'a RawValue>,
    #[serde(alias = "EffectiveDate", default)]
    effective_date: Option<String>,
    #[serde(alias = "Unit", default)]
    unit: Option<String>,
    #[serde(alias = "MeterRegion", default)]
    region: Option<String>,
    #[serde(alias = "MeterCategory", default)]
    category: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTerm<'a> {
    #[serde(alias = "Name", default)]
    name: Option<String>,
    #[serde(borrow, default)]
    discount: Option<&'a RawValue>,
    #[serde(borrow, alias = "TieredDiscount", default)]
    tiered_discount: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(alias = "ExcludedMeterIds", default)]
    excluded_meter_ids: Option<Vec<String>>,
    #[serde(alias = "EffectiveDate", default)]
    effective_date: Option<String>,
}

/// Reads a rate card, called `name` in messages.
///
/// # Errors
/// It is no rate card, an offer term cannot be parsed, or its prices include tax.
pub(in crate::read) fn read_card(name: &str, text: &str) -> Result<RateCard> {
    let Object(card): Object<WireCard<'_>> = serde_json::from_str(text).map_err(|error| {
        if let Some(refused) = shape::answered(text, "a rate card") {
            return refused.at(name);
        }
        Error::input("no rate card")
            .at_line(name, error.line(), error.column())
            .hint(
                "a price book is a table with the columns of prices.csv, or a rate card as Azure or Partner Center \
                 return it; rename the file so that it begins with `_` to have it skipped",
            )
            .because(error)
    })?;
    let refused = |message: String, hint: &str| Error::input(message).at(name).hint(hint);
    if card.is_tax_included == Some(true) {
        return Err(refused(
            "prices that include tax".to_owned(),
            "charges are before tax: ask for a rate card without it",
        ));
    }
    let code = card.currency.unwrap_or_default();
    let currency = Currency::parse(&code).ok_or_else(|| {
        refused(
            format!("the currency {} is none", shown::quoted(&code)),
            "ask for the rate card once more, with a currency of ISO 4217",
        )
    })?;
    let meters = card.meters.into_iter().zip(1..).map(|(Object(meter), row)| meter_of(&meter, row)).collect();
    let (mut discounts, mut other_terms) = (Vec::new(), Vec::new());
    for Object(term) in card.offer_terms.unwrap_or_default() {
        let term_name = term.name.clone().unwrap_or_else(|| "an offer term without a name".to_owned());
        match discount_of(term, &term_name) {
            Ok(Some(discount)) if discount.percent.is_zero() => {}
            Ok(Some(discount)) => discounts.push(discount),
            Ok(None) => other_terms.push(term_name),
            Err(what) => {
                return Err(refused(format!("offer term {}: {what}", shown::quoted(&term_name)), "correct the file"));
            }
        }
    }
    Ok(RateCard { file: name.to_owned(), currency, meters, discounts, other_terms, is_table: false })
}

fn meter_of(meter: &WireMeter<'_>, row: i64) -> CardMeter {
    let is_azure_stack = |text: &Option<String>| text.as_deref().is_some_and(|text| text.starts_with("Azure Stack"));
    CardMeter {
        id: one_spelling(&meter.id),
        name: meter.name.clone().unwrap_or_default(),
        unit: meter.unit.as_deref().unwrap_or_default().trim().to_owned(),
        is_of_azure_stack: is_azure_stack(&meter.region) || is_azure_stack(&meter.category),
        terms: terms_of(meter),
        row,
    }
}

fn terms_of(meter: &WireMeter<'_>) -> Result<CardTerms, String> {
    let mut rates = BTreeMap::new();
    for (from, price) in &meter.rates.0 {
        let (from, price) = (number(from, "the tier")?, raw_number(price, "the rate")?);
        if rates.insert(from, price).is_some() {
            return Err(format!("two rates from {from} on"));
        }
    }
    Ok(CardTerms {
        rates,
        included: meter.included_quantity.map_or(Ok(Decimal::ZERO), |raw| raw_number(raw, "the included quantity"))?,
        from: meter.effective_date.as_deref().map(day_of).transpose()?.flatten(),
        to: None,
    })
}

/// The members of a JSON object whose names are numbers, duplicates included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;

        impl<'de> Visitor<'de> for OfMap {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rates by quantity")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(OfMap)
    }
}

/// The discount of a term; `None` when it takes nothing off a price.
fn discount_of(term: WireTerm<'_>, name: &str) -> Result<Option<Discount>, String> {
    let share = match (term.discount, &term.tiered_discount) {
        (Some(share), _) => Some(raw_number(share, "the discount")?),
        // By committed amount: a share of prices only if it is the same for all amounts.
        (None, Some(tiers)) => match tiers.iter().collect::<Vec<_>>()[..] {
            [(from, share)] if number(from, "the tier")?.is_zero() => Some(raw_number(share, "the discount")?),
            _ => None,
        },
        (None, None) => None,
    };
    let Some(share) = share else { return Ok(None) };
    if share > Decimal::ONE {
        return Err(format!("a discount of {share}, and 1 is all of it"));
    }
    Ok(Some(Discount {
        name: name.to_owned(),
        percent: (share * Decimal::ONE_HUNDRED).normalize(),
        from: term.effective_date.as_deref().map(day_of).transpose()?.flatten(),
        excluded: term.excluded_meter_ids.unwrap_or_default().iter().map(|id| one_spelling(id)).collect(),
    }))
}

/// A number as JSON has it, or within a text.
fn raw_number(raw: &RawValue, what: &str) -> Result<Decimal, String> {
    let text = text_of(raw);
    number(text.as_deref().unwrap_or_else(|| raw.get()), what)
}

pub(super) fn number(text: &str, what: &str) -> Result<Decimal, String> {
    let value = decimal(text.trim()).map_err(|_reason| {
        format!("{what} {} is no decimal number of at most 28 digits, 18 of them behind the point", shown::quoted(text))
    })?;
    if value.is_sign_negative() && !value.is_zero() {
        Err(format!("{what} {} is below zero", shown::quoted(text)))
    } else {
        Ok(value)
    }
}

/// The UTC day of `2019-12-03T00:00:00Z`; `None` for a day before any usage, such as an unset date.
fn day_of(text: &str) -> Result<Option<Day>, String> {
    let text = text.trim();
    let day = text.get(..10).and_then(Day::parse);
    let is_long_ago = text.get(..4).and_then(|year| year.parse::<i32>().ok()).is_some_and(|year| year < FIRST_YEAR);
    match day {
        None if !is_long_ago => {
            Err(format!("EffectiveDate {} begins with no day such as 2019-12-03", shown::quoted(text)))
        }
        day => Ok(day),
    }
}
