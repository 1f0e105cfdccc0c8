//! Scales and maxima, with the assertions that hold them together.

/// Decimal places of a quantity: `DECIMAL(38,18)`.
pub const QUANTITY_SCALE: u8 = 18;
/// Decimal digits of a quantity, before and after the point together.
pub const QUANTITY_PRECISION: u8 = 38;
/// The largest scaled integer that `DECIMAL(38,18)` holds.
pub const QUANTITY_MAX: i128 = 10_i128.pow(QUANTITY_PRECISION as u32) - 1;

/// Decimal places of a charge: `DECIMAL(38,10)`.
pub const CHARGE_SCALE: u32 = 10;
/// The largest scaled integer that `DECIMAL(38,10)` holds.
pub const CHARGE_MAX: i128 = QUANTITY_MAX;
/// Decimal places of an amount: `DECIMAL(18,4)`. No currency of ISO 4217 has a smaller minor unit.
pub const AMOUNT_SCALE: u32 = 4;
/// Decimal digits of an amount: up to 18 are 64 bits in Parquet.
pub const AMOUNT_PRECISION: u8 = 18;
/// The largest scaled integer that `DECIMAL(18,4)` holds.
pub const AMOUNT_MAX: i128 = 10_i128.pow(AMOUNT_PRECISION as u32) - 1;
/// Digits of a price, an exchange rate and the like.
pub const DIGITS_MAX: usize = 28;

/// Usage before this year is rejected: Azure Stack Hub first shipped in 2017, and .NET writes an unset date as year 1.
pub const FIRST_YEAR: i32 = 2000;
/// Usage from this year on is rejected.
pub const END_YEAR: i32 = 2200;

/// Texts of a resource are cut at this many bytes, before they are hashed: Power BI ends a text at some 32,000
/// characters.
pub const TEXT_BYTES_MAX: usize = 32_000;
/// The offending text of a reject is cut at this many bytes: its place leads to the rest.
pub const REJECT_BYTES_MAX: usize = 2_000;
/// A line with a longer id, time or quantity is set aside: a GUID has 36, a double 24.
pub const VALUE_BYTES_MAX: usize = 1_000;
/// A line with more text about its resource is set aside: the API sends a few hundred bytes.
pub const INSTANCE_BYTES_MAX: usize = 1 << 20;
/// JSON in tags and additional info that nests deeper than this stays the text that it is.
pub const JSON_DEPTH_MAX: usize = 32;
/// More threads than any machine that this is meant for has cores.
pub const THREADS_MAX: usize = 256;
/// A snapshot, a list or a book of prices, after decompression. (Files of usage may have any size.)
pub const FILE_BYTES_MAX: u64 = 128 << 20;
/// A larger file of usage is read in pieces. A page holds 1,000 lines of about 1 KB.
pub const WHOLE_BYTES_MAX: u64 = 16 << 20;
/// One row of usage, or what stands around the rows of a page: a file with more in one piece is refused.
pub const ROW_BYTES_MAX: usize = 64 << 20;
/// Lines of one file that are set aside before it is refused, where they are most of its lines so far.
pub const REJECTS_MAX: usize = 1 << 18;
/// Files of usage in one root. A stamp's year of hourly windows has some 100,000.
pub const FILES_MAX: usize = 10_000_000;
/// Folders within folders below a root: deeper than this, a link leads in a circle.
pub const FOLDER_DEPTH_MAX: usize = 32;
/// Rows of one CSV file under its header: a spreadsheet holds 1,048,576 rows.
pub const CSV_ROWS_MAX: usize = 1_048_575;
/// Bytes of lines that wait in memory for their days to be settled; past this they wait on disk.
pub const DAY_LINES_BYTES: usize = 32 << 20;
/// Bits of the packed key of a cell.
pub const PACKED_BITS: u32 = 64;

/// A text of at most `bytes` bytes, cut between characters.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

const _: () = assert!(QUANTITY_SCALE < QUANTITY_PRECISION);
const _: () = assert!(QUANTITY_MAX < i128::MAX, "every quantity fits an i128; their sums are checked");
const _: () = assert!(AMOUNT_SCALE < CHARGE_SCALE && CHARGE_SCALE < QUANTITY_SCALE as u32);
const _: () = assert!(CSV_ROWS_MAX < 1 << 20);
