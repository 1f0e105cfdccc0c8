//! Findings about a stamp's exports.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::FileLines;
use super::record::{ExportRecord, FileRecord, entry_of, lines_of};
use super::reject::Reject;
use super::repeated::Repetition;
use crate::domain::coverage::intervals;
use crate::domain::finding::FindingCode;
use crate::domain::ledger::{self, LedgerEntry};
use crate::domain::misplaced::Suspicion;
use crate::domain::{Day, Finding, RejectReason, Stamp, Window, reported, shown};
use crate::read::format::shape::Shape;
use crate::read::intern::Interners;

/// Rows of a full page of the usage API (reference §1.2).
const PAGE_ROWS: i64 = 1_000;

/// Fewer rejected lines than this are accidents, whatever their share.
const REJECTS_MIN: i64 = 10;

/// The number of gaps that a finding lists; it concerns all of them.
const GAPS_SHOWN: usize = 20;

/// Usage of a file that ends so long before its reported window that it cannot have been reported there.
pub(super) struct EarlyUsage {
    pub lines: i64,
    /// Its days, in order.
    pub days: Vec<Day>,
}

impl EarlyUsage {
    /// The early usage of a file; `None` when it has none.
    pub(super) fn find(file: &FileLines, window: Option<Window>, late_days: u16) -> Option<Self> {
        let window = window?;
        let is_early = |day: Day| day.end() <= window.start && !window.can_report(day.end(), late_days);
        let early = || file.sums.iter().filter(|(day, _)| is_early(**day));
        let lines = early().flat_map(|(_, sums)| sums).map(|(_, sum)| sum.read.lines).sum();
        let days: Vec<Day> = early().map(|(day, _)| *day).collect();
        (!days.is_empty()).then_some(Self { lines, days })
    }

    /// The last of its days.
    pub(super) fn last(&self) -> Day {
        self.days[self.days.len() - 1]
    }
}

/// An export whose findings are sought: what was read of it.
pub(super) struct AboutExport<'a> {
    pub stamp: &'a Stamp,
    pub folder: &'a str,
    pub window: Option<Window>,
    pub late_days: u16,
    pub has_sidecar: bool,
    pub files: &'a [FileLines],
    /// Files that were saved twice.
    pub twice: &'a [FileLines],
    pub repetitions: &'a [Repetition],
    pub texts: &'a Interners,
}

