//! The window ledger as a table: which exports count beside each other, and which cannot stand beside each other.

use stacktally::domain::ledger::{LedgerEntry, LedgerRules, far_below_neighbours, fates};
use stacktally::domain::{Granularity, Window};

/// `Hourly 2026-10-05 100`, `Daily 2026-10-05--2026-10-07 100 cut`, `- 2026-10-05 0`: granularity (`-`: none is known),
/// window, lines, and whether the last page is missing.
fn entry(text: &str) -> LedgerEntry {
    let words: Vec<&str> = text.split(' ').collect();
    LedgerEntry {
        window: Window::parse(words[1]).unwrap(),
        granularity: Granularity::parse(words[0]),
        lines: words[2].parse().unwrap(),
        is_whole: words.get(3).is_none(),
    }
}

const REFUSE: LedgerRules = LedgerRules { wider_replaces: false, granularity: None };
const WIDER: LedgerRules = LedgerRules { wider_replaces: true, granularity: None };
const HOURLY: LedgerRules = LedgerRules { wider_replaces: false, granularity: Some(Granularity::Hourly) };
const DAILY: LedgerRules = LedgerRules { wider_replaces: false, granularity: Some(Granularity::Daily) };
const WIDER_DAILY: LedgerRules = LedgerRules { wider_replaces: true, granularity: Some(Granularity::Daily) };

#[track_caller]
fn check(rules: LedgerRules, entries: &[&str], expected: &str) {
    let entries: Vec<LedgerEntry> = entries.iter().map(|text| entry(text)).collect();
    assert!(entries.is_sorted_by_key(|entry| entry.window), "entries are given in order of their windows");
    let shown = match fates(&entries, rules) {
        Ok(fates) => fates.iter().map(|fate| format!("{fate:?}")).collect::<Vec<_>>().join(" "),
        Err(conflict) => format!("refused: {conflict:?}"),
    };
    assert_eq!(shown, expected);
}

#[test]
fn windows_that_touch_or_leave_gaps_all_count() {
    check(REFUSE, &[], "");
    check(REFUSE, &["Hourly 2026-10-05 9", "Hourly 2026-10-06 9"], "Used Used");
    check(REFUSE, &["Hourly 2026-10-05 9", "Hourly 2026-10-08 9"], "Used Used");
    check(REFUSE, &["Hourly 2026-10-05T00 9", "Hourly 2026-10-05T01 9", "Daily 2026-10-06 9"], "Used Used Used");
    check(REFUSE, &["- 2026-10-05 0", "Daily 2026-10-06 9 cut"], "Used Used");
}

#[test]
fn windows_that_overlap_are_refused() {
    let month = "Hourly 2026-10-01--2026-11-01 900";
    check(REFUSE, &["Hourly 2026-10-05 9", "Hourly 2026-10-05 9"], "refused: SameWindow(0, 1)");
    check(REFUSE, &["- 2026-10-05 0", "Hourly 2026-10-05 9"], "refused: SameWindow(0, 1)");
    check(REFUSE, &[month, "Hourly 2026-10-05 9"], "refused: Contains(0, 1)");
    check(REFUSE, &["Hourly 2026-10-05T00 9", "Hourly 2026-10-05 9"], "refused: Contains(1, 0)");
    let (first, second) = ("Hourly 2026-10-05--2026-10-08 9", "Hourly 2026-10-07--2026-10-09 9");
    check(REFUSE, &[first, second], "refused: Overlap(0, 1)");
}

#[test]
fn a_wider_window_replaces_those_that_it_contains() {
    let month = "Hourly 2026-10-01--2026-11-01 900";
    check(WIDER, &[month, "Hourly 2026-10-05 9", "Hourly 2026-10-06 9"], "Used ReplacedBy(0) ReplacedBy(0)");
    // Same start, same end: still contained.
    check(
        WIDER,
        &["Hourly 2026-10-05 9", "Hourly 2026-10-05--2026-10-07 20", "Hourly 2026-10-06 9"],
        "ReplacedBy(1) Used ReplacedBy(1)",
    );
    // What lies outside stays.
    check(
        WIDER,
        &["Hourly 2026-09-30 9", month, "Hourly 2026-10-31 9", "Hourly 2026-11-01 9"],
        "Used Used ReplacedBy(1) Used",
    );
    // The widest of three.
    check(
        WIDER,
        &[month, "Hourly 2026-10-05--2026-10-08 30", "Hourly 2026-10-06 9"],
        "Used ReplacedBy(0) ReplacedBy(0)",
    );
    check(WIDER, &[month, "- 2026-10-05 0"], "Used ReplacedBy(0)");
    check(WIDER, &["Hourly 2026-10-05 9", "Hourly 2026-10-05 9"], "refused: SameWindow(0, 1)");
    check(WIDER, &["Hourly 2026-10-05--2026-10-08 9", "Hourly 2026-10-07--2026-10-09 9"], "refused: Overlap(0, 1)");
    // Two that overlap are refused even where a third contains both.
    check(
        WIDER,
        &[month, "Hourly 2026-10-05--2026-10-08 9", "Hourly 2026-10-07--2026-10-09 9"],
        "refused: Overlap(1, 2)",
    );
}

