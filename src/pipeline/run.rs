//! The whole run: prepare, settle stamp after stamp, make the shared tables, and commit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::charge::charge;
use super::charging::{Charging, PriceInputs};
use super::context::{ClosedMonths, RunContext};
use super::fold::{Folded, StampOutcome};
use super::gather::{GatheredStamp, gather};
use super::named::findings_of_names;
use super::nights::{self, ReportedTime};
use super::plan::Plan;
use super::prepare::{Prepared, SnapshotInputs};
use super::previous::PreviousRun;
use super::settle::settle;
use super::vanished::Vanished;
use super::vendor::charge_vendor;
use super::{changes, left, not_applied};
use crate::attribute::{self, FormerOwner, Snapshots};
use crate::close::{self, Frozen};
use crate::control::Control;
use crate::domain::coverage::CoverageRow;
use crate::domain::{Day, Finding, Month, Stamp};
use crate::error::Result;
use crate::publication::receipt::{Receipt, RecordedInputs};
use crate::publication::{Closings, Out, Publisher};
use crate::publish::{Dimensions, Names, publish_changes, publish_exports, publish_snapshots};
use crate::read::{self, Reading, Root, StampFolder};
use crate::state::{SnapshotState, StampState, Version};

/// The most new rejects that a summary shows; the table has all.
const REJECTS_SHOWN: usize = 10;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    pub receipt: Receipt,
    pub coverage: Vec<CoverageRow>,
    /// The number of rejects that the last publication does not have.
    pub rejects_new: u64,
    /// The first few of them: place, reason and text.
    pub first_rejects: Vec<String>,
    /// The missing reported time of each stamp, without what is accepted.
    pub times: Vec<ReportedTime>,
    /// Findings about overdue windows: they depend on the clock, so they are in no receipt.
    pub overdue: Vec<Finding>,
    /// Snapshots that replaced a stamp's own.
    pub overrides: Vec<String>,
    /// Sentences about settings that no input needed.
    pub unused: Vec<String>,
    /// Files of an earlier run that this one does not make any more, relative to OUT.
    pub removed: Vec<String>,
    /// The days of each stamp that were published before and whose figures this run changed.
    pub changed: BTreeMap<Stamp, BTreeSet<Day>>,
    /// The months whose statements bill other amounts because of rounding, exchange rates or billing currency.
    pub rebilled: BTreeSet<Month>,
    /// Whether this was a rehearsal: nothing was published.
    pub is_rehearsal: bool,
}

impl Outcome {
    /// Whether the next window of a stamp is overdue, by the clock.
    pub fn is_overdue(&self, stamp: &Stamp) -> bool {
        self.overdue.iter().any(|finding| finding.stamp.as_ref() == Some(stamp))
    }
}

/// Runs the whole pipeline: reads, attributes, aggregates, checks, and publishes completely or not at all.
///
/// # Errors
/// Input that is refused, totals that do not balance, a machine that fails, a signal: in each case nothing is
/// published.
pub fn run(plan: &Plan, control: &Control) -> Result<Outcome> {
    let started_at = (plan.now)();
    let hold = || plan.out.as_deref().map(|out| Out::hold(out, plan.patience, control)).transpose();
    // A new OUT is not made before the layout of the root and the snapshots are checked.
    let is_there = plan.out.as_deref().is_some_and(Out::is_one);
    let early = if is_there { hold()? } else { None };
    let mut out = early;
    let previous = PreviousRun::load(plan, out.as_mut())?;
    let root = read::discover(&plan.root, &plan.stamps)?;
    let left = left::left_stamps(plan, &previous, out.as_ref());
    // This comes before anything is read, so that missing inputs are reported before their effects.
    let vanished = Vanished::find(plan, &root, &previous.recorded, &left)?;
    let mut prepared = Prepared::read(plan, root, &previous, left, started_at, control)?;
    let prices = PriceInputs::read(&prepared.root, &plan.deciding.reading, &mut prepared.receipt)?;
    let out = if is_there { out } else { hold()? };
    if let Some(out) = out.as_ref().filter(|_| !plan.overrides.is_empty()) {
        out.refuse_what_if()?;
    }
    let publisher = Publisher::new(out)?;
    let publisher = publisher.holding(prices.tables_to_hold())?;
    match stage(plan, control, &publisher, Inputs { prepared, prices, previous, vanished, started_at }) {
        Ok(staged) => commit(plan, control, publisher, staged),
        Err(error) => {
            publisher.abandon();
            Err(error)
        }
    }
}

/// The inputs of a run, without usage.
struct Inputs {
    prepared: Prepared,
    prices: PriceInputs,
    previous: PreviousRun,
    vanished: Vanished,
    started_at: DateTime<Utc>,
}

