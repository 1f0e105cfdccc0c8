//! What was published does not vanish because input did: it is refused, kept, or forgotten by name.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{
    DEFAULT, Line, Ran, SUB_A, SUB_B, TestRoot, VM_HOURS, WINDOWS_HOURS, files_below, listing_of, page, page_of,
    receipt, table, tries,
};

/// A page that no other is equal to.
fn usage(mark: &str, day: &str, quantity: &str) -> String {
    let line = Line::hourly(SUB_A, VM_HOURS, &format!("{day}T05"), quantity);
    page_of(mark, &[line])
}

const PRICES: &str =
    "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note\n";

fn prices(meter: &str, price: &str) -> String {
    let unit = if meter == VM_HOURS { "VM hours" } else { "Virtual core hours" };
    format!("{PRICES}{meter},{price},1,{unit},USD,,,,all,,,\n")
}

/// Two stamps with three days each, names, meters and a price book, published.
fn published() -> TestRoot {
    let root = TestRoot::empty();
    for (stamp, quantity) in [("north", "1"), ("south", "2")] {
        root.snapshots(stamp);
        if stamp == "south" {
            let other = listing_of("south", &[(SUB_B, crate::support::TENANT_B)]);
            root.file("south/user-subscriptions/2026-10-01.json", other);
        }
        for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
            root.file(&format!("{stamp}/usage/{day}/page-1.json"), usage(&format!("{stamp} {day} 1"), day, quantity));
            root.file(&format!("{stamp}/usage/{day}/page-2.json"), usage(&format!("{stamp} {day} 2"), day, "0.5"));
        }
    }
    root.file("names.csv", format!("id,name\n{DEFAULT},Ours\n"));
    root.file(
        "meters.csv",
        format!("meter_id,meter_name,service,unit,quantity_kind\n{VM_HOURS},Hours of VMs,Compute,VM hours,vm_hours\n"),
    );
    root.file("prices.csv", prices(VM_HOURS, "0.1"));
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n");
    root.run(&[]).expect(0);
    root
}

fn tables(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(&root.out());
    files.retain(|path, _| {
        !path.starts_with(".stacktally") && !path.starts_with("receipt") && !path.starts_with("history/")
    });
    files
}

/// Everything in OUT that a reader could see.
fn seen(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(&root.out());
    files.retain(|path, _| !path.starts_with(".stacktally"));
    files
}

fn quantity(root: &TestRoot, stamp: &str) -> Vec<String> {
    let rows = table(&root.out(), "daily").into_iter().filter(|row| row["stamp"].as_deref() == Some(stamp));
    rows.map(|row| row["quantity"].clone().unwrap()).collect()
}

#[track_caller]
fn has(ran: &Ran, texts: &[&str]) {
    for text in texts {
        assert!(ran.stderr.contains(text), "no {text:?} in {}", ran.transcript());
    }
}

