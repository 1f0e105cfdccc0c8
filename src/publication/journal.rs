//! The journal: the renames and removals of a commit, written before the first of them.
//!
//! A publication has many files, and a filesystem renames one at a time. So everything new is staged and synced first.
//! Then `.stacktally/journal` lists which file goes where; the rename of the journal itself is the commit. Everything
//! after that is only renames and removals, which can be resumed at any point: by the run itself, by the next one, or
//! by `stacktally recover`. Until they are done, readers use the journal ([`Ahead`]) and prefer staged files.
//!
//! **Invariant:** either a journal exists, and every file that it has not yet put in place is in `.stacktally/staging`;
//! or the files of OUT are one complete publication.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use super::layout::{JOURNAL, JOURNAL_UNFINISHED, RECEIPT, STAGING, STATE, private};
use crate::error::{Error, Result};
use crate::store::Fingerprint;
use crate::store::disk::{self, is_within, step};

/// The format of the journal.
const FORMAT: u32 = 1;

/// What one commit does to OUT, in this order.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    format: u32,
    /// The number of the publication in this OUT: a counter, since clocks can go backwards.
    pub generation: u64,
    pub steps: Vec<NameChange>,
}

/// One rename or removal. Paths are relative to OUT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameChange {
    /// A staged file is renamed into place.
    Put { from: String, to: String, old: Option<String>, new: String },
    /// A file is removed, and the folders that become empty.
    Remove { path: String, old: Option<String> },
}

/// Whether staged files are known to have the contents that the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staged {
    /// This run has just read them back.
    Proved,
    /// They were left by a run that died.
    Unproved,
}

impl Journal {
    pub(super) fn new(generation: u64, steps: Vec<NameChange>) -> Self {
        Self { format: FORMAT, generation, steps }
    }

    /// The journal in OUT, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or was changed.
    pub fn read(out: &Path) -> Result<Option<Self>> {
        let path = private(out, JOURNAL);
        let Some(text) = disk::read(&path)? else { return Ok(None) };
        Self::parse(&text).map(Some).map_err(|what| {
            Error::machine("use the journal", &path, io::Error::other(what)).hint(
                "it is not as it was written, so some files of the publication may be new and some old: move the \
                 journal away, and rebuild everything with `stacktally run --full`",
            )
        })
    }

    fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(text).map_err(|_not_text| "it is not text")?;
        let cut = text.trim_end_matches('\n').rfind('\n').ok_or("it has no hash")? + 1;
        let (body, hash) = text.split_at(cut);
        if Fingerprint::of(body.as_bytes()).to_string() != hash.trim_end() {
            return Err("its hash does not match");
        }
        let journal: Self = serde_json::from_str(body).map_err(|_not_ours| "another version wrote it")?;
        if journal.format != FORMAT {
            return Err("another version wrote it");
        }
        let is_sound = |step: &NameChange| match step {
            NameChange::Put { from, to, .. } => {
                let staged = from.strip_prefix(STAGING).and_then(|name| name.strip_prefix('/'));
                staged.is_some_and(is_within) && is_within(to)
            }
            NameChange::Remove { path, .. } => is_within(path),
        };
        if !journal.steps.iter().all(is_sound) {
            return Err("it names a path outside of OUT");
        }
        Ok(journal)
    }

    fn text(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Error::bug_of("write the journal", error))?;
        text.push('\n');
        let hash = Fingerprint::of(text.as_bytes());
        Ok(format!("{text}{hash}\n"))
    }

    /// Writes the journal under a temporary name and renames it: that is the commit. [`Journal::finish`] must follow.
    ///
    /// # Errors
    /// The machine failed; there is no journal then.
    pub(super) fn commit(&self, out: &Path) -> Result<()> {
        let (unfinished, path) = (private(out, JOURNAL_UNFINISHED), private(out, JOURNAL));
        step!("journal::write", "write", &unfinished);
        disk::write(&unfinished, self.text()?.as_bytes())?;
        disk::sync_one(&unfinished)?;
        step!("journal::written", "rename to", &path);
        disk::rename(&unfinished, &path)
    }

    /// Makes the commit durable, applies the journal, makes that durable, and removes the journal.
    ///
    /// # Errors
    /// The machine failed, or a file is neither staged nor in its place; the journal stays.
    pub(super) fn finish(&self, out: &Path, staged: Staged) -> Result<()> {
        self.carry_out(out, staged).map_err(|error| committed(error, out))
    }

    fn carry_out(&self, out: &Path, staged: Staged) -> Result<()> {
        let (state, path) = (out.join(STATE), private(out, JOURNAL));
        disk::sync_one(&state)?;
        step!("journal::committed", "apply", &path);
        for step in &self.steps {
            step.apply(out, staged)?;
        }
        step!("apply::sync", "sync", out);
        disk::sync(&self.changed_folders(out))?;
        step!("journal::unlink", "remove", &path);
        disk::remove(&path)?;
        step!("journal::unlinked", "sync", &state);
        disk::sync_one(&state)
    }

    /// The folders that the journal changes, as far as they still exist.
    fn changed_folders(&self, out: &Path) -> BTreeSet<PathBuf> {
        let folder = |step: &NameChange| {
            let target = out.join(step.target());
            target.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned)
        };
        self.steps.iter().filter_map(folder).collect()
    }

    /// The numbers of published files that it puts and removes; private files do not count.
    pub(super) fn counts(&self) -> (usize, usize) {
        let published = || self.steps.iter().filter(|step| !step.target().starts_with(STATE));
        let put = published().filter(|step| matches!(step, NameChange::Put { .. })).count();
        (put, published().count() - put)
    }
}

