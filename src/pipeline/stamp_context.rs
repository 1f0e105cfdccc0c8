//! Shared data for settling a stamp that no step changes.

use std::collections::BTreeSet;

use crate::aggregate::Packing;
use crate::attribute::OwnedUsage;
use crate::balance::ControlTotals;
use crate::control::Control;
use crate::domain::MeterId;
use crate::domain::totals::MeterTotals;
use crate::error::Result;
use crate::pipeline::dirty_days::DirtyDays;
use crate::pipeline::published_facts::PublishedFacts;
use crate::publication::Publisher;
use crate::publish::{Names, StampTexts};
use crate::state::{DayNote, MeterOfDay};

/// Shared data for settling a stamp.
pub(super) struct StampContext<'a> {
    pub control: &'a Control,
    pub publisher: &'a Publisher,
    pub names: &'a Names,
    pub owned: &'a OwnedUsage,
    pub packing: Packing,
    pub texts: StampTexts,
    pub published: PublishedFacts<'a>,
    pub csv_hourly: bool,
    pub dirty_days: &'a DirtyDays,
    /// Windows of the exports that the last run knew.
    pub previous_exports: &'a BTreeSet<String>,
}

impl StampContext<'_> {
    pub(super) fn books(&self) -> ControlTotals<'_> {
        ControlTotals { stamp: &self.owned.usage.stamp, meters: &self.owned.usage.meters }
    }

    pub(super) fn rank_of(&self, meter: &MeterId) -> u32 {
        self.owned.usage.meters.binary_search(meter).expect("every meter that is noted has a rank") as u32
    }

    /// The totals in a day's note, by the ranks of meters.
    pub(super) fn account_of(&self, note: &DayNote) -> Result<MeterTotals<u32>> {
        let mut account = MeterTotals::default();
        for MeterOfDay { meter, used, .. } in &note.meters {
            account.add(self.rank_of(meter), *used)?;
        }
        Ok(account)
    }
}
