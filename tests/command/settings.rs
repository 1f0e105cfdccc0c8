//! `--settings FILE`: the same names as the flags, which win.

use std::fs;

use clap::CommandFactory;
use serde_json::{Value, json};
use stacktally::cli::args::Cli;

use crate::support::{Line, SUB_A, SUB_B, TENANT_B, TestRoot, VM_HOURS, cell, receipt, table};

fn root_with(settings: &str) -> TestRoot {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1.0"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "2.0"),
    ]);
    fs::create_dir(root.folder().join("etc")).unwrap();
    fs::write(root.folder().join("etc/stacktally.toml"), settings).unwrap();
    root
}

const ALL: &str = r#"
root = "../root"
out = "../out"
stamp = ["north"]
attribute-at = "usage"
confirm-empty-registration = true
operator-user-subscription = []
operator-tenant = ["7E4A4700-0000-4000-8000-00000000000B"]
settling-days = 0
wait = true
csv = "hourly"
no-owners = true
strict = true
accept = ["window_overdue"]
overdue-after = 60
rejects-max = 5
threads = 1
log-format = "json"
log-level = "warn"
metrics = "../stacktally.prom"
"#;

#[test]
fn every_setting_can_stand_in_the_file() {
    let root = root_with(ALL);
    let ran = root.stacktally(&["run", "--settings", "etc/stacktally.toml"]).expect(0);
    assert_eq!(ran.stderr, "", "nothing to warn of");
    assert!(root.folder().join("stacktally.prom").exists(), "beside etc, as the file says");
    let daily = table(&root.out(), "daily");
    let of_b = daily.iter().find(|row| row["tenant_id"].as_deref() == Some(TENANT_B)).unwrap();
    assert_eq!(cell(of_b, "attribution"), "default_operator");
    assert!(root.out().join("csv/hourly/north/hourly-north-2026-10-05.csv").exists());
    assert!(table(&root.out(), "user_subscriptions").iter().all(|row| row["owner"].is_none()));
    assert!(
        !fs::read_to_string(root.out().join("csv/daily/north/daily-north-2026-10.csv")).unwrap().contains("someone@")
    );
    assert_eq!(cell(&table(&root.out(), "coverage")[0], "state"), "settled");
    assert_eq!(receipt(&root.out())["settings"]["attribute-at"], "usage");
}

/// Each flag of `run` is a key, but for those of one run alone; and no key is without its flag.
#[test]
fn flags_and_keys_agree() {
    let root = root_with("nothing = 0");
    let help = root.stacktally(&["run", "--help"]).expect(0).stdout;
    // `-r, --root <ROOT>` is the flag `root`, and `--strict[=<BOOL>]` the flag `strict`.
    let flag = |line: &'_ str| -> Option<String> {
        // Descriptions are indented further.
        let long = line.strip_prefix("      --").or_else(|| line.get(4..)?.strip_prefix(", --"))?;
        Some(long.split([' ', '[']).next().unwrap_or_default().to_owned())
    };
    let of_one_run = ["settings", "json", "forget", "quiet", "verbose", "help"];
    let mut flags: Vec<String> = help.lines().filter_map(flag).collect();
    flags.retain(|flag| !of_one_run.contains(&flag.as_str()));
    flags.sort_unstable();
    let refused = root.stacktally(&["run", "--settings", "etc/stacktally.toml"]).expect(2).stderr;
    let keys: Vec<&str> = refused.trim_end().split_once("known are ").unwrap().1.split(", ").collect();
    assert_eq!(keys, flags);
}

#[test]
fn flags_win() {
    let root = root_with(ALL);
    root.stacktally(&[
        "run",
        "--settings",
        "etc/stacktally.toml",
        "--out",
        "elsewhere",
        "--no-owners=false",
        "--settling-days",
        "2",
    ])
    .expect(0);
    let out = root.folder().join("elsewhere");
    assert!(table(&out, "user_subscriptions").iter().any(|row| row["owner"].is_some()));
    assert_eq!(cell(&table(&out, "coverage")[0], "state"), "open");
    assert!(!root.out().exists());
}

