//! The price book, rate cards and exchange rates.

use super::{Case, PAGE, add, case, edit, edit_as_said, rename, replace, second_stamp};
use crate::command::prices::{HEADER, book, used};
use crate::support::{Line, SUB_A, SUB_B, TENANT_A, TestRoot, VM_HOURS, WINDOWS_HOURS, page};

follow_all!();

const UNIT: &str = "Virtual core hours";
/// A price for everybody, for good.
const PRICE: &str = "WINDOWS,1,1,Virtual core hours,USD,,,,,,,\n";
const RATES: &str = "exchange-rates.csv";
const CARD: &str = "prices/card.json";
const LIST: &str = "prices/list.csv";
const AZURE_METER: &str = "ce4e3bd7-0053-48a6-acb1-b752be8b2cbb";

pub fn cases() -> Vec<Case> {
    let mut cases = rows();
    cases.extend(books());
    cases.extend(amounts());
    cases.extend(rates());
    cases.extend(cards());
    cases.extend(unpriced());
    cases.extend(vendor());
    cases.into_iter().map(|case| case.made_of(used)).collect()
}

/// Rows with what makes each right, one for each way.
fn rows() -> Vec<Case> {
    let row = |says: &'static str, hint: &'static str, bad: &'static str, good: &[&'static str]| {
        let ways =
            good.iter().copied().map(|good| edit(move |root| book(root, &format!("{good}\n")))).collect::<Vec<_>>();
        case(says, &[hint], move |root| book(root, &format!("{bad}\n")), ways)
    };
    let by_culture = |says: &'static str, hint: &'static str, bad: &'static str, good: &'static str| {
        let ways = [edit(move |root| book(root, &format!("{good}\n"))), add(|said| said.flag("--culture", 1))];
        case(says, &[hint], move |root| book(root, &format!("{bad}\n")), ways)
    };
    let good = "WINDOWS,1,1,Virtual core hours,USD,,,,,,,";
    vec![
        row(
            "`meter_id` is empty",
            "name the meter, as the table `meters` does",
            ",1,1,Virtual core hours,USD,,,,,,,",
            &[good],
        ),
        row(
            "effective_from 2026-11-01 is not before effective_to 2026-10-01",
            "a price is in force from the first of these days on, and no more on the second",
            "WINDOWS,1,1,Virtual core hours,USD,2026-11-01,2026-10-01,,,,,",
            &["WINDOWS,1,1,Virtual core hours,USD,2026-10-01,2026-11-01,,,,,"],
        ),
        row(
            "neither a price nor a note",
            "write the price; or where the meter is never charged leave it empty, and say why in `note`",
            "WINDOWS,,,,,,,,,,,",
            &[good, "WINDOWS,,,,,,,,,,,never charged"],
        ),
        row(
            "`per` without a price",
            "write the price; or where the meter is never charged leave `per` and `currency` empty, too",
            "WINDOWS,,1,Virtual core hours,USD,,,,,,,never charged",
            &[good, "WINDOWS,,,Virtual core hours,,,,,,,,never charged"],
        ),
        row(
            "a tier or a discount without a price",
            "a meter that is never charged has neither: leave both empty, or write the price",
            "WINDOWS,,,,,,,5,,,10,never charged",
            &["WINDOWS,,,,,,,,,,,never charged", "WINDOWS,1,1,Virtual core hours,USD,,,0,,,10,"],
        ),
        row(
            "`per` is empty",
            "write how many units the price is for: 1, or 720 for a GB-month of GB*hours",
            "WINDOWS,1,,Virtual core hours,USD,,,,,,,",
            &[good, "WINDOWS,1,720,Virtual core hours,USD,,,,,,,"],
        ),
        row(
            "per \"0\" is no count of units",
            "write how many units the price is for, such as 1",
            "WINDOWS,1,0,Virtual core hours,USD,,,,,,,",
            &[good],
        ),
        row(
            "`currency` is empty",
            "write the currency of the price, such as EUR (ISO 4217)",
            "WINDOWS,1,1,Virtual core hours,,,,,,,,",
            &["WINDOWS,1,1,Virtual core hours,EUR,,,,,,,"],
        ),
        row(
            "currency \"Euro\" is no currency",
            "write a code of ISO 4217, such as EUR, USD or JPY",
            "WINDOWS,1,1,Virtual core hours,Euro,,,,,,,",
            &["WINDOWS,1,1,Virtual core hours,EUR,,,,,,,", "WINDOWS,1,1,Virtual core hours,JPY,,,,,,,"],
        ),
        row(
            "price \"free\" is no number",
            "write digits with a decimal point, without thousands separators or signs: 0.006",
            "WINDOWS,free,1,Virtual core hours,USD,,,,,,,",
            &["WINDOWS,0.006,1,Virtual core hours,USD,,,,,,,"],
        ),
        row(
            "effective_from \"46300\" is a spreadsheet's number of a day",
            "format the column as text, and write each day as 2026-10-01",
            "WINDOWS,1,1,Virtual core hours,USD,46300,,,,,,",
            &["WINDOWS,1,1,Virtual core hours,USD,2026-10-01,,,,,,"],
        ),
        by_culture(
            "price \"1,234\" may be 1.234 or 1234",
            "write all numbers of the table with a decimal point and without thousands separators",
            "WINDOWS,\"1,234\",1,Virtual core hours,USD,,,,,,,",
            "WINDOWS,1.234,1,Virtual core hours,USD,,,,,,,",
        ),
        by_culture(
            "effective_from \"05/10/2026\" may be 2026-10-05 or 2026-05-10",
            "write each day as 2026-10-01; or if they are as a culture has them, name it, as with --culture en-US",
            "WINDOWS,1,1,Virtual core hours,USD,05/10/2026,,,,,,",
            "WINDOWS,1,1,Virtual core hours,USD,2026-05-10,,,,,,",
        ),
        row(
            "`unit` is empty",
            "write the meter's unit, as the table `meters` has it",
            "WINDOWS,1,1,,USD,,,,,,,",
            &[good],
        ),
        row(
            "is more than all of it",
            "write a percentage from 0 to 100, such as 15",
            "WINDOWS,1,1,Virtual core hours,USD,,,,,,115,",
            &["WINDOWS,1,1,Virtual core hours,USD,,,,,,15,"],
        ),
        row(
            "a price that cannot be rated exactly",
            "`per` may have {} decimals, a percentage {}, and price and percentages 38 digits together",
            "WINDOWS,1,0.00000000001,Virtual core hours,USD,,,,,,,",
            &["WINDOWS,1,0.0000000001,Virtual core hours,USD,,,,,,0.000001,"],
        ),
        row(
            "scope tenant without a scope_id",
            "write whose price it is, or scope all for a price for everybody",
            "WINDOWS,1,1,Virtual core hours,USD,,,,tenant,,,",
            &[
                "WINDOWS,1,1,Virtual core hours,USD,,,,tenant,7e4a4700-0000-4000-8000-00000000000a,,",
                "WINDOWS,1,1,Virtual core hours,USD,,,,all,,,",
            ],
        ),
        row(
            "scope all with the scope_id \"north\"",
            "a price for everybody has no scope_id: leave it empty, or name the scope that the id is of",
            "WINDOWS,1,1,Virtual core hours,USD,,,,all,north,,",
            &["WINDOWS,1,1,Virtual core hours,USD,,,,all,,,", "WINDOWS,1,1,Virtual core hours,USD,,,,stamp,north,,"],
        ),
        row(
            "scope_id \"North\" is no stamp",
            "write its id as the published tables have it",
            "WINDOWS,1,1,Virtual core hours,USD,,,,stamp,North,,",
            &["WINDOWS,1,1,Virtual core hours,USD,,,,stamp,north,,"],
        ),
        row(
            "effective_from \"October\" is no day",
            "write a UTC day from 2000 to 2199 as 2026-10-01, or leave it empty: from ever, or for good",
            "WINDOWS,1,1,Virtual core hours,USD,October,,,,,,",
            &["WINDOWS,1,1,Virtual core hours,USD,2026-10-01,,,,,,", good],
        ),
        row(
            "is a number with too many digits",
            "write at most 28 digits: 20 before the point, and 18 behind it",
            "WINDOWS,0.0000000000000000001,1,Virtual core hours,USD,,,,,,,",
            &["WINDOWS,0.000000000000000001,1,Virtual core hours,USD,,,,,,,"],
        ),
        row(
            "price \"-0.5\" is below zero",
            "write 0 or more; what is given back is no price",
            "WINDOWS,-0.5,1,Virtual core hours,USD,,,,,,,",
            &["WINDOWS,0,1,Virtual core hours,USD,,,,,,,", good],
        ),
    ]
}

