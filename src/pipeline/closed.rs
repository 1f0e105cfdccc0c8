//! What comes to closed months: of each figure, what its lines come to beyond what was closed.

use std::collections::BTreeMap;

use super::adjustments::{self, Adjustment, Arrived, Figure, Figures};
use super::settle::{Adjusted, Settling};
use crate::aggregate;
use crate::domain::totals::Totals;
use crate::domain::{Day, Month};
use crate::error::{Error, Result};
use crate::frame::Cells;
use crate::normalise::UsageChunk;
use crate::state::DayNote;

/// What the touched days of closed months come to, as they are settled.
#[derive(Debug, Default)]
pub struct ClosedUsage {
    /// By how much lines and closed figures differ, of touched days.
    differences: Figures,
    /// What new exports brought.
    arrived: Vec<Arrived>,
}

impl ClosedUsage {
    /// Takes in a month. Cells are compared by their keys; only those that differ become texts.
    ///
    /// # Errors
    /// What was closed cannot be read, or a sum leaves the range.
    pub fn take(
        &mut self,
        settling: &Settling<'_>,
        month: Month,
        daily: &BTreeMap<Day, Cells>,
        arrived: Vec<Arrived>,
    ) -> Result<()> {
        if !settling.is_compared(month) {
            return Ok(());
        }
        let mut days: BTreeMap<Day, BTreeMap<u64, Totals>> = BTreeMap::new();
        for (day, cells) in daily {
            for (key, quantity, lines) in cells.iter() {
                days.entry(*day).or_default().entry(key).or_default().merge(Totals { quantity, lines })?;
            }
        }
        for (day, cells) in settling.base.frozen(month)?.into_iter().filter(|(day, _)| settling.is_touched(*day)) {
            for (key, quantity, lines) in cells.iter() {
                let closed = Totals { quantity, lines };
                days.entry(day).or_default().entry(key).or_default().merge(closed.negated())?;
            }
        }
        for (day, cells) in days {
            for (key, delta) in cells.into_iter().filter(|(_, delta)| !delta.is_nothing()) {
                adjustments::add(&mut self.differences, settling.figure(day, key), delta)?;
            }
        }
        self.arrived.extend(arrived);
        Ok(())
    }
}

