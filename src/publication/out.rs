//! OUT: locked by one run at a time, with what the last commit left in it.
//!
//! Beside the published files lies `.stacktally`: the `lock`, which is never unlinked; `published`, the list of our
//! files with hashes and stats, so that a run need not read unchanged files; `state`, private files that can be made
//! again; and during a run, `staging` and the [`journal`](super::journal). A file that is not on the list is never
//! replaced or removed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::files::KnownFile;
use super::journal::{self, Journal, Staged};
use super::layout::{
    ADJUSTMENTS_FOLDER, CHANGES_FOLDER, CLOSED_FOLDER, FOLDERS, HISTORY, JOURNAL_UNFINISHED, LINES_FOLDER, LIST, PROBE,
    RECEIPT, RECEIPTS, STATE, STATE_PREFIX, private, state_path,
};
use super::receipt::RecordedInputs;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::read::Stored;
use crate::store::disk::{self, STAGING, is_within};
use crate::store::{FileIdentity, FileStat, Fingerprint};

/// The format of the list.
const LIST_FORMAT: u32 = 1;
/// How often a waiting run checks whether the other one has ended.
const POLL: Duration = Duration::from_millis(100);

/// What to do if another run holds the lock of OUT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    #[default]
    Leave,
    Wait,
}

/// OUT, locked by this run until it is dropped.
#[derive(Debug)]
pub struct Out {
    pub(super) folder: PathBuf,
    last: LastPublication,
    /// Whether stacktally wrote `receipt.json`.
    owns_receipt: bool,
    /// Missing files of the last publication; `None` before [`Out::check`].
    missing: Option<BTreeSet<String>>,
    /// Files of the history that were removed by hand: no run can make them again.
    lost_history: BTreeSet<String>,
    recovered: Recovered,
    /// The lock belongs to the open file, so it ends with the process.
    _lock: File,
}

/// The files of the last commit; empty for a new OUT.
#[derive(Clone, Debug, Default)]
pub struct LastPublication {
    pub generation: u64,
    /// By their paths.
    pub files: BTreeMap<String, KnownFile>,
    /// Private files, by their names.
    pub state: BTreeMap<String, KnownFile>,
}

/// What was left of an interrupted run, and is repaired now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    Nothing,
    /// Staged files of a run that had not committed were removed.
    Cleared,
    /// The run had committed, and its commit was finished.
    RolledForward {
        generation: u64,
        put: usize,
        removed: usize,
    },
}

/// `.stacktally/published`.
#[derive(Serialize, Deserialize)]
pub(super) struct List<'a> {
    format: u32,
    generation: u64,
    /// The hash of the `receipt.json` that it was committed with. If the receipt differs, the list is outdated.
    receipt: String,
    files: Cow<'a, BTreeMap<String, KnownFile>>,
    state: Cow<'a, BTreeMap<String, KnownFile>>,
}

/// The folders that a commit makes and probes before the first rename; relative to OUT.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Folders {
    pub made: BTreeSet<String>,
    pub probed: BTreeSet<String>,
}

