//! The one reader of tables that people make by hand: the price book, names, meters, exchange rates.
//!
//! ```text
//! meter_id;price;per;…;note;;        `;`, `,` or a tab between the cells; Excel leaves columns without a name behind
//! 9cd92d4c-…;0,05;1                  cells missing at the end of a row are empty
//! ;;;;                               an empty row is skipped
//! ```
//! How the table writes decimals and days is decided over all its rows, as for usage: by what can be read in one way
//! only, then by the given culture. What can still be read in two ways is refused, and both are named. What the
//! rows mean is their readers' business.

use std::borrow::Cow;

use super::csv::{Cell, CsvText};
use super::spelling;
use crate::domain::dialect::{Separator, is_serial, printed_day, separator};
use crate::domain::money::{Decimal, NoDecimal, decimal};
use crate::domain::{Culture, DateOrder, Day, DecimalMark, Month, shown};
use crate::error::suggest::suggestion;
use crate::error::{Error, Result};
use crate::read::options::Reading;

/// The columns of a kind of table.
#[derive(Debug)]
pub(in crate::read) struct Layout {
    pub columns: &'static [&'static str],
    /// The required columns.
    pub required: &'static [&'static str],
    pub numbers: &'static [&'static str],
    /// Each holds a day of UTC.
    pub days: &'static [&'static str],
    /// Each holds a month.
    pub months: &'static [&'static str],
}

impl Layout {
    /// A table of text columns only.
    pub(crate) const fn of_texts(columns: &'static [&'static str], required: &'static [&'static str]) -> Self {
        Self { columns, required, numbers: &[], days: &[], months: &[] }
    }
}

/// A table, its cells not yet parsed.
#[derive(Debug)]
pub(in crate::read) struct HandTable<'a> {
    name: &'a str,
    layout: &'static Layout,
    /// The place of each column of the layout, if the table has it.
    places: Vec<Option<usize>>,
    /// Lines and cells.
    rows: Vec<(usize, Vec<Cell<'a>>)>,
    culture: Option<Culture>,
    decimals: Decimals,
    dates: Dates,
}

/// A row of such a table.
#[derive(Clone, Copy, Debug)]
pub(in crate::read) struct HandRow<'t> {
    table: &'t HandTable<'t>,
    /// The line in the file; the header is line 1.
    pub line: usize,
    cells: &'t [Cell<'t>],
}

/// How the numbers of a table are written.
#[derive(Debug, Default)]
enum Decimals {
    #[default]
    Point,
    Comma,
    /// A separator may be a decimal mark or a thousands separator: neither the rows nor the culture decide it.
    Ambiguous,
    /// A number with a decimal point, and its line; others have a comma.
    Mixed(String, usize),
    /// Certainly a decimal comma, though the culture has none.
    AgainstCulture,
}

/// How dates of three numbers are written.
#[derive(Debug, Default)]
enum Dates {
    /// None needs an order, or it is this one.
    #[default]
    Plain,
    Ordered(DateOrder),
    Ambiguous,
    /// A date that begins with its day, and its line; others begin with the month.
    Mixed(String, usize),
    /// Dates that can only be read in this order, and a culture that has the other.
    AgainstCulture(DateOrder),
}

impl<'a> HandTable<'a> {
    /// Reads a table, called `name` in messages.
    ///
    /// # Errors
    /// It is no table, lacks a column or has an unknown one, or a value stands in a column without a name. Every such
    /// row is reported.
    pub(crate) fn read(name: &'a str, text: &'a str, layout: &'static Layout, reading: &Reading) -> Result<Self> {
        let table = CsvText::parse(name, text)
            .map_err(|error| error.or_hint(&format!("the table has the columns {}", layout.columns.join(","))))?;
        let places = places_of(&table, layout)?;
        let (rows, errors) = rows_of(&table)?;
        if !errors.is_empty() {
            return Err(Error::several(errors));
        }
        let mut hand_table = Self {
            name,
            layout,
            places,
            rows,
            culture: reading.culture,
            decimals: Decimals::default(),
            dates: Dates::default(),
        };
        hand_table.decimals = hand_table.decimals();
        hand_table.dates = hand_table.dates();
        Ok(hand_table)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = HandRow<'_>> {
        self.rows.iter().map(|(line, cells)| HandRow { table: self, line: *line, cells })
    }

