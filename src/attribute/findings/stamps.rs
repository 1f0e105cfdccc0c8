//! Findings that need several stamps.

use std::collections::BTreeMap;

use crate::attribute::findings::relevant::Relevant;
use crate::attribute::findings::usage::{is_unregistered, tenant_of};
use crate::attribute::owned::{OwnedUsage, Used};
use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::{Finding, Hour, TenantId, UserSubscriptionId, rank, shown};
use crate::read::Registration;

/// A stamp, as it is compared with the others.
#[derive(Debug)]
pub struct StampUse<'a> {
    snapshots: &'a Snapshots,
    /// Tenants whose usage is charged to the default subscription because they are not registered there.
    unregistered: BTreeMap<TenantId, Used>,
    /// The registrations that some usage was attributed by, and the latest.
    registrations: Vec<&'a Registration>,
}

/// The tenants of a stamp that are not registered there, with their usage. Tenants that are registered by now, and user
/// subscriptions that went to another tenant, are left out.
pub fn use_of<'a>(owned: &OwnedUsage, snapshots: &'a Snapshots) -> StampUse<'a> {
    let mut unregistered: BTreeMap<TenantId, Used> = BTreeMap::new();
    let latest = snapshots.customer_subscriptions.lists.len() as u32 - 1;
    for (_, owner, used) in owned.used().filter(|(_, owner, _)| is_unregistered(owner.attribution)) {
        let id: &UserSubscriptionId = &owned.usage.user_subscriptions[owner.user_subscription as usize];
        let latest_tenant = snapshots.latest_tenant(id);
        let Some(tenant) = tenant_of(owned, owner, snapshots).filter(|&tenant| latest_tenant == Some(tenant)) else {
            continue;
        };
        if snapshots.customer_mappings.said_by(latest, tenant).is_none() {
            let entry = unregistered.entry(snapshots.tenants[tenant as usize].clone());
            entry.or_insert_with(|| Used::nothing(used.first)).merge(used);
        }
    }
    let registrations = Relevant::new(snapshots, Some(&owned.in_force_used())).registrations().collect();
    StampUse { snapshots, unregistered, registrations }
}

/// The findings that need several stamps.
pub fn of_stamps(stamps: &[StampUse<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, stamp_use) in stamps.iter().enumerate() {
        for (tenant, used) in &stamp_use.unregistered {
            let others = stamps.iter().enumerate().filter(|&(other, _)| other != at).map(|(_, other)| other.snapshots);
            let elsewhere: Vec<&str> = others
                .filter(|other| registers(other, tenant, used.last.end()))
                .map(|other| other.stamp.as_str())
                .collect();
            if elsewhere.is_empty() {
                continue;
            }
            findings.push(Finding::new(
                &stamp_use.snapshots.stamp,
                FindingCode::TenantRegisteredOnAnotherStamp,
                format!(
                    "tenant {tenant} is registered on {} and not here: the default subscription pays for {} from {} \
                     to {}",
                    elsewhere.join(" and "),
                    shown::counted(used.lines, "line"),
                    used.first,
                    used.last
                ),
                vec![tenant.to_string()],
                "tenants need to be registered with each Azure Stack they use: `stacktally unregistered --commands` \
                 says how",
            ));
        }
    }
    for (at, stamp_use) in stamps.iter().enumerate() {
        findings.extend(stamps[at + 1..].iter().filter_map(|other| shared_registration(stamp_use, other)));
    }
    findings
}

/// Whether a stamp's customer list maps a tenant at a moment.
fn registers(snapshots: &Snapshots, tenant: &TenantId, moment: Hour) -> bool {
    let in_force = snapshots.dates.in_force(moment);
    rank(&snapshots.tenants, tenant).is_some_and(|tenant| snapshots.mapping_of(tenant, in_force).is_some())
}

/// Two stamps with one paying subscription, or even with one registration.
fn shared_registration(stamp_use: &StampUse<'_>, other: &StampUse<'_>) -> Option<Finding> {
    let both =
        || stamp_use.registrations.iter().flat_map(|one| other.registrations.iter().map(move |two| (*one, *two)));
    let (stamp, other_stamp) = (&stamp_use.snapshots.stamp, &other.snapshots.stamp);
    if let Some((one, two)) = both().find(|(one, two)| one.id == two.id) {
        return Some(Finding::new(
            stamp,
            FindingCode::RegistrationOfSeveralStamps,
            format!("{} and {} of stamp {} are one registration", one.file, two.file, other_stamp),
            vec![one.file.clone(), two.file.clone()],
            "every stamp has its own registration, though their cloud ids tell the two apart: see which of them is \
             right, or say --accept registration_of_several_stamps if a stamp was registered again under the name of \
             another",
        ));
    }
    let (one, two) = both().find(|(one, two)| one.id.default_subscription == two.id.default_subscription)?;
    Some(Finding::new(
        stamp,
        FindingCode::DefaultSubscriptionOfSeveralStamps,
        format!("{} is the default subscription of stamp {} as well", one.id.default_subscription, other_stamp),
        vec![one.id.default_subscription.to_string(), one.file.clone(), two.file.clone()],
        "Microsoft advises one Azure subscription for each stamp: on one invoice their usage cannot be told apart; \
         say --accept default_subscription_of_several_stamps if it is meant",
    ))
}
