//! How to attribute, and which snapshots are tolerated.

use serde::Serialize;

use crate::domain::{AttributeAt, TenantId, UserSubscriptionId};

/// How to attribute: each of these decides who pays for a line.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rules {
    pub attribute_at: AttributeAt,
    /// Accept empty lists of customer subscriptions: they are often failed exports.
    pub confirm_empty_registration: bool,
    /// User subscriptions of the operator.
    #[serde(rename = "operator-user-subscription")]
    pub operator_user_subscriptions: Vec<UserSubscriptionId>,
    /// Directories whose user subscriptions all belong to the operator.
    #[serde(rename = "operator-tenant")]
    pub operator_tenants: Vec<TenantId>,
}

/// Which snapshots are refused or reported. This decides whether figures are published, but changes no figure.
#[derive(Clone, Debug)]
pub struct Tolerance {
    /// Accept listings without any user subscription: they are often failed exports.
    pub confirm_empty_listing: bool,
    /// Snapshots, by their names in the root, that may name fewer than half of what the previous one names.
    pub confirmed_shrunken: Vec<String>,
    /// The number of days that a snapshot may be older than the usage that it decides before that is a finding.
    pub snapshot_age_max: u16,
}

impl Tolerance {
    /// A snapshot every night is expected: a week without one is an unnoticed failure.
    pub const SNAPSHOT_AGE_MAX: u16 = 7;
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { confirm_empty_listing: false, confirmed_shrunken: Vec::new(), snapshot_age_max: Self::SNAPSHOT_AGE_MAX }
    }
}
