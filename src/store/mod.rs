//! Files: what lies where, what it is, and the few things that are done to a disk. The one door to the file system for
//! whatever is published; other kinds of stores belong here, too.

pub(crate) mod disk;
mod file;
mod fingerprint;
mod stat;
mod sync_thread;

pub use file::InputFile;
pub use fingerprint::{Fingerprint, ReadFile};
pub use stat::{FileIdentity, FileStat};
pub(crate) use sync_thread::Syncing;
