//! Who used what on which side of each change of a mapping, from what was published.
//!
//! ```text
//! daily + adjustments ──▶ use of a day ──▶ one side of each change, where all windows of the day lie on that side
//!                lines of that day ──▶ both sides, where a change lies between its windows
//! ```
//! A day is reported in its window and in later ones, and a change may lie between them. Only then does it matter
//! in which of them a line was reported, which the lines of that day say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::adjusted;
use super::history::{Period, UsedBy, period_after, periods_of};
use crate::domain::totals::{PastRange, Totals};
use crate::domain::{Day, Granularity, Hour, InForce, MeterId, Slot, SnapshotKind, Stamp, Window};
use crate::error::{Error, Result};
use crate::publication::layout::{DAILY_FOLDER, LINES_FOLDER, folder_of, lines_folder, table_in};
use crate::publication::{Publication, PublishedMappings};
use crate::table::column::AnyColumn;
use crate::table::contract::columns::{METER_ID, QUANTITY, STAMP, USAGE_DATE, USER_SUBSCRIPTION_ID};
use crate::table::contract::lines::USAGE_START;
use crate::table::contract::{self, exports};
use crate::table::figures::FigureTable;
use crate::table::reader::{Coded, Rows, contradiction};

/// Usage by user subscription, snapshots in force and meter. Of the snapshots between which nothing changed for a user
/// subscription, some stand for all.
pub(super) struct PublishedUse {
    pub used: UsedBy,
    /// The numbers in listings of the user subscriptions in `used`; `None`: no listing holds it.
    pub subjects: Vec<Option<u32>>,
    /// By their numbers in `used`.
    pub meters: Vec<MeterId>,
}

/// What some snapshots in force say of a user subscription, as far as a history tells it apart: the periods of its
/// tenant, of the tenant's customer subscription and, if it has none, of the default subscription.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standing {
    listed: Option<usize>,
    tenant: Option<u32>,
    registered: Option<usize>,
    defaulted: Option<usize>,
}

/// The mappings of a stamp, and what follows from them for a user subscription.
pub(super) struct Standings<'a> {
    mappings: &'a PublishedMappings,
    /// The tenants of listings, by their numbers there: their numbers in customer lists.
    tenants: Vec<Option<u32>>,
    /// By kind, and by subject.
    periods: BTreeMap<SnapshotKind, Vec<Vec<Period>>>,
}

/// Numbers ids in the order in which they come.
#[derive(Default)]
struct IdOrder {
    numbers: HashMap<String, u32, FixedState>,
}

/// Sums of a day by user subscription and meter.
type DaySums = HashMap<(u32, u32), Totals, FixedState>;

/// Sums by day, user subscription and meter, of one table.
type UseSums = Vec<((Day, String, String), Totals)>;

/// The lines of a day by user subscription, meter and snapshots in force.
type SidesUsed = BTreeMap<(String, String, InForce), Totals>;

impl<'a> Standings<'a> {
    pub(super) fn of(mappings: &'a PublishedMappings) -> Self {
        let PublishedMappings { dates, defaults, customers, listed, .. } = mappings;
        let of_kind = |kind: SnapshotKind| {
            let named = match kind {
                SnapshotKind::Registration => defaults,
                SnapshotKind::CustomerSubscriptions => customers,
                SnapshotKind::UserSubscriptions => listed,
            };
            let subjects = 0..named.subjects_in_order().len() as u32;
            let of_subject =
                |subject| periods_of(named.mappings.of_subject(subject), dates.of(kind).len() as u32, kind);
            (kind, subjects.map(of_subject).collect())
        };
        Self {
            mappings,
            tenants: listed.targets_in_order().iter().map(|tenant| customers.subject(tenant)).collect(),
            periods: SnapshotKind::ALL.map(of_kind).into(),
        }
    }

    /// The number of the tenant that a subject of listings has, in customer lists; `None` if none holds it.
    pub(super) fn tenant(&self, subject: Option<u32>, in_force: InForce) -> Option<u32> {
        let mapping = self.mappings.listed.mappings.held_after(in_force.listings, subject?)?;
        self.tenants[mapping.to as usize]
    }

    /// Whether that tenant is mapped to a customer subscription.
    pub(super) fn is_registered(&self, subject: Option<u32>, in_force: InForce) -> bool {
        let said_by = |tenant| self.mappings.customers.mappings.said_by(in_force.customer_subscriptions, tenant);
        self.tenant(subject, in_force).is_some_and(|tenant| said_by(tenant).is_some())
    }

