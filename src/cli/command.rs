//! What the commands do once their settings are known. `run` and `check` are one pipeline, with and without an OUT.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::args::{
    ChangesArgs, CompareArgs, CompletionsArgs, CoverageArgs, HistoryArgs, ManArgs, PayerArgs, SettingsArgs,
    StatementArgs, TenantArgs, UnregisteredArgs, WhyArgs,
};
use super::clock::ClockTime;
use super::plan::{self, Job, LookedAt, Visibility};
use super::progress::TerminalProgress;
use super::run_report::Ended;
use super::timer::Steps;
use super::{exit, log, manual, message, metrics, panics, summary};
use crate::audit::{self, NameKind, Query, Wanted};
use crate::cli::show::layout::Width;
use crate::cli::show::{self, billed, calendar, changes, compare, history, statement, unregistered, why};
use crate::close::{self, Closing};
use crate::control::Control;
use crate::domain::{Month, Stamp, TenantId, UserSubscriptionId, shown};
use crate::error::{Error, Result};
use crate::pipeline::{self, Followed};
use crate::publication::layout::daily_path;
use crate::publication::{Out, Patience, Publication};

/// How a command ended: the texts for standard output and standard error, and the exit code.
#[derive(Debug)]
pub struct Ending {
    pub text: String,
    /// For standard error.
    pub talk: String,
    pub code: u8,
    /// Whether the text is the result of the command, and not a message about it.
    pub is_the_product: bool,
}

