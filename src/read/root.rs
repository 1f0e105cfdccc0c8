//! The folder convention of `product.md` §2: which exports and snapshots there are, with their windows and dates.
//!
//! Looks only at names. The content of a file is recognised by `shape`.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::domain::limits::{FILES_MAX, FOLDER_DEPTH_MAX};
use crate::domain::{Hour, Stamp, Window, shown};
use crate::error::suggest::suggestion;
use crate::error::{Error, FailureKind, Result};
use crate::read::usage::query::SIDECAR;
use crate::read::usage::record::ExportRecord;
use crate::store::InputFile;

/// The folders that a stamp may have.
pub const STAMP_FOLDERS: [&str; 4] = ["usage", "registration", "customer-subscriptions", "user-subscriptions"];
/// The files that a root may have beside its stamps.
const ROOT_FILES: [&str; 5] = ["meters.csv", "names.csv", "prices.csv", "vendor-prices.csv", "exchange-rates.csv"];
/// The folders of several price books and of several files of vendor prices, unless they are laid out as a stamp's.
const PRICES: &str = "prices";
const VENDOR_PRICES: &str = "vendor-prices";

/// A root folder as it stands: everything sorted by name.
#[derive(Debug, Default)]
pub struct Root {
    pub stamps: Vec<StampFolder>,
    pub meters: Option<InputFile>,
    pub names: Option<InputFile>,
    /// The files of the price book: `None` when the root has none. An empty book is still one.
    pub prices: Option<Vec<InputFile>>,
    /// The same of what Microsoft charges.
    pub vendor_prices: Option<Vec<InputFile>>,
    pub exchange_rates: Option<InputFile>,
    /// All stamps of the root; a run may be limited to some of them.
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
    /// Registrations that another one replaces: customer subscriptions may still be under them.
    pub overridden: Vec<SnapshotFiles>,
}

/// The files of one usage query.
#[derive(Debug)]
pub struct Export {
    /// The reported window in its folder's name.
    pub window: Option<Window>,
    /// Whether its files lie outside any window folder.
    pub is_loose: bool,
    /// The folder, relative to the root.
    pub folder: String,
    pub files: Vec<InputFile>,
    /// The one of these that is named as a sidecar.
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

impl Root {
    /// A refusal of one stamp's input, with how to continue without that stamp.
    pub fn or_without(&self, error: Error, stamp: &Stamp) -> Error {
        self.or_without_all(vec![(stamp, error)])
    }

