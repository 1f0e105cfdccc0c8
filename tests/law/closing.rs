//! Whatever happens to the root and to its months from run to run: what is closed stays as it was, closed + adjustments are
//! what the lines come to, a full run changes nothing, and nothing is left of a closing once its month is open again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::incremental::{
    BOOK_COUNT, DEFAULT_2, METERS, STAMPS, USERS, bare_customers, but_history, difference, scaled, write_book,
};
use crate::support::{
    BILLED_A, DEFAULT, Line, Row, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, cell, csv_rows, files_below,
    listing_of, page, registration, run_in, table, tries,
};

/// Windows of a day each, and days of usage: over the ends of three months and of a year.
const DAYS: [&str; 6] = ["2025-11-29", "2025-11-30", "2025-12-01", "2025-12-31", "2026-01-01", "2026-01-02"];
const MONTHS: [&str; 3] = ["2025-11", "2025-12", "2026-01"];
/// Before the first snapshots, within usage, and after it.
const DATES: [&str; 5] = ["2025-11-01", "2025-11-30", "2025-12-31T12", "2026-01-01", "2026-01-09"];
const FIRST_SNAPSHOTS: &str = "2025-11-15";
/// Is in no snapshot that stays.
const TENANT_C: &str = "7e4a4700-0000-4000-8000-00000000000c";
const STATE: &str = ".stacktally/state";
const SETTINGS: [&[&str]; 3] = [&[], &["--csv", "hourly"], &["--attribute-at", "usage"]];

/// A line of a window, by place in the lists.
#[derive(Clone, Debug)]
struct Used {
    user: usize,
    meter: usize,
    resource: u8,
    /// Of so many of the days before the window.
    late: usize,
    hour: u32,
    /// A bad line when 0.
    quantity: u32,
}

#[derive(Clone, Debug)]
enum Step {
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
    /// All lines of a month go, whatever window they lie in.
    RemoveMonth {
        month: usize,
        stamp: Option<usize>,
    },
    Customers {
        stamp: usize,
        date: usize,
        mapped: [bool; 2],
    },
    Listing {
        stamp: usize,
        date: usize,
        tenants: [Option<u8>; 3],
    },
    Registration {
        stamp: usize,
        date: usize,
        other: bool,
    },
    RemoveSnapshots {
        stamp: usize,
        date: usize,
    },
    Names(u8),
    Meters(u8),
    /// A price book, or none.
    Prices(usize),
    VendorPrices(usize),
    /// Of one stamp or of all, even if days are not settled.
    Close {
        month: usize,
        stamp: Option<usize>,
    },
    Reopen {
        month: usize,
        stamp: Option<usize>,
    },
    LoseState,
    Run,
    RunFull,
}

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
    let late = prop_oneof![2 => Just(0), 1 => 1..DAYS.len()];
    let used = (0..USERS.len(), 0..METERS.len(), 0_u8..2, late, 0_u32..23, quantity);
    used.prop_map(|(user, meter, resource, late, hour, quantity)| Used { user, meter, resource, late, hour, quantity })
}

fn put() -> impl Strategy<Value = Step> {
    let place = (0..STAMPS.len(), 0..DAYS.len(), 0_u8..2);
    (place, prop::collection::vec(used(), 0..4).prop_map(with_a_good_one))
        .prop_map(|((stamp, window, file), lines)| Step::Put { stamp, window, file, lines })
}

/// A month, and one stamp or all.
fn to_close() -> impl Strategy<Value = (usize, Option<usize>)> {
    (0..MONTHS.len(), prop::option::of(0..STAMPS.len()))
}

