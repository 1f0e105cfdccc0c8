//! Exports → lines: all files of a stamp, read in parallel, each line handed to its usage day.
//!
//! ```text
//! {"properties":{"subscriptionId":"3F2…","usageStartTime":"2026-10-05T18:00:00+00:00",…,"quantity":2.0,"meterId":"9CD…"}}
//!    ↓
//! day 2026-10-05   slot 18–19   user subscription #0   meter #4   instance #17   2.000000000000000000   row 1
//! ```
//! A line takes 33 bytes here, whatever its JSON took; the texts behind the numbers are in [`StampLines`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use foldhash::quality::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;
use serde_json::value::RawValue;

use super::fingerprint::{Fingerprint, ReadFile};
use super::intern::{Interner, Texts};
use super::json::{Element, JsonFile, WireLine, text_of};
use super::root::{Export, InputFile, StampFolder};
use super::shape::{self, Shape};
use super::text;
use crate::domain::finding::{Finding, FindingCode};
use crate::domain::identity::one_spelling;
use crate::domain::limits::{self, REJECT_BYTES_MAX};
use crate::domain::time::TimeFault;
use crate::domain::totals::Checksum;
use crate::domain::{Day, Granularity, Hour, Quantity, RejectReason, Slot, Span, Stamp, Window};
use crate::error::{Error, Result};
use crate::watch::Watch;

/// All lines of a stamp, and the texts that their numbers stand for.
#[derive(Debug)]
pub struct StampLines {
    pub stamp: Stamp,
    pub exports: Vec<ExportLines>,
    pub user_subscriptions: Texts,
    pub meters: Texts,
    /// Raw JSON values of `instanceData`, as they stand in the pages.
    pub instances: Texts,
    pub findings: Vec<Finding>,
}

/// The lines of one export.
#[derive(Debug)]
pub struct ExportLines {
    pub window: Option<Window>,
    pub label: String,
    /// Whether the window's reported time is really covered: it has files, and its chain of pages has an end.
    pub is_whole: bool,
    pub files: Vec<FileLines>,
    /// Files that repeat another of this export byte for byte.
    pub dropped: Vec<FileLines>,
}

/// The lines of one file, by usage day.
#[derive(Debug)]
pub struct FileLines {
    pub file: ReadFile,
    /// What stands in the file: elements, and their quantity as far as it could be read.
    pub read: Checksum,
    /// The same of the good lines, by usage day and meter (its number), counted as they are read.
    pub read_by_meter: HashMap<(Day, u32), Checksum, FixedState>,
    /// Through which APIs each user subscription's lines came, by its number: bits of [`Api`].
    pub apis: Vec<u8>,
    /// Lines whose quantity had to be rounded at the 18th place.
    pub rounded: u64,
    pub days: BTreeMap<Day, Chunk>,
    pub rejects: Vec<Reject>,
    /// The one shape of its rows; `None` when there are none.
    pub shape: Option<Shape>,
    has_next: bool,
    /// The first row of each granularity.
    granularities: [Option<u32>; 2],
    latest_end: Option<(Hour, u32)>,
}

/// Which usage API a line came from: the subscription in its `id` is the one that was queried (reference §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Api {
    /// Another subscription was asked: the provider's, about all its tenants.
    Provider = 1,
    /// The line's own user subscription was asked. (The provider's own is always that: its lines are alike in both.)
    Tenant = 2,
}

impl Api {
    /// The API of a line, by its raw `id`; `None` when that names no subscription.
    fn of(id: &RawValue, user_subscription: &str) -> Option<Self> {
        let queried = id.get().strip_prefix("\"/subscriptions/")?.split('/').next()?;
        // Only ids of other lengths can be one id in two spellings that differ in more than case.
        let is_same = queried.eq_ignore_ascii_case(user_subscription)
            || (queried.len() != user_subscription.len() && one_spelling(queried) == one_spelling(user_subscription));
        Some(if is_same { Self::Tenant } else { Self::Provider })
    }
}

