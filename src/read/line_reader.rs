//! One file of usage → its lines: each row understood or set aside, and handed to its usage day.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use memchr::memmem;

use super::asked::{self, Asked};
use super::encoding;
use super::intern::{Interner, Recent, Texts};
use super::json::{self, JsonFile, Object};
use super::lines::{Api, Chunk, FileLines, LineNumbers, Reject};
use super::published;
use super::reading::{Pages, Reading};
use super::repeated::Body;
use super::root::InputFile;
use super::row::{InstanceText, RawRow, Value};
use super::shape::{self, Shape};
use super::survey::{Decided, Survey};
use super::text::{self, Buffers, Text};
use super::usage_table::{REQUIRED, UsageTable};
use super::usual::{self, Memory};
use crate::domain::dialect;
use crate::domain::identity::one_spelling;
use crate::domain::limits::{self, INSTANCE_BYTES_MAX, QUANTITY_SCALE, REJECT_BYTES_MAX, VALUE_BYTES_MAX};
use crate::domain::quantity::Parsed;
use crate::domain::shown;
use crate::domain::time::TimeFault;
use crate::domain::totals::Checksum;
use crate::domain::{Day, DecimalMark, Dialect, Quantity, RejectReason, SourceTimeZone, Span, Window};
use crate::error::{Error, Result};

/// The texts of a stamp, shared by all threads that read it.
#[derive(Debug, Default)]
pub struct Interners {
    pub user_subscriptions: Interner,
    pub meters: Interner,
    pub instances: Interner,
}

impl Interners {
    /// The texts of user subscriptions, meters and instances.
    pub fn into_texts(self) -> [Texts; 3] {
        [self.user_subscriptions, self.meters, self.instances].map(Interner::into_texts)
    }
}

/// What a reading thread keeps from file to file.
#[derive(Debug, Default)]
pub(super) struct Thread {
    memory: Memory,
    buffers: Buffers,
}

/// What is known of a file by the export that it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfExport {
    /// The reported window that is said of it.
    pub window: Option<Window>,
    /// Whether it is its only file.
    pub is_alone: bool,
}

/// Reads one file.
///
/// # Errors
/// The file is not what a `usage` folder holds.
pub(super) fn read_file(
    file: &InputFile,
    of_export: OfExport,
    reading: &Reading,
    texts: &Interners,
    Thread { memory, buffers }: &mut Thread,
) -> Result<FileLines> {
    let content = text::read_bytes_into(file, buffers)?;
    if published::is_parquet(&content.bytes) {
        return published::read(file, content, texts);
    }
    let text = content.into_text(file, reading.encoding)?;
    let mut lines = if text.is_json() || shape::is_refused_at_sight(text.as_str()) {
        read_json(file, &text, of_export, reading, texts, memory)?
    } else {
        read_table(file, &text, of_export, reading, texts)?
    };
    refuse_if_nothing_is_usable(file, &lines)?;
    lines.content = text.content();
    buffers.give_back(text);
    Ok(lines)
}

