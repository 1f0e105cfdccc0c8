//! Input within texts for people: shortened, with invisible and misleading characters replaced by their names.
//!
//! ```
//! use stacktally::domain::shown;
//! assert_eq!(shown::value("12\u{202f}345"), "12<U+202F>345");
//! assert_eq!(shown::quoted("say \"so\"\n"), r#""say \"so\"\n""#);
//! assert_eq!(shown::value("5\u{430}b00000"), "5<U+0430>b00000", "a Cyrillic letter among Latin ones");
//! assert_eq!(shown::value("Контора Müller 株式会社"), "Контора Müller 株式会社", "names stay as they are");
//! assert_eq!(shown::list(["a", "b"]), "a, b");
//! ```
//! Every text from input goes through one of these functions before it is part of a message, a hint, a log or a
//! finding. The last guard, [`printable`], is for whole texts: it keeps letters, since most of them are the program's.

use std::fmt::Write;

/// Characters of one value that are shown.
pub const VALUE_CHARS: usize = 120;
/// Characters of a list of values that are shown, before the number of the rest.
pub const LIST_CHARS: usize = 300;
/// The longest line of a message, hint or sentence, in characters.
pub const TEXT_CHARS: usize = 4_000;

/// A value as it is in the input, without quotes around it.
pub fn value(text: &str) -> String {
    cut(text, VALUE_CHARS, &|place| place.is_hidden() || place.is_unusual_blank() || place.is_look_alike(), false)
}

/// The same in double quotes, with quotes within it escaped.
pub fn quoted(text: &str) -> String {
    let shown =
        cut(text, VALUE_CHARS, &|place| place.is_hidden() || place.is_unusual_blank() || place.is_look_alike(), true);
    match shown.strip_suffix('…') {
        Some(begin) if text.chars().nth(VALUE_CHARS).is_some() => format!("\"{begin}\"…"),
        _ => format!("\"{shown}\""),
    }
}

/// Text that others wrote, such as a service's answer or a parser's message.
pub fn passage(text: &str) -> String {
    cut(text, LIST_CHARS, &|place| place.is_hidden() || place.is_unusual_blank() || place.is_look_alike(), false)
}

/// The name of a file, never shortened: it must be possible to find the file.
pub fn path(text: &str) -> String {
    cut(text, usize::MAX, &|place| place.is_hidden() || place.is_unusual_blank() || place.is_look_alike(), false)
}

/// Whether a narrow encoding lost characters of a name: `M?ller`, `???? GmbH`, or U+FFFD.
///
/// ```
/// use stacktally::domain::shown::has_lost_characters;
/// assert!(has_lost_characters("M?ller") && has_lost_characters("Caf?") && has_lost_characters("??? GmbH"));
/// assert!(!has_lost_characters("Who knows ?") && !has_lost_characters("Müller"));
/// ```
pub fn has_lost_characters(name: &str) -> bool {
    let chars: Vec<char> = name.chars().collect();
    let is_lost = |at: usize| {
        let is_like_a_letter = |at: Option<usize>| {
            at.and_then(|at| chars.get(at)).is_some_and(|character| character.is_alphabetic() || *character == '?')
        };
        is_like_a_letter(at.checked_sub(1)) || is_like_a_letter(Some(at + 1))
    };
    chars
        .iter()
        .enumerate()
        .any(|(at, character)| *character == char::REPLACEMENT_CHARACTER || *character == '?' && is_lost(at))
}

/// `1 line`, `2 lines`.
pub fn counted(count: i64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Values separated by commas: as many as fit, and the number of the rest.
pub fn list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    joined(values.into_iter().map(|item| value(item.as_ref())), ", ")
}

/// Texts that are safe already, with a separator: as many as fit, at least one, and the number of the rest.
pub fn joined(texts: impl IntoIterator<Item = String>, between: &str) -> String {
    let (mut shown, mut chars, mut more) = (String::new(), 0, 0_usize);
    for text in texts {
        let length = text.chars().count() + if shown.is_empty() { 0 } else { between.len() };
        if more > 0 || chars > 0 && chars + length > LIST_CHARS {
            more += 1;
            continue;
        }
        if !shown.is_empty() {
            shown.push_str(between);
        }
        shown.push_str(&text);
        chars += length.max(1);
    }
    if more > 0 {
        let _ = write!(shown, " … ({more} more)");
    }
    shown
}

/// A whole message, safe for a terminal and a log, without lines longer than [`TEXT_CHARS`]. Its line ends are the
/// program's: those within values are shown by name.
pub fn bounded(text: String) -> String {
    if text.len() <= TEXT_CHARS && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text;
    }
    let lines: Vec<String> =
        text.split('\n').map(|line| cut(line, TEXT_CHARS, &|place| place.is_hidden(), false)).collect();
    lines.join("\n")
}

/// Any text that may quote input, safe for a terminal: control characters and invisible characters are shown by name.
/// Line ends stay.
pub fn printable(text: &str) -> String {
    cut(text, usize::MAX, &|place| place.character != '\n' && place.is_hidden(), false)
}

/// A character and its neighbours.
struct CharPlace<'t> {
    character: char,
    before: Option<char>,
    after: Option<char>,
    word: &'t Word,
}

