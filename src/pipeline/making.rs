//! A publication in the making: what grows from stamp to stamp, and what is made of all of them together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Plan;
use super::adjustments::{self, Adjustment};
use super::corrections::{self, DayTotals};
use super::known::KnownInputs;
use super::nights::ReportedTime;
use super::settle::{self, SettledStamp, settle};
use super::tally::Tally;
use super::vanished::Vanished;
use super::work::StampWork;
use crate::attribute::{self, Decider, FormerOwner, OwnedUsage, Snapshots, StampUse};
use crate::domain::coverage::{self, DayCoverage};
use crate::domain::finding::FindingCode;
use crate::domain::totals::{Checksum, Totals};
use crate::domain::unit;
use crate::domain::{Cause, Correction, Day, Finding, MeterId, Month, Stamp, TenantId, UserSubscriptionId, Window};
use crate::error::{Error, Result};
use crate::frame::tables;
use crate::normalise::{self, Resource};
use crate::publish::Publisher;
use crate::publish::csv::CsvTable;
use crate::publish::dimensions::{Dimensions, Names};
use crate::publish::facts::flat_months;
use crate::read::{self, DayLines, ExportLines, Fingerprint, Known, StampFolder, StampLines};
use crate::schema::{self, flat};
use crate::state::{DayNote, Frozen, FrozenCharging, RunState, StampState};
use crate::watch::Watch;

const RESOURCES: &str = "resources.parquet";

/// A publication in the making.
pub struct Making<'a> {
    pub plan: &'a Plan,
    pub watch: &'a Watch,
    pub publisher: &'a Publisher,
    pub names: Names,
    pub dimensions: Dimensions,
    pub tally: Tally,
    /// What the last run knew.
    pub formers: BTreeMap<Stamp, StampState>,
    /// Stamps that stay as they were published.
    pub left: BTreeSet<Stamp>,
    pub vanished: Vanished,
    /// Why everything is made anew, where it is.
    pub full_run: Option<String>,
    pub state: RunState,
    /// The days of each stamp that were settled in this run, or are gone, and why.
    pub touched: BTreeMap<Stamp, BTreeMap<Day, BTreeSet<Cause>>>,
    /// Months whose flat CSV of all stamps is written again.
    pub csv_months: BTreeSet<Month>,
    /// What the closed months of each stamp froze.
    pub closed: BTreeMap<Stamp, BTreeMap<Month, Frozen>>,
    pub adjustments: Vec<Adjustment>,
    /// What this run changes of days that were published before.
    pub corrections: Vec<Correction>,
    pub started_at: DateTime<Utc>,
}

