//! Instructions of whole runs, counted by `valgrind --tool=callgrind` on one thread: the same on a busy machine as on a quiet one.
//! The same lines as people have them: pages as the API writes them, compressed, one after the other in a file, as PowerShell
//! indents them, and as a table.
//!
//! `cargo bench --bench instructions` fails where a case takes more than 3 % more than `instructions.csv` says, or is faster by
//! as much and nobody noted it; `STACKTALLY_BLESS=1` notes what is counted. Counts hold for one compiler and one C library.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics has failed, and says its figures")]

mod generator;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;

use generator::{Generated, Size, generate};

const DAILY: Size = Size { days: 3, resources: 400, daily: false, tenants: 40, user_subscriptions: 120, nights: 1 };
const WIDE: Size = Size { days: 1, resources: 2_000, daily: false, tenants: 200, user_subscriptions: 600, nights: 1 };
const TOLERATED_PERCENT: u64 = 3;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return println!("counted with `cargo bench --bench instructions` alone: it needs valgrind");
    }
    let noted = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.csv");
    let counted =
        [("three_days", DAILY, SHAPES.as_slice()), ("one_wide_day", WIDE, &SHAPES[..1])].map(|(name, size, shapes)| {
            let generated = generate(size);
            generated.run_whole();
            fs::remove_dir_all(generated.out()).unwrap();
            let usage = generated.root().join("north/usage");
            let pages = pages_by_window(&usage);
            let mut counted = Vec::new();
            for (shape, written) in shapes {
                for (window, pages) in &pages {
                    fs::remove_dir_all(usage.join(window)).unwrap();
                    fs::create_dir(usage.join(window)).unwrap();
                    for (file, bytes) in written(pages) {
                        fs::write(usage.join(window).join(file), bytes).unwrap();
                    }
                }
                counted.push((format!("{name}_{shape}"), instructions(&generated), generated.lines));
            }
            counted
        });
    let counted = counted.concat();
    let table: Vec<String> = counted.iter().map(|(name, count, _)| format!("{name},{count}\n")).collect();
    let table = format!("case,instructions\n{}", table.concat());
    let before = fs::read_to_string(&noted).unwrap_or_default();
    for (name, count, lines) in &counted {
        let former = before.lines().find_map(|line| line.strip_prefix(&format!("{name},"))?.parse::<u64>().ok());
        let beside = former.map_or("nothing noted".to_owned(), |number| format!("{number} noted"));
        println!("{name:24} {count:12} instructions, {:6} a line; {beside}", count / *lines as u64);
        if env::var_os("STACKTALLY_BLESS").is_none() {
            let former = former.expect("a case is noted with STACKTALLY_BLESS=1");
            assert!(count.abs_diff(former) * 100 <= former * TOLERATED_PERCENT, "{name}: {count} instead of {former}");
        }
    }
    if env::var_os("STACKTALLY_BLESS").is_some() {
        fs::write(noted, table).unwrap();
    }
}

/// Instructions of a run from nothing.
fn instructions(generated: &Generated) -> u64 {
    let out = generated.out();
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", env!("CARGO_BIN_EXE_stacktally")])
        .args(["run", "--threads", "1", "--root"])
        .arg(generated.root())
        .arg("--out")
        .arg(&out)
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{said}");
    fs::remove_dir_all(out).unwrap();
    let counted = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    counted.expect("callgrind says what it counted").trim().parse().unwrap()
}

