//! A radix sort of integers: linear, and deterministic.

/// The bits of one pass: this many counters stay in the first-level cache.
const DIGIT_BITS: u32 = 11;

/// The places of `keys` in the order of the keys; equal keys keep theirs. No key has more than `bits` bits.
///
/// ```
/// use stacktally::table::order::order;
/// assert_eq!(order(&[17, 4, 17, 1], 5), [3, 1, 0, 2]);
/// ```
pub fn order(keys: &[u64], bits: u32) -> Vec<u32> {
    let mut sorted: Vec<(u64, u32)> = keys.iter().copied().zip(0..).collect();
    let mut other = vec![(0, 0); keys.len()];
    let passes = bits.div_ceil(DIGIT_BITS);
    let width = bits.div_ceil(passes.max(1));
    for pass in 0..passes {
        let digit = |key: u64| (key >> (pass * width)) as usize & ((1 << width) - 1);
        let mut places = vec![0_u32; 1 << width];
        sorted.iter().for_each(|&(key, _)| places[digit(key)] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for &(key, at) in &sorted {
            let place = &mut places[digit(key)];
            other[*place as usize] = (key, at);
            *place += 1;
        }
        std::mem::swap(&mut sorted, &mut other);
    }
    sorted.into_iter().map(|(_, at)| at).collect()
}

/// The number of bits for this number of places.
pub fn bits(places: usize) -> u32 {
    usize::BITS - places.saturating_sub(1).leading_zeros()
}
