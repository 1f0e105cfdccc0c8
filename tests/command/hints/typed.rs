//! What is typed, and settings files.

use std::fs;

use super::{Case, add, case, edit, edit_as_said, nothing, type_instead, type_this, typed, typing, words};
use crate::command::names::named;
use crate::command::prices::{GOOD as PRICES, book, used};
use crate::support::{DEFAULT, SUB_UNKNOWN, TENANT_A, TestRoot, cell, customers, listing, table};

follow_all!();

pub fn cases() -> Vec<Case> {
    let mut cases = roots_and_folders();
    cases.extend(values());
    cases.extend(settings_files());
    cases.extend(publications());
    cases.extend(figures());
    cases
}

const CHECK: &[&str] = &["check", "--root", "root"];

/// The same, with a value that the hint shows.
fn with_value(flag: &'static str, before: &'static str, after: &'static str) -> super::Way {
    type_instead(move |said| [words(CHECK), words(&[flag, said.between(before, after)])].concat())
}

fn roots_and_folders() -> Vec<Case> {
    let run: &[&str] = &["run", "--root", "root", "--out", "out"];
    vec![
        typed(
            "--root <ROOT> is missing",
            &["give it as a flag, or as `{} = \"…\"` in the file named by --settings"],
            &["check"],
            [
                add(|_| words(&["--root", "root"])),
                super::settings(|said| said.between("or as `", "`").replace('…', "root")),
            ],
        ),
        typed(
            "--root rot: there is no such folder",
            &[
                "{}; if it lies on a share, see whether that is mounted{}",
                "name the folder that holds the stamps, as <ROOT>/<stamp>/usage/…",
            ],
            &["check", "--root", "rot"],
            [
                edit(|root| fs::rename(root.root(), root.folder().join("rot")).unwrap()),
                type_instead(|said| words(&["check", "--root", said.between("holds the folders ", "")])),
            ],
        ),
        case(
            "--root names no folder: its value is empty",
            &["write the folder's path; `.` is the folder that the command is run in"],
            |root| fs::write(root.folder().join("s.toml"), "root = \"\"\n").unwrap(),
            [
                edit(|root| fs::write(root.folder().join("s.toml"), "root = \"root\"\n").unwrap()),
                edit_as_said(|root, said| {
                    // The folder of a settings file is that which its paths are relative to.
                    let here = said.between("folder's path; `", "`");
                    fs::write(root.root().join("_s.toml"), format!("root = \"{here}\"\n")).unwrap();
                })
                .then(type_this(&["check", "--settings", "root/_s.toml"])),
            ],
        )
        .typed(&["check", "--settings", "s.toml"]),
        case(
            "--metrics root/stacktally.prom lies in the root",
            &["keep the two apart: the root holds what is read, and nothing else"],
            nothing,
            [type_this(&["run", "--root", "root", "--out", "out", "--metrics", "stacktally.prom"])],
        )
        .typed(run)
        .with(&["--metrics", "root/stacktally.prom"]),
        case(
            "--metrics notes.txt exists, and holds no metrics of stacktally",
            &["name a file that ends in .prom, which is all that node_exporter reads"],
            |root| fs::write(root.folder().join("notes.txt"), "remember the milk\n").unwrap(),
            [type_instead(move |said| {
                let ending = said.between("a file that ends in ", ",");
                [words(run), words(&["--metrics", &format!("notes{ending}")])].concat()
            })],
        )
        .typed(run)
        .with(&["--metrics", "notes.txt"]),
        case(
            "cannot write the metrics to nowhere/stacktally.prom",
            &["the run itself is not affected, but a monitor will take it for missing", "put this right"],
            nothing,
            [edit(|root| fs::create_dir(root.folder().join("nowhere")).unwrap())],
        )
        .typed(run)
        .with(&["--metrics", "nowhere/stacktally.prom"]),
        typed(
            "there is no folder nowhere",
            &["leave --out out to check the root alone"],
            &["check", "--root", "root", "--out", "nowhere"],
            [type_this(CHECK)],
        ),
        typed(
            "--out <OUT> or --root <ROOT> is missing",
            &["name a publication, or a root to look at its exports"],
            &["coverage"],
            [add(|_| words(&["--out", "out"])), add(|_| words(&["--root", "root"]))],
        )
        .published(),
        typed(
            "--out <OUT> or --root <ROOT> is missing",
            &["name a publication with --out, or a root whose exports are to be read with --root"],
            &["history"],
            [
                add(|said| [said.flag("--out", 0), words(&["out"])].concat()),
                add(|said| [said.flag_at("--root", 0, 0), words(&["root"])].concat()),
            ],
        )
        .published(),
    ]
}

