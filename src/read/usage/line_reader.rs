//! One file of usage → its lines: each row is parsed or set aside, and added to its usage day.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::chunk::{Chunk, LineNumbers};
use super::lines::{Api, FileLines, other_shape, too_many_lines};
use super::reject::Reject;
use super::table::{UsageRows, UsageTable};
use crate::domain::identity::one_spelling;
use crate::domain::limits::{self, INSTANCE_BYTES_MAX, REJECT_BYTES_MAX, VALUE_BYTES_MAX};
use crate::domain::quantity::Parsed;
use crate::domain::time::TimeFault;
use crate::domain::{Day, Dialect, Quantity, RejectReason, Span, dialect};
use crate::error::Result;
use crate::read::format::csv::Cell;
use crate::read::format::row::{InstanceText, RawRow, Value};
use crate::read::format::shape::Shape;
use crate::read::intern::{Interners, Recent};
use crate::store::InputFile;

/// Whether a table's row names a resource with a character that no id has: it replaces lost ones.
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

/// The user subscription and meter of some lines, and the API and subscription that were queried.
#[derive(Debug)]
pub(in crate::read) struct Source {
    user_subscription: u32,
    meter: u32,
    api: Option<Api>,
    is_of_public_azure: bool,
    /// Whether a row of a table names its resource with a character that no id has.
    has_lost_characters: bool,
    /// The subscription that was queried, as written.
    queried: Option<String>,
}

impl Source {
    /// The numbers of a line with some instance.
    pub(crate) fn numbers(&self, instance: u32) -> LineNumbers {
        LineNumbers { user_subscription: self.user_subscription, meter: self.meter, instance }
    }
}

/// Reads the lines of one file, in order.
pub(in crate::read) struct LineReader<'a> {
    file: &'a InputFile,
    texts: &'a Interners,
    pub(super) lines: &'a mut FileLines,
    dialect: Dialect,
    user_subscriptions: Recent<'a>,
    meters: Recent<'a>,
    row: u32,
    /// The last span and its two texts: it seldom changes from line to line.
    last_span: Option<(String, String, Span)>,
    /// The day being filled, taken out of the map meanwhile.
    current: Option<(Day, Chunk)>,
    /// The subscriptions that were queried, as written.
    queried: BTreeSet<String>,
}

/// The parsed values of a line, or why it is set aside with the offending text.
type Refused = (RejectReason, Option<String>);

