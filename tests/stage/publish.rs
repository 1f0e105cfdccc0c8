//! `publish`: CSV cells and parts; what is staged, left alone, removed.

use std::fs;

use stacktally::domain::{Day, Hour, Quantity};
use stacktally::table::contract::{COVERAGE_MONTHS, REJECTS};
use stacktally::table::csv::{CsvCell, CsvRows, CsvTable, read_back};
use stacktally::table::flat::CSV_MONTHLY;

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, files_below, named, page, receipt};

/// One row of the rejects table with an odd last cell, as written.
fn written(text: &str) -> (String, u64) {
    let mut table = CsvTable::new(REJECTS.columns);
    let cells = [
        CsvCell::Text(Some("north")),
        CsvCell::Text(None),
        CsvCell::Integer(-1),
        CsvCell::Text(Some("x")),
        CsvCell::Text(Some(text)),
    ];
    table.row(&named(REJECTS.columns, &cells), 0, Quantity::ZERO).unwrap();
    let parts = table.finish().unwrap();
    let whole = String::from_utf8(parts[0].bytes.clone()).unwrap();
    (whole.split_once("\r\n").unwrap().1.to_owned(), parts[0].guarded)
}

#[test]
fn cells_are_quoted_and_guarded() {
    for (text, expected, guarded) in [
        ("plain", "north,,-1,x,plain\r\n", 0),
        ("a,b", "north,,-1,x,\"a,b\"\r\n", 0),
        ("say \"no\"", "north,,-1,x,\"say \"\"no\"\"\"\r\n", 0),
        ("two\r\nlines", "north,,-1,x,\"two\r\nlines\"\r\n", 0),
        ("=cmd()", "north,,-1,x,'=cmd()\r\n", 1),
        ("+1", "north,,-1,x,'+1\r\n", 1),
        ("-1", "north,,-1,x,'-1\r\n", 1),
        ("@x", "north,,-1,x,'@x\r\n", 1),
        ("\tx", "north,,-1,x,'\tx\r\n", 1),
        ("\r", "north,,-1,x,\"'\r\"\r\n", 1),
        ("\n=", "north,,-1,x,\"'\n=\"\r\n", 1),
        ("é=", "north,,-1,x,é=\r\n", 0),
    ] {
        assert_eq!(written(text), (expected.to_owned(), guarded), "{text:?}");
    }
}

/// Whatever the text, the file is what the general writer makes of it.
#[test]
fn cells_are_quoted_as_the_general_writer_quotes_them() {
    let texts =
        ["", "a", ",", "\"", "\"\"", "a\"b,c\"", "\r", "\n", "\r\n", "'", " ", "é,", "\u{feff}", "#x", "x\ty", "\\\""];
    for (first, second) in texts.iter().flat_map(|first| texts.iter().map(move |second| (first, second))) {
        let mut general = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let text = format!("x{first}{second}");
        general.write_record(["north", "", "-1", second, &text]).unwrap();
        let mut table = CsvTable::new(REJECTS.columns);
        let cell = |text| CsvCell::Text(Some(text));
        let cells = [cell("north"), cell(""), CsvCell::Integer(-1), cell("?"), cell(&text)];
        table.row(&named(REJECTS.columns, &cells), 0, Quantity::ZERO).unwrap();
        let whole = String::from_utf8(table.finish().unwrap().remove(0).bytes).unwrap();
        let general = String::from_utf8(general.into_inner().unwrap()).unwrap();
        let second = general.split_once("-1,").unwrap().1.strip_suffix("\r\n").unwrap();
        let ours = whole.split_once("-1,?,").unwrap().1.strip_suffix("\r\n").unwrap();
        assert!(second.ends_with(ours), "{text:?}: {ours} for {second}");
    }
}

