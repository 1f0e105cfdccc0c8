//! Whole or not at all: stage, read back, prove, and rename when everything is there.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::array::ArrayRef;
use bytes::Bytes;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::csv::CsvTable;
use super::{Receipt, csv, parquet};
use crate::domain::totals::Checksum;
use crate::error::{Error, Result};
use crate::read::Fingerprint;
use crate::schema::{Column, Table};

/// Where everything of a run that is not published lies, in OUT.
const STATE: &str = ".stacktally";
/// What stacktally has published in OUT, a path a line: only these files does it ever replace or remove.
const OWNED: &str = "published.txt";
const RECEIPT: &str = "receipt.json";
const RECEIPTS: &str = "receipts";

/// OUT, held by this run alone until it is dropped.
#[derive(Debug)]
pub struct Out {
    folder: PathBuf,
    /// The lock is on the open file, so a dead process cannot hold it.
    _lock: File,
}

impl Out {
    /// Makes OUT if need be, and takes its lock without waiting.
    ///
    /// # Errors
    /// OUT cannot be made or written to, or another run holds it.
    pub fn hold(folder: &Path) -> Result<Self> {
        let state = folder.join(STATE);
        fs::create_dir_all(&state).map_err(|error| Error::machine("make the folder", &state, error))?;
        let path = state.join("lock");
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| Error::machine("open", &path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::busy(format!("another run holds {}", folder.display()))
                    .hint("let it finish; a run that died holds nothing"));
            }
            Err(TryLockError::Error(error)) => return Err(Error::machine("lock", &path, error)),
        }
        let out = Self { folder: folder.to_owned(), _lock: lock };
        out.clear_staging()?;
        Ok(out)
    }

    fn state(&self, name: &str) -> PathBuf {
        self.folder.join(STATE).join(name)
    }

    /// Removes what this run, or one that was killed, has staged.
    fn clear_staging(&self) -> Result<()> {
        let staging = self.state("staging");
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::machine("clear", &staging, error)),
            _ => Ok(()),
        }
    }

    /// What is published in OUT, as far as it is ours: by our own list, or where a backup left that out, by the receipt.
    fn owned(&self) -> Result<BTreeSet<String>> {
        #[derive(Deserialize)]
        struct Ours {
            #[serde(rename = "stacktally")]
            _version: String,
            published: Vec<OursPublished>,
        }
        #[derive(Deserialize)]
        struct OursPublished {
            path: String,
        }
        let of_receipt = || {
            let receipt = fs::read(self.folder.join(RECEIPT)).ok()?;
            let ours: Ours = serde_json::from_slice(&receipt).ok()?;
            Some(ours.published.into_iter().map(|own| own.path).chain([RECEIPT.to_owned()]).collect())
        };
        let path = self.state(OWNED);
        let mut owned: BTreeSet<String> = match fs::read_to_string(&path) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => of_receipt().unwrap_or_default(),
            Err(error) => return Err(Error::machine("read", &path, error)),
        };
        owned.retain(|path| is_within(path));
        Ok(owned)
    }

    /// Refuses to publish a what-if over a publication that is none.
    ///
    /// # Errors
    /// OUT holds a publication made without `--registration-override`.
    pub fn refuse_what_if(&self) -> Result<()> {
        if self.owned()?.is_empty() {
            return Ok(());
        }
        // Without a receipt that says otherwise, what lies there is the real thing.
        let receipt = fs::read(self.folder.join(RECEIPT)).unwrap_or_default();
        let receipt: serde_json::Value = serde_json::from_slice(&receipt).unwrap_or_default();
        if receipt["settings"]["registration-override"].as_array().is_some_and(|own| !own.is_empty()) {
            return Ok(());
        }
        Err(Error::usage(format!("{} holds a publication that is no what-if", self.folder.display()))
            .hint("publish what --registration-override makes into another folder, and `stacktally compare` the two"))
    }

    /// Refuses to replace what stacktally did not publish, or what is not even a file any more.
    fn refuse_foreign(&self, path: &str, owned: &BTreeSet<String>) -> Result<()> {
        let target = self.folder.join(path);
        let what = match fs::symlink_metadata(&target) {
            Err(_nothing_there) => return Ok(()),
            Ok(metadata) if !metadata.is_file() => "is no file",
            Ok(_) if owned.contains(path) => return Ok(()),
            Ok(_) => "was not published by stacktally",
        };
        Err(Error::usage(format!("{} exists, and {what}", target.display()))
            .hint("publish to another folder, or move it away"))
    }

    /// Writes a small file to the staging folder.
    fn write_small(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.state("staging").join(name);
        write_synced(&path, bytes)?;
        Ok(path)
    }
}

/// Paths, one a line.
fn list(paths: &BTreeSet<String>) -> Vec<u8> {
    paths.iter().flat_map(|path| [path.as_bytes(), b"\n"]).flatten().copied().collect()
}

