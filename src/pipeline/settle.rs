//! Settle: the days of a stamp, each sorted, aggregated, proved and published by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};

use rayon::prelude::*;

use super::{Making, Plan};
use crate::aggregate::{self, DayFacts, Packing};
use crate::attribute::OwnedUsage;
use crate::balance::prove_account;
use crate::domain::coverage::{self, DayCoverage};
use crate::domain::totals::{Account, Checksum};
use crate::domain::{Day, Month, Window};
use crate::error::{Error, Result};
use crate::frame::Cells;
use crate::normalise::{Usage, UsageChunk};
use crate::publish::Publisher;
use crate::publish::csv::CsvTable;
use crate::publish::dimensions::Names;
use crate::publish::facts::{FlatTime, StampTexts, checksum};
use crate::schema::{self, flat};
use crate::watch::Watch;

/// Days that may be encoded while another is aggregated: this bounds memory.
const DAYS_IN_FLIGHT: usize = 3;

/// Settles the days of a stamp: lines, hourly, daily, monthly. Returns the coverage of its days, with their lines.
///
/// # Errors
/// Totals that do not balance, a sum past the range, a table that cannot be staged, a signal.
pub fn settle(
    Making { plan, watch, publisher, names, csv_monthly, tally, .. }: &mut Making<'_>,
    owned: &mut OwnedUsage,
) -> Result<Vec<(DayCoverage, i64)>> {
    let (plan, watch, publisher, names) = (*plan, *watch, *publisher, &*names);
    let days = std::mem::take(&mut owned.usage.days);
    let owned = &*owned;
    let stamp = &owned.usage.stamp;
    let packing = Packing::new(owned.owners.len(), owned.usage.meters.len(), owned.usage.resources.len())?;
    let texts = StampTexts::new(owned, packing);
    watch.begin(&format!("settling {stamp}"), days.len() as u64);

    let mut daily: Vec<(Day, Cells)> = Vec::new();
    let mut used: Account<u32> = Account::default();
    let mut used_hourly: Account<u32> = Account::default();
    let mut lines_of_day: BTreeMap<Day, i64> = BTreeMap::new();
    let failure: Mutex<Option<Error>> = Mutex::default();
    let (done, finished) = mpsc::channel();
    rayon::in_place_scope(|scope| -> Result<()> {
        for (at, (day, chunks)) in days.into_iter().enumerate() {
            watch.check()?;
            let facts = aggregate::day_facts(owned, packing, day, &chunks)?;
            prove_day(owned, packing, &facts)?;
            lines_of_day.insert(day, facts.used.checksum().lines);
            for (account, day_account) in [(&mut used, &facts.used), (&mut used_hourly, &facts.used_hourly)] {
                for (meter, totals) in day_account.iter() {
                    account.add(meter, totals).map_err(|_past_range| aggregate::past_range(owned, meter, day))?;
                }
            }
            daily.push((day, facts.daily));
            if at >= DAYS_IN_FLIGHT {
                // The sender lives as long as this scope, so there is always a message to come.
                let _ = finished.recv();
            }
            let (done, failure, texts) = (done.clone(), &failure, &texts);
            scope.spawn(move |_| {
                let published = publish_day(plan, publisher, owned, names, texts, day, &chunks, &facts.hourly);
                if let Err(error) = published {
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
                watch.advance();
                let _ = done.send(());
            });
        }
        Ok(())
    })?;
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }

    let months = publish_months(watch, publisher, owned, names, &texts, packing, &daily)?;
    prove_months(owned, packing, &used, &months)?;
    for (month, cells) in &months {
        let table = match csv_monthly.entry(*month) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(CsvTable::new(flat::CSV_MONTHLY.columns)?)
            }
        };
        texts.flat(owned, names, FlatTime::Month(*month), cells, table)?;
    }
    tally.count_settled(owned, packing, &daily, &used, &used_hourly);
    let coverage = coverage_of(owned, plan.settling_days, &lines_of_day);
    tally.count_days(&coverage);
    Ok(coverage)
}

/// Publishes the lines of a day, a file for each window, and its hours.
#[expect(clippy::too_many_arguments, reason = "a step of the pipeline takes what the pipeline has")]
fn publish_day(
    plan: &Plan,
    publisher: &Publisher,
    owned: &OwnedUsage,
    names: &Names,
    texts: &StampTexts,
    day: Day,
    chunks: &[UsageChunk],
    hourly: &Cells,
) -> Result<()> {
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let stamp = &owned.usage.stamp;
    owned.usage.exports.par_iter().enumerate().try_for_each(|(at, export)| {
        let lines = Usage::sorted_lines(chunks, at as u32);
        if lines.is_empty() {
            return Ok(());
        }
        let mut sum = Checksum::default();
        sum.lines = lines.len() as i64;
        lines.iter().for_each(|line| sum.add(line.quantity));
        let columns = texts.lines(owned, day, export.window, &lines)?;
        drop(lines);
        publisher.table(format!("lines/{stamp}/{day}/{}.parquet", export.label), &schema::LINES, columns, Some(sum))
    })?;
    if hourly.is_empty() {
        return Ok(());
    }
    let columns = texts.hourly(owned, day, hourly)?;
    publisher.table(format!("hourly/{stamp}/{day}.parquet"), &schema::HOURLY, columns, Some(checksum([hourly])))?;
    if plan.csv_hourly {
        let mut table = CsvTable::new(flat::CSV_HOURLY.columns)?;
        texts.flat(owned, names, FlatTime::HourOf(day), hourly, &mut table)?;
        publisher.csv(&format!("csv/hourly/{stamp}/{day}"), flat::CSV_HOURLY.columns, table)?;
    }
    Ok(())
}

