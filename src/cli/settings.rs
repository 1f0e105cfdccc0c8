//! What was typed and what the settings file says, brought together: flags win. The one place that reads the clock.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, CommandFactory};
use serde::Deserialize;
use serde_json::json;

use super::args::{
    CheckArgs, Cli, CloseArgs, ClosingArgs, CsvFact, GranularityChosen, InputOptions, LockOptions, LogFormat, LogLevel,
    Moment, Options, Overlap, PublicationArgs, PublishOptions, RecoverArgs, ReopenArgs, ReuseArgs, RoundingChosen,
    RunArgs, SeenOptions, StatementArgs, TieringChosen,
};
use crate::attribute::Rules;
use crate::audit::Since;
use crate::domain::finding::FindingCode;
use crate::domain::ledger::LedgerRules;
use crate::domain::limits::THREADS_MAX;
use crate::domain::{
    AttributeAt, BilledSubscriptionId, Culture, Currency, Day, Granularity, Month, Rounding, SourceTimeZone, Stamp,
    TenantId, Tiering, UserSubscriptionId,
};
use crate::error::{Error, Result, nearest};
use crate::pipeline::closing::Closing;
use crate::pipeline::{Plan, Reuse};
use crate::publish::Patience;
use crate::read::Reading;

/// The settings file: the names of the flags, each optional.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SettingsFile {
    root: Option<PathBuf>,
    out: Option<PathBuf>,
    wait: Option<bool>,
    full: Option<bool>,
    verify: Option<bool>,
    keep_missing: Option<bool>,
    stamp: Option<Vec<String>>,
    overlap: Option<Overlap>,
    granularity: Option<GranularityChosen>,
    culture: Option<String>,
    source_time_zone: Option<String>,
    encoding: Option<String>,
    attribute_at: Option<Moment>,
    confirm_empty_registration: Option<bool>,
    operator_user_subscription: Option<Vec<String>>,
    operator_tenant: Option<Vec<String>>,
    snapshot_age_max: Option<u16>,
    registration_override: Option<Vec<String>>,
    settling_days: Option<u16>,
    csv: Option<CsvFact>,
    tiering: Option<TieringChosen>,
    rounding: Option<RoundingChosen>,
    billing_currency: Option<String>,
    no_owners: Option<bool>,
    strict: Option<bool>,
    accept: Option<Vec<String>>,
    rejects_max: Option<u64>,
    threads: Option<usize>,
    log_format: Option<LogFormat>,
    log_level: Option<LogLevel>,
    metrics: Option<PathBuf>,
}

/// What to do, and with how many threads (`None`: one for each core).
#[derive(Debug)]
pub struct Settings {
    pub plan: Plan,
    pub threads: Option<usize>,
}

const SETTLING_DAYS: u16 = 2;

/// What the outside is to see of a run.
#[derive(Debug, Default)]
pub struct Seen {
    /// Logs instead of progress and texts of errors.
    pub log: Option<(LogFormat, LogLevel)>,
    /// The summary as JSON.
    pub json: bool,
    /// Where to write metrics.
    pub metrics: Option<PathBuf>,
}

impl Seen {
    /// As typed, else as the file says; a file that cannot be understood says nothing.
    fn of(typed: SeenOptions, json: bool, file: Option<&SettingsFile>) -> Self {
        let format = typed.log_format.or(file.and_then(|file| file.log_format));
        let level = typed.log_level.or(file.and_then(|file| file.log_level)).unwrap_or_default();
        Self { log: format.map(|format| (format, level)), json, metrics: None }
    }
}

/// A moment, as the clock showed it.
#[derive(Clone, Copy, Debug)]
pub struct ClockTime(DateTime<Utc>);

