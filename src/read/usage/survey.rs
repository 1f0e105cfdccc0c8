//! How a file writes times and numbers, decided once, over all its rows.
//!
//! A line counts one full hour or one full day, so the right reading of dates is the one that makes the lines whole.
//! Where several readings do, the reported window decides: usage is in it, or a little before it (`product.md` §3.4).
//! Where that does not decide, the file is refused until a setting does. A setting that the lines or the window
//! contradict is refused, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::dialect::{
    Separator, depends_on_order, is_local, is_plain, is_serial, is_ticks, separator, unexpected_year,
};
use crate::domain::time::TimeFault;
use crate::domain::{Culture, DateOrder, DecimalMark, Dialect, Era, Slot, SourceTimeZone, Span, Window, shown};
use crate::error::{Error, Result};
use crate::read::format::row::RawRow;
use crate::read::options::Reading;

/// Distinct spans of a file that are remembered: those of hours for seven years.
const SPANS_MAX: usize = 1 << 16;

/// Significant digits that .NET Framework prints of a double; the usage API sends 17.
const FRAMEWORK_DIGITS: usize = 15;

/// How a file writes times and numbers, and what to report about that.
#[derive(Debug, Default)]
pub(in crate::read) struct Decided {
    pub dialect: Dialect,
    /// Times have no offset, hours are counted, and no setting names the zone: they were taken as UTC.
    pub zone_is_assumed: bool,
    /// Some times have no offset.
    pub has_local_times: bool,
    pub has_serials: bool,
}

impl Decided {
    /// As the receipt says it, such as
    /// `";" between cells, day first, decimal comma, times in UTC where they say no zone`.
    pub(super) fn to_string(&self, delimiter: char) -> String {
        let Self { dialect, has_local_times, .. } = self;
        let mut parts = vec![if delimiter == '\t' {
            "tabs between cells".to_owned()
        } else {
            format!("`{delimiter}` between cells")
        }];
        parts.extend(self.times());
        parts.push(if dialect.decimal_comma { "decimal comma" } else { "decimal point" }.to_owned());
        if let Some(zone) = dialect.zone.filter(|_| *has_local_times) {
            parts.push(format!("times in {zone}"));
        }
        parts.join(", ")
    }

    /// How its times are written, where that had to be decided.
    pub(super) fn times(&self) -> impl Iterator<Item = String> {
        let Dialect { date_order, era, ticks_are_local, zone, .. } = &self.dialect;
        let order = date_order.map(|order| order.as_str().to_owned());
        let era = (*era != Era::Gregorian).then(|| era.as_str().to_owned());
        let ticks = zone.filter(|_| *ticks_are_local).map(|zone| format!("/Date()/ by the clock of {zone}"));
        order.into_iter().chain(era).chain(ticks)
    }

    /// What such a file lacks, one sentence each, when its quantities have at most so many digits.
    pub(super) fn lacks(&self, digits_max: usize) -> Vec<&'static str> {
        let serials = self.has_serials.then_some("times are serial numbers: a spreadsheet saved this table");
        let rounded =
            (digits_max == FRAMEWORK_DIGITS).then_some("quantities have at most 15 digits, where the API sends 17");
        serials.into_iter().chain(rounded).collect()
    }
}

/// What all usable rows together say about times and numbers.
#[derive(Debug, Default)]
pub(in crate::read) struct Survey {
    /// Distinct spans that are not written as the usage API writes them.
    spans: BTreeSet<(String, String)>,
    last: (String, String),
    /// There are more than [`SPANS_MAX`].
    has_too_many: bool,
    has_serials: bool,
    /// The first quantity of each kind.
    quantities: BTreeMap<Separator, String>,
}

/// What is known about times from outside the file.
#[derive(Clone, Copy)]
struct KnownTimes {
    /// The zone of times without an offset.
    zone: Option<SourceTimeZone>,
    window: Option<Window>,
    late_days: u16,
}

