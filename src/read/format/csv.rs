//! Tables of text: RFC 4180, and what Windows makes of it.
//!
//! ```text
//! #TYPE Microsoft.AzureStack…        Export-Csv of Windows PowerShell says the type of its rows first
//! "MeterId";"tags";…                 the header; `,`, `;` or a tab between the cells
//! "b4438d5d…";"{""a"":""1;2""}";…    a doubled quote is one; a quoted cell may hold anything, line breaks too
//! ```
//! Every table is read here: usage, listings, and what operators write by hand. Cells are borrowed from the text, so a
//! cell costs a search for its end.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr2};

use super::spelling;
use crate::domain::shown;
use crate::error::{Error, Result};

/// The characters that may separate two cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A table: its header, and the text of its rows.
#[derive(Clone, Debug)]
pub struct CsvText<'a> {
    name: &'a str,
    text: &'a str,
    /// Where the rows begin.
    body: usize,
    /// The line of the file in which the text begins.
    first_line: usize,
    pub delimiter: u8,
    pub header: Vec<String>,
    header_lengths: u64,
}

/// The rows of a table, from the first. Blank lines and repeated headers are skipped.
#[derive(Debug)]
pub struct CsvRecords<'t, 'a> {
    table: &'t CsvText<'a>,
    /// Where the next row begins, and where the last one began.
    at: usize,
    start: usize,
    is_malformed: bool,
    /// Whether the header was repeated before the row that was read last.
    is_behind_header: bool,
    /// A place whose line number is known: the line of the next row is counted from there.
    counted: std::cell::Cell<(usize, usize)>,
}

/// One cell, as it stands in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Without the quotes around it, unless it holds doubled ones.
    source: &'a str,
}

impl<'a> Cell<'a> {
    /// What it says.
    pub fn text(self) -> Cow<'a, str> {
        match self.source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => Cow::Owned(inner.replace("\"\"", "\"")),
            None => Cow::Borrowed(self.source),
        }
    }

    /// The cell as it stands in the file. Equal cells of one file have equal sources, and this is cheaper than the
    /// text.
    pub fn source(self) -> &'a str {
        self.source
    }

    /// The cell whose [`source`](Self::source) this is.
    pub fn from_source(source: &'a str) -> Self {
        Self { source }
    }
}

impl<'a> CsvText<'a> {
    /// Reads the header of a table, called `name` in messages.
    ///
    /// # Errors
    /// The text is empty, its first row is no header, or the header names a column twice.
    pub fn parse(name: &'a str, text: &'a str) -> Result<Self> {
        Self::parse_from(name, text, 0)
    }

    /// The same for a table that begins at a place of its text.
    ///
    /// # Errors
    /// As [`CsvText::parse`].
    pub fn parse_from(name: &'a str, text: &'a str, from: usize) -> Result<Self> {
        let mut start = text.len() - text[from..].trim_start().len();
        if text[start..].starts_with("#TYPE") {
            start = text[start..].find('\n').map_or(text.len(), |end| start + end + 1);
        }
        // Excel reads this line as the name of the delimiter.
        if let Some(rest) = text[start..].strip_prefix("sep=") {
            start = text.len() - rest.find('\n').map_or(0, |end| rest.len() - end - 1);
        }
        if text[start..].trim().is_empty() {
            return Err(Error::input("an empty table").at(name).hint("its first line names the columns"));
        }
        if !text.contains('\n') && text.trim_end().contains('\r') {
            return Err(Error::input("lines that end with CR alone").at(name).hint(
                "save the table again with Windows or Unix line ends: in Excel as CSV UTF-8, not as CSV (Macintosh)",
            ));
        }
        let first_line = text[start..].trim_start().lines().next().unwrap_or_default();
        let occurs = |delimiter: &u8| first_line.bytes().filter(|byte| byte == delimiter).count();
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(occurs).unwrap_or(b',');
        let mut table =
            Self { name, text, body: start, first_line: 1, delimiter, header: Vec::new(), header_lengths: 0 };
        let mut cells = Vec::new();
        let mut rows = table.rows();
        rows.next(&mut cells)?;
        let body = rows.at;
        table.header = cells.iter().map(|cell| cell.text().trim().to_owned()).collect();
        table.body = body;
        let lengths = table.header.iter().map(String::len).filter(|length| *length < 64);
        table.header_lengths = lengths.fold(0, |bits, length| bits | 1 << length);
        table.refuse_twins(start)?;
        Ok(table)
    }

