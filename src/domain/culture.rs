//! Cultures as .NET names them, and the two things of each that decide how a table is read: whether a date written
//! `a/b/yyyy` begins with its day or its month, and what separates whole units from fractions.
//!
//! Facts: the short date patterns and number formats of the Unicode CLDR, which .NET and Windows follow.

/// Whether the day or the month of a date comes first. (A date that begins with its year needs no telling.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
}

impl DateOrder {
    /// As messages and the receipt say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "day first",
            Self::MonthFirst => "month first",
        }
    }
}

/// A culture by its name, such as `de-DE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Culture {
    pub name: &'static str,
    pub date_order: DateOrder,
    pub decimal_comma: bool,
}

impl Culture {
    /// The culture of that name, in any case.
    pub fn of(name: &str) -> Option<Self> {
        let listed = |(names, date_order, decimal_comma): &(&'static str, DateOrder, bool)| {
            let name = names.split_whitespace().find(|own| own.eq_ignore_ascii_case(name.trim()))?;
            Some(Self { name, date_order: *date_order, decimal_comma: *decimal_comma })
        };
        CULTURES.iter().find_map(listed)
    }

    /// The names of all cultures, sorted.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = CULTURES.iter().flat_map(|(names, ..)| names.split_whitespace()).collect();
        names.sort_unstable();
        names
    }
}

const CULTURES: [(&str, DateOrder, bool); 3] = [
    ("en-US en-PH es-PA es-PR es-US fil-PH invariant", DateOrder::MonthFirst, false),
    (
        "da-DK de-AT de-BE de-DE de-LU ca-ES cs-CZ es-AR es-BO es-CL es-CO es-CR es-EC es-ES es-PY es-UY es-VE \
         et-EE fi-FI fr-BE fr-CA fr-FR fr-LU hr-HR hu-HU id-ID is-IS it-IT lt-LT lv-LV nb-NO nl-BE nl-NL nn-NO pl-PL pt-BR \
         pt-PT ro-RO ru-RU sk-SK sl-SI sr-Latn-RS sv-FI sv-SE tr-TR uk-UA vi-VN en-ZA fr-CH",
        DateOrder::DayFirst,
        true,
    ),
    (
        "de-CH de-LI en-AU en-CA en-GB en-IE en-IN en-MY en-NZ en-SG es-DO es-GT es-HN es-MX es-NI es-PE \
         es-SV it-CH ja-JP zh-CN",
        DateOrder::DayFirst,
        false,
    ),
];
