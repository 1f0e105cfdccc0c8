//! Reading a publication: its receipt, its coverage, and the small tables of names.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::closings::{ClosingEntry, Closings};
use super::journal::Ahead;
use super::layout::{CLOSINGS, DEFAULT_USAGE_FOLDER, LINES_FOLDER, RECEIPT, RECEIPTS, folder_of, table_in, table_path};
use super::receipt::FORMAT;
use crate::domain::coverage::{CoverageRow, DayCoverage, DayState, parse_intervals};
use crate::domain::finding::FindingCode;
use crate::domain::identity::stamp_or_empty;
use crate::domain::{AttributeAt, Day, Hour, Mapping, Mappings, Month, SnapshotDates, SnapshotKind, Stamp};
use crate::error::{Error, Result};
use crate::store::Fingerprint;
use crate::table::column::AnyColumn;
use crate::table::contract;
use crate::table::contract::columns::{
    BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME, DISPLAY_NAME, FILE, LINE_COUNT, METER_ID, METER_NAME, SERVICE,
    SNAPSHOT_KIND, STAMP, STATE, SUBJECT_ID, TENANT_ID, TENANT_NAME, UNIT, USAGE_DATE, USER_SUBSCRIPTION_ID,
};
use crate::table::contract::coverage::{FINDINGS, LOADED, MISSING};
use crate::table::contract::mappings::{FIRST_SNAPSHOT, LAST_SNAPSHOT, MAPPED_TO_ID};
use crate::table::contract::snapshots::{AS_OF, BLAKE3, RESOURCE_ID, SNAPSHOT_ROWS};
use crate::table::reader::{self, Keep, Rows, text};

/// A publication, opened for reading.
#[derive(Debug)]
pub struct Publication {
    out: PathBuf,
    /// A commit that is in progress or was interrupted: its staged files count as published.
    ahead: Ahead,
    /// The number of the last run.
    pub generation: u64,
    /// When the last run finished, from its receipt.
    finished_at: String,
    pub attribute_at: AttributeAt,
    /// Fingerprints of the input files, by their names.
    pub fingerprints: BTreeMap<String, String>,
    /// Fingerprints of the published files, by their paths. Other files in the folder are not ours.
    published: BTreeMap<String, String>,
    /// The findings of the last run.
    findings: Vec<PublishedFinding>,
}

/// A finding in the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublishedFinding {
    /// `None`: it is about what is of no stamp.
    #[serde(with = "stamp_or_empty")]
    pub stamp: Option<Stamp>,
    #[serde(deserialize_with = "code_of_text")]
    pub code: FindingCode,
    pub sentence: String,
    pub remedy: String,
    /// The months whose usage it may concern; empty if it concerns no particular month.
    #[serde(default)]
    pub months: Vec<String>,
    pub accepted: bool,
}

fn code_of_text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<FindingCode, D::Error> {
    let text = String::deserialize(deserializer)?;
    FindingCode::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no code of a finding")))
}

/// The part of a receipt that a reader needs.
#[derive(Deserialize)]
struct ReceiptHead {
    format: u32,
    generation: u64,
    finished_at: String,
    settings: ReceiptSettings,
    inputs: Vec<ReceiptFile>,
    published: Vec<ReceiptFile>,
    findings: Vec<PublishedFinding>,
}

#[derive(Deserialize)]
struct ReceiptSettings {
    #[serde(rename = "attribute-at")]
    attribute_at: String,
}

#[derive(Deserialize)]
struct ReceiptFile {
    path: String,
    blake3: String,
}

/// The part that a reader needs of the receipt of an earlier run, of any version.
#[derive(Deserialize)]
struct EarlierReceipt {
    finished_at: String,
}

/// The texts of a meter in `meters`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeterText {
    pub name: Option<String>,
    pub service: Option<String>,
    pub unit: Option<String>,
}

/// One file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    pub as_of: Hour,
    pub file: String,
    pub blake3: String,
    pub rows: i64,
    /// `None` unless the snapshot is a registration.
    pub resource_id: Option<String>,
}

