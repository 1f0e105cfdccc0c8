//! Bytes → UTF-8 text: decompression by magic bytes, byte order marks, UTF-16.
//!
//! Does not guess single-byte encodings: bytes that are neither UTF-8 nor marked UTF-16 are refused with their place,
//! unless a setting says how to read them.

use std::fs::File;
use std::io::Read;

use encoding_rs::Encoding;

use super::fingerprint::{Fingerprint, ReadFile};
use super::root::InputFile;
use super::stat::FileStat;
use crate::domain::limits::FILE_BYTES_MAX;
use crate::error::{Error, Result};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The bytes of a file, decompressed.
#[derive(Debug)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub file: ReadFile,
}

/// A file's text.
#[derive(Debug)]
pub struct Text {
    text: String,
    start: usize,
    is_as_in_the_file: bool,
    pub file: ReadFile,
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.text[self.start..]
    }

    /// The fingerprint of what it says, whatever the encoding and the mark before it.
    pub fn content(&self) -> Fingerprint {
        if self.is_as_in_the_file { self.file.fingerprint } else { Fingerprint::of(self.as_str().as_bytes()) }
    }

    /// Whether it is JSON, by its first character.
    pub fn is_json(&self) -> bool {
        self.as_str().trim_start().starts_with(['{', '['])
    }
}

/// Memory that one file after the other is read into: fresh memory has to be cleared by the kernel first.
#[derive(Debug, Default)]
pub struct Buffers {
    raw: Vec<u8>,
    decompressed: Vec<u8>,
}

/// A buffer beyond this is not kept for the next file.
const KEPT_BYTES_MAX: usize = 64 << 20;

impl Buffers {
    /// Takes back what a file was read into.
    pub fn give_back(&mut self, text: Text) {
        let place = if self.raw.capacity() == 0 { &mut self.raw } else { &mut self.decompressed };
        *place = kept(text.text.into_bytes());
    }
}

/// A buffer for the next file, unless it is large.
fn kept(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.capacity() <= KEPT_BYTES_MAX { bytes } else { Vec::new() }
}

/// Reads a whole file.
///
/// # Errors
/// The file cannot be read or decompressed, or is larger than [`FILE_BYTES_MAX`].
pub fn read_bytes(file: &InputFile) -> Result<Content> {
    read_bytes_into(file, &mut Buffers::default())
}

/// The same, into memory that files before it left.
///
/// # Errors
/// As [`read_bytes`].
pub fn read_bytes_into(file: &InputFile, buffers: &mut Buffers) -> Result<Content> {
    let bytes = bytes_of(file, buffers)?;
    let read = ReadFile { name: file.name.clone(), bytes: bytes.len() as u64, fingerprint: Fingerprint::of(&bytes) };
    Ok(Content { bytes, file: read })
}

/// The fingerprint of a file's bytes, decompressed.
///
/// # Errors
/// As [`read_bytes`].
pub fn fingerprint_of(file: &InputFile) -> Result<Fingerprint> {
    Ok(read_bytes(file)?.file.fingerprint)
}

/// Reads a whole file as text. `encoding` is that of bytes which are neither UTF-8 nor marked as UTF-16.
///
/// # Errors
/// As [`read_bytes`]; or the file is not text.
pub fn read(file: &InputFile, encoding: Option<&'static Encoding>) -> Result<Text> {
    read_bytes(file)?.into_text(file, encoding)
}

impl Content {
    /// The bytes as text.
    ///
    /// # Errors
    /// They are no text.
    pub fn into_text(self, file: &InputFile, encoding: Option<&'static Encoding>) -> Result<Text> {
        let Self { bytes, file: read } = self;
        let (text, start, is_as_in_the_file) = match bytes.as_slice() {
            [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes, file)?, 0, false),
            [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes, file)?, 0, false),
            [0xef, 0xbb, 0xbf, ..] => (utf8(bytes, file, None)?, 3, false),
            _ => (utf8(bytes, file, encoding)?, 0, true),
        };
        Ok(Text { text, start, is_as_in_the_file, file: read })
    }
}

/// The bytes of a file, decompressed when their first bytes say so.
fn bytes_of(file: &InputFile, buffers: &mut Buffers) -> Result<Vec<u8>> {
    let failed = |error| Error::machine("read", &file.path, error);
    let opened = File::open(&file.path).map_err(failed)?;
    let size = opened.metadata().map_err(failed)?.len();
    refuse_too_large(size, file)?;
    let before = FileStat::of(&opened.metadata().map_err(failed)?);
    let bytes = read_bounded(&opened, size, file, &mut buffers.raw)?.map_err(failed)?;
    if before != FileStat::of(&opened.metadata().map_err(failed)?) {
        return Err(Error::input("changed while it was read")
            .at(&file.name)
            .hint("something still writes it: let that finish, and run again; save files under a name that begins with `.` or ends in `.part`, and rename them when they are whole"));
    }
    let broken = |error: std::io::Error| {
        Error::input("compressed bytes that cannot be decompressed")
            .at(&file.name)
            .hint("the download was probably cut off: fetch the file again")
            .because(error)
    };
    let into = &mut buffers.decompressed;
    let decompressed = if bytes.starts_with(&GZIP) {
        read_bounded(flate2::read::MultiGzDecoder::new(bytes.as_slice()), size * 8, file, into)?.map_err(broken)?
    } else if bytes.starts_with(&ZSTD) {
        let decoder = zstd::stream::read::Decoder::new(bytes.as_slice()).map_err(broken)?;
        read_bounded(decoder, size * 8, file, into)?.map_err(broken)?
    } else {
        return Ok(bytes);
    };
    buffers.raw = kept(bytes);
    Ok(decompressed)
}

/// Reads to the end, but no more than [`FILE_BYTES_MAX`] bytes, into a buffer, which is taken.
fn read_bounded(
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

fn refuse_too_large(bytes: u64, file: &InputFile) -> Result<()> {
    if bytes <= FILE_BYTES_MAX {
        return Ok(());
    }
    Err(Error::input(format!("larger than {} GiB", FILE_BYTES_MAX >> 30))
        .at(&file.name)
        .hint("a page of the usage API holds 1,000 lines, about 1 MB: split the file"))
}

fn utf8(bytes: Vec<u8>, file: &InputFile, encoding: Option<&'static Encoding>) -> Result<String> {
    String::from_utf8(bytes).or_else(|error| {
        if let Some(encoding) = encoding {
            let (text, has_errors) = encoding.decode_without_bom_handling(error.as_bytes());
            return if has_errors {
                Err(Error::input(format!("bytes that are no {} text", encoding.name()))
                    .at(&file.name)
                    .hint("say the encoding of the machine that exported it, such as --encoding windows-1252"))
            } else {
                Ok(text.into_owned())
            };
        }
        let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = valid.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        let hint = if valid.starts_with(b"PK\x03\x04") {
            "this is a zip archive: unpack it, and put its files there"
        } else {
            "export again as UTF-8 (in PowerShell: `Out-File -Encoding utf8`), or say --encoding windows-1252"
        };
        Err(Error::input(format!("byte 0x{:02x} is not UTF-8 text", rest[0]))
            .at_line(&file.name, line, column)
            .hint(hint))
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
