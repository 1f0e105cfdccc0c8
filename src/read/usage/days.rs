//! The lines of a stamp by usage day, while its exports are read: in memory up to a budget, past it on disk.
//!
//! Lines can be late and windows can be a month long, so no day is complete until all windows are read: a year of lines
//! would have to be in memory at once. Past the budget all lines in memory are appended to a file for each day, and a
//! day is loaded when its turn comes. So memory holds the budget and the current day.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use super::chunk::Chunk;
use crate::domain::limits::DAY_LINES_BYTES;
use crate::domain::{Day, Quantity, Slot};
use crate::error::{Error, Result};

/// Some lines of one file and day.
#[derive(Debug)]
pub struct FileChunk {
    /// The number of their file.
    pub file: u32,
    pub lines: Chunk,
}

/// The lines of a stamp, by usage day. Many threads add lines; each day is taken once.
#[derive(Debug)]
pub struct DayLines {
    /// The folder of the spill files; without one, the folder for temporary files.
    folder: Option<PathBuf>,
    held_bytes_max: usize,
    held: Mutex<HeldLines>,
}

/// Lines that spill to the folder for temporary files.
impl Default for DayLines {
    fn default() -> Self {
        Self { folder: None, held_bytes_max: DAY_LINES_BYTES, held: Mutex::default() }
    }
}

#[derive(Debug, Default)]
struct HeldLines {
    days: BTreeMap<Day, Vec<FileChunk>>,
    bytes: usize,
    /// The chunks of each day that lie on disk.
    spilled: BTreeMap<Day, u32>,
    temporary: Option<TempDir>,
}

/// Bytes of a line, in memory as on disk.
const LINE_BYTES: usize = 33;

impl DayLines {
    /// Lines that spill to files in a folder, which must exist.
    pub fn spilling_to(folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }

    /// The same, holding no more than so many bytes in memory.
    #[must_use]
    pub fn holding(self, bytes: usize) -> Self {
        Self { held_bytes_max: bytes, ..self }
    }

    /// Adds lines to a day.
    ///
    /// # Errors
    /// They have to be written to disk, and that fails.
    pub fn push(&self, day: Day, file: u32, lines: Chunk) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += lines.len() * LINE_BYTES;
        held.days.entry(day).or_default().push(FileChunk { file, lines });
        if held.bytes > self.held_bytes_max { self.spill(&mut held) } else { Ok(()) }
    }

    /// The days that have lines.
    pub fn days(&self) -> Vec<Day> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut days: Vec<Day> = held.days.keys().chain(held.spilled.keys()).copied().collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Takes the lines of a day, in no meaningful order.
    ///
    /// # Errors
    /// Spilled lines cannot be read back.
    pub fn take(&self, day: Day) -> Result<Vec<FileChunk>> {
        let (mut chunks, spilled, path) = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let chunks = held.days.remove(&day).unwrap_or_default();
            held.bytes -= chunks.iter().map(|chunk| chunk.lines.len() * LINE_BYTES).sum::<usize>();
            (chunks, held.spilled.remove(&day), self.path(&mut held, day)?)
        };
        if let Some(count) = spilled {
            let failed = |error| Error::machine("read back", &path, error);
            let mut file = BufReader::new(File::open(&path).map_err(failed)?);
            for _ in 0..count {
                chunks.push(read_chunk(&mut file).map_err(failed)?);
            }
            fs::remove_file(&path).map_err(|error| Error::machine("remove", &path, error))?;
        }
        Ok(chunks)
    }

    /// Removes all lines of a file.
    ///
    /// # Errors
    /// Lines on disk cannot be read or written.
    pub(super) fn forget(&self, file: u32) -> Result<()> {
        self.replace(file, |_, _| Chunk::default())
    }

    /// Puts other lines in the place of each chunk of a file.
    ///
    /// # Errors
    /// Lines on disk cannot be read or written.
    pub(super) fn replace(&self, file: u32, mut with: impl FnMut(Day, Chunk) -> Chunk) -> Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut replaced = |day: Day, chunk: FileChunk| {
            if chunk.file != file {
                return Some(chunk);
            }
            let lines = with(day, chunk.lines);
            (!lines.is_empty()).then_some(FileChunk { file, lines })
        };
        for (&day, chunks) in &mut held.days {
            *chunks = std::mem::take(chunks).into_iter().filter_map(|chunk| replaced(day, chunk)).collect();
        }
        for (day, count) in held.spilled.clone() {
            let path = self.path(&mut held, day)?;
            let before = path.with_extension("before");
            fs::rename(&path, &before).map_err(|error| Error::machine("rename", &path, error))?;
            let failed = |error| Error::machine("read back", &before, error);
            let mut spilled = BufReader::new(File::open(&before).map_err(failed)?);
            let mut kept = 0;
            for _ in 0..count {
                if let Some(chunk) = replaced(day, read_chunk(&mut spilled).map_err(failed)?) {
                    append(&path, &[chunk])
                        .map_err(|error| self.or_elsewhere(Error::machine("write", &path, error)))?;
                    kept += 1;
                }
            }
            fs::remove_file(&before).map_err(|error| Error::machine("remove", &before, error))?;
            if kept == 0 {
                held.spilled.remove(&day)
            } else {
                held.spilled.insert(day, kept)
            };
        }
        held.days.retain(|_, chunks| !chunks.is_empty());
        held.bytes = held.days.values().flatten().map(|chunk| chunk.lines.len() * LINE_BYTES).sum();
        Ok(())
    }

    /// Appends all lines in memory to the files of their days.
    fn spill(&self, held: &mut HeldLines) -> Result<()> {
        for (day, chunks) in std::mem::take(&mut held.days) {
            let path = self.path(held, day)?;
            append(&path, &chunks).map_err(|error| self.or_elsewhere(Error::machine("write", &path, error)))?;
            *held.spilled.entry(day).or_default() += chunks.len() as u32;
        }
        held.bytes = 0;
        Ok(())
    }

    /// A hint: the folder for temporary files can be another one.
    fn or_elsewhere(&self, error: Error) -> Error {
        if self.folder.is_some() {
            return error.before_hint("nothing was published", "make room, or OUT writable, and run again");
        }
        error.or_hint("name another folder for temporary files with the environment variable TMPDIR")
    }

    fn path(&self, held: &mut HeldLines, day: Day) -> Result<PathBuf> {
        let name = format!("lines-{day}");
        if let Some(folder) = &self.folder {
            return Ok(folder.join(name));
        }
        let failed = |error| self.or_elsewhere(Error::machine("make a folder in", &std::env::temp_dir(), error));
        if held.temporary.is_none() {
            held.temporary = Some(tempfile::tempdir().map_err(failed)?);
        }
        let folder = held.temporary.as_ref().map_or(Path::new("."), TempDir::path);
        Ok(folder.join(name))
    }
}

