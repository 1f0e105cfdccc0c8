//! The fast reader of JSON and its twin, which validates, read the same: lines, rejects, notes, refusals.

use std::collections::BTreeSet;
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
pub(super) type Seen = (Day, u8, String, String, String, Quantity, u32, u32);

/// What a reader says of some files of one export, or why it refuses them; and the texts that it interned.
pub(super) type Said = Result<(Vec<Seen>, Vec<ExportRecord>, String), String>;

fn read(files: &[InputFile], pages: Pages) -> (Said, BTreeSet<String>) {
    read_with(files, &Reading { pages, ..Reading::default() })
}

pub(super) fn read_with(files: &[InputFile], reading: &Reading) -> (Said, BTreeSet<String>) {
    let gathered = gather(&stamp_folder(files.to_vec()), reading, LedgerRules::default(), &Control::silent());
    let lines = match gathered {
        Ok(lines) => lines,
        Err(error) => return (Err(format!("{error} {:?}", error.hint)), BTreeSet::new()),
    };
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
    let texts = lines.texts.into_texts();
    let texts = texts.iter().flat_map(|texts| texts.iter().map(|(_, text)| text.to_owned())).collect();
    (Ok((seen, lines.exports, format!("{:?}", lines.findings))), texts)
}

#[track_caller]
pub(super) fn agree(folder: &Path, pages: &[impl AsRef<[u8]>]) {
    let files = written(folder, pages);
    let ((fast, texts), (twin, named)) = (read(&files, Pages::Usual), read(&files, Pages::Validated));
    // Where the fast reader gave up, it may have interned a text that no line names in the end; none is missing.
    assert!(fast.is_err() || texts.is_superset(&named), "{named:?} {texts:?}");
    let shown = || pages.iter().map(|page| String::from_utf8_lossy(page.as_ref()).into_owned()).collect::<Vec<_>>();
    assert!(fast == twin, "{}\n\nfast: {fast:?}\n\ntwin: {twin:?}", shown().join("\n\n"));
    let longest = pages.iter().map(|page| page.as_ref().len()).max().unwrap_or_default();
    for bytes in pieces_of(longest) {
        let (pieces, texts) = read(&files, Pages::InPieces(bytes));
        assert!(pieces.is_err() || texts.is_superset(&named), "{named:?} {texts:?}");
        assert!(
            are_same(&pieces, &twin),
            "{}\n\nin pieces of {bytes}: {pieces:?}\n\ntwin: {twin:?}",
            shown().join("\n\n")
        );
    }
}

/// Files of these bytes.
pub(super) fn written(folder: &Path, files: &[impl AsRef<[u8]>]) -> Vec<InputFile> {
    let file = |(at, bytes): (usize, &_)| {
        let (name, path) = (format!("page-{at}"), folder.join(at.to_string()));
        fs::write(&path, bytes).unwrap();
        InputFile { name, path }
    };
    files.iter().enumerate().map(file).collect()
}

/// Whether files in pieces are read as another reader reads them.
pub(super) fn are_same(pieces: &Said, other: &Said) -> bool {
    match (pieces, other) {
        (Err(refused), Err(other)) => are_alike(refused, other),
        _ => pieces == other,
    }
}

/// Whether two refusals name the same place. Of several faults in its bytes, a file in pieces has the first one named.
fn are_alike(refused: &str, other: &str) -> bool {
    let place = |error: &str| error.split_once(": ").map(|(place, _)| place.to_owned());
    let is_about_bytes =
        ["zero byte", "UTF-8", "two encodings", "an empty file"].iter().any(|text| other.contains(text));
    place(refused) == place(other) || is_about_bytes
}

