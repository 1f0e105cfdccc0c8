//! The receipt: what one run did, for people and for monitors.
//!
//! `receipt.json` is that of the last run, and lists the inputs and files of the publication. `receipts/` keeps one of
//! each run. There, lists that continue from run to run have only the entries that the previous receipt does not have,
//! so that the folder grows with new data, and not with all data.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::files::Published;
use crate::domain::identity::stamp_or_empty;
use crate::domain::{Day, Finding, Month, Stamp, Window};
use crate::error::{Error, Result};
use crate::store::ReadFile;

/// The format of receipts and tables: a reader that knows this number knows both.
pub const FORMAT: u32 = 5;
/// The first format in which `receipts/` keeps less than `receipt.json`.
const FORMAT_KEPT_SHORT: u32 = 5;

/// What one run did.
#[derive(Debug, Serialize)]
pub struct Receipt {
    pub format: u32,
    /// The number of the publication: a counter, since clocks can go backwards.
    pub generation: u64,
    pub stacktally: &'static str,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: String,
    /// Every setting that decides what is read and published, with its value, as typed or by default.
    pub settings: serde_json::Value,
    pub lines: Lines,
    /// Lines whose quantity was rounded, half to even, at the 18th place.
    pub lines_rounded: u64,
    /// Lines whose window is longer than a day or undeclared: the end of their usage day chose the snapshots.
    pub lines_attributed_by_usage_day: u64,
    /// Lines older than the first registration or customer list, which serves them.
    pub lines_before_first_snapshot: u64,
    /// Resources with a text that was longer than 32,000 bytes and was cut.
    pub resources_cut: u64,
    /// CSV cells in the files of this run that got a leading `'`, so that spreadsheets do not run them as formulas.
    pub csv_cells_guarded: u64,
    pub attributions: Vec<Count>,
    pub rejects: Vec<Count>,
    pub days: Vec<Count>,
    /// The window ledger: every export, what it contains, and whether it counts.
    pub windows: Vec<WindowEntry>,
    pub findings: Vec<FindingEntry>,
    /// Totals per stamp and meter: the same in `lines`, `daily` and `monthly`, and for Hourly lines in `hourly`.
    pub balance: Vec<BalanceEntry>,
    /// The totals of the statements of each month, by currency.
    pub statements: Vec<StatementEntry>,
    /// Quantities without a price, for each meter.
    pub unpriced: Vec<UnpricedEntry>,
    pub rate_cards: Vec<RateCardEntry>,
    pub inputs: Vec<Input>,
    /// The table of all exports; `None` if nothing is published.
    pub exports: Option<TableEntry>,
    /// Why this was a full run; `None` if only what had changed was made again.
    pub full_run: Option<String>,
    /// The days that were settled in this run, each with the reasons.
    pub settled: Vec<SettledEntry>,
    /// Exports that the last run read and that are no longer in the root.
    pub missing: Vec<MissingEntry>,
    /// Missing inputs that were forgotten by name (`--forget`): stamps, folders of exports, files of the root.
    pub forgotten: Vec<String>,
    /// Stamps that `--stamp` left as they were published, and the run that published them.
    pub left_as_published: Vec<LeftEntry>,
    /// Files and folders that were ignored because of their names.
    pub skipped: Vec<String>,
    pub published: Vec<Published>,
}

/// A published table, with its hash.
#[derive(Clone, Debug, Serialize)]
pub struct TableEntry {
    pub path: String,
    pub rows: u64,
    pub blake3: String,
}

/// The inputs of a publication, from a receipt of any version.
#[derive(Debug, Default, Deserialize)]
pub struct RecordedInputs {
    #[serde(default)]
    pub windows: Vec<RecordedWindow>,
    #[serde(default)]
    pub inputs: Vec<RecordedFile>,
    #[serde(default)]
    pub settings: serde_json::Value,
    #[serde(default)]
    format: u32,
}

/// An export that is an input of a publication.
#[derive(Debug, Deserialize)]
pub struct RecordedWindow {
    pub stamp: String,
    pub window: String,
    pub folder: String,
    pub files: usize,
    pub lines: i64,
    /// The rule by which it does not count.
    pub dropped: Option<String>,
    /// The run in which it first counted, if that is known: receipts before format 5 do not say it.
    pub first_run: Option<u64>,
}