    fn standing(&self, subject: Option<u32>, in_force: InForce) -> Standing {
        let period = |kind: SnapshotKind, subject: Option<u32>, snapshots: u32| {
            let periods = self.periods[&kind].get(subject? as usize)?;
            Some(period_after(periods, snapshots))
        };
        let tenant = self.tenant(subject, in_force);
        let is_default = !self.is_registered(subject, in_force);
        Standing {
            listed: period(SnapshotKind::UserSubscriptions, subject, in_force.listings),
            tenant,
            registered: period(SnapshotKind::CustomerSubscriptions, tenant, in_force.customer_subscriptions + 1),
            defaulted: period(SnapshotKind::Registration, is_default.then_some(0), in_force.registration + 1),
        }
    }
}

impl IdOrder {
    fn number(&mut self, id: &str) -> u32 {
        if let Some(&number) = self.numbers.get(id) {
            return number;
        }
        let next = self.numbers.len() as u32;
        self.numbers.insert(id.to_owned(), next);
        next
    }

    /// The ids, by their numbers.
    fn ids(&self) -> Vec<&str> {
        let mut ids = vec![""; self.numbers.len()];
        self.numbers.iter().for_each(|(id, &number)| ids[number as usize] = id);
        ids
    }
}

/// User subscriptions and meters in the order in which they come.
#[derive(Default)]
struct Met {
    users: IdOrder,
    meters: IdOrder,
    /// By the numbers of user subscriptions.
    met_users: Vec<UserSides>,
}

/// A user subscription: its number in listings, and the first snapshots that were met of each standing.
struct UserSides {
    subject: Option<u32>,
    sides: Vec<(Standing, InForce)>,
}

impl Met {
    fn user(&mut self, id: &str, standings: &Standings<'_>) -> u32 {
        let user = self.users.number(id);
        if self.met_users.len() <= user as usize {
            self.met_users.push(UserSides { subject: standings.mappings.listed.subject(id), sides: Vec::new() });
        }
        user
    }

    /// The side on which a user subscription stands, as snapshots in force that stand for all of it.
    fn side(&mut self, user: u32, in_force: InForce, standings: &Standings<'_>) -> InForce {
        let UserSides { subject, sides } = &mut self.met_users[user as usize];
        let standing = standings.standing(*subject, in_force);
        if let Some((_, first)) = sides.iter().find(|(of_first, _)| *of_first == standing) {
            return *first;
        }
        sides.push((standing, in_force));
        in_force
    }

    /// The one side on which it stands with all of these; `None`: they divide it.
    fn one_side(&mut self, user: u32, in_force: &[InForce], standings: &Standings<'_>) -> Option<InForce> {
        let mut sides = in_force.iter().map(|&in_force| self.side(user, in_force, standings));
        let first = sides.next()?;
        sides.all(|side| side == first).then_some(first)
    }
}

impl PublishedUse {
    /// # Errors
    /// Published tables cannot be read or contradict each other, or a sum leaves the range of a quantity.
    pub(super) fn of(publication: &Publication, stamp: &Stamp, standings: &Standings<'_>) -> Result<Self> {
        let (mut met, mut used) = (Met::default(), UsedBy::new());
        let mut days = days_used(publication, stamp, standings, &mut met)?;
        let mut divided: Vec<(Day, BTreeSet<u32>)> = Vec::new();
        for (&day, sums) in &mut days {
            let in_force = in_force_on(publication, stamp, standings.mappings, day);
            let mut sides: BTreeMap<u32, Option<InForce>> = BTreeMap::new();
            for (&(user, meter), &totals) in &*sums {
                let side = sides.entry(user).or_insert_with(|| met.one_side(user, &in_force, standings));
                if let Some(side) = *side {
                    used.entry((user, side, meter)).or_default().merge(totals)?;
                }
            }
            sums.retain(|(user, _), _| sides[user].is_none());
            if !sums.is_empty() {
                divided.push((day, sums.keys().map(|&(user, _)| user).collect()));
            }
        }
        let ids = met.users.ids();
        let of_lines = |(day, users): &(Day, BTreeSet<u32>)| {
            let users: BTreeSet<&str> = users.iter().map(|&user| ids[user as usize]).collect();
            Ok((*day, line_sums(publication, stamp, standings.mappings, *day, &users)?))
        };
        let of_lines: Vec<(Day, SidesUsed)> = divided.par_iter().map(of_lines).collect::<Result<_>>()?;
        for (day, sums) in of_lines {
            let mut left = days.remove(&day).unwrap_or_default();
            for ((user, meter, in_force), totals) in sums {
                let (user, meter) = (met.user(&user, standings), met.meters.number(&meter));
                left.entry((user, meter)).or_default().merge(totals.negated())?;
                let side = met.side(user, in_force, standings);
                used.entry((user, side, meter)).or_default().merge(totals)?;
            }
            if left.values().any(|totals| !totals.is_nothing()) {
                let folder = lines_folder(stamp, day);
                return Err(contradiction(&folder, "its lines do not add up to the figures of the day".to_owned()));
            }
        }
        let meter =
            |id: &str| MeterId::new(id).ok_or_else(|| contradiction("daily", format!("{id:?} is no id of a meter")));
        let meters = met.meters.ids().into_iter().map(meter).collect::<Result<_>>()?;
        let subjects = met.met_users.iter().map(|user| user.subject).collect();
        Ok(Self { used, subjects, meters })
    }
}

