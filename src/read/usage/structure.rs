//! What stands around the rows of a JSON file, taken in piece by piece: pages with their links, lists, rows alone; and
//! what of it repeats.
//!
//! Pages and lists are compared by their length, their ends and what their first and last rows say, and rows by what
//! they say, which costs nothing. Where that finds two that may be equal, the file is read once more, with fingerprints
//! of all of them.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;

use super::lines::{AroundRows, Body, FileLines, LineValues};
use crate::error::Result;
use crate::read::format::documents::{Mark, MarkKind, ScannedPiece};
use crate::read::format::repeated_blocks::RepeatedBlocks;
use crate::store::{Fingerprint, InputFile, RunningFingerprint};

/// What rows are compared by.
#[derive(Clone, Copy)]
pub(super) enum OfRows<'r> {
    /// What they say. What may repeat is enough then: [`Structure::take`] says so, and is not used any more.
    Lines(&'r FileLines),
    /// The fingerprints of their texts. Those of pages and lists are compared, too.
    Fingerprints(&'r [Fingerprint]),
}

/// The structure of a file, up to some piece.
pub(super) struct Structure {
    /// Whether no other file can repeat a part of this one.
    is_alone: bool,
    documents: usize,
    rows: u32,
    loose: usize,
    page: Option<OpenBody>,
    list: Option<OpenList>,
    all_rows: RowsSeen,
    ends: HashSet<u64>,
    fingerprints: HashSet<Fingerprint>,
    count: usize,
    around: AroundRows,
}

/// What is compared of a long text before all of it is: two pages that begin and end alike are seldom different.
const ENDS: usize = 256;

/// A page or a list that is not at its end yet.
struct OpenBody {
    /// The rows before it.
    first: u32,
    bytes: u64,
    begin: Vec<u8>,
    end: Vec<u8>,
    /// What its first and its last row say; nothing where they are set aside.
    rows: Option<[Option<LineValues>; 2]>,
    fingerprint: Option<RunningFingerprint>,
}

struct OpenList {
    body: OpenBody,
    has_page: bool,
    rows: RowsSeen,
}

/// Rows that may repeat all rows before them.
struct RowsSeen {
    /// What the first says, once there is one; nothing where it is set aside.
    first: Option<Option<LineValues>>,
    /// Whether some row may be equal to the first one.
    may_repeat: bool,
    blocks: RepeatedBlocks,
}

impl RowsSeen {
    fn new() -> Self {
        Self { first: None, may_repeat: false, blocks: RepeatedBlocks::default() }
    }

    /// Takes in rows of a piece. `before` are the rows of the file before the piece.
    fn add(&mut self, rows: Range<u32>, of_rows: OfRows<'_>) {
        if rows.is_empty() {
            return;
        }
        let lines = match of_rows {
            OfRows::Lines(lines) => lines,
            OfRows::Fingerprints(all) => {
                return all[rows.start as usize..rows.end as usize].iter().for_each(|row| self.blocks.push(*row));
            }
        };
        let is_begin = self.first.is_none();
        let first = self.first.get_or_insert_with(|| lines.values_of(rows.start + 1));
        let others = rows.start + u32::from(is_begin)..rows.end;
        self.may_repeat |= match first {
            Some(first) => lines.has_line(others, first),
            // A row that is set aside has no values to compare.
            None => !others.is_empty(),
        };
    }
}

impl Structure {
    pub(super) fn new(is_alone: bool) -> Self {
        Self {
            is_alone,
            documents: 0,
            rows: 0,
            loose: 0,
            page: None,
            list: None,
            all_rows: RowsSeen::new(),
            ends: HashSet::new(),
            fingerprints: HashSet::new(),
            count: 0,
            around: AroundRows::default(),
        }
    }

    /// Takes in a piece: its text, what was found in it, and its rows. `is_whole`: the piece is the whole file. Returns
    /// `false` when something may repeat, so that the file has to be read again, by fingerprints.
    ///
    /// # Errors
    /// Links ask for different windows.
    pub(super) fn take(
        &mut self,
        file: &InputFile,
        (text, scanned): (&str, &ScannedPiece),
        of_rows: OfRows<'_>,
        is_whole: bool,
    ) -> Result<bool> {
        let is_one = is_whole && scanned.documents == 1 && scanned.marks.len() <= 2;
        let hashes = !is_one && (matches!(of_rows, OfRows::Fingerprints(_)) || !self.is_alone);
        let (mut from, mut row) = (0, 0);
        for Mark { kind, at, rows } in &scanned.marks {
            self.feed(&text[from..*at], row..*rows, of_rows);
            (from, row) = (*at, *rows);
            match kind {
                MarkKind::PageBegins => {
                    self.page = Some(OpenBody::new(self.rows + row, hashes));
                    self.list.iter_mut().for_each(|list| list.has_page = true);
                }
                MarkKind::PageEnds(link) => {
                    self.around.has_next = link.is_some();
                    if let Some(link) = link {
                        self.around.note_link(file, link)?;
                    }
                    if let Some(body) = self.page.take()
                        && self.end(&body, self.rows + row, of_rows) == IsRepeated::Maybe
                    {
                        return Ok(false);
                    }
                }
                MarkKind::ListBegins => {
                    let body = OpenBody::new(self.rows + row, hashes);
                    self.list = Some(OpenList { body, has_page: false, rows: RowsSeen::new() });
                }
                MarkKind::ListEnds => {
                    let Some(OpenList { body, has_page: false, rows }) = self.list.take() else { continue };
                    let first = body.first;
                    match self.end(&body, self.rows + row, of_rows) {
                        IsRepeated::Maybe => return Ok(false),
                        IsRepeated::Yes => {}
                        IsRepeated::No if rows.may_repeat => return Ok(false),
                        IsRepeated::No => {
                            let blocks = rows.blocks.into_blocks().into_iter();
                            self.around.repeats.extend(blocks.map(|rows| rows_from(first, &rows)));
                        }
                    }
                }
            }
        }
        self.feed(&text[from..scanned.bytes], row..scanned.rows, of_rows);
        self.documents += scanned.documents;
        self.loose += scanned.loose;
        self.rows += scanned.rows;
        Ok(true)
    }

    /// Adds text and rows to what is open.
    fn feed(&mut self, text: &str, rows: Range<u32>, of_rows: OfRows<'_>) {
        self.page.iter_mut().for_each(|page| page.add(text, &rows, of_rows));
        if let Some(list) = self.list.as_mut().filter(|list| !list.has_page) {
            list.body.add(text, &rows, of_rows);
            list.rows.add(rows.clone(), of_rows);
        }
        if self.loose + rows.len() > 0 && self.count == 0 && self.page.is_none() && self.list.is_none() {
            self.all_rows.add(rows, of_rows);
        }
    }

    /// Ends a page or list behind so many rows.
    fn end(&mut self, body: &OpenBody, behind: u32, of_rows: OfRows<'_>) -> IsRepeated {
        if body.first == behind {
            return IsRepeated::No;
        }
        let rows = body.first + 1..behind + 1;
        self.count += 1;
        match of_rows {
            OfRows::Lines(_) if !self.ends.insert(body.ends()) => return IsRepeated::Maybe,
            OfRows::Fingerprints(_) if !self.fingerprints.insert(body.fingerprint()) => {
                self.around.repeats.push(rows);
                return IsRepeated::Yes;
            }
            _ => {}
        }
        if !self.is_alone
            && let Some(text) = &body.fingerprint
        {
            self.around.bodies.push(Body::of(rows, text));
        }
        IsRepeated::No
    }

    /// What stands around the rows; `None` when the file has no document, or must be read by fingerprints.
    pub(super) fn finish(mut self) -> Option<AroundRows> {
        match self.documents {
            0 => return None,
            // The file is one page or one list.
            1 if self.around.repeats.is_empty() && self.count == 1 => self.around.bodies.clear(),
            1 => {}
            // Rows without a list, as in files with one row per line: together they form one list.
            _ if self.loose == self.rows as usize => {
                if self.all_rows.may_repeat {
                    return None;
                }
                let blocks = self.all_rows.blocks.into_blocks().into_iter();
                self.around.repeats = blocks.map(|rows| rows_from(0, &rows)).collect();
            }
            _ => {}
        }
        Some(self.around)
    }
}

/// The rows of a file, from 1, of places behind its first rows.
fn rows_from(first: u32, places: &Range<usize>) -> Range<u32> {
    first + places.start as u32 + 1..first + places.end as u32 + 1
}

/// Whether a page or list is equal to one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsRepeated {
    No,
    Yes,
    Maybe,
}

