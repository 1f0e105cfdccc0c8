//! Statements: a month's charges, summed for each billed subscription, meter and price entry.
//!
//! A line's charges are summed exactly, and rounded once; a total is the sum of its rounded lines. Microsoft's invoice
//! does the same (reference §6.3 b): `ROUNDDOWN(ROUNDDOWN(price × quantity, 2) × exchange rate, 2)`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::money::ExchangeRate;
use crate::domain::{Amount, Charge, Currency, Day, Month, PriceEntry, PriceStatus, Quantity, Rounding, Tiering};
use crate::error::{Error, Result};
use crate::read::ExchangeRates;

/// How a month is rated and billed, apart from its prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthTerms {
    pub tiering: Tiering,
    pub rounding: Rounding,
    /// The currency that lines are converted to; `None`: each stays in the currency of its price.
    pub billing_currency: Option<Currency>,
    /// Exchange rates to the billing currency.
    pub rates: Vec<(Currency, ExchangeRate)>,
}

impl MonthTerms {
    /// The terms of a month.
    pub fn of(
        month: Month,
        tiering: Tiering,
        rounding: Rounding,
        billing_currency: Option<Currency>,
        rates: &ExchangeRates,
    ) -> Self {
        let month_rates =
            rates.iter().filter(|((valid_in, _, to), _)| *valid_in == month && Some(*to) == billing_currency);
        Self {
            tiering,
            rounding,
            billing_currency,
            rates: month_rates.map(|((_, from, _), rate)| (*from, *rate)).collect(),
        }
    }
}

impl MonthTerms {
    /// The same terms; a currency that had no exchange rate when the month was closed gets today's rate for that month.
    #[must_use]
    pub fn completed(mut self, month: Month, rates: &ExchangeRates) -> Self {
        for ((valid_in, from, to), rate) in rates {
            let is_missing = self.rates.iter().all(|(known, _)| known != from);
            if *valid_in == month && Some(*to) == self.billing_currency && is_missing {
                self.rates.push((*from, *rate));
            }
        }
        self
    }
}

/// The currency that lines are converted to: the requested one, or else the one target of all exchange rates.
///
/// # Errors
/// The exchange rates have several targets, and no currency is requested.
pub fn billing_currency(asked: Option<Currency>, rates: &ExchangeRates) -> Result<Option<Currency>> {
    let targets: BTreeSet<Currency> = rates.keys().map(|(_, _, to)| *to).collect();
    match (asked, targets.len()) {
        (Some(asked), _) => Ok(Some(asked)),
        (None, 0 | 1) => Ok(targets.first().copied()),
        (None, _) => {
            let codes: Vec<&str> = targets.iter().map(|currency| currency.code()).collect();
            Err(Error::input(format!(
                "exchange rates to {}, and a statement is billed in one currency",
                codes.join(" and ")
            ))
            .at("exchange-rates.csv")
            .hint("say which with --billing-currency"))
        }
    }
}

/// What identifies a statement line. The order is that of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    pub billed_subscription: String,
    pub meter: String,
    pub currency: Option<Currency>,
    pub status: PriceStatus,
    /// Of the price entry: from when and from which quantity on it holds, and its key.
    pub from: Option<Day>,
    pub tier_from: Option<Quantity>,
    pub price_key: Option<i64>,
}

/// The tenants whose usage a line sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    One(Option<String>),
    Several,
}

/// A line of a statement.
#[derive(Clone, Debug)]
pub struct StatementLine {
    pub key: LineKey,
    pub tenants: Tenants,
    pub quantity: Quantity,
    pub priced: Option<PricedLine>,
}

/// The amounts of a line that has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedLine {
    pub currency: Currency,
    /// The sum of its charges.
    pub charge: Charge,
    /// The same, rounded.
    pub amount: Amount,
    /// `amount − charge`.
    pub rounding_difference: Charge,
    pub exchange_rate: Option<ExchangeRate>,
    pub billing_currency: Currency,
    pub billing_amount: Amount,
}

/// The sums of a line.
#[derive(Clone, Debug)]
struct LineSum {
    tenants: Tenants,
    quantity: Quantity,
    charge: Charge,
}

/// A month's lines while they are summed.
#[derive(Debug, Default)]
pub struct Statement {
    lines: BTreeMap<LineKey, LineSum>,
}

