//! What was published: files that are gone or altered, inputs that vanished, months that are closed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::prices::add_row;
use super::{
    Case, PAGE, Said, Way, add, case, edit, edit_as_said, line, nothing, of_hour, one_export, rename, second_stamp,
    type_instead, type_this, typed, typing, words,
};
use crate::command::closing::october;
use crate::command::prices::{book, used};
use crate::support::{
    Line, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, files_below, listing,
    listing_of, page,
};

follow_all!();

pub fn cases() -> Vec<Case> {
    let mut cases = altered();
    cases.extend(history());
    cases.extend(folders());
    cases.extend(vanished());
    cases.extend(kept());
    cases.extend(closing());
    cases.extend(objections());
    cases.extend(closed());
    cases
}

const RUN: &[&str] = &["run", "--root", "root", "--out", "out"];
const CLOSE: &[&str] = &["close", "2026-10", "--out", "out", "--force", "--reason", "test"];
const REOPEN: &[&str] = &["reopen", "2026-10", "--out", "out", "--reason", "test"];

fn spoil(root: &TestRoot, file: &str) {
    let path = root.out().join(file);
    let aside = root.folder().join("backup");
    fs::copy(&path, aside).unwrap();
    fs::write(path, "no table").unwrap();
}

/// From the backup.
fn restored(file: &'static str) -> Way {
    edit(move |root| {
        fs::copy(root.folder().join("backup"), root.out().join(file)).unwrap();
    })
}

/// The command that the hint quotes is typed with what was typed, too.
fn run_in_full() -> Way {
    type_instead(|said| [said.command("run", &[]), words(&["--root", "root", "--out", "out"])].concat())
}

/// Runs beforehand what has to end well, and then what was typed.
fn first(typed: &'static [&'static str]) -> Way {
    edit(move |root| drop(root.stacktally(typed).expect(0)))
}

/// The first file below a folder of OUT.
fn file_below(root: &TestRoot, folder: &str, name: &str) -> String {
    let files = files_below(&root.out());
    files.keys().find(|path| path.starts_with(folder) && path.ends_with(name)).unwrap().clone()
}

fn altered() -> Vec<Case> {
    let coverage: &[&str] = &["coverage", "--out", "out"];
    vec![
        case(
            "not a receipt of this version",
            &["publish once more with this version"],
            |root| {
                let path = root.out().join("receipt.json");
                let text = fs::read_to_string(&path).unwrap();
                fs::write(path, text.replacen("\"format\": ", "\"format\": 9", 1)).unwrap();
            },
            [edit(|root| drop(root.run(&[]).expect(0)))],
        )
        .published()
        .typed(coverage),
        case(
            "a published file that is not there, though receipt.json names it",
            &["ask again when no run goes on, and run once more if that does not help"],
            |root| fs::remove_file(root.out().join("coverage.parquet")).unwrap(),
            [edit(|root| drop(root.run(&[]).expect(0)))],
        )
        .published()
        .typed(coverage),
        case(
            "meters.parquet: altered since it was published",
            &["restore it from a backup, or rebuild everything with `stacktally run --full`"],
            |root| spoil(root, "meters.parquet"),
            [restored("meters.parquet"), run_in_full()],
        )
        .published()
        .typed(RUN)
        .with(&["--verify"]),
        case(
            "cannot use the journal ",
            &["move the journal away, and rebuild everything with `stacktally run --full`"],
            |root| fs::write(root.out().join(".stacktally/journal"), "{}\nno hash\n").unwrap(),
            [edit(|root| fs::remove_file(root.out().join(".stacktally/journal")).unwrap()).then(run_in_full())],
        )
        .published()
        .typed(RUN),
        case(
            "missing, though it was published",
            &["run once more, which makes it again"],
            |root| fs::remove_file(root.out().join("meters.parquet")).unwrap(),
            [first(RUN)],
        )
        .published()
        .typed(CLOSE),
    ]
}

