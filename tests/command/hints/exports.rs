//! Exports: which window they are of, and that no usage counts twice.

use std::fs;

use super::{Case, PAGE, add, case, edit, edit_as_said, good_page, line, of_hour, rename, second_stamp};
use crate::support::{Line, PROVIDER, SUB_A, SUB_B, TestRoot, VM_HOURS, page};

follow_all!();

const OF_THE_FIFTH: &str = r#""reportedStartTime":"2026-10-05T00:00:00Z","reportedEndTime":"2026-10-06T00:00:00Z""#;
const NEXT: &str = "north/usage/2026-10-06/page.json";

pub fn cases() -> Vec<Case> {
    let mut cases = alone();
    cases.extend(windows());
    cases.extend(misplaced());
    cases.extend(twice());
    cases.extend(published());
    cases
}

fn daily(user_subscription: &str, day: &str, next: &str) -> Line {
    let midnight = |day: &str| format!("{day}T00:00:00+00:00");
    Line { start: midnight(day), end: midnight(next), ..line(user_subscription) }
}

/// A page that names a next one.
fn page_before(link: &str, lines: &[Line]) -> String {
    page(lines).replacen('{', &format!("{{\"nextLink\":\"https://x/?{link}\","), 1)
}

/// A page of which `after` other pages have been read: it differs from others.
fn numbered(number: u32, lines: &[Line]) -> String {
    page(lines).replacen('{', &format!("{{\"number\":{number},"), 1)
}

fn without(file: &'static str) -> super::Way {
    edit(move |root| root.remove(file))
}

/// Moves it out of the root.
fn moved_out(folder: &'static str) -> super::Way {
    edit(move |root| fs::rename(root.root().join(folder), root.folder().join("archive")).unwrap())
}

fn alone() -> Vec<Case> {
    let latest = "north/usage/latest";
    vec![
        case(
            "an export.json beside files that may come from several queries",
            &["move it into a folder of its own, with the files of the query that it is about"],
            |root| {
                rename(root, "north/usage/2026-10-05", "north/old");
                rename(root, "north/old/page-0001.json", "north/usage/page-0001.json");
                fs::remove_dir(root.root().join("north/old")).unwrap();
                root.file("north/usage/export.json", format!("{{{OF_THE_FIFTH}}}"));
            },
            [edit(|root| {
                rename(root, "north/usage/export.json", "north/usage/query/export.json");
                rename(root, "north/usage/page-0001.json", "north/usage/query/page-0001.json");
            })],
        ),
        case(
            "usage of stamp \"south\", in the folder of stamp north",
            &["move the export to the folder of its own stamp"],
            |root| {
                root.snapshots("south");
                root.file("north/usage/2026-10-05/export.json", format!("{{\"stamp\":\"south\",{OF_THE_FIFTH}}}"));
            },
            [edit(|root| rename(root, "north/usage/2026-10-05", "south/usage/2026-10-05"))],
        ),
        case(
            "the folder's name is no reported window, and nothing in it says one",
            &["name it <start> or <start>--<end>, each as 2026-10-05 or 2026-10-05T13 (UTC)"],
            move |root| rename(root, "north/usage/2026-10-05", latest),
            [
                edit_as_said(move |root, said| {
                    rename(root, latest, &format!("north/usage/{}", said.between("each as ", " or ")));
                }),
                edit(move |root| rename(root, latest, "north/usage/2026-10-05--2026-10-06")),
                edit(move |root| rename(root, latest, "north/usage/2026-10-05T13--2026-10-06T00")),
                edit(move |root| root.file(&format!("{latest}/export.json"), format!("{{{OF_THE_FIFTH}}}"))),
                edit(move |root| rename(root, latest, "north/usage/_latest")),
                edit(move |root| rename(root, latest, "north/usage/.latest")),
            ],
        ),
        case(
            "the folder's name says that 2026-10-06 was reported",
            &["one of the two is wrong: pages were moved, or the folder was named by hand"],
            |root| {
                root.remove("north/usage/2026-10-05");
                let link = "reportedStartTime=2026-10-05T00:00:00Z&reportedEndTime=2026-10-06T00:00:00Z";
                root.file(NEXT, page_before(link, &[line(SUB_A)]));
            },
            [
                edit(|root| rename(root, "north/usage/2026-10-06", "north/usage/2026-10-05")),
                edit(|root| {
                    rename(root, NEXT, PAGE);
                    root.file(NEXT, page(&[of_hour(SUB_A, "2026-10-06T13")]));
                }),
            ],
        ),
        case(
            "an export that mixes granularities",
            &["an Hourly and a Daily query of one window describe the same usage twice"],
            |root| root.file("north/usage/2026-10-05/daily.json", page(&[daily(SUB_A, "2026-10-05", "2026-10-06")])),
            [without("north/usage/2026-10-05/daily.json"), without(PAGE)],
        ),
        case(
            "Daily usage was queried, and Hourly is there",
            &["pages of two queries were mixed: each query has a folder of its own"],
            |root| root.file("north/usage/2026-10-05/next.json", page_before("aggregationGranularity=Daily", &[])),
            [edit(|root| rename(root, "north/usage/2026-10-05/next.json", "north/usage/2026-10-06/next.json"))],
        ),
        case(
            "after the end of its reported window",
            &["usage is reported after it happens, so this page belongs to a later window"],
            |root| root.file("north/usage/2026-10-05/page-0002.json", page(&[of_hour(SUB_A, "2026-10-06T13")])),
            [edit(|root| rename(root, "north/usage/2026-10-05/page-0002.json", NEXT))],
        ),
    ]
}

