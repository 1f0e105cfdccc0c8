//! Rate cards → price entries: from Azure's meters to those of the stamps, through the meter catalogue.
//!
//! What maps to nothing is counted, not guessed: neither a meter that no `azure_meter_id` names, nor a unit that is not known
//! to be the meter's.

use std::collections::BTreeMap;

use crate::domain::money::{Decimal, scaled_18};
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Day, MeterId, PriceEntry};
use crate::error::{Error, Result};
use crate::read::{CardMeter, CardTerms, Discount, RateCard};

/// What was made of a rate card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardNote {
    pub file: String,
    pub meters: usize,
    /// Of these, the ones that price a meter of the stamps.
    pub mapped: usize,
    /// Meters of Azure Stack that no meter of the catalogue names: name and id.
    pub unmapped_of_azure_stack: Vec<String>,
    /// Mapped meters whose unit is not known to be one of the meter's: name, id and unit.
    pub unknown_units: Vec<String>,
    /// Offer terms that take nothing off prices.
    pub other_terms: Vec<String>,
}

/// How many of a meter's units one unit of the rate card is, by how the two are written (reference §6.1, §6.2). A month has 720
/// hours: so Microsoft divides the price of a GB-month, whatever month it is.
const UNITS: [(&str, &str, u32); 12] = [
    ("1 Hour", "Virtual core hours", 1),
    ("1 Hour", "VM hours", 1),
    ("1 Hour", "Core*hours", 1),
    ("1 Hour", "1 hour", 1),
    ("1 GB/Hr", "GB*hours", 1),
    ("1 GB/Hour", "GB*hours", 1),
    ("1 GB/Month", "GB*hours", 720),
    ("1 GB/Month", "GB*month", 1),
    ("1/Month", "Disks*month", 1),
    ("1/Month", "Disks*hours", 720),
    ("10K", "10,000 requests", 1),
    ("1 GB", "GB", 1),
];

/// The entries of some rate cards, such as those of several months: a price holds until the same meter has another, in whatever
/// card, and what two of them say alike is said once. `meters_of` gives the meters that one of Azure prices, each with its unit.
///
/// # Errors
/// A rate that cannot be understood or does not fit, or two discounts on one meter.
pub fn entries_of_cards<'m>(
    cards: &[RateCard],
    meters_of: impl Fn(&str) -> Vec<(&'m MeterId, Option<&'m str>)>,
) -> Result<(Vec<PriceEntry>, Vec<CardNote>)> {
    let (mut entries, mut notes) = (Vec::new(), Vec::new());
    let mut all = AllCards::new();
    for own in cards.iter().enumerate().flat_map(|(at, card)| card.meters.iter().map(move |own| (at, card, own))) {
        all.entry(&own.2.id).or_default().push(own);
    }
    for at in 0..cards.len() {
        notes.push(entries_of(cards, at, &all, &meters_of, &mut entries)?);
    }
    Ok((entries, notes))
}

/// The meters of all cards by their ids, each with its card and the card's place.
type AllCards<'c> = BTreeMap<&'c str, Vec<(usize, &'c RateCard, &'c CardMeter)>>;

fn entries_of<'m>(
    cards: &[RateCard],
    at: usize,
    all: &AllCards<'_>,
    meters_of: &impl Fn(&str) -> Vec<(&'m MeterId, Option<&'m str>)>,
    entries: &mut Vec<PriceEntry>,
) -> Result<CardNote> {
    let card = &cards[at];
    let mut note = CardNote {
        file: card.file.clone(),
        meters: card.meters.len(),
        other_terms: card.other_terms.clone(),
        ..CardNote::default()
    };
    for own in &card.meters {
        let meters = meters_of(&own.id);
        if meters.is_empty() {
            if own.is_of_azure_stack {
                note.unmapped_of_azure_stack.push(format!("{} ({})", own.name, own.id));
            }
            continue;
        }
        note.mapped += 1;
        let terms = own.terms.as_ref().map_err(|what| refused(card, own, what))?;
        let alike = &all[own.id.as_str()];
        let is_said = alike.iter().take_while(|(place, ..)| *place < at).any(|(_, other_card, other)| {
            other_card.currency == card.currency
                && other_card.discounts == card.discounts
                && (&other.unit, &other.terms) == (&own.unit, &own.terms)
        });
        if is_said {
            continue;
        }
        for (meter, unit) in meters {
            let per = UNITS.iter().find(|(of_card, of_meter, _)| {
                of_card.eq_ignore_ascii_case(&own.unit) && unit.is_some_and(|unit| unit.eq_ignore_ascii_case(of_meter))
            });
            match per {
                Some(&(_, _, per)) => priced(alike, card, (own, terms), (meter, unit), per.into(), entries)?,
                None => note.unknown_units.push(format!("{} ({}), {:?}", own.name, own.id, own.unit)),
            }
        }
    }
    Ok(note)
}