fn step() -> impl Strategy<Value = Step> {
    let of_file = || (0..STAMPS.len(), 0..DAYS.len(), 0_u8..2);
    let dated = || (0..STAMPS.len(), 0..DATES.len());
    prop_oneof![
        4 => put(),
        1 => of_file().prop_map(|(stamp, window, file)| Step::RemoveFile { stamp, window, file }),
        1 => of_file().prop_map(|(stamp, window, _)| Step::RemoveWindow { stamp, window }),
        4 => to_close().prop_map(|(month, stamp)| Step::RemoveMonth { month, stamp }),
        2 => (dated(), any::<[bool; 2]>())
            .prop_map(|((stamp, date), mapped)| Step::Customers { stamp, date, mapped }),
        2 => (dated(), prop::array::uniform3(prop::option::of(0_u8..3)))
            .prop_map(|((stamp, date), tenants)| Step::Listing { stamp, date, tenants }),
        1 => (dated(), any::<bool>()).prop_map(|((stamp, date), other)| Step::Registration { stamp, date, other }),
        1 => dated().prop_map(|(stamp, date)| Step::RemoveSnapshots { stamp, date }),
        2 => (0_u8..4).prop_map(Step::Names),
        1 => (0_u8..3).prop_map(Step::Meters),
        3 => (0..=BOOK_COUNT).prop_map(Step::Prices),
        2 => (0..=BOOK_COUNT).prop_map(Step::VendorPrices),
        4 => to_close().prop_map(|(month, stamp)| Step::Close { month, stamp }),
        2 => to_close().prop_map(|(month, stamp)| Step::Reopen { month, stamp }),
        1 => Just(Step::LoseState),
        4 => Just(Step::Run),
        1 => Just(Step::RunFull),
    ]
}

/// A month of a stamp.
type Closed = (String, String);

/// What a closing promised to leave as it is.
#[derive(PartialEq, Eq)]
struct Sealed {
    files: BTreeMap<String, Vec<u8>>,
    monthly: Vec<Row>,
    csv_monthly: Vec<BTreeMap<String, String>>,
    /// Less the first and the last day on which something was seen: those are of all months.
    default_usage: Vec<Row>,
}

impl Sealed {
    fn of(root: &TestRoot, (stamp, month): &Closed) -> Self {
        let mut files = files_below(&root.out());
        let texts = |path: &String, bytes: &Vec<u8>| {
            let is_monthly = path.starts_with(&format!("csv/monthly/monthly-{month}"));
            is_monthly.then(|| csv_rows(std::str::from_utf8(bytes).unwrap()))
        };
        let mut csv_monthly: Vec<_> = files.iter().filter_map(|(path, bytes)| texts(path, bytes)).flatten().collect();
        csv_monthly.retain(|row| row["stamp"] == *stamp);
        let flat = format!("csv/daily/{stamp}/daily-{stamp}-{month}");
        let starts = [format!("daily/{stamp}/{month}"), flat, format!("charges/{stamp}/{month}")];
        files.retain(|path, _| starts.iter().any(|start| path.starts_with(start)));
        let rows = |name: &str, time: &str| {
            let is_own = |row: &Row| cell(row, "stamp") == stamp && cell(row, time).starts_with(month);
            table(&root.out(), name).into_iter().filter(is_own).collect::<Vec<_>>()
        };
        let mut default_usage = rows("default_usage", "usage_date");
        for row in &mut default_usage {
            row.retain(|column, _| !["first_seen", "last_seen"].contains(&column.as_str()));
        }
        Self { files, monthly: rows("monthly", "month"), csv_monthly, default_usage }
    }

    /// What is not as it was.
    fn difference(&self, now: &Self) -> Option<String> {
        if let Some(path) = difference(&self.files, &now.files) {
            return Some(path);
        }
        let parts = [
            ("monthly", self.monthly == now.monthly),
            ("csv/monthly", self.csv_monthly == now.csv_monthly),
            ("default_usage", self.default_usage == now.default_usage),
        ];
        parts.into_iter().find(|(_, is_same)| !is_same).map(|(name, _)| name.to_owned())
    }
}

/// Stamp, day, billed subscription, attribution, tenant, user subscription, meter, resource.
type Figures = BTreeMap<[String; 8], (i128, i64)>;

fn figures(out: &Path, name: &str, quantity: &str, lines: &str) -> Figures {
    let columns = [
        "stamp",
        "usage_date",
        "billed_subscription_id",
        "attribution",
        "tenant_id",
        "user_subscription_id",
        "meter_id",
        "resource_key",
    ];
    let mut figures = Figures::new();
    for row in table(out, name) {
        let figure = figures.entry(columns.map(|column| row[column].clone().unwrap_or_default())).or_default();
        let text = cell(&row, quantity);
        let scaled = text.strip_prefix('-').map_or_else(|| scaled(text), |digits| -scaled(digits));
        *figure = (figure.0 + scaled, figure.1 + cell(&row, lines).parse::<i64>().unwrap());
    }
    figures.retain(|_, figure| *figure != (0, 0));
    figures
}

fn daily(out: &Path) -> Figures {
    figures(out, "daily", "quantity", "line_count")
}

fn adjustments(out: &Path) -> Figures {
    figures(out, "history/adjustments", "quantity_delta", "line_count_delta")
}

