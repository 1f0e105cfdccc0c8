//! What services answer when a query fails, and what PowerShell makes of answers, saved as if it were the answer: each is called by its
//! name, with a remedy that works.

use serde_json::{Value, json};

use crate::support::{Line, SUB_A, TestRoot, VM_HOURS, page, receipt};

const FILES: [(&str, &str); 4] = [
    ("north/usage/2026-10-06/page.json", "a page of usage"),
    ("north/registration/2026-10-02.json", "a registration"),
    ("north/customer-subscriptions/2026-10-02.json", "a list of customer subscriptions"),
    ("north/user-subscriptions/2026-10-02.json", "a listing of user subscriptions"),
];

fn used() -> TestRoot {
    TestRoot::with_lines(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-05T13", "1")])
}

#[test]
fn answers_of_failed_queries_say_their_code_and_message() {
    let again = "the query failed and its answer was saved as a file: run it again";
    let inner = json!({"error": {"code": "Forbidden", "message": "no"}}).to_string();
    for (body, said, remedy) in [
        (
            json!({"code": "ProcessingNotCompleted", "message": "ask again later"}),
            "ProcessingNotCompleted: ask again later",
            "wait an hour; then run the query again, and replace the file",
        ),
        (
            json!({"code": "RegistrationNotFound", "message": "none"}),
            "RegistrationNotFound: none",
            "find the one whose cloudId is the stamp's CloudDeploymentID",
        ),
        (
            json!({"error": {"code": "AuthorizationFailed", "message": "m"}}),
            "AuthorizationFailed: m",
            "have it given the Reader role",
        ),
        (json!({"Message": "The request is invalid."}), "The request is invalid.", again),
        (json!({"error": "denied"}), "denied", again),
        (
            json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}),
            "invalid_client: AADSTS7000215: Invalid client secret",
            again,
        ),
        (
            json!({"odata.error": {"code": "Request_BadRequest", "message": {"lang": "en-US", "value": "Bad."}}}),
            "Request_BadRequest: Bad.",
            again,
        ),
        (json!({"error": {"innererror": {"code": "Deep", "message": "down there"}}}), "Deep: down there", again),
        (
            json!({"errors": [{"code": "One", "message": "1"}, {"code": "Two", "message": "2"}]}),
            "One: 1; Two: 2",
            again,
        ),
        (
            json!([{"code": "TooManyRequests", "message": "slow down"}]),
            "TooManyRequests: slow down",
            "wait some minutes",
        ),
        (json!({"statusCode": 401, "message": "Access token is missing"}), "Access token is missing", again),
        (
            json!({"Error": {"Code": "ExpiredAuthenticationToken", "Message": "expired"}}),
            "ExpiredAuthenticationToken: expired",
            "sign in again; then run the query again",
        ),
        (json!({"Content": inner, "StatusCode": 403}), "Forbidden: no", again),
        (json!(inner), "Forbidden: no", again),
        (json!({"error": {"details": []}}), "{\"details\":[]}", again),
    ] {
        for (file, expected) in FILES {
            let root = used();
            root.file(file, body.to_string());
            let ran = root.run(&[]).expect(3);
            let message = format!("error: {file}: an error body, where {expected} was expected: {said}\n");
            assert!(ran.stderr.starts_with(&message), "{body}: {}", ran.stderr);
            assert!(
                ran.stderr.contains(&format!("hint: {remedy}")) || ran.stderr.contains(remedy),
                "{body}: {}",
                ran.stderr
            );
        }
    }
}