    /// The filled cells of some columns, with the line of each.
    fn cells(&self, columns: &[&str]) -> impl Iterator<Item = (String, usize)> {
        self.rows().flat_map(move |row| columns.iter().filter_map(move |column| Some((row.cell(column)?, row.line))))
    }

    fn decimals(&self) -> Decimals {
        let (mut point, mut comma, mut may_be_point, mut may_be_comma) = (None, None, None, None);
        for (text, line) in self.cells(self.layout.numbers) {
            let first = match separator_of(&text) {
                Separator::None => continue,
                Separator::Point => &mut point,
                Separator::Comma => &mut comma,
                Separator::PointOrGroup => &mut may_be_point,
                Separator::CommaOrGroup => &mut may_be_comma,
            };
            first.get_or_insert((text, line));
        }
        let has_comma = comma.is_some() || may_be_comma.is_some();
        let has_certain_comma = comma.is_some();
        match (point.as_ref().or(may_be_point.as_ref()), has_comma) {
            (Some((text, line)), true) => Decimals::Mixed(text.clone(), *line),
            // As everywhere: a point is the decimal mark, unless it separates thousands in the culture.
            (Some(_), false)
                if point.is_none() && self.culture.is_some_and(|culture| culture.decimal == DecimalMark::Comma) =>
            {
                Decimals::Ambiguous
            }
            (_, false) => Decimals::Point,
            (None, true) => match self.culture {
                Some(culture) if culture.decimal == DecimalMark::Comma => Decimals::Comma,
                Some(_) if has_certain_comma => Decimals::AgainstCulture,
                None if has_certain_comma => Decimals::Comma,
                _ => Decimals::Ambiguous,
            },
        }
    }

    fn dates(&self) -> Dates {
        let days = self.cells(self.layout.days).map(|(text, line)| (readings(&text), text, line));
        let months = self.cells(self.layout.months).map(|(text, line)| (readings(&text).of_months(), text, line));
        let (mut by_day, mut by_month, mut needs_order) = (None, None, false);
        for (Readings { day_first, month_first, is_by_points, .. }, text, line) in days.chain(months) {
            match (day_first, month_first) {
                // Only the points tell this.
                (Some(_), None) if !is_by_points => by_day = by_day.or(Some((text, line))),
                (None, Some(_)) => by_month = by_month.or(Some(line)),
                (Some(one), Some(other)) => needs_order |= one != other,
                _ => {}
            }
        }
        let order = match (by_day, by_month) {
            (Some((text, line)), Some(_)) => return Dates::Mixed(text, line),
            (Some(_), None) => Some(DateOrder::DayFirst),
            (None, Some(_)) => Some(DateOrder::MonthFirst),
            (None, None) => None,
        };
        // A culture that begins with the year says nothing about dates that end with one.
        let culture_order =
            self.culture.map(|culture| culture.date_order).filter(|date_order| *date_order != DateOrder::YearFirst);
        match (order, culture_order) {
            (Some(order), Some(culture_order)) if order != culture_order => Dates::AgainstCulture(order),
            (Some(order), _) | (None, Some(order)) => Dates::Ordered(order),
            (None, None) if needs_order => Dates::Ambiguous,
            (None, None) => Dates::Plain,
        }
    }
}

/// The number of unknown columns that are reported one by one.
const UNKNOWN_SHOWN: usize = 10;

/// Where each column of the layout stands.
fn places_of(table: &CsvText<'_>, layout: &Layout) -> Result<Vec<Option<usize>>> {
    let name = table.name();
    let known: Vec<String> = layout.columns.iter().map(|column| spelling::bare(column)).collect();
    let mut places: Vec<Option<usize>> = vec![None; known.len()];
    let (mut errors, mut unknown) = (Vec::new(), 0_usize);
    for (at, column) in table.header.iter().enumerate() {
        let bare = spelling::bare(column);
        if bare.is_empty() {
            continue;
        }
        let Some(place) = known.iter().position(|known| *known == bare) else {
            unknown += 1;
            if unknown > UNKNOWN_SHOWN {
                continue;
            }
            let meant = suggestion(&column.to_lowercase(), layout.columns);
            let quoted = shown::quoted(column);
            errors.push(Error::input(format!("column {} is called {quoted}", at + 1)).at_line(name, 1, 1).hint(
                format!(
                    "the table has the columns {}{meant}: rename this one, or delete it",
                    layout.columns.join(", ")
                ),
            ));
            continue;
        };
        places[place] = Some(at);
    }
    let is_missing =
        |column: &&&str| layout.columns.iter().zip(&places).any(|(other, place)| other == *column && place.is_none());
    let missing: Vec<&str> = layout.required.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        // What such a table has instead adds nothing to the message.
        return Err(Error::input(format!(
            "no table of {}: it lacks {}",
            layout.columns.join(", "),
            missing.join(", ")
        ))
        .at_line(name, 1, 1)
        .hint(format!(
            "its first line names the columns, and names {} here: name {} there as well",
            shown::list(table.header.iter().filter(|column| !column.is_empty())),
            missing.join(" and ")
        )));
    }
    if errors.is_empty() { Ok(places) } else { Err(Error::several(errors)) }
}

