//! Hours, days, months and windows: UTC, half-open, ordered.
//!
//! All times in stacktally are full UTC hours: usage hours and days, reported windows, snapshots. So an instant is a
//! number of hours, and a text with minutes or seconds is no full hour.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::limits::{END_YEAR, FIRST_YEAR};

const HOURS: i32 = 24;
const SECONDS: i64 = 3600;

/// A full UTC hour, or the instant at its start: hours since 1970-01-01T00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hour(i32);

/// A full UTC day: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(i32);

/// A calendar month, UTC: held as its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month(Day);

/// The half-open interval `[start, end)` of reported time that an export covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    pub start: Hour,
    pub end: Hour,
}

/// Whether a line counts one hour or one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Granularity {
    Daily,
    Hourly,
}

impl Granularity {
    pub const ALL: [Self; 2] = [Self::Hourly, Self::Daily];

    /// The published text, as the usage API spells `aggregationGranularity`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "Daily",
            Self::Hourly => "Hourly",
        }
    }
}

impl Granularity {
    /// Reads what the usage API calls `aggregationGranularity`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Daily, Self::Hourly]
            .into_iter()
            .find(|granularity| granularity.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The time of a line's usage within its day: the whole day of a Daily line, or one of the 24 hours.
///
/// In published order: by start, then `Daily` before `Hourly`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The whole day.
    pub const DAILY: Self = Self(0);
    /// The number of slots.
    pub const COUNT: u8 = 25;
    /// Bits that a slot takes in a packed key.
    pub const BITS: u32 = 5;

    /// Hour 0 to 23 of the day.
    pub const fn hourly(hour: u8) -> Self {
        assert!(hour < 24);
        Self(hour + 1)
    }

    /// The slot of a line of that granularity whose usage starts then.
    pub const fn of(granularity: Granularity, start: Hour) -> Self {
        match granularity {
            Granularity::Daily => Self::DAILY,
            Granularity::Hourly => Self::hourly(start.hour_of_day()),
        }
    }

    pub const fn granularity(self) -> Granularity {
        if self.0 == 0 { Granularity::Daily } else { Granularity::Hourly }
    }

    /// The hour of the day at which it starts.
    pub const fn hour(self) -> u8 {
        self.0.saturating_sub(1)
    }

    /// 0 for the whole day, 1 to 24 for its hours.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The slot of that number.
    pub const fn from_number(number: u8) -> Self {
        assert!(number < Self::COUNT);
        Self(number)
    }
}

/// One full hour or one full day: what a line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub day: Day,
    pub slot: Slot,
    pub end: Hour,
}

impl Span {
    /// The span from `start` to `end`, or `None` when it is neither one full hour nor one full day.
    pub fn of(start: Hour, end: Hour) -> Option<Self> {
        let day = start.day();
        if end == start + 1 {
            Some(Self { day, slot: Slot::hourly(start.hour_of_day()), end })
        } else if start == day.start() && end == day.end() {
            Some(Self { day, slot: Slot::DAILY, end })
        } else {
            None
        }
    }
}

/// Why a text is not a usage time, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeFault {
    Unreadable,
    OutOfRange,
    NotWhole,
}

