//! A large file, read in pieces by all threads.
//!
//! ```text
//! all threads   get the bytes from the system
//! one thread    unpack → fingerprint → decode → cut where a row or a page seems to begin
//! all threads                                   read the pieces
//! one thread                                    bring them together in order
//! ```
//! Where a piece may begin is guessed, from how the file's first rows begin. A piece counts only if the one before it
//! ended exactly there, inside of the same; otherwise its text is read again from where that one ended. So a wrong
//! guess costs time, and never a line. In memory are two batches of pieces, however large the file is.

use rayon::prelude::*;

use crate::control::Control;
use crate::domain::limits::ROW_BYTES_MAX;
use crate::error::{Error, Result};
use crate::read::format::ahead::BlocksAhead;
use crate::read::format::blocks::TextBlocks;
use crate::read::format::encoding::TextPlace;
use crate::store::InputFile;

/// Bytes of a piece.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// Pieces for each thread that are in memory at once, twice.
const PIECES_PER_THREAD: usize = 2;

/// What reads the pieces of a file, and brings them together.
pub(super) trait PieceReader: Sync {
    /// What a piece begins or ends inside of.
    type Inside: Clone + PartialEq + Send + Sync;
    /// What was read of a piece.
    type Piece: Send;

    /// Reads a piece; `None` when another reader has to read the file.
    fn read(&self, text: &str, inside: Self::Inside, is_last: bool) -> Option<Read<Self::Piece, Self::Inside>>;

    /// The last place of a text where a piece seems to begin, and what it is inside of.
    fn cut(&self, text: &str) -> Option<(usize, Self::Inside)>;

    /// Takes in the next piece and its text; `false` when another reader has to read the file.
    ///
    /// # Errors
    /// Lines cannot be stored.
    fn take(&mut self, piece: Self::Piece, text: &str) -> Result<bool>;
}

/// A piece that was read.
pub(super) struct Read<P, I> {
    pub piece: P,
    /// How many bytes of its text were read.
    pub bytes: usize,
    /// What it ended inside of.
    pub inside: I,
}

struct TextPiece<I> {
    text: String,
    /// What it seems to begin inside of; `None`: where the piece before it ends.
    inside: Option<I>,
    is_last: bool,
}

/// Cuts a file's text into pieces.
struct Cutter<'b, 'f, I> {
    blocks: &'b mut TextBlocks<'f>,
    piece_bytes: usize,
    /// What stands behind the last cut.
    rest: String,
    inside: Option<I>,
    is_done: bool,
    /// Buffers to use again.
    spare: Vec<String>,
}

impl<I: Clone> Cutter<'_, '_, I> {
    fn batch(&mut self, reader: &impl PieceReader<Inside = I>, pieces: usize) -> Result<Vec<TextPiece<I>>> {
        let mut batch = Vec::new();
        while batch.len() < pieces && !self.is_done {
            batch.push(self.next(reader)?);
        }
        Ok(batch)
    }

    fn next(&mut self, reader: &impl PieceReader<Inside = I>) -> Result<TextPiece<I>> {
        let (mut text, inside) = (std::mem::take(&mut self.rest), self.inside.take());
        text = self.blocks.add_to(text, self.piece_bytes)?;
        if self.blocks.is_at_end() {
            self.is_done = true;
            return Ok(TextPiece { text, inside, is_last: true });
        }
        self.rest = self.spare.pop().unwrap_or_default();
        self.rest.clear();
        if let Some((at, next)) = reader.cut(&text) {
            self.rest.push_str(&text[at..]);
            text.truncate(at);
            self.inside = Some(next);
        }
        Ok(TextPiece { text, inside, is_last: false })
    }
}

/// Reads a file, of which `first` is the begin. Returns `false` when another reader has to read it.
///
/// # Errors
/// It cannot be read or decoded, lines cannot be stored, or the run is stopped.
pub(super) fn read_pieces<R: PieceReader>(
    reader: &mut R,
    blocks: &mut TextBlocks<'_>,
    (first, inside): (String, R::Inside),
    piece_bytes: usize,
    control: &Control,
) -> Result<bool> {
    let pieces = PIECES_PER_THREAD * rayon::current_num_threads();
    let mut cutter =
        Cutter { blocks, piece_bytes, rest: first, inside: Some(inside.clone()), is_done: false, spare: Vec::new() };
    let mut expected = inside;
    // What stands behind the end of the last piece that was read.
    let mut rest = String::new();
    let mut batch = cutter.batch(reader, 1)?;
    let ahead = cutter.blocks.ahead(pieces * piece_bytes).map(BlocksAhead::read);
    cutter.blocks.put(ahead)?;
    while !batch.is_empty() {
        control.check()?;
        let shared: &R = reader;
        // The bytes of the batch behind the next one.
        let ahead = cutter.blocks.ahead(2 * pieces * piece_bytes);
        let read = |piece: &TextPiece<R::Inside>| shared.read(&piece.text, piece.inside.clone()?, piece.is_last);
        let (next, (read, ahead)) = rayon::join(
            || cutter.batch(shared, pieces),
            || rayon::join(|| batch.par_iter().map(read).collect::<Vec<_>>(), || ahead.map(BlocksAhead::read)),
        );
        for (TextPiece { text, inside, is_last }, read) in std::mem::take(&mut batch).into_iter().zip(read) {
            let is_expected = rest.is_empty() && inside.as_ref() == Some(&expected);
            let text = if rest.is_empty() { text } else { std::mem::take(&mut rest) + &text };
            let read = match read.filter(|_| is_expected) {
                Some(read) => read,
                None => match reader.read(&text, expected, is_last) {
                    Some(read) => read,
                    None => return Ok(false),
                },
            };
            let Read { piece, bytes, inside } = read;
            if !reader.take(piece, &text[..bytes])? || text.len() - bytes > ROW_BYTES_MAX {
                return Ok(false);
            }
            expected = inside;
            rest.push_str(&text[bytes..]);
            if cutter.spare.len() < pieces {
                cutter.spare.push(text);
            }
        }
        batch = next?;
        cutter.blocks.put(ahead)?;
    }
    Ok(rest.is_empty())
}

/// How many bytes are read behind so many that are no whole row: what is larger than a piece is not looked through
/// again for each piece of it. More than [`ROW_BYTES_MAX`] are never in memory but for one.
pub(super) fn more_bytes(piece_bytes: usize, open: usize) -> usize {
    piece_bytes.max(open).min((ROW_BYTES_MAX + 1).saturating_sub(open).max(1))
}

/// The refusal of a row, or of what stands around rows, that no page has.
pub(super) fn too_large(file: &InputFile, TextPlace { line, column }: TextPlace) -> Error {
    Error::input(format!("a single value of more than {} MiB", ROW_BYTES_MAX >> 20))
        .at_line(&file.name, line, column)
        .hint("a line of usage has about 1 KB: see what wrote the file, and export it again")
}
