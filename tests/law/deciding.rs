//! Settings that decide published days make all of them anew, and no others do; and whatever changed, what is published then
//! is what a first run makes with the same settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::CommandFactory;
use serde_json::{Value, json};
use stacktally::cli::args::Cli;
use stacktally::pipeline::DecidingSettings;

use crate::command::prices::{GOOD, book, used};
use crate::support::{Ran, SUB_B, TENANT_B, TestRoot, files_below, receipt, tries};

/// What a changed flag does to days that are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// All are settled again, because of this flag.
    Decides,
    /// None is.
    Nothing,
    /// All are, since that is what it asks for.
    MakesAnew,
    /// They are left alone: it is refused over a publication that was made without it.
    IsRefused,
}
use Does::{Decides, IsRefused, MakesAnew, Nothing};

/// Every flag of `run`, as it is typed in the second run.
const FLAGS: &[(&str, &[&str], Does)] = &[
    ("root", &["copy"], Nothing),
    ("out", &[], Nothing),
    ("settings", &["empty.toml"], Nothing),
    ("stamp", &["north"], Nothing),
    ("overlap", &["wider"], Decides),
    ("granularity", &["hourly"], Decides),
    ("culture", &["en-US"], Decides),
    ("source-time-zone", &["Europe/Berlin"], Decides),
    ("encoding", &["windows-1252"], Decides),
    ("late-days", &["8"], Decides),
    ("rejects-percent", &["6"], Decides),
    ("attribute-at", &["usage"], Decides),
    ("operator-user-subscription", &[SUB_B], Decides),
    ("operator-tenant", &[TENANT_B], Decides),
    ("registration-override", &["registration.json"], IsRefused),
    ("tiering", &["volume"], Nothing),
    ("rounding", &["half-up"], Nothing),
    ("billing-currency", &["USD"], Nothing),
    ("settling-days", &["0"], Nothing),
    ("csv", &["hourly"], Decides),
    ("no-owners", &[], Decides),
    ("confirm-empty-registration", &[], Decides),
    ("confirm-empty-listing", &[], Nothing),
    ("confirm-shrunken", &["north/user-subscriptions/2026-10-01.json"], Nothing),
    ("snapshot-age-max", &["8"], Nothing),
    ("strict", &["--accept", "window_overdue"], Nothing),
    ("accept", &["window_overdue"], Nothing),
    ("overdue-after", &["60"], Nothing),
    ("rejects-max", &["5"], Nothing),
    ("threads", &["1"], Nothing),
    ("wait", &[], Nothing),
    ("full", &[], MakesAnew),
    ("verify", &[], Nothing),
    ("keep-missing", &[], Nothing),
    ("forget", &["all"], Nothing),
    ("log-format", &["json"], Nothing),
    ("log-level", &["warn"], Nothing),
    ("quiet", &[], Nothing),
    ("verbose", &[], Nothing),
    ("metrics", &["run.prom"], Nothing),
    ("json", &[], Nothing),
];

/// Two days of two tenants, with prices.
fn published() -> TestRoot {
    let root = used();
    book(&root, GOOD);
    root.stacktally(&["run", "--root", "root", "--out", "out"]).expect(0);
    for (name, bytes) in files_below(&root.root()) {
        let copy = root.folder().join("copy").join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, bytes).unwrap();
    }
    fs::write(root.folder().join("empty.toml"), "").unwrap();
    let registrations = root.root().join("north/registration");
    let registration = fs::read_dir(registrations).unwrap().next().unwrap().unwrap().path();
    fs::copy(registration, root.folder().join("registration.json")).unwrap();
    root
}

/// A run into OUT with a flag.
fn run_with(root: &TestRoot, flag: &str, values: &[&str], out: &str) -> Ran {
    let flag_typed = format!("--{flag}");
    let mut typed = vec!["run", "--out", out];
    if flag != "root" {
        typed.extend(["--root", "root"]);
    }
    if flag != "out" {
        typed.push(&flag_typed);
        typed.extend(values);
    }
    root.stacktally(&typed)
}

/// What is a function of the root and the settings: not what is history by nature.
fn state_of(root: &TestRoot, out: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(&root.folder().join(out));
    files.retain(|path, _| !path.starts_with("history/"));
    files
}

fn settled(receipt: &Value) -> BTreeSet<&str> {
    receipt["settled"].as_array().unwrap().iter().map(|entry| entry["usage_date"].as_str().unwrap()).collect()
}

