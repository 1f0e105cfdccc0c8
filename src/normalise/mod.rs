//! Lines → usage: one spelling for each *distinct* text, then a remap of the numbers.
//!
//! ```text
//! #0 "3F2504E0-…"  #7 "{3f2504e0-…}"   →   user subscription 3f2504e0-…, rank 0
//! ```
//! A stamp's month has millions of lines and a few thousand distinct texts, so no text is looked at once per line.
//! After this stage the numbers are ranks: comparing ranks is comparing the published texts (for resources: their
//! keys), which is what makes thread order invisible.

mod instance;
mod meters;
mod sorted;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

pub use instance::Resource;
pub use meters::{Meter, catalogue};
pub use sorted::SortedLine;

use crate::domain::finding::Finding;
use crate::domain::totals::Checksum;
use crate::domain::{Day, Granularity, MeterId, Quantity, Stamp, UserSubscriptionId, Window};
use crate::error::{Error, Result};
use crate::read::{Api, Chunk, DropRule, ExportLines, PublishedResource, ReadFile, Reject, Shape, StampLines, Texts};

/// The usage of one stamp. Numbers in its chunks index the three lists, which are sorted as published.
#[derive(Debug)]
pub struct Usage {
    pub stamp: Stamp,
    pub user_subscriptions: Vec<UserSubscriptionId>,
    pub meters: Vec<MeterId>,
    pub resources: Vec<Resource>,
    pub exports: Vec<UsageExport>,
    /// Files in order of their names; chunks and rejects name them by their place here.
    pub files: Vec<UsageFile>,
    pub days: BTreeMap<Day, Vec<UsageChunk>>,
    /// What the reader counted, by usage day and meter (its rank): one side of the balance.
    read: BTreeMap<(Day, u32), Checksum>,
    /// What stands in files that do not count, by meter; `None` is an unknown meter, or a sum past the range.
    pub dropped: BTreeMap<Option<MeterId>, MeterSum>,
    /// All of them together.
    pub dropped_sum: Checksum,
    /// Sidecar files.
    pub sidecars: Vec<ReadFile>,
    pub rejects: Vec<FileReject>,
    pub findings: Vec<Finding>,
}

/// What is known of an export beside its lines.
#[derive(Debug)]
pub struct UsageExport {
    pub window: Option<Window>,
    pub label: String,
    pub folder: String,
    pub granularity: Option<Granularity>,
    /// Whether the window's reported time is really covered.
    pub is_whole: bool,
    /// Why none of its files counts, where that is so.
    pub dropped: Option<DropRule>,
    pub files: usize,
    /// What stands in its files.
    pub read: Checksum,
    /// Good lines in files that count.
    pub used: i64,
    /// The days that it reports, or without a window those of its lines.
    pub days: BTreeSet<Day>,
}

/// What is known of a file beside its lines.
#[derive(Debug)]
pub struct UsageFile {
    pub file: ReadFile,
    pub shape: Option<Shape>,
    /// What stands in it.
    pub read: Checksum,
    pub rounded: u64,
    pub dropped: Option<DropRule>,
    /// How a table writes times and numbers.
    pub dialect: Option<String>,
    /// What it lacks beside what the REST APIs return.
    pub lacks: Vec<&'static str>,
}

/// The lines of one file and day, with ranks in place of the numbers of raw texts.
#[derive(Debug)]
pub struct UsageChunk {
    pub export: u32,
    pub file: u32,
    pub lines: Chunk,
}

/// Lines of a meter that do not count, and their quantity as far as it could be read: `None` past the range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterSum {
    pub lines: i64,
    pub quantity: Option<Quantity>,
}

impl Default for MeterSum {
    fn default() -> Self {
        Self { lines: 0, quantity: Some(Quantity::ZERO) }
    }
}

impl MeterSum {
    /// Adds a line.
    pub fn add_line(&mut self, quantity: Quantity) {
        self.lines += 1;
        self.quantity = self.quantity.and_then(|sum| sum.checked_add(quantity));
    }
}

