//! The stages in order, the balance after each, the receipt at the end.
//!
//! Two passes: **gather** reads the exports of a stamp and hands each line to its usage day; **settle** sorts,
//! aggregates and publishes one day after the other. Days are independent: while one is aggregated, those before it
//! are encoded on the other threads.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};

use chrono::{DateTime, SecondsFormat, Utc};
use rayon::prelude::*;

use crate::aggregate::{self, DayFacts, Packing};
use crate::attribute::{self, OwnedUsage, Rules, Snapshots};
use crate::balance::{self, prove_account};
use crate::domain::coverage::{self, DayCoverage, DayState};
use crate::domain::finding::Finding;
use crate::domain::totals::{Account, Checksum};
use crate::domain::{Attribution, Day, Month, Quantity, RejectReason, Stamp, Window};
use crate::error::{Error, Result};
use crate::frame::Cells;
use crate::normalise::{self, Usage, UsageChunk};
use crate::publish::csv::CsvTable;
use crate::publish::dimensions::{Dimensions, Names};
use crate::publish::facts::{FlatTime, StampTexts, checksum};
use crate::publish::receipt::{BalanceEntry, Count, FORMAT, Input, Lines};
use crate::publish::{Out, Publisher, Receipt};
use crate::read::{self, ReadFile, StampFolder};
use crate::schema::{self, flat};
use crate::watch::Watch;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub root: PathBuf,
    /// Where to publish; `None` rehearses the run.
    pub out: Option<PathBuf>,
    /// Only these stamps; all when empty.
    pub stamps: Vec<Stamp>,
    pub rules: Rules,
    /// Later days that must be covered for a day to be settled.
    pub settling_days: u16,
    /// Publish the accounts of the owners of user subscriptions.
    pub with_owners: bool,
    /// Also publish the hourly fact as flat CSV.
    pub csv_hourly: bool,
    /// Refuse findings.
    pub strict: bool,
    /// Refuse more rejects than this.
    pub rejects_max: Option<u64>,
    /// As the receipt prints them.
    pub settings: serde_json::Value,
    /// The clock, for the receipt alone.
    pub now: fn() -> DateTime<Utc>,
}

/// What a run did.
#[derive(Debug)]
pub struct Outcome {
    pub receipt: Receipt,
    /// Files of an earlier run that this one no longer makes, relative to OUT.
    pub removed: Vec<String>,
}

/// Days that may be encoded while another is aggregated: this bounds memory.
const DAYS_IN_FLIGHT: usize = 3;

/// Runs the whole pipeline: reads, attributes, aggregates, proves, and publishes whole or not at all.
///
/// # Errors
/// Input that is refused, totals that do not balance, a machine that fails, a signal: in each case nothing is published.
pub fn run(plan: &Plan, watch: &Watch) -> Result<Outcome> {
    let started_at = (plan.now)();
    let out = plan.out.as_deref().map(Out::hold).transpose()?;
    let publisher = Publisher::new(out)?;
    match publish(plan, watch, &publisher, started_at) {
        Ok(receipt) => publisher.commit(&receipt).map(|removed| Outcome { receipt, removed }),
        Err(error) => {
            publisher.abandon();
            Err(error)
        }
    }
}

