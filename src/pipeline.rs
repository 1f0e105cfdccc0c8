//! The stages in order, the balance after each, the receipt at the end.
//!
//! Two passes: **gather** reads the exports of a stamp that are not known yet and hands each line to its usage day; **settle**
//! sorts, aggregates and publishes one touched day after the other. Days are independent: while one is aggregated, those
//! before it are encoded on the other threads, and those that nothing touched stand as they are published.

mod adjustments;
mod base;
mod charging;
mod closed;
pub mod closing;
mod corrections;
mod deciding;
mod flat_days;
mod known;
mod left;
mod making;
mod named;
mod nights;
mod not_applied;
mod objections;
mod recharged;
mod settle;
mod tally;
mod vanished;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use self::charging::{Charging, PriceInputs};
pub use self::deciding::DecidingSettings;
use self::known::{Former, KnownInputs};
use self::left::LeftStamp;
use self::making::Making;
pub use self::nights::{ReportedTime, seconds_of};
pub use self::tally::FINDINGS_SHOWN;
use self::tally::Tally;
use self::vanished::Vanished;
use crate::attribute::{self, Snapshots, Tolerance};
use crate::audit::{self, History, MeterText};
use crate::domain::coverage::CoverageRow;
use crate::domain::finding::FindingCode;
use crate::domain::{Currency, Day, Finding, Month, Rounding, Stamp, Tiering};
use crate::error::Result;
use crate::normalise::{self, Meter, Usage};
use crate::publish::changes::publish_changes;
use crate::publish::dimensions::{Dimensions, Names};
use crate::publish::{Out, Patience, Publisher, Receipt, publish_exports, publish_snapshots};
use crate::read::{self, Reading, Root, StampFolder};
use crate::schema;
use crate::state::{Closings, Frozen, KnownInput, RunState, SnapshotState, Version};
use crate::watch::Watch;

/// New rejects whose places a summary shows; the table has all.
const REJECTS_SHOWN: usize = 10;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub root: PathBuf,
    /// Where to publish; `None` rehearses the run as one into a new folder.
    pub out: Option<PathBuf>,
    /// Do everything in `out` but the commit, and say what it would change.
    pub rehearse: bool,
    /// What to do while another run holds OUT.
    pub patience: Patience,
    /// Only these stamps; all when empty.
    pub stamps: Vec<Stamp>,
    /// What decides published figures; nothing else here does, but for what is compared by itself: snapshots, and how months are
    /// charged.
    pub deciding: DecidingSettings,
    /// What of snapshots is refused or found.
    pub tolerance: Tolerance,
    /// Later days that must be covered for a day to be settled.
    pub settling_days: u16,
    /// How months are rated and billed, where there is a price book.
    pub tiering: Tiering,
    pub rounding: Rounding,
    /// What statements are billed in; `None`: what the exchange rates lead to, and without any the currency of each price.
    pub billing_currency: Option<Currency>,
    /// Refuse findings.
    pub strict: bool,
    /// Findings that are tolerated all the same.
    pub accept: Vec<FindingCode>,
    /// Hours after the end of its newest window from which on a stamp is overdue; `None`: as its rhythm says.
    pub overdue_after: Option<u16>,
    /// Refuse more rejects than this.
    pub rejects_max: Option<u64>,
    /// What may vanish though it was published, by name: stamps, folders of exports, `prices`, `names` …, or `all`.
    pub forget: Vec<String>,
    /// Snapshots that serve in the stead of a stamp's own: `[stamp=]file`.
    pub overrides: Vec<String>,
    /// As the receipt prints them.
    pub settings: serde_json::Value,
    /// How much of the last run is taken as it is.
    pub reuse: Reuse,
    /// The clock, for the receipt alone.
    pub now: fn() -> DateTime<Utc>,
}

/// How much of the last run is taken as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reuse {
    /// Make everything anew.
    pub full: bool,
    /// Hash inputs and published files instead of trusting what the file system says of them.
    pub verify: bool,
    /// Let exports count that are no longer in the root.
    pub keep_missing: bool,
}

