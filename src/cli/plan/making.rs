//! Turns the settings of a run into what the stages take. All invalid settings are reported together.

use serde::Serialize;

use super::folders::{name_in_root, refuse_no_folder};
use super::values::{all_missing, culture_of, currency_of, encoding_of, finding_of, ids, stamps_of, zone_of};
use crate::attribute::{Rules, Tolerance};
use crate::cli::clock::NOW;
use crate::cli::settings::attribution::{MomentSettings, OperatorSettings};
use crate::cli::settings::choices::{CsvFact, Overlap};
use crate::cli::settings::input::{ConfirmationSettings, InputSettings};
use crate::cli::settings::publishing::OutSettings;
use crate::cli::settings::running::{LockSettings, ReuseSettings};
use crate::cli::settings::tolerated::ToleranceSettings;
use crate::cli::settings::{MakingSettings, Settings};
use crate::domain::finding::FindingCode;
use crate::domain::ledger::LedgerRules;
use crate::domain::limits::THREADS_MAX;
use crate::domain::{Currency, Stamp, TenantId, UserSubscriptionId};
use crate::error::{Error, Result};
use crate::pipeline::{DecidingSettings, Plan, Reuse};
use crate::publication::Patience;
use crate::read::Reading;

/// What to do with a root, and the number of threads (`None`: one for each core).
#[derive(Debug)]
pub struct Job {
    pub plan: Plan,
    pub threads: Option<usize>,
}

/// The errors in the settings, to be reported together.
#[derive(Default)]
struct Errors(Vec<Error>);

impl Errors {
    fn take<T>(&mut self, value: Result<T>) -> Option<T> {
        value.map_err(|error| self.0.push(error)).ok()
    }
}

/// The settings that a receipt records, as they were given.
#[derive(Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    out: &'a OutSettings,
    #[serde(flatten)]
    making: &'a MakingSettings,
    #[serde(flatten)]
    lock: &'a LockSettings,
    #[serde(flatten)]
    reuse: &'a ReuseSettings,
    forget: &'a [String],
}

/// The job that these settings describe; a run needs an OUT.
///
/// # Errors
/// No root, no OUT where one is needed, invalid values.
pub(super) fn job(settings: Settings, forget: Vec<String>, needs_out: bool) -> Result<Job> {
    let Settings { out, making, lock, reuse, log: _, metrics: _ } = settings;
    let recorded = Recorded { out: &out, making: &making, lock: &lock, reuse: &reuse, forget: &forget };
    let recorded = serde_json::to_value(recorded).map_err(|error| Error::bug_of("record the settings", error))?;
    let mut errors = Errors::default();
    refuse_folders(&making, &out, needs_out, &mut errors);
    let Values { stamps, deciding, tolerance: snapshot_tolerance, billing_currency, accept } =
        values(&making, &mut errors);
    let MakingSettings { input, rating, settling, what_if, tolerance, threads, .. } = making;
    let (Some(root), true) = (input.root, errors.0.is_empty()) else { return Err(Error::several(errors.0)) };
    let ToleranceSettings { strict, overdue_after, rejects_max, .. } = tolerance;
    let ReuseSettings { full, verify, keep_missing } = reuse;
    let plan = Plan {
        stamps,
        deciding,
        tolerance: snapshot_tolerance,
        settling_days: settling.settling_days,
        tiering: rating.tiering,
        rounding: rating.rounding,
        billing_currency,
        strict: strict.0,
        accept,
        overdue_after,
        rejects_max,
        overrides: what_if.registration_override,
        settings: recorded,
        reuse: Reuse { full, verify, keep_missing },
        rehearse: false,
        forget,
        now: NOW,
        patience: patience(lock.wait),
        root,
        out: out.out,
    };
    Ok(Job { plan, threads: threads.threads })
}

/// Checks the values alone, and no folder.
///
/// # Errors
/// Invalid values.
pub(super) fn refuse_values(settings: &Settings) -> Result<()> {
    let mut errors = Errors::default();
    values(&settings.making, &mut errors);
    if errors.0.is_empty() { Ok(()) } else { Err(Error::several(errors.0)) }
}

/// Values of settings that are more than words and numbers.
struct Values {
    stamps: Vec<Stamp>,
    deciding: DecidingSettings,
    tolerance: Tolerance,
    billing_currency: Option<Currency>,
    accept: Vec<FindingCode>,
}

