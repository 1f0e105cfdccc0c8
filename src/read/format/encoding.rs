//! Bytes → text: byte order marks, UTF-16 and UTF-32 with or without them, and the code pages that a setting can name.
//!
//! The code page of single-byte text is never guessed: a setting names it. Where the decoded text makes no sense, the
//! message names the code pages in which it would.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{Decoder, DecoderResult, Encoding as Standard, WINDOWS_1252};
use memchr::{memchr, memchr_iter};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::store::InputFile;

/// The encoding of text that has no byte order mark and is no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// An encoding of the web, which include the Windows code pages.
    Standard(&'static Standard),
    /// A DOS code page, which consoles still use.
    Oem(u16),
    Wide(Wide),
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// UTF-16 and UTF-32, by byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

/// What is wrong with wide text.
pub(super) const BROKEN: &str = "with a broken character";
pub(super) const CUT: &str = "that ends within a character";

/// Bytes that a decoder wants to have room for.
const ROOM: usize = 4 << 10;

impl Wide {
    const ALL: [Self; 4] = [Self::Utf32Le, Self::Utf32Be, Self::Utf16Le, Self::Utf16Be];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Utf32Le => "utf-32le",
            Self::Utf32Be => "utf-32be",
        }
    }

    /// Bytes of a code unit.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Utf16Le | Self::Utf16Be => 2,
            Self::Utf32Le | Self::Utf32Be => 4,
        }
    }

    const fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf16Le => &[0xff, 0xfe],
            Self::Utf16Be => &[0xfe, 0xff],
            Self::Utf32Le => &[0xff, 0xfe, 0, 0],
            Self::Utf32Be => &[0, 0, 0xfe, 0xff],
        }
    }

    /// The encoding by its byte order mark, or by the zeros around the first character: JSON and tables begin with
    /// ASCII.
    pub(super) fn detect(bytes: &[u8]) -> Option<(Self, usize)> {
        let marked = Self::ALL
            .into_iter()
            .find(|wide| bytes.starts_with(wide.mark()) && bytes.len().is_multiple_of(wide.bytes()));
        if let Some(wide) = marked.or_else(|| Self::ALL.into_iter().find(|wide| bytes.starts_with(wide.mark()))) {
            return Some((wide, wide.mark().len()));
        }
        let is_zero = |at: usize| bytes.get(at) == Some(&0);
        let is_ascii = |at: usize| bytes.get(at).is_some_and(|byte| (1..0x80).contains(byte));
        let wide = if is_ascii(0) && is_zero(1) && is_zero(2) && is_zero(3) {
            Self::Utf32Le
        } else if is_zero(0) && is_zero(1) && is_zero(2) && is_ascii(3) {
            Self::Utf32Be
        } else if is_ascii(0) && is_zero(1) && (bytes.len() == 2 || is_ascii(2)) {
            Self::Utf16Le
        } else if is_zero(0) && is_ascii(1) {
            Self::Utf16Be
        } else {
            return None;
        };
        Some((wide, 0))
    }

    /// The code units, as numbers.
    pub(super) fn units(self, bytes: &[u8]) -> impl Iterator<Item = u32> {
        bytes.chunks_exact(self.bytes()).map(move |unit| {
            let unit = unit.iter().map(|byte| u32::from(*byte));
            match self {
                Self::Utf16Le | Self::Utf32Le => unit.rev().fold(0, |sum, byte| sum << 8 | byte),
                Self::Utf16Be | Self::Utf32Be => unit.fold(0, |sum, byte| sum << 8 | byte),
            }
        })
    }

    /// The same, if it is an encoding of the web.
    fn standard(self) -> Option<&'static Standard> {
        match self {
            Self::Utf16Le => Some(encoding_rs::UTF_16LE),
            Self::Utf16Be => Some(encoding_rs::UTF_16BE),
            Self::Utf32Le | Self::Utf32Be => None,
        }
    }

    /// The text of UTF-16, many units at a time; `None` where a unit is broken, and for UTF-32.
    fn decode_fast(self, bytes: &[u8]) -> Option<String> {
        let mut text = String::new();
        let mut decoder = self.standard()?.new_decoder_without_bom_handling();
        decode_into(&mut decoder, bytes, &mut text, true).then_some(text)
    }

    /// The refusal of text in this encoding.
    pub(super) fn refusal(self, what: &str, file: &InputFile, TextPlace { line, column }: TextPlace) -> Error {
        Error::input(format!("{} text {what}", self.name().to_uppercase()))
            .at_line(&file.name, line, column)
            .hint("fetch the file again: a part of it is lost, or something was appended in another encoding")
    }

    /// # Errors
    /// A character is broken, or the text ends within one.
    fn decode(self, bytes: &[u8], file: &InputFile) -> Result<String> {
        let wrong = |text: &str, what: &str| self.refusal(what, file, place_in(text.as_bytes()));
        if let Some(text) = self.decode_fast(bytes) {
            return Ok(text);
        }
        let mut text = String::with_capacity(bytes.len() / self.bytes());
        if self.bytes() == 2 {
            for unit in char::decode_utf16(self.units(bytes).map(|unit| unit as u16)) {
                text.push(unit.map_err(|error| wrong(&text, BROKEN).because(error))?);
            }
        } else {
            for unit in self.units(bytes) {
                text.push(char::from_u32(unit).ok_or_else(|| wrong(&text, BROKEN))?);
            }
        }
        if !bytes.len().is_multiple_of(self.bytes()) {
            return Err(wrong(&text, CUT));
        }
        Ok(text)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(standard) => f.write_str(&standard.name().to_lowercase()),
            Self::Oem(page) => write!(f, "ibm{page}"),
            Self::Wide(wide) => f.write_str(wide.name()),
        }
    }
}