impl Hour {
    /// The start of hour `hour` (0 to 23) of `day`.
    pub const fn of(day: Day, hour: u8) -> Self {
        Self(day.0 * HOURS + hour as i32)
    }

    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(HOURS))
    }

    /// 0 to 23.
    pub const fn hour_of_day(self) -> u8 {
        self.0.rem_euclid(HOURS) as u8
    }

    pub const fn hours_since_epoch(self) -> i32 {
        self.0
    }

    pub const fn micros_since_epoch(self) -> i64 {
        self.0 as i64 * SECONDS * 1_000_000
    }

    /// The full hour at this number of microseconds after 1970-01-01T00Z.
    ///
    /// `None` when it is no full hour, or is outside the years 2000 to 2199.
    pub fn of_micros(micros: i64) -> Option<Self> {
        let hour = 1_000_000 * SECONDS;
        let full_hour = (micros % hour == 0).then(|| i32::try_from(micros / hour).ok().map(Self))??;
        Self::years().contains(&full_hour).then_some(full_hour)
    }

    /// The first hour that usage may have.
    pub fn first() -> Self {
        Self::years().start
    }

    /// Every hour that usage may have.
    const fn years() -> std::ops::Range<Self> {
        Day::first_of(FIRST_YEAR).start()..Day::first_of(END_YEAR).start()
    }

    /// This instant, or the next midnight.
    pub const fn rounded_up_to_day(self) -> Self {
        if self.hour_of_day() == 0 { self } else { self.day().next().start() }
    }

    /// Reads an ISO 8601 time as the usage API and its scripts write it: `2019-12-10T19:00:00+00:00`, `…Z`, `…+00:00Z`,
    /// fractions of a second, without seconds, any offset (reference §1.1), or `/Date(1575997200000)/` (§3). A time
    /// without an offset is unreadable: its hour is unknown.
    ///
    /// # Errors
    /// The text is no such time, is outside the years 2000 to 2199, or is no full UTC hour.
    pub fn parse(text: &str) -> Result<Self, TimeFault> {
        if text.starts_with("/Date(") {
            return Self::from_millis(powershell_millis(text).ok_or(TimeFault::Unreadable)?);
        }
        let civil = CivilTime::read(text.as_bytes()).ok_or(TimeFault::Unreadable)?;
        let offset = civil.offset_minutes.ok_or(TimeFault::Unreadable)?;
        Self::from_minutes(civil.minutes()? - offset, civil.on_minute)
    }

    /// The hour that starts this number of milliseconds after 1970-01-01T00:00Z.
    pub(super) fn from_millis(millis: i64) -> Result<Self, TimeFault> {
        let hour = i32::try_from(millis.div_euclid(SECONDS * 1000)).map(Self).map_err(|_far| TimeFault::OutOfRange)?;
        if !Self::years().contains(&hour) {
            return Err(TimeFault::OutOfRange);
        }
        if millis % (SECONDS * 1000) == 0 { Ok(hour) } else { Err(TimeFault::NotWhole) }
    }

    /// The hour that starts `minutes` after 1970-01-01T00:00Z.
    pub(super) fn from_minutes(minutes: i64, on_minute: bool) -> Result<Self, TimeFault> {
        if !on_minute || minutes.rem_euclid(60) != 0 {
            return Err(TimeFault::NotWhole);
        }
        let hour = i32::try_from(minutes / 60).ok().map(Self).filter(|hour| Self::years().contains(hour));
        hour.ok_or(TimeFault::OutOfRange)
    }

    /// Reads the date of a folder or file: `2026-10-05` (midnight) or `2026-10-05T13`.
    pub fn parse_name(text: &str) -> Option<Self> {
        match text.split_once('T') {
            None => Day::parse(text).map(Day::start),
            Some((date, hour)) if hour.len() == 2 && hour.bytes().all(|byte| byte.is_ascii_digit()) => {
                let hour: u8 = hour.parse().ok()?;
                (hour < 24).then_some(Self::of(Day::parse(date)?, hour))
            }
            Some(_) => None,
        }
    }
}

impl std::ops::Add<i32> for Hour {
    type Output = Self;

    fn add(self, hours: i32) -> Self {
        Self(self.0 + hours)
    }
}

/// `/Date(1575997200000)/` or `/Date(1575997200000+0100)/`, as Windows PowerShell's `ConvertTo-Json` writes a time:
/// milliseconds since 1970 in UTC; the offset says only how it was shown.
pub(super) fn powershell_millis(text: &str) -> Option<i64> {
    let ticks = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits =
        ticks.split(['+', '-']).next().filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    digits?.parse().ok()
}

