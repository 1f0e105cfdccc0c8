//! The `stacktally` command: parse, run, print, exit. Only this file deals with the process.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use clap::Parser;
#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGINT, SIGTERM};
use stacktally::cli::args::{self, Cli, Command};
use stacktally::cli::plan::{self, Job, LookedAt, Visibility};
use stacktally::cli::{command, exit, message, panics};
use stacktally::error::{Error, Result};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    panics::note_panics();
    #[cfg(feature = "failpoints")]
    // The steps that have to fail are named in the environment variable FAILPOINTS.
    let _scenario = fail::FailScenario::setup();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let typed: Vec<String> =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            return args::advice(&typed, &error).map_or_else(|| error.exit(), |advice| fail(&advice));
        }
    };
    match panics::caught(|| run(cli)) {
        Ok(ending) => {
            say(&ending.talk);
            let mut stdout = anstream::stdout();
            match stdout.write_all(ending.text.as_bytes()).and_then(|()| stdout.flush()) {
                // A closed pipe (`| head`) is no failure, and published files stay published.
                Err(error) if ending.is_the_product && error.kind() != ErrorKind::BrokenPipe => {
                    fail(&Error::machine("write to", Path::new("standard output"), error))
                }
                _ => ExitCode::from(ending.code),
            }
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    say(&message::failure(error));
    ExitCode::from(exit::of_failure(error.kind))
}

/// Writes to standard error; failures are ignored.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn run(cli: Cli) -> Result<command::Ending> {
    fail_where_files_grow_too_large()?;
    match cli.command {
        Command::Run(args) => Ok(run_pipeline("run", plan::of_run(args))),
        Command::Check(args) => Ok(run_pipeline("check", plan::of_check(args))),
        Command::Coverage(args) => {
            let of = plan::of_coverage(&args)?;
            if let LookedAt::Root(job) = &of {
                limit_threads(job);
            }
            command::show_coverage(&of, &args, signals()?)
        }
        Command::Why(args) => command::explain(&args),
        Command::Unregistered(args) => command::show_unregistered(&args),
        Command::Changes(args) => command::show_changes(&args),
        Command::Statement(args) => command::show_statements(&args),
        Command::Recover(args) => {
            let (out, patience) = plan::of_recover(&args)?;
            command::recover(&out, patience, signals()?)
        }
        Command::Close(args) => command::close(&plan::of_close(args)?, signals()?),
        Command::Reopen(args) => command::reopen(&plan::of_reopen(args)?, signals()?),
        Command::Compare(args) => command::show_differences(&args),
        Command::Settings(args) => command::show_settings(&args),
        Command::Completions(args) => Ok(command::print_completions(&args)),
        Command::Man(args) => command::write_man_pages(&args),
        Command::History(args) => {
            let of = plan::of_history(&args)?;
            if let LookedAt::Root(job) = &of {
                limit_threads(job);
            }
            command::show_history(args, &of, signals()?)
        }
    }
}

fn run_pipeline(command: &'static str, (seen, job): (Visibility, Result<Job>)) -> command::Ending {
    if let Ok(job) = &job {
        limit_threads(job);
    }
    command::run_pipeline(command, &seen, job, signals)
}

/// Holds the signal's number when one arrives; the stages check it.
fn signals() -> Result<Arc<AtomicUsize>> {
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM] {
        signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)
            .map_err(|error| Error::system("listen for signals", error))?;
    }
    Ok(signal)
}

/// A write past the file size limit (`ulimit -f`) must fail, instead of ending the process by a signal.
fn fail_where_files_grow_too_large() -> Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(|error| Error::system("listen for signals", error))?;
    Ok(())
}

/// polars reads the size of its pool from the environment, once, at its first use.
#[expect(unsafe_code, reason = "set_var is unsafe while other threads run; none has been started yet")]
fn limit_threads(job: &Job) {
    if let Some(threads) = job.threads {
        // SAFETY: called first thing in main, before any thread exists.
        unsafe { std::env::set_var("POLARS_MAX_THREADS", threads.to_string()) };
    }
}
