//! How a file writes times and numbers. JSON and good tables say it themselves; what PowerShell's `Export-Csv` printed
//! with the culture of some machine does not (reference §3).
//!
//! ```text
//! 9/6/2017 12:00:00 AM   06.09.2017 00:00:00   2017-09-06 00:00:00   43335.0416666667   16,46
//! 6/9/17 12:00:00 a. m.   2017-09-06 00 h 00 min 00 s   6/9/2560 0:00:00
//! ```

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, LocalResult, NaiveDate, Offset as _, TimeZone as _};
use serde::{Serialize, Serializer};

use super::culture::{DateOrder, HalfDay, half_day};
use super::limits::{END_YEAR, FIRST_YEAR};
use super::quantity::{Parsed, Quantity};
use super::reject::RejectReason;
use super::time::{CivilTime, Day, Hour, Span, TimeFault, offset_minutes, powershell_millis};

const MINUTES_A_DAY: i64 = 24 * 60;
/// Day 0 of spreadsheet dates. The first correct day is 1900-03-01, day 61.
const SERIAL_EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1899, 12, 30).expect("a date");
/// Decimal places of a serial time that are read: more precise than the 15 digits of a spreadsheet.
const SERIAL_PLACES: usize = 11;

/// How a file writes times and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// `None`: no date of the file needs it.
    pub date_order: Option<DateOrder>,
    pub era: Era,
    pub decimal_comma: bool,
    /// The zone of times without an offset; `None`: there are none, or they cannot be read.
    pub zone: Option<SourceTimeZone>,
    /// `/Date(…)/` counts from local time in the zone, not from UTC: PowerShell mistook UTC for local time when it
    /// wrote it.
    pub ticks_are_local: bool,
}

/// The calendar era of years. Calendars with other months are not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    #[default]
    Gregorian,
    /// The Thai era: 2569 is 2026.
    Buddhist,
    /// The Taiwanese era: 115 is 2026.
    Minguo,
}

impl Era {
    /// The name in messages and in the receipt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gregorian => "Gregorian years",
            Self::Buddhist => "years of the Buddhist era",
            Self::Minguo => "years of the Minguo era",
        }
    }

    /// How many years it is ahead of the Gregorian calendar.
    const fn years_ahead(self) -> i32 {
        match self {
            Self::Gregorian => 0,
            Self::Buddhist => 543,
            Self::Minguo => -1911,
        }
    }

    /// The Gregorian year of a year with this number of digits; `None` when years of the era are never written so.
    fn gregorian(self, year: u32, digits: usize) -> Option<i32> {
        let year = i32::try_from(year).ok()?;
        match (digits, self) {
            (1 | 2, Self::Gregorian) => Some(2000 + year),
            (1 | 2, Self::Buddhist) => Some(2500 + year - self.years_ahead()),
            (3, Self::Minguo) | (4, Self::Gregorian | Self::Buddhist) => Some(year - self.years_ahead()),
            _ => None,
        }
    }
}

/// The zone in which times without an offset were printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceTimeZone {
    /// Minutes east of UTC.
    Offset(i64),
    Named(chrono_tz::Tz),
}

impl SourceTimeZone {
    pub const UTC: Self = Self::Offset(0);

    /// Reads `UTC`, `+02:00` or a name of the IANA database, such as `Europe/Berlin`, spelled as there.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Some(Self::UTC);
        }
        let offset = offset_minutes(text).flatten().filter(|_| text.contains(':'));
        offset.map(Self::Offset).or_else(|| text.parse().ok().map(Self::Named))
    }

    /// The local time of an instant, both in minutes since 1970-01-01T00:00.
    fn shows(self, instant: i64) -> i64 {
        match self {
            Self::Offset(minutes) => instant + minutes,
            Self::Named(zone) => DateTime::from_timestamp(instant * 60, 0).map_or(instant, |time| {
                let offset = zone.offset_from_utc_datetime(&time.naive_utc()).fix();
                instant + i64::from(offset.local_minus_utc()).div_euclid(60)
            }),
        }
    }

    /// The instants, in minutes since 1970-01-01T00:00Z, at which local time was `local`: two where clocks were put
    /// back, none where they were put forward.
    fn instants(self, local: i64) -> [Option<i64>; 2] {
        match self {
            Self::Offset(minutes) => [Some(local - minutes), None],
            Self::Named(zone) => {
                let Some(shown) = DateTime::from_timestamp(local * 60, 0) else { return [None; 2] };
                let minutes = |time: DateTime<chrono_tz::Tz>| time.timestamp().div_euclid(60);
                match zone.from_local_datetime(&shown.naive_utc()) {
                    LocalResult::None => [None; 2],
                    LocalResult::Single(time) => [Some(minutes(time)), None],
                    LocalResult::Ambiguous(early, late) => [Some(minutes(early)), Some(minutes(late))],
                }
            }
        }
    }
}

