//! Arguments of commands that only look: which publication or root, which part of it, and how it is shown.

use std::path::PathBuf;

use clap::Args;

use super::places::{OutArgs, SettingsFlag};
use crate::cli::settings::TypedFlags;
use crate::cli::settings::attribution::{MomentSettings, WhatIfSettings};
use crate::cli::settings::input::{ConfirmationSettings, InputSettings};
use crate::cli::settings::output::HEADING as OUTPUT;
use crate::cli::settings::prices::CurrencySettings;
use crate::cli::settings::publishing::SettlingSettings;
use crate::cli::settings::running::ThreadSettings;

/// The heading of the flags that narrow what is shown.
const NARROWED: &str = "What is shown";

#[derive(Debug, Args)]
#[command(mut_arg("billing_currency", |flag| flag.hide(true)))]
pub struct CoverageArgs {
    /// Folder of a publication whose coverage is shown; with --root instead, the exports are read as `check` reads them
    #[arg(short, long, value_name = "OUT", display_order = 1, conflicts_with = "root")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub input: TypedFlags<InputSettings>,
    #[command(flatten)]
    pub settings: SettingsFlag,
    #[command(flatten)]
    pub confirmations: TypedFlags<ConfirmationSettings>,
    #[command(flatten)]
    pub settling: TypedFlags<SettlingSettings>,
    #[command(flatten)]
    pub threads: TypedFlags<ThreadSettings>,
    /// Print the rows of `coverage` and `coverage_months` as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    // Needed only where the exchange rates of the root leave it open, since prices are read as `check` reads them.
    #[command(flatten)]
    pub currency: TypedFlags<CurrencySettings>,
}

#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// The day of usage whose figures are explained, UTC, such as 2026-10-05
    #[arg(long, value_name = "DATE", required_unless_present = "month", conflicts_with = "month")]
    pub date: Option<String>,
    /// The month whose statement lines are explained, UTC, such as 2026-10: what is charged for each day, and by which
    /// price
    #[arg(long, value_name = "MONTH", help_heading = NARROWED)]
    #[arg(conflicts_with_all = ["user_subscription", "tenant", "resource"])]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    #[command(flatten)]
    pub user_subscriptions: UserSubscriptionArgs,
    /// Only usage of this resource, by its name, its URI or its resource_key
    #[arg(long, value_name = "RESOURCE", allow_hyphen_values = true, help_heading = NARROWED)]
    pub resource: Option<String>,
    /// Show what Microsoft charges for the same usage, and the margin: not for customers
    #[arg(long, conflicts_with = "month", help_heading = OUTPUT)]
    pub margin: bool,
    /// Lines shown of each figure; JSON has all
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = OUTPUT)]
    pub lines: usize,
}

#[derive(Debug, Args)]
pub struct UnregisteredArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// Only usage of this day and later, UTC
    #[arg(long, value_name = "DATE", help_heading = NARROWED)]
    pub since: Option<String>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    #[command(flatten)]
    pub user_subscriptions: UserSubscriptionArgs,
    /// Print the commands that would register each tenant, with the customer subscription left to fill in
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub commands: bool,
    /// Print CSV
    #[arg(long, conflicts_with_all = ["json", "commands"], help_heading = OUTPUT)]
    pub csv: bool,
}

/// Who pays, and for what: by ids or names.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct PayerArgs {
    /// Only what these billed subscriptions pay
    #[arg(long, alias = "billed", value_name = "ID|NAME", num_args = 1..)]
    pub billed_subscription: Vec<String>,
    /// Only these meters
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub meter: Vec<String>,
}

/// Whose usage it is, by ids or names.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct TenantArgs {
    /// Only these tenants
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub tenant: Vec<String>,
}

/// The same, as the stamp knows it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct UserSubscriptionArgs {
    /// Only these user subscriptions
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub user_subscription: Vec<String>,
}

/// When the usage happened.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct MonthArgs {
    /// Only usage of this month, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
}

#[derive(Debug, Args)]
pub struct ChangesArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// What runs changed that finished on this UTC day or later, or this run and later ones, by its number [default:
    /// the last run that changed something]
    #[arg(long, value_name = "DATE|RUN", help_heading = NARROWED)]
    pub since: Option<String>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub payers: PayerArgs,
    /// Print CSV, with the columns of the table `changes`
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct StatementArgs {
    /// The month of usage, UTC, such as 2026-10; --month says the same
    #[arg(value_name = "MONTH", required_unless_present = "month", conflicts_with = "month")]
    pub of_month: Option<String>,
    /// The month of usage, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH", help_heading = NARROWED)]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub out: OutArgs,
    /// Show what Microsoft charges for the same usage, and the margin: not for customers
    #[arg(long, conflicts_with = "csv", help_heading = OUTPUT)]
    pub margin: bool,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Print CSV, with the columns of csv/statements
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
}

/// What the commands share that look at one publication.
#[derive(Debug, Args)]
pub struct PublicationArgs {
    #[command(flatten)]
    pub out: OutArgs,
    /// Only these stamps
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = NARROWED)]
    pub stamp: Option<Vec<String>>,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Folder of a publication, whose lines and mappings are followed; with --root instead, the exports are read as
    /// `check` reads them
    #[arg(short, long, value_name = "OUT", display_order = 1, conflicts_with_all = [
        "root", "overlap", "granularity", "culture", "source_time_zone", "encoding", "late_days",
        "rejects_percent", "attribute_at",
        "confirm_empty_registration", "confirm_empty_listing", "confirm_shrunken", "registration_override",
    ])]
    pub out: Option<PathBuf>,
    /// Only these tenants, and user subscriptions that came to them or left them
    #[arg(long, value_name = "ID|NAME", num_args = 1.., help_heading = NARROWED)]
    pub tenant: Vec<String>,
    /// Only these user subscriptions, and the tenants that they had
    #[arg(long, value_name = "ID|NAME", num_args = 1.., help_heading = NARROWED)]
    pub user_subscription: Vec<String>,
    #[command(flatten)]
    pub input: TypedFlags<InputSettings>,
    #[command(flatten)]
    pub settings: SettingsFlag,
    #[command(flatten)]
    pub confirmations: TypedFlags<ConfirmationSettings>,
    #[command(flatten)]
    pub moment: TypedFlags<MomentSettings>,
    #[command(flatten)]
    pub what_if: TypedFlags<WhatIfSettings>,
    #[command(flatten)]
    pub threads: TypedFlags<ThreadSettings>,
    /// Print CSV, one row for each change and meter
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Folder of the first publication
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// Folder of the second
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Only these stamps
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = NARROWED)]
    pub stamp: Option<Vec<String>>,
    /// Only this month of usage and its statements, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH", help_heading = NARROWED)]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}