impl AboutExport<'_> {
    /// The number of rejected lines, and of all lines, where the share of the rejected is more than this.
    fn many_rejects(&self, percent: u8) -> Option<(i64, i64)> {
        let rejected = self.files.iter().map(|file| file.rejects.len() as i64).sum::<i64>();
        let lines = self.files.iter().map(|file| file.read.lines).sum::<i64>();
        (rejected >= REJECTS_MIN && rejected * 100 > lines * i64::from(percent)).then_some((rejected, lines))
    }

    /// The findings about one export.
    pub(super) fn findings(&self, rejects_percent: u8) -> Vec<Finding> {
        let mut findings = self.saved_twice();
        findings.extend(self.of_the_whole(rejects_percent));
        findings.extend(self.page_without_successor());
        findings.extend(self.of_single_files());
        let days = self.days();
        findings.extend(self.early_usage().map(|finding| finding.on(&days)));
        findings
    }

    /// The days that its findings are about.
    fn days(&self) -> BTreeSet<Day> {
        match self.window {
            Some(window) => window.days().collect(),
            None => self.files.iter().flat_map(|file| file.sums.keys().copied()).collect(),
        }
    }

    fn says(&self, code: FindingCode, sentence: String, concerned: Vec<String>, remedy: &'static str) -> Finding {
        // A duplicate page counts once: it takes nothing from its days.
        let days = if code == FindingCode::PageSavedTwice { BTreeSet::new() } else { self.days() };
        Finding::new(self.stamp, code, sentence, concerned, remedy).on(&days)
    }

    /// Findings about content that it has more than once.
    fn saved_twice(&self) -> Vec<Finding> {
        let Self { files, twice, .. } = *self;
        let mut findings = Vec::new();
        let name = |file: &FileLines| file.file.name.clone();
        for file in twice {
            let is_twin = |other: &&FileLines| other.content == file.content && other.file.name != file.file.name;
            let other = files.iter().chain(twice).find(is_twin);
            let other = other.map_or_else(String::new, |other| other.file.name.clone());
            findings.push(self.says(
                FindingCode::PageSavedTwice,
                format!("{} repeats {other} byte for byte and counts once", file.file.name),
                vec![other, name(file)],
                "delete one of the two",
            ));
        }
        for Repetition { sentence, files, .. } in self.repetitions {
            findings.push(self.says(
                FindingCode::PageSavedTwice,
                sentence.clone(),
                files.clone(),
                "see why it was saved again, such as a script that appends to a file that is there, and delete the \
                 repetition",
            ));
        }
        findings
    }

    /// Findings about the export as a whole.
    fn of_the_whole(&self, rejects_percent: u8) -> Vec<Finding> {
        let Self { files, twice, texts, .. } = *self;
        let mut findings = Vec::new();
        let folder = || vec![self.folder.to_owned()];
        let name = |file: &FileLines| file.file.name.clone();
        if files.is_empty() && twice.is_empty() {
            findings.push(self.says(
                FindingCode::ExportWithoutFiles,
                format!("{} holds no file, so its reported time counts as missing", self.folder),
                folder(),
                "run the query again and save its pages there, or remove the folder",
            ));
        }
        if files.is_empty() {
            return findings;
        }
        if !has_end(files, texts) {
            findings.push(self.says(
                FindingCode::ChainWithoutEnd,
                format!("every page in {} names a next one: the last page is missing", self.folder),
                folder(),
                "follow nextLink until a page has none; until then the days of this window stay partial",
            ));
        }
        for file in files.iter().filter(|file| file.read.lines == 0 && file.shape != Some(Shape::PublishedResources)) {
            findings.push(self.says(
                FindingCode::PageWithoutLines,
                format!("{} holds no line", file.file.name),
                vec![name(file)],
                "a stamp in use reports every hour: run the query again, and see whether it may see all user \
                 subscriptions",
            ));
        }
        let shapes: BTreeSet<Shape> =
            files.iter().filter_map(|file| file.shape).filter(|shape| *shape != Shape::PublishedResources).collect();
        if shapes.len() > 1 {
            let names: Vec<&str> = shapes.iter().map(|shape| shape.as_str()).collect();
            findings.push(self.says(
                FindingCode::SeveralShapes,
                format!("{} holds files of several shapes: {}", self.folder, names.join(", ")),
                folder(),
                "see whether one usage was saved in two shapes, and keep one of them: all were counted",
            ));
        }
        if published(files).is_some() && !self.has_sidecar {
            findings.push(self.says(
                FindingCode::PublishedLinesUnvouched,
                format!("{} holds published lines, which do not say whether they are all of their export", self.folder),
                folder(),
                "put an export.json with its window beside them, if they are; until then its days stay partial",
            ));
        }
        if let Some((rejected, lines)) = self.many_rejects(rejects_percent) {
            let commonest = Reject::commonest(files.iter().flat_map(|file| &file.rejects));
            let commonest = commonest.map_or("", |(reason, _)| reason.as_str());
            findings.push(self.says(
                FindingCode::ManyRejects,
                format!("{rejected} of {lines} lines in {} were set aside, most of them for {commonest}", self.folder),
                folder(),
                "see in the table rejects what is wrong with them, and export them again; until then the days that \
                 this window completes are not settled (--rejects-percent says how many lines may be set aside)",
            ));
        }
        findings
    }

    /// The last page of a chain, where it is full and nothing says that it is the last.
    fn page_without_successor(&self) -> Option<Finding> {
        let Self { files, texts, .. } = *self;
        let says_nothing = !files.iter().any(|file| file.has_next_links);
        let is_full = |file: &&FileLines| says_nothing && file.read.lines == PAGE_ROWS;
        let mut full = files.iter().filter(is_full).peekable();
        // The subscriptions of pages that are not full: a full page that goes on in one of these lacks nothing.
        let going_on: Vec<BTreeSet<String>> = match full.peek() {
            None => Vec::new(),
            Some(_) => {
                let others = files.iter().filter(|other| other.read.lines < PAGE_ROWS);
                others.map(|other| other.user_subscriptions(texts)).collect()
            }
        };
        let goes_on = |file: &FileLines| {
            let subscriptions = file.user_subscriptions(texts);
            going_on.iter().any(|other| !other.is_disjoint(&subscriptions))
        };
        full.find(|file| !goes_on(file)).map(|file| {
            self.says(
                FindingCode::PageFullWithoutSuccessor,
                format!(
                    "{} is full to {} lines, and nothing says whether another page follows",
                    file.file.name, file.read.lines
                ),
                vec![file.file.name.clone()],
                "old modules return the first page only: run the query again and follow nextLink until a page has none",
            )
        })
    }

    /// Findings about single files.
    fn of_single_files(&self) -> Vec<Finding> {
        let files = self.files;
        let mut findings = Vec::new();
        let name = |file: &FileLines| file.file.name.clone();
        for file in files.iter().filter(|file| file.is_of_public_azure) {
            findings.push(self.says(
                FindingCode::UsageOfPublicAzure,
                format!(
                    "{} holds usage of public Azure: its lines have a meterCategory and a unit, and those of a stamp \
                     have none",
                    file.file.name
                ),
                vec![name(file)],
                "see whether it was asked of public Azure instead of the stamp: if so, remove it, and put the stamp's \
                 own export there; it was counted",
            ));
        }
        for file in files.iter().filter(|file| file.may_be_cut) {
            findings.push(self.says(
                FindingCode::TableMayBeCut,
                format!("{} does not end with a line end, as tables do", file.file.name),
                vec![name(file)],
                "see whether its last line is whole; export it again if it is not",
            ));
        }
        let assumed: Vec<_> = files.iter().filter(|file| file.zone_is_assumed).map(name).collect();
        if !assumed.is_empty() {
            findings.push(self.says(
                FindingCode::TimeZoneAssumed,
                format!("{} counts hours whose time zone nothing says: they were taken as UTC", assumed[0]),
                assumed,
                "say in which zone the exporting machine printed them, with --source-time-zone UTC, Europe/Berlin or \
                 +02:00",
            ));
        }
        let not_whole = |file: &FileLines| {
            file.rejects.iter().filter(|reject| reject.reason == RejectReason::UsageTimeNotWhole).count()
        };
        let names: Vec<_> = files.iter().filter(|file| not_whole(file) > 0).map(name).collect();
        if !names.is_empty() {
            let lines: usize = files.iter().map(not_whole).sum();
            findings.push(self.says(
                FindingCode::UsageTimesNotWhole,
                format!(
                    "{} in {} set aside: the times are neither a full UTC hour nor a full UTC day",
                    shown::counted(lines as i64, "line"),
                    self.folder
                ),
                names,
                "see whether the times were printed in another zone, and say which with --source-time-zone",
            ));
        }
        findings
    }

    /// Files with some usage that their window cannot have reported.
    fn early_usage(&self) -> impl Iterator<Item = Finding> {
        self.files.iter().filter_map(|file| {
            let early = EarlyUsage::find(file, self.window, self.late_days)?;
            let suspicion = Suspicion::of_all(&early.days, self.window?, self.late_days);
            let (lines, last) = (early.lines, early.last());
            let name = &file.file.name;
            let lines = shown::counted(lines, "line");
            let sentence = format!("{lines} of {name} lie long before its reported window, such as usage of {last}");
            let concerned = vec![name.clone()];
            Some(Finding::new(self.stamp, FindingCode::UsageLongBeforeWindow, sentence, concerned, suspicion.remedy()))
        })
    }
}

