//! What goes wrong at 3 a.m.: each situation has its own sentence, its exit code and a remedy that works; and whatever it is, what
//! was published stays as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{
    Line, Ran, SUB_A, SUB_B, TestRoot, VM_HOURS, files_below, page, page_of, project, ran, run_in, skip, stacktally,
};

const RUN: &[&str] = &["run", "--root", "root", "--out", "out"];

/// One situation.
struct Situation {
    name: &'static str,
    /// Makes it, of a root that was published to `out`.
    made_by: fn(&TestRoot),
    typed: &'static [&'static str],
    code: i32,
    /// What must be said, in this order.
    says: &'static [&'static str],
    /// Does what the hint says.
    mended_by: fn(&TestRoot),
    /// What the hint says to type; the same when empty.
    typed_then: &'static [&'static str],
}

fn nothing(_: &TestRoot) {}

const SITUATIONS: &[Situation] = &[
    Situation {
        name: "a root that is a stamp's folder",
        made_by: nothing,
        typed: &["run", "--root", "root/north", "--out", "out"],
        code: 2,
        says: &["--root root/north is the folder of a stamp", "name the folder above", "/root;", "--stamp north"],
        mended_by: nothing,
        typed_then: &["run", "--root", "root", "--out", "out", "--stamp", "north"],
    },
    Situation {
        name: "a root that is the usage folder of a stamp",
        made_by: nothing,
        typed: &["check", "--root", "root/north/usage"],
        code: 2,
        says: &["--root root/north/usage is a folder within that of a stamp", "/root;"],
        mended_by: nothing,
        typed_then: &["check", "--root", "root"],
    },
    Situation {
        name: "a root that is not there",
        made_by: nothing,
        typed: &["run", "--root", "rot", "--out", "out"],
        code: 2,
        says: &["--root rot: there is no such folder", "the current folder holds the folders out, root"],
        mended_by: nothing,
        typed_then: RUN,
    },
    Situation {
        name: "a root that is a file",
        made_by: |root| fs::write(root.folder().join("exports.zip"), "PK").unwrap(),
        typed: &["run", "--root", "exports.zip", "--out", "out"],
        code: 2,
        says: &["--root exports.zip is a file, and a root is a folder", "the folder that holds the stamps"],
        mended_by: nothing,
        typed_then: RUN,
    },
    Situation {
        name: "a root that holds nothing",
        made_by: |root| fs::create_dir(root.folder().join("empty")).unwrap(),
        typed: &["run", "--root", "empty", "--out", "out"],
        code: 3,
        says: &["empty holds no stamp folder", "mount point"],
        mended_by: nothing,
        typed_then: RUN,
    },
    Situation {
        name: "a file where the exports are meant",
        made_by: |root| {
            root.remove("north/usage");
            root.file("north/usage", "{}");
        },
        typed: RUN,
        code: 3,
        says: &["north/usage: a file, where the folder of the exports is meant", "north/usage/<reported-start>/…"],
        mended_by: |root| {
            root.remove("north/usage");
            root.file("north/usage/2026-10-05/page.json", page(&[line(SUB_A)]));
        },
        typed_then: &[],
    },
    Situation {
        name: "a file where a stamp is meant",
        made_by: |root| root.file("south", "{}"),
        typed: RUN,
        code: 3,
        says: &["south: a file, where the folder of a stamp is meant", "begins with `_`"],
        mended_by: |root| fs::rename(root.root().join("south"), root.root().join("_south")).unwrap(),
        typed_then: &[],
    },
    Situation {
        name: "a folder where a file is meant",
        made_by: |root| fs::create_dir(root.root().join("names.csv")).unwrap(),
        typed: RUN,
        code: 3,
        says: &["names.csv: a folder, where a file is meant", "put the file names.csv in its place"],
        mended_by: |root| {
            root.remove("names.csv");
            root.file("names.csv", "id,name\n");
        },
        typed_then: &[],
    },
    Situation {
        name: "a file where snapshots are meant",
        made_by: |root| {
            root.remove("north/registration");
            root.file("north/registration", "{}");
        },
        typed: RUN,
        code: 3,
        says: &[
            "north/registration: a file, where the folder of dated snapshots is meant",
            "north/registration/<date>.json",
        ],
        mended_by: |root| {
            root.remove("north/registration");
            root.snapshots("north");
        },
        typed_then: &[],
    },
    Situation {
        name: "the folder of a stamp that is empty",
        made_by: |root| fs::create_dir(root.root().join("south")).unwrap(),
        typed: RUN,
        code: 3,
        says: &["south: the folder of the stamp is empty", "whether its share is mounted", "remove the folder"],
        mended_by: |root| root.remove("south"),
        typed_then: &[],
    },
    Situation {
        name: "no root and no OUT",
        made_by: nothing,
        typed: &["run"],
        code: 2,
        says: &["--root <ROOT> and --out <OUT> are missing", "give them as flags", "`root = \"…\"` and `out = \"…\"`"],
        mended_by: nothing,
        typed_then: RUN,
    },
    Situation {
        name: "an OUT that is a file",
        made_by: |root| fs::write(root.folder().join("file"), "").unwrap(),
        typed: &["run", "--root", "root", "--out", "file"],
        code: 2,
        says: &["--out file is a file, and OUT is a folder", "it is made if need be"],
        mended_by: nothing,
        typed_then: &["run", "--root", "root", "--out", "another"],
    },
    Situation {
        name: "an OUT below a file",
        made_by: |root| fs::write(root.folder().join("file"), "").unwrap(),
        typed: &["run", "--root", "root", "--out", "file/out"],
        code: 1,
        says: &[
            "cannot make the folder file/out/.stacktally",
            "nothing was published",
            "is a file, and a folder is meant",
        ],
        mended_by: |root| fs::remove_file(root.folder().join("file")).unwrap(),
        typed_then: &[],
    },
    Situation {
        name: "a publication that is not there",
        made_by: nothing,
        typed: &["coverage", "--out", "nowhere"],
        code: 2,
        says: &["there is no folder nowhere", "that `stacktally run` published to"],
        mended_by: nothing,
        typed_then: &["coverage", "--out", "out"],
    },
    Situation {
        name: "a publication that is a file",
        made_by: |root| fs::write(root.folder().join("file"), "").unwrap(),
        typed: &["unregistered", "--out", "file"],
        code: 2,
        says: &["file is a file, and a publication is a folder"],
        mended_by: nothing,
        typed_then: &["unregistered", "--out", "out"],
    },
    Situation {
        name: "a root where a publication is meant",
        made_by: nothing,
        typed: &["changes", "--out", "root"],
        code: 2,
        says: &["root holds exports, and no publication", "publish them with `stacktally run --root root --out OUT`"],
        mended_by: nothing,
        typed_then: &["changes", "--out", "out"],
    },
    Situation {
        name: "--root where a publication is read",
        made_by: nothing,
        typed: &["unregistered", "--root", "root"],
        code: 2,
        says: &[
            "`unregistered` reads a publication, and has no --root",
            "--out OUT",
            "stacktally run --root ROOT --out OUT",
        ],
        mended_by: nothing,
        typed_then: &["unregistered", "--out", "out"],
    },
    Situation {
        name: "--out of a comparison",
        made_by: nothing,
        typed: &["compare", "--out", "out", "out"],
        code: 2,
        says: &["`compare` has no --out: it takes two publications by their folders", "stacktally compare OUT OTHER"],
        mended_by: nothing,
        typed_then: &["compare", "out", "out"],
    },
    Situation {
        name: "--dry-run",
        made_by: nothing,
        typed: &["run", "--root", "root", "--out", "out", "--dry-run"],
        code: 2,
        says: &["`run` has no --dry-run", "`stacktally check` does everything that `run` does, and publishes nothing"],
        mended_by: nothing,
        typed_then: &["check", "--root", "root"],
    },
    Situation {
        name: "settings that are JSON",
        made_by: |root| settings(root, "{\n  \"root\": \"root\",\n  \"out\": \"out\"\n}\n"),
        typed: &["run", "--settings", "s.toml"],
        code: 2,
        says: &["s.toml:", "JSON, where TOML is expected", "write one setting a line, without braces and commas"],
        mended_by: |root| settings(root, "root = \"root\"\nout = \"out\"\n"),
        typed_then: &[],
    },
    Situation {
        name: "a Windows path in double quotes",
        made_by: |root| settings(root, "root = \"root\"\nout = \"C:\\usage\"\n"),
        typed: &["run", "--settings", "s.toml"],
        code: 2,
        says: &["s.toml:2:", "a `\\` begins an escape", "in single quotes, as 'C:\\usage'", "\"C:/usage\""],
        mended_by: |root| settings(root, "root = 'root'\nout = 'C:\\usage'\n"),
        typed_then: &[],
    },
    Situation {
        name: "a Windows path whose escapes mean something else",
        made_by: |root| settings(root, "root = \"root\"\nout = \"C:\\temp\\new\"\n"),
        typed: &["run", "--settings", "s.toml"],
        code: 2,
        says: &["s.toml:2:1: `out` holds a control character", "in single quotes"],
        mended_by: |root| settings(root, "root = 'root'\nout = 'C:\\temp\\new'\n"),
        typed_then: &[],
    },
    Situation {
        name: "settings that are a folder",
        made_by: |root| {
            fs::create_dir(root.folder().join("etc")).unwrap();
            fs::write(root.folder().join("etc/stacktally.toml"), "root = \"../root\"\nout = \"../out\"\n").unwrap();
        },
        typed: &["run", "--settings", "etc"],
        code: 2,
        says: &[
            "--settings etc is a folder, and settings are a file",
            "name the file in it, such as etc/stacktally.toml",
        ],
        mended_by: nothing,
        typed_then: &["run", "--settings", "etc/stacktally.toml"],
    },
    Situation {
        name: "settings that are not there",
        made_by: |root| settings(root, "root = \"root\"\nout = \"out\"\n"),
        typed: &["run", "--settings", "t.toml"],
        code: 2,
        says: &["cannot read the settings file t.toml", "name it by --settings FILE; there is s.toml"],
        mended_by: nothing,
        typed_then: &["run", "--settings", "s.toml"],
    },
    Situation {
        name: "a stamp that a publication does not have",
        made_by: nothing,
        typed: &["coverage", "--out", "out", "--stamp", "south"],
        code: 2,
        says: &["--stamp south: the publication has no such stamp", "it has north"],
        mended_by: nothing,
        typed_then: &["coverage", "--out", "out", "--stamp", "north"],
    },
    Situation {
        name: "an OUT within the root",
        made_by: nothing,
        typed: &["run", "--root", "root", "--out", "root/out"],
        code: 2,
        says: &["--out root/out lies in the root", "keep the two apart"],
        mended_by: nothing,
        typed_then: RUN,
    },
];

