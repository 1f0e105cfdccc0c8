//! Tables: of usage, of user subscriptions, and those that people write by hand.

use super::{Case, PAGE, add, case, edit, edit_as_said, line, rename, replace, type_instead, type_this, words};
use crate::support::{SUB_A, SUB_B, TENANT_A, TENANT_B, TestRoot, VM_HOURS, listing, page};

follow_all!();

pub fn cases() -> Vec<Case> {
    let mut cases = usage();
    cases.extend(times());
    cases.extend(listings());
    cases.extend(by_hand());
    cases
}

const HEADER: &str = "SubscriptionId,MeterId,UsageStartTime,UsageEndTime,Quantity\n";

fn row(user_subscription: &str, start: &str, end: &str) -> String {
    format!("{user_subscription},{VM_HOURS},{start},{end},1\n")
}

fn good_row(user_subscription: &str) -> String {
    row(user_subscription, "2026-10-05T13:00:00Z", "2026-10-05T14:00:00Z")
}

/// The page is a table.
fn table(root: &TestRoot, text: &str) {
    root.file(PAGE, text);
}

fn usage() -> Vec<Case> {
    let turned = "MeterId,SubscriptionId,UsageStartTime,UsageEndTime,Quantity\n";
    vec![
        case(
            "lines that end with CR alone",
            &["save the table again with Windows or Unix line ends: in Excel as CSV UTF-8"],
            |root| table(root, &(HEADER.to_owned() + &good_row(SUB_A)).replace('\n', "\r")),
            [edit(|root| replace(root, PAGE, "\r", "\r\n")), edit(|root| replace(root, PAGE, "\r", "\n"))],
        ),
        case(
            "columns 2 and 6 are both called \"MeterId\"",
            &["only one of them can be meant: export the table again, or delete the other"],
            |root| {
                table(
                    root,
                    &(HEADER.replace("Quantity", "Quantity,MeterId") + &good_row(SUB_A).replace(",1\n", ",1,x\n")),
                );
            },
            [
                edit(|root| table(root, &(HEADER.to_owned() + &good_row(SUB_A)))),
                edit(|root| {
                    replace(root, PAGE, ",MeterId\n", "\n");
                    replace(root, PAGE, ",x\n", "\n");
                }),
            ],
        ),
        case(
            "another header among the rows, with its columns in another order",
            &["two tables were joined: save each as a file of its own"],
            move |root| {
                let other = format!("{VM_HOURS},{SUB_B},2026-10-05T13:00:00Z,2026-10-05T14:00:00Z,1\n");
                table(root, &[HEADER, &good_row(SUB_A), turned, &other].concat());
            },
            [edit(move |root| {
                let other = format!("{VM_HOURS},{SUB_B},2026-10-05T13:00:00Z,2026-10-05T14:00:00Z,1\n");
                table(root, &(HEADER.to_owned() + &good_row(SUB_A)));
                root.file("north/usage/2026-10-05/other.csv", turned.to_owned() + &other);
            })],
        ),
        case(
            "a double quote that nothing closes",
            &["a cell stands in two double quotes, and one within it is doubled"],
            |root| table(root, &(HEADER.to_owned() + &good_row(SUB_A).replacen("5ab", "\"5ab", 1))),
            [edit(|root| replace(root, PAGE, &format!("\"{SUB_A}"), &format!("\"{SUB_A}\"")))],
        ),
        case(
            "a table with both a SubscriptionId and a subscription",
            &["only one of them can be the user subscription: remove the other column"],
            |root| {
                table(
                    root,
                    &(HEADER.replace("Quantity", "Quantity,subscription") + &good_row(SUB_A).replace(",1\n", ",1,x\n")),
                );
            },
            [edit(|root| table(root, &(HEADER.to_owned() + &good_row(SUB_A))))],
        ),
        case(
            "a table of nested rows, which `Export-Csv` printed as the names of their types",
            &["export the rows themselves: `… | ConvertTo-Json -Depth 10 | Out-File usage.json`"],
            |root| table(root, "Id,Name,Type,Properties\nx,y,z,Microsoft.Azure.Commerce.Usage\n"),
            [edit(|root| {
                root.remove(PAGE);
                root.file("north/usage/2026-10-05/usage.json", page(&[line(SUB_A)]));
            })],
        ),
        case(
            "a table of usage without the column UsageEndTime",
            &["its columns are {}{}: export it again with all of {}"],
            |root| table(root, &(HEADER.replace("UsageEndTime", "UsageEnd") + &good_row(SUB_A))),
            [
                edit(|root| replace(root, PAGE, "UsageEnd", "UsageEndTime")),
                edit_as_said(|root, said| {
                    let columns = said.between("export it again with all of ", "").replace(", ", ",");
                    table(root, &format!("{columns}\n{}", good_row(SUB_A)));
                }),
            ],
        ),
        case(
            "the table ends within a row",
            &["the file was cut off: export it again; nothing of a cut file is used"],
            |root| table(root, &format!("{HEADER}{}{SUB_B},{VM_HOURS}", good_row(SUB_A))),
            [edit(|root| table(root, &[HEADER, &good_row(SUB_A), &good_row(SUB_B)].concat()))],
        ),
    ]
}

