//! Charging: months whose usage or prices changed are rated again, and their statements made; the others are kept.
//!
//! A month is rated as a whole, over all stamps, since tiers count all of them. Closed parts keep their charges, and if
//! a stamp's month is closed, the whole month keeps the terms (tiers, rounding, exchange rates) of the closing.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::charge_changes::{Ratings, amounts_changed, charges_changed, charges_gone};
use super::context::RunContext;
use super::fold::Folded;
use super::not_applied;
use super::plan::Plan;
use super::rating::{self, load_days, prove_rated, refuse_unknown_scopes};
use super::vanished::{PriceTable, Vanished};
use crate::close::{Frozen, FrozenCharging};
use crate::domain::finding::FindingCode;
use crate::domain::{
    Amount, Charge, Correction, Currency, Finding, MeterId, Month, PriceEntry, PriceStatus, Quantity, Stamp,
};
use crate::error::{Error, Result};
use crate::pipeline::charging::Charging;
use crate::publication::Publisher;
use crate::publication::layout::{
    CLOSED_FOLDER, DAILY_FOLDER, charges_path, closed_path, stamp_and_month_in, statement_csv_folder, statements_path,
    table_path,
};
use crate::publish::{Names, publish_charges, publish_prices, publish_statements, statement_csv};
use crate::rate::{
    MonthTerms, PriceBook, Rated, RatedRows, StampMonth, StampMonthBuilder, Statement, StatementLine, rate_month,
};
use crate::read::Root;
use crate::state::{ChargedMonth, ChargedMonths, CurrencyTotal, PriceOfDays, ShownIds, Unpriced};
use crate::store::Fingerprint;
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{CURRENCY, PRICE_KEY};
use crate::table::reader::{self, integer};

/// The charges of a run.
pub(super) struct ChargedRun {
    pub months: ChargedMonths,
    pub findings: Vec<Finding>,
    /// Changes of charges and amounts that were published before.
    pub changes: Vec<Correction>,
}

/// Rates every month that changed since it was last rated, and stages charges, statements and prices.
///
/// # Errors
/// Prices for unknown ids, a sum or an amount out of range, a missing exchange rate, a table that cannot be staged.
pub(super) fn charge(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    charging: &Charging,
    root: &Root,
    vanished: &mut Vanished,
) -> Result<ChargedRun> {
    refuse_unknown_scopes(context, folded, &charging.prices.book, root)?;
    let rated_last = context.publisher.out().map(ChargedMonths::load).transpose()?.unwrap_or_default();
    // A full run does not reuse rated months, but still compares with them to tell why figures changed.
    let nothing = ChargedMonths::default();
    let previous = if !context.is_full() { &rated_last } else { &nothing };
    if charging.has_book {
        let is_open = |(month, _): &(&Month, &ChargedMonth)| {
            let is_closed = |stamp: &Stamp| context.closed.get(stamp).is_some_and(|months| months.contains_key(month));
            !folded.state.stamps.keys().all(is_closed)
        };
        let open = previous.0.iter().filter(is_open);
        let entries = open.flat_map(|(month, rated)| rated.entries.iter().map(|entry| (*month, entry)));
        let has_entry = |key| charging.prices.book.entry_of(key).is_some();
        vanished.refuse_lost_prices(PriceTable::Operator, &charging.prices.files, entries, has_entry)?;
    }
    let mut charged = ChargedMonths::default();
    let mut prices: BTreeMap<i64, PriceEntry> = BTreeMap::new();
    let mut changes = Vec::new();
    let (months, mut findings) = months_to_charge(context, charging);
    if !months.is_empty() {
        context.control.begin("rating");
    }
    for (month, stamps) in months {
        context.control.check()?;
        let month_charge = MonthCharge::new(context, charging, month, stamps)?;
        let known = previous.0.get(&month);
        let made = match known.filter(|known| month_charge.is_unchanged(known, &folded.names)) {
            Some(known) => {
                month_charge.keep(context.publisher)?;
                known.clone()
            }
            None => {
                let made = month_charge.make(context.publisher, &folded.names)?;
                let ratings = Ratings { before: rated_last.0.get(&month), after: Some(&made) };
                changes.extend(charges_changed(context, folded, month, &month_charge.charged_stamps(), ratings)?);
                changes.extend(amounts_changed(context, month, ratings)?);
                made
            }
        };
        for entry in &made.entries {
            // The current file and row of an entry; if only closed months use it, those of the closing.
            let (key, now) = (entry.key(), charging.prices.book.entry_of(entry.key()));
            prices.entry(key).or_insert_with(|| now.unwrap_or(entry).clone());
        }
        charged.0.insert(month, made);
    }
    changes.extend(charges_gone(context, folded, |month| rated_last.0.get(&month))?);
    if charging.has_book || !charged.0.is_empty() {
        publish_prices(&prices, context.publisher)?;
    }
    let open = charged.0.iter().flat_map(|(month, rated)| rated.unpriced.iter().map(|row| (*month, row)));
    // Closed usage cannot get a price any more.
    findings.extend(rating::unpriced(open.filter(|(_, row)| !row.is_closed), &rating::PRICES, &folded.names));
    findings.extend(rating::of_cards(&charging.prices.notes, &rating::PRICES));
    findings.extend(not_applied::prices(&context.closed, charging, context.plan));
    charged.save(context.publisher)?;
    Ok(ChargedRun { months: charged, findings, changes })
}

