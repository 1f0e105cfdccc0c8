//! Usage → owned usage: for each line, who pays and why (`product.md` §4).
//!
//! ```text
//! user subscription ──listing──▶ tenant ──customer subscriptions──▶ billed subscription      registered
//!                                       └── not mapped ──▶ the default subscription          default_…
//! ```
//! Decided once per (user subscription, snapshots in force), not per line. The snapshots in force change a few times a
//! month, so a line's owner is one look-up in a small table.
//!
//! **Invariant:** never fails on a line; every line gets exactly one owner, and no default is silent.

mod snapshots;

use std::collections::BTreeMap;

pub use snapshots::{Snapshots, read_snapshots};

use crate::domain::finding::{Finding, FindingCode};
use crate::domain::{Attribution, BilledSubscriptionId, Day, Hour, Slot, TenantId, UserSubscriptionId, Window};
use crate::normalise::{Usage, UsageChunk};

/// At which moment of a line the snapshots in force are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributeAt {
    /// When Azure consulted them: the end of the reported window, rounded up to the UTC day.
    #[default]
    Forwarded,
    /// When the usage began.
    Usage,
}

/// How to attribute.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub attribute_at: AttributeAt,
    /// Accept customer subscriptions that are an empty list: it is often a failed export.
    pub confirm_empty_registration: bool,
    /// User subscriptions that are the operator's own.
    pub operator_user_subscriptions: Vec<UserSubscriptionId>,
    /// Directories all of whose user subscriptions are the operator's own.
    pub operator_tenants: Vec<TenantId>,
}

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
    /// Ranks of owners: a row for each combination of snapshots in force, a column for each user subscription.
    table: Vec<u32>,
    attribute_at: AttributeAt,
    first_snapshot: Hour,
    /// Lines whose window is longer than a day or undeclared, so that the end of the usage day decided.
    pub lines_decided_by_usage_day: u64,
    /// Lines decided by a snapshot taken later, since none is older.
    pub lines_before_first_snapshot: u64,
}

/// The lines of a stamp, by usage day.
pub type Days = BTreeMap<Day, Vec<UsageChunk>>;

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

/// The moment that decides for lines of `window` and `day`, under [`AttributeAt::Forwarded`].
fn forwarded_at(window: Option<Window>, day: Day) -> Hour {
    match window {
        Some(window) if !window.is_longer_than_a_day() => window.end.rounded_up_to_day(),
        _ => day.end(),
    }
}

/// Decides who pays.
pub fn attribute(usage: Usage, snapshots: &Snapshots, rules: &Rules) -> OwnedUsage {
    let index = snapshots.index(&usage.user_subscriptions, rules);
    let mut rows = BTreeMap::new();
    let mut in_force = BTreeMap::new();
    for moment in moments(&usage, rules.attribute_at) {
        let next = in_force.len();
        let row = *in_force.entry(index.in_force(moment)).or_insert(next);
        rows.insert(moment, row);
    }
    let subscriptions = 0..usage.user_subscriptions.len() as u32;
    let mut by_row: Vec<_> = in_force.into_iter().map(|(in_force, row)| (row, in_force)).collect();
    by_row.sort_unstable_by_key(|&(row, _)| row);
    let decided: Vec<Owner> = by_row
        .iter()
        .flat_map(|&(_, in_force)| subscriptions.clone().map(move |own| (own, in_force)))
        .map(|(own, in_force)| index.owner(own, in_force))
        .collect();
    let mut owners = decided.clone();
    owners.sort_unstable_by_key(Owner::order);
    owners.dedup();
    let rank = |owner: &Owner| owners.partition_point(|other| other.order() < owner.order()) as u32;
    let table = decided.iter().map(rank).collect();
    let mut owned = OwnedUsage {
        tenants: index.tenants,
        billed_subscriptions: index.billed_subscriptions,
        owners,
        rows,
        table,
        attribute_at: rules.attribute_at,
        first_snapshot: snapshots.first_complete(),
        lines_decided_by_usage_day: 0,
        lines_before_first_snapshot: 0,
        usage,
    };
    owned.count();
    owned
}

/// All moments at which something is decided.
fn moments(usage: &Usage, attribute_at: AttributeAt) -> Vec<Hour> {
    let mut moments = Vec::new();
    for (&day, chunks) in &usage.days {
        match attribute_at {
            AttributeAt::Usage => moments.extend((0..24).map(|hour| Hour::of(day, hour))),
            AttributeAt::Forwarded => {
                let window = |chunk: &UsageChunk| usage.exports[chunk.export as usize].window;
                moments.extend(chunks.iter().map(|chunk| forwarded_at(window(chunk), day)));
            }
        }
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// Something of each slot of a day, by its number: what depends on the slot alone is not worked out line by line.
fn by_slot<T>(of: impl Fn(Slot) -> T) -> [T; 25] {
    std::array::from_fn(|number| of(Slot::from_number(number as u8)))
}

impl OwnedUsage {
    /// The ranks of the owners of a chunk's lines, in their order.
    ///
    /// ```text
    /// lines of 10-05:   sub #0   sub #2   sub #0        owners:   #3   #0   #3
    /// ```
    pub fn owners_of<'a>(&'a self, day: Day, chunk: &'a UsageChunk) -> impl Iterator<Item = u32> + 'a {
        let offsets = by_slot(|slot| self.rows[&self.moment(day, chunk, slot)] * self.usage.user_subscriptions.len());
        let lines = &chunk.lines;
        lines
            .slot
            .iter()
            .zip(&lines.user_subscription)
            .map(move |(slot, &subscription)| self.table[offsets[usize::from(slot.number())] + subscription as usize])
    }

    fn moment(&self, day: Day, chunk: &UsageChunk, slot: Slot) -> Hour {
        match self.attribute_at {
            AttributeAt::Usage => Hour::of(day, slot.hour()),
            AttributeAt::Forwarded => forwarded_at(self.usage.exports[chunk.export as usize].window, day),
        }
    }

    /// Hands out the days, for settling: what is known of them as a whole stays.
    pub fn take_days(&mut self) -> Days {
        std::mem::take(&mut self.usage.days)
    }

    fn count(&mut self) {
        for (&day, chunk) in
            self.usage.days.iter().flat_map(|(day, chunks)| chunks.iter().map(move |chunk| (day, chunk)))
        {
            let window = self.usage.exports[chunk.export as usize].window;
            if self.attribute_at == AttributeAt::Forwarded && window.is_none_or(Window::is_longer_than_a_day) {
                self.lines_decided_by_usage_day += chunk.lines.len() as u64;
            }
            let is_before = by_slot(|slot| self.moment(day, chunk, slot) < self.first_snapshot);
            let before = chunk.lines.slot.iter().filter(|slot| is_before[usize::from(slot.number())]);
            self.lines_before_first_snapshot += before.count() as u64;
        }
        let lines = self.lines_before_first_snapshot;
        if lines > 0 {
            self.usage.findings.push(Finding::new(
                &self.usage.stamp,
                FindingCode::SnapshotLaterThanUsage,
                format!("{lines} lines are older than the first registration or customer list, which serves them"),
                Vec::new(),
                "add the snapshots of that time, if there are any, dated by when they were taken",
            ));
        }
    }
}
