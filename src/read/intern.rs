//! Texts that repeat, each kept once and named by a small integer.
//!
//! ```text
//! "3f2…", "9ab…", "3f2…"   →   0, 1, 0
//! ```
//! Shared by all reading threads: a text belongs to one of [`SHARDS`] shards by its hash, each behind its own lock. A
//! hash hit is compared byte for byte (tenants write tags, and may write them to collide). The numbers depend on which
//! thread came first, so they never leave the process: whatever is published is ordered by text.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use crate::error::{Error, Result};

const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;
/// Texts are kept in blocks of this size, so that growing never copies them.
const BLOCK_BYTES: usize = 256 << 10;

/// A set of texts, filled by many threads.
#[derive(Debug)]
pub struct Interner {
    hasher: FixedState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    table: HashTable<u32>,
    blocks: Vec<Vec<u8>>,
    texts: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u64,
    block: u32,
    start: u32,
    length: u32,
}

impl Default for Interner {
    fn default() -> Self {
        Self { hasher: FixedState::default(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Interner {
    /// The number of `text`, the same for equal texts.
    ///
    /// # Errors
    /// More than 2^28 distinct texts in a shard, or a text of 4 GiB.
    pub fn intern(&self, text: &str) -> Result<u32> {
        let hash = self.hasher.hash_one(text.as_bytes());
        // The table uses the lowest and the highest bits of the hash: take the shard from the middle.
        let shard = (hash >> 32) as usize % SHARDS;
        let mut own = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let local = own.number_of(hash, text.as_bytes()).ok_or_else(|| {
            Error::input("more distinct texts than can be numbered").hint("run over fewer windows at a time")
        })?;
        Ok(local << SHARD_BITS | shard as u32)
    }

    /// The text of a number.
    pub fn text(&self, number: u32) -> String {
        let own = self.shards[number as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let text = own.texts.get((number >> SHARD_BITS) as usize).map(|slot| own.text(slot)).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    /// All texts with their numbers, in no meaningful order.
    pub fn into_texts(self) -> Texts {
        Texts { shards: self.shards.map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner)) }
    }
}

impl Shard {
    fn number_of(&mut self, hash: u64, text: &[u8]) -> Option<u32> {
        let found = self.table.find(hash, |&local| {
            let slot = &self.texts[local as usize];
            slot.hash == hash && self.text(slot) == text
        });
        if let Some(&local) = found {
            return Some(local);
        }
        let local = u32::try_from(self.texts.len()).ok().filter(|local| local >> (32 - SHARD_BITS) == 0)?;
        let slot = self.keep(hash, text)?;
        self.texts.push(slot);
        self.table.insert_unique(hash, local, |&local| self.texts[local as usize].hash);
        Some(local)
    }

    fn keep(&mut self, hash: u64, text: &[u8]) -> Option<Slot> {
        let fits = |block: &Vec<u8>| block.capacity() - block.len() >= text.len();
        if !self.blocks.last().is_some_and(fits) {
            self.blocks.push(Vec::with_capacity(text.len().max(BLOCK_BYTES)));
        }
        let at = self.blocks.len() - 1;
        let block = &mut self.blocks[at];
        let start = u32::try_from(block.len()).ok()?;
        block.extend_from_slice(text);
        Some(Slot { hash, block: u32::try_from(at).ok()?, start, length: u32::try_from(text.len()).ok()? })
    }

    fn text(&self, slot: &Slot) -> &[u8] {
        let (start, length) = (slot.start as usize, slot.length as usize);
        &self.blocks[slot.block as usize][start..start + length]
    }
}

/// The few texts that one thread met last, in front of an [`Interner`]: an id that a file names again and again is
/// compared, and neither hashed nor locked.
#[derive(Debug)]
pub struct Recent<'i> {
    interner: &'i Interner,
    texts: Vec<(String, u32)>,
}

/// A power of two.
const RECENT: usize = 128;

impl<'i> Recent<'i> {
    pub fn of(interner: &'i Interner) -> Self {
        Self { interner, texts: vec![(String::new(), 0); RECENT] }
    }

    /// As [`Interner::intern`].
    ///
    /// # Errors
    /// As there.
    pub fn intern(&mut self, text: &str) -> Result<u32> {
        // GUIDs differ anywhere; any few of their bytes tell most of them apart.
        let place =
            text.bytes().step_by(5).fold(text.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let (known, number) = &mut self.texts[place % RECENT];
        if known != text || text.is_empty() {
            *number = self.interner.intern(text)?;
            known.clear();
            known.push_str(text);
        }
        Ok(*number)
    }
}

/// The texts of an [`Interner`] that is no longer filled.
#[derive(Debug)]
pub struct Texts {
    shards: [Shard; SHARDS],
}

impl Texts {
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.texts.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the largest number: numbers are nearly dense, so a table indexed by them wastes little.
    pub fn number_end(&self) -> usize {
        self.shards.iter().map(|shard| shard.texts.len()).max().unwrap_or(0) << SHARD_BITS
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.shards.iter().enumerate().flat_map(|(at, shard)| {
            shard.texts.iter().enumerate().map(move |(local, slot)| {
                let text = std::str::from_utf8(shard.text(slot)).expect("interned from a &str");
                ((local as u32) << SHARD_BITS | at as u32, text)
            })
        })
    }
}