    /// All refusals of the input of some stamps, at least one; and how to continue without these stamps if others are
    /// left. That is no remedy for a failure of the machine or wrong use of the command.
    pub fn or_without_all(&self, refused: Vec<(&Stamp, Error)>) -> Error {
        let is_refused = |name: &str| refused.iter().any(|(stamp, _)| stamp.as_str() == name);
        let names = || self.stamps.iter().map(|folder| folder.stamp.as_str());
        let others: Vec<&str> = names().filter(|name| !is_refused(name)).collect();
        let without: Vec<&str> = names().filter(|name| is_refused(name)).collect();
        let error = Error::several(refused.into_iter().map(|(_, error)| error).collect());
        if error.kind != FailureKind::Input || others.is_empty() {
            return error;
        }
        let noun = if without.len() == 1 { "stamp" } else { "stamps" };
        error.or_at_last(&format!(
            "leave {noun} {} out with --stamp {}: what is published of {} stays",
            without.join(" and "),
            others.join(" "),
            if without.len() == 1 { "it" } else { "them" }
        ))
    }
}

impl StampFolder {
    /// A stamp's folder as it was when these exports were read, without its snapshots. No file is touched.
    pub fn as_known<'e>(stamp: Stamp, exports: impl Iterator<Item = &'e ExportRecord>) -> Self {
        let known = |name: &str| InputFile { name: name.to_owned(), path: PathBuf::new() };
        let export = |record: &ExportRecord| Export {
            window: record.window,
            is_loose: false,
            folder: record.folder.clone(),
            files: record.input_files().map(|file| known(&file.name)).collect(),
            sidecar: record.sidecar.as_ref().map(|file| known(&file.name)),
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

impl Export {
    fn new(window: Option<Window>, folder: &str, mut files: Vec<InputFile>, is_loose: bool) -> Self {
        files.sort();
        let sidecar = format!("{folder}/{SIDECAR}");
        let sidecar = files.iter().find(|file| file.name == sidecar).cloned();
        Self { window, is_loose, folder: folder.to_owned(), files, sidecar }
    }
}

/// An entry of a folder that is not to be skipped.
struct FolderEntry {
    name: String,
    file: InputFile,
    is_folder: bool,
}

/// State while a root is read: everything that does not belong is reported at once.
#[derive(Default)]
struct Looking {
    skipped: Vec<String>,
    errors: Vec<Error>,
}

impl Looking {
    fn refuse(&mut self, what: impl Into<String>, at: &str, hint: impl Into<String>) {
        self.errors.push(Error::input(what).at(at).hint(hint));
    }
}

/// Reads the folder convention below `root`. With `only`, other stamps are skipped.
///
/// # Errors
/// The root cannot be read, is a stamp's folder, or holds something that is not of the convention or names a moment
/// twice: all of it at once.
// Long: one pass over the entries of the root, by name.
pub fn discover(root: &Path, only: &[Stamp]) -> Result<Root> {
    refuse_part_of_a_stamp(root)?;
    let mut found = Root::default();
    let mut look = Looking::default();
    let mut folders = Vec::new();
    for entry in look.entries(root, "") {
        match (entry.is_folder, entry.name.as_str()) {
            (true, PRICES) if !is_laid_out_as_a_stamp(&entry.file.path) => {
                look.files_below(&entry.file, found.prices.get_or_insert_default());
            }
            (true, VENDOR_PRICES) if !is_laid_out_as_a_stamp(&entry.file.path) => {
                look.files_below(&entry.file, found.vendor_prices.get_or_insert_default());
            }
            (true, name) if ROOT_FILES.contains(&name) => {
                look.refuse(
                    "a folder, where a file is meant",
                    name,
                    format!("put the file {name} in its place; {SKIP_HINT}"),
                );
            }
            (true, name) => match Stamp::new(name) {
                Some(stamp) => {
                    found.all_stamps.push(stamp.to_string());
                    if only.is_empty() || only.contains(&stamp) {
                        folders.push((stamp, entry.file.path));
                    }
                }
                None => look.refuse(
                    "the folder's name is not a stamp name",
                    name,
                    format!(
                        "a stamp is named [a-z0-9][a-z0-9._-]*, all lower case{}; {SKIP_HINT}",
                        Stamp::new(&name.to_lowercase()).map_or(String::new(), |stamp| format!(", such as {stamp}"))
                    ),
                ),
            },
            (false, "meters.csv") => found.meters = Some(entry.file),
            (false, "names.csv") => found.names = Some(entry.file),
            (false, "prices.csv") => found.prices.get_or_insert_default().push(entry.file),
            (false, "vendor-prices.csv") => found.vendor_prices.get_or_insert_default().push(entry.file),
            (false, "exchange-rates.csv") => found.exchange_rates = Some(entry.file),
            (false, name) => look.refuse_file_of_root(name, only),
        }
    }
    if let Some(missing) = only.iter().find(|stamp| !found.all_stamps.iter().any(|name| name == stamp.as_str())) {
        // If something below was refused, that may be the stamp, misnamed.
        let hint = if found.all_stamps.is_empty() {
            "it holds no stamp at all: name the folder that holds the stamps with --root".to_owned()
        } else {
            format!("it has {}", list(&found.all_stamps))
        };
        look.errors.push(Error::usage(format!("--stamp {missing}: the root has no such stamp")).hint(hint));
        return Err(or_folder_below(root, Error::several(look.errors)));
    }
    found.prices.iter_mut().chain(&mut found.vendor_prices).for_each(|files| files.sort());
    for (stamp, path) in folders {
        let folder = look.stamp_folder(stamp, &path);
        found.stamps.push(folder);
    }
    let files: usize = found.stamps.iter().flat_map(|stamp| &stamp.exports).map(|export| export.files.len()).sum();
    if files > FILES_MAX {
        look.errors.push(
            Error::input(format!("{files} files of usage, and {FILES_MAX} can be read in one run"))
                .hint("run over fewer stamps at a time with --stamp, or archive what is closed"),
        );
    }
    if found.stamps.is_empty() && look.errors.is_empty() {
        let error = Error::input(format!("{} holds no stamp folder", root.display())).hint(
            "put exports into folders as <root>/<stamp>/usage/<reported-start>/…, with registration, \
             customer-subscriptions and user-subscriptions beside usage; if it is a mount point, see whether its \
             share is mounted",
        );
        return Err(or_folder_below(root, error));
    }
    if !look.errors.is_empty() {
        return Err(or_folder_below(root, Error::several(look.errors)));
    }
    look.skipped.sort();
    found.skipped = look.skipped;
    Ok(found)
}

/// Whether a folder has a subfolder that only stamps have.
fn is_laid_out_as_a_stamp(folder: &Path) -> bool {
    STAMP_FOLDERS.iter().any(|name| folder.join(name).is_dir())
}

/// Refuses a root that is the folder of a stamp, or of a stamp's usage or snapshots: the root is further up.
///
/// # Errors
/// It is such a folder.
fn refuse_part_of_a_stamp(root: &Path) -> Result<()> {
    let whole = std::path::absolute(root).map_err(|error| Error::machine("look at", root, error))?;
    let is_stamp = |folder: &Path| {
        // A root may contain a stamp that is named like one of these folders.
        let parts = STAMP_FOLDERS.map(|name| folder.join(name));
        parts.iter().any(|part| part.is_dir())
            && !parts.iter().any(|part| is_laid_out_as_a_stamp(part))
            && !holds_a_stamp(folder)
    };
    let is_part = STAMP_FOLDERS.iter().any(|name| whole.ends_with(name)) && !holds_a_stamp(&whole);
    let (stamp, what) = match whole.parent() {
        _ if is_stamp(&whole) => (whole.as_path(), "the folder of a stamp"),
        Some(parent) if is_part && is_stamp(parent) => (parent, "a folder within that of a stamp"),
        _ => return Ok(()),
    };
    let Some((name, above)) = stamp.file_name().and_then(|name| name.to_str()).zip(stamp.parent()) else {
        return Ok(());
    };
    Err(Error::usage(format!("--root {} is {what}, and not the root that holds the stamps", root.display())).hint(
        format!(
            "name the folder above the stamp's: --root {}; to read this stamp alone add --stamp {name}",
            above.display()
        ),
    ))
}

/// The refusal of a folder; another one where it has no stamp, and the root lies one or two folders further down.
fn or_folder_below(folder: &Path, error: Error) -> Error {
    if holds_a_stamp(folder) {
        return error;
    }
    let below = folders_in(folder);
    let two_below = below.iter().flat_map(|below| folders_in(below));
    let Some(root) = below.iter().cloned().chain(two_below).find(|below| holds_a_stamp(below)) else { return error };
    let message = format!("--root {} holds no stamp folder, and {} does", folder.display(), root.display());
    Error::usage(message).hint(format!("name the folder that holds the stamps: --root {}", root.display()))
}

/// Whether some folder in it is laid out as a stamp's.
fn holds_a_stamp(folder: &Path) -> bool {
    folders_in(folder).iter().any(|folder| is_laid_out_as_a_stamp(folder))
}

/// The folders in a folder, by name, except those that are skipped; none where it cannot be read.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_seen =
        |path: &PathBuf| path.is_dir() && !path.file_name().is_some_and(|name| is_skipped(&name.to_string_lossy()));
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_seen).collect();
    folders.sort();
    folders
}

const SKIP_HINT: &str = "rename it so that it begins with `_` or `.` to have it skipped";

impl Looking {
    /// Refuses a file in the root that is none of the root's files.
    fn refuse_file_of_root(&mut self, name: &str, only: &[Stamp]) {
        if only.iter().any(|stamp| stamp.as_str() == name) || !name.contains('.') {
            let hint = format!("a stamp is a folder, with its exports below {name}/usage; {SKIP_HINT}");
            return self.refuse("a file, where the folder of a stamp is meant", name, hint);
        }
        if let Some(table) = ROOT_FILES.iter().find(|table| is_workbook_of(name, table)) {
            let hint = format!("save its sheet as CSV UTF-8 under the name {table}; {SKIP_HINT}");
            return self.refuse("a workbook, where a table is meant", name, hint);
        }
        self.refuse(
            "a file that a root does not have",
            name,
            format!(
                "a root holds stamp folders, the folders {PRICES} and {VENDOR_PRICES}, and {}{}; {SKIP_HINT}",
                list(&ROOT_FILES),
                suggestion(name, &ROOT_FILES),
            ),
        );
    }

