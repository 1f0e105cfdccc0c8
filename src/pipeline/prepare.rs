//! Everything but usage, read and checked: small, and it decides everything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::left::{self, LeftStamp};
use super::named;
use super::plan::Plan;
use super::previous::{KnownInputs, PreviousRun};
use super::receipt_builder::ReceiptBuilder;
use crate::attribute::{self, Snapshots};
use crate::control::Control;
use crate::domain::Stamp;
use crate::error::Result;
use crate::normalise;
use crate::publish::Names;
use crate::read::{self, Root, StampFolder};
use crate::state::{KnownInput, SnapshotState};

pub(super) type SnapshotInputs = BTreeMap<String, KnownInput>;

/// Everything but usage, read and checked: small, and it decides everything.
pub(super) struct Prepared {
    pub root: Root,
    pub snapshots: Vec<Snapshots>,
    /// What is to be kept of the files of each stamp's snapshots, where it is not known already.
    pub snapshot_inputs: Vec<Option<SnapshotInputs>>,
    pub names: Names,
    /// What `names.csv` says.
    pub named: read::NamesTable,
    pub receipt: ReceiptBuilder,
    /// Stamps that stay as they were published.
    pub left: BTreeSet<Stamp>,
}

impl Prepared {
    pub(super) fn read(
        plan: &Plan,
        mut root: Root,
        previous: &PreviousRun,
        left: BTreeSet<Stamp>,
        started_at: DateTime<Utc>,
        control: &Control,
    ) -> Result<Self> {
        read::override_snapshots(&mut root.stamps, &plan.overrides, &plan.deciding.reading, control)?;
        let mut receipt = ReceiptBuilder::default();
        let overrides = root
            .meters
            .as_ref()
            .map(|file| receipt.count_table(read::read_meters(file, &plan.deciding.reading)?))
            .transpose()?;
        let names = root
            .names
            .as_ref()
            .map(|file| receipt.count_table(read::read_names(file, &plan.deciding.reading)?))
            .transpose()?;
        receipt
            .found(named::meters_with_lost_characters(overrides.as_deref().unwrap_or_default()).into_iter().collect());
        let meters = normalise::catalogue(overrides.unwrap_or_default())?;
        let named = names.unwrap_or_default();
        let mut names = Names::new(meters, named.names.clone(), plan.deciding.with_owners);
        let (mut snapshots, mut snapshot_inputs, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for folder in &root.stamps {
            control.begin_stamp("reading_snapshots", &folder.stamp, 0);
            let known = previous.stamps.get(&folder.stamp).and_then(|own| own.snapshots.as_ref());
            match read_snapshots(plan, folder, known, previous.full_run.is_some(), started_at, control) {
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
            let LeftStamp { folder, snapshots: own } = left::load(stamp, plan, previous)?;
            names.learn(&own);
            let place = root.stamps.partition_point(|other| other.stamp < folder.stamp);
            root.stamps.insert(place, folder);
            snapshots.insert(place, own);
            snapshot_inputs.insert(place, None);
        }
        receipt.leave(left::entries(&left, &previous.read_in));
        Ok(Self { root, snapshots, snapshot_inputs, names, named, receipt, left })
    }
}

/// Reads and checks the snapshots of a stamp that are not known. Returns with them what the next run is to know of
/// their files; `None` when that is what it knows already.
fn read_snapshots(
    plan: &Plan,
    folder: &StampFolder,
    known: Option<&SnapshotState<'_>>,
    is_full: bool,
    started_at: DateTime<Utc>,
    control: &Control,
) -> Result<(Snapshots, Option<SnapshotInputs>)> {
    let nothing = BTreeMap::new();
    let inputs = known.map_or(&nothing, |known| &known.inputs);
    let looked = KnownInputs::look(folder.snapshot_files(), inputs, plan.reuse, is_full, started_at)?;
    let lists = known.map(|known| &known.lists);
    let lists = read::read_snapshot_lists(folder, lists, looked.unchanged(), &plan.deciding.reading, control)?;
    let snapshots = attribute::checked_snapshots(
        folder,
        lists,
        &plan.deciding.reading,
        &plan.deciding.rules,
        &plan.tolerance,
        control,
    )?;
    let now = looked.after(snapshots.pages());
    let is_known = !is_full && now == *inputs;
    Ok((snapshots, (!is_known).then_some(now)))
}
