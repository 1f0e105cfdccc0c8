//! What each culture prints is read: a test made from the table of cultures itself, so that none is forgotten.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _};
use stacktally::control::Control;
use stacktally::domain::culture::{HalfDay, half_day};
use stacktally::domain::ledger::LedgerRules;
use stacktally::domain::{Culture, DecimalMark};
use stacktally::read::{Export, Reading, StampFolder, gather};
use stacktally::store::InputFile;

use crate::support::{stamp_folder, tries};

/// A row of `cultures.tsv`.
struct Printed {
    name: &'static str,
    decimal: &'static str,
    date: &'static str,
    time: &'static str,
    time_short: &'static str,
    designators: [&'static str; 2],
    together: &'static str,
}

fn cultures() -> Vec<Printed> {
    let table = include_str!("../../src/domain/cultures.tsv");
    let row = |line: &'static str| match line.split('\t').collect::<Vec<_>>()[..] {
        [name, _, decimal, date, time, time_short, am, pm, together] => {
            Printed { name, decimal, date, time, time_short, designators: [am, pm], together }
        }
        _ => panic!("{line}: nine cells"),
    };
    table.lines().skip(2).map(row).collect()
}

impl Printed {
    /// A time by a pattern of the CLDR.
    fn by(&self, pattern: &str, time: NaiveDateTime) -> String {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(letter) = rest.chars().next() {
            if letter == '\'' {
                let (literal, after) = rest[1..].split_once('\'').expect("a quote is closed");
                text.push_str(literal);
                rest = after;
                continue;
            }
            let count = rest.chars().take_while(|other| *other == letter).count();
            rest = &rest[count * letter.len_utf8()..];
            let (half, hour) = time.hour12();
            let number = match letter {
                'y' if count == 2 => time.year() as u32 % 100,
                'y' => time.year() as u32,
                'M' => time.month(),
                'd' => time.day(),
                'H' => time.hour(),
                'h' => hour,
                'm' => time.minute(),
                's' => time.second(),
                'a' => {
                    text.push_str(self.designators[usize::from(half)]);
                    continue;
                }
                other => {
                    text.extend(std::iter::repeat_n(other, count));
                    continue;
                }
            };
            text.push_str(&format!("{number:0count$}"));
        }
        text
    }

    fn quantity(&self) -> &'static str {
        if self.decimal.starts_with(',') { "16,46" } else { "16.46" }
    }
}

/// Lines of a table as `day granularity hour quantity`, in the order of their rows.
fn read(name: &str, spans: &[[String; 2]], quantity: &str, reading: &Reading) -> Vec<String> {
    let rows: Vec<String> =
        spans.iter().map(|[start, end]| format!("SUB\tMETER\t{start}\t{end}\t{quantity}\t/u\r\n")).collect();
    let text =
        format!("subscription\tMeterId\tUsageStartTime\tUsageEndTime\tQuantity\tresourceUri\r\n{}", rows.concat());
    let folder = crate::support::tempdir().unwrap();
    let path = folder.path().join("usage.csv");
    std::fs::write(&path, &text).unwrap();
    let stamp: StampFolder = stamp_folder(vec![InputFile { name: "usage.csv".into(), path }]);
    let [Export { window: Some(_), .. }] = stamp.exports.as_slice() else { panic!("a window is said") };
    let lines = gather(&stamp, reading, LedgerRules::default(), &Control::silent())
        .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
    let rejects = &lines.exports[0].files[0].rejects;
    assert!(rejects.is_empty(), "{name}: {rejects:?}");
    let mut found = Vec::new();
    for day in lines.days.days() {
        for chunk in lines.days.take(day).unwrap().into_iter().map(|chunk| chunk.lines) {
            found.extend((0..chunk.len()).map(|at| {
                let slot = chunk.slot[at];
                (chunk.row[at], format!("{day} {} {:02} {}", slot.granularity(), slot.hour(), chunk.quantity[at]))
            }));
        }
    }
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

fn at(day: u32, hour: i64) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 10, day).unwrap().and_hms_opt(0, 0, 0).unwrap() + TimeDelta::hours(hour)
}

/// Hours of every kind: the first and the last of each half of the day.
const HOURS: [i64; 5] = [0, 11, 12, 13, 23];

#[test]
fn every_culture_reads_what_it_prints() {
    let (mut printed, part) = (0, tries(4, 1) as usize);
    for culture in cultures().into_iter().step_by(part) {
        let long_year = culture.date.replace("yy", "y");
        let two_digits = long_year.replace('y', "yy");
        let clocks = [culture.time, culture.time_short, "HH:mm:ss", "hh:mm:ss a"];
        let said = Culture::of(culture.name).unwrap_or_else(|| panic!("{} is known", culture.name));
        assert_eq!(said.decimal == DecimalMark::Comma, culture.decimal == ",", "{}", culture.name);
        // .NET puts a blank between date and time, others what the CLDR says.
        let together = BTreeSet::from(["{1} {0}", culture.together]);
        let dates = [&long_year, &two_digits].into_iter().flat_map(|date| clocks.map(|clock| (date, clock)));
        let forms = dates.flat_map(|(date, clock)| together.iter().map(move |together| (date, clock, together)));
        for (date, clock, together) in forms {
            let show = |time: NaiveDateTime| {
                let (date, clock) = (culture.by(date, time), culture.by(clock, time));
                together.replace("{1}", &date).replace("{0}", &clock)
            };
            let hourly: Vec<[String; 2]> = HOURS.map(|hour| [show(at(5, hour)), show(at(5, hour + 1))]).into();
            let daily: Vec<[String; 2]> = [4, 5].map(|day| [show(at(day, 0)), show(at(day, 24))]).into();
            // Where nobody says the culture, the window decides.
            let is_own = clock == culture.time || clock == culture.time_short;
            for culture_said in [Some(said), None].into_iter().filter(|said| said.is_some() || is_own) {
                let reading = Reading { culture: culture_said, ..Reading::default() };
                let name = format!("{} {date} {clock} {together} {}", culture.name, culture_said.is_some());
                let number = culture.quantity();
                let expected = HOURS.map(|hour| format!("2026-10-05 Hourly {hour:02} 16.46"));
                assert_eq!(read(&name, &hourly, number, &reading), expected, "{name}");
                let expected = ["2026-10-04 Daily 00 16.46", "2026-10-05 Daily 00 16.46"];
                assert_eq!(read(&name, &daily, number, &reading), expected, "{name}");
                printed += 2;
            }
        }
    }
    assert!(printed > 75 * 4 * 2 * 2 / part, "{printed} files");
}

/// What is before noon here is after it nowhere.
#[test]
fn halves_of_a_day_are_told_apart_over_all_cultures() {
    for culture in cultures() {
        let [morning, afternoon] = culture.designators;
        assert_eq!(half_day(morning), Some(HalfDay::Morning), "{}", culture.name);
        assert_eq!(half_day(afternoon), Some(HalfDay::Afternoon), "{}", culture.name);
    }
    for (text, half) in [
        ("AM", Some(HalfDay::Morning)),
        ("a. m.", Some(HalfDay::Morning)),
        ("P.\u{202f}M.", Some(HalfDay::Afternoon)),
        ("p.\u{a0}m.", Some(HalfDay::Afternoon)),
        ("午後", Some(HalfDay::Afternoon)),
        ("ÖÖ", Some(HalfDay::Morning)),
        ("noon", None),
        ("", None),
        (".", None),
    ] {
        assert_eq!(half_day(text), half, "{text}");
    }
}