impl ClockTime {
    pub fn now() -> Self {
        Self(Utc::now())
    }

    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

/// RFC 3339, UTC.
impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Settings of `stacktally run`: what the outside is to see is known even where the rest makes no sense.
///
/// # Errors
/// A settings file that cannot be read, an unknown key, a value that makes no sense, no root or no OUT.
pub fn of_run(args: RunArgs) -> (Seen, Result<Settings>) {
    let RunArgs { out, lock, reuse, options, seen, metrics, json } = args;
    let file = settings_file(options.input.settings.as_deref());
    let known = file.as_ref().ok();
    let overrides = options.input.registration_override.as_ref();
    let overrides = overrides.or(known.and_then(|file| file.registration_override.as_ref()));
    // A what-if is not the night that a monitor waits for.
    let is_the_night = overrides.is_none_or(Vec::is_empty);
    let metrics = metrics.or_else(|| known.and_then(|file| file.metrics.clone())).filter(|_| is_the_night);
    let mut seen = Seen { metrics, ..Seen::of(seen, json, known) };
    let settings = file.and_then(|file| {
        let out = out.or_else(|| file.out.clone()).ok_or_else(|| missing("out", "<OUT>"))?;
        let wait = lock.wait.or(file.wait).unwrap_or(false);
        let reuse = reuse_of(reuse, &file);
        let mut settings = merged(options, file, Some(out))?;
        settings.plan.patience = patience(wait);
        settings.plan.settings["wait"] = wait.into();
        settings.plan.reuse = reuse;
        let Reuse { full, verify, keep_missing } = reuse;
        for (name, value) in [("full", full), ("verify", verify), ("keep-missing", keep_missing)] {
            settings.plan.settings[name] = value.into();
        }
        refuse_out_in_root(&settings.plan)?;
        refuse_metrics_in_root(&settings.plan, &mut seen.metrics)?;
        Ok(settings)
    });
    (seen, settings)
}

fn reuse_of(typed: ReuseArgs, file: &SettingsFile) -> Reuse {
    Reuse {
        full: typed.full.or(file.full).unwrap_or(false),
        verify: typed.verify.or(file.verify).unwrap_or(false),
        keep_missing: typed.keep_missing.or(file.keep_missing).unwrap_or(false),
    }
}

fn patience(wait: bool) -> Patience {
    if wait { Patience::Wait } else { Patience::Leave }
}

/// The OUT that `stacktally recover` is to put right, and whether it waits for it.
///
/// # Errors
/// A settings file that cannot be read, or no OUT.
pub fn of_recover(args: RecoverArgs) -> Result<(PathBuf, Patience)> {
    let file = settings_file(args.settings.as_deref())?;
    let out = args.out.or(file.out).ok_or_else(|| missing("out", "<OUT>"))?;
    Ok((out, patience(args.lock.wait.or(file.wait).unwrap_or(false))))
}

/// What `stacktally close` is to close.
///
/// # Errors
/// A settings file that cannot be read, no OUT, no month, a blank reason.
pub fn of_close(args: CloseArgs) -> Result<Closing> {
    let CloseArgs { month, of, force, reason } = args;
    closing(&month, of, force, reason)
}

/// What `stacktally reopen` is to open again.
///
/// # Errors
/// As [`of_close`].
pub fn of_reopen(args: ReopenArgs) -> Result<Closing> {
    let ReopenArgs { month, of, reason } = args;
    closing(&month, of, false, Some(reason))
}

/// The publication and the month whose statements are to be printed, and whose.
///
/// # Errors
/// A settings file that cannot be read, no OUT, no month, a blank id.
pub fn of_statement(args: &StatementArgs) -> Result<(PathBuf, Month, Vec<String>)> {
    let file = settings_file(args.settings.as_deref())?;
    let out = args.out.clone().or(file.out).ok_or_else(|| missing("out", "<OUT>"))?;
    let ids = args.billed.as_deref().unwrap_or_default();
    let billed: Vec<BilledSubscriptionId> =
        ids.iter().map(|id| id_of("billed", id, BilledSubscriptionId::new)).collect::<Result<_>>()?;
    Ok((out, month_of(&args.month)?, billed.iter().map(BilledSubscriptionId::to_string).collect()))
}

/// A month that was typed.
///
/// # Errors
/// It is none.
pub fn month_of(text: &str) -> Result<Month> {
    Month::parse(text.trim())
        .ok_or_else(|| Error::usage(format!("{text:?} is no month")).hint("write a UTC month as 2026-10"))
}

fn closing(month: &str, of: ClosingArgs, force: bool, reason: Option<String>) -> Result<Closing> {
    let ClosingArgs { out, settings, stamp, lock } = of;
    let file = settings_file(settings.as_deref())?;
    let month = month_of(month)?;
    if reason.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Error::usage("--reason is blank").hint("say why: whoever finds the month so will ask"));
    }
    Ok(Closing {
        out: out.or(file.out).ok_or_else(|| missing("out", "<OUT>"))?,
        month,
        stamps: stamps_of(stamp.as_deref().unwrap_or_default())?,
        force,
        reason: reason.map(|own| own.trim().to_owned()),
        patience: patience(lock.wait.or(file.wait).unwrap_or(false)),
        now: Utc::now,
    })
}

