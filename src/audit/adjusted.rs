//! Adjustments: what came to a closed month after it was closed. They are published beside the closed figures, and
//! only both together are what the usage lines add up to.

use crate::domain::totals::Totals;
use crate::publication::Publication;
use crate::publication::layout::{ADJUSTMENTS_FOLDER, is_table};

/// A figure of a closed month, with its adjustment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// What `daily` publishes; zero where the closed month has no such figure.
    pub closed: Totals,
    /// The sum of its rows in `adjustments`; may be negative.
    pub adjustment: Totals,
}

/// The published tables of adjustments: one for each run that made any.
pub(super) fn tables(publication: &Publication) -> Vec<&str> {
    let mut tables = publication.files_below(ADJUSTMENTS_FOLDER);
    tables.retain(|path| is_table(path));
    tables
}
