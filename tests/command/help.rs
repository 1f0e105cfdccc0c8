//! `--help`: options under headings, and only those that do something; short flags; what `--quiet` and `--verbose` leave.

use clap::CommandFactory;
use stacktally::cli::args::Cli;

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, stacktally};

const COMMANDS: [&str; 15] = [
    "run",
    "check",
    "coverage",
    "why",
    "unregistered",
    "changes",
    "statement",
    "history",
    "recover",
    "close",
    "reopen",
    "compare",
    "settings",
    "completions",
    "man",
];

/// The list is whole.
#[test]
fn every_command_is_looked_at() {
    let commands: Vec<String> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(commands, COMMANDS);
}

fn help(command: &str, columns: &str) -> String {
    let folder = crate::support::tempdir().unwrap();
    let output = stacktally(folder.path()).args(["help", command]).env("COLUMNS", columns).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The options of a help, by their headings.
fn options(help: &str) -> Vec<(String, Vec<String>)> {
    let mut headings: Vec<(String, Vec<String>)> = Vec::new();
    for line in help.lines() {
        let trimmed = line.trim_start();
        if line == trimmed && line.ends_with(':') && !line.starts_with("Examples") {
            headings.push((line.trim_end_matches(':').to_owned(), Vec::new()));
        } else if trimmed.starts_with("--") || (trimmed.starts_with('-') && trimmed.contains(", --")) {
            let long = &trimmed[trimmed.find("--").unwrap()..];
            let name: String =
                long.chars().take_while(|character| character.is_ascii_lowercase() || *character == '-').collect();
            if let Some((_, flags)) = headings.last_mut() {
                flags.push(name);
            }
        }
    }
    headings.retain(|(_, flags)| !flags.is_empty());
    headings
}

#[test]
fn options_stand_under_headings_and_required_ones_first() {
    let run = options(&help("run", "100"));
    let headings: Vec<&str> = run.iter().map(|(heading, _)| heading.as_str()).collect();
    assert_eq!(
        headings,
        [
            "Options",
            "Input",
            "Attribution",
            "Prices",
            "Publishing",
            "What is tolerated",
            "How it runs",
            "Output and logs"
        ]
    );
    assert_eq!(run[0].1, ["--root", "--out", "--settings", "--help"]);
    for command in COMMANDS {
        let all = options(&help(command, "100"));
        let plain = &all[0].1;
        assert!(plain.len() <= 4, "{command} has options without a heading: {plain:?}");
    }
}

#[test]
fn every_help_has_an_example_and_fits_a_narrow_terminal() {
    for command in COMMANDS {
        for columns in ["60", "80"] {
            let text = help(command, columns);
            let width: usize = columns.parse().unwrap();
            let is_ours = |line: &&str| !line.trim_start().starts_with("stacktally ");
            let (options, after) = text.split_once("\nE").unwrap();
            for line in options.lines().filter(is_ours) {
                assert!(line.chars().count() <= width, "{command} at {columns}: {line}");
            }
            assert!(after.starts_with("xamples:\n  stacktally "), "{command}: {after}");
        }
    }
}

/// What a command lists is what makes a difference to it.
#[test]
fn nothing_is_listed_that_does_nothing() {
    let all =
        |command: &str| options(&help(command, "100")).into_iter().flat_map(|(_, flags)| flags).collect::<Vec<_>>();
    let (history, coverage) = (all("history"), all("coverage"));
    for needless in [
        "--operator-tenant",
        "--operator-user-subscription",
        "--tiering",
        "--rounding",
        "--no-owners",
        "--strict",
        "--accept",
        "--rejects-max",
        "--billing-currency",
        "--snapshot-age-max",
    ] {
        assert!(!history.contains(&needless.to_owned()), "history {needless}");
        assert!(!coverage.contains(&needless.to_owned()), "coverage {needless}");
    }
    assert!(!history.contains(&"--settling-days".to_owned()) && coverage.contains(&"--settling-days".to_owned()));
    assert!(history.contains(&"--attribute-at".to_owned()) && !coverage.contains(&"--attribute-at".to_owned()));
}

#[test]
fn short_flags_are_those_of_the_ecosystem() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    let quiet = root.stacktally(&["run", "-r", "root", "-o", "out", "-q"]).expect(0);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
    assert!(root.out().join("receipt.json").is_file());
    let verbose = root.stacktally(&["run", "-r", "root", "-o", "out", "-v", "--full"]).expect(0);
    assert!(verbose.stdout.contains("lines        1 read"), "{}", verbose.stdout);
    assert!(verbose.stderr.contains(" DEBUG file read"), "{}", verbose.stderr);
    let json = root.stacktally(&["check", "-r", "root", "-q", "--json"]).expect(0).stdout;
    assert!(json.contains("\"exit_code\": 0"), "{json}");
    root.stacktally(&["run", "-r", "root", "-o", "out", "-q", "-v"]).expect(2);
    root.stacktally(&["coverage", "-o", "out"]).expect(0);
    // An error is said all the same.
    let failed = root.stacktally(&["run", "-r", "nowhere", "-o", "out", "-q"]).expect(2);
    assert!(failed.stderr.starts_with("error: --root nowhere"), "{}", failed.stderr);
    let log = root.stacktally(&["run", "-r", "root", "-o", "out", "-q", "--log-format", "json"]).expect(0);
    assert_eq!((&*log.stdout, &*log.stderr), ("", ""));
}

#[test]
fn a_misspelled_flag_or_command_gets_the_nearest() {
    let root = TestRoot::empty();
    let said = root.stacktally(&["run", "--rot", "root"]).expect(2).stderr;
    assert!(said.contains("a similar argument exists: '--root'"), "{said}");
    let said = root.stacktally(&["unregisterd"]).expect(2).stderr;
    assert!(said.contains("a similar subcommand exists: 'unregistered'"), "{said}");
}
