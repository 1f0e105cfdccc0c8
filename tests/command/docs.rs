//! Transcripts in the documents: each page, and each story of `samples/`, shows what the samples give, in a pipe of 120 columns. Every `text` block with a line
//! `$ …` is run, the blocks of a page one after the other in one folder. A line `…` stands for any number of lines; a
//! command with nothing below it may print anything.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::docs::pages;
use crate::support::{project, ran, skip};

/// The commands of each block that shows any, with what they print.
fn blocks(document: &str) -> Vec<Vec<(String, Vec<String>)>> {
    let mut blocks = Vec::new();
    for block in document.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.to_owned(), Vec::new())),
                None => {
                    if let Some((_, printed)) = commands.last_mut() {
                        printed.push(line.to_owned());
                    }
                }
            }
        }
        if !commands.is_empty() {
            blocks.push(commands);
        }
    }
    blocks
}

/// Whether a text is as expected, where `…` stands for any number of lines.
fn is_like(found: &[&str], expected: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first.trim() == "…" => (0..=found.len()).any(|at| is_like(&found[at..], rest)),
        Some((first, rest)) => found.split_first().is_some_and(|(line, found)| line == first && is_like(found, rest)),
    }
}

/// Runs a line as a shell does, with the binary where the shell looks for it. What is refused is shown as well.
fn run(folder: &Path, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_stacktally"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.parent().unwrap().display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path).env_remove("COLUMNS");
    let ran = ran(shell.output().unwrap());
    assert!(matches!(ran.code, 0 | 3 | 4 | 6), "{command}: {}", ran.transcript());
    anstream::adapter::strip_str(&format!("{}{}", ran.stdout, ran.stderr)).to_string()
}

#[cfg(unix)]
#[test]
fn transcripts_show_what_the_samples_give() {
    let has_duckdb = crate::fault::can("duckdb", &["--version"]);
    let mut shown_by_why = 0;
    let mut shown = 0;
    let stories = fs::read_dir(project().join("samples")).unwrap().map(|entry| entry.unwrap().file_name());
    let stories = stories.map(|folder| format!("samples/{}/README.md", folder.to_str().unwrap()));
    for name in pages().into_iter().chain(stories.filter(|path| project().join(path).exists())) {
        let document = fs::read_to_string(project().join(&name)).unwrap();
        let folder = crate::support::tempdir().unwrap();
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        link(&project().join("samples"), "samples");
        // A story is told in its own folder.
        if let Some(story) = name.strip_prefix("samples/") {
            link(&project().join("samples").join(story).with_file_name("root"), "root");
        }
        for (command, expected) in blocks(&document).into_iter().flatten() {
            if command.starts_with("duckdb ") && !has_duckdb {
                skip("no duckdb here, so what it prints was not compared");
                continue;
            }
            let found = run(folder.path(), &command);
            let found: Vec<&str> = found.lines().collect();
            if !expected.is_empty() {
                assert!(is_like(&found, &expected), "{name}: {command} prints\n{}", found.join("\n"));
                shown += 1;
                shown_by_why += usize::from(command.starts_with("stacktally why "));
            }
        }
    }
    assert!(shown >= 15 && shown_by_why >= 5, "{shown} outputs, {shown_by_why} of why");
}