fn refused(card: &RateCard, own: &CardMeter, what: &str) -> Error {
    Error::input(format!("meter {} of its list ({} {}): {what}", own.row, own.name, own.id))
        .at(&card.file)
        .hint("correct the file, or take the meter out of it and write its price into prices.csv")
}

/// Adds the entries of one meter. `alike` is what all cards say of it.
fn priced(
    alike: &[(usize, &RateCard, &CardMeter)],
    card: &RateCard,
    (own, terms): (&CardMeter, &CardTerms),
    (meter, unit): (&MeterId, Option<&str>),
    per: Decimal,
    entries: &mut Vec<PriceEntry>,
) -> Result<()> {
    let refused = |what: &str| refused(card, own, what);
    // It holds until the same meter has another price.
    let others = alike.iter().filter(|(_, other, _)| other.currency == card.currency);
    let dates = others.filter_map(|(.., other)| other.terms.as_ref().ok()?.from);
    let to = dates.filter(|&from| Some(from) > terms.from).min();
    let applying: Vec<&Discount> = card.discounts.iter().filter(|term| !term.excluded.contains(&own.id)).collect();
    let stretches: Vec<(Option<Day>, Option<Day>, Decimal)> = match applying[..] {
        [] => vec![(terms.from, to, Decimal::ZERO)],
        [term] => {
            let begins_later = term.from.filter(|&from| terms.from.is_none_or(|own| own < from));
            match begins_later {
                None => vec![(terms.from, to, term.percent)],
                Some(from) if to.is_some_and(|to| to <= from) => vec![(terms.from, to, Decimal::ZERO)],
                Some(from) => vec![(terms.from, Some(from), Decimal::ZERO), (Some(from), to, term.percent)],
            }
        }
        [first, second, ..] => {
            return Err(refused(&format!(
                "the offer terms {:?} and {:?} both take something off",
                first.name, second.name
            )));
        }
    };
    for (from, to, discount_percent) in stretches {
        for (tier, price) in tiers_of(terms) {
            let tier_from = tier.checked_mul(per).and_then(scaled_18);
            let price = Price { price, per, discount_percent, currency: card.currency };
            let tier_from = tier_from.filter(|_| price.fraction().is_some());
            entries.push(PriceEntry {
                meter: meter.clone(),
                scope: Scope::All,
                from,
                to,
                tier_from: tier_from.ok_or_else(|| refused("a rate that cannot be rated exactly"))?,
                terms: Terms::Price(price),
                unit: unit.map(str::to_owned),
                note: Some(format!("{} {}", own.name, own.id)),
                file: card.file.clone(),
                row: own.row,
                is_of_card: true,
            });
        }
    }
    Ok(())
}

/// Where each tier begins, and its price: the included quantity first, for nothing.
fn tiers_of(own: &CardTerms) -> Vec<(Decimal, Decimal)> {
    let CardTerms { rates, included, .. } = own;
    // Tiers count from 0, what is included among it: beyond it the rate holds that would have held there. Where none would have,
    // nothing can be said of what lies between, and the rates stay as they are.
    let reached = rates.range(..=*included).next_back().map(|(_, price)| (*included, *price));
    if included.is_zero() || reached.is_none() {
        return rates.iter().map(|(from, price)| (*from, *price)).collect();
    }
    let beyond = rates.range(*included..).filter(|(from, _)| *from > included).map(|(from, price)| (*from, *price));
    std::iter::once((Decimal::ZERO, Decimal::ZERO)).chain(reached).chain(beyond).collect()
}