/// The lines of one file and one usage day, column by column.
#[derive(Debug, Default)]
pub struct Chunk {
    pub slot: Vec<Slot>,
    pub user_subscription: Vec<u32>,
    pub meter: Vec<u32>,
    pub instance: Vec<u32>,
    pub quantity: Vec<Quantity>,
    /// Place in the page's `value`, from 1.
    pub row: Vec<u32>,
}

/// A line set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub row: u32,
    pub reason: RejectReason,
    /// The offending raw text, cut at [`REJECT_BYTES_MAX`]; `None` when it is the absence that offends.
    pub text: Option<String>,
    /// The quantity, where it could be read: it stands in the balance.
    pub quantity: Option<Quantity>,
}

impl Chunk {
    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }
}

/// Reads all exports of a stamp.
///
/// # Errors
/// A file that is no page of usage; an export that mixes granularities or holds usage after its window's end; a page
/// that lies in two windows; undeclared usage on days that a declared export holds too.
pub fn gather(folder: &StampFolder, watch: &Watch) -> Result<StampLines> {
    let texts = Interners::default();
    let files: Vec<(&Export, &InputFile)> =
        folder.exports.iter().flat_map(|export| export.files.iter().map(move |file| (export, file))).collect();
    let read: Vec<Result<FileLines>> = files
        .par_iter()
        .map(|(_, file)| {
            watch.check()?;
            let lines = read_file(file, &texts)?;
            watch.advance();
            Ok(lines)
        })
        .collect();
    let mut read = read.into_iter();
    let mut findings = Vec::new();
    if folder.exports.is_empty() {
        findings.push(Finding::new(
            &folder.stamp,
            FindingCode::StampWithoutUsage,
            format!("stamp {} has no export: nothing of its usage is published", folder.stamp),
            vec![format!("{}/usage", folder.stamp)],
            "see whether its usage folder is there, and mounted",
        ));
    }
    let mut exports = Vec::new();
    for export in &folder.exports {
        let files = read.by_ref().take(export.files.len()).collect::<Result<Vec<_>>>()?;
        exports.push(export_lines(&folder.stamp, export, files, &mut findings)?);
    }
    refuse_copied_pages(&exports)?;
    refuse_undeclared_beside_declared(&exports)?;
    Ok(StampLines {
        stamp: folder.stamp.clone(),
        exports,
        user_subscriptions: texts.user_subscriptions.into_texts(),
        meters: texts.meters.into_texts(),
        instances: texts.instances.into_texts(),
        findings,
    })
}

#[derive(Debug, Default)]
struct Interners {
    user_subscriptions: Interner,
    meters: Interner,
    instances: Interner,
}

/// Brings the files of an export together and proves what can be proved of them alone.
fn export_lines(
    stamp: &Stamp,
    export: &Export,
    files: Vec<FileLines>,
    findings: &mut Vec<Finding>,
) -> Result<ExportLines> {
    let found = |code, sentence, concerned, remedy| Finding::new(stamp, code, sentence, concerned, remedy);
    let folder = || vec![export.folder.clone()];
    if files.is_empty() {
        findings.push(found(
            FindingCode::ExportWithoutFiles,
            format!("{} holds no file, so its reported time counts as missing", export.folder),
            folder(),
            "run the query again and save its pages there, or remove the folder",
        ));
    }
    let has_end = files.is_empty() || files.iter().any(|file| !file.has_next);
    if !has_end {
        findings.push(found(
            FindingCode::ChainWithoutEnd,
            format!("every page in {} names a next one: the last page is missing", export.folder),
            folder(),
            "follow nextLink until a page has none; until then the days of this window stay partial",
        ));
    }
    let mut first: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for file in files {
        let name = &file.file.name;
        match first.get(&file.file.fingerprint).filter(|_| file.read.lines > 0) {
            None => {
                first.insert(file.file.fingerprint, name.clone());
                kept.push(file);
            }
            Some(other) => {
                findings.push(found(
                    FindingCode::PageSavedTwice,
                    format!("{name} repeats {other} byte for byte and counts once"),
                    vec![other.clone(), name.clone()],
                    "delete one of the two",
                ));
                dropped.push(file);
            }
        }
    }
    refuse_mixed_granularity(export, &kept)?;
    refuse_usage_after_window(export, &kept)?;
    let is_whole = has_end && !kept.is_empty();
    Ok(ExportLines { window: export.window, label: export.label(), is_whole, files: kept, dropped })
}

