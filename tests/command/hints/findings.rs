//! What a run finds and goes on: the remedy makes the finding go.

use std::fs;

use super::exports::lay_published;
use super::{
    Case, PAGE, add, case, edit, edit_as_said, good_page, line, nothing, of_hour, rename, replace, second_stamp,
    type_instead, words,
};
use crate::support::{
    BILLED_A, DEFAULT, Line, PROVIDER, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, customers, listing, page,
    page_of, registration,
};

follow_all!();

pub fn cases() -> Vec<Case> {
    let mut cases = pages();
    cases.extend(tables());
    cases.extend(windows());
    cases.extend(customer_lists());
    cases.extend(listings());
    cases.extend(usage_shows());
    cases.extend(stamps());
    cases.extend(names());
    cases.extend(strict());
    cases
}

const CUSTOMERS: &str = "north/customer-subscriptions/2026-10-01.json";
const LISTING: &str = "north/user-subscriptions/2026-10-01.json";
const SECOND: &str = "north/usage/2026-10-05/page-0002.json";
const OTHER_DEFAULT: &str = "def00000-0000-4000-8000-0000000000ff";
const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";

fn without(file: &'static str) -> super::Way {
    edit(move |root| root.remove(file))
}

fn many(lines: usize, hour: &str) -> String {
    let line = |at: usize| Line { resource: format!("vm-{at}"), ..of_hour(SUB_A, hour) };
    page(&(0..lines).map(line).collect::<Vec<_>>())
}

fn linked(page: &str) -> String {
    page.replacen('{', "{\"nextLink\":\"https://x/?continuationToken=1\",", 1)
}

