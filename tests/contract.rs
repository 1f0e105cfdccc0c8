//! `schemas/`, the code and the published files say the same; modules know only what they may.
//! `STACKTALLY_BLESS=1 cargo test contract` rewrites `schemas/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parquet::basic::{Encoding, PageType, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use stacktally::cli::metrics::FAMILIES;
use stacktally::table::column::{Column, Kind, Table};
use stacktally::table::contract::TABLES;
use stacktally::table::contract::columns::QUANTITY_KINDS;
use stacktally::table::flat::{FLAT_TABLES, SAME_IN_CSV};

use crate::support::{Line, SUB_A, SUB_UNKNOWN, TestRoot, VM_HOURS, WINDOWS_HOURS, files_below, page, project};

#[test]
fn schemas_say_what_the_code_says() {
    let parquet = TABLES.iter().map(|table| (table.name, table.columns));
    let flat = FLAT_TABLES.iter().map(|table| (table.name, table.columns));
    let mut expected: Vec<String> = Vec::new();
    for (name, columns) in parquet.chain(flat) {
        let path = project().join("schemas").join(format!("{name}.csv"));
        let contract = contract(columns);
        if std::env::var_os("STACKTALLY_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &contract).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), contract, "{}", path.display());
        expected.push(format!("{name}.csv"));
    }
    expected.sort();
    let mut found: Vec<String> = fs::read_dir(project().join("schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.retain(|name| name.ends_with(".csv"));
    found.sort();
    assert_eq!(found, expected, "schemas/ holds a table that the code does not publish");
}

fn contract(columns: &[Column]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["column", "type", "nullable", "unit", "meaning"]).unwrap();
    for Column { name, kind, nullable, unit, meaning, values } in columns {
        let nullable = if *nullable { "yes" } else { "no" };
        let one_of = if values.is_empty() { String::new() } else { format!("; one of: {}", values.join(", ")) };
        writer.write_record([*name, kind.as_str(), nullable, *unit, &format!("{meaning}{one_of}")]).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A closed list is all of it: no published cell has another value, and the catalogue has each kind of quantity.
#[test]
fn closed_lists_are_closed() {
    let mut listed = BTreeSet::new();
    let root = published();
    for table in TABLES {
        let is_history = ["changes", "adjustments", "exports"].contains(&table.name);
        let place = if is_history { format!("history/{}", table.name) } else { table.name.to_owned() };
        for row in crate::support::table(&root.out(), &place) {
            for Column { name, values, .. } in table.columns.iter().filter(|column| !column.values.is_empty()) {
                listed.insert((table.name, *name));
                for text in row[*name].iter().flat_map(|text| text.split(' ')) {
                    assert!(values.contains(&text), "{}.{name}: {text}", table.name);
                }
            }
        }
    }
    let with_lists = TABLES.into_iter().flat_map(|table| {
        let closed = table.columns.iter().filter(|column| !column.values.is_empty());
        closed.map(|column| (table.name, column.name))
    });
    assert_eq!(listed, with_lists.collect(), "every closed list was met");
    let catalogue = stacktally::normalise::catalogue(Vec::new()).unwrap();
    let kinds: BTreeSet<&str> = catalogue.values().filter_map(|meter| meter.quantity_kind.as_deref()).collect();
    assert_eq!(kinds, QUANTITY_KINDS.into_iter().collect());
}

/// The metrics that a text names.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
    text.match_indices("stacktally_")
        .map(|(at, _)| text[at..].split(|character| !is_name(character)).next().unwrap())
        .collect()
}

/// Every alert is explained, and rests on metrics that are there.
#[test]
fn alerts_are_about_metrics_and_are_explained() {
    let read = |name: &str| fs::read_to_string(project().join("docs/operate").join(name)).unwrap();
    let (alerts, page) = (read("alerts.yml"), read("metrics-and-alerts.md"));
    let known: BTreeSet<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
    for text in [&alerts, &page] {
        assert!(metrics_in(text).is_subset(&known), "{:?}", metrics_in(text).difference(&known));
    }
    let named: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let explained: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### Stacktally")).collect();
    assert_eq!(named, explained.iter().map(|name| format!("Stacktally{name}")).collect::<Vec<_>>());
}

#[test]
fn every_column_name_means_one_thing() {
    let mut columns: Vec<&Column> = TABLES.iter().flat_map(|table| table.columns).collect();
    columns.sort_by_key(|column| column.name);
    for pair in columns.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        assert_eq!((pair[0].kind, pair[0].unit), (pair[1].kind, pair[1].unit), "{}", pair[0].name);
    }
    for table in TABLES {
        assert!(table.sorted_by <= table.columns.len());
        assert!(table.columns.iter().all(|column| {
            column.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        }));
    }
}

/// A publication in which every table is: with a price book, vendor prices, a closed month to which something came, and a day that was
/// published before and changed.
fn published() -> TestRoot {
    let bad = Line { quantity: "-1".into(), ..Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1") };
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", "2.0"),
        Line::hourly(SUB_UNKNOWN, VM_HOURS, "2026-10-05T14", "1.0"),
        bad,
    ]);
    let export = |window: &str, hour: &str| {
        root.file(&format!("north/usage/{window}/page.json"), page(&[Line::hourly(SUB_A, VM_HOURS, hour, "3")]));
    };
    root.file("prices.csv", format!("meter_id,price,per,unit,currency\n{VM_HOURS},0.5,1,VM hours,USD\n"));
    let vendor_prices = format!("meter_id,price,per,unit,currency\n{VM_HOURS},0.4,1,VM hours,USD\n");
    root.file("vendor-prices.csv", vendor_prices);
    export("2026-11-05", "2026-11-05T13");
    root.run(&["--csv", "hourly"]).expect(4);
    let close = ["close", "2026-10", "--out", "out", "--force", "--reason", "all tables are to be there"];
    root.stacktally(&close).expect(0);
    export("2026-10-06", "2026-10-05T15");
    export("2026-11-06", "2026-11-05T15");
    root.run(&["--csv", "hourly"]).expect(0);
    root
}

/// The table that a published file is of; of a closed month, the table that was frozen.
fn table_of(path: &str) -> &'static Table {
    let file = path.rsplit('/').next().unwrap();
    let parts = path.trim_start_matches("history/");
    let name = if parts.starts_with("closed/") { file } else { parts.split('/').next().unwrap() };
    let name = name.split('.').next().unwrap();
    TABLES.into_iter().find(|table| table.name == name).unwrap_or_else(|| panic!("{path} is of no table"))
}

