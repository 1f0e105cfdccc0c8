//! What was typed. What it means is in `settings`.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// As every help shows them.
const EXIT_CODES: &str = "\
Exit codes:
  0    published, no line was set aside that the last publication did not have
  1    the machine failed (disk, permission)
  2    the command was used wrongly
  3    input was refused, nothing was published
  4    published, and lines were set aside that the last publication did not have: see rejects
  5    totals do not balance, nothing was published
  6    `compare` found differences
  7    another run holds OUT; with --wait a run waits for it
  130, 143  stopped by a signal, nothing was published";

const RECOVERING: &str = "\
Exit codes:
  0    done, or there was nothing to do
  1    the machine failed, or a file that was to be published is lost: the message names it
  2    the command was used wrongly, or OUT is no publication
  7    another run holds OUT
  130, 143  stopped by a signal while it waited";

/// Of the commands that close and open months.
const CLOSING: &str = "\
Exit codes:
  0    done
  1    the machine failed (disk, permission), nothing was done
  2    the command was used wrongly, or there is nothing to close or to open
  3    refused, nothing was done: something speaks against closing (--force overrides it), or a published
       file was altered
  7    another run holds OUT; with --wait it is waited for
  130, 143  stopped by a signal while it waited";

/// Of the commands that only look.
const LOOKING: &str = "\
Exit codes:
  0    shown
  1    the machine failed (disk, permission)
  2    the command was used wrongly, or nothing is there that it asks for
  3    a publication or input was refused
  5    published tables contradict each other
  130, 143  stopped by a signal";

const COMPARING: &str = "\
Exit codes:
  0    equal
  1    the machine failed (disk, permission)
  2    the command was used wrongly, or one of the two is no publication
  3    a publication was refused: a file of it is missing, or was changed
  6    different";

const RUNNING_EXAMPLES: &[&str] = &[
    "stacktally run --root /srv/usage --out /srv/chargeback",
    "stacktally run --settings /etc/stacktally.toml --quiet",
];

const CHECK_EXAMPLES: &[&str] =
    &["stacktally check --root /srv/usage", "stacktally check --settings /etc/stacktally.toml --strict"];

const COVERAGE_EXAMPLES: &[&str] = &[
    "stacktally coverage --out /srv/chargeback --month 2026-10",
    "stacktally coverage --root /srv/usage --stamp north",
];

const WHY_EXAMPLES: &[&str] = &[
    "stacktally why --out /srv/chargeback --date 2026-10-05 --tenant Fabrikam",
    "stacktally why --out /srv/chargeback --date 2026-10-05 --meter 'VM size hours' --json",
    "stacktally why --out /srv/chargeback --month 2026-10 --billed-subscription Contoso",
];

const UNREGISTERED_EXAMPLES: &[&str] = &[
    "stacktally unregistered --out /srv/chargeback --month 2026-10",
    "stacktally unregistered --out /srv/chargeback --tenant Fabrikam --commands",
];

const CHANGES_EXAMPLES: &[&str] = &[
    "stacktally changes --out /srv/chargeback --since 2026-10-05",
    "stacktally changes --out /srv/chargeback --since 1 --month 2026-09 --csv",
];

const STATEMENT_EXAMPLES: &[&str] = &[
    "stacktally statement 2026-10 --out /srv/chargeback",
    "stacktally statement 2026-10 --out /srv/chargeback --billed-subscription Contoso",
];

const HISTORY_EXAMPLES: &[&str] = &[
    "stacktally history --root /srv/usage --tenant Fabrikam",
    "stacktally history --root /srv/usage --user-subscription 'Contoso web' --csv",
];

const CLOSE_EXAMPLES: &[&str] = &[
    "stacktally close 2026-10 --out /srv/chargeback",
    "stacktally close 2026-10 --out /srv/chargeback --stamp north --force --reason 'the bill is due'",
];

const RECOVER_EXAMPLES: &[&str] = &["stacktally recover --out /srv/chargeback --wait"];

const REOPEN_EXAMPLES: &[&str] = &["stacktally reopen 2026-10 --out /srv/chargeback --reason 'a price was wrong'"];

const COMPARE_EXAMPLES: &[&str] = &[
    "stacktally compare /srv/chargeback /srv/what-if",
    "stacktally compare last-week today --billed-subscription Contoso --json",
    "stacktally compare last-week today --month 2026-10",
];

fn with_examples(examples: &[&str], exit_codes: &str) -> String {
    let examples: String = examples.iter().map(|example| format!("  {example}\n")).collect();
    format!("Examples:\n{examples}\n{exit_codes}")
}

