//! Ids for people: only as much of each as distinguishes it from all others that are shown.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::{clean, display_width};
use crate::domain::identity::is_guid;

/// Stands for the rest of an id or of a fingerprint.
const REST: char = '…';

/// The ids in a text, each with its short form. JSON has them whole.
#[derive(Debug, Default)]
pub(super) struct Ids {
    short: BTreeMap<String, String>,
}

impl Ids {
    /// Shortens ids so that all of them stay distinct.
    pub(super) fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids: BTreeSet<&str> = ids.into_iter().filter(|id| id.len() == 36 && is_guid(id)).collect();
        // The first groups of an id, and where that is ambiguous, its end as well.
        const FORMS: [(usize, usize); 5] = [(9, 0), (14, 0), (9, 4), (14, 4), (9, 12)];
        let mut remaining: Vec<&str> = ids.into_iter().collect();
        let mut short = BTreeMap::new();
        let all = remaining.clone();
        for (head, tail) in FORMS {
            let form = |id: &str| format!("{}{REST}{}", &id[..head], &id[id.len() - tail..]);
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            all.iter().for_each(|id| *counts.entry(form(id)).or_default() += 1);
            remaining.retain(|id| {
                let is_unique = counts.get(&form(id)) == Some(&1);
                if is_unique {
                    short.insert((*id).to_owned(), form(id));
                }
                !is_unique
            });
        }
        Self { short }
    }

    /// An id in its short form; unchanged if it is no GUID, or has no short form.
    pub(super) fn short(&self, id: &str) -> String {
        self.short.get(id).cloned().unwrap_or_else(|| clean(id))
    }

    /// An id, followed by its name if it has one.
    pub(super) fn named(&self, id: &str, names: &BTreeMap<String, String>) -> String {
        let short = self.short(id);
        names.get(id).map_or_else(|| short.clone(), |name| clean(&format!("{short} {name}")))
    }

    /// The same, with the whole id where there is room for it.
    pub(super) fn named_within(&self, id: &str, names: &BTreeMap<String, String>, room: usize) -> String {
        let whole = names.get(id).map_or_else(|| clean(id), |name| clean(&format!("{id} {name}")));
        if display_width(&whole) <= room { whole } else { self.named(id, names) }
    }

    /// A sentence with its ids in their short forms.
    pub(super) fn in_text(&self, text: &str) -> String {
        self.short.iter().fold(text.to_owned(), |text, (id, short)| text.replace(id, short))
    }

    /// The note that ids are short; `None` where no id is.
    pub(super) fn note(&self) -> Option<&'static str> {
        (!self.short.is_empty()).then_some("ids are shortened: --json has them whole")
    }
}

/// The beginning of a fingerprint: enough to compare two by eye.
pub(super) fn fingerprint(whole: &str) -> String {
    whole.get(..8).map_or_else(|| whole.to_owned(), |first| format!("{first}{REST}"))
}
