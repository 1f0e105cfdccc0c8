//! Fingerprints of files: BLAKE3, as in the receipt.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The BLAKE3 hash of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Two numbers of it.
    pub fn halves(&self) -> [u64; 2] {
        let (words, _) = self.0.as_chunks::<8>();
        [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
    }
}

/// The fingerprint of bytes that come one after the other.
#[derive(Clone, Debug, Default)]
pub struct RunningFingerprint(blake3::Hasher);

impl RunningFingerprint {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(&self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }
}

/// 64 lower-case hex digits, as `b3sum` prints them.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A file that was read: its name relative to the root, and size and fingerprint of its bytes after decompression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFile {
    pub name: String,
    pub bytes: u64,
    pub fingerprint: Fingerprint,
    /// Whether a setting was needed to decode it.
    pub by_encoding: bool,
}