    fn stamp_folder(&mut self, stamp: Stamp, path: &Path) -> StampFolder {
        let mut found = StampFolder {
            stamp,
            exports: Vec::new(),
            registrations: Vec::new(),
            customer_subscriptions: Vec::new(),
            user_subscriptions: Vec::new(),
            overridden: Vec::new(),
        };
        let before = self.errors.len();
        let entries = self.entries(path, found.stamp.as_str());
        if entries.is_empty() && self.errors.len() == before {
            self.refuse(
                "the folder of the stamp is empty",
                found.stamp.as_str(),
                "see whether its share is mounted, and that its exports were saved here; if there is no such stamp, \
                 remove the folder",
            );
        }
        for entry in &entries {
            let FolderEntry { file, name, is_folder } = entry;
            match (is_folder, name.as_str()) {
                (true, "usage") => found.exports = self.exports(file),
                (true, "registration") => found.registrations = self.snapshots(file),
                (true, "customer-subscriptions") => found.customer_subscriptions = self.snapshots(file),
                (true, "user-subscriptions") => found.user_subscriptions = self.snapshots(file),
                (false, "usage") => self.refuse(
                    "a file, where the folder of the exports is meant",
                    &file.name,
                    format!("make a folder {0}, and move the file there, as {0}/<reported-start>/…", file.name),
                ),
                (false, name) if STAMP_FOLDERS.contains(&name) => self.refuse(
                    "a file, where the folder of dated snapshots is meant",
                    &file.name,
                    format!("make a folder {0}, and move the file there, as {0}/<date>.json", file.name),
                ),
                _ => {
                    self.refuse(
                        "something that a stamp's folder does not have",
                        &file.name,
                        format!(
                            "a stamp holds the folders {}{}; {SKIP_HINT}",
                            list(&STAMP_FOLDERS),
                            suggestion(name, &STAMP_FOLDERS),
                        ),
                    );
                }
            }
        }
        found
    }

