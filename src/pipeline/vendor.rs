//! Vendor charges and margins: what Microsoft charges for the days of each month, and what is left to the operator.
//!
//! Vendor charges are made as charges are, by a book of their own. Microsoft does not know which months were closed
//! here, so they are rated as all others; and its tiers are graduated, whatever the operator's are.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::charging::{Charging, CheckedBook};
use super::context::RunContext;
use super::fold::Folded;
use super::rating::{self, load_days, prove_rated, refuse_unknown_scopes};
use super::vanished::{PriceTable, Vanished};
use crate::domain::{Finding, MeterId, Month, PriceEntry, Quantity, Stamp, Tiering};
use crate::error::{Error, Result};
use crate::publication::Publisher;
use crate::publication::layout::{
    CHARGES_FOLDER, DAILY_FOLDER, VENDOR_CHARGES_FOLDER, charges_path, margins_path, stamp_and_month_in,
    vendor_charges_path,
};
use crate::publish::{Names, margins_csv, publish_margins, publish_vendor_charges, publish_vendor_prices};
use crate::rate::{Margins, PriceBook, Rated, RatedMonth, RatedRows, StampMonth, rate_month};
use crate::read::Root;
use crate::state::{MarginNote, ShownIds, Unpriced, VendorMonth, VendorMonths};
use crate::store::Fingerprint;
use crate::table::column::Table;
use crate::table::contract;
use crate::table::reader;

/// Rates every month whose usage or vendor prices changed, and stages vendor charges, vendor prices and margins;
/// without vendor prices, none of them. Returns findings.
///
/// # Errors
/// Prices for unknown ids, a sum out of range, a table that cannot be staged.
pub(super) fn charge_vendor(
    context: &RunContext<'_>,
    folded: &Folded<'_>,
    charging: &Charging,
    root: &Root,
    vanished: &mut Vanished,
) -> Result<Vec<Finding>> {
    let Some(vendor) = &charging.vendor else { return Ok(Vec::new()) };
    refuse_unknown_scopes(context, folded, &vendor.book, root)?;
    let rated_last = context.publisher.out().map(VendorMonths::load).transpose()?.unwrap_or_default();
    let nothing = VendorMonths::default();
    let previous = if context.is_full() { &nothing } else { &rated_last };
    let entries = previous.0.iter().flat_map(|(month, rated)| rated.entries.iter().map(|entry| (*month, entry)));
    let has_entry = |key| vendor.book.entry_of(key).is_some();
    vanished.refuse_lost_prices(PriceTable::Vendor, &vendor.files, entries, has_entry)?;
    let mut rated = VendorMonths::default();
    for (month, stamps) in stamps_by_month(context.publisher, DAILY_FOLDER) {
        context.control.check()?;
        let known = previous.0.get(&month);
        let made = vendor_month(context.publisher, vendor, month, &stamps, known)?;
        rated.0.insert(month, made);
    }
    let mut prices: BTreeMap<i64, PriceEntry> = BTreeMap::new();
    for entry in rated.0.values().flat_map(|month| &month.entries) {
        prices.entry(entry.key()).or_insert_with(|| entry.clone());
    }
    publish_vendor_prices(&prices, context.publisher)?;
    let charged = stamps_by_month(context.publisher, CHARGES_FOLDER);
    let vendor_charged = stamps_by_month(context.publisher, VENDOR_CHARGES_FOLDER);
    for (month, made) in &mut rated.0 {
        context.control.check()?;
        let known = previous.0.get(month).and_then(|known| known.margin.as_ref());
        let Some(sides) = charged.get(month).zip(vendor_charged.get(month)) else { continue };
        made.margin = Some(margins_of(context.publisher, *month, sides, known, &folded.names)?);
    }
    rated.save(context.publisher)?;
    let unpriced = rated.0.iter().flat_map(|(month, made)| made.unpriced.iter().map(|row| (*month, row)));
    let mut findings = rating::unpriced(unpriced, &rating::VENDOR_PRICES, &folded.names);
    findings.extend(rating::of_cards(&vendor.notes, &rating::VENDOR_PRICES));
    Ok(findings)
}

/// The fingerprints of a month's tables, by stamp.
type StampTables = BTreeMap<Stamp, String>;

/// The tables of each month in a folder of stamps.
fn stamps_by_month(publisher: &Publisher, folder: &str) -> BTreeMap<Month, StampTables> {
    let mut months: BTreeMap<Month, StampTables> = BTreeMap::new();
    for (path, fingerprint) in publisher.made_below(folder) {
        if let Some((stamp, month)) = stamp_and_month_in(folder, &path) {
            months.entry(month).or_default().insert(stamp, fingerprint);
        }
    }
    months
}