/// What a run did.
#[derive(Debug)]
pub struct Outcome {
    pub receipt: Receipt,
    pub coverage: Vec<CoverageRow>,
    /// Lines set aside that the last publication does not hold.
    pub rejects_new: u64,
    /// The places of the first few of them, with reason and text.
    pub first_rejects: Vec<String>,
    /// What is missing of each stamp's reported time, but for what is accepted.
    pub times: Vec<ReportedTime>,
    /// Stamps whose next window should be there: by the clock, so in no receipt.
    pub overdue: Vec<Finding>,
    /// Snapshots that served in the stead of a stamp's own.
    pub overrides: Vec<String>,
    /// Settings that served nothing, though they were said: each as a sentence.
    pub unused: Vec<String>,
    /// Files of an earlier run that this one no longer makes, relative to OUT.
    pub removed: Vec<String>,
    /// The days of each stamp that were published before, and whose figures this run changed.
    pub changed: BTreeMap<Stamp, BTreeSet<Day>>,
    /// The months whose statements ask for other amounts because of rounding, exchange rates or billing currency.
    pub rebilled: BTreeSet<Month>,
    /// Whether all this was only tried: nothing was published.
    pub is_rehearsal: bool,
}

/// Runs the whole pipeline: reads, attributes, aggregates, proves, and publishes whole or not at all.
///
/// # Errors
/// Input that is refused, totals that do not balance, a machine that fails, a signal: in each case nothing is published.
pub fn run(plan: &Plan, watch: &Watch) -> Result<Outcome> {
    let started_at = (plan.now)();
    let hold = || plan.out.as_deref().map(|out| Out::hold(out, plan.patience, watch)).transpose();
    // In an OUT that is none yet, nothing is made before the layout and the snapshots are known to be right.
    let is_there = plan.out.as_deref().is_some_and(Out::is_one);
    let early = if is_there { hold()? } else { None };
    let mut out = early;
    let former = Former::of(plan, out.as_mut())?;
    let root = read::root::discover(&plan.root, &plan.stamps)?;
    let left = left::left_stamps(plan, &former, out.as_ref());
    // Before anything is read: what is gone is not to be looked for in what it would change.
    let vanished = Vanished::find(plan, &root, &former.stood_on, &left)?;
    let mut prepared = Prepared::read(plan, root, &former, left, started_at, watch)?;
    let prices = PriceInputs::read(&prepared.root, &plan.deciding.reading, &mut prepared.tally)?;
    let out = if is_there { out } else { hold()? };
    if let Some(out) = out.as_ref().filter(|_| !plan.overrides.is_empty()) {
        out.refuse_what_if()?;
    }
    let publisher = Publisher::new(out)?;
    // Charges are made of days.
    let publisher = if prices.has_book() { publisher.holding(&schema::DAILY)? } else { publisher };
    match publish(plan, watch, &publisher, prepared, prices, former, vanished, started_at) {
        Ok(Made { receipt, coverage, rejects_new, first_rejects, times, overdue, changed, rebilled }) => {
            let removed = if plan.rehearse {
                let removed = publisher.would_remove();
                publisher.abandon();
                removed
            } else {
                watch.begin("publishing");
                publisher.commit(&receipt)?
            };
            let is_rehearsal = plan.rehearse || plan.out.is_none();
            let overrides = plan.overrides.clone();
            let unused = plan.unused(&receipt);
            Ok(Outcome {
                receipt,
                coverage,
                rejects_new,
                first_rejects,
                times,
                overdue,
                removed,
                changed,
                rebilled,
                overrides,
                unused,
                is_rehearsal,
            })
        }
        Err(error) => {
            publisher.abandon();
            Err(error)
        }
    }
}

/// The mappings of a root, followed; and what names the meters and ids in them.
#[derive(Debug, Default)]
pub struct Followed {
    pub history: History,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
    /// The names of user subscriptions in the latest listings that hold them, by stamp and id.
    pub display_names: BTreeMap<(Stamp, String), String>,
    /// Lines that were set aside, and so moved nothing.
    pub rejected: usize,
}

