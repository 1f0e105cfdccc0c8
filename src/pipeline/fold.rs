//! Fold: merges the results of one stamp after the other, and makes the tables that all stamps share.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{self, DayTotals};
use super::context::RunContext;
use super::dirty_days::DirtyDays;
use super::month_texts::month_texts;
use super::nights::ReportedTime;
use super::previous::KnownInputs;
use super::receipt_builder::ReceiptBuilder;
use super::settle::{SettledStamp, uses_of};
use super::vanished::Vanished;
use crate::attribute::{self, OwnedUsage, Snapshots, StampUse};
use crate::close::{self, Adjustment, FrozenCharging};
use crate::domain::coverage::{self, DayCoverage};
use crate::domain::finding::FindingCode;
use crate::domain::totals::{Checksum, Totals};
use crate::domain::{Cause, Correction, Day, Finding, MeterId, Month, Stamp, Window, unit};
use crate::error::{Error, Result};
use crate::normalise::Resource;
use crate::publication::layout::{RESOURCES, closed_path, csv_path, monthly_path};
use crate::publish::{Dimensions, Names, flat_months};
use crate::read::{self, ExportRecord};
use crate::state::{RunState, StampState};
use crate::table::csv::CsvTable;
use crate::table::{contract, flat, reader};

/// The merged results of all stamps of a run.
pub(super) struct Folded<'s> {
    pub names: Names,
    pub dimensions: Dimensions,
    pub receipt: ReceiptBuilder,
    pub state: RunState,
    /// The days of each stamp that were settled in this run or are gone, with the causes.
    pub dirty: BTreeMap<Stamp, BTreeMap<Day, BTreeSet<Cause>>>,
    /// Months whose flat CSV of all stamps is written again.
    pub csv_months: BTreeSet<Month>,
    /// Adjustments of closed months in this run.
    pub adjustments: Vec<Adjustment>,
    /// Changes on days that were published before.
    pub changes: Vec<Correction>,
    /// How the usage of each stamp is divided among owners, for comparing stamps.
    pub uses: Vec<StampUse<'s>>,
}

/// A settled stamp with its inputs.
pub(super) struct StampOutcome<'s> {
    pub owned: OwnedUsage,
    pub snapshots: &'s Snapshots,
    pub dirty_days: DirtyDays,
    pub settled: SettledStamp,
    pub inputs: KnownInputs,
    /// Folders of exports that are no longer in the root but still count.
    pub kept: BTreeSet<String>,
}

impl<'s> Folded<'s> {
    /// No stamp yet: only the names, dimensions and receipt entries of snapshots and closed months.
    pub(super) fn new(names: Names, dimensions: Dimensions, receipt: ReceiptBuilder) -> Self {
        Self {
            names,
            dimensions,
            receipt,
            state: RunState::default(),
            dirty: BTreeMap::new(),
            csv_months: BTreeSet::new(),
            adjustments: Vec::new(),
            changes: Vec::new(),
            uses: Vec::new(),
        }
    }