#[test]
fn mistakes_name_file_line_and_remedy() {
    for (name, settings) in [
        ("unknown-key", "root = \"r\"\nattribute_at = \"usage\"\n"),
        ("wrong-type", "root = \"r\"\nstrict = \"yes\"\n"),
        ("wrong-value", "attribute-at = \"yesterday\"\n"),
        ("no-toml", "root = \"r\nout\"\n"),
    ] {
        let root = root_with(settings);
        insta::assert_snapshot!(
            name,
            root.stacktally(&["check", "--settings", "etc/stacktally.toml"]).expect(2).transcript()
        );
    }
    let root = root_with("");
    insta::assert_snapshot!(
        "no-file",
        root.stacktally(&["check", "--settings", "etc/none.toml"]).expect(2).transcript()
    );
}

/// What `stacktally settings` says of each, by name.
fn in_force(root: &TestRoot, typed: &[&str]) -> Value {
    let typed = [&["settings"], typed, &["--json"]].concat();
    let mut said: Value = serde_json::from_str(&root.stacktally(&typed).expect(0).stdout).unwrap();
    said["settings"].take()
}

#[test]
fn what_is_in_force_is_shown_with_where_it_comes_from() {
    let root = root_with("\nroot = \"../root\"\nstrict = true\naccept = [\n  \"window_overdue\",\n]\nlate-days = 3\n");
    let typed = ["--settings", "etc/stacktally.toml", "--late-days", "4", "--strict=false"];
    let said = in_force(&root, &typed);
    let file = "etc/stacktally.toml";
    assert_eq!(said["root"], json!({ "value": "etc/../root", "from": "file", "file": file, "line": 2 }));
    assert_eq!(said["accept"], json!({ "value": ["window_overdue"], "from": "file", "file": file, "line": 4 }));
    assert_eq!(said["late-days"], json!({ "value": 4, "from": "flag" }));
    assert_eq!(said["strict"], json!({ "value": false, "from": "flag" }));
    assert_eq!(said["rejects-percent"], json!({ "value": 5, "from": "default" }));
    assert_eq!(said["out"], json!({ "value": null, "from": "default" }));
    let show = |columns: &str| {
        let mut command = crate::support::stacktally(root.folder());
        let typed = command.arg("settings").args(typed).env("COLUMNS", columns);
        crate::support::ran(typed.output().unwrap()).expect(0).stdout
    };
    insta::assert_snapshot!("in-force", show("120"));
    for line in show("60").lines() {
        assert!(line.chars().count() <= 60, "{line}");
    }
}

/// Every setting is shown, a run records the same values, and the default is what the help says.
#[test]
fn what_is_shown_is_what_a_run_does_and_its_help_says() {
    let root = root_with(ALL);
    root.stacktally(&["run", "--settings", "etc/stacktally.toml"]).expect(0);
    let said = in_force(&root, &["--settings", "etc/stacktally.toml"]);
    for (name, value) in receipt(&root.out())["settings"].as_object().unwrap() {
        if name != "forget" {
            assert_eq!(said[name]["value"], *value, "{name}");
        }
    }
    let defaults = in_force(&root, &[]);
    assert_eq!(defaults.as_object().unwrap().len(), said.as_object().unwrap().len());
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    for flag in run.get_arguments().filter(|flag| !flag.get_default_values().is_empty()) {
        let name = flag.get_long().unwrap();
        let Some(shown) = defaults.get(name) else { continue };
        let shown = shown["value"].as_str().map_or_else(|| shown["value"].to_string(), str::to_owned);
        assert_eq!(shown.as_str(), flag.get_default_values()[0].to_str().unwrap(), "{name}");
    }
}

/// As of a run; but neither root nor OUT has to be there.
#[test]
fn what_a_run_would_refuse_of_settings_is_refused() {
    let root = root_with("late-days = \"three\"\nroot = \"nowhere\"\nculture = \"xx\"\n");
    let refused = root.stacktally(&["settings", "--settings", "etc/stacktally.toml"]).expect(2).stderr;
    let of_run = root.stacktally(&["run", "--settings", "etc/stacktally.toml", "--out", "out"]).expect(2).stderr;
    assert_eq!(refused, of_run);
    let refused = root.stacktally(&["settings", "--culture", "xx", "--rejects-percent", "101"]).expect(2).stderr;
    assert!(refused.contains("--culture \"xx\"") && refused.contains("--rejects-percent 101"), "{refused}");
    root.stacktally(&["settings", "--root", "nowhere"]).expect(0);
}