/// The stamps of each month that have usage to charge, or closed charges.
fn months_to_charge(context: &RunContext<'_>, charging: &Charging) -> (BTreeMap<Month, Vec<StampPart>>, Vec<Finding>) {
    let mut months: BTreeMap<Month, BTreeMap<Stamp, StampPart>> = BTreeMap::new();
    let mut uncharged: BTreeMap<Stamp, Vec<Month>> = BTreeMap::new();
    for (path, fingerprint) in context.publisher.made_below(DAILY_FOLDER) {
        let Some((stamp, month)) = stamp_and_month_in(DAILY_FOLDER, &path) else { continue };
        let closed = context.closed.get(&stamp).and_then(|frozen| frozen.get(&month));
        let usage = match closed {
            None if charging.has_book => MonthUsage::Open,
            Some(Frozen { run, charging: Some(frozen), .. }) => {
                MonthUsage::Closed { run: *run, charging: frozen.clone() }
            }
            Some(_) if charging.has_book => {
                uncharged.entry(stamp).or_default().push(month);
                continue;
            }
            _ => continue,
        };
        let part = StampPart { stamp: stamp.clone(), daily: fingerprint, usage };
        months.entry(month).or_default().insert(stamp, part);
    }
    let findings = uncharged.iter().map(|(stamp, months)| closed_uncharged(stamp, months)).collect();
    // In order of the stamps, which differs from that of paths: `north-2/…` comes before `north/…`.
    let months = months.into_iter().map(|(month, stamps)| (month, stamps.into_values().collect())).collect();
    (months, findings)
}

/// A stamp's part of a month.
struct StampPart {
    stamp: Stamp,
    /// The fingerprint of its `daily`.
    daily: String,
    usage: MonthUsage,
}

enum MonthUsage {
    Open,
    Closed { run: u64, charging: FrozenCharging },
}

impl MonthUsage {
    fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}

/// A month that must be charged.
struct MonthCharge<'a> {
    month: Month,
    stamps: Vec<StampPart>,
    book: &'a PriceBook,
    terms: MonthTerms,
    prices: Fingerprint,
    usage: Fingerprint,
}

impl<'a> MonthCharge<'a> {
    fn new(context: &RunContext<'_>, charging: &'a Charging, month: Month, stamps: Vec<StampPart>) -> Result<Self> {
        let Plan { tiering, rounding, .. } = *context.plan;
        let now = MonthTerms::of(month, tiering, rounding, charging.billing_currency, &charging.rates);
        let closed = stamps.iter().filter_map(|part| match &part.usage {
            MonthUsage::Closed { run, charging } => Some((*run, &charging.terms)),
            MonthUsage::Open => None,
        });
        let terms = match closed.min_by_key(|(run, _)| *run) {
            Some((_, terms)) => terms.clone().completed(month, &charging.rates),
            None => now,
        };
        let book = &charging.prices.book;
        // Closed parts use the prices of their closing.
        let is_open = stamps.iter().any(|part| !part.usage.is_closed());
        let entries = if is_open { book.fingerprints_of(month) } else { Vec::new() };
        let failed = |error| Error::bug_of("fingerprint prices", error);
        let prices = serde_json::to_vec(&(entries, &terms)).map_err(failed)?;
        let inputs: Vec<(&Stamp, &str, u64)> = stamps
            .iter()
            .map(|part| match part.usage {
                MonthUsage::Open => (&part.stamp, part.daily.as_str(), 0),
                MonthUsage::Closed { run, .. } => (&part.stamp, part.daily.as_str(), run),
            })
            .collect();
        let usage = serde_json::to_vec(&inputs).map_err(failed)?;
        let (prices, usage) = (Fingerprint::of(&prices), Fingerprint::of(&usage));
        Ok(Self { month, stamps, book, terms, prices, usage })
    }

