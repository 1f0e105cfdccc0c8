//! Whatever happened to the root from run to run, what is published is what a first run makes of it; and only what was
//! touched is settled again, for the causes that it has, with every correction said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use stacktally::domain::Quantity;

use super::random_root::BILLED_B;
use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, Row, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, VM_HOURS,
    WINDOWS_HOURS, cell, files_below, listing_of, page, receipt, registration, run_in, table, tries,
};

pub(super) const STAMPS: [&str; 2] = ["north", "south"];
/// Windows, over the end of a month; those at the end hold Daily lines.
const WINDOWS: [&str; 6] = ["2026-09-29", "2026-09-30", "2026-10-01", "2026-10-02", "2026-09-25", "2026-09-26"];
const HOURLY_WINDOWS: usize = 4;
pub(super) const USERS: [&str; 3] = [SUB_A, SUB_B, SUB_UNKNOWN];
pub(super) const METERS: [&str; 2] = [VM_HOURS, WINDOWS_HOURS];
/// Before all usage, within it, and after it.
const DATES: [&str; 4] = ["2026-09-01", "2026-09-30", "2026-10-01T12", "2026-10-09"];
pub(super) const DEFAULT_2: &str = "b111ed00-0000-4000-8000-0000000000dd";

/// A line of a window, by place in the lists above.
#[derive(Clone, Debug)]
pub(super) struct Used {
    user: usize,
    meter: usize,
    resource: u8,
    /// Of the day before the window.
    late: bool,
    hour: u32,
    /// A bad line when 0.
    quantity: u32,
}

/// What happens to a root.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A file of a window is there with these lines, whatever it held; the window may be new.
    Put {
        stamp: usize,
        window: usize,
        file: u8,
        lines: Vec<Used>,
    },
    RemoveFile {
        stamp: usize,
        window: usize,
        file: u8,
    },
    RemoveWindow {
        stamp: usize,
        window: usize,
    },
    /// Written again with the bytes that it has: in place, or as another file.
    Rewrite {
        stamp: usize,
        window: usize,
        file: u8,
        in_place: bool,
    },
    /// One digit of a file changes, and its size and time do not.
    ChangeQuietly {
        stamp: usize,
        window: usize,
        file: u8,
    },
    /// A list of customer subscriptions: whether tenant A and tenant B pay for themselves.
    Customers {
        stamp: usize,
        date: usize,
        mapped: [bool; 2],
    },
    RemoveCustomers {
        stamp: usize,
        date: usize,
    },
    /// A listing: who belongs to whom.
    Listing {
        stamp: usize,
        date: usize,
        tenants: [Option<bool>; 3],
        named: bool,
    },
    RemoveListing {
        stamp: usize,
        date: usize,
    },
    Registration {
        stamp: usize,
        date: usize,
        other: bool,
    },
    RemoveRegistration {
        stamp: usize,
        date: usize,
    },
    Names(u8),
    Meters(u8),
    /// A price book, or none.
    Prices(usize),
    /// The same for the vendor prices.
    VendorPrices(usize),
    /// Exchange rates, or none.
    Rates(u8),
    Settings(usize),
}

/// Those that a run may be switched to.
const SETTINGS: [&[&str]; 9] = [
    &[],
    &["--no-owners"],
    &["--csv", "hourly"],
    &["--attribute-at", "usage"],
    &["--settling-days", "0"],
    &["--csv", "hourly", "--no-owners"],
    &["--operator-tenant", TENANT_B],
    &["--tiering", "volume"],
    &["--rounding", "half-up"],
];

/// A page of bad lines alone would be refused.
fn with_a_good_one(mut lines: Vec<Used>) -> Vec<Used> {
    if let [first, others @ ..] = lines.as_mut_slice()
        && others.iter().all(|other| other.quantity == 0)
    {
        first.quantity = first.quantity.max(1);
    }
    lines
}

fn used() -> impl Strategy<Value = Used> {
    let quantity = prop_oneof![9 => 1_u32..1_000_000, 1 => Just(0)];
    let used = (0..USERS.len(), 0..METERS.len(), 0_u8..2, prop::bool::weighted(0.2), 0_u32..23, quantity);
    used.prop_map(|(user, meter, resource, late, hour, quantity)| Used { user, meter, resource, late, hour, quantity })
}

