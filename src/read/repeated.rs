//! What stands in an export more than once: a page, a list of rows or a whole table that a script saved again, in a
//! file of its own or behind what a file holds already. Each counts once (`product.md` §3.2). Single lines that are
//! equal can both be true, and do.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fingerprint::Fingerprint;
use super::lines::{Chunk, FileLines};
use crate::domain::totals::Checksum;

/// A part of a file that might have been a file of its own: a page, a list of rows, a table with its header.
#[derive(Debug)]
pub(super) struct Body {
    /// From 1, the end is none of them.
    pub rows: Range<u32>,
    /// Of its text with the ends that files have; none where no other file can repeat it.
    pub contents: Vec<Fingerprint>,
}

impl Body {
    /// A body of some text; `is_alone` where its file is the only one of its export.
    pub fn new(rows: Range<u32>, text: &str, is_alone: bool) -> Self {
        let ends = ["", "\n", "\r\n"].iter().filter(|_| !is_alone);
        let text = text.trim();
        Self { rows, contents: ends.map(|end| Fingerprint::of(format!("{text}{end}").as_bytes())).collect() }
    }
}

/// The rows that repeat, in one block, the whole of what stood before them, by their places. What was repeated once
/// counts once when it comes again. A block of rows that are all equal is none.
///
/// ```text
/// a b c a b c      the last three
/// a b a b c a b c  the second a b, and the last three
/// a a a a          none
/// ```
pub(super) fn repeated_blocks(rows: &[&str]) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut kept, mut has_two) = (Vec::new(), false);
    let mut at = 0;
    while let Some(row) = rows.get(at) {
        let behind = rows.get(at..at + kept.len()).unwrap_or_default();
        if has_two && kept.first() == Some(row) && behind == kept {
            blocks.push(at..at + kept.len());
            at += kept.len();
            continue;
        }
        has_two |= kept.first().is_some_and(|first| first != row);
        kept.push(*row);
        at += 1;
    }
    blocks
}

/// What one file repeats of another, or of itself.
pub(super) struct Repetition {
    /// The lines that do not count, with the file's name and shape.
    pub lines: FileLines,
    pub sentence: String,
    /// The file, and the one that it repeats.
    pub files: Vec<String>,
}

/// Takes out of the files of an export, which come in order and differ, what stands in it already.
pub(super) fn take_out(files: Vec<FileLines>) -> (Vec<FileLines>, Vec<Repetition>) {
    let mut seen: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let (mut kept, mut repetitions) = (Vec::new(), Vec::new());
    for mut file in files {
        let name = file.file.name.clone();
        let is_one = file.bodies.is_empty() && file.repeats.is_empty();
        if let Some(other) = seen.get(&file.content).filter(|_| is_one && file.read.lines > 0) {
            let sentence = format!("{name} repeats a part of {other}, and counts once");
            repetitions.push(Repetition { lines: file, sentence, files: vec![name, other.clone()] });
            continue;
        }
        let mut repeated: Vec<(Range<u32>, String)> = file.repeats.drain(..).map(|rows| (rows, name.clone())).collect();
        for body in std::mem::take(&mut file.bodies) {
            match body.contents.iter().find_map(|content| seen.get(content)) {
                Some(other) => repeated.push((body.rows, other.clone())),
                None => body.contents.into_iter().for_each(|content| drop(seen.insert(content, name.clone()))),
            }
        }
        seen.insert(file.content, name.clone());
        for (rows, other) in repeated {
            let lines = file.without(&rows);
            let rows = match (rows.start, rows.end - 1) {
                (first, last) if first == last => format!("row {first} of {name} repeats"),
                (first, last) => format!("rows {first} to {last} of {name} repeat"),
            };
            let (what, files) = if other == name {
                ("what stands before".to_owned(), vec![other])
            } else {
                (other.clone(), vec![name.clone(), other])
            };
            repetitions.push(Repetition { lines, sentence: format!("{rows} {what}: it counts once"), files });
        }
        kept.push(file);
    }
    (kept, repetitions)
}

impl FileLines {
    /// Takes some of its rows out, and returns them.
    fn without(&mut self, rows: &Range<u32>) -> Self {
        let mut taken = Self::of(self.file.clone());
        (taken.content, taken.shape) = (self.content, self.shape);
        let mut read = Checksum::default();
        for (day, chunk) in &mut self.days {
            let (kept, gone) = chunk.split(|row| rows.contains(&row));
            *chunk = kept;
            gone.quantity.iter().for_each(|&quantity| read.add_line(quantity));
            if !gone.is_empty() {
                taken.days.insert(*day, gone);
            }
        }
        self.days.retain(|_, chunk| !chunk.is_empty());
        (taken.rejects, self.rejects) =
            std::mem::take(&mut self.rejects).into_iter().partition(|reject| rows.contains(&reject.row));
        taken.rejects.iter().for_each(|reject| read.add_line(reject.quantity.unwrap_or_default()));
        self.read.take(read);
        taken.read = read;
        taken
    }
}

impl Chunk {
    /// Its lines, less those of some rows, and these.
    fn split(&self, is_gone: impl Fn(u32) -> bool) -> (Self, Self) {
        let (mut kept, mut gone) = (Self::default(), Self::default());
        for at in 0..self.len() {
            let into = if is_gone(self.row[at]) { &mut gone } else { &mut kept };
            into.push(self.slot[at], self.numbers(at), self.quantity[at], self.row[at]);
        }
        (kept, gone)
    }
}
