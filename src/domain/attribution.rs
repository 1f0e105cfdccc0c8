//! Why a subscription pays: the closed list of `product.md` §4.

use serde::{Deserialize, Serialize};

use super::closed_list::closed_list;

closed_list! {
    /// Why the billed subscription pays for a line. Every line has exactly one: the first that applies, in this order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum Attribution {
        /// The tenant is mapped in the customer subscriptions in force.
        Registered = "registered",
        /// The user subscription belongs to the provider, or a setting names it or its directory.
        DefaultOperator = "default_operator",
        /// No listing, at any date, contains the user subscription with a tenant.
        DefaultUserSubscriptionUnknown = "default_user_subscription_unknown",
        /// The customer subscriptions in force are empty, and the operator confirmed that.
        DefaultNoCustomerSubscriptions = "default_no_customer_subscriptions",
        /// The tenant is known, but not mapped.
        DefaultTenantNotRegistered = "default_tenant_not_registered",
    }
}

/// What the snapshots in force say about a user subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its tenant is mapped to a customer subscription.
    pub is_mapped: bool,
    /// It belongs to the provider, or a setting names it or its directory.
    pub is_operator: bool,
    /// A listing contains it with a tenant.
    pub has_tenant: bool,
    /// The list of customer subscriptions is empty.
    pub list_is_empty: bool,
}

impl Attribution {
    /// The first reason that applies.
    pub const fn of(evidence: Evidence) -> Self {
        if evidence.is_mapped {
            Self::Registered
        } else if evidence.is_operator {
            Self::DefaultOperator
        } else if !evidence.has_tenant {
            Self::DefaultUserSubscriptionUnknown
        } else if evidence.list_is_empty {
            Self::DefaultNoCustomerSubscriptions
        } else {
            Self::DefaultTenantNotRegistered
        }
    }

    /// Whether the stamp's default subscription pays.
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::Registered)
    }
}
