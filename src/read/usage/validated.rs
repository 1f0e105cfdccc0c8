//! Usage as JSON, read in pieces by the validating reader: what the fast one cannot read, and what is to be refused.

use serde_json::value::RawValue;

use super::context::OfFile;
use super::fast_rows::of_standing;
use super::line_reader::LineReader;
use super::lines::FileLines;
use super::pieces::{more_bytes, too_large};
use super::structure::{OfRows, Structure};
use super::survey::{Decided, Survey};
use crate::domain::limits::ROW_BYTES_MAX;
use crate::error::{Error, Result};
use crate::read::format::blocks::{TextBlocks, TextEncoding};
use crate::read::format::documents::{Inside, ScannedPiece, Stands, Stop, TakesRows, scan};
use crate::read::format::encoding::{TextPlace, place_in, refuse_zeros_behind};
use crate::read::format::json::{self, Mender, UsagePage};
use crate::read::format::json_error::JsonError;
use crate::read::format::row::RawRow;
use crate::read::format::shape::{self, NUMBER_ENDS, Shape};
use crate::store::{Fingerprint, InputFile, ReadFile};

/// Reads a file in two passes: over all rows is decided how the file writes times, and what of it repeats.
///
/// # Errors
/// The file is not what a `usage` folder holds.
pub(super) fn read_validated(of: OfFile<'_>, how: TextEncoding, piece_bytes: usize) -> Result<FileLines> {
    let OfFile { file, of_export, of_stamp, .. } = of;
    let mut pass = Pass { of, how, piece_bytes, is_mended: false };
    let mut surveyed = Surveyed::new(of_export.is_alone);
    let read = match pass.run(&mut surveyed) {
        Ok(read) => read,
        Err(first) => {
            pass.is_mended = true;
            surveyed = Surveyed::new(of_export.is_alone);
            pass.run(&mut surveyed).map_err(|again| if again.has_mended { *again.error } else { *first.error })?
        }
    };
    let Surveyed { survey, structure, rows, others, first_other } = surveyed;
    if let Some(first) = first_other.filter(|_| others == rows)
        && let Some(refused) = shape::answer(file, &first, "a page of usage")
    {
        return Err(refused);
    }
    let around = structure.finish().ok_or_else(|| shape::refusal(file, "", "a page of usage", JsonError::Nothing))?;
    let (record, content) = read;
    let mut lines = FileLines::new(record);
    (lines.number, lines.content) = (of.number, content);
    lines.stand_in(around);
    let window = of_export.window.or(lines.query.window);
    let decided = survey.decide(&file.name, of_stamp.reading, window, None)?;
    lines.note_times(&decided);
    pass.run(&mut Reread { decided, lines: &mut lines }).map_err(|failed| *failed.error)?;
    lines.note_missing_ids();
    Ok(lines)
}

/// Why a pass fails.
struct Failed {
    error: Box<Error>,
    /// Whether something of the text was mended before.
    has_mended: bool,
}

/// A row, or the raw text of something else.
type RowOrOther<'t> = std::result::Result<(Shape, RawRow<'t>), &'t str>;

/// What a pass is for.
trait Visits {
    /// Visits the rows of a piece of text, and what was found around them.
    fn visit(&mut self, of: OfFile<'_>, text: &str, inside: Inside, is_last: bool) -> Result<ScannedPiece, Stop>;
}

/// How a file is read from its begin to its end.
#[derive(Clone, Copy)]
struct Pass<'a> {
    of: OfFile<'a>,
    how: TextEncoding,
    piece_bytes: usize,
    is_mended: bool,
}

impl Pass<'_> {
    fn run(&self, visits: &mut impl Visits) -> Result<(ReadFile, Fingerprint), Failed> {
        let mut mender = Mender::default();
        let read = self.read(visits, &mut mender);
        read.map_err(|error| Failed { error: Box::new(error), has_mended: mender.has_mended })
    }

    fn read(&self, visits: &mut impl Visits, mender: &mut Mender) -> Result<(ReadFile, Fingerprint)> {
        let file = self.of.file;
        let mut blocks = TextBlocks::open(file, self.how)?;
        let (mut text, mut place, mut inside) = (String::new(), TextPlace::START, Inside::Nothing);
        loop {
            self.of.of_stamp.control.check()?;
            let bytes = more_bytes(self.piece_bytes, text.len());
            if self.is_mended {
                let block = blocks.add_to(String::new(), bytes)?;
                text.push_str(&mender.mend(&block, blocks.is_at_end()));
            } else {
                text = blocks.add_to(text, bytes)?;
            }
            let scanned = match visits.visit(self.of, &text, inside, blocks.is_at_end()) {
                Ok(scanned) => scanned,
                Err(stop) => return Err(refused(file, &text, blocks.is_at_end(), place, stop)),
            };
            if blocks.is_at_end() {
                return blocks.finish();
            }
            inside = scanned.inside;
            place = place_in(&text.as_bytes()[..scanned.bytes]).behind(place);
            text.drain(..scanned.bytes);
            if text.len() > ROW_BYTES_MAX {
                return Err(too_large(file, place));
            }
        }
    }
}

