//! The description of a table and its columns.

use std::fmt;
use std::marker::PhantomData;

use crate::domain::{Amount, Charge, Day, Hour, Month, Quantity};

/// The published texts of all values of an enum, in its order: the closed list of a column.
macro_rules! texts_of {
    ($type:ty) => {{
        const TEXTS: [&str; <$type>::ALL.len()] = {
            let mut texts = [""; <$type>::ALL.len()];
            let mut at = 0;
            while at < texts.len() {
                texts[at] = <$type>::ALL[at].as_str();
                at += 1;
            }
            texts
        };
        &TEXTS
    }};
}
pub(crate) use texts_of;

/// The type of a column, as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// `DATE32`. In CSV as `2026-10-05`.
    Date,
    /// `DATE32`, a month as its first day. In CSV as `2026-10`.
    Month,
    /// Microseconds, UTC.
    Timestamp,
    /// `INT64`.
    Integer,
    /// `DECIMAL(38,18)`.
    Decimal,
    /// `DECIMAL(38,10)`.
    Charge,
    /// `DECIMAL(18,4)`, exactly the fixed decimal of Power BI.
    Amount,
    Boolean,
}

impl Kind {
    /// The name in `schemas/*.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Month => "month",
            Self::Timestamp => "timestamp_us_utc",
            Self::Integer => "int64",
            Self::Decimal => "decimal(38,18)",
            Self::Charge => "decimal(38,10)",
            Self::Amount => "decimal(18,4)",
            Self::Boolean => "boolean",
        }
    }
}

/// One column of a published table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
    /// Empty for ids and texts.
    pub unit: &'static str,
    pub meaning: &'static str,
    /// All possible values, where that is a closed list; otherwise empty.
    pub values: &'static [&'static str],
}

/// A column with typed cells: code that writes or reads it with another type does not compile.
///
/// `T` is the type of a cell: `str`, `Day`, `Month`, `Hour`, `i64`, `Quantity`, `Charge`, `Amount` or `bool`.
pub struct Typed<T: ?Sized> {
    column: Column,
    cells: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Clone for Typed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Typed<T> {}

impl<T: ?Sized> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.column.name)
    }
}

impl<T: CellType + ?Sized> Typed<T> {
    pub(super) const fn new(name: &'static str, meaning: &'static str) -> Self {
        let column = Column { name, kind: T::KIND, nullable: false, unit: "", meaning, values: &[] };
        Self { column, cells: PhantomData }
    }

    /// The same, with its closed list of values.
    pub(super) const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.column.values = values;
        self
    }

    pub(super) const fn nullable(mut self) -> Self {
        self.column.nullable = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.column.nullable = false;
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.column.unit = unit;
        self
    }

    /// The same column, with the meaning that one table gives it.
    pub(super) const fn meaning(mut self, meaning: &'static str) -> Self {
        self.column.meaning = meaning;
        self
    }

    /// Its entry in the contract.
    pub const fn column(self) -> Column {
        self.column
    }
}

impl<T: ?Sized> Typed<T> {
    pub const fn name(self) -> &'static str {
        self.column.name
    }
}

/// A column of a table, whatever its type.
pub trait AnyColumn: Sync {
    fn column_name(&self) -> &'static str;
}

impl<T: ?Sized> AnyColumn for Typed<T> {
    fn column_name(&self) -> &'static str {
        self.column.name
    }
}

impl AnyColumn for Column {
    fn column_name(&self) -> &'static str {
        self.name
    }
}

/// The types of cells in published tables.
pub trait CellType {
    const KIND: Kind;
    /// A cell in code.
    type Cell<'a>;
}

macro_rules! cell_types {
    ($($cell:ty: $kind:ident),*) => {
        $(impl CellType for $cell {
            const KIND: Kind = Kind::$kind;
            type Cell<'a> = $cell;
        })*
    };
}
cell_types!(
    Day: Date, Month: Month, Hour: Timestamp, i64: Integer, Quantity: Decimal, Charge: Charge, Amount: Amount,
    bool: Boolean
);

impl CellType for str {
    const KIND: Kind = Kind::Text;
    type Cell<'a> = &'a str;
}

/// The contract of one published table. Rows are sorted by the first `sorted_by` columns in order, nulls first, text by
/// bytes.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    /// What one row stands for.
    pub row: &'static str,
    pub columns: &'static [Column],
    pub sorted_by: usize,
}

impl Table {
    /// All its columns, for reading.
    pub fn all(&'static self) -> Vec<&'static dyn AnyColumn> {
        self.columns.iter().map(|column| column as &dyn AnyColumn).collect()
    }

    /// Whether a column is one of it.
    pub fn has<T: ?Sized>(&self, column: Typed<T>) -> bool {
        self.columns.iter().any(|declared| declared.name == column.name())
    }
}
