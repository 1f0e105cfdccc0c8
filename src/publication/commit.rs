//! The commit: first everything that needs disk space, and only then the renames.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::files::{KnownFile, Published};
use super::journal::{self, Journal, NameChange, Staged};
use super::layout::{CSV_FOLDER, FOLDERS, LIST, PROBE, RECEIPT, RECEIPTS, STATE, private, state_path};
use super::out::{Folders, LastPublication, List, Out};
use super::receipt;
use crate::error::{Error, Result};
use crate::store::Fingerprint;
use crate::store::disk::{self, STAGING, step};

/// Publishes `files` and the private files `state`; each of them is staged or already in its place. Removes all other
/// files of the last publication, and returns their paths.
///
/// # Errors
/// The machine failed, or a path is taken by something that stacktally did not publish. Nothing was published then,
/// unless the error says otherwise.
pub(super) fn commit(
    out: &Out,
    generation: u64,
    files: &[Published],
    state: &[Published],
    receipt: &impl Serialize,
) -> Result<Vec<String>> {
    let prepared = prepare(out, generation, files, state, receipt);
    let journal = match prepared.and_then(|journal| journal.commit(&out.folder).map(|()| journal)) {
        Ok(journal) => journal,
        // A network share may report a failure for a rename that succeeded.
        Err(error) if journal::is_there(&out.folder) => return Err(journal::committed(error, &out.folder)),
        Err(error) => {
            // What cannot be removed now, the next run removes.
            let _ = out.clear_staging();
            return Err(error);
        }
    };
    journal.finish(&out.folder, Staged::Proved)?;
    // The publication is complete. If anything is left in staging, the next run removes it.
    let _ = fs::remove_dir_all(out.folder.join(STAGING));
    Ok(removed_files(&out.last().files, files).map(|(path, _)| path.clone()).collect())
}

/// Everything before the commit itself: failures for lack of space or permissions happen here.
fn prepare(
    out: &Out,
    generation: u64,
    files: &[Published],
    state: &[Published],
    receipt: &impl Serialize,
) -> Result<Journal> {
    let changed = |file: &&Published| file.staged.is_some();
    let put = files.iter().filter(changed).map(|file| file.path.as_str());
    for path in put.chain(removed_files(&out.last().files, files).map(|(path, _)| path.as_str())).chain([RECEIPT]) {
        out.refuse_foreign(path)?;
    }
    let receipt = serde_json::to_vec_pretty(receipt).map_err(|error| Error::bug_of("write the receipt", error))?;
    let known = |file: &Published| KnownFile {
        rows: file.rows,
        bytes: file.bytes,
        blake3: file.blake3.clone(),
        stat: file.stat,
    };
    let named = |file: &Published| file.path.strip_prefix(&state_path("")).unwrap_or(&file.path).to_owned();
    let now = LastPublication {
        generation,
        files: files.iter().map(|file| (file.path.clone(), known(file))).collect(),
        state: state.iter().map(|file| (named(file), known(file))).collect(),
    };
    let previous = disk::read(&out.folder.join(RECEIPT))?;
    let kept = receipt::kept_copy(&receipt, previous.as_deref())?;
    let last = [
        stage_small(out, "receipt-kept", format!("{RECEIPTS}/{generation:06}.json"), &kept)?,
        stage_small(out, "published", format!("{STATE}/{LIST}"), &List::new(&now, &receipt).bytes()?)?,
        stage_small(out, "receipt", RECEIPT.to_owned(), &receipt)?,
    ];
    let journal = Journal::new(generation, steps(out, files, state, last));
    let mut to_sync = make_folders(out, &journal)?;
    to_sync.extend(journal.steps.iter().filter_map(|step| match step {
        NameChange::Put { from, .. } => Some(out.folder.join(from)),
        NameChange::Remove { .. } => None,
    }));
    step!("commit::sync", "sync", &out.folder);
    disk::sync(&to_sync)?;
    disk::sync_one(&out.folder.join(STAGING))?;
    step!("commit::synced", "sync", &out.folder);
    Ok(journal)
}

