//! The texts of all hints and remedies, as the sources spell them.
//!
//! A hint is what is handed to `Error::hint` and its kin, to `Finding::new`, or to a function or closure whose
//! last parameter is called `hint` or `remedy`; what a function says that is called `remedy` or `remedy_of_…`,
//! or whose first parameter is `hint`; and what the field `hint` of a table holds. A name that is handed over
//! stands for what a `let` or a `const` of the same file binds it to.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::support::rust_source::{Token, sources, tokens};

/// A text that a hint is made of, less what is filled in: `{}` stands for that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    pub text: String,
    /// `src/read/root.rs:153`.
    pub place: String,
}

/// All of them; and places of hints whose text was not found, of which there should be none.
pub fn all() -> (Vec<Literal>, Vec<String>) {
    let (mut literals, mut unseen) = (Vec::new(), Vec::new());
    for (name, text) in sources() {
        let mut source = Source::of(&name, &text);
        source.mark();
        let marked = source.marked.iter().filter_map(|&at| match &source.tokens[at].0 {
            Token::Text(text) if is_prose(text) => {
                Some(Literal { text: without_captures(text), place: format!("{name}:{}", source.tokens[at].1) })
            }
            _ => None,
        });
        literals.extend(marked);
        unseen.extend(source.unseen);
    }
    (literals, unseen)
}

/// Whether a text says something, and does not only stand between others.
fn is_prose(text: &str) -> bool {
    let bare = without_captures(text).replace("{}", " ");
    bare.split_whitespace().filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1).count() > 1
}

/// `{name}` and `{name:?}` → `{}`; `{{` → `{`.
fn without_captures(text: &str) -> String {
    let (mut short, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        short.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        let end = if doubled { at + 2 } else { rest[at..].find('}').map_or(rest.len(), |end| at + end + 1) };
        short.push_str(if doubled { &rest[at..=at] } else { "{}" });
        rest = &rest[end..];
    }
    short + rest
}

/// The names within `{name}` of a text.
fn captures(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    let names = parts.map(|(name, _)| name.split(':').next().unwrap_or_default().to_owned());
    names.filter(|name| name.starts_with(|first: char| first.is_alphabetic())).collect()
}

/// Whether words are those of a hint that a function hands through: its callers say it.
fn is_parameter(words: &[String]) -> bool {
    words.iter().any(|word| ["hint", "remedy", "other"].contains(&word.as_str()))
}

fn is_constant(name: &str) -> bool {
    name.chars().all(|character| character.is_ascii_uppercase() || character == '_')
}

/// Whether a function is called after the hints that it returns.
fn is_source(name: &str) -> bool {
    name == "remedy" || name.starts_with("remedy_of")
}

fn is_hint(name: &str) -> bool {
    ["hint", "remedy"].contains(&name)
}

/// Calls whose last argument is a hint, in whatever file.
const EVERYWHERE: [&str; 8] = ["hint", "or_hint", "or_at_last", "of_root", "wrong", "required", "day", "says"];
/// Files all of whose sentences are hints, or parts of them.
const ALL_HINTS: [&str; 2] = ["src/error/remedy.rs", "src/domain/registration_error.rs"];

struct Source<'s> {
    name: &'s str,
    tokens: Vec<(Token, usize)>,
    marked: BTreeSet<usize>,
    unseen: Vec<String>,
}

impl<'s> Source<'s> {
    fn of(name: &'s str, text: &str) -> Self {
        let tokens = tokens(text);
        Self { name, tokens, marked: BTreeSet::new(), unseen: Vec::new() }
    }