/// Each way in which an input goes, what the refusal says, and what `--forget` lets go.
#[test]
fn what_is_gone_is_refused_until_it_is_forgotten_by_name() {
    type Going = fn(&TestRoot);
    let ways: [(&str, Going, &[&str], &[&str]); 13] = [
        (
            "an unmounted share",
            |root| {
                root.remove("north/usage");
                fs::create_dir(root.root().join("north/usage")).unwrap();
            },
            &["3 exports of north (6 lines, 2026-10)", "is not mounted", "--keep-missing", "north/usage/2026-10-05"],
            &["north"],
        ),
        (
            "exports moved away",
            |root| {
                root.remove("north/usage/2026-10-05");
                root.remove("north/usage/2026-10-06");
            },
            &["2 exports of north (4 lines, 2026-10)", "--forget north/usage/2026-10-05 north/usage/2026-10-06"],
            &["north/usage/2026-10-0*"],
        ),
        (
            "a window's folder that is empty",
            |root| {
                root.remove("north/usage/2026-10-05");
                fs::create_dir(root.root().join("north/usage/2026-10-05")).unwrap();
            },
            &["1 export of north (2 lines, 2026-10)", "--forget north/usage/2026-10-05"],
            &["north/usage/2026-10-05"],
        ),
        (
            "one page of two",
            |root| root.remove("north/usage/2026-10-06/page-2.json"),
            &["1 export of north", "north/usage/2026-10-06/page-2.json", "--forget north/usage/2026-10-06"],
            &["north/usage/2026-10-06"],
        ),
        (
            "pages that hold nothing any more",
            |root| {
                root.remove("north/usage/2026-10-06/page-2.json");
                root.file("north/usage/2026-10-06/page-1.json", page(&[]));
            },
            &["north/usage/2026-10-06: has no usable line any more, and 2 lines of it were published"],
            &["north/usage/2026-10-06"],
        ),
        (
            "a stamp moved away",
            |root| root.remove("south"),
            &["stamp south (6 lines, 2026-10)", "--forget south"],
            &["south"],
        ),
        (
            "a stamp renamed",
            |root| fs::rename(root.root().join("south"), root.root().join("_south")).unwrap(),
            &["stamp south", "--forget south"],
            &["south"],
        ),
        (
            "the price book renamed",
            |root| fs::rename(root.root().join("prices.csv"), root.root().join("_prices.csv")).unwrap(),
            &["the price book", "charges and statements", "--forget prices"],
            &["prices"],
        ),
        ("names", |root| root.remove("names.csv"), &["names.csv", "--forget names"], &["names"]),
        ("meters", |root| root.remove("meters.csv"), &["meters.csv", "--forget meters"], &["meters.csv"]),
        (
            "exchange rates",
            |root| root.remove("exchange-rates.csv"),
            &["exchange-rates.csv", "--forget exchange-rates"],
            &["exchange-rates"],
        ),
        (
            "several things at once",
            |root| {
                root.remove("south");
                root.remove("names.csv");
                root.remove("north/usage/2026-10-07");
            },
            &["1 export of north (2 lines, 2026-10)", "stamp south", "names.csv", "--forget all"],
            &["all"],
        ),
        (
            "several things, each by its name",
            |root| {
                root.remove("south");
                root.remove("north/usage/2026-10-07");
            },
            &["1 export of north", "stamp south", "--forget south north/usage/2026-10-07"],
            &["south", "north/usage/2026-10-07"],
        ),
    ];
    for (what, going, said, forget) in ways.into_iter().step_by(tries(3, 1) as usize) {
        let root = published();
        going(&root);
        let before = seen(&root);
        for flags in [&[][..], &["--strict"], &["--full"], &["--verify"]] {
            let ran = root.run(flags).expect(3);
            has(&ran, said);
            assert!(seen(&root) == before, "{what}: OUT changed");
        }
        let checked = root.check(&["--out", "out"]).expect(3);
        has(&checked, said);
        assert!(seen(&root) == before, "{what}: OUT changed by a check");
        let flags = [&["--forget"], forget].concat();
        let ran = root.run(&flags);
        assert_eq!(ran.code, 0, "{what}: {}", ran.transcript());
        assert!(tables(&root) != tables_of(&before), "{what}: nothing went");
        let said = receipt(&root.out())["forgotten"].clone();
        assert_ne!(said, serde_json::json!([]), "{what}");
        // It is said once: the next run needs no word.
        let after = tables(&root);
        root.run(&[]).expect(0);
        assert!(tables(&root) == after, "{what}");
        let fresh = root.stacktally(&["run", "--root", "root", "--out", "fresh"]).expect(0);
        let mut made = files_below(&root.folder().join("fresh"));
        made.retain(|path, _| after.contains_key(path));
        assert!(made == after, "{what}: {}", fresh.transcript());
    }
}

