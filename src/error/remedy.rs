//! Details about a failure of the machine: which user runs this, who owns the folder, how much space is left, and what
//! is in the place of a folder.
//!
//! Only reads. What cannot be found out is left out.

use std::fs::Metadata;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// The hint for a failed operation on `path`; `None` if nothing is known beyond the error itself.
pub(crate) fn remedy(path: &Path, error: &Error) -> Option<String> {
    match error.kind() {
        ErrorKind::PermissionDenied => denied(path),
        ErrorKind::ReadOnlyFilesystem => Some(format!(
            "the file system of {} is mounted read-only: mount it writable, or name another folder",
            nearest(path).display()
        )),
        ErrorKind::StorageFull => Some(match room(path) {
            Some((free, all)) => format!(
                "{} of {} are free on the file system of {}: make room there",
                bytes(free),
                bytes(all),
                nearest(path).display()
            ),
            None => format!("make room on the file system of {}", nearest(path).display()),
        }),
        ErrorKind::QuotaExceeded => Some(format!(
            "{} may not take more of the file system of {}: make room there, or raise the quota",
            user().unwrap_or_else(|| "this user".to_owned()),
            nearest(path).display()
        )),
        ErrorKind::FileTooLarge => Some("files may not grow so large here: raise the limit (`ulimit -f`)".to_owned()),
        ErrorKind::NotADirectory => path.ancestors().skip(1).find(|above| above.is_file()).map(|file| {
            format!("{} is a file, and a folder is meant: name another folder, or move the file away", file.display())
        }),
        _ => None,
    }
}

/// The nearest existing ancestor of a path.
fn nearest(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_no_current_folder| path.to_owned());
    whole.ancestors().find(|above| above.metadata().is_ok()).map_or(whole.clone(), Path::to_owned)
}

/// The user who was denied access, with owner and mode of the nearest existing ancestor.
#[cfg(unix)]
fn denied(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let there = nearest(path);
    let metadata = there.metadata().ok()?;
    let (owner, group) = (name_of("/etc/passwd", metadata.uid()), name_of("/etc/group", metadata.gid()));
    let belongs =
        format!("{} belongs to {owner}:{group} and has mode {:04o}", there.display(), metadata.mode() & 0o7777);
    let what = if metadata.is_dir() { "folder" } else { "file" };
    Some(match user() {
        Some(user) => format!(
            "stacktally runs as {user}, and {belongs}: run it as a user who may, or change the owner or the mode of \
             the {what}"
        ),
        None => format!("{belongs}: run stacktally as a user who may, or change the owner or the mode of the {what}"),
    })
}

#[cfg(not(unix))]
fn denied(path: &Path) -> Option<String> {
    Some(format!("give the user who runs stacktally the right to {}", nearest(path).display()))
}

/// The user who owns new files of this process, such as `billing (uid 1001)`.
#[cfg(unix)]
fn user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    // The effective user owns /proc/self. Without /proc, the owner of a new file will do.
    let metadata =
        std::fs::metadata("/proc/self").or_else(|_no_proc| tempfile::tempfile().and_then(|file| file.metadata()));
    let uid = metadata.ok()?.uid();
    let name = name_of("/etc/passwd", uid);
    Some(if name == uid.to_string() { format!("uid {uid}") } else { format!("{name} (uid {uid})") })
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    None
}

/// The name of an id, from a file with lines such as `root:x:0:…`; the number if it is unknown.
#[cfg(unix)]
fn name_of(file: &str, id: u32) -> String {
    let id = id.to_string();
    let known = std::fs::read_to_string(file).unwrap_or_default();
    let fields = known.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let name = fields.into_iter().find(|entry| entry.get(2) == Some(&&*id)).map(|entry| entry[0].to_owned());
    name.unwrap_or(id)
}

/// The free bytes of a file system for this user, and its size.
#[cfg(unix)]
fn room(path: &Path) -> Option<(u64, u64)> {
    let stats = rustix::fs::statvfs(nearest(path)).ok()?;
    Some((stats.f_bavail.saturating_mul(stats.f_frsize), stats.f_blocks.saturating_mul(stats.f_frsize)))
}

#[cfg(not(unix))]
fn room(_path: &Path) -> Option<(u64, u64)> {
    None
}

/// The size of all files below a folder. Unreadable ones count as nothing.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |metadata: Metadata, path: PathBuf| if metadata.is_dir() { bytes_below(&path) } else { metadata.len() };
    entries.filter_map(|entry| Some(size(entry.metadata().ok()?, entry.path()))).sum()
}

/// A size for people: `512 bytes`, `12.3 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{}.{} {unit}", count / size, count % size / (size / 10)),
        None => format!("{count} bytes"),
    }
}
