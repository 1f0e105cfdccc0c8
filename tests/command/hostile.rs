//! Input that is meant to harm whoever reads messages: none of it is repeated without bound, and nothing of it is obeyed.

use crate::support::{BILLED_A, DEFAULT, Line, SUB_A, TENANT_A, TestRoot, VM_HOURS, customers, page, tries};

/// More than any message says, hints and all.
const BYTES_MAX: usize = 12_000;

fn used() -> TestRoot {
    TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")])
}

/// A file, what it holds, what has to be said of it, and the exit code.
fn shapes() -> Vec<(&'static str, String, &'static str, i32)> {
    let usage = "north/usage/2026-10-05/page-2.json";
    let prices = "prices.csv";
    let long = "x".repeat(1 << 20);
    let keys: Vec<String> = (0..50_000).map(|at| format!("\"key{at}\":{at}")).collect();
    let columns: Vec<String> = (0..10_000).map(|at| format!("column{at}")).collect();
    let header = "meter_id,price,per,unit,currency";
    let row = |price: &str| format!("{VM_HOURS},{price},1,VM hours,EUR\n");
    let rows: String = (0..10_000).map(|at| row(&format!("x{at}"))).collect();
    vec![
        (usage, format!("{{{}}}", keys.join(",")), "`key0`, `key1`, ", 3),
        (usage, "x".repeat(10 << 20), "begins with \"xxx", 3),
        (usage, format!("{{\"error\":{{\"code\":\"A\\u001b[31m\",\"message\":\"{long}\"}}}}"), "A<U+001B>[31m: xxx", 3),
        (usage, format!("{{\"value\":[],\"{long}\":1"), "ends in the middle", 3),
        (usage, "[{\"code\":\"B\",\"message\":\"\u{202e}evil\u{200b}\"}]".to_owned(), "B: <U+202E>evil<U+200B>", 3),
        (
            usage,
            format!("SubscriptionId,MeterId,UsageStartTime,Quantity,{}\n", columns.join(",")),
            "without the column UsageEndTime",
            3,
        ),
        (prices, format!("{header},{}\n", columns.join(",")), "column 6 is called \"column0\"", 3),
        (prices, format!("{header},{long}\n"), "column 6 is called \"xxx", 3),
        (prices, format!("{header}\n{rows}"), "price \"x0\" is no number", 3),
        (prices, format!("{header}\n{}", row(&long)), "is no number", 3),
        (prices, format!("{header}\n{}", row("0\u{a0}5\u{202f}")), "price \"0<U+00A0>5\" is no number", 3),
        (prices, format!("{header}\n{}", row("\u{ff11}")), "price \"<U+FF11>\" is no number", 3),
        (prices, format!("{header}\n{}", row("\u{2212}1")), "price \"<U+2212>1\" is no number", 3),
        (
            prices,
            format!("{header}\n{}", row("1").replace("EUR", "Е\u{55}R")),
            "currency \"<U+0415>UR\" is no currency",
            3,
        ),
        ("prices/card.json", format!("{{\"Meters\":[],\"Currency\":\"{long}\"}}"), "the currency \"xxx", 3),
        (
            "names.csv",
            format!("id,name\n{TENANT_A},a\n{TENANT_A},b\n\u{1b}]0;title\u{7},c\n\u{1b}]0;title\u{7},d\n"),
            "<U+001B>]0;title<U+0007> stands",
            3,
        ),
        ("north/registration/2026-10-02.json", format!("{{\"id\":\"/{long}\"}}"), "the registration's id \"/xxx", 3),
        (
            "north/customer-subscriptions/2026-10-02.json",
            customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]).replace(TENANT_A, "7e4\u{430}4700\u{9b}"),
            "7e4<U+0430>4700<U+009B>",
            0,
        ),
        (
            "north/user-subscriptions/2026-10-02.json",
            format!("[{{\"subscriptionId\":[\"{long}\"]}}]"),
            "row 1 has a subscriptionId that is not text: [\"xxx",
            3,
        ),
        ("export\u{1b}[2J.csv", String::new(), "export<U+001B>[2J.csv", 3),
        (usage, page(&[Line::hourly(&"y".repeat(900), "m", "2026-10-05T13", "nothing")]), "", 3),
    ]
}

#[test]
fn no_text_of_the_input_is_repeated_without_bound() {
    // A megabyte in a table is slow to read unoptimised: the quick suite takes every sixth shape.
    for (file, content, said, code) in shapes().into_iter().step_by(tries(12, 1) as usize) {
        let root = used();
        root.file(file, &content);
        let ran = root.check(&[]);
        assert_eq!(ran.code, code, "{said}: {}", &ran.stderr[..ran.stderr.len().min(BYTES_MAX)]);
        let text = if code == 3 { &ran.stderr } else { &ran.stdout };
        assert!(text.contains(said), "{said}: {}", &text[..text.len().min(BYTES_MAX)]);
        for (what, flags) in
            [("text", &[][..]), ("log", &["--log-format", "text"]), ("JSON log", &["--log-format", "json"])]
        {
            let ran = root.check(flags);
            for text in [&ran.stdout, &ran.stderr] {
                let is_alike = content.matches('\n').count() > 1_000;
                // Rows that are wrong are all in a log, each on its line; 20 of them are on a terminal.
                let longest = text.lines().map(str::len).max().unwrap_or(0);
                assert!(
                    longest < BYTES_MAX && (is_alike || text.len() < 2 * BYTES_MAX),
                    "{what} {said}: {} bytes",
                    text.len()
                );
                let is_obeyed = |character: char| {
                    character.is_control() && character != '\n' || "\u{202e}\u{200b}\u{feff}".contains(character)
                };
                assert!(!text.contains(is_obeyed), "{what} {said}: {text:?}");
            }
        }
    }
}

/// Names of files are as long as file systems let them be, and are shown whole: somebody has to find them.
#[test]
fn names_of_files_are_shown_whole() {
    let root = used();
    let name = format!("{}\u{202e}\u{ad}.json", "n".repeat(240));
    root.file(&format!("north/usage/2026-10-05/{name}"), "{}");
    let ran = root.run(&[]).expect(3);
    assert!(
        ran.stderr.contains(&format!("{}<U+202E><U+00AD>.json: an object with nothing", "n".repeat(240))),
        "{}",
        ran.stderr
    );
}

/// Thousands of folders that do not belong are said as few.
#[test]
fn many_faults_are_said_as_few() {
    let root = used();
    for at in 0..3_000 {
        root.file(&format!("Wrong {at}/x"), "");
    }
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.len() < BYTES_MAX, "{} bytes", ran.stderr.len());
}

/// Names of customers stay as they are written.
#[test]
fn names_in_other_scripts_stay() {
    let root = used();
    let names = ["Контора Ёлка", "Ελληνική Α.Ε.", "株式会社\u{3000}日本", "Müller & Søn", "O’Neil – Sons"];
    for name in names {
        root.file("names.csv", format!("id,name\n5ab00000-0000-4000-8000-0000000000ee,{name}\n"));
        let ran = root.run(&[]).expect(0);
        let shown = crate::support::unwrapped(&ran.stdout);
        let name = crate::support::unwrapped(name);
        assert!(shown.contains(&format!("0000000000ee, {name})")), "{shown}");
    }
}
