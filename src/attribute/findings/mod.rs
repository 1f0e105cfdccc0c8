//! Checks a registration as Azure would, before it is used: the rules of reference §4.2 and the documented errors of
//! §4.3 that files can show, with their remedies. Each is found once, however many nightly copies repeat it. Only the
//! latest snapshots and those that some usage was attributed by are checked: old faults that were corrected do not
//! matter. Listings are history, so all of them matter; and spellings are compared between all snapshots.
//!
//! Files cannot show whether a subscription is of the CSP type and of this partner (`InvalidCSPSubscription`,
//! `BadCustomerSubscriptionId`), and whether Microsoft approved multi-tenancy (`UnauthorizedCspRegistration`).

mod customers;
mod listings;
mod relevant;
mod stale;
mod stamps;
mod usage;
mod words;

pub use stamps::{StampUse, of_stamps, use_of};

use super::snapshots::Snapshots;
use super::{OwnedUsage, Rules, Tolerance};
use crate::attribute::findings::customers::{
    billing_model, customers_of_another_registration, default_subscription_mapped, empty_lists, malformed_customers,
    pages_saved_twice, spelling, subscriptions_of_several_tenants,
};
use crate::attribute::findings::listings::{
    listed_twice, listings_without_tenants, malformed_listings, names_with_lost_characters,
};
use crate::attribute::findings::relevant::Relevant;
use crate::attribute::findings::stale::Stale;
use crate::attribute::findings::usage::of_usage;
use crate::attribute::owned::Use;
use crate::domain::finding::FindingCode;
use crate::domain::{Day, Finding, InForce, shown};

/// Findings about snapshots alone. `in_force` are the combinations that some usage was attributed by; without it all
/// snapshots matter.
pub(super) fn of_snapshots(snapshots: &Snapshots, rules: &Rules, in_force: Option<&[InForce]>) -> Vec<Finding> {
    let relevant = Relevant::new(snapshots, in_force);
    let mut findings = Vec::new();
    findings.extend(empty_lists(&relevant, rules));
    findings.extend(subscriptions_of_several_tenants(&relevant));
    findings.extend(default_subscription_mapped(&relevant));
    findings.extend(billing_model(&relevant));
    findings.extend(customers_of_another_registration(&relevant));
    findings.extend(malformed_customers(&relevant));
    findings.extend(pages_saved_twice(&relevant));
    findings.extend(spelling(&Relevant::new(snapshots, None)));
    findings.extend(malformed_listings(snapshots));
    findings.extend(listings_without_tenants(snapshots));
    findings.extend(listed_twice(snapshots));
    findings.extend(names_with_lost_characters(snapshots));
    findings
}

/// Adds the usage of all days, and the findings about it.
pub fn count_uses(
    owned: &mut OwnedUsage,
    days: &[(Day, Vec<Use>)],
    snapshots: &Snapshots,
    rules: &Rules,
    tolerance: &Tolerance,
) {
    owned.take_in(days, snapshots);
    let mut stale = Stale::default();
    for (day, uses) in days {
        uses.iter().for_each(|used| stale.note(snapshots, tolerance, *day, used.moment, used.lines as u64));
    }
    if owned.lines_before_first_snapshot > 0 {
        owned.usage.findings.push(Finding::new(
            &owned.usage.stamp,
            FindingCode::SnapshotLaterThanUsage,
            format!(
                "the first registration or customer list is later than {} that it serves",
                shown::counted(owned.lines_before_first_snapshot as i64, "line")
            ),
            Vec::new(),
            "add the snapshots of that time, if there are any, dated by when they were taken",
        ));
    }
    let findings = [
        stale.findings(snapshots, tolerance),
        of_snapshots(snapshots, rules, Some(&owned.in_force_used())),
        of_usage(owned, snapshots),
    ];
    owned.usage.findings.extend(findings.into_iter().flatten());
}