impl Publication {
    /// Opens a folder that `run` published to.
    ///
    /// # Errors
    /// There is no publication, or another version wrote it.
    pub fn open(out: &Path) -> Result<Self> {
        let path = out.join("receipt.json");
        let (ahead, bytes) = receipt_of(out)?;
        let bytes = bytes.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => no_publication(out),
            _ => Error::machine("read", &path, error),
        })?;
        let other = || {
            Error::input("not a receipt of this version")
                .at(path.display().to_string())
                .hint("publish once more with this version")
        };
        let receipt: ReceiptHead = serde_json::from_slice(&bytes).map_err(|error| other().because(error))?;
        if receipt.format != FORMAT {
            return Err(other());
        }
        let tables = [&contract::METERS, &contract::SNAPSHOTS, &contract::MAPPINGS, &contract::COVERAGE];
        let names = tables.map(table_path);
        if names.iter().any(|name| !receipt.published.iter().any(|file| file.path == *name)) {
            return Err(other());
        }
        let by_path = |files: Vec<ReceiptFile>| files.into_iter().map(|file| (file.path, file.blake3)).collect();
        Ok(Self {
            out: out.to_owned(),
            ahead,
            generation: receipt.generation,
            finished_at: receipt.finished_at,
            attribute_at: AttributeAt::parse(&receipt.settings.attribute_at).ok_or_else(other)?,
            fingerprints: by_path(receipt.inputs),
            published: by_path(receipt.published),
            findings: receipt.findings,
        })
    }

    /// When a run finished; `None` if its receipt is missing or does not say it.
    ///
    /// # Errors
    /// The receipt exists and cannot be read.
    pub fn finished_at(&self, run: u64) -> Result<Option<String>> {
        if run == self.generation {
            return Ok(Some(self.finished_at.clone()));
        }
        let path = self.out.join(RECEIPTS).join(format!("{run:06}.json"));
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok().map(|receipt: EarlierReceipt| receipt.finished_at)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::machine("read", &path, error)),
        }
    }

    /// All stamps that were published: `default_usage` has a file for each, even an empty one.
    pub fn stamps(&self) -> Vec<Stamp> {
        let stamp = |path: &str| Stamp::new(table_in(DEFAULT_USAGE_FOLDER, path)?);
        self.files_below(DEFAULT_USAGE_FOLDER).into_iter().filter_map(stamp).collect()
    }

    /// The requested stamps, or all if none are requested.
    ///
    /// # Errors
    /// One of them was not published.
    pub fn stamps_of(&self, wanted: &[Stamp]) -> Result<Vec<Stamp>> {
        let mut stamps = self.stamps();
        if let Some(unknown) = wanted.iter().find(|stamp| !stamps.contains(stamp)) {
            let names: Vec<&str> = stamps.iter().map(Stamp::as_str).collect();
            return Err(Error::usage(format!("--stamp {unknown}: the publication has no such stamp"))
                .hint(format!("it has {}", names.join(", "))));
        }
        stamps.retain(|stamp| wanted.is_empty() || wanted.contains(stamp));
        Ok(stamps)
    }

    /// The published files whose path begins with `prefix`, in order.
    pub fn files_below(&self, prefix: &str) -> Vec<&str> {
        let from = self.published.range(prefix.to_owned()..).map(|(path, _)| path.as_str());
        from.take_while(|path| path.starts_with(prefix)).collect()
    }

    /// Whether a file is published.
    pub fn has(&self, path: &str) -> bool {
        self.published.contains_key(path)
    }

    /// Reads the rows of a published file that match all of `keep`; a file that was not published has no rows.
    ///
    /// # Errors
    /// The file is missing, or was altered.
    pub fn read(
        &self,
        path: &str,
        table: &crate::table::column::Table,
        columns: &[&dyn AnyColumn],
        keep: &[Keep],
    ) -> Result<Vec<Rows>> {
        let Some(bytes) = self.bytes(path)? else { return Ok(Vec::new()) };
        reader::read(&self.out.join(path), bytes, table, columns, keep)
    }

    /// Reads all rows of a published file, its texts as [`Rows::coded`]; a file that was not published has no rows.
    ///
    /// # Errors
    /// As [`Publication::read`].
    pub fn read_coded(
        &self,
        path: &str,
        table: &crate::table::column::Table,
        columns: &[&dyn AnyColumn],
    ) -> Result<impl Iterator<Item = Result<Rows>>> {
        let bytes = self.bytes(path)?;
        let read = bytes.map(|bytes| reader::read_coded(&self.out.join(path), bytes, table, columns)).transpose()?;
        Ok(read.into_iter().flatten())
    }

    /// The bytes of a published file, checked against its hash; `None` if it was not published.
    ///
    /// # Errors
    /// The file is missing, or was altered.
    pub fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(fingerprint) = self.published.get(path) else { return Ok(None) };
        let file = self.out.join(path);
        let differs = |what: &str| {
            Error::input(format!("{what}, though receipt.json names it")).at(file.display().to_string()).hint(
                "a run is publishing just now, or was cut short, or the folder was changed by hand: ask again when no \
                 run goes on, and run once more if that does not help",
            )
        };
        let bytes = self.ahead.read(&self.out, path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::IsADirectory => differs("a published file that is not there"),
            _ => Error::machine("read", &file, error),
        })?;
        if Fingerprint::of(&bytes).to_string() != *fingerprint {
            return Err(differs("a file with other bytes than were published"));
        }
        Ok(Some(bytes))
    }

    /// The names and units of meters, by id.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn meters(&self) -> Result<BTreeMap<String, MeterText>> {
        let mut meters = BTreeMap::new();
        for rows in self.rows(&contract::METERS, &[&METER_ID, &METER_NAME, &SERVICE, &UNIT])? {
            let (ids, names, units) = (rows.texts(METER_ID)?, rows.texts(METER_NAME)?, rows.texts(UNIT)?);
            let services = rows.texts(SERVICE)?;
            for row in 0..rows.len() {
                let owned = |cell: Option<&str>| cell.map(str::to_owned);
                let meter = MeterText {
                    name: owned(text(names, row)),
                    service: owned(text(services, row)),
                    unit: owned(text(units, row)),
                };
                meters.insert(ids.value(row).to_owned(), meter);
            }
        }
        Ok(meters)
    }

    /// The names of tenants and billed subscriptions from `names.csv`, by id.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn names(&self) -> Result<BTreeMap<String, String>> {
        let mut named = BTreeMap::new();
        let tables = [
            (&contract::TENANTS, TENANT_ID, TENANT_NAME),
            (&contract::BILLED_SUBSCRIPTIONS, BILLED_SUBSCRIPTION_ID, BILLED_SUBSCRIPTION_NAME),
        ];
        for (table, id, name) in tables {
            for rows in self.rows(table, &[&id, &name])? {
                let (ids, names) = (rows.texts(id)?, rows.texts(name)?);
                let pairs = (0..rows.len()).filter_map(|row| Some((ids.value(row), text(names, row)?)));
                named.extend(pairs.map(|(id, name)| (id.to_owned(), name.to_owned())));
            }
        }
        Ok(named)
    }

    /// The names of user subscriptions in the listings, by stamp and id.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn display_names(&self) -> Result<BTreeMap<(Stamp, String), String>> {
        let mut names = BTreeMap::new();
        let columns: [&dyn AnyColumn; 3] = [&USER_SUBSCRIPTION_ID, &STAMP, &DISPLAY_NAME];
        for rows in self.rows(&contract::USER_SUBSCRIPTIONS, &columns)? {
            let (ids, stamps) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.texts(STAMP)?);
            let texts = rows.texts(DISPLAY_NAME)?;
            for row in 0..rows.len() {
                if let (Some(stamp), Some(name)) = (Stamp::new(stamps.value(row)), text(texts, row)) {
                    names.insert((stamp, ids.value(row).to_owned()), name.to_owned());
                }
            }
        }
        Ok(names)
    }

    /// The files of a stamp's snapshots, by kind, in order of their dates.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn snapshots(&self, stamp: &Stamp) -> Result<BTreeMap<SnapshotKind, Vec<SnapshotFile>>> {
        let columns: [&dyn AnyColumn; 7] =
            [&STAMP, &SNAPSHOT_KIND, &AS_OF, &FILE, &SNAPSHOT_ROWS, &BLAKE3, &RESOURCE_ID];
        let mut files: BTreeMap<SnapshotKind, Vec<SnapshotFile>> = BTreeMap::new();
        for rows in self.rows(&contract::SNAPSHOTS, &columns)? {
            let (stamps, kinds, dates) = (rows.texts(STAMP)?, rows.texts(SNAPSHOT_KIND)?, rows.hours(AS_OF)?);
            let (names, fingerprints) = (rows.texts(FILE)?, rows.texts(BLAKE3)?);
            let (counts, ids) = (rows.integers(SNAPSHOT_ROWS)?, rows.texts(RESOURCE_ID)?);
            for row in (0..rows.len()).filter(|&row| stamps.value(row) == stamp.as_str()) {
                let (kind, as_of) = SnapshotKind::parse(kinds.value(row)).zip(dates[row]).ok_or_else(|| {
                    Error::balance(format!("a snapshot of the unknown kind {:?}", kinds.value(row)))
                        .at(self.out.join(table_path(&contract::SNAPSHOTS)).display().to_string())
                        .hint("publish once more with this version")
                })?;
                files.entry(kind).or_default().push(SnapshotFile {
                    as_of,
                    file: names.value(row).to_owned(),
                    blake3: fingerprints.value(row).to_owned(),
                    rows: counts.value(row),
                    resource_id: text(ids, row).map(str::to_owned),
                });
            }
        }
        Ok(files)
    }

    /// The mappings in the snapshots of a stamp, each with its period.
    ///
    /// # Errors
    /// A table cannot be read, or contradicts another.
    pub fn published_mappings(&self, stamp: &Stamp) -> Result<PublishedMappings> {
        let files = self.snapshots(stamp)?;
        let dates_of = |kind: SnapshotKind| {
            let mut dates: Vec<Hour> = files.get(&kind).into_iter().flatten().map(|file| file.as_of).collect();
            dates.dedup();
            dates
        };
        let dates = SnapshotDates {
            registrations: dates_of(SnapshotKind::Registration),
            customer_subscriptions: dates_of(SnapshotKind::CustomerSubscriptions),
            user_subscriptions: dates_of(SnapshotKind::UserSubscriptions),
        };
        let mut kinds: BTreeMap<SnapshotKind, MappingsOfKind> = BTreeMap::new();
        let columns: [&dyn AnyColumn; 6] =
            [&STAMP, &SNAPSHOT_KIND, &SUBJECT_ID, &FIRST_SNAPSHOT, &LAST_SNAPSHOT, &MAPPED_TO_ID];
        for rows in self.rows(&contract::MAPPINGS, &columns)? {
            let (stamps, kind_of) = (rows.texts(STAMP)?, rows.texts(SNAPSHOT_KIND)?);
            let (subjects, targets) = (rows.texts(SUBJECT_ID)?, rows.texts(MAPPED_TO_ID)?);
            let (firsts, lasts) = (rows.hours(FIRST_SNAPSHOT)?, rows.hours(LAST_SNAPSHOT)?);
            for row in (0..rows.len()).filter(|&row| stamps.value(row) == stamp.as_str()) {
                let contradiction = || {
                    Error::balance("a mapping of a snapshot that the table `snapshots` does not have")
                        .at(self.out.join(table_path(&contract::MAPPINGS)).display().to_string())
                        .hint("publish once more: the tables come from two runs")
                };
                let kind = SnapshotKind::parse(kind_of.value(row)).ok_or_else(contradiction)?;
                let place = |hour: Option<Hour>| dates.of(kind).binary_search(&hour?).ok().map(|place| place as u32);
                let (first, last) = place(firsts[row]).zip(place(lasts[row])).ok_or_else(contradiction)?;
                let subject = text(subjects, row).unwrap_or_default();
                kinds.entry(kind).or_default().push(subject, targets.value(row), first, last);
            }
        }
        let mut finished = |kind: SnapshotKind| kinds.remove(&kind).map(MappingsOfKind::finished).unwrap_or_default();
        let [defaults, customers, listed] = SnapshotKind::ALL.map(&mut finished);
        Ok(PublishedMappings { dates, files, defaults, customers, listed })
    }

    /// The coverage of every day, as it was published.
    ///
    /// # Errors
    /// The table was not written by this version.
    pub fn coverage(&self) -> Result<Vec<CoverageRow>> {
        let columns = contract::COVERAGE.all();
        let mut coverage = Vec::new();
        for rows in self.rows(&contract::COVERAGE, &columns)? {
            let (stamps, days, states) = (rows.texts(STAMP)?, rows.days(USAGE_DATE)?, rows.texts(STATE)?);
            let (loaded, missing) = (rows.texts(LOADED)?, rows.texts(MISSING)?);
            let (lines, findings) = (rows.integers(LINE_COUNT)?, rows.texts(FINDINGS)?);
            for (row, &day) in days.iter().enumerate() {
                let of = |column| text(column, row).unwrap_or_default();
                let parsed = || {
                    let coverage = DayCoverage {
                        day,
                        state: DayState::parse(states.value(row))?,
                        windows: parse_intervals(of(loaded))?,
                        missing: parse_intervals(of(missing))?,
                    };
                    let codes = of(findings).split_whitespace().map(FindingCode::parse).collect::<Option<Vec<_>>>()?;
                    let stamp = Stamp::new(stamps.value(row))?;
                    Some(CoverageRow { stamp, coverage, lines: lines.value(row), findings: codes })
                };
                coverage.push(parsed().ok_or_else(|| {
                    Error::input("not the coverage that this version publishes")
                        .at(self.out.join(table_path(&contract::COVERAGE)).display().to_string())
                        .hint("publish once more with this version, or look at the root with --root")
                })?);
            }
        }
        Ok(coverage)
    }

    /// The months that are closed, by stamp, each with its last closing.
    ///
    /// # Errors
    /// The journal of closings is missing, altered or invalid.
    pub fn closed(&self) -> Result<Vec<ClosingEntry>> {
        let Some(bytes) = self.bytes(CLOSINGS)? else { return Ok(Vec::new()) };
        let mut closings = Closings::default();
        for (at, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            closings.entries.push(serde_json::from_str(line).map_err(|error| {
                Error::input("not a line of the journal of closings")
                    .at_line(self.out.join(CLOSINGS).display().to_string(), at + 1, error.column())
                    .hint("restore it from a backup: closed months cannot be known without it")
                    .because(error)
            })?);
        }
        Ok(closings.closed().into_values().cloned().collect())
    }

    /// The findings of the last run that concern a stamp's month: those about its days, and those about the stamp or
    /// the root and no particular days.
    pub fn findings_of(&self, stamp: &Stamp, month: Month) -> impl Iterator<Item = &PublishedFinding> {
        let month = month.to_string();
        self.findings.iter().filter(move |finding| {
            let is_of_stamp = finding.stamp.as_ref().is_none_or(|concerned| concerned == stamp);
            is_of_stamp && (finding.months.is_empty() || finding.months.contains(&month))
        })
    }

    fn rows(&self, table: &crate::table::column::Table, columns: &[&dyn AnyColumn]) -> Result<Vec<Rows>> {
        self.read(&table_path(table), table, columns, &[])
    }

    /// The days of a stamp that have lines, in order.
    pub fn days_of(&self, stamp: &Stamp) -> Vec<Day> {
        let prefix = folder_of(LINES_FOLDER, stamp);
        let mut days: Vec<Day> = self
            .files_below(&prefix)
            .into_iter()
            .filter_map(|path| Day::parse(path.strip_prefix(&prefix)?.split('/').next()?))
            .collect();
        days.dedup();
        days
    }
}

