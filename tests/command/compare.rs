//! `stacktally compare`, and the what-if that it is for.

use super::prices;
use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, customers,
    files_below, page, receipt, registration,
};

const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

fn root() -> TestRoot {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1"),
        Line::hourly(SUB_B, WINDOWS_HOURS, "2026-10-05T13", "4.5"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T14", "1"),
    ]);
    root.run(&[]).expect(0);
    root
}

fn what_if(root: &TestRoot, given: &str) -> crate::support::Ran {
    root.stacktally(&["run", "--root", "root", "--out", "what-if", "--registration-override", given])
}

#[test]
fn what_if_a_tenant_had_been_registered() {
    let root = root();
    let same = root.stacktally(&["compare", "out", "out"]).expect(0);
    assert_eq!(same.stdout, "equal: every cell of daily and hourly is the same\n");
    std::fs::write(
        root.folder().join("both.json"),
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]),
    )
    .unwrap();
    let ran = what_if(&root, "both.json").expect(0);
    assert!(ran.stdout.contains("what if      both.json instead of the stamp's own snapshots"), "{}", ran.stdout);
    assert_eq!(receipt(&root.folder().join("what-if"))["settings"]["registration-override"][0], "both.json");
    insta::assert_snapshot!("what-if", root.stacktally(&["compare", "out", "what-if"]).expect(6).transcript());
    let json = root.stacktally(&["compare", "out", "what-if", "--json"]).expect(6).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let changes: Vec<&str> =
        json["moved"].as_array().unwrap().iter().map(|row| row["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["removed", "removed", "added", "added"], "by billed subscription");
    assert_eq!(json["moved"][0]["attribution"], "default_tenant_not_registered");
    // What the override says is in force for every line, so saying it of the root's own changes nothing.
    let list_in_force = "north=root/north/customer-subscriptions/2026-10-01.json";
    what_if(&root, list_in_force).expect(0);
    root.stacktally(&["compare", "out", "what-if"]).expect(0);
}

#[test]
fn a_registration_may_be_overridden_as_well() {
    let root = root();
    let other = "b111ed00-0000-4000-8000-0000000000dd";
    std::fs::write(root.folder().join("other.json"), registration(other, "north")).unwrap();
    // The customers of the registration in whose stead it serves stay registered.
    what_if(&root, "other.json").expect(0);
    // One that cannot be read is what one would override.
    root.file("north/registration/2026-10-02.json", "{");
    what_if(&root, "other.json").expect(0);
    let text = root.stacktally(&["compare", "out", "what-if"]).expect(6).stdout;
    assert!(text.contains(" b111ed00-…00dd ") && text.contains(" b111ed00-…0000 "), "{text}");
}

#[test]
fn a_what_if_does_not_take_the_place_of_a_publication() {
    let root = root();
    let before = files_below(&root.out());
    let flags = ["--registration-override", "root/north/customer-subscriptions/2026-10-01.json"];
    let ran = root.run(&flags).expect(2);
    assert!(ran.stderr.contains("out holds a publication that is no what-if"), "{}", ran.stderr);
    assert_eq!(before, files_below(&root.out()));
}

#[test]
fn an_override_must_say_whose_it_is() {
    let root = root();
    root.snapshots("south");
    root.file("south/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T01", "1")]));
    let file = "root/north/customer-subscriptions/2026-10-01.json";
    for (given, expected) in [
        (file, "nothing says whose it is, and there are several stamps"),
        (&*format!("west={file}"), "no stamp west"),
        ("north=nothing.json", "there is no such file"),
    ] {
        let ran = what_if(&root, given).expect(2);
        assert!(ran.stderr.contains(expected) && ran.stderr.contains("stamps are north, south"), "{}", ran.stderr);
    }
    what_if(&root, &format!("north={file}")).expect(0);
    let twice = [format!("north={file}"), format!("north={file}")];
    let flags = ["run", "--root", "root", "--out", "what-if", "--registration-override", &twice[0], &twice[1]];
    let ran = root.stacktally(&flags).expect(2);
    assert!(ran.stderr.contains("a second one of its kind for stamp north"), "{}", ran.stderr);
}

