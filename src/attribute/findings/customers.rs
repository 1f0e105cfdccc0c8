//! Findings about registrations and customer subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::findings::relevant::Relevant;
use crate::attribute::findings::words::{few, first_of, texts};
use crate::attribute::rules::Rules;
use crate::attribute::snapshots::Snapshots;
use crate::domain::finding::FindingCode;
use crate::domain::identity::is_guid;
use crate::domain::{BilledSubscriptionId, Finding, TenantId, rank, shown};
use crate::read::{Parent, RegistrationId, is_override};

pub(super) fn empty_lists(relevant: &Relevant<'_>, rules: &Rules) -> Option<Finding> {
    let empty: Vec<&str> = relevant.lists().filter(|list| list.rows.is_empty()).map(|list| &*list.file).collect();
    (rules.confirm_empty_registration && !empty.is_empty()).then(|| {
        relevant.says(
            FindingCode::RegistrationWithoutCustomers,
            format!("no tenant is mapped in {}, as --confirm-empty-registration says", first_of(&empty)),
            texts(&empty),
            "register tenants, if they are to pay for themselves",
        )
    })
}

pub(super) fn subscriptions_of_several_tenants(relevant: &Relevant<'_>) -> Vec<Finding> {
    let Snapshots { customer_subscriptions: customers, billed_subscriptions, .. } = relevant.snapshots;
    let mut tenant_of: Vec<Option<&TenantId>> = vec![None; billed_subscriptions.len()];
    let places: Vec<usize> = customers
        .rows
        .iter()
        .map(|row| rank(billed_subscriptions, &row.subscription).expect("collected from these rows") as usize)
        .collect();
    let mut shared: BTreeMap<(&BilledSubscriptionId, BTreeSet<&TenantId>), Vec<&str>> = BTreeMap::new();
    for list in relevant.lists() {
        let rows = || list.rows.iter().map(|&row| (places[row as usize], &customers.rows[row as usize]));
        let mut of_several = BTreeSet::new();
        for (place, row) in rows() {
            if *tenant_of[place].get_or_insert(&row.tenant) != &row.tenant {
                of_several.insert(place);
            }
        }
        for place in of_several {
            let tenants = rows().filter(|(other, _)| *other == place).map(|(_, row)| &row.tenant).collect();
            shared.entry((&billed_subscriptions[place], tenants)).or_default().push(&list.file);
        }
        rows().for_each(|(place, _)| tenant_of[place] = None);
    }
    let found = shared.into_iter().map(|((subscription, tenants), files)| {
        let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
        relevant.says(
            FindingCode::CustomerSubscriptionOfSeveralTenants,
            format!("customer subscription {subscription} pays for {}, in {}", tenants.join(" and "), first_of(&files)),
            std::iter::once(subscription.to_string()).chain(tenants).collect(),
            "give each tenant a subscription of its own, unless this is meant",
        )
    });
    found.collect()
}

pub(super) fn default_subscription_mapped(relevant: &Relevant<'_>) -> Vec<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let defaults: BTreeSet<&BilledSubscriptionId> =
        relevant.registrations().map(|registration| &registration.id.default_subscription).collect();
    let is_default: Vec<bool> = customers.rows.iter().map(|row| defaults.contains(&row.subscription)).collect();
    let mut mapped: BTreeMap<(&BilledSubscriptionId, &TenantId), BTreeSet<&str>> = BTreeMap::new();
    if is_default.contains(&true) {
        for &(registration, list) in &relevant.pairs {
            let default = &registrations[registration as usize].id.default_subscription;
            let list = &customers.lists[list as usize];
            for (at, &row) in list.rows.iter().enumerate().filter(|&(_, &row)| is_default[row as usize]) {
                let row = &customers.rows[row as usize];
                if row.subscription == *default {
                    mapped.entry((default, &row.tenant)).or_default().insert(list.page_of(at));
                }
            }
        }
    }
    let found = mapped.into_iter().map(|((default, tenant), files)| {
        let files: Vec<&str> = files.into_iter().collect();
        relevant.says(
            FindingCode::DefaultSubscriptionIsCustomer,
            format!(
                "default subscription {default} is mapped to tenant {tenant} in {} as well: the invoice cannot tell \
                 that tenant from those who are not registered",
                first_of(&files)
            ),
            vec![default.to_string(), tenant.to_string()],
            "register the tenant with a customer subscription of its own",
        )
    });
    found.collect()
}

