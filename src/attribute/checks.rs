//! Faults of a stamp's snapshots that would charge the wrong customer, and so stop the run (`product.md` §4).

use std::collections::{BTreeMap, BTreeSet};

use super::snapshots::Snapshots;
use super::{Rules, Tolerance, findings};
use crate::attribute::snapshots::is_one_cloud;
use crate::control::Control;
use crate::domain::{Stamp, UserSubscriptionId, rank};
use crate::error::{Error, Result};
use crate::read::{
    CustomerSubscription, DatedList, DatedLists, ListedUserSubscription, Reading, Registration, RegistrationId,
    SnapshotLists, StampFolder, read_registrations, read_snapshot_lists,
};
use crate::store::Fingerprint;

/// Reads and checks the snapshots of a stamp.
///
/// # Errors
/// What `product.md` §4 calls fatal: all of it at once, as far as possible.
pub fn read_snapshots(
    folder: &StampFolder,
    reading: &Reading,
    rules: &Rules,
    tolerance: &Tolerance,
    control: &Control,
) -> Result<Snapshots> {
    let lists = read_snapshot_lists(folder, None, &BTreeSet::new(), reading, control)?;
    checked_snapshots(folder, lists, reading, rules, tolerance, control)
}

/// Checks the snapshots of a stamp after they were read.
///
/// # Errors
/// As [`read_snapshots`].
pub fn checked_snapshots(
    folder: &StampFolder,
    lists: SnapshotLists<'_>,
    reading: &Reading,
    rules: &Rules,
    tolerance: &Tolerance,
    control: &Control,
) -> Result<Snapshots> {
    // A registration that cannot be read has no customers either. Another one replaces it, so this is no error.
    let former = folder
        .overridden
        .iter()
        .filter_map(|snapshot| read_registrations(std::slice::from_ref(snapshot), reading, control).ok());
    let former: Vec<RegistrationId> = former.flatten().map(|registration| registration.id).collect();
    let SnapshotLists { registrations, customer_subscriptions, listings } = lists;
    let (customers, listings) = (customer_subscriptions.into_owned(), listings.into_owned());
    checked(folder.stamp.clone(), registrations.into_owned(), customers, listings, &former, rules, tolerance)
}

/// Brings the snapshots of a stamp together, and checks them against each other. `former` are replaced registrations:
/// customer subscriptions may still be under them.
///
/// # Errors
/// A kind without any snapshot, a tenant mapped twice, another stamp's customer list, an unconfirmed empty list.
pub fn checked(
    stamp: Stamp,
    registrations: Vec<Registration>,
    customer_subscriptions: DatedLists<CustomerSubscription>,
    listings: DatedLists<ListedUserSubscription>,
    former: &[RegistrationId],
    rules: &Rules,
    tolerance: &Tolerance,
) -> Result<Snapshots> {
    let snapshots = Snapshots::new(stamp, registrations, customer_subscriptions, listings);
    let errors = fatal(&snapshots, former, rules, tolerance);
    if errors.is_empty() {
        return Ok(snapshots);
    }
    Err(Error::several(errors).found(findings::of_snapshots(&snapshots, rules, None)))
}

/// All fatal faults at once, each reported once however many nightly copies repeat it. `former` are replaced
/// registrations: customer subscriptions may still be under them.
fn fatal(snapshots: &Snapshots, former: &[RegistrationId], rules: &Rules, tolerance: &Tolerance) -> Vec<Error> {
    let mut errors = missing_kinds(snapshots);
    errors.extend(unconfirmed_empty_list(snapshots, rules));
    errors.extend(unconfirmed_empty_listing(snapshots, tolerance));
    errors.extend(unconfirmed_shrinks(
        &snapshots.customer_subscriptions,
        &Shrunken::CUSTOMERS,
        |row| &row.tenant,
        tolerance,
    ));
    errors.extend(unconfirmed_shrinks(&snapshots.listings, &Shrunken::LISTINGS, |row| &row.id, tolerance));
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
        "an empty list is often a failed export, and would charge everybody to the default subscription: save it \
         again (or remove it, if it is of the past: the one before it serves then), or say \
         --confirm-empty-registration if really no tenant is registered",
    ))
}

