//! The history of mappings, from what was published: `mappings` has their changes, `lines` has the usage and which
//! snapshots decided it.
//!
//! The published facts do not suffice: late usage of a day was reported in a later window, which may lie on the other
//! side of a change. So each line is attributed once more by its window, as `why` does. No export and no snapshot is
//! read.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::history::{Change, History, KindMappings, Subject, UsedBy, by_subject};
use crate::domain::totals::{PastRange, Totals};
use crate::domain::{
    Day, Granularity, Hour, InForce, MeterId, Slot, SnapshotKind, Stamp, TenantId, UserSubscriptionId, Window,
};
use crate::error::Result;
use crate::publication::layout::{lines_folder, table_path};
use crate::publication::{NamedMappings, Publication, PublishedMappings};
use crate::table::column::AnyColumn;
use crate::table::contract::columns::{METER_ID, QUANTITY, STAMP, USER_SUBSCRIPTION_ID};
use crate::table::contract::lines::USAGE_START;
use crate::table::contract::{self, exports};
use crate::table::reader::{Rows, contradiction};

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
        let used = UsedLines::of(publication, stamp, &mappings)?;
        history.changes.extend(changes_of(stamp, &mappings, &used)?);
    }
    let mut rejected = 0;
    for rows in publication.read(&table_path(&contract::REJECTS), &contract::REJECTS, &[&STAMP], &[])? {
        let names = rows.texts(STAMP)?;
        rejected += names.iter().flatten().filter(|&name| stamps.iter().any(|stamp| stamp.as_str() == name)).count();
    }
    Ok((history, rejected))
}

/// Lines by user subscription, snapshots in force and meter.
struct UsedLines {
    /// By user subscription.
    used: UsedBy,
    user_subscriptions: Vec<String>,
    meters: Vec<MeterId>,
}

/// Numbers ids in the order in which they come.
#[derive(Default)]
struct IdOrder(HashMap<String, u32>);

impl IdOrder {
    fn number(&mut self, id: &str) -> u32 {
        if let Some(&number) = self.0.get(id) {
            return number;
        }
        let next = self.0.len() as u32;
        self.0.insert(id.to_owned(), next);
        next
    }

    fn in_order(self) -> Vec<String> {
        let mut ids = vec![String::new(); self.0.len()];
        self.0.into_iter().for_each(|(id, number)| ids[number as usize] = id);
        ids
    }
}

const COLUMNS: [&dyn AnyColumn; 7] = [
    &USAGE_START,
    &exports::GRANULARITY,
    &USER_SUBSCRIPTION_ID,
    &METER_ID,
    &QUANTITY,
    &exports::WINDOW_START,
    &exports::WINDOW_END,
];

impl UsedLines {
    fn of(publication: &Publication, stamp: &Stamp, mappings: &PublishedMappings) -> Result<Self> {
        let days = publication.days_of(stamp);
        let of_days: Vec<Result<UsedSums>> =
            days.par_iter().map(|&day| sums_of_day(publication, stamp, mappings, day)).collect();
        let (mut users, mut meters, mut used) = (IdOrder::default(), IdOrder::default(), UsedBy::new());
        for of_day in of_days {
            for ((user, meter, in_force), totals) in of_day? {
                let key = (users.number(&user), in_force, meters.number(&meter));
                used.entry(key).or_default().merge(totals)?;
            }
        }
        let meters = meters
            .in_order()
            .into_iter()
            .map(|id| MeterId::new(&id).ok_or_else(|| contradiction("lines", format!("{id:?} is no id of a meter"))));
        Ok(Self { used, user_subscriptions: users.in_order(), meters: meters.collect::<Result<_>>()? })
    }
}

/// Sums by user subscription, meter and snapshots in force.
type UsedSums = BTreeMap<(String, String, InForce), Totals>;

/// The sums of a day's lines.
fn sums_of_day(publication: &Publication, stamp: &Stamp, mappings: &PublishedMappings, day: Day) -> Result<UsedSums> {
    let mut of_day = UsedSums::new();
    for path in publication.files_below(&lines_folder(stamp, day)) {
        for rows in publication.read_coded(path, &contract::LINES, &COLUMNS)? {
            for (key, totals) in sums(&rows?, publication, mappings, day, path)? {
                of_day.entry(key).or_default().merge(totals)?;
            }
        }
    }
    Ok(of_day)
}