/// Whether each chain of pages has its end: a page without a next link. Where links ask for a single subscriber, his
/// chain needs an end of its own.
pub(super) fn has_end(files: &[FileLines], texts: &Interners) -> bool {
    let open = || files.iter().filter(|file| file.has_next);
    let mut ends = files.iter().filter(|file| !file.has_next && file.shape.is_none_or(Shape::is_pages));
    if open().all(|file| file.subscriber.is_none()) {
        return open().next().is_none() || ends.next().is_some();
    }
    let ended: Vec<BTreeSet<String>> = ends.map(|end| end.user_subscriptions(texts)).collect();
    let ends_any = ended.iter().any(BTreeSet::is_empty);
    let ended_subscribers: BTreeSet<&String> = ended.iter().flatten().collect();
    open().all(|file| match &file.subscriber {
        None => !ended.is_empty(),
        Some(subscriber) => ends_any || ended_subscribers.contains(subscriber),
    })
}

/// The first file of published lines: nothing in them says that they are all lines of their export.
pub(super) fn published(files: &[FileLines]) -> Option<&FileLines> {
    files.iter().find(|file| file.shape == Some(Shape::PublishedLines))
}

/// Pages of two providers in one stamp's folder are pages of two stamps.
pub(super) fn provider_findings(stamp: &Stamp, exports: &[ExportRecord], findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<&str, (&FileRecord, BTreeSet<Day>)> = BTreeMap::new();
    for export in exports {
        for (file, id) in export.files.iter().flat_map(|file| file.queried.iter().map(move |id| (file, id))) {
            first.entry(id).or_insert_with(|| (file, BTreeSet::new())).1.extend(export.days_reported());
        }
    }
    if first.len() > 1 {
        let places: Vec<String> = first.iter().map(|(id, (file, _))| format!("{id} (in {})", file.file.name)).collect();
        let days = first.values().map(|(_, days)| days).min_by_key(|days| days.len()).cloned().unwrap_or_default();
        findings.push(
            Finding::new(
                stamp,
                FindingCode::SeveralProviderSubscriptions,
                format!("usage was asked of {} provider subscriptions: {}", first.len(), places.join(", ")),
                first.keys().map(|&id| id.to_owned()).collect(),
                "a stamp has one provider subscription: see whether pages of another stamp lie among these",
            )
            .on(&days),
        );
    }
}

