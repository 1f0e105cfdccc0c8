//! The window ledger: which of a stamp's exports count, so that no reported time counts twice (`product.md` §3.2,
//! §3.4).
//!
//! ```text
//! Hourly  |--10-05--|--10-06--|          |--10-08--|
//! Hourly  |------------- 10-01 to 11-01 ---------------|    contains the others: replaces them, with `--overlap wider`
//! Daily   |--10-05--|                                       the same usage again: `--granularity` chooses
//! ```
//! A line does not say when it was reported, so an export counts as a whole or not at all.

use serde::{Serialize, Serializer};

use super::time::{Granularity, Window};

/// What the ledger knows about one export with a reported window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    pub window: Window,
    /// The granularity of its lines; `None` when it has none, and nothing else says.
    pub granularity: Option<Granularity>,
    pub lines: i64,
    /// Whether its chain of pages is complete.
    pub is_whole: bool,
}

/// The operator's decisions about reported time that several exports cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerRules {
    /// A window that wholly contains others replaces them.
    #[serde(rename = "overlap", serialize_with = "as_overlap")]
    pub wider_replaces: bool,
    /// The granularity that counts where Hourly and Daily exports cover the same time.
    #[serde(serialize_with = "in_lower_case")]
    pub granularity: Option<Granularity>,
}

/// The value in the setting.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over so")]
fn as_overlap<S: Serializer>(wider_replaces: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *wider_replaces { "wider" } else { "refuse" })
}

/// The value in the setting.
#[expect(clippy::ref_option, reason = "serde hands the field over so")]
fn in_lower_case<S: Serializer>(granularity: &Option<Granularity>, serializer: S) -> Result<S::Ok, S::Error> {
    granularity.map(|granularity| granularity.as_str().to_lowercase()).serialize(serializer)
}

/// The fate of an export. The numbers are places in the list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Used,
    /// A wider window contains it.
    ReplacedBy(usize),
    /// Exports of the chosen granularity, this one the first, cover all its time.
    NotChosen(usize),
}

/// Why exports conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Two exports of one window.
    SameWindow(usize, usize),
    /// The first window contains the second.
    Contains(usize, usize),
    /// Each has time that the other does not have.
    Overlap(usize, usize),
    /// An Hourly and a Daily export of the same time.
    TwoGranularities(usize, usize),
    /// The first is not of the chosen granularity, and exports that are cover only part of it.
    PartlyChosen(usize, usize),
    /// The first would replace the second, but lacks its last page or any line.
    NotWhole(usize, usize),
}

/// Decides which exports count. `entries` are sorted by window.
///
/// # Errors
/// The first conflict, in order of windows.
pub fn fates(entries: &[LedgerEntry], rules: LedgerRules) -> Result<Vec<Fate>, Conflict> {
    let mut fates = vec![Fate::Used; entries.len()];
    for (a, b) in overlapping(entries) {
        if let (Some(of_a), Some(of_b)) = (entries[a].granularity, entries[b].granularity)
            && of_a != of_b
        {
            let chosen = rules.granularity.ok_or(Conflict::TwoGranularities(a, b))?;
            let (kept, other) = if of_a == chosen { (a, b) } else { (b, a) };
            if fates[other] == Fate::Used {
                fates[other] = Fate::NotChosen(kept);
            }
        }
    }
    for (at, entry) in entries.iter().enumerate() {
        if let Fate::NotChosen(first) = fates[at] {
            let chosen = || entries.iter().filter(|other| other.granularity == rules.granularity && other.is_whole);
            if !is_covered(entry.window, chosen().map(|other| other.window)) {
                return Err(Conflict::PartlyChosen(at, first));
            }
            let lines: i64 =
                chosen().filter(|other| other.window.overlaps(entry.window)).map(|other| other.lines).sum();
            if lines == 0 && entry.lines > 0 {
                return Err(Conflict::NotWhole(first, at));
            }
        }
    }
    let counts = |fates: &[Fate], at: usize| !matches!(fates[at], Fate::NotChosen(_));
    for (a, b) in overlapping(entries) {
        if counts(&fates, a) && counts(&fates, b) {
            let (wide, narrow) = contained(entries, a, b)?;
            if !rules.wider_replaces {
                return Err(Conflict::Contains(wide, narrow));
            }
            // If several windows contain it, the widest replaces it.
            let is_wider = |other: usize| entries[wide].window.hours() > entries[other].window.hours();
            if !matches!(fates[narrow], Fate::ReplacedBy(other) if !is_wider(other)) {
                fates[narrow] = Fate::ReplacedBy(wide);
            }
        }
    }
    for (narrow, fate) in fates.iter().enumerate() {
        if let Fate::ReplacedBy(wide) = *fate {
            let holds_nothing = entries[wide].lines == 0 && entries[narrow].lines > 0;
            if holds_nothing || !entries[wide].is_whole {
                return Err(Conflict::NotWhole(wide, narrow));
            }
        }
    }
    Ok(fates)
}

