//! Who pays, over random histories of snapshots: what `product.md` §4 says, worked out line by line; and what a history must
//! never do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use stacktally::domain::Quantity;

use crate::support::{
    Line, Row, TestRoot, VM_HOURS, WINDOWS_HOURS, cell, files_below, page, registration, table, tries,
};

const USERS: [&str; 4] = [
    "5ab00000-0000-4000-8000-0000000000a1",
    "5ab00000-0000-4000-8000-0000000000a2",
    "5ab00000-0000-4000-8000-0000000000b1",
    "5ab00000-0000-4000-8000-0000000000c1",
];
/// The provider's own, as far as any listing has a row to say so.
const PROVIDER: &str = USERS[3];
const TENANTS: [&str; 2] = ["7e4a4700-0000-4000-8000-0000000000aa", "7e4a4700-0000-4000-8000-0000000000bb"];
const BILLED: [&str; 3] = [
    "b111ed00-0000-4000-8000-00000000c001",
    "b111ed00-0000-4000-8000-00000000c002",
    "b111ed00-0000-4000-8000-00000000c003",
];
const DEFAULTS: [&str; 2] = ["b111ed00-0000-4000-8000-00000000d001", "b111ed00-0000-4000-8000-00000000d002"];
const METERS: [&str; 2] = [VM_HOURS, WINDOWS_HOURS];
/// Hours since the first of these days. Usage lies in the first four, snapshots before, among and after them.
const DAYS: [&str; 8] =
    ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08"];
/// After every moment that decides anything.
const LATER: &str = "2026-10-20";

/// A date by its hour.
fn name(hour: u32) -> String {
    format!("{}T{:02}", DAYS[(hour / 24) as usize], hour % 24)
}

/// Snapshots of a stamp by their hours: what each says.
#[derive(Clone, Debug)]
struct Histories {
    /// The place of the default subscription.
    registrations: BTreeMap<u32, usize>,
    /// Of each tenant, the place of its billed.
    customers: BTreeMap<u32, [Option<usize>; 2]>,
    /// Of each user subscription, whether it is listed, and then with which tenant.
    listings: BTreeMap<u32, [Option<Option<usize>>; 4]>,
}

#[derive(Clone, Debug)]
struct Used {
    user: usize,
    meter: usize,
    /// Of usage, and of its report: at least the next one.
    hour: u32,
    reported: u32,
    thousandths: u32,
}

fn histories() -> impl Strategy<Value = Histories> {
    let hours = 0_u32..24 * 6;
    let registrations = prop::collection::btree_map(hours.clone(), 0..DEFAULTS.len(), 1..3);
    let billed = [prop::option::of(0..BILLED.len()), prop::option::of(0..BILLED.len())];
    let customers = prop::collection::btree_map(hours.clone(), billed, 1..5);
    let listed = || prop::option::weighted(0.6, prop::option::weighted(0.8, 0..TENANTS.len()));
    let listings = prop::collection::btree_map(hours, [listed(), listed(), listed(), listed()], 1..6);
    (registrations, customers, listings).prop_map(|(registrations, customers, listings)| Histories {
        registrations,
        customers,
        listings,
    })
}

fn usage() -> impl Strategy<Value = Vec<Used>> {
    let used = (0..USERS.len(), 0..METERS.len(), 0_u32..24 * 4 - 1, 1_u32..30, 1_u32..100_000);
    let used = used.prop_map(|(user, meter, hour, delay, thousandths)| Used {
        user,
        meter,
        hour,
        reported: (hour + delay).min(24 * 5 - 1),
        thousandths,
    });
    prop::collection::vec(used, 1..40)
}

/// Where reported time is cut into windows.
fn cuts() -> impl Strategy<Value = BTreeSet<u32>> {
    prop::collection::btree_set(prop_oneof![3 => (0_u32..6).prop_map(|day| day * 24), 1 => 0_u32..24 * 5], 0..7)
}