/// What these situations say, message and hint.
pub fn said() -> impl Iterator<Item = &'static str> {
    SITUATIONS.iter().flat_map(|situation| situation.says.iter().copied())
}

fn line(user_subscription: &str) -> Line {
    Line::hourly(user_subscription, VM_HOURS, "2026-10-05T13", "1")
}

fn settings(root: &TestRoot, text: &str) {
    fs::write(root.folder().join("s.toml"), text).unwrap();
}

/// Everything below OUT, receipts too.
fn all_of(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(out);
    files.insert("receipt.json".to_owned(), fs::read(out.join("receipt.json")).unwrap());
    files.extend(files_below(&out.join("receipts")));
    files
}

/// The message itself, without its remedy.
fn error_of(ran: &Ran) -> Vec<String> {
    ran.stderr.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned).collect()
}

#[test]
fn each_has_its_sentence_its_code_and_a_remedy_that_works() {
    for Situation { name, made_by, typed, code, says, mended_by, typed_then } in SITUATIONS {
        let root = TestRoot::with_lines(&[line(SUB_A), line(SUB_B)]);
        root.run(&[]).expect(0);
        made_by(&root);
        let before = all_of(&root.out());
        let failed = root.stacktally(typed);
        assert_eq!(failed.code, *code, "{name}: {}", failed.transcript());
        let mut rest = &*failed.stderr;
        for said in *says {
            let at = rest.find(said).unwrap_or_else(|| panic!("{name}: {said:?} is not said in {}", failed.stderr));
            rest = &rest[at..];
        }
        assert!(failed.stderr.contains("\nhint: "), "{name}: {}", failed.stderr);
        assert!(all_of(&root.out()) == before, "{name}: OUT was touched");
        mended_by(&root);
        let mended = root.stacktally(if typed_then.is_empty() { typed } else { typed_then });
        for error in error_of(&failed) {
            assert!(!error_of(&mended).contains(&error), "{name}: the remedy gives the same error: {}", mended.stderr);
        }
        // What is refused then is a figure that would vanish, which these situations made.
        assert!([0, 3].contains(&mended.code), "{name}: {}", mended.transcript());
    }
}

