//! The few operations on a disk; every error has the path.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Result, remedy};

/// The folder of staged files, in OUT.
pub(crate) const STAGING: &str = ".stacktally/staging";

/// A step of publication at which the fault harness can end the process, or fail as a disk would. Without the feature
/// `failpoints` it does nothing.
macro_rules! step {
    ($name:literal, $what:literal, $path:expr) => {
        #[cfg(feature = "failpoints")]
        crate::store::disk::fail_at($name).map_err(|error| crate::store::disk::failed($what, $path, error))?;
    };
}
pub(crate) use step;

#[cfg(feature = "failpoints")]
pub(crate) fn fail_at(step: &str) -> std::io::Result<()> {
    fail::eval(step, |_| ErrorKind::StorageFull.into()).map_or(Ok(()), Err)
}

/// Whether a path from a file stays within OUT.
pub(crate) fn is_within(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Writes a file without syncing it; [`sync`] does that.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    step!("stage::write", "write", path);
    File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(|error| failed("write", path, error))
}

/// Creates a file that grows, to be synced by [`sync`].
pub(crate) fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| failed("write", path, error))
}

/// Appends to a growing file.
pub(crate) fn append(path: &Path, file: &mut File, bytes: &[u8]) -> Result<()> {
    step!("stage::write", "write", path);
    file.write_all(bytes).map_err(|error| failed("write", path, error))
}

const NOTHING: &str = "nothing was published";
const OTHERWISE: &str = "make room, or OUT writable, and run again";

/// An error before a commit; later errors have other texts.
pub(crate) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    let is_full = error.kind() == ErrorKind::StorageFull;
    let staging = path.ancestors().find(|folder| folder.ends_with(STAGING)).filter(|_| is_full);
    let staged = staging.map_or(String::new(), |folder| {
        format!(" when {} were staged and more were to come", remedy::bytes(remedy::bytes_below(folder)))
    });
    Error::machine(what, path, error).before_hint(&format!("{NOTHING}{staged}"), OTHERWISE)
}

/// The remedy for an error that [`failed`] may have made, without what is true only before a commit.
pub(crate) fn known_of(error: &Error) -> Option<&str> {
    let hint = error.hint.as_deref()?;
    let known = if hint.starts_with(NOTHING) { hint.split_once(": ")?.1 } else { hint };
    Some(known).filter(|known| *known != OTHERWISE)
}

/// The bytes of a file; `None` when there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(Error::machine("read", path, error)),
    }
}

/// Fills a buffer with the bytes of an open file from a place on. Returns how many there were: fewer only at the end.
pub(crate) fn read_at(opened: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match read_some_at(opened, &mut buffer[length..], at + length as u64) {
            Ok(0) => break,
            Ok(bytes) => length += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(unix)]
fn read_some_at(opened: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(opened, buffer, at)
}

#[cfg(windows)]
fn read_some_at(opened: &File, buffer: &mut [u8], at: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(opened, buffer, at)
}

/// The fingerprint of a file, read in pieces; `None` when there is no such file.
pub(crate) fn hash(path: &Path) -> Result<Option<String>> {
    let mut hasher = blake3::Hasher::new();
    match File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ())) {
        Ok(()) => Ok(Some(hasher.finalize().to_hex().to_string())),
        Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(Error::machine("read", path, error)),
    }
}

/// Whether an error means that the file does not exist.
pub(crate) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Creates a folder and its ancestors. Returns what must be synced to make them durable: the folders and their parents.
pub(crate) fn make_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let touched =
        missing_folders(folder).into_iter().flat_map(|missing| [missing.parent().map(Path::to_owned), Some(missing)]);
    let touched: Vec<PathBuf> = touched.flatten().map(named).collect();
    fs::create_dir_all(folder).map_err(|error| failed("make the folder", folder, error))?;
    Ok(touched)
}

/// The missing ones of the folder and its ancestors.
pub(crate) fn missing_folders(folder: &Path) -> Vec<PathBuf> {
    folder
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
        .map(Path::to_owned)
        .collect()
}

/// The current folder instead of an empty path.
fn named(folder: PathBuf) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| failed("rename to", to, error))
}

/// Removes a file if it exists.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(Error::machine("remove", path, error)),
        _ => Ok(()),
    }
}

/// Syncs files or folders, several at a time.
pub(crate) fn sync(paths: &BTreeSet<PathBuf>) -> Result<()> {
    paths.par_iter().try_for_each(|path| sync_one(path))
}

pub(crate) fn sync_one(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed("sync", path, error))
}