/// A file that is an input of a publication.
#[derive(Debug, Deserialize)]
pub struct RecordedFile {
    pub path: String,
    pub blake3: String,
    #[serde(default)]
    pub lines: i64,
    pub dropped: Option<String>,
}

impl RecordedInputs {
    /// The inputs in a receipt; none if the bytes are not a receipt.
    pub fn from_receipt(receipt: &[u8]) -> Self {
        serde_json::from_slice(receipt).unwrap_or_default()
    }

    /// The same from a receipt in `receipts/`; `None` if that is not complete.
    pub fn from_kept(receipt: &[u8]) -> Option<Self> {
        Some(Self::from_receipt(receipt)).filter(|recorded| recorded.format < FORMAT_KEPT_SHORT)
    }
}

/// `read = used + rejected + dropped`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Lines {
    pub read: i64,
    pub used: i64,
    pub rejected: i64,
    pub dropped: i64,
}

/// A name and a number.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    pub name: &'static str,
    pub count: u64,
}

/// `read = used + rejected + dropped`, for each meter of a stamp.
#[derive(Debug, Serialize)]
pub struct BalanceEntry {
    pub stamp: String,
    /// `None`: rejected lines whose meter could not be read.
    pub meter_id: Option<String>,
    pub lines: i64,
    pub quantity: String,
    pub lines_hourly: i64,
    pub quantity_hourly: String,
    /// Of these, usage that arrived for closed months after they were closed: not in `daily` and `monthly`, but in
    /// `adjustments`.
    pub lines_adjusted: i64,
    pub quantity_adjusted: String,
    pub lines_rejected: i64,
    /// As far as it could be read; `None` if it is out of the range of a quantity.
    pub quantity_rejected: Option<String>,
    pub lines_dropped: i64,
    pub quantity_dropped: Option<String>,
}

/// All zero, without a stamp or a meter.
impl Default for BalanceEntry {
    fn default() -> Self {
        let zero = || "0".to_owned();
        Self {
            stamp: String::new(),
            meter_id: None,
            lines: 0,
            quantity: zero(),
            lines_hourly: 0,
            quantity_hourly: zero(),
            lines_adjusted: 0,
            quantity_adjusted: zero(),
            lines_rejected: 0,
            quantity_rejected: Some(zero()),
            lines_dropped: 0,
            quantity_dropped: Some(zero()),
        }
    }
}

/// One export in the window ledger.
#[derive(Debug, Serialize)]
pub struct WindowEntry {
    pub stamp: String,
    /// Its reported window, as in the names of its published files.
    pub window: String,
    pub folder: String,
    pub granularity: Option<&'static str>,
    pub files: usize,
    pub lines: i64,
    /// Used lines that equal another one of the same export in everything but their position.
    pub lines_equal: i64,
    /// Whether its reported time is covered: it counts, has files, and its chain of pages is complete.
    pub whole: bool,
    /// The rule by which it does not count.
    pub dropped: Option<&'static str>,
    /// The size of its files, decompressed.
    pub bytes: u64,
    /// A hash of the names and fingerprints of its files.
    pub blake3: String,
    /// The run since which it has counted, if that is known.
    pub first_run: Option<u64>,
    /// The window as a value; `None`: undeclared.
    #[serde(skip)]
    pub reported: Option<Window>,
}

/// The total of a month's statement lines in one currency.
#[derive(Debug, Serialize)]
pub struct StatementEntry {
    pub month: String,
    pub currency: &'static str,
    pub lines: u64,
    /// Exact, to ten places.
    pub charge: String,
    /// The sum of the rounded lines, and its difference from the charge.
    pub amount: String,
    pub rounding_difference: String,
    pub billing_currency: &'static str,
    pub billing_amount: String,
    /// The billing amount for people, with all digits of the minor unit.
    #[serde(skip)]
    pub billed: String,
}

/// A quantity of a month without a price in force.
#[derive(Debug, Serialize)]
pub struct UnpricedEntry {
    pub month: String,
    pub stamp: String,
    pub meter_id: String,
    pub quantity: String,
}

