//! Settle: each dirty day of a stamp is sorted, aggregated, checked and published by itself; then the changed months
//! are made from these days and from the published clean days.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::DayTotals;
use super::closed_days::{ClosedUsage, StampAdjustments, adjustments};
use super::context::RunContext;
use super::dirty_days::DirtyDays;
use super::month_csv::FlatDays;
use super::published_facts::PublishedFacts;
use super::stamp_context::StampContext;
use crate::aggregate::{self, Cells, Packing};
use crate::attribute::{OwnedUsage, Use};
use crate::domain::totals::{Checksum, MeterTotals, Totals};
use crate::domain::{Day, Month};
use crate::error::Result;
use crate::pipeline::settle_day::{SettledDays, keep_day, settle_days};
use crate::publication::layout::{csv_path, daily_path, default_usage_path, monthly_path};
use crate::publish::{Dated, Names, SeenDays, StampTexts};
use crate::state::{DayNote, NotedUse};
use crate::table::csv::CsvTable;
use crate::table::{contract, flat};

/// A stamp, settled.
#[derive(Debug)]
pub(super) struct SettledStamp {
    /// Every day that has lines, dirty or clean.
    pub notes: BTreeMap<Day, DayNote>,
    /// Months whose figures may have changed.
    pub months_rewritten: BTreeSet<Month>,
    /// The totals of the settled days.
    pub after: DayTotals,
    pub adjusted: StampAdjustments,
}

/// The uses in a day's note, with the ranks of this process. `places` are those of the exports, by their windows.
pub(super) fn uses_of(owned: &OwnedUsage, places: &BTreeMap<&str, usize>, note: &DayNote) -> Vec<Use> {
    let exports: Vec<Option<usize>> =
        note.exports.iter().map(|export| places.get(export.label.as_str()).copied()).collect();
    let of = |noted: &NotedUse| {
        let owner = &note.owners[noted.owner as usize];
        let id = &note.user_subscriptions[owner.user_subscription as usize];
        let user_subscription = owned.usage.user_subscriptions.binary_search(id).ok()? as u32;
        let owner = owned.owner_at(noted.moment, user_subscription)?;
        Some(Use { export: exports[noted.export as usize]? as u32, moment: noted.moment, owner, lines: noted.lines })
    };
    note.uses.iter().filter_map(of).collect()
}

/// Settles the dirty days of a stamp: `lines`, `hourly`, `daily` and `monthly`.
///
/// # Errors
/// Totals that do not balance, a sum past the range, a table that cannot be staged, a signal.
pub(super) fn settle(
    run: &RunContext<'_>,
    names: &Names,
    owned: &OwnedUsage,
    dirty_days: &DirtyDays,
    previous_exports: &BTreeSet<String>,
) -> Result<SettledStamp> {
    let packing = Packing::new(owned.owners.len(), owned.usage.meters.len(), owned.usage.resources.len())?;
    let RunContext { control, publisher, plan, .. } = *run;
    control.begin_stamp("settling", &owned.usage.stamp, dirty_days.dirty.len() as u64);
    let context = StampContext {
        control,
        publisher,
        names,
        owned,
        packing,
        texts: StampTexts::new(owned, packing),
        published: PublishedFacts::new(publisher.out(), owned, packing, &dirty_days.closed),
        csv_hourly: plan.deciding.csv_hourly,
        dirty_days,
        previous_exports,
    };

    for &day in dirty_days.clean.keys() {
        keep_day(&context, day)?;
    }
    let mut settled = before_settling(&context)?;
    let months_rewritten = dirty_days.months();
    let mut published = published_months(&context, &months_rewritten)?;
    for month in months_of_stamp(&context) {
        let is_written = months_rewritten.contains(&month);
        let cells = if is_written { None } else { published.remove(&month) };
        settle_month(&context, month, is_written, cells, &mut settled)?;
    }
    publish_months(&context, &settled.months, &months_rewritten)?;
    prove_months(&context, &settled.used, &settled.months)?;
    publish_default_usage(&context, settled.defaults)?;
    let adjusted = adjustments(&context, settled.closed, &settled.notes)?;
    let SettledMonths { notes, after, .. } = settled;
    Ok(SettledStamp { notes, months_rewritten, after, adjusted })
}

/// The results of a stamp's months, collected one after the other.
#[derive(Default)]
struct SettledMonths {
    notes: BTreeMap<Day, DayNote>,
    /// The published totals, by the ranks of meters: because they are in range, so are the engine's sums of months.
    used: MeterTotals<u32>,
    months: Vec<(Month, Cells)>,
    /// The usage of the default subscription.
    defaults: Vec<(Day, Cells)>,
    after: DayTotals,
    closed: ClosedUsage,
}

