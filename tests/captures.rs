//! Real recorded usage. The captures lie beside the project, not in it: where they are not there, these tests say so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stacktally::domain::Quantity;

use crate::support::{TestRoot, cell, project, run_in, skip, table};

fn captures() -> Option<PathBuf> {
    let folder = project().join("../shared/captures");
    if !folder.is_dir() {
        skip(&format!("there are no captures at {}", folder.display()));
        return None;
    }
    Some(folder)
}

#[test]
fn the_real_hour_is_published_whole() {
    let Some(captures) = captures() else { return };
    let out = crate::support::tempdir().unwrap();
    run_in(&captures, &["run", "--root", "root", "--out", out.path().to_str().unwrap()]).expect(0);
    assert_eq!(table(out.path(), "lines").len(), 236);
    assert_eq!(table(out.path(), "hourly").len(), 236);
    let daily = table(out.path(), "daily");
    assert_eq!(daily.len(), 228);
    let mut sums: BTreeMap<(String, String), Quantity> = BTreeMap::new();
    for row in &daily {
        let meter = cell(row, "meter_id")[..8].to_owned();
        let sum = sums.entry((cell(row, "attribution").to_owned(), meter)).or_default();
        *sum = sum.checked_add(Quantity::parse(cell(row, "quantity")).unwrap().quantity).unwrap();
    }
    let sum = |attribution: &str, meter: &str| sums[&(attribution.to_owned(), meter.to_owned())].to_string();
    assert_eq!(sum("registered", "6dab500f"), "18");
    assert_eq!(sum("registered", "9cd92d4c"), "55");
    assert_eq!(sum("default_tenant_not_registered", "b5c15376"), "1762.293500543572011");
    assert_eq!(sum("default_user_subscription_unknown", "b5c15376"), "410.420943698845809");
}

#[test]
fn the_real_504_body_is_refused_as_a_page() {
    let Some(captures) = captures() else { return };
    let root = TestRoot::with_snapshots();
    root.file(
        "north/usage/2026-10-05/page-0001.json",
        std::fs::read(captures.join("gateway-timeout-504.json")).unwrap(),
    );
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("north/usage/2026-10-05/page-0001.json: an error body"), "{}", ran.stderr);
    assert!(ran.stderr.contains("GatewayTimeout: The gateway did not receive a response"), "{}", ran.stderr);
}

#[test]
fn the_real_listing_is_read_though_one_id_is_no_guid() {
    let Some(captures) = captures() else { return };
    let root = TestRoot::with_lines(&[]);
    root.file(
        "north/user-subscriptions/2026-10-02.json",
        std::fs::read(captures.join("user-subscriptions.json")).unwrap(),
    );
    root.run(&[]).expect(0);
    let listed = table(&root.out(), "user_subscriptions");
    assert!(listed.iter().any(|row| cell(row, "user_subscription_id") == "eb377774-8d90-4f4b-bc76-0211g8bfbf94"));
}
