//! Stamps that `--stamp` does not name: they stay as published, and are still part of the publication.
//!
//! The exports and snapshots of such a stamp are taken from the state, and none of its files is looked at. A run that
//! would need its files (because of another version or other settings) is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::changes;
use super::plan::Plan;
use super::previous::PreviousRun;
use crate::attribute::{Snapshots, checked};
use crate::domain::Stamp;
use crate::error::{Error, Result};
use crate::publication::Out;
use crate::publication::receipt::LeftEntry;
use crate::read::StampFolder;

/// A stamp as it was read.
#[derive(Debug)]
pub(super) struct LeftStamp {
    pub folder: StampFolder,
    pub snapshots: Snapshots,
}

/// The published stamps that a run leaves as they are: neither `--stamp` nor `--forget` names them.
pub(super) fn left_stamps(plan: &Plan, previous: &PreviousRun, out: Option<&Out>) -> BTreeSet<Stamp> {
    if plan.stamps.is_empty() {
        return BTreeSet::new();
    }
    let of_receipt = previous.recorded.windows.iter().filter_map(|window| Stamp::new(&window.stamp));
    let published = out.map(changes::stamps_published).unwrap_or_default();
    let all: BTreeSet<Stamp> = previous.stamps.keys().cloned().chain(published).chain(of_receipt).collect();
    let is_left =
        |stamp: &Stamp| !plan.stamps.contains(stamp) && !plan.forget.iter().any(|name| name == stamp.as_str());
    all.into_iter().filter(is_left).collect()
}

/// Loads a stamp as it was read last.
///
/// # Errors
/// This is a full run, or the state of the stamp is lost.
pub(super) fn load(stamp: &Stamp, plan: &Plan, previous: &PreviousRun) -> Result<LeftStamp> {
    let refused = |why: &str| {
        Error::input(format!("--stamp is to leave stamp {stamp} as it was published, but {why}")).hint(format!(
            "run without --stamp; or with the settings and the version of the last run; or name all stamps. --forget \
             {stamp} removes its tables"
        ))
    };
    if let Some(why) = &previous.full_run {
        return Err(refused(&format!("everything has to be rebuilt: {why}")));
    }
    let settling_days = previous.recorded.settings["settling-days"].as_u64();
    if settling_days.is_some_and(|days| days != u64::from(plan.settling_days)) {
        return Err(refused("--settling-days changed, which says how complete its days are"));
    }
    let known = previous.stamps.get(stamp).and_then(|state| Some((state, state.snapshots.as_ref()?)));
    let Some((state, snapshots)) = known else {
        return Err(refused("what the last run knew of it (in OUT/.stacktally/state) is lost"));
    };
    let exports = state.exports.iter().filter(|export| !state.kept.contains(&export.folder));
    let lists = snapshots.lists.clone();
    let snapshots = checked(
        stamp.clone(),
        lists.registrations.into_owned(),
        lists.customer_subscriptions.into_owned(),
        lists.listings.into_owned(),
        &[],
        &plan.deciding.rules,
        &plan.tolerance,
    )?;
    Ok(LeftStamp { folder: StampFolder::as_known(stamp.clone(), exports), snapshots })
}

/// The receipt entries of these stamps.
pub(super) fn entries(left: &BTreeSet<Stamp>, read_in: &BTreeMap<Stamp, u64>) -> Vec<LeftEntry> {
    let entry = |stamp: &Stamp| LeftEntry { stamp: stamp.clone(), run: read_in.get(stamp).copied() };
    left.iter().map(entry).collect()
}
