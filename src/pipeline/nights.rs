//! What a nightly run must report first: missing reported time, overdue windows, and new rejects.

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::domain::finding::FindingCode;
use crate::domain::{Finding, Hour, NextWindow, Stamp, Window, reported};
use crate::error::{FailureKind, Result};
use crate::publication::Out;
use crate::publication::layout::table_path;
use crate::publish::RejectRow;
use crate::read::{ExportRecord, Stored};
use crate::table::contract;
use crate::table::contract::columns::{FILE, STAMP};
use crate::table::contract::rejects::{OFFENDING_TEXT, REASON};
use crate::table::reader::{self, text};

/// The reported time of a stamp, without what the operator accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedTime {
    pub stamp: Stamp,
    /// The times between its first and its last window that no whole export covers, each with the finding that tells
    /// why; in order.
    pub missing: Vec<(Window, FindingCode)>,
    /// The window after its newest whole one; `None` if none is whole.
    pub next: Option<NextWindow>,
    /// When that window is due; `None` also if it is accepted that none comes.
    pub due: Option<Hour>,
}

impl ReportedTime {
    /// The reported time of a stamp's exports, which are in order of their windows.
    pub fn of(stamp: &Stamp, exports: &[ExportRecord], plan: &Plan) -> Self {
        let used =
            || exports.iter().filter(|export| !export.is_dropped()).filter_map(|export| Some((export, export.window?)));
        let claimed: Vec<Window> = used().map(|(_, window)| window).collect();
        let whole: Vec<Window> = used().filter(|(export, _)| export.covers()).map(|(_, window)| window).collect();
        let gaps = reported::gaps_between(&claimed).into_iter().map(|gap| (gap, FindingCode::WindowMissing));
        let broken =
            used().filter(|(export, _)| !export.covers()).map(|(export, window)| (window, why_not_whole(export)));
        let is_reported = |code: FindingCode| !plan.accept.contains(&code);
        let mut missing: Vec<(Window, FindingCode)> =
            gaps.chain(broken).filter(|(_, code)| is_reported(*code)).collect();
        missing.sort_unstable();
        let next = NextWindow::after(&whole);
        let due = next.filter(|_| is_reported(FindingCode::WindowOverdue)).map(|next| next.due(plan.overdue_after));
        Self { stamp: stamp.clone(), missing, next, due }
    }

    /// How many hours are missing.
    pub fn hours_missing(&self) -> i32 {
        self.missing.iter().map(|(window, _)| window.hours()).sum()
    }

    /// The finding that the next window is overdue at `seconds` since 1970, if it is.
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

/// The code of the finding that tells why an export covers nothing.
fn why_not_whole(export: &ExportRecord) -> FindingCode {
    const REASONS: [FindingCode; 4] = [
        FindingCode::ExportWithoutFiles,
        FindingCode::ChainWithoutEnd,
        FindingCode::TableMayBeCut,
        FindingCode::PublishedLinesUnvouched,
    ];
    let found = |code: &FindingCode| export.findings.iter().any(|finding| finding.code == *code);
    REASONS.into_iter().find(found).unwrap_or(FindingCode::WindowMissing)
}

/// What identifies a reject from run to run: its stamp, its export, the reason and the text. Not the row or the file:
/// an export that is fetched again may be divided into other pages.
type RejectKey = (String, String, String, Option<String>);

/// The rejects that the last publication does not have, by their places in `rejects`. Equal rejects are counted: if
/// there were two and now are three, one is new. Without a publication, or if its table cannot be read, all are new.
///
/// # Errors
/// The machine failed.
pub(super) fn new_rejects(rejects: &[RejectRow], out: Option<&Out>) -> Result<Vec<usize>> {
    if rejects.is_empty() {
        return Ok(Vec::new());
    }
    let out = out.filter(|out| out.last().files.contains_key(&table_path(&contract::REJECTS)));
    let mut known = match out.map_or_else(|| Ok(BTreeMap::new()), published_rejects) {
        // A table that is missing, altered (`--full`) or of another version has no known rejects: all are reported
        // again.
        Err(error) if error.kind == FailureKind::Input => BTreeMap::new(),
        known => known?,
    };
    let is_new = |place: &&usize| {
        let reject = &rejects[**place];
        let key = key_of(reject.stamp.as_str(), &reject.file, reject.reason, reject.text.as_deref());
        let left = known.get_mut(&key).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_none()
    };
    let places: Vec<usize> = (0..rejects.len()).collect();
    Ok(places.iter().filter(is_new).copied().collect())
}

/// How often each reject occurs in the published table.
fn published_rejects(out: &Out) -> Result<BTreeMap<RejectKey, usize>> {
    let mut known = BTreeMap::new();
    let Stored { path, bytes } = out.read(&table_path(&contract::REJECTS))?;
    let columns = contract::REJECTS.all();
    for rows in reader::read(&path, bytes, &contract::REJECTS, &columns, &[])? {
        let (stamps, files) = (rows.texts(STAMP)?, rows.texts(FILE)?);
        let (reasons, texts) = (rows.texts(REASON)?, rows.texts(OFFENDING_TEXT)?);
        for row in 0..rows.len() {
            let key = key_of(stamps.value(row), files.value(row), reasons.value(row), text(texts, row));
            *known.entry(key).or_default() += 1;
        }
    }
    Ok(known)
}

fn key_of(stamp: &str, file: &str, reason: &str, text: Option<&str>) -> RejectKey {
    (stamp.to_owned(), export_of(file), reason.to_owned(), text.map(str::to_owned))
}

/// The export of a file by its path, `<stamp>/usage/<window>/…`: its window in canonical form, or else its folder. A
/// file without such a folder belongs to the one export without a window.
fn export_of(file: &str) -> String {
    let mut parts = file.split('/').skip(2);
    let folder = parts.next().filter(|_| parts.next().is_some()).unwrap_or_default();
    Window::parse(folder).map_or_else(|| folder.to_owned(), Window::label)
}
