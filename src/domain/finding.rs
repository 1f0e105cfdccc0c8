//! Findings: what a person should know about exports and snapshots, though the run goes on.

use std::fmt;

use super::identity::Stamp;

/// What was found. The names are published in the receipt and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// Every page of an export names a next one: the last is missing.
    ChainWithoutEnd,
    /// A stamp has no export at all.
    StampWithoutUsage,
    /// A window's folder holds no file.
    ExportWithoutFiles,
    /// A page lies in its export twice, byte for byte; it counts once.
    PageSavedTwice,
    /// One customer subscription is mapped to several tenants.
    CustomerSubscriptionOfSeveralTenants,
    /// A listing gives no user subscription a tenant.
    ListingWithoutTenants,
    /// One listing gives a user subscription two tenants.
    UserSubscriptionListedTwice,
    /// Usage is attributed by a snapshot taken after it, since none is older.
    SnapshotLaterThanUsage,
    /// The customer subscriptions in force are empty, as the operator confirmed.
    RegistrationWithoutCustomers,
}

impl FindingCode {
    /// The published text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChainWithoutEnd => "chain_without_end",
            Self::StampWithoutUsage => "stamp_without_usage",
            Self::ExportWithoutFiles => "export_without_files",
            Self::PageSavedTwice => "page_saved_twice",
            Self::CustomerSubscriptionOfSeveralTenants => "customer_subscription_of_several_tenants",
            Self::ListingWithoutTenants => "listing_without_tenants",
            Self::UserSubscriptionListedTwice => "user_subscription_listed_twice",
            Self::SnapshotLaterThanUsage => "snapshot_later_than_usage",
            Self::RegistrationWithoutCustomers => "registration_without_customers",
        }
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Finding {
    pub fn new(
        stamp: &Stamp,
        code: FindingCode,
        sentence: String,
        concerned: Vec<String>,
        remedy: &'static str,
    ) -> Self {
        Self { stamp: stamp.to_string(), code, sentence, concerned, remedy }
    }
}

/// One finding: a code, a sentence, the ids and files concerned, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub stamp: String,
    pub code: FindingCode,
    pub sentence: String,
    pub concerned: Vec<String>,
    pub remedy: &'static str,
}
