//! Names in another spelling are read; what a file shows and nobody said is said.

use super::{Read, Refused, Right, check, csv, day, root_of};
use crate::support::{SUB_A, VM_HOURS, page, receipt};

#[test]
fn names_are_read_in_any_spelling() {
    let right: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    let times = ["2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z"];
    let flat = |names: [&str; 5]| {
        let [subscription, meter, start, end, quantity] = names;
        format!(
            "{{\"{subscription}\":\"{SUB_A}\",\"{meter}\":\"{VM_HOURS}\",\"{start}\":\"{}\",\"{end}\":\"{}\",\"{quantity}\":24.0}}",
            times[0], times[1]
        )
    };
    let snake = ["subscription_id", "meter_id", "usage_start_time", "usage_end_time", "quantity"];
    let table =
        |names: [&str; 5]| format!("{}\r\n{SUB_A},{VM_HOURS},{},{},24\r\n", names.join(","), times[0], times[1]);
    let camel = ["subscriptionId", "meterId", "usageStartTime", "usageEndTime", "quantity"];
    let shapes: [(&str, &str, String); 10] = [
        ("Python's rows", "a.json", format!("[{}]", flat(snake))),
        ("a row alone", "a.json", flat(snake)),
        ("nested", "a.json", format!("{{\"value\":[{{\"id\":\"x\",\"properties\":{}}}]}}", flat(snake))),
        (
            "a page with a next link in snake case",
            "a.json",
            format!("{{\"value\":[{{\"Properties\":{}}}],\"next_link\":null}}", flat(camel)),
        ),
        ("capitals", "a.json", format!("[{}]", flat(camel).to_uppercase().replace("ID\":\"5AB", "ID\":\"5ab"))),
        (
            "with blanks",
            "a.json",
            format!("[{}]", flat(["Subscription Id", "Meter Id", "Usage Start Time", "Usage End Time", "Quantity"])),
        ),
        ("a table in snake case", "a.csv", table(snake)),
        (
            "a table with blanks",
            "a.csv",
            table(["Subscription ID", "Meter ID", "Usage Start Time", "Usage End Time", "Quantity"]),
        ),
        (
            "a table with dashes",
            "a.csv",
            table(["subscription-id", "meter-id", "usage-start-time", "usage-end-time", "QUANTITY"]),
        ),
        ("a table in camel case", "a.csv", table(camel)),
    ];
    for (name, file, text) in shapes {
        check(name, &root_of(&[(&format!("2026-10-05/{file}"), text.as_bytes())]), &[], &right);
    }
    // Twice in two spellings is no line, and two such columns are no table.
    let twice = flat(snake).replacen('{', &format!("{{\"SubscriptionId\":\"{SUB_A}\","), 1);
    check(
        "twice",
        &root_of(&[("2026-10-05/a.json", format!("[{twice}]").as_bytes())]),
        &[],
        &Refused(&["not a usage line"]),
    );
    let columns = table(snake).replacen("quantity", "quantity,Meter_Id", 1);
    check(
        "two columns",
        &root_of(&[("2026-10-05/a.csv", columns.as_bytes())]),
        &[],
        &Refused(&["columns 2 and 6 are both called"]),
    );
}

