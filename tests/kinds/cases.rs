//! The cases that people's reports of neighbouring tools told of, where their folder is there.

use std::path::{Path, PathBuf};

use super::{Read, Refused, Right, WithRejects, check};
use crate::support::{TestRoot, files_below, findings, project, skip};

fn folder() -> Option<PathBuf> {
    let folder = project().parent()?.join("shared/cases");
    folder.is_dir().then_some(folder)
}

fn root_of(case: &Path) -> TestRoot {
    let root = TestRoot::empty();
    for (name, bytes) in files_below(&case.join("root")) {
        root.file(&name, bytes);
    }
    root
}

#[test]
fn every_case_comes_out_right() {
    let Some(folder) = folder() else { return skip("the folder of cases is not there") };
    let day = "2026-10-05";
    let cases: [(&str, &[&str], Right<'_>); 15] = [
        ("F1", &[], Refused(&["2020-05-04/page-0001.json", "day and month look exchanged"])),
        ("F3", &[], Read(&[(day, "36")], &["page_saved_twice"])),
        ("F4-time", &[], Refused(&["page-0001.json: its line cannot be used", "05-Oct-2026"])),
        ("F5", &[], Read(&[(day, "24")], &[])),
        ("F6", &["--culture", "es-CO"], Read(&[(day, "24.5")], &[])),
        ("F7", &["--source-time-zone", "Europe/Berlin"], Read(&[(day, "24")], &[])),
        ("F8", &[], Refused(&["usage.csv:3:1: two encodings in one file", "UTF-16"])),
        ("F8b", &[], Read(&[(day, "36")], &[])),
        ("F8b", &["--encoding", "utf-16le"], Read(&[(day, "36")], &[])),
        ("F8c", &[], Read(&[(day, "36")], &[])),
        ("F11", &[], Read(&[(day, "36")], &[])),
        ("F11b", &[], Read(&[(day, "36")], &[])),
        ("F15", &[], WithRejects(1, &[(day, "12")], &[])),
        ("F18", &[], Read(&[(day, "24")], &[])),
        ("F21", &[], Read(&[(day, "24")], &[])),
    ];
    for (name, flags, right) in cases {
        check(name, &root_of(&folder.join(name)), flags, &right);
    }
    check("F13", &root_of(&folder.join("F13")), &[], &Refused(&["page-0001.json"]));
    for (name, code) in [("F16", "customers_of_another_registration"), ("F17", "usage_of_public_azure")] {
        let root = root_of(&folder.join(name));
        root.run(&[]).expect(0);
        assert!(findings(&root.out()).iter().any(|finding| finding == code), "{name}: {:?}", findings(&root.out()));
    }
}
