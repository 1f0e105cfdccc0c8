//! Lists as the REST APIs, `az` and PowerShell write them: snapshots consist of these.
//!
//! ```text
//! {"value":[row,…],"nextLink":…}   [row,…]   row        JSON: a page at a time, a list, or the one row that there was
//! "SubscriptionId","TenantId",…                         a table
//! ```
//! PowerShell writes the names of the REST API with capitals, and Python with `_` between words, so names are compared
//! as `spelling` says.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use rayon::prelude::*;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::control::Control;
use crate::domain::{Hour, shown};
use crate::error::{Error, Result};
use crate::read::SnapshotFiles;
use crate::read::format::csv::{Cell, CsvText};
use crate::read::format::json::has_next;
use crate::read::format::json_error::JsonError;
use crate::read::format::raw::place_of;
use crate::read::format::raw::text_of;
use crate::read::format::text::{self, Text};
use crate::read::format::{shape, spelling};
use crate::read::intern::{Interner, Texts};
use crate::read::options::Reading;
use crate::store::{Fingerprint, InputFile, ReadFile};

/// A row of a list: its values by name.
#[derive(Debug)]
pub(in crate::read) enum ListRow<'r> {
    Json(Members<'r>),
    Cells { table: &'r CsvText<'r>, cells: &'r [Cell<'r>] },
}

/// The members of a JSON object, in order.
#[derive(Debug)]
pub(in crate::read) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl ListRow<'_> {
    /// The first of these values that is present, as trimmed text that is not blank.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        names.iter().find_map(|name| match self {
            Self::Json(members) => {
                let raw = members.get(name)?;
                text_of(raw).map_or_else(|| filled(raw.get()), |text| filled(&text))
            }
            Self::Cells { table, cells } => filled(&cells.get(table.column(&[name])?)?.text()),
        })
    }

    /// A value of the row's `properties`, or of the row itself where a client has put it there.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        self.object("properties").and_then(|properties| properties.text(&[name])).or_else(|| self.text(&[name]))
    }

    /// A value that is itself an object, such as `properties`.
    pub(super) fn object(&self, name: &str) -> Option<ListRow<'_>> {
        match self {
            Self::Json(members) => serde_json::from_str(members.get(name)?.get()).ok().map(ListRow::Json),
            Self::Cells { .. } => None,
        }
    }
}

impl<'a> Members<'a> {
    /// The value of that name, in any case, unless it is null.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.0.iter().find(|(member, raw)| spelling::is_same(member, name) && raw.get() != "null")?;
        Some(raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    /// Reads an object. A duplicate name, in any case, is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;

        impl<'de> Visitor<'de> for OfMap {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    refuse_twice(members.iter().map(|(member, _)| member.as_str()), &name)?;
                    members.push((name, raw));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(OfMap)
    }
}

/// Dated lists of one kind. Nightly copies repeat almost all rows, so each distinct row is kept once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatedLists<T> {
    /// In order of their first place.
    pub rows: Vec<T>,
    /// In order of their dates.
    pub lists: Vec<DatedList>,
}

/// One dated list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatedList {
    pub as_of: Hour,
    /// The file or folder, relative to the root.
    pub file: String,
    /// Places in [`DatedLists::rows`], as the list gives them, in order.
    pub rows: Vec<u32>,
    pub pages: Vec<ListPage>,
    /// Whether a page repeats another byte for byte; it counts once.
    pub has_page_twice: bool,
}

/// One file of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListPage {
    pub file: ReadFile,
    /// How many of the list's rows stand in it.
    pub rows: usize,
}

impl<T> Default for DatedLists<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), lists: Vec::new() }
    }
}

/// Lists that an earlier run read, and the files that have not changed since.
#[derive(Debug)]
pub struct KnownLists<'a, T> {
    pub lists: Option<&'a DatedLists<T>>,
    pub unchanged: &'a BTreeSet<String>,
}

impl<T> Clone for KnownLists<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for KnownLists<'_, T> {}

impl<'a, T> KnownLists<'a, T> {
    /// None.
    pub const fn none() -> Self {
        const NOTHING: &BTreeSet<String> = &BTreeSet::new();
        Self { lists: None, unchanged: NOTHING }
    }