/// Settings of `stacktally check`, as [`of_run`]. It publishes nothing, so it writes no metrics either: they are the run's.
///
/// # Errors
/// As [`of_run`].
pub fn of_check(args: CheckArgs) -> (Seen, Result<Settings>) {
    let CheckArgs { options, seen, json } = args;
    let file = settings_file(options.input.settings.as_deref());
    let seen = Seen::of(seen, json, file.as_ref().ok());
    (seen, file.and_then(|file| merged(options, file, None)))
}

/// Whose coverage is to be shown.
#[derive(Debug)]
pub enum CoverageOf {
    /// A publication's, of these stamps; of all when there are none.
    Published(PathBuf, Vec<Stamp>),
    /// A root's, as it stands.
    Root(Box<Settings>),
}

/// Settings of `stacktally coverage`.
///
/// # Errors
/// As [`of_run`].
pub fn of_coverage(out: Option<PathBuf>, options: Options) -> Result<CoverageOf> {
    let file = settings_file(options.input.settings.as_deref())?;
    match out.or_else(|| file.out.clone().filter(|_| options.input.root.is_none())) {
        Some(out) => {
            let names = options.input.stamp.or(file.stamp).unwrap_or_default();
            Ok(CoverageOf::Published(out, stamps_of(&names)?))
        }
        None if options.input.root.is_none() && file.root.is_none() => {
            Err(Error::usage("--out <OUT> or --root <ROOT> is missing")
                .hint("name a publication, or a root to look at its exports"))
        }
        None => merged(options, file, None).map(|settings| CoverageOf::Root(Box::new(settings))),
    }
}

/// Settings of `stacktally history`.
///
/// # Errors
/// As [`of_run`].
pub fn of_history(input: InputOptions) -> Result<Settings> {
    let file = settings_file(input.settings.as_deref())?;
    merged(Options { input, publish: PublishOptions::default() }, file, None)
}

/// The publication that a command looks at, and the stamps that it is limited to.
///
/// # Errors
/// A settings file that cannot be read, or no OUT.
pub fn of_publication(args: &PublicationArgs) -> Result<(PathBuf, Vec<Stamp>)> {
    let file = settings_file(args.settings.as_deref())?;
    let out = args.out.clone().or(file.out).ok_or_else(|| missing("out", "<OUT>"))?;
    Ok((out, stamps_of(args.stamp.as_deref().unwrap_or_default())?))
}

/// A day that was typed.
///
/// # Errors
/// It is none.
pub fn day_of(flag: &str, text: &str) -> Result<Day> {
    Day::parse(text.trim())
        .ok_or_else(|| Error::usage(format!("--{flag} {text:?} is no day")).hint("write a UTC day as 2026-10-05"))
}

/// The first run of those whose changes are shown, by its number or by the day on which it finished.
///
/// # Errors
/// It is neither.
pub fn since_of(text: &str) -> Result<Since> {
    let run = || text.trim().parse().ok().filter(|run| *run > 0).map(Since::Run);
    Day::parse(text.trim()).map(Since::Day).or_else(run).ok_or_else(|| {
        Error::usage(format!("--since {text:?} is neither a day nor the number of a run"))
            .hint("write a UTC day as 2026-10-05, or the number of a run as 12")
    })
}

/// An id that was typed.
///
/// # Errors
/// It is blank.
pub fn id_of<T>(flag: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| {
        Error::usage(format!("--{flag} {text:?} is no id")).hint("write the GUID as the portal or the listing shows it")
    })
}

