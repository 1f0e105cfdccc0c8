//! Reads and checks all inputs except usage: they are small, and they decide how usage is published.

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

/// All inputs except usage, read and checked.
pub(super) struct Prepared {
    pub root: Root,
    pub snapshots: Vec<Snapshots>,
    /// The files of each stamp's snapshots, for the state; `None` if the state has them already.
    pub snapshot_inputs: Vec<Option<SnapshotInputs>>,
    pub names: Names,
    /// The rows of `names.csv`.
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
            let known = previous.stamps.get(&folder.stamp).and_then(|state| state.snapshots.as_ref());
            match read_snapshots(plan, folder, known, previous.full_run.is_some(), started_at, control) {
                Ok((checked, inputs)) => {
                    names.learn(&checked);
                    snapshots.push(checked);
                    snapshot_inputs.push(inputs);
                }
                Err(error) => errors.push((&folder.stamp, error)),
            }
        }
        // Only if each stamp is valid by itself. In a what-if, a stamp may use the registration of another.
        errors.extend(attribute::of_another_stamp(&snapshots, plan.overrides.is_empty()));
        if !errors.is_empty() {
            return Err(root.or_without_all(errors));
        }
        for stamp in &left {
            let LeftStamp { folder, snapshots: left_snapshots } = left::load(stamp, plan, previous)?;
            names.learn(&left_snapshots);
            let place = root.stamps.partition_point(|other| other.stamp < folder.stamp);
            root.stamps.insert(place, folder);
            snapshots.insert(place, left_snapshots);
            snapshot_inputs.insert(place, None);
        }
        receipt.leave(left::entries(&left, &previous.read_in));
        Ok(Self { root, snapshots, snapshot_inputs, names, named, receipt, left })
    }
}

/// Reads and checks the snapshots of a stamp; files that are known are not read again. Also returns the files for the
/// state; `None` if the state has them already.
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
