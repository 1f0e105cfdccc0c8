//! Counts what a run did for its receipt, and makes the first balance check: that reading lost nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::nights::ReportedTime;
use super::plan::Plan;
use super::previous::{fingerprint_of, folders_with_files};
use crate::attribute::{OwnedUsage, Snapshots};
use crate::balance;
use crate::domain::coverage::{CoverageRow, DayCoverage, DayState};
use crate::domain::finding::FindingCode;
use crate::domain::identity::stamp_or_empty;
use crate::domain::shown;
use crate::domain::totals::{Checksum, MeterSum, Totals};
use crate::domain::{Attribution, Cause, Day, Finding, Granularity, MeterId, Quantity, RejectReason, Stamp};
use crate::error::{Error, Result};
use crate::normalise::Usage;
use crate::publication::Publisher;
use crate::publication::receipt::{
    BalanceEntry, Count, FORMAT, FindingEntry, Input, LeftEntry, Lines, MissingEntry, RateCardEntry, Receipt,
    RecordedInputs, SettledEntry, StatementEntry, UnpricedEntry, WindowEntry,
};
use crate::publish::exports_entry;
use crate::rate::CardNote;
use crate::read::{DropRule, Export, ExportRecord, Shape};
use crate::state::{ChargedMonths, DayNote};
use crate::store::ReadFile;

/// Equal lines of a window above this share are a finding (`product.md` §3.3).
const EQUAL_LINES_PERCENT: i64 = 25;
/// The most findings that a refusal or a summary lists; the receipt has all.
pub const FINDINGS_SHOWN: usize = 10;

/// The counts of a run for its receipt.
#[derive(Debug, Default)]
pub(super) struct ReceiptBuilder {
    lines: Lines,
    rounded: u64,
    by_usage_day: u64,
    before_first_snapshot: u64,
    attributions: BTreeMap<Precedence, u64>,
    rejects: BTreeMap<RejectReason, u64>,
    /// The place of the first of them.
    first_reject: Option<String>,
    /// The missing reported time of each stamp.
    times: Vec<ReportedTime>,
    coverage: Vec<(Stamp, DayCoverage, i64)>,
    windows: Vec<WindowEntry>,
    rejected: BTreeMap<(String, Option<MeterId>), MeterSum>,
    dropped: BTreeMap<(String, Option<MeterId>), MeterSum>,
    resources_cut: u64,
    findings: Vec<Finding>,
    balance: Vec<BalanceEntry>,
    missing: Vec<MissingEntry>,
    settled: Vec<SettledEntry>,
    statements: Vec<StatementEntry>,
    unpriced: Vec<UnpricedEntry>,
    rate_cards: Vec<RateCardEntry>,
    inputs: Vec<Input>,
    /// Stamps that stay as they were published: their findings were known then.
    left: Vec<LeftEntry>,
    forgotten: Vec<String>,
}

type Precedence = usize;

impl ReceiptBuilder {
    /// Records the file of a table, and returns its rows.
    #[expect(clippy::unnecessary_wraps, reason = "stands at the end of a chain of results")]
    pub(super) fn count_table<T>(&mut self, (rows, file): (T, ReadFile)) -> Result<T> {
        self.inputs.push(Input::from_file(&file, 0));
        Ok(rows)
    }

    /// Counts the contents of a stamp's exports, before anything is settled.
    pub(super) fn count_read(&mut self, usage: &Usage) {
        let stamp = usage.stamp.to_string();
        for (meter, sum) in usage.dropped() {
            self.dropped.insert((stamp.clone(), meter), sum);
        }
        for (file, reject) in usage.rejects() {
            *self.rejects.entry(reject.reason).or_default() += 1;
            let key = (stamp.clone(), reject.meter.as_deref().and_then(MeterId::new));
            self.rejected.entry(key).or_default().add_line(reject.quantity.unwrap_or(Quantity::ZERO));
            self.first_reject.get_or_insert_with(|| {
                let text = reject.text.as_deref().unwrap_or("absent");
                format!("{file} row {}: {}: {text}", reject.row, reject.reason)
            });
            self.lines.rejected += 1;
        }
        for export in &usage.exports {
            let counting = export.files.iter().map(|file| (file, None));
            let dropped = export.dropped.iter().map(|(file, rule)| (file, Some(*rule)));
            for (file, dropped) in counting.chain(dropped) {
                self.rounded += if dropped.is_some() { 0 } else { file.rounded };
                self.inputs.push(Input {
                    shape: file.shape.map(Shape::as_str),
                    dialect: file.dialect.clone(),
                    lacks: file.lacks.clone(),
                    dropped: dropped.map(DropRule::as_str),
                    ..Input::from_file(&file.file, file.read.lines)
                });
            }
            self.inputs.extend(export.sidecar.iter().map(|file| Input::from_file(file, 0)));
        }
    }

