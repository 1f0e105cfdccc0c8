//! A registration checked as Azure would, before it is used: the rules of reference §4.2 and the documented errors of §4.3
//! that files can show, with their remedies. Each is found once, however many nightly copies repeat it, and only in the
//! snapshots that some usage was attributed by, and in the latest: what was put right long ago is nobody's business now.
//! Listings are history, so all of them matter; and spellings are compared between all.
//!
//! Not to be seen in files: whether a subscription is of the CSP type and of this partner (`InvalidCSPSubscription`,
//! `BadCustomerSubscriptionId`), and whether Microsoft approved multi-tenancy (`UnauthorizedCspRegistration`).

use std::collections::{BTreeMap, BTreeSet};

use super::snapshots::rank;
use super::{OwnedUsage, Owner, Rules, Snapshots, Tolerance};
use crate::domain::finding::FindingCode;
use crate::domain::identity::is_guid;
use crate::domain::{
    Attribution, BilledSubscriptionId, Day, Finding, Hour, InForce, Mapping, SnapshotKind, TenantId,
    UserSubscriptionId, shown,
};
use crate::read::{CustomerSubscription, DatedList, DatedLists, Parent, Registration, RegistrationId, is_override};

/// Ids that a finding lists in its sentence; `concerned` has all.
const IDS_SHOWN: usize = 5;

/// Ids in a sentence: the first few, and how many more.
fn few(ids: &[String]) -> String {
    let more = if ids.len() > IDS_SHOWN { format!(" and {} more", ids.len() - IDS_SHOWN) } else { String::new() };
    format!("{}{more}", shown::list(&ids[..ids.len().min(IDS_SHOWN)]))
}

/// The first of some files, and how many more there are.
fn first_of(files: &[&str]) -> String {
    match files {
        [] => String::new(),
        [file] => (*file).to_owned(),
        [file, more @ ..] => format!("{file} and {} later", more.len()),
    }
}

fn texts(files: &[&str]) -> Vec<String> {
    files.iter().map(|&file| file.to_owned()).collect()
}

/// What snapshots show by themselves. `in_force` are the combinations that some usage was attributed by; without it all
/// snapshots matter.
pub(super) fn of_snapshots(snapshots: &Snapshots, rules: &Rules, in_force: Option<&[InForce]>) -> Vec<Finding> {
    let relevant = Relevant::of(snapshots, in_force);
    let mut findings = Vec::new();
    findings.extend(empty_lists(&relevant, rules));
    findings.extend(subscriptions_of_several_tenants(&relevant));
    findings.extend(default_subscription_mapped(&relevant));
    findings.extend(billing_model(&relevant));
    findings.extend(customers_of_another_registration(&relevant));
    findings.extend(malformed_customers(&relevant));
    findings.extend(pages_saved_twice(&relevant));
    findings.extend(spelling(&Relevant::of(snapshots, None)));
    findings.extend(malformed_listings(snapshots));
    findings.extend(listings_without_tenants(snapshots));
    findings.extend(listed_twice(snapshots));
    findings.extend(names_with_lost_characters(snapshots));
    findings
}

/// The registrations and customer lists that matter, and which of them were in force together.
struct Relevant<'a> {
    snapshots: &'a Snapshots,
    /// Places of registration and customer list.
    pairs: BTreeSet<(u32, u32)>,
}

impl<'a> Relevant<'a> {
    fn of(snapshots: &'a Snapshots, in_force: Option<&[InForce]>) -> Self {
        let dates = &snapshots.dates;
        let pair = |own: InForce| (own.registration, own.customer_subscriptions);
        let all = || dates.registrations.iter().chain(&dates.customer_subscriptions).copied();
        let mut pairs: BTreeSet<(u32, u32)> = match in_force {
            Some(in_force) => in_force.iter().copied().map(pair).collect(),
            None => all().map(|date| pair(dates.in_force(date))).collect(),
        };
        pairs.extend(all().max().map(|latest| pair(dates.in_force(latest))));
        let is_there = |&(registration, list): &(u32, u32)| {
            (registration as usize) < dates.registrations.len() && (list as usize) < dates.customer_subscriptions.len()
        };
        pairs.retain(is_there);
        Self { snapshots, pairs }
    }