fn stamps_of(names: &[String]) -> Result<Vec<Stamp>> {
    each(names, "stamp", "a stamp's name", Stamp::new, "a stamp is named by its folder: [a-z0-9][a-z0-9._-]*")
}

fn missing(flag: &str, value: &str) -> Error {
    Error::usage(format!("--{flag} {value} is missing"))
        .hint(format!("give it as a flag, or as `{flag} = \"…\"` in the file named by --settings"))
}

fn merged(typed: Options, file: SettingsFile, out: Option<PathBuf>) -> Result<Settings> {
    let Options { input, publish } = typed;
    let stamps = input.stamp.or(file.stamp).unwrap_or_default();
    let overlap = input.overlap.or(file.overlap).unwrap_or(Overlap::Refuse);
    let granularity = input.granularity.or(file.granularity);
    let culture = input.culture.or(file.culture);
    let source_time_zone = input.source_time_zone.or(file.source_time_zone);
    let encoding = input.encoding.or(file.encoding);
    let attribute_at = input.attribute_at.or(file.attribute_at).unwrap_or(Moment::Forwarded);
    let confirm_empty_registration =
        input.confirm_empty_registration.or(file.confirm_empty_registration).unwrap_or(false);
    let operator_user_subscription =
        input.operator_user_subscription.or(file.operator_user_subscription).unwrap_or_default();
    let operator_tenant = input.operator_tenant.or(file.operator_tenant).unwrap_or_default();
    let snapshot_age_max = publish.snapshot_age_max.or(file.snapshot_age_max).unwrap_or(Rules::SNAPSHOT_AGE_MAX);
    let registration_override = input.registration_override.or(file.registration_override).unwrap_or_default();
    let settling_days = publish.settling_days.or(file.settling_days).unwrap_or(SETTLING_DAYS);
    let csv = publish.csv.or(file.csv);
    let tiering = publish.tiering.or(file.tiering).unwrap_or(TieringChosen::Graduated);
    let rounding = publish.rounding.or(file.rounding).unwrap_or(RoundingChosen::Down);
    let billing_currency = publish.billing_currency.or(file.billing_currency);
    let no_owners = publish.no_owners.or(file.no_owners).unwrap_or(false);
    let strict = publish.strict.or(file.strict).unwrap_or(false);
    let accept = publish.accept.or(file.accept).unwrap_or_default();
    let rejects_max = publish.rejects_max.or(file.rejects_max);
    let threads = input.threads.or(file.threads);
    let root = input.root.or(file.root).ok_or_else(|| missing("root", "<ROOT>"))?;
    if let Some(threads) = threads.filter(|threads| !(1..=THREADS_MAX).contains(threads)) {
        return Err(Error::usage(format!("--threads {threads}: from 1 to {THREADS_MAX} can be used"))
            .hint("leave it out for one a core"));
    }
    if let Some(path) = [Some(&root), out.as_ref()].into_iter().flatten().find(|path| path.as_os_str().is_empty()) {
        return Err(Error::usage(format!("{path:?} names no folder")).hint("`.` is the folder that one is in"));
    }
    let ids = "write the GUID as the portal or the listing shows it";
    let plan = Plan {
        stamps: stamps_of(&stamps)?,
        rules: Rules {
            attribute_at: match attribute_at {
                Moment::Forwarded => AttributeAt::Forwarded,
                Moment::Usage => AttributeAt::Usage,
            },
            confirm_empty_registration,
            operator_user_subscriptions: each(
                &operator_user_subscription,
                "operator-user-subscription",
                "an id",
                UserSubscriptionId::new,
                ids,
            )?,
            operator_tenants: each(&operator_tenant, "operator-tenant", "an id", TenantId::new, ids)?,
            snapshot_age_max,
        },
        reading: Reading {
            culture: culture.as_deref().map(culture_of).transpose()?,
            source_time_zone: source_time_zone.as_deref().map(zone_of).transpose()?,
            encoding: encoding.as_deref().map(encoding_of).transpose()?,
            ..Reading::default()
        },
        ledger: LedgerRules {
            wider_replaces: overlap == Overlap::Wider,
            granularity: granularity.map(|chosen| match chosen {
                GranularityChosen::Hourly => Granularity::Hourly,
                GranularityChosen::Daily => Granularity::Daily,
            }),
        },
        settling_days,
        tiering: match tiering {
            TieringChosen::Graduated => Tiering::Graduated,
            TieringChosen::Volume => Tiering::Volume,
        },
        rounding: match rounding {
            RoundingChosen::Down => Rounding::Down,
            RoundingChosen::HalfUp => Rounding::HalfUp,
            RoundingChosen::HalfEven => Rounding::HalfEven,
        },
        billing_currency: billing_currency.as_deref().map(currency_of).transpose()?,
        with_owners: !no_owners,
        csv_hourly: csv == Some(CsvFact::Hourly),
        strict,
        accept: accept.iter().map(|code| finding_of(code)).collect::<Result<_>>()?,
        rejects_max,
        overrides: registration_override.clone(),
        settings: json!({
            "root": root.to_string_lossy(),
            "out": out.as_ref().map(|out| out.to_string_lossy()),
            "stamp": stamps,
            "overlap": overlap,
            "granularity": granularity,
            "culture": culture,
            "source-time-zone": source_time_zone,
            "encoding": encoding,
            "attribute-at": attribute_at,
            "confirm-empty-registration": confirm_empty_registration,
            "operator-user-subscription": operator_user_subscription,
            "operator-tenant": operator_tenant,
            "snapshot-age-max": snapshot_age_max,
            "registration-override": registration_override,
            "settling-days": settling_days,
            "csv": csv,
            "tiering": tiering,
            "rounding": rounding,
            "billing-currency": billing_currency,
            "no-owners": no_owners,
            "strict": strict,
            "accept": accept,
            "rejects-max": rejects_max,
            "threads": threads,
        }),
        reuse: Reuse::default(),
        now: Utc::now,
        patience: Patience::default(),
        root,
        out,
    };
    if !plan.root.is_dir() {
        return Err(Error::usage(format!("--root {}: there is no such folder", plan.root.display()))
            .hint("name the folder that holds the stamps, as <ROOT>/<stamp>/usage/…"));
    }
    Ok(Settings { plan, threads })
}