fn append(path: &Path, chunks: &[FileChunk]) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 18, File::options().create(true).append(true).open(path)?);
    for chunk in chunks {
        write_chunk(&mut file, chunk)?;
    }
    file.flush()
}

/// A chunk on disk: the number of its file, the count of its lines, and column by column the lines, little-endian.
fn write_chunk(file: &mut impl Write, FileChunk { file: number, lines }: &FileChunk) -> std::io::Result<()> {
    file.write_all(&number.to_le_bytes())?;
    file.write_all(&(lines.len() as u32).to_le_bytes())?;
    for slot in &lines.slot {
        file.write_all(&[slot.number()])?;
    }
    for column in [&lines.user_subscription, &lines.meter, &lines.instance, &lines.row] {
        for value in column {
            file.write_all(&value.to_le_bytes())?;
        }
    }
    for quantity in &lines.quantity {
        file.write_all(&quantity.scaled().to_le_bytes())?;
    }
    Ok(())
}

fn read_chunk(file: &mut impl Read) -> std::io::Result<FileChunk> {
    let number = read_u32(file)?;
    let count = read_u32(file)? as usize;
    let mut bytes = vec![0; count * LINE_BYTES];
    file.read_exact(&mut bytes)?;
    let (slots, rest) = bytes.split_at(count);
    let (integers, quantities) = rest.split_at(count * 16);
    let mut columns = integers.chunks_exact((count * 4).max(1)).map(|column| {
        let (values, _) = column.as_chunks::<4>();
        values.iter().copied().map(u32::from_le_bytes).collect::<Vec<u32>>()
    });
    let mut next = || columns.next().unwrap_or_default();
    let (user_subscription, meter, instance, row) = (next(), next(), next(), next());
    let quantity = quantities.as_chunks::<16>().0.iter().copied();
    let lines = Chunk {
        slot: slots.iter().map(|&slot| Slot::from_number(slot)).collect(),
        user_subscription,
        meter,
        instance,
        quantity: quantity.map(|scaled| Quantity::from_scaled(i128::from_le_bytes(scaled))).collect(),
        row,
        by_meter: Vec::new(),
    };
    Ok(FileChunk { file: number, lines })
}

fn read_u32(file: &mut impl Read) -> std::io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}