/// Lines and cells of a table.
type TableRows<'a> = Vec<(usize, Vec<Cell<'a>>)>;

/// The rows that hold anything, and what is wrong with how they stand there.
fn rows_of<'a>(table: &CsvText<'a>) -> Result<(TableRows<'a>, Vec<Error>)> {
    let named = table.header.iter().rposition(|name| !spelling::bare(name).is_empty()).map_or(0, |last| last + 1);
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let (mut rows, mut cells) = (table.rows(), Vec::new());
    while rows.next(&mut cells)? {
        if cells.iter().all(|cell| filled(&cell.text()).is_none()) {
            continue;
        }
        let line = rows.line();
        let refused = |what: String| Error::input(what).at_line(table.name(), line, 1);
        let unnamed = cells.iter().enumerate().find(|(at, cell)| {
            let is_named = table.header.get(*at).is_some_and(|name| !spelling::bare(name).is_empty());
            !is_named && filled(&cell.text()).is_some()
        });
        if let Some((at, cell)) = unnamed {
            let (value, column) = (shown::quoted(cell.text().trim()), at + 1);
            errors.push(if at < table.header.len() {
                refused(format!("{value} stands in column {column}, which has no name"))
                    .hint("name the column in the first line, or empty the cell")
            } else {
                refused(format!("{value} stands in column {column}, and the header has {}", table.header.len())).hint(
                    "empty the cell; or if a value before it holds what separates cells, put that value in double \
                     quotes",
                )
            });
        } else if cells.len() < named && rows.is_at_end() && !table.ends_with_a_line_end() {
            errors.push(
                refused(format!("the table ends within a row: {} cells of {named}", cells.len()))
                    .hint("if the file was cut off, save it again; if the row is whole, end it with a line end"),
            );
        } else if rows.is_malformed() && rows.source().contains('\n') {
            errors
                .push(refused("a cell in double quotes that ends within another line".to_owned()).hint(
                    "a cell that holds a double quote stands in double quotes, and the one within it is doubled",
                ));
        }
        found.push((line, cells.clone()));
    }
    Ok((found, errors))
}

/// The trimmed text of a cell; `None` when it is empty.
fn filled(text: &str) -> Option<&str> {
    let is_blank = |character: char| character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}');
    Some(text.trim_matches(is_blank)).filter(|trimmed| !trimmed.is_empty())
}

