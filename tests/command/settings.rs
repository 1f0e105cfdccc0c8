//! `--settings FILE`: the same names as the flags, which win.

use std::fs;

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
