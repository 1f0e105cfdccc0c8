//! A month, rated: all stamps together, since tiers run through all of them.

use hashbrown::HashMap;

use super::book::{PriceBook, Ruling, Tier};
use super::usage::StampMonth;
use crate::domain::price::charge;
use crate::domain::{Charge, Currency, Day, PriceStatus, Quantity, Tiering};
use crate::error::{Error, Result};

/// A stamp's month that is rated now, or whose charges stay as they were closed.
#[derive(Debug)]
pub struct RatedRows<'a> {
    pub usage: &'a StampMonth,
    /// For each row, the currency in which it was charged when its month was closed; `None`: the month is to be rated.
    pub closed: Option<&'a [Option<Currency>]>,
}

/// The charges of a stamp's month, column by column. A cell has one row, or one row for each tier that it crosses.
#[derive(Debug, Default)]
pub struct Rated {
    /// The cell of the stamp's month.
    pub cell: Vec<u32>,
    pub quantity: Vec<Quantity>,
    entry: Vec<u32>,
    /// Zero if there is none.
    charge: Vec<Charge>,
    status: Vec<PriceStatus>,
}

impl Rated {
    /// Stands for an entry if no price is in force.
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
        Some(self.entry[row]).filter(|entry| *entry != Self::NO_ENTRY)
    }

    /// `None`: not billable, or unpriced.
    pub fn charge(&self, row: usize) -> Option<Charge> {
        (self.status[row] == PriceStatus::Priced).then(|| self.charge[row])
    }
}

/// What tiers are counted by: (billed subscription, meter, currency), by numbers of this month.
type Counter = (u32, u32, Currency);
type Counters = HashMap<Counter, Quantity, foldhash::fast::FixedState>;
type TierOwner<'a> = HashMap<&'a str, u32, foldhash::fast::FixedState>;

/// Rates the months of stamps, in order of their names. A closed month is not rated again, but its quantities count
/// towards the tiers of the others.
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
    let mut ratings: Vec<StampRating<'_>> =
        stamps.iter().map(|rows| StampRating::new(rows, book, &mut billed_ids, &mut meter_ids)).collect();
    if tiering == Tiering::Volume {
        for stamp in &mut ratings {
            for row in 0..stamp.rows.usage.len() {
                rating.add_to_totals(stamp, row)?;
            }
        }
    }
    let mut days: Vec<Day> = stamps.iter().flat_map(|rows| rows.usage.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        for stamp in &mut ratings {
            while stamp.next < stamp.rows.usage.len() && stamp.rows.usage.days[stamp.next] == day {
                rating.row(stamp, stamp.next)?;
                stamp.next += 1;
            }
        }
    }
    Ok(ratings.into_iter().map(|stamp| stamp.rows.closed.is_none().then_some(stamp.rated)).collect())
}

/// What a ruling depends on: owner, meter and day.
type RulingKey = (u32, u32, Day);

/// A stamp while its month is rated.
struct StampRating<'a> {
    rows: &'a RatedRows<'a>,
    /// The number of each owner's billed subscription, and of each meter, in this month.
    billed: Vec<u32>,
    meters: Vec<u32>,
    /// For each meter, whether its quantities count towards tiers.
    is_counted: Vec<bool>,
    next: usize,
    /// The ruling of the last owner, meter and day.
    last: Option<(RulingKey, Option<&'a Ruling>)>,
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
            billed: usage.owners.iter().map(|owner| number(billed_ids, &owner.billed_subscription)).collect(),
            meters: usage.meters.iter().map(|meter| number(meter_ids, meter)).collect(),
            is_counted: usage.meters.iter().map(|meter| book.has_tiers(meter)).collect(),
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

    /// The ruling of a row that is to be rated. Neighbours mostly have the same owner, meter and day.
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

/// What is carried from row to row.
struct Rating<'a> {
    book: &'a PriceBook,
    tiering: Tiering,
    /// The quantities that were rated so far.
    used: Counters,
    /// The totals of the month, for volume tiers.
    totals: Counters,
}

