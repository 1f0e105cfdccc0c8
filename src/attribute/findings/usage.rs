//! Findings about a stamp's registration that its usage shows.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::findings::words::few;
use crate::attribute::owned::{OwnedUsage, Owner, Used};
use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::{Attribution, Finding, Mapping, TenantId, rank, shown};

/// Findings about a stamp's registration that its usage shows: mappings that ended although usage continues, and
/// mappings without usage.
pub(super) fn of_usage(owned: &OwnedUsage, snapshots: &Snapshots) -> Vec<Finding> {
    let mut after_end: BTreeMap<u32, (Mapping, Used)> = BTreeMap::new();
    let mut uses = vec![false; snapshots.tenants.len()];
    for (in_force, owner, used) in owned.used() {
        let Some(tenant) = tenant_of(owned, owner, snapshots) else { continue };
        uses[tenant as usize] = true;
        let id = &owned.usage.user_subscriptions[owner.user_subscription as usize];
        if !is_unregistered(owner.attribution) || snapshots.latest_tenant(id) != Some(tenant) {
            continue;
        }
        // Only the last mapping: one that was restored needs no remedy.
        let last = snapshots.customer_mappings.of_subject(tenant).last();
        if let Some(&ended) = last.filter(|mapping| mapping.last < in_force.customer_subscriptions) {
            after_end.entry(tenant).or_insert_with(|| (ended, Used::nothing(used.first))).1.merge(used);
        }
    }
    let ended = after_end.into_iter().map(|(tenant, (ended, used))| mapping_ended(snapshots, tenant, ended, used));
    let mut findings: Vec<Finding> = ended.collect();
    findings.extend(mapped_without_usage(owned, snapshots, &uses));
    findings
}

/// A tenant that was mapped, is no longer, and still uses the stamp.
fn mapping_ended(snapshots: &Snapshots, tenant: u32, ended: Mapping, used: Used) -> Finding {
    let lists = &snapshots.customer_subscriptions.lists;
    let tenant = &snapshots.tenants[tenant as usize];
    let subscription = &snapshots.billed_subscriptions[ended.to as usize];
    Finding::new(
        &snapshots.stamp,
        FindingCode::CustomerSubscriptionNotFound,
        format!(
            "tenant {tenant} was mapped to {subscription} until {}, is no longer mapped in {}, and goes on: the \
             default subscription pays for {} from {} to {}",
            lists[ended.last as usize].file,
            lists[ended.last as usize + 1].file,
            shown::counted(used.lines, "line"),
            used.first,
            used.last
        ),
        vec![tenant.to_string(), subscription.to_string()],
        "register the tenant again, or end its user subscriptions: once a mapping is removed, what is still used goes \
         to the default subscription",
    )
}

fn mapped_without_usage(owned: &OwnedUsage, snapshots: &Snapshots, uses: &[bool]) -> Option<Finding> {
    if !uses.contains(&true) {
        // If no usage has a tenant at all, the cause is another one.
        return None;
    }
    let latest = owned.used().map(|(in_force, ..)| in_force.customer_subscriptions).max()?;
    let list = &snapshots.customer_subscriptions.lists[latest as usize];
    let idle: BTreeSet<&TenantId> = snapshots
        .customer_subscriptions
        .rows_of(list)
        .map(|row| &row.tenant)
        .filter(|&tenant| rank(&snapshots.tenants, tenant).is_none_or(|place| !uses[place as usize]))
        .collect();
    let ids: Vec<String> = idle.into_iter().map(TenantId::to_string).collect();
    (!ids.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::MappedTenantWithoutUsage,
            format!("mapped in {} without any usage: tenant {}", list.file, few(&ids)),
            ids,
            "see whether the tenant signs in to the stamp with this directory: a customer with several is registered \
             with the one it uses",
        )
    })
}

/// Whether the tenant should have been registered.
pub(super) const fn is_unregistered(attribution: Attribution) -> bool {
    matches!(attribution, Attribution::DefaultTenantNotRegistered | Attribution::DefaultNoCustomerSubscriptions)
}

/// The tenant of an owner, as the snapshots number it.
pub(super) fn tenant_of(owned: &OwnedUsage, owner: &Owner, snapshots: &Snapshots) -> Option<u32> {
    rank(&snapshots.tenants, &owned.tenants[owner.tenant? as usize])
}
