//! A file that is to be read, and what it is called.

use std::path::PathBuf;

/// One file: where it is, and how every message and table names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Relative to the root, `/` between its parts.
    pub name: String,
    pub path: PathBuf,
}
