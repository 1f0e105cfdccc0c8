//! Content that an export has more than once: a page, a list of rows or a whole table that a script saved again, as a
//! separate file or at the end of another. Each counts once (`product.md` §3.2). Equal single lines can all be genuine,
//! and count.

use std::collections::BTreeMap;
use std::ops::Range;

use super::chunk::Chunk;
use super::days::DayLines;
use super::lines::FileLines;
use crate::domain::totals::Checksum;
use crate::error::Result;
use crate::store::Fingerprint;

/// The content that one file repeats, from another or from itself.
pub(in crate::read) struct Repetition {
    /// The lines that do not count, with the file's name and shape.
    pub lines: FileLines,
    pub sentence: String,
    /// The file, and the one that it repeats.
    pub files: Vec<String>,
}

/// Removes repeated content from the files of an export, which are in order and differ. `days` are lines that were
/// handed over.
///
/// # Errors
/// Lines on disk cannot be read or written.
pub(in crate::read) fn take_out(files: Vec<FileLines>, days: &DayLines) -> Result<(Vec<FileLines>, Vec<Repetition>)> {
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
            let lines = file.without(&rows, days)?;
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
    Ok((kept, repetitions))
}

impl FileLines {
    /// Removes some of its rows, and returns them.
    fn without(&mut self, rows: &Range<u32>, days: &DayLines) -> Result<Self> {
        let mut taken = Self::new(self.file.clone());
        (taken.content, taken.shape) = (self.content, self.shape);
        let mut read = Checksum::default();
        let mut part = |chunk: &Chunk| {
            let (kept, gone) = chunk.split(|row| rows.contains(&row));
            gone.quantity.iter().for_each(|&quantity| read.add_line(quantity));
            (kept, gone)
        };
        for (day, chunk) in &mut self.days {
            let (kept, gone) = part(chunk);
            *chunk = kept;
            if !gone.is_empty() {
                taken.days.insert(*day, gone);
            }
        }
        self.days.retain(|_, chunk| !chunk.is_empty());
        if !self.sums.is_empty() {
            self.sums.clear();
            days.replace(self.number, |day, chunk| {
                let (mut kept, mut gone) = part(&chunk);
                self.add_sums(day, kept.take_sums());
                taken.add_sums(day, gone.take_sums());
                kept
            })?;
        }
        (taken.rejects, self.rejects) =
            std::mem::take(&mut self.rejects).into_iter().partition(|reject| rows.contains(&reject.row));
        taken.rejects.iter().for_each(|reject| read.add_line(reject.quantity.unwrap_or_default()));
        self.read.take(read);
        taken.read = read;
        Ok(taken)
    }
}

impl Chunk {
    /// The lines without those of some rows, and the lines of these rows.
    fn split(&self, is_gone: impl Fn(u32) -> bool) -> (Self, Self) {
        let (mut kept, mut gone) = (Self::default(), Self::default());
        for at in 0..self.len() {
            let into = if is_gone(self.row[at]) { &mut gone } else { &mut kept };
            into.push(self.slot[at], self.numbers(at), self.quantity[at], self.row[at]);
        }
        (kept, gone)
    }
}
