//! Publishes completely or not at all: stages, reads back, verifies, and commits when everything is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::ArrayRef;
use bytes::Bytes;
use serde::Serialize;
use tempfile::TempDir;

use super::commit::{commit, removed_files};
use super::files::Published;
use super::layout::state_path;
use super::out::Out;
use crate::domain::Stamp;
use crate::domain::totals::Checksum;
use crate::error::{Error, Result};
use crate::store::disk::{self, step};
use crate::store::{FileIdentity, FileStat, Fingerprint, Syncing};
use crate::table;
use crate::table::column::{Column, Table};
use crate::table::csv::{CsvTable, PartFiles, WrittenPart};
use crate::table::rows::{Facts, TableColumns};

/// Turns tables into staged files; in a rehearsal, without an OUT, it accepts tables and discards them.
#[derive(Debug)]
pub struct Publisher {
    out: Option<Out>,
    /// By their paths, including private files.
    files: Mutex<BTreeMap<String, Published>>,
    next: Arc<AtomicU64>,
    guarded: AtomicU64,
    /// Tables that a rehearsal keeps because other tables are made from them; `None`: none.
    held: Option<HeldTables>,
    /// `None` without an OUT: nothing has to be synced.
    syncing: Option<Syncing>,
}

/// Tables of some kinds, in a folder for temporary files.
#[derive(Debug)]
struct HeldTables {
    tables: Vec<&'static str>,
    folder: TempDir,
    /// Their file names, which are numbers, by their paths.
    files: Mutex<BTreeMap<String, usize>>,
}

impl HeldTables {
    fn take(&self, path: String, bytes: &[u8]) -> Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let number = files.len();
        disk::write(&self.folder.path().join(number.to_string()), bytes)?;
        files.insert(path, number);
        Ok(())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(path).map_or(Ok(None), |number| disk::read(&self.folder.path().join(number.to_string())))
    }
}

impl Publisher {
    /// A publisher to `out`, or without one for a rehearsal.
    ///
    /// # Errors
    /// The staging folder cannot be made, or a thread cannot be started.
    pub fn new(out: Option<Out>) -> Result<Self> {
        if let Some(out) = &out {
            disk::make_folder(&out.private("staging"))?;
        }
        let syncing = out.is_some().then(Syncing::start).transpose()?;
        Ok(Self { out, files: Mutex::default(), next: Arc::default(), guarded: AtomicU64::new(0), held: None, syncing })
    }

    /// The same; a rehearsal keeps the files of some tables until it ends, because other tables are made from them.
    ///
    /// # Errors
    /// The folder for temporary files cannot be used.
    pub fn holding(mut self, tables: &[&Table]) -> Result<Self> {
        if self.is_rehearsal() && !tables.is_empty() {
            let folder = tempfile::tempdir()
                .map_err(|error| Error::machine("make a folder in", &std::env::temp_dir(), error))?;
            self.held = Some(HeldTables {
                tables: tables.iter().map(|table| table.name).collect(),
                folder,
                files: Mutex::default(),
            });
        }
        Ok(self)
    }

    /// Whether files of a table are made, even if only to keep them during a rehearsal.
    pub fn takes(&self, table: &Table) -> bool {
        !self.is_rehearsal() || self.holder_of(table).is_some()
    }

    fn holder_of(&self, table: &Table) -> Option<&HeldTables> {
        self.held.as_ref().filter(|held| held.tables.contains(&table.name))
    }

    /// OUT, unless this is a rehearsal.
    pub fn out(&self) -> Option<&Out> {
        self.out.as_ref()
    }

    /// The number of the publication that is being made: a counter, since clocks can go backwards.
    pub fn generation(&self) -> u64 {
        self.out.as_ref().map_or(0, |out| out.last().generation) + 1
    }

    /// Whether nothing will be published.
    pub fn is_rehearsal(&self) -> bool {
        self.out.is_none()
    }

    /// Stages one table as `<path>`, reads it back, and compares it with `expected`, the checksum of its rows (for a
    /// table with quantities).
    ///
    /// # Errors
    /// The table cannot be encoded or written, or reads back as something else.
    pub fn table(&self, path: String, columns: TableColumns, expected: Option<Checksum>) -> Result<()> {
        let (table, rows) = (columns.table(), columns.rows() as u64);
        self.encoded(path, table, (rows, expected), || table::parquet::encode(columns))
    }

