//! The price book, checked as a whole: on any day at most one price applies to a quantity.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::exact::Fraction;
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Currency, Day, MeterId, Month, PriceEntry, Quantity, shown};
use crate::error::suggest::suggestion;
use crate::error::{Error, Result};
use crate::store::Fingerprint;

/// The most unknown ids that are reported at once.
const UNKNOWN_SHOWN: usize = 20;

/// All prices, by meter and scope.
#[derive(Debug, Default)]
pub struct PriceBook {
    entries: Vec<PriceEntry>,
    keys: Vec<i64>,
    places: HashMap<i64, u32>,
    /// Of each entry: its contents, file and row.
    fingerprints: Vec<Fingerprint>,
    meters: HashMap<String, MeterPrices>,
}

/// The prices of one meter.
#[derive(Debug, Default)]
struct MeterPrices {
    /// By the rank of the scope, then by its id.
    scopes: [HashMap<String, Vec<Stretch>>; Scope::NAMES.len()],
    has_tiers: bool,
}

/// A range of days with the same entries of one scope in force.
#[derive(Debug)]
struct Stretch {
    from: Day,
    to: Day,
    ruling: Ruling,
}

/// What decides the charge of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The entry without a price.
    NotBillable(u32),
    /// Sorted by where they begin; the first begins at 0.
    Tiers { currency: Currency, tiers: Vec<Tier> },
}

impl Ruling {
    /// The currency of the charge; `None` if the cell is not billable.
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::NotBillable(_) => None,
            Self::Tiers { currency, .. } => Some(*currency),
        }
    }
}

/// A quantity of the month, and the entry that applies beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub from: Quantity,
    pub entry: u32,
    /// The factor of a quantity.
    pub fraction: Fraction,
}

impl PriceBook {
    /// Checks entries against each other, and against the units of the meters that there are.
    ///
    /// # Errors
    /// A unit that is not the meter's, two entries that overlap, tiers that contradict each other; all of them at once.
    pub fn new<'m>(mut entries: Vec<PriceEntry>, unit_of: impl Fn(&MeterId) -> Option<&'m str>) -> Result<Self> {
        // Sorted by their contents, so that the order of files and rows does not matter.
        entries.sort_by(|a, b| order(a).cmp(&order(b)));
        let mut errors: Vec<Error> =
            entries.iter().filter_map(|entry| unit_refused(entry, unit_of(&entry.meter))).collect();
        let keys: Vec<i64> = entries.iter().map(PriceEntry::key).collect();
        let mut meters: HashMap<String, MeterPrices> = HashMap::new();
        let mut first = 0;
        for group in entries.chunk_by(|a, b| a.meter == b.meter && a.scope == b.scope) {
            let overlaps = overlaps(group);
            if overlaps.is_empty() {
                let PriceEntry { meter, scope, .. } = &group[0];
                let prices = meters.entry(meter.as_str().to_owned()).or_default();
                prices.has_tiers |= group.iter().any(|entry| entry.tier_from > Quantity::ZERO);
                match stretches(group, first) {
                    Ok(stretches) => {
                        let id = scope.id().unwrap_or_default().to_owned();
                        prices.scopes[scope.rank()].insert(id, stretches);
                    }
                    Err(error) => errors.push(error),
                }
            }
            errors.extend(overlaps);
            first += group.len() as u32;
        }
        let places = places_of(&entries, &keys, &mut errors);
        if !errors.is_empty() {
            return Err(Error::several(errors));
        }
        Ok(Self { fingerprints: fingerprints(&entries)?, entries, keys, places, meters })
    }

    /// The ruling for a meter on a day, from the most specific scope in force. `ids` are those of the user
    /// subscription, the tenant, the billed subscription and the stamp.
    pub fn ruling(&self, meter: &str, ids: [Option<&str>; 4], day: Day) -> Option<&Ruling> {
        let prices = self.meters.get(meter)?;
        let [user_subscription, tenant, billed_subscription, stamp] = ids;
        let all = [user_subscription, tenant, billed_subscription, stamp, Some("")];
        prices.scopes.iter().zip(all).find_map(|(scope, id)| {
            let stretches = scope.get(id?)?;
            let at = stretches.partition_point(|stretch| stretch.to <= day);
            stretches.get(at).filter(|stretch| stretch.from <= day).map(|stretch| &stretch.ruling)
        })
    }

    /// Whether any price of a meter begins beyond 0.
    pub fn has_tiers(&self, meter: &str) -> bool {
        self.meters.get(meter).is_some_and(|prices| prices.has_tiers)
    }

    /// The entry with that key, if there is one.
    pub fn entry_of(&self, key: i64) -> Option<&PriceEntry> {
        self.places.get(&key).map(|&place| self.entry(place))
    }

    /// The entry at a place that a [`Ruling`] of this book names.
    pub fn entry(&self, place: u32) -> &PriceEntry {
        &self.entries[place as usize]
    }

    /// The key of the entry at a place.
    pub fn key(&self, place: u32) -> i64 {
        self.keys[place as usize]
    }

    /// All entries, by their places.
    pub fn entries(&self) -> &[PriceEntry] {
        &self.entries
    }

    /// Fingerprints of the entries that are in force on some day of a month, including their files and rows.
    pub fn fingerprints_of(&self, month: Month) -> Vec<Fingerprint> {
        let entries = self.entries.iter().zip(&self.fingerprints);
        entries.filter(|(entry, _)| entry.is_in_force_in(month)).map(|(_, fingerprint)| *fingerprint).collect()
    }

    /// The entries that are in force on some day of a month.
    pub fn entries_in(&self, month: Month) -> impl Iterator<Item = &PriceEntry> {
        self.entries.iter().filter(move |entry| entry.is_in_force_in(month))
    }

    /// The keys of a month's entries ([`PriceEntry::key_in`]), sorted.
    pub fn keys_in(&self, month: Month) -> Vec<i64> {
        let mut keys: Vec<i64> = self.entries_in(month).map(|entry| entry.key_in(month)).collect();
        keys.sort_unstable();
        keys
    }

    /// Refuses prices for ids that nothing else names: with a mistyped id, usage would get another price.
    ///
    /// # Errors
    /// There is one; all of them at once.
    pub fn refuse_unknown_scopes<'k>(&self, known: impl Fn(&Scope) -> KnownIds<'k>) -> Result<()> {
        let unknown = self.entries.iter().filter_map(|entry| match known(&entry.scope) {
            KnownIds::Yes => None,
            KnownIds::No { others } => {
                let id = entry.scope.id().unwrap_or_default();
                let others: Vec<&str> = others.into_iter().collect();
                let meant = suggestion(id, &others);
                let name = entry.scope.name();
                let hint = match &entry.scope {
                    Scope::Stamp(_) => format!("name a stamp of the root{meant}, or delete the row"),
                    Scope::Tenant(_) | Scope::BilledSubscription(_) => format!(
                        "correct the id{meant}; or where the {} is yet to come, name it in names.csv",
                        name.replace('_', " ")
                    ),
                    _ => format!("correct the id{meant}; neither listings nor usage have it"),
                };
                Some(refused(entry, format!("scope_id {} is not a known {name}", shown::quoted(id))).hint(hint))
            }
        });
        // Each error searches for the nearest id; the prices of another root would have thousands of errors.
        let errors: Vec<Error> = unknown.take(UNKNOWN_SHOWN).collect();
        if errors.is_empty() { Ok(()) } else { Err(Error::several(errors)) }
    }
}