fn refuse_mixed_granularity(export: &Export, files: &[FileLines]) -> Result<()> {
    let first = |granularity: Granularity| {
        files.iter().find_map(|file| Some((&file.file.name, file.granularities[granularity as usize]?)))
    };
    match (first(Granularity::Hourly), first(Granularity::Daily)) {
        (Some((hourly, hourly_row)), Some((daily, daily_row))) => Err(Error::input(format!(
            "an export that mixes granularities: row {hourly_row} of {hourly} counts an hour, row {daily_row} of {daily} a day"
        ))
        .at(&export.folder)
        .hint("an Hourly and a Daily query of one window describe the same usage twice: keep the pages of one of them")),
        _ => Ok(()),
    }
}

fn refuse_usage_after_window(export: &Export, files: &[FileLines]) -> Result<()> {
    let Some(window) = export.window else { return Ok(()) };
    let late =
        files.iter().find_map(|file| file.latest_end.filter(|&(end, _)| end > window.end).map(|late| (file, late)));
    match late {
        Some((file, (end, row))) => Err(Error::input(format!(
            "row {row} is usage until {end}, after the end of its reported window {window_end}",
            window_end = window.end
        ))
        .at(&file.file.name)
        .hint("usage is reported after it happens, so this page belongs to a later window: move it to the folder of the window that was queried")),
        None => Ok(()),
    }
}

/// A page with lines that lies in two windows proves that a folder was copied.
fn refuse_copied_pages(exports: &[ExportLines]) -> Result<()> {
    let mut seen: BTreeMap<Fingerprint, &ReadFile> = BTreeMap::new();
    for file in exports.iter().flat_map(|export| &export.files).filter(|file| file.read.lines > 0) {
        if let Some(other) = seen.insert(file.file.fingerprint, &file.file) {
            return Err(Error::input(format!("the same bytes as {}, in another window", other.name))
                .at(&file.file.name)
                .hint("a folder was copied or a download saved twice: replace the one that is wrong"));
        }
    }
    Ok(())
}

fn refuse_undeclared_beside_declared(exports: &[ExportLines]) -> Result<()> {
    let days = |declared: bool| {
        let exports = exports.iter().filter(move |export| export.window.is_some() == declared);
        exports
            .flat_map(|export| &export.files)
            .flat_map(|file| file.days.keys().map(move |&day| (day, &file.file.name)))
    };
    let declared: BTreeMap<Day, &String> = days(true).collect();
    match days(false).find_map(|(day, file)| Some((day, file, declared.get(&day)?))) {
        Some((day, file, other)) => Err(Error::input(format!("holds usage of {day}, as {other} does"))
            .at(file)
            .hint("a file outside a window folder has no reported window, so nothing tells the two apart: move it into the folder of the window that was queried")),
        None => Ok(()),
    }
}

/// Reads one file.
fn read_file(file: &InputFile, texts: &Interners) -> Result<FileLines> {
    let content = text::read(file)?;
    let rows = JsonFile::parse(content.as_str())
        .map_err(|error| shape::refusal(file, content.as_str(), "a page of usage", error))?;
    let mut lines = FileLines {
        file: content.file.clone(),
        read: Checksum::default(),
        read_by_meter: HashMap::default(),
        apis: Vec::new(),
        rounded: 0,
        days: BTreeMap::new(),
        rejects: Vec::new(),
        has_next: rows.has_next,
        shape: None,
        granularities: [None; 2],
        latest_end: None,
    };
    let too_many = || Error::input("more lines than a file can number").at(&file.name).hint("split the file");
    let mut reader = LineReader { texts, lines: &mut lines, last_span: None, current: None };
    for (at, element) in rows.elements.iter().enumerate() {
        reader.read(u32::try_from(at + 1).map_err(|_past_u32| too_many())?, element)?;
    }
    reader.hand_over();
    refuse_if_nothing_is_usable(file, &lines)?;
    Ok(lines)
}

