//! Tables made by hand, as spreadsheets and people save them: the same values whatever they look like, or refused with both
//! readings named.

use std::fmt::Write;

use stacktally::domain::price::Terms;
use stacktally::domain::{Culture, Day};
use stacktally::error::{Error, Result};
use stacktally::read::{PriceContent, Reading, read_exchange_rates, read_meters, read_names, read_prices};
use stacktally::store::InputFile;

use crate::support::{BILLED_A, TENANT_A, TestRoot, VM_HOURS, WINDOWS_HOURS};

/// Reads such a file as it lies in a root, with a culture or none.
fn read<T>(name: &str, bytes: &[u8], culture: &str, read: fn(&InputFile, &Reading) -> Result<T>) -> Result<T> {
    let root = TestRoot::empty();
    root.file(name, bytes);
    let file = InputFile { name: name.to_owned(), path: root.root().join(name) };
    read(&file, &Reading { culture: Culture::of(culture), ..Reading::default() })
}

/// All that is said of a refusal: places and messages, then the hint of the first.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    for other in error.beside.iter().flat_map(|beside| &beside.errors) {
        let _ = write!(text, "\n{other}");
    }
    format!("{text}\nhint: {}", error.hint.as_deref().unwrap_or_default())
}

/// Entries as `price/per/discount from to tier unit note`.
fn prices(bytes: &[u8], culture: &str) -> std::result::Result<Vec<String>, String> {
    let file = read("prices.csv", bytes, culture, read_prices).map_err(|error| said(&error))?;
    let PriceContent::Entries(entries) = file.content else { panic!("a table is no rate card") };
    let day = |date: Option<Day>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let shown = |entry: stacktally::domain::PriceEntry| {
        let terms = match entry.terms {
            Terms::Price(price) => {
                format!("{}/{}/{} {}", price.price, price.per, price.discount_percent, price.currency)
            }
            Terms::NotBillable => "never".to_owned(),
        };
        let note = entry.note.unwrap_or_default();
        format!("{terms} {} {} {} row {} {note}", day(entry.from), day(entry.to), entry.tier_from, entry.row)
    };
    Ok(entries.into_iter().map(shown).collect())
}

const HEADER: &str =
    "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note";

/// A price book of one row, said in many ways.
#[test]
fn a_price_reads_the_same_however_it_is_saved() {
    let unit = "Virtual core hours";
    let want = ["0.05/1/0 EUR 2026-10-01 - 0 row 2 "];
    let row = format!("{WINDOWS_HOURS},0.05,1,{unit},EUR,2026-10-01");
    let utf_16 = |text: &str| -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    for (what, bytes) in [
        ("as documented", format!("{HEADER}\n{row},,,,,,\n").into_bytes()),
        ("columns without a name behind", format!("{HEADER},,\r\n{row},,,all,,,,,\r\n").into_bytes()),
        ("dropped cells", format!("{HEADER}\n{row}\n").into_bytes()),
        ("more empty cells than columns", format!("{HEADER}\n{row},,,,,,,,,,\n").into_bytes()),
        ("rows of nothing", format!("{HEADER}\n{row},,,,,,\n,,,,,,,,,,,\n , ,\n\n").into_bytes()),
        (
            "semicolons, decimal comma",
            format!("{};;\n{}\n", HEADER.replace(',', ";"), row.replace(',', ";").replace("0.05", "0,05")).into_bytes(),
        ),
        ("tabs", format!("{}\n{}\n", HEADER.replace(',', "\t"), row.replace(',', "\t")).into_bytes()),
        ("a byte order mark", format!("\u{feff}{HEADER}\n{row}\n").into_bytes()),
        ("UTF-16 text of Excel", utf_16(&format!("{}\r\n{}\r\n", HEADER.replace(',', "\t"), row.replace(',', "\t")))),
        (
            "other case, blanks",
            format!("{}\n{row}\n", HEADER.to_uppercase().replace('_', " ").replace(',', " , ")).into_bytes(),
        ),
        ("dashes", format!("{}\n{row}\n", HEADER.replace('_', "-")).into_bytes()),
        ("no blanks at all", format!("{}\n{row}\n", HEADER.replace('_', "")).into_bytes()),
        (
            "everything quoted",
            format!(
                "\"{}\"\n\"{}\"\n",
                HEADER.replace(',', "\",\""),
                row.replace(',', "\",\"").replace("0.05", "0,05")
            )
            .into_bytes(),
        ),
        ("blanks around values", format!("{HEADER}\n{}\n", row.replace(',', "\u{a0},  ")).into_bytes()),
        ("day first for certain", format!("{HEADER}\n{}\n", row.replace("2026-10-01", "01.10.2026")).into_bytes()),
        ("with a midnight", format!("{HEADER}\n{}\n", row.replace("2026-10-01", "2026-10-01 00:00:00")).into_bytes()),
        (
            "with a midnight of Germany",
            format!("{HEADER}\n{}\n", row.replace("2026-10-01", "01.10.2026 00:00")).into_bytes(),
        ),
        ("year first", format!("{HEADER}\n{}\n", row.replace("2026-10-01", "2026/10/01")).into_bytes()),
    ] {
        assert_eq!(prices(&bytes, "").as_deref(), Ok(&want.map(str::to_owned)[..]), "{what}");
    }
    // Excel says its delimiter in a line of its own, so that rows stand one lower.
    let text = format!("sep=;\r\n{}\r\n{}\r\n", HEADER.replace(',', ";"), row.replace(',', ";"));
    assert_eq!(prices(text.as_bytes(), "").unwrap(), ["0.05/1/0 EUR 2026-10-01 - 0 row 3 "]);
}

