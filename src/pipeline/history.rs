//! The history of a root's mappings.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;
use super::prepare::Prepared;
use super::previous::PreviousRun;
use crate::attribute;
use crate::audit::{self, History};
use crate::control::Control;
use crate::domain::Stamp;
use crate::error::Result;
use crate::normalise::{self, Meter, Usage};
use crate::publication::MeterText;
use crate::read::{self, StampFolder};

/// The history of a root's mappings, with the names of its meters and ids.
#[derive(Debug, Default)]
pub struct Followed {
    pub history: History,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
    /// The names of user subscriptions in the latest listings that hold them, by stamp and id.
    pub display_names: BTreeMap<(Stamp, String), String>,
    /// Rejected lines, which changed no mapping's usage.
    pub rejected: usize,
}

/// Reads and attributes as [`run`] does, and returns the history of the mappings instead of publishing.
///
/// # Errors
/// Input that is refused, a sum past its range, a machine that fails, a signal.
pub fn history(plan: &Plan, control: &Control) -> Result<Followed> {
    let root = read::discover(&plan.root, &plan.stamps)?;
    let Prepared { root, snapshots, names, .. } =
        Prepared::read(plan, root, &PreviousRun::default(), BTreeSet::new(), (plan.now)(), control)?;
    let mut names = names;
    let mut followed = Followed::default();
    for (folder, snapshots) in root.stamps.iter().zip(&snapshots) {
        let usage = usage_of(plan, control, folder).map_err(|error| root.or_without(error, &folder.stamp))?;
        followed.rejected += usage.rejects().len();
        let owned = attribute::attribute(usage, snapshots, &plan.deciding.rules);
        names.learn_used(&folder.stamp, &[], &owned.usage.meters);
        followed.history.changes.extend(audit::history(&owned, snapshots)?.changes);
    }
    let meter = |meter: &Meter| {
        let text =
            MeterText { name: meter.meter_name.clone(), service: meter.service.clone(), unit: meter.unit.clone() };
        (meter.id.to_string(), text)
    };
    followed.meters = names.meters().map(meter).collect();
    followed.display_names = names.display_names();
    followed.names = names.into_names();
    Ok(followed)
}

/// Reads the usage of a stamp.
fn usage_of(plan: &Plan, control: &Control, folder: &StampFolder) -> Result<Usage> {
    let files = folder.exports.iter().map(|export| export.files.len() as u64).sum();
    control.begin_stamp("reading_usage", &folder.stamp, files);
    normalise::normalise(read::gather(folder, &plan.deciding.reading, plan.deciding.ledger, control)?)
}
