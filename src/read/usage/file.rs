//! One file of usage: which reader reads it, and whether any of it is usable.

use std::ops::Range;

use super::context::{OfExport, OfFile, Thread};
use super::fast_tables::read_rows;
use super::json_pieces::{JsonPieces, read_whole_text};
use super::line_reader::LineReader;
use super::lines::{AroundRows, Body, FileLines};
use super::parquet::{is_parquet, is_parquet_file, read_large_parquet, read_parquet};
use super::pieces::{PIECE_BYTES, read_pieces};
use super::reject::Reject;
use super::survey::{Decided, Survey};
use super::table::{REQUIRED, SurveyedTable, UsageTable};
use super::table_pieces::read_large_table;
use super::validated::read_validated;
use crate::domain::limits::{ROW_BYTES_MAX, WHOLE_BYTES_MAX};
use crate::domain::{RejectReason, SourceTimeZone, dialect, shown};
use crate::error::{Error, Result};
use crate::read::format::blocks::{TextBlocks, TextEncoding};
use crate::read::format::documents::{BLANKS, Inside};
use crate::read::format::encoding;
use crate::read::format::json::{self, Around, JsonFile};
use crate::read::format::shape;
use crate::read::format::text::{self, Text};
use crate::read::options::Pages;
use crate::store::InputFile;

/// Reads a file as a whole; `None` when it is too large for that.
///
/// # Errors
/// The file is not what a `usage` folder holds.
pub(in crate::read) fn read_file(of: OfFile<'_>, thread: &mut Thread) -> Result<Option<FileLines>> {
    let OfFile { file, of_stamp, .. } = of;
    let bytes_max = if let Pages::InPieces(_) = of_stamp.reading.pages { 0 } else { WHOLE_BYTES_MAX };
    let Some(content) = text::read_bytes_into(file, bytes_max, &mut thread.buffers)? else { return Ok(None) };
    if is_parquet(&content.bytes) {
        return read_parquet(file, content, of_stamp.texts).map(Some);
    }
    let text = content.into_text(file, of_stamp.reading.encoding)?;
    let mut lines = if is_json(text.as_str()) { read_json(of, &text, thread)? } else { read_table(of, &text, thread)? };
    refuse_if_nothing_is_usable(file, &lines)?;
    lines.content = text.content();
    thread.buffers.give_back(text);
    Ok(Some(lines))
}

/// Bytes by which JSON is told from a table.
const SEEN_BYTES: usize = 16;

/// Reads a file of any size, in pieces.
///
/// # Errors
/// As [`read_file`].
pub(super) fn read_large_file(of: OfFile<'_>) -> Result<FileLines> {
    let OfFile { file, of_stamp, .. } = of;
    let piece_bytes = if let Pages::InPieces(bytes) = of_stamp.reading.pages { bytes } else { PIECE_BYTES };
    if is_parquet_file(file)? {
        return read_large_parquet(of);
    }
    let how = TextEncoding::of(file, of_stamp.reading.encoding)?;
    let mut blocks = TextBlocks::open(file, how)?;
    let mut first = String::new();
    while first.trim_start().len() < SEEN_BYTES && !blocks.is_at_end() && first.len() < ROW_BYTES_MAX {
        if first.trim_start_matches(BLANKS).is_empty() {
            first.clear();
        }
        first = blocks.add_to(first, piece_bytes)?;
    }
    let lines = if is_json(&first) {
        let mut reader = JsonPieces::new(of, &first);
        let begin = (first, Inside::Nothing);
        let is_read = read_pieces(&mut reader, &mut blocks, begin, piece_bytes, of_stamp.control)?;
        match Some(reader).filter(|_| is_read).and_then(JsonPieces::finish) {
            Some(mut lines) => {
                (lines.file, lines.content) = blocks.finish()?;
                lines
            }
            None => {
                of_stamp.days.forget(of.number)?;
                read_validated(of, how, piece_bytes)?
            }
        }
    } else {
        drop(blocks);
        read_large_table(of, how, piece_bytes)?
    };
    refuse_if_nothing_is_usable(file, &lines)?;
    Ok(lines)
}

/// Whether a text is JSON, or is refused as JSON is, by its begin.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) || shape::is_refused_at_sight(text)
}

