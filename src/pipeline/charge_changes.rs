//! Changes of charges and amounts that were published before, with their causes.
//!
//! A change is a difference between published tables: of charges, on days that were published before; of amounts, if
//! the terms (rounding, exchange rates, billing currency) give other amounts for the same charges. The causes are
//! derived from the same rows: if the quantity is unchanged, usage is not a cause; if the price is still in force, the
//! price is not a cause.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{causes_of_published, rows_published};
use super::context::RunContext;
use super::fold::Folded;
use crate::domain::cause::texts_of;
use crate::domain::correction::Billed;
use crate::domain::money::ExchangeRate;
use crate::domain::{
    Amount, Cause, Charge, Corrected, Correction, Currency, Day, Month, Place, PriceEntry, Quantity, Rounding, Stamp,
};
use crate::error::Result;
use crate::publication::layout::{CHARGES_FOLDER, charges_path, daily_path, stamp_and_month_in, statements_path};
use crate::publication::{Out, Publisher};
use crate::rate::{MonthTerms, StampMonth, asked_for};
use crate::state::ChargedMonth;
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{
    AMOUNT, ATTRIBUTION, BILLED_SUBSCRIPTION_ID, BILLING_AMOUNT, BILLING_CURRENCY, CURRENCY, EXCHANGE_RATE, METER_ID,
    PRICE_KEY, QUANTITY, RESOURCE_KEY, TENANT_ID, TIER_FROM, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::reader::{self, Rows, integer, text};

/// A day's billed subscription and meter.
type PayerMeter = (Day, String, String);

/// The charges of each day, billed subscription, meter and currency.
type DayCharges = BTreeMap<(Day, String, String, Currency), Charge>;

/// The published charges of a stamp's month before this run.
enum Before {
    /// There was no price book. The days that were published.
    Uncharged(BTreeSet<Day>),
    /// The days that were published, and their charges.
    Charged(BTreeSet<Day>, DayCharges),
}

/// How a month was rated, before this run and in it.
#[derive(Clone, Copy)]
pub(super) struct Ratings<'a> {
    /// `None`: unknown.
    pub before: Option<&'a ChargedMonth>,
    /// `None`: it is not charged any more.
    pub after: Option<&'a ChargedMonth>,
}

/// The changes of a month's charges on days that were published before.
///
/// # Errors
/// A table cannot be read.
pub(super) fn charges_changed(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    month: Month,
    stamps: &[&Stamp],
    ratings: Ratings<'_>,
) -> Result<Vec<Correction>> {
    let Some(out) = context.publisher.out() else { return Ok(Vec::new()) };
    let mut changes = Vec::new();
    for stamp in stamps {
        if context.publisher.is_rebuilt(&charges_path(stamp, month)) {
            changes.extend(charges_changed_of(context, folded, out, stamp, month, ratings)?);
        }
    }
    Ok(changes)
}

/// Charges that were published and are not any more: their usage is gone, or there is no price book any more.
///
/// # Errors
/// A table cannot be read.
pub(super) fn charges_gone<'r>(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    rated: impl Fn(Month) -> Option<&'r ChargedMonth>,
) -> Result<Vec<Correction>> {
    let Some(out) = context.publisher.out() else { return Ok(Vec::new()) };
    let mut changes = Vec::new();
    for path in out.published_below(CHARGES_FOLDER).filter(|path| !context.publisher.is_made(path)) {
        let Some((stamp, month)) = stamp_and_month_in(CHARGES_FOLDER, path) else { continue };
        changes.extend(charges_changed_of(
            context,
            folded,
            out,
            &stamp,
            month,
            Ratings { before: rated(month), after: None },
        )?);
    }
    Ok(changes)
}

