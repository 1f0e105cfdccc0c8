//! The metadata of a file: while it is unchanged, the content is assumed to be unchanged.

use std::fs::Metadata;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Size, times and inode of a file. Writing in place changes the times; replacing the file changes the inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileStat {
    bytes: u64,
    /// The modification time, in nanoseconds since 1970.
    modified: i64,
    /// The change time of content or metadata, which cannot be set.
    changed: i64,
    inode: u64,
}

/// A file system may not distinguish two changes within this number of nanoseconds.
const RESOLUTION: i64 = 2_000_000_000;

impl FileStat {
    /// Reads the metadata of a file; links are followed.
    ///
    /// # Errors
    /// It does not exist, or is not accessible.
    pub fn at(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| Error::machine("look at", path, error))?;
        Ok(Self::of(&metadata))
    }

    /// Whether a file with this metadata before `moment`, in nanoseconds since 1970, cannot have changed since without
    /// a change of metadata. A time in the future means that the clock went backwards, and proves nothing.
    pub fn is_settled_at(&self, moment: i64) -> bool {
        self.inode != 0 && self.modified.max(self.changed).saturating_add(RESOLUTION) <= moment
    }

    /// The part that renaming does not change.
    pub fn identity(&self) -> FileIdentity {
        FileIdentity { mtime_ns: self.modified, inode: self.inode }
    }

    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            bytes: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    /// Other systems have no inode, so unchanged metadata never suffices to skip reading a file.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Self { bytes: metadata.len(), modified: modified.unwrap_or_default().as_nanos() as i64, changed: 0, inode: 0 }
    }
}

/// The part that shows without reading that a file is another one; renaming does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    pub mtime_ns: i64,
    pub inode: u64,
}
