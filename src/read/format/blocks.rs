//! The text of a large file, block by block: unpacked, decoded and fingerprinted as it is read, so that no more of it
//! is in memory than the caller keeps.

use super::ahead::{BlocksAhead, BlocksRead};
use super::encoding::{
    BROKEN, BlockDecoder, CUT, Encoding, NarrowRun, TextPlace, UTF8_MARK, Wide, no_text, no_utf8, place_in,
    refuse_controls, refuse_zeros_behind, utf8_beside,
};
use super::unpack::{self, UnpackedFile};
use crate::error::Result;
use crate::store::{FileStat, Fingerprint, InputFile, ReadFile, RunningFingerprint};

/// Bytes by whose first ones a file is recognised.
const FIRST_BYTES: usize = 64 << 10;
/// Bytes that are looked through at once.
const BLOCK_BYTES: usize = 1 << 20;

/// How the bytes of a file are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) struct TextEncoding {
    /// The file that this was found of. Whoever reads it in several passes reads the same in all of them.
    stat: FileStat,
    encoding: Option<Encoding>,
    /// Bytes of the mark before the text.
    mark: usize,
    /// Whether the setting was needed.
    by_setting: bool,
}

impl TextEncoding {
    /// Finds out how a file is encoded. `given` is the encoding of files that do not name theirs, and are no UTF-8.
    ///
    /// # Errors
    /// It is no text, or in two encodings.
    pub(in crate::read) fn of(file: &InputFile, given: Option<Encoding>) -> Result<Self> {
        let mut unpacked = UnpackedFile::open(file)?;
        let (stat, mut bytes) = (unpacked.stat(), Vec::new());
        unpacked.read_into(&mut bytes, FIRST_BYTES)?;
        unpack::refuse_foreign(&bytes, file)?;
        if let Some((wide, mark)) = Wide::detect(&bytes) {
            return Ok(Self { stat, encoding: Some(Encoding::Wide(wide)), mark, by_setting: false });
        }
        let mark = if bytes.starts_with(&UTF8_MARK) { UTF8_MARK.len() } else { 0 };
        let is_given = match given {
            None => false,
            Some(given) => !is_utf8(unpacked, bytes, given, file)?,
        };
        Ok(Self { stat, encoding: given.filter(|_| is_given), mark, by_setting: is_given })
    }
}

/// Whether a file is UTF-8, of which some bytes were read.
///
/// # Errors
/// It is not, but lines of it are, in a file that is said to have a code page; or it has zero bytes.
fn is_utf8(mut unpacked: UnpackedFile<'_>, mut bytes: Vec<u8>, given: Encoding, file: &InputFile) -> Result<bool> {
    let (mut line, mut utf8, mut other, mut zeros) = (1, None, None, Ok(()));
    loop {
        let is_last = unpacked.read_into(&mut bytes, BLOCK_BYTES)? < BLOCK_BYTES;
        let whole =
            if is_last { bytes.len() } else { bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) };
        if zeros.is_ok() {
            zeros = refuse_zeros_behind(&bytes[..whole], file, TextPlace { line, column: 1 });
        }
        for text in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            if !text.is_ascii() {
                let place = if std::str::from_utf8(text).is_ok() { &mut utf8 } else { &mut other };
                *place = place.or(Some(line));
            }
            line += usize::from(text.ends_with(b"\n"));
        }
        bytes.drain(..whole);
        if is_last {
            break;
        }
    }
    let Some(other) = other else { return Ok(true) };
    zeros?;
    match utf8.filter(|_| given.is_single_byte()) {
        Some(utf8) => Err(utf8_beside(given, file, utf8, other)),
        None => Ok(false),
    }
}

/// A file's text, to be taken block by block.
pub(in crate::read) struct TextBlocks<'f> {
    file: &'f InputFile,
    unpacked: UnpackedFile<'f>,
    how: TextEncoding,
    /// None for UTF-8.
    decoder: Option<BlockDecoder>,
    /// Bytes that were read, but are no whole character yet.
    raw: Vec<u8>,
    narrow: NarrowRun,
    /// Of the text, where that is not what the bytes are.
    content: Option<RunningFingerprint>,
    is_at_end: bool,
    /// Where the text continues, if that is counted.
    place: Option<TextPlace>,
}

impl<'f> TextBlocks<'f> {
    /// # Errors
    /// The file cannot be read, or is another one than when its encoding was found out.
    pub(in crate::read) fn open(file: &'f InputFile, how: TextEncoding) -> Result<Self> {
        let mut unpacked = UnpackedFile::open(file)?;
        unpack::refuse_changed(file, how.stat, unpacked.stat())?;
        let mut mark = Vec::new();
        unpacked.read_into(&mut mark, how.mark)?;
        let decoder = how.encoding.map(BlockDecoder::new);
        let is_as_in_the_file = how.encoding.is_none() && how.mark == 0;
        Ok(Self {
            file,
            unpacked,
            how,
            decoder,
            raw: Vec::new(),
            narrow: NarrowRun::default(),
            content: (!is_as_in_the_file).then(RunningFingerprint::default),
            is_at_end: false,
            place: None,
        })
    }

