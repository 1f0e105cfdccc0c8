//! Exports → lines: all files of a stamp, read in parallel, each line handed to its usage day.
//!
//! ```text
//! {"properties":{"subscriptionId":"3F2…","usageStartTime":"2026-10-05T18:00:00+00:00",…,"quantity":2.0,"meterId":"9CD…"}}
//!    ↓
//! day 2026-10-05   slot 18–19   user subscription #0   meter #4   instance #17   2.000000000000000000   row 1
//! ```
//! A line takes 33 bytes, however long its JSON is, and goes to its day ([`DayLines`]) once its file is read. The texts
//! behind the numbers are in [`StampLines`]. Exports that an earlier run knows are taken from there.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::context::{OfExport, OfFile, OfStamp, Threads};
use super::days::DayLines;
use super::export::{self, Declared};
use super::file::{read_file, read_large_file};
use super::lines::{FileLines, PublishedResource};
use super::record::{ExportRecord, FileRecord};
use crate::control::Control;
use crate::domain::ledger::LedgerRules;
use crate::domain::{Finding, Stamp};
use crate::error::Result;
use crate::read::StampFolder;
use crate::read::intern::Interners;
use crate::read::options::Reading;
use crate::store::InputFile;

/// All exports of a stamp, the lines that were read of them, and the texts that these lines' numbers stand for.
#[derive(Debug)]
pub struct StampLines {
    pub stamp: Stamp,
    /// In order of their windows.
    pub exports: Vec<ExportRecord>,
    pub texts: Interners,
    pub days: DayLines,
    /// Resources from published tables, by key: published lines name them.
    pub resources: BTreeMap<i64, PublishedResource>,
    pub findings: Vec<Finding>,
}

/// What an earlier run knows about a stamp's exports, so that they need not be read again.
#[derive(Clone, Debug, Default)]
pub struct PreviousExports {
    /// Unchanged exports of the root, by their folders.
    pub unchanged: BTreeMap<String, ExportRecord>,
    /// Exports that are no longer in the root, but still count.
    pub kept: Vec<ExportRecord>,
}

impl PreviousExports {
    /// The folders of all of them.
    pub fn folders(&self) -> BTreeSet<String> {
        self.unchanged.keys().cloned().chain(self.kept.iter().map(|export| export.folder.clone())).collect()
    }
}

/// Reads all exports of a stamp, and decides which of them count.
///
/// # Errors
/// A file that is no usage; an export that contradicts itself or what it was asked for; exports that describe the same
/// usage twice.
pub fn gather(folder: &StampFolder, reading: &Reading, rules: LedgerRules, control: &Control) -> Result<StampLines> {
    gather_beside(folder, PreviousExports::default(), DayLines::default(), reading, rules, control)
}

/// Reads the exports of a stamp that are not known yet, and decides which of all of them count. Lines go to `days`.
///
/// # Errors
/// As [`gather`].
pub fn gather_beside(
    folder: &StampFolder,
    mut known: PreviousExports,
    days: DayLines,
    reading: &Reading,
    rules: LedgerRules,
    control: &Control,
) -> Result<StampLines> {
    let (texts, threads) = (Interners::default(), Threads::default());
    let (mut declared, mut unread) = (Vec::new(), Vec::new());
    for export in &folder.exports {
        match known.unchanged.remove(&export.folder) {
            Some(unchanged) => unread.push(unchanged.count_again()),
            // Its record is kept.
            None if export.files.is_empty() && known.kept.iter().any(|kept| kept.folder == export.folder) => {}
            None => declared.push(Declared::read(export, reading)?),
        }
    }
    unread.extend(known.kept.into_iter().map(ExportRecord::count_again));
    let mut exports = unread;
    let mut resources = BTreeMap::new();
    let mut declared = declared.into_iter().peekable();
    let of_stamp = OfStamp { reading, texts: &texts, days: &days, threads: &threads, control };
    let read = |batch: &Batch<'_>| batch.read(of_stamp);
    // The results of a batch are brought together while the next one is read.
    let mut bring_together = |batch: Batch<'_>, files: Vec<Result<FileLines>>| -> Result<()> {
        let mut files = files.into_iter();
        for export in batch.exports {
            let mut files = files.by_ref().take(export.files.len()).collect::<Result<Vec<_>>>()?;
            resources.extend(files.iter_mut().flat_map(|file| std::mem::take(&mut file.resources)));
            exports.push(export::export_lines(&folder.stamp, &export, files, &days, reading, &texts)?);
        }
        Ok(())
    };
    let (mut next, mut last) = (0, None);
    loop {
        let batch = (declared.peek().is_some()).then(|| Batch::take(&mut declared, &mut next));
        let (files, brought) = rayon::join(
            || batch.as_ref().map(read),
            || last.take().map_or(Ok(()), |(batch, files)| bring_together(batch, files)),
        );
        brought?;
        match batch.zip(files) {
            Some(read) => last = Some(read),
            None => break,
        }
    }
    let (mut exports, findings) = export::proved(&folder.stamp, exports, rules)?;
    number_files(&mut exports, next as usize);
    Ok(StampLines { stamp: folder.stamp.clone(), exports, texts, days, resources, findings })
}