fn windows() -> Vec<Case> {
    let long = "north/usage/2026-10-05--2026-10-07";
    let file = |folder: &str| format!("{folder}/page.json");
    let of_two_days = numbered(1, &[line(SUB_A), of_hour(SUB_A, "2026-10-06T13")]);
    let wide = of_two_days.clone();
    let open = page_before("continuationToken=1", &[line(SUB_A), of_hour(SUB_A, "2026-10-06T13")]);
    let whole = of_two_days.clone();
    let days = page(&[daily(SUB_A, "2026-10-05", "2026-10-06"), daily(SUB_A, "2026-10-06", "2026-10-07")]);
    let day = page(&[daily(SUB_A, "2026-10-05", "2026-10-06")]);
    vec![
        case(
            "names the same reported time as ",
            &[
                "one window, one folder: {}; move one of the two out of the root",
                "usage of overlapping windows cannot be told apart line by line",
            ],
            |root| root.file("north/usage/2026-10-05--2026-10-06/page.json", numbered(1, &[line(SUB_A)])),
            [moved_out("north/usage/2026-10-05"), moved_out("north/usage/2026-10-05--2026-10-06")],
        ),
        case(
            "covers some of the same reported time as north/usage/2026-10-05",
            &["{}: move one of the two out of the root"],
            move |root| root.file(&file(long), &wide),
            [moved_out("north/usage/2026-10-05"), moved_out(long), add(|said| said.flag("--overlap", 1))],
        ),
        case(
            ", and some that it does not",
            &["{}, and neither window contains the other: move one of the two out of the root"],
            move |root| {
                rename(root, "north/usage/2026-10-05", "north/usage/2026-10-04--2026-10-06");
                root.file(&file(long), &of_two_days);
            },
            [moved_out("north/usage/2026-10-04--2026-10-06"), moved_out(long)],
        ),
        case(
            "Daily usage of reported time of which north/usage/2026-10-05 holds Hourly usage",
            &["they describe the same usage twice"],
            move |root| root.file("north/usage/2026-10-05--2026-10-06/page.json", &day),
            [
                add(|said| said.flag("--granularity", 1)),
                add(|said| said.flag_at("--granularity", 1, 1)),
                moved_out("north/usage/2026-10-05"),
                moved_out("north/usage/2026-10-05--2026-10-06"),
            ],
        ),
        case(
            "of whose reported time only a part is covered by the chosen Hourly exports",
            &["its lines do not say when they were reported, so it counts as a whole or not at all"],
            move |root| root.file(&file(long), &days),
            [edit(|root| root.file(NEXT, page(&[of_hour(SUB_A, "2026-10-06T13")]))), moved_out(long)],
        )
        .with(&["--granularity", "hourly"]),
        case(
            "would replace north/usage/2026-10-05, but lacks its last page",
            &["fetch it again and whole before it replaces what is there"],
            move |root| root.file(&file(long), &open),
            [edit(move |root| root.file(&file(long), &whole))],
        )
        .with(&["--overlap", "wider"]),
    ]
}

