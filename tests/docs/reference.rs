//! The reference pages. Those that the code knows are generated from it; those that are written by hand have a heading for
//! each published name, and no other. `STACKTALLY_BLESS=1 cargo test --test all -- docs::` rewrites the generated ones.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::{Arg, CommandFactory};
use stacktally::cli::args::Cli;
use stacktally::cli::metrics::FAMILIES;
use stacktally::domain::Attribution;
use stacktally::domain::finding::FindingCode;
use stacktally::domain::reject::RejectReason;
use stacktally::pipeline::DecidingSettings;
use stacktally::table::column::Column;
use stacktally::table::contract::TABLES;
use stacktally::table::flat::FLAT_TABLES;

use super::{lines_of, read};
use crate::support::rust_source::{sources, texts};
use crate::support::{project, ran, stacktally};

/// What each generated page begins with.
const GENERATED: &str = "<!-- Generated from the code by the tests: do not edit. -->";

/// Holds a generated page to the code, or writes it.
fn check_generated(page: &str, expected: &str) {
    let path = project().join(page);
    if std::env::var_os("STACKTALLY_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{page} is not what the code says: STACKTALLY_BLESS=1 writes it");
}

/// A text in a cell of a table, where nothing of it is markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace('\n', " ")
}

/// The help of a command as it is printed, or that of all.
fn help(command: Option<&str>) -> String {
    let folder = crate::support::tempdir().unwrap();
    let output = stacktally(folder.path()).arg("help").args(command).env("COLUMNS", "100").output().unwrap();
    let text = ran(output).expect(0).stdout;
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_of_commands_is_current() {
    let mut page = format!(
        "# Commands and flags\n\n{GENERATED}\n\nThis is what `stacktally --help` prints, and what each command prints with `--help`. Flags that can stand in a settings file are \
         listed in [Settings](settings.md).\n\n```text\n{}\n```\n",
        help(None)
    );
    for command in Cli::command().get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help") {
        write!(page, "\n## `{command}`\n\n```text\n{}\n```\n", help(Some(command))).unwrap();
    }
    check_generated("docs/reference/commands.md", &page);
}

/// Whether a flag can stand in a settings file, as the binary says.
fn is_a_key(folder: &Path, flag: &str) -> bool {
    fs::write(folder.join("settings.toml"), format!("{flag} = {{}}\n")).unwrap();
    let refused = ran(stacktally(folder).args(["check", "--settings", "settings.toml"]).output().unwrap()).expect(2);
    !refused.stderr.contains(&format!("unknown setting `{flag}`"))
}

/// What stands behind a key: `true`, a number, a list …
fn value_of(flag: &Arg) -> String {
    let named = flag.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let possible: Vec<String> =
        flag.get_possible_values().iter().map(|value| format!("`\"{}\"`", value.get_name())).collect();
    let is_list = flag.get_num_args().is_some_and(|count| count.max_values() > 1);
    match named {
        "BOOL" => "`true` or `false`".to_owned(),
        // As a flag it may stand alone; in a file that is `true`.
        "SEVERITY" => format!("`true` or {}", possible.join(" or ").replace("\"false\"", "false")),
        "N" | "DAYS" | "HOURS" | "PERCENT" => "a number".to_owned(),
        "FILE" | "ROOT" | "OUT" if !is_list => "a path".to_owned(),
        _ if !possible.is_empty() => possible.join(" or "),
        _ if is_list => "a list of texts".to_owned(),
        _ => "a text".to_owned(),
    }
}