/// Windows with far fewer lines than those beside them, or (`thin`) than those that they replace.
pub(super) fn few_lines_findings(
    stamp: &Stamp,
    exports: &[ExportRecord],
    thin: &[(usize, i64)],
    findings: &mut Vec<Finding>,
) {
    let mut found = |export: &ExportRecord, sentence: String, remedy| {
        let concerned = vec![export.folder.clone()];
        let finding = Finding::new(stamp, FindingCode::FewLinesInWindow, sentence, concerned, remedy);
        findings.push(finding.on(&export.days_reported()));
    };
    let used: Vec<&ExportRecord> = exports.iter().filter(|export| !export.files.is_empty()).collect();
    let entries: Vec<LedgerEntry> = used.iter().filter_map(|export| entry_of(export)).collect();
    for (at, fewest) in ledger::far_below_neighbours(&entries) {
        let (folder, lines) = (&used[at].folder, entries[at].lines);
        found(
            used[at],
            format!("{folder} holds {lines} lines, the windows beside it at least {fewest}"),
            "see whether the stamp was down; if not, run the query again: pages may be missing",
        );
    }
    for &(at, replaced) in thin {
        let (folder, lines) = (&exports[at].folder, lines_of(&exports[at]));
        found(
            &exports[at],
            format!("{folder} holds {lines} lines, and replaces windows with {replaced}"),
            "a wider export holds at least what those within it do: run its query again, pages may be missing",
        );
    }
}

/// Findings about reported time that no export covers, between the windows, and about windows that were cut short.
/// Exports that are not whole have findings of their own.
pub(super) fn reported_time_findings(stamp: &Stamp, exports: &[ExportRecord], findings: &mut Vec<Finding>) {
    let used: Vec<(&ExportRecord, Window)> = exports
        .iter()
        .filter(|export| !export.is_dropped())
        .filter_map(|export| Some((export, export.window?)))
        .collect();
    let windows: Vec<Window> = used.iter().map(|(_, window)| *window).collect();
    let gaps = reported::gaps_between(&windows);
    if !gaps.is_empty() {
        let hours = reported::length_in_hours(gaps.iter().map(|gap| gap.hours()).sum());
        let shown = intervals(&gaps[..gaps.len().min(GAPS_SHOWN)]).replace(' ', ", ");
        let more = gaps.len().saturating_sub(GAPS_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let finding = Finding::new(
            stamp,
            FindingCode::WindowMissing,
            format!("no export holds {hours} of reported time between its windows: {shown}{more}"),
            gaps.iter().map(|gap| format!("{stamp}/usage/{}", gap.label())).collect(),
            "run the query for that time and save its pages in a folder of that window; until then its usage is \
             billed to nobody",
        );
        findings.push(finding.on(&gaps.iter().flat_map(|gap| gap.days()).collect()));
    }
    for (at, rhythm) in reported::cut_short(&windows) {
        let (export, window) = used[at];
        let (folder, length) = (&export.folder, reported::length(window.hours()));
        let finding = Finding::new(
            stamp,
            FindingCode::WindowCutShort,
            format!(
                "{folder} ends after {length}, at {}, and nothing follows there: the window before it has {}",
                window.end,
                reported::length(rhythm)
            ),
            vec![folder.clone()],
            "see whether its query ended too early: run it again for the whole window and replace the \
             folder, or add a folder for the rest",
        );
        findings.push(finding.on(&BTreeSet::from([(window.end + -1).day()])));
    }
}
