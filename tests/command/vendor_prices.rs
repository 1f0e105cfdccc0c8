//! Vendor prices from the outside: what Microsoft charges by them, what is left, and what happens when they change or are gone.

use std::fs;

use insta::assert_snapshot;

use super::prices::{GOOD, book, used};
use crate::support::{
    BILLED_A, TestRoot, VM_HOURS, WINDOWS_HOURS, cell, csv_rows, files_below, findings, project, table,
};

const HEADER: &str = "meter_id,price,per,unit,currency,effective_from,effective_to,discount_percent,\
                      partner_earned_credit_percent,note\n";

fn vendor_book(root: &TestRoot, rows: &str) {
    let rows = rows.replace("WINDOWS", WINDOWS_HOURS).replace("VM", VM_HOURS);
    root.file("vendor-prices.csv", format!("{HEADER}{rows}"));
}

/// From the sixth on 15 % credit are lost.
const VENDOR: &str = "WINDOWS,0.04,1,Virtual core hours,USD,,2026-10-06,10,15,\n\
     WINDOWS,0.04,1,Virtual core hours,USD,2026-10-06,,10,,no access rights any more\n";

/// The same usage, charged by both books.
fn charged_and_bought() -> TestRoot {
    let root = used();
    book(&root, GOOD);
    vendor_book(&root, VENDOR);
    root.run(&[]).expect(0);
    root
}

/// Charge, vendor charge and margin of a billed subscription and meter.
fn margin(root: &TestRoot, meter: &str) -> Vec<[Option<String>; 5]> {
    let rows = table(&root.out(), "margins");
    let wanted = rows.iter().filter(|row| cell(row, "meter_id") == meter);
    let wanted = wanted.filter(|row| cell(row, "billed_subscription_id") == BILLED_A);
    let columns = ["charge_status", "vendor_charge_status", "charge", "vendor_charge", "margin"];
    wanted.map(|row| columns.map(|column| row[column].clone())).collect()
}

#[test]
fn margins_are_worked_by_hand() {
    let root = charged_and_bought();
    // 4 × 0.046 on the fifth. On the sixth 1 × 0.05 up to five in the month, and 6.25 × 0.04 less 12.5 % beyond.
    // Microsoft: 4 × 0.04 × 0.9 × 0.85, and 7.25 × 0.04 × 0.9.
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        margin(&root, WINDOWS_HOURS),
        [["priced", "priced", "0.4527500000", "0.3834000000", "0.0693500000"].map(text)]
    );
    assert_eq!(margin(&root, VM_HOURS), [[text("not_billable"), text("unpriced"), None, None, None]]);
    assert_eq!(findings(&root.out()), ["vendor_usage_unpriced"], "VM hours have no vendor price");
    let csv = fs::read_to_string(root.out().join("csv/margins/margins-2026-10.csv")).unwrap();
    let rows = csv_rows(&csv);
    let row = rows.iter().find(|row| row["margin"] == "0.06935").unwrap();
    assert_eq!((row["billed_subscription_name"].as_str(), row["tenant_name"].as_str()), ("Contoso pays", "Contoso"));
    // No customer sees any of it.
    let statements = files_below(&root.out()).into_iter().filter(|(path, _)| path.contains("statement"));
    for (path, bytes) in statements {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("vendor") && !text.contains("margin"), "{path}");
    }
}

#[test]
fn a_statement_shows_margins_on_request() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    let statement = ["statement", "2026-10", "--out", "out"];
    let with_margin = [&statement[..], &["--margin"]].concat();
    let refused = root.stacktally(&with_margin).expect(2);
    assert!(refused.stderr.starts_with("error: --margin: no margins of 2026-10 were published"), "{refused:?}");
    let before = root.stacktally(&statement).expect(0).stdout;
    vendor_book(&root, VENDOR);
    root.run(&[]).expect(0);
    assert_eq!(root.stacktally(&statement).expect(0).stdout, before, "nothing of it unasked");
    let shown = root.stacktally(&with_margin).expect(0).stdout;
    assert_snapshot!("statement-margin", shown);
    let json = root.stacktally(&[&with_margin[..], &["--json"]].concat()).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let margins = json["margins"].as_array().unwrap();
    assert_eq!(margins.len(), table(&root.out(), "margins").len());
    let sold = margins.iter().find(|row| row["margin"] == "0.06935").unwrap();
    assert_eq!((&sold["vendor_charge"], &sold["charge"]), (&"0.3834".into(), &"0.45275".into()));
    root.stacktally(&[&with_margin[..], &["--csv"]].concat()).expect(2);
}

/// The page of vendor prices, tried on its sample.
#[test]
fn the_example_of_the_page_is_what_is_shown() {
    let page = fs::read_to_string(project().join("docs/charge/vendor-prices.md")).unwrap();
    let fenced = |language: &str, begins: &str| {
        let fence = format!("```{language}\n");
        let blocks = page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
        let wanted: Vec<&str> = blocks.filter(|block| block.starts_with(begins)).collect();
        assert_eq!(wanted.len(), 1, "{begins}");
        wanted[0].to_owned()
    };
    let root = TestRoot::empty();
    let sample = project().join("samples/prices-and-tiers/root");
    for (path, bytes) in files_below(&sample) {
        root.file(&path, bytes);
    }
    root.file("vendor-prices.csv", fenced("csv", "meter_id,price,per,unit,currency,partner"));
    root.run(&[]).expect(0);
    let statement = ["statement", "2026-10", "--out", "out", "--margin", "--billed", "Contoso"];
    let shown = root.stacktally(&statement).expect(0).stdout;
    assert!(shown.contains(&fenced("text", "  margin, exact")), "{shown}");
}

