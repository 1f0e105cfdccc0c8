//! What the commands do once their settings are known. `run` and `check` are one pipeline, with and without an OUT.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::progress::TerminalProgress;
use super::settings::{CoverageOf, Settings};
use super::{calendar, exit, message};
use crate::error::{Error, Result};
use crate::pipeline::{self, Outcome};
use crate::read;
use crate::watch::Watch;

/// How a command ended: what to say on standard output, and the exit code.
#[derive(Debug)]
pub struct Ending {
    pub text: String,
    pub code: u8,
    /// Whether the text is what the command is for, and not only a word about it.
    pub is_the_product: bool,
}

/// Shows how complete days are, as a calendar or as JSON.
///
/// # Errors
/// There is no publication, or as [`pipeline::run`].
pub fn show_coverage(of: &CoverageOf, json: bool, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let rows = match of {
        CoverageOf::Published(out, stamps) => {
            let mut rows = read::read_coverage(out)?;
            if let Some(unknown) = stamps.iter().find(|stamp| !rows.iter().any(|row| row.stamp == **stamp)) {
                return Err(Error::usage(format!("--stamp {unknown}: the publication has no such stamp"))
                    .hint("leave --stamp out to see them all"));
            }
            rows.retain(|row| stamps.is_empty() || stamps.contains(&row.stamp));
            rows
        }
        CoverageOf::Root(settings) => outcome_of(settings, signal)?.coverage,
    };
    let text = if json { calendar::json(&rows) } else { calendar::text(&rows) };
    Ok(Ending { text, code: exit::PUBLISHED, is_the_product: true })
}

/// Runs the pipeline and words its outcome. `signal` becomes the number of a signal that arrives.
///
/// # Errors
/// As [`pipeline::run`].
pub fn run_pipeline(settings: &Settings, signal: Arc<AtomicUsize>) -> Result<Ending> {
    let outcome = outcome_of(settings, signal)?;
    Ok(Ending {
        text: message::summary(&outcome, settings.plan.out.as_deref()),
        code: exit::of_outcome(&outcome),
        is_the_product: false,
    })
}

fn outcome_of(settings: &Settings, signal: Arc<AtomicUsize>) -> Result<Outcome> {
    if let Some(threads) = settings.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| Error::engine("start the threads", error))?;
    }
    let watch = Watch::new(signal, Box::new(TerminalProgress::new()));
    pipeline::run(&settings.plan, &watch)
}