fn read_json(
    file: &InputFile,
    text: &Text,
    of_export: OfExport,
    reading: &Reading,
    texts: &Interners,
    memory: &mut Memory,
) -> Result<FileLines> {
    let dialect = Dialect { zone: reading.source_time_zone, ..Dialect::default() };
    // By the clock of which zone a time counts from 1970 is decided over all rows.
    let is_decided = reading.source_time_zone.is_none() || memmem::find(text.as_str().as_bytes(), b"/Date(").is_none();
    if reading.pages == Pages::Usual && is_decided {
        let mut lines = FileLines::of(text.file.clone());
        let mut reader = LineReader::new(file, texts, &mut lines, dialect);
        if let Some(around) = usual::read(text.as_str(), &mut reader, memory)?
            && let Some(json) = JsonFile::one_page(&around)
        {
            reader.lines.shape = Some(Shape::RestPages);
            reader.finish();
            return lines.linked(file, &json);
        }
    }
    let mended;
    let json = match JsonFile::parse(text.as_str()) {
        Ok(json) => json,
        Err(error) => {
            encoding::refuse_zeros(text.as_str().as_bytes(), file)?;
            let refused = |text: &str, error| shape::refusal(file, text, "a page of usage", error);
            let Some(text_mended) = json::mended(text.as_str()) else { return Err(refused(text.as_str(), error)) };
            mended = text_mended;
            JsonFile::parse(&mended).map_err(|error| refused(&mended, error))?
        }
    };
    if let [Err(first), ..] = json.elements.as_slice()
        && json.elements.iter().all(Result::is_err)
        && let Some(refused) = shape::answer(file, first, "a page of usage")
    {
        return Err(refused);
    }
    let mut lines = FileLines::of(text.file.clone()).linked(file, &json)?;
    let rows = |places: &Range<usize>| places.start as u32 + 1..places.end as u32 + 1;
    lines.repeats = json.repeats.iter().map(rows).collect();
    lines.bodies = json.bodies.iter().map(|(places, text)| Body::new(rows(places), text, of_export.is_alone)).collect();
    let mut survey = Survey::default();
    json.usual.iter().for_each(|Object(line)| note_times(&mut survey, &line.to_row()));
    json.elements.iter().flatten().for_each(|(_, row)| note_times(&mut survey, row));
    let decided = survey.decide(&file.name, reading, of_export.window.or(lines.asked.window), None)?;
    let how: Vec<String> = decided.times().collect();
    lines.written = Some(how.join(", ")).filter(|how| !how.is_empty());
    let mut reader = LineReader::new(file, texts, &mut lines, decided.dialect);
    for Object(line) in &json.usual {
        reader.read(Shape::RestPages, &line.to_row())?;
    }
    for element in &json.elements {
        match element {
            Ok((shape, row)) => reader.read(*shape, row)?,
            Err(raw) => reader.set_aside_text(raw)?,
        }
    }
    reader.finish();
    Ok(lines)
}

/// Takes the times of a row into a survey, where it has both.
fn note_times(survey: &mut Survey, row: &RawRow<'_>) {
    if let Some((start, end)) = row.usage_start.text().zip(row.usage_end.text()) {
        survey.note(&start, &end);
    }
}

/// What two links of one file ask for, if they agree.
fn agreed(file: &InputFile, first: Asked, other: Asked) -> Result<Asked> {
    let differ = |a: Option<Window>, b: Option<Window>| a.zip(b).is_some_and(|(a, b)| a != b);
    let granularities = first.granularity.zip(other.granularity);
    if differ(first.window, other.window) || granularities.is_some_and(|(a, b)| a != b) {
        return Err(Error::input("pages of two queries: their nextLinks ask for different windows or granularities")
            .at(&file.name)
            .hint("save the pages of each query in a folder of their own"));
    }
    Ok(Asked { window: first.window.or(other.window), granularity: first.granularity.or(other.granularity) })
}

fn read_table(
    file: &InputFile,
    text: &Text,
    of_export: OfExport,
    reading: &Reading,
    texts: &Interners,
) -> Result<FileLines> {
    encoding::refuse_zeros(text.as_str().as_bytes(), file)?;
    let table = UsageTable::of(&file.name, text.as_str())?
        .ok_or_else(|| shape::no_table(file, text.as_str(), "a page of usage", &REQUIRED))?;
    // Where decimals are said to have a comma, a point has to be looked at twice.
    let may_be_plain = !reading.culture.is_some_and(|culture| culture.decimal != DecimalMark::Point);
    let (mut decided, mut lines) = (Decided::default(), FileLines::of(text.file.clone()));
    let reader = LineReader::new(file, texts, &mut lines, decided.dialect.clone());
    if !may_be_plain || !reader.read_rows(&table, LineReader::has_unreadable)? {
        decided = table.survey()?.decide(&file.name, reading, of_export.window, Some(SourceTimeZone::UTC))?;
        lines = FileLines::of(text.file.clone());
        LineReader::new(file, texts, &mut lines, decided.dialect.clone()).read_rows(&table, |_| false)?;
    }
    lines.written = Some(decided.to_string(table.delimiter()));
    lines.zone_is_assumed = decided.zone_is_assumed;
    lines.may_be_cut = !table.ends_with_a_line_end();
    (lines.repeats, lines.bodies) = table.repeated(of_export.is_alone)?;
    lines.lacks.extend(decided.lacks(lines.digits_max));
    let quantities = lines.days.values().flat_map(|chunk| &chunk.quantity);
    lines.lacks.extend(are_as_displayed(quantities).then_some(AS_DISPLAYED));
    lines.lacks.extend(lines.has_lost_characters.then_some(LOST_CHARACTERS));
    Ok(lines)
}

