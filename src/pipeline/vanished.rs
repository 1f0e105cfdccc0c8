//! Inputs of the last publication that the root no longer has: they are refused, kept, or forgotten by name.
//!
//! ```text
//! last receipt      root now               result
//! north 2026-10-05  no such folder         refused; kept with --keep-missing; its lines go with --forget
//! north 2026-10-06  2026-10-01--2026-11-01 replaced: other exports cover its window
//! north 2026-10-07  2 of its 3 pages       refused, unless the remaining pages changed
//! south             no such folder         refused; its tables go with --forget south
//! prices.csv        no such file           refused; its charges go with --forget prices
//! ```
//! The inputs of a publication are taken from its receipt: that is wherever the tables are, even if the private state
//! is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;
use crate::domain::finding::FindingCode;
use crate::domain::shown::counted;
use crate::domain::{Day, Finding, Month, PriceEntry, Stamp, Window};
use crate::error::{Error, Result};
use crate::publication::receipt::{RecordedFile, RecordedInputs};
use crate::read::{self, Export, Root, StampFolder};

/// The most names that a refusal lists one by one.
const NAMES_SHOWN: usize = 10;
/// The name that forgets everything that is gone.
const ALL: &str = "all";

/// Missing inputs that are forgotten, and names to forget that are still to be matched.
#[derive(Debug, Default)]
pub(super) struct Vanished {
    forgets_all: bool,
    /// Exports that are gone and forgotten, by their folders; those of forgotten stamps as well.
    exports: BTreeSet<String>,
    /// The same by stamp and window, as in the names of published files.
    windows: BTreeSet<(Stamp, String)>,
    /// Stamps that are gone and forgotten.
    stamps: BTreeSet<Stamp>,
    /// Typed names that match nothing yet; they may match when exports and prices are read.
    pending: BTreeSet<String>,
    /// What was forgotten, as the receipt names it.
    forgotten: BTreeSet<String>,
}

/// All missing inputs, whether or not they may be missing.
#[derive(Debug, Default)]
struct Gone {
    stamps: BTreeMap<Stamp, Vec<GoneExport>>,
    exports: BTreeMap<Stamp, Vec<GoneExport>>,
    /// Files of the root itself: names, meters, prices, exchange rates.
    tables: Vec<String>,
}

/// Whose prices a file has.
#[derive(Clone, Copy, Debug)]
pub(super) enum PriceTable {
    Operator,
    Vendor,
}

#[derive(Clone, Debug)]
struct GoneExport {
    folder: String,
    window: String,
    lines: i64,
    months: BTreeSet<Month>,
    /// Its missing files if some are still there; empty if all are missing.
    files: Vec<String>,
}

impl Vanished {
    /// Compares a root with the inputs of the last publication. `stays` are stamps that this run leaves as they are.
    ///
    /// # Errors
    /// Something is gone, and no setting keeps or forgets it.
    pub(super) fn find(plan: &Plan, root: &Root, recorded: &RecordedInputs, stays: &BTreeSet<Stamp>) -> Result<Self> {
        let gone = Gone::find(plan, root, recorded, stays)?;
        let mut vanished = Self { forgets_all: plan.forget.iter().any(|name| name == ALL), ..Self::default() };
        for name in plan.forget.iter().filter(|name| *name != ALL) {
            if !vanished.forget(name, &gone) {
                vanished.pending.insert(name.clone());
            }
        }
        if vanished.forgets_all {
            for name in gone.names() {
                vanished.forget(&name, &gone);
            }
        }
        let refused = gone.without(&vanished, plan.reuse.keep_missing);
        if refused.is_empty() {
            return Ok(vanished);
        }
        let unused: Vec<&str> = vanished.pending.iter().map(String::as_str).collect();
        let error = refused.refusal(plan.reuse.keep_missing);
        if unused.is_empty() {
            return Err(error);
        }
        Err(error.or_hint(&format!("look at what was typed: nothing gone is called {}", unused.join(", "))))
    }

