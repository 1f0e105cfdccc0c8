//! A registration checked as Azure would, before it is used: the rules of reference §4.2 and the documented errors of §4.3
//! that files can show. What would charge somebody wrongly is fatal; everything else is a finding, with its remedy.
//!
//! Not to be seen in files: whether a subscription is of the CSP type and of this partner (`InvalidCSPSubscription`,
//! `BadCustomerSubscriptionId`), and whether Microsoft approved multi-tenancy (`UnauthorizedCspRegistration`).

use std::collections::{BTreeMap, BTreeSet};

use super::snapshots::rank;
use super::{OwnedUsage, Rules, Snapshots};
use crate::domain::finding::FindingCode;
use crate::domain::identity::is_guid;
use crate::domain::{Attribution, BilledSubscriptionId, Day, Finding, Hour, SnapshotKind, Stamp, TenantId};
use crate::error::Error;
use crate::read::DatedLists;

/// Ids that a finding lists in its sentence; `concerned` has all.
const IDS_SHOWN: usize = 5;

/// Checks the snapshots of a stamp: all that is fatally wrong, and all findings.
pub(super) fn of_snapshots(snapshots: &Snapshots, rules: &Rules) -> (Vec<Error>, Vec<Finding>) {
    let mut checks = Checks { snapshots, stamp: &snapshots.stamp, errors: Vec::new(), findings: Vec::new() };
    checks.refuse_missing_kinds();
    checks.refuse_empty_lists(rules);
    checks.customers();
    checks.default_subscription_mapped();
    checks.billing_model();
    checks.malformed_ids();
    checks.spelling();
    checks.listings();
    (checks.errors, checks.findings)
}

struct Checks<'a> {
    snapshots: &'a Snapshots,
    stamp: &'a Stamp,
    errors: Vec<Error>,
    findings: Vec<Finding>,
}

