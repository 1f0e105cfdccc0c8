//! One file of usage: which reader reads it, and whether any of it is usable.

use std::ops::Range;

use super::fast_rows::{self, Memory};
use super::line_reader::LineReader;
use super::lines::{Body, FileLines};
use super::parquet::{is_parquet, read_parquet};
use super::query::{self, UsageQuery};
use super::reject::Reject;
use super::survey::{Decided, Survey};
use super::table::{REQUIRED, UsageTable};
use crate::domain::limits::QUANTITY_SCALE;
use crate::domain::{DecimalMark, Dialect, Quantity, RejectReason, SourceTimeZone, Window, dialect, shown};
use crate::error::{Error, Result};
use crate::read::format::encoding;
use crate::read::format::json::{self, Around, JsonFile};
use crate::read::format::row::RawRow;
use crate::read::format::shape;
use crate::read::format::text::{self, Buffers, Text};
use crate::read::intern::Interners;
use crate::read::options::{Pages, Reading};
use crate::store::InputFile;

/// What a reading thread reuses from file to file.
#[derive(Debug, Default)]
pub(in crate::read) struct Thread {
    memory: Memory,
    buffers: Buffers,
}

/// What the export says about its file.
#[derive(Clone, Copy, Debug)]
pub(in crate::read) struct OfExport {
    /// The reported window of the export.
    pub window: Option<Window>,
    /// Whether it is the only file of its export.
    pub is_alone: bool,
}

/// Reads one file.
///
/// # Errors
/// The file is not what a `usage` folder holds.
pub(in crate::read) fn read_file(
    file: &InputFile,
    of_export: OfExport,
    reading: &Reading,
    texts: &Interners,
    Thread { memory, buffers }: &mut Thread,
) -> Result<FileLines> {
    let content = text::read_bytes_into(file, buffers)?;
    if is_parquet(&content.bytes) {
        return read_parquet(file, content, texts);
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
    if reading.pages == Pages::Usual {
        let mut lines = FileLines::new(text.file.clone());
        let mut reader = LineReader::new(file, texts, &mut lines, dialect);
        // How such times are meant is decided over all rows, by these settings.
        let takes_ticks = reading.source_time_zone.is_none() && reading.culture.is_none();
        if let Some(around) = fast_rows::read(text.as_str(), &mut reader, takes_ticks, memory) {
            reader.finish();
            return lines.within(file, &around, of_export);
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
    let mut lines = FileLines::new(text.file.clone()).within(file, &json.around, of_export)?;
    let mut survey = Survey::default();
    json.elements.iter().flatten().for_each(|(_, row)| note_times(&mut survey, row));
    let decided = survey.decide(&file.name, reading, of_export.window.or(lines.query.window), None)?;
    let how: Vec<String> = decided.times().collect();
    lines.written = Some(how.join(", ")).filter(|how| !how.is_empty());
    let mut reader = LineReader::new(file, texts, &mut lines, decided.dialect);
    for element in &json.elements {
        match element {
            Ok((shape, row)) => reader.read(*shape, row)?,
            Err(raw) => reader.set_aside_text(raw)?,
        }
    }
    reader.finish();
    Ok(lines)
}

/// Adds the times of a row to a survey, if it has both.
fn note_times(survey: &mut Survey, row: &RawRow<'_>) {
    if let Some((start, end)) = row.usage_start.text().zip(row.usage_end.text()) {
        survey.note(&start, &end);
    }
}

/// The query that two links of one file ask for, if they agree.
fn agreed(file: &InputFile, first: UsageQuery, other: UsageQuery) -> Result<UsageQuery> {
    let differ = |a: Option<Window>, b: Option<Window>| a.zip(b).is_some_and(|(a, b)| a != b);
    let granularities = first.granularity.zip(other.granularity);
    if differ(first.window, other.window) || granularities.is_some_and(|(a, b)| a != b) {
        return Err(Error::input("pages of two queries: their nextLinks ask for different windows or granularities")
            .at(&file.name)
            .hint("save the pages of each query in a folder of their own"));
    }
    Ok(UsageQuery { window: first.window.or(other.window), granularity: first.granularity.or(other.granularity) })
}

fn read_table(
    file: &InputFile,
    text: &Text,
    of_export: OfExport,
    reading: &Reading,
    texts: &Interners,
) -> Result<FileLines> {
    encoding::refuse_zeros(text.as_str().as_bytes(), file)?;
    let table = UsageTable::parse(&file.name, text.as_str())?
        .ok_or_else(|| shape::no_table(file, text.as_str(), "a page of usage", &REQUIRED))?;
    // Where decimals have a comma, a point is ambiguous.
    let may_be_plain = !reading.culture.is_some_and(|culture| culture.decimal != DecimalMark::Point);
    let (mut decided, mut lines) = (Decided::default(), FileLines::new(text.file.clone()));
    let reader = LineReader::new(file, texts, &mut lines, decided.dialect.clone());
    if !may_be_plain || !reader.read_rows(&table, LineReader::has_unreadable)? {
        decided = table.survey()?.decide(&file.name, reading, of_export.window, Some(SourceTimeZone::UTC))?;
        lines = FileLines::new(text.file.clone());
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

/// Whether quantities are rounded by a spreadsheet: none has more than two decimals, and some have two that no count of
/// full or quarter hours has.
fn are_as_displayed<'q>(quantities: impl Iterator<Item = &'q Quantity>) -> bool {
    const HUNDREDTH: i128 = 10_i128.pow(QUANTITY_SCALE as u32 - 2);
    let mut has_hundredths = false;
    for quantity in quantities {
        if quantity.scaled() % HUNDREDTH != 0 {
            return false;
        }
        has_hundredths |= quantity.scaled() % (25 * HUNDREDTH) != 0;
    }
    has_hundredths
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
        self.has_next = around.has_next;
        for link in &around.next_links {
            self.query = agreed(file, self.query, query::of_next_link(link))?;
            self.subscriber = query::subscriber_of(link);
        }
        self.has_next_links = !around.next_links.is_empty();
        let rows = |places: &Range<usize>| places.start as u32 + 1..places.end as u32 + 1;
        self.repeats = around.repeats.iter().map(rows).collect();
        let body = |(places, text): &(Range<usize>, &str)| Body::new(rows(places), text, of_export.is_alone);
        self.bodies = around.bodies.iter().map(body).collect();
        Ok(self)
    }
}
