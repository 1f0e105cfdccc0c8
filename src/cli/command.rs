//! What the commands do once their settings are known. `run` and `check` are one pipeline, with and without an OUT.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::args::{ChangesArgs, CompareArgs, HistoryArgs, StatementArgs, UnregisteredArgs, WhyArgs};
use super::ended::Ended;
use super::message::printable;
use super::progress::TerminalProgress;
use super::settings::{self, ClockTime, CoverageOf, Seen, Settings};
use super::show::layout::Width;
use super::show::{billed, calendar, changes, compare, history, statement, unregistered, why};
use super::steps::Steps;
use super::{exit, log, message, metrics, summary};
use crate::audit::{self, Publication, Query};
use crate::domain::identity::one_spelling;
use crate::domain::{Month, Stamp, TenantId, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::pipeline;
use crate::pipeline::closing::{self, Closing};
use crate::publish::{Out, Patience};
use crate::watch::Watch;

/// How a command ended: what to say on standard output and on standard error, and the exit code.
#[derive(Debug)]
pub struct Ending {
    pub text: String,
    /// For standard error.
    pub talk: String,
    pub code: u8,
    /// Whether the text is what the command is for, and not only a word about it.
    pub is_the_product: bool,
}

/// Shows how complete days are, as a calendar or as JSON.
///
/// # Errors
/// There is no publication, or as [`pipeline::run`].
pub fn show_coverage(of: &CoverageOf, json: bool, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let (rows, closed) = match of {
        CoverageOf::Published(out, stamps) => {
            let publication = Publication::open(out)?;
            let (mut rows, mut closed) = (publication.coverage()?, publication.closed()?);
            if let Some(unknown) = stamps.iter().find(|stamp| !rows.iter().any(|row| row.stamp == **stamp)) {
                return Err(Error::usage(format!("--stamp {unknown}: the publication has no such stamp"))
                    .hint("leave --stamp out to see them all"));
            }
            let is_asked = |stamp: &Stamp| stamps.is_empty() || stamps.contains(stamp);
            rows.retain(|row| is_asked(&row.stamp));
            closed.retain(|own| is_asked(&own.stamp));
            (rows, Some(closed))
        }
        CoverageOf::Root(settings) => {
            start_threads(settings)?;
            (pipeline::run(&settings.plan, &watch(signal))?.coverage, None)
        }
    };
    let closed = closed.as_deref();
    let text = if json { calendar::json(&rows, closed) } else { calendar::text(&rows, closed, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Runs the pipeline, and tells however it ended what is `seen` of it. `command` is `run` or `check`; `signals` makes the number
/// that becomes that of a signal.
pub fn run_pipeline(
    command: &'static str,
    seen: &Seen,
    settings: Result<Settings>,
    signals: impl FnOnce() -> Result<Arc<AtomicUsize>>,
) -> Ending {
    if let Some((format, level)) = seen.log {
        log::install(format, level);
    }
    let (started, steps) = (ClockTime::now(), Steps::begin(seen.log.is_some()));
    log::started(command, settings.as_ref().ok());
    let out = settings.as_ref().ok().and_then(|settings| settings.plan.out.clone());
    let result = settings.and_then(|settings| {
        start_threads(&settings)?;
        pipeline::run(&settings.plan, &Watch::new(signals()?, Box::new(steps.clone())))
    });
    let (duration_ms, steps) = steps.end();
    let (out, finished) = (out.as_deref(), ClockTime::now());
    tell(seen, &Ended { command, out, result: &result, started, finished, duration_ms, steps })
}

/// Tells of a run that has ended: metrics first, since they tell of it to whom nobody else does.
fn tell(seen: &Seen, ended: &Ended<'_>) -> Ending {
    let metrics = seen.metrics.as_deref().map_or(Ok(()), |path| metrics::write(path, ended)).err();
    let mut talk = String::new();
    if seen.log.is_some() {
        metrics.iter().for_each(log::warned);
        log::ended(ended);
    } else {
        talk.extend(ended.error().map(message::failure));
        talk.extend(
            ended.outcome().and_then(|own| message::lines_are_gone(&own.receipt)).as_ref().map(message::warning),
        );
        talk.extend(metrics.as_ref().map(message::warning));
    }
    let summary = || ended.outcome().map(|outcome| message::summary(outcome, ended.out, Width::of_stdout()));
    let text = if seen.json { summary::json(ended) } else { summary().unwrap_or_default() };
    Ending { text, talk, code: ended.exit_code(), is_the_product: false }
}

/// Finishes what a run had committed when it died, or clears what it had staged.
///
/// # Errors
/// There is nothing in OUT that a run made, another run holds it, or a file that was to be published is lost.
pub fn recover(out: &Path, patience: Patience, signal: Arc<AtomicUsize>) -> Result<Ending> {
    if !Out::is_one(out) {
        return Err(audit::no_publication(out));
    }
    let recovered = Out::hold(out, patience, &watch(signal))?.recovered();
    Ok(said(message::recovered(recovered)))
}

/// Closes a month.
///
/// # Errors
/// As [`closing::close`].
pub fn close(wanted: &Closing, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let entries = closing::close(wanted, &watch(signal))?;
    Ok(said(message::closed(&entries)))
}

/// Opens a closed month again.
///
/// # Errors
/// As [`closing::reopen`].
pub fn reopen(wanted: &Closing, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let entries = closing::reopen(wanted, &watch(signal))?;
    Ok(said(message::reopened(&entries)))
}

/// Something was done, and this is a word about it.
fn said(text: String) -> Ending {
    Ending { text, talk: String::new(), code: exit::PUBLISHED, is_the_product: false }
}

/// Explains published figures of a day, or lines on the statements of a month.
///
/// # Errors
/// There is no publication or no such figure, or as [`audit::explain`] and [`audit::explain_billed`].
pub fn explain(args: &WhyArgs) -> Result<Ending> {
    let (out, stamps) = settings::of_publication(&args.publication)?;
    if let Some(month) = &args.month {
        return explain_billed(&Publication::open(&out)?, settings::month_of(month)?, args);
    }
    let date = args.date.as_deref().unwrap_or_default();
    let query = Query {
        date: settings::day_of("date", date)?,
        stamps,
        user_subscription: args.user_subscription.clone(),
        tenant: args.tenant.clone(),
        billed_subscription: args.billed_subscription.clone(),
        meter: args.meter.clone(),
        resource: args.resource.clone(),
    };
    let publication = Publication::open(&out)?;
    let mut own = audit::figures(&publication, &query)?;
    let text = if args.publication.json {
        audit::explain(&publication, &mut own)?;
        why::json(&own)?
    } else if why::is_too_much(&own) {
        why::list(&own, Width::of_stdout())
    } else {
        audit::explain(&publication, &mut own)?;
        why::text(&own, args.lines, Width::of_stdout())
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Explains lines on the statements of a month.
fn explain_billed(publication: &Publication, month: Month, args: &WhyArgs) -> Result<Ending> {
    if args.publication.stamp.is_some() {
        return Err(Error::usage("--stamp with --month: a statement line is of all stamps together")
            .hint("leave --stamp out; with --date figures of one stamp are explained"));
    }
    let billed: Vec<String> = args.billed_subscription.iter().map(|id| one_spelling(id)).collect();
    let meters = args.meter.as_deref().map(|meter| audit::meters_named(publication, meter)).transpose()?;
    let own = audit::explain_billed(publication, month, &billed, &meters.unwrap_or_default())?;
    let text = if args.publication.json { billed::json(&own) } else { billed::text(&own, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows what fell on the default subscriptions, or how to register whom it is for.
///
/// # Errors
/// There is no publication, or as [`audit::unregistered`].
pub fn show_unregistered(args: &UnregisteredArgs) -> Result<Ending> {
    let (out, stamps) = settings::of_publication(&args.publication)?;
    let since = args.since.as_deref().map(|text| settings::day_of("since", text)).transpose()?;
    let own = audit::unregistered(&Publication::open(&out)?, &stamps, since)?;
    let text = match (args.commands, args.publication.json) {
        (true, _) => printable(&unregistered::commands(&own)),
        (false, true) => unregistered::json(&own),
        (false, false) => unregistered::text(&own, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows what runs changed of days that were published before.
///
/// # Errors
/// There is no publication, or as [`audit::changes`].
pub fn show_changes(args: &ChangesArgs) -> Result<Ending> {
    let (out, stamps) = settings::of_publication(&args.publication)?;
    let since = args.since.as_deref().map(settings::since_of).transpose()?;
    let own = audit::changes(&Publication::open(&out)?, &stamps, since)?;
    let text = match (args.csv, args.publication.json) {
        (true, _) => changes::csv(&own)?,
        (false, true) => changes::json(&own),
        (false, false) => changes::text(&own, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Prints the statements of a month.
///
/// # Errors
/// There is no publication, or as [`audit::statements`].
pub fn show_statements(args: &StatementArgs) -> Result<Ending> {
    let (out, month, billed) = settings::of_statement(args)?;
    let own = audit::statements(&Publication::open(&out)?, month, &billed)?;
    let text = if args.json { statement::json(&own) } else { statement::text(&own, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows how the mappings of a root changed.
///
/// # Errors
/// As [`pipeline::history`].
pub fn show_history(args: HistoryArgs, settings: &Settings, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let HistoryArgs { tenant, user_subscription, csv, json, input: _ } = args;
    let tenant = tenant.map(|text| settings::id_of("tenant", &text, TenantId::new)).transpose()?;
    let user_subscription = user_subscription
        .map(|text| settings::id_of("user-subscription", &text, UserSubscriptionId::new))
        .transpose()?;
    start_threads(settings)?;
    let followed = pipeline::history(&settings.plan, &watch(signal))?;
    let mut own = followed.history;
    own.concern(tenant.as_ref(), user_subscription.as_ref());
    let shown = history::Shown {
        changes: own.changes,
        meters: followed.meters,
        names: followed.names,
        rejected: followed.rejected,
    };
    let text = match (csv, json) {
        (true, _) => history::csv(&shown)?,
        (false, true) => history::json(&shown),
        (false, false) => history::text(&shown, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows what differs between two publications.
///
/// # Errors
/// One is none, or as [`audit::compare`].
pub fn show_differences(args: &CompareArgs) -> Result<Ending> {
    let month = args.month.as_deref().map(settings::month_of).transpose()?;
    let own = audit::compare(&Publication::open(&args.first)?, &Publication::open(&args.second)?, month)?;
    let text = if args.json { compare::json(&own) } else { compare::text(&own, Width::of_stdout()) };
    Ok(product(text, if own.is_equal() { exit::PUBLISHED } else { exit::DIFFERENT }))
}

/// The ending of a command whose text is what it is for.
fn product(text: String, code: u8) -> Ending {
    Ending { text, talk: String::new(), code, is_the_product: true }
}

fn watch(signal: Arc<AtomicUsize>) -> Watch {
    Watch::new(signal, Box::new(TerminalProgress::new()))
}

fn start_threads(settings: &Settings) -> Result<()> {
    let Some(threads) = settings.threads else { return Ok(()) };
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.map_err(|error| Error::engine("start the threads", error))
}
