//! Usage as JSON, borrowed from the text: the pages of the usage API (reference §1.2) and what people make of them
//! (§3).
//!
//! ```text
//! {"value":[row,…],"nextLink":…}       one page, or several one after the other (a line each, or not)
//! [page,…]   [row,…]   row row   row    pages or rows in a list, rows alone
//! row: {"properties":{…}}   {"Properties":{…}}   {"SubscriptionId":…,"InstanceData":…}   {"subscription":…,"resourceUri":…}
//! ```
//! No value is decoded here: each of a line's six values stays raw JSON. So a quantity never becomes a float, and an
//! `instanceData` is unescaped only when it is known to be new. Files are parsed document
//! by document and row by row, so that one malformed row costs only itself.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use memchr::memmem;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::json_error::JsonError;
use super::raw::{Object, text_of};
use super::repeated_blocks::repeated_blocks;
use super::row::{RawRow, Value};
use super::shape::Shape;
use super::spelling;

/// One row of a file: a line and the shape that it has, or the raw text of something else.
pub(crate) type Element<'a> = Result<(Shape, RawRow<'a>), &'a str>;

/// A file of usage, its rows in order.
#[derive(Debug, Default)]
pub(crate) struct JsonFile<'a> {
    pub elements: Vec<Element<'a>>,
    pub around: Around<'a>,
}

/// What stands around the rows of a file.
#[derive(Debug, Default)]
pub(crate) struct Around<'a> {
    /// Whether its last page names a next page.
    pub has_next: bool,
    /// The links to the next page that its pages hold.
    pub next_links: Vec<&'a RawValue>,
    /// Its pages and lists of rows, each with the places of its rows and its text, where there are several; of equal
    /// ones the first.
    pub bodies: Vec<(Range<usize>, &'a str)>,
    /// The places of rows that repeat what stands before them.
    pub repeats: Vec<Range<usize>>,
    /// The texts of bodies.
    texts: HashTable<&'a str>,
    hasher: FixedState,
    /// How many documents and rows there were so far.
    documents: usize,
    pub rows: usize,
    /// The rows that stand outside any page or list.
    loose: Vec<&'a str>,
}

/// What is compared of a long text before all of it is: two pages that begin and end alike are seldom different.
const ENDS: usize = 256;

impl<'a> Around<'a> {
    /// Begins a document.
    pub(in crate::read) fn begin(&mut self) {
        self.documents += 1;
    }

    /// Notes a page, its rows being those from `first` on.
    pub(in crate::read) fn page(&mut self, first: usize, text: &'a str, next_link: Option<&'a RawValue>) {
        self.has_next = has_next(next_link);
        self.next_links.extend(next_link.filter(|_| self.has_next));
        self.body(first, text);
    }

    /// Notes a list, its rows being those from `first` on, unless pages lie in it.
    pub(in crate::read) fn list(&mut self, first: usize, text: &'a str, has_page: bool, rows: &[&str]) {
        if !has_page && !self.body(first, text) {
            self.repeats.extend(repeated_blocks(rows).iter().map(|rows| first + rows.start..first + rows.end));
        }
    }

    /// Notes the last row, which stands outside any page or list.
    pub(in crate::read) fn loose_row(&mut self, text: &'a str) {
        self.loose.push(text);
    }

    /// Notes the rows from `first` on as a page or list; `true` when an equal one was noted before.
    fn body(&mut self, first: usize, text: &'a str) -> bool {
        let rows = first..self.rows;
        if rows.is_empty() {
            return false;
        }
        let ends = |text: &str| {
            let bytes = text.as_bytes();
            self.hasher.hash_one((
                bytes.len(),
                &bytes[..bytes.len().min(ENDS)],
                &bytes[bytes.len().saturating_sub(ENDS)..],
            ))
        };
        let hash = ends(text);
        if self.texts.find(hash, |other| *other == text).is_some() {
            self.repeats.push(rows);
            return true;
        }
        self.texts.insert_unique(hash, text, |other| ends(other));
        self.bodies.push((rows, text));
        false
    }

    /// Decides what of it repeats, once all documents are there.
    ///
    /// # Errors
    /// There is none.
    pub(in crate::read) fn finish(&mut self) -> Result<(), JsonError> {
        match self.documents {
            0 => return Err(JsonError::Nothing),
            // The file is one page or one list.
            1 if self.repeats.is_empty() && self.bodies.len() == 1 => self.bodies.clear(),
            1 => {}
            // Rows without a list, as in files with one row per line: together they form one list.
            _ if self.loose.len() == self.rows => self.repeats = repeated_blocks(&self.loose),
            _ => {}
        }
        self.loose = Vec::new();
        Ok(())
    }
}

