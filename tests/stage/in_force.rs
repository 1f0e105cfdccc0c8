//! Which snapshots are in force: the moment that decides, and the latest not after it.

use stacktally::domain::{AttributeAt, Day, Hour, InForce, Slot, SnapshotDates, Window};

fn hour(text: &str) -> Hour {
    Hour::parse(&format!("{text}:00:00Z")).unwrap()
}

#[test]
fn the_end_of_the_window_rounded_up_to_the_day_decides_or_the_usage() {
    let day = Day::parse("2026-10-05").unwrap();
    for (start, end, slot, forwarded, usage) in [
        ("2026-10-05T00", "2026-10-06T00", Slot::DAILY, "2026-10-06T00", "2026-10-05T00"),
        ("2026-10-05T13", "2026-10-05T14", Slot::hourly(13), "2026-10-06T00", "2026-10-05T13"),
        ("2026-10-07T00", "2026-10-07T01", Slot::hourly(23), "2026-10-08T00", "2026-10-05T23"),
        // Reported late: when Azure took it decides.
        ("2026-10-20T00", "2026-10-21T00", Slot::DAILY, "2026-10-21T00", "2026-10-05T00"),
        // 25 hours, a month: such a window does not say when Azure took a line.
        ("2026-10-05T00", "2026-10-06T01", Slot::DAILY, "2026-10-06T00", "2026-10-05T00"),
        ("2026-10-01T00", "2026-11-01T00", Slot::hourly(9), "2026-10-06T00", "2026-10-05T09"),
    ] {
        let window = Some(Window { start: hour(start), end: hour(end) });
        assert_eq!(AttributeAt::Forwarded.moment(window, day, slot), hour(forwarded), "{start} to {end}");
        assert_eq!(AttributeAt::Usage.moment(window, day, slot), hour(usage), "{start} to {end}");
    }
    assert_eq!(AttributeAt::Forwarded.moment(None, day, Slot::hourly(3)), hour("2026-10-06T00"));
    assert_eq!(AttributeAt::Usage.moment(None, day, Slot::hourly(3)), hour("2026-10-05T03"));
}

#[test]
fn each_kind_is_chosen_by_itself_and_before_the_first_the_first_serves() {
    let dates = SnapshotDates {
        registrations: vec![hour("2026-10-02T00"), hour("2026-10-05T12"), hour("2026-10-06T00")],
        customer_subscriptions: vec![hour("2026-10-04T00")],
        user_subscriptions: vec![hour("2026-10-03T00"), hour("2026-10-03T06")],
    };
    for (moment, registration, listings, is_before_first) in [
        ("2026-10-01T23", 0, 0, true),
        // The list of customers is later still.
        ("2026-10-02T00", 0, 0, true),
        ("2026-10-03T00", 0, 1, true),
        ("2026-10-03T23", 0, 2, true),
        ("2026-10-04T00", 0, 2, false),
        ("2026-10-05T11", 0, 2, false),
        ("2026-10-05T12", 1, 2, false),
        ("2026-10-06T00", 2, 2, false),
        ("2026-12-31T00", 2, 2, false),
    ] {
        let expected = InForce { registration, customer_subscriptions: 0, listings };
        assert_eq!(dates.in_force(hour(moment)), expected, "{moment}");
        assert_eq!(dates.is_before_first(hour(moment)), is_before_first, "{moment}");
    }
}

#[test]
fn a_listing_that_comes_later_does_not_make_a_moment_early() {
    let dates = SnapshotDates { user_subscriptions: vec![hour("2026-10-09T00")], ..SnapshotDates::default() };
    assert!(!dates.is_before_first(hour("2026-10-01T00")));
    let nothing = InForce { registration: 0, customer_subscriptions: 0, listings: 0 };
    assert_eq!(SnapshotDates::default().in_force(hour("2026-10-01T00")), nothing);
}
