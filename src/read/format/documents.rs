//! The structure of JSON around rows, read piece by piece: documents, pages, lists.
//!
//! ```text
//! {"value":[row,row,   row,row],"nextLink":…}   {"value":[…   [{"value":[…
//! Nothing → Rows       Rows                     Nothing       List → Rows
//! ```
//! A piece begins where the one before it ended, and ends behind the last row, page or list that is whole in it. What
//! it is [`Inside`] of goes from piece to piece, so that no page and no list has to be in memory as a whole.
//!
//! **Invariant:** however a text is cut into pieces, the rows and what stands around them are those of
//! [`JsonFile`](super::json::JsonFile), which reads whole texts. `tests/law/readers.rs` compares the two.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::encoding::{TextPlace, place_in};
use super::json::{UsagePage, has_next};
use super::json_error::JsonError;
use super::spelling;
use crate::error::Error;

/// What may stand between the parts of JSON.
pub(in crate::read) const BLANKS: [char; 4] = [' ', '\n', '\r', '\t'];

/// What a piece of a text begins or ends inside of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::read) enum Inside {
    Nothing,
    /// A list that is a document: of rows, or of pages.
    List(Spot),
    /// The rows of a page, whose text up to them is `head`.
    Rows {
        head: Arc<str>,
        in_list: bool,
        spot: Spot,
    },
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) enum Spot {
    /// Behind its `[`.
    First,
    /// Behind a comma.
    Item,
    /// Behind an item.
    Behind,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) enum Stands {
    InPage,
    InList,
    Alone,
}

/// Why reading stops before the end of a piece.
#[derive(Debug)]
pub(in crate::read) enum Stop {
    /// The piece ends within something.
    Incomplete,
    /// The text is not what it should be.
    Json(JsonError),
    /// A page, which is this text but for its rows, is not what it should be.
    Page(JsonError, String),
    /// A row is not what it should be.
    Refused(Error),
    /// Another reader has to read the file.
    GivesUp,
}

impl From<JsonError> for Stop {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

/// What takes the rows.
pub(in crate::read) trait TakesRows {
    /// The bytes of the row that a text begins with, if it is a known one. It is taken then.
    fn known(&mut self, text: &str, stands: Stands) -> Result<Option<usize>, Stop>;

    /// Takes a row, or whatever else stands in the place of one.
    fn item(&mut self, raw: &RawValue, stands: Stands) -> Result<(), Stop>;

    /// How many rows were taken.
    fn rows(&self) -> u32;
}

/// What was found in a piece, beside its rows.
#[derive(Debug)]
pub(in crate::read) struct ScannedPiece {
    /// How many bytes were read.
    pub bytes: usize,
    /// What the piece ends inside of.
    pub inside: Inside,
    /// The documents that begin in it.
    pub documents: usize,
    pub rows: u32,
    /// Those that stand alone.
    pub loose: usize,
    pub marks: Vec<Mark>,
}

/// The begin or end of a page or list.
#[derive(Debug)]
pub(in crate::read) struct Mark {
    pub kind: MarkKind,
    /// Its place in the piece: that of the first byte, or behind the last one.
    pub at: usize,
    /// The rows of the piece that stand before it.
    pub rows: u32,
}

#[derive(Debug)]
pub(in crate::read) enum MarkKind {
    PageBegins,
    /// With the link to the next page, if it has one.
    PageEnds(Option<Box<RawValue>>),
    ListBegins,
    ListEnds,
}

/// Reads a piece of a text, which begins inside of `inside`.
///
/// # Errors
/// The text is not as it should be, or `takes` stops it.
pub(in crate::read) fn scan(
    text: &str,
    inside: Inside,
    is_last: bool,
    takes: &mut impl TakesRows,
) -> Result<ScannedPiece, Stop> {
    let found = ScannedPiece { bytes: 0, inside, documents: 0, rows: 0, loose: 0, marks: Vec::new() };
    let mut scan = Scan { text, at: 0, is_last, found, takes };
    loop {
        match scan.step() {
            Ok(true) => scan.found.bytes = scan.at,
            Ok(false) => break,
            Err(Stop::Incomplete) if !is_last => break,
            Err(Stop::Incomplete) => return Err(cut_off(text)),
            Err(stop) => return Err(stop),
        }
    }
    Ok(ScannedPiece { rows: scan.takes.rows(), ..scan.found })
}

/// The bytes of the page that a text begins with up to its first row, if one does.
pub(in crate::read) fn head_of_page(text: &str) -> Option<usize> {
    start_of_rows(text, false).ok().flatten().map(|rows| rows + 1)
}

/// The error of a text that ends within something.
fn cut_off(text: &str) -> Stop {
    let error = serde_json::from_str::<serde::de::IgnoredAny>("[").expect_err("it is no list");
    let TextPlace { line, column } = place_in(text.as_bytes());
    // As parsers do, it names the last character, and not the one behind it.
    Stop::Json(JsonError::Malformed { error, place: TextPlace { line, column: column - 1 } })
}

struct Scan<'t, 'r, R> {
    text: &'t str,
    at: usize,
    is_last: bool,
    found: ScannedPiece,
    takes: &'r mut R,
}

impl<'t, R: TakesRows> Scan<'t, '_, R> {
    /// Reads up to behind the next row, or the begin or end of something; `false` at the end of the text.
    fn step(&mut self) -> Result<bool, Stop> {
        self.skip_blanks();
        // Blanks between things are done with.
        self.found.bytes = self.at;
        let (spot, in_rows) = match &self.found.inside {
            Inside::Nothing => {
                let Some(byte) = self.byte() else { return Ok(false) };
                if byte == b'[' {
                    self.found.documents += 1;
                    self.mark(MarkKind::ListBegins);
                    self.at += 1;
                    self.found.inside = Inside::List(Spot::First);
                } else {
                    self.item(Stands::Alone)?;
                    self.found.documents += 1;
                }
                return Ok(true);
            }
            Inside::List(spot) => (*spot, false),
            Inside::Rows { spot, .. } => (*spot, true),
        };
        match (self.byte().ok_or(Stop::Incomplete)?, spot) {
            (b']', Spot::First | Spot::Behind) if in_rows => self.end_of_page()?,
            (b']', Spot::First | Spot::Behind) => {
                self.at += 1;
                self.mark(MarkKind::ListEnds);
                self.found.inside = Inside::Nothing;
            }
            (b',', Spot::Behind) => {
                self.at += 1;
                self.set_spot(Spot::Item);
            }
            (_, Spot::Behind) => return Err(self.malformed("[0 0]")),
            (b']', Spot::Item) => return Err(self.malformed("[0,]")),
            (_, Spot::First | Spot::Item) => {
                self.set_spot(Spot::Behind);
                if let Err(stop) = self.item(if in_rows { Stands::InPage } else { Stands::InList }) {
                    self.set_spot(spot);
                    return Err(stop);
                }
            }
        }
        Ok(true)
    }

