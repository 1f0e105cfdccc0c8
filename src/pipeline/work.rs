//! What of a stamp is to be done: the days that changed since the last run, each with its causes, and those that stand.

use std::collections::{BTreeMap, BTreeSet};

use super::making::unknown_kept;
use crate::attribute::Decider;
use crate::domain::{Cause, Day, Month};
use crate::error::Result;
use crate::read::{ExportLines, Fingerprint};
use crate::state::{DayNote, ExportOfDay};

/// The days of a stamp that are settled anew, and those that stand as they are published.
#[derive(Debug, Default)]
pub struct StampWork {
    pub touched: BTreeMap<Day, BTreeSet<Cause>>,
    pub standing: BTreeMap<Day, DayNote>,
    /// Lines of touched days that are loaded from where they are published: by day and place of the export.
    pub loaded: BTreeMap<(Day, u32), ExportOfDay>,
    /// Months that are written again though no day of theirs is touched.
    pub months_to_write: BTreeSet<Month>,
    /// A text changed that flat files show.
    pub texts_changed: bool,
    /// Nothing stands: even a stamp that has no day may have been published with some.
    pub is_all: bool,
}

impl StampWork {
    /// Everything. Lines of `kept` exports are loaded from where they are published.
    ///
    /// # Errors
    /// Nothing is known of such lines.
    pub fn all(exports: &[ExportLines], former: &BTreeMap<Day, DayNote>, kept: &BTreeSet<String>) -> Result<Self> {
        let now = days_of(exports);
        let all: BTreeSet<Day> = now.keys().chain(former.keys()).copied().collect();
        let touched = all.into_iter().map(|day| (day, BTreeSet::from([Cause::FullRun]))).collect();
        let mut work = Self { touched, is_all: true, ..Self::default() };
        for (place, export) in
            (0_u32..).zip(exports).filter(|(_, own)| kept.contains(&own.folder) && !own.files.is_empty())
        {
            for &day in export.days.keys() {
                let own = former.get(&day).and_then(|note| note.exports.iter().find(|own| own.label == export.label));
                let own = own.ok_or_else(|| unknown_kept(&export.folder))?;
                work.loaded.insert((day, place), own.clone());
            }
        }
        Ok(work)
    }

    /// The months that are written again.
    pub fn months(&self) -> BTreeSet<Month> {
        self.touched.keys().map(|day| day.month()).chain(self.months_to_write.iter().copied()).collect()
    }

    /// What changed since `former` was noted. Lines are loaded of the folders of `unread` exports. `decider` is there if
    /// snapshots may decide otherwise now.
    pub fn since(
        exports: &[ExportLines],
        former: BTreeMap<Day, DayNote>,
        unread: &BTreeSet<String>,
        decider: Option<&Decider<'_>>,
    ) -> Self {
        let now = days_of(exports);
        let mut work = Self::default();
        for (&day, inputs) in &now {
            let causes = match former.get(&day) {
                None => BTreeSet::from([Cause::NewDay]),
                Some(note) => differences(inputs, note),
            };
            if !causes.is_empty() {
                work.touched.insert(day, causes);
            }
        }
        for (day, note) in former {
            if !now.contains_key(&day) {
                work.touched.insert(day, BTreeSet::from([Cause::WindowRemoved]));
            } else if decider.is_some_and(|decider| !decides_alike(decider, &note)) {
                work.touched.entry(day).or_default().insert(Cause::AttributionChanged);
            }
            if work.touched.contains_key(&day) {
                work.load(day, exports, unread, &now, &note);
            } else {
                work.standing.insert(day, note);
            }
        }
        work
    }

    /// Notes which lines of a touched day can be loaded from where they are published: those of exports that are read again
    /// for the sake of other days are there already.
    fn load(&mut self, day: Day, exports: &[ExportLines], unread: &BTreeSet<String>, now: &Days<'_>, note: &DayNote) {
        let Some(inputs) = now.get(&day) else { return };
        for own in note.exports.iter().filter(|own| inputs.get(own.label.as_str()) == Some(&own.inputs)) {
            let place = exports.iter().position(|export| export.label == own.label);
            let place = place.expect("its inputs were just looked at");
            if unread.contains(&exports[place].folder) {
                self.loaded.insert((day, place as u32), own.clone());
            }
        }
    }
}

/// What the lines of each day are made of, by export.
type Days<'a> = BTreeMap<Day, BTreeMap<&'a str, Fingerprint>>;

fn days_of(exports: &[ExportLines]) -> Days<'_> {
    let mut days: Days<'_> = BTreeMap::new();
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
