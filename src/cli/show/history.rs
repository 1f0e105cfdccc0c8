//! How mappings changed, and what each change moved.

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
use crate::table::csv::{CsvCell, CsvTable};
use crate::table::flat;

/// The changes of some stamps, with what names ids and meters.
#[derive(Debug, Default)]
pub struct Shown {
    pub changes: Vec<Change>,
    pub meters: BTreeMap<String, MeterText>,
    pub names: BTreeMap<String, String>,
    /// Lines that were set aside, and so moved nothing.
    pub rejected: usize,
    /// What says why these lines were set aside.
    pub rejected_where: &'static str,
}

/// Subject by subject, change by change.
pub fn text(own: &Shown, width: Width) -> String {
    if own.changes.is_empty() {
        return "no mapping that is asked for\n".to_owned();
    }
    let mut page = Page::new(width);
    let meters = own.changes.iter().flat_map(|change| change.moved.keys()).map(MeterId::as_str);
    let of_change = |change: &'_ Change| {
        [change.subject.id(), change.from.as_deref(), change.to.as_deref()].map(|id| id.map(str::to_owned))
    };
    let subjects: Vec<String> = own.changes.iter().flat_map(of_change).flatten().collect();
    let ids = Ids::of(subjects.iter().map(String::as_str).chain(meters));
    for of_subject in own.changes.chunk_by(|a, b| (&a.stamp, &a.subject) == (&b.stamp, &b.subject)) {
        let Change { stamp, subject, .. } = &of_subject[0];
        let room = width.columns().saturating_sub(stamp.as_str().len() + "user subscription".len() + 2);
        let named = |id: &str| ids.named_within(id, &own.names, room);
        let subject = match subject {
            Subject::Stamp => "default subscription".to_owned(),
            Subject::Tenant(id) => format!("tenant {}", named(id.as_str())),
            Subject::UserSubscription(id) => format!("user subscription {}", named(id.as_str())),
        };
        page.gap();
        page.paragraph(0, &format!("{stamp} {subject}"));
        for change in of_subject {
            page.paragraph(2, &format!("{} {}  ({})", change.at, sentence(change, own, &ids), change.file));
            let row = |(meter, moving): (&MeterId, &Moving)| {
                let used = |totals: Totals| {
                    let unit = unit_of(meter.as_str(), &own.meters);
                    format!("{}{unit} in {}", totals.quantity, counted(totals.lines, "line"))
                };
                [meter_named(meter.as_str(), &own.meters, &ids), used(moving.before), used(moving.after)]
            };
            let columns = [TextColumn::text("meter"), TextColumn::quantity("before"), TextColumn::quantity("after")];
            if !change.moved.is_empty() {
                page.table(4, &TextTable::new(columns, change.moved.iter().map(row)));
            }
        }
    }
    if own.rejected > 0 {
        let set_aside = counted(own.rejected as i64, "line");
        page.gap();
        page.paragraph(
            0,
            &format!("{set_aside} set aside, and not in these quantities: {} says why", own.rejected_where),
        );
    }
    note_on_ids(&mut page, &ids);
    page.finish()
}

fn sentence(change: &Change, own: &Shown, ids: &Ids) -> String {
    let id = |id: &Option<String>| id.as_deref().map_or_else(String::new, |id| ids.named(id, &own.names));
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
pub fn csv(own: &Shown) -> Result<String> {
    let mut table = CsvTable::new(flat::CSV_HISTORY.columns);
    for change in &own.changes {
        let head = [
            CsvCell::Text(Some(change.stamp.as_str())),
            CsvCell::Text(Some(change.subject.kind().as_str())),
            CsvCell::Text(change.subject.id()),
            CsvCell::Text(Some(change.kind.as_str())),
            CsvCell::Hour(change.at),
            CsvCell::Text(change.from.as_deref()),
            CsvCell::Text(change.to.as_deref()),
            CsvCell::Text(Some(&change.file)),
        ];
        let nothing = [CsvCell::Text(None); 7];
        if change.moved.is_empty() {
            table.row(&[&head[..], &nothing].concat(), 0, Quantity::ZERO)?;
        }
        for (meter, Moving { before, after }) in &change.moved {
            let known = own.meters.get(meter.as_str());
            let tail = [
                CsvCell::Text(Some(meter.as_str())),
                CsvCell::Text(known.and_then(|known| known.name.as_deref())),
                CsvCell::Text(known.and_then(|known| known.unit.as_deref())),
                CsvCell::Quantity(before.quantity),
                CsvCell::Integer(before.lines),
                CsvCell::Quantity(after.quantity),
                CsvCell::Integer(after.lines),
            ];
            table.row(&[&head[..], &tail].concat(), 0, Quantity::ZERO)?;
        }
    }
    csv_text(table)
}

/// Every change with what it moved.
pub fn json(own: &Shown) -> String {
    let moved = |(meter, moving): (&MeterId, &Moving)| {
        let known = own.meters.get(meter.as_str());
        json!({
            "meter_id": meter.as_str(),
            "meter_name": known.and_then(|known| known.name.as_deref()),
            "unit": known.and_then(|known| known.unit.as_deref()),
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
        json!({ "changes": own.changes.iter().map(change).collect::<Vec<_>>(), "lines_rejected": own.rejected })
    )
}
