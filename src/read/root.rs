//! The folder convention of `product.md` §2: which exports and snapshots there are, with their windows and dates.
//!
//! Looks at names only. What is inside a file is recognised from its content, by `shape`.

use std::fs;
use std::path::{Path, PathBuf};

use super::asked::SIDECAR;
use super::lines::ExportLines;
use crate::domain::limits::{FILES_MAX, FOLDER_DEPTH_MAX};
use crate::domain::{Hour, Stamp, Window};
use crate::error::{self, Error, Kind, Result};

/// The folders that a stamp may have.
pub const STAMP_FOLDERS: [&str; 4] = ["usage", "registration", "customer-subscriptions", "user-subscriptions"];
/// The files that a root may have beside its stamps.
const ROOT_FILES: [&str; 4] = ["meters.csv", "names.csv", "prices.csv", "exchange-rates.csv"];
/// The folder of several price books, unless it is laid out as a stamp's.
const PRICES: &str = "prices";

/// A root folder as it stands: everything sorted by name.
#[derive(Debug, Default)]
pub struct Root {
    pub stamps: Vec<StampFolder>,
    pub meters: Option<InputFile>,
    pub names: Option<InputFile>,
    /// The files of the price book: `None` when there is none, be it an empty one.
    pub prices: Option<Vec<InputFile>>,
    pub exchange_rates: Option<InputFile>,
    /// All stamps that the root has, of which a run may be limited to some.
    pub all_stamps: Vec<String>,
    /// Files and folders passed over, relative to the root.
    pub skipped: Vec<String>,
}

#[derive(Debug)]
pub struct StampFolder {
    pub stamp: Stamp,
    pub exports: Vec<Export>,
    pub registrations: Vec<SnapshotFiles>,
    pub customer_subscriptions: Vec<SnapshotFiles>,
    pub user_subscriptions: Vec<SnapshotFiles>,
    /// Registrations in whose stead another serves: customer subscriptions may lie under them all the same.
    pub overridden: Vec<SnapshotFiles>,
}

/// The files of one usage query.
#[derive(Debug)]
pub struct Export {
    /// The reported window that its folder's name says.
    pub window: Option<Window>,
    /// Whether its files lie outside any window folder.
    pub is_loose: bool,
    /// The folder, relative to the root.
    pub folder: String,
    pub files: Vec<InputFile>,
    /// Of these the one that is named as a sidecar.
    pub sidecar: Option<InputFile>,
}

/// The pages of one dated snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotFiles {
    pub as_of: Hour,
    /// The file or folder, relative to the root.
    pub name: String,
    pub pages: Vec<InputFile>,
}

/// One file: where it is, and how every message and table names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Relative to the root, `/` between its parts.
    pub name: String,
    pub path: PathBuf,
}

impl Root {
    /// A refusal of one stamp's input, with how the others can go on without it.
    pub fn or_without(&self, error: Error, stamp: &Stamp) -> Error {
        let names: Vec<&str> = self.stamps.iter().map(|folder| folder.stamp.as_str()).collect();
        or_without(error, stamp.as_str(), &names)
    }
}

impl StampFolder {
    /// A stamp's folder as it was when these exports were read: without its snapshots, and without a look at any file.
    pub fn as_known<'e>(stamp: Stamp, exports: impl Iterator<Item = &'e ExportLines>) -> Self {
        let known = |name: &str| InputFile { name: name.to_owned(), path: PathBuf::new() };
        let export = |own: &ExportLines| Export {
            window: own.window,
            is_loose: false,
            folder: own.folder.clone(),
            files: own.input_files().map(|file| known(&file.name)).collect(),
            sidecar: own.sidecar.as_ref().map(|file| known(&file.name)),
        };
        Self {
            stamp,
            exports: exports.map(export).collect(),
            registrations: Vec::new(),
            customer_subscriptions: Vec::new(),
            user_subscriptions: Vec::new(),
            overridden: Vec::new(),
        }
    }
}

fn or_without(error: Error, stamp: &str, all: &[impl AsRef<str>]) -> Error {
    let others: Vec<&str> = all.iter().map(AsRef::as_ref).filter(|&other| other != stamp).collect();
    if error.kind != Kind::Input || others.is_empty() {
        return error;
    }
    error.or_hint(&format!("leave stamp {stamp} out with --stamp {}: what is published of it stays", others.join(" ")))
}

impl Export {
    fn new(window: Option<Window>, folder: &str, mut files: Vec<InputFile>, is_loose: bool) -> Self {
        files.sort();
        let sidecar = format!("{folder}/{SIDECAR}");
        let sidecar = files.iter().find(|file| file.name == sidecar).cloned();
        Self { window, is_loose, folder: folder.to_owned(), files, sidecar }
    }
}

