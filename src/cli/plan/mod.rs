//! What the commands are to do: typed settings are laid over those of the settings file, and their values become what
//! the stages take.

mod folders;
mod making;
mod values;

use std::path::PathBuf;

pub use self::making::Job;
use self::making::{job, patience};
use self::values::missing;
pub use self::values::{day_of, month_of, since_of, stamps_of};
use super::args::{
    CheckArgs, CloseArgs, ClosingArgs, CoverageArgs, HistoryArgs, MakingArgs, OutArgs, PublicationArgs, RecoverArgs,
    ReopenArgs, RunArgs, SettingsArgs, StatementArgs, Talk,
};
use super::clock::NOW;
use super::settings::choices::{LogFormat, LogLevel};
use super::settings::in_force::{SettingInForce, in_force};
use super::settings::output::LogSettings;
use super::settings::strict::Strict;
use super::settings::{Settings, SettingsFile};
use crate::close::Closing;
use crate::domain::{Month, Stamp};
use crate::error::{Error, Result};
use crate::pipeline::Plan;
use crate::publication::{Out, Patience, no_publication};

/// What is shown of a run.
#[derive(Debug, Default)]
pub struct Visibility {
    /// Logs instead of progress and error texts.
    pub log: Option<(LogFormat, LogLevel)>,
    /// The summary as JSON.
    pub json: bool,
    /// The file to write metrics to.
    pub metrics: Option<PathBuf>,
    /// Only errors: neither progress nor the summary.
    pub quiet: bool,
}

impl Visibility {
    fn new(log: &LogSettings, talk: Talk, json: bool) -> Self {
        let Talk { quiet, verbose } = talk;
        let format = log.log_format.or(verbose.then_some(LogFormat::Text));
        let level = match (quiet, verbose) {
            (true, _) => LogLevel::Error,
            (false, true) => LogLevel::Debug,
            (false, false) => log.log_level,
        };
        Self { log: format.map(|format| (format, level)), json, metrics: None, quiet }
    }
}

/// The typed settings of a run, laid over a settings file. A broken file counts as empty.
fn laid_over(args: &MakingArgs) -> (Settings, Option<Error>) {
    let (mut settings, error) = match SettingsFile::read(args.settings.file.as_deref()) {
        Ok(file) => (file.settings, None),
        Err(error) => (Settings::default(), Some(error)),
    };
    args.making.lay_over(&mut settings.making);
    args.lock.lay_over(&mut settings.lock);
    args.reuse.lay_over(&mut settings.reuse);
    args.log.lay_over(&mut settings.log);
    (settings, error)
}

/// What `stacktally run` is to do. What is shown of the run is known even where the other settings are invalid.
///
/// # Errors
/// A settings file that cannot be read, an unknown key, an invalid value, no root or no OUT.
pub fn of_run(args: RunArgs) -> (Visibility, Result<Job>) {
    let RunArgs { out, making, metrics, json } = args;
    let (mut settings, error) = laid_over(&making);
    out.lay_over(&mut settings.out);
    metrics.lay_over(&mut settings.metrics);
    // A what-if is not the nightly run that a monitor waits for.
    let is_nightly_run = settings.making.what_if.registration_override.is_empty();
    let metrics = settings.metrics.metrics.clone().filter(|_| is_nightly_run);
    let mut visibility = Visibility { metrics, ..Visibility::new(&settings.log, making.talk, json) };
    let job = error.map_or(Ok(()), Err).and_then(|()| {
        let job = job_into_out(settings, making.forget.forget)?;
        folders::refuse_metrics_in_root(&job.plan.root, &mut visibility.metrics)?;
        Ok(job)
    });
    (visibility, job)
}

/// The job of a run into OUT, to publish there or only to see the changes.
fn job_into_out(settings: Settings, forget: Vec<String>) -> Result<Job> {
    let job = job(settings, forget, true)?;
    let Plan { root, out, .. } = &job.plan;
    out.as_deref().map_or(Ok(()), |out| folders::refuse_out_in_root(root, out))?;
    Ok(job)
}