/// A root whose months are closed and opened again.
struct Closing {
    root: TestRoot,
    settings: usize,
    /// The lines of each file.
    files: BTreeMap<(usize, usize, u8), Vec<Used>>,
    closed: BTreeMap<Closed, Sealed>,
    /// Opened again since the last run: not to be closed before the next.
    reopened: BTreeSet<Closed>,
}

impl Closing {
    fn new(settings: usize, first: &[Step]) -> Self {
        let root = TestRoot::empty();
        for stamp in STAMPS {
            root.file(&format!("{stamp}/registration/{FIRST_SNAPSHOTS}.json"), registration(DEFAULT, stamp));
            let mapped = bare_customers([true, false]);
            root.file(&format!("{stamp}/customer-subscriptions/{FIRST_SNAPSHOTS}.json"), mapped);
            let owned = listing_of(stamp, &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]);
            root.file(&format!("{stamp}/user-subscriptions/{FIRST_SNAPSHOTS}.json"), owned);
            // A stamp without usage is none.
            root.file(&format!("{stamp}/usage/2025-10-01/none.json"), page(&[]));
        }
        let mut closing =
            Self { root, settings, files: BTreeMap::new(), closed: BTreeMap::new(), reopened: BTreeSet::new() };
        first.iter().for_each(|step| drop(closing.take(step)));
        closing
    }

    /// Does what a step says. Returns what is wrong after a run.
    fn take(&mut self, step: &Step) -> Vec<String> {
        match step {
            Step::Put { stamp, window, file, lines } => self.put((*stamp, *window, *file), lines.clone()),
            Step::RemoveFile { stamp, window, file } => self.remove((*stamp, *window, *file)),
            Step::RemoveWindow { stamp, window } => {
                let places: Vec<_> = self.files.keys().copied().collect();
                places
                    .into_iter()
                    .filter(|place| (place.0, place.1) == (*stamp, *window))
                    .for_each(|place| self.remove(place));
            }
            Step::RemoveMonth { month, stamp } => {
                let is_meant = |place: &(usize, usize, u8)| stamp.is_none_or(|wanted| wanted == place.0);
                for (place, lines) in self.files.clone().into_iter().filter(|(place, _)| is_meant(place)) {
                    let is_left = |used: &&Used| !used.day(place.1).starts_with(MONTHS[*month]);
                    let left: Vec<Used> = lines.iter().filter(is_left).cloned().collect();
                    // A page of bad lines alone would be refused.
                    if left.iter().all(|used| used.quantity == 0) {
                        self.remove(place);
                    } else if left.len() < lines.len() {
                        self.put(place, left);
                    }
                }
            }
            Step::Customers { stamp, date, mapped } => {
                let path = format!("{}/customer-subscriptions/{}.json", STAMPS[*stamp], DATES[*date]);
                self.root.file(&path, bare_customers(*mapped));
            }
            Step::Listing { stamp, date, tenants } => {
                let owned: Vec<(&str, &str)> = USERS
                    .into_iter()
                    .zip(tenants)
                    .filter_map(|(user, tenant)| Some((user, [TENANT_A, TENANT_B, TENANT_C][usize::from((*tenant)?)])))
                    .collect();
                self.root.file(
                    &format!("{}/user-subscriptions/{}.json", STAMPS[*stamp], DATES[*date]),
                    listing_of(STAMPS[*stamp], &owned),
                );
            }
            Step::Registration { stamp, date, other } => {
                let default = if *other { DEFAULT_2 } else { DEFAULT };
                let path = format!("{}/registration/{}.json", STAMPS[*stamp], DATES[*date]);
                self.root.file(&path, registration(default, STAMPS[*stamp]));
            }
            Step::RemoveSnapshots { stamp, date } => {
                for kind in ["registration", "customer-subscriptions", "user-subscriptions"] {
                    let path = format!("{}/{kind}/{}.json", STAMPS[*stamp], DATES[*date]);
                    if self.root.root().join(&path).exists() {
                        self.root.remove(&path);
                    }
                }
            }
            Step::Names(which) => {
                let names =
                    [(BILLED_A, "Contoso"), (TENANT_B, "Fabrikam"), (TENANT_A, "Contoso too"), (DEFAULT, "ours")];
                let rows: String = names
                    .iter()
                    .take(usize::from(*which) + 1)
                    .map(|(id, name)| format!("{id},{name} {which}\n"))
                    .collect();
                self.root.file("names.csv", format!("id,name\n{rows}"));
            }
            Step::Meters(which) => {
                let row = format!("{VM_HOURS},hours {which},Virtual Machines,h,vm_hours\n");
                let rows = if *which == 0 { "" } else { &row };
                self.root.file("meters.csv", format!("meter_id,meter_name,service,unit,quantity_kind\n{rows}"));
            }
            Step::Prices(which) => write_book(&self.root, "prices.csv", *which),
            Step::VendorPrices(which) => write_book(&self.root, "vendor-prices.csv", *which),
            Step::Close { month, stamp } => self.close(MONTHS[*month], stamp.map(|at| STAMPS[at])),
            Step::Reopen { month, stamp } => self.reopen(MONTHS[*month], stamp.map(|at| STAMPS[at])),
            Step::LoseState => {
                let state = self.root.out().join(STATE);
                if state.exists() {
                    fs::remove_dir_all(state).unwrap();
                }
            }
            Step::Run => return self.run(&[]),
            Step::RunFull => return self.run(&["--full"]),
        }
        Vec::new()
    }

    fn put(&mut self, place: (usize, usize, u8), lines: Vec<Used>) {
        let path = path_of(place);
        // A mark of its own: a page that lies in two windows would be one that was copied.
        let mark = format!("{{\"page\":\"{path}\",");
        let written: Vec<Line> = lines.iter().map(|used| used.line(place.1)).collect();
        self.root.file(&path, page(&written).replacen('{', &mark, 1));
        self.files.insert(place, lines);
    }

    fn remove(&mut self, place: (usize, usize, u8)) {
        if self.files.remove(&place).is_none() {
            return;
        }
        self.root.remove(&path_of(place));
        if !self.files.keys().any(|other| (other.0, other.1) == (place.0, place.1)) {
            self.root.remove(path_of(place).rsplit_once('/').unwrap().0);
        }
    }

    fn close(&mut self, month: &str, stamp: Option<&str>) {
        let is_meant = |name: &&str| stamp.is_none_or(|stamp| stamp == *name);
        let key = |stamp: &str| (stamp.to_owned(), month.to_owned());
        let is_published = |name: &&str| self.root.out().join(format!("daily/{name}/{month}.parquet")).exists();
        let meant: Vec<Closed> = STAMPS.into_iter().filter(is_meant).filter(is_published).map(key).collect();
        if meant.iter().any(|closed| self.reopened.contains(closed)) {
            return;
        }
        let open: Vec<Closed> = meant.into_iter().filter(|closed| !self.closed.contains_key(closed)).collect();
        let mut sealed: Vec<_> =
            open.into_iter().map(|closed| (closed.clone(), Sealed::of(&self.root, &closed))).collect();
        if self.is_closed_unforced(month, stamp) {
            return self.closed.extend(sealed.drain(..));
        }
        if self.on_month("close", month, stamp, &["--force"], sealed.is_empty()) {
            self.closed.extend(sealed.drain(..));
        }
    }

    /// Closes where nothing speaks against it: then nothing is overridden. What is refused changes nothing.
    fn is_closed_unforced(&self, month: &str, stamp: Option<&str>) -> bool {
        let of_stamp = stamp.map_or(Vec::new(), |name| vec!["--stamp", name]);
        let before = files_below(&self.root.out());
        let ran = self.root.stacktally(&[&["close", month, "--out", "out"], &of_stamp[..]].concat());
        if ran.code != 0 {
            assert!(matches!(ran.code, 2 | 3), "{}", ran.transcript());
            assert!(files_below(&self.root.out()) == before, "refused, and something changed: {}", ran.transcript());
            return false;
        }
        let journal = fs::read_to_string(self.root.out().join("history/closings.jsonl")).unwrap();
        assert!(journal.lines().last().unwrap().contains("\"forced\":false"), "{journal}");
        true
    }

    fn reopen(&mut self, month: &str, stamp: Option<&str>) {
        let is_meant = |closed: &Closed| closed.1 == month && stamp.is_none_or(|stamp| stamp == closed.0);
        let opened: BTreeSet<Closed> = self.closed.keys().filter(|closed| is_meant(closed)).cloned().collect();
        if self.on_month("reopen", month, stamp, &[], opened.is_empty()) {
            self.closed.retain(|closed, _| !opened.contains(closed));
            self.reopened.extend(opened);
        }
    }

    /// Closes or opens. Returns whether that was done: not if there is nothing to do it to, and not where a run has to make
    /// again first what was lost.
    fn on_month(&self, command: &str, month: &str, stamp: Option<&str>, flags: &[&str], is_nothing: bool) -> bool {
        let of_stamp = stamp.map_or(Vec::new(), |name| vec!["--stamp", name]);
        let arguments = [&[command, month, "--out", "out", "--reason", "x"], flags, &of_stamp[..]].concat();
        let ran = self.root.stacktally(&arguments);
        let expected = match (is_nothing, self.root.out().join(STATE).exists()) {
            (_, false) => 3,
            (true, true) => 2,
            (false, true) => 0,
        };
        assert_eq!(ran.code, expected, "{arguments:?}: {}", ran.transcript());
        ran.code == 0
    }

    /// Runs on the root into a folder beside it.
    fn run_to(&self, out: &str, flags: &[&str]) {
        let confirming = self.root.confirming();
        let confirming: Vec<&str> = confirming.iter().map(String::as_str).collect();
        let arguments = ["run", "--root", "root", "--out", out, "--forget", "all", "--late-days", "60"];
        let ran = run_in(self.root.folder(), &[&arguments[..], &confirming, SETTINGS[self.settings], flags].concat());
        if ran.code == 3 && ran.stderr.contains("that anything names") {
            // Whom the price book names is gone from the root: so is the price book.
            self.root.remove("prices.csv");
            return self.run_to(out, flags);
        }
        assert!(matches!(ran.code, 0 | 4), "run of {out} {flags:?}: {}", ran.transcript());
    }

    /// Runs, and returns what is wrong then.
    fn run(&mut self, flags: &[&str]) -> Vec<String> {
        self.run_to("out", flags);
        self.reopened.clear();
        let [out, fresh, full] = ["out", "fresh", "full"].map(|name| self.root.folder().join(name));
        for folder in [&fresh, &full] {
            if folder.exists() {
                fs::remove_dir_all(folder).unwrap();
            }
        }
        copy(&out, &full);
        std::thread::scope(|scope| {
            scope.spawn(|| self.run_to("fresh", &[]));
            self.run_to("full", &["--full"]);
        });
        let (published, in_full) = (but_history(files_below(&out)), but_history(files_below(&full)));
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(differences(&published, &in_full).map(|path| format!("a full run changes {path}")));
        wrong.extend(
            (adjustments(&out) != adjustments(&full)).then(|| "a full run adjusts what is adjusted".to_owned()),
        );
        wrong.extend(self.out_of_balance(&daily(&out), &adjustments(&out), &daily(&fresh)));
        wrong.extend((self.history("out") != self.history("fresh")).then(|| "closing changes the history".to_owned()));
        for (closed, sealed) in &self.closed {
            let differs = sealed.difference(&Sealed::of(&self.root, closed));
            wrong.extend(differs.map(|what| format!("{closed:?} is closed and changes in {what}")));
        }
        wrong.extend(dangling(&out));
        if self.closed.is_empty() {
            let first = but_history(files_below(&fresh));
            let differs = differences(&published, &first);
            wrong.extend(differs.map(|path| format!("nothing is closed, and a first run differs in {path}")));
        }
        wrong
    }

    /// The changes of mappings and what they moved; but for names of meters, which are those of the closing.
    fn history(&self, out: &str) -> Value {
        let ran = self.root.stacktally(&["history", "--out", out, "--json"]).expect(0);
        let mut history: Value = serde_json::from_str(&ran.stdout).unwrap();
        for change in history["changes"].as_array_mut().unwrap() {
            for moved in change["moved"].as_array_mut().unwrap() {
                let moved = moved.as_object_mut().unwrap();
                moved.retain(|name, _| !["meter_name", "unit"].contains(&name.as_str()));
            }
        }
        history
    }

    /// Closed + adjustments = lines; of open months, adjustments come to nothing.
    fn out_of_balance(&self, published: &Figures, adjusted: &Figures, lines: &Figures) -> Vec<String> {
        let keys: BTreeSet<_> = published.keys().chain(adjusted.keys()).chain(lines.keys()).collect();
        let figure = |figures: &Figures, key| figures.get(key).copied().unwrap_or_default();
        let mut wrong = Vec::new();
        for key in keys {
            let is_closed = self.closed.contains_key(&(key[0].clone(), key[1][..7].to_owned()));
            let (closed, adjusted, lines) = (figure(published, key), figure(adjusted, key), figure(lines, key));
            let expected = if is_closed { (lines.0 - closed.0, lines.1 - closed.1) } else { (0, 0) };
            if adjusted != expected {
                let state = if is_closed { "closed" } else { "open" };
                wrong.push(format!("adjusted by {adjusted:?} and not {expected:?} in an {state} month: {key:?}"));
            }
        }
        wrong
    }
}

