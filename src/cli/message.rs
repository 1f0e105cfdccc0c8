//! Texts for people: the summary of a run, and errors that can be acted on at 3 a.m.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::cli::show::layout::{Page, Width};
use crate::domain::coverage::intervals;
use crate::domain::finding::FindingCode;
use crate::domain::identity::stamp_or_empty;
use crate::domain::shown::{counted, printable};
use crate::domain::{Day, Finding, Month, Stamp, Window, reported};
use crate::error::Error;
use crate::pipeline::{FINDINGS_SHOWN, Outcome, ReportedTime};
use crate::publication::receipt::{Count, FindingEntry, LeftEntry, MissingEntry, Receipt, StatementEntry};
use crate::publication::{ClosingEntry, Overridden, Recovered};

/// Removed files listed in a summary.
const REMOVED_SHOWN: usize = 10;
/// Exports that are gone, listed in a summary; the receipt has all.
const MISSING_SHOWN: usize = 10;
/// Stamps with gaps, or overdue, that a summary names, and gaps of each; the findings have all.
const STAMPS_SHOWN: usize = 5;
const GAPS_SHOWN: usize = 3;
/// Monthly totals of statements in a summary, the latest; the receipt has all.
const CHARGED_SHOWN: usize = 6;
/// Forgotten names on one line of a summary.
const NAMES_A_LINE: usize = 4;
/// Stamps whose changed days a check lists.
const CHANGED_SHOWN: usize = 10;
/// Stretches of days that a check lists for each stamp.
const STRETCHES_SHOWN: usize = 6;
/// Errors shown for each group with one remedy.
const ALIKE_SHOWN: usize = 20;
/// Groups of errors shown.
const KINDS_SHOWN: usize = 40;

/// Columns of the labels of a summary.
const LABEL: usize = 11;