    /// The known list of a snapshot, if all of its files are unchanged.
    fn unchanged_list(&self, snapshot: &SnapshotFiles) -> Option<(&'a DatedLists<T>, &'a DatedList)> {
        let lists = self.lists?;
        let list = lists.lists.iter().find(|list| list.file == snapshot.name && list.as_of == snapshot.as_of)?;
        let is_same = list.pages.len() == snapshot.pages.len()
            && list.pages.iter().zip(&snapshot.pages).all(|(known, page)| known.file.name == page.name)
            && snapshot.pages.iter().all(|page| self.unchanged.contains(&page.name));
        is_same.then_some((lists, list))
    }
}

impl<T> DatedLists<T> {
    /// The rows of one list, in order.
    pub fn rows_of<'a>(&'a self, list: &'a DatedList) -> impl Iterator<Item = &'a T> {
        list.rows.iter().map(|&row| &self.rows[row as usize])
    }
}

impl DatedList {
    /// The file in which the row at that place stands.
    pub fn page_of(&self, row: usize) -> &str {
        let mut end = 0;
        let page = self.pages.iter().find(|page| {
            end += page.rows;
            row < end
        });
        page.map_or(&self.file, |page| &page.file.name)
    }
}

/// What the rows of a list are, and which columns its tables have.
pub(in crate::read) struct ListKind<'a, T> {
    /// Such as `a listing of user subscriptions`.
    pub expected: &'a str,
    /// The columns that a table of it must have; empty where a table will not do.
    pub columns: &'a [&'a str],
    pub row: fn(&InputFile, usize, &ListRow<'_>) -> Result<T>,
}

/// Reads dated lists with all their pages, unknown ones with their files in parallel, and proves that each list has its
/// last page.
///
/// # Errors
/// A page is no such list, a row is refused, the last page is missing, or a signal.
// Long: one pass over the lists, whose state is not needed elsewhere.
pub(in crate::read) fn read_lists<T: Clone + Eq + Hash + Send>(
    snapshots: &[SnapshotFiles],
    kind: &ListKind<'_, T>,
    known: KnownLists<'_, T>,
    reading: &Reading,
    control: &Control,
) -> Result<DatedLists<T>> {
    let texts = Interner::default();
    let known: Vec<Option<_>> = snapshots.iter().map(|snapshot| known.unchanged_list(snapshot)).collect();
    let unknown = snapshots.iter().zip(&known).filter(|(_, known)| known.is_none());
    let files: Vec<&InputFile> = unknown.flat_map(|(snapshot, _)| &snapshot.pages).collect();
    let scanned: Vec<Result<ScannedPage<T>>> = files
        .into_par_iter()
        .map_init(LastPage::default, |last, file| {
            control.check()?;
            scan(file, kind, reading, &texts, last)
        })
        .collect();
    // In order from here on, so that the first error does not depend on the threads.
    let texts = texts.into_texts();
    let mut distinct = Distinct::new(&texts);
    let mut scanned = scanned.into_iter();
    let mut lists = Vec::with_capacity(snapshots.len());
    let mut places: Vec<Option<u32>> = Vec::new();
    for (snapshot, known) in snapshots.iter().zip(known) {
        if let Some((all, known_list)) = known {
            places.resize(all.rows.len(), None);
            let mut list = known_list.clone();
            for row in &mut list.rows {
                let place = &mut places[*row as usize];
                let new = place.map_or_else(|| distinct.insert(all.rows[*row as usize].clone()), Ok)?;
                (*place, *row) = (Some(new), new);
            }
            lists.push(list);
            continue;
        }
        let mut list = DatedList {
            as_of: snapshot.as_of,
            file: snapshot.name.clone(),
            rows: Vec::new(),
            pages: Vec::new(),
            has_page_twice: false,
        };
        let mut chain = Chain::default();
        let mut contents: Vec<Fingerprint> = Vec::new();
        for (file, page) in snapshot.pages.iter().zip(scanned.by_ref()) {
            let page = page?;
            let before = list.rows.len();
            if contents.contains(&page.content) {
                list.has_page_twice = true;
                list.pages.push(ListPage { file: page.file, rows: 0 });
                continue;
            }
            contents.push(page.content);
            chain.add(&file.name, page.next_link, page.is_table);
            match page.rows {
                ScannedRows::Json(numbers) => {
                    for (at, number) in numbers.into_iter().enumerate() {
                        list.rows
                            .push(distinct.insert_text(number, |text| parse_row(file, at + 1, text, kind, reading))?);
                    }
                }
                ScannedRows::CsvText(rows) => {
                    for row in rows {
                        list.rows.push(distinct.insert(row)?);
                    }
                }
            }
            list.pages.push(ListPage { file: page.file, rows: list.rows.len() - before });
        }
        chain.prove(snapshot, kind.expected)?;
        lists.push(list);
    }
    Ok(DatedLists { rows: distinct.rows, lists })
}