/// The scripts of the letters and digits around a character.
#[derive(Clone, Copy, Default)]
struct Word {
    has_latin: bool,
    has_digit: bool,
    has_east_asian: bool,
    /// It has Cyrillic or Greek letters that do not look like Latin ones.
    has_distinct_letters: bool,
    /// Another word of the text is entirely Cyrillic or Greek.
    is_in_non_latin_text: bool,
}

fn cut(text: &str, chars_max: usize, is_named: &dyn Fn(&CharPlace<'_>) -> bool, is_quoted: bool) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !(is_quoted && matches!(byte, b'"' | b'\\'));
    if text.len() <= chars_max && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().take(chars_max.saturating_add(1)).collect();
    let (is_cut, chars) = if chars.len() > chars_max { (true, &chars[..chars_max]) } else { (false, chars.as_slice()) };
    let is_in_non_latin_text = chars.split(|character| !character.is_alphanumeric()).any(|word| {
        word.iter().any(|&character| is_cyrillic_or_greek(character))
            && !word.iter().any(|&character| is_latin(character) || character.is_numeric())
    });
    let mut shown = String::with_capacity(chars.len() + 8);
    let (mut word, mut word_end) = (Word::default(), 0);
    for (at, &character) in chars.iter().enumerate() {
        if character.is_alphanumeric() && at >= word_end {
            word_end = at + chars[at..].iter().take_while(|other| other.is_alphanumeric()).count();
            word = Word::new(&chars[at..word_end], is_in_non_latin_text);
        }
        let before = at.checked_sub(1).and_then(|before| chars.get(before)).copied();
        let place = CharPlace { character, before, after: chars.get(at + 1).copied(), word: &word };
        match character {
            '"' | '\\' if is_quoted => shown.extend(['\\', character]),
            '\n' if is_quoted => shown.push_str("\\n"),
            '\r' if is_quoted => shown.push_str("\\r"),
            '\t' if is_quoted => shown.push_str("\\t"),
            _ if is_named(&place) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "<U+{:04X}>", u32::from(character));
            }
            _ => shown.push(character),
        }
    }
    if is_cut {
        shown.push('…');
    }
    shown
}

impl Word {
    fn new(chars: &[char], is_in_non_latin_text: bool) -> Self {
        let any = |is: fn(char) -> bool| chars.iter().any(|&character| is(character));
        Self {
            has_latin: any(is_latin),
            has_digit: any(|character| character.is_ascii_digit()),
            has_east_asian: any(is_east_asian),
            has_distinct_letters: any(|character| is_cyrillic_or_greek(character) && !LIKE_LATIN.contains(character)),
            is_in_non_latin_text,
        }
    }
}

/// Cyrillic and Greek letters that look like Latin ones.
const LIKE_LATIN: &str = "АВЕКМНОРСТУХЅІЈЗаеорсухѕіјһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχ";

fn is_latin(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn is_cyrillic_or_greek(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{52f}' | '\u{1f00}'..='\u{1fff}')
}

fn is_east_asian(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
        || matches!(character, '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

impl CharPlace<'_> {
    /// Control characters, characters that change the direction of writing, and characters without width.
    fn is_hidden(&self) -> bool {
        let is_joined = |neighbour: Option<char>| neighbour.is_some_and(|character| !character.is_ascii());
        match self.character {
            // They join letters in scripts that need them.
            '\u{200c}' | '\u{200d}' => !(is_joined(self.before) && is_joined(self.after)),
            character => {
                character.is_control()
                    || matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}')
                    || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
                    || matches!(character, '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
                    || matches!(character, '\u{e0000}'..='\u{e0fff}')
            }
        }
    }

    /// A blank other than the one of the keyboard.
    fn is_unusual_blank(&self) -> bool {
        let is_east_asian = |neighbour: Option<char>| neighbour.is_some_and(is_east_asian);
        match self.character {
            // Common between the parts of an East Asian name.
            '\u{3000}' => !is_east_asian(self.before) || !is_east_asian(self.after),
            character => {
                matches!(
                    character,
                    '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}'
                )
            }
        }
    }

    /// A character that looks like an ASCII letter, digit or sign.
    fn is_look_alike(&self) -> bool {
        let is_plain = |neighbour: Option<char>| neighbour.is_some_and(|character| character.is_ascii_alphanumeric());
        let is_syntax = |neighbour: Option<char>| neighbour.is_none_or(|character| "{}[]:,;=".contains(character));
        match self.character {
            character if is_cyrillic_or_greek(character) => {
                let Word { has_latin, has_digit, has_distinct_letters, is_in_non_latin_text, .. } = *self.word;
                has_latin || has_digit && !has_distinct_letters && !is_in_non_latin_text
            }
            '\u{ff01}'..='\u{ff5e}' => {
                let is_east_asian = |neighbour: Option<char>| neighbour.is_some_and(is_east_asian);
                !(self.word.has_east_asian || is_east_asian(self.before) || is_east_asian(self.after))
            }
            '\u{2212}' | '\u{212a}' | '\u{212b}' | '\u{1d400}'..='\u{1d7ff}' | '\u{e000}'..='\u{f8ff}' => true,
            '\u{2010}'..='\u{2015}' => is_plain(self.before) && is_plain(self.after),
            '\u{201c}'..='\u{201f}' | '\u{2033}' => is_syntax(self.before) || is_syntax(self.after),
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' => {
                self.before.is_none() || self.after.is_none()
            }
            _ => false,
        }
    }
}
