//! Margins: what is charged less what Microsoft charges, of the same cells.
//!
//! ```text
//! cell   meter      charge      vendor charge      margin
//!  a     Windows   EUR 1.10          EUR 0.80    EUR 0.30
//!  b     Windows   EUR 0.30          unpriced        null     its margin is not known
//!  c     IP        EUR 0.50          USD 0.40        null     two rows: currencies are not added
//!  d     VM hours  not billable      EUR 0.20   EUR −0.20     it is never charged, which counts as 0
//! ```
//! **Invariant:** charges and vendor charges are of the same cells, with the same quantities.

use std::collections::{BTreeMap, HashMap};

use super::usage::{OwnerTexts, StampMonth, StampMonthBuilder};
use crate::domain::{Charge, ChargeStatus, Currency, Day, PriceStatus, Quantity, Stamp};
use crate::error::{Error, Result};
use crate::table::column::AnyColumn;
use crate::table::contract::CHARGE;
use crate::table::contract::columns::{CURRENCY, PRICE_STATUS};
use crate::table::reader::Rows;

/// A stamp's month in `charges` or `vendor_charges`.
#[derive(Debug)]
pub struct RatedMonth {
    usage: StampMonth,
    statuses: Vec<PriceStatus>,
    currencies: Vec<Option<Currency>>,
    charges: Vec<Option<Charge>>,
}

/// Whose usage of which meter, in which currency. In the order of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarginKey {
    pub billed_subscription: String,
    pub tenant: Option<String>,
    pub user_subscription: String,
    pub meter: String,
    /// `None`: neither side has a price.
    pub currency: Option<Currency>,
    pub charge_status: ChargeStatus,
    pub vendor_charge_status: ChargeStatus,
}

/// The sums of some cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarginSum {
    pub quantity: Quantity,
    /// Zero unless its side is priced in the currency.
    pub charge: Charge,
    pub vendor_charge: Charge,
}

/// The margins of a month.
#[derive(Debug, Default)]
pub struct Margins(pub BTreeMap<MarginKey, MarginSum>);

impl MarginKey {
    /// The margin of its cells; `None` where it is not known.
    pub fn margin(&self, sum: &MarginSum) -> Option<Charge> {
        self.currency.filter(|_| self.charge_status.is_known() && self.vendor_charge_status.is_known())?;
        sum.charge.checked_sub(sum.vendor_charge)
    }
}

impl RatedMonth {
    /// The columns that a table must have been read with.
    pub fn columns() -> Vec<&'static dyn AnyColumn> {
        [&StampMonth::COLUMNS[..], &[&PRICE_STATUS, &CURRENCY, &CHARGE]].concat()
    }

    /// Reads all rows; they must come from [`read_coded`](crate::table::reader::read_coded).
    ///
    /// # Errors
    /// A column was not read, or holds what it cannot.
    pub fn from_rows(stamp: Stamp, rows: impl Iterator<Item = Result<Rows>>) -> Result<Self> {
        let mut usage = StampMonthBuilder::new(stamp);
        let (mut statuses, mut currencies, mut charges) = (Vec::new(), Vec::new(), Vec::new());
        for rows in rows {
            let rows = rows?;
            usage.take(&rows)?;
            let (status, currency, charge) = (rows.coded(PRICE_STATUS)?, rows.coded(CURRENCY)?, rows.charges(CHARGE)?);
            for row in 0..rows.len() {
                let status = status.text(row).and_then(PriceStatus::parse);
                statuses.push(status.ok_or_else(|| Error::bug("a row of charges has no price status"))?);
                currencies.push(currency.text(row).and_then(Currency::parse));
                charges.push(charge.maybe(row));
            }
        }
        Ok(Self { usage: usage.finish(), statuses, currencies, charges })
    }

    fn len(&self) -> usize {
        self.usage.len()
    }

    /// The cell that begins at a row: its rows are its tiers.
    fn cell(&self, first: usize) -> Result<RatedCell> {
        let usage = &self.usage;
        let key = |row: usize| (usage.owner[row], usage.meter[row], usage.days[row], usage.resource[row]);
        let end = (first..self.len()).find(|row| key(*row) != key(first)).unwrap_or(self.len());
        let (mut quantity, mut charge) = (Quantity::ZERO, Charge::ZERO);
        for row in first..end {
            let sums = quantity.checked_add(usage.quantity[row]);
            quantity = sums.ok_or_else(past_range)?;
            charge = charge.checked_add(self.charges[row].unwrap_or_default()).ok_or_else(past_range)?;
        }
        let (owner, meter, day, resource) = key(first);
        let (status, currency) = (self.statuses[first], self.currencies[first]);
        Ok(RatedCell { end, owner, meter, day, resource, quantity, status, currency, charge })
    }
}

/// A cell of a day, with its tiers together.
struct RatedCell {
    /// The row behind its last.
    end: usize,
    owner: u32,
    meter: u32,
    day: Day,
    resource: i64,
    quantity: Quantity,
    status: PriceStatus,
    currency: Option<Currency>,
    charge: Charge,
}

