//! The settings file: TOML, whose keys are the names of flags. All its mistakes are reported together, each with its
//! line.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::all::{MakingSettings, Settings};
use super::group::names_of;
use crate::error::suggest::suggestion;
use crate::error::{Error, Result, remedy};

const AS_FLAG: &str = "a setting is written as its flag without the dashes: `strict = true`, `stamp = [\"north\"]`";
const IN_TOML: &str = "write one setting a line, without braces and commas: `root = \"/srv/usage\"`, `strict = true`";
const WINDOWS_PATH: &str = "in double quotes a `\\` begins an escape: write a Windows path in single quotes, as \
                            'C:\\usage', or with `/`, as \"C:/usage\"";

/// The settings of a file, laid over the defaults; without a file, the defaults.
#[derive(Debug, Default)]
pub struct SettingsFile {
    pub settings: Settings,
    /// The keys in the file, and where they are.
    pub places: BTreeMap<String, KeyPlace>,
}

/// The place of a key in a settings file.
#[derive(Clone, Debug)]
pub struct KeyPlace {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl SettingsFile {
    /// Reads a settings file. Paths in it are relative to its folder, so that a cron job may run anywhere.
    ///
    /// # Errors
    /// It cannot be read, is no TOML, or has a key that is no setting or a value that its setting does not take.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = text_of(path)?;
        let document = Document { name: path.display().to_string(), text: &text };
        let table = DeTable::parse(&text).map_err(|error| document.broken(error))?;
        let mut keys =
            Keys { document: &document, table: table.get_ref(), errors: document.unknown_keys(table.get_ref()) };
        let settings = Settings {
            making: MakingSettings {
                input: keys.group(),
                moment: keys.group(),
                operator: keys.group(),
                what_if: keys.group(),
                rating: keys.group(),
                currency: keys.group(),
                settling: keys.group(),
                content: keys.group(),
                confirmations: keys.group(),
                tolerance: keys.group(),
                threads: keys.group(),
            },
            out: keys.group(),
            lock: keys.group(),
            reuse: keys.group(),
            log: keys.group(),
            metrics: keys.group(),
        };
        let mut errors = keys.errors;
        if !errors.is_empty() {
            errors.sort_by_key(|(offset, _)| *offset);
            return Err(Error::several(errors.into_iter().map(|(_, error)| error).collect()));
        }
        let line_of = |offset| KeyPlace { file: path.to_owned(), line: document.place(offset).0 };
        let places = table.get_ref().keys().map(|key| (key.get_ref().to_string(), line_of(key.span().start)));
        Ok(Self { settings: relative_to(path.parent().unwrap_or(Path::new("")), settings), places: places.collect() })
    }
}

/// A settings file that is being read.
struct Document<'a> {
    name: String,
    text: &'a str,
}

impl Document<'_> {
    /// Line and column of a byte, counted from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        (line, before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1)
    }

    #[expect(clippy::needless_pass_by_value, reason = "an error that is turned into another")]
    fn broken(&self, error: toml::de::Error) -> Error {
        let (line, column) = self.place(error.span().map_or(0, |span| span.start));
        let is_windows_path = self.text.lines().nth(line - 1).is_some_and(holds_backslash_in_quotes);
        let is_json = self.text.trim_start().starts_with('{');
        let hint = match (is_json, is_windows_path) {
            (true, _) => IN_TOML,
            (false, true) => WINDOWS_PATH,
            (false, false) => AS_FLAG,
        };
        let what = if is_json { "JSON, where TOML is expected: " } else { "" };
        Error::usage(format!("{what}{}", error.message().trim())).at_line(&self.name, line, column).hint(hint)
    }

    /// Keys that are no settings, each with the byte at which it begins.
    fn unknown_keys(&self, table: &DeTable<'_>) -> Vec<(usize, Error)> {
        let mut setting_names = names_of::<Settings>();
        setting_names.sort();
        let setting_names: Vec<&str> = setting_names.iter().map(String::as_str).collect();
        let unknown = table.keys().filter(|key| !setting_names.contains(&key.get_ref().as_ref()));
        let error = |key: &Spanned<_>| {
            let (line, column) = self.place(key.span().start);
            let name: &str = AsRef::<str>::as_ref(key.get_ref());
            let meant = suggestion(name, &setting_names);
            let error = Error::usage(format!("unknown setting `{name}`{meant}"))
                .at_line(&self.name, line, column)
                .hint(format!("known are {}", setting_names.join(", ")));
            (key.span().start, error)
        };
        unknown.map(error).collect()
    }
}

