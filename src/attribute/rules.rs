//! How to attribute.

use crate::domain::{AttributeAt, TenantId, UserSubscriptionId};

/// How to attribute.
#[derive(Clone, Debug)]
pub struct Rules {
    pub attribute_at: AttributeAt,
    /// Accept customer subscriptions that are an empty list: it is often a failed export.
    pub confirm_empty_registration: bool,
    /// Accept listings without any user subscription, likewise.
    pub confirm_empty_listing: bool,
    /// Snapshots, as the root calls them, that may name fewer than half of what the one before them does.
    pub confirmed_shrunken: Vec<String>,
    /// User subscriptions that are the operator's own.
    pub operator_user_subscriptions: Vec<UserSubscriptionId>,
    /// Directories all of whose user subscriptions are the operator's own.
    pub operator_tenants: Vec<TenantId>,
    /// Days by which a snapshot may be older than the usage that it serves before that is a finding.
    pub snapshot_age_max: u16,
}

impl Rules {
    /// A snapshot a night is what the operator should have: a week without one is a failure that nobody saw.
    pub const SNAPSHOT_AGE_MAX: u16 = 7;
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            attribute_at: AttributeAt::default(),
            confirm_empty_registration: false,
            confirm_empty_listing: false,
            confirmed_shrunken: Vec::new(),
            operator_user_subscriptions: Vec::new(),
            operator_tenants: Vec::new(),
            snapshot_age_max: Self::SNAPSHOT_AGE_MAX,
        }
    }
}
