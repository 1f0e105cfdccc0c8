//! Statements and the prices behind them, as they were published.

use std::collections::{BTreeMap, BTreeSet};

use super::margins::{PublishedMargin, margins};
use super::names::{Chosen, Wanted};
use crate::domain::{Amount, Charge, Currency, Day, Month, PriceStatus, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::publication::layout::{STATEMENTS_FOLDER, charges_path, statements_path, table_in, table_path};
use crate::publication::{ClosingEntry, MeterText, Publication};
use crate::table::column::{AnyColumn, Table};
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    AMOUNT, BILLED_SUBSCRIPTION_ID, BILLING_AMOUNT, BILLING_CURRENCY, CLOSED, CURRENCY, DISCOUNT_PERCENT,
    EFFECTIVE_FROM, EXCHANGE_RATE, METER_ID, PARTNER_EARNED_CREDIT_PERCENT, PER, PRICE, PRICE_FILE, PRICE_KEY,
    PRICE_NOTE, PRICE_ROW, PRICE_STATUS, QUANTITY, ROUNDING_DIFFERENCE, TENANT_ID, TIER_FROM,
};
use crate::table::contract::prices::{EFFECTIVE_TO, SCOPE, SCOPE_ID};
use crate::table::reader::{Keep, Rows, contradiction, integer, text};

/// A price entry, as `prices` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceText {
    pub scope: String,
    pub scope_id: Option<String>,
    pub from: Option<Day>,
    pub to: Option<Day>,
    pub note: Option<String>,
    pub file: String,
    pub row: i64,
}

/// The price of a quantity, by the price entry in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceOf {
    pub status: PriceStatus,
    /// `None`: no price is in force.
    pub key: Option<i64>,
    pub tier_from: Option<Quantity>,
    /// The price itself, where something is charged.
    pub terms: Option<PriceTerms>,
}

/// A price: so much for `per` units, less a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceTerms {
    pub price: Quantity,
    pub per: Quantity,
    pub discount_percent: Quantity,
    /// Zero of what the operator charges.
    pub partner_earned_credit_percent: Quantity,
    pub currency: Currency,
}

/// A line of a published statement.
#[derive(Clone, Debug)]
pub struct PublishedStatementLine {
    pub billed_subscription: String,
    pub meter: String,
    pub tenant: Option<String>,
    pub quantity: Quantity,
    pub price: PriceOf,
    pub from: Option<Day>,
    /// Whether its month is closed on all stamps, as of the last run.
    pub is_closed: bool,
    /// `None`: not billable, or unpriced.
    pub sums: Option<LineSums>,
}

/// The sums of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSums {
    pub currency: Currency,
    pub charge: Charge,
    pub amount: Amount,
    pub rounding_difference: Charge,
    pub exchange_rate: Option<Quantity>,
    pub billing_currency: Currency,
    pub billing_amount: Amount,
}

/// The statements of a month.
#[derive(Debug)]
pub struct Statements {
    pub month: Month,
    /// By billed subscription, in the order of the table.
    pub lines: Vec<PublishedStatementLine>,
    pub prices: BTreeMap<i64, PriceText>,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
    /// The stamps that are charged in the month, and whether the month is closed on each.
    pub stamps: BTreeMap<Stamp, bool>,
    /// Of these, the closings that were forced against objections.
    pub forced: Vec<ClosingEntry>,
    /// Whether only lines of some meters were wanted, so that totals are not the statement's.
    pub is_of_some_meters: bool,
    /// For each billed subscription that pays for several tenants, the charges of each of them.
    pub tenants: BTreeMap<String, TenantCharges>,
    /// The margins of the same billed subscriptions and meters; `None`: not wanted.
    pub margins: Option<Vec<PublishedMargin>>,
}

/// The charges of each tenant, in each currency.
pub(super) type TenantCharges = BTreeMap<(Option<String>, Currency), Charge>;

