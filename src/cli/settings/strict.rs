//! `strict`: which findings are refused. The flag may stand alone, and a settings file may say `true`: all of them.

use std::fmt;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::finding::Severity;

/// The findings that are refused: none, or those of a severity and all that are graver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strict(pub Option<Severity>);

impl ValueEnum for Strict {
    fn value_variants<'a>() -> &'a [Self] {
        const VARIANTS: [Strict; 4] = [
            Strict(None),
            Strict(Some(Severity::Note)),
            Strict(Some(Severity::Warning)),
            Strict(Some(Severity::Error)),
        ];
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            None => PossibleValue::new("false"),
            Some(Severity::Note) => PossibleValue::new("note").alias("true"),
            Some(severity) => PossibleValue::new(severity.as_str()),
        })
    }
}

impl fmt::Display for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("false", Severity::as_str))
    }
}

impl Serialize for Strict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_bool(false),
            Some(Severity::Note) => serializer.serialize_bool(true),
            Some(severity) => serializer.serialize_str(severity.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfFile;

        impl Visitor<'_> for OfFile {
            type Value = Strict;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, \"note\", \"warning\" or \"error\"")
            }

            fn visit_bool<E: Error>(self, is_strict: bool) -> Result<Strict, E> {
                Ok(Strict(is_strict.then_some(Severity::Note)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Strict, E> {
                let severity = Severity::parse(text);
                severity.map_or_else(
                    || Err(E::invalid_value(Unexpected::Str(text), &self)),
                    |severity| Ok(Strict(Some(severity))),
                )
            }
        }

        deserializer.deserialize_any(OfFile)
    }
}
