//! What runs changed in figures that were published before: the table `changes`, run by run, each run with the time at
//! which it finished.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Chosen, NameKind, Wanted};
use crate::domain::correction::Billed;
use crate::domain::totals::Totals;
use crate::domain::{Amount, Charge, Corrected, Correction, Currency, Day, Place, Stamp};
use crate::error::{Error, Result};
use crate::publication::layout::{CHANGES_FOLDER, as_table, changes_path, table_in};
use crate::publication::{MeterText, Publication};
use crate::table::column::Typed;
use crate::table::contract;
use crate::table::contract::changes::{
    AMOUNT_AFTER, AMOUNT_BEFORE, BILLING_AMOUNT_AFTER, BILLING_AMOUNT_BEFORE, BILLING_CURRENCY_AFTER,
    BILLING_CURRENCY_BEFORE, CAUSE, CHARGE_AFTER, CHARGE_BEFORE, LINE_COUNT_AFTER, LINE_COUNT_BEFORE, QUANTITY_AFTER,
    QUANTITY_BEFORE,
};
use crate::table::contract::columns::{BILLED_SUBSCRIPTION_ID, CURRENCY, METER_ID, MONTH, STAMP, USAGE_DATE};
use crate::table::reader::{Keep, Rows, contradiction, integer, text};

/// Which runs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Those that finished on this UTC day or later.
    Day(Day),
    /// This one and later ones.
    Run(u64),
}

/// What a run changed, of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangingRun {
    pub number: u64,
    /// RFC 3339, UTC; `None` where its receipt is gone.
    pub finished_at: Option<String>,
    /// Amounts of statements first; then by stamp, day, billed subscription and meter: for each, the usage first, then
    /// the charges in each currency.
    pub corrections: Vec<Correction>,
}

/// What some runs changed, and the names of the ids.
#[derive(Debug)]
pub struct Changes {
    /// In order; runs that changed nothing are left out.
    pub runs: Vec<ChangingRun>,
    pub meters: BTreeMap<String, MeterText>,
    /// Of billed subscriptions.
    pub names: BTreeMap<String, String>,
    pub since: Option<Since>,
}

/// Gathers what runs changed on some stamps (all when empty), of what is wanted: by the last run that changed any of
/// it, or by all runs since.
///
/// # Errors
/// There is no such run or stamp, or a table or a receipt cannot be read.
pub fn changes(publication: &Publication, stamps: &[Stamp], wanted: &Wanted, since: Option<Since>) -> Result<Changes> {
    let numbers = runs_that_changed(publication)?;
    refuse_unknown(publication, stamps, &numbers)?;
    let first = first_run(publication, since)?;
    let chosen = chosen_of(publication, wanted, &numbers)?;
    let mut runs = Vec::new();
    for &number in numbers.range(first..).rev() {
        let mut corrections = corrected_by(publication, number, stamps)?;
        corrections.retain(|correction| {
            Chosen::is_wanted(&chosen.billed_subscriptions, &correction.billed_subscription)
                && Chosen::is_wanted(&chosen.meters, &correction.meter)
                && chosen.month.is_none_or(|month| correction.place.month() == month)
        });
        if corrections.is_empty() {
            continue;
        }
        runs.push(ChangingRun { number, finished_at: publication.finished_at(number)?, corrections });
        if since.is_none() {
            break;
        }
    }
    runs.reverse();
    Ok(Changes { runs, meters: publication.meters()?, names: publication.names()?, since })
}

/// The ids behind what was typed. A billed subscription that once paid is found in the history, though it may be gone.
fn chosen_of(publication: &Publication, wanted: &Wanted, numbers: &BTreeSet<u64>) -> Result<Chosen> {
    let mut named = BTreeSet::new();
    if !wanted.billed_subscriptions.is_empty() || !wanted.meters.is_empty() {
        for &number in numbers {
            for correction in corrected_by(publication, number, &[])? {
                named.insert((NameKind::BilledSubscription, correction.billed_subscription));
                named.insert((NameKind::Meter, correction.meter));
            }
        }
    }
    wanted.among_including(&[publication], &[], &named)
}

fn path_of(run: u64) -> String {
    as_table(&changes_path(run))
}

fn runs_that_changed(publication: &Publication) -> Result<BTreeSet<u64>> {
    let tables = publication
        .files_below(CHANGES_FOLDER)
        .into_iter()
        .filter_map(|path| Some((path, table_in(CHANGES_FOLDER, path)?)));
    let number = |(path, name): (&str, &str)| {
        name.parse().map_err(|error| contradiction(path, "is not named after a run's number".to_owned()).because(error))
    };
    tables.map(number).collect()
}

/// A stamp that is gone still has a history.
fn refuse_unknown(publication: &Publication, stamps: &[Stamp], numbers: &BTreeSet<u64>) -> Result<()> {
    let published = publication.stamps();
    if stamps.iter().all(|stamp| published.contains(stamp)) {
        return Ok(());
    }
    let mut ever_published: BTreeSet<Stamp> = published.into_iter().collect();
    for &number in numbers {
        ever_published.extend(
            corrected_by(publication, number, &[])?.iter().filter_map(|correction| correction.place.stamp().cloned()),
        );
    }
    let Some(unknown) = stamps.iter().find(|stamp| !ever_published.contains(stamp)) else { return Ok(()) };
    let names: Vec<&str> = ever_published.iter().map(Stamp::as_str).collect();
    Err(Error::usage(format!("--stamp {unknown}: the publication has, and had, no such stamp"))
        .hint(format!("it knows {}", names.join(", "))))
}

