//! What a table and a column of it are.

/// The published texts of all values of an enum, in its own order: what a column can have.
macro_rules! texts_of {
    ($own:ty) => {{
        const TEXTS: [&str; <$own>::ALL.len()] = {
            let mut texts = [""; <$own>::ALL.len()];
            let mut at = 0;
            while at < texts.len() {
                texts[at] = <$own>::ALL[at].as_str();
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
    /// `DATE32`; a month is its first day (in CSV `2026-10`).
    Date,
    /// As a date, but a month.
    Month,
    /// Microseconds, UTC.
    Timestamp,
    /// `INT64`.
    Integer,
    /// `DECIMAL(38,18)`.
    Decimal,
    /// `DECIMAL(38,10)`.
    Charge,
    /// `DECIMAL(18,4)`: the fixed decimal of Power BI holds it exactly.
    Amount,
    Boolean,
}

impl Kind {
    /// As `schemas/*.csv` writes it.
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
    /// `` for ids and texts.
    pub unit: &'static str,
    pub meaning: &'static str,
    /// All values that it can have, where that is a closed list; else none.
    pub values: &'static [&'static str],
}

impl Column {
    pub(super) const fn new(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, nullable: false, unit: "", meaning, values: &[] }
    }

    /// The same, with its closed list of values.
    pub(super) const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    pub(super) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }
}

/// The contract of one published table. Rows are sorted by the first `sorted_by` columns in order, nulls first, text by
/// bytes.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    /// One row is one of these.
    pub row: &'static str,
    pub columns: &'static [Column],
    pub sorted_by: usize,
}
