//! The snapshots that matter: old faults that were corrected do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::{Finding, InForce};
use crate::read::{CustomerSubscription, DatedList, Registration};

/// The registrations and customer lists that matter, and the pairs that were in force together.
pub(super) struct Relevant<'a> {
    pub(super) snapshots: &'a Snapshots,
    /// Places of the registration and the customer list.
    pub(super) pairs: BTreeSet<(u32, u32)>,
}

impl<'a> Relevant<'a> {
    pub(super) fn new(snapshots: &'a Snapshots, in_force: Option<&[InForce]>) -> Self {
        let dates = &snapshots.dates;
        let pair = |at_moment: InForce| (at_moment.registration, at_moment.customer_subscriptions);
        let all = || dates.registrations.iter().chain(&dates.customer_subscriptions).copied();
        let mut pairs: BTreeSet<(u32, u32)> = match in_force {
            Some(in_force) => in_force.iter().copied().map(pair).collect(),
            None => all().map(|date| pair(dates.in_force(date))).collect(),
        };
        pairs.extend(all().max().map(|latest| pair(dates.in_force(latest))));
        let is_there = |&(registration, list): &(u32, u32)| {
            (registration as usize) < dates.registrations.len() && (list as usize) < dates.customer_subscriptions.len()
        };
        pairs.retain(is_there);
        Self { snapshots, pairs }
    }

    pub(super) fn lists(&self) -> impl Iterator<Item = &'a DatedList> {
        let places: BTreeSet<u32> = self.pairs.iter().map(|&(_, list)| list).collect();
        let lists = &self.snapshots.customer_subscriptions.lists;
        places.into_iter().map(|place| &lists[place as usize])
    }

    pub(super) fn registrations(&self) -> impl Iterator<Item = &'a Registration> {
        let places: BTreeSet<u32> = self.pairs.iter().map(|&(registration, _)| registration).collect();
        let registrations = &self.snapshots.registrations;
        places.into_iter().map(|place| &registrations[place as usize])
    }

    /// The files of relevant lists by their faults, which `wrong` has for each distinct row.
    pub(super) fn files_by<K: Ord + Clone>(
        &self,
        wrong: impl Fn(&CustomerSubscription) -> Option<K>,
    ) -> BTreeMap<K, Vec<&'a str>> {
        let customers = &self.snapshots.customer_subscriptions;
        let wrong: Vec<Option<K>> = customers.rows.iter().map(wrong).collect();
        let mut files: BTreeMap<K, Vec<&str>> = BTreeMap::new();
        if wrong.iter().all(Option::is_none) {
            return files;
        }
        for list in self.lists() {
            for (at, &row) in list.rows.iter().enumerate() {
                let Some(key) = &wrong[row as usize] else { continue };
                let pages = files.entry(key.clone()).or_default();
                if pages.last() != Some(&list.page_of(at)) {
                    pages.push(list.page_of(at));
                }
            }
        }
        files
    }

    pub(super) fn says(
        &self,
        code: FindingCode,
        sentence: String,
        concerned: Vec<String>,
        remedy: &'static str,
    ) -> Finding {
        Finding::new(&self.snapshots.stamp, code, sentence, concerned, remedy)
    }
}