pub(super) fn billing_model(relevant: &Relevant<'_>) -> Option<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let is_capacity =
        |model: &Option<String>| model.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("Capacity"));
    let files: BTreeSet<&str> = relevant
        .pairs
        .iter()
        .filter(|&&(_, list)| !customers.lists[list as usize].rows.is_empty())
        .map(|&(registration, _)| &registrations[registration as usize])
        .filter(|registration| is_capacity(&registration.billing_model))
        .map(|registration| &*registration.file)
        .collect();
    let files: Vec<&str> = files.into_iter().collect();
    (!files.is_empty()).then(|| {
        relevant.says(
            FindingCode::CustomerSubscriptionsNotAllowed,
            format!(
                "the billing model is Capacity in {}, and a capacity registration has no customer subscriptions",
                first_of(&files)
            ),
            texts(&files),
            "register the stamp again as PayAsYouUse, or save an empty list and say --confirm-empty-registration: \
             Azure answers CustomerSubscriptionsNotAllowed, and is sent no usage",
        )
    })
}

/// Customers of another registration, and the files that list them.
struct ForeignCustomers<'a> {
    tenants: BTreeSet<&'a TenantId>,
    files: BTreeSet<&'a str>,
    /// The registration in force with them.
    registration_file: &'a str,
}

impl<'a> ForeignCustomers<'a> {
    const fn beside(registration_file: &'a str) -> Self {
        Self { tenants: BTreeSet::new(), files: BTreeSet::new(), registration_file }
    }
}

/// Customers under another registration than the one that was in force with them. A file that replaces a stamp's own
/// snapshots is exempt.
pub(super) fn customers_of_another_registration(relevant: &Relevant<'_>) -> Vec<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let mut found: BTreeMap<(&RegistrationId, String), ForeignCustomers<'_>> = BTreeMap::new();
    for &(registration, list) in &relevant.pairs {
        let (registration, list) = (&registrations[registration as usize], &customers.lists[list as usize]);
        if is_override(&registration.file) || is_override(&list.file) {
            continue;
        }
        for (at, &row) in list.rows.iter().enumerate() {
            let row = &customers.rows[row as usize];
            let parent = match &row.parent {
                parent if parent.is(&registration.id) => continue,
                Parent::Id(id) => id.to_string(),
                Parent::Name(name) => shown::value(name),
                Parent::Unsaid => continue,
            };
            let foreign =
                found.entry((&registration.id, parent)).or_insert_with(|| ForeignCustomers::beside(&registration.file));
            foreign.tenants.insert(&row.tenant);
            foreign.files.insert(list.page_of(at));
        }
    }
    let found = found.into_iter().map(
        |((registration, parent), ForeignCustomers { tenants, files, registration_file: file })| {
            let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
            let files: Vec<&str> = files.into_iter().collect();
            relevant.says(
            FindingCode::CustomersOfAnotherRegistration,
            format!(
                "the customers in {} lie under the registration {parent}, and in force beside them is the \
                 registration {registration}, by {file}: the stamp was registered again, and this is of tenant {}",
                first_of(&files),
                few(&tenants)
            ),
            tenants.clone().into_iter().chain(texts(&files)).collect(),
            "a new registration has no customers: register them with it, and save its list of customer subscriptions; \
             until then Azure charges them to the default subscription",
        )
        },
    );
    found.collect()
}

