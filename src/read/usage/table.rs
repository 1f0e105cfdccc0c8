//! Usage as a table, as `Export-Csv` and related scripts write it (reference §3).
//!
//! The header says which column is which, in any order and any case. How times and numbers are written is decided once
//! per file, over all its rows, by `survey`.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

use super::lines::Body;
use super::repeated_tables::RepeatedTables;
use super::survey::Survey;
use crate::error::suggest::suggestion;
use crate::error::{Error, Result};
use crate::read::format::csv::{Cell, CsvRecords, CsvText};
use crate::read::format::row::{InstanceText, PARTS, RawRow, Value};
use crate::read::format::shape::Shape;

/// A table of usage: which column holds what.
#[derive(Debug)]
pub(super) struct UsageTable<'a> {
    table: CsvText<'a>,
    pub shape: Shape,
    columns: Columns,
}

#[derive(Clone, Debug)]
struct Columns {
    user_subscription: usize,
    meter: usize,
    start: usize,
    end: usize,
    quantity: usize,
    id: Option<usize>,
    instance: Instance,
    /// Columns that only usage of public Azure fills, all of them.
    public_azure: Option<[usize; 3]>,
    /// Columns whose values have no line breaks.
    one_line: Vec<usize>,
}

/// The columns that describe the resource of a row.
#[derive(Clone, Debug)]
enum Instance {
    Column(usize),
    Parts([Option<usize>; PARTS.len()]),
}

const USER_SUBSCRIPTION: [&str; 2] = ["SubscriptionId", "subscription"];
/// The columns without which a table is no usage, by the names that the cmdlets give them.
pub(super) const REQUIRED: [&str; 5] = ["SubscriptionId", "MeterId", "UsageStartTime", "UsageEndTime", "Quantity"];