    fn lists(&self) -> impl Iterator<Item = &'a DatedList> {
        let places: BTreeSet<u32> = self.pairs.iter().map(|&(_, list)| list).collect();
        let lists = &self.snapshots.customer_subscriptions.lists;
        places.into_iter().map(|place| &lists[place as usize])
    }

    fn registrations(&self) -> impl Iterator<Item = &'a Registration> {
        let places: BTreeSet<u32> = self.pairs.iter().map(|&(registration, _)| registration).collect();
        let registrations = &self.snapshots.registrations;
        places.into_iter().map(|place| &registrations[place as usize])
    }

    /// The files of relevant lists by what is wrong in them, as `wrong` says of each distinct row.
    fn files_by<K: Ord + Clone>(
        &self,
        wrong: impl Fn(&CustomerSubscription) -> Option<K>,
    ) -> BTreeMap<K, Vec<&'a str>> {
        let customers = &self.snapshots.customer_subscriptions;
        let wrong: Vec<Option<K>> = customers.rows.iter().map(wrong).collect();
        let mut files: BTreeMap<K, Vec<&str>> = BTreeMap::new();
        if wrong.iter().all(Option::is_none) {
            return files;
        }
        for list in self.lists() {
            for (at, &row) in list.rows.iter().enumerate() {
                let Some(key) = &wrong[row as usize] else { continue };
                let own = files.entry(key.clone()).or_default();
                if own.last() != Some(&list.page_of(at)) {
                    own.push(list.page_of(at));
                }
            }
        }
        files
    }

    fn finding(&self, code: FindingCode, sentence: String, concerned: Vec<String>, remedy: &'static str) -> Finding {
        Finding::new(&self.snapshots.stamp, code, sentence, concerned, remedy)
    }
}

fn empty_lists(relevant: &Relevant<'_>, rules: &Rules) -> Option<Finding> {
    let empty: Vec<&str> = relevant.lists().filter(|list| list.rows.is_empty()).map(|list| &*list.file).collect();
    (rules.confirm_empty_registration && !empty.is_empty()).then(|| {
        relevant.finding(
            FindingCode::RegistrationWithoutCustomers,
            format!("no tenant is mapped in {}, as --confirm-empty-registration says", first_of(&empty)),
            texts(&empty),
            "register tenants, if they are to pay for themselves",
        )
    })
}

fn subscriptions_of_several_tenants(relevant: &Relevant<'_>) -> Vec<Finding> {
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
            let tenants = rows().filter(|(own, _)| *own == place).map(|(_, row)| &row.tenant).collect();
            shared.entry((&billed_subscriptions[place], tenants)).or_default().push(&list.file);
        }
        rows().for_each(|(place, _)| tenant_of[place] = None);
    }
    let found = shared.into_iter().map(|((subscription, tenants), files)| {
        let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
        relevant.finding(
            FindingCode::CustomerSubscriptionOfSeveralTenants,
            format!("customer subscription {subscription} pays for {}, in {}", tenants.join(" and "), first_of(&files)),
            std::iter::once(subscription.to_string()).chain(tenants).collect(),
            "give each tenant a subscription of its own, unless this is meant",
        )
    });
    found.collect()
}

fn default_subscription_mapped(relevant: &Relevant<'_>) -> Vec<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let defaults: BTreeSet<&BilledSubscriptionId> =
        relevant.registrations().map(|own| &own.id.default_subscription).collect();
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
        relevant.finding(
            FindingCode::DefaultSubscriptionIsCustomer,
            format!(
                "default subscription {default} is mapped to tenant {tenant} in {} as well: the invoice cannot tell that tenant from those who are not registered",
                first_of(&files)
            ),
            vec![default.to_string(), tenant.to_string()],
            "register the tenant with a customer subscription of its own",
        )
    });
    found.collect()
}

fn billing_model(relevant: &Relevant<'_>) -> Option<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let is_capacity = |model: &Option<String>| model.as_deref().is_some_and(|own| own.eq_ignore_ascii_case("Capacity"));
    let files: BTreeSet<&str> = relevant
        .pairs
        .iter()
        .filter(|&&(_, list)| !customers.lists[list as usize].rows.is_empty())
        .map(|&(registration, _)| &registrations[registration as usize])
        .filter(|own| is_capacity(&own.billing_model))
        .map(|own| &*own.file)
        .collect();
    let files: Vec<&str> = files.into_iter().collect();
    (!files.is_empty()).then(|| {
        relevant.finding(
            FindingCode::CustomerSubscriptionsNotAllowed,
            format!(
                "the billing model is Capacity in {}, and a capacity registration has no customer subscriptions",
                first_of(&files)
            ),
            texts(&files),
            "register the stamp again as PayAsYouUse, or save an empty list and say --confirm-empty-registration: Azure answers CustomerSubscriptionsNotAllowed, and is sent no usage",
        )
    })
}