/// Headings of the options, as every help has them.
const INPUT: &str = "Input";
const ATTRIBUTION: &str = "Attribution";
const PRICES: &str = "Prices";
const PUBLISHING: &str = "Publishing";
const RUNNING: &str = "How it runs";
const TOLERATED: &str = "What is tolerated";
const OUTPUT: &str = "Output and logs";
const NARROWED: &str = "What is shown";

/// Turns exported Azure Stack Hub usage into chargeback data: who pays for what, line by line, exact to the last
/// decimal, as Parquet for Power BI and CSV for people.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = format!("{EXIT_CODES}\n\nDocumentation: docs/SUMMARY.md; what each published column means: docs/reference/tables.md"))]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a root folder of exports, attribute every line, and publish all tables
    #[command(after_help = with_examples(RUNNING_EXAMPLES, EXIT_CODES))]
    Run(RunArgs),
    /// Do everything that `run` does, but publish nothing; ends with the exit code that `run` would
    #[command(after_help = with_examples(CHECK_EXAMPLES, EXIT_CODES))]
    Check(CheckArgs),
    /// Show which days are complete, as a calendar: of a publication, or of a root as it stands
    #[command(after_help = with_examples(COVERAGE_EXAMPLES, LOOKING))]
    Coverage(CoverageArgs),
    /// Explain published figures of a day (the lines behind them, and the snapshots that decided who pays), or the lines of a
    /// month's statements (the charges of each day, and the price entries)
    #[command(after_help = with_examples(WHY_EXAMPLES, LOOKING))]
    Why(WhyArgs),
    /// Show what fell on the default subscriptions and why, the largest first, and how to register whom it is for
    #[command(after_help = with_examples(UNREGISTERED_EXAMPLES, LOOKING))]
    Unregistered(UnregisteredArgs),
    /// Show what runs changed of days that were published before: late lines, replaced exports, new snapshots
    #[command(after_help = with_examples(CHANGES_EXAMPLES, LOOKING))]
    Changes(ChangesArgs),
    /// Print the statements of a month: what each billed subscription is asked to pay, line by line
    #[command(after_help = with_examples(STATEMENT_EXAMPLES, LOOKING))]
    Statement(StatementArgs),
    /// Show when each mapping began, changed and ended, and what each change moved: of a publication, or of a root as it stands
    #[command(after_help = with_examples(HISTORY_EXAMPLES, LOOKING))]
    History(HistoryArgs),
    /// Finish what a run had committed when it was killed, or clear what it had staged; the next run does the same
    #[command(after_help = with_examples(RECOVER_EXAMPLES, RECOVERING))]
    Recover(RecoverArgs),
    /// Close a month: its published figures do not change again, and what comes later goes to history/adjustments
    #[command(after_help = with_examples(CLOSE_EXAMPLES, CLOSING))]
    Close(CloseArgs),
    /// Open a closed month again: the next run publishes it as its lines have it
    #[command(after_help = with_examples(REOPEN_EXAMPLES, CLOSING))]
    Reopen(ReopenArgs),
    /// Show what differs between two publications; ends with 0 when nothing does, else with 6
    #[command(after_help = with_examples(COMPARE_EXAMPLES, COMPARING))]
    Compare(CompareArgs),
}

/// What to say of a flag that a command does not have, where there is more to say than that.
pub fn advice(typed: &[String], error: &clap::Error) -> Option<Error> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let is_command = |own: &&String| Cli::command().find_subcommand(own.as_str()).is_some();
    let command = typed.iter().skip(1).find(is_command)?.as_str();
    let refused = |what: &str, hint: String| Some(Error::usage(format!("`{command}` {what}")).hint(hint));
    match (flag.split('=').next()?, command) {
        ("--dry-run" | "--dryrun" | "--no-publish" | "--simulate" | "-n", "run") => refused(
            &format!("has no {flag}"),
            "`stacktally check` does everything that `run` does, and publishes nothing: give it the same settings".to_owned(),
        ),
        ("--dry-run" | "--dryrun" | "--simulate" | "-n", "close" | "reopen") => refused(
            &format!("has no {flag}"),
            "`stacktally coverage --out OUT` shows which days are settled and which months are closed".to_owned(),
        ),
        ("--out" | "--root", "compare") => refused(
            &format!("has no {flag}: it takes two publications by their folders"),
            "write `stacktally compare OUT OTHER`".to_owned(),
        ),
        ("--root", "why" | "unregistered" | "changes" | "statement" | "recover" | "close" | "reopen") => refused(
            "reads a publication, and has no --root",
            "name the folder that was published to by --out OUT; `stacktally run --root ROOT --out OUT` publishes a root".to_owned(),
        ),
        _ => None,
    }
}

