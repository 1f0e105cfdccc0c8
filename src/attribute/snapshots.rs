//! The snapshots of a stamp: read, ranked, and turned into mappings.
//!
//! Registration and customer subscriptions: the latest not after the moment, each chosen separately; before the first,
//! the first. Listings are history: the tenant is that of the latest listing not after the moment that contains the
//! user subscription, otherwise of the earliest later one (a deleted user subscription vanishes from the listing while
//! its usage goes on, reference §5).

use std::borrow::Cow;

use crate::domain::attribution::Evidence;
use crate::domain::{
    Attribution, BilledSubscriptionId, InForce, Mapping, Mappings, SnapshotDates, SnapshotKind, Stamp, TenantId,
    UserSubscriptionId, rank,
};
use crate::read::{CustomerSubscription, DatedLists, ListedUserSubscription, Registration, SnapshotLists};
use crate::store::ReadFile;

/// The snapshots of a stamp, each kind sorted by date, without fatal faults. Ranks are places in the sorted lists.
#[derive(Debug)]
pub struct Snapshots {
    pub stamp: Stamp,
    pub registrations: Vec<Registration>,
    pub customer_subscriptions: DatedLists<CustomerSubscription>,
    pub listings: DatedLists<ListedUserSubscription>,
    pub dates: SnapshotDates,
    /// Every tenant that a list or a listing names.
    pub tenants: Vec<TenantId>,
    /// Every default and customer subscription.
    pub billed_subscriptions: Vec<BilledSubscriptionId>,
    /// Every user subscription that a listing holds.
    pub user_subscriptions: Vec<UserSubscriptionId>,
    /// The user subscriptions of the providers.
    pub providers: Vec<UserSubscriptionId>,
    /// The stamp, as the one subject → its default subscription.
    pub default_mappings: Mappings,
    /// Tenant → customer subscription.
    pub customer_mappings: Mappings,
    /// User subscription → tenant.
    pub listed: Mappings,
}

impl Snapshots {
    /// Brings snapshots together.
    pub(super) fn new(
        stamp: Stamp,
        registrations: Vec<Registration>,
        customer_subscriptions: DatedLists<CustomerSubscription>,
        listings: DatedLists<ListedUserSubscription>,
    ) -> Self {
        let (customers, listed) = (&customer_subscriptions.rows, &listings.rows);
        let tenants: Vec<TenantId> =
            sorted(customers.iter().map(|row| &row.tenant).chain(listed.iter().filter_map(|row| row.tenant.as_ref())));
        let defaults = registrations.iter().map(|registration| &registration.id.default_subscription);
        let billed_subscriptions: Vec<BilledSubscriptionId> =
            sorted(customers.iter().map(|row| &row.subscription).chain(defaults));
        let user_subscriptions: Vec<UserSubscriptionId> = sorted(listed.iter().map(|row| &row.id));
        let providers: Vec<UserSubscriptionId> = sorted(listed.iter().filter_map(|row| row.provider.as_ref()));

        let default = |registration: &Registration| rank(&billed_subscriptions, &registration.id.default_subscription);
        let default_mappings =
            Mappings::of_snapshots(1, registrations.iter().map(|registration| default(registration).map(|to| (0, to))));
        let mapped: Vec<(u32, u32)> = customers
            .iter()
            .filter_map(|row| Some((rank(&tenants, &row.tenant)?, rank(&billed_subscriptions, &row.subscription)?)))
            .collect();
        // A row without tenant does not count as containing its user subscription.
        let held: Vec<Option<(u32, u32)>> = listed
            .iter()
            .map(|row| Some((rank(&user_subscriptions, &row.id)?, rank(&tenants, row.tenant.as_ref()?)?)))
            .collect();
        let customer_mappings = Mappings::of_snapshots(
            tenants.len(),
            customer_subscriptions.lists.iter().map(|list| list.rows.iter().map(|&row| mapped[row as usize])),
        );
        let listed = Mappings::of_snapshots(
            user_subscriptions.len(),
            listings.lists.iter().map(|list| list.rows.iter().filter_map(|&row| held[row as usize])),
        );
        let dates = SnapshotDates {
            registrations: registrations.iter().map(|registration| registration.as_of).collect(),
            customer_subscriptions: customer_subscriptions.lists.iter().map(|list| list.as_of).collect(),
            user_subscriptions: listings.lists.iter().map(|list| list.as_of).collect(),
        };
        Self {
            stamp,
            default_mappings,
            registrations,
            customer_subscriptions,
            listings,
            dates,
            tenants,
            billed_subscriptions,
            user_subscriptions,
            providers,
            customer_mappings,
            listed,
        }
    }