/// Customers of another registration, and the files in which they stand.
struct Foreign<'a> {
    tenants: BTreeSet<&'a TenantId>,
    files: BTreeSet<&'a str>,
    /// Of the registration in force beside them.
    registration_file: &'a str,
}

impl<'a> Foreign<'a> {
    const fn beside(registration_file: &'a str) -> Self {
        Self { tenants: BTreeSet::new(), files: BTreeSet::new(), registration_file }
    }
}

/// Customers that lie under another registration than the one that was in force together with them. What serves in the
/// stead of the stamp's own is meant so.
fn customers_of_another_registration(relevant: &Relevant<'_>) -> Vec<Finding> {
    let Snapshots { registrations, customer_subscriptions: customers, .. } = relevant.snapshots;
    let mut found: BTreeMap<(&RegistrationId, String), Foreign<'_>> = BTreeMap::new();
    for &(registration, list) in &relevant.pairs {
        let (registration, list) = (&registrations[registration as usize], &customers.lists[list as usize]);
        if is_override(&registration.file) || is_override(&list.file) {
            continue;
        }
        for (at, &row) in list.rows.iter().enumerate() {
            let row = &customers.rows[row as usize];
            let parent = match &row.parent {
                own if own.is(&registration.id) => continue,
                Parent::Id(id) => id.to_string(),
                Parent::Name(name) => shown::value(name),
                Parent::Unsaid => continue,
            };
            let own = found.entry((&registration.id, parent)).or_insert_with(|| Foreign::beside(&registration.file));
            own.tenants.insert(&row.tenant);
            own.files.insert(list.page_of(at));
        }
    }
    let found = found.into_iter().map(|((registration, parent), Foreign { tenants, files, registration_file: file })| {
        let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
        let files: Vec<&str> = files.into_iter().collect();
        relevant.finding(
            FindingCode::CustomersOfAnotherRegistration,
            format!(
                "the customers in {} lie under the registration {parent}, and in force beside them is the registration \
                 {registration}, by {file}: the stamp was registered anew, and this is of tenant {}",
                first_of(&files),
                few(&tenants)
            ),
            tenants.clone().into_iter().chain(texts(&files)).collect(),
            "a new registration has no customers: register them with it, and save its list of customer subscriptions; until then Azure \
             charges them to the default subscription",
        )
    });
    found.collect()
}

/// Display names of the latest listing that a narrow encoding spoiled.
fn names_with_lost_characters(snapshots: &Snapshots) -> Option<Finding> {
    let listings = &snapshots.listings;
    let latest = listings.lists.last()?;
    let is_lost = |name: &String| shown::has_lost_characters(name);
    let rows = listings.rows_of(latest).filter(|row| row.display_name.as_ref().is_some_and(is_lost));
    let ids: Vec<String> = rows.map(|row| row.id.to_string()).collect::<BTreeSet<_>>().into_iter().collect();
    (!ids.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::NamesWithLostCharacters,
            // The names themselves may be personal data, and not wanted.
            format!("display names in which characters were lost, in {}: of {}", latest.file, few(&ids)),
            ids,
            "save the listing again as UTF-8: in PowerShell with -Encoding utf8 behind Out-File or Export-Csv",
        )
    })
}