impl<'a> Rating<'a> {
    fn add_to_totals(&mut self, stamp: &mut StampRating<'a>, row: usize) -> Result<()> {
        if !stamp.is_counted(row) {
            return Ok(());
        }
        let currency = match &stamp.rows.closed {
            Some(closed) => closed[row],
            None => stamp.ruling(row, self.book).and_then(Ruling::currency),
        };
        let Some(currency) = currency else { return Ok(()) };
        add(&mut self.totals, stamp.counter(row, currency), stamp.rows.usage.quantity[row], stamp, row)
    }

    fn row(&mut self, stamp: &mut StampRating<'a>, row: usize) -> Result<()> {
        let quantity = stamp.rows.usage.quantity[row];
        if let Some(closed) = &stamp.rows.closed {
            let counted = closed[row].filter(|_| stamp.is_counted(row));
            return counted
                .map_or(Ok(()), |currency| add(&mut self.used, stamp.counter(row, currency), quantity, stamp, row));
        }
        match stamp.ruling(row, self.book) {
            None => stamp.rated.push(row, quantity, (PriceStatus::Unpriced, Rated::NO_ENTRY), Charge::ZERO),
            Some(Ruling::NotBillable(entry)) => {
                stamp.rated.push(row, quantity, (PriceStatus::NotBillable, *entry), Charge::ZERO);
            }
            Some(Ruling::Tiers { currency, tiers }) => {
                let counter = stamp.counter(row, *currency);
                match (tiers.as_slice(), self.tiering) {
                    ([only], _) => {
                        self.part(stamp, row, only, quantity)?;
                        if stamp.is_counted(row) {
                            add(&mut self.used, counter, quantity, stamp, row)?;
                        }
                    }
                    (tiers, Tiering::Volume) => {
                        let total = self.totals.get(&counter).copied().unwrap_or_default();
                        // A tier begins beyond its quantity, as with graduated tiers.
                        let at = tiers.partition_point(|tier| tier.from < total).saturating_sub(1);
                        self.part(stamp, row, &tiers[at], quantity)?;
                    }
                    (tiers, Tiering::Graduated) => self.graduated(stamp, row, tiers, counter, quantity)?,
                }
            }
        }
        Ok(())
    }

    /// Splits a cell exactly where it crosses tiers.
    fn graduated(
        &mut self,
        stamp: &mut StampRating<'a>,
        row: usize,
        tiers: &[Tier],
        counter: Counter,
        quantity: Quantity,
    ) -> Result<()> {
        let used = self.used.get(&counter).copied().unwrap_or_default();
        add(&mut self.used, counter, quantity, stamp, row)?;
        let mut at = tiers.partition_point(|tier| tier.from <= used).saturating_sub(1);
        let (mut position, mut left) = (used.scaled(), quantity.scaled());
        loop {
            let room = tiers.get(at + 1).map(|next| next.from.scaled() - position);
            let taken = room.map_or(left, |room| room.min(left));
            self.part(stamp, row, &tiers[at], Quantity::from_scaled(taken))?;
            (position, left, at) = (position + taken, left - taken, at + 1);
            if left == 0 {
                return Ok(());
            }
        }
    }

    fn part(&self, stamp: &mut StampRating<'a>, row: usize, tier: &Tier, quantity: Quantity) -> Result<()> {
        let charge = charge(tier.fraction, quantity).ok_or_else(|| {
            let (usage, entry) = (stamp.rows.usage, self.book.entry(tier.entry));
            Error::input(format!(
                "{quantity} of meter {} on {} of stamp {} comes to more than a charge can be (10^28)",
                entry.meter, usage.days[row], usage.stamp
            ))
            .at_line(&entry.file, entry.row as usize, 1)
            .hint("correct the price, or `per`; or look for absurd quantities in the lines of that day")
        })?;
        stamp.rated.push(row, quantity, (PriceStatus::Priced, tier.entry), charge);
        Ok(())
    }
}

fn add(to: &mut Counters, counter: Counter, quantity: Quantity, stamp: &StampRating<'_>, row: usize) -> Result<()> {
    let sum = to.entry(counter).or_default();
    *sum = sum.checked_add(quantity).ok_or_else(|| {
        let usage = stamp.rows.usage;
        Error::input(format!(
            "meter {} sums to more than DECIMAL(38,18) holds for billed subscription {}",
            usage.meters[usage.meter[row] as usize], usage.owners[usage.owner[row] as usize].billed_subscription
        ))
        .hint("no meter counts that much: look for absurd quantities in the lines of the month")
    })?;
    Ok(())
}
