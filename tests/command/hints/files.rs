//! What is in a file, before it is known what it says: bytes, encodings, JSON.

use std::fs;
use std::io::Write;

use super::{
    Case, PAGE, add, case, edit, edit_as_said, good_page, line, of_hour, rename, replace, type_instead, words,
};
use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, TENANT_A, TestRoot, VM_HOURS, customers, page, registration,
};

follow_all!();

pub fn cases() -> Vec<Case> {
    let mut cases = bytes();
    cases.extend(foreign());
    cases.extend(json());
    cases.extend(lines());
    cases.extend(error_bodies());
    cases
}

/// A page that is `text`, and is fetched again.
fn fetched_again(says: &'static str, hints: &[&'static str], text: impl AsRef<[u8]> + Send + Sync + 'static) -> Case {
    case(says, hints, move |root| root.file(PAGE, &text), [edit(good_page)])
}

/// The page's bytes as they are in UTF-16.
fn utf_16() -> Vec<u8> {
    [&[0xff, 0xfe][..], &utf_16_of(&page(&[line(SUB_A)]))].concat()
}

fn utf_16_of(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const PART_LOST: &str = "fetch the file again: a part of it is lost";

fn latin_1(root: &TestRoot) -> Vec<u8> {
    good_page(root);
    let text = fs::read(root.root().join(PAGE)).unwrap();
    let at = text.windows(4).position(|part| part == b"vm-1").unwrap();
    [&text[..at], b"vm-\xe9", &text[at + 4..]].concat()
}

fn bytes() -> Vec<Case> {
    let gzip = compressed(page(&[line(SUB_A)]).as_bytes());
    let half_a_unit = utf_16().split_last().unwrap().1.to_vec();
    let lone_surrogate = [&utf_16()[..], &[0x00, 0xd8]].concat();
    let five_times = (0..5).fold(page(&[line(SUB_A)]).into_bytes(), |bytes, _| compressed(&bytes));
    let of_console = page(&[line(SUB_A)]).replace("vm-1", "B\u{1}ro").into_bytes();
    let of_console: Vec<u8> = of_console.into_iter().map(|byte| if byte == 1 { 0x81 } else { byte }).collect();
    let both = [format!("\n{}\n", page(&[line(SUB_A)])), page(&[line(SUB_B)])];
    let apart = both.clone();
    vec![
        fetched_again(
            "compressed bytes that cannot be decompressed",
            &["the download was probably cut off: fetch the file again"],
            gzip[..gzip.len() / 2].to_vec(),
        ),
        case(
            "larger than 128 MiB",
            &["only exports of usage may be so large: if it is one, move it to the folder `usage` of its stamp"],
            |root| {
                root.remove(PAGE);
                let blanks = vec![b' '; 128 << 20];
                root.file("north/registration/2026-10-06.json", [page(&[line(SUB_A)]).as_bytes(), &blanks].concat());
            },
            [edit(|root| rename(root, "north/registration/2026-10-06.json", PAGE))],
        ),
        fetched_again(
            "a single value of more than 64 MiB",
            &["a line of usage has about 1 KB: see what wrote the file, and export it again"],
            format!("{{\"value\":[{{\"id\":\"{}\"}}]}}", "x".repeat((64 << 20) + (8 << 20))),
        ),
        case(
            "more than 65536 different times that have to be decided about",
            &["usage has some 9,000 hours a year: export it again in UTC as ISO 8601"],
            |root| {
                let rows = (0..65_600).map(|at| {
                    let (hour, minute, second) = (at / 3_600, at / 60 % 60, at % 60);
                    format!("{SUB_A},{VM_HOURS},5/6/2026 {hour}:{minute:02}:{second:02},5/6/2026 20:00:00,1\n")
                });
                let header = "SubscriptionId,MeterId,UsageStartTime,UsageEndTime,Quantity\n";
                root.file(PAGE, header.to_owned() + &rows.collect::<String>());
            },
            [edit(good_page)],
        ),
        case(
            "bytes that are no shift_jis text",
            &["say the encoding of the machine that exported it", "--encoding {} makes `{}` of it"],
            |root| root.file(PAGE, [&latin_1(root)[..], b"\xa0\xff"].concat()),
            [edit(|root| root.file(PAGE, latin_1(root)))
                .then(type_instead(|said| [words(&["check", "--root", "root"]), said.flag("--encoding", 1)].concat()))],
        )
        .with(&["--encoding", "shift_jis"]),
        case(
            "it holds the control character U+0081",
            &["it was written with another code page: say that"],
            move |root| root.file(PAGE, &of_console),
            [type_instead(|said| [words(&["check", "--root", "root"]), said.flag("--encoding", 1)].concat())],
        )
        .with(&["--encoding", "windows-1252"]),
        case(
            "byte 0xe9 is not UTF-8 text",
            &["{}, such as --encoding {}"],
            // No code page makes text of a file that holds a control.
            |root| root.file(PAGE, [&latin_1(root)[..], b"\x01"].concat()),
            [edit(good_page), edit(|root| root.file(PAGE, latin_1(root))).then(add(|said| said.flag("--encoding", 1)))],
        ),
        case(
            "two encodings in one file: up to line 2 it is ",
            &["a script appended to it with another encoding: export it again into one file at once"],
            move |root| root.file(PAGE, [both[0].as_bytes(), &utf_16_of(&both[1])].concat()),
            [
                edit(|root| root.file(PAGE, page(&[line(SUB_A), line(SUB_B)]))),
                edit(move |root| {
                    root.file(PAGE, &apart[0]);
                    root.file("north/usage/2026-10-05/appended.json", utf_16_of(&apart[1]));
                }),
            ],
        ),
        case(
            "byte 0xe9 is not UTF-8 text",
            &["export again as UTF-8 (in PowerShell: `Out-File -Encoding utf8`)"],
            |root| root.file(PAGE, latin_1(root)),
            [
                edit(|root| root.file(PAGE, String::from_utf8_lossy(&latin_1(root)).replace('\u{fffd}', "é"))),
                add(|said| said.flag("--encoding", 1)),
            ],
        ),
        fetched_again(
            "a run of zero bytes within the text",
            &["the disk or a copy lost what stood there: fetch the file again"],
            [page(&[line(SUB_A)]).as_bytes(), &[0; 200]].concat(),
        ),
        fetched_again("UTF-16LE text that ends within a character", &[PART_LOST], half_a_unit),
        fetched_again("UTF-16LE text with a broken character", &[PART_LOST], lone_surrogate),
        fetched_again("compressed more than 4 times over", &["decompress it until its text can be read"], five_times),
    ]
}

/// Archives, documents and databases, by their first bytes.
fn foreign() -> Vec<Case> {
    let unpack = "unpack it, and put its files there";
    let sheet = "save the sheet as CSV (in Excel: CSV UTF-8), and put that there instead";
    let export = "export the data as JSON or CSV, and put that there instead";
    let cases = [
        ("a zip archive", b"PK\x03\x04\x14\0page.json".to_vec(), unpack),
        ("an empty zip archive", b"PK\x05\x06\0\0".to_vec(), "fetch it again, and unpack it"),
        ("an Excel workbook", b"PK\x03\x04\x14\0xl/workbook.xml".to_vec(), sheet),
        ("a bzip2 file", b"BZh91AY&SY".to_vec(), "decompress it with bunzip2, and put what comes out there"),
        ("an xz file", b"\xfd7zXZ\0".to_vec(), "decompress it with unxz, and put what comes out there"),
        ("an lz4 file", b"\x04\x22\x4d\x18".to_vec(), "decompress it with unlz4, and put what comes out there"),
        ("a file of compress", b"\x1f\x9d\x90".to_vec(), "decompress it with uncompress, and put what comes out there"),
        ("a PDF", b"%PDF-1.7".to_vec(), export),
    ]
    .map(|(says, bytes, hint)| fetched_again(says, &[hint], bytes));
    let mut cases = Vec::from(cases);
    cases.push(case(
        "names.csv: a Parquet file",
        &["only the tables `lines` and `resources` that stacktally published are read, and only below usage"],
        |root| root.file("names.csv", "PAR1 and more"),
        [edit(|root| root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n")))],
    ));
    cases
}

fn json() -> Vec<Case> {
    let cut = page(&[line(SUB_A)]);
    let list = "north/customer-subscriptions/2026-10-01.json";
    let good_list = move |root: &TestRoot| root.file(list, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
    vec![
        case(
            "an empty file, where a page of usage was expected",
            &["fetch it again, or rename it so that it begins with `_` to have it skipped"],
            |root| root.file(PAGE, ""),
            [edit(good_page), edit(|root| rename(root, PAGE, "north/usage/2026-10-05/_page-0001.json"))],
        ),
        fetched_again(
            "HTML or XML, where a page of usage was expected",
            &["this is often a sign-in or proxy page: run the query again and save its JSON answer"],
            "<html><body>Sign in</body></html>",
        ),
        fetched_again(
            "the JSON ends in the middle",
            &["the download was interrupted: run the query again and replace the file"],
            cut[..cut.len() / 2].to_owned(),
        ),
        fetched_again(
            "an object with `answer`, where a page of usage was expected",
            &["save the whole answer of the REST API, as it came"],
            r#"{"answer": 1}"#,
        ),
        case(
            "not a list of customer subscriptions: invalid type: integer `5`, expected an object",
            &["run the query again and replace the file"],
            move |root| root.file(list, "[5]"),
            [edit(good_list)],
        ),
        fetched_again("not a page of usage", &["run the query again and replace the file"], r#"{"value": [}"#),
        fetched_again(
            "an error body, where a page of usage was expected",
            &["the query failed and its answer was saved as a file: run it again"],
            r#"{"error": {"code": "GatewayTimeout", "message": "The gateway did not receive a response in time."}}"#,
        ),
        fetched_again(
            "JSON within a JSON string, where a page of usage was expected",
            &["the answer was made JSON twice: save it once, without a second ConvertTo-Json or json.dumps"],
            serde_json::to_string(&page(&[line(SUB_A)])).unwrap(),
        ),
        fetched_again(
            "JSON within the text of `Content`",
            &["this is what Invoke-WebRequest returned, its headers too: save its text alone"],
            serde_json::json!({"StatusCode": 200, "Content": page(&[line(SUB_A)])}).to_string(),
        ),
        case(
            "JSON within the text of `body`",
            &["save the text in `{}` alone as the file, and not the object around it"],
            |root| root.file(PAGE, serde_json::json!({"body": page(&[line(SUB_A)])}).to_string()),
            [edit_as_said(|root, said| {
                let answer: serde_json::Value =
                    serde_json::from_str(&fs::read_to_string(root.root().join(PAGE)).unwrap()).unwrap();
                root.file(PAGE, answer[said.between("save the text in `", "`")].as_str().unwrap());
            })],
        ),
        case(
            "row 1 has properties that are a text, and no object",
            &["save the list again, as the REST API or PowerShell through ConvertTo-Json -Depth 10 returns it"],
            move |root| root.file(list, r#"{"value": [{"id": "x", "properties": "y"}]}"#),
            [edit(good_list)],
        ),
        case(
            "its line cannot be used: the quantity is no decimal number",
            &["export it again with plain numbers, such as 0.25: a spreadsheet or a script changed them"],
            |root| root.file(PAGE, page(&[Line { quantity: "\"1,5\"".to_owned(), ..line(SUB_A) }])),
            [edit(good_page)],
        ),
        case(
            "begins with \"usage\", where a page of usage was expected",
            &["a table has a header with the columns {}"],
            |root| root.file(PAGE, "usage of October\n"),
            [edit_as_said(|root, said| {
                let cell = |column: &str| match column {
                    "SubscriptionId" => SUB_A,
                    "MeterId" => VM_HOURS,
                    "UsageStartTime" => "2026-10-05T13:00:00Z",
                    "UsageEndTime" => "2026-10-05T14:00:00Z",
                    _ => "1",
                };
                let columns: Vec<&str> = said.between("with the columns ", "").split(", ").collect();
                let row: Vec<&str> = columns.iter().map(|column| cell(column)).collect();
                root.file(PAGE, format!("{}\n{}\n", columns.join(","), row.join(",")));
            })],
        ),
        case(
            "no JSON, where a registration was expected",
            &["save it as JSON: the answer of `az rest`, or Get-AzResource through ConvertTo-Json -Depth 10"],
            |root| root.file("north/registration/2026-10-01.json", "Name : north\n"),
            [edit(|root| root.file("north/registration/2026-10-01.json", registration(DEFAULT, "north")))],
        ),
    ]
}

/// JSON that is of usage, and not as it should be.
fn lines() -> Vec<Case> {
    let printed = r#"{"value": [{"id": "x", "properties": "@{subscriptionId=…; quantity=1}"}]}"#;
    let of_zone =
        |start: &str, end: &str| page(&[Line { start: start.to_owned(), end: end.to_owned(), ..line(SUB_A) }]);
    let linked = |day: &str, next: &str| {
        let link = format!(
            "https://x/?reportedStartTime={day}T00:00:00Z&reportedEndTime={next}T00:00:00Z&continuationToken=1"
        );
        let lines = [of_hour(SUB_A, &format!("{day}T13"))];
        page(&lines).replacen('{', &format!("{{\"nextLink\":\"{link}\","), 1)
    };
    let (first, second) = (linked("2026-10-05", "2026-10-06"), linked("2026-10-06", "2026-10-07"));
    let both = format!("{first}{second}");
    let two_shapes = format!("{}\n{}", page(&[line(SUB_A)]), flat_row(SUB_B));
    vec![
        fetched_again(
            "rows whose properties PowerShell printed as text",
            &["ConvertTo-Json stops at two levels: export again with `ConvertTo-Json -Depth 10`"],
            printed,
        ),
        fetched_again(
            "its line cannot be used: not a usage line",
            &["a usage line is an object with `properties`, or a row with all the cells of its header"],
            r#"{"value": [5]}"#,
        ),
        case(
            "times that do not say all of what they mean",
            &["and where the order of day and month is not plain, with --culture"],
            move |root| root.file(PAGE, of_zone("2026-10-05T13:00:00", "2026-10-05T14:00:00")),
            [
                add(|said| said.flag("--source-time-zone", 1)),
                add(|said| words(&["--source-time-zone", said.between("UTC, ", " or ")])),
                add(|said| words(&["--source-time-zone", said.between("Europe/Berlin or ", ",")])),
            ],
        ),
        case(
            "times that do not say all of what they mean",
            &["where the order of day and month is not plain, with --culture"],
            move |root| root.file(PAGE, of_zone("05/10/2026 13:00:00", "05/10/2026 14:00:00")),
            [add(|said| [said.flag("--source-time-zone", 1), said.flag("--culture", 0), words(&["en-GB"])].concat())],
        ),
        case(
            "pages of two queries: their nextLinks ask for different windows or granularities",
            &["save the pages of each query in a folder of their own"],
            move |root| root.file(PAGE, &both),
            [edit(move |root| {
                root.file(PAGE, &first);
                root.file("north/usage/2026-10-06/page.json", &second);
            })],
        ),
        case(
            "row 2 has the shape of ",
            &["a file has one shape: save what different producers wrote as different files"],
            move |root| root.file(PAGE, &two_shapes),
            [edit(|root| {
                root.file(PAGE, page(&[line(SUB_A)]));
                root.file("north/usage/2026-10-05/rows.json", flat_row(SUB_B));
            })],
        ),
        case(
            "the reported window is \"2026-10-06T00:00:00Z/2026-10-05T00:00:00Z\"",
            &["full UTC hours, the start before the end"],
            |root| {
                let start_and_end =
                    r#""reportedStartTime":"2026-10-06T00:00:00Z","reportedEndTime":"2026-10-05T00:00:00Z""#;
                root.file("north/usage/2026-10-05/export.json", format!("{{{start_and_end}}}"));
            },
            [edit_as_said(|root, said| {
                let written = said.between("write it as ", ": full UTC hours");
                root.file("north/usage/2026-10-05/export.json", written);
            })],
        ),
        case(
            "the granularity is \"Weekly\"",
            &["full UTC hours, the start before the end"],
            |root| {
                let of_day = r#""reportedStartTime":"2026-10-05T00:00:00Z","reportedEndTime":"2026-10-06T00:00:00Z""#;
                root.file("north/usage/2026-10-05/export.json", format!("{{\"granularity\":\"Weekly\",{of_day}}}"));
            },
            [edit_as_said(|root, said| {
                let granularity = said.between("\"granularity\":\"", "\"");
                replace(root, "north/usage/2026-10-05/export.json", "Weekly", granularity);
            })],
        ),
    ]
}

/// A row as PowerShell writes it, without a page.
fn flat_row(user_subscription: &str) -> String {
    let Line { meter, start, end, quantity, .. } = of_hour(user_subscription, "2026-10-05T14");
    format!(
        r#"[{{"SubscriptionId":"{user_subscription}","MeterId":"{meter}",
            "UsageStartTime":"{start}","UsageEndTime":"{end}","Quantity":{quantity}}}]"#
    )
}

/// What Azure documents of a tenant's registration, saved instead of its list: followed by the list that it answers then.
fn error_bodies() -> Vec<Case> {
    let answered = |code: &'static str, remedy: &'static str| {
        case(
            "an error body, where a list of customer subscriptions was expected",
            &[remedy, "{}; then run the query again, and replace the file"],
            move |root| {
                let body = format!(r#"{{"error": {{"code": "{code}", "message": "It failed."}}}}"#);
                root.file("north/customer-subscriptions/2026-10-02.json", body);
            },
            [edit(|root| {
                let list = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
                root.file("north/customer-subscriptions/2026-10-02.json", list);
            })],
        )
    };
    vec![
        answered("RegistrationNotFound", "the subscription, resource group or name of the registration is wrong"),
        answered("BadCustomerSubscriptionId", "the customer subscription belongs to another CSP partner"),
        answered("InvalidCustomerSubscriptionId", "the id is no Azure subscription's: look it up in Partner Center"),
        answered("CustomerSubscriptionNotFound", "the customer subscription was not added yet, or its id is mistyped"),
        answered("UnauthorizedCspRegistration", "Microsoft has not approved the registration for multi-tenancy"),
        answered(
            "CustomerSubscriptionsNotAllowed",
            "the registration is a capacity registration, which has no customer",
        ),
        answered("InvalidCSPSubscription", "the subscription is not of the CSP type: usually its id is mistyped"),
        answered("MetadataResolverBadGatewayError", "an error behind the service: try again"),
        answered("ProcessingNotCompleted", "usage of that time is still being worked on: wait an hour"),
        answered("TooManyRequests", "the service was asked too often: wait some minutes"),
        answered("AuthorizationFailed", "the account may not read this: have it given the Reader role"),
        answered("ExpiredAuthenticationToken", "sign in again"),
        answered("InvalidAuthenticationToken", "sign in again, to the directory of the subscription that was asked"),
        answered("SubscriptionNotFound", "correct the subscription in the address that was asked"),
        answered("ResourceNotFound", "correct the address that was asked"),
    ]
}