impl Statement {
    /// Adds the total of some rows of one owner, meter and entry.
    ///
    /// # Errors
    /// A sum past its range.
    pub fn add(
        &mut self,
        (billed_subscription, meter): (&str, &str),
        tenant: Option<&str>,
        (status, entry): (PriceStatus, Option<(i64, &PriceEntry)>),
        quantity: Quantity,
        charge: Charge,
    ) -> Result<()> {
        let key = LineKey {
            billed_subscription: billed_subscription.to_owned(),
            meter: meter.to_owned(),
            currency: entry.and_then(|(_, entry)| entry.price()).map(|price| price.currency),
            status,
            from: entry.and_then(|(_, entry)| entry.from),
            tier_from: entry.map(|(_, entry)| entry.tier_from),
            price_key: entry.map(|(key, _)| key),
        };
        let tenants = Tenants::One(tenant.map(str::to_owned));
        let past_range = || past_range(billed_subscription, meter);
        let sum = self.lines.entry(key).or_insert_with(|| LineSum {
            tenants: tenants.clone(),
            quantity: Quantity::ZERO,
            charge: Charge::ZERO,
        });
        if sum.tenants != tenants {
            sum.tenants = Tenants::Several;
        }
        sum.quantity = sum.quantity.checked_add(quantity).ok_or_else(past_range)?;
        sum.charge = sum.charge.checked_add(charge).ok_or_else(past_range)?;
        Ok(())
    }

    /// The lines, each rounded and converted once.
    ///
    /// # Errors
    /// An amount past its range, or no exchange rate for a currency that is to be converted.
    pub fn lines(self, month: Month, terms: &MonthTerms) -> Result<Vec<StatementLine>> {
        let line = |(key, sum): (LineKey, LineSum)| {
            let LineSum { tenants, quantity, charge } = sum;
            let priced = key.currency.map(|currency| priced(month, &key, currency, charge, terms)).transpose()?;
            Ok(StatementLine { key, tenants, quantity, priced })
        };
        self.lines.into_iter().map(line).collect()
    }
}

/// What a line bills: the amount, the exchange rate if it is converted, the billing currency, and the amount in that
/// currency.
pub type AskedAmount = (Amount, Option<ExchangeRate>, Currency, Amount);

/// What a line bills by these terms.
///
/// # Errors
/// An amount past its range, or no exchange rate for a currency that is to be converted.
pub fn asked_for(charge: Charge, currency: Currency, terms: &MonthTerms) -> Result<AskedAmount, NotAsked> {
    let amount = charge.rounded(currency, terms.rounding).ok_or(NotAsked::PastRange)?;
    let billing_currency = terms.billing_currency.unwrap_or(currency);
    if billing_currency == currency {
        return Ok((amount, None, currency, amount));
    }
    let rate = terms.rates.iter().find(|(from, _)| *from == currency).map(|(_, rate)| *rate);
    let rate = rate.ok_or(NotAsked::NoRate { to: billing_currency })?;
    let converted = amount.converted(rate, billing_currency, terms.rounding).ok_or(NotAsked::PastRange)?;
    Ok((amount, Some(rate), billing_currency, converted))
}

/// Why a charge cannot be billed by these terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    PastRange,
    NoRate { to: Currency },
}

fn priced(month: Month, key: &LineKey, currency: Currency, charge: Charge, terms: &MonthTerms) -> Result<PricedLine> {
    let past_range = || past_range(&key.billed_subscription, &key.meter);
    let asked = asked_for(charge, currency, terms).map_err(|reason| match reason {
        NotAsked::PastRange => past_range(),
        NotAsked::NoRate { to } => {
            Error::input(format!("no exchange rate from {currency} to {to} for {month}")).at("exchange-rates.csv").hint(
                format!("add the row {month},{currency},{to},RATE; charges of meter {} are in {currency}", key.meter),
            )
        }
    });
    let (amount, exchange_rate, billing_currency, billing_amount) = asked?;
    let rounding_difference = amount.as_charge().checked_sub(charge).ok_or_else(past_range)?;
    Ok(PricedLine { currency, charge, amount, rounding_difference, exchange_rate, billing_currency, billing_amount })
}

fn past_range(billed_subscription: &str, meter: &str) -> Error {
    Error::input(format!(
        "charges of meter {meter} for billed subscription {billed_subscription} sum to more than an amount can be \
         (10^14)"
    ))
    .hint("look for a price or a quantity that is absurd")
}