/// What each user subscription used on each day: the published figures and their adjustments.
fn days_used(
    publication: &Publication,
    stamp: &Stamp,
    standings: &Standings<'_>,
    met: &mut Met,
) -> Result<BTreeMap<Day, DaySums>> {
    let daily = publication.files_below(&folder_of(DAILY_FOLDER, stamp));
    let tables = daily.into_iter().map(|path| (path, FigureTable::DAILY));
    let adjustments = adjusted::tables(publication).into_iter().map(|path| (path, FigureTable::ADJUSTMENTS));
    let tables: Vec<(&str, FigureTable)> = tables.chain(adjustments).collect();
    let sums = |&(path, table): &(&str, FigureTable)| table_sums(publication, stamp, path, table);
    let of_tables: Vec<UseSums> = tables.par_iter().map(sums).collect::<Result<_>>()?;
    let mut days: BTreeMap<Day, DaySums> = BTreeMap::new();
    for ((day, user, meter), totals) in of_tables.into_iter().flatten() {
        let key = (met.user(&user, standings), met.meters.number(&meter));
        days.entry(day).or_default().entry(key).or_default().merge(totals)?;
    }
    days.values_mut().for_each(|sums| sums.retain(|_, totals| !totals.is_nothing()));
    Ok(days)
}

/// The sums of a table for a stamp.
fn table_sums(publication: &Publication, stamp: &Stamp, path: &str, table: FigureTable) -> Result<UseSums> {
    let columns: [&dyn AnyColumn; 6] =
        [&STAMP, &USAGE_DATE, &USER_SUBSCRIPTION_ID, &METER_ID, &table.quantity, &table.line_count];
    let mut of_table = UseSums::new();
    for rows in publication.read_coded(path, table.table, &columns)? {
        let rows = rows?;
        let (stamps, days) = (rows.coded(STAMP)?, rows.days(USAGE_DATE)?);
        let (users, meters) = (rows.coded(USER_SUBSCRIPTION_ID)?, rows.coded(METER_ID)?);
        let (quantities, line_counts) = (rows.quantities(table.quantity)?, rows.integers(table.line_count)?);
        // Within these rows equal codes are equal texts.
        let mut sums: HashMap<(Day, i32, i32), Totals, FixedState> = HashMap::default();
        for (row, &day) in days.iter().enumerate().filter(|&(row, _)| stamps.text(row) == Some(stamp.as_str())) {
            let (user, meter) = users.code(row).zip(meters.code(row)).ok_or_else(|| incomplete(path, row))?;
            let totals = Totals { lines: line_counts.value(row), quantity: quantities.value(row) };
            sums.entry((day, user, meter))
                .or_default()
                .merge(totals)
                .map_err(|past_range| too_much(path, past_range))?;
        }
        let decoded =
            sums.into_iter().map(|((day, user, meter), totals)| ((day, id(users, user), id(meters, meter)), totals));
        of_table.extend(decoded);
    }
    // The first that comes gives a number to an id.
    of_table.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(of_table)
}