fn malformed_customers(relevant: &Relevant<'_>) -> Vec<Finding> {
    let subscriptions = relevant.files_by(|row| {
        (!is_guid(row.subscription.as_str())).then(|| (row.subscription.to_string(), row.tenant.to_string()))
    });
    let subscriptions = subscriptions.into_iter().map(|((subscription, tenant), files)| {
        relevant.finding(
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
        relevant.finding(
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

/// Spellings of one id that differ in case alone, between any two snapshots. Compared among registrations and customer
/// lists: listings and usage mix cases even in a page (Q5).
fn spelling(relevant: &Relevant<'_>) -> Vec<Finding> {
    let mut spellings: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    for own in relevant.registrations() {
        if let Some(subscription) = own.resource_id.trim().trim_start_matches('/').split('/').nth(1) {
            spellings
                .entry(subscription.to_lowercase())
                .or_default()
                .entry(subscription.to_owned())
                .or_insert(&own.file);
        }
    }
    let rows = &relevant.snapshots.customer_subscriptions.rows;
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in rows.iter().flat_map(|row| &row.spelled) {
        texts.entry(text.to_lowercase()).or_default().insert(text);
    }
    // A file is looked for only where there is something to say.
    let has_other = |text: &str| {
        let id = text.to_lowercase();
        texts.get(&id).is_some_and(|own| own.len() > 1) || spellings.get(&id).is_some_and(|own| !own.contains_key(text))
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
        let each: Vec<String> = spellings.iter().map(|(text, file)| format!("{} in {file}", shown::value(text))).collect();
        relevant.finding(
            FindingCode::IdCaseDiffers,
            format!("one id in two spellings: {}; they were taken for one", each.join(", ")),
            vec![id],
            "see that Azure holds one registration of it: its errors call the customer subscription's id case sensitive",
        )
    });
    found.collect()
}

fn pages_saved_twice(relevant: &Relevant<'_>) -> Vec<Finding> {
    let lists = relevant.lists().chain(&relevant.snapshots.listings.lists);
    let twice: Vec<&str> = lists.filter(|list| list.has_page_twice).map(|list| &*list.file).collect();
    let finding = (!twice.is_empty()).then(|| {
        relevant.finding(
            FindingCode::PageSavedTwice,
            format!("a page lies twice, byte for byte, in {}, and counts once", first_of(&twice)),
            texts(&twice),
            "delete one of the two",
        )
    });
    finding.into_iter().collect()
}

/// Ids of listings that are no GUIDs, all together: a stamp without Entra has one in every row.
fn malformed_listings(snapshots: &Snapshots) -> Vec<Finding> {
    let listings = &snapshots.listings;
    let odd = |id: &str| !is_guid(id);
    let found = [
        ("user subscription", of_rows(listings, |row| Some(row.id.as_str()).filter(|id| odd(id)))),
        ("tenant", of_rows(listings, |row| row.tenant.as_ref().map(TenantId::as_str).filter(|id| odd(id)))),
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

/// What `of` finds in the rows of all lists, each once, and the files that have any of it.
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

fn listings_without_tenants(snapshots: &Snapshots) -> Option<Finding> {
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
            "save the listing again, as the REST API returns it: usage that no listing knows is charged to the default subscription",
        )
    })
}

fn listed_twice(snapshots: &Snapshots) -> Vec<Finding> {
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
        let odd: BTreeSet<usize> = rows()
            .filter(|&(own, tenant)| *tenant_of[own].get_or_insert(tenant) != tenant)
            .map(|(own, _)| own)
            .collect();
        for own in odd {
            let tenants = rows().filter(|&(other, _)| other == own).map(|(_, tenant)| tenant).collect();
            twice.entry((own, tenants)).or_default().push(&list.file);
        }
        rows().for_each(|(own, _)| tenant_of[own] = None);
    }
    let found = twice.into_iter().map(|((own, tenants), files)| {
        let id = user_subscriptions[own].to_string();
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

/// How many lines were used, and from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub lines: i64,
    pub first: Day,
    pub last: Day,
}

impl Used {
    pub const fn nothing(day: Day) -> Self {
        Self { lines: 0, first: day, last: day }
    }

    pub fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
    }
}

/// Whether somebody should have registered the tenant.
const fn is_unregistered(attribution: Attribution) -> bool {
    matches!(attribution, Attribution::DefaultTenantNotRegistered | Attribution::DefaultNoCustomerSubscriptions)
}

/// The tenant of an owner, as the snapshots number it.
fn tenant_of(owned: &OwnedUsage, owner: &Owner, snapshots: &Snapshots) -> Option<u32> {
    rank(&snapshots.tenants, &owned.tenants[owner.tenant? as usize])
}

/// What the usage of a stamp shows of its registration: mappings that ended while usage goes on, and those of nobody's.
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
        // Only the last mapping: one that is there again after it needs no remedy.
        let last = snapshots.customer_mappings.of_subject(tenant).last();
        if let Some(&ended) = last.filter(|own| own.last < in_force.customer_subscriptions) {
            after_end.entry(tenant).or_insert_with(|| (ended, Used::nothing(used.first))).1.merge(used);
        }
    }
    let ended = after_end.into_iter().map(|(tenant, (ended, used))| mapping_ended(snapshots, tenant, ended, used));
    let mut findings: Vec<Finding> = ended.collect();
    findings.extend(mapped_without_usage(owned, snapshots, &uses));
    findings
}

/// A tenant that was mapped, is not any more, and goes on.
fn mapping_ended(snapshots: &Snapshots, tenant: u32, ended: Mapping, used: Used) -> Finding {
    let lists = &snapshots.customer_subscriptions.lists;
    let tenant = &snapshots.tenants[tenant as usize];
    let subscription = &snapshots.billed_subscriptions[ended.to as usize];
    Finding::new(
        &snapshots.stamp,
        FindingCode::CustomerSubscriptionNotFound,
        format!(
            "tenant {tenant} was mapped to {subscription} until {}, is mapped no more in {}, and goes on: {} lines from {} to {} are charged to the default subscription",
            lists[ended.last as usize].file,
            lists[ended.last as usize + 1].file,
            used.lines,
            used.first,
            used.last
        ),
        vec![tenant.to_string(), subscription.to_string()],
        "register the tenant again, or end its user subscriptions: once a mapping is removed, what is still used goes to the default subscription",
    )
}

fn mapped_without_usage(owned: &OwnedUsage, snapshots: &Snapshots, uses: &[bool]) -> Option<Finding> {
    if !uses.contains(&true) {
        // Where no usage has a tenant at all, something else is wrong.
        return None;
    }
    let latest = owned.used().map(|(in_force, ..)| in_force.customer_subscriptions).max()?;
    let list = &snapshots.customer_subscriptions.lists[latest as usize];
    let idle: BTreeSet<&TenantId> = snapshots
        .customer_subscriptions
        .rows_of(list)
        .map(|row| &row.tenant)
        .filter(|&tenant| rank(&snapshots.tenants, tenant).is_none_or(|own| !uses[own as usize]))
        .collect();
    let ids: Vec<String> = idle.into_iter().map(TenantId::to_string).collect();
    (!ids.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::MappedTenantWithoutUsage,
            format!("mapped in {} without any usage: tenant {}", list.file, few(&ids)),
            ids,
            "see whether the tenant signs in to the stamp with this directory: a customer with several is registered with the one it uses",
        )
    })
}