/// Parses a part of a text.
fn part<'a, T: Deserialize<'a>>(text: &str, part: &'a RawValue) -> Result<T, JsonError> {
    serde_json::from_str(part.get()).map_err(|error| JsonError::within(text, part.get(), error))
}

impl<'a> JsonFile<'a> {
    /// Parses a file.
    ///
    /// # Errors
    /// The text is no JSON, or holds something else than pages and rows.
    pub(in crate::read) fn parse(text: &'a str) -> Result<Self, JsonError> {
        let mut file = Self::default();
        for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            file.document(text, document?)?;
        }
        file.around.finish()?;
        Ok(file)
    }

    /// Adds a whole JSON document.
    fn document(&mut self, text: &str, document: &'a RawValue) -> Result<(), JsonError> {
        self.around.begin();
        let first = self.around.rows;
        if !document.get().starts_with('[') {
            if !self.page(text, document)? {
                self.row(document, false)?;
                self.around.loose_row(document.get());
            }
            return Ok(());
        }
        let items: Vec<&'a RawValue> = part(text, document)?;
        let mut has_page = false;
        for &item in &items {
            if item.get().starts_with('{') && self.page(text, item)? {
                has_page = true;
            } else {
                self.row(item, true)?;
            }
        }
        let rows: Vec<&str> = items.iter().map(|item| item.get()).collect();
        self.around.list(first, document.get(), has_page, &rows);
        Ok(())
    }

    /// Adds a page; `false` when the document is no page.
    fn page(&mut self, text: &str, document: &'a RawValue) -> Result<bool, JsonError> {
        let Some(page) = UsagePage::parse(text, document)? else { return Ok(false) };
        let first = self.around.rows;
        for raw in page.rows {
            self.element(row(raw).ok_or(raw.get()));
        }
        self.around.page(first, document.get(), page.next_link);
        Ok(true)
    }

    /// Adds a row that stands outside a page. Anything else is set aside within a list, and refused when it stands
    /// alone.
    fn row(&mut self, raw: &'a RawValue, in_list: bool) -> Result<(), JsonError> {
        match row(raw) {
            Some((shape, line)) => self.element(Ok((shape.without_page(), line))),
            None if in_list => self.element(Err(raw.get())),
            None => return Err(JsonError::NotUsage),
        }
        Ok(())
    }

    fn element(&mut self, element: Element<'a>) {
        self.elements.push(element);
        self.around.rows += 1;
    }
}

/// A page of usage.
pub(in crate::read) struct UsagePage<'a> {
    pub rows: Vec<&'a RawValue>,
    pub next_link: Option<&'a RawValue>,
}

impl<'a> UsagePage<'a> {
    /// Parses a document, which is a part of `text`; `None` when it is no page.
    ///
    /// # Errors
    /// It is no object, a name stands in it twice, or it is a service's answer to a query that failed.
    pub(in crate::read) fn parse(text: &str, document: &'a RawValue) -> Result<Option<Self>, JsonError> {
        let page: AnyPage<'a> = part(text, document)?;
        if page.error.is_some() {
            return Err(JsonError::FailedQuery);
        }
        if page.value.is_some() && page.usage_aggregations.is_some() {
            return Err(JsonError::TwoLists);
        }
        let rows = page.value.or(page.usage_aggregations);
        Ok(rows.map(|rows| Self { rows, next_link: page.next_link }))
    }
}

/// A line as the API writes it, parsed in one pass.
#[derive(Debug, Deserialize)]
struct PageLine<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Object<PageLineProperties<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageLineProperties<'a> {
    #[serde(borrow)]
    subscription_id: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_start_time: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_end_time: Option<&'a RawValue>,
    #[serde(borrow)]
    instance_data: Option<&'a RawValue>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    meter_id: Option<&'a RawValue>,
    #[serde(borrow)]
    meter_category: Option<&'a RawValue>,
    #[serde(borrow)]
    unit: Option<&'a RawValue>,
}

impl<'a> PageLine<'a> {
    fn lacks_a_value(&self) -> bool {
        let Object(properties) = &self.properties;
        let values = [
            properties.subscription_id,
            properties.usage_start_time,
            properties.usage_end_time,
            properties.quantity,
            properties.meter_id,
        ];
        values.iter().any(Option::is_none)
    }

