//! The exports of a stamp, each proved by itself and all against each other: which windows they cover, and that no
//! usage counts twice (`product.md` §3.2 to §3.5, §3.11).

use std::collections::{BTreeMap, BTreeSet};

use super::days::DayLines;
use super::export_findings::{
    AboutExport, EarlyUsage, few_lines_findings, has_end, provider_findings, published, reported_time_findings,
};
use super::lines::{Api, FileLines};
use super::query::{Sidecar, UsageQuery, read_sidecar};
use super::record::{BothApis, DropRule, ExportRecord, FileRecord, entry_of, with_lines};
use super::repeated::take_out;
use crate::domain::finding::FindingCode;
use crate::domain::identity::one_spelling;
use crate::domain::ledger::{self, Conflict, Fate, LedgerEntry, LedgerRules};
use crate::domain::misplaced::Suspicion;
use crate::domain::totals::MeterSum;
use crate::domain::{Day, Finding, Granularity, MeterId, Stamp, Window, shown};
use crate::error::{Error, Result};
use crate::read::Export;
use crate::read::format::shape::Shape;
use crate::read::intern::Interners;
use crate::read::options::Reading;
use crate::store::{Fingerprint, InputFile};

/// An export with what its sidecar says, and the files that hold its usage.
#[derive(Debug)]
pub(in crate::read) struct Declared<'a> {
    export: &'a Export,
    sidecar: Option<Sidecar>,
    pub files: Vec<&'a InputFile>,
}

impl<'a> Declared<'a> {
    /// Reads the sidecar, if there is one.
    ///
    /// # Errors
    /// As [`read_sidecar`].
    pub(crate) fn read(export: &'a Export, reading: &Reading) -> Result<Self> {
        let sidecar = export.sidecar.as_ref().map(|file| read_sidecar(file, reading)).transpose()?.flatten();
        if let Some(sidecar) = sidecar.as_ref().filter(|_| export.is_loose) {
            return Err(Error::input("an export.json beside files that may come from several queries")
                .at(&sidecar.file.name)
                .hint("move it into a folder of its own, with the files of the query that it is about"));
        }
        let is_usage = |file: &&InputFile| sidecar.is_none() || Some(*file) != export.sidecar.as_ref();
        let files = export.files.iter().filter(is_usage).collect();
        Ok(Self { export, sidecar, files })
    }

    fn folder(&self) -> &str {
        &self.export.folder
    }

    /// The reported window that its folder's name or its sidecar says.
    pub(crate) fn window(&self) -> Option<Window> {
        self.export.window.or_else(|| self.sidecar.as_ref()?.query.window)
    }
}

/// The reported window of an export's folder or its sidecar, as far as that is known without reading its usage.
///
/// # Errors
/// The sidecar cannot be read.
pub fn declared_window(export: &Export, reading: &Reading) -> Result<Option<Window>> {
    if export.window.is_some() || export.is_loose {
        return Ok(export.window);
    }
    Ok(Declared::read(export, reading)?.sidecar.and_then(|sidecar| sidecar.query.window))
}

/// Brings together the exports that were read and those that an earlier run knows. Returns them in order of their
/// windows, and the findings.
///
/// # Errors
/// An export contradicts itself or what it was asked for, or two of them describe the same usage.
pub(in crate::read) fn proved(
    stamp: &Stamp,
    mut proved: Vec<ExportRecord>,
    rules: LedgerRules,
) -> Result<(Vec<ExportRecord>, Vec<Finding>)> {
    let mut findings = Vec::new();
    if proved.is_empty() {
        findings.push(Finding::new(
            stamp,
            FindingCode::StampWithoutUsage,
            format!("stamp {stamp} has no export: nothing of its usage is published"),
            vec![format!("{stamp}/usage")],
            "see whether the folder `usage` of the stamp is there and its share is mounted, and put exports there as \
             usage/<reported-start>/…",
        ));
    }
    proved.sort_by(|a, b| (a.window.is_none(), a.window, &a.folder).cmp(&(b.window.is_none(), b.window, &b.folder)));
    let thin = drop_what_does_not_count(&mut proved, rules)?;
    for export in &proved {
        let counts = |finding: &&Finding| !export.files.is_empty() || !is_about_use(finding.code);
        findings.extend(export.findings.iter().filter(counts).cloned());
    }
    provider_findings(stamp, &proved, &mut findings);
    few_lines_findings(stamp, &proved, &thin, &mut findings);
    reported_time_findings(stamp, &proved, &mut findings);
    refuse_copied_pages(&proved)?;
    refuse_undeclared_beside_declared(&proved)?;
    refuse_both_apis(&proved)?;
    Ok((proved, findings))
}

