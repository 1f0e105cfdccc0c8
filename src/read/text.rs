//! Bytes → UTF-8 text: decompression by magic bytes, byte order marks, UTF-16.
//!
//! Does not guess single-byte encodings: bytes that are neither UTF-8 nor marked UTF-16 are refused with their place.

use std::fs::File;
use std::io::{Cursor, Read};

use super::fingerprint::{Fingerprint, ReadFile};
use super::root::InputFile;
use crate::domain::limits::FILE_BYTES_MAX;
use crate::error::{Error, Result};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A file's text.
#[derive(Debug)]
pub struct Text {
    text: String,
    start: usize,
    pub file: ReadFile,
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.text[self.start..]
    }
}

/// Reads a whole file as text.
///
/// # Errors
/// The file cannot be read or decompressed, is larger than [`FILE_BYTES_MAX`], or is not text.
pub fn read(file: &InputFile) -> Result<Text> {
    let bytes = bytes_of(file)?;
    let read = ReadFile { name: file.name.clone(), bytes: bytes.len() as u64, fingerprint: Fingerprint::of(&bytes) };
    let (text, start) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes, file)?, 0),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes, file)?, 0),
        [0xef, 0xbb, 0xbf, ..] => (utf8(bytes, file)?, 3),
        _ => (utf8(bytes, file)?, 0),
    };
    Ok(Text { text, start, file: read })
}

/// The bytes of a file, decompressed when their first bytes say so.
fn bytes_of(file: &InputFile) -> Result<Vec<u8>> {
    let failed = |error| Error::machine("read", &file.path, error);
    let opened = File::open(&file.path).map_err(failed)?;
    let size = opened.metadata().map_err(failed)?.len();
    let bytes = read_bounded(opened, size, file)?.map_err(failed)?;
    let broken = |error: std::io::Error| {
        Error::input("compressed bytes that cannot be decompressed")
            .at(&file.name)
            .hint("the download was probably cut off: fetch the file again")
            .because(error)
    };
    if bytes.starts_with(&GZIP) {
        read_bounded(flate2::read::MultiGzDecoder::new(Cursor::new(bytes)), size * 8, file)?.map_err(broken)
    } else if bytes.starts_with(&ZSTD) {
        let decoder = zstd::stream::read::Decoder::new(Cursor::new(bytes)).map_err(broken)?;
        read_bounded(decoder, size * 8, file)?.map_err(broken)
    } else {
        Ok(bytes)
    }
}

/// Reads to the end, but no more than [`FILE_BYTES_MAX`] bytes.
fn read_bounded(source: impl Read, expected: u64, file: &InputFile) -> Result<std::io::Result<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(expected.min(FILE_BYTES_MAX) as usize + 1);
    let outcome = source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::input(format!("larger than {} GiB", FILE_BYTES_MAX >> 30))
            .at(&file.name)
            .hint("a page of the usage API holds 1,000 lines, about 1 MB: split the file"));
    }
    Ok(outcome.map(|_| bytes))
}

fn utf8(bytes: Vec<u8>, file: &InputFile) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = valid.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        let hint = if valid.starts_with(b"PK\x03\x04") {
            "this is a zip archive: unpack it, and lay its files there"
        } else {
            "export again as UTF-8 (in PowerShell: `Out-File -Encoding utf8`)"
        };
        Error::input(format!("byte 0x{:02x} is not UTF-8 text", rest[0])).at_line(&file.name, line, column).hint(hint)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, file: &InputFile) -> Result<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::input("UTF-16 text that ends within a character")
            .at(&file.name)
            .hint("fetch the file again"));
    }
    char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<String, _>>().map_err(|error| {
        Error::input("UTF-16 text with a broken character").at(&file.name).hint("fetch the file again").because(error)
    })
}