/// One published file.
#[derive(Clone, Debug, Serialize)]
pub struct Published {
    /// Relative to OUT.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub blake3: String,
    /// The staged file; `None` when the published one has these bytes already.
    #[serde(skip)]
    staged: Option<PathBuf>,
}

impl Published {
    /// Whether this run made it anew, or with other bytes than were published before.
    pub fn is_changed(&self) -> bool {
        self.staged.is_some()
    }
}

/// Takes tables and makes files of them; without an OUT it proves nothing but takes them all the same.
#[derive(Debug)]
pub struct Publisher {
    out: Option<Out>,
    files: Mutex<Vec<Published>>,
    next: AtomicU64,
    guarded: AtomicU64,
}

impl Publisher {
    /// A publisher to `out`, or for a rehearsal to nowhere.
    ///
    /// # Errors
    /// The staging folder cannot be made.
    pub fn new(out: Option<Out>) -> Result<Self> {
        if let Some(out) = &out {
            let staging = out.state("staging");
            fs::create_dir_all(&staging).map_err(|error| Error::machine("make the folder", &staging, error))?;
        }
        Ok(Self { out, files: Mutex::default(), next: AtomicU64::new(0), guarded: AtomicU64::new(0) })
    }

    /// Whether anything will be published at all.
    pub fn is_rehearsal(&self) -> bool {
        self.out.is_none()
    }

    /// Stages one table as `<path>`, and proves by reading it back that it holds what `expected` says (its rows'
    /// checksum, for a table with quantities).
    ///
    /// # Errors
    /// The table cannot be encoded or written, or reads back as something else.
    pub fn table(&self, path: String, table: &Table, columns: Vec<ArrayRef>, expected: Option<Checksum>) -> Result<()> {
        if self.is_rehearsal() {
            return Ok(());
        }
        let rows = columns.first().map_or(0, |column| column.len() as u64);
        let bytes = parquet::encode(table, columns)?;
        self.stage(path, rows, bytes, |bytes| prove(table.name, (rows, expected), parquet::read_back(table, bytes)?))
    }

    /// Stages a CSV table as `<path>.csv`, `<path>-2.csv` and so on, and proves it likewise.
    ///
    /// # Errors
    /// As [`Publisher::table`].
    pub fn csv(
        &self,
        path: &str,
        columns: &'static [Column],
        table: CsvTable,
        expected: Option<Checksum>,
    ) -> Result<()> {
        if self.is_rehearsal() {
            return Ok(());
        }
        self.guarded.fetch_add(table.guarded, Ordering::Relaxed);
        let parts = table.finish()?;
        if let Some(expected) = expected {
            let written: Checksum = parts.iter().map(|part| part.sum).sum();
            prove(path, (0, Some(expected)), (0, Some(written)))?;
        }
        for (at, part) in parts.into_iter().enumerate() {
            let name = if at == 0 { format!("{path}.csv") } else { format!("{path}-{}.csv", at + 1) };
            let expected = expected.map(|_| part.sum);
            self.stage(name, part.rows, part.bytes, |bytes| {
                prove(path, (part.rows, expected), csv::read_back(columns, &bytes)?)
            })?;
        }
        Ok(())
    }

    /// CSV cells that got a leading `'`.
    pub fn guarded_cells(&self) -> u64 {
        self.guarded.load(Ordering::Relaxed)
    }

    /// Every file staged so far, by path.
    pub fn files(&self) -> Vec<Published> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    fn stage(&self, path: String, rows: u64, bytes: Vec<u8>, prove: impl Fn(Bytes) -> Result<()>) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let fingerprint = Fingerprint::of(&bytes);
        let size = bytes.len() as u64;
        let published = out.folder.join(&path);
        let is_unchanged = fs::metadata(&published).is_ok_and(|metadata| metadata.len() == size)
            && fs::read(&published).is_ok_and(|there| there == bytes);
        let staged = if is_unchanged {
            None
        } else {
            let staged = out.state("staging").join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
            write_synced(&staged, &bytes)?;
            Some(staged)
        };
        drop(bytes);
        let there = staged.as_ref().unwrap_or(&published);
        let read = fs::read(there).map_err(|error| Error::machine("read back", there, error))?;
        if Fingerprint::of(&read) != fingerprint {
            return Err(Error::balance(format!("{path} reads back with other bytes than were written"))
                .hint("the disk is failing, or something else writes to OUT"));
        }
        prove(Bytes::from(read))?;
        let file = Published { path, rows, bytes: size, blake3: fingerprint.to_string(), staged };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.iter().any(|own| own.path == file.path) {
            return Err(Error::balance(format!("two tables would be published as {}", file.path))
                .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it"));
        }
        files.push(file);
        Ok(())
    }

