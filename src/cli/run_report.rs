//! A run that has ended, in success or failure: what logs, summary and metrics report.

use std::path::Path;

use super::clock::ClockTime;
use super::exit;
use crate::error::{Error, Result};
use crate::pipeline::Outcome;

/// A run or a check that has ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// `run` or `check`.
    pub command: &'static str,
    /// Where it published; `None` for a check, or when that was unknown.
    pub out: Option<&'a Path>,
    pub result: &'a Result<Outcome>,
    pub started: ClockTime,
    pub finished: ClockTime,
    pub duration_ms: u64,
    pub steps: Vec<StepTime>,
}

impl Ended<'_> {
    pub fn exit_code(&self) -> u8 {
        self.result.as_ref().map_or_else(|error| exit::of_failure(error.kind), exit::of_outcome)
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        self.result.as_ref().ok()
    }

    pub fn error(&self) -> Option<&Error> {
        self.result.as_ref().err()
    }
}

/// A step that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTime {
    pub name: &'static str,
    pub duration_ms: u64,
}