/// The pages of a list form one chain: each but the last names a different next page.
#[derive(Default)]
struct Chain<'f> {
    last_pages: Vec<&'f str>,
    /// Links with the files that hold them.
    links: HashMap<String, &'f str>,
    same_link: Option<[&'f str; 2]>,
    tables: usize,
    pages: usize,
}

impl<'f> Chain<'f> {
    fn add(&mut self, file: &'f str, next_link: Option<String>, is_table: bool) {
        self.pages += 1;
        self.tables += usize::from(is_table);
        match next_link {
            None => self.last_pages.push(file),
            Some(link) => {
                if let Some(other) = self.links.insert(link, file) {
                    self.same_link = Some([other, file]);
                }
            }
        }
    }

    fn prove(&self, snapshot: &SnapshotFiles, expected: &str) -> Result<()> {
        let several = "keep the whole list of that date, and put the others beside it, each named by its own date";
        let refused = |what: String, hint: &str| Err(Error::input(what).at(&snapshot.name).hint(hint));
        match (self.last_pages.as_slice(), self.same_link) {
            ([], _) => refused(
                format!("{expected} that lacks pages: each of its {} names a next one", self.pages),
                "follow `nextLink` until a page has none, and put all pages into one folder named by the date",
            ),
            ([one, other, ..], _) => refused(
                format!(
                    "{} files that end a list, {one} and {other} among them: these are several lists, and not the \
                     pages of one",
                    self.last_pages.len()
                ),
                several,
            ),
            ([_], Some([one, other])) => {
                refused(format!("{one} and {other} name the same next page: these are pages of two downloads"), several)
            }
            ([table], None) if self.tables > 0 && self.pages > 1 => {
                refused(format!("{table} is a whole table, and lies among pages of another list"), several)
            }
            _ => Ok(()),
        }
    }
}

/// A page whose rows are separated, but not yet parsed.
struct ScannedPage<T> {
    file: ReadFile,
    /// The fingerprint of its text, whatever its encoding.
    content: Fingerprint,
    /// The link to the next page, as it stands there.
    next_link: Option<String>,
    is_table: bool,
    rows: ScannedRows<T>,
}

enum ScannedRows<T> {
    /// The numbers of their texts.
    Json(Vec<u32>),
    CsvText(Vec<T>),
}

/// The page that a thread read last. The next one mostly has the same rows in the same places: they are compared,
/// without hashing or locking.
#[derive(Default)]
struct LastPage {
    text: Option<Text>,
    rows: Vec<RowPlace>,
}

/// Where a row stands in its text, and its number.
#[derive(Clone, Copy)]
struct RowPlace {
    start: usize,
    length: usize,
    number: u32,
}

impl LastPage {
    fn numbers_of(&self, text: &Text, rows: &[&str], texts: &Interner) -> Result<Vec<RowPlace>> {
        let known = self.text.as_ref().map_or("", |text| text.as_str());
        let place = |(at, row): (usize, &&str)| {
            let before =
                self.rows.get(at).filter(|place| known.get(place.start..place.start + place.length) == Some(row));
            let number = before.map_or_else(|| texts.intern(row), |place| Ok(place.number))?;
            let start = place_of(text.as_str(), row).expect("a row is a part of its page");
            Ok(RowPlace { start, length: row.len(), number })
        };
        rows.iter().enumerate().map(place).collect()
    }
}

fn scan<T>(
    file: &InputFile,
    kind: &ListKind<'_, T>,
    reading: &Reading,
    texts: &Interner,
    last: &mut LastPage,
) -> Result<ScannedPage<T>> {
    let text = text::read(file, reading.encoding)?;
    if kind.columns.is_empty() && !text.is_json() && !shape::is_refused_at_sight(text.as_str()) {
        return Err(Error::input(format!("no JSON, where {} was expected", kind.expected))
            .at(&file.name)
            .hint("save it as JSON: the answer of `az rest`, or Get-AzResource through ConvertTo-Json -Depth 10"));
    }
    if kind.columns.is_empty() || text.is_json() || shape::is_refused_at_sight(text.as_str()) {
        let page = JsonList::parse(text.as_str())
            .map_err(|error| shape::refusal(file, text.as_str(), kind.expected, error))?;
        let next_link = page.next_link;
        let rows = last.numbers_of(&text, &page.rows, texts)?;
        let (file, content) = (text.file.clone(), text.content());
        let numbers = rows.iter().map(|row| row.number).collect();
        *last = LastPage { text: Some(text), rows };
        return Ok(ScannedPage { file, content, next_link, is_table: false, rows: ScannedRows::Json(numbers) });
    }
    let mut rows = Vec::new();
    rows_of_table(file, text.as_str(), kind.expected, kind.columns, |at, row| {
        rows.push((kind.row)(file, at, row)?);
        Ok(())
    })?;
    let content = text.content();
    Ok(ScannedPage { file: text.file, content, next_link: None, is_table: true, rows: ScannedRows::CsvText(rows) })
}

