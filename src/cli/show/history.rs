//! How mappings changed, and what usage each change moved.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ids::Ids;
use super::layout::{Page, TextColumn, TextTable, Width};
use super::{counted, csv_text, meter_named, note_on_ids, unit_of};
use crate::audit::{Change, ChangeKind, Moving, Subject};
use crate::domain::totals::Totals;
use crate::domain::{MeterId, Quantity, SnapshotKind};
use crate::error::Result;
use crate::publication::MeterText;
use crate::table::contract::columns::{FILE, METER_ID, METER_NAME, SNAPSHOT_KIND, STAMP, SUBJECT_ID, UNIT};
use crate::table::flat;
use crate::table::rows::RowSet;

/// The changes of some stamps, with the names of ids and meters.
#[derive(Debug, Default)]
pub struct Shown {
    pub changes: Vec<Change>,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
    /// The number of lines that were set aside, and so moved nothing.
    pub rejected: usize,
    /// Where the reasons for setting them aside are found.
    pub rejected_where: &'static str,
}

/// By subject, then change by change.
pub fn text(shown: &Shown, width: Width) -> String {
    if shown.changes.is_empty() {
        return "no mapping matches\n".to_owned();
    }
    let mut page = Page::new(width);
    let meters = shown.changes.iter().flat_map(|change| change.moved.keys()).map(MeterId::as_str);
    let ids_of_change = |change: &'_ Change| {
        [change.subject.id(), change.from.as_deref(), change.to.as_deref()].map(|id| id.map(str::to_owned))
    };
    let subjects: Vec<String> = shown.changes.iter().flat_map(ids_of_change).flatten().collect();
    let ids = Ids::of(subjects.iter().map(String::as_str).chain(meters));
    for changes_of_subject in shown.changes.chunk_by(|a, b| (&a.stamp, &a.subject) == (&b.stamp, &b.subject)) {
        let Change { stamp, subject, .. } = &changes_of_subject[0];
        let room = width.columns().saturating_sub(stamp.as_str().len() + "user subscription".len() + 2);
        let named = |id: &str| ids.named_within(id, &shown.names, room);
        let subject = match subject {
            Subject::Stamp => "default subscription".to_owned(),
            Subject::Tenant(id) => format!("tenant {}", named(id.as_str())),
            Subject::UserSubscription(id) => format!("user subscription {}", named(id.as_str())),
        };
        page.gap();
        page.paragraph(0, &format!("{stamp} {subject}"));
        for change in changes_of_subject {
            page.paragraph(2, &format!("{} {}  ({})", change.at, sentence(change, shown, &ids), change.file));
            let row = |(meter, moving): (&MeterId, &Moving)| {
                let used = |totals: Totals| {
                    let unit = unit_of(meter.as_str(), &shown.meters);
                    format!("{}{unit} in {}", totals.quantity, counted(totals.lines, "line"))
                };
                [meter_named(meter.as_str(), &shown.meters, &ids), used(moving.before), used(moving.after)]
            };
            let columns = [TextColumn::text("meter"), TextColumn::quantity("before"), TextColumn::quantity("after")];
            if !change.moved.is_empty() {
                page.table(4, &TextTable::new(columns, change.moved.iter().map(row)));
            }
        }
    }
    if shown.rejected > 0 {
        let set_aside = counted(shown.rejected as i64, "line");
        page.gap();
        page.paragraph(
            0,
            &format!("{set_aside} set aside, and not in these quantities: {} says why", shown.rejected_where),
        );
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn sentence(change: &Change, shown: &Shown, ids: &Ids) -> String {
    let id = |id: &Option<String>| id.as_deref().map_or_else(String::new, |id| ids.named(id, &shown.names));
    let (from, to) = (id(&change.from), id(&change.to));
    match change.kind {
        ChangeKind::Began => format!("began → {to}"),
        ChangeKind::Changed => format!("changed {from} → {to}"),
        ChangeKind::Ended => format!("ended, {from} until then → the default subscription"),
        ChangeKind::Unlisted => format!("is not listed with a tenant any more; what it uses stays with {to}"),
        ChangeKind::ListedAgain => format!("is listed again with {to}"),
    }
}

/// One row for each change and meter, or one for a change that moved nothing.
///
/// # Errors
/// The table cannot be written, which does not happen in memory.
pub fn csv(shown: &Shown) -> Result<String> {
    let rows: Vec<(&Change, Option<(&MeterId, &Moving)>)> = shown
        .changes
        .iter()
        .flat_map(|change| {
            let moved: Vec<_> = change.moved.iter().map(|moved| (change, Some(moved))).collect();
            if moved.is_empty() { vec![(change, None)] } else { moved }
        })
        .collect();
    let meter_of = |moved: Option<(&MeterId, &Moving)>| shown.meters.get(moved?.0.as_str());
    let rows = RowSet::of(&rows)
        .with(STAMP, |(change, _)| change.stamp.as_str())
        .with(SNAPSHOT_KIND, |(change, _)| change.subject.kind().as_str())
        .with(SUBJECT_ID, |(change, _)| change.subject.id())
        .with(flat::CHANGE, |(change, _)| change.kind.as_str())
        .with(flat::CHANGED_AT, |(change, _)| change.at)
        .with(flat::FROM_ID, |(change, _)| change.from.as_deref())
        .with(flat::TO_ID, |(change, _)| change.to.as_deref())
        .with(FILE, |(change, _)| change.file.as_str())
        .with(METER_ID, |(_, moved)| moved.map(|(meter, _)| meter.as_str()))
        .with(METER_NAME, move |(_, moved)| meter_of(*moved).and_then(|meter| meter.name.as_deref()))
        .with(UNIT, move |(_, moved)| meter_of(*moved).and_then(|meter| meter.unit.as_deref()))
        .with(flat::QUANTITY_BEFORE, |(_, moved)| moved.map(|(_, moving)| moving.before.quantity))
        .with(flat::LINES_BEFORE, |(_, moved)| moved.map(|(_, moving)| moving.before.lines))
        .with(flat::QUANTITY_AFTER, |(_, moved)| moved.map(|(_, moving)| moving.after.quantity))
        .with(flat::LINES_AFTER, |(_, moved)| moved.map(|(_, moving)| moving.after.lines));
    csv_text(rows.csv(flat::CSV_HISTORY.name, flat::CSV_HISTORY.columns, |_| (0, Quantity::ZERO))?)
}

/// Every change with what it moved.
pub fn json(shown: &Shown) -> String {
    let moved = |(meter, moving): (&MeterId, &Moving)| {
        let meter_text = shown.meters.get(meter.as_str());
        json!({
            "meter_id": meter.as_str(),
            "meter_name": meter_text.and_then(|meter_text| meter_text.name.as_deref()),
            "unit": meter_text.and_then(|meter_text| meter_text.unit.as_deref()),
            "quantity_before": moving.before.quantity.to_string(),
            "quantity_after": moving.after.quantity.to_string(),
            "lines_before": moving.before.lines,
            "lines_after": moving.after.lines,
        })
    };
    let change = |change: &Change| {
        let kind: SnapshotKind = change.subject.kind();
        json!({
            "stamp": change.stamp.as_str(),
            "snapshot_kind": kind.as_str(),
            "subject_id": change.subject.id(),
            "change": change.kind.as_str(),
            "changed_at": change.at.to_string(),
            "from_id": change.from,
            "to_id": change.to,
            "file": change.file,
            "moved": change.moved.iter().map(moved).collect::<Vec<Value>>(),
        })
    };
    format!(
        "{:#}\n",
        json!({ "changes": shown.changes.iter().map(change).collect::<Vec<_>>(), "lines_rejected": shown.rejected })
    )
}
