//! `instanceData`, or what tables have in its stead → a resource (reference §1.3): parsed once per distinct text.
//!
//! The text may be null, empty or unexpected JSON (`product.md` §3.10). The line is kept, unknown values are null, and
//! any other text goes to `additional_info` unchanged.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::domain::Stamp;
use crate::domain::limits::{self, JSON_DEPTH_MAX, TEXT_BYTES_MAX};
use crate::read::{Cell, InstanceText, Object, PARTS, PublishedResource, text_of};

/// One distinct instance as lines describe it, so tags and size are those at the time of usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// A hash of the content: the first 8 bytes, big-endian, of SHA-256 over stamp and the four texts below, each after
    /// its length as 8 big-endian bytes; null is the empty text.
    pub key: i64,
    /// Lower case, `/` between segments.
    pub resource_uri: Option<Box<str>>,
    /// Lower case.
    pub location: Option<Box<str>>,
    /// JSON with sorted keys and without blanks, or the text unchanged.
    pub tags: Option<Box<str>>,
    /// As `tags`.
    pub additional_info: Option<Box<str>>,
}

#[derive(Deserialize)]
struct WireInstance<'a> {
    #[serde(borrow, rename = "Microsoft.Resources")]
    resources: Object<WireResources<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResources<'a> {
    #[serde(borrow)]
    resource_uri: Option<&'a RawValue>,
    #[serde(borrow)]
    location: Option<&'a RawValue>,
    #[serde(borrow)]
    tags: Option<&'a RawValue>,
    #[serde(borrow)]
    additional_info: Option<&'a RawValue>,
}

impl Resource {
    /// The resource that a line's text describes. `None` when it names a published one that `published` does not have.
    pub fn parse(stamp: &Stamp, text: &str, published: &BTreeMap<i64, PublishedResource>) -> Option<Self> {
        match InstanceText::read(text) {
            InstanceText::Json(raw) => {
                let raw: &RawValue = serde_json::from_str(raw).expect("taken from parsed JSON");
                Some(Self::from_text(stamp, &text_of(raw).unwrap_or(Cow::Borrowed(raw.get()))))
            }
            InstanceText::Cell(cell) => Some(Self::from_text(stamp, &cell.text())),
            InstanceText::Parts(parts) => Some(Self::from_parts(stamp, &parts)),
            InstanceText::Published(key) => Self::of_published(stamp, key, published),
        }
    }

    /// From any text, which should be JSON.
    fn from_text(stamp: &Stamp, text: &str) -> Self {
        match serde_json::from_str::<Object<WireInstance<'_>>>(text) {
            Ok(Object(WireInstance { resources: Object(resources) })) => Self::said(
                stamp,
                plain(resources.resource_uri).as_deref(),
                plain(resources.location).as_deref(),
                plain(resources.tags).as_deref(),
                plain(resources.additional_info).as_deref(),
            ),
            Err(_not_an_instance) => Self::keyed(stamp, None, None, None, meaningful(text).map(Box::from)),
        }
    }

    /// From the cells of a table in place of `instanceData`, in the order of [`PARTS`].
    fn from_parts(stamp: &Stamp, parts: &[Cell<'_>]) -> Self {
        let cells: Vec<Cow<'_, str>> = parts.iter().map(|cell| cell.text()).collect();
        let part = |at: usize| cells.get(at).map_or("", |cell| cell.as_ref());
        let members: BTreeMap<&str, &str> = PARTS
            .into_iter()
            .enumerate()
            .skip(4)
            .map(|(at, name)| (name, part(at)))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let of_members = (!members.is_empty()).then(|| serde_json::to_string(&members).expect("texts by names"));
        let additional_info = meaningful(part(3)).map(str::to_owned).or(of_members);
        let text = |at| meaningful(part(at));
        Self::said(stamp, text(0), text(1), text(2), additional_info.as_deref())
    }

    /// From a published resource, unchanged.
    pub fn of_published(stamp: &Stamp, key: i64, published: &BTreeMap<i64, PublishedResource>) -> Option<Self> {
        let (_, texts) = published.get(&key)?;
        let [resource_uri, location, tags, additional_info] =
            texts.each_ref().map(|text| text.as_deref().map(Box::<str>::from));
        Some(Self::keyed(stamp, resource_uri, location, tags, additional_info)).filter(|instance| instance.key == key)
    }

    /// From four raw texts.
    fn said(
        stamp: &Stamp,
        resource_uri: Option<&str>,
        location: Option<&str>,
        tags: Option<&str>,
        additional_info: Option<&str>,
    ) -> Self {
        let lower = |text: &str| text.trim().to_lowercase().into_boxed_str();
        Self::keyed(
            stamp,
            resource_uri.map(|uri| lower(uri).replace('\\', "/").into_boxed_str()),
            location.map(lower),
            tags.map(canonical),
            additional_info.map(canonical),
        )
    }

    fn keyed(
        stamp: &Stamp,
        resource_uri: Option<Box<str>>,
        location: Option<Box<str>>,
        tags: Option<Box<str>>,
        additional_info: Option<Box<str>>,
    ) -> Self {
        let [resource_uri, location, tags, additional_info] = [resource_uri, location, tags, additional_info].map(cut);
        let mut hash = Sha256::new();
        let parts = [
            Some(stamp.as_str()),
            resource_uri.as_deref(),
            location.as_deref(),
            tags.as_deref(),
            additional_info.as_deref(),
        ];
        for part in parts.map(Option::unwrap_or_default) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (first, _) = digest.split_first_chunk::<8>().expect("32 bytes");
        Self { key: i64::from_be_bytes(*first), resource_uri, location, tags, additional_info }
    }

    /// Whether one of its texts has the maximum length, so that it was cut.
    pub fn is_cut(&self) -> bool {
        let texts = [&self.resource_uri, &self.location, &self.tags, &self.additional_info];
        // The cut is between characters of at most four bytes.
        texts.into_iter().flatten().any(|text| text.len() > TEXT_BYTES_MAX - 4)
    }

    /// The sort order of resources: by key, then by text.
    pub fn order(&self) -> impl Ord + '_ {
        (self.key, &self.resource_uri, &self.location, &self.tags, &self.additional_info)
    }

    /// Parses the URI: `/subscriptions/{id}/resourcegroups/{group}/providers/{provider}/{type}/{name}[/…]`.
    pub fn parts(&self) -> UriParts<'_> {
        let uri = self.resource_uri.as_deref().unwrap_or_default();
        let mut segments = uri.split('/').filter(|segment| !segment.is_empty());
        let mut parts = UriParts { name: segments.clone().next_back(), ..UriParts::default() };
        while let Some(segment) = segments.next() {
            match segment {
                "resourcegroups" => parts.group = segments.next(),
                "providers" => {
                    parts.provider = segments.next();
                    parts.types = segments.step_by(2).collect();
                    break;
                }
                _ => {}
            }
        }
        parts
    }

    pub fn resource_group(&self) -> Option<&str> {
        self.parts().group
    }

    /// Such as `microsoft.compute`.
    pub fn resource_provider(&self) -> Option<&str> {
        self.parts().provider
    }

    /// Such as `virtualmachines`; types of nested resources are joined with `/`.
    pub fn resource_type(&self) -> Option<String> {
        self.parts().resource_type()
    }

    /// The last segment.
    pub fn resource_name(&self) -> Option<&str> {
        self.parts().name
    }

    /// The VM size: `ServiceType` of the additional info, or in data of 2017 the whole additional info (`Standard_A1`).
    pub fn service_type(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Info<'a> {
            #[serde(borrow)]
            service_type: Option<&'a RawValue>,
        }
        let info = self.additional_info.as_deref()?;
        match serde_json::from_str::<Object<Info<'_>>>(info) {
            Ok(Object(info)) => {
                info.service_type.and_then(text_of).filter(|text| !text.is_empty()).map(Cow::into_owned)
            }
            Err(_no_object) if info.starts_with(['{', '[']) => None,
            Err(_no_object) => (self.resource_type().as_deref() == Some("virtualmachines")).then(|| info.to_owned()),
        }
    }
}

