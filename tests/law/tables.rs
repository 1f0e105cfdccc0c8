//! Tables are read the same by what their rows were before, cell by cell, and in pieces.

use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};

use super::readers::agree;
use crate::support::{SUB_A, SUB_B, VM_HOURS, WINDOWS_HOURS, tries};

/// Headers with their columns in another order, and one with other columns of the same number.
const HEADERS: [&[&str]; 4] = [
    &["UsageStartTime", "UsageEndTime", "MeterName", "Quantity", "tags", "MeterId", "subscription", "resourceUri"],
    &["UsageEndTime", "UsageStartTime", "MeterName", "Quantity", "tags", "MeterId", "subscription", "resourceUri"],
    &["subscription", "MeterId", "resourceUri", "tags", "UsageStartTime", "MeterName", "UsageEndTime", "Quantity"],
    &["Id", "SubscriptionId", "UsageStartTime", "UsageEndTime", "Quantity", "MeterId", "InstanceData", "tags"],
];

#[derive(Clone, Debug)]
struct Row {
    user: &'static str,
    meter: usize,
    resource: &'static str,
    tags: &'static str,
    hour: usize,
    times: &'static str,
    quantity: String,
    odd: usize,
}

fn row() -> impl Strategy<Value = Row> {
    let quantity = prop_oneof![
        20 => "[0-9]{1,2}\\.[0-9]{1,3}",
        3 => prop::sample::select(vec!["2", " 2 ", "1E-3"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", " ", "-1", "x", "2,5", "1\"2", "2\r", "2\n", "+1"]).prop_map(str::to_owned),
    ];
    let tags = prop_oneof![6 => Just(""), 1 => prop::sample::select(vec!["{\"a\":1}", "a,b;c", "x\ny", "?", "null"])];
    let times = prop_oneof![40 => Just("iso"), 1 => prop::sample::select(vec!["us", "none", "half", "local"])];
    let user = prop_oneof![20 => prop::sample::select(vec![SUB_A, SUB_B]), 1 => Just("")];
    let resource = prop::sample::select(vec!["/a", "/b", "/b?"]);
    let odd = prop_oneof![30 => Just(0), 1 => 1_usize..8];
    (user, 0..2_usize, resource, tags, 0..4_usize, times, quantity, odd).prop_map(
        |(user, meter, resource, tags, hour, times, quantity, odd)| Row {
            user,
            meter,
            resource,
            tags,
            hour,
            times,
            quantity,
            odd,
        },
    )
}

/// How a table writes its cells.
#[derive(Clone, Copy, Debug)]
struct Style {
    header: usize,
    delimiter: char,
    /// 0: all cells in quotes; 1: where they have to be; 2: those of every other column.
    quotes: usize,
    line_end: &'static str,
    is_whole: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let delimiter = prop_oneof![6 => Just(','), 2 => Just(';'), 1 => Just('\t')];
    (0..HEADERS.len(), delimiter, 0..3_usize, prop::sample::select(vec!["\n", "\r\n"]), prop::bool::weighted(0.8))
        .prop_map(|(header, delimiter, quotes, line_end, is_whole)| Style {
            header,
            delimiter,
            quotes,
            line_end,
            is_whole,
        })
}

impl Row {
    fn cell(&self, column: &str) -> String {
        let [start, end] = match self.times {
            "us" => [format!("10/5/2026 {}:00:00 AM", self.hour + 1), format!("10/5/2026 {}:00:00 AM", self.hour + 2)],
            "none" => [String::new(), String::new()],
            "half" => [format!("2026-10-05T0{}:30:00Z", self.hour), format!("2026-10-05T0{}:30:00Z", self.hour + 1)],
            "local" => [format!("2026-10-05T0{}:00:00", self.hour), format!("2026-10-05T0{}:00:00", self.hour + 1)],
            _ => [0, 1].map(|more| format!("2026-10-05T0{}:00:00+00:00", self.hour + more)),
        };
        match column {
            "UsageStartTime" => start,
            "UsageEndTime" => end,
            "Quantity" => self.quantity.clone(),
            "subscription" | "SubscriptionId" => self.user.to_owned(),
            "MeterId" => [VM_HOURS, WINDOWS_HOURS][self.meter].to_owned(),
            "resourceUri" => self.resource.to_owned(),
            "InstanceData" => format!("{{\"Microsoft.Resources\":{{\"resourceUri\":\"{}\"}}}}", self.resource),
            "tags" => self.tags.to_owned(),
            _ => String::new(),
        }
    }