#[test]
fn the_page_of_settings_is_current() {
    let folder = crate::support::tempdir().unwrap();
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    let mut headings: Vec<(String, Vec<&Arg>)> = Vec::new();
    for flag in run.get_arguments().filter(|flag| flag.get_long().is_some_and(|name| is_a_key(folder.path(), name))) {
        let heading = flag.get_help_heading().unwrap_or("Folders").to_owned();
        match headings.iter_mut().find(|(name, _)| *name == heading) {
            Some((_, flags)) => flags.push(flag),
            None => headings.push((heading, vec![flag])),
        }
    }
    let mut page = format!(
        "# Settings\n\n{GENERATED}\n\nThese are the keys of a settings file, see [Settings](../operate/settings.md). Each is also a \
         flag of `run`, with two dashes before it, and most are flags of other commands, see [Commands and flags](commands.md). \
         Flags win.\n\nA setting that decides days makes a full run when it changes: every day is settled again with it.\n"
    );
    let deciding = DecidingSettings::default().values();
    let mut seen = 0;
    for (heading, flags) in headings {
        write!(page, "\n## {heading}\n\n| key | value | decides days | meaning |\n|---|---|---|---|\n").unwrap();
        for flag in flags {
            let meaning = flag.get_help().unwrap().to_string();
            let name = flag.get_long().unwrap();
            let decides = if deciding.contains_key(name) { "yes" } else { "" };
            writeln!(page, "| `{name}` | {} | {decides} | {} |", cell(&value_of(flag)), cell(&meaning)).unwrap();
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} keys");
    check_generated("docs/reference/settings.md", &page);
}

/// Where the files of a table lie.
fn files_of(table: &str) -> String {
    match table {
        "lines" => "`lines/<stamp>/<usage_date>/<window>.parquet`".to_owned(),
        "hourly" => "`hourly/<stamp>/<usage_date>.parquet`".to_owned(),
        "daily" | "charges" | "vendor_charges" => format!("`{table}/<stamp>/<month>.parquet`"),
        "monthly" | "default_usage" => format!("`{table}/<stamp>.parquet`"),
        "statements" => "`statements/<month>.parquet`".to_owned(),
        "margins" => "`margins/<month>.parquet`".to_owned(),
        "changes" | "adjustments" => format!("`history/{table}/<run>.parquet` and `.csv`"),
        "exports" => "`history/exports.parquet` and `.csv`".to_owned(),
        "coverage" | "coverage_months" | "rejects" => format!("`{table}.parquet`, `csv/{table}.csv`"),
        "csv_hourly" => "`csv/hourly/<stamp>/hourly-<stamp>-<usage_date>.csv`, only with `--csv hourly`".to_owned(),
        "csv_daily" => "`csv/daily/<stamp>/daily-<stamp>-<month>.csv`".to_owned(),
        "csv_monthly" => "`csv/monthly/monthly-<month>.csv`".to_owned(),
        "csv_default_usage" => {
            "`csv/default_usage/<stamp>/default_usage-<stamp>.csv`, of each meter the largest first".to_owned()
        }
        "csv_statements" => "`csv/statements/statements-<month>.csv` and, of each billed subscription, \
                             `csv/statements/<month>/statement-<billed_subscription>-<month>.csv`"
            .to_owned(),
        "csv_margins" => "`csv/margins/margins-<month>.csv`".to_owned(),
        "csv_adjustments" => "`history/adjustments/<run>.csv`".to_owned(),
        "csv_history" => "what `stacktally history --csv` prints".to_owned(),
        "csv_unregistered" => "what `stacktally unregistered --csv` prints".to_owned(),
        other => format!("`{other}.parquet`"),
    }
}

fn columns(page: &mut String, columns: &[Column]) {
    page.push_str("| column | type | unit | empty | meaning |\n|---|---|---|---|---|\n");
    for Column { name, kind, nullable, unit, meaning, values } in columns {
        let nullable = if *nullable { "yes" } else { "no" };
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        let one_of = if values.is_empty() { String::new() } else { format!("; one of: {}", values.join(", ")) };
        let meaning = cell(&format!("{meaning}{one_of}"));
        writeln!(page, "| `{name}` | {} | {} | {nullable} | {meaning} |", kind.as_str(), cell(unit)).unwrap();
    }
}

#[test]
fn the_page_of_tables_is_current() {
    let mut page = format!(
        "# Tables\n\n{GENERATED}\n\nEvery table that is published, with its columns in their order. [The tables in one \
         picture](../analyse/tables.md) says which is for what; [schemas](../../schemas/README.md) has the same as files, and says \
         how each type is stored.\n\n| table | one row per | files |\n|---|---|---|\n"
    );
    let link = |name: &str| format!("[`{name}`](#{name})");
    for table in TABLES {
        writeln!(page, "| {} | {} | {} |", link(table.name), cell(table.row), files_of(table.name)).unwrap();
    }
    for table in FLAT_TABLES {
        writeln!(page, "| {} | flat CSV for people and spreadsheets | {} |", link(table.name), files_of(table.name))
            .unwrap();
    }
    for table in TABLES {
        let sorted: Vec<String> =
            table.columns[..table.sorted_by].iter().map(|column| format!("`{}`", column.name)).collect();
        write!(
            page,
            "\n## `{}`\n\nOne row per {}. Files: {}. Sorted by {}.\n\n",
            table.name,
            cell(table.row),
            files_of(table.name),
            sorted.join(", ")
        )
        .unwrap();
        columns(&mut page, table.columns);
    }
    for table in FLAT_TABLES {
        write!(page, "\n## `{}`\n\nFlat CSV: {}.\n\n", table.name, files_of(table.name)).unwrap();
        columns(&mut page, table.columns);
    }
    check_generated("docs/reference/tables.md", &page);
}

/// The sections of a page whose headings are published names, with those names, in order.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let starts: Vec<&str> = text.split("\n## ").skip(1).collect();
    let named = |section: &'_ str| section.starts_with('`');
    starts
        .into_iter()
        .filter(|section| named(section))
        .map(|section| {
            let (heading, rest) = section.split_once('\n').unwrap();
            (heading.trim_matches('`'), rest)
        })
        .collect()
}

