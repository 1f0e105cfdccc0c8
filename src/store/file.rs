//! A file to be read, and its name.

use std::path::PathBuf;

/// One file: its path, and its name in all messages and tables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Relative to the root, `/` between its parts.
    pub name: String,
    pub path: PathBuf,
}
