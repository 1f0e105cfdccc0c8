//! The lines of one day and export, in the order in which they are published: by content first, place last.

use super::{Usage, UsageChunk};
use crate::domain::{Quantity, Slot};
use crate::frame::order;

/// Lines by ranks, column by column: in order of the columns, the first one first. Stamp and window are the same for all.
#[derive(Debug, Default)]
pub struct SortedLines {
    pub slot: Vec<Slot>,
    pub user_subscription: Vec<u32>,
    pub meter: Vec<u32>,
    pub resource: Vec<u32>,
    pub quantity: Vec<Quantity>,
    pub file: Vec<u32>,
    pub row: Vec<u32>,
}

impl SortedLines {
    pub fn len(&self) -> usize {
        self.slot.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slot.is_empty()
    }

    /// Lines that equal the one before them in all but their place.
    pub fn repeated(&self) -> i64 {
        let is_same = |at: &usize| self.content(*at) == self.content(at - 1);
        (1..self.len()).filter(is_same).count() as i64
    }

    fn content(&self, at: usize) -> (Slot, u32, u32, u32, Quantity) {
        (self.slot[at], self.user_subscription[at], self.meter[at], self.resource[at], self.quantity[at])
    }

    /// The same lines in another order.
    fn at(&self, places: &[u32]) -> Self {
        fn picked<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
            places.iter().map(|&at| values[at as usize]).collect()
        }
        Self {
            slot: picked(&self.slot, places),
            user_subscription: picked(&self.user_subscription, places),
            meter: picked(&self.meter, places),
            resource: picked(&self.resource, places),
            quantity: picked(&self.quantity, places),
            file: picked(&self.file, places),
            row: picked(&self.row, places),
        }
    }
}

impl Usage {
    /// Sorts the lines of one export among a day's chunks.
    pub fn sorted_lines(&self, chunks: &[UsageChunk], export: u32) -> SortedLines {
        let mut lines = SortedLines::default();
        for UsageChunk { file, lines: own, .. } in chunks.iter().filter(|chunk| chunk.export == export) {
            lines.slot.extend(&own.slot);
            lines.user_subscription.extend(&own.user_subscription);
            lines.meter.extend(&own.meter);
            lines.resource.extend(&own.instance);
            lines.quantity.extend(&own.quantity);
            lines.file.extend(std::iter::repeat_n(*file, own.len()));
            lines.row.extend(&own.row);
        }
        let (keys, bits) = self.keys_of(&lines);
        let mut places = order(&keys, bits);
        // Few lines have one key; they are told apart by what it leaves out.
        let whole = |&at: &u32| (lines.content(at as usize), lines.file[at as usize], lines.row[at as usize]);
        for run in places.chunk_by_mut(|&a, &b| keys[a as usize] == keys[b as usize]).filter(|run| run.len() > 1) {
            run.sort_unstable_by_key(whole);
        }
        lines.at(&places)
    }

    /// Slot, user subscription, meter and resource of each line in one integer of so many bits: of the resource as much as
    /// there is room for, and nothing where there is none at all.
    fn keys_of(&self, lines: &SortedLines) -> (Vec<u64>, u32) {
        let bits = |count: usize| usize::BITS - count.saturating_sub(1).leading_zeros();
        let (user_subscription_bits, meter_bits) = (bits(self.user_subscriptions.len()), bits(self.meters.len()));
        let ids = Slot::BITS + user_subscription_bits + meter_bits;
        let resource_bits = bits(self.resources.len());
        let Some(room) = u64::BITS.checked_sub(ids).map(|room| room.min(resource_bits)) else {
            return (vec![0; lines.len()], 0);
        };
        let key = |at: usize| {
            let key = u64::from(lines.slot[at].number()) << user_subscription_bits;
            let key = (key | u64::from(lines.user_subscription[at])) << meter_bits;
            let key = (key | u64::from(lines.meter[at])) << room;
            key | u64::from(lines.resource[at]) >> (resource_bits - room)
        };
        ((0..lines.len()).map(key).collect(), ids + room)
    }
}