fn culture_of(name: &str) -> Result<Culture> {
    Culture::of(name).ok_or_else(|| {
        let names = Culture::names();
        let meant = nearest(name, &names).map_or(String::new(), |known| format!("did you mean `{known}`? "));
        Error::usage(format!("--culture {name:?}: no culture that is known"))
            .hint(format!("{meant}known are {}; one with the same dates and decimals will do", names.join(", ")))
    })
}

fn currency_of(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| {
        Error::usage(format!("--billing-currency {code:?}: no currency that is known"))
            .hint("write a code of ISO 4217, such as EUR, USD or JPY")
    })
}

fn zone_of(text: &str) -> Result<SourceTimeZone> {
    SourceTimeZone::parse(text).ok_or_else(|| {
        Error::usage(format!("--source-time-zone {text:?}: no time zone that is known"))
            .hint("write UTC, an offset as +02:00, or a name of the IANA database as Europe/Berlin, spelled as there")
    })
}

fn encoding_of(name: &str) -> Result<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        Error::usage(format!("--encoding {name:?}: no encoding that is known"))
            .hint("Windows machines of western Europe and the Americas write windows-1252")
    })
}

fn finding_of(code: &str) -> Result<FindingCode> {
    FindingCode::parse(code).ok_or_else(|| {
        let codes = FindingCode::ALL.map(FindingCode::as_str);
        let meant = nearest(code, &codes).map_or(String::new(), |known| format!("did you mean `{known}`? "));
        Error::usage(format!("--accept {code:?}: no code of a finding"))
            .hint(format!("{meant}the summary and the receipt say the code of each finding"))
    })
}

fn each<T>(texts: &[String], flag: &str, what: &str, parse: impl Fn(&str) -> Option<T>, hint: &str) -> Result<Vec<T>> {
    let parsed =
        |text: &String| parse(text).ok_or_else(|| Error::usage(format!("--{flag} {text:?} is not {what}")).hint(hint));
    texts.iter().map(parsed).collect()
}