fn charges_changed_of(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    out: &Out,
    stamp: &Stamp,
    month: Month,
    ratings: Ratings<'_>,
) -> Result<Vec<Correction>> {
    let path = charges_path(stamp, month);
    let Some(before) = Before::load(out, stamp, month)? else { return Ok(Vec::new()) };
    let after = totals_of(&path, &current(context.publisher, &path, &contract::CHARGES, &CHARGE_COLUMNS)?)?;
    let (published, nothing) = (before.days(), DayCharges::new());
    let before = before.charges().unwrap_or(&nothing);
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).filter(|key| published.contains(&key.0)).collect();
    let differing: Vec<_> = keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).collect();
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let cells = differing.iter().map(|(day, billed, meter, _)| (*day, billed.clone(), meter.clone())).collect();
    let owners = [owners_before(out, stamp, month, &cells)?, owners_after(context.publisher, stamp, month, &cells)?];
    let dirty = folded.dirty.get(stamp);
    let of_usage = |day: Day| {
        let causes = dirty.and_then(|days| days.get(&day)).map(causes_of_published);
        causes.unwrap_or_else(|| BTreeSet::from([Cause::FullRun]))
    };
    let change = |key: &(Day, String, String, Currency)| {
        let (day, currency) = (key.0, key.3);
        let cell = (day, key.1.clone(), key.2.clone());
        let none = UsageOwners::new();
        let [of_before, of_after] = owners.each_ref().map(|owners| owners.get(&cell).unwrap_or(&none));
        let mut causes = BTreeSet::new();
        let all: BTreeSet<&UsageOwner> = of_before.keys().chain(of_after.keys()).collect();
        for owner in all {
            let (before, after) = (of_before.get(owner), of_after.get(owner));
            if [before, after].into_iter().flatten().any(|parts| parts.currencies.contains(&currency)) {
                causes.extend(ratings.causes_of(day, before, after, || of_usage(day)));
            }
        }
        if dirty.and_then(|days| days.get(&day)).is_some_and(|day_causes| day_causes.contains(&Cause::MonthReopened)) {
            causes.insert(Cause::MonthReopened);
        }
        if causes.is_empty() {
            // The same usage at the same prices: another version rated it.
            causes.insert(Cause::FullRun);
        }
        Correction {
            place: Place::Day(stamp.clone(), day),
            billed_subscription: cell.1,
            meter: cell.2,
            of: Corrected::Charge { currency, before: before.get(key).copied(), after: after.get(key).copied() },
            causes: texts_of(&causes),
        }
    };
    Ok(differing.into_iter().map(change).collect())
}

/// The rows of a table as they will be published; none if it will not be.
fn current(
    publisher: &Publisher,
    path: &str,
    table: &crate::table::column::Table,
    columns: &[&dyn AnyColumn],
) -> Result<Vec<Rows>> {
    let Some(bytes) = publisher.current(path)? else { return Ok(Vec::new()) };
    reader::read(path.as_ref(), bytes, table, columns, &[])
}

fn owners_after(
    publisher: &Publisher,
    stamp: &Stamp,
    month: Month,
    cells: &BTreeSet<PayerMeter>,
) -> Result<CellOwners> {
    let path = charges_path(stamp, month);
    if publisher.is_made(&path) {
        return owners_of(&path, &current(publisher, &path, &contract::CHARGES, &PART_COLUMNS)?, cells);
    }
    let path = daily_path(stamp, month);
    owners_of(&path, &current(publisher, &path, &contract::DAILY, &StampMonth::COLUMNS)?, cells)
}