impl OpenBody {
    fn new(first: u32, has_fingerprint: bool) -> Self {
        let fingerprint = has_fingerprint.then(RunningFingerprint::default);
        Self { first, bytes: 0, begin: Vec::new(), end: Vec::new(), rows: None, fingerprint }
    }

    fn add(&mut self, text: &str, rows: &Range<u32>, of_rows: OfRows<'_>) {
        if let OfRows::Lines(lines) = of_rows
            && !rows.is_empty()
        {
            let last = lines.values_of(rows.end);
            let [first, _] = self.rows.unwrap_or_else(|| [lines.values_of(rows.start + 1), last]);
            self.rows = Some([first, last]);
        }
        let bytes = text.as_bytes();
        self.bytes += bytes.len() as u64;
        self.begin.extend_from_slice(&bytes[..bytes.len().min(ENDS - self.begin.len())]);
        self.end.extend_from_slice(&bytes[bytes.len().saturating_sub(ENDS)..]);
        self.end.drain(..self.end.len().saturating_sub(ENDS));
        if let Some(fingerprint) = &mut self.fingerprint {
            fingerprint.add(bytes);
        }
    }

    fn ends(&self) -> u64 {
        FixedState::default().hash_one((self.bytes, &self.begin, &self.end, self.rows))
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.as_ref().map_or_else(|| Fingerprint::of(&[]), RunningFingerprint::finish)
    }
}
