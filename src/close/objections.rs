//! Objections to closing a stamp's month: days that may still change, usage without a price or without a known user,
//! and findings that figures may be wrong.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::coverage::{CoverageRow, DayState};
use crate::domain::finding::Severity;
use crate::domain::shown;
use crate::domain::totals::Totals;
use crate::domain::{Attribution, Charge, Currency, Day, Month, PriceStatus, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::publication::layout::{charges_path, daily_path};
use crate::publication::{MeterText, Overridden, Publication};
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::charges::CHARGE;
use crate::table::contract::columns::{ATTRIBUTION, CURRENCY, METER_ID, PRICE_STATUS, QUANTITY};
use crate::table::figures::{FigureTable, Figures};
use crate::table::reader::text;

/// How many days, meters or ids a sentence lists.
const SHOWN: usize = 5;

/// Whether a stamp's month is ready to be closed.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    pub days_settled: i64,
    pub days_before_stamp: i64,
    pub objections: Vec<Objection>,
}

/// One objection, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub stamp: Stamp,
    pub what: Overridden,
    pub remedy: String,
}

impl Readiness {
    /// Examines what is published of a stamp's month.
    ///
    /// # Errors
    /// A table cannot be read, or a sum leaves its range.
    pub(super) fn of(publication: &Publication, coverage: &[CoverageRow], stamp: &Stamp, month: Month) -> Result<Self> {
        let mut readiness = Self::default();
        let mut object = |reason: &str, sentence: String, remedy: &str| {
            let what = Overridden { reason: reason.to_owned(), sentence };
            readiness.objections.push(Objection { stamp: stamp.clone(), what, remedy: remedy.to_owned() });
        };
        let days = DayStates::of(coverage, stamp, month);
        if !days.partial.is_empty() {
            object(
                "days_partial",
                days.sentence(&days.partial, "partial: reported time is missing"),
                "fetch the exports that `stacktally coverage` shows as missing, and run again",
            );
        }
        if !days.open.is_empty() {
            object(
                "days_not_settled",
                days.sentence(&days.open, "open: later windows may still bring lines of them"),
                "wait until the windows of the days after them are in, and run again",
            );
        }
        let meters = publication.meters()?;
        let charges = Charged::of(publication, stamp, month)?;
        if !charges.unpriced.is_empty() {
            let each = charges.unpriced.iter().map(|(meter, quantity)| amount_of(*quantity, meter, &meters));
            object(
                "usage_unpriced",
                format!("no price is in force for {}", first_few(&each.collect::<Vec<_>>())),
                "add the price to prices.csv, or a row without a price whose note says why it is not billable, and \
                 run again",
            );
        }
        let unknown = Unknown::of(publication, stamp, month)?;
        if unknown.lines > 0 {
            object(
                Attribution::DefaultUserSubscriptionUnknown.as_str(),
                unknown.sentence(&charges.unknown, &meters),
                "save a listing of user subscriptions that holds them, or name those that are your own with \
                 --operator-user-subscription, and run again",
            );
        }
        for finding in publication.findings_of(stamp, month) {
            // Unpriced usage was counted above, for this month alone.
            if finding.code.severity() == Severity::Error
                && !finding.accepted
                && finding.code.as_str() != "usage_unpriced"
            {
                object(finding.code.as_str(), finding.sentence.clone(), &finding.remedy);
            }
        }
        readiness.days_settled = days.settled;
        readiness.days_before_stamp = days.before_stamp;
        Ok(readiness)
    }
}

/// The error that refuses a closing, with all objections to it.
pub(super) fn refused(month: Month, objections: &[Objection]) -> Error {
    let worded = |objection: &Objection| {
        let Objection { stamp, what: Overridden { reason, sentence }, remedy } = objection;
        format!("\n  {stamp} {reason}: {sentence}\n    remedy: {remedy}")
    };
    let reasons = shown::counted(objections.len() as i64, "reason");
    let all: String = objections.iter().map(worded).collect();
    Error::input(format!("{month} cannot be closed, for {reasons}:{all}")).hint(
        "put these right; or close it anyway with --force --reason TEXT, which is kept with this list in \
         history/closings.jsonl; --stamp closes other stamps alone",
    )
}

/// The days of a month by their state.
struct DayStates {
    month: Month,
    settled: i64,
    /// Days without usage and without a window, before the first reported window: the stamp did not exist yet.
    before_stamp: i64,
    open: Vec<Day>,
    partial: Vec<Day>,
}

impl DayStates {
    fn of(coverage: &[CoverageRow], stamp: &Stamp, month: Month) -> Self {
        let rows: BTreeMap<Day, &CoverageRow> =
            coverage.iter().filter(|row| row.stamp == *stamp).map(|row| (row.coverage.day, row)).collect();
        let windows = rows.values().flat_map(|row| &row.coverage.windows);
        let first_reported = windows.map(|window| window.start.day()).min();
        // Without any window, only its usage shows when the stamp began.
        let begins = first_reported.or_else(|| rows.keys().next().copied());
        let mut states = Self { month, settled: 0, before_stamp: 0, open: Vec::new(), partial: Vec::new() };
        for day in month.days() {
            let row = rows.get(&day);
            match row.map(|row| row.coverage.state) {
                Some(DayState::Settled) => states.settled += 1,
                Some(DayState::Open) => states.open.push(day),
                None if begins.is_some_and(|first| day < first) => states.before_stamp += 1,
                Some(DayState::Partial) | None => states.partial.push(day),
            }
        }
        states
    }

