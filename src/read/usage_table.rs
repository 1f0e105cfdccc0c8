//! Usage as a table: what `Export-Csv` and the scripts around it write (reference §3).
//!
//! Which column holds what is read from the header, in any order and any case. How times and numbers are written is
//! decided once for a file, over all its rows: a line counts one full hour or one full day, so of two ways to read a date
//! the right one is the one that makes the lines whole. Where both do, the file is refused until a setting tells.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use memchr::memchr;

use super::csv::{Cell, Rows, Table};
use super::reading::Reading;
use super::row::{InstanceText, PARTS, RawRow, Value};
use super::shape::Shape;
use crate::domain::dialect::{Separator, depends_on_order, is_local, is_plain, is_serial, separator};
use crate::domain::time::TimeFault;
use crate::domain::{Culture, DateOrder, Dialect, Slot, SourceTimeZone, Span};
use crate::error::{Error, Result, nearest};

/// A table of usage: which column holds what.
#[derive(Debug)]
pub struct UsageTable<'a> {
    table: Table<'a>,
    pub shape: Shape,
    columns: Columns,
}

#[derive(Debug)]
struct Columns {
    user_subscription: usize,
    meter: usize,
    start: usize,
    end: usize,
    quantity: usize,
    id: Option<usize>,
    instance: Instance,
    /// Columns whose values have no line breaks.
    one_line: Vec<usize>,
}

/// Where a row says what its resource is.
#[derive(Debug)]
enum Instance {
    Column(usize),
    Parts([Option<usize>; PARTS.len()]),
}

const USER_SUBSCRIPTION: [&str; 2] = ["SubscriptionId", "subscription"];
/// The columns without which a table is no usage, by the names that the cmdlets give them.
pub const REQUIRED: [&str; 5] = ["SubscriptionId", "MeterId", "UsageStartTime", "UsageEndTime", "Quantity"];

/// How a table writes times and numbers, and what a person should know of it.
#[derive(Debug, Default)]
pub struct Decided {
    pub dialect: Dialect,
    /// Times say no offset, hours are counted, and no setting says in which zone they are: they were taken as UTC.
    pub zone_is_assumed: bool,
    /// Some times say no offset.
    pub has_local_times: bool,
    pub has_serials: bool,
}

impl<'a> UsageTable<'a> {
    /// Finds the columns of a usage table. `None` when the header is of no usage at all.
    ///
    /// # Errors
    /// The text is no table, or lacks a column without which usage is none.
    pub fn of(name: &'a str, text: &'a str) -> Result<Option<Self>> {
        let table = Table::parse(name, text)?;
        let found = |column: &str| match column {
            "SubscriptionId" => table.column(&USER_SUBSCRIPTION),
            _ => table.column(&[column]),
        };
        let missing: Vec<&str> = REQUIRED.into_iter().filter(|column| found(column).is_none()).collect();
        if USER_SUBSCRIPTION.iter().all(|column| table.column(&[column]).is_some()) {
            return Err(Error::input("a table with both a SubscriptionId and a subscription")
                .at_line(name, 1, 1)
                .hint("only one of them can be the user subscription: remove the other column"));
        }
        let lost = ["UsageAggregations", "Properties"];
        if missing.len() >= REQUIRED.len() - 1 {
            return match table.column(&lost) {
                None => Ok(None),
                Some(_) => Err(Error::input("a table of nested rows, which `Export-Csv` printed as the names of their types: their values are lost")
                    .at(name)
                    .hint("export the rows themselves: `… | ConvertTo-Json -Depth 10 | Out-File usage.json`")),
            };
        }
        if !missing.is_empty() {
            let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
            let meant = nearest(missing[0], &header).map_or(String::new(), |own| format!("; is `{own}` meant?"));
            return Err(Error::input(format!("a table of usage without the column {}", missing.join(", ")))
                .at_line(name, 1, 1)
                .hint(format!(
                    "its columns are {}{meant}: export it again with all of {}",
                    header.join(", "),
                    REQUIRED.join(", ")
                )));
        }
        let must = |column: &str| found(column).expect("missing columns were refused above");
        let columns = Columns {
            user_subscription: must("SubscriptionId"),
            meter: must("MeterId"),
            start: must("UsageStartTime"),
            end: must("UsageEndTime"),
            quantity: must("Quantity"),
            id: table.column(&["Id"]),
            instance: table
                .column(&["InstanceData"])
                .map_or_else(|| Instance::Parts(PARTS.map(|part| table.column(&[part]))), Instance::Column),
            one_line: table
                .columns(&[
                    "Id",
                    "SubscriptionId",
                    "subscription",
                    "MeterId",
                    "MeterName",
                    "Quantity",
                    "UsageStartTime",
                    "UsageEndTime",
                ])
                .chain(table.columns(&["resourceUri", "location", "resourceGroup", "resourceName", "resourceType"]))
                .collect(),
        };
        let shape = shape_of(&table, &columns);
        Ok(Some(Self { table, shape, columns }))
    }

