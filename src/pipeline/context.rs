//! Shared data of a run that no step changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::plan::Plan;
use crate::close::Frozen;
use crate::control::Control;
use crate::domain::{Month, Stamp};
use crate::publication::Publisher;

/// The frozen data of closed months, by stamp.
pub(super) type ClosedMonths = BTreeMap<Stamp, BTreeMap<Month, Frozen>>;

/// Shared data of a run that no step changes.
pub(super) struct RunContext<'a> {
    pub plan: &'a Plan,
    pub control: &'a Control,
    pub publisher: &'a Publisher,
    pub closed: ClosedMonths,
    /// Stamps that stay as they were published.
    pub left: BTreeSet<Stamp>,
    /// Why this is a full run, if it is.
    pub full_run: Option<String>,
    /// When the run started; only for the receipt and for the stats of files.
    pub started_at: DateTime<Utc>,
}

impl RunContext<'_> {
    pub(super) fn is_full(&self) -> bool {
        self.full_run.is_some()
    }
}