fn tables_of(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let is_table = |path: &str| !path.starts_with("receipt") && !path.starts_with("history/");
    files.iter().filter(|(path, _)| is_table(path)).map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

/// What looks like going, and is not: nothing is refused, and nothing has to be forgotten.
#[test]
fn what_is_replaced_is_not_gone() {
    type Replacing = fn(&TestRoot);
    let ways: [(&str, Replacing); 8] = [
        ("a wider window instead of its days", |root| {
            for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
                let pages = [1, 2].map(|page| format!("north/usage/{day}/page-{page}.json"));
                for (at, path) in pages.iter().enumerate() {
                    let text = fs::read(root.root().join(path)).unwrap();
                    root.file(&format!("north/usage/2026-10-05--2026-10-08/{day}-{at}.json"), text);
                }
                root.remove(&format!("north/usage/{day}"));
            }
        }),
        ("hours instead of a day", |root| {
            root.remove("north/usage/2026-10-05");
            for hour in 0..24 {
                let next = if hour == 23 { "2026-10-06T00".to_owned() } else { format!("2026-10-05T{:02}", hour + 1) };
                let line = Line::hourly(SUB_A, VM_HOURS, "2026-10-04T05", &format!("0.{:02}", hour + 1));
                root.file(&format!("north/usage/2026-10-05T{hour:02}--{next}/page.json"), page(&[line]));
            }
        }),
        ("the same window, spelled otherwise", |root| {
            let folder = root.root().join("north/usage");
            fs::rename(folder.join("2026-10-05"), folder.join("2026-10-05T00--2026-10-06T00")).unwrap();
        }),
        ("pages written anew", |root| {
            root.remove("north/usage/2026-10-05/page-2.json");
            root.file("north/usage/2026-10-05/page-1.json", usage("anew", "2026-10-05", "7"));
        }),
        ("pages renamed", |root| {
            let folder = root.root().join("north/usage/2026-10-05");
            fs::rename(folder.join("page-2.json"), folder.join("page-3.json")).unwrap();
        }),
        ("a price book in several files", |root| {
            root.remove("prices.csv");
            root.file("prices/vm.csv", prices(VM_HOURS, "0.1"));
            root.file("prices/cores.csv", prices(WINDOWS_HOURS, "0.2"));
        }),
        ("a price that changes", |root| root.file("prices.csv", prices(VM_HOURS, "0.2"))),
        ("names that change", |root| root.file("names.csv", "id,name\n")),
    ];
    for (what, replacing) in ways {
        let root = published();
        replacing(&root);
        let ran = root.run(&[]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.transcript());
        assert_eq!(receipt(&root.out())["forgotten"], serde_json::json!([]), "{what}");
    }
}

#[test]
fn a_copy_of_a_page_that_never_counted_may_go() {
    let root = published();
    let page = fs::read(root.root().join("north/usage/2026-10-05/page-1.json")).unwrap();
    root.file("north/usage/2026-10-05/page-9.json", page);
    root.run(&[]).expect(0);
    // The copy that counts has the smallest path; the other one takes its place.
    root.remove("north/usage/2026-10-05/page-1.json");
    root.run(&[]).expect(0);
    assert_eq!(quantity(&root, "north"), vec!["1.500000000000000000"; 3]);
}

#[test]
fn a_file_of_several_price_books_may_not_go_with_its_prices() {
    let root = published();
    root.remove("prices.csv");
    root.file("prices/a.csv", prices(VM_HOURS, "0.1"));
    root.file("prices/b.csv", prices(WINDOWS_HOURS, "0.2"));
    root.run(&[]).expect(0);
    root.remove("prices/a.csv");
    let before = seen(&root);
    let ran = root.run(&[]).expect(3);
    has(&ran, &["prices/a.csv: is gone", "1 price that published charges of 2026-10 rest on", "--forget prices"]);
    assert!(seen(&root) == before);
    root.file("prices/a.csv", prices(VM_HOURS, "0.1"));
    // No charge rests on what b prices.
    root.remove("prices/b.csv");
    root.run(&[]).expect(0);
    root.remove("prices/a.csv");
    root.file("prices/c.csv", prices(WINDOWS_HOURS, "0.2"));
    let ran = root.run(&["--forget", "prices"]).expect(0);
    assert!(ran.stdout.contains("forgotten    prices/a.csv"), "{}", ran.transcript());
}

