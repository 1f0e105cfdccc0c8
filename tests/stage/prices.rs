//! The price book: what is refused, what rules a day, how tiers are crossed; and rate cards through the crosswalk.

use stacktally::domain::price::{Scope, Terms};
use stacktally::domain::{Day, MeterId, PriceEntry};
use stacktally::rate::{PriceBook, Ruling, entries_of_cards};
use stacktally::read::{PriceContent, RateCard, Reading, read_prices};
use stacktally::store::InputFile;

use crate::support::{SUB_A, TENANT_A, TestRoot, WINDOWS_HOURS};

const UNIT: &str = "Virtual core hours";

/// What a price file says, or why it is refused.
fn read(name: &str, text: &str) -> Result<PriceContent, String> {
    let root = TestRoot::empty();
    root.file(name, text);
    let file = InputFile { name: name.to_owned(), path: root.root().join(name) };
    read_prices(&file, &Reading::default()).map(|prices| prices.content).map_err(|error| error.to_string())
}

/// Rows of `price,from,to,tier_from,scope,scope_id`.
fn entries(rows: &[&str]) -> Vec<PriceEntry> {
    let mut text =
        "meter_id,price,effective_from,effective_to,tier_from,scope,scope_id,per,unit,currency,note\n".to_owned();
    for row in rows {
        // What is not billable has neither `per` nor currency.
        let terms = if row.starts_with(',') { format!(",{UNIT},,") } else { format!("1,{UNIT},USD,") };
        text += &format!("{WINDOWS_HOURS},{row},{terms}why\n");
    }
    match read("prices.csv", &text).unwrap() {
        PriceContent::Entries(entries) => entries,
        PriceContent::RateCards(_) => panic!("a table is no rate card"),
    }
}

