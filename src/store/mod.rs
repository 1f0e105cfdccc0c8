//! Files: paths, fingerprints, and the few operations on a disk. Everything published goes through here; other kinds of
//! stores would belong here, too.

pub(crate) mod disk;
mod file;
mod fingerprint;
mod stat;
mod sync_thread;

pub(crate) use disk::read_at;
pub use file::InputFile;
pub use fingerprint::{Fingerprint, ReadFile, RunningFingerprint};
pub use stat::{FileIdentity, FileStat};
pub(crate) use sync_thread::Syncing;