const AS_DISPLAYED: &str =
    "quantities have at most two decimals, as a spreadsheet displays them: what stood behind is lost";
const LOST_CHARACTERS: &str = "characters of resource names were replaced by `?`: a script saved it as ASCII";

/// Whether quantities are what a spreadsheet shows of them: none has more than two decimals, and some have two that no
/// count of full or quarter hours has.
fn are_as_displayed<'q>(quantities: impl Iterator<Item = &'q Quantity>) -> bool {
    const HUNDREDTH: i128 = 10_i128.pow(QUANTITY_SCALE as u32 - 2);
    let mut has_odd = false;
    for quantity in quantities {
        if quantity.scaled() % HUNDREDTH != 0 {
            return false;
        }
        has_odd |= quantity.scaled() % (25 * HUNDREDTH) != 0;
    }
    has_odd
}

/// Whether a row of a table names a resource with a character that no id has: it stands where others were lost.
fn has_lost_characters(instance: &str) -> bool {
    let is_lost = |text: &str| text.contains(['?', '\u{fffd}']);
    is_lost(instance)
        && match InstanceText::read(instance) {
            InstanceText::Parts(parts) => parts.first().is_some_and(|uri| is_lost(uri.source())),
            InstanceText::Cell(cell) => {
                let text = cell.text();
                let uri = text.split_once("resourceUri").and_then(|(_, behind)| behind.split(',').next());
                uri.is_some_and(is_lost)
            }
            InstanceText::Json(_) | InstanceText::Published(_) => false,
        }
}