impl Encoding {
    /// The encoding of a name, in any case: `windows-1252`, `1252`, `cp850`, `ibm437`, `utf-16le`, `shift_jis` …
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let bare: String = name.chars().filter(|character| !matches!(character, '-' | '_' | ' ')).collect();
        if let Some(wide) = Wide::ALL.into_iter().find(|wide| wide.name().replace('-', "") == bare) {
            return Some(Self::Wide(wide));
        }
        match bare.as_str() {
            "utf16" | "unicode" | "unicodefffe" => return Some(Self::Wide(Wide::Utf16Le)),
            "bigendianunicode" => return Some(Self::Wide(Wide::Utf16Be)),
            "utf32" => return Some(Self::Wide(Wide::Utf32Le)),
            _ => {}
        }
        if let Some(standard) = Standard::for_label(name.as_bytes()) {
            return Some(Self::from_standard(standard));
        }
        let prefixes = ["windows", "codepage", "oem", "ibm", "cp", "ms", "dos"];
        let digits = prefixes.iter().find_map(|prefix| bare.strip_prefix(prefix)).unwrap_or(&bare);
        let page: u16 = digits.parse().ok()?;
        match page {
            12000 => Some(Self::Wide(Wide::Utf32Le)),
            12001 => Some(Self::Wide(Wide::Utf32Be)),
            _ if DECODING_TABLE_CP_MAP.contains_key(&page) && page != 866 => Some(Self::Oem(page)),
            _ => codepage::to_encoding(page).map(Self::from_standard),
        }
    }

    fn from_standard(standard: &'static Standard) -> Self {
        if standard == encoding_rs::UTF_16LE {
            Self::Wide(Wide::Utf16Le)
        } else if standard == encoding_rs::UTF_16BE {
            Self::Wide(Wide::Utf16Be)
        } else {
            Self::Standard(standard)
        }
    }

    /// Whether each byte is one character.
    pub(super) fn is_single_byte(self) -> bool {
        match self {
            Self::Standard(standard) => standard.is_single_byte(),
            Self::Oem(_) => true,
            Self::Wide(_) => false,
        }
    }

    /// The decoded text of bytes that are no UTF-8; `None` when they are not valid in this encoding either.
    fn text_of(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Standard(standard) => {
                standard.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
            }
            Self::Oem(page) => DECODING_TABLE_CP_MAP.get(&page)?.decode_string_checked(bytes),
            Self::Wide(wide) => {
                let units = wide.units(bytes);
                let text = if wide.bytes() == 2 {
                    char::decode_utf16(units.map(|unit| unit as u16)).collect::<Result<String, _>>().ok()
                } else {
                    units.map(char::from_u32).collect()
                };
                text.filter(|_| bytes.len().is_multiple_of(wide.bytes()))
            }
        }
    }
}

