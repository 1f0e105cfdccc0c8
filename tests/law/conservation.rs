//! Nothing is lost: what is published is what an independent, slow computation says, cell by cell.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stacktally::domain::Quantity;

use super::random_root::{BILLED_B, REGISTERED_FROM, RandomLine, lay_out, lines, without_usage};
use crate::support::{BILLED_A, DEFAULT, Row, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, cell, receipt, table, tries};

type Sums = BTreeMap<Vec<String>, (i128, i64)>;

/// Who pays, worked out from the story of `random_root`.
fn owner(line: &RandomLine) -> [&'static str; 3] {
    let is_registered = line.stamp() == "north" && line.window() >= REGISTERED_FROM;
    match line.subscription() {
        SUB_A => [BILLED_A, "registered", TENANT_A],
        SUB_B if is_registered => [BILLED_B, "registered", TENANT_B],
        SUB_B => [DEFAULT, "default_tenant_not_registered", TENANT_B],
        _ => [DEFAULT, "default_user_subscription_unknown", ""],
    }
}

/// The good lines, summed by a time and all other keys.
fn expected(lines: &[RandomLine], time: impl Fn(&RandomLine) -> String, with_resource: bool) -> Sums {
    let mut sums = Sums::new();
    for line in lines {
        let Some(scaled) = line.scaled() else { continue };
        let mut key = vec![line.stamp().to_owned(), time(line)];
        key.extend(owner(line).map(str::to_owned));
        key.extend([line.subscription().to_owned(), line.meter()]);
        if with_resource {
            key.push(line.resource());
        }
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + scaled, sum.1 + 1);
    }
    sums
}

/// A published fact by the same keys; resources by their names.
fn published(root: &TestRoot, name: &str, time: &str) -> Sums {
    let resources: BTreeMap<String, String> = table(&root.out(), "resources")
        .iter()
        .map(|row| (cell(row, "resource_key").to_owned(), cell(row, "resource_name").to_owned()))
        .collect();
    let mut sums = Sums::new();
    for row in table(&root.out(), name) {
        let text = |column: &str| row[column].clone().unwrap_or_default();
        let mut key: Vec<String> =
            ["stamp", time, "billed_subscription_id", "attribution", "tenant_id", "user_subscription_id", "meter_id"]
                .map(text)
                .into();
        key.extend(row.get("resource_key").map(|key| resources[key.as_ref().unwrap()].clone()));
        let quantity = Quantity::parse(cell(&row, "quantity")).unwrap().quantity.scaled();
        let line_count = cell(&row, "line_count").parse().unwrap();
        assert_eq!(sums.insert(key, (quantity, line_count)), None, "a cell twice: {row:?}");
    }
    sums
}

fn lines_of(rows: &[Row]) -> (i128, usize) {
    let scaled = |row: &Row| Quantity::parse(cell(row, "quantity")).unwrap().quantity.scaled();
    (rows.iter().map(scaled).sum(), rows.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(4, 24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_fact_is_what_slow_addition_says(lines in lines()) {
        let root = without_usage();
        lay_out(&root, &lines, 7, |at| format!("page-{at:04}.json"));
        let bad = lines.iter().filter(|line| line.scaled().is_none()).count();
        root.run(&[]).expect(if bad == 0 { 0 } else { 4 });

        let hour = |line: &RandomLine| format!("{}:00:00Z", line.usage_hour());
        let day = |line: &RandomLine| line.usage_hour()[..10].to_owned();
        let month = |line: &RandomLine| format!("{}-01", &line.usage_hour()[..7]);
        prop_assert_eq!(published(&root, "hourly", "usage_hour"), expected(&lines, hour, true));
        prop_assert_eq!(published(&root, "daily", "usage_date"), expected(&lines, day, true));
        prop_assert_eq!(published(&root, "monthly", "month"), expected(&lines, month, false));

        let good: Vec<i128> = lines.iter().filter_map(RandomLine::scaled).collect();
        prop_assert_eq!(lines_of(&table(&root.out(), "lines")), (good.iter().sum(), good.len()));
        prop_assert_eq!(table(&root.out(), "rejects").len(), bad);
        let receipt = receipt(&root.out());
        let counted = ["read", "used", "rejected", "dropped"].map(|name| receipt["lines"][name].as_u64().unwrap() as usize);
        prop_assert_eq!(counted, [lines.len(), good.len(), bad, 0]);
    }

    #[test]
    fn splitting_windows_changes_no_total(lines in lines()) {
        let whole = without_usage();
        lay_out(&whole, &lines, 100, |at| format!("page-{at}.json"));
        let split = without_usage();
        lay_out(&split, &lines, 100, |at| format!("page-{at}.json"));
        // The window of a day becomes two: what ends by noon, or is late, goes to the first.
        for stamp in super::random_root::STAMPS {
            for day in super::random_root::DAYS {
                split.remove(&format!("{stamp}/usage/{day}"));
                let in_first = |line: &&RandomLine| line.late || line.hour < 12;
                let half = |first: bool| {
                    let day_lines = lines.iter().filter(|line| (line.stamp(), line.window()) == (stamp, day));
                    day_lines.filter(|line| in_first(line) == first).map(RandomLine::line).collect::<Vec<_>>()
                };
                let at = super::random_root::DAYS.iter().position(|date| *date == day).unwrap();
                let next = ["2026-10-01", "2026-10-02", "2026-10-03"][at];
                let windows = [format!("{day}T00--{day}T12"), format!("{day}T12--{next}T00")];
                for (window, part) in windows.into_iter().zip([half(true), half(false)]) {
                    let text = crate::support::page(&part).replacen('{', &format!("{{\"page\":\"{window}\","), 1);
                    split.file(&format!("{stamp}/usage/{window}/page.json"), text);
                }
            }
        }
        let code = whole.run(&["--attribute-at", "usage"]).code;
        split.run(&["--attribute-at", "usage"]).expect(code);
        for (name, time) in [("hourly", "usage_hour"), ("daily", "usage_date"), ("monthly", "month")] {
            prop_assert_eq!(published(&whole, name, time), published(&split, name, time));
        }
        prop_assert_eq!(table(&whole.out(), "coverage").len(), table(&split.out(), "coverage").len());
    }
}