    /// Refuses two columns of the same name: it is unclear which one is meant.
    fn refuse_twins(&self, start: usize) -> Result<()> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let named = self.header.iter().enumerate().filter(|(_, name)| !name.is_empty());
        let twin = named.into_iter().find_map(|(at, name)| {
            let first = *places.entry(spelling::bare(name)).or_insert(at);
            (first < at).then_some((first, at, name))
        });
        twin.map_or(Ok(()), |(first, at, name)| {
            Err(Error::input(format!("columns {} and {} are both called {}", first + 1, at + 1, shown::quoted(name)))
                .at_line(self.name, self.line_at(start), 1)
                .hint("only one of them can be meant: export the table again, or delete the other"))
        })
    }

    /// The same table with rows from another place of its file: a text of whole rows, which begins in this line.
    pub fn with_rows<'b>(&self, text: &'b str, first_line: usize) -> CsvText<'b>
    where
        'a: 'b,
    {
        CsvText { text, body: 0, first_line, header: self.header.clone(), ..*self }
    }

    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The header as it stands in the file.
    pub fn header_text(&self) -> &'a str {
        let before = self.text[..self.body].trim_end_matches(['\r', '\n']);
        before.rsplit('\n').next().unwrap_or_default()
    }

    /// Where the rows begin in the text.
    pub fn body(&self) -> usize {
        self.body
    }

    /// The text below the header.
    pub fn body_text(&self) -> &'a str {
        &self.text[self.body..]
    }

    /// The place of the first column with one of these names. Case, `_`, `-` and blanks do not matter.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|column| names.iter().any(|name| spelling::is_same(column, name)))
    }

    pub fn rows(&self) -> CsvRecords<'_, 'a> {
        CsvRecords {
            table: self,
            at: self.body,
            start: self.body,
            is_malformed: false,
            is_behind_header: false,
            counted: std::cell::Cell::new((0, self.first_line)),
        }
    }

    /// The places of the columns of these names.
    pub fn columns<'n>(&'n self, names: &'n [&'n str]) -> impl Iterator<Item = usize> + 'n {
        names.iter().filter_map(|name| self.column(&[name]))
    }

    /// Whether the text ends with a line end. A truncated file seldom does.
    pub fn ends_with_a_line_end(&self) -> bool {
        self.text.ends_with(['\n', '\r'])
    }

    /// The line of the file at a place in its text, from 1.
    fn line_at(&self, at: usize) -> usize {
        newlines(&self.text.as_bytes()[..at]) + self.first_line
    }
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

