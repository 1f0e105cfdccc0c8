//! stacktally turns exported Azure Stack Hub usage into chargeback data that a bill can rest on.
//!
//! ```text
//!  exports ──read──▶ lines ──normalise──▶ usage ──attribute──▶ owned usage ──aggregate──▶ hourly, daily ──rate──▶ charges, statements ──publish──▶ Parquet, CSV
//!               │                  │            ▲
//!               └──── rejects ◀────┘            └── registration, customer and user subscriptions (snapshots)
//!                          balance: after every stage, in = out + rejects
//! ```
//! Data goes one way, and the modules below stand in its order. `ARCHITECTURE.md` says what each may know.

// What no other crate can name says so.
#![warn(unreachable_pub)]

pub mod domain;

pub mod error;

pub mod balance;
pub mod control;
pub mod store;

pub mod table;

pub mod read;

pub mod normalise;
pub mod publication;
pub mod rate;

pub mod attribute;

pub mod aggregate;

pub mod audit;
pub mod publish;

pub mod state;

pub mod close;

pub mod pipeline;

pub mod cli;
