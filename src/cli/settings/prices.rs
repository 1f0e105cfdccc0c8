//! How usage is charged.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::group::defaults;
use crate::domain::{Rounding, Tiering};

/// The heading of these flags in every help.
pub const HEADING: &str = "Prices";

/// How months are rated, and statements rounded.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct RatingSettings {
    /// How tiers of prices are taken: each part of a month's quantity at the price of the tier that it lies in, or all
    /// of it at that of the tier that the month reaches
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Tiering::Graduated)]
    pub tiering: Tiering,
    /// How the lines of statements are rounded to the minor unit of their currency: down, as Microsoft's invoice is,
    /// or to the nearest
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Rounding::Down)]
    pub rounding: Rounding,
}

/// What statements are billed in.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct CurrencySettings {
    /// Currency that statement lines are converted to, by <ROOT>/exchange-rates.csv [default: the one that all its
    /// rates lead to]
    #[arg(long, value_name = "CODE")]
    pub billing_currency: Option<String>,
}