impl Out {
    /// Makes OUT if it does not exist, takes its lock, finishes an interrupted commit, and clears staged files.
    ///
    /// # Errors
    /// OUT cannot be made or written to, another run holds its lock, a signal ended the wait for it, or an interrupted
    /// commit cannot be finished.
    pub fn hold(folder: &Path, patience: Patience, control: &Control) -> Result<Self> {
        let to_sync = disk::make_folder(&folder.join(STATE))?;
        let lock = lock(folder, patience, control)?;
        disk::sync(&to_sync.into_iter().collect())?;
        let recovered = recover(folder)?;
        let (last, owns_receipt) = last_publication(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            last,
            owns_receipt,
            missing: None,
            lost_history: BTreeSet::new(),
            recovered,
            _lock: lock,
        })
    }

    /// Whether OUT contains a publication, or the leftovers of an interrupted run.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(RECEIPT).exists()
            || journal::is_there(folder)
            || [LIST, "staging"].into_iter().any(|name| private(folder, name).exists())
    }

    /// The files of the last commit.
    pub fn last(&self) -> &LastPublication {
        &self.last
    }

    /// What [`Out::hold`] found of an interrupted run.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }

    /// The published files whose path begins with `prefix`.
    pub fn published_below(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let from = self.last.files.range(prefix.to_owned()..).map(|(path, _)| path.as_str());
        from.take_while(move |path| path.starts_with(prefix))
    }

    /// Where a published file lies.
    pub fn path(&self, published: &str) -> PathBuf {
        self.folder.join(published)
    }

    /// Reads a published file, and checks its hash.
    ///
    /// # Errors
    /// It is missing or altered.
    pub fn read(&self, published: &str) -> Result<Stored> {
        let path = self.path(published);
        let known = self.known(published).map(|known| known.blake3.as_str());
        match disk::read(&path)? {
            Some(bytes) if known == Some(Fingerprint::of(&bytes).to_string().as_str()) => Ok(Stored { path, bytes }),
            _ => Err(Error::input("missing, or altered since it was published")
                .at(path.display().to_string())
                .hint(remedy_of(published))),
        }
    }

    /// The bytes of a published file; `None` if it is missing, altered or not published.
    ///
    /// # Errors
    /// It exists and cannot be read.
    pub fn read_unaltered(&self, published: &str) -> Result<Option<Vec<u8>>> {
        let Some(known) = self.last.files.get(published) else { return Ok(None) };
        let bytes = disk::read(&self.path(published))?;
        Ok(bytes.filter(|bytes| Fingerprint::of(bytes).to_string() == known.blake3))
    }

    pub(super) fn private(&self, name: &str) -> PathBuf {
        private(&self.folder, name)
    }

    /// Checks every file of the last publication. A file is hashed if its size or stat differs from the recorded one;
    /// with `thorough`, all files are hashed. Returns the paths of missing files and of missing or altered private
    /// files, which have to be made again; without those of history, which cannot be made again. For a hashed file that
    /// is unchanged, the new stat is recorded.
    ///
    /// # Errors
    /// A published file was altered, or the machine failed.
    pub fn check(&mut self, thorough: bool) -> Result<Vec<String>> {
        let folder = &self.folder;
        let look = |(path, known): (String, &mut KnownFile)| {
            let seen = check_file(&folder.join(&path), known, thorough)?;
            if let FoundFile::AsRecorded(stat) = seen {
                known.stat = Some(stat);
            }
            Ok((path, seen))
        };
        let published: Vec<_> = self.last.files.iter_mut().map(|(path, known)| (path.clone(), known)).collect();
        let private: Vec<_> = self.last.state.iter_mut().map(|(name, known)| (state_path(name), known)).collect();
        let published: Vec<(String, FoundFile)> = published.into_par_iter().map(look).collect::<Result<_>>()?;
        let private: Vec<(String, FoundFile)> = private.into_par_iter().map(look).collect::<Result<_>>()?;
        refuse_altered(folder, &published)?;
        let is_gone =
            |(path, seen): &(String, FoundFile)| !matches!(seen, FoundFile::AsRecorded(_)) && !is_history(path);
        let missing: Vec<String> = published.into_iter().chain(private).filter(is_gone).map(|(path, _)| path).collect();
        self.missing = Some(missing.iter().cloned().collect());
        Ok(missing)
    }

    /// Checks the history. Missing files are only noted: nothing else needs them, and no run can make them again.
    ///
    /// # Errors
    /// A file of the history was altered, or the machine failed.
    pub fn check_history(&mut self) -> Result<()> {
        let mut lost = BTreeSet::new();
        for (path, known) in self.history() {
            let target = self.folder.join(path);
            match check_file(&target, known, false)? {
                FoundFile::AsRecorded(_) => {}
                FoundFile::Missing => drop(lost.insert(path.clone())),
                FoundFile::Altered => {
                    return Err(Error::input("altered since it was published, and no run can make it again")
                        .at(target.display().to_string())
                        .hint("restore it from a backup, or move it away"));
                }
            }
        }
        self.lost_history = lost;
        Ok(())
    }

    /// Refuses history in OUT that the last publication does not know, such as after a partial restore: the months that
    /// were closed there would silently be lost.
    ///
    /// # Errors
    /// There is such a file.
    pub fn refuse_unknown_history(&self, paths: &[&str]) -> Result<()> {
        for path in paths {
            let target = self.folder.join(path);
            let is_unknown = |file: &str| !self.last.files.contains_key(file);
            let unknown = if target.is_dir() {
                let entries =
                    fs::read_dir(&target).map_err(|error| Error::machine("read the folder", &target, error))?;
                let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                let mut names: Vec<String> =
                    names.map(|name| format!("{path}/{name}")).filter(|file| is_unknown(file)).collect();
                names.sort();
                names.into_iter().next()
            } else {
                (target.is_file() && is_unknown(path)).then(|| (*path).to_owned())
            };
            if let Some(unknown) = unknown {
                return Err(Error::input("lies in OUT, and receipt.json does not know it")
                    .at(self.folder.join(unknown).display().to_string())
                    .hint(
                        "put back receipt.json and .stacktally from the same backup, since months were closed there; \
                         or move it away",
                    ));
            }
        }
        Ok(())
    }

    /// The files of the history that stay published.
    pub(super) fn history(&self) -> impl Iterator<Item = (&String, &KnownFile)> {
        let is_history = |(path, _): &(&String, &KnownFile)| is_history(path) && !self.lost_history.contains(*path);
        self.last.files.iter().filter(is_history)
    }

    /// A private file of the last publication; `None` if there is none, or if it was altered.
    ///
    /// # Errors
    /// It exists and cannot be read.
    pub fn state(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(known) = self.last.state.get(name) else { return Ok(None) };
        let bytes = disk::read(&self.folder.join(state_path(name)))?;
        Ok(bytes.filter(|bytes| Fingerprint::of(bytes).to_string() == known.blake3))
    }

    /// The record of a file, published or private, by its path.
    pub(super) fn known(&self, path: &str) -> Option<&KnownFile> {
        match path.strip_prefix(STATE_PREFIX) {
            Some(name) => self.last.state.get(name),
            None => self.last.files.get(path),
        }
    }

    /// The same; `None` if [`Out::check`] found the file missing, or if its hash is unknown.
    pub(super) fn known_to_be_there(&self, path: &str) -> Option<&KnownFile> {
        let is_missing = self.missing.as_ref().is_some_and(|missing| missing.contains(path));
        self.known(path).filter(|known| !is_missing && !known.blake3.is_empty())
    }

    /// The stat of the file at `path`, if its bytes already have this fingerprint. After [`Out::check`], an unchanged
    /// stat is enough; before that, the file is hashed.
    ///
    /// # Errors
    /// It exists and cannot be read.
    pub(super) fn stat_if_unchanged(&self, path: &str, fingerprint: &str, bytes: u64) -> Result<Option<FileIdentity>> {
        let target = self.folder.join(path);
        let metadata = fs::metadata(&target).ok().filter(|metadata| metadata.is_file() && metadata.len() == bytes);
        let Some(stat) = metadata.as_ref().map(|metadata| FileStat::of(metadata).identity()) else { return Ok(None) };
        let is_known = self.missing.is_some()
            && self.known(path).is_some_and(|known| known.blake3 == fingerprint && known.stat == Some(stat));
        Ok((is_known || disk::hash(&target)?.is_some_and(|hash| hash == fingerprint)).then_some(stat))
    }

    /// The inputs of the last publication, from `receipt.json`, or if that is missing, from the copy in `receipts/`,
    /// which is complete only if an older version wrote it. `None`: no receipt tells.
    pub fn recorded_inputs(&self) -> Option<RecordedInputs> {
        if self.last.files.is_empty() {
            return Some(RecordedInputs::default());
        }
        let kept = format!("{RECEIPTS}/{:06}.json", self.last.generation);
        match fs::read(self.folder.join(RECEIPT)) {
            Ok(receipt) => Some(RecordedInputs::from_receipt(&receipt)),
            Err(_gone) => RecordedInputs::from_kept(&fs::read(self.folder.join(kept)).ok()?),
        }
    }

    /// Whether the receipt marks the publication as a what-if; without a receipt it is not one.
    pub fn is_what_if(&self) -> bool {
        let receipt = fs::read(self.folder.join(RECEIPT)).unwrap_or_default();
        let receipt = RecordedInputs::from_receipt(&receipt);
        receipt.settings["registration-override"].as_array().is_some_and(|list| !list.is_empty())
    }

    /// Refuses to publish a what-if over a publication that is not one.
    ///
    /// # Errors
    /// OUT holds a publication made without `--registration-override`.
    pub fn refuse_what_if(&self) -> Result<()> {
        if self.last.files.is_empty() && !self.owns_receipt {
            return Ok(());
        }
        if self.is_what_if() {
            return Ok(());
        }
        Err(Error::usage(format!("{} holds a publication that is no what-if", self.folder.display()))
            .hint("publish what --registration-override makes into another folder, and `stacktally compare` the two"))
    }

    /// Refuses to replace something that stacktally did not publish, or that is not a file any more.
    ///
    /// # Errors
    /// There is something like that at the path.
    pub(super) fn refuse_foreign(&self, path: &str) -> Result<()> {
        let target = self.folder.join(path);
        let is_ours = self.last.files.contains_key(path) || (path == RECEIPT && self.owns_receipt);
        let what = match fs::symlink_metadata(&target) {
            Err(_nothing_there) => return Ok(()),
            Ok(metadata) if !metadata.is_file() => "is not a file",
            Ok(_) if is_ours => return Ok(()),
            Ok(_) => "was not published by stacktally",
        };
        Err(Error::usage(format!("{} exists, and {what}", target.display()))
            .hint("publish to another folder, or move it away"))
    }

    /// Removes the staged files of this run.
    ///
    /// # Errors
    /// The machine failed.
    pub(super) fn clear_staging(&self) -> Result<()> {
        clear_staging(&self.folder)
    }
}