/// Whether a finding does not matter when its export does not count.
fn is_about_use(code: FindingCode) -> bool {
    !matches!(code, FindingCode::PageSavedTwice | FindingCode::ExportWithoutFiles)
}

/// Checks what the files of an export prove on their own.
///
/// # Errors
/// The export contradicts itself or what it was asked for.
pub(in crate::read) fn export_lines(
    stamp: &Stamp,
    declared: &Declared<'_>,
    files: Vec<FileLines>,
    days: &DayLines,
    reading: &Reading,
    texts: &Interners,
) -> Result<ExportRecord> {
    let late_days = reading.late_days;
    refuse_other_stamp(stamp, declared, &files)?;
    refuse_published_beside_others(&files)?;
    let window = window_of(declared, &files)?;
    let granularity = granularity_of(declared, &files)?;
    refuse_usage_after_window(window, late_days, &files)?;
    let mut first: BTreeSet<Fingerprint> = BTreeSet::new();
    let (files, twice): (Vec<FileLines>, Vec<FileLines>) =
        files.into_iter().partition(|file| file.read.lines == 0 || first.insert(file.content));
    let (mut files, repetitions) = take_out(files, days)?;
    files.iter_mut().try_for_each(|file| file.hand_over(days))?;
    refuse_usage_long_before_window(window, late_days, &files)?;
    let is_whole = !files.is_empty()
        && has_end(&files, texts)
        && !files.iter().any(|file| file.may_be_cut)
        && (declared.sidecar.is_some() || published(&files).is_none());
    let sidecar = declared.sidecar.as_ref();
    let folder = declared.folder();
    let about = AboutExport {
        stamp,
        folder,
        window,
        late_days,
        has_sidecar: sidecar.is_some(),
        files: &files,
        twice: &twice,
        repetitions: &repetitions,
        texts,
    };
    let mut export = ExportRecord {
        window,
        label: window.map_or_else(|| "undeclared".to_owned(), Window::label),
        folder: folder.to_owned(),
        granularity,
        is_whole,
        findings: about.findings(reading.rejects_percent),
        both_apis: both_apis(&files, texts),
        sidecar: sidecar.map(|sidecar| sidecar.file.clone()),
        files: Vec::new(),
        dropped: Vec::new(),
        days: BTreeMap::new(),
    };
    let mut meters = Meters { texts, known: BTreeMap::new() };
    for file in files {
        for (&day, sums) in &file.sums {
            let day_sums = export.days.entry(day).or_default();
            for &(meter, sum) in sums {
                day_sums.entry(meters.id(meter)).or_default().merge(sum);
            }
        }
        export.files.push(file.into_note(BTreeMap::new()));
    }
    for mut file in twice.into_iter().chain(repetitions.into_iter().map(|repetition| repetition.lines)) {
        file.add_up();
        let mut sums: BTreeMap<MeterId, MeterSum> = BTreeMap::new();
        for &(meter, sum) in file.sums.values().flatten() {
            sums.entry(meters.id(meter)).or_default().merge(sum.total);
        }
        export.dropped.push((file.into_note(sums), DropRule::SavedTwice));
    }
    Ok(export)
}

/// The meters behind the numbers that interning gave their texts.
struct Meters<'a> {
    texts: &'a Interners,
    known: BTreeMap<u32, MeterId>,
}

impl Meters<'_> {
    fn id(&mut self, number: u32) -> MeterId {
        let spelled = || MeterId::new(&self.texts.meters.text(number)).expect("a blank id is a reject");
        self.known.entry(number).or_insert_with(spelled).clone()
    }
}

impl FileLines {
    /// The user subscriptions of its good lines, in one spelling.
    pub(super) fn user_subscriptions(&self, texts: &Interners) -> BTreeSet<String> {
        let named = (0_u32..).zip(&self.apis).filter(|(_, apis)| **apis != 0);
        named.map(|(number, _)| one_spelling(&texts.user_subscriptions.text(number))).collect()
    }

