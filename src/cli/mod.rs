//! Everything that talks to a person: what was typed, what it means, what is said, and with which code it ends.

pub mod args;
pub mod clock;
pub mod command;
pub mod exit;
pub mod log;
pub mod manual;
pub mod message;
pub mod metrics;
pub mod plan;
pub mod progress;
pub mod run_report;
pub mod settings;
pub mod show;
pub mod summary;
pub mod timer;