/// Bytes of the pieces that a file is read in: few, some rows, all.
fn pieces_of(bytes: usize) -> [usize; 3] {
    [bytes / 50 + 1, bytes / 4 + 1, bytes + 1]
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
        "],\"next_link\":\"https://x/?reportedStartTime=2026-10-05T00%3a00%3a00Z\"}",
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

/// The JSON of a row's values.
#[derive(Clone, Debug)]
struct RowJson {
    id: String,
    start: String,
    end: String,
    instance: &'static str,
    quantity: String,
    meter: &'static str,
    odd: &'static str,
}

impl RowJson {
    /// The row as a producer writes it: names in its spelling and order, with or without blanks.
    fn written(&self, producer: usize) -> String {
        let Self { id, start, end, instance, quantity, meter, odd } = self;
        let row_id = format!("\"/subscriptions/{PROVIDER}/providers/Microsoft.Commerce/UsageAggregate/x\"");
        match producer {
            0 => format!(
                r#"{{"id":{row_id},"properties":{{"subscriptionId":{id},"usageStartTime":{start},"usageEndTime":{end},"instanceData":{instance},"quantity":{quantity},"meterId":{meter}{odd}}}}}"#
            ),
            1 => format!(
                "{{\n  \"id\": {row_id},\n  \"properties\": {{\n    \"subscriptionId\": {id},\n    \"usageStartTime\": {start},\n    \"usageEndTime\": {end},\n    \"instanceData\": {instance},\n    \"quantity\": {quantity},\n    \"meterId\": {meter}{odd}\n  }}\n}}"
            ),
            2 => format!(
                "{{\r\n    \"Id\":  {row_id},\r\n    \"InstanceData\":  {instance},\r\n    \"Location\":  null,\r\n    \"MeterId\":  {meter}{odd},\r\n    \"Quantity\":  {quantity},\r\n    \"SubscriptionId\":  {id},\r\n    \"UsageEndTime\":  {end},\r\n    \"UsageStartTime\":  {start}\r\n}}"
            ),
            3 => format!(
                r#"{{ "Name":"n","Properties": {{"InstanceData":{instance}, "MeterId":{meter}, "Quantity":{quantity},"SubscriptionId":{id},"UsageStartTime":{start},"UsageEndTime":{end}{odd}}},"Id":{row_id} }}"#
            ),
            4 => format!(
                r#"{{"usage_end_time": {end}, "usage_start_time": {start}, "subscription_id": {id}, "instance_data": {instance}, "meter_id": {meter}, "quantity": {quantity}{odd}}}"#
            ),
            5 => format!(
                r#"{{"Id":{row_id},"MeterId":{meter},"Quantity":{quantity},"UsageStartTime":{start},"UsageEndTime":{end},"additionalInfo":null,"location":"north","tags":null,"subscription":{id},"resourceUri":"/a"{odd}}}"#
            ),
            _ => format!(
                r#"{{"subscription":{id},"UsageStartTime":{start},"UsageEndTime":{end},"MeterId":{meter},"Quantity":{quantity},"tags":"t","resourceUri":{instance},"RateCardMeterId":"Unknown"{odd}}}"#
            ),
        }
    }
}

/// Values of rows, most of them plain, with times that the whole file decides about and values that set a row aside.
fn row_json() -> impl Strategy<Value = RowJson> {
    let id = prop::sample::select(vec![SUB_A, SUB_A, SUB_B, SUB_B, "", " x", "{5ab}"]);
    let times = prop_oneof![
        30 => (0_u32..23).prop_map(|hour| [hour, hour + 1].map(|hour| format!("\"2026-10-05T{hour:02}:00:00+00:00\""))),
        3 => (0_i64..23).prop_map(|hour| {
            [hour, hour + 1].map(|hour| format!("\"\\/Date({})\\/\"", 1_791_158_400_000 + hour * 3_600_000))
        }),
        1 => prop::sample::select(vec![
            ["\"2026-10-05T00:00:00\"", "\"2026-10-05T01:00:00\""],
            ["\"5/10/2026 1:00:00 PM\"", "\"5/10/2026 2:00:00 PM\""],
            ["\"\\u0032026-10-05T00:00:00Z\"", "\"2026-10-05T01:00:00Z\""],
            ["\"2026-10-05T00:00:00Z\"", "\"2026-10-05T01:30:00Z\""],
            ["\"2569-10-05T00:00:00Z\"", "\"2569-10-05T01:00:00Z\""],
            ["\"\\/Date(1791158400000)\\/\"", "\"2569-10-05t01:00:00Z\""],
            ["null", "\"2026-10-05T01:00:00Z\""],
            ["1759622400", "[]"],
            ["{\"value\":\"2026-10-05T00:00:00Z\"}", "\"2026-10-05T01:00:00Z\""],
        ])
        .prop_map(|times| times.map(str::to_owned)),
    ];
    let instance = any(&[
        r#""{\"Microsoft.Resources\":{\"resourceUri\":\"/a\"}}""#,
        r#""{\"Microsoft.Resources\":{\"resourceUri\":\"/b\"}}""#,
        r#""\\""#,
        r#""properties""#,
        r#""usage_start_time""#,
        "null",
        r#"{"properties":1}"#,
        r#""\u00""#,
    ]);
    let quantity = prop_oneof![
        20 => "[0-9]{1,2}\\.[0-9]{1,5}",
        3 => "\"[0-9]{1,2}\"",
        1 => prop::sample::select(vec!["-1.0", "null", "\" 2 \"", "\"2,5\"", "1e400", "\"x\"", "\"2\t\"", "\"\\u0032\"", "00", "NaN"]).prop_map(str::to_owned),
    ];
    let meter = any(&[
        "\"6dab500f-a4fd-49c4-956d-229bb9c8c793\"",
        "\"9cd92d4c-bafd-4492-b278-bedc2de8232a\"",
        "\"\"",
        "7",
        "\"\\u0041\"",
    ]);
    let odd = any(&[
        "",
        r#","Name":"n""#,
        r#","meterCategory":"Storage","unit":"GB""#,
        r#","quantity":3"#,
        r#","tags":"u""#,
        r#","x":{"}}":["{",{}]}"#,
        r#","value":[]"#,
        r#","x""#,
    ]);
    (id, times, instance, quantity, meter, odd).prop_map(|(id, [start, end], instance, quantity, meter, odd)| RowJson {
        id: format!("\"{id}\""),
        start,
        end,
        instance,
        quantity,
        meter,
        odd,
    })
}

/// A file of rows as a producer writes them, in one of the ways that files are put together.
fn produced() -> impl Strategy<Value = String> {
    let rows = prop::collection::vec((row_json(), 1_usize..3), 0..14);
    let producer = 0_usize..7;
    (rows, producer, prop::option::weighted(0.1, 0_usize..7), 0_usize..9).prop_map(
        |(rows, producer, other, container)| {
            let rows: Vec<String> = rows
                .iter()
                .enumerate()
                .flat_map(|(at, (row, times))| {
                    let producer = other.filter(|_| at == 3).unwrap_or(producer);
                    std::iter::repeat_n(row.written(producer), *times)
                })
                .collect();
            let (first, second) = rows.split_at(rows.len() / 2);
            let list = |rows: &[String]| rows.join(",");
            match container {
                0 => format!("{{\"value\":[{}]}}", list(&rows)),
                1 => format!(
                    "{{\"value\":[{}],\"nextLink\":\"https://x/?a=}}\"}}\n{{\"value\":[{}]}}",
                    list(first),
                    list(second)
                ),
                2 => format!("[\n{}\n]\n", rows.join(",\n")),
                3 => rows.join("\n"),
                4 => format!("[{{\"value\":[{}]}},{{\"value\":[{}]}}]", list(first), list(first)),
                5 => format!("{{\n  \"UsageAggregations\": [ {} ],\n \"ContinuationToken\": null}}", list(&rows)),
                6 => format!("[{}]{{\"x\":1,\"value\":[{}]}}", list(first), list(second)),
                7 => format!("[{0},{0}]", list(&rows)),
                _ => format!("{{\"value\":[{0}],\"x\":[1]}}{{ \"Value\" : [{0}],\"error\":null}}", list(&rows)),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(50, 400)))]

    #[test]
    fn of_every_producer_and_however_put_together(files in prop::collection::vec(produced(), 1..3)) {
        agree(crate::support::tempdir().unwrap().path(), &files);
    }

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
