//! What a table repeats of itself, row by row: tables that were joined, and blocks of rows.

use std::collections::HashSet;
use std::ops::Range;

use super::lines::Body;
use crate::read::format::repeated_blocks::RepeatedBlocks;
use crate::store::{Fingerprint, RunningFingerprint};

/// The rows of a table so far.
pub(super) struct RepeatedTables {
    header: String,
    /// Whether no other file can repeat a part of this one.
    is_alone: bool,
    rows: u32,
    /// The table that a header began last.
    open: OpenTable,
    tables: usize,
    known: HashSet<Fingerprint>,
    repeats: Vec<Range<u32>>,
    bodies: Vec<Body>,
    blocks: RepeatedBlocks,
    /// Rows in a row that were kept, each with how many were kept before.
    kept: Vec<(usize, Range<u32>)>,
}

struct OpenTable {
    first: u32,
    rows: RunningFingerprint,
    /// Its text, with either line end.
    texts: [RunningFingerprint; 2],
    /// The row that was pushed last: blanks behind the last row of a table do not count.
    last: String,
    /// The blocks before it.
    before: RepeatedBlocks,
}

const LINE_ENDS: [&str; 2] = ["\n", "\r\n"];

impl OpenTable {
    fn new(header: &str, first: u32, before: RepeatedBlocks) -> Self {
        let mut text = RunningFingerprint::default();
        text.add(header.trim_start().as_bytes());
        let texts = [text.clone(), text];
        Self { first, rows: RunningFingerprint::default(), texts, last: String::new(), before }
    }

    fn push(&mut self, row: &str, is_first: bool, is_alone: bool) {
        self.rows.add(&(row.len() as u64).to_le_bytes());
        self.rows.add(row.as_bytes());
        if !is_alone {
            for (text, end) in self.texts.iter_mut().zip(LINE_ENDS) {
                if !is_first {
                    text.add(self.last.as_bytes());
                }
                text.add(end.as_bytes());
            }
            row.clone_into(&mut self.last);
        }
    }
}

impl RepeatedTables {
    pub(super) fn new(header: &str, is_alone: bool) -> Self {
        Self {
            header: header.to_owned(),
            is_alone,
            rows: 0,
            open: OpenTable::new(header, 0, RepeatedBlocks::default()),
            tables: 0,
            known: HashSet::new(),
            repeats: Vec::new(),
            bodies: Vec::new(),
            blocks: RepeatedBlocks::default(),
            kept: Vec::new(),
        }
    }

    /// Takes in the next row as it stands in the file, perhaps behind another header.
    pub(super) fn push(&mut self, row: &str, is_behind_header: bool) {
        if is_behind_header {
            self.end_table();
        }
        self.open.push(row, self.rows == self.open.first, self.is_alone);
        self.blocks.push(Fingerprint::of(row.as_bytes()));
        self.rows += 1;
    }

    fn end_table(&mut self) {
        let next = OpenTable::new(&self.header, self.rows, self.blocks.clone());
        let mut table = std::mem::replace(&mut self.open, next);
        if table.first == self.rows {
            return;
        }
        self.tables += 1;
        let rows = table.first + 1..self.rows + 1;
        if !self.known.insert(table.rows.finish()) {
            self.repeats.push(rows);
            self.open.before = table.before.clone();
            self.blocks = table.before;
            return;
        }
        if !self.is_alone {
            table.texts.iter_mut().for_each(|text| text.add(table.last.trim_end().as_bytes()));
            let contents = table.texts.iter().flat_map(|text| Body::of(rows.clone(), text).contents);
            self.bodies.push(Body { contents: contents.collect(), rows: rows.clone() });
        }
        self.kept.push((table.before.rows(), rows));
    }

    /// Rows that repeat what is before them, and the tables that the text was joined from, where the header is
    /// repeated.
    pub(super) fn finish(mut self) -> (Vec<Range<u32>>, Vec<Body>) {
        self.end_table();
        if self.tables < 2 {
            self.bodies.clear();
        }
        let row = |place: usize| {
            let (before, rows) = &self.kept[self.kept.partition_point(|(before, _)| *before <= place) - 1];
            rows.start + (place - before) as u32
        };
        let blocks = self.blocks.into_blocks().into_iter();
        self.repeats.extend(blocks.map(|block| row(block.start)..row(block.end - 1) + 1));
        (self.repeats, self.bodies)
    }
}