fn history() -> Vec<Case> {
    // A page of a day that was published before makes a change.
    let changed = || {
        let root = one_export();
        root.run(&[]).expect(0);
        root.file(PAGE, page(&[line(SUB_A)]));
        root.run(&[]).expect(0);
        root
    };
    let closed_file =
        |name: &'static str| move |root: &TestRoot| root.out().join(file_below(root, "history/closed/", name));
    let (frozen, daily) = (closed_file("closing.json"), closed_file("daily.parquet"));
    let aside = |root: &TestRoot, path: PathBuf, text: &str| {
        fs::copy(&path, root.folder().join("backup")).unwrap();
        fs::write(&path, text).unwrap();
    };
    vec![
        case(
            "altered since it was published, and no run can make it again",
            &["restore it from a backup, or move it away"],
            move |root| aside(root, root.out().join(file_below(root, "history/changes", ".parquet")), "no table"),
            [
                edit(|root| {
                    let path = root.out().join(file_below(root, "history/changes", ".parquet"));
                    fs::copy(root.folder().join("backup"), path).unwrap();
                }),
                edit(|root| {
                    let path = root.out().join(file_below(root, "history/changes", ".parquet"));
                    fs::rename(path, root.folder().join("away")).unwrap();
                }),
            ],
        )
        .made_of(changed)
        .typed(RUN)
        .with(&["--verify"]),
        case(
            "lies in OUT, and receipt.json does not know it",
            &["put back receipt.json and .stacktally from the same backup"],
            |root| {
                fs::rename(root.out().join("receipt.json"), root.folder().join("receipt.json")).unwrap();
                fs::rename(root.out().join(".stacktally"), root.folder().join("state")).unwrap();
            },
            [
                edit(|root| {
                    fs::remove_dir_all(root.out().join(".stacktally")).unwrap();
                    fs::rename(root.folder().join("receipt.json"), root.out().join("receipt.json")).unwrap();
                    fs::rename(root.folder().join("state"), root.out().join(".stacktally")).unwrap();
                }),
                edit(|root| fs::rename(root.out().join("history"), root.folder().join("history")).unwrap()),
            ],
        )
        .made_of(october)
        .published()
        .after(CLOSE)
        .typed(RUN),
        case(
            "missing, or altered since it was published",
            &["restore it from a backup: it is what was closed"],
            move |root| fs::rename(frozen(root), root.folder().join("backup")).unwrap(),
            [
                edit(|root| {
                    let path = root.out().join(file_below(root, "history/closed/", "daily.parquet"));
                    fs::rename(root.folder().join("backup"), path.with_file_name("closing.json")).unwrap();
                }),
                edit_as_said(reopened),
            ],
        )
        .made_of(october)
        .published()
        .after(CLOSE)
        .typed(RUN),
        case(
            "missing, though 2026-10 of north is closed",
            &["restore it from a backup, or reopen the month"],
            move |root| fs::rename(daily(root), root.folder().join("backup")).unwrap(),
            [
                edit(|root| {
                    let path = root.out().join(file_below(root, "history/closed/", "closing.json"));
                    fs::copy(root.folder().join("backup"), path.with_file_name("daily.parquet")).unwrap();
                }),
                first(REOPEN),
            ],
        )
        .made_of(october)
        .published()
        .after(CLOSE)
        .typed(RUN),
        case(
            "closings.jsonl: altered since it was published",
            &["restore it from a backup: no run can make it again"],
            move |root| aside(root, root.out().join("history/closings.jsonl"), "{}\n"),
            [restored("history/closings.jsonl")],
        )
        .made_of(october)
        .published()
        .after(CLOSE)
        .typed(REOPEN),
    ]
}

