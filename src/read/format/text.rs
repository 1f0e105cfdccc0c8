//! A file → its bytes, without what lies around them (`unpack`) → its text (`encoding`).

use std::fs::File;

use super::encoding::{self, Decoded, Encoding};
use super::unpack;
#[cfg(doc)]
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
const KEPT_BYTES_MAX: usize = 64 << 20;

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
    read_bytes_into(file, &mut Buffers::default())
}

/// The same, into memory that files before it left.
///
/// # Errors
/// As [`read_bytes`].
pub(crate) fn read_bytes_into(file: &InputFile, buffers: &mut Buffers) -> Result<Content> {
    let bytes = bytes_of(file, buffers)?;
    let fingerprint = Fingerprint::of(&bytes);
    let read = ReadFile { name: file.name.clone(), bytes: bytes.len() as u64, fingerprint, by_encoding: false };
    Ok(Content { bytes, file: read })
}

/// The fingerprint of a file's bytes, decompressed.
///
/// # Errors
/// As [`read_bytes`].
pub fn fingerprint_of(file: &InputFile) -> Result<Fingerprint> {
    Ok(read_bytes(file)?.file.fingerprint)
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

/// The bytes of a file, decompressed when their first bytes say so.
fn bytes_of(file: &InputFile, buffers: &mut Buffers) -> Result<Vec<u8>> {
    let failed = |error| Error::machine("read", &file.path, error);
    let opened = File::open(&file.path).map_err(failed)?;
    let size = opened.metadata().map_err(failed)?.len();
    unpack::refuse_too_large(size, file)?;
    let before = FileStat::of(&opened.metadata().map_err(failed)?);
    let bytes = unpack::read_bounded(&opened, size, file, &mut buffers.raw)?.map_err(failed)?;
    if before != FileStat::of(&opened.metadata().map_err(failed)?) {
        return Err(Error::input("changed while it was read").at(&file.name).hint(
            "something still writes it: let that finish, and run again; save files under a name that begins with `.` \
             or ends in `.part`, and rename them when they are whole",
        ));
    }
    let bytes = unpack::decompressed(bytes, file, &mut buffers.decompressed)?;
    if buffers.decompressed.capacity() > KEPT_BYTES_MAX {
        buffers.decompressed = Vec::new();
    }
    Ok(bytes)
}
