//! All settings, in their groups.

use clap::Args;
use serde::Serialize;

use super::attribution::{MomentSettings, OperatorSettings, WhatIfSettings};
use super::group::defaults;
use super::input::{ConfirmationSettings, InputSettings};
use super::output::{LogSettings, MetricsSettings};
use super::prices::{CurrencySettings, RatingSettings};
use super::publishing::{ContentSettings, OutSettings, SettlingSettings};
use super::running::{LockSettings, ReuseSettings, ThreadSettings};
use super::tolerated::ToleranceSettings;

/// All that a settings file can say. Each is as its default has it until something says otherwise.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    #[command(flatten)]
    #[serde(flatten)]
    pub out: OutSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub making: MakingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub lock: LockSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub reuse: ReuseSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub log: LogSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub metrics: MetricsSettings,
}

/// How figures are made of a root, and which of them are refused: whatever is done with them then.
#[derive(Clone, Debug, Args, Serialize)]
pub struct MakingSettings {
    #[command(flatten)]
    #[serde(flatten)]
    pub input: InputSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub moment: MomentSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub operator: OperatorSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub what_if: WhatIfSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub rating: RatingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub currency: CurrencySettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub settling: SettlingSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub content: ContentSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub confirmations: ConfirmationSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub tolerance: ToleranceSettings,
    #[command(flatten)]
    #[serde(flatten)]
    pub threads: ThreadSettings,
}

impl Default for Settings {
    fn default() -> Self {
        defaults()
    }
}
