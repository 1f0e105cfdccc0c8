//! How to attribute, and what of snapshots is tolerated.

use serde::Serialize;

use crate::domain::{AttributeAt, TenantId, UserSubscriptionId};

/// How to attribute: each of these decides who pays for a line.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rules {
    pub attribute_at: AttributeAt,
    /// Accept customer subscriptions that are an empty list: it is often a failed export.
    pub confirm_empty_registration: bool,
    /// User subscriptions that are the operator's own.
    #[serde(rename = "operator-user-subscription")]
    pub operator_user_subscriptions: Vec<UserSubscriptionId>,
    /// Directories all of whose user subscriptions are the operator's own.
    #[serde(rename = "operator-tenant")]
    pub operator_tenants: Vec<TenantId>,
}

/// What of snapshots is refused or found: it decides whether figures are published, and none of them.
#[derive(Clone, Debug)]
pub struct Tolerance {
    /// Accept listings without any user subscription: they are often failed exports.
    pub confirm_empty_listing: bool,
    /// Snapshots, as the root calls them, that may name fewer than half of what the one before them does.
    pub confirmed_shrunken: Vec<String>,
    /// Days by which a snapshot may be older than the usage that it serves before that is a finding.
    pub snapshot_age_max: u16,
}

impl Tolerance {
    /// A snapshot a night is what the operator should have: a week without one is a failure that nobody saw.
    pub const SNAPSHOT_AGE_MAX: u16 = 7;
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { confirm_empty_listing: false, confirmed_shrunken: Vec::new(), snapshot_age_max: Self::SNAPSHOT_AGE_MAX }
    }
}
