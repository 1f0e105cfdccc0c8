//! Settle: the days of a stamp that were touched, each sorted, aggregated, proved and published by itself; then the months
//! that they change, from these days and from those that stand as they were published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, mpsc};

use rayon::prelude::*;

use super::adjustments::{Adjustment, Arrived};
use super::base::Base;
use super::closed::ClosedUsage;
use super::corrections::DayTotals;
use super::flat_days::FlatDays;
use super::making::Making;
use super::work::StampWork;
use crate::aggregate::{self, DayFacts, Packing};
use crate::attribute::{OwnedUsage, Use};
use crate::balance::{self, Books};
use crate::domain::totals::{Account, Checksum, Totals};
use crate::domain::{Day, MeterId, Month, Stamp};
use crate::error::Result;
use crate::frame::Cells;
use crate::normalise::UsageChunk;
use crate::publish::Publisher;
use crate::publish::csv::CsvTable;
use crate::publish::dimensions::Names;
use crate::publish::facts::{Dated, FlatTime, Seen, StampTexts, checksum};
use crate::read::ExportLines;
use crate::schema::{self, daily_path, flat};
use crate::state::{DayNote, ExportOfDay, MeterOfDay, NotedOwner, NotedUse};
use crate::watch::Watch;

/// A stamp, settled.
#[derive(Debug)]
pub struct SettledStamp {
    /// Every day that has lines, whether it was settled now or stands.
    pub notes: BTreeMap<Day, DayNote>,
    /// Months whose figures changed, or may have.
    pub months_rewritten: BTreeSet<Month>,
    /// What the settled days say.
    pub after: DayTotals,
    pub adjusted: Adjusted,
}

/// What came to closed months.
#[derive(Debug)]
pub struct Adjusted {
    /// In this run.
    pub rows: Vec<Adjustment>,
    /// In all, by meter; and by month as well, where that is not nothing.
    pub by_meter: BTreeMap<String, Totals>,
    pub by_month: BTreeMap<(Month, String), Totals>,
}

/// What was noted of a day, by the ranks of this process. `places` are those of the exports, by their windows.
pub fn uses_of(owned: &OwnedUsage, places: &BTreeMap<&str, usize>, note: &DayNote) -> Vec<Use> {
    let exports: Vec<Option<usize>> = note.exports.iter().map(|own| places.get(own.label.as_str()).copied()).collect();
    let of = |own: &NotedUse| {
        let owner = &note.owners[own.owner as usize];
        let id = &note.user_subscriptions[owner.user_subscription as usize];
        let user_subscription = owned.usage.user_subscriptions.binary_search(id).ok()? as u32;
        let owner = owned.owner_at(own.moment, user_subscription)?;
        Some(Use { export: exports[own.export as usize]? as u32, moment: own.moment, owner, lines: own.lines })
    };
    note.uses.iter().filter_map(of).collect()
}

/// Settles the touched days of a stamp: lines, hourly, daily, monthly.
///
/// # Errors
/// Totals that do not balance, a sum past the range, a table that cannot be staged, a signal.
pub fn settle(
    making: &Making<'_>,
    owned: &OwnedUsage,
    work: &StampWork,
    former_exports: &BTreeSet<String>,
) -> Result<SettledStamp> {
    let packing = Packing::new(owned.owners.len(), owned.usage.meters.len(), owned.usage.resources.len())?;
    let texts = StampTexts::new(owned, packing);
    let Making { watch, publisher, names, plan, .. } = making;
    let base = Base::of(publisher.out(), owned, packing, &work.closed);
    watch.begin_stamp("settling", &owned.usage.stamp, work.touched.len() as u64);
    let csv_hourly = plan.deciding.csv_hourly;
    let settling = Settling { watch, publisher, names, owned, packing, texts, base, csv_hourly, work, former_exports };

    for &day in work.standing.keys() {
        settling.keep_day(day)?;
    }
    let mut settled = settling.standing()?;
    let months_rewritten = work.months();
    let mut published = settling.published_months(&months_rewritten)?;
    for month in settling.months_of_stamp() {
        let is_written = months_rewritten.contains(&month);
        let cells = if is_written { None } else { published.remove(&month) };
        settling.month(month, is_written, cells, &mut settled)?;
    }
    settling.publish_months(&settled.months, &months_rewritten)?;
    settling.prove_months(&settled.used, &settled.months)?;
    settling.publish_default_usage(settled.defaults)?;
    let adjusted = settling.adjustments(settled.closed, &settled.notes)?;
    let SettledMonths { notes, after, .. } = settled;
    Ok(SettledStamp { notes, months_rewritten, after, adjusted })
}