/// Pairs of entries whose windows overlap, in order.
fn overlapping(entries: &[LedgerEntry]) -> impl Iterator<Item = (usize, usize)> + '_ {
    entries.iter().enumerate().flat_map(move |(at, entry)| {
        let later = entries.iter().enumerate().skip(at + 1);
        later.take_while(move |(_, other)| other.window.start < entry.window.end).map(move |(other, _)| (at, other))
    })
}

/// Of two overlapping windows, the containing one and the contained one.
fn contained(entries: &[LedgerEntry], a: usize, b: usize) -> Result<(usize, usize), Conflict> {
    let (first, second) = (entries[a].window, entries[b].window);
    if first == second {
        Err(Conflict::SameWindow(a, b))
    } else if first.contains(second) {
        Ok((a, b))
    } else if second.contains(first) {
        Ok((b, a))
    } else {
        Err(Conflict::Overlap(a, b))
    }
}

/// Whether sorted windows, which may overlap, cover all of `whole`.
fn is_covered(whole: Window, windows: impl Iterator<Item = Window>) -> bool {
    let reached = windows
        .filter(|window| window.overlaps(whole))
        .fold(whole.start, |to, window| if window.start <= to { to.max(window.end) } else { to });
    reached >= whole.end
}

/// A window with less than this percentage of its neighbours' lines has few.
const FEW_LINES_PERCENT: i64 = 50;
/// Neighbours with fewer lines than this prove nothing.
const NEIGHBOUR_LINES_MIN: i64 = 100;

/// Whether a count of lines is far below another that should be similar.
pub fn is_far_below(lines: i64, other: i64) -> bool {
    other >= NEIGHBOUR_LINES_MIN && lines * 100 < other * FEW_LINES_PERCENT
}

/// The entries whose count of lines is far below that of both neighbours (at an end of the list: of the only one), and
/// the smaller count of these neighbours. Neighbours are adjacent windows of the same length and granularity.
pub fn far_below_neighbours(entries: &[LedgerEntry]) -> Vec<(usize, i64)> {
    let is_alike = |entry: &LedgerEntry, other: &LedgerEntry| {
        entry.window.hours() == other.window.hours() && (entry.granularity == other.granularity || entry.lines == 0)
    };
    let falls = |(at, entry): (usize, &LedgerEntry)| {
        let before =
            at.checked_sub(1).map(|before| &entries[before]).filter(|other| other.window.end == entry.window.start);
        let after = entries.get(at + 1).filter(|other| other.window.start == entry.window.end);
        let fewest = [before, after]
            .into_iter()
            .flatten()
            .filter(|other| is_alike(entry, other))
            .map(|other| other.lines)
            .min()?;
        is_far_below(entry.lines, fewest).then_some((at, fewest))
    };
    entries.iter().enumerate().filter_map(falls).collect()
}
