//! Changes that are not applied to closed months: the prices, names and meters of the root that differ from those that
//! a month was closed with. They are reported in every run.
//!
//! Names of tenants and billed subscriptions are compared, but not those of user subscriptions: these come from the
//! listings of each night, and nobody writes them into the root to have them applied.

use std::collections::{BTreeMap, BTreeSet};

use super::charging::Charging;
use super::plan::Plan;
use crate::close::{Frozen, FrozenCharging};
use crate::domain::finding::FindingCode;
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Finding, MeterId, Month, PriceEntry, Quantity, Rounding, Stamp, Tiering, shown};
use crate::error::Result;
use crate::normalise::Meter;
use crate::publish::Names;
use crate::rate::MonthTerms;
use crate::read::{self, Reading, Root};
use crate::store::InputFile;

/// The most changes that a sentence lists; `concerned` has all.
const SHOWN: usize = 10;

/// A closed month with its frozen data; lists of them are in the order of their closings.
pub(super) type ClosedMonth = ((Stamp, Month), Frozen);

/// Changes by stamp, id and text, each with the months that it is not applied to.
type ChangeMonths = BTreeMap<(Stamp, String, String), BTreeSet<Month>>;

/// Compares names and meters. `names` are those of the root, before the frozen texts replace them.
///
/// # Errors
/// A table of the root cannot be read.
pub(super) fn names_and_meters(
    closed: &[ClosedMonth],
    names: &Names,
    root: &Root,
    reading: &Reading,
) -> Result<Vec<Finding>> {
    let (mut of_names, mut of_meters) = (ChangeMonths::new(), ChangeMonths::new());
    for ((stamp, month), frozen) in closed {
        for (id, then) in &frozen.names {
            let now = names.name(id);
            if now != then.as_deref() {
                let text = format!("{} now, closed {}", name_text(now), name_text(then.as_deref()));
                of_names.entry((stamp.clone(), id.clone(), text)).or_default().insert(*month);
            }
        }
        for then in &frozen.meters {
            let unknown = Meter::unknown(then.id.clone());
            let now = names.meter(&then.id).unwrap_or(&unknown);
            let differences = differences(now, then);
            if !differences.is_empty() {
                let key = (stamp.clone(), then.id.to_string(), differences.join(", "));
                of_meters.entry(key).or_default().insert(*month);
            }
        }
    }
    let mut findings = findings_of_changes(
        FindingCode::ClosedMonthNameNotApplied,
        "names",
        &of_names,
        root.names.as_ref(),
        &lines_of(root.names.as_ref(), reading, "id", &of_names)?,
    );
    findings.extend(findings_of_changes(
        FindingCode::ClosedMonthMeterNotApplied,
        "meters",
        &of_meters,
        root.meters.as_ref(),
        &lines_of(root.meters.as_ref(), reading, "meter_id", &of_meters)?,
    ));
    Ok(findings)
}

/// The row of each id in a table of the root, if anything changed at all.
fn lines_of(
    file: Option<&InputFile>,
    reading: &Reading,
    id: &str,
    changes: &ChangeMonths,
) -> Result<BTreeMap<String, usize>> {
    match file.filter(|_| !changes.is_empty()) {
        Some(file) => read::lines_of_ids(file, reading, id),
        None => Ok(BTreeMap::new()),
    }
}

fn name_text(name: Option<&str>) -> String {
    name.map_or_else(|| "without a name".to_owned(), shown::quoted)
}

/// The texts of a meter that differ between now and when a month was closed.
fn differences(now: &Meter, then: &Meter) -> Vec<String> {
    let fields = [
        ("meter_name", &now.meter_name, &then.meter_name),
        ("service", &now.service, &then.service),
        ("unit", &now.unit, &then.unit),
        ("quantity_kind", &now.quantity_kind, &then.quantity_kind),
    ];
    let text = |value: &Option<String>| value.as_deref().map_or_else(|| "empty".to_owned(), shown::quoted);
    let differing = fields.into_iter().filter(|(_, now, then)| now != then);
    differing.map(|(name, now, then)| format!("{name} is {} now, closed {}", text(now), text(then))).collect()
}

