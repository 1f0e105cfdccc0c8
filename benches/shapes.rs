//! The same lines as people have them: pages as the API writes them, compressed, one after the other in a file, as
//! PowerShell indents them, and as a table.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;

/// The texts of all pages, by the folder of their window, in order.
pub fn pages_by_window(usage: &Path) -> BTreeMap<String, Vec<String>> {
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
pub type Written = fn(&[String]) -> Vec<(String, Vec<u8>)>;

pub const SHAPES: [(&str, Written); 5] = [
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
