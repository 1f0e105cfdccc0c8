//! `stacktally unregistered`: what fell on the default subscriptions, and how to put it right.

use super::prices;
use crate::support::{
    BILLED_A, DEFAULT, Line, PROVIDER, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS,
    WINDOWS_HOURS, customers, listing, page, table,
};

fn published() -> TestRoot {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1"),
        Line::hourly(SUB_B, WINDOWS_HOURS, "2026-10-05T13", "4.5"),
        Line::hourly(SUB_UNKNOWN, VM_HOURS, "2026-10-05T13", "3"),
        Line::hourly(PROVIDER, VM_HOURS, "2026-10-05T13", "1"),
    ]);
    root.file("north/usage/2026-10-06/page.json", page(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-06T13", "1")]));
    root.file("names.csv", format!("id,name\n{TENANT_B},\"Fabrikam\nrm -rf ~\"\n"));
    root.run(&[]).expect(0);
    root
}

#[test]
fn the_largest_first_with_the_reason() {
    let root = published();
    insta::assert_snapshot!("text", root.stacktally(&["unregistered", "--out", "out"]).expect(0).transcript());
    let since = root.stacktally(&["unregistered", "--out", "out", "--since", "2026-10-06"]).expect(0).stdout;
    assert!(since.contains("1 VM hours  1 line  2026-10-06 to 2026-10-06"), "{since}");
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["default_usage"].as_array().unwrap().len(), 4);
    assert_eq!(json["default_usage"][0]["first_seen"], "2026-10-05");
    assert_eq!(table(&root.out(), "default_usage").len(), 5, "a row a day");
}

#[test]
fn commands_that_would_register() {
    let root = published();
    insta::assert_snapshot!(
        "commands",
        root.stacktally(&["unregistered", "--out", "out", "--commands"]).expect(0).transcript()
    );
    // Who is registered by now needs none, though some of the usage is still on the default subscription.
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    root.file("north/customer-subscriptions/2026-10-07.json", customers(DEFAULT, "north", &both));
    root.file("north/user-subscriptions/2026-10-07.json", listing(&[(SUB_UNKNOWN, TENANT_A)]));
    root.run(&[]).expect(0);
    let commands = root.stacktally(&["unregistered", "--out", "out", "--commands"]).expect(0).stdout;
    assert_eq!(
        commands,
        "# nobody is left to register: who used a stamp unregistered is registered there by now, or gave up its user subscriptions\n"
    );
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    assert!(json.contains("\"registered_since\": \"2026-10-07T00\""), "{json}");
}

#[test]
fn nothing_that_a_shell_would_run_comes_from_the_input() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_B, VM_HOURS, "2026-10-05T13", "1")]);
    root.file("north/user-subscriptions/2026-10-01.json", listing(&[(SUB_B, "$(touch x)\\nrm '")]));
    root.run(&[]).expect(0);
    let commands = root.stacktally(&["unregistered", "--out", "out", "--commands"]).expect(0).stdout;
    assert!(commands.lines().all(|line| line.is_empty() || line.starts_with('#')), "{commands}");
}

#[test]
fn nothing_unregistered_is_good_news() {
    let root = TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")]);
    root.run(&[]).expect(0);
    let ran = root.stacktally(&["unregistered", "--out", "out"]).expect(0);
    assert_eq!(ran.stdout, "nothing fell on a default subscription\n");
}

#[test]
fn who_moved_to_another_tenant_is_not_registered_for_the_old_one() {
    let root = published();
    root.file("north/user-subscriptions/2026-10-08.json", listing(&[(SUB_B, TENANT_A)]));
    root.run(&[]).expect(0);
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    assert!(json.contains(&format!("\"moved_to_tenant_id\": \"{TENANT_A}\"")), "{json}");
    let text = root.stacktally(&["unregistered", "--out", "out"]).expect(0).stdout;
    assert!(text.contains("by now of tenant") && text.contains("7e4a4700-…000a"), "{text}");
    let commands = root.stacktally(&["unregistered", "--out", "out", "--commands"]).expect(0).stdout;
    assert!(!commands.contains("az rest"), "{commands}");
    let unknown = root.stacktally(&["unregistered", "--out", "out", "--stamp", "west"]).expect(2);
    assert!(unknown.stderr.contains("--stamp west: the publication has no such stamp"), "{}", unknown.stderr);
}