fn findings_of_changes(
    code: FindingCode,
    what: &str,
    changes: &ChangeMonths,
    file: Option<&InputFile>,
    lines: &BTreeMap<String, usize>,
) -> Vec<Finding> {
    let mut stamps: BTreeMap<&Stamp, Vec<(String, BTreeSet<Month>)>> = BTreeMap::new();
    for ((stamp, id, text), months) in changes {
        let place = match (file, lines.get(id)) {
            (Some(file), Some(line)) => format!("{} row {line}", file.name),
            (Some(file), None) => format!("not in {}", file.name),
            (None, _) if what == "meters" => "built-in catalogue".to_owned(),
            (None, _) => format!("no {what}.csv"),
        };
        stamps.entry(stamp).or_default().push((format!("{id} {text} ({place})"), months.clone()));
    }
    stamps.into_iter().map(|(stamp, changes)| finding(stamp, code, what, &changes)).collect()
}

/// Compares prices, exchange rates and terms, if there is a price book.
pub(super) fn prices(
    closed: &BTreeMap<Stamp, BTreeMap<Month, Frozen>>,
    charging: &Charging,
    plan: &Plan,
) -> Vec<Finding> {
    if !charging.has_book {
        return Vec::new();
    }
    let mut books: BTreeMap<Month, BTreeMap<i64, &PriceEntry>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (stamp, months) in closed {
        let mut changes: BTreeMap<String, BTreeSet<Month>> = BTreeMap::new();
        for (&month, frozen) in months {
            let Some(frozen_charging) = &frozen.charging else { continue };
            let now = books.entry(month).or_insert_with(|| {
                charging.prices.book.entries_in(month).map(|entry| (entry.key_in(month), entry)).collect()
            });
            let of_prices = changed_prices(stamp, month, frozen, frozen_charging, now);
            let terms = MonthTerms::of(month, plan.tiering, plan.rounding, charging.billing_currency, &charging.rates);
            for change in of_prices.into_iter().chain(changed_terms(month, &frozen_charging.terms, &terms)) {
                changes.entry(change).or_default().insert(month);
            }
        }
        if !changes.is_empty() {
            let code = FindingCode::ClosedMonthPriceNotApplied;
            let changes: Vec<_> = changes.into_iter().collect();
            findings.push(finding(stamp, code, "prices and terms", &changes));
        }
    }
    findings
}

/// The prices of a stamp's month that differ now. Entries that say the same of the month are equal, in whatever file
/// and row they are, and whatever they say of other months.
fn changed_prices(
    stamp: &Stamp,
    month: Month,
    frozen: &Frozen,
    charging: &FrozenCharging,
    now: &BTreeMap<i64, &PriceEntry>,
) -> Vec<String> {
    let then: BTreeMap<i64, &PriceEntry> = charging.prices.iter().map(|entry| (entry.key_in(month), entry)).collect();
    let was_there = |key: &i64| {
        then.contains_key(key) || charging.book.as_ref().is_some_and(|book| book.binary_search(key).is_ok())
    };
    let gone: Vec<&PriceEntry> =
        then.iter().filter(|(key, _)| !now.contains_key(key)).map(|(_, entry)| *entry).collect();
    let used: BTreeSet<&MeterId> = frozen.used.iter().map(|(meter, _)| meter).collect();
    let is_replaced = |entry: &PriceEntry| gone.iter().any(|gone| gone.meter == entry.meter);
    let new = now.iter().filter(|(key, entry)| {
        // Older closings did not keep the whole price book: then an entry is known to be new only if it replaces
        // another one.
        !was_there(key)
            && used.contains(&entry.meter)
            && applies(stamp, frozen, entry)
            && (charging.book.is_some() || is_replaced(entry))
    });
    let mut new: Vec<&PriceEntry> = new.map(|(_, entry)| *entry).collect();
    let mut changes = Vec::new();
    for then in gone {
        let is_successor = |entry: &&PriceEntry| {
            entry.meter == then.meter
                && entry.scope == then.scope
                && entry.tier_from == then.tier_from
                && entry.overlaps(then)
        };
        let now = new.iter().position(is_successor).map(|at| new.remove(at));
        changes.push(match now {
            Some(now) => format!(
                "meter {} is {} now ({}), closed with {} ({})",
                then.meter,
                entry_text(now),
                now.place(),
                entry_text(then),
                then.place()
            ),
            None => format!(
                "meter {} was closed with {} ({}), which the price book does not have now",
                then.meter,
                entry_text(then),
                then.place()
            ),
        });
    }
    let added = |entry: &PriceEntry| {
        format!("meter {} is {} now ({}), closed without this price", entry.meter, entry_text(entry), entry.place())
    };
    changes.extend(new.into_iter().map(added));
    changes
}

