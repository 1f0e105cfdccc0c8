//! What came to closed months after they were closed: it stands beside the closed figures, and only both together are
//! what the lines come to.

use crate::domain::totals::Totals;
use crate::publication::Publication;

/// A figure of a closed month, to which something came since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// What stands in `daily`; nothing, where the closed month has no such figure.
    pub closed: Totals,
    /// What stands in `adjustments`; may be below zero.
    pub by: Totals,
}

/// The published tables of adjustments: one for each run that made some.
pub(super) fn tables(publication: &Publication) -> Vec<&str> {
    let mut tables = publication.files_below("history/adjustments/");
    tables.retain(|path| path.ends_with(".parquet"));
    tables
}