    /// Forgets the missing inputs with a typed name; returns whether there are any.
    fn forget(&mut self, name: &str, gone: &Gone) -> bool {
        let before = (self.exports.len(), self.stamps.len(), self.forgotten.len());
        for (stamp, exports) in gone.exports.iter().chain(&gone.stamps) {
            let named = exports.iter().filter(|export| stamp.as_str() == name || matches(name, &export.folder));
            for export in named {
                self.exports.insert(export.folder.clone());
                self.windows.insert((stamp.clone(), export.window.clone()));
                self.forgotten.insert(export.folder.clone());
            }
        }
        for (stamp, exports) in gone.stamps.iter().filter(|(stamp, _)| stamp.as_str() == name) {
            self.stamps.insert(stamp.clone());
            self.forgotten.insert(stamp.to_string());
            for export in exports {
                self.forgotten.remove(&export.folder);
            }
        }
        let called = |path: &&String| *path == name || kind_of(path) == name || matches(name, path);
        self.forgotten.extend(gone.tables.iter().filter(called).cloned());
        before != (self.exports.len(), self.stamps.len(), self.forgotten.len())
            || self.forgotten.contains(name)
            || self.exports.contains(name)
    }

    /// Whether an export, or the loss of its lines, is forgotten.
    pub(super) fn forgets_export(&self, folder: &str) -> bool {
        self.forgets_all || self.exports.contains(folder) || self.pending.iter().any(|name| matches(name, folder))
    }

    /// The same for an export by its window, as in the names of published files.
    pub(super) fn forgets_window(&self, stamp: &Stamp, window: &str) -> bool {
        self.forgets_all || self.windows.contains(&(stamp.clone(), window.to_owned()))
    }

    /// Whether a missing stamp is forgotten, even if it had no exports.
    pub(super) fn forgets_stamp(&mut self, stamp: &Stamp) -> bool {
        if self.pending.remove(stamp.as_str()) {
            self.stamps.insert(stamp.clone());
            self.forgotten.insert(stamp.to_string());
        }
        self.forgets_all || self.stamps.contains(stamp)
    }

    /// Refuses exports that had usable lines and have none any more, although their files are there.
    ///
    /// # Errors
    /// There is such an export, and `--forget` does not name it.
    pub(super) fn refuse_emptied(&mut self, stamp: &Stamp, emptied: &[(String, i64)]) -> Result<()> {
        let (meant, refused): (Vec<_>, Vec<_>) = emptied.iter().partition(|(folder, _)| self.forgets_export(folder));
        for (folder, _) in meant {
            self.resolve_pending(folder);
        }
        let Some((folder, lines)) = refused.first() else { return Ok(()) };
        let more = if refused.len() > 1 {
            format!(" (and {} more exports like it)", refused.len() - 1)
        } else {
            String::new()
        };
        Err(Error::input(format!(
            "has no usable line any more, and {} of it were published{more}",
            counted(*lines, "line")
        ))
        .at(folder.clone())
        .hint(format!(
            "export that window again and put its pages there; if stamp {stamp} really used nothing, say so once with \
             --forget {folder}"
        )))
    }

    /// Refuses a book without a file whose prices published charges or vendor charges rest on.
    ///
    /// # Errors
    /// There is such a price, and `--forget` does not allow it.
    pub(super) fn refuse_lost_prices<'e>(
        &mut self,
        table: PriceTable,
        files: &BTreeSet<String>,
        published: impl Iterator<Item = (Month, &'e PriceEntry)>,
        has_entry: impl Fn(i64) -> bool,
    ) -> Result<()> {
        let is_lost = |entry: &PriceEntry| !files.contains(&entry.file) && !has_entry(entry.key());
        let mut lost: BTreeMap<&str, (BTreeSet<i64>, BTreeSet<Month>)> = BTreeMap::new();
        for (month, entry) in published.filter(|(_, entry)| is_lost(entry)) {
            let (keys, months) = lost.entry(&entry.file).or_default();
            keys.insert(entry.key());
            months.insert(month);
        }
        let is_meant = |path: &str| {
            self.forgets_all || self.pending.iter().any(|name| matches(name, path) || kind_of(path) == name)
        };
        let (meant, refused): (Vec<_>, Vec<_>) = lost.into_iter().partition(|(path, _)| is_meant(path));
        for (path, _) in meant {
            self.resolve_pending(path);
        }
        let Some((path, (keys, months))) = refused.first() else { return Ok(()) };
        Err(Error::input(format!(
            "is gone, and with it {} that published {} of {} rest on",
            counted(keys.len() as i64, "price"),
            match table {
                PriceTable::Operator => "charges",
                PriceTable::Vendor => "vendor charges",
            },
            list(months)
        ))
        .at((*path).to_owned())
        .hint(match table {
            PriceTable::Operator => {
                "put the file back, or lay its rows into another file of the price book; if these prices are to go, \
                 say so once with --forget prices"
            }
            PriceTable::Vendor => {
                "put the file back, or lay its rows into another file of vendor prices; if these prices are to go, \
                 say so once with --forget vendor-prices"
            }
        }))
    }