impl<'a> CsvRecords<'_, 'a> {
    /// Puts the cells of the next row into `cells`; `false` when there is none.
    ///
    /// # Errors
    /// A double quote that is never closed, or a different header among the rows.
    pub fn next(&mut self, cells: &mut Vec<Cell<'a>>) -> Result<bool> {
        self.is_behind_header = false;
        loop {
            let rest = &self.table.text[self.at..];
            // Joined tables bring their byte order marks and headers along.
            self.at += if rest.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
            match rest.as_bytes().first() {
                None => return Ok(false),
                Some(b'\r' | b'\n') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            self.start = self.at;
            self.is_malformed = false;
            self.read_row(cells)?;
            let is_blank = cells[0].source().is_empty() && cells.iter().all(|cell| cell.source().trim().is_empty());
            if !is_blank {
                if !self.is_header(cells)? {
                    return Ok(true);
                }
                self.is_behind_header = true;
            }
        }
    }

    /// Whether the row repeats the header.
    ///
    /// # Errors
    /// It names the columns in another order: another table begins here.
    fn is_header(&self, cells: &[Cell<'_>]) -> Result<bool> {
        let header = &self.table.header;
        // A bit for each length that a column name has: this test rules out nearly every row.
        let length = cells.first().map_or(0, |cell| cell.source().len());
        if length >= 64 || self.table.header_lengths & 1 << length == 0 {
            return Ok(false);
        }
        let names = |cell: &Cell<'_>, name: &String| cell.text().trim().eq_ignore_ascii_case(name);
        let is_name =
            |cell: &Cell<'_>| header.iter().any(|name| name.len() == cell.source().len() && names(cell, name));
        if !cells.first().is_some_and(is_name) || !cells.iter().all(is_name) {
            return Ok(false);
        }
        if cells.len() == header.len() && cells.iter().zip(header).all(|(cell, name)| names(cell, name)) {
            return Ok(true);
        }
        Err(Error::input("another header among the rows, with its columns in another order")
            .at_line(self.table.name, self.line(), 1)
            .hint("two tables were joined: save each as a file of its own"))
    }

    /// The line on which the row that was read last begins, from 1.
    pub fn line(&self) -> usize {
        let (at, line) = self.counted.get();
        let line = line + newlines(&self.table.text.as_bytes()[at..self.start]);
        self.counted.set((self.start, line));
        line
    }

    /// The row that was read last, as it stands in the file.
    pub fn source(&self) -> &'a str {
        self.table.text[self.start..self.at].trim_end_matches(['\r', '\n'])
    }

    /// The same with its line end.
    pub fn whole_source(&self) -> &'a str {
        &self.table.text[self.start..self.at]
    }

    /// The text behind the row that was read last.
    pub fn rest(&self) -> &'a str {
        &self.table.text[self.at..]
    }

    /// Passes over a row of so many bytes, with its line end, that is known.
    pub fn pass(&mut self, bytes: usize) {
        self.is_behind_header = false;
        self.start = self.at;
        self.at += bytes;
    }

    /// Whether the header was repeated before that row.
    pub fn is_behind_header(&self) -> bool {
        self.is_behind_header
    }

    /// Whether a cell of that row has text behind its closing quote.
    pub fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    /// The place behind the row that was read last.
    pub fn place(&self) -> usize {
        self.at
    }

    /// Whether the row that was read last is the last of the text.
    pub fn is_at_end(&self) -> bool {
        self.at >= self.table.text.len()
    }

    fn read_row(&mut self, cells: &mut Vec<Cell<'a>>) -> Result<()> {
        cells.clear();
        let (text, delimiter) = (self.table.text, self.table.delimiter);
        let bytes = text.as_bytes();
        loop {
            let start = self.at;
            let (source, end) = if bytes.get(start) == Some(&b'"') { self.quoted(start)? } else { self.bare(start) };
            cells.push(Cell { source });
            self.at = (end + 1).min(bytes.len());
            if bytes.get(end) != Some(&delimiter) {
                return Ok(());
            }
        }
    }

    /// A cell without quotes, and where it ends. A CR before the line end belongs to that.
    fn bare(&self, start: usize) -> (&'a str, usize) {
        let text = self.table.text;
        let rest = &text.as_bytes()[start..];
        let end = memchr2(self.table.delimiter, b'\n', rest).map_or(text.len(), |length| start + length);
        let source = &text[start..end];
        let is_last = text.as_bytes().get(end) != Some(&self.table.delimiter);
        (source.strip_suffix('\r').filter(|_| is_last).unwrap_or(source), end)
    }

    /// A quoted cell, and where it ends: the text within the quotes, or with its quotes if it has doubled ones.
    fn quoted(&mut self, start: usize) -> Result<(&'a str, usize)> {
        let text = self.table.text;
        let bytes = text.as_bytes();
        let (mut at, mut is_doubled) = (start + 1, false);
        loop {
            let Some(length) = quote_in(&bytes[at..]) else {
                return Err(Error::input("a double quote that nothing closes")
                    .at_line(self.table.name, self.table.line_at(start), 1)
                    .hint(
                        "the file was cut off, or written by hand: a cell stands in two double quotes, and one within \
                         it is doubled",
                    ));
            };
            at += length + 1;
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            is_doubled = true;
            at += 1;
        }
        let inner = if is_doubled { &text[start..at] } else { &text[start + 1..at - 1] };
        let end = match bytes.get(at) {
            Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => at + 1,
            Some(b'\n') | None => at,
            Some(&byte) if byte == self.table.delimiter => at,
            // Text follows the closing quote: the cell is taken as it stands, quotes included.
            Some(_) => {
                self.is_malformed = true;
                let end = memchr2(self.table.delimiter, b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
                return Ok((&text[start..end], end));
            }
        };
        Ok((inner, end))
    }
}

/// Bytes searched eight at a time before [`memchr`] takes over: most cells end before `memchr` would have started.
const SHORT_CELL: usize = 32;

/// The place of the first double quote.
#[inline]
fn quote_in(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::MAX / 0xff;
    const HIGH: u64 = LOW << 7;
    let (words, _) = bytes[..bytes.len().min(SHORT_CELL)].as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        // A byte of `differs` is zero where a quote stands; the lowest such byte is found exactly.
        let differs = u64::from_le_bytes(*word) ^ (LOW * b'"' as u64);
        let found = differs.wrapping_sub(LOW) & !differs & HIGH;
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let looked_at = words.len() * 8;
    memchr(b'"', &bytes[looked_at..]).map(|at| looked_at + at)
}