/// What the months of a stamp leave behind, one after the other.
#[derive(Default)]
struct SettledMonths {
    notes: BTreeMap<Day, DayNote>,
    /// What is published, by the ranks of meters: the bound that makes the engine's sums of months safe.
    used: Account<u32>,
    months: Vec<(Month, Cells)>,
    /// What fell on the default subscription.
    defaults: Vec<(Day, Cells)>,
    after: DayTotals,
    closed: ClosedUsage,
}

/// What every step of settling a stamp needs.
pub struct Settling<'a> {
    watch: &'a Watch,
    pub publisher: &'a Publisher,
    names: &'a Names,
    pub owned: &'a OwnedUsage,
    pub packing: Packing,
    texts: StampTexts,
    pub base: Base<'a>,
    csv_hourly: bool,
    pub work: &'a StampWork,
    /// Windows of the exports that the last run knew.
    pub former_exports: &'a BTreeSet<String>,
}

/// What the days of a month leave behind.
#[derive(Default)]
struct SettledDays {
    daily: BTreeMap<Day, Cells>,
    notes: BTreeMap<Day, DayNote>,
    /// What new exports brought to closed months.
    arrived: Vec<Arrived>,
}

/// What one day leaves behind.
struct SettledDay {
    daily: Cells,
    note: DayNote,
    arrived: Vec<Arrived>,
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
    /// Settles the touched days of a month, some of them at a time, and hands each to what is written of all. Waits for them, so it
    /// is not for a thread of the pool.
    fn days(&self, month: Month, flat: Option<&FlatDays<'_, '_>>) -> Result<SettledDays> {
        let in_flight = rayon::current_num_threads();
        let made: Mutex<BTreeMap<Day, Result<SettledDay>>> = Mutex::default();
        let made_now = || made.lock().unwrap_or_else(PoisonError::into_inner);
        let has_failed = || made_now().values().any(Result::is_err);
        let (done, finished) = mpsc::channel();
        rayon::in_place_scope(|scope| {
            let days = self.work.touched.range(month.first_day()..month.next().first_day());
            for (at, (&day, _)) in days.enumerate() {
                if at >= in_flight {
                    // Each day says so when it goes, so there is always one to come.
                    let _ = finished.recv();
                }
                if has_failed() {
                    break;
                }
                let says_done = SaysDone(done.clone());
                scope.spawn(move |_| {
                    let _says_done = says_done;
                    let settled = self.day(day, flat);
                    made_now().insert(day, settled);
                    self.watch.advance();
                });
            }
        });
        let mut settled = SettledDays::default();
        for (day, own) in made.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let SettledDay { daily, note, arrived } = own?;
            settled.arrived.extend(arrived);
            // A day without lines is gone.
            if !note.exports.is_empty() {
                settled.notes.insert(day, note);
            }
            if !daily.is_empty() {
                settled.daily.insert(day, daily);
            }
        }
        Ok(settled)
    }

    /// Aggregates, proves and publishes one day.
    fn day(&self, day: Day, flat: Option<&FlatDays<'_, '_>>) -> Result<SettledDay> {
        self.watch.check()?;
        let chunks = self.owned.usage.take_day(day)?;
        let facts = aggregate::day_facts(self.owned, self.packing, day, &chunks)?;
        self.prove_day(&facts)?;
        // What is a part of the day stays within the bounds that the day was just held to.
        let is_closed = self.work.is_closed(day.month());
        let arrived = if is_closed { self.arrived(day, &chunks)? } else { Vec::new() };
        let mut note = self.note_of(day, &facts, &self.owned.uses_of(day, &chunks));
        let DayFacts { daily, hourly, used, .. } = facts;
        note.exports = self.publish_day(day, &chunks, &hourly, used.checksum())?;
        drop((chunks, hourly));
        flat.map_or(Ok(()), |flat| flat.hand_in(day, daily.clone()))?;
        Ok(SettledDay { daily, note, arrived })
    }

    /// What is to be known of a day, less its exports.
    fn note_of(&self, day: Day, facts: &DayFacts, uses: &[Use]) -> DayNote {
        let OwnedUsage { usage, owners, .. } = self.owned;
        let cells: Vec<_> = facts.daily.key.iter().map(|&key| self.packing.unpack(key)).collect();
        let distinct = |mut own: Vec<u32>| {
            own.sort_unstable();
            own.dedup();
            own
        };
        let resources = distinct(cells.iter().map(|cell| cell.resource).collect());
        let owner_ranks = distinct(cells.iter().map(|cell| cell.owner).collect());
        let subscriptions =
            distinct(owner_ranks.iter().map(|&owner| owners[owner as usize].user_subscription).collect());
        let exports = self.exports_of(day);
        let place = |sorted: &[u32], own: u32| sorted.partition_point(|&other| other < own) as u32;
        let owner = |&owner: &u32| {
            let own = owners[owner as usize];
            NotedOwner {
                billed_subscription: self.owned.billed_subscriptions[own.billed_subscription as usize].clone(),
                attribution: own.attribution,
                tenant: own.tenant.map(|tenant| self.owned.tenants[tenant as usize].clone()),
                user_subscription: place(&subscriptions, own.user_subscription),
            }
        };
        let meter = |(meter, used): (u32, Totals)| MeterOfDay {
            meter: usage.meters[meter as usize].clone(),
            used,
            used_hourly: facts.used_hourly.of(meter),
        };
        let noted = |own: &Use| NotedUse {
            export: place(&exports, own.export),
            moment: own.moment,
            owner: place(&owner_ranks, own.owner),
            lines: own.lines,
        };
        DayNote {
            exports: Vec::new(),
            user_subscriptions: subscriptions
                .iter()
                .map(|&own| usage.user_subscriptions[own as usize].clone())
                .collect(),
            meters: facts.used.iter().map(meter).collect(),
            resources: resources.iter().map(|&own| usage.resources[own as usize].key).collect(),
            resources_cut: resources
                .iter()
                .map(|&own| &usage.resources[own as usize])
                .filter(|own| own.is_cut())
                .map(|own| own.key)
                .collect(),
            owners: owner_ranks.iter().map(owner).collect(),
            uses: uses.iter().map(noted).collect(),
        }
    }

    /// The places of the exports that have lines of a day.
    fn exports_of(&self, day: Day) -> Vec<u32> {
        let has_lines = |export: &ExportLines| !export.files.is_empty() && export.days.contains_key(&day);
        (0_u32..).zip(&self.owned.usage.exports).filter(|(_, export)| has_lines(export)).map(|(at, _)| at).collect()
    }

    /// Publishes the lines of a day, a file for each window, and its hours. `used` is what the day holds.
    fn publish_day(&self, day: Day, chunks: &[UsageChunk], hourly: &Cells, used: Checksum) -> Result<Vec<ExportOfDay>> {
        let stamp = &self.owned.usage.stamp;
        let exports = self.exports_of(day);
        let lines: Vec<(Checksum, ExportOfDay)> =
            exports.into_par_iter().map(|at| self.publish_lines(day, at, chunks)).collect::<Result<_>>()?;
        let (sums, exports): (Vec<Checksum>, Vec<ExportOfDay>) = lines.into_iter().unzip();
        balance::prove(stamp, &format!("sorting the lines of {day}"), used, sums.into_iter().sum())?;
        if hourly.is_empty() || self.publisher.is_rehearsal() {
            return Ok(exports);
        }
        let (columns, sum) = (self.texts.hourly(self.owned, day, hourly), checksum([hourly]));
        self.publisher.fact(format!("hourly/{stamp}/{day}.parquet"), &schema::HOURLY, &columns, sum)?;
        if self.csv_hourly {
            self.publish_csv_hourly(day, hourly)?;
        }
        Ok(exports)
    }

    fn publish_csv_hourly(&self, day: Day, hourly: &Cells) -> Result<()> {
        let mut table = self.publisher.csv_table(flat::CSV_HOURLY.columns);
        self.texts.flat(self.owned, self.names, FlatTime::HourOf(day), hourly, &mut table)?;
        let path = flat::csv_path("hourly", Some(&self.owned.usage.stamp), Some(&day));
        self.publisher.csv(&path, flat::CSV_HOURLY.columns, table, Some(checksum([hourly])))
    }

    /// Publishes the lines of one export among a day's; those that were loaded from where they are published stay.
    fn publish_lines(&self, day: Day, at: u32, chunks: &[UsageChunk]) -> Result<(Checksum, ExportOfDay)> {
        let export = &self.owned.usage.exports[at as usize];
        let path = lines_path(&self.owned.usage.stamp, day, &export.label);
        if let Some(known) = self.work.loaded.get(&(day, at)) {
            let mut sum = Checksum::default();
            for chunk in chunks.iter().filter(|chunk| chunk.export == at) {
                chunk.lines.quantity.iter().for_each(|&quantity| sum.add_line(quantity));
            }
            self.publisher.keep(&path)?;
            return Ok((sum, known.clone()));
        }
        let lines = self.owned.usage.sorted_lines(chunks, at);
        let mut sum = Checksum::of_lines(lines.len());
        lines.quantity.iter().for_each(|&quantity| sum.add(quantity));
        let note = ExportOfDay {
            label: export.label.clone(),
            inputs: export.inputs_of(day),
            lines: lines.len() as i64,
            lines_equal: lines.repeated(),
        };
        if !lines.is_empty() && !self.publisher.is_rehearsal() {
            let columns = self.texts.lines(day, export.window, &lines);
            self.publisher.fact(path, &schema::LINES, &columns, sum)?;
        }
        Ok((sum, note))
    }

    /// Lets what is published of a day stay, less flat files whose texts changed.
    fn keep_day(&self, day: Day) -> Result<()> {
        let stamp = &self.owned.usage.stamp;
        for export in &self.work.standing[&day].exports {
            self.publisher.keep(&lines_path(stamp, day, &export.label))?;
        }
        self.publisher.keep_if_there(&format!("hourly/{stamp}/{day}.parquet"));
        let is_written_again = self.csv_hourly && self.work.months_to_write.contains(&day.month());
        if is_written_again && !self.publisher.is_rehearsal() {
            return self.standing_hours(day)?.map_or(Ok(()), |hourly| self.publish_csv_hourly(day, &hourly));
        }
        self.publisher.keep_csv(&flat::csv_path("hourly", Some(stamp), Some(&day)));
        Ok(())
    }

    /// What settled days say of each billed subscription and meter.
    fn totals(&self, daily: &BTreeMap<Day, Cells>) -> Result<DayTotals> {
        let mut totals = DayTotals::new();
        for (&day, cells) in daily {
            let mut sums: BTreeMap<(u32, u32), Totals> = BTreeMap::new();
            for (key, quantity, lines) in cells.iter() {
                let cell = self.packing.unpack(key);
                let billed = self.owned.owners[cell.owner as usize].billed_subscription;
                sums.entry((billed, cell.meter)).or_default().merge(Totals { lines, quantity })?;
            }
            for ((billed, meter), sum) in sums {
                let billed = self.owned.billed_subscriptions[billed as usize].to_string();
                totals.insert((day, billed, self.owned.usage.meters[meter as usize].to_string()), sum);
            }
        }
        Ok(totals)
    }

    /// What stands, before any day is settled. Of closed months what was closed is published, and adjustments beside it.
    fn standing(&self) -> Result<SettledMonths> {
        let mut settled = SettledMonths::default();
        for (meter, totals) in self.work.closed.values().flat_map(|own| &own.used) {
            settled.used.add(self.rank_of(meter), *totals)?;
        }
        for (&day, note) in &self.work.standing {
            self.note(day, note.clone(), &mut settled)?;
        }
        Ok(settled)
    }

    /// Takes in what is known of a day.
    fn note(&self, day: Day, note: DayNote, settled: &mut SettledMonths) -> Result<()> {
        if !self.work.is_closed(day.month()) {
            for (meter, totals) in self.account_of(&note)?.iter() {
                let past_range = |_past_range| aggregate::past_range(self.owned, meter, day);
                settled.used.add(meter, totals).map_err(past_range)?;
            }
        }
        settled.notes.insert(day, note);
        Ok(())
    }

    /// Every month that has something published, or had.
    fn months_of_stamp(&self) -> BTreeSet<Month> {
        let days = self.work.standing.keys().chain(self.work.touched.keys());
        days.map(|day| day.month()).chain(self.work.closed.keys().copied()).collect()
    }

    /// The cells of the months that are not written again.
    fn published_months(&self, to_write: &BTreeSet<Month>) -> Result<BTreeMap<Month, Cells>> {
        let all = self.months_of_stamp();
        // Where no month stands, the table need not even be there.
        if all.is_subset(to_write) {
            return Ok(BTreeMap::new());
        }
        self.base.monthly(|month| all.contains(&month) && !to_write.contains(&month))
    }

    /// Settles the touched days of a month, and publishes it, unless what is `published` of it stays.
    fn month(
        &self,
        month: Month,
        is_written: bool,
        published: Option<Cells>,
        settled: &mut SettledMonths,
    ) -> Result<()> {
        self.watch.check()?;
        let stamp = &self.owned.usage.stamp;
        let is_closed = self.work.is_closed(month);
        let mut standing = if is_written && !is_closed { self.standing_days(month)? } else { BTreeMap::new() };
        let is_flat = is_written && !is_closed && !self.publisher.is_rehearsal();
        let flat = is_flat.then(|| self.flat_days(month, &standing)).transpose()?;
        let SettledDays { daily, notes, arrived } = self.days(month, flat.as_ref())?;
        for (day, note) in notes {
            self.note(day, note, settled)?;
        }
        if is_closed {
            settled.closed.take(self, month, &daily, arrived)?;
        } else {
            settled.after.extend(self.totals(&daily)?);
        }
        if !is_written {
            let cells = published.ok_or_else(|| self.base.contradiction("monthly", month))?;
            self.publisher.keep(&daily_path(stamp, month))?;
            self.publisher.keep_csv(&flat::csv_path("daily", Some(stamp), Some(&month)));
            settled.months.push((month, cells));
            return Ok(());
        }
        standing.extend(daily);
        let days = if is_closed { self.base.frozen(month)? } else { standing };
        if days.is_empty() {
            return Ok(());
        }
        settled.months.push((month, aggregate::month_facts(self.packing, days.values())?));
        settled.defaults.extend(aggregate::default_facts(self.owned, self.packing, &days)?);
        let dated = Dated::of(days.iter().map(|(day, cells)| (*day, cells)));
        if self.publisher.is_rehearsal() {
            return if self.publisher.takes(&schema::DAILY) { self.publish_daily(month, &dated) } else { Ok(()) };
        }
        let flat = match flat {
            Some(flat) => flat,
            None => self.flat_days(month, &days)?,
        };
        drop(days);
        let csv = || self.publish_csv_daily(month, flat, dated.checksum());
        let (parquet, csv) = rayon::join(|| self.publish_daily(month, &dated), csv);
        parquet.and(csv)
    }

    /// The flat CSV of a month, with some of its days; those that are touched are yet to come.
    fn flat_days(&self, month: Month, days: &BTreeMap<Day, Cells>) -> Result<FlatDays<'_, '_>> {
        let is_closed = self.work.is_closed(month);
        let touched = self.work.touched.range(month.first_day()..month.next().first_day()).map(|(&day, _)| day);
        let coming: BTreeSet<Day> = touched.filter(|_| !is_closed).collect();
        let flat = FlatDays::new(self, coming.iter().chain(days.keys()).copied().collect::<BTreeSet<Day>>());
        for (&day, cells) in days.iter().filter(|(day, _)| !coming.contains(day)) {
            flat.hand_in(day, cells.clone())?;
        }
        Ok(flat)
    }

    /// Adds a day to the flat CSV of its month.
    pub fn flat_day(&self, day: Day, cells: &Cells, table: &mut CsvTable) -> Result<()> {
        self.watch.check()?;
        self.texts.flat(self.owned, self.names, FlatTime::Day(day), cells, table)
    }

    fn publish_months(&self, months: &[(Month, Cells)], to_write: &BTreeSet<Month>) -> Result<()> {
        let stamp = &self.owned.usage.stamp;
        // Without any day there is nothing to say, whatever was published.
        if months.is_empty() || self.publisher.is_rehearsal() {
            return Ok(());
        }
        if to_write.is_empty() {
            self.publisher.keep_if_there(&monthly_path(stamp));
            return Ok(());
        }
        let dated = Dated::of(months.iter().map(|(month, cells)| (month.first_day(), cells)));
        let columns = self.texts.monthly(self.owned, &dated);
        self.publisher.fact(monthly_path(stamp), &schema::MONTHLY, &columns, dated.checksum())
    }

    /// The cells of the days of a month that stand, as they are published, each proved to be what was noted of it.
    fn standing_days(&self, month: Month) -> Result<BTreeMap<Day, Cells>> {
        let standing = || self.work.standing.iter().filter(|(day, _)| day.month() == month);
        if standing().next().is_none() {
            return Ok(BTreeMap::new());
        }
        let published = self.base.daily(month, &self.work.standing)?;
        for (day, note) in standing() {
            let cells = published.get(day).ok_or_else(|| self.base.contradiction("daily", *day))?;
            let account = aggregate::account(self.packing, cells)?;
            self.books().prove_account(&format!("publishing {day}"), &self.account_of(note)?, &account)?;
        }
        Ok(published)
    }

    /// The hours of a day that stands, as they are published, proved to be what was noted of it; `None` where it has none.
    fn standing_hours(&self, day: Day) -> Result<Option<Cells>> {
        let hourly = self.base.hourly(day)?;
        let mut noted = Account::default();
        for MeterOfDay { meter, used_hourly, .. } in &self.work.standing[&day].meters {
            noted.add(self.rank_of(meter), *used_hourly)?;
        }
        let account = aggregate::account(self.packing, &hourly)?;
        self.books().prove_account(&format!("publishing the hours of {day}"), &noted, &account)?;
        Ok((!hourly.is_empty()).then_some(hourly))
    }

    fn publish_daily(&self, month: Month, days: &Dated) -> Result<()> {
        let columns = self.texts.daily(self.owned, days);
        self.publisher.fact(daily_path(&self.owned.usage.stamp, month), &schema::DAILY, &columns, days.checksum())
    }

    fn publish_csv_daily(&self, month: Month, days: FlatDays<'_, '_>, sum: Checksum) -> Result<()> {
        let path = flat::csv_path("daily", Some(&self.owned.usage.stamp), Some(&month));
        self.publisher.csv(&path, flat::CSV_DAILY.columns, days.finish()?, Some(sum))
    }

    /// Publishes what fell on the stamp's default subscription, even if that is nothing: it is what one looks for.
    fn publish_default_usage(&self, mut days: Vec<(Day, Cells)>) -> Result<()> {
        if self.publisher.is_rehearsal() {
            return Ok(());
        }
        let stamp = &self.owned.usage.stamp;
        let csv = flat::csv_path("default_usage", Some(stamp), None);
        let is_touched = self.work.touched.keys().any(|day| !self.work.is_closed(day.month()));
        if !is_touched && !self.work.texts_changed && !self.work.is_full && self.base.has(&default_path(stamp)) {
            self.publisher.keep(&default_path(stamp))?;
            self.publisher.keep_csv(&csv);
            return Ok(());
        }
        // What was not written again stands as it is published.
        if !self.work.is_full {
            let written = self.work.months();
            days.extend(self.base.default_usage(|day| self.stands_in_default_usage(day, &written))?);
        }
        days.sort_unstable_by_key(|(day, _)| *day);
        let seen = Seen::of(&days);
        let dated = Dated::of(days.iter().map(|(day, cells)| (*day, cells)));
        let sum = dated.checksum();
        let columns = self.texts.default_usage(self.owned, &dated, &seen);
        self.publisher.fact(default_path(stamp), &schema::DEFAULT_USAGE, &columns, sum)?;
        let mut table = CsvTable::new(flat::CSV_DEFAULT_USAGE.columns);
        self.texts.flat_default_usage(self.owned, self.names, &days, &seen, &mut table)?;
        self.publisher.csv(&csv, flat::CSV_DEFAULT_USAGE.columns, table, Some(sum))
    }

    /// Whether what `default_usage` says of a day still holds.
    fn stands_in_default_usage(&self, day: Day, written: &BTreeSet<Month>) -> bool {
        let is_there = self.work.is_closed(day.month()) || self.work.standing.contains_key(&day);
        is_there && !written.contains(&day.month())
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

    /// What was noted of a day, by the ranks of meters.
    fn account_of(&self, note: &DayNote) -> Result<Account<u32>> {
        let mut account = Account::default();
        for MeterOfDay { meter, used, .. } in &note.meters {
            account.add(self.rank_of(meter), *used)?;
        }
        Ok(account)
    }

    fn rank_of(&self, meter: &MeterId) -> u32 {
        self.owned.usage.meters.binary_search(meter).expect("every meter that is noted has a rank") as u32
    }
}

/// Where a stamp's lines of a day and export are published.
pub fn lines_path(stamp: &Stamp, day: Day, label: &str) -> String {
    format!("lines/{stamp}/{day}/{label}.parquet")
}

/// Where a stamp's months are published.
pub fn monthly_path(stamp: &Stamp) -> String {
    format!("monthly/{stamp}.parquet")
}

fn default_path(stamp: &Stamp) -> String {
    format!("default_usage/{stamp}.parquet")
}