    /// The rows, each read from the first on by [`UsageRows::next`].
    pub fn rows(&self) -> UsageRows<'_, 'a> {
        UsageRows { own: self, rows: self.table.rows(), cells: Vec::new(), instance: String::new() }
    }

    pub fn ends_with_a_line_end(&self) -> bool {
        self.table.ends_with_a_line_end()
    }

    pub fn delimiter(&self) -> char {
        char::from(self.table.delimiter)
    }

    /// Decides how times and numbers are written, over all rows.
    ///
    /// # Errors
    /// Two ways to read them are possible, rows contradict each other, or contradict the culture that was said.
    pub fn decide(&self, reading: &Reading) -> Result<Decided> {
        let survey = Survey::of(self)?;
        let name = self.table.name();
        let refused = |what: String| {
            Error::input(what).at(name).hint("say how the exporting machine writes them, as with --culture de-DE")
        };
        let zone = Some(reading.source_time_zone.unwrap_or(SourceTimeZone::UTC));
        let evidence = survey.date_order(zone);
        let said = reading.culture.map(|culture| culture.date_order);
        let date_order = match (evidence, said) {
            (Evidence::None, said) => said.filter(|_| !survey.spans.is_empty()),
            (Evidence::Only(order), Some(said)) if order != said => {
                return Err(refused(format!(
                    "dates that are whole hours or days only with the {}, and the culture {} has the {}",
                    order.as_str(),
                    reading.culture.map_or("", |culture| culture.name),
                    said.as_str()
                )));
            }
            (Evidence::Only(order), _) | (_, Some(order)) => Some(order),
            (Evidence::Neither(text), None) => {
                return Err(refused(format!(
                    "dates such as {text} may begin with the day or with the month: no row decides it"
                )));
            }
            (Evidence::Both(day, month), None) => {
                return Err(refused(format!(
                    "dates that contradict each other: {day} begins with the day, {month} with the month"
                )));
            }
        };
        let decimal_comma = survey.decimal_comma(reading.culture).map_err(refused)?;
        Ok(Decided {
            dialect: Dialect { date_order, decimal_comma, zone },
            zone_is_assumed: reading.source_time_zone.is_none() && survey.has_local_hours(date_order),
            has_local_times: survey.spans.iter().any(|&(start, end)| lacks_offset(start) || lacks_offset(end)),
            has_serials: survey.has_serials,
        })
    }
}

impl Decided {
    /// As the receipt says it, such as `";" between cells, day first, decimal comma, times in UTC where they say no zone`.
    pub fn to_string(&self, delimiter: char) -> String {
        let mut said = vec![if delimiter == '\t' {
            "tabs between cells".to_owned()
        } else {
            format!("`{delimiter}` between cells")
        }];
        said.extend(self.dialect.date_order.map(|order| order.as_str().to_owned()));
        said.push(if self.dialect.decimal_comma { "decimal comma" } else { "decimal point" }.to_owned());
        if let Some(zone) = self.dialect.zone.filter(|_| self.has_local_times) {
            said.push(format!("times in {zone}"));
        }
        said.join(", ")
    }

    /// What such a file lacks, one sentence each, when its quantities have at most so many digits.
    pub fn lacks(&self, digits_max: usize) -> Vec<&'static str> {
        let serials = self.has_serials.then_some("times are serial numbers: a spreadsheet saved this table");
        let rounded =
            (digits_max == FRAMEWORK_DIGITS).then_some("quantities have at most 15 digits, where the API sends 17");
        serials.into_iter().chain(rounded).collect()
    }
}

/// Significant digits that .NET Framework prints of a double; the usage API sends 17.
const FRAMEWORK_DIGITS: usize = 15;