    /// The exports below a stamp's `usage` folder.
    fn exports(&mut self, usage: &InputFile) -> Vec<Export> {
        let mut exports = Vec::new();
        let mut undeclared = Vec::new();
        for entry in self.entries(&usage.path, &usage.name) {
            if !entry.is_folder {
                undeclared.push(entry.file);
                continue;
            }
            let mut files = Vec::new();
            self.files_below(&entry.file, &mut files);
            exports.push(Export::new(Window::parse(&entry.name), &entry.file.name, files, false));
        }
        if !undeclared.is_empty() {
            exports.push(Export::new(None, &usage.name, undeclared, true));
        }
        exports
    }

    /// The snapshots of one kind, in order of their dates.
    fn snapshots(&mut self, folder: &InputFile) -> Vec<SnapshotFiles> {
        let mut snapshots: Vec<SnapshotFiles> = Vec::new();
        for entry in self.entries(&folder.path, &folder.name) {
            let Some(as_of) = date_of(&entry.name) else {
                self.refuse(
                    "the name is no date",
                    &entry.file.name,
                    format!(
                        "name a snapshot by the moment it was taken, 2026-10-05.json or 2026-10-05T13.json (UTC), or \
                         a folder of its pages likewise; {SKIP_HINT}"
                    ),
                );
                continue;
            };
            let mut pages = Vec::new();
            if entry.is_folder {
                let before = self.errors.len();
                self.files_below(&entry.file, &mut pages);
                if pages.is_empty() && self.errors.len() == before {
                    self.refuse(
                        "the snapshot's folder holds no page",
                        &entry.file.name,
                        "put its pages there, or remove the folder",
                    );
                    continue;
                }
            } else {
                pages.push(entry.file.clone());
            }
            snapshots.push(SnapshotFiles { as_of, name: entry.file.name, pages });
        }
        snapshots.sort_by_key(|snapshot| snapshot.as_of);
        for pair in snapshots.windows(2).filter(|pair| pair[0].as_of == pair[1].as_of) {
            self.refuse(
                format!("is dated {}, as {} is", pair[1].as_of, pair[0].name),
                &pair[1].name,
                "two snapshots of one kind at one moment contradict each other: keep one of the two",
            );
        }
        snapshots
    }

    /// All files below a folder, at any depth.
    fn files_below(&mut self, folder: &InputFile, files: &mut Vec<InputFile>) {
        if folder.name.split('/').count() > FOLDER_DEPTH_MAX {
            return self.refuse(
                format!("more than {FOLDER_DEPTH_MAX} folders within each other"),
                &folder.name,
                "a link probably leads back to a folder above it: remove the link",
            );
        }
        for entry in self.entries(&folder.path, &folder.name) {
            if entry.is_folder {
                self.files_below(&entry.file, files);
            } else if files.len() < FILES_MAX {
                files.push(entry.file);
            } else {
                return self.refuse(format!("more than {FILES_MAX} files"), &folder.name, "archive what is closed");
            }
        }
    }

