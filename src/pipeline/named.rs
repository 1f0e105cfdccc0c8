//! Findings about `names.csv`: rows that name nothing. Such a row does no harm, but the name is missing where people
//! look for it.

use std::collections::BTreeSet;

use super::charging::Charging;
use super::plan::Plan;
use crate::domain::finding::FindingCode;
use crate::domain::identity::is_guid;
use crate::domain::{Finding, shown};
use crate::publish::Dimensions;
use crate::read::{CatalogueRow, NamesTable};

/// Rows listed in a sentence.
const LISTED: usize = 10;

/// Finds names with lost characters, rows whose two cells are swapped, and rows whose id is neither a tenant nor a
/// billed subscription of the root.
///
/// An id in the price book is known: a future customer may already have a price and a name. If only some stamps are
/// read, or if other snapshots replace their own, not all ids are known, so unknown ids are not reported.
pub(super) fn findings_of_names(
    plan: &Plan,
    dimensions: &Dimensions,
    table: &NamesTable,
    charging: &Charging,
) -> Vec<Finding> {
    let Plan { stamps, overrides, .. } = plan;
    let is_swapped = |(id, name): &(&String, &String)| !is_guid(id) && is_guid(name);
    let (swapped, others): (Vec<_>, Vec<_>) = table.names.iter().partition(is_swapped);
    let known: BTreeSet<&str> =
        dimensions.tenants().chain(dimensions.billed_subscriptions()).chain(charging.scope_ids()).collect();
    let is_partly_seen = !stamps.is_empty() || !overrides.is_empty();
    let unknown = others.into_iter().filter(|(id, _)| !is_partly_seen && !known.contains(id.as_str())).collect();
    let of_table = table.names.iter().filter(|(_, name)| shown::has_lost_characters(name)).collect();
    let found = [
        finding(table, FindingCode::NamesWithLostCharacters, LOST, of_table, WRITE_AGAIN),
        finding(
            table,
            FindingCode::NamesSwapped,
            "a name stands in the column `id`, and a GUID in the column `name`",
            swapped,
            "exchange the two cells of these rows, or the two names in the header",
        ),
        finding(
            table,
            FindingCode::NameOfUnknownId,
            "no tenant and no billed subscription of the root has this id",
            unknown,
            "correct the id, or delete the row; user subscriptions are named by their listing, and not here",
        ),
    ];
    found.into_iter().flatten().collect()
}

/// Finds names and services in `meters.csv` whose characters were lost in a narrow encoding.
pub(super) fn meters_with_lost_characters(rows: &[CatalogueRow]) -> Option<Finding> {
    let texts = |row: &CatalogueRow| [row.meter_name.clone(), row.service.clone()].into_iter().flatten();
    let lost: Vec<(String, String)> = rows
        .iter()
        .filter_map(|row| Some((row.meter.to_string(), texts(row).find(|text| shown::has_lost_characters(text))?)))
        .collect();
    let listed = shown::joined(lost.iter().map(|(id, text)| format!("{id} ({})", shown::value(text))), ", ");
    let concerned = lost.iter().map(|(id, _)| id.clone()).collect();
    let sentence = format!("meters.csv: {LOST}: {listed}");
    let code = FindingCode::NamesWithLostCharacters;
    (!lost.is_empty()).then(|| Finding::of_root(code, sentence, concerned, WRITE_AGAIN))
}

/// The text for names whose characters were lost in a narrow encoding.
const LOST: &str = "names in which characters were lost";
const WRITE_AGAIN: &str = "write the names again, and save the table as CSV UTF-8";

fn finding(
    table: &NamesTable,
    code: FindingCode,
    what: &str,
    mut rows: Vec<(&String, &String)>,
    remedy: &'static str,
) -> Option<Finding> {
    let row_of = |id: &String| table.rows.get(id).copied().unwrap_or_default();
    rows.sort_by_key(|(id, _)| row_of(id));
    let listed = rows
        .iter()
        .take(LISTED)
        .map(|(id, name)| format!("row {} ({}, {})", row_of(id), shown::value(id), shown::value(name)));
    let listed: Vec<String> = listed.collect();
    let more = match rows.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let sentence = format!("{}: {what}: {}{more}", table.file, listed.join(", "));
    let concerned = rows.iter().map(|(id, _)| (*id).clone()).collect();
    (!rows.is_empty()).then(|| Finding::of_root(code, sentence, concerned, remedy))
}