/// Numbers of a table: `price`, `per`, `tier_from` and `discount_percent` of two rows, and what they are.
#[test]
fn decimals_are_decided_over_the_whole_table() {
    let read = |culture: &str, rows: [[&str; 4]; 2]| {
        let mut text = "meter_id;price;per;tier_from;discount_percent;unit;currency\n".to_owned();
        for [price, per, tier, discount] in rows {
            let _ = writeln!(text, "{WINDOWS_HOURS};{price};{per};{tier};{discount};Virtual core hours;EUR");
        }
        prices(text.as_bytes(), culture)
    };
    for (culture, rows, want) in [
        ("", [["0,05", "1", "", ""], ["0,04", "1", "100", "12,5"]], ["0.05/1/0", "0.04/1/12.5"]),
        ("", [["0.05", "1", "", ""], ["1.234", "1", "", ""]], ["0.05/1/0", "1.234/1/0"]),
        // A comma between thousands would have to be followed by three digits.
        ("", [["0,05", "1", "", ""], ["1,234", "1", "", ""]], ["0.05/1/0", "1.234/1/0"]),
        ("", [["1.234,5", "1", "", ""], ["0,5", "720", "", ""]], ["1234.5/1/0", "0.5/720/0"]),
        ("", [["1,234.5", "1", "", ""], ["0.5", "720", "", ""]], ["1234.5/1/0", "0.5/720/0"]),
        ("", [["1,234,567", "1", "", ""], ["0.5", "1", "", ""]], ["1234567/1/0", "0.5/1/0"]),
        ("de-DE", [["1,234", "1", "", ""], ["2", "1", "", ""]], ["1.234/1/0", "2/1/0"]),
        ("de-DE", [["0.05", "1", "", ""], ["1.234", "1", "", ""]], ["0.05/1/0", "1.234/1/0"]),
        ("en-US", [["1.234", "1", "", ""], ["2", "1", "", ""]], ["1.234/1/0", "2/1/0"]),
        ("", [["5E-2", "1", "", ""], ["2,5E-2", "1", "", ""]], ["0.05/1/0", "0.025/1/0"]),
    ] {
        let got = read(culture, rows).unwrap_or_else(|error| panic!("{rows:?}: {error}"));
        let got: Vec<&str> = got.iter().filter_map(|row| row.split(' ').next()).collect();
        assert_eq!(got, want, "{culture} {rows:?}");
    }
    for (culture, rows, places, message) in [
        ("", [["1,234", "1", "", ""], ["2", "1", "", ""]], &[2][..], "price \"1,234\" may be 1.234 or 1234"),
        ("", [["2", "1", "1,000", ""], ["3,000", "1", "", ""]], &[2, 3], "tier_from \"1,000\" may be 1.000 or 1000"),
        ("de-DE", [["1.234", "1", "", ""], ["2", "1", "", ""]], &[2], "price \"1.234\" may be 1.234 or 1234"),
        ("en-US", [["1,234", "1", "", ""], ["2", "1", "", ""]], &[2], "price \"1,234\" may be 1.234 or 1234"),
        (
            "",
            [["0.05", "1", "", ""], ["0,04", "1", "", ""]],
            &[3],
            "price \"0,04\" has a comma, and \"0.05\" in row 2 a point",
        ),
        (
            "",
            [["0,05", "1", "1.000", ""], ["0,04", "1", "", ""]],
            &[2, 3],
            "price \"0,05\" has a comma, and \"1.000\" in row 2 a point",
        ),
        (
            "en-US",
            [["0,05", "1", "", ""], ["2", "1", "", ""]],
            &[2],
            "price \"0,05\" has a decimal comma, and the culture en-US has none",
        ),
        ("", [["1,2,3", "1", "", ""], ["x", "1", "", ""]], &[2, 3], "price \"1,2,3\" is no number"),
        ("", [["12,34.5", "1", "", ""], ["2", "1", "", ""]], &[2], "price \"12,34.5\" is no number"),
        ("", [["-0,5", "1", "", ""], ["2", "1", "", ""]], &[2], "price \"-0.5\" is below zero"),
    ] {
        let refused = read(culture, rows).expect_err(message);
        assert!(refused.starts_with(&format!("prices.csv:{}:1: {message}", places[0])), "{refused}");
        let lines: Vec<String> = refused
            .lines()
            .filter_map(|line| line.strip_prefix("prices.csv:"))
            .map(|place| place[..1].to_owned())
            .collect();
        assert_eq!(lines, places.iter().map(ToString::to_string).collect::<Vec<_>>(), "{refused}");
    }
}