#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// The day of usage whose figures are explained, UTC, such as 2026-10-05
    #[arg(long, value_name = "DATE", required_unless_present = "month", conflicts_with = "month")]
    pub date: Option<String>,
    /// The month whose statement lines are explained, UTC, such as 2026-10: what is charged for each day, and by which price
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["user_subscription", "tenant", "resource"], help_heading = NARROWED)]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    #[command(flatten)]
    pub user_subscriptions: UserSubscriptionArgs,
    /// Only usage of this resource, by its name, its URI or its resource_key
    #[arg(long, value_name = "RESOURCE", allow_hyphen_values = true, help_heading = NARROWED)]
    pub resource: Option<String>,
    /// Lines shown of each figure; JSON has all
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = OUTPUT)]
    pub lines: usize,
}

#[derive(Debug, Args)]
pub struct UnregisteredArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// Only usage of this day and later, UTC
    #[arg(long, value_name = "DATE", help_heading = NARROWED)]
    pub since: Option<String>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    #[command(flatten)]
    pub user_subscriptions: UserSubscriptionArgs,
    /// Print the commands that would register each tenant, with the customer subscription left to fill in
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub commands: bool,
    /// Print CSV
    #[arg(long, conflicts_with_all = ["json", "commands"], help_heading = OUTPUT)]
    pub csv: bool,
}

/// Who pays, and for what: by ids or names.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct PayerArgs {
    /// Only what these billed subscriptions pay
    #[arg(long, alias = "billed", value_name = "ID|NAME", num_args = 1..)]
    pub billed_subscription: Vec<String>,
    /// Only these meters
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub meter: Vec<String>,
}

/// Whose usage it is, by ids or names.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct TenantArgs {
    /// Only these tenants
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub tenant: Vec<String>,
}

/// The same, as the stamp knows it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct UserSubscriptionArgs {
    /// Only these user subscriptions
    #[arg(long, value_name = "ID|NAME", num_args = 1..)]
    pub user_subscription: Vec<String>,
}

/// When the usage happened.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = NARROWED)]
pub struct MonthArgs {
    /// Only usage of this month, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
}

