//! Settle: the days of a stamp, each sorted, aggregated, proved and published by itself.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, mpsc};

use rayon::prelude::*;

use super::{CsvMonthly, Making, Plan};
use crate::aggregate::{self, DayFacts, Packing};
use crate::attribute::{Days, OwnedUsage};
use crate::balance::{self, Books};
use crate::domain::coverage::{self, DayCoverage};
use crate::domain::totals::{Account, Checksum};
use crate::domain::{Day, Month, Window};
use crate::error::{Error, Result};
use crate::frame::Cells;
use crate::normalise::{Usage, UsageChunk, UsageExport};
use crate::publish::Publisher;
use crate::publish::csv::CsvTable;
use crate::publish::dimensions::Names;
use crate::publish::facts::{FlatTime, Seen, StampTexts, checksum};
use crate::schema::{self, flat};
use crate::watch::Watch;

/// Days that may be encoded while another is aggregated: this bounds memory.
const DAYS_IN_FLIGHT: usize = 3;

/// Settles the days of a stamp: lines, hourly, daily, monthly.
///
/// # Errors
/// Totals that do not balance, a sum past the range, a table that cannot be staged, a signal.
pub fn settle(making: &mut Making<'_>, owned: &OwnedUsage, days: Days) -> Result<()> {
    let packing = Packing::new(owned.owners.len(), owned.usage.meters.len(), owned.usage.resources.len())?;
    let texts = StampTexts::new(owned, packing);
    let Making { plan, watch, publisher, names, csv_monthly, tally, .. } = making;
    let settling = Settling { plan, watch, publisher, names, owned, packing, texts };
    watch.begin_stamp("settling", &owned.usage.stamp, days.len() as u64);

    let settled = settling.days(days)?;
    let months = settling.months(&settled.daily)?;
    settling.prove_months(&settled.used, &months)?;
    settling.publish_default_usage(&settled.daily)?;
    for (month, cells) in &months {
        settling.add_to_csv_monthly(*month, cells, csv_monthly)?;
    }
    tally.count_settled(owned, packing, &settled.daily, &settled.used, &settled.used_hourly);
    tally.count_windows(owned, &settled.equal_lines);
    tally.count_days(&owned.usage.stamp, coverage_of(owned, plan.settling_days, &settled.lines_of_day));
    Ok(())
}

/// What every step of settling a stamp needs.
struct Settling<'a> {
    plan: &'a Plan,
    watch: &'a Watch,
    publisher: &'a Publisher,
    names: &'a Names,
    owned: &'a OwnedUsage,
    packing: Packing,
    texts: StampTexts,
}

/// What the days of a stamp leave behind.
#[derive(Default)]
struct SettledDays {
    daily: Vec<(Day, Cells)>,
    used: Account<u32>,
    used_hourly: Account<u32>,
    lines_of_day: BTreeMap<Day, i64>,
    /// Of each export, the lines that equal another.
    equal_lines: Vec<i64>,
}

/// Says that a day is published when it goes, even if its thread panics: else the run would wait for it for ever.
struct SaysDone(mpsc::Sender<()>);

impl Drop for SaysDone {
    fn drop(&mut self) {
        // Nobody waits any more once the scope is left.
        let _ = self.0.send(());
    }
}