#[test]
fn what_does_not_belong_is_said_at_once() {
    let root = TestRoot::with_lines(&[line(SUB_A)]);
    root.run(&[]).expect(0);
    let before = all_of(&root.out());
    root.file("readme.txt", "");
    root.file("North-2/usage/x", "");
    root.file("north/registrations/2026-10-01.json", "");
    root.file("north/user-subscriptions/latest.json", "");
    root.file("north/customer-subscriptions/newest.json", "");
    root.file("south/usages/2026-10-05/page.json", "");
    let ran = root.run(&[]).expect(3);
    assert_eq!(
        error_of(&ran),
        [
            "error: North-2: the folder's name is not a stamp name",
            "error: readme.txt: a file that a root does not have",
            "error: north/customer-subscriptions/newest.json: the name is no date",
            "error: north/registrations: something that a stamp's folder does not have",
            "error: north/user-subscriptions/latest.json: the name is no date",
            "error: south/usages: something that a stamp's folder does not have",
        ]
    );
    assert!(!ran.stderr.contains("--stamp"), "names are put right, and no stamp is left out: {}", ran.stderr);
    assert!(all_of(&root.out()) == before);
    let json: serde_json::Value = serde_json::from_str(&root.run(&["--json"]).expect(3).stdout).unwrap();
    assert_eq!(json["error"]["beside"].as_array().unwrap().len(), 5);
}