impl<'t> HandRow<'t> {
    /// The file, relative to the root.
    pub(crate) fn file(&self) -> &'t str {
        self.table.name
    }

    /// The trimmed text of a column's cell; `None` when it is empty, or the table does not have the column.
    pub(crate) fn cell(&self, column: &str) -> Option<String> {
        let at = self.table.layout.columns.iter().position(|name| *name == column)?;
        filled(&self.cells.get(self.table.places[at]?)?.text()).map(str::to_owned)
    }

    /// A number, whatever separators the table writes numbers with.
    ///
    /// # Errors
    /// It is no number, has too many digits, or can be read in two ways.
    pub(crate) fn number(&self, column: &str) -> Result<Option<Decimal>> {
        const HINT: &str = "write digits with a decimal point, without thousands separators or signs: 0.006";
        const ONE_WAY: &str = "write all numbers of the table with a decimal point and without thousands separators; \
            or if they are as a culture has them, name it, as with --culture de-DE";
        let Some(text) = self.cell(column) else { return Ok(None) };
        let shown_cell = || format!("{column} {}", shown::quoted(&text));
        let kind = separator_of(&text);
        let has_comma = matches!(kind, Separator::Comma | Separator::CommaOrGroup);
        let table = self.table;
        let culture = table.culture.map_or("", |culture| culture.name);
        let plain = match &table.decimals {
            _ if kind == Separator::None => Cow::Borrowed(text.as_str()),
            Decimals::Point => Cow::Owned(text.replace(',', "")),
            Decimals::Comma => Cow::Owned(text.replace('.', "").replacen(',', ".", 1)),
            Decimals::Ambiguous => {
                let separators = [',', '.'];
                let (parts, whole) = (text.replace(separators, "."), text.replace(separators, ""));
                let what = format!("{} may be {} or {}", shown_cell(), shown::value(&parts), shown::value(&whole));
                return Err(self.refused(what).hint(ONE_WAY));
            }
            Decimals::Mixed(point, line) if has_comma => {
                let what = format!("{} has a comma, and {} in row {line} a point", shown_cell(), shown::quoted(point));
                return Err(self.refused(format!("{what}: one of them may stand between thousands")).hint(ONE_WAY));
            }
            Decimals::AgainstCulture if has_comma => {
                let what = format!("{} has a decimal comma, and the culture {culture} has none", shown_cell());
                return Err(self.refused(what).hint(ONE_WAY));
            }
            Decimals::Mixed(..) | Decimals::AgainstCulture => Cow::Borrowed(text.as_str()),
        };
        let number = decimal(&plain).map_err(|reason| match reason {
            NoDecimal::Unreadable => self.wrong(column, &text, "no number", HINT),
            NoDecimal::TooLong => self.wrong(
                column,
                &text,
                "a number with too many digits",
                "write at most 28 digits: 20 before the point, and 18 behind it",
            ),
        })?;
        Ok(Some(number))
    }

    /// A UTC day, in the date order of the table; a midnight after it is ignored.
    ///
    /// # Errors
    /// It is none, has a time of day, or can be read in two ways. `hint` says what to write.
    pub(crate) fn day(&self, column: &str, hint: &str) -> Result<Option<Day>> {
        let Some(text) = self.cell(column) else { return Ok(None) };
        match self.in_order(column, &text, readings(&text))? {
            Some(day) => Ok(Some(day)),
            None if readings(&text).has_time => Err(self.wrong(column, &text, "a time of day, and no day", hint)),
            None if is_serial(&text) => Err(self.wrong(
                column,
                &text,
                "a spreadsheet's number of a day",
                "format the column as text, and write each day as 2026-10-01",
            )),
            None => Err(self.wrong(column, &text, "no day", hint)),
        }
    }

    /// A month, or its first day, into which spreadsheets turn a month.
    ///
    /// # Errors
    /// It is no month, or can be read in two ways.
    pub(crate) fn month(&self, column: &str) -> Result<Option<Month>> {
        const HINT: &str =
            "write a UTC month as 2026-10; a spreadsheet makes a date of that, unless the column is formatted as text";
        let Some(text) = self.cell(column) else { return Ok(None) };
        if let Some(month) = month_of(&text) {
            return Ok(Some(month));
        }
        let readings = readings(&text);
        match self.in_order(column, &text, readings.of_months())? {
            Some(day) => Ok(Some(day.month())),
            None if readings.day_first.or(readings.month_first).is_some() => {
                Err(self.wrong(column, &text, "a day within a month, and no month", HINT))
            }
            None => Err(self.wrong(column, &text, "no month", HINT)),
        }
    }

    /// Decides between the two readings of a date, by the table or the culture.
    fn in_order(&self, column: &str, text: &str, readings: Readings) -> Result<Option<Day>> {
        const ONE_WAY: &str =
            "write each day as 2026-10-01; or if they are as a culture has them, name it, as with --culture en-US";
        let shown_cell = || format!("{column} {}", shown::quoted(text));
        let (day_first, month_first) = match (readings.day_first, readings.month_first) {
            (Some(one), Some(other)) if one != other => (one, other),
            (one, other) => {
                let culture = self.table.culture.map_or("", |culture| culture.name);
                let is_other_order = match self.table.dates {
                    Dates::AgainstCulture(DateOrder::DayFirst) => {
                        one.is_some() && other.is_none() && !readings.is_by_points
                    }
                    Dates::AgainstCulture(DateOrder::MonthFirst) => one.is_none() && other.is_some(),
                    _ => false,
                };
                if let Dates::AgainstCulture(order) = &self.table.dates
                    && is_other_order
                {
                    let what = format!("{} is a day only with the {}", shown_cell(), order.as_str());
                    return Err(self
                        .refused(format!("{what}, and the culture {culture} has it otherwise"))
                        .hint(ONE_WAY));
                }
                if let (Dates::Mixed(day, line), None, Some(_)) = (&self.table.dates, one, other) {
                    let what = format!(
                        "{} begins with the month, and {} in row {line} with the day",
                        shown_cell(),
                        shown::quoted(day)
                    );
                    return Err(self.refused(what).hint(ONE_WAY));
                }
                return Ok(one.or(other));
            }
        };
        match &self.table.dates {
            Dates::Ordered(DateOrder::DayFirst) => Ok(Some(day_first)),
            Dates::Ordered(DateOrder::MonthFirst) => Ok(Some(month_first)),
            _ => {
                let shown = |day: Day| {
                    if self.table.layout.months.contains(&column) { day.month().to_string() } else { day.to_string() }
                };
                let what = format!("{} may be {} or {}", shown_cell(), shown(day_first), shown(month_first));
                Err(self.refused(what).hint(ONE_WAY))
            }
        }
    }

    /// The text of a cell that must not be empty.
    ///
    /// # Errors
    /// The cell is empty.
    pub(crate) fn required(&self, column: &str, hint: &str) -> Result<String> {
        self.cell(column).ok_or_else(|| self.refused(format!("`{column}` is empty")).hint(hint))
    }

    /// The refusal of what a cell says.
    pub(crate) fn wrong(&self, column: &str, found: &str, what: &str, hint: &str) -> Error {
        self.refused(format!("{column} {} is {what}", shown::quoted(found))).hint(hint)
    }

    pub(crate) fn refused(&self, message: impl Into<String>) -> Error {
        Error::input(message).at_line(self.table.name, self.line, 1)
    }
}