    /// The same for columns that are made part by part: for tables that would be large in memory.
    ///
    /// # Errors
    /// As [`Publisher::table`].
    pub fn table_by_parts(
        &self,
        path: String,
        table: &Table,
        rows: usize,
        columns_of: impl Fn(Range<usize>) -> Result<Vec<ArrayRef>> + Sync,
        expected: Option<Checksum>,
    ) -> Result<()> {
        if rows == 0 {
            return Ok(());
        }
        self.encoded(path, table, (rows as u64, expected), || table::parquet::encode_parts(table, rows, &columns_of))
    }

    /// The same for columns of ranks.
    ///
    /// # Errors
    /// As [`Publisher::table`].
    pub fn fact(&self, path: String, facts: &Facts<'_>, expected: Checksum) -> Result<()> {
        let (table, columns) = (facts.table(), facts.columns());
        let rows = columns.first().map_or(0, |column| column.len() as u64);
        self.encoded(path, table, (rows, Some(expected)), || table::parquet::encode_ranked(table, columns))
    }

    /// Stages the bytes from `encode`; a rehearsal keeps them if other tables are made from them.
    fn encoded(
        &self,
        path: String,
        table: &Table,
        expected: (u64, Option<Checksum>),
        encode: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<()> {
        if !self.is_rehearsal() {
            return self.table_of_bytes(path, table, expected, encode()?);
        }
        self.holder_of(table).map_or(Ok(()), |held| held.take(path, &encode()?))
    }

    fn table_of_bytes(
        &self,
        path: String,
        table: &Table,
        (rows, expected): (u64, Option<Checksum>),
        bytes: Vec<u8>,
    ) -> Result<()> {
        self.stage(path, rows, bytes, |bytes| {
            prove(table.name, (rows, expected), table::parquet::read_back(table, bytes)?)
        })
    }

    /// A new CSV table, which is written to staging as it grows.
    pub fn csv_table(&self, columns: &'static [Column]) -> CsvTable {
        let table = CsvTable::new(columns);
        match &self.out {
            None => table,
            Some(out) => table.growing_in(PartFiles { folder: out.private("staging"), next: Arc::clone(&self.next) }),
        }
    }

    /// Stages a CSV table as `<path>.csv`, `<path>-2.csv` and so on, and verifies it in the same way.
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
        let parts = table.finish()?;
        self.guarded.fetch_add(parts.iter().map(|part| part.guarded).sum(), Ordering::Relaxed);
        if let Some(expected) = expected {
            let written: Checksum = parts.iter().map(|part| part.sum).sum();
            prove(path, (0, Some(expected)), (0, Some(written)))?;
        }
        for (at, part) in parts.into_iter().enumerate() {
            let name = if at == 0 { format!("{path}.csv") } else { format!("{path}-{}.csv", at + 1) };
            let expected = expected.map(|_| part.sum);
            let expected = (part.rows, expected);
            match part.file {
                Some(written) => self.adopt(name, written, columns, expected)?,
                None => self.stage(name, part.rows, part.bytes, |bytes| {
                    prove(path, expected, table::csv::read_back(columns, &*bytes)?)
                })?,
            }
        }
        Ok(())
    }

    /// The number of CSV cells that got a leading `'`.
    pub fn guarded_cells(&self) -> u64 {
        self.guarded.load(Ordering::Relaxed)
    }