impl Making<'_> {
    /// Takes one stamp through all stages. Returns how its usage fell to owners, for comparing stamps.
    ///
    /// # Errors
    /// Input that is refused, totals that do not balance, a table that cannot be staged, a signal.
    pub fn stamp<'s>(&mut self, folder: &StampFolder, snapshots: &'s Snapshots) -> Result<StampUse<'s>> {
        let former = self.formers.remove(&folder.stamp).unwrap_or_default();
        let former_exports: BTreeSet<String> = former.exports.iter().map(|export| export.label.clone()).collect();
        let is_full = self.full_run.is_some();
        let is_left = self.left.contains(&folder.stamp);
        let inputs = if is_left {
            KnownInputs::as_recorded(&former.inputs, self.plan.reuse)
        } else {
            let files = folder.exports.iter().flat_map(|export| &export.files);
            KnownInputs::look(files, &former.inputs, self.plan.reuse, is_full, self.started_at)?
        };
        let known = if is_left {
            KnownInputs::known_as_left(&former)
        } else {
            inputs.known(folder, &former, |folder| self.vanished.forgets_export(folder))
        };
        let is_new = |export: &&read::Export| !known.unchanged.contains_key(&export.folder);
        let files = folder.exports.iter().filter(is_new).map(|export| export.files.len() as u64).sum();
        self.watch.begin_stamp("reading_usage", &folder.stamp, files);
        let kept: BTreeSet<String> = known.kept.iter().map(|export| export.folder.clone()).collect();
        self.tally.count_missing(&folder.stamp, &folder.exports, &former.exports, &kept, |folder| {
            self.vanished.forgets_export(folder)
        });
        let mut lines = self.gather(folder, known.clone())?;
        let unpublished = counting_again(&lines.exports, &former.exports, &known);
        if let Some(own) = unpublished.iter().find(|own| kept.contains(*own)) {
            return Err(unknown_kept(own));
        }
        let mut known = known;
        if !unpublished.is_empty() {
            // They did not count, so that no line of theirs is published: they have to be read after all.
            known.unchanged.retain(|own, _| !unpublished.contains(own));
            lines = self.gather(folder, known.clone())?;
        }
        self.refuse_unknown_lines(&lines)?;
        self.vanished.refuse_emptied(&folder.stamp, &emptied(&lines.exports, &former.exports))?;
        let others = self.state.stamps.iter().map(|(stamp, own)| (stamp, own.exports.as_slice()));
        read::refuse_pages_of_another_stamp(&lines.exports, others)?;
        let unread = known.folders();
        let work = self.work(&mut lines, former, (&kept, &unread), snapshots)?;
        let usage = normalise::normalise(lines)?;
        self.tally.count_read(&usage);
        self.tally.refuse_rejects(self.plan)?;
        let closed_owners = work.closed.values().flat_map(|own| &own.owners);
        let former_owners: Vec<FormerOwner<'_>> = closed_owners
            .map(|own| FormerOwner {
                billed_subscription: &own.billed_subscription,
                attribution: own.attribution.0,
                tenant: own.tenant.as_ref(),
                user_subscription: &own.user_subscription,
            })
            .collect();
        let mut owned = attribute::attribute_beside(usage, snapshots, &self.plan.deciding.rules, &former_owners);
        let settled = settle(self, &owned, &work, &former_exports)?;
        self.adjustments.extend(settled.adjusted.rows.iter().cloned());
        self.take_in(&mut owned, snapshots, &work, settled)?;
        let stamp_use = attribute::use_of(&owned, snapshots);
        let state = self.state.stamps.entry(folder.stamp.clone()).or_default();
        state.inputs = inputs.after(owned.usage.exports.iter().flat_map(ExportLines::input_files));
        state.exports = owned.usage.exports;
        state.kept = kept;
        state.closed = work.closed.keys().copied().collect();
        Ok(stamp_use)
    }

    /// Refuses to lose lines that are to be kept. What archived exports were is known from the state alone: where that is
    /// lost, their lines are published, and of an export that nothing knows.
    fn refuse_unknown_lines(&self, lines: &StampLines) -> Result<()> {
        let out = self.publisher.out().filter(|_| self.plan.reuse.keep_missing);
        let labels: BTreeSet<&str> = lines.exports.iter().map(|export| export.label.as_str()).collect();
        let prefix = format!("lines/{}/", lines.stamp);
        let published = out.iter().flat_map(|out| out.published_below(&prefix));
        let is_known = |path: &str| {
            let label = path.rsplit('/').next().and_then(|name| name.strip_suffix(".parquet"));
            label.is_none_or(|label| labels.contains(label) || self.vanished.forgets_window(&lines.stamp, label))
        };
        let mut forgotten = published.filter(|path| !is_known(path));
        forgotten.next().map_or(Ok(()), |path| Err(unknown_kept(path)))
    }

    /// Reads the exports of a stamp that are not known.
    fn gather(&self, folder: &StampFolder, known: Known) -> Result<StampLines> {
        let days = self.publisher.spill_folder(&folder.stamp)?.map_or_else(DayLines::default, DayLines::spilling_to);
        read::gather_beside(folder, known, days, &self.plan.deciding.reading, self.plan.deciding.ledger, self.watch)
    }

    /// Says what of a stamp is to be done, and loads what is published of it and needed for that.
    fn work(
        &self,
        lines: &mut StampLines,
        former: StampState,
        (kept, unread): (&BTreeSet<String>, &BTreeSet<String>),
        snapshots: &Snapshots,
    ) -> Result<StampWork> {
        let names = self.names.fingerprint_of_stamp(&lines.stamp);
        let (former_names, former_texts) = (former.names, former.texts);
        let closed = self.closed.get(&lines.stamp).cloned().unwrap_or_default();
        let reopened: BTreeSet<Month> =
            former.closed.iter().filter(|month| !closed.contains_key(month)).copied().collect();
        let mut work = match &self.full_run {
            Some(_) => StampWork::all(&lines.exports, &former.days, kept)?,
            None => {
                let decider = Decider::new(snapshots, &self.plan.deciding.rules);
                StampWork::since(&lines.exports, former.days, &decider, &reopened, unread)
            }
        };
        for &month in &reopened {
            // Days that have no line any more are published all the same, as they were closed.
            for (day, ..) in corrections::published(self.publisher.out(), &lines.stamp, month)?.keys() {
                work.touched.entry(*day).or_default().insert(Cause::MonthReopened);
            }
        }
        work.closed = closed;
        if former_names != Some(names) {
            let mut texts = self.texts_of(&lines.stamp, &work.standing);
            texts.retain(|month, _| !work.is_closed(*month));
            work.months_to_write.extend(
                texts.iter().filter(|(month, own)| former_texts.get(month) != Some(*own)).map(|(month, _)| *month),
            );
            work.texts_changed = !work.months_to_write.is_empty();
        }
        self.load(lines, &work)?;
        Ok(work)
    }

    /// Loads published lines of touched days, and learns the ids of what stands and is written again.
    fn load(&self, lines: &mut StampLines, work: &StampWork) -> Result<()> {
        let Some(out) = self.publisher.out() else { return Ok(()) };
        for &(day, place) in work.loaded.keys() {
            let path = settle::lines_path(&lines.stamp, day, &lines.exports[place as usize].label);
            let stored = out.read(&path)?;
            lines.load(day, place, &stored)?;
        }
        let months = work.months();
        let mut has_resources = !work.loaded.is_empty();
        for (day, note) in &work.standing {
            let resources: &[i64] = if months.contains(&day.month()) { &note.resources } else { &[] };
            has_resources |= !resources.is_empty();
            lines.know(
                &note.user_subscriptions,
                note.meters.iter().map(|own| &own.meter),
                resources.iter().copied(),
            )?;
        }
        if has_resources {
            lines.load_resources(&out.read(RESOURCES)?)?;
        }
        for (&month, frozen) in &work.closed {
            let is_read = work.is_full || work.touched.keys().any(|day| day.month() == month);
            let resources: &[i64] = if is_read { &frozen.resources } else { &[] };
            let user_subscriptions = frozen.owners.iter().map(|own| &own.user_subscription);
            lines.know(user_subscriptions, frozen.used.iter().map(|(meter, _)| meter), resources.iter().copied())?;
            if is_read {
                lines.load_resources(&out.read(&Frozen::path(&lines.stamp, month, frozen.run, RESOURCES))?)?;
            }
        }
        Ok(())
    }

    /// Fingerprints of the texts that the flat files of each month show.
    fn texts_of<'n>(
        &self,
        stamp: &Stamp,
        notes: impl IntoIterator<Item = (&'n Day, &'n DayNote)>,
    ) -> BTreeMap<Month, Fingerprint> {
        #[derive(Default)]
        struct Ids<'n> {
            named: BTreeSet<&'n str>,
            user_subscriptions: BTreeSet<&'n UserSubscriptionId>,
            meters: BTreeSet<&'n MeterId>,
        }
        let mut months: BTreeMap<Month, Ids<'_>> = BTreeMap::new();
        for (day, note) in notes {
            let own = months.entry(day.month()).or_default();
            for owner in &note.owners {
                own.named.insert(owner.billed_subscription.as_str());
                own.named.extend(owner.tenant.as_ref().map(TenantId::as_str));
            }
            own.user_subscriptions.extend(&note.user_subscriptions);
            own.meters.extend(note.meters.iter().map(|own| &own.meter));
        }
        let fingerprint = |ids: Ids<'_>| self.names.fingerprint(stamp, ids.named, ids.user_subscriptions, ids.meters);
        months.into_iter().map(|(month, ids)| (month, fingerprint(ids))).collect()
    }

    /// Takes in what a settled stamp came to.
    fn take_in(
        &mut self,
        owned: &mut OwnedUsage,
        snapshots: &Snapshots,
        work: &StampWork,
        settled: SettledStamp,
    ) -> Result<()> {
        let SettledStamp { notes, months_rewritten, after, adjusted } = settled;
        let stamp = owned.usage.stamp.clone();
        self.tally.prove_used(&owned.usage, &notes)?;
        let exports = owned.usage.exports.iter().enumerate();
        let places: BTreeMap<&str, usize> = exports.map(|(at, own)| (own.label.as_str(), at)).collect();
        let uses: Vec<_> = notes.iter().map(|(day, note)| (*day, settle::uses_of(owned, &places, note))).collect();
        owned.count(&uses, snapshots, &self.plan.deciding.rules, &self.plan.tolerance);
        self.tally.count_attributed(owned, snapshots);
        self.tally.count_settled(&stamp, &notes, &adjusted.by_meter)?;
        self.tally.found(self.uncharged(&stamp, work, &adjusted.by_month).into_iter().collect());
        self.tally.count_windows(&owned.usage, &notes);
        self.tally.count_touched(&stamp, &work.touched);
        let lines: BTreeMap<Day, i64> = notes.iter().map(|(day, note)| (*day, note.lines())).collect();
        self.tally.count_time(ReportedTime::of(&stamp, &owned.usage.exports, self.plan));
        self.tally.count_days(&stamp, coverage_of(&owned.usage.exports, self.plan.settling_days, &lines));
        self.correct(&stamp, &after, work)?;

        self.dimensions.learn(snapshots);
        self.dimensions.learn_used(&owned.usage, notes.keys().copied());
        for note in notes.values() {
            self.names.learn_used(&stamp, &note.user_subscriptions, note.meters.iter().map(|own| &own.meter));
        }
        let fresh: BTreeSet<i64> = work
            .touched
            .keys()
            .filter_map(|day| notes.get(day))
            .flat_map(|note| note.resources.iter().copied())
            .collect();
        let resources = std::mem::take(&mut owned.usage.resources);
        if !work.touched.is_empty() {
            self.dimensions.keep_resources(&stamp, resources.into_iter().filter(|own| fresh.contains(&own.key)))?;
        }
        self.csv_months.extend(months_rewritten);
        self.touched.insert(stamp.clone(), work.touched.clone());
        let texts = self.texts_of(&stamp, &notes);
        let names = Some(self.names.fingerprint_of_stamp(&stamp));
        self.state.stamps.insert(stamp, StampState { days: notes, texts, names, ..StampState::default() });
        Ok(())
    }

    /// What came to closed months that were charged, and is itself not charged; but for meters that never are.
    fn uncharged(
        &self,
        stamp: &Stamp,
        work: &StampWork,
        adjusted: &BTreeMap<(Month, String), Totals>,
    ) -> Option<Finding> {
        let is_charged = |((month, meter), _): &(&(Month, String), &Totals)| {
            let charging = work.closed.get(month).and_then(|own| own.charging.as_ref());
            let prices = |own: &FrozenCharging| {
                own.prices.iter().filter(|own| own.meter.as_str() == meter).any(|own| own.price().is_none())
            };
            charging.is_some_and(|own| !prices(own))
        };
        let adjusted: Vec<_> = adjusted.iter().filter(is_charged).collect();
        let shown = |&((month, meter), delta): &(&(Month, String), &Totals)| {
            let known = MeterId::new(meter).and_then(|id| self.names.meter(&id));
            let unit = known.and_then(|own| own.unit.as_deref()).unwrap_or("units");
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
                "bill it apart, by history/adjustments, and accept the code with --accept; or open the month again with `stacktally reopen`",
            )
        })
    }

    /// Notes what changed of touched days that were published before.
    fn correct(&mut self, stamp: &Stamp, after: &DayTotals, work: &StampWork) -> Result<()> {
        let mut touched = work.touched.clone();
        let mut months: BTreeSet<Month> = touched.keys().map(|day| day.month()).collect();
        if self.full_run.is_some() {
            // The state may have been lost, and with it that a day was published which is none any more.
            months.extend(corrections::months_published(self.publisher.out(), stamp));
        }
        // The figures of closed months do not change.
        months.retain(|month| !work.is_closed(*month));
        for month in months {
            let mut before = corrections::published(self.publisher.out(), stamp, month)?;
            if self.full_run.is_some() {
                for (day, ..) in before.keys() {
                    touched.entry(*day).or_insert_with(|| BTreeSet::from([Cause::FullRun]));
                }
            }
            before.retain(|(day, ..), _| touched.contains_key(day));
            let of_month = after.iter().filter(|((day, ..), _)| day.month() == month);
            let after: DayTotals = of_month.map(|(key, totals)| (key.clone(), *totals)).collect();
            self.corrections.extend(corrections::between(stamp, &before, &after, &touched));
        }
        Ok(())
    }

    /// Notes that stamps which the last run published are no longer there.
    ///
    /// # Errors
    /// What is published of them cannot be read.
    pub fn leave_out_other_stamps(&mut self) -> Result<()> {
        let is_left = |stamp: &&Stamp| !self.state.stamps.contains_key(*stamp);
        if let Some(stamp) = self.closed.keys().find(is_left) {
            return Err(Error::input("has closed months, and would no longer be published").at(stamp.as_str()).hint(
                "put the stamp's folder back into the root; or open its months again with `stacktally reopen`, and then forget it",
            ));
        }
        let mut formers = std::mem::take(&mut self.formers);
        for stamp in self.publisher.out().map(corrections::stamps_published).unwrap_or_default() {
            if !self.state.stamps.contains_key(&stamp) {
                formers.entry(stamp).or_default();
            }
        }
        if let Some(stamp) = formers.keys().find(|&stamp| !self.vanished.forgets_stamp(stamp)) {
            return Err(Error::input("is published, and the root has no such stamp any more")
                .at(stamp.as_str())
                .hint(format!("put the stamp's folder back with its snapshots, which say who pays; --forget {stamp} removes its tables")));
        }
        for (stamp, former) in formers {
            self.tally.count_missing(&stamp, &[], &former.exports, &BTreeSet::new(), |_| true);
            let causes = BTreeSet::from([Cause::WindowRemoved]);
            let touched: BTreeMap<Day, BTreeSet<Cause>> =
                former.days.keys().map(|day| (*day, causes.clone())).collect();
            self.csv_months.extend(touched.keys().map(|day| day.month()));
            self.take_back_adjustments(&stamp, &touched)?;
            self.tally.count_touched(&stamp, &touched);
            let work = StampWork { touched, ..StampWork::default() };
            self.correct(&stamp, &DayTotals::new(), &work)?;
            self.touched.insert(stamp, work.touched);
        }
        Ok(())
    }

    /// Takes back what was adjusted of a stamp that is no longer published: nothing of it is closed.
    fn take_back_adjustments(&mut self, stamp: &Stamp, touched: &BTreeMap<Day, BTreeSet<Cause>>) -> Result<()> {
        let adjusted = adjustments::published(self.publisher.out(), stamp)?;
        let Some(latest) = adjusted.keys().map(|figure| figure.day.month()).max() else { return Ok(()) };
        let missing = adjusted.into_iter().map(|(figure, delta)| (figure, delta.negated())).collect();
        self.adjustments.extend(adjustments::split(stamp, missing, Vec::new(), latest, touched)?);
        Ok(())
    }

    /// Brings all resources together that some day names: those of settled days, and of the others as they are published.
    ///
    /// # Errors
    /// The published ones cannot be read, or lack one.
    pub fn finish_resources(&mut self) -> Result<()> {
        let is_touched = !self.dimensions.has_no_new_resources() || self.touched.values().any(|days| !days.is_empty());
        let out = self.publisher.out().filter(|out| out.last().files.contains_key(RESOURCES));
        let gone = self.touched.len() > self.state.stamps.len();
        if out.is_some() && !is_touched && !gone && self.full_run.is_none() {
            return Ok(());
        }
        for (stamp, own) in &self.state.stamps {
            let closed = self.closed.get(stamp).into_iter().flatten();
            let frozen = closed.clone().flat_map(|(_, own)| own.resources.iter().copied());
            let mut keys: Vec<i64> =
                own.days.values().flat_map(|note| note.resources.iter().copied()).chain(frozen).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.retain(|key| !self.dimensions.has_resource(*key));
            let mut published = BTreeMap::new();
            if let Some(out) = self.publisher.out().filter(|_| !keys.is_empty()) {
                if self.full_run.is_none() {
                    published.extend(read::stored_resources(stamp, &out.read(RESOURCES)?)?);
                }
                for (&month, own) in closed
                    .filter(|(_, own)| own.resources.iter().any(|key| !published.contains_key(key)))
                    .collect::<Vec<_>>()
                {
                    published.extend(read::stored_resources(
                        stamp,
                        &out.read(&Frozen::path(stamp, month, own.run, RESOURCES))?,
                    )?);
                }
            }
            let stored = |key: i64| {
                Resource::of_published(stamp, key, &published).ok_or_else(|| {
                    tables::contradiction(RESOURCES, format!("does not hold {key} of {stamp} as it was noted"))
                })
            };
            let resources: Vec<Resource> = keys.into_iter().map(stored).collect::<Result<_>>()?;
            self.dimensions.keep_resources(stamp, resources)?;
        }
        Ok(())
    }

    /// Writes the flat CSV of all stamps' months that changed, from what is published of each stamp.
    ///
    /// # Errors
    /// A table cannot be read or staged.
    pub fn publish_csv_monthly(&self) -> Result<()> {
        if self.publisher.is_rehearsal() {
            return Ok(());
        }
        let open = self.state.stamps.values().flat_map(|own| own.days.keys().map(|day| day.month()));
        let closed = self.closed.values().flat_map(|own| own.keys().copied());
        let months: BTreeSet<Month> = open.chain(closed).collect();
        let (written, kept): (BTreeSet<Month>, BTreeSet<Month>) =
            months.into_iter().partition(|month| self.csv_months.contains(month));
        kept.iter().for_each(|month| self.publisher.keep_csv(&flat::csv_path("monthly", None, Some(month))));
        let mut tables: BTreeMap<Month, (CsvTable, Checksum)> = BTreeMap::new();
        for &month in &written {
            tables.insert(month, (self.publisher.csv_table(flat::CSV_MONTHLY.columns), Checksum::default()));
        }
        for stamp in self.state.stamps.keys().filter(|_| !written.is_empty()) {
            let path = settle::monthly_path(stamp);
            let Some(bytes) = self.publisher.current(&path)? else { continue };
            let columns: Vec<&str> = schema::MONTHLY.columns.iter().map(|column| column.name).collect();
            for rows in tables::read(path.as_ref(), bytes, &schema::MONTHLY, &columns, &[])? {
                flat_months(&rows, stamp, &self.names, &mut tables)?;
            }
        }
        for (month, (table, sum)) in tables {
            self.publisher.csv(
                &flat::csv_path("monthly", None, Some(&month)),
                flat::CSV_MONTHLY.columns,
                table,
                Some(sum),
            )?;
        }
        Ok(())
    }
}