/// How a number is written. Several groups of three digits prove what the separator is.
fn separator_of(text: &str) -> Separator {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_grouped_by = |separator: char| {
        let mut groups = digits.split(separator);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|group| group.len() == 3)
    };
    let (commas, points) = (digits.matches(',').count(), digits.matches('.').count());
    match separator(digits) {
        Separator::None => Separator::None,
        _ if commas > 1 && points == 0 && is_grouped_by(',') => Separator::Point,
        _ if points > 1 && commas == 0 && is_grouped_by('.') => Separator::Comma,
        _ if commas > 0 && points > 0 => {
            // `1.234,5`: the first separator separates thousands, and does so throughout.
            let (group, part, kind) = if digits.find(',') < digits.find('.') {
                (',', '.', Separator::Point)
            } else {
                ('.', ',', Separator::Comma)
            };
            let whole = digits.split(part).next().unwrap_or_default();
            let mut groups = whole.split(group);
            let is_grouped =
                groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|each| each.len() == 3);
            let is_parted_once = digits.matches(part).count() == 1;
            if is_grouped && is_parted_once { kind } else { Separator::None }
        }
        _ if commas > 1 || points > 1 => Separator::None,
        kind => kind,
    }
}

/// What a date may mean.
#[derive(Clone, Copy, Debug, Default)]
struct Readings {
    day_first: Option<Day>,
    month_first: Option<Day>,
    /// Whether it says a time of day other than midnight UTC.
    has_time: bool,
    /// `01.10.2026`: no culture begins such a date with its month.
    is_by_points: bool,
}

impl Readings {
    /// The readings that are the first day of a month.
    fn of_months(self) -> Self {
        let first = |day: &Day| day.month().first_day() == *day;
        Self { day_first: self.day_first.filter(first), month_first: self.month_first.filter(first), ..self }
    }
}

fn readings(text: &str) -> Readings {
    let mut has_time = false;
    let [day_first, month_first] = [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| {
        let (day, is_midnight) = printed_day(text, order)?;
        has_time |= !is_midnight;
        is_midnight.then_some(day)
    });
    Readings { day_first, month_first, has_time, is_by_points: text.contains('.') && !text.contains(['/', '-']) }
}

/// `2026-10`, `10/2026`, `10.2026`: a year of four digits and a month, in either order.
fn month_of(text: &str) -> Option<Month> {
    let (first, second) = text.split_once(['-', '/', '.'])?;
    let (year, month) = if first.len() == 4 { (first, second) } else { (second, first) };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_shaped = year.len() == 4 && matches!(month.len(), 1 | 2) && is_number(year) && is_number(month);
    is_shaped.then(|| Month::parse(&format!("{year}-{month:0>2}"))).flatten()
}
