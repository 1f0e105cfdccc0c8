//! Settings that choose one of a few values, as flags and in a settings file.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use crate::domain::{AttributeAt, Granularity, Rounding, Tiering};

impl ValueEnum for AttributeAt {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Forwarded, Self::Usage]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Tiering {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Graduated, Self::Volume]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Graduated => "graduated",
            Self::Volume => "volume",
        }))
    }
}

impl ValueEnum for Rounding {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Down, Self::HalfUp, Self::HalfEven]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Down => "down",
            Self::HalfUp => "half-up",
            Self::HalfEven => "half-even",
        }))
    }
}

/// What becomes of exports whose windows lie in another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    Refuse,
    Wider,
}

/// A granularity as settings spell it: the usage API, and what is published, have it with a capital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GranularityChoice {
    Hourly,
    Daily,
}

impl From<GranularityChoice> for Granularity {
    fn from(choice: GranularityChoice) -> Self {
        match choice {
            GranularityChoice::Hourly => Self::Hourly,
            GranularityChoice::Daily => Self::Daily,
        }
    }
}

/// A fact that is published as flat CSV only where that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CsvFact {
    Hourly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}