    fn mark(&mut self) {
        if ALL_HINTS.contains(&self.name) {
            self.marked.extend(0..self.tokens.len());
            return;
        }
        let (functions, closures) = self.helpers();
        for at in 0..self.tokens.len() {
            if self.word(at) == Some("fn") && (self.word(at + 1).is_some_and(is_source) || self.goes_on_from_a_hint(at))
            {
                let body = (at..self.tokens.len()).find(|&index| self.sign(index) == Some('{')).unwrap_or(at);
                self.mark_all(body..self.end_of(body));
            }
            if self.word(at).is_some_and(is_hint) && self.sign(at + 1) == Some(':') {
                let is_constant_there = self.word(at + 2).is_some_and(is_constant);
                if is_constant_there || matches!(self.tokens.get(at + 2), Some((Token::Text(_), _))) {
                    self.mark_argument(at + 2..at + 3);
                }
            }
        }
        for at in 0..self.tokens.len() {
            let Some(called) = self.word(at).map(str::to_owned).filter(|_| self.sign(at + 1) == Some('(')) else {
                continue;
            };
            let is_defined = at > 0 && self.word(at - 1) == Some("fn");
            let is_finding = called == "new" && at > 2 && self.word(at - 3) == Some("Finding");
            let is_method = at > 0 && self.sign(at - 1) == Some('.');
            let takes_a_hint = match called.as_str() {
                // Of both arguments of this one people see both.
                "before_hint" => is_method,
                name if EVERYWHERE.contains(&name) => is_method || name == "of_root",
                name => is_finding || functions.contains(name) || !is_method && closures.contains(name),
            };
            if is_defined || !takes_a_hint {
                continue;
            }
            let arguments = self.arguments(at + 1);
            // The day of a cell takes a hint, and others do not.
            if called == "day" && !arguments.last().is_some_and(|last| self.prose_in(last.clone())) {
                continue;
            }
            let from = if called == "before_hint" { 0 } else { arguments.len().saturating_sub(1) };
            for argument in arguments.into_iter().skip(from) {
                self.mark_argument(argument);
            }
        }
    }

    /// Whether the first parameter of a function is a hint.
    fn goes_on_from_a_hint(&self, function: usize) -> bool {
        let open = (function + 2..self.tokens.len()).find(|&index| self.sign(index) == Some('('));
        open.is_some_and(|open| self.word(open + 1).is_some_and(is_hint) && self.arguments(open).len() > 1)
    }

    /// Marks all texts of a function's body, and of the tables that it looks in.
    fn mark_all(&mut self, body: Range<usize>) {
        self.marked.extend(body.clone());
        let names: BTreeSet<String> = body.clone().filter_map(|at| self.word(at).map(str::to_owned)).collect();
        for name in names.iter().filter(|name| is_constant(name)) {
            self.resolve(name, body.start);
        }
    }

    /// Names of functions and closures whose last parameter is a hint.
    fn helpers(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let is_hint = |at: usize| self.word(at).is_some_and(is_hint);
        let (mut functions, mut closures) = (BTreeSet::new(), BTreeSet::new());
        for at in 0..self.tokens.len() {
            if self.word(at) == Some("fn") {
                let Some(open) = (at + 2..self.tokens.len()).find(|&index| self.sign(index) == Some('(')) else {
                    continue;
                };
                if let Some(last) = self.arguments(open).last()
                    && is_hint(last.start)
                {
                    functions.extend(self.word(at + 1).map(str::to_owned));
                }
            }
            if self.word(at) == Some("let") {
                let name = if self.word(at + 1) == Some("mut") { at + 2 } else { at + 1 };
                if self.sign(name + 1) != Some('=') || self.sign(name + 2) != Some('|') {
                    continue;
                }
                let end =
                    (name + 3..self.tokens.len()).find(|&index| self.sign(index) == Some('|')).unwrap_or(name + 3);
                let last = (name + 3..end).rev().find(|&index| is_hint(index));
                if last.is_some_and(|last| !(last..end).any(|index| self.sign(index) == Some(','))) {
                    closures.extend(self.word(name).map(str::to_owned));
                }
            }
        }
        (functions, closures)
    }

