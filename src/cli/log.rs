//! Logs: events with fields, one on each line of standard error. The only place that uses `tracing`; the stages do not
//! depend on it.
//!
//! Messages are fixed texts, so that they can be searched for; what differs between runs is in the fields. Nothing is
//! logged until [`install`] is called; after that, nothing else writes to standard error.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info, warn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::clock::ClockTime;
use super::plan::Job;
use super::run_report::{Ended, StepTime};
use super::settings::choices::{LogFormat, LogLevel};
use crate::domain::{Finding, Stamp, shown};
use crate::error::Error;
use crate::pipeline::Outcome;
use crate::publication::receipt::{LeftEntry, MissingEntry};

/// Turns logs on, for the whole process.
pub fn install(format: LogFormat, level: LogLevel) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_timer(Clock)
        .with_target(false)
        .with_max_level(LevelFilter::from(level))
        // Standard error may be gone, and a complaint about that would be a panic.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
        }
    }
    std::panic::set_hook(Box::new(|panic| error!(panic = panic.to_string().as_str(), "fault of stacktally")));
}

/// A run begins; its root and OUT are unknown when its settings are invalid.
pub fn started(command: &str, job: Option<&Job>) {
    let plan = job.map(|job| &job.plan);
    let root = plan.map(|plan| plan.root.to_string_lossy());
    let out = plan.and_then(|plan| plan.out.as_ref()).map(|out| out.to_string_lossy());
    info!(command, version = env!("CARGO_PKG_VERSION"), root = root.as_deref(), out = out.as_deref(), "run started");
}

/// A step begins, of a stamp or of the whole run.
pub fn step_begun(step: &str, stamp: Option<&str>) {
    info!(step, stamp, "step begun");
}

/// A step has ended, in success or failure.
pub fn step_ended(step: &StepTime, stamp: Option<&str>) {
    info!(step = step.name, stamp, duration_ms = step.duration_ms, "step ended");
}

/// Everything known about a run that has ended.
pub fn ended(ended: &Ended<'_>) {
    match ended.result {
        Ok(outcome) => finished(outcome, !outcome.is_rehearsal),
        Err(error) => failed(error),
    }
    info!(exit_code = ended.exit_code(), duration_ms = ended.duration_ms, "run finished");
}

/// A side task of a run that failed, though the run did not.
pub fn warned(error: &Error) {
    warn!(error = &*error.to_string(), hint = error.hint.as_deref(), causes = causes(error), "not done");
}

fn finished(outcome: &Outcome, is_published: bool) {
    let receipt = &outcome.receipt;
    for input in &receipt.inputs {
        debug!(
            file = shown::path(&input.path),
            bytes = input.bytes,
            lines = input.lines,
            shape = input.shape,
            "file read"
        );
    }
    let lines = receipt.lines;
    info!(read = lines.read, used = lines.used, rejected = lines.rejected, dropped = lines.dropped, "lines");
    let new = outcome.rejects_new;
    for reject in &receipt.rejects {
        // Rejects that are not new are no warning any more.
        if new > 0 {
            warn!(reason = reject.name, count = reject.count, new, "lines set aside");
        } else {
            info!(reason = reject.name, count = reject.count, new, "lines set aside");
        }
    }
    for Finding { stamp, sentence, remedy, .. } in &outcome.overdue {
        let stamp = stamp.as_ref().map(Stamp::as_str);
        warn!(stamp, sentence, remedy = &**remedy, "stamp overdue");
    }
    for finding in &receipt.findings {
        let stamp = finding.stamp.as_ref().map(Stamp::as_str);
        let (code, sentence, remedy) = (finding.code, &*finding.sentence, &*finding.remedy);
        if finding.accepted {
            info!(stamp, code, sentence, remedy, "finding accepted");
        } else {
            warn!(stamp, code, sentence, remedy, "finding");
        }
    }
    if let Some(why) = &receipt.full_run {
        info!(why = why.as_str(), "everything rebuilt");
    }
    for MissingEntry { stamp, folder, lines, kept, forgotten: _ } in &receipt.missing {
        if *kept {
            info!(stamp, folder = shown::path(folder), lines, "missing export kept");
        } else {
            warn!(stamp, folder = shown::path(folder), lines, "export missing");
        }
    }
    for name in &receipt.forgotten {
        warn!(name = shown::path(name), "forgotten");
    }
    for LeftEntry { stamp, run } in &receipt.left_as_published {
        info!(stamp = stamp.as_str(), run, "stamp left as published");
    }
    for (stamp, days) in outcome.changed.iter().filter(|_| is_published) {
        info!(stamp = stamp.as_str(), days = days.len(), run = receipt.generation, "published days changed");
    }
    for month in outcome.rebilled.iter().filter(|_| is_published) {
        info!(month = month.to_string(), run = receipt.generation, "statements ask for other amounts");
    }
    if is_published {
        let changed = receipt.published.iter().filter(|file| file.is_changed()).count();
        let (generation, files) = (receipt.generation, receipt.published.len());
        info!(generation, files, changed, removed = outcome.removed.len(), "published");
    }
}

fn failed(error: &Error) {
    let others = error.beside.as_deref();
    std::iter::once(error).chain(others.into_iter().flat_map(|others| &others.errors)).for_each(ended_by);
    for Finding { stamp, code, sentence, remedy, .. } in others.into_iter().flat_map(|others| &others.findings) {
        let stamp = stamp.as_ref().map(Stamp::as_str);
        warn!(stamp, code = code.as_str(), sentence, remedy = &**remedy, "finding");
    }
}

/// One of the errors that ended a run.
fn ended_by(error: &Error) {
    let place = error.place.as_ref();
    let line_column = place.and_then(|place| place.line_column);
    error!(
        kind = error.kind.as_str(),
        file = place.map(|place| shown::path(&place.file)),
        line = line_column.map(|(line, _)| line),
        column = line_column.map(|(_, column)| column),
        error = &*error.message,
        hint = error.hint.as_deref(),
        causes = causes(error),
        "run failed"
    );
}

fn causes(error: &Error) -> Option<String> {
    Some(error.causes().join(": ")).filter(|causes| !causes.is_empty())
}

/// The clock for the time of an event.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", ClockTime::now())
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
        }
    }
}
