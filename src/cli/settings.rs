//! What was typed and what the settings file says, brought together: flags win. The one place that reads the clock.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, CommandFactory};
use serde::Deserialize;
use serde_json::json;

use super::args::{
    AttributionOptions, CheckArgs, Cli, CloseArgs, ClosingArgs, CoverageArgs, CsvFact, ForgetOptions,
    GranularityChosen, HistoryArgs, InputOptions, LockOptions, LogFormat, LogLevel, Moment, Options, Overlap,
    PriceOptions, PublicationArgs, RecoverArgs, ReopenArgs, ReuseArgs, RoundingChosen, RunArgs, SaidOptions,
    SeenOptions, StatementArgs, TieringChosen,
};
use crate::attribute::Rules;
use crate::audit::Since;
use crate::close::Closing;
use crate::domain::finding::FindingCode;
use crate::domain::ledger::LedgerRules;
use crate::domain::limits::THREADS_MAX;
use crate::domain::{
    AttributeAt, Culture, Currency, Day, Granularity, Month, Rounding, SourceTimeZone, Stamp, TenantId, Tiering,
    UserSubscriptionId,
};
use crate::error::{Error, Result, nearest, remedy};
use crate::pipeline::{Plan, Reuse};
use crate::publication::{Out, Patience, no_publication};
use crate::read::{Encoding, Reading};

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
    late_days: Option<u16>,
    rejects_percent: Option<u8>,
    attribute_at: Option<Moment>,
    confirm_empty_registration: Option<bool>,
    confirm_empty_listing: Option<bool>,
    confirm_shrunken: Option<Vec<String>>,
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
    overdue_after: Option<u16>,
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
    /// Nothing but errors: neither progress nor the summary.
    pub quiet: bool,
}