impl Checks<'_> {
    fn find(&mut self, code: FindingCode, sentence: String, concerned: Vec<String>, remedy: &'static str) {
        self.findings.push(Finding::new(self.stamp, code, sentence, concerned, remedy));
    }

    fn refuse_missing_kinds(&mut self) {
        let Snapshots { stamp, registrations, customer_subscriptions, listings, .. } = self.snapshots;
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
        for (_, kind, folder, query) in kinds.into_iter().filter(|&(is_missing, ..)| is_missing) {
            self.errors.push(
                Error::input(format!("stamp {stamp} has no {kind}"))
                    .at(format!("{stamp}/{folder}"))
                    .hint(format!("without it nobody can say who pays: save {query} as {stamp}/{folder}/<date>.json")),
            );
        }
    }

    fn refuse_empty_lists(&mut self, rules: &Rules) {
        let lists = &self.snapshots.customer_subscriptions.lists;
        let empty: Vec<&str> = lists.iter().filter(|list| list.rows.is_empty()).map(|list| &*list.file).collect();
        let Some(&first) = empty.first() else { return };
        if rules.confirm_empty_registration {
            self.find(
                FindingCode::RegistrationWithoutCustomers,
                format!("no tenant is mapped in {}, as --confirm-empty-registration says", shown(&empty)),
                texts(&empty),
                "register tenants, if they are to pay for themselves",
            );
            return;
        }
        let more = if empty.len() > 1 { format!(", and {} more are", empty.len() - 1) } else { String::new() };
        self.errors.push(Error::input(format!("the list of customer subscriptions is empty{more}")).at(first).hint(
            "an empty list is often a failed export, and would charge everybody to the default subscription: \
                 save it again, or say --confirm-empty-registration if really no tenant is registered",
        ));
    }

    /// Another stamp's list and a tenant mapped twice are fatal; one customer subscription of several tenants is found.
    fn customers(&mut self) {
        let Snapshots { registrations, customer_subscriptions: customers, tenants, billed_subscriptions, .. } =
            self.snapshots;
        let is_foreign: Vec<bool> =
            customers.rows.iter().map(|row| !registrations.iter().any(|own| row.parent.is(&own.id))).collect();
        let ranks: Vec<(usize, usize)> = customers
            .rows
            .iter()
            .filter_map(|row| Some((rank(tenants, &row.tenant)?, rank(billed_subscriptions, &row.subscription)?)))
            .map(|(tenant, subscription)| (tenant as usize, subscription as usize))
            .collect();
        // Each fault once, with the files that have it: a year of nightly copies repeats it every night.
        let mut foreign: BTreeMap<&BilledSubscriptionId, Vec<&str>> = BTreeMap::new();
        let mut twice: BTreeMap<(usize, usize, usize), Vec<&str>> = BTreeMap::new();
        let mut shared: BTreeMap<(usize, BTreeSet<usize>), Vec<&str>> = BTreeMap::new();
        let (mut subscription_of, mut tenant_of) = (vec![None; tenants.len()], vec![None; billed_subscriptions.len()]);
        for list in &customers.lists {
            let rows = || list.rows.iter().map(|&row| ranks[row as usize]);
            let mut of_several = BTreeSet::new();
            for (at, (tenant, subscription)) in rows().enumerate() {
                let row = list.rows[at] as usize;
                if is_foreign[row] && !registrations.is_empty() {
                    foreign.entry(&customers.rows[row].subscription).or_default().push(list.page_of(at));
                }
                let other = *subscription_of[tenant].get_or_insert(subscription);
                if other != subscription {
                    twice.entry((tenant, other, subscription)).or_default().push(list.page_of(at));
                }
                if *tenant_of[subscription].get_or_insert(tenant) != tenant {
                    of_several.insert(subscription);
                }
            }
            for subscription in of_several {
                let tenants = rows().filter(|row| row.1 == subscription).map(|row| row.0).collect();
                shared.entry((subscription, tenants)).or_default().push(&list.file);
            }
            for (tenant, subscription) in rows() {
                (subscription_of[tenant], tenant_of[subscription]) = (None, None);
            }
        }
        for (subscription, files) in foreign {
            self.errors.push(
                Error::input(format!(
                    "customer subscription {subscription} is not under the registration of stamp {}",
                    self.stamp
                ))
                .at(files[0])
                .hint("this is probably another stamp's list: every stamp has its own registration"),
            );
        }
        for ((tenant, one, other), files) in twice {
            self.errors.push(
                Error::input(format!(
                    "tenant {} is mapped to two customer subscriptions, {} and {}",
                    tenants[tenant], billed_subscriptions[one], billed_subscriptions[other]
                ))
                .at(files[0])
                .hint("Azure Stack Hub maps a tenant to one subscription: delete the wrong mapping and save the list again"),
            );
        }
        for ((subscription, several), files) in shared {
            let several: Vec<String> = several.into_iter().map(|tenant| tenants[tenant].to_string()).collect();
            let subscription = billed_subscriptions[subscription].to_string();
            self.find(
                FindingCode::CustomerSubscriptionOfSeveralTenants,
                format!(
                    "customer subscription {subscription} pays for {}, in {}",
                    several.join(" and "),
                    shown(&files)
                ),
                std::iter::once(subscription).chain(several).collect(),
                "give each tenant a subscription of its own, unless this is meant",
            );
        }
    }

    fn default_subscription_mapped(&mut self) {
        let Snapshots { registrations, customer_subscriptions: customers, .. } = self.snapshots;
        let defaults: BTreeSet<&BilledSubscriptionId> =
            registrations.iter().map(|own| &own.id.default_subscription).collect();
        for (file, row) in first_places(customers).filter(|(_, row)| defaults.contains(&row.subscription)) {
            self.find(
                FindingCode::DefaultSubscriptionIsCustomer,
                format!(
                    "default subscription {} is mapped to tenant {} in {file} as well: the invoice cannot tell that tenant from those who are not registered",
                    row.subscription, row.tenant
                ),
                vec![row.subscription.to_string(), row.tenant.to_string()],
                "register the tenant with a customer subscription of its own",
            );
        }
    }

    fn billing_model(&mut self) {
        let Snapshots { registrations, customer_subscriptions: customers, .. } = self.snapshots;
        let is_capacity =
            |model: &Option<String>| model.as_deref().is_some_and(|own| own.eq_ignore_ascii_case("Capacity"));
        let files: Vec<&str> =
            registrations.iter().filter(|own| is_capacity(&own.billing_model)).map(|own| &*own.file).collect();
        if files.is_empty() || customers.rows.is_empty() {
            return;
        }
        self.find(
            FindingCode::CustomerSubscriptionsNotAllowed,
            format!("the billing model is Capacity in {}, and a capacity registration has no customer subscriptions", shown(&files)),
            texts(&files),
            "register the stamp again as PayAsYouUse, or take the lists of customer subscriptions away: Azure answers CustomerSubscriptionsNotAllowed, and is sent no usage",
        );
    }

    fn malformed_ids(&mut self) {
        let Snapshots { customer_subscriptions: customers, listings, .. } = self.snapshots;
        for (file, row) in first_places(customers) {
            if !is_guid(row.subscription.as_str()) {
                self.find(
                    FindingCode::InvalidCustomerSubscriptionId,
                    format!(
                        "{file} maps tenant {} to {:?}, which is no id of an Azure subscription",
                        row.tenant,
                        row.subscription.as_str()
                    ),
                    vec![row.subscription.to_string(), row.tenant.to_string()],
                    "look its id up in Partner Center, register the tenant with it, and save the list again",
                );
            }
            if !is_guid(row.tenant.as_str()) {
                self.find(
                    FindingCode::IdMalformed,
                    format!(
                        "{file} maps {:?}, which is no id of a tenant: no listing will ever name it",
                        row.tenant.as_str()
                    ),
                    vec![row.tenant.to_string(), row.subscription.to_string()],
                    "write the GUID of the tenant's Entra directory, register it so, and save the list again",
                );
            }
        }
        for (file, row) in first_places(listings) {
            let tenant = row.tenant.as_ref().map(TenantId::as_str).filter(|tenant| !is_guid(tenant));
            let own = Some(row.id.as_str()).filter(|id| !is_guid(id));
            for id in own.into_iter().chain(tenant) {
                self.find(
                    FindingCode::IdMalformed,
                    format!("{file} has the id {id:?}, which is no GUID: it is compared as it stands there"),
                    vec![id.to_owned()],
                    "save the listing again, as the REST API or Get-AzsUserSubscription returns it",
                );
            }
        }
    }

    /// Spellings of one id that differ in case alone. Compared among registrations and customer lists: listings and usage
    /// mix cases even in a page (Q5).
    fn spelling(&mut self) {
        let Snapshots { registrations, customer_subscriptions: customers, .. } = self.snapshots;
        let mut spellings: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
        let of_registration = registrations
            .iter()
            .filter_map(|own| Some((own.resource_id.trim_start_matches('/').split('/').nth(1)?, &*own.file)));
        let of_customers =
            first_places(customers).flat_map(|(file, row)| row.spelled.iter().map(move |own| (&**own, file)));
        for (text, file) in of_registration.chain(of_customers) {
            spellings.entry(text.to_lowercase()).or_default().entry(text).or_insert(file);
        }
        for (id, spellings) in spellings.into_iter().filter(|(_, spellings)| spellings.len() > 1) {
            let each: Vec<String> = spellings.iter().map(|(text, file)| format!("{text} in {file}")).collect();
            self.find(
                FindingCode::IdCaseDiffers,
                format!("one id in two spellings: {}; they were taken for one", each.join(", ")),
                vec![id],
                "see that Azure holds one registration of it: its errors call the customer subscription's id case sensitive",
            );
        }
    }

    fn listings(&mut self) {
        let Snapshots { listings, user_subscriptions, .. } = self.snapshots;
        let without: Vec<&str> = listings
            .lists
            .iter()
            .filter(|list| listings.rows_of(list).all(|row| row.tenant.is_none()))
            .map(|list| &*list.file)
            .collect();
        if !without.is_empty() {
            self.find(
                FindingCode::ListingWithoutTenants,
                format!("no user subscription has a tenant in {}", shown(&without)),
                texts(&without),
                "save the listing again, as the REST API returns it: usage that no listing knows is charged to the default subscription",
            );
        }
        let ids: Vec<Option<(usize, &TenantId)>> = listings
            .rows
            .iter()
            .map(|row| Some((rank(user_subscriptions, &row.id)? as usize, row.tenant.as_ref()?)))
            .collect();
        let mut twice: BTreeMap<(usize, &TenantId, &TenantId), Vec<&str>> = BTreeMap::new();
        let mut tenant_of: Vec<Option<&TenantId>> = vec![None; user_subscriptions.len()];
        for list in &listings.lists {
            let rows = || list.rows.iter().filter_map(|&row| ids[row as usize]);
            for (own, tenant) in rows() {
                let other = *tenant_of[own].get_or_insert(tenant);
                if other != tenant {
                    twice.entry((own, other.min(tenant), other.max(tenant))).or_default().push(&list.file);
                }
            }
            rows().for_each(|(own, _)| tenant_of[own] = None);
        }
        for ((own, one, other), files) in twice {
            let id = user_subscriptions[own].to_string();
            self.find(
                FindingCode::UserSubscriptionListedTwice,
                format!(
                    "user subscription {id} is given to {one} and to {other} in {}; the first serves",
                    shown(&files)
                ),
                vec![id, one.to_string(), other.to_string()],
                "save the listing again; a user subscription has one directory",
            );
        }
    }
}