/// A reject with its file.
#[derive(Debug)]
pub struct FileReject {
    pub file: u32,
    pub reject: Reject,
}

/// Brings a stamp's lines to one spelling.
///
/// # Errors
/// Two different resources with one `resource_key`, or more distinct texts than can be numbered.
pub fn normalise(lines: StampLines) -> Result<Usage> {
    let StampLines { stamp, exports, user_subscriptions, meters, instances, findings } = lines;
    let named = Named::by(&exports, &user_subscriptions, &meters, &instances);
    let mut meter_ids = vec![None; meters.number_end()];
    meters.iter().for_each(|(number, text)| meter_ids[number as usize] = MeterId::new(text));
    let (user_subscriptions, user_subscription_ranks) =
        ranked(&user_subscriptions, &named.user_subscriptions, UserSubscriptionId::new);
    let (meters, meter_ranks) = ranked(&meters, &named.meters, MeterId::new);
    let (resources, resource_ranks) = resources(&stamp, &instances, &named.instances, &published(&stamp, &exports))?;
    drop(instances);

    let mut usage = Usage {
        stamp,
        user_subscriptions,
        meters,
        resources,
        exports: Vec::new(),
        files: Vec::new(),
        days: BTreeMap::new(),
        read: BTreeMap::new(),
        dropped: BTreeMap::new(),
        dropped_sum: Checksum::default(),
        sidecars: Vec::new(),
        rejects: Vec::new(),
        findings,
    };
    refuse_both_apis(&exports, &user_subscription_ranks, &usage.user_subscriptions)?;
    let mut chunks = usage.take_apart(exports, &meter_ranks, &meter_ids)?;
    chunks.par_iter_mut().for_each(|(_, chunk)| {
        remap(&mut chunk.lines.user_subscription, &user_subscription_ranks);
        remap(&mut chunk.lines.meter, &meter_ranks);
        remap(&mut chunk.lines.instance, &resource_ranks);
    });
    for (day, chunk) in chunks {
        usage.days.entry(day).or_default().push(chunk);
    }
    Ok(usage)
}

impl Usage {
    /// What the reader counted of one day, by the ranks of meters.
    pub fn read_on(&self, day: Day) -> BTreeMap<u32, Checksum> {
        self.read.range((day, 0)..=(day, u32::MAX)).map(|(&(_, meter), &sum)| (meter, sum)).collect()
    }

    /// Adds up what stands in a file that does not count.
    fn add_dropped(&mut self, days: &BTreeMap<Day, Chunk>, rejects: &[Reject], meter_ids: &[Option<MeterId>]) {
        let mut add = |meter: Option<MeterId>, quantity: Quantity| {
            self.dropped_sum.add_line(quantity);
            self.dropped.entry(meter).or_default().add_line(quantity);
        };
        for chunk in days.values() {
            for (&meter, &quantity) in chunk.meter.iter().zip(&chunk.quantity) {
                add(meter_ids[meter as usize].clone(), quantity);
            }
        }
        for reject in rejects {
            add(reject.meter.as_deref().and_then(MeterId::new), reject.quantity.unwrap_or(Quantity::ZERO));
        }
    }

