//! Metrics of a run as a Prometheus textfile, for the textfile collector of node_exporter.
//!
//! ```text
//! # HELP stacktally_lines Lines of the last good run: read = used + rejected + dropped.
//! # TYPE stacktally_lines gauge
//! stacktally_lines{result="read"} 24
//! ```
//! Metrics about the *run* are those of the last one, however it ended. Metrics about *data* are those of the last good
//! run: a failed one keeps them from the existing file, so that a full disk does not look like a night without lines.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::run_report::Ended;
use super::summary::{lag_hours, rejects};
use crate::domain::Finding;
use crate::domain::coverage::{self, DayState};
use crate::domain::finding::FindingCode;
use crate::domain::identity::stamp_or_empty;
use crate::error::{Error, Result};
use crate::pipeline::{Outcome, seconds_of};

/// The names of the metrics and what they mean, in the order of the file. All are gauges: a textfile is about one run,
/// and counts nothing across runs.
pub const FAMILIES: [(&str, &str); 23] = [
    ("stacktally_build_info", "The version that ran last."),
    ("stacktally_last_run_timestamp_seconds", "When the last run ended, however it ended."),
    (LAST_SUCCESS, "When the last run that published ended (exit code 0 or 4); 0 when that is not known."),
    ("stacktally_last_exit_code", "Exit code of the last run."),
    ("stacktally_run_duration_seconds", "Duration of the last run."),
    ("stacktally_step_duration_seconds", "Duration of the steps of the last run, over all stamps."),
    ("stacktally_lines", "Lines of the last good run: read = used + rejected + dropped."),
    ("stacktally_rejects", "Lines set aside in the last good run, by reason."),
    ("stacktally_new_rejects", "Of them, lines that the publication before did not have."),
    ("stacktally_findings", "Findings of the last good run, by code."),
    ("stacktally_findings_all", "Findings of the last good run, of every code, accepted ones too."),
    ("stacktally_findings_not_accepted", "Findings of the last good run whose code is not accepted."),
    (
        "stacktally_coverage_lag_hours",
        "Full hours from the end of the latest reported time loaded to the last good run.",
    ),
    ("stacktally_covered_to_timestamp_seconds", "The end of the latest reported time loaded by the last good run."),
    (
        "stacktally_next_window_due_timestamp_seconds",
        "When the stamp becomes overdue, unless a newer window is loaded.",
    ),
    (
        "stacktally_missing_hours",
        "Hours between the first and the last reported window that no whole export covers, in the last good run.",
    ),
    (MISSING_EXPORTS, "Exports that the last publication was based on and that are gone from the root."),
    (
        "stacktally_kept_exports",
        "Exports that are gone from the root, and count by their published lines (--keep-missing).",
    ),
    ("stacktally_days", "Days by how complete they were in the last good run."),
    ("stacktally_unpriced_meters", "Meters of stamps with usage that no price is in force for, in the last good run."),
    ("stacktally_published_files", "Files published by the last good run."),
    ("stacktally_published_bytes", "Their size."),
    ("stacktally_changed_files", "Of them, those that the last good run changed."),
];
const MISSING_EXPORTS: &str = "stacktally_missing_exports";
const LAST_SUCCESS: &str = "stacktally_last_success_timestamp_seconds";

/// The metrics of the last run, however it ended. All others but [`LAST_SUCCESS`] are of the last good one.
const OF_RUN: [&str; 5] = [
    "stacktally_build_info",
    "stacktally_last_run_timestamp_seconds",
    "stacktally_last_exit_code",
    "stacktally_run_duration_seconds",
    "stacktally_step_duration_seconds",
];

/// Samples by metric, each as its line in the file.
type Samples = BTreeMap<String, Vec<String>>;

/// Writes the metrics of a run to a temporary file, then renames it, so that a reader never sees half of them.
///
/// # Errors
/// The file cannot be written, or exists and is no textfile.
pub fn write(path: &Path, ended: &Ended<'_>) -> Result<()> {
    let existing = fs::read_to_string(path).ok();
    refuse_foreign(path, existing.as_deref())?;
    // A file that is torn or was written by something else gives no metrics, and is replaced.
    let previous = existing.and_then(|text| parse(&text)).unwrap_or_default();
    replace(path, &render(&samples(ended, previous))).map_err(|error| {
        Error::machine("write the metrics to", path, error)
            .before_hint("the run itself is not affected, but a monitor will take it for missing", "put this right")
    })
}