/// What the spans say about the order of dates.
enum DateEvidence {
    /// No date depends on the order.
    None,
    /// All orders that can read the dates give the same result; this is one.
    Same(DateOrder),
    /// One reading makes the lines whole; or the window allows only one of several.
    Only { order: DateOrder, by_window: bool },
    /// Dates depend on the order, such as this one, and nothing decides which of these is right.
    Open(String, Vec<DateOrder>),
    /// Two spans that need different orders to be whole.
    Contradiction([(DateOrder, String); 2]),
}

/// Whether the zone must be known to read a time.
fn lacks_offset(text: &str) -> bool {
    is_local(text) || is_serial(text)
}

/// Whether the times of a row say all of what they mean, so that nothing has to be decided over all rows. Times that
/// count from 1970 are such times where `ticks` says so.
pub(super) fn decides_nothing(start: &str, end: &str, ticks: bool) -> bool {
    [start, end].into_iter().all(|text| is_plain(text) && (ticks || !is_ticks(text)) && unexpected_year(text).is_none())
}

/// How well a span is read, best first: a full hour or day, times at least, or nothing.
fn how_well(span: Result<Span, TimeFault>) -> u8 {
    match span {
        Ok(_) => 0,
        Err(TimeFault::NotWhole) => 1,
        Err(TimeFault::Unreadable | TimeFault::OutOfRange) => 2,
    }
}

impl Survey {
    /// Takes in the times of a row of JSON, if it has both.
    pub(super) fn note_row(&mut self, row: &RawRow<'_>) {
        if let Some((start, end)) = row.usage_start.text().zip(row.usage_end.text()) {
            self.note(&start, &end);
        }
    }

    /// Takes in the times of a row.
    pub(super) fn note(&mut self, start: &str, end: &str) {
        if self.last.0 == start && self.last.1 == end {
            return;
        }
        self.last = (start.to_owned(), end.to_owned());
        if decides_nothing(start, end, false) {
            return;
        }
        self.has_serials |= is_serial(start) || is_serial(end);
        if !self.spans.contains(&self.last) {
            self.has_too_many |= self.spans.len() >= SPANS_MAX;
            if !self.has_too_many {
                self.spans.insert(self.last.clone());
            }
        }
    }

    /// Takes in what the rows behind say.
    pub(super) fn merge(&mut self, mut behind: Self) {
        self.spans.append(&mut behind.spans);
        self.has_too_many |= behind.has_too_many || self.spans.len() > SPANS_MAX;
        self.has_serials |= behind.has_serials;
        for (kind, text) in behind.quantities {
            self.quantities.entry(kind).or_insert(text);
        }
    }

    /// Takes in the quantity of a row.
    pub(super) fn note_quantity(&mut self, text: &str) {
        self.quantities.entry(separator(text)).or_insert_with(|| text.to_owned());
    }

    /// Decides how a file writes times and numbers. `zone` is that of times without an offset where no setting names
    /// one. Without it these times cannot be read, and nothing has to be decided about them.
    ///
    /// # Errors
    /// Several ways to read them are possible, rows contradict each other, or rows or the window contradict the given
    /// culture.
    pub(super) fn decide(
        &self,
        file: &str,
        reading: &Reading,
        window: Option<Window>,
        zone: Option<SourceTimeZone>,
    ) -> Result<Decided> {
        if self.has_too_many {
            return Err(Error::input(format!("more than {SPANS_MAX} different times that have to be decided about"))
                .at(file)
                .hint(
                    "usage has some 9,000 hours a year: export it again in UTC as ISO 8601, such as \
                     2026-10-05T13:00:00Z, or split the file",
                ));
        }
        let zone = reading.source_time_zone.or(zone);
        let known = KnownTimes { zone: zone.or(Some(SourceTimeZone::UTC)), window, late_days: reading.late_days };
        let mut dialect = Dialect { zone, ticks_are_local: self.ticks_are_local(reading, known), ..Dialect::default() };
        match self.other_era(known) {
            Some((order, era)) => (dialect.date_order, dialect.era) = (order, era),
            None => dialect.date_order = self.date_order(file, reading.culture, known, zone.is_some())?,
        }
        dialect.decimal_comma = self.decimal_comma(reading.culture).map_err(|what| refused(file, what))?;
        Ok(Decided {
            zone_is_assumed: reading.source_time_zone.is_none() && self.has_local_hours(&dialect),
            has_local_times: self.spans.iter().any(|(start, end)| lacks_offset(start) || lacks_offset(end)),
            has_serials: self.has_serials,
            dialect,
        })
    }