fn is_history(path: &str) -> bool {
    path.starts_with(HISTORY)
}

fn lock(folder: &Path, patience: Patience, control: &Control) -> Result<File> {
    let path = private(folder, "lock");
    let lock =
        File::options().create(true).append(true).open(&path).map_err(|error| disk::failed("open", &path, error))?;
    let mut waited = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if patience == Patience::Wait => {
                if !std::mem::replace(&mut waited, true) {
                    control.begin("waiting_for_another_run");
                }
                control.check()?;
                std::thread::sleep(POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::busy(format!("another run holds {}", folder.display()))
                    .hint("let it finish, or wait for it with --wait; a run that died holds nothing"));
            }
            Err(TryLockError::Error(error)) => return Err(Error::machine("lock", &path, error)),
        }
    }
}

/// Repairs what an interrupted run has left.
fn recover(folder: &Path) -> Result<Recovered> {
    let journal = Journal::read(folder)?;
    if let Some(journal) = &journal {
        journal.finish(folder, Staged::Unproved)?;
    }
    let is_staged = private(folder, "staging").exists();
    clear_staging(folder)?;
    Ok(match journal {
        Some(journal) => {
            let (put, removed) = journal.counts();
            Recovered::RolledForward { generation: journal.generation, put, removed }
        }
        None if is_staged => Recovered::Cleared,
        None => Recovered::Nothing,
    })
}

