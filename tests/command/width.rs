//! Texts for people fit the terminal that they are shown on, whatever names they hold.

use std::collections::BTreeSet;

use serde_json::Value;
use textwrap::core::display_width;

use super::prices::HEADER;
use crate::support::{
    BILLED_A, Line, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, page, ran,
    stacktally,
};

/// Names of customers in wide and in combining characters, long figures, a price book, a second run that corrects the first.
fn published() -> TestRoot {
    let root = TestRoot::with_snapshots();
    let names = format!(
        "id,name\n{TENANT_A},株式会社コントソ・ジャパン\n{TENANT_B},Fabrikam Zu\u{308}rich Cafe\u{301}\n\
         {BILLED_A},株式会社コントソ (CSP)\n"
    );
    root.file("names.csv", names);
    let hours = "Virtual core hours";
    root.file(
        "prices.csv",
        format!(
            "{HEADER}{WINDOWS_HOURS},0.046,1,{hours},USD,,,0,,,,\n{WINDOWS_HOURS},0.04,1,{hours},USD,,,5,,,12.5,\n"
        ),
    );
    for (day, hours) in [("2026-10-05", "4.0123456789012345"), ("2026-10-06", "7.25")] {
        let lines = [
            Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T05"), hours),
            Line::hourly(SUB_B, WINDOWS_HOURS, &format!("{day}T06"), "0.5"),
            Line::hourly(SUB_B, VM_HOURS, &format!("{day}T06"), "0.123456789012345678"),
            Line::hourly(SUB_UNKNOWN, VM_HOURS, &format!("{day}T06"), "1"),
        ];
        root.file(&format!("north/usage/{day}/page.json"), page(&lines));
    }
    root.run(&[]).expect(0);
    root.stacktally(&["run", "--root", "root", "--out", "before"]).expect(0);
    let late = [Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-06T07", "12345678.000000000000000001")];
    root.file("north/usage/2026-10-07/page.json", page(&late));
    root.run(&[]).expect(0);
    root
}

fn commands() -> Vec<Vec<&'static str>> {
    vec![
        vec!["check", "--root", "root"],
        vec!["coverage", "--out", "out"],
        vec!["why", "--out", "out", "--date", "2026-10-06"],
        vec!["why", "--out", "out", "--month", "2026-10"],
        vec!["unregistered", "--out", "out"],
        vec!["statement", "2026-10", "--out", "out"],
        vec!["changes", "--out", "out"],
        vec!["compare", "before", "out"],
        vec!["history", "--root", "root"],
    ]
}

fn shown(root: &TestRoot, command: &[&str], columns: &str) -> String {
    let ran = ran(stacktally(root.folder()).args(command).env("COLUMNS", columns).output().unwrap());
    assert!(matches!(ran.code, 0 | 6), "{}", ran.transcript());
    anstream::adapter::strip_str(&ran.stdout).to_string()
}

#[test]
fn every_text_fits_its_terminal() {
    let root = published();
    for command in commands() {
        for columns in [60, 80, 120] {
            let text = shown(&root, &command, &columns.to_string());
            for line in text.lines() {
                assert!(display_width(line) <= columns, "{command:?} at {columns}: {line:?}\n{text}");
            }
        }
        // A pipe has the same width everywhere, and what is no width says nothing.
        let piped = root.stacktally(&command).stdout;
        for columns in ["120", "", "wide", "0"] {
            assert_eq!(
                shown(&root, &command, columns),
                anstream::adapter::strip_str(&piped).to_string(),
                "{command:?}"
            );
        }
    }
}

/// The figures and days of a JSON text, and what of them a person is shown.
fn figures(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let is_figure = ["quantity", "charge", "amount"].iter().any(|figure| name.contains(figure));
                found.extend(value.as_str().filter(|_| is_figure).map(str::to_owned));
                figures(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|entry| figures(entry, found)),
        _ => {}
    }
}

#[test]
fn figures_stay_whole_at_any_width() {
    let root = published();
    for command in [
        &["why", "--out", "out", "--date", "2026-10-06"][..],
        &["why", "--out", "out", "--month", "2026-10"],
        &["unregistered", "--out", "out"],
        &["changes", "--out", "out"],
    ] {
        let json = root.stacktally(&[command, &["--json"]].concat()).expect(0).stdout;
        let mut found = BTreeSet::new();
        figures(&serde_json::from_str(&json).unwrap(), &mut found);
        assert!(found.iter().any(|figure| figure.len() > 15), "{found:?}");
        for columns in ["60", "80", "200"] {
            let text = shown(&root, command, columns);
            // An amount is shown with all places of its currency.
            let plain = |word: &'_ str| match word.split_once('.') {
                Some(_) => word.trim_end_matches('0').trim_end_matches('.').to_owned(),
                None => word.to_owned(),
            };
            let words: BTreeSet<String> = text.split([' ', '\n', '(', ')', '+', ',']).map(plain).collect();
            let missing: Vec<&String> = found.iter().filter(|figure| !words.contains(*figure)).collect();
            assert_eq!(missing, Vec::<&String>::new(), "{command:?} at {columns}: {text}");
        }
    }
}

#[test]
fn short_ids_tell_all_apart_and_json_has_them_whole() {
    let root = published();
    let text = shown(&root, &["unregistered", "--out", "out"], "60");
    for (short, whole) in [("7e4a4700-…", TENANT_B), ("5ab00000-…000b", SUB_B), ("5ab00000-…00ff", SUB_UNKNOWN)] {
        assert!(text.contains(short) && !text.contains(whole), "{short}: {text}");
    }
    assert!(text.ends_with("\nids are shortened: --json has them whole\n"), "{text}");
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    assert!([TENANT_B, SUB_B, SUB_UNKNOWN].iter().all(|whole| json.contains(whole)), "{json}");
    // What is to be run is never shortened.
    let commands = shown(&root, &["unregistered", "--out", "out", "--commands"], "60");
    assert!(commands.contains(TENANT_B) && !commands.contains('…'), "{commands}");
}
