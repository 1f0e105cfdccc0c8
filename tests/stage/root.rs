//! `read::root`: the folder convention, and what it refuses.

use std::fs;
use std::path::Path;

use stacktally::domain::Stamp;
use stacktally::read::discover;

/// Makes empty files (a name that ends in `/` is a folder) and shows what is found, or the refusal.
#[track_caller]
fn check(names: &[&str], expected: &str) {
    check_stamps(names, &[], expected);
}

#[track_caller]
fn check_stamps(names: &[&str], only: &[&str], expected: &str) {
    let folder = crate::support::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }
    let only: Vec<Stamp> = only.iter().map(|name| Stamp::new(name).unwrap()).collect();
    assert_eq!(shown(folder.path(), &only), expected.trim());
}

fn shown(root: &Path, only: &[Stamp]) -> String {
    let found = match discover(root, only) {
        Ok(found) => found,
        Err(error) => return format!("{error}\nhint: {}", error.hint.clone().unwrap_or_default()),
    };
    let mut shown = Vec::new();
    for stamp in &found.stamps {
        for export in &stamp.exports {
            let files: Vec<&str> = export.files.iter().map(|file| file.name.as_str()).collect();
            shown.push(format!(
                "{} {}: {}",
                stamp.stamp,
                export.window.map_or("undeclared".into(), stacktally::domain::Window::label),
                files.join(" ")
            ));
        }
        for (kind, snapshots) in [
            ("registration", &stamp.registrations),
            ("customers", &stamp.customer_subscriptions),
            ("listing", &stamp.user_subscriptions),
        ] {
            for snapshot in snapshots {
                shown.push(format!("{} {kind} {}: {} page(s)", stamp.stamp, snapshot.as_of, snapshot.pages.len()));
            }
        }
    }
    if !found.skipped.is_empty() {
        shown.push(format!("skipped {}", found.skipped.join(" ")));
    }
    shown.join("\n")
}

#[test]
fn the_whole_convention() {
    check(
        &[
            "north/usage/2026-10-06/b.json",
            "north/usage/2026-10-05/a.json",
            "north/usage/2026-10-05/deeper/still/c.json.gz",
            "north/usage/2026-10-07T13/d.json",
            "north/usage/loose.json",
            "north/registration/2026-10-01.json",
            "north/customer-subscriptions/2026-10-01/1.json",
            "north/customer-subscriptions/2026-10-01/2.json",
            "north/user-subscriptions/2026-10-02T13.json",
            "north/user-subscriptions/2026-10-01.json.zst",
            "meters.csv",
            "names.csv",
            ".git/config",
            "_old/usage/x.json",
            "north/usage/2026-10-05/half.json.part",
            "north/usage/2026-10-05/x.tmp",
            "north/usage/2026-10-05/a.json~",
        ],
        "
north 2026-10-05: north/usage/2026-10-05/a.json north/usage/2026-10-05/deeper/still/c.json.gz
north 2026-10-06: north/usage/2026-10-06/b.json
north 2026-10-07T13: north/usage/2026-10-07T13/d.json
north undeclared: north/usage/loose.json
north registration 2026-10-01T00: 1 page(s)
north customers 2026-10-01T00: 2 page(s)
north listing 2026-10-01T00: 1 page(s)
north listing 2026-10-02T13: 1 page(s)
skipped .git _old north/usage/2026-10-05/a.json~ north/usage/2026-10-05/half.json.part north/usage/2026-10-05/x.tmp",
    );
}

#[test]
fn stamps_can_be_limited() {
    let names = ["north/usage/2026-10-05/a.json", "south/usage/nonsense/b.json"];
    check_stamps(&names, &["north"], "north 2026-10-05: north/usage/2026-10-05/a.json");
    check_stamps(&names, &["east"], "--stamp east: the root has no such stamp\nhint: it has north, south");
}

#[test]
fn what_does_not_belong_is_refused_by_name() {
    check(
        &["north/registrations/2026-10-01.json"],
        "north/registrations: something that a stamp's folder does not have\nhint: a stamp holds the folders usage, registration, customer-subscriptions, user-subscriptions (did you mean `registration`?); rename it so that it begins with `_` or `.` to have it skipped",
    );
    check(
        &["North/usage/"],
        "North: the folder's name is not a stamp name\nhint: a stamp is named [a-z0-9][a-z0-9._-]*, all lower case, such as north; rename it so that it begins with `_` or `.` to have it skipped",
    );
    check(
        &["readme.txt"],
        "readme.txt: a file that a root does not have\nhint: a root holds stamp folders, the folders prices and vendor-prices, and meters.csv, names.csv, prices.csv, vendor-prices.csv, exchange-rates.csv; rename it so that it begins with `_` or `.` to have it skipped",
    );
    check(
        &["north/registration/latest.json"],
        "north/registration/latest.json: the name is no date\nhint: name a snapshot by the moment it was taken, 2026-10-05.json or 2026-10-05T13.json (UTC), or a folder of its pages likewise; rename it so that it begins with `_` or `.` to have it skipped",
    );
}

#[test]
fn one_moment_one_snapshot() {
    check(
        &["north/registration/2026-10-05.json", "north/registration/2026-10-05T00.json"],
        "north/registration/2026-10-05T00.json: is dated 2026-10-05T00, as north/registration/2026-10-05.json is\nhint: two snapshots of one kind at one moment contradict each other: keep one of the two",
    );
}
