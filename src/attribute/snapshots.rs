//! Snapshots, checked, and the ones in force at a moment.
//!
//! Registration and customer subscriptions: the latest not after the moment, each chosen by itself; before the first,
//! the first. Listings are history: the tenant is that of the latest listing not after the moment that holds the user
//! subscription, else of the earliest later one (a deleted user subscription vanishes from the listing while its usage
//! goes on, reference §5).

use std::collections::{BTreeMap, BTreeSet};

use super::{Owner, Rules};
use crate::domain::finding::{Finding, FindingCode};
use crate::domain::{Attribution, BilledSubscriptionId, Hour, Stamp, TenantId, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::read::{
    CustomerSubscriptions, ListedUserSubscription, Listing, ReadFile, Reading, Registration, SnapshotFiles,
    StampFolder, read_customer_subscriptions, read_listing, read_registration,
};

/// The snapshots of a stamp, each kind sorted by date, none of them fatally wrong.
#[derive(Debug)]
pub struct Snapshots {
    pub registrations: Vec<Registration>,
    pub customer_subscriptions: Vec<CustomerSubscriptions>,
    pub listings: Vec<Listing>,
    pub findings: Vec<Finding>,
}

/// Reads and checks the snapshots of a stamp.
///
/// # Errors
/// What `product.md` §4 calls fatal.
pub fn read_snapshots(folder: &StampFolder, reading: &Reading, rules: &Rules) -> Result<Snapshots> {
    fn all<T>(
        files: &[SnapshotFiles],
        reading: &Reading,
        read: impl Fn(&SnapshotFiles, &Reading) -> Result<T>,
    ) -> Result<Vec<T>> {
        files.iter().map(|files| read(files, reading)).collect()
    }
    let snapshots = Snapshots {
        registrations: all(&folder.registrations, reading, read_registration)?,
        customer_subscriptions: all(&folder.customer_subscriptions, reading, read_customer_subscriptions)?,
        listings: all(&folder.user_subscriptions, reading, read_listing)?,
        findings: Vec::new(),
    };
    snapshots.checked(&folder.stamp, rules)
}

impl Snapshots {
    /// Checks snapshots against each other.
    ///
    /// # Errors
    /// A kind of which there is none, a tenant mapped twice, another stamp's customer list, an unconfirmed empty one.
    pub fn checked(mut self, stamp: &Stamp, rules: &Rules) -> Result<Self> {
        let none = |kind: &str, file: &str, query: &str| {
            Error::input(format!("stamp {stamp} has no {kind}"))
                .at(format!("{stamp}/{file}"))
                .hint(format!("without it nobody can say who pays: save {query} as {stamp}/{file}/<date>.json"))
        };
        if self.registrations.is_empty() {
            return Err(none("registration", "registration", "the registration resource"));
        }
        if self.customer_subscriptions.is_empty() {
            return Err(none("customer subscriptions", "customer-subscriptions", "the customerSubscriptions list"));
        }
        if self.listings.is_empty() {
            return Err(none("listing of user subscriptions", "user-subscriptions", "the list of user subscriptions"));
        }
        let mut findings = Vec::new();
        for list in &self.customer_subscriptions {
            self.check_customers(stamp, list, rules, &mut findings)?;
        }
        for listing in &self.listings {
            note_listing_without_tenants(stamp, listing, &mut findings);
            note_user_subscriptions_listed_twice(stamp, listing, &mut findings);
        }
        self.findings = findings;
        Ok(self)
    }

    fn check_customers(
        &self,
        stamp: &Stamp,
        list: &CustomerSubscriptions,
        rules: &Rules,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        if list.rows.is_empty() {
            if !rules.confirm_empty_registration {
                return Err(Error::input("the list of customer subscriptions is empty").at(&list.file).hint(
                    "an empty list is often a failed export, and would charge everybody to the default subscription: \
                     save it again, or say --confirm-empty-registration if really no tenant is registered",
                ));
            }
            findings.push(Finding::new(
                stamp,
                FindingCode::RegistrationWithoutCustomers,
                format!("{} maps no tenant, as --confirm-empty-registration says", list.file),
                vec![list.file.clone()],
                "register tenants, if they are to pay for themselves",
            ));
        }
        let mut subscription_of: BTreeMap<&TenantId, &BilledSubscriptionId> = BTreeMap::new();
        let mut tenants_of: BTreeMap<&BilledSubscriptionId, BTreeSet<&TenantId>> = BTreeMap::new();
        for row in &list.rows {
            if !self.registrations.iter().any(|known| row.parent.is(&known.id)) {
                return Err(Error::input(format!(
                    "customer subscription {} is not under the registration of stamp {stamp}",
                    row.subscription
                ))
                .at(&row.file)
                .hint("this is probably another stamp's list: every stamp has its own registration"));
            }
            let other = subscription_of.insert(&row.tenant, &row.subscription);
            if let Some(other) = other.filter(|&other| *other != row.subscription) {
                return Err(Error::input(format!(
                    "tenant {} is mapped to two customer subscriptions, {other} and {}",
                    row.tenant, row.subscription
                ))
                .at(&row.file)
                .hint("Azure Stack Hub maps a tenant to one subscription: delete the wrong mapping and save the list again"));
            }
            tenants_of.entry(&row.subscription).or_default().insert(&row.tenant);
        }
        for (subscription, tenants) in tenants_of.into_iter().filter(|(_, tenants)| tenants.len() > 1) {
            let tenants: Vec<String> = tenants.into_iter().map(TenantId::to_string).collect();
            findings.push(Finding::new(
                stamp,
                FindingCode::CustomerSubscriptionOfSeveralTenants,
                format!("{}: customer subscription {subscription} pays for {}", list.file, tenants.join(" and ")),
                std::iter::once(subscription.to_string()).chain(tenants).collect(),
                "give each tenant a subscription of its own, unless this is meant",
            ));
        }
        Ok(())
    }

    /// Every file that they were read from.
    pub fn pages(&self) -> impl Iterator<Item = &ReadFile> {
        let registrations = self.registrations.iter().flat_map(|own| &own.pages);
        let customers = self.customer_subscriptions.iter().flat_map(|own| &own.pages);
        registrations.chain(customers).chain(self.listings.iter().flat_map(|own| &own.pages))
    }

    /// From when on both a registration and a customer list are there.
    pub(super) fn first_complete(&self) -> Hour {
        self.registrations[0].as_of.max(self.customer_subscriptions[0].as_of)
    }

    /// Ids as ranks, and for each snapshot what it says of them.
    pub(super) fn index<'a>(&'a self, user_subscriptions: &[UserSubscriptionId], rules: &'a Rules) -> Index<'a> {
        let customers = || self.customer_subscriptions.iter().flat_map(|list| &list.rows);
        let listed = || self.listings.iter().flat_map(|listing| &listing.rows);
        let tenants: BTreeSet<&TenantId> =
            customers().map(|row| &row.tenant).chain(listed().filter_map(|row| row.tenant.as_ref())).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().cloned().collect();
        let defaults = self.registrations.iter().map(|registration| &registration.id.default_subscription);
        let billed: BTreeSet<&BilledSubscriptionId> =
            customers().map(|row| &row.subscription).chain(defaults).collect();
        let billed_subscriptions: Vec<BilledSubscriptionId> = billed.into_iter().cloned().collect();

        let providers: BTreeSet<&UserSubscriptionId> =
            listed().filter_map(|row| row.provider.as_ref()).chain(&rules.operator_user_subscriptions).collect();
        let defaults = self.registrations.iter().map(|registration| {
            rank(&billed_subscriptions, &registration.id.default_subscription).expect("collected above")
        });
        let mapped = self.customer_subscriptions.iter().map(|list| {
            let mut mapped = vec![None; tenants.len()];
            for row in &list.rows {
                let tenant = rank(&tenants, &row.tenant).expect("collected above");
                mapped[tenant as usize] = rank(&billed_subscriptions, &row.subscription);
            }
            mapped
        });
        Index {
            snapshots: self,
            rules,
            defaults: defaults.collect(),
            mapped: mapped.collect(),
            tenants_in_force: tenants_in_force(&self.listings, user_subscriptions, &tenants),
            is_operator: user_subscriptions.iter().map(|id| providers.contains(id)).collect(),
            tenants,
            billed_subscriptions,
        }
    }
}

fn rank<T: Ord>(sorted: &[T], id: &T) -> Option<u32> {
    sorted.binary_search(id).ok().map(|rank| rank as u32)
}

/// The tenant that one listing gives a user subscription: of several, the smallest, so that their order cannot matter.
fn listed_tenants(listing: &Listing) -> BTreeMap<&UserSubscriptionId, &TenantId> {
    let mut tenants = BTreeMap::new();
    for ListedUserSubscription { id, tenant, .. } in &listing.rows {
        if let Some(tenant) = tenant {
            let own = tenants.entry(id).or_insert(tenant);
            *own = (*own).min(tenant);
        }
    }
    tenants
}

fn note_listing_without_tenants(stamp: &Stamp, listing: &Listing, findings: &mut Vec<Finding>) {
    if listing.rows.iter().all(|row| row.tenant.is_none()) {
        findings.push(Finding::new(stamp, FindingCode::ListingWithoutTenants, format!("none of the {} rows of {} gives a user subscription a tenant", listing.rows.len(), listing.file), vec![listing.file.clone()], "save the listing again, as the REST API returns it: usage that no listing knows is charged to the default subscription"));
    }
}

fn note_user_subscriptions_listed_twice(stamp: &Stamp, listing: &Listing, findings: &mut Vec<Finding>) {
    let chosen = listed_tenants(listing);
    for ListedUserSubscription { id, tenant, .. } in &listing.rows {
        if let Some(tenant) = tenant.as_ref().filter(|&tenant| chosen[id] != tenant) {
            findings.push(Finding::new(
                stamp,
                FindingCode::UserSubscriptionListedTwice,
                format!(
                    "{} gives user subscription {id} to {} and to {tenant}; the first serves",
                    listing.file, chosen[id]
                ),
                vec![id.to_string(), chosen[id].to_string(), tenant.to_string()],
                "save the listing again; a user subscription has one directory",
            ));
        }
    }
}

/// For each count of listings not after a moment (0 to all), the tenant of each user subscription.
fn tenants_in_force(
    listings: &[Listing],
    subscriptions: &[UserSubscriptionId],
    tenants: &[TenantId],
) -> Vec<Vec<Option<u32>>> {
    let held: Vec<Vec<Option<u32>>> = listings
        .iter()
        .map(|listing| {
            let listed = listed_tenants(listing);
            subscriptions.iter().map(|id| listed.get(id).and_then(|&tenant| rank(tenants, tenant))).collect()
        })
        .collect();
    // Before the first listing that holds it, the earliest later one serves: fill backwards, then lay forwards over it.
    let mut current = vec![None; subscriptions.len()];
    for listing in held.iter().rev() {
        overlay(&mut current, listing);
    }
    let mut in_force = vec![current.clone()];
    for listing in &held {
        overlay(&mut current, listing);
        in_force.push(current.clone());
    }
    in_force
}

fn overlay(current: &mut [Option<u32>], listing: &[Option<u32>]) {
    current.iter_mut().zip(listing).for_each(|(current, held)| *current = held.or(*current));
}

/// Which snapshots are in force: places in the sorted lists; for listings, how many are not after the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InForce {
    registration: usize,
    customers: usize,
    listings: usize,
}

