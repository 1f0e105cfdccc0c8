//! Repeated texts, each kept once and named by a small integer.
//!
//! ```text
//! "3f2…", "9ab…", "3f2…"   →   0, 1, 0
//! ```
//! Shared by all reading threads: a text belongs to one of [`SHARDS`] shards by its hash, each behind its own lock. A
//! hash hit is compared byte for byte (tenants write tags, and may write them to collide). The numbers depend on which
//! thread came first, so they never leave the process: whatever is published is ordered by text.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use crate::error::{Error, Result};

const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;

/// A set of texts, filled by many threads.
#[derive(Debug)]
pub struct Interner {
    hasher: FixedState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    table: HashTable<u32>,
    texts: Vec<Kept>,
}

/// A text with its hash. Readers share it: however many threads compare with a text, it is in memory once.
#[derive(Debug)]
struct Kept {
    hash: u64,
    text: Arc<str>,
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
    /// More than 2^28 distinct texts in a shard.
    pub fn intern(&self, text: &str) -> Result<u32> {
        let (hash, mut shard) = self.shard_of(text);
        let local = match shard.find(hash, text) {
            Some(local) => local,
            None => shard.keep(hash, text)?,
        };
        Ok(number(hash, local))
    }

    /// The same, with the copy that is kept.
    ///
    /// # Errors
    /// As [`Interner::intern`].
    pub fn share(&self, text: &str) -> Result<(u32, Arc<str>)> {
        let number = self.intern(text)?;
        Ok((number, self.text(number)))
    }

    /// The number of a text that was interned before, with the stored copy.
    pub fn find(&self, text: &str) -> Option<(u32, Arc<str>)> {
        let (hash, shard) = self.shard_of(text);
        let local = shard.find(hash, text)?;
        Some((number(hash, local), Arc::clone(&shard.texts[local as usize].text)))
    }

    /// The text of a number that was given to one.
    pub fn text(&self, number: u32) -> Arc<str> {
        let shard = self.shards[number as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&shard.texts[(number >> SHARD_BITS) as usize].text)
    }

    fn shard_of(&self, text: &str) -> (u64, MutexGuard<'_, Shard>) {
        let hash = self.hasher.hash_one(text.as_bytes());
        (hash, self.shards[shard(hash)].lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All texts with their numbers, in no meaningful order.
    pub fn into_texts(self) -> Texts {
        Texts { shards: self.shards.map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner)) }
    }
}

/// The table of a shard uses the lowest and the highest bits of a hash: the shard is taken from the middle.
fn shard(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

fn number(hash: u64, local: u32) -> u32 {
    local << SHARD_BITS | shard(hash) as u32
}

impl Shard {
    fn find(&self, hash: u64, text: &str) -> Option<u32> {
        let is_same = |&local: &u32| {
            let kept = &self.texts[local as usize];
            kept.hash == hash && *kept.text == *text
        };
        self.table.find(hash, is_same).copied()
    }

    fn keep(&mut self, hash: u64, text: &str) -> Result<u32> {
        let local = u32::try_from(self.texts.len()).ok().filter(|local| local >> (32 - SHARD_BITS) == 0);
        let local = local.ok_or_else(|| {
            Error::input("more distinct texts than can be numbered").hint("run over fewer windows at a time")
        })?;
        self.texts.push(Kept { hash, text: text.into() });
        self.table.insert_unique(hash, local, |&local| self.texts[local as usize].hash);
        Ok(local)
    }
}

/// The few texts that one thread met last, in front of an [`Interner`]: a repeated id is compared, without hashing or
/// locking.
#[derive(Debug)]
pub(super) struct Recent<'i> {
    interner: &'i Interner,
    texts: Vec<(String, u32)>,
}

/// A power of two.
const RECENT: usize = 128;

impl<'i> Recent<'i> {
    pub(super) fn new(interner: &'i Interner) -> Self {
        Self { interner, texts: vec![(String::new(), 0); RECENT] }
    }

    /// As [`Interner::intern`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn intern(&mut self, text: &str) -> Result<u32> {
        // GUIDs differ everywhere, so a few bytes tell most of them apart.
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

    /// One more than the largest number. Numbers are nearly dense, so a table indexed by them wastes little.
    pub fn number_end(&self) -> usize {
        self.shards.iter().map(|shard| shard.texts.len()).max().unwrap_or(0) << SHARD_BITS
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.shards.iter().enumerate().flat_map(|(at, shard)| {
            let numbered = (0_u32..).zip(&shard.texts);
            numbered.map(move |(local, kept)| (local << SHARD_BITS | at as u32, &*kept.text))
        })
    }
}

/// The texts of a stamp, shared by all threads that read it.
#[derive(Debug, Default)]
pub struct Interners {
    pub user_subscriptions: Interner,
    pub meters: Interner,
    pub instances: Interner,
}

impl Interners {
    /// The texts of user subscriptions, meters and instances.
    pub fn into_texts(self) -> [Texts; 3] {
        [self.user_subscriptions, self.meters, self.instances].map(Interner::into_texts)
    }
}
