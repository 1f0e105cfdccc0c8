//! `read`: pages and what a line may look like; every reason to set one aside; every file that is refused.

use std::fs;

use stacktally::control::Control;
use stacktally::domain::ledger::LedgerRules;
use stacktally::error::Result;
use stacktally::read::{Reading, StampLines, gather};
use stacktally::store::InputFile;

use crate::support::{Line, SUB_A, VM_HOURS, page, stamp_folder};

/// Gathers one export of one window from pages given as bytes.
fn gathered(pages: &[&[u8]]) -> Result<StampLines> {
    let folder = crate::support::tempdir().unwrap();
    let files = pages.iter().enumerate().map(|(at, bytes)| {
        let name = format!("page-{}.json", at + 1);
        let path = folder.path().join(&name);
        fs::write(&path, bytes).unwrap();
        InputFile { name, path }
    });
    gather(&stamp_folder(files.collect()), &Reading::default(), LedgerRules::default(), &Control::silent())
}

/// Lines and rejects of one page, as text.
fn shown(page: &str) -> Vec<String> {
    let lines = gathered(&[page.as_bytes()]).unwrap();
    let mut shown = Vec::new();
    for day in lines.days.days() {
        for chunk in lines.days.take(day).unwrap().into_iter().map(|chunk| chunk.lines) {
            for at in 0..chunk.len() {
                shown.push((
                    chunk.row[at],
                    format!(
                        "{day} {} {:02} {} {} {}",
                        chunk.slot[at].granularity(),
                        chunk.slot[at].hour(),
                        lines.texts.user_subscriptions.text(chunk.user_subscription[at]),
                        lines.texts.meters.text(chunk.meter[at]),
                        chunk.quantity[at],
                    ),
                ));
            }
        }
    }
    for file in &lines.exports[0].files {
        for reject in &file.rejects {
            shown.push((reject.row, format!("{}: {}", reject.reason, reject.text.as_deref().unwrap_or("-"))));
        }
    }
    shown.sort();
    shown.into_iter().map(|(row, text)| format!("{row} {text}")).collect()
}

