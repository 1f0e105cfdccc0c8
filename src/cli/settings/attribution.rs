//! Who pays.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::group::defaults;
use crate::domain::AttributeAt;

/// The heading of these flags in every help.
pub const HEADING: &str = "Attribution";

/// Which snapshots decide.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct MomentSettings {
    /// Moment at which the snapshots in force are chosen: when Azure consulted them (the end of the reported window,
    /// rounded up to the UTC day), or when the usage began
    #[arg(long, value_name = "MOMENT", value_enum, default_value_t = AttributeAt::Forwarded)]
    pub attribute_at: AttributeAt,
}

/// What the operator pays for itself.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct OperatorSettings {
    /// User subscriptions that are the operator's own, beside the provider's
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub operator_user_subscription: Vec<String>,
    /// Directories whose user subscriptions all belong to the operator
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub operator_tenant: Vec<String>,
}

/// What would be, if other snapshots were in force.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
#[command(next_help_heading = HEADING)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default = "defaults")]
pub struct WhatIfSettings {
    /// What if: take this registration or list of customer subscriptions instead of all of the stamp's own. With
    /// several stamps say whose it is, as STAMP=FILE
    #[arg(long, value_name = "[STAMP=]FILE", num_args = 1..)]
    pub registration_override: Vec<String>,
}