/// A file whose every element is set aside for one of these reasons is not what its folder says.
fn refuse_if_nothing_is_usable(file: &InputFile, lines: &FileLines) -> Result<()> {
    let all = |reason| {
        !lines.rejects.is_empty()
            && lines.read.lines == lines.rejects.len() as i64
            && lines.rejects.iter().all(|reject| reject.reason == reason)
    };
    let is_printed = |text: &String| text.contains(r#"properties":"@{"#) || text.contains(r#"Properties":"@{"#);
    if all(RejectReason::NotAUsageLine) && lines.rejects[0].text.as_ref().is_some_and(is_printed) {
        return Err(Error::input("rows whose properties PowerShell printed as text (`@{…}`): their values are lost")
            .at(&file.name)
            .hint("ConvertTo-Json stops at two levels: export again with `ConvertTo-Json -Depth 10`"));
    }
    if all(RejectReason::NotAUsageLine) {
        return Err(Error::input(format!("none of its {} elements is a usage line", lines.read.lines))
            .at(&file.name)
            .hint("a usage line is an object with `properties`: this looks like the answer of another query"));
    }
    if all(RejectReason::UsageTimeNotWhole) {
        return Err(Error::input("every line counts something else than a full UTC hour or a full UTC day")
            .at(&file.name)
            .hint("the times were probably written in local time: export again in UTC"));
    }
    Ok(())
}

/// Reads the lines of one file, in order.
struct LineReader<'a> {
    texts: &'a Interners,
    lines: &'a mut FileLines,
    /// The last span read and its two texts: it seldom changes from line to line.
    last_span: Option<(&'a str, &'a str, Span)>,
    /// The day being filled, out of the map while it lasts.
    current: Option<(Day, Chunk)>,
}

/// What stands in a line, or why it is set aside with the text that offends.
type Refused = (RejectReason, Option<String>);

impl<'a> LineReader<'a> {
    fn read(&mut self, row: u32, element: &Element<'a>) -> Result<()> {
        self.lines.read.lines += 1;
        let line = match element {
            Ok((shape, line)) => {
                self.refuse_other_shape(row, *shape)?;
                line
            }
            Err(raw) => {
                self.set_aside(row, (RejectReason::NotAUsageLine, Some(cut(raw))), None);
                return Ok(());
            }
        };
        let quantity = quantity_of(line);
        if let Ok(parsed) = &quantity {
            self.lines.read.add(parsed.quantity);
        }
        let fields = id_of(line.subscription_id, RejectReason::UserSubscriptionMissing)
            .and_then(|user_subscription| Ok((user_subscription, id_of(line.meter_id, RejectReason::MeterMissing)?)))
            .and_then(|ids| Ok((ids, self.span_of(line)?)));
        match (fields, quantity) {
            (Ok(((user_subscription, meter), span)), Ok(parsed)) => {
                self.lines.rounded += u64::from(parsed.rounded);
                let first = &mut self.lines.granularities[span.slot.granularity() as usize];
                *first = first.or(Some(row));
                if self.lines.latest_end.is_none_or(|(latest, _)| span.end > latest) {
                    self.lines.latest_end = Some((span.end, row));
                }
                let instance = line.instance_data.as_deref().unwrap_or("null");
                let api = line.id.and_then(|id| Api::of(id, &user_subscription));
                let user_subscription = self.texts.user_subscriptions.intern(&user_subscription)?;
                self.note_api(user_subscription, api);
                let meter = self.texts.meters.intern(&meter)?;
                let instance = self.texts.instances.intern(instance)?;
                let mut counted = Checksum::of_lines(1);
                counted.add(parsed.quantity);
                self.lines.read_by_meter.entry((span.day, meter)).or_default().merge(counted);
                let chunk = self.chunk_of(span.day);
                chunk.slot.push(span.slot);
                chunk.user_subscription.push(user_subscription);
                chunk.meter.push(meter);
                chunk.instance.push(instance);
                chunk.quantity.push(parsed.quantity);
                chunk.row.push(row);
            }
            (Err(refused), quantity) => self.set_aside(row, refused, quantity.ok().map(|parsed| parsed.quantity)),
            (Ok(_), Err(refused)) => self.set_aside(row, refused, None),
        }
        Ok(())
    }

