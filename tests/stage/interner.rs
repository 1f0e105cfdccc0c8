//! Texts as numbers: equal texts have one number, whichever thread comes first, and keep their bytes.

use std::collections::BTreeMap;

use rayon::prelude::*;
use stacktally::read::Interner;

#[test]
fn equal_texts_have_one_number_and_others_another() {
    let interner = Interner::default();
    // Empty, prefixes of each other, alike to the eye.
    let texts = ["", "a", "aa", "A", "/subscriptions/a", "/subscriptions/a/", "ä", "a\u{308}"];
    let numbers: Vec<u32> = texts.iter().map(|text| interner.intern(text).unwrap()).collect();
    for (text, &number) in texts.iter().zip(&numbers) {
        assert_eq!(interner.intern(text).unwrap(), number, "{text:?}");
        assert_eq!(&*interner.text(number), *text);
        assert_eq!(interner.find(text).map(|(number, _)| number), Some(number));
    }
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), texts.len());
    assert_eq!(interner.find("never seen"), None);
}

#[test]
fn many_threads_give_one_text_one_number() {
    let interner = Interner::default();
    let text = |at: usize| format!("/subscriptions/{}", at % 1_000);
    let given: Vec<(String, u32)> =
        (0..50_000).into_par_iter().map(|at| (text(at), interner.intern(&text(at)).unwrap())).collect();
    let mut numbers = BTreeMap::new();
    for (text, number) in given {
        assert_eq!(*numbers.entry(text).or_insert(number), number);
    }
    let texts = interner.into_texts();
    assert_eq!((numbers.len(), texts.len()), (1_000, 1_000));
    // Every number stays below the end that tables of numbers are made for.
    assert!(numbers.values().all(|&number| (number as usize) < texts.number_end()));
    let kept: BTreeMap<String, u32> = texts.iter().map(|(number, text)| (text.to_owned(), number)).collect();
    assert_eq!(kept, numbers);
}