/// An entry of a folder that is not to be skipped.
struct Entry {
    name: String,
    file: InputFile,
    is_folder: bool,
}

/// Reads the folder convention below `root`. With `only`, other stamps are not looked into.
///
/// # Errors
/// The root cannot be read, holds something that is not of the convention, or names a moment twice.
pub fn discover(root: &Path, only: &[Stamp]) -> Result<Root> {
    let mut found = Root::default();
    let (mut names, mut folders) = (Vec::new(), Vec::new());
    for entry in entries(root, "", &mut found.skipped)? {
        match (entry.is_folder, entry.name.as_str()) {
            (true, PRICES) if !is_laid_out_as_a_stamp(&entry.file.path) => {
                files_below(&entry.file, found.prices.get_or_insert_default(), &mut found.skipped)?;
            }
            (true, name) => {
                let stamp = stamp_of(name)?;
                names.push(stamp.to_string());
                if only.is_empty() || only.contains(&stamp) {
                    folders.push((stamp, entry.file.path));
                }
            }
            (false, "meters.csv") => found.meters = Some(entry.file),
            (false, "names.csv") => found.names = Some(entry.file),
            (false, "prices.csv") => found.prices.get_or_insert_default().push(entry.file),
            (false, "exchange-rates.csv") => found.exchange_rates = Some(entry.file),
            (false, name) => {
                let nearest = error::nearest(name, &ROOT_FILES);
                return Err(Error::input("a file that a root does not have").at(name).hint(format!(
                    "a root holds stamp folders, the folder {PRICES} and {}{}; {SKIP_HINT}",
                    list(&ROOT_FILES),
                    nearest.map_or(String::new(), |nearest| format!(" (did you mean `{nearest}`?)")),
                )));
            }
        }
    }
    if let Some(missing) = only.iter().find(|stamp| !names.iter().any(|name| name == stamp.as_str())) {
        return Err(Error::usage(format!("--stamp {missing}: the root has no such stamp"))
            .hint(format!("it has {}", list(&names))));
    }
    found.all_stamps.clone_from(&names);
    found.prices.iter_mut().for_each(|files| files.sort());
    for (stamp, path) in folders {
        let folder = stamp_folder(stamp.clone(), &path, &mut found.skipped);
        found.stamps.push(folder.map_err(|error| or_without(error, stamp.as_str(), &names))?);
    }
    let files: usize = found.stamps.iter().flat_map(|stamp| &stamp.exports).map(|export| export.files.len()).sum();
    if files > FILES_MAX {
        return Err(Error::input(format!("{files} files of usage, and {FILES_MAX} can be read in one run"))
            .hint("run over fewer stamps at a time with --stamp, or archive what is closed"));
    }
    if found.stamps.is_empty() {
        return Err(Error::input(format!("{} holds no stamp folder", root.display())).hint(
            "lay exports out as <root>/<stamp>/usage/<reported-start>/…, with registration, customer-subscriptions \
             and user-subscriptions beside usage",
        ));
    }
    Ok(found)
}

/// Whether a folder holds one that only stamps have.
fn is_laid_out_as_a_stamp(folder: &Path) -> bool {
    STAMP_FOLDERS.iter().any(|own| folder.join(own).is_dir())
}

const SKIP_HINT: &str = "rename it so that it begins with `_` or `.` to have it skipped";

fn stamp_of(name: &str) -> Result<Stamp> {
    Stamp::new(name).ok_or_else(|| {
        Error::input("the folder's name is no stamp name")
            .at(name)
            .hint(format!("a stamp is named [a-z0-9][a-z0-9._-]*, all lower case; {SKIP_HINT}"))
    })
}

fn stamp_folder(stamp: Stamp, path: &Path, skipped: &mut Vec<String>) -> Result<StampFolder> {
    let mut found = StampFolder {
        stamp,
        exports: Vec::new(),
        registrations: Vec::new(),
        customer_subscriptions: Vec::new(),
        user_subscriptions: Vec::new(),
        overridden: Vec::new(),
    };
    for entry in entries(path, found.stamp.as_str(), skipped)? {
        let Entry { file, name, is_folder } = &entry;
        match (is_folder, name.as_str()) {
            (true, "usage") => found.exports = exports(file, skipped)?,
            (true, "registration") => found.registrations = snapshots(file, skipped)?,
            (true, "customer-subscriptions") => found.customer_subscriptions = snapshots(file, skipped)?,
            (true, "user-subscriptions") => found.user_subscriptions = snapshots(file, skipped)?,
            _ => {
                let nearest = error::nearest(name, &STAMP_FOLDERS);
                return Err(Error::input("something that a stamp's folder does not have").at(&file.name).hint(
                    format!(
                        "a stamp holds the folders {}{}; {SKIP_HINT}",
                        list(&STAMP_FOLDERS),
                        nearest.map_or(String::new(), |nearest| format!(" (did you mean `{nearest}`?)")),
                    ),
                ));
            }
        }
    }
    Ok(found)
}

