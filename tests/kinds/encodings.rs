//! Text in any encoding that says itself, or that a setting names; whatever is none is refused by its name.

use std::io::Write;

use super::{Read, Refused, Right, WithRejects, check, csv, day, root_of};
use crate::support::{cell, page, table, tries};

type Bytes = Vec<u8>;

fn wide(text: &str, mark: bool, unit: fn(u32) -> Bytes, is_utf16: bool) -> Bytes {
    let mark = mark.then_some(0xfeff);
    let units: Vec<u32> =
        if is_utf16 { text.encode_utf16().map(u32::from).collect() } else { text.chars().map(u32::from).collect() };
    mark.into_iter().chain(units).flat_map(unit).collect()
}

fn utf16le(text: &str, mark: bool) -> Bytes {
    wide(text, mark, |unit| (unit as u16).to_le_bytes().to_vec(), true)
}

fn utf16be(text: &str, mark: bool) -> Bytes {
    wide(text, mark, |unit| (unit as u16).to_be_bytes().to_vec(), true)
}

fn utf32le(text: &str, mark: bool) -> Bytes {
    wide(text, mark, |unit| unit.to_le_bytes().to_vec(), false)
}

fn utf32be(text: &str, mark: bool) -> Bytes {
    wide(text, mark, |unit| unit.to_be_bytes().to_vec(), false)
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A table and a page of one line, whose resource has a name with an umlaut.
fn texts() -> [(&'static str, String); 2] {
    let row = csv(&[("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z", "24")]).replace("/vm", "/Büro");
    let json = page(&[day("2026-10-05", "24")]).replace("vm-1", "Büro");
    [("u.csv", row), ("u.json", json)]
}

#[test]
fn wide_text_is_known_with_and_without_a_mark() {
    let right: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    for (file, text) in texts() {
        for mark in [true, false] {
            for (name, bytes) in [
                ("utf-16le", utf16le(&text, mark)),
                ("utf-16be", utf16be(&text, mark)),
                ("utf-32le", utf32le(&text, mark)),
                ("utf-32be", utf32be(&text, mark)),
            ] {
                let root = root_of(&[(&format!("2026-10-05/{file}"), &bytes)]);
                check(&format!("{name} {mark} {file}"), &root, &[], &right);
                let names: Vec<String> = table(&root.out(), "resources")
                    .iter()
                    .map(|row| cell(row, "resource_name").to_lowercase())
                    .collect();
                assert_eq!(names, ["büro"], "{name} {mark} {file}");
                // Said as well, it is the same; and so is a setting that is not needed.
                for said in [name, "windows-1252"].into_iter().take(tries(0, 2) as usize) {
                    let root = root_of(&[(&format!("2026-10-05/{file}"), &bytes)]);
                    let ran = check(&format!("{name} {mark} {file} {said}"), &root, &["--encoding", said], &right);
                    let unused = format!("--encoding {said} served nothing");
                    assert!(crate::support::unwrapped(&ran.stdout).contains(&unused), "{}", ran.stdout);
                }
            }
        }
    }
}

/// Each with the byte that it has for `ü`.
#[test]
fn code_pages_are_read_by_any_of_their_names() {
    let right: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    for (names, byte) in [
        (&["windows-1252", "1252", "cp1252", "latin1", "iso-8859-1"][..], 0xfc),
        (&["ibm850", "cp850", "850", "oem850", "IBM-850"], 0x81),
        (&["ibm437", "437", "CP437", "dos-437"], 0x81),
        (&["ibm852", "852"], 0x81),
        (&["windows-1250", "1250"], 0xfc),
        (&["ibm858"], 0x81),
        (&["macintosh", "10000"], 0x9f),
    ] {
        for name in &names[..(tries(1, u32::MAX) as usize).min(names.len())] {
            for (file, text) in texts() {
                let bytes: Bytes =
                    text.chars().map(|character| if character == 'ü' { byte } else { character as u8 }).collect();
                let root = root_of(&[(&format!("2026-10-05/{file}"), &bytes)]);
                // What is known of it is kept: a second run, which reads nothing, knows that the setting served.
                let first = check(&format!("{name} {file}"), &root, &["--encoding", name], &right);
                let second = root.run(&["--encoding", name]).expect(0);
                assert!(!(first.stdout + &second.stdout).contains("served nothing"), "{name} {file}");
                let names: Vec<String> = table(&root.out(), "resources")
                    .iter()
                    .map(|row| cell(row, "resource_name").to_lowercase())
                    .collect();
                assert_eq!(names, ["büro"], "{name} {file}");
                let nobody_says = root_of(&[(&format!("2026-10-05/{file}"), &bytes)]);
                let reading = if byte == 0x9f { "makes `BŸro` of it" } else { "makes `Büro` of it" };
                check("nobody says", &nobody_says, &[], &Refused(&["is not UTF-8 text", reading]));
            }
        }
    }
    let cyrillic: Bytes = texts()[0]
        .1
        .replace("Büro", "\u{1}")
        .bytes()
        .flat_map(|byte| if byte == 1 { vec![0x8f, 0xe0, 0xa8, 0xa2] } else { vec![byte] })
        .collect();
    let root = root_of(&[("2026-10-05/u.csv", &cyrillic)]);
    check("866", &root, &["--encoding", "866"], &right);
    assert_eq!(cell(&table(&root.out(), "resources")[0], "resource_name").to_lowercase(), "прив");
}

#[test]
fn what_changes_its_encoding_or_makes_no_text_is_refused() {
    let [(_, table), (_, json)] = texts();
    let plain = table.replace('ü', "u");
    let row = plain.split_once('\n').unwrap().1.to_owned();
    let latin = |text: &str| -> Bytes { text.chars().map(|character| character as u8).collect() };
    let join = |parts: [&[u8]; 2]| parts.concat();
    let zeros = [plain.as_bytes(), &[0; 200]].concat();
    let shapes: [(&str, &str, Bytes, &[&str], &[&str]); 10] = [
        (
            "UTF-16 behind UTF-8",
            "u.csv",
            join([plain.as_bytes(), &utf16le(&row, false)]),
            &[],
            &["u.csv:3:1: two encodings in one file", "from line 3 on UTF-16"],
        ),
        (
            "the other order of bytes",
            "u.csv",
            join([plain.as_bytes(), &utf16be(&row, false)]),
            &[],
            &["two encodings in one file"],
        ),
        (
            "UTF-8 behind UTF-16",
            "u.csv",
            join([&utf16le(&plain, true), row.as_bytes()]),
            &[],
            &["u.csv:3:1: two encodings in one file", "up to line 2 it is UTF-16LE"],
        ),
        (
            "a page of UTF-16 behind one of UTF-8",
            "u.json",
            join([json.as_bytes(), &utf16le(&json, false)]),
            &[],
            &["u.json:1:1: two encodings in one file"],
        ),
        (
            "a code page behind UTF-8",
            "u.csv",
            join([table.as_bytes(), &latin(&table.split_once('\n').unwrap().1.replace("Büro", "Tür"))]),
            &["--encoding", "windows-1252"],
            &["u.csv:3:1: two encodings in one file: up to line 2 it is UTF-8, from line 3 on windows-1252"],
        ),
        (
            "a code page that makes controls of letters",
            "u.csv",
            table.chars().map(|character| if character == 'ü' { 0x81 } else { character as u8 }).collect(),
            &["--encoding", "windows-1252"],
            &["u.csv:2:", "control character U+0081", "--encoding ibm850 makes `Büro` of it"],
        ),
        ("zeros that a disk left", "u.csv", zeros, &[], &["u.csv:3:1: a run of zero bytes", "fetch the file again"]),
        (
            "UTF-16 that ends within a character",
            "u.csv",
            utf16le(&plain, true)[..plain.len() * 2 - 1].to_vec(),
            &[],
            &["ends within a character"],
        ),
        ("no name of an encoding", "u.csv", plain.clone().into_bytes(), &["--encoding", "klingon"], &[]),
        (
            "bytes that are none",
            "u.csv",
            join([plain.as_bytes(), &[0xff, 0xfe, 0x80]]),
            &["--encoding", "shift_jis"],
            &["no shift_jis text"],
        ),
    ];
    for (name, file, bytes, flags, texts) in shapes {
        let root = root_of(&[(&format!("2026-10-05/{file}"), &bytes)]);
        if texts.is_empty() {
            let said = root.run(flags).expect(2).stderr;
            assert!(said.contains("no encoding that is known") && said.contains("ibm850"), "{said}");
        } else {
            check(name, &root, flags, &Refused(texts));
        }
    }
}

#[test]
fn layers_are_taken_off_and_archives_are_called_by_their_names() {
    let text = page(&[day("2026-10-05", "24")]);
    let zstd = zstd::stream::encode_all(text.as_bytes(), 1).unwrap();
    let right: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    for (name, bytes) in [
        ("gzip", gzip(text.as_bytes())),
        ("gzip in gzip", gzip(&gzip(text.as_bytes()))),
        ("zstd in gzip", gzip(&zstd)),
        ("gzip in zstd", zstd::stream::encode_all(gzip(text.as_bytes()).as_slice(), 1).unwrap()),
        ("two members", [gzip(&text.as_bytes()[..40]), gzip(&text.as_bytes()[40..])].concat()),
    ] {
        check(name, &root_of(&[("2026-10-05/a.json.gz", &bytes)]), &[], &right);
    }
    let mut tar = vec![b'x'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let csv_hint = "save the sheet as CSV";
    let five = (0..5).fold(text.clone().into_bytes(), |bytes, _| gzip(&bytes));
    let shapes: [(&str, Bytes, &str); 15] = [
        ("a zip archive", b"PK\x03\x04\x14\0\0\0page.json".to_vec(), "unpack it"),
        ("an Excel workbook", b"PK\x03\x04\x14\0\0\0[Content_Types].xml xl/workbook.xml".to_vec(), csv_hint),
        (
            "an OpenDocument spreadsheet",
            b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet".to_vec(),
            csv_hint,
        ),
        ("an old Excel workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest".to_vec(), csv_hint),
        ("a 7z archive", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "unpack it"),
        ("a rar archive", b"Rar!\x1a\x07\x01\0".to_vec(), "unpack it"),
        ("a tar archive", tar.clone(), "unpack it"),
        ("a tar archive", gzip(&tar), "unpack it"),
        ("a bzip2 file", b"BZh91AY&SY".to_vec(), "bunzip2"),
        ("an xz file", b"\xfd7zXZ\x00\x00\x04".to_vec(), "unxz"),
        ("a PDF", b"%PDF-1.7\n".to_vec(), "export the data as JSON or CSV"),
        ("an SQLite database", b"SQLite format 3\0".to_vec(), "export the data as JSON or CSV"),
        ("compressed more than 4 times over", five, "decompress it"),
        ("compressed bytes that cannot be decompressed", gzip(text.as_bytes())[..30].to_vec(), "fetch the file again"),
        ("an Arrow file", b"ARROW1\0\0".to_vec(), "export the data"),
    ];
    for (name, bytes, hint) in shapes {
        check(
            name,
            &root_of(&[("2026-10-05/a.json", &bytes)]),
            &[],
            &Refused(&[&format!("2026-10-05/a.json: {name}"), hint]),
        );
    }
    // A table of the root likewise.
    let root = root_of(&[("2026-10-05/a.json", text.as_bytes())]);
    root.file("prices.csv", b"PK\x03\x04\x14\0\0\0[Content_Types].xml xl/workbook.xml");
    check("prices", &root, &[], &Refused(&["prices.csv: an Excel workbook", csv_hint]));
}

#[test]
fn a_number_that_is_none_costs_its_line() {
    for text in ["NaN", "Infinity", "-Infinity", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "\"∞\"", "\"n/a\""] {
        let good = day("2026-10-05", "2");
        let bad = crate::support::Line { quantity: text.to_owned(), ..day("2026-10-05", "1") };
        for pages in [
            page(&[bad.clone(), good.clone()]),
            format!("{}\n{}", page(std::slice::from_ref(&good)), page(std::slice::from_ref(&bad))),
            format!("[{},{}]", good.to_json(), bad.to_json()),
        ] {
            let root = root_of(&[("2026-10-05/a.json", pages.as_bytes())]);
            check(text, &root, &[], &WithRejects(1, &[("2026-10-05", "2")], &[]));
            let reject = &table(&root.out(), "rejects")[0];
            assert_eq!(cell(reject, "reason"), "quantity_unreadable", "{text}");
            assert_eq!(cell(reject, "offending_text"), text.trim_matches('"'), "{text}");
        }
    }
    // In a text they are text.
    let named = page(&[day("2026-10-05", "2")]).replace("vm-1", "NaN-Infinity");
    check("a name", &root_of(&[("2026-10-05/a.json", named.as_bytes())]), &[], &Read(&[("2026-10-05", "2")], &[]));
}
