//! Roots built in a temporary folder, the real binary, published tables read back as text.

pub mod rust_source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::cast::AsArray;
use arrow::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow::{Array, ArrayRef};
use chrono::{NaiveDateTime, TimeDelta};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use stacktally::domain::{Stamp, Window};
use stacktally::read::{Export, StampFolder};
use stacktally::store::InputFile;
use tempfile::TempDir;

pub const PROVIDER: &str = "0be4a700-0000-4000-8000-000000000001";
pub const DEFAULT: &str = "b111ed00-0000-4000-8000-000000000000";
/// Tenant A pays for itself.
pub const TENANT_A: &str = "7e4a4700-0000-4000-8000-00000000000a";
pub const BILLED_A: &str = "b111ed00-0000-4000-8000-00000000000a";
/// Tenant B is known and not registered.
pub const TENANT_B: &str = "7e4a4700-0000-4000-8000-00000000000b";
pub const SUB_A: &str = "5ab00000-0000-4000-8000-00000000000a";
pub const SUB_B: &str = "5ab00000-0000-4000-8000-00000000000b";
/// In no listing.
pub const SUB_UNKNOWN: &str = "5ab00000-0000-4000-8000-0000000000ff";
pub const VM_HOURS: &str = "6dab500f-a4fd-49c4-956d-229bb9c8c793";
pub const WINDOWS_HOURS: &str = "9cd92d4c-bafd-4492-b278-bedc2de8232a";

/// Flags that refuse findings, of roots that lie in the past.
pub const STRICT: [&str; 3] = ["--strict", "--accept", "window_overdue"];

/// A root being built, and beside it a folder to publish to.
pub struct TestRoot {
    folder: TempDir,
}

/// A usage line as the API returns it.
#[derive(Clone, Debug)]
pub struct Line {
    pub user_subscription: String,
    pub meter: String,
    pub start: String,
    pub end: String,
    /// Raw JSON.
    pub quantity: String,
    pub resource: String,
}

impl Line {
    /// A line of one hour, such as `("…", "…", "2026-10-05T13", "2.0")`.
    pub fn hourly(user_subscription: &str, meter: &str, hour: &str, quantity: &str) -> Self {
        let start = NaiveDateTime::parse_from_str(&format!("{hour}:00"), "%Y-%m-%dT%H:%M").unwrap();
        let text = |time: NaiveDateTime| time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        Self {
            user_subscription: user_subscription.to_owned(),
            meter: meter.to_owned(),
            start: text(start),
            end: text(start + TimeDelta::hours(1)),
            quantity: quantity.to_owned(),
            resource: "vm-1".to_owned(),
        }
    }

    /// What tables have instead of `instanceData`: resourceUri, location, tags, additionalInfo.
    pub fn parts(&self) -> [String; 4] {
        let Self { user_subscription, resource, .. } = self;
        let uri = format!(
            "/subscriptions/{user_subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{resource}"
        );
        [uri, "here".to_owned(), String::new(), json!({"ServiceType": "Standard_F2s", "ImageType": null}).to_string()]
    }

    pub fn to_json(&self) -> String {
        let Self { user_subscription, meter, start, end, quantity, .. } = self;
        let [uri, location, tags, info] = self.parts();
        let instance = json!({"Microsoft.Resources": {"resourceUri": uri, "location": location, "tags": tags, "additionalInfo": info}});
        format!(
            r#"{{"id":"/subscriptions/{PROVIDER}/providers/Microsoft.Commerce/UsageAggregate/{user_subscription}-{meter}","properties":{{"subscriptionId":"{user_subscription}","usageStartTime":"{start}","usageEndTime":"{end}","instanceData":{},"quantity":{quantity},"meterId":"{meter}"}}}}"#,
            json!(instance.to_string()),
        )
    }
}

/// A page of lines.
pub fn page(lines: &[Line]) -> String {
    let lines: Vec<String> = lines.iter().map(Line::to_json).collect();
    format!("{{\"value\":[{}]}}", lines.join(","))
}