/// The job of a root that is published nowhere.
fn job_without_out(mut settings: Settings) -> Result<Job> {
    settings.out.out = None;
    job(settings, Vec::new(), false)
}

/// What `stacktally check` is to do, as [`of_run`]: a run into OUT that stops before its commit, or without an OUT a
/// run from nothing. It publishes nothing, so it writes no metrics either: they belong to the run.
///
/// # Errors
/// As [`of_run`].
pub fn of_check(args: CheckArgs) -> (Visibility, Result<Job>) {
    let CheckArgs { out: typed, making, json } = args;
    let (mut settings, error) = laid_over(&making);
    let visibility = Visibility::new(&settings.log, making.talk, json);
    if let Some(typed) = typed.as_deref().filter(|out| !Out::is_one(out)) {
        // A mistyped OUT must not pass for a check of what is published.
        return (visibility, Err(no_publication(typed).or_hint("leave --out out to check the root alone")));
    }
    let job = error.map_or(Ok(()), Err).and_then(|()| {
        settings.out.out = typed.or(settings.out.out).filter(|out| Out::is_one(out));
        if settings.out.out.is_none() {
            // Nothing is published there, so nothing is compared, and no folder is created.
            return job_without_out(settings);
        }
        let mut job = job_into_out(settings, making.forget.forget)?;
        job.plan.rehearse = true;
        Ok(job)
    });
    (visibility, job)
}

/// What a command looks at.
#[derive(Debug)]
pub enum LookedAt {
    /// A publication, of these stamps; of all when there are none.
    Published(PathBuf, Vec<Stamp>),
    /// A root, as it stands.
    Root(Box<Job>),
}

/// What `stacktally coverage` is to show. It only looks, so no finding or reject makes it fail.
///
/// # Errors
/// As [`of_run`].
pub fn of_coverage(args: &CoverageArgs) -> Result<LookedAt> {
    let mut settings = SettingsFile::read(args.settings.file.as_deref())?.settings;
    settings.making.tolerance.strict = Strict::default();
    settings.making.tolerance.rejects_max = None;
    args.input.lay_over(&mut settings.making.input);
    args.confirmations.lay_over(&mut settings.making.confirmations);
    args.settling.lay_over(&mut settings.making.settling);
    args.threads.lay_over(&mut settings.making.threads);
    args.currency.lay_over(&mut settings.making.currency);
    let is_root_typed = args.input.names().any(|name| name == "root");
    let out = args.out.clone().or_else(|| settings.out.out.clone().filter(|_| !is_root_typed));
    looked_at(settings, out, "name a publication, or a root to look at its exports")
}

/// What `stacktally history` is to show. The OUT of a settings file counts unless a flag is typed that says how a root
/// is read.
///
/// # Errors
/// As [`of_run`].
pub fn of_history(args: &HistoryArgs) -> Result<LookedAt> {
    let mut settings = SettingsFile::read(args.settings.file.as_deref())?.settings;
    args.input.lay_over(&mut settings.making.input);
    args.confirmations.lay_over(&mut settings.making.confirmations);
    args.moment.lay_over(&mut settings.making.moment);
    args.what_if.lay_over(&mut settings.making.what_if);
    args.threads.lay_over(&mut settings.making.threads);
    let typed =
        args.input.names().chain(args.confirmations.names()).chain(args.moment.names()).chain(args.what_if.names());
    let is_root_typed = typed.into_iter().any(|name| name != "stamp");
    let out = args.out.clone().or_else(|| settings.out.out.clone().filter(|_| !is_root_typed));
    looked_at(settings, out, "name a publication with --out, or a root whose exports are to be read with --root")
}