fn book(rows: &[&str]) -> Result<PriceBook, String> {
    PriceBook::new(entries(rows), |_| Some(UNIT)).map_err(|error| error.to_string())
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// What rules a day: the rows of the entries, with the quantities beyond which they hold.
fn rules(book: &PriceBook, ids: [Option<&str>; 4], on: &str) -> Vec<(String, i64)> {
    match book.ruling(WINDOWS_HOURS, ids, day(on)) {
        None => Vec::new(),
        Some(Ruling::NotBillable(entry)) => vec![("never".to_owned(), book.entry(*entry).row)],
        Some(Ruling::Tiers { tiers, .. }) => {
            tiers.iter().map(|tier| (tier.from.to_string(), book.entry(tier.entry).row)).collect()
        }
    }
}

const NOBODY: [Option<&str>; 4] = [None, None, None, Some("north")];

#[test]
fn the_most_specific_scope_in_force_rules() {
    let book = book(&[
        "1,,,,all,",
        "2,2026-10-05,2026-10-08,,stamp,north",
        &format!("3,2026-10-06,2026-10-07,,tenant,{TENANT_A}"),
        &format!("4,,,,user_subscription,{SUB_A}"),
    ])
    .unwrap();
    let tenant = [Some("other"), Some(TENANT_A), Some("billed"), Some("north")];
    for (on, ids, row) in [
        ("2026-10-04", NOBODY, 2),
        ("2026-10-05", NOBODY, 3),
        ("2026-10-07", NOBODY, 3),
        ("2026-10-08", NOBODY, 2),
        ("2026-10-05", tenant, 3),
        ("2026-10-06", tenant, 4),
        ("2026-10-07", tenant, 3),
        ("2026-10-06", [Some(SUB_A), Some(TENANT_A), None, Some("north")], 5),
        ("2026-10-06", [None, None, None, Some("south")], 2),
    ] {
        assert_eq!(rules(&book, ids, on), [("0".to_owned(), row)], "{on} {ids:?}");
    }
    assert_eq!(book.ruling("another meter", NOBODY, day("2026-10-05")), None);
}

#[test]
fn tiers_come_and_go_with_their_days() {
    let book = book(&["1,,2026-10-03,0,,", "2,,,10,,", "3,2026-10-02,2026-10-04,20.5,,", "4,2026-10-03,,0,,"]).unwrap();
    let tiers = |on| rules(&book, NOBODY, on);
    let expected =
        |pairs: &[(&str, i64)]| pairs.iter().map(|(from, row)| ((*from).to_owned(), *row)).collect::<Vec<_>>();
    assert_eq!(tiers("2026-10-01"), expected(&[("0", 2), ("10", 3)]));
    assert_eq!(tiers("2026-10-02"), expected(&[("0", 2), ("10", 3), ("20.5", 4)]));
    assert_eq!(tiers("2026-10-03"), expected(&[("0", 5), ("10", 3), ("20.5", 4)]));
    assert_eq!(tiers("2026-10-04"), expected(&[("0", 5), ("10", 3)]));
}

#[test]
fn books_that_contradict_themselves_are_refused() {
    for (rows, message) in [
        (
            &["1,,,,,", "2,2026-10-05,,,all,"][..],
            "prices.csv:3:1: meter 9cd92d4c-bafd-4492-b278-bedc2de8232a has a price for all from 0 on in prices.csv row 2 already, and both are in force on one day",
        ),
        (
            &["1,,,5,,"],
            "prices.csv:2:1: the price of meter 9cd92d4c-bafd-4492-b278-bedc2de8232a for all begins at 5, and below it none is in force",
        ),
        (
            &["1,,2026-10-05,0,,", "2,,,5,,"],
            "prices.csv:3:1: the price of meter 9cd92d4c-bafd-4492-b278-bedc2de8232a for all begins at 5, and below it none is in force on 2026-10-05",
        ),
        (
            &[",,,,,", "2,,,5,,"],
            "prices.csv:3:1: meter 9cd92d4c-bafd-4492-b278-bedc2de8232a is not billable for all, and has a price in force beside that",
        ),
    ] {
        assert_eq!(book(rows).err().as_deref(), Some(message), "{rows:?}");
    }
    // One that ends where the other begins overlaps nothing, and neither do those of two scopes.
    book(&["1,,2026-10-05,,,", "2,2026-10-05,,,,", "3,,,,stamp,north", "4,,,,stamp,south"]).unwrap();
}

/// What an entry says is its key; where it stands is not.
#[test]
fn keys_are_of_content() {
    let [first, second] = &entries(&["1,,,,,", "1,,,,,"])[..] else { panic!() };
    assert_eq!(first.key(), second.key());
    let mut keys: Vec<i64> = entries(&[
        "1,,,,,",
        "1.0001,,,,,",
        "1,2026-10-05,,,,",
        "1,,2026-10-05,,,",
        "1,,,1,,",
        "1,,,,stamp,north",
        ",,,,,",
        "0,,,,,",
    ])
    .iter()
    .map(PriceEntry::key)
    .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
    assert_eq!(entries(&["1.50,,,,,"])[0].key(), entries(&["1.5,,,,,"])[0].key());
}

const AZURE_WINDOWS: &str = "fb8c0713-ea20-40bf-901f-5560fd3f6330";

/// The real meter of the reference (§6.2), and what else a rate card of Azure holds.
fn azure_card(meters: &str, terms: &str) -> String {
    format!(r#"{{"OfferTerms":[{terms}],"Meters":[{meters}],"Currency":"USD","Locale":"en-US","IsTaxIncluded":false}}"#)
}

fn azure_meter(rates: &str, included: &str, date: &str, unit: &str) -> String {
    format!(
        r#"{{"EffectiveDate":"{date}","IncludedQuantity":{included},"MeterCategory":"Azure Stack Hub","MeterId":"{AZURE_WINDOWS}","MeterName":"1 Core","MeterRates":{rates},"MeterRegion":"Azure Stack","MeterSubCategory":"Windows VM","MeterTags":[],"Unit":"{unit}"}}"#
    )
}

fn card(name: &str, text: &str) -> Result<RateCard, String> {
    read(name, text).map(|content| match content {
        PriceContent::RateCards(mut cards) => cards.remove(0),
        PriceContent::Entries(_) => panic!("a rate card is no table"),
    })
}

/// What a rate card of Windows hours alone comes to.
fn crossed_windows(cards: &[RateCard]) -> Result<Vec<PriceEntry>, String> {
    let windows = MeterId::new(WINDOWS_HOURS).unwrap();
    entries_of_cards(cards, "prices.csv", |azure| {
        if azure == AZURE_WINDOWS { vec![(&windows, Some(UNIT))] } else { Vec::new() }
    })
    .map(|(entries, _)| entries)
    .map_err(|error| error.to_string())
}

fn shown(entries: &[PriceEntry]) -> Vec<String> {
    let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    let shown = |entry: &PriceEntry| {
        let Terms::Price(price) = &entry.terms else { panic!("a rate card has prices") };
        assert_eq!(entry.scope, Scope::All);
        let (from, to, tier, percent) = (day(entry.from), day(entry.to), entry.tier_from, price.discount_percent);
        format!("{from}..{to} {tier} {}/{} -{percent} row {}", price.price, price.per, entry.row)
    };
    entries.iter().map(shown).collect()
}

/// Entries as `from..to tier price/per -discount`, and what could not be made of the card.
fn crossed(text: &str) -> (Vec<String>, String) {
    let card = card("prices/card.json", text).unwrap();
    let windows = MeterId::new(WINDOWS_HOURS).unwrap();
    let storage = MeterId::new("09f8879e-87e9-4305-a572-4b7be209f857").unwrap();
    let (entries, mut notes) = entries_of_cards(&[card], "prices.csv", |azure| match azure {
        AZURE_WINDOWS => vec![(&windows, Some(UNIT))],
        "8a913f38-33b4-4772-9488-e89522fc09e5" => vec![(&storage, Some("GB*hours"))],
        _ => Vec::new(),
    })
    .unwrap();
    let note = notes.remove(0);
    let counts = format!("{} of {}", note.mapped, note.meters);
    let unknown = [note.unmapped_of_azure_stack, note.unknown_units, note.other_terms].concat().join("; ");
    assert!(entries.iter().all(|entry| entry.file == "prices/card.json"));
    (shown(&entries), format!("{counts} {unknown}").trim_end().to_owned())
}

#[test]
fn a_rate_card_of_azure_is_a_price_book() {
    let date = "2019-12-03T00:00:00Z";
    let one = azure_meter(r#"{"0":0.046}"#, "0.0", date, "1 Hour");
    assert_eq!(
        crossed(&azure_card(&one, "")),
        (vec!["2019-12-03.. 0 0.046/1 -0 row 1".to_owned()], "1 of 1".to_owned())
    );
    let tiered = azure_meter(r#"{"0":1.99,"100.0000000000":0.99}"#, "5", date, "1 Hour");
    let expected =
        ["2019-12-03.. 0 0/1 -0 row 1", "2019-12-03.. 5 1.99/1 -0 row 1", "2019-12-03.. 100 0.99/1 -0 row 1"];
    assert_eq!(crossed(&azure_card(&tiered, "")).0, expected);
    // A meter with several dates: each price holds until the next.
    let later = azure_meter(r#"{"0":"4.87e-2"}"#, "0", "2026-10-01T00:00:00Z", "1 hour");
    let two = azure_card(&format!("{later},{one}"), "");
    assert_eq!(crossed(&two).0, ["2026-10-01.. 0 0.0487/1 -0 row 1", "2019-12-03..2026-10-01 0 0.046/1 -0 row 2"]);
    // A unit that is not known to be the meter's is not guessed, and neither is a meter that nothing names.
    let odd = azure_meter(r#"{"0":1}"#, "0", date, "1 GB");
    let other = one.replace(AZURE_WINDOWS, "8b251e8f-ce5e-4a58-a6e5-2b8f0d176e3a").replace("1 Core", "M30 Disks");
    assert_eq!(
        crossed(&azure_card(
            &format!("{odd},{other}"),
            r#"{"Name":"Monetary Credit","Credit":200,"ExcludedMeterIds":[]}"#
        )),
        (
            Vec::new(),
            format!(
                "1 of 2 M30 Disks (8b251e8f-ce5e-4a58-a6e5-2b8f0d176e3a); 1 Core ({AZURE_WINDOWS}), \"1 GB\"; Monetary Credit"
            )
        )
    );
}

/// What a unit of a card is in units of a meter, as it is divided by; `None`: not known for certain, so nothing is guessed.
#[test]
fn units_of_rate_cards_are_understood_where_that_is_safe() {
    let per = |of_card: &str, of_meter: &str| {
        let meter = MeterId::new(WINDOWS_HOURS).unwrap();
        let text = azure_card(&azure_meter(r#"{"0":1.5}"#, "0", "2026-10-01T00:00:00Z", of_card), "");
        let (entries, notes) = entries_of_cards(&[card("prices/card.json", &text).unwrap()], "prices.csv", |_| {
            vec![(&meter, Some(of_meter))]
        })
        .unwrap();
        assert_eq!(entries.len() + notes[0].unknown_units.len(), 1, "{of_card}: either priced or said");
        entries.first().map(|entry| match &entry.terms {
            Terms::Price(price) => price.per.to_string(),
            Terms::NotBillable => panic!("a rate card has prices"),
        })
    };
    for (of_card, of_meter, want) in [
        ("Hours", UNIT, Some("1")),
        ("1 hour", UNIT, Some("1")),
        ("1 Hrs", "VM hours", Some("1")),
        ("1/Hour", "1 hour", Some("1")),
        (" 1 HR ", "Core*hours", Some("1")),
        // 1.5 for 100 hours is 0.015 an hour.
        ("100 Hours", UNIT, Some("100")),
        ("1,000 Hours", UNIT, Some("1000")),
        ("1 GB/Hr", "GB*hours", Some("1")),
        ("GB Hours", "GB*hours", Some("1")),
        ("1 GB/Month", "GB*hours", Some("720")),
        ("GB/Month", "GB*hours", Some("720")),
        ("1 GB per month", "GB*hours", Some("720")),
        ("100 GB/Month", "GB*hours", Some("72000")),
        ("1 GB-Month", "GB*month", Some("1")),
        ("GB", "GB", Some("1")),
        ("1/Month", "Disks*hours", Some("720")),
        ("Month", "Disks*month", Some("1")),
        ("10K", "10,000 requests", Some("1")),
        ("10,000", "10,000 requests", Some("1")),
        ("1M", "10,000 requests", Some("100")),
        ("100K Transactions", "10,000 requests", Some("10")),
        // Not the same thing, not whole, or not known.
        ("1K", "10,000 requests", None),
        ("15K", "10,000 requests", None),
        ("GB", "GB*hours", None),
        ("1 GB/Month", "GB", None),
        ("1 Hour", "GB*hours", None),
        ("Hours", "Disks*hours", None),
        ("1 TB/Month", "GB*hours", None),
        ("1 GiB Hour", "GB*hours", None),
        ("1,00 Hours", UNIT, None),
        ("0 Hours", UNIT, None),
        ("1.5 Hours", UNIT, None),
        ("1 Day", UNIT, None),
        ("1 GB Second", "GB*hours", None),
        ("Core", UNIT, None),
        ("", UNIT, None),
    ] {
        assert_eq!(per(of_card, of_meter).as_deref(), want, "{of_card} for {of_meter}");
    }
}

#[test]
fn a_rate_card_of_partner_center_is_a_price_book() {
    let card = |terms: &str| {
        format!(
            r#"{{"locale":"de-DE","currency":"EUR","isTaxIncluded":false,"offerTerms":[{terms}],"meters":[
                {{"id":"8A913F38-33B4-4772-9488-E89522FC09E5","name":"Block Blob","rates":{{"0":0.006,"51200":0.005}},"tags":[],"category":"Storage","subcategory":"","region":"Azure Stack","unit":"1 GB/Month","includedQuantity":0,"effectiveDate":"2026-10-01T00:00:00Z"}},
                {{"id":"{AZURE_WINDOWS}","name":"1 Core","rates":{{"0":0.04}},"unit":"1 Hour","includedQuantity":0.0,"effectiveDate":"2026-10-01T00:00:00Z"}}]}}"#
        )
    };
    // Tiers of GB-months begin at 720 times as many GB-hours.
    let storage =
        |percent: &str| ["0 0.006", "36864000 0.005"].map(|tier| format!("2026-10-01.. {tier}/720 -{percent} row 1"));
    assert_eq!(crossed(&card("")).0[..2], storage("0"));
    let discount = format!(
        r#"{{"name":"Overage discount","effectiveDate":"2026-09-01T00:00:00Z","discount":0.15,"excludedMeterIds":["{AZURE_WINDOWS}"]}}"#
    );
    let (entries, note) = crossed(&card(&discount));
    assert_eq!(entries[..2], storage("15"));
    assert_eq!(entries[2..], ["2026-10-01.. 0 0.04/1 -0 row 2"]);
    assert_eq!(note, "2 of 2");
    // A share with many places is a percentage with two fewer.
    let third = discount.replace("0.15", "0.33333333");
    assert_eq!(crossed(&card(&third)).0[..2], storage("33.333333"));
    // One that begins later splits the days.
    let later = discount.replace("2026-09-01", "2026-10-15").replace(AZURE_WINDOWS, "none");
    assert_eq!(
        crossed(&card(&later)).0[4..],
        ["2026-10-01..2026-10-15 0 0.04/1 -0 row 2", "2026-10-15.. 0 0.04/1 -15 row 2"]
    );
}

#[test]
fn files_that_are_no_rate_card_are_refused() {
    let meter = azure_meter(r#"{"0":0.046}"#, "0.0", "2019-12-03T00:00:00Z", "1 Hour");
    for (text, message) in [
        ("[]".to_owned(), "prices/card.json:1:0: no rate card"),
        (r#"{"value":[]}"#.to_owned(), "prices/card.json:1:12: no rate card"),
        (azure_card(&meter, "").replace("false", "true"), "prices/card.json: prices that include tax"),
        (azure_card(&meter, "").replace("USD", "dollars"), "prices/card.json: the currency \"dollars\" is none"),
    ] {
        assert_eq!(card("prices/card.json", &text).err().as_deref(), Some(message), "{text}");
    }
}

/// A card holds thousands of meters, and few of them price a meter of the stamps.
#[test]
fn odd_meters_are_refused_where_they_price_something() {
    let meter = azure_meter(r#"{"0":0.046}"#, "0.0", "2019-12-03T00:00:00Z", "1 Hour");
    let two_terms = r#"{"name":"a","discount":0.1},{"name":"b","discount":0.2}"#;
    let not_a_number = "is no decimal number of at most 28 digits, 18 of them behind the point";
    for (odd, terms, what) in [
        (meter.replace("0.046", "-1"), "", "the rate \"-1\" is below zero"),
        (meter.replace("0.046", "\"0,046\""), "", &format!("the rate \"0,046\" {not_a_number}")),
        (meter.replace("0.046", "1e-19"), "", &format!("the rate \"1e-19\" {not_a_number}")),
        (meter.replace("0.046", "0.046,\"0.0\":1"), "", "two rates from 0 on"),
        (
            meter.replace("2019-12-03T00", "12/3/2019 00"),
            "",
            "EffectiveDate \"12/3/2019 00:00:00Z\" begins with no day such as 2019-12-03",
        ),
        (meter.clone(), two_terms, "the offer terms \"a\" and \"b\" both take something off"),
    ] {
        let text = azure_card(&odd, terms);
        let refused = crossed_windows(&[card("prices/card.json", &text).unwrap()]).unwrap_err();
        let place = format!("prices/card.json: meter 1 of its list (1 Core {AZURE_WINDOWS}): ");
        assert_eq!(refused, format!("{place}{what}"), "{text}");
        let unmapped = text.replace(AZURE_WINDOWS, "8b251e8f-ce5e-4a58-a6e5-2b8f0d176e3a");
        assert_eq!(crossed_windows(&[card("prices/card.json", &unmapped).unwrap()]), Ok(Vec::new()), "{unmapped}");
    }
    // A date from before there was any usage is one that nobody set.
    let unset = meter.replace("2019-12-03", "0001-01-01");
    assert_eq!(crossed(&azure_card(&unset, "")).0, [".. 0 0.046/1 -0 row 1"]);
}

/// What is included ends at a rate that would have held there; where none would have, the rates stay as the card has them.
#[test]
fn an_included_quantity_needs_a_rate_beyond_it() {
    let date = "2019-12-03T00:00:00Z";
    let tiers = |rates: &str, included: &str| crossed(&azure_card(&azure_meter(rates, included, date, "1 Hour"), "")).0;
    assert_eq!(tiers(r#"{"10":2}"#, "5"), ["2019-12-03.. 10 2/1 -0 row 1"]);
    assert_eq!(tiers(r#"{"5":2}"#, "5"), ["2019-12-03.. 0 0/1 -0 row 1", "2019-12-03.. 5 2/1 -0 row 1"]);
    assert_eq!(
        tiers(r#"{"0":3,"4":2,"9":1}"#, "5"),
        ["2019-12-03.. 0 0/1 -0 row 1", "2019-12-03.. 5 2/1 -0 row 1", "2019-12-03.. 9 1/1 -0 row 1"]
    );
    assert_eq!(tiers("{}", "5"), Vec::<String>::new());
}

/// Somebody lays a card a month beside the others: each price holds until a later card has another.
#[test]
fn cards_of_several_months_are_one_book() {
    let month = |name: &str, rate: &str, date: &str| {
        let meter = azure_meter(&format!(r#"{{"0":{rate}}}"#), "0.0", date, "1 Hour");
        card(name, &azure_card(&meter, "")).unwrap()
    };
    let october = || month("prices/10.json", "0.046", "2026-10-01T00:00:00Z");
    let november = || month("prices/11.json", "0.05", "2026-11-01T00:00:00Z");
    let both = ["2026-10-01..2026-11-01 0 0.046/1 -0 row 1", "2026-11-01.. 0 0.05/1 -0 row 1"];
    assert_eq!(shown(&crossed_windows(&[october(), november()]).unwrap()), both);
    assert_eq!(shown(&crossed_windows(&[november(), october()]).unwrap()), [both[1], both[0]]);
    // A card that repeats what another says adds nothing.
    let again = month("prices/12.json", "0.046", "2026-10-01T00:00:00Z");
    assert_eq!(shown(&crossed_windows(&[october(), november(), again]).unwrap()), both);
    // Two that disagree on one day are two entries, which the book refuses by name.
    let other = month("prices/12.json", "0.047", "2026-10-01T00:00:00Z");
    let entries = crossed_windows(&[october(), other]).unwrap();
    let refused = PriceBook::new(entries, |_| Some(UNIT)).unwrap_err().to_string();
    assert!(refused.contains("prices/10.json") && refused.contains("prices/12.json"), "{refused}");
}

const PLAN_LIST: &str = "\"ProductTitle\",\"ProductId\",\"SkuId\",\"SkuTitle\",\"Publisher\",\"SkuDescription\",\"UnitOfMeasure\",\
    \"TermDuration\",\"Market\",\"Currency\",\"UnitPrice\",\"PricingTierRangeMin\",\"PricingTierRangeMax\",\
    \"EffectiveStartDate\",\"EffectiveEndDate\",\"MeterIds\",\"MeterType\",\"Tags\"\n";

/// A row of the Azure plan price list, by what matters of it: unit, term, currency, price, tier, its days and the meters.
fn plan_row([unit, term, currency, price, tier, from, to, meters]: [&str; 8]) -> String {
    format!(
        "\"Azure Stack Hub\",\"DZH318Z0BP04\",\"000A\",\"Windows VM\",\"Microsoft\",\"\",\"{unit}\",\"{term}\",\"US\",\
         \"{currency}\",\"{price}\",\"{tier}\",\"9223372036854780000\",\"{from}\",\"{to}\",\"{meters}\",\"\",\"\"\n"
    )
}

fn lists(name: &str, text: &str) -> Result<Vec<RateCard>, String> {
    read(name, text).map(|content| match content {
        PriceContent::RateCards(cards) => cards,
        PriceContent::Entries(_) => panic!("a price list is not made by hand"),
    })
}

#[test]
fn the_price_list_of_the_azure_plan_is_a_price_book() {
    let (begin, end) = ("3/1/2018 12:00:00 AM", "11/30/9999 11:59:59 PM");
    let ids = format!("{}, 8A913F38-33b4-4772-9488-e89522fc09e5", AZURE_WINDOWS.to_uppercase());
    let of = |rows: &[String]| crossed_windows(&lists("prices/list.csv", &(PLAN_LIST.to_owned() + &rows.concat()))?);
    let row =
        |price: &str, tier: &str, from: &str, to: &str| plan_row(["1 Hour", "", "USD", price, tier, from, to, &ids]);

    let tiers = of(&[row("0.046", "0", begin, end), row("0.04", "100", begin, end)]).unwrap();
    assert_eq!(shown(&tiers), ["2018-03-01.. 0 0.046/1 -0 row 2", "2018-03-01.. 100 0.04/1 -0 row 2"]);
    // A price ends with its last day, or where the next one begins; of two markets with one price, one counts.
    let old = row("0.046", "0", begin, "10/15/2026 11:59:59 PM");
    let new = row("0.0487", "0", "10/16/2026 12:00:00 AM", end);
    let periods = of(&[new.clone(), old.clone(), old.clone()]).unwrap();
    assert_eq!(shown(&periods), ["2018-03-01..2026-10-16 0 0.046/1 -0 row 3", "2026-10-16.. 0 0.0487/1 -0 row 2"]);
    let gap = of(&[row("0.046", "0", begin, "9/30/2026 11:59:59 PM"), new]).unwrap();
    assert_eq!(shown(&gap), ["2018-03-01..2026-10-01 0 0.046/1 -0 row 2", "2026-10-16.. 0 0.0487/1 -0 row 3"]);
    // A later list knows when a price ends that the list before it left open.
    let month = |rows: &[&String]| {
        let rows: String = rows.iter().map(|row| row.as_str()).collect();
        lists("prices/list.csv", &(PLAN_LIST.to_owned() + &rows)).unwrap().remove(0)
    };
    let (open, ended) = (row("0.046", "0", begin, end), row("0.046", "0", begin, "9/30/2026 11:59:59 PM"));
    let next = row("0.05", "0", "10/1/2026 12:00:00 AM", end);
    let two = crossed_windows(&[month(&[&open]), month(&[&ended, &next])]).unwrap();
    assert_eq!(shown(&two), ["2018-03-01..2026-10-01 0 0.046/1 -0 row 2", "2026-10-01.. 0 0.05/1 -0 row 3"]);
    // A report has a few lines above its header.
    let report = format!("Price list of October\n\n{PLAN_LIST}{open}");
    assert_eq!(
        shown(&crossed_windows(&lists("prices/list.csv", &report).unwrap()).unwrap()),
        ["2018-03-01.. 0 0.046/1 -0 row 4"]
    );
    // A list that was cut off in a row is not one with fewer meters.
    let refused = of(&[open, "\"Azure Stack Hub\",\"DZH318Z0BP04\"\n".to_owned()]).unwrap_err();
    assert!(refused.starts_with("prices/list.csv:3:1: 2 cells, and the header has 18"), "{refused}");
    // Reservations are no usage; blocks of hours are.
    let reserved = plan_row(["1 Hour", "P1Y", "USD", "300", "0", begin, end, &ids]);
    let block = plan_row(["100 Hours", "", "USD", "4.6", "0", begin, end, &ids]);
    assert_eq!(shown(&of(&[reserved, block]).unwrap()), ["2018-03-01.. 0 4.6/100 -0 row 3"]);
    // What cannot be both is refused where it prices a meter of the stamps, and nowhere else.
    let twice = [row("0.046", "0", begin, end), row("0.05", "0", begin, end)];
    let refused = of(&twice).unwrap_err();
    assert!(refused.starts_with("prices/list.csv:2:1: meter Azure Stack Hub Windows VM"), "{refused}");
    assert!(refused.contains("two prices from 0 on, 0.046 and 0.05"), "{refused}");
    let others: Vec<String> = twice.iter().map(|row| row.replace(&AZURE_WINDOWS.to_uppercase(), "other")).collect();
    assert_eq!(of(&others).unwrap(), Vec::new());
    for (wrong, what) in [
        (row("free", "0", begin, end), "UnitPrice \"free\" is no decimal number"),
        (row("0.046", "0", "31/3/2018", end), "EffectiveStartDate \"31/3/2018\" begins with no day"),
        (row("0.046", "0", "soon", end), "EffectiveStartDate \"soon\" begins with no day"),
        (
            row("0.046", "0", "10/10/2026", "10/9/2026"),
            "EffectiveStartDate 10/10/2026 is not before EffectiveEndDate 10/9/2026",
        ),
    ] {
        let refused = of(&[wrong]).unwrap_err();
        assert!(refused.contains(what), "{refused}");
    }
    let refused = of(&[plan_row(["1 Hour", "", "dollars", "1", "0", begin, end, &ids])]).unwrap_err();
    assert!(refused.starts_with("prices/list.csv:2:1: the currency \"dollars\" is none"), "{refused}");
}

#[test]
fn price_sheets_are_price_books() {
    let sheet = |currency: &str, tier: &str| {
        format!(
            "MeterID,MeterName,MeterCategory,MeterSubCategory,MeterRegion,UnitOfMeasure,EffectiveStartDate,\
                 EffectiveEndDate,UnitPrice,BasePrice,MarketPrice,{currency},{tier},Term,PriceType\n"
        )
    };
    let row = |price: &str, of: &str, tier: &str, kind: &str| {
        format!(
            "{AZURE_WINDOWS},1 Core,Azure Stack Hub,Windows VM,Azure Stack,1 Hour,2026-10-01T00:00:00.0000000Z,\
                 2026-10-31T00:00:00.0000000Z,{price},0.046,0.05,{of},{tier},,{kind}\n"
        )
    };
    // An enterprise agreement has included quantities.
    let enterprise = sheet("CurrencyCode", "IncludedQuantity")
        + &row("0.041", "USD", "5", "Consumption")
        + &row("0.03", "USD", "0", "DevTest");
    let entries = crossed_windows(&lists("vendor-prices/ea.csv", &enterprise).unwrap()).unwrap();
    assert_eq!(
        shown(&entries),
        ["2026-10-01..2026-11-01 0 0/1 -0 row 2", "2026-10-01..2026-11-01 5 0.041/1 -0 row 2",]
    );
    // Its offer for development and test has prices of its own.
    let offers = enterprise
        .replace("PriceType\n", "PriceType,OfferID\n")
        .replace(",Consumption\n", ",Consumption,MS-AZR-0017P\n")
        .replace(",DevTest\n", ",Consumption,MS-AZR-0148P\n");
    assert_eq!(crossed_windows(&lists("vendor-prices/ea.csv", &offers).unwrap()).unwrap().len(), 2);
    // A customer agreement has tiers, and may have several currencies.
    let customer = sheet("Currency", "TierMinimumUnits")
        + &row("0.041", "USD", "0", "Consumption")
        + &row("0.038", "EUR", "0", "Consumption")
        + &row("0.035", "USD", "100", "Consumption");
    let cards = lists("vendor-prices/mca.csv", &customer).unwrap();
    assert_eq!(cards.iter().map(|card| card.currency.code()).collect::<Vec<_>>(), ["EUR", "USD"]);
    assert!(cards.iter().flat_map(|card| &card.meters).all(|meter| meter.is_of_azure_stack));
    assert_eq!(
        shown(&crossed_windows(&cards[1..]).unwrap()),
        ["2026-10-01..2026-11-01 0 0.041/1 -0 row 2", "2026-10-01..2026-11-01 100 0.035/1 -0 row 2",]
    );
}