/// The keys of a settings file, and their mistakes.
struct Keys<'a> {
    document: &'a Document<'a>,
    table: &'a DeTable<'a>,
    /// Each with the byte that it is about.
    errors: Vec<(usize, Error)>,
}

impl Keys<'_> {
    /// The settings of a group, laid over its defaults.
    fn group<G: Args + DeserializeOwned>(&mut self) -> G {
        let mut valid = DeTable::new();
        for name in names_of::<G>() {
            let Some((key, value)) = self.table.get_key_value(name.as_str()) else { continue };
            let mut alone = DeTable::new();
            alone.insert(key.clone(), value.clone());
            // Each key by itself, so that all mistakes are reported.
            match G::deserialize(Deserializer::from(Spanned::new(value.span(), alone))) {
                Ok(_) => drop(valid.insert(key.clone(), value.clone())),
                Err(error) => self.errors.push((key.span().start, self.document.broken(error))),
            }
            let texts = value.get_ref().as_array().map_or_else(Vec::new, |values| values.iter().collect());
            let mut texts = texts.into_iter().chain([value]).filter_map(|value| value.get_ref().as_str());
            if texts.any(|text| text.contains(char::is_control)) {
                let (line, column) = self.document.place(key.span().start);
                let what = format!("`{name}` holds a control character, which a `\\` in double quotes makes");
                let error = Error::usage(what).at_line(&self.document.name, line, column).hint(WINDOWS_PATH);
                self.errors.push((key.span().start, error));
            }
        }
        G::deserialize(Deserializer::from(Spanned::new(0..0, valid))).expect("each of them was taken by itself")
    }
}

/// Whether a line has a backslash in a text in double quotes.
fn holds_backslash_in_quotes(line: &str) -> bool {
    line.split_once('"').is_some_and(|(_, text)| text.contains('\\'))
}

/// Settings whose paths are relative to a folder.
fn relative_to(folder: &Path, mut settings: Settings) -> Settings {
    let paths = [&mut settings.making.input.root, &mut settings.out.out, &mut settings.metrics.metrics];
    for path in paths.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
        *path = folder.join(&path);
    }
    for entry in &mut settings.making.what_if.registration_override {
        let whole = folder.join(&entry);
        *entry = match entry.split_once('=').filter(|_| !whole.is_file()) {
            Some((stamp, path)) => format!("{stamp}={}", folder.join(path).display()),
            None => whole.display().to_string(),
        };
    }
    settings
}

fn text_of(path: &Path) -> Result<String> {
    let name = path.display();
    let cannot = |hint: String| Error::usage(format!("cannot read the settings file {name}")).hint(hint);
    if path.is_dir() {
        return Err(Error::usage(format!("--settings {name} is a folder, and settings are a file"))
            .hint(format!("name the file in it, such as {}", path.join("stacktally.toml").display())));
    }
    fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => format!("name it by --settings FILE{}", what_is_beside(path)),
            ErrorKind::InvalidData => "save it as UTF-8 text".to_owned(),
            _ => remedy::remedy(path, &error).unwrap_or_else(|| "name it by --settings FILE".to_owned()),
        };
        cannot(hint).because(error)
    })
}

/// A hint that names the settings files beside one that does not exist.
fn what_is_beside(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.map(|entry| path.with_file_name(entry.file_name()));
    let is_toml = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
    let mut names: Vec<String> = entries.filter(is_toml).map(|file| file.display().to_string()).collect();
    names.sort();
    if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) }
}