/// Rates a month over all stamps, unless nothing of it changed.
fn vendor_month(
    publisher: &Publisher,
    CheckedBook { book, .. }: &CheckedBook,
    month: Month,
    stamps: &StampTables,
    known: Option<&VendorMonth>,
) -> Result<VendorMonth> {
    let failed = |error| Error::bug_of("fingerprint vendor prices", error);
    let prices = Fingerprint::of(&serde_json::to_vec(&book.fingerprints_of(month)).map_err(failed)?);
    let usage = Fingerprint::of(&serde_json::to_vec(stamps).map_err(failed)?);
    if let Some(known) = known.filter(|known| (known.prices, known.usage) == (prices, usage)) {
        for stamp in stamps.keys() {
            publisher.keep(&vendor_charges_path(stamp, month))?;
        }
        return Ok(known.clone());
    }
    let load = |stamp: &Stamp| load_days(stamp, month, publisher);
    let loaded: Vec<StampMonth> = stamps.par_iter().map(|(stamp, _)| load(stamp)).collect::<Result<_>>()?;
    let rows: Vec<RatedRows<'_>> = loaded.iter().map(|usage| RatedRows { usage, closed: None }).collect();
    let rated: Vec<Rated> = rate_month(&rows, book, Tiering::Graduated)?.into_iter().flatten().collect();
    loaded.par_iter().zip(&rated).try_for_each(|(usage, rated)| {
        prove_rated(month, usage, rated)?;
        publish_vendor_charges(month, usage, rated, book, publisher)
    })?;
    let mut made = VendorMonth { prices, usage, entries: Vec::new(), unpriced: Vec::new(), margin: None };
    let mut entries: BTreeMap<i64, &PriceEntry> = BTreeMap::new();
    for (usage, rated) in loaded.iter().zip(&rated) {
        note_rated(usage, rated, book, &mut entries, &mut made.unpriced)?;
    }
    made.unpriced.sort_by(|a, b| (&a.stamp, &a.meter).cmp(&(&b.stamp, &b.meter)));
    made.entries = entries.into_values().cloned().collect();
    Ok(made)
}

/// Notes the entries that a stamp's month uses, and what of it has no price.
fn note_rated<'b>(
    usage: &StampMonth,
    rated: &Rated,
    book: &'b PriceBook,
    entries: &mut BTreeMap<i64, &'b PriceEntry>,
    unpriced: &mut Vec<Unpriced>,
) -> Result<()> {
    let mut without: BTreeMap<u32, Quantity> = BTreeMap::new();
    for row in 0..rated.len() {
        match rated.entry(row) {
            Some(entry) => drop(entries.insert(book.key(entry), book.entry(entry))),
            None => {
                let sum = without.entry(usage.meter[rated.cell[row] as usize]).or_default();
                *sum = sum.checked_add(rated.quantity[row]).ok_or_else(rating::past_range)?;
            }
        }
    }
    for (meter, quantity) in without.into_iter().filter(|(_, quantity)| *quantity != Quantity::ZERO) {
        let blank = || reader::contradiction("daily", "holds a blank id".to_owned());
        let meter = MeterId::new(&usage.meters[meter as usize]).ok_or_else(blank)?;
        unpriced.push(Unpriced { stamp: usage.stamp.clone(), meter, quantity, is_closed: false });
    }
    Ok(())
}

/// Publishes the margins of a month, from its charges and vendor charges, unless nothing of them changed. Returns what
/// they are made of.
fn margins_of(
    publisher: &Publisher,
    month: Month,
    (charged, vendor): (&StampTables, &StampTables),
    known: Option<&MarginNote>,
    names: &Names,
) -> Result<MarginNote> {
    let inputs = serde_json::to_vec(&(charged, vendor));
    let inputs = Fingerprint::of(&inputs.map_err(|error| Error::bug_of("fingerprint charges", error))?);
    if let Some(known) = known.filter(|known| known.inputs == inputs && known.names == known.shown.fingerprint(names)) {
        publisher.keep(&margins_path(month))?;
        publisher.keep_csv(&margins_csv(month));
        return Ok(known.clone());
    }
    let mut margins = Margins::default();
    for stamp in vendor.keys() {
        let load = |table, path: &str| load_rated(publisher, stamp, table, path);
        let is_charged = charged.contains_key(stamp);
        let (charges, vendor_charges) = rayon::join(
            || is_charged.then(|| load(&contract::CHARGES, &charges_path(stamp, month))).transpose(),
            || load(&contract::VENDOR_CHARGES, &vendor_charges_path(stamp, month)),
        );
        margins.take(charges?.as_ref(), &vendor_charges?)?;
    }
    publish_margins(month, &margins, names, publisher)?;
    let shown = ShownIds::from_margins(&margins);
    Ok(MarginNote { inputs, names: shown.fingerprint(names), shown })
}

/// A stamp's month of charges or vendor charges, as it will be published.
fn load_rated(publisher: &Publisher, stamp: &Stamp, table: &'static Table, path: &str) -> Result<RatedMonth> {
    let missing = || reader::contradiction(path, "is not there".to_owned());
    let bytes = publisher.current(path)?.ok_or_else(missing)?;
    let rows = reader::read_coded(path.as_ref(), bytes, table, &RatedMonth::columns())?;
    RatedMonth::from_rows(stamp.clone(), rows)
}