#[test]
fn an_override_that_is_none_is_refused_as_what_it_seems_to_be() {
    let root = root();
    for (content, expected) in [
        ("{}", "an object with nothing, where a registration was expected"),
        (r#"{"id":"/subscriptions/x"}"#, "names no default subscription"),
        (r#"{"value":[{"id":"a"}]}"#, "row 1 of the customer subscriptions has no properties.tenantId"),
        ("id,tenantId\n", "no JSON, where a registration was expected"),
    ] {
        std::fs::write(root.folder().join("odd.json"), content).unwrap();
        let ran = what_if(&root, "odd.json").expect(3);
        assert!(
            ran.stderr.contains(expected) && ran.stderr.contains("--registration-override odd.json"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_damaged_publication_is_compared_with_nothing() {
    let root = root();
    root.run(&[]).expect(0);
    std::fs::create_dir_all(root.folder().join("copy")).unwrap();
    for (path, bytes) in files_below(&root.out())
        .into_iter()
        .chain([("receipt.json".to_owned(), std::fs::read(root.out().join("receipt.json")).unwrap())])
    {
        let path = root.folder().join("copy").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    // What is not ours does not matter, what is ours and changed does.
    std::fs::write(root.folder().join("copy/daily/north/.DS_Store"), "x").unwrap();
    root.stacktally(&["compare", "out", "copy"]).expect(0);
    std::fs::remove_file(root.folder().join("copy/meters.parquet")).unwrap();
    let missing = root.stacktally(&["compare", "out", "copy"]).expect(3);
    assert!(
        missing.stderr.contains("a published file that is not there, though receipt.json names it"),
        "{}",
        missing.stderr
    );
    std::fs::copy(root.folder().join("copy/tenants.parquet"), root.folder().join("copy/meters.parquet")).unwrap();
    let other = root.stacktally(&["compare", "out", "copy"]).expect(3);
    assert!(other.stderr.contains("a file with other bytes than were published"), "{}", other.stderr);
    std::fs::copy(root.out().join("meters.parquet"), root.folder().join("copy/meters.parquet")).unwrap();
    std::fs::remove_file(root.folder().join("copy/hourly/north/2026-10-05.parquet")).unwrap();
    root.stacktally(&["compare", "out", "copy"]).expect(3);
}

#[test]
fn a_stamp_may_be_called_like_a_file() {
    let root = TestRoot::empty();
    root.snapshots("north.parquet");
    root.file("north.parquet/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T01", "1")]));
    root.run(&[]).expect(0);
    std::fs::rename(root.out(), root.folder().join("before")).unwrap();
    root.file("north.parquet/usage/2026-10-05/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T01", "2")]));
    root.run(&[]).expect(0);
    root.stacktally(&["compare", "before", "out"]).expect(6);
    root.stacktally(&["why", "--out", "out", "--date", "2026-10-05"]).expect(0);
}

#[test]
fn what_changed_within_a_day_or_a_stamp_is_a_difference_too() {
    let root = root();
    std::fs::rename(root.out(), root.folder().join("before")).unwrap();
    // The same usage an hour later: no sum of a day differs.
    root.file(
        "north/usage/2026-10-05/page-0001.json",
        page(&[
            Line::hourly(SUB_A, VM_HOURS, "2026-10-05T15", "1"),
            Line::hourly(SUB_B, WINDOWS_HOURS, "2026-10-05T13", "4.5"),
            Line::hourly(SUB_B, VM_HOURS, "2026-10-05T14", "1"),
        ]),
    );
    root.run(&[]).expect(0);
    let hours = root.stacktally(&["compare", "before", "out"]).expect(6);
    assert_eq!(hours.stdout, "north hours differ within 2026-10-05, though the day's sums do not\n");
    // A line of two that move between resources of one key: the net is zero, the cells are not.
    let moved = |resource: &str| {
        let mut line = Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1");
        line.resource = resource.to_owned();
        line
    };
    root.file("north/usage/2026-10-05/page-0001.json", page(&[moved("vm-9")]));
    root.run(&[]).expect(0);
    let text = root.stacktally(&["compare", "before", "out"]).expect(6).stdout;
    assert!(text.contains("  changed      1       1           0      2\n"), "{text}");
    let none = root.stacktally(&["compare", "before", "root"]).expect(2);
    assert!(none.stderr.contains("root holds exports, and no publication"), "{}", none.stderr);
}

#[test]
fn it_does_not_matter_whether_a_month_is_closed() {
    let root = root();
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "the bill is due"]).expect(0);
    let open = |root: &TestRoot| root.stacktally(&["run", "--root", "root", "--out", "open"]).expect(0);
    open(&root);
    let untouched = root.stacktally(&["compare", "out", "open"]).expect(0);
    assert_eq!(untouched.stdout, "equal: every cell of daily and hourly is the same\n");
    // Late usage of a figure that is there and of one that is not, and one that another subscription pays.
    let late = [
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "0.5"),
        Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-31T13", "3"),
    ];
    root.file("north/usage/2026-11-02/page.json", page(&late));
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)];
    root.file("north/customer-subscriptions/2026-10-02.json", customers(DEFAULT, "north", &both));
    root.run(&[]).expect(0);
    let before = root.stacktally(&["compare", "open", "out"]).expect(6);
    open(&root);
    for sides in [["out", "open"], ["open", "out"], ["out", "out"]] {
        let equal = root.stacktally(&["compare", sides[0], sides[1]]).expect(0);
        let expected = "equal: every cell of daily and hourly is the same, with what came to closed months since\n";
        assert_eq!(equal.stdout, expected);
    }
    insta::assert_snapshot!("closed", before.transcript());
    // Opened again, nothing is adjusted.
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "the bill was wrong"]).expect(0);
    root.run(&[]).expect(0);
    assert_eq!(root.stacktally(&["compare", "out", "open"]).expect(0).stdout, untouched.stdout);
}

