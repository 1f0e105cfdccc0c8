//! Rate cards → price entries: from Azure's meters to those of the stamps, through the meter catalogue.
//!
//! Nothing is guessed. A meter that no `azure_meter_id` names, and a unit that is not known to be the meter's, are
//! counted and reported.

use std::collections::BTreeMap;

use crate::domain::money::{Decimal, scaled_18};
use crate::domain::price::{Price, Scope, Terms};
use crate::domain::{Currency, Day, MeterId, PriceEntry, shown};
use crate::error::{Error, Result};
use crate::read::{CardMeter, CardTerms, Discount, RateCard};

/// The result of converting a rate card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardNote {
    pub file: String,
    pub meters: usize,
    /// Those of them that price a meter of the stamps.
    pub mapped: usize,
    /// Meters of Azure Stack that no meter of the catalogue names: name and id.
    pub unmapped_of_azure_stack: Vec<String>,
    /// Mapped meters with a unit that is not known to be the meter's: name, id and unit.
    pub unknown_units: Vec<String>,
    /// Offer terms that take nothing off prices.
    pub other_terms: Vec<String>,
}

/// The kind of a rate card's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnitKind {
    Hours,
    GbHours,
    GbMonths,
    Gb,
    /// Of disks: their unit says only `month`.
    Months,
    Requests,
}

/// For each kind of unit on a rate card and each unit of a meter: how many of the meter's units make one of the card's
/// (reference §6.1, §6.2). A month has 720 hours: Microsoft divides the price of a GB-month by 720 in every month.
const UNITS: [(UnitKind, &str, u32); 10] = [
    (UnitKind::Hours, "Virtual core hours", 1),
    (UnitKind::Hours, "VM hours", 1),
    (UnitKind::Hours, "Core*hours", 1),
    (UnitKind::Hours, "1 hour", 1),
    (UnitKind::GbHours, "GB*hours", 1),
    (UnitKind::GbMonths, "GB*hours", 720),
    (UnitKind::GbMonths, "GB*month", 1),
    (UnitKind::Months, "Disks*month", 1),
    (UnitKind::Months, "Disks*hours", 720),
    (UnitKind::Gb, "GB", 1),
];
/// The unit of the meters that count requests.
const REQUEST_UNIT: (&str, u32) = ("10,000 requests", 10_000);

/// How many of a meter's units a price of the card is for; `None` if that is not known for certain.
fn per_of(card_unit: &str, meter_unit: &str) -> Option<Decimal> {
    let (count, card_kind) = parse_unit(card_unit)?;
    if card_kind == UnitKind::Requests {
        let (unit, requests) = REQUEST_UNIT;
        return (unit.eq_ignore_ascii_case(meter_unit) && count % requests == 0).then(|| (count / requests).into());
    }
    let known = UNITS.iter().find(|(kind, unit, _)| *kind == card_kind && unit.eq_ignore_ascii_case(meter_unit));
    let (_, _, per) = known?;
    count.checked_mul(*per).map(Decimal::from)
}

