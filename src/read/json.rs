//! A page of the usage API: `{"value":[…],"nextLink":…}` (reference §1.2), borrowed from the text.
//!
//! No value is decoded here: each of a line's six values stays the raw JSON that stands in the page, so that a quantity
//! never becomes a float and an `instanceData` is not unescaped before it is known to be new. A page of lines of the
//! usual shape is parsed in one pass; any other goes element by element, so that one odd element costs only itself.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// One element of `value`: a line, or the raw text of something else.
pub type Element<'a> = Result<WireLine<'a>, &'a str>;

/// What a line says, as raw JSON. `None` is absent or null.
#[derive(Debug, Deserialize)]
pub struct WireLine<'a> {
    #[serde(borrow)]
    pub properties: WireProperties<'a>,
}

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

/// A page, its elements in order.
#[derive(Debug)]
pub struct Page<'a> {
    pub elements: Vec<Element<'a>>,
    /// Whether the page says that another follows.
    pub has_next: bool,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct WirePage<'a, T> {
    value: Vec<T>,
    #[serde(borrow, rename = "nextLink", alias = "NextLink", default)]
    next_link: Option<&'a RawValue>,
}

impl<'a> Page<'a> {
    /// Parses a page.
    ///
    /// # Errors
    /// The text is no JSON, or no object with a list called `value`.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        if let Ok(page) = serde_json::from_str::<WirePage<'a, WireLine<'a>>>(text) {
            let has_next = has_next(page.next_link);
            return Ok(Self { elements: page.value.into_iter().map(Ok).collect(), has_next });
        }
        let page: WirePage<'a, &'a RawValue> = serde_json::from_str(text)?;
        let element = |raw: &'a RawValue| serde_json::from_str(raw.get()).map_err(|_odd_shape| raw.get());
        Ok(Self { elements: page.value.into_iter().map(element).collect(), has_next: has_next(page.next_link) })
    }
}

/// `nextLink` is absent, null or empty on a last page.
pub fn has_next(next_link: Option<&RawValue>) -> bool {
    next_link.is_some_and(|link| link.get() != "\"\"")
}

/// The text of a raw JSON string; `None` when it is no string.
pub fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw.get()).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}
