//! What the file system says of a file: as long as it says the same, the file is taken to hold the same.

use std::fs::Metadata;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Size, times and inode of a file. Content that is written in place changes the times; a file that takes the place of
/// another has another inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileStat {
    bytes: u64,
    /// Of the content, in nanoseconds since 1970.
    modified: i64,
    /// Of the content or of what is known of it: nobody can set it.
    changed: i64,
    inode: u64,
}

/// A file system may not tell two changes apart that lie within so many nanoseconds.
const RESOLUTION: i64 = 2_000_000_000;

impl FileStat {
    /// Looks at a file; links are followed.
    ///
    /// # Errors
    /// It is gone, or nobody may look at it.
    pub fn at(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| Error::machine("look at", path, error))?;
        Ok(Self::of(&metadata))
    }

    /// Whether a file that looks so before `moment`, in nanoseconds since 1970, cannot have changed since without
    /// looking otherwise. A time in the future says that the clock went backwards, and proves nothing.
    pub fn is_settled_at(&self, moment: i64) -> bool {
        self.inode != 0 && self.modified.max(self.changed).saturating_add(RESOLUTION) <= moment
    }

    /// What of it stays when the file is renamed.
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

    /// Elsewhere there is no inode, so an unchanged stat is never enough to leave a file unread.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Self { bytes: metadata.len(), modified: modified.unwrap_or_default().as_nanos() as i64, changed: 0, inode: 0 }
    }
}

/// What tells, without reading a file, that it is another: neither changes when a file is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    pub mtime_ns: i64,
    pub inode: u64,
}