/// The error for a folder without a publication.
pub fn no_publication(out: &Path) -> Error {
    let name = out.display();
    let is_a_root = || {
        let entries = std::fs::read_dir(out).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.path().join("usage").is_dir())
    };
    match std::fs::metadata(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => Error::usage(format!("there is no folder {name}")).hint(
            "name the folder that `stacktally run` published to; if it lies on a share, see whether that is mounted",
        ),
        Ok(metadata) if !metadata.is_dir() => Error::usage(format!("{name} is a file, and a publication is a folder"))
            .hint("name the folder that `stacktally run` published to"),
        Ok(_) if is_a_root() => Error::usage(format!("{name} holds exports, and no publication"))
            .hint(format!("publish them with `stacktally run --root {name} --out OUT`, and name that OUT")),
        _ => Error::usage(format!("{name} holds no publication: there is no receipt.json"))
            .hint("name the folder that `stacktally run` published to"),
    }
}

/// The receipt of a publication, and the commit in progress that it belongs to, if there is one. Both are read again if
/// a commit began in between.
fn receipt_of(out: &Path) -> Result<(Ahead, std::io::Result<Vec<u8>>)> {
    loop {
        let ahead = Ahead::of(out)?;
        let bytes = ahead.read(out, RECEIPT);
        if Ahead::of(out)?.generation.is_none_or(|now| ahead.generation == Some(now)) {
            return Ok((ahead, bytes));
        }
    }
}