/// Days of two rows, and what they are.
#[test]
fn days_are_decided_over_the_whole_table() {
    let read = |culture: &str, days: [&str; 2]| {
        let mut text = "meter_id,price,per,unit,currency,effective_from\n".to_owned();
        for day in days {
            let _ = writeln!(text, "{WINDOWS_HOURS},1,1,Virtual core hours,EUR,{day}");
        }
        let days = |rows: Vec<String>| -> Vec<String> {
            rows.iter().filter_map(|row| row.split(' ').nth(2).map(str::to_owned)).collect()
        };
        prices(text.as_bytes(), culture).map(days)
    };
    for (culture, days, want) in [
        ("", ["10/1/2026", "10/15/2026"], ["2026-10-01", "2026-10-15"]),
        ("", ["10/1/2026", "15/10/2026"], ["2026-01-10", "2026-10-15"]),
        ("en-US", ["10/1/2026", "11/1/2026"], ["2026-10-01", "2026-11-01"]),
        ("en-GB", ["10/1/2026", "11/1/2026"], ["2026-01-10", "2026-01-11"]),
        ("", ["10/10/2026", "1/1/2027"], ["2026-10-10", "2027-01-01"]),
        ("", ["01.10.2026", "2026-11-01"], ["2026-10-01", "2026-11-01"]),
        ("", ["10/1/2026 0:00", "10/31/2026 12:00:00 AM"], ["2026-10-01", "2026-10-31"]),
        ("", ["2026-10-01T00:00:00Z", "2026-10-02T00:00:00+00:00"], ["2026-10-01", "2026-10-02"]),
        ("", ["15-10-2026", "1-11-2026"], ["2026-10-15", "2026-11-01"]),
    ] {
        assert_eq!(read(culture, days).as_deref(), Ok(&want.map(str::to_owned)[..]), "{culture} {days:?}");
    }
    for (culture, days, message) in [
        ("", ["10/1/2026", "2026-11-01"], "2:1: effective_from \"10/1/2026\" may be 2026-01-10 or 2026-10-01"),
        // Points tell the day of their own date, and nothing of dates with strokes.
        ("", ["15.10.2026", "10/1/2026"], "3:1: effective_from \"10/1/2026\" may be 2026-01-10 or 2026-10-01"),
        (
            "",
            ["10/15/2026", "15/10/2026"],
            "2:1: effective_from \"10/15/2026\" begins with the month, and \"15/10/2026\" in row 3 with the day",
        ),
        (
            "en-US",
            ["15/10/2026", "1/10/2026"],
            "2:1: effective_from \"15/10/2026\" is a day only with the day first, and the culture en-US has it otherwise",
        ),
        ("", ["2026-10-01 06:00:00", ""], "2:1: effective_from \"2026-10-01 06:00:00\" is a time of day, and no day"),
        (
            "",
            ["2026-10-01T00:00:00+02:00", ""],
            "2:1: effective_from \"2026-10-01T00:00:00+02:00\" is a time of day, and no day",
        ),
        ("", ["46296", ""], "2:1: effective_from \"46296\" is a spreadsheet's number of a day"),
        ("", ["31.11.2026", ""], "2:1: effective_from \"31.11.2026\" is no day"),
        ("", ["Oct-26", ""], "2:1: effective_from \"Oct-26\" is no day"),
    ] {
        let refused = read(culture, days).expect_err(message);
        assert!(refused.starts_with(&format!("prices.csv:{message}")), "{refused}");
    }
}

