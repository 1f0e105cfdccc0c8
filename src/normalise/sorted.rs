//! The lines of one day and export, in the order in which they are published: by content first, place last.

use super::{Usage, UsageChunk};
use crate::domain::{Quantity, Slot};

/// One line by ranks. Field order is sort order; stamp and window are the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortedLine {
    pub slot: Slot,
    pub user_subscription: u32,
    pub meter: u32,
    pub resource: u32,
    pub quantity: Quantity,
    pub file: u32,
    pub row: u32,
}

impl SortedLine {
    /// Whether two lines are equal in all but their place.
    pub fn is_same_usage(&self, other: &Self) -> bool {
        Self { file: 0, row: 0, ..*self } == Self { file: 0, row: 0, ..*other }
    }
}

impl Usage {
    /// Sorts the lines of one export among a day's chunks.
    pub fn sorted_lines(chunks: &[UsageChunk], export: u32) -> Vec<SortedLine> {
        let own = || chunks.iter().filter(|chunk| chunk.export == export);
        let mut sorted = Vec::with_capacity(own().map(|chunk| chunk.lines.len()).sum());
        for UsageChunk { file, lines, .. } in own() {
            sorted.extend((0..lines.len()).map(|at| SortedLine {
                slot: lines.slot[at],
                user_subscription: lines.user_subscription[at],
                meter: lines.meter[at],
                resource: lines.instance[at],
                quantity: lines.quantity[at],
                file: *file,
                row: lines.row[at],
            }));
        }
        sorted.sort_unstable();
        sorted
    }
}