    pub(in crate::read) const fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// What has to be read until so many bytes are there; `None` where bytes can only be read in order.
    pub(in crate::read) fn ahead(&mut self, bytes: usize) -> Option<BlocksAhead> {
        self.unpacked.ahead(bytes)
    }

    /// Puts what was read, if anything was, behind what is there.
    ///
    /// # Errors
    /// It could not be read.
    pub(in crate::read) fn put(&mut self, read: Option<BlocksRead>) -> Result<()> {
        read.map_or(Ok(()), |read| self.unpacked.put(read))
    }

    /// Adds about so many bytes to a text, more than none until the end.
    ///
    /// # Errors
    /// They cannot be read or decoded. The message says where.
    pub(in crate::read) fn add_to(&mut self, text: String, bytes: usize) -> Result<String> {
        if self.is_at_end {
            return Ok(text);
        }
        let from = text.len();
        let text = match self.decoded(text, bytes) {
            Err(error)
                if self.place.is_none() && error.place.as_ref().is_some_and(|place| place.line_column.is_some()) =>
            {
                return Err(self.placed(bytes)?.unwrap_or(error));
            }
            other => other?,
        };
        if let Some(content) = &mut self.content {
            content.add(&text.as_bytes()[from..]);
        }
        if let Some(place) = &mut self.place {
            *place = place_in(&text.as_bytes()[from..]).behind(*place);
        }
        Ok(text)
    }

    /// The error of decoding the file, with its place.
    fn placed(&self, bytes: usize) -> Result<Option<crate::error::Error>> {
        let mut again = TextBlocks { place: Some(TextPlace::START), ..TextBlocks::open(self.file, self.how)? };
        while !again.is_at_end {
            if let Err(error) = again.add_to(String::new(), bytes) {
                return Ok(Some(error));
            }
        }
        Ok(None)
    }

    fn decoded(&mut self, mut text: String, bytes: usize) -> Result<String> {
        let begins = self.place.unwrap_or(TextPlace::START);
        let Some((encoding, decoder)) = self.how.encoding.zip(self.decoder.as_mut()) else {
            return self.decoded_utf8(text, bytes, begins);
        };
        self.is_at_end = self.unpacked.read_into(&mut self.raw, bytes)? < bytes;
        let (from, raw) = (text.len(), std::mem::take(&mut self.raw));
        let unit = if let Encoding::Wide(wide) = encoding { wide.bytes() } else { 1 };
        let whole = raw.len() - raw.len() % unit;
        let is_decoded = decoder.decode(&raw[..whole], &mut text, self.is_at_end);
        let place = place_in(if is_decoded { &[] } else { &text.as_bytes()[from..] }).behind(begins);
        match encoding {
            Encoding::Wide(wide) => {
                self.narrow.refuse(wide, &raw[..whole], self.file, begins.line)?;
                if !is_decoded {
                    return Err(wide.refusal(BROKEN, self.file, place));
                }
                if self.is_at_end && whole < raw.len() {
                    return Err(wide.refusal(CUT, self.file, place_in(&text.as_bytes()[from..]).behind(begins)));
                }
            }
            given if !is_decoded => return Err(no_text(given, self.file, place, (&raw, 0))),
            given => {
                let foreign = raw.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
                refuse_controls(given, &text[from..], self.file, begins, (&raw, foreign))?;
            }
        }
        self.raw.extend_from_slice(&raw[whole..]);
        Ok(text)
    }

    fn decoded_utf8(&mut self, text: String, bytes: usize, begins: TextPlace) -> Result<String> {
        let from = text.len();
        let mut all = text.into_bytes();
        all.append(&mut self.raw);
        self.is_at_end = self.unpacked.read_into(&mut all, bytes)? < bytes;
        let whole = if self.is_at_end { all.len() } else { all.len() - incomplete(&all) };
        self.raw = all.split_off(whole);
        String::from_utf8(all).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let block = &error.as_bytes()[from..];
            refuse_zeros_behind(block, self.file, begins)
                .err()
                .unwrap_or_else(|| no_utf8(block, valid - from, self.file, begins))
        })
    }

    /// What was read, and the fingerprint of its text.
    ///
    /// # Errors
    /// The file changed while it was read.
    pub(in crate::read) fn finish(self) -> Result<(ReadFile, Fingerprint)> {
        let (bytes, fingerprint) = self.unpacked.finish()?;
        let content = self.content.map_or(fingerprint, |content| content.finish());
        Ok((ReadFile { name: self.file.name.clone(), bytes, fingerprint, by_encoding: self.how.by_setting }, content))
    }
}

/// How many bytes at the end of some UTF-8 begin a character that continues behind them.
fn incomplete(bytes: &[u8]) -> usize {
    let starts = bytes.iter().rev().take(4).position(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let Some(behind) = starts else { return 0 };
    let length = match bytes[bytes.len() - 1 - behind] {
        0b1100_0000..=0b1101_1111 => 2,
        0b1110_0000..=0b1110_1111 => 3,
        0b1111_0000..=0b1111_0111 => 4,
        _ => 1,
    };
    if behind + 1 < length { behind + 1 } else { 0 }
}
