//! Rows to be published, with columns bound by name.
//!
//! The columns of a table can be given in any order, each with its name and its value for a row; the contract decides
//! the order. A column of another type does not compile. A column that is missing, unknown, duplicate, or null where
//! that is not allowed is an error with its name.
//!
//! ```compile_fail,E0277
//! use stacktally::domain::Quantity;
//! use stacktally::table::contract::columns::STAMP;
//! use stacktally::table::rows::RowSet;
//!
//! // `stamp` is a column of texts, and a quantity is none.
//! RowSet::of(&[Quantity::ZERO]).with(STAMP, |row| *row);
//! ```
//! ```text
//! RowSet::of(&rows)
//!     .with(STAMP, |row| row.stamp.as_str())        ──▶ columns(&COVERAGE)   ──▶ Parquet
//!     .with(USAGE_DATE, |row| row.day)              ──▶ csv(COVERAGE.columns) ──▶ CSV, flat views too
//! ```

use super::arrays::{self, TypedArray};
use super::column::{CellType, Column, Kind, Table, Typed};
use super::csv::{CsvCell, CsvTable, NamedCell};
use super::dictionary_pages::FactColumn;
use crate::domain::{Amount, Charge, Day, Hour, Month, Quantity};
use crate::error::{Error, Result};
use arrow::ArrayRef;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The value of one column for one row.
#[derive(Clone, Debug)]
pub enum RowCell<'r> {
    Cell(CsvCell<'r>),
    /// A text that was made for this row.
    OwnedText(String),
}

impl RowCell<'_> {
    /// A null, whatever the type of its column.
    const NULL: Self = Self::Cell(CsvCell::Text(None));
}

/// The possible values of a column of `T`.
pub trait Says<'r, T: ?Sized> {
    fn cell(self) -> RowCell<'r>;
}

macro_rules! says {
    ($($type:ty: $cell:ident),*) => {
        $(impl<'r> Says<'r, $type> for $type {
            fn cell(self) -> RowCell<'r> {
                RowCell::Cell(CsvCell::$cell(self))
            }
        })*
    };
}
says!(
    Day: Day, Month: Month, Hour: Hour, i64: Integer, Quantity: Quantity, Charge: Charge, Amount: Amount, bool: Boolean
);

impl<'r> Says<'r, str> for &'r str {
    fn cell(self) -> RowCell<'r> {
        RowCell::Cell(CsvCell::Text(Some(self)))
    }
}

impl<'r> Says<'r, str> for String {
    fn cell(self) -> RowCell<'r> {
        RowCell::OwnedText(self)
    }
}

impl<'r, T: ?Sized, S: Says<'r, T>> Says<'r, T> for Option<S> {
    fn cell(self) -> RowCell<'r> {
        self.map_or(RowCell::NULL, S::cell)
    }
}

type SaysOfRow<'r, R> = Box<dyn Fn(&'r R) -> RowCell<'r> + Sync + 'r>;

/// Rows, and the values of each column for them.
pub struct RowSet<'r, R> {
    rows: &'r [R],
    cells: BTreeMap<&'static str, SaysOfRow<'r, R>>,
    /// A column that was given twice.
    twice: Option<&'static str>,
}

impl<'r, R: Sync> RowSet<'r, R> {
    pub fn of(rows: &'r [R]) -> Self {
        Self { rows, cells: BTreeMap::new(), twice: None }
    }

    /// Adds a column with its value for each row; `None` is null.
    pub fn with<T, S>(mut self, column: Typed<T>, of: impl Fn(&'r R) -> S + Sync + 'r) -> Self
    where
        T: CellType + ?Sized,
        S: Says<'r, T>,
    {
        let name = column.name();
        if self.cells.insert(name, Box::new(move |row| of(row).cell())).is_some() {
            self.twice = Some(name);
        }
        self
    }

    /// The columns of a table, in the order of its contract. Other columns are for other tables.
    ///
    /// # Errors
    /// A column of the table was not given, was given twice, or is null where that is not allowed.
    pub fn columns(&self, table: &'static Table) -> Result<TableColumns> {
        // One after another, so that the first column of the table that is wrong is the one that is named.
        let cells = self.of_columns(table.name, table.columns)?;
        let of_column = |(column, of): (&Column, _)| {
            let array = array(column.kind, self.rows.iter().map(of))?;
            if !column.nullable && array.null_count() > 0 {
                return Err(fault(table.name, column.name, "is null in some row, and may not be"));
            }
            Ok(array)
        };
        // The largest dimension has a million rows, so columns are built in parallel.
        let arrays = table.columns.par_iter().zip(cells).map(of_column).collect::<Result<Vec<_>>>()?;
        Ok(TableColumns { table, arrays })
    }

    /// The rows as CSV with these columns. `figures` gives the lines and the quantity of a row, for the proof of the
    /// file.
    ///
    /// # Errors
    /// A column was not given, or was given twice.
    pub fn csv(
        &self,
        name: &str,
        columns: &'static [Column],
        figures: impl Fn(&R) -> (i64, Quantity),
    ) -> Result<CsvTable> {
        let of = self.of_columns(name, columns)?;
        let mut table = CsvTable::new(columns);
        for row in self.rows {
            let cells: Vec<RowCell<'_>> = of.iter().map(|of| of(row)).collect();
            let cells: Vec<NamedCell<'_>> =
                columns.iter().zip(&cells).map(|(column, cell)| (column.name, cell.as_csv())).collect();
            let (lines, quantity) = figures(row);
            table.row(&cells, lines, quantity)?;
        }
        Ok(table)
    }

    fn of_columns(&self, table: &str, columns: &[Column]) -> Result<Vec<&SaysOfRow<'r, R>>> {
        if let Some(name) = self.twice {
            return Err(fault(table, name, "is said twice"));
        }
        let of = |column: &Column| self.cells.get(column.name).ok_or_else(|| fault(table, column.name, "is not said"));
        columns.iter().map(of).collect()
    }
}