/// The parts of an ISO 8601 time.
pub(super) struct CivilTime {
    pub year: i32,
    pub month: u32,
    pub day: u32,
    pub minute_of_day: i64,
    /// Whether the time is on a full minute.
    pub on_minute: bool,
    /// East of UTC; `None` when the text does not say.
    pub offset_minutes: Option<i64>,
}

impl CivilTime {
    /// Minutes since 1970-01-01T00:00, in local time.
    pub(super) fn minutes(&self) -> Result<i64, TimeFault> {
        let date = NaiveDate::from_ymd_opt(self.year, self.month, self.day).ok_or(TimeFault::Unreadable)?;
        if !(FIRST_YEAR..END_YEAR).contains(&self.year) {
            return Err(TimeFault::OutOfRange);
        }
        Ok(i64::from(Day::from_date(date).0) * 24 * 60 + self.minute_of_day)
    }

    /// `YYYY-MM-DDThh:mm[:ss[.f…]]`, and an offset as [`offset_minutes`] reads it; a blank may stand for `T`.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let number = |from: usize, digits: usize| -> Option<i64> {
            let part = text.get(from..from + digits)?;
            part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
        };
        let is = |at: usize, bytes: &[u8]| text.get(at).is_some_and(|byte| bytes.contains(byte));
        if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":")) {
            return None;
        }
        let (hour, minute) = (number(11, 2)?, number(14, 2)?);
        let mut at = 16;
        let mut second = 0;
        let mut fraction_is_zero = true;
        if is(at, b":") {
            second = number(at + 1, 2)?;
            at += 3;
            if is(at, b".") {
                let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 {
                    return None;
                }
                fraction_is_zero = text[at + 1..at + 1 + digits].iter().all(|&digit| digit == b'0');
                at += 1 + digits;
            }
        }
        let offset_minutes = offset_minutes(std::str::from_utf8(text.get(at..)?).ok()?)?;
        (hour < 24 && minute < 60 && second < 60).then_some(Self {
            year: number(0, 4)? as i32,
            month: number(5, 2)? as u32,
            day: number(8, 2)? as u32,
            minute_of_day: hour * 60 + minute,
            on_minute: second == 0 && fraction_is_zero,
            offset_minutes,
        })
    }
}

/// Reads what follows a time: nothing (`Some(None)`), `Z`, `+02:00`, `+0200`, `+02`, with an optional blank before it,
/// and `Z` even after an offset (reference §1.1). `None` is anything else.
pub(super) fn offset_minutes(text: &str) -> Option<Option<i64>> {
    let text = text.trim();
    let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if bare.is_empty() {
        return Some((!text.is_empty()).then_some(0));
    }
    let sign = if bare.starts_with('-') { -1 } else { 1 };
    let digits = bare.strip_prefix(['+', '-'])?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten().map(i64::from);
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (two(hours)?, two(minutes)?),
        (None, 4) => (two(digits.get(..2)?)?, two(digits.get(2..)?)?),
        (None, _) => (two(digits)?, 0),
    };
    (hours <= 14 && minutes < 60).then_some(Some(sign * (hours * 60 + minutes)))
}

impl Day {
    /// Before and after every possible day: the bounds of open intervals.
    pub const FIRST: Self = Self(i32::MIN);
    pub const LAST: Self = Self(i32::MAX);

    pub fn from_date(date: NaiveDate) -> Self {
        Self(date.signed_duration_since(NaiveDate::default()).num_days() as i32)
    }