/// Parses a row. An error names its place in the whole file.
fn parse_row<T>(file: &InputFile, at: usize, row: &str, kind: &ListKind<'_, T>, reading: &Reading) -> Result<T> {
    match serde_json::from_str::<Members<'_>>(row) {
        Ok(members) => {
            refuse_non_text_ids(file, at, &members)?;
            (kind.row)(file, at, &ListRow::Json(members))
        }
        Err(of_row) => {
            let text = text::read(file, reading.encoding)?;
            let in_text = JsonList::rows_as_objects(text.as_str()).err().unwrap_or(of_row);
            Err(shape::refusal(file, text.as_str(), kind.expected, in_text.into()))
        }
    }
}

/// Rows, each kept once: looked up by their text, then by what they say.
struct Distinct<'t, T> {
    texts: Vec<Option<&'t str>>,
    by_text: Vec<Option<u32>>,
    by_value: HashMap<T, u32>,
    rows: Vec<T>,
}

impl<'t, T: Clone + Eq + Hash> Distinct<'t, T> {
    fn new(texts: &'t Texts) -> Self {
        let mut by_number = vec![None; texts.number_end()];
        texts.iter().for_each(|(number, text)| by_number[number as usize] = Some(text));
        Self { by_text: vec![None; by_number.len()], texts: by_number, by_value: HashMap::new(), rows: Vec::new() }
    }

    fn insert_text(&mut self, number: u32, parse: impl FnOnce(&str) -> Result<T>) -> Result<u32> {
        if let Some(row) = self.by_text[number as usize] {
            return Ok(row);
        }
        let row = self.insert(parse(self.texts[number as usize].unwrap_or_default())?)?;
        self.by_text[number as usize] = Some(row);
        Ok(row)
    }

    fn insert(&mut self, row: T) -> Result<u32> {
        if let Some(&known) = self.by_value.get(&row) {
            return Ok(known);
        }
        let next = u32::try_from(self.rows.len()).map_err(|_past_u32| {
            Error::input("more distinct rows than can be numbered").hint("archive old snapshots")
        })?;
        self.rows.push(row.clone());
        self.by_value.insert(row, next);
        Ok(next)
    }
}

