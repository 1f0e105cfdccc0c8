//! Bytes → text, and text → rows that nobody has understood yet: compression, encodings, JSON, CSV, and tables that a
//! person made by hand.

pub(super) mod ahead;
pub(super) mod blocks;
pub(super) mod csv;
pub(super) mod documents;
pub(super) mod encoding;
pub(super) mod hand_table;
pub(super) mod json;
pub(super) mod json_error;
pub(super) mod raw;
pub(super) mod repeated_blocks;
pub(super) mod row;
pub(super) mod shape;
pub(super) mod spelling;
pub(super) mod text;
pub(super) mod unpack;

pub use self::csv::{Cell, CsvText};
pub use encoding::Encoding;
pub use raw::{Object, text_of};
pub use row::{InstanceText, PARTS};
pub use shape::Shape;
pub use text::fingerprint_of;