    /// Whether it is unchanged since it was rated, including the texts in its flat files.
    fn is_unchanged(&self, known: &ChargedMonth, names: &Names) -> bool {
        (known.prices, known.usage) == (self.prices, self.usage) && known.names == known.shown.fingerprint(names)
    }

    fn charged_stamps(&self) -> Vec<&Stamp> {
        self.stamps.iter().map(|part| &part.stamp).collect()
    }

    /// Keeps its published tables.
    fn keep(&self, publisher: &Publisher) -> Result<()> {
        let Some(out) = publisher.out() else { return Ok(()) };
        for part in &self.stamps {
            publisher.keep(&charges_path(&part.stamp, self.month))?;
        }
        publisher.keep(&statements_path(self.month))?;
        publisher.keep_csv(&statement_csv(self.month, None));
        out.published_below(&statement_csv_folder(self.month)).for_each(|path| publisher.keep_if_there(path));
        Ok(())
    }

    /// Rates it, checks that all of its usage was rated, and stages the results.
    fn make(&self, publisher: &Publisher, names: &Names) -> Result<ChargedMonth> {
        let month = self.month;
        let loaded: Vec<LoadedMonth> =
            self.stamps.par_iter().map(|part| LoadedMonth::load(part, month, publisher)).collect::<Result<_>>()?;
        let rows: Vec<RatedRows<'_>> = loaded
            .iter()
            .map(|stamp_month| RatedRows {
                usage: &stamp_month.usage,
                closed: stamp_month.closed.as_ref().map(|closed| closed.currencies.as_slice()),
            })
            .collect();
        let rated = rate_month(&rows, self.book, self.terms.tiering)?;
        let summed = || -> Result<ChargeSums> {
            let mut sums = ChargeSums::default();
            // Open parts first, so that lines show the current file and row of an entry.
            for (stamp_month, rated) in
                loaded.iter().zip(&rated).filter_map(|(stamp_month, rated)| Some((stamp_month, rated.as_ref()?)))
            {
                sums.take(stamp_month, rated, self.book)?;
            }
            for (stamp_month, closed) in
                loaded.iter().filter_map(|stamp_month| Some((stamp_month, stamp_month.closed.as_ref()?)))
            {
                sums.take_closed(stamp_month, closed)?;
            }
            Ok(sums)
        };
        let publish = |(stamp_month, rated): (&LoadedMonth, &Option<Rated>)| match (rated, &stamp_month.closed) {
            (Some(rated), _) => {
                prove_rated(month, &stamp_month.usage, rated)?;
                publish_charges(month, &stamp_month.usage, rated, self.book, publisher)
            }
            (None, Some(closed)) => {
                let path = charges_path(&stamp_month.usage.stamp, month);
                publisher.plain(&path, stamp_month.usage.len() as u64, closed.bytes.clone())
            }
            (None, None) => Ok(()),
        };
        let (sums, published) = rayon::join(summed, || loaded.par_iter().zip(&rated).try_for_each(publish));
        let (ChargeSums { statement, entries, unpriced, charges }, ()) = (sums?, published?);
        let lines = statement.lines(month, &self.terms)?;
        prove_lines(month, &lines, &charges)?;
        let shown = ShownIds::from_lines(&lines);
        let in_force = self.book.entries_in(month).filter(|entry| shown.has(&entry.meter)).map(PriceOfDays::from_entry);
        let in_force: Vec<PriceOfDays> = in_force.collect();
        let is_closed = self.stamps.iter().all(|part| part.usage.is_closed());
        publish_statements((month, is_closed), &lines, &entries, names, publisher)?;
        Ok(ChargedMonth {
            prices: self.prices,
            usage: self.usage,
            names: shown.fingerprint(names),
            shown,
            terms: self.terms.clone(),
            entries: entries.into_values().collect(),
            book: self.book.keys_in(month),
            in_force: Some(in_force),
            unpriced: unpriced
                .into_iter()
                .filter(|(_, quantity)| *quantity != Quantity::ZERO)
                .map(|((stamp, meter), quantity)| {
                    let is_closed = self.stamps.iter().any(|part| part.stamp == stamp && part.usage.is_closed());
                    Unpriced { stamp, meter, quantity, is_closed }
                })
                .collect(),
            totals: totals(&lines)?,
        })
    }
}