/// The changes of a month's billed amounts because its terms changed: for each billed subscription, meter and currency
/// that was billed before.
///
/// # Errors
/// A table cannot be read, or a sum of amounts is out of range.
pub(super) fn amounts_changed(context: &RunContext<'_>, month: Month, ratings: Ratings<'_>) -> Result<Vec<Correction>> {
    let path = statements_path(month);
    let out = context.publisher.out().filter(|_| context.publisher.is_rebuilt(&path));
    let Some((out, after)) = out.zip(ratings.after) else { return Ok(Vec::new()) };
    let Some(rows) = rows_published(out, &path, &contract::STATEMENTS, &AMOUNT_COLUMNS)? else { return Ok(Vec::new()) };
    let before = lines_of(&path, &rows)?;
    let previous_terms = match ratings.before {
        Some(rated) => rated.terms.clone(),
        None => terms_of(&before, &after.terms),
    };
    if previous_terms == after.terms {
        return Ok(Vec::new());
    }
    let before = by_cell(&before);
    let after_lines = lines_of(&path, &current(context.publisher, &path, &contract::STATEMENTS, &AMOUNT_COLUMNS)?)?;
    let mut changes = Vec::new();
    for (key, lines) in by_cell(&after_lines) {
        let Some(lines_before) = before.get(&key) else { continue };
        let (was, is) = (billed(&path, lines_before)?, billed(&path, &lines)?);
        let currency = key.2;
        // The amounts of these charges by other terms.
        let by = |terms: &MonthTerms| -> Result<Option<Billed>> {
            let asked = |line: &&LineAmounts| asked_for(line.charge, currency, terms).ok();
            let asked: Option<Vec<_>> = lines.iter().map(asked).collect();
            let line = |(amount, rate, billing_currency, billing_amount)| LineAmounts {
                rate,
                billed: Billed { amount, billing_currency, billing_amount },
                ..lines[0].clone()
            };
            let Some(lines) = asked.map(|asked| asked.into_iter().map(line).collect::<Vec<_>>()) else {
                return Ok(None);
            };
            billed(&path, &lines.iter().collect::<Vec<_>>()).map(Some)
        };
        if was == is || by(&previous_terms)? == Some(is) {
            continue;
        }
        let mut causes = BTreeSet::new();
        if previous_terms.rounding != after.terms.rounding {
            let same_rounding = MonthTerms { rounding: previous_terms.rounding, ..after.terms.clone() };
            if by(&same_rounding)? != Some(is) {
                causes.insert(Cause::RoundingChanged);
            }
        }
        let rate_of =
            |terms: &MonthTerms| terms.rates.iter().find(|(from, _)| *from == currency).map(|(_, rate)| *rate);
        if was.billing_currency != is.billing_currency {
            causes.insert(Cause::BillingCurrencyChanged);
        } else if was.billing_currency != currency && rate_of(&previous_terms) != rate_of(&after.terms) {
            causes.insert(Cause::ExchangeRateChanged);
        }
        changes.push(Correction {
            place: Place::Month(month),
            billed_subscription: key.0.to_owned(),
            meter: key.1.to_owned(),
            of: Corrected::Amount { currency, before: was, after: is },
            causes: texts_of(&causes),
        });
    }
    Ok(changes)
}

impl Before {
    /// Loads what is published of a stamp's month; `None` if it cannot be compared.
    fn load(out: &Out, stamp: &Stamp, month: Month) -> Result<Option<Self>> {
        let path = charges_path(stamp, month);
        if out.last().files.contains_key(&path) {
            // Every cell of `daily` has a row, with or without a price.
            let Some(rows) = rows_published(out, &path, &contract::CHARGES, &CHARGE_COLUMNS)? else { return Ok(None) };
            return Ok(Some(Self::Charged(days_of(&rows)?, totals_of(&path, &rows)?)));
        }
        let rows = rows_published(out, &daily_path(stamp, month), &contract::DAILY, &[&USAGE_DATE])?;
        Ok(Some(Self::Uncharged(days_of(&rows.unwrap_or_default())?)))
    }

    fn days(&self) -> &BTreeSet<Day> {
        match self {
            Self::Uncharged(days) | Self::Charged(days, _) => days,
        }
    }

    fn charges(&self) -> Option<&DayCharges> {
        match self {
            Self::Uncharged(_) => None,
            Self::Charged(_, charges) => Some(charges),
        }
    }
}

/// The columns by which charges are compared.
const CHARGE_COLUMNS: [&dyn AnyColumn; 5] = [&USAGE_DATE, &BILLED_SUBSCRIPTION_ID, &METER_ID, &CURRENCY, &CHARGE];

fn days_of(tables: &[Rows]) -> Result<BTreeSet<Day>> {
    let mut all = BTreeSet::new();
    for rows in tables {
        let mut days = rows.days(USAGE_DATE)?;
        days.dedup();
        all.extend(days);
    }
    Ok(all)
}

fn totals_of(path: &str, tables: &[Rows]) -> Result<DayCharges> {
    let mut totals = DayCharges::new();
    tables.iter().try_for_each(|rows| take(path, rows, &mut totals))?;
    Ok(totals)
}