    fn into_note(self, meters: BTreeMap<MeterId, MeterSum>) -> FileRecord {
        let of_shape = self.shape.map_or(&[][..], Shape::lacks);
        FileRecord {
            number: self.number,
            content: self.content,
            read: self.read,
            rounded: self.rounded,
            shape: self.shape,
            dialect: self.written,
            lacks: of_shape.iter().copied().chain(self.lacks).map(str::to_owned).collect(),
            queried: self.queried,
            days: self.sums.into_keys().collect(),
            rejects: self.rejects,
            meters,
            file: self.file,
        }
    }
}

impl ExportRecord {
    /// Lets all files count again that are not duplicates: the ledger decides again.
    pub(in crate::read) fn count_again(mut self) -> Self {
        let (twice, replaced): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.dropped).into_iter().partition(|(_, rule)| *rule == DropRule::SavedTwice);
        self.dropped = twice;
        self.files.extend(replaced.into_iter().map(|(file, _)| file));
        self.all_files_mut().for_each(|file| file.number = FileRecord::UNREAD);
        self
    }
}

fn refuse_other_stamp(stamp: &Stamp, declared: &Declared<'_>, files: &[FileLines]) -> Result<()> {
    let is_other = |name: &&str| name.trim() != stamp.as_str();
    let sidecar = declared.sidecar.as_ref();
    let of_sidecar = sidecar.and_then(|sidecar| Some((&sidecar.file.name, sidecar.stamp.as_deref().filter(is_other)?)));
    let of_lines =
        files.iter().find_map(|file| Some((&file.file.name, file.stamps.iter().map(String::as_str).find(is_other)?)));
    match of_sidecar.or(of_lines) {
        Some((file, other)) => {
            Err(Error::input(format!("usage of stamp {}, in the folder of stamp {stamp}", shown::quoted(other)))
                .at(file)
                .hint("move the export to the folder of its own stamp"))
        }
        None => Ok(()),
    }
}

/// Refuses published lines beside an export: they are the same usage twice.
fn refuse_published_beside_others(files: &[FileLines]) -> Result<()> {
    let other = files.iter().find(|file| {
        file.shape.is_some_and(|shape| !matches!(shape, Shape::PublishedLines | Shape::PublishedResources))
    });
    match other.zip(published(files)) {
        Some((other, published)) => Err(Error::input(format!("published lines, beside {}", other.file.name))
            .at(&published.file.name)
            .hint("they are the same usage twice: keep the published lines, or the export that they were made of")),
        None => Ok(()),
    }
}

/// The reported window of an export: from its folder's name, its sidecar, and what its pages or published lines say.
fn window_of(declared: &Declared<'_>, files: &[FileLines]) -> Result<Option<Window>> {
    if declared.export.is_loose {
        return refuse_loose_published(files).map(|()| None);
    }
    let folder = declared.export.window.map(|window| ("the folder's name".to_owned(), window));
    let sidecar =
        declared.sidecar.as_ref().and_then(|sidecar| Some((sidecar.file.name.clone(), sidecar.query.window?)));
    let from_files = files.iter().filter_map(|file| {
        let what = if file.shape == Some(Shape::PublishedLines) { "the lines in" } else { "a nextLink in" };
        Some((format!("{what} {}", file.file.name), file.query.window?))
    });
    let mut windows = folder.into_iter().chain(sidecar).chain(from_files);
    let Some((first, window)) = windows.next() else {
        return Err(Error::input("the folder's name is no reported window, and nothing in it says one")
            .at(declared.folder())
            .hint(
                "name it <start> or <start>--<end>, each as 2026-10-05 or 2026-10-05T13 (UTC), or put an export.json \
                 into it; rename it so that it begins with `_` or `.` to have it skipped",
            ));
    };
    match windows.find(|(_, other)| *other != window) {
        None => Ok(Some(window)),
        Some((second, other)) => Err(Error::input(format!(
            "{first} says that {} was reported, {second} that {} was",
            window.label(),
            other.label()
        ))
        .at(declared.folder())
        .hint(
            "one of the two is wrong: pages were moved, or the folder was named by hand; each query has a folder of \
             its own",
        )),
    }
}

