//! `domain::time`: the spellings of times, spans, windows.

use proptest::prelude::*;
use stacktally::domain::time::TimeFault;
use stacktally::domain::{Day, Granularity, Hour, Span, Window};

#[test]
fn the_spellings_of_one_hour() {
    for text in [
        "2019-12-10T19:00:00+00:00",
        "2019-12-10T19:00:00Z",
        "2019-12-10T19:00:00+00:00Z",
        "2019-12-10T19:00:00.0000000+00:00",
        "2019-12-10T19:00+00:00Z",
        "2019-12-10T19:00Z",
        "2019-12-10 19:00:00Z",
        "2019-12-10T12:00:00-07:00",
        "2019-12-11T00:30:00+05:30",
        "/Date(1576004400000)/",
        "/Date(1576004400000+0100)/",
    ] {
        assert_eq!(Hour::parse(text).map(|hour| hour.to_string()), Ok("2019-12-10T19".to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_full_utc_hour() {
    use TimeFault::{NotWhole, OutOfRange, Unreadable};
    for (text, fault) in [
        ("2019-12-10T19:30:00Z", NotWhole),
        ("2019-12-10T19:00:01Z", NotWhole),
        ("2019-12-10T19:00:00.0000001Z", NotWhole),
        ("2019-12-10T19:00:00+05:30", NotWhole),
        ("1999-12-31T23:00:00Z", OutOfRange),
        ("0001-01-01T00:00:00Z", OutOfRange),
        ("2200-01-01T00:00:00Z", OutOfRange),
        ("2019-12-10T19:00:00", Unreadable),
        ("2019-12-10", Unreadable),
        ("2019-02-29T19:00:00Z", Unreadable),
        ("2019-12-10T24:00:00Z", Unreadable),
        ("2019-12-10T19:00:60Z", Unreadable),
        ("2019-12-10T19:00:00+15:00", Unreadable),
        ("2019-12-10T19:00:00.Z", Unreadable),
        ("12/10/2019 7:00:00 PM", Unreadable),
        ("/Date(1575997200001)/", NotWhole),
        ("/Date(1575997200000", Unreadable),
        ("/Date()/", Unreadable),
        ("/Date(-62135596800000)/", Unreadable),
        ("/Date(99999999999999999)/", OutOfRange),
        ("", Unreadable),
        ("２０１９-12-10T19:00:00Z", Unreadable),
    ] {
        assert_eq!(Hour::parse(text), Err(fault), "{text}");
    }
}

#[test]
fn spans_are_one_hour_or_one_day() {
    let hour = |text: &str| Hour::parse_name(text).unwrap();
    let span = |start: &str, end: &str| {
        Span::of(hour(start), hour(end)).map(|span| (span.slot.granularity(), span.slot.hour()))
    };
    assert_eq!(span("2026-10-05T13", "2026-10-05T14"), Some((Granularity::Hourly, 13)));
    assert_eq!(span("2026-10-05T23", "2026-10-06"), Some((Granularity::Hourly, 23)));
    assert_eq!(span("2026-10-05", "2026-10-06"), Some((Granularity::Daily, 0)));
    assert_eq!(span("2026-10-05T01", "2026-10-06T01"), None);
    assert_eq!(span("2026-10-05", "2026-10-05"), None);
    assert_eq!(span("2026-10-06", "2026-10-05"), None);
    assert_eq!(span("2026-10-05", "2026-10-07"), None);
}

#[test]
fn window_names() {
    let window = |name: &str| {
        Window::parse(name).map(|window| (window.start.to_string(), window.end.to_string(), window.label()))
    };
    let expected = |start: &str, end: &str, label: &str| Some((start.to_owned(), end.to_owned(), label.to_owned()));
    assert_eq!(window("2026-10-05"), expected("2026-10-05T00", "2026-10-06T00", "2026-10-05"));
    assert_eq!(window("2026-10-05T13"), expected("2026-10-05T13", "2026-10-05T14", "2026-10-05T13"));
    assert_eq!(window("2026-10-01--2026-11-01"), expected("2026-10-01T00", "2026-11-01T00", "2026-10-01--2026-11-01"));
    assert_eq!(window("2026-10-05T00--2026-10-06"), window("2026-10-05"));
    assert_eq!(
        window("2026-10-05T22--2026-10-06"),
        expected("2026-10-05T22", "2026-10-06T00", "2026-10-05T22--2026-10-06T00")
    );
    for name in [
        "",
        "2026-10",
        "2026-10-5",
        "2026-13-01",
        "2026-10-05T24",
        "2026-10-06--2026-10-05",
        "2026-10-05--2026-10-05",
        "2026-10-05--",
        "page",
    ] {
        assert_eq!(window(name), None, "{name}");
    }
}

#[test]
fn moments_round_up_to_the_day() {
    let up = |text: &str| Hour::parse_name(text).unwrap().rounded_up_to_day().to_string();
    assert_eq!(up("2026-10-05"), "2026-10-05T00");
    assert_eq!(up("2026-10-05T01"), "2026-10-06T00");
    assert_eq!(up("2026-10-31T23"), "2026-11-01T00");
}

#[test]
fn months_have_their_days() {
    let month = |text: &str| Day::parse(text).unwrap().month();
    assert_eq!(month("2028-02-29").days().count(), 29);
    assert_eq!(month("2026-12-31").to_string(), "2026-12");
    assert_eq!(month("2026-12-31").next().to_string(), "2027-01");
}

proptest! {
    #[test]
    fn a_day_and_its_date_agree(days in 11_000_i32..84_000) {
        let day = Day::parse(&(chrono::NaiveDate::default() + chrono::Days::new(days as u64)).to_string()).unwrap();
        prop_assert_eq!(day.days_since_epoch(), days);
        prop_assert_eq!(Day::from_date(day.date()), day);
        prop_assert!(day.month().first_day() <= day && day < day.month().next().first_day());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = Hour::parse(&text);
        let _ = Window::parse(&text);
        let _ = Hour::parse_name(&text);
    }
}