#[derive(Debug, Args)]
pub struct ChangesArgs {
    #[command(flatten)]
    pub publication: PublicationArgs,
    /// What runs changed that finished on this UTC day or later, or this run and later ones, by its number [default: the
    /// last run that changed something]
    #[arg(long, value_name = "DATE|RUN", help_heading = NARROWED)]
    pub since: Option<String>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub payers: PayerArgs,
    /// Print CSV, with the columns of the table `changes`
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct StatementArgs {
    /// The month of usage, UTC, such as 2026-10; --month says the same
    #[arg(value_name = "MONTH", required_unless_present = "month", conflicts_with = "month")]
    pub of_month: Option<String>,
    /// The month of usage, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH", help_heading = NARROWED)]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    /// Folder of a publication
    #[arg(short, long, value_name = "OUT", display_order = 0)]
    pub out: Option<PathBuf>,
    /// Take OUT from a settings file, unless --out names it
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Print CSV, with the columns of csv/statements
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
}

/// What the commands share that look at one publication.
#[derive(Debug, Args)]
pub struct PublicationArgs {
    /// Folder of a publication
    #[arg(short, long, value_name = "OUT", display_order = 0)]
    pub out: Option<PathBuf>,
    /// Take OUT from a settings file, unless --out names it
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Only these stamps
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = NARROWED)]
    pub stamp: Option<Vec<String>>,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// Folder of a publication, whose lines and mappings are followed; with --root instead, the exports are read as `check`
    /// reads them
    #[arg(short, long, value_name = "OUT", display_order = 1, conflicts_with_all = [
        "root", "overlap", "granularity", "culture", "source_time_zone", "encoding", "late_days",
        "rejects_percent", "attribute_at",
        "confirm_empty_registration", "confirm_empty_listing", "confirm_shrunken", "registration_override",
    ])]
    pub out: Option<PathBuf>,
    /// Only these tenants, and user subscriptions that came to them or left them
    #[arg(long, value_name = "ID|NAME", num_args = 1.., help_heading = NARROWED)]
    pub tenant: Vec<String>,
    /// Only these user subscriptions, and the tenants that they had
    #[arg(long, value_name = "ID|NAME", num_args = 1.., help_heading = NARROWED)]
    pub user_subscription: Vec<String>,
    #[command(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    pub confirmed: ConfirmOptions,
    /// Moment at which the snapshots in force are chosen: when Azure consulted them (the end of the reported window,
    /// rounded up to the UTC day), or when the usage began [default: forwarded]
    #[arg(long, value_name = "MOMENT", value_enum, help_heading = ATTRIBUTION)]
    pub attribute_at: Option<Moment>,
    #[command(flatten)]
    pub what_if: WhatIfOptions,
    #[command(flatten)]
    pub speed: ThreadOptions,
    /// Print CSV, one row for each change and meter
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    pub csv: bool,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Folder of the first publication
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// Folder of the second
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Only these stamps
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = NARROWED)]
    pub stamp: Option<Vec<String>>,
    /// Only this month of usage and its statements, UTC, such as 2026-10
    #[arg(long, value_name = "MONTH", help_heading = NARROWED)]
    pub month: Option<String>,
    #[command(flatten)]
    pub payers: PayerArgs,
    #[command(flatten)]
    pub tenants: TenantArgs,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Folder to publish to; it is made if need be, and may hold an earlier publication
    #[arg(short, long, value_name = "OUT", display_order = 1)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub lock: LockOptions,
    #[command(flatten)]
    pub reuse: ReuseArgs,
    #[command(flatten)]
    pub forget: ForgetOptions,
    #[command(flatten)]
    pub seen: SeenOptions,
    #[command(flatten)]
    pub said: SaidOptions,
    /// Write a Prometheus textfile about the run, however it ends; node_exporter reads files that end in .prom
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub metrics: Option<PathBuf>,
    /// Print the summary as JSON, however the run ends
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// What the commands share that write to OUT.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = RUNNING)]
pub struct LockOptions {
    /// Wait while another run holds OUT, instead of ending with exit code 7
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true, display_order = 2)]
    pub wait: Option<bool>,
}

/// How much of the last run is taken as it is. `None` was not typed.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = RUNNING)]
pub struct ReuseArgs {
    /// Make everything anew, whatever the last run left
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true, display_order = 3)]
    pub full: Option<bool>,
    /// Hash all inputs and published files, instead of trusting those whose size, times and inode are as they were
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true, display_order = 4)]
    pub verify: Option<bool>,
    /// Let exports count that are gone from the root, by the lines that are published of them: for those who archive their
    /// exports
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true, display_order = 5, help_heading = TOLERATED)]
    pub keep_missing: Option<bool>,
}