impl Settling<'_> {
    /// Aggregates and proves one day after the other; those before it are published on the other threads.
    fn days(&self, days: Days) -> Result<SettledDays> {
        let mut settled = SettledDays::default();
        let failure: Mutex<Option<Error>> = Mutex::default();
        let equal_lines: Mutex<Vec<i64>> = Mutex::new(vec![0; self.owned.usage.exports.len()]);
        let failed = || failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (done, finished) = mpsc::channel();
        rayon::in_place_scope(|scope| -> Result<()> {
            for (at, (day, chunks)) in days.into_iter().enumerate() {
                if at >= DAYS_IN_FLIGHT {
                    // Each day says so when it goes, so there is always one to come.
                    let _ = finished.recv();
                }
                self.watch.check()?;
                failed().map_or(Ok(()), Err)?;
                let facts = aggregate::day_facts(self.owned, self.packing, day, &chunks)?;
                self.prove_day(&facts)?;
                self.add_up(&facts, &mut settled)?;
                let DayFacts { daily, hourly, .. } = facts;
                settled.daily.push((day, daily));
                let (says_done, failure, equal_lines) = (SaysDone(done.clone()), &failure, &equal_lines);
                scope.spawn(move |_| {
                    let _says_done = says_done;
                    match self.publish_day(day, &chunks, &hourly, facts.used.checksum()) {
                        Ok(equal) => {
                            let mut sums = equal_lines.lock().unwrap_or_else(PoisonError::into_inner);
                            sums.iter_mut().zip(equal).for_each(|(sum, equal)| *sum += equal);
                        }
                        Err(error) => {
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                    self.watch.advance();
                });
            }
            Ok(())
        })?;
        settled.equal_lines = equal_lines.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed().map_or(Ok(settled), Err)
    }

    fn add_up(&self, facts: &DayFacts, settled: &mut SettledDays) -> Result<()> {
        settled.lines_of_day.insert(facts.day, facts.used.checksum().lines);
        for (account, of_day) in [(&mut settled.used, &facts.used), (&mut settled.used_hourly, &facts.used_hourly)] {
            for (meter, totals) in of_day.iter() {
                let past_range = |_past_range| aggregate::past_range(self.owned, meter, facts.day);
                account.add(meter, totals).map_err(past_range)?;
            }
        }
        Ok(())
    }

    /// Publishes the lines of a day, a file for each window, and its hours. `used` is what the day holds. Returns for each
    /// export how many of its lines equal another.
    fn publish_day(&self, day: Day, chunks: &[UsageChunk], hourly: &Cells, used: Checksum) -> Result<Vec<i64>> {
        let stamp = &self.owned.usage.stamp;
        let exports = self.owned.usage.exports.par_iter().enumerate();
        let lines: Vec<(Checksum, i64)> =
            exports.map(|(at, export)| self.publish_lines(day, at, export, chunks)).collect::<Result<_>>()?;
        let (sums, equal): (Vec<Checksum>, Vec<i64>) = lines.into_iter().unzip();
        balance::prove(stamp, &format!("sorting the lines of {day}"), used, sums.into_iter().sum())?;
        if hourly.is_empty() || self.publisher.is_rehearsal() {
            return Ok(equal);
        }
        let (columns, sum) = (self.texts.hourly(self.owned, day, hourly)?, checksum([hourly]));
        self.publisher.table(format!("hourly/{stamp}/{day}.parquet"), &schema::HOURLY, columns, Some(sum))?;
        if self.plan.csv_hourly {
            let mut table = CsvTable::new(flat::CSV_HOURLY.columns)?;
            self.texts.flat(self.owned, self.names, FlatTime::HourOf(day), hourly, &mut table)?;
            self.publisher.csv(&format!("csv/hourly/{stamp}/{day}"), flat::CSV_HOURLY.columns, table, Some(sum))?;
        }
        Ok(equal)
    }

    /// Publishes the lines of one export among a day's. Returns what they are, and how many equal another.
    fn publish_lines(
        &self,
        day: Day,
        at: usize,
        export: &UsageExport,
        chunks: &[UsageChunk],
    ) -> Result<(Checksum, i64)> {
        let lines = Usage::sorted_lines(chunks, at as u32);
        let mut sum = Checksum::of_lines(lines.len());
        lines.iter().for_each(|line| sum.add(line.quantity));
        let equal = lines.windows(2).filter(|pair| pair[0].is_same_usage(&pair[1])).count() as i64;
        if lines.is_empty() || self.publisher.is_rehearsal() {
            return Ok((sum, equal));
        }
        let columns = self.texts.lines(self.owned, day, export.window, &lines)?;
        drop(lines);
        let path = format!("lines/{}/{day}/{}.parquet", self.owned.usage.stamp, export.label);
        self.publisher.table(path, &schema::LINES, columns, Some(sum))?;
        Ok((sum, equal))
    }

    /// Publishes a stamp's days and months, and returns the cells of its months.
    fn months(&self, daily: &[(Day, Cells)]) -> Result<Vec<(Month, Cells)>> {
        let stamp = &self.owned.usage.stamp;
        let mut months = Vec::new();
        for days in daily.chunk_by(|(a, _), (b, _)| a.month() == b.month()) {
            self.watch.check()?;
            let month = days[0].0.month();
            months.push((month, aggregate::month_facts(self.packing, days.iter().map(|(_, cells)| cells))?));
            if !self.publisher.is_rehearsal() {
                let (parquet, csv) =
                    rayon::join(|| self.publish_daily(month, days), || self.publish_csv_daily(month, days));
                parquet.and(csv)?;
            }
        }
        if !months.is_empty() && !self.publisher.is_rehearsal() {
            let borrowed: Vec<(Month, &Cells)> = months.iter().map(|(month, cells)| (*month, cells)).collect();
            let columns = self.texts.monthly(self.owned, &borrowed)?;
            let sum = checksum(months.iter().map(|(_, cells)| cells));
            self.publisher.table(format!("monthly/{stamp}.parquet"), &schema::MONTHLY, columns, Some(sum))?;
        }
        Ok(months)
    }

    fn publish_daily(&self, month: Month, days: &[(Day, Cells)]) -> Result<()> {
        let borrowed: Vec<(Day, &Cells)> = days.iter().map(|(day, cells)| (*day, cells)).collect();
        let columns = self.texts.daily(self.owned, &borrowed)?;
        let sum = checksum(days.iter().map(|(_, cells)| cells));
        let path = format!("daily/{}/{month}.parquet", self.owned.usage.stamp);
        self.publisher.table(path, &schema::DAILY, columns, Some(sum))
    }

    fn publish_csv_daily(&self, month: Month, days: &[(Day, Cells)]) -> Result<()> {
        let mut table = CsvTable::new(flat::CSV_DAILY.columns)?;
        for (day, cells) in days {
            self.watch.check()?;
            self.texts.flat(self.owned, self.names, FlatTime::Day(*day), cells, &mut table)?;
        }
        let sum = checksum(days.iter().map(|(_, cells)| cells));
        let path = format!("csv/daily/{}/{month}", self.owned.usage.stamp);
        self.publisher.csv(&path, flat::CSV_DAILY.columns, table, Some(sum))
    }

    /// Publishes what fell on the stamp's default subscription, even if that is nothing: it is what one looks for.
    fn publish_default_usage(&self, daily: &[(Day, Cells)]) -> Result<()> {
        if self.publisher.is_rehearsal() {
            return Ok(());
        }
        let stamp = &self.owned.usage.stamp;
        let days = aggregate::default_facts(self.owned, self.packing, daily)?;
        let sum = checksum(days.iter().map(|(_, cells)| cells));
        let seen = Seen::of(&days);
        let columns = self.texts.default_usage(self.owned, &days, &seen)?;
        self.publisher.table(format!("default_usage/{stamp}.parquet"), &schema::DEFAULT_USAGE, columns, Some(sum))?;
        let mut table = CsvTable::new(flat::CSV_DEFAULT_USAGE.columns)?;
        // A folder for each stamp: parts are numbered, and `north-2` may be a stamp.
        self.texts.flat_default_usage(self.owned, self.names, &days, &seen, &mut table)?;
        self.publisher.csv(
            &format!("csv/default_usage/{stamp}/default_usage"),
            flat::CSV_DEFAULT_USAGE.columns,
            table,
            Some(sum),
        )
    }

    /// Adds a stamp's month to the CSV of all stamps' that month.
    fn add_to_csv_monthly(&self, month: Month, cells: &Cells, csv_monthly: &mut CsvMonthly) -> Result<()> {
        if self.publisher.is_rehearsal() {
            return Ok(());
        }
        let (table, sum) = match csv_monthly.entry(month) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert((CsvTable::new(flat::CSV_MONTHLY.columns)?, Checksum::default())),
        };
        sum.merge(checksum([cells]));
        self.texts.flat(self.owned, self.names, FlatTime::Month(month), cells, table)
    }

    fn books(&self) -> Books<'_> {
        Books { stamp: &self.owned.usage.stamp, meters: &self.owned.usage.meters }
    }

    /// Proves a day, for each meter: read = used = daily, and the Hourly part of used = hourly.
    fn prove_day(&self, facts: &DayFacts) -> Result<()> {
        let DayFacts { day, hourly, daily, used, used_hourly } = facts;
        let usage = &self.owned.usage;
        let at = |stage: &str| format!("{stage} {day}");
        let account = |cells| aggregate::account(self.packing, cells);
        self.books().prove_read(&at("normalising"), &usage.read_on(*day), used)?;
        self.books().prove_account(&at("aggregating the daily fact of"), used, &account(daily)?)?;
        self.books().prove_account(&at("aggregating the hourly fact of"), used_hourly, &account(hourly)?)
    }

    /// Proves all months together, for each meter: used = monthly.
    fn prove_months(&self, used: &Account<u32>, months: &[(Month, Cells)]) -> Result<()> {
        let mut account = Account::default();
        for (_, cells) in months {
            for (meter, totals) in aggregate::account(self.packing, cells)?.iter() {
                account.add(meter, totals)?;
            }
        }
        self.books().prove_account("aggregating the monthly fact", used, &account)
    }
}

/// The coverage of every day that has usage, and of every day from the first reported to the last. (A stray line of
/// long ago adds its own day, not all the days since.)
fn coverage_of(owned: &OwnedUsage, settling_days: u16, lines: &BTreeMap<Day, i64>) -> Vec<(DayCoverage, i64)> {
    let whole = owned.usage.exports.iter().filter(|export| export.is_whole);
    let windows: Vec<Window> = whole.filter_map(|export| export.window).collect();
    let asked =
        || owned.usage.exports.iter().filter(|export| export.dropped.is_none()).filter_map(|export| export.window);
    let first = asked().map(|window| window.start.day()).min();
    let last = asked().map(|window| (window.end + -1).day()).max();
    let reported = std::iter::successors(first, |day| Some(day.next())).take_while(|day| Some(*day) <= last);
    let days: BTreeSet<Day> = lines.keys().copied().chain(reported).collect();
    let of_day = |day| (coverage::of_day(day, &windows, settling_days), lines.get(&day).copied().unwrap_or(0));
    days.into_iter().map(of_day).collect()
}