    /// Publishes everything that was staged: files renamed, those no longer made removed, `receipt.json` last. Returns
    /// the paths that were removed. A rehearsal publishes nothing.
    ///
    /// # Errors
    /// The machine failed, or something lies in the way that stacktally did not publish.
    pub fn commit(self, receipt: &Receipt) -> Result<Vec<String>> {
        let files = self.files();
        let Some(out) = self.out else { return Ok(Vec::new()) };
        let committed = out.commit(&files, receipt);
        let cleared = out.clear_staging();
        committed.and_then(|removed| cleared.map(|()| removed))
    }

    /// Forgets everything that was staged.
    pub fn abandon(self) {
        if let Some(out) = self.out {
            // The next run clears what cannot be cleared now.
            let _ = out.clear_staging();
        }
    }
}

impl Out {
    fn commit(&self, files: &[Published], receipt: &Receipt) -> Result<Vec<String>> {
        let receipt = serde_json::to_vec_pretty(receipt).map_err(|error| Error::engine("write the receipt", error))?;
        let owned = self.owned()?;
        let paths: BTreeSet<String> =
            files.iter().map(|file| &file.path).chain([&RECEIPT.to_owned()]).cloned().collect();
        let unchanged: BTreeSet<&str> =
            files.iter().filter(|file| file.staged.is_none()).map(|file| file.path.as_str()).collect();
        for path in paths.iter().filter(|path| !unchanged.contains(path.as_str())) {
            self.refuse_foreign(path, &owned)?;
        }

        // Everything that needs space is written now.
        let changed: Vec<(&PathBuf, PathBuf)> =
            files.iter().filter_map(|file| Some((file.staged.as_ref()?, self.folder.join(&file.path)))).collect();
        let folders: BTreeSet<&Path> = changed.iter().filter_map(|(_, target)| target.parent()).collect();
        let receipts = self.folder.join(RECEIPTS);
        for folder in folders.iter().copied().chain([receipts.as_path(), self.folder.as_path()]) {
            fs::create_dir_all(folder).map_err(|error| Error::machine("make the folder", folder, error))?;
            prove_writable(folder)?;
        }
        let last = [
            (self.write_small("receipt-kept", &receipt)?, receipts.join(receipt_name(&receipts)?)),
            (self.write_small("published", &list(&paths))?, self.state(OWNED)),
            (self.write_small("receipt", &receipt)?, self.folder.join(RECEIPT)),
        ];
        rename(&self.write_small("either", &list(&owned.union(&paths).cloned().collect()))?, &self.state(OWNED))?;

        // From here to the end only names change, and a run that is cut short is made good by the next one, which
        // publishes the same root again.
        for (at, (staged, target)) in changed.iter().enumerate() {
            rename(staged, target).map_err(|error| {
                error.hint(format!(
                    "{at} of {} changed files are new already, and receipt.json is not: put this right and run again",
                    changed.len()
                ))
            })?;
        }
        let removed: Vec<String> = owned.difference(&paths).cloned().collect();
        for path in &removed {
            remove(&self.folder, path)?;
        }
        folders.par_iter().try_for_each(|folder| sync_folder(folder))?;
        for (staged, target) in &last {
            rename(staged, target)?;
        }
        sync_folder(&receipts)?;
        sync_folder(&self.folder)?;
        Ok(removed)
    }
}

/// Whether a path of the state file stays within OUT, whoever wrote it there.
fn is_within(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Proves that a file holds the rows and the checksum that it should.
fn prove(what: &str, expected: (u64, Option<Checksum>), found: (u64, Option<Checksum>)) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::balance(format!(
        "{what} reads back with other rows or sums than were written: {found:?} instead of {expected:?}"
    ))
    .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it"))
}

/// The next free name of the run history: runs are numbered, since a clock may go backwards.
fn receipt_name(receipts: &Path) -> Result<String> {
    let failed = |error| Error::machine("read the folder", receipts, error);
    let mut last = 0;
    for entry in fs::read_dir(receipts).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<u64>().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(format!("{:06}.json", last + 1))
}

/// Proves that names in a folder can be changed, while nothing has changed yet.
fn prove_writable(folder: &Path) -> Result<()> {
    let probe = folder.join(".stacktally-probe");
    let probed = File::create(&probe).and_then(|_| fs::remove_file(&probe));
    let failed = |error| Error::machine("write to the folder", folder, error);
    probed.map_err(|error| failed(error).hint("nothing was published: make it writable, and run again"))
}

/// Removes a published file and the folders that it leaves empty.
fn remove(out: &Path, path: &str) -> Result<()> {
    let path = out.join(path);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::machine("remove", &path, error));
        }
        _ => {}
    }
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| Error::machine("write", path, error))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::machine("rename to", to, error))
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::machine("sync", folder, error))
}