#[test]
fn bills_are_compared_as_they_are_rounded_month_by_month() {
    let root = prices::used();
    prices::book(&root, prices::GOOD);
    root.file("north/usage/2026-11-05/page.json", page(&[Line::hourly(SUB_A, WINDOWS_HOURS, "2026-11-05T05", "1")]));
    root.run(&[]).expect(0);
    std::fs::rename(root.out(), root.folder().join("before")).unwrap();
    // A cent more in October, and in November less than one, which no statement shows.
    let moved = prices::GOOD.replace(",0.046,", ",0.0476,").replace(",0.05,1", ",0.0501,1");
    prices::book(&root, &moved);
    root.run(&[]).expect(0);
    let compare =
        |flags: &[&str], code: i32| root.stacktally(&[&["compare", "before", "out"], flags].concat()).expect(code);
    insta::assert_snapshot!("bills", compare(&[], 6).transcript());
    let json: serde_json::Value = serde_json::from_str(&compare(&["--json", "--month", "2026-10"], 6).stdout).unwrap();
    assert!(json["charges"].as_array().unwrap().iter().all(|charge| charge["month"] == "2026-10"), "{json}");
    let bill = json["bills"].as_array().unwrap().last().unwrap();
    assert!(bill["billed_subscription_id"].is_null());
    assert_eq!(["first", "second", "difference"].map(|name| bill[name].as_str().unwrap()), ["0.48", "0.49", "0.01"]);
    // What differs only in its exact charge is a difference, too.
    let november = compare(&["--month", "2026-11"], 6).stdout;
    assert!(november.contains("+0.0001 USD") && !november.contains("2026-10"), "{november}");
    let september = compare(&["--month", "2026-09"], 2).stderr;
    assert!(september.contains("--month 2026-09: neither publication has usage of it"), "{september}");
}

#[test]
fn usage_of_another_month_is_no_difference_of_this_one() {
    let root = root();
    root.stacktally(&["run", "--root", "root", "--out", "before"]).expect(0);
    root.file("north/usage/2026-11-05/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-11-05T05", "1")]));
    root.run(&[]).expect(0);
    let compare =
        |month: &str, code: i32| root.stacktally(&["compare", "before", "out", "--month", month]).expect(code);
    compare("2026-10", 0);
    let text = compare("2026-11", 6).stdout;
    assert!(text.contains("added       -       1          +1      1\n"), "{text}");
    assert!(
        text.lines().any(|line| line.trim_start().starts_with("all of this stamp") && line.contains(" 0       1 ")),
        "{text}"
    );
    compare("2026-13", 2);
}
