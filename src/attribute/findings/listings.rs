//! Findings about listings of user subscriptions. Listings are history, so all of them matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::findings::words::{few, first_of, texts};
use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::identity::is_guid;
use crate::domain::{Finding, TenantId, rank, shown};
use crate::read::{DatedList, DatedLists};

/// Ids of listings that are no GUIDs, in one finding: a stamp without Entra has one in every row.
pub(super) fn malformed_listings(snapshots: &Snapshots) -> Vec<Finding> {
    let listings = &snapshots.listings;
    let is_malformed = |id: &str| !is_guid(id);
    let found = [
        ("user subscription", of_rows(listings, |row| Some(row.id.as_str()).filter(|id| is_malformed(id)))),
        ("tenant", of_rows(listings, |row| row.tenant.as_ref().map(TenantId::as_str).filter(|id| is_malformed(id)))),
    ];
    let found = found.into_iter().filter(|(_, (ids, _))| !ids.is_empty()).map(|(what, (ids, files))| {
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let quoted: Vec<String> = ids.iter().map(|id| shown::quoted(id)).collect();
        Finding::new(
            &snapshots.stamp,
            FindingCode::IdMalformed,
            format!("{what} {} is no GUID, in {}, and is compared as it stands there", few(&quoted), first_of(&files)),
            ids,
            "save the listing again, as the REST API or Get-AzsUserSubscription returns it",
        )
    });
    found.collect()
}

/// The texts that `of` finds in the rows of all lists, each once, and the files with any of them.
fn of_rows<'a, T>(
    lists: &'a DatedLists<T>,
    of: impl Fn(&'a T) -> Option<&'a str>,
) -> (BTreeSet<&'a str>, Vec<&'a str>) {
    let wrong: Vec<Option<&str>> = lists.rows.iter().map(of).collect();
    let ids: BTreeSet<&str> = wrong.iter().copied().flatten().collect();
    let has = |list: &&DatedList| list.rows.iter().any(|&row| wrong[row as usize].is_some());
    let files =
        if ids.is_empty() { Vec::new() } else { lists.lists.iter().filter(has).map(|list| &*list.file).collect() };
    (ids, files)
}

pub(super) fn listings_without_tenants(snapshots: &Snapshots) -> Option<Finding> {
    let listings = &snapshots.listings;
    let without: Vec<&str> = listings
        .lists
        .iter()
        .filter(|list| listings.rows_of(list).all(|row| row.tenant.is_none()))
        .map(|list| &*list.file)
        .collect();
    (!without.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::ListingWithoutTenants,
            format!("no user subscription has a tenant in {}", first_of(&without)),
            texts(&without),
            "save the listing again, as the REST API returns it: usage that no listing knows is charged to the \
             default subscription",
        )
    })
}

pub(super) fn listed_twice(snapshots: &Snapshots) -> Vec<Finding> {
    let Snapshots { listings, user_subscriptions, .. } = snapshots;
    let ids: Vec<Option<(usize, &TenantId)>> = listings
        .rows
        .iter()
        .map(|row| Some((rank(user_subscriptions, &row.id)? as usize, row.tenant.as_ref()?)))
        .collect();
    let mut tenant_of: Vec<Option<&TenantId>> = vec![None; user_subscriptions.len()];
    let mut twice: BTreeMap<(usize, BTreeSet<&TenantId>), Vec<&str>> = BTreeMap::new();
    for list in &listings.lists {
        let rows = || list.rows.iter().filter_map(|&row| ids[row as usize]);
        let contradictory: BTreeSet<usize> = rows()
            .filter(|&(place, tenant)| *tenant_of[place].get_or_insert(tenant) != tenant)
            .map(|(place, _)| place)
            .collect();
        for place in contradictory {
            let tenants = rows().filter(|&(other, _)| other == place).map(|(_, tenant)| tenant).collect();
            twice.entry((place, tenants)).or_default().push(&list.file);
        }
        rows().for_each(|(place, _)| tenant_of[place] = None);
    }
    let found = twice.into_iter().map(|((place, tenants), files)| {
        let id = user_subscriptions[place].to_string();
        let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
        Finding::new(
            &snapshots.stamp,
            FindingCode::UserSubscriptionListedTwice,
            format!(
                "user subscription {id} is given to {} in {}; {}, the smallest id, serves",
                tenants.join(" and to "),
                first_of(&files),
                tenants[0]
            ),
            std::iter::once(id).chain(tenants).collect(),
            "save the listing again; a user subscription has one directory",
        )
    });
    found.collect()
}

/// Display names of the latest listing that lost characters in a narrow encoding.
pub(super) fn names_with_lost_characters(snapshots: &Snapshots) -> Option<Finding> {
    let listings = &snapshots.listings;
    let latest = listings.lists.last()?;
    let is_lost = |name: &String| shown::has_lost_characters(name);
    let rows = listings.rows_of(latest).filter(|row| row.display_name.as_ref().is_some_and(is_lost));
    let ids: Vec<String> = rows.map(|row| row.id.to_string()).collect::<BTreeSet<_>>().into_iter().collect();
    (!ids.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::NamesWithLostCharacters,
            // The names themselves may be personal data that is not wanted.
            format!("display names in which characters were lost, in {}: of {}", latest.file, few(&ids)),
            ids,
            "save the listing again as UTF-8: in PowerShell with -Encoding utf8 behind Out-File or Export-Csv",
        )
    })
}