/// Decodes text in an encoding, block by block.
pub(super) struct BlockDecoder {
    encoding: Encoding,
    decoder: Option<Decoder>,
}

impl BlockDecoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        let standard = match encoding {
            Encoding::Standard(standard) => Some(standard),
            Encoding::Wide(wide) => wide.standard(),
            Encoding::Oem(_) => None,
        };
        Self { encoding, decoder: standard.map(Standard::new_decoder_without_bom_handling) }
    }

    /// Adds the text of the next bytes, which are whole code units; `false` when a character is broken. Then what
    /// stands before it was added.
    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String, is_last: bool) -> bool {
        if let Some(decoder) = &mut self.decoder {
            return decode_into(decoder, bytes, text, is_last);
        }
        match self.encoding {
            Encoding::Wide(wide) => wide.units(bytes).all(|unit| {
                let character = char::from_u32(unit);
                text.extend(character);
                character.is_some()
            }),
            encoding => encoding.text_of(bytes).inspect(|decoded| text.push_str(decoded)).is_some(),
        }
    }
}

/// Decodes some bytes at the end of a text; `false` when a character is broken.
fn decode_into(decoder: &mut Decoder, bytes: &[u8], text: &mut String, is_last: bool) -> bool {
    // Most characters become one byte, of one or two.
    text.reserve(bytes.len() / 2 + ROOM);
    let mut from = 0;
    loop {
        let (outcome, read) = decoder.decode_to_string_without_replacement(&bytes[from..], text, is_last);
        from += read;
        match outcome {
            DecoderResult::InputEmpty => return true,
            DecoderResult::OutputFull => text.reserve((bytes.len() - from) / 2 + ROOM),
            DecoderResult::Malformed(..) => return false,
        }
    }
}

/// The text of a file.
pub(in crate::read) struct Decoded {
    pub text: String,
    /// Where the text begins, after a byte order mark.
    pub start: usize,
    /// Whether the text is the file's bytes, unchanged.
    pub is_as_in_the_file: bool,
    /// Whether the setting was needed to decode it.
    pub by_setting: bool,
}

/// Decodes a file. `given` is the encoding of files that do not name theirs.
///
/// # Errors
/// The bytes are not valid in the encoding that they or the setting name, or the encoding changes within the file.
pub(in crate::read) fn decode(bytes: Vec<u8>, file: &InputFile, given: Option<Encoding>) -> Result<Decoded> {
    let decoded = |text: String| Decoded { text, start: 0, is_as_in_the_file: false, by_setting: false };
    if let Some((wide, mark)) = Wide::detect(&bytes) {
        NarrowRun::default().refuse(wide, &bytes[mark..], file, 1)?;
        return wide.decode(&bytes[mark..], file).map(decoded);
    }
    let start = if bytes.starts_with(&UTF8_MARK) { UTF8_MARK.len() } else { 0 };
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(Decoded { text, start, is_as_in_the_file: start == 0, by_setting: false }),
        Err(error) => error,
    };
    let valid = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    refuse_zeros(&bytes, file)?;
    let Some(given) = given else { return Err(no_utf8(&bytes, valid, file, TextPlace::START)) };
    if given.is_single_byte() {
        refuse_utf8_beside(given, &bytes, valid, file)?;
    }
    let Some(text) = given.text_of(&bytes[start..]) else {
        return Err(no_text(given, file, place_in(&bytes[..valid]), (&bytes, valid)));
    };
    refuse_controls(given, &text, file, TextPlace::START, (&bytes, valid))?;
    Ok(Decoded { by_setting: true, ..decoded(text) })
}

/// The refusal of bytes that are not valid in an encoding. `around` are some of them, and the place of one in them.
pub(super) fn no_text(
    given: Encoding,
    file: &InputFile,
    TextPlace { line, column }: TextPlace,
    (bytes, at): (&[u8], usize),
) -> Error {
    Error::input(format!("bytes that are no {given} text")).at_line(&file.name, line, column).hint(with_candidates(
        "say the encoding of the machine that exported it",
        bytes,
        at,
    ))
}