/// A stamp as its neighbours are compared with it.
#[derive(Debug)]
pub struct StampUse<'a> {
    snapshots: &'a Snapshots,
    /// Tenants whose usage is charged to the default subscription since nobody registered them there.
    unregistered: BTreeMap<TenantId, Used>,
    /// The registrations that some usage was attributed by, and the latest.
    registrations: Vec<&'a Registration>,
}

/// The tenants of a stamp that are not registered there, with what they used; but for those that are registered by now, and
/// for user subscriptions that went to another tenant.
pub fn use_of<'a>(owned: &OwnedUsage, snapshots: &'a Snapshots) -> StampUse<'a> {
    let mut unregistered: BTreeMap<TenantId, Used> = BTreeMap::new();
    let latest = snapshots.customer_subscriptions.lists.len() as u32 - 1;
    for (_, owner, used) in owned.used().filter(|(_, owner, _)| is_unregistered(owner.attribution)) {
        let id: &UserSubscriptionId = &owned.usage.user_subscriptions[owner.user_subscription as usize];
        let latest_tenant = snapshots.latest_tenant(id);
        let Some(tenant) = tenant_of(owned, owner, snapshots).filter(|&own| latest_tenant == Some(own)) else {
            continue;
        };
        if snapshots.customer_mappings.said_by(latest, tenant).is_none() {
            let own = unregistered.entry(snapshots.tenants[tenant as usize].clone());
            own.or_insert_with(|| Used::nothing(used.first)).merge(used);
        }
    }
    let registrations = Relevant::of(snapshots, Some(&owned.in_force_used())).registrations().collect();
    StampUse { snapshots, unregistered, registrations }
}

/// What only several stamps together show.
pub fn of_stamps(stamps: &[StampUse<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, own) in stamps.iter().enumerate() {
        for (tenant, used) in &own.unregistered {
            let others = stamps.iter().enumerate().filter(|&(other, _)| other != at).map(|(_, other)| other.snapshots);
            let elsewhere: Vec<&str> = others
                .filter(|other| registers(other, tenant, used.last.end()))
                .map(|other| other.stamp.as_str())
                .collect();
            if elsewhere.is_empty() {
                continue;
            }
            findings.push(Finding::new(
                &own.snapshots.stamp,
                FindingCode::TenantRegisteredOnAnotherStamp,
                format!(
                    "tenant {tenant} is registered on {} and not here: {} lines from {} to {} are charged to the default subscription",
                    elsewhere.join(" and "),
                    used.lines,
                    used.first,
                    used.last
                ),
                vec![tenant.to_string()],
                "tenants need to be registered with each Azure Stack they use: `stacktally unregistered --commands` says how",
            ));
        }
    }
    for (at, own) in stamps.iter().enumerate() {
        findings.extend(stamps[at + 1..].iter().filter_map(|other| shared_registration(own, other)));
    }
    findings
}