/// The refusal of a text that begins at `begins` of the file.
fn refused(file: &InputFile, text: &str, is_last: bool, begins: TextPlace, stop: Stop) -> Error {
    // A number at the end of a piece goes on.
    let text = if is_last { text } else { text.trim_end_matches(NUMBER_ENDS) };
    match stop {
        Stop::Refused(error) => error,
        Stop::Page(error, page) => shape::refusal(file, &page, "a page of usage", error),
        Stop::Json(error) => match refuse_zeros_behind(text.as_bytes(), file, begins) {
            Err(zeros) => zeros,
            Ok(()) if (!is_last || begins != TextPlace::START) && text.trim_start().is_empty() => {
                shape::not_expected(file, "a page of usage", error.behind(begins))
            }
            Ok(()) => shape::refusal(file, text, "a page of usage", error.behind(begins)),
        },
        Stop::Incomplete | Stop::GivesUp => shape::refusal(file, text, "a page of usage", JsonError::NotUsage),
    }
}

/// The rows of one piece, each handed to a function.
struct EachRow<'t, F> {
    text: &'t str,
    rows: u32,
    each: F,
}

impl<F: FnMut(&RawValue, RowOrOther<'_>) -> Result<()>> TakesRows for EachRow<'_, F> {
    fn known(&mut self, _text: &str, _stands: Stands) -> Result<Option<usize>, Stop> {
        Ok(None)
    }

    fn item(&mut self, raw: &RawValue, stands: Stands) -> Result<(), Stop> {
        if stands == Stands::Alone || stands == Stands::InList && raw.get().starts_with('{') {
            // Its errors say what it is.
            UsagePage::parse(self.text, raw)?;
        }
        let element = match json::row(raw) {
            Some((shape, line)) => Ok((of_standing(shape, stands), line)),
            None if stands == Stands::Alone => return Err(Stop::Json(JsonError::NotUsage)),
            None => Err(raw.get()),
        };
        self.rows += 1;
        (self.each)(raw, element).map_err(Stop::Refused)
    }

    fn rows(&self) -> u32 {
        self.rows
    }
}

/// The first pass: what all rows together say.
struct Surveyed {
    survey: Survey,
    structure: Structure,
    rows: usize,
    /// How many are no rows of usage, and the first of them.
    others: usize,
    first_other: Option<String>,
}

impl Surveyed {
    fn new(is_alone: bool) -> Self {
        let structure = Structure::new(is_alone);
        Self { survey: Survey::default(), structure, rows: 0, others: 0, first_other: None }
    }
}

impl Visits for Surveyed {
    fn visit(&mut self, of: OfFile<'_>, text: &str, inside: Inside, is_last: bool) -> Result<ScannedPiece, Stop> {
        let mut fingerprints = Vec::new();
        let each = |raw: &RawValue, element: RowOrOther<'_>| {
            fingerprints.push(Fingerprint::of(raw.get().as_bytes()));
            self.rows += 1;
            match element {
                Ok((_, row)) => self.survey.note_row(&row),
                Err(other) => {
                    self.others += 1;
                    self.first_other.get_or_insert_with(|| other.to_owned());
                }
            }
            Ok(())
        };
        let scanned = scan(text, inside, is_last, &mut EachRow { text, rows: 0, each })?;
        let rows = OfRows::Fingerprints(&fingerprints);
        self.structure.take(of.file, (text, &scanned), rows, false).map_err(Stop::Refused)?;
        Ok(scanned)
    }
}

/// The second pass: the lines.
struct Reread<'a> {
    decided: Decided,
    lines: &'a mut FileLines,
}

impl Visits for Reread<'_> {
    fn visit(&mut self, of: OfFile<'_>, text: &str, inside: Inside, is_last: bool) -> Result<ScannedPiece, Stop> {
        let mut piece = FileLines { shape: self.lines.shape, ..FileLines::unread(of.file) };
        let mut reader = LineReader::new(of.file, of.of_stamp.texts, &mut piece, self.decided.dialect.clone())
            .behind(self.lines.read.lines as u32);
        let each = |_: &RawValue, element: RowOrOther<'_>| match element {
            Ok((shape, row)) => reader.read(shape, &row),
            Err(other) => reader.set_aside_text(other),
        };
        let scanned = scan(text, inside, is_last, &mut EachRow { text, rows: 0, each })?;
        reader.finish();
        self.lines.absorb(piece, 0, of.of_stamp.days).map_err(Stop::Refused)?;
        Ok(scanned)
    }
}
