//! What every step of a run needs, and none changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::plan::Plan;
use crate::close::Frozen;
use crate::control::Control;
use crate::domain::{Month, Stamp};
use crate::publication::Publisher;

/// What closed months froze, by stamp.
pub type ClosedMonths = BTreeMap<Stamp, BTreeMap<Month, Frozen>>;

/// What every step of a run needs, and none changes.
pub struct RunContext<'a> {
    pub plan: &'a Plan,
    pub control: &'a Control,
    pub publisher: &'a Publisher,
    pub closed: ClosedMonths,
    /// Stamps that stay as they were published.
    pub left: BTreeSet<Stamp>,
    /// Why everything is made anew, where it is.
    pub full_run: Option<String>,
    /// The clock, for the receipt and for what is known of files alone.
    pub started_at: DateTime<Utc>,
}

impl RunContext<'_> {
    pub fn is_full(&self) -> bool {
        self.full_run.is_some()
    }
}
