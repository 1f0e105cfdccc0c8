//! The layout of text for people: as wide as the terminal, and no wider.
//!
//! ```text
//! wide enough            narrower                 narrower still
//!
//! meter     amount       meter        amount      Base VM Size Hours
//! Base VM…  1.25 USD     Base VM    1.25 USD        amount  1.25 USD
//!                        Size Hours
//! ```
//! It counts terminal columns, not characters: wide characters take two, combining ones none. A figure or an id is
//! never cut; where it is wider than the terminal, so is its line. A path may be broken after any of its slashes.

use std::io::IsTerminal;

use terminal_size::terminal_size_of;
use textwrap::WrapAlgorithm;
use textwrap::core::Word;

use crate::domain::shown::printable;

/// Blanks between two columns of a table.
const GAP: usize = 2;
/// How far continuation lines are indented.
const HANGING: usize = 2;
/// The most columns of prose, even on a wider screen.
const PROSE_MAX: usize = 120;
/// No figure and no id is wider than this; a word that is may be broken anywhere.
const WHOLE_MAX: usize = 40;
/// A column of text is not made narrower than this.
const TEXT_MIN: usize = 12;
/// A row that would take more lines than this is shown as a record.
const ROW_LINES_MAX: usize = 4;

/// The number of columns to write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width(usize);

impl Width {
    /// The width of everything that is not shown on a terminal, so that it is the same everywhere.
    pub const OF_A_FILE: Self = Self(120);
    /// The least width that anything can be laid out in.
    const MIN: usize = 40;

    pub fn new(columns: usize) -> Self {
        Self(columns.max(Self::MIN))
    }

    /// The width of standard output: that of the environment variable COLUMNS, else that of the terminal, else that of
    /// a file.
    pub fn of_stdout() -> Self {
        let from_environment =
            std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|&columns| columns > 0);
        let from_terminal = || {
            let stdout = std::io::stdout();
            let (width, _) = terminal_size_of(&stdout).filter(|_| stdout.is_terminal())?;
            Some(usize::from(width.0)).filter(|&columns| columns > 0)
        };
        from_environment.or_else(from_terminal).map_or(Self::OF_A_FILE, Self::new)
    }

    pub const fn columns(self) -> usize {
        self.0
    }
}

/// A text that is laid out line by line.
#[derive(Debug)]
pub struct Page {
    text: String,
    width: Width,
}

impl Page {
    pub const fn new(width: Width) -> Self {
        Self { text: String::new(), width }
    }

    pub const fn width(&self) -> Width {
        self.width
    }

    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn finish(self) -> String {
        self.text
    }