fn read_json(of: OfFile<'_>, text: &Text, thread: &mut Thread) -> Result<FileLines> {
    let OfFile { file, of_export, of_stamp, .. } = of;
    if of_stamp.reading.pages == Pages::Usual
        && let Some(lines) = read_whole_text(of, text, &mut thread.memory)
    {
        return Ok(lines);
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
    let mut lines = FileLines::new(text.file.clone()).within(file, &json.around, of_export)?;
    let mut survey = Survey::default();
    json.elements.iter().flatten().for_each(|(_, row)| survey.note_row(row));
    let decided = survey.decide(&file.name, of_stamp.reading, of_export.window.or(lines.query.window), None)?;
    lines.note_times(&decided);
    let mut reader = LineReader::new(file, of_stamp.texts, &mut lines, decided.dialect);
    for element in &json.elements {
        match element {
            Ok((shape, row)) => reader.read(*shape, row)?,
            Err(raw) => reader.set_aside_text(raw)?,
        }
    }
    reader.finish();
    lines.note_missing_ids();
    Ok(lines)
}

fn read_table(of: OfFile<'_>, text: &Text, thread: &mut Thread) -> Result<FileLines> {
    let OfFile { file, of_export, of_stamp, .. } = of;
    let (reading, texts) = (of_stamp.reading, of_stamp.texts);
    let mut memory = Some(&mut thread.memory).filter(|_| reading.pages != Pages::Validated);
    encoding::refuse_zeros(text.as_str().as_bytes(), file)?;
    let table = UsageTable::parse(&file.name, text.as_str())?
        .ok_or_else(|| shape::no_table(file, text.as_str(), "a page of usage", &REQUIRED))?;
    let (mut decided, mut lines) = (Decided::default(), FileLines::new(text.file.clone()));
    let reader = LineReader::new(file, texts, &mut lines, decided.dialect.clone());
    if !reading.may_be_plain() || !read_rows(reader, &table, memory.as_deref_mut(), LineReader::has_unreadable)? {
        let mut surveyed = SurveyedTable::default();
        table.survey(&mut surveyed).1?;
        decided = surveyed.of_all().decide(&file.name, reading, of_export.window, Some(SourceTimeZone::UTC))?;
        lines = FileLines::new(text.file.clone());
        let reader = LineReader::new(file, texts, &mut lines, decided.dialect.clone());
        read_rows(reader, &table, memory, |_| false)?;
    }
    lines.may_be_cut = !table.ends_with_a_line_end();
    (lines.repeats, lines.bodies) = table.repeated(of_export.is_alone)?;
    lines.decimals.add(lines.days.values().flat_map(|chunk| &chunk.quantity));
    lines.note_table(&decided, table.delimiter());
    Ok(lines)
}

/// Refuses a file without any usable line. It is no usage, or a setting has to say how it is written. Published as it
/// is, its time would look like time without usage.
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
    if lines.local_times == total && unexpected_year_of(lines).is_none() {
        return Err(refused(format!(
            "times that do not say all of what they mean, such as {}",
            text.unwrap_or_default()
        ))
        .hint(
            "say in which zone the exporting machine printed them, with --source-time-zone UTC, Europe/Berlin or \
             +02:00, and where the order of day and month is not plain, with --culture",
        ));
    }
    let example = match text {
        None => format!("row {}", first.row),
        Some(text) => format!("row {}: {text}", first.row),
    };
    let share = if count == total { String::new() } else { format!(" ({count} of {total})") };
    let none = if total == 1 { "its line cannot".to_owned() } else { format!("none of its {total} lines can") };
    Err(refused(format!("{none} be used: {}{share}, such as {example}", reason.sentence())).hint(remedy(reason, lines)))
}

/// The year of a rejected time, if it is out of range.
fn unexpected_year_of(lines: &FileLines) -> Option<String> {
    lines.rejects.iter().find_map(|reject| dialect::unexpected_year(reject.text.as_deref()?))
}

/// The remedy for a file whose lines are all set aside, most of them for this reason.
fn remedy(reason: RejectReason, lines: &FileLines) -> String {
    const AGAIN: &str = "run the query again and replace the file; if it is no export of usage, rename it so that it \
        begins with `_` to have it skipped";
    match reason {
        RejectReason::NotAUsageLine => format!(
            "a usage line is an object with `properties`, or a row with all the cells of its header: this looks like \
             the answer of another query; {AGAIN}"
        ),
        RejectReason::UsageTimeUnreadable | RejectReason::UsageTimeOutOfRange => match unexpected_year_of(lines) {
            Some(year) => format!(
                "export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z: its years of {year} can be read \
                 only as Buddhist or Taiwanese ones, and only where the folder's window confirms them"
            ),
            None => "export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z".to_owned(),
        },
        RejectReason::UsageTimeNotWhole => {
            "the times were probably written in local time: say which with --source-time-zone, as Europe/Berlin or \
             +02:00, or export again in UTC"
                .to_owned()
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

impl FileLines {
    /// Notes what stands around its rows: what the links of its pages ask for, and what may repeat.
    fn within(mut self, file: &InputFile, around: &Around<'_>, of_export: OfExport) -> Result<Self> {
        let mut noted = AroundRows::default();
        around.next_links.iter().try_for_each(|link| noted.note_link(file, link))?;
        noted.has_next = around.has_next;
        let rows = |places: &Range<usize>| places.start as u32 + 1..places.end as u32 + 1;
        noted.repeats = around.repeats.iter().map(rows).collect();
        let body = |(places, text): &(Range<usize>, &str)| Body::new(rows(places), text, of_export.is_alone);
        noted.bodies = around.bodies.iter().map(body).collect();
        self.stand_in(noted);
        Ok(self)
    }
}