impl RowCell<'_> {
    fn as_csv(&self) -> CsvCell<'_> {
        match self {
            Self::Cell(cell) => *cell,
            Self::OwnedText(text) => CsvCell::Text(Some(text)),
        }
    }
}

/// The array of a column. A value of the wrong type cannot be given; a null is refused where it is not allowed.
fn array<'r>(kind: Kind, cells: impl Iterator<Item = RowCell<'r>>) -> Result<ArrayRef> {
    macro_rules! of {
        ($cell:ident) => {
            cells.map(|cell| if let RowCell::Cell(CsvCell::$cell(value)) = cell { Some(value) } else { None })
        };
    }
    match kind {
        Kind::Text => {
            let cells: Vec<RowCell<'_>> = cells.collect();
            let texts = cells.iter().map(|cell| if let CsvCell::Text(text) = cell.as_csv() { text } else { None });
            Ok(arrays::texts(texts).into_array())
        }
        Kind::Date => Ok(arrays::maybe_dates(of!(Day)).into_array()),
        Kind::Month => Ok(arrays::maybe_dates(of!(Month).map(|month| month.map(Month::first_day))).into_array()),
        Kind::Timestamp => Ok(arrays::timestamps(of!(Hour)).into_array()),
        Kind::Integer => Ok(arrays::maybe_integers(of!(Integer)).into_array()),
        Kind::Decimal => Ok(arrays::maybe_quantities(of!(Quantity))?.into_array()),
        Kind::Charge => Ok(arrays::maybe_charges(of!(Charge))?.into_array()),
        Kind::Amount => Ok(arrays::maybe_amounts(of!(Amount))?.into_array()),
        Kind::Boolean => Ok(arrays::booleans(of!(Boolean)).into_array()),
    }
}

/// A bug, and no fault of any input: a table does not follow its contract.
fn fault(table: &str, column: &str, what: &str) -> Error {
    Error::bug(format!("column {column} of table {table} {what}"))
}

/// The columns of a table, in the order of its contract.
#[derive(Clone, Debug)]
pub struct TableColumns {
    table: &'static Table,
    arrays: Vec<ArrayRef>,
}

impl TableColumns {
    /// Columns that are already in the order of the contract, as the writer of facts requires.
    pub fn in_order(table: &'static Table, arrays: Vec<ArrayRef>) -> Self {
        Self { table, arrays }
    }

    pub fn table(&self) -> &'static Table {
        self.table
    }

    pub fn rows(&self) -> usize {
        self.arrays.first().map_or(0, |array| array.len())
    }

    pub fn into_arrays(self) -> Vec<ArrayRef> {
        self.arrays
    }
}

/// Columns given one by one, by name: as arrays, or as ranks for facts.
pub struct ByName<C> {
    table: &'static Table,
    columns: Vec<Option<C>>,
    fault: Option<(&'static str, &'static str)>,
}

impl<C> ByName<C> {
    pub fn of(table: &'static Table) -> Self {
        Self { table, columns: table.columns.iter().map(|_| None).collect(), fault: None }
    }

    fn put(mut self, name: &'static str, made: C) -> Self {
        let place = self.table.columns.iter().position(|column| column.name == name);
        match place.map(|place| self.columns[place].replace(made)) {
            Some(None) => {}
            Some(Some(_)) => self.fault = Some((name, "is said twice")),
            None => self.fault = Some((name, "is not one of it")),
        }
        self
    }

    /// All of them, in the order of the contract.
    ///
    /// # Errors
    /// A column of the table is missing, was given twice, or is unknown.
    pub fn finish(self) -> Result<Vec<C>> {
        let Self { table, columns, fault: found } = self;
        if let Some((column, what)) = found {
            return Err(fault(table.name, column, what));
        }
        let named = table.columns.iter().zip(columns);
        named.map(|(column, made)| made.ok_or_else(|| fault(table.name, column.name, "is not said"))).collect()
    }
}

impl ByName<ArrayRef> {
    /// Adds the array of a column.
    pub fn array<T: CellType + ?Sized>(self, column: Typed<T>, array: TypedArray<T>) -> Self {
        self.put(column.name(), array.into_array())
    }
}

/// The columns of a fact as ranks, in the order of its contract.
pub struct Facts<'a> {
    table: &'static Table,
    columns: Vec<FactColumn<'a>>,
}

impl<'a> Facts<'a> {
    pub fn table(&self) -> &'static Table {
        self.table
    }

    pub fn columns(&self) -> &[FactColumn<'a>] {
        &self.columns
    }
}

impl<'a> ByName<FactColumn<'a>> {
    /// All of them, as [`ByName::finish`] returns them.
    ///
    /// # Errors
    /// As [`ByName::finish`].
    pub fn facts(self) -> Result<Facts<'a>> {
        let table = self.table;
        Ok(Facts { table, columns: self.finish()? })
    }

    /// Adds the ranks of a column, which have its type.
    pub fn fact<T: CellType + ?Sized>(mut self, column: Typed<T>, fact: FactColumn<'a>) -> Self {
        if !fact.is_of(T::KIND) {
            self.fault = Some((column.name(), "has ranks of another type"));
        }
        self.put(column.name(), fact)
    }
}