#[test]
fn kept_exports_count_until_they_are_forgotten() {
    let root = published();
    root.remove("north/usage/2026-10-05");
    root.remove("north/usage/2026-10-06");
    // A mount point that nothing is mounted on.
    fs::create_dir(root.root().join("north/usage/2026-10-06")).unwrap();
    let before = tables(&root);
    for flags in [&["--keep-missing"][..], &["--keep-missing", "--full"], &["--keep-missing", "--strict"]] {
        let ran = root.run(flags);
        assert_eq!(ran.code, if flags.contains(&"--strict") { 3 } else { 0 }, "{}", ran.transcript());
        assert!(tables(&root) == before, "{}", ran.transcript());
    }
    let kept = receipt(&root.out())["missing"].clone();
    let folders = ["north/usage/2026-10-05", "north/usage/2026-10-06"];
    assert_eq!([&kept[0]["folder"], &kept[1]["folder"]], folders);
    assert_eq!([&kept[0]["kept"], &kept[1]["kept"]], [true, true]);
    root.run(&["--keep-missing", "--forget", "north/usage/2026-10-05"]).expect(0);
    assert_eq!(quantity(&root, "north").len(), 2);
    assert_eq!(receipt(&root.out())["missing"][0]["forgotten"], true);
    // Of an export that was archived in part nothing says what it was.
    root.remove("north/usage/2026-10-07/page-1.json");
    let ran = root.run(&["--keep-missing"]).expect(3);
    has(&ran, &["remove the rest of the folder as well"]);
    root.remove("north/usage/2026-10-07");
    root.run(&["--keep-missing"]).expect(0);
    assert_eq!(quantity(&root, "north").len(), 2);
    root.remove("south");
    has(&root.run(&["--keep-missing"]).expect(3), &["stamp south", "--forget south"]);
}

#[test]
fn what_is_gone_is_known_though_the_state_is_lost() {
    for lost in [".stacktally", ".stacktally/state"] {
        let root = published();
        fs::remove_dir_all(root.out().join(lost)).unwrap();
        root.remove("north/usage/2026-10-05");
        root.remove("names.csv");
        let before = seen(&root);
        has(&root.run(&[]).expect(3), &["1 export of north (2 lines, 2026-10)", "names.csv"]);
        assert!(seen(&root) == before, "{lost}");
        root.run(&["--forget", "north/usage/2026-10-05", "names"]).expect(0);
        assert_eq!(quantity(&root, "north").len(), 2);
    }
}

#[test]
fn a_name_that_nothing_gone_has_is_no_order() {
    let root = published();
    for name in ["north", "north/usage/2026-10-05", "east", "prices", "names.csv"] {
        let ran = root.run(&["--forget", name]).expect(2);
        has(&ran, &[&format!("--forget {name}: nothing of that name is gone")]);
    }
    root.run(&["--forget", "all"]).expect(0);
}