/// Usage that its window cannot have reported: of one day, in the window of another.
fn misplaced() -> Vec<Case> {
    let of_day = |day: &str| {
        let next = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap().succ_opt().unwrap();
        page(&[daily(SUB_A, day, &next.to_string())])
    };
    let serials = |day: u32| {
        let columns = "SubscriptionId,MeterId,UsageStartTime,UsageEndTime,Quantity";
        format!("{columns}\n{SUB_A},{VM_HOURS},{day},{},24\n", day + 1)
    };
    let early = "usage is reported within hours, seldom days, and {}; if it really came so late, say --late-days {}";
    let late = || add(|said| said.flag("--late-days", 1));
    let case_of = |says: &'static str, hints: &[&'static str], day: &str, ways: Vec<super::Way>| {
        let text = of_day(day);
        case(says, hints, move |root| root.file(PAGE, &text), ways)
    };
    let again = move |folder: &'static str, day: &str| {
        let text = of_day(day);
        edit(move |root| root.file(&format!("{folder}/page-0001.json"), &text))
    };
    let fifth = "north/usage/2026-10-05";
    let in_december = of_day("2026-12-10");
    let twelfth = "north/usage/2026-10-12";
    let sheet = "north/usage/2026-10-05/sheet.csv";
    vec![
        case_of(
            "its line is usage of 2026-05-10, 147 days before its reported window",
            &[early, "day and month look exchanged: as {} it would be usage of this window; look at what wrote it"],
            "2026-05-10",
            vec![again(fifth, "2026-10-05"), late()],
        ),
        case(
            "its line is usage of 2022-10-04",
            &["it looks like a workbook with 1904 dates, by which it would be usage of {}"],
            move |root| {
                root.remove(PAGE);
                root.file(sheet, serials(46_300 - 1462));
            },
            [edit(move |root| root.file(sheet, serials(46_300)))],
        ),
        case_of(
            "its line is usage of 2025-10-05",
            &["its year looks wrong (two digits, another calendar, or a slip)"],
            "2025-10-05",
            vec![again(fifth, "2026-10-05"), late()],
        ),
        case_of(
            "its line is usage of 2026-09-21, 13 days before its reported window",
            &["it looks like usage of another window: move it to the folder of the window that was queried"],
            "2026-09-21",
            vec![edit(move |root| rename(root, fifth, "north/usage/2026-09-21")), late()],
        ),
        case(
            "after the end of its reported window",
            &["usage is reported after it happens, and {}"],
            move |root| root.file(&format!("{twelfth}/page-0001.json"), &in_december),
            [again(twelfth, "2026-10-12")],
        ),
    ]
}

