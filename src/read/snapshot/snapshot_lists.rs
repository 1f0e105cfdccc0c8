//! All snapshots of a stamp. Those that an earlier run read are not read again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::list::{DatedLists, KnownLists};
use super::registration::{
    CustomerSubscription, Registration, read_customer_subscriptions_beside, read_registrations_beside,
};
use super::user_subscriptions::{ListedUserSubscription, read_listings_beside};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::read::StampFolder;
use crate::read::options::Reading;
use crate::store::InputFile;

/// What the snapshots of a stamp say, each kind in order of its dates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SnapshotLists<'a> {
    pub registrations: Cow<'a, [Registration]>,
    pub customer_subscriptions: Cow<'a, DatedLists<CustomerSubscription>>,
    pub listings: Cow<'a, DatedLists<ListedUserSubscription>>,
}

impl SnapshotLists<'_> {
    /// The same without personal data, unless that is wanted.
    #[must_use]
    pub fn with_owners(mut self, are_wanted: bool) -> Self {
        if !are_wanted {
            let rows = &mut self.listings.to_mut().rows;
            *rows = std::mem::take(rows).into_iter().map(|row| row.with_owner(false)).collect();
        }
        self
    }
}

impl StampFolder {
    /// The files of all its snapshots.
    pub fn snapshot_files(&self) -> impl Iterator<Item = &InputFile> {
        let kinds = [&self.registrations, &self.customer_subscriptions, &self.user_subscriptions];
        kinds.into_iter().flatten().flat_map(|snapshot| &snapshot.pages)
    }
}

/// Reads the snapshots of a stamp, but for those in `known` whose files are `unchanged`.
///
/// # Errors
/// Whatever is wrong with any kind of them, all at once.
pub fn read_snapshot_lists(
    folder: &StampFolder,
    known: Option<&SnapshotLists<'_>>,
    unchanged: &BTreeSet<String>,
    reading: &Reading,
    control: &Control,
) -> Result<SnapshotLists<'static>> {
    let registrations = known.map_or(&[][..], |snapshots| &snapshots.registrations);
    let registrations = read_registrations_beside(&folder.registrations, registrations, unchanged, reading, control);
    let lists = known.map(|snapshots| &*snapshots.customer_subscriptions);
    let customers = KnownLists { lists, unchanged };
    let customers = read_customer_subscriptions_beside(&folder.customer_subscriptions, customers, reading, control);
    let lists = known.map(|snapshots| &*snapshots.listings);
    let listings = read_listings_beside(&folder.user_subscriptions, KnownLists { lists, unchanged }, reading, control);
    match (registrations, customers, listings) {
        (Ok(registrations), Ok(customers), Ok(listings)) => Ok(SnapshotLists {
            registrations: Cow::Owned(registrations),
            customer_subscriptions: Cow::Owned(customers),
            listings: Cow::Owned(listings),
        }),
        (registrations, customers, listings) => {
            let errors = [registrations.err(), customers.err(), listings.err()];
            Err(Error::several(errors.into_iter().flatten().collect()))
        }
    }
}