#[test]
fn stamps_that_are_not_named_stay_as_they_were_published() {
    let root = published();
    let before = tables(&root);
    let of_south = |files: &BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        let is_south = |path: &str| path.contains("/south");
        files.iter().filter(|(path, _)| is_south(path)).map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    };
    // Whatever became of south: its files are not looked at.
    root.file("south/usage/2026-10-06/page-1.json", "not usage at all");
    root.file("north/usage/2026-10-08/page-1.json", usage("north 8", "2026-10-08", "4"));
    let ran = root.run(&["--stamp", "north"]).expect(0);
    assert!(ran.stdout.contains("left         south stays as it was published, by run 1"), "{}", ran.transcript());
    let after = tables(&root);
    assert!(!of_south(&before).is_empty() && of_south(&before) == of_south(&after));
    assert_eq!(quantity(&root, "south").len(), 3);
    assert_eq!(quantity(&root, "north").len(), 4);
    let said = receipt(&root.out());
    assert_eq!(said["left_as_published"], serde_json::json!([{"stamp": "south", "run": 1}]));
    assert_eq!(said["removed"], Value::Null);
    root.run(&["--stamp", "north"]).expect(0);
    assert_eq!(receipt(&root.out())["left_as_published"][0]["run"], 1);
    // Its folder may be gone as well, and so may what names it.
    root.remove("south");
    root.run(&["--stamp", "north"]).expect(0);
    assert!(tables(&root) == after);
    // All of it, once more: what a run from nothing makes.
    let other = published();
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        for number in [1, 2] {
            let path = format!("south/usage/{day}/page-{number}.json");
            root.file(&path, fs::read(other.root().join(&path)).unwrap());
        }
    }
    root.snapshots("south");
    root.file("south/user-subscriptions/2026-10-01.json", listing_of("south", &[(SUB_B, crate::support::TENANT_B)]));
    root.run(&[]).expect(0);
    root.stacktally(&["run", "--root", "root", "--out", "fresh"]).expect(0);
    let mut fresh = files_below(&root.folder().join("fresh"));
    fresh.retain(|path, _| {
        !path.starts_with(".stacktally") && !path.starts_with("receipt") && !path.starts_with("history/")
    });
    assert!(tables(&root) == fresh);
}

#[test]
fn a_stamp_cannot_stay_where_everything_has_to_be_made_anew() {
    let root = published();
    let before = seen(&root);
    for flags in [&["--no-owners"][..], &["--csv", "hourly"], &["--full"]] {
        let ran = root.run(&[&["--stamp", "north"], flags].concat()).expect(3);
        has(&ran, &["--stamp is to leave stamp south as it was published", "run without --stamp"]);
        assert!(seen(&root) == before);
    }
    fs::remove_file(root.out().join("monthly/north.parquet")).unwrap();
    has(&root.run(&["--stamp", "north"]).expect(3), &["monthly/north.parquet is missing"]);
    root.run(&[]).expect(0);
    // A stamp that --stamp does not name can be forgotten, too.
    root.run(&["--stamp", "north", "--forget", "south"]).expect(0);
    assert!(quantity(&root, "south").is_empty());
}

#[test]
fn a_check_says_what_a_run_would_change() {
    let root = published();
    root.file("north/usage/2026-10-08/page-1.json", usage("late", "2026-10-07", "4"));
    let before = seen(&root);
    let ran = root.check(&["--out", "out"]).expect(0);
    for text in ["1 published day of north would change", "north 2026-10-07", "this was a check", "a run would write"] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.transcript());
    }
    assert!(seen(&root) == before);
    let summary: Value = serde_json::from_str(&root.check(&["--out", "out", "--json"]).expect(0).stdout).unwrap();
    assert_eq!(
        summary["changes"],
        serde_json::json!({"run": 2, "days": 1, "stamps": ["north"], "statement_months": []})
    );
    assert_eq!(summary["published"], Value::Null);
    assert!(summary["would_publish"]["changed"].as_u64().unwrap() > 0);
    root.remove("south");
    let ran = root.check(&["--out", "out", "--forget", "south"]).expect(0);
    assert!(ran.stdout.contains("that the last run published would go"), "{}", ran.transcript());
    assert!(seen(&root) == before);
    // A mistyped OUT is no publication: nothing is compared with it, and nothing is made there.
    has(&root.check(&["--out", "nowhere"]).expect(2), &["there is no folder nowhere", "leave --out out"]);
    assert!(!root.folder().join("nowhere").exists());
}
