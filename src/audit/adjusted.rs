//! What came to closed months after they were closed: it stands beside the closed figures, and only both together are what
//! the lines come to.

use super::publication::Publication;
use crate::domain::Quantity;

/// A quantity and the lines that were summed for it; of one meter always, since meters do not add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub quantity: Quantity,
    pub line_count: i64,
}

impl Total {
    /// The sum; `None` when it leaves the range of a quantity.
    pub fn plus(self, other: Self) -> Option<Self> {
        let quantity = self.quantity.checked_add(other.quantity)?;
        Some(Self { quantity, line_count: self.line_count + other.line_count })
    }

    /// Whether no line comes to it, and no quantity.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// A figure of a closed month, to which something came since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// What stands in `daily`; nothing, where the closed month has no such figure.
    pub closed: Total,
    /// What stands in `adjustments`; may be below zero.
    pub by: Total,
}

/// The published tables of adjustments: one for each run that made some.
pub(super) fn tables(publication: &Publication) -> Vec<&str> {
    let mut tables = publication.files_below("history/adjustments/");
    tables.retain(|path| path.ends_with(".parquet"));
    tables
}