fn twice() -> Vec<Case> {
    let tenant = {
        let text = page(&[line(SUB_A)]);
        text.replace(&format!("/subscriptions/{PROVIDER}/"), &format!("/subscriptions/{SUB_A}/"))
    };
    vec![
        case(
            "south/usage/2026-10-05/page.json: the same bytes as north/",
            &["a folder was copied, or a download was saved for the wrong stamp"],
            |root| {
                second_stamp(root, "south");
                root.file("south/usage/2026-10-05/page.json", page(&[line(SUB_A), line(SUB_B)]));
            },
            [
                edit(|root| {
                    root.remove("south");
                    second_stamp(root, "south");
                }),
                edit(|root| root.file(PAGE, page(&[of_hour(SUB_B, "2026-10-05T14")]))),
            ],
        ),
        case(
            "the same bytes as north/usage/2026-10-05/page-0001.json, in another window",
            &["a folder was copied or a download saved twice: replace the one that is wrong"],
            |root| root.file(NEXT, page(&[line(SUB_A), line(SUB_B)])),
            [
                edit(|root| root.file(NEXT, page(&[of_hour(SUB_A, "2026-10-06T13")]))),
                edit(|root| root.file(PAGE, page(&[of_hour(SUB_A, "2026-10-05T10")]))),
            ],
        ),
        case(
            "holds usage of 2026-10-05, as ",
            &["a file outside a window folder has no reported window, so nothing tells the two apart"],
            |root| root.file("north/usage/page.json", numbered(1, &[of_hour(SUB_A, "2026-10-05T23")])),
            [edit(|root| rename(root, "north/usage/page.json", NEXT))],
        ),
        case(
            "from the tenant API, and in north/usage/2026-10-05/page-0001.json from the provider API",
            &["in one window these are the same usage twice: keep the answers of one of the two"],
            move |root| root.file("north/usage/2026-10-05/tenant.json", &tenant),
            [without("north/usage/2026-10-05/tenant.json"), without(PAGE)],
        ),
    ]
}

/// Lines and resources of a publication, laid into a root.
pub fn lay_published(root: &TestRoot, folder: &str) {
    let copy = |from: &str, to: &str| {
        let bytes = fs::read(root.out().join(from)).unwrap();
        root.file(&format!("{folder}/{to}"), bytes);
    };
    let day = root.out().join("lines/north/2026-10-05");
    let file = fs::read_dir(day).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    copy(&format!("lines/north/2026-10-05/{file}"), "lines.parquet");
    copy("resources.parquet", "resources.parquet");
}

fn published() -> Vec<Case> {
    let folder = "north/usage/2026-10-05";
    let only_published = move |root: &TestRoot| {
        root.remove(PAGE);
        lay_published(root, folder);
    };
    let parquet = "of Parquet, a usage folder may hold the `lines` that stacktally published";
    let odd = |says, made_by: fn(&TestRoot)| {
        let again = edit(move |root| {
            root.remove(folder);
            lay_published(root, folder);
        });
        case(says, &[parquet], made_by, [again]).published()
    };
    vec![
        case(
            "published lines, beside north/usage/2026-10-05/page-0001.json",
            &["they are the same usage twice: keep the published lines, or the export that they were made of"],
            move |root| lay_published(root, folder),
            [
                edit(|root| root.remove(PAGE)),
                edit(|root| {
                    root.remove("north/usage/2026-10-05");
                    good_page(root);
                }),
            ],
        )
        .published(),
        case(
            "lines of the window 2026-10-05, outside a folder of that window",
            &["move it into a folder named {}"],
            |root| {
                root.remove("north/usage/2026-10-05");
                lay_published(root, "north/usage");
            },
            [edit_as_said(|root, said| {
                let folder = said.between("a folder named ", "").to_owned();
                for file in ["lines.parquet", "resources.parquet"] {
                    rename(root, &format!("north/usage/{file}"), &format!("north/usage/{folder}/{file}"));
                }
            })],
        )
        .published(),
        case(
            "which no resources.parquet beside them describes",
            &["put the resources.parquet of the same publication, as it is, into the folder of its lines"],
            move |root| {
                only_published(root);
                root.remove("north/usage/2026-10-05/resources.parquet");
            },
            [edit(|root| {
                let bytes = fs::read(root.out().join("resources.parquet")).unwrap();
                root.file("north/usage/2026-10-05/resources.parquet", bytes);
            })],
        )
        .published(),
        odd("a Parquet file that cannot be read", |root| {
            root.remove("north/usage/2026-10-05");
            root.file("north/usage/2026-10-05/lines.parquet", "PAR1 and nothing more");
        }),
        odd("a Parquet file with the columns ", |root| {
            root.remove("north/usage/2026-10-05");
            root.file("north/usage/2026-10-05/lines.parquet", fs::read(root.out().join("tenants.parquet")).unwrap());
        }),
    ]
}
