//! One state, however reached: order, threads, names and reruns change no byte but the place columns.

use std::collections::BTreeMap;
use std::time::SystemTime;

use proptest::prelude::*;

use super::random_root::{lay_out, lines, without_usage};
use crate::support::{Line, Row, SUB_A, SUB_B, SUB_UNKNOWN, TestRoot, VM_HOURS, files_below, page, table, tries};

/// Every published file but those that hold places, and those with their places taken out.
fn state(root: &TestRoot) -> (BTreeMap<String, Vec<u8>>, Vec<Vec<Row>>) {
    let mut files = files_below(&root.out());
    // How many files an export has, and their fingerprint, is told of places as well.
    files.retain(|path, _| {
        !path.starts_with("lines/") && !path.contains("rejects") && !path.starts_with("history/exports")
    });
    let placeless = |name: &str| {
        let mut rows = table(&root.out(), name);
        for row in &mut rows {
            row.remove("file");
            row.remove("row");
        }
        rows
    };
    let lines = placeless("lines");
    let mut rejects = placeless("rejects");
    rejects.sort();
    (files, vec![lines, rejects])
}

fn modified(root: &TestRoot) -> BTreeMap<String, SystemTime> {
    let time = |path: &String| std::fs::metadata(root.out().join(path)).unwrap().modified().unwrap();
    files_below(&root.out()).into_keys().map(|path| (path.clone(), time(&path))).collect()
}

/// Many more lines, days and cells than the random roots have, so that days are in flight together.
#[test]
fn threads_change_no_byte_of_a_large_root() {
    let root = without_usage();
    let subscriptions = [SUB_A, SUB_B, SUB_UNKNOWN];
    for day in 1..=tries(4, 10) {
        let line = |at: u32| {
            let subscription = subscriptions[(at % 3) as usize];
            let hour = format!("2026-10-{day:02}T{:02}", at * 7 % 23);
            let mut line = Line::hourly(subscription, VM_HOURS, &hour, &format!("0.{:03}", at * 31 % 1000));
            line.resource = format!("vm-{}", at * 13 % 400);
            line
        };
        for number in 0..5 {
            let lines: Vec<Line> = (number * 400..(number + 1) * 400).map(line).collect();
            let text = page(&lines).replacen('{', &format!("{{\"page\":\"{day}-{number}\","), 1);
            root.file(&format!("north/usage/2026-10-{day:02}/page-{number}.json"), text);
        }
    }
    root.run(&["--threads", "1"]).expect(0);
    let one = files_below(&root.out());
    assert!(one.len() > 20, "{}", one.len());
    for _ in 0..2 {
        std::fs::remove_dir_all(root.out()).unwrap();
        root.run(&["--threads", "2"]).expect(0);
        assert!(one == files_below(&root.out()), "two threads publish other bytes than one");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(3, 16), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_names_and_threads_do_not_matter(lines in lines(), seed in any::<u64>()) {
        let straight = without_usage();
        lay_out(&straight, &lines, 5, |at| format!("page-{at:04}.json"));
        let mut shuffled_lines = lines;
        // A shuffle that proptest can shrink and repeat: sort by a hash of place and seed.
        let mut at = 0_u64;
        shuffled_lines.sort_by_cached_key(|_| {
            at += 1;
            (at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31)
        });
        let shuffled = without_usage();
        lay_out(&shuffled, &shuffled_lines, 3, |at| format!("deeper/{}.json", 9_999 - at));
        let code = straight.run(&["--threads", "1"]).code;
        shuffled.run(&["--threads", "2"]).expect(code);
        prop_assert_eq!(state(&straight), state(&shuffled));
    }

    #[test]
    fn threads_change_no_byte_at_all(lines in lines()) {
        let root = without_usage();
        lay_out(&root, &lines, 2, |at| format!("page-{at:04}.json"));
        let code = root.run(&["--threads", "1"]).code;
        let one = files_below(&root.out());
        std::fs::remove_dir_all(root.out()).unwrap();
        root.run(&["--threads", "2"]).expect(code);
        prop_assert_eq!(one, files_below(&root.out()));
    }

    #[test]
    fn twice_is_once(lines in lines()) {
        let root = without_usage();
        lay_out(&root, &lines, 7, |at| format!("page-{at}.json"));
        root.run(&[]);
        let (files, times) = (files_below(&root.out()), modified(&root));
        // Lines that were set aside are news once.
        root.run(&[]).expect(0);
        prop_assert_eq!(&files, &files_below(&root.out()));
        prop_assert_eq!(times, modified(&root), "files that did not change are not even touched");
    }

    /// Any way to the same root ends at the same bytes.
    #[test]
    fn the_way_does_not_matter(before in lines(), after in lines()) {
        let root = without_usage();
        lay_out(&root, &before, 7, |at| format!("page-{at}.json"));
        root.run(&[]);
        for stamp in super::random_root::STAMPS {
            root.remove(&format!("{stamp}/usage"));
        }
        lay_out(&root, &after, 7, |at| format!("page-{at}.json"));
        let code = root.run(&["--forget", "all"]).code;
        let fresh = without_usage();
        lay_out(&fresh, &after, 7, |at| format!("page-{at}.json"));
        let fresh_code = fresh.run(&[]).code;
        prop_assert!(code == fresh_code || (code, fresh_code) == (0, 4), "{} and {}", code, fresh_code);
        let but_history = |root: &TestRoot| {
            let mut files = files_below(&root.out());
            files.retain(|path, _| !path.starts_with("history/"));
            files
        };
        prop_assert_eq!(but_history(&root), but_history(&fresh));
    }

    /// A page saved twice is the page, under the smallest of its names.
    #[test]
    fn a_page_saved_twice_is_the_page(lines in lines()) {
        let once = without_usage();
        lay_out(&once, &lines, 100, |at| format!("page-{at}.json"));
        let twice = without_usage();
        lay_out(&twice, &lines, 100, |at| format!("page-{at}.json"));
        for (name, bytes) in files_below(&twice.root()).into_iter().filter(|(name, _)| name.contains("/usage/")) {
            twice.file(&name.replace("page-0.json", "page-0-copy.json"), bytes);
        }
        let code = once.run(&[]).code;
        twice.run(&[]).expect(code);
        let without = |root: &TestRoot| state(root);
        prop_assert_eq!(without(&once), without(&twice));
    }
}