/// Reads the count and the kind of a unit as rate cards spell it: `1 Hour`, `Hours`, `100 Hrs`, `1 GB/Month`,
/// `1/Month`, `10K`, `1,000,000 requests`.
fn parse_unit(unit: &str) -> Option<(u32, UnitKind)> {
    let unit = unit.trim().to_lowercase().replace(" per ", "/");
    let digits = unit.find(|letter: char| !letter.is_ascii_digit() && letter != ',').unwrap_or(unit.len());
    let (number, mut rest) = unit.split_at(digits);
    let mut groups = number.split(',');
    let is_grouped = groups.next().is_some_and(|first| !number.contains(',') || (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3);
    let mut count: u32 = match number {
        "" => 1,
        _ if is_grouped => number.replace(',', "").parse().ok().filter(|count| *count > 0)?,
        _ => return None,
    };
    for (letter, times) in [('k', 1_000), ('m', 1_000_000)] {
        if let Some(behind) =
            rest.strip_prefix(letter).filter(|behind| !number.is_empty() && !behind.starts_with(char::is_alphabetic))
        {
            (count, rest) = (count.checked_mul(times)?, behind);
        }
    }
    let is_between = |letter: char| letter == '*' || letter == '-' || letter == '/' || letter.is_whitespace();
    let words: Vec<&str> = rest.split(is_between).filter(|word| !word.is_empty()).collect();
    let is_hour = |word: &str| matches!(word, "hour" | "hours" | "hr" | "hrs" | "h");
    let is_month = |word: &str| matches!(word, "month" | "months");
    let kind = match *words.as_slice() {
        [word] if is_hour(word) => UnitKind::Hours,
        ["gb", word] if is_hour(word) => UnitKind::GbHours,
        ["gb", word] if is_month(word) => UnitKind::GbMonths,
        ["gb"] => UnitKind::Gb,
        [word] if is_month(word) => UnitKind::Months,
        ["request" | "requests" | "transaction" | "transactions" | "operation" | "operations"] => UnitKind::Requests,
        // A large number without a word: rate cards write requests that way.
        [] if count >= REQUEST_UNIT.1 => UnitKind::Requests,
        _ => return None,
    };
    Some((count, kind))
}

/// The price entries of several rate cards, such as those of several months. A price holds until any card has a later
/// one for the same meter; a price that two cards repeat becomes one entry. `meters_of` gives the meters that a meter
/// of Azure prices, each with its unit; `by_hand` is the table where people write prices instead.
///
/// # Errors
/// A rate that cannot be understood or does not fit, or two discounts on one meter.
pub fn entries_of_cards<'m>(
    cards: &[RateCard],
    by_hand: &str,
    meters_of: impl Fn(&str) -> Vec<(&'m MeterId, Option<&'m str>)>,
) -> Result<(Vec<PriceEntry>, Vec<CardNote>)> {
    let (mut entries, mut notes) = (Vec::new(), Vec::new());
    let mut all = MetersOfAllCards::new();
    for meter in cards.iter().enumerate().flat_map(|(at, card)| card.meters.iter().map(move |meter| (at, card, meter)))
    {
        all.entry(&meter.2.id).or_default().push(meter);
    }
    for at in 0..cards.len() {
        let note = entries_of(cards, at, &all, &meters_of, &mut entries).map_err(|error| {
            error.hint(format!("correct the file, or take the meter out of it and write its price into {by_hand}"))
        });
        notes.push(note?);
    }
    Ok((entries, notes))
}

/// The meters of all cards by their ids, each with its card and the card's place.
type MetersOfAllCards<'c> = BTreeMap<&'c str, Vec<(usize, &'c RateCard, &'c CardMeter)>>;

fn entries_of<'m>(
    cards: &[RateCard],
    at: usize,
    all: &MetersOfAllCards<'_>,
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
    for card_meter in &card.meters {
        let meters = meters_of(&card_meter.id);
        if meters.is_empty() {
            if card_meter.is_of_azure_stack {
                note.unmapped_of_azure_stack.push(name_and_id(card_meter));
            }
            continue;
        }
        note.mapped += 1;
        let terms = card_meter.terms.as_ref().map_err(|what| refused(card, card_meter, what))?;
        let alike = &all[card_meter.id.as_str()];
        let is_repeated = alike.iter().take_while(|(place, ..)| *place < at).any(|(_, other_card, other)| {
            other_card.currency == card.currency
                && other_card.discounts == card.discounts
                && other.unit == card_meter.unit
                && other.terms.as_ref().is_ok_and(|other| is_same_price(alike, card.currency, other, terms))
        });
        if is_repeated {
            continue;
        }
        for (meter, unit) in meters {
            match unit.and_then(|unit| per_of(&card_meter.unit, unit)) {
                Some(per) => push_entries(alike, card, (card_meter, terms), (meter, unit), per, entries)?,
                None => {
                    note.unknown_units.push(format!(
                        "{}, {}",
                        name_and_id(card_meter),
                        shown::quoted(&card_meter.unit)
                    ));
                }
            }
        }
    }
    Ok(note)
}

