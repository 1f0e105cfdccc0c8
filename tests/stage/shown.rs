//! Texts of input within messages: bounded, and nothing in them that cannot be seen.

use stacktally::domain::shown::{bounded, list, printable, quoted, value};

/// What is read, and how it is shown.
#[test]
fn what_cannot_be_seen_is_named() {
    for (text, shown) in [
        ("plain: a b-c_d", "plain: a b-c_d"),
        ("\u{1b}[31mred", "<U+001B>[31mred"),
        ("a\u{9b}b", "a<U+009B>b"),
        ("12\u{a0}345", "12<U+00A0>345"),
        ("a. m.".replace(' ', "\u{202f}").as_str(), "a.<U+202F>m."),
        ("ab\u{202e}cd\u{2066}", "ab<U+202E>cd<U+2066>"),
        ("a\u{200b}\u{ad}\u{feff}b", "a<U+200B><U+00AD><U+FEFF>b"),
        ("５ab", "<U+FF15>ab"),
        ("日本ＡＢ", "日本ＡＢ"),
        ("田中\u{3000}太郎", "田中\u{3000}太郎"),
        ("1\u{3000}2", "1<U+3000>2"),
        ("\u{2212}0.5", "<U+2212>0.5"),
        ("5ab0\u{2013}0000", "5ab0<U+2013>0000"),
        ("Meyer – Söhne", "Meyer – Söhne"),
        ("“value”", "<U+201C>value<U+201D>"),
        ("O’Neil", "O’Neil"),
        ("miсrosoft", "mi<U+0441>rosoft"),
        ("1\u{415}5", "1<U+0415>5"),
        ("Завод 7А", "Завод 7А"),
        ("ООО Контора7", "ООО Контора7"),
        ("Ελληνική Α.Ε.", "Ελληνική Α.Ε."),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("a\u{200c}b", "a<U+200C>b"),
        ("Müller & Søn", "Müller & Søn"),
    ] {
        assert_eq!(value(text), shown, "{text:?}");
    }
}

#[test]
fn no_text_is_longer_than_its_bound() {
    assert_eq!(value(&"x".repeat(120)), "x".repeat(120));
    assert_eq!(value(&"x".repeat(121)), format!("{}…", "x".repeat(120)));
    assert_eq!(quoted(&"ä".repeat(10_000_000)), format!("\"{}\"…", "ä".repeat(120)));
    assert_eq!(quoted("a…"), "\"a…\"");
    let names: Vec<String> = (0..50_000).map(|at| format!("key{at}")).collect();
    let shown = list(&names);
    assert!(shown.starts_with("key0, key1, ") && shown.ends_with(" more)") && shown.chars().count() < 330, "{shown}");
    let listed = shown.split(" … (").next().unwrap_or_default().split(", ").count();
    assert!(shown.ends_with(&format!(" … ({} more)", 50_000 - listed)), "{shown}");
    assert_eq!(list(["x".repeat(5_000)]), format!("{}…", "x".repeat(120)));
    assert_eq!(list::<&str>([]), "");
    assert_eq!(bounded(format!("one\n{}", "x".repeat(5_000))), format!("one\n{}…", "x".repeat(4_000)));
    assert_eq!(printable("a\nb\tc"), "a\nb<U+0009>c");
}