    fn date_order(
        &self,
        file: &str,
        culture: Option<Culture>,
        known: KnownTimes,
        is_readable: bool,
    ) -> Result<Option<DateOrder>> {
        let evidence = self.evidence(known);
        // A culture that begins with the year says nothing about dates that end with one.
        let of_culture = culture.map(|culture| (culture.name, culture.date_order));
        let of_culture = of_culture.filter(|(_, order)| {
            *order != DateOrder::YearFirst || matches!(&evidence, DateEvidence::Open(_, among) if among.contains(order))
        });
        Ok(match (evidence, of_culture) {
            (DateEvidence::None, of_culture) => of_culture.map(|(_, order)| order).filter(|_| !self.spans.is_empty()),
            (DateEvidence::Only { order, by_window }, Some((name, culture_order))) if order != culture_order => {
                let (text, order_name) = (shown::value(self.example()), order.as_str());
                let why = match known.window.filter(|_| by_window) {
                    Some(window) => {
                        format!("that are usage of the reported window {} only with the {order_name}", window.label())
                    }
                    None => format!("that are whole hours or days only with the {order_name}"),
                };
                return Err(Error::input(format!(
                    "dates such as {text} {why}, and the culture {name} has the {}",
                    culture_order.as_str()
                ))
                .at(file)
                .hint(format!(
                    "name the culture of the machine that exported it, one with the {order_name}, or leave \
                     --culture out: the lines decide it themselves"
                )));
            }
            (DateEvidence::Only { order, .. } | DateEvidence::Same(order), _) => Some(order),
            (DateEvidence::Open(_, among), Some((_, order))) if among.contains(&order) => Some(order),
            (DateEvidence::Open(..), _) if !is_readable => None,
            (DateEvidence::Open(text, among), of_culture) => {
                let ways: Vec<&str> = among.iter().map(|order| order.as_str()).collect();
                let year = unexpected_year(&text).map_or(String::new(), |year| format!(" (a year of {year})"));
                let against = of_culture.map_or(String::new(), |(name, order)| {
                    format!(", and the culture {name} has the {}", order.as_str())
                });
                return Err(refused(
                    file,
                    format!(
                        "dates such as {}{year} can be read with the {}: no row decides it{against}",
                        shown::value(&text),
                        ways.join(" or the ")
                    ),
                ));
            }
            (DateEvidence::Contradiction([(one, first), (other, second)]), None) => {
                return Err(Error::input(format!(
                    "dates that contradict each other: {first} has the {}, {second} the {}",
                    one.as_str(),
                    other.as_str()
                ))
                .at(file)
                .hint("two machines wrote this file, or a spreadsheet changed some of its dates: export it again"));
            }
            (DateEvidence::Contradiction(_), Some((_, order))) => Some(order),
        })
    }

    /// A date of the file.
    fn example(&self) -> &str {
        let dates = || self.spans.iter().flat_map(|(start, end)| [start, end]);
        dates().find(|text| depends_on_order(text)).or_else(|| dates().next()).map_or("", String::as_str)
    }

