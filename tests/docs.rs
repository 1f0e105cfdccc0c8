//! `docs/` and the README cannot go stale: what they link to is there, every command line in them is one, the unit, the crontab and
//! the script that they hand out do what the pages say, and the reference says what the code says.

mod reference;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{CommandFactory, Parser};
use stacktally::cli::args::Cli;
use stacktally::domain::Cause;
use stacktally::domain::correction::FIGURES;
use stacktally::table::contract::CHANGES;

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, SUB_A, TENANT_A, TestRoot, VM_HOURS, customers, listing, page, project, ran,
    registration, run_in, skip,
};

/// The pages, by their paths from the project's folder.
pub fn pages() -> Vec<String> {
    fn walk(folder: &str, pages: &mut Vec<String>) {
        for entry in fs::read_dir(project().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&name, pages);
            } else if name.ends_with(".md") {
                pages.push(name);
            }
        }
    }
    let mut pages = vec!["README.md".to_owned()];
    walk("docs", &mut pages);
    pages.sort();
    assert!(pages.len() > 40);
    pages
}

fn read(page: &str) -> String {
    fs::read_to_string(project().join(page)).unwrap()
}

/// The lines of a page that are prose, or those of its fenced blocks with their languages.
fn lines_of(text: &str) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (mut prose, mut code, mut language) = (Vec::new(), Vec::new(), None);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), language) {
            (Some(named), None) => language = Some(named),
            (Some(_), Some(_)) => language = None,
            (None, None) => prose.push(line),
            (None, Some(language)) => code.push((language, line)),
        }
    }
    (prose, code)
}