impl Margins {
    /// Adds a stamp's month. Without `charges`, none of it is charged.
    ///
    /// # Errors
    /// The two are not of the same cells, or a sum is out of range.
    pub fn take(&mut self, charges: Option<&RatedMonth>, vendor: &RatedMonth) -> Result<()> {
        // A key with the texts of a cell is made once for all cells with its owner and meter.
        let mut sums: HashMap<(u32, u32, MarginRow), MarginSum> = HashMap::new();
        let matching = charges.map(|charges| Matching::new(charges, vendor));
        let (mut row, mut charged_row) = (0, 0);
        while row < vendor.len() {
            let cell = vendor.cell(row)?;
            row = cell.end;
            let charged = match charges.zip(matching.as_ref()) {
                None => (PriceStatus::Unpriced, None, Charge::ZERO),
                Some((charges, matching)) => {
                    let other = (charged_row < charges.len()).then(|| charges.cell(charged_row)).transpose()?;
                    let other = other.filter(|other| matching.is_same(other, &cell));
                    let other = other.ok_or_else(|| differ(&vendor.usage.stamp))?;
                    charged_row = other.end;
                    (other.status, other.currency, other.charge)
                }
            };
            for (margin_row, sides) in rows_of(charged, (cell.status, cell.currency, cell.charge)) {
                let sum = sums.entry((cell.owner, cell.meter, margin_row)).or_default();
                add(sum, cell.quantity, sides)?;
            }
        }
        if charges.is_some_and(|charges| charged_row != charges.len()) {
            return Err(differ(&vendor.usage.stamp));
        }
        for ((owner, meter, row), sum) in sums {
            let owner = &vendor.usage.owners[owner as usize];
            let key = MarginKey {
                billed_subscription: owner.billed_subscription.clone(),
                tenant: owner.tenant.clone(),
                user_subscription: owner.user_subscription.clone(),
                meter: vendor.usage.meters[meter as usize].clone(),
                currency: row.currency,
                charge_status: row.charge_status,
                vendor_charge_status: row.vendor_charge_status,
            };
            let total = self.0.entry(key).or_default();
            add(total, sum.quantity, [sum.charge, sum.vendor_charge])?;
            total.charge.checked_sub(total.vendor_charge).ok_or_else(past_range)?;
        }
        Ok(())
    }
}

/// What of a margin's key does not depend on the owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct MarginRow {
    currency: Option<Currency>,
    charge_status: ChargeStatus,
    vendor_charge_status: ChargeStatus,
}

/// A side of a cell: whether it is priced, in which currency, and what it comes to.
type RatedSide = (PriceStatus, Option<Currency>, Charge);

/// The rows of a cell, with charge and vendor charge: two where its sides are priced in two currencies.
fn rows_of(charged: RatedSide, vendor: RatedSide) -> impl Iterator<Item = (MarginRow, [Charge; 2])> {
    let first = charged.1.or(vendor.1);
    let second = vendor.1.filter(|_| vendor.1 != first).map(Some);
    std::iter::once(first).chain(second).map(move |currency| {
        let (charge_status, charge) = in_currency(charged, currency);
        let (vendor_charge_status, vendor_charge) = in_currency(vendor, currency);
        (MarginRow { currency, charge_status, vendor_charge_status }, [charge, vendor_charge])
    })
}

/// What a side is in a currency.
fn in_currency((status, priced_in, charge): RatedSide, currency: Option<Currency>) -> (ChargeStatus, Charge) {
    match status {
        PriceStatus::Priced if priced_in == currency => (ChargeStatus::Priced, charge),
        PriceStatus::Priced => (ChargeStatus::OtherCurrency, Charge::ZERO),
        PriceStatus::NotBillable => (ChargeStatus::NotBillable, Charge::ZERO),
        PriceStatus::Unpriced => (ChargeStatus::Unpriced, Charge::ZERO),
    }
}

/// The numbers of owners and meters of charges, as vendor charges have them.
struct Matching {
    owners: Vec<Option<u32>>,
    meters: Vec<Option<u32>>,
}

impl Matching {
    fn new(charges: &RatedMonth, vendor: &RatedMonth) -> Self {
        let (charged, vendor) = (&charges.usage, &vendor.usage);
        let owners: HashMap<&OwnerTexts, u32> = vendor.owners.iter().zip(0..).collect();
        let meters: HashMap<&String, u32> = vendor.meters.iter().zip(0..).collect();
        Self {
            owners: charged.owners.iter().map(|owner| owners.get(owner).copied()).collect(),
            meters: charged.meters.iter().map(|meter| meters.get(meter).copied()).collect(),
        }
    }

    fn is_same(&self, charged: &RatedCell, vendor: &RatedCell) -> bool {
        self.owners[charged.owner as usize] == Some(vendor.owner)
            && self.meters[charged.meter as usize] == Some(vendor.meter)
            && (charged.day, charged.resource, charged.quantity) == (vendor.day, vendor.resource, vendor.quantity)
    }
}

fn add(sum: &mut MarginSum, quantity: Quantity, [charge, vendor_charge]: [Charge; 2]) -> Result<()> {
    sum.quantity = sum.quantity.checked_add(quantity).ok_or_else(past_range)?;
    sum.charge = sum.charge.checked_add(charge).ok_or_else(past_range)?;
    sum.vendor_charge = sum.vendor_charge.checked_add(vendor_charge).ok_or_else(past_range)?;
    Ok(())
}

fn past_range() -> Error {
    Error::input("the margins of a month exceed what can be published: quantities up to 10^20, charges up to 10^28")
        .hint("look for an absurd price in the books, or for absurd quantities in the lines of the month")
}

fn differ(stamp: &Stamp) -> Error {
    Error::balance(format!("charges and vendor charges of {stamp} are not of the same usage"))
        .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it")
}