pub(super) fn malformed_customers(relevant: &Relevant<'_>) -> Vec<Finding> {
    let subscriptions = relevant.files_by(|row| {
        (!is_guid(row.subscription.as_str())).then(|| (row.subscription.to_string(), row.tenant.to_string()))
    });
    let subscriptions = subscriptions.into_iter().map(|((subscription, tenant), files)| {
        relevant.says(
            FindingCode::InvalidCustomerSubscriptionId,
            format!(
                "tenant {tenant} is mapped to {}, which is no id of an Azure subscription, in {}",
                shown::quoted(&subscription),
                first_of(&files)
            ),
            vec![subscription, tenant],
            "look its id up in Partner Center, register the tenant with it, and save the list again",
        )
    });
    let tenants = relevant.files_by(|row| (!is_guid(row.tenant.as_str())).then(|| row.tenant.to_string()));
    let tenants = tenants.into_iter().map(|(tenant, files)| {
        relevant.says(
            FindingCode::IdMalformed,
            format!(
                "{} is mapped as a tenant, and is no id of a directory, in {}",
                shown::quoted(&tenant),
                first_of(&files)
            ),
            vec![tenant],
            "write the GUID of the tenant's Entra directory, register it so, and save the list again",
        )
    });
    subscriptions.chain(tenants).collect()
}

/// Spellings of one id that differ only in case, between any two snapshots. Only registrations and customer lists are
/// compared: listings and usage mix cases even within a page (Q5).
pub(super) fn spelling(relevant: &Relevant<'_>) -> Vec<Finding> {
    let mut spellings: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    for registration in relevant.registrations() {
        if let Some(subscription) = registration.resource_id.trim().trim_start_matches('/').split('/').nth(1) {
            spellings
                .entry(subscription.to_lowercase())
                .or_default()
                .entry(subscription.to_owned())
                .or_insert(&registration.file);
        }
    }
    let rows = &relevant.snapshots.customer_subscriptions.rows;
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in rows.iter().flat_map(|row| &row.spelled) {
        texts.entry(text.to_lowercase()).or_default().insert(text);
    }
    // Files are looked up only for ids with a finding.
    let has_other = |text: &str| {
        let id = text.to_lowercase();
        texts.get(&id).is_some_and(|forms| forms.len() > 1)
            || spellings.get(&id).is_some_and(|forms| !forms.contains_key(text))
    };
    let mut found: Vec<(String, &str)> = Vec::new();
    for at in 0..2 {
        let files = relevant.files_by(|row| Some(&*row.spelled[at]).filter(|text| has_other(text)).map(str::to_owned));
        found.extend(files.into_iter().map(|(text, files)| (text, files[0])));
    }
    for (text, file) in found {
        spellings.entry(text.to_lowercase()).or_default().entry(text).or_insert(file);
    }
    let several = spellings.into_iter().filter(|(_, spellings)| spellings.len() > 1);
    let found = several.map(|(id, spellings)| {
        let each: Vec<String> =
            spellings.iter().map(|(text, file)| format!("{} in {file}", shown::value(text))).collect();
        relevant.says(
            FindingCode::IdCaseDiffers,
            format!("one id in two spellings: {}; they were taken for one", each.join(", ")),
            vec![id],
            "see that Azure holds one registration of it: its errors call the customer subscription's id case \
             sensitive",
        )
    });
    found.collect()
}

pub(super) fn pages_saved_twice(relevant: &Relevant<'_>) -> Vec<Finding> {
    let lists = relevant.lists().chain(&relevant.snapshots.listings.lists);
    let with_duplicates: Vec<&str> = lists.filter(|list| list.has_page_twice).map(|list| &*list.file).collect();
    let finding = (!with_duplicates.is_empty()).then(|| {
        relevant.says(
            FindingCode::PageSavedTwice,
            format!("a page lies twice, byte for byte, in {}, and counts once", first_of(&with_duplicates)),
            texts(&with_duplicates),
            "delete one of the two",
        )
    });
    finding.into_iter().collect()
}
