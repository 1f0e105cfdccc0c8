//! A stamp's exports → lines, by usage day.
//!
//! `gather` takes the files in parallel; a file goes through `line_reader`, which understands each row or sets it
//! aside; an export is proved by `export`. `fast_rows` stands before the reader that validates: it takes
//! rows of JSON that are like the rows before them.

mod chunk;
mod context;
mod days;
pub(super) mod export;
mod export_findings;
mod fast_rows;
mod fast_tables;
mod file;
pub(super) mod gather;
mod json_pieces;
pub(super) mod line_reader;
pub(super) mod lines;
mod parquet;
mod pieces;
pub(super) mod query;
pub(super) mod record;
mod reject;
mod reload;
mod repeated;
mod repeated_tables;
mod structure;
mod survey;
mod table;
mod table_pieces;
mod validated;

pub use chunk::{Chunk, DaySum};
pub use days::{DayLines, FileChunk};
pub use export::{declared_window, refuse_pages_of_another_stamp};
pub use gather::{PreviousExports, StampLines, gather, gather_beside};
pub use lines::{Api, PublishedResource};
pub use record::{DropRule, ExportRecord, FileRecord};
pub use reject::Reject;
pub use reload::{Stored, stored_resources};