/// Refuses text with control characters, which begins at `begins`: it was decoded with the wrong code page.
pub(super) fn refuse_controls(
    given: Encoding,
    text: &str,
    file: &InputFile,
    begins: TextPlace,
    (bytes, at): (&[u8], usize),
) -> Result<()> {
    let Some(found) = text.find(is_control) else { return Ok(()) };
    let TextPlace { line, column } = place_in(&text.as_bytes()[..found]).behind(begins);
    let control = text[found..].chars().next().unwrap_or_default();
    Err(Error::input(format!("read as {given}, it holds the control character U+{:04X}", u32::from(control)))
        .at_line(&file.name, line, column)
        .hint(with_candidates("it was written with another code page: say that", bytes, at)))
}

pub(super) const UTF8_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A line and a column of a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) struct TextPlace {
    pub line: usize,
    pub column: usize,
}

impl TextPlace {
    pub(in crate::read) const START: Self = Self { line: 1, column: 1 };

    /// The same place, in a text that begins at `begins` of another.
    pub(in crate::read) const fn behind(self, begins: Self) -> Self {
        let column = if self.line > 1 { self.column } else { begins.column - 1 + self.column };
        Self { line: begins.line - 1 + self.line, column }
    }
}

/// The line and column behind some text.
pub(in crate::read) fn place_in(before: &[u8]) -> TextPlace {
    let line = memchr_iter(b'\n', before).count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    TextPlace { line, column }
}

/// Characters that no text has: controls, and the C1 controls that some code pages have in place of letters.
fn is_control(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{1a}')
}

/// Characters in a row, each of two of ASCII, that prove that bytes of one encoding stand in the text of another.
const RUN: usize = 12;

/// Text in a single-byte encoding that was appended to UTF-16 or UTF-32, looked for block by block.
#[derive(Debug, Default)]
pub(super) struct NarrowRun(usize);

impl NarrowRun {
    /// # Errors
    /// Such text ends its run in these bytes, which are whole code units and begin in this line.
    pub(super) fn refuse(&mut self, wide: Wide, bytes: &[u8], file: &InputFile, first_line: usize) -> Result<()> {
        let is_narrow = |unit: &[u8]| unit.iter().all(|&byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
        for (at, unit) in bytes.chunks_exact(wide.bytes()).enumerate() {
            self.0 = if is_narrow(unit) { self.0 + 1 } else { 0 };
            if self.0 == RUN {
                let before = wide.units(bytes).take((at + 1).saturating_sub(RUN));
                let line = first_line + before.filter(|unit| *unit == u32::from(b'\n')).count();
                return Err(two_encodings(file, line, &wide.name().to_uppercase(), "UTF-8 or a code page"));
            }
        }
        Ok(())
    }
}

/// Zero bytes in text of a single-byte encoding: UTF-16 was appended, or the disk lost data. JSON with a zero byte is
/// invalid, so it is searched only after parsing failed.
///
/// # Errors
/// There is a zero byte.
pub(in crate::read) fn refuse_zeros(bytes: &[u8], file: &InputFile) -> Result<()> {
    refuse_zeros_behind(bytes, file, TextPlace::START)
}

/// The same for text that begins at `begins` of its file.
///
/// # Errors
/// There is a zero byte.
pub(in crate::read) fn refuse_zeros_behind(bytes: &[u8], file: &InputFile, begins: TextPlace) -> Result<()> {
    let Some(at) = memchr(0, bytes) else { return Ok(()) };
    // The first zero stands beside the first character of the other text.
    let around = &bytes[at.saturating_sub(1)..(at + 2 * RUN).min(bytes.len())];
    let zeros = memchr_iter(0, around).count();
    let TextPlace { line, column } = place_in(&bytes[..at]).behind(begins);
    if zeros * 4 < around.len() * 3 && zeros * 4 > around.len() {
        return Err(two_encodings(file, line, "UTF-8 or a code page", "UTF-16"));
    }
    let what = if zeros * 4 >= around.len() * 3 { "a run of zero bytes" } else { "a zero byte" };
    Err(Error::input(format!("{what} within the text"))
        .at_line(&file.name, line, column)
        .hint("the disk or a copy lost what stood there: fetch the file again"))
}

fn two_encodings(file: &InputFile, line: usize, first: &str, second: &str) -> Error {
    Error::input(format!(
        "two encodings in one file: up to line {} it is {first}, from line {line} on {second}",
        line - 1
    ))
    .at_line(&file.name, line, 1)
    .hint(
        "a script appended to it with another encoding: export it again into one file at once, or save what was \
         appended as a file of its own",
    )
}

/// Lines of UTF-8 in a file that is decoded by a code page: one of the two is wrong for part of the file.
fn refuse_utf8_beside(given: Encoding, bytes: &[u8], valid: usize, file: &InputFile) -> Result<()> {
    let mut utf8 = None;
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let is_utf8 = !text.is_ascii() && std::str::from_utf8(text).is_ok();
        utf8 = utf8.or_else(|| is_utf8.then_some(line));
    }
    utf8.map_or(Ok(()), |utf8| Err(utf8_beside(given, file, utf8, place_in(&bytes[..valid]).line)))
}

