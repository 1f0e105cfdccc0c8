//! How every Parquet file is written: a contract, too.

/// Dictionaries up to this size: the default of 1 MiB drops a column of more than about 26,000 GUIDs.
pub(crate) const DICTIONARY_BYTES_MAX: usize = 8 << 20;