    fn set_spot(&mut self, to: Spot) {
        if let Inside::List(spot) | Inside::Rows { spot, .. } = &mut self.found.inside {
            *spot = to;
        }
    }

    /// Reads a row, or what stands in its place: the begin of a page, too.
    fn item(&mut self, stands: Stands) -> Result<(), Stop> {
        let rest = &self.text[self.at..];
        if let Some(bytes) = self.takes.known(rest, stands)? {
            self.at += bytes;
            self.found.loose += usize::from(stands == Stands::Alone);
            return Ok(());
        }
        if stands != Stands::InPage
            && let Some(rows) = start_of_rows(rest, self.is_last).map_err(|stop| self.behind(stop))?
        {
            self.mark(MarkKind::PageBegins);
            let head = rest[..=rows].into();
            self.at += rows + 1;
            self.found.inside = Inside::Rows { head, in_list: stands == Stands::InList, spot: Spot::First };
            return Ok(());
        }
        let (raw, end) = self.value(self.at)?;
        self.takes.item(raw, stands)?;
        self.at = end;
        self.found.loose += usize::from(stands == Stands::Alone);
        Ok(())
    }

    /// Reads from behind the last row of a page to behind its end.
    fn end_of_page(&mut self) -> Result<(), Stop> {
        let Inside::Rows { head, in_list, .. } = &self.found.inside else { return Err(Stop::GivesUp) };
        let rows_end = self.at + 1;
        let mut at = rows_end;
        loop {
            at += blanks(&self.text[at..]);
            match self.text.as_bytes().get(at) {
                Some(b'}') => break,
                Some(b',') => {
                    at += 1;
                    at += blanks(&self.text[at..]);
                    let (_, value) = self.member(at)?;
                    (_, at) = self.value(value)?;
                }
                Some(_) => return Err(self.malformed_at("{\"a\":0 0}", at)),
                None => return Err(Stop::Incomplete),
            }
        }
        at += 1;
        let tail = &self.text[rows_end..at];
        // The page without its rows is a small one.
        let small = format!("{head}]{tail}");
        let object: &RawValue = serde_json::from_str(&small).map_err(|error| self.of_page(error, &small, tail))?;
        let page = match UsagePage::parse(&small, object) {
            Ok(page) => page.ok_or(Stop::GivesUp)?,
            Err(JsonError::Malformed { error, .. }) => return Err(self.of_page(error, &small, tail)),
            Err(error) => return Err(Stop::Page(error, small)),
        };
        let next_link = page.next_link.filter(|link| has_next(Some(link))).map(ToOwned::to_owned);
        let inside = if *in_list { Inside::List(Spot::Behind) } else { Inside::Nothing };
        self.at = at;
        self.mark(MarkKind::PageEnds(next_link));
        self.found.inside = inside;
        Ok(())
    }

