//! The column `closed` of `coverage_months` and `statements`.

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, cell, csv_rows, files_below, page, page_of, table};

fn on(day: &str) -> Line {
    Line::hourly(SUB_A, VM_HOURS, &format!("{day}T13"), "1")
}

/// Two stamps, two months, and a price.
fn charged() -> TestRoot {
    let root = TestRoot::with_snapshots();
    root.snapshots("south");
    for stamp in ["north", "south"] {
        root.file(&format!("{stamp}/usage/2026-10-05/page.json"), page_of(stamp, &[on("2026-10-05")]));
    }
    root.file("north/usage/2026-11-05/page.json", page(&[on("2026-11-05")]));
    root.file("prices.csv", format!("meter_id,price,per,unit,currency\n{VM_HOURS},0.5,1,VM hours,USD\n"));
    root
}

fn run(root: &TestRoot) {
    root.run(&[]).expect(0);
}

/// Stamp, month and whether it is closed; of statements only the month.
fn closed(root: &TestRoot) -> (Vec<[String; 3]>, Vec<[String; 2]>) {
    let text = |row: &crate::support::Row, column: &str| cell(row, column).to_owned();
    let months = table(&root.out(), "coverage_months");
    let months = months.iter().map(|row| ["stamp", "month", "closed"].map(|column| text(row, column)));
    let statements = table(&root.out(), "statements");
    let statements = statements.iter().map(|row| ["month", "closed"].map(|column| text(row, column)));
    (months.collect(), statements.collect())
}

#[test]
fn closed_months_say_so_from_the_next_run_on() {
    let root = charged();
    run(&root);
    let month = |stamp: &str, month: &str, is: &str| [stamp, month, is].map(str::to_owned);
    let line = |month: &str, is: &str| [month, is].map(str::to_owned);
    let (north, south, november) = ("north", "south", month("north", "2026-11-01", "false"));
    let open = (
        vec![month(north, "2026-10-01", "false"), november.clone(), month(south, "2026-10-01", "false")],
        vec![line("2026-10-01", "false"), line("2026-11-01", "false")],
    );
    assert_eq!(closed(&root), open);
    let close = |stamp: &str| {
        root.stacktally(&["close", "2026-10", "--out", "out", "--stamp", stamp, "--force", "--reason", "due"])
            .expect(0);
    };
    close(north);
    assert_eq!(closed(&root), open, "a closing by itself writes no table");
    run(&root);
    let half = (
        vec![month(north, "2026-10-01", "true"), november.clone(), month(south, "2026-10-01", "false")],
        vec![line("2026-10-01", "false"), line("2026-11-01", "false")],
    );
    assert_eq!(closed(&root), half, "what the other stamp brings may change the statement still");
    close(south);
    run(&root);
    let whole = (
        vec![month(north, "2026-10-01", "true"), november.clone(), month(south, "2026-10-01", "true")],
        vec![line("2026-10-01", "true"), line("2026-11-01", "false")],
    );
    assert_eq!(closed(&root), whole);
    // The flat files say the same, and a full run the same bytes.
    let files = files_below(&root.out());
    let flat = |path: &str| csv_rows(std::str::from_utf8(&files[path]).unwrap());
    assert!(flat("csv/statements/statements-2026-10.csv").iter().all(|row| row["closed"] == "true"));
    let months: Vec<String> = flat("csv/coverage_months.csv").iter().map(|row| row["closed"].clone()).collect();
    assert_eq!(months, ["true", "false", "true"]);
    root.run(&["--full"]).expect(0);
    assert!(files_below(&root.out()) == files);
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "a price was wrong"]).expect(0);
    run(&root);
    assert_eq!(closed(&root), open);
}