fn pages() -> Vec<Case> {
    let open = linked(&page(&[line(SUB_A)]));
    let of_another = page(&[of_hour(SUB_A, "2026-10-05T14")]).replace(PROVIDER, "0be4a700-0000-4000-8000-0000000000ff");
    let twice = page(&[line(SUB_A), line(SUB_A), line(SUB_A)]);
    let half_bad = many(20, "2026-10-05T13").replacen("\"quantity\":1", "\"quantity\":-1", 10);
    let of_public_azure = page(&[of_hour(SUB_A, "2026-10-05T14")])
        .replace("\"quantity\"", "\"meterCategory\":\"Storage\",\"unit\":\"Hours\",\"quantity\"");
    vec![
        case(
            "stamp north has no export: nothing of its usage is published",
            &["see whether the folder `usage` of the stamp is there and its share is mounted"],
            |root| root.remove("north/usage"),
            [edit(good_page)],
        ),
        case(
            "byte for byte and counts once",
            &["delete one of the two"],
            |root| root.file(SECOND, page(&[line(SUB_A), line(SUB_B)])),
            [without(SECOND), without(PAGE)],
        ),
        case(
            "north/usage/2026-10-06 holds no file, so its reported time counts as missing",
            &["run the query again and save its pages there, or remove the folder"],
            |root| fs::create_dir(root.root().join("north/usage/2026-10-06")).unwrap(),
            [
                edit(|root| root.file("north/usage/2026-10-06/page.json", page(&[of_hour(SUB_A, "2026-10-06T13")]))),
                without("north/usage/2026-10-06"),
            ],
        ),
        case(
            "names a next one: the last page is missing",
            &["follow nextLink until a page has none; until then the days of this window stay partial"],
            move |root| root.file(PAGE, &open),
            [edit(|root| root.file(SECOND, page(&[line(SUB_A)])))],
        ),
        case(
            "page-0001.json repeats what stands before: it counts once",
            &["see why it was saved again, such as a script that appends to a file that is there"],
            |root| root.file(PAGE, page(&[line(SUB_A)]).repeat(2)),
            [edit(good_page)],
        ),
        case(
            "20 lines in north/usage/2026-10-05 were set aside, most of them for quantity_negative",
            &["see in the table rejects what is wrong with them, and export them again"],
            move |root| root.file(PAGE, &half_bad),
            [
                edit(|root| root.file(PAGE, many(20, "2026-10-05T13"))),
                add(|said| [said.flag("--rejects-percent", 0), words(&["50"])].concat()).ends(4),
            ],
        ),
        case(
            "page-0002.json holds usage of public Azure",
            &["see whether it was asked of public Azure instead of the stamp: if so, remove it"],
            move |root| root.file(SECOND, &of_public_azure),
            [without(SECOND), edit(|root| root.file(SECOND, page(&[of_hour(SUB_A, "2026-10-05T14")])))],
        ),
        case(
            "1 line of north/usage/2026-10-05/page-0001.json lie long before its reported window",
            &["it looks like usage of another window: move it to the folder of the window that was queried"],
            |root| root.file(PAGE, page(&[of_hour(SUB_A, "2026-09-21T13"), line(SUB_A)])),
            [edit(|root| {
                good_page(root);
                root.file("north/usage/2026-09-21/page.json", page(&[of_hour(SUB_A, "2026-09-21T13")]));
            })],
        ),
        case(
            "page-0002.json holds no line",
            &["a stamp in use reports every hour: run the query again"],
            |root| root.file(SECOND, page(&[])),
            [edit(|root| root.file(SECOND, page(&[of_hour(SUB_A, "2026-10-05T14")])))],
        ),
        case(
            "nothing says whether another page follows",
            &["old modules return the first page only"],
            |root| root.file(PAGE, many(1000, "2026-10-05T13")),
            [edit(|root| {
                root.file(PAGE, linked(&many(1000, "2026-10-05T13")));
                root.file(SECOND, many(10, "2026-10-05T14"));
            })],
        ),
        case(
            "usage was asked of 2 provider subscriptions",
            &["a stamp has one provider subscription: see whether pages of another stamp lie among these"],
            move |root| {
                root.snapshots("south");
                root.file(SECOND, &of_another);
            },
            [edit(|root| rename(root, SECOND, "south/usage/2026-10-05/page.json"))],
        ),
        case(
            "lines in north/usage/2026-10-05 equal another line of the same export",
            &["see whether usage was queried twice, such as for all tenants and for each of them"],
            move |root| root.file(PAGE, &twice),
            [edit(good_page)],
        ),
        case(
            "which do not say whether they are all of their export",
            &["put an export.json with its window beside them, if they are; until then its days stay partial"],
            |root| {
                root.remove(PAGE);
                lay_published(root, "north/usage/2026-10-05");
            },
            [edit(|root| {
                let window = r#"{"reportedStartTime":"2026-10-05T00:00:00Z","reportedEndTime":"2026-10-06T00:00:00Z"}"#;
                root.file("north/usage/2026-10-05/export.json", window);
            })],
        )
        .published(),
    ]
}