    fn written(&self, style: Style) -> String {
        let Style { header, delimiter, quotes, line_end, .. } = style;
        let written = |(at, column): (usize, &&str)| {
            let text = self.cell(column);
            let must = text.contains([delimiter, '"', '\n', '\r']);
            if quotes == 0 || must || quotes == 2 && at % 2 == 0 {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text
            }
        };
        let mut cells: Vec<String> = HEADERS[header].iter().enumerate().map(written).collect();
        match self.odd {
            1 => cells.push("more".to_owned()),
            2 => _ = cells.pop(),
            3 => cells[0].push_str("behind"),
            4 => return HEADERS[header].join(&delimiter.to_string()) + line_end,
            5 => return line_end.to_owned(),
            6 => cells[0].insert(0, '\u{feff}'),
            7 => cells[1] = "\"never closed".to_owned(),
            _ => {}
        }
        cells.join(&delimiter.to_string()) + line_end
    }
}

/// A table of rows that come again and again, in much the same order.
fn table() -> impl Strategy<Value = String> {
    let rows = prop::collection::vec(row(), 1..6);
    let order = prop::collection::vec((0_usize..6, 1_usize..4), 1..20);
    let hours = prop::collection::vec(0_usize..4, 80);
    (style(), rows, order, hours).prop_map(|(style, rows, order, hours)| {
        let header = HEADERS[style.header].join(&style.delimiter.to_string()) + style.line_end;
        let again = order.into_iter().flat_map(|(from, times)| (0..times).map(move |more| from + more));
        let text = again.zip(hours).map(|(at, hour)| {
            // What is odd about a row is so once; later it comes without.
            let row = Row { hour, ..rows[at % rows.len()].clone() };
            if hour > 0 { Row { odd: 0, ..row }.written(style) } else { row.written(style) }
        });
        let text = header + &text.collect::<String>();
        let cut = if style.is_whole { text.len() } else { text.floor_char_boundary(text.len() - 1) };
        text[..cut].to_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(60, 2000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_are_read_as_their_twin_reads_them(tables in prop::collection::vec(table(), 1..4)) {
        let folder = crate::support::tempdir().unwrap();
        agree(folder.path(), &tables);
    }

    /// A header decides what the same rows mean.
    #[test]
    fn a_row_means_what_its_header_says(rows in prop::collection::vec(row(), 1..8), style in style()) {
        let text = |header: usize| {
            let style = Style { header, ..style };
            let rows: String = rows.iter().map(|row| row.written(Style { header: 0, ..style })).collect();
            HEADERS[header].join(&style.delimiter.to_string()) + style.line_end + &rows + &rows
        };
        let folder = crate::support::tempdir().unwrap();
        agree(folder.path(), &[text(0), text(1), text(0)]);
    }
}

/// Rows that are set aside decide nothing about the others, also where a table has to be read in order.
#[test]
fn a_first_row_that_comes_again_decides_nothing() {
    let row = |times: [&str; 2], quantity: &str| {
        format!("\"{}\",\"{}\",\"\",\"{quantity}\",\"\",\"{VM_HOURS}\",\"{SUB_A}\",\"/a\"\n", times[0], times[1])
    };
    let set_aside = row(["", ""], "2,5");
    let good = row(["2026-10-05T00:00:00Z", "2026-10-05T01:00:00Z"], "0.5");
    let local = row(["10/5/2026 1:00:00 AM", "10/5/2026 2:00:00 AM"], "0.5");
    let header = HEADERS[0].join(",") + "\n";
    let folder = crate::support::tempdir().unwrap();
    agree(folder.path(), &[header.clone() + &set_aside.repeat(3) + &good]);
    agree(folder.path(), &[header.clone() + &good.repeat(2) + &set_aside + &local]);
    agree(folder.path(), &[header + &local.repeat(2) + &good]);
}
