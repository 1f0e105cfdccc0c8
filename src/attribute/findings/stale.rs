//! Usage that was attributed by snapshots older than the limit.

use crate::attribute::owned::Used;
use crate::attribute::rules::Tolerance;
use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::{Day, Finding, Hour, SnapshotKind, shown};

/// Lines that were attributed while the latest snapshot was older than the limit.
#[derive(Debug, Default)]
pub(super) struct Stale {
    kinds: [Option<StaleKind>; 3],
}

#[derive(Debug)]
struct StaleKind {
    used: Used,
    /// The largest age in hours, and the place of the snapshot.
    oldest: (i32, u32),
}

impl Stale {
    /// Adds the lines of a day that one moment decides.
    pub(super) fn note(&mut self, snapshots: &Snapshots, tolerance: &Tolerance, day: Day, moment: Hour, lines: u64) {
        let in_force = snapshots.dates.in_force(moment);
        let places =
            [Some(in_force.registration), Some(in_force.customer_subscriptions), in_force.listings.checked_sub(1)];
        for ((stale, kind), place) in self.kinds.iter_mut().zip(SnapshotKind::ALL).zip(places) {
            let date = place.and_then(|place| Some((place, snapshots.dates.of(kind).get(place as usize)?)));
            let Some((place, date)) = date else { continue };
            let age = moment.hours_since_epoch() - date.hours_since_epoch();
            if age > i32::from(tolerance.snapshot_age_max) * 24 {
                let stale = stale.get_or_insert(StaleKind { used: Used::nothing(day), oldest: (0, 0) });
                stale.used.merge(Used { lines: lines as i64, first: day, last: day });
                stale.oldest = stale.oldest.max((age, place));
            }
        }
    }

    pub(super) fn findings(self, snapshots: &Snapshots, tolerance: &Tolerance) -> Vec<Finding> {
        let found = self.kinds.into_iter().zip(SnapshotKind::ALL).filter_map(|(stale, kind)| {
            let StaleKind { used, oldest: (age, place) } = stale?;
            let file = snapshots.file(kind, place);
            Some(Finding::new(
                &snapshots.stamp,
                FindingCode::SnapshotOlderThanUsage,
                format!(
                    "the latest {} was more than {} days old for {} from {} to {}: {file} by {} days, at the most",
                    kind.noun(),
                    tolerance.snapshot_age_max,
                    shown::counted(used.lines, "line"),
                    used.first,
                    used.last,
                    age / 24
                ),
                vec![file.to_owned()],
                "save a snapshot of each kind every night: Azure keeps no history of them, and who was registered in \
                 between is not known",
            ))
        });
        found.collect()
    }
}