    /// Checks that reading a stamp lost nothing: read = used + rejected + dropped.
    ///
    /// # Errors
    /// They do not balance.
    pub(super) fn prove_used(&mut self, usage: &Usage, notes: &BTreeMap<Day, DayNote>) -> Result<()> {
        let read: Checksum = usage.exports.iter().map(ExportRecord::read).sum();
        let mut dropped = Checksum::default();
        for (file, _) in usage.exports.iter().flat_map(|export| &export.dropped) {
            dropped.merge(file.read);
        }
        let mut rejected = Checksum::default();
        for (_, reject) in usage.rejects() {
            rejected.add_line(reject.quantity.unwrap_or(Quantity::ZERO));
        }
        let used: Checksum = notes.values().flat_map(|note| &note.meters).map(|meter| Checksum::from(meter.used)).sum();
        balance::prove(&usage.stamp, "reading and normalising", read, [used, rejected, dropped].into_iter().sum())?;
        self.lines.read += read.lines;
        self.lines.used += used.lines;
        self.lines.dropped += dropped.lines;
        Ok(())
    }

    /// Records the exports of the last run that are no longer in the root, and whether they still count.
    pub(super) fn count_missing(
        &mut self,
        stamp: &Stamp,
        exports: &[Export],
        previous: &[ExportRecord],
        kept: &BTreeSet<String>,
        is_forgotten: impl Fn(&str) -> bool,
    ) {
        let folders = folders_with_files(exports);
        for export in previous.iter().filter(|export| export.is_gone_from(&folders)) {
            self.missing.push(MissingEntry {
                stamp: stamp.to_string(),
                folder: export.folder.clone(),
                lines: export.used(),
                kept: kept.contains(&export.folder),
                forgotten: is_forgotten(&export.folder),
            });
        }
    }

    /// Records the missing reported time of a stamp.
    pub(super) fn count_time(&mut self, time: ReportedTime) {
        self.times.push(time);
    }

    /// The missing reported time of each stamp.
    pub(super) fn times(&self) -> &[ReportedTime] {
        &self.times
    }

    /// Findings about overdue windows: they depend on the clock, so they are in no receipt.
    pub(super) fn overdue(&self, plan: &Plan) -> Vec<Finding> {
        let now = (plan.now)().timestamp();
        self.times.iter().filter_map(|time| time.overdue(now)).collect()
    }

    /// Records which days were settled, and why.
    pub(super) fn count_dirty(&mut self, stamp: &Stamp, dirty: &BTreeMap<Day, BTreeSet<Cause>>) {
        let entry = |(day, causes): (&Day, &BTreeSet<Cause>)| SettledEntry {
            stamp: stamp.to_string(),
            usage_date: day.to_string(),
            causes: causes.iter().map(|cause| cause.as_str()).collect(),
        };
        self.settled.extend(dirty.iter().map(entry));
    }

    /// Records which stamps stay as they were published.
    pub(super) fn leave(&mut self, left: Vec<LeftEntry>) {
        self.left = left;
    }

    /// Records the missing inputs that were forgotten by name.
    pub(super) fn forget(&mut self, forgotten: Vec<String>) {
        self.forgotten = forgotten;
    }