/// Headings are these names, each once, and nothing else; `page` also lists each in its table at the top.
fn check_headings(page: &str, names: &[&str]) {
    let text = read(page);
    let mut found: Vec<&str> = sections(&text).into_iter().map(|(name, _)| name).collect();
    let listed = names.iter().filter(|name| !text.contains(&format!("| [`{name}`](#{name}) |")));
    assert_eq!(listed.collect::<Vec<_>>(), Vec::<&&str>::new(), "not in the table of {page}");
    let mut expected = names.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "headings of {page}");
}

#[test]
fn every_reason_to_pay_has_its_heading() {
    check_headings("docs/charge/who-pays.md", &Attribution::ALL.map(Attribution::as_str));
}

#[test]
fn every_reject_reason_has_its_heading() {
    const PAGE: &str = "docs/reference/rejects.md";
    check_headings(PAGE, &RejectReason::ALL.map(RejectReason::as_str));
    let text = read(PAGE);
    let sections = sections(&text);
    for ((name, section), reason) in sections.into_iter().zip(RejectReason::ALL) {
        assert_eq!(name, reason.as_str(), "in order of precedence");
        let row = format!("| [`{name}`](#{name}) | {} |", reason.sentence());
        assert!(text.contains(&row), "{row}");
        let example = section.split("```text\n").nth(1).unwrap_or_else(|| panic!("{name} has no example"));
        assert!(example.lines().next().unwrap().contains(&format!(": {name}: ")), "{name}: {example}");
        assert!(section.contains("**What to do.** "), "{name}");
    }
}

/// Whether a text is one that this literal can word: `{…}` stands for anything.
fn is_worded_by(text: &str, literal: &str) -> bool {
    let mut fragments: Vec<&str> = Vec::new();
    let mut rest = literal;
    while let Some((before, behind)) = rest.split_once('{') {
        fragments.push(before);
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    fragments.push(rest);
    if fragments.iter().map(|fragment| fragment.len()).sum::<usize>() < 14 {
        return false;
    }
    let (first, last) = (fragments[0], fragments[fragments.len() - 1]);
    let Some(mut left) = text.strip_prefix(first) else { return false };
    for fragment in &fragments[1..] {
        let Some(at) = left.find(fragment) else { return false };
        left = &left[at + fragment.len()..];
    }
    text.ends_with(last) && (fragments.len() > 1 || left.is_empty())
}

/// What a page says that the program says is what the program can say.
#[test]
fn every_finding_has_its_heading_and_is_worded_as_the_program_words_it() {
    const PAGE: &str = "docs/reference/findings.md";
    check_headings(PAGE, &FindingCode::ALL.map(FindingCode::as_str));
    let (text, literals) =
        (read(PAGE), sources().iter().flat_map(|(_, source)| texts(source)).map(|(text, _)| text).collect::<Vec<_>>());
    assert!(
        is_worded_by("a line of north lies long before", "{} of {} lies long before"),
        "a proof that proves nothing"
    );
    assert!(
        !is_worded_by("a line of north lies far behind", "{} of {} lies long before"),
        "a proof that proves nothing"
    );
    // A sentence is worded by one literal, or what it says of its subject is one.
    let is_said = |said: &str| {
        literals.iter().any(|literal| is_worded_by(said, literal))
            || literals
                .iter()
                .any(|literal| literal.len() >= 25 && !literal.contains('{') && said.contains(literal.as_str()))
    };
    for (name, section) in sections(&text) {
        let code = FindingCode::parse(name).unwrap();
        assert!(section.contains(&format!("\n**Severity:** {}\n", code.severity())), "{name}");
        assert!(text.contains(&format!("| [`{name}`](#{name}) | {} |", code.severity())), "{name}");
        assert!(section.contains("\n**What to do.** "), "{name}");
        let example = section.split("```text\n").nth(1).unwrap_or_else(|| panic!("{name} has no example"));
        let example = example.split("\n```").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, example) = example.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("{name}: {example}"));
        assert!(before.is_empty() || before.ends_with(' '), "{name}: {before}");
        let (sentence, remedy) = example.split_once(" remedy: ").unwrap_or_else(|| panic!("{name} has no remedy"));
        assert!(is_said(sentence), "{name}: nothing in src says: {sentence}");
        assert!(literals.iter().any(|literal| is_worded_by(remedy, literal)), "{name}: nothing in src says: {remedy}");
    }
}