/// Rows that do not fit their header are refused, all at once, each with its place.
#[test]
fn what_stands_where_no_column_is_named_is_refused() {
    let unit = "Virtual core hours";
    let row = format!("{WINDOWS_HOURS},0.05,1,{unit},EUR");
    for (text, message) in [
        (
            format!("meter_id,price,per,unit,currency,,\n{row},,x\n{row},\n{row},y,\n"),
            "prices.csv:2:1: \"x\" stands in column 7, which has no name\nprices.csv:4:1: \"y\" stands in column 6, which has no name\nhint: name the column in the first line, or empty the cell",
        ),
        (
            format!("meter_id,unit,currency,price,per\n{WINDOWS_HOURS},{unit},EUR,0,05,1\n"),
            "prices.csv:2:1: \"1\" stands in column 6, and the header has 5\nhint: empty the cell; or if a value before it holds what separates cells",
        ),
        (
            format!("meter_id,price,per,unit,currency,note\n{row}"),
            "prices.csv:2:1: the table ends within a row: 5 cells of 6\nhint: if the file was cut off, save it again; if the row is whole, end it with a line end",
        ),
        (
            format!("meter_id,price,per,unit,currency,Meter ID\n{row},\n"),
            "prices.csv:1:1: columns 1 and 6 are both called \"Meter ID\"\nhint: only one of them can be meant: export the table again, or delete the other",
        ),
        (
            format!("meter_id,prise,per,unit,currency\n{row}\n"),
            "prices.csv:1:1: no table of meter_id, price, per, unit, currency, effective_from, effective_to, tier_from, scope, scope_id, discount_percent, note: it lacks price\nhint: its first line names the columns, and names meter_id, prise, per, unit, currency here: name price there as well",
        ),
        (
            format!("meter_id,price,per,unit,currency,region,tiers\n{row},,\n"),
            "prices.csv:1:1: column 6 is called \"region\"\nprices.csv:1:1: column 7 is called \"tiers\"\nhint: the table has the columns meter_id",
        ),
    ] {
        let refused = prices(text.as_bytes(), "").expect_err(message);
        assert!(refused.starts_with(message), "{refused}");
    }
    // The hint followed: a line end.
    assert_eq!(prices(format!("meter_id,price,per,unit,currency,note\n{row}\n").as_bytes(), "").unwrap().len(), 1);
}