    fn evidence(&self, known: KnownTimes) -> DateEvidence {
        let open: Vec<&(String, String)> =
            self.spans.iter().filter(|(start, end)| depends_on_order(start) || depends_on_order(end)).collect();
        let Some((text, _)) = open.first() else { return DateEvidence::None };
        let read = |order: DateOrder| -> Vec<Result<Span, TimeFault>> {
            let dialect = Dialect { date_order: Some(order), zone: known.zone, ..Dialect::default() };
            open.iter().map(|(start, end)| dialect.span(start, end)).collect()
        };
        let readings = DateOrder::ALL.map(|order| (order, read(order)));
        let best = |at: usize| readings.iter().map(|(_, spans)| how_well(spans[at])).min().unwrap_or_default();
        let best: Vec<u8> = (0..open.len()).map(best).collect();
        // Where no order can read a date, each line is set aside for its own reason.
        if best.iter().all(|best| *best == how_well(Err(TimeFault::Unreadable))) {
            return DateEvidence::None;
        }
        let is_best =
            |spans: &[Result<Span, TimeFault>]| spans.iter().zip(&best).all(|(span, best)| how_well(*span) == *best);
        let survivors: Vec<_> = readings.iter().filter(|(_, spans)| is_best(spans)).collect();
        match survivors.as_slice() {
            [] => contradiction(&open, &readings),
            [(order, _)] => DateEvidence::Only { order: *order, by_window: false },
            [(order, first), others @ ..]
                if others.iter().all(|(_, spans)| spans == first) && best.iter().all(|best| *best == 0) =>
            {
                DateEvidence::Same(*order)
            }
            several => match known.allowed(several) {
                Some(order) => DateEvidence::Only { order, by_window: true },
                None => DateEvidence::Open((*text).clone(), several.iter().map(|(order, _)| *order).collect()),
            },
        }
    }

    /// Years of another calendar, where the window allows only one reading of all lines.
    fn other_era(&self, known: KnownTimes) -> Option<(Option<DateOrder>, Era)> {
        let window = known.window.filter(|_| !self.spans.is_empty())?;
        let read = |order: DateOrder, era: Era| {
            let dialect = Dialect { date_order: Some(order), era, zone: known.zone, ..Dialect::default() };
            let spans = self.spans.iter().map(move |(start, end)| dialect.span(start, end));
            spans.collect::<Result<Vec<Span>, TimeFault>>().ok()
        };
        let fits = |spans: &Vec<Span>| spans.iter().all(|span| window.can_report(span.end, known.late_days));
        let of_era = |era: Era| {
            let orders = DateOrder::ALL.into_iter();
            orders
                .filter_map(move |order| read(order, era).filter(|spans| fits(spans)).map(|spans| (order, era, spans)))
        };
        if of_era(Era::Gregorian).next().is_some() {
            return None;
        }
        let found: Vec<_> = of_era(Era::Buddhist).chain(of_era(Era::Minguo)).collect();
        let ((order, era, first), others) = found.split_first()?;
        let is_needed = self.spans.iter().any(|(start, end)| depends_on_order(start) || depends_on_order(end));
        others
            .iter()
            .all(|(_, other, spans)| other == era && spans == first)
            .then(|| (is_needed.then_some(*order), *era))
    }

    /// Whether `/Date(…)/` counts from local time in the zone that the setting names: if only that makes the lines
    /// whole, or only that is in the window.
    fn ticks_are_local(&self, reading: &Reading, known: KnownTimes) -> bool {
        let Some(zone) = reading.source_time_zone else { return false };
        let ticks: Vec<_> = self.spans.iter().filter(|(start, end)| is_ticks(start) && is_ticks(end)).collect();
        let read = |ticks_are_local: bool| {
            let dialect = Dialect { zone: Some(zone), ticks_are_local, ..Dialect::default() };
            ticks.iter().map(|(start, end)| dialect.span(start, end)).collect::<Result<Vec<Span>, TimeFault>>()
        };
        let fits = |spans: &[Span]| {
            known.window.is_none_or(|window| spans.iter().all(|span| window.can_report(span.end, known.late_days)))
        };
        match (read(false), read(true)) {
            _ if ticks.is_empty() => false,
            (Ok(utc), Ok(local)) => !fits(&utc) && fits(&local),
            (Err(_), Ok(_)) => true,
            (_, Err(_)) => false,
        }
    }