fn values(making: &MakingSettings, errors: &mut Errors) -> Values {
    refuse_numbers(making, errors);
    let billing_currency = making.currency.billing_currency.as_deref().map(currency_of).transpose();
    Values {
        stamps: errors.take(stamps_of(&making.input.stamp)).unwrap_or_default(),
        deciding: DecidingSettings {
            rules: rules(making, errors),
            reading: reading(&making.input, errors),
            ledger: LedgerRules {
                wider_replaces: making.input.overlap == Overlap::Wider,
                granularity: making.input.granularity.map(Into::into),
            },
            with_owners: !making.content.no_owners,
            csv_hourly: making.content.csv == Some(CsvFact::Hourly),
        },
        tolerance: tolerance(making),
        billing_currency: errors.take(billing_currency).flatten(),
        accept: making.tolerance.accept.iter().filter_map(|code| errors.take(finding_of(code))).collect(),
    }
}

/// What to do while another run holds OUT.
pub(super) fn patience(wait: bool) -> Patience {
    if wait { Patience::Wait } else { Patience::Leave }
}

fn refuse_folders(making: &MakingSettings, out: &OutSettings, needs_out: bool, errors: &mut Errors) {
    let (root, out) = (making.input.root.as_ref(), out.out.as_ref());
    let unnamed = [root.is_none().then_some("root"), (needs_out && out.is_none()).then_some("out")];
    let unnamed: Vec<&str> = unnamed.into_iter().flatten().collect();
    if !unnamed.is_empty() {
        errors.0.push(all_missing(&unnamed));
    }
    for (flag, path) in [("root", root), ("out", out)] {
        if path.is_some_and(|path| path.as_os_str().is_empty()) {
            errors.0.push(
                Error::usage(format!("--{flag} names no folder: its value is empty"))
                    .hint("write the folder's path; `.` is the folder that the command is run in"),
            );
        } else if let Some(path) = path.filter(|_| flag == "root") {
            errors.take(refuse_no_folder(path));
        }
    }
}

fn refuse_numbers(making: &MakingSettings, errors: &mut Errors) {
    if let Some(threads) = making.threads.threads.filter(|threads| !(1..=THREADS_MAX).contains(threads)) {
        errors.0.push(
            Error::usage(format!("--threads {threads}: from 1 to {THREADS_MAX} can be used"))
                .hint("leave it out for one a core"),
        );
    }
    let rejects_percent = making.input.rejects_percent;
    if rejects_percent > 100 {
        errors.0.push(
            Error::usage(format!("--rejects-percent {rejects_percent}: a percentage is from 0 to 100"))
                .hint("write how many of a hundred lines may be set aside, such as 5"),
        );
    }
}

fn rules(making: &MakingSettings, errors: &mut Errors) -> Rules {
    let MomentSettings { attribute_at } = making.moment;
    let OperatorSettings { operator_user_subscription, operator_tenant } = &making.operator;
    let user_subscriptions = ids(operator_user_subscription, "operator-user-subscription", UserSubscriptionId::new);
    let operator_user_subscriptions = errors.take(user_subscriptions).unwrap_or_default();
    let tenants = ids(operator_tenant, "operator-tenant", TenantId::new);
    Rules {
        attribute_at,
        confirm_empty_registration: making.confirmations.confirm_empty_registration,
        operator_user_subscriptions,
        operator_tenants: errors.take(tenants).unwrap_or_default(),
    }
}

fn tolerance(making: &MakingSettings) -> Tolerance {
    let ConfirmationSettings { confirm_empty_listing, confirm_shrunken, .. } = &making.confirmations;
    let root = making.input.root.clone().unwrap_or_default();
    Tolerance {
        confirm_empty_listing: *confirm_empty_listing,
        confirmed_shrunken: confirm_shrunken.iter().map(|name| name_in_root(&root, name)).collect(),
        snapshot_age_max: making.tolerance.snapshot_age_max,
    }
}

fn reading(input: &InputSettings, errors: &mut Errors) -> Reading {
    let InputSettings { culture, source_time_zone, encoding, late_days, rejects_percent, .. } = input;
    Reading {
        culture: errors.take(culture.as_deref().map(culture_of).transpose()).flatten(),
        source_time_zone: errors.take(source_time_zone.as_deref().map(zone_of).transpose()).flatten(),
        encoding: errors.take(encoding.as_deref().map(encoding_of).transpose()).flatten(),
        late_days: *late_days,
        rejects_percent: *rejects_percent,
        ..Reading::default()
    }
}
