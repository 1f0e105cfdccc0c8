//! A (stamp, day) as it was settled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::totals::Totals;
use crate::domain::{Attribution, BilledSubscriptionId, Hour, MeterId, TenantId, UserSubscriptionId};
use crate::store::Fingerprint;

/// The inputs and totals of a day. Its lists are sorted; numbers are places in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNote {
    /// The exports with lines of this day.
    pub exports: Vec<ExportOfDay>,
    pub user_subscriptions: Vec<UserSubscriptionId>,
    pub meters: Vec<MeterOfDay>,
    /// Keys of its resources.
    pub resources: Vec<i64>,
    /// Those of them with a text that was cut.
    pub resources_cut: Vec<i64>,
    pub owners: Vec<NotedOwner>,
    pub uses: Vec<NotedUse>,
}

/// One export's lines of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOfDay {
    /// Its window, as in the names of its published files.
    pub label: String,
    /// The fingerprint of the inputs: if it is unchanged, the lines are unchanged.
    pub inputs: Fingerprint,
    pub lines: i64,
    /// Lines that equal another one in everything but their position.
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

/// Lines of one export with the same owner and the same deciding moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedUse {
    pub export: u32,
    pub moment: Hour,
    pub owner: u32,
    pub lines: i64,
}

impl DayNote {
    /// The number of lines of all exports.
    pub fn lines(&self) -> i64 {
        self.exports.iter().map(|export| export.lines).sum()
    }

    /// The fingerprint of the inputs of each export.
    pub fn inputs(&self) -> BTreeMap<&str, Fingerprint> {
        self.exports.iter().map(|export| (export.label.as_str(), export.inputs)).collect()
    }
}
