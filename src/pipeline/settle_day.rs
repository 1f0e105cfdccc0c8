//! One day: its lines are sorted, aggregated, checked and published by themselves.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};

use rayon::prelude::*;

use crate::aggregate::{self, Cells, DayFacts};
use crate::attribute::{OwnedUsage, Use};
use crate::balance;
use crate::close::Arrived;
use crate::domain::totals::{Checksum, MeterTotals, Totals};
use crate::domain::{Day, Month};
use crate::error::Result;
use crate::normalise::UsageChunk;
use crate::pipeline::closed_days::arrived;
use crate::pipeline::month_csv::FlatDays;
use crate::pipeline::stamp_context::StampContext;
use crate::publication::layout::{csv_path, hourly_path, lines_path};
use crate::publish::{FlatTime, checksum};
use crate::read::ExportRecord;
use crate::state::{DayNote, ExportOfDay, MeterOfDay, NotedOwner, NotedUse};
use crate::table::flat;

/// The results of a month's days.
#[derive(Default)]
pub(super) struct SettledDays {
    pub daily: BTreeMap<Day, Cells>,
    pub notes: BTreeMap<Day, DayNote>,
    /// Usage from new exports in closed months.
    pub arrived: Vec<Arrived>,
}

/// The result of one day.
struct SettledDay {
    daily: Cells,
    note: DayNote,
    arrived: Vec<Arrived>,
}

/// Signals on drop that a day is finished, even if its thread panics; otherwise the run would wait forever.
struct DoneSignal(mpsc::Sender<()>);

impl Drop for DoneSignal {
    fn drop(&mut self) {
        // The error means that the scope has ended and nobody waits any more.
        let _ = self.0.send(());
    }
}

/// Settles the dirty days of a month, several at a time, and adds each to the flat CSV of the month. It blocks, so it
/// must not run on a thread of the pool.
pub(super) fn settle_days(
    context: &StampContext<'_>,
    month: Month,
    flat: Option<&FlatDays<'_, '_>>,
) -> Result<SettledDays> {
    let in_flight = rayon::current_num_threads();
    let made: Mutex<BTreeMap<Day, Result<SettledDay>>> = Mutex::default();
    let made_now = || made.lock().unwrap_or_else(PoisonError::into_inner);
    let has_failed = || made_now().values().any(Result::is_err);
    let (done, finished) = mpsc::channel();
    rayon::in_place_scope(|scope| {
        let days = context.dirty_days.dirty.range(month.first_day()..month.next().first_day());
        for (at, (&day, _)) in days.enumerate() {
            if at >= in_flight {
                // Each day sends a signal when it is finished, so there is always one to come.
                let _ = finished.recv();
            }
            if has_failed() {
                break;
            }
            let done_signal = DoneSignal(done.clone());
            scope.spawn(move |_| {
                let _done_signal = done_signal;
                let settled = settle_day(context, day, flat);
                made_now().insert(day, settled);
                context.control.advance();
            });
        }
    });
    let mut settled = SettledDays::default();
    for (day, result) in made.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let SettledDay { daily, note, arrived } = result?;
        settled.arrived.extend(arrived);
        // A day without lines is not published any more.
        if !note.exports.is_empty() {
            settled.notes.insert(day, note);
        }
        if !daily.is_empty() {
            settled.daily.insert(day, daily);
        }
    }
    Ok(settled)
}

/// Aggregates, checks and publishes one day.
fn settle_day(context: &StampContext<'_>, day: Day, flat: Option<&FlatDays<'_, '_>>) -> Result<SettledDay> {
    context.control.check()?;
    let chunks = context.owned.usage.take_day(day)?;
    let facts = aggregate::day_facts(context.owned, context.packing, day, &chunks)?;
    prove_day(context, &facts)?;
    // A part of the day is in range, since the whole day was just checked.
    let is_closed = context.dirty_days.is_closed(day.month());
    let arrived = if is_closed { arrived(context, day, &chunks)? } else { Vec::new() };
    let mut note = note_of(context, day, &facts, &context.owned.uses_of(day, &chunks));
    let DayFacts { daily, hourly, used, .. } = facts;
    publish_hours(context, day, &hourly)?;
    // The lines of a day take memory enough without its hours.
    drop(hourly);
    let (exports, flat) = rayon::join(
        || publish_day(context, day, chunks, used.checksum()),
        || flat.map_or(Ok(()), |flat| flat.hand_in(day, daily.clone())),
    );
    note.exports = exports?;
    flat?;
    Ok(SettledDay { daily, note, arrived })
}

