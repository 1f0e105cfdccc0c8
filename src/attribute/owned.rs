//! Usage with its owners: every line has one.

use std::collections::BTreeMap;

use crate::attribute::decider::operators;
use crate::attribute::rules::Rules;
use crate::attribute::snapshots::{Decision, Snapshots};
use crate::domain::{
    AttributeAt, Attribution, BilledSubscriptionId, Day, Hour, InForce, Slot, TenantId, UserSubscriptionId, Window,
    rank,
};
use crate::normalise::{Usage, UsageChunk};

/// Usage with its owners: every line has one.
#[derive(Debug)]
pub struct OwnedUsage {
    pub usage: Usage,
    pub tenants: Vec<TenantId>,
    pub billed_subscriptions: Vec<BilledSubscriptionId>,
    /// Sorted as published: by billed subscription, attribution, tenant (null first), user subscription.
    pub owners: Vec<Owner>,
    /// Rows of the owner table, by the moment that decides.
    rows: BTreeMap<Hour, usize>,
    /// The snapshots in force of each row.
    pub in_force: Vec<InForce>,
    /// Ranks of owners: a row for each combination of snapshots in force, a column for each user subscription.
    table: Vec<u32>,
    attribute_at: AttributeAt,
    /// What was used, by the snapshots in force (a place in `in_force`) and owner.
    used: BTreeMap<(usize, u32), Used>,
    /// Lines whose window is longer than a day or unknown, so that the end of the usage day decided.
    pub lines_decided_by_usage_day: u64,
    /// Lines attributed by a later snapshot, since none is older.
    pub lines_before_first_snapshot: u64,
}

/// Who owns the lines of one export on one day.
#[derive(Debug)]
pub struct OwnersOfDay<'a> {
    table: &'a [u32],
    /// Where in the table the row of each slot starts, by its number.
    rows: [usize; Slot::COUNT as usize],
}

impl OwnersOfDay<'_> {
    /// The rank of the owner of a user subscription's lines in a slot.
    pub fn of(&self, slot: Slot, user_subscription: u32) -> u32 {
        self.table[self.rows[usize::from(slot.number())] + user_subscription as usize]
    }
}

/// Lines of one export and day with the same deciding moment and the same owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// A place in the list of exports.
    pub export: u32,
    pub moment: Hour,
    /// A rank in the list of owners.
    pub owner: u32,
    pub lines: i64,
}

/// Who pays for the lines of one user subscription, and why. Numbers are ranks in the lists of [`OwnedUsage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub billed_subscription: u32,
    pub attribution: Attribution,
    pub tenant: Option<u32>,
    pub user_subscription: u32,
}

impl Owner {
    fn order(&self) -> (u32, &'static str, Option<u32>, u32) {
        (self.billed_subscription, self.attribution.as_str(), self.tenant, self.user_subscription)
    }
}

/// An owner by ids: one that existing figures name, although no line may name it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerOwner<'a> {
    pub billed_subscription: &'a BilledSubscriptionId,
    pub attribution: Attribution,
    pub tenant: Option<&'a TenantId>,
    pub user_subscription: &'a UserSubscriptionId,
}

/// Decides who pays: for every user subscription, at every moment that decides for some line.
pub fn attribute(usage: Usage, snapshots: &Snapshots, rules: &Rules) -> OwnedUsage {
    attribute_beside(usage, snapshots, rules, &[])
}

