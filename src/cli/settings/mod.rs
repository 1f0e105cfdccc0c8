//! Settings, each declared once: a field of a group below is a flag, a key of the settings file and a line of the
//! receipt.
//!
//! ```text
//! pub struct ToleranceSettings {        stacktally run --strict=false     a flag wins
//!     /// Refuse findings: …            strict = true                     over the settings file,
//!     pub strict: Strict,               false                             and that over the default of the flag
//! }
//! ```
//! Its name, type, help and default stand there and nowhere else: clap derives the flag, serde the key. To add a
//! setting, add a field to its group. What it means for a run is decided in `cli/plan`; whether it affects published
//! figures depends on where its value goes from there (`pipeline::DecidingSettings`).

mod all;
pub mod attribution;
pub mod choices;
mod file;
mod group;
pub mod in_force;
pub mod input;
pub mod output;
pub mod prices;
pub mod publishing;
pub mod running;
pub mod strict;
pub mod tolerated;

pub use self::all::{MakingSettings, Settings};
pub use self::file::{KeyPlace, SettingsFile};
pub use self::group::TypedFlags;