/// Rows that threads write side by side stand in order, and end where a part is full.
#[test]
fn rows_written_side_by_side_are_those_written_one_by_one() {
    let cells = |at: usize| {
        let quantity = Quantity::from_scaled(at as i128);
        let mut cells =
            vec![CsvCell::Text(Some(if at.is_multiple_of(7) { "=a,\"b" } else { "x" })); CSV_MONTHLY.columns.len() - 2];
        cells.extend([CsvCell::Quantity(quantity), CsvCell::Integer(at as i64)]);
        (named(CSV_MONTHLY.columns, &cells), at as i64, quantity)
    };
    for rows_max in [1, 700, 1_024, 5_000, 100_000] {
        let (mut one_by_one, mut side_by_side) = (
            CsvTable::with_rows_max(CSV_MONTHLY.columns, rows_max),
            CsvTable::with_rows_max(CSV_MONTHLY.columns, rows_max),
        );
        let count = if rows_max == 1 { 20 } else { 12_000 };
        for at in 0..count {
            let (cells, lines, quantity) = cells(at);
            one_by_one.row(&cells, lines, quantity).unwrap();
        }
        let write = |range: std::ops::Range<usize>, rows: &mut CsvRows| {
            for (cells, lines, quantity) in range.map(cells) {
                rows.row(&cells, lines, quantity);
            }
        };
        side_by_side.rows(count / 2, write).unwrap();
        side_by_side
            .rows(count / 2, |range, rows| write(range.start + count / 2..range.end + count / 2, rows))
            .unwrap();
        let shown = |table: CsvTable| {
            let parts = table.finish().unwrap().into_iter();
            parts.map(|part| (part.bytes, part.rows, part.sum, part.guarded)).collect::<Vec<_>>()
        };
        let parts = shown(one_by_one);
        for (bytes, rows, sum, _) in &parts {
            assert_eq!(read_back(CSV_MONTHLY.columns, bytes.as_slice()).unwrap(), (*rows, Some(*sum)));
        }
        assert!(parts == shown(side_by_side), "{rows_max}");
    }
}

/// A comma or a quote that got lost, or a cell too many, is seen.
#[test]
fn what_reads_back_with_other_cells_is_refused() {
    let mut table = CsvTable::new(CSV_MONTHLY.columns);
    let mut cells = vec![CsvCell::Text(Some("a,b")); CSV_MONTHLY.columns.len() - 2];
    cells.extend([CsvCell::Quantity(Quantity::ZERO), CsvCell::Integer(1)]);
    table.row(&named(CSV_MONTHLY.columns, &cells), 1, Quantity::ZERO).unwrap();
    let whole = String::from_utf8(table.finish().unwrap().remove(0).bytes).unwrap();
    assert_eq!(read_back(CSV_MONTHLY.columns, whole.as_bytes()).unwrap().0, 1);
    let odd = [
        whole.replacen("\"a,b\"", "a,b", 1),
        whole.replacen("\"a,b\",", "", 1),
        whole.replacen("meter_id", "meter", 1),
    ];
    for odd in odd {
        assert!(read_back(CSV_MONTHLY.columns, odd.as_bytes()).is_err(), "{odd}");
    }
}

#[test]
fn parts_hold_so_many_rows_and_each_has_the_header() {
    let day = Day::parse("2026-10-05").unwrap();
    let mut table = CsvTable::with_rows_max(COVERAGE_MONTHS.columns, 2);
    for number in 0..5 {
        let cells = [
            CsvCell::Text(Some("n")),
            CsvCell::Month(day.month()),
            CsvCell::Integer(number),
            CsvCell::Integer(0),
            CsvCell::Integer(0),
            CsvCell::Integer(0),
            CsvCell::Boolean(number == 4),
        ];
        table.row(&named(COVERAGE_MONTHS.columns, &cells), 1, Quantity::ZERO).unwrap();
    }
    let parts = table.finish().unwrap();
    assert_eq!(parts.iter().map(|part| part.rows).collect::<Vec<_>>(), [2, 2, 1]);
    for part in &parts {
        let (rows, sum) = read_back(COVERAGE_MONTHS.columns, &*part.bytes).unwrap();
        assert_eq!((rows, sum), (part.rows, None));
        assert!(part.bytes.starts_with("\u{feff}stamp,month,".as_bytes()));
    }
    assert!(parts[2].bytes.ends_with(b"0,true\r\n"), "{:?}", parts[2].bytes);
}

#[test]
fn what_reads_back_is_what_was_written() {
    let mut table = CsvTable::new(CSV_MONTHLY.columns);
    let quantity = Quantity::parse("0.000000000000000001").unwrap().quantity;
    let mut cells = vec![CsvCell::Text(Some("=x")); CSV_MONTHLY.columns.len() - 2];
    cells.extend([CsvCell::Quantity(quantity), CsvCell::Integer(3)]);
    table.row(&named(CSV_MONTHLY.columns, &cells), 3, quantity).unwrap();
    let part = table.finish().unwrap().remove(0);
    assert_eq!(read_back(CSV_MONTHLY.columns, &*part.bytes).unwrap(), (1, Some(part.sum)));
    let torn = &part.bytes[..part.bytes.len() - 9];
    assert_ne!(read_back(CSV_MONTHLY.columns, torn).ok(), Some((1, Some(part.sum))));
}

