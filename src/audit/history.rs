//! How mappings changed, and what usage each change moved: of a root here, of a publication in `published_history`.
//!
//! ```text
//! tenant A    2026-01-01 began → X      used until then: nothing        since then: 120 core hours
//!             2026-03-05 changed X → Y  used until then: 120 core hours since then: 40 core hours
//! ```
//! A change separates two periods, in each of which the snapshots in force gave one mapping. Usage of the period before
//! it was charged to the old target of the mapping, usage of the period after it to the new one.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{KnownName, NameKind};
use crate::aggregate;
use crate::attribute::{OwnedUsage, Snapshots};
use crate::domain::totals::Totals;
use crate::domain::{Hour, InForce, Mapping, Mappings, MeterId, SnapshotKind, Stamp, TenantId, UserSubscriptionId};
use crate::error::Result;

/// The subject of a mapping.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The stamp, to its default subscription.
    Stamp,
    /// A tenant, to its customer subscription.
    Tenant(TenantId),
    /// A user subscription, to its tenant.
    UserSubscription(UserSubscriptionId),
}

impl Subject {
    pub const fn kind(&self) -> SnapshotKind {
        match self {
            Self::Stamp => SnapshotKind::Registration,
            Self::Tenant(_) => SnapshotKind::CustomerSubscriptions,
            Self::UserSubscription(_) => SnapshotKind::UserSubscriptions,
        }
    }

    /// The id; a stamp has none.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Stamp => None,
            Self::Tenant(id) => Some(id.as_str()),
            Self::UserSubscription(id) => Some(id.as_str()),
        }
    }
}

/// How a mapping changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    Began,
    Changed,
    Ended,
    /// No listing holds the user subscription any more; its usage still counts for its last tenant.
    Unlisted,
    /// A listing holds it again, with the same tenant.
    ListedAgain,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::Unlisted => "unlisted",
            Self::ListedAgain => "listed_again",
        }
    }
}

/// Usage of one meter in the period before a change and in the one after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    pub before: Totals,
    pub after: Totals,
}

/// One change of one mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub stamp: Stamp,
    pub subject: Subject,
    pub kind: ChangeKind,
    /// The date of the first snapshot after the change.
    pub at: Hour,
    /// That snapshot's file.
    pub file: String,
    /// The target before and after; `None`: there was none.
    pub from: Option<String>,
    pub to: Option<String>,
    pub moved: BTreeMap<MeterId, Moving>,
}

/// All changes of a stamp's mappings, by subject and time.
#[derive(Debug, Default)]
pub struct History {
    pub changes: Vec<Change>,
}

/// Follows the mappings of a stamp, and the usage that each change moved.
///
/// # Errors
/// A sum leaves the range of a quantity.
pub fn history(owned: &OwnedUsage, snapshots: &Snapshots) -> Result<History> {
    let usage = used_of(owned)?;
    let owner = |owner: u32| &owned.owners[owner as usize];
    let followed = |kind, mappings| KindMappings {
        stamp: &snapshots.stamp,
        kind,
        mappings,
        dates: snapshots.dates.of(kind),
        meters: &owned.usage.meters,
    };
    let file = |kind| move |place| snapshots.file(kind, place).to_owned();
    let billed = |to: u32| snapshots.billed_subscriptions[to as usize].to_string();
    let mut changes = Vec::new();
    changes.extend(followed(SnapshotKind::Registration, &snapshots.default_mappings).changes(
        |_| Ok(Subject::Stamp),
        billed,
        file(SnapshotKind::Registration),
        by_subject(&usage, |usage_owner, in_force| {
            owner(usage_owner).attribution.is_default().then_some((0, in_force.registration + 1))
        })?,
    )?);
    changes.extend(followed(SnapshotKind::CustomerSubscriptions, &snapshots.customer_mappings).changes(
        |subject| Ok(Subject::Tenant(snapshots.tenants[subject as usize].clone())),
        billed,
        file(SnapshotKind::CustomerSubscriptions),
        by_subject(&usage, |usage_owner, in_force| {
            Some((owner(usage_owner).tenant?, in_force.customer_subscriptions + 1))
        })?,
    )?);
    changes.extend(followed(SnapshotKind::UserSubscriptions, &snapshots.listed).changes(
        |subject| Ok(Subject::UserSubscription(snapshots.user_subscriptions[subject as usize].clone())),
        |to| snapshots.tenants[to as usize].to_string(),
        file(SnapshotKind::UserSubscriptions),
        by_subject(&usage, |usage_owner, in_force| {
            let id = &owned.usage.user_subscriptions[owner(usage_owner).user_subscription as usize];
            Some((snapshots.user_subscriptions.binary_search(id).ok()? as u32, in_force.listings))
        })?,
    )?);
    Ok(History { changes })
}