/// The same with a mark, so that pages of stamps that use alike are not equal.
pub fn page_of(mark: &str, lines: &[Line]) -> String {
    page(lines).replacen('{', &format!("{{\"of\":\"{mark}\","), 1)
}

/// A registration, as its REST API returns it.
pub fn registration(default: &str, name: &str) -> String {
    json!({
        "id": format!("/subscriptions/{default}/resourceGroups/azurestack/providers/Microsoft.AzureStack/registrations/{name}"),
        "name": name,
        "properties": {"billingModel": "PayAsYouUse"},
    })
    .to_string()
}

/// A list of customer subscriptions: (tenant, customer subscription).
pub fn customers(default: &str, name: &str, mapped: &[(&str, &str)]) -> String {
    let row = |(tenant, billed): &(&str, &str)| {
        json!({
            "id": format!("/subscriptions/{default}/resourceGroups/azurestack/providers/Microsoft.AzureStack/registrations/{name}/customerSubscriptions/{billed}"),
            "name": format!("{name}/{billed}"),
            "properties": {"tenantId": tenant},
        })
    };
    json!({"value": mapped.iter().map(row).collect::<Vec<_>>()}).to_string()
}

/// A listing of user subscriptions of stamp north: (user subscription, tenant).
pub fn listing(owned: &[(&str, &str)]) -> String {
    listing_of("north", owned)
}

/// The same of any stamp: each has a provider subscription of its own.
pub fn listing_of(stamp: &str, owned: &[(&str, &str)]) -> String {
    let number = stamp.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % (1 << 40));
    let provider =
        if stamp == "north" { PROVIDER.to_owned() } else { format!("0be4a700-0000-4000-8000-{number:012x}") };
    let row = |(subscription, tenant): &(&str, &str)| {
        json!({
            "id": format!("/subscriptions/{provider}/providers/Microsoft.Subscriptions.Admin/subscriptions/{subscription}"),
            "subscriptionId": subscription,
            "displayName": format!("of {tenant}"),
            "owner": "someone@tenant.example",
            "tenantId": tenant,
            "offerId": "/offer",
            "state": "Enabled",
        })
    };
    json!({"value": owned.iter().map(row).collect::<Vec<_>>()}).to_string()
}

impl TestRoot {
    pub fn empty() -> Self {
        let folder = crate::support::tempdir().unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        Self { folder }
    }

    /// One stamp `north` with snapshots of 2026-10-01: tenant A registered, tenant B known.
    pub fn with_snapshots() -> Self {
        let root = Self::empty();
        root.snapshots("north");
        root
    }