/// Does everything but the last step: the renames.
fn publish(plan: &Plan, watch: &Watch, publisher: &Publisher, started_at: DateTime<Utc>) -> Result<Receipt> {
    let root = read::root::discover(&plan.root, &plan.stamps)?;
    let mut tally = Tally::default();
    let overrides = root.meters.as_ref().map(|file| tally.count_table(read::read_meters(file)?)).transpose()?;
    let names = root.names.as_ref().map(|file| tally.count_table(read::read_names(file)?)).transpose()?;
    let meters = normalise::catalogue(overrides.unwrap_or_default())?;
    let mut names = Names::new(meters, names.unwrap_or_default(), plan.with_owners);
    // Snapshots are small and decide everything: what is wrong with them is said before the first line is read.
    let stamps: Vec<(&StampFolder, Snapshots)> = root
        .stamps
        .iter()
        .map(|folder| attribute::read_snapshots(folder, &plan.rules).map(|snapshots| (folder, snapshots)))
        .collect::<Result<_>>()?;

    let mut dimensions = Dimensions::default();
    let mut csv_monthly = BTreeMap::new();
    for (folder, snapshots) in &stamps {
        watch.begin(
            &format!("reading {}", folder.stamp),
            folder.exports.iter().map(|export| export.files.len() as u64).sum(),
        );
        let lines = read::gather(folder, watch)?;
        let usage = normalise::normalise(lines)?;
        tally.count_used(&usage)?;
        let mut owned = attribute::attribute(usage, snapshots, &plan.rules);
        names.learn(&owned.usage, snapshots);
        dimensions.learn(&owned, snapshots);
        tally.count_attributed(&owned, snapshots);
        let days = settle(plan, watch, publisher, &mut owned, &names, &mut csv_monthly, &mut tally)?;
        dimensions.cover(&owned.usage.stamp, days);
        dimensions.keep_resources(&owned.usage.stamp, std::mem::take(&mut owned.usage.resources));
    }
    tally.refuse(plan)?;
    watch.begin("writing dimensions", 0);
    for (month, table) in csv_monthly {
        publisher.csv(&format!("csv/monthly/{month}"), flat::CSV_MONTHLY.columns, table)?;
    }
    dimensions.publish(&names, publisher)?;
    watch.check()?;
    Ok(tally.receipt(plan, publisher, root.skipped, started_at))
}

/// Settles the days of a stamp: lines, hourly, daily, monthly. Returns the coverage of its days, with their lines.
fn settle(
    plan: &Plan,
    watch: &Watch,
    publisher: &Publisher,
    owned: &mut OwnedUsage,
    names: &Names,
    csv_monthly: &mut BTreeMap<Month, CsvTable>,
    tally: &mut Tally,
) -> Result<Vec<(DayCoverage, i64)>> {
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
                watch.advance(0);
                let _ = done.send(());
            });
        }
        Ok(())
    })?;
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }

    let months = publish_months(publisher, owned, names, &texts, packing, &daily)?;
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

/// What a run counts for its receipt.
#[derive(Debug, Default)]
struct Tally {
    lines: Lines,
    rounded: u64,
    by_usage_day: u64,
    before_first_snapshot: u64,
    attributions: BTreeMap<Precedence, u64>,
    rejects: BTreeMap<RejectReason, u64>,
    days: BTreeMap<DayState, u64>,
    findings: Vec<Finding>,
    balance: Vec<BalanceEntry>,
    inputs: Vec<Input>,
}

type Precedence = usize;

impl Tally {
    /// Notes the file of a table, and hands its rows on.
    #[expect(clippy::unnecessary_wraps, reason = "stands at the end of a chain of results")]
    fn count_table<T>(&mut self, (rows, file): (T, ReadFile)) -> Result<T> {
        self.inputs.push(Input::of(&file, 0));
        Ok(rows)
    }

    /// Proves that a stamp's reading lost nothing: read = used + rejected + dropped.
    fn count_used(&mut self, usage: &Usage) -> Result<()> {
        let read: Checksum = usage.files.iter().map(|file| file.read).sum();
        let dropped: Checksum = usage.files.iter().filter(|file| file.dropped).map(|file| file.read).sum();
        let mut rejected = Checksum::default();
        for own in &usage.rejects {
            rejected.lines += 1;
            rejected.add(own.reject.quantity.unwrap_or(Quantity::ZERO));
            *self.rejects.entry(own.reject.reason).or_default() += 1;
        }
        let mut used = Checksum::default();
        for chunk in usage.days.values().flatten() {
            used.lines += chunk.lines.len() as i64;
            chunk.lines.quantity.iter().for_each(|&quantity| used.add(quantity));
        }
        balance::prove(&usage.stamp, "reading and normalising", read, [used, rejected, dropped].into_iter().sum())?;
        self.lines.read += read.lines;
        self.lines.used += used.lines;
        self.lines.rejected += rejected.lines;
        self.lines.dropped += dropped.lines;
        for file in &usage.files {
            self.rounded += if file.dropped { 0 } else { file.rounded };
            self.inputs.push(Input { dropped: file.dropped, ..Input::of(&file.file, file.read.lines) });
        }
        Ok(())
    }

