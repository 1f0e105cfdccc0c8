//! The query of an export: the reported window and the granularity, from a sidecar file or a `nextLink`.
//!
//! ```text
//! export.json   {"stamp":"north","granularity":"Hourly","reportedStartTime":"2026-10-05T00:00:00Z","reportedEndTime":…}
//! nextLink      https://…?reportedStartTime=2026-10-05T00%3a00%3a00%2b00%3a00Z&reportedEndTime=…&continuationToken=…
//! ```

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::identity::one_spelling;
use crate::domain::{Granularity, Hour, Window, shown};
use crate::error::{Error, Result};
use crate::read::format::raw::{Object, text_of};
use crate::read::format::text::{self, Buffers};
use crate::read::options::Reading;
use crate::store::{InputFile, ReadFile};

/// A query; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsageQuery {
    pub window: Option<Window>,
    pub granularity: Option<Granularity>,
}

/// What an `export.json` says.
#[derive(Clone, Debug)]
pub(crate) struct Sidecar {
    pub file: ReadFile,
    pub stamp: Option<String>,
    pub query: UsageQuery,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSidecar {
    stamp: Option<String>,
    granularity: Option<String>,
    reported_start_time: Option<String>,
    reported_end_time: Option<String>,
}

/// A larger file is no sidecar.
const SIDECAR_BYTES_MAX: u64 = 16 << 20;

/// The file name of a sidecar. The content decides what the file is.
pub(crate) const SIDECAR: &str = "export.json";

/// Reads a sidecar; `None` when the file is something else, such as a page of usage.
///
/// # Errors
/// The file cannot be read, or has an invalid time or granularity.
pub(crate) fn read_sidecar(file: &InputFile, reading: &Reading) -> Result<Option<Sidecar>> {
    let Some(content) = text::read_bytes_into(file, SIDECAR_BYTES_MAX, &mut Buffers::default())? else {
        return Ok(None);
    };
    let text = content.into_text(file, reading.encoding)?;
    let Ok(Object(wire)) = serde_json::from_str::<Object<WireSidecar>>(text.as_str()) else { return Ok(None) };
    let (Some(start), Some(end)) = (&wire.reported_start_time, &wire.reported_end_time) else { return Ok(None) };
    let refused = |what: &str, found: &str| {
        Error::input(format!("{what} is {}", shown::quoted(found))).at(&file.name).hint(
            "write it as {\"stamp\":\"north\",\"granularity\":\"Hourly\",\
             \"reportedStartTime\":\"2026-10-05T00:00:00Z\",\
             \"reportedEndTime\":\"2026-10-06T00:00:00Z\"}: full UTC hours, the start before the end",
        )
    };
    let window = window_of(start, end).ok_or_else(|| refused("the reported window", &format!("{start}/{end}")))?;
    let granularity = wire
        .granularity
        .as_deref()
        .map(|text| Granularity::parse(text).ok_or_else(|| refused("the granularity", text)))
        .transpose()?;
    let query = UsageQuery { window: Some(window), granularity };
    Ok(Some(Sidecar { file: text.file, stamp: wire.stamp, query }))
}

/// The query of a `nextLink`. A link without it, or of another form, says nothing.
pub(crate) fn of_next_link(raw: &RawValue) -> UsageQuery {
    let Some(link) = text_of(raw) else { return UsageQuery::default() };
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pair.into_iter().find(|(key, _)| key.trim_start_matches('$').eq_ignore_ascii_case(name))?;
        percent_decode_str(value).decode_utf8().ok()
    };
    let window = value("reportedStartTime").zip(value("reportedEndTime"));
    UsageQuery {
        window: window.and_then(|(start, end)| window_of(&start, &end)),
        granularity: value("aggregationGranularity").and_then(|text| Granularity::parse(&text)),
    }
}

/// The query that two links of one file ask for, if they agree.
///
/// # Errors
/// They ask for different windows or granularities.
pub(super) fn agreed(file: &InputFile, first: UsageQuery, other: UsageQuery) -> Result<UsageQuery> {
    let differ = |a: Option<Window>, b: Option<Window>| a.zip(b).is_some_and(|(a, b)| a != b);
    let granularities = first.granularity.zip(other.granularity);
    if differ(first.window, other.window) || granularities.is_some_and(|(a, b)| a != b) {
        return Err(Error::input("pages of two queries: their nextLinks ask for different windows or granularities")
            .at(&file.name)
            .hint("save the pages of each query in a folder of their own"));
    }
    Ok(UsageQuery { window: first.window.or(other.window), granularity: first.granularity.or(other.granularity) })
}

/// The only subscriber that a `nextLink` asks for: its `subscriberId`, or the subscription of the tenant API; in one
/// spelling.
pub(crate) fn subscriber_of(raw: &RawValue) -> Option<String> {
    let link = text_of(raw)?;
    let (path, query) = link.split_once('?').unwrap_or((&link, ""));
    let subscriber = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case("subscriberId"));
    if let Some((_, id)) = subscriber {
        return percent_decode_str(id).decode_utf8().ok().map(|id| one_spelling(&id));
    }
    let segments: Vec<&str> = path.split('/').collect();
    let is_tenant = segments.last().is_some_and(|segment| segment.eq_ignore_ascii_case("usageAggregates"));
    let at = segments.iter().position(|segment| segment.eq_ignore_ascii_case("subscriptions"))?;
    segments.get(at + 1).filter(|_| is_tenant).map(|id| one_spelling(id))
}

fn window_of(start: &str, end: &str) -> Option<Window> {
    let hour = |text: &str| Hour::parse(text.trim()).ok().or_else(|| Hour::parse_name(text.trim()));
    let window = Window { start: hour(start)?, end: hour(end)? };
    (window.start < window.end).then_some(window)
}