fn tables() -> Vec<Case> {
    const HEADER: &str = "SubscriptionId,MeterId,UsageStartTime,UsageEndTime,Quantity\n";
    let row = |start: &str, end: &str| format!("{SUB_A},{VM_HOURS},{start},{end},1\n");
    let good = HEADER.to_owned() + &row("2026-10-05T14:00:00Z", "2026-10-05T15:00:00Z");
    let cut = good.trim_end().to_owned();
    let local = HEADER.to_owned() + &row("2026-10-05 13:00:00", "2026-10-05 14:00:00");
    let halves = HEADER.to_owned()
        + &row("2026-10-05T13:00:00Z", "2026-10-05T14:00:00Z")
        + &row("2026-10-05 18:30:00", "2026-10-05 19:30:00");
    let table = |text: String| move |root: &TestRoot| root.file(PAGE, &text);
    vec![
        case(
            "north/usage/2026-10-05 holds files of several shapes",
            &["see whether one usage was saved in two shapes, and keep one of them: all were counted"],
            move |root| root.file("north/usage/2026-10-05/table.csv", &good),
            [without("north/usage/2026-10-05/table.csv"), without(PAGE)],
        ),
        case(
            "does not end with a line end, as tables do",
            &["see whether its last line is whole; export it again if it is not"],
            table(cut),
            [edit(|root| replace(root, PAGE, ",1", ",1\n"))],
        ),
        case(
            "counts hours whose time zone nothing says: they were taken as UTC",
            &[
                "say in which zone the exporting machine printed them, with --source-time-zone UTC, Europe/Berlin or +02:00",
            ],
            table(local),
            [
                add(|said| said.flag("--source-time-zone", 1)),
                add(|said| words(&["--source-time-zone", said.between("--source-time-zone UTC, ", " or ")])),
                add(|said| words(&["--source-time-zone", &said.flag("+02:00", 0)[0]])),
            ],
        ),
        case(
            "set aside: the times are neither a full UTC hour nor a full UTC day",
            &["see whether the times were printed in another zone, and say which with --source-time-zone"],
            table(halves),
            [add(|said| [said.flag("--source-time-zone", 0), words(&["Asia/Kolkata"])].concat())],
        ),
    ]
}

fn windows() -> Vec<Case> {
    let short = "north/usage/2026-10-05--2026-10-05T14";
    let wide = "north/usage/2026-10-05--2026-10-07/page.json";
    let before = |root: &TestRoot| root.file("north/usage/2026-10-04/page.json", many(120, "2026-10-04T13"));
    vec![
        case(
            "north/usage/2026-10-05 holds 2 lines, the windows beside it at least 120",
            &["see whether the stamp was down; if not, run the query again: pages may be missing"],
            before,
            [edit(|root| root.file(PAGE, many(110, "2026-10-05T13")))],
        ),
        case(
            "holds 2 lines, and replaces windows with 120",
            &["a wider export holds at least what those within it do: run its query again"],
            move |root| {
                root.file(PAGE, many(120, "2026-10-05T13"));
                root.file(wide, page(&[line(SUB_B), of_hour(SUB_B, "2026-10-06T13")]));
            },
            [edit(move |root| {
                root.file(wide, page_of("wide", &[]).replace("[]", &lines_of(&many(130, "2026-10-05T13"))));
            })],
        )
        .with(&["--overlap", "wider"]),
        case(
            "of reported time between its windows",
            &["run the query for that time and save its pages in a folder of that window"],
            |root| root.file("north/usage/2026-10-07/page.json", page(&[of_hour(SUB_A, "2026-10-07T13")])),
            [edit(|root| root.file("north/usage/2026-10-06/page.json", page(&[of_hour(SUB_A, "2026-10-06T13")])))],
        ),
        case(
            "and nothing follows there: the window before it has 1 day",
            &["see whether its query ended too early"],
            move |root| {
                root.file("north/usage/2026-10-04/page.json", page(&[of_hour(SUB_A, "2026-10-04T13")]));
                rename(root, "north/usage/2026-10-05", short);
            },
            [
                edit(move |root| {
                    root.remove(short);
                    good_page(root);
                }),
                edit(|root| {
                    let rest = page(&[of_hour(SUB_A, "2026-10-05T15")]);
                    root.file("north/usage/2026-10-05T14--2026-10-06/page.json", rest);
                }),
            ],
        ),
        case(
            "the first registration or customer list is later than ",
            &["add the snapshots of that time, if there are any, dated by when they were taken"],
            |root| {
                for file in ["registration", "customer-subscriptions", "user-subscriptions"] {
                    rename(root, &format!("north/{file}/2026-10-01.json"), &format!("north/{file}/2026-10-09.json"));
                }
            },
            [edit(|root| root.snapshots("north"))],
        ),
    ]
}

/// The lines within a page.
fn lines_of(page: &str) -> String {
    page["{\"value\":".len()..page.len() - 1].to_owned()
}