    fn note_api(&mut self, user_subscription: u32, api: Option<Api>) {
        let (apis, at) = (&mut self.lines.apis, user_subscription as usize);
        if apis.len() <= at {
            apis.resize(at + 1, 0);
        }
        apis[at] |= api.map_or(0, |api| api as u8);
    }

    fn refuse_other_shape(&mut self, row: u32, shape: Shape) -> Result<()> {
        let first = *self.lines.shape.get_or_insert(shape);
        if first == shape {
            return Ok(());
        }
        Err(Error::input(format!("row {row} has the shape of {shape}, the rows before it that of {first}"))
            .at(&self.lines.file.name)
            .hint("a file has one shape: save what different producers wrote as different files"))
    }

    fn set_aside(&mut self, row: u32, (reason, text): Refused, quantity: Option<Quantity>) {
        self.lines.rejects.push(Reject { row, reason, text, quantity });
    }

    fn chunk_of(&mut self, day: Day) -> &mut Chunk {
        if self.current.as_ref().is_none_or(|(current, _)| *current != day) {
            self.hand_over();
            self.current = Some((day, self.lines.days.remove(&day).unwrap_or_default()));
        }
        &mut self.current.as_mut().expect("filled just above").1
    }

    /// Puts the day being filled back among the others.
    fn hand_over(&mut self) {
        if let Some((day, chunk)) = self.current.take() {
            self.lines.days.insert(day, chunk);
        }
    }

    fn span_of(&mut self, line: &WireLine<'a>) -> Result<Span, Refused> {
        let (Some(start), Some(end)) = (line.usage_start_time, line.usage_end_time) else {
            return Err((RejectReason::UsageTimeMissing, None));
        };
        let (start, end) = (start.get(), end.get());
        if let Some((_, _, span)) =
            self.last_span.filter(|&(last_start, last_end, _)| last_start == start && last_end == end)
        {
            return Ok(span);
        }
        let refused = |reason| (reason, Some(cut(&format!("{}/{}", start.trim_matches('"'), end.trim_matches('"')))));
        let both = match (instant_of(line.usage_start_time), instant_of(line.usage_end_time)) {
            (Ok(start), Ok(end)) => Ok((start, end)),
            (Err(start), Err(end)) => Err(start.min(end)),
            (Err(one), _) | (_, Err(one)) => Err(one),
        };
        let (start_hour, end_hour) = both.map_err(refused)?;
        let span = Span::of(start_hour, end_hour).ok_or_else(|| refused(RejectReason::UsageTimeNotWhole))?;
        self.last_span = Some((start, end, span));
        Ok(span)
    }
}

fn instant_of(raw: Option<&RawValue>) -> Result<Hour, RejectReason> {
    let text = raw.and_then(text_of).ok_or(RejectReason::UsageTimeUnreadable)?;
    Hour::parse(text.trim()).map_err(|fault| match fault {
        TimeFault::Unreadable => RejectReason::UsageTimeUnreadable,
        TimeFault::OutOfRange => RejectReason::UsageTimeOutOfRange,
        TimeFault::NotWhole => RejectReason::UsageTimeNotWhole,
    })
}

/// The text of an id, not blank.
fn id_of(raw: Option<&RawValue>, missing: RejectReason) -> Result<Cow<'_, str>, Refused> {
    let raw = raw.ok_or((missing, None))?;
    text_of(raw).filter(|text| !text.trim().is_empty()).ok_or_else(|| (missing, Some(cut(raw.get()))))
}

fn quantity_of(line: &WireLine<'_>) -> Result<crate::domain::quantity::Parsed, Refused> {
    let raw = line.quantity.ok_or((RejectReason::QuantityMissing, None))?;
    let text = text_of(raw).unwrap_or(Cow::Borrowed(raw.get()));
    if text.trim().is_empty() {
        return Err((RejectReason::QuantityMissing, Some(cut(raw.get()))));
    }
    Quantity::parse(text.trim()).map_err(|reason| (reason, Some(cut(&text))))
}

fn cut(text: &str) -> String {
    limits::cut(text, REJECT_BYTES_MAX).to_owned()
}
