//! What of a stamp's snapshots would charge somebody wrongly, and so stops the run (`product.md` §4).

use std::collections::BTreeMap;

use super::snapshots::rank;
use super::{Rules, Snapshots};
use crate::error::Error;
use crate::read::RegistrationId;

/// Everything fatal at once, each fault once however many nightly copies repeat it. `former` are registrations under which
/// customer subscriptions may lie though others serve in their stead.
pub(super) fn fatal(snapshots: &Snapshots, former: &[RegistrationId], rules: &Rules) -> Vec<Error> {
    let mut errors = missing_kinds(snapshots);
    errors.extend(unconfirmed_empty_list(snapshots, rules));
    errors.extend(wrong_customers(snapshots, former));
    errors
}

fn missing_kinds(snapshots: &Snapshots) -> Vec<Error> {
    let Snapshots { stamp, registrations, customer_subscriptions, listings, .. } = snapshots;
    let kinds = [
        (registrations.is_empty(), "registration", "registration", "the registration resource"),
        (
            customer_subscriptions.lists.is_empty(),
            "customer subscriptions",
            "customer-subscriptions",
            "the customerSubscriptions list",
        ),
        (
            listings.lists.is_empty(),
            "listing of user subscriptions",
            "user-subscriptions",
            "the list of user subscriptions",
        ),
    ];
    let missing = kinds.into_iter().filter(|&(is_missing, ..)| is_missing);
    let refused = missing.map(|(_, kind, folder, query)| {
        Error::input(format!("stamp {stamp} has no {kind}"))
            .at(format!("{stamp}/{folder}"))
            .hint(format!("without it, who pays is not known: save {query} as {stamp}/{folder}/<date>.json"))
    });
    refused.collect()
}

fn unconfirmed_empty_list(snapshots: &Snapshots, rules: &Rules) -> Option<Error> {
    let mut empty = snapshots.customer_subscriptions.lists.iter().filter(|list| list.rows.is_empty());
    let first = empty.next().filter(|_| !rules.confirm_empty_registration)?;
    let more = match empty.count() {
        0 => String::new(),
        more => format!(", and so are {more} later"),
    };
    Some(Error::input(format!("the list of customer subscriptions is empty{more}")).at(&first.file).hint(
        "an empty list is often a failed export, and would charge everybody to the default subscription: \
         save it again (or remove it, if it is of the past: the one before it serves then), or say --confirm-empty-registration if really no tenant is registered",
    ))
}

/// Another stamp's list, and a tenant mapped twice.
fn wrong_customers(snapshots: &Snapshots, former: &[RegistrationId]) -> Vec<Error> {
    let Snapshots { stamp, registrations, customer_subscriptions: customers, tenants, billed_subscriptions, .. } =
        snapshots;
    if registrations.is_empty() {
        return Vec::new();
    }
    let ours = || registrations.iter().map(|own| &own.id).chain(former);
    let is_foreign: Vec<bool> = customers.rows.iter().map(|row| !ours().any(|own| row.parent.is(own))).collect();
    let (mut foreign, mut twice) = (BTreeMap::new(), BTreeMap::new());
    let mut subscription_of: Vec<Option<u32>> = vec![None; tenants.len()];
    let ranks: Vec<Option<(usize, u32)>> = customers
        .rows
        .iter()
        .map(|row| Some((rank(tenants, &row.tenant)? as usize, rank(billed_subscriptions, &row.subscription)?)))
        .collect();
    for list in &customers.lists {
        for (at, &row) in list.rows.iter().enumerate() {
            let Some((tenant, subscription)) = ranks[row as usize] else { continue };
            if is_foreign[row as usize] {
                foreign.entry(subscription).or_insert_with(|| list.page_of(at));
            }
            let other = *subscription_of[tenant].get_or_insert(subscription);
            if other != subscription {
                twice.entry((tenant, other, subscription)).or_insert_with(|| list.page_of(at));
            }
        }
        list.rows.iter().filter_map(|&row| ranks[row as usize]).for_each(|(tenant, _)| subscription_of[tenant] = None);
    }
    let foreign = foreign.into_iter().map(|(subscription, file)| {
        let subscription = &billed_subscriptions[subscription as usize];
        Error::input(format!("customer subscription {subscription} is not under the registration of stamp {stamp}"))
            .at(file)
            .hint("this is probably another stamp's list, since every stamp has its own registration: remove it, or move it to that stamp")
    });
    let twice = twice.into_iter().map(|((tenant, one, other), file)| {
        let [one, other] = [one, other].map(|own| &billed_subscriptions[own as usize]);
        Error::input(format!("tenant {} is mapped to two customer subscriptions, {one} and {other}", tenants[tenant]))
            .at(file)
            .hint("Azure Stack Hub maps a tenant to one subscription: delete the wrong mapping and save the list again, or remove the list if it is of the past")
    });
    foreign.chain(twice).collect()
}