/// What may vanish though it was published. It is said once, so no settings file has it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = RUNNING)]
pub struct ForgetOptions {
    /// Let go of what was published and is gone from the root: stamps, folders of exports (such as north/usage/2026-10-05, or
    /// north/usage/2026-09-*), `prices`, `names`, `meters`, `exchange-rates`, or `all`
    #[arg(long, value_name = "NAME", num_args = 1.., display_order = 6)]
    pub forget: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The month of usage, UTC, such as 2026-10
    #[arg(value_name = "MONTH")]
    pub month: String,
    #[command(flatten)]
    pub of: ClosingArgs,
    /// Close it though something speaks against it: days that are not settled, usage that is unpriced or that nobody is known
    /// for, findings of severity error
    #[arg(long, requires = "reason")]
    pub force: bool,
    /// Why; it is kept in the journal of closings
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReopenArgs {
    /// The month of usage, UTC, such as 2026-10
    #[arg(value_name = "MONTH")]
    pub month: String,
    #[command(flatten)]
    pub of: ClosingArgs,
    /// Why; it is kept in the journal of closings
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// What closing and opening share.
#[derive(Debug, Args)]
pub struct ClosingArgs {
    /// Folder of a publication
    #[arg(short, long, value_name = "OUT", display_order = 1)]
    pub out: Option<PathBuf>,
    /// Take OUT from a settings file, unless --out names it
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Only of these stamps; without it of all that have usage in the month
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub stamp: Option<Vec<String>>,
    #[command(flatten)]
    pub lock: LockOptions,
}

#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// Folder of a publication
    #[arg(short, long, value_name = "OUT", display_order = 1)]
    pub out: Option<PathBuf>,
    /// Take OUT from a settings file, unless --out names it
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    #[command(flatten)]
    pub lock: LockOptions,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Folder of a publication: say what `run` would change, remove or refuse there, and leave it as it is [default: that of the
    /// settings, where it holds a publication]
    #[arg(short, long, value_name = "OUT", display_order = 1)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub options: Options,
    #[command(flatten)]
    pub lock: LockOptions,
    #[command(flatten)]
    pub reuse: ReuseArgs,
    #[command(flatten)]
    pub forget: ForgetOptions,
    #[command(flatten)]
    pub seen: SeenOptions,
    #[command(flatten)]
    pub said: SaidOptions,
    /// Print the summary as JSON, however the check ends
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// How much is said of a run. These are typed, and no settings.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = OUTPUT)]
pub struct SaidOptions {
    /// Say nothing but errors: no progress, no summary; --json prints its object all the same
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: log every step and every file read as text, or as --log-format says
    #[arg(short, long, conflicts_with = "log_level")]
    pub verbose: bool,
}

/// What is said of a run while it goes on.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = OUTPUT)]
pub struct SeenOptions {
    /// Log to standard error, in the stead of progress and error texts: one event a line, as text or as JSON objects
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Events that --log-format logs: this level and above [default: info]
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub log_level: Option<LogLevel>,
}

#[derive(Clone, Debug, Args)]
pub struct CoverageArgs {
    /// Folder of a publication whose coverage is shown; with --root instead, the exports are read as `check` reads them
    #[arg(short, long, value_name = "OUT", display_order = 1, conflicts_with = "root")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub months: MonthArgs,
    #[command(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    pub confirmed: ConfirmOptions,
    #[command(flatten)]
    pub settling: SettlingOptions,
    #[command(flatten)]
    pub speed: ThreadOptions,
    /// Print the rows of `coverage` and `coverage_months` as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Only needed where the exchange rates of the root leave it open, since prices are read as `check` reads them
    #[arg(long, value_name = "CODE", hide = true)]
    pub billing_currency: Option<String>,
}

/// What `run` and `check` share. `None` was not typed.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    #[command(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    pub attribution: AttributionOptions,
    #[command(flatten)]
    pub what_if: WhatIfOptions,
    #[command(flatten)]
    pub prices: PriceOptions,
    #[command(flatten)]
    pub settling: SettlingOptions,
    #[command(flatten)]
    pub publish: PublishOptions,
    #[command(flatten)]
    pub confirmed: ConfirmOptions,
    #[command(flatten)]
    pub tolerance: ToleranceOptions,
    #[command(flatten)]
    pub speed: ThreadOptions,
}

/// What says how a root is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = INPUT)]
pub struct InputOptions {
    /// Folder of exports: <ROOT>/<stamp>/usage/<reported-start>/… and, beside usage, registration, customer-subscriptions and user-subscriptions
    #[arg(short, long, value_name = "ROOT", display_order = 0, help_heading = None)]
    pub root: Option<PathBuf>,
    /// Read settings from a TOML file: the same names as the flags, which win; its paths are relative to it
    #[arg(long, value_name = "FILE", help_heading = None)]
    pub settings: Option<PathBuf>,
    /// Limit the run to these stamps
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub stamp: Option<Vec<String>>,
    /// Where several exports cover the same reported time: refuse them, or let a window that wholly contains others
    /// replace them [default: refuse]
    #[arg(long, value_name = "RULE", value_enum)]
    pub overlap: Option<Overlap>,
    /// Where Hourly and Daily exports cover the same reported time: the ones that count; without this they are refused
    #[arg(long, value_name = "GRANULARITY", value_enum)]
    pub granularity: Option<GranularityChosen>,
    /// Culture of the machine that exported tables, such as de-DE, where a table does not decide how its dates and decimals
    /// are written
    #[arg(long, value_name = "NAME")]
    pub culture: Option<String>,
    /// Zone in which usage times without an offset were printed: UTC, +02:00 or Europe/Berlin [default: UTC for tables, and a
    /// finding where they count hours]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub source_time_zone: Option<String>,
    /// Encoding of files that are neither UTF-8 nor marked as UTF-16, such as windows-1252; without this they are refused
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Days by which usage may be reported after it happened: a file whose usage all lies longer before its reported
    /// window is refused, and some of it a finding [default: 7]
    #[arg(long, value_name = "N")]
    pub late_days: Option<u16>,
    /// Percent of an export's lines that may be set aside; with more, and at least 10 of them, the days that it
    /// completes are not settled [default: 5]
    #[arg(long, value_name = "PERCENT")]
    pub rejects_percent: Option<u8>,
}

/// How fast a root is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = RUNNING)]
pub struct ThreadOptions {
    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// What says who pays.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = ATTRIBUTION)]
pub struct AttributionOptions {
    /// Moment at which the snapshots in force are chosen: when Azure consulted them (the end of the reported window,
    /// rounded up to the UTC day), or when the usage began [default: forwarded]
    #[arg(long, value_name = "MOMENT", value_enum)]
    pub attribute_at: Option<Moment>,
    /// User subscriptions that are the operator's own, beside the provider's
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub operator_user_subscription: Option<Vec<String>>,
    /// Directories all of whose user subscriptions are the operator's own
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub operator_tenant: Option<Vec<String>>,
}

/// Snapshots that may be wrong, and are meant.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = TOLERATED)]
pub struct ConfirmOptions {
    /// Accept an empty list of customer subscriptions, which is often a failed export
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true)]
    pub confirm_empty_registration: Option<bool>,
    /// Accept an empty listing of user subscriptions, which is often a failed export
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true)]
    pub confirm_empty_listing: Option<bool>,
    /// Accept these customer lists and listings, which name fewer than half of what the one before them does; each by its name in
    /// the root, such as north/user-subscriptions/2026-10-06.json
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub confirm_shrunken: Option<Vec<String>>,
}