/// The folders of known exports that did not count in the last run, and do now.
fn counting_again(exports: &[ExportLines], former: &[ExportLines], known: &Known) -> BTreeSet<String> {
    let dropped: BTreeSet<&str> = former.iter().filter(|own| own.is_dropped()).map(|own| own.folder.as_str()).collect();
    let folders = known.folders();
    let counts = |own: &&ExportLines| !own.files.is_empty() && dropped.contains(own.folder.as_str());
    exports.iter().filter(counts).map(|own| own.folder.clone()).filter(|own| folders.contains(own)).collect()
}

/// The exports that had usable lines and have none any more, with how many they had. (What a rule drops is dropped by choice.)
fn emptied(exports: &[ExportLines], former: &[ExportLines]) -> Vec<(String, i64)> {
    let before: BTreeMap<&str, i64> =
        former.iter().map(|own| (own.label.as_str(), own.used())).filter(|(_, lines)| *lines > 0).collect();
    let is_empty = |own: &&ExportLines| own.used() == 0 && !own.is_dropped();
    let lines_before = |own: &ExportLines| Some((own.folder.clone(), *before.get(own.label.as_str())?));
    exports.iter().filter(is_empty).filter_map(lines_before).collect()
}

/// The coverage of every day that has usage, and of every day from the first reported to the last. (A stray line of
/// long ago adds its own day, not all the days since.)
fn coverage_of(exports: &[ExportLines], settling_days: u16, lines: &BTreeMap<Day, i64>) -> Vec<(DayCoverage, i64)> {
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

/// The refusal of kept lines that nothing is known of.
pub fn unknown_kept(folder: &str) -> Error {
    Error::input("its export is gone, and nothing is known of the lines that are published of it")
        .at(folder)
        .hint("put the export back, or run with --forget and its folder to remove its lines (a `*` at its end stands for several)")
}
