//! Mappings from dated snapshots of one kind, as stretches of time: a tenant's customer subscription, a user
//! subscription's tenant, a stamp's default subscription.
//!
//! ```text
//! snapshot      #0     #1     #2     #3
//! tenant A     → X    → X    → Y      –         mappings of A:   X from #0 to #1,   Y from #2 to #2
//! ```
//! A year of nightly snapshots is nearly the same every night, so the stretches are few.

/// All snapshots from `first` to `last` map one subject to one thing. All numbers are ranks: of ids in their sorted
/// lists, of snapshots in order of their dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapping {
    pub subject: u32,
    pub first: u32,
    pub last: u32,
    pub to: u32,
}

/// All mappings of a kind, by subject and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings {
    all: Vec<Mapping>,
    /// Where the mappings of each subject begin; one more at the end.
    starts: Vec<u32>,
}

impl Mappings {
    /// Builds the stretches. `snapshots` gives the mappings of each snapshot, in order of their dates: subject → to. If
    /// a snapshot maps a subject twice the smaller wins, so that the order of rows does not matter.
    pub fn of_snapshots<S: IntoIterator<Item = (u32, u32)>>(
        subjects: usize,
        snapshots: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut open: Vec<Option<Mapping>> = vec![None; subjects];
        let mut targets: Vec<Option<u32>> = vec![None; subjects];
        let mut touched = Vec::new();
        let mut all = Vec::new();
        for (at, snapshot) in (0_u32..).zip(snapshots) {
            for (subject, to) in snapshot {
                match &mut targets[subject as usize] {
                    Some(least) => *least = to.min(*least),
                    slot => {
                        *slot = Some(to);
                        touched.push(subject);
                    }
                }
            }
            for subject in touched.drain(..) {
                let Some(to) = targets[subject as usize].take() else { continue };
                match &mut open[subject as usize] {
                    Some(mapping) if mapping.to == to && mapping.last + 1 == at => mapping.last = at,
                    slot => all.extend(slot.replace(Mapping { subject, first: at, last: at, to })),
                }
            }
        }
        all.extend(open.into_iter().flatten());
        Self::of_stretches(subjects, all)
    }

    /// Takes existing stretches.
    pub fn of_stretches(subjects: usize, mut all: Vec<Mapping>) -> Self {
        all.sort_unstable();
        let start = |subject: usize| all.partition_point(|mapping| (mapping.subject as usize) < subject) as u32;
        let starts = (0..=subjects).map(start).collect();
        Self { all, starts }
    }

    /// All of them, by subject and time.
    pub fn all(&self) -> &[Mapping] {
        &self.all
    }

    /// Those of one subject, in order of time.
    pub fn of_subject(&self, subject: u32) -> &[Mapping] {
        let subject = subject as usize;
        &self.all[self.starts[subject] as usize..self.starts[subject + 1] as usize]
    }

    /// The mapping of a subject in that snapshot.
    pub fn said_by(&self, snapshot: u32, subject: u32) -> Option<&Mapping> {
        let mappings = self.of_subject(subject);
        let at = mappings.partition_point(|mapping| mapping.first <= snapshot);
        mappings[..at].last().filter(|mapping| snapshot <= mapping.last)
    }

    /// The mapping of a subject in history when `snapshots` of them are not after the moment: that of the latest of
    /// these that contains it, otherwise of the earliest later one (`product.md` §4).
    pub fn held_after(&self, snapshots: u32, subject: u32) -> Option<&Mapping> {
        let mappings = self.of_subject(subject);
        let at = mappings.partition_point(|mapping| mapping.first < snapshots);
        mappings[..at].last().or_else(|| mappings.first())
    }
}
