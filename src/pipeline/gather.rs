//! Gather: reads the new exports of a stamp and assigns each line to its usage day. Lines of known exports on dirty
//! days are loaded from the published tables.

use std::collections::{BTreeMap, BTreeSet};

use super::changes;
use super::context::RunContext;
use super::dirty_days::{DirtyDays, unknown_kept};
use super::month_texts::month_texts;
use super::previous::KnownInputs;
use super::vanished::Vanished;
use crate::attribute::{Decider, Snapshots};
use crate::domain::{Cause, Month, Stamp};
use crate::error::Result;
use crate::normalise::{self, Usage};
use crate::publication::layout::{LINES_FOLDER, RESOURCES, closed_path, folder_of, lines_path, table_in};
use crate::publish::Names;
use crate::read::{self, DayLines, ExportRecord, PreviousExports, StampFolder, StampLines};
use crate::state::StampState;

/// The usage of a stamp: the lines that were read, and the days that must be settled.
pub(super) struct GatheredStamp {
    pub usage: Usage,
    pub dirty_days: DirtyDays,
    pub inputs: KnownInputs,
    /// Folders of exports that are no longer in the root but still count.
    pub kept: BTreeSet<String>,
    /// The exports that the last run knew.
    pub previous_exports: Vec<ExportRecord>,
}

/// Gathers the usage of a stamp. `previous` is its state after the last run, `others` are the states of the stamps
/// before it in this run.
///
/// # Errors
/// Input that is refused, published lines that the state has no record of, a signal.
pub(super) fn gather(
    context: &RunContext<'_>,
    (folder, snapshots): (&StampFolder, &Snapshots),
    names: &Names,
    mut previous: StampState,
    vanished: &mut Vanished,
    others: &BTreeMap<Stamp, StampState>,
) -> Result<GatheredStamp> {
    let (inputs, mut known) = known_inputs(context, folder, &previous, vanished)?;
    let is_new = |export: &&read::Export| !known.unchanged.contains_key(&export.folder);
    let files = folder.exports.iter().filter(is_new).map(|export| export.files.len() as u64).sum();
    context.control.begin_stamp("reading_usage", &folder.stamp, files);
    let kept: BTreeSet<String> = known.kept.iter().map(|export| export.folder.clone()).collect();
    let mut lines = read_lines(context, folder, known.clone())?;
    let unpublished = counting_again(&lines.exports, &previous.exports, &known);
    if let Some(folder) = unpublished.iter().find(|folder| kept.contains(*folder)) {
        return Err(unknown_kept(folder));
    }
    if !unpublished.is_empty() {
        // They did not count, so none of their lines are published: they must be read.
        known.unchanged.retain(|folder, _| !unpublished.contains(folder));
        lines = read_lines(context, folder, known.clone())?;
    }
    refuse_unknown_lines(context, &lines, vanished)?;
    vanished.refuse_emptied(&folder.stamp, &emptied(&lines.exports, &previous.exports))?;
    read::refuse_pages_of_another_stamp(
        &lines.exports,
        others.iter().map(|(stamp, state)| (stamp, state.exports.as_slice())),
    )?;
    let previous_exports = std::mem::take(&mut previous.exports);
    let unread = known.folders();
    let dirty_days = dirty_days(context, &lines, previous, (&kept, &unread), snapshots, names)?;
    load(context, &mut lines, &dirty_days)?;
    Ok(GatheredStamp { usage: normalise::normalise(lines)?, dirty_days, inputs, kept, previous_exports })
}

/// The files of a stamp as they are now, and the exports that need not be read.
fn known_inputs(
    context: &RunContext<'_>,
    folder: &StampFolder,
    previous: &StampState,
    vanished: &Vanished,
) -> Result<(KnownInputs, PreviousExports)> {
    let reuse = context.plan.reuse;
    if context.left.contains(&folder.stamp) {
        return Ok((KnownInputs::as_recorded(&previous.inputs, reuse), KnownInputs::known_as_left(previous)));
    }
    let files = folder.exports.iter().flat_map(|export| &export.files);
    let inputs = KnownInputs::look(files, &previous.inputs, reuse, context.is_full(), context.started_at)?;
    let known = inputs.known(folder, previous, |folder| vanished.forgets_export(folder));
    Ok((inputs, known))
}

/// Reads the new exports of a stamp.
fn read_lines(context: &RunContext<'_>, folder: &StampFolder, known: PreviousExports) -> Result<StampLines> {
    let days = context.publisher.spill_folder(&folder.stamp)?.map_or_else(DayLines::default, DayLines::spilling_to);
    read::gather_beside(
        folder,
        known,
        days,
        &context.plan.deciding.reading,
        context.plan.deciding.ledger,
        context.control,
    )
}

/// Refuses to lose lines of archived exports. These exports are known only from the state: if it is lost, there are
/// published lines of an export that has no record.
fn refuse_unknown_lines(context: &RunContext<'_>, lines: &StampLines, vanished: &Vanished) -> Result<()> {
    let out = context.publisher.out().filter(|_| context.plan.reuse.keep_missing);
    let labels: BTreeSet<&str> = lines.exports.iter().map(|export| export.label.as_str()).collect();
    let prefix = folder_of(LINES_FOLDER, &lines.stamp);
    let published = out.iter().flat_map(|out| out.published_below(&prefix));
    let is_known = |path: &str| {
        let label = table_in(&prefix, path).and_then(|name| name.rsplit('/').next());
        label.is_none_or(|label| labels.contains(label) || vanished.forgets_window(&lines.stamp, label))
    };
    let mut forgotten = published.filter(|path| !is_known(path));
    forgotten.next().map_or(Ok(()), |path| Err(unknown_kept(path)))
}