fn customer_lists() -> Vec<Case> {
    let registration_of = |model: &str| registration(DEFAULT, "north").replace("PayAsYouUse", model);
    let mapped =
        |says: &'static str, hint: &'static str, rows: &'static [(&str, &str)], then: &'static [(&str, &str)]| {
            let list = |rows| customers(DEFAULT, "north", rows);
            case(
                says,
                &[hint],
                move |root| root.file(CUSTOMERS, list(rows)),
                [edit(move |root| root.file(CUSTOMERS, list(then)))],
            )
        };
    let capacity = registration_of("Capacity");
    let payg = registration_of("PayAsYouUse");
    let page_twice = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
    let upper = customers(DEFAULT, "north", &[(TENANT_A, &BILLED_A.to_uppercase())]);
    vec![
        case(
            "no tenant is mapped in ",
            &["register tenants, if they are to pay for themselves"],
            |root| root.file(CUSTOMERS, customers(DEFAULT, "north", &[])),
            [edit(|root| root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)])))],
        )
        .with(&["--confirm-empty-registration"]),
        mapped(
            "pays for 7e4a4700-0000-4000-8000-00000000000a and 7e4a4700-0000-4000-8000-00000000000b",
            "give each tenant a subscription of its own, unless this is meant",
            &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_A)],
            &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)],
        ),
        mapped(
            "the invoice cannot tell that tenant from those who are not registered",
            "register the tenant with a customer subscription of its own",
            &[(TENANT_A, DEFAULT)],
            &[(TENANT_A, BILLED_A)],
        ),
        mapped(
            "which is no id of an Azure subscription",
            "look its id up in Partner Center, register the tenant with it, and save the list again",
            &[(TENANT_A, "contoso")],
            &[(TENANT_A, BILLED_A)],
        ),
        mapped(
            "is mapped as a tenant, and is no id of a directory",
            "write the GUID of the tenant's Entra directory, register it so, and save the list again",
            &[("contoso", BILLED_A)],
            &[(TENANT_A, BILLED_A)],
        ),
        case(
            "the billing model is Capacity in ",
            &["register the stamp again as PayAsYouUse, or save an empty list and say --confirm-empty-registration"],
            move |root| root.file("north/registration/2026-10-01.json", &capacity),
            [
                edit(move |root| root.file("north/registration/2026-10-01.json", &payg)),
                edit(|root| root.file(CUSTOMERS, customers(DEFAULT, "north", &[])))
                    .then(add(|said| said.flag("--confirm-empty-registration", 0))),
            ],
        ),
        case(
            "one id in two spellings: ",
            &["see that Azure holds one registration of it"],
            move |root| root.file("north/customer-subscriptions/2026-10-02.json", &upper),
            [without("north/customer-subscriptions/2026-10-02.json")],
        ),
        case(
            "a page lies twice, byte for byte, in ",
            &["delete one of the two"],
            move |root| {
                root.file("north/customer-subscriptions/2026-10-02/page-1.json", &page_twice);
                root.file("north/customer-subscriptions/2026-10-02/page-2.json", &page_twice);
            },
            [without("north/customer-subscriptions/2026-10-02/page-2.json")],
        ),
    ]
}

fn listings() -> Vec<Case> {
    let listed = |says, hint, text: String| {
        let good = |root: &TestRoot| root.file(LISTING, listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]));
        case(says, &[hint], move |root| root.file(LISTING, &text), [edit(good)])
    };
    vec![
        listed(
            "is no GUID, in ",
            "save the listing again, as the REST API or Get-AzsUserSubscription returns it",
            listing(&[("contoso", TENANT_A)]),
        ),
        listed(
            "no user subscription has a tenant in ",
            "save the listing again, as the REST API returns it",
            listing(&[(SUB_A, TENANT_A)]).replace("tenantId", "tenant"),
        ),
        listed(
            "the smallest id, serves",
            "save the listing again; a user subscription has one directory",
            listing(&[(SUB_A, TENANT_A), (SUB_A, TENANT_B)]),
        ),
    ]
}