/// The same, where figures of `former` owners are written again.
pub fn attribute_beside(usage: Usage, snapshots: &Snapshots, rules: &Rules, former: &[FormerOwner<'_>]) -> OwnedUsage {
    let mut rows = BTreeMap::new();
    let mut row_of = BTreeMap::new();
    let mut in_force = Vec::new();
    for moment in moments(&usage, rules.attribute_at) {
        let at_moment = snapshots.dates.in_force(moment);
        let row = *row_of.entry(at_moment).or_insert_with(|| {
            in_force.push(at_moment);
            in_force.len() - 1
        });
        rows.insert(moment, row);
    }
    let tenants = united(&snapshots.tenants, former.iter().filter_map(|owner| owner.tenant));
    let billed_subscriptions =
        united(&snapshots.billed_subscriptions, former.iter().map(|owner| owner.billed_subscription));
    let place_of = |owner: Owner| Owner {
        billed_subscription: place(
            &billed_subscriptions,
            &snapshots.billed_subscriptions[owner.billed_subscription as usize],
        ),
        tenant: owner.tenant.map(|tenant| place(&tenants, &snapshots.tenants[tenant as usize])),
        ..owner
    };
    let former: Vec<Owner> = former
        .iter()
        .map(|owner| Owner {
            billed_subscription: place(&billed_subscriptions, owner.billed_subscription),
            attribution: owner.attribution,
            tenant: owner.tenant.map(|tenant| place(&tenants, tenant)),
            user_subscription: place(&usage.user_subscriptions, owner.user_subscription),
        })
        .collect();
    let (owners, table) = decide(&usage.user_subscriptions, &in_force, snapshots, rules);
    let (owners, table) = sorted(owners.into_iter().map(place_of).collect(), &former, table);
    OwnedUsage {
        tenants,
        billed_subscriptions,
        owners,
        rows,
        in_force,
        table,
        attribute_at: rules.attribute_at,
        used: BTreeMap::new(),
        lines_decided_by_usage_day: 0,
        lines_before_first_snapshot: 0,
        usage,
    }
}

/// Sorted ids and others, sorted together.
fn united<'a, T: Ord + Clone + 'a>(sorted: &[T], others: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut all = sorted.to_vec();
    all.extend(others.cloned());
    all.sort_unstable();
    all.dedup();
    all
}

fn place<T: Ord>(sorted: &[T], id: &T) -> u32 {
    rank(sorted, id).expect("every id that is named is in its list")
}

/// All owners, and the place of each user subscription's owner under each combination of snapshots in force.
fn decide(
    user_subscriptions: &[UserSubscriptionId],
    in_force: &[InForce],
    snapshots: &Snapshots,
    rules: &Rules,
) -> (Vec<Owner>, Vec<u32>) {
    let mut owners: Vec<Owner> = Vec::new();
    let mut table = vec![0; in_force.len() * user_subscriptions.len()];
    for (user_subscription, id) in (0_u32..).zip(user_subscriptions) {
        let is_operator = operators(id, snapshots, rules);
        let listed = rank(&snapshots.user_subscriptions, id);
        // Snapshots change often, owners seldom: a user subscription has few owners.
        let first = owners.len();
        for (row, &at_moment) in in_force.iter().enumerate() {
            let Decision { billed_subscription, attribution, tenant } =
                snapshots.decide(listed, at_moment, &is_operator);
            let owner = Owner { billed_subscription, attribution, tenant, user_subscription };
            let place = owners[first..].iter().rposition(|known| *known == owner).unwrap_or_else(|| {
                owners.push(owner);
                owners.len() - 1 - first
            });
            table[row * user_subscriptions.len() + user_subscription as usize] = (first + place) as u32;
        }
    }
    (owners, table)
}

/// All owners and the former ones, sorted and distinct; the table then has their ranks instead of places.
fn sorted(mut owners: Vec<Owner>, former: &[Owner], mut table: Vec<u32>) -> (Vec<Owner>, Vec<u32>) {
    let decided = owners.clone();
    owners.extend_from_slice(former);
    owners.sort_unstable_by_key(Owner::order);
    owners.dedup();
    let rank = |owner: &Owner| owners.partition_point(|other| other.order() < owner.order()) as u32;
    let ranks: Vec<u32> = decided.iter().map(rank).collect();
    table.iter_mut().for_each(|place| *place = ranks[*place as usize]);
    (owners, table)
}

/// All moments at which something may be decided.
fn moments(usage: &Usage, attribute_at: AttributeAt) -> Vec<Hour> {
    let mut moments = Vec::new();
    for export in usage.exports.iter().filter(|export| !export.files.is_empty()) {
        for &day in export.days.keys() {
            moments.extend(by_slot(|slot| attribute_at.moment(export.window, day, slot)));
        }
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// A value for each slot of a day, by slot number: what depends only on the slot is not computed for every line.
fn by_slot<T>(of: impl Fn(Slot) -> T) -> [T; Slot::COUNT as usize] {
    std::array::from_fn(|number| of(Slot::from_number(number as u8)))
}

impl OwnedUsage {
    /// Who owns the lines of an export on a day.
    pub fn owners_on(&self, day: Day, export: u32) -> OwnersOfDay<'_> {
        let subscriptions = self.usage.user_subscriptions.len();
        OwnersOfDay {
            table: &self.table,
            rows: by_slot(|slot| self.rows[&self.moment(day, export, slot)] * subscriptions),
        }
    }

    /// The ranks of the owners of a chunk's lines, in their order.
    ///
    /// ```text
    /// lines of 10-05:   sub #0   sub #2   sub #0        owners:   #3   #0   #3
    /// ```
    pub fn owners_of<'a>(&'a self, day: Day, chunk: &'a UsageChunk) -> impl Iterator<Item = u32> + 'a {
        let (owners, lines) = (self.owners_on(day, chunk.export), &chunk.lines);
        lines
            .slot
            .iter()
            .zip(&lines.user_subscription)
            .map(move |(&slot, &user_subscription)| owners.of(slot, user_subscription))
    }

    /// The rows of the snapshots in force, for each line of a chunk: places in `in_force`.
    pub fn rows_of<'a>(&'a self, day: Day, chunk: &'a UsageChunk) -> impl Iterator<Item = usize> + 'a {
        let rows = by_slot(|slot| self.rows[&self.moment(day, chunk.export, slot)]);
        chunk.lines.slot.iter().map(move |slot| rows[usize::from(slot.number())])
    }

    fn moment(&self, day: Day, export: u32, slot: Slot) -> Hour {
        self.attribute_at.moment(self.usage.exports[export as usize].window, day, slot)
    }

    /// The owner of a user subscription (its rank) at a moment that decides for some line.
    pub fn owner_at(&self, moment: Hour, user_subscription: u32) -> Option<u32> {
        let row = self.rows.get(&moment)?;
        Some(self.table[row * self.usage.user_subscriptions.len() + user_subscription as usize])
    }

    /// The rank of an owner, if it is in the list.
    pub fn rank_of(&self, owner: &Owner) -> Option<u32> {
        self.owners.binary_search_by(|other| other.order().cmp(&owner.order())).ok().map(|place| place as u32)
    }

    /// What was used on a day, by export, moment and owner.
    pub fn uses_of(&self, day: Day, chunks: &[UsageChunk]) -> Vec<Use> {
        let mut uses: BTreeMap<(u32, Hour, u32), i64> = BTreeMap::new();
        let (mut counts, mut touched) = (Vec::new(), Vec::new());
        for chunk in chunks {
            let moments = by_slot(|slot| self.moment(day, chunk.export, slot));
            let mut distinct = moments.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            let place = moments.map(|moment| distinct.partition_point(|&other| other < moment));
            counts.resize(distinct.len() * self.owners.len(), 0_i64);
            for (owner, slot) in self.owners_of(day, chunk).zip(&chunk.lines.slot) {
                let at = place[usize::from(slot.number())] * self.owners.len() + owner as usize;
                if counts[at] == 0 {
                    touched.push(at);
                }
                counts[at] += 1;
            }
            for at in touched.drain(..) {
                let key = (chunk.export, distinct[at / self.owners.len()], (at % self.owners.len()) as u32);
                *uses.entry(key).or_default() += std::mem::take(&mut counts[at]);
            }
        }
        let to_use = |((export, moment, owner), lines)| Use { export, moment, owner, lines };
        uses.into_iter().map(to_use).collect()
    }

    /// What was used, by the snapshots in force and owner.
    pub(super) fn used(&self) -> impl Iterator<Item = (InForce, &Owner, Used)> {
        self.used.iter().map(|(&(row, owner), &used)| (self.in_force[row], &self.owners[owner as usize], used))
    }

    /// The snapshots in force for some line.
    pub(super) fn in_force_used(&self) -> Vec<InForce> {
        self.used().map(|(in_force, ..)| in_force).collect()
    }

    /// Adds the usage of all days.
    pub(super) fn take_in(&mut self, days: &[(Day, Vec<Use>)], snapshots: &Snapshots) {
        for (day, uses) in days {
            for &Use { export, moment, owner, lines } in uses {
                let window = self.usage.exports[export as usize].window;
                if self.attribute_at == AttributeAt::Forwarded && window.is_none_or(Window::is_longer_than_a_day) {
                    self.lines_decided_by_usage_day += lines as u64;
                }
                if snapshots.dates.is_before_first(moment) {
                    self.lines_before_first_snapshot += lines as u64;
                }
                let used = self.used.entry((self.rows[&moment], owner)).or_insert_with(|| Used::nothing(*day));
                used.merge(Used { lines, first: *day, last: *day });
            }
        }
    }
}

/// How many lines were used, and from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub lines: i64,
    pub first: Day,
    pub last: Day,
}

impl Used {
    pub(super) const fn nothing(day: Day) -> Self {
        Self { lines: 0, first: day, last: day }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
    }
}