/// The exports below a stamp's `usage` folder.
fn exports(usage: &InputFile, skipped: &mut Vec<String>) -> Result<Vec<Export>> {
    let mut exports = Vec::new();
    let mut undeclared = Vec::new();
    for entry in entries(&usage.path, &usage.name, skipped)? {
        if !entry.is_folder {
            undeclared.push(entry.file);
            continue;
        }
        let mut files = Vec::new();
        files_below(&entry.file, &mut files, skipped)?;
        exports.push(Export::new(Window::parse(&entry.name), &entry.file.name, files, false));
    }
    if !undeclared.is_empty() {
        exports.push(Export::new(None, &usage.name, undeclared, true));
    }
    Ok(exports)
}

/// The snapshots of one kind, in order of their dates.
fn snapshots(folder: &InputFile, skipped: &mut Vec<String>) -> Result<Vec<SnapshotFiles>> {
    let mut snapshots: Vec<SnapshotFiles> = Vec::new();
    for entry in entries(&folder.path, &folder.name, skipped)? {
        let as_of = entry.name.get(..13).and_then(Hour::parse_name).map(|hour| (hour, 13));
        let (as_of, _) = as_of
            .or_else(|| entry.name.get(..10).and_then(Hour::parse_name).map(|day| (day, 10)))
            .filter(|&(_, length)| matches!(entry.name.as_bytes().get(length), None | Some(b'.')))
            .ok_or_else(|| {
                Error::input("the name is no date").at(&entry.file.name).hint(format!(
                    "name a snapshot by the moment it was taken, 2026-10-05.json or 2026-10-05T13.json (UTC), or a \
                     folder of its pages likewise; {SKIP_HINT}"
                ))
            })?;
        let mut pages = Vec::new();
        if entry.is_folder {
            files_below(&entry.file, &mut pages, skipped)?;
            if pages.is_empty() {
                return Err(Error::input("the snapshot's folder holds no page")
                    .at(&entry.file.name)
                    .hint("lay its pages there, or remove the folder"));
            }
        } else {
            pages.push(entry.file.clone());
        }
        snapshots.push(SnapshotFiles { as_of, name: entry.file.name, pages });
    }
    snapshots.sort_by_key(|snapshot| snapshot.as_of);
    if let Some(pair) = snapshots.windows(2).find(|pair| pair[0].as_of == pair[1].as_of) {
        return Err(Error::input(format!("is dated {}, as {} is", pair[1].as_of, pair[0].name))
            .at(&pair[1].name)
            .hint("two snapshots of one kind at one moment contradict each other: keep one of the two"));
    }
    Ok(snapshots)
}

/// All files below a folder, at any depth.
fn files_below(folder: &InputFile, files: &mut Vec<InputFile>, skipped: &mut Vec<String>) -> Result<()> {
    if folder.name.split('/').count() > FOLDER_DEPTH_MAX {
        return Err(Error::input(format!("more than {FOLDER_DEPTH_MAX} folders within each other"))
            .at(&folder.name)
            .hint("a link probably leads back to a folder above it: remove the link"));
    }
    for entry in entries(&folder.path, &folder.name, skipped)? {
        if entry.is_folder {
            files_below(&entry.file, files, skipped)?;
        } else if files.len() < FILES_MAX {
            files.push(entry.file);
        } else {
            return Err(Error::input(format!("more than {FILES_MAX} files"))
                .at(&folder.name)
                .hint("archive what is closed"));
        }
    }
    Ok(())
}

/// What a folder holds, sorted by name, less what is skipped. Links are followed.
fn entries(folder: &Path, name: &str, skipped: &mut Vec<String>) -> Result<Vec<Entry>> {
    let failed = |error| Error::machine("read the folder", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(own) = path.file_name().and_then(|own| own.to_str()).map(str::to_owned) else {
            return Err(Error::input("the name is not UTF-8").at(path.to_string_lossy()).hint("rename it"));
        };
        let full = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
        if is_skipped(&own) {
            skipped.push(full);
            continue;
        }
        let metadata = fs::metadata(&path).map_err(|error| Error::machine("look at", &path, error))?;
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(Error::input("neither a file nor a folder")
                .at(full)
                .hint(format!("pipes, sockets and devices cannot be read twice: lay a file there, or {SKIP_HINT}")));
        }
        found.push(Entry { name: own, file: InputFile { name: full, path }, is_folder: metadata.is_dir() });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    skipped.sort();
    Ok(found)
}

fn is_skipped(name: &str) -> bool {
    name.starts_with(['.', '_']) || [".tmp", ".part", "~"].iter().any(|end| name.ends_with(end))
}

fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