    /// What a folder holds, sorted by name, less what is skipped. Links are followed.
    fn entries(&mut self, folder: &Path, name: &str) -> Vec<FolderEntry> {
        let mut found = Vec::new();
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        match entries {
            Ok(entries) => found.extend(entries.iter().filter_map(|entry| self.entry(entry, name))),
            Err(error) => self.errors.push(Error::machine("read the folder", folder, error)),
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    fn entry(&mut self, entry: &DirEntry, folder: &str) -> Option<FolderEntry> {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            self.refuse("the name is not UTF-8", &path.to_string_lossy(), "rename it");
            return None;
        };
        let full = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        // A stamp may be named like litter; the folders of a stamp contain no stamps.
        if is_skipped(&name) || is_litter(&name) && !is_laid_out_as_a_stamp(&path) {
            self.skipped.push(full);
            return None;
        }
        // Most systems say with the name what it is; only a link has to be followed.
        let said = entry.file_type().ok().filter(|kind| kind.is_dir() || kind.is_file());
        match said.map_or_else(|| fs::metadata(&path).map(|metadata| metadata.file_type()), Ok) {
            Ok(kind) if kind.is_dir() || kind.is_file() => {
                return Some(FolderEntry { name, file: InputFile { name: full, path }, is_folder: kind.is_dir() });
            }
            Ok(_) => self.refuse(
                "neither a file nor a folder",
                &full,
                format!("pipes, sockets and devices cannot be read twice: put a file there, or {SKIP_HINT}"),
            ),
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
                self.errors.push(Error::machine("look at", &path, error).hint(
                    "it is a link to something that is not there: see whether the share that it leads to is mounted, \
                     or remove the link",
                ));
            }
            Err(error) => self.errors.push(Error::machine("look at", &path, error)),
        }
        None
    }
}

/// The moment that a snapshot's name says.
fn date_of(name: &str) -> Option<Hour> {
    let hour = name.get(..13).and_then(Hour::parse_name).map(|hour| (hour, 13));
    let date = hour.or_else(|| name.get(..10).and_then(Hour::parse_name).map(|day| (day, 10)));
    let (as_of, length) = date?;
    matches!(name.as_bytes().get(length), None | Some(b'.')).then_some(as_of)
}

fn is_skipped(name: &str) -> bool {
    name.starts_with(['.', '_']) || [".tmp", ".part", "~"].iter().any(|end| name.ends_with(end))
}

/// Files that systems and programs leave behind, by name in any case: Windows, its recycle bins and Office; macOS; file
/// systems; NAS devices (Synology, QNAP).
const LITTER: [&str; 34] = [
    "thumbs.db",
    "thumbs.db:encryptable",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "folder.htt",
    "system volume information",
    "$recycle.bin",
    "recycler",
    "recycled",
    "found.000",
    "icon\r",
    "__macosx",
    "network trash folder",
    "temporary items",
    "thevolumesettingsfolder",
    "desktop db",
    "desktop df",
    "lost+found",
    "aquota.user",
    "aquota.group",
    "quota.user",
    "quota.group",
    "lost.dir",
    "#recycle",
    "#snapshot",
    "@eadir",
    "@tmp",
    "@sharebin",
    "@recycle",
    "@recently-snapshot",
    "@__thumb",
    "@syno",
    "@synoresource",
];
/// Prefixes of such names that differ from file to file: what Office writes beside an open document.
const LITTER_BEGINS: [&str; 2] = ["~$", ".~lock."];

/// Whether a file is the workbook of a table, such as `Prices.xlsx` of `prices.csv`.
fn is_workbook_of(name: &str, table: &str) -> bool {
    let is_stem = |stem: &str| table.strip_suffix(".csv").is_some_and(|base| base.eq_ignore_ascii_case(stem));
    let parts = name.rsplit_once('.');
    parts.is_some_and(|(stem, kind)| {
        is_stem(stem) && ["xlsx", "xlsm", "xls", "xlsb", "ods", "numbers"].contains(&&*kind.to_lowercase())
    })
}

fn is_litter(name: &str) -> bool {
    let name = name.to_lowercase();
    LITTER.contains(&name.as_str()) || LITTER_BEGINS.iter().any(|begin| name.starts_with(begin))
}

fn list(names: &[impl AsRef<str>]) -> String {
    shown::list(names)
}
