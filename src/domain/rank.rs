//! Places in sorted lists.

/// The place of an id in its sorted list.
pub fn rank<T: Ord>(sorted: &[T], id: &T) -> Option<u32> {
    sorted.binary_search(id).ok().map(|rank| rank as u32)
}