/// A mistyped path must not cost a receipt or the settings: a file is replaced only if its name says that it is a
/// textfile, or if it is ours already.
fn refuse_foreign(path: &Path, existing: Option<&str>) -> Result<()> {
    let is_named_textfile = path.extension().is_some_and(|extension| extension == "prom");
    let is_ours = existing.is_none_or(|text| text.is_empty() || text.starts_with("# HELP stacktally_"));
    if is_named_textfile || (is_ours && (existing.is_some() || !path.exists())) {
        return Ok(());
    }
    Err(Error::usage(format!("--metrics {} exists, and holds no metrics of stacktally", path.display()))
        .hint("name a file that ends in .prom, which is all that node_exporter reads"))
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = temporary_beside(path);
    // Removes the file of a killed process with the same number, or a link: nothing is written through a link.
    let _ = fs::remove_file(&temporary);
    let written = File::create_new(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // An incomplete file must not remain.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// `.<name>.<process>.tmp`, in the same folder: concurrent runs do not write the same one.
fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn samples(ended: &Ended<'_>, previous: Samples) -> Samples {
    let mut samples = Samples::default();
    match ended.outcome() {
        Some(outcome) => add_data(&mut SampleWriter(&mut samples), outcome, ended),
        None => samples = previous,
    }
    set_missing_exports(&mut samples, &missing_exports(ended));
    add_run(&mut samples, ended);
    samples
}

/// Replaces the metrics about the run itself.
fn add_run(samples: &mut Samples, ended: &Ended<'_>) {
    let last_success = samples.remove(LAST_SUCCESS);
    samples.retain(|name, _| !OF_RUN.contains(&name.as_str()));
    let mut writer = SampleWriter(samples);
    writer.add("stacktally_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    writer.add("stacktally_last_run_timestamp_seconds", &[], ended.finished.unix_seconds());
    writer.add("stacktally_last_exit_code", &[], ended.exit_code());
    writer.add("stacktally_run_duration_seconds", &[], seconds(ended.duration_ms));
    let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
    ended.steps.iter().for_each(|step| *steps.entry(step.name).or_default() += step.duration_ms);
    for (name, duration_ms) in steps {
        writer.add("stacktally_step_duration_seconds", &[("step", name)], seconds(duration_ms));
    }
    match last_success {
        Some(lines) if ended.outcome().is_none() => drop(samples.insert(LAST_SUCCESS.to_owned(), lines)),
        _ => writer.add(LAST_SUCCESS, &[], ended.outcome().map_or(0, |_| ended.finished.unix_seconds())),
    }
}

/// The metrics about the data, after a run that finished.
fn add_data(writer: &mut SampleWriter<'_>, outcome: &Outcome, ended: &Ended<'_>) {
    let receipt = &outcome.receipt;
    let lines = receipt.lines;
    for (result, count) in
        [("read", lines.read), ("used", lines.used), ("rejected", lines.rejected), ("dropped", lines.dropped)]
    {
        writer.add("stacktally_lines", &[("result", result)], count);
    }
    for (reason, count) in rejects(receipt) {
        writer.add("stacktally_rejects", &[("reason", reason)], count);
    }
    writer.add("stacktally_new_rejects", &[], outcome.rejects_new);
    let mut findings: BTreeMap<&str, u64> = BTreeMap::new();
    receipt.findings.iter().for_each(|finding| *findings.entry(finding.code).or_default() += 1);
    for (code, count) in findings {
        writer.add("stacktally_findings", &[("code", code)], count);
    }
    let not_accepted = receipt.findings.iter().filter(|finding| !finding.accepted).count();
    writer.add("stacktally_findings_all", &[], receipt.findings.len());
    writer.add("stacktally_findings_not_accepted", &[], not_accepted);
    add_coverage(writer, outcome, ended);
    add_reported_time(writer, outcome);
    add_prices(writer, outcome);
    let published = &receipt.published;
    writer.add("stacktally_published_files", &[], published.len());
    writer.add("stacktally_published_bytes", &[], published.iter().map(|file| file.bytes).sum::<u64>());
    writer.add("stacktally_changed_files", &[], published.iter().filter(|file| file.is_changed()).count());
}

/// Usage without a price, where there is a price book; 0 where that finding is accepted.
fn add_prices(writer: &mut SampleWriter<'_>, outcome: &Outcome) {
    let receipt = &outcome.receipt;
    if receipt.statements.is_empty() && receipt.unpriced.is_empty() {
        return;
    }
    let is_reported =
        receipt.findings.iter().any(|finding| finding.code == FindingCode::UsageUnpriced.as_str() && !finding.accepted);
    let unpriced = receipt.unpriced.iter().filter(|_| is_reported).map(|entry| (&entry.stamp, &entry.meter_id));
    writer.add("stacktally_unpriced_meters", &[], unpriced.collect::<BTreeSet<_>>().len());
}

/// How many exports of each stamp are gone from the root with their lines, as the run found it, even if it was refused
/// because of them.
fn missing_exports<'a>(ended: &'a Ended<'_>) -> BTreeMap<&'a str, u64> {
    let mut gone: BTreeMap<&str, u64> = BTreeMap::new();
    let missing = ended.outcome().map_or(&[][..], |outcome| &outcome.receipt.missing);
    missing
        .iter()
        .filter(|entry| !entry.kept && !entry.forgotten)
        .for_each(|entry| *gone.entry(&entry.stamp).or_default() += 1);
    // A refusal reports them in the findings of its error, by the folders of exports.
    let is_about_exports =
        |finding: &&Finding| matches!(finding.code, FindingCode::ExportsMissing | FindingCode::StampMissing);
    let refused = ended.error().and_then(|error| error.beside.as_ref()).map_or(&[][..], |beside| &beside.findings);
    for finding in refused.iter().filter(is_about_exports) {
        *gone.entry(stamp_or_empty::name(finding.stamp.as_ref())).or_default() += finding.concerned.len() as u64;
    }
    gone
}

/// Sets how many exports of these stamps are gone; samples of other stamps stay.
fn set_missing_exports(samples: &mut Samples, gone: &BTreeMap<&str, u64>) {
    let lines = samples.entry(MISSING_EXPORTS.to_owned()).or_default();
    lines
        .retain(|line| !gone.keys().any(|stamp| line.starts_with(&format!("{MISSING_EXPORTS}{{stamp=\"{stamp}\"}} "))));
    lines.extend(gone.iter().map(|(stamp, count)| format!("{MISSING_EXPORTS}{{stamp=\"{stamp}\"}} {count}")));
    lines.sort();
    if lines.is_empty() {
        samples.remove(MISSING_EXPORTS);
    }
}

fn add_coverage(writer: &mut SampleWriter<'_>, outcome: &Outcome, ended: &Ended<'_>) {
    for coverage_of_stamp in coverage::stamps(&outcome.coverage) {
        let stamp = coverage_of_stamp.stamp.as_str();
        // A stamp without any whole window has no lag, which is not the same as 0.
        if let Some(hour) = coverage_of_stamp.covered_to {
            writer.add("stacktally_coverage_lag_hours", &[("stamp", stamp)], lag_hours(hour, ended.finished));
            writer.add("stacktally_covered_to_timestamp_seconds", &[("stamp", stamp)], seconds_of(hour));
        }
        for (state, days) in DayState::ALL.iter().zip(coverage_of_stamp.days) {
            writer.add("stacktally_days", &[("stamp", stamp), ("state", state.as_str())], days);
        }
    }
}

/// What each stamp lacks. Every stamp gets a series, so that a series that is gone means that its stamp is.
fn add_reported_time(writer: &mut SampleWriter<'_>, outcome: &Outcome) {
    for time in &outcome.times {
        let stamp = time.stamp.as_str();
        // Nothing is due where --accept tolerates it, nor where no window is whole.
        if let Some(due) = time.due {
            writer.add("stacktally_next_window_due_timestamp_seconds", &[("stamp", stamp)], seconds_of(due));
        }
        writer.add("stacktally_missing_hours", &[("stamp", stamp)], time.hours_missing());
        writer.add(MISSING_EXPORTS, &[("stamp", stamp)], 0);
        let kept = outcome.receipt.missing.iter().filter(|missing| missing.kept && missing.stamp == stamp).count();
        writer.add("stacktally_kept_exports", &[("stamp", stamp)], kept);
    }
}

/// Collects samples as lines.
struct SampleWriter<'a>(&'a mut Samples);

impl SampleWriter<'_> {
    fn add(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.entry(name.to_owned()).or_default().push(format!("{name}{labels} {value}"));
    }
}

/// A text as the value of a label.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Milliseconds as seconds, without a float.
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn render(samples: &Samples) -> String {
    let mut text = String::new();
    for (name, help) in FAMILIES {
        let Some(lines) = samples.get(name) else { continue };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{}", lines.join("\n"));
    }
    text
}

/// Reads what an earlier run wrote; `None` when it is anything else, or incomplete.
fn parse(text: &str) -> Option<Samples> {
    let mut samples = Samples::default();
    for line in text.strip_suffix('\n')?.split('\n').filter(|line| !line.starts_with("# ")) {
        let (series, value) = line.rsplit_once(' ')?;
        let name = series.split('{').next().unwrap_or(series);
        let is_ours = FAMILIES.iter().any(|(family, _)| *family == name)
            && are_labels(&series[name.len()..])
            && value.strip_prefix('-').unwrap_or(value).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && value.ends_with(|last: char| last.is_ascii_digit());
        if !is_ours {
            return None;
        }
        samples.entry(name.to_owned()).or_default().push(line.to_owned());
    }
    Some(samples)
}

/// Whether a text is empty, or `{label="value",…}`.
fn are_labels(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix('{') else { return text.is_empty() };
    loop {
        let Some((label, value)) = rest.split_once("=\"") else { return false };
        let Some(end) = end_of_value(value) else { return false };
        if label.is_empty() || !label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return false;
        }
        match &value[end + 1..] {
            "}" => return true,
            more => match more.strip_prefix(',') {
                Some(next) => rest = next,
                None => return false,
            },
        }
    }
}

/// The place of the quote that ends a value.
fn end_of_value(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}