/// The refusal of a file with a line of UTF-8, and another in the encoding that was given.
pub(super) fn utf8_beside(given: Encoding, file: &InputFile, utf8: usize, other: usize) -> Error {
    let given = given.to_string();
    let [first, second] = if utf8 < other { ["UTF-8", &given] } else { [&given, "UTF-8"] };
    two_encodings(file, utf8.max(other), first, second)
}

/// The refusal of bytes that are no UTF-8 from `valid` on. They begin at `begins`.
pub(super) fn no_utf8(bytes: &[u8], valid: usize, file: &InputFile, begins: TextPlace) -> Error {
    let TextPlace { line, column } = place_in(&bytes[..valid]).behind(begins);
    Error::input(format!("byte 0x{:02x} is not UTF-8 text", bytes[valid])).at_line(&file.name, line, column).hint(
        with_candidates(
            "export again as UTF-8 (in PowerShell: `Out-File -Encoding utf8`), or say the encoding of the machine",
            bytes,
            valid,
        ),
    )
}

/// Code pages to try, the most common first.
const CANDIDATES: [&str; 18] = [
    "windows-1252",
    "ibm850",
    "ibm437",
    "windows-1250",
    "ibm852",
    "windows-1251",
    "ibm866",
    "windows-1253",
    "windows-1254",
    "ibm857",
    "windows-1257",
    "ibm775",
    "windows-1255",
    "windows-1256",
    "shift_jis",
    "gbk",
    "big5",
    "euc-kr",
];
/// Readings that a hint shows.
const CANDIDATES_SHOWN: usize = 4;
/// The bytes on either side of the invalid one that belong to its word, at most.
const WORD_BYTES: usize = 24;

/// The hint, with what the word at a place would be in those code pages that decode the whole text.
fn with_candidates(hint: &str, bytes: &[u8], at: usize) -> String {
    let is_of_word = |byte: &&u8| !byte.is_ascii() || byte.is_ascii_alphanumeric();
    let before = bytes[..at].iter().rev().take(WORD_BYTES).take_while(is_of_word).count();
    let behind = bytes[at..].iter().take(WORD_BYTES).take_while(is_of_word).count();
    let word = &bytes[at - before..at + behind];
    let is_meant = |character: char| {
        character.is_ascii()
            || character.is_alphanumeric()
            || matches!(character, '–' | '’' | '€' | '„' | '“' | '”' | '·')
    };
    let mut shown: Vec<(String, &str)> = Vec::new();
    for name in CANDIDATES {
        let Some(encoding) = Encoding::parse(name) else { continue };
        let is_read = encoding.text_of(bytes).is_some_and(|text| !text.contains(is_control));
        let Some(text) = encoding.text_of(word).filter(|text| is_read && text.chars().all(is_meant)) else { continue };
        if shown.iter().all(|(other, _)| *other != text) {
            shown.push((text, name));
        }
    }
    shown.truncate(CANDIDATES_SHOWN);
    if shown.is_empty() {
        return format!("{hint}, such as --encoding {}", WINDOWS_1252.name());
    }
    let shown: Vec<String> =
        shown.iter().map(|(text, name)| format!("--encoding {name} makes `{text}` of it")).collect();
    format!("{hint}: {}", shown.join(", "))
}
