//! Lines set aside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Quantity, RejectReason};

/// A line set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    pub row: u32,
    pub reason: RejectReason,
    /// The offending raw text, cut at [`REJECT_BYTES_MAX`](crate::domain::limits::REJECT_BYTES_MAX); `None` when it is
    /// the absence that offends.
    pub text: Option<String>,
    /// The meter, where it could be read, as it is written.
    pub meter: Option<String>,
    /// The quantity, where it could be read: it stands in the balance.
    pub quantity: Option<Quantity>,
}

impl Reject {
    /// The reason that most of some rejects have, and how many have it; of reasons that are as common, the first that
    /// applies to a line.
    pub(in crate::read) fn commonest<'r>(rejects: impl Iterator<Item = &'r Self>) -> Option<(RejectReason, i64)> {
        let mut counts: BTreeMap<RejectReason, i64> = BTreeMap::new();
        rejects.for_each(|reject| *counts.entry(reject.reason).or_default() += 1);
        counts.into_iter().rev().max_by_key(|(_, count)| *count)
    }
}