    /// The first day of a year after 1.
    const fn first_of(year: i32) -> Self {
        const fn leap_days(year: i32) -> i32 {
            (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400
        }
        Self((year - 1970) * 365 + leap_days(year) - leap_days(1970))
    }

    /// The day that many days after 1970-01-01.
    pub const fn of_days(days: i32) -> Self {
        Self(days)
    }

    pub fn date(self) -> NaiveDate {
        let epoch = NaiveDate::default();
        let days = Days::new(self.0.unsigned_abs().into());
        if self.0 < 0 { epoch - days } else { epoch + days }
    }

    pub const fn days_since_epoch(self) -> i32 {
        self.0
    }

    pub const fn start(self) -> Hour {
        Hour::of(self, 0)
    }

    /// The instant at which the next day starts.
    pub const fn end(self) -> Hour {
        self.next().start()
    }

    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub fn year(self) -> i32 {
        self.date().year()
    }

    /// The same day of another year; `None` if that year does not have it.
    pub fn in_year(self, year: i32) -> Option<Self> {
        self.date().with_year(year).map(Self::from_date)
    }

    /// The day with day and month swapped; `None` when there is no such month.
    pub fn with_day_and_month_exchanged(self) -> Option<Self> {
        let date = self.date();
        NaiveDate::from_ymd_opt(date.year(), date.day(), date.month()).map(Self::from_date)
    }

    pub fn month(self) -> Month {
        let date = self.date();
        Month(Self(self.0 - date.day0() as i32))
    }

    /// Reads `2026-10-05`.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())??;
        (FIRST_YEAR..END_YEAR).contains(&date.year()).then(|| Self::from_date(date))
    }
}

impl Month {
    pub const fn first_day(self) -> Day {
        self.0
    }

    pub fn next(self) -> Self {
        Day(self.0.0 + 31).month()
    }

    /// Reads a month as it is published: `2026-10`.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 7).then(|| Day::parse(&format!("{text}-01"))).flatten().map(Day::month)
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (self.0.0..self.next().0.0).map(Day)
    }
}

impl Window {
    /// Reads the name of a window folder: `<start>[--<end>]`. A start alone means one day, or with an hour one hour.
    pub fn parse(name: &str) -> Option<Self> {
        let window = match name.split_once("--") {
            Some((start, end)) => Self { start: Hour::parse_name(start)?, end: Hour::parse_name(end)? },
            None => {
                let start = Hour::parse_name(name)?;
                Self { start, end: start + if name.contains('T') { 1 } else { HOURS } }
            }
        };
        (window.start < window.end).then_some(window)
    }

    /// Whether usage that ends then can be reported in the window, when usage is reported at most this many days late.
    pub fn can_report(self, end: Hour, late_days: u16) -> bool {
        end <= self.end && end > self.start + -i32::from(late_days) * HOURS
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether it contains all of `other`.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the windows together cover all of it.
    pub fn is_covered_by(self, windows: impl IntoIterator<Item = Self>) -> bool {
        let mut windows: Vec<Self> = windows.into_iter().filter(|window| window.overlaps(self)).collect();
        windows.sort_unstable_by_key(|window| window.start);
        let mut covered = self.start;
        for window in windows {
            // Nothing fills a gap any more: the windows are sorted by start.
            if window.start <= covered {
                covered = covered.max(window.end);
            }
        }
        covered >= self.end
    }

    /// Its length.
    pub const fn hours(self) -> i32 {
        self.end.0 - self.start.0
    }

    /// The days that it overlaps, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (self.start.day().0..=(self.end + -1).day().0).map(Day)
    }

    pub fn is_longer_than_a_day(self) -> bool {
        self.end > self.start + HOURS
    }

    /// The file name of the window: the same however its folder spells it.
    pub fn label(self) -> String {
        let whole_days = self.start.hour_of_day() == 0 && self.end.hour_of_day() == 0;
        if whole_days && self.end == self.start + HOURS {
            self.start.day().to_string()
        } else if self.end == self.start + 1 {
            self.start.to_string()
        } else if whole_days {
            format!("{}--{}", self.start.day(), self.end.day())
        } else {
            format!("{}--{}", self.start, self.end)
        }
    }
}

/// `2026-10-05T13`, as folders spell it.
impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}", self.day(), self.hour_of_day())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// `2026-10`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.0.date();
        write!(f, "{:04}-{:02}", date.year(), date.month())
    }
}
