//! Hands bytes to the readers as a file, and holds what must be true of whatever they say.

use std::fs;
use std::path::PathBuf;

use stacktally::domain::ledger::LedgerRules;
use stacktally::domain::{Stamp, Window};
use stacktally::normalise::normalise;
use stacktally::read::{Export, Reading, SnapshotFiles, StampFolder, gather};
use stacktally::store::InputFile;
use stacktally::control::Control;


/// A file with these bytes, on a file system in memory where there is one.
fn file_of(bytes: &[u8]) -> InputFile {
    let folder = ["/dev/shm", "/tmp"].into_iter().map(PathBuf::from).find(|folder| folder.is_dir()).unwrap();
    let path = folder.join(format!("stacktally-fuzz-{}", std::process::id()));
    fs::write(&path, bytes).unwrap();
    InputFile { name: "fuzz".into(), path }
}

/// Reads bytes as a file of usage: refused with a hint, or each of its rows is a line or a reject.
pub fn usage(bytes: &[u8]) {
    let export = Export {
        window: Window::parse("2026-10-05"),
        is_loose: false,
        folder: "usage".into(),
        files: vec![file_of(bytes)],
        sidecar: None,
    };
    let stamp = StampFolder {
        stamp: Stamp::new("north").unwrap(),
        exports: vec![export],
        registrations: Vec::new(),
        customer_subscriptions: Vec::new(),
        user_subscriptions: Vec::new(),
        overridden: Vec::new(),
    };
    match gather(&stamp, &Reading::default(), LedgerRules::default(), &Control::silent()) {
        Err(error) => assert!(error.hint.is_some(), "{error}"),
        Ok(lines) => {
            let file = &lines.exports[0].files[0];
            let good: i64 = lines.exports[0].days.values().flatten().map(|(_, sum)| sum.read.lines).sum();
            assert_eq!(file.read.lines, good + file.rejects.len() as i64);
            if let Err(error) = normalise(lines) {
                assert!(error.hint.is_some(), "{error}");
            }
        }
    }
}

/// Bytes as a snapshot of one file.
pub fn snapshot(bytes: &[u8]) -> SnapshotFiles {
    let file = file_of(bytes);
    let as_of = Window::parse("2026-10-05").unwrap().start;
    SnapshotFiles { as_of, name: file.name.clone(), pages: vec![file] }
}