fn unconfirmed_empty_listing(snapshots: &Snapshots, tolerance: &Tolerance) -> Option<Error> {
    let mut empty = snapshots.listings.lists.iter().filter(|list| list.rows.is_empty());
    let first = empty.next().filter(|_| !tolerance.confirm_empty_listing)?;
    let more = match empty.count() {
        0 => String::new(),
        more => format!(", and so are {more} later"),
    };
    Some(Error::input(format!("the listing of user subscriptions is empty{more}")).at(&first.file).hint(
        "an empty listing is often a failed export, and usage that no listing knows is charged to the default \
         subscription: save it again (or remove it, if it is of the past: the one before it serves then), or say \
         --confirm-empty-listing if the stamp really has no user subscription",
    ))
}

/// The names of a list that shrank, and of its rows.
struct Shrunken {
    noun: &'static str,
    rows: &'static str,
    effect: &'static str,
}

impl Shrunken {
    const CUSTOMERS: Self = Self {
        noun: "list of customer subscriptions",
        rows: "tenants",
        effect: "tenants that it lacks would be charged to the default subscription",
    };
    const LISTINGS: Self = Self {
        noun: "listing of user subscriptions",
        rows: "user subscriptions",
        effect: "usage of new user subscriptions that it lacks would be charged to the default subscription",
    };
}

/// Lists that name fewer than half of what the previous one names, unless each is confirmed by name. An empty list is
/// refused, or confirmed, separately.
fn unconfirmed_shrinks<T, K: Ord>(
    lists: &DatedLists<T>,
    what: &Shrunken,
    id: impl Fn(&T) -> &K,
    tolerance: &Tolerance,
) -> Vec<Error> {
    let Shrunken { noun, rows, effect } = *what;
    let mut ids: Vec<&K> = lists.rows.iter().map(&id).collect();
    ids.sort_unstable();
    ids.dedup();
    let places: Vec<usize> = lists.rows.iter().map(|row| ids.partition_point(|other| *other < id(row))).collect();
    // The last list that named each id, so that two rows of one list count once.
    let mut named_in = vec![usize::MAX; ids.len()];
    let mut count = |(at, list): (usize, &DatedList)| {
        let is_new = |&&row: &&u32| std::mem::replace(&mut named_in[places[row as usize]], at) != at;
        list.rows.iter().filter(is_new).count()
    };
    let counts: Vec<usize> = lists.lists.iter().enumerate().map(&mut count).collect();
    let pairs = lists.lists.windows(2).zip(counts.windows(2));
    let shrunken = pairs.filter_map(|(pair, counts)| {
        let ([before, list], &[was, now]) = (pair, counts) else { return None };
        let is_confirmed = tolerance.confirmed_shrunken.contains(&list.file);
        (now > 0 && now * 2 < was && !is_confirmed).then(|| {
            Error::input(format!(
                "this {noun} names {now} {rows}, and {} before it {was}: fewer than half are left",
                before.file
            ))
            .at(&list.file)
            .hint(format!(
                "a list that shrinks so is often a failed export, and {effect}: save it again, or remove it (the one \
                 before it serves then); or, if it is right, confirm it by its name: --confirm-shrunken {file}, or \
                 confirm-shrunken = [\"{file}\"] in the settings",
                file = list.file
            ))
        })
    });
    shrunken.collect()
}

/// Snapshots in the folder of one stamp that belong to another, as their ids prove: each refusal with its stamp.
///
/// A registration id belongs to one stamp, and so does a user subscription of a provider subscription. Two
/// registrations with one id and different cloud ids belong to two stamps that were registered one after the other:
/// that is a finding.
pub fn of_another_stamp(stamps: &[Snapshots], compare_registrations: bool) -> Vec<(&Stamp, Error)> {
    let mut errors = Vec::new();
    let of_each: Vec<Proofs<'_>> = stamps.iter().map(Proofs::new).collect();
    for (at, proofs) in of_each.iter().enumerate() {
        for other in &of_each[..at] {
            let registration = compare_registrations.then(|| proofs.same_registration(other)).flatten();
            let found = registration.into_iter().chain(proofs.same_listing(other));
            errors.extend(found.map(|error| (&stamps[at].stamp, error)));
        }
    }
    errors
}

/// What distinguishes the snapshots of a stamp from those of another.
struct Proofs<'a> {
    snapshots: &'a Snapshots,
    /// By its id, in order of their dates.
    registrations: BTreeMap<&'a RegistrationId, Vec<&'a Registration>>,
    /// Provider subscription and user subscription, with a row that names them.
    listed: BTreeMap<(&'a UserSubscriptionId, &'a UserSubscriptionId), u32>,
    /// Pages of listings that have rows.
    pages: BTreeMap<Fingerprint, &'a str>,
}

