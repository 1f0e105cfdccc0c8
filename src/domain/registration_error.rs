//! The documented errors of a tenant's registration (reference §4.3), and their remedies. People save what Azure
//! answered, and one of these errors says more than that the query failed.

/// Documented error codes with their remedies.
const DOCUMENTED: [(&str, &str); 8] = [
    (
        "RegistrationNotFound",
        "the subscription, resource group or name of the registration is wrong: find the one whose cloudId is the \
         stamp's CloudDeploymentID",
    ),
    (
        "BadCustomerSubscriptionId",
        "the customer subscription belongs to another CSP partner than the default subscription, or its id is written \
         in other case than Azure has it",
    ),
    ("InvalidCustomerSubscriptionId", "the id is no Azure subscription's: look it up in Partner Center"),
    (
        "CustomerSubscriptionNotFound",
        "the customer subscription was not added yet, or its id is mistyped: add it by PUT",
    ),
    (
        "UnauthorizedCspRegistration",
        "Microsoft has not approved the registration for multi-tenancy: ask azstcsp@microsoft.com, it takes one or \
         two business days",
    ),
    (
        "CustomerSubscriptionsNotAllowed",
        "the registration is a capacity registration, which has no customer subscriptions: register the stamp again \
         as PayAsYouUse",
    ),
    ("InvalidCSPSubscription", "the subscription is not of the CSP type: usually its id is mistyped"),
    ("MetadataResolverBadGatewayError", "an error behind the service: try again"),
];

/// The remedy for a documented error, by its code in any case.
pub fn remedy(code: &str) -> Option<&'static str> {
    DOCUMENTED.iter().find(|(documented, _)| documented.eq_ignore_ascii_case(code.trim())).map(|(_, remedy)| *remedy)
}