impl Serialize for SourceTimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for SourceTimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(0) => f.write_str("UTC"),
            Self::Offset(minutes) => {
                let sign = if *minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

/// A time as written.
struct Written {
    /// Minutes since 1970-01-01T00:00, in local time.
    minutes: i64,
    on_minute: bool,
    offset: Option<i64>,
}

impl Dialect {
    /// The full UTC hour or day from `start` to `end`.
    ///
    /// # Errors
    /// A text is no time in this dialect, is outside the years 2000 to 2199, or the span is neither one full UTC hour
    /// nor one full UTC day.
    pub fn span(&self, start: &str, end: &str) -> Result<Span, TimeFault> {
        let (starts, ends) = match (self.hours(start), self.hours(end)) {
            (Ok(starts), Ok(ends)) => (starts, ends),
            (Err(start), Err(end)) => return Err(start.min(end)),
            (Err(one), _) | (_, Err(one)) => return Err(one),
        };
        // If an hour occurred twice because clocks were put back, the one that makes the span whole counts, if only one
        // does.
        let pairs =
            starts.into_iter().flatten().flat_map(|start| ends.into_iter().flatten().map(move |end| (start, end)));
        let mut spans = pairs.into_iter().filter_map(|(start, end)| Span::of(start, end));
        let span = spans.next().ok_or(TimeFault::NotWhole)?;
        if spans.any(|other| other != span) { Err(TimeFault::Unreadable) } else { Ok(span) }
    }

    /// The full hours that a text may mean: one, or two where clocks were put back.
    fn hours(&self, text: &str) -> Result<[Option<Hour>; 2], TimeFault> {
        let text = text.trim();
        if text.starts_with(TICKS) {
            let zone = self.zone.filter(|_| self.ticks_are_local);
            return ticks(text, zone).map(|hour| [Some(hour), None]);
        }
        let Written { minutes, on_minute, offset } = self.written(text)?;
        let instants = match (offset, self.zone) {
            (Some(offset), _) => [Some(minutes - offset), None],
            (None, Some(zone)) => zone.instants(minutes),
            (None, None) => return Err(TimeFault::Unreadable),
        };
        let hours = instants.map(|instant| instant.map(|minutes| Hour::from_minutes(minutes, on_minute)));
        match (hours[0], hours[1]) {
            (Some(Err(fault)), None | Some(Err(_))) => Err(fault),
            (None, _) => Err(TimeFault::NotWhole),
            _ => Ok(hours.map(|hour| hour.and_then(Result::ok))),
        }
    }

    fn written(&self, text: &str) -> Result<Written, TimeFault> {
        if let Some(mut iso) = CivilTime::read(text.as_bytes()) {
            iso.year -= self.era.years_ahead();
            return Ok(Written { minutes: iso.minutes()?, on_minute: iso.on_minute, offset: iso.offset_minutes });
        }
        // Without a decided dialect neither is known: the file has to be surveyed first.
        if *self == Self::default() {
            return Err(TimeFault::Unreadable);
        }
        if let Some(minutes) = serial(text)? {
            return Ok(Written { minutes, on_minute: true, offset: None });
        }
        let local = printed(text, self.date_order, self.era).ok_or(TimeFault::Unreadable)?;
        Ok(Written { minutes: local.minutes()?, on_minute: local.on_minute, offset: local.offset_minutes })
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// As [`Quantity::parse`].
    pub fn quantity(&self, text: &str) -> Result<Parsed, RejectReason> {
        if self.decimal_comma && text.contains(',') {
            return Quantity::parse(&text.replacen(',', ".", 1));
        }
        Quantity::parse(text)
    }
}

/// The hour of a time that Windows PowerShell wrote; with a zone, by local time there.
fn ticks(text: &str, zone: Option<SourceTimeZone>) -> Result<Hour, TimeFault> {
    let Some(zone) = zone else { return Hour::parse(text) };
    let millis = powershell_millis(text).ok_or(TimeFault::Unreadable)?;
    Hour::from_millis(zone.shows(millis.div_euclid(60_000)) * 60_000 + millis.rem_euclid(60_000))
}

/// Whether a text is a spreadsheet's serial time, such as `43335.0416666667`.
pub fn is_serial(text: &str) -> bool {
    serial_parts(text.trim()).is_some()
}

/// The five digits of a serial's day, and its fraction.
fn serial_parts(text: &str) -> Option<(&str, &str)> {
    let (day, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(day.len(), 5 | 6) && digits(day) && digits(fraction)).then_some((day, fraction))
}

/// The minutes since 1970-01-01T00:00 of a serial time, which must be within a second of a full minute; `None` when the
/// text is no serial time.
fn serial(text: &str) -> Result<Option<i64>, TimeFault> {
    let Some((day, fraction)) = serial_parts(text) else { return Ok(None) };
    let day: i64 = day.parse().map_err(|_no_number| TimeFault::Unreadable)?;
    let places = |at: usize| i64::from(fraction.as_bytes().get(at).map_or(0, |digit| digit - b'0'));
    let fraction = (0..SERIAL_PLACES).fold(0, |sum, at| sum * 10 + places(at));
    let one = 10_i64.pow(SERIAL_PLACES as u32);
    let seconds = (fraction * MINUTES_A_DAY * 60 + one / 2).div_euclid(one);
    // Columns formatted with few decimals lose up to a second.
    let minute = (seconds + 1).div_euclid(60);
    if (seconds - minute * 60).abs() > 1 {
        return Err(TimeFault::NotWhole);
    }
    let epoch = i64::from(Day::from_date(SERIAL_EPOCH).days_since_epoch());
    let minutes = (epoch + day) * MINUTES_A_DAY + minute;
    Ok(Some(minutes))
}

/// Reads a date of three numbers separated by `/`, `.` or `-`, and after it (in Vietnam: before it) a time with or
/// without seconds, of 24 or of 12 hours. `None` when the text is no such time, or needs a date order that is not
/// known.
fn printed(text: &str, order: Option<DateOrder>, era: Era) -> Option<CivilTime> {
    let text = with_plain_blanks(text.trim());
    if let Some((date, rest)) = date(&text, order, era) {
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let time = rest.strip_prefix(',').unwrap_or(rest);
        return match time.trim_start() {
            "" => Some(date.at((0, true, None))),
            trimmed if trimmed.len() < time.len() || time.starts_with('T') => {
                Some(date.at(clock(trimmed.strip_prefix('T').unwrap_or(trimmed))?))
            }
            _ => None,
        };
    }
    text.match_indices(' ').find_map(|(at, _)| {
        let (date, rest) = date(text[at..].trim_start(), order, era)?;
        matches!(rest, "" | ".").then(|| clock(text[..at].trim_end_matches([' ', ','])).map(|time| date.at(time)))?
    })
}

/// The text without direction marks, and with plain blanks: some cultures print narrow no-break ones.
fn with_plain_blanks(text: &str) -> Cow<'_, str> {
    let is_mark = |character: &char| {
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}')
            || matches!(character, '\u{2066}'..='\u{2069}')
    };
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |character: char| if character.is_whitespace() { ' ' } else { character };
    Cow::Owned(text.chars().filter(|character| !is_mark(character)).map(plain).collect())
}