    /// The name of a member behind the rows, and where its value begins.
    fn member(&self, at: usize) -> Result<(String, usize), Stop> {
        if self.text[at..].starts_with('"') {
            let (name, behind) = self.value(at)?;
            let colon = behind + blanks(&self.text[behind..]);
            match self.text.as_bytes().get(colon) {
                Some(b':') => return Ok((name.get().to_owned(), colon + 1 + blanks(&self.text[colon + 1..]))),
                Some(_) => return Err(self.malformed_at("{\"a\" 0}", colon)),
                None => return Err(Stop::Incomplete),
            }
        }
        if at == self.text.len() { Err(Stop::Incomplete) } else { Err(self.malformed_at("{\"a\":0,0}", at)) }
    }

    /// The error of a page, with its place in the piece.
    fn of_page(&self, error: serde_json::Error, small: &str, tail: &str) -> Stop {
        let before: usize = small.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
        let behind_rows = (before + error.column()).saturating_sub(small.len() - tail.len());
        let place = place_in(&self.text.as_bytes()[..self.at + 1 + behind_rows.saturating_sub(1)]);
        Stop::Json(JsonError::Malformed { error, place })
    }

    /// The JSON value that begins at a place, and where it ends.
    fn value(&self, at: usize) -> Result<(&'t RawValue, usize), Stop> {
        value(self.text, at, self.is_last)
    }

    /// A stop within the text behind what was read, with its place in the whole text.
    fn behind(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Json(error) => Stop::Json(error.behind(place_in(&self.text.as_bytes()[..self.at]))),
            other => other,
        }
    }

    /// The error that a parser has of such JSON, at the place that was read up to.
    fn malformed(&self, like: &str) -> Stop {
        self.malformed_at(like, self.at)
    }

    fn malformed_at(&self, like: &str, at: usize) -> Stop {
        let error = serde_json::from_str::<serde::de::IgnoredAny>(like).expect_err("it is malformed");
        let end = (at + 1).min(self.text.len());
        let TextPlace { line, column } = place_in(&self.text.as_bytes()[..end]);
        let place = TextPlace { line, column: column.saturating_sub(1).max(1) };
        Stop::Json(JsonError::Malformed { error, place })
    }

    fn mark(&mut self, kind: MarkKind) {
        let rows = self.takes.rows();
        self.found.marks.push(Mark { kind, at: self.at, rows });
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        self.at += blanks(&self.text[self.at..]);
    }
}

/// Where the `[` of the rows is, of the page that a text begins with; `None` when it begins with none.
fn start_of_rows(text: &str, is_last: bool) -> Result<Option<usize>, Stop> {
    if !text.starts_with('{') {
        return Ok(None);
    }
    // What is no object is read as a whole: its error says what is wrong.
    let as_a_value = || value(text, 0, is_last).map(|_| None);
    let mut at = 1;
    loop {
        at += blanks(&text[at..]);
        match text.as_bytes().get(at) {
            None => return Err(Stop::Incomplete),
            Some(b'"') => {}
            Some(b'}') => return Ok(None),
            Some(_) => return as_a_value(),
        }
        let (name, behind) = value(text, at, is_last)?;
        at = behind + blanks(&text[behind..]);
        match text.as_bytes().get(at) {
            None => return Err(Stop::Incomplete),
            Some(b':') => at += 1,
            Some(_) => return as_a_value(),
        }
        at += blanks(&text[at..]);
        if text[at..].starts_with('[')
            && let Ok(name) = serde_json::from_str::<Cow<'_, str>>(name.get())
            && matches!(spelling::bare(&name).as_str(), "value" | "usageaggregations")
        {
            return Ok(Some(at));
        }
        (_, at) = value(text, at, is_last)?;
        at += blanks(&text[at..]);
        match text.as_bytes().get(at) {
            None => return Err(Stop::Incomplete),
            Some(b',') => at += 1,
            Some(b'}') => return Ok(None),
            Some(_) => return as_a_value(),
        }
    }
}

/// The JSON value that begins at a place of a text, and where it ends.
fn value(text: &str, at: usize, is_last: bool) -> Result<(&RawValue, usize), Stop> {
    let rest = &text[at..];
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    match values.next() {
        None => Err(Stop::Incomplete),
        Some(Ok(value)) => {
            let end = at + values.byte_offset();
            // A number might go on behind the piece.
            let is_open = end == text.len() && !is_last && !value.get().ends_with(['"', '}', ']']);
            if is_open { Err(Stop::Incomplete) } else { Ok((value, end)) }
        }
        Some(Err(error)) if !is_last && (error.is_eof() || is_at_its_end(&error, rest)) => Err(Stop::Incomplete),
        Some(Err(error)) => {
            let begins = place_in(&text.as_bytes()[..at]);
            let place = TextPlace { line: error.line(), column: error.column() }.behind(begins);
            Err(Stop::Json(JsonError::Malformed { error, place }))
        }
    }
}

/// Whether an error is at the end of the text: to the parser, a number or a word that is cut off is a wrong one.
fn is_at_its_end(error: &serde_json::Error, text: &str) -> bool {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    before + error.column() >= text.len()
}

/// The bytes of blanks at the start of a text.
pub(in crate::read) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(BLANKS).len()
}