#[test]
fn hours_and_months_as_people_write_them() {
    let hour = Hour::parse_name("2026-10-05T07").unwrap();
    assert_eq!((hour.to_string(), hour.day().month().to_string()), ("2026-10-05T07".to_owned(), "2026-10".to_owned()));
}

fn line(day: &str) -> Line {
    Line::hourly(SUB_A, VM_HOURS, &format!("{day}T13"), "1")
}

/// Flat files had other names until version 0.1 was released: an OUT that has them gets the new ones, and loses the old.
#[test]
fn flat_files_by_their_former_names_give_way() {
    let root = TestRoot::with_lines(&[line("2026-10-05")]);
    root.run(&["--csv", "hourly"]).expect(0);
    let now = files_below(&root.out());
    let former = [
        ("csv/hourly/north/hourly-north-2026-10-05.csv", "csv/hourly/north/2026-10-05.csv"),
        ("csv/daily/north/daily-north-2026-10.csv", "csv/daily/north/2026-10.csv"),
        ("csv/default_usage/north/default_usage-north.csv", "csv/default_usage/north/default_usage.csv"),
        ("csv/monthly/monthly-2026-10.csv", "csv/monthly/2026-10.csv"),
    ];
    let mut receipt = fs::read_to_string(root.out().join("receipt.json")).unwrap();
    for (path, was) in former {
        fs::rename(root.out().join(path), root.out().join(was)).unwrap();
        assert!(receipt.contains(path), "{path}");
        receipt = receipt.replace(path, was);
    }
    fs::write(root.out().join("receipt.json"), receipt).unwrap();
    // What is known beside the receipt names the files, too; another version would not read it anyway.
    fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
    let ran = root.run(&["--csv", "hourly"]).expect(0);
    assert!(ran.stdout.contains("removed      4 files that the last run published"), "{}", ran.stdout);
    assert!(files_below(&root.out()) == now, "{:?}", files_below(&root.out()).keys());
}

#[test]
fn what_the_root_no_longer_makes_is_removed_and_nothing_else() {
    let root = TestRoot::with_lines(&[line("2026-10-05")]);
    root.file("north/usage/2026-11-05/page.json", page(&[line("2026-11-05")]));
    root.run(&[]).expect(0);
    fs::write(root.out().join("notes.txt"), "mine").unwrap();
    fs::write(root.out().join("daily/north/mine.txt"), "mine").unwrap();
    let before = files_below(&root.out());
    root.remove("north/usage/2026-11-05");
    let ran = root.run(&["--forget", "all"]).expect(0);
    assert!(ran.stdout.contains("removed      5 files that the last run published"), "{}", ran.stdout);
    let after = files_below(&root.out());
    let gone: Vec<&String> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    assert_eq!(
        gone,
        [
            "csv/daily/north/daily-north-2026-11.csv",
            "csv/monthly/monthly-2026-11.csv",
            "daily/north/2026-11.parquet",
            "hourly/north/2026-11-05.parquet",
            "lines/north/2026-11-05/2026-11-05.parquet",
        ]
    );
    assert!(!root.out().join("lines/north/2026-11-05").exists(), "empty folders go too");
    assert!(after.contains_key("notes.txt") && after.contains_key("daily/north/mine.txt"));
}

#[test]
fn a_file_that_is_not_ours_is_never_replaced() {
    let root = TestRoot::with_lines(&[line("2026-10-05")]);
    fs::create_dir_all(root.out()).unwrap();
    fs::write(root.out().join("meters.parquet"), "mine").unwrap();
    let ran = root.run(&[]).expect(2);
    assert!(ran.stderr.contains("meters.parquet exists, and was not published by stacktally"), "{}", ran.stderr);
    assert_eq!(files_below(&root.out()).keys().collect::<Vec<_>>(), ["meters.parquet"]);
}

#[test]
fn a_published_file_that_was_altered_is_refused_and_one_that_is_gone_is_made_again() {
    let root = TestRoot::with_lines(&[line("2026-10-05")]);
    root.run(&[]).expect(0);
    let before = files_below(&root.out());
    fs::remove_file(root.out().join("csv/rejects.csv")).unwrap();
    root.run(&[]).expect(0);
    assert_eq!(receipt(&root.out())["full_run"], "csv/rejects.csv is missing or not as it was written");
    assert_eq!(files_below(&root.out()), before);

    fs::write(root.out().join("daily/north/2026-10.parquet"), "altered").unwrap();
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("daily/north/2026-10.parquet: altered since it was published"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--full"), "{}", ran.stderr);
    root.run(&["--full"]).expect(0);
    assert_eq!(receipt(&root.out())["full_run"], "--full");
    assert_eq!(files_below(&root.out()), before);
}