/// The snapshots in force for the lines of a day: of each window that reported it, and of each hour where that decides.
fn in_force_on(publication: &Publication, stamp: &Stamp, mappings: &PublishedMappings, day: Day) -> Vec<InForce> {
    let windows = publication.files_below(&lines_folder(stamp, day)).into_iter().map(window_of);
    let moments = windows.flat_map(|window| {
        (0..Slot::COUNT).map(Slot::from_number).map(move |slot| publication.attribute_at.moment(window, day, slot))
    });
    let moments: BTreeSet<Hour> = moments.collect();
    let mut in_force: Vec<InForce> = moments.into_iter().map(|moment| mappings.dates.in_force(moment)).collect();
    in_force.dedup();
    in_force
}

/// The window whose lines a file has; `None` if it is not declared.
fn window_of(path: &str) -> Option<Window> {
    Window::parse(table_in(LINES_FOLDER, path)?.rsplit('/').next()?)
}

/// The sums of a day's lines of some user subscriptions.
fn line_sums(
    publication: &Publication,
    stamp: &Stamp,
    mappings: &PublishedMappings,
    day: Day,
    users: &BTreeSet<&str>,
) -> Result<SidesUsed> {
    let columns: [&dyn AnyColumn; 5] =
        [&USAGE_START, &exports::GRANULARITY, &USER_SUBSCRIPTION_ID, &METER_ID, &QUANTITY];
    let mut of_day = SidesUsed::new();
    for path in publication.files_below(&lines_folder(stamp, day)) {
        let window = window_of(path);
        let in_force = |slot: Slot| mappings.dates.in_force(publication.attribute_at.moment(window, day, slot));
        for rows in publication.read_coded(path, &contract::LINES, &columns)? {
            for (key, totals) in sums(&rows?, &in_force, users, path)? {
                of_day.entry(key).or_default().merge(totals)?;
            }
        }
    }
    Ok(of_day)
}

/// The sums of some lines, those of some user subscriptions.
fn sums(rows: &Rows, in_force: &impl Fn(Slot) -> InForce, wanted: &BTreeSet<&str>, path: &str) -> Result<SidesUsed> {
    let (users, meters) = (rows.coded(USER_SUBSCRIPTION_ID)?, rows.coded(METER_ID)?);
    let (starts, granularities) = (rows.hours(USAGE_START)?, rows.coded(exports::GRANULARITY)?);
    let quantities = rows.quantities(QUANTITY)?;
    // Lines come by user subscription, so these seldom change.
    let mut last_user: Option<(i32, bool)> = None;
    let mut last_slot: Option<(Slot, InForce)> = None;
    let mut used: HashMap<(i32, i32, InForce), Totals, FixedState> = HashMap::default();
    for (row, start) in starts.into_iter().enumerate() {
        let (user, meter) = users.code(row).zip(meters.code(row)).ok_or_else(|| incomplete(path, row))?;
        let is_wanted = match last_user {
            Some((last, is_wanted)) if last == user => is_wanted,
            _ => users.text(row).is_some_and(|id| wanted.contains(id)),
        };
        last_user = Some((user, is_wanted));
        if !is_wanted {
            continue;
        }
        let start: Hour = start.ok_or_else(|| incomplete(path, row))?;
        let granularity = granularities.text(row).and_then(Granularity::parse).ok_or_else(|| incomplete(path, row))?;
        let slot = Slot::of(granularity, start);
        let in_force = match last_slot {
            Some((last, in_force)) if last == slot => in_force,
            _ => in_force(slot),
        };
        last_slot = Some((slot, in_force));
        let totals = Totals { lines: 1, quantity: quantities.value(row) };
        let sum = used.entry((user, meter, in_force)).or_default();
        sum.merge(totals).map_err(|past_range| too_much(path, past_range))?;
    }
    let decoded = |((user, meter, in_force), totals)| ((id(users, user), id(meters, meter), in_force), totals);
    Ok(used.into_iter().map(decoded).collect())
}

/// The id behind a code.
fn id(ids: Coded<'_>, code: i32) -> String {
    ids.of_code(code).unwrap_or_default().to_owned()
}

fn incomplete(path: &str, row: usize) -> Error {
    contradiction(path, format!("row {} lacks a value", row + 1))
}

fn too_much(path: &str, _: PastRange) -> Error {
    contradiction(path, "its lines sum to more than a quantity can be".to_owned())
}
