//! Columns are bound by name: what is missing, said twice, of another table, null where it may not be, or in the place of
//! another, is an error that names it. (Another type does not compile: `table/rows.rs` shows it.)

use stacktally::domain::{Month, Quantity};
use stacktally::error::{Error, FailureKind};
use stacktally::table::contract::columns::{
    CLOSED, LINE_COUNT, METER_ID, MONTH, QUANTITY, STAMP, TENANT_ID, TENANT_NAME, USAGE_DATE,
};
use stacktally::table::contract::coverage_months::{DAYS, DAYS_OPEN, DAYS_PARTIAL, DAYS_SETTLED};
use stacktally::table::contract::{COVERAGE_MONTHS, DAILY, TENANTS};
use stacktally::table::csv::{CsvCell, CsvTable};
use stacktally::table::dictionary_pages::FactColumn;
use stacktally::table::parquet::encode;
use stacktally::table::reader;
use stacktally::table::rows::{ByName, RowSet};

struct Row {
    month: Month,
    days: i64,
}

fn rows() -> [Row; 2] {
    let month = |text| Month::parse(text).unwrap();
    [Row { month: month("2026-10"), days: 31 }, Row { month: month("2026-11"), days: 30 }]
}

fn all<'r>(rows: &'r [Row]) -> RowSet<'r, Row> {
    RowSet::of(rows)
        .with(CLOSED, |_| false)
        .with(DAYS_PARTIAL, |_| 0)
        .with(DAYS_OPEN, |_| 0)
        .with(DAYS_SETTLED, |row| row.days)
        .with(DAYS, |row| row.days)
        .with(MONTH, |row| row.month)
        .with(STAMP, |_| "north")
}

/// The bug that an error is, in its own words.
#[track_caller]
fn bug<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("an error");
    assert_eq!(error.kind, FailureKind::Bug, "{error}");
    error.to_string()
}

/// In whatever order columns are said, the contract's is published.
#[test]
fn the_order_is_that_of_the_contract() {
    let rows = rows();
    let bytes = encode(all(&rows).columns(&COVERAGE_MONTHS).unwrap()).unwrap();
    let read =
        reader::read("coverage_months.parquet".as_ref(), bytes, &COVERAGE_MONTHS, &[&MONTH, &DAYS], &[]).unwrap();
    assert_eq!(read[0].days(MONTH).unwrap(), [rows[0].month, rows[1].month]);
    assert_eq!(read[0].integers(DAYS).unwrap().values(), &[31, 30]);
    let csv = all(&rows).csv("coverage_months", COVERAGE_MONTHS.columns, |_| (0, Quantity::ZERO)).unwrap();
    let bytes = csv.finish().unwrap().remove(0).bytes;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\r\nnorth,2026-10,31,31,0,0,false\r\nnorth,2026-11,30,30,0,0,false\r\n"), "{text}");
}

#[test]
fn a_column_that_is_missing_is_named() {
    let rows = rows();
    let some = || RowSet::of(&rows).with(STAMP, |_| "north").with(MONTH, |row: &Row| row.month);
    let expected = "column days of table coverage_months is not said";
    assert!(bug(some().columns(&COVERAGE_MONTHS)).contains(expected));
    assert!(bug(some().csv("coverage_months", COVERAGE_MONTHS.columns, |_| (0, Quantity::ZERO))).contains(expected));
    let facts = ByName::of(&DAILY).fact(QUANTITY, FactColumn::Quantities(&[])).facts();
    assert!(bug(facts.map(drop)).contains("column stamp of table daily is not said"));
}

#[test]
fn a_column_that_is_said_twice_is_named() {
    let rows = rows();
    let twice = all(&rows).with(DAYS_OPEN, |_| 1).columns(&COVERAGE_MONTHS);
    assert!(bug(twice).contains("column days_open of table coverage_months is said twice"));
}

#[test]
fn a_column_of_another_table_is_named() {
    let facts = ByName::of(&DAILY).fact(TENANT_NAME, FactColumn::integers([1].into_iter())).facts();
    assert!(bug(facts.map(drop)).contains("column tenant_name of table daily is not one of it"));
    let bytes = encode(all(&rows()).columns(&COVERAGE_MONTHS).unwrap()).unwrap();
    let read = reader::read("coverage_months.parquet".as_ref(), bytes, &COVERAGE_MONTHS, &[&METER_ID], &[]);
    assert!(bug(read).contains("table coverage_months has no column meter_id"));
}

#[test]
fn ranks_of_another_type_are_named() {
    let facts = ByName::of(&DAILY).fact(USAGE_DATE, FactColumn::integers([1].into_iter())).facts();
    assert!(bug(facts.map(drop)).contains("column usage_date of table daily has ranks of another type"));
}

#[test]
fn a_null_that_may_not_be_is_named() {
    let rows = rows();
    let nameless = RowSet::of(&rows).with(TENANT_ID, |_| None::<&str>).with(TENANT_NAME, |_| None::<&str>);
    assert!(bug(nameless.columns(&TENANTS)).contains("column tenant_id of table tenants is null"));
}

/// Two columns of one type, exchanged: their names tell.
#[test]
fn exchanged_cells_of_a_csv_row_are_named() {
    let mut table = CsvTable::new(TENANTS.columns);
    let cells = [TENANT_NAME.cell(CsvCell::Text(Some("Contoso"))), TENANT_ID.cell(CsvCell::Text(Some("3f2")))];
    assert!(bug(table.row(&cells, 0, Quantity::ZERO)).contains("tenant_id"));
}

/// What was not asked for cannot be read.
#[test]
fn a_column_that_was_not_read_is_named() {
    let bytes = encode(all(&rows()).columns(&COVERAGE_MONTHS).unwrap()).unwrap();
    let read = reader::read("coverage_months.parquet".as_ref(), bytes, &COVERAGE_MONTHS, &[&STAMP], &[]).unwrap();
    assert!(bug(read[0].integers(DAYS).map(|_| ())).contains("column days of coverage_months.parquet was not read"));
    assert!(bug(read[0].integers(LINE_COUNT).map(|_| ())).contains("line_count"));
}