/// A file none of whose lines can be used is not what its folder says, or was written in a way that a setting has to
/// tell: published as it is, its time would pass for one in which nothing was used.
fn refuse_if_nothing_is_usable(file: &InputFile, lines: &FileLines) -> Result<()> {
    let total = lines.read.lines;
    if total == 0 || lines.rejects.len() as i64 != total {
        return Ok(());
    }
    let (reason, count) = Reject::commonest(lines.rejects.iter()).expect("there are rejects");
    let first = lines.rejects.iter().find(|reject| reject.reason == reason).expect("it was counted");
    let text = first.text.as_deref().map(shown::value);
    let refused = |message: String| Error::input(message).at(&file.name);
    let is_printed = |text: &str| {
        text.split_whitespace().collect::<String>().to_ascii_lowercase().contains(r#"properties":"@{"#)
            || text.starts_with("\"@{")
    };
    if reason == RejectReason::NotAUsageLine && first.text.as_deref().is_some_and(is_printed) {
        return Err(shape::printed().at(&file.name));
    }
    if lines.local_times == total && odd_year_of(lines).is_none() {
        return Err(refused(format!("times that do not say all of what they mean, such as {}", text.unwrap_or_default()))
            .hint("say in which zone the exporting machine printed them, with --source-time-zone UTC, Europe/Berlin or +02:00, and where the order of day and month is not plain, with --culture"));
    }
    let example = match text {
        None => format!("row {}", first.row),
        Some(text) => format!("row {}: {text}", first.row),
    };
    let share = if count == total { String::new() } else { format!(" ({count} of {total})") };
    let none = if total == 1 { "its line cannot".to_owned() } else { format!("none of its {total} lines can") };
    Err(refused(format!("{none} be used: {}{share}, such as {example}", reason.sentence())).hint(remedy(reason, lines)))
}

/// A year in which a time of its rejects cannot be read.
fn odd_year_of(lines: &FileLines) -> Option<String> {
    lines.rejects.iter().find_map(|reject| dialect::odd_year(reject.text.as_deref()?))
}

/// What to do about a file all of whose lines are set aside, most of them for this reason.
fn remedy(reason: RejectReason, lines: &FileLines) -> String {
    const AGAIN: &str = "run the query again and replace the file; if it is no export of usage, rename it so that it begins with `_` to have it skipped";
    match reason {
        RejectReason::NotAUsageLine => format!(
            "a usage line is an object with `properties`, or a row with all the cells of its header: this looks like the answer of another query; {AGAIN}"
        ),
        RejectReason::UsageTimeUnreadable | RejectReason::UsageTimeOutOfRange => match odd_year_of(lines) {
            Some(year) => format!(
                "export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z: its years of {year} can be read only as Buddhist or Taiwanese ones, and only where the folder's window confirms them"
            ),
            None => "export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z".to_owned(),
        },
        RejectReason::UsageTimeNotWhole => {
            "the times were probably written in local time: say which with --source-time-zone, as Europe/Berlin or +02:00, or export again in UTC".to_owned()
        }
        RejectReason::QuantityUnreadable => {
            "export it again with plain numbers, such as 0.25: a spreadsheet or a script changed them".to_owned()
        }
        RejectReason::TooLong
        | RejectReason::UserSubscriptionMissing
        | RejectReason::MeterMissing
        | RejectReason::UsageTimeMissing
        | RejectReason::QuantityMissing
        | RejectReason::QuantityNegative
        | RejectReason::QuantityTooLarge => AGAIN.to_owned(),
    }
}

/// Whose usage of which meter some lines are, and how it was asked for.
#[derive(Debug)]
pub(super) struct Source {
    user_subscription: u32,
    meter: u32,
    api: Option<Api>,
    is_of_public_azure: bool,
    /// The subscription that was queried, as it is written.
    queried: Option<String>,
}

impl Source {
    /// The numbers of a line with some instance.
    pub fn numbers(&self, instance: u32) -> LineNumbers {
        LineNumbers { user_subscription: self.user_subscription, meter: self.meter, instance }
    }
}

/// Reads the lines of one file, in order.
pub(super) struct LineReader<'a> {
    file: &'a InputFile,
    texts: &'a Interners,
    lines: &'a mut FileLines,
    dialect: Dialect,
    user_subscriptions: Recent<'a>,
    meters: Recent<'a>,
    row: u32,
    /// The last span read and its two texts: it seldom changes from line to line.
    last_span: Option<(String, String, Span)>,
    /// The day being filled, out of the map while it lasts.
    current: Option<(Day, Chunk)>,
    /// The subscriptions that were queried, as they are written.
    queried: BTreeSet<String>,
}

/// What stands in a line, or why it is set aside with the text that offends.
type Refused = (RejectReason, Option<String>);

impl<'a> LineReader<'a> {
    fn new(file: &'a InputFile, texts: &'a Interners, lines: &'a mut FileLines, dialect: Dialect) -> Self {
        let (user_subscriptions, meters) = (Recent::of(&texts.user_subscriptions), Recent::of(&texts.meters));
        Self {
            file,
            texts,
            lines,
            dialect,
            user_subscriptions,
            meters,
            row: 0,
            last_span: None,
            current: None,
            queried: BTreeSet::new(),
        }
    }

    /// Puts what is still being filled where it belongs.
    fn finish(mut self) {
        self.hand_over();
        self.lines.queried = self.queried.iter().map(|id| one_spelling(id)).collect();
        if self.lines.apis.iter().all(|apis| *apis & (Api::Provider as u8 | Api::Tenant as u8) == 0)
            && !self.lines.days.is_empty()
        {
            self.lines.lacks.push("no row id: nothing says whether the provider or the tenant API was asked");
        }
    }