/// Refuses ids that are lists or objects: an id is a text.
fn refuse_non_text_ids(file: &InputFile, at: usize, members: &Members<'_>) -> Result<()> {
    let properties = members.get("properties");
    match properties.and_then(text_of) {
        Some(text) if text.starts_with("@{") => return Err(shape::printed().at(&file.name)),
        Some(_) => {
            return Err(Error::input(format!("row {at} has properties that are a text, and no object"))
                .at(&file.name)
                .hint(
                    "save the list again, as the REST API or PowerShell through ConvertTo-Json -Depth 10 returns it",
                ));
        }
        None => {}
    }
    let properties = properties.and_then(|raw| serde_json::from_str::<Members<'_>>(raw.get()).ok());
    for members in std::iter::once(members).chain(&properties) {
        for name in ["id", "resourceId", "name", "subscriptionId", "tenantId"] {
            if let Some(raw) = members.get(name).filter(|raw| text_of(raw).is_none()) {
                return Err(Error::input(format!(
                    "row {at} has a {name} that is not text: {}",
                    shown::value(raw.get())
                ))
                .at(&file.name)
                .hint("save the whole list again, as the REST API or PowerShell returns it"));
            }
        }
    }
    Ok(())
}

fn rows_of_table(
    file: &InputFile,
    text: &str,
    expected: &str,
    columns: &[&str],
    mut take: impl FnMut(usize, &ListRow<'_>) -> Result<()>,
) -> Result<()> {
    let table = CsvText::parse(&file.name, text)?;
    if columns.iter().any(|column| table.column(&[column]).is_none()) {
        return Err(shape::no_table(file, text, expected, columns));
    }
    if !table.ends_with_a_line_end() {
        return Err(Error::input(format!("{expected} that does not end with a line end, as tables do"))
            .at(&file.name)
            .hint("the file was cut off: export it again; or end its last line, if it is whole"));
    }
    // A row must have at least these cells: spreadsheets drop empty cells at the end.
    let needed = table.columns(columns).max().map_or(0, |last| last + 1);
    let is_named = |at: usize| table.header.get(at).is_some_and(|name| !name.is_empty());
    let named = table.header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let (mut rows, mut cells, mut at, mut has_short) = (table.rows(), Vec::new(), 0, false);
    while rows.next(&mut cells)? {
        let is_blank = |cell: &Cell<'_>| cell.text().trim().is_empty();
        if cells.iter().all(is_blank) {
            continue;
        }
        at += 1;
        let is_unnamed = cells.iter().enumerate().any(|(at, cell)| !is_named(at) && !is_blank(cell));
        let is_short = cells.len() < named;
        // Only the last row is short: the table was truncated.
        let may_be_cut = is_short && (cells.len() < needed || !has_short && rows.is_at_end());
        if is_unnamed || may_be_cut || rows.is_malformed() {
            return Err(Error::input(format!("row {at} has {} cells, the header {named}", cells.len()))
                .at_line(&file.name, rows.line(), 1)
                .hint("the file was cut off, or edited: export it again"));
        }
        has_short |= is_short;
        take(at, &ListRow::Cells { table: &table, cells: &cells })?;
    }
    Ok(())
}

/// A file of a list: the texts of its rows.
#[derive(Default)]
struct JsonList<'a> {
    rows: Vec<&'a str>,
    /// The link to the next page, if it names one.
    next_link: Option<String>,
}

impl<'a> JsonList<'a> {
    fn parse(text: &'a str) -> Result<Self, JsonError> {
        let texts = |rows: Vec<&'a RawValue>| rows.into_iter().map(RawValue::get).collect();
        if text.trim_start().starts_with('[') {
            let rows: Vec<&RawValue> = serde_json::from_str(text)?;
            if rows.first().is_some_and(|first| shape::is_answer(first.get())) {
                return Err(JsonError::FailedQuery);
            }
            return Ok(Self { rows: texts(rows), next_link: None });
        }
        let page: WirePage<Vec<&RawValue>> = serde_json::from_str(text)?;
        match page.value {
            _ if page.has_error => Err(JsonError::FailedQuery),
            Some(rows) => Ok(Self { rows: texts(rows), next_link: page.next_link }),
            None if page.is_empty => Err(JsonError::EmptyObject),
            None if shape::is_answer(text) => Err(JsonError::FailedQuery),
            // A single row, as PowerShell writes a list of one.
            None => Ok(Self { rows: vec![text.trim()], next_link: None }),
        }
    }

    /// Reads every row as an object. The error for any other row has its line and column.
    fn rows_as_objects(text: &str) -> serde_json::Result<()> {
        if text.trim_start().starts_with('[') {
            return serde_json::from_str::<Vec<Members<'_>>>(text).map(|_| ());
        }
        let page: WirePage<Vec<Members<'_>>> = serde_json::from_str(text)?;
        if page.value.is_none() {
            serde_json::from_str::<Members<'_>>(text)?;
        }
        Ok(())
    }
}

/// The object of a page, its names in any case.
struct WirePage<V> {
    value: Option<V>,
    next_link: Option<String>,
    has_error: bool,
    is_empty: bool,
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for WirePage<V> {
    /// Reads an object. A duplicate name, in any case, is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for OfMap<V> {
            type Value = WirePage<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut page = WirePage { value: None, next_link: None, has_error: false, is_empty: true };
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    refuse_twice(names.iter().map(String::as_str), &name)?;
                    page.is_empty = false;
                    if spelling::is_same(&name, "value") {
                        page.value = map.next_value()?;
                    } else if spelling::is_same(&name, "nextLink") {
                        let link: Option<&RawValue> = map.next_value()?;
                        page.next_link = link.filter(|link| has_next(Some(link))).map(|link| link.get().to_owned());
                    } else if spelling::is_same(&name, "error") {
                        page.has_error = map.next_value::<Option<&RawValue>>()?.is_some();
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                    names.push(name);
                }
                Ok(page)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// Refuses a duplicate member, since the two contradict each other.
fn refuse_twice<'n, E: serde::de::Error>(known: impl IntoIterator<Item = &'n str>, name: &str) -> Result<(), E> {
    match known.into_iter().any(|other| spelling::is_same(other, name)) {
        true => Err(E::custom(format_args!("`{name}` stands in it twice"))),
        false => Ok(()),
    }
}
