//! Registrations, customer subscriptions and listings of user subscriptions, each a history of lists.

mod list;
mod registration;
mod snapshot_lists;
mod user_subscriptions;

pub use list::{DatedList, DatedLists, KnownLists, ListPage};
pub use registration::{
    CustomerSubscription, Parent, Registration, RegistrationId, is_override, override_snapshots,
    read_customer_subscriptions, read_registrations,
};
pub use snapshot_lists::{SnapshotLists, read_snapshot_lists};
pub use user_subscriptions::{ListedUserSubscription, read_listings};
