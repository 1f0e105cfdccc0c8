//! Decompression, by the first bytes and in layers. Archives and documents of other programs are refused by name.

use std::io::Read;

use crate::domain::limits::FILE_BYTES_MAX;
use crate::error::{Error, Result};
use crate::store::InputFile;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most layers of compression: a script that compresses a compressed file makes two.
const LAYERS_MAX: usize = 4;

/// Decompresses a file's bytes as long as their first ones say that they are compressed. `spare` is memory to do it in.
///
/// # Errors
/// They cannot be decompressed, hold more than [`FILE_BYTES_MAX`], or have too many layers of compression.
pub(in crate::read) fn decompressed(mut bytes: Vec<u8>, file: &InputFile, spare: &mut Vec<u8>) -> Result<Vec<u8>> {
    let broken = |error: std::io::Error| {
        Error::input("compressed bytes that cannot be decompressed")
            .at(&file.name)
            .hint("the download was probably cut off: fetch the file again")
            .because(error)
    };
    for _ in 0..LAYERS_MAX {
        let expected = bytes.len() as u64 * 8;
        let inner = if bytes.starts_with(&GZIP) {
            let decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
            read_bounded(decoder, expected, file, spare)?.map_err(broken)?
        } else if bytes.starts_with(&ZSTD) {
            let decoder = zstd::stream::read::Decoder::new(bytes.as_slice()).map_err(broken)?;
            read_bounded(decoder, expected, file, spare)?.map_err(broken)?
        } else {
            return Ok(bytes);
        };
        *spare = std::mem::replace(&mut bytes, inner);
    }
    Err(Error::input(format!("compressed more than {LAYERS_MAX} times over"))
        .at(&file.name)
        .hint("decompress it until its text can be read, and put that there"))
}

/// Reads to the end into a buffer, but no more than [`FILE_BYTES_MAX`] bytes.
///
/// # Errors
/// There are more.
pub(in crate::read) fn read_bounded(
    source: impl Read,
    expected: u64,
    file: &InputFile,
    buffer: &mut Vec<u8>,
) -> Result<std::io::Result<Vec<u8>>> {
    let mut bytes = std::mem::take(buffer);
    bytes.clear();
    bytes.reserve(expected.min(FILE_BYTES_MAX) as usize + 1);
    let outcome = source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    refuse_too_large(bytes.len() as u64, file)?;
    Ok(outcome.map(|_| bytes))
}

/// # Errors
/// A file has more than [`FILE_BYTES_MAX`] bytes.
pub(in crate::read) fn refuse_too_large(bytes: u64, file: &InputFile) -> Result<()> {
    if bytes <= FILE_BYTES_MAX {
        return Ok(());
    }
    Err(Error::input(format!("larger than {} GiB", FILE_BYTES_MAX >> 30))
        .at(&file.name)
        .hint("a page of the usage API holds 1,000 lines, about 1 MB: split the file"))
}

/// Formats that are no text, by the bytes at some place, and what to do about each.
struct ForeignBytes {
    at: usize,
    magic: &'static [u8],
    what: &'static str,
    hint: &'static str,
}

const UNPACK: &str = "unpack it, and put its files there";
const SAVE_AS_CSV: &str = "save the sheet as CSV (in Excel: CSV UTF-8), and put that there instead";
const EXPORT: &str = "export the data as JSON or CSV, and put that there instead";

const FOREIGN: [ForeignBytes; 16] = [
    ForeignBytes { at: 0, magic: b"PK\x03\x04", what: "a zip archive", hint: UNPACK },
    ForeignBytes { at: 0, magic: b"PK\x05\x06", what: "an empty zip archive", hint: "fetch it again, and unpack it" },
    ForeignBytes { at: 0, magic: b"7z\xbc\xaf\x27\x1c", what: "a 7z archive", hint: UNPACK },
    ForeignBytes { at: 0, magic: b"Rar!\x1a\x07", what: "a rar archive", hint: UNPACK },
    ForeignBytes { at: 0, magic: b"MSCF", what: "a cabinet archive", hint: UNPACK },
    ForeignBytes { at: 257, magic: b"ustar", what: "a tar archive", hint: UNPACK },
    ForeignBytes {
        at: 0,
        magic: b"BZh",
        what: "a bzip2 file",
        hint: "decompress it with bunzip2, and put what comes out there",
    },
    ForeignBytes {
        at: 0,
        magic: b"\xfd7zXZ\x00",
        what: "an xz file",
        hint: "decompress it with unxz, and put what comes out there",
    },
    ForeignBytes {
        at: 0,
        magic: b"\x04\x22\x4d\x18",
        what: "an lz4 file",
        hint: "decompress it with unlz4, and put what comes out there",
    },
    ForeignBytes {
        at: 0,
        magic: b"\x1f\x9d",
        what: "a file of compress",
        hint: "decompress it with uncompress, and put what comes out there",
    },
    ForeignBytes {
        at: 0,
        magic: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        what: "an old Excel workbook or another Office file",
        hint: SAVE_AS_CSV,
    },
    ForeignBytes {
        at: 0,
        magic: b"PAR1",
        what: "a Parquet file",
        hint: "only the tables `lines` and `resources` that stacktally published are read, and only below usage: put \
            JSON or CSV there instead",
    },
    ForeignBytes { at: 0, magic: b"%PDF", what: "a PDF", hint: EXPORT },
    ForeignBytes { at: 0, magic: b"SQLite format 3\0", what: "an SQLite database", hint: EXPORT },
    ForeignBytes { at: 0, magic: b"ARROW1", what: "an Arrow file", hint: EXPORT },
    ForeignBytes { at: 0, magic: b"Obj\x01", what: "an Avro file", hint: EXPORT },
];

/// Names in a zip archive that tell which program's document it is.
const WORKBOOKS: [(&[u8], &str); 3] = [
    (b"xl/", "an Excel workbook"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet"),
    (b"Index/Document.iwa", "a Numbers spreadsheet"),
];
/// Bytes of a zip archive in which such a name is looked for: those of its first entries, and its list of them at the
/// end.
const LOOKED_AT: usize = 64 << 10;

/// Refuses bytes that are of an archive, of a document or of a database.
///
/// # Errors
/// They are one of these; the message names it.
pub(in crate::read) fn refuse_foreign(bytes: &[u8], file: &InputFile) -> Result<()> {
    let is = |foreign: &&ForeignBytes| bytes.get(foreign.at..).is_some_and(|rest| rest.starts_with(foreign.magic));
    let Some(ForeignBytes { what, hint, .. }) = FOREIGN.iter().find(is) else { return Ok(()) };
    let ends = [&bytes[..bytes.len().min(LOOKED_AT)], &bytes[bytes.len().saturating_sub(LOOKED_AT)..]];
    let holds = |name: &[u8]| ends.iter().any(|end| memchr::memmem::find(end, name).is_some());
    let workbook = WORKBOOKS.iter().find(|(name, _)| bytes.starts_with(b"PK") && holds(name));
    let (what, hint) = workbook.map_or((*what, *hint), |(_, what)| (*what, SAVE_AS_CSV));
    Err(Error::input(what).at(&file.name).hint(hint))
}