/// Whether a stamp's customer list maps a tenant at a moment.
fn registers(snapshots: &Snapshots, tenant: &TenantId, moment: Hour) -> bool {
    let in_force = snapshots.dates.in_force(moment);
    rank(&snapshots.tenants, tenant).is_some_and(|tenant| snapshots.mapping_of(tenant, in_force).is_some())
}

/// Two stamps that pay from one subscription, or that are even one registration.
fn shared_registration(own: &StampUse<'_>, other: &StampUse<'_>) -> Option<Finding> {
    let both = || own.registrations.iter().flat_map(|one| other.registrations.iter().map(move |two| (*one, *two)));
    let (stamp, other_stamp) = (&own.snapshots.stamp, &other.snapshots.stamp);
    if let Some((one, two)) = both().find(|(one, two)| one.id == two.id) {
        return Some(Finding::new(
            stamp,
            FindingCode::RegistrationOfSeveralStamps,
            format!("{} and {} of stamp {} are one registration", one.file, two.file, other_stamp),
            vec![one.file.clone(), two.file.clone()],
            "every stamp has its own registration, though their cloud ids tell the two apart: see which of them is right, or say --accept registration_of_several_stamps if a stamp was registered anew under the name of another",
        ));
    }
    let (one, two) = both().find(|(one, two)| one.id.default_subscription == two.id.default_subscription)?;
    Some(Finding::new(
        stamp,
        FindingCode::DefaultSubscriptionOfSeveralStamps,
        format!("{} is the default subscription of stamp {} as well", one.id.default_subscription, other_stamp),
        vec![one.id.default_subscription.to_string(), one.file.clone(), two.file.clone()],
        "Microsoft advises one Azure subscription for each stamp: on one invoice their usage cannot be told apart; say --accept default_subscription_of_several_stamps if it is meant",
    ))
}

/// Lines that were attributed while the latest snapshot was older than is tolerated.
#[derive(Debug, Default)]
pub(super) struct Stale {
    kinds: [Option<StaleKind>; 3],
}

#[derive(Debug)]
struct StaleKind {
    used: Used,
    /// The largest age in hours, and the place of the snapshot.
    oldest: (i32, u32),
}

impl Stale {
    /// Notes lines of a day that are decided at a moment.
    pub fn note(&mut self, snapshots: &Snapshots, tolerance: &Tolerance, day: Day, moment: Hour, lines: u64) {
        let in_force = snapshots.dates.in_force(moment);
        let places =
            [Some(in_force.registration), Some(in_force.customer_subscriptions), in_force.listings.checked_sub(1)];
        for ((stale, kind), place) in self.kinds.iter_mut().zip(SnapshotKind::ALL).zip(places) {
            let date = place.and_then(|place| Some((place, snapshots.dates.of(kind).get(place as usize)?)));
            let Some((place, date)) = date else { continue };
            let age = moment.hours_since_epoch() - date.hours_since_epoch();
            if age > i32::from(tolerance.snapshot_age_max) * 24 {
                let stale = stale.get_or_insert(StaleKind { used: Used::nothing(day), oldest: (0, 0) });
                stale.used.merge(Used { lines: lines as i64, first: day, last: day });
                stale.oldest = stale.oldest.max((age, place));
            }
        }
    }

    pub fn findings(self, snapshots: &Snapshots, tolerance: &Tolerance) -> Vec<Finding> {
        let found = self.kinds.into_iter().zip(SnapshotKind::ALL).filter_map(|(stale, kind)| {
            let StaleKind { used, oldest: (age, place) } = stale?;
            let file = snapshots.file(kind, place);
            Some(Finding::new(
                &snapshots.stamp,
                FindingCode::SnapshotOlderThanUsage,
                format!(
                    "{} lines from {} to {} were attributed while the latest {} was more than {} days old: {file} by {} days, at the most",
                    used.lines,
                    used.first,
                    used.last,
                    kind.noun(),
                    tolerance.snapshot_age_max,
                    age / 24
                ),
                vec![file.to_owned()],
                "save a snapshot of each kind every night: Azure keeps no history of them, and who was registered in between is not known",
            ))
        });
        found.collect()
    }
}
