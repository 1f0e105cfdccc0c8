//! Usage that is outside of what its reported window can contain, and the probable cause.

use super::time::{Day, Window};

/// Days between the first days of Excel's two calendars: a date of a workbook with 1904 dates, read in the other
/// calendar, is this much too early.
const DAYS_TO_1904: i32 = 1462;

/// The probable cause: with it corrected, the usage would be on a day that the window can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// Day and month of its dates were swapped.
    DayAndMonthExchanged(Day),
    /// A workbook counts its days from 1904.
    Dates1904(Day),
    /// The year is wrong: two digits, another calendar, or a typing error.
    OtherYear(Day),
    /// The dates are right: the file is in the folder of another window.
    OtherWindow,
}

impl Suspicion {
    /// The probable cause for usage of a day that a window cannot report, when usage is reported at most this many days
    /// late.
    pub fn of(day: Day, window: Window, late_days: u16) -> Self {
        let fits = |other: Option<Day>| other.filter(|day| window.can_report(day.end(), late_days));
        let years = [window.start, window.end].map(|hour| hour.day().year());
        if let Some(day) = fits(day.with_day_and_month_exchanged()) {
            Self::DayAndMonthExchanged(day)
        } else if let Some(day) = fits(Some(Day::of_days(day.days_since_epoch() + DAYS_TO_1904))) {
            Self::Dates1904(day)
        } else if let Some(day) = years.into_iter().find_map(|year| fits(day.in_year(year))) {
            Self::OtherYear(day)
        } else {
            Self::OtherWindow
        }
    }

    /// The same for several days: the probable cause for the last day that has one.
    pub fn of_all(days: &[Day], window: Window, late_days: u16) -> Self {
        let suspicions = days.iter().rev().map(|day| Self::of(*day, window, late_days));
        suspicions.into_iter().find(|suspicion| *suspicion != Self::OtherWindow).unwrap_or(Self::OtherWindow)
    }

    /// What to check and what to do then, as part of a hint.
    pub fn remedy(self) -> String {
        match self {
            Self::DayAndMonthExchanged(day) => format!(
                "day and month look exchanged: as {day} it would be usage of this window; look at what wrote it (a \
                 script's [datetime], a spreadsheet, or whoever named the folder), and export it again"
            ),
            Self::Dates1904(day) => format!(
                "it looks like a workbook with 1904 dates, by which it would be usage of {day}: save the original \
                 export again, or turn off Excel's option \"1904 date system\" before saving as CSV"
            ),
            Self::OtherYear(day) => format!(
                "its year looks wrong (two digits, another calendar, or a slip): in the window's year it would be \
                 usage of {day}; export it again in UTC as ISO 8601"
            ),
            Self::OtherWindow => {
                "it looks like usage of another window: move it to the folder of the window that was queried".to_owned()
            }
        }
    }
}