/// Opens the month by the command that the hint quotes.
fn reopened(root: &TestRoot, said: &Said) {
    let typed = [said.command("reopen", &[]), words(&["2026-10", "--out", "out", "--reason", "test"])].concat();
    root.stacktally(&typed.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
}

fn folders() -> Vec<Case> {
    let held: Arc<Mutex<BTreeMap<PathBuf, File>>> = Arc::default();
    let (holds, ends, goes_on) = (held.clone(), held.clone(), held);
    let override_it: &[&str] = &[
        "run",
        "--root",
        "root",
        "--out",
        "out",
        "--registration-override",
        "root/north/registration/2026-10-01.json",
    ];
    vec![
        case(
            "exists, and was not published by stacktally",
            &["publish to another folder, or move it away"],
            |root| {
                fs::create_dir(root.out()).unwrap();
                fs::write(root.out().join("meters.parquet"), "mine").unwrap();
            },
            [
                type_this(&["run", "--root", "root", "--out", "another"]),
                edit(|root| fs::rename(root.out().join("meters.parquet"), root.folder().join("mine")).unwrap()),
            ],
        )
        .typed(RUN),
        case(
            "another run holds out",
            &["let it finish, or wait for it with --wait; a run that died holds nothing"],
            move |root| {
                let lock = File::open(root.out().join(".stacktally/lock")).unwrap();
                lock.try_lock().unwrap();
                holds.lock().unwrap().insert(root.folder().to_owned(), lock);
            },
            [
                edit(move |root| drop(ends.lock().unwrap().remove(root.folder()))),
                edit(move |root| {
                    let lock = goes_on.lock().unwrap().remove(root.folder());
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(300));
                        drop(lock);
                    });
                })
                .then(add(|said| said.flag("--wait", 0))),
            ],
        )
        .published()
        .typed(RUN),
        case(
            "holds a publication that is no what-if",
            &["publish what --registration-override makes into another folder"],
            nothing,
            [typing(move |root| {
                let into = ["--out", "what-if", override_it[5], override_it[6]];
                root.stacktally(&[&["run", "--root", "root"], &into[..]].concat()).expect(0);
                words(&["compare", "out", "what-if"])
            })],
        )
        .published()
        .typed(override_it),
        case(
            "out holds a what-if",
            &["close the months of what was published without --registration-override"],
            nothing,
            [edit(|root| {
                fs::rename(root.out(), root.folder().join("what-if")).unwrap();
                root.run(&[]).expect(0);
            })],
        )
        .after(override_it)
        .typed(CLOSE),
    ]
}

/// Two stamps and the tables of a root.
fn two_stamps() -> TestRoot {
    let root = one_export();
    second_stamp(&root, "south");
    root.file("north/usage/2026-10-06/page.json", page(&[of_hour(SUB_A, "2026-10-06T13")]));
    root.file("north/usage/2026-10-06/page-2.json", page(&[of_hour(SUB_B, "2026-10-06T13")]));
    root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n"));
    root
}

fn away(root: &TestRoot, name: &str) {
    fs::rename(root.root().join(name), root.folder().join("away")).unwrap();
}

fn back(name: &'static str) -> Way {
    edit(move |root| fs::rename(root.folder().join("away"), root.root().join(name)).unwrap())
}

