//! Explains a statement line by the charges of each day behind it, which must add up to it exactly.
//!
//! ```text
//! statement line: 28 Virtual core hours at 0.0085 USD beyond 200 ── 0.238 USD ── 0.23 USD
//!   2026-10-16  zurich  28  0.238 USD   ◀── why --date 2026-10-16 goes on to its lines
//! ```
//! A statement covers all stamps and a whole month, so a line is always explained as a whole.

use std::collections::BTreeMap;

use super::adjusted;
use super::names::{Chosen, Wanted};
use super::statement::{PriceText, PublishedStatementLine, Statements, price_columns, prices_of, statements};
use crate::domain::totals::Totals;
use crate::domain::{Charge, Currency, Day, Month, PriceStatus, Quantity, Stamp};
use crate::error::Result;
use crate::publication::layout::{charges_path, statements_path};
use crate::publication::{ClosingEntry, MeterText, Publication};
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::adjustments::{LINE_COUNT_DELTA, QUANTITY_DELTA};
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{BILLED_SUBSCRIPTION_ID, METER_ID, QUANTITY, STAMP, USAGE_DATE};
use crate::table::reader::{Keep, contradiction};

/// The part of a statement line that falls on one day and one stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledDay {
    pub day: Day,
    pub stamp: Stamp,
    pub quantity: Quantity,
    /// `None`: not billable, or unpriced.
    pub charge: Option<Charge>,
    /// How many rows of `charges` add up to it.
    pub cells: u64,
}

/// A statement line, and the days that add up to it.
#[derive(Clone, Debug)]
pub struct BilledLine {
    pub line: PublishedStatementLine,
    /// Ordered by day, then by stamp.
    pub days: Vec<BilledDay>,
}

/// Usage that came to a month after it was closed, and is on no statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBilled {
    pub billed_subscription: String,
    pub meter: String,
    pub stamp: Stamp,
    pub adjustment: Totals,
}

/// The explained statement lines of a month.
#[derive(Debug)]
pub struct WhyBilled {
    pub month: Month,
    /// In the order of the statement.
    pub lines: Vec<BilledLine>,
    pub not_billed: Vec<NotBilled>,
    pub prices: BTreeMap<i64, PriceText>,
    pub meters: BTreeMap<String, MeterText>,
    /// Of tenants and billed subscriptions.
    pub names: BTreeMap<String, String>,
    /// Fingerprints of the input files, by their names.
    pub fingerprints: BTreeMap<String, String>,
    /// The stamps that are charged in the month, and whether the month is closed on each.
    pub stamps: BTreeMap<Stamp, bool>,
    /// Of these, the closings that were forced against objections.
    pub forced: Vec<ClosingEntry>,
}

impl WhyBilled {
    /// Whether some stamp has closed the month: its part was charged by the prices of that time.
    pub fn is_closed_anywhere(&self) -> bool {
        self.stamps.values().any(|closed| *closed)
    }
}

/// What identifies a statement line within its month.
type BilledLineKey = (String, String, PriceStatus, Option<i64>, Option<Quantity>, Option<Currency>);

type LineDays = BTreeMap<(Day, Stamp), BilledDay>;

/// Explains the lines of a month's statements that are wanted.
///
/// # Errors
/// There is no such line, published tables cannot be read, or the charges of the days do not add up to a line.
pub fn explain_billed(publication: &Publication, month: Month, wanted: &Wanted) -> Result<WhyBilled> {
    let Statements { lines, prices, meters: meter_texts, names, stamps, forced, .. } =
        statements(publication, month, wanted, false)?;
    let Chosen { billed_subscriptions, meters, .. } = wanted.among(&[publication], &[])?;
    let mut keep = Vec::new();
    for (column, ids) in [(BILLED_SUBSCRIPTION_ID, billed_subscriptions), (METER_ID, meters)] {
        if !ids.is_empty() {
            keep.push(Keep::Texts(column, ids));
        }
    }
    let mut days: BTreeMap<BilledLineKey, LineDays> = BTreeMap::new();
    for stamp in stamps.keys() {
        add_charges(publication, stamp, month, &keep, &mut days)?;
    }
    let path = statements_path(month);
    let mut explained = Vec::new();
    for line in lines {
        let line_days = days.remove(&key_of(&line)).unwrap_or_default().into_values().collect();
        let billed = BilledLine { line, days: line_days };
        prove(&path, &billed)?;
        explained.push(billed);
    }
    if let Some(((billed, meter, ..), _)) = days.first_key_value() {
        return Err(contradiction(
            &path,
            format!("charges of meter {meter} for billed subscription {billed} that no line of the statement counts"),
        ));
    }
    Ok(WhyBilled {
        month,
        lines: explained,
        not_billed: not_billed(publication, month, &keep, &stamps)?,
        prices,
        meters: meter_texts,
        names,
        fingerprints: publication.fingerprints.clone(),
        stamps,
        forced,
    })
}

fn key_of(line: &PublishedStatementLine) -> BilledLineKey {
    let PublishedStatementLine { billed_subscription, meter, price, .. } = line;
    let currency = price.terms.map(|terms| terms.currency);
    (billed_subscription.clone(), meter.clone(), price.status, price.key, price.tier_from, currency)
}