/// How many meters of a rate card price a meter of the stamps.
#[derive(Debug, Serialize)]
pub struct RateCardEntry {
    pub file: String,
    pub meters: usize,
    pub mapped: usize,
}

/// A day that was settled in this run.
#[derive(Debug, Serialize)]
pub struct SettledEntry {
    pub stamp: String,
    pub usage_date: String,
    pub causes: Vec<&'static str>,
}

/// An export that is no longer in the root.
#[derive(Debug, Serialize)]
pub struct MissingEntry {
    pub stamp: String,
    pub folder: String,
    pub lines: i64,
    /// Whether its lines still count (`--keep-missing`).
    pub kept: bool,
    /// Whether its lines were removed because `--forget` names it.
    pub forgotten: bool,
}

/// A stamp that a run left as published.
#[derive(Clone, Debug, Serialize)]
pub struct LeftEntry {
    pub stamp: Stamp,
    /// The number of the last run that looked at its inputs; `None` if it is unknown.
    pub run: Option<u64>,
}

/// One input file, decompressed.
#[derive(Debug, Serialize)]
pub struct Input {
    pub path: String,
    pub bytes: u64,
    pub blake3: String,
    pub lines: i64,
    /// The shape of its rows, if it contains usage.
    pub shape: Option<&'static str>,
    /// How a table writes times and numbers: determined once, from all its rows.
    pub dialect: Option<String>,
    /// What it lacks compared with what the REST APIs return.
    pub lacks: Vec<String>,
    /// The rule by which it does not count.
    pub dropped: Option<&'static str>,
    /// Whether a setting determined its encoding.
    #[serde(skip)]
    pub by_encoding: bool,
}

