//! How mappings changed, and what each change moved: of a root here, of a publication in `published_history`.
//!
//! ```text
//! tenant A    2026-01-01 began → X      used until then: nothing        since then: 120 core hours
//!             2026-03-05 changed X → Y  used until then: 120 core hours since then: 40 core hours
//! ```
//! A change lies between two periods, in each of which the snapshots in force said one thing. What was used in the
//! period before it was charged to where the mapping led before, what was used in the period after it to where it leads
//! since.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{KnownName, NameKind};
use crate::aggregate;
use crate::attribute::{OwnedUsage, Snapshots};
use crate::domain::totals::Totals;
use crate::domain::{Hour, InForce, Mapping, Mappings, MeterId, SnapshotKind, Stamp, TenantId, UserSubscriptionId};
use crate::error::Result;

/// Who is mapped.
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
    /// No listing holds the user subscription any more; what it still uses goes on being its last tenant's.
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

/// What was used of one meter in the period before a change and in the one after it.
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
    /// The date of the snapshot that first says so.
    pub at: Hour,
    /// That snapshot's file.
    pub file: String,
    /// Where the mapping led before, and leads since; `None`: nowhere.
    pub from: Option<String>,
    pub to: Option<String>,
    pub moved: BTreeMap<MeterId, Moving>,
}

/// All changes of a stamp's mappings, by subject and time.
#[derive(Debug, Default)]
pub struct History {
    pub changes: Vec<Change>,
}

/// Follows the mappings of a stamp.
///
/// # Errors
/// A sum leaves the range of a quantity.
pub fn history(owned: &OwnedUsage, snapshots: &Snapshots) -> Result<History> {
    let used = used_of(owned)?;
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
        by_subject(&used, |own, in_force| {
            owner(own).attribution.is_default().then_some((0, in_force.registration + 1))
        })?,
    )?);
    changes.extend(followed(SnapshotKind::CustomerSubscriptions, &snapshots.customer_mappings).changes(
        |subject| Ok(Subject::Tenant(snapshots.tenants[subject as usize].clone())),
        billed,
        file(SnapshotKind::CustomerSubscriptions),
        by_subject(&used, |own, in_force| Some((owner(own).tenant?, in_force.customer_subscriptions + 1)))?,
    )?);
    changes.extend(followed(SnapshotKind::UserSubscriptions, &snapshots.listed).changes(
        |subject| Ok(Subject::UserSubscription(snapshots.user_subscriptions[subject as usize].clone())),
        |to| snapshots.tenants[to as usize].to_string(),
        file(SnapshotKind::UserSubscriptions),
        by_subject(&used, |own, in_force| {
            let id = &owned.usage.user_subscriptions[owner(own).user_subscription as usize];
            Some((snapshots.user_subscriptions.binary_search(id).ok()? as u32, in_force.listings))
        })?,
    )?);
    Ok(History { changes })
}

/// Usage by whom it is of (a number that `by_subject` understands), the snapshots in force, and the meter's place.
pub(super) type UsedBy = BTreeMap<(u32, InForce, u32), Totals>;

/// Usage of each subject: by the count of snapshots not after the moment that decided, and the meter.
pub(super) type BySnapshots = BTreeMap<u32, BTreeMap<(u32, u32), Totals>>;