/// Loose files come from any number of queries, and have no window; published lines know theirs.
fn refuse_loose_published(files: &[FileLines]) -> Result<()> {
    let published = files.iter().filter(|file| file.shape == Some(Shape::PublishedLines));
    match published.into_iter().find_map(|file| Some((file, file.query.window?.label()))) {
        Some((file, window)) => {
            Err(Error::input(format!("lines of the window {window}, outside a folder of that window"))
                .at(&file.file.name)
                .hint(format!("move it into a folder named {window}")))
        }
        None => Ok(()),
    }
}

/// The granularity of an export: that of its lines, or what was asked for.
fn granularity_of(declared: &Declared<'_>, files: &[FileLines]) -> Result<Option<Granularity>> {
    let first = |granularity: Granularity| {
        files.iter().find_map(|file| Some((&file.file.name, file.granularities[granularity as usize]?)))
    };
    let of_lines =
        match (first(Granularity::Hourly), first(Granularity::Daily)) {
            (Some((hourly, hourly_row)), Some((daily, daily_row))) => {
                return Err(Error::input(format!(
                "an export that mixes granularities: row {hourly_row} of {hourly} counts an hour, row {daily_row} of \
                 {daily} a day"
            ))
            .at(declared.folder())
            .hint("an Hourly and a Daily query of one window describe the same usage twice: keep the pages of one of \
                them"));
            }
            (Some((file, _)), None) => Some((Granularity::Hourly, file)),
            (None, Some((file, _))) => Some((Granularity::Daily, file)),
            (None, None) => None,
        };
    let of_sidecar = declared.sidecar.as_ref().map(|sidecar| (&sidecar.file.name, sidecar.query));
    let of_links = files.iter().map(|file| (&file.file.name, file.query));
    let granularities = of_sidecar
        .into_iter()
        .chain(of_links)
        .filter_map(|(file, UsageQuery { granularity, .. })| Some((file, granularity?)));
    let mut granularities = granularities.peekable();
    let first_queried = granularities.peek().map(|&(_, granularity)| granularity);
    let granularity = of_lines.map(|(granularity, _)| granularity).or(first_queried);
    match granularities.find(|&(_, other)| Some(other) != granularity) {
        Some((file, other)) => Err(Error::input(format!(
            "{other} usage was queried, and {} is there{}",
            granularity.map_or("something else", Granularity::as_str),
            of_lines.map_or(String::new(), |(_, lines)| format!(", in {lines}"))
        ))
        .at(file)
        .hint("pages of two queries were mixed: each query has a folder of its own")),
        None => Ok(granularity),
    }
}

fn refuse_usage_after_window(window: Option<Window>, late_days: u16, files: &[FileLines]) -> Result<()> {
    let Some(window) = window else { return Ok(()) };
    let late =
        files.iter().find_map(|file| file.latest_end.filter(|&(end, _)| end > window.end).map(|late| (file, late)));
    let Some((file, (end, row))) = late else { return Ok(()) };
    let hint = match Suspicion::of((end + -1).day(), window, late_days) {
        _ if file.zone_is_assumed => "nothing says in which zone these times were printed, and they were taken as \
            UTC: say it with --source-time-zone"
            .to_owned(),
        Suspicion::OtherWindow => "usage is reported after it happens, so this page belongs to a later window: move \
            it to the folder of the window that was queried"
            .to_owned(),
        suspicion => format!("usage is reported after it happens, and {}", suspicion.remedy()),
    };
    Err(Error::input(format!("row {row} is usage until {end}, after the end of its reported window {}", window.end))
        .at(&file.file.name)
        .hint(hint))
}

/// Refuses a file whose whole usage is too early for its window: it is misread, or in the wrong folder.
fn refuse_usage_long_before_window(window: Option<Window>, late_days: u16, files: &[FileLines]) -> Result<()> {
    for file in files {
        let good = file.read.lines - file.rejects.len() as i64;
        let early = EarlyUsage::find(file, window, late_days).filter(|early| early.lines == good);
        let Some((early, window)) = early.zip(window) else { continue };
        let last = early.last();
        let days_before = (window.start.hours_since_epoch() - last.end().hours_since_epoch()) / 24;
        let all = if good == 1 { "its line is usage".to_owned() } else { format!("all of its {good} lines are usage") };
        let until = if good == 1 { "of" } else { "until" };
        return Err(Error::input(format!(
            "{all} {until} {last}, {days_before} days before its reported window {}",
            window.label()
        ))
        .at(&file.file.name)
        .hint(format!(
            "usage is reported within hours, seldom days, and {}; if it really came so late, say --late-days {}",
            Suspicion::of_all(&early.days, window, late_days).remedy(),
            days_before + 1
        )));
    }
    Ok(())
}