#[test]
fn what_is_not_whole_replaces_nothing() {
    check(WIDER, &["Hourly 2026-10-01--2026-11-01 900 cut", "Hourly 2026-10-05 9"], "refused: NotWhole(0, 1)");
    check(WIDER, &["Hourly 2026-10-01--2026-11-01 0", "Hourly 2026-10-05 9"], "refused: NotWhole(0, 1)");
    check(WIDER, &["- 2026-10-01--2026-11-01 0", "- 2026-10-05 0"], "Used ReplacedBy(0)");
    // What is replaced itself may lack what it likes.
    check(
        WIDER,
        &["Hourly 2026-10-01--2026-11-01 900", "Hourly 2026-10-05--2026-10-08 9 cut", "Hourly 2026-10-06 9"],
        "Used ReplacedBy(0) ReplacedBy(0)",
    );
    check(HOURLY, &["Hourly 2026-10-05 0", "Daily 2026-10-05 9"], "refused: NotWhole(0, 1)");
    check(HOURLY, &["Hourly 2026-10-05 0", "Daily 2026-10-05 0"], "Used NotChosen(0)");
}

#[test]
fn of_two_granularities_the_chosen_one_counts() {
    let (hourly, daily) = ("Hourly 2026-10-05 99", "Daily 2026-10-05 9");
    check(REFUSE, &[hourly, daily], "refused: TwoGranularities(0, 1)");
    check(WIDER, &[hourly, daily], "refused: TwoGranularities(0, 1)");
    check(HOURLY, &[hourly, daily], "Used NotChosen(0)");
    check(DAILY, &[hourly, daily], "NotChosen(1) Used");
    // What the chosen ones do not cover stays as it is.
    check(HOURLY, &[hourly, daily, "Daily 2026-10-06 9"], "Used NotChosen(0) Used");
    // Hours that together cover the day.
    let hours: Vec<String> = (0..24).map(|hour| format!("Hourly 2026-10-05T{hour:02} 9")).collect();
    let with_day = |hours: &[String]| {
        let mut entries: Vec<String> = hours.to_vec();
        entries.insert(1, daily.to_owned());
        entries
    };
    let all = with_day(&hours);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    check(HOURLY, &all, &format!("Used NotChosen(0){}", " Used".repeat(23)));
    check(DAILY, &all, &format!("NotChosen(1) Used{}", " NotChosen(1)".repeat(23)));
    // An hour is missing, or is not whole: the day holds what nobody else does.
    let some = with_day(&hours[..23]);
    let some: Vec<&str> = some.iter().map(String::as_str).collect();
    check(HOURLY, &some, "refused: PartlyChosen(1, 0)");
    check(HOURLY, &["Hourly 2026-10-05 99 cut", daily], "refused: PartlyChosen(1, 0)");
    // A month of days over a week of hours: the hours have it all, or the days do.
    let month = "Daily 2026-10-01--2026-11-01 99";
    check(HOURLY, &[month, hourly], "refused: PartlyChosen(0, 1)");
    check(DAILY, &[month, hourly], "Used NotChosen(0)");
}

#[test]
fn both_rules_together() {
    let (month, hourly, daily) = ("Daily 2026-10-01--2026-11-01 99", "Hourly 2026-10-05 99", "Daily 2026-10-05 9");
    check(WIDER_DAILY, &[month, hourly, daily], "Used NotChosen(0) ReplacedBy(0)");
    check(DAILY, &[month, hourly, daily], "refused: Contains(0, 2)");
    check(WIDER, &[month, hourly, daily], "refused: TwoGranularities(0, 1)");
}

#[test]
fn a_window_with_few_lines_stands_out() {
    let few = |entries: &[&str]| far_below_neighbours(&entries.iter().map(|text| entry(text)).collect::<Vec<_>>());
    let day = |number: u32, lines: u32| format!("Hourly 2026-10-{number:02} {lines}");
    let days = |lines: &[u32]| -> Vec<(usize, i64)> {
        let entries: Vec<String> = lines.iter().zip(5..).map(|(&lines, number)| day(number, lines)).collect();
        few(&entries.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(days(&[1000, 499, 1000]), [(1, 1000)]);
    assert_eq!(days(&[1000, 500, 1000]), []);
    assert_eq!(days(&[1000, 499, 900]), [], "less than half of the one, not of the other");
    assert_eq!(days(&[1000, 1000, 0]), [(2, 1000)], "the last has one neighbour");
    assert_eq!(days(&[0, 99]), [], "so few prove nothing");
    assert_eq!(few(&["Hourly 2026-10-05 1000", "Hourly 2026-10-07 1"]), [], "they do not touch");
    assert_eq!(few(&["Hourly 2026-10-05 1000", "Hourly 2026-10-06T00 1"]), [], "another length");
    assert_eq!(few(&["Hourly 2026-10-05 1000", "Daily 2026-10-06 1"]), [], "another granularity");
}
