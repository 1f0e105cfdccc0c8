//! The state of a whole publication, and its files.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::day::DayNote;
use crate::domain::{Cause, Day, Month, Stamp};
use crate::error::{Error, Result};
use crate::publication::{Out, Publisher, receipt};
use crate::read::{ExportRecord, SnapshotLists};
use crate::store::{FileStat, Fingerprint};
use crate::table::contract::TABLES;

/// Raised when the meaning of these files changes.
const FORMAT: u32 = 4;
const RUN: &str = "run.json";

/// The program version and settings that a state was written with; with others it cannot be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    format: u32,
    /// The format of receipts and tables.
    published: u32,
    stacktally: String,
    schemas: Fingerprint,
    /// Every setting that decides what is read, used or published, with its value.
    settings: BTreeMap<String, Value>,
}

impl Version {
    /// The version of this program with these settings.
    pub fn current(settings: BTreeMap<String, Value>) -> Self {
        let tables = TABLES.iter().map(|table| (table.name, table.columns));
        let flat = crate::table::flat::FLAT_TABLES.iter().map(|table| (table.name, table.columns));
        let columns: Vec<String> = tables.chain(flat).map(|table| format!("{table:?}")).collect();
        Self {
            format: FORMAT,
            published: receipt::FORMAT,
            stacktally: env!("CARGO_PKG_VERSION").to_owned(),
            schemas: Fingerprint::of(columns.concat().as_bytes()),
            settings,
        }
    }

    /// Why a state of this version cannot be used by the current one; `None` if it can.
    fn difference(&self, current: &Self) -> Option<String> {
        if (self.format, self.published, &self.stacktally, self.schemas)
            != (current.format, current.published, &current.stacktally, current.schemas)
        {
            return Some(format!("the last run was one of another version ({})", self.stacktally));
        }
        let names: BTreeSet<&String> = self.settings.keys().chain(current.settings.keys()).collect();
        let changed: Vec<&str> = names
            .into_iter()
            .filter(|name| self.settings.get(*name) != current.settings.get(*name))
            .map(String::as_str)
            .collect();
        (!changed.is_empty()).then(|| format!("settings changed: {}", changed.join(", ")))
    }
}

/// An input file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownInput {
    pub stat: FileStat,
    /// Whether a file with the same stat is assumed to have the same contents.
    pub is_settled: bool,
    pub fingerprint: Fingerprint,
}

/// The state of a stamp.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct StampState {
    /// Its files of usage, by name.
    pub inputs: BTreeMap<String, KnownInput>,
    /// In order of their windows.
    pub exports: Vec<ExportRecord>,
    /// Folders of exports that are no longer in the root but still count.
    pub kept: BTreeSet<String>,
    /// Months that were closed when the state was written.
    pub closed: BTreeSet<Month>,
    /// Fingerprints of all texts that flat files could show, and of those that the flat files of each month do show.
    pub names: Option<Fingerprint>,
    pub texts: BTreeMap<Month, Fingerprint>,
    #[serde(skip)]
    pub days: BTreeMap<Day, DayNote>,
    #[serde(skip)]
    pub snapshots: Option<SnapshotState<'static>>,
}

/// The snapshots of a stamp as they were read.
#[derive(Debug, Serialize, Deserialize)]
pub struct SnapshotState<'a> {
    /// Their files, by name.
    pub inputs: BTreeMap<String, KnownInput>,
    pub lists: SnapshotLists<'a>,
}

impl SnapshotState<'_> {
    /// Stages them, for the next run.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, stamp: &Stamp, publisher: &Publisher) -> Result<()> {
        // Nightly copies repeat almost everything.
        let packed = zstd::bulk::compress(&packed(self)?, 1).map_err(|error| Error::bug_of("write state", error))?;
        publisher.state(&snapshots_name(stamp), packed)
    }

    /// Keeps the snapshots of the last run.
    pub fn keep(stamp: &Stamp, publisher: &Publisher) {
        publisher.keep_state(&snapshots_name(stamp));
    }

    fn unpack(packed: &[u8]) -> Option<SnapshotState<'static>> {
        let bytes = zstd::stream::decode_all(packed).ok()?;
        postcard::from_bytes(&bytes).ok()
    }
}

/// The state of a publication.
#[derive(Debug, Default)]
pub struct RunState {
    pub stamps: BTreeMap<Stamp, StampState>,
    /// The run that last looked at the inputs of each stamp: with `--stamp`, the other stamps stay as they were
    /// published.
    pub read_in: BTreeMap<Stamp, u64>,
}

