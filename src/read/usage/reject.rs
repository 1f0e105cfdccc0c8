//! Lines set aside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Quantity, RejectReason};

/// A line set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    pub row: u32,
    pub reason: RejectReason,
    /// The offending raw text, cut at [`REJECT_BYTES_MAX`](crate::domain::limits::REJECT_BYTES_MAX); `None` when a
    /// value is missing.
    pub text: Option<String>,
    /// The meter as written, where it could be read.
    pub meter: Option<String>,
    /// The quantity, where it could be read: it is part of the balance.
    pub quantity: Option<Quantity>,
}

impl Reject {
    /// The most common reason of some rejects, and how many have it. Of equally common reasons it is the one that is
    /// checked first.
    pub(in crate::read) fn commonest<'r>(rejects: impl Iterator<Item = &'r Self>) -> Option<(RejectReason, i64)> {
        let mut counts: BTreeMap<RejectReason, i64> = BTreeMap::new();
        rejects.for_each(|reject| *counts.entry(reject.reason).or_default() += 1);
        counts.into_iter().rev().max_by_key(|(_, count)| *count)
    }
}