impl Seen {
    /// As typed, else as the file says; a file that cannot be understood says nothing.
    fn of(typed: SeenOptions, said: SaidOptions, json: bool, file: Option<&SettingsFile>) -> Self {
        let SaidOptions { quiet, verbose } = said;
        let format = typed.log_format.or(file.and_then(|file| file.log_format));
        let format = format.or(verbose.then_some(LogFormat::Text));
        let level = typed.log_level.or(file.and_then(|file| file.log_level)).unwrap_or_default();
        let level = if verbose { LogLevel::Debug } else { level };
        let level = if quiet { LogLevel::Error } else { level };
        Self { log: format.map(|format| (format, level)), json, metrics: None, quiet }
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
    let RunArgs { out, lock, reuse, forget, options, seen, said, metrics, json } = args;
    let file = settings_file(options.input.settings.as_deref());
    let known = file.as_ref().ok();
    let overrides = options.what_if.registration_override.as_ref();
    let overrides = overrides.or(known.and_then(|file| file.registration_override.as_ref()));
    // A what-if is not the night that a monitor waits for.
    let is_the_night = overrides.is_none_or(Vec::is_empty);
    let metrics = metrics.or_else(|| known.and_then(|file| file.metrics.clone())).filter(|_| is_the_night);
    let mut seen = Seen { metrics, ..Seen::of(seen, said, json, known) };
    let settings = file.and_then(|file| {
        let out = out.or_else(|| file.out.clone());
        let settings = into_out(options, file, out, (lock, reuse, forget))?;
        refuse_metrics_in_root(&settings.plan, &mut seen.metrics)?;
        Ok(settings)
    });
    (seen, settings)
}

/// Settings of what is made in OUT, be it to be published or to be looked at.
fn into_out(
    options: Options,
    file: SettingsFile,
    out: Option<PathBuf>,
    (lock, reuse, forget): (LockOptions, ReuseArgs, ForgetOptions),
) -> Result<Settings> {
    let wait = lock.wait.or(file.wait).unwrap_or(false);
    let reuse = reuse_of(reuse, &file);
    let mut settings = merged_for(options, file, out, true)?;
    let plan = &mut settings.plan;
    plan.patience = patience(wait);
    plan.settings["wait"] = wait.into();
    plan.reuse = reuse;
    let Reuse { full, verify, keep_missing } = reuse;
    for (name, value) in [("full", full), ("verify", verify), ("keep-missing", keep_missing)] {
        plan.settings[name] = value.into();
    }
    plan.settings["forget"] = json!(forget.forget);
    plan.forget = forget.forget;
    refuse_out_in_root(plan)?;
    Ok(settings)
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

/// The publication and the month whose statements are to be printed.
///
/// # Errors
/// A settings file that cannot be read, no OUT, no month.
pub fn of_statement(args: &StatementArgs) -> Result<(PathBuf, Month)> {
    let file = settings_file(args.settings.as_deref())?;
    let out = args.out.clone().or(file.out).ok_or_else(|| missing("out", "<OUT>"))?;
    let month = args.of_month.as_ref().or(args.month.as_ref()).ok_or_else(|| missing("month", "<MONTH>"))?;
    Ok((out, month_of(month)?))
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

/// Settings of `stacktally check`, as [`of_run`]: of a run into OUT that stops before its commit, or without one of a
/// run from nothing. It publishes nothing, so it writes no metrics either: they are the run's.
///
/// # Errors
/// As [`of_run`].
pub fn of_check(args: CheckArgs) -> (Seen, Result<Settings>) {
    let CheckArgs { out, lock, reuse, forget, options, seen, said, json } = args;
    let file = settings_file(options.input.settings.as_deref());
    let seen = Seen::of(seen, said, json, file.as_ref().ok());
    if let Some(typed) = out.as_deref().filter(|out| !Out::is_one(out)) {
        // A slip of the pen must not pass for a check of what is published.
        return (seen, Err(no_publication(typed).or_hint("leave --out out to check the root alone")));
    }
    let settings = file.and_then(|file| match out.or_else(|| file.out.clone()).filter(|out| Out::is_one(out)) {
        // Where nothing is published nothing is looked at either, and no folder is made.
        None => merged(options, file, None),
        Some(out) => {
            let mut settings = into_out(options, file, Some(out), (lock, reuse, forget))?;
            settings.plan.rehearse = true;
            Ok(settings)
        }
    });
    (seen, settings)
}

/// Whose coverage is to be shown.
#[derive(Debug)]
pub enum CoverageOf {
    /// A publication's, of these stamps; of all when there are none.
    Published(PathBuf, Vec<Stamp>),
    /// A root's, as it stands.
    Root(Box<Settings>),
}

/// Settings of `stacktally coverage`. It only looks, so nothing is too much for it.
///
/// # Errors
/// As [`of_run`].
pub fn of_coverage(args: &CoverageArgs) -> Result<CoverageOf> {
    let CoverageArgs { out, months: _, json: _, input, confirmed, settling, speed, billing_currency } = args.clone();
    let file = settings_file(input.settings.as_deref())?;
    let file = SettingsFile { strict: None, rejects_max: None, ..file };
    match out.or_else(|| file.out.clone().filter(|_| input.root.is_none())) {
        Some(out) => {
            let names = input.stamp.or(file.stamp).unwrap_or_default();
            Ok(CoverageOf::Published(out, stamps_of(&names)?))
        }
        None if input.root.is_none() && file.root.is_none() => {
            Err(Error::usage("--out <OUT> or --root <ROOT> is missing")
                .hint("name a publication, or a root to look at its exports"))
        }
        None => {
            let prices = PriceOptions { billing_currency, ..PriceOptions::default() };
            let options = Options { input, confirmed, settling, prices, speed, ..Options::default() };
            merged(options, file, None).map(|settings| CoverageOf::Root(Box::new(settings)))
        }
    }
}

/// Whose history is to be shown.
#[derive(Debug)]
pub enum HistoryOf {
    /// A publication's, of these stamps; of all when there are none.
    Published(PathBuf, Vec<Stamp>),
    /// A root's, as it stands.
    Root(Box<Settings>),
}

/// Settings of `stacktally history`. The OUT of a settings file serves unless something is typed that says how a root
/// is read.
///
/// # Errors
/// As [`of_run`].
pub fn of_history(args: &HistoryArgs) -> Result<HistoryOf> {
    let HistoryArgs { out, input, confirmed, attribute_at, what_if, speed, .. } = args.clone();
    let file = settings_file(input.settings.as_deref())?;
    match out.or_else(|| file.out.clone().filter(|_| !reads_a_root(args))) {
        Some(out) => {
            let names = input.stamp.or(file.stamp).unwrap_or_default();
            Ok(HistoryOf::Published(out, stamps_of(&names)?))
        }
        None if input.root.is_none() && file.root.is_none() => {
            Err(Error::usage("--out <OUT> or --root <ROOT> is missing")
                .hint("name a publication with --out, or a root whose exports are to be read with --root"))
        }
        None => {
            let attribution = AttributionOptions { attribute_at, ..AttributionOptions::default() };
            let options = Options { input, confirmed, attribution, what_if, speed, ..Options::default() };
            merged(options, file, None).map(|settings| HistoryOf::Root(Box::new(settings)))
        }
    }
}

/// Whether something is typed that says how a root is read.
fn reads_a_root(args: &HistoryArgs) -> bool {
    let HistoryArgs { input, confirmed, attribute_at, what_if, .. } = args;
    let InputOptions {
        root,
        settings: _,
        stamp: _,
        overlap,
        granularity,
        culture,
        source_time_zone,
        encoding,
        late_days,
        rejects_percent,
    } = input;
    root.is_some()
        || overlap.is_some()
        || granularity.is_some()
        || culture.is_some()
        || source_time_zone.is_some()
        || encoding.is_some()
        || late_days.is_some()
        || rejects_percent.is_some()
        || attribute_at.is_some()
        || confirmed.confirm_empty_registration.is_some()
        || confirmed.confirm_empty_listing.is_some()
        || confirmed.confirm_shrunken.is_some()
        || what_if.registration_override.is_some()
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

/// Stamps that were typed.
///
/// # Errors
/// One is no name of a stamp.
pub fn stamps_of(names: &[String]) -> Result<Vec<Stamp>> {
    each(names, "stamp", "a stamp's name", Stamp::new, "a stamp is named by its folder: [a-z0-9][a-z0-9._-]*")
}

fn missing(flag: &str, value: &str) -> Error {
    Error::usage(format!("--{flag} {value} is missing"))
        .hint(format!("give it as a flag, or as `{flag} = \"…\"` in the file named by --settings"))
}

/// Several folders that are not named, of which there is one at least.
fn all_missing(flags: &[&str]) -> Error {
    let value = |flag: &str| format!("<{}>", flag.to_uppercase());
    match flags {
        [one] => missing(one, &value(one)),
        flags => {
            let typed: Vec<String> = flags.iter().map(|flag| format!("--{flag} {}", value(flag))).collect();
            let keys: Vec<String> = flags.iter().map(|flag| format!("`{flag} = \"…\"`")).collect();
            Error::usage(format!("{} are missing", typed.join(" and ")))
                .hint(format!("give them as flags, or as {} in the file named by --settings", keys.join(" and ")))
        }
    }
}

/// What is wrong with settings: it is said at once.
#[derive(Default)]
struct Wrong(Vec<Error>);

impl Wrong {
    fn take<T>(&mut self, own: Result<T>) -> Option<T> {
        own.map_err(|error| self.0.push(error)).ok()
    }
}

fn merged(typed: Options, file: SettingsFile, out: Option<PathBuf>) -> Result<Settings> {
    merged_for(typed, file, out, false)
}

/// As [`merged`]; a run needs an OUT.
// Long: setting by setting.
fn merged_for(typed: Options, file: SettingsFile, out: Option<PathBuf>, needs_out: bool) -> Result<Settings> {
    let Options { input, attribution, what_if, prices, settling, publish, confirmed, tolerance, speed } = typed;
    let stamps = input.stamp.or(file.stamp).unwrap_or_default();
    let overlap = input.overlap.or(file.overlap).unwrap_or(Overlap::Refuse);
    let granularity = input.granularity.or(file.granularity);
    let culture = input.culture.or(file.culture);
    let source_time_zone = input.source_time_zone.or(file.source_time_zone);
    let encoding = input.encoding.or(file.encoding);
    let late_days = input.late_days.or(file.late_days).unwrap_or(Reading::LATE_DAYS);
    let rejects_percent = input.rejects_percent.or(file.rejects_percent).unwrap_or(Reading::REJECTS_PERCENT);
    let attribute_at = attribution.attribute_at.or(file.attribute_at).unwrap_or(Moment::Forwarded);
    let confirm_empty_registration =
        confirmed.confirm_empty_registration.or(file.confirm_empty_registration).unwrap_or(false);
    let confirm_empty_listing = confirmed.confirm_empty_listing.or(file.confirm_empty_listing).unwrap_or(false);
    let confirm_shrunken = confirmed.confirm_shrunken.or(file.confirm_shrunken).unwrap_or_default();
    let operator_user_subscription =
        attribution.operator_user_subscription.or(file.operator_user_subscription).unwrap_or_default();
    let operator_tenant = attribution.operator_tenant.or(file.operator_tenant).unwrap_or_default();
    let snapshot_age_max = tolerance.snapshot_age_max.or(file.snapshot_age_max).unwrap_or(Rules::SNAPSHOT_AGE_MAX);
    let registration_override = what_if.registration_override.or(file.registration_override).unwrap_or_default();
    let settling_days = settling.settling_days.or(file.settling_days).unwrap_or(SETTLING_DAYS);
    let csv = publish.csv.or(file.csv);
    let tiering = prices.tiering.or(file.tiering).unwrap_or(TieringChosen::Graduated);
    let rounding = prices.rounding.or(file.rounding).unwrap_or(RoundingChosen::Down);
    let billing_currency = prices.billing_currency.or(file.billing_currency);
    let no_owners = publish.no_owners.or(file.no_owners).unwrap_or(false);
    let strict = tolerance.strict.or(file.strict).unwrap_or(false);
    let accept = tolerance.accept.or(file.accept).unwrap_or_default();
    let overdue_after = tolerance.overdue_after.or(file.overdue_after);
    let rejects_max = tolerance.rejects_max.or(file.rejects_max);
    let threads = speed.threads.or(file.threads);
    let mut wrong = Wrong::default();
    let root = input.root.or(file.root);
    let unnamed = [root.is_none().then_some("root"), (needs_out && out.is_none()).then_some("out")];
    let unnamed: Vec<&str> = unnamed.into_iter().flatten().collect();
    if !unnamed.is_empty() {
        wrong.0.push(all_missing(&unnamed));
    }
    if let Some(threads) = threads.filter(|threads| !(1..=THREADS_MAX).contains(threads)) {
        wrong.0.push(
            Error::usage(format!("--threads {threads}: from 1 to {THREADS_MAX} can be used"))
                .hint("leave it out for one a core"),
        );
    }
    if rejects_percent > 100 {
        wrong.0.push(
            Error::usage(format!("--rejects-percent {rejects_percent}: a percentage is from 0 to 100"))
                .hint("write how many of a hundred lines may be set aside, such as 5"),
        );
    }
    for (flag, path) in [("root", root.as_ref()), ("out", out.as_ref())] {
        if path.is_some_and(|path| path.as_os_str().is_empty()) {
            wrong.0.push(
                Error::usage(format!("--{flag} names no folder: its value is empty"))
                    .hint("write the folder's path; `.` is the folder that the command is run in"),
            );
        } else if let Some(path) = path.filter(|_| flag == "root") {
            wrong.take(refuse_no_folder(path));
        }
    }
    let ids = "write the GUID as the portal or the listing shows it";
    let known_stamps = wrong.take(stamps_of(&stamps));
    let operator_user_subscriptions = wrong.take(each(
        &operator_user_subscription,
        "operator-user-subscription",
        "an id",
        UserSubscriptionId::new,
        ids,
    ));
    let operator_tenants = wrong.take(each(&operator_tenant, "operator-tenant", "an id", TenantId::new, ids));
    let known_culture = wrong.take(culture.as_deref().map(culture_of).transpose());
    let known_zone = wrong.take(source_time_zone.as_deref().map(zone_of).transpose());
    let known_encoding = wrong.take(encoding.as_deref().map(encoding_of).transpose());
    let known_currency = wrong.take(billing_currency.as_deref().map(currency_of).transpose());
    let mut accepted = Vec::new();
    accept.iter().for_each(|code| accepted.extend(wrong.take(finding_of(code))));
    let (Some(root), true) = (root, wrong.0.is_empty()) else { return Err(Error::several(wrong.0)) };
    let plan = Plan {
        stamps: known_stamps.unwrap_or_default(),
        rules: Rules {
            attribute_at: match attribute_at {
                Moment::Forwarded => AttributeAt::Forwarded,
                Moment::Usage => AttributeAt::Usage,
            },
            confirm_empty_registration,
            confirm_empty_listing,
            confirmed_shrunken: confirm_shrunken.iter().map(|name| name_in_root(&root, name)).collect(),
            operator_user_subscriptions: operator_user_subscriptions.unwrap_or_default(),
            operator_tenants: operator_tenants.unwrap_or_default(),
            snapshot_age_max,
        },
        reading: Reading {
            culture: known_culture.flatten(),
            source_time_zone: known_zone.flatten(),
            encoding: known_encoding.flatten(),
            late_days,
            rejects_percent,
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
        billing_currency: known_currency.flatten(),
        with_owners: !no_owners,
        csv_hourly: csv == Some(CsvFact::Hourly),
        strict,
        accept: accepted,
        overdue_after,
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
            "late-days": late_days,
            "rejects-percent": rejects_percent,
            "attribute-at": attribute_at,
            "confirm-empty-registration": confirm_empty_registration,
            "confirm-empty-listing": confirm_empty_listing,
            "confirm-shrunken": confirm_shrunken,
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
            "overdue-after": overdue_after,
            "rejects-max": rejects_max,
            "threads": threads,
        }),
        reuse: Reuse::default(),
        rehearse: false,
        forget: Vec::new(),
        now: Utc::now,
        patience: Patience::default(),
        root,
        out,
    };
    Ok(Settings { plan, threads })
}

/// A root is a folder.
fn refuse_no_folder(root: &Path) -> Result<()> {
    const HINT: &str = "name the folder that holds the stamps, as <ROOT>/<stamp>/usage/…";
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::usage(format!("--root {} is a file, and a root is a folder", root.display())).hint(HINT)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::usage(format!("--root {}: there is no such folder", root.display()))
                .hint(format!("{HINT}; if it lies on a share, see whether that is mounted{}", what_is_there(root))))
        }
        Err(error) => Err(Error::machine("look at", root, error)),
    }
}

