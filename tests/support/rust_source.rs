//! Our own sources, for the guards: their files, and a scanner that tells code, texts and comments apart.

use std::fs;
use std::path::{Path, PathBuf};

use super::project;

/// The files of `src`, by their names from the project's folder, such as `src/read/root.rs`, in order.
pub fn sources() -> Vec<(String, String)> {
    sources_below("src")
}

/// The same of any folder of the project, less what was built there.
pub fn sources_below(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&project().join(folder), &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(project()).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    found.into_iter().map(read).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Sign(char),
    /// A text, with its escapes undone.
    Text(String),
}

/// The tokens of a source with their lines, less comments and characters.
pub fn tokens(source: &str) -> Vec<(Token, usize)> {
    let mut line = 1;
    let mut found = Vec::new();
    for (kind, piece) in pieces(source) {
        match kind {
            Piece::Word => found.push((Token::Word(piece.to_owned()), line)),
            Piece::Sign => found.push((Token::Sign(piece.chars().next().unwrap()), line)),
            Piece::Text => found.push((Token::Text(unescaped(piece)), line)),
            Piece::RawText => {
                let bare = piece.trim_start_matches(['b', 'r']).trim_matches('#');
                found.push((Token::Text(bare[1..bare.len() - 1].to_owned()), line));
            }
            Piece::Comment | Piece::Character | Piece::Blank => {}
        }
        line += piece.matches('\n').count();
    }
    found
}

/// The texts of a source with their lines.
pub fn texts(source: &str) -> impl Iterator<Item = (String, usize)> {
    tokens(source).into_iter().filter_map(|(token, line)| match token {
        Token::Text(text) => Some((text, line)),
        Token::Word(_) | Token::Sign(_) => None,
    })
}

/// A source without comments, and with `""` for each text and character. Its lines stay.
pub fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    for (kind, piece) in pieces(source) {
        match kind {
            Piece::Word | Piece::Sign | Piece::Blank => code.push_str(piece),
            Piece::Comment => {}
            Piece::Text | Piece::RawText | Piece::Character => {
                code.push_str("\"\"");
                code.extend(piece.chars().filter(|sign| *sign == '\n'));
            }
        }
    }
    code
}

/// Whether a name may hold it.
pub fn is_of_a_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

#[derive(Clone, Copy)]
enum Piece {
    Blank,
    Comment,
    Word,
    Sign,
    Character,
    Text,
    RawText,
}

/// A source in pieces: all of it, in order.
fn pieces(source: &str) -> Vec<(Piece, &str)> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(first) = rest.chars().next() {
        let (kind, length) = if rest.starts_with("//") {
            (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if let Some(length) = raw_text(rest) {
            (Piece::RawText, length)
        } else if first == '"' {
            (Piece::Text, quoted(rest))
        } else if let Some(length) = character(rest) {
            (Piece::Character, length)
        } else if is_of_a_name(first) {
            (Piece::Word, rest.find(|sign| !is_of_a_name(sign)).unwrap_or(rest.len()))
        } else if first.is_whitespace() {
            (Piece::Blank, first.len_utf8())
        } else {
            (Piece::Sign, first.len_utf8())
        };
        let (piece, after) = rest.split_at(length);
        found.push((kind, piece));
        rest = after;
    }
    found
}

/// The length of the `r#"…"#` or `br#"…"#` at the beginning.
fn raw_text(source: &str) -> Option<usize> {
    let marked = source.strip_prefix("br").or_else(|| source.strip_prefix('r'))?;
    let before = source.len() - marked.len();
    let body = marked.trim_start_matches('#');
    let hashes = marked.len() - body.len();
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.strip_prefix('"')?.find(&end).expect("a text that nothing ends");
    Some(before + hashes + 1 + length + end.len())
}

/// The length of the `"…"` at the beginning.
fn quoted(source: &str) -> usize {
    let mut is_escaped = false;
    let end = source[1..].find(|sign| {
        let is_end = sign == '"' && !is_escaped;
        is_escaped = sign == '\\' && !is_escaped;
        is_end
    });
    end.expect("a text that nothing ends") + 2
}

/// The length of the `'…'` at the beginning; a lifetime has no second quote.
fn character(source: &str) -> Option<usize> {
    let sign = source.strip_prefix('\'')?.chars().next()?;
    match sign {
        '\\' => source[3..].find('\'').map(|end| end + 4),
        _ => source[1 + sign.len_utf8()..].starts_with('\'').then(|| sign.len_utf8() + 2),
    }
}

/// What a `"…"` stands for.
fn unescaped(quoted: &str) -> String {
    let (mut text, mut rest) = (String::new(), &quoted[1..quoted.len() - 1]);
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        if first != '\\' {
            text.push(first);
            continue;
        }
        let escaped = rest.chars().next().unwrap();
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            'n' => text.push('\n'),
            '\n' => rest = rest.trim_start(),
            'u' => rest = &rest[rest.find('}').unwrap() + 1..],
            other => text.push(other),
        }
    }
    text
}
