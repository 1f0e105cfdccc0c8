//! Folders and files that were typed: the root is a folder, and neither OUT nor metrics lie in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The name of a file or folder of the root, as messages give it, even if it was typed with the root or with `\`.
pub(super) fn name_in_root(root: &Path, text: &str) -> String {
    let one_spelling = |text: &str| text.trim().replace('\\', "/").trim_start_matches("./").to_owned();
    let (path, root) = (one_spelling(text), one_spelling(&root.to_string_lossy()));
    let below = Path::new(&path).strip_prefix(&root);
    let below = below.map_or_else(|_| path.clone(), |below| below.to_string_lossy().into_owned());
    below.trim_end_matches('/').to_owned()
}

/// Refuses a root that is no folder.
///
/// # Errors
/// It is no folder.
pub(super) fn refuse_no_folder(root: &Path) -> Result<()> {
    const HINT: &str = "name the folder that holds the stamps, as <ROOT>/<stamp>/usage/…";
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::usage(format!("--root {} is a file, and a root is a folder", root.display())).hint(HINT)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::usage(format!("--root {}: there is no such folder", root.display()))
                .hint(format!("{HINT}; if it lies on a share, see whether that is mounted{}", what_is_there(root))))
        }
        Err(error) => Err(Error::machine("look at", root, error)),
    }
}

/// What exists of a path that does not, so that a typing mistake is easy to see.
fn what_is_there(path: &Path) -> String {
    const SHOWN: usize = 5;
    let Some(folder) = path.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.is_dir()) else {
        return String::new();
    };
    let (looked, name) = match folder.to_str() {
        Some("") => (Path::new("."), "the current folder".to_owned()),
        _ => (folder, folder.display().to_string()),
    };
    let entries = fs::read_dir(looked).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    names.truncate(SHOWN);
    if names.is_empty() {
        return format!("; {name} holds no folder");
    }
    format!("; {name} holds the folders {}{more}", names.join(", "))
}

/// Refuses an OUT in the root, which the next run would take for a stamp, and a root in OUT.
///
/// # Errors
/// One lies in the other, or OUT is a file.
pub(super) fn refuse_out_in_root(root_named: &Path, out: &Path) -> Result<()> {
    if out.exists() && !out.is_dir() {
        return Err(Error::usage(format!("--out {} is a file, and OUT is a folder", out.display()))
            .hint("name a folder to publish to; it is made if need be"));
    }
    let (Some(root), Some(real_out)) = (absolute(root_named), absolute(out)) else { return Ok(()) };
    let (inner, outer) = if real_out.starts_with(&root) {
        ("--out", "root")
    } else if root.starts_with(&real_out) {
        ("--root", "publication")
    } else {
        return Ok(());
    };
    let path = if inner == "--out" { out } else { root_named };
    Err(Error::usage(format!("{inner} {} lies in the {outer}", path.display()))
        .hint("keep the two apart: a publication within the root would be taken for a stamp"))
}

/// Refuses metrics in the root: the next run would refuse them there, so they are not even written.
///
/// # Errors
/// They lie in the root.
pub(super) fn refuse_metrics_in_root(root: &Path, metrics: &mut Option<PathBuf>) -> Result<()> {
    let (Some(path), Some(root)) = (&metrics, absolute(root)) else { return Ok(()) };
    if !absolute(path).is_some_and(|path| path.starts_with(root)) {
        return Ok(());
    }
    let error = Error::usage(format!("--metrics {} lies in the root", path.display()));
    *metrics = None;
    Err(error.hint("keep the two apart: the root holds what is read, and nothing else"))
}

/// A path without links, `.` and `..`, whether or not its last parts exist yet.
fn absolute(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let existing = whole.ancestors().find(|folder| folder.exists())?;
    let mut resolved = existing.canonicalize().ok()?;
    for part in whole.strip_prefix(existing).ok()?.components() {
        match part {
            std::path::Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
    }
    Some(resolved)
}
