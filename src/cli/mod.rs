//! Everything that talks to a person: arguments, what they mean, messages, and exit codes.

pub mod args;
pub mod clock;
pub mod command;
pub mod exit;
pub mod log;
pub mod manual;
pub mod message;
pub mod metrics;
pub mod panics;
pub mod plan;
pub mod progress;
pub mod run_report;
pub mod settings;
pub mod show;
pub mod summary;
pub mod timer;