/// Each distinct row with the file that it stands in first.
fn first_places<T>(lists: &DatedLists<T>) -> impl Iterator<Item = (&str, &T)> {
    let mut seen = 0;
    let places =
        lists.lists.iter().flat_map(|list| list.rows.iter().enumerate().map(move |(at, &row)| (list, at, row)));
    places.filter_map(move |(list, at, row)| {
        // Rows are numbered in order of their first place.
        if row as usize != seen {
            return None;
        }
        seen += 1;
        Some((list.page_of(at), &lists.rows[row as usize]))
    })
}

fn texts(files: &[&str]) -> Vec<String> {
    files.iter().map(|&file| file.to_owned()).collect()
}

/// The first of some files, and how many more there are.
fn shown(files: &[&str]) -> String {
    match files {
        [] => String::new(),
        [file] => (*file).to_owned(),
        [file, more @ ..] => format!("{file} and {} later", more.len()),
    }
}

/// What fell to an owner, of all days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub lines: i64,
    pub first: Day,
    pub last: Day,
}

impl Used {
    /// Adds lines of a day.
    pub fn add(own: &mut Option<Self>, day: Day, lines: i64) {
        let used = own.get_or_insert(Self { lines: 0, first: day, last: day });
        used.lines += lines;
        (used.first, used.last) = (used.first.min(day), used.last.max(day));
    }

