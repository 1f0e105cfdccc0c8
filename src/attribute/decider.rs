//! The owner of a user subscription at a moment, without any usage.

use crate::attribute::rules::Rules;
use crate::attribute::snapshots::Snapshots;
use crate::domain::{Attribution, BilledSubscriptionId, Hour, TenantId, UserSubscriptionId, rank};

/// Checks whether user subscriptions still have the same owners, without any usage.
pub struct Decider<'a> {
    snapshots: &'a Snapshots,
    rules: &'a Rules,
}

impl<'a> Decider<'a> {
    pub fn new(snapshots: &'a Snapshots, rules: &'a Rules) -> Self {
        Self { snapshots, rules }
    }

    /// Whether the snapshots in force at a moment give this owner.
    pub fn decides(
        &self,
        id: &UserSubscriptionId,
        moment: Hour,
        billed_subscription: &BilledSubscriptionId,
        attribution: Attribution,
        tenant: Option<&TenantId>,
    ) -> bool {
        let snapshots = self.snapshots;
        let is_operator = operators(id, snapshots, self.rules);
        let listed = rank(&snapshots.user_subscriptions, id);
        let decision = snapshots.decide(listed, snapshots.dates.in_force(moment), is_operator);
        decision.attribution == attribution
            && snapshots.billed_subscriptions[decision.billed_subscription as usize] == *billed_subscription
            && decision.tenant.map(|tenant| &snapshots.tenants[tenant as usize]) == tenant
    }
}

/// Whether a user subscription belongs to the operator, given its tenant.
pub(super) fn operators<'a>(
    id: &UserSubscriptionId,
    snapshots: &'a Snapshots,
    rules: &'a Rules,
) -> impl Fn(Option<u32>) -> bool + 'a {
    let is_provider = snapshots.providers.binary_search(id).is_ok() || rules.operator_user_subscriptions.contains(id);
    move |tenant: Option<u32>| {
        is_provider || tenant.is_some_and(|tenant| rules.operator_tenants.contains(&snapshots.tenants[tenant as usize]))
    }
}
