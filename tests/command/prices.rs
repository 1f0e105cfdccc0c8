//! A price book from the outside: bad ones are refused, each with its place and how to go on; statements, and what explains
//! them.

use std::fs;

use insta::assert_snapshot;

use crate::support::{
    BILLED_A, DEFAULT, Line, Ran, STRICT, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, WINDOWS_HOURS, cell,
    customers, files_below, findings, page, receipt, table,
};

pub const HEADER: &str =
    "meter_id,price,per,unit,currency,effective_from,effective_to,tier_from,scope,scope_id,discount_percent,note\n";

/// Two tenants' hours of two days; one tenant pays for itself.
pub fn used() -> TestRoot {
    let root = TestRoot::with_snapshots();
    root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n{BILLED_A},Contoso pays\n"));
    for (day, hours) in [("2026-10-05", "4"), ("2026-10-06", "7.25")] {
        let lines = [
            Line::hourly(SUB_A, WINDOWS_HOURS, &format!("{day}T05"), hours),
            Line::hourly(SUB_A, VM_HOURS, &format!("{day}T05"), "1"),
            Line::hourly(SUB_B, WINDOWS_HOURS, &format!("{day}T06"), "0.5"),
        ];
        root.file(&format!("north/usage/{day}/page.json"), page(&lines));
    }
    root
}

pub fn book(root: &TestRoot, rows: &str) {
    root.file("prices.csv", format!("{HEADER}{}", rows.replace("WINDOWS", WINDOWS_HOURS).replace("VM", VM_HOURS)));
}

pub const GOOD: &str = "WINDOWS,0.046,1,Virtual core hours,USD,,2026-10-06,,,,,\n\
     WINDOWS,0.05,1,Virtual core hours,USD,2026-10-06,,0,,,,from the sixth on\n\
     WINDOWS,0.04,1,Virtual core hours,USD,2026-10-06,,5,,,12.5,beyond five\n\
     VM,,,,,,,,,,,the same hours as core hours\n";

