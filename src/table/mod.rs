//! Tables: what is published, and how it is encoded and read back.
//!
//! ```text
//! contract ──▶ columns ──▶ arrays ──▶ parquet, dictionary_pages (bytes, by the profile) ──▶ reader, figures
//!                    └──▶ csv (flat)
//! ```
//! **Invariant:** does not decide the content of any table.

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
