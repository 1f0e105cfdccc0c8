//! Shell completions and man pages, generated from the flags themselves, so that there is nothing to maintain.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use crate::error::{Error, Result};

/// The script that makes a shell complete commands and flags of `stacktally`.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "stacktally", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes `stacktally.1` and a page for each command into a folder, which is created if need be. Returns their names.
///
/// # Errors
/// The folder cannot be made, or a page cannot be written.
pub fn write_man_pages(folder: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(folder).map_err(|error| Error::machine("make", folder, error))?;
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let commands = std::iter::once(&cli).chain(cli.get_subcommands().filter(|command| !command.is_hide_set()));
    let mut names = Vec::new();
    for command in commands {
        let page =
            Man::new(command.clone()).source(concat!("stacktally ", env!("CARGO_PKG_VERSION"))).manual("stacktally");
        let (name, file) = (page.get_filename(), folder.join(page.get_filename()));
        let text = page_text(&page, command).map_err(|error| Error::machine("write", &file, error))?;
        fs::write(&file, text).map_err(|error| Error::machine("write", &file, error))?;
        names.push(name);
    }
    Ok(names)
}

fn page_text(page: &Man, command: &Command) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    page.render_title(&mut bytes)?;
    page.render_name_section(&mut bytes)?;
    page.render_synopsis_section(&mut bytes)?;
    page.render_description_section(&mut bytes)?;
    page.render_options_section(&mut bytes)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut bytes)?;
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.extend(command.get_after_help().map(|after| sections(&after.to_string())));
    Ok(in_ascii(&text))
}

/// The texts below the options of a help, as sections. Lines stay as they are, for they are tables and command lines.
fn sections(after_help: &str) -> String {
    let mut roff = String::new();
    for paragraph in after_help.split("\n\n") {
        let mut lines = paragraph.lines().peekable();
        if let Some(heading) = lines.next_if(|line| !line.starts_with(' ')) {
            let (heading, rest) = heading.split_once(':').unwrap_or((heading, ""));
            roff.push_str(&format!(".SH {}\n", escaped(&heading.to_uppercase()).replace(' ', "\\ ")));
            if !rest.trim().is_empty() {
                roff.push_str(&format!("{}\n", escaped(rest.trim())));
            }
        }
        roff.push_str(".nf\n");
        for line in lines {
            roff.push_str(&format!("{}\n", escaped(line.strip_prefix("  ").unwrap_or(line))));
        }
        roff.push_str(".fi\n");
    }
    roff
}

/// A line that roff prints as it is.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

/// Non-ASCII characters by their numbers, so that a page does not depend on the encoding that a system expects.
fn in_ascii(text: &str) -> String {
    let spelled = |character: char| match character {
        character if character.is_ascii() => character.to_string(),
        character => format!("\\[u{:04X}]", u32::from(character)),
    };
    text.chars().map(spelled).collect()
}