    fn mark_argument(&mut self, argument: Range<usize>) {
        let before = self.marked.len();
        self.marked.extend(argument.clone().filter(|&at| matches!(self.tokens[at].0, Token::Text(_))));
        let has_text = self.prose_in(argument.clone());
        let words: Vec<String> = argument.clone().filter_map(|at| self.word(at).map(str::to_owned)).collect();
        let mut is_seen = has_text || words.iter().any(|word| is_source(word));
        is_seen |= before == self.marked.len() && is_parameter(&words);
        for word in words.iter().filter(|word| is_constant(word) || !has_text && words.len() == 1) {
            is_seen |= self.resolve(word, argument.start);
        }
        for name in self.captured_in(argument.clone()) {
            is_seen |= self.resolve(&name, argument.start);
        }
        if !is_seen {
            self.unseen.push(format!("{}:{}", self.name, self.tokens[argument.start].1));
        }
    }

    fn captured_in(&self, range: Range<usize>) -> Vec<String> {
        let texts = range.filter_map(|at| match &self.tokens[at].0 {
            Token::Text(text) => Some(captures(text)),
            _ => None,
        });
        texts.flatten().collect()
    }

    fn prose_in(&self, mut range: Range<usize>) -> bool {
        range.any(|at| matches!(&self.tokens[at].0, Token::Text(text) if is_prose(text)))
    }

    /// Marks what a name stands for that is used at a place, if it says something: a `const` of the file, or a `let` before
    /// it in the same function.
    fn resolve(&mut self, name: &str, used_at: usize) -> bool {
        let function = (0..used_at).rev().find(|&at| self.word(at) == Some("fn")).unwrap_or(0);
        let within = if is_constant(name) { 1..self.tokens.len() } else { function + 1..used_at };
        let mut found = false;
        for at in within {
            let binds = ["let", "const", "mut"].iter().any(|keyword| self.word(at - 1) == Some(keyword));
            if self.word(at) != Some(name) || !binds {
                continue;
            }
            let range = self.initializer(at);
            if self.prose_in(range.clone()) {
                found = true;
                if self.marked.insert(range.start) {
                    self.mark_argument(range);
                }
            } else {
                let constants: Vec<String> = range.filter_map(|at| self.word(at).map(str::to_owned)).collect();
                for name in constants.iter().filter(|constant| is_constant(constant)) {
                    found |= self.resolve(name, at);
                }
            }
        }
        found
    }

    /// From `=` to the `;` that ends it.
    fn initializer(&self, name: usize) -> Range<usize> {
        let mut at = name;
        while self.sign(at) != Some('=') && at + 1 < self.tokens.len() {
            at += 1;
        }
        let start = at;
        while self.sign(at) != Some(';') && at + 1 < self.tokens.len() {
            at = if matches!(self.sign(at), Some('(' | '[' | '{')) { self.end_of(at) } else { at + 1 };
        }
        start..at
    }

    /// The arguments within parentheses, none of them empty.
    fn arguments(&self, open: usize) -> Vec<Range<usize>> {
        let close = self.end_of(open) - 1;
        let (mut found, mut start, mut at, mut angles) = (Vec::new(), open + 1, open + 1, 0_usize);
        while at < close {
            match self.sign(at) {
                Some('(' | '[' | '{') => at = self.end_of(at),
                Some(',') if angles == 0 => {
                    found.push(start..at);
                    (start, at) = (at + 1, at + 1);
                }
                Some('<') if matches!(self.word(at - 1), Some("BTreeMap" | "Vec" | "Option" | "Result")) => {
                    (angles, at) = (angles + 1, at + 1);
                }
                Some('>') if angles > 0 => (angles, at) = (angles - 1, at + 1),
                _ => at += 1,
            }
        }
        found.push(start..close);
        found.retain(|argument| !argument.is_empty());
        found
    }

    /// Behind what closes a parenthesis, bracket or brace.
    fn end_of(&self, open: usize) -> usize {
        let (mut depth, mut at) = (0_usize, open);
        loop {
            match self.sign(at) {
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 || at >= self.tokens.len() {
                return at;
            }
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        match &self.tokens.get(at)?.0 {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn sign(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.0 {
            Token::Sign(sign) => Some(sign),
            _ => None,
        }
    }
}