    fn to_row(&self) -> RawRow<'a> {
        let Object(properties) = &self.properties;
        RawRow {
            id: Value::from_json(self.id),
            user_subscription: Value::from_json(properties.subscription_id),
            usage_start: Value::from_json(properties.usage_start_time),
            usage_end: Value::from_json(properties.usage_end_time),
            quantity: Value::from_json(properties.quantity),
            meter: Value::from_json(properties.meter_id),
            instance: Cow::Borrowed(properties.instance_data.map_or("null", RawValue::get)),
            is_of_public_azure: is_of_public_azure(properties.meter_category, properties.unit),
        }
    }
}

/// Declares an object whose names may be in any spelling: case, `_`, `-` and blanks do not matter. A duplicate name is
/// an error.
macro_rules! in_any_spelling {
    ($(#[$of:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty = $($spelling:literal)|+,)* }) => {
        $(#[$of])*
        #[derive(Default)]
        struct $name<'a> {
            $($(#[$about])* $field: Option<$kind>,)*
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct OfMap;

                impl<'de> Visitor<'de> for OfMap {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut found = $name::default();
                        let mut seen: Vec<&'static str> = Vec::new();
                        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                            let mut is_second = |field: &'static str| {
                                let is_second = seen.contains(&field);
                                seen.push(field);
                                is_second
                            };
                            match spelling::bare(&name).as_str() {
                                $($($spelling)|+ => {
                                    if is_second(stringify!($field)) {
                                        return Err(A::Error::custom(format_args!("`{name}` stands in it twice")));
                                    }
                                    found.$field = map.next_value()?;
                                })*
                                _ => drop(map.next_value::<IgnoredAny>()?),
                            }
                        }
                        Ok(found)
                    }
                }

                deserializer.deserialize_map(OfMap)
            }
        }
    };
}

in_any_spelling! {
    /// A page: of the REST APIs, or of `Get-UsageAggregates`.
    AnyPage {
        value: Vec<&'a RawValue> = "value",
        usage_aggregations: Vec<&'a RawValue> = "usageaggregations",
        next_link: &'a RawValue = "nextlink",
        error: &'a RawValue = "error",
    }
}

in_any_spelling! {
    /// Where a row's values are: in a nested object, or in the row itself.
    AnyRow {
        id: &'a RawValue = "id",
        properties: &'a RawValue = "properties",
    }
}

in_any_spelling! {
    /// A row's values.
    AnyValues {
        subscription_id: &'a RawValue = "subscriptionid" | "subscription",
        usage_start_time: &'a RawValue = "usagestarttime",
        usage_end_time: &'a RawValue = "usageendtime",
        instance_data: &'a RawValue = "instancedata",
        quantity: &'a RawValue = "quantity",
        meter_id: &'a RawValue = "meterid",
        resource_uri: &'a RawValue = "resourceuri",
        location: &'a RawValue = "location",
        tags: &'a RawValue = "tags",
        additional_info: &'a RawValue = "additionalinfo",
        /// Only HPE's script writes it.
        rate_card_meter_id: &'a RawValue = "ratecardmeterid",
        /// Only usage of public Azure has both.
        meter_category: &'a RawValue = "metercategory",
        unit: &'a RawValue = "unit",
    }
}

/// Whether both have a value, as in usage of public Azure. For the usage of a stamp the cmdlets write them too, but
/// empty.
fn is_of_public_azure(meter_category: Option<&RawValue>, unit: Option<&RawValue>) -> bool {
    let says = |raw: &RawValue| text_of(raw).is_some_and(|text| !text.trim().is_empty());
    meter_category.is_some_and(says) && unit.is_some_and(says)
}

impl<'a> AnyValues<'a> {
    /// Whether a flat row can be usage: a row of a listing has a `subscriptionId`, too.
    fn is_usage(&self) -> bool {
        self.usage_start_time.is_some() || self.meter_id.is_some()
    }

    /// The instance data, or what tables have in its stead (`Location` and `Tags` beside `InstanceData` are empty ones
    /// of the row itself, reference §3).
    fn instance(&self) -> Cow<'a, str> {
        let raw = |value: Option<&'a RawValue>| value.map_or("null", RawValue::get);
        if self.instance_data.is_some() || self.resource_uri.is_none() {
            return Cow::Borrowed(raw(self.instance_data));
        }
        Cow::Owned(format!(
            r#"{{"Microsoft.Resources":{{"resourceUri":{},"location":{},"tags":{},"additionalInfo":{}}}}}"#,
            raw(self.resource_uri),
            raw(self.location),
            raw(self.tags),
            raw(self.additional_info),
        ))
    }
}