/// The mappings of a stamp, with the files that contain them.
#[derive(Debug)]
pub struct PublishedMappings {
    pub dates: SnapshotDates,
    pub files: BTreeMap<SnapshotKind, Vec<SnapshotFile>>,
    pub defaults: NamedMappings,
    pub customers: NamedMappings,
    pub listed: NamedMappings,
}

/// The unbroken periods in which a subject is mapped, to whatever target: the places of their first and last snapshots.
pub fn unbroken(mappings: &[Mapping]) -> Vec<(u32, u32)> {
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for mapping in mappings {
        match stretches.last_mut().filter(|(_, last)| last + 1 == mapping.first) {
            Some((_, last)) => *last = mapping.last,
            None => stretches.push((mapping.first, mapping.last)),
        }
    }
    stretches
}

/// Mappings with the ids behind their numbers.
#[derive(Debug, Default)]
pub struct NamedMappings {
    subjects: BTreeMap<String, u32>,
    targets: Vec<String>,
    pub mappings: Mappings,
}

impl NamedMappings {
    pub fn subject(&self, id: &str) -> Option<u32> {
        self.subjects.get(id).copied()
    }

    pub fn target(&self, mapping: &Mapping) -> &str {
        self.target_of(mapping.to)
    }

    /// The id of the target with that number.
    pub fn target_of(&self, to: u32) -> &str {
        &self.targets[to as usize]
    }

