//! `snapshots` and `mappings`: the dated files that decided who pays, and what they said during which period. With
//! them, the published tables alone explain every attribution.

use crate::attribute::Snapshots;
use crate::domain::{BilledSubscriptionId, Hour, Mapping, SnapshotKind, TenantId, UserSubscriptionId};
use crate::error::Result;
use crate::publication::Publisher;
use crate::publication::layout::table_path;
use crate::store::ReadFile;
use crate::table::contract;
use crate::table::contract::columns::{FILE, SNAPSHOT_KIND, STAMP, SUBJECT_ID};
use crate::table::contract::mappings::{ENDED_BY, FIRST_SNAPSHOT, LAST_SNAPSHOT, MAPPED_TO_ID};
use crate::table::contract::snapshots::{AS_OF, BILLING_MODEL, BLAKE3, RESOURCE_ID, SNAPSHOT_ROWS};
use crate::table::rows::RowSet;

/// Stages both tables, of all stamps.
///
/// # Errors
/// A table cannot be staged.
pub fn publish_snapshots(stamps: &[Snapshots], publisher: &Publisher) -> Result<()> {
    if publisher.is_rehearsal() {
        return Ok(());
    }
    let mut stamps: Vec<&Snapshots> = stamps.iter().collect();
    stamps.sort_by(|a, b| a.stamp.cmp(&b.stamp));
    publish_files(&stamps, publisher)?;
    publish_mappings(&stamps, publisher)
}

struct FileRow<'a> {
    stamp: &'a str,
    kind: SnapshotKind,
    as_of: Hour,
    file: &'a ReadFile,
    rows: i64,
    resource_id: Option<&'a str>,
    billing_model: Option<&'a str>,
}

fn publish_files(stamps: &[&Snapshots], publisher: &Publisher) -> Result<()> {
    let mut rows: Vec<FileRow<'_>> = Vec::new();
    for snapshots in stamps {
        let stamp = snapshots.stamp.as_str();
        for registration in &snapshots.registrations {
            rows.extend(registration.pages.iter().map(|file| FileRow {
                stamp,
                kind: SnapshotKind::Registration,
                as_of: registration.as_of,
                file,
                rows: 1,
                resource_id: Some(&registration.resource_id),
                billing_model: registration.billing_model.as_deref(),
            }));
        }
        let lists = [
            (SnapshotKind::CustomerSubscriptions, &snapshots.customer_subscriptions.lists),
            (SnapshotKind::UserSubscriptions, &snapshots.listings.lists),
        ];
        for (kind, lists) in lists {
            for list in lists {
                rows.extend(list.pages.iter().map(|page| FileRow {
                    stamp,
                    kind,
                    as_of: list.as_of,
                    file: &page.file,
                    rows: page.rows as i64,
                    resource_id: None,
                    billing_model: None,
                }));
            }
        }
    }
    rows.sort_by_key(|row| (row.stamp, row.kind.as_str(), row.as_of, &*row.file.name));
    let rows = RowSet::of(&rows)
        .with(STAMP, |row| row.stamp)
        .with(SNAPSHOT_KIND, |row| row.kind.as_str())
        .with(AS_OF, |row| row.as_of)
        .with(FILE, |row| &*row.file.name)
        .with(SNAPSHOT_ROWS, |row| row.rows)
        .with(BLAKE3, |row| row.file.fingerprint.to_string())
        .with(RESOURCE_ID, |row| row.resource_id)
        .with(BILLING_MODEL, |row| row.billing_model);
    publisher.table(table_path(&contract::SNAPSHOTS), rows.columns(&contract::SNAPSHOTS)?, None)
}

struct MappingRow<'a> {
    stamp: &'a str,
    kind: SnapshotKind,
    subject: Option<&'a str>,
    first: Hour,
    last: Hour,
    ended_by: Option<Hour>,
    to: &'a str,
}

fn publish_mappings(stamps: &[&Snapshots], publisher: &Publisher) -> Result<()> {
    let mut rows: Vec<MappingRow<'_>> = Vec::new();
    for snapshots in stamps {
        let stamp = snapshots.stamp.as_str();
        let row = |kind, dates: &[Hour], mapping: &Mapping, subject, to| MappingRow {
            stamp,
            kind,
            subject,
            first: dates[mapping.first as usize],
            last: dates[mapping.last as usize],
            ended_by: dates.get(mapping.last as usize + 1).copied(),
            to,
        };
        let (tenants, billed) = (&snapshots.tenants, &snapshots.billed_subscriptions);
        let tenant = |at: u32| TenantId::as_str(&tenants[at as usize]);
        let billed = |at: u32| BilledSubscriptionId::as_str(&billed[at as usize]);
        let user_subscription = |at: u32| UserSubscriptionId::as_str(&snapshots.user_subscriptions[at as usize]);
        rows.extend(snapshots.default_mappings.all().iter().map(|mapping| {
            row(SnapshotKind::Registration, &snapshots.dates.registrations, mapping, None, billed(mapping.to))
        }));
        rows.extend(snapshots.customer_mappings.all().iter().map(|mapping| {
            let subject = Some(tenant(mapping.subject));
            let dates = &snapshots.dates.customer_subscriptions;
            row(SnapshotKind::CustomerSubscriptions, dates, mapping, subject, billed(mapping.to))
        }));
        rows.extend(snapshots.listed.all().iter().map(|mapping| {
            let subject = Some(user_subscription(mapping.subject));
            row(
                SnapshotKind::UserSubscriptions,
                &snapshots.dates.user_subscriptions,
                mapping,
                subject,
                tenant(mapping.to),
            )
        }));
    }
    rows.sort_by_key(|row| (row.stamp, row.kind.as_str(), row.subject, row.first));
    let rows = RowSet::of(&rows)
        .with(STAMP, |row| row.stamp)
        .with(SNAPSHOT_KIND, |row| row.kind.as_str())
        .with(SUBJECT_ID, |row| row.subject)
        .with(FIRST_SNAPSHOT, |row| row.first)
        .with(LAST_SNAPSHOT, |row| row.last)
        .with(ENDED_BY, |row| row.ended_by)
        .with(MAPPED_TO_ID, |row| row.to);
    publisher.table(table_path(&contract::MAPPINGS), rows.columns(&contract::MAPPINGS)?, None)
}