    /// Sorts files by name, and hands out their chunks with the places of their files and exports.
    fn take_apart(
        &mut self,
        exports: Vec<ExportLines>,
        meter_ranks: &[u32],
        meter_ids: &[Option<MeterId>],
    ) -> Result<Vec<(Day, UsageChunk)>> {
        let mut read = Vec::new();
        for (at, export) in exports.into_iter().enumerate() {
            let (is_dropped, days) = (export.files.is_empty() && !export.dropped.is_empty(), export.days());
            self.exports.push(UsageExport {
                window: export.window,
                label: export.label,
                folder: export.folder,
                granularity: export.granularity,
                days,
                used: export.files.iter().map(|file| file.read.lines - file.rejects.len() as i64).sum(),
                is_whole: export.is_whole && !export.files.is_empty(),
                dropped: export
                    .dropped
                    .iter()
                    .map(|(_, rule)| *rule)
                    .find(|rule| is_dropped && *rule != DropRule::SavedTwice),
                files: export.files.len() + export.dropped.len(),
                read: export
                    .files
                    .iter()
                    .chain(export.dropped.iter().map(|(file, _)| file))
                    .map(|file| file.read)
                    .sum(),
            });
            self.sidecars.extend(export.sidecar);
            read.extend(export.files.into_iter().map(|file| (at as u32, file, None)));
            read.extend(export.dropped.into_iter().map(|(file, rule)| (at as u32, file, Some(rule))));
        }
        read.sort_by(|(_, a, _), (_, b, _)| a.file.name.cmp(&b.file.name));
        let mut chunks = Vec::new();
        for (at, (export, file, dropped)) in read.into_iter().enumerate() {
            let at = u32::try_from(at).map_err(|_past_u32| Error::input("more files than can be numbered"))?;
            let of_shape = file.shape.map_or(&[][..], Shape::lacks);
            self.files.push(UsageFile {
                file: file.file,
                shape: file.shape,
                read: file.read,
                rounded: file.rounded,
                dropped,
                dialect: file.dialect,
                lacks: of_shape.iter().copied().chain(file.lacks).collect(),
            });
            if dropped.is_some() {
                self.add_dropped(&file.days, &file.rejects, meter_ids);
            } else {
                for (day, mut lines) in file.days {
                    let read = std::mem::take(&mut lines.by_meter).into_iter().zip(meter_ranks);
                    for (sum, &meter) in read.filter(|(sum, _)| sum.lines > 0) {
                        self.read.entry((day, meter)).or_default().merge(sum);
                    }
                    chunks.push((day, UsageChunk { export, file: at, lines }));
                }
                self.rejects.extend(file.rejects.into_iter().map(|reject| FileReject { file: at, reject }));
            }
        }
        Ok(chunks)
    }
}

/// Lines of one user subscription from the provider API and from the tenant API in one window are the same usage twice
/// (`product.md` §3.3).
fn refuse_both_apis(exports: &[ExportLines], ranks: &[u32], user_subscriptions: &[UserSubscriptionId]) -> Result<()> {
    for export in exports {
        let mut first: Vec<[Option<&str>; 2]> = vec![[None; 2]; user_subscriptions.len()];
        for file in &export.files {
            for (number, &apis) in file.apis.iter().enumerate().filter(|(_, apis)| **apis != 0) {
                let own = &mut first[ranks[number] as usize];
                for (slot, api) in own.iter_mut().zip([Api::Provider, Api::Tenant]) {
                    if apis & api as u8 != 0 {
                        *slot = slot.or(Some(&file.file.name));
                    }
                }
            }
        }
        let both = first.iter().zip(user_subscriptions).find_map(|(own, id)| Some((own[0]?, own[1]?, id)));
        if let Some((provider, tenant, id)) = both {
            return Err(Error::input(format!(
                "usage of user subscription {id} from the tenant API, and in {provider} from the provider API"
            ))
            .at(tenant)
            .hint("in one window these are the same usage twice: keep the answers of one of the two"));
        }
    }
    Ok(())
}

/// Which texts lines that count name, by their numbers: what only a replaced export names is published nowhere.
struct Named {
    user_subscriptions: Vec<bool>,
    meters: Vec<bool>,
    instances: Vec<bool>,
}

impl Named {
    fn by(exports: &[ExportLines], user_subscriptions: &Texts, meters: &Texts, instances: &Texts) -> Self {
        let none = |texts: &Texts| vec![false; texts.number_end()];
        let mut named =
            Self { user_subscriptions: none(user_subscriptions), meters: none(meters), instances: none(instances) };
        for chunk in exports.iter().flat_map(|export| &export.files).flat_map(|file| file.days.values()) {
            chunk.user_subscription.iter().for_each(|&number| named.user_subscriptions[number as usize] = true);
            chunk.meter.iter().for_each(|&number| named.meters[number as usize] = true);
            chunk.instance.iter().for_each(|&number| named.instances[number as usize] = true);
        }
        named
    }
}