/// Reads the statements of a month that are wanted, and with `with_margin` what is left of them.
///
/// # Errors
/// There is no such statement or margin, or a table cannot be read.
pub fn statements(publication: &Publication, month: Month, wanted: &Wanted, with_margin: bool) -> Result<Statements> {
    if !publication.has(&statements_path(month)) {
        return Err(no_statement(publication, month));
    }
    let Chosen { billed_subscriptions: billed, meters, .. } = wanted.among(&[publication], &[])?;
    let mut lines = statement_lines(publication, month)?;
    if let Some(unknown) = billed.iter().find(|id| !lines.iter().any(|line| line.billed_subscription == **id)) {
        let mut payers: Vec<&str> = lines.iter().map(|line| line.billed_subscription.as_str()).collect();
        payers.dedup();
        return Err(Error::usage(format!("--billed-subscription {unknown}: it has no statement of {month}"))
            .hint(format!("these have one: {}", payers.join(", "))));
    }
    lines.retain(|line| {
        Chosen::is_wanted(&billed, &line.billed_subscription) && Chosen::is_wanted(&meters, &line.meter)
    });
    if lines.is_empty() {
        return Err(Error::usage(format!("no statement of {month} has a line of these meters"))
            .hint("leave --meter out to see all lines"));
    }
    let closed = publication.closed()?;
    let charged = publication.stamps().into_iter().filter(|stamp| publication.has(&charges_path(stamp, month)));
    let is_closed = |stamp: &Stamp| closed.iter().any(|entry| entry.stamp == *stamp && entry.month == month);
    let stamps: BTreeMap<Stamp, bool> = charged.map(|stamp| (stamp.clone(), is_closed(&stamp))).collect();
    let is_forced = |entry: &ClosingEntry| entry.forced && entry.month == month && stamps.contains_key(&entry.stamp);
    let forced = closed.into_iter().filter(is_forced).collect();
    let billed: BTreeSet<String> = lines.iter().map(|line| line.billed_subscription.clone()).collect();
    let mut margins = with_margin.then(|| margins(publication, month, &billed)).transpose()?;
    margins.iter_mut().for_each(|margins| margins.retain(|row| Chosen::is_wanted(&meters, &row.meter)));
    Ok(Statements {
        margins,
        is_of_some_meters: !wanted.meters.is_empty(),
        forced,
        tenants: tenants(publication, month, stamps.keys(), billed)?,
        month,
        lines,
        prices: prices(publication, &contract::PRICES)?,
        meters: publication.meters()?,
        names: publication.names()?,
        stamps,
    })
}

/// The charges of each tenant, for those billed subscriptions that pay for several.
fn tenants<'s>(
    publication: &Publication,
    month: Month,
    stamps: impl Iterator<Item = &'s Stamp>,
    billed: BTreeSet<String>,
) -> Result<BTreeMap<String, TenantCharges>> {
    let mut sums: BTreeMap<String, TenantCharges> = BTreeMap::new();
    let columns: [&dyn AnyColumn; 4] = [&BILLED_SUBSCRIPTION_ID, &TENANT_ID, &CURRENCY, &CHARGE];
    let keep = [Keep::Texts(BILLED_SUBSCRIPTION_ID, billed.into_iter().collect())];
    for stamp in stamps {
        let path = charges_path(stamp, month);
        for rows in publication.read(&path, &contract::CHARGES, &columns, &keep)? {
            let (billed, tenants) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(TENANT_ID)?);
            let (currencies, charges) = (rows.texts(CURRENCY)?, rows.charges(CHARGE)?);
            for row in 0..rows.len() {
                let currency = text(currencies, row).and_then(Currency::parse);
                let Some((currency, charge)) = currency.zip(charges.maybe(row)) else { continue };
                let tenant_sums = sums.entry(billed.value(row).to_owned()).or_default();
                let sum = tenant_sums.entry((text(tenants, row).map(str::to_owned), currency)).or_default();
                let added = sum.checked_add(charge);
                *sum = added.ok_or_else(|| contradiction(&path, "charges whose sum is out of range".to_owned()))?;
            }
        }
    }
    sums.retain(|_, tenant_sums| tenant_sums.keys().map(|(tenant, _)| tenant).collect::<BTreeSet<_>>().len() > 1);
    Ok(sums)
}

/// All lines of a month's statements; none where there are no statements.
pub(super) fn statement_lines(publication: &Publication, month: Month) -> Result<Vec<PublishedStatementLine>> {
    let path = statements_path(month);
    let columns = contract::STATEMENTS.all();
    let mut lines = Vec::new();
    for rows in publication.read(&path, &contract::STATEMENTS, &columns, &[])? {
        add_lines(&path, &rows, &mut lines)?;
    }
    Ok(lines)
}

fn no_statement(publication: &Publication, month: Month) -> Error {
    let paths = publication.files_below(STATEMENTS_FOLDER);
    let months: Vec<&str> = paths.iter().filter_map(|path| table_in(STATEMENTS_FOLDER, path)).collect();
    let hint = if months.is_empty() {
        "nothing was charged: put a price book (prices.csv) into the root, and run".to_owned()
    } else {
        format!("there are statements of {}", months.join(", "))
    };
    Error::usage(format!("no statement of {month} was published")).hint(hint)
}