fn put() -> impl Strategy<Value = Step> {
    let place = (0..STAMPS.len(), 0..WINDOWS.len(), 0_u8..2);
    (place, prop::collection::vec(used(), 0..6).prop_map(with_a_good_one))
        .prop_map(|((stamp, window, file), lines)| Step::Put { stamp, window, file, lines })
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let of_file = || (0..STAMPS.len(), 0..WINDOWS.len(), 0_u8..2);
    prop_oneof![
        6 => put(),
        2 => of_file().prop_map(|(stamp, window, file)| Step::RemoveFile { stamp, window, file }),
        1 => of_file().prop_map(|(stamp, window, _)| Step::RemoveWindow { stamp, window }),
        1 => (of_file(), any::<bool>())
            .prop_map(|((stamp, window, file), in_place)| Step::Rewrite { stamp, window, file, in_place }),
        1 => of_file().prop_map(|(stamp, window, file)| Step::ChangeQuietly { stamp, window, file }),
        8 => snapshot_step(),
        1 => (0_u8..4).prop_map(Step::Names),
        1 => (0_u8..3).prop_map(Step::Meters),
        4 => (0..=BOOKS.len()).prop_map(Step::Prices),
        2 => (0..=BOOKS.len()).prop_map(Step::VendorPrices),
        1 => (0_u8..3).prop_map(Step::Rates),
        1 => (0..SETTINGS.len()).prop_map(Step::Settings),
    ]
}

fn snapshot_step() -> impl Strategy<Value = Step> {
    let dated = || (0..STAMPS.len(), 0..DATES.len());
    prop_oneof![
        2 => (dated(), any::<[bool; 2]>())
            .prop_map(|((stamp, date), mapped)| Step::Customers { stamp, date, mapped }),
        1 => dated().prop_map(|(stamp, date)| Step::RemoveCustomers { stamp, date }),
        2 => (dated(), any::<[Option<bool>; 3]>(), any::<bool>())
            .prop_map(|((stamp, date), tenants, named)| Step::Listing { stamp, date, tenants, named }),
        1 => dated().prop_map(|(stamp, date)| Step::RemoveListing { stamp, date }),
        1 => (dated(), any::<bool>()).prop_map(|((stamp, date), other)| Step::Registration { stamp, date, other }),
        1 => dated().prop_map(|(stamp, date)| Step::RemoveRegistration { stamp, date }),
    ]
}

/// A root that changes: each run is told which settings are in force.
pub(super) struct Changing {
    pub(super) root: TestRoot,
    settings: usize,
    /// What a file of a window holds.
    files: BTreeMap<String, Vec<u8>>,
    count: u32,
}