fn usage_shows() -> Vec<Case> {
    let ended = "north/customer-subscriptions/2026-10-05.json";
    let one = "7e4a4700-0000-4000-8000-0000000000cc";
    vec![
        case(
            "is no longer mapped in north/customer-subscriptions/2026-10-05.json, and goes on",
            &["register the tenant again, or end its user subscriptions: once a mapping is removed"],
            move |root| root.file(ended, customers(DEFAULT, "north", &[(TENANT_B, BILLED_B)])),
            [edit(move |root| {
                let both = [(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)];
                root.file("north/customer-subscriptions/2026-10-06.json", customers(DEFAULT, "north", &both));
            })],
        ),
        case(
            "without any usage: tenant 7e4a4700-0000-4000-8000-0000000000cc",
            &["see whether the tenant signs in to the stamp with this directory"],
            move |root| root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (one, BILLED_B)])),
            [edit(|root| {
                root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]));
            })],
        ),
        case(
            " days old for ",
            &["save a snapshot of each kind every night: Azure keeps no history of them"],
            nothing,
            [edit(|root| {
                for kind in ["registration", "customer-subscriptions", "user-subscriptions"] {
                    let file = |day: &str| root.root().join(format!("north/{kind}/{day}.json"));
                    fs::copy(file("2026-10-01"), file("2026-10-06")).unwrap();
                }
            })],
        )
        .with(&["--snapshot-age-max", "1"]),
    ]
}

fn stamps() -> Vec<Case> {
    let cloud = |name: &str, cloud: &str| {
        registration(DEFAULT, name).replace("\"billingModel\"", &format!("\"cloudId\":\"{cloud}\",\"billingModel\""))
    };
    let own_default = "b111ed00-0000-4000-8000-0000000000dd";
    let (north, same, other) = (cloud("north", "cloud-1"), cloud("north", "cloud-2"), cloud("south", "cloud-2"));
    vec![
        case(
            "is registered on south and not here",
            &["tenants need to be registered with each Azure Stack they use"],
            |root| {
                second_stamp(root, "south");
                let list = customers(DEFAULT, "south", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]);
                root.file("south/customer-subscriptions/2026-10-01.json", list);
            },
            [edit_as_said(|root, said| {
                // The command prints what registers the tenant, which Azure then has in its list.
                root.stacktally(&["run", "--root", "root", "--out", "out"]).expect(0);
                let mut typed = said.command("unregistered", &[]);
                typed.extend(words(&["--out", "out"]));
                let printed = root.stacktally(&typed.iter().map(String::as_str).collect::<Vec<_>>()).expect(0).stdout;
                assert!(printed.contains(TENANT_B), "{printed}");
                let list = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]);
                root.file(CUSTOMERS, list);
            })],
        ),
        case(
            "of stamp south are one registration",
            &["every stamp has its own registration, though their cloud ids tell the two apart"],
            move |root| {
                second_stamp(root, "south");
                root.file("north/registration/2026-10-01.json", &north);
                root.file("south/registration/2026-10-01.json", &same);
                let list = customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
                root.file("south/customer-subscriptions/2026-10-01.json", list);
            },
            [
                edit(move |root| {
                    root.file("south/registration/2026-10-01.json", &other);
                    let list = customers(DEFAULT, "south", &[(TENANT_A, BILLED_A)]);
                    root.file("south/customer-subscriptions/2026-10-01.json", list);
                }),
                add(|said| said.flag("--accept", 1)),
            ],
        ),
        case(
            "is the default subscription of stamp ",
            &["Microsoft advises one Azure subscription for each stamp"],
            |root| second_stamp(root, "south"),
            [
                add(|said| said.flag("--accept", 1)),
                edit(move |root| {
                    root.file("south/registration/2026-10-01.json", registration(own_default, "south"));
                    let list = customers(own_default, "south", &[(TENANT_A, BILLED_A)]);
                    root.file("south/customer-subscriptions/2026-10-01.json", list);
                }),
            ],
        ),
    ]
}