    /// A line that is laid out already.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// An empty line, unless there is one already or the page is empty.
    pub fn gap(&mut self) {
        if !self.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A text whose continuation lines are indented further.
    pub fn paragraph(&mut self, indent: usize, text: &str) {
        let text = clean(text);
        let width = self.prose().saturating_sub(indent);
        for (at, line) in wrapped(&text, width, width.saturating_sub(HANGING)).into_iter().enumerate() {
            let hanging = if at == 0 { 0 } else { HANGING };
            self.line(&format!("{:blanks$}{line}", "", blanks = indent + hanging));
        }
    }

    /// A value after its label, in a column of this width. Blanks before the value indent all of its lines.
    pub fn entry(&mut self, indent: usize, label: &str, label_width: usize, value: &str) {
        let label = clean(label);
        let left = indent + label_width.max(display_width(&label)) + 2;
        let value = clean(value);
        let inset = value.len() - value.trim_start().len();
        let width = self.prose().saturating_sub(left + inset);
        let mut head = format!("{:indent$}{label}", "");
        for line in wrapped(value.trim_start(), width, width) {
            self.line(&format!("{}{line}", padded(&head, left + inset)));
            head.clear();
        }
    }

    /// A command to copy: on one line, or where that is too long, one part on each line, joined as a shell continues
    /// them.
    pub fn command(&mut self, indent: usize, parts: &[String]) {
        // A flag that has no room beside its value is put on the line above it.
        let has_room = |part: &str| indent + HANGING + display_width(part) + 2 <= self.width.columns();
        let words = |part: String| match part.split_once(' ') {
            Some((flag, value)) if flag.starts_with("--") && !has_room(&part) => {
                vec![flag.to_owned(), value.to_owned()]
            }
            _ => vec![part],
        };
        let parts: Vec<String> = parts.iter().flat_map(|part| words(clean(part))).collect();
        let whole = parts.join(" ");
        let is_long = indent + display_width(&whole) > self.width.columns();
        let lines = if is_long { parts.join(" \\\n") } else { whole };
        for (at, line) in lines.lines().enumerate() {
            let hanging = if at == 0 { 0 } else { HANGING };
            self.line(&format!("{:blanks$}{line}", "", blanks = indent + hanging));
        }
    }

    /// Items beside each other, or below each other where they do not fit.
    pub fn items(&mut self, indent: usize, items: &[String], gap: usize) {
        let items: Vec<String> = items.iter().map(|item| clean(item)).filter(|item| !item.is_empty()).collect();
        self.flow(indent, indent, &items, gap);
    }

    /// The same, for items that may be styled, and so must not contain texts from the input. Continuation lines are
    /// indented by `hanging` columns.
    pub fn flow(&mut self, indent: usize, hanging: usize, items: &[String], gap: usize) {
        let mut line = " ".repeat(indent);
        let mut is_begun = false;
        for item in items {
            let wide = display_width(&line) + gap + display_width(item);
            if is_begun && wide > self.width.columns() {
                self.line(&line);
                line = " ".repeat(hanging);
            } else if is_begun {
                line.push_str(&" ".repeat(gap));
            }
            line.push_str(item);
            is_begun = true;
        }
        self.line(&line);
    }

    /// The rows of a table: side by side where they fit, with wrapped texts where that helps, else as records.
    pub fn table<const N: usize>(&mut self, indent: usize, table: &TextTable<N>) {
        let shown = table.shown();
        let room = self.width.columns().saturating_sub(indent);
        match table.widths(&shown, room) {
            Some(widths) => self.rows(indent, table, &shown, &widths),
            None => self.records(indent, table, &shown),
        }
    }

    fn rows<const N: usize>(&mut self, indent: usize, table: &TextTable<N>, shown: &[usize], widths: &[usize]) {
        for row in table.all_rows() {
            let cells: Vec<Vec<String>> =
                shown.iter().zip(widths).map(|(&at, &width)| wrapped(&row[at], width, width)).collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
            for number in 0..lines {
                let mut line = " ".repeat(indent);
                for ((cell, &width), &at) in cells.iter().zip(widths).zip(shown) {
                    let part = cell.get(number).map_or("", String::as_str);
                    let padding = " ".repeat(width.saturating_sub(display_width(part)));
                    let (before, behind) =
                        if table.columns[at].is_right { (padding, String::new()) } else { (String::new(), padding) };
                    line.push_str(&format!("{before}{part}{behind}{:GAP$}", ""));
                }
                self.line(&line);
            }
        }
    }

    /// A row as a record below its first cell: one line for each cell with a heading; a table without headings is laid
    /// out as a flow.
    fn records<const N: usize>(&mut self, indent: usize, table: &TextTable<N>, shown: &[usize]) {
        let heading = |at: &usize| table.columns[*at].heading;
        let label_width = shown.iter().skip(1).map(|at| display_width(heading(at))).max().unwrap_or(0);
        for row in &table.rows {
            if label_width == 0 {
                let cells: Vec<String> =
                    shown.iter().map(|&at| row[at].clone()).filter(|cell| !cell.is_empty()).collect();
                self.flow(indent, indent + HANGING, &cells, GAP);
                continue;
            }
            let mut cells = shown.iter().filter(|&&at| !row[at].is_empty());
            if let Some(&title) = cells.next() {
                self.paragraph(indent, &row[title]);
            }
            for at in cells {
                self.entry(indent + HANGING, heading(at), label_width, &row[*at]);
            }
        }
    }

    fn prose(&self) -> usize {
        self.width.columns().min(PROSE_MAX)
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn {
    heading: &'static str,
    is_right: bool,
    /// Whether its cells may take several lines.
    wraps: bool,
}

impl TextColumn {
    /// Numbers, aligned right and never cut.
    pub const fn figure(heading: &'static str) -> Self {
        Self { heading, is_right: true, wraps: false }
    }

    /// Numbers with their units.
    pub const fn quantity(heading: &'static str) -> Self {
        Self { heading, is_right: true, wraps: true }
    }

    /// Ids, days, places: never cut.
    pub const fn whole(heading: &'static str) -> Self {
        Self { heading, is_right: false, wraps: false }
    }

    pub const fn text(heading: &'static str) -> Self {
        Self { heading, is_right: false, wraps: true }
    }
}

/// Rows of N cells; the first cell names its row. Columns whose cells are all empty are left out.
#[derive(Clone, Debug)]
pub struct TextTable<const N: usize> {
    columns: [TextColumn; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> TextTable<N> {
    pub fn new(columns: [TextColumn; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let clean_row = |row: [String; N]| row.map(|cell| clean(&cell));
        Self { columns, rows: rows.into_iter().map(clean_row).collect() }
    }

    fn shown(&self) -> Vec<usize> {
        (0..N).filter(|&at| self.rows.iter().any(|row| !row[at].is_empty())).collect()
    }

    /// The headings, if there are any, and the rows.
    fn all_rows(&self) -> Vec<[String; N]> {
        let headings = self.columns.map(|column| column.heading.to_owned());
        let headings = Some(headings).filter(|headings| headings.iter().any(|heading| !heading.is_empty()));
        headings.into_iter().chain(self.rows.iter().cloned()).collect()
    }

    /// The width of each column that is shown; `None`: they do not fit side by side.
    fn widths(&self, shown: &[usize], room: usize) -> Option<Vec<usize>> {
        let rows = self.all_rows();
        let widest =
            |at: usize, measure: &dyn Fn(&str) -> usize| rows.iter().map(|row| measure(&row[at])).max().unwrap_or(0);
        let mut widths: Vec<usize> = shown.iter().map(|&at| widest(at, &display_width)).collect();
        let least = |&at: &usize| {
            let whole = widest(at, &display_width);
            let word = widest(at, &|cell| {
                pieces(cell, WHOLE_MAX).iter().map(|piece| display_width(piece.word)).max().unwrap_or(0)
            });
            if self.columns[at].wraps { word.max(TEXT_MIN).min(whole) } else { whole }
        };
        let least: Vec<usize> = shown.iter().map(least).collect();
        let room = room.checked_sub(GAP * shown.len().saturating_sub(1))?;
        while widths.iter().sum::<usize>() > room {
            let widest = (0..widths.len()).filter(|&at| widths[at] > least[at]).max_by_key(|&at| widths[at])?;
            widths[widest] -= 1;
        }
        let lines = |row: &[String; N]| {
            let lines_of_cell = |(&at, &width): (&usize, &usize)| wrapped(&row[at], width, width).len();
            shown.iter().zip(&widths).map(lines_of_cell).max().unwrap_or(0)
        };
        rows.iter().all(|row| lines(row) <= ROW_LINES_MAX).then_some(widths)
    }
}

/// A text from the input, on one line, and safe for a terminal.
pub fn clean(text: &str) -> String {
    let is_break = |character: char| {
        matches!(character, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    printable(&text.replace(is_break, " ")).trim_end().to_owned()
}

/// A text, padded with blanks to this many columns.
fn padded(text: &str, columns: usize) -> String {
    format!("{text}{:blanks$}", "", blanks = columns.saturating_sub(display_width(text)))
}

/// The lines of a text: the first at most `first` columns wide, all others at most `others`.
fn wrapped(text: &str, first: usize, others: usize) -> Vec<String> {
    let pieces = pieces(text, first.min(others));
    let line = |words: &[Word<'_>]| {
        let mut line: String = words.iter().flat_map(|word| [word.word, word.whitespace]).collect();
        line.truncate(line.trim_end().len());
        line
    };
    WrapAlgorithm::FirstFit.wrap(&pieces, &[first, others]).into_iter().map(line).collect()
}

/// The pieces after which a line may end: words, folders of a path that is wider than `room`, and characters of scripts
/// without blanks.
fn pieces(text: &str, room: usize) -> Vec<Word<'_>> {
    let mut pieces = Vec::new();
    for word in text.split_inclusive(' ') {
        let word_width = display_width(word.trim_end());
        let mut start = 0;
        let mut before: Option<char> = None;
        for (at, character) in word.char_indices() {
            let is_wide = |candidate: char| columns_of(candidate) > 1;
            let may_end = before.is_some_and(|before| {
                let is_overlong = before == '/' || display_width(&word[start..at]) >= WHOLE_MAX;
                word_width > room && is_overlong || is_wide(before) || is_wide(character)
            });
            // A blank, and what combines with the character before it, stays with that character.
            if may_end && character != ' ' && columns_of(character) > 0 {
                pieces.push(Word::from(&word[start..at]));
                start = at;
            }
            before = Some(character);
        }
        pieces.push(Word::from(&word[start..]));
    }
    pieces
}

fn columns_of(character: char) -> usize {
    display_width(character.encode_utf8(&mut [0; 4]))
}

/// How many columns a text takes on a terminal. Escape sequences take none.
pub(super) fn display_width(text: &str) -> usize {
    // Nearly all text is of characters that take one each.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) { text.len() } else { textwrap::core::display_width(text) }
}