/// The price entries that some charge or vendor charge is based on, by their keys.
///
/// # Errors
/// The table cannot be read.
pub(super) fn prices(publication: &Publication, table: &'static Table) -> Result<BTreeMap<i64, PriceText>> {
    let path = table_path(table);
    let columns: [&dyn AnyColumn; 8] =
        [&PRICE_KEY, &SCOPE, &SCOPE_ID, &EFFECTIVE_FROM, &EFFECTIVE_TO, &PRICE_NOTE, &PRICE_FILE, &PRICE_ROW];
    let mut prices = BTreeMap::new();
    for rows in publication.read(&path, table, &columns, &[])? {
        let (keys, scopes, ids) = (rows.integers(PRICE_KEY)?, rows.texts(SCOPE)?, rows.texts(SCOPE_ID)?);
        let (from, to) = (rows.maybe_days(EFFECTIVE_FROM)?, rows.maybe_days(EFFECTIVE_TO)?);
        let (notes, files, places) = (rows.texts(PRICE_NOTE)?, rows.texts(PRICE_FILE)?, rows.integers(PRICE_ROW)?);
        for row in 0..rows.len() {
            let entry = PriceText {
                scope: scopes.value(row).to_owned(),
                scope_id: text(ids, row).map(str::to_owned),
                from: from[row],
                to: to[row],
                note: text(notes, row).map(str::to_owned),
                file: files.value(row).to_owned(),
                row: places.value(row),
            };
            prices.insert(keys.value(row), entry);
        }
    }
    Ok(prices)
}

/// The columns of [`prices_of`].
pub(super) fn price_columns(table: &Table) -> Vec<&'static dyn AnyColumn> {
    let mut columns: Vec<&dyn AnyColumn> =
        vec![&PRICE_STATUS, &PRICE_KEY, &TIER_FROM, &PRICE, &PER, &DISCOUNT_PERCENT, &CURRENCY];
    if table.has(PARTNER_EARNED_CREDIT_PERCENT) {
        columns.push(&PARTNER_EARNED_CREDIT_PERCENT);
    }
    columns
}

/// The price of each row of `charges`, `vendor_charges` or `statements`.
pub(super) fn prices_of(path: &str, table: &Table, rows: &Rows) -> Result<Vec<PriceOf>> {
    let credits =
        table.has(PARTNER_EARNED_CREDIT_PERCENT).then(|| rows.quantities(PARTNER_EARNED_CREDIT_PERCENT)).transpose()?;
    let (statuses, keys, currencies) = (rows.texts(PRICE_STATUS)?, rows.integers(PRICE_KEY)?, rows.texts(CURRENCY)?);
    let (tiers, prices) = (rows.quantities(TIER_FROM)?, rows.quantities(PRICE)?);
    let (pers, discounts) = (rows.quantities(PER)?, rows.quantities(DISCOUNT_PERCENT)?);
    let price_of = |row: usize| {
        let terms = || {
            Some(PriceTerms {
                price: prices.maybe(row)?,
                per: pers.maybe(row)?,
                discount_percent: discounts.maybe(row)?,
                partner_earned_credit_percent: credits.as_ref().map_or(Some(Quantity::ZERO), |it| it.maybe(row))?,
                currency: Currency::parse(text(currencies, row)?)?,
            })
        };
        let status = PriceStatus::parse(statuses.value(row));
        let status =
            status.ok_or_else(|| contradiction(path, format!("{:?} is no price status", statuses.value(row))))?;
        Ok(PriceOf { status, key: integer(keys, row), tier_from: tiers.maybe(row), terms: terms() })
    };
    (0..rows.len()).map(price_of).collect()
}

fn add_lines(path: &str, rows: &Rows, lines: &mut Vec<PublishedStatementLine>) -> Result<()> {
    let (billed, meters, tenants) =
        (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?, rows.texts(TENANT_ID)?);
    let (quantities, from) = (rows.quantities(QUANTITY)?, rows.maybe_days(EFFECTIVE_FROM)?);
    let (charges, differences) = (rows.charges(CHARGE)?, rows.charges(ROUNDING_DIFFERENCE)?);
    let (amounts, billing_amounts) = (rows.amounts(AMOUNT)?, rows.amounts(BILLING_AMOUNT)?);
    let (rates, billing) = (rows.quantities(EXCHANGE_RATE)?, rows.texts(BILLING_CURRENCY)?);
    let closed = rows.booleans(CLOSED)?;
    for (row, price) in prices_of(path, &contract::STATEMENTS, rows)?.into_iter().enumerate() {
        let sums = || {
            Some(LineSums {
                currency: price.terms?.currency,
                charge: charges.maybe(row)?,
                amount: amounts.maybe(row)?,
                rounding_difference: differences.maybe(row)?,
                exchange_rate: rates.maybe(row),
                billing_currency: Currency::parse(text(billing, row)?)?,
                billing_amount: billing_amounts.maybe(row)?,
            })
        };
        lines.push(PublishedStatementLine {
            billed_subscription: billed.value(row).to_owned(),
            meter: meters.value(row).to_owned(),
            tenant: text(tenants, row).map(str::to_owned),
            quantity: quantities.value(row),
            price,
            from: from[row],
            is_closed: closed.value(row),
            sums: sums(),
        });
    }
    Ok(())
}
