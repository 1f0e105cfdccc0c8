//! How complete days are, readable at a glance: one line for each month, two characters for each day.
//!
//! ```text
//! north       1       5         10        15        20        25        30
//! 2026-10     . . . . # # # # # # # # #*# # ! ! # o o . . . . . . . . . . .
//! closed      2026-09
//! forced      2026-09 days_not_settled
//! ```

use std::collections::{BTreeMap, BTreeSet};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::layout::{Page, Width};
use crate::domain::coverage::{self, CoverageRow, DayState, MonthCoverage, intervals};
use crate::domain::finding::FindingCode;
use crate::domain::{Day, Month, Stamp, Window};
use crate::publication::ClosingEntry;

const LABEL: usize = 10;
/// Columns for a day.
const DAY: usize = 2;
/// The most days in a month.
const DAYS: usize = 31;
/// Days on a line where a whole month does not fit.
const HALF: usize = 15;
/// Days listed behind a finding.
const DAYS_SHOWN: usize = 6;

/// One calendar for each stamp, with its closed months, what is missing and what was found below it.
pub fn text(rows: &[CoverageRow], closed: Option<&[ClosingEntry]>, width: Width) -> String {
    let mut stamps: BTreeMap<Stamp, (&[CoverageRow], Vec<&ClosingEntry>)> = BTreeMap::new();
    for rows in rows.chunk_by(|a, b| a.stamp == b.stamp) {
        stamps.entry(rows[0].stamp.clone()).or_default().0 = rows;
    }
    // A closed month is shown even where it has no day left.
    for entry in closed.unwrap_or_default() {
        stamps.entry(entry.stamp.clone()).or_default().1.push(entry);
    }
    if stamps.is_empty() {
        return "no stamp has a day of usage\n".to_owned();
    }
    let mut page = Page::new(width);
    for (stamp, (rows, closed)) in &stamps {
        write_stamp(&mut page, stamp, rows, closed);
    }
    let mut legend: Vec<String> =
        DayState::ALL.into_iter().rev().map(|state| format!("{} {state}", styled(state))).collect();
    legend.extend([". no usage reported", "* see findings"].map(str::to_owned));
    page.flow(0, 0, &legend, 3);
    page.finish()
}

fn write_stamp(page: &mut Page, stamp: &Stamp, rows: &[CoverageRow], closed: &[&ClosingEntry]) {
    let is_first = |day: usize| day == 1 || day == HALF + 1 && !is_wide(page);
    let number =
        |day: usize| if is_first(day) || day.is_multiple_of(5) { format!("{day:<DAY$}") } else { " ".repeat(DAY) };
    let numbers: Vec<String> = (1..=DAYS).map(number).collect();
    let mut label = stamp.as_str();
    if label.len() > LABEL {
        page.line(label);
        label = "";
    }
    write_days(page, label, &numbers);
    let days: BTreeMap<Day, &CoverageRow> = rows.iter().map(|row| (row.coverage.day, row)).collect();
    let months: BTreeSet<Month> = days.keys().map(|day| day.month()).collect();
    for month in months {
        let cell = |day: Day| match days.get(&day) {
            None => ". ".to_owned(),
            Some(row) => format!("{}{}", styled(row.coverage.state), if row.findings.is_empty() { ' ' } else { '*' }),
        };
        let cells: Vec<String> = month.days().map(cell).collect();
        write_days(page, &month.to_string(), &cells);
    }
    if !closed.is_empty() {
        let months: Vec<String> = closed.iter().map(|entry| entry.month.to_string()).collect();
        page.entry(0, "closed", LABEL, &months.join(" "));
    }
    for (at, entry) in closed.iter().filter(|entry| entry.forced).enumerate() {
        let (label, why) = (if at == 0 { "forced" } else { "" }, entry.reasons().join(" "));
        page.entry(0, label, LABEL, &format!("{} {why}", entry.month));
    }
    for (at, gap) in gaps(rows).into_iter().enumerate() {
        page.entry(0, if at == 0 { "missing" } else { "" }, LABEL, &intervals(&[gap]));
    }
    for (code, days) in findings(rows) {
        let more =
            if days.len() > DAYS_SHOWN { format!(" and {} more days", days.len() - DAYS_SHOWN) } else { String::new() };
        let days: Vec<String> = days.iter().take(DAYS_SHOWN).map(Day::to_string).collect();
        page.entry(0, "finding", LABEL, &format!("{code} {}{more}", days.join(" ")));
    }
    page.gap();
}