    /// Records that an input was forgotten, and removes the typed names that match it.
    fn resolve_pending(&mut self, path: &str) {
        self.pending.retain(|name| !matches(name, path) && kind_of(path) != name);
        self.forgotten.insert(path.to_owned());
    }

    /// Refuses typed names that matched nothing: a typing error must not look like success.
    ///
    /// # Errors
    /// There is such a name.
    pub(super) fn refuse_unused(&self) -> Result<()> {
        let Some(name) = self.pending.first() else { return Ok(()) };
        Err(Error::usage(format!("--forget {name}: nothing of that name is gone")).hint(
            "leave --forget out: it is said once, for what a run refused to lose. `stacktally check` with the same \
             flags says what is gone",
        ))
    }

    /// What was forgotten, as the receipt names it.
    pub(super) fn into_forgotten(self) -> Vec<String> {
        self.forgotten.into_iter().collect()
    }
}

impl Gone {
    fn find(plan: &Plan, root: &Root, recorded: &RecordedInputs, stays: &BTreeSet<Stamp>) -> Result<Self> {
        let mut gone = Self::default();
        let folders: BTreeMap<&str, &StampFolder> =
            root.stamps.iter().map(|folder| (folder.stamp.as_str(), folder)).collect();
        let mut exports: BTreeMap<Stamp, Vec<GoneExport>> = BTreeMap::new();
        for window in recorded.windows.iter().filter(|window| window.dropped.is_none() && window.files > 0) {
            let Some(stamp) = Stamp::new(&window.stamp).filter(|stamp| !stays.contains(stamp)) else { continue };
            let reported = Window::parse(&window.window);
            let lost = match folders.get(stamp.as_str()) {
                None => Some(Vec::new()),
                Some(folder) => {
                    let files = recorded.inputs.iter().filter(|input| is_below(&input.path, &window.folder));
                    missing_files(folder, &window.folder, reported, &files.collect::<Vec<_>>(), plan)?
                }
            };
            if let Some(files) = lost {
                let months =
                    reported.into_iter().flat_map(|reported| reported.days().map(Day::month).collect::<Vec<_>>());
                exports.entry(stamp).or_default().push(GoneExport {
                    folder: window.folder.clone(),
                    window: window.window.clone(),
                    lines: window.lines,
                    months: months.collect(),
                    files,
                });
            }
        }
        for (stamp, lost) in exports {
            let is_there = folders.contains_key(stamp.as_str());
            if is_there {
                gone.exports.insert(stamp, lost)
            } else {
                gone.stamps.insert(stamp, lost)
            };
        }
        // A stamp without any exports still has tables.
        for window in &recorded.windows {
            if let Some(stamp) = Stamp::new(&window.stamp).filter(|stamp| !stays.contains(stamp))
                && !folders.contains_key(stamp.as_str())
            {
                gone.stamps.entry(stamp).or_default();
            }
        }
        let has = |path: &str| match kind_of(path) {
            "names" => root.names.is_some(),
            "meters" => root.meters.is_some(),
            "exchange-rates" => root.exchange_rates.is_some(),
            // The rows of one file may have moved to another: that is checked when the price book is read.
            "prices" => root.prices.is_some(),
            "vendor-prices" => root.vendor_prices.is_some(),
            _ => true,
        };
        let tables = recorded.inputs.iter().map(|input| &input.path).filter(|path| !has(path));
        gone.tables = tables.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        Ok(gone)
    }

    /// The names by which the missing inputs can be forgotten.
    fn names(&self) -> Vec<String> {
        let exports = self.exports.values().flatten().map(|export| export.folder.clone());
        let stamps = self.stamps.keys().map(Stamp::to_string);
        let tables: BTreeSet<String> = self.tables.iter().map(|path| kind_of(path).to_owned()).collect();
        stamps.chain(exports).chain(tables).collect()
    }

