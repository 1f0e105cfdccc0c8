//! Snapshots: registrations, lists of customer subscriptions and listings, and what nobody can be charged by in them.

use super::{Case, add, case, edit, rename, second_stamp, settings, type_instead, words};
use crate::support::{BILLED_A, DEFAULT, SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, customers, listing, registration};

follow_all!();

const REGISTRATION: &str = "north/registration/2026-10-01.json";
const CUSTOMERS: &str = "north/customer-subscriptions/2026-10-01.json";
const LISTING: &str = "north/user-subscriptions/2026-10-01.json";

pub fn cases() -> Vec<Case> {
    let mut cases = registrations();
    cases.extend(lists());
    cases.extend(lacking());
    cases.extend(of_another_stamp());
    cases
}

fn good_registration(root: &TestRoot) {
    root.file(REGISTRATION, registration(DEFAULT, "north"));
}

fn good_customers(root: &TestRoot) {
    root.file(CUSTOMERS, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]));
}

fn good_listing(root: &TestRoot) {
    root.file(LISTING, listing(&[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]));
}

fn registrations() -> Vec<Case> {
    let whole = "the default subscription is the one in the registration's own id";
    let odd = |says, text: String| {
        case(says, &[whole], move |root| root.file(REGISTRATION, &text), [edit(good_registration)])
    };
    let two = format!("[{},{}]", registration(DEFAULT, "north"), registration(DEFAULT, "old"));
    let override_with = move |says: &'static str, typed: &[&'static str]| {
        case(
            says,
            &["write it as STAMP=FILE; stamps are {}"],
            move |root| {
                second_stamp(root, "south");
                root.file("../what-if.json", registration(DEFAULT, "north"));
            },
            [type_instead(|said| {
                let as_said = said.between("write it as ", ";").replace("STAMP", said.between("stamps are ", ","));
                words(&["check", "--root", "root", "--registration-override", &as_said.replace("FILE", "what-if.json")])
            })],
        )
        .with(typed)
    };
    vec![
        odd("a list of no registration", "[]".to_owned()),
        odd("a registration without an `id`, so without its default subscription", r#"{"name": "north"}"#.to_owned()),
        odd("names no default subscription", r#"{"id": "/subscriptions/x", "name": "north"}"#.to_owned()),
        case(
            "2 registrations, where a stamp has one",
            &["keep the registration of this stamp; its cloudId tells it apart"],
            move |root| root.file(REGISTRATION, &two),
            [edit(good_registration)],
        ),
        override_with(
            "nothing says whose it is, and there are several stamps",
            &["--registration-override", "what-if.json"],
        ),
        override_with("no stamp east", &["--registration-override", "east=what-if.json"]),
    ]
}

fn lists() -> Vec<Case> {
    let folder = "north/customer-subscriptions/2026-10-01";
    let list = || customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]);
    let with_next = |link: &str| list().replacen('{', &format!("{{\"nextLink\":\"https://x/{link}\","), 1);
    let pages = move |root: &TestRoot, pages: &[String]| {
        rename(root, CUSTOMERS, "../aside.json");
        for (at, page) in pages.iter().enumerate() {
            root.file(&format!("{folder}/page-{}.json", at + 1), page);
        }
    };
    let (open, one, two) = (with_next("2"), list(), list().replace("tenantId", "TenantId"));
    let (both_next, last) = (with_next("2"), list());
    let whole_list = "keep the whole list of that date, and put the others beside it";
    let apart = |file: &'static str| {
        edit(move |root| {
            rename(root, &format!("{folder}/{file}"), "north/customer-subscriptions/2026-10-02.json");
        })
    };
    let bad_row = |says, hint, from: &'static str, to: &'static str| {
        case(says, &[hint], move |root| root.file(CUSTOMERS, list().replace(from, to)), [edit(good_customers)])
    };
    vec![
        case(
            "a list of customer subscriptions that lacks pages",
            &["follow `nextLink` until a page has none, and put all pages into one folder named by the date"],
            move |root| pages(root, std::slice::from_ref(&open)),
            [edit(move |root| root.file(&format!("{folder}/page-2.json"), r#"{"value": []}"#))],
        ),
        case(
            "2 files that end a list",
            &[whole_list],
            move |root| pages(root, &[one.clone(), two.clone()]),
            [apart("page-2.json")],
        ),
        case(
            "name the same next page: these are pages of two downloads",
            &[whole_list],
            move |root| {
                pages(
                    root,
                    &[both_next.clone(), both_next.replace("tenantId", "TenantId"), last.replace("name", "Name")],
                );
            },
            [
                apart("page-1.json").ends(3),
                edit(move |root| {
                    root.remove(folder);
                    good_customers(root);
                }),
            ],
        ),
        bad_row(
            "has a tenantId that is not text",
            "save the whole list again, as the REST API or PowerShell returns it",
            "\"tenantId\":\"7e4a4700-0000-4000-8000-00000000000a\"",
            "\"tenantId\":{}",
        ),
        bad_row(
            "row 1 of the customer subscriptions has no properties.tenantId",
            "save the whole list again, as the REST API returns it",
            "tenantId",
            "tenant",
        ),
        bad_row(
            "which is no customer subscription's",
            "save the list of …/registrations/<name>/customerSubscriptions, as the REST API returns it",
            "/customerSubscriptions/",
            "/customers/",
        ),
        case(
            "row 1 of the listing has no subscriptionId",
            &["save the whole listing of Microsoft.Subscriptions.Admin/subscriptions again"],
            |root| root.file(LISTING, listing(&[(SUB_A, TENANT_A)]).replace("subscriptionId", "subscription")),
            [edit(good_listing)],
        ),
    ]
}

fn lacking() -> Vec<Case> {
    let missing = |folder: &'static str, saved: fn(&TestRoot)| {
        case(
            match folder {
                "registration" => "stamp north has no registration",
                "customer-subscriptions" => "stamp north has no customer subscriptions",
                _ => "stamp north has no listing of user subscriptions",
            },
            &["without it, who pays is not known: save {} as {}/{}/<date>.json"],
            move |root| root.remove(&format!("north/{folder}")),
            [edit(move |root| {
                saved(root);
                assert!(
                    root.root().join(format!("north/{folder}/2026-10-01.json")).is_file(),
                    "saved where the hint says"
                );
            })],
        )
    };
    let later_customers = "north/customer-subscriptions/2026-10-02.json";
    let later_listing = "north/user-subscriptions/2026-10-02.json";
    let many = |count: u32| {
        let tenants: Vec<(String, String)> = (0..count)
            .map(|number| {
                (
                    format!("7e4a4700-0000-4000-8000-0000000001{number:02}"),
                    format!("b111ed00-0000-4000-8000-0000000001{number:02}"),
                )
            })
            .collect();
        let pairs: Vec<(&str, &str)> = tenants.iter().map(|(tenant, billed)| (&**tenant, &**billed)).collect();
        customers(DEFAULT, "north", &pairs)
    };
    let twice =
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_A, "b111ed00-0000-4000-8000-0000000000cc")]);
    vec![
        missing("registration", good_registration),
        missing("customer-subscriptions", good_customers),
        missing("user-subscriptions", good_listing),
        case(
            "the list of customer subscriptions is empty",
            &["an empty list is often a failed export"],
            move |root| root.file(later_customers, r#"{"value": []}"#),
            [
                edit(move |root| root.file(later_customers, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]))),
                edit(move |root| root.remove(later_customers)),
                add(|said| said.flag("--confirm-empty-registration", 0)),
            ],
        ),
        case(
            "the listing of user subscriptions is empty",
            &["an empty listing is often a failed export"],
            move |root| root.file(later_listing, r#"{"value": []}"#),
            [
                edit(move |root| root.file(later_listing, listing(&[(SUB_A, TENANT_A)]))),
                edit(move |root| root.remove(later_listing)),
                add(|said| said.flag("--confirm-empty-listing", 0)),
            ],
        ),
        case(
            "fewer than half are left",
            &["a list that shrinks so is often a failed export, and {}: save it again, or remove it"],
            move |root| {
                root.file(CUSTOMERS, many(9));
                root.file(later_customers, many(2));
            },
            [
                edit(move |root| root.file(later_customers, many(9))),
                edit(move |root| root.remove(later_customers)),
                add(|said| said.flag("--confirm-shrunken", 1)),
                settings(|said| {
                    format!("confirm-shrunken = {}", said.between("or confirm-shrunken = ", " in the settings"))
                }),
            ],
        ),
        case(
            "is mapped to two customer subscriptions",
            &["Azure Stack Hub maps a tenant to one subscription"],
            move |root| root.file(later_customers, &twice),
            [
                edit(move |root| root.file(later_customers, customers(DEFAULT, "north", &[(TENANT_A, BILLED_A)]))),
                edit(move |root| root.remove(later_customers)),
            ],
        ),
        case(
            "is not under the registration of stamp north",
            &["this is probably another stamp's list, since every stamp has its own registration"],
            move |root| {
                second_stamp(root, "south");
                root.file(later_customers, customers(DEFAULT, "south", &[(TENANT_A, BILLED_A)]));
            },
            [
                edit(move |root| root.remove(later_customers)),
                edit(move |root| rename(root, later_customers, "south/customer-subscriptions/2026-10-02.json")),
            ],
        ),
    ]
}

fn of_another_stamp() -> Vec<Case> {
    let (copied, list) = ("south/registration/2026-10-02.json", "south/user-subscriptions/2026-10-02.json");
    vec![
        case(
            "the registration of north/registration/2026-10-01.json, of stamp north, as well",
            &["every stamp has its own registration: one of the two was copied"],
            move |root| {
                second_stamp(root, "south");
                root.file(copied, registration(DEFAULT, "north"));
            },
            [edit(move |root| {
                root.remove(copied);
                root.file(copied, registration(DEFAULT, "south"));
            })],
        ),
        case(
            "of stamp north, does",
            &["a stamp lists its own user subscriptions alone: one of the two was copied"],
            move |root| {
                second_stamp(root, "south");
                root.file(list, listing(&[(SUB_A, TENANT_A)]));
            },
            [edit(move |root| {
                root.remove(list);
                root.file(list, crate::support::listing_of("south", &[(SUB_A, TENANT_A)]));
            })],
        ),
    ]
}
