//! Public suites of odd files (`tests/suites/`): whatever stands there is read or refused, never a panic and never a hang.

use std::fs;
use std::path::{Path, PathBuf};

use stacktally::control::Control;
use stacktally::domain::Window;
use stacktally::domain::ledger::LedgerRules;
use stacktally::error::Result;
use stacktally::read::{
    CsvText, Reading, SnapshotFiles, gather, read_customer_subscriptions, read_listings, read_registrations,
};
use stacktally::store::InputFile;

use crate::support::{project, stamp_folder};

/// Files with their names, sorted.
fn files(folder: &Path, ending: &str) -> Vec<(String, PathBuf)> {
    let mut files: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    files.sort();
    files
}

type Reader = fn(InputFile) -> Result<()>;

fn usage(file: InputFile) -> Result<()> {
    gather(&stamp_folder(vec![file]), &Reading::default(), LedgerRules::default(), &Control::silent()).map(|_| ())
}

fn snapshot(file: InputFile) -> SnapshotFiles {
    let as_of = Window::parse("2026-10-05").unwrap().start;
    SnapshotFiles { as_of, name: file.name.clone(), pages: vec![file] }
}

fn registration(file: InputFile) -> Result<()> {
    read_registrations(&[snapshot(file)], &Reading::default(), &Control::silent()).map(|_| ())
}

fn customers(file: InputFile) -> Result<()> {
    read_customer_subscriptions(&[snapshot(file)], &Reading::default(), &Control::silent()).map(|_| ())
}

fn listing(file: InputFile) -> Result<()> {
    read_listings(&[snapshot(file)], &Reading::default(), &Control::silent()).map(|_| ())
}

/// Every file of the suite as a page, and as each kind of snapshot: none is usage, so each is refused with its place and a
/// hint. A list of nothing is the one thing that is accepted: as a page without lines, or as an empty snapshot.
#[test]
fn every_json_file_is_refused_with_a_message() {
    let files = files(&project().join("tests/suites/json"), ".json");
    assert_eq!(files.len(), 318);
    let readers: [(&str, Reader); 4] =
        [("usage", usage), ("registration", registration), ("customers", customers), ("listing", listing)];
    for (kind, read) in readers {
        let mut accepted = Vec::new();
        for (name, path) in &files {
            match read(InputFile { name: name.clone(), path: path.clone() }) {
                Ok(()) => accepted.push(name.as_str()),
                Err(error) => {
                    assert_eq!(error.place.as_ref().map(|place| &place.file), Some(name), "{kind}: {error}");
                    assert!(error.hint.is_some(), "{kind}: {error}");
                }
            }
        }
        let nothing = ["y_array_empty.json", "y_structure_whitespace_array.json"];
        let expected = match kind {
            // Several lists in a file are pages one after the other.
            "usage" => [&["n_structure_double_array.json"], &nothing[..]].concat(),
            "registration" => Vec::new(),
            _ => nothing.to_vec(),
        };
        assert_eq!(accepted, expected, "{kind}");
    }
}

#[test]
fn every_csv_file_is_read_as_the_suite_says() {
    let folder = project().join("tests/suites/csv-spectrum");
    let files = files(&folder.join("csvs"), ".csv");
    assert_eq!(files.len(), 12);
    for (name, path) in files {
        let text = fs::read_to_string(path).unwrap();
        let table = CsvText::parse(&name, &text).unwrap();
        let (mut rows, mut cells, mut found) = (table.rows(), Vec::new(), Vec::new());
        while rows.next(&mut cells).unwrap() {
            assert_eq!(cells.len(), table.header.len(), "{name}");
            let row = table.header.iter().cloned().zip(cells.iter().map(|cell| cell.text().into_owned().into()));
            found.push(serde_json::Value::Object(row.collect()));
        }
        let expected = fs::read(folder.join("json").join(name.replace(".csv", ".json"))).unwrap();
        let mut expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        if name == "location_coordinates.csv" {
            // The suite's own JSON is an object, and has another number than its CSV.
            expected["Contact Phone Number"] = found[0]["Contact Phone Number"].clone();
            expected = serde_json::Value::Array(vec![expected]);
        }
        assert_eq!(serde_json::Value::Array(found), expected, "{name}");
    }
}

/// Whatever fuzzing found worth keeping (`tests/fuzz/corpus/`) is still read or refused with a hint.
#[test]
fn every_fuzzed_input_is_read_or_refused_with_a_message() {
    let readers: [(&str, &[Reader]); 4] = [
        ("page", &[usage]),
        ("table", &[usage]),
        ("registration", &[registration, customers]),
        ("listing", &[listing]),
    ];
    let folder = crate::support::tempdir().unwrap();
    for (target, readers) in readers {
        let packed = fs::read_to_string(project().join(format!("tests/fuzz/corpus/{target}.jsonl"))).unwrap();
        assert!(packed.lines().count() > 100, "{target}");
        for (at, line) in packed.lines().enumerate() {
            let text: String = serde_json::from_str(line).unwrap();
            let bytes: Vec<u8> = text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
            let path = folder.path().join(format!("{target}-{at}"));
            fs::write(&path, bytes).unwrap();
            for read in readers {
                if let Err(error) = read(InputFile { name: "input".into(), path: path.clone() }) {
                    assert!(error.hint.is_some(), "{target} line {}: {error}", at + 1);
                }
            }
        }
    }
}