impl Changing {
    pub(super) fn new(settings: usize, first: &[Step]) -> Self {
        let root = TestRoot::empty();
        for stamp in STAMPS {
            root.file(&format!("{stamp}/registration/2026-09-01.json"), registration(DEFAULT, stamp));
            let mapped = bare_customers([true, false]);
            root.file(&format!("{stamp}/customer-subscriptions/2026-09-01.json"), mapped);
            let owned = listing_of(stamp, &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]);
            root.file(&format!("{stamp}/user-subscriptions/2026-09-01.json"), owned);
            // A stamp without usage is none.
            root.file(&format!("{stamp}/usage/2026-08-01/none.json"), page(&[]));
        }
        let mut changing = Self { root, settings, files: BTreeMap::new(), count: 0 };
        first.iter().for_each(|step| changing.take(step));
        changing
    }

    pub(super) fn take(&mut self, step: &Step) {
        self.count += 1;
        match step {
            Step::Put { stamp, window, file, lines } => {
                let path = file_path(*stamp, *window, *file);
                // A mark of its own: a page that lies in two windows would be one that was copied.
                let mark = format!("{{\"page\":\"{path}\",");
                let lines: Vec<Line> = lines.iter().map(|used| used.line(*window)).collect();
                self.write(&path, page(&lines).replacen('{', &mark, 1).into_bytes());
            }
            Step::RemoveFile { stamp, window, file } => {
                let path = file_path(*stamp, *window, *file);
                if self.files.remove(&path).is_some() {
                    self.root.remove(&path);
                }
            }
            Step::RemoveWindow { stamp, window } => {
                let folder = window_path(*stamp, *window);
                self.files.retain(|path, _| !path.starts_with(&format!("{folder}/")));
                if self.root.root().join(&folder).exists() {
                    self.root.remove(&folder);
                }
            }
            Step::Rewrite { stamp, window, file, in_place } => {
                let path = file_path(*stamp, *window, *file);
                if let Some(bytes) = self.files.get(&path).cloned() {
                    if !in_place {
                        self.root.remove(&path);
                    }
                    self.write(&path, bytes);
                }
            }
            Step::ChangeQuietly { stamp, window, file } => self.change_quietly(&file_path(*stamp, *window, *file)),
            Step::Customers { stamp, date, mapped } => {
                let path = format!("{}/customer-subscriptions/{}.json", STAMPS[*stamp], DATES[*date]);
                self.root.file(&path, bare_customers(*mapped));
            }
            Step::RemoveCustomers { stamp, date } => self.remove_snapshot("customer-subscriptions", *stamp, *date),
            Step::Listing { stamp, date, tenants, named } => {
                let owned: Vec<(&str, &str)> = USERS
                    .into_iter()
                    .zip(tenants)
                    .filter_map(|(user, tenant)| Some((user, if (*tenant)? { TENANT_A } else { TENANT_B })))
                    .collect();
                let mut text = listing_of(STAMPS[*stamp], &owned);
                if *named {
                    text = text.replace("someone@", &format!("somebody-{}@", self.count));
                }
                self.root.file(&format!("{}/user-subscriptions/{}.json", STAMPS[*stamp], DATES[*date]), text);
            }
            Step::RemoveListing { stamp, date } => self.remove_snapshot("user-subscriptions", *stamp, *date),
            Step::Registration { stamp, date, other } => {
                let default = if *other { DEFAULT_2 } else { DEFAULT };
                let path = format!("{}/registration/{}.json", STAMPS[*stamp], DATES[*date]);
                self.root.file(&path, registration(default, STAMPS[*stamp]));
            }
            Step::RemoveRegistration { stamp, date } => self.remove_snapshot("registration", *stamp, *date),
            Step::Names(which) => {
                let names = [(BILLED_A, "Contoso"), (TENANT_B, "Fabrikam"), (DEFAULT, "ours")];
                let rows: String =
                    names.iter().take(usize::from(*which)).map(|(id, name)| format!("{id},{name} {which}\n")).collect();
                self.root.file("names.csv", format!("id,name\n{rows}"));
            }
            Step::Meters(which) => {
                let row = format!("{VM_HOURS},hours {which},Virtual Machines,h,vm_hours\n");
                let rows = if *which == 0 { "" } else { &row };
                self.root.file("meters.csv", format!("meter_id,meter_name,service,unit,quantity_kind\n{rows}"));
            }
            Step::Prices(which) => write_book(&self.root, "prices.csv", *which),
            Step::VendorPrices(which) => write_book(&self.root, "vendor-prices.csv", *which),
            Step::Rates(0) => self.remove_file("exchange-rates.csv"),
            Step::Rates(which) => {
                let months = ["2026-08", "2026-09", "2026-10"];
                let rows = months.map(|month| format!("{month},USD,EUR,0.9{which}\n{month},JPY,EUR,0.006{which}\n"));
                self.root.file("exchange-rates.csv", format!("month,from,to,rate\n{}", rows.concat()));
            }
            Step::Settings(which) => self.settings = *which,
        }
    }

    fn write(&mut self, path: &str, bytes: Vec<u8>) {
        self.root.file(path, &bytes);
        self.files.insert(path.to_owned(), bytes);
    }

    /// The first snapshots stay: without any there is nobody to pay.
    fn remove_snapshot(&self, kind: &str, stamp: usize, date: usize) {
        let path = format!("{}/{kind}/{}.json", STAMPS[stamp], DATES[date]);
        if date > 0 && self.root.root().join(&path).exists() {
            self.root.remove(&path);
        }
    }

    fn remove_file(&self, name: &str) {
        if self.root.root().join(name).exists() {
            self.root.remove(name);
        }
    }

    fn change_quietly(&mut self, path: &str) {
        let Some(bytes) = self.files.get(path) else { return };
        let text = String::from_utf8(bytes.clone()).unwrap();
        let changed = text.replacen("\"quantity\":1", "\"quantity\":7", 1);
        let file = self.root.root().join(path);
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        self.write(path, changed.into_bytes());
        File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    }

    /// A run of the root into a folder, whatever its lists lack.
    pub(super) fn run_to(&self, out: &str, flags: &[&str]) -> Ran {
        let confirming = self.root.confirming();
        let confirming: Vec<&str> = confirming.iter().map(String::as_str).collect();
        let arguments = ["run", "--root", "root", "--out", out];
        run_in(self.root.folder(), &[&arguments[..], &confirming, SETTINGS[self.settings], flags].concat())
    }

    pub(super) fn run(&self, flags: &[&str]) -> Ran {
        // Whatever goes is meant to, but for what is kept: what is not meant is the business of `vanishing`.
        let forget: &[&str] = if flags.contains(&"--keep-missing") { &[] } else { &["--forget", "all"] };
        let ran = self.run_to("out", &[flags, forget].concat());
        if ran.code == 3 && ran.stderr.contains("is not a known") {
            // Whom a price book names is gone from the root: a run from nothing says so, too. So is that book.
            assert_eq!(self.run_to("refused", &[]).expect(3).stderr, ran.stderr);
            let is_vendor = ran.stderr.contains("vendor-prices.csv:");
            self.remove_file(if is_vendor { "vendor-prices.csv" } else { "prices.csv" });
            return self.run(flags);
        }
        assert!(matches!(ran.code, 0 | 4), "{}", ran.transcript());
        ran
    }

    /// What a run from nothing makes of the root as it stands.
    fn fresh(&self) -> BTreeMap<String, Vec<u8>> {
        let fresh = self.root.folder().join("fresh");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).unwrap();
        }
        let ran = self.run_to("fresh", &[]);
        assert!(matches!(ran.code, 0 | 4), "{}", ran.transcript());
        but_history(files_below(&fresh))
    }

    fn published(&self) -> BTreeMap<String, Vec<u8>> {
        but_history(files_below(&self.root.out()))
    }
}

