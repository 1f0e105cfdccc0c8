//! stacktally turns exported Azure Stack Hub usage into chargeback data that a bill can rest on.
//!
//! ```text
//!  exports ──read──▶ lines ──normalise──▶ usage ──attribute──▶ owned usage ──aggregate──▶ hourly, daily ──rate──▶ charges, statements ──publish──▶ Parquet, CSV
//!               │                  │            ▲
//!               └──── rejects ◀────┘            └── registration, customer and user subscriptions (snapshots)
//!                          balance: after every stage, in = out + rejects
//! ```
//! Data goes one way, and the modules below stand in its order. `ARCHITECTURE.md` says what each may know.

pub mod domain;
pub mod error;
pub mod machine;
pub mod schema;

pub mod frame;

pub mod read;

pub mod normalise;

pub mod attribute;

pub mod aggregate;

pub mod rate;

pub mod publish;

pub mod state;

pub mod audit;
pub mod balance;
pub mod pipeline;
pub mod watch;

pub mod cli;