/// Whether anything but the price book names an id.
#[derive(Debug)]
pub enum KnownIds<'k> {
    Yes,
    No {
        /// The known ids of the same kind.
        others: BTreeSet<&'k str>,
    },
}

fn fingerprints(entries: &[PriceEntry]) -> Result<Vec<Fingerprint>> {
    let fingerprint = |entry: &PriceEntry| Ok(Fingerprint::of(&serde_json::to_vec(entry)?));
    entries
        .iter()
        .map(fingerprint)
        .collect::<serde_json::Result<_>>()
        .map_err(|error| Error::bug_of("fingerprint prices", error))
}

fn order(entry: &PriceEntry) -> impl Ord + '_ {
    (&entry.meter, &entry.scope, entry.tier_from, entry.from, entry.to, &entry.file, entry.row)
}

fn refused(entry: &PriceEntry, message: String) -> Error {
    if entry.is_of_card {
        return Error::input(format!("meter {} of its list: {message}", entry.row)).at(&entry.file);
    }
    Error::input(message).at_line(&entry.file, entry.row as usize, 1)
}

fn unit_refused(entry: &PriceEntry, unit: Option<&str>) -> Option<Error> {
    if entry.terms == Terms::NotBillable && entry.unit.is_none() {
        return None;
    }
    let said = entry.unit.as_deref().unwrap_or_default();
    let quoted = shown::quoted(said);
    match unit {
        Some(unit) if unit == said => None,
        Some(unit) => Some(
            refused(entry, format!("unit {quoted} is not the unit of meter {}", entry.meter))
                .hint(format!("it counts {}: write that, and the price of `per` such units", shown::quoted(unit))),
        ),
        None => Some(
            refused(
                entry,
                format!("the price is for unit {quoted}, and the unit of meter {} is not known", entry.meter),
            )
            .hint("correct the meter's id, or add the meter to meters.csv with its unit"),
        ),
    }
}