fn times() -> Vec<Case> {
    let ambiguous = |root: &TestRoot| {
        root.remove("north/usage/2026-10-05");
        root.file(
            "north/usage/usage.csv",
            HEADER.to_owned() + &row(SUB_A, "05/10/2026 13:00:00", "05/10/2026 14:00:00"),
        );
    };
    vec![
        case(
            "can be read with the day first or the month first: no row decides it",
            &["say how the exporting machine writes them, as with --culture de-DE"],
            ambiguous,
            [add(|said| said.flag("--culture", 1))],
        ),
        case(
            "its line cannot be used: the usage time cannot be read",
            &["export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z"],
            |root| table(root, &(HEADER.to_owned() + &row(SUB_A, "Monday at one", "Monday at two"))),
            [edit_as_said(|root, said| {
                let start = said.flag("2026-10-05T13", 0).remove(0);
                table(root, &(HEADER.to_owned() + &row(SUB_A, &start, &start.replace("T13", "T14"))));
            })],
        ),
        case(
            "its line cannot be used: the usage time",
            &["export it again in UTC as ISO 8601, such as 2026-10-05T13:00:00Z: its years of {} can be read only as"],
            |root| table(root, &(HEADER.to_owned() + &row(SUB_A, "2570-10-05 13:00:00", "2570-10-05 14:00:00"))),
            [
                edit(|root| table(root, &(HEADER.to_owned() + &good_row(SUB_A)))),
                // The window confirms them then.
                edit(|root| rename(root, "north/usage/2026-10-05", "north/usage/2027-10-05")),
            ],
        ),
        case(
            "its line cannot be used: the usage time is neither a full UTC hour nor a full UTC day",
            &["the times were probably written in local time: say which with --source-time-zone"],
            |root| table(root, &(HEADER.to_owned() + &row(SUB_A, "2026-10-05 18:30:00", "2026-10-05 19:30:00"))),
            [
                // As the hint writes it, and the zone of that machine.
                add(|said| {
                    vec![
                        said.flag("--source-time-zone", 0).remove(0),
                        said.flag("+02:00", 0)[0].replace("+02:00", "+05:30"),
                    ]
                }),
                add(|said| vec![said.flag("--source-time-zone", 0).remove(0), "Asia/Kolkata".to_owned()]),
                edit(|root| table(root, &(HEADER.to_owned() + &good_row(SUB_A)))),
            ],
        ),
        case(
            "that are usage of the reported window 2026-10-05 only with the day first, and the culture en-US has",
            &["name the culture of the machine that exported it, one with the {}, or leave --culture out"],
            |root| table(root, &(HEADER.to_owned() + &row(SUB_A, "05/10/2026 13:00:00", "05/10/2026 14:00:00"))),
            [type_this(&["check", "--root", "root", "--culture", "en-GB"]), type_this(&["check", "--root", "root"])],
        )
        .with(&["--culture", "en-US"]),
        case(
            "dates that contradict each other",
            &["two machines wrote this file, or a spreadsheet changed some of its dates: export it again"],
            |root| {
                let day_first = row(SUB_A, "13/10/2026 13:00:00", "13/10/2026 14:00:00");
                let month_first = row(SUB_A, "10/14/2026 13:00:00", "10/14/2026 14:00:00");
                table(root, &[HEADER, &day_first, &month_first].concat());
            },
            [edit(|root| table(root, &(HEADER.to_owned() + &good_row(SUB_A))))],
        ),
        case(
            "after the end of its reported window",
            &["nothing says in which zone these times were printed, and they were taken as UTC"],
            |root| table(root, &(HEADER.to_owned() + &row(SUB_A, "2026-10-06 01:00:00", "2026-10-06 02:00:00"))),
            [add(|said| [said.flag("--source-time-zone", 0), words(&["Europe/Berlin"])].concat())],
        ),
    ]
}

fn listings() -> Vec<Case> {
    let file = "north/user-subscriptions/2026-10-01.json";
    let good = format!("SubscriptionId,TenantId\n{SUB_A},{TENANT_A}\n");
    let whole = good.clone();
    let cut = good.trim_end().to_owned();
    let short = good.replace(&format!(",{TENANT_A}"), "");
    vec![
        case(
            "a listing of user subscriptions that does not end with a line end",
            &["the file was cut off: export it again; or end its last line, if it is whole"],
            move |root| root.file(file, &cut),
            [
                edit(move |root| root.file(file, listing(&[(SUB_A, TENANT_A)]))),
                edit(move |root| replace(root, file, &format!(",{TENANT_A}"), &format!(",{TENANT_A}\n"))),
            ],
        ),
        case(
            "row 1 has 1 cells, the header 2",
            &["the file was cut off, or edited: export it again"],
            move |root| root.file(file, &short),
            [edit(move |root| root.file(file, &whole))],
        ),
    ]
}