#[test]
fn one_remedy_is_said_once() {
    let root = TestRoot::with_lines(&[line(SUB_A)]);
    (1..=30).for_each(|at| root.file(&format!("north/registration/copy-{at:02}.json"), "{}"));
    let ran = root.run(&[]).expect(3);
    assert_eq!(error_of(&ran).len(), 20);
    assert_eq!(ran.stderr.matches("hint: ").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("\nand 10 more of the kind"), "{}", ran.stderr);
}

#[test]
fn all_that_is_wrong_with_settings_is_said_at_once() {
    let root = TestRoot::with_lines(&[line(SUB_A)]);
    settings(&root, "root = \"root\"\nstrikt = true\nwait = \"yes\"\ncolour = 1\noverlap = \"narrow\"\n");
    let ran = root.stacktally(&["run", "--settings", "s.toml"]).expect(2);
    let errors = error_of(&ran);
    assert_eq!(errors.len(), 4, "{}", ran.stderr);
    for (place, what) in [
        ("s.toml:2:1", "unknown setting `strikt` (did you mean `strict`?)"),
        ("s.toml:3:8", "expected a boolean"),
        ("s.toml:4:1", "unknown setting `colour`"),
        ("s.toml:5:11", "unknown variant `narrow`"),
    ] {
        assert!(errors.iter().any(|error| error.contains(place) && error.contains(what)), "{place} {what}: {errors:?}");
    }
    settings(&root, "root = \"root\"\nculture = \"xx\"\naccept = [\"nothing\"]\nthreads = 0\n");
    let ran = root.stacktally(&["run", "--settings", "s.toml", "--billing-currency", "TALER", "--root", "nowhere"]);
    let errors = error_of(&ran.expect(2)).join("\n");
    for flag in ["--out", "--root", "--culture", "--accept", "--threads", "--billing-currency"] {
        assert!(errors.contains(flag), "{flag}: {errors}");
    }
}

/// The stamps that can go on are named where leaving one out is the remedy, and only there.
#[test]
fn leaving_a_stamp_out_is_said_where_it_helps() {
    let with = |stamps: &[&str]| {
        let root = TestRoot::empty();
        for stamp in stamps {
            root.snapshots(stamp);
            root.file(&format!("{stamp}/usage/2026-10-05/page.json"), page_of(stamp, &[line(SUB_A)]));
        }
        root
    };
    let root = with(&["east", "north", "south"]);
    root.file("north/registration/2026-10-02.json", "{}");
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("leave stamp north out with --stamp east south"), "{}", ran.stderr);
    // The remedy works.
    root.run(&["--stamp", "east", "south"]).expect(0);
    root.file("south/customer-subscriptions/2026-10-02.json", "{");
    let ran = run_in(root.folder(), &["run", "--root", "root", "--out", "another"]).expect(3);
    assert_eq!(ran.stderr.matches("leave stamp").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("leave stamps north and south out with --stamp east: what"), "{}", ran.stderr);
    run_in(root.folder(), &["run", "--root", "root", "--out", "another", "--stamp", "east"]).expect(0);
    // Nobody is left.
    root.file("east/registration/2026-10-02.json", "{}");
    let ran = run_in(root.folder(), &["check", "--root", "root"]).expect(3);
    assert!(!ran.stderr.contains("leave stamp"), "{}", ran.stderr);
    let ran = run_in(root.folder(), &["check", "--root", "root", "--stamp", "north"]).expect(3);
    assert!(!ran.stderr.contains("leave stamp"), "{}", ran.stderr);
    // A used command is none of the stamp's input.
    let root = with(&["north", "south"]);
    let ran = root.run(&["--registration-override", "nothing.json"]);
    assert!(!ran.stderr.contains("leave stamp"), "{}", ran.stderr);
}

