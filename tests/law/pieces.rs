//! A file that is read in pieces is read as it is as a whole, whatever the pieces are: every producer, packed or not, in
//! every encoding.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use stacktally::domain::{Culture, SourceTimeZone};
use stacktally::read::{Encoding, Pages, Reading};

use super::readers::{are_same, read_with, written};
use crate::support::{SUB_A, SUB_B, VM_HOURS, WINDOWS_HOURS, project, tempdir, tries};

/// Reads files as a whole, and in pieces of each of these sizes, by some settings.
#[track_caller]
fn agree(folder: &Path, files: &[impl AsRef<[u8]>], reading: &Reading, sizes: impl IntoIterator<Item = usize>) {
    let files = written(folder, files);
    let (whole, _) = read_with(&files, reading);
    for bytes in sizes {
        let (pieces, _) = read_with(&files, &Reading { pages: Pages::InPieces(bytes), ..reading.clone() });
        let shown = || String::from_utf8_lossy(&fs::read(&files[0].path).unwrap()).into_owned();
        assert!(are_same(&pieces, &whole), "{}\n\nin pieces of {bytes}: {pieces:?}\n\nwhole: {whole:?}", shown());
    }
}

/// So many sizes of a piece, from one byte to all.
fn sizes_up_to(bytes: usize, count: u32) -> impl Iterator<Item = usize> {
    (1..=bytes + 1).step_by(1 + bytes / count as usize)
}

/// Every file of usage of every producer.
fn producers() -> Vec<(PathBuf, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![project().join("tests/producers")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("snapshots") && !path.ends_with("expected") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension != "md") {
                files.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "{}", files.len());
    files
}

/// Settings that files of some producers need.
fn settings() -> Vec<Reading> {
    let berlin = SourceTimeZone::parse("Europe/Berlin").unwrap();
    let german = Culture::of("de-DE").unwrap();
    vec![
        Reading::default(),
        Reading { source_time_zone: Some(berlin), culture: Some(german), ..Reading::default() },
        Reading { encoding: Encoding::parse("ibm850"), ..Reading::default() },
    ]
}

#[test]
fn every_producer_in_pieces_of_every_size() {
    let folder = tempdir().unwrap();
    for (_, bytes) in producers() {
        for (reading, most) in settings().into_iter().zip([400, 60, 30]) {
            agree(folder.path(), &[&bytes], &reading, sizes_up_to(bytes.len(), tries(12, most)));
        }
    }
}

#[test]
fn packed_and_in_other_encodings() {
    let folder = tempdir().unwrap();
    let gzip = |bytes: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    for (_, bytes) in producers() {
        let Ok(text) = String::from_utf8(bytes.clone()) else { continue };
        let text = text.trim_start_matches('\u{feff}');
        let few = || [1 + bytes.len() / 30, 1 + bytes.len() / 3, 2 * bytes.len()];
        let [of_default, .., of_code_page] = &settings()[..] else { panic!() };
        let both: Vec<u8> = [gzip(&bytes[..bytes.len() / 2]), gzip(&bytes[bytes.len() / 2..])].concat();
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let widest: Vec<u8> = text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
        let narrow = text.replacen("web-01", "w\u{1}b-01", 1).into_bytes();
        let narrow: Vec<u8> = narrow.into_iter().map(|byte| if byte == 1 { 0x81 } else { byte }).collect();
        let marked = format!("\u{feff}{text}").into_bytes();
        for bytes in [gzip(&bytes), gzip(&gzip(&bytes)), both, wide, big, widest, marked] {
            agree(folder.path(), &[bytes], of_default, few());
        }
        agree(folder.path(), &[narrow], of_code_page, few());
    }
}

/// A row of a table: its cells as they stand there.
fn row() -> impl Strategy<Value = String> {
    let times = prop_oneof![
        20 => (0_u32..23).prop_map(|hour| [hour, hour + 1].map(|hour| format!("2026-10-05T{hour:02}:00:00Z"))),
        1 => prop::sample::select(vec![
            ["05.10.2026 01:00:00", "05.10.2026 02:00:00"],
            ["10/5/2026 1:00:00 AM", "10/5/2026 2:00:00 AM"],
            ["2026-10-05T00:00:00", "2026-10-05T01:00:00"],
            ["", "2026-10-05T01:00:00Z"],
        ])
        .prop_map(|times| times.map(str::to_owned)),
    ];
    let any = |texts: &'static [&'static str]| prop_oneof![12 => Just(texts[0]), 1 => prop::sample::select(texts)];
    let instance = any(&[
        r#""{""Microsoft.Resources"":{""resourceUri"":""/a""}}""#,
        r#""{""Microsoft.Resources"":{""resourceUri"":""/b"",""tags"":""x;y,z""}}""#,
        "\"two\nlines\"",
        "\"two\r\n\"\"lines\"\"\"",
        "\"closed\" and not",
        "\"\"",
        "",
        "bare",
        "\"open",
        "SubscriptionId",
    ]);
    let quantity = prop_oneof![
        20 => "[0-9]{1,2}\\.[0-9]{1,5}",
        1 => prop::sample::select(vec!["2,5", "\"2,5\"", "1.234,5", "-1", "x", ""]).prop_map(str::to_owned),
    ];
    let id = any(&[SUB_A, SUB_B, "", " x"]);
    let meter = any(&[VM_HOURS, WINDOWS_HOURS, ""]);
    let more = any(&["", "", ",more", "\u{0}"]);
    (times, instance, quantity, id, meter, more).prop_map(|([start, end], instance, quantity, id, meter, more)| {
        format!("\"{start}\",\"{end}\",{id},{meter},{quantity},{instance}{more}")
    })
}

const HEADER: &str = "UsageStartTime,UsageEndTime,SubscriptionId,MeterId,Quantity,InstanceData";

fn with_header(rows: &[String]) -> Vec<&str> {
    std::iter::once(HEADER).chain(rows.iter().map(String::as_str)).collect()
}

/// A table, or several that were joined; cut off, perhaps.
fn table() -> impl Strategy<Value = String> {
    let rows = prop::collection::vec((row(), 1_usize..3), 0..10);
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    let before = prop::sample::select(vec!["", "", "", "#TYPE x\n", "sep=,\n", "\n\n", "\u{feff}"]);
    (rows, end, before, 0_usize..8, 0_usize..12).prop_map(|(rows, end, before, joined, cut)| {
        let rows: Vec<String> = rows.into_iter().flat_map(|(row, times)| std::iter::repeat_n(row, times)).collect();
        let (first, second) = rows.split_at(rows.len() / 2);
        let lines = match joined {
            0 => [with_header(first), with_header(second)].concat(),
            1 => [with_header(first), with_header(first), with_header(second)].concat(),
            2 => [with_header(&rows), rows.iter().map(String::as_str).collect()].concat(),
            3 => [with_header(first), vec!["", ""], rows.iter().map(String::as_str).collect()].concat(),
            _ => with_header(&rows),
        };
        let mut text = format!("{before}{}{end}", lines.join(end));
        if cut > 8 {
            text.truncate(text.floor_char_boundary(text.len() - cut));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(40, 600)))]

    #[test]
    fn tables_however_they_are_put_together(tables in prop::collection::vec(table(), 1..3), setting in 0_usize..2) {
        let longest = tables.iter().map(String::len).max().unwrap_or_default();
        let sizes = [1, 40, longest / 5 + 1, longest / 2 + 1, longest + 1];
        agree(tempdir().unwrap().path(), &tables, &settings()[setting], sizes);
    }
}
