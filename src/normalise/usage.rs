//! Lines → usage: the numbers of interned texts become ranks of published values.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::instance::Resource;
use crate::domain::totals::{Checksum, MeterSum};
use crate::domain::{Day, Finding, MeterId, Quantity, Stamp, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::read::{
    Chunk, DayLines, DropRule, ExportRecord, FileChunk, InstanceText, PublishedResource, Reject, StampLines, Texts,
};

/// The usage of one stamp. Numbers in its chunks are places in the three lists, which are in published order and have
/// everything that any line names, whether it counts or not.
#[derive(Debug)]
pub struct Usage {
    pub stamp: Stamp,
    pub user_subscriptions: Vec<UserSubscriptionId>,
    pub meters: Vec<MeterId>,
    pub resources: Vec<Resource>,
    /// In order of their windows; chunks name them by their place here.
    pub exports: Vec<ExportRecord>,
    /// The names of all files, sorted; chunks name them by their place here.
    pub files: Vec<String>,
    pub findings: Vec<Finding>,
    lines: DayLines,
    ranks: Ranks,
    /// Resource keys of published lines that nothing describes, by the numbers of their texts.
    undescribed: BTreeMap<u32, i64>,
}

/// The ranks of raw texts and files, by number.
#[derive(Debug)]
struct Ranks {
    user_subscriptions: Vec<u32>,
    meters: Vec<u32>,
    instances: Vec<u32>,
    files: FileRanks,
}

/// The places of each file's export and name, by its number; `None` when it does not count.
type FileRanks = Vec<Option<(u32, u32)>>;

/// The lines of one file and day, with ranks in place of the numbers of raw texts.
#[derive(Debug)]
pub struct UsageChunk {
    pub export: u32,
    pub file: u32,
    pub lines: Chunk,
}

/// Normalises a stamp's lines.
///
/// # Errors
/// Two different resources with one `resource_key`, or more distinct texts than can be numbered.
pub fn normalise(lines: StampLines) -> Result<Usage> {
    let StampLines { stamp, exports, texts, days, resources, findings } = lines;
    let [user_subscriptions, meters, instances] = texts.into_texts();
    let (user_subscriptions, of_user_subscriptions) = ranked(&user_subscriptions, UserSubscriptionId::new);
    let (meters, of_meters) = ranked(&meters, MeterId::new);
    let (resources, of_instances) = self::resources(&stamp, &instances, &resources)?;
    let undescribed = undescribed(&instances, &of_instances);
    drop(instances);
    let (files, of_files) = ranked_files(&exports)?;
    let ranks = Ranks {
        user_subscriptions: of_user_subscriptions,
        meters: of_meters,
        instances: of_instances,
        files: of_files,
    };
    Ok(Usage {
        stamp,
        user_subscriptions,
        meters,
        resources,
        exports,
        files,
        findings,
        lines: days,
        ranks,
        undescribed,
    })
}

/// The names of all files, sorted, and the places of each file's export and name by its number.
fn ranked_files(exports: &[ExportRecord]) -> Result<(Vec<String>, FileRanks)> {
    let all = || exports.iter().flat_map(ExportRecord::all_files);
    let mut names: Vec<String> = all().map(|file| file.file.name.clone()).collect();
    names.sort_unstable();
    u32::try_from(names.len()).map_err(|_past_u32| Error::input("more files than can be numbered"))?;
    let mut ranks = vec![None; all().map(|file| file.number as usize + 1).max().unwrap_or(0)];
    for (export, record) in (0_u32..).zip(exports) {
        for file in &record.files {
            let rank = names.binary_search(&file.file.name).expect("collected just above");
            ranks[file.number as usize] = Some((export, rank as u32));
        }
    }
    Ok((names, ranks))
}

impl Usage {
    /// The days that have lines in memory or on disk, in order.
    pub fn days(&self) -> Vec<Day> {
        self.lines.days()
    }

    /// Takes the lines of a day that count, with ranks in place of numbers. Each day can be taken once.
    ///
    /// # Errors
    /// What went to disk cannot be read back.
    pub fn take_day(&self, day: Day) -> Result<Vec<UsageChunk>> {
        let mut chunks = Vec::new();
        for FileChunk { file, mut lines } in self.lines.take(day)? {
            let Some((export, file)) = self.ranks.files[file as usize] else { continue };
            self.refuse_undescribed(&lines)?;
            remap(&mut lines.user_subscription, &self.ranks.user_subscriptions);
            remap(&mut lines.meter, &self.ranks.meters);
            remap(&mut lines.instance, &self.ranks.instances);
            chunks.push(UsageChunk { export, file, lines });
        }
        Ok(chunks)
    }

    fn refuse_undescribed(&self, lines: &Chunk) -> Result<()> {
        if self.undescribed.is_empty() {
            return Ok(());
        }
        // The smallest key is reported, so that the order of lines does not matter.
        match lines.instance.iter().filter_map(|number| self.undescribed.get(number)).min() {
            None => Ok(()),
            Some(key) => Err(Error::input(format!(
                "published lines of stamp {stamp} name the resource {key}, which no resources.parquet beside them \
                 describes",
                stamp = self.stamp
            ))
            .at(format!("{}/usage", self.stamp))
            .hint(PUBLISHED_HINT)),
        }
    }

    /// The reader's count of one day, by the ranks of meters.
    pub fn read_on(&self, day: Day) -> BTreeMap<u32, Checksum> {
        let mut read: BTreeMap<u32, Checksum> = BTreeMap::new();
        for export in self.exports.iter().filter(|export| !export.files.is_empty()) {
            for (meter, sum) in export.days.get(&day).into_iter().flatten() {
                let rank = self.meters.binary_search(meter).expect("every meter that is named has a rank");
                read.entry(rank as u32).or_default().merge(sum.read);
            }
        }
        read
    }

    /// The lines that were set aside, with the names of their files, in order.
    pub fn rejects(&self) -> Vec<(&str, &Reject)> {
        let files = self.exports.iter().flat_map(|export| &export.files);
        let mut rejects: Vec<(&str, &Reject)> =
            files.flat_map(|file| file.rejects.iter().map(|reject| (file.file.name.as_str(), reject))).collect();
        rejects.sort_by_key(|(file, reject)| (*file, reject.row));
        rejects
    }

    /// The totals of files that do not count, by meter; `None` is an unknown meter.
    pub fn dropped(&self) -> BTreeMap<Option<MeterId>, MeterSum> {
        let mut dropped: BTreeMap<Option<MeterId>, MeterSum> = BTreeMap::new();
        for export in &self.exports {
            for (file, rule) in &export.dropped {
                for reject in &file.rejects {
                    let meter = reject.meter.as_deref().and_then(MeterId::new);
                    dropped.entry(meter).or_default().add_line(reject.quantity.unwrap_or(Quantity::ZERO));
                }
                if *rule == DropRule::SavedTwice {
                    for (meter, &sum) in &file.meters {
                        dropped.entry(Some(meter.clone())).or_default().merge(sum);
                    }
                }
            }
            if export.is_dropped() {
                for (meter, sum) in export.days.values().flatten() {
                    dropped.entry(Some(meter.clone())).or_default().merge(sum.total);
                }
            }
        }
        dropped
    }
}

const NO_RANK: u32 = u32::MAX;

fn remap(numbers: &mut [u32], ranks: &[u32]) {
    numbers.iter_mut().for_each(|number| *number = ranks[*number as usize]);
}

/// The distinct ids of some texts, sorted, and the rank of each number. (No text is blank: reading sets such lines
/// aside.)
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

const PUBLISHED_HINT: &str =
    "put the resources.parquet of the same publication, as it is, into the folder of its lines";

/// The distinct resources of all texts, sorted by key, and the rank of each text's number: [`NO_RANK`] where published
/// lines name a resource that nothing describes.
fn resources(
    stamp: &Stamp,
    instances: &Texts,
    published: &BTreeMap<i64, PublishedResource>,
) -> Result<(Vec<Resource>, Vec<u32>)> {
    let texts: Vec<(u32, &str)> = instances.iter().collect();
    let parse = |&(number, text): &(u32, &str)| Some((Resource::parse(stamp, text, published)?, number));
    let mut parsed: Vec<(Resource, u32)> = texts.par_iter().filter_map(parse).collect();
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

/// The smallest key of published lines that nothing describes, by the number of its text.
fn undescribed(instances: &Texts, ranks: &[u32]) -> BTreeMap<u32, i64> {
    let lacking = instances.iter().filter(|(number, _)| ranks[*number as usize] == NO_RANK);
    let key = |text: &str| match InstanceText::read(text) {
        InstanceText::Published(key) => Some(key),
        _ => None,
    };
    lacking.filter_map(|(number, text)| Some((number, key(text)?))).collect()
}