/// Reads a row of any shape; `None` when it is no row.
pub(in crate::read) fn row(raw: &RawValue) -> Option<(Shape, RawRow<'_>)> {
    if let Ok(Object(line)) = serde_json::from_str::<Object<PageLine<'_>>>(raw.get())
        && !line.lacks_a_value()
    {
        return Some((Shape::RestPages, line.to_row()));
    }
    let row: AnyRow<'_> = serde_json::from_str(raw.get()).ok()?;
    let values: AnyValues<'_> = serde_json::from_str(row.properties.unwrap_or(raw).get()).ok()?;
    if row.properties.is_none() && !values.is_usage() {
        return None;
    }
    let is_spelled = |name: &str| memmem::find(raw.get().as_bytes(), format!("\"{name}\"").as_bytes()).is_some();
    let shape = match (&row.properties, &values.resource_uri, &values.rate_card_meter_id) {
        (Some(_), ..) if is_spelled("properties") => Shape::RestPages,
        (Some(_), ..) => Shape::PowerShellPages,
        (None, _, Some(_)) => Shape::Hpe,
        (None, Some(_), None) => Shape::Table,
        (None, None, None) if is_spelled("usage_start_time") => Shape::Python,
        (None, None, None) => Shape::PowerShellPages,
    };
    let line = RawRow {
        id: Value::from_json(row.id),
        instance: values.instance(),
        user_subscription: Value::from_json(values.subscription_id),
        usage_start: Value::from_json(values.usage_start_time),
        usage_end: Value::from_json(values.usage_end_time),
        quantity: Value::from_json(values.quantity),
        meter: Value::from_json(values.meter_id),
        is_of_public_azure: is_of_public_azure(values.meter_category, values.unit),
    };
    Some((shape, line))
}

/// The text with blanks for byte order marks between its documents, which files that were joined bring along, and with
/// quotes around numbers that are none, as Python and others write them (`NaN`, `Infinity`, `-Infinity`): each of these
/// costs its line, and not the page. `None` when there is neither.
pub(in crate::read) fn mended(text: &str) -> Option<String> {
    let mut mender = Mender::default();
    let mended = mender.mend(text, true);
    mender.has_mended.then_some(mended)
}

/// The same, block by block.
#[derive(Debug, Default)]
pub(in crate::read) struct Mender {
    in_string: bool,
    is_escaped: bool,
    /// The end of the last block, which may be the begin of a word.
    kept: String,
    pub has_mended: bool,
}

const NO_NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];
const MARK: &str = "\u{feff}";

impl Mender {
    /// The next block, mended.
    pub(in crate::read) fn mend(&mut self, block: &str, is_last: bool) -> String {
        let text = std::mem::take(&mut self.kept) + block;
        let bytes = text.as_bytes();
        let (mut mended, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
        while at < bytes.len() {
            if self.in_string {
                match bytes[at] {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'"' => self.in_string = false,
                    b'\\' => self.is_escaped = true,
                    _ => {}
                }
                at += 1;
                continue;
            }
            let rest = &bytes[at..];
            let word = match rest[0] {
                b'"' => {
                    self.in_string = true;
                    None
                }
                b'N' | b'I' | b'-' => {
                    if !is_last
                        && NO_NUMBERS.iter().any(|word| word.len() > rest.len() && word.as_bytes().starts_with(rest))
                    {
                        break;
                    }
                    NO_NUMBERS
                        .into_iter()
                        .find(|word| rest.starts_with(word.as_bytes()))
                        .map(|word| (word, ["\"", word, "\""]))
                }
                0xef if rest.starts_with(MARK.as_bytes()) => Some((MARK, [" "; 3])),
                _ => None,
            };
            let Some((word, with)) = word else {
                at += 1;
                continue;
            };
            mended.push_str(&text[copied..at]);
            mended.extend(with);
            at += word.len();
            copied = at;
            self.has_mended = true;
        }
        mended.push_str(&text[copied..at]);
        text[at..].clone_into(&mut self.kept);
        mended
    }
}

/// `nextLink` is absent, null or empty on a last page.
pub(in crate::read) fn has_next(next_link: Option<&RawValue>) -> bool {
    next_link.is_some_and(|link| link.get() != "\"\"")
}