impl<'a> Proofs<'a> {
    fn new(snapshots: &'a Snapshots) -> Self {
        let mut registrations: BTreeMap<&RegistrationId, Vec<&Registration>> = BTreeMap::new();
        for registration in &snapshots.registrations {
            registrations.entry(&registration.id).or_default().push(registration);
        }
        let rows = (0_u32..).zip(&snapshots.listings.rows);
        let pages = snapshots.listings.lists.iter().flat_map(|list| &list.pages).filter(|page| page.rows > 0);
        Self {
            snapshots,
            registrations,
            listed: rows.filter_map(|(at, row)| Some(((row.provider.as_ref()?, &row.id), at))).collect(),
            pages: pages.map(|page| (page.file.fingerprint, page.file.name.as_str())).collect(),
        }
    }

    fn same_registration(&self, other: &Self) -> Option<Error> {
        let pairs = self
            .registrations
            .iter()
            .filter_map(|(id, registrations)| Some((registrations, other.registrations.get(id)?)));
        let mut pairs = pairs.flat_map(|(registrations, others)| {
            registrations.iter().flat_map(|one| others.iter().map(move |two| (*one, *two)))
        });
        let (one, two) = pairs.find(|(one, two)| is_one_cloud(one, two))?;
        let stamp = &other.snapshots.stamp;
        Some(Error::input(format!("the registration of {}, of stamp {stamp}, as well", two.file)).at(&one.file).hint(
            "every stamp has its own registration: one of the two was copied, or saved for the wrong stamp; remove \
             it, and save that stamp's own",
        ))
    }

    fn same_listing(&self, other: &Self) -> Option<Error> {
        const HINT: &str = "a stamp lists its own user subscriptions alone: one of the two was copied, or saved for \
            the wrong stamp; remove it, and save that stamp's own";
        let stamp = &other.snapshots.stamp;
        let mut same = self.listed.iter().filter_map(|(ids, one)| Some((ids, *one, *other.listed.get(ids)?)));
        if let Some(((provider, id), one, two)) = same.next() {
            let more = match same.count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Some(
                Error::input(format!(
                    "lists user subscription {id}{more} of provider subscription {provider}, as {}, of stamp {stamp}, \
                     does",
                    file_of(other.snapshots, two)
                ))
                .at(file_of(self.snapshots, one))
                .hint(HINT),
            );
        }
        let (one, two) = self.pages.iter().find_map(|(content, one)| Some((one, other.pages.get(content)?)))?;
        Some(Error::input(format!("the same bytes as {two}, of stamp {stamp}")).at(*one).hint(HINT))
    }
}

/// The first page that contains a row of listings.
fn file_of(snapshots: &Snapshots, row: u32) -> &str {
    let lists = snapshots.listings.lists.iter();
    let mut found = lists.filter_map(|list| Some(list.page_of(list.rows.iter().position(|other| *other == row)?)));
    found.next().unwrap_or_default()
}

/// Refuses another stamp's list, and a tenant mapped twice.
fn wrong_customers(snapshots: &Snapshots, former: &[RegistrationId]) -> Vec<Error> {
    let Snapshots { stamp, registrations, customer_subscriptions: customers, tenants, billed_subscriptions, .. } =
        snapshots;
    if registrations.is_empty() {
        return Vec::new();
    }
    let ours = || registrations.iter().map(|registration| &registration.id).chain(former);
    let is_foreign: Vec<bool> = customers.rows.iter().map(|row| !ours().any(|id| row.parent.is(id))).collect();
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
            .hint(
                "this is probably another stamp's list, since every stamp has its own registration: remove it, or \
                 move it to that stamp",
            )
    });
    let twice = twice.into_iter().map(|((tenant, one, other), file)| {
        let [one, other] = [one, other].map(|place| &billed_subscriptions[place as usize]);
        Error::input(format!("tenant {} is mapped to two customer subscriptions, {one} and {other}", tenants[tenant]))
            .at(file)
            .hint(
                "Azure Stack Hub maps a tenant to one subscription: delete the wrong mapping and save the list again, \
                 or remove the list if it is of the past",
            )
    });
    foreign.chain(twice).collect()
}