#[test]
fn every_flag_of_a_run_is_looked_at() {
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    let flags: BTreeSet<&str> = run.get_arguments().filter_map(clap::Arg::get_long).collect();
    let looked_at: BTreeSet<&str> = FLAGS.iter().map(|(flag, ..)| *flag).collect();
    assert_eq!(flags, looked_at, "say what the new flag does to published days");
    let deciding: BTreeSet<String> = DecidingSettings::default().values().into_keys().collect();
    let said: BTreeSet<String> =
        FLAGS.iter().filter(|(.., does)| *does == Decides).map(|(flag, ..)| (*flag).to_owned()).collect();
    assert_eq!(deciding, said);
}

#[test]
fn a_flag_makes_all_days_anew_or_none_and_what_is_published_is_as_of_a_first_run() {
    let root = published();
    let first = state_of(&root, "out");
    for (flag, values, does) in FLAGS.iter().step_by(tries(8, 1) as usize) {
        let out = format!("out-{flag}");
        root.stacktally(&["run", "--root", "root", "--out", &out]).expect(0);
        let again = run_with(&root, flag, values, &out);
        if *does == IsRefused {
            again.expect(2);
            assert_eq!(state_of(&root, &out), first, "--{flag}");
            continue;
        }
        again.expect(0);
        let receipt = receipt(&root.folder().join(&out));
        let (days, why): (&[&str], Value) = match does {
            Decides => (&["2026-10-05", "2026-10-06"], json!(format!("settings changed: {flag}"))),
            MakesAnew => (&["2026-10-05", "2026-10-06"], json!("--full")),
            Nothing | IsRefused => (&[], Value::Null),
        };
        assert_eq!(settled(&receipt), days.iter().copied().collect(), "--{flag}");
        assert_eq!(receipt["full_run"], why, "--{flag}");
        run_with(&root, flag, values, "fresh").expect(0);
        let (published, expected) = (state_of(&root, &out), state_of(&root, "fresh"));
        let differ: Vec<&String> = published
            .keys()
            .chain(expected.keys())
            .filter(|path| published.get(*path) != expected.get(*path))
            .collect();
        assert!(differ.is_empty(), "--{flag}: {differ:?}");
        for folder in [out.as_str(), "fresh"] {
            fs::remove_dir_all(root.folder().join(folder)).unwrap();
        }
    }
}

/// What a state holds of settings is what states before this type hold, so that none has to be made anew for it; and one way
/// to spell a value is as good as another.
#[test]
fn what_is_compared_is_what_was_always_compared() {
    let default = json!({
        "attribute-at": "forwarded",
        "confirm-empty-registration": false,
        "csv": null,
        "culture": null,
        "encoding": null,
        "granularity": null,
        "late-days": 7,
        "no-owners": false,
        "operator-tenant": [],
        "operator-user-subscription": [],
        "overlap": "refuse",
        "rejects-percent": 5,
        "source-time-zone": null,
    });
    assert_eq!(json!(DecidingSettings::default().values()), default);
    let root = used();
    let run = |culture: &str, zone: &str, encoding: &str, tenant: &str| {
        let flags = ["--culture", culture, "--source-time-zone", zone, "--encoding", encoding];
        let more = ["--operator-tenant", tenant, "--granularity", "hourly", "--overlap", "wider", "--csv", "hourly"];
        root.stacktally(&[&["run", "--root", "root", "--out", "out"][..], &flags, &more].concat()).expect(0);
    };
    run("de-DE", "+02:00", "windows-1252", TENANT_B);
    let state: Value =
        serde_json::from_slice(&fs::read(root.out().join(".stacktally/state/run.json")).unwrap()).unwrap();
    let said = &state["version"]["settings"];
    for (name, value) in [
        ("culture", json!("de-DE")),
        ("source-time-zone", json!("+02:00")),
        ("encoding", json!("windows-1252")),
        ("operator-tenant", json!([TENANT_B])),
        ("granularity", json!("hourly")),
        ("overlap", json!("wider")),
        ("csv", json!("hourly")),
    ] {
        assert_eq!(said[name], value);
    }
    run("DE-de", "+02:00", "cp1252", &TENANT_B.to_uppercase());
    assert_eq!(receipt(&root.out())["full_run"], Value::Null);
}
