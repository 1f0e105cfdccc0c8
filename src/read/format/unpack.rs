//! Decompression, by the first bytes and in layers. Archives and documents of other programs are refused by name.

use std::fs::File;
use std::io::{self, Cursor, Read};

use super::ahead::{BlocksAhead, BlocksRead, ReadAhead};
use crate::error::{Error, Result};
use crate::store::{self, FileStat, Fingerprint, InputFile, RunningFingerprint};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most layers of compression: a script that compresses a compressed file makes two.
const LAYERS_MAX: usize = 4;

/// Undoes the compression of some bytes, as long as their first ones say that there is one.
///
/// # Errors
/// They have too many layers of compression, or cannot be read.
pub(in crate::read) fn unpacked<'b>(
    bytes: impl Read + Send + 'b,
    file: &InputFile,
) -> Result<io::Result<Box<dyn Read + Send + 'b>>> {
    let mut source: Box<dyn Read + Send + 'b> = Box::new(bytes);
    for _ in 0..LAYERS_MAX {
        let mut first = Vec::with_capacity(ZSTD.len());
        if let Err(error) = source.by_ref().take(ZSTD.len() as u64).read_to_end(&mut first) {
            return Ok(Err(error));
        }
        let is_gzip = first.starts_with(&GZIP);
        let is_zstd = first.starts_with(&ZSTD);
        let whole = Cursor::new(first).chain(source);
        source = if is_gzip {
            Box::new(flate2::read::MultiGzDecoder::new(whole))
        } else if is_zstd {
            match zstd::stream::read::Decoder::new(whole) {
                Ok(decoder) => Box::new(decoder),
                Err(error) => return Ok(Err(error)),
            }
        } else {
            return Ok(Ok(Box::new(whole)));
        };
    }
    Err(Error::input(format!("compressed more than {LAYERS_MAX} times over"))
        .at(&file.name)
        .hint("decompress it until its text can be read, and put that there"))
}

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 20;

/// Whether some bytes begin as compressed ones do.
pub(in crate::read) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP) || bytes.starts_with(&ZSTD)
}

/// The refusal of bytes that cannot be decompressed, or of a machine that cannot read them.
pub(in crate::read) fn failed(file: &InputFile, error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return Error::machine("read", &file.path, error);
    }
    Error::input("compressed bytes that cannot be decompressed")
        .at(&file.name)
        .hint("the download was probably cut off: fetch the file again")
        .because(error)
}

/// The bytes of a file without their compression, one after the other, with what they turn out to be in the end.
pub(in crate::read) struct UnpackedFile<'f> {
    file: &'f InputFile,
    opened: File,
    before: FileStat,
    source: ByteSource<'f>,
    fingerprint: RunningFingerprint,
    bytes: u64,
}

/// Where the bytes come from.
enum ByteSource<'f> {
    Plain(ReadAhead),
    Packed(Box<dyn Read + Send + 'f>),
}

impl<'f> UnpackedFile<'f> {
    /// # Errors
    /// The file cannot be read, or has too many layers of compression.
    pub(in crate::read) fn open(file: &'f InputFile) -> Result<Self> {
        let broken = |error| Error::machine("read", &file.path, error);
        let opened = File::open(&file.path).map_err(broken)?;
        let before = stat_of(file, &opened)?;
        let mut first = [0; ZSTD.len()];
        let length = store::read_at(&opened, &mut first, 0).map_err(broken)?;
        let again = opened.try_clone().map_err(broken)?;
        let source = if is_packed(&first[..length]) {
            ByteSource::Packed(unpacked(again, file)?.map_err(|error| failed(file, error))?)
        } else {
            ByteSource::Plain(ReadAhead::new(again))
        };
        Ok(Self { file, opened, before, source, fingerprint: RunningFingerprint::default(), bytes: 0 })
    }

    /// What it was by its metadata when it was opened.
    pub(super) const fn stat(&self) -> FileStat {
        self.before
    }

    /// What has to be read until so many bytes are there to be taken; `None` where bytes can only be read in order.
    pub(in crate::read) fn ahead(&mut self, bytes: usize) -> Option<BlocksAhead> {
        match &mut self.source {
            ByteSource::Plain(ahead) => Some(ahead.ahead(bytes)),
            ByteSource::Packed(_) => None,
        }
    }

    /// Puts what was read of it behind what is there.
    ///
    /// # Errors
    /// It could not be read.
    pub(in crate::read) fn put(&mut self, read: BlocksRead) -> Result<()> {
        match &mut self.source {
            ByteSource::Plain(ahead) => ahead.put(read).map_err(|error| failed(self.file, error)),
            ByteSource::Packed(_) => Ok(()),
        }
    }

    /// Adds up to so many bytes to a buffer. Returns how many there were: fewer only at the end.
    ///
    /// # Errors
    /// They cannot be read or decompressed.
    pub(in crate::read) fn read_into(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> Result<usize> {
        let from = buffer.len();
        let read = match &mut self.source {
            ByteSource::Plain(ahead) => ahead.take_into(buffer, bytes),
            ByteSource::Packed(source) => {
                buffer.reserve(bytes);
                source.by_ref().take(bytes as u64).read_to_end(buffer).map(|_bytes| ())
            }
        };
        read.map_err(|error| failed(self.file, error))?;
        self.fingerprint.add(&buffer[from..]);
        self.bytes += (buffer.len() - from) as u64;
        Ok(buffer.len() - from)
    }

    /// Reads what is left of it. Returns how many bytes there were, and their fingerprint.
    ///
    /// # Errors
    /// They cannot be read, or the file changed while it was read.
    pub(in crate::read) fn finish_all(mut self) -> Result<(u64, Fingerprint)> {
        let mut block = Vec::new();
        while self.read_into(&mut block, BLOCK_BYTES)? > 0 {
            block.clear();
        }
        self.finish()
    }

    /// How many bytes there were, and their fingerprint.
    ///
    /// # Errors
    /// The file changed while it was read.
    pub(in crate::read) fn finish(self) -> Result<(u64, Fingerprint)> {
        refuse_changed(self.file, self.before, stat_of(self.file, &self.opened)?)?;
        Ok((self.bytes, self.fingerprint.finish()))
    }
}

/// What a file is by its metadata.
///
/// # Errors
/// They cannot be read.
pub(in crate::read) fn stat_of(file: &InputFile, opened: &File) -> Result<FileStat> {
    let metadata = opened.metadata().map_err(|error| Error::machine("read", &file.path, error))?;
    Ok(FileStat::of(&metadata))
}

/// # Errors
/// A file is not what it was before it was read.
pub(in crate::read) fn refuse_changed(file: &InputFile, before: FileStat, now: FileStat) -> Result<()> {
    if before == now {
        return Ok(());
    }
    Err(Error::input("changed while it was read").at(&file.name).hint(
        "something still writes it: let that finish, and run again; save files under a name that begins with `.` or \
         ends in `.part`, and rename them when they are whole",
    ))
}

/// Reads to the end into a buffer; `None` when there are more than so many bytes.
pub(in crate::read) fn read_bounded(
    source: impl Read,
    expected: u64,
    bytes_max: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = std::mem::take(buffer);
    bytes.clear();
    bytes.reserve(expected.min(bytes_max) as usize + 1);
    source.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
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
