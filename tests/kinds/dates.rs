//! Dates as machines print them: years of two digits and of other eras, PowerShell's objects, local midnights. What each culture prints is
//! in `stage::cultures`.

use super::{Read, Refused, Right, check, csv, day, line, root_of};
use crate::support::page;

#[test]
fn years_are_read_where_column_and_window_leave_one_reading() {
    let october: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    let shapes: [(&str, &str, &str, &str, &[&str], &Right<'_>); 17] = [
        ("two digits, month first", "2026-10-05", "10/5/26 0:00", "10/6/26 0:00", &[], &october),
        ("two digits, day first", "2026-10-05", "05.10.26 00:00:00", "06.10.26 00:00:00", &[], &october),
        ("two digits, year first", "2026-10-05", "26/10/05 00:00", "26/10/06 00:00", &[], &october),
        ("two digits and half a day", "2026-10-05", "10/5/26 12:00 AM", "10/6/26 12:00 AM", &[], &october),
        (
            "two digits by the culture",
            "2026-10-05",
            "05/10/26 0:00",
            "06/10/26 0:00",
            &["--culture", "en-GB"],
            &october,
        ),
        (
            "two digits against the culture",
            "2026-10-05",
            "05/10/26 0:00",
            "06/10/26 0:00",
            &["--culture", "en-US"],
            &Refused(&["05/10/26 0:00", "the culture en-US has the month first"]),
        ),
        (
            "two digits, and no window that tells",
            "2027-03-01",
            "05/10/26 1:00",
            "05/10/26 2:00",
            &[],
            &Refused(&["05/10/26 1:00", "a year of two digits", "no row decides it"]),
        ),
        ("Buddhist", "2026-10-05", "5/10/2569 0:00:00", "6/10/2569 0:00:00", &[], &october),
        ("Buddhist, year first", "2026-10-05", "2569-10-05 00:00:00", "2569-10-06 00:00:00", &[], &october),
        ("Buddhist with an offset", "2026-10-05", "2569-10-05T00:00:00Z", "2569-10-06T00:00:00Z", &[], &october),
        ("Buddhist of two digits", "2026-10-05", "5/10/69 0:00", "6/10/69 0:00", &[], &october),
        ("Taiwanese", "2026-10-05", "115/10/5 00:00:00", "115/10/6 00:00:00", &[], &october),
        (
            "Buddhist in another window",
            "2026-03-05",
            "5/10/2569 0:00:00",
            "6/10/2569 0:00:00",
            &[],
            &Refused(&["5/10/2569", "years of 2569"]),
        ),
        (
            "Islamic",
            "2026-10-05",
            "23/04/1448 00:00:00",
            "24/04/1448 00:00:00",
            &[],
            &Refused(&["23/04/1448", "years of 1448"]),
        ),
        (
            "Persian",
            "2026-10-05",
            "1405/07/13 0:00",
            "1405/07/14 0:00",
            &[],
            &Refused(&["1405/07/13", "years of 1405"]),
        ),
        ("time first", "2026-10-05", "00:00:00 5/10/2026", "00:00:00 6/10/2026", &[], &october),
        ("month by its name", "2026-10-05", "05-Oct-2026", "06-Oct-2026", &[], &Refused(&["05-Oct-2026", "ISO 8601"])),
    ];
    for (name, window, start, end, flags, right) in shapes {
        let root = root_of(&[(&format!("{window}/u.csv"), csv(&[(start, end, "24")]).as_bytes())]);
        check(name, &root, flags, right);
    }
    // Without a window nothing tells.
    let loose = root_of(&[("u.csv", csv(&[("5/10/2569 0:00:00", "6/10/2569 0:00:00", "24")]).as_bytes())]);
    check("Buddhist, and no window", &loose, &[], &Refused(&["u.csv", "2569"]));
}

#[test]
fn dates_as_objects_and_local_midnights_of_powershell_are_read() {
    let october: Right<'_> = Read(&[("2026-10-05", "24")], &[]);
    // 2026-10-05T00:00Z is 1791158400 seconds after 1970; Berlin's midnight is two hours before, Tokyo's nine, and New York's four behind.
    let ticks = |shift: i64| {
        let date = |second: i64| format!("/Date({}000)/", second + shift * 3600);
        [date(1_791_158_400), date(1_791_244_800)]
    };
    let object =
        |text: &str| format!("{{\"value\":\"{text}\",\"DisplayHint\":2,\"DateTime\":\"Monday, October 5, 2026\"}}");
    let flat = |start: &str, end: &str| {
        let (user, meter) = (crate::support::SUB_A, crate::support::VM_HOURS);
        format!(
            "[{{\"Id\":\"x\",\"SubscriptionId\":\"{user}\",\"MeterId\":\"{meter}\",\"UsageStartTime\":{start},\"UsageEndTime\":{end},\"Quantity\":24.0,\"InstanceData\":\"{{}}\"}}]"
        )
    };
    let quoted = |text: &str| format!("\"{text}\"");
    let [utc, berlin, tokyo, new_york] = [0, -2, -9, 4].map(ticks);
    let shapes: [(&str, String, &[&str], &Right<'_>); 10] = [
        ("an object of Windows PowerShell", flat(&object(&utc[0]), &object(&utc[1])), &[], &october),
        (
            "an object of PowerShell 7",
            flat(&object("2026-10-05T00:00:00Z"), &object("2026-10-06T00:00:00Z")),
            &[],
            &october,
        ),
        ("an object beside a text", flat(&object(&utc[0]), "\"2026-10-06T00:00:00Z\""), &[], &october),
        ("UTC", flat(&quoted(&utc[0]), &quoted(&utc[1])), &[], &october),
        (
            "UTC though a zone is said",
            flat(&quoted(&utc[0]), &quoted(&utc[1])),
            &["--source-time-zone", "Europe/Berlin"],
            &october,
        ),
        (
            "Berlin's midnight",
            flat(&quoted(&berlin[0]), &quoted(&berlin[1])),
            &["--source-time-zone", "Europe/Berlin"],
            &october,
        ),
        (
            "the same by its offset",
            flat(&quoted(&berlin[0]), &quoted(&berlin[1])),
            &["--source-time-zone", "+02:00"],
            &october,
        ),
        ("Tokyo's", flat(&object(&tokyo[0]), &object(&tokyo[1])), &["--source-time-zone", "Asia/Tokyo"], &october),
        (
            "New York's",
            flat(&quoted(&new_york[0]), &quoted(&new_york[1])),
            &["--source-time-zone", "America/New_York"],
            &october,
        ),
        (
            "Berlin's, and nobody says so",
            flat(&quoted(&berlin[0]), &quoted(&berlin[1])),
            &[],
            &Refused(&["neither a full UTC hour nor a full UTC day", "--source-time-zone"]),
        ),
    ];
    for (name, text, flags, right) in shapes {
        check(name, &root_of(&[("2026-10-05/a.json", text.as_bytes())]), flags, right);
    }
}

/// Odd blanks and designators beside the ones of the cultures.
#[test]
fn clocks_are_read_as_they_are_printed() {
    let shapes = [
        ("5/10/2026 12:00:00\u{202f}a.\u{a0}m.", "6/10/2026 12:00:00\u{202f}a.\u{a0}m."),
        ("\u{200e}5/10/2026\u{a0}0:00", "\u{200e}6/10/2026\u{a0}0:00"),
        ("2026-10-05 00 h 00 min 00 s", "2026-10-06 00 h 00 min 00 s"),
        ("2026-10-05 00 h 00", "2026-10-06 00 h 00"),
        ("2026/10/5 上午12:00:00", "2026/10/6 上午12:00:00"),
        ("2026/10/05 午前0:00:00", "2026/10/06 午前0:00:00"),
        ("2026. 10. 05. 0:00:00", "2026. 10. 06. 0:00:00"),
        ("05.10.2026, 00:00:00", "06.10.2026, 00:00:00"),
        ("5.10.2026 0.00.00", "6.10.2026 0.00.00"),
        ("05/10/2026 00:00:00.000", "06/10/2026 00:00:00.000"),
        ("2026-10-05 00:00:00 AM", "2026-10-06 00:00:00 AM"),
        ("5/10/2026 12:00:00 AM +00:00", "6/10/2026 12:00:00 AM +00:00"),
    ];
    for (start, end) in shapes {
        let root = root_of(&[("2026-10-05/u.csv", csv(&[(start, end, "24")]).as_bytes())]);
        check(start, &root, &[], &Read(&[("2026-10-05", "24")], &[]));
    }
    for (start, end) in [
        ("5/10/2026 13:00 AM", "6/10/2026 13:00 AM"),
        ("5/10/2026 0:00 noon", "6/10/2026 0:00 noon"),
        ("5/10/2026 25:00", "6/10/2026 25:00"),
    ] {
        let root = root_of(&[("2026-10-05/u.csv", csv(&[(start, end, "24")]).as_bytes())]);
        check(start, &root, &[], &Refused(&["the usage time cannot be read"]));
    }
    // Beside a good line, a time that cannot be read costs its own.
    let root = root_of(&[(
        "2026-10-05/u.json",
        page(&[line("05-Oct-2026", "06-Oct-2026", "1"), day("2026-10-05", "2")]).as_bytes(),
    )]);
    check("beside a good one", &root, &[], &super::WithRejects(1, &[("2026-10-05", "2")], &[]));
}
