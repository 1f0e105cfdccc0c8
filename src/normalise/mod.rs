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

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use instance::Resource;
pub use meters::{Meter, catalogue};
pub use sorted::SortedLine;

use crate::domain::finding::Finding;
use crate::domain::totals::Checksum;
use crate::domain::{Day, MeterId, Stamp, UserSubscriptionId, Window};
use crate::error::{Error, Result};
use crate::read::{Api, Chunk, ExportLines, ReadFile, Reject, Shape, StampLines, Texts};

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
    pub rejects: Vec<FileReject>,
    pub findings: Vec<Finding>,
}

/// What is known of an export beside its lines.
#[derive(Debug)]
pub struct UsageExport {
    pub window: Option<Window>,
    pub label: String,
    /// Whether the window's reported time is really covered.
    pub is_whole: bool,
}

/// What is known of a file beside its lines.
#[derive(Debug)]
pub struct UsageFile {
    pub file: ReadFile,
    pub shape: Option<Shape>,
    /// What stands in it.
    pub read: Checksum,
    pub rounded: u64,
    pub dropped: bool,
}

/// The lines of one file and day, with ranks in place of the numbers of raw texts.
#[derive(Debug)]
pub struct UsageChunk {
    pub export: u32,
    pub file: u32,
    pub lines: Chunk,
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
    let (user_subscriptions, user_subscription_ranks) = ranked(&user_subscriptions, UserSubscriptionId::new);
    let (meters, meter_ranks) = ranked(&meters, MeterId::new);
    let (resources, resource_ranks) = resources(&stamp, &instances)?;
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
        rejects: Vec::new(),
        findings,
    };
    refuse_both_apis(&exports, &user_subscription_ranks, &usage.user_subscriptions)?;
    let mut chunks = usage.take_apart(exports, &meter_ranks)?;
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

    /// Sorts files by name, and hands out their chunks with the places of their files and exports.
    fn take_apart(&mut self, exports: Vec<ExportLines>, meter_ranks: &[u32]) -> Result<Vec<(Day, UsageChunk)>> {
        let mut read = Vec::new();
        for (at, export) in exports.into_iter().enumerate() {
            self.exports.push(UsageExport { window: export.window, label: export.label, is_whole: export.is_whole });
            read.extend(export.files.into_iter().map(|file| (at as u32, file, false)));
            read.extend(export.dropped.into_iter().map(|file| (at as u32, file, true)));
        }
        read.sort_by(|(_, a, _), (_, b, _)| a.file.name.cmp(&b.file.name));
        let mut chunks = Vec::new();
        for (at, (export, file, dropped)) in read.into_iter().enumerate() {
            let at = u32::try_from(at).map_err(|_past_u32| Error::input("more files than can be numbered"))?;
            self.files.push(UsageFile {
                file: file.file,
                shape: file.shape,
                read: file.read,
                rounded: file.rounded,
                dropped,
            });
            if !dropped {
                for ((day, meter), sum) in file.read_by_meter {
                    self.read.entry((day, meter_ranks[meter as usize])).or_default().merge(sum);
                }
                let lines = |(day, lines)| (day, UsageChunk { export, file: at, lines });
                chunks.extend(file.days.into_iter().map(lines));
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

const NO_RANK: u32 = u32::MAX;

fn remap(numbers: &mut [u32], ranks: &[u32]) {
    numbers.iter_mut().for_each(|number| *number = ranks[*number as usize]);
}

/// The distinct ids behind some texts (none is blank: reading sets such lines aside), sorted, and each number's rank.
fn ranked<T: Ord>(texts: &Texts, spell: impl Fn(&str) -> Option<T>) -> (Vec<T>, Vec<u32>) {
    let spelled = texts.iter().map(|(number, text)| (spell(text).expect("a blank id is a reject"), number));
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

/// The distinct resources behind the raw instance data, sorted by key, and the rank of each text's number.
fn resources(stamp: &Stamp, instances: &Texts) -> Result<(Vec<Resource>, Vec<u32>)> {
    let texts: Vec<(u32, &str)> = instances.iter().collect();
    let mut parsed: Vec<(Resource, u32)> =
        texts.par_iter().map(|&(number, text)| (Resource::parse(stamp, text), number)).collect();
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