/// What rows say of each other, and of what there is.
fn books() -> Vec<Case> {
    let scoped = |scope: &str, id: &str| format!("WINDOWS,1,1,{UNIT},USD,,,,{scope},{id},,\n");
    let stamp = scoped("stamp", "nort");
    let tenant = scoped("tenant", "7e4a4700-0000-4000-8000-0000000000aa");
    let user = scoped("user_subscription", "5ab00000-0000-4000-8000-0000000000aa");
    let unknown_meter = "0ddba11a-0000-4000-8000-000000000001";
    let two = format!("{PRICE}WINDOWS,2,1,{UNIT},USD,2026-10-06,,,,,,\n");
    let tiers = format!("{PRICE}WINDOWS,0.5,1,{UNIT},EUR,,,5,,,,\n");
    let both = format!("WINDOWS,,,,,,,,,,,never charged\nWINDOWS,0.5,1,{UNIT},EUR,,,5,,,,\n");
    vec![
        case(
            "scope \"tenants\" is no scope",
            &["a price is for {}{}"],
            move |root| book(root, &scoped("tenants", TENANT_A)),
            [edit_as_said(|root, said| replace(root, "prices.csv", "tenants", said.between("did you mean `", "`")))],
        ),
        case(
            "scope_id \"nort\" is not a known stamp",
            &["name a stamp of the root{}, or delete the row"],
            move |root| book(root, &stamp),
            [
                edit_as_said(|root, said| {
                    replace(root, "prices.csv", ",nort,", &format!(",{},", said.between("did you mean `", "`")));
                }),
                edit(|root| book(root, "")),
            ],
        ),
        case(
            "is not a known tenant",
            &["correct the id{}; or where the {} is yet to come, name it in names.csv"],
            move |root| book(root, &tenant),
            [
                edit_as_said(|root, said| {
                    let meant = said.between("did you mean `", "`");
                    replace(root, "prices.csv", "7e4a4700-0000-4000-8000-0000000000aa", meant);
                }),
                edit(|root| root.file("names.csv", "id,name\n7e4a4700-0000-4000-8000-0000000000aa,Yet to come\n")),
            ],
        ),
        case(
            "is not a known user_subscription",
            &["correct the id{}; neither listings nor usage have it"],
            move |root| book(root, &user),
            [edit(|root| replace(root, "prices.csv", "5ab00000-0000-4000-8000-0000000000aa", SUB_A))],
        ),
        case(
            "unit \"hours\" is not the unit of meter ",
            &["it counts {}: write that, and the price of `per` such units"],
            |root| book(root, &PRICE.replace(UNIT, "hours")),
            [edit_as_said(|root, said| {
                replace(root, "prices.csv", ",hours,", &format!(",{},", said.between("it counts \"", "\"")));
            })],
        ),
        case(
            "the price is for unit \"Virtual core hours\"",
            &["correct the meter's id, or add the meter to meters.csv with its unit"],
            move |root| book(root, &PRICE.replace("WINDOWS", unknown_meter)),
            [
                edit(|root| book(root, PRICE)),
                edit(move |root| root.file("meters.csv", format!("meter_id,unit\n{unknown_meter},{UNIT}\n"))),
            ],
        ),
        case(
            "and both are in force on one day",
            &["let one end where the other begins (effective_to, effective_from), or delete one of the two"],
            move |root| book(root, &two),
            [
                edit(|root| {
                    replace(
                        root,
                        "prices.csv",
                        "WINDOWS,1,1,Virtual core hours,USD,,,".replace("WINDOWS", WINDOWS_HOURS).as_str(),
                        &format!("{WINDOWS_HOURS},1,1,{UNIT},USD,,2026-10-06,"),
                    );
                }),
                edit(|root| book(root, PRICE)),
            ],
        ),
        case(
            "and below it none is in force",
            &["add an entry with tier_from 0 for the same days; an included quantity has the price 0"],
            |root| book(root, &PRICE.replace("USD,,,,", "USD,,,5,")),
            [
                edit(|root| {
                    book(root, &(PRICE.replace("USD,,,,", "USD,,,5,") + &PRICE.replace("USD,,,,", "USD,,,0,")));
                }),
                edit(|root| {
                    let included = PRICE.replace("USD,,,,", "USD,,,0,").replace("WINDOWS,1,", "WINDOWS,0,");
                    book(root, &(PRICE.replace("USD,,,,", "USD,,,5,") + &included));
                }),
            ],
        ),
        case(
            "have several currencies",
            &["see {}: tiers of one price have one currency, and what is not billable has no tiers"],
            move |root| book(root, &tiers),
            [edit(|root| replace(root, "prices.csv", "EUR", "USD"))],
        ),
        case(
            "and has a price in force beside that",
            &["see {}: tiers of one price have one currency, and what is not billable has no tiers"],
            move |root| book(root, &both),
            [edit(|root| book(root, "WINDOWS,,,,,,,,,,,never charged\n"))],
        ),
    ]
}