/// The first run that is wanted.
///
/// Runs follow one another. So where the receipt of a run is gone, it had finished at the latest when the next run
/// that has a receipt did: it is left out only where that was before the day.
fn first_run(publication: &Publication, since: Option<Since>) -> Result<u64> {
    let last = publication.generation;
    match since {
        None => Ok(0),
        Some(Since::Run(run)) if run > last => {
            Err(Error::usage(format!("--since {run}: no run has that number yet, the last one is {last}"))
                .hint("write the number of a run, or a UTC day as 2026-10-05"))
        }
        Some(Since::Run(run)) => Ok(run),
        Some(Since::Day(day)) => {
            // A clock may have gone backwards: so this looks for the last run before the day, not for the first one
            // after it.
            for run in (1..=last).rev() {
                let finished = publication.finished_at(run)?;
                let before =
                    finished.and_then(|time| Day::parse(time.get(..10)?)).is_some_and(|finished_on| finished_on < day);
                if before {
                    return Ok(run + 1);
                }
            }
            Ok(0)
        }
    }
}

/// What a run corrected, on some stamps or on all (when empty). Amounts belong to no stamp.
fn corrected_by(publication: &Publication, run: u64, stamps: &[Stamp]) -> Result<Vec<Correction>> {
    let path = path_of(run);
    let columns = contract::CHANGES.all();
    let stamp_filter = || Keep::Texts(STAMP, stamps.iter().map(Stamp::to_string).collect());
    let keep: Vec<Keep> = (!stamps.is_empty()).then(stamp_filter).into_iter().collect();
    let mut corrected = Vec::new();
    for rows in publication.read(&path, &contract::CHANGES, &columns, &keep)? {
        let (names, days) = (rows.texts(STAMP)?, rows.maybe_days(USAGE_DATE)?);
        let (billed, meters, causes) = (rows.texts(BILLED_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?, rows.texts(CAUSE)?);
        for (row, &day) in days.iter().enumerate() {
            let of = corrected_of(&path, &rows, row)?;
            let place = match (text(names, row), day) {
                (Some(name), Some(day)) => {
                    let stamp = Stamp::new(name);
                    Place::Day(stamp.ok_or_else(|| contradiction(&path, format!("{name:?} is not a stamp")))?, day)
                }
                _ => {
                    let month = rows.maybe_days(MONTH)?[row];
                    Place::Month(month.ok_or_else(|| contradiction(&path, "has an amount of no month".to_owned()))?)
                }
            };
            corrected.push(Correction {
                place,
                billed_subscription: billed.value(row).to_owned(),
                meter: meters.value(row).to_owned(),
                of,
                causes: causes.value(row).to_owned(),
            });
        }
    }
    Ok(corrected)
}

/// What a row says before and after. Earlier versions had no charges, or no amounts.
fn corrected_of(path: &str, rows: &Rows, row: usize) -> Result<Corrected> {
    let code = |column: Typed<str>| rows.texts(column).ok().and_then(|texts| text(texts, row));
    let currency_of =
        |code: &str| Currency::parse(code).ok_or_else(|| contradiction(path, format!("{code:?} is no currency")));
    let Some(currency) = code(CURRENCY).map(currency_of).transpose()? else {
        let totals = |quantity, lines| -> Result<Option<Totals>> {
            let quantity = rows.quantities(quantity)?.maybe(row);
            let lines = integer(rows.integers(lines)?, row);
            Ok(quantity.zip(lines).map(|(quantity, lines)| Totals { lines, quantity }))
        };
        return Ok(Corrected::Usage {
            before: totals(QUANTITY_BEFORE, LINE_COUNT_BEFORE)?,
            after: totals(QUANTITY_AFTER, LINE_COUNT_AFTER)?,
        });
    };
    let Some((before, after)) = code(BILLING_CURRENCY_BEFORE).zip(code(BILLING_CURRENCY_AFTER)) else {
        let charge = |column| -> Result<Option<Charge>> { Ok(rows.charges(column)?.maybe(row)) };
        return Ok(Corrected::Charge { currency, before: charge(CHARGE_BEFORE)?, after: charge(CHARGE_AFTER)? });
    };
    let billed = |amount, billing: &str, billing_amount| -> Result<Billed> {
        let amount_in = |column| -> Result<Amount> { Ok(rows.amounts(column)?.maybe(row).unwrap_or_default()) };
        Ok(Billed {
            amount: amount_in(amount)?,
            billing_currency: currency_of(billing)?,
            billing_amount: amount_in(billing_amount)?,
        })
    };
    Ok(Corrected::Amount {
        currency,
        before: billed(AMOUNT_BEFORE, before, BILLING_AMOUNT_BEFORE)?,
        after: billed(AMOUNT_AFTER, after, BILLING_AMOUNT_AFTER)?,
    })
}