/// Removes staged files and the folders that an interrupted commit had made. After the commit nothing is removed: it
/// must be finished.
fn clear_staging(folder: &Path) -> Result<()> {
    if journal::is_there(folder) {
        return Ok(());
    }
    let staging = folder.join(STAGING);
    let folders = fs::read(staging.join(FOLDERS)).unwrap_or_default();
    let folders: Folders = serde_json::from_slice(&folders).unwrap_or_default();
    for name in folders.probed.iter().filter(|name| name.is_empty() || is_within(name)) {
        disk::remove(&folder.join(name).join(PROBE))?;
    }
    // The deepest first; a folder that is not empty stays.
    for name in folders.made.iter().rev().filter(|name| is_within(name)) {
        let _ = fs::remove_dir(folder.join(name));
    }
    disk::remove(&private(folder, JOURNAL_UNFINISHED))?;
    match fs::remove_dir_all(&staging) {
        Err(error) if !disk::is_absent(&error) => Err(Error::machine("clear", &staging, error)),
        _ => Ok(()),
    }
}

/// The result of checking a file of the last publication.
enum FoundFile {
    AsRecorded(FileIdentity),
    Missing,
    Altered,
}

fn check_file(path: &Path, known: &KnownFile, thorough: bool) -> Result<FoundFile> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && !known.blake3.is_empty() => metadata,
        // Something that is not a file is refused when it would be replaced.
        Ok(_) => return Ok(FoundFile::Missing),
        Err(error) if disk::is_absent(&error) => return Ok(FoundFile::Missing),
        Err(error) => return Err(Error::machine("look at", path, error)),
    };
    let stat = FileStat::of(&metadata).identity();
    if !thorough && metadata.len() == known.bytes && known.stat == Some(stat) {
        return Ok(FoundFile::AsRecorded(stat));
    }
    Ok(match disk::hash(path)? {
        None => FoundFile::Missing,
        Some(hash) if hash == known.blake3 => FoundFile::AsRecorded(stat),
        Some(_) => FoundFile::Altered,
    })
}

/// What to do about a published file that is missing or altered.
fn remedy_of(published: &str) -> &'static str {
    match published {
        path if path.starts_with(CLOSED_FOLDER) => {
            "restore it from a backup: it is what was closed; or open the month again with `stacktally reopen`"
        }
        path if is_history(path) => "restore it from a backup: no run can make it again",
        path if path.starts_with(LINES_FOLDER) => {
            "restore it from a backup, or put the export back that it was made of"
        }
        _ => "restore it from a backup, or rebuild everything with `stacktally run --full`",
    }
}

