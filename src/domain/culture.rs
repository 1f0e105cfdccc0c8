//! Cultures as .NET names them, and how each reads a table: whether a date written `a/b/yyyy` begins with its day or
//! its month, what the decimal mark is, and how the halves of a day are written.
//!
//! Source: `cultures.tsv`, made from the Unicode CLDR. .NET follows it, and so does Windows, except where the file
//! marks both variants.

use serde::{Serialize, Serializer};

/// The part that a date begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
    /// Matters only where a year has two digits.
    YearFirst,
}

impl DateOrder {
    pub const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];

    /// The name in messages and in the receipt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "day first",
            Self::MonthFirst => "month first",
            Self::YearFirst => "year first",
        }
    }
}

/// The decimal mark of a culture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    Point,
    Comma,
    /// One mark in the CLDR, the other in Windows.
    Either,
}

/// A culture by its name, such as `de-DE`; it is serialised as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Culture {
    pub name: &'static str,
    pub date_order: DateOrder,
    pub decimal: DecimalMark,
}

impl Serialize for Culture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl Culture {
    /// The culture of that name, in any case.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.eq_ignore_ascii_case(INVARIANT.name) {
            return Some(INVARIANT);
        }
        rows().find(|row| row.name.eq_ignore_ascii_case(name)).map(|row| Self {
            name: row.name,
            date_order: row.date_order,
            decimal: row.decimal,
        })
    }

    /// The names of all cultures, sorted.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = rows().map(|row| row.name).chain([INVARIANT.name]).collect();
        names.sort_unstable();
        names
    }
}

/// The culture that .NET uses when none is set.
const INVARIANT: Culture =
    Culture { name: "invariant", date_order: DateOrder::MonthFirst, decimal: DecimalMark::Point };

const TABLE: &str = include_str!("cultures.tsv");

struct CultureRow {
    name: &'static str,
    date_order: DateOrder,
    decimal: DecimalMark,
    designators: [&'static str; 2],
}

/// The rows of the table, without its note and its header.
fn rows() -> impl Iterator<Item = CultureRow> {
    TABLE.lines().skip(2).map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next().expect("a row of cultures.tsv has nine cells");
        let (name, first, decimal) = (next(), next(), next());
        let _patterns = [next(), next(), next()];
        CultureRow {
            name,
            date_order: match first {
                "day" => DateOrder::DayFirst,
                "month" => DateOrder::MonthFirst,
                _ => DateOrder::YearFirst,
            },
            decimal: match decimal {
                "." => DecimalMark::Point,
                "," => DecimalMark::Comma,
                _ => DecimalMark::Either,
            },
            designators: [next(), next()],
        }
    })
}

/// Before noon or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfDay {
    Morning,
    Afternoon,
}

/// The half of a day that some culture writes so, whatever its case, points and blanks; `None` when none does. No text
/// means one half here and the other there.
pub fn half_day(text: &str) -> Option<HalfDay> {
    let bare = bare(text);
    match bare.as_str() {
        "" => None,
        "am" => Some(HalfDay::Morning),
        "pm" => Some(HalfDay::Afternoon),
        _ => rows().find_map(|row| {
            let [morning, afternoon] = row.designators.map(self::bare);
            if bare == morning { Some(HalfDay::Morning) } else { (bare == afternoon).then_some(HalfDay::Afternoon) }
        }),
    }
}

/// A designator without its case, points and blanks.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace() && *character != '.')
        .flat_map(char::to_lowercase)
        .collect()
}