/// The summary at the end of a run, or without `out` of a check of the root alone.
// Long: one line for each subject, in the order of the output.
pub fn summary(outcome: &Outcome, out: Option<&Path>, width: Width) -> String {
    let is_rehearsal = outcome.is_rehearsal;
    let receipt = &outcome.receipt;
    let lines = &receipt.lines;
    let mut page = Page::new(width);
    let mut say = |label: &str, value: String| page.entry(0, label, LABEL, &value);
    problems(outcome, &mut say);
    let dropped = if lines.dropped > 0 { format!(" + {} dropped", lines.dropped) } else { String::new() };
    say("lines", format!("{} read = {} used + {} rejected{dropped}", lines.read, lines.used, lines.rejected));
    list(&mut say, "files", &counts(receipt.inputs.iter().filter_map(|input| input.shape)));
    list(&mut say, "left out", &counts(receipt.windows.iter().filter_map(|window| window.dropped)));
    list(&mut say, "attribution", &receipt.attributions);
    let days: Vec<String> = receipt.days.iter().map(|days| format!("{} {}", days.count, days.name)).collect();
    say("days", days.join(", "));
    let charged = &receipt.statements[receipt.statements.len().saturating_sub(CHARGED_SHOWN)..];
    for (at, entry) in charged.iter().enumerate() {
        let StatementEntry { month, lines, billed, billing_currency, .. } = entry;
        let label = if at == 0 { "charged" } else { "" };
        say(label, format!("{month} {billed} {billing_currency} in {}", counted(*lines as i64, "line")));
    }
    if charged.len() < receipt.statements.len() {
        say("", format!("and {} of earlier months, in receipt.json", receipt.statements.len() - charged.len()));
    }
    list(&mut say, "rejects", &receipt.rejects);
    match outcome.rejects_new {
        0 if lines.rejected > 0 => say("", "  none of them is new".to_owned()),
        new if new < lines.rejected as u64 => say("", format!("  {new} of them new:")),
        _ => {}
    }
    for reject in &outcome.first_rejects {
        say("", format!("  {reject}"));
    }
    let rest = outcome.rejects_new.saturating_sub(outcome.first_rejects.len() as u64);
    if rest > 0 {
        say("", format!("  and {rest} more, in rejects"));
    }
    // A check keeps no receipt, so it shows all of them.
    let findings: Vec<&FindingEntry> = receipt.findings.iter().filter(|finding| !finding.accepted).collect();
    let shown = if out.is_some() { FINDINGS_SHOWN } else { findings.len() };
    for (at, finding) in findings.iter().take(shown).enumerate() {
        let label = if at == 0 { "findings" } else { "" };
        say(label, format!("{}{}: {}", stamp_or_empty::before(finding.stamp.as_ref()), finding.code, finding.sentence));
        say("", format!("  remedy: {}", finding.remedy));
    }
    if findings.len() > shown {
        say("", format!("and {} more, in receipt.json", findings.len() - shown));
    }
    if findings.len() < receipt.findings.len() {
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        receipt
            .findings
            .iter()
            .filter(|finding| finding.accepted)
            .for_each(|finding| *codes.entry(finding.code).or_default() += 1);
        let codes: Vec<String> = codes.into_iter().map(|(code, count)| format!("{count} {code}")).collect();
        say("accepted", codes.join(", "));
    }
    for setting in &outcome.unused {
        say("unused", setting.clone());
    }
    for file in &outcome.overrides {
        say("what if", format!("{file} instead of the stamp's own snapshots"));
    }
    if let Some(why) = &receipt.full_run {
        say("full run", format!("everything was rebuilt: {why}"));
    }
    missing(receipt, true, &mut say);
    let forgotten: Vec<&str> = receipt.forgotten.iter().map(String::as_str).collect();
    for (at, names) in forgotten.chunks(NAMES_A_LINE).enumerate() {
        say(if at == 0 { "forgotten" } else { "" }, names.join(", "));
    }
    for (at, LeftEntry { stamp, run }) in receipt.left_as_published.iter().enumerate() {
        let run = run.map_or_else(String::new, |run| format!(", by run {run}"));
        say(if at == 0 { "left" } else { "" }, format!("{stamp} stays as it was published{run}"));
    }
    if let Some(out) = out.filter(|_| !outcome.changed.is_empty() || !outcome.rebilled.is_empty()) {
        let days = outcome.changed.values().map(BTreeSet::len).sum::<usize>() as i64;
        let stamps: Vec<&str> = outcome.changed.keys().map(Stamp::as_str).collect();
        let months: Vec<String> = outcome.rebilled.iter().map(Month::to_string).collect();
        let days = (days > 0).then(|| format!("{} of {}", counted(days, "published day"), stamps.join(", ")));
        let months = (!months.is_empty()).then(|| format!("statements of {}", months.join(", ")));
        let what: Vec<String> = days.into_iter().chain(months).collect();
        let what = what.join(" and ");
        if is_rehearsal {
            let mark = if outcome.changed.is_empty() { "" } else { ":" };
            say("changes", format!("{what} would change{mark}"));
            for (stamp, days) in outcome.changed.iter().take(CHANGED_SHOWN) {
                say("", format!("  {stamp} {}", ranges_of(days)));
            }
            if outcome.changed.len() > CHANGED_SHOWN {
                say("", format!("  and days of {} more stamps", outcome.changed.len() - CHANGED_SHOWN));
            }
        } else {
            say("changes", format!("{what} changed: see"));
            say("", format!("  stacktally changes --out {} --since {}", out.display(), receipt.generation));
        }
    }
    if !outcome.removed.is_empty() {
        let would = if is_rehearsal { " would go" } else { "" };
        let files = counted(outcome.removed.len() as i64, "file");
        say("removed", format!("{files} that the last run published{would}:"));
        outcome.removed.iter().take(REMOVED_SHOWN).for_each(|path| say("", format!("  {path}")));
        if outcome.removed.len() > REMOVED_SHOWN {
            say("", format!("  and {} more", outcome.removed.len() - REMOVED_SHOWN));
        }
    }
    match out {
        Some(out) if is_rehearsal => {
            let changed = receipt.published.iter().filter(|file| file.is_changed()).count() as i64;
            say("published", "nothing: this was a check".to_owned());
            say("", format!("a run would write {} in {}", counted(changed, "file"), out.display()));
        }
        Some(out) => say("published", format!("{} files in {}", receipt.published.len(), out.display())),
        None => say("published", "nothing: this was a check".to_owned()),
    }
    page.finish()
}

/// What `recover` did.
pub fn recovered(recovered: Recovered) -> String {
    match recovered {
        Recovered::Nothing => "nothing to recover\n".to_owned(),
        Recovered::Cleared => "nothing to recover: a run was cut short, and what it had staged is cleared\n".to_owned(),
        Recovered::RolledForward { generation, put, removed } => {
            format!("rolled generation {generation} forward: {put} files written, {removed} removed\n")
        }
    }
}

/// Which man pages were written.
pub fn man_pages(names: &[String], folder: &Path) -> String {
    format!("{} pages in {}: {}\n", names.len(), folder.display(), names.join(", "))
}