fn values() -> Vec<Case> {
    let check =
        |says, hint, flags: &[&'static str], ways: Vec<super::Way>| typed(says, &[hint], CHECK, ways).with(flags);
    vec![
        case(
            "--rejects-percent 200: a percentage is from 0 to 100",
            &["write how many of a hundred lines may be set aside, such as 5"],
            |root| fs::write(root.folder().join("settings.toml"), "rejects-percent = 200\n").unwrap(),
            [edit_as_said(|root, said| {
                let percent = said.between("set aside, such as ", "");
                fs::write(root.folder().join("settings.toml"), format!("rejects-percent = {percent}\n")).unwrap();
            })],
        )
        .with(&["--settings", "settings.toml"]),
        check("--threads 0: from 1 to ", "leave it out for one a core", &["--threads", "0"], vec![type_this(CHECK)]),
        check(
            "--operator-tenant \" \" is not an id",
            "write the GUID as the portal or the listing shows it",
            &["--operator-tenant", " "],
            vec![type_this(&["check", "--root", "root", "--operator-tenant", TENANT_A])],
        ),
        check(
            "--culture \"de-D\": no culture that is known",
            "{}known are {}; one with the same dates and decimals will do",
            &["--culture", "de-D"],
            vec![with_value("--culture", "did you mean `", "`"), with_value("--culture", "known are ", ",")],
        ),
        check(
            "--accept \"window_overdu\": no code of a finding",
            "{}the summary and the receipt say the code of each finding",
            &["--accept", "window_overdu"],
            vec![with_value("--accept", "did you mean `", "`")],
        ),
        check(
            "--source-time-zone \"CET+1\": no time zone that is known",
            "write UTC, an offset as +02:00, or a name of the IANA database as Europe/Berlin, spelled as there",
            &["--source-time-zone", "CET+1"],
            vec![
                with_value("--source-time-zone", "hint: write ", ","),
                with_value("--source-time-zone", "an offset as ", ","),
                with_value("--source-time-zone", "the IANA database as ", ","),
            ],
        ),
        check(
            "--encoding \"cp99\": no encoding that is known",
            "Windows machines of western Europe and the Americas write windows-1252",
            &["--encoding", "cp99"],
            vec![
                with_value("--encoding", "the Americas write ", ","),
                with_value("--encoding", "their consoles ", " or "),
                with_value("--encoding", " or ", ";"),
                with_value("--encoding", "such as ", ","),
            ],
        ),
        typed(
            "\"October\" is no month",
            &["write a UTC month as 2026-10"],
            &["coverage", "--out", "out", "--month", "October"],
            [type_instead(|said| {
                words(&["coverage", "--out", "out", "--month", said.between("write a UTC month as ", "")])
            })],
        )
        .published(),
        typed(
            "--date \"Monday\" is no day",
            &["write a UTC day as 2026-10-05"],
            &["why", "--out", "out", "--date", "Monday"],
            [type_instead(|said| words(&["why", "--out", "out", "--date", said.between("write a UTC day as ", "")]))],
        )
        .published(),
        typed(
            "--since \"yesterday\" is neither a day nor the number of a run",
            &["write a UTC day as 2026-10-05, or the number of a run as 12"],
            &["changes", "--out", "out", "--since", "yesterday"],
            [
                type_instead(|said| words(&["changes", "--out", "out", "--since", said.between("a UTC day as ", ",")])),
                // No run has the number that the hint shows, of one run.
                type_instead(|said| {
                    words(&["changes", "--out", "out", "--since", said.between("number of a run as ", "")])
                })
                .ends(2),
            ],
        )
        .published(),
        typed(
            "--since 12: no run has that number yet",
            &["write the number of a run, or a UTC day as 2026-10-05"],
            &["changes", "--out", "out", "--since", "12"],
            [
                type_instead(|said| {
                    words(&["changes", "--out", "out", "--since", said.between("the last one is ", " ")])
                }),
                type_instead(|said| words(&["changes", "--out", "out", "--since", said.between("a UTC day as ", "")])),
            ],
        )
        .published(),
        typed(
            "--stamp \"North\" is not a stamp's name",
            &["a stamp is named by its folder: [a-z0-9][a-z0-9._-]*"],
            &["check", "--root", "root", "--stamp", "North"],
            [type_this(&["check", "--root", "root", "--stamp", "north"])],
        ),
    ]
}

fn settings_files() -> Vec<Case> {
    const BY_FILE: &[&str] = &["check", "--settings", "s.toml"];
    const GOOD: &str = "root = \"root\"\n";
    let file = |says, hints: &[&'static str], text: &'static [u8], ways: Vec<super::Way>| {
        case(says, hints, move |root| fs::write(root.folder().join("s.toml"), text).unwrap(), ways).typed(BY_FILE)
    };
    let write = |root: &TestRoot, text: &str| fs::write(root.folder().join("s.toml"), text).unwrap();
    let long = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
                0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
                01234567890123456789012345678901234567890123456789012345678901234567890123456789.toml";
    vec![
        case(
            "cannot read the settings file 0123",
            &["name it by --settings FILE"],
            move |root| write(root, GOOD),
            [type_instead(|said| [words(&["check"]), said.flag("--settings", 0), words(&["s.toml"])].concat())],
        )
        .typed(&["check", "--settings", long]),
        file(
            "cannot read the settings file s.toml",
            &["save it as UTF-8 text"],
            b"# caf\xe9\nroot = \"root\"\n",
            vec![edit(move |root| write(root, "# café\nroot = \"root\"\n"))],
        ),
        file(
            "unknown setting `roots`",
            &["known are {}"],
            b"roots = \"root\"\n",
            vec![
                edit_as_said(move |root, said| {
                    write(root, &GOOD.replace("root =", &format!("{} =", said.between("did you mean `", "`"))));
                }),
                edit_as_said(move |root, said| {
                    let known = said.between("known are ", "");
                    assert!(known.split(", ").any(|name| name == "root"), "{known}");
                    write(root, GOOD);
                }),
            ],
        ),
        file(
            "s.toml:2:9: key with no value",
            &["a setting is written as its flag without the dashes: `strict = true`, `stamp = [\"north\"]`"],
            b"root = \"root\"\nstrict: false\n",
            vec![edit_as_said(move |root, said| {
                let setting = said.between("without the dashes: `", "`").replace("true", "false");
                write(root, &format!("{GOOD}{setting}\n"));
            })],
        ),
        file(
            "s.toml:2:9: invalid type",
            &["a setting is written as its flag without the dashes: `strict = true`, `stamp = [\"north\"]`"],
            b"root = \"root\"\nstamp = 5\n",
            vec![edit_as_said(move |root, said| write(root, &format!("{GOOD}{}\n", said.between("`, `", "`"))))],
        ),
    ]
}

/// Commands that look at a publication.
fn publications() -> Vec<Case> {
    const CLOSE: &[&str] = &["close", "2026-10", "--out", "out", "--force", "--reason", "test"];
    vec![
        typed(
            "--reason is blank",
            &["say why: whoever finds the month so will ask"],
            &["close", "2026-10", "--out", "out", "--force", "--reason", " "],
            [type_this(CLOSE)],
        )
        .published(),
        typed(
            "`check` has no argument error",
            &["write --strict={}, with a `=`"],
            &["check", "--root", "root", "--strict", "error"],
            [type_instead(|said| [words(&["check", "--root", "root"]), said.flag("--strict", 0)].concat())],
        ),
        typed(
            "--root . holds no stamp folder, and ./root does",
            &["name the folder that holds the stamps: --root {}"],
            &["check", "--root", "."],
            [type_instead(|said| [words(&["check"]), said.flag("--root", 1)].concat())],
        ),
        typed(
            "`close` has no --dry-run",
            &["`stacktally coverage --out OUT` shows which days are settled and which months are closed"],
            &["close", "2026-10", "--out", "out", "--dry-run"],
            [type_instead(|said| said.command("coverage", &[("OUT", "out")]))],
        )
        .published(),
        typed(
            "--month 2026-01: none of the selected stamps has a day in it",
            &["leave --month out to see all months"],
            &["coverage", "--out", "out", "--month", "2026-01"],
            [type_this(&["coverage", "--out", "out"])],
        )
        .published(),
        typed(
            "--stamp with --month: a statement line is of all stamps together",
            &["leave --stamp out; with --date figures of one stamp are explained"],
            &["why", "--out", "out", "--month", "2026-10", "--stamp", "north"],
            [
                type_this(&["why", "--out", "out", "--month", "2026-10"]),
                type_instead(|said| {
                    [
                        words(&["why", "--out", "out", "--stamp", "north"]),
                        said.flag("--date", 0),
                        words(&["2026-10-05"]),
                    ]
                    .concat()
                }),
            ],
        )
        .made_of(named),
        typed(
            "--stamp south: neither publication has such a stamp",
            &["they have {}"],
            &["compare", "out", "out", "--stamp", "south"],
            [type_instead(|said| words(&["compare", "out", "out", "--stamp", said.between("they have ", "")]))],
        )
        .published(),
        typed(
            "--month 2026-01: neither publication has usage of it",
            &["`stacktally coverage --out OUT` shows which months there are"],
            &["compare", "out", "out", "--month", "2026-01"],
            [
                type_instead(|said| said.command("coverage", &[("OUT", "out")])),
                type_this(&["compare", "out", "out", "--month", "2026-10"]),
            ],
        )
        .published(),
        typed(
            "--stamp south: the publication has, and had, no such stamp",
            &["it knows {}"],
            &["changes", "--out", "out", "--stamp", "south"],
            [type_instead(|said| words(&["changes", "--out", "out", "--stamp", said.between("it knows ", "")]))],
        )
        .published(),
    ]
}

/// Figures and whom they are of.
fn figures() -> Vec<Case> {
    let why = |says, hints: &[&'static str], flags: &[&'static str], ways: Vec<super::Way>| {
        typed(says, hints, &["why", "--out", "out"], ways).with(flags).made_of(named)
    };
    let of_day = |flags: &[&str]| [words(&["why", "--out", "out", "--date", "2026-10-05"]), words(flags)].concat();
    vec![
        why(
            "several meters match",
            &["name one of them by its id instead: {}"],
            &["--date", "2026-10-05", "--meter", "Hours"],
            vec![type_instead(move |said| of_day(&["--meter", said.between("by its id instead: ", " ")]))],
        ),
        why(
            "--tenant \"Fabricam\": no tenant has that id or name",
            &["{}there are {}"],
            &["--date", "2026-10-05", "--tenant", "Fabricam"],
            vec![
                type_instead(move |said| of_day(&["--tenant", said.between("did you mean \"", "\"")])),
                type_instead(move |said| of_day(&["--tenant", said.between("there are ", " ")])),
            ],
        ),
        why(
            "--resource \"vm-9\": no resource has that key, URI or name",
            &["the table `resources` lists them by `resource_key`, `resource_uri` and `resource_name`"],
            &["--date", "2026-10-05", "--resource", "vm-9"],
            vec![by("resource_key"), by("resource_uri"), by("resource_name")],
        ),
        why(
            "no figure of 2026-10-05 matches",
            &["there is usage on that day: leave a flag out, and see what there is"],
            &["--date", "2026-10-05", "--tenant", "Fabrikam", "--meter", "9cd92d4c-bafd-4492-b278-bedc2de8232a"],
            vec![type_instead(move |_| of_day(&["--tenant", "Fabrikam"]))],
        ),
        why(
            "no figure of 2026-01-01 matches",
            &["usage was published from {} to {}"],
            &["--date", "2026-01-01"],
            vec![
                type_instead(move |said| {
                    words(&["why", "--out", "out", "--date", said.between("was published from ", " to")])
                }),
                type_instead(move |said| words(&["why", "--out", "out", "--date", said.between("2026-10-05 to ", "")])),
            ],
        ),
        typed(
            "no figure of 2026-10-05 matches",
            &["no usage was published at all: put exports into the root, and run"],
            &["why", "--out", "out", "--date", "2026-10-05"],
            [edit(|root| {
                super::good_page(root);
                root.run(&[]).expect(0);
            })],
        )
        .made_of(TestRoot::with_snapshots)
        .published(),
        typed(
            "--tenant \"Contoso\": no tenant has that id or name",
            &["leave the flag out: there is no {} at all"],
            &["unregistered", "--out", "out", "--tenant", "Contoso"],
            [type_this(&["unregistered", "--out", "out"])],
        )
        .made_of(nobody)
        .after(&[
            "run",
            "--root",
            "root",
            "--out",
            "out",
            "--confirm-empty-registration",
            "--confirm-empty-listing",
        ]),
        typed(
            "no statement of 2026-01 was published",
            &["there are statements of {}"],
            &["statement", "2026-01", "--out", "out"],
            [type_instead(|said| words(&["statement", said.between("there are statements of ", ","), "--out", "out"]))],
        )
        .made_of(named),
        typed(
            "no statement of 2026-10 was published",
            &["nothing was charged: put a price book (prices.csv) into the root, and run"],
            &["statement", "2026-10", "--out", "out"],
            [edit(|root| {
                book(root, PRICES);
                root.run(&[]).expect(0);
            })],
        )
        .made_of(used)
        .published(),
        typed(
            "--margin: no margins of 2026-11 were published",
            &["put what Microsoft charges (vendor-prices.csv) into the root, and run"],
            &["statement", "2026-11", "--out", "out", "--margin"],
            [edit(|root| {
                root.file("vendor-prices.csv", std::fs::read(root.root().join("prices.csv")).unwrap());
                root.run(&[]).expect(0);
            })],
        )
        .made_of(named),
        typed(
            "it has no statement of 2026-11",
            &["these have one: {}"],
            &["statement", "2026-11", "--out", "out", "--billed-subscription", "Contoso"],
            [type_instead(|said| {
                let id = said.between("these have one: ", "");
                words(&["statement", "2026-11", "--out", "out", "--billed-subscription", id])
            })],
        )
        .made_of(named),
        typed(
            "no statement of 2026-11 has a line of these meters",
            &["leave --meter out to see all lines"],
            &["statement", "2026-11", "--out", "out", "--meter", "9cd92d4c-bafd-4492-b278-bedc2de8232a"],
            [type_this(&["statement", "2026-11", "--out", "out"])],
        )
        .made_of(named),
    ]
}

/// A root whose usage is of no known tenant.
fn nobody() -> TestRoot {
    let root = TestRoot::with_lines(&[super::line(SUB_UNKNOWN)]);
    root.file("north/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[]));
    root.file("north/user-subscriptions/2026-10-01.json", listing(&[]));
    root
}

/// Asks for a resource by what the published table says of it.
fn by(column: &'static str) -> super::Way {
    typing(move |root| {
        let rows = table(&root.out(), "resources");
        let row = rows.iter().find(|row| cell(row, "resource_name") == "vm-2").unwrap();
        words(&["why", "--out", "out", "--date", "2026-10-05", "--resource", cell(row, column)])
    })
}