#[test]
fn usage_of_public_azure_is_told_from_that_of_a_stamp() {
    let found: Right<'_> = Read(&[("2026-10-05", "24")], &["usage_of_public_azure"]);
    let nothing: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    let row = day("2026-10-05", "24").to_json();
    let with =
        |more: &str| format!("{{\"value\":[{}]}}", row.replacen("\"quantity\"", &format!("{more}\"quantity\""), 1));
    let behind =
        |more: &str| format!("{{\"value\":[{}]}}", row.replacen("\"meterId\"", &format!("{more}\"meterId\""), 1));
    let powershell =
        ["properties", "subscriptionId", "usageStartTime", "usageEndTime", "instanceData", "quantity", "meterId"]
            .into_iter()
            .fold(with("\"MeterCategory\":\"Storage\",\"Unit\":\"GB\","), |text, name| {
                text.replace(&format!("\"{name}\""), &format!("\"{}{}\"", name[..1].to_uppercase(), &name[1..]))
            });
    let table = |names: &str, cells: &str| {
        let text = csv(&[("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z", "24")]);
        let (header, row) = text.split_once("\r\n").unwrap();
        format!("{header},{names}\r\n{},{cells}\r\n", row.trim_end())
    };
    let shapes: [(&str, &str, String, &Right<'_>); 9] = [
        ("both", "a.json", with("\"meterCategory\":\"Storage\",\"unit\":\"GB\","), &found),
        ("both behind the quantity", "a.json", behind("\"meterCategory\":\"Storage\",\"unit\":\"GB\","), &found),
        (
            "rows",
            "a.json",
            format!(
                "[{}]",
                row.replacen("\"quantity\"", "\"meterCategory\":\"Storage\",\"unit\":\"GB\",\"quantity\"", 1)
            ),
            &found,
        ),
        ("as PowerShell writes it", "a.json", powershell, &found),
        ("a table", "a.csv", table("MeterCategory,MeterSubCategory,Unit", "Storage,Redundant,GB"), &found),
        ("both empty", "a.json", with("\"meterCategory\":\"\",\"unit\":\"\","), &nothing),
        ("only the unit", "a.json", with("\"unit\":\"GB\","), &nothing),
        ("null", "a.json", with("\"meterCategory\":null,\"unit\":null,"), &nothing),
        ("an empty table", "a.csv", table("MeterCategory,MeterSubCategory,Unit", ",,"), &nothing),
    ];
    for (name, file, text, right) in shapes {
        check(name, &root_of(&[(&format!("2026-10-05/{file}"), text.as_bytes())]), &[], right);
    }
}

/// What a table lacks for having gone through a spreadsheet or an ASCII file.
#[test]
fn what_was_lost_on_the_way_is_said() {
    let lacks = |text: &str| {
        let root = root_of(&[("2026-10-05/a.csv", text.as_bytes())]);
        root.run(&[]).expect(0);
        let receipt = receipt(&root.out());
        let inputs = receipt["inputs"].as_array().unwrap().clone();
        let input =
            inputs.into_iter().find(|input| input["path"].as_str().unwrap().ends_with("a.csv")).expect("it was read");
        input["lacks"].to_string()
    };
    let table = |quantities: &[&str]| {
        let rows: Vec<_> =
            quantities.iter().map(|quantity| ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z", *quantity)).collect();
        csv(&rows)
    };
    let displayed = "at most two decimals";
    for (quantities, is_displayed) in [
        (&["0.01", "16.46", "3.00"][..], true),
        (&["24", "0.5", "1.37"], true),
        (&["0.10"], true),
        (&["24", "0.25", "0.5", "0.75"], false),
        (&["24", "1"], false),
        (&["0.01", "16.46", "3.123"], false),
        (&["0.0000000838", "1.37"], false),
        (&["1.5"], false),
    ] {
        assert_eq!(lacks(&table(quantities)).contains(displayed), is_displayed, "{quantities:?}");
    }
    let lost = "replaced by `?`";
    let plain = table(&["24"]);
    for (resource, is_lost) in
        [("/vm", false), ("/B?ro", true), ("/B\u{fffd}ro", true), ("/rg-??/vm", true), ("/Büro", false), ("/", false)]
    {
        assert_eq!(lacks(&plain.replace("/vm", resource)).contains(lost), is_lost, "{resource}");
    }
    // A question in a tag is one.
    let tagged =
        plain.replacen("\"resourceUri\"", "\"resourceUri\",\"tags\"", 1).replacen("/vm\"", "/vm\",\"why?\"", 1);
    assert!(!lacks(&tagged).contains(lost));
    assert!(!page(&[]).is_empty());
}