/// One wrong row each: what is said of it, and of how to go on.
#[test]
fn bad_books_are_refused() {
    let root = used();
    let unit = "Virtual core hours";
    for (row, message, remedy) in [
        (
            "WINDOWS,1,1,hours,USD,,,,,,,".to_owned(),
            "unit \"hours\" is not the unit of meter 9cd92d4c-bafd-4492-b278-bedc2de8232a",
            "it counts \"Virtual core hours\": write that",
        ),
        (
            format!("0ddba11a-0000-4000-8000-000000000001,1,1,{unit},USD,,,,,,,"),
            "the price is for unit \"Virtual core hours\", and the unit of meter 0ddba11a-0000-4000-8000-000000000001 is not known",
            "add the meter to meters.csv with its unit",
        ),
        (
            format!("WINDOWS,2,1,{unit},USD,2026-10-05,,,,,,"),
            "meter 9cd92d4c-bafd-4492-b278-bedc2de8232a has a price for all from 0 on in prices.csv row 2 already",
            "let one end where the other begins",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,tenant,{DEFAULT},,"),
            "scope_id \"b111ed00-0000-4000-8000-000000000000\" is not a known tenant",
            "name it in names.csv",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,stamp,nort,,"),
            "scope_id \"nort\" is not a known stamp",
            "did you mean `north`?",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,billed_subscription,{TENANT_A},,"),
            "scope_id \"7e4a4700-0000-4000-8000-00000000000a\" is not a known billed_subscription",
            "correct the id",
        ),
        (
            "WINDOWS,,1,,USD,,,,,,,list price".to_owned(),
            "`per` without a price",
            "write the price; or where the meter is never charged",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,user_subscription,x,,"),
            "scope_id \"x\" is not a known user_subscription",
            "correct the id",
        ),
        (format!("WINDOWS,1,1,{unit},USD,,,,tenants,x,,"), "scope \"tenants\" is no scope", "did you mean `tenant`?"),
        (format!("WINDOWS,1,1,{unit},USD,,,,tenant,,,"), "scope tenant without a scope_id", "write whose price it is"),
        (format!("WINDOWS,1,1,{unit},USD,,,,all,x,,"), "scope all with the scope_id \"x\"", "leave it empty"),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,stamp,North,,"),
            "scope_id \"North\" is no stamp",
            "write its id as the published tables have it",
        ),
        (format!("WINDOWS,-0.5,1,{unit},USD,,,,,,,"), "price \"-0.5\" is below zero", "write 0 or more"),
        (
            format!("WINDOWS,123456789012345678901234567890,1,{unit},USD,,,,,,,"),
            "price \"123456789012345678901234567890\" is a number with too many digits",
            "write at most 28 digits: 20 before the point, and 18 behind it",
        ),
        (
            format!("WINDOWS,0.0000000000000000001,1,{unit},USD,,,,,,,"),
            "price \"0.0000000000000000001\" is a number with too many digits",
            "write at most 28 digits: 20 before the point, and 18 behind it",
        ),
        (
            format!("WINDOWS,\"1,006\",1,{unit},USD,,,,,,,"),
            "price \"1,006\" may be 1.006 or 1006",
            "with a decimal point and without thousands separators; or if they are as a culture has them",
        ),
        (format!("WINDOWS,$1,1,{unit},USD,,,,,,,"), "price \"$1\" is no number", "write digits"),
        (
            format!("WINDOWS,1,1,{unit},USD,2026-11-01,2026-10-01,,,,,"),
            "effective_from 2026-11-01 is not before effective_to 2026-10-01",
            "for all of October write 2026-10-01 and 2026-11-01",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,10/1/2026,,,,,,"),
            "effective_from \"10/1/2026\" may be 2026-01-10 or 2026-10-01",
            "write each day as 2026-10-01; or if they are as a culture has them",
        ),
        (
            format!("WINDOWS,1,1,{unit},USD,1999-10-01,,,,,,"),
            "effective_from \"1999-10-01\" is no day",
            "write a UTC day from 2000 to 2199 as 2026-10-01, or leave it empty",
        ),
        (format!("WINDOWS,1,1,{unit},,,,,,,,"), "`currency` is empty", "such as EUR (ISO 4217)"),
        (format!("WINDOWS,1,1,{unit},Euro,,,,,,,"), "currency \"Euro\" is no currency", "a code of ISO 4217"),
        (format!("WINDOWS,1,1,{unit},XAU,,,,,,,"), "currency \"XAU\" is no currency", "a code of ISO 4217"),
        (format!("WINDOWS,1,,{unit},USD,,,,,,,"), "`per` is empty", "1, or 720 for a GB-month"),
        (format!("WINDOWS,1,0,{unit},USD,,,,,,,"), "per \"0\" is no count of units", "such as 1"),
        (
            format!("WINDOWS,1,0.00000000001,{unit},USD,,,,,,,"),
            "a price that cannot be rated exactly",
            "`per` may have 10 decimals, a percentage 6, and price and percentages 38 digits together",
        ),
        ("WINDOWS,1,1,,USD,,,,,,,".to_owned(), "`unit` is empty", "as the table `meters` has it"),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,,,100.5,"),
            "discount_percent \"100.5\" is more than all of it",
            "a percentage from 0 to 100",
        ),
        (format!("WINDOWS,1,1,{unit},USD,,,-1,,,,"), "tier_from \"-1\" is below zero", "write 0 or more"),
        ("WINDOWS,,,,,,,,,,,".to_owned(), "neither a price nor a note", "say why in `note`"),
        ("WINDOWS,,,,,,,5,,,,why".to_owned(), "a tier or a discount without a price", "leave both empty"),
        (format!(",1,1,{unit},USD,,,,,,,"), "`meter_id` is empty", "name the meter"),
        (
            format!("WINDOWS,1,1,{unit},USD,,,,,,,a note, and more"),
            "\"and more\" stands in column 13, and the header has 12",
            "put that value in double quotes",
        ),
    ] {
        let is_overlap = row.contains(",2026-10-05,,,,,,");
        let rows = if is_overlap { format!("WINDOWS,1,1,{unit},USD,,,,,,,\n{row}\n") } else { format!("{row}\n") };
        book(&root, &rows);
        let Ran { stderr, .. } = root.run(&[]).expect(3);
        let place = if is_overlap { "prices.csv:3:1: " } else { "prices.csv:2:1: " };
        let first = stderr.lines().next().unwrap();
        assert!(first.starts_with(&format!("error: {place}{message}")), "{row}\n{stderr}");
        assert!(stderr.contains("hint: ") && stderr.contains(remedy), "{row}\n{stderr}");
        assert!(!root.out().join("receipt.json").exists(), "{row} published something");
        assert_eq!(root.check(&[]).code, 3, "{row}");
    }
}