fn by_hand() -> Vec<Case> {
    let names = "names.csv";
    let header = |root: &TestRoot, columns: &str| root.file(names, format!("{}\n", columns.replace(", ", ",")));
    vec![
        case(
            "names.csv: an empty table",
            &["its first line names the columns", "the table has the columns {}"],
            move |root| root.file(names, ""),
            [edit_as_said(move |root, said| header(root, said.between("the table has the columns ", "")))],
        ),
        case(
            "column 2 is called \"meter_nam\"",
            &["the table has the columns {}{}"],
            move |root| root.file("meters.csv", "meter_id,meter_nam\n"),
            [
                edit_as_said(|root, said| {
                    replace(root, "meters.csv", "meter_nam", said.between("did you mean `", "`"));
                }),
                edit_as_said(|root, said| {
                    let columns = said.between("the table has the columns ", " (").replace(", ", ",");
                    root.file("meters.csv", format!("{columns}\n"));
                }),
                edit(|root| replace(root, "meters.csv", ",meter_nam", "")),
            ],
        ),
        case(
            "no table of id, name",
            &["its first line names the columns, and names {} here: name {} there as well"],
            move |root| root.file(names, "name\nContoso\n"),
            [edit_as_said(move |root, said| {
                let missing = said.between(" here: name ", " there as well");
                root.file(names, format!("{missing},name\n{TENANT_A},Contoso\n"));
            })],
        ),
        case(
            "\"Ltd\" stands in column 3, and the header has 2",
            &["empty the cell; or if a value before it holds what separates cells, put that value in double quotes"],
            move |root| root.file(names, format!("id,name\n{TENANT_A},Contoso, Ltd\n")),
            [
                edit(move |root| replace(root, names, ", Ltd", ", ")),
                edit(move |root| replace(root, names, "Contoso, Ltd", "\"Contoso, Ltd\"")),
            ],
        ),
        case(
            "\"Virtual core hours\" stands in column 3, which has no name",
            &["name the column in the first line, or empty the cell"],
            move |root| root.file("meters.csv", format!("meter_id,meter_name,\n{VM_HOURS},VM,Virtual core hours\n")),
            [
                edit(|root| replace(root, "meters.csv", "meter_name,", "meter_name,unit")),
                edit(|root| replace(root, "meters.csv", "VM,Virtual core hours", "VM,")),
            ],
        ),
        case(
            "the table ends within a row: 2 cells of 3",
            &["if the file was cut off, save it again; if the row is whole, end it with a line end"],
            move |root| root.file("meters.csv", format!("meter_id,meter_name,unit\n{VM_HOURS},VM")),
            [
                edit(|root| replace(root, "meters.csv", ",VM", ",VM hours,Virtual core hours\n")),
                edit(|root| replace(root, "meters.csv", ",VM", ",VM\n")),
            ],
        ),
        case(
            "a cell in double quotes that ends within another line",
            &["a cell that holds a double quote stands in double quotes, and the one within it is doubled"],
            move |root| root.file(names, format!("id,name\n{TENANT_A},\"Contoso\n{TENANT_B},\"Fabrikam\"\n")),
            [edit(move |root| replace(root, names, "\"Contoso", "\"\"\"Contoso\""))],
        ),
        case(
            "a row without an id",
            &["fill in the id, or delete the row"],
            move |root| root.file(names, "id,name\n,Contoso\n"),
            [
                edit(move |root| replace(root, names, ",Contoso", &format!("{TENANT_A},Contoso"))),
                edit(move |root| replace(root, names, ",Contoso\n", "")),
            ],
        ),
        case(
            "stands in the table twice",
            &["keep one of the rows"],
            move |root| root.file(names, format!("id,name\n{TENANT_A},Contoso\n{TENANT_A},Fabrikam\n")),
            [edit(move |root| replace(root, names, &format!("{TENANT_A},Fabrikam\n"), ""))],
        ),
        case(
            "names.csv:2:41: byte 0x",
            &["export again as UTF-8 (in PowerShell: `Out-File -Encoding utf8`)"],
            move |root| root.file(names, [b"id,name\n", TENANT_A.as_bytes(), b",Caf\xe9\n"].concat()),
            [type_instead(|said| [words(&["check", "--root", "root"]), said.flag("--encoding", 1)].concat())],
        ),
    ]
}
