//! Rate cards → price entries: from Azure's meters to those of the stamps, through the meter catalogue.
//!
//! What maps to nothing is counted, not guessed: neither a meter that no `azure_meter_id` names, nor a unit that is not
//! known to be the meter's.

use std::collections::BTreeMap;

use crate::domain::money::{Decimal, scaled_18};
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Day, MeterId, PriceEntry, shown};
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

/// What a unit of a rate card counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Hours,
    GbHours,
    GbMonths,
    Gb,
    /// Of disks, whose unit says no more.
    Months,
    Requests,
}

/// How many of a meter's units one of what a rate card counts is (reference §6.1, §6.2). A month has 720 hours: so
/// Microsoft divides the price of a GB-month, whatever month it is.
const UNITS: [(Counts, &str, u32); 10] = [
    (Counts::Hours, "Virtual core hours", 1),
    (Counts::Hours, "VM hours", 1),
    (Counts::Hours, "Core*hours", 1),
    (Counts::Hours, "1 hour", 1),
    (Counts::GbHours, "GB*hours", 1),
    (Counts::GbMonths, "GB*hours", 720),
    (Counts::GbMonths, "GB*month", 1),
    (Counts::Months, "Disks*month", 1),
    (Counts::Months, "Disks*hours", 720),
    (Counts::Gb, "GB", 1),
];
/// What the meters of requests count.
const TEN_THOUSAND: (&str, u32) = ("10,000 requests", 10_000);

/// How many of a meter's units a price of the card is for; `None` where that is not known for certain.
fn per_of(of_card: &str, of_meter: &str) -> Option<Decimal> {
    let (count, counts) = counted(of_card)?;
    if counts == Counts::Requests {
        let (unit, requests) = TEN_THOUSAND;
        return (unit.eq_ignore_ascii_case(of_meter) && count % requests == 0).then(|| (count / requests).into());
    }
    let known = UNITS.iter().find(|(own, unit, _)| *own == counts && unit.eq_ignore_ascii_case(of_meter));
    let (_, _, per) = known?;
    count.checked_mul(*per).map(Decimal::from)
}

/// The count and the kind of a unit as rate cards spell it: `1 Hour`, `Hours`, `100 Hrs`, `1 GB/Month`, `1/Month`,
/// `10K`, `1,000,000 requests`.
fn counted(unit: &str) -> Option<(u32, Counts)> {
    let unit = unit.trim().to_lowercase().replace(" per ", "/");
    let digits = unit.find(|own: char| !own.is_ascii_digit() && own != ',').unwrap_or(unit.len());
    let (number, mut rest) = unit.split_at(digits);
    let mut groups = number.split(',');
    let is_grouped = groups.next().is_some_and(|first| !number.contains(',') || (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3);
    let mut count: u32 = match number {
        "" => 1,
        _ if is_grouped => number.replace(',', "").parse().ok().filter(|own| *own > 0)?,
        _ => return None,
    };
    for (letter, times) in [('k', 1_000), ('m', 1_000_000)] {
        if let Some(behind) =
            rest.strip_prefix(letter).filter(|own| !number.is_empty() && !own.starts_with(char::is_alphabetic))
        {
            (count, rest) = (count.checked_mul(times)?, behind);
        }
    }
    let is_between = |own: char| own == '*' || own == '-' || own == '/' || own.is_whitespace();
    let words: Vec<&str> = rest.split(is_between).filter(|own| !own.is_empty()).collect();
    let is_hour = |own: &str| matches!(own, "hour" | "hours" | "hr" | "hrs" | "h");
    let is_month = |own: &str| matches!(own, "month" | "months");
    let counts = match *words.as_slice() {
        [own] if is_hour(own) => Counts::Hours,
        ["gb", own] if is_hour(own) => Counts::GbHours,
        ["gb", own] if is_month(own) => Counts::GbMonths,
        ["gb"] => Counts::Gb,
        [own] if is_month(own) => Counts::Months,
        ["request" | "requests" | "transaction" | "transactions" | "operation" | "operations"] => Counts::Requests,
        // A bare number counts whatever there are so many of: so cards print requests.
        [] if count >= TEN_THOUSAND.1 => Counts::Requests,
        _ => return None,
    };
    Some((count, counts))
}

/// The entries of some rate cards, such as those of several months: a price holds until the same meter has another, in
/// whatever card, and what two of them say alike is said once. `meters_of` gives the meters that one of Azure prices,
/// each with its unit.
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
                note.unmapped_of_azure_stack.push(called(own));
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
            match unit.and_then(|unit| per_of(&own.unit, unit)) {
                Some(per) => priced(alike, card, (own, terms), (meter, unit), per, entries)?,
                None => note.unknown_units.push(format!("{}, {}", called(own), shown::quoted(&own.unit))),
            }
        }
    }
    Ok(note)
}

/// A meter of a card by its name and id.
fn called(own: &CardMeter) -> String {
    format!("{} ({})", shown::value(&own.name), shown::value(&own.id))
}

fn refused(card: &RateCard, own: &CardMeter, what: &str) -> Error {
    let (name, id) = (shown::value(&own.name), shown::value(&own.id));
    Error::input(format!("meter {} of its list ({name} {id}): {what}", own.row))
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
                "the offer terms {} and {} both take something off",
                shown::quoted(&first.name),
                shown::quoted(&second.name)
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
    // Tiers count from 0, what is included among it: beyond it the rate holds that would have held there. Where none
    // would have, nothing can be said of what lies between, and the rates stay as they are.
    let reached = rates.range(..=*included).next_back().map(|(_, price)| (*included, *price));
    if included.is_zero() || reached.is_none() {
        return rates.iter().map(|(from, price)| (*from, *price)).collect();
    }
    let beyond = rates.range(*included..).filter(|(from, _)| *from > included).map(|(from, price)| (*from, *price));
    std::iter::once((Decimal::ZERO, Decimal::ZERO)).chain(reached).chain(beyond).collect()
}
