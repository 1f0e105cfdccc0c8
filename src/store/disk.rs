//! The few things that are done to a disk, each failing with the path that it failed at.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Result, remedy};

/// Where staged files lie, in OUT.
pub(crate) const STAGING: &str = ".stacktally/staging";

/// A step of publication that the fault harness can end the process at, or let fail as a disk would. Without the
/// feature `failpoints` it is nothing at all.
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

/// Whether a path that somebody wrote down stays within OUT.
pub(crate) fn is_within(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Writes a file, and leaves it to [`sync`] to bring it to the disk.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    step!("stage::write", "write", path);
    File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(|error| failed("write", path, error))
}

/// Makes a file that grows, and is left to [`sync`] as others are.
pub(crate) fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| failed("write", path, error))
}

/// Lets a file grow.
pub(crate) fn append(path: &Path, file: &mut File, bytes: &[u8]) -> Result<()> {
    step!("stage::write", "write", path);
    file.write_all(bytes).map_err(|error| failed("write", path, error))
}

const NOTHING: &str = "nothing was published";
const OTHERWISE: &str = "make room, or OUT writable, and run again";

/// Before a commit; what comes after it says something else.
pub(crate) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    let is_full = error.kind() == ErrorKind::StorageFull;
    let staging = path.ancestors().find(|folder| folder.ends_with(STAGING)).filter(|_| is_full);
    let staged = staging.map_or(String::new(), |folder| {
        format!(" when {} were staged and more were to come", remedy::bytes(remedy::bytes_below(folder)))
    });
    Error::machine(what, path, error).before_hint(&format!("{NOTHING}{staged}"), OTHERWISE)
}

/// What is known of how the machine failed, of an error that [`failed`] may have made: without what holds before a
/// commit alone.
pub(crate) fn known_of(error: &Error) -> Option<&str> {
    let hint = error.hint.as_deref()?;
    let known = if hint.starts_with(NOTHING) { hint.split_once(": ")?.1 } else { hint };
    Some(known).filter(|known| *known != OTHERWISE)
}

/// The bytes of a file; `None` where there is none, or what lies there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(Error::machine("read", path, error)),
    }
}

/// The fingerprint of a file, read piece by piece; `None` where there is none.
pub(crate) fn hash(path: &Path) -> Result<Option<String>> {
    let mut hasher = blake3::Hasher::new();
    match File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ())) {
        Ok(()) => Ok(Some(hasher.finalize().to_hex().to_string())),
        Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(Error::machine("read", path, error)),
    }
}

/// Whether an error says that nothing lies there.
pub(crate) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Makes a folder with all above it. Returns what has to be synced for them to last: the folders, and what they lie in.
pub(crate) fn make_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let touched =
        missing_folders(folder).into_iter().flat_map(|missing| [missing.parent().map(Path::to_owned), Some(missing)]);
    let touched: Vec<PathBuf> = touched.flatten().map(named).collect();
    fs::create_dir_all(folder).map_err(|error| failed("make the folder", folder, error))?;
    Ok(touched)
}

/// The folder and those above it that are not there.
pub(crate) fn missing_folders(folder: &Path) -> Vec<PathBuf> {
    folder
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
        .map(Path::to_owned)
        .collect()
}

/// The folder that one is in has a name.
fn named(folder: PathBuf) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| failed("rename to", to, error))
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(Error::machine("remove", path, error)),
        _ => Ok(()),
    }
}

/// Brings files or folders to the disk, several at a time.
pub(crate) fn sync(paths: &BTreeSet<PathBuf>) -> Result<()> {
    paths.par_iter().try_for_each(|path| sync_one(path))
}

pub(crate) fn sync_one(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed("sync", path, error))
}