/// Whoever reads a row of `changes` looks there for what its cause means.
#[test]
fn every_cause_is_explained() {
    let page = read("docs/operate/what-changed.md");
    let schema = CHANGES.columns.iter().find(|column| column.name == "cause").unwrap().meaning;
    for cause in Cause::ALL.map(Cause::as_str) {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{cause}` |")));
        assert!(
            row.is_some_and(|line| line.split('|').all(|cell| cell.is_empty() || cell.trim().len() > 5)),
            "{cause}"
        );
        let (before, after) =
            schema.split_once(cause).unwrap_or_else(|| panic!("{cause} is not in schemas/changes.csv"));
        assert!(before.ends_with([' ', '(']) && after.starts_with([':', ',', ';', ')']), "{cause}: {schema}");
    }
    let listed = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(listed, Cause::ALL.len() + FIGURES.len(), "a row of the page is of no cause and no figure");
}

/// The anchor of a heading, as mdBook and GitHub make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// Where a link of a page leads: the path from the project's folder, and the anchor.
fn target_of(page: &str, link: &str) -> (String, Option<String>) {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor.to_owned())));
    if path.is_empty() {
        return (page.to_owned(), anchor);
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    (parts.join("/"), anchor)
}

#[test]
fn every_link_leads_somewhere() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    let others = ["ARCHITECTURE.md", "CHANGELOG.md", "benches/README.md", "samples/README.md", "schemas/README.md"];
    for page in pages().into_iter().chain(others.map(str::to_owned)) {
        let text = read(&page);
        for link in
            lines_of(&text).0.iter().flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split_once(')'))
        {
            let link = link.0;
            if link.contains("://") {
                continue;
            }
            seen += 1;
            let (path, wanted) = target_of(&page, link);
            let there = project().join(&path);
            if !there.exists() {
                wrong.push(format!("{page}: {link}"));
                continue;
            }
            let Some(wanted) = wanted else { continue };
            let text = fs::read_to_string(&there).unwrap();
            let prose = lines_of(&text).0;
            if !prose.iter().filter(|line| line.starts_with('#')).any(|line| anchor(line) == wanted) {
                wrong.push(format!("{page}: {link} (no such heading)"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 150, "{seen} links");
}

#[test]
fn the_summary_lists_every_page() {
    let listed: BTreeSet<String> = read("docs/SUMMARY.md")
        .lines()
        .filter_map(|line| line.split_once("](")?.1.split_once(')'))
        .map(|(link, _)| format!("docs/{link}"))
        .collect();
    let there: BTreeSet<String> =
        pages().into_iter().filter(|page| page.starts_with("docs/") && page != "docs/SUMMARY.md").collect();
    let unlisted: Vec<&String> = there.difference(&listed).collect();
    assert!(unlisted.is_empty(), "not in docs/SUMMARY.md: {unlisted:?}");
    let nowhere: Vec<&String> = listed.difference(&there).collect();
    assert!(nowhere.is_empty(), "in docs/SUMMARY.md, and not there: {nowhere:?}");
}

/// The words of a command line, up to what the shell takes for itself; `None` where it is no call of stacktally.
fn words_of(line: &str) -> Option<Vec<String>> {
    let mut line = line.trim().trim_start_matches("$ ");
    for before in ["sudo -u stacktally ", "sudo "] {
        line = line.strip_prefix(before).unwrap_or(line);
    }
    let line = line.strip_prefix("/usr/local/bin/").unwrap_or(line);
    line.strip_prefix("stacktally ")?;
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (character, Some(quoted)) if character == quoted => quote = None,
            (' ', None) => words.push(String::new()),
            ('#' | '|' | '&' | '>' | ';', None)
                if words.last().is_some_and(|word| word.is_empty() || character == ';') =>
            {
                break;
            }
            (character, _) => words.last_mut()?.push(character),
        }
    }
    // Some more may follow, and a number of a stream that is redirected is no word.
    words.retain(|word| !word.is_empty() && word != "…" && word != "2");
    Some(words)
}

/// Whether clap takes a command line: one of a command alone may leave out what it needs.
fn is_wrong(words: &[String]) -> Option<String> {
    let Some(command) = words.get(1).filter(|word| !word.starts_with('-')) else {
        return Cli::try_parse_from(words).err().filter(clap::Error::use_stderr).map(|error| error.to_string());
    };
    if Cli::command().find_subcommand(command).is_none() {
        return Some(format!("no command {command}"));
    }
    if words.len() == 2 {
        return None;
    }
    // A sentence may name a flag without a value.
    let with_value: Vec<&str> = words.iter().map(String::as_str).chain(["2026-10-05"]).collect();
    if words.last().is_some_and(|last| last.starts_with("--")) && Cli::try_parse_from(with_value).is_ok() {
        return None;
    }
    Cli::try_parse_from(words).err().filter(clap::Error::use_stderr).map(|error| error.to_string())
}

#[test]
fn every_command_line_is_one() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages() {
        // A line that goes on is one with the next.
        let text = read(&page).replace("\\\n", " ");
        let (prose, code) = lines_of(&text);
        let quoted = prose.iter().flat_map(|line| line.split('`').skip(1).step_by(2));
        let of_code =
            code.iter().filter(|(language, _)| ["sh", "text", "console", ""].contains(language)).map(|(_, line)| *line);
        // The line of a crontab has its command behind five times.
        let of_cron = code.iter().filter(|(language, _)| *language == "crontab");
        let of_cron = of_cron.filter_map(|(_, line)| line.find("stacktally ").map(|at| &line[at..]));
        for words in quoted.chain(of_code).chain(of_cron).filter_map(words_of) {
            seen += 1;
            if let Some(error) = is_wrong(&words) {
                wrong.push(format!("{page}: {}\n{error}", words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 30, "{seen} command lines");
    assert!(is_wrong(&words_of("stacktally run --sttings x").unwrap()).is_some(), "a proof that proves nothing");
}

/// The units are units to systemd, with the binary that is there.
#[test]
fn the_units_are_units() {
    let folder = crate::support::tempdir().unwrap();
    let unit = |name: &str| {
        let text = read(&format!("docs/operate/{name}"));
        let text = text.replace("/usr/local/bin/stacktally", env!("CARGO_BIN_EXE_stacktally"));
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let units: Vec<PathBuf> = ["stacktally.service", "stacktally.timer"].map(unit).to_vec();
    let verified = || Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output();
    let Ok(output) = verified() else { return skip("no systemd-analyze here, so no unit was verified") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains(&*folder.path().to_string_lossy()), "{said}");
    // And it says so when they are none.
    fs::write(&units[1], "[Timer]\nOnCalendar=every night\n").unwrap();
    let output = verified().unwrap();
    assert!(!output.stderr.is_empty());
}

/// The settings that are handed out, for a folder.
fn settings_in(folder: &Path) -> String {
    let text = read("docs/operate/stacktally.toml");
    let place = |name: &str| folder.join(name).display().to_string();
    assert!(text.contains("keep-missing = true"));
    text.replace("/srv/usage", &place("root")).replace("/srv/chargeback", &place("out"))
}

/// Runs the line of the crontab as cron does: little environment, `/bin/sh`, and a mail command that keeps what it is given.
#[cfg(unix)]
fn by_cron(folder: &Path) -> Ran {
    let crontab = read("docs/operate/stacktally.crontab");
    let shown: Vec<&str> = crontab.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(read("docs/operate/every-night.md").contains(&shown.join("\n")), "the page shows the file");
    let (path, line) = (shown[0].strip_prefix("PATH=").unwrap(), shown[1]);
    let command = line.splitn(6, ' ').nth(5).unwrap().trim();
    assert!(!command.contains('%'), "cron ends a line there");
    let place = |name: &str| folder.join(name).display().to_string();
    let command = command
        .replace("/etc/stacktally.toml", &place("stacktally.toml"))
        .replace("/var/log/stacktally", &place("log"));
    // Instead of /usr/local/bin there is a folder with the binary and the stub.
    let path = path.replace("/usr/local/bin", &place("bin"));
    let mut cron = Command::new("/bin/sh");
    cron.args(["-c", &command]).current_dir("/").env_clear();
    cron.envs([("HOME", &*place("home")), ("LOGNAME", "stacktally"), ("SHELL", "/bin/sh"), ("PATH", &*path)]);
    ran(cron.output().unwrap())
}

#[cfg(unix)]
#[test]
fn the_crontab_publishes_and_tells_of_failures() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    let folder = root.folder();
    for name in ["bin", "log", "home"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    symlink(env!("CARGO_BIN_EXE_stacktally"), folder.join("bin/stacktally")).unwrap();
    let mail = folder.join("bin/mail");
    fs::write(&mail, format!("#!/bin/sh\n{{ echo \"$@\"; cat; }} >>{:?}\n", folder.join("mails"))).unwrap();
    fs::set_permissions(&mail, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("stacktally.toml"), settings_in(folder)).unwrap();
    let published = by_cron(folder).expect(0);
    assert_eq!((published.stdout, published.stderr), (String::new(), String::new()), "cron itself has nothing to mail");
    assert!(root.out().join("receipt.json").exists());
    assert!(!folder.join("mails").exists(), "a good night mails nothing");
    assert!(fs::read_to_string(folder.join("log/last-night.txt")).unwrap().contains("1 read = 1 used"));
    // A refusal reaches whoever reads the mail, with the code and the remedy.
    root.file("north/registration/2026-10-02.json", "{}");
    by_cron(folder);
    let mails = fs::read_to_string(folder.join("mails")).unwrap();
    for part in ["-s stacktally ended with 3 billing@example.com", "north/registration/2026-10-02.json", "hint: "] {
        assert!(mails.contains(part), "{part}: {mails}");
    }
    // And so does a program that is not there.
    fs::remove_file(folder.join("bin/stacktally")).unwrap();
    by_cron(folder);
    assert!(fs::read_to_string(folder.join("mails")).unwrap().contains("ended with 127"));
}

/// The script that fetches, against answers as the APIs give them.
#[cfg(unix)]
#[test]
fn the_fetching_script_saves_what_a_run_reads() {
    use std::os::unix::fs::PermissionsExt;

    if !crate::fault::can("jq", &["--version"]) || !crate::fault::can("date", &["-u", "-d", "yesterday", "+%F"]) {
        return skip("no jq or no GNU date here, so nothing was fetched");
    }
    let folder = crate::support::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for name in ["bin", "root/north", "answers"] {
        fs::create_dir_all(place(name)).unwrap();
    }
    // Two pages of usage, one of everything else.
    let line = |hour: &str| Line::hourly(SUB_A, VM_HOURS, hour, "8.3819031715393066E-08");
    let next = "https://adminmanagement.example.com/next?token=a\\u0026b";
    let first = page(&[line("2026-10-05T12")]);
    let first = format!("{},\"nextLink\":\"{next}\"}}", first.strip_suffix('}').unwrap());
    for (name, answer) in [
        ("usage", first),
        ("next", page(&[line("2026-10-05T13")])),
        ("listing", listing(&[(SUB_A, TENANT_A)])),
        ("registration", registration(DEFAULT, "north")),
        ("customers", customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)])),
    ] {
        fs::write(place("answers").join(name), answer).unwrap();
    }
    let stub = |name: &str, text: &str| {
        fs::write(place("bin").join(name), text).unwrap();
        fs::set_permissions(place("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    stub("az", "#!/bin/sh\necho token-of-$4\n");
    stub(
        "curl",
        "#!/bin/sh\nread -r header\necho \"$header\" >>\"$ANSWERS/headers\"\n\
         while [ $# -gt 1 ]; do [ \"$1\" = --output ] && file=$2; shift; done\n\
         echo \"$1\" >>\"$ANSWERS/asked\"\n\
         case $1 in\n*/next?token=a\\&b) from=next ;;\n*subscriberUsageAggregates*) from=usage ;;\n\
         *Subscriptions.Admin*) from=listing ;;\n*customerSubscriptions*) from=customers ;;\n*registrations/north?api*) from=registration ;;\n*) exit 22 ;;\nesac\n\
         cp \"$ANSWERS/$from\" \"$file\"\n",
    );
    let fetch = || {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", place("bin").display());
        let registration = format!(
            "/subscriptions/{DEFAULT}/resourceGroups/azurestack/providers/Microsoft.AzureStack/registrations/north"
        );
        let mut command = Command::new("/bin/sh");
        command.arg(project().join("docs/start/fetch-exports.sh")).env("PATH", path).env("ANSWERS", place("answers"));
        command.envs([
            ("STAMP", "north"),
            ("DOMAIN", "example.com"),
            ("DAY", "2026-10-05"),
            ("STACK_AUDIENCE", "stack"),
        ]);
        command.env("ROOT", place("root")).env("PROVIDER", crate::support::PROVIDER).env("REGISTRATION", registration);
        ran(command.env("HOME", folder.path()).output().unwrap())
    };
    fetch().expect(0);
    let asked = fs::read_to_string(place("answers/asked")).unwrap();
    assert_eq!(asked.lines().count(), 5, "{asked}");
    assert!(
        asked.contains("reportedStartTime=2026-10-05T00%3A00%3A00Z&reportedEndTime=2026-10-06T00%3A00%3A00Z"),
        "{asked}"
    );
    let headers = fs::read_to_string(place("answers/headers")).unwrap();
    assert!(
        headers.contains("Bearer token-of-stack") && headers.contains("Bearer token-of-https://management.azure.com/")
    );
    assert_eq!(
        fs::read(place("root/north/usage/2026-10-05/page-0001.json")).unwrap(),
        fs::read(place("answers/usage")).unwrap(),
        "byte for byte"
    );
    let checked = run_in(folder.path(), &["check", "--root", "root"]).expect(0);
    assert!(
        checked.stdout.contains("2 read = 2 used") && checked.stdout.contains("2 registered"),
        "{}",
        checked.stdout
    );
    // Twice is once; and what fails leaves nothing that a run would read.
    let again = fetch().expect(0);
    assert_eq!(again.stderr.matches("is there already").count(), 4, "{}", again.stderr);
    fs::remove_dir_all(place("root/north/usage")).unwrap();
    fs::remove_file(place("answers/next")).unwrap();
    assert_ne!(fetch().code, 0);
    assert!(!place("root/north/usage/2026-10-05").exists(), "half an export");
    assert!(place("root/north/usage/.new-2026-10-05").exists());
}