/// Which months were closed, and which objections were overridden.
pub fn closed(entries: &[ClosingEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let ClosingEntry { month, stamp, days, days_settled, days_before_stamp, .. } = entry;
        let forced = if entry.forced { ", by force" } else { "" };
        let before = match days_before_stamp {
            0 => String::new(),
            before => format!(" (the {} before its first reported window do not count)", counted(*before, "day")),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "closed {month} of {stamp}: {days_settled} of {} days are settled{before}{forced}",
            days - days_before_stamp
        );
        for Overridden { reason, sentence } in &entry.overridden {
            let _ = writeln!(text, "  overridden {reason}: {sentence}");
        }
        if let Some(reason) = entry.reason.as_deref().filter(|_| entry.forced) {
            let _ = writeln!(text, "  reason: {reason}");
        }
    }
    printable(&text)
}

/// Which months were reopened.
pub fn reopened(entries: &[ClosingEntry]) -> String {
    let line = |entry: &ClosingEntry| {
        format!("opened {} of {} again: the next run publishes it as its lines have it\n", entry.month, entry.stamp)
    };
    entries.iter().map(line).collect()
}

/// What a night job must see first: reported time that is missing, stamps that are overdue, exports that are gone.
/// Nothing where all is well.
fn problems(outcome: &Outcome, say: &mut impl FnMut(&str, String)) {
    let with_gaps: Vec<&ReportedTime> = outcome.times.iter().filter(|time| !time.missing.is_empty()).collect();
    for (at, time) in with_gaps.iter().take(STAMPS_SHOWN).enumerate() {
        let hours = reported::length_in_hours(time.hours_missing());
        let shown: Vec<String> = time.missing.iter().take(GAPS_SHOWN).map(gap).collect();
        let more = and_more(time.missing.len(), GAPS_SHOWN);
        say(if at == 0 { "gaps" } else { "" }, format!("{hours} of {}: {}{more}", time.stamp, shown.join(", ")));
    }
    if with_gaps.len() > STAMPS_SHOWN {
        say("", format!("and of {} more", counted((with_gaps.len() - STAMPS_SHOWN) as i64, "stamp")));
    }
    let is_overdue = |time: &&ReportedTime| outcome.is_overdue(&time.stamp);
    let overdue = outcome.times.iter().filter(is_overdue).filter_map(|time| Some((&time.stamp, time.next?.from)));
    // On one line, so that a root that ended years ago makes no noise.
    let overdue: Vec<String> = overdue.map(|(stamp, from)| format!("{stamp}, nothing after {from}")).collect();
    if !overdue.is_empty() {
        let more = and_more(overdue.len(), STAMPS_SHOWN);
        say("overdue", overdue[..overdue.len().min(STAMPS_SHOWN)].join("; ") + &more);
    }
    missing(&outcome.receipt, false, say);
}

/// A gap in the reported time; with the reason, unless it is that no export covers it.
fn gap((window, code): &(Window, FindingCode)) -> String {
    let why = if *code == FindingCode::WindowMissing { String::new() } else { format!(" ({code})") };
    format!("{}{why}", intervals(&[*window]))
}

fn and_more(count: usize, shown: usize) -> String {
    if count > shown { format!(" and {} more", count - shown) } else { String::new() }
}

/// The exports of the last run that are gone: those whose lines are gone with them, or those that still count.
fn missing(receipt: &Receipt, kept: bool, say: &mut impl FnMut(&str, String)) {
    let gone: Vec<&MissingEntry> = receipt.missing.iter().filter(|entry| entry.kept == kept).collect();
    if gone.is_empty() {
        return;
    }
    let count = counted(gone.len() as i64, "export");
    if kept {
        say("kept", format!("{count} gone from the root, counted by published lines (--keep-missing):"));
    } else {
        say("missing", format!("{count} that the last run counted, and this one does not (--forget):"));
    }
    for entry in gone.iter().take(MISSING_SHOWN) {
        say("", format!("  {}: {}", entry.folder, counted(entry.lines, "line")));
    }
    if gone.len() > MISSING_SHOWN {
        say("", format!("and {} more, in receipt.json", gone.len() - MISSING_SHOWN));
    }
}

