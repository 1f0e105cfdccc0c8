//! A month, rated: all stamps together, since tiers run through all of them.

use hashbrown::HashMap;

use super::book::{PriceBook, Ruling, Tier};
use super::usage::StampMonth;
use crate::domain::price::charge;
use crate::domain::{Charge, Currency, Day, PriceStatus, Quantity, Tiering};
use crate::error::{Error, Result};

/// A stamp's month whose charges are made now, or stand as they were closed.
#[derive(Debug)]
pub struct RatedRows<'a> {
    pub usage: &'a StampMonth,
    /// Of each row the currency in which it was charged when its month was closed; `None`: it is to be rated.
    pub closed: Option<&'a [Option<Currency>]>,
}

/// The charges of a stamp's month, column by column: a cell has one row, and where it crosses tiers one for each of
/// them.
#[derive(Debug, Default)]
pub struct Rated {
    /// The cell of the stamp's month.
    pub cell: Vec<u32>,
    pub quantity: Vec<Quantity>,
    entry: Vec<u32>,
    /// Zero where there is none.
    charge: Vec<Charge>,
    status: Vec<PriceStatus>,
}

impl Rated {
    /// In the place of an entry: no price is in force.
    const NO_ENTRY: u32 = u32::MAX;

    fn with_capacity(rows: usize) -> Self {
        Self {
            cell: Vec::with_capacity(rows),
            quantity: Vec::with_capacity(rows),
            entry: Vec::with_capacity(rows),
            charge: Vec::with_capacity(rows),
            status: Vec::with_capacity(rows),
        }
    }

    fn push(&mut self, cell: usize, quantity: Quantity, (status, entry): (PriceStatus, u32), charge: Charge) {
        self.cell.push(cell as u32);
        self.quantity.push(quantity);
        self.entry.push(entry);
        self.charge.push(charge);
        self.status.push(status);
    }

    pub fn len(&self) -> usize {
        self.cell.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cell.is_empty()
    }

    pub fn status(&self, row: usize) -> PriceStatus {
        self.status[row]
    }

    /// The price entry of a row, by its place in the book; `None`: no price is in force.
    pub fn entry(&self, row: usize) -> Option<u32> {
        Some(self.entry[row]).filter(|own| *own != Self::NO_ENTRY)
    }

    /// `None`: not billable, or unpriced.
    pub fn charge(&self, row: usize) -> Option<Charge> {
        (self.status[row] == PriceStatus::Priced).then(|| self.charge[row])
    }
}

/// Who a tier counts for: (billed subscription, meter, currency), by numbers of this month.
type Counter = (u32, u32, Currency);
type Counters = HashMap<Counter, Quantity, foldhash::fast::FixedState>;
type TierOwner<'a> = HashMap<&'a str, u32, foldhash::fast::FixedState>;

/// Rates the months of stamps, in order of their names. What was closed is not rated again, and counts for the tiers of
/// what is.
///
/// # Errors
/// A charge or a sum of quantities past its range.
pub fn rate_month<'a>(
    stamps: &'a [RatedRows<'a>],
    book: &'a PriceBook,
    tiering: Tiering,
) -> Result<Vec<Option<Rated>>> {
    let mut rating = Rating { book, tiering, used: Counters::default(), totals: Counters::default() };
    let (mut billed_ids, mut meter_ids) = (TierOwner::default(), TierOwner::default());
    let mut of_stamps: Vec<StampRating<'_>> =
        stamps.iter().map(|own| StampRating::new(own, book, &mut billed_ids, &mut meter_ids)).collect();
    if tiering == Tiering::Volume {
        for own in &mut of_stamps {
            for row in 0..own.rows.usage.len() {
                rating.add_to_totals(own, row)?;
            }
        }
    }
    let mut days: Vec<Day> = stamps.iter().flat_map(|own| own.usage.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        for own in &mut of_stamps {
            while own.next < own.rows.usage.len() && own.rows.usage.days[own.next] == day {
                rating.row(own, own.next)?;
                own.next += 1;
            }
        }
    }
    Ok(of_stamps.into_iter().map(|own| own.rows.closed.is_none().then_some(own.rated)).collect())
}

/// What a ruling depends on: owner, meter and day.
type RuledBy = (u32, u32, Day);

/// A stamp while its month is rated.
struct StampRating<'a> {
    rows: &'a RatedRows<'a>,
    /// Of each owner and meter, their numbers of this month.
    billed: Vec<u32>,
    meters: Vec<u32>,
    /// Of each meter, whether its quantities are counted for tiers.
    is_counted: Vec<bool>,
    next: usize,
    /// What rules the last owner, meter and day.
    last: Option<(RuledBy, Option<&'a Ruling>)>,
    rated: Rated,
}

impl<'a> StampRating<'a> {
    fn new(
        rows: &'a RatedRows<'a>,
        book: &PriceBook,
        billed_ids: &mut TierOwner<'a>,
        meter_ids: &mut TierOwner<'a>,
    ) -> Self {
        let usage = rows.usage;
        let number = |ids: &mut TierOwner<'a>, text: &'a str| {
            let next = ids.len() as u32;
            *ids.entry(text).or_insert(next)
        };
        Self {
            rows,
            billed: usage.owners.iter().map(|own| number(billed_ids, &own.billed_subscription)).collect(),
            meters: usage.meters.iter().map(|own| number(meter_ids, own)).collect(),
            is_counted: usage.meters.iter().map(|own| book.has_tiers(own)).collect(),
            next: 0,
            last: None,
            rated: Rated::with_capacity(if rows.closed.is_some() { 0 } else { usage.len() }),
        }
    }