/// The parts of a resource URI.
#[derive(Debug, Default)]
pub struct UriParts<'a> {
    pub group: Option<&'a str>,
    pub provider: Option<&'a str>,
    types: Vec<&'a str>,
    /// The last segment.
    pub name: Option<&'a str>,
}

impl UriParts<'_> {
    /// Such as `virtualmachines`; types of nested resources are joined with `/`.
    pub fn resource_type(&self) -> Option<String> {
        (!self.types.is_empty()).then(|| self.types.join("/"))
    }
}

/// A value's text: what a JSON string holds, or the raw JSON of anything else; blank and `"null"` are null.
fn plain(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = raw?;
    let text = text_of(raw).unwrap_or(Cow::Borrowed(raw.get()));
    meaningful(&text).is_some().then_some(text)
}

/// The text, unless it is blank or says `null`.
fn meaningful(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    (!trimmed.is_empty() && trimmed != "null").then_some(trimmed)
}

/// JSON with sorted keys and without blanks. Text that is no JSON object or list, or nests too deep, stays unchanged.
fn canonical(text: &str) -> Box<str> {
    let trimmed = text.trim();
    let mut out = String::with_capacity(trimmed.len());
    let is_json = trimmed.starts_with(['{', '[']) && write_canonical(trimmed, JSON_DEPTH_MAX, &mut out).is_some();
    if is_json { out.into_boxed_str() } else { trimmed.into() }
}

/// The text, cut at [`TEXT_BYTES_MAX`].
fn cut(text: Option<Box<str>>) -> Option<Box<str>> {
    text.map(|text| if text.len() > TEXT_BYTES_MAX { limits::cut(&text, TEXT_BYTES_MAX).into() } else { text })
}

/// Numbers stay as written: a float could change them. `None` when the text is no JSON, or nests deeper than `depth`:
/// tenants write tags, and each level costs stack and another pass.
fn write_canonical(json: &str, depth: usize, out: &mut String) -> Option<()> {
    let deeper = depth.checked_sub(1);
    match json.as_bytes().first()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            out.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&serde_json::to_string(key).ok()?);
                out.push(':');
                write_canonical(value.get(), deeper?, out)?;
            }
            out.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_canonical(item.get(), deeper?, out)?;
            }
            out.push(']');
        }
        b'"' => out.push_str(&serde_json::to_string(&serde_json::from_str::<String>(json).ok()?).ok()?),
        _ => out.push_str(json),
    }
    Some(())
}