    pub fn snapshots(&self, stamp: &str) {
        self.file(&format!("{stamp}/registration/2026-10-01.json"), registration(DEFAULT, stamp));
        self.file(
            &format!("{stamp}/customer-subscriptions/2026-10-01.json"),
            customers(DEFAULT, stamp, &[(TENANT_A, BILLED_A)]),
        );
        self.file(
            &format!("{stamp}/user-subscriptions/2026-10-01.json"),
            listing_of(stamp, &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]),
        );
    }

    /// The same, with one page in the window of 2026-10-05.
    pub fn with_lines(lines: &[Line]) -> Self {
        let root = Self::with_snapshots();
        root.file("north/usage/2026-10-05/page-0001.json", page(lines));
        root
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn remove(&self, name: &str) {
        let path = self.root().join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Runs `stacktally run` on it.
    pub fn run(&self, flags: &[&str]) -> Ran {
        run_in(self.folder.path(), &[&["run", "--root", "root", "--out", "out"], flags].concat())
    }

    /// Runs `stacktally check` on it.
    pub fn check(&self, flags: &[&str]) -> Ran {
        run_in(self.folder.path(), &[&["check", "--root", "root"], flags].concat())
    }

    pub fn stacktally(&self, arguments: &[&str]) -> Ran {
        run_in(self.folder.path(), arguments)
    }

    /// Flags that accept whatever customer lists and listings lack, as the root stands.
    pub fn confirming(&self) -> Vec<String> {
        let mut flags = vec!["--confirm-empty-registration".to_owned(), "--confirm-empty-listing".to_owned()];
        let is_list =
            |path: &String| path.contains("/customer-subscriptions/") || path.contains("/user-subscriptions/");
        let lists: Vec<String> = files_below(&self.root()).into_keys().filter(is_list).collect();
        if !lists.is_empty() {
            flags.push("--confirm-shrunken".to_owned());
            flags.extend(lists);
        }
        flags
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What a process did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// All three, for a transcript.
    pub fn transcript(&self) -> String {
        format!("exit code: {}\n----- stdout -----\n{}----- stderr -----\n{}", self.code, self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.transcript());
        self
    }
}

/// A text without what it is laid out with: one blank between any two words.
pub fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A transcript without what differs from run to run: times, durations, sizes, lags.
pub fn masked(ran: &Ran) -> String {
    mask(&ran.transcript())
}

/// A text likewise: `…` stands instead of what is timed, dated or sized.
pub fn mask(text: &str) -> String {
    text.lines().map(|line| mask_line(line) + "\n").collect()
}

fn mask_line(line: &str) -> String {
    if line.starts_with('#') {
        return line.to_owned();
    }
    if let Some((series, _)) = line.rsplit_once(' ').filter(|_| line.starts_with("stacktally_")) {
        let name = series.split('{').next().unwrap();
        let varies = ["_seconds", "_hours", "_bytes"].iter().any(|end| name.ends_with(end));
        return if varies { format!("{series} …") } else { line.to_owned() };
    }
    let is_logged = line.starts_with("20") && line.get(23..24) == Some("Z");
    let mut masked = if is_logged { format!("…{}", &line[24..]) } else { line.to_owned() };
    for key in ["duration_ms", "started_at", "finished_at", "timestamp", "lag_hours", "\"bytes", "finished 20"] {
        let Some(at) = masked.find(key) else { continue };
        let is_value = |character: char| character.is_ascii_digit() || "-:.TZ".contains(character);
        let Some(start) = masked[at..].find(|character: char| character.is_ascii_digit()).map(|from| at + from) else {
            continue;
        };
        let end = masked[start..].find(|character| !is_value(character)).map_or(masked.len(), |length| start + length);
        masked.replace_range(start..end, "…");
    }
    masked
}

/// The real binary, in a folder.
pub fn stacktally(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stacktally"));
    command.current_dir(folder).env_remove("POLARS_MAX_THREADS").env_remove("RAYON_NUM_THREADS");
    // Whoever runs the tests may have a terminal of any width.
    command.env_remove("COLUMNS");
    command
}

pub fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    ran(stacktally(folder).args(arguments).output().unwrap())
}

pub fn ran(Output { status, stdout, stderr }: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// One row of a published table, by column, as text; null is `None`.
pub type Row = BTreeMap<String, Option<String>>;

/// All rows of a table's Parquet files, below OUT, in order of their paths.
pub fn table(out: &Path, name: &str) -> Vec<Row> {
    let mut files: Vec<PathBuf> = files_below(out)
        .into_keys()
        .filter(|path| {
            path == &format!("{name}.parquet") || (path.starts_with(&format!("{name}/")) && path.ends_with(".parquet"))
        })
        .map(|path| out.join(path))
        .collect();
    files.sort();
    files.iter().flat_map(|path| parquet_rows(path)).collect()
}

pub fn parquet_rows(path: &Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().zip(schema.fields());
            rows.push(cells.map(|(column, field)| (field.name().clone(), text_at(column, row))).collect());
        }
    }
    rows
}