/// Which shape a table with these columns has.
fn shape_of(table: &Table<'_>, columns: &Columns) -> Shape {
    let has = |names: &[&str]| names.iter().all(|name| table.column(&[name]).is_some());
    if matches!(columns.instance, Instance::Column(_)) {
        Shape::PowerShellCsv
    } else if has(&["UnitPrice", "Amount"]) {
        Shape::AppService
    } else if has(&["RateCardMeterId"]) {
        Shape::Hpe
    } else if has(&["ServiceType", "Publisher", "Offer", "Sku"]) {
        Shape::Converter
    } else if has(&["subowner"]) {
        Shape::UsageSummary
    } else if has(&["resourceType", "resourceName", "resourceUri"]) {
        Shape::UsageSummary2017
    } else {
        Shape::OtherTable
    }
}

/// The rows of a usage table.
pub struct UsageRows<'t, 'a> {
    own: &'t UsageTable<'a>,
    rows: Rows<'t, 'a>,
    cells: Vec<Cell<'a>>,
    instance: String,
}

impl<'a> UsageRows<'_, 'a> {
    /// The next row, or as an error within it the text of one that has too few or too many cells.
    ///
    /// # Errors
    /// A double quote that nothing closes, or a last row that was cut off.
    pub fn next(&mut self) -> Result<Option<Result<RawRow<'_>, String>>> {
        if !self.rows.next(&mut self.cells)? {
            return Ok(None);
        }
        let (table, columns) = (&self.own.table, &self.own.columns);
        if self.cells.len() != table.header.len() {
            if self.cells.len() < table.header.len() && !table.ends_with_a_line_end() && self.rows.is_at_end() {
                return Err(Error::input(format!(
                    "the table ends within a row: {} cells of {}",
                    self.cells.len(),
                    table.header.len()
                ))
                .at_line(table.name(), self.rows.line(), 1)
                .hint("the file was cut off: export it again; nothing of a cut file is used"));
            }
            return Ok(Some(Err(self.rows.source().to_owned())));
        }
        // What holds a line break where no value has one has swallowed the rows behind it, for want of a quote.
        let swallows = |at: &usize| self.cells[*at].source().contains('\n');
        let has_line_break = memchr(b'\n', self.rows.source().as_bytes()).is_some();
        if self.rows.is_malformed() || has_line_break && columns.one_line.iter().any(swallows) {
            return Ok(Some(Err(self.rows.source().to_owned())));
        }
        let cell = |at: usize| self.cells[at];
        let instance = match columns.instance {
            Instance::Column(at) => InstanceText::of_cell(cell(at)).into(),
            Instance::Parts(places) => {
                InstanceText::write_parts(&mut self.instance, places.into_iter().map(|at| at.map(cell)));
                Cow::Borrowed(self.instance.as_str())
            }
        };
        let value = |at: usize| Value::of_cell(cell(at));
        Ok(Some(Ok(RawRow {
            id: columns.id.map_or(Value::Absent, value),
            user_subscription: value(columns.user_subscription),
            usage_start: value(columns.start),
            usage_end: value(columns.end),
            quantity: value(columns.quantity),
            meter: value(columns.meter),
            instance,
        })))
    }
}

/// What all usable rows together say of times and numbers. A row that is set aside whatever is decided says nothing.
#[derive(Debug, Default)]
struct Survey<'a> {
    /// Distinct spans that are not written as the usage API writes them.
    spans: BTreeSet<(&'a str, &'a str)>,
    has_serials: bool,
    /// The first quantity of each kind.
    quantities: BTreeMap<Separator, &'a str>,
}

/// Whether the zone of a time has to be known.
fn lacks_offset(text: &str) -> bool {
    is_local(text) || is_serial(text)
}

/// How well a span is read, best first: a full hour or day, times at least, or nothing.
fn how_well(span: Result<Span, TimeFault>) -> u8 {
    match span {
        Ok(_) => 0,
        Err(TimeFault::NotWhole) => 1,
        Err(TimeFault::Unreadable | TimeFault::OutOfRange) => 2,
    }
}

/// What the spans say of the order of dates.
enum Evidence {
    /// No date needs an order.
    None,
    Only(DateOrder),
    /// Dates that need one, such as this, and no row that tells.
    Neither(String),
    /// A span that is whole only day first, and one that is only month first.
    Both(String, String),
}