    /// Records findings.
    pub(super) fn found(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    pub(super) fn count_attributed(&mut self, owned: &OwnedUsage, snapshots: &Snapshots) {
        self.by_usage_day += owned.lines_decided_by_usage_day;
        self.before_first_snapshot += owned.lines_before_first_snapshot;
        self.findings.extend(owned.usage.findings.iter().cloned());
        self.inputs.extend(snapshots.pages().map(|page| Input::from_file(page, 0)));
    }

    /// Adds up the days of a stamp.
    ///
    /// # Errors
    /// A sum is out of range.
    pub(super) fn count_settled(
        &mut self,
        stamp: &Stamp,
        notes: &BTreeMap<Day, DayNote>,
        adjusted: &BTreeMap<String, Totals>,
    ) -> Result<()> {
        let cut: BTreeSet<i64> = notes.values().flat_map(|note| note.resources_cut.iter().copied()).collect();
        self.resources_cut += cut.len() as u64;
        let (mut used, mut hourly) = (BTreeMap::new(), BTreeMap::new());
        for note in notes.values() {
            for noted in &note.uses {
                let attribution = note.owners[noted.owner as usize].attribution;
                *self.attributions.entry(attribution as Precedence).or_default() += noted.lines as u64;
            }
            for meter_of_day in &note.meters {
                used.entry(&meter_of_day.meter).or_insert_with(Totals::default).merge(meter_of_day.used)?;
                hourly.entry(&meter_of_day.meter).or_insert_with(Totals::default).merge(meter_of_day.used_hourly)?;
            }
        }
        for (meter, totals) in used {
            let hourly = hourly[meter];
            self.balance.push(BalanceEntry {
                stamp: stamp.to_string(),
                meter_id: Some(meter.to_string()),
                lines: totals.lines,
                quantity: totals.quantity.to_string(),
                lines_hourly: hourly.lines,
                quantity_hourly: hourly.quantity.to_string(),
                lines_adjusted: adjusted.get(meter.as_str()).map_or(0, |delta| delta.lines),
                quantity_adjusted: adjusted.get(meter.as_str()).copied().unwrap_or_default().quantity.to_string(),
                ..BalanceEntry::default()
            });
        }
        Ok(())
    }

    /// Records the window ledger of a stamp: its exports, and how many lines of each equal another line.
    pub(super) fn count_windows(&mut self, usage: &Usage, notes: &BTreeMap<Day, DayNote>) {
        let stamp = &usage.stamp;
        let mut equal: BTreeMap<&str, i64> = BTreeMap::new();
        for export in notes.values().flat_map(|note| &note.exports) {
            *equal.entry(&export.label).or_default() += export.lines_equal;
        }
        for export in &usage.exports {
            let lines_equal = if export.is_dropped() { 0 } else { equal.get(&*export.label).copied().unwrap_or(0) };
            let lines = export.read().lines;
            let used = export.used();
            self.windows.push(WindowEntry {
                stamp: stamp.to_string(),
                window: export.label.clone(),
                folder: export.folder.clone(),
                granularity: export.granularity.map(Granularity::as_str),
                files: export.file_count(),
                lines,
                lines_equal,
                whole: export.covers(),
                dropped: export.dropped_by().map(DropRule::as_str),
                bytes: export.input_files().map(|file| file.bytes).sum(),
                blake3: fingerprint_of(export).to_string(),
                first_run: None,
                reported: export.window,
            });
            if lines_equal * 100 > used * EQUAL_LINES_PERCENT {
                let finding = Finding::new(
                    stamp,
                    FindingCode::EqualLines,
                    format!("{lines_equal} of {used} lines in {} equal another line of the same export", export.folder),
                    vec![export.folder.clone()],
                    "see whether usage was queried twice, such as for all tenants and for each of them: two equal \
                     lines can both be true, so all were counted",
                );
                self.findings.push(finding.on(&export.days_reported()));
            }
        }
    }

    /// Records how complete a stamp's days are, each with its number of lines.
    pub(super) fn count_days(&mut self, stamp: &Stamp, coverage: Vec<(DayCoverage, i64)>) {
        self.coverage.extend(coverage.into_iter().map(|(day, lines)| (stamp.clone(), day, lines)));
    }

    /// The coverage of all days, with the findings about their exports.
    pub(super) fn coverage(&self) -> Vec<CoverageRow> {
        let mut found: BTreeMap<(&Stamp, Day), BTreeSet<FindingCode>> = BTreeMap::new();
        for finding in &self.findings {
            for (stamp, &day) in finding.stamp.iter().flat_map(|stamp| finding.days.iter().map(move |day| (stamp, day)))
            {
                found.entry((stamp, day)).or_default().insert(finding.code);
            }
        }
        let row = |(stamp, coverage, lines): &(Stamp, DayCoverage, i64)| CoverageRow {
            stamp: stamp.clone(),
            coverage: coverage.clone(),
            lines: *lines,
            findings: found.get(&(stamp, coverage.day)).into_iter().flatten().copied().collect(),
        };
        self.coverage.iter().map(row).collect()
    }

    /// Records what months were charged, and the results of rate cards.
    pub(super) fn count_charged<'n>(&mut self, charged: &ChargedMonths, notes: impl Iterator<Item = &'n CardNote>) {
        for (month, rated) in &charged.0 {
            self.statements.extend(rated.totals.iter().map(|total| StatementEntry {
                month: month.to_string(),
                currency: total.currency.code(),
                lines: total.lines,
                charge: total.charge.to_string(),
                amount: total.amount.to_string(),
                rounding_difference: total.amount.as_charge().checked_sub(total.charge).unwrap_or_default().to_string(),
                billing_currency: total.billing_currency.code(),
                billing_amount: total.billing_amount.to_string(),
                billed: total.billing_amount.shown(total.billing_currency),
            }));
            self.unpriced.extend(rated.unpriced.iter().map(|unpriced| UnpricedEntry {
                month: month.to_string(),
                stamp: unpriced.stamp.to_string(),
                meter_id: unpriced.meter.to_string(),
                quantity: unpriced.quantity.to_string(),
            }));
        }
        self.rate_cards.extend(notes.map(|note| RateCardEntry {
            file: note.file.clone(),
            meters: note.meters,
            mapped: note.mapped,
        }));
    }

