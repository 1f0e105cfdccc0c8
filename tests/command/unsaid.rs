//! What the input shows, and nobody said: customers of another registration, names that an encoding spoiled.

use serde_json::json;

use crate::support::{
    BILLED_A, DEFAULT, Line, STRICT, SUB_A, TENANT_A, TestRoot, VM_HOURS, cell, customers, listing, receipt,
    registration, table,
};

const OTHER_DEFAULT: &str = "b111ed00-0000-4000-8000-0000000000de";
const CODE: &str = "customers_of_another_registration";

/// Sentences of findings of one code.
fn said(root: &TestRoot, code: &str) -> Vec<String> {
    let receipt = receipt(&root.out());
    let findings = receipt["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == code);
    findings.map(|finding| finding["sentence"].as_str().unwrap().to_owned()).collect()
}

/// A stamp with usage of one day, and with a second registration.
fn registered_anew(on: &str, new: String, list: Option<(&str, String)>) -> TestRoot {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    root.file(&format!("north/registration/{on}.json"), new);
    if let Some((date, list)) = list {
        root.file(&format!("north/customer-subscriptions/{date}.json"), list);
    }
    root
}

#[test]
fn customers_of_another_registration_are_found() {
    let anew = || registration(OTHER_DEFAULT, "north");
    let list = |default: &str, name: &str| customers(default, name, &[(TENANT_A, BILLED_A)]);
    let bare = json!({"value": [{"id": BILLED_A, "properties": {"tenantId": TENANT_A}}]}).to_string();
    let by_name = |name: &str| {
        json!({"value": [{"name": format!("{name}/{BILLED_A}"), "properties": {"tenantId": TENANT_A}}]}).to_string()
    };
    for (what, root, is_found) in [
        ("registered again before the usage", registered_anew("2026-10-05", anew(), None), true),
        ("registered again by now", registered_anew("2026-10-20", anew(), None), true),
        ("under another name", registered_anew("2026-10-05", registration(DEFAULT, "north-2"), None), true),
        (
            "with a list of its own at once",
            registered_anew("2026-10-05", anew(), Some(("2026-10-05", list(OTHER_DEFAULT, "north")))),
            false,
        ),
        (
            "with a list of its own a day later",
            registered_anew("2026-10-05", anew(), Some(("2026-10-06", list(OTHER_DEFAULT, "north")))),
            false,
        ),
        (
            "with a list of its own when the usage was over",
            registered_anew("2026-10-05", anew(), Some(("2026-10-09", list(OTHER_DEFAULT, "north")))),
            true,
        ),
        (
            "the same registration saved again",
            registered_anew("2026-10-05", registration(DEFAULT, "north"), None),
            false,
        ),
        ("in other case", registered_anew("2026-10-05", registration(&DEFAULT.to_uppercase(), "North"), None), false),
        ("customers that do not say theirs", registered_anew("2026-10-05", anew(), Some(("2026-10-05", bare))), false),
        (
            "customers that say a name",
            registered_anew("2026-10-05", registration(DEFAULT, "north-2"), Some(("2026-10-05", by_name("north")))),
            true,
        ),
        (
            "customers that say its name",
            registered_anew("2026-10-05", registration(DEFAULT, "north-2"), Some(("2026-10-05", by_name("north-2")))),
            false,
        ),
    ] {
        root.run(&[]).expect(0);
        assert_eq!(!said(&root, CODE).is_empty(), is_found, "{what}: {:?}", said(&root, CODE));
        let strict = [&STRICT[..], &["id_case_differs"]].concat();
        assert_eq!(root.run(&strict).code == 3, is_found, "{what}");
    }
    let root = registered_anew("2026-10-05", anew(), None);
    root.run(&[]).expect(0);
    assert_eq!(
        said(&root, CODE),
        [format!(
            "the customers in north/customer-subscriptions/2026-10-01.json lie under the registration north of resource group azurestack in subscription {DEFAULT}, and in force beside them is the registration north of resource group azurestack in subscription {OTHER_DEFAULT}, by north/registration/2026-10-05.json: the stamp was registered again, and this is of tenant {TENANT_A}"
        )]
    );
    // Figures are what the snapshots say, as before.
    assert_eq!(cell(&table(&root.out(), "daily")[0], "billed_subscription_id"), BILLED_A);
    // A month is not closed over it.
    assert!(root.stacktally(&["close", "2026-10", "--out", "out"]).expect(3).stderr.contains(CODE));
    // What if another registration served: that is asked for.
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    std::fs::write(root.folder().join("other.json"), anew()).unwrap();
    root.run(&["--registration-override", "other.json"]).expect(0);
    assert_eq!(said(&root, CODE), [""; 0]);
}

#[test]
fn names_in_which_characters_were_lost_are_found() {
    let code = "names_with_lost_characters";
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    for (name, is_lost) in [
        ("M?ller GmbH", true),
        ("?? ????????", true),
        ("Caf?", true),
        ("?rsted", true),
        ("M\u{fffd}ller", true),
        ("Müller GmbH", false),
        ("Контора", false),
        ("株式会社日本", false),
        ("What is next ?", false),
        ("24/7 (really)", false),
    ] {
        root.file("names.csv", format!("id,name\n{TENANT_A},{name}\n"));
        root.run(&[]).expect(0);
        let want = if is_lost {
            vec![format!("names.csv: names in which characters were lost: row 2 ({TENANT_A}, {name})")]
        } else {
            Vec::new()
        };
        assert_eq!(said(&root, code), want, "{name}");
        root.file("meters.csv", format!("meter_id,meter_name\n{VM_HOURS},{name}\n"));
        root.remove("names.csv");
        root.run(&["--forget", "names"]).expect(0);
        let want = if is_lost {
            vec![format!("meters.csv: names in which characters were lost: {VM_HOURS} ({name})")]
        } else {
            Vec::new()
        };
        assert_eq!(said(&root, code), want, "{name}");
        root.remove("meters.csv");
        root.file(
            "north/user-subscriptions/2026-10-02.json",
            listing(&[(SUB_A, TENANT_A)]).replace("of 7e4", &format!("{name} of 7e4")),
        );
        root.run(&["--forget", "meters"]).expect(0);
        let want = if is_lost {
            vec![format!(
                "display names in which characters were lost, in north/user-subscriptions/2026-10-02.json: of {SUB_A}"
            )]
        } else {
            Vec::new()
        };
        assert_eq!(said(&root, code), want, "{name}");
        root.remove("north/user-subscriptions/2026-10-02.json");
    }
}
