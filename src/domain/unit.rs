//! Quantities with their units for people, who name a unit differently than the catalogue.
//!
//! ```
//! use stacktally::domain::unit;
//! assert_eq!(unit::quantity("24", Some("VM hours")), "24 VM hours");
//! assert_eq!(unit::quantity("0.0002", Some("10,000 requests")), "0.0002 × 10,000 requests");
//! assert_eq!(unit::quantity("48", Some("IP addresses")), "48 IP address hours");
//! assert_eq!(unit::quantity("5", Some("1 hour")), "5 hours");
//! assert_eq!(unit::quantity("5", None), "5");
//! assert_eq!(unit::per("720", Some("GB*hours")), "720 GB*hours");
//! assert_eq!(unit::tier("5", Some("VM hours")), "5");
//! assert_eq!(unit::tier("5", Some("10,000 requests")), "5 × 10,000 requests");
//! assert_eq!(unit::per("1", Some("10,000 requests")), "10,000 requests");
//! assert_eq!(unit::per("1", Some("Virtual core hours")), "Virtual core hour");
//! ```
//! Tables and price books use the documented names of units.

/// A quantity of a meter with its unit, or without one if it is unknown.
pub fn quantity(quantity: &str, unit: Option<&str>) -> String {
    format!("{quantity}{}", after(unit))
}

/// The text after a quantity, with a leading blank; empty if the unit is unknown.
pub fn after(unit: Option<&str>) -> String {
    let Some(unit) = unit else { return String::new() };
    // With the unit `1 hour` a quantity counts hours; with `10,000 requests` it counts ten thousands.
    match unit.strip_prefix("1 ") {
        Some(one) => format!(" {one}s"),
        None if begins_with_a_number(unit) => format!(" × {unit}"),
        None => format!(" {}", spoken(unit)),
    }
}

/// The heading of a column of quantities: `VM hours`, `units of 10,000 requests`.
pub fn alone(unit: &str) -> String {
    match unit.strip_prefix("1 ") {
        Some(one) => format!("{one}s"),
        None if begins_with_a_number(unit) => format!("units of {unit}"),
        None => spoken(unit).to_owned(),
    }
}

/// The quantity that a price is for.
pub fn per(per: &str, unit: Option<&str>) -> String {
    match unit {
        Some(unit) if per == "1" && begins_with_a_number(unit) => unit.strip_prefix("1 ").unwrap_or(unit).to_owned(),
        Some(unit) if per == "1" => {
            let spoken = spoken(unit);
            let one = spoken.strip_suffix("hours").map(|head| format!("{head}hour"));
            one.unwrap_or_else(|| spoken.to_owned())
        }
        unit => quantity(per, unit),
    }
}

/// A quantity beside a price that names the unit: the unit is repeated only where a bare number would mislead.
pub fn tier(tier: &str, unit: Option<&str>) -> String {
    quantity(tier, unit.filter(|unit| begins_with_a_number(unit)))
}

fn begins_with_a_number(unit: &str) -> bool {
    unit.starts_with(|character: char| character.is_ascii_digit())
}

/// The meters of public addresses count each address for each hour, so that a day of one is 24 (reference, catalogue of
/// meters).
fn spoken(unit: &str) -> &str {
    if ["ip address", "ip addresses"].contains(&unit.to_lowercase().as_str()) { "IP address hours" } else { unit }
}