/// A stamp that is only being set up is no refusal, but nobody should take it for one without usage.
#[test]
fn a_stamp_without_its_usage_folder_is_a_finding() {
    let root = TestRoot::with_lines(&[line(SUB_A)]);
    root.snapshots("south");
    let ran = root.check(&["--stamp", "south"]).expect(0);
    for part in
        ["south stamp_without_usage: stamp south has no export", "whether the folder `usage` of the stamp is there"]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    root.check(&["--stamp", "south", "--strict"]).expect(3);
    root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_B)]));
    let ran = root.check(&["--stamp", "south"]).expect(0);
    assert!(!ran.stdout.contains("stamp_without_usage"), "{}", ran.stdout);
}

/// The binary as another user than the superuser, who may do everything; `None` where that cannot be.
#[cfg(target_os = "linux")]
fn as_nobody(root: &TestRoot, typed: &[&str]) -> Option<Ran> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return Some(root.stacktally(typed));
    }
    // The folder that it was built in may be closed to others.
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(root.folder(), 0o755).ok()?;
    let binary = root.folder().join("stacktally");
    if !binary.exists() {
        fs::copy(env!("CARGO_BIN_EXE_stacktally"), &binary).ok()?;
        mode(&binary, 0o755).ok()?;
    }
    let mut command = std::process::Command::new(binary);
    command.args(typed).current_dir(root.folder()).uid(NOBODY).gid(NOBODY);
    Some(ran(command.output().ok()?))
}

#[cfg(target_os = "linux")]
#[test]
fn who_was_denied_what_is_said() {
    use std::os::unix::fs::PermissionsExt;

    let root = TestRoot::with_lines(&[line(SUB_A)]);
    root.run(&[]).expect(0);
    let before = all_of(&root.out());
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    // What the run that made it left to its user alone.
    mode(&root.out().join(".stacktally"), 0o755);
    mode(&root.out(), 0o555);
    mode(&root.out().join(".stacktally"), 0o555);
    mode(&root.out().join(".stacktally/lock"), 0o444);
    let Some(ran) = as_nobody(&root, RUN) else { return skip("the test cannot run as another user here") };
    let ran = ran.expect(1);
    let said = ran.stderr.split_once("hint: ").unwrap().1;
    for part in [
        "nothing was published: stacktally runs as ",
        "(uid ",
        " belongs to ",
        "has mode 0",
        "run it as a user who may",
    ] {
        assert!(said.contains(part), "{part}: {}", ran.stderr);
    }
    mode(&root.out(), 0o755);
    assert!(all_of(&root.out()) == before);
    // And of what is read.
    let page = root.root().join("north/usage/2026-10-05/page-0001.json");
    mode(&page, 0o000);
    let ran = as_nobody(&root, &["check", "--root", "root"]).unwrap().expect(1);
    assert!(ran.stderr.contains("page-0001.json belongs to ") && ran.stderr.contains("mode 0000"), "{}", ran.stderr);
    // The remedy.
    mode(&page, 0o644);
    as_nobody(&root, &["check", "--root", "root"]).unwrap().expect(0);
}

/// A filesystem that is full: what was staged, and what is free.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_what_room_there_is() {
    if !crate::fault::can("unshare", &["--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]) {
        return skip("no filesystem may be mounted here, so none was filled");
    }
    let root = project().join("samples/a-year-of-registrations/root");
    let folder = crate::support::tempdir().unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    let script = |size: &str| {
        let binary = stacktally(folder.path()).get_program().to_string_lossy().into_owned();
        let run = format!("mount -t tmpfs -o size={size} tmpfs out && exec {binary:?} run --root {root:?} --out out");
        ran(std::process::Command::new("unshare")
            .args(["--mount", "sh", "-c", &run])
            .current_dir(folder.path())
            .output()
            .unwrap())
    };
    let full = script("64k").expect(1);
    for part in [
        "nothing was published when ",
        " were staged and more were to come: ",
        " of 65.5 kB are free on the file system of ",
    ] {
        assert!(full.stderr.contains(part), "{part}: {}", full.stderr);
    }
    script("16m").expect(0);
}
