//! Adjustments of closed months: for each figure, the difference between its lines and what was closed.

use std::collections::BTreeMap;

use crate::aggregate::{self, Cells};
use crate::close::{self, Adjustment, Arrived, Figure, FigureSums};
use crate::domain::totals::Totals;
use crate::domain::{Day, Month};
use crate::error::{Error, Result};
use crate::normalise::UsageChunk;
use crate::pipeline::stamp_context::StampContext;
use crate::state::DayNote;

/// The differences of dirty days in closed months, collected while they are settled.
#[derive(Debug, Default)]
pub(super) struct ClosedUsage {
    /// The differences between lines and closed figures on dirty days.
    differences: FigureSums,
    /// Usage from new exports.
    arrived: Vec<Arrived>,
}

impl ClosedUsage {
    /// Adds a month. Cells are compared by their keys; only those that differ are converted to texts.
    ///
    /// # Errors
    /// The closed figures cannot be read, or a sum is out of range.
    pub(super) fn take(
        &mut self,
        context: &StampContext<'_>,
        month: Month,
        daily: &BTreeMap<Day, Cells>,
        arrived: Vec<Arrived>,
    ) -> Result<()> {
        if !is_compared(context, month) {
            return Ok(());
        }
        let mut days: BTreeMap<Day, BTreeMap<u64, Totals>> = BTreeMap::new();
        for (day, cells) in daily {
            for (key, quantity, lines) in cells.iter() {
                days.entry(*day).or_default().entry(key).or_default().merge(Totals { quantity, lines })?;
            }
        }
        for (day, cells) in context.published.frozen(month)?.into_iter().filter(|(day, _)| is_dirty(context, *day)) {
            for (key, quantity, lines) in cells.iter() {
                let closed = Totals { quantity, lines };
                days.entry(day).or_default().entry(key).or_default().merge(closed.negated())?;
            }
        }
        for (day, cells) in days {
            for (key, delta) in cells.into_iter().filter(|(_, delta)| !delta.is_nothing()) {
                close::add(&mut self.differences, figure(context, day, key), delta)?;
            }
        }
        self.arrived.extend(arrived);
        Ok(())
    }
}

/// The adjustments of a stamp's closed months.
#[derive(Debug)]
pub(super) struct StampAdjustments {
    /// Those of this run.
    pub rows: Vec<Adjustment>,
    /// Those of all runs, by meter, and by month and meter; without zeros.
    pub by_meter: BTreeMap<String, Totals>,
    pub by_month: BTreeMap<(Month, String), Totals>,
}

/// Whether figures of a closed month are compared with their lines.
fn is_compared(context: &StampContext<'_>, month: Month) -> bool {
    context.dirty_days.is_full || context.dirty_days.dirty.keys().any(|day| day.month() == month)
}

fn is_dirty(context: &StampContext<'_>, day: Day) -> bool {
    context.dirty_days.is_full || context.dirty_days.dirty.contains_key(&day)
}

/// The usage of a closed day that comes from exports which the last run did not know; nothing if it is unknown which
/// these are.
///
/// # Errors
/// A sum is out of range.
pub(super) fn arrived(context: &StampContext<'_>, day: Day, chunks: &[UsageChunk]) -> Result<Vec<Arrived>> {
    let mut arrived = Vec::new();
    if context.previous_exports.is_empty() {
        return Ok(arrived);
    }
    for (at, export) in (0_u32..).zip(&context.owned.usage.exports) {
        let Some(window) = export.window.filter(|_| !context.previous_exports.contains(&export.label)) else {
            continue;
        };
        let export_chunks = || chunks.iter().filter(|chunk| chunk.export == at);
        if export_chunks().next().is_some() {
            let cells = aggregate::cells_of_day(context.owned, context.packing, day, export_chunks());
            let mut figures = FigureSums::new();
            for (key, quantity, lines) in cells.iter() {
                close::add(&mut figures, figure(context, day, key), Totals { quantity, lines })?;
            }
            arrived.push(Arrived { month: billed_in(context, (window.end + -1).day().month()), figures });
        }
    }
    Ok(arrived)
}

/// The month whose bill can include usage that was reported in `month`: that month, or if it is closed, the next open
/// one.
fn billed_in(context: &StampContext<'_>, month: Month) -> Month {
    let mut month = month;
    while context.dirty_days.is_closed(month) {
        month = month.next();
    }
    month
}