/// Errors for entries of one meter and scope that apply to the same day and quantity.
fn overlaps(group: &[PriceEntry]) -> Vec<Error> {
    let overlap = |pair: &[PriceEntry]| {
        let (entry, other) = (&pair[1], &pair[0]);
        (entry.tier_from == other.tier_from && entry.overlaps(other)).then(|| {
            let tier = entry.tier_from;
            refused(
                entry,
                format!(
                    "meter {} has a price for {} from {tier} on in {} already, and both are in force on one day",
                    entry.meter,
                    entry.scope,
                    other.place()
                ),
            )
            .hint("let one end where the other begins (effective_to, effective_from), or delete one of the two")
        })
    };
    group.windows(2).filter_map(overlap).collect()
}

/// The stretches of one meter and scope. `group` are its entries, the first of them at place `first`.
fn stretches(group: &[PriceEntry], first: u32) -> Result<Vec<Stretch>> {
    let (mut begin, mut end): (BTreeMap<Day, Vec<u32>>, BTreeMap<Day, Vec<u32>>) = Default::default();
    for (at, entry) in (0_u32..).zip(group) {
        begin.entry(entry.from.unwrap_or(Day::FIRST)).or_default().push(at);
        end.entry(entry.to.unwrap_or(Day::LAST)).or_default().push(at);
    }
    let mut days: Vec<Day> = begin.keys().chain(end.keys()).copied().collect();
    days.sort_unstable();
    days.dedup();
    let mut active: BTreeMap<Quantity, u32> = BTreeMap::new();
    let mut stretches = Vec::new();
    for pair in days.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        for &ended in end.get(&from).into_iter().flatten() {
            active.remove(&group[ended as usize].tier_from);
        }
        for &begun in begin.get(&from).into_iter().flatten() {
            active.insert(group[begun as usize].tier_from, begun);
        }
        if !active.is_empty() {
            stretches.push(Stretch { from, to, ruling: ruling(group, first, &active, from)? });
        }
    }
    Ok(stretches)
}

fn ruling(group: &[PriceEntry], first: u32, active: &BTreeMap<Quantity, u32>, day: Day) -> Result<Ruling> {
    let day = if day == Day::FIRST { String::new() } else { format!(" on {day}") };
    let lowest = active.values().next().map(|&at| &group[at as usize]).expect("a stretch has an entry");
    if lowest.tier_from > Quantity::ZERO {
        return Err(refused(
            lowest,
            format!(
                "the price of meter {} for {} begins at {}, and below it none is in force{day}",
                lowest.meter, lowest.scope, lowest.tier_from
            ),
        )
        .hint("add an entry with tier_from 0 for the same days; an included quantity has the price 0"));
    }
    let currency_of = |entry: &PriceEntry| entry.price().map(|price| price.currency);
    let currency = currency_of(lowest);
    if let Some(entry) = active.values().map(|&at| &group[at as usize]).find(|entry| currency_of(entry) != currency) {
        let (meter, scope) = (&entry.meter, &entry.scope);
        let what = if currency.is_none() {
            format!("meter {meter} is not billable for {scope}, and has a price in force beside that{day}")
        } else {
            format!("tiers of meter {meter} for {scope} that are in force{day} have several currencies")
        };
        return Err(refused(entry, what).hint(format!(
            "see {}: tiers of one price have one currency, and what is not billable has no tiers",
            lowest.place()
        )));
    }
    let Some(currency) = currency else {
        // Only tier 0 can be without a price.
        return Ok(Ruling::NotBillable(first + active[&lowest.tier_from]));
    };
    let tier = |(&from, &at): (&Quantity, &u32)| {
        let fraction = group[at as usize].price().and_then(Price::fraction)?;
        Some(Tier { from, entry: first + at, fraction })
    };
    Ok(Ruling::Tiers { currency, tiers: active.iter().filter_map(tier).collect() })
}

/// The places of entries by their keys. A collision of two keys is practically impossible, but is reported.
fn places_of(entries: &[PriceEntry], keys: &[i64], errors: &mut Vec<Error>) -> HashMap<i64, u32> {
    let mut places: HashMap<i64, u32> = HashMap::with_capacity(keys.len());
    for (place, key) in (0_u32..).zip(keys) {
        let Some(other) = places.insert(*key, place) else { continue };
        let (entry, other) = (&entries[place as usize], &entries[other as usize]);
        let is_same = entry.meter == other.meter && entry.scope == other.scope && entry.from == other.from;
        // Equal entries overlap, and are refused for that.
        if !is_same {
            errors.push(
                refused(entry, format!("has the same price_key {key} as {}", other.place()))
                    .hint("a collision of 64-bit keys: write a note into one of the rows"),
            );
        }
    }
    places
}