/// Price books: flat; with tiers that usage crosses, in two currencies; with prices that change, for one tenant, one stamp, one
/// user subscription; and one that leaves everything unpriced.
const BOOKS: [&[&str]; 4] = [
    &["WINDOWS,0.046,1,Virtual core hours,USD,,,,,,,", "VM,,,,,,,,,,,as core hours"],
    &[
        "WINDOWS,0,1,Virtual core hours,USD,,,0,,,,",
        "WINDOWS,0.1,1,Virtual core hours,USD,,,300.5,,,,",
        "WINDOWS,0.033333333333,7,Virtual core hours,USD,,,900,,,12.5,",
        "WINDOWS,11,1,Virtual core hours,JPY,,,,stamp,south,,",
    ],
    &[
        "WINDOWS,0.046,1,Virtual core hours,USD,,2026-10-01,,,,,",
        "WINDOWS,0.05,3,Virtual core hours,USD,2026-10-01,,,,,,",
        "WINDOWS,0.04,1,Virtual core hours,EUR,2026-09-29,2026-10-02,,tenant,TENANT_A,5,",
        "WINDOWS,0.01,1,Virtual core hours,USD,,,,user_subscription,SUB_B,,",
        "WINDOWS,0.005,1,Virtual core hours,USD,,,100,user_subscription,SUB_B,,",
        "VM,,,,,,,,billed_subscription,BILLED_A,,never",
    ],
    &[],
];

/// Writes the price book of that place as a file, or beyond them removes it.
pub(super) fn write_book(root: &TestRoot, file: &str, which: usize) {
    let Some(rows) = BOOKS.get(which) else {
        if root.root().join(file).exists() {
            root.remove(file);
        }
        return;
    };
    let header =
        "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note";
    let ids = [
        ("WINDOWS", WINDOWS_HOURS),
        ("VM", VM_HOURS),
        ("TENANT_A", TENANT_A),
        ("SUB_B", SUB_B),
        ("BILLED_A", BILLED_A),
    ];
    let rows =
        rows.iter().map(|row| ids.iter().fold((*row).to_owned(), |row, (name, id)| row.replace(name, id)) + "\n");
    root.file(file, format!("{header}\n{}", rows.collect::<String>()));
}

/// How many price books there are.
pub(super) const BOOK_COUNT: usize = BOOKS.len();

/// Whether tenant A and tenant B pay for themselves. Bare ids lie under any registration.
pub(super) fn bare_customers(mapped: [bool; 2]) -> String {
    let all = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)].into_iter().zip(mapped).filter(|(_, mapped)| *mapped);
    let row = |((tenant, billed), _)| json!({"id": billed, "properties": {"tenantId": tenant}});
    json!({ "value": all.map(row).collect::<Vec<Value>>() }).to_string()
}

impl Used {
    fn line(&self, window: usize) -> Line {
        let quantity = match self.quantity {
            0 => "-1".to_owned(),
            thousandths => format!("{}.{:03}", thousandths / 1000, thousandths % 1000),
        };
        let day = WINDOWS[window];
        let before = ["2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01", "2026-09-24", "2026-09-25"][window];
        let (user, meter) = (USERS[self.user], METERS[self.meter]);
        let usage_day = if self.late { before } else { day };
        let mut line = Line::hourly(user, meter, &format!("{usage_day}T{:02}", self.hour), &quantity);
        if window >= HOURLY_WINDOWS {
            line.start = format!("{before}T00:00:00+00:00");
            line.end = format!("{day}T00:00:00+00:00");
        }
        line.resource = format!("vm-{}", self.resource);
        line
    }
}

fn window_path(stamp: usize, window: usize) -> String {
    format!("{}/usage/{}", STAMPS[stamp], WINDOWS[window])
}

fn file_path(stamp: usize, window: usize, file: u8) -> String {
    format!("{}/page-{file}.json", window_path(stamp, window))
}

pub(super) fn but_history(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|path, _| !path.starts_with("history/"));
    files
}

/// The first path that only one of two publications has, or that differs.
pub(super) fn difference(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Option<String> {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().find(|path| one.get(*path) != other.get(*path)).cloned()
}

pub(super) fn starts() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(put(), 2..8)
}

/// Steps between two runs, several times.
fn nights() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 1..4), 1..4)
}