/// A page with so much of one meter.
fn quantity(root: &TestRoot, quantity: &str) {
    root.file(PAGE, page(&[Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", quantity)]));
}

fn amounts() -> Vec<Case> {
    let priced = |price: &str| PRICE.replace("WINDOWS,1,", &format!("WINDOWS,{price},"));
    let (most, large) = (priced("99999999999999999999"), priced("1000000000000000"));
    let tiny = format!("{}{}", priced("0.0000000001"), priced("0.00000000001").replace("USD,,,,", "USD,,,5,"));
    let both = |quantity: &str| {
        let line = |user_subscription| Line::hourly(user_subscription, WINDOWS_HOURS, "2026-10-05T13", quantity);
        page(&[line(SUB_A), line(SUB_B)])
    };
    let [absurd, too_many] = ["6e13", "6e19"].map(both);
    vec![
        case(
            "beyond DECIMAL(38,18)",
            &["no meter counts that much: look in `lines` of an earlier run, or in the export"],
            move |root| root.file(PAGE, &too_many),
            [edit(|root| quantity(root, "6"))],
        ),
        case(
            "sums to more than DECIMAL(38,18) holds for billed subscription",
            &["no meter counts that much: look for absurd quantities in the lines of the month"],
            move |root| {
                second_stamp(root, "south");
                book(root, &tiny);
                quantity(root, "6e19");
                rename(root, PAGE, "south/usage/2026-10-05/page.json");
                quantity(root, "6.0e19");
            },
            [edit(|root| quantity(root, "6"))],
        ),
        case(
            "the charges of a month exceed what can be published",
            &["look for an absurd price in the price book, or for absurd quantities in the lines of the month"],
            move |root| {
                book(root, PRICE);
                root.file(PAGE, &absurd);
            },
            [edit(|root| quantity(root, "6")), edit(|root| book(root, &PRICE.replace("WINDOWS,1,", "WINDOWS,0.001,")))],
        ),
        case(
            "comes to more than a charge can be (10^28)",
            &["correct the price, or `per`; or look for absurd quantities in the lines of that day"],
            move |root| {
                book(root, &most);
                quantity(root, "1e12");
            },
            [
                edit(|root| {
                    book(root, PRICE);
                    quantity(root, "1e9");
                }),
                edit(|root| quantity(root, "0.0001")).then(edit(|root| book(root, PRICE))),
            ],
        ),
        case(
            "sum to more than an amount can be (10^14)",
            &["look for a price or a quantity that is absurd"],
            move |root| book(root, &large),
            [edit(|root| book(root, PRICE))],
        ),
    ]
}

fn rates() -> Vec<Case> {
    let header = "month,from,to,rate\n";
    let row = |says: &'static str, hint: &'static str, bad: &'static str, good: &'static str| {
        let table = move |row: &str| format!("{header}{row}");
        case(says, &[hint], move |root| root.file(RATES, table(bad)), [edit(move |root| root.file(RATES, table(good)))])
    };
    let good = "2026-10,USD,EUR,0.9\n";
    vec![
        row("`month` is empty", "write the month of usage, such as 2026-10", ",USD,EUR,0.9\n", good),
        row(
            "month \"October\" is no month",
            "write a UTC month as 2026-10; a spreadsheet makes a date of that",
            "October,USD,EUR,0.9\n",
            good,
        ),
        row("`from` is empty", "write a currency, such as USD (ISO 4217)", "2026-10,,EUR,0.9\n", good),
        row("to \"Euro\" is no currency", "write a code of ISO 4217, such as USD", "2026-10,USD,Euro,0.9\n", good),
        row("an exchange rate from USD to itself", "delete the row", "2026-10,USD,USD,1\n", ""),
        row("`rate` is empty", "write how much of `to` one unit of `from` is worth", "2026-10,USD,EUR,\n", good),
        row(
            "rate \"0\" is no exchange rate",
            "write how much of `to` one unit of `from` is worth",
            "2026-10,USD,EUR,0\n",
            good,
        ),
        row(
            "has an exchange rate from USD to EUR already",
            "keep one of the two",
            "2026-10,USD,EUR,0.9\n2026-10,USD,EUR,0.8\n",
            good,
        ),
        case(
            "exchange rates to EUR and JPY, and a statement is billed in one currency",
            &["say which with --billing-currency"],
            |root| {
                book(root, PRICE);
                root.file(RATES, "month,from,to,rate\n2026-10,USD,EUR,0.9\n2026-10,USD,JPY,150\n");
            },
            [
                add(|said| {
                    [said.flag("--billing-currency", 0), vec![said.between("exchange rates to ", " and").to_owned()]]
                        .concat()
                }),
                add(|said| {
                    [said.flag("--billing-currency", 0), vec![said.between("EUR and ", ",").to_owned()]].concat()
                }),
            ],
        ),
        case(
            "no exchange rate from USD to EUR for 2026-10",
            &["add the row {},{},{},RATE; charges of meter {} are in {}"],
            |root| {
                book(root, PRICE);
                root.file(RATES, "month,from,to,rate\n2026-09,USD,EUR,0.9\n");
            },
            [edit_as_said(move |root, said| {
                let row = said.between("add the row ", ";").replace("RATE", "0.9");
                root.file(RATES, format!("{header}{row}\n"));
            })],
        ),
    ]
}

fn card(terms: &str, rate: &str, unit: &str) -> String {
    format!(
        r#"{{"locale":"en-US","currency":"USD","isTaxIncluded":false,"offerTerms":[{terms}],"meters":[
            {{"id":"{AZURE_METER}","name":"1 Core","rates":{{"0":{rate}}},"region":"Azure Stack","unit":"{unit}",
              "includedQuantity":0,"effectiveDate":"2026-10-01T00:00:00Z"}}]}}"#
    )
}