    /// The missing inputs that are neither forgotten nor kept.
    fn without(&self, meant: &Vanished, keeps: bool) -> Self {
        let is_meant =
            |export: &GoneExport| meant.exports.contains(&export.folder) || (keeps && export.files.is_empty());
        let exports = self.exports.iter().filter_map(|(stamp, exports)| {
            let refused: Vec<GoneExport> = exports.iter().filter(|export| !is_meant(export)).cloned().collect();
            (!refused.is_empty()).then(|| (stamp.clone(), refused))
        });
        let stamps = self.stamps.iter().filter(|(stamp, _)| !meant.stamps.contains(*stamp));
        let tables = self.tables.iter().filter(|path| !meant.forgotten.contains(*path));
        Self {
            stamps: stamps.map(|(stamp, exports)| (stamp.clone(), exports.clone())).collect(),
            exports: exports.collect(),
            tables: tables.cloned().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.stamps.is_empty() && self.exports.is_empty() && self.tables.is_empty()
    }

    fn refusal(&self, keeps: bool) -> Error {
        let mut parts: Vec<String> = Vec::new();
        let exports: Vec<&GoneExport> = self.exports.values().flatten().collect();
        if !exports.is_empty() {
            let stamps: Vec<&str> = self.exports.keys().map(Stamp::as_str).collect();
            let files = if exports.iter().all(|export| !export.files.is_empty()) { "files of " } else { "" };
            let count = counted(exports.len() as i64, "export");
            parts.push(format!("{files}{count} of {} ({})", stamps.join(", "), extent(&exports)));
        }
        for (stamp, exports) in &self.stamps {
            parts.push(format!("stamp {stamp} ({})", extent(&exports.iter().collect::<Vec<_>>())));
        }
        let kinds: BTreeSet<&str> = self.tables.iter().map(|path| kind_of(path)).collect();
        parts.extend(kinds.iter().map(|kind| kind_text(kind).to_owned()));
        let names = self.names();
        let forget = match &names[..] {
            [name] => format!("--forget {name}"),
            [first, second] => format!("--forget {first} {second}"),
            _ => "--forget all, or --forget and the names above".to_owned(),
        };
        let is_archived = self.exports.values().flatten().any(|export| export.files.is_empty()) && !keeps;
        let keep = if is_archived { "; exports that you archive go on counting with --keep-missing" } else { "" };
        Error::input(format!("inputs of the last publication are gone: {}", parts.join(", ")))
            .hint(format!(
                "see whether a disk or share is not mounted, and put back what is missing{keep}; what is meant to go \
                 is named once: {forget}"
            ))
            .found(self.findings(keeps))
    }

    fn findings(&self, keeps: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (stamp, exports) in &self.exports {
            let folders: Vec<String> = exports.iter().map(|export| export.folder.clone()).collect();
            let shown: Vec<String> = exports.iter().take(NAMES_SHOWN).map(GoneExport::shown).collect();
            let is_partial = exports.iter().all(|export| !export.files.is_empty());
            let what = match (exports.len(), is_partial) {
                (1, true) => "files of 1 export are".to_owned(),
                (count, true) => format!("files of {count} exports are"),
                (1, false) => "1 export is".to_owned(),
                (count, false) => format!("{count} exports are"),
            };
            let sentence = format!(
                "{what} gone that the last run published ({}): {}{}",
                extent(&exports.iter().collect::<Vec<_>>()),
                shown.join(", "),
                if exports.len() > NAMES_SHOWN {
                    format!(" and {} more", exports.len() - NAMES_SHOWN)
                } else {
                    String::new()
                },
            );
            let remedy = if is_partial && !keeps {
                "put the files back, or name the folder with --forget; --keep-missing keeps whole exports only"
            } else if keeps {
                "put the files back, or remove the rest of the folder as well: --keep-missing keeps whole exports; or \
                 name the folder with --forget"
            } else {
                "put them back, keep what was published of them with --keep-missing, or name their folders with \
                 --forget"
            };
            findings.push(Finding::new(stamp, FindingCode::ExportsMissing, sentence, folders, remedy));
        }
        for (stamp, exports) in &self.stamps {
            let sentence = format!(
                "the root has no folder {stamp} any more, and the last run published {} of it ({})",
                counted(exports.len() as i64, "export"),
                extent(&exports.iter().collect::<Vec<_>>()),
            );
            let folders: Vec<String> = exports.iter().map(|export| export.folder.clone()).collect();
            let remedy = "put the folder back with its snapshots; --stamp leaves stamps that it does not name as they \
                were published; --forget and the stamp's name removes its tables";
            findings.push(Finding::new(stamp, FindingCode::StampMissing, sentence, folders, remedy));
        }
        for path in &self.tables {
            let sentence =
                format!("{path} is gone, and the last run read it: without it {}", consequence(kind_of(path)));
            let remedy = "restore it, or confirm with --forget that it is meant to go";
            findings.push(Finding::of_root(FindingCode::TableMissing, sentence, vec![path.clone()], remedy));
        }
        findings
    }
}

impl GoneExport {
    fn shown(&self) -> String {
        match &self.files[..] {
            [] => self.folder.clone(),
            [file] => file.clone(),
            [file, more @ ..] => format!("{file} and {} more of its files", more.len()),
        }
    }
}

/// The files of an export that are missing from a stamp's folder: `None` if nothing is missing, or if other exports
/// replace it; empty if all files are missing.
fn missing_files(
    folder: &StampFolder,
    name: &str,
    window: Option<Window>,
    files: &[&RecordedFile],
    plan: &Plan,
) -> Result<Option<Vec<String>>> {
    let there = folder.exports.iter().find(|export| export.folder == name && !export.files.is_empty());
    let Some(export) = there else {
        let others = folder.exports.iter().filter(|export| !export.files.is_empty());
        let covers =
            others.map(|export| read::declared_window(export, &plan.deciding.reading)).collect::<Result<Vec<_>>>()?;
        let is_replaced = window.is_some_and(|window| window.is_covered_by(covers.into_iter().flatten()));
        return Ok((!is_replaced).then(Vec::new));
    };
    let names: BTreeSet<&str> = export.files.iter().map(|file| file.name.as_str()).collect();
    let known: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let (left, lost): (Vec<&RecordedFile>, Vec<&RecordedFile>) =
        files.iter().copied().partition(|file| names.contains(file.path.as_str()));
    // A copy that did not count, or whose bytes are still there, is not a loss.
    let lost: Vec<&RecordedFile> = lost
        .into_iter()
        .filter(|file| file.lines > 0 && file.dropped.is_none() && left.iter().all(|other| other.blake3 != file.blake3))
        .collect();
    let is_written_anew = names.iter().any(|name| !known.contains(name));
    if lost.is_empty() || is_written_anew || has_changed(export, &left)? {
        return Ok(None);
    }
    Ok(Some(lost.iter().map(|file| file.path.clone()).collect()))
}

/// Whether the contents of any of these files changed.
fn has_changed(export: &Export, left: &[&RecordedFile]) -> Result<bool> {
    for known in left {
        let file = export.files.iter().find(|file| file.name == known.path);
        if let Some(file) = file
            && read::fingerprint_of(file)?.to_string() != known.blake3
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a path lies in an export's folder. (Files of an undeclared export lie directly in the folder of all
/// exports.)
fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| !folder.ends_with("/usage") || !rest.contains('/'))
}

/// Whether a typed name matches a path: exactly, or as a prefix if it ends with `*`.
fn matches(name: &str, path: &str) -> bool {
    let name = name.trim_end_matches('/');
    name.strip_suffix('*').map_or(name == path, |start| path.starts_with(start))
}

/// The name by which a file of the root is forgotten; for a file of a stamp, its path.
fn kind_of(path: &str) -> &str {
    match path {
        "names.csv" => "names",
        "meters.csv" => "meters",
        "exchange-rates.csv" => "exchange-rates",
        "prices.csv" => "prices",
        path if path.starts_with("prices/") && !is_of_stamp(path) => "prices",
        "vendor-prices.csv" => "vendor-prices",
        path if path.starts_with("vendor-prices/") && !is_of_stamp(path) => "vendor-prices",
        path => path,
    }
}

/// A stamp may be called `prices` or `vendor-prices`.
fn is_of_stamp(path: &str) -> bool {
    let folder = path.split('/').nth(1).unwrap_or_default();
    path.split('/').count() > 2 && read::STAMP_FOLDERS.contains(&folder)
}

fn kind_text(kind: &str) -> &str {
    match kind {
        "prices" => "the price book",
        "vendor-prices" => "the vendor prices",
        "names" => "names.csv",
        "meters" => "meters.csv",
        "exchange-rates" => "exchange-rates.csv",
        other => other,
    }
}

fn consequence(kind: &str) -> &'static str {
    match kind {
        "prices" => "nothing is charged, and charges and statements of open months are removed",
        "vendor-prices" => "vendor charges and margins are removed",
        "names" => "tenants and billed subscriptions have no names",
        "meters" => "meters have the names and units of the built-in catalogue",
        "exchange-rates" => "statements are not converted",
        _ => "tables change",
    }
}

/// The number of lines, and the months.
fn extent(exports: &[&GoneExport]) -> String {
    let lines = counted(exports.iter().map(|export| export.lines).sum(), "line");
    let months: BTreeSet<Month> = exports.iter().flat_map(|export| export.months.iter().copied()).collect();
    if months.is_empty() { lines } else { format!("{lines}, {}", list(&months)) }
}

fn list(months: &BTreeSet<Month>) -> String {
    let months: Vec<String> = months.iter().map(Month::to_string).collect();
    match &months[..] {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] if months.len() > 3 => format!("{} months from {first} to {last}", months.len()),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