/// A stamp's month, loaded.
struct LoadedMonth {
    usage: StampMonth,
    closed: Option<ClosedCharges>,
}

/// The charges of a closed month.
struct ClosedCharges {
    bytes: Vec<u8>,
    prices: BTreeMap<i64, PriceEntry>,
    /// For each row.
    keys: Vec<Option<i64>>,
    currencies: Vec<Option<Currency>>,
    charges: Vec<Option<Charge>>,
}

impl LoadedMonth {
    fn load(part: &StampPart, month: Month, publisher: &Publisher) -> Result<Self> {
        let missing = |path: &str| reader::contradiction(path, format!("{month} of {} is not there", part.stamp));
        match &part.usage {
            MonthUsage::Open => Ok(Self { usage: load_days(&part.stamp, month, publisher)?, closed: None }),
            MonthUsage::Closed { run, charging } => {
                let path = closed_path(&part.stamp, month, *run, &table_path(&contract::CHARGES));
                let stored = publisher.out().ok_or_else(|| missing(&path))?.read(&path)?;
                let columns = [&StampMonth::COLUMNS[..], &[&PRICE_KEY, &CURRENCY, &CHARGE]].concat();
                let rows = reader::read_coded(&stored.path, stored.bytes.clone(), &contract::CHARGES, &columns)?;
                let mut closed = ClosedCharges {
                    bytes: stored.bytes,
                    prices: charging.prices.iter().map(|entry| (entry.key(), entry.clone())).collect(),
                    keys: Vec::new(),
                    currencies: Vec::new(),
                    charges: Vec::new(),
                };
                let mut usage = StampMonthBuilder::new(part.stamp.clone());
                for rows in rows {
                    let rows = rows?;
                    usage.take(&rows)?;
                    let (keys, currencies) = (rows.integers(PRICE_KEY)?, rows.coded(CURRENCY)?);
                    let charges = rows.charges(CHARGE)?;
                    for row in 0..rows.len() {
                        closed.keys.push(integer(keys, row));
                        closed.currencies.push(currencies.text(row).and_then(Currency::parse));
                        let charge = charges.maybe(row);
                        closed.charges.push(charge);
                    }
                }
                Ok(Self { usage: usage.finish(), closed: Some(closed) })
            }
        }
    }
}

/// The sums of a month's charges.
#[derive(Default)]
struct ChargeSums {
    statement: Statement,
    entries: BTreeMap<i64, PriceEntry>,
    unpriced: BTreeMap<(Stamp, MeterId), Quantity>,
    /// By currency, summed independently of statement lines.
    charges: BTreeMap<Currency, Charge>,
}

/// The sums of rows with the same owner, meter and price entry.
type Group<K> = HashMap<(u32, u32, Option<K>), (Quantity, Option<Charge>), foldhash::fast::FixedState>;

impl ChargeSums {
    fn take(&mut self, stamp_month: &LoadedMonth, rated: &Rated, book: &PriceBook) -> Result<()> {
        let mut groups: Group<u32> = HashMap::default();
        for row in 0..rated.len() {
            let cell = rated.cell[row] as usize;
            let key = (stamp_month.usage.owner[cell], stamp_month.usage.meter[cell], rated.entry(row));
            add(groups.entry(key).or_default(), rated.quantity[row], rated.charge(row))?;
            if let Some((charge, entry)) = rated.charge(row).zip(rated.entry(row)) {
                self.add_charge(book.entry(entry).price().map(|price| price.currency), charge)?;
            }
        }
        for ((owner, meter, entry), sum) in groups {
            self.add(stamp_month, owner, meter, entry.map(|place| (book.key(place), book.entry(place))), sum)?;
        }
        Ok(())
    }

