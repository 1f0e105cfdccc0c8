//! Random roots: usage of two stamps in daily windows, with dated snapshots, good lines and bad.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::support::{
    BILLED_A, DEFAULT, Line, SUB_A, SUB_B, SUB_UNKNOWN, TENANT_A, TENANT_B, TestRoot, customers, listing_of, page,
    registration,
};

pub const STAMPS: [&str; 2] = ["north", "south"];
pub const DAYS: [&str; 3] = ["2026-09-30", "2026-10-01", "2026-10-02"];
const SUBSCRIPTIONS: [&str; 3] = [SUB_A, SUB_B, SUB_UNKNOWN];
const METERS: [&str; 3] = [
    "6dab500f-a4fd-49c4-956d-229bb9c8c793",
    "9CD92D4C-BAFD-4492-B278-BEDC2DE8232A",
    "F271A8A388C44D93956A063E1D2FA80B",
];
const RESOURCES: [&str; 2] = ["vm-1", "VM-2"];
pub const BILLED_B: &str = "b111ed00-0000-4000-8000-00000000000b";
/// From the window of this day on, tenant B pays for itself on `north` (as of the end of that window).
pub const REGISTERED_FROM: &str = "2026-10-02";

/// One line, by place in the lists above.
#[derive(Clone, Debug)]
pub struct RandomLine {
    pub stamp: usize,
    /// Window; usage is of its day or of the last hour before it.
    pub day: usize,
    pub late: bool,
    pub hour: u32,
    pub subscription: usize,
    pub meter: usize,
    pub resource: usize,
    /// Raw JSON.
    pub quantity: String,
}

pub fn lines() -> impl Strategy<Value = Vec<RandomLine>> {
    let quantity = prop_oneof![
        6 => (0_u64..1_000_000, 0_u32..18).prop_map(|(digits, places)| format!("{digits}e-{places}")),
        3 => "[0-9]{1,6}\\.[0-9]{1,18}".prop_map(|text| format!("\"{text}\"")),
        1 => "0\\.0{15}[0-9]{1,8}",
        1 => Just("-1".to_owned()),
        1 => Just("\"12,5\"".to_owned()),
    ];
    let place = (0..STAMPS.len(), 0..DAYS.len(), prop::bool::weighted(0.1), 0_u32..23);
    let what = (0..SUBSCRIPTIONS.len(), 0..METERS.len(), 0..RESOURCES.len(), quantity);
    let line = (place, what).prop_map(|((stamp, day, late, hour), (subscription, meter, resource, quantity))| {
        RandomLine { stamp, day, late, hour, subscription, meter, resource, quantity }
    });
    prop::collection::vec(line, 0..60).prop_map(|mut lines| {
        make_usable(&mut lines);
        lines
    })
}

/// Sees to it that no half of a window is of bad lines alone: such a file would be refused.
pub fn make_usable(lines: &mut [RandomLine]) {
    let half = |line: &RandomLine| (line.stamp, line.day, line.late || line.hour < 12);
    let good: BTreeSet<_> = lines.iter().filter(|line| line.scaled().is_some()).map(half).collect();
    for line in lines {
        if !good.contains(&half(line)) {
            line.quantity = "1".to_owned();
        }
    }
}

impl RandomLine {
    pub fn stamp(&self) -> &'static str {
        STAMPS[self.stamp]
    }

    pub fn window(&self) -> &'static str {
        DAYS[self.day]
    }

    pub fn subscription(&self) -> &'static str {
        SUBSCRIPTIONS[self.subscription]
    }

    /// In its one spelling.
    pub fn meter(&self) -> String {
        match self.meter {
            2 => "f271a8a3-88c4-4d93-956a-063e1d2fa80b".to_owned(),
            meter => METERS[meter].to_lowercase(),
        }
    }

    pub fn resource(&self) -> String {
        RESOURCES[self.resource].to_lowercase()
    }

    /// `2026-10-01T13`.
    pub fn usage_hour(&self) -> String {
        if self.late {
            let before = ["2026-09-29", "2026-09-30", "2026-10-01"][self.day];
            return format!("{before}T22");
        }
        format!("{}T{:02}", self.window(), self.hour)
    }

    /// The quantity in units of 10^-18, exactly, rounded half to even; `None` for a bad line. Apart from the code.
    pub fn scaled(&self) -> Option<i128> {
        let text = self.quantity.trim_matches('"');
        if text.starts_with('-') || text.contains(',') {
            return None;
        }
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        let shift = 18 + exponent.parse::<i32>().unwrap() - fraction.len() as i32;
        if shift >= 0 {
            return Some(digits * 10_i128.pow(shift as u32));
        }
        let unit = 10_i128.pow(shift.unsigned_abs());
        let (quotient, rest) = (digits / unit, digits % unit);
        let up = 2 * rest > unit || (2 * rest == unit && quotient % 2 == 1);
        Some(quotient + i128::from(up))
    }

    pub fn line(&self) -> Line {
        let mut line = Line::hourly(self.subscription(), METERS[self.meter], &self.usage_hour(), &self.quantity);
        line.resource = RESOURCES[self.resource].to_owned();
        line
    }
}

/// A root with snapshots and no usage.
pub fn without_usage() -> TestRoot {
    let root = TestRoot::empty();
    for stamp in STAMPS {
        root.file(&format!("{stamp}/registration/2026-09-01.json"), registration(DEFAULT, stamp));
        root.file(
            &format!("{stamp}/user-subscriptions/2026-09-01.json"),
            listing_of(stamp, &[(SUB_A, TENANT_A), (SUB_B, TENANT_B)]),
        );
        root.file(
            &format!("{stamp}/customer-subscriptions/2026-09-01.json"),
            customers(DEFAULT, stamp, &[(TENANT_A, BILLED_A)]),
        );
    }
    root.file(
        "north/customer-subscriptions/2026-10-03.json",
        customers(DEFAULT, "north", &[(TENANT_A, BILLED_A), (TENANT_B, BILLED_B)]),
    );
    root
}

/// Lines in pages of so many, or more where a page would have bad ones alone.
fn pages_of(lines: &[Line], page_lines: usize) -> Vec<Vec<Line>> {
    let is_good = |line: &Line| !line.quantity.starts_with('-') && !line.quantity.contains(',');
    let mut pages: Vec<Vec<Line>> = Vec::new();
    for chunk in lines.chunks(page_lines) {
        match pages.last_mut().filter(|last| !chunk.iter().any(is_good) || !last.iter().any(is_good)) {
            Some(last) => last.extend_from_slice(chunk),
            None => pages.push(chunk.to_vec()),
        }
    }
    pages
}

/// Lays the lines out in pages of `page_lines`, named by `name`. Every stamp has every window, empty or not.
pub fn lay_out(root: &TestRoot, lines: &[RandomLine], page_lines: usize, name: impl Fn(usize) -> String) {
    for stamp in STAMPS {
        for day in DAYS {
            let day_lines: Vec<Line> = lines
                .iter()
                .filter(|line| (line.stamp(), line.window()) == (stamp, day))
                .map(RandomLine::line)
                .collect();
            let window = format!("{stamp}/usage/{day}");
            if day_lines.is_empty() {
                root.file(&format!("{window}/{}", name(0)), page(&[]));
            }
            for (at, chunk) in pages_of(&day_lines, page_lines).iter().enumerate() {
                // A mark of its own: two pages of equal lines would be one page saved twice.
                let text = page(chunk).replacen('{', &format!("{{\"page\":\"{window}-{at}\","), 1);
                root.file(&format!("{window}/{}", name(at)), text);
            }
        }
    }
}