/// Whether a price applies to any usage of a closed month. If the closing did not keep who used which meter, anybody
/// may have used it.
fn applies(stamp: &Stamp, frozen: &Frozen, entry: &PriceEntry) -> bool {
    let used_by = frozen.used_by.iter().find(|(meter, _)| *meter == entry.meter).map(|(_, places)| places);
    let is_user = |place: u32| used_by.is_none_or(|places| places.contains(&place));
    let mut owners = frozen.owners.iter().zip(0..).filter(|(_, place)| is_user(*place)).map(|(owner, _)| owner);
    match &entry.scope {
        Scope::All => true,
        Scope::Stamp(id) => id == stamp,
        Scope::BilledSubscription(id) => owners.any(|owner| owner.billed_subscription == *id),
        Scope::Tenant(id) => owners.any(|owner| owner.tenant.as_ref() == Some(id)),
        Scope::UserSubscription(id) => owners.any(|owner| owner.user_subscription == *id),
    }
}

/// `0.0125 USD for 1 Virtual core hours, beyond 100, less 10 %, for tenant 7e4a…, from 2026-10-01, before 2026-11-01`.
fn entry_text(entry: &PriceEntry) -> String {
    let mut text = match &entry.terms {
        Terms::NotBillable => "not billable".to_owned(),
        // Vendor prices are not closed with a month, so there is no credit.
        Terms::Price(Price { price, per, discount_percent, currency, .. }) => {
            let unit = entry.unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
            let discount = if discount_percent.is_zero() {
                String::new()
            } else {
                format!(", less {} %", discount_percent.normalize())
            };
            format!("{} {currency} for {}{unit}{discount}", price.normalize(), per.normalize())
        }
    };
    if entry.tier_from != Quantity::ZERO {
        text += &format!(", beyond {}", entry.tier_from);
    }
    if entry.scope != Scope::All {
        text += &format!(", for {}", entry.scope);
    }
    text += &entry.from.map_or_else(String::new, |day| format!(", from {day}"));
    text += &entry.to.map_or_else(String::new, |day| format!(", before {day}"));
    text
}

/// The terms of a month that differ now. Exchange rates that were added later are no change: the closed charges did not
/// need them.
fn changed_terms(month: Month, then: &MonthTerms, now: &MonthTerms) -> Vec<String> {
    let mut changes = Vec::new();
    if then.tiering != now.tiering {
        changes.push(format!("--tiering is {} now, closed with {}", tiering(now.tiering), tiering(then.tiering)));
    }
    if then.rounding != now.rounding {
        changes.push(format!("--rounding is {} now, closed with {}", rounding(now.rounding), rounding(then.rounding)));
    }
    if then.billing_currency != now.billing_currency {
        let text = |terms: &MonthTerms| terms.billing_currency.map_or("that of each price", |currency| currency.code());
        changes.push(format!("the billing currency is {} now, closed with {}", text(now), text(then)));
        return changes;
    }
    let to = then.billing_currency.map_or("", |currency| currency.code());
    for (from, rate) in &then.rates {
        let current = now.rates.iter().find(|(currency, _)| currency == from).map(|(_, rate)| rate);
        if current != Some(rate) {
            let current = current.map_or_else(|| "not there".to_owned(), ToString::to_string);
            changes.push(format!(
                "the exchange rate {from} to {to} of {month} is {current} now (exchange-rates.csv), closed with {rate}"
            ));
        }
    }
    changes
}

const fn tiering(tiering: Tiering) -> &'static str {
    match tiering {
        Tiering::Graduated => "graduated",
        Tiering::Volume => "volume",
    }
}

const fn rounding(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Down => "down",
        Rounding::HalfUp => "half-up",
        Rounding::HalfEven => "half-even",
    }
}

/// One finding for all changes of a kind, each with the months that it is not applied to.
fn finding(stamp: &Stamp, code: FindingCode, what: &str, changes: &[(String, BTreeSet<Month>)]) -> Finding {
    let each = changes.iter().map(|(change, months)| {
        let months: Vec<String> = months.iter().map(Month::to_string).collect();
        format!("{}: {change}", months.join(" "))
    });
    let each: Vec<String> = each.collect();
    let more = if each.len() > SHOWN { format!("; and {} more", each.len() - SHOWN) } else { String::new() };
    let sentence = format!(
        "closed months keep the {what} that they were closed with, and these changes are not applied to them: {}{more}",
        each[..each.len().min(SHOWN)].join("; ")
    );
    const REMEDY: &str = "open a month with `stacktally reopen`, run, and close it again to have it changed; or \
        accept the code with --accept, once this is known";
    Finding::new(stamp, code, sentence, each, REMEDY)
}
