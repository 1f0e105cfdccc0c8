//! A (stamp, day) as it was settled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::totals::Totals;
use crate::domain::{Attribution, BilledSubscriptionId, Hour, MeterId, TenantId, UserSubscriptionId};
use crate::store::Fingerprint;

/// What a day was made of, and what it came to. Its lists are sorted; numbers are places in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNote {
    /// The exports that have lines of it.
    pub exports: Vec<ExportOfDay>,
    pub user_subscriptions: Vec<UserSubscriptionId>,
    pub meters: Vec<MeterOfDay>,
    /// Keys of its resources.
    pub resources: Vec<i64>,
    /// Of these, the ones of which a text was cut.
    pub resources_cut: Vec<i64>,
    pub owners: Vec<NotedOwner>,
    pub uses: Vec<NotedUse>,
}

/// One export's lines of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOfDay {
    /// Its window, as its published files are called.
    pub label: String,
    /// Of what they are made of: while it stays the same, they do.
    pub inputs: Fingerprint,
    pub lines: i64,
    /// Lines that equal another of them in all but their place.
    pub lines_equal: i64,
}

/// One meter's lines of a day: all of them, and the Hourly ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterOfDay {
    pub meter: MeterId,
    pub used: Totals,
    pub used_hourly: Totals,
}

/// Who paid for lines of a day, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedOwner {
    pub billed_subscription: BilledSubscriptionId,
    pub attribution: Attribution,
    pub tenant: Option<TenantId>,
    pub user_subscription: u32,
}

/// Lines of one export that one moment decides, and one owner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedUse {
    pub export: u32,
    pub moment: Hour,
    pub owner: u32,
    pub lines: i64,
}

impl DayNote {
    /// All of its lines.
    pub fn lines(&self) -> i64 {
        self.exports.iter().map(|export| export.lines).sum()
    }

    /// What its lines are made of, by export.
    pub fn inputs(&self) -> BTreeMap<&str, Fingerprint> {
        self.exports.iter().map(|export| (export.label.as_str(), export.inputs)).collect()
    }
}