#[test]
fn names_read_the_same_however_they_are_saved() {
    let names = |text: &str| {
        let read = read("names.csv", text.as_bytes(), "", read_names).map_err(|error| said(&error));
        read.map(|(table, _)| table.names.into_iter().map(|(id, name)| format!("{id}={name}")).collect::<Vec<_>>())
    };
    let want = [format!("{TENANT_A}=Contoso, Ltd."), format!("{BILLED_A}=Müller & Söhne")];
    let mut want = want.to_vec();
    want.sort();
    let (tenant, braced) = (TENANT_A.to_uppercase(), format!("{{{TENANT_A}}}"));
    for text in [
        format!("id,name\n{TENANT_A},\"Contoso, Ltd.\"\n{BILLED_A},Müller & Söhne\n"),
        format!("id,name,,\r\n{TENANT_A},\"Contoso, Ltd.\",,\r\n{BILLED_A},Müller & Söhne,,\r\n"),
        format!("id;name\n{tenant};Contoso, Ltd.\n{BILLED_A};Müller & Söhne\n"),
        format!("ID\tName\n{TENANT_A}\tContoso, Ltd.\n{BILLED_A}\tMüller & Söhne"),
        format!("\u{feff}name,id\n\"Contoso, Ltd.\",{braced}\nMüller & Söhne,{BILLED_A}\n"),
        format!("sep=;\nid;name;\n{TENANT_A};Contoso, Ltd.\n;;\n{BILLED_A};Müller & Söhne;;;\n"),
        format!(" Id , Name \n {TENANT_A} , \"Contoso, Ltd.\"\n,\n{BILLED_A},\u{a0}Müller & Söhne \n")
            .replace(", \"", ",\""),
        format!("\"id\",\"name\"\n\"{TENANT_A}\",\"Contoso, Ltd.\"\n\"\",\"\"\n\"{BILLED_A}\",\"Müller & Söhne\"\n"),
    ] {
        assert_eq!(names(&text).as_ref(), Ok(&want), "{text}");
    }
    // A name that was dropped is empty, and what is wrong is said at once.
    assert_eq!(names(&format!("id,name\n{TENANT_A}\n")).unwrap(), [format!("{TENANT_A}=")]);
    let refused = names(&format!("id,name\n,x\n{TENANT_A},y\n{tenant},z\n")).unwrap_err();
    assert_eq!(
        refused,
        format!(
            "names.csv:2:1: a row without an id\nnames.csv:4:1: {tenant} stands in the table twice\nhint: fill in the id, or delete the row"
        )
    );
}

#[test]
fn meters_read_the_same_however_they_are_saved() {
    let meters = |text: &str| {
        let (rows, _) =
            read("meters.csv", text.as_bytes(), "", read_meters).unwrap_or_else(|error| panic!("{}", said(&error)));
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        rows.iter()
            .map(|row| format!("{} {} {} {}", row.meter, shown(&row.meter_name), shown(&row.unit), shown(&row.service)))
            .collect::<Vec<_>>()
    };
    let want = [format!("{VM_HOURS} Size hours; all VM hours -"), "own-tier - - -".to_owned()];
    for text in [
        format!("meter_id,meter_name,unit\n{VM_HOURS},Size hours; all,VM hours\nown-tier,,\n"),
        format!("meter_id,meter_name,unit,,,\n{VM_HOURS},Size hours; all,VM hours,,,\nown-tier,,,,,\n"),
        format!("meter_id,meter_name,unit,service\n{VM_HOURS},Size hours; all,VM hours\nown-tier\n"),
        format!("meter_id;meter_name;unit\n{VM_HOURS};\"Size hours; all\";VM hours\nown-tier;;\n"),
        format!("Meter ID\tMeter Name\tUnit\tDescription\n{VM_HOURS}\tSize hours; all\tVM hours\nOWN-TIER\t\t\t\n"),
        format!("MeterId,MeterName,Unit\n{},Size hours; all,VM hours\n\n,,\nown-tier\n", VM_HOURS.to_uppercase()),
        format!("\u{feff}unit,meter-name,meter-id,\nVM hours,Size hours; all,{VM_HOURS},\n,,own-tier,\n"),
        format!(
            "\r\n\"meter_id\",\"meter_name\",\"unit\"\r\n\"{VM_HOURS}\",\"Size hours; all\",\"VM hours\"\r\n\"own-tier\"\r\n"
        ),
    ] {
        assert_eq!(meters(&text), want, "{text}");
    }
}

