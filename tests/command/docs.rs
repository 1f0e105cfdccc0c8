//! Transcripts in the documents: what they show is what the samples give, in a pipe. A line `…` stands for
//! any number of lines.

use std::fs;
use std::path::Path;

use crate::support::{project, ran, stacktally};

/// Documents that show something, each with how many commands at least.
const DOCUMENTS: [(&str, usize); 2] = [("README.md", 4), ("docs/charge/explaining-a-statement.md", 4)];

/// The commands of each block that begins with a run over a sample, with what they print.
fn blocks(document: &str) -> Vec<Vec<(String, Vec<String>)>> {
    let mut blocks = Vec::new();
    for block in document.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.to_owned(), Vec::new())),
                None => commands.iter_mut().next_back().into_iter().for_each(|(_, own)| own.push(line.to_owned())),
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

fn run(folder: &Path, command: &str) -> String {
    let arguments = command.strip_prefix("stacktally ").unwrap_or_else(|| panic!("{command} is no command of ours"));
    // Quotes hold what has blanks.
    let arguments = arguments.split('"').enumerate().flat_map(|(at, part)| {
        let words = if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
        words.into_iter().map(str::to_owned)
    });
    let ran = ran(stacktally(folder).args(arguments).output().unwrap());
    assert!(matches!(ran.code, 0 | 4 | 6), "{command}: {}", ran.transcript());
    anstream::adapter::strip_str(&ran.stdout).to_string()
}

#[test]
fn transcripts_show_what_the_samples_give() {
    for (name, least) in DOCUMENTS {
        let document = fs::read_to_string(project().join(name)).unwrap();
        let mut shown = 0;
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(project().join("samples"), folder.path().join("samples")).unwrap();
        let mut published = false;
        for block in blocks(&document) {
            published |= block[0].0.contains("--root samples/");
            // Others show what no sample has.
            if !published || block.iter().any(|(command, _)| command.contains("changes")) {
                continue;
            }
            for (command, expected) in block {
                let found = run(folder.path(), &command);
                let found: Vec<&str> = found.lines().collect();
                shown += 1;
                if !expected.is_empty() {
                    assert!(is_like(&found, &expected), "{name}: {command} prints\n{}", found.join("\n"));
                }
            }
        }
        assert!(shown >= least, "{name} shows {shown} commands");
    }
}
