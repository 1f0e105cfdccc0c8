//! The state of the last run, and which inputs are unchanged since.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::plan::{Plan, Reuse};
use crate::domain::Stamp;
use crate::error::{Error, Result};
use crate::publication::Out;
use crate::publication::layout::RECEIPT;
use crate::publication::receipt::{RecordedFile, RecordedInputs, RecordedWindow};
use crate::read::{self, Export, ExportRecord, PreviousExports, StampFolder};
use crate::state::{KnownInput, LoadedState, RunState, StampState, Version};
use crate::store::{FileStat, Fingerprint, InputFile, ReadFile};

/// The state of the last run.
#[derive(Debug, Default)]
pub(super) struct PreviousRun {
    pub stamps: BTreeMap<Stamp, StampState>,
    /// Why this is a full run, if it is.
    pub full_run: Option<String>,
    /// The run that last looked at the inputs of each stamp.
    pub read_in: BTreeMap<Stamp, u64>,
    /// The inputs of the last publication.
    pub recorded: RecordedInputs,
}

impl PreviousRun {
    /// Checks the last publication, and loads the state of its run.
    ///
    /// # Errors
    /// A published file was altered, or the machine failed.
    pub(super) fn load(plan: &Plan, out: Option<&mut Out>) -> Result<Self> {
        let Some(out) = out else { return Ok(Self::default()) };
        let version = Version::current(plan.deciding.values());
        out.check_history()?;
        if plan.reuse.full {
            // Everything is made again, so published files may have been altered.
            let LoadedState { state, .. } = RunState::load(out, &version)?;
            return Self::loaded(plan, state, Some("--full".to_owned()), out);
        }
        let missing = out.check(plan.reuse.verify)?;
        let LoadedState { state, unusable } = RunState::load(out, &version)?;
        let is_missing = |path: &String| format!("{path} is missing or not as it was written");
        Self::loaded(plan, state, unusable.or_else(|| missing.first().map(is_missing)), out)
    }

    fn loaded(plan: &Plan, state: RunState, full_run: Option<String>, out: &Out) -> Result<Self> {
        let RunState { stamps, read_in } = state;
        let recorded = match out.recorded_inputs() {
            Some(recorded) => recorded,
            // The state has the same records of exports.
            None if !stamps.is_empty() || plan.forget.iter().any(|name| name == "all") => inputs_in_state(&stamps),
            None => return Err(unknown_inputs(out)),
        };
        Ok(Self { stamps, full_run, read_in, recorded })
    }
}

/// The error for a publication whose inputs are unknown: exports that are missing from the root would silently vanish.
fn unknown_inputs(out: &Out) -> Error {
    Error::input("missing, and no other file lists the exports of the publication")
        .at(out.path(RECEIPT).display().to_string())
        .hint("put receipt.json back from a backup; or if no export is gone from the root, say once --forget all")
}

/// The inputs of a publication, from the exports in the state of its run.
fn inputs_in_state(stamps: &BTreeMap<Stamp, StampState>) -> RecordedInputs {
    let mut recorded = RecordedInputs::default();
    for (stamp, state) in stamps {
        for export in &state.exports {
            let counting = export.files.iter().map(|file| (file, None));
            let dropped = export.dropped.iter().map(|(file, rule)| (file, Some(rule.as_str().to_owned())));
            recorded.inputs.extend(counting.chain(dropped).map(|(file, dropped)| RecordedFile {
                path: file.file.name.clone(),
                blake3: file.file.fingerprint.to_string(),
                lines: file.read.lines,
                dropped,
            }));
            recorded.windows.push(RecordedWindow {
                stamp: stamp.to_string(),
                window: export.label.clone(),
                folder: export.folder.clone(),
                files: export.all_files().count(),
                lines: export.read().lines,
                dropped: export.dropped_by().map(|rule| rule.as_str().to_owned()),
                first_run: None,
            });
        }
    }
    recorded
}

/// The fingerprint of an export: of the names and fingerprints of all its files.
pub(super) fn fingerprint_of(export: &ExportRecord) -> Fingerprint {
    let files: BTreeSet<String> =
        export.input_files().map(|file| format!("{}\0{}\n", file.name, file.fingerprint)).collect();
    Fingerprint::of(files.into_iter().collect::<String>().as_bytes())
}

/// Files of a stamp as they are now.
pub(super) struct KnownInputs {
    stats: BTreeMap<String, (FileStat, bool)>,
    /// Files whose contents have not changed since they were last read.
    unchanged: BTreeSet<String>,
    is_full: bool,
    reuse: Reuse,
}