fn mapped(root: &TestRoot) {
    root.file("meters.csv", format!("meter_id,azure_meter_id\n{WINDOWS_HOURS},{AZURE_METER}\n"));
}

fn cards() -> Vec<Case> {
    let good = || card("", "0.04", "1 Hour");
    let with_card = |says: &'static str, hint: &'static str, text: String, ways: Vec<super::Way>| {
        case(
            says,
            &[hint],
            move |root| {
                mapped(root);
                root.file(CARD, &text);
            },
            ways,
        )
    };
    let corrected = move || edit(move |root| root.file(CARD, good()));
    let by_hand = || {
        edit(|root| {
            let text = std::fs::read_to_string(root.root().join(CARD)).unwrap();
            let (before, meters) = text.split_once("\"meters\":[").unwrap();
            assert!(meters.contains(AZURE_METER));
            root.file(CARD, format!("{before}\"meters\":[]}}"));
            book(root, PRICE);
        })
    };
    let term = |discount: &str| {
        format!(r#"{{"name":"Overage","discount":{discount},"effectiveDate":"2026-09-01T00:00:00Z"}}"#)
    };
    let credit = r#"{"Name":"Monetary Credit","Credit":200,"ExcludedMeterIds":[]}"#;
    vec![
        with_card(
            "no rate card",
            "a price book is a table with the columns of prices.csv",
            r#"{"value": []}"#.to_owned(),
            vec![
                corrected(),
                edit(|root| root.file(CARD, HEADER)),
                edit(|root| rename(root, CARD, "prices/_card.json")),
            ],
        ),
        with_card(
            "prices that include tax",
            "charges are before tax: ask for a rate card without it",
            good().replace("false", "true"),
            vec![corrected()],
        ),
        with_card(
            "the currency \"dollars\" is none",
            "ask for the rate card once more, with a currency of ISO 4217",
            good().replace("USD", "dollars"),
            vec![corrected()],
        ),
        with_card(
            "offer term \"Overage\": a discount of 15, and 1 is all of it",
            "correct the file",
            card(&term("15"), "0.04", "1 Hour"),
            vec![edit(move |root| root.file(CARD, card(&term("0.15"), "0.04", "1 Hour")))],
        ),
        with_card(
            "the rate \"-1\" is below zero",
            "correct the file, or take the meter out of it and write its price into {}",
            card("", "-1", "1 Hour"),
            vec![corrected(), by_hand()],
        ),
        with_card(
            "meters whose unit is not known to be that of the stamps' meter",
            "take them out of the rate card, and write their price into {} with the meter's own unit",
            card("", "0.04", "10K Sessions"),
            vec![by_hand()],
        ),
        with_card(
            "offer terms that take nothing off a price",
            "credits and commitments are not part of charges: settle them apart",
            card(credit, "0.04", "1 Hour"),
            vec![add(|said| vec![said.flag("--accept", 0).remove(0), "rate_card_term_not_applied".to_owned()])],
        ),
        case(
            "the currency \"dollars\" is none",
            &["get the price list once more: each of its rows has a currency of ISO 4217"],
            |root| root.file(LIST, list("dollars", "")),
            [edit(|root| root.file(LIST, list("USD", "")))],
        ),
        case(
            "9 cells, and the header has 8",
            &["get the price list once more, and do not open it in a spreadsheet before"],
            |root| root.file(LIST, list("USD", ",more")),
            [edit(|root| root.file(LIST, list("USD", "")))],
        ),
        case(
            "meters of Azure Stack that price no meter of the stamps",
            &["name them in meters.csv (meter_id, azure_meter_id) where they are those of a meter"],
            move |root| root.file(CARD, good()),
            [edit(mapped), by_hand()],
        ),
    ]
}

/// Writes one more row into prices.csv.
pub fn add_row(root: &TestRoot, row: &str) {
    let text = std::fs::read_to_string(root.root().join("prices.csv")).unwrap();
    root.file("prices.csv", format!("{text}{row}\n"));
}

fn unpriced() -> Vec<Case> {
    vec![case(
        "no price is in force for meter 6dab500f-a4fd-49c4-956d-229bb9c8c793",
        &["add its price to prices.csv; or a row without a price, whose note says why it is not billable"],
        |root| book(root, PRICE),
        [
            edit(|root| add_row(root, &format!("{VM_HOURS},1,1,VM hours,USD,,,,,,,"))),
            edit(|root| add_row(root, &format!("{VM_HOURS},,,,,,,,,,,the same hours as core hours"))),
        ],
    )]
}

/// A price sheet with one row, and something behind it.
fn list(currency: &str, more: &str) -> String {
    let header = "MeterId,MeterName,UnitOfMeasure,EffectiveStartDate,UnitPrice,BasePrice,MarketPrice,Currency";
    format!("{header}\n{AZURE_METER},1 Core,1 Hour,2026-10-01,0.04,0.04,0.04,{currency}{more}\n")
}

/// The same table as vendor prices.
fn vendor_book(root: &TestRoot, rows: &str) {
    root.file("vendor-prices.csv", format!("{HEADER}{}", rows.replace("WINDOWS", WINDOWS_HOURS)));
}

fn vendor() -> Vec<Case> {
    let vm_hours = |rest: &'static str| edit(move |root| vendor_book(root, &format!("{PRICE}{VM_HOURS},{rest}\n")));
    let used_twice = |quantity: &str| {
        let line = |resource: &str| {
            let line = Line::hourly(SUB_A, WINDOWS_HOURS, "2026-10-05T13", quantity);
            Line { resource: resource.to_owned(), ..line }
        };
        page(&[line("vm-1"), line("vm-2")])
    };
    let [absurd, few] = ["6e12", "6"].map(used_twice);
    vec![
        case(
            "no vendor price is in force for meter 6dab500f-a4fd-49c4-956d-229bb9c8c793",
            &["add what Microsoft charges for it to vendor-prices.csv"],
            |root| vendor_book(root, PRICE),
            [vm_hours("1,1,VM hours,USD,,,,,,,"), vm_hours(",,,,,,,,,,Microsoft charges core hours")],
        ),
        case(
            "the margins of a month exceed what can be published",
            &["look for an absurd price in the books, or for absurd quantities in the lines of the month"],
            move |root| {
                root.file(PAGE, &absurd);
                book(root, &PRICE.replace("WINDOWS,1,", "WINDOWS,0.001,"));
                vendor_book(root, &PRICE.replace("WINDOWS,1,", "WINDOWS,1000000000000000,"));
            },
            [edit(move |root| root.file(PAGE, &few)), edit(|root| vendor_book(root, PRICE))],
        ),
    ]
}