/// JSON in which the answer stands as text: what to save instead, and that being saved is read.
#[test]
fn json_within_json_is_unwrapped_by_its_hint() {
    let good = page(&[Line::hourly(SUB_A, VM_HOURS, "2026-10-06T13", "1")]);
    let list = serde_json::from_str::<Value>(&good).unwrap()["value"].to_string();
    for (body, said, hint) in [
        (json!(good), "JSON within a JSON string", "the answer was made JSON twice"),
        (
            json!({"StatusCode": 200, "StatusDescription": "OK", "Content": good, "Headers": {}}),
            "JSON within the text of `Content`",
            "this is what Invoke-WebRequest returned",
        ),
        (
            json!({"Content": good, "RawContent": "HTTP/1.1 200 OK"}),
            "JSON within the text of `Content`",
            "`$answer.Content | Out-File page.json",
        ),
        (json!({"value": list, "Count": 1}), "JSON within the text of `value`", "save the text in `value` alone"),
        (json!({"body": good, "status": 200}), "JSON within the text of `body`", "save the text in `body` alone"),
        (json!({"result": list}), "JSON within the text of `result`", "save the text in `result` alone"),
        (json!([good]), "JSON within a JSON string", "save it once"),
        (json!(list), "JSON within a JSON string", "without a second ConvertTo-Json or json.dumps"),
    ] {
        let root = used();
        let file = "north/usage/2026-10-06/page.json";
        root.file(file, body.to_string());
        let ran = root.run(&[]).expect(3);
        assert!(
            ran.stderr.starts_with(&format!("error: {file}: {said}, where a page of usage was expected\n")),
            "{body}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(hint), "{body}: {}", ran.stderr);
        let within = match &body {
            Value::String(text) => text.clone(),
            Value::Array(items) => items[0].as_str().unwrap().to_owned(),
            _ => ["Content", "value", "body", "result"].iter().find_map(|key| body[*key].as_str()).unwrap().to_owned(),
        };
        root.file(file, within);
        root.run(&[]).expect(0);
    }
}

/// The same in a price book; and a workbook that lies where its table is meant.
#[test]
fn a_price_book_that_is_none_says_what_it_is() {
    for (file, body, said, hint) in [
        (
            "prices/card.json",
            json!({"code": "AuthorizationFailed", "message": "no"}).to_string(),
            "prices/card.json: an error body, where a rate card was expected: AuthorizationFailed: no",
            "Reader role",
        ),
        (
            "prices/card.json",
            json!("{\"Meters\":[]}").to_string(),
            "prices/card.json: JSON within a JSON string, where a price book was expected",
            "save it once",
        ),
        ("prices/card.json", json!({"a": 1}).to_string(), "prices/card.json:1:7: no rate card", "prices.csv"),
        (
            "Prices.XLSX",
            "PK".to_owned(),
            "Prices.XLSX: a workbook, where a table is meant",
            "save its sheet as CSV UTF-8 under the name prices.csv",
        ),
        ("names.ods", "PK".to_owned(), "names.ods: a workbook, where a table is meant", "under the name names.csv"),
    ] {
        let root = used();
        root.file(file, body);
        let ran = root.run(&[]).expect(3);
        assert!(
            ran.stderr.starts_with(&format!("error: {said}")) && ran.stderr.contains(hint),
            "{said}: {}",
            ran.stderr
        );
    }
}

/// Values that PowerShell printed as text, wherever they stand.
#[test]
fn printed_properties_are_recognised_in_snapshots() {
    let rows = [
        json!([{"id": "/subscriptions/x", "name": "x", "properties": "@{tenantId=y}"}]).to_string(),
        json!({"value": [{"id": "/subscriptions/x", "properties": "@{tenantId=y}"}]}).to_string(),
        json!({"value": ["@{id=x; properties=}"]}).to_string(),
        json!(["@{id=x; properties=}"]).to_string(),
        json!({"id": "/subscriptions/x", "Properties": "@{billingModel=PayAsYouUse}"}).to_string(),
    ];
    for row in rows {
        for (file, _) in &FILES[1..] {
            let root = used();
            root.file(file, &row);
            let ran = root.run(&[]).expect(3);
            assert!(
                ran.stderr.starts_with(&format!("error: {file}: rows whose properties PowerShell printed as text")),
                "{row}: {}",
                ran.stderr
            );
            assert!(ran.stderr.contains("ConvertTo-Json -Depth 10"), "{row}: {}", ran.stderr);
        }
    }
}

/// What systems leave in folders is passed over at every level, and listed.
#[test]
fn litter_of_systems_is_skipped_and_listed() {
    let files =
        ["Thumbs.db", "ehthumbs.db", "DESKTOP.INI", ".DS_Store", "~$prices.xlsx", ".~lock.names.csv#", "aquota.user"];
    let folders = [
        "@eaDir",
        "lost+found",
        "System Volume Information",
        "$RECYCLE.BIN",
        "RECYCLER",
        "#recycle",
        "#snapshot",
        "@Recycle",
        "@Recently-Snapshot",
        "@tmp",
        "__MACOSX",
        "Network Trash Folder",
        "Temporary Items",
    ];
    let levels =
        ["", "north/", "north/usage/", "north/usage/2026-10-05/", "north/registration/", "north/user-subscriptions/"];
    let root = used();
    let mut wanted = Vec::new();
    for level in levels {
        for name in files {
            root.file(&format!("{level}{name}"), "litter");
            wanted.push(format!("{level}{name}"));
        }
        for name in folders {
            root.file(&format!("{level}{name}/north/usage.json"), "litter");
            wanted.push(format!("{level}{name}"));
        }
    }
    root.run(&[]).expect(0);
    let skipped: Vec<String> = serde_json::from_value(receipt(&root.out())["skipped"].clone()).unwrap();
    wanted.sort();
    assert_eq!(skipped, wanted);
    // What is laid out as a stamp is one, whatever it is called; and other names are still refused.
    let root = used();
    root.file("recycler/usage/2026-10-05/page.json", "{}");
    let ran = root.run(&[]).expect(3);
    assert!(ran.stderr.contains("recycler"), "{}", ran.stderr);
    let root = used();
    root.file("north/usage/thumbs.json", "{}");
    assert!(root.run(&[]).expect(3).stderr.contains("thumbs.json"));
}