#[test]
fn a_figure_shows_its_margin_on_request() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    let why = ["why", "--out", "out", "--date", "2026-10-06", "--billed", BILLED_A];
    let with_margin = [&why[..], &["--margin"]].concat();
    let refused = root.stacktally(&with_margin).expect(2);
    assert!(
        refused.stderr.starts_with("error: --margin: no margins of 2026-10 on north were published"),
        "{refused:?}"
    );
    let before = root.stacktally(&why).expect(0).stdout;
    vendor_book(&root, VENDOR);
    root.run(&[]).expect(0);
    assert_eq!(root.stacktally(&why).expect(0).stdout, before, "nothing of it unasked");
    assert_snapshot!("why-margin", root.stacktally(&with_margin).expect(0).stdout);
    let json = root.stacktally(&[&with_margin[..], &["--json"]].concat()).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let windows = json["cells"].as_array().unwrap().iter().find(|cell| cell["meter_id"] == WINDOWS_HOURS).unwrap();
    let vendor = &windows["vendor_charges"][0];
    assert_eq!((&vendor["charge"], &vendor["partner_earned_credit_percent"]), (&"0.261".into(), &"0".into()));
}

#[test]
fn what_customers_pay_does_not_depend_on_vendor_prices() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    vendor_book(&root, VENDOR);
    root.run(&[]).expect(0);
    let mut after = files_below(&root.out());
    after.retain(|path, _| !path.contains("vendor_") && !path.contains("margins"));
    let is_figure = |path: &String| !path.starts_with("receipt") && !path.starts_with("history/exports");
    let figures = |files: std::collections::BTreeMap<String, Vec<u8>>| {
        files.into_iter().filter(|(path, _)| is_figure(path)).collect::<Vec<_>>()
    };
    assert_eq!(figures(before), figures(after));
}

#[test]
fn vendor_prices_alone_charge_nobody() {
    let root = used();
    vendor_book(&root, VENDOR);
    root.run(&[]).expect(0);
    let made = files_below(&root.out());
    assert!(made.contains_key("vendor_charges/north/2026-10.parquet"));
    let is_ours =
        |path: &String| path.starts_with("charges") || path.starts_with("margins") || path == "prices.parquet";
    assert!(!made.keys().any(is_ours), "{:?}", made.keys());
    // Without a publication they are checked, too.
    vendor_book(&root, "WINDOWS,0.04,1,hours,USD,,,,,\n");
    let refused = root.stacktally(&["check", "--root", "root"]).expect(3);
    assert!(refused.stderr.starts_with("error: vendor-prices.csv:2:1: unit \"hours\" is not the unit"), "{refused:?}");
}

#[test]
fn a_vendor_price_is_corrected_after_its_month_was_closed() {
    let root = charged_and_bought();
    let close = ["close", "2026-10", "--out", "out", "--force", "--reason", "vendor prices come late"];
    root.stacktally(&close).expect(0);
    vendor_book(&root, "WINDOWS,0.01,1,Virtual core hours,USD,,,,,\n");
    root.run(&[]).expect(0);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        margin(&root, WINDOWS_HOURS),
        [["priced", "priced", "0.4527500000", "0.1125000000", "0.3402500000"].map(text)]
    );
}

#[test]
fn vendor_prices_that_are_gone_are_refused_until_they_are_forgotten() {
    let root = charged_and_bought();
    root.remove("vendor-prices.csv");
    let refused = root.run(&[]).expect(3);
    assert!(refused.stderr.contains("gone: the vendor prices"), "{refused:?}");
    assert!(refused.stderr.contains("--forget vendor-prices"), "{refused:?}");
    // A file of several, whose rows are in none of the others.
    root.file("vendor-prices/other.csv", format!("{HEADER}{VM_HOURS},,,,,,,,,free\n"));
    let refused = root.run(&[]).expect(3);
    let lost = "vendor-prices.csv: is gone, and with it 2 prices that published vendor charges of 2026-10 rest on";
    assert!(refused.stderr.contains(lost), "{refused:?}");
    root.run(&["--forget", "vendor-prices"]).expect(0);
    root.remove("vendor-prices/other.csv");
    fs::remove_dir(root.root().join("vendor-prices")).unwrap();
    root.run(&["--forget", "vendor-prices"]).expect(0);
    assert!(!files_below(&root.out()).keys().any(|path| path.contains("vendor") || path.contains("margins")));
}

#[test]
fn only_vendor_prices_have_a_credit() {
    let root = used();
    let header = HEADER.to_owned();
    root.file("prices.csv", format!("{header}{WINDOWS_HOURS},0.04,1,Virtual core hours,USD,,,,15,\n"));
    let refused = root.run(&[]).expect(3);
    assert!(refused.stderr.contains("prices.csv:1:1: "), "{refused:?}");
    assert!(refused.stderr.contains("partner_earned_credit_percent"), "{refused:?}");
    root.remove("prices.csv");
    vendor_book(&root, "WINDOWS,0.04,1,Virtual core hours,USD,,,,101,\n");
    let refused = root.run(&[]).expect(3);
    let what = "vendor-prices.csv:2:1: partner_earned_credit_percent \"101\" is more than all of it";
    assert!(refused.stderr.contains(what), "{refused:?}");
}
