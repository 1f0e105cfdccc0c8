//! One usage in the shape of every producer of reference §3 (`tests/producers/`, whose README says what each loses): the
//! published facts are those of the REST form, up to that.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Row, STRICT, TestRoot, files_below, findings, project, receipt, table};

const WINDOW: &str = "2026-10-05--2026-10-08";

/// What a producer loses.
#[derive(Clone, Copy, Default)]
struct Losses {
    /// Quantities are rounded to 15 significant digits.
    digits: bool,
    /// Of `additionalInfo` only four values of a VM are left.
    additional_info: bool,
    /// The location has the domain behind it.
    location: bool,
}

const NOTHING: Losses = Losses { digits: false, additional_info: false, location: false };
const DIGITS: Losses = Losses { digits: true, ..NOTHING };

/// Folder, shape and dialect as the receipt says them, losses.
const PRODUCERS: [(&str, &str, &str, Losses); 19] = [
    ("rest", "REST pages", "", NOTHING),
    ("rest-concatenated", "REST pages", "", NOTHING),
    ("rest-ndjson", "REST pages", "", NOTHING),
    ("rest-array-of-pages", "REST pages", "", NOTHING),
    ("rest-array-of-rows", "REST rows", "", NOTHING),
    ("get-azssubscriberusage-powershell-5", "PowerShell rows", "", NOTHING),
    ("get-azssubscriberusage-powershell-7", "PowerShell rows", "", NOTHING),
    ("get-usageaggregates", "PowerShell pages", "", NOTHING),
    (
        "export-csv-en-us",
        "PowerShell rows as CSV",
        "`,` between cells, month first, decimal point, times in UTC",
        DIGITS,
    ),
    ("export-csv-de-de", "PowerShell rows as CSV", "`;` between cells, day first, decimal comma, times in UTC", DIGITS),
    (
        "export-csv-en-gb",
        "PowerShell rows as CSV",
        "`,` between cells, day first, decimal point, times in UTC",
        NOTHING,
    ),
    ("usagesummary-2018", "Usagesummary.ps1", "`,` between cells, decimal point", DIGITS),
    (
        "usagesummary-2017",
        "Usagesummary.ps1 of 2017",
        "`,` between cells, month first, decimal point, times in UTC",
        DIGITS,
    ),
    (
        "usagesummary-2017-without-metername",
        "Usagesummary.ps1 of 2017",
        "`,` between cells, month first, decimal point, times in UTC",
        DIGITS,
    ),
    ("appservice", "App Service scripts", "`,` between cells, month first, decimal point, times in UTC", DIGITS),
    ("oms-json", "usage table as JSON", "", NOTHING),
    ("hpe-json", "HPE Get-AzsUsageInfo.ps1", "", Losses { location: true, ..NOTHING }),
    (
        "converter-csv",
        "converter script",
        "`,` between cells, month first, decimal point, times in UTC",
        Losses { additional_info: true, ..NOTHING },
    ),
    ("excel-round-trip", "Usagesummary.ps1", "`,` between cells, decimal point, times in UTC", DIGITS),
];

fn folder() -> PathBuf {
    project().join("tests/producers")
}

/// A root with the usage of one producer.
fn root_of(producer: &str) -> TestRoot {
    let root = TestRoot::with_snapshots();
    let mut files = 0;
    for (name, bytes) in files_below(&folder().join(producer)) {
        root.file(&format!("north/usage/{WINDOW}/{name}"), bytes);
        files += 1;
    }
    assert!(files > 0, "{producer} has no file");
    root
}

/// What was published of each line, place and key left out, with the texts of its resource.
fn published(out: &Path) -> Vec<Row> {
    let resources: BTreeMap<_, _> =
        table(out, "resources").into_iter().map(|row| (row["resource_key"].clone(), row)).collect();
    let mut lines = table(out, "lines");
    for line in &mut lines {
        let key = line.remove("resource_key").unwrap();
        line.extend(resources[&key].clone().into_iter().filter(|(column, _)| column != "resource_key"));
        line.retain(|column, _| column != "file" && column != "row");
    }
    lines.sort();
    lines
}

