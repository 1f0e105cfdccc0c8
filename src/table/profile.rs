//! The settings of every Parquet file: they are part of the contract.

/// The maximum size of a dictionary: with the default of 1 MiB a column of more than about 26,000 GUIDs would lose its
/// dictionary.
pub(crate) const DICTIONARY_BYTES_MAX: usize = 8 << 20;
