//! What is synced, renamed and removed, in which order: as the kernel was asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Scene, Which, can};
use crate::support::skip;

const CALLS: &str = "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,unlinkat";

/// One thing that was asked of the kernel, and done; paths are relative to OUT, which is the empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Sync(String),
    Rename(String, String),
    Unlink(String),
}

/// The calls of a trace that concern OUT, in order of their ends.
fn calls(trace: &str, out: &Path) -> Vec<Call> {
    let relative = |path: &str| {
        let path = path.strip_prefix("out").or_else(|| path.strip_prefix(out.to_str().unwrap()))?;
        Some(path.trim_start_matches('/').to_owned())
    };
    let mut begun: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, text) = line.trim_start().split_once(' ').unwrap();
        // A call that another thread interrupts is told in two halves.
        let text = match text.trim_start() {
            text if text.ends_with("<unfinished ...>") => {
                begun.insert(thread, text);
                continue;
            }
            text if text.starts_with("<... ") => {
                let half = begun.remove(thread).unwrap().trim_end_matches("<unfinished ...>").trim_end();
                let end = &text[text.find("resumed>").unwrap() + "resumed>".len()..];
                format!("{half}{end}")
            }
            text => text.to_owned(),
        };
        let Some((name, rest)) = text.split_once('(') else { continue };
        if !text.ends_with("= 0") {
            continue;
        }
        let quoted: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
        let call = match name {
            "fsync" | "fdatasync" | "syncfs" => {
                let path = &rest[rest.find('<').unwrap() + 1..rest.find('>').unwrap()];
                relative(path).map(Call::Sync)
            }
            "rename" | "renameat" | "renameat2" => {
                relative(quoted[0]).zip(relative(quoted[1])).map(|(a, b)| Call::Rename(a, b))
            }
            _ if rest.contains("AT_REMOVEDIR") || quoted[0].contains(".stacktally-probe") => None,
            _ => relative(quoted[0]).map(Call::Unlink),
        };
        calls.extend(call);
    }
    calls
}

#[test]
fn syncs_and_renames_come_in_the_order_that_keeps_the_promise() {
    if !can("strace", &["-f", "-y", "-o", "/dev/null", "true"]) {
        skip("strace is missing or not permitted, so no order was traced");
        return;
    }
    let scene = Scene::new();
    scene.run(Which::First, &[]).expect(0);
    let trace = scene.folder.folder().join("trace");
    let status = Command::new("strace")
        .args(["-f", "-y", "-o", trace.to_str().unwrap(), "-e", CALLS, env!("CARGO_BIN_EXE_stacktally"), "run"])
        .args(["--root", scene.root(Which::Second).to_str().unwrap(), "--out", "out", "--forget", "all"])
        .current_dir(scene.folder.folder())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    let calls = calls(&fs::read_to_string(trace).unwrap(), &scene.out().canonicalize().unwrap());
    let place = |wanted: &Call| calls.iter().position(|call| call == wanted);
    let at = |wanted: &Call| place(wanted).unwrap_or_else(|| panic!("{wanted:?} is not in {calls:#?}"));
    let sync = |path: &str| Call::Sync(path.to_owned());

    // The journal's own rename is the commit; all that it puts was synced before, and the folders that were made.
    let commit = at(&Call::Rename(".stacktally/journal.tmp".into(), ".stacktally/journal".into()));
    let written = at(&sync(".stacktally/journal.tmp"));
    let staging = at(&sync(".stacktally/staging"));
    let renames: Vec<(usize, &str, &str)> = calls
        .iter()
        .enumerate()
        .filter_map(|(place, call)| match call {
            Call::Rename(from, to) if place != commit => Some((place, from.as_str(), to.as_str())),
            _ => None,
        })
        .collect();
    for (place, from, to) in &renames {
        assert!(at(&sync(from)) < staging, "{to} was synced with the rest");
        assert!(*place > commit, "{to} is renamed after the commit");
    }
    for folder in ["lines/north/2026-11-01", "lines/north"] {
        assert!(at(&sync(folder)) < written, "{folder} was made, and lasts");
    }
    assert!(staging < written && written < commit);
    assert_eq!(calls[commit + 1], sync(".stacktally"), "the commit lasts before anything else changes");

    // Dimensions, facts, coverage; then what goes; the receipt last.
    let group = |to: &str| match to.trim_start_matches("csv/") {
        to if to.starts_with("receipt") || to.starts_with(".stacktally") => 4,
        to if to.starts_with("coverage") => 2,
        to if to.contains('/') => 1,
        _ => 0,
    };
    let groups: Vec<i32> = renames.iter().map(|(_, _, to)| group(to)).collect();
    assert!(groups.is_sorted() && groups.first() == Some(&0), "{renames:#?}");
    let published: Vec<&str> = renames.iter().rev().take(3).map(|(_, _, to)| *to).collect();
    assert_eq!(published, ["receipt.json", ".stacktally/published", "receipts/000002.json"]);
    let receipt = renames.last().unwrap().0;
    let removals: Vec<(usize, &str)> = calls
        .iter()
        .enumerate()
        .filter_map(|(place, call)| match call {
            Call::Unlink(path) if !path.starts_with(".stacktally") => Some((place, path.as_str())),
            _ => None,
        })
        .collect();
    let gone: BTreeSet<&str> = removals.iter().map(|(_, path)| *path).collect();
    let expected = scene.files(Which::First).keys().filter(|path| !scene.files(Which::Second).contains_key(*path));
    assert_eq!(gone, expected.map(String::as_str).collect());
    let last_put = renames.iter().filter(|(_, _, to)| group(to) < 4).map(|rename| rename.0).max().unwrap();
    assert!(removals.iter().all(|&(place, _)| last_put < place && place < receipt));

    // The journal goes when every folder that was touched is synced, and that lasts, too.
    let unlinked = at(&Call::Unlink(".stacktally/journal".into()));
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    for to in renames.iter().map(|(_, _, to)| *to).chain(gone) {
        let mut touched = folder(to);
        while !scene.out().join(&touched).exists() {
            touched = folder(&touched);
        }
        let synced = calls[receipt..unlinked].contains(&Call::Sync(touched.clone()));
        assert!(synced, "{touched:?} is synced between the last rename and the end of the journal: {calls:#?}");
    }
    assert_eq!(calls[unlinked + 1], sync(".stacktally"));
}
