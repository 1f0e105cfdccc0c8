//! The key of a cell: taken apart as it was packed, in the published order, and refused where 64 bits do not do.

use proptest::prelude::*;
use stacktally::aggregate::{Packing, UnpackedKey};
use stacktally::domain::Slot;

fn key(slot: Slot, owner: u32, meter: u32, resource: u32) -> UnpackedKey {
    UnpackedKey { slot, owner, meter, resource }
}

#[test]
fn a_key_is_taken_apart_as_it_was_packed_at_the_edges_of_its_bits() {
    for (owners, meters, resources) in [
        (1, 1, 1),
        (2, 2, 2),
        (3, 4, 5),
        (255, 256, 257),
        // 19 + 20 + 20 bits and the slot's 5 are all 64.
        (1 << 19, 1 << 20, 1 << 20),
        (1, 1, 1 << 32),
    ] {
        let packing = Packing::new(owners, meters, resources).unwrap();
        let edges = |count: usize| [0, count / 2, count - 1].map(|rank| u32::try_from(rank).unwrap());
        for slot in [Slot::DAILY, Slot::hourly(0), Slot::hourly(23)] {
            for owner in edges(owners) {
                for meter in edges(meters) {
                    for resource in edges(resources) {
                        let cell = key(slot, owner, meter, resource);
                        let packed = packing.pack(cell);
                        assert_eq!(packing.unpack(packed), cell, "{packing:?}");
                        let whole_day = packing.pack(UnpackedKey { slot: Slot::DAILY, ..cell });
                        assert_eq!(packing.with_slot(whole_day, slot), packed, "{cell:?}");
                        let of_meter = packing.pack(UnpackedKey { resource: 0, ..cell });
                        assert_eq!(packing.without_resource(packed), of_meter, "{cell:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_64_bits_do_not_tell_apart_is_refused() {
    Packing::new(1 << 19, 1 << 20, 1 << 20).unwrap();
    for (owners, meters, resources) in
        [((1 << 19) + 1, 1 << 20, 1 << 20), (1 << 19, (1 << 20) + 1, 1 << 20), (1 << 19, 1 << 20, (1 << 20) + 1)]
    {
        let refused = Packing::new(owners, meters, resources).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "{owners} owners, {meters} meters and {resources} resources of one stamp are more than a key of 64 \
                 bits tells apart"
            )
        );
        assert_eq!(refused.hint.as_deref(), Some("run over fewer windows at a time"));
    }
}

proptest! {
    /// Sorting the integers sorts by slot, owner, meter and resource.
    #[test]
    fn keys_sort_as_their_parts(
        parts in prop::collection::vec((0..Slot::COUNT, 0..7_u32, 0..300_u32, 0..5_u32), 2..20)
    ) {
        let packing = Packing::new(7, 300, 5).unwrap();
        let pack = |&(slot, owner, meter, resource): &(u8, u32, u32, u32)| {
            packing.pack(key(Slot::from_number(slot), owner, meter, resource))
        };
        let mut sorted = parts.clone();
        sorted.sort_unstable();
        let mut keys: Vec<u64> = parts.iter().map(pack).collect();
        keys.sort_unstable();
        prop_assert_eq!(keys, sorted.iter().map(pack).collect::<Vec<_>>());
    }
}