/// The parts of a date.
#[derive(Clone, Copy)]
struct Date {
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    fn at(self, (minute_of_day, on_minute, offset_minutes): (i64, bool, Option<i64>)) -> CivilTime {
        let Self { year, month, day } = self;
        CivilTime { year, month, day, minute_of_day, on_minute, offset_minutes }
    }
}

/// The date that a text begins with, and the rest of it.
fn date(text: &str, order: Option<DateOrder>, era: Era) -> Option<(Date, &str)> {
    let mut rest = text;
    let number = |rest: &mut &str| -> Option<(u32, usize)> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = rest[..digits].parse().ok().filter(|_| digits <= 4)?;
        *rest = &rest[digits..];
        Some((value, digits))
    };
    let (first, first_digits) = number(&mut rest)?;
    let separator = rest.chars().next().filter(|character| ['/', '.', '-'].contains(character))?;
    let next = |rest: &mut &str| {
        *rest = rest.strip_prefix(separator)?.trim_start();
        number(rest)
    };
    let (second, second_digits) = next(&mut rest)?;
    let (third, third_digits) = next(&mut rest)?;
    if second_digits > 2 {
        return None;
    }
    let (year, digits, month, day) = match (first_digits, third_digits) {
        (3 | 4, 1 | 2) => (first, first_digits, second, third),
        (1 | 2, digits) => match order? {
            DateOrder::DayFirst => (third, digits, second, first),
            // No culture writes a date that begins with its month with points.
            DateOrder::MonthFirst if separator != '.' => (third, digits, first, second),
            DateOrder::YearFirst if digits <= 2 => (first, first_digits, second, third),
            DateOrder::MonthFirst | DateOrder::YearFirst => return None,
        },
        _ => return None,
    };
    Some((Date { year: era.gregorian(year, digits)?, month, day }, rest))
}