impl<'a> UsageTable<'a> {
    /// Finds the columns of a usage table. `None` when the header is of no usage at all.
    ///
    /// # Errors
    /// The text is no table, or lacks a column without which usage is none.
    pub(super) fn parse(name: &'a str, text: &'a str) -> Result<Option<Self>> {
        let table = CsvText::parse(name, text)?;
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
                Some(_) => Err(Error::input(
                    "a table of nested rows, which `Export-Csv` printed as the names of their types: their values are \
                     lost",
                )
                .at(name)
                .hint("export the rows themselves: `… | ConvertTo-Json -Depth 10 | Out-File usage.json`")),
            };
        }
        if !missing.is_empty() {
            let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
            let meant = suggestion(missing[0], &header);
            return Err(Error::input(format!("a table of usage without the column {}", missing.join(", ")))
                .at_line(name, 1, 1)
                .hint(format!(
                    "its columns are {}{meant}: export it again with all of {}",
                    crate::domain::shown::list(&header),
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
            public_azure: match ["MeterCategory", "MeterSubCategory", "Unit"].map(|name| table.column(&[name])) {
                [Some(category), Some(sub_category), Some(unit)] => Some([category, sub_category, unit]),
                _ => None,
            },
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

    /// The same table with rows from another place of its file: a text of whole rows, which begins in this line.
    pub(super) fn with_rows<'b>(&self, text: &'b str, first_line: usize) -> UsageTable<'b>
    where
        'a: 'b,
    {
        let (table, columns) = (self.table.with_rows(text, first_line), self.columns.clone());
        UsageTable { table, shape: self.shape, columns }
    }

    /// The text of its header.
    pub(super) fn header_text(&self) -> &'a str {
        self.table.header_text()
    }

    /// Where the rows begin in the text.
    pub(super) fn body(&self) -> usize {
        self.table.body()
    }

    /// Where the text ends.
    pub(super) fn end(&self) -> usize {
        self.table.body() + self.table.body_text().len()
    }

    /// The rows, each read from the first on by [`UsageRows::next`].
    pub(super) fn rows(&self) -> UsageRows<'_, 'a> {
        UsageRows { usage_table: self, rows: self.table.rows(), cells: Vec::new(), instance: String::new() }
    }

    pub(super) fn ends_with_a_line_end(&self) -> bool {
        self.table.ends_with_a_line_end()
    }

    /// Rows that repeat what is before them, and the tables that the text was joined from, where the header is
    /// repeated.
    ///
    /// # Errors
    /// The text is no table from some row on.
    pub(super) fn repeated(&self, is_alone: bool) -> Result<(Vec<Range<u32>>, Vec<Body>)> {
        let body = self.table.body_text();
        let first = body.lines().next().unwrap_or_default();
        let is_again =
            |line: &str, text: &str| !line.is_empty() && memmem::find(text.as_bytes(), line.as_bytes()).is_some();
        if !is_again(first, body.get(first.len()..).unwrap_or_default()) && !is_again(self.table.header_text(), body) {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut repeated = RepeatedTables::new(self.table.header_text(), is_alone);
        let (mut rows, mut cells) = (self.table.rows(), Vec::new());
        while rows.next(&mut cells)? {
            repeated.push(rows.source(), rows.is_behind_header());
        }
        Ok(repeated.finish())
    }

    pub(super) const fn delimiter(&self) -> u8 {
        self.table.delimiter
    }

    /// Adds the times and quantities of all rows to a survey. Returns where the last good row ends.
    ///
    /// # Errors
    /// The text is no table from there on.
    pub(super) fn survey(&self, surveyed: &mut SurveyedTable) -> (usize, Result<()>) {
        let (mut rows, mut cells) = (self.table.rows(), Vec::new());
        loop {
            let place = rows.place();
            match rows.next(&mut cells) {
                Ok(true) => {}
                Ok(false) => return (rows.place(), Ok(())),
                Err(error) => return (place, Err(error)),
            }
            let Columns { user_subscription, meter, start, end, quantity, .. } = self.columns;
            if cells.len() != self.table.header.len() || rows.is_malformed() {
                continue;
            }
            let cell = |at: usize| cells[at].source();
            // A row that is set aside in any case says nothing.
            let is_usable = [user_subscription, meter].into_iter().all(|at| !cell(at).trim().is_empty())
                && cell(quantity).trim().starts_with(|first: char| first.is_ascii_digit() || first == '+');
            if is_usable {
                surveyed.has_usable = true;
                surveyed.usable.note(cell(start), cell(end));
                surveyed.usable.note_quantity(cell(quantity));
            } else {
                surveyed.unusable.note(cell(start), cell(end));
            }
        }
    }
}

/// What the rows of a table say about times and numbers.
#[derive(Debug, Default)]
pub(super) struct SurveyedTable {
    usable: Survey,
    unusable: Survey,
    has_usable: bool,
}

impl SurveyedTable {
    /// Adds what the rows behind say.
    pub(super) fn merge(&mut self, behind: Self) {
        self.usable.merge(behind.usable);
        self.unusable.merge(behind.unusable);
        self.has_usable |= behind.has_usable;
    }

    /// What all rows say. Where none is usable, each is set aside for its own reason.
    pub(super) fn of_all(self) -> Survey {
        if self.has_usable { self.usable } else { self.unusable }
    }
}

/// Which shape a table with these columns has.
fn shape_of(table: &CsvText<'_>, columns: &Columns) -> Shape {
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
pub(super) struct UsageRows<'t, 'a> {
    usage_table: &'t UsageTable<'a>,
    rows: CsvRecords<'t, 'a>,
    cells: Vec<Cell<'a>>,
    instance: String,
}

impl<'a> UsageRows<'_, 'a> {
    /// The place behind the row that was read last.
    pub(super) fn place(&self) -> usize {
        self.rows.place()
    }

    /// The row that was read last, as it stands in the file.
    pub(super) fn source(&self) -> &'a str {
        self.rows.source()
    }

    /// The text behind that row.
    pub(super) fn rest(&self) -> &'a str {
        self.rows.rest()
    }

    /// Passes over a row of so many bytes that is known.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.rows.pass(bytes);
    }

    /// The row that was read last with its line end, and its usage's start, end and quantity as they stand in it.
    pub(super) fn values(&self) -> (&'a str, [&'a str; 3]) {
        let Columns { start, end, quantity, .. } = self.usage_table.columns;
        (self.rows.whole_source(), [start, end, quantity].map(|at| self.cells[at].source()))
    }

    /// Whether the header was repeated before that row, or before the end of the text.
    pub(super) fn is_behind_header(&self) -> bool {
        self.rows.is_behind_header()
    }

    /// The next row; for a row with too few or too many cells its text, as an inner error.
    ///
    /// # Errors
    /// A double quote that is never closed, or a truncated last row.
    pub(super) fn next(&mut self) -> Result<Option<Result<RawRow<'_>, String>>> {
        if !self.rows.next(&mut self.cells)? {
            return Ok(None);
        }
        let (table, columns) = (&self.usage_table.table, &self.usage_table.columns);
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
        // A line break in a column that has none: a missing quote swallowed the rows after it.
        let swallows = |at: &usize| self.cells[*at].source().contains('\n');
        let has_line_break = memchr(b'\n', self.rows.source().as_bytes()).is_some();
        if self.rows.is_malformed() || has_line_break && columns.one_line.iter().any(swallows) {
            return Ok(Some(Err(self.rows.source().to_owned())));
        }
        let cell = |at: usize| self.cells[at];
        let instance = match columns.instance {
            Instance::Column(at) => InstanceText::from_cell(cell(at)).into(),
            Instance::Parts(places) => {
                InstanceText::write_parts(&mut self.instance, places.into_iter().map(|at| at.map(cell)));
                Cow::Borrowed(self.instance.as_str())
            }
        };
        let value = |at: usize| Value::from_cell(cell(at));
        Ok(Some(Ok(RawRow {
            id: columns.id.map_or(Value::Absent, value),
            user_subscription: value(columns.user_subscription),
            usage_start: value(columns.start),
            usage_end: value(columns.end),
            quantity: value(columns.quantity),
            meter: value(columns.meter),
            instance,
            is_of_public_azure: columns
                .public_azure
                .is_some_and(|places| places.into_iter().all(|at| !self.cells[at].source().trim().is_empty())),
        })))
    }
}