    fn sentence(&self, days: &[Day], state: &str) -> String {
        let (count, all) = (days.len(), self.month.days().count() as i64 - self.before_stamp);
        let are = if count == 1 { "is" } else { "are" };
        format!(
            "{count} of {all} days {are} not settled ({state}): {}",
            first_few(&days.iter().map(Day::to_string).collect::<Vec<_>>())
        )
    }
}

/// What the charges of a month say about prices and owners.
#[derive(Default)]
struct Charged {
    /// Quantities that no price is in force for, by meter.
    unpriced: BTreeMap<String, Quantity>,
    /// Charges for usage of user subscriptions that no listing knows.
    unknown: BTreeMap<Currency, Charge>,
}

impl Charged {
    fn of(publication: &Publication, stamp: &Stamp, month: Month) -> Result<Self> {
        const COLUMNS: [&dyn AnyColumn; 6] = [&ATTRIBUTION, &METER_ID, &QUANTITY, &PRICE_STATUS, &CURRENCY, &CHARGE];
        let mut charged = Self::default();
        for rows in publication.read(&charges_path(stamp, month), &contract::CHARGES, &COLUMNS, &[])? {
            let (attributions, meters) = (rows.texts(ATTRIBUTION)?, rows.texts(METER_ID)?);
            let (states, currencies) = (rows.texts(PRICE_STATUS)?, rows.texts(CURRENCY)?);
            let (quantities, charges) = (rows.quantities(QUANTITY)?, rows.charges(CHARGE)?);
            for row in 0..rows.len() {
                if states.value(row) == PriceStatus::Unpriced.as_str() {
                    let sum = charged.unpriced.entry(meters.value(row).to_owned()).or_default();
                    let quantity = quantities.maybe(row).unwrap_or(Quantity::ZERO);
                    *sum = sum.checked_add(quantity).ok_or_else(past_range)?;
                }
                let charge = charges.maybe(row);
                let priced = text(currencies, row).and_then(Currency::parse).zip(charge);
                if attributions.value(row) == Attribution::DefaultUserSubscriptionUnknown.as_str()
                    && let Some((currency, charge)) = priced
                {
                    let sum = charged.unknown.entry(currency).or_default();
                    *sum = sum.checked_add(charge).ok_or_else(past_range)?;
                }
            }
        }
        charged.unpriced.retain(|_, quantity| *quantity != Quantity::ZERO);
        Ok(charged)
    }
}

/// Usage that is charged to the default subscription because no listing knows its owner.
#[derive(Default)]
struct Unknown {
    lines: i64,
    meters: BTreeMap<String, Totals>,
    user_subscriptions: BTreeSet<String>,
}

impl Unknown {
    fn of(publication: &Publication, stamp: &Stamp, month: Month) -> Result<Self> {
        let (mut unknown, table) = (Self::default(), FigureTable::DAILY);
        for rows in publication.read(&daily_path(stamp, month), table.table, &table.columns(), &[])? {
            let figures = Figures::of(&rows, table)?;
            let attribution = Attribution::DefaultUserSubscriptionUnknown.as_str();
            for figure in figures.iter().filter(|figure| figure.attribution == attribution) {
                unknown.lines += figure.totals.lines;
                unknown.meters.entry(figure.meter.to_owned()).or_default().merge(figure.totals)?;
                if !unknown.user_subscriptions.contains(figure.user_subscription) {
                    unknown.user_subscriptions.insert(figure.user_subscription.to_owned());
                }
            }
        }
        Ok(unknown)
    }

    fn sentence(&self, charged: &BTreeMap<Currency, Charge>, meters: &BTreeMap<String, MeterText>) -> String {
        let lines = if self.lines == 1 { "1 line is".to_owned() } else { format!("{} lines are", self.lines) };
        let each = self.meters.iter().map(|(meter, totals)| {
            let lines = if totals.lines == 1 { "line" } else { "lines" };
            format!("{} in {} {lines}", amount_of(totals.quantity, meter, meters), totals.lines)
        });
        let charged: Vec<String> = charged.iter().map(|(currency, charge)| format!("{charge} {currency}")).collect();
        let charged = if charged.is_empty() { String::new() } else { format!("; charged {}", charged.join(" and ")) };
        format!(
            "{lines} charged to the default subscription, since no listing holds {}: {}{charged}",
            first_few(&self.user_subscriptions.iter().cloned().collect::<Vec<_>>()),
            first_few(&each.collect::<Vec<_>>())
        )
    }
}

/// `12.5 VM hours of meter 6dab500f-… (VM size hours)`.
fn amount_of(quantity: Quantity, meter: &str, meters: &BTreeMap<String, MeterText>) -> String {
    let text = meters.get(meter);
    let unit = text.and_then(|text| text.unit.as_deref()).unwrap_or("units");
    let name = text.and_then(|text| text.name.as_deref()).map_or_else(String::new, |name| format!(" ({name})"));
    format!("{quantity} {unit} of meter {meter}{name}")
}

/// The first few, and how many more there are.
fn first_few(all: &[String]) -> String {
    let more = if all.len() > SHOWN { format!(" and {} more", all.len() - SHOWN) } else { String::new() };
    format!("{}{more}", all[..all.len().min(SHOWN)].join(", "))
}

fn past_range() -> Error {
    Error::input("what is published of the month sums to more than can be counted")
        .hint("look for absurd prices or quantities in it")
}