/// What `daily` says of each stamp, day, billed subscription and meter.
type Said = BTreeMap<[String; 4], (i128, i64)>;

fn said(root: &TestRoot) -> Said {
    let mut said = Said::new();
    for row in table(&root.out(), "daily") {
        let key =
            ["stamp", "usage_date", "billed_subscription_id", "meter_id"].map(|column| cell(&row, column).to_owned());
        let sum = said.entry(key).or_default();
        *sum = (sum.0 + scaled(cell(&row, "quantity")), sum.1 + cell(&row, "line_count").parse::<i64>().unwrap());
    }
    said
}

pub(super) fn scaled(quantity: &str) -> i128 {
    Quantity::parse(quantity).unwrap().quantity.scaled()
}

/// What the last run corrected: before and after.
type Corrected = BTreeMap<[String; 4], [Option<(i128, i64)>; 2]>;

fn corrected(root: &TestRoot) -> Corrected {
    let run = receipt(&root.out())["generation"].to_string();
    let mut corrected = Corrected::new();
    let is_quantity = |row: &Row| row["currency"].is_none();
    let rows = table(&root.out(), "history/changes").into_iter().filter(|row| cell(row, "run") == run);
    for row in rows.filter(is_quantity) {
        let key =
            ["stamp", "usage_date", "billed_subscription_id", "meter_id"].map(|column| cell(&row, column).to_owned());
        let figure = |when: &str| {
            let quantity = row[&format!("quantity_{when}")].as_deref().map(scaled)?;
            Some((quantity, cell(&row, &format!("line_count_{when}")).parse().unwrap()))
        };
        assert_eq!(corrected.insert(key, [figure("before"), figure("after")]), None, "a correction twice");
    }
    corrected
}

/// The differences between what two runs said of days that the first one had.
fn differences(before: &Said, after: &Said) -> Corrected {
    let day = |key: &[String; 4]| (key[0].clone(), key[1].clone());
    let published: BTreeSet<_> = before.keys().map(day).collect();
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).filter(|key| published.contains(&day(key))).collect();
    let both = keys.into_iter().map(|key| (key.clone(), [before.get(key).copied(), after.get(key).copied()]));
    both.filter(|(_, [before, after])| before != after).collect()
}

/// The days that the last run settled, each with its causes.
fn settled(root: &TestRoot) -> BTreeMap<(String, String), Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let receipt = receipt(&root.out());
    let entry = |day: &Value| {
        let causes = day["causes"].as_array().unwrap().iter().map(text).collect();
        ((text(&day["stamp"]), text(&day["usage_date"])), causes)
    };
    receipt["settled"].as_array().unwrap().iter().map(entry).collect()
}

/// The days of each stamp and the windows that have lines of them, with the bytes of their files that do.
type Inputs = BTreeMap<(String, String), BTreeMap<usize, Vec<Vec<u8>>>>;

/// What a model of the root says of each day.
#[derive(Default)]
struct Model(BTreeMap<String, (usize, usize, Vec<Used>)>);

impl Model {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Put { stamp, window, file, lines } => {
                self.0.insert(file_path(*stamp, *window, *file), (*stamp, *window, lines.clone()));
            }
            Step::RemoveFile { stamp, window, file } => drop(self.0.remove(&file_path(*stamp, *window, *file))),
            Step::RemoveWindow { stamp, window } => {
                self.0.retain(|_, file| (file.0, file.1) != (*stamp, *window));
            }
            _ => {}
        }
    }

    fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::new();
        for (path, (stamp, window, lines)) in &self.0 {
            let date = |used: &Used| used.line(*window).start[..10].to_owned();
            let days: BTreeSet<String> = lines.iter().map(date).collect();
            for day in days {
                let contents = inputs.entry((STAMPS[*stamp].to_owned(), day)).or_default().entry(*window).or_default();
                contents.push(format!("{path} {lines:?}").into_bytes());
            }
        }
        inputs
    }
}

/// The days that differ between two models, with the causes.
fn touched(before: &Inputs, after: &Inputs) -> BTreeMap<(String, String), Vec<String>> {
    let days: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let causes = |day| {
        let (Some(before), Some(after)) = (before.get(day), after.get(day)) else {
            return vec![if after.contains_key(day) { "new_day" } else { "window_removed" }];
        };
        let windows: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let cause = |window| match (before.get(window), after.get(window)) {
            (None, _) => Some("window_added"),
            (_, None) => Some("window_removed"),
            (before, after) => (before != after).then_some("window_changed"),
        };
        let causes: BTreeSet<&str> = windows.into_iter().filter_map(cause).collect();
        let in_order = ["window_added", "window_changed", "window_removed"];
        in_order.into_iter().filter(|name| causes.contains(name)).collect()
    };
    let owned = |causes: Vec<&str>| causes.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let all = days.into_iter().map(|day| (day.clone(), owned(causes(day))));
    all.filter(|(_, causes)| !causes.is_empty()).collect()
}