/// And no other: an alert on a metric that is not there never fires.
#[test]
fn every_metric_is_explained() {
    let text = read("docs/operate/metrics-and-alerts.md");
    let known: BTreeSet<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
    let row = |line: &&'static str| line.starts_with("| `stacktally_");
    let text: &'static str = text.leak();
    let (prose, code) = lines_of(text);
    let explained: Vec<&str> = prose.into_iter().filter(row).map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(explained.len(), known.len(), "each once");
    assert_eq!(explained.into_iter().collect::<BTreeSet<_>>(), known);
    let shown = code.iter().map(|(_, line)| *line).filter(|line| line.starts_with("stacktally_"));
    let shown: BTreeSet<&str> = shown.map(|line| line.split([' ', '{']).next().unwrap()).collect();
    assert_eq!(shown, known, "the whole file is shown");
}

/// The names in the first column of the table of a section.
fn keys_in<'a>(text: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').step_by(2)).filter(|name| !name.trim_matches([' ', ',']).is_empty()).collect()
}

/// Whoever reads a receipt or the summary of a run finds each key explained, and no other.
#[test]
fn every_key_of_receipts_and_summaries_is_explained() {
    let folder = crate::support::tempdir().unwrap();
    let root = project().join("samples/prices-and-tiers/root");
    let mut run = stacktally(folder.path());
    let run = ran(run.args(["run", "--out", "out", "--json", "--root"]).arg(root).output().unwrap()).expect(0);
    let text = read("docs/reference/receipt.md");
    let receipt = fs::read_to_string(folder.path().join("out/receipt.json")).unwrap();
    for (heading, json) in [("## Summary as JSON\n", run.stdout), ("## Receipt\n", receipt)] {
        let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(keys_in(&text, heading), json.keys().map(String::as_str).collect(), "{heading}");
    }
}

/// Whoever looks an exit code up finds each that the help names, and no other.
#[test]
fn every_exit_code_is_explained() {
    let text = read("docs/operate/when-it-fails.md");
    let table = text.split("## By exit code").nth(1).unwrap().split("\n## ").next().unwrap();
    let explained: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).skip(1).collect();
    let help = help(None);
    let codes = help.split("Exit codes:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let codes: Vec<&str> = codes.map(|line| line.trim().split("  ").next().unwrap()).collect();
    assert_eq!(explained, codes);
}

/// Settings that a page names, alone or in a file, are keys; flags that it names are flags of some command.
#[test]
fn settings_and_flags_that_pages_name_are_there() {
    let command = Cli::command();
    let flags: BTreeSet<&str> =
        command.get_subcommands().flat_map(clap::Command::get_arguments).filter_map(Arg::get_long).collect();
    let folder = crate::support::tempdir().unwrap();
    let name_of = |text: &str| {
        text.chars().take_while(|character| character.is_ascii_lowercase() || *character == '-').collect::<String>()
    };
    let (mut keys, mut wrong, mut seen) = (BTreeSet::new(), Vec::new(), 0);
    for page in super::pages() {
        let text = read(&page);
        let (prose, code) = lines_of(&text);
        for quoted in prose.iter().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            if let Some(flag) = quoted.strip_prefix("--").map(name_of) {
                seen += 1;
                if !flags.contains(flag.as_str()) && flag != "help" {
                    wrong.push(format!("{page}: {quoted}"));
                }
            } else if quoted.strip_prefix(&name_of(quoted)).is_some_and(|rest| rest.starts_with(" = ")) {
                keys.insert(name_of(quoted));
            }
        }
        let assigned = code.iter().filter(|(language, line)| *language == "toml" && line.contains(" = "));
        keys.extend(assigned.map(|(_, line)| name_of(line.trim_start())));
    }
    assert!(seen > 100 && keys.len() > 8, "{seen} flags, {keys:?}");
    wrong.extend(keys.into_iter().filter(|key| !is_a_key(folder.path(), key)));
    assert_eq!(wrong, Vec::<String>::new());
}

/// The README is one screen: what it would grow by has a page.
#[test]
fn the_readme_is_one_screen() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 80, "{lines} lines");
}