fn names() -> Vec<Case> {
    vec![
        case(
            "a name stands in the column `id`, and a GUID in the column `name`",
            &["exchange the two cells of these rows, or the two names in the header"],
            |root| root.file("names.csv", format!("id,name\nContoso,{TENANT_A}\n")),
            [
                edit(|root| root.file("names.csv", format!("id,name\n{TENANT_A},Contoso\n"))),
                edit(|root| replace(root, "names.csv", "id,name", "name,id")),
            ],
        ),
        case(
            "names.csv: names in which characters were lost",
            &["write the names again, and save the table as CSV UTF-8"],
            |root| root.file("names.csv", format!("id,name\n{TENANT_A},M?ller GmbH\n")),
            [edit(|root| replace(root, "names.csv", "M?ller", "Müller"))],
        ),
        case(
            "display names in which characters were lost, in ",
            &["save the listing again as UTF-8: in PowerShell with -Encoding utf8 behind Out-File or Export-Csv"],
            |root| replace(root, LISTING, &format!("of {TENANT_A}"), "M?ller GmbH"),
            [edit(|root| replace(root, LISTING, "M?ller", "Müller"))],
        ),
        case(
            "the stamp was registered again, and this is of tenant",
            &["a new registration has no customers: register them with it, and save its list of customer"],
            |root| root.file("north/registration/2026-10-05.json", registration(OTHER_DEFAULT, "north")),
            [edit(|root| {
                let list = customers(OTHER_DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
                root.file("north/customer-subscriptions/2026-10-05.json", list);
            })],
        ),
        case(
            "no tenant and no billed subscription of the root has this id",
            &["correct the id, or delete the row; user subscriptions are named by their listing, and not here"],
            |root| root.file("names.csv", format!("id,name\n{SUB_A},Contoso\n")),
            [
                edit(|root| replace(root, "names.csv", SUB_A, TENANT_A)),
                edit(|root| replace(root, "names.csv", &format!("{SUB_A},Contoso\n"), "")),
            ],
        ),
    ]
}

fn strict() -> Vec<Case> {
    // The only finding of a root of last autumn is that nothing came since.
    let tomorrow = || (chrono::Utc::now() + chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    let fetched = move |root: &TestRoot| {
        let lines = page(&[of_hour(SUB_A, "2026-10-06T13")]);
        root.file(&format!("north/usage/2026-10-06--{}/page.json", tomorrow()), lines);
    };
    let bad_line = page(&[line(SUB_A), Line { quantity: "-1".to_owned(), ..line(SUB_B) }]);
    vec![
        case(
            "--strict refuses ",
            &[
                "correct what they name, accept those that are meant with --accept CODE, or run without --strict",
                "see why no export came since: run its query, and look after the job that fetches it",
            ],
            nothing,
            [
                edit(fetched),
                add(|said| {
                    vec![said.flag("--accept", 0).remove(0), said.between("  north ".trim_start(), ":").to_owned()]
                }),
                type_instead(|_| words(&["check", "--root", "root"])),
            ],
        )
        .with(&["--strict"]),
        case(
            "1 rejected, more than --rejects-max 0",
            &["correct the exports, or raise the limit: `stacktally check` without it lists more of them"],
            move |root| root.file(PAGE, &bad_line),
            [
                edit(good_page),
                type_instead(|_| words(&["check", "--root", "root", "--rejects-max", "1"])).ends(4),
                type_instead(|said| [said.command("check", &[]), words(&["--root", "root"])].concat()).ends(4),
            ],
        )
        .with(&["--rejects-max", "0"]),
    ]
}