impl<'a> Survey<'a> {
    fn of(own: &UsageTable<'a>) -> Result<Self> {
        let mut survey = Self::default();
        let (mut rows, mut cells) = (own.table.rows(), Vec::new());
        let mut last = ("", "");
        let (mut unusable, mut has_usable) = (BTreeSet::new(), false);
        while rows.next(&mut cells)? {
            let Columns { user_subscription, meter, start, end, quantity, .. } = own.columns;
            if cells.len() != own.table.header.len() || rows.is_malformed() {
                continue;
            }
            let cell = |at: usize| cells[at].source();
            let is_usable = [user_subscription, meter].into_iter().all(|at| !cell(at).trim().is_empty())
                && cell(quantity).trim().starts_with(|own: char| own.is_ascii_digit() || own == '+');
            let span = (cell(start), cell(end));
            if !is_usable {
                unusable.insert(span);
                continue;
            }
            has_usable = true;
            if span != last {
                last = span;
                if !is_plain(span.0) || !is_plain(span.1) {
                    survey.has_serials |= is_serial(span.0) || is_serial(span.1);
                    survey.spans.insert(span);
                }
            }
            survey.quantities.entry(separator(cell(quantity))).or_insert(cell(quantity));
        }
        if !has_usable {
            // Each will be set aside, and for its own reason.
            survey.spans = unusable;
        }
        Ok(survey)
    }

    /// Whether decimals have a comma; else why nobody can say.
    fn decimal_comma(&self, culture: Option<Culture>) -> Result<bool, String> {
        let first = |own| self.quantities.get(&own).copied();
        let point = first(Separator::Point).or(first(Separator::PointOrGroup));
        let comma = first(Separator::Comma).or(first(Separator::CommaOrGroup));
        match (point, comma) {
            (Some(point), Some(comma)) => {
                Err(format!("quantities that contradict each other: {point} has a point, {comma} a comma"))
            }
            (None, None) => Ok(false),
            (None, Some(comma)) => match (first(Separator::Comma), culture) {
                (_, Some(culture)) if culture.decimal_comma => Ok(true),
                (_, Some(culture)) => {
                    Err(format!("a quantity of {comma}, and the culture {} has no decimal comma", culture.name))
                }
                (Some(_), None) => Ok(true),
                (None, None) => Err(format!(
                    "a quantity such as {comma} may have a decimal comma or one between thousands: no row decides it"
                )),
            },
            (Some(point), None) => match (first(Separator::Point), culture) {
                (None, Some(culture)) if culture.decimal_comma => Err(format!(
                    "a quantity such as {point}, which the culture {} reads as thousands: no row decides it",
                    culture.name
                )),
                _ => Ok(false),
            },
        }
    }

    fn date_order(&self, zone: Option<SourceTimeZone>) -> Evidence {
        let with = |order| Dialect { date_order: Some(order), zone, ..Dialect::default() };
        let (day_first, month_first) = (with(DateOrder::DayFirst), with(DateOrder::MonthFirst));
        let (mut day, mut month, mut open) = (None, None, None);
        for &(start, end) in &self.spans {
            if !depends_on_order(start) && !depends_on_order(end) {
                continue;
            }
            let shown = || format!("{start}/{end}");
            open.get_or_insert_with(|| start.to_owned());
            let [by_day, by_month] = [&day_first, &month_first].map(|own| how_well(own.span(start, end)));
            match by_day.cmp(&by_month) {
                Ordering::Less => day = day.or_else(|| Some(shown())),
                Ordering::Greater => month = month.or_else(|| Some(shown())),
                Ordering::Equal => {}
            }
        }
        match (day, month, open) {
            (Some(day), Some(month), _) => Evidence::Both(day, month),
            (Some(_), None, _) => Evidence::Only(DateOrder::DayFirst),
            (None, Some(_), _) => Evidence::Only(DateOrder::MonthFirst),
            (None, None, Some(text)) => Evidence::Neither(text),
            (None, None, None) => Evidence::None,
        }
    }

    /// Whether hours are counted whose offset nothing says. (Days that are whole in UTC prove themselves.)
    fn has_local_hours(&self, date_order: Option<DateOrder>) -> bool {
        let dialect = Dialect { date_order, zone: Some(SourceTimeZone::UTC), ..Dialect::default() };
        let is_hour = |span: Span| span.slot != Slot::DAILY;
        let mut local = self.spans.iter().filter(|(start, end)| lacks_offset(start) || lacks_offset(end));
        local.any(|&(start, end)| dialect.span(start, end).is_ok_and(is_hour))
    }
}