fn take(path: &str, rows: &Rows, totals: &mut DayCharges) -> Result<()> {
    let (days, billed, meters) = (rows.days(USAGE_DATE)?, rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
    let (currencies, charges) = (rows.texts(CURRENCY)?, rows.charges(CHARGE)?);
    for (row, &day) in days.iter().enumerate() {
        let Some(charge) = charges.maybe(row) else { continue };
        let Some(currency) = text(currencies, row).and_then(Currency::parse) else { continue };
        let key = (day, billed.value(row).to_owned(), meters.value(row).to_owned(), currency);
        let sum = totals.entry(key).or_default();
        let added = sum.checked_add(charge);
        *sum = added
            .ok_or_else(|| reader::contradiction(path, format!("the sum of the charges of {day} is out of range")))?;
    }
    Ok(())
}

/// An owner of usage in a cell: attribution, tenant, user subscription, resource.
type UsageOwner = (String, Option<String>, String, Option<i64>);
type UsageOwners = BTreeMap<UsageOwner, PricedParts>;
type CellOwners = BTreeMap<PayerMeter, UsageOwners>;

/// The usage of one owner in a cell, and how it is priced: by tiers, if it is charged.
#[derive(Debug, Default, PartialEq, Eq)]
struct PricedParts {
    quantity: Quantity,
    /// The quantity in each tier, and the key of its price; `None`: unpriced.
    tiers: BTreeMap<Option<Quantity>, (Quantity, Option<i64>)>,
    currencies: BTreeSet<Currency>,
}

/// The columns of `charges` that tell who used how much and at what price; `daily` has them without the last three.
const PART_COLUMNS: [&dyn AnyColumn; 11] = {
    let [day, billed, attribution, tenant, user, meter, resource, quantity] = StampMonth::COLUMNS;
    [day, billed, attribution, tenant, user, meter, resource, quantity, &TIER_FROM, &PRICE_KEY, &CURRENCY]
};

fn owners_of(path: &str, tables: &[Rows], cells: &BTreeSet<PayerMeter>) -> Result<CellOwners> {
    let wanted: BTreeSet<(Day, &str, &str)> =
        cells.iter().map(|(day, billed, meter)| (*day, billed.as_str(), meter.as_str())).collect();
    let mut owners = CellOwners::new();
    for rows in tables {
        let (days, quantities) = (rows.days(USAGE_DATE)?, rows.quantities(QUANTITY)?);
        let (billed, meters) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (attributions, tenants) = (rows.texts(ATTRIBUTION)?, rows.texts(TENANT_ID)?);
        let (users, resources) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.integers(RESOURCE_KEY)?);
        // `daily` has no prices.
        let prices = match rows.quantities(TIER_FROM) {
            Ok(tiers) => Some((tiers, rows.integers(PRICE_KEY)?, rows.texts(CURRENCY)?)),
            Err(_daily) => None,
        };
        for (row, &day) in days.iter().enumerate() {
            if !wanted.contains(&(day, billed.value(row), meters.value(row))) {
                continue;
            }
            let cell = (day, billed.value(row).to_owned(), meters.value(row).to_owned());
            let owner = (
                attributions.value(row).to_owned(),
                text(tenants, row).map(str::to_owned),
                users.value(row).to_owned(),
                integer(resources, row),
            );
            let parts = owners.entry(cell).or_default().entry(owner).or_default();
            let past_range =
                || reader::contradiction(path, format!("the sum of the quantities of {day} is out of range"));
            let quantity = quantities.value(row);
            parts.quantity = parts.quantity.checked_add(quantity).ok_or_else(past_range)?;
            if let Some((tiers, keys, currencies)) = &prices {
                let tier = parts.tiers.entry(tiers.maybe(row)).or_default();
                *tier = (tier.0.checked_add(quantity).ok_or_else(past_range)?, integer(keys, row));
                parts.currencies.extend(text(currencies, row).and_then(Currency::parse));
            }
        }
    }
    Ok(owners)
}

fn owners_before(out: &Out, stamp: &Stamp, month: Month, cells: &BTreeSet<PayerMeter>) -> Result<CellOwners> {
    let path = charges_path(stamp, month);
    if out.last().files.contains_key(&path) {
        return owners_of(
            &path,
            &rows_published(out, &path, &contract::CHARGES, &PART_COLUMNS)?.unwrap_or_default(),
            cells,
        );
    }
    let path = daily_path(stamp, month);
    owners_of(&path, &rows_published(out, &path, &contract::DAILY, &StampMonth::COLUMNS)?.unwrap_or_default(), cells)
}