/// The usage of a root, by owner.
fn used_of(owned: &OwnedUsage) -> Result<UsedBy> {
    let mut used: BTreeMap<(u32, usize, u32), Totals> = BTreeMap::new();
    for day in owned.usage.days() {
        for chunk in owned.usage.take_day(day)? {
            let lines = &chunk.lines;
            let places = owned.owners_of(day, &chunk).zip(owned.rows_of(day, &chunk));
            for (((owner, row), &meter), &quantity) in places.zip(&lines.meter).zip(&lines.quantity) {
                let own = used.entry((owner, row, meter)).or_default();
                own.merge(Totals { lines: 1, quantity })
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

/// Usage by subject and count of snapshots, as `of` tells them from whom it is of and the snapshots in force.
///
/// # Errors
/// A sum leaves the range of a quantity.
pub(super) fn by_subject(used: &UsedBy, of: impl Fn(u32, InForce) -> Option<(u32, u32)>) -> Result<BySnapshots> {
    let mut by: BySnapshots = BTreeMap::new();
    for (&(owner, in_force, meter), &totals) in used {
        let Some((subject, snapshots)) = of(owner, in_force) else { continue };
        by.entry(subject).or_default().entry((snapshots, meter)).or_default().merge(totals)?;
    }
    Ok(by)
}

/// A period in which the snapshots said one thing of a subject.
struct Period {
    /// The place of the first snapshot that says so.
    from: u32,
    to: Option<u32>,
    /// Whether no listing holds the subject, so that the last one still serves.
    is_unlisted: bool,
}

/// The mappings of a stamp that are of one kind.
pub(super) struct KindMappings<'a> {
    pub stamp: &'a Stamp,
    pub kind: SnapshotKind,
    pub mappings: &'a Mappings,
    /// Of the snapshots of that kind.
    pub dates: &'a [Hour],
    /// By their places in what was used.
    pub meters: &'a [MeterId],
}

impl KindMappings<'_> {
    /// Their changes, with what each moved of `used`. The functions give a subject, an id that it is mapped to and a
    /// snapshot's file by their numbers.
    ///
    /// # Errors
    /// A sum leaves the range of a quantity, or an id is none.
    pub fn changes(
        &self,
        subject_of: impl Fn(u32) -> Result<Subject>,
        id_of: impl Fn(u32) -> String,
        file_of: impl Fn(u32) -> String,
        mut used: BySnapshots,
    ) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for own in self.mappings.all().chunk_by(|a, b| a.subject == b.subject) {
            let subject = own[0].subject;
            let periods = periods(own, self.dates.len() as u32, self.kind);
            let moved = moved_by_period(&periods, used.remove(&subject).unwrap_or_default())?;
            for (at, period) in periods.iter().enumerate() {
                let before = at.checked_sub(1).map(|before| &periods[before]);
                let from = before.and_then(|own| own.to);
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
                for (&of, &totals) in at.checked_sub(1).into_iter().flat_map(|before| &moved[before]) {
                    meters.entry(meter(of)).or_default().before = totals;
                }
                for (&of, &totals) in &moved[at] {
                    meters.entry(meter(of)).or_default().after = totals;
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
fn periods(own: &[Mapping], snapshots: u32, kind: SnapshotKind) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    for (at, mapping) in own.iter().enumerate() {
        if at == 0 && mapping.first > 0 && kind != SnapshotKind::UserSubscriptions {
            // Until then nothing was said of it. (Of a listing the earliest that holds it serves before it, too.)
            periods.push(Period { from: 0, to: None, is_unlisted: false });
        }
        periods.push(Period { from: mapping.first, to: Some(mapping.to), is_unlisted: false });
        let next = own.get(at + 1).map_or(snapshots, |next| next.first);
        if mapping.last + 1 < next {
            let is_unlisted = kind == SnapshotKind::UserSubscriptions;
            let to = is_unlisted.then_some(mapping.to);
            periods.push(Period { from: mapping.last + 1, to, is_unlisted });
        }
    }
    periods
}

/// Usage of each period, by meter: a line belongs to the last period that begins with a snapshot not after its moment,
/// or to the first.
fn moved_by_period(periods: &[Period], used: BTreeMap<(u32, u32), Totals>) -> Result<Vec<BTreeMap<u32, Totals>>> {
    let mut moved = vec![BTreeMap::new(); periods.len()];
    for ((snapshots, meter), totals) in used {
        let at = periods.partition_point(|period| period.from < snapshots).saturating_sub(1);
        let own: &mut Totals = moved[at].entry(meter).or_default();
        own.merge(totals)?;
    }
    Ok(moved)
}

impl History {
    /// Whom the changes are about, or lead from or to: the tenants or the user subscriptions among them. `name` tells
    /// their names, of a user subscription on its stamp.
    pub fn known<'n>(&self, asked: NameKind, name: impl Fn(&Stamp, &str) -> Option<&'n str>) -> Vec<KnownName> {
        let ids = self.changes.iter().flat_map(|own| {
            let is_user = matches!(own.subject, Subject::UserSubscription(_));
            let mapped = own.from.iter().chain(&own.to).filter(move |_| is_user && asked == NameKind::Tenant);
            let subject = match (&own.subject, asked) {
                (Subject::Tenant(id), NameKind::Tenant) => Some(id.as_str()),
                (Subject::UserSubscription(id), NameKind::UserSubscription) => Some(id.as_str()),
                _ => None,
            };
            subject.into_iter().chain(mapped.map(String::as_str)).map(|id| (&own.stamp, id))
        });
        let ids: BTreeSet<(&Stamp, &str)> = ids.collect();
        let known = ids.into_iter().map(|(stamp, id)| KnownName {
            id: id.to_owned(),
            name: name(stamp, id).map(str::to_owned),
            beside: (asked == NameKind::UserSubscription).then(|| stamp.to_string()),
        });
        known.collect()
    }

    /// The changes that concern tenants, or user subscriptions and the tenants that they had: their own, and of user
    /// subscriptions that led to the tenants or lead there.
    pub fn concern(&mut self, wanted: &[TenantId], user_subscriptions: &[UserSubscriptionId]) {
        if wanted.is_empty() && user_subscriptions.is_empty() {
            return;
        }
        let is_user = |own: &Change| match &own.subject {
            Subject::UserSubscription(id) => user_subscriptions.contains(id),
            _ => false,
        };
        // Mapping is per stamp, and so are the tenants that a user subscription had.
        let mut tenants: Vec<(Stamp, String)> = Vec::new();
        for change in &self.changes {
            let had = change.from.iter().chain(&change.to).filter(|_| is_user(change)).cloned();
            tenants
                .extend(had.chain(wanted.iter().map(ToString::to_string)).map(|tenant| (change.stamp.clone(), tenant)));
        }
        tenants.sort_unstable();
        tenants.dedup();
        let names = |id: &Option<String>| id.as_ref().is_some_and(|id| wanted.iter().any(|own| own.as_str() == id));
        self.changes.retain(|own| match &own.subject {
            Subject::Stamp => false,
            Subject::Tenant(id) => tenants.binary_search(&(own.stamp.clone(), id.to_string())).is_ok(),
            Subject::UserSubscription(_) => is_user(own) || names(&own.from) || names(&own.to),
        });
    }
}