/// Snapshots by rank.
pub(super) struct Index<'a> {
    snapshots: &'a Snapshots,
    rules: &'a Rules,
    pub(super) tenants: Vec<TenantId>,
    pub(super) billed_subscriptions: Vec<BilledSubscriptionId>,
    /// Of each registration.
    defaults: Vec<u32>,
    /// Of each customer list, by tenant.
    mapped: Vec<Vec<Option<u32>>>,
    /// By count of listings in force and user subscription.
    tenants_in_force: Vec<Vec<Option<u32>>>,
    /// By user subscription.
    is_operator: Vec<bool>,
}

impl Index<'_> {
    pub(super) fn in_force(&self, moment: Hour) -> InForce {
        let not_after = |dates: &mut dyn Iterator<Item = Hour>| dates.take_while(|&date| date <= moment).count();
        let Snapshots { registrations, customer_subscriptions, listings, .. } = self.snapshots;
        InForce {
            registration: not_after(&mut registrations.iter().map(|own| own.as_of)).saturating_sub(1),
            customers: not_after(&mut customer_subscriptions.iter().map(|own| own.as_of)).saturating_sub(1),
            listings: not_after(&mut listings.iter().map(|own| own.as_of)),
        }
    }

    /// Who pays for a user subscription: the first reason that applies.
    pub(super) fn owner(&self, user_subscription: u32, in_force: InForce) -> Owner {
        let tenant = self.tenants_in_force[in_force.listings][user_subscription as usize];
        let mapped = tenant.and_then(|tenant| self.mapped[in_force.customers][tenant as usize]);
        let is_operator = || {
            self.is_operator[user_subscription as usize]
                || tenant.is_some_and(|tenant| self.rules.operator_tenants.contains(&self.tenants[tenant as usize]))
        };
        let attribution = if mapped.is_some() {
            Attribution::Registered
        } else if is_operator() {
            Attribution::DefaultOperator
        } else if tenant.is_none() {
            Attribution::DefaultUserSubscriptionUnknown
        } else if self.snapshots.customer_subscriptions[in_force.customers].rows.is_empty() {
            Attribution::DefaultNoCustomerSubscriptions
        } else {
            Attribution::DefaultTenantNotRegistered
        };
        let billed_subscription = mapped.unwrap_or(self.defaults[in_force.registration]);
        Owner { billed_subscription, attribution, tenant, user_subscription }
    }
}