/// Applies the ledger to the exports that have a window (they come first). Returns those that replace far more lines
/// than they have, with the number of lines replaced.
fn drop_what_does_not_count(exports: &mut [ExportRecord], rules: LedgerRules) -> Result<Vec<(usize, i64)>> {
    let entries: Vec<LedgerEntry> = exports.iter().filter_map(entry_of).collect();
    let fates = ledger::fates(&entries, rules).map_err(|conflict| refusal(conflict, exports))?;
    let mut replaced: BTreeMap<usize, i64> = BTreeMap::new();
    for ((export, entry), fate) in exports.iter_mut().zip(&entries).zip(fates) {
        let rule = match fate {
            Fate::Used => continue,
            Fate::ReplacedBy(wide) => {
                *replaced.entry(wide).or_default() += entry.lines;
                DropRule::ReplacedByWider
            }
            Fate::NotChosen(_) => DropRule::GranularityNotChosen,
        };
        export.dropped.extend(export.files.drain(..).map(|file| (file, rule)));
    }
    let fewer = replaced.into_iter().filter(|&(wide, lines)| ledger::is_far_below(entries[wide].lines, lines));
    Ok(fewer.collect())
}

fn refusal(conflict: Conflict, exports: &[ExportRecord]) -> Error {
    let folder = |at: usize| &exports[at].folder;
    let granularity = |at: usize| exports[at].granularity.map_or("other", Granularity::as_str);
    const APART: &str = "usage of overlapping windows cannot be told apart line by line";
    match conflict {
        Conflict::SameWindow(a, b) => Error::input(format!("names the same reported time as {}", folder(a)))
            .at(folder(b))
            .hint(format!("one window, one folder: {APART}; move one of the two out of the root")),
        Conflict::Contains(wide, narrow) => {
            let (a, b) = (wide.min(narrow), wide.max(narrow));
            Error::input(format!("covers some of the same reported time as {}", folder(a))).at(folder(b)).hint(format!(
                "{APART}: move one of the two out of the root, or say --overlap wider to let {} replace the windows \
                 that it contains",
                folder(wide)
            ))
        }
        Conflict::Overlap(a, b) => {
            Error::input(format!("covers some of the same reported time as {}, and some that it does not", folder(a)))
                .at(folder(b))
                .hint(format!("{APART}, and neither window contains the other: move one of the two out of the root"))
        }
        Conflict::TwoGranularities(a, b) => Error::input(format!(
            "{} usage of reported time of which {} holds {} usage",
            granularity(b),
            folder(a),
            granularity(a)
        ))
        .at(folder(b))
        .hint(
            "they describe the same usage twice: say --granularity hourly or --granularity daily to choose, or move \
             one of the two out of the root",
        ),
        Conflict::PartlyChosen(at, first) => Error::input(format!(
            "{} usage, of whose reported time only a part is covered by the chosen {} exports, such as {}",
            granularity(at),
            granularity(first),
            folder(first)
        ))
        .at(folder(at))
        .hint(
            "its lines do not say when they were reported, so it counts as a whole or not at all: fetch what is \
             missing, or move it out of the root",
        ),
        Conflict::NotWhole(wide, narrow) => Error::input(format!(
            "would replace {}, but {}",
            folder(narrow),
            if exports[wide].is_whole { "holds no line" } else { "lacks its last page" }
        ))
        .at(folder(wide))
        .hint("fetch it again and whole before it replaces what is there"),
    }
}

