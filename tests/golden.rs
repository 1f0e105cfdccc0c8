//! Each story of `samples/` against the totals worked by hand in its README, and against its published CSV byte for
//! byte. `STACKTALLY_BLESS=1 cargo test golden` rewrites the latter; the former are for people to write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use stacktally::domain::{Charge, Quantity};

use crate::support::{Row, csv_rows, files_below, project, run_in, table};

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
fn prices_and_tiers() {
    check("prices-and-tiers", 0);
}

#[test]
fn every_sample_has_its_test() {
    let source = include_str!("golden.rs");
    let samples = fs::read_dir(project().join("samples")).unwrap().map(|entry| entry.unwrap());
    for sample in samples.filter(|entry| entry.path().is_dir()) {
        let name = sample.file_name().into_string().unwrap();
        assert!(source.contains(&format!("check(\"{name}\"")), "samples/{name} has no golden test");
    }
}

fn check(sample: &str, code: i32) {
    let folder = project().join("samples").join(sample);
    let out = crate::support::tempdir().unwrap();
    let out_name = out.path().to_str().unwrap();
    run_in(&folder, &["run", "--root", "root", "--out", out_name]).expect(code);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert_eq!(daily_totals(out.path()), fenced(&readme, "totals"), "daily totals of samples/{sample}/README.md");
    assert_eq!(rejects(out.path()), fenced(&readme, "rejects"), "rejects of samples/{sample}/README.md");
    assert_eq!(findings(out.path()), fenced(&readme, "findings"), "findings of samples/{sample}/README.md");
    assert_eq!(charges(out.path()), fenced(&readme, "charges"), "charges of samples/{sample}/README.md");
    assert_eq!(statements(out.path()), fenced(&readme, "statements"), "statements of samples/{sample}/README.md");

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

/// The codes of what was found, once for each stamp.
fn findings(out: &Path) -> Vec<String> {
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(out.join("receipt.json")).unwrap()).unwrap();
    let found = receipt["findings"].as_array().unwrap().iter();
    let codes =
        found.map(|finding| format!("{},{}", finding["stamp"].as_str().unwrap(), finding["code"].as_str().unwrap()));
    codes.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The table `charges`, summed over resources by hand.
fn charges(out: &Path) -> Vec<String> {
    let key = |row: &Row| {
        [
            "stamp",
            "usage_date",
            "billed_subscription_id",
            "user_subscription_id",
            "meter_id",
            "tier_from",
            "price_status",
            "price",
            "per",
            "discount_percent",
            "currency",
        ]
        .map(|column| plain(row, column))
    };
    let mut sums: BTreeMap<[String; 11], (i128, Option<i128>)> = BTreeMap::new();
    for row in table(out, "charges") {
        let sum = sums.entry(key(&row)).or_default();
        sum.0 += scaled(&row, "quantity").unwrap();
        sum.1 = scaled(&row, "charge").map(|charge| charge + sum.1.unwrap_or_default());
    }
    let mut rows: Vec<String> = sums
        .into_iter()
        .map(|([stamp, day, billed, user, meter, tier, status, price, per, discount, currency], (quantity, charge))| {
            let quantity = Quantity::from_scaled(quantity);
            let charge = charge.map_or_else(String::new, |units| Charge::from_scaled(units).to_string());
            format!("{stamp},{day},{billed},{user},{meter},{tier},{quantity},{status},{price},{per},{discount},{currency},{charge}")
        })
        .collect();
    rows.sort();
    rows
}

/// A decimal as it stands in Parquet, in units of its last place.
fn scaled(row: &Row, column: &str) -> Option<i128> {
    row[column].as_ref().map(|text| text.replace('.', "").parse().unwrap())
}

/// A cell without the zeros that only the type of its column adds.
fn plain(row: &Row, column: &str) -> String {
    let text = row[column].clone().unwrap_or_default();
    let is_decimal = ["tier_from", "price", "per", "discount_percent"].contains(&column) && text.contains('.');
    if is_decimal { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The lines of statements, as their flat CSV has them.
fn statements(out: &Path) -> Vec<String> {
    let files = files_below(&out.join("csv"));
    let months = files.iter().filter(|(path, _)| path.starts_with("statements/") && path.matches('/').count() == 1);
    let columns = [
        "billed_subscription_id",
        "meter_id",
        "price_status",
        "currency",
        "price_row",
        "quantity",
        "charge",
        "amount",
        "rounding_difference",
    ];
    let rows = months.flat_map(|(_, bytes)| csv_rows(std::str::from_utf8(bytes).unwrap()));
    rows.map(|row| columns.map(|column| row[column].clone()).join(",")).collect()
}

fn rejects(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("csv/rejects.csv")).unwrap();
    let row =
        |row: BTreeMap<String, String>| ["stamp", "file", "row", "reason"].map(|column| row[column].clone()).join(",");
    csv_rows(&text).into_iter().map(row).collect()
}