impl KnownInputs {
    /// Looks at every file; a file whose stat changed is hashed.
    ///
    /// # Errors
    /// A file is gone or cannot be read.
    pub(super) fn look<'f>(
        files: impl Iterator<Item = &'f InputFile>,
        previous: &BTreeMap<String, KnownInput>,
        reuse: Reuse,
        is_full: bool,
        started_at: DateTime<Utc>,
    ) -> Result<Self> {
        let now = started_at.timestamp_nanos_opt().unwrap_or_default();
        let looked: Vec<(String, FileStat, bool)> = files
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|file| {
                let stat = FileStat::at(&file.path)?;
                let known = previous.get(&file.name).filter(|_| !is_full);
                let is_unchanged = known.map_or(Ok(false), |known| holds_the_same(file, stat, known, reuse))?;
                Ok((file.name.clone(), stat, is_unchanged))
            })
            .collect::<Result<_>>()?;
        let unchanged = looked.iter().filter(|(_, _, unchanged)| *unchanged).map(|(name, ..)| name.clone()).collect();
        let stats = looked.into_iter().map(|(name, stat, _)| (name, (stat, stat.is_settled_at(now)))).collect();
        Ok(Self { stats, unchanged, is_full, reuse })
    }

    /// Files as they were last read, without looking at them.
    pub(super) fn as_recorded(previous: &BTreeMap<String, KnownInput>, reuse: Reuse) -> Self {
        let stats = previous.iter().map(|(name, known)| (name.clone(), (known.stat, known.is_settled))).collect();
        Self { stats, unchanged: previous.keys().cloned().collect(), is_full: false, reuse }
    }

    /// The files whose contents have not changed.
    pub(super) fn unchanged(&self) -> &BTreeSet<String> {
        &self.unchanged
    }

    /// The exports that need not be read.
    pub(super) fn known(
        &self,
        folder: &StampFolder,
        previous: &StampState,
        is_forgotten: impl Fn(&str) -> bool,
    ) -> PreviousExports {
        let by_folder: BTreeMap<&str, &ExportRecord> =
            previous.exports.iter().map(|export| (export.folder.as_str(), export)).collect();
        let is_same = |export: &&Export| {
            !self.is_full && by_folder.get(export.folder.as_str()).is_some_and(|known| self.is_unchanged(export, known))
        };
        let unchanged = folder.exports.iter().filter(is_same);
        let unchanged = unchanged.map(|export| (export.folder.clone(), by_folder[export.folder.as_str()].clone()));
        let folders = folders_with_files(&folder.exports);
        let is_missing = |known: &&ExportRecord| known.is_gone_from(&folders);
        let kept = previous.exports.iter().filter(is_missing).filter(|_| self.reuse.keep_missing);
        let kept = kept.filter(|known| !is_forgotten(&known.folder));
        PreviousExports { unchanged: unchanged.collect(), kept: kept.cloned().collect() }
    }

    /// All exports of a stamp that stays as it was published.
    pub(super) fn known_as_left(previous: &StampState) -> PreviousExports {
        let (kept, unchanged): (Vec<ExportRecord>, Vec<ExportRecord>) =
            previous.exports.iter().cloned().partition(|export| previous.kept.contains(&export.folder));
        PreviousExports {
            unchanged: unchanged.into_iter().map(|export| (export.folder.clone(), export)).collect(),
            kept,
        }
    }

    fn is_unchanged(&self, export: &Export, known: &ExportRecord) -> bool {
        let names: BTreeSet<&str> = export.files.iter().map(|file| file.name.as_str()).collect();
        let were = known.input_files().map(|file| file.name.as_str());
        names == were.collect() && names.iter().all(|name| self.unchanged.contains(*name))
    }

    /// The records of these files for the next run.
    pub(super) fn after<'f>(&self, files: impl Iterator<Item = &'f ReadFile>) -> BTreeMap<String, KnownInput> {
        let known = files.filter_map(|file| {
            let &(stat, is_settled) = self.stats.get(&file.name)?;
            Some((file.name.clone(), KnownInput { stat, is_settled, fingerprint: file.fingerprint }))
        });
        known.collect()
    }
}

/// The folders of exports that contain a file: an empty one may be the mount point of a disk that is not mounted.
pub(super) fn folders_with_files(exports: &[Export]) -> BTreeSet<&str> {
    exports.iter().filter(|export| !export.files.is_empty()).map(|export| export.folder.as_str()).collect()
}

fn holds_the_same(file: &InputFile, stat: FileStat, known: &KnownInput, reuse: Reuse) -> Result<bool> {
    if stat == known.stat && known.is_settled && !reuse.verify {
        return Ok(true);
    }
    let fingerprint: Fingerprint = read::fingerprint_of(file)?;
    Ok(fingerprint == known.fingerprint)
}