impl Ratings<'_> {
    /// Why an owner's charges of a day changed.
    fn causes_of(
        &self,
        day: Day,
        before: Option<&PricedParts>,
        after: Option<&PricedParts>,
        of_usage: impl FnOnce() -> BTreeSet<Cause>,
    ) -> BTreeSet<Cause> {
        let Some((before, after)) = before.zip(after) else { return of_usage() };
        if before == after {
            // The same quantities at the same prices.
            return BTreeSet::new();
        }
        let is_same_usage = before.quantity == after.quantity;
        let mut causes = if is_same_usage { BTreeSet::new() } else { of_usage() };
        if before.tiers.is_empty() || after.tiers.is_empty() {
            // There was no price book, or there is none any more. If a month that was closed without one was reopened,
            // that is the cause, and not the price.
            if !causes.contains(&Cause::MonthReopened) {
                causes.insert(Cause::PriceChanged);
            }
            return causes;
        }
        let Some((was, is)) = self.before.filter(|rated| rated.in_force.is_some()).zip(self.after) else {
            causes.insert(Cause::FullRun);
            return causes;
        };
        if is_repriced((was, before), (is, after), day) {
            causes.insert(Cause::PriceChanged);
        }
        let quantities = |parts: &PricedParts| -> BTreeMap<Option<Quantity>, Quantity> {
            parts.tiers.iter().map(|(tier, (quantity, _))| (*tier, *quantity)).collect()
        };
        if quantities(before) == quantities(after) {
            return causes;
        }
        let is_tiered =
            |parts: &PricedParts| parts.tiers.keys().any(|tier| tier.is_some_and(|from| from > Quantity::ZERO));
        if was.terms.tiering != is.terms.tiering {
            if is_tiered(before) || is_tiered(after) {
                causes.insert(Cause::TieringChanged);
            }
        } else if is_same_usage && bounds_of(was, before, day) == bounds_of(is, after, day) {
            causes.insert(Cause::TierShifted);
        }
        causes
    }
}

/// The price entry with a published key.
fn entry_of(month: &ChargedMonth, key: Option<i64>) -> Option<&PriceEntry> {
    let key = key?;
    month.entries.iter().find(|entry| entry.key() == key)
}

/// Whether a price of these parts came into force or is no longer in force, and differs from the price that it replaces
/// or that replaces it.
fn is_repriced(
    (was, before): (&ChargedMonth, &PricedParts),
    (is, after): (&ChargedMonth, &PricedParts),
    day: Day,
) -> bool {
    let is_in_force = |month: &ChargedMonth, entry: &PriceEntry| {
        let key = entry.key_of_day();
        month.in_force_on(day).any(|price| price.key == key)
    };
    let of_tier = |month, parts: &PricedParts, tier| entry_of(month, parts.tiers.get(tier)?.1);
    let came = after.tiers.keys().any(|tier| {
        let entry = of_tier(is, after, tier);
        entry.is_some_and(|entry| {
            !is_in_force(was, entry) && of_tier(was, before, tier).is_none_or(|other| other.terms != entry.terms)
        })
    });
    let went = before.tiers.keys().any(|tier| {
        let entry = of_tier(was, before, tier);
        entry.is_some_and(|entry| {
            !is_in_force(is, entry) && of_tier(is, after, tier).is_none_or(|other| other.terms != entry.terms)
        })
    });
    came || went
}

/// Where the tiers of these parts begin. (A closed month may have other tiers than the price book has now.)
fn bounds_of(month: &ChargedMonth, parts: &PricedParts, day: Day) -> BTreeSet<Quantity> {
    let tiers = parts.tiers.values().find_map(|(_, key)| Some(entry_of(month, *key)?.key_of_tiers()));
    let bounds = month.in_force_on(day).filter(|price| Some(price.tiers) == tiers).map(|price| price.tier_from);
    bounds.chain(parts.tiers.keys().copied().flatten()).collect()
}

/// The columns with the amounts of statement lines.
const AMOUNT_COLUMNS: [&dyn AnyColumn; 8] = [
    &BILLED_SUBSCRIPTION_ID,
    &METER_ID,
    &CURRENCY,
    &CHARGE,
    &AMOUNT,
    &EXCHANGE_RATE,
    &BILLING_CURRENCY,
    &BILLING_AMOUNT,
];