    /// Refuses what the plan does not accept.
    ///
    /// # Errors
    /// Findings under --strict, or more rejects than --rejects-max.
    pub(super) fn refuse(&self, plan: &Plan) -> Result<()> {
        let is_left = |finding: &Finding| self.left.iter().any(|left| Some(&left.stamp) == finding.stamp.as_ref());
        let overdue = self.overdue(plan);
        let refused = self.findings.iter().chain(&overdue);
        let is_grave = |finding: &&Finding| plan.strict.is_some_and(|least| finding.code.severity() <= least);
        let refused =
            refused.filter(is_grave).filter(|finding| !plan.accept.contains(&finding.code) && !is_left(finding));
        let count = refused.clone().count();
        if count > 0 {
            let shown = |finding: &Finding| {
                let stamp = stamp_or_empty::before(finding.stamp.as_ref());
                format!("\n  {stamp}{}: {}; {}", finding.code, finding.sentence, finding.remedy)
            };
            let mut findings: Vec<String> = refused.map(shown).collect();
            findings.sort();
            if plan.out.is_some() && count > FINDINGS_SHOWN {
                findings.truncate(FINDINGS_SHOWN);
                findings.push(format!("\n  and {} more: `stacktally check` shows all", count - FINDINGS_SHOWN));
            }
            let counted = shown::counted(count as i64, "finding");
            return Err(Error::input(format!("--strict refuses {counted}:{}", findings.concat())).hint(
                "correct what they name, accept those that are meant with --accept CODE, or run without --strict",
            ));
        }
        self.refuse_rejects(plan)
    }

    /// Refuses more rejects than the plan allows, as soon as a stamp has them.
    ///
    /// # Errors
    /// There are more than `--rejects-max`.
    pub(super) fn refuse_rejects(&self, plan: &Plan) -> Result<()> {
        match plan.rejects_max {
            Some(max) if self.lines.rejected as u64 > max => Err(Error::input(format!(
                "{} rejected, more than --rejects-max {max}; the first is {}",
                self.lines.rejected,
                self.first_reject.as_deref().unwrap_or_default()
            ))
            .hint("correct the exports, or raise the limit: `stacktally check` without it lists more of them")),
            _ => Ok(()),
        }
    }

