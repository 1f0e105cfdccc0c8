//! `completions` and `man`: what shells and readers of manuals are given is made from the flags, and works.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use stacktally::cli::args::Cli;

use crate::support::{run_in, skip};

fn completions(shell: &str) -> String {
    let folder = crate::support::tempdir().unwrap();
    run_in(folder.path(), &["completions", shell]).expect(0).stdout
}

/// What bash offers for the last of these words.
#[cfg(unix)]
fn offered(script: &Path, words: &[&str]) -> Vec<String> {
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let asked = format!(
        "source {script:?}; COMP_WORDS=({all}); COMP_CWORD={at}; _stacktally stacktally {last:?} {before:?}; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        all = words.join(" "),
        at = words.len() - 1,
    );
    let output = Command::new("bash").args(["--norc", "-c", &asked]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_flags_and_values() {
    if !crate::fault::can("bash", &["--version"]) {
        return skip("no bash here, so nothing was completed");
    }
    let folder = crate::support::tempdir().unwrap();
    let script = folder.path().join("stacktally");
    fs::write(&script, completions("bash")).unwrap();
    let checked = Command::new("bash").arg("-n").arg(&script).output().unwrap();
    assert!(checked.status.success() && checked.stderr.is_empty(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(offered(&script, &["stacktally", "run", "--ro"]), ["--root", "--rounding"]);
    assert_eq!(offered(&script, &["stacktally", "unreg"]), ["unregistered"]);
    assert_eq!(offered(&script, &["stacktally", "run", "--overlap", "w"]), ["wider"]);
    assert!(offered(&script, &["stacktally", "run", "--sttings"]).iter().all(String::is_empty));
}

/// Each knows every command and every flag that is listed.
#[test]
fn every_shell_is_told_of_every_flag() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = completions(shell);
        for command in Cli::command().get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell} {}", command.get_name());
            for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long) {
                // fish spells the flag without its dashes.
                let spelled = if shell == "fish" { format!("-l {flag}") } else { format!("--{flag}") };
                assert!(script.contains(&spelled), "{shell} {} --{flag}", command.get_name());
            }
        }
    }
    let folder = crate::support::tempdir().unwrap();
    let refused = run_in(folder.path(), &["completions", "tcsh"]).expect(2).stderr;
    assert!(refused.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{refused}");
}

/// A page as it is read, on one line, without hyphens that break words.
fn read(page: &Path) -> Option<String> {
    let output = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-P-c", "-rHY=0"]).arg(page).output().ok()?;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", page.display());
    let text = String::from_utf8(output.stdout).unwrap();
    // Bold is a letter, a step back, and the letter again; what is underlined likewise.
    let mut plain = String::new();
    for character in text.chars() {
        if character == '\u{8}' {
            plain.pop();
        } else {
            plain.push(character);
        }
    }
    Some(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn man_pages_hold_every_flag_example_and_exit_code() {
    let folder = crate::support::tempdir().unwrap();
    let said = run_in(folder.path(), &["man", "--to", "share/man1"]).expect(0).stdout;
    let mut cli = Cli::command();
    cli.build();
    let mut pages = vec![("stacktally.1".to_owned(), &cli)];
    let commands = cli.get_subcommands().filter(|command| command.get_name() != "help");
    pages.extend(commands.map(|command| (format!("stacktally-{}.1", command.get_name()), command)));
    assert!(said.starts_with(&format!("{} pages in share/man1: stacktally.1, ", pages.len())), "{said}");
    assert_eq!(fs::read_dir(folder.path().join("share/man1")).unwrap().count(), pages.len());
    let mut is_read = true;
    for (name, command) in &pages {
        let page = folder.path().join("share/man1").join(name);
        let source = fs::read_to_string(&page).unwrap();
        assert!(source.is_ascii(), "{name} depends on an encoding");
        let flags: Vec<&str> =
            command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long).collect();
        let spelled = source.replace("\\-", "-");
        for flag in &flags {
            assert!(spelled.contains(&format!("--{flag}")), "{name} --{flag}");
        }
        let Some(text) = read(&page) else {
            is_read = false;
            continue;
        };
        // Behind the synopsis, with what it is for.
        let (_, described) = text.split_once(" DESCRIPTION ").unwrap();
        for flag in flags {
            assert!(described.contains(&format!("--{flag}")), "{name} --{flag}: {described}");
        }
        let after = command.get_after_help().unwrap().to_string();
        for line in after.lines().filter(|line| line.starts_with("  ") && line.is_ascii()) {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
            assert!(described.replace('`', "").contains(&line), "{name}: {line}\n{described}");
        }
    }
    if !is_read {
        skip("no groff here, so no man page was read");
    }
}

#[test]
fn man_pages_that_cannot_be_written_are_said() {
    let folder = crate::support::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let failed = run_in(folder.path(), &["man", "--to", "file/man1"]).expect(1).stderr;
    assert!(failed.starts_with("error: cannot make file/man1"), "{failed}");
}