/// Adds up the charges of a stamp's month by statement line and day.
fn add_charges(
    publication: &Publication,
    stamp: &Stamp,
    month: Month,
    keep: &[Keep],
    lines: &mut BTreeMap<BilledLineKey, LineDays>,
) -> Result<()> {
    let path = charges_path(stamp, month);
    let figures: [&dyn AnyColumn; 5] = [&USAGE_DATE, &BILLED_SUBSCRIPTION_ID, &METER_ID, &QUANTITY, &CHARGE];
    let columns: Vec<&dyn AnyColumn> = figures.into_iter().chain(price_columns(&contract::CHARGES)).collect();
    for rows in publication.read(&path, &contract::CHARGES, &columns, keep)? {
        let (days, billed, meters) =
            (rows.days(USAGE_DATE)?, rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (quantities, charges) = (rows.quantities(QUANTITY)?, rows.charges(CHARGE)?);
        for (row, price) in prices_of(&path, &contract::CHARGES, &rows)?.into_iter().enumerate() {
            let currency = price.terms.map(|terms| terms.currency);
            let (billed, meter) = (billed.value(row).to_owned(), meters.value(row).to_owned());
            let key = (billed, meter, price.status, price.key, price.tier_from, currency);
            let (day, charge) = (days[row], charges.maybe(row));
            let sum = lines.entry(key).or_default().entry((day, stamp.clone())).or_insert_with(|| BilledDay {
                day,
                stamp: stamp.clone(),
                quantity: Quantity::ZERO,
                charge: charge.map(|_| Charge::ZERO),
                cells: 0,
            });
            let past_range = || contradiction(&path, format!("figures of {day} whose sum is out of range"));
            sum.quantity = sum.quantity.checked_add(quantities.value(row)).ok_or_else(past_range)?;
            sum.charge = match (sum.charge, charge) {
                (Some(sum), Some(charge)) => Some(sum.checked_add(charge).ok_or_else(past_range)?),
                (None, None) => None,
                _ => {
                    return Err(contradiction(
                        &path,
                        format!("figures of {day} with and without a charge at one price"),
                    ));
                }
            };
            sum.cells += 1;
        }
    }
    Ok(())
}

/// Proves that the days add up to the line, and that its amount is its charge plus the stated rounding difference.
fn prove(path: &str, billed: &BilledLine) -> Result<()> {
    let BilledLine { line, days } = billed;
    let line_text = || format!("meter {}, billed subscription {}", line.meter, line.billed_subscription);
    let quantity = days.iter().try_fold(Quantity::ZERO, |sum, day| sum.checked_add(day.quantity));
    if quantity != Some(line.quantity) {
        let sum = quantity.map_or_else(|| "too much".to_owned(), |quantity| quantity.to_string());
        let text =
            format!("charges of a quantity of {sum} behind a statement line of {} ({})", line.quantity, line_text());
        return Err(contradiction(path, text));
    }
    let charge = days.iter().filter_map(|day| day.charge).try_fold(Charge::ZERO, Charge::checked_add);
    let (expected, is_amount_exact) = match line.sums {
        Some(sums) => (sums.charge, sums.charge.checked_add(sums.rounding_difference) == Some(sums.amount.as_charge())),
        None => (Charge::ZERO, true),
    };
    if charge != Some(expected) {
        let sum = charge.map_or_else(|| "too much".to_owned(), |charge| charge.to_string());
        return Err(contradiction(
            path,
            format!("charges of {sum} behind a statement line of {expected} ({})", line_text()),
        ));
    }
    if !is_amount_exact {
        return Err(contradiction(
            path,
            format!("an amount that is not its charge and its rounding ({})", line_text()),
        ));
    }
    Ok(())
}

/// The adjustments of these billed subscriptions and meters.
fn not_billed(
    publication: &Publication,
    month: Month,
    keep: &[Keep],
    stamps: &BTreeMap<Stamp, bool>,
) -> Result<Vec<NotBilled>> {
    let mut sums: BTreeMap<(String, String, Stamp), Totals> = BTreeMap::new();
    let columns: [&dyn AnyColumn; 6] =
        [&STAMP, &USAGE_DATE, &BILLED_SUBSCRIPTION_ID, &METER_ID, &QUANTITY_DELTA, &LINE_COUNT_DELTA];
    for path in adjusted::tables(publication) {
        for rows in publication.read(path, &contract::ADJUSTMENTS, &columns, keep)? {
            let (row_stamps, days) = (rows.texts(STAMP)?, rows.days(USAGE_DATE)?);
            let (billed, meters) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
            let (quantities, counts) = (rows.quantities(QUANTITY_DELTA)?, rows.integers(LINE_COUNT_DELTA)?);
            for row in (0..rows.len()).filter(|&row| days[row].month() == month) {
                let Some(stamp) = stamps.keys().find(|stamp| stamp.as_str() == row_stamps.value(row)) else { continue };
                let key = (billed.value(row).to_owned(), meters.value(row).to_owned(), stamp.clone());
                let more = Totals { quantity: quantities.value(row), lines: counts.value(row) };
                let past_range =
                    |_past_range| contradiction(path, format!("adjusts {month} by more than a quantity can be"));
                sums.entry(key).or_default().merge(more).map_err(past_range)?;
            }
        }
    }
    sums.retain(|_, adjustment| !adjustment.is_nothing());
    let row =
        |((billed_subscription, meter, stamp), adjustment)| NotBilled { billed_subscription, meter, stamp, adjustment };
    Ok(sums.into_iter().map(row).collect())
}
