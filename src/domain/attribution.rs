//! Why a subscription pays: the closed list of `product.md` §4.

use std::fmt;

/// Why the billed subscription pays for a line. Every line has exactly one: the first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// The tenant is mapped in the customer subscriptions in force.
    Registered,
    /// The user subscription is the provider's own, or a setting names it or its directory.
    DefaultOperator,
    /// No listing, at any date, holds the user subscription with a tenant.
    DefaultUserSubscriptionUnknown,
    /// The customer subscriptions in force are empty, and the operator confirmed that.
    DefaultNoCustomerSubscriptions,
    /// The tenant is known, and not mapped.
    DefaultTenantNotRegistered,
}

impl Attribution {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 5] = [
        Self::Registered,
        Self::DefaultOperator,
        Self::DefaultUserSubscriptionUnknown,
        Self::DefaultNoCustomerSubscriptions,
        Self::DefaultTenantNotRegistered,
    ];

    /// The published text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::DefaultOperator => "default_operator",
            Self::DefaultUserSubscriptionUnknown => "default_user_subscription_unknown",
            Self::DefaultNoCustomerSubscriptions => "default_no_customer_subscriptions",
            Self::DefaultTenantNotRegistered => "default_tenant_not_registered",
        }
    }
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
