//! The wording of ids and files in findings.

use crate::domain::shown;

/// The number of ids that a finding lists in its sentence; `concerned` has all.
pub(super) const IDS_SHOWN: usize = 5;

/// Ids in a sentence: the first few, and how many more.
pub(super) fn few(ids: &[String]) -> String {
    let more = if ids.len() > IDS_SHOWN { format!(" and {} more", ids.len() - IDS_SHOWN) } else { String::new() };
    format!("{}{more}", shown::list(&ids[..ids.len().min(IDS_SHOWN)]))
}

/// The first of some files, and how many more there are.
pub(super) fn first_of(files: &[&str]) -> String {
    match files {
        [] => String::new(),
        [file] => (*file).to_owned(),
        [file, more @ ..] => format!("{file} and {} later", more.len()),
    }
}

pub(super) fn texts(files: &[&str]) -> Vec<String> {
    files.iter().map(|&file| file.to_owned()).collect()
}
