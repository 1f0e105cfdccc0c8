//! Receipts: `receipts/` grows by what nights bring, not by what there is; and what a publication stands on is known by its tables,
//! or by a receipt of the former format.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    Line, Row, SUB_A, TestRoot, VM_HOURS, WINDOWS_HOURS, csv_rows, files_below, page_of, parquet_rows, receipt,
};

/// The day so many days after the first of January 2025.
fn day(at: u32) -> String {
    let first = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    (first + chrono::TimeDelta::days(at.into())).to_string()
}

/// A night: one window, of one day's two meters.
fn bring(root: &TestRoot, at: u32) {
    let day = day(at);
    let lines = [WINDOWS_HOURS, VM_HOURS].map(|meter| Line::hourly(SUB_A, meter, &format!("{day}T05"), "1.5"));
    root.file(&format!("north/usage/{day}/page.json"), page_of(&day, &lines));
}

fn root_with_prices() -> TestRoot {
    let root = TestRoot::with_snapshots();
    let header =
        "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note\n";
    root.file("prices.csv", format!("{header}{WINDOWS_HOURS},0.05,1,Virtual core hours,USD,,,,,,,\n"));
    root
}

/// The receipt that a run left in `receipts/`, and its size.
fn kept(root: &TestRoot, run: u64) -> (Value, u64) {
    let path = root.out().join(format!("receipts/{run:06}.json"));
    (serde_json::from_slice(&fs::read(&path).unwrap()).unwrap(), fs::metadata(path).unwrap().len())
}

fn size_of(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Nights that bring alike leave receipts of one size, however many there were before; an idle one leaves next to nothing.
#[test]
fn receipts_grow_by_what_nights_bring() {
    let root = root_with_prices();
    (0..10).for_each(|at| bring(&root, at));
    root.run(&[]).expect(0);
    for at in 10..31 {
        bring(&root, at);
        root.run(&[]).expect(0);
    }
    let sizes: Vec<u64> = (3..=22).map(|run| kept(&root, run).1).collect();
    let (least, most) = (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap());
    assert!(most < 16_000 && most - least < least / 20, "{sizes:?}");

    root.run(&[]).expect(0);
    let (idle, size) = kept(&root, 23);
    assert!(size < 8_000, "{size}: {idle:#}");
    for list in
        ["windows", "inputs", "findings", "balance", "statements", "unpriced", "missing", "published", "settled"]
    {
        assert_eq!(idle[list], json!([]), "{list}");
    }
    assert_eq!(
        idle["as_before"]["published"].as_u64(),
        Some(receipt(&root.out())["published"].as_array().unwrap().len() as u64)
    );
    assert_eq!((&idle["exports"]["path"], &idle["exports"]["rows"]), (&json!("history/exports.parquet"), &json!(31)));

    // What a night brings, and nothing else, is said of it.
    bring(&root, 31);
    root.run(&[]).expect(0);
    let (night, _) = kept(&root, 24);
    assert_eq!(night["windows"][0]["folder"], "north/usage/2025-02-01");
    let lists = ["windows", "inputs", "settled"].map(|list| night[list].as_array().unwrap().len());
    assert_eq!(lists, [1, 1, 1]);
    let changed: Vec<&str> =
        night["published"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(changed.contains(&"lines/north/2025-02-01/2025-02-01.parquet"), "{changed:?}");
    assert!(!changed.iter().any(|path| path.contains("2025-01-0")), "{changed:?}");
    assert_eq!(night["statements"].as_array().unwrap().len(), 1, "of February alone");

    // A closing says what it did, and not again what the run before it did.
    root.stacktally(&["close", "2025-01", "--out", "out", "--force", "--reason", "test"]).expect(0);
    let (closing, size) = kept(&root, 25);
    assert_eq!((closing["closings"].as_array().unwrap().len(), &closing["settled"]), (1, &json!([])));
    assert!(size < 12_000, "{size}");
}

/// Prints how large `receipts/` is along a year of nights: `cargo test --release --test all -- --ignored --nocapture a_year_of_nights`.
#[test]
#[ignore = "365 runs"]
#[expect(clippy::print_stdout, reason = "it is run for what it prints")]
fn a_year_of_nights() {
    let root = root_with_prices();
    let mut before = 0;
    for at in 0..365 {
        bring(&root, at);
        root.run(&[]).expect(0);
        if [30, 90, 180, 270, 364].contains(&at) {
            let size = size_of(&root.out().join("receipts"));
            let (night, last) =
                (kept(&root, u64::from(at) + 1).1, fs::metadata(root.out().join("receipt.json")).unwrap().len());
            println!("{:>3} nights: receipts/ {size} bytes, the last night {night}; receipt.json {last}", at + 1);
            before = size;
        }
    }
    root.run(&[]).expect(0);
    println!("an idle night after them: {} bytes", kept(&root, 366).1);
    assert!(before < 365 * 16_000);
}

fn exports(root: &TestRoot) -> Vec<Row> {
    parquet_rows(&root.out().join("history/exports.parquet"))
}

/// Stamp, folder, window, files, lines, granularity, whole, dropped, first run.
fn shown(row: &Row) -> String {
    let columns = ["stamp", "folder", "window", "files", "lines", "granularity", "whole", "dropped", "first_run"];
    columns.map(|column| row[column].as_deref().unwrap_or("-")).join(" ")
}

#[test]
fn exports_say_what_counts_and_since_when() {
    let root = root_with_prices();
    bring(&root, 0);
    root.run(&[]).expect(0);
    bring(&root, 1);
    // One page twice: it counts once.
    let page = fs::read(root.root().join("north/usage/2025-01-02/page.json")).unwrap();
    root.file("north/usage/2025-01-02/again.json", page);
    root.run(&[]).expect(0);
    let first = "north north/usage/2025-01-01 2025-01-01 1 2 Hourly true - 1";
    assert_eq!(
        exports(&root).iter().map(shown).collect::<Vec<_>>(),
        [first, "north north/usage/2025-01-02 2025-01-02 2 4 Hourly true - 2"]
    );
    // A wider window takes the place of both; a full run, and lost state, know since when all the same.
    let lines = [WINDOWS_HOURS, VM_HOURS].map(|meter| Line::hourly(SUB_A, meter, "2025-01-01T05", "2"));
    root.file("north/usage/2025-01-01--2025-01-03/page.json", page_of("wider", &lines));
    root.run(&["--overlap", "wider"]).expect(0);
    let wider = [
        "north north/usage/2025-01-01 2025-01-01 1 2 Hourly false replaced_by_wider -",
        "north north/usage/2025-01-01--2025-01-03 2025-01-01--2025-01-03 1 2 Hourly true - 3",
        "north north/usage/2025-01-02 2025-01-02 2 4 Hourly false replaced_by_wider -",
    ];
    assert_eq!(exports(&root).iter().map(shown).collect::<Vec<_>>(), wider);
    root.run(&["--overlap", "wider", "--full"]).expect(0);
    fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
    root.run(&["--overlap", "wider"]).expect(0);
    assert_eq!(exports(&root).iter().map(shown).collect::<Vec<_>>(), wider);
    // The CSV says the same.
    let csv = fs::read_to_string(root.out().join("history/exports.csv")).unwrap();
    let rows = csv_rows(&csv);
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[1]["window_start"].as_str(), rows[1]["first_run"].as_str()), ("2025-01-01T00:00:00Z", "3"));
}

