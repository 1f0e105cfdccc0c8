//! The fast reader of pages and its twin, which validates, read the same: lines, rejects, notes, refusals.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::arbitrary::any as any_of;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use stacktally::control::Control;
use stacktally::domain::ledger::LedgerRules;
use stacktally::domain::{Day, Quantity};
use stacktally::read::{ExportRecord, Pages, Reading, gather};
use stacktally::store::InputFile;

use crate::support::{Line, PROVIDER, SUB_A, SUB_B, VM_HOURS, WINDOWS_HOURS, page, project, skip, stamp_folder, tries};

/// A line: day, slot, user subscription, meter, instance, quantity, file, row.
type Seen = (Day, u8, String, String, String, Quantity, u32, u32);

/// What a reader says of some files of one export, or why it refuses them.
fn read(files: &[InputFile], pages: Pages) -> Result<(Vec<Seen>, Vec<ExportRecord>, String), String> {
    let reading = Reading { pages, ..Reading::default() };
    let gathered = gather(&stamp_folder(files.to_vec()), &reading, LedgerRules::default(), &Control::silent());
    let lines = gathered.map_err(|error| format!("{error} {:?}", error.hint))?;
    let mut seen = Vec::new();
    for day in lines.days.days() {
        for chunk in lines.days.take(day).unwrap() {
            for at in 0..chunk.lines.len() {
                seen.push((
                    day,
                    chunk.lines.slot[at].number(),
                    lines.texts.user_subscriptions.text(chunk.lines.user_subscription[at]).to_string(),
                    lines.texts.meters.text(chunk.lines.meter[at]).to_string(),
                    lines.texts.instances.text(chunk.lines.instance[at]).to_string(),
                    chunk.lines.quantity[at],
                    chunk.file,
                    chunk.lines.row[at],
                ));
            }
        }
    }
    seen.sort();
    // Nothing is interned that no line names.
    let texts = lines.texts.into_texts().map(|texts| {
        let mut texts: Vec<String> = texts.iter().map(|(_, text)| text.to_owned()).collect();
        texts.sort();
        texts
    });
    Ok((seen, lines.exports, format!("{texts:?} {:?}", lines.findings)))
}

#[track_caller]
fn agree(folder: &Path, pages: &[impl AsRef<[u8]>]) {
    let files = pages.iter().enumerate().map(|(at, bytes)| {
        let (name, path) = (format!("page-{at}"), folder.join(at.to_string()));
        fs::write(&path, bytes).unwrap();
        InputFile { name, path }
    });
    let files: Vec<InputFile> = files.collect();
    let (fast, twin) = (read(&files, Pages::Usual), read(&files, Pages::Validated));
    let shown = || pages.iter().map(|page| String::from_utf8_lossy(page.as_ref()).into_owned()).collect::<Vec<_>>();
    assert!(fast == twin, "{}\n\nfast: {fast:?}\n\ntwin: {twin:?}", shown().join("\n\n"));
}

/// One of some texts, the first most often.
fn any(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just(texts[0]), 1 => prop::sample::select(texts)]
}