/// `12:00:00 AM`, `0:00`, `13.00.00 +02:00`, `00 h 00 min 00 s`, `上午12:00`: the minute of the day, whether the time is
/// on a full minute, and the offset.
fn clock(text: &str) -> Option<(i64, bool, Option<i64>)> {
    let (before, time) = text.split_at(text.find(|character: char| character.is_ascii_digit())?);
    let mut rest = time;
    let number = |rest: &mut &str| -> Option<i64> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = rest[..digits].parse().ok().filter(|_| digits <= 2)?;
        *rest = &rest[digits..];
        Some(value)
    };
    let unit = |rest: &mut &str, unit: &str| -> bool {
        let behind = rest.trim_start().strip_prefix(unit).filter(|after| !after.starts_with(char::is_alphabetic));
        *rest = behind.map_or(*rest, str::trim_start);
        behind.is_some()
    };
    let mark = |rest: &mut &str| -> bool {
        let behind = rest
            .strip_prefix([':', '.'])
            .filter(|after| after.starts_with(|character: char| character.is_ascii_digit()));
        *rest = behind.unwrap_or(rest);
        behind.is_some()
    };
    let hour = number(&mut rest)?;
    let has_units = unit(&mut rest, "h");
    if !has_units && !mark(&mut rest) {
        return None;
    }
    let minute = number(&mut rest)?;
    let has_second = if has_units { unit(&mut rest, "min") && !rest.is_empty() } else { mark(&mut rest) };
    let second = if has_second { number(&mut rest)? } else { 0 };
    if has_units {
        unit(&mut rest, "s");
    } else if has_second && mark(&mut rest) {
        // A fraction of zeros.
        rest = rest.trim_start_matches('0');
    }
    let (behind, offset) = match offset_minutes(rest) {
        Some(offset) => ("", offset),
        None => {
            let of_offset = rest.find(['+', '-']).or_else(|| rest.strip_suffix(" Z").map(str::len));
            let (designator, offset) = rest.split_at(of_offset.unwrap_or(rest.len()));
            (designator, offset_minutes(offset)?)
        }
    };
    let half = match (before.trim(), behind.trim()) {
        ("", "") => None,
        ("", designator) | (designator, "") => Some(half_day(designator)?),
        _ => return None,
    };
    // Japan counts each half from 0, others from 12; some write 24 hours with a designator nevertheless.
    let hour = match (half, hour) {
        (None, 0..24) | (Some(HalfDay::Morning), 0..12) | (Some(HalfDay::Afternoon), 12..24) => hour,
        (Some(HalfDay::Morning), 12) => 0,
        (Some(HalfDay::Afternoon), 0..12) => hour + 12,
        _ => return None,
    };
    (minute < 60 && second < 60).then_some((hour * 60 + minute, second == 0, offset))
}

/// Whether the text depends on the date order: `9/6/2026` can be two days.
pub fn depends_on_order(text: &str) -> bool {
    printed(text, None, Era::Gregorian).is_none() && in_any_order(text).is_some()
}

