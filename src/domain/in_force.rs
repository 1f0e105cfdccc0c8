//! Which snapshots are in force for a line: the moment that decides, and the latest snapshot not after it (`product.md`
//! §4).

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;
use super::time::{Day, Hour, Slot, Window};

/// The moment of a line that chooses the snapshots in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeAt {
    /// When Azure consulted them: the end of the reported window, rounded up to the UTC day.
    #[default]
    Forwarded,
    /// When the usage began.
    Usage,
}

impl AttributeAt {
    /// The name in settings and receipts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Usage => "usage",
        }
    }

    /// The setting of a text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Forwarded, Self::Usage].into_iter().find(|setting| setting.as_str() == text)
    }

    /// The moment that decides for a line of `day` and `slot`, reported in `window`. A window longer than a day, or
    /// none, does not show when Azure processed the line: then the end of its usage day decides.
    pub fn moment(self, window: Option<Window>, day: Day, slot: Slot) -> Hour {
        match (self, window) {
            (Self::Usage, _) => Hour::of(day, slot.hour()),
            (Self::Forwarded, Some(window)) if !window.is_longer_than_a_day() => window.end.rounded_up_to_day(),
            (Self::Forwarded, _) => day.end(),
        }
    }
}

closed_list! {
    /// What a snapshot is a copy of.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum SnapshotKind {
        /// The registration resource, which names the default subscription.
        Registration = "registration",
        /// Its list of customer subscriptions: tenant → subscription.
        CustomerSubscriptions = "customer_subscriptions",
        /// The stamp's listing: user subscription → tenant.
        UserSubscriptions = "user_subscriptions",
    }
}

impl SnapshotKind {
    /// The name of one in a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::CustomerSubscriptions => "list of customer subscriptions",
            Self::UserSubscriptions => "listing of user subscriptions",
        }
    }
}

/// The dates of a stamp's snapshots, each kind in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotDates {
    pub registrations: Vec<Hour>,
    pub customer_subscriptions: Vec<Hour>,
    pub user_subscriptions: Vec<Hour>,
}

/// The snapshots in force: places in order of their dates. For listings, which are history, the number that are not
/// after the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InForce {
    pub registration: u32,
    pub customer_subscriptions: u32,
    pub listings: u32,
}

impl SnapshotDates {
    /// Those of one kind.
    pub fn of(&self, kind: SnapshotKind) -> &[Hour] {
        match kind {
            SnapshotKind::Registration => &self.registrations,
            SnapshotKind::CustomerSubscriptions => &self.customer_subscriptions,
            SnapshotKind::UserSubscriptions => &self.user_subscriptions,
        }
    }

    /// Whether a registration or a customer list is used although it is later, because it is the first.
    pub fn is_before_first(&self, moment: Hour) -> bool {
        let first = [&self.registrations, &self.customer_subscriptions].map(|dates| dates.first().copied());
        first.into_iter().flatten().any(|date| moment < date)
    }

    /// The latest of each kind not after the moment, each chosen separately; before the first, the first is used.
    pub fn in_force(&self, moment: Hour) -> InForce {
        let not_after = |dates: &[Hour]| dates.partition_point(|&date| date <= moment) as u32;
        InForce {
            registration: not_after(&self.registrations).saturating_sub(1),
            customer_subscriptions: not_after(&self.customer_subscriptions).saturating_sub(1),
            listings: not_after(&self.user_subscriptions),
        }
    }
}
