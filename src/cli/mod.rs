//! Everything that talks to a person: what was typed, what it means, what is said, and with which code it ends.

pub mod args;
pub mod command;
pub mod ended;
pub mod exit;
pub mod log;
pub mod manual;
pub mod message;
pub mod metrics;
pub mod plan;
pub mod progress;
pub mod settings;
pub mod show;
pub mod steps;
pub mod summary;