    /// Adds a stamp.
    ///
    /// # Errors
    /// Totals that do not balance, a published table that cannot be read.
    pub(super) fn with(mut self, context: &RunContext<'_>, outcome: StampOutcome<'s>) -> Result<Self> {
        let StampOutcome { mut owned, snapshots, dirty_days, settled, inputs, kept } = outcome;
        let SettledStamp { notes, months_rewritten, after, adjusted } = settled;
        let stamp = owned.usage.stamp.clone();
        self.receipt.prove_used(&owned.usage, &notes)?;
        let exports = owned.usage.exports.iter().enumerate();
        let places: BTreeMap<&str, usize> = exports.map(|(at, export)| (export.label.as_str(), at)).collect();
        let uses: Vec<_> = notes.iter().map(|(day, note)| (*day, uses_of(&owned, &places, note))).collect();
        attribute::count_uses(&mut owned, &uses, snapshots, &context.plan.deciding.rules, &context.plan.tolerance);
        self.receipt.count_attributed(&owned, snapshots);
        self.receipt.count_settled(&stamp, &notes, &adjusted.by_meter)?;
        self.receipt.found(uncharged(&stamp, &dirty_days, &adjusted.by_month, &self.names).into_iter().collect());
        self.receipt.count_windows(&owned.usage, &notes);
        self.receipt.count_dirty(&stamp, &dirty_days.dirty);
        let lines: BTreeMap<Day, i64> = notes.iter().map(|(day, note)| (*day, note.lines())).collect();
        self.receipt.count_time(ReportedTime::of(&stamp, &owned.usage.exports, context.plan));
        self.receipt.count_days(&stamp, coverage_of(&owned.usage.exports, context.plan.settling_days, &lines));
        self.changes.extend(changes_of(context, &stamp, &after, &dirty_days)?);

        self.dimensions.learn(snapshots);
        self.dimensions.learn_used(&owned.usage, notes.keys().copied());
        for note in notes.values() {
            let meters = note.meters.iter().map(|of_day| &of_day.meter);
            self.names.learn_used(&stamp, &note.user_subscriptions, meters);
        }
        let settled_now = dirty_days.dirty.keys().filter_map(|day| notes.get(day));
        let fresh: BTreeSet<i64> = settled_now.flat_map(|note| note.resources.iter().copied()).collect();
        let resources = std::mem::take(&mut owned.usage.resources);
        if !dirty_days.dirty.is_empty() {
            let named = resources.into_iter().filter(|resource| fresh.contains(&resource.key));
            self.dimensions.keep_resources(&stamp, named)?;
        }
        self.csv_months.extend(months_rewritten);
        self.adjustments.extend(adjusted.rows);
        self.uses.push(attribute::use_of(&owned, snapshots));
        let state = StampState {
            inputs: inputs.after(owned.usage.exports.iter().flat_map(ExportRecord::input_files)),
            exports: owned.usage.exports,
            kept,
            closed: dirty_days.closed.keys().copied().collect(),
            texts: month_texts(&self.names, &stamp, &notes),
            names: Some(self.names.fingerprint_of_stamp(&stamp)),
            days: notes,
            ..StampState::default()
        };
        self.dirty.insert(stamp.clone(), dirty_days.dirty);
        self.state.stamps.insert(stamp, state);
        Ok(self)
    }

    /// Removes the stamps that the last run published and that are no longer there. `previous` is the state of stamps
    /// that this run has not gathered.
    ///
    /// # Errors
    /// A missing stamp was not named to be forgotten, or its published tables cannot be read.
    pub(super) fn without_vanished(
        mut self,
        context: &RunContext<'_>,
        mut previous: BTreeMap<Stamp, StampState>,
        vanished: &mut Vanished,
    ) -> Result<Self> {
        let is_gone = |stamp: &&Stamp| !self.state.stamps.contains_key(*stamp);
        if let Some(stamp) = context.closed.keys().find(is_gone) {
            return Err(Error::input("has closed months, and would no longer be published").at(stamp.as_str()).hint(
                "put the stamp's folder back into the root; or open its months again with `stacktally reopen`, and \
                 then forget it",
            ));
        }
        let out = context.publisher.out();
        for stamp in out.map(changes::stamps_published).unwrap_or_default() {
            if !self.state.stamps.contains_key(&stamp) {
                previous.entry(stamp).or_default();
            }
        }
        if let Some(stamp) = previous.keys().find(|&stamp| !vanished.forgets_stamp(stamp)) {
            return Err(Error::input("is published, and the root has no such stamp any more").at(stamp.as_str()).hint(
                format!(
                    "put the stamp's folder back with its snapshots, which say who pays; --forget {stamp} removes its \
                     tables"
                ),
            ));
        }
        for (stamp, state) in previous {
            self.receipt.count_missing(&stamp, &[], &state.exports, &BTreeSet::new(), |_| true);
            let causes = BTreeSet::from([Cause::WindowRemoved]);
            let dirty: BTreeMap<Day, BTreeSet<Cause>> = state.days.keys().map(|day| (*day, causes.clone())).collect();
            self.csv_months.extend(dirty.keys().map(|day| day.month()));
            self.adjustments.extend(adjustments_taken_back(context, &stamp, &dirty)?);
            self.receipt.count_dirty(&stamp, &dirty);
            let dirty_days = DirtyDays { dirty, ..DirtyDays::default() };
            self.changes.extend(changes_of(context, &stamp, &DayTotals::new(), &dirty_days)?);
            self.dirty.insert(stamp, dirty_days.dirty);
        }
        Ok(self)
    }