    /// The ids of the targets, by their numbers.
    pub fn targets_in_order(&self) -> &[String] {
        &self.targets
    }

    /// The subjects, by their numbers.
    pub fn subjects_in_order(&self) -> Vec<&str> {
        let mut subjects = vec![""; self.subjects.len()];
        self.subjects.iter().for_each(|(id, &number)| subjects[number as usize] = id);
        subjects
    }
}

#[derive(Default)]
struct MappingsOfKind {
    subjects: BTreeMap<String, u32>,
    targets: BTreeMap<String, u32>,
    stretches: Vec<Mapping>,
}

impl MappingsOfKind {
    fn push(&mut self, subject: &str, to: &str, first: u32, last: u32) {
        let number = |ids: &mut BTreeMap<String, u32>, id: &str| match ids.get(id) {
            Some(&known) => known,
            None => {
                let next = ids.len() as u32;
                ids.insert(id.to_owned(), next);
                next
            }
        };
        let (subject, to) = (number(&mut self.subjects, subject), number(&mut self.targets, to));
        self.stretches.push(Mapping { subject, first, last, to });
    }

    fn finished(self) -> NamedMappings {
        let mut targets = vec![String::new(); self.targets.len()];
        self.targets.iter().for_each(|(id, &number)| targets[number as usize].clone_from(id));
        NamedMappings {
            mappings: Mappings::of_stretches(self.subjects.len(), self.stretches),
            subjects: self.subjects,
            targets,
        }
    }
}

impl PublishedMappings {
    /// The tenant of a user subscription in the latest listing that contains it.
    pub fn latest_tenant(&self, user_subscription: &str) -> Option<&str> {
        let mapping = self.listed.mappings.held_after(u32::MAX, self.listed.subject(user_subscription)?)?;
        Some(self.listed.target(mapping))
    }

    /// The date of the list since which a tenant has been mapped, to whatever target; `None` if the latest list does
    /// not map it.
    pub fn registered_since(&self, tenant: &str) -> Option<Hour> {
        let dates = &self.dates.customer_subscriptions;
        let mappings = self.customers.mappings.of_subject(self.customers.subject(tenant)?);
        let &(first, last) = unbroken(mappings).last()?;
        (last as usize + 1 == dates.len()).then(|| dates[first as usize])
    }

    /// The files of the snapshot at that place, in order of the dates of its kind.
    pub fn files_of(&self, kind: SnapshotKind, place: u32) -> Vec<&SnapshotFile> {
        let as_of = self.dates.of(kind).get(place as usize).copied();
        self.files.get(&kind).into_iter().flatten().filter(|file| Some(file.as_of) == as_of).collect()
    }
}