    fn take_closed(&mut self, stamp_month: &LoadedMonth, closed: &ClosedCharges) -> Result<()> {
        let mut groups: Group<i64> = HashMap::default();
        for row in 0..stamp_month.usage.len() {
            let key = (stamp_month.usage.owner[row], stamp_month.usage.meter[row], closed.keys[row]);
            add(groups.entry(key).or_default(), stamp_month.usage.quantity[row], closed.charges[row])?;
            self.add_charge(closed.currencies[row], closed.charges[row].unwrap_or_default())?;
        }
        for ((owner, meter, key), sum) in groups {
            let entry = key.map(|key| {
                let entry = closed.prices.get(&key).map(|entry| (key, entry));
                entry.ok_or_else(|| {
                    reader::contradiction(
                        CLOSED_FOLDER.trim_end_matches('/'),
                        format!("lacks the price {key} of closed charges"),
                    )
                })
            });
            self.add(stamp_month, owner, meter, entry.transpose()?, sum)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        stamp_month: &LoadedMonth,
        owner: u32,
        meter: u32,
        entry: Option<(i64, &PriceEntry)>,
        (quantity, charge): (Quantity, Option<Charge>),
    ) -> Result<()> {
        let (owner, meter) = (&stamp_month.usage.owners[owner as usize], &stamp_month.usage.meters[meter as usize]);
        let status = match entry.map(|(_, entry)| entry.price()) {
            None => PriceStatus::Unpriced,
            Some(None) => PriceStatus::NotBillable,
            Some(Some(_)) => PriceStatus::Priced,
        };
        let charge = charge.unwrap_or_default();
        self.statement.add(
            (&owner.billed_subscription, meter),
            owner.tenant.as_deref(),
            (status, entry),
            quantity,
            charge,
        )?;
        match entry {
            None => {
                let id =
                    MeterId::new(meter).ok_or_else(|| reader::contradiction("daily", "holds a blank id".to_owned()))?;
                let sum = self.unpriced.entry((stamp_month.usage.stamp.clone(), id)).or_default();
                *sum = sum.checked_add(quantity).ok_or_else(rating::past_range)?;
            }
            Some((key, entry)) => {
                self.entries.entry(key).or_insert_with(|| entry.clone());
            }
        }
        Ok(())
    }
}

impl ChargeSums {
    fn add_charge(&mut self, currency: Option<Currency>, charge: Charge) -> Result<()> {
        let Some(currency) = currency else { return Ok(()) };
        let sum = self.charges.entry(currency).or_default();
        *sum = sum.checked_add(charge).ok_or_else(rating::past_range)?;
        Ok(())
    }
}

fn add(sum: &mut (Quantity, Option<Charge>), quantity: Quantity, charge: Option<Charge>) -> Result<()> {
    sum.0 = sum.0.checked_add(quantity).ok_or_else(rating::past_range)?;
    if let Some(charge) = charge {
        sum.1 = Some(sum.1.unwrap_or_default().checked_add(charge).ok_or_else(rating::past_range)?);
    }
    Ok(())
}

/// Checks that statement lines contain all charges, and that exactly the priced lines have an amount.
fn prove_lines(month: Month, lines: &[StatementLine], charges: &BTreeMap<Currency, Charge>) -> Result<()> {
    let mut found: BTreeMap<Currency, Charge> = BTreeMap::new();
    for priced in lines.iter().filter_map(|line| line.priced) {
        let sum = found.entry(priced.currency).or_default();
        *sum = sum.checked_add(priced.charge).ok_or_else(rating::past_range)?;
    }
    let is_whole = lines.iter().all(|line| line.priced.is_some() == (line.key.status == PriceStatus::Priced));
    if found == *charges && is_whole {
        return Ok(());
    }
    Err(Error::balance(format!("the statements of {month} come to {found:?}, and its charges to {charges:?}"))
        .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it"))
}

/// The totals of lines, by currency and billing currency.
fn totals(lines: &[StatementLine]) -> Result<Vec<CurrencyTotal>> {
    let mut totals: BTreeMap<(Currency, Currency), CurrencyTotal> = BTreeMap::new();
    for priced in lines.iter().filter_map(|line| line.priced) {
        let sum = totals.entry((priced.currency, priced.billing_currency)).or_insert(CurrencyTotal {
            currency: priced.currency,
            lines: 0,
            charge: Charge::ZERO,
            amount: Amount::ZERO,
            billing_currency: priced.billing_currency,
            billing_amount: Amount::ZERO,
        });
        sum.lines += 1;
        sum.charge = sum.charge.checked_add(priced.charge).ok_or_else(rating::past_range)?;
        sum.amount = sum.amount.checked_add(priced.amount).ok_or_else(rating::past_range)?;
        sum.billing_amount = sum.billing_amount.checked_add(priced.billing_amount).ok_or_else(rating::past_range)?;
    }
    Ok(totals.into_values().collect())
}

fn closed_uncharged(stamp: &Stamp, months: &[Month]) -> Finding {
    let months: Vec<String> = months.iter().map(Month::to_string).collect();
    Finding::new(
        stamp,
        FindingCode::ClosedMonthNotCharged,
        format!("closed before there was a price book, and not charged: {}", months.join(", ")),
        months,
        "open them with `stacktally reopen` to have them charged, or accept the code with --accept",
    )
}
