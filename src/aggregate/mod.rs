//! Owned usage → hourly → daily → monthly. Sums only.
//!
//! ```text
//! lines of a day:  18h vm-1  2.0        hourly:  18h vm-1  3.0  2 lines      daily:  vm-1  7.0  3 lines
//!                  18h vm-1  1.0   →             19h vm-1  4.0  1 line   →
//!                  19h vm-1  4.0
//! ```
//! A Daily line is never split into hours: it is in daily and monthly, not in hourly. Meters are never added together,
//! since the meter is part of every key.

mod cells;
mod packed;

use self::cells::{merged, sum_by_key, sum_in_order};
use crate::attribute::{OwnedUsage, OwnersOfDay};
use crate::domain::limits::QUANTITY_MAX;
use crate::domain::totals::{MeterTotals, Totals};
use crate::domain::{Day, Slot};
use crate::error::{Error, Result};
use crate::normalise::{BySlot, UsageChunk};
use crate::read::Chunk;
use std::collections::BTreeMap;

pub use cells::Cells;
pub use packed::{Packing, UnpackedKey};

/// The facts of one (stamp, day), keys sorted.
#[derive(Debug)]
pub struct DayFacts {
    pub day: Day,
    /// By slot, owner, meter and resource; hours only.
    pub hourly: Cells,
    /// By owner, meter and resource.
    pub daily: Cells,
    /// The input, by meter: of all lines, and of the Hourly ones.
    pub used: MeterTotals<u32>,
    pub used_hourly: MeterTotals<u32>,
}

/// Aggregates the lines of one day.
///
/// # Errors
/// A sum past `DECIMAL(38,18)`, named by its meter.
pub fn day_facts(owned: &OwnedUsage, packing: Packing, day: Day, chunks: &[UsageChunk]) -> Result<DayFacts> {
    let (used, used_hourly) = account_of(owned, day, chunks)?;
    let (mut hourly, mut daily) = (Cells::default(), Cells::default());
    let cells_by_slot = BySlot::of(chunks, |_| true);
    let owners: Vec<OwnersOfDay<'_>> = chunks.iter().map(|chunk| owned.owners_on(day, chunk.export)).collect();
    let sums_of = |_, places: &[(u32, u32)]| {
        let mut cells = Cells::with_capacity(places.len());
        for &(chunk, at) in places {
            let (owners, lines, at) = (&owners[chunk as usize], &chunks[chunk as usize].lines, at as usize);
            cells.push(key_of_day(packing, owners, lines, at), lines.quantity[at], 1);
        }
        sum_in_order(&cells, packing.bits_without_slot())
    };
    cells_by_slot.each(sums_of, |slot, sums| {
        if slot != Slot::DAILY {
            hourly.extend(&sums, |key| packing.with_slot(key, slot));
        }
        daily = merged(&daily, &sums);
    });
    Ok(DayFacts { day, hourly, daily, used, used_hourly })
}

/// The daily cells of some of a day's lines. Their sums are part of the day's sums.
pub fn cells_of_day<'a>(
    owned: &OwnedUsage,
    packing: Packing,
    day: Day,
    chunks: impl Iterator<Item = &'a UsageChunk>,
) -> Cells {
    let mut cells = Cells::default();
    for chunk in chunks {
        let (owners, lines) = (owned.owners_on(day, chunk.export), &chunk.lines);
        for at in 0..lines.len() {
            cells.push(key_of_day(packing, &owners, lines, at), lines.quantity[at], 1);
        }
    }
    sum_in_order(&cells, packing.bits_without_slot())
}

/// The key of a line within its day.
fn key_of_day(packing: Packing, owners: &OwnersOfDay<'_>, lines: &Chunk, at: usize) -> u64 {
    let owner = owners.of(lines.slot[at], lines.user_subscription[at]);
    packing.pack(UnpackedKey { slot: Slot::DAILY, owner, meter: lines.meter[at], resource: lines.instance[at] })
}

/// The cells of several days of one month, summed without their resources.
///
/// # Errors
/// A failure of the engine.
pub fn month_facts<'a>(packing: Packing, days: impl IntoIterator<Item = &'a Cells>) -> Result<Cells> {
    let mut cells = Cells::default();
    for day in days {
        for (key, quantity, line_count) in day.iter() {
            cells.push(packing.without_resource(key), quantity, line_count);
        }
    }
    sum_by_key(cells)
}

/// The usage on default subscriptions, each day's cells summed without their resources.
///
/// # Errors
/// A failure of the engine.
pub fn default_facts(owned: &OwnedUsage, packing: Packing, daily: &BTreeMap<Day, Cells>) -> Result<Vec<(Day, Cells)>> {
    let is_default: Vec<bool> = owned.owners.iter().map(|owner| owner.attribution.is_default()).collect();
    let of_day = |(day, cells): (&Day, &Cells)| {
        let mut default_cells = Cells::default();
        for (key, quantity, line_count) in cells.iter() {
            if is_default[packing.unpack(key).owner as usize] {
                default_cells.push(packing.without_resource(key), quantity, line_count);
            }
        }
        sum_by_key(default_cells).map(|cells| (*day, cells))
    };
    daily.iter().map(of_day).collect()
}

/// The totals of cells, by meter.
///
/// # Errors
/// A sum past the range.
pub fn account(packing: Packing, cells: &Cells) -> Result<MeterTotals<u32>> {
    let mut account = MeterTotals::default();
    for (key, quantity, lines) in cells.iter() {
        account.add(packing.unpack(key).meter, Totals { lines, quantity })?;
    }
    Ok(account)
}

/// Sums a day's lines by meter, without the engine: the bound that makes the engine's sums safe, and one side of the
/// balance.
fn account_of(owned: &OwnedUsage, day: Day, chunks: &[UsageChunk]) -> Result<(MeterTotals<u32>, MeterTotals<u32>)> {
    let mut totals = vec![[Totals::default(); 2]; owned.usage.meters.len()];
    for chunk in chunks {
        let lines = &chunk.lines;
        for ((&slot, &meter), &quantity) in lines.slot.iter().zip(&lines.meter).zip(&lines.quantity) {
            let total = &mut totals[meter as usize][slot.granularity() as usize];
            total.merge(Totals { lines: 1, quantity }).map_err(|_past_range| past_range(owned, meter, day))?;
        }
    }
    let (mut used, mut hourly) = (MeterTotals::default(), MeterTotals::default());
    for (meter, parts) in totals.into_iter().enumerate() {
        for (total, is_hourly) in parts.into_iter().zip([false, true]) {
            if total.lines > 0 {
                used.add(meter as u32, total).map_err(|_past_range| past_range(owned, meter as u32, day))?;
                if is_hourly {
                    hourly.add(meter as u32, total)?;
                }
            }
        }
    }
    Ok((used, hourly))
}

/// The refusal of a sum that `DECIMAL(38,18)` cannot hold.
pub fn past_range(owned: &OwnedUsage, meter: u32, day: Day) -> Error {
    Error::input(format!(
        "meter {} of stamp {} sums to more than {} by {day}, beyond DECIMAL(38,18)",
        owned.usage.meters[meter as usize],
        owned.usage.stamp,
        crate::domain::Quantity::from_scaled(QUANTITY_MAX),
    ))
    .hint("no meter counts that much: look in `lines` of an earlier run, or in the export, for absurd quantities")
}