/// The texts of all pages, by the folder of their window, in order.
fn pages_by_window(usage: &Path) -> BTreeMap<String, Vec<String>> {
    let entries = |folder: &Path| {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let window = |folder: PathBuf| {
        let pages = entries(&folder).iter().map(|page| fs::read_to_string(page).unwrap()).collect();
        (folder.file_name().unwrap().to_str().unwrap().to_owned(), pages)
    };
    entries(usage).into_iter().map(window).collect()
}

/// The files of a window, put together otherwise from the texts of its pages.
type Written = fn(&[String]) -> Vec<(String, Vec<u8>)>;

const SHAPES: [(&str, Written); 5] = [
    ("pages", |pages| files(pages, "json", |page| page.as_bytes().to_vec())),
    ("gz", |pages| {
        files(pages, "json.gz", |page| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(page.as_bytes()).unwrap();
            packed.finish().unwrap()
        })
    }),
    ("concatenated", |pages| vec![("usage.json".to_owned(), pages.join("\n").into_bytes())]),
    ("powershell", |pages| {
        let rows: Vec<String> = pages.iter().flat_map(|page| rows(page)).map(|row| indented(&row)).collect();
        vec![("usage.json".to_owned(), format!("[\r\n{}\r\n]\r\n", rows.join(",\r\n")).into_bytes())]
    }),
    ("csv", |pages| {
        let header = "UsageStartTime,UsageEndTime,MeterName,Quantity,resourceType,location,resourceGroup,resourceName,\
            subowner,tags,MeterId,additionalInfo,subscription,resourceUri";
        let mut table = format!("{header}\r\n");
        pages.iter().flat_map(|page| rows(page)).for_each(|row| table.push_str(&cells(&row)));
        vec![("UsageSummary.csv".to_owned(), table.into_bytes())]
    }),
];

fn files(pages: &[String], extension: &str, bytes: impl Fn(&String) -> Vec<u8>) -> Vec<(String, Vec<u8>)> {
    pages.iter().enumerate().map(|(at, page)| (format!("page-{at:04}.{extension}"), bytes(page))).collect()
}

/// The rows of a page, their quantities as they are written.
fn rows(page: &str) -> Vec<BTreeMap<String, String>> {
    #[derive(serde::Deserialize)]
    struct Row {
        id: String,
        properties: BTreeMap<String, Box<RawValue>>,
    }

    #[derive(serde::Deserialize)]
    struct Rows {
        value: Vec<Row>,
    }

    let Rows { value } = serde_json::from_str(page).unwrap();
    let row = |row: Row| {
        let of_properties = row.properties.into_iter().map(|(name, value)| (name, value.get().to_owned()));
        of_properties.chain([("id".to_owned(), format!("\"{}\"", row.id))]).collect()
    };
    value.into_iter().map(row).collect()
}

/// A row as `ConvertTo-Json` of Windows PowerShell writes it.
fn indented(row: &BTreeMap<String, String>) -> String {
    let value = |name: &str| &row[name];
    let members = [
        ("Id", value("id")),
        ("InstanceData", value("instanceData")),
        ("Location", &"null".to_owned()),
        ("MeterId", value("meterId")),
        ("Name", value("name")),
        ("Quantity", value("quantity")),
        ("SubscriptionId", value("subscriptionId")),
        ("Tags", &"null".to_owned()),
        ("UsageEndTime", value("usageEndTime")),
        ("UsageStartTime", value("usageStartTime")),
    ];
    let members = members.map(|(name, value)| format!("        \"{name}\":  {value}"));
    format!("    {{\r\n{}\r\n    }}", members.join(",\r\n"))
}

/// A row as `Usagesummary.ps1` writes it.
fn cells(row: &BTreeMap<String, String>) -> String {
    let text = |name: &str| serde_json::from_str::<String>(&row[name]).unwrap();
    let instance: serde_json::Value = serde_json::from_str(&text("instanceData")).unwrap();
    let resource = |name: &str| instance["Microsoft.Resources"][name].as_str().unwrap().to_owned();
    let uri = resource("resourceUri");
    let parts: Vec<&str> = uri.split('/').collect();
    let cells = [
        text("usageStartTime"),
        text("usageEndTime"),
        String::new(),
        row["quantity"].clone(),
        parts[7].to_owned(),
        resource("location"),
        parts[4].to_owned(),
        parts[8].to_owned(),
        String::new(),
        resource("tags"),
        text("meterId"),
        resource("additionalInfo"),
        text("subscriptionId"),
        uri.clone(),
    ];
    let cells = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    format!("{}\r\n", cells.join(","))
}