    fn merge(own: &mut Option<Self>, other: Self) {
        Self::add(own, other.first, other.lines);
        Self::add(own, other.last, 0);
    }
}

/// What the usage of a stamp shows of its registration: mappings that ended while usage goes on, and those of nobody's.
/// `used` is by owner.
pub fn of_usage(owned: &OwnedUsage, used: &[Option<Used>], snapshots: &Snapshots) -> Vec<Finding> {
    let mut of_tenant: Vec<Option<Used>> = vec![None; snapshots.tenants.len()];
    let mut unregistered = of_tenant.clone();
    for (owner, own) in owned.owners.iter().zip(used).filter_map(|(owner, used)| Some((owner, (*used)?))) {
        let Some(tenant) = owner.tenant else { continue };
        Used::merge(&mut of_tenant[tenant as usize], own);
        if matches!(
            owner.attribution,
            Attribution::DefaultTenantNotRegistered | Attribution::DefaultNoCustomerSubscriptions
        ) {
            Used::merge(&mut unregistered[tenant as usize], own);
        }
    }
    let mut findings = Vec::new();
    let Some(last) = of_tenant.iter().flatten().map(|used| used.last).max() else { return findings };
    for (tenant, own) in unregistered.iter().enumerate().filter_map(|(tenant, own)| Some((tenant, (*own)?))) {
        findings.extend(mapping_ended(owned, snapshots, tenant as u32, own));
    }
    findings.extend(mapped_without_usage(owned, snapshots, &of_tenant, last));
    findings
}

/// A tenant that was mapped, is not any more, and goes on.
fn mapping_ended(owned: &OwnedUsage, snapshots: &Snapshots, tenant: u32, used: Used) -> Option<Finding> {
    let in_force = snapshots.dates.in_force(owned.last_moment(used.last));
    let mut mappings = snapshots.customer_mappings.of_subject(tenant).iter();
    let ended = mappings.rfind(|own| own.last < in_force.customer_subscriptions)?;
    let lists = &snapshots.customer_subscriptions.lists;
    let (tenant, subscription) =
        (&snapshots.tenants[tenant as usize], &snapshots.billed_subscriptions[ended.to as usize]);
    Some(Finding::new(
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
    ))
}