/// Reads and attributes as [`run`] does, and follows the mappings instead of publishing.
///
/// # Errors
/// Input that is refused, a sum past its range, a machine that fails, a signal.
pub fn history(plan: &Plan, watch: &Watch) -> Result<Followed> {
    let root = read::root::discover(&plan.root, &plan.stamps)?;
    let Prepared { root, snapshots, names, .. } =
        Prepared::read(plan, root, &Former::default(), BTreeSet::new(), (plan.now)(), watch)?;
    let mut names = names;
    let mut followed = Followed::default();
    for (folder, snapshots) in root.stamps.iter().zip(&snapshots) {
        let usage = usage_of(plan, watch, folder).map_err(|error| root.or_without(error, &folder.stamp))?;
        followed.rejected += usage.rejects().len();
        let owned = attribute::attribute(usage, snapshots, &plan.deciding.rules);
        names.learn_used(&folder.stamp, &[], &owned.usage.meters);
        followed.history.changes.extend(audit::history(&owned, snapshots)?.changes);
    }
    let meter = |own: &Meter| {
        let text = MeterText { name: own.meter_name.clone(), service: own.service.clone(), unit: own.unit.clone() };
        (own.id.to_string(), text)
    };
    followed.meters = names.meters().map(meter).collect();
    followed.display_names = names.display_names();
    followed.names = names.into_names();
    Ok(followed)
}

/// Reads the usage of a stamp.
fn usage_of(plan: &Plan, watch: &Watch, folder: &StampFolder) -> Result<Usage> {
    let files = folder.exports.iter().map(|export| export.files.len() as u64).sum();
    watch.begin_stamp("reading_usage", &folder.stamp, files);
    normalise::normalise(read::gather(folder, &plan.deciding.reading, plan.deciding.ledger, watch)?)
}

impl Plan {
    /// What was said, and was not needed for any input.
    fn unused(&self, receipt: &Receipt) -> Vec<String> {
        let encoding = self.deciding.reading.encoding.filter(|_| !receipt.inputs.iter().any(|file| file.by_encoding));
        let unused =
            |own| format!("--encoding {own} served nothing: every file is UTF-8, UTF-16 or UTF-32 as it stands");
        encoding.into_iter().map(unused).collect()
    }
}

type SnapshotInputs = BTreeMap<String, KnownInput>;

/// Everything but usage, read and checked: small, and it decides everything.
struct Prepared {
    root: Root,
    snapshots: Vec<Snapshots>,
    /// What is to be kept of the files of each stamp's snapshots, where it is not known already.
    snapshot_inputs: Vec<Option<SnapshotInputs>>,
    names: Names,
    /// What `names.csv` says.
    named: read::NamesTable,
    tally: Tally,
    /// Stamps that stay as they were published.
    left: BTreeSet<Stamp>,
}

