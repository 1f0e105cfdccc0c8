//! What a night job must say first: reported time that is missing, windows that are due, lines set aside that nobody
//! was told of.

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::domain::finding::FindingCode;
use crate::domain::{Finding, Hour, NextWindow, Stamp, Window, reported};
use crate::error::{FailureKind, Result};
use crate::publication::Out;
use crate::publish::RejectRow;
use crate::read::{ExportRecord, Stored};
use crate::table::contract;
use crate::table::contract::columns::{FILE, STAMP};
use crate::table::contract::rejects::{OFFENDING_TEXT, REASON};
use crate::table::reader::{self, text};

const REJECTS: &str = "rejects.parquet";

/// The reported time of a stamp, but for what the operator accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedTime {
    pub stamp: Stamp,
    /// Between its first and its last window, what no whole export covers, each with the finding that says why; in
    /// order.
    pub missing: Vec<(Window, FindingCode)>,
    /// After its newest whole window; `None` when none is whole.
    pub next: Option<NextWindow>,
    /// When that should be there; `None` also where it is accepted that none comes.
    pub due: Option<Hour>,
}

impl ReportedTime {
    /// As the exports of a stamp leave it, in order of their windows.
    pub fn of(stamp: &Stamp, exports: &[ExportRecord], plan: &Plan) -> Self {
        let used = || exports.iter().filter(|own| !own.is_dropped()).filter_map(|own| Some((own, own.window?)));
        let claimed: Vec<Window> = used().map(|(_, window)| window).collect();
        let whole: Vec<Window> = used().filter(|(own, _)| own.covers()).map(|(_, window)| window).collect();
        let gaps = reported::gaps_between(&claimed).into_iter().map(|gap| (gap, FindingCode::WindowMissing));
        let broken = used().filter(|(own, _)| !own.covers()).map(|(own, window)| (window, why_not_whole(own)));
        let is_told = |code: FindingCode| !plan.accept.contains(&code);
        let mut missing: Vec<(Window, FindingCode)> = gaps.chain(broken).filter(|(_, code)| is_told(*code)).collect();
        missing.sort_unstable();
        let next = NextWindow::after(&whole);
        let due = next.filter(|_| is_told(FindingCode::WindowOverdue)).map(|next| next.due(plan.overdue_after));
        Self { stamp: stamp.clone(), missing, next, due }
    }

    /// How many hours are missing.
    pub fn hours_missing(&self) -> i32 {
        self.missing.iter().map(|(window, _)| window.hours()).sum()
    }

    /// The finding that the next window should be there, where it should, as the clock shows `seconds` since 1970.
    pub fn overdue(&self, seconds: i64) -> Option<Finding> {
        let (next, due) = self.next.zip(self.due).filter(|(_, due)| seconds > seconds_of(*due))?;
        let (stamp, from, rhythm) = (&self.stamp, next.from, reported::length(next.rhythm));
        Some(Finding::new(
            stamp,
            FindingCode::WindowOverdue,
            format!("nothing is reported after {from}, and more was due by {due}: a window of {stamp} has {rhythm}"),
            vec![format!("{stamp}/usage")],
            "see why no export came since: run its query, and look after the job that fetches it",
        ))
    }
}

/// An instant in seconds since 1970.
pub fn seconds_of(hour: Hour) -> i64 {
    i64::from(hour.hours_since_epoch()) * 3600
}

/// The finding that says why an export covers nothing.
fn why_not_whole(export: &ExportRecord) -> FindingCode {
    const REASONS: [FindingCode; 4] = [
        FindingCode::ExportWithoutFiles,
        FindingCode::ChainWithoutEnd,
        FindingCode::TableMayBeCut,
        FindingCode::PublishedLinesUnvouched,
    ];
    let found = |code: &FindingCode| export.findings.iter().any(|own| own.code == *code);
    REASONS.into_iter().find(found).unwrap_or(FindingCode::WindowMissing)
}

/// What tells one reject from another from night to night: its stamp, its export, the reason, the text. Neither the row
/// nor the file: an export that is fetched again has its pages cut elsewhere.
type Told = (String, String, String, Option<String>);

/// The rejects that the last publication does not hold, by their places in `rejects`. Equal ones are counted: three
/// where there were two are one more. Without a publication, or where its table cannot be read, all of them are.
///
/// # Errors
/// The machine failed.
pub fn new_rejects(rejects: &[RejectRow], out: Option<&Out>) -> Result<Vec<usize>> {
    if rejects.is_empty() {
        return Ok(Vec::new());
    }
    let out = out.filter(|out| out.last().files.contains_key(REJECTS));
    let mut told = match out.map_or_else(|| Ok(BTreeMap::new()), published_rejects) {
        // A table that is gone, was altered (`--full`) or is of another version tells of nothing: its rejects are told
        // once more.
        Err(error) if error.kind == FailureKind::Input => BTreeMap::new(),
        told => told?,
    };
    let is_new = |own: &&usize| {
        let own = &rejects[**own];
        let key = key_of(own.stamp.as_str(), &own.file, own.reason, own.text.as_deref());
        let left = told.get_mut(&key).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_none()
    };
    let places: Vec<usize> = (0..rejects.len()).collect();
    Ok(places.iter().filter(is_new).copied().collect())
}

/// How often each reject stands in the published table.
fn published_rejects(out: &Out) -> Result<BTreeMap<Told, usize>> {
    let mut told = BTreeMap::new();
    let Stored { path, bytes } = out.read(REJECTS)?;
    let columns = contract::REJECTS.all();
    for rows in reader::read(&path, bytes, &contract::REJECTS, &columns, &[])? {
        let (stamps, files) = (rows.texts(STAMP)?, rows.texts(FILE)?);
        let (reasons, texts) = (rows.texts(REASON)?, rows.texts(OFFENDING_TEXT)?);
        for row in 0..rows.len() {
            let key = key_of(stamps.value(row), files.value(row), reasons.value(row), text(texts, row));
            *told.entry(key).or_default() += 1;
        }
    }
    Ok(told)
}

fn key_of(stamp: &str, file: &str, reason: &str, text: Option<&str>) -> Told {
    (stamp.to_owned(), export_of(file), reason.to_owned(), text.map(str::to_owned))
}

/// The export of a file by its path, `<stamp>/usage/<window>/…`: its window, however its folder spells it. A loose file
/// is of the one export without a window.
fn export_of(file: &str) -> String {
    let mut parts = file.split('/').skip(2);
    let folder = parts.next().filter(|_| parts.next().is_some()).unwrap_or_default();
    Window::parse(folder).map_or_else(|| folder.to_owned(), Window::label)
}