    /// Adds rejected and dropped lines to the balance of used ones, meter by meter.
    fn complete_balance(&mut self) {
        let mut entries: BTreeMap<(String, Option<String>), BalanceEntry> =
            self.balance.drain(..).map(|entry| ((entry.stamp.clone(), entry.meter_id.clone()), entry)).collect();
        let mut entry_of = |(stamp, meter): (String, Option<MeterId>), fill: &dyn Fn(&mut BalanceEntry)| {
            let meter_id = meter.map(|meter| meter.to_string());
            let empty = || BalanceEntry { stamp: stamp.clone(), meter_id: meter_id.clone(), ..BalanceEntry::default() };
            fill(entries.entry((stamp.clone(), meter_id.clone())).or_insert_with(empty));
        };
        let quantity = |sum: MeterSum| sum.quantity.map(|quantity| quantity.to_string());
        for (key, sum) in std::mem::take(&mut self.rejected) {
            entry_of(key, &|entry| {
                (entry.lines_rejected, entry.quantity_rejected) = (sum.lines, quantity(sum));
            });
        }
        for (key, sum) in std::mem::take(&mut self.dropped) {
            entry_of(key, &|entry| {
                (entry.lines_dropped, entry.quantity_dropped) = (sum.lines, quantity(sum));
            });
        }
        self.balance = entries.into_values().collect();
    }

    /// Records since which run each export has counted: from the last publication, or else since this run.
    pub(super) fn date_exports(&mut self, recorded: &RecordedInputs, generation: u64) {
        let windows = recorded.windows.iter().filter(|window| window.dropped.is_none());
        let known: BTreeMap<(&str, &str), Option<u64>> =
            windows.map(|window| ((window.stamp.as_str(), window.folder.as_str()), window.first_run)).collect();
        for window in self.windows.iter_mut().filter(|window| window.dropped.is_none()) {
            let since = known.get(&(window.stamp.as_str(), window.folder.as_str()));
            window.first_run = since.copied().unwrap_or(Some(generation));
        }
    }

    /// The window ledger of all stamps.
    pub(super) fn windows(&self) -> &[WindowEntry] {
        &self.windows
    }

    pub(super) fn receipt(
        mut self,
        plan: &Plan,
        publisher: &Publisher,
        skipped: Vec<String>,
        full_run: Option<String>,
        started_at: DateTime<Utc>,
    ) -> Receipt {
        let rfc3339 = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        self.findings.sort();
        self.complete_balance();
        self.inputs.sort_by(|a, b| a.path.cmp(&b.path));
        // In a what-if, one snapshot may replace several.
        self.inputs.dedup_by(|a, b| a.path == b.path);
        let count_of =
            |attribution: &Attribution| self.attributions.get(&(*attribution as Precedence)).copied().unwrap_or(0);
        let in_state = |state| self.coverage.iter().filter(|(_, day, _)| day.state == state).count() as u64;
        Receipt {
            format: FORMAT,
            generation: publisher.generation(),
            full_run,
            settled: self.settled,
            missing: self.missing,
            forgotten: self.forgotten,
            left_as_published: self.left,
            stacktally: env!("CARGO_PKG_VERSION"),
            started_at: rfc3339(started_at),
            finished_at: rfc3339((plan.now)()),
            settings: plan.settings.clone(),
            lines: self.lines,
            lines_rounded: self.rounded,
            lines_attributed_by_usage_day: self.by_usage_day,
            lines_before_first_snapshot: self.before_first_snapshot,
            resources_cut: self.resources_cut,
            csv_cells_guarded: publisher.guarded_cells(),
            attributions: Attribution::ALL
                .iter()
                .map(|attribution| Count { name: attribution.as_str(), count: count_of(attribution) })
                .collect(),
            rejects: self.rejects.iter().map(|(reason, &count)| Count { name: reason.as_str(), count }).collect(),
            days: DayState::ALL.map(|state| Count { name: state.as_str(), count: in_state(state) }).into(),
            windows: self.windows,
            findings: self
                .findings
                .into_iter()
                .map(|finding| FindingEntry::new(plan.accept.contains(&finding.code), finding))
                .collect(),
            balance: self.balance,
            statements: self.statements,
            unpriced: self.unpriced,
            rate_cards: self.rate_cards,
            inputs: self.inputs,
            exports: exports_entry(publisher),
            skipped,
            published: publisher.files(),
        }
    }
}
