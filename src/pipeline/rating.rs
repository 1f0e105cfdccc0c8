//! What the charges of the operator and those of the vendor have in common: the days that are rated, the proof that all
//! of them were, and what is said of prices.

use std::collections::{BTreeMap, BTreeSet};

use super::context::RunContext;
use super::fold::Folded;
use crate::balance;
use crate::domain::finding::FindingCode;
use crate::domain::price::Scope;
use crate::domain::totals::Checksum;
use crate::domain::{Finding, MeterId, Month, Quantity, Stamp, unit};
use crate::error::{Error, Result};
use crate::publication::Publisher;
use crate::publication::layout::daily_path;
use crate::publish::Names;
use crate::rate::{CardNote, KnownIds, PriceBook, Rated, StampMonth};
use crate::read::Root;
use crate::state::Unpriced;
use crate::table::contract;
use crate::table::reader;

/// The days of a stamp's month, as they will be published.
///
/// # Errors
/// They are not there, or cannot be read.
pub(super) fn load_days(stamp: &Stamp, month: Month, publisher: &Publisher) -> Result<StampMonth> {
    let path = daily_path(stamp, month);
    let missing = || reader::contradiction(&path, format!("{month} of {stamp} is not there"));
    let bytes = publisher.current(&path)?.ok_or_else(missing)?;
    let rows = reader::read_coded(path.as_ref(), bytes, &contract::DAILY, &StampMonth::COLUMNS)?;
    StampMonth::from_rows(stamp.clone(), rows)
}

/// Checks that all of the usage was rated.
///
/// # Errors
/// It was not.
pub(super) fn prove_rated(month: Month, usage: &StampMonth, rated: &Rated) -> Result<()> {
    let sum = |quantities: &[Quantity]| {
        let mut sum = Checksum::default();
        quantities.iter().for_each(|&quantity| sum.add(quantity));
        sum
    };
    balance::prove(&usage.stamp, &format!("rating {month}"), sum(&usage.quantity), sum(&rated.quantity))
}

/// Refuses prices for ids that nothing else names.
///
/// # Errors
/// There is one.
pub(super) fn refuse_unknown_scopes(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    book: &PriceBook,
    root: &Root,
) -> Result<()> {
    // Stamps that are not read, and snapshots that are replaced, may have further ids.
    let is_partly_seen = !context.plan.stamps.is_empty() || !context.plan.overrides.is_empty();
    let tenants: BTreeSet<&str> = folded.dimensions.tenants().collect();
    let billed: BTreeSet<&str> = folded.dimensions.billed_subscriptions().collect();
    let users: BTreeSet<&str> = folded.names.user_subscriptions().collect();
    let stamps: BTreeSet<&str> = root.all_stamps.iter().map(String::as_str).collect();
    book.refuse_unknown_scopes(|scope| {
        let Some(id) = scope.id() else { return KnownIds::Yes };
        // names.csv has both kinds; an id that is known to be of the other kind is not of this one.
        let is_named = |others: &BTreeSet<&str>| !others.contains(id) && folded.names.name(id).is_some();
        let (known, is_named) = match scope {
            Scope::All => return KnownIds::Yes,
            Scope::Stamp(_) => (&stamps, false),
            Scope::Tenant(_) => (&tenants, is_named(&billed)),
            Scope::BilledSubscription(_) => (&billed, is_named(&tenants)),
            Scope::UserSubscription(_) => (&users, false),
        };
        let is_elsewhere = is_partly_seen && !matches!(scope, Scope::Stamp(_));
        if known.contains(id) || is_named || is_elsewhere {
            KnownIds::Yes
        } else {
            KnownIds::No { others: known.clone() }
        }
    })
}

/// A sum of charges is out of range.
pub(super) fn past_range() -> Error {
    Error::input(
        "the charges of a month exceed what can be published: quantities up to 10^20, charges up to 10^28, amounts up \
         to 10^14",
    )
    .hint("look for an absurd price in the price book, or for absurd quantities in the lines of the month")
}

/// Whose prices findings are about: what is said of usage without one, and where a price is written.
pub(super) struct PricesSaid {
    pub code: FindingCode,
    pub no_price: &'static str,
    pub remedy: &'static str,
    pub table: &'static str,
}

pub(super) const PRICES: PricesSaid = PricesSaid {
    code: FindingCode::UsageUnpriced,
    no_price: "no price is in force for meter",
    remedy: "add its price to prices.csv; or a row without a price, whose note says why it is not billable",
    table: "prices.csv",
};

pub(super) const VENDOR_PRICES: PricesSaid = PricesSaid {
    code: FindingCode::VendorUsageUnpriced,
    no_price: "no vendor price is in force for meter",
    remedy: "add what Microsoft charges for it to vendor-prices.csv; or a row without a price, whose note says why \
             Microsoft does not charge it",
    table: "vendor-prices.csv",
};

/// Findings about usage without a price, one for each stamp and meter.
pub(super) fn unpriced<'u>(
    rows: impl Iterator<Item = (Month, &'u Unpriced)>,
    said: &PricesSaid,
    names: &Names,
) -> Vec<Finding> {
    let mut unpriced: BTreeMap<(&Stamp, &MeterId), Vec<(Month, Quantity)>> = BTreeMap::new();
    for (month, row) in rows {
        unpriced.entry((&row.stamp, &row.meter)).or_default().push((month, row.quantity));
    }
    let finding = |((stamp, meter), months): ((&Stamp, &MeterId), Vec<(Month, Quantity)>)| {
        let known = names.meter(meter);
        let unit = known.and_then(|known| known.unit.as_deref()).unwrap_or("units");
        let name =
            known.and_then(|known| known.meter_name.as_deref()).map_or_else(String::new, |name| format!(" ({name})"));
        let at_stake: Vec<String> = months
            .iter()
            .map(|(month, quantity)| format!("{} in {month}", unit::quantity(&quantity.to_string(), Some(unit))))
            .collect();
        let sentence = format!("{} {meter}{name}: {}", said.no_price, at_stake.join(", "));
        Finding::new(stamp, said.code, sentence, vec![meter.to_string()], said.remedy)
    };
    unpriced.into_iter().map(finding).collect()
}

/// Findings about rate cards.
pub(super) fn of_cards(notes: &[CardNote], said: &PricesSaid) -> Vec<Finding> {
    let mut findings = Vec::new();
    for note in notes {
        let mut found = |code, what: &str, concerned: &[String], remedy: String| {
            if !concerned.is_empty() {
                let sentence = format!("{}: {what}: {}", note.file, concerned.join(", "));
                findings.push(Finding::of_root(code, sentence, concerned.to_vec(), remedy));
            }
        };
        found(
            FindingCode::RateCardMeterUnmapped,
            "meters of Azure Stack that price no meter of the stamps",
            &note.unmapped_of_azure_stack,
            "name them in meters.csv (meter_id, azure_meter_id) where they are those of a meter, or take them out of \
             the rate card"
                .to_owned(),
        );
        found(
            FindingCode::RateCardUnitUnknown,
            "meters whose unit is not known to be that of the stamps' meter",
            &note.unknown_units,
            format!(
                "take them out of the rate card, and write their price into {} with the meter's own unit",
                said.table
            ),
        );
        found(
            FindingCode::RateCardTermNotApplied,
            "offer terms that take nothing off a price",
            &note.other_terms,
            "credits and commitments are not part of charges: settle them apart, and accept the code with --accept \
             once this is known"
                .to_owned(),
        );
    }
    findings
}
