//! Blocks of rows that repeat everything before them.

use std::collections::VecDeque;
use std::ops::Range;

use crate::store::Fingerprint;

/// The rows that repeat, as one block, everything before them, by their places. A block that was recognised as a
/// repetition is not counted again when it comes once more. A block of equal rows is no repetition.
///
/// ```text
/// a b c a b c      the last three
/// a b a b c a b c  the second a b, and the last three
/// a a a a          none
/// ```
pub(in crate::read) fn repeated_blocks(rows: &[&str]) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut kept, mut has_two) = (Vec::new(), false);
    let mut at = 0;
    while let Some(row) = rows.get(at) {
        let behind = rows.get(at..at + kept.len()).unwrap_or_default();
        if has_two && kept.first() == Some(row) && behind == kept {
            blocks.push(at..at + kept.len());
            at += kept.len();
            continue;
        }
        has_two |= kept.first().is_some_and(|first| first != row);
        kept.push(*row);
        at += 1;
    }
    blocks
}

/// The same, row by row, without keeping the rows: what is kept are a few numbers for each row that is equal to the
/// first one.
///
/// The rows are compared by polynomials over their fingerprints, so that those of a block follow from those of
/// everything up to its begin and up to its end.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct RepeatedBlocks {
    first: Option<Fingerprint>,
    has_two: bool,
    /// All rows, and those that were kept.
    all: Prefix,
    kept: Prefix,
    /// Blocks that may repeat what was kept before them, by their begin.
    open: VecDeque<OpenBlock>,
    blocks: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
struct OpenBlock {
    /// All rows before it.
    before: Prefix,
    /// The rows that it repeats, perhaps.
    kept: Prefix,
}

impl RepeatedBlocks {
    /// Takes in the next row, by the fingerprint of its text.
    pub(in crate::read) fn push(&mut self, row: Fingerprint) {
        let first = *self.first.get_or_insert(row);
        if self.has_two && row == first {
            self.open.push_back(OpenBlock { before: self.all, kept: self.kept });
        }
        self.has_two |= row != first;
        self.all = self.all.with(row);
        self.kept = self.kept.with(row);
        let Some(OpenBlock { before, kept }) = self.open.front() else { return };
        if self.all.rows - before.rows < kept.rows {
            return;
        }
        if self.all.behind(before) == kept.sums {
            self.blocks.push(before.rows as usize..self.all.rows as usize);
            self.kept = *kept;
            self.open.clear();
        } else {
            self.open.pop_front();
        }
    }

    /// How many rows there were.
    pub(in crate::read) fn rows(&self) -> usize {
        self.all.rows as usize
    }

    pub(in crate::read) fn into_blocks(self) -> Vec<Range<usize>> {
        self.blocks
    }
}

/// Two primes would do; one prime and two bases are as good.
const PRIME: u64 = (1 << 61) - 1;
const BASES: [u64; 2] = [1_184_173_930_612_911_743, 2_003_771_410_598_205_219];

/// Some rows from the first on: how many, and their polynomials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Prefix {
    rows: u64,
    sums: [u64; 2],
}

impl Prefix {
    fn with(self, row: Fingerprint) -> Self {
        let values = row.halves();
        let sum = |at: usize| (product(self.sums[at], BASES[at]) + values[at] % PRIME) % PRIME;
        Self { rows: self.rows + 1, sums: [sum(0), sum(1)] }
    }

    /// The polynomials of these rows without those before them.
    fn behind(&self, before: &Self) -> [u64; 2] {
        let rows = self.rows - before.rows;
        [0, 1].map(|at| (self.sums[at] + PRIME - product(before.sums[at], power(BASES[at], rows))) % PRIME)
    }
}

fn product(one: u64, other: u64) -> u64 {
    (u128::from(one) * u128::from(other) % u128::from(PRIME)) as u64
}

fn power(base: u64, exponent: u64) -> u64 {
    let (mut power, mut square, mut rest) = (1, base, exponent);
    while rest > 0 {
        if rest % 2 == 1 {
            power = product(power, square);
        }
        square = product(square, square);
        rest /= 2;
    }
    power
}