    /// Whether decimals have a comma, or why that cannot be decided.
    fn decimal_comma(&self, culture: Option<Culture>) -> Result<bool, String> {
        let first = |kind| self.quantities.get(&kind).map(|text| shown::value(text));
        let point = first(Separator::Point).or(first(Separator::PointOrGroup));
        let comma = first(Separator::Comma).or(first(Separator::CommaOrGroup));
        let culture = culture.filter(|culture| culture.decimal != DecimalMark::Either);
        match (point, comma) {
            (Some(point), Some(comma)) => {
                Err(format!("quantities that contradict each other: {point} has a point, {comma} a comma"))
            }
            (None, None) => Ok(false),
            (None, Some(comma)) => match (first(Separator::Comma), culture) {
                (_, Some(culture)) if culture.decimal == DecimalMark::Comma => Ok(true),
                (_, Some(culture)) => {
                    Err(format!("a quantity of {comma}, and the culture {} has no decimal comma", culture.name))
                }
                (Some(_), None) => Ok(true),
                (None, None) => Err(format!(
                    "a quantity such as {comma} may have a decimal comma or one between thousands: no row decides it"
                )),
            },
            (Some(point), None) => match (first(Separator::Point), culture) {
                (None, Some(culture)) if culture.decimal == DecimalMark::Comma => Err(format!(
                    "a quantity such as {point}, which the culture {} reads as thousands: no row decides it",
                    culture.name
                )),
                _ => Ok(false),
            },
        }
    }

    /// Whether hours are counted without any offset. (Days that are whole in UTC prove themselves.)
    fn has_local_hours(&self, dialect: &Dialect) -> bool {
        let dialect = Dialect { zone: Some(SourceTimeZone::UTC), ..dialect.clone() };
        let is_hour = |span: Span| span.slot != Slot::DAILY;
        let mut local = self.spans.iter().filter(|(start, end)| lacks_offset(start) || lacks_offset(end));
        local.any(|(start, end)| dialect.span(start, end).is_ok_and(is_hour))
    }
}

/// What one order of dates makes of the spans.
type OrderReading = (DateOrder, Vec<Result<Span, TimeFault>>);

impl KnownTimes {
    /// The one of these readings that the window allows: all of its usage, or some of it where it allows none of the
    /// others.
    fn allowed(self, readings: &[&OrderReading]) -> Option<DateOrder> {
        let window = self.window?;
        let count = |spans: &[Result<Span, TimeFault>]| {
            let whole = || spans.iter().filter_map(|span| span.as_ref().ok());
            let allowed = whole().filter(|span| window.can_report(span.end, self.late_days)).count();
            (allowed, whole().count())
        };
        let counts: Vec<_> = readings.iter().map(|(order, spans)| (*order, count(spans))).collect();
        let only = |test: fn((usize, usize)) -> bool| {
            let mut passing = counts.iter().filter(|(_, count)| test(*count));
            passing.next().filter(|_| passing.next().is_none()).map(|(order, _)| *order)
        };
        if counts.iter().any(|(_, (allowed, whole))| *whole > 0 && allowed == whole) {
            only(|(allowed, whole)| whole > 0 && allowed == whole)
        } else {
            only(|(allowed, _)| allowed > 0)
        }
    }
}

/// Two spans that need different orders to be read best.
fn contradiction(open: &[&(String, String)], readings: &[OrderReading]) -> DateEvidence {
    let example = |at: usize| shown::value(&format!("{}/{}", open[at].0, open[at].1));
    let better = |one: &OrderReading, other: &OrderReading| {
        (0..open.len()).find(|&at| how_well(one.1[at]) < how_well(other.1[at])).map(|at| (one.0, example(at)))
    };
    let pairs =
        readings.iter().enumerate().flat_map(|(at, one)| readings[at + 1..].iter().map(move |other| (one, other)));
    let found = pairs.into_iter().find_map(|(one, other)| Some([better(one, other)?, better(other, one)?]));
    found.map_or(DateEvidence::None, DateEvidence::Contradiction)
}

fn refused(file: &str, what: String) -> Error {
    Error::input(what).at(file).hint("say how the exporting machine writes them, as with --culture de-DE")
}