    /// Whether the row that was read last has a time or a quantity that another dialect might read.
    fn has_unreadable(&self) -> bool {
        let is_unreadable = |own: &Reject| {
            matches!(
                own.reason,
                RejectReason::UsageTimeUnreadable
                    | RejectReason::UsageTimeOutOfRange
                    | RejectReason::QuantityUnreadable
            )
        };
        self.lines.rejects.last().is_some_and(is_unreadable)
    }

    pub fn texts(&self) -> &'a Interners {
        self.texts
    }

    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The number of the next row, which is counted.
    pub fn next_row(&mut self) -> Result<u32> {
        self.lines.read.lines += 1;
        self.row = self.row.checked_add(1).ok_or_else(|| {
            Error::input("more lines than a file can number").at(&self.file.name).hint("split the file")
        })?;
        Ok(self.row)
    }

    /// Reads all rows of a table; `false` when it gave up before the last.
    fn read_rows(mut self, table: &UsageTable<'_>, gives_up: impl Fn(&Self) -> bool) -> Result<bool> {
        let mut rows = table.rows();
        while let Some(row) = rows.next()? {
            match row {
                Ok(row) => {
                    self.lines.has_lost_characters |= has_lost_characters(&row.instance);
                    self.read(table.shape, &row)?;
                }
                Err(text) => self.set_aside_text(&text)?,
            }
            if gives_up(&self) {
                return Ok(false);
            }
        }
        self.finish();
        Ok(true)
    }

    /// Sets aside what is no row at all.
    fn set_aside_text(&mut self, text: &str) -> Result<()> {
        let row = self.next_row()?;
        self.set_aside(row, (RejectReason::NotAUsageLine, Some(cut(text))), None);
        Ok(())
    }

    fn read(&mut self, shape: Shape, line: &RawRow<'_>) -> Result<()> {
        let row = self.next_row()?;
        self.refuse_other_shape(row, shape)?;
        let quantity = self.quantity_of(line);
        let fields = ids_of(line).and_then(|ids| Ok((ids, self.span_of(line)?)));
        match (fields, quantity) {
            (Ok(((user_subscription, meter), span)), Ok(parsed)) => {
                let api = self.api_of(line, &user_subscription);
                self.lines.is_of_public_azure |= line.is_of_public_azure;
                let user_subscription = self.user_subscriptions.intern(&user_subscription)?;
                self.note_user_subscription(user_subscription, api);
                let meter = self.meters.intern(&meter)?;
                let instance = self.texts.instances.intern(&line.instance)?;
                self.take(LineNumbers { user_subscription, meter, instance }, span, parsed, row);
            }
            (Err(refused), quantity) => {
                self.set_aside(row, refused, Some((line, quantity.ok())));
            }
            (Ok(_), Err(refused)) => self.set_aside(row, refused, Some((line, None))),
        }
        Ok(())
    }

    /// Takes in a line that is understood.
    pub fn take(&mut self, numbers: LineNumbers, span: Span, parsed: Parsed, row: u32) {
        self.lines.read.add(parsed.quantity);
        self.lines.rounded += u64::from(parsed.rounded);
        self.lines.digits_max = self.lines.digits_max.max(parsed.digits);
        self.lines.note_span(span, row);
        self.chunk_of(span.day).push(span.slot, numbers, parsed.quantity, row);
    }

    /// What a row says of all lines that are like it but for times, instance and quantity; `None` when it would be set aside.
    pub fn source_of(&mut self, line: &RawRow<'_>) -> Result<Option<Source>> {
        let Ok((user_subscription, meter)) = ids_of(line) else { return Ok(None) };
        let asked = line.id.written().and_then(|id| Api::of(id.trim_start_matches('"'), &user_subscription));
        Ok(Some(Source {
            user_subscription: self.user_subscriptions.intern(&user_subscription)?,
            meter: self.meters.intern(&meter)?,
            api: asked.map(|(api, _)| api),
            is_of_public_azure: line.is_of_public_azure,
            queried: asked.filter(|(api, _)| *api == Api::Provider).map(|(_, queried)| queried.to_owned()),
        }))
    }

    /// Notes that the file has lines of a source: once is enough.
    pub fn note_source(&mut self, source: &Source) {
        self.note_user_subscription(source.user_subscription, source.api);
        self.lines.is_of_public_azure |= source.is_of_public_azure;
        if let Some(queried) = source.queried.as_ref().filter(|own| !self.queried.contains(*own)) {
            self.queried.insert(queried.clone());
        }
    }

    /// The API of a line, by its `id`; `None` when that names no subscription.
    fn api_of(&mut self, line: &RawRow<'_>, user_subscription: &str) -> Option<Api> {
        // Nothing that an id begins with needs an escape, so it is looked at as it is written.
        let id = line.id.written()?.trim_start_matches('"');
        let (api, queried) = Api::of(id, user_subscription)?;
        if api == Api::Provider && !self.queried.contains(queried) {
            self.queried.insert(queried.to_owned());
        }
        Some(api)
    }

    fn note_user_subscription(&mut self, number: u32, api: Option<Api>) {
        let (apis, at) = (&mut self.lines.apis, number as usize);
        if apis.len() <= at {
            apis.resize(at + 1, 0);
        }
        apis[at] |= api.map_or(Api::UNSAID, |api| api as u8);
    }

    fn refuse_other_shape(&mut self, row: u32, shape: Shape) -> Result<()> {
        let first = *self.lines.shape.get_or_insert(shape);
        if first == shape {
            return Ok(());
        }
        Err(Error::input(format!("row {row} has the shape of {shape}, the rows before it that of {first}"))
            .at(&self.file.name)
            .hint("a file has one shape: save what different producers wrote as different files"))
    }

    fn set_aside(&mut self, row: u32, (reason, text): Refused, line: Option<(&RawRow<'_>, Option<Parsed>)>) {
        let quantity = line.and_then(|(_, quantity)| quantity).map(|parsed| parsed.quantity);
        self.lines.read.add(quantity.unwrap_or(Quantity::ZERO));
        let meter = line.and_then(|(line, _)| id_of(line.meter, RejectReason::MeterMissing).ok());
        self.lines.rejects.push(Reject {
            row,
            reason,
            text,
            meter: meter.filter(|meter| meter.len() <= VALUE_BYTES_MAX).map(Cow::into_owned),
            quantity,
        });
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

    fn span_of(&mut self, line: &RawRow<'_>) -> Result<Span, Refused> {
        let (Some(start), Some(end)) = (line.usage_start.written(), line.usage_end.written()) else {
            return Err((RejectReason::UsageTimeMissing, None));
        };
        if let Some((_, _, span)) =
            self.last_span.as_ref().filter(|(last_start, last_end, _)| last_start == start && last_end == end)
        {
            return Ok(*span);
        }
        let texts = line.usage_start.text().zip(line.usage_end.text());
        let span = texts.map_or(Err(TimeFault::Unreadable), |(start, end)| self.dialect.span(&start, &end));
        if span == Err(TimeFault::Unreadable) && [line.usage_start, line.usage_end].into_iter().all(is_local) {
            self.lines.local_times += 1;
        }
        let span = span.map_err(|fault| {
            let reason = match fault {
                TimeFault::Unreadable => RejectReason::UsageTimeUnreadable,
                TimeFault::OutOfRange => RejectReason::UsageTimeOutOfRange,
                TimeFault::NotWhole => RejectReason::UsageTimeNotWhole,
            };
            let shown =
                |value: Value<'_>, written: &str| value.text().map_or_else(|| written.to_owned(), Cow::into_owned);
            (reason, Some(cut(&format!("{}/{}", shown(line.usage_start, start), shown(line.usage_end, end)))))
        })?;
        self.last_span = Some((start.to_owned(), end.to_owned(), span));
        Ok(span)
    }

    fn quantity_of(&self, line: &RawRow<'_>) -> Result<Parsed, Refused> {
        let text = line.quantity.text_or_json().ok_or((RejectReason::QuantityMissing, None))?;
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err((RejectReason::QuantityMissing, Some(cut(&line.quantity.shown()))));
        }
        self.dialect.quantity(trimmed).map_err(|reason| (reason, Some(cut(&text))))
    }
}