#[test]
fn every_parquet_file_is_as_its_contract_and_the_profile_say() {
    let root = published();
    let mut seen = BTreeSet::new();
    for path in files_below(&root.out()).into_keys().filter(|path| path.ends_with(".parquet")) {
        let table = table_of(&path);
        check_profile(&root.out().join(&path), table);
        seen.insert(table.name);
    }
    assert_eq!(seen, TABLES.into_iter().map(|table| table.name).collect(), "each table");
}

fn check_profile(path: &Path, table: &Table) {
    let columns = table.columns;
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata();
    let file = metadata.file_metadata();
    assert_eq!(file.version(), 1, "{path:?}");
    assert_eq!(file.created_by(), Some("stacktally"));
    assert_eq!(file.key_value_metadata(), None, "an arrow schema would leak dictionary types");
    let schema = file.schema_descr();
    assert_eq!(schema.num_columns(), columns.len());
    for (at, (found, column)) in schema.columns().iter().zip(columns).enumerate() {
        assert_eq!(found.path().string(), column.name, "flat, in order");
        assert_eq!(found.self_type().is_optional(), column.nullable, "{}: {}", path.display(), column.name);
        let (physical, logical) = (found.physical_type(), format!("{:?}", found.logical_type_ref()));
        let expected = match column.kind {
            Kind::Text => (Type::BYTE_ARRAY, "String"),
            Kind::Date | Kind::Month => (Type::INT32, "Date"),
            Kind::Timestamp => (Type::INT64, "Timestamp"),
            Kind::Integer => (Type::INT64, "None"),
            Kind::Decimal | Kind::Charge => (Type::FIXED_LEN_BYTE_ARRAY, "Decimal"),
            Kind::Amount => (Type::INT64, "Decimal"),
            Kind::Boolean => (Type::BOOLEAN, "None"),
        };
        assert_eq!(physical, expected.0, "{}", column.name);
        assert!(logical.contains(expected.1), "{}: {logical}", column.name);
        for group in metadata.row_groups() {
            let chunk = group.column(at);
            assert!(chunk.statistics().is_some(), "{}", column.name);
            let plain_or_dictionary = |encoding: Encoding| {
                matches!(
                    encoding,
                    Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY | Encoding::RLE
                )
            };
            assert!(chunk.encodings().all(plain_or_dictionary), "{}", column.name);
            assert_eq!(
                chunk.dictionary_page_offset().is_none(),
                ["quantity", "charge"].contains(&column.name) || column.kind == Kind::Boolean,
                "{}",
                column.name
            );
            let sorted_by: Vec<_> = group
                .sorting_columns()
                .unwrap()
                .iter()
                .map(|column| (column.column_idx as usize, column.descending, column.nulls_first))
                .collect();
            assert_eq!(sorted_by, (0..table.sorted_by).map(|at| (at, false, true)).collect::<Vec<_>>());
        }
    }
    for group in 0..metadata.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        for column in 0..columns.len() {
            let mut pages = group.get_column_page_reader(column).unwrap();
            while let Some(page) = pages.get_next_page().unwrap() {
                assert_ne!(page.page_type(), PageType::DATA_PAGE_V2);
            }
        }
    }
}

#[test]
fn every_csv_has_the_header_of_its_contract() {
    let root = published();
    let mut seen = BTreeSet::new();
    for (path, bytes) in files_below(&root.out()).into_iter().filter(|(path, _)| path.ends_with(".csv")) {
        let name = path.trim_start_matches("csv/").trim_start_matches("history/");
        let name = name.split('/').next().unwrap().trim_end_matches(".csv");
        let flat = FLAT_TABLES.iter().find(|table| table.name == format!("csv_{name}")).map(|table| table.columns);
        let same = SAME_IN_CSV.iter().find(|table| table.name == name).map(|table| table.columns);
        let columns = flat.or(same).unwrap_or_else(|| panic!("{path} is of no table"));
        let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with(&format!("\u{feff}{}\r\n", header.join(","))), "{path}");
        seen.insert(name.to_owned());
    }
    let facts = ["daily", "default_usage", "hourly", "margins", "monthly", "statements"];
    let others = ["adjustments", "changes", "coverage", "coverage_months", "exports", "rejects"];
    assert_eq!(seen, facts.into_iter().chain(others).map(str::to_owned).collect());
}
