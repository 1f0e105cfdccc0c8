//! A file → its bytes, without what lies around them (`unpack`) → its text (`encoding`).

use std::fs::File;

use super::encoding::{self, Decoded, Encoding};
use super::unpack::{self, UnpackedFile};
use crate::domain::limits::FILE_BYTES_MAX;
use crate::error::{Error, Result};
use crate::store::{FileStat, Fingerprint, InputFile, ReadFile};

/// The bytes of a file, decompressed.
#[derive(Debug)]
pub(crate) struct Content {
    pub bytes: Vec<u8>,
    pub file: ReadFile,
}

/// A file's text.
#[derive(Debug)]
pub(crate) struct Text {
    text: String,
    start: usize,
    is_as_in_the_file: bool,
    pub file: ReadFile,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.text[self.start..]
    }

    /// The fingerprint of what it says, whatever the encoding and the mark before it.
    pub(crate) fn content(&self) -> Fingerprint {
        if self.is_as_in_the_file { self.file.fingerprint } else { Fingerprint::of(self.as_str().as_bytes()) }
    }

    /// Whether it is JSON, by its first character.
    pub(crate) fn is_json(&self) -> bool {
        self.as_str().trim_start().starts_with(['{', '['])
    }
}

/// A buffer that is reused from file to file: the kernel would have to clear fresh memory first.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    raw: Vec<u8>,
    decompressed: Vec<u8>,
}

/// A larger buffer is not kept for the next file.
const KEPT_BYTES_MAX: usize = 32 << 20;

impl Buffers {
    /// Takes back what a file was read into.
    pub(crate) fn give_back(&mut self, text: Text) {
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
pub(crate) fn read_bytes(file: &InputFile) -> Result<Content> {
    read_bytes_into(file, FILE_BYTES_MAX, &mut Buffers::default())?.ok_or_else(|| {
        Error::input(format!("larger than {} MiB", FILE_BYTES_MAX >> 20))
            .at(&file.name)
            .hint("only exports of usage may be so large: if it is one, move it to the folder `usage` of its stamp")
    })
}

/// The same, into memory that files before it left; `None` when the file has more than so many bytes, packed or
/// decompressed.
///
/// # Errors
/// The file cannot be read or decompressed.
pub(crate) fn read_bytes_into(file: &InputFile, bytes_max: u64, buffers: &mut Buffers) -> Result<Option<Content>> {
    let Some(bytes) = bytes_of(file, bytes_max, buffers)? else { return Ok(None) };
    let fingerprint = Fingerprint::of(&bytes);
    let read = ReadFile { name: file.name.clone(), bytes: bytes.len() as u64, fingerprint, by_encoding: false };
    Ok(Some(Content { bytes, file: read }))
}

/// The fingerprint of a file's bytes, decompressed.
///
/// # Errors
/// The file cannot be read or decompressed.
pub fn fingerprint_of(file: &InputFile) -> Result<Fingerprint> {
    Ok(UnpackedFile::open(file)?.finish_all()?.1)
}

/// Reads a whole file as text. `encoding` is that of bytes which do not say it themselves.
///
/// # Errors
/// As [`read_bytes`]; or the file is not text.
pub(crate) fn read(file: &InputFile, encoding: Option<Encoding>) -> Result<Text> {
    let text = read_bytes(file)?.into_text(file, encoding)?;
    encoding::refuse_zeros(text.as_str().as_bytes(), file)?;
    Ok(text)
}

impl Content {
    /// The bytes as text, not searched for zero bytes: the caller does that, for JSON only after parsing failed.
    ///
    /// # Errors
    /// They are no text.
    pub(crate) fn into_text(self, file: &InputFile, encoding: Option<Encoding>) -> Result<Text> {
        let Self { bytes, file: read } = self;
        unpack::refuse_foreign(&bytes, file)?;
        let Decoded { text, start, is_as_in_the_file, by_setting } = encoding::decode(bytes, file, encoding)?;
        Ok(Text { text, start, is_as_in_the_file, file: ReadFile { by_encoding: by_setting, ..read } })
    }
}

/// The bytes of a file, decompressed when their first bytes say so; `None` when there are more than so many.
fn bytes_of(file: &InputFile, bytes_max: u64, buffers: &mut Buffers) -> Result<Option<Vec<u8>>> {
    let failed = |error| Error::machine("read", &file.path, error);
    let opened = File::open(&file.path).map_err(failed)?;
    let metadata = opened.metadata().map_err(failed)?;
    if metadata.len() > bytes_max {
        return Ok(None);
    }
    let read = unpack::read_bounded(&opened, metadata.len(), bytes_max, &mut buffers.raw).map_err(failed)?;
    unpack::refuse_changed(file, FileStat::of(&metadata), unpack::stat_of(file, &opened)?)?;
    let Some(bytes) = read else { return Ok(None) };
    if !unpack::is_packed(&bytes) {
        return Ok(Some(bytes));
    }
    let failed = |error| unpack::failed(file, error);
    let source = unpack::unpacked(bytes.as_slice(), file)?.map_err(failed)?;
    let expected = bytes.len() as u64 * 8;
    let unpacked = unpack::read_bounded(source, expected, bytes_max, &mut buffers.decompressed).map_err(failed)?;
    buffers.raw = kept(bytes);
    Ok(unpacked)
}