    fn counter(&self, row: usize, currency: Currency) -> Counter {
        let usage = self.rows.usage;
        (self.billed[usage.owner[row] as usize], self.meters[usage.meter[row] as usize], currency)
    }

    fn is_counted(&self, row: usize) -> bool {
        self.is_counted[self.rows.usage.meter[row] as usize]
    }

    /// What rules a row that is to be rated. Neighbours mostly have one owner, meter and day.
    fn ruling(&mut self, row: usize, book: &'a PriceBook) -> Option<&'a Ruling> {
        let usage = self.rows.usage;
        let key = (usage.owner[row], usage.meter[row], usage.days[row]);
        if let Some((last, ruling)) = self.last
            && last == key
        {
            return ruling;
        }
        let owner = &usage.owners[usage.owner[row] as usize];
        let ids = [
            Some(owner.user_subscription.as_str()),
            owner.tenant.as_deref(),
            Some(owner.billed_subscription.as_str()),
            Some(usage.stamp.as_str()),
        ];
        let ruling = book.ruling(&usage.meters[usage.meter[row] as usize], ids, usage.days[row]);
        self.last = Some((key, ruling));
        ruling
    }
}

/// What goes on from row to row.
struct Rating<'a> {
    book: &'a PriceBook,
    tiering: Tiering,
    /// What was rated of the month so far.
    used: Counters,
    /// What the month comes to, for tiers by volume.
    totals: Counters,
}

impl<'a> Rating<'a> {
    fn add_to_totals(&mut self, own: &mut StampRating<'a>, row: usize) -> Result<()> {
        if !own.is_counted(row) {
            return Ok(());
        }
        let currency = match &own.rows.closed {
            Some(closed) => closed[row],
            None => own.ruling(row, self.book).and_then(Ruling::currency),
        };
        let Some(currency) = currency else { return Ok(()) };
        add(&mut self.totals, own.counter(row, currency), own.rows.usage.quantity[row], own, row)
    }

    fn row(&mut self, own: &mut StampRating<'a>, row: usize) -> Result<()> {
        let quantity = own.rows.usage.quantity[row];
        if let Some(closed) = &own.rows.closed {
            let counted = closed[row].filter(|_| own.is_counted(row));
            return counted
                .map_or(Ok(()), |currency| add(&mut self.used, own.counter(row, currency), quantity, own, row));
        }
        match own.ruling(row, self.book) {
            None => own.rated.push(row, quantity, (PriceStatus::Unpriced, Rated::NO_ENTRY), Charge::ZERO),
            Some(Ruling::NotBillable(entry)) => {
                own.rated.push(row, quantity, (PriceStatus::NotBillable, *entry), Charge::ZERO);
            }
            Some(Ruling::Tiers { currency, tiers }) => {
                let counter = own.counter(row, *currency);
                match (tiers.as_slice(), self.tiering) {
                    ([only], _) => {
                        self.part(own, row, only, quantity)?;
                        if own.is_counted(row) {
                            add(&mut self.used, counter, quantity, own, row)?;
                        }
                    }
                    (tiers, Tiering::Volume) => {
                        let total = self.totals.get(&counter).copied().unwrap_or_default();
                        // A tier begins beyond its quantity, as in graduated ones.
                        let at = tiers.partition_point(|tier| tier.from < total).saturating_sub(1);
                        self.part(own, row, &tiers[at], quantity)?;
                    }
                    (tiers, Tiering::Graduated) => self.graduated(own, row, tiers, counter, quantity)?,
                }
            }
        }
        Ok(())
    }

    /// Splits a cell exactly where it crosses tiers.
    fn graduated(
        &mut self,
        own: &mut StampRating<'a>,
        row: usize,
        tiers: &[Tier],
        counter: Counter,
        quantity: Quantity,
    ) -> Result<()> {
        let used = self.used.get(&counter).copied().unwrap_or_default();
        add(&mut self.used, counter, quantity, own, row)?;
        let mut at = tiers.partition_point(|tier| tier.from <= used).saturating_sub(1);
        let (mut position, mut left) = (used.scaled(), quantity.scaled());
        loop {
            let room = tiers.get(at + 1).map(|next| next.from.scaled() - position);
            let taken = room.map_or(left, |room| room.min(left));
            self.part(own, row, &tiers[at], Quantity::from_scaled(taken))?;
            (position, left, at) = (position + taken, left - taken, at + 1);
            if left == 0 {
                return Ok(());
            }
        }
    }

    fn part(&self, own: &mut StampRating<'a>, row: usize, tier: &Tier, quantity: Quantity) -> Result<()> {
        let charge = charge(tier.fraction, quantity).ok_or_else(|| {
            let (usage, entry) = (own.rows.usage, self.book.entry(tier.entry));
            Error::input(format!(
                "{quantity} of meter {} on {} of stamp {} comes to more than a charge can be (10^28)",
                entry.meter, usage.days[row], usage.stamp
            ))
            .at_line(&entry.file, entry.row as usize, 1)
            .hint("correct the price, or `per`; or look for absurd quantities in the lines of that day")
        })?;
        own.rated.push(row, quantity, (PriceStatus::Priced, tier.entry), charge);
        Ok(())
    }
}

fn add(to: &mut Counters, counter: Counter, quantity: Quantity, own: &StampRating<'_>, row: usize) -> Result<()> {
    let sum = to.entry(counter).or_default();
    *sum = sum.checked_add(quantity).ok_or_else(|| {
        let usage = own.rows.usage;
        Error::input(format!(
            "meter {} sums to more than DECIMAL(38,18) holds for billed subscription {}",
            usage.meters[usage.meter[row] as usize], usage.owners[usage.owner[row] as usize].billed_subscription
        ))
        .hint("no meter counts that much: look for absurd quantities in the lines of the month")
    })?;
    Ok(())
}