/// Makes of a publication what format 4 would have left of it, without its private state.
fn as_format_4(root: &TestRoot) {
    let out = root.out();
    let mut former = receipt(&out);
    former["format"] = json!(4);
    former.as_object_mut().unwrap().remove("exports");
    for window in former["windows"].as_array_mut().unwrap() {
        for member in ["bytes", "blake3", "first_run"] {
            window.as_object_mut().unwrap().remove(member).unwrap();
        }
    }
    let published = former["published"].as_array_mut().unwrap();
    for name in ["history/exports.parquet", "history/exports.csv"] {
        published.retain(|file| file["path"] != name);
        fs::remove_file(out.join(name)).unwrap();
    }
    fs::write(out.join("receipt.json"), former.to_string()).unwrap();
    fs::remove_dir_all(out.join(".stacktally")).unwrap();
}

#[test]
fn a_publication_of_the_former_format_is_taken_over() {
    let root = root_with_prices();
    (0..3).for_each(|at| bring(&root, at));
    root.run(&[]).expect(0);
    let published = files_below(&root.out());
    as_format_4(&root);
    // What it stood on is known: nothing vanishes unasked.
    let path = "north/usage/2025-01-02";
    fs::rename(root.root().join(path), root.folder().join("elsewhere")).unwrap();
    let refused = root.run(&[]).expect(3);
    assert!(refused.stderr.contains(path), "{}", refused.stderr);
    fs::rename(root.folder().join("elsewhere"), root.root().join(path)).unwrap();
    fs::rename(root.root().join("prices.csv"), root.folder().join("prices.csv")).unwrap();
    root.run(&[]).expect(3);
    fs::rename(root.folder().join("prices.csv"), root.root().join("prices.csv")).unwrap();
    root.run(&[]).expect(0);
    let mut now = files_below(&root.out());
    now.retain(|path, _| !path.starts_with("history/exports."));
    let mut before = published;
    before.retain(|path, _| !path.starts_with("history/exports."));
    assert!(now == before, "{:?}", now.keys().collect::<Vec<_>>());
    // Since when they count nobody said.
    assert!(exports(&root).iter().all(|row| row["first_run"].is_none()));
    bring(&root, 3);
    root.run(&[]).expect(0);
    assert_eq!(exports(&root)[3]["first_run"].as_deref(), Some("3"));
}

/// What a publication stands on is known by `receipt.json`, and where that is gone by what the last run noted. Where nothing says
/// it, nothing is taken for granted.
#[test]
fn without_a_receipt_nothing_vanishes_either() {
    for lost in ["history/exports.parquet", "receipt.json", ".stacktally"] {
        let root = root_with_prices();
        (0..2).for_each(|at| bring(&root, at));
        root.run(&[]).expect(0);
        let path = root.out().join(lost);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        root.remove("north/usage/2025-01-02");
        let refused = root.run(&[]).expect(3);
        assert!(refused.stderr.contains("north/usage/2025-01-02"), "{lost}: {}", refused.stderr);
        bring(&root, 1);
        root.run(&[]).expect(0);
        assert_eq!(exports(&root).len(), 2);
    }
    let root = root_with_prices();
    (0..2).for_each(|at| bring(&root, at));
    root.run(&[]).expect(0);
    fs::remove_file(root.out().join("receipt.json")).unwrap();
    fs::remove_dir_all(root.out().join(".stacktally/state")).unwrap();
    let refused = root.run(&[]).expect(3);
    let texts = ["receipt.json: missing, and no other file lists", "--forget all"];
    assert!(texts.iter().all(|text| refused.stderr.contains(text)), "{}", refused.stderr);
    root.run(&["--forget", "all"]).expect(0);
    assert_eq!(exports(&root).len(), 2);
}