fn text_at(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return times.value_as_datetime(row).map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    let texts = column.as_string_opt::<i32>().map(|texts| texts.value(row).to_owned());
    let integers = || column.as_primitive_opt::<Int64Type>().map(|integers| integers.value(row).to_string());
    let decimals = || column.as_primitive_opt::<Decimal128Type>().map(|decimals| decimals.value_as_string(row));
    let days = || column.as_primitive_opt::<Date32Type>()?.value_as_date(row).map(|day| day.to_string());
    let booleans = || column.as_boolean_opt().map(|booleans| booleans.value(row).to_string());
    let text = texts.or_else(integers).or_else(decimals).or_else(days).or_else(booleans);
    Some(text.unwrap_or_else(|| panic!("{} is of no column", column.data_type())))
}

/// A cell that is not null.
pub fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_else(|| panic!("{column} is null in {row:?}"))
}

/// The rows of a CSV file, by column.
pub fn csv_rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// Every file below a folder with its bytes, less what is the run's own (`.stacktally`, receipts).
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let file_name = entry.file_name().into_string().unwrap();
            if name.is_empty() && [".stacktally", "receipts", "receipt.json"].contains(&file_name.as_str()) {
                continue;
            }
            let full = if name.is_empty() { file_name } else { format!("{name}/{file_name}") };
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &full, files);
            } else {
                files.insert(full, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    if folder.exists() {
        walk(folder, "", &mut files);
    }
    files
}

/// The receipt of the last run.
pub fn receipt(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("receipt.json")).unwrap()).unwrap()
}

/// The codes of what the last run found.
pub fn findings(out: &Path) -> Vec<String> {
    let receipt = receipt(out);
    receipt["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// A folder for one test. The quick suite has it in memory where there is room: each run syncs a hundred files.
pub fn tempdir() -> std::io::Result<TempDir> {
    static IN_MEMORY: std::sync::LazyLock<bool> = std::sync::LazyLock::new(has_room_in_memory);
    if *IN_MEMORY { tempfile::tempdir_in(MEMORY) } else { tempfile::tempdir() }
}

const MEMORY: &str = "/dev/shm";

#[cfg(unix)]
fn has_room_in_memory() -> bool {
    const ROOM: u64 = 2 << 30;
    let room = rustix::fs::statvfs(MEMORY).map_or(0, |stats| stats.f_bavail.saturating_mul(stats.f_frsize));
    std::env::var_os("STACKTALLY_LONG").is_none() && room > ROOM && tempfile::tempdir_in(MEMORY).is_ok()
}

#[cfg(not(unix))]
fn has_room_in_memory() -> bool {
    false
}

/// How much of a long test is done: all of it where the environment says `STACKTALLY_LONG`, as `.ci/run` does, else a part.
pub fn tries(part: u32, all: u32) -> u32 {
    use std::io::Write;
    static SAID: std::sync::Once = std::sync::Once::new();
    if std::env::var_os("STACKTALLY_LONG").is_some() {
        return all;
    }
    SAID.call_once(|| {
        let text = "quick: long tests try a part of their cases; STACKTALLY_LONG=1 tries all\n";
        std::io::stderr().write_all(text.as_bytes()).unwrap();
    });
    part
}

/// Says that a test could not be done here, past the harness that keeps what passing tests print.
pub fn skip(why: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).unwrap();
}

/// Stamp `north` with one export, of the window 2026-10-05, of these files; without snapshots.
pub fn stamp_folder(files: Vec<InputFile>) -> StampFolder {
    let export =
        Export { window: Window::parse("2026-10-05"), is_loose: false, folder: "window".into(), files, sidecar: None };
    StampFolder {
        stamp: Stamp::new("north").unwrap(),
        exports: vec![export],
        registrations: Vec::new(),
        customer_subscriptions: Vec::new(),
        user_subscriptions: Vec::new(),
        overridden: Vec::new(),
    }
}

/// The project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cells by the columns in whose places they stand.
pub fn named<'a>(
    columns: &[stacktally::table::column::Column],
    cells: &[stacktally::table::csv::CsvCell<'a>],
) -> Vec<stacktally::table::csv::NamedCell<'a>> {
    columns.iter().zip(cells).map(|(column, cell)| (column.name, *cell)).collect()
}
