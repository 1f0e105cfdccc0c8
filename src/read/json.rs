//! A page of the usage API: `{"value":[…],"nextLink":…}` (reference §1.2), borrowed from the text.
//!
//! No value is decoded here: each of a line's six values stays the raw JSON that stands in the page, so that a quantity
//! never becomes a float and an `instanceData` is not unescaped before it is known to be new. A page of lines of the
//! usual shape is parsed in one pass; any other goes element by element, so that one odd element costs only itself.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// One element of `value`: a line, or the raw text of something else.
pub type Element<'a> = Result<WireLine<'a>, &'a str>;

/// What a line says, as raw JSON.
#[derive(Debug, Deserialize)]
pub struct WireLine<'a> {
    #[serde(borrow)]
    pub properties: Object<WireProperties<'a>>,
}

/// `None` is absent or null.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireProperties<'a> {
    #[serde(borrow)]
    pub subscription_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage_start_time: Option<&'a RawValue>,
    #[serde(borrow)]
    pub usage_end_time: Option<&'a RawValue>,
    #[serde(borrow)]
    pub instance_data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    pub meter_id: Option<&'a RawValue>,
}

/// A page of usage, its elements in order.
#[derive(Debug)]
pub struct Page<'a> {
    pub elements: Vec<Element<'a>>,
    /// Whether the page says that another follows.
    pub has_next: bool,
}

/// A list as the REST APIs return it, a page at a time: usage, customer subscriptions, user subscriptions.
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
            Some(_) => Err(serde::de::Error::custom("an answer with an error in it")),
        }
    }

    /// `nextLink` is absent, null or empty on a last page.
    pub fn has_next(&self) -> bool {
        self.next_link.is_some_and(|link| link.get() != "\"\"")
    }
}

impl<'a> Page<'a> {
    /// Parses a page of usage.
    ///
    /// # Errors
    /// As [`WireList::parse`].
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        if let Ok(list) = WireList::<'a, Object<WireLine<'a>>>::parse(text) {
            let has_next = list.has_next();
            return Ok(Self { elements: list.value.into_iter().map(|Object(line)| Ok(line)).collect(), has_next });
        }
        let list = WireList::<'a, &'a RawValue>::parse(text)?;
        let has_next = list.has_next();
        let element = |raw: &'a RawValue| match serde_json::from_str(raw.get()) {
            Ok(Object(line)) => Ok(line),
            Err(_odd_shape) => Err(raw.get()),
        };
        Ok(Self { elements: list.value.into_iter().map(element).collect(), has_next })
    }
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
    if inner.contains('\\') { serde_json::from_str(raw.get()).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}