/// The day of a date in this order, if it needs one, and whether only midnight UTC follows it. `None` when the text is
/// no date of the years 2000 to 2199.
pub fn printed_day(text: &str, order: DateOrder) -> Option<(Day, bool)> {
    let text = text.trim();
    if let Some(day) = Day::parse(text) {
        return Some((day, true));
    }
    // A year of two digits does not show which part is the year.
    let with_year = |_: &CivilTime| unexpected_year(text).is_none();
    let printed = || printed(text, Some(order), Era::Gregorian).filter(with_year);
    let time = CivilTime::read(text.as_bytes()).or_else(printed)?;
    let day = i32::try_from(time.minutes().ok()?.div_euclid(MINUTES_A_DAY)).ok()?;
    let is_midnight = time.minute_of_day == 0 && time.on_minute && time.offset_minutes.unwrap_or_default() == 0;
    Some((Day::of_days(day), is_midnight))
}

fn in_any_order(text: &str) -> Option<CivilTime> {
    let eras = [Era::Gregorian, Era::Minguo];
    eras.into_iter().find_map(|era| DateOrder::ALL.into_iter().find_map(|order| printed(text, Some(order), era)))
}

/// The year of a time as written, unless it has four digits and is one of 2000 to 2199.
pub fn unexpected_year(text: &str) -> Option<String> {
    let text = text.trim().replace(". ", ".");
    let date = text.split([' ', 'T', 't', ',']).next().unwrap_or_default();
    let numbers: Vec<&str> = date.split(['/', '.', '-']).filter(|number| !number.is_empty()).collect();
    if numbers.len() < 3 || !numbers.iter().all(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let longest = numbers.iter().copied().max_by_key(|number| number.len()).unwrap_or_default();
    match longest.len() {
        2 => Some("two digits".to_owned()),
        1 => None,
        _ => {
            let is_usual =
                longest.len() == 4 && longest.parse().is_ok_and(|year| (FIRST_YEAR..END_YEAR).contains(&year));
            (!is_usual).then(|| longest.to_owned())
        }
    }
}

/// Whether a text is a complete time but for its zone, and perhaps its date order.
pub fn is_local(text: &str) -> bool {
    let iso = CivilTime::read(text.trim().as_bytes());
    iso.or_else(|| in_any_order(text)).is_some_and(|time| time.offset_minutes.is_none())
}

/// Whether a text is a time as the usage API writes it: with an offset, and with an unambiguous date.
pub fn is_plain(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(TICKS) || CivilTime::read(text.as_bytes()).is_some_and(|time| time.offset_minutes.is_some())
}

/// Whether a text counts milliseconds from 1970, as Windows PowerShell writes times.
pub fn is_ticks(text: &str) -> bool {
    text.trim().starts_with(TICKS)
}

const TICKS: &str = "/Date(";

/// How a number is written, by the separators in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Separator {
    /// None, or no number at all.
    None,
    /// `416.01`, `1,234.5`: certainly a decimal point.
    Point,
    /// `416,01`, `1.234,5`: certainly a decimal comma.
    Comma,
    /// `1.234`: a decimal point, or a thousands separator.
    PointOrGroup,
    /// `1,234`: a decimal comma, or a thousands separator.
    CommaOrGroup,
}

/// Determines the separators of a number.
pub fn separator(text: &str) -> Separator {
    let mantissa = text.trim().split(['e', 'E']).next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !mantissa.split(['.', ',']).all(digits) {
        return Separator::None;
    }
    let grouped = |separator: char| {
        let mut groups = mantissa.split(separator);
        groups.next().is_some_and(|first| first.len() <= 3 && !(first.len() == 1 && first == "0"))
            && groups.all(|group| group.len() == 3)
    };
    match (mantissa.rfind('.'), mantissa.rfind(',')) {
        (None, None) => Separator::None,
        (Some(point), Some(comma)) if point > comma => Separator::Point,
        (Some(_), Some(_)) => Separator::Comma,
        (Some(_), None) if grouped('.') && mantissa.len() == text.trim().len() => Separator::PointOrGroup,
        (Some(_), None) => Separator::Point,
        (None, Some(_)) if grouped(',') && mantissa.len() == text.trim().len() => Separator::CommaOrGroup,
        (None, Some(_)) => Separator::Comma,
    }
}