    /// Adds the published resources of all days that were not settled now.
    ///
    /// # Errors
    /// The published resources cannot be read, or one is missing.
    pub(super) fn with_resources(mut self, context: &RunContext<'_>) -> Result<Self> {
        let is_dirty = !self.dimensions.has_no_new_resources() || self.dirty.values().any(|days| !days.is_empty());
        let out = context.publisher.out().filter(|out| out.last().files.contains_key(RESOURCES));
        let has_lost_stamps = self.dirty.len() > self.state.stamps.len();
        if out.is_some() && !is_dirty && !has_lost_stamps && !context.is_full() {
            return Ok(self);
        }
        for (stamp, state) in &self.state.stamps {
            let closed = context.closed.get(stamp).into_iter().flatten();
            let frozen = closed.clone().flat_map(|(_, frozen)| frozen.resources.iter().copied());
            let of_days = state.days.values().flat_map(|note| note.resources.iter().copied());
            let mut keys: Vec<i64> = of_days.chain(frozen).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.retain(|key| !self.dimensions.has_resource(*key));
            let mut published = BTreeMap::new();
            if let Some(out) = context.publisher.out().filter(|_| !keys.is_empty()) {
                if !context.is_full() {
                    published.extend(read::stored_resources(stamp, &out.read(RESOURCES)?)?);
                }
                for (&month, frozen) in closed {
                    if frozen.resources.iter().any(|key| !published.contains_key(key)) {
                        let path = closed_path(stamp, month, frozen.run, RESOURCES);
                        published.extend(read::stored_resources(stamp, &out.read(&path)?)?);
                    }
                }
            }
            let stored = |key: i64| {
                Resource::of_published(stamp, key, &published).ok_or_else(|| {
                    reader::contradiction(RESOURCES, format!("does not hold {key} of {stamp} as it was noted"))
                })
            };
            let resources: Vec<Resource> = keys.into_iter().map(stored).collect::<Result<_>>()?;
            self.dimensions.keep_resources(stamp, resources)?;
        }
        Ok(self)
    }

    /// Writes the flat CSV of changed months of all stamps, from the published tables of each stamp.
    ///
    /// # Errors
    /// A table cannot be read or staged.
    pub(super) fn publish_csv_monthly(&self, context: &RunContext<'_>) -> Result<()> {
        let publisher = context.publisher;
        if publisher.is_rehearsal() {
            return Ok(());
        }
        let open = self.state.stamps.values().flat_map(|state| state.days.keys().map(|day| day.month()));
        let closed = context.closed.values().flat_map(|months| months.keys().copied());
        let months: BTreeSet<Month> = open.chain(closed).collect();
        let (written, kept): (BTreeSet<Month>, BTreeSet<Month>) =
            months.into_iter().partition(|month| self.csv_months.contains(month));
        kept.iter().for_each(|month| publisher.keep_csv(&csv_path("monthly", None, Some(month))));
        let mut tables: BTreeMap<Month, (CsvTable, Checksum)> = BTreeMap::new();
        for &month in &written {
            tables.insert(month, (publisher.csv_table(flat::CSV_MONTHLY.columns), Checksum::default()));
        }
        for stamp in self.state.stamps.keys().filter(|_| !written.is_empty()) {
            let path = monthly_path(stamp);
            let Some(bytes) = publisher.current(&path)? else { continue };
            let columns = contract::MONTHLY.all();
            for rows in reader::read(path.as_ref(), bytes, &contract::MONTHLY, &columns, &[])? {
                flat_months(&rows, stamp, &self.names, &mut tables)?;
            }
        }
        for (month, (table, sum)) in tables {
            let path = csv_path("monthly", None, Some(&month));
            publisher.csv(&path, flat::CSV_MONTHLY.columns, table, Some(sum))?;
        }
        Ok(())
    }
}