/// The note of a day, without its exports.
fn note_of(context: &StampContext<'_>, day: Day, facts: &DayFacts, uses: &[Use]) -> DayNote {
    let OwnedUsage { usage, owners, .. } = context.owned;
    let cells: Vec<_> = facts.daily.key.iter().map(|&key| context.packing.unpack(key)).collect();
    let distinct = |mut ranks: Vec<u32>| {
        ranks.sort_unstable();
        ranks.dedup();
        ranks
    };
    let resources = distinct(cells.iter().map(|cell| cell.resource).collect());
    let owner_ranks = distinct(cells.iter().map(|cell| cell.owner).collect());
    let subscriptions = distinct(owner_ranks.iter().map(|&owner| owners[owner as usize].user_subscription).collect());
    let exports = exports_of(context, day);
    let place = |sorted: &[u32], rank: u32| sorted.partition_point(|&other| other < rank) as u32;
    let owner = |&owner: &u32| {
        let owner = owners[owner as usize];
        NotedOwner {
            billed_subscription: context.owned.billed_subscriptions[owner.billed_subscription as usize].clone(),
            attribution: owner.attribution,
            tenant: owner.tenant.map(|tenant| context.owned.tenants[tenant as usize].clone()),
            user_subscription: place(&subscriptions, owner.user_subscription),
        }
    };
    let meter = |(meter, used): (u32, Totals)| MeterOfDay {
        meter: usage.meters[meter as usize].clone(),
        used,
        used_hourly: facts.used_hourly.of(meter),
    };
    let noted = |used: &Use| NotedUse {
        export: place(&exports, used.export),
        moment: used.moment,
        owner: place(&owner_ranks, used.owner),
        lines: used.lines,
    };
    DayNote {
        exports: Vec::new(),
        user_subscriptions: subscriptions.iter().map(|&rank| usage.user_subscriptions[rank as usize].clone()).collect(),
        meters: facts.used.iter().map(meter).collect(),
        resources: resources.iter().map(|&rank| usage.resources[rank as usize].key).collect(),
        resources_cut: resources
            .iter()
            .map(|&rank| &usage.resources[rank as usize])
            .filter(|resource| resource.is_cut())
            .map(|resource| resource.key)
            .collect(),
        owners: owner_ranks.iter().map(owner).collect(),
        uses: uses.iter().map(noted).collect(),
    }
}

/// The places of the exports that have lines of a day.
fn exports_of(context: &StampContext<'_>, day: Day) -> Vec<u32> {
    let has_lines = |export: &ExportRecord| !export.files.is_empty() && export.days.contains_key(&day);
    (0_u32..).zip(&context.owned.usage.exports).filter(|(_, export)| has_lines(export)).map(|(at, _)| at).collect()
}

/// Publishes the hours of a day.
fn publish_hours(context: &StampContext<'_>, day: Day, hourly: &Cells) -> Result<()> {
    if hourly.is_empty() || context.publisher.is_rehearsal() {
        return Ok(());
    }
    let (columns, sum) = (context.texts.hourly(context.owned, day, hourly)?, checksum([hourly]));
    context.publisher.fact(hourly_path(&context.owned.usage.stamp, day), &columns, sum)?;
    if context.csv_hourly { publish_csv_hourly(context, day, hourly) } else { Ok(()) }
}

/// Publishes the lines of a day, one file for each window. `used` is the checksum of the day.
fn publish_day(
    context: &StampContext<'_>,
    day: Day,
    chunks: Vec<UsageChunk>,
    used: Checksum,
) -> Result<Vec<ExportOfDay>> {
    let mut of_exports: BTreeMap<u32, Vec<UsageChunk>> =
        exports_of(context, day).into_iter().map(|at| (at, Vec::new())).collect();
    // Lines of an export that has none on this day by its record are in no file, and so the day does not balance.
    for chunk in chunks {
        if let Some(of_export) = of_exports.get_mut(&chunk.export) {
            of_export.push(chunk);
        }
    }
    let published = of_exports.into_par_iter().map(|(at, chunks)| publish_lines(context, day, at, chunks));
    let lines: Vec<(Checksum, ExportOfDay)> = published.collect::<Result<_>>()?;
    let (sums, exports): (Vec<Checksum>, Vec<ExportOfDay>) = lines.into_iter().unzip();
    let stamp = &context.owned.usage.stamp;
    balance::prove(stamp, &format!("sorting the lines of {day}"), used, sums.into_iter().sum())?;
    Ok(exports)
}