    /// The content of the snapshots, as it was read.
    pub fn lists(&self) -> SnapshotLists<'_> {
        SnapshotLists {
            registrations: Cow::Borrowed(&self.registrations),
            customer_subscriptions: Cow::Borrowed(&self.customer_subscriptions),
            listings: Cow::Borrowed(&self.listings),
        }
    }

    /// Every file that they were read from.
    pub fn pages(&self) -> impl Iterator<Item = &ReadFile> {
        let registrations = self.registrations.iter().flat_map(|registration| &registration.pages);
        let lists = self.customer_subscriptions.lists.iter().chain(&self.listings.lists);
        registrations.chain(lists.flat_map(|list| list.pages.iter().map(|page| &page.file)))
    }

    /// The file of the snapshot at that place in the order of its kind's dates.
    pub fn file(&self, kind: SnapshotKind, place: u32) -> &str {
        let place = place as usize;
        match kind {
            SnapshotKind::Registration => &self.registrations[place].file,
            SnapshotKind::CustomerSubscriptions => &self.customer_subscriptions.lists[place].file,
            SnapshotKind::UserSubscriptions => &self.listings.lists[place].file,
        }
    }

    /// The tenant of a user subscription in the latest listing that contains it.
    pub(super) fn latest_tenant(&self, user_subscription: &UserSubscriptionId) -> Option<u32> {
        let place = rank(&self.user_subscriptions, user_subscription)?;
        self.listed.held_after(u32::MAX, place).map(|mapping| mapping.to)
    }

    /// The mapping of a tenant in the customer subscriptions in force.
    pub fn mapping_of(&self, tenant: u32, in_force: InForce) -> Option<&Mapping> {
        self.customer_mappings.said_by(in_force.customer_subscriptions, tenant)
    }

    /// Who pays for a user subscription (its rank, if a listing contains it), and why.
    pub(super) fn decide(
        &self,
        user_subscription: Option<u32>,
        in_force: InForce,
        is_operator: impl Fn(Option<u32>) -> bool,
    ) -> Decision {
        let tenant = user_subscription
            .and_then(|place| self.listed.held_after(in_force.listings, place))
            .map(|mapping| mapping.to);
        let mapped = tenant.and_then(|tenant| self.mapping_of(tenant, in_force)).map(|mapping| mapping.to);
        let list = &self.customer_subscriptions.lists[in_force.customer_subscriptions as usize];
        let attribution = Attribution::of(Evidence {
            is_mapped: mapped.is_some(),
            is_operator: is_operator(tenant),
            has_tenant: tenant.is_some(),
            list_is_empty: list.rows.is_empty(),
        });
        let default = self.default_mappings.said_by(in_force.registration, 0).expect("every registration names one");
        let billed_subscription = mapped.unwrap_or(default.to);
        Decision { billed_subscription, attribution, tenant }
    }
}

/// Who pays, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub billed_subscription: u32,
    pub attribution: Attribution,
    pub tenant: Option<u32>,
}

fn sorted<'a, T: Ord + Clone + 'a>(ids: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut ids: Vec<&T> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().cloned().collect()
}

/// Whether nothing shows that two registrations belong to two stamps.
pub(super) fn is_one_cloud(one: &Registration, two: &Registration) -> bool {
    one.cloud_id.as_ref().zip(two.cloud_id.as_ref()).is_none_or(|(one, two)| one == two)
}
