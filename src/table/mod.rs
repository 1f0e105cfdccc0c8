//! Tables: what is published, and how it becomes bytes and comes back.
//!
//! ```text
//! contract ──▶ columns ──▶ arrays ──▶ parquet, dictionary_pages (bytes, by the profile) ──▶ reader, figures
//!                    └──▶ csv (flat)
//! ```
//! **Invariant:** decides nothing of what stands in a table.

pub mod arrays;
pub mod column;
pub mod contract;
pub mod csv;
pub mod dictionary_pages;
pub mod figures;
pub mod flat;
pub mod order;
pub mod parquet;
pub(crate) mod profile;
pub mod reader;
pub mod rows;