#[test]
fn who_is_registered_stays_so_when_another_subscription_pays() {
    let root = published();
    for (day, billed) in [("07", BILLED_A), ("08", "b111ed00-0000-4000-8000-00000000000b")] {
        let mapped = [(TENANT_B, billed)];
        root.file(&format!("north/customer-subscriptions/2026-10-{day}.json"), customers(DEFAULT, "north", &mapped));
    }
    root.run(&[]).expect(0);
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    assert!(json.contains("\"registered_since\": \"2026-10-07T00\"") && !json.contains("2026-10-08T00"), "{json}");
}

fn close(root: &TestRoot) {
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "the bill is due"]).expect(0);
}

#[test]
fn what_falls_on_it_late_into_a_closed_month_shows() {
    let root = published();
    close(&root);
    root.file("north/usage/2026-11-03/page.json", page(&[Line::hourly(SUB_UNKNOWN, VM_HOURS, "2026-10-31T05", "100")]));
    root.run(&[]).expect(0);
    let text = |flags: &[&str]| root.stacktally(&[&["unregistered", "--out", "out"], flags].concat()).expect(0).stdout;
    assert!(text(&[]).contains("103 VM hours  2 lines  2026-10-05 to 2026-10-31"), "{}", text(&[]));
    let since = text(&["--since", "2026-10-31"]);
    assert!(since.contains("100 VM hours  1 line  2026-10-31 to 2026-10-31"), "{since}");
    assert!(!since.contains("default_tenant_not_registered"), "{since}");
}

/// The closed month goes on saying it, but nobody has to be registered any more.
#[test]
fn what_was_moved_off_it_after_its_month_was_closed_does_not_show() {
    let root = published();
    close(&root);
    let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)];
    root.file("north/customer-subscriptions/2026-10-02.json", customers(DEFAULT, "north", &both));
    root.run(&[]).expect(0);
    let closed = table(&root.out(), "default_usage");
    assert!(closed.iter().any(|row| row["user_subscription_id"].as_deref() == Some(SUB_B)), "as it was closed");
    let json = root.stacktally(&["unregistered", "--out", "out", "--json"]).expect(0).stdout;
    assert!(!json.contains(SUB_B) && json.contains(SUB_UNKNOWN), "{json}");
    let text = root.stacktally(&["unregistered", "--out", "out"]).expect(0).stdout;
    // As what is not closed says it.
    root.stacktally(&["run", "--root", "root", "--out", "open"]).expect(0);
    assert_eq!(root.stacktally(&["unregistered", "--out", "open"]).expect(0).stdout, text);
}

#[test]
fn money_comes_first_where_there_is_a_price_book() {
    let root = prices::used();
    let hours = "Virtual core hours";
    let rows = format!(
        "{WINDOWS_HOURS},0.046,1,{hours},USD,,2026-10-06,,,,,\n{WINDOWS_HOURS},0.05,1,{hours},USD,2026-10-06,,,,,,\n\
         {WINDOWS_HOURS},7,1,{hours},JPY,,,,user_subscription,{PROVIDER},,\n"
    );
    prices::book(&root, &rows);
    let late = [
        Line::hourly(PROVIDER, WINDOWS_HOURS, "2026-10-06T05", "2"),
        Line::hourly(SUB_UNKNOWN, WINDOWS_HOURS, "2026-10-06T05", "9"),
        Line::hourly(SUB_B, VM_HOURS, "2026-10-06T05", "1.5"),
    ];
    root.file("north/usage/2026-10-07/page.json", page(&late));
    root.run(&[]).expect(0);
    let unregistered = |flags: &[&str]| root.stacktally(&[&["unregistered", "--out", "out"], flags].concat()).expect(0);
    insta::assert_snapshot!("money", unregistered(&[]).transcript());
    let json = |flags: &[&str]| -> serde_json::Value {
        serde_json::from_str(&unregistered(&[&["--json"], flags].concat()).stdout).unwrap()
    };
    let charges = |json: &serde_json::Value| -> Vec<String> {
        let row = |charge: &serde_json::Value| {
            format!("{} {}", charge["charge"].as_str().unwrap(), charge["currency"].as_str().unwrap())
        };
        json["charges"].as_array().unwrap().iter().map(row).collect()
    };
    let all = json(&[]);
    assert_eq!(charges(&all), ["14 JPY", "0.45 USD", "0.048 USD"], "by currency, the largest first");
    assert_eq!(all["charges"][2]["tenant_id"], TENANT_B);
    assert_eq!((&all["unpriced"][0]["quantity"], &all["unpriced"][0]["meter_id"]), (&"1.5".into(), &VM_HOURS.into()));
    assert_eq!(charges(&json(&["--since", "2026-10-06"])), ["14 JPY", "0.45 USD", "0.025 USD"]);
}
