//! Usage as JSON, borrowed from the text: the pages of the usage API (reference §1.2) and what people make of them (§3).
//!
//! ```text
//! {"value":[row,…],"nextLink":…}       one page, or several one after the other (a line each, or not)
//! [page,…]   [row,…]   row row   row    pages or rows in a list, rows alone
//! row: {"properties":{…}}   {"Properties":{…}}   {"SubscriptionId":…,"InstanceData":…}   {"subscription":…,"resourceUri":…}
//! ```
//! No value is decoded here: each of a line's six values stays the raw JSON that stands in the file, so that a quantity
//! never becomes a float and an `instanceData` is not unescaped before it is known to be new. A single page of rows of the
//! usual shape is parsed in one pass; anything else goes document by document and row by row, so that one odd row costs
//! only itself.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use memchr::memchr;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::row::{RawRow, Value};
use super::shape::Shape;

/// One row of a file: a line and the shape that it has, or the raw text of something else.
pub type Element<'a> = Result<(Shape, RawRow<'a>), &'a str>;

/// A file of usage, its rows in order: all of the usual shape, or any.
#[derive(Debug)]
pub struct JsonFile<'a> {
    pub usual: Vec<Object<UsualLine<'a>>>,
    pub elements: Vec<Element<'a>>,
    /// Whether its last page says that another follows.
    pub has_next: bool,
    /// Where its pages say that the next one is.
    pub next_links: Vec<&'a RawValue>,
}

impl<'a> JsonFile<'a> {
    /// Parses a file.
    ///
    /// # Errors
    /// The text is no JSON, or holds something else than pages and rows.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        if let Some(file) = Self::one_page(text) {
            return Ok(file);
        }
        let mut file = Self { usual: Vec::new(), elements: Vec::new(), has_next: false, next_links: Vec::new() };
        let mut documents = 0;
        for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            documents += 1;
            file.document(document?).map_err(|error| placed(error, text, documents))?;
        }
        if documents == 0 { Err(serde_json::Error::custom("nothing")) } else { Ok(file) }
    }

    /// Parses a file that is one page, all of whose rows are of the usual shape; `None` when it is anything else.
    pub fn one_page(text: &'a str) -> Option<Self> {
        let list = WireList::<'a, Object<UsualLine<'a>>>::parse(text).ok()?;
        let has_next = list.has_next();
        let next_links = list.next_link.filter(|_| has_next).into_iter().collect();
        Some(Self { usual: list.value, elements: Vec::new(), has_next, next_links })
    }

    /// Takes in a whole JSON document.
    fn document(&mut self, document: &'a RawValue) -> serde_json::Result<()> {
        if !document.get().starts_with('[') {
            return if self.page(document)? { Ok(()) } else { self.row(document, false) };
        }
        let items: Vec<&'a RawValue> = serde_json::from_str(document.get())?;
        for item in items {
            if !item.get().starts_with('{') || !self.page(item)? {
                self.row(item, true)?;
            }
        }
        Ok(())
    }

    /// Takes in a page; `false` when the document is none.
    fn page(&mut self, document: &'a RawValue) -> serde_json::Result<bool> {
        let Object(page): Object<AnyPage<'a>> = serde_json::from_str(document.get())?;
        if page.error.is_some() {
            return Err(error_in_answer());
        }
        let Some(rows) = page.value.or(page.usage_aggregations) else { return Ok(false) };
        self.has_next = has_next(page.next_link);
        self.next_links.extend(page.next_link.filter(|_| self.has_next));
        for raw in rows {
            self.elements.push(row(raw).ok_or(raw.get()));
        }
        Ok(true)
    }

    /// Takes in a row that stands outside a page. What is none is set aside in a list, and refused alone.
    fn row(&mut self, raw: &'a RawValue, in_list: bool) -> serde_json::Result<()> {
        match row(raw) {
            Some((shape, line)) => self.elements.push(Ok((shape.without_page(), line))),
            None if in_list => self.elements.push(Err(raw.get())),
            None => return Err(serde_json::Error::custom("neither a page nor a row of usage")),
        }
        Ok(())
    }
}

/// A line as the API writes it, parsed in one pass.
#[derive(Debug, Deserialize)]
pub struct UsualLine<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Object<UsualProperties<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsualProperties<'a> {
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
}

impl UsualLine<'_> {
    pub fn to_row(&self) -> RawRow<'_> {
        let Object(own) = &self.properties;
        RawRow {
            id: Value::of_json(self.id),
            user_subscription: Value::of_json(own.subscription_id),
            usage_start: Value::of_json(own.usage_start_time),
            usage_end: Value::of_json(own.usage_end_time),
            quantity: Value::of_json(own.quantity),
            meter: Value::of_json(own.meter_id),
            instance: Cow::Borrowed(own.instance_data.map_or("null", RawValue::get)),
        }
    }
}