/// The state of the last run, as far as it could be read, and the reason if it cannot be used.
#[derive(Debug, Default)]
pub struct LoadedState {
    pub state: RunState,
    pub unusable: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RunFile {
    version: Version,
    /// Each stamp with its days.
    stamps: BTreeMap<Stamp, BTreeSet<Day>>,
    #[serde(default)]
    read_in: BTreeMap<Stamp, u64>,
}

impl RunState {
    /// Loads the state of the last run.
    ///
    /// # Errors
    /// The machine failed. Damaged state is not an error.
    pub fn load(out: &Out, current: &Version) -> Result<LoadedState> {
        let mut loaded = LoadedState::default();
        if out.last().files.is_empty() {
            return Ok(loaded);
        }
        let unreadable = Some("what the last run left in .stacktally/state cannot be read".to_owned());
        let run = out.state(RUN)?.and_then(|bytes| serde_json::from_slice::<RunFile>(&bytes).ok());
        let Some(run) = run else { return Ok(LoadedState { unusable: unreadable, ..loaded }) };
        loaded.unusable = run.version.difference(current);
        loaded.state.read_in = run.read_in;
        for (stamp, days) in run.stamps {
            match StampState::load(out, &stamp, &days)? {
                Some(state) => drop(loaded.state.stamps.insert(stamp, state)),
                None => loaded.unusable = loaded.unusable.or_else(|| unreadable.clone()),
            }
        }
        Ok(loaded)
    }

    /// Stages the state. `settled` are the days of each stamp that changed; the others are kept.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(
        &self,
        version: Version,
        settled: &BTreeMap<Stamp, BTreeMap<Day, BTreeSet<Cause>>>,
        publisher: &Publisher,
    ) -> Result<()> {
        let stamps = self.stamps.iter().map(|(stamp, state)| (stamp.clone(), state.days.keys().copied().collect()));
        let read_in = self.read_in.clone();
        let run = RunFile { version, stamps: stamps.collect(), read_in };
        // As text: another version must be able to read at least which one wrote it.
        let run = serde_json::to_vec(&run).map_err(|error| Error::bug_of("write state", error))?;
        publisher.state(RUN, run)?;
        for (stamp, state) in &self.stamps {
            publisher.state(&inputs_name(stamp), packed(state)?)?;
            state.days.par_iter().try_for_each(|(&day, note)| {
                let name = day_name(stamp, day);
                if settled.get(stamp).is_none_or(|days| days.contains_key(&day)) {
                    return publisher.state(&name, packed(note)?);
                }
                publisher.keep_state(&name);
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl StampState {
    /// Whether a month of a stamp was closed in the last run; `false` if its state cannot be read.
    ///
    /// # Errors
    /// The machine failed.
    pub fn was_closed(out: &Out, stamp: &Stamp, month: Month) -> Result<bool> {
        let bytes = out.state(&inputs_name(stamp))?;
        let state = bytes.and_then(|bytes| postcard::from_bytes::<Self>(&bytes).ok());
        Ok(state.is_some_and(|state| state.closed.contains(&month)))
    }

    /// `None` if it is damaged.
    fn load(out: &Out, stamp: &Stamp, days: &BTreeSet<Day>) -> Result<Option<Self>> {
        let Some(bytes) = out.state(&inputs_name(stamp))? else { return Ok(None) };
        let Ok(mut state) = postcard::from_bytes::<Self>(&bytes) else { return Ok(None) };
        let notes: Vec<Option<(Day, DayNote)>> = days
            .par_iter()
            .map(|&day| {
                let bytes = out.state(&day_name(stamp, day))?;
                Ok(bytes.and_then(|bytes| Some((day, postcard::from_bytes(&bytes).ok()?))))
            })
            .collect::<Result<_>>()?;
        let notes: Option<BTreeMap<Day, DayNote>> = notes.into_iter().collect();
        let snapshots = out.state(&snapshots_name(stamp))?;
        // Missing snapshots are only read again.
        state.snapshots = snapshots.and_then(|packed| SnapshotState::unpack(&packed));
        Ok(notes.map(|notes| {
            state.days = notes;
            state
        }))
    }
}

fn inputs_name(stamp: &Stamp) -> String {
    format!("stamps/{stamp}/inputs")
}

fn snapshots_name(stamp: &Stamp) -> String {
    format!("stamps/{stamp}/snapshots")
}

fn day_name(stamp: &Stamp, day: Day) -> String {
    format!("stamps/{stamp}/days/{day}")
}

/// Small, and quick to read and write: a run does both, whatever it has to do.
fn packed(value: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|error| Error::bug_of("write state", error))
}
