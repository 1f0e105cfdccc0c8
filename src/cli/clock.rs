//! The one place that reads the system clock. A run gets the time from here; its figures do not depend on it.

use chrono::{DateTime, SecondsFormat, Utc};

/// The clock, as a function to pass on.
pub const NOW: fn() -> DateTime<Utc> = Utc::now;

/// A moment, as the clock showed it.
#[derive(Clone, Copy, Debug)]
pub struct ClockTime(DateTime<Utc>);

impl ClockTime {
    pub fn now() -> Self {
        Self(Utc::now())
    }

    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

/// RFC 3339, UTC.
impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