#[test]
fn everything_wrong_with_a_book_is_said_at_once() {
    let root = used();
    book(
        &root,
        "WINDOWS,x,1,Virtual core hours,USD,,,,,,,\nVM,,,,,,,,,,,\nWINDOWS,1,1,Virtual core hours,USD,,,,tenants,,,\n",
    );
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,USD,1\n2026-13,USD,EUR,0.9\n2026-10,USD,EUR,0\n");
    assert_snapshot!("all-at-once", root.run(&[]).expect(3).transcript());
}

#[test]
fn no_rate_no_statement() {
    let root = used();
    book(&root, GOOD);
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-09,USD,EUR,0.9\n");
    assert_snapshot!("no-rate", root.run(&[]).expect(3).transcript());
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n2026-10,USD,JPY,150\n");
    assert_snapshot!("two-targets", root.run(&[]).expect(3).transcript());
    root.run(&["--billing-currency", "jpy"]).expect(0);
    let billed: Vec<String> =
        table(&root.out(), "statements").iter().filter_map(|row| row["billing_amount"].clone()).collect();
    // 0.02 and 0.02 USD of tenant B; 0.18, and with 4 hours before 1 at 0.05 and 6.25 beyond five: 0.05 and 0.21. × 150, in whole yen.
    assert_eq!(billed, ["3.0000", "3.0000", "27.0000", "7.0000", "31.0000"]);
    assert_eq!(root.run(&["--billing-currency", "CHF"]).code, 3);
    assert_snapshot!("no-currency", root.run(&["--billing-currency", "Franken"]).expect(2).transcript());
}

#[test]
fn statements_are_printed() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    let statement = |flags: &[&str]| root.stacktally(&[&["statement"], flags, &["--out", "out"]].concat());
    assert_snapshot!("statement", statement(&["2026-10"]).expect(0).transcript());
    assert_snapshot!("statement-json", statement(&["2026-10", "--json", "--billed", BILLED_A]).expect(0).transcript());
    assert_snapshot!("statement-of-no-month", statement(&["2026-09"]).expect(2).transcript());
    assert_snapshot!("statement-of-nobody", statement(&["2026-10", "--billed", "x"]).expect(2).transcript());
    assert_eq!(statement(&["October"]).code, 2);
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n");
    root.run(&[]).expect(0);
    assert_snapshot!("statement-converted", statement(&["2026-10", "--billed", BILLED_A]).expect(0).transcript());
    root.remove("prices.csv");
    root.run(&["--forget", "all"]).expect(0);
    assert_snapshot!("nothing-charged", statement(&["2026-10"]).expect(2).transcript());
}

#[test]
fn why_goes_on_to_the_price_entry() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    let why = |flags: &[&str]| {
        root.stacktally(
            &[&["why", "--out", "out", "--date", "2026-10-06", "--user-subscription", SUB_A], flags].concat(),
        )
    };
    let text = why(&["--meter", WINDOWS_HOURS]).expect(0).stdout;
    let charged: Vec<&str> =
        text.lines().filter(|line| line.contains(" price ") || line.contains(" charge ")).collect();
    assert_eq!(
        charged,
        [
            "  price              1 Virtual core hours: 0.05 USD per Virtual core hour, for all from 2026-10-06: prices.csv row 3",
            "  charge             0.05 USD",
            "  price              6.25 Virtual core hours: 0.04 USD per Virtual core hour, beyond 5, less 12.5 %, for all from",
            "  charge             0.21875 USD",
        ]
    );
    let json: serde_json::Value = serde_json::from_str(&why(&["--json"]).expect(0).stdout).unwrap();
    let charges = |at: usize| json["cells"][at]["charges"].as_array().unwrap().clone();
    assert_eq!(charges(0)[0]["price_status"], "not_billable");
    assert_eq!(charges(0)[0]["price_note"], "the same hours as core hours");
    assert_eq!(charges(1)[1]["charge"], "0.21875");
    assert_eq!(charges(1)[1]["price_row"], 4);
}