/// A publication inside the root would be taken for a stamp by the next run, and a root inside OUT for a table.
fn refuse_out_in_root(plan: &Plan) -> Result<()> {
    let Some(out) = &plan.out else { return Ok(()) };
    if out.exists() && !out.is_dir() {
        return Err(Error::usage(format!("--out {} is no folder", out.display())).hint("name a folder to publish to"));
    }
    let (Some(root), Some(real_out)) = (absolute(&plan.root), absolute(out)) else { return Ok(()) };
    let (inner, outer) = if real_out.starts_with(&root) {
        ("--out", "root")
    } else if root.starts_with(&real_out) {
        ("--root", "publication")
    } else {
        return Ok(());
    };
    let path = if inner == "--out" { out } else { &plan.root };
    Err(Error::usage(format!("{inner} {} lies in the {outer}", path.display()))
        .hint("keep the two apart: a publication within the root would be taken for a stamp"))
}

/// Metrics inside the root would be refused by the next run as what they are not, so they are not even written.
fn refuse_metrics_in_root(plan: &Plan, metrics: &mut Option<PathBuf>) -> Result<()> {
    let (Some(path), Some(root)) = (&metrics, absolute(&plan.root)) else { return Ok(()) };
    if !absolute(path).is_some_and(|path| path.starts_with(root)) {
        return Ok(());
    }
    let error = Error::usage(format!("--metrics {} lies in the root", path.display()));
    *metrics = None;
    Err(error.hint("keep the two apart: the root holds what is read, and nothing else"))
}

/// A path without links, `.` and `..`, whether or not its last parts exist yet.
fn absolute(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let existing = whole.ancestors().find(|folder| folder.exists())?;
    let mut resolved = existing.canonicalize().ok()?;
    for part in whole.strip_prefix(existing).ok()?.components() {
        match part {
            std::path::Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
    }
    Some(resolved)
}

/// Reads the settings file. Its paths are relative to its own folder, so that a cron job may run anywhere.
fn settings_file(path: Option<&Path>) -> Result<SettingsFile> {
    let Some(path) = path else { return Ok(SettingsFile::default()) };
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| {
        Error::usage(format!("cannot read the settings file {name}")).hint("name it by --settings FILE").because(error)
    })?;
    let at = |offset: usize| {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        (line, before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1)
    };
    let broken = |error: toml::de::Error| {
        let (line, column) = at(error.span().map_or(0, |span| span.start));
        Error::usage(error.message().trim().to_owned())
            .at_line(&name, line, column)
            .hint("a setting is written as its flag without the dashes: `strict = true`, `stamp = [\"north\"]`")
    };
    let table = toml::de::DeTable::parse(&text).map_err(broken)?;
    let known = known_keys();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if let Some(key) = table.get_ref().keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
        let (line, column) = at(key.span().start);
        let key = key.get_ref();
        let meant = nearest(key, &known).map_or(String::new(), |known| format!("did you mean `{known}`? "));
        return Err(Error::usage(format!("unknown setting `{key}`"))
            .at_line(&name, line, column)
            .hint(format!("{meant}known are {}", known.join(", "))));
    }
    let mut settings: SettingsFile = toml::from_str(&text).map_err(broken)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for own in [&mut settings.root, &mut settings.out, &mut settings.metrics].into_iter().flatten() {
        if !own.as_os_str().is_empty() {
            *own = folder.join(&own);
        }
    }
    for own in settings.registration_override.iter_mut().flatten() {
        let whole = folder.join(&own);
        *own = match own.split_once('=').filter(|_| !whole.is_file()) {
            Some((stamp, path)) => format!("{stamp}={}", folder.join(path).display()),
            None => whole.display().to_string(),
        };
    }
    Ok(settings)
}

/// The names of the flags that a settings file may hold, sorted.
fn known_keys() -> Vec<String> {
    let options = SeenOptions::augment_args(ReuseArgs::augment_args(LockOptions::augment_args(Options::augment_args(
        Cli::command(),
    ))));
    let mut names: Vec<String> = options
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .filter(|name| !["settings", "help", "version"].contains(&name.as_str()))
        .chain(["out", "metrics"].map(str::to_owned))
        .collect();
    names.sort();
    names
}