/// The number of files that are read before their results are brought together: the notes taken while reading are
/// large.
const BATCH_FILES: usize = 128;

/// A few exports, and their files with the numbers that name them in lines, and what their exports say about them.
struct Batch<'a> {
    exports: Vec<Declared<'a>>,
    files: Vec<(u32, &'a InputFile, OfExport)>,
}

impl<'a> Batch<'a> {
    /// Takes the next exports; `next` is the number of the first file.
    fn take(declared: &mut impl Iterator<Item = Declared<'a>>, next: &mut u32) -> Self {
        let mut batch = Self { exports: Vec::new(), files: Vec::new() };
        while batch.files.len() < BATCH_FILES
            && let Some(export) = declared.next()
        {
            let of_export = OfExport { window: export.window(), is_alone: export.files.len() == 1 };
            batch.files.extend((*next..).zip(&export.files).map(|(number, file)| (number, *file, of_export)));
            *next += export.files.len() as u32;
            batch.exports.push(export);
        }
        batch
    }

    /// Reads its files. A large one is read by all threads at once: only one at a time is in memory, and only pieces of
    /// it.
    fn read(&self, of_stamp: OfStamp<'_>) -> Vec<Result<FileLines>> {
        let of_file =
            |&(number, file, of_export): &(u32, &'a InputFile, OfExport)| OfFile { file, number, of_export, of_stamp };
        let whole: Vec<Result<Option<FileLines>>> =
            self.files.par_iter().map(|file| read_whole(of_file(file))).collect();
        let read = |(whole, file): (Result<Option<FileLines>>, &(u32, &'a InputFile, OfExport))| {
            if let Some(lines) = whole? {
                return Ok(lines);
            }
            let lines = read_large_file(of_file(file))?;
            of_stamp.control.advance();
            Ok(lines)
        };
        whole.into_iter().zip(&self.files).map(read).collect()
    }
}

/// Reads a file as a whole; `None` when it is too large for that.
fn read_whole(of: OfFile<'_>) -> Result<Option<FileLines>> {
    let OfStamp { threads, control, days, .. } = of.of_stamp;
    control.check()?;
    let Some(mut lines) = threads.with(|thread| read_file(of, thread))? else { return Ok(None) };
    lines.number = of.number;
    // Content that may repeat another file is held back.
    if lines.is_plain() {
        lines.hand_over(days)?;
    }
    control.advance();
    Ok(Some(lines))
}

/// Numbers the files of known exports, after those that were read.
fn number_files(exports: &mut [ExportRecord], read: usize) {
    let files = exports.iter_mut().flat_map(ExportRecord::all_files_mut);
    for (number, file) in (read as u32..).zip(files.filter(|file| file.number == FileRecord::UNREAD)) {
        file.number = number;
    }
}