#[test]
fn a_changed_price_shows_in_changes_and_in_compare() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    root.stacktally(&["run", "--root", "root", "--out", "before"]).expect(0);
    let charges = || files_below(&root.out()).remove("charges/north/2026-10.parquet").unwrap();
    let before = charges();
    // In force on no day of usage: nothing changes but the receipt.
    book(
        &root,
        &format!("{GOOD}WINDOWS,9,1,Virtual core hours,USD,,,,user_subscription,{SUB_B},,\n")
            .replace(",,,,user", ",2026-12-01,,,user"),
    );
    let published = files_below(&root.out());
    root.run(&[]).expect(0);
    assert!(charges() == before && files_below(&root.out()) == published);
    book(&root, &GOOD.replace("0.046", "0.06"));
    let said = root.run(&[]).expect(0).stdout;
    assert!(said.contains("changes      1 published day of north changed: see"), "{said}");
    let changes = |flags: &[&str]| root.stacktally(&[&["changes", "--out", "out"], flags].concat()).expect(0).stdout;
    let text = changes(&[]);
    assert!(text.contains("  north 2026-10-05, charges: price_changed\n"), "{text}");
    assert!(text.contains("        0.184 → 0.24 (+0.056) USD\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&changes(&["--json"])).unwrap();
    assert_eq!(json["charges"].as_array().unwrap().len(), 2);
    assert_snapshot!("compare", root.stacktally(&["compare", "before", "out"]).expect(6).transcript());
    // A late line moves others into another tier: what it brings, and what it shifts, each with its cause.
    let late = page(&[Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T07", "1")]);
    root.file("north/usage/2026-10-07/page.json", late);
    root.run(&[]).expect(0);
    let causes: Vec<String> = table(&root.out(), "history/changes")
        .iter()
        .filter(|row| row["currency"].is_some() && cell(row, "run") == "4")
        .map(|row| format!("{} {} {}", cell(row, "usage_date"), cell(row, "charge_after"), cell(row, "cause")))
        .collect();
    assert_eq!(causes, ["2026-10-05 0.3000000000 window_added", "2026-10-06 0.2537500000 tier_shifted"]);
}

#[test]
fn closed_months_keep_their_amounts() {
    let root = used();
    book(&root, GOOD);
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n");
    root.run(&[]).expect(0);
    let of_money = || {
        let mut files = files_below(&root.out());
        files.retain(|path, _| {
            ["charges/", "statements/", "csv/statements/"].iter().any(|folder| path.starts_with(folder))
        });
        files
    };
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "test"]).expect(0);
    // From the next run on statements say that their month is closed.
    root.run(&[]).expect(0);
    let published = of_money();
    assert_eq!(published.len(), 5);
    // Other prices, other rates, other rounding; late usage; a full run; no book at all.
    book(&root, &GOOD.replace("0.0", "9.0"));
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-11,USD,EUR,0.5\n");
    root.file(
        "north/usage/2026-11-01/page.json",
        page(&[
            Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-06T09", "3"),
            Line::hourly(SUB_A, WINDOWS_HOURS, "2026-11-01T09", "1"),
        ]),
    );
    for flags in [&["--rounding", "half-up"][..], &["--full"], &["--tiering", "volume"]] {
        root.run(flags).expect(0);
        let mut now = of_money();
        now.retain(|path, _| path.contains("2026-10"));
        assert!(now == published, "{flags:?}");
        assert!(of_money().contains_key("statements/2026-11.parquet"), "what is open is charged");
    }
    root.remove("prices.csv");
    root.run(&["--forget", "all"]).expect(0);
    assert!(of_money() == published, "what is closed stays without a book");
    assert!(findings(&root.out()).contains(&"adjustment_not_charged".to_owned()));
    let statement = root.stacktally(&["statement", "2026-10", "--out", "out"]).expect(0).stdout;
    assert!(statement.contains("  closed on north: what is charged there does not change again\n"), "{statement}");
    root.stacktally(&["reopen", "2026-10", "--out", "out", "--reason", "test"]).expect(0);
    root.run(&[]).expect(0);
    assert_eq!(of_money().len(), 0, "open again, and no book");
}

/// Tiers of one billed subscription run over all stamps, those that are closed included, and a month of which some stamp is closed keeps its terms.
#[test]
fn tiers_run_over_stamps_though_some_are_closed() {
    let root = TestRoot::empty();
    // In order of the names: `north-2/…` stands before `north/…` as paths do.
    for stamp in ["north", "north-2"] {
        root.snapshots(stamp);
        let line = Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T05", "4");
        let text = page(&[line]).replacen('{', &format!("{{\"of\":\"{stamp}\","), 1);
        root.file(&format!("{stamp}/usage/2026-10-05/page.json"), text);
    }
    book(&root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\nWINDOWS,0.333,1,Virtual core hours,USD,,,6,,,,\n");
    let charged = || {
        let row = |row: &crate::support::Row| {
            format!(
                "{} {} {} {}",
                cell(row, "stamp"),
                cell(row, "tier_from"),
                cell(row, "quantity"),
                cell(row, "charge")
            )
            .replace("000000000000000000", "0")
        };
        table(&root.out(), "charges").iter().map(row).collect::<Vec<_>>()
    };
    root.run(&[]).expect(0);
    let charged = || {
        let mut rows = charged();
        rows.sort();
        rows
    };
    let expected = ["north 0.0 4.0 4.0000000000", "north-2 0.0 2.0 2.0000000000", "north-2 6.0 2.0 0.6660000000"];
    assert_eq!(charged(), expected);
    root.stacktally(&["close", "2026-10", "--out", "out", "--stamp", "north", "--force", "--reason", "test"]).expect(0);
    root.run(&["--rounding", "half-up"]).expect(0);
    assert_eq!(charged(), expected);
    let amounts: Vec<String> =
        table(&root.out(), "statements").iter().map(|row| cell(row, "amount").to_owned()).collect();
    assert_eq!(amounts, ["6.0000", "0.6600"], "half up it would be 0.67");
    // The closed stamp's month is billed in its own currency still; one that comes to need a rate has it from the file of now.
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-09,USD,EUR,0.9\n");
    root.run(&[]).expect(0);
    let billed = |column: &str| {
        table(&root.out(), "statements").iter().map(|row| cell(row, column).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(billed("billing_currency"), ["USD", "USD"], "as it was closed");
}

/// What is closed with an exchange rate keeps it; a currency that comes later has the rate that is there then.
#[test]
fn a_currency_that_comes_to_a_half_closed_month_can_be_converted() {
    let root = TestRoot::empty();
    for stamp in ["north", "south"] {
        root.snapshots(stamp);
        let line = Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T05", "4");
        let text = page(&[line]).replacen('{', &format!("{{\"of\":\"{stamp}\","), 1);
        root.file(&format!("{stamp}/usage/2026-10-05/page.json"), text);
    }
    book(&root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\n");
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.9\n");
    root.run(&[]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--stamp", "north", "--force", "--reason", "test"]).expect(0);
    book(&root, "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\nWINDOWS,300,1,Virtual core hours,JPY,,,,stamp,south,,\n");
    assert!(root.run(&[]).expect(3).stderr.contains("no exchange rate from JPY to EUR for 2026-10"));
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-10,USD,EUR,0.5\n2026-10,JPY,EUR,0.006\n");
    root.run(&[]).expect(0);
    let billed: Vec<String> =
        table(&root.out(), "statements").iter().map(|row| cell(row, "billing_amount").to_owned()).collect();
    assert_eq!(billed, ["7.2000", "3.6000"], "1200 JPY × 0.006, and 4 USD × 0.9 as it was closed");
}

/// The rule of Microsoft's invoice, end to end: its sample's price, discount and exchange rate (reference §6.3 b).
#[test]
fn a_bill_is_made_as_the_invoice_is() {
    let root = TestRoot::with_lines(&[
        Line::hourly(SUB_A, WINDOWS_HOURS, "2026-09-29T05", "55.5"),
        Line::hourly(SUB_B, WINDOWS_HOURS, "2026-09-29T05", "0.005001"),
    ]);
    book(&root, "WINDOWS,0.045,1,Virtual core hours,USD,,,,,,15,\n");
    root.file("exchange-rates.csv", "month,from,to,rate\n2026-09,USD,EUR,0.846202666\n");
    root.run(&[]).expect(0);
    let lines = table(&root.out(), "statements");
    let cells = |column: &str| lines.iter().map(|row| cell(row, column).to_owned()).collect::<Vec<_>>();
    // 0.005001 × 0.03825 and 55.5 × 0.03825, rounded down; × 0.846202666, rounded down.
    assert_eq!(cells("charge"), ["0.0001912882", "2.1228750000"]);
    assert_eq!(cells("amount"), ["0.0000", "2.1200"]);
    assert_eq!(cells("billing_amount"), ["0.0000", "1.7900"]);
}

/// A month that was closed before there was a price book is not charged, and somebody is told; and what the catalogue says of rate
/// cards holds though a meter's name is frozen.
#[test]
fn months_closed_without_a_book_are_not_charged_in_silence() {
    let root = used();
    let later = page(&[Line::hourly(SUB_A, WINDOWS_HOURS, "2026-11-05T05", "2")]);
    root.file("north/usage/2026-11-05/page.json", later);
    root.run(&[]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "test"]).expect(0);
    let id = "0a11a200-0000-4000-8000-000000000001";
    root.file("meters.csv", format!("meter_id,azure_meter_id\n{WINDOWS_HOURS},{id}\n"));
    root.file(
        "prices/card.json",
        format!(
            r#"{{"Currency":"USD","Meters":[{{"MeterId":"{id}","MeterName":"1 Core","MeterRates":{{"0":0.046}},"Unit":"1 Hour"}}]}}"#
        ),
    );
    root.run(&[]).expect(0);
    assert!(findings(&root.out()).contains(&"closed_month_not_charged".to_owned()));
    let charged = table(&root.out(), "charges");
    assert_eq!(charged.iter().map(|row| cell(row, "charge")).collect::<Vec<_>>(), ["0.0920000000"]);
    assert_eq!(cell(&charged[0], "usage_date"), "2026-11-05");
}

#[test]
fn what_has_no_price_is_no_number() {
    let root = used();
    book(&root, &format!("WINDOWS,1,1,Virtual core hours,USD,,,,tenant,{TENANT_B},,\n"));
    root.run(&[]).expect(0);
    let told = findings(&root.out());
    assert_eq!(told, ["usage_unpriced", "usage_unpriced"]);
    let unpriced = receipt(&root.out())["unpriced"].clone();
    assert_eq!(unpriced[1]["quantity"], "11.25");
    for row in table(&root.out(), "statements").iter().chain(&table(&root.out(), "charges")) {
        let is_priced = cell(row, "price_status") == "priced";
        for column in ["charge", "amount", "billing_amount", "currency", "price"] {
            if let Some(value) = row.get(column) {
                assert_eq!(value.is_some(), is_priced, "{column} of {row:?}");
            }
        }
    }
    assert_eq!(root.run(&STRICT).code, 3);
    root.run(&[&STRICT[..], &["usage_unpriced"]].concat()).expect(0);
    // An empty book charges nothing, and says so of everything.
    book(&root, "");
    root.run(&[]).expect(0);
    assert_eq!(receipt(&root.out())["unpriced"].as_array().unwrap().len(), 2);
    assert_eq!(receipt(&root.out())["statements"].as_array().unwrap().len(), 0);
}

#[test]
fn several_files_are_one_book() {
    let root = used();
    let rows = GOOD.replace("WINDOWS", WINDOWS_HOURS).replace("VM", VM_HOURS);
    let (windows, vm) = rows.split_at(rows.find(VM_HOURS).unwrap());
    root.file("prices/windows/2026.csv", format!("{HEADER}{windows}"));
    root.file("prices/vm.csv", format!("{HEADER}{vm}"));
    root.file("prices/_notes.txt", "passed over");
    root.run(&[]).expect(0);
    let split = table(&root.out(), "charges");
    root.remove("prices");
    book(&root, GOOD);
    root.run(&["--forget", "all"]).expect(0);
    assert_eq!(table(&root.out(), "charges"), split);
    root.file("prices/again.csv", format!("{HEADER}{vm}"));
    let refused = root.run(&[]).expect(3).stderr;
    let both = format!(
        "error: prices/again.csv:2:1: meter {VM_HOURS} has a price for all from 0 on in prices.csv row 5 already"
    );
    assert!(refused.starts_with(&both), "{refused}");
}

/// A billed subscription is called whatever its list calls it; its statement's file has a name that every disk takes.
#[test]
fn statements_of_odd_ids_have_files() {
    let long = "a".repeat(240);
    for (id, file) in [("käufer 7", "k%C3%A4ufer%207"), (long.as_str(), &long[..50])] {
        let root = used();
        root.file("north/customer-subscriptions/2026-10-01.json", customers(DEFAULT, "north", &[(TENANT_A, id)]));
        book(&root, GOOD);
        root.run(&[]).expect(0);
        let files = files_below(&root.out());
        let named: Vec<&String> =
            files.keys().filter(|path| path.starts_with(&format!("csv/statements/2026-10/statement-{file}"))).collect();
        assert_eq!(named.len(), 1, "{:?}", files.keys());
        assert!(named[0].len() < 150, "{named:?}");
        let said = root.stacktally(&["statement", "2026-10", "--billed", id, "--out", "out"]).expect(0).stdout;
        assert!(said.contains("total  0.44 USD"), "{said}");
        root.run(&["--full"]).expect(0);
        assert!(files_below(&root.out()).keys().eq(files.keys()));
    }
}

/// A closing freezes what a meter was called, and not what the catalogue says when prices are checked against it.
#[test]
fn a_unit_that_is_corrected_after_a_closing_can_be_priced() {
    let root = used();
    let id = "0ddba11a-0000-4000-8000-000000000001";
    let lines = ["2026-10-05", "2026-11-05"].map(|day| Line::hourly(SUB_A, id, &format!("{day}T05"), "3"));
    root.file("north/usage/2026-11-05/page.json", page(&lines));
    root.file("meters.csv", format!("meter_id,meter_name,unit\n{id},Appliance,GB\n"));
    root.run(&[]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "test"]).expect(0);
    root.file("meters.csv", format!("meter_id,meter_name,unit\n{id},Appliance,GB*hours\n"));
    book(&root, &format!("{id},0.5,1,GB*hours,USD,,,,,,,\n"));
    root.run(&[]).expect(0);
    let charges = table(&root.out(), "charges");
    let charged: Vec<&str> =
        charges.iter().filter(|row| cell(row, "meter_id") == id).map(|row| cell(row, "charge")).collect();
    assert_eq!(charged, ["1.5000000000"]);
}

/// What was closed is not made again from exports: where its files are gone, nothing else is published in their place.
#[test]
fn closed_figures_that_are_gone_are_refused() {
    let root = used();
    book(&root, GOOD);
    root.run(&[]).expect(0);
    root.stacktally(&["close", "2026-10", "--out", "out", "--force", "--reason", "test"]).expect(0);
    let closed: Vec<String> =
        files_below(&root.out()).into_keys().filter(|path| path.starts_with("history/closed/")).collect();
    assert_eq!(closed.len(), 4, "{closed:?}");
    for path in closed {
        let bytes = fs::read(root.out().join(&path)).unwrap();
        fs::remove_file(root.out().join(&path)).unwrap();
        let published = files_below(&root.out());
        book(&root, &GOOD.replace("0.05", "0.06"));
        let refused = root.run(&[]);
        assert_ne!(refused.code, 0, "{path} is gone: {}", refused.transcript());
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
        assert!(files_below(&root.out()) == published, "{path}");
        fs::write(root.out().join(&path), bytes).unwrap();
        book(&root, GOOD);
        root.run(&[]).expect(0);
    }
}
