//! Closing and reopening months.
//!
//! Closing copies the published figures of a month, with the rows of all dimensions that they name, to
//! `history/closed`. From then on these are published for the month, and the difference between them and their lines
//! goes to `history/adjustments`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use super::frozen::{AttributionText, Frozen, FrozenBilled, FrozenCharging, NamedOwner};
use super::objections::{Readiness, refused};
use crate::control::Control;
use crate::domain::totals::Totals;
use crate::domain::{Attribution, BilledSubscriptionId, MeterId, Month, Stamp, TenantId, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::normalise::{Meter, Resource};
use crate::publication::layout::{CLOSINGS, RECEIPT, RESOURCES, charges_path, closed_path, daily_path, table_path};
use crate::publication::receipt::amended;
use crate::publication::{
    Action, CLOSING_FORMAT as FORMAT, ClosingEntry, Closings, Out, Patience, Publication, Publisher,
};
use crate::publish::publish_resources;
use crate::read::{ListedUserSubscription, stored_resources};
use crate::state::{ChargedMonths, StampState};
use crate::table::column::Table;
use crate::table::contract;
use crate::table::contract::billed_subscriptions::KIND;
use crate::table::contract::columns::{
    BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, DISPLAY_NAME, METER_ID, METER_NAME, OFFER_ID, OWNER, PRICE_KEY,
    QUANTITY_KIND, SERVICE, STAMP, STATE, TENANT_ID, TENANT_NAME, UNIT, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::meters::KNOWN;
use crate::table::figures::{FigureTable, Figures};
use crate::table::reader::{self, Rows, integer, text};

/// What to close or to reopen.
#[derive(Clone, Debug)]
pub struct Closing {
    pub out: std::path::PathBuf,
    pub month: Month,
    /// When empty, all stamps with usage in the month.
    pub stamps: Vec<Stamp>,
    /// Close it in spite of objections.
    pub force: bool,
    pub reason: Option<String>,
    pub patience: Patience,
    pub now: fn() -> DateTime<Utc>,
}

/// Closes a month of some stamps. Returns the new entries of the journal.
///
/// # Errors
/// There are objections and it is not forced, it is already closed, nothing of it is published, or a published file is
/// missing or altered.
pub fn close(closing: &Closing, control: &Control) -> Result<Vec<ClosingEntry>> {
    let Closing { month, .. } = *closing;
    let (out, mut closings) = hold(closing, control)?;
    let publication = Publication::open(&closing.out)?;
    let with_usage: Vec<Stamp> = publication
        .stamps_of(&closing.stamps)?
        .into_iter()
        .filter(|stamp| out.last().files.contains_key(&daily_path(stamp, month)))
        .collect();
    if let Some(stamp) = closing.stamps.iter().find(|stamp| !with_usage.contains(stamp)) {
        return Err(Error::usage(format!("--stamp {stamp}: nothing of {month} is published of it"))
            .hint("leave it out; what comes to it later is published as of an open month"));
    }
    let closed = closings.closed();
    let open: Vec<Stamp> =
        with_usage.iter().filter(|stamp| !closed.contains_key(&((*stamp).clone(), month))).cloned().collect();
    if open.is_empty() {
        return Err(nothing_to_close(month, !with_usage.is_empty()));
    }
    drop(closed);
    for stamp in &open {
        if StampState::was_closed(&out, stamp, month)? {
            return Err(Error::usage(format!(
                "{month} of {stamp} was opened again, and no run has published it since"
            ))
            .hint("run first: what is published of it is still what was closed"));
        }
    }
    let coverage = publication.coverage()?;
    let (mut entries, mut objections) = (Vec::new(), Vec::new());
    for stamp in &open {
        let Readiness { days_settled, days_before_stamp, objections: stamp_objections } =
            Readiness::of(&publication, &coverage, stamp, month)?;
        entries.push(ClosingEntry {
            format: FORMAT,
            run: out.last().generation + 1,
            action: Action::Close,
            stamp: stamp.clone(),
            month,
            at: (closing.now)().to_rfc3339_opts(SecondsFormat::Secs, true),
            days_settled,
            days: month.days().count() as i64,
            days_before_stamp,
            forced: !stamp_objections.is_empty(),
            overridden: stamp_objections.iter().map(|objection| objection.what.clone()).collect(),
            reason: closing.reason.clone(),
        });
        objections.extend(stamp_objections);
    }
    if !objections.is_empty() && !closing.force {
        return Err(refused(month, &objections));
    }
    closings.entries.extend(entries.iter().cloned());
    let publisher = Publisher::new(Some(out))?;
    let staged =
        open.iter().try_for_each(|stamp| freeze(&publisher, stamp, month)).and_then(|()| commit(&publisher, &closings));
    finish(publisher, staged, &entries)?;
    Ok(entries)
}

/// Reopens a closed month of some stamps. The next run publishes it from its lines.
///
/// # Errors
/// It is not closed.
pub fn reopen(closing: &Closing, control: &Control) -> Result<Vec<ClosingEntry>> {
    let Closing { month, .. } = *closing;
    let (out, mut closings) = hold(closing, control)?;
    let is_wanted = |stamp: &Stamp| closing.stamps.is_empty() || closing.stamps.contains(stamp);
    let entry = |(stamp, month): &(Stamp, Month), closed_entry: &ClosingEntry| ClosingEntry {
        format: FORMAT,
        run: out.last().generation + 1,
        action: Action::Reopen,
        stamp: stamp.clone(),
        month: *month,
        at: (closing.now)().to_rfc3339_opts(SecondsFormat::Secs, true),
        reason: closing.reason.clone(),
        ..closed_entry.clone()
    };
    let closed = closings.closed();
    let entries: Vec<ClosingEntry> = closed
        .iter()
        .filter(|((stamp, closed_month), _)| *closed_month == month && is_wanted(stamp))
        .map(|(key, closed_entry)| entry(key, closed_entry))
        .collect();
    if entries.is_empty() {
        let months: Vec<String> = closed.keys().map(|(stamp, month)| format!("{month} of {stamp}")).collect();
        let hint = if months.is_empty() {
            "no month is closed: there is none to open again".to_owned()
        } else {
            format!("closed are {}", months.join(", "))
        };
        return Err(Error::usage(format!("{month} is not closed")).hint(hint));
    }
    closings.entries.extend(entries.iter().cloned());
    let publisher = Publisher::new(Some(out))?;
    let staged = commit(&publisher, &closings);
    finish(publisher, staged, &entries)?;
    Ok(entries)
}

fn hold(closing: &Closing, control: &Control) -> Result<(Out, Closings)> {
    if !Out::is_one(&closing.out) {
        return Err(crate::publication::no_publication(&closing.out));
    }
    let mut out = Out::hold(&closing.out, closing.patience, control)?;
    if out.is_what_if() {
        return Err(Error::usage(format!("{} holds a what-if", closing.out.display()))
            .hint("close the months of what was published without --registration-override"));
    }
    let missing = out.check(false)?;
    if let Some(path) = missing.first() {
        return Err(Error::input("missing, though it was published")
            .at(closing.out.join(path).display().to_string())
            .hint("run once more, which makes it again"));
    }
    let closings = Closings::load(&out)?;
    Ok((out, closings))
}

fn nothing_to_close(month: Month, is_closed: bool) -> Error {
    if is_closed {
        Error::usage(format!("{month} is closed already")).hint("`stacktally reopen` opens it again")
    } else {
        Error::usage(format!("nothing of {month} is published")).hint("`stacktally coverage --out OUT` shows what is")
    }
}

/// Keeps all other files, writes the journal, and stages a receipt that names what is now published.
fn commit(publisher: &Publisher, closings: &Closings) -> Result<()> {
    publisher.plain(CLOSINGS, closings.entries.len() as u64, closings.bytes()?)?;
    publisher.keep_all()
}

fn finish(publisher: Publisher, staged: Result<()>, entries: &[ClosingEntry]) -> Result<()> {
    let committed = staged.and_then(|()| {
        let receipt = publisher.out().map(|out| std::fs::read(out.path(RECEIPT))).transpose();
        let receipt = receipt.map_err(|error| Error::machine("read", Path::new(RECEIPT), error))?.unwrap_or_default();
        amended(&receipt, publisher.generation(), &publisher.files(), entries)
    });
    match committed {
        Ok(receipt) => publisher.commit(&receipt).map(drop),
        Err(error) => {
            publisher.abandon();
            Err(error)
        }
    }
}

/// Stages what a closing keeps of a stamp's month.
fn freeze(publisher: &Publisher, stamp: &Stamp, month: Month) -> Result<()> {
    let Some(out) = publisher.out() else { return Ok(()) };
    let daily = out.read(&daily_path(stamp, month))?;
    let run = publisher.generation();
    let (mut frozen, mut used, mut resources, mut rows_in_all) =
        (Frozen { run, ..Frozen::default() }, BTreeMap::new(), BTreeSet::new(), 0);
    for rows in reader::read(&daily.path, daily.bytes.clone(), &contract::DAILY, &FigureTable::DAILY.columns(), &[])? {
        rows_in_all += rows.len() as u64;
        take_figures(&Figures::of(&rows, FigureTable::DAILY)?, &mut frozen, &mut used, &mut resources)?;
    }
    let places: BTreeMap<&NamedOwner, u32> = frozen.owners.iter().zip(0..).collect();
    let places_of =
        |owners: &BTreeSet<NamedOwner>| owners.iter().filter_map(|owner| places.get(owner).copied()).collect();
    frozen.used_by = used.iter().map(|(meter, meter_use)| (meter.clone(), places_of(&meter_use.owners))).collect();
    frozen.used = used.into_iter().map(|(meter, meter_use)| (meter, meter_use.totals)).collect();
    frozen.resources = resources.into_iter().collect();
    freeze_dimensions(out, stamp, &mut frozen)?;
    freeze_charges(publisher, stamp, month, &mut frozen)?;
    publisher.plain(&closed_path(stamp, month, frozen.run, &table_path(&contract::DAILY)), rows_in_all, daily.bytes)?;
    let published = stored_resources(stamp, &out.read(RESOURCES)?)?;
    let kept: Option<Vec<(Stamp, Resource)>> = frozen
        .resources
        .iter()
        .map(|&key| Some((stamp.clone(), Resource::of_published(stamp, key, &published)?)))
        .collect();
    let kept = kept.ok_or_else(|| reader::contradiction(RESOURCES, format!("lacks a resource of {month}")))?;
    publish_resources(&kept, &closed_path(stamp, month, frozen.run, RESOURCES), publisher)?;
    let bytes = serde_json::to_vec_pretty(&frozen).map_err(|error| Error::bug_of("write a closing", error))?;
    publisher.plain(&closed_path(stamp, month, frozen.run, "closing.json"), 1, bytes)
}

/// Keeps the charges of a stamp's month, and what they are based on, where there is a price book.
fn freeze_charges(publisher: &Publisher, stamp: &Stamp, month: Month, frozen: &mut Frozen) -> Result<()> {
    let path = charges_path(stamp, month);
    let Some(out) = publisher.out().filter(|out| out.last().files.contains_key(&path)) else { return Ok(()) };
    let charges = out.read(&path)?;
    let (mut keys, mut rows_in_all) = (BTreeSet::new(), 0);
    for rows in reader::read(&charges.path, charges.bytes.clone(), &contract::CHARGES, &[&PRICE_KEY], &[])? {
        let price_keys = rows.integers(PRICE_KEY)?;
        rows_in_all += rows.len() as u64;
        keys.extend((0..rows.len()).filter_map(|row| integer(price_keys, row)));
    }
    let charged = ChargedMonths::load(out)?.0.remove(&month).ok_or_else(|| {
        Error::input(format!("nothing is known of how {month} was charged"))
            .at(charges.path.display().to_string())
            .hint("run once more: .stacktally/state was lost, and a run makes it again")
    })?;
    let prices: Vec<_> = charged.entries.into_iter().filter(|entry| keys.contains(&entry.key())).collect();
    if prices.len() != keys.len() {
        return Err(reader::contradiction(&path, "rests on prices that nothing is known of".to_owned()));
    }
    frozen.charging = Some(FrozenCharging { terms: charged.terms, prices, book: Some(charged.book) });
    publisher.plain(&closed_path(stamp, month, frozen.run, &table_path(&contract::CHARGES)), rows_in_all, charges.bytes)
}

/// The usage of a meter, and who used it.
#[derive(Default)]
struct MeterUse {
    totals: Totals,
    owners: BTreeSet<NamedOwner>,
}

fn take_figures(
    figures: &Figures,
    frozen: &mut Frozen,
    used: &mut BTreeMap<MeterId, MeterUse>,
    resources: &mut BTreeSet<i64>,
) -> Result<()> {
    for figure in figures.iter() {
        let owner = || {
            let owner = NamedOwner {
                billed_subscription: BilledSubscriptionId::new(figure.billed_subscription)?,
                attribution: AttributionText(Attribution::parse(figure.attribution)?),
                tenant: figure.tenant.and_then(TenantId::new),
                user_subscription: UserSubscriptionId::new(figure.user_subscription)?,
            };
            Some((owner, MeterId::new(figure.meter)?))
        };
        let (owner, meter) = owner().ok_or_else(|| reader::contradiction("daily", "holds what is no id".to_owned()))?;
        frozen.days.insert(figure.day);
        let meter_use = used.entry(meter).or_default();
        meter_use.totals.merge(figure.totals)?;
        if !meter_use.owners.contains(&owner) {
            meter_use.owners.insert(owner.clone());
        }
        frozen.owners.insert(owner);
        resources.insert(figure.resource);
    }
    Ok(())
}

/// The rows of the dimensions that frozen figures name.
fn freeze_dimensions(out: &Out, stamp: &Stamp, frozen: &mut Frozen) -> Result<()> {
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let meters: BTreeSet<&MeterId> = frozen.used.iter().map(|(meter, _)| meter).collect();
    let mut frozen_meters = Vec::new();
    for rows in rows_of(out, &contract::METERS)? {
        let [ids, names, services, units, kinds] =
            [METER_ID, METER_NAME, SERVICE, UNIT, QUANTITY_KIND].map(|column| rows.texts(column));
        let (ids, names, services, units, kinds) = (ids?, names?, services?, units?, kinds?);
        let known = rows.booleans(KNOWN)?;
        for row in 0..rows.len() {
            let Some(id) = MeterId::new(ids.value(row)).filter(|id| meters.contains(id)) else { continue };
            frozen_meters.push(Meter {
                id,
                meter_name: owned(text(names, row)),
                service: owned(text(services, row)),
                unit: owned(text(units, row)),
                quantity_kind: owned(text(kinds, row)),
                known: known.value(row),
                azure_meters: Vec::new(),
            });
        }
    }
    frozen.meters = frozen_meters;
    freeze_user_subscriptions(out, stamp, frozen)?;
    let billed: BTreeSet<&str> = frozen.owners.iter().map(|owner| owner.billed_subscription.as_str()).collect();
    let mut frozen_billed = Vec::new();
    for rows in rows_of(out, &contract::BILLED_SUBSCRIPTIONS)? {
        let (ids, kinds, tenants) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(KIND)?, rows.texts(TENANT_ID)?);
        let names = rows.texts(BILLED_SUBSCRIPTION_NAME)?;
        for row in (0..rows.len()).filter(|&row| billed.contains(ids.value(row))) {
            frozen.names.insert(ids.value(row).to_owned(), owned(text(names, row)));
            let tenant = text(tenants, row).and_then(TenantId::new);
            frozen_billed.extend(BilledSubscriptionId::new(ids.value(row)).map(|id| FrozenBilled {
                id,
                kind: kinds.value(row).to_owned(),
                tenant,
            }));
        }
    }
    frozen.billed = frozen_billed;
    let listed = frozen.user_subscriptions.iter().filter_map(|(_, listing)| listing.as_ref()?.tenant.clone());
    let billed = frozen.billed.iter().filter_map(|payer| payer.tenant.clone());
    frozen.tenants =
        frozen.owners.iter().filter_map(|owner| owner.tenant.clone()).chain(listed).chain(billed).collect();
    for rows in rows_of(out, &contract::TENANTS)? {
        let (ids, names) = (rows.texts(TENANT_ID)?, rows.texts(TENANT_NAME)?);
        for row in 0..rows.len() {
            if TenantId::new(ids.value(row)).is_some_and(|id| frozen.tenants.contains(&id)) {
                frozen.names.insert(ids.value(row).to_owned(), owned(text(names, row)));
            }
        }
    }
    Ok(())
}

fn freeze_user_subscriptions(out: &Out, stamp: &Stamp, frozen: &mut Frozen) -> Result<()> {
    let named: BTreeSet<&UserSubscriptionId> = frozen.owners.iter().map(|owner| &owner.user_subscription).collect();
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let mut listed = Vec::new();
    for rows in rows_of(out, &contract::USER_SUBSCRIPTIONS)? {
        let [ids, stamps, names, owners, tenants, offers, states] =
            [USER_SUBSCRIPTION_ID, STAMP, DISPLAY_NAME, OWNER, TENANT_ID, OFFER_ID, STATE]
                .map(|column| rows.texts(column));
        let (ids, stamps, names, owners, tenants, offers, states) =
            (ids?, stamps?, names?, owners?, tenants?, offers?, states?);
        for row in (0..rows.len()).filter(|&row| stamps.value(row) == stamp.as_str()) {
            let Some(id) = UserSubscriptionId::new(ids.value(row)).filter(|id| named.contains(id)) else { continue };
            let listing = ListedUserSubscription {
                id: id.clone(),
                tenant: text(tenants, row).and_then(TenantId::new),
                provider: None,
                display_name: owned(text(names, row)),
                owner: owned(text(owners, row)),
                offer_id: owned(text(offers, row)),
                state: owned(text(states, row)),
            };
            listed.push((id, Some(listing)));
        }
    }
    frozen.user_subscriptions = listed;
    Ok(())
}

fn rows_of(out: &Out, table: &'static Table) -> Result<Vec<Rows>> {
    let stored = out.read(&table_path(table))?;
    let columns = table.all();
    reader::read(&stored.path, stored.bytes, table, &columns, &[])
}