/// Refuses exports of a stamp that repeat a file of another stamp. User subscriptions belong to one stamp, so the same
/// page in two stamps is the usage of one, charged twice.
///
/// # Errors
/// There is such a file; the message counts them.
pub fn refuse_pages_of_another_stamp<'a>(
    exports: &[ExportRecord],
    others: impl IntoIterator<Item = (&'a Stamp, &'a [ExportRecord])>,
) -> Result<()> {
    let by_content: BTreeMap<Fingerprint, &FileRecord> = with_lines(exports).map(|file| (file.content, file)).collect();
    for (stamp, exports) in others {
        let mut same = with_lines(exports).filter_map(|other| Some((by_content.get(&other.content)?, other)));
        let Some((file, other)) = same.next() else { continue };
        let more = match same.count() {
            0 => String::new(),
            1 => "; 1 more file repeats one of that stamp".to_owned(),
            more => format!("; {more} more files repeat some of that stamp"),
        };
        return Err(Error::input(format!("the same bytes as {}, of stamp {stamp}{more}", other.file.name))
            .at(&file.file.name)
            .hint(
                "a folder was copied, or a download was saved for the wrong stamp, and its usage would be charged \
                 twice: remove the one that is wrong, and fetch that stamp's own export",
            ));
    }
    Ok(())
}

/// Refuses a page with lines that is in two windows: a folder was copied.
fn refuse_copied_pages(exports: &[ExportRecord]) -> Result<()> {
    let mut seen: BTreeMap<Fingerprint, &FileRecord> = BTreeMap::new();
    for file in with_lines(exports) {
        if let Some(other) = seen.insert(file.content, file) {
            return Err(Error::input(format!("the same bytes as {}, in another window", other.file.name))
                .at(&file.file.name)
                .hint("a folder was copied or a download saved twice: replace the one that is wrong"));
        }
    }
    Ok(())
}

fn refuse_undeclared_beside_declared(exports: &[ExportRecord]) -> Result<()> {
    let days = |declared: bool| {
        let exports = exports.iter().filter(move |export| export.window.is_some() == declared);
        exports
            .flat_map(|export| &export.files)
            .flat_map(|file| file.days.iter().map(move |&day| (day, &file.file.name)))
    };
    let declared: BTreeMap<Day, &String> = days(true).collect();
    match days(false).find_map(|(day, file)| Some((day, file, declared.get(&day)?))) {
        Some((day, file, other)) => Err(Error::input(format!("holds usage of {day}, as {other} does")).at(file).hint(
            "a file outside a window folder has no reported window, so nothing tells the two apart: move it into the \
             folder of the window that was queried",
        )),
        None => Ok(()),
    }
}

/// Usage of one user subscription that files have from both APIs. Lines of one user subscription from the provider API
/// and from the tenant API in one window are the same usage twice (`product.md` §3.3).
fn both_apis(files: &[FileLines], texts: &Interners) -> Option<BothApis> {
    const UNKNOWN: usize = usize::MAX;
    // The first file of each id from either API, at the place that all its spellings lead to.
    let (mut first, mut places): (Vec<[Option<&str>; 2]>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        if places.len() < file.apis.len() {
            places.resize(file.apis.len(), UNKNOWN);
        }
        for ((number, &apis), place) in (0_u32..).zip(&file.apis).zip(&mut places).filter(|((_, apis), _)| **apis != 0)
        {
            if *place == UNKNOWN {
                let id = one_spelling(&texts.user_subscriptions.text(number));
                *place = *ids.entry(id).or_insert(first.len());
                first.resize(ids.len(), [None; 2]);
            }
            for (slot, api) in first[*place].iter_mut().zip([Api::Provider, Api::Tenant]) {
                if apis & api as u8 != 0 {
                    *slot = slot.or(Some(&file.file.name));
                }
            }
        }
    }
    ids.into_iter().find_map(|(user_subscription, place)| {
        let [provider, tenant] = first[place];
        let (provider, tenant) = (provider?.to_owned(), tenant?.to_owned());
        Some(BothApis { provider, tenant, user_subscription })
    })
}

fn refuse_both_apis(exports: &[ExportRecord]) -> Result<()> {
    let used = exports.iter().filter(|export| !export.files.is_empty());
    match used.into_iter().find_map(|export| export.both_apis.as_ref()) {
        None => Ok(()),
        Some(BothApis { provider, tenant, user_subscription }) => Err(Error::input(format!(
            "usage of user subscription {user_subscription} from the tenant API, and in {provider} from the provider \
             API"
        ))
        .at(tenant)
        .hint("in one window these are the same usage twice: keep the answers of one of the two")),
    }
}