/// Lines as the API writes them, most of them, with what might be mistaken for it.
fn line() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec![SUB_A, SUB_B, "5AB00000-0000-4000-8000-00000000000A", "{5ab}", " x ", ""]);
    let meter = prop::sample::select(vec![VM_HOURS, WINDOWS_HOURS, "F271A8A388C44D93956A063E1D2FA80B", "\\u0041", ""]);
    let before = any(&[
        r#"{"id":"/subscriptions/"#,
        r#"{ "id":"/subscriptions/"#,
        r#"{"name":{"}}":[1]},"id":"/"#,
        r#"{"id":1,"x":""#,
    ]);
    let after_id = any(&[
        r#"","type":"t","properties":{"#,
        r#"","properties":{"usageStartTime":"2026-10-05T00:00:00Z","#,
        r#"","type":"\"usageStartTime\":\"","properties":{"#,
        r#"","type":null,"properties": {"#,
        "\",\"type\":\"\u{1}\",\"properties\":{",
        r#"","x":{"properties":{"#,
    ]);
    let hour = 0_u32..23;
    let between = any(&[
        r#"","usageEndTime":""#,
        r#"", "usageEndTime":""#,
        "\\n\",\"usageEndTime\":\"",
        "\t\",\"usageEndTime\":\"",
    ]);
    let instance = any(&[
        r#""{\"Microsoft.Resources\":{\"resourceUri\":\"/a\",\"tags\":\"{\\\"a\\\":1}\"}}""#,
        r#""{\"Microsoft.Resources\":{\"resourceUri\":\"/b\"}}""#,
        r#""""#,
        "null",
        r#"{"Microsoft.Resources":{"resourceUri":"/c"}}"#,
        r#""x\,\"quantity\":1""#,
        r#""\ud800""#,
        r#""\ud8""#,
        "\"\u{1}\"",
        "\"é😀\"",
        r#""a","b":"c""#,
        r#""a" "#,
    ]);
    let quantity = prop_oneof![
        8 => "[0-9]{1,3}\\.[0-9]{1,17}",
        4 => prop::sample::select(vec!["0", "2.0", "1.0", "8.3819031715393066E-08", "1e3", "0.5e+2"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "01", "1.", ".5", "-1", "-0", "+1", "1e", "1e999", "123456789012345678901", "\"2.0\"", "null", "NaN", "0x1", "1 ", "00.5",
            "99999999999999999999.5", "0.0000000000000000005", "1E-999999999999", "9999999999999999999", "18446744073709551616",
        ])
        .prop_map(str::to_owned),
    ];
    let tail = any(&[
        r#","name":"n"}}"#,
        "}}",
        r#","name":"}}"}}"#,
        r#","name":"n"} }"#,
        r#","name":"n"}},"#,
        r#","quantity":3}}"#,
        r#","x":{}}}"#,
        r#","tags":"a","Tags":"b"}}"#,
        "}",
    ]);
    (before, id.clone(), after_id, (id, hour.clone(), between, hour), (instance, quantity, meter, tail)).prop_map(
        |(before, queried, after_id, (id, start, between, end), (instance, quantity, meter, tail))| {
            let end = if end % 4 == 0 { end } else { start + 1 };
            format!(
                r#"{before}{queried}/providers/x{after_id}"subscriptionId":"{id}","usageStartTime":"2026-10-05T{start:02}:00:00+00:00{between}2026-10-05T{end:02}:00:00+00:00","instanceData":{instance},"quantity":{quantity},"meterId":"{meter}"{tail}"#
            )
        },
    )
}

fn whole_page() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec((line(), 1_usize..3), 0..12);
    let begin = any(&["{\"value\":[", "{ \"value\":[", "\u{feff}{\"value\":[", "{\"x\":1,\"value\":[", "["]);
    let separator = any(&[",", ", ", ",\n"]);
    let end = any(&[
        "]}",
        "]}\r\n",
        "],\"nextLink\":\"https://x/?reportedStartTime=2026-10-05T00%3a00%3a00Z&continuationToken=1\"}",
        "],\"nextLink\":null}",
        "],\"nextLink\":\"\"}",
        "],\"error\":{\"code\":\"x\"}}",
        "],\"value\":[]}",
        "]}{\"value\":[]}",
        "]}[]",
        "]",
        "",
    ]);
    (begin, lines, separator, end).prop_map(|(begin, lines, separator, end)| {
        let repeated = lines.into_iter().flat_map(|(line, times)| std::iter::repeat_n(line, times));
        format!("{begin}{}{end}", repeated.collect::<Vec<_>>().join(separator))
    })
}

/// A page of good lines with some of its bytes changed, taken out or put in.
fn damaged_page() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any_of::<prop::sample::Index>(), 0_usize..4, prop::collection::vec(any_of::<u8>(), 0..3), 0_usize..40);
    prop::collection::vec(edit, 1..4).prop_map(|edits| {
        let line = |at: usize| {
            let hour = ["2026-10-05T12", "2026-10-05T13"][at / 3 % 2];
            Line::hourly([SUB_A, SUB_B][at % 2], [VM_HOURS, WINDOWS_HOURS][at % 3 % 2], hour, ["1.0", "2.5e-3"][at % 2])
        };
        let mut bytes = page(&(0..8).map(line).collect::<Vec<_>>()).into_bytes();
        for (place, kind, put, length) in edits {
            let at = place.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match kind {
                0 => drop(bytes.splice(at..(at + put.len()).min(bytes.len()), put)),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, put)),
                _ => {
                    let copied = bytes[at..end].to_vec();
                    bytes.splice(at..at, copied);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(50, 400)))]

    #[test]
    fn the_fast_reader_reads_what_its_twin_reads(pages in prop::collection::vec(whole_page(), 1..4)) {
        agree(crate::support::tempdir().unwrap().path(), &pages);
    }

    #[test]
    fn whatever_is_damaged(page in damaged_page()) {
        agree(crate::support::tempdir().unwrap().path(), &[page]);
    }
}