impl Input {
    /// A file that was read, and its number of usage lines.
    pub fn from_file(file: &ReadFile, lines: i64) -> Self {
        let ReadFile { name, bytes, fingerprint, by_encoding } = file;
        Self {
            path: name.clone(),
            bytes: *bytes,
            blake3: fingerprint.to_string(),
            lines,
            shape: None,
            dialect: None,
            lacks: Vec::new(),
            dropped: None,
            by_encoding: *by_encoding,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct FindingEntry {
    #[serde(with = "stamp_or_empty")]
    pub stamp: Option<Stamp>,
    pub code: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    pub sentence: String,
    pub concerned: Vec<String>,
    pub remedy: Cow<'static, str>,
    /// The months whose usage it may concern; empty if it concerns no particular month.
    pub months: Vec<String>,
    /// Whether `--accept` names its code.
    pub accepted: bool,
}

/// Days after which usage is normally reported (Q3, Q4).
const LATE_DAYS: i32 = 2;

impl FindingEntry {
    /// The entry of a finding; `accepted` tells whether the operator accepts its code.
    pub fn new(accepted: bool, finding: Finding) -> Self {
        let Finding { stamp, code, sentence, concerned, remedy, days } = finding;
        // Findings about exports concern the days of their windows, and windows also report usage of the days before.
        let concerned_days = |&day: &Day| (0..=LATE_DAYS).map(move |late| Day::of_days(day.days_since_epoch() - late));
        let months: BTreeSet<Month> = days.iter().flat_map(concerned_days).map(Day::month).collect();
        let months = months.iter().map(Month::to_string).collect();
        let severity = code.severity().as_str();
        Self { stamp, code: code.as_str(), severity, sentence, concerned, remedy, months, accepted }
    }
}

/// A receipt with another number, other published files and the closings that made it (`closings`, which the receipt of
/// a run does not have). Everything else in it still describes the last run.
///
/// # Errors
/// The bytes are not a receipt.
pub fn amended(
    receipt: &[u8],
    generation: u64,
    published: &[Published],
    closings: &(impl Serialize + ?Sized),
) -> Result<ReceiptMembers> {
    let failed = |error| Error::bug_of("read the receipt", error);
    let mut members: Vec<(String, Box<RawValue>)> =
        serde_json::from_slice::<ReceiptMembers>(receipt).map_err(failed)?.0;
    let raw = |value: serde_json::Result<Box<RawValue>>| value.map_err(failed);
    let generation = raw(serde_json::value::to_raw_value(&generation))?;
    let published = raw(serde_json::value::to_raw_value(published))?;
    let closings = raw(serde_json::value::to_raw_value(closings))?;
    for (name, value) in [("generation", generation), ("published", published), ("closings", closings)] {
        match members.iter_mut().find(|(key, _)| key == name) {
            Some((_, current)) => *current = value,
            None => members.push((name.to_owned(), value)),
        }
    }
    Ok(ReceiptMembers(members))
}

/// Lists of a receipt that continue from run to run: `receipts/` keeps only the entries that the previous receipt does
/// not have.
const LISTS: [&str; 10] = [
    "windows",
    "inputs",
    "findings",
    "balance",
    "statements",
    "unpriced",
    "rate_cards",
    "missing",
    "skipped",
    "published",
];
/// Lists of what a run did: the receipt of a closing repeats them from the run before it.
const DONE: [&str; 2] = ["settled", "forgotten"];

/// The copy of a receipt for `receipts/`: its lists have only the entries that `previous`, the receipt before it, does
/// not have in the same words. The numbers of entries left out are in `as_before`.
///
/// # Errors
/// The bytes are not a receipt.
pub fn kept_copy(receipt: &[u8], previous: Option<&[u8]>) -> Result<Vec<u8>> {
    let failed = |error| Error::bug_of("write the receipt that is kept", error);
    let current: ReceiptMembers = serde_json::from_slice(receipt).map_err(failed)?;
    let previous = previous.and_then(|bytes| serde_json::from_slice::<ReceiptMembers>(bytes).ok());
    let before = |name: &str| {
        let member = previous.iter().flat_map(|previous| &previous.0).find(|(key, _)| key == name);
        member.map(|(_, list)| entries(list)).unwrap_or_default()
    };
    let is_closing = current.0.iter().any(|(name, _)| name == "closings");
    let mut as_before: Vec<(String, usize)> = Vec::new();
    let mut members = Vec::new();
    for (name, value) in &current.0 {
        let is_list = LISTS.contains(&name.as_str()) || (is_closing && DONE.contains(&name.as_str()));
        if !is_list {
            members.push((name.clone(), value.clone()));
            continue;
        }
        let all = entries(value);
        let new = not_in(&all, &before(name));
        if new.len() < all.len() {
            as_before.push((name.clone(), all.len() - new.len()));
        }
        members.push((name.clone(), serde_json::value::to_raw_value(&new).map_err(failed)?));
    }
    let counts: BTreeMap<&str, usize> = as_before.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    members.push(("as_before".to_owned(), serde_json::value::to_raw_value(&counts).map_err(failed)?));
    serde_json::to_vec_pretty(&ReceiptMembers(members)).map_err(failed)
}

/// The entries of a list.
fn entries(list: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(list.get()).unwrap_or_default()
}

/// The entries that another list does not have. Equal entries have equal texts, except for the indentation in amended
/// receipts.
fn not_in<'e>(entries: &[&'e RawValue], others: &[&RawValue]) -> Vec<&'e RawValue> {
    let here: HashSet<&str> = entries.iter().map(|entry| entry.get()).collect();
    let there: HashSet<&str> = others.iter().map(|entry| entry.get()).collect();
    let mut new: Vec<&RawValue> = entries.iter().filter(|entry| !there.contains(entry.get())).copied().collect();
    let unmatched = others.iter().filter(|entry| !here.contains(entry.get()));
    let squeezed = |entry: &RawValue| entry.get().split_whitespace().collect::<String>();
    let unmatched: HashSet<String> = unmatched.map(|entry| squeezed(entry)).collect();
    new.retain(|entry| !unmatched.contains(&squeezed(entry)));
    new
}

/// The members of a receipt, in their order.
#[derive(Debug)]
pub struct ReceiptMembers(Vec<(String, Box<RawValue>)>);

impl Serialize for ReceiptMembers {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for ReceiptMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = ReceiptMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a receipt")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<ReceiptMembers, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(ReceiptMembers(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