/// The sums of some lines of a day by user subscription, meter and snapshots in force.
fn sums(
    rows: &Rows,
    publication: &Publication,
    mappings: &PublishedMappings,
    day: Day,
    path: &str,
) -> Result<UsedSums> {
    let (users, meters) = (rows.coded(USER_SUBSCRIPTION_ID)?, rows.coded(METER_ID)?);
    let (starts, granularities) = (rows.hours(USAGE_START)?, rows.coded(exports::GRANULARITY)?);
    let (window_starts, window_ends) = (rows.hours(exports::WINDOW_START)?, rows.hours(exports::WINDOW_END)?);
    let quantities = rows.quantities(QUANTITY)?;
    // Within these rows equal codes are equal texts. A file has one window, so the snapshots in force seldom change.
    let mut last: Option<((Option<Window>, Slot), InForce)> = None;
    let mut used: HashMap<(i32, i32, InForce), Totals, FixedState> = HashMap::default();
    for row in 0..rows.len() {
        let incomplete = || contradiction(path, format!("row {} lacks a value", row + 1));
        let start: Hour = starts[row].ok_or_else(incomplete)?;
        let slot = match granularities.text(row).and_then(Granularity::parse).ok_or_else(incomplete)? {
            Granularity::Daily => Slot::DAILY,
            Granularity::Hourly => Slot::hourly(start.hour_of_day()),
        };
        let window = window_starts[row].zip(window_ends[row]).map(|(start, end)| Window { start, end });
        let in_force = match last {
            Some((decided_for, in_force)) if decided_for == (window, slot) => in_force,
            _ => mappings.dates.in_force(publication.attribute_at.moment(window, day, slot)),
        };
        last = Some(((window, slot), in_force));
        let (user, meter) = users.code(row).zip(meters.code(row)).ok_or_else(incomplete)?;
        let totals = Totals { lines: 1, quantity: quantities.value(row) };
        let past_range = |_: PastRange| contradiction(path, "its lines sum to more than a quantity can be".to_owned());
        used.entry((user, meter, in_force)).or_default().merge(totals).map_err(past_range)?;
    }
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let decoded = |((user, meter, in_force), totals)| {
        ((text(users.of_code(user)), text(meters.of_code(meter)), in_force), totals)
    };
    Ok(used.into_iter().map(decoded).collect())
}

fn changes_of(stamp: &Stamp, mappings: &PublishedMappings, lines: &UsedLines) -> Result<Vec<Change>> {
    let PublishedMappings { dates, defaults, customers, listed, .. } = mappings;
    let id_of = |user: u32| &*lines.user_subscriptions[user as usize];
    // The tenant of a user subscription, and whether it is mapped to a customer subscription.
    let tenant = |user: u32, in_force: InForce| {
        let mapping = listed.mappings.held_after(in_force.listings, listed.subject(id_of(user))?)?;
        customers.subject(listed.target(mapping))
    };
    let is_mapped = |user: u32, in_force: InForce| {
        let tenant = tenant(user, in_force);
        tenant.is_some_and(|tenant| customers.mappings.said_by(in_force.customer_subscriptions, tenant).is_some())
    };
    let followed = |kind, named_mappings: &NamedMappings, subject_of: &dyn Fn(&str) -> Option<Subject>, used| {
        let files = |place| mappings.files_of(kind, place).first().map_or_else(String::new, |file| file.file.clone());
        let subjects = named_mappings.subjects_in_order();
        let subject_of = |number: u32| {
            let id = subjects[number as usize];
            subject_of(id).ok_or_else(|| contradiction(&table_path(&contract::MAPPINGS), format!("{id:?} is no id")))
        };
        let target = |to: u32| named_mappings.target_of(to).to_owned();
        KindMappings { stamp, kind, mappings: &named_mappings.mappings, dates: dates.of(kind), meters: &lines.meters }
            .changes(subject_of, target, files, used)
    };
    let mut changes = followed(
        SnapshotKind::Registration,
        defaults,
        &|_| Some(Subject::Stamp),
        by_subject(&lines.used, |user, in_force| {
            (!is_mapped(user, in_force)).then_some((0, in_force.registration + 1))
        })?,
    )?;
    changes.extend(followed(
        SnapshotKind::CustomerSubscriptions,
        customers,
        &|id| TenantId::new(id).map(Subject::Tenant),
        by_subject(&lines.used, |user, in_force| Some((tenant(user, in_force)?, in_force.customer_subscriptions + 1)))?,
    )?);
    changes.extend(followed(
        SnapshotKind::UserSubscriptions,
        listed,
        &|id| UserSubscriptionId::new(id).map(Subject::UserSubscription),
        by_subject(&lines.used, |user, in_force| Some((listed.subject(id_of(user))?, in_force.listings)))?,
    )?);
    Ok(changes)
}