/// The days of a month after a label: on one line, or on two where the terminal is narrow.
fn write_days(page: &mut Page, label: &str, cells: &[String]) {
    let (first, second) = cells.split_at(if is_wide(page) { cells.len() } else { HALF });
    page.line(&format!("{label:<LABEL$}  {}", first.concat()));
    if !second.is_empty() {
        page.line(&format!("{:<LABEL$}  {}", "", second.concat()));
    }
}

/// Whether a whole month fits on a line.
fn is_wide(page: &Page) -> bool {
    LABEL + 2 + DAYS * DAY <= page.width().columns()
}

/// The letter of a state, in its colour.
fn styled(state: DayState) -> String {
    let (letter, colour) = match state {
        DayState::Settled => ('#', AnsiColor::Green),
        DayState::Open => ('o', AnsiColor::Yellow),
        DayState::Partial => ('!', AnsiColor::Red),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let style = if state == DayState::Partial { style.bold().invert() } else { style };
    format!("{style}{letter}{style:#}")
}

/// Reported time that is missing from partial days; adjacent gaps are joined.
fn gaps(rows: &[CoverageRow]) -> Vec<Window> {
    let mut gaps: Vec<Window> = Vec::new();
    for row in rows.iter().filter(|row| row.coverage.state == DayState::Partial) {
        let day = Window { start: row.coverage.day.start(), end: row.coverage.day.end() };
        for missing in row.coverage.missing.iter().filter(|missing| missing.overlaps(day)) {
            let gap = Window { start: missing.start.max(day.start), end: missing.end.min(day.end) };
            match gaps.last_mut().filter(|last| last.end == gap.start) {
                Some(last) => last.end = gap.end,
                None => gaps.push(gap),
            }
        }
    }
    gaps
}

fn findings(rows: &[CoverageRow]) -> BTreeMap<FindingCode, Vec<Day>> {
    let mut found: BTreeMap<FindingCode, Vec<Day>> = BTreeMap::new();
    for row in rows {
        for &code in &row.findings {
            found.entry(code).or_default().push(row.coverage.day);
        }
    }
    found
}

/// The rows of `coverage` and `coverage_months`, with the names of their columns; and the closed months, where they
/// are known.
pub fn json(rows: &[CoverageRow], closed: Option<&[ClosingEntry]>) -> String {
    let filled = |text: String| if text.is_empty() { Value::Null } else { text.into() };
    let day = |row: &CoverageRow| {
        json!({
            "stamp": row.stamp.as_str(),
            "usage_date": row.coverage.day.to_string(),
            "state": row.coverage.state.as_str(),
            "windows_loaded": row.coverage.windows.len(),
            "loaded": filled(intervals(&row.coverage.windows)),
            "missing": filled(intervals(&row.coverage.missing)),
            "line_count": row.lines,
            "findings": row.findings.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
        })
    };
    let month = |row: &MonthCoverage| {
        let [days, settled, open, partial] = row.counts();
        json!({
            "stamp": row.stamp.as_str(),
            "month": row.month.to_string(),
            "days": days,
            "days_settled": settled,
            "days_open": open,
            "days_partial": partial,
            "closed": closed.map(|all| all.iter().any(|one| (&one.stamp, one.month) == (&row.stamp, row.month))),
        })
    };
    let closing = |entry: &ClosingEntry| {
        json!({
            "stamp": entry.stamp.as_str(),
            "month": entry.month.to_string(),
            "run": entry.run,
            "at": entry.at,
            "days": entry.days,
            "days_settled": entry.days_settled,
            "days_before_stamp": entry.days_before_stamp,
            "forced": entry.forced,
            "overridden": entry.overridden,
            "reason": entry.reason,
        })
    };
    let mut all = json!({
        "coverage": rows.iter().map(day).collect::<Vec<_>>(),
        "coverage_months": coverage::months(rows).iter().map(month).collect::<Vec<_>>(),
    });
    if let Some(closed) = closed {
        all["closed"] = closed.iter().map(closing).collect();
    }
    format!("{all:#}\n")
}