fn mapped_without_usage(
    owned: &OwnedUsage,
    snapshots: &Snapshots,
    of_tenant: &[Option<Used>],
    last: Day,
) -> Option<Finding> {
    let in_force = snapshots.dates.in_force(owned.last_moment(last));
    let list = &snapshots.customer_subscriptions.lists[in_force.customer_subscriptions as usize];
    let idle: BTreeSet<&TenantId> = snapshots
        .customer_subscriptions
        .rows_of(list)
        .map(|row| &row.tenant)
        .filter(|&tenant| rank(&snapshots.tenants, tenant).is_none_or(|own| of_tenant[own as usize].is_none()))
        .collect();
    let ids: Vec<String> = idle.into_iter().map(TenantId::to_string).collect();
    let more = if ids.len() > IDS_SHOWN { format!(" and {} more", ids.len() - IDS_SHOWN) } else { String::new() };
    let first = ids[..ids.len().min(IDS_SHOWN)].join(", ");
    (!ids.is_empty()).then(|| {
        Finding::new(
            &snapshots.stamp,
            FindingCode::MappedTenantWithoutUsage,
            format!("mapped in {} without any usage: tenant {first}{more}", list.file),
            ids,
            "see whether the tenant signs in to the stamp with this directory: a customer with several is registered with the one it uses",
        )
    })
}

/// A stamp as its neighbours are compared with it.
#[derive(Debug)]
pub struct StampUse<'a> {
    pub snapshots: &'a Snapshots,
    /// Tenants whose usage is charged to the default subscription since nobody registered them there.
    pub unregistered: BTreeMap<TenantId, Used>,
    /// The moment that decides for the last of it.
    pub last_moment: Option<Hour>,
}

/// The tenants of a stamp that are not registered there, with what they used.
pub fn use_of<'a>(owned: &OwnedUsage, used: &[Option<Used>], snapshots: &'a Snapshots) -> StampUse<'a> {
    let mut unregistered: BTreeMap<TenantId, Option<Used>> = BTreeMap::new();
    for (owner, own) in owned.owners.iter().zip(used).filter_map(|(owner, used)| Some((owner, (*used)?))) {
        if let Some(tenant) = owner.tenant.filter(|_| owner.attribution == Attribution::DefaultTenantNotRegistered) {
            Used::merge(unregistered.entry(owned.tenants[tenant as usize].clone()).or_default(), own);
        }
    }
    let last = used.iter().flatten().map(|own| own.last).max();
    StampUse {
        snapshots,
        unregistered: unregistered.into_iter().filter_map(|(tenant, used)| Some((tenant, used?))).collect(),
        last_moment: last.map(|day| owned.last_moment(day)),
    }
}

/// What only several stamps together show.
pub fn of_stamps(stamps: &[StampUse<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, own) in stamps.iter().enumerate() {
        let others = || stamps.iter().enumerate().filter(move |&(other, _)| other != at).map(|(_, other)| other);
        for (tenant, used) in &own.unregistered {
            let elsewhere: Vec<&str> = others()
                .filter(|other| other.registers(tenant, own.last_moment))
                .map(|other| other.snapshots.stamp.as_str())
                .collect();
            if elsewhere.is_empty() {
                continue;
            }
            findings.push(Finding::new(
                &own.snapshots.stamp,
                FindingCode::TenantRegisteredOnAnotherStamp,
                format!(
                    "tenant {tenant} is registered on {} and not here: {} lines from {} to {} are charged to the default subscription",
                    elsewhere.join(" and "), used.lines, used.first, used.last
                ),
                vec![tenant.to_string()],
                "tenants need to be registered with each Azure Stack they use: `stacktally unregistered --commands` says how",
            ));
        }
    }
    for (at, own) in stamps.iter().enumerate() {
        for other in &stamps[at + 1..] {
            findings.extend(shared_registration(own.snapshots, other.snapshots));
        }
    }
    findings
}

