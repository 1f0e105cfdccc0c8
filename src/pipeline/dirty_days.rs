//! What of a stamp is to be done: the days that changed since the last run, each with its causes, and those that stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::Decider;
use crate::close::Frozen;
use crate::domain::{Cause, Day, Month};
use crate::error::{Error, Result};
use crate::read::ExportRecord;
use crate::state::{DayNote, ExportOfDay};
use crate::store::Fingerprint;

/// The days of a stamp that are settled anew, and those that stand as they are published.
#[derive(Debug, Default)]
pub struct DirtyDays {
    pub dirty: BTreeMap<Day, BTreeSet<Cause>>,
    pub clean: BTreeMap<Day, DayNote>,
    /// Lines of touched days that are loaded from where they are published: by day and place of the export.
    pub loaded: BTreeMap<(Day, u32), ExportOfDay>,
    /// Months that are written again though no day of theirs is touched.
    pub months_to_write: BTreeSet<Month>,
    /// A text changed that flat files show.
    pub texts_changed: bool,
    /// Months whose figures are what was closed, whatever their lines come to.
    pub closed: BTreeMap<Month, Frozen>,
    /// Whether nothing that is published serves.
    pub is_full: bool,
}

impl DirtyDays {
    /// Everything. Lines of `kept` exports are loaded from where they are published.
    ///
    /// # Errors
    /// Nothing is known of such lines.
    pub fn all(exports: &[ExportRecord], former: &BTreeMap<Day, DayNote>, kept: &BTreeSet<String>) -> Result<Self> {
        let now = days_of(exports);
        let all: BTreeSet<Day> = now.keys().chain(former.keys()).copied().collect();
        let dirty = all.into_iter().map(|day| (day, BTreeSet::from([Cause::FullRun]))).collect();
        let mut dirty_days = Self { dirty, is_full: true, ..Self::default() };
        for (place, export) in
            (0_u32..).zip(exports).filter(|(_, own)| kept.contains(&own.folder) && !own.files.is_empty())
        {
            for &day in export.days.keys() {
                let own = former.get(&day).and_then(|note| note.exports.iter().find(|own| own.label == export.label));
                let own = own.ok_or_else(|| unknown_kept(&export.folder))?;
                dirty_days.loaded.insert((day, place), own.clone());
            }
        }
        Ok(dirty_days)
    }

    /// The months that are written again. A closed one is only where nothing that is published serves.
    pub fn months(&self) -> BTreeSet<Month> {
        let dirty = self.dirty.keys().map(|day| day.month()).chain(self.months_to_write.iter().copied());
        dirty.chain(self.closed.keys().copied()).filter(|month| self.is_full || !self.is_closed(*month)).collect()
    }

    pub fn is_closed(&self, month: Month) -> bool {
        self.closed.contains_key(&month)
    }

    /// What changed since `former` was noted: as exports, as `decider` decides now, and in months that were opened
    /// again. Of exports in the `unread` folders published lines are loaded, where their day is touched by something
    /// else.
    pub fn since(
        exports: &[ExportRecord],
        former: BTreeMap<Day, DayNote>,
        decider: &Decider<'_>,
        reopened: &BTreeSet<Month>,
        unread: &BTreeSet<String>,
    ) -> Self {
        let now = days_of(exports);
        let mut dirty_days = Self::default();
        for (&day, inputs) in &now {
            let causes = match former.get(&day) {
                None => BTreeSet::from([Cause::NewDay]),
                Some(note) => differences(inputs, note),
            };
            if !causes.is_empty() {
                dirty_days.dirty.insert(day, causes);
            }
        }
        for (day, note) in former {
            if !now.contains_key(&day) {
                dirty_days.dirty.insert(day, BTreeSet::from([Cause::WindowRemoved]));
            } else {
                let causes = [
                    (!decides_alike(decider, &note)).then_some(Cause::AttributionChanged),
                    reopened.contains(&day.month()).then_some(Cause::MonthReopened),
                ];
                for cause in causes.into_iter().flatten() {
                    dirty_days.dirty.entry(day).or_default().insert(cause);
                }
            }
            if dirty_days.dirty.contains_key(&day) {
                dirty_days.load(day, exports, &now, &note, unread);
            } else {
                dirty_days.clean.insert(day, note);
            }
        }
        dirty_days
    }

    /// Notes which lines of a touched day can be loaded from where they are published.
    fn load(
        &mut self,
        day: Day,
        exports: &[ExportRecord],
        now: &DayInputs<'_>,
        note: &DayNote,
        unread: &BTreeSet<String>,
    ) {
        let Some(inputs) = now.get(&day) else { return };
        for (place, export) in (0_u32..).zip(exports).filter(|(_, own)| unread.contains(&own.folder)) {
            let known = note.exports.iter().find(|own| own.label == export.label);
            if let Some(own) = known.filter(|own| inputs.get(own.label.as_str()) == Some(&own.inputs)) {
                self.loaded.insert((day, place), own.clone());
            }
        }
    }
}

/// What the lines of each day are made of, by export.
type DayInputs<'a> = BTreeMap<Day, BTreeMap<&'a str, Fingerprint>>;

fn days_of(exports: &[ExportRecord]) -> DayInputs<'_> {
    let mut days: DayInputs<'_> = BTreeMap::new();
    for export in exports.iter().filter(|export| !export.files.is_empty()) {
        for &day in export.days.keys() {
            days.entry(day).or_default().insert(&export.label, export.inputs_of(day));
        }
    }
    days
}

fn differences(now: &BTreeMap<&str, Fingerprint>, note: &DayNote) -> BTreeSet<Cause> {
    let before = note.inputs();
    let mut causes = BTreeSet::new();
    for (label, inputs) in now {
        match before.get(label) {
            None => drop(causes.insert(Cause::WindowAdded)),
            Some(other) if other != inputs => drop(causes.insert(Cause::WindowChanged)),
            Some(_) => {}
        }
    }
    if before.keys().any(|label| !now.contains_key(label)) {
        causes.insert(Cause::WindowRemoved);
    }
    causes
}

fn decides_alike(decider: &Decider<'_>, note: &DayNote) -> bool {
    note.uses.iter().all(|own| {
        let owner = &note.owners[own.owner as usize];
        let id = &note.user_subscriptions[owner.user_subscription as usize];
        decider.decides(id, own.moment, &owner.billed_subscription, owner.attribution, owner.tenant.as_ref())
    })
}

/// The refusal of kept lines that nothing is known of.
pub fn unknown_kept(folder: &str) -> Error {
    Error::input("its export is gone, and nothing is known of the lines that are published of it").at(folder).hint(
        "put the export back, or run with --forget and its folder to remove its lines (a `*` at its end stands for \
         several)",
    )
}