/// A warning that exports are gone with their lines: nobody should learn that from a total alone.
pub fn lines_are_gone(receipt: &Receipt) -> Option<Error> {
    let is_typed = receipt.settings["forget"].as_array().is_some_and(|forget| forget.iter().any(|name| name == "all"));
    if receipt.forgotten.is_empty() && is_typed {
        let text = "--forget all: nothing is gone, so nothing was forgotten";
        return Some(
            Error::input(text).hint("leave it out: it is meant for one run, and would let everything vanish unasked"),
        );
    }
    let gone: Vec<&MissingEntry> = receipt.missing.iter().filter(|entry| !entry.kept).collect();
    if gone.is_empty() && !receipt.forgotten.is_empty() {
        let text = format!("forgotten, as --forget says: {}", receipt.forgotten.join(", "));
        return Some(Error::input(text).hint("if that was not meant, put them back and run again"));
    }
    let lines = counted(gone.iter().map(|entry| entry.lines).sum(), "line");
    let (exports, first) = (counted(gone.len() as i64, "export"), &gone.first()?.folder);
    let text = format!("no longer published, as --forget says: {lines} of {exports}, such as {first}");
    Some(Error::input(text).hint("if that was not meant, put them back and run again"))
}

/// Days as text, consecutive ones as one stretch: `2026-10-05 to 2026-10-07, 2026-10-09`.
fn ranges_of(days: &BTreeSet<Day>) -> String {
    let mut ranges: Vec<(Day, Day)> = Vec::new();
    for &day in days {
        match ranges.last_mut() {
            Some((_, last)) if last.next() == day => *last = day,
            _ => ranges.push((day, day)),
        }
    }
    let shown = |(first, last): &(Day, Day)| {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    };
    let more = ranges.len().saturating_sub(STRETCHES_SHOWN);
    let shown: Vec<String> = ranges.iter().take(STRETCHES_SHOWN).map(shown).collect();
    let more = if more > 0 { format!(" and {more} more stretches") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// How often each name occurs, ordered by name.
fn counts(names: impl Iterator<Item = &'static str>) -> Vec<Count> {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts.into_iter().map(|(name, count)| Count { name, count }).collect()
}

fn list(say: &mut impl FnMut(&str, String), label: &str, counts: &[Count]) {
    let width = counts.iter().map(|count| count.count.to_string().len()).max().unwrap_or(0);
    let shown = counts.iter().filter(|count| count.count > 0).enumerate();
    for (at, count) in shown {
        say(if at == 0 { label } else { "" }, format!("{:>width$} {}", count.count, count.name));
    }
}

/// An error with its causes and its hint, all other errors that ended the run, and the findings made before that.
pub fn failure(error: &Error) -> String {
    let others = error.beside.as_deref();
    let errors: Vec<&Error> =
        std::iter::once(error).chain(others.into_iter().flat_map(|others| &others.errors)).collect();
    let mut text = String::new();
    // Errors with one remedy are shown together, and the remedy once.
    let (mut kinds, mut rest) = (0, 0);
    for alike in errors.chunk_by(|a, b| a.hint == b.hint) {
        kinds += 1;
        if kinds > KINDS_SHOWN {
            rest += alike.len();
            continue;
        }
        alike.iter().take(ALIKE_SHOWN).for_each(|shown| text.push_str(&headed("error", shown)));
        if alike.len() > ALIKE_SHOWN {
            let _ = writeln!(
                text,
                "and {} more of the kind; `stacktally check --json` lists all",
                alike.len() - ALIKE_SHOWN
            );
        }
        text.push_str(&hinted(alike[0]));
    }
    if rest > 0 {
        let _ = writeln!(text, "and {rest} more errors; `stacktally check --json` lists all");
    }
    for Finding { stamp, code, sentence, remedy, .. } in others.into_iter().flat_map(|others| &others.findings) {
        let _ = writeln!(
            text,
            "\nfinding: {}{code}: {sentence}\n  remedy: {remedy}",
            stamp_or_empty::before(stamp.as_ref())
        );
    }
    printable(&text)
}

/// The text of a side task that failed; the run itself goes on.
pub fn warning(error: &Error) -> String {
    printable(&worded("warning", error))
}

fn worded(label: &str, error: &Error) -> String {
    headed(label, error) + &hinted(error)
}

fn headed(label: &str, error: &Error) -> String {
    let causes: String = error.causes().iter().map(|cause| format!(": {cause}")).collect();
    format!("{label}: {error}{causes}\n")
}

fn hinted(error: &Error) -> String {
    error.hint.as_ref().map_or(String::new(), |hint| format!("\nhint: {hint}\n"))
}
