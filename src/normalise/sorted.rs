//! The lines of one day and export in published order: by content first, by place last.

use rayon::prelude::*;

use super::usage::{Usage, UsageChunk};
use crate::domain::{Quantity, Slot};
use crate::table::order::{bits, order};

/// Lines with ranks, as columns in sort order. Stamp and window are the same for all lines.
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

    /// Lines that are equal to the one before them, except for their place.
    pub fn repeated(&self) -> i64 {
        let is_same = |at: &usize| self.content(*at) == self.content(at - 1);
        (1..self.len()).filter(is_same).count() as i64
    }

    fn content(&self, at: usize) -> (Slot, u32, u32, u32, Quantity) {
        (self.slot[at], self.user_subscription[at], self.meter[at], self.resource[at], self.quantity[at])
    }

    fn with_capacity(lines: usize) -> Self {
        Self {
            slot: Vec::with_capacity(lines),
            user_subscription: Vec::with_capacity(lines),
            meter: Vec::with_capacity(lines),
            resource: Vec::with_capacity(lines),
            quantity: Vec::with_capacity(lines),
            file: Vec::with_capacity(lines),
            row: Vec::with_capacity(lines),
        }
    }

    /// Adds lines that come behind these.
    fn append(&mut self, behind: Self) {
        let Self { slot, user_subscription, meter, resource, quantity, file, row } = behind;
        self.slot.extend(slot);
        self.user_subscription.extend(user_subscription);
        self.meter.extend(meter);
        self.resource.extend(resource);
        self.quantity.extend(quantity);
        self.file.extend(file);
        self.row.extend(row);
    }

    /// Adds a line of a chunk.
    fn push(&mut self, UsageChunk { file, lines, .. }: &UsageChunk, at: usize) {
        self.slot.push(lines.slot[at]);
        self.user_subscription.push(lines.user_subscription[at]);
        self.meter.push(lines.meter[at]);
        self.resource.push(lines.instance[at]);
        self.quantity.push(lines.quantity[at]);
        self.file.push(*file);
        self.row.push(lines.row[at]);
    }
}

/// The places of the lines of some chunks by slot, so that each sort is small.
#[derive(Debug)]
pub struct BySlot {
    /// The number of the chunk, and of the line in it.
    places: Vec<(u32, u32)>,
    ends: [usize; Slot::COUNT as usize],
}

impl BySlot {
    /// The lines of the chunks that `is_meant`.
    pub fn of(chunks: &[UsageChunk], is_meant: impl Fn(&UsageChunk) -> bool) -> Self {
        let meant = || (0_u32..).zip(chunks).filter(|(_, chunk)| is_meant(chunk));
        let mut ends = [0; Slot::COUNT as usize];
        for slot in meant().flat_map(|(_, chunk)| &chunk.lines.slot) {
            ends[usize::from(slot.number())] += 1;
        }
        let mut lines = 0;
        for end in &mut ends {
            lines += std::mem::replace(end, lines);
        }
        // Each number is the start of its slot, and grows to its end.
        let mut places = vec![(0, 0); lines];
        for (chunk, usage_chunk) in meant() {
            for (at, slot) in (0_u32..).zip(&usage_chunk.lines.slot) {
                let end = &mut ends[usize::from(slot.number())];
                places[*end] = (chunk, at);
                *end += 1;
            }
        }
        Self { places, ends }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Each slot that has lines, in order, with their places.
    fn slots(&self) -> impl Iterator<Item = (Slot, &[(u32, u32)])> {
        let starts = std::iter::once(0).chain(self.ends);
        let slots = (0..Slot::COUNT).map(Slot::from_number).zip(starts.zip(self.ends));
        slots.map(|(slot, (start, end))| (slot, &self.places[start..end])).filter(|(_, places)| !places.is_empty())
    }

    /// Hands over what becomes of each slot that has lines, in their order. All threads work on a slot each, so there
    /// are no more results in memory than threads.
    pub fn each<T: Send>(&self, of_slot: impl Fn(Slot, &[(u32, u32)]) -> T + Sync, mut take: impl FnMut(Slot, T)) {
        let slots: Vec<_> = self.slots().collect();
        for some in slots.chunks(rayon::current_num_threads()) {
            let made: Vec<T> = some.par_iter().map(|&(slot, places)| of_slot(slot, places)).collect();
            some.iter().zip(made).for_each(|(&(slot, _), made)| take(slot, made));
        }
    }
}

impl Usage {
    /// Sorts the lines of one export among a day's chunks.
    pub fn sorted_lines(&self, chunks: &[UsageChunk], export: u32) -> SortedLines {
        let by_slot = BySlot::of(chunks, |chunk| chunk.export == export);
        let mut lines = SortedLines::with_capacity(by_slot.len());
        let of_ids = (bits(self.user_subscriptions.len()), bits(self.meters.len()));
        // As many bits of the resource as fit, possibly none.
        let of_resource = bits(self.resources.len());
        let room = u64::BITS.saturating_sub(of_ids.0 + of_ids.1).min(of_resource);
        let key = |&(chunk, at): &(u32, u32)| {
            let (columns, at) = (&chunks[chunk as usize].lines, at as usize);
            let ids = u64::from(columns.user_subscription[at]) << of_ids.1 | u64::from(columns.meter[at]);
            ids << room | u64::from(columns.instance[at]) >> (of_resource - room)
        };
        let sorted = |_, places: &[(u32, u32)]| {
            let keys: Vec<u64> = places.iter().map(key).collect();
            let mut in_order = order(&keys, of_ids.0 + of_ids.1 + room);
            // Few lines share a key; the remaining columns decide their order.
            let whole = |&place: &u32| {
                let (chunk, at) = places[place as usize];
                let UsageChunk { file, lines: columns, .. } = &chunks[chunk as usize];
                let at = at as usize;
                (
                    columns.user_subscription[at],
                    columns.meter[at],
                    columns.instance[at],
                    columns.quantity[at],
                    *file,
                    columns.row[at],
                )
            };
            let is_same = |a: &u32, b: &u32| keys[*a as usize] == keys[*b as usize];
            for run in in_order.chunk_by_mut(is_same).filter(|run| run.len() > 1) {
                run.sort_unstable_by_key(whole);
            }
            let mut of_slot = SortedLines::with_capacity(places.len());
            for place in in_order {
                let (chunk, at) = places[place as usize];
                of_slot.push(&chunks[chunk as usize], at as usize);
            }
            of_slot
        };
        by_slot.each(sorted, |_, of_slot| lines.append(of_slot));
        lines
    }
}