/// Publishes a stamp's days and months, and returns the cells of its months.
fn publish_months(
    watch: &Watch,
    publisher: &Publisher,
    owned: &OwnedUsage,
    names: &Names,
    texts: &StampTexts,
    packing: Packing,
    daily: &[(Day, Cells)],
) -> Result<Vec<(Month, Cells)>> {
    let stamp = &owned.usage.stamp;
    let by_month: Vec<&[(Day, Cells)]> = daily.chunk_by(|(a, _), (b, _)| a.month() == b.month()).collect();
    let mut months = Vec::new();
    for days in &by_month {
        months.push((days[0].0.month(), aggregate::month_facts(packing, days.iter().map(|(_, cells)| cells))?));
    }
    if months.is_empty() || publisher.is_rehearsal() {
        return Ok(months);
    }
    by_month.par_iter().try_for_each(|days| {
        watch.check()?;
        let month = days[0].0.month();
        let borrowed: Vec<(Day, &Cells)> = days.iter().map(|(day, cells)| (*day, cells)).collect();
        let (parquet, csv) = rayon::join(
            || {
                let columns = texts.daily(owned, &borrowed)?;
                let sum = checksum(days.iter().map(|(_, cells)| cells));
                publisher.table(format!("daily/{stamp}/{month}.parquet"), &schema::DAILY, columns, Some(sum))
            },
            || {
                let mut table = CsvTable::new(flat::CSV_DAILY.columns)?;
                for (day, cells) in &borrowed {
                    watch.check()?;
                    texts.flat(owned, names, FlatTime::Day(*day), cells, &mut table)?;
                }
                publisher.csv(&format!("csv/daily/{stamp}/{month}"), flat::CSV_DAILY.columns, table)
            },
        );
        parquet.and(csv)
    })?;
    let borrowed: Vec<(Month, &Cells)> = months.iter().map(|(month, cells)| (*month, cells)).collect();
    let columns = texts.monthly(owned, &borrowed)?;
    let sum = checksum(months.iter().map(|(_, cells)| cells));
    publisher.table(format!("monthly/{stamp}.parquet"), &schema::MONTHLY, columns, Some(sum))?;
    Ok(months)
}

/// Proves a day: used = daily, and the Hourly part of used = hourly, for each meter.
fn prove_day(owned: &OwnedUsage, packing: Packing, facts: &DayFacts) -> Result<()> {
    let stamp = &owned.usage.stamp;
    let at = |stage: &str| format!("{stage} of {} (meter by its rank)", facts.day);
    prove_account(stamp, &at("aggregating the daily fact"), &facts.used, &aggregate::account(packing, &facts.daily)?)?;
    prove_account(
        stamp,
        &at("aggregating the hourly fact"),
        &facts.used_hourly,
        &aggregate::account(packing, &facts.hourly)?,
    )
}

/// Proves all months together: used = monthly, for each meter.
fn prove_months(owned: &OwnedUsage, packing: Packing, used: &Account<u32>, months: &[(Month, Cells)]) -> Result<()> {
    let mut account = Account::default();
    for (_, cells) in months {
        for (meter, totals) in aggregate::account(packing, cells)?.iter() {
            account.add(meter, totals)?;
        }
    }
    prove_account(&owned.usage.stamp, "aggregating the monthly fact (meter by its rank)", used, &account)
}

/// The coverage of every day from the first to the last that has usage or reported time.
fn coverage_of(owned: &OwnedUsage, settling_days: u16, lines: &BTreeMap<Day, i64>) -> Vec<(DayCoverage, i64)> {
    let whole = owned.usage.exports.iter().filter(|export| export.is_whole);
    let windows: Vec<Window> = whole.filter_map(|export| export.window).collect();
    let reported = windows.iter().flat_map(|window| [window.start.day(), (window.end + -1).day()]);
    let days: Vec<Day> = lines.keys().copied().chain(reported).collect();
    let (Some(&first), Some(&last)) = (days.iter().min(), days.iter().max()) else { return Vec::new() };
    std::iter::successors(Some(first), |day| Some(day.next()).filter(|day| *day <= last))
        .map(|day| (coverage::of_day(day, &windows, settling_days), lines.get(&day).copied().unwrap_or(0)))
        .collect()
}