/// One line that differs from a good one in one property, beside a good one.
#[track_caller]
fn check_line(from: &str, to: &str, expected: &str) {
    let good = Line::hourly("SUB", "METER", "2026-10-05T13", "1.0");
    let odd = good.to_json().replace(from, to);
    assert_ne!(odd, good.to_json(), "{from} does not occur");
    let rows = shown(&format!(r#"{{"value":[{odd},{}]}}"#, good.to_json()));
    assert_eq!(rows, [format!("1 {expected}"), "2 2026-10-05 Hourly 13 SUB METER 1".to_owned()]);
}

#[test]
fn the_forms_of_a_good_line() {
    let good = "2026-10-05 Hourly 13 SUB METER";
    check_line("\"quantity\":1.0", "\"quantity\":\"2.5\"", &format!("{good} 2.5"));
    check_line("\"quantity\":1.0", "\"quantity\":8.3819031715393066E-08", &format!("{good} 0.000000083819031715"));
    check_line("\"quantity\":1.0", "\"quantity\" : 3 ", &format!("{good} 3"));
    check_line("T13:00:00+00:00", "T13:00:00.0000000Z", &format!("{good} 1"));
    check_line("T13:00:00+00:00", "T13:00+00:00Z", &format!("{good} 1"));
    check_line("\"subscriptionId\":\"SUB\"", r#""subscriptionId":"S\u0055B""#, &format!("{good} 1"));
    check_line("\"meterId\":\"METER\"", "\"unknown\":[{\"deep\":[1]}],\"meterId\":\"METER\"", &format!("{good} 1"));
    check_line("\"instanceData\":", "\"instanceData\":null,\"was\":", &format!("{good} 1"));
    check_line("{\"id\":", "{\"nextLink\":\"\",\"id\":", &format!("{good} 1"));
}

/// As the documentation of the tenant usage API prints one, with the extra fields that public Azure sends.
#[test]
fn a_line_of_the_tenant_api() {
    let page = r#"{
      "value": [
        {
          "id": "/subscriptions/5ab00000-0000-4000-8000-00000000000a/providers/Microsoft.Commerce/UsageAggregate/5ab00000-0000-4000-8000-00000000000a-meterID1",
          "name": "5ab00000-0000-4000-8000-00000000000a-meterID1",
          "type": "Microsoft.Commerce/UsageAggregate",
          "properties": {
            "subscriptionId": "5ab00000-0000-4000-8000-00000000000a",
            "usageStartTime": "2026-10-04T00:00:00+00:00",
            "usageEndTime": "2026-10-05T00:00:00+00:00",
            "instanceData": "{\"Microsoft.Resources\":{\"resourceUri\":\"resourceUri1\",\"location\":\"Alaska\",\"tags\":null,\"additionalInfo\":null}}",
            "quantity": 2.4000000000,
            "meterName": "", "meterCategory": "", "unit": "", "infoFields": {},
            "meterId": "meterID1"
          }
        }
      ]
    }"#;
    assert_eq!(shown(page), ["1 2026-10-04 Daily 00 5ab00000-0000-4000-8000-00000000000a meterID1 2.4"]);
}

#[test]
fn every_reason_to_set_a_line_aside() {
    let time = r#""usageStartTime":"2026-10-05T13:00:00+00:00""#;
    check_line(
        "\"properties\":{",
        "\"property\":{",
        &format!("not_a_usage_line: {}", {
            Line::hourly("SUB", "METER", "2026-10-05T13", "1.0").to_json().replace("\"properties\":{", "\"property\":{")
        }),
    );
    check_line("\"subscriptionId\":\"SUB\"", "\"subscriptionId\":null", "user_subscription_missing: -");
    check_line("\"subscriptionId\":\"SUB\",", "", "user_subscription_missing: -");
    check_line("\"subscriptionId\":\"SUB\"", "\"subscriptionId\":\" \"", "user_subscription_missing: \" \"");
    check_line("\"subscriptionId\":\"SUB\"", "\"subscriptionId\":5", "user_subscription_missing: 5");
    check_line("\"meterId\":\"METER\"", "\"meterId\":\"\"", "meter_missing: \"\"");
    check_line(time, "\"usageStartTime\":null", "usage_time_missing: -");
    check_line(time, "\"usageStartTime\":5", "usage_time_unreadable: 5/2026-10-05T14:00:00+00:00");
    check_line(time, "\"usageStartTime\":\"yesterday\"", "usage_time_unreadable: yesterday/2026-10-05T14:00:00+00:00");
    check_line(
        time,
        "\"usageStartTime\":\"0001-01-01T00:00:00Z\"",
        "usage_time_out_of_range: 0001-01-01T00:00:00Z/2026-10-05T14:00:00+00:00",
    );
    check_line(
        time,
        "\"usageStartTime\":\"2026-10-05T12:00:00Z\"",
        "usage_time_not_whole: 2026-10-05T12:00:00Z/2026-10-05T14:00:00+00:00",
    );
    check_line(
        time,
        "\"usageStartTime\":\"2026-10-05T13:30:00Z\"",
        "usage_time_not_whole: 2026-10-05T13:30:00Z/2026-10-05T14:00:00+00:00",
    );
    check_line("\"quantity\":1.0", "\"quantity\":null", "quantity_missing: -");
    check_line("\"quantity\":1.0", "\"quantity\":\"\"", "quantity_missing: \"\"");
    check_line("\"quantity\":1.0", "\"quantity\":\"12,5\"", "quantity_unreadable: 12,5");
    check_line("\"quantity\":1.0", "\"quantity\":{\"amount\":1}", "quantity_unreadable: {\"amount\":1}");
    check_line("\"quantity\":1.0", "\"quantity\":-0.5", "quantity_negative: -0.5");
    check_line("\"quantity\":1.0", "\"quantity\":1e20", "quantity_too_large: 1e20");
}

#[test]
fn the_first_reason_counts() {
    let all_wrong = r#"{"properties":{"quantity":-1,"usageStartTime":"never"}}"#;
    check_line(
        &Line::hourly("SUB", "METER", "2026-10-05T13", "1.0").to_json(),
        all_wrong,
        "user_subscription_missing: -",
    );
}

#[test]
fn elements_that_are_no_lines_cost_only_themselves() {
    let good = Line::hourly("SUB", "METER", "2026-10-05T13", "1.0").to_json();
    let twice = good.replace("\"meterId\"", "\"quantity\":7,\"meterId\"");
    let rows = shown(&format!("{{\"value\":[null,7,\"text\",[],{{}},{{\"properties\":[]}},{twice},{good}]}}"));
    let twice = format!("7 not_a_usage_line: {twice}");
    assert_eq!(
        rows,
        [
            "1 not_a_usage_line: null",
            "2 not_a_usage_line: 7",
            "3 not_a_usage_line: \"text\"",
            "4 not_a_usage_line: []",
            "5 not_a_usage_line: {}",
            "6 not_a_usage_line: {\"properties\":[]}",
            twice.as_str(),
            "8 2026-10-05 Hourly 13 SUB METER 1",
        ]
    );
}

/// The refusal of a page, its place first.
#[track_caller]
fn check_refused(page: &[u8], expected: &str) {
    let error = gathered(&[page]).expect_err("the page should be refused");
    assert!(error.hint.is_some(), "{error} has no hint");
    let cause = error.source.as_ref().map_or(String::new(), |source| format!(": {source}"));
    assert_eq!(format!("{error}{cause}"), expected);
}

#[test]
fn files_that_are_no_pages_are_refused() {
    check_refused(b"", "page-1.json: an empty file, where a page of usage was expected");
    check_refused(b" \n", "page-1.json: an empty file, where a page of usage was expected");
    check_refused(b"<html>", "page-1.json: HTML or XML, where a page of usage was expected");
    check_refused(
        b"Id,Name",
        "page-1.json: begins with \"Id,Name\", where a page of usage was expected, as JSON or as a table",
    );
    check_refused(b"{}", "page-1.json: an object with nothing, where a page of usage was expected");
    check_refused(b"{\"Values\":[]}", "page-1.json: an object with `Values`, where a page of usage was expected");
    check_refused(b"[{}]", "page-1.json: its line cannot be used: not a usage line, such as row 1: {}");
    check_refused(
        br#"{"error":{"code":"GatewayTimeout","message":"too slow"}}"#,
        "page-1.json: an error body, where a page of usage was expected: GatewayTimeout: too slow",
    );
    check_refused(br#"{"error":"denied"}"#, "page-1.json: an error body, where a page of usage was expected: denied");
    check_refused(
        b"{\"value\":\n  [{]}",
        "page-1.json:2:5: not a page of usage: key must be a string at line 2 column 5",
    );
    check_refused(
        b"{\"value\":7}",
        "page-1.json:1:10: not a page of usage: invalid type: integer `7`, expected a sequence at line 1 column 10",
    );
    check_refused(
        b"{\"value\":[]} 7",
        "page-1.json:1:14: not a page of usage: invalid type: integer `7`, expected an object at line 1 column 14",
    );
    check_refused(
        b"{\"value\":[]}\n\n  {\"value\":\n 7}\n",
        "page-1.json:4:2: not a page of usage: invalid type: integer `7`, expected a sequence at line 4 column 2",
    );
    check_refused(
        b"[{\"value\":[]},\n {\"value\":[],\"value\":[]}]",
        "page-1.json:2:20: not a page of usage: `value` stands in it twice at line 2 column 20",
    );
    check_refused(
        b"{\"value\":[]} {",
        "page-1.json:1:14: the JSON ends in the middle: a page of usage that was cut off",
    );
    check_refused(b"{\"value\":[\"\xff\"]}", "page-1.json:1:12: byte 0xff is not UTF-8 text");
    check_refused(
        b"\x1f\x8b\x08\x00trash",
        "page-1.json: compressed bytes that cannot be decompressed: unexpected end of file",
    );
    check_refused(
        br#"{"value":[{"subscriptionId":"x"}]}"#,
        "page-1.json: its line cannot be used: not a usage line, such as row 1: {\"subscriptionId\":\"x\"}",
    );
}

#[test]
fn a_page_cut_anywhere_is_refused() {
    let whole = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]);
    for length in 1..whole.len() {
        let error = gathered(&[&whole.as_bytes()[..length]]).expect_err("a cut page should be refused");
        assert!(error.to_string().contains("the JSON ends in the middle"), "{length}: {error}");
    }
}

#[test]
fn encodings_and_compressions_are_recognised_by_their_bytes() {
    let text = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]);
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
    };
    let gzip = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for bytes in [
        text.clone().into_bytes(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(u16::to_le_bytes, [0xff, 0xfe]),
        utf16(u16::to_be_bytes, [0xfe, 0xff]),
        gzip.clone(),
        zstd::encode_all(text.as_bytes(), 1).unwrap(),
    ] {
        let lines = gathered(&[&bytes]).unwrap();
        assert_eq!(lines.exports[0].files[0].read.lines, 1);
    }
    let error = gathered(&[&gzip[..gzip.len() - 5]]).expect_err("cut gzip");
    assert_eq!(error.to_string(), "page-1.json: compressed bytes that cannot be decompressed");
}