/// The days of a stamp that must be settled again, with the causes.
fn dirty_days(
    context: &RunContext<'_>,
    lines: &StampLines,
    previous: StampState,
    (kept, unread): (&BTreeSet<String>, &BTreeSet<String>),
    snapshots: &Snapshots,
    names: &Names,
) -> Result<DirtyDays> {
    let fingerprint = names.fingerprint_of_stamp(&lines.stamp);
    let (previous_names, previous_texts) = (previous.names, previous.texts);
    let closed = context.closed.get(&lines.stamp).cloned().unwrap_or_default();
    let reopened: BTreeSet<Month> =
        previous.closed.iter().filter(|month| !closed.contains_key(month)).copied().collect();
    let mut dirty_days = if context.is_full() {
        DirtyDays::all(&lines.exports, &previous.days, kept)?
    } else {
        let decider = Decider::new(snapshots, &context.plan.deciding.rules);
        DirtyDays::since(&lines.exports, previous.days, &decider, &reopened, unread)
    };
    for &month in &reopened {
        // Days that have no lines any more are still published as they were closed.
        for (day, ..) in changes::published(context.publisher.out(), &lines.stamp, month)?.keys() {
            dirty_days.dirty.entry(*day).or_default().insert(Cause::MonthReopened);
        }
    }
    dirty_days.closed = closed;
    if previous_names != Some(fingerprint) {
        let mut texts = month_texts(names, &lines.stamp, &dirty_days.clean);
        texts.retain(|month, _| !dirty_days.is_closed(*month));
        let changed = texts.iter().filter(|(month, text)| previous_texts.get(month) != Some(*text));
        dirty_days.months_to_write.extend(changed.map(|(month, _)| *month));
        dirty_days.texts_changed = !dirty_days.months_to_write.is_empty();
    }
    Ok(dirty_days)
}

/// Loads published lines of dirty days, and adds the ids of clean days whose month is written again.
fn load(context: &RunContext<'_>, lines: &mut StampLines, dirty_days: &DirtyDays) -> Result<()> {
    let Some(out) = context.publisher.out() else { return Ok(()) };
    for &(day, place) in dirty_days.loaded.keys() {
        let stored = out.read(&lines_path(&lines.stamp, day, &lines.exports[place as usize].label))?;
        lines.load(day, place, &stored)?;
    }
    let months = dirty_days.months();
    let mut has_resources = !dirty_days.loaded.is_empty();
    for (day, note) in &dirty_days.clean {
        let resources: &[i64] = if months.contains(&day.month()) { &note.resources } else { &[] };
        has_resources |= !resources.is_empty();
        let meters = note.meters.iter().map(|of_day| &of_day.meter);
        lines.know(&note.user_subscriptions, meters, resources.iter().copied())?;
    }
    if has_resources {
        lines.load_resources(&out.read(RESOURCES)?)?;
    }
    for (&month, frozen) in &dirty_days.closed {
        let is_read = dirty_days.is_full || dirty_days.dirty.keys().any(|day| day.month() == month);
        let resources: &[i64] = if is_read { &frozen.resources } else { &[] };
        let user_subscriptions = frozen.owners.iter().map(|owner| &owner.user_subscription);
        lines.know(user_subscriptions, frozen.used.iter().map(|(meter, _)| meter), resources.iter().copied())?;
        if is_read {
            lines.load_resources(&out.read(&closed_path(&lines.stamp, month, frozen.run, RESOURCES))?)?;
        }
    }
    Ok(())
}

/// The folders of known exports that did not count in the last run and do now.
fn counting_again(exports: &[ExportRecord], previous: &[ExportRecord], known: &PreviousExports) -> BTreeSet<String> {
    let dropped: BTreeSet<&str> =
        previous.iter().filter(|export| export.is_dropped()).map(|export| export.folder.as_str()).collect();
    let folders = known.folders();
    let counts = |export: &&ExportRecord| !export.files.is_empty() && dropped.contains(export.folder.as_str());
    exports.iter().filter(counts).map(|export| export.folder.clone()).filter(|name| folders.contains(name)).collect()
}

/// The exports that had usable lines and have none any more, with their previous number of lines. (Exports that a rule
/// drops are left out: that is intended.)
fn emptied(exports: &[ExportRecord], previous: &[ExportRecord]) -> Vec<(String, i64)> {
    let before: BTreeMap<&str, i64> =
        previous.iter().map(|export| (export.label.as_str(), export.used())).filter(|(_, lines)| *lines > 0).collect();
    let is_empty = |export: &&ExportRecord| export.used() == 0 && !export.is_dropped();
    let lines_before = |export: &ExportRecord| Some((export.folder.clone(), *before.get(export.label.as_str())?));
    exports.iter().filter(is_empty).filter_map(lines_before).collect()
}