/// A meter of a card by its name and id.
fn name_and_id(meter: &CardMeter) -> String {
    format!("{} ({})", shown::value(&meter.name), shown::value(&meter.id))
}

fn refused(card: &RateCard, meter: &CardMeter, what: &str) -> Error {
    let (name, id) = (shown::value(&meter.name), shown::value(&meter.id));
    if card.is_table {
        return Error::input(format!("meter {name} {id}: {what}")).at_line(&card.file, meter.row as usize, 1);
    }
    Error::input(format!("meter {} of its list ({name} {id}): {what}", meter.row)).at(&card.file)
}

/// When a price ends: with its last day, or where the same meter has a later one. `alike` are its rows in all cards.
fn end_of(alike: &[(usize, &RateCard, &CardMeter)], currency: Currency, terms: &CardTerms) -> Option<Day> {
    let others = alike.iter().filter(|(_, other, _)| other.currency == currency);
    let dates = others.filter_map(|(.., other)| other.terms.as_ref().ok()?.from);
    dates.filter(|&from| Some(from) > terms.from).chain(terms.to).min()
}

/// Whether two cards say the same of a meter: a later list may know when a price ends that an earlier one left open.
fn is_same_price(
    alike: &[(usize, &RateCard, &CardMeter)],
    currency: Currency,
    one: &CardTerms,
    other: &CardTerms,
) -> bool {
    (&one.rates, one.included, one.from) == (&other.rates, other.included, other.from)
        && end_of(alike, currency, one) == end_of(alike, currency, other)
}

/// Adds the price entries of one meter. `alike` are its rows in all cards.
fn push_entries(
    alike: &[(usize, &RateCard, &CardMeter)],
    card: &RateCard,
    (card_meter, terms): (&CardMeter, &CardTerms),
    (meter, unit): (&MeterId, Option<&str>),
    per: Decimal,
    entries: &mut Vec<PriceEntry>,
) -> Result<()> {
    let refused = |what: &str| refused(card, card_meter, what);
    let to = end_of(alike, card.currency, terms);
    let applying: Vec<&Discount> =
        card.discounts.iter().filter(|term| !term.excluded.contains(&card_meter.id)).collect();
    let stretches: Vec<(Option<Day>, Option<Day>, Decimal)> = match applying[..] {
        [] => vec![(terms.from, to, Decimal::ZERO)],
        [term] => {
            let begins_later = term.from.filter(|&from| terms.from.is_none_or(|begin| begin < from));
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
            let (partner_earned_credit_percent, currency) = (Decimal::ZERO, card.currency);
            let price = Price { price, per, discount_percent, partner_earned_credit_percent, currency };
            let tier_from = tier_from.filter(|_| price.fraction().is_some());
            entries.push(PriceEntry {
                meter: meter.clone(),
                scope: Scope::All,
                from,
                to,
                tier_from: tier_from.ok_or_else(|| refused("a rate that cannot be rated exactly"))?,
                terms: Terms::Price(price),
                unit: unit.map(str::to_owned),
                note: Some(format!("{} {}", card_meter.name, card_meter.id)),
                file: card.file.clone(),
                row: card_meter.row,
                is_of_card: !card.is_table,
            });
        }
    }
    Ok(())
}

/// Where each tier begins, and its price: first the included quantity, which is free.
fn tiers_of(terms: &CardTerms) -> Vec<(Decimal, Decimal)> {
    let CardTerms { rates, included, .. } = terms;
    // Tiers count from 0, including the free quantity. Beyond it, the rate of that position holds. If no rate covers
    // that position, the price of the gap is unknown, and the rates stay as they are.
    let reached = rates.range(..=*included).next_back().map(|(_, price)| (*included, *price));
    if included.is_zero() || reached.is_none() {
        return rates.iter().map(|(from, price)| (*from, *price)).collect();
    }
    let beyond = rates.range(*included..).filter(|(from, _)| *from > included).map(|(from, price)| (*from, *price));
    std::iter::once((Decimal::ZERO, Decimal::ZERO)).chain(reached).chain(beyond).collect()
}