/// Steps that change good lines of usage and nothing else.
fn usage_step() -> impl Strategy<Value = Step> {
    let place = || (0..STAMPS.len(), 0..WINDOWS.len(), 0_u8..2);
    let good = || prop::collection::vec(used().prop_map(|line| Used { quantity: line.quantity.max(1), ..line }), 1..5);
    prop_oneof![
        4 => (place(), good()).prop_map(|((stamp, window, file), lines)| Step::Put { stamp, window, file, lines }),
        1 => place().prop_map(|(stamp, window, file)| Step::RemoveFile { stamp, window, file }),
        1 => place().prop_map(|(stamp, window, _)| Step::RemoveWindow { stamp, window }),
    ]
}

/// The days of each stamp with all that `daily` says of them.
fn days(root: &TestRoot) -> BTreeMap<(String, String), Vec<Row>> {
    let mut days: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for row in table(&root.out(), "daily") {
        days.entry((cell(&row, "stamp").to_owned(), cell(&row, "usage_date").to_owned())).or_default().push(row);
    }
    days
}

/// The folders of exports that the last run said were gone, and whether their lines count all the same.
fn missing(root: &TestRoot) -> BTreeMap<String, bool> {
    let receipt = receipt(&root.out());
    let entry = |export: &Value| (export["folder"].as_str().unwrap().to_owned(), export["kept"].as_bool().unwrap());
    receipt["missing"].as_array().unwrap().iter().map(entry).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(2, 10), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_way_ends_at_what_a_first_run_makes(settings in 0..SETTINGS.len(), start in starts(), nights in nights()) {
        let mut changing = Changing::new(settings, &start);
        changing.run(&[]);
        for steps in &nights {
            let before = said(&changing.root);
            steps.iter().for_each(|step| changing.take(step));
            changing.run(&[]);
            prop_assert_eq!(corrected(&changing.root), differences(&before, &said(&changing.root)));
        }
        prop_assert_eq!(difference(&changing.published(), &changing.fresh()), None);
    }

    #[test]
    fn what_was_not_touched_is_not_settled(nights in prop::collection::vec(prop::collection::vec(usage_step(), 1..5), 2..5)) {
        let mut changing = Changing::new(0, &[]);
        changing.run(&[]);
        let mut model = Model::default();
        for steps in &nights {
            let before = model.inputs();
            for step in steps {
                changing.take(step);
                model.take(step);
            }
            changing.run(&[]);
            let touched = touched(&before, &model.inputs());
            prop_assert_eq!(&settled(&changing.root), &touched);
            let run = receipt(&changing.root.out())["generation"].to_string();
            for row in table(&changing.root.out(), "history/changes").iter().filter(|row| cell(row, "run") == run) {
                let day = (cell(row, "stamp").to_owned(), cell(row, "usage_date").to_owned());
                prop_assert_eq!(cell(row, "cause"), touched[&day].join(" "));
            }
        }
    }

    #[test]
    fn snapshots_settle_the_days_that_they_decide_otherwise(start in starts(), steps in prop::collection::vec(snapshot_step(), 1..4)) {
        let mut changing = Changing::new(0, &start);
        changing.run(&[]);
        let before = days(&changing.root);
        steps.iter().for_each(|step| changing.take(step));
        changing.run(&[]);
        let after = days(&changing.root);
        let differ: BTreeSet<_> = before.keys().filter(|day| before[*day] != after[*day]).cloned().collect();
        let settled = settled(&changing.root);
        prop_assert_eq!(settled.keys().cloned().collect::<BTreeSet<_>>(), differ);
        prop_assert!(settled.values().all(|causes| causes == &["attribution_changed"]));
    }

    /// Kept lines are inputs: nothing that is published says that their files are gone, not even to a full run.
    #[test]
    fn kept_lines_stay_whatever_else_happens(start in starts(), gone in prop::collection::vec((0..STAMPS.len(), 0..WINDOWS.len()), 1..4), later in prop::collection::vec(snapshot_step(), 0..3)) {
        let mut changing = Changing::new(0, &start);
        changing.run(&[]);
        let whole = changing.published();
        let mut archived = BTreeMap::new();
        for (stamp, window) in gone {
            let folder = format!("{}/", window_path(stamp, window));
            archived.extend(changing.files.clone().into_iter().filter(|(path, _)| path.starts_with(&folder)));
            changing.take(&Step::RemoveWindow { stamp, window });
        }
        changing.run(&["--keep-missing"]);
        prop_assert_eq!(difference(&changing.published(), &whole), None);
        prop_assert!(missing(&changing.root).values().all(|kept| *kept));
        later.iter().for_each(|step| changing.take(step));
        changing.run(&["--keep-missing"]);
        let kept = changing.published();
        changing.run(&["--full", "--keep-missing"]);
        prop_assert_eq!(difference(&changing.published(), &kept), None);
        for (path, bytes) in archived {
            changing.write(&path, bytes);
        }
        prop_assert_eq!(difference(&changing.fresh(), &kept), None);
        changing.run(&[]);
        prop_assert_eq!(difference(&changing.published(), &kept), None);
    }

    /// Nothing is known of what is published, and yet every correction is said.
    #[test]
    fn a_full_run_corrects_what_it_changes(start in starts(), steps in prop::collection::vec(step(), 1..5), gone in any::<bool>(), lost in any::<bool>()) {
        let mut changing = Changing::new(0, &start);
        changing.run(&[]);
        let before = said(&changing.root);
        steps.iter().for_each(|step| changing.take(step));
        if gone {
            changing.root.remove("south");
        }
        if lost {
            fs::remove_dir_all(changing.root.out().join(".stacktally/state")).unwrap();
        }
        changing.run(if lost { &[] } else { &["--full"] });
        prop_assert_eq!(corrected(&changing.root), differences(&before, &said(&changing.root)));
        prop_assert_eq!(difference(&changing.published(), &changing.fresh()), None);
    }

    #[test]
    fn a_stamp_that_is_gone_takes_its_days_with_it(start in starts(), kept in any::<bool>()) {
        let changing = Changing::new(0, &start);
        changing.run(&[]);
        let before = said(&changing.root);
        let gone: BTreeSet<String> = changing.files.keys().filter(|path| path.starts_with("south/")).map(|path| path.rsplit_once('/').unwrap().0.to_owned()).chain(["south/usage/2026-08-01".to_owned()]).collect();
        changing.root.remove("south");
        if kept {
            // Without its snapshots nobody can say who pays, so its lines cannot stay either.
            changing.root.run(&["--keep-missing"]).expect(3);
        }
        changing.run(&[]);
        prop_assert_eq!(missing(&changing.root), gone.into_iter().map(|folder| (folder, false)).collect());
        prop_assert_eq!(corrected(&changing.root), differences(&before, &said(&changing.root)));
        prop_assert_eq!(difference(&changing.published(), &changing.fresh()), None);
    }
}