impl Settling<'_> {
    /// Whether figures of a closed month are compared with their lines.
    fn is_compared(&self, month: Month) -> bool {
        self.work.is_full || self.work.touched.keys().any(|day| day.month() == month)
    }

    fn is_touched(&self, day: Day) -> bool {
        self.work.is_full || self.work.touched.contains_key(&day)
    }

    /// What of a closed day the exports brought that the last run did not know; nothing where nobody knows which these are.
    ///
    /// # Errors
    /// A sum leaves the range.
    pub fn arrived(&self, day: Day, chunks: &[UsageChunk]) -> Result<Vec<Arrived>> {
        let mut arrived = Vec::new();
        if self.former_exports.is_empty() {
            return Ok(arrived);
        }
        for (at, export) in (0_u32..).zip(&self.owned.usage.exports) {
            let Some(window) = export.window.filter(|_| !self.former_exports.contains(&export.label)) else { continue };
            let own = || chunks.iter().filter(|chunk| chunk.export == at);
            if own().next().is_some() {
                let cells = aggregate::cells_of_day(self.owned, self.packing, day, own());
                let mut figures = Figures::new();
                for (key, quantity, lines) in cells.iter() {
                    adjustments::add(&mut figures, self.figure(day, key), Totals { quantity, lines })?;
                }
                arrived.push(Arrived { month: self.billed_in((window.end + -1).day().month()), figures });
            }
        }
        Ok(arrived)
    }

    /// The month whose bill can carry what was reported in a month: itself, or where that is closed, the first after it that
    /// is not.
    fn billed_in(&self, month: Month) -> Month {
        let mut month = month;
        while self.work.is_closed(month) {
            month = month.next();
        }
        month
    }

    /// A cell of a day, by text.
    fn figure(&self, day: Day, key: u64) -> Figure {
        let cell = self.packing.unpack(key);
        let owner = self.owned.owners[cell.owner as usize];
        let usage = &self.owned.usage;
        Figure {
            day,
            billed_subscription: self.owned.billed_subscriptions[owner.billed_subscription as usize].to_string(),
            attribution: owner.attribution.as_str().to_owned(),
            tenant: owner.tenant.map(|tenant| self.owned.tenants[tenant as usize].to_string()),
            user_subscription: usage.user_subscriptions[owner.user_subscription as usize].to_string(),
            meter: usage.meters[cell.meter as usize].to_string(),
            resource: usage.resources[cell.resource as usize].key,
        }
    }

    /// What is missing to: of closed months, adjustments = lines − closed; of open ones, none.
    ///
    /// # Errors
    /// Adjustments cannot be read, or lines and figures do not balance.
    pub fn adjustments(&self, closed: ClosedUsage, notes: &BTreeMap<Day, DayNote>) -> Result<Adjusted> {
        let stamp = &self.owned.usage.stamp;
        let adjusted = adjustments::published(self.publisher.out(), stamp)?;
        let ClosedUsage { differences: mut missing, arrived } = closed;
        for (figure, delta) in &adjusted {
            if !self.work.is_closed(figure.day.month()) || self.is_touched(figure.day) {
                adjustments::add(&mut missing, figure.clone(), delta.negated())?;
            }
        }
        let windows = self.owned.usage.exports.iter().filter_map(|export| export.window);
        let latest = windows.map(|window| (window.end + -1).day().month()).max();
        let latest = latest.or_else(|| missing.keys().map(|own| own.day.month()).max());
        let rows = match latest {
            Some(latest) => adjustments::split(stamp, missing, arrived, self.billed_in(latest), &self.work.touched)?,
            None => Vec::new(),
        };
        let by_month = self.closed_by_month(&adjusted, &rows)?;
        let by_meter = self.prove_closed(notes, &by_month)?;
        Ok(Adjusted { rows, by_meter, by_month })
    }

    /// What came to closed months in all, by month and meter.
    fn closed_by_month(&self, adjusted: &Figures, rows: &[Adjustment]) -> Result<BTreeMap<(Month, String), Totals>> {
        let mut by_month: BTreeMap<(Month, String), Totals> = BTreeMap::new();
        let all = adjusted.iter().map(|(figure, delta)| (figure, *delta));
        for (figure, delta) in all.chain(rows.iter().map(|own| (&own.figure, own.delta))) {
            let month = figure.day.month();
            if self.work.is_closed(month) {
                by_month.entry((month, figure.meter.clone())).or_default().merge(delta)?;
            }
        }
        by_month.retain(|_, delta| !delta.is_nothing());
        Ok(by_month)
    }

    /// Proves that of closed months, for each meter: lines = closed + adjustments. Returns the adjustments.
    fn prove_closed(
        &self,
        notes: &BTreeMap<Day, DayNote>,
        by_month: &BTreeMap<(Month, String), Totals>,
    ) -> Result<BTreeMap<String, Totals>> {
        let is_closed = |day: &Day| self.work.is_closed(day.month());
        let mut adjustments: BTreeMap<String, Totals> = BTreeMap::new();
        for ((_, meter), delta) in by_month {
            adjustments.entry(meter.clone()).or_default().merge(*delta)?;
        }
        let mut missing: BTreeMap<String, Totals> = BTreeMap::new();
        for own in notes.iter().filter(|(day, _)| is_closed(day)).flat_map(|(_, note)| &note.meters) {
            missing.entry(own.meter.to_string()).or_default().merge(own.used)?;
        }
        let closed = self.work.closed.values().flat_map(|own| &own.used);
        let closed = closed.map(|(meter, totals)| (meter.to_string(), *totals));
        for (meter, delta) in closed.chain(adjustments.iter().map(|(meter, delta)| (meter.clone(), *delta))) {
            missing.entry(meter).or_default().merge(delta.negated())?;
        }
        match missing.iter().find(|(_, delta)| !delta.is_nothing()) {
            None => Ok(adjustments),
            Some((meter, delta)) => Err(Error::balance(format!(
                "stamp {}: of meter {meter}, {} lines and a quantity of {} of closed months are neither in what was closed nor in adjustments",
                self.owned.usage.stamp, delta.lines, delta.quantity
            ))
            .hint("this is a fault of stacktally, not of the input: keep the root and OUT as they are and report it")),
        }
    }
}