/// The changes to OUT in order: dimensions, facts and coverage, so that a reader always finds the ids of a fact; then
/// removals; the receipt last.
fn steps(out: &Out, files: &[Published], state: &[Published], last: [NameChange; 3]) -> Vec<NameChange> {
    let old = |path: &str| out.known(path).map(|known| known.blake3.clone());
    let mut puts: Vec<&Published> = files.iter().filter(|file| file.staged.is_some()).collect();
    puts.sort_by_key(|file| (rank(&file.path), &file.path));
    let put = |file: &Published| {
        let from = format!("{STAGING}/{}", file.staged.as_ref()?);
        Some(NameChange::Put { from, to: file.path.clone(), old: old(&file.path), new: file.blake3.clone() })
    };
    let puts = puts.into_iter().chain(state).filter_map(put);
    let gone_state = removed_files(&out.last().state, state).map(|(name, known)| (state_path(name), known));
    let gone = removed_files(&out.last().files, files).map(|(path, known)| (path.clone(), known)).chain(gone_state);
    let removals = gone.map(|(path, known)| NameChange::Remove { path, old: Some(known.blake3.clone()) });
    puts.chain(removals).chain(last).collect()
}

/// The rank of a file: dimensions, facts, coverage.
fn rank(path: &str) -> u8 {
    match path.strip_prefix(CSV_FOLDER).unwrap_or(path) {
        path if path.starts_with("coverage") => 2,
        path if path.contains('/') => 1,
        _ => 0,
    }
}

/// The files of the last publication that this one does not have.
pub(super) fn removed_files<'a>(
    last: &'a BTreeMap<String, KnownFile>,
    now: &[Published],
) -> impl Iterator<Item = (&'a String, &'a KnownFile)> {
    let prefix = state_path("");
    let now: BTreeSet<String> =
        now.iter().map(|file| file.path.strip_prefix(&prefix).unwrap_or(&file.path).to_owned()).collect();
    last.iter().filter(move |(path, _)| !now.contains(*path))
}

/// Stages a small file of the commit itself.
fn stage_small(out: &Out, name: &str, to: String, bytes: &[u8]) -> Result<NameChange> {
    disk::write(&out.private("staging").join(name), bytes)?;
    let old = disk::read(&out.folder.join(&to))?.map(|bytes| Fingerprint::of(&bytes).to_string());
    Ok(NameChange::Put { from: format!("{STAGING}/{name}"), to, old, new: Fingerprint::of(bytes).to_string() })
}

/// Makes the folders that files will be put into, and checks that files in them can be renamed. Returns the folders
/// that must be synced for this to be durable.
fn make_folders(out: &Out, journal: &Journal) -> Result<BTreeSet<PathBuf>> {
    let parent = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let probed: BTreeSet<String> = journal
        .steps
        .iter()
        .map(|step| match step {
            NameChange::Put { to: path, .. } | NameChange::Remove { path, .. } => parent(path),
        })
        .collect();
    let relative = |folder: PathBuf| Some(folder.strip_prefix(&out.folder).ok()?.to_str()?.to_owned());
    let missing = |folder: &String| disk::missing_folders(&out.folder.join(folder));
    let folders = Folders { made: probed.iter().flat_map(missing).filter_map(relative).collect(), probed };
    let text = serde_json::to_vec(&folders).map_err(|error| Error::bug_of("write the list of folders", error))?;
    disk::write(&private(&out.folder, "staging").join(FOLDERS), &text)?;
    step!("commit::folders", "make folders in", &out.folder);
    let mut to_sync = BTreeSet::new();
    for folder in folders.probed.iter().map(|name| out.folder.join(name)) {
        to_sync.extend(disk::make_folder(&folder)?);
        prove_writable(&folder)?;
    }
    Ok(to_sync)
}

/// Checks that a folder is writable, before anything is changed.
fn prove_writable(folder: &Path) -> Result<()> {
    let probe = folder.join(PROBE);
    let failed = |error| disk::failed("write to the folder", folder, error);
    File::create(&probe).map(drop).map_err(failed)?;
    step!("commit::probed", "write to the folder", folder);
    fs::remove_file(&probe).map_err(failed)
}
