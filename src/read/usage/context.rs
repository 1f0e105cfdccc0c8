//! What each file of a stamp is read with.

use std::sync::{Mutex, PoisonError};

use super::days::DayLines;
use super::fast_rows::Memory;
use crate::control::Control;
use crate::domain::Window;
use crate::read::format::text::Buffers;
use crate::read::intern::Interners;
use crate::read::options::Reading;
use crate::store::InputFile;

/// What all files of a stamp are read with.
#[derive(Clone, Copy)]
pub(super) struct OfStamp<'a> {
    pub reading: &'a Reading,
    pub texts: &'a Interners,
    pub days: &'a DayLines,
    pub threads: &'a Threads,
    pub control: &'a Control,
}

/// A file, and what its stamp and its export say about it.
#[derive(Clone, Copy)]
pub(super) struct OfFile<'a> {
    pub file: &'a InputFile,
    /// The number that its lines name it by.
    pub number: u32,
    pub of_export: OfExport,
    pub of_stamp: OfStamp<'a>,
}

/// What the export says about its file.
#[derive(Clone, Copy, Debug)]
pub(in crate::read) struct OfExport {
    /// The reported window of the export.
    pub window: Option<Window>,
    /// Whether it is the only file of its export.
    pub is_alone: bool,
}

/// What a reading thread reuses from file to file.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub memory: Memory,
    pub buffers: Buffers,
}

/// Buffers of reading threads: each file reuses what the one before it left.
#[derive(Debug, Default)]
pub(super) struct Threads(Mutex<Vec<Thread>>);

impl Threads {
    /// Does something with the buffers of a thread.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Thread) -> T) -> T {
        let threads = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut thread = threads().pop().unwrap_or_default();
        let result = work(&mut thread);
        threads().push(thread);
        result
    }
}
