//! What was saved again counts once, wherever the boundaries of files are; single equal lines both count.

use super::{Read, Right, WithRejects, check, csv, day, root_of};
use crate::support::{Line, SUB_A, VM_HOURS, page, receipt, table, tries};

/// Lines whose quantities tell them apart in a sum.
fn row(at: u32) -> Line {
    Line { resource: format!("vm-{at}"), ..day("2026-10-05", &(1 << at).to_string()) }
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn whatever_was_saved_again_counts_once() {
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| row(at).to_json());
    let [first, second, third] = [&[&a, &b][..], &[&c], &[&d]].map(|rows| {
        let rows: Vec<&str> = rows.iter().map(|text| text.as_str()).collect();
        format!("{{\"value\":[{}]}}", rows.join(","))
    });
    let bad = format!("{{\"value\":[{a},{}]}}", row(1).to_json().replace("\"quantity\":2", "\"quantity\":-2"));
    let days = ["2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z"];
    let usage = |quantity: &'static str| (days[0], days[1], quantity);
    let sheet =
        |quantities: &[&'static str]| csv(&quantities.iter().map(|quantity| usage(quantity)).collect::<Vec<_>>());
    let body = |quantities: &[&'static str]| sheet(quantities).split_once('\n').unwrap().1.to_owned();
    type Files = Vec<(&'static str, Vec<u8>)>;
    let one = |text: String| -> Files { vec![("a.json", text.into_bytes())] };
    let in_table = |text: String| -> Files { vec![("a.csv", text.into_bytes())] };
    let both = |x: String, y: String| -> Files { vec![("a.json", x.into_bytes()), ("b.json", y.into_bytes())] };
    let shapes: Vec<(&str, Files, &str, bool)> = vec![
        ("a page behind itself", one(format!("{first}{first}")), "3", true),
        ("three times, a line each", one(format!("{first}\n{first}\r\n{first}\n")), "3", true),
        ("a page behind another", one(format!("{first}\n{second}\n{first}\n")), "7", true),
        ("pages in a list", one(format!("[{first},{second},{first}]")), "7", true),
        ("a list of rows", one(format!("[{a},{b}]\n[{a},{b}]")), "3", true),
        ("a list of one row", one(format!("[{a}][{a}]")), "1", true),
        ("rows of a list", one(format!("[{a},{b},{a},{b}]")), "3", true),
        ("rows, a line each", one(format!("{a}\n{b}\n{c}\n{a}\n{b}\n{c}\n{d}\n")), "15", true),
        ("with marks between", one(format!("{first}\n\u{feff}{first}")), "3", true),
        ("in UTF-16", vec![("a.json", utf16(&format!("{first}\r\n{first}\r\n")))], "3", true),
        ("a table with its header", in_table(format!("{0}{0}", sheet(&["1", "2"]))), "3", true),
        ("a table of one row with its header", in_table(format!("{0}{0}", sheet(&["1"]))), "1", true),
        (
            "a table without its header",
            in_table(format!("{}{}", sheet(&["1", "2", "1"]), body(&["1", "2", "1", "4"]))),
            "8",
            true,
        ),
        (
            "a table, and the same with more",
            in_table(format!("{}{}{}", sheet(&["1", "2"]), body(&["1", "2"]), sheet(&["4"]))),
            "7",
            true,
        ),
        (
            "the second of two tables",
            in_table(format!("{}{}{}", sheet(&["1"]), sheet(&["2"]), sheet(&["2"]))),
            "3",
            true,
        ),
        ("a file in another", both(first.clone(), format!("{first}{second}")), "7", true),
        ("the other way round", both(format!("{first}\n{second}\n"), format!("{second}\n")), "7", true),
        ("parts of two files", both(format!("{first}{second}"), format!("{second}\n{third}")), "15", true),
        (
            "a table in another",
            vec![
                ("a.csv", sheet(&["1", "2"]).into()),
                ("b.csv", format!("{}{}", sheet(&["1", "2"]), sheet(&["4"])).into()),
            ],
            "7",
            true,
        ),
        // These are not.
        ("a row twice in a list", one(format!("[{a},{a}]")), "2", false),
        ("a row twice in a table", in_table(sheet(&["1", "1"])), "2", false),
        ("four equal rows", in_table(sheet(&["1", "1", "1", "1"])), "4", false),
        ("a row twice alone", one(format!("{a}\n{a}\n")), "2", false),
        ("rows that go on otherwise", in_table(sheet(&["1", "2", "1", "4"])), "8", false),
        ("an empty page twice", one(format!("{first}{{\"value\":[]}}{{\"value\":[]}}")), "3", false),
    ];
    for (name, files, sum, is_found) in shapes.into_iter().step_by(tries(2, 1) as usize) {
        let files: Vec<(String, Vec<u8>)> =
            files.into_iter().map(|(file, bytes)| (format!("2026-10-05/{file}"), bytes)).collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let root = root_of(&files);
        let day = [("2026-10-05", sum)];
        let ran = root.run(&[]).expect(0);
        assert_eq!(super::quantities(&root), super::owned(&day), "{name}: {}", ran.transcript());
        let found = crate::support::findings(&root.out());
        assert_eq!(found.iter().any(|code| code == "page_saved_twice"), is_found, "{name}: {found:?}");
        // Nothing is lost: what was read is what was used and what was left out.
        let lines = receipt(&root.out())["lines"].clone();
        let number = |key: &str| lines[key].as_i64().unwrap();
        assert_eq!(number("read"), number("used") + number("rejected") + number("dropped"), "{name}: {lines}");
        assert_eq!(number("dropped") > 0, is_found, "{name}: {lines}");
        // And a second run, which takes the export as it is known, says the same.
        let published = table(&root.out(), "lines");
        root.run(&[]).expect(0);
        assert_eq!(table(&root.out(), "lines"), published, "{name}");
        if tries(0, 1) > 0 {
            root.run(&["--full"]).expect(0);
            assert_eq!(table(&root.out(), "lines"), published, "{name}");
        }
    }
    let root = root_of(&[("2026-10-05/a.json", format!("{bad}{bad}").as_bytes())]);
    let right: Right<'_> = WithRejects(1, &[("2026-10-05", "1")], &["page_saved_twice"]);
    check("what is set aside in it is set aside once", &root, &[], &right);
}

/// Rows keep their places in the file, so that `why` and `rejects` lead to them.
#[test]
fn rows_behind_a_repetition_keep_their_places() {
    let hour = |at: u32| Line::hourly(SUB_A, VM_HOURS, &format!("2026-10-05T{at:02}"), &format!("{}", 1 << at));
    let text = format!("{0}{0}{1}", page(&[hour(0), hour(1)]), page(&[hour(2)]));
    let root = root_of(&[("2026-10-05/a.json", text.as_bytes())]);
    check("three pages", &root, &[], &Read(&[("2026-10-05", "7")], &["page_saved_twice"]));
    let rows: Vec<String> = table(&root.out(), "lines").iter().map(|row| super::cell(row, "row").to_owned()).collect();
    assert_eq!(rows, ["1", "2", "5"]);
}
