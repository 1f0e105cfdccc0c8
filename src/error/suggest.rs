//! What a mistyped name is likely to mean: one rule, and one wording, wherever names are typed.

/// The known name that is most similar to a mistyped one, if any is similar.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= candidate.len() / 2)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The suggestion to stand behind a text, such as `` (did you mean `usage`?)``; empty where no name is similar.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(String::new, |candidate| format!(" (did you mean `{candidate}`?)"))
}

/// The same to stand before a text, such as ``did you mean `usage`? ``.
pub fn suggestion_first(name: &str, known: &[&str]) -> String {
    nearest(name, known).map_or_else(String::new, |candidate| format!("did you mean `{candidate}`? "))
}