/// Usage by its owner (a number that the callback of `by_subject` understands), the snapshots in force, and the place
/// of its meter.
pub(super) type UsedBy = BTreeMap<(u32, InForce, u32), Totals>;

/// Usage of each subject: by the number of snapshots not after the deciding moment, and by meter.
pub(super) type BySnapshots = BTreeMap<u32, BTreeMap<(u32, u32), Totals>>;

/// The usage of a root, by owner.
fn used_of(owned: &OwnedUsage) -> Result<UsedBy> {
    let mut used: BTreeMap<(u32, usize, u32), Totals> = BTreeMap::new();
    for day in owned.usage.days() {
        for chunk in owned.usage.take_day(day)? {
            let lines = &chunk.lines;
            let places = owned.owners_of(day, &chunk).zip(owned.rows_of(day, &chunk));
            for (((owner, row), &meter), &quantity) in places.zip(&lines.meter).zip(&lines.quantity) {
                let sum = used.entry((owner, row, meter)).or_default();
                sum.merge(Totals { lines: 1, quantity })
                    .map_err(|_past_range| aggregate::past_range(owned, meter, day))?;
            }
        }
    }
    let mut by_snapshots = UsedBy::new();
    for ((owner, row, meter), totals) in used {
        by_snapshots.entry((owner, owned.in_force[row], meter)).or_default().merge(totals)?;
    }
    Ok(by_snapshots)
}

/// Usage by subject and number of snapshots, both given by `subject_of` for an owner and the snapshots in force.
///
/// # Errors
/// A sum leaves the range of a quantity.
pub(super) fn by_subject(
    used: &UsedBy,
    subject_of: impl Fn(u32, InForce) -> Option<(u32, u32)>,
) -> Result<BySnapshots> {
    let mut by_subject: BySnapshots = BTreeMap::new();
    for (&(owner, in_force, meter), &totals) in used {
        let Some((subject, snapshots)) = subject_of(owner, in_force) else { continue };
        by_subject.entry(subject).or_default().entry((snapshots, meter)).or_default().merge(totals)?;
    }
    Ok(by_subject)
}

/// A period in which the snapshots gave a subject one mapping.
pub(super) struct Period {
    /// The place of the first snapshot of the period.
    from: u32,
    to: Option<u32>,
    /// Whether no listing holds the subject, so that its last mapping still serves.
    is_unlisted: bool,
}

/// The mappings of one kind on a stamp.
pub(super) struct KindMappings<'a> {
    pub stamp: &'a Stamp,
    pub kind: SnapshotKind,
    pub mappings: &'a Mappings,
    /// Of the snapshots of that kind.
    pub dates: &'a [Hour],
    /// By their places in the usage.
    pub meters: &'a [MeterId],
}

impl KindMappings<'_> {
    /// The changes of these mappings, with the usage that each moved. The functions turn a number into a subject, into
    /// an id that it is mapped to, and into a snapshot's file.
    ///
    /// # Errors
    /// A sum leaves the range of a quantity, or an id is invalid.
    pub(super) fn changes(
        &self,
        subject_of: impl Fn(u32) -> Result<Subject>,
        id_of: impl Fn(u32) -> String,
        file_of: impl Fn(u32) -> String,
        mut used: BySnapshots,
    ) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for mappings in self.mappings.all().chunk_by(|a, b| a.subject == b.subject) {
            let subject = mappings[0].subject;
            let periods = periods_of(mappings, self.dates.len() as u32, self.kind);
            let moved = moved_by_period(&periods, used.remove(&subject).unwrap_or_default())?;
            for (at, period) in periods.iter().enumerate() {
                let previous = at.checked_sub(1).map(|place| &periods[place]);
                let from = previous.and_then(|period| period.to);
                let change = match (from, period.to) {
                    _ if period.is_unlisted => ChangeKind::Unlisted,
                    (None, None) => continue,
                    (None, Some(_)) => ChangeKind::Began,
                    (Some(_), None) => ChangeKind::Ended,
                    (Some(from), Some(to)) if from == to => ChangeKind::ListedAgain,
                    (Some(_), Some(_)) => ChangeKind::Changed,
                };
                let mut meters: BTreeMap<MeterId, Moving> = BTreeMap::new();
                let meter = |meter: u32| self.meters[meter as usize].clone();
                for (&meter_place, &totals) in at.checked_sub(1).into_iter().flat_map(|before| &moved[before]) {
                    meters.entry(meter(meter_place)).or_default().before = totals;
                }
                for (&meter_place, &totals) in &moved[at] {
                    meters.entry(meter(meter_place)).or_default().after = totals;
                }
                changes.push(Change {
                    stamp: self.stamp.clone(),
                    subject: subject_of(subject)?,
                    kind: change,
                    at: self.dates[period.from as usize],
                    file: file_of(period.from),
                    from: from.map(&id_of),
                    to: period.to.map(&id_of),
                    moved: meters,
                });
            }
        }
        Ok(changes)
    }
}

