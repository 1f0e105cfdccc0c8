//! Published files: as a run makes them, and as the last commit left them.

use serde::{Deserialize, Serialize};

use crate::store::FileIdentity;

/// A file as the last commit left it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFile {
    pub rows: u64,
    pub bytes: u64,
    /// Empty if it is unknown.
    pub blake3: String,
    /// `None` if only the bytes can tell whether this is the published file.
    pub stat: Option<FileIdentity>,
}

/// One published file.
#[derive(Clone, Debug, Serialize)]
pub struct Published {
    /// Relative to OUT.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub blake3: String,
    /// The staged file's name; `None` when the published one has these bytes already.
    #[serde(skip)]
    pub(super) staged: Option<String>,
    /// The stat of the staged file, or of the published one.
    #[serde(skip)]
    pub(super) stat: Option<FileIdentity>,
}

impl Published {
    /// A file of the last publication that is kept.
    pub(super) fn kept(path: String, known: &KnownFile) -> Self {
        let KnownFile { rows, bytes, blake3, stat } = known.clone();
        Self { path, rows, bytes, blake3, staged: None, stat }
    }

    /// Whether the file is new, or has other bytes than before.
    pub fn is_changed(&self) -> bool {
        self.staged.is_some()
    }
}