impl StampUse<'_> {
    fn registers(&self, tenant: &TenantId, moment: Option<Hour>) -> bool {
        let Some((tenant, moment)) = rank(&self.snapshots.tenants, tenant).zip(moment) else { return false };
        self.snapshots.mapping_of(tenant, self.snapshots.dates.in_force(moment)).is_some()
    }
}

/// Two stamps that pay from one subscription, or that are even one registration.
fn shared_registration(own: &Snapshots, other: &Snapshots) -> Option<Finding> {
    let both = || own.registrations.iter().flat_map(|one| other.registrations.iter().map(move |two| (one, two)));
    if let Some((one, two)) = both().find(|(one, two)| one.id == two.id) {
        return Some(Finding::new(
            &own.stamp,
            FindingCode::RegistrationOfSeveralStamps,
            format!("{} and {} of stamp {} are one registration", one.file, two.file, other.stamp),
            vec![one.file.clone(), two.file.clone()],
            "every stamp has its own registration: one of the two folders was probably copied",
        ));
    }
    let (one, two) = both().find(|(one, two)| one.id.default_subscription == two.id.default_subscription)?;
    Some(Finding::new(
        &own.stamp,
        FindingCode::DefaultSubscriptionOfSeveralStamps,
        format!("{} is the default subscription of stamp {} as well", one.id.default_subscription, other.stamp),
        vec![one.id.default_subscription.to_string(), one.file.clone(), two.file.clone()],
        "Microsoft advises one Azure subscription for each stamp: on one invoice their usage cannot be told apart; say --accept default_subscription_of_several_stamps if it is meant",
    ))
}

/// Lines that were attributed by snapshots older than is tolerated.
#[derive(Debug, Default)]
pub(super) struct Stale {
    kinds: [Option<StaleKind>; 3],
}

#[derive(Debug)]
struct StaleKind {
    lines: u64,
    first: Day,
    last: Day,
    /// The largest age in hours, and the place of the snapshot.
    oldest: (i32, u32),
}

impl Stale {
    /// Notes lines of a day, by their slots, that are decided at a moment.
    pub fn note(&mut self, snapshots: &Snapshots, rules: &Rules, day: Day, moment: Hour, lines: u64) {
        let in_force = snapshots.dates.in_force(moment);
        let dates = &snapshots.dates;
        let places = [
            (&dates.registrations, Some(in_force.registration)),
            (&dates.customer_subscriptions, Some(in_force.customer_subscriptions)),
            (&dates.user_subscriptions, in_force.listings.checked_sub(1)),
        ];
        for (kind, (dates, place)) in self.kinds.iter_mut().zip(places) {
            let Some((place, &date)) = place.and_then(|place| Some((place, dates.get(place as usize)?))) else {
                continue;
            };
            let age = moment.hours_since_epoch() - date.hours_since_epoch();
            if age > i32::from(rules.snapshot_age_max) * 24 {
                let kind = kind.get_or_insert(StaleKind { lines: 0, first: day, last: day, oldest: (0, 0) });
                kind.lines += lines;
                (kind.first, kind.last) = (kind.first.min(day), kind.last.max(day));
                kind.oldest = kind.oldest.max((age, place));
            }
        }
    }

    pub fn findings(self, snapshots: &Snapshots, rules: &Rules) -> Vec<Finding> {
        let files = [
            snapshots.registrations.iter().map(|own| &*own.file).collect::<Vec<_>>(),
            snapshots.customer_subscriptions.lists.iter().map(|own| &*own.file).collect(),
            snapshots.listings.lists.iter().map(|own| &*own.file).collect(),
        ];
        let mut findings = Vec::new();
        for ((stale, kind), files) in self.kinds.into_iter().zip(SnapshotKind::ALL).zip(files) {
            let Some(StaleKind { lines, first, last, oldest: (age, place) }) = stale else { continue };
            let file = files[place as usize];
            findings.push(Finding::new(
                &snapshots.stamp,
                FindingCode::SnapshotOlderThanUsage,
                format!(
                    "{lines} lines from {first} to {last} are attributed by a {} that is more than {} days older: {file} by up to {} days",
                    kind.noun(),
                    rules.snapshot_age_max,
                    age / 24
                ),
                vec![file.to_owned()],
                "save a snapshot of each kind every night: Azure keeps no history of them, and nobody can say who was registered in between",
            ));
        }
        findings
    }
}