    /// Keeps a published file in the next publication.
    ///
    /// # Errors
    /// The last publication has no such file, or it is missing.
    pub fn keep(&self, path: &str) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        match out.known_to_be_there(path).filter(|_| !is_private(path)) {
            Some(known) => self.add(Published::kept(path.to_owned(), known)),
            None => Err(Error::balance(format!("{path} would be kept, and is not there"))
                .hint("this is a fault of stacktally, not of the input: `stacktally run --full` rebuilds everything")),
        }
    }

    /// The bytes of a file as it will be published; `None` if it will not be.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn current(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(out) = &self.out else {
            return self.held.as_ref().map_or(Ok(None), |held| held.read(path));
        };
        let staged = match self.made().get(path) {
            Some(file) => file.staged.clone(),
            None => return Ok(None),
        };
        let path = staged.map_or_else(|| out.path(path), |name| out.private("staging").join(name));
        disk::read(&path)
    }

    /// The files that will be published and whose path begins with `prefix`, with their fingerprints; in a rehearsal,
    /// the files that it keeps.
    pub fn made_below(&self, prefix: &str) -> Vec<(String, String)> {
        if let Some(held) = &self.held {
            let files = held.files.lock().unwrap_or_else(PoisonError::into_inner);
            let below = files.keys().filter(|path| path.starts_with(prefix));
            return below.map(|path| (path.clone(), String::new())).collect();
        }
        let made = self.made();
        let below = made.range(prefix.to_owned()..).take_while(|(path, _)| path.starts_with(prefix));
        below.map(|(path, file)| (path.clone(), file.blake3.clone())).collect()
    }

    /// Whether a file will be published.
    pub fn is_made(&self, path: &str) -> bool {
        self.made().contains_key(path)
    }

    /// Whether a file will be published with other bytes than before.
    pub fn is_rebuilt(&self, path: &str) -> bool {
        self.made().get(path).is_some_and(Published::is_changed)
    }

    /// A folder for lines of a stamp that do not stay in memory; `None` in a rehearsal.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn spill_folder(&self, stamp: &Stamp) -> Result<Option<PathBuf>> {
        let Some(out) = &self.out else { return Ok(None) };
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let folder = out.private("staging").join("lines").join(stamp.as_str()).join(number);
        disk::make_folder(&folder)?;
        Ok(Some(folder))
    }

    /// Stages a file that is not a table.
    ///
    /// # Errors
    /// It cannot be written, or reads back as something else.
    pub fn plain(&self, path: &str, rows: u64, bytes: Vec<u8>) -> Result<()> {
        self.stage(path.to_owned(), rows, bytes, |_| Ok(()))
    }

    /// Keeps all files of the last publication that were not staged.
    ///
    /// # Errors
    /// Never, after everything was checked.
    pub fn keep_all(&self) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        for path in out.last().files.keys() {
            let is_made = self.made().contains_key(path);
            if !is_made {
                self.keep(path)?;
            }
        }
        out.last().state.keys().for_each(|name| self.keep_state(name));
        Ok(())
    }

    /// Keeps a published file, if there is one.
    pub fn keep_if_there(&self, path: &str) {
        // An error means that there is nothing to keep.
        let _ = self.keep(path);
    }

    /// Keeps a published CSV table with all its parts.
    pub fn keep_csv(&self, path: &str) {
        let Some(out) = &self.out else { return };
        let is_part = |name: &&String| {
            let number = name.strip_prefix(path).and_then(|rest| rest.strip_suffix(".csv"));
            number.is_some_and(|suffix| {
                suffix.is_empty() || suffix.strip_prefix('-').is_some_and(|digits| digits.parse::<u32>().is_ok())
            })
        };
        let from = out.last().files.range(path.to_owned()..).map(|(name, _)| name);
        from.take_while(|name| name.starts_with(path)).filter(is_part).for_each(|name| self.keep_if_there(name));
    }

    /// Stages a private file, which is committed with the rest.
    ///
    /// # Errors
    /// The file cannot be written, or reads back as something else.
    pub fn state(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let (file, _) = self.write(out, state_path(name), 0, bytes)?;
        self.add(file)
    }

    /// Keeps a private file of the last publication, if it is there.
    pub fn keep_state(&self, name: &str) {
        let path = state_path(name);
        if let Some(known) = self.out.as_ref().and_then(|out| out.known_to_be_there(&path)) {
            self.made().entry(path.clone()).or_insert_with(|| Published::kept(path, known));
        }
    }

    /// The files that will be published, as far as they are known by now, sorted by path.
    pub fn files(&self) -> Vec<Published> {
        let mut files = self.made().clone();
        for (path, known) in self.out.iter().flat_map(Out::history) {
            files.entry(path.clone()).or_insert_with(|| Published::kept(path.clone(), known));
        }
        files.retain(|path, _| !is_private(path));
        files.into_values().collect()
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, Published>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, file: Published) -> Result<()> {
        let path = file.path.clone();
        match self.made().insert(path, file) {
            None => Ok(()),
            Some(other) => Err(Error::balance(format!("two tables would be published as {}", other.path))
                .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it")),
        }
    }

    fn stage(&self, path: String, rows: u64, bytes: Vec<u8>, prove: impl Fn(Bytes) -> Result<()>) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let (file, bytes) = self.write(out, path, rows, bytes)?;
        prove(bytes)?;
        self.add(file)
    }

    /// Adds a file that was already written to staging, and reads it back.
    fn adopt(
        &self,
        path: String,
        written: WrittenPart,
        columns: &[Column],
        expected: (u64, Option<Checksum>),
    ) -> Result<()> {
        let Some(out) = &self.out else { return Ok(()) };
        let WrittenPart { name, bytes, blake3 } = written;
        let staged = out.private("staging").join(&name);
        let mut read = Hashing::open(&staged)?;
        let found = table::csv::read_back(columns, &mut read)?;
        let (stat, fingerprint) = read.finish();
        if fingerprint != blake3 {
            return Err(other_bytes(&path));
        }
        prove(&path, expected, found)?;
        let file = match out.stat_if_unchanged(&path, &blake3, bytes)? {
            None => {
                self.sync(staged);
                Published { path, rows: expected.0, bytes, blake3, staged: Some(name), stat: Some(stat) }
            }
            Some(stat) => {
                disk::remove(&staged)?;
                Published { path, rows: expected.0, bytes, blake3, staged: None, stat: Some(stat) }
            }
        };
        self.add(file)
    }

    /// Writes a file to staging and reads it back, unless the published file already has these bytes.
    fn write(&self, out: &Out, path: String, rows: u64, bytes: Vec<u8>) -> Result<(Published, Bytes)> {
        let blake3 = Fingerprint::of(&bytes).to_string();
        let size = bytes.len() as u64;
        if let Some(stat) = out.stat_if_unchanged(&path, &blake3, size)? {
            let file = Published { path, rows, bytes: size, blake3, staged: None, stat: Some(stat) };
            return Ok((file, Bytes::from(bytes)));
        }
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let staged = out.private("staging").join(&name);
        disk::write(&staged, &bytes)?;
        drop(bytes);
        let (read, stat) = read_back(&staged)?;
        if Fingerprint::of(&read).to_string() != blake3 {
            return Err(other_bytes(&path));
        }
        self.sync(staged);
        let file = Published { path, rows, bytes: size, blake3, staged: Some(name), stat: Some(stat) };
        Ok((file, Bytes::from(read)))
    }

    fn sync(&self, staged: PathBuf) {
        if let Some(syncing) = &self.syncing {
            syncing.add(staged);
        }
    }

    /// Publishes all staged files as one transaction and removes files that were neither made nor kept; `receipt.json`
    /// is last. Returns the removed paths. A rehearsal publishes nothing.
    ///
    /// # Errors
    /// The machine failed, or a path is taken by something that stacktally did not publish.
    pub fn commit(mut self, receipt: &impl Serialize) -> Result<Vec<String>> {
        let synced = self.syncing.take().map_or(Ok(()), Syncing::finish);
        let files = self.files();
        let Some(out) = &self.out else { return Ok(Vec::new()) };
        if synced.is_err() {
            // What cannot be removed now, the next run removes.
            let _ = out.clear_staging();
        }
        synced?;
        let state: Vec<Published> = self.made().values().filter(|file| is_private(&file.path)).cloned().collect();
        commit(out, self.generation(), &files, &state, receipt)
    }

    /// The published files that a commit would remove.
    pub fn would_remove(&self) -> Vec<String> {
        let files = self.files();
        let out = self.out.as_ref();
        out.map_or_else(Vec::new, |out| {
            removed_files(&out.last().files, &files).map(|(path, _)| path.clone()).collect()
        })
    }

    /// Discards everything that was staged.
    pub fn abandon(self) {
        if let Some(out) = self.out {
            // What cannot be removed now, the next run removes.
            let _ = out.clear_staging();
        }
    }
}

