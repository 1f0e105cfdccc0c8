//! A cell's key in one `u64`: slot, owner, meter and resource ranks. Sorting these integers gives the published order.

use crate::domain::Slot;
use crate::domain::limits::PACKED_BITS;
use crate::error::{Error, Result};
use crate::table::order::bits;

/// How many bits of the packed key each rank of a stamp takes.
///
/// ```text
/// | slot: 5 bits | owner | meter | resource |
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    owner_bits: u32,
    meter_bits: u32,
    resource_bits: u32,
}

/// A packed key taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackedKey {
    pub slot: Slot,
    pub owner: u32,
    pub meter: u32,
    pub resource: u32,
}

impl Packing {
    /// The packing for given numbers of distinct owners, meters and resources.
    ///
    /// # Errors
    /// Together they do not fit into 64 bits.
    pub fn new(owners: usize, meters: usize, resources: usize) -> Result<Self> {
        let packing = Self { owner_bits: bits(owners), meter_bits: bits(meters), resource_bits: bits(resources) };
        if packing.bits() > PACKED_BITS {
            return Err(Error::input(format!(
                "{owners} owners, {meters} meters and {resources} resources of one stamp are more than a key of \
                 {PACKED_BITS} bits tells apart"
            ))
            .hint("run over fewer windows at a time"));
        }
        Ok(packing)
    }

    /// Bits that a key takes.
    pub fn bits(self) -> u32 {
        Slot::BITS + self.bits_without_slot()
    }

    /// Bits that the key of a whole day takes.
    pub fn bits_without_slot(self) -> u32 {
        self.owner_bits + self.meter_bits + self.resource_bits
    }

    pub fn pack(self, cell: UnpackedKey) -> u64 {
        let key = u64::from(cell.slot.number());
        let key = key << self.owner_bits | u64::from(cell.owner);
        let key = key << self.meter_bits | u64::from(cell.meter);
        key << self.resource_bits | u64::from(cell.resource)
    }

    pub fn unpack(self, key: u64) -> UnpackedKey {
        let low = |key: u64, bits: u32| (key & ((1 << bits) - 1)) as u32;
        let resource = low(key, self.resource_bits);
        let key = key >> self.resource_bits;
        let meter = low(key, self.meter_bits);
        let key = key >> self.meter_bits;
        let owner = low(key, self.owner_bits);
        UnpackedKey { slot: Slot::from_number((key >> self.owner_bits) as u8), owner, meter, resource }
    }

    /// The key of a whole day, moved to a slot.
    pub fn with_slot(self, key: u64, slot: Slot) -> u64 {
        key | u64::from(slot.number()) << self.bits_without_slot()
    }

    /// The key without its resource.
    pub fn without_resource(self, key: u64) -> u64 {
        key >> self.resource_bits << self.resource_bits
    }
}
