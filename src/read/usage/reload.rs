//! The published `lines` and `resources` as the base of the next run: what did not change is loaded from there instead
//! of being read from exports again.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::chunk::{Chunk, LineNumbers};
use super::days::FileChunk;
use super::gather::StampLines;
use super::lines::PublishedResource;
use crate::domain::{Day, Granularity, MeterId, Slot, Stamp, UserSubscriptionId};
use crate::error::Result;
use crate::read::format::row::InstanceText;
use crate::read::intern::{Interners, Recent};
use crate::table::column::AnyColumn;
use crate::table::contract::columns::{
    ADDITIONAL_INFO, FILE, LOCATION, METER_ID, QUANTITY, RESOURCE_KEY, RESOURCE_URI, ROW, STAMP, TAGS,
    USER_SUBSCRIPTION_ID,
};
use crate::table::contract::lines::USAGE_START;
use crate::table::contract::{self, exports};
use crate::table::reader::{self, text};

/// A table file as it was published.
#[derive(Debug)]
pub struct Stored {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl StampLines {
    /// Loads the lines of a day and export from where they are published.
    ///
    /// # Errors
    /// The table is not as this version publishes it, or names a file that the export does not have.
    pub fn load(&mut self, day: Day, export: u32, stored: &Stored) -> Result<()> {
        let files = &self.exports[export as usize].files;
        let numbers: BTreeMap<&str, u32> = files.iter().map(|file| (&*file.file.name, file.number)).collect();
        for FileChunk { file, lines } in chunks_of(stored, &numbers, &self.texts)? {
            self.days.push(day, file, lines)?;
        }
        Ok(())
    }

    /// Interns ids that no line of this run names, because tables that are written again name them.
    ///
    /// # Errors
    /// More distinct texts than can be numbered.
    pub fn know<'i>(
        &self,
        user_subscriptions: impl IntoIterator<Item = &'i UserSubscriptionId>,
        meters: impl IntoIterator<Item = &'i MeterId>,
        resources: impl IntoIterator<Item = i64>,
    ) -> Result<()> {
        for id in user_subscriptions {
            self.texts.user_subscriptions.intern(id.as_str())?;
        }
        for id in meters {
            self.texts.meters.intern(id.as_str())?;
        }
        for key in resources {
            self.texts.instances.intern(&InstanceText::from_published(key))?;
        }
        Ok(())
    }
}

fn chunks_of(stored: &Stored, numbers: &BTreeMap<&str, u32>, texts: &Interners) -> Result<Vec<FileChunk>> {
    let Stored { path, bytes } = stored;
    let columns: [&dyn AnyColumn; 8] =
        [&USAGE_START, &exports::GRANULARITY, &USER_SUBSCRIPTION_ID, &METER_ID, &RESOURCE_KEY, &QUANTITY, &FILE, &ROW];
    let contradicted = |what: String| reader::contradiction(&path.display().to_string(), what);
    let mut chunks: BTreeMap<u32, Chunk> = BTreeMap::new();
    let (mut subscriptions, mut meters) = (Recent::new(&texts.user_subscriptions), Recent::new(&texts.meters));
    let mut instances: HashMap<i64, u32> = HashMap::new();
    for rows in reader::read(path, bytes.clone(), &contract::LINES, &columns, &[])? {
        let (starts, granularities) = (rows.hours(USAGE_START)?, rows.texts(exports::GRANULARITY)?);
        let (line_subscriptions, line_meters) = (rows.texts(USER_SUBSCRIPTION_ID)?, rows.texts(METER_ID)?);
        let (keys, quantities) = (rows.integers(RESOURCE_KEY)?, rows.quantities(QUANTITY)?);
        let (files, places) = (rows.texts(FILE)?, rows.integers(ROW)?);
        for (at, start) in starts.into_iter().enumerate() {
            let read = || {
                let slot = Slot::of(Granularity::parse(granularities.value(at))?, start?);
                Some((slot, *numbers.get(files.value(at))?, u32::try_from(places.value(at)).ok()?))
            };
            let (slot, file, row) =
                read().ok_or_else(|| contradicted(format!("row {} is none of its export", at + 1)))?;
            let instance = match instances.get(&keys.value(at)) {
                Some(&known) => known,
                None => {
                    let number = texts.instances.intern(&InstanceText::from_published(keys.value(at)))?;
                    instances.insert(keys.value(at), number);
                    number
                }
            };
            let numbers = LineNumbers {
                user_subscription: subscriptions.intern(line_subscriptions.value(at))?,
                meter: meters.intern(line_meters.value(at))?,
                instance,
            };
            chunks.entry(file).or_default().push(slot, numbers, quantities.value(at), row);
        }
    }
    let to_chunk = |(file, mut lines): (u32, Chunk)| {
        lines.by_meter = Vec::new();
        FileChunk { file, lines }
    };
    Ok(chunks.into_iter().map(to_chunk).collect())
}

/// The published resources of a stamp, by key.
///
/// # Errors
/// The table is not as this version publishes it.
pub fn stored_resources(stamp: &Stamp, stored: &Stored) -> Result<BTreeMap<i64, PublishedResource>> {
    let Stored { path, bytes } = stored;
    let columns: [&dyn AnyColumn; 6] = [&RESOURCE_KEY, &STAMP, &RESOURCE_URI, &LOCATION, &TAGS, &ADDITIONAL_INFO];
    let keep = [reader::Keep::Texts(STAMP, vec![stamp.to_string()])];
    let mut resources = BTreeMap::new();
    for rows in reader::read(path, bytes.clone(), &contract::RESOURCES, &columns, &keep)? {
        let keys = rows.integers(RESOURCE_KEY)?;
        let parts = [rows.texts(RESOURCE_URI)?, rows.texts(LOCATION)?, rows.texts(TAGS)?, rows.texts(ADDITIONAL_INFO)?];
        for at in 0..rows.len() {
            let values = parts.map(|part| text(part, at).map(str::to_owned));
            resources.insert(keys.value(at), (stamp.to_string(), values));
        }
    }
    Ok(resources)
}

impl StampLines {
    /// Adds the published resources that loaded lines and known ids refer to.
    ///
    /// # Errors
    /// As [`stored_resources`].
    pub fn load_resources(&mut self, stored: &Stored) -> Result<()> {
        let mut resources = stored_resources(&self.stamp, stored)?;
        // Resources in an export describe its lines better than published ones do.
        resources.append(&mut self.resources);
        self.resources = resources;
        Ok(())
    }
}