fn line(user: usize, window: usize, quantity: u32) -> Step {
    let lines = vec![Used { user, meter: 0, resource: 0, late: false, hour: 1, quantity }];
    Step::Put { stamp: 0, window, file: 0, lines }
}

/// Three days of two months, by one line each.
fn three_days(settings: usize) -> Changing {
    Changing::new(settings, &[line(0, 0, 1000), line(1, 1, 2000), line(0, 2, 3000)])
}

#[test]
fn state_that_is_damaged_or_gone_costs_a_full_run_and_nothing_else() {
    let changing = three_days(0);
    changing.run(&[]);
    let state = changing.root.out().join(".stacktally/state");
    let names: Vec<String> = files_below(&state).into_keys().collect();
    assert!(names.len() > 5, "{names:?}");
    let whole = changing.published();
    let damages = [None, Some(""), Some("{\"altered\":1}")];
    let cases = names.iter().flat_map(|name| damages.map(|damage| (name, damage)));
    for (name, damage) in cases.step_by(tries(4, 1) as usize) {
        let path = state.join(name);
        match damage {
            None => fs::remove_file(path).unwrap(),
            Some(text) => fs::write(path, text).unwrap(),
        }
        changing.run(&[]);
        assert_eq!(difference(&changing.published(), &whole), None, "{name} {damage:?}");
        let why = receipt(&changing.root.out())["full_run"].clone();
        assert!(why.as_str().is_some_and(|why| why.contains(".stacktally/state")), "{name} {damage:?}: {why}");
    }
    fs::remove_dir_all(&state).unwrap();
    changing.run(&[]);
    assert_eq!(difference(&changing.published(), &whole), None);
    changing.run(&[]);
    assert_eq!(receipt(&changing.root.out())["full_run"], Value::Null);
    let history: Vec<String> =
        files_below(&changing.root.out()).into_keys().filter(|path| path.starts_with("history/")).collect();
    assert_eq!(history, ["history/exports.csv", "history/exports.parquet"], "nothing that a run corrected");
}

/// The state alone says what archived exports were: without it their lines would be lost without a word.
#[test]
fn kept_lines_are_never_lost_with_the_state() {
    let mut changing = three_days(0);
    changing.run(&[]);
    changing.take(&Step::RemoveWindow { stamp: 0, window: 1 });
    changing.run(&["--keep-missing"]);
    let whole = changing.published();
    fs::remove_dir_all(changing.root.out().join(".stacktally/state")).unwrap();
    for flags in [&["--keep-missing"][..], &["--keep-missing", "--full"]] {
        let ran = changing.run_to("out", flags).expect(3);
        assert!(ran.stderr.contains("lines/north/2026-09-30/2026-09-30.parquet"), "{}", ran.stderr);
        assert!(ran.stderr.contains("run with --forget"), "{}", ran.stderr);
        assert_eq!(difference(&changing.published(), &whole), None);
    }
    changing.run(&[]);
    assert_eq!(difference(&changing.published(), &changing.fresh()), None);
}