/// Whether a path is that of a private file.
fn is_private(path: &str) -> bool {
    path.starts_with(&state_path(""))
}

/// The bytes and the stat of a staged file: neither changes when it is synced or renamed.
fn read_back(staged: &PathBuf) -> Result<(Vec<u8>, FileIdentity)> {
    step!("stage::read_back", "read back", staged);
    let read = fs::read(staged).and_then(|bytes| Ok((bytes, FileStat::of(&fs::metadata(staged)?).identity())));
    read.map_err(|error| Error::machine("read back", staged, error))
}

fn other_bytes(path: &str) -> Error {
    Error::balance(format!("{path} reads back with other bytes than were written"))
        .hint("the disk is failing, or something else writes to OUT")
}

/// A file whose bytes are hashed as they are read.
struct Hashing {
    file: BufReader<fs::File>,
    stat: FileIdentity,
    hasher: blake3::Hasher,
}

impl Hashing {
    fn open(path: &Path) -> Result<Self> {
        step!("stage::read_back", "read back", path);
        let opened = fs::File::open(path).and_then(|file| Ok((FileStat::of(&file.metadata()?).identity(), file)));
        let (stat, file) = opened.map_err(|error| Error::machine("read back", path, error))?;
        Ok(Self { file: BufReader::with_capacity(1 << 18, file), stat, hasher: blake3::Hasher::new() })
    }

    fn finish(self) -> (FileIdentity, String) {
        (self.stat, self.hasher.finalize().to_hex().to_string())
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

/// Checks that a file has the expected rows and checksum.
fn prove(what: &str, expected: (u64, Option<Checksum>), found: (u64, Option<Checksum>)) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::balance(format!(
        "{what} reads back with other rows or sums than were written: {found:?} instead of {expected:?}"
    ))
    .hint("this is a fault of stacktally, not of the input: keep the root as it is and report it"))
}