#[test]
fn a_page_saved_twice_counts_once() {
    let first = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]);
    let other = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "2.0")]);
    let lines = gathered(&[first.as_bytes(), other.as_bytes(), first.as_bytes()]).unwrap();
    assert_eq!(lines.exports[0].files.len(), 2);
    assert_eq!(lines.exports[0].dropped[0].0.file.name, "page-3.json");
    assert_eq!(lines.findings[0].sentence, "page-3.json repeats page-1.json byte for byte and counts once");
    let empty = gathered(&[b"{\"value\":[]}", b"{\"value\":[]}"]).unwrap();
    let codes: Vec<&str> = empty.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["page_without_lines"; 2], "two empty pages prove no copy");
}

#[test]
fn a_chain_without_its_end_is_a_finding() {
    let chained = |link: &str| {
        page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0")]).replacen('{', &format!("{{{link},"), 1)
    };
    let whole = |link| gathered(&[chained(link).as_bytes()]).unwrap().exports[0].is_whole;
    assert!(!whole("\"nextLink\":\"https://next\""));
    assert!(!whole("\"NextLink\":\"https://next\""));
    assert!(whole("\"nextLink\":null"));
    assert!(whole("\"nextLink\":\"\""));
}

#[test]
fn an_export_that_contradicts_itself_is_refused() {
    let hourly = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0");
    let daily = Line { start: "2026-10-04T00:00:00Z".into(), end: "2026-10-05T00:00:00Z".into(), ..hourly.clone() };
    let late = Line { start: "2026-10-06T00:00:00Z".into(), end: "2026-10-06T01:00:00Z".into(), ..hourly.clone() };
    check_refused(
        page(&[hourly.clone(), daily]).as_bytes(),
        "window: an export that mixes granularities: row 1 of page-1.json counts an hour, row 2 of page-1.json a day",
    );
    check_refused(
        page(&[hourly.clone(), late]).as_bytes(),
        "page-1.json: row 2 is usage until 2026-10-06T01, after the end of its reported window 2026-10-06T00",
    );
    let half = Line { start: "2026-10-05T13:30:00Z".into(), end: "2026-10-05T14:30:00Z".into(), ..hourly };
    check_refused(
        page(&[half]).as_bytes(),
        "page-1.json: its line cannot be used: the usage time is neither a full UTC hour nor a full UTC day, such as row 1: 2026-10-05T13:30:00Z/2026-10-05T14:30:00Z",
    );
}

/// One line in every shape that JSON files of usage have (reference §3): the same facts, said under another name.
#[test]
fn every_json_shape_says_the_same() {
    let rest = r#"{"id":"x","properties":{"subscriptionId":"SUB","usageStartTime":"2026-10-05T13:00:00+00:00","usageEndTime":"2026-10-05T14:00:00+00:00","instanceData":"{}","quantity":2.5,"meterId":"METER"}}"#;
    let nested = r#"{"Id":"x","Properties":{"SubscriptionId":"SUB","UsageStartTime":"2026-10-05T13:00:00Z","UsageEndTime":"2026-10-05T14:00:00Z","InstanceData":"{}","Quantity":2.5,"MeterId":"METER","MeterName":"","InfoFields":{}}}"#;
    let flat = r#"{"Id":"x","InstanceData":"{}","Location":null,"Tags":"","MeterId":"METER","Quantity":2.5,"SubscriptionId":"SUB","UsageStartTime":"\/Date(1791205200000)\/","UsageEndTime":"\/Date(1791208800000+0200)\/"}"#;
    let table = r#"{"Id":"x","MeterId":"METER","MeterName":"m","Quantity":2.5,"UsageStartTime":"2026-10-05T13:00:00Z","UsageEndTime":"2026-10-05T14:00:00Z","additionalInfo":"","location":"l","tags":"","subscription":"SUB","resourceType":"t","resourceName":"n","resourceUri":"/u"}"#;
    let line = "2026-10-05 Hourly 13 SUB METER 2.5";
    // Otherwise the second would be the first once more.
    let other = rest.replacen("\"x\"", "\"y\"", 1);
    for (shape, texts) in [
        (
            "REST pages",
            vec![
                format!("{{\"value\":[{rest},{rest}]}}"),
                format!("{{\"value\":[{rest}],\"nextLink\":\"x\"}}\n{{\"value\":[{rest}]}}\n"),
                format!("{{\"value\":[{rest}]}}{{\"value\":[]}}{{\"value\":[{other}]}}"),
                format!("[{{\"value\":[{rest}]}},{{\"value\":[{other}]}}]"),
            ],
        ),
        ("REST rows", vec![format!("[{rest},{rest}]"), format!("{rest}\n{rest}"), format!("[{rest}] [{other}]")]),
        (
            "PowerShell pages",
            vec![format!("{{\"ContinuationToken\":null,\"NextLink\":null,\"UsageAggregations\":[{nested},{nested}]}}")],
        ),
        (
            "PowerShell rows",
            vec![format!("[{nested},{nested}]"), format!("[{flat},\r\n{flat}]"), format!("{flat}{flat}")],
        ),
        ("usage table as JSON", vec![format!("[{table},{table}]")]),
    ] {
        for text in texts {
            let lines = gathered(&[text.as_bytes()]).unwrap_or_else(|error| panic!("{text}: {error}"));
            let file = &lines.exports[0].files[0];
            assert_eq!(file.shape.map(stacktally::read::Shape::as_str), Some(shape), "{text}");
            assert!(lines.exports[0].is_whole, "{text}");
            assert_eq!(shown(&text), [format!("1 {line}"), format!("2 {line}")], "{text}");
        }
    }
    assert_eq!(shown(flat), [format!("1 {line}")], "a single row becomes an object");
    let instances = |text: &str| {
        gathered(&[text.as_bytes()]).unwrap().texts.into_texts()[2]
            .iter()
            .map(|(_, instance)| instance.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        instances(table),
        [r#"{"Microsoft.Resources":{"resourceUri":"/u","location":"l","tags":"","additionalInfo":""}}"#]
    );
    check_refused(
        format!("[{rest},{flat}]").as_bytes(),
        "page-1.json: row 2 has the shape of PowerShell rows, the rows before it that of REST rows",
    );
    check_refused(
        br#"{"value":[{"properties":"@{subscriptionId=x; quantity=1}"}]}"#,
        "page-1.json: rows whose properties PowerShell printed as text (`@{\u{2026}}`): their values are lost",
    );
}