impl<'a> LineReader<'a> {
    pub(super) fn new(file: &'a InputFile, texts: &'a Interners, lines: &'a mut FileLines, dialect: Dialect) -> Self {
        let (user_subscriptions, meters) = (Recent::new(&texts.user_subscriptions), Recent::new(&texts.meters));
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

    /// Numbers its rows from behind so many.
    pub(super) fn behind(self, rows: u32) -> Self {
        Self { row: rows, ..self }
    }

    /// Puts the day being filled back, and stores the noted subscriptions.
    pub(super) fn finish(mut self) {
        self.hand_over();
        self.lines.queried = self.queried.iter().map(|id| one_spelling(id)).collect();
    }

    /// Whether the last row has a time or a quantity that another dialect might read.
    pub(super) fn has_unreadable(&self) -> bool {
        let is_unreadable = |reject: &Reject| {
            matches!(
                reject.reason,
                RejectReason::UsageTimeUnreadable
                    | RejectReason::UsageTimeOutOfRange
                    | RejectReason::QuantityUnreadable
            )
        };
        self.lines.rejects.last().is_some_and(is_unreadable)
    }

    pub(crate) fn texts(&self) -> &'a Interners {
        self.texts
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Counts the next row, and returns its number.
    pub(crate) fn next_row(&mut self) -> Result<u32> {
        self.lines.read.lines += 1;
        self.row = self.row.checked_add(1).ok_or_else(|| too_many_lines(&self.file.name))?;
        Ok(self.row)
    }

    /// The span of two cells of a table; `None` when the row would be set aside.
    pub(super) fn span_of_cells(&mut self, start: &str, end: &str) -> Option<Span> {
        let value = |source| Value::from_cell(Cell::from_source(source));
        self.span_of(value(start), value(end)).ok()
    }

    /// Reads the next row of a table; `false` when there is none.
    pub(super) fn read_row(&mut self, table: &UsageTable<'_>, rows: &mut UsageRows<'_, '_>) -> Result<bool> {
        let Some(row) = rows.next()? else { return Ok(false) };
        self.read_cells(table.shape, &row).map(|_is_used| true)
    }

    /// Reads a row of a table, or sets its text aside. Returns whether it counts.
    pub(super) fn read_cells(&mut self, shape: Shape, row: &std::result::Result<RawRow<'_>, String>) -> Result<bool> {
        let rejects = self.lines.rejects.len();
        match row {
            Ok(row) => {
                self.lines.has_lost_characters |= has_lost_characters(&row.instance);
                self.read(shape, row)?;
            }
            Err(text) => self.set_aside_text(text)?,
        }
        Ok(self.lines.rejects.len() == rejects)
    }

    /// Sets aside an element that is no row.
    pub(super) fn set_aside_text(&mut self, text: &str) -> Result<()> {
        let row = self.next_row()?;
        self.set_aside(row, (RejectReason::NotAUsageLine, Some(cut(text))), None);
        Ok(())
    }

    pub(super) fn read(&mut self, shape: Shape, line: &RawRow<'_>) -> Result<()> {
        let row = self.next_row()?;
        self.refuse_other_shape(row, shape)?;
        let quantity = self.quantity_of(line);
        let fields = ids_of(line).and_then(|ids| Ok((ids, self.span_of(line.usage_start, line.usage_end)?)));
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

    /// Adds a parsed line.
    pub(crate) fn take(&mut self, numbers: LineNumbers, span: Span, parsed: Parsed, row: u32) {
        self.lines.read.add(parsed.quantity);
        self.lines.rounded += u64::from(parsed.rounded);
        self.lines.digits_max = self.lines.digits_max.max(parsed.digits);
        self.lines.note_span(span, row);
        self.chunk_of(span.day).push(span.slot, numbers, parsed.quantity, row);
    }

    /// The source of a row, which all lines share that differ from it only in times, instance and quantity; `None` when
    /// the row would be set aside.
    pub(crate) fn source_of(&mut self, line: &RawRow<'_>) -> Result<Option<Source>> {
        let Ok((user_subscription, meter)) = ids_of(line) else { return Ok(None) };
        let api_and_subscription =
            line.id.written().and_then(|id| Api::from_row_id(id.trim_start_matches('"'), &user_subscription));
        Ok(Some(Source {
            user_subscription: self.user_subscriptions.intern(&user_subscription)?,
            meter: self.meters.intern(&meter)?,
            api: api_and_subscription.map(|(api, _)| api),
            is_of_public_azure: line.is_of_public_azure,
            has_lost_characters: false,
            queried: api_and_subscription
                .filter(|(api, _)| *api == Api::Provider)
                .map(|(_, queried)| queried.to_owned()),
        }))
    }

    /// The same of a row of a table.
    pub(super) fn source_of_cells(&mut self, line: &RawRow<'_>) -> Result<Option<Source>> {
        let has_lost_characters = has_lost_characters(&line.instance);
        Ok(self.source_of(line)?.map(|source| Source { has_lost_characters, ..source }))
    }

    /// Notes that the file has lines of a source; once is enough.
    pub(crate) fn note_source(&mut self, source: &Source) {
        self.note_user_subscription(source.user_subscription, source.api);
        self.lines.is_of_public_azure |= source.is_of_public_azure;
        self.lines.has_lost_characters |= source.has_lost_characters;
        if let Some(queried) = source.queried.as_ref().filter(|queried| !self.queried.contains(*queried)) {
            self.queried.insert(queried.clone());
        }
    }

    /// The API of a line, by its `id`; `None` when that names no subscription.
    fn api_of(&mut self, line: &RawRow<'_>, user_subscription: &str) -> Option<Api> {
        // The characters at the start of an id need no escapes, so the raw text will do.
        let id = line.id.written()?.trim_start_matches('"');
        let (api, queried) = Api::from_row_id(id, user_subscription)?;
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

    /// Whether the rows before have this shape; the first row says it.
    pub(super) fn has_shape(&mut self, shape: Shape) -> bool {
        *self.lines.shape.get_or_insert(shape) == shape
    }

    fn refuse_other_shape(&mut self, row: u32, shape: Shape) -> Result<()> {
        let first = *self.lines.shape.get_or_insert(shape);
        if first == shape {
            return Ok(());
        }
        Err(other_shape(&self.file.name, row, shape, first))
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

    fn span_of(&mut self, usage_start: Value<'_>, usage_end: Value<'_>) -> Result<Span, Refused> {
        let (Some(start), Some(end)) = (usage_start.written(), usage_end.written()) else {
            return Err((RejectReason::UsageTimeMissing, None));
        };
        if let Some((_, _, span)) =
            self.last_span.as_ref().filter(|(last_start, last_end, _)| last_start == start && last_end == end)
        {
            return Ok(*span);
        }
        let texts = usage_start.text().zip(usage_end.text());
        let span = texts.map_or(Err(TimeFault::Unreadable), |(start, end)| self.dialect.span(&start, &end));
        if span == Err(TimeFault::Unreadable) && [usage_start, usage_end].into_iter().all(is_local) {
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
            (reason, Some(cut(&format!("{}/{}", shown(usage_start, start), shown(usage_end, end)))))
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

/// Whether a value is a complete time but for its zone.
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