/// The amounts of a published statement line.
#[derive(Clone, Debug)]
struct LineAmounts {
    billed_subscription: String,
    meter: String,
    currency: Currency,
    charge: Charge,
    rate: Option<ExchangeRate>,
    billed: Billed,
}

fn lines_of(path: &str, tables: &[Rows]) -> Result<Vec<LineAmounts>> {
    let mut lines = Vec::new();
    for rows in tables {
        let (subscriptions, meters) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (currencies, billing) = (rows.texts(CURRENCY)?, rows.texts(BILLING_CURRENCY)?);
        let (charges, amounts) = (rows.charges(CHARGE)?, rows.amounts(AMOUNT)?);
        let (rates, billing_amounts) = (rows.quantities(EXCHANGE_RATE)?, rows.amounts(BILLING_AMOUNT)?);
        for row in 0..rows.len() {
            let Some(charge) = charges.maybe(row) else { continue };
            let currency = |column| text(column, row).and_then(Currency::parse);
            let (currency, billing_currency) = currency(currencies).zip(currency(billing)).ok_or_else(|| {
                reader::contradiction(path, "holds a line with a charge and without a currency".to_owned())
            })?;
            lines.push(LineAmounts {
                billed_subscription: subscriptions.value(row).to_owned(),
                meter: meters.value(row).to_owned(),
                currency,
                charge,
                rate: rates.maybe(row).and_then(ExchangeRate::of_quantity),
                billed: Billed {
                    amount: amounts.value(row),
                    billing_currency,
                    billing_amount: billing_amounts.value(row),
                },
            });
        }
    }
    Ok(lines)
}

/// Lines by billed subscription, meter and currency.
fn by_cell(lines: &[LineAmounts]) -> BTreeMap<(&str, &str, Currency), Vec<&LineAmounts>> {
    let mut cells: BTreeMap<_, Vec<&LineAmounts>> = BTreeMap::new();
    for line in lines {
        cells.entry((line.billed_subscription.as_str(), line.meter.as_str(), line.currency)).or_default().push(line);
    }
    cells
}

/// The total of some lines of a cell; there is at least one.
fn billed(path: &str, lines: &[&LineAmounts]) -> Result<Billed> {
    let mut sum = Billed { amount: Amount::ZERO, billing_amount: Amount::ZERO, ..lines[0].billed };
    for line in lines {
        let sums =
            sum.amount.checked_add(line.billed.amount).zip(sum.billing_amount.checked_add(line.billed.billing_amount));
        (sum.amount, sum.billing_amount) =
            sums.ok_or_else(|| reader::contradiction(path, "the sum of the amounts is out of range".to_owned()))?;
    }
    Ok(sum)
}

/// The terms of published lines, if no state records them: from their columns, and from the rounding that gives their
/// amounts. If several roundings do, the current one is taken.
fn terms_of(lines: &[LineAmounts], now: &MonthTerms) -> MonthTerms {
    let rates: BTreeMap<Currency, ExchangeRate> =
        lines.iter().filter_map(|line| Some((line.currency, line.rate?))).collect();
    let converted = lines.iter().find(|line| line.rate.is_some()).map(|line| line.billed.billing_currency);
    let billing_currency = converted.or_else(|| {
        let is_kept = lines.iter().all(|line| Some(line.currency) == now.billing_currency);
        now.billing_currency.filter(|_| is_kept)
    });
    let terms = |rounding| MonthTerms {
        rounding,
        billing_currency,
        rates: rates.iter().map(|(from, rate)| (*from, *rate)).collect(),
        ..now.clone()
    };
    let comes_out = |terms: &MonthTerms| {
        lines.iter().all(|line| {
            asked_for(line.charge, line.currency, terms).is_ok_and(|(amount, _, _, billing_amount)| {
                (amount, billing_amount) == (line.billed.amount, line.billed.billing_amount)
            })
        })
    };
    let roundings = [now.rounding, Rounding::Down, Rounding::HalfUp, Rounding::HalfEven];
    roundings.into_iter().map(terms).find(comes_out).unwrap_or_else(|| terms(now.rounding))
}