/// A staged publication that is ready for the commit, with its summary.
struct StagedPublication {
    receipt: Receipt,
    coverage: Vec<CoverageRow>,
    rejects_new: u64,
    first_rejects: Vec<String>,
    times: Vec<ReportedTime>,
    overdue: Vec<Finding>,
    changed: BTreeMap<Stamp, BTreeSet<Day>>,
    rebilled: BTreeSet<Month>,
}

/// Does everything except the commit: gathers, settles and folds stamp after stamp, charges the months, and stages the
/// shared tables.
fn stage(plan: &Plan, control: &Control, publisher: &Publisher, inputs: Inputs) -> Result<StagedPublication> {
    let Inputs { prepared, prices, previous, mut vanished, started_at } = inputs;
    let Prepared { root, snapshots, snapshot_inputs, mut names, named, mut receipt, left } = prepared;
    let PreviousRun { stamps: mut previous_stamps, full_run, mut read_in, recorded } = previous;
    let mut dimensions = Dimensions::default();
    // This uses the catalogue of the root: closed months freeze the texts of meters, not the units of prices.
    let charging = Charging::new(prices, plan, &names)?;
    let (closed, not_applied) = load_frozen(publisher, &mut names, &mut dimensions, &root, &plan.deciding.reading)?;
    receipt.found(not_applied);
    let context = RunContext { plan, control, publisher, closed, left, full_run, started_at };

    let mut folded = Folded::new(names, dimensions, receipt);
    for (folder, snapshots) in root.stamps.iter().zip(&snapshots) {
        let before = previous_stamps.remove(&folder.stamp).unwrap_or_default();
        folded = with_stamp(&context, folded, (folder, snapshots), before, &mut vanished)
            .map_err(|error| root.or_without(error, &folder.stamp))?;
    }
    let mut folded = folded.without_vanished(&context, previous_stamps, &mut vanished)?.with_resources(&context)?;
    let charged = charge(&context, &folded, &charging, &root, &mut vanished)?;
    let vendor_findings = charge_vendor(&context, &folded, &charging, &root, &mut vanished)?;
    folded.changes.extend(charged.changes);
    folded.receipt.found(charged.findings);
    folded.receipt.found(vendor_findings);
    folded.receipt.count_charged(&charged.months, charging.all_notes());
    folded.receipt.found(findings_of_names(plan, &folded.dimensions, &named, &charging));
    vanished.refuse_unused()?;
    folded.receipt.forget(vanished.into_forgotten());
    folded.receipt.found(attribute::of_stamps(&folded.uses));
    folded.receipt.refuse(plan)?;

    read_in.retain(|stamp, _| context.left.contains(stamp));
    let read_now = folded.state.stamps.keys().filter(|stamp| !context.left.contains(*stamp));
    read_in.extend(read_now.map(|stamp| (stamp.clone(), publisher.generation())));
    folded.state.read_in = read_in;
    control.check()?;
    control.begin("writing_dimensions");
    folded.publish_csv_monthly(&context)?;
    stage_shared(context, folded, &snapshots, snapshot_inputs, &recorded, root.skipped)
}

/// Gathers, attributes and settles one stamp.
fn with_stamp<'s>(
    context: &RunContext<'_>,
    mut folded: Folded<'s>,
    (folder, snapshots): (&StampFolder, &'s Snapshots),
    before: StampState,
    vanished: &mut Vanished,
) -> Result<Folded<'s>> {
    let gathered = gather(context, (folder, snapshots), &folded.names, before, vanished, &folded.state.stamps)?;
    let GatheredStamp { usage, dirty_days, inputs, kept, previous_exports } = gathered;
    let forgets = |folder: &str| vanished.forgets_export(folder);
    folded.receipt.count_missing(&folder.stamp, &folder.exports, &previous_exports, &kept, forgets);
    folded.receipt.count_read(&usage);
    folded.receipt.refuse_rejects(context.plan)?;
    let closed_owners = dirty_days.closed.values().flat_map(|frozen| &frozen.owners);
    let former_owners: Vec<FormerOwner<'_>> = closed_owners
        .map(|owner| FormerOwner {
            billed_subscription: &owner.billed_subscription,
            attribution: owner.attribution.0,
            tenant: owner.tenant.as_ref(),
            user_subscription: &owner.user_subscription,
        })
        .collect();
    let owned = attribute::attribute_beside(usage, snapshots, &context.plan.deciding.rules, &former_owners);
    let labels: BTreeSet<String> = previous_exports.into_iter().map(|export| export.label).collect();
    let settled = settle(context, &folded.names, &owned, &dirty_days, &labels)?;
    folded.with(context, StampOutcome { owned, snapshots, dirty_days, settled, inputs, kept })
}

