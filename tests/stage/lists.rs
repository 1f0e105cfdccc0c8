//! Dated lists: each distinct row is kept once, each list keeps its own rows and pages, and the last page is proved.

use stacktally::control::Control;
use stacktally::domain::Hour;
use stacktally::read::{DatedLists, Reading, SnapshotFiles, read_customer_subscriptions};
use stacktally::store::InputFile;

use crate::support::TestRoot;

fn row(tenant: &str, subscription: &str) -> String {
    format!(r#"{{"name":"stack/{subscription}","properties":{{"tenantId":"{tenant}"}}}}"#)
}

fn page(rows: &[String], next: Option<&str>) -> String {
    let next = next.map_or(String::new(), |link| format!(r#","nextLink":"{link}""#));
    format!(r#"{{"value":[{}]{next}}}"#, rows.join(","))
}

/// One list a date, each of the pages given.
fn read(lists: &[(&str, &[String])]) -> Result<DatedLists<stacktally::read::CustomerSubscription>, String> {
    let root = TestRoot::empty();
    let snapshots: Vec<SnapshotFiles> = lists
        .iter()
        .map(|(date, pages)| {
            let pages = pages.iter().enumerate().map(|(at, text)| {
                let name = format!("customer-subscriptions/{date}/{at}.json");
                root.file(&name, text);
                InputFile { path: root.root().join(&name), name }
            });
            SnapshotFiles {
                as_of: Hour::parse(&format!("{date}T00:00:00Z")).unwrap(),
                name: format!("customer-subscriptions/{date}"),
                pages: pages.collect(),
            }
        })
        .collect();
    read_customer_subscriptions(&snapshots, &Reading::default(), &Control::silent()).map_err(|error| error.to_string())
}

const A: [&str; 2] = ["aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-1111-4111-8111-000000000001"];
const B: [&str; 2] = ["bbbbbbbb-0000-4000-8000-000000000001", "bbbbbbbb-1111-4111-8111-000000000001"];

fn a() -> String {
    row(A[0], A[1])
}

fn b() -> String {
    row(B[0], B[1])
}

#[test]
fn rows_that_repeat_from_night_to_night_are_kept_once_and_each_list_keeps_its_order() {
    let lists = read(&[
        ("2026-10-01", &[page(&[a(), b()], None)]),
        ("2026-10-02", &[page(&[b(), a()], None)]),
        ("2026-10-03", &[page(&[], None)]),
    ])
    .unwrap();
    assert_eq!(lists.rows.len(), 2);
    let tenants = |at: usize| -> Vec<String> {
        lists.rows_of(&lists.lists[at]).map(|row| row.tenant.as_str().to_owned()).collect()
    };
    assert_eq!([tenants(0), tenants(1), tenants(2)], [vec![A[0], B[0]], vec![B[0], A[0]], vec![]]);
    assert_eq!(lists.lists[1].as_of, Hour::parse("2026-10-02T00:00:00Z").unwrap());
}

#[test]
fn a_row_is_told_to_stand_in_its_page_and_a_page_twice_counts_once() {
    let next = "https://management.azure.com/next?$skiptoken=1";
    let lists = read(&[("2026-10-01", &[page(&[a()], Some(next)), page(&[b()], None), page(&[b()], None)])]).unwrap();
    let list = &lists.lists[0];
    assert_eq!((list.rows.len(), list.has_page_twice), (2, true));
    assert_eq!(list.page_of(0), "customer-subscriptions/2026-10-01/0.json");
    assert_eq!(list.page_of(1), "customer-subscriptions/2026-10-01/1.json");
}

#[test]
fn a_list_whose_last_page_is_missing_is_refused() {
    let next = "https://management.azure.com/next?$skiptoken=1";
    let refused = read(&[("2026-10-01", &[page(&[a()], Some(next))])]).unwrap_err();
    assert!(refused.starts_with("customer-subscriptions/2026-10-01: "), "{refused}");
    assert!(refused.contains("lacks pages"), "{refused}");
}