/// The periods of a subject: its mappings, and the gaps between and after them.
pub(super) fn periods_of(mappings: &[Mapping], snapshots: u32, kind: SnapshotKind) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    for (at, mapping) in mappings.iter().enumerate() {
        if at == 0 && mapping.first > 0 && kind != SnapshotKind::UserSubscriptions {
            // Before its first snapshot there was no mapping. (The earliest listing also serves before it.)
            periods.push(Period { from: 0, to: None, is_unlisted: false });
        }
        periods.push(Period { from: mapping.first, to: Some(mapping.to), is_unlisted: false });
        let next = mappings.get(at + 1).map_or(snapshots, |next| next.first);
        if mapping.last + 1 < next {
            let is_unlisted = kind == SnapshotKind::UserSubscriptions;
            let to = is_unlisted.then_some(mapping.to);
            periods.push(Period { from: mapping.last + 1, to, is_unlisted });
        }
    }
    periods
}

/// The place of the period of a line, of which so many snapshots are not after its moment: the last that begins with
/// one of these, or else the first.
pub(super) fn period_after(periods: &[Period], snapshots: u32) -> usize {
    periods.partition_point(|period| period.from < snapshots).saturating_sub(1)
}

/// Usage of each period, by meter.
fn moved_by_period(periods: &[Period], used: BTreeMap<(u32, u32), Totals>) -> Result<Vec<BTreeMap<u32, Totals>>> {
    let mut moved = vec![BTreeMap::new(); periods.len()];
    for ((snapshots, meter), totals) in used {
        let at = period_after(periods, snapshots);
        let total: &mut Totals = moved[at].entry(meter).or_default();
        total.merge(totals)?;
    }
    Ok(moved)
}

impl History {
    /// The tenants or the user subscriptions that the changes are about, lead from or lead to. `name` gives their
    /// names, that of a user subscription on its stamp.
    pub fn known_names<'n>(&self, kind: NameKind, name: impl Fn(&Stamp, &str) -> Option<&'n str>) -> Vec<KnownName> {
        let ids = self.changes.iter().flat_map(|change| {
            let is_user = matches!(change.subject, Subject::UserSubscription(_));
            let mapped = change.from.iter().chain(&change.to).filter(move |_| is_user && kind == NameKind::Tenant);
            let subject = match (&change.subject, kind) {
                (Subject::Tenant(id), NameKind::Tenant) => Some(id.as_str()),
                (Subject::UserSubscription(id), NameKind::UserSubscription) => Some(id.as_str()),
                _ => None,
            };
            subject.into_iter().chain(mapped.map(String::as_str)).map(|id| (&change.stamp, id))
        });
        let ids: BTreeSet<(&Stamp, &str)> = ids.collect();
        let names = ids.into_iter().map(|(stamp, id)| KnownName {
            id: id.to_owned(),
            name: name(stamp, id).map(str::to_owned),
            qualifier: (kind == NameKind::UserSubscription).then(|| stamp.to_string()),
        });
        names.collect()
    }

    /// Keeps the changes that concern some tenants or user subscriptions: those of the tenants themselves and of those
    /// that the user subscriptions had, and those of user subscriptions mapped from or to one of the tenants.
    pub fn retain_concerning(&mut self, wanted: &[TenantId], user_subscriptions: &[UserSubscriptionId]) {
        if wanted.is_empty() && user_subscriptions.is_empty() {
            return;
        }
        let is_user = |change: &Change| match &change.subject {
            Subject::UserSubscription(id) => user_subscriptions.contains(id),
            _ => false,
        };
        // Mappings are per stamp, and so are the tenants that a user subscription had.
        let mut tenants: Vec<(Stamp, String)> = Vec::new();
        for change in &self.changes {
            let had = change.from.iter().chain(&change.to).filter(|_| is_user(change)).cloned();
            tenants
                .extend(had.chain(wanted.iter().map(ToString::to_string)).map(|tenant| (change.stamp.clone(), tenant)));
        }
        tenants.sort_unstable();
        tenants.dedup();
        let names =
            |id: &Option<String>| id.as_ref().is_some_and(|id| wanted.iter().any(|tenant| tenant.as_str() == id));
        self.changes.retain(|change| match &change.subject {
            Subject::Stamp => false,
            Subject::Tenant(id) => tenants.binary_search(&(change.stamp.clone(), id.to_string())).is_ok(),
            Subject::UserSubscription(_) => is_user(change) || names(&change.from) || names(&change.to),
        });
    }
}