/// What is left of a line of the truth.
fn lossy(mut line: Row, losses: Losses) -> Row {
    if losses.digits {
        line.entry("quantity".into()).and_modify(|quantity| *quantity = quantity.as_deref().map(fifteen_digits));
    }
    if losses.location {
        line.entry("location".into())
            .and_modify(|location| *location = location.as_ref().map(|region| format!("{region}.azurestack.example")));
    }
    if losses.additional_info {
        let info = line["additional_info"].clone().unwrap_or_default();
        let kept: BTreeMap<String, serde_json::Value> = serde_json::from_str(&info).unwrap_or_default();
        let kept: BTreeMap<_, _> = kept
            .into_iter()
            .filter(|(name, _)| ["ServiceType", "Publisher", "Offer", "Sku"].contains(&name.as_str()))
            .collect();
        if !kept.contains_key("ServiceType") {
            line.insert("service_type".into(), None);
        }
        let text = (!kept.is_empty()).then(|| serde_json::to_string(&kept).unwrap());
        line.insert("additional_info".into(), text);
    }
    line
}

/// Rounds a decimal of 18 places half up to 15 significant digits, as .NET Framework prints doubles.
fn fifteen_digits(text: &str) -> String {
    let scaled: i128 = text.replace('.', "").parse().unwrap();
    let digits = scaled.to_string().len() as u32;
    let unit = 10_i128.pow(digits.saturating_sub(15));
    let rounded = (scaled + unit / 2) / unit * unit;
    format!("{}.{:018}", rounded / 10_i128.pow(18), rounded % 10_i128.pow(18))
}

#[test]
fn every_producer_says_the_same() {
    let rest = root_of("rest");
    rest.run(&STRICT).expect(0);
    let truth = published(&rest.out());
    assert_eq!(truth.len(), 14);
    for (producer, shape, dialect, losses) in PRODUCERS {
        let root = root_of(producer);
        root.run(&STRICT).expect(0);
        let mut expected: Vec<Row> = truth.iter().map(|line| lossy(line.clone(), losses)).collect();
        expected.sort();
        let found = published(&root.out());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{producer}");
        }
        assert_eq!(found.len(), expected.len());
        let receipt = receipt(&root.out());
        let usage = |input: &&serde_json::Value| input["path"].as_str().unwrap().contains("/usage/");
        for input in receipt["inputs"].as_array().unwrap().iter().filter(usage) {
            assert_eq!(input["shape"], shape, "{producer}");
            assert_eq!(input["dialect"].as_str().unwrap_or_default(), dialect, "{producer}");
            let lacks = input["lacks"].to_string();
            assert_eq!(lacks.contains("15 digits"), losses.digits, "{producer}: {lacks}");
            assert_eq!(lacks.contains("nextLink"), !shape.ends_with("pages"), "{producer}: {lacks}");
            assert_eq!(lacks.contains("serial"), producer == "excel-round-trip", "{producer}: {lacks}");
        }
    }
}

#[test]
fn every_folder_has_its_test() {
    let mut folders: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !["snapshots", "appservice-subscriptions"].contains(&name.as_str()))
        .collect();
    folders.sort();
    let mut tested: Vec<&str> = PRODUCERS.iter().map(|(name, ..)| *name).collect();
    tested.sort_unstable();
    assert_eq!(folders, tested);
}

#[test]
fn sums_of_money_are_no_usage() {
    let ran = root_of("appservice-subscriptions").run(&[]).expect(3);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        format!(
            "error: north/usage/{WINDOW}/SubscriptionsUsage.csv: begins with \"\\\"Subscription\\\",\\\"currentUsage\\\"\", where a page of usage was expected, as JSON or as a table"
        )
    );
}

