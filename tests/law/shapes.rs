//! The shape does not matter: usage as a table, printed with any culture in any zone, is the usage of the pages.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::random_root::{DAYS, RandomLine, STAMPS, lay_out, lines, without_usage};
use crate::support::{TestRoot, files_below, table, tries};

/// How a machine prints: its culture, a date and time in chrono's words, a decimal comma, what stands between cells.
const CULTURES: [(&str, &str, bool, u8); 6] = [
    ("en-US", "%-m/%-d/%Y %-I:%M:%S %p", false, b','),
    ("de-DE", "%d.%m.%Y %H:%M:%S", true, b';'),
    ("en-GB", "%d/%m/%Y %H:%M:%S", false, b','),
    ("nl-NL", "%-d-%-m-%Y %H:%M:%S", true, b';'),
    ("sv-SE", "%Y-%m-%d %H:%M:%S", true, b';'),
    ("ja-JP", "%Y/%m/%d %-H:%M:%S", false, b'\t'),
];
const ZONES: [&str; 4] = ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland"];

fn printed(utc: &str, zone: &str, format: &str) -> String {
    let time = DateTime::parse_from_rfc3339(utc).unwrap().with_timezone(&Utc);
    time.with_timezone(&zone.parse::<chrono_tz::Tz>().unwrap()).format(format).to_string()
}

/// Lays the lines out as one table a window.
fn lay_out_tables(
    root: &TestRoot,
    lines: &[RandomLine],
    (_, format, comma, delimiter): (&str, &str, bool, u8),
    zone: &str,
) {
    for stamp in STAMPS {
        for day in DAYS {
            let mut writer = csv::WriterBuilder::new()
                .delimiter(delimiter)
                .quote_style(csv::QuoteStyle::Always)
                .terminator(csv::Terminator::CRLF)
                .from_writer(b"#TYPE Some.Type\r\n".to_vec());
            let header = [
                "resourceUri",
                "Quantity",
                "tags",
                "subscription",
                "UsageEndTime",
                "MeterId",
                "location",
                "UsageStartTime",
                "additionalInfo",
            ];
            writer.write_record(header).unwrap();
            for line in lines.iter().filter(|line| (line.stamp(), line.window()) == (stamp, day)).map(RandomLine::line)
            {
                let quantity = line.quantity.trim_matches('"');
                let quantity = if comma { quantity.replace('.', ",") } else { quantity.to_owned() };
                let (start, end) = (printed(&line.start, zone, format), printed(&line.end, zone, format));
                let [uri, location, tags, info] = line.parts();
                let row =
                    [&uri, &quantity, &tags, &line.user_subscription, &end, &line.meter, &location, &start, &info];
                writer.write_record(row).unwrap();
            }
            root.file(&format!("{stamp}/usage/{day}/UsageSummary.csv"), writer.into_inner().unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tries(2, 12)))]

    #[test]
    fn a_table_says_what_pages_say(lines in lines(), culture in 0..CULTURES.len(), zone in 0..ZONES.len()) {
        // Where decimals have a comma, a number with one is a number.
        let lines: Vec<RandomLine> = lines.into_iter().filter(|line| !line.quantity.contains(',')).collect();
        let (pages, tables) = (without_usage(), without_usage());
        lay_out(&pages, &lines, 1000, |at| format!("page-{at}.json"));
        lay_out_tables(&tables, &lines, CULTURES[culture], ZONES[zone]);
        let code = pages.run(&[]).code;
        tables.run(&["--culture", CULTURES[culture].0, "--source-time-zone", ZONES[zone]]).expect(code);
        let facts = |root: &TestRoot| {
            let mut files = files_below(&root.out());
            files.retain(|path, _| {
                !path.starts_with("lines/") && !path.contains("rejects") && !path.starts_with("history/exports")
            });
            (files, table(&root.out(), "rejects").len())
        };
        let (of_pages, of_tables) = (facts(&pages), facts(&tables));
        prop_assert_eq!(of_pages.1, of_tables.1);
        for (path, bytes) in &of_pages.0 {
            prop_assert!(of_tables.0.get(path) == Some(bytes), "{} differs", path);
        }
        prop_assert_eq!(of_pages.0.len(), of_tables.0.len());
    }
}