/// The paths that only one of two publications has, or that differ.
fn differences<'a>(
    one: &'a BTreeMap<String, Vec<u8>>,
    other: &'a BTreeMap<String, Vec<u8>>,
) -> impl Iterator<Item = &'a String> {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path))
}

/// Ids of facts and dimensions that are in no row of the dimension that they are of.
fn dangling(out: &Path) -> Vec<String> {
    let names = [
        "daily",
        "monthly",
        "charges",
        "statements",
        "prices",
        "resources",
        "meters",
        "tenants",
        "user_subscriptions",
        "billed_subscriptions",
        "dates",
    ];
    let tables: BTreeMap<&str, Vec<Row>> = names.into_iter().map(|name| (name, table(out, name))).collect();
    let ids = |name: &str, column: &str| -> BTreeSet<&str> {
        tables[name].iter().filter_map(|row| row.get(column)?.as_deref()).collect()
    };
    let facts = [
        ("resource_key", "resources"),
        ("meter_id", "meters"),
        ("tenant_id", "tenants"),
        ("user_subscription_id", "user_subscriptions"),
        ("billed_subscription_id", "billed_subscriptions"),
    ];
    let mut named = Vec::new();
    for fact in ["daily", "monthly"] {
        named.extend(facts.map(|(column, dimension)| (fact, column, dimension, column)));
    }
    named.extend([
        ("daily", "usage_date", "dates", "date"),
        ("monthly", "month", "dates", "date"),
        ("charges", "price_key", "prices", "price_key"),
        ("charges", "resource_key", "resources", "resource_key"),
        ("statements", "price_key", "prices", "price_key"),
        ("statements", "meter_id", "meters", "meter_id"),
        ("statements", "billed_subscription_id", "billed_subscriptions", "billed_subscription_id"),
        ("prices", "price_key", "charges", "price_key"),
        ("user_subscriptions", "tenant_id", "tenants", "tenant_id"),
        ("billed_subscriptions", "tenant_id", "tenants", "tenant_id"),
    ]);
    let lacks = |(table, column, dimension, id): (&str, &str, &str, &str)| {
        let rows = ids(dimension, id);
        let lacking = ids(table, column).into_iter().find(|value| !rows.contains(value))?;
        Some(format!("{dimension} lacks {lacking}, which is {column} of {table}"))
    };
    named.into_iter().filter_map(lacks).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if entry.is_dir() {
            copy(&entry, &to);
        } else {
            fs::copy(&entry, &to).unwrap();
        }
    }
}