#[test]
fn a_changed_name_or_meter_reaches_every_text() {
    for settings in [0, 2] {
        let mut changing = three_days(settings);
        changing.run(&[]);
        for step in [Step::Names(1), Step::Names(2), Step::Meters(1), Step::Names(0), Step::Meters(2)] {
            changing.take(&step);
            changing.run(&[]);
            assert_eq!(difference(&changing.published(), &changing.fresh()), None, "{settings} {step:?}");
            assert_eq!(settled(&changing.root), BTreeMap::new(), "no figure is touched: {step:?}");
        }
    }
}

/// A file is known by size, times and inode once it has lain still; what is written in place changes a time that nobody sets.
#[cfg(unix)]
#[test]
fn files_that_lay_still_are_trusted_until_they_look_otherwise() {
    let mut changing = three_days(0);
    let usage = |window: usize| Step::ChangeQuietly { stamp: 0, window, file: 0 };
    std::thread::sleep(Duration::from_millis(2100));
    changing.run(&[]);
    for in_place in [true, false] {
        changing.take(&Step::Rewrite { stamp: 0, window: 0, file: 0, in_place });
    }
    changing.run(&[]);
    assert_eq!(settled(&changing.root), BTreeMap::new(), "the same bytes are the same");
    changing.take(&usage(0));
    changing.run(&[]);
    let day = ("north".to_owned(), "2026-09-29".to_owned());
    assert_eq!(settled(&changing.root), BTreeMap::from([(day, vec!["window_changed".to_owned()])]));
    assert_eq!(difference(&changing.published(), &changing.fresh()), None);
    changing.run(&["--verify"]);
    assert_eq!(settled(&changing.root), BTreeMap::new());
}

/// What was published is trusted likewise, unless it is to be verified.
#[cfg(unix)]
#[test]
fn verify_reads_what_is_published() {
    let changing = three_days(0);
    changing.run(&[]);
    let path = changing.root.out().join("csv/coverage.csv");
    let (bytes, modified) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    fs::write(&path, vec![b'x'; bytes.len()]).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let ran = changing.run_to("out", &["--verify"]).expect(3);
    assert!(ran.stderr.contains("csv/coverage.csv: altered since it was published"), "{}", ran.stderr);
    changing.run(&["--full"]);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

/// A history that somebody removed is gone: nothing can make it again, and nothing else waits for it.
#[test]
fn history_that_is_gone_stays_away() {
    let mut changing = three_days(0);
    changing.run(&[]);
    changing.take(&line(0, 0, 1500));
    changing.run(&[]);
    fs::remove_dir_all(changing.root.out().join("history")).unwrap();
    changing.run(&[]);
    changing.run(&[]);
    assert_eq!(receipt(&changing.root.out())["full_run"], Value::Null);
    let ran = changing.root.stacktally(&["changes", "--out", "out", "--since", "1"]).expect(0);
    assert_eq!(ran.stdout, "no published day changed since run 1\n");
}

/// A stamp that has no line any more has no month either, though nobody remembers that it had one.
#[test]
fn the_last_line_of_a_stamp_goes_with_its_months() {
    for flags in [&[][..], &["--full"]] {
        let mut changing = three_days(0);
        changing.run(&[]);
        let before = said(&changing.root);
        (0..3).for_each(|window| changing.take(&Step::RemoveWindow { stamp: 0, window }));
        fs::remove_dir_all(changing.root.out().join(".stacktally/state")).unwrap();
        changing.run(flags);
        assert_eq!(corrected(&changing.root), differences(&before, &said(&changing.root)));
        assert_eq!(difference(&changing.published(), &changing.fresh()), None);
    }
}

/// An export that got a file is read as a whole, also for a day whose lines lie in another file of it.
#[test]
fn an_export_that_is_read_again_is_not_loaded_too() {
    let mut changing = three_days(0);
    let late = Used { user: 0, meter: 0, resource: 0, late: true, hour: 5, quantity: 500 };
    changing.take(&Step::Put { stamp: 0, window: 1, file: 1, lines: vec![late] });
    changing.run(&[]);
    // The day of the late line is touched by another export.
    changing.take(&line(0, 1, 2500));
    changing.take(&line(0, 0, 1500));
    changing.run(&[]);
    assert_eq!(difference(&changing.published(), &changing.fresh()), None);
}