/// Stages what all stamps share: snapshots, changes, adjustments, dimensions, state and the receipt.
fn stage_shared(
    context: RunContext<'_>,
    folded: Folded<'_>,
    snapshots: &[Snapshots],
    snapshot_inputs: Vec<Option<SnapshotInputs>>,
    recorded: &RecordedInputs,
    skipped: Vec<String>,
) -> Result<StagedPublication> {
    let RunContext { plan, control, publisher, closed, full_run, started_at, .. } = context;
    let Folded { names, dimensions, mut receipt, state, dirty, mut adjustments, mut changes, .. } = folded;
    publish_snapshots(snapshots, publisher)?;
    publish_changes(&mut changes, publisher)?;
    close::publish(&mut adjustments, publisher)?;
    let changed = changes::days_of(&changes);
    let rebilled = changes::months_of(&changes);
    let coverage = receipt.coverage();
    let new_rejects = nights::new_rejects(dimensions.rejects(), publisher.out())?;
    let shown = new_rejects.iter().take(REJECTS_SHOWN);
    let first_rejects = shown.map(|&place| dimensions.rejects()[place].to_string()).collect();
    let months_of = |(stamp, months): (Stamp, BTreeMap<Month, Frozen>)| {
        months.into_keys().map(move |month| (stamp.clone(), month)).collect::<Vec<_>>()
    };
    dimensions.publish(&names, (&coverage, &closed.into_iter().flat_map(months_of).collect()), publisher)?;
    state.save(Version::current(plan.deciding.values()), &dirty, publisher)?;
    for (stamp_snapshots, inputs) in snapshots.iter().zip(snapshot_inputs) {
        match inputs {
            Some(inputs) => {
                SnapshotState { inputs, lists: stamp_snapshots.lists().with_owners(plan.deciding.with_owners) }
                    .save(&stamp_snapshots.stamp, publisher)?;
            }
            None => SnapshotState::keep(&stamp_snapshots.stamp, publisher),
        }
    }
    control.check()?;
    let (times, overdue) = (receipt.times().to_vec(), receipt.overdue(plan));
    receipt.date_exports(recorded, publisher.generation());
    publish_exports(receipt.windows(), publisher)?;
    let receipt = receipt.receipt(plan, publisher, skipped, full_run, started_at);
    let rejects_new = new_rejects.len() as u64;
    Ok(StagedPublication { receipt, coverage, rejects_new, first_rejects, times, overdue, changed, rebilled })
}

/// The last step: commits, or in a rehearsal discards what was staged.
fn commit(plan: &Plan, control: &Control, publisher: Publisher, staged: StagedPublication) -> Result<Outcome> {
    let StagedPublication { receipt, coverage, rejects_new, first_rejects, times, overdue, changed, rebilled } = staged;
    let removed = if plan.rehearse {
        let removed = publisher.would_remove();
        publisher.abandon();
        removed
    } else {
        control.begin("publishing");
        publisher.commit(&receipt)?
    };
    Ok(Outcome {
        unused: plan.unused(&receipt),
        receipt,
        coverage,
        rejects_new,
        first_rejects,
        times,
        overdue,
        overrides: plan.overrides.clone(),
        removed,
        changed,
        rebilled,
        is_rehearsal: plan.rehearse || plan.out.is_none(),
    })
}

/// The frozen data of closed months by stamp, and findings about names and meters that are not applied to them. Names
/// and dimensions are fixed to the frozen texts.
fn load_frozen(
    publisher: &Publisher,
    names: &mut Names,
    dimensions: &mut Dimensions,
    root: &Root,
    reading: &Reading,
) -> Result<(ClosedMonths, Vec<Finding>)> {
    let mut closed = ClosedMonths::new();
    let Some(out) = publisher.out() else { return Ok((closed, Vec::new())) };
    let closings = Closings::load(out)?;
    let currently_closed = closings.closed();
    let mut in_order: Vec<_> = currently_closed.into_iter().collect();
    in_order.sort_by_key(|(_, entry)| entry.run);
    let mut loaded = Vec::new();
    for (key, entry) in in_order {
        let frozen = Frozen::load(out, &key.0, key.1, entry.run)?;
        loaded.push((key, frozen));
    }
    let not_applied = not_applied::names_and_meters(&loaded, names, root, reading)?;
    for ((stamp, month), frozen) in loaded {
        names.freeze(&stamp, &frozen.meters, &frozen.user_subscriptions, &frozen.names);
        let billed = frozen.billed.iter().map(|billed| (&billed.id, billed.kind.as_str(), billed.tenant.as_ref()));
        dimensions.freeze(&frozen.tenants, billed, frozen.days.iter().copied());
        closed.entry(stamp).or_default().insert(month, frozen);
    }
    Ok((closed, not_applied))
}