/// Whether a value is a time that lacks nothing but its zone.
fn is_local(value: Value<'_>) -> bool {
    value.text().is_some_and(|text| dialect::is_local(&text))
}

/// The text of an id, not blank.
fn id_of(value: Value<'_>, missing: RejectReason) -> Result<Cow<'_, str>, Refused> {
    if matches!(value, Value::Absent) {
        return Err((missing, None));
    }
    value.text().filter(|text| !text.trim().is_empty()).ok_or_else(|| (missing, Some(cut(&value.shown()))))
}

/// The user subscription and the meter of a row.
fn ids_of<'a>(line: &RawRow<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), Refused> {
    refuse_too_long(line)?;
    let user_subscription = id_of(line.user_subscription, RejectReason::UserSubscriptionMissing)?;
    Ok((user_subscription, id_of(line.meter, RejectReason::MeterMissing)?))
}

fn refuse_too_long(line: &RawRow<'_>) -> Result<(), Refused> {
    for value in [line.user_subscription, line.meter, line.usage_start, line.usage_end, line.quantity] {
        if let Some(text) = value.written().filter(|text| text.len() > VALUE_BYTES_MAX) {
            return Err((RejectReason::TooLong, Some(cut(text))));
        }
    }
    if line.instance.len() > INSTANCE_BYTES_MAX {
        return Err((RejectReason::TooLong, Some(cut(&line.instance))));
    }
    Ok(())
}