fn refuse_altered(folder: &Path, seen: &[(String, FoundFile)]) -> Result<()> {
    let mut altered = seen.iter().filter(|(_, seen)| matches!(seen, FoundFile::Altered)).map(|(path, _)| path);
    let Some(first) = altered.next() else { return Ok(()) };
    let others = match altered.count() {
        0 => String::new(),
        others => format!(", and so were {others} others"),
    };
    Err(Error::input(format!("altered since it was published{others}"))
        .at(folder.join(first).display().to_string())
        .hint(remedy_of(first)))
}

impl<'a> List<'a> {
    /// The list that is committed with this receipt.
    pub(super) fn new(last: &'a LastPublication, receipt: &[u8]) -> Self {
        Self {
            format: LIST_FORMAT,
            generation: last.generation,
            receipt: Fingerprint::of(receipt).to_string(),
            files: Cow::Borrowed(&last.files),
            state: Cow::Borrowed(&last.state),
        }
    }

    fn into_last(self) -> LastPublication {
        let Self { generation, files, state, .. } = self;
        LastPublication { generation, files: files.into_owned(), state: state.into_owned() }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::bug_of("write the list of what is published", error))
    }
}

/// The files of the last commit, and whether stacktally wrote the receipt in OUT. They are taken from our list if it
/// was committed with that receipt, and otherwise from the receipt, which has hashes but no stats.
fn last_publication(folder: &Path) -> Result<(LastPublication, bool)> {
    let list = disk::read(&private(folder, LIST))?;
    // A list that is not ours or has another version is ignored: everything in it can be determined again.
    let list: Option<List> = list.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let list = list.filter(|list| list.format == LIST_FORMAT);
    let receipt = disk::read(&folder.join(RECEIPT))?;
    let is_current =
        |list: &List| receipt.as_ref().is_none_or(|bytes| Fingerprint::of(bytes).to_string() == list.receipt);
    let mut owns_receipt = true;
    let mut last = match list {
        // A receipt that is known need not be read.
        Some(list) if is_current(&list) => list.into_last(),
        list => {
            let of_receipt = receipt.as_deref().and_then(files_of_receipt);
            owns_receipt = list.is_some() || of_receipt.is_some();
            let mut last = list.map(List::into_last).unwrap_or_default();
            last.overrule(of_receipt.unwrap_or_default());
            last.generation = last.generation.max(receipt.as_deref().and_then(generation_of).unwrap_or_default());
            last
        }
    };
    last.files.retain(|path, _| is_within(path) && !path.starts_with(STATE));
    last.state.retain(|name, _| is_within(name));
    let numbered = [RECEIPTS, CHANGES_FOLDER, ADJUSTMENTS_FOLDER].map(|name| last_number(&folder.join(name)));
    for number in numbered {
        last.generation = last.generation.max(number?);
    }
    Ok((last, owns_receipt))
}

impl LastPublication {
    /// Replaces the records with those of a receipt that belongs to other files. Files that only the list names stay
    /// ours; private files belong to a publication that is not here any more.
    fn overrule(&mut self, of_receipt: BTreeMap<String, KnownFile>) {
        for (path, known) in of_receipt {
            let listed = self.files.entry(path).or_default();
            if listed.blake3 != known.blake3 {
                *listed = known;
            }
        }
        self.state.values_mut().for_each(|known| known.blake3.clear());
    }
}

/// The published files in a receipt, which may be of another version.
fn files_of_receipt(receipt: &[u8]) -> Option<BTreeMap<String, KnownFile>> {
    #[derive(Deserialize)]
    struct Ours {
        #[serde(rename = "stacktally")]
        _version: String,
        published: Vec<OursPublished>,
    }
    #[derive(Deserialize)]
    struct OursPublished {
        path: String,
        #[serde(default)]
        rows: u64,
        #[serde(default)]
        bytes: u64,
        #[serde(default)]
        blake3: String,
    }
    let ours: Ours = serde_json::from_slice(receipt).ok()?;
    let known = |file: OursPublished| {
        (file.path, KnownFile { rows: file.rows, bytes: file.bytes, blake3: file.blake3, stat: None })
    };
    Some(ours.published.into_iter().map(known).collect())
}

/// The number of a receipt.
fn generation_of(receipt: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        generation: u64,
    }
    serde_json::from_slice::<Numbered>(receipt).ok().map(|receipt| receipt.generation)
}

/// The largest number in the file names of a folder.
fn last_number(receipts: &Path) -> Result<u64> {
    let failed = |error| Error::machine("read the folder", receipts, error);
    let entries = match fs::read_dir(receipts) {
        Err(error) if disk::is_absent(&error) => return Ok(0),
        entries => entries.map_err(failed)?,
    };
    let mut last = 0;
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.split('.').next()?.parse::<u64>().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}