fn lay_out(histories: &Histories) -> TestRoot {
    let root = TestRoot::empty();
    for (&hour, &default) in &histories.registrations {
        root.file(&format!("north/registration/{}.json", name(hour)), registration(DEFAULTS[default], "north"));
    }
    for (&hour, mapped) in &histories.customers {
        root.file(&format!("north/customer-subscriptions/{}.json", name(hour)), customers(mapped));
    }
    for (&hour, listed) in &histories.listings {
        root.file(&format!("north/user-subscriptions/{}.json", name(hour)), listing(listed));
    }
    root
}

/// Bare ids, as the documentation prints them too: they lie under any registration.
fn customers(mapped: &[Option<usize>; 2]) -> String {
    let row = |(tenant, billed): (&&str, &Option<usize>)| {
        billed.map(|billed| format!(r#"{{"id":"{}","properties":{{"tenantId":"{tenant}"}}}}"#, BILLED[billed]))
    };
    let rows: Vec<String> = TENANTS.iter().zip(mapped).filter_map(row).collect();
    format!(r#"{{"value":[{}]}}"#, rows.join(","))
}

fn listing(listed: &[Option<Option<usize>>; 4]) -> String {
    let row = |(user, listed): (&&str, &Option<Option<usize>>)| {
        let tenant = (*listed)?.map_or(String::new(), |tenant| format!(r#","tenantId":"{}""#, TENANTS[tenant]));
        let id = format!("/subscriptions/{PROVIDER}/providers/Microsoft.Subscriptions.Admin/subscriptions/{user}");
        Some(format!(r#"{{"id":"{id}","subscriptionId":"{user}"{tenant}}}"#))
    };
    let rows: Vec<String> = USERS.iter().zip(listed).filter_map(row).collect();
    format!(r#"{{"value":[{}]}}"#, rows.join(","))
}

/// The windows that the cuts make of the reported time.
fn windows(cuts: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let edges: BTreeSet<u32> = cuts.iter().copied().chain([0, 24 * 5]).collect();
    let edges: Vec<u32> = edges.into_iter().filter(|&edge| edge <= 24 * 5).collect();
    edges.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn add_usage(root: &TestRoot, usage: &[Used], cuts: &BTreeSet<u32>) {
    for (start, end) in windows(cuts) {
        let lines: Vec<Line> =
            usage.iter().filter(|used| (start..end).contains(&used.reported)).map(Used::line).collect();
        if !lines.is_empty() {
            let window = format!("{}--{}", name(start), name(end));
            let text = page(&lines).replacen('{', &format!("{{\"page\":\"{window}\","), 1);
            root.file(&format!("north/usage/{window}/page.json"), text);
        }
    }
}

impl Used {
    fn quantity(&self) -> String {
        format!("{}.{:03}", self.thousandths / 1000, self.thousandths % 1000)
    }

    fn line(&self) -> Line {
        Line::hourly(USERS[self.user], METERS[self.meter], &name(self.hour), &self.quantity())
    }
}

/// `product.md` §4, read slowly: who pays for a line that was decided at an hour, and why.
fn owner(histories: &Histories, user: usize, moment: u32) -> [&'static str; 3] {
    fn in_force<T: Copy>(snapshots: &BTreeMap<u32, T>, moment: u32) -> T {
        let latest = snapshots.range(..=moment).next_back();
        *latest.or_else(|| snapshots.first_key_value()).unwrap().1
    }
    let holds = |(_, listed): &(&u32, &[Option<Option<usize>>; 4])| matches!(listed[user], Some(Some(_)));
    let before = histories.listings.range(..=moment).rfind(holds);
    let tenant =
        before.or_else(|| histories.listings.iter().find(holds)).and_then(|(_, listed)| listed[user].flatten());
    let mapped = in_force(&histories.customers, moment);
    let default = DEFAULTS[in_force(&histories.registrations, moment)];
    let has_rows = histories.listings.values().flatten().any(Option::is_some);
    let is_operator = USERS[user] == PROVIDER && has_rows;
    let known = tenant.map_or("", |tenant| TENANTS[tenant]);
    match tenant {
        None if is_operator => [default, "default_operator", known],
        None => [default, "default_user_subscription_unknown", ""],
        Some(tenant) => match mapped[tenant] {
            Some(billed) => [BILLED[billed], "registered", TENANTS[tenant]],
            None if is_operator => [default, "default_operator", known],
            None if mapped == [None, None] => [default, "default_no_customer_subscriptions", TENANTS[tenant]],
            None => [default, "default_tenant_not_registered", TENANTS[tenant]],
        },
    }
}

type Sums = BTreeMap<Vec<String>, (i128, i64)>;

fn expected(histories: &Histories, usage: &[Used], moment: impl Fn(&Used) -> u32) -> Sums {
    let mut sums = Sums::new();
    for used in usage {
        let mut key = vec![DAYS[(used.hour / 24) as usize].to_owned()];
        key.extend(owner(histories, used.user, moment(used)).map(str::to_owned));
        key.extend([USERS[used.user].to_owned(), METERS[used.meter].to_owned()]);
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + i128::from(used.thousandths), sum.1 + 1);
    }
    sums
}

fn published(root: &TestRoot, name: &str) -> Sums {
    let keys = ["usage_date", "billed_subscription_id", "attribution", "tenant_id", "user_subscription_id", "meter_id"];
    let mut sums = Sums::new();
    for row in table(&root.out(), name) {
        let sum = sums.entry(keys.map(|key| row[key].clone().unwrap_or_default()).into()).or_default();
        *sum = (sum.0 + thousandths(cell(&row, "quantity")), sum.1 + cell(&row, "line_count").parse::<i64>().unwrap());
    }
    sums
}

fn thousandths(quantity: &str) -> i128 {
    Quantity::parse(quantity).unwrap().quantity.scaled() / 10_i128.pow(15)
}

fn run(root: &TestRoot, flags: &[&str]) {
    let confirming = root.confirming();
    let confirming: Vec<&str> = confirming.iter().map(String::as_str).collect();
    root.run(&[&confirming[..], flags].concat()).expect(0);
}

/// The tables that say what was used and who pays for it.
fn figures(root: &TestRoot) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_below(&root.out());
    let others = ["snapshots.parquet", "mappings.parquet", "tenants.parquet", "billed_subscriptions.parquet"];
    files.retain(|path, _| !others.contains(&path.as_str()));
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(3, 16), failure_persistence: None, ..ProptestConfig::default() })]

    /// The moment is the end of the window, rounded up to the day; of a window longer than a day, the end of the usage day.
    #[test]
    fn everybody_pays_what_the_rules_say(histories in histories(), usage in usage(), cuts in cuts()) {
        let root = lay_out(&histories);
        add_usage(&root, &usage, &cuts);
        run(&root, &[]);
        let windows = windows(&cuts);
        let forwarded = |used: &Used| {
            let &(start, end) = windows.iter().find(|(start, end)| (*start..*end).contains(&used.reported)).unwrap();
            if end - start <= 24 { end.div_ceil(24) * 24 } else { (used.hour / 24 + 1) * 24 }
        };
        let daily = published(&root, "daily");
        prop_assert_eq!(&daily, &expected(&histories, &usage, forwarded));
        let on_default: Sums = daily.into_iter().filter(|(key, _)| key[2] != "registered").collect();
        prop_assert_eq!(published(&root, "default_usage"), on_default, "default_usage is the rest of daily");
        run(&root, &["--attribute-at", "usage"]);
        prop_assert_eq!(published(&root, "daily"), expected(&histories, &usage, |used| used.hour));
    }

    #[test]
    fn snapshots_after_all_windows_change_no_figure(histories in histories(), usage in usage(), cuts in cuts()) {
        let root = lay_out(&histories);
        add_usage(&root, &usage, &cuts);
        run(&root, &[]);
        let before = figures(&root);
        root.file(&format!("north/registration/{LATER}.json"), registration(DEFAULTS[0], "moved"));
        root.file(&format!("north/customer-subscriptions/{LATER}T07.json"), customers(&[Some(2), Some(1)]));
        run(&root, &[]);
        prop_assert_eq!(before, figures(&root));
    }

    #[test]
    fn a_later_listing_only_resolves_the_unknown(histories in histories(), usage in usage(), cuts in cuts()) {
        let root = lay_out(&histories);
        add_usage(&root, &usage, &cuts);
        run(&root, &[]);
        let before = published(&root, "daily");
        root.file(&format!("north/user-subscriptions/{LATER}.json"), listing(&[Some(Some(0)), Some(Some(1)), None, Some(Some(1))]));
        run(&root, &[]);
        let after = published(&root, "daily");
        let is_unknown = |key: &Vec<String>| key[2] == "default_user_subscription_unknown";
        // The provider's own may be the operator's and yet of no tenant that anybody knows.
        let unknown: BTreeSet<&String> = before.keys().filter(|key| key[3].is_empty()).map(|key| &key[4]).collect();
        let known = |sums: &Sums| -> Sums {
            sums.iter().filter(|(key, _)| !unknown.contains(&key[4])).map(|(key, sum)| (key.clone(), *sum)).collect()
        };
        prop_assert_eq!(known(&before), known(&after), "who was known pays as before");
        let resolved: Vec<&Vec<String>> = after.keys().filter(|key| is_unknown(key)).collect();
        prop_assert!(resolved.iter().all(|key| key[4] == USERS[2]), "it resolves whom it holds: {:?}", resolved);
    }

    #[test]
    fn the_cut_of_windows_changes_no_total_by_usage_time(histories in histories(), usage in usage(), one in cuts(), other in cuts()) {
        let figures = |cuts: &BTreeSet<u32>| {
            let root = lay_out(&histories);
            add_usage(&root, &usage, cuts);
            run(&root, &["--attribute-at", "usage"]);
            let mut files = files_below(&root.out());
            files.retain(|path, _| {
                ["hourly/", "daily/", "monthly/", "default_usage/", "csv/daily/", "csv/monthly/", "csv/default_usage/"]
                    .iter()
                    .any(|folder| path.starts_with(folder))
            });
            files
        };
        prop_assert_eq!(figures(&one), figures(&other));
    }

    /// Most days are taken from their figures, and those that a change divides from their lines; a root knows each line.
    #[test]
    fn a_publication_has_the_history_of_its_root(histories in histories(), usage in usage(), cuts in cuts(), at_usage in any::<bool>()) {
        let root = lay_out(&histories);
        add_usage(&root, &usage, &cuts);
        let at: &[&str] = if at_usage { &["--attribute-at", "usage"] } else { &[] };
        run(&root, at);
        let confirming = root.confirming();
        let confirming: Vec<&str> = confirming.iter().map(String::as_str).collect();
        let of_root = root.stacktally(&[&["history", "--root", "root", "--json"], at, &confirming[..]].concat()).expect(0);
        let of_out = root.stacktally(&["history", "--out", "out", "--json"]).expect(0);
        prop_assert_eq!(of_out.stdout, of_root.stdout);
    }

    /// The lines behind every published cell are all of it, and each cell names the snapshots that the rules name.
    #[test]
    fn why_accounts_for_every_cell(histories in histories(), usage in usage(), cuts in cuts(), at_usage in any::<bool>()) {
        let root = lay_out(&histories);
        add_usage(&root, &usage, &cuts);
        run(&root, if at_usage { &["--attribute-at", "usage"] } else { &[] });
        let daily = table(&root.out(), "daily");
        let days: BTreeSet<&str> = daily.iter().map(|row| cell(row, "usage_date")).collect();
        let mut lines = 0;
        for day in days {
            let rows: Vec<&Row> = daily.iter().filter(|row| cell(row, "usage_date") == day).collect();
            let cells = why(&root, &["--date", day]);
            prop_assert_eq!(cells.len(), rows.len());
            for (found, row) in cells.iter().zip(rows) {
                lines += check_cell(found, row, &histories)?;
            }
        }
        prop_assert_eq!(lines, usage.len());
        let one = &daily[usage[0].hour as usize % daily.len()];
        let filtered = why(&root, &[
            "--date", cell(one, "usage_date"), "--user-subscription", cell(one, "user_subscription_id"),
            "--meter", cell(one, "meter_id"), "--resource", "VM-1", "--billed-subscription", cell(one, "billed_subscription_id"),
        ]);
        prop_assert!(!filtered.is_empty());
        for found in &filtered {
            for column in ["user_subscription_id", "meter_id", "billed_subscription_id", "usage_date"] {
                prop_assert_eq!(found[column].as_str(), one[column].as_deref());
            }
        }
    }
}

fn why(root: &TestRoot, flags: &[&str]) -> Vec<Value> {
    let ran = root.stacktally(&[&["why", "--out", "out", "--json"], flags].concat()).expect(0);
    serde_json::from_str::<Value>(&ran.stdout).unwrap()["cells"].as_array().unwrap().clone()
}

/// Holds what `why` says of a cell against the cell and the histories. Returns how many lines are behind it.
fn check_cell(found: &Value, row: &Row, histories: &Histories) -> Result<usize, TestCaseError> {
    for column in ["billed_subscription_id", "attribution", "tenant_id", "user_subscription_id", "meter_id"] {
        prop_assert_eq!(found[column].as_str(), row[column].as_deref(), "{}", column);
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (mut sum, mut count) = (0, 0);
    for reason in found["reasons"].as_array().unwrap() {
        for line in reason["lines"].as_array().unwrap() {
            sum += thousandths(line["quantity"].as_str().unwrap());
            count += 1;
            prop_assert!(line["blake3"].is_string() && line["file"].is_string() && line["row"].is_i64());
        }
        let hour = |text: &str| {
            let (day, hour) = text.split_once('T').unwrap();
            DAYS.iter().position(|date| *date == day).unwrap() as u32 * 24 + hour.parse::<u32>().unwrap()
        };
        let moment = hour(reason["decided_from"].as_str().unwrap());
        let user = USERS.iter().position(|user| found["user_subscription_id"] == **user).unwrap();
        let owner = owner(histories, user, moment);
        prop_assert_eq!(owner[0], text(&found["billed_subscription_id"]));
        let latest = |dates: Vec<u32>| {
            let before = dates.iter().rev().find(|date| **date <= moment);
            name(*before.unwrap_or(&dates[0]))
        };
        prop_assert_eq!(
            text(&reason["registration"][0]["as_of"]),
            latest(histories.registrations.keys().copied().collect())
        );
        prop_assert_eq!(
            text(&reason["customer_subscriptions"][0]["as_of"]),
            latest(histories.customers.keys().copied().collect())
        );
        let holding: Vec<u32> = histories
            .listings
            .iter()
            .filter(|(_, listed)| matches!(listed[user], Some(Some(_))))
            .map(|(&hour, _)| hour)
            .collect();
        match holding.is_empty() {
            true => prop_assert!(reason["listing"].as_array().unwrap().is_empty()),
            false => prop_assert_eq!(text(&reason["listing"][0]["as_of"]), latest(holding)),
        }
    }
    prop_assert_eq!(sum, thousandths(cell(row, "quantity")), "the lines are all of the cell");
    prop_assert_eq!(sum, thousandths(found["quantity"].as_str().unwrap()));
    prop_assert_eq!(count.to_string(), cell(row, "line_count"));
    Ok(count)
}