fn cut(text: &str) -> String {
    limits::cut(text, REJECT_BYTES_MAX).to_owned()
}

impl FileLines {
    /// Notes what the links of its pages say.
    fn linked(mut self, file: &InputFile, json: &JsonFile<'_>) -> Result<Self> {
        self.has_next = json.has_next;
        for link in &json.next_links {
            self.asked = agreed(file, self.asked, asked::of_next_link(link))?;
            self.subscriber = asked::subscriber_of(link);
        }
        self.has_next_links = !json.next_links.is_empty();
        Ok(self)
    }

    /// Notes the granularity and the end of a line's span.
    pub(super) fn note_span(&mut self, span: Span, row: u32) {
        let first = &mut self.granularities[span.slot.granularity() as usize];
        *first = first.or(Some(row));
        if self.latest_end.is_none_or(|(latest, _)| span.end > latest) {
            self.latest_end = Some((span.end, row));
        }
    }

    /// A file of which nothing is read yet.
    pub(super) fn of(file: super::fingerprint::ReadFile) -> Self {
        Self {
            number: 0,
            content: file.fingerprint,
            file,
            read: Checksum::default(),
            apis: Vec::new(),
            queried: BTreeSet::new(),
            rounded: 0,
            digits_max: 0,
            days: BTreeMap::new(),
            sums: BTreeMap::new(),
            rejects: Vec::new(),
            shape: None,
            written: None,
            lacks: Vec::new(),
            zone_is_assumed: false,
            local_times: 0,
            may_be_cut: false,
            has_next: false,
            has_next_links: false,
            subscriber: None,
            asked: Asked::default(),
            granularities: [None; 2],
            latest_end: None,
            resources: BTreeMap::new(),
            is_of_public_azure: false,
            has_lost_characters: false,
            bodies: Vec::new(),
            repeats: Vec::new(),
            stamps: BTreeSet::new(),
        }
    }
}
