//! What was typed. What the settings in it mean for a run is decided in `plan`.

mod explaining;
mod help;
mod installing;
mod looking;
mod places;
mod running;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

pub use self::explaining::SettingsArgs;
use self::help::{
    CHANGES_EXAMPLES, CHECK_EXAMPLES, CLOSE_EXAMPLES, CLOSING, COMPARE_EXAMPLES, COMPARING, COMPLETIONS_EXAMPLES,
    COVERAGE_EXAMPLES, EXIT_CODES, HISTORY_EXAMPLES, LOOKING, MAN_EXAMPLES, PRINTING, RECOVER_EXAMPLES, RECOVERING,
    REOPEN_EXAMPLES, RUNNING_EXAMPLES, SETTINGS_EXAMPLES, STATEMENT_EXAMPLES, UNREGISTERED_EXAMPLES, WHY_EXAMPLES,
    with_examples,
};
pub use self::installing::{CompletionsArgs, ManArgs};
pub use self::looking::{
    ChangesArgs, CompareArgs, CoverageArgs, HistoryArgs, MonthArgs, PayerArgs, PublicationArgs, StatementArgs,
    TenantArgs, UnregisteredArgs, UserSubscriptionArgs, WhyArgs,
};
pub use self::places::{OutArgs, SettingsFlag};
pub use self::running::{CheckArgs, CloseArgs, ClosingArgs, MakingArgs, RecoverArgs, ReopenArgs, RunArgs, Talk};
use crate::domain::finding::Severity;
use crate::error::Error;

const DOCUMENTATION: &str =
    "Documentation: docs/SUMMARY.md; what each published column means: docs/reference/tables.md";

/// Turns exported Azure Stack Hub usage into chargeback data: who pays for what, line by line, exact to the last
/// decimal, as Parquet for Power BI and CSV for people.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = format!("{EXIT_CODES}\n\n{DOCUMENTATION}"))]
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
    /// Explain published figures of a day (the lines behind them, and the snapshots that decided who pays), or the
    /// lines of a month's statements (the charges of each day, and the price entries)
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
    /// Show when each mapping began, changed and ended, and what each change moved: of a publication, or of a root as
    /// it stands
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
    /// Show the settings that are in force for a run, and where each comes from: its default, the settings file, a flag
    #[command(after_help = with_examples(SETTINGS_EXAMPLES, PRINTING))]
    Settings(SettingsArgs),
    /// Print the script by which a shell completes the commands and flags of stacktally
    #[command(after_help = with_examples(COMPLETIONS_EXAMPLES, PRINTING))]
    Completions(CompletionsArgs),
    /// Write man pages: stacktally.1, and one for each command
    #[command(after_help = with_examples(MAN_EXAMPLES, PRINTING))]
    Man(ManArgs),
}

/// Advice on a flag that a command does not have, where there is more to say than that.
pub fn advice(typed: &[String], error: &clap::Error) -> Option<Error> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let is_command = |word: &&String| Cli::command().find_subcommand(word.as_str()).is_some();
    let command = typed.iter().skip(1).find(is_command)?.as_str();
    let refused = |what: &str, hint: String| Some(Error::usage(format!("`{command}` {what}")).hint(hint));
    let follows_strict = typed.windows(2).any(|pair| pair[0] == "--strict" && pair[1] == *flag);
    match (flag.split('=').next()?, command) {
        (level, _) if follows_strict && Severity::parse(level).is_some() => {
            refused(&format!("has no argument {level}"), format!("write --strict={level}, with a `=`"))
        }
        ("--dry-run" | "--dryrun" | "--no-publish" | "--simulate" | "-n", "run") => refused(
            &format!("has no {flag}"),
            "`stacktally check` does everything that `run` does, and publishes nothing: give it the same \
             settings"
                .to_owned(),
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
            "name the folder that was published to by --out OUT; `stacktally run --root ROOT --out OUT` publishes a \
             root"
                .to_owned(),
        ),
        _ => None,
    }
}