/// What stacktally published, archived instead of the export, publishes the same facts again.
#[test]
fn published_lines_say_the_same() {
    let rest = root_of("rest");
    rest.run(&[]).expect(0);
    let again = TestRoot::with_snapshots();
    for (name, bytes) in files_below(&rest.out()) {
        if name.starts_with("lines/") || name == "resources.parquet" {
            again.file(&format!("north/usage/{WINDOW}/{name}"), bytes);
        }
    }
    // Nothing in them says that they are all of their export, until the operator does.
    again.run(&[]).expect(0);
    assert_eq!(findings(&again.out()), ["published_lines_unvouched"]);
    assert!(table(&again.out(), "coverage").iter().all(|row| row["state"].as_deref() == Some("partial")));
    again.file(
        &format!("north/usage/{WINDOW}/export.json"),
        r#"{"reportedStartTime":"2026-10-05","reportedEndTime":"2026-10-08"}"#,
    );
    again.run(&STRICT).expect(0);
    assert_eq!(published(&again.out()), published(&rest.out()));
    let (again_files, rest_files) = (files_below(&again.out()), files_below(&rest.out()));
    let is_of_files = |name: &str| name.starts_with("lines/") || name.starts_with("history/exports");
    for (name, bytes) in rest_files.iter().filter(|(name, _)| !is_of_files(name)) {
        assert!(again_files[name] == *bytes, "{name} differs");
    }
    // Beside what they were made of, without the resources, under another window, in another stamp: refused.
    let refused = |root: &TestRoot, expected: &str| {
        let ran = root.run(&["--forget", "all"]).expect(3);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    };
    let page = format!("north/usage/{WINDOW}/page.json");
    again.file(&page, fs::read(folder().join("rest/page-0002.json")).unwrap());
    refused(&again, "published lines, beside north/usage");
    again.remove(&page);
    again.remove(&format!("north/usage/{WINDOW}/export.json"));
    again.remove(&format!("north/usage/{WINDOW}/resources.parquet"));
    refused(&again, "which no resources.parquet beside them describes");
    fs::rename(again.root().join(format!("north/usage/{WINDOW}")), again.root().join("north/usage/2026-10-05"))
        .unwrap();
    refused(&again, "says that 2026-10-05 was reported, the lines in north/usage/2026-10-05/lines/north/2026-10-04");
    fs::rename(again.root().join("north/usage/2026-10-05"), again.root().join(format!("north/usage/{WINDOW}")))
        .unwrap();
    fs::rename(again.root().join("north"), again.root().join("south")).unwrap();
    refused(&again, "usage of stamp \"north\", in the folder of stamp south");
}

/// The snapshots as `az`, PowerShell and the REST APIs of both versions return them.
#[test]
fn every_producer_of_snapshots_says_the_same() {
    let truth = root_of("rest");
    truth.run(&STRICT).expect(0);
    let facts = |root: &TestRoot| (table(&root.out(), "monthly"), table(&root.out(), "billed_subscriptions"));
    for (kind, names) in [
        (
            "registration",
            vec!["registration-get-azresource.json", "registration-list.json", "registration-2022-06-01.json"],
        ),
        (
            "customer-subscriptions",
            vec![
                "customer-subscriptions-get-azresource.json",
                "customer-subscriptions-one.json",
                "customer-subscriptions-2017-06-01.json",
            ],
        ),
        (
            "user-subscriptions",
            vec![
                "user-subscriptions-rest.json",
                "user-subscriptions-get-azsusersubscription.json",
                "user-subscriptions-get-azsusersubscription.csv",
            ],
        ),
    ] {
        let mut listed = Vec::new();
        for name in names {
            let root = root_of("rest");
            root.file(
                &format!("north/{kind}/2026-10-01.json"),
                fs::read(folder().join("snapshots").join(name)).unwrap(),
            );
            root.run(&STRICT).expect(0);
            assert_eq!(facts(&root), facts(&truth), "{name}");
            if kind == "user-subscriptions" {
                listed.push(table(&root.out(), "user_subscriptions"));
            }
        }
        assert!(listed.windows(2).all(|pair| pair[0] == pair[1]), "{listed:#?}");
    }
}