fn looked_at(settings: Settings, out: Option<PathBuf>, hint: &str) -> Result<LookedAt> {
    if let Some(out) = out {
        return Ok(LookedAt::Published(out, stamps_of(&settings.making.input.stamp)?));
    }
    if settings.making.input.root.is_none() {
        return Err(Error::usage("--out <OUT> or --root <ROOT> is missing").hint(hint));
    }
    job_without_out(settings).map(|job| LookedAt::Root(Box::new(job)))
}

/// The settings in force for a run. They are shown even if no root or OUT is named, or none exists.
///
/// # Errors
/// A settings file that cannot be read, an unknown key, an invalid value.
pub fn of_settings(args: &SettingsArgs) -> Result<Vec<SettingInForce>> {
    let file = SettingsFile::read(args.file.file.as_deref())?;
    let (settings, in_force) = in_force(file, &args.typed)?;
    making::refuse_values(&settings)?;
    Ok(in_force)
}

/// The OUT that was typed or that a settings file names, and the other settings of that file.
fn out_of(args: &OutArgs) -> Result<(PathBuf, Settings)> {
    let settings = SettingsFile::read(args.settings.as_deref())?.settings;
    let out = args.out.as_ref().or(settings.out.out.as_ref()).ok_or_else(|| missing("out", "<OUT>"))?;
    Ok((out.clone(), settings))
}

/// The publication that a command looks at, and the stamps that it is limited to.
///
/// # Errors
/// A settings file that cannot be read, or no OUT.
pub fn of_publication(args: &PublicationArgs) -> Result<(PathBuf, Vec<Stamp>)> {
    let (out, _) = out_of(&args.out)?;
    Ok((out, stamps_of(args.stamp.as_deref().unwrap_or_default())?))
}

/// The publication and the month whose statements are to be printed.
///
/// # Errors
/// A settings file that cannot be read, no OUT, no month.
pub fn of_statement(args: &StatementArgs) -> Result<(PathBuf, Month)> {
    let (out, _) = out_of(&args.out)?;
    let month = args.of_month.as_ref().or(args.month.as_ref()).ok_or_else(|| missing("month", "<MONTH>"))?;
    Ok((out, month_of(month)?))
}

/// The OUT that `stacktally recover` is to recover, and whether to wait for it.
///
/// # Errors
/// A settings file that cannot be read, or no OUT.
pub fn of_recover(args: &RecoverArgs) -> Result<(PathBuf, Patience)> {
    let (out, mut settings) = out_of(&args.out)?;
    args.lock.lay_over(&mut settings.lock);
    Ok((out, patience(settings.lock.wait)))
}

/// What `stacktally close` is to close.
///
/// # Errors
/// A settings file that cannot be read, no OUT, no month, a blank reason.
pub fn of_close(args: CloseArgs) -> Result<Closing> {
    let CloseArgs { month, closing, force, reason } = args;
    closing_of(&month, &closing, force, reason)
}

/// What `stacktally reopen` is to reopen.
///
/// # Errors
/// As [`of_close`].
pub fn of_reopen(args: ReopenArgs) -> Result<Closing> {
    let ReopenArgs { month, closing, reason } = args;
    closing_of(&month, &closing, false, Some(reason))
}

fn closing_of(month: &str, args: &ClosingArgs, force: bool, reason: Option<String>) -> Result<Closing> {
    let mut settings = SettingsFile::read(args.out.settings.as_deref())?.settings;
    args.lock.lay_over(&mut settings.lock);
    let month = month_of(month)?;
    if reason.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Error::usage("--reason is blank").hint("say why: whoever finds the month so will ask"));
    }
    Ok(Closing {
        out: args.out.out.clone().or(settings.out.out).ok_or_else(|| missing("out", "<OUT>"))?,
        month,
        stamps: stamps_of(args.stamp.as_deref().unwrap_or_default())?,
        force,
        reason: reason.map(|reason| reason.trim().to_owned()),
        patience: patience(settings.lock.wait),
        now: NOW,
    })
}