fn vanished() -> Vec<Case> {
    let gone = |says, hints: &[&'static str], name: &'static str, ways: Vec<Way>| {
        case(says, hints, move |root| away(root, name), ways).made_of(two_stamps).published().typed(RUN)
    };
    let (sixth, file) = ("north/usage/2026-10-06", "north/usage/2026-10-06/page.json");
    let whole = "see whether a disk or share is not mounted, and put back what is missing{}";
    let forget = || add(|said| said.flag("--forget", 1));
    let again = page(&[of_hour(SUB_B, "2026-10-06T14")]);
    vec![
        gone(
            "1 export is gone that the last run published",
            &[
                whole,
                "; exports that you archive go on counting with --keep-missing",
                "put them back, keep what was published of them with --keep-missing",
            ],
            sixth,
            vec![back(sixth), add(|said| said.flag("--keep-missing", 0)), forget()],
        ),
        gone(
            "files of 1 export are gone that the last run published",
            &["put the files back, or name the folder with --forget; --keep-missing keeps whole exports only"],
            file,
            vec![back(file), forget()],
        ),
        gone(
            "files of 1 export are gone that the last run published",
            &["put the files back, or remove the rest of the folder as well"],
            file,
            vec![back(file), edit(move |root| root.remove(sixth)), forget()],
        )
        .with(&["--keep-missing"]),
        gone(
            "the root has no folder south any more",
            &["put the folder back with its snapshots"],
            "south",
            vec![back("south"), add(|said| [said.flag("--stamp", 0), words(&["north"])].concat()), forget()],
        ),
        gone(
            "names.csv is gone, and the last run read it",
            &["restore it, or confirm with --forget that it is meant to go"],
            "names.csv",
            vec![back("names.csv"), forget()],
        ),
        case(
            "inputs of the last publication are gone",
            &["--forget all, or --forget and the names above"],
            |root| ["south", "names.csv", "north/usage/2026-10-06"].iter().for_each(|path| root.remove(path)),
            [
                add(|said| said.flag("--forget", 1)),
                add(|said| {
                    let all = said.flag_at("--forget", 1, 0);
                    [all, words(&["south", "names", "north/usage/2026-10-06"])].concat()
                }),
            ],
        )
        .made_of(two_stamps)
        .published()
        .typed(RUN),
        gone(
            "nothing gone is called north/usage/2026-10-07",
            &["look at what was typed: nothing gone is called {}"],
            sixth,
            vec![type_instead(|said| [words(RUN), said.flag("--forget", 1)].concat())],
        )
        .with(&["--forget", "north/usage/2026-10-07"]),
        case(
            "has no usable line any more",
            &["export that window again and put its pages there; if stamp {} really used nothing"],
            move |root| {
                root.remove("north/usage/2026-10-06/page-2.json");
                root.file(file, page(&[]));
            },
            [
                edit(move |root| {
                    root.file(file, &again);
                    root.file("north/usage/2026-10-06/page-2.json", page(&[of_hour(SUB_B, "2026-10-06T13")]));
                }),
                add(|said| said.flag("--forget", 1)),
            ],
        )
        .made_of(two_stamps)
        .published()
        .typed(RUN),
        case(
            "and with it 1 price that published charges of 2026-10 rest on",
            &["put the file back, or lay its rows into another file of the price book"],
            |root| away(root, "prices/windows.csv"),
            [
                back("prices/windows.csv"),
                edit(|root| rename(root, "../away", "prices/all.csv")),
                add(|said| said.flag("--forget", 1)),
            ],
        )
        .made_of(two_books)
        .published()
        .typed(RUN),
        case(
            "and with it 1 price that published vendor charges of 2026-10 rest on",
            &["put the file back, or lay its rows into another file of vendor prices"],
            |root| away(root, "vendor-prices/windows.csv"),
            [
                back("vendor-prices/windows.csv"),
                edit(|root| rename(root, "../away", "vendor-prices/all.csv")),
                add(|said| said.flag("--forget", 1)),
            ],
        )
        .made_of(two_vendor_books)
        .published()
        .typed(RUN),
        case(
            "--forget south: nothing of that name is gone",
            &["leave --forget out: it is said once"],
            nothing,
            [
                type_this(RUN),
                type_instead(|said| [said.command("check", &[]), words(&["--root", "root", "--out", "out"])].concat()),
            ],
        )
        .published()
        .typed(RUN)
        .with(&["--forget", "south"]),
        typed(
            "--forget all: nothing is gone, so nothing was forgotten",
            &["leave it out: it is meant for one run, and would let everything vanish unasked"],
            RUN,
            [type_this(RUN)],
        )
        .published()
        .with(&["--forget", "all"]),
        gone(
            "no longer published, as --forget says: ",
            &["if that was not meant, put them back and run again"],
            sixth,
            vec![back(sixth).then(type_this(RUN))],
        )
        .with(&["--forget", sixth]),
    ]
}

fn two_books() -> TestRoot {
    two_files_in("prices")
}

fn two_vendor_books() -> TestRoot {
    two_files_in("vendor-prices")
}

fn two_files_in(folder: &str) -> TestRoot {
    let root = used();
    let book = |price: &str| format!("{}{price}", crate::command::prices::HEADER);
    let windows = book(&format!("{WINDOWS_HOURS},1,1,Virtual core hours,USD,,,,,,,\n"));
    root.file(&format!("{folder}/windows.csv"), windows);
    root.file(&format!("{folder}/vms.csv"), book(&format!("{VM_HOURS},1,1,VM hours,USD,,,,,,,\n")));
    root
}

fn kept() -> Vec<Case> {
    let keep: &[&str] = &["run", "--root", "root", "--out", "out", "--keep-missing"];
    let sixth = "north/usage/2026-10-06";
    let lines = |root: &TestRoot| root.out().join(file_below(root, "lines/north/2026-10-06/", ".parquet"));
    vec![
        case(
            "missing, or altered since it was published",
            &["restore it from a backup, or put the export back that it was made of"],
            move |root| {
                away(root, sixth);
                root.stacktally(keep).expect(0);
                let path = lines(root);
                fs::copy(&path, root.folder().join("backup")).unwrap();
                fs::write(&path, "no table").unwrap();
            },
            [
                edit(move |root| {
                    fs::copy(root.folder().join("backup"), lines(root)).unwrap();
                }),
                back(sixth),
            ],
        )
        .made_of(two_stamps)
        .published()
        .typed(keep)
        .with(&["--full"]),
        case(
            "--stamp is to leave stamp south as it was published, but ",
            &["run without --stamp; or with the settings and the version of the last run"],
            nothing,
            [
                type_this(&["run", "--root", "root", "--out", "out", "--settling-days", "5"]),
                type_this(&["run", "--root", "root", "--out", "out", "--stamp", "north"]),
                type_this(&[
                    "run",
                    "--root",
                    "root",
                    "--out",
                    "out",
                    "--settling-days",
                    "5",
                    "--stamp",
                    "north",
                    "south",
                ]),
                edit(|root| root.remove("south")).then(add(|said| said.flag("--forget", 1))),
            ],
        )
        .made_of(two_stamps)
        .published()
        .typed(&["run", "--root", "root", "--out", "out", "--settling-days", "5", "--stamp", "north"]),
        case(
            "is published, and the root has no such stamp any more",
            &["put the stamp's folder back with its snapshots, which say who pays"],
            |root| away(root, "south"),
            [back("south"), add(|said| said.flag("--forget", 1))],
        )
        .made_of(|| {
            let root = one_export();
            root.snapshots("south");
            root.file("south/user-subscriptions/2026-10-01.json", listing_of("south", &[(SUB_B, TENANT_B)]));
            root
        })
        .published()
        .typed(RUN),
        case(
            "has closed months, and would no longer be published",
            &["put the stamp's folder back into the root"],
            |root| away(root, "south"),
            [back("south").then(type_this(RUN)), edit_as_said(reopened)],
        )
        .made_of(two_stamps)
        .published()
        .after(CLOSE)
        .typed(RUN)
        .with(&["--forget", "south"]),
        case(
            "its export is gone, and nothing is known of the lines that are published of it",
            &["put the export back, or run with --forget and its folder to remove its lines (a `*` at"],
            move |root| {
                away(root, sixth);
                fs::remove_dir_all(root.out().join(".stacktally/state")).unwrap();
            },
            [
                back(sixth),
                add(move |said| [said.flag("--forget", 0), words(&[sixth])].concat()),
                add(move |said| [said.flag("--forget", 0), words(&["north/usage/2026-10-0*"])].concat()),
            ],
        )
        .made_of(two_stamps)
        .published()
        .typed(keep),
    ]
}

fn closing() -> Vec<Case> {
    let november: &[&str] = &["close", "2026-11", "--out", "out", "--force", "--reason", "test"];
    vec![
        case(
            "--stamp south: nothing of 2026-10 is published of it",
            &["leave it out; what comes to it later is published as of an open month"],
            nothing,
            [type_this(CLOSE)],
        )
        .made_of(|| {
            let root = one_export();
            root.snapshots("south");
            root.file("south/usage/2026-11-05/page.json", page(&[of_hour(SUB_A, "2026-11-05T13")]));
            root
        })
        .published()
        .typed(CLOSE)
        .with(&["--stamp", "south"]),
        typed(
            "was opened again, and no run has published it since",
            &["run first: what is published of it is still what was closed"],
            CLOSE,
            [first(RUN)],
        )
        .published()
        .after(CLOSE)
        .after(RUN)
        .after(REOPEN),
        typed(
            "2026-10 is closed already",
            &["`stacktally reopen` opens it again"],
            CLOSE,
            [edit_as_said(|root, said| {
                reopened(root, said);
                root.run(&[]).expect(0);
            })],
        )
        .published()
        .after(CLOSE),
        typed(
            "nothing of 2026-11 is published",
            &["`stacktally coverage --out OUT` shows what is"],
            november,
            [type_instead(|said| said.command("coverage", &[("OUT", "out")])), type_this(CLOSE)],
        )
        .published(),
        typed("2026-10 is not closed", &["no month is closed: there is none to open again"], REOPEN, [first(CLOSE)])
            .published(),
        typed(
            "2026-11 is not closed",
            &["closed are {}"],
            &["reopen", "2026-11", "--out", "out", "--reason", "test"],
            [type_instead(|said| {
                let month = said.between("closed are ", " of");
                words(&["reopen", month, "--out", "out", "--reason", "test"])
            })],
        )
        .published()
        .after(CLOSE),
    ]
}

/// A month in which all days but those of one objection are settled.
fn objections() -> Vec<Case> {
    const PLAIN: &[&str] = &["close", "2026-10", "--out", "out"];
    let settled = "put these right; or close it anyway with --force --reason TEXT";
    let again = |does: fn(&TestRoot), flags: &'static [&'static str]| {
        edit(move |root| {
            does(root);
            root.run(flags).expect(0);
        })
    };
    let forced = || {
        add(|said| {
            let mut flags = [said.flag("--force", 0), said.flag("--reason", 0)].concat();
            flags.dedup();
            [flags, words(&["it is agreed"])].concat()
        })
    };
    let open = || {
        let root = october();
        root.remove("north/usage/2026-11-02");
        root
    };
    let objection = |says, hint, made_of: fn() -> TestRoot, ways: Vec<Way>| {
        case(says, &[hint, settled], nothing, ways).made_of(made_of).published().typed(PLAIN)
    };
    vec![
        objection(
            "partial: reported time is missing",
            "fetch the exports that `stacktally coverage` shows as missing, and run again",
            || {
                let root = october();
                root.remove("north/usage/2026-10-31");
                root
            },
            vec![again(
                |root| root.file("north/usage/2026-10-31/page.json", page(&[of_hour(SUB_A, "2026-10-31T05")])),
                &[],
            )],
        ),
        objection(
            "2026-10 cannot be closed, for 1 reason",
            "wait until the windows of the days after them are in, and run again",
            open,
            vec![forced()],
        ),
        objection(
            "open: later windows may still bring lines of them",
            "wait until the windows of the days after them are in, and run again",
            open,
            vec![again(
                |root| root.file("north/usage/2026-11-02/page.json", page(&[of_hour(SUB_A, "2026-11-02T01")])),
                &[],
            )],
        ),
        objection(
            "no price is in force for ",
            "add the price to prices.csv",
            || {
                let root = october();
                book(&root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\n");
                root
            },
            vec![
                again(|root| add_row(root, &format!("{VM_HOURS},1,1,VM hours,USD,,,,,,,")), &[]),
                again(|root| add_row(root, &format!("{VM_HOURS},,,,,,,,,,,core hours are charged")), &[]),
            ],
        ),
        objection(
            "since no listing holds ",
            "save a listing of user subscriptions that holds them",
            || {
                let root = october();
                root.file("north/usage/2026-11-02/page.json", page(&[of_hour(SUB_UNKNOWN, "2026-10-31T08")]));
                root
            },
            vec![
                again(
                    |root| {
                        let all = [(SUB_A, TENANT_A), (SUB_B, TENANT_B), (SUB_UNKNOWN, TENANT_A)];
                        root.file("north/user-subscriptions/2026-11-01.json", listing(&all));
                    },
                    &[],
                ),
                again(nothing, &["--operator-user-subscription", SUB_UNKNOWN]),
            ],
        ),
    ]
}

/// What a run says of months that are closed.
fn closed() -> Vec<Case> {
    let not_applied = "open a month with `stacktally reopen`, run";
    let reopen_run_close = || {
        edit_as_said(|root, said| {
            reopened(root, said);
            root.run(&[]).expect(0);
            root.stacktally(CLOSE).expect(0);
        })
    };
    let all = || {
        let root = used();
        book(&root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\nVM,,,,,,,,,,,core hours are charged\n");
        root
    };
    let changed = |says, does: fn(&TestRoot), code: &'static str| {
        let accept = add(move |said| vec![said.flag("--accept", 0).remove(0), code.to_owned()]);
        case(says, &[not_applied], does, [reopen_run_close(), accept]).made_of(all).published().after(CLOSE).typed(RUN)
    };
    vec![
        changed(
            "closed months keep the prices",
            |root| book(root, "WINDOWS,2,1,Virtual core hours,USD,,,,,,,\nVM,,,,,,,,,,,core hours are charged\n"),
            "closed_month_price_not_applied",
        ),
        case(
            "closed before there was a price book, and not charged",
            &["open them with `stacktally reopen` to have them charged, or accept the code with --accept"],
            |root| book(root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\nVM,,,,,,,,,,,core hours are charged\n"),
            [
                edit_as_said(reopened),
                add(|said| vec![said.flag("--accept", 0).remove(0), "closed_month_not_charged".to_owned()]),
            ],
        )
        .made_of(used)
        .published()
        .after(CLOSE)
        .typed(RUN),
        case(
            "came to closed months since they were closed, and is not charged",
            &["bill it apart, by history/adjustments, and accept the code with --accept"],
            |root| {
                let lines = [Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-31T09", "3")];
                root.file("north/usage/2026-11-01/page.json", page(&lines));
            },
            [
                edit_as_said(reopened),
                add(|said| vec![said.flag("--accept", 0).remove(0), "adjustment_not_charged".to_owned()]),
            ],
        )
        .made_of(all)
        .published()
        .after(CLOSE)
        .typed(RUN),
    ]
}
