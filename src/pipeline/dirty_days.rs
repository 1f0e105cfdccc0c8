//! Which days of a stamp changed since the last run (dirty), each with its causes, and which did not (clean).

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::Decider;
use crate::close::Frozen;
use crate::domain::{Cause, Day, Month};
use crate::error::{Error, Result};
use crate::read::ExportRecord;
use crate::state::{DayNote, ExportOfDay};
use crate::store::Fingerprint;

/// The days of a stamp that must be settled again, and those that are kept as published.
#[derive(Debug, Default)]
pub(super) struct DirtyDays {
    pub dirty: BTreeMap<Day, BTreeSet<Cause>>,
    pub clean: BTreeMap<Day, DayNote>,
    /// Lines of dirty days that are loaded from the published tables: by day and place of the export.
    pub loaded: BTreeMap<(Day, u32), ExportOfDay>,
    /// Months that are written again although none of their days is dirty.
    pub months_to_write: BTreeSet<Month>,
    /// Whether a text changed that flat files show.
    pub texts_changed: bool,
    /// Closed months: their figures stay as they were closed, whatever their lines add up to.
    pub closed: BTreeMap<Month, Frozen>,
    /// Whether this is a full run: no published table is used.
    pub is_full: bool,
}

impl DirtyDays {
    /// All days are dirty. Lines of `kept` exports are loaded from the published tables.
    ///
    /// # Errors
    /// The state has no record of such lines.
    pub(super) fn all(
        exports: &[ExportRecord],
        previous: &BTreeMap<Day, DayNote>,
        kept: &BTreeSet<String>,
    ) -> Result<Self> {
        let now = days_of(exports);
        let all: BTreeSet<Day> = now.keys().chain(previous.keys()).copied().collect();
        let dirty = all.into_iter().map(|day| (day, BTreeSet::from([Cause::FullRun]))).collect();
        let mut dirty_days = Self { dirty, is_full: true, ..Self::default() };
        for (place, export) in
            (0_u32..).zip(exports).filter(|(_, export)| kept.contains(&export.folder) && !export.files.is_empty())
        {
            for &day in export.days.keys() {
                let noted =
                    previous.get(&day).and_then(|note| note.exports.iter().find(|noted| noted.label == export.label));
                let noted = noted.ok_or_else(|| unknown_kept(&export.folder))?;
                dirty_days.loaded.insert((day, place), noted.clone());
            }
        }
        Ok(dirty_days)
    }

    /// The months that are written again; closed months only in a full run.
    pub(super) fn months(&self) -> BTreeSet<Month> {
        let dirty = self.dirty.keys().map(|day| day.month()).chain(self.months_to_write.iter().copied());
        dirty.chain(self.closed.keys().copied()).filter(|month| self.is_full || !self.is_closed(*month)).collect()
    }

    pub(super) fn is_closed(&self, month: Month) -> bool {
        self.closed.contains_key(&month)
    }

    /// The days that changed since `previous` was recorded: because exports changed, because `decider` decides
    /// differently now, or because their month was reopened. If such a day has lines of exports in `unread` folders,
    /// these lines are loaded from the published tables.
    pub(super) fn since(
        exports: &[ExportRecord],
        previous: BTreeMap<Day, DayNote>,
        decider: &Decider<'_>,
        reopened: &BTreeSet<Month>,
        unread: &BTreeSet<String>,
    ) -> Self {
        let now = days_of(exports);
        let mut dirty_days = Self::default();
        for (&day, inputs) in &now {
            let causes = match previous.get(&day) {
                None => BTreeSet::from([Cause::NewDay]),
                Some(note) => differences(inputs, note),
            };
            if !causes.is_empty() {
                dirty_days.dirty.insert(day, causes);
            }
        }
        for (day, note) in previous {
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

    /// Records which lines of a dirty day can be loaded from the published tables.
    fn load(
        &mut self,
        day: Day,
        exports: &[ExportRecord],
        now: &DayInputs<'_>,
        note: &DayNote,
        unread: &BTreeSet<String>,
    ) {
        let Some(inputs) = now.get(&day) else { return };
        for (place, export) in (0_u32..).zip(exports).filter(|(_, export)| unread.contains(&export.folder)) {
            let known = note.exports.iter().find(|noted| noted.label == export.label);
            if let Some(noted) = known.filter(|noted| inputs.get(noted.label.as_str()) == Some(&noted.inputs)) {
                self.loaded.insert((day, place), noted.clone());
            }
        }
    }
}

/// The fingerprint of each day's inputs, by export.
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
    note.uses.iter().all(|noted| {
        let owner = &note.owners[noted.owner as usize];
        let id = &note.user_subscriptions[owner.user_subscription as usize];
        decider.decides(id, noted.moment, &owner.billed_subscription, owner.attribution, owner.tenant.as_ref())
    })
}

/// The error for kept lines that the state has no record of.
pub(super) fn unknown_kept(folder: &str) -> Error {
    Error::input("its export is gone, and nothing is known of the lines that are published of it").at(folder).hint(
        "put the export back, or run with --forget and its folder to remove its lines (a `*` at its end stands for \
         several)",
    )
}