/// What there is of a path that is not there, so that a mistyped one is seen.
fn what_is_there(path: &Path) -> String {
    const SHOWN: usize = 5;
    let Some(folder) = path.ancestors().skip(1).find(|own| own.as_os_str().is_empty() || own.is_dir()) else {
        return String::new();
    };
    let (looked, name) = match folder.to_str() {
        Some("") => (Path::new("."), "the current folder".to_owned()),
        _ => (folder, folder.display().to_string()),
    };
    let entries = fs::read_dir(looked).into_iter().flatten().flatten().filter(|own| own.path().is_dir());
    let mut names: Vec<String> = entries.map(|own| own.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    names.truncate(SHOWN);
    if names.is_empty() {
        return format!("; {name} holds no folder");
    }
    format!("; {name} holds the folders {}{more}", names.join(", "))
}

/// A file or folder of the root as messages name it, though it was typed with the root before it, or as Windows does.
fn name_in_root(root: &Path, text: &str) -> String {
    let one_spelling = |text: &str| text.trim().replace('\\', "/").trim_start_matches("./").to_owned();
    let (own, root) = (one_spelling(text), one_spelling(&root.to_string_lossy()));
    let below =
        Path::new(&own).strip_prefix(&root).map_or_else(|_| own.clone(), |own| own.to_string_lossy().into_owned());
    below.trim_end_matches('/').to_owned()
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

fn encoding_of(name: &str) -> Result<Encoding> {
    Encoding::parse(name).ok_or_else(|| {
        Error::usage(format!("--encoding {name:?}: no encoding that is known")).hint(
            "Windows machines of western Europe and the Americas write windows-1252, their consoles ibm850 or ibm437; \
             others have a code page of their own, such as windows-1250, ibm852 or 866",
        )
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
    let (good, wrong): (Vec<_>, Vec<_>) = texts.iter().map(parsed).partition(Result::is_ok);
    let wrong: Vec<Error> = wrong.into_iter().filter_map(Result::err).collect();
    if wrong.is_empty() { Ok(good.into_iter().flatten().collect()) } else { Err(Error::several(wrong)) }
}

/// A publication inside the root would be taken for a stamp by the next run, and a root inside OUT for a table.
fn refuse_out_in_root(plan: &Plan) -> Result<()> {
    let Some(out) = &plan.out else { return Ok(()) };
    if out.exists() && !out.is_dir() {
        return Err(Error::usage(format!("--out {} is a file, and OUT is a folder", out.display()))
            .hint("name a folder to publish to; it is made if need be"));
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

const AS_FLAG: &str = "a setting is written as its flag without the dashes: `strict = true`, `stamp = [\"north\"]`";
const IN_TOML: &str = "write one setting a line, without braces and commas: `root = \"/srv/usage\"`, `strict = true`";
const WINDOWS_PATH: &str = "in double quotes a `\\` begins an escape: write a Windows path in single quotes, as \
    'C:\\usage', or with `/`, as \"C:/usage\"";

/// Whether a line has a backslash in a text in double quotes.
fn holds_backslash_in_quotes(line: &str) -> bool {
    line.split_once('"').is_some_and(|(_, text)| text.contains('\\'))
}

fn text_of_settings(path: &Path) -> Result<String> {
    let name = path.display();
    let cannot = |hint: String| Error::usage(format!("cannot read the settings file {name}")).hint(hint);
    if path.is_dir() {
        return Err(Error::usage(format!("--settings {name} is a folder, and settings are a file"))
            .hint(format!("name the file in it, such as {}", path.join("stacktally.toml").display())));
    }
    fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => format!("name it by --settings FILE{}", what_is_beside(path)),
            ErrorKind::InvalidData => "save it as UTF-8 text".to_owned(),
            _ => remedy::remedy(path, &error).unwrap_or_else(|| "name it by --settings FILE".to_owned()),
        };
        cannot(hint).because(error)
    })
}

/// Settings files in the folder where one is not.
fn what_is_beside(path: &Path) -> String {
    let folder = path.parent().filter(|own| !own.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|own| path.with_file_name(own.file_name()));
    let is_toml = |own: &PathBuf| own.extension().is_some_and(|extension| extension == "toml");
    let mut names: Vec<String> = entries.filter(is_toml).map(|own| own.display().to_string()).collect();
    names.sort();
    if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) }
}

/// Reads the settings file. Its paths are relative to its own folder, so that a cron job may run anywhere.
fn settings_file(path: Option<&Path>) -> Result<SettingsFile> {
    let Some(path) = path else { return Ok(SettingsFile::default()) };
    let name = path.display().to_string();
    let text = text_of_settings(path)?;
    let at = |offset: usize| {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        (line, before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1)
    };
    let broken = |error: toml::de::Error| {
        let (line, column) = at(error.span().map_or(0, |span| span.start));
        let is_windows_path = text.lines().nth(line - 1).is_some_and(holds_backslash_in_quotes);
        let hint = if text.trim_start().starts_with('{') {
            IN_TOML
        } else if is_windows_path {
            WINDOWS_PATH
        } else {
            AS_FLAG
        };
        let what = if text.trim_start().starts_with('{') { "JSON, where TOML is expected: " } else { "" };
        Error::usage(format!("{what}{}", error.message().trim())).at_line(&name, line, column).hint(hint)
    };
    let table = toml::de::DeTable::parse(&text).map_err(broken)?;
    let known = known_keys();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut wrong = Wrong::default();
    for (key, value) in table.get_ref() {
        let (line, column) = at(key.span().start);
        let own = key.get_ref();
        if !known.contains(&own.as_ref()) {
            let meant = nearest(own, &known).map_or(String::new(), |known| format!(" (did you mean `{known}`?)"));
            wrong.0.push(
                Error::usage(format!("unknown setting `{own}`{meant}"))
                    .at_line(&name, line, column)
                    .hint(format!("known are {}", known.join(", "))),
            );
            continue;
        }
        // Each by itself, so that all that is wrong is said.
        let mut alone = toml::de::DeTable::new();
        alone.insert(key.clone(), value.clone());
        let alone = toml::de::Deserializer::from(toml::Spanned::new(value.span(), alone));
        wrong.take(SettingsFile::deserialize(alone).map_err(broken));
        let texts = value.get_ref().as_array().map_or_else(Vec::new, |own| own.iter().collect());
        let mut texts = texts.into_iter().chain([value]).filter_map(|own| own.get_ref().as_str());
        if texts.any(|own| own.contains(char::is_control)) {
            let what = format!("`{own}` holds a control character, which a `\\` in double quotes makes");
            wrong.0.push(Error::usage(what).at_line(&name, line, column).hint(WINDOWS_PATH));
        }
    }
    if !wrong.0.is_empty() {
        return Err(Error::several(wrong.0));
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