const NO_RANK: u32 = u32::MAX;

fn remap(numbers: &mut [u32], ranks: &[u32]) {
    numbers.iter_mut().for_each(|number| *number = ranks[*number as usize]);
}

/// The distinct ids behind some texts (none is blank: reading sets such lines aside), sorted, and each number's rank.
fn ranked<T: Ord>(texts: &Texts, named: &[bool], spell: impl Fn(&str) -> Option<T>) -> (Vec<T>, Vec<u32>) {
    let named = texts.iter().filter(|(number, _)| named[*number as usize]);
    let spelled = named.map(|(number, text)| (spell(text).expect("a blank id is a reject"), number));
    let mut spelled: Vec<(T, u32)> = spelled.collect();
    spelled.sort_unstable();
    let mut ranks = vec![NO_RANK; texts.number_end()];
    let mut distinct: Vec<T> = Vec::new();
    for (id, number) in spelled {
        if distinct.last() != Some(&id) {
            distinct.push(id);
        }
        ranks[number as usize] = distinct.len() as u32 - 1;
    }
    (distinct, ranks)
}

const PUBLISHED_HINT: &str =
    "lay the resources.parquet of the same publication, as it is, into the folder of its lines";

/// The resources of this stamp that lie beside published lines, by key.
fn published(stamp: &Stamp, exports: &[ExportLines]) -> BTreeMap<i64, PublishedResource> {
    let files =
        exports.iter().flat_map(|export| export.files.iter().chain(export.dropped.iter().map(|(file, _)| file)));
    let own = files.flat_map(|file| &file.resources).filter(|(_, (of, _))| of == stamp.as_str());
    own.map(|(&key, resource)| (key, resource.clone())).collect()
}

/// The distinct resources behind what lines say, sorted by key, and the rank of each text's number.
fn resources(
    stamp: &Stamp,
    instances: &Texts,
    named: &[bool],
    published: &BTreeMap<i64, PublishedResource>,
) -> Result<(Vec<Resource>, Vec<u32>)> {
    let texts: Vec<(u32, &str)> = instances.iter().filter(|(number, _)| named[*number as usize]).collect();
    let parse = |&(number, text): &(u32, &str)| {
        let resource = Resource::parse(stamp, text, published).ok_or_else(|| {
            Error::input(format!(
                "published lines of stamp {stamp} name the resource {}, which no resources.parquet beside them describes",
                text.trim_start_matches(|own: char| own.is_control())
            ))
        })?;
        Ok((resource, number))
    };
    let parsed: Vec<Result<(Resource, u32)>> = texts.par_iter().map(parse).collect();
    // Of several errors the smallest is told, whichever thread came first.
    if let Some(error) = parsed.iter().filter_map(|own| own.as_ref().err()).min_by_key(|error| &error.message) {
        return Err(Error::input(error.message.clone()).at(format!("{stamp}/usage")).hint(PUBLISHED_HINT));
    }
    let mut parsed: Vec<(Resource, u32)> = parsed.into_iter().filter_map(Result::ok).collect();
    parsed.par_sort_unstable_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    let mut ranks = vec![NO_RANK; instances.number_end()];
    let mut distinct: Vec<Resource> = Vec::new();
    for (resource, number) in parsed {
        match distinct.last() {
            Some(last) if *last == resource => {}
            Some(last) if last.key == resource.key => {
                return Err(Error::input(format!(
                    "two resources of stamp {stamp} have the resource_key {}: {:?} and {:?}",
                    resource.key, last.resource_uri, resource.resource_uri
                ))
                .hint("a collision of 64-bit keys, never seen by chance: report it"));
            }
            _ => distinct.push(resource),
        }
        ranks[number as usize] = distinct.len() as u32 - 1;
    }
    Ok((distinct, ranks))
}