/// What would be, if other snapshots were in force.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = ATTRIBUTION)]
pub struct WhatIfOptions {
    /// What if: take this registration or list of customer subscriptions in the stead of all of the stamp's own. With several
    /// stamps say whose it is, as STAMP=FILE
    #[arg(long, value_name = "[STAMP=]FILE", num_args = 1..)]
    pub registration_override: Option<Vec<String>>,
}

/// What says when a day is settled.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = PUBLISHING)]
pub struct SettlingOptions {
    /// Later days whose reported time must be there for a day to be settled [default: 2]
    #[arg(long, value_name = "DAYS")]
    pub settling_days: Option<u16>,
}

/// What says what else is published, or is not.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = PUBLISHING)]
pub struct PublishOptions {
    /// Also publish this fact as flat CSV; daily and monthly always are
    #[arg(long, value_name = "FACT", value_enum)]
    pub csv: Option<CsvFact>,
    /// Leave personal data out of everything published: owners and display names of user subscriptions
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true)]
    pub no_owners: Option<bool>,
}

/// What says how usage is charged.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = PRICES)]
pub struct PriceOptions {
    /// How tiers of prices are taken: each part of a month's quantity at the price of the tier that it lies in, or all of it at
    /// that of the tier that the month reaches [default: graduated]
    #[arg(long, value_name = "WAY", value_enum)]
    pub tiering: Option<TieringChosen>,
    /// How the lines of statements are rounded to the minor unit of their currency: down, as Microsoft's invoice is, or to the
    /// nearest [default: down]
    #[arg(long, value_name = "WAY", value_enum)]
    pub rounding: Option<RoundingChosen>,
    /// Currency that statement lines are converted to, by <ROOT>/exchange-rates.csv [default: the one that all its rates lead to]
    #[arg(long, value_name = "CODE")]
    pub billing_currency: Option<String>,
}

/// What says which findings and rejects are refused.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = TOLERATED)]
pub struct ToleranceOptions {
    /// Days by which a snapshot may be older than the usage that it serves; more is a finding [default: 7]
    #[arg(long, value_name = "DAYS")]
    pub snapshot_age_max: Option<u16>,
    /// Refuse findings: end with exit code 3 where anything about exports or snapshots should be known, or a stamp is
    /// overdue
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true)]
    pub strict: Option<bool>,
    /// Findings that are known and meant, by their codes: --strict tolerates them
    #[arg(long, value_name = "CODE", num_args = 1..)]
    pub accept: Option<Vec<String>>,
    /// Hours after the end of its newest reported window from which on a stamp is overdue [default: the median length of its
    /// latest seven windows, at least 24; 72 more where that is longer than a day]
    #[arg(long, value_name = "HOURS")]
    pub overdue_after: Option<u16>,
    /// Refuse more than N rejected lines, old and new: end with exit code 3 instead of publishing
    #[arg(long, value_name = "N")]
    pub rejects_max: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    Refuse,
    Wider,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GranularityChosen {
    Hourly,
    Daily,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    Forwarded,
    Usage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TieringChosen {
    Graduated,
    Volume,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingChosen {
    Down,
    HalfUp,
    HalfEven,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CsvFact {
    Hourly,
}