    fn count_attributed(&mut self, owned: &OwnedUsage, snapshots: &Snapshots) {
        self.by_usage_day += owned.lines_decided_by_usage_day();
        self.before_first_snapshot += owned.lines_before_first_snapshot();
        self.findings.extend(snapshots.findings.iter().cloned());
        self.findings.extend(owned.usage.findings.iter().cloned());
        self.inputs.extend(snapshots.pages().map(|page| Input::of(page, 0)));
    }

    fn count_settled(
        &mut self,
        owned: &OwnedUsage,
        packing: Packing,
        daily: &[(Day, Cells)],
        used: &Account<u32>,
        hourly: &Account<u32>,
    ) {
        for (key, _, lines) in daily.iter().flat_map(|(_, cells)| cells.iter()) {
            let attribution = owned.owners[packing.unpack(key).owner as usize].attribution;
            *self.attributions.entry(attribution as Precedence).or_default() += lines as u64;
        }
        for (meter, totals) in used.iter() {
            let hourly = hourly.of(meter);
            self.balance.push(BalanceEntry {
                stamp: owned.usage.stamp.to_string(),
                meter_id: owned.usage.meters[meter as usize].to_string(),
                lines: totals.lines,
                quantity: totals.quantity.to_string(),
                lines_hourly: hourly.lines,
                quantity_hourly: hourly.quantity.to_string(),
            });
        }
    }

    fn count_days(&mut self, coverage: &[(DayCoverage, i64)]) {
        for (day, _) in coverage {
            *self.days.entry(day.state).or_default() += 1;
        }
    }

    /// Refuses what the plan does not tolerate.
    fn refuse(&self, plan: &Plan) -> Result<()> {
        if plan.strict
            && let Some(finding) = self.findings.iter().min()
        {
            return Err(Error::input(format!(
                "{} findings, and --strict tolerates none; the first is {} of stamp {}: {}",
                self.findings.len(),
                finding.code,
                finding.stamp,
                finding.sentence
            ))
            .hint(finding.remedy));
        }
        match plan.rejects_max {
            Some(max) if self.lines.rejected as u64 > max => Err(Error::input(format!(
                "{} lines would be set aside, more than --rejects-max {max}",
                self.lines.rejected
            ))
            .hint("run `stacktally check` to see why they are, and correct the exports or raise the limit")),
            _ => Ok(()),
        }
    }

    fn receipt(
        mut self,
        plan: &Plan,
        publisher: &Publisher,
        skipped: Vec<String>,
        started_at: DateTime<Utc>,
    ) -> Receipt {
        let rfc3339 = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        self.findings.sort();
        self.inputs.sort_by(|a, b| a.path.cmp(&b.path));
        let attribution = |own: &Attribution| self.attributions.get(&(*own as Precedence)).copied().unwrap_or(0);
        let states = [DayState::Partial, DayState::Open, DayState::Settled];
        Receipt {
            format: FORMAT,
            stacktally: env!("CARGO_PKG_VERSION"),
            started_at: rfc3339(started_at),
            finished_at: rfc3339((plan.now)()),
            settings: plan.settings.clone(),
            lines: self.lines,
            lines_rounded: self.rounded,
            lines_attributed_by_usage_day: self.by_usage_day,
            lines_before_first_snapshot: self.before_first_snapshot,
            csv_cells_guarded: publisher.guarded_cells(),
            attributions: Attribution::ALL
                .iter()
                .map(|own| Count { name: own.as_str(), count: attribution(own) })
                .collect(),
            rejects: self.rejects.iter().map(|(reason, &count)| Count { name: reason.as_str(), count }).collect(),
            days: states
                .into_iter()
                .map(|state| Count { name: state.as_str(), count: self.days.get(&state).copied().unwrap_or(0) })
                .collect(),
            findings: self.findings.into_iter().map(Into::into).collect(),
            balance: self.balance,
            inputs: self.inputs,
            skipped,
            published: publisher.files(),
        }
    }
}