/// The totals of settled days, by billed subscription and meter.
fn day_totals(context: &StampContext<'_>, daily: &BTreeMap<Day, Cells>) -> Result<DayTotals> {
    let mut totals = DayTotals::new();
    for (&day, cells) in daily {
        let mut sums: BTreeMap<(u32, u32), Totals> = BTreeMap::new();
        for (key, quantity, lines) in cells.iter() {
            let cell = context.packing.unpack(key);
            let billed = context.owned.owners[cell.owner as usize].billed_subscription;
            sums.entry((billed, cell.meter)).or_default().merge(Totals { lines, quantity })?;
        }
        for ((billed, meter), sum) in sums {
            let billed = context.owned.billed_subscriptions[billed as usize].to_string();
            totals.insert((day, billed, context.owned.usage.meters[meter as usize].to_string()), sum);
        }
    }
    Ok(totals)
}

/// The clean days and closed months, before any day is settled. Closed months are published as they were closed, with
/// adjustments beside them.
fn before_settling(context: &StampContext<'_>) -> Result<SettledMonths> {
    let mut settled = SettledMonths::default();
    for (meter, totals) in context.dirty_days.closed.values().flat_map(|frozen| &frozen.used) {
        settled.used.add(context.rank_of(meter), *totals)?;
    }
    for (&day, note) in &context.dirty_days.clean {
        take_note(context, day, note.clone(), &mut settled)?;
    }
    Ok(settled)
}

/// Adds the note of a day.
fn take_note(context: &StampContext<'_>, day: Day, note: DayNote, settled: &mut SettledMonths) -> Result<()> {
    if !context.dirty_days.is_closed(day.month()) {
        for (meter, totals) in context.account_of(&note)?.iter() {
            let past_range = |_past_range| aggregate::past_range(context.owned, meter, day);
            settled.used.add(meter, totals).map_err(past_range)?;
        }
    }
    settled.notes.insert(day, note);
    Ok(())
}

/// Every month that has published figures, or had some.
fn months_of_stamp(context: &StampContext<'_>) -> BTreeSet<Month> {
    let days = context.dirty_days.clean.keys().chain(context.dirty_days.dirty.keys());
    days.map(|day| day.month()).chain(context.dirty_days.closed.keys().copied()).collect()
}

/// The cells of the months that are not written again.
fn published_months(context: &StampContext<'_>, to_write: &BTreeSet<Month>) -> Result<BTreeMap<Month, Cells>> {
    let all = months_of_stamp(context);
    // If no month is clean, the table need not even exist.
    if all.is_subset(to_write) {
        return Ok(BTreeMap::new());
    }
    context.published.monthly(|month| all.contains(&month) && !to_write.contains(&month))
}

/// Settles the dirty days of a month, and publishes it. A month that is not written again keeps its `published` cells.
fn settle_month(
    context: &StampContext<'_>,
    month: Month,
    is_written: bool,
    published: Option<Cells>,
    settled: &mut SettledMonths,
) -> Result<()> {
    context.control.check()?;
    let stamp = &context.owned.usage.stamp;
    let is_closed = context.dirty_days.is_closed(month);
    let mut clean = if is_written && !is_closed { clean_days(context, month)? } else { BTreeMap::new() };
    let is_flat = is_written && !is_closed && !context.publisher.is_rehearsal();
    let flat = is_flat.then(|| flat_days(context, month, &clean)).transpose()?;
    let SettledDays { daily, notes, arrived } = settle_days(context, month, flat.as_ref())?;
    for (day, note) in notes {
        take_note(context, day, note, settled)?;
    }
    if is_closed {
        settled.closed.take(context, month, &daily, arrived)?;
    } else {
        settled.after.extend(day_totals(context, &daily)?);
    }
    if !is_written {
        let cells = published.ok_or_else(|| context.published.contradiction("monthly", month))?;
        context.publisher.keep(&daily_path(stamp, month))?;
        context.publisher.keep_csv(&csv_path("daily", Some(stamp), Some(&month)));
        settled.months.push((month, cells));
        return Ok(());
    }
    clean.extend(daily);
    let days = if is_closed { context.published.frozen(month)? } else { clean };
    if days.is_empty() {
        return Ok(());
    }
    settled.months.push((month, aggregate::month_facts(context.packing, days.values())?));
    settled.defaults.extend(aggregate::default_facts(context.owned, context.packing, &days)?);
    let dated = Dated::of(days.iter().map(|(day, cells)| (*day, cells)));
    if context.publisher.is_rehearsal() {
        return if context.publisher.takes(&contract::DAILY) { publish_daily(context, month, &dated) } else { Ok(()) };
    }
    let flat = match flat {
        Some(flat) => flat,
        None => flat_days(context, month, &days)?,
    };
    drop(days);
    let csv = || publish_csv_daily(context, month, flat, dated.checksum());
    let (parquet, csv) = rayon::join(|| publish_daily(context, month, &dated), csv);
    parquet.and(csv)
}