fn publish_csv_hourly(context: &StampContext<'_>, day: Day, hourly: &Cells) -> Result<()> {
    let mut table = context.publisher.csv_table(flat::CSV_HOURLY.columns);
    context.texts.flat(context.owned, context.names, FlatTime::HourOf(day), hourly, &mut table)?;
    let path = csv_path("hourly", Some(&context.owned.usage.stamp), Some(&day));
    context.publisher.csv(&path, flat::CSV_HOURLY.columns, table, Some(checksum([hourly])))
}

/// Publishes the lines of a day from one export; lines that were loaded from the published table are kept.
fn publish_lines(
    context: &StampContext<'_>,
    day: Day,
    at: u32,
    chunks: Vec<UsageChunk>,
) -> Result<(Checksum, ExportOfDay)> {
    let export = &context.owned.usage.exports[at as usize];
    let path = lines_path(&context.owned.usage.stamp, day, &export.label);
    if let Some(known) = context.dirty_days.loaded.get(&(day, at)) {
        let mut sum = Checksum::default();
        for chunk in chunks {
            chunk.lines.quantity.iter().for_each(|&quantity| sum.add_line(quantity));
        }
        context.publisher.keep(&path)?;
        return Ok((sum, known.clone()));
    }
    let lines = context.owned.usage.sorted_lines(&chunks, at);
    // While the sorted lines are encoded, the lines themselves need not be in memory, too.
    drop(chunks);
    let mut sum = Checksum::of_lines(lines.len());
    lines.quantity.iter().for_each(|&quantity| sum.add(quantity));
    let note = ExportOfDay {
        label: export.label.clone(),
        inputs: export.inputs_of(day),
        lines: lines.len() as i64,
        lines_equal: lines.repeated(),
    };
    if !lines.is_empty() && !context.publisher.is_rehearsal() {
        let columns = context.texts.lines(day, export.window, &lines)?;
        context.publisher.fact(path, &columns, sum)?;
    }
    Ok((sum, note))
}

/// Keeps the published tables of a clean day; flat files with changed texts are written again.
pub(super) fn keep_day(context: &StampContext<'_>, day: Day) -> Result<()> {
    let stamp = &context.owned.usage.stamp;
    for export in &context.dirty_days.clean[&day].exports {
        context.publisher.keep(&lines_path(stamp, day, &export.label))?;
    }
    context.publisher.keep_if_there(&hourly_path(stamp, day));
    let is_written_again = context.csv_hourly && context.dirty_days.months_to_write.contains(&day.month());
    if is_written_again && !context.publisher.is_rehearsal() {
        return clean_hours(context, day)?.map_or(Ok(()), |hourly| publish_csv_hourly(context, day, &hourly));
    }
    context.publisher.keep_csv(&csv_path("hourly", Some(stamp), Some(&day)));
    Ok(())
}

/// The published hours of a clean day, checked against the totals in its note; `None` if there are none.
fn clean_hours(context: &StampContext<'_>, day: Day) -> Result<Option<Cells>> {
    let hourly = context.published.hourly(day)?;
    let mut noted = MeterTotals::default();
    for MeterOfDay { meter, used_hourly, .. } in &context.dirty_days.clean[&day].meters {
        noted.add(context.rank_of(meter), *used_hourly)?;
    }
    let account = aggregate::account(context.packing, &hourly)?;
    context.books().prove_account(&format!("publishing the hours of {day}"), &noted, &account)?;
    Ok((!hourly.is_empty()).then_some(hourly))
}

/// Checks a day, for each meter: read = used = daily, and the Hourly part of used = hourly.
fn prove_day(context: &StampContext<'_>, facts: &DayFacts) -> Result<()> {
    let DayFacts { day, hourly, daily, used, used_hourly } = facts;
    let usage = &context.owned.usage;
    let at = |stage: &str| format!("{stage} {day}");
    let account = |cells| aggregate::account(context.packing, cells);
    context.books().prove_read(&at("normalising"), &usage.read_on(*day), used)?;
    context.books().prove_account(&at("aggregating the daily fact of"), used, &account(daily)?)?;
    context.books().prove_account(&at("aggregating the hourly fact of"), used_hourly, &account(hourly)?)
}