/// Whether a commit is in progress or was interrupted.
pub(super) fn is_there(out: &Path) -> bool {
    private(out, JOURNAL).exists()
}

/// Adds to an error that happened after the commit that the publication is committed.
pub(super) fn committed(error: Error, out: &Path) -> Error {
    let known = disk::known_of(&error).map_or(String::new(), |known| format!(" ({known})"));
    error.hint(format!(
        "the new publication is committed, and is what stacktally's commands read: put this right{known}, then run \
         `stacktally recover --out {}` or the next run, which put the rest in its place; where a file is lost for \
         good, move {} away and rebuild everything with `stacktally run --full`",
        out.display(),
        private(out, JOURNAL).display()
    ))
}

impl NameChange {
    fn target(&self) -> &str {
        match self {
            Self::Put { to, .. } => to,
            Self::Remove { path, .. } => path,
        }
    }

    fn apply(&self, out: &Path, staged: Staged) -> Result<()> {
        match self {
            Self::Put { from, to, new, .. } => put(&out.join(from), &out.join(to), new, staged),
            Self::Remove { path, .. } => remove(out, path),
        }
    }
}

/// Renames a staged file into place, unless that was already done.
fn put(from: &Path, to: &Path, new: &str, staged: Staged) -> Result<()> {
    if to.ends_with(RECEIPT) {
        step!("apply::receipt", "rename to", to);
    } else {
        step!("apply::rename", "rename to", to);
    }
    if staged == Staged::Proved {
        return disk::rename(from, to);
    }
    let is_new = |bytes: &Vec<u8>| Fingerprint::of(bytes).to_string() == new;
    match disk::read(from)? {
        Some(bytes) if is_new(&bytes) => {
            // A copy of OUT may lack empty folders.
            to.parent().map_or(Ok(Vec::new()), disk::make_folder)?;
            disk::rename(from, to)
        }
        Some(_) => Err(lost(from, "it holds other bytes than the journal says")),
        None if disk::read(to)?.as_ref().is_some_and(is_new) => Ok(()),
        None => Err(lost(to, "its new bytes are neither here nor staged")),
    }
}

/// The error for a file in the journal that does not exist any more.
fn lost(path: &Path, what: &str) -> Error {
    Error::machine("finish the publication of", path, io::Error::other(what.to_owned()))
}

/// Removes a published file and the folders that become empty.
fn remove(out: &Path, path: &str) -> Result<()> {
    let path = out.join(path);
    step!("apply::remove", "remove", &path);
    disk::remove(&path)?;
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

/// OUT as the commit in progress will leave it; without one, as it is.
#[derive(Debug, Default)]
pub struct Ahead {
    /// The number of the commit in progress.
    pub generation: Option<u64>,
    /// Staged files and their hashes, by their final paths.
    staged: BTreeMap<String, (PathBuf, String)>,
    removed: BTreeSet<String>,
}

impl Ahead {
    /// Looks for a commit in OUT that is in progress or was interrupted.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn of(out: &Path) -> Result<Self> {
        let Some(journal) = Journal::read(out)? else { return Ok(Self::default()) };
        let mut ahead = Self { generation: Some(journal.generation), ..Self::default() };
        for step in journal.steps {
            match step {
                NameChange::Put { from, to, new, .. } => {
                    let _ = ahead.staged.insert(to, (out.join(from), new));
                }
                NameChange::Remove { path, .. } => _ = ahead.removed.insert(path),
            }
        }
        Ok(ahead)
    }

    /// The bytes of a published file, which may still be staged.
    ///
    /// # Errors
    /// It cannot be read, or is not there.
    pub fn read(&self, out: &Path, path: &str) -> io::Result<Vec<u8>> {
        if self.removed.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if let Some((staged, new)) = self.staged.get(path) {
            // It may have been renamed into place since, and another run may have staged something else there.
            match fs::read(staged) {
                Ok(bytes) if Fingerprint::of(&bytes).to_string() == *new => return Ok(bytes),
                Err(error) if !disk::is_absent(&error) => return Err(error),
                _ => {}
            }
        }
        fs::read(out.join(path))
    }
}