/// The finding for adjustments of closed months that were charged: these adjustments are not charged. Meters that are
/// not billable are left out.
fn uncharged(
    stamp: &Stamp,
    dirty_days: &DirtyDays,
    adjusted: &BTreeMap<(Month, String), Totals>,
    names: &Names,
) -> Option<Finding> {
    let is_charged = |((month, meter), _): &(&(Month, String), &Totals)| {
        let charging = dirty_days.closed.get(month).and_then(|frozen| frozen.charging.as_ref());
        let is_never_billed = |charging: &FrozenCharging| {
            let of_meter = charging.prices.iter().filter(|entry| entry.meter.as_str() == meter);
            of_meter.clone().any(|entry| entry.price().is_none())
        };
        charging.is_some_and(|charging| !is_never_billed(charging))
    };
    let adjusted: Vec<_> = adjusted.iter().filter(is_charged).collect();
    let shown = |&((month, meter), delta): &(&(Month, String), &Totals)| {
        let known = MeterId::new(meter).and_then(|id| names.meter(&id));
        let unit = known.and_then(|meter| meter.unit.as_deref()).unwrap_or("units");
        let quantity = unit::quantity(&delta.quantity.to_string(), Some(unit));
        format!("{quantity} of meter {meter} in {month}")
    };
    let at_stake: Vec<String> = adjusted.iter().map(shown).collect();
    let meters: BTreeSet<String> = adjusted.iter().map(|((_, meter), _)| meter.clone()).collect();
    (!at_stake.is_empty()).then(|| {
        Finding::new(
            stamp,
            FindingCode::AdjustmentNotCharged,
            format!("came to closed months since they were closed, and is not charged: {}", at_stake.join(", ")),
            meters.into_iter().collect(),
            "bill it apart, by history/adjustments, and accept the code with --accept; or open the month again with \
             `stacktally reopen`",
        )
    })
}

/// The changes on dirty days that were published before.
fn changes_of(
    context: &RunContext<'_>,
    stamp: &Stamp,
    after: &DayTotals,
    dirty_days: &DirtyDays,
) -> Result<Vec<Correction>> {
    let out = context.publisher.out();
    let mut dirty = dirty_days.dirty.clone();
    let mut months: BTreeSet<Month> = dirty.keys().map(|day| day.month()).collect();
    if context.is_full() {
        // The state may be lost, and with it the record of published days that have no lines any more.
        months.extend(changes::months_published(out, stamp));
    }
    // The figures of closed months do not change.
    months.retain(|month| !dirty_days.is_closed(*month));
    let mut found = Vec::new();
    for month in months {
        let mut before = changes::published(out, stamp, month)?;
        if context.is_full() {
            for (day, ..) in before.keys() {
                dirty.entry(*day).or_insert_with(|| BTreeSet::from([Cause::FullRun]));
            }
        }
        before.retain(|(day, ..), _| dirty.contains_key(day));
        let of_month = after.iter().filter(|((day, ..), _)| day.month() == month);
        let after: DayTotals = of_month.map(|(key, totals)| (key.clone(), *totals)).collect();
        found.extend(changes::between(stamp, &before, &after, &dirty));
    }
    Ok(found)
}

/// Adjustments that cancel all earlier adjustments of a stamp that is no longer published; it has no closed months.
fn adjustments_taken_back(
    context: &RunContext<'_>,
    stamp: &Stamp,
    dirty: &BTreeMap<Day, BTreeSet<Cause>>,
) -> Result<Vec<Adjustment>> {
    let adjusted = close::published(context.publisher.out(), stamp)?;
    let Some(latest) = adjusted.keys().map(|figure| figure.day.month()).max() else { return Ok(Vec::new()) };
    let missing = adjusted.into_iter().map(|(figure, delta)| (figure, delta.negated())).collect();
    close::split(stamp, missing, Vec::new(), latest, dirty)
}

/// The coverage of every day that has usage, and of every day from the first reported to the last. (A stray old line
/// adds only its own day, not all days since.)
fn coverage_of(exports: &[ExportRecord], settling_days: u16, lines: &BTreeMap<Day, i64>) -> Vec<(DayCoverage, i64)> {
    let windows: Vec<Window> =
        exports.iter().filter(|export| export.covers()).filter_map(|export| export.window).collect();
    let with_many_rejects = exports.iter().filter(|export| export.has_many_rejects() && !export.is_dropped());
    let doubted: Vec<Window> = with_many_rejects.filter_map(|export| export.window).collect();
    let asked = || exports.iter().filter(|export| !export.is_dropped()).filter_map(|export| export.window);
    let first = asked().map(|window| window.start.day()).min();
    let last = asked().map(|window| (window.end + -1).day()).max();
    let reported = std::iter::successors(first, |day| Some(day.next())).take_while(|day| Some(*day) <= last);
    let days: BTreeSet<Day> = lines.keys().copied().chain(reported).collect();
    let of_day =
        |day| (coverage::of_day(day, &windows, &doubted, settling_days), lines.get(&day).copied().unwrap_or(0));
    days.into_iter().map(of_day).collect()
}