/// Shows how complete days are, as a calendar or as JSON.
///
/// # Errors
/// There is no publication or nothing that is wanted, or as [`pipeline::run`].
pub fn show_coverage(source: &LookedAt, args: &CoverageArgs, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let month = args.months.month.as_deref().map(plan::month_of).transpose()?;
    let (mut rows, mut closed) = match source {
        LookedAt::Published(out, stamps) => {
            let publication = Publication::open(out)?;
            let (mut rows, mut closed) = (publication.coverage()?, publication.closed()?);
            publication.stamps_of(stamps)?;
            let is_wanted = |stamp: &Stamp| stamps.is_empty() || stamps.contains(stamp);
            rows.retain(|row| is_wanted(&row.stamp));
            closed.retain(|entry| is_wanted(&entry.stamp));
            (rows, Some(closed))
        }
        LookedAt::Root(job) => {
            start_threads(job)?;
            (pipeline::run(&job.plan, &control(signal))?.coverage, None)
        }
    };
    if let Some(month) = month {
        rows.retain(|row| row.coverage.day.month() == month);
        closed.iter_mut().for_each(|entries| entries.retain(|entry| entry.month == month));
        if rows.is_empty() && closed.as_ref().is_none_or(Vec::is_empty) {
            return Err(Error::usage(format!("--month {month}: none of the selected stamps has a day in it"))
                .hint("leave --month out to see all months"));
        }
    }
    let closed = closed.as_deref();
    let text =
        if args.json { calendar::json(&rows, closed) } else { calendar::text(&rows, closed, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Runs the pipeline, and reports it as far as `visibility` says, however it ended. `command` is `run` or `check`;
/// `signals` makes the number that will hold a signal.
pub fn run_pipeline(
    command: &'static str,
    visibility: &Visibility,
    job: Result<Job>,
    signals: impl FnOnce() -> Result<Arc<AtomicUsize>>,
) -> Ending {
    if let Some((format, level)) = visibility.log {
        log::install(format, level);
    }
    let (started, steps) = (ClockTime::now(), Steps::begin(visibility.log.is_some() || visibility.quiet));
    log::started(command, job.as_ref().ok());
    let out = job.as_ref().ok().and_then(|job| job.plan.out.clone());
    let result = job.and_then(|job| {
        start_threads(&job)?;
        let control = Control::new(signals()?, Box::new(steps.clone()));
        panics::caught(|| pipeline::run(&job.plan, &control))
    });
    let (duration_ms, steps) = steps.end();
    let (out, finished) = (out.as_deref(), ClockTime::now());
    report(visibility, &Ended { command, out, result: &result, started, finished, duration_ms, steps })
}

/// Reports a run that has ended: metrics first, since a monitor learns of it in no other way.
fn report(visibility: &Visibility, ended: &Ended<'_>) -> Ending {
    let metrics = visibility.metrics.as_deref().map_or(Ok(()), |path| metrics::write(path, ended)).err();
    let mut talk = String::new();
    if visibility.log.is_some() {
        metrics.iter().for_each(log::warned);
        log::ended(ended);
    } else {
        talk.extend(ended.error().map(message::failure));
        let gone =
            ended.outcome().filter(|_| !visibility.quiet).and_then(|outcome| message::lines_are_gone(&outcome.receipt));
        talk.extend(gone.as_ref().map(message::warning));
        talk.extend(metrics.as_ref().map(message::warning));
    }
    let outcome = ended.outcome().filter(|_| !visibility.quiet);
    let summary = || outcome.map(|outcome| message::summary(outcome, ended.out, Width::of_stdout()));
    let text = if visibility.json { summary::json(ended) } else { summary().unwrap_or_default() };
    Ending { text, talk, code: ended.exit_code(), is_the_product: false }
}

/// Finishes what a run had committed when it was killed, or clears what it had staged.
///
/// # Errors
/// There is nothing in OUT that a run made, another run holds it, or a file that was to be published is lost.
pub fn recover(out: &Path, patience: Patience, signal: Arc<AtomicUsize>) -> Result<Ending> {
    if !Out::is_one(out) {
        return Err(crate::publication::no_publication(out));
    }
    let recovered = Out::hold(out, patience, &control(signal))?.recovered();
    Ok(message_only(message::recovered(recovered)))
}

/// Closes a month.
///
/// # Errors
/// As [`close::close`].
pub fn close(wanted: &Closing, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let entries = close::close(wanted, &control(signal))?;
    Ok(message_only(message::closed(&entries)))
}

/// Reopens a closed month.
///
/// # Errors
/// As [`close::reopen`].
pub fn reopen(wanted: &Closing, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let entries = close::reopen(wanted, &control(signal))?;
    Ok(message_only(message::reopened(&entries)))
}

/// The ending of a command that only reports what it did.
fn message_only(text: String) -> Ending {
    Ending { text, talk: String::new(), code: exit::PUBLISHED, is_the_product: false }
}

/// Explains published figures of a day, or lines on the statements of a month.
///
/// # Errors
/// There is no publication or no such figure, or as [`audit::explain`] and [`audit::explain_billed`].
pub fn explain(args: &WhyArgs) -> Result<Ending> {
    let (out, stamps) = plan::of_publication(&args.publication)?;
    if let Some(month) = &args.month {
        return explain_billed(&Publication::open(&out)?, plan::month_of(month)?, args);
    }
    let date = args.date.as_deref().unwrap_or_default();
    let query = Query {
        date: plan::day_of("date", date)?,
        stamps,
        wanted: Wanted {
            user_subscriptions: args.user_subscriptions.user_subscription.clone(),
            ..wanted(&args.payers, &args.tenants)
        },
        resource: args.resource.clone(),
        with_margin: args.margin,
    };
    let publication = Publication::open(&out)?;
    let mut figures = audit::figures(&publication, &query)?;
    let text = if args.publication.json {
        audit::explain(&publication, &mut figures)?;
        why::json(&figures)?
    } else if why::is_too_much(&figures) {
        why::list(&figures, Width::of_stdout())
    } else {
        audit::explain(&publication, &mut figures)?;
        why::text(&figures, args.lines, Width::of_stdout())
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Explains lines on the statements of a month.
fn explain_billed(publication: &Publication, month: Month, args: &WhyArgs) -> Result<Ending> {
    if args.publication.stamp.is_some() {
        return Err(Error::usage("--stamp with --month: a statement line is of all stamps together")
            .hint("leave --stamp out; with --date figures of one stamp are explained"));
    }
    let lines = audit::explain_billed(publication, month, &wanted(&args.payers, &TenantArgs::default()))?;
    let text = if args.publication.json { billed::json(&lines) } else { billed::text(&lines, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows what fell on the default subscriptions, or how to register the tenants.
///
/// # Errors
/// There is no publication, or as [`audit::unregistered`].
pub fn show_unregistered(args: &UnregisteredArgs) -> Result<Ending> {
    let (out, stamps) = plan::of_publication(&args.publication)?;
    let since = args.since.as_deref().map(|text| plan::day_of("since", text)).transpose()?;
    let wanted = Wanted {
        user_subscriptions: args.user_subscriptions.user_subscription.clone(),
        month: args.months.month.as_deref().map(plan::month_of).transpose()?,
        ..wanted(&args.payers, &args.tenants)
    };
    let fallen = audit::unregistered(&Publication::open(&out)?, &stamps, &wanted, since)?;
    let text = match (args.commands, args.publication.json) {
        _ if args.csv => unregistered::csv(&fallen)?,
        (true, _) => shown::printable(&unregistered::commands(&fallen)),
        (false, true) => unregistered::json(&fallen),
        (false, false) => unregistered::text(&fallen, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows what runs changed of days that were published before.
///
/// # Errors
/// There is no publication, or as [`audit::changes`].
pub fn show_changes(args: &ChangesArgs) -> Result<Ending> {
    let (out, stamps) = plan::of_publication(&args.publication)?;
    let since = args.since.as_deref().map(plan::since_of).transpose()?;
    let month = args.months.month.as_deref().map(plan::month_of).transpose()?;
    let wanted = Wanted { month, ..wanted(&args.payers, &TenantArgs::default()) };
    let changed = audit::changes(&Publication::open(&out)?, &stamps, &wanted, since)?;
    let text = match (args.csv, args.publication.json) {
        (true, _) => changes::csv(&changed)?,
        (false, true) => changes::json(&changed),
        (false, false) => changes::text(&changed, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Prints the statements of a month.
///
/// # Errors
/// There is no publication, or as [`audit::statements`].
pub fn show_statements(args: &StatementArgs) -> Result<Ending> {
    let (out, month) = plan::of_statement(args)?;
    let wanted = wanted(&args.payers, &TenantArgs::default());
    let statements = audit::statements(&Publication::open(&out)?, month, &wanted, args.margin)?;
    let text = match (args.csv, args.json) {
        (true, _) => statement::csv(&statements)?,
        (false, true) => statement::json(&statements),
        (false, false) => statement::text(&statements, Width::of_stdout()),
    };
    Ok(product(text, exit::PUBLISHED))
}

/// Shows how the mappings of a publication or of a root changed.
///
/// # Errors
/// There is no publication, or as [`pipeline::history`] and [`audit::published_history`].
pub fn show_history(args: HistoryArgs, source: &LookedAt, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let HistoryArgs { tenant, user_subscription, csv, json, .. } = args;
    let Followed { mut history, meters, names, display_names, rejected } = match source {
        LookedAt::Published(out, stamps) => {
            let publication = Publication::open(out)?;
            let (history, rejected) = audit::published_history(&publication, stamps)?;
            let (meters, names) = (publication.meters()?, publication.names()?);
            Followed { history, meters, names, display_names: publication.display_names()?, rejected }
        }
        LookedAt::Root(job) => {
            start_threads(job)?;
            pipeline::history(&job.plan, &control(signal))?
        }
    };
    let name = |stamp: &Stamp, id: &str| {
        let found = names.get(id).or_else(|| display_names.get(&(stamp.clone(), id.to_owned())));
        found.map(String::as_str)
    };
    let ids = |kind: NameKind, typed: &[String]| -> Result<Vec<String>> {
        let candidates = history.known_names(kind, name);
        typed.iter().map(|text| audit::id_of(kind, text, &candidates)).collect()
    };
    let tenants = ids(NameKind::Tenant, &tenant)?.iter().filter_map(|id| TenantId::new(id)).collect::<Vec<_>>();
    let users = ids(NameKind::UserSubscription, &user_subscription)?;
    let users = users.iter().filter_map(|id| UserSubscriptionId::new(id)).collect::<Vec<_>>();
    history.retain_concerning(&tenants, &users);
    let rejected_where = match source {
        LookedAt::Published(..) => "the table `rejects`",
        LookedAt::Root(_) => "`stacktally check`",
    };
    let shown = history::Shown { changes: history.changes, meters, names, rejected, rejected_where };
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
/// One of them is no publication, or as [`audit::compare`].
pub fn show_differences(args: &CompareArgs) -> Result<Ending> {
    let (first, second) = (Publication::open(&args.first)?, Publication::open(&args.second)?);
    let month = args.month.as_deref().map(plan::month_of).transpose()?;
    let stamps = plan::stamps_of(args.stamp.as_deref().unwrap_or_default())?;
    let published: BTreeSet<Stamp> = [&first, &second].into_iter().flat_map(Publication::stamps).collect();
    if let Some(unknown) = stamps.iter().find(|stamp| !published.contains(stamp)) {
        let names: Vec<&str> = published.iter().map(Stamp::as_str).collect();
        return Err(Error::usage(format!("--stamp {unknown}: neither publication has such a stamp"))
            .hint(format!("they have {}", names.join(", "))));
    }
    let has_month = |month: Month| {
        [&first, &second]
            .iter()
            .any(|publication| publication.stamps().iter().any(|stamp| publication.has(&daily_path(stamp, month))))
    };
    if let Some(month) = month.filter(|month| !has_month(*month)) {
        return Err(Error::usage(format!("--month {month}: neither publication has usage of it"))
            .hint("`stacktally coverage --out OUT` shows which months there are"));
    }
    let chosen = wanted(&args.payers, &args.tenants).among(&[&first, &second], &[])?;
    let mut comparison = audit::compare(&first, &second, month)?;
    if !stamps.is_empty() || !chosen.is_everything() {
        comparison.narrow(&stamps, &chosen);
    }
    let text = if args.json { compare::json(&comparison) } else { compare::text(&comparison, Width::of_stdout()) };
    Ok(product(text, if comparison.is_equal() { exit::PUBLISHED } else { exit::DIFFERENT }))
}

/// Shows the settings in force for a run, and where each comes from.
///
/// # Errors
/// A settings file or a value that a run would refuse.
pub fn show_settings(args: &SettingsArgs) -> Result<Ending> {
    let in_force = plan::of_settings(args)?;
    let text =
        if args.json { show::settings::json(&in_force) } else { show::settings::text(&in_force, Width::of_stdout()) };
    Ok(product(text, exit::PUBLISHED))
}

/// Prints the completion script of a shell.
pub fn print_completions(args: &CompletionsArgs) -> Ending {
    product(manual::completions(args.shell), exit::PUBLISHED)
}

/// Writes man pages.
///
/// # Errors
/// They cannot be written.
pub fn write_man_pages(args: &ManArgs) -> Result<Ending> {
    let names = manual::write_man_pages(&args.to)?;
    Ok(message_only(message::man_pages(&names, &args.to)))
}

/// What was typed about who pays, for what, and for whom.
fn wanted(payers: &PayerArgs, tenants: &TenantArgs) -> Wanted {
    Wanted {
        billed_subscriptions: payers.billed_subscription.clone(),
        meters: payers.meter.clone(),
        tenants: tenants.tenant.clone(),
        ..Wanted::default()
    }
}

/// The ending of a command whose text is its result.
fn product(text: String, code: u8) -> Ending {
    Ending { text, talk: String::new(), code, is_the_product: true }
}

fn control(signal: Arc<AtomicUsize>) -> Control {
    Control::new(signal, Box::new(TerminalProgress::new()))
}

fn start_threads(job: &Job) -> Result<()> {
    let Some(threads) = job.threads else { return Ok(()) };
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.map_err(|error| Error::system("start the threads", error))
}
