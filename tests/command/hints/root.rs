//! What lies in a root, and where.

use std::fs;

use super::{Case, PAGE, add, case, edit, edit_as_said, line, rename, second_stamp, type_instead, typed, words};
use crate::support::{BILLED_A, DEFAULT, SUB_A, TENANT_A, TestRoot, customers, listing, page, registration};

follow_all!();

const SKIPPED: &str = "rename it so that it begins with `_` or `.` to have it skipped";

pub fn cases() -> Vec<Case> {
    let mut cases = names();
    cases.extend(snapshots());
    #[cfg(unix)]
    cases.extend(odd_entries());
    cases
}

fn names() -> Vec<Case> {
    vec![
        case(
            "the folder's name is not a stamp name",
            &["a stamp is named [a-z0-9][a-z0-9._-]*, all lower case{}; {}", ", such as {}", SKIPPED],
            |root| second_stamp(root, "South-2"),
            [
                edit_as_said(|root, said| rename(root, "South-2", said.between(", such as ", ";"))),
                edit(|root| rename(root, "South-2", "_South-2")),
                edit(|root| rename(root, "South-2", ".South-2")),
            ],
        ),
        case(
            "a file that a root does not have",
            &["a root holds stamp folders, the folders {} and {}, and {}{}; {}"],
            |root| root.file("name.csv", "id,name\n"),
            [
                edit_as_said(|root, said| rename(root, "name.csv", said.between("did you mean `", "`"))),
                edit(|root| rename(root, "name.csv", "_name.csv")),
            ],
        ),
        case(
            "a workbook, where a table is meant",
            &["save its sheet as CSV UTF-8 under the name {}; {}"],
            |root| root.file("names.xlsx", "PK"),
            [
                edit_as_said(|root, said| {
                    root.remove("names.xlsx");
                    let table = said.between("as CSV UTF-8 under the name ", ";");
                    root.file(table, format!("id,name\n{TENANT_A},Contoso\n"));
                }),
                edit(|root| rename(root, "names.xlsx", "_names.xlsx")),
            ],
        ),
        case(
            "a file, where the folder of a stamp is meant",
            &["a stamp is a folder, with its exports below {}/usage; {}"],
            |root| root.file("south", "{}"),
            [edit(|root| {
                root.remove("south");
                second_stamp(root, "south");
            })],
        ),
        typed(
            "--stamp south: the root has no such stamp",
            &["it has {}"],
            &["check", "--root", "root", "--stamp", "south"],
            [type_instead(|said| words(&["check", "--root", "root", "--stamp", said.between("it has ", "")]))],
        ),
        case(
            "--stamp north: the root has no such stamp",
            &["it holds no stamp at all: name the folder that holds the stamps with --root"],
            |root| fs::create_dir(root.folder().join("empty")).unwrap(),
            [type_instead(|said| {
                [words(&["check"]), said.flag("--root", 0), words(&["root", "--stamp", "north"])].concat()
            })],
        )
        .typed(&["check", "--root", "empty", "--stamp", "north"]),
        case(
            "something that a stamp's folder does not have",
            &["a stamp holds the folders {}{}; {}"],
            |root| rename(root, "north/usage", "north/usages"),
            [edit_as_said(|root, said| {
                rename(root, "north/usages", &format!("north/{}", said.between("did you mean `", "`")));
            })],
        ),
        case(
            "something that a stamp's folder does not have",
            &[SKIPPED],
            |root| root.file("north/notes.txt", ""),
            [edit(|root| rename(root, "north/notes.txt", "north/_notes.txt"))],
        ),
        case(
            "south/registration: ",
            &["leave {} {} out with --stamp {}: what is published of {} stays"],
            |root| {
                second_stamp(root, "south");
                root.remove("south/registration");
            },
            [add(|said| said.flag("--stamp", 1))],
        ),
    ]
}

fn snapshots() -> Vec<Case> {
    let latest = "north/user-subscriptions/latest.json";
    let renamed = move |name: &'static str| {
        edit_as_said(move |root, said| {
            // As the hint writes it; a folder of pages, and what is skipped, are named by hand.
            assert!(name.starts_with('_') || name.contains('/') || said.flag(name, 0) == [name]);
            rename(root, latest, &format!("north/user-subscriptions/{name}"));
        })
    };
    vec![
        case(
            "the name is no date",
            &["name a snapshot by the moment it was taken, 2026-10-05.json or 2026-10-05T13.json (UTC)"],
            move |root| root.file(latest, listing(&[(SUB_A, TENANT_A)])),
            [
                renamed("2026-10-05.json"),
                renamed("2026-10-05T13.json"),
                renamed("2026-10-05/page-1.json"),
                renamed("_latest.json"),
            ],
        ),
        case(
            "the snapshot's folder holds no page",
            &["put its pages there, or remove the folder"],
            |root| fs::create_dir(root.root().join("north/registration/2026-10-02")).unwrap(),
            [
                edit(|root| root.file("north/registration/2026-10-02/page.json", registration(DEFAULT, "north"))),
                edit(|root| root.remove("north/registration/2026-10-02")),
            ],
        ),
        case(
            "is dated 2026-10-01T00, as ",
            &["two snapshots of one kind at one moment contradict each other: keep one of the two"],
            |root| {
                let list = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
                root.file("north/customer-subscriptions/2026-10-01T00/page.json", list);
            },
            [
                edit(|root| root.remove("north/customer-subscriptions/2026-10-01T00")),
                edit(|root| root.remove("north/customer-subscriptions/2026-10-01.json")),
            ],
        ),
    ]
}

#[cfg(unix)]
fn odd_entries() -> Vec<Case> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let no_utf8 =
        |root: &TestRoot| root.root().join("north/usage/2026-10-05").join(OsStr::from_bytes(b"page-\xe9.json"));
    let socket = "north/usage/2026-10-05/socket";
    vec![
        case(
            "more than 32 folders within each other",
            &["a link probably leads back to a folder above it: remove the link"],
            |root| symlink(".", root.root().join("north/usage/2026-10-05/again")).unwrap(),
            [edit(|root| fs::remove_file(root.root().join("north/usage/2026-10-05/again")).unwrap())],
        ),
        case(
            "the name is not UTF-8",
            &["rename it"],
            move |root| fs::rename(root.root().join(PAGE), no_utf8(root)).unwrap(),
            [edit(move |root| fs::rename(no_utf8(root), root.root().join(PAGE)).unwrap())],
        ),
        case(
            "neither a file nor a folder",
            &["pipes, sockets and devices cannot be read twice: put a file there, or {}"],
            move |root| drop(UnixListener::bind(root.root().join(socket)).unwrap()),
            [
                edit(move |root| {
                    root.remove(socket);
                    root.file(socket, page(&[line(SUB_A)]));
                }),
                edit(move |root| rename(root, socket, "north/usage/2026-10-05/_socket")),
            ],
        ),
        case(
            "cannot look at ",
            &["it is a link to something that is not there"],
            |root| {
                rename(root, "north/usage", "../share");
                symlink(root.folder().join("not-mounted"), root.root().join("north/usage")).unwrap();
            },
            [
                edit(|root| fs::rename(root.folder().join("share"), root.folder().join("not-mounted")).unwrap()),
                edit(|root| fs::remove_file(root.root().join("north/usage")).unwrap()),
            ],
        ),
    ]
}