/// A page in any spelling: the REST APIs' and that of `Get-UsageAggregates`.
#[derive(Deserialize)]
struct AnyPage<'a> {
    #[serde(borrow)]
    value: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "UsageAggregations", alias = "usageAggregations")]
    usage_aggregations: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "nextLink", alias = "NextLink")]
    next_link: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Where a row's values stand: in an object of their own, or `None` of these: in the row itself.
#[derive(Deserialize)]
struct AnyRow<'a> {
    #[serde(borrow, alias = "Id")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    #[serde(borrow, rename = "Properties")]
    powershell_properties: Option<&'a RawValue>,
}

/// A row's values in any spelling.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValues<'a> {
    #[serde(borrow, alias = "SubscriptionId", alias = "subscription", alias = "Subscription")]
    subscription_id: Option<&'a RawValue>,
    #[serde(borrow, alias = "UsageStartTime")]
    usage_start_time: Option<&'a RawValue>,
    #[serde(borrow, alias = "UsageEndTime")]
    usage_end_time: Option<&'a RawValue>,
    #[serde(borrow, alias = "InstanceData")]
    instance_data: Option<&'a RawValue>,
    #[serde(borrow, alias = "Quantity")]
    quantity: Option<&'a RawValue>,
    #[serde(borrow, alias = "MeterId")]
    meter_id: Option<&'a RawValue>,
    #[serde(borrow, alias = "ResourceUri")]
    resource_uri: Option<&'a RawValue>,
    #[serde(borrow, alias = "Location")]
    location: Option<&'a RawValue>,
    #[serde(borrow, alias = "Tags")]
    tags: Option<&'a RawValue>,
    #[serde(borrow, alias = "AdditionalInfo")]
    additional_info: Option<&'a RawValue>,
    /// Only HPE's script writes it.
    #[serde(borrow, rename = "RateCardMeterId")]
    rate_card_meter_id: Option<&'a RawValue>,
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

/// Reads a row in any shape; `None` when it is none.
fn row(raw: &RawValue) -> Option<(Shape, RawRow<'_>)> {
    let Object(own) = serde_json::from_str::<Object<AnyRow<'_>>>(raw.get()).ok()?;
    let (values, nested) = match (own.properties, own.powershell_properties) {
        (Some(values), _) => (values, Some(Shape::RestPages)),
        (None, Some(values)) => (values, Some(Shape::PowerShellPages)),
        (None, None) => (raw, None),
    };
    let Object(values) = serde_json::from_str::<Object<AnyValues<'_>>>(values.get()).ok()?;
    let flat = match (&values.resource_uri, &values.rate_card_meter_id) {
        (_, Some(_)) => Shape::Hpe,
        (Some(_), None) => Shape::Table,
        (None, None) => Shape::PowerShellPages,
    };
    if nested.is_none() && !values.is_usage() {
        return None;
    }
    let line = RawRow {
        id: Value::of_json(own.id),
        instance: values.instance(),
        user_subscription: Value::of_json(values.subscription_id),
        usage_start: Value::of_json(values.usage_start_time),
        usage_end: Value::of_json(values.usage_end_time),
        quantity: Value::of_json(values.quantity),
        meter: Value::of_json(values.meter_id),
    };
    Some((nested.unwrap_or(flat), line))
}

/// An error with its place in the whole text: of the first document its own error there, of a later one its number.
fn placed(error: serde_json::Error, text: &str, document: usize) -> serde_json::Error {
    if document > 1 {
        // Its line and column are those within the document, and would mislead.
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        return serde_json::Error::custom(format!("in its JSON document {document}: {what}"));
    }
    WireList::<'_, &RawValue>::parse(text).err().unwrap_or(error)
}

/// `nextLink` is absent, null or empty on a last page.
pub(super) fn has_next(next_link: Option<&RawValue>) -> bool {
    next_link.is_some_and(|link| link.get() != "\"\"")
}

/// A page of usage as the REST APIs return it.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct WireList<'a, T> {
    pub value: Vec<T>,
    #[serde(borrow, rename = "nextLink", alias = "NextLink", default)]
    next_link: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl<'a, T: Deserialize<'a>> WireList<'a, T> {
    /// Parses one page of a list.
    ///
    /// # Errors
    /// The text is no JSON, no object with a list called `value`, or says that an error happened.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        let Object(list): Object<Self> = serde_json::from_str(text)?;
        match list.error {
            None => Ok(list),
            Some(_) => Err(error_in_answer()),
        }
    }

    pub fn has_next(&self) -> bool {
        has_next(self.next_link)
    }
}

pub(super) fn error_in_answer() -> serde_json::Error {
    serde_json::Error::custom("an answer with an error in it")
}

/// A JSON object. serde reads a struct from an array too, value by value: here an array is not what was meant.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// The text of a raw JSON string; `None` when it is no string.
pub fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}
