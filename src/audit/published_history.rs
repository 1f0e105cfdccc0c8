//! The history of mappings, from what was published: `mappings` has their changes, and `published_use` finds the usage
//! of both sides of each. No export and no snapshot is read.

use super::history::{Change, History, KindMappings, Subject, by_subject};
use super::published_use::{PublishedUse, Standings};
use crate::domain::{SnapshotKind, Stamp, TenantId, UserSubscriptionId};
use crate::error::Result;
use crate::publication::layout::table_path;
use crate::publication::{NamedMappings, Publication, PublishedMappings};
use crate::table::contract;
use crate::table::contract::columns::STAMP;
use crate::table::reader::contradiction;

/// Follows the published mappings of some stamps. Also returns how many of their lines were set aside, and so moved
/// nothing.
///
/// # Errors
/// Published tables cannot be read or contradict each other, or a sum leaves the range of a quantity.
pub fn published_history(publication: &Publication, stamps: &[Stamp]) -> Result<(History, usize)> {
    let stamps = publication.stamps_of(stamps)?;
    let mut history = History::default();
    for stamp in &stamps {
        let mappings = publication.published_mappings(stamp)?;
        let standings = Standings::of(&mappings);
        let used = PublishedUse::of(publication, stamp, &standings)?;
        history.changes.extend(changes_of(stamp, &mappings, &standings, &used)?);
    }
    let mut rejected = 0;
    for rows in publication.read(&table_path(&contract::REJECTS), &contract::REJECTS, &[&STAMP], &[])? {
        let names = rows.texts(STAMP)?;
        rejected += names.iter().flatten().filter(|&name| stamps.iter().any(|stamp| stamp.as_str() == name)).count();
    }
    Ok((history, rejected))
}

fn changes_of(
    stamp: &Stamp,
    mappings: &PublishedMappings,
    standings: &Standings<'_>,
    published: &PublishedUse,
) -> Result<Vec<Change>> {
    let PublishedMappings { dates, defaults, customers, listed, .. } = mappings;
    let PublishedUse { used, subjects, meters } = published;
    let subject = |user: u32| subjects[user as usize];
    let followed = |kind, named_mappings: &NamedMappings, subject_of: &dyn Fn(&str) -> Option<Subject>, used| {
        let files = |place| mappings.files_of(kind, place).first().map_or_else(String::new, |file| file.file.clone());
        let subjects = named_mappings.subjects_in_order();
        let subject_of = |number: u32| {
            let id = subjects[number as usize];
            subject_of(id).ok_or_else(|| contradiction(&table_path(&contract::MAPPINGS), format!("{id:?} is no id")))
        };
        let target = |to: u32| named_mappings.target_of(to).to_owned();
        KindMappings { stamp, kind, mappings: &named_mappings.mappings, dates: dates.of(kind), meters }
            .changes(subject_of, target, files, used)
    };
    let mut changes = followed(
        SnapshotKind::Registration,
        defaults,
        &|_| Some(Subject::Stamp),
        by_subject(used, |user, in_force| {
            (!standings.is_registered(subject(user), in_force)).then_some((0, in_force.registration + 1))
        })?,
    )?;
    changes.extend(followed(
        SnapshotKind::CustomerSubscriptions,
        customers,
        &|id| TenantId::new(id).map(Subject::Tenant),
        by_subject(used, |user, in_force| {
            Some((standings.tenant(subject(user), in_force)?, in_force.customer_subscriptions + 1))
        })?,
    )?);
    changes.extend(followed(
        SnapshotKind::UserSubscriptions,
        listed,
        &|id| UserSubscriptionId::new(id).map(Subject::UserSubscription),
        by_subject(used, |user, in_force| Some((subject(user)?, in_force.listings)))?,
    )?);
    Ok(changes)
}
