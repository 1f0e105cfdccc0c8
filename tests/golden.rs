//! Each story of `samples/` against the totals worked by hand in its README, and against its published CSV byte for
//! byte. `STACKTALLY_BLESS=1 cargo test golden` rewrites the latter; the former are for people to write.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stacktally::domain::Quantity;

use crate::support::{csv_rows, files_below, project, run_in};

#[test]
fn two_tenants_one_day() {
    check("two-tenants-one-day", 0);
}

#[test]
fn registered_in_the_middle() {
    check("registered-in-the-middle", 0);
}

#[test]
fn bad_lines_and_unknown_meters() {
    check("bad-lines-and-unknown-meters", 4);
}

#[test]
fn a_year_of_registrations() {
    check("a-year-of-registrations", 0);
}

#[test]
fn every_sample_has_its_test() {
    let own = include_str!("golden.rs");
    let samples = fs::read_dir(project().join("samples")).unwrap().map(|entry| entry.unwrap());
    for sample in samples.filter(|entry| entry.path().is_dir()) {
        let name = sample.file_name().into_string().unwrap();
        assert!(own.contains(&format!("check(\"{name}\"")), "samples/{name} has no golden test");
    }
}

fn check(sample: &str, code: i32) {
    let folder = project().join("samples").join(sample);
    let out = tempfile::tempdir().unwrap();
    let out_name = out.path().to_str().unwrap();
    run_in(&folder, &["run", "--root", "root", "--out", out_name]).expect(code);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(daily_totals(out.path()), fenced(&readme, "totals"), "daily totals of samples/{sample}/README.md");
    assert_eq!(rejects(out.path()), fenced(&readme, "rejects"), "rejects of samples/{sample}/README.md");

    let published: BTreeMap<String, Vec<u8>> =
        files_below(out.path()).into_iter().filter(|(path, _)| path.starts_with("csv/")).collect();
    let expected = folder.join("expected");
    if std::env::var_os("STACKTALLY_BLESS").is_some() {
        let _ = fs::remove_dir_all(&expected);
        for (path, bytes) in &published {
            let path = expected.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let expected = files_below(&expected);
    assert_eq!(published.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in &published {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(bytes), text(&expected[path]), "{path} of samples/{sample}/expected");
    }
}

/// The fenced block of a README that is tagged `csv <tag>`, without its header; nothing when it has none.
fn fenced(readme: &str, tag: &str) -> Vec<String> {
    let fence = format!("```csv {tag}\n");
    let Some((_, rest)) = readme.split_once(&fence) else { return Vec::new() };
    rest.split_once("```").unwrap().0.lines().skip(1).map(str::to_owned).collect()
}

/// The flat daily CSV, summed over resources by hand.
fn daily_totals(out: &Path) -> Vec<String> {
    let keys = [
        "stamp",
        "usage_date",
        "billed_subscription_id",
        "attribution",
        "tenant_id",
        "user_subscription_id",
        "meter_id",
    ];
    let mut totals: BTreeMap<Vec<String>, (Quantity, i64)> = BTreeMap::new();
    for (path, bytes) in files_below(out).into_iter().filter(|(path, _)| path.starts_with("csv/daily/")) {
        for row in csv_rows(std::str::from_utf8(&bytes).unwrap_or_else(|_| panic!("{path} is not UTF-8"))) {
            let total = totals.entry(keys.iter().map(|&key| row[key].clone()).collect()).or_default();
            let quantity = Quantity::parse(&row["quantity"]).unwrap().quantity;
            *total = (total.0.checked_add(quantity).unwrap(), total.1 + row["line_count"].parse::<i64>().unwrap());
        }
    }
    totals.into_iter().map(|(key, (quantity, lines))| format!("{},{quantity},{lines}", key.join(","))).collect()
}

fn rejects(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("csv/rejects.csv")).unwrap();
    let row =
        |row: BTreeMap<String, String>| ["stamp", "file", "row", "reason"].map(|column| row[column].clone()).join(",");
    csv_rows(&text).into_iter().map(row).collect()
}
