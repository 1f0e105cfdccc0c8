//! Names wherever ids are, and flags that mean the same in every command.

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, csv_rows, page,
};

/// Contoso pays for tenant Fabrikam; tenant B has the name of the default subscription's customer, and two meters share a name.
pub fn named() -> TestRoot {
    let mut other = Line::hourly(SUB_B, VM_HOURS, "2026-10-05T14", "2");
    other.resource = "vm-2".to_owned();
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1"),
        Line::hourly(SUB_B, WINDOWS_HOURS, "2026-10-05T13", "4.5"),
        other,
    ]);
    root.file("north/usage/2026-11-02/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-11-02T13", "8")]));
    root.file(
        "names.csv",
        format!(
            "id,name\n{TENANT_A},Fabrikam\n{TENANT_B},Müller & Söhne\n{BILLED_A},Contoso\n{DEFAULT},Everybody else\n"
        ),
    );
    root.file("meters.csv", format!("meter_id,meter_name\n{VM_HOURS},Hours\n{WINDOWS_HOURS},Hours\n"));
    root.file(
        "prices.csv",
        format!("meter_id,price,per,unit,currency\n{VM_HOURS},0.5,1,VM hours,USD\n{WINDOWS_HOURS},0.25,1,Virtual core hours,USD\n"),
    );
    root.run(&[]).expect(0);
    root
}

fn ask(root: &TestRoot, command: &str, flags: &[&str]) -> Ran {
    root.stacktally(&[&[command, "--out", "out"], flags].concat())
}