impl Prepared {
    fn read(
        plan: &Plan,
        mut root: Root,
        former: &Former,
        left: BTreeSet<Stamp>,
        started_at: DateTime<Utc>,
        watch: &Watch,
    ) -> Result<Self> {
        read::override_snapshots(&mut root.stamps, &plan.overrides, &plan.deciding.reading, watch)?;
        let mut tally = Tally::default();
        let overrides = root
            .meters
            .as_ref()
            .map(|file| tally.count_table(read::read_meters(file, &plan.deciding.reading)?))
            .transpose()?;
        let names = root
            .names
            .as_ref()
            .map(|file| tally.count_table(read::read_names(file, &plan.deciding.reading)?))
            .transpose()?;
        tally.found(named::meters_with_lost_characters(overrides.as_deref().unwrap_or_default()).into_iter().collect());
        let meters = normalise::catalogue(overrides.unwrap_or_default())?;
        let named = names.unwrap_or_default();
        let mut names = Names::new(meters, named.names.clone(), plan.deciding.with_owners);
        let (mut snapshots, mut snapshot_inputs, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for folder in &root.stamps {
            watch.begin_stamp("reading_snapshots", &folder.stamp, 0);
            let known = former.stamps.get(&folder.stamp).and_then(|own| own.snapshots.as_ref());
            match read_snapshots(plan, folder, known, former.full_run.is_some(), started_at, watch) {
                Ok((own, inputs)) => {
                    names.learn(&own);
                    snapshots.push(own);
                    snapshot_inputs.push(inputs);
                }
                Err(error) => errors.push((&folder.stamp, error)),
            }
        }
        // Only among stamps that are right by themselves; a what-if may lend one's registration to another.
        errors.extend(attribute::of_another_stamp(&snapshots, plan.overrides.is_empty()));
        if !errors.is_empty() {
            return Err(root.or_without_all(errors));
        }
        for stamp in &left {
            let LeftStamp { folder, snapshots: own } = left::load(stamp, plan, former)?;
            names.learn(&own);
            let place = root.stamps.partition_point(|other| other.stamp < folder.stamp);
            root.stamps.insert(place, folder);
            snapshots.insert(place, own);
            snapshot_inputs.insert(place, None);
        }
        tally.leave(left::entries(&left, &former.read_in));
        Ok(Self { root, snapshots, snapshot_inputs, names, named, tally, left })
    }
}

/// Reads and checks the snapshots of a stamp that are not known. Returns with them what the next run is to know of their
/// files; `None` when that is what it knows already.
fn read_snapshots(
    plan: &Plan,
    folder: &StampFolder,
    known: Option<&SnapshotState<'_>>,
    is_full: bool,
    started_at: DateTime<Utc>,
    watch: &Watch,
) -> Result<(Snapshots, Option<SnapshotInputs>)> {
    let nothing = BTreeMap::new();
    let inputs = known.map_or(&nothing, |known| &known.inputs);
    let looked = KnownInputs::look(folder.snapshot_files(), inputs, plan.reuse, is_full, started_at)?;
    let lists = known.map(|known| &known.lists);
    let lists = read::read_snapshot_lists(folder, lists, looked.unchanged(), &plan.deciding.reading, watch)?;
    let snapshots = attribute::checked_snapshots(
        folder,
        lists,
        &plan.deciding.reading,
        &plan.deciding.rules,
        &plan.tolerance,
        watch,
    )?;
    let now = looked.after(snapshots.pages());
    let is_known = !is_full && now == *inputs;
    Ok((snapshots, (!is_known).then_some(now)))
}

/// What is made when all but the last step is done.
struct Made {
    receipt: Receipt,
    coverage: Vec<CoverageRow>,
    rejects_new: u64,
    first_rejects: Vec<String>,
    times: Vec<ReportedTime>,
    overdue: Vec<Finding>,
    changed: BTreeMap<Stamp, BTreeSet<Day>>,
    rebilled: BTreeSet<Month>,
}

/// Does everything but the last step, the commit.
#[expect(clippy::too_many_arguments, reason = "what a run knows before it reads usage, each part used up here")]
fn publish(
    plan: &Plan,
    watch: &Watch,
    publisher: &Publisher,
    Prepared { root, snapshots, snapshot_inputs, mut names, named, tally, left }: Prepared,
    prices: PriceInputs,
    former: Former,
    vanished: Vanished,
    started_at: DateTime<Utc>,
) -> Result<Made> {
    let mut dimensions = Dimensions::default();
    // By the catalogue as it is: what closed months froze is how meters are called there, not what they can be charged in.
    let charging = Charging::of(prices, plan, &names)?;
    let (closed, not_applied) = frozen_of(publisher, &mut names, &mut dimensions, &root, &plan.deciding.reading)?;
    let mut tally = tally;
    tally.found(not_applied);
    let Former { stamps: formers, full_run, mut read_in, stood_on } = former;
    let mut making = Making {
        plan,
        watch,
        publisher,
        names,
        dimensions,
        tally,
        formers,
        left,
        vanished,
        full_run,
        state: RunState::default(),
        touched: BTreeMap::new(),
        csv_months: BTreeSet::new(),
        corrections: Vec::new(),
        closed,
        adjustments: Vec::new(),
        started_at,
    };
    let mut uses = Vec::new();
    for (folder, snapshots) in root.stamps.iter().zip(&snapshots) {
        let used = making.stamp(folder, snapshots).map_err(|error| root.or_without(error, &folder.stamp))?;
        uses.push(used);
    }
    making.leave_out_other_stamps()?;
    making.finish_resources()?;
    making.charge(&charging, &root)?;
    making.look_at_names(&named, &charging);
    making.vanished.refuse_unused()?;
    let forgotten = std::mem::take(&mut making.vanished).into_forgotten();
    making.tally.forget(forgotten);
    read_in.retain(|stamp, _| making.left.contains(stamp));
    let read_now = making.state.stamps.keys().filter(|stamp| !making.left.contains(*stamp));
    read_in.extend(read_now.map(|stamp| (stamp.clone(), publisher.generation())));
    making.state.read_in = read_in;

    making.tally.found(attribute::of_stamps(&uses));
    making.tally.refuse(plan)?;
    watch.check()?;
    watch.begin("writing_dimensions");
    making.publish_csv_monthly()?;
    publish_snapshots(&snapshots, publisher)?;
    publish_changes(&mut making.corrections, publisher)?;
    adjustments::publish(&mut making.adjustments, publisher)?;
    let changed = corrections::days_of(&making.corrections);
    let rebilled = corrections::months_of(&making.corrections);
    let Making { names, dimensions, mut tally, state, touched, full_run, closed, .. } = making;
    let coverage = tally.coverage();
    let new_rejects = nights::new_rejects(dimensions.rejects(), publisher.out())?;
    let shown = new_rejects.iter().take(REJECTS_SHOWN);
    let first_rejects = shown.map(|&place| dimensions.rejects()[place].to_string()).collect();
    let closed = closed.into_iter().flat_map(|(stamp, own)| own.into_keys().map(move |month| (stamp.clone(), month)));
    dimensions.publish(&names, (&coverage, &closed.collect()), publisher)?;
    state.save(Version::current(plan.deciding.values()), &touched, publisher)?;
    for (own, inputs) in snapshots.iter().zip(snapshot_inputs) {
        match inputs {
            Some(inputs) => SnapshotState { inputs, lists: own.lists().with_owners(plan.deciding.with_owners) }
                .save(&own.stamp, publisher)?,
            None => SnapshotState::keep(&own.stamp, publisher),
        }
    }
    watch.check()?;
    let (times, overdue) = (tally.times().to_vec(), tally.overdue(plan));
    tally.date_exports(&stood_on, publisher.generation());
    publish_exports(tally.windows(), publisher)?;
    let receipt = tally.receipt(plan, publisher, root.skipped, full_run, started_at);
    let rejects_new = new_rejects.len() as u64;
    Ok(Made { receipt, coverage, rejects_new, first_rejects, times, overdue, changed, rebilled })
}

type ClosedMonths = BTreeMap<Stamp, BTreeMap<Month, Frozen>>;

/// What closed months froze, by stamp, and what of names and meters is not applied to them; names and dimensions are held to what
/// is frozen.
fn frozen_of(
    publisher: &Publisher,
    names: &mut Names,
    dimensions: &mut Dimensions,
    root: &Root,
    reading: &Reading,
) -> Result<(ClosedMonths, Vec<Finding>)> {
    let mut closed = ClosedMonths::new();
    let Some(out) = publisher.out() else { return Ok((closed, Vec::new())) };
    let closings = Closings::load(out)?;
    let of_now = closings.closed();
    let mut in_order: Vec<_> = of_now.into_iter().collect();
    in_order.sort_by_key(|(_, entry)| entry.run);
    let mut loaded = Vec::new();
    for (key, entry) in in_order {
        let frozen = Frozen::load(out, &key.0, key.1, entry.run)?;
        loaded.push((key, frozen));
    }
    let not_applied = not_applied::names_and_meters(&loaded, names, root, reading)?;
    for ((stamp, month), frozen) in loaded {
        names.freeze(&stamp, &frozen.meters, &frozen.user_subscriptions, &frozen.names);
        let billed = frozen.billed.iter().map(|own| (&own.id, own.kind.as_str(), own.tenant.as_ref()));
        dimensions.freeze(&frozen.tenants, billed, frozen.days.iter().copied());
        closed.entry(stamp).or_default().insert(month, frozen);
    }
    Ok((closed, not_applied))
}