fn path_of((stamp, window, file): (usize, usize, u8)) -> String {
    format!("{}/usage/{}/page-{file}.json", STAMPS[stamp], DAYS[window])
}

impl Used {
    fn day(&self, window: usize) -> &'static str {
        DAYS[window.saturating_sub(self.late)]
    }

    fn line(&self, window: usize) -> Line {
        let quantity = match self.quantity {
            0 => "-1".to_owned(),
            thousandths => format!("{}.{:03}", thousandths / 1000, thousandths % 1000),
        };
        let hour = format!("{}T{:02}", self.day(window), self.hour);
        let mut line = Line::hourly(USERS[self.user], METERS[self.meter], &hour, &quantity);
        line.resource = format!("vm-{}", self.resource);
        line
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(2, 8), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn closed_months_stay_and_adjustments_make_up_for_it(settings in 0..SETTINGS.len(), start in prop::collection::vec(put(), 2..6), first in to_close(), steps in prop::collection::vec(step(), 3..10)) {
        let mut closing = Closing::new(settings, &start);
        closing.run_to("out", &[]);
        closing.close(MONTHS[first.0], first.1.map(|at| STAMPS[at]));
        for step in &steps {
            prop_assert_eq!(closing.take(step), Vec::<String>::new());
        }
        prop_assert_eq!(closing.run(&[]), Vec::<String>::new());
        let months: BTreeSet<String> = closing.closed.keys().map(|(_, month)| month.clone()).collect();
        months.iter().for_each(|month| closing.reopen(month, None));
        prop_assert_eq!(closing.run(&[]), Vec::<String>::new());
    }
}