#[test]
fn a_name_and_an_id_ask_for_the_same() {
    let root = named();
    let pairs = [
        ("--billed-subscription", "contoso", BILLED_A),
        ("--billed", "Everybody else", DEFAULT),
        ("--billed", "everybody", DEFAULT),
        ("--tenant", " FABRIKAM ", TENANT_A),
        ("--tenant", "müller & söhne", TENANT_B),
        ("--user-subscription", &format!("of {TENANT_A}"), SUB_A),
        ("--meter", "9cd92d4c…", WINDOWS_HOURS),
    ];
    let commands: [(&str, &[&str]); 4] = [
        ("why", &["--date", "2026-10-05"]),
        ("unregistered", &[]),
        ("changes", &[]),
        ("statement", &["--month", "2026-10"]),
    ];
    for (flag, name, id) in pairs {
        for (command, flags) in commands {
            let takes = |flag: &str| match command {
                "why" | "unregistered" => true,
                _ => ["--billed-subscription", "--billed", "--meter"].contains(&flag),
            };
            if !takes(flag) {
                continue;
            }
            let answer = |what: &str| ask(&root, command, &[flags, &["--json", flag, what]].concat());
            let (by_name, by_id) = (answer(name), answer(id));
            assert_eq!(by_name.transcript(), by_id.transcript(), "{command} {flag} {name}");
            assert_ne!(by_name.stdout, ask(&root, command, &[flags, &["--json"]].concat()).stdout.repeat(2));
        }
    }
    let narrowed = ask(&root, "why", &["--date", "2026-10-05", "--tenant", "Fabrikam", "--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&narrowed).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), 1, "{narrowed}");
    // Several of a flag are any of them.
    let both =
        ask(&root, "why", &["--date", "2026-10-05", "--tenant", "Fabrikam", TENANT_B, "--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&both).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), 3, "{both}");
}

#[test]
fn what_is_ambiguous_or_unknown_is_refused_with_what_there_is() {
    let root = named();
    for (command, flags) in
        [("why", &["--date", "2026-10-05"][..]), ("unregistered", &[]), ("changes", &[]), ("statement", &["2026-10"])]
    {
        let refused = |more: &[&str]| ask(&root, command, &[flags, more].concat()).expect(2).stderr;
        let several = refused(&["--meter", "hours"]);
        assert_eq!(
            several,
            format!(
                "error: --meter \"hours\": several meters match\n\nhint: name one of them by its id instead: {VM_HOURS} Hours (VM hours); {WINDOWS_HOURS} Hours (Virtual core hours)\n"
            )
        );
        let nobody = refused(&["--billed-subscription", "Contosso"]);
        assert_eq!(
            nobody,
            format!(
                "error: --billed-subscription \"Contosso\": no billed subscription has that id or name\n\nhint: did you mean \"Contoso\"? there are {BILLED_A} Contoso; {DEFAULT} Everybody else\n"
            )
        );
    }
    let tenant = ask(&root, "unregistered", &["--tenant", "Contoso"]).expect(2).stderr;
    assert!(tenant.contains("--tenant \"Contoso\": no tenant has that id or name"), "{tenant}");
    assert!(tenant.contains(&format!("{TENANT_A} Fabrikam")), "{tenant}");
    let short = ask(&root, "why", &["--date", "2026-10-05", "--tenant", "7e4a4700-0000-…"]).expect(2).stderr;
    assert!(short.contains("several tenants match") && short.contains(TENANT_B), "{short}");
}

/// Of meters that share a name in the catalogue, the one that was used is meant.
#[test]
fn a_name_of_several_meters_means_the_one_that_was_used() {
    // Two meters of the catalogue are called S6: Disks*month and Disks*hours.
    let used = "dc9fc6a9-0782-432a-b8dc-978130457494";
    let root = TestRoot::with_lines(&[Line::hourly(SUB_B, used, "2026-10-05T13", "1")]);
    root.run(&[]).expect(0);
    let text = ask(&root, "why", &["--date", "2026-10-05", "--meter", "s6"]).expect(0).stdout;
    assert!(text.contains("S6"), "{text}");
}

#[test]
fn a_resource_by_its_name_is_one_resource() {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1"),
    ]);
    root.run(&[]).expect(0);
    let why = |flags: &[&str]| ask(&root, "why", &[&["--date", "2026-10-05", "--resource", "VM-1"], flags].concat());
    let several = why(&[]).expect(2).stderr;
    assert!(several.contains("--resource \"VM-1\": several resources match"), "{several}");
    assert!(several.contains(&format!("/subscriptions/{SUB_A}/")) && several.contains(SUB_B), "{several}");
    why(&["--user-subscription", SUB_A]).expect(0);
    let uri = format!("/subscriptions/{SUB_B}/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm-1");
    ask(&root, "why", &["--date", "2026-10-05", "--resource", &uri]).expect(0);
    let unknown = ask(&root, "why", &["--date", "2026-10-05", "--resource", "vm-9"]).expect(2).stderr;
    assert!(unknown.contains("no resource has that key, URI or name"), "{unknown}");
}

#[test]
fn a_month_narrows_whatever_has_days() {
    let root = named();
    let november = csv_rows(&ask(&root, "unregistered", &["--csv", "--month", "2026-11"]).expect(0).stdout);
    assert_eq!(november.iter().map(|row| &*row["quantity"]).collect::<Vec<_>>(), ["8"]);
    let october = csv_rows(&ask(&root, "unregistered", &["--csv", "--month", "2026-10"]).expect(0).stdout);
    let of_meter = |meter: &str| october.iter().find(|row| row["meter_id"] == meter).unwrap()["quantity"].clone();
    assert_eq!((of_meter(VM_HOURS), of_meter(WINDOWS_HOURS)), ("2".to_owned(), "4.5".to_owned()));
    assert_eq!(october[0]["tenant_name"], "Müller & Söhne");
    let calendar = ask(&root, "coverage", &["--month", "2026-11"]).expect(0).stdout;
    assert!(calendar.contains("2026-11") && !calendar.contains("2026-10  "), "{calendar}");
    let none = ask(&root, "coverage", &["--month", "2026-12"]).expect(2).stderr;
    assert!(none.contains("--month 2026-12: none of the selected stamps has a day in it"), "{none}");
    for command in ["unregistered", "coverage", "changes"] {
        let wrong = ask(&root, command, &["--month", "October"]).expect(2).stderr;
        assert!(wrong.contains("\"October\" is no month"), "{command}: {wrong}");
    }
}

/// Both spellings of the month, and the CSV of what is published.
#[test]
fn a_statement_takes_its_month_either_way_and_prints_csv() {
    let root = named();
    let by_flag = ask(&root, "statement", &["--month", "2026-10"]).expect(0).stdout;
    assert_eq!(by_flag, ask(&root, "statement", &["2026-10"]).expect(0).stdout);
    ask(&root, "statement", &[]).expect(2);
    ask(&root, "statement", &["2026-10", "--month", "2026-10"]).expect(2);
    let all = ask(&root, "statement", &["2026-10", "--csv"]).expect(0).stdout;
    let published = crate::support::files_below(&root.out());
    let file = published.iter().find(|(path, _)| path.starts_with("csv/statements/") && path.matches('/').count() == 2);
    let (path, bytes) = file.unwrap();
    assert_eq!(all.as_bytes(), bytes, "{path}");
    let one = csv_rows(&ask(&root, "statement", &["2026-10", "--csv", "--billed", "Contoso"]).expect(0).stdout);
    assert_eq!(one.iter().map(|row| &*row["billed_subscription_id"]).collect::<Vec<_>>(), [BILLED_A]);
    let none = ask(&root, "statement", &["2026-10", "--billed", "Contoso", "--meter", WINDOWS_HOURS]).expect(2).stderr;
    assert!(none.contains("no statement of 2026-10 has a line of these meters"), "{none}");
}

#[test]
fn two_publications_are_compared_as_far_as_is_asked_for() {
    let root = named();
    root.file("north/usage/2026-11-03/page.json", page(&[Line::hourly(SUB_A, VM_HOURS, "2026-11-03T13", "3")]));
    root.stacktally(&["run", "--root", "root", "--out", "later"]).expect(0);
    let compare = |flags: &[&str]| root.stacktally(&[&["compare", "out", "later"], flags].concat());
    compare(&[]).expect(6);
    compare(&["--tenant", "Fabrikam"]).expect(6);
    compare(&["--billed-subscription", "Contoso", "--stamp", "north"]).expect(6);
    let equal = compare(&["--tenant", "Müller & Söhne"]).expect(0).stdout;
    assert_eq!(equal, "equal within the filters: every selected cell of daily is the same\n");
    compare(&["--meter", WINDOWS_HOURS]).expect(0);
    let unknown = compare(&["--stamp", "south"]).expect(2).stderr;
    assert!(unknown.contains("--stamp south: neither publication has such a stamp"), "{unknown}");
    assert!(compare(&["--tenant", "Nobody"]).expect(2).stderr.contains("no tenant has that id or name"));
}

/// A root has names, too.
#[test]
fn history_knows_the_names_of_its_root() {
    let root = named();
    let history = |flags: &[&str]| root.stacktally(&[&["history", "-r", "root"], flags].concat());
    let by_id = history(&["--tenant", TENANT_A]).expect(0).stdout;
    assert_eq!(history(&["--tenant", "fabrikam"]).expect(0).stdout, by_id);
    let users = history(&["--user-subscription", SUB_B]).expect(0).stdout;
    assert_eq!(history(&["--user-subscription", &format!("of {TENANT_B}")]).expect(0).stdout, users);
    let nobody = history(&["--tenant", "Fabricam"]).expect(2).stderr;
    assert!(nobody.contains("did you mean \"Fabrikam\"?"), "{nobody}");
}

fn findings_of(root: &TestRoot) -> Vec<(String, String)> {
    let receipt = crate::support::receipt(&root.out());
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap().to_owned();
    let all = receipt["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (text(finding, "code"), text(finding, "sentence")));
    all.filter(|(code, _)| code.starts_with("name")).collect()
}

/// Rows that name nothing are found, with their place.
#[test]
fn names_of_nothing_are_found() {
    let root = named();
    assert_eq!(findings_of(&root), [], "each name is somebody's");
    let later = "7e4a4700-0000-4000-8000-0000000000ee";
    root.file(
        "names.csv",
        format!("id,name\n{TENANT_A},Fabrikam\nMüller,{TENANT_B}\n{SUB_A},A user subscription\n{later},Yet to come\n"),
    );
    root.run(&[]).expect(0);
    let swapped = (
        "names_swapped".to_owned(),
        format!(
            "names.csv: a name stands in the column `id`, and a GUID in the column `name`: row 3 (müller, {TENANT_B})"
        ),
    );
    let unknown = |rows: &str| {
        (
            "name_of_unknown_id".to_owned(),
            format!("names.csv: no tenant and no billed subscription of the root has this id: {rows}"),
        )
    };
    let both = format!("row 4 ({SUB_A}, A user subscription), row 5 ({later}, Yet to come)");
    assert_eq!(findings_of(&root), [swapped.clone(), unknown(&both)]);
    root.run(&["--strict"]).expect(3);
    root.run(&["--accept", "names_swapped", "name_of_unknown_id"]).expect(0);
    // A customer that is yet to come has a price.
    root.file(
        "prices.csv",
        format!("meter_id,price,per,unit,currency,scope,scope_id\n{VM_HOURS},0.5,1,VM hours,USD,,\n{WINDOWS_HOURS},0.25,1,Virtual core hours,USD,,\n{VM_HOURS},0.25,1,VM hours,USD,tenant,{later}\n"),
    );
    root.run(&[]).expect(0);
    assert_eq!(findings_of(&root), [swapped.clone(), unknown(&format!("row 4 ({SUB_A}, A user subscription)"))]);
    // Other stamps may have what this one has not.
    root.run(&["--stamp", "north"]).expect(0);
    assert_eq!(findings_of(&root), [swapped]);
}

/// Who paid once may be gone from the dimensions, and history names it still.
#[test]
fn changes_know_who_is_gone() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    root.run(&[]).expect(0);
    let other = "b111ed00-0000-4000-8000-0000000000cc";
    root.file(
        "north/customer-subscriptions/2026-10-01.json",
        crate::support::customers(DEFAULT, "north", &[(TENANT_A, other)]),
    );
    root.run(&[]).expect(0);
    let billed: Vec<String> = crate::support::table(&root.out(), "billed_subscriptions")
        .iter()
        .map(|row| crate::support::cell(row, "billed_subscription_id").to_owned())
        .collect();
    assert!(!billed.contains(&BILLED_A.to_owned()), "{billed:?}");
    let changes = |id: &str| csv_rows(&ask(&root, "changes", &["--billed-subscription", id, "--csv"]).expect(0).stdout);
    let ids = |id: &str| changes(id).iter().map(|row| row["billed_subscription_id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids(BILLED_A), ids(other)), (vec![BILLED_A.to_owned()], vec![other.to_owned()]));
    ask(&root, "changes", &["--billed-subscription", "Nobody"]).expect(2);
}