#[test]
fn exchange_rates_read_the_same_however_they_are_saved() {
    let rates = |text: &str, culture: &str| {
        let read =
            read("exchange-rates.csv", text.as_bytes(), culture, read_exchange_rates).map_err(|error| said(&error));
        read.map(|(rates, _)| {
            let shown = |((month, from, to), rate): (
                &(stacktally::domain::Month, _, _),
                &stacktally::domain::money::ExchangeRate,
            )| {
                let (from, to): (&stacktally::domain::Currency, &stacktally::domain::Currency) = (from, to);
                format!("{month} {from} {to} {rate}")
            };
            rates.iter().map(shown).collect::<Vec<_>>()
        })
    };
    let want = ["2026-10 USD EUR 0.92".to_owned(), "2026-11 USD EUR 0.915".to_owned()];
    for (text, culture) in [
        ("month,from,to,rate\n2026-10,USD,EUR,0.92\n2026-11,USD,EUR,0.915\n", ""),
        ("month,from,to,rate,,\r\n2026-10,USD,EUR,0.92,,\r\n,,,,,\r\n2026-11,USD,EUR,0.915,,\r\n", ""),
        ("month;from;to;rate\n2026-10;USD;EUR;0,92\n2026-11;USD;EUR;0,915\n", ""),
        ("Month\tFrom\tTo\tRate\n10/2026\tUSD\tEUR\t0.92\n11/2026\tUSD\tEUR\t0.915\n", ""),
        ("\u{feff}month;from;to;rate;\n01.10.2026;USD;EUR;0,92;\n01.11.2026;USD;EUR;0,915;\n", ""),
        ("rate,to,from,month\n0.92,EUR,USD,2026-10-01\n0.915,eur,usd,2026-11-01 00:00\n", ""),
        // The first of a month for certain: the tenth of January is none.
        ("month,from,to,rate\n10/1/2026,USD,EUR,0.92\n11/1/2026,USD,EUR,0.915\n", ""),
        ("month,from,to,rate\n1/10/2026,USD,EUR,0.92\n1/11/2026 0:00,USD,EUR,0.915\n", "en-GB"),
        ("sep=,\nmonth,from,to,rate\n2026/10,USD,EUR,\"0,92\"\n2026-11,USD,EUR,\"0,915\"\n", ""),
        (
            "MONTH,FROM,TO,RATE\n\"10.2026\",USD,EUR,0.92\n \"11-2026\" ,USD,EUR,0.915\n"
                .replace(" \"11-2026\" ", "11-2026")
                .as_str(),
            "",
        ),
    ] {
        assert_eq!(rates(text, culture).as_deref(), Ok(&want[..]), "{text}");
    }
    for (month, message) in [
        ("15.10.2026", "month \"15.10.2026\" is a day within a month, and no month"),
        ("Oct-26", "month \"Oct-26\" is no month"),
        ("46296", "month \"46296\" is no month"),
        ("2026-13", "month \"2026-13\" is no month"),
        ("10/26", "month \"10/26\" is no month"),
        ("", "`month` is empty"),
    ] {
        let refused = rates(&format!("month,from,to,rate\n{month},USD,EUR,0.9\n"), "").expect_err(message);
        assert!(refused.starts_with(&format!("exchange-rates.csv:2:1: {message}")), "{refused}");
        assert!(refused.contains("2026-10"), "{refused}");
    }
    // Both orders in one table, and an order that the culture contradicts.
    let mixed = rates("month,from,to,rate\n10/1/2026,USD,EUR,0.9\n1/11/2026,USD,EUR,0.9\n", "").unwrap_err();
    assert!(
        mixed.starts_with(
            "exchange-rates.csv:2:1: month \"10/1/2026\" begins with the month, and \"1/11/2026\" in row 3 with the day"
        ),
        "{mixed}"
    );
    let other = rates("month,from,to,rate\n10/1/2026,USD,EUR,0.9\n", "de-DE").unwrap_err();
    assert!(
        other.starts_with(
            "exchange-rates.csv:2:1: month \"10/1/2026\" is a day only with the month first, and the culture de-DE"
        ),
        "{other}"
    );
}