/// The flat CSV of a month with some of its days; dirty days are added when they are settled.
fn flat_days<'s, 'a>(
    context: &'s StampContext<'a>,
    month: Month,
    days: &BTreeMap<Day, Cells>,
) -> Result<FlatDays<'s, 'a>> {
    let is_closed = context.dirty_days.is_closed(month);
    let dirty = context.dirty_days.dirty.range(month.first_day()..month.next().first_day()).map(|(&day, _)| day);
    let coming: BTreeSet<Day> = dirty.filter(|_| !is_closed).collect();
    let flat = FlatDays::new(context, coming.iter().chain(days.keys()).copied().collect::<BTreeSet<Day>>());
    for (&day, cells) in days.iter().filter(|(day, _)| !coming.contains(day)) {
        flat.hand_in(day, cells.clone())?;
    }
    Ok(flat)
}

fn publish_months(context: &StampContext<'_>, months: &[(Month, Cells)], to_write: &BTreeSet<Month>) -> Result<()> {
    let stamp = &context.owned.usage.stamp;
    // Without any day there is nothing to publish, whatever was published before.
    if months.is_empty() || context.publisher.is_rehearsal() {
        return Ok(());
    }
    if to_write.is_empty() {
        context.publisher.keep_if_there(&monthly_path(stamp));
        return Ok(());
    }
    let dated = Dated::of(months.iter().map(|(month, cells)| (month.first_day(), cells)));
    let columns = context.texts.monthly(context.owned, &dated)?;
    context.publisher.fact(monthly_path(stamp), &columns, dated.checksum())
}

/// The published cells of a month's clean days, each checked against the totals in its note.
fn clean_days(context: &StampContext<'_>, month: Month) -> Result<BTreeMap<Day, Cells>> {
    let clean = || context.dirty_days.clean.iter().filter(|(day, _)| day.month() == month);
    if clean().next().is_none() {
        return Ok(BTreeMap::new());
    }
    let published = context.published.daily(month, &context.dirty_days.clean)?;
    for (day, note) in clean() {
        let cells = published.get(day).ok_or_else(|| context.published.contradiction("daily", *day))?;
        let account = aggregate::account(context.packing, cells)?;
        context.books().prove_account(&format!("publishing {day}"), &context.account_of(note)?, &account)?;
    }
    Ok(published)
}

fn publish_daily(context: &StampContext<'_>, month: Month, days: &Dated) -> Result<()> {
    let columns = context.texts.daily(context.owned, days)?;
    context.publisher.fact(daily_path(&context.owned.usage.stamp, month), &columns, days.checksum())
}

fn publish_csv_daily(context: &StampContext<'_>, month: Month, days: FlatDays<'_, '_>, sum: Checksum) -> Result<()> {
    let path = csv_path("daily", Some(&context.owned.usage.stamp), Some(&month));
    context.publisher.csv(&path, flat::CSV_DAILY.columns, days.finish()?, Some(sum))
}

/// Publishes the usage of the stamp's default subscription, even if there is none: an empty table shows that.
fn publish_default_usage(context: &StampContext<'_>, mut days: Vec<(Day, Cells)>) -> Result<()> {
    if context.publisher.is_rehearsal() {
        return Ok(());
    }
    let stamp = &context.owned.usage.stamp;
    let csv = csv_path("default_usage", Some(stamp), None);
    let is_dirty = context.dirty_days.dirty.keys().any(|day| !context.dirty_days.is_closed(day.month()));
    if !is_dirty
        && !context.dirty_days.texts_changed
        && !context.dirty_days.is_full
        && context.published.has(&default_usage_path(stamp))
    {
        context.publisher.keep(&default_usage_path(stamp))?;
        context.publisher.keep_csv(&csv);
        return Ok(());
    }
    // Days that were not written again are taken from the published table.
    if !context.dirty_days.is_full {
        let written = context.dirty_days.months();
        days.extend(context.published.default_usage(|day| is_clean_in_default_usage(context, day, &written))?);
    }
    days.sort_unstable_by_key(|(day, _)| *day);
    let seen = SeenDays::of(&days);
    let dated = Dated::of(days.iter().map(|(day, cells)| (*day, cells)));
    let sum = dated.checksum();
    let columns = context.texts.default_usage(context.owned, &dated, &seen)?;
    context.publisher.fact(default_usage_path(stamp), &columns, sum)?;
    let mut table = CsvTable::new(flat::CSV_DEFAULT_USAGE.columns);
    context.texts.flat_default_usage(context.owned, context.names, &days, &seen, &mut table)?;
    context.publisher.csv(&csv, flat::CSV_DEFAULT_USAGE.columns, table, Some(sum))
}

/// Whether the published `default_usage` of a day is still valid.
fn is_clean_in_default_usage(context: &StampContext<'_>, day: Day, written: &BTreeSet<Month>) -> bool {
    let is_there = context.dirty_days.is_closed(day.month()) || context.dirty_days.clean.contains_key(&day);
    is_there && !written.contains(&day.month())
}

/// Checks all months together, for each meter: used = monthly.
fn prove_months(context: &StampContext<'_>, used: &MeterTotals<u32>, months: &[(Month, Cells)]) -> Result<()> {
    let mut account = MeterTotals::default();
    for (_, cells) in months {
        for (meter, totals) in aggregate::account(context.packing, cells)?.iter() {
            account.add(meter, totals)?;
        }
    }
    context.books().prove_account("aggregating the monthly fact", used, &account)
}