/// Every file of usage that lies in the project, each by itself and damaged at one place.
#[test]
fn on_every_sample_and_producer() {
    let folder = crate::support::tempdir().unwrap();
    let mut files = 0;
    let mut folders = vec![project().join("samples"), project().join("tests/producers")];
    let captures = project().join("../shared/captures");
    if captures.is_dir() {
        folders.push(captures);
    } else {
        skip("there are no captures beside the project");
    }
    let mut waiting: Vec<PathBuf> = folders;
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.components().any(|part| part.as_os_str() == "usage" || part.as_os_str() == "producers") {
            let bytes = fs::read(&path).unwrap();
            agree(folder.path(), &[&bytes]);
            for at in (0..bytes.len()).step_by(1 + bytes.len() / tries(8, 40) as usize) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                agree(folder.path(), &[&damaged]);
            }
            files += 1;
        }
    }
    assert!(files > 40, "{files}");
}

#[test]
fn on_the_corpus_of_fuzzing() {
    let folder = crate::support::tempdir().unwrap();
    let packed = fs::read_to_string(project().join("tests/fuzz/corpus/page.jsonl")).unwrap();
    assert!(packed.lines().count() > 100);
    for line in packed.lines() {
        let text: String = serde_json::from_str(line).unwrap();
        let bytes: Vec<u8> = text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
        agree(folder.path(), &[bytes]);
    }
}

/// A line that lacks what the next one has, and a page that ends within what might be taken for a line.
#[test]
fn on_what_reaches_into_the_next_line() {
    let folder = crate::support::tempdir().unwrap();
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0").to_json();
    let without = |name: &str| good.replace(&format!("\"{name}\":"), "\"other\":");
    for name in ["usageStartTime", "usageEndTime", "instanceData", "quantity", "meterId"] {
        agree(folder.path(), &[format!("{{\"value\":[{},{good}]}}", without(name))]);
        agree(folder.path(), &[format!("{{\"value\":[{good},{},{good}]}}", without(name))]);
    }
    let row = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T00", "0").to_json().replace("+00:00", "Z");
    let row = row.replace("usageStart", "usage\\u0053tart");
    agree(folder.path(), &[format!("{{\"value\":[{row}],\"x\":[{good}]}}")]);
    agree(folder.path(), &[format!("{{\"value\":[{good}],\"x\":[{good}]}}")]);
}

/// Several documents in a file are read row by row, and rows by more names than those of the API.
#[test]
fn on_more_than_one_document() {
    let folder = crate::support::tempdir().unwrap();
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0").to_json();
    let id = good.replacen("{\"id\":", "{\"Id\":\"x\",\"id\":", 1);
    let tags = good.replacen("\"quantity\":", "\"tags\":\"a\",\"Tags\":\"b\",\"quantity\":", 1);
    for line in [&good, &id, &tags] {
        for after in ["", "[]", "{\"value\":[]}", "\n{\"value\":[]}\n", "{}", "1"] {
            agree(folder.path(), &[format!("{{\"value\":[{line},{good}]}}{after}")]);
        }
    }
}

/// What tables intern is no instance of a page.
#[test]
fn on_a_page_beside_a_table() {
    let folder = crate::support::tempdir().unwrap();
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0").to_json();
    let table = format!(
        "SubscriptionId,MeterId,UsageStartTime,UsageEndTime,InstanceData,Quantity\r\n{SUB_A},{VM_HOURS},2026-10-05T13:00:00Z,2026-10-05T14:00:00Z,cell,1\r\n"
    );
    let (before, after) = good.split_once("\"instanceData\":").unwrap();
    let after = &after[after.find(",\"quantity\"").unwrap()..];
    for instance in ["\u{1}cell", "null", "\"cell\"", "{}"] {
        let odd = format!("{{\"value\":[{before}\"instanceData\":{instance}{after}]}}");
        agree(folder.path(), &[table.clone(), odd.clone(), odd]);
    }
}

/// Heads that never repeat fill the memory within a page, which goes to the twin then.
#[test]
fn on_a_page_that_repeats_nothing() {
    let folder = crate::support::tempdir().unwrap();
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0").to_json();
    let named = |at: usize| good.replacen("\"properties\":", &format!("\"name\":\"{at:040000}\",\"properties\":"), 1);
    let lines: Vec<String> = (0..440).map(named).collect();
    agree(folder.path(), &[format!("{{\"value\":[{}]}}", lines.join(",")), format!("{{\"value\":[{good},{good}]}}")]);
}

/// Lines of both APIs, and of two providers.
#[test]
fn on_who_was_asked() {
    let folder = crate::support::tempdir().unwrap();
    let good = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0").to_json();
    let tenant = good.replace(PROVIDER, SUB_A);
    let other = good.replace(PROVIDER, "0be4a700-0000-4000-8000-000000000002");
    let page = |lines: &[&str]| format!("{{\"value\":[{}]}}", lines.join(","));
    agree(folder.path(), &[page(&[&good, &tenant])]);
    agree(folder.path(), &[page(&[&good, &good]), page(&[&other, &good]), page(&[&other])]);
    agree(folder.path(), &[page(&[&tenant]), page(&[&good])]);
}
