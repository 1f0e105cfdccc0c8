//! The lines of one file and usage day, column by column.

use serde::{Deserialize, Serialize};

use crate::domain::totals::{Checksum, MeterSum};
use crate::domain::{Quantity, Slot};

/// The lines of one file and one usage day, column by column.
#[derive(Debug, Default)]
pub struct Chunk {
    pub slot: Vec<Slot>,
    pub user_subscription: Vec<u32>,
    pub meter: Vec<u32>,
    pub instance: Vec<u32>,
    pub quantity: Vec<Quantity>,
    /// Place in the page's `value`, or below the header of a table, from 1.
    pub row: Vec<u32>,
    /// Lines and quantity by the number of their meter, counted as they are read, apart from the columns.
    pub by_meter: Vec<Checksum>,
}

/// The numbers of a line's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::read) struct LineNumbers {
    pub user_subscription: u32,
    pub meter: u32,
    pub instance: u32,
}

impl Chunk {
    /// Adds a line.
    pub(in crate::read) fn push(&mut self, slot: Slot, numbers: LineNumbers, quantity: Quantity, row: u32) {
        let LineNumbers { user_subscription, meter, instance } = numbers;
        let at = meter as usize;
        if self.by_meter.len() <= at {
            self.by_meter.resize(at + 1, Checksum::default());
        }
        self.by_meter[at].add_line(quantity);
        self.slot.push(slot);
        self.user_subscription.push(user_subscription);
        self.meter.push(meter);
        self.instance.push(instance);
        self.quantity.push(quantity);
        self.row.push(row);
    }

    /// Gives memory back that it does not need.
    pub(super) fn shrink(&mut self) {
        let Self { slot, user_subscription, meter, instance, quantity, row, by_meter } = self;
        slot.shrink_to_fit();
        [user_subscription, meter, instance, row].into_iter().for_each(Vec::shrink_to_fit);
        quantity.shrink_to_fit();
        by_meter.shrink_to_fit();
    }

    /// The numbers of a line.
    pub(in crate::read) fn numbers(&self, at: usize) -> LineNumbers {
        LineNumbers {
            user_subscription: self.user_subscription[at],
            meter: self.meter[at],
            instance: self.instance[at],
        }
    }

    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }
}

impl Chunk {
    /// What it holds of each meter: as the reader counted it, and added up with its range.
    pub(super) fn take_sums(&mut self) -> Vec<(u32, DaySum)> {
        let read = std::mem::take(&mut self.by_meter);
        let mut sums: Vec<DaySum> = read.into_iter().map(|read| DaySum { read, ..DaySum::default() }).collect();
        for (&meter, &quantity) in self.meter.iter().zip(&self.quantity) {
            sums[meter as usize].total.add_line(quantity);
        }
        (0..).zip(sums).filter(|(_, sum)| sum.read.lines > 0).collect()
    }
}

/// Good lines of one meter and day, counted as they are read, apart from the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    pub read: Checksum,
    pub total: MeterSum,
}

impl DaySum {
    /// Adds lines and quantity.
    pub(in crate::read) fn merge(&mut self, other: Self) {
        self.read.merge(other.read);
        self.total.merge(other.total);
    }
}