/// A cell of a day as texts.
fn figure(context: &StampContext<'_>, day: Day, key: u64) -> Figure {
    let cell = context.packing.unpack(key);
    let owner = context.owned.owners[cell.owner as usize];
    let usage = &context.owned.usage;
    Figure {
        day,
        billed_subscription: context.owned.billed_subscriptions[owner.billed_subscription as usize].to_string(),
        attribution: owner.attribution.as_str().to_owned(),
        tenant: owner.tenant.map(|tenant| context.owned.tenants[tenant as usize].to_string()),
        user_subscription: usage.user_subscriptions[owner.user_subscription as usize].to_string(),
        meter: usage.meters[cell.meter as usize].to_string(),
        resource: usage.resources[cell.resource as usize].key,
    }
}

/// The adjustments that are missing: in closed months, adjustments = lines − closed; open months have none.
///
/// # Errors
/// Adjustments cannot be read, or lines and figures do not balance.
pub(super) fn adjustments(
    context: &StampContext<'_>,
    closed: ClosedUsage,
    notes: &BTreeMap<Day, DayNote>,
) -> Result<StampAdjustments> {
    let stamp = &context.owned.usage.stamp;
    let adjusted = close::published(context.publisher.out(), stamp)?;
    let ClosedUsage { differences: mut missing, arrived } = closed;
    for (figure, delta) in &adjusted {
        if !context.dirty_days.is_closed(figure.day.month()) || is_dirty(context, figure.day) {
            close::add(&mut missing, figure.clone(), delta.negated())?;
        }
    }
    let windows = context.owned.usage.exports.iter().filter_map(|export| export.window);
    let latest = windows.map(|window| (window.end + -1).day().month()).max();
    let latest = latest.or_else(|| missing.keys().map(|figure| figure.day.month()).max());
    let rows = match latest {
        Some(latest) => close::split(stamp, missing, arrived, billed_in(context, latest), &context.dirty_days.dirty)?,
        None => Vec::new(),
    };
    let by_month = closed_by_month(context, &adjusted, &rows)?;
    let by_meter = prove_closed(context, notes, &by_month)?;
    Ok(StampAdjustments { rows, by_meter, by_month })
}

/// The adjustments of all runs, by month and meter.
fn closed_by_month(
    context: &StampContext<'_>,
    adjusted: &FigureSums,
    rows: &[Adjustment],
) -> Result<BTreeMap<(Month, String), Totals>> {
    let mut by_month: BTreeMap<(Month, String), Totals> = BTreeMap::new();
    let all = adjusted.iter().map(|(figure, delta)| (figure, *delta));
    for (figure, delta) in all.chain(rows.iter().map(|row| (&row.figure, row.delta))) {
        let month = figure.day.month();
        if context.dirty_days.is_closed(month) {
            by_month.entry((month, figure.meter.clone())).or_default().merge(delta)?;
        }
    }
    by_month.retain(|_, delta| !delta.is_nothing());
    Ok(by_month)
}

/// Checks for closed months and each meter that lines = closed + adjustments. Returns the adjustments.
fn prove_closed(
    context: &StampContext<'_>,
    notes: &BTreeMap<Day, DayNote>,
    by_month: &BTreeMap<(Month, String), Totals>,
) -> Result<BTreeMap<String, Totals>> {
    let is_closed = |day: &Day| context.dirty_days.is_closed(day.month());
    let mut adjustments: BTreeMap<String, Totals> = BTreeMap::new();
    for ((_, meter), delta) in by_month {
        adjustments.entry(meter.clone()).or_default().merge(*delta)?;
    }
    let mut missing: BTreeMap<String, Totals> = BTreeMap::new();
    for meter_of_day in notes.iter().filter(|(day, _)| is_closed(day)).flat_map(|(_, note)| &note.meters) {
        missing.entry(meter_of_day.meter.to_string()).or_default().merge(meter_of_day.used)?;
    }
    let closed = context.dirty_days.closed.values().flat_map(|frozen| &frozen.used);
    let closed = closed.map(|(meter, totals)| (meter.to_string(), *totals));
    for (meter, delta) in closed.chain(adjustments.iter().map(|(meter, delta)| (meter.clone(), *delta))) {
        missing.entry(meter).or_default().merge(delta.negated())?;
    }
    match missing.iter().find(|(_, delta)| !delta.is_nothing()) {
        None => Ok(adjustments),
        Some((meter, delta)) => Err(Error::balance(format!(
            "stamp {}: of meter {meter}, {} lines and a quantity of {} of closed months are neither in what was \
             closed nor in adjustments",
            context.owned.usage.stamp, delta.lines, delta.quantity
        ))
        .hint("this is a fault of stacktally, not of the input: keep the root and OUT as they are and report it")),
    }
}
